/* What the engine has to say, kept until no lock is held: rsyslog puts its own messages into
 * the main queue, and that may be full.
 *
 * Thread rules: mt_reports_add() and mt_reports_take() under the caller's lock, mt_reports_any() without.
 */
#ifndef MT_RSYSLOG_REPORTS_H
#define MT_RSYSLOG_REPORTS_H

#include "sdk.h"

#define MT_REPORTS 8

struct mt_reports {
    unsigned n;               /* atomic */
    int severity[MT_REPORTS]; /* LOG_ERR and the like */
    char text[MT_REPORTS][400];
};

/* What finds no room is dropped: the same trouble is reported once, so there are few. */
void mt_reports_add(struct mt_reports *reports, int severity, const char *text);

static inline bool mt_reports_any(const struct mt_reports *reports)
{
    return __atomic_load_n(&reports->n, __ATOMIC_RELAXED) > 0;
}

/* Moves all there are. */
void mt_reports_take(struct mt_reports *from, struct mt_reports *to);

/* Tells rsyslog. */
void mt_reports_send(const struct mt_reports *reports);

#endif
