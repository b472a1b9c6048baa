/* The parameters of an action, read and checked. */
#ifndef MT_RSYSLOG_SETTINGS_H
#define MT_RSYSLOG_SETTINGS_H

#include "sdk.h"

#include "mailtrace/state.h"
#include "mailtrace/syslog.h"

struct mt_settings {
    struct mt_config engine;
    struct mt_zone zone;
    char *ruleset;    /* where events go */
    char *container;  /* "!" or "!mail" and the like; NULL: no tree */
    char *state_file; /* as given; NULL: not given; empty: none is wanted */
    int64_t redeliver;
    uint64_t max_state;
    enum mt_sync sync;
    bool annotate, drop_parsed, wrapped;
    char *file; /* where the action stands in the configuration */
    int line;
};

/* Reads the parameters of the action that the configuration parser is at. What is
 * wrong is reported by rsyslog's parser_errmsg(), which names file and line.
 */
rsRetVal mt_settings_read(struct mt_settings *settings, struct nvlst *parameters);
void mt_settings_free(struct mt_settings *settings);

#endif
