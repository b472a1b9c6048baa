/* SPDX-License-Identifier: Apache-2.0 OR LGPL-2.1-or-later */
/* The parser's counters among syslog-ng's own: `syslog-ng-ctl stats`, and with 4.0 and later its metrics.
 *
 * Thread rules: the main thread.
 */
#ifndef MT_SYSLOG_NG_COUNTERS_H
#define MT_SYSLOG_NG_COUNTERS_H

#include "sdk.h"

#include "mailtrace/engine.h"

struct mt_counters;

/* Makes them known under the name of a parser, and which of its clones it is. */
struct mt_counters *mt_counters_new(const char *id, const char *instance);
void mt_counters_free(struct mt_counters *counters);

struct mt_numbers {
    struct mt_engine_stats engine;
    uint64_t lost;    /* events that memory was too short for */
    uint64_t pending; /* gauge: events on their way, as far as that is known */
};

/* What syslog-ng shows from now on. */
void mt_counters_set(struct mt_counters *counters, const struct mt_numbers *numbers);

#endif
