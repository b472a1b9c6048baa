/* Counters for impstats. */
#ifndef MT_RSYSLOG_COUNTERS_H
#define MT_RSYSLOG_COUNTERS_H

#include "sdk.h"

#include "mailtrace/engine.h"

struct mt_counters;

/* Called by rsyslog's thread of statistics after each report; is to call mt_counters_set(). */
typedef void mt_counters_refresh_fn(void *ctx);

/* Makes them known to rsyslog under a name. Returns NULL when that fails. */
struct mt_counters *mt_counters_new(const char *name, mt_counters_refresh_fn *refresh, void *ctx);
void mt_counters_free(struct mt_counters *counters);

struct mt_numbers {
    struct mt_engine_stats engine;
    uint64_t lost; /* events that memory was too short for, or that found no room when rsyslog ended */
};

/* What the next report shows. One thread at a time. */
void mt_counters_set(struct mt_counters *counters, const struct mt_numbers *numbers);

/* Called once, when the module is loaded, and when it is unloaded. */
rsRetVal mt_counters_init(const obj_if_t *object);
void mt_counters_exit(void);

#endif
