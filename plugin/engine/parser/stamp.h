/* The stamps of syslog lines. */
#ifndef MT_PARSER_STAMP_H
#define MT_PARSER_STAMP_H

#include "mailtrace/syslog.h"

#include "scan.h"

/* "2026-11-22T00:17:" */
#define MT_RFC3339_MINUTE 17

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
const char *mt_stamp_any_rfc3339(struct mt_zone *zone, const char *p, const char *end, struct mt_time *time);

/* The value of six digits at p + 2, or -1. */
static inline int mt_stamp_fraction(const char *p)
{
    uint64_t digits = mt_digits(mt_load(p)) & ~UINT64_C(0xffff);

    return mt_no_digits(digits) ? -1 : (int)mt_eight_digits(digits);
}

/* The same when minute and zone are those of a line before, and the fraction has six digits: what rsyslog and
 * syslog-ng write. One blank follows. NULL: it has to be read in full; *time is then as it was.
 */
static inline const char *mt_stamp_near(const struct mt_zone_memory *memory, const char *p, const char *end,
                                        struct mt_time *time)
{
    int second, usec;

    if (end - p < 34 || memory->length != MT_RFC3339_MINUTE || memcmp(p, memory->text, 16) != 0 || p[16] != ':' ||
        p[19] != '.' || memcmp(p + 26, memory->zone, sizeof memory->zone) != 0 || p[32] != ' ' || p[33] == ' ') {
        return NULL;
    }
    second = mt_two_digits(p + 17);
    usec = mt_stamp_fraction(p + 18);
    if (second < 0 || second > 60 || usec < 0) {
        return NULL;
    }
    time->usec = (memory->minute + second - memory->zone_offset * 60) * INT64_C(1000000) + usec;
    time->offset = memory->zone_offset;
    time->digits = 6;
    return p + 33;
}

static inline const char *mt_stamp_rfc3339(struct mt_zone *zone, const char *p, const char *end, struct mt_time *time)
{
    const char *after = mt_stamp_near(&zone->memory, p, end, time);

    return after ? after : mt_stamp_any_rfc3339(zone, p, end, time);
}

#endif
