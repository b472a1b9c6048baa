/* The parameters of an action, read and checked. */
#ifndef MT_RSYSLOG_SETTINGS_H
#define MT_RSYSLOG_SETTINGS_H

#include "sdk.h"

#include "mailtrace/settings.h"

struct mt_action_settings {
    struct mt_settings engine;
    char *ruleset;   /* where events go */
    char *container; /* "!" or "!mail" and the like; NULL: no tree */
    bool annotate, drop_parsed;
    char *file; /* where the action stands in the configuration */
    int line;
};

/* Reads the parameters of the action that the configuration parser is at. What is
 * wrong is reported by rsyslog's parser_errmsg(), which names file and line.
 */
rsRetVal mt_action_settings_read(struct mt_action_settings *settings, struct nvlst *parameters);
void mt_action_settings_free(struct mt_action_settings *settings);

#endif
