/* The timestamps of syslog lines. */
#ifndef MT_HEADER_TIMESTAMP_H
#define MT_HEADER_TIMESTAMP_H

#include "mailtrace/syslog.h"

#include "base/scan.h"

/* "2026-11-22T00:17:" and "Nov 22 00:17:"; two digits more are the second. */
#define MT_RFC3339_MINUTE     17
#define MT_TRADITIONAL_MINUTE 13

/* The end of the blanks that begin at p. */
static inline const char *mt_blanks_end(const char *p, const char *end)
{
    while (p < end && *p == ' ') {
        p++;
    }
    return p;
}

/* Each reads a timestamp that begins at p, and returns the end of it and of the
 * blanks after it; NULL when it is none. */

/* "Mar  7 15:02:58", and with a year before or after the date, or a fraction of
 * the second. */
const char *mt_timestamp_traditional(struct mt_zone *zone, const char *p, const char *end, struct mt_time *time);

/* "2024-03-07T15:02:58.123456+01:00", also without a zone. */
const char *mt_timestamp_any_rfc3339(struct mt_zone *zone, const char *p, const char *end, struct mt_time *time);

/* "2024-03-07 15:02:58", with a fraction or none, and with " +0100" behind it or nothing. */
const char *mt_timestamp_spaced(struct mt_zone *zone, const char *p, const char *end, struct mt_time *time);

/* The value of six digits at p + 2, or -1. */
static inline int mt_timestamp_fraction(const char *p)
{
    uint64_t digits = mt_digits(mt_load(p)) & ~UINT64_C(0xffff);

    return mt_no_digits(digits) ? -1 : (int)mt_eight_digits(digits);
}

/* Makes the second of the timestamp at p the one that is remembered. False: it is not of the minute that is. */
bool mt_timestamp_second(struct mt_zone *zone, const char *p);

/* Is the timestamp at p of the second that is remembered, or of the minute? `minute` bytes precede the second. */
static inline __attribute__((always_inline)) bool mt_timestamp_is_near(struct mt_zone *zone, const char *p,
                                                                       size_t minute)
{
    const struct mt_zone_memory *memory = &zone->memory;

    return (memory->second_length == minute + 2 && memcmp(p, memory->text, minute + 2) == 0) ||
           (memory->length == minute && mt_timestamp_second(zone, p));
}

/* The two below read timestamps of the minute of the line before, in lines of this length. One blank follows. NULL: it has
 * to be read in full; *time is then as it was.
 */
#define MT_TIMESTAMP_NEAR 34

/* With the zone of a line before, and six digits of a fraction: what rsyslog and syslog-ng write. */
static inline const char *mt_timestamp_near_rfc3339(struct mt_zone *zone, const char *p, struct mt_time *time)
{
    const struct mt_zone_memory *memory = &zone->memory;
    int usec;

    if (!mt_timestamp_is_near(zone, p, MT_RFC3339_MINUTE) || p[19] != '.' ||
        memcmp(p + 26, memory->zone, sizeof memory->zone) != 0 || p[32] != ' ' || p[33] == ' ' ||
        (usec = mt_timestamp_fraction(p + 18)) < 0) {
        return NULL;
    }
    time->usec = memory->second + usec;
    time->offset = memory->second_offset;
    time->digits = 6;
    return p + 33;
}

/* Without a fraction. */
static inline const char *mt_timestamp_near_traditional(struct mt_zone *zone, const char *p, struct mt_time *time)
{
    if (!mt_timestamp_is_near(zone, p, MT_TRADITIONAL_MINUTE) || p[15] != ' ' || p[16] == ' ') {
        return NULL;
    }
    time->usec = zone->memory.second;
    time->offset = zone->memory.second_offset;
    time->digits = 0;
    return p + 16;
}

static inline const char *mt_timestamp_rfc3339(struct mt_zone *zone, const char *p, const char *end,
                                               struct mt_time *time)
{
    const char *after = end - p < MT_TIMESTAMP_NEAR ? NULL : mt_timestamp_near_rfc3339(zone, p, time);

    return after ? after : mt_timestamp_any_rfc3339(zone, p, end, time);
}

#endif
