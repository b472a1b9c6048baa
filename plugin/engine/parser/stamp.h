/* The stamps of syslog lines. */
#ifndef MT_PARSER_STAMP_H
#define MT_PARSER_STAMP_H

#include "mailtrace/syslog.h"

/* Moves over blanks. */
static inline void mt_skip_blanks(struct mt_slice *at)
{
    const char *p = at->p, *end = p + at->n;

    while (p < end && *p == ' ') {
        p++;
    }
    *at = mt_slice_to(p, end);
}

/* Each moves over a stamp and the blanks after it and returns true, or returns false
 * and leaves *at somewhere.
 */

/* "Mar  7 15:02:58", and with a year before or after the date, or a fraction of the second. */
bool mt_stamp_traditional(struct mt_zone *zone, struct mt_slice *at, struct mt_time *time);

/* "2024-03-07T15:02:58.123456+01:00", also without a zone. */
bool mt_stamp_rfc3339(struct mt_zone *zone, struct mt_slice *at, struct mt_time *time);

#endif
