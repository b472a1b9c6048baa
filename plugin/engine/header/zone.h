/* Time zones and years that a timestamp does not tell: what syslog.c's readers share. */
#ifndef MT_HEADER_ZONE_H
#define MT_HEADER_ZONE_H

#include "mailtrace/syslog.h"

#include "base/scan.h"

#define MT_SECOND INT64_C(1000000)

/* A date as a timestamp has it, up to the minute. */
struct mt_date_time {
    int year; /* 0: none */
    int month, day, hour, minute;
};

/* "+01:00" or "+0100" at p: the end of it, or NULL. */
static inline const char *mt_take_offset(const char *p, const char *end, int16_t *minutes)
{
    bool west = p < end && *p == '-';
    int h, m;

    if (end - p < 5 || (!west && *p != '+') || (h = mt_two_digits(p + 1)) < 0 || h > 23) {
        return NULL;
    }
    p += p[3] == ':' ? 4 : 3;
    if (end - p < 2 || (m = mt_two_digits(p)) < 0 || m > 59) {
        return NULL;
    }
    *minutes = (int16_t)(west ? -(h * 60 + m) : h * 60 + m);
    return p + 2;
}

/* Minutes east of UTC of a local time (seconds as if it were UTC). When the clocks
 * go back an hour comes twice: the second one is told by the lines before.
 */
int16_t mt_zone_offset_of(struct mt_zone *zone, int64_t local);

/* zone->now as a local time, in seconds. */
int64_t mt_zone_local_now(struct mt_zone *zone);

/* The year of a date, its own or the one that zone finds for it; 0: the date does not exist. */
int mt_zone_year(struct mt_zone *zone, const struct mt_date_time *d);

/* The minute, in seconds as if the zone were UTC. */
int64_t mt_minute_of(const struct mt_date_time *d, int year);

#endif
