/* The stamps of syslog lines. */
#ifndef MT_PARSER_STAMP_H
#define MT_PARSER_STAMP_H

#include "mailtrace/syslog.h"

/* The end of the blanks that begin at p. */
static inline const char *mt_blanks_end(const char *p, const char *end)
{
    while (p < end && *p == ' ') {
        p++;
    }
    return p;
}

/* Each reads a stamp that begins at p, and returns the end of it and of the
 * blanks after it; NULL when it is none. */

/* "Mar  7 15:02:58", and with a year before or after the date, or a fraction of
 * the second. */
const char *mt_stamp_traditional(struct mt_zone *zone, const char *p, const char *end, struct mt_time *time);

/* "2024-03-07T15:02:58.123456+01:00", also without a zone. */
const char *mt_stamp_rfc3339(struct mt_zone *zone, const char *p, const char *end, struct mt_time *time);

#endif
