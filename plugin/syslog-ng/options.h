/* The options of a parser, as the grammar fills them in. */
#ifndef MT_SYSLOG_NG_OPTIONS_H
#define MT_SYSLOG_NG_OPTIONS_H

#include "sdk.h"

#include "mailtrace/state.h"

/* Where events go, in grouping-by()'s words. */
enum mt_inject {
    MT_INJECT_PASS_THROUGH,   /* after the lines, down the same path */
    MT_INJECT_AGGREGATE_ONLY, /* down the path, which the lines do not take */
    MT_INJECT_INTERNAL,       /* into internal() */
};

struct mt_options {
    struct mt_config engine;
    enum mt_inject inject;
    char *prefix; /* of the names of name-value pairs */
    bool pairs;   /* false: the JSON text and no pairs */
    bool wrapped; /* lines whose text begins with a syslog header are read by it */
    bool fixed_zone;
    int16_t zone;     /* minutes east of UTC of timestamps in such headers that have none, if fixed_zone */
    char *state_file; /* as given; NULL: not given; empty: none is wanted */
    int64_t redeliver;
    uint64_t max_state; /* 0: as max_memory asks for */
    enum mt_sync sync;
};

void mt_options_init(struct mt_options *options);
void mt_options_free(struct mt_options *options);

/* Makes *to, all of it, a copy of *from. */
void mt_options_copy(const struct mt_options *from, struct mt_options *to);

/* Each takes the value of one option. NULL, or what the value must be: the rest of
 * "NAME() must ...". What is refused leaves the options as they were.
 */
const char *mt_options_prefix(struct mt_options *options, const char *prefix);
const char *mt_options_events(struct mt_options *options, GList *names);
const char *mt_options_inject_mode(struct mt_options *options, const char *mode);
const char *mt_options_time_zone(struct mt_options *options, const char *zone);
const char *mt_options_timeout(struct mt_options *options, double seconds);
const char *mt_options_settle(struct mt_options *options, double seconds);
const char *mt_options_max_messages(struct mt_options *options, int64_t n);
const char *mt_options_max_memory(struct mt_options *options, int64_t bytes);
const char *mt_options_max_recipients(struct mt_options *options, int64_t n);
const char *mt_options_max_line(struct mt_options *options, int64_t bytes);

const char *mt_options_state_file(struct mt_options *options, const char *path);
const char *mt_options_max_state(struct mt_options *options, int64_t bytes);
const char *mt_options_redeliver(struct mt_options *options, double seconds);
const char *mt_options_sync(struct mt_options *options, const char *when);

/* When all have been taken: what is wrong with them together, or NULL. */
const char *mt_options_finish(struct mt_options *options);

/* Whether a correlator and its state that were made for the one serve for the other. */
bool mt_options_same_engine(const struct mt_options *a, const struct mt_options *b);

#endif
