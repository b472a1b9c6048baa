/* Reading the timestamps of syslog lines.
 *
 * Lines of one minute share the text of their timestamp up to the seconds: that is
 * compared with the line before, and only a new minute is read as a date
 * (struct mt_zone_memory).
 */
#include "timestamp.h"

#include "base/scan.h"
#include "zone.h"

static bool take_two(struct mt_slice *at, int *value)
{
    if (at->n < 2 || (*value = mt_two_digits(at->p)) < 0) {
        return false;
    }
    *at = mt_slice_skip(*at, 2);
    return true;
}

/* ---- dates ---- */

/* 1 to 12, or 0. The second and third letters of the names differ in the low
 * five bits of their sum. */
static int month_of(const char *p)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    static const uint8_t months[32] = {
        [15] = 1, [7] = 2,  [19] = 3, [2] = 4,   [26] = 5, [3] = 6,
        [1] = 7,  [28] = 8, [21] = 9, [23] = 10, [5] = 11, [8] = 12,
    };
    int month = months[((unsigned char)p[1] + (unsigned char)p[2]) & 31];

    return month && memcmp(p, names + 3 * (month - 1), 3) == 0 ? month : 0;
}

static bool take_year(struct mt_slice *at, int *year)
{
    int high, low;

    if (at->n < 5 || (high = mt_two_digits(at->p)) < 0 || (low = mt_two_digits(at->p + 2)) < 0 ||
        high * 100 + low == 0) {
        return false;
    }
    *year = high * 100 + low;
    *at = mt_slice_skip(*at, 4);
    return true;
}

/* "15:02:" */
static bool take_hour_minute(struct mt_slice *at, struct mt_date_time *d)
{
    return take_two(at, &d->hour) && d->hour <= 23 && MT_EAT(at, ":") && take_two(at, &d->minute) && d->minute <= 59 &&
           MT_EAT(at, ":");
}

/* One digit or two: " 7", "7", "07". */
static bool take_day(struct mt_slice *at, int *day)
{
    *at = mt_slice_to(mt_blanks_end(at->p, at->p + at->n), at->p + at->n);
    if (take_two(at, day)) {
        return true;
    }
    if (!at->n || !mt_is_digit(*at->p)) {
        return false;
    }
    *day = *at->p - '0';
    *at = mt_slice_skip(*at, 1);
    return true;
}

/* "Mar  7 15:02:", "2024 Mar  7 15:02:", "Mar  7 2024 15:02:" */
static bool take_traditional(struct mt_slice *at, struct mt_date_time *d)
{
    d->year = 0;
    if (take_year(at, &d->year) && !MT_EAT(at, " ")) {
        return false;
    }
    if (at->n < 4 || !(d->month = month_of(at->p)) || at->p[3] != ' ') {
        return false;
    }
    *at = mt_slice_skip(*at, 4);
    if (!take_day(at, &d->day) || !MT_EAT(at, " ")) {
        return false;
    }
    if (!d->year && at->n > 4 && at->p[4] == ' ' && take_year(at, &d->year)) {
        *at = mt_slice_skip(*at, 1);
    }
    return take_hour_minute(at, d);
}

/* "2024-03-07" */
static bool take_date(struct mt_slice *at, struct mt_date_time *d)
{
    return take_year(at, &d->year) && MT_EAT(at, "-") && take_two(at, &d->month) && MT_EAT(at, "-") &&
           take_two(at, &d->day);
}

/* "2024-03-07T15:02:"; RFC 3339 lets T be t. */
static bool take_rfc3339(struct mt_slice *at, struct mt_date_time *d)
{
    return take_date(at, d) && (MT_EAT(at, "T") || MT_EAT(at, "t")) && take_hour_minute(at, d);
}

/* "2024-03-07 15:02:" */
static bool take_spaced(struct mt_slice *at, struct mt_date_time *d)
{
    return take_date(at, d) && MT_EAT(at, " ") && take_hour_minute(at, d);
}

/* ---- timestamps ---- */

typedef bool take_fn(struct mt_slice *at, struct mt_date_time *d);

/* The end of a timestamp up to its seconds, or NULL; *minute is that minute as if
 * the zone were UTC. */
static __attribute__((noinline)) const char *take_minute(struct mt_zone *zone, take_fn *take, const char *p,
                                                         const char *end, int64_t *minute)
{
    struct mt_zone_memory *memory = &zone->memory;
    struct mt_slice at = mt_slice_to(p, end);
    struct mt_date_time d;
    int year;

    if (!take(&at, &d) || !(year = mt_zone_year(zone, &d))) {
        return NULL;
    }
    if (!memory->zone[0]) { /* what is as good as any other */
        memcpy(memory->zone, "+00:00", sizeof memory->zone);
    }
    memory->year = year;
    memory->seen = true;
    *minute = memory->minute = mt_minute_of(&d, year);
    memory->length = (uint8_t)(at.p - p);
    if (memory->length != (take == take_traditional ? MT_TRADITIONAL_MINUTE : MT_RFC3339_MINUTE)) {
        memory->length = 0; /* "2024 Mar 7 15:02:" is as long as the minute of another form */
    }
    memory->second_length = 0;
    memcpy(memory->text, p, memory->length);
    return at.p;
}

/* The same when the text is that of the line before. */
static inline const char *take_same_minute(const struct mt_zone_memory *memory, size_t length, const char *p,
                                           const char *end, int64_t *minute)
{
    if (memory->length != length || (size_t)(end - p) < length || memcmp(p, memory->text, length) != 0) {
        return NULL;
    }
    *minute = memory->minute;
    return p + length;
}

bool mt_timestamp_second(struct mt_zone *zone, const char *p)
{
    struct mt_zone_memory *memory = &zone->memory;
    const char *digits = p + memory->length;
    int second = mt_two_digits(digits);

    if (second < 0 || second > 60 || memcmp(p, memory->text, memory->length) != 0) {
        return false;
    }
    memory->second_offset =
        memory->length == MT_RFC3339_MINUTE ? memory->zone_offset : mt_zone_offset_of(zone, memory->minute + second);
    memory->second = (memory->minute + second - memory->second_offset * 60) * MT_SECOND;
    memcpy(memory->text + memory->length, digits, 2);
    memory->second_length = (uint8_t)(memory->length + 2);
    return true;
}

/* Digits of a fraction, any number of them; what lies beyond microseconds is
 * moved over. */
static const char *take_digits(const char *p, const char *end, struct mt_time *time)
{
    static const int units[] = {1000000, 100000, 10000, 1000, 100, 10, 1};
    int usec = 0;
    uint8_t digits = 0;

    for (; p < end && mt_is_digit(*p); p++) {
        if (digits < 6) {
            usec = usec * 10 + (*p - '0');
            digits++;
        }
    }
    time->usec += usec * units[digits];
    time->digits = digits;
    return p;
}

/* What follows the two digits of the seconds, p: ".123456", or nothing. Six
 * digits are what rsyslog and syslog-ng write.
 */
static inline const char *take_fraction(const char *p, const char *end, struct mt_time *time)
{
    int usec;

    time->digits = 0;
    if (end - p < 2 || (*p != '.' && *p != ',') || !mt_is_digit(p[1])) {
        return p;
    }
    if (end - p > 7 && !mt_is_digit(p[7]) && (usec = mt_timestamp_fraction(p - 1)) >= 0) {
        time->usec += usec;
        time->digits = 6;
        return p + 7;
    }
    return take_digits(p + 1, end, time);
}

/* The zone of an RFC 3339 timestamp. NULL: what stands there is none. */
static inline const char *take_zone(struct mt_zone_memory *memory, const char *p, const char *end, int16_t *offset)
{
    const char *after;

    if (p < end && (*p == 'Z' || *p == 'z')) {
        *offset = 0;
        return p + 1;
    }
    after = mt_take_offset(p, end, offset);
    if (after && after - p == sizeof memory->zone) {
        memcpy(memory->zone, p, sizeof memory->zone);
        memory->zone_offset = *offset;
        memory->second_length = 0;
    }
    return after;
}

/* Seconds to the end of the timestamp, which is a blank or the end of the line. */
static inline __attribute__((always_inline)) const char *
take_rest(struct mt_zone *zone, bool zoned, const char *p, const char *end, int64_t minute, struct mt_time *time)
{
    const char *after;
    int second;

    if (end - p < 2 || (second = mt_two_digits(p)) < 0 || second > 60) {
        return NULL;
    }
    time->usec = (minute + second) * MT_SECOND;
    p = take_fraction(p + 2, end, time);
    after = zoned ? take_zone(&zone->memory, p, end, &time->offset) : NULL;
    if (after) {
        p = after;
    } else {
        time->offset = mt_zone_offset_of(zone, minute + second);
    }
    time->usec -= time->offset * 60 * MT_SECOND;
    return p == end || *p == ' ' ? mt_blanks_end(p, end) : NULL;
}

const char *mt_timestamp_traditional(struct mt_zone *zone, const char *p, const char *end, struct mt_time *time)
{
    int64_t minute;
    const char *after = take_same_minute(&zone->memory, MT_TRADITIONAL_MINUTE, p, end, &minute);

    if (!after) {
        after = take_minute(zone, take_traditional, p, end, &minute);
    }
    return after ? take_rest(zone, false, after, end, minute, time) : NULL;
}

const char *mt_timestamp_any_rfc3339(struct mt_zone *zone, const char *p, const char *end, struct mt_time *time)
{
    int64_t minute;
    const char *after = take_same_minute(&zone->memory, MT_RFC3339_MINUTE, p, end, &minute);

    if (!after) {
        after = take_minute(zone, take_rfc3339, p, end, &minute);
    }
    return after ? take_rest(zone, true, after, end, minute, time) : NULL;
}

/* " +0100" at p, with a blank or the end behind it: the end of the digits, or NULL. */
static const char *take_spaced_offset(const char *p, const char *end, int16_t *offset)
{
    const char *after = end - p > 5 && *p == ' ' ? mt_take_offset(p + 1, end, offset) : NULL;

    return after && (after == end || *after == ' ') ? after : NULL;
}

const char *mt_timestamp_spaced(struct mt_zone *zone, const char *p, const char *end, struct mt_time *time)
{
    int64_t minute;
    const char *zoned, *after = take_same_minute(&zone->memory, MT_RFC3339_MINUTE, p, end, &minute);
    int second;

    if (!after) {
        after = take_minute(zone, take_spaced, p, end, &minute);
    }
    if (!after || end - after < 2 || (second = mt_two_digits(after)) < 0 || second > 60) {
        return NULL;
    }
    time->usec = (minute + second) * MT_SECOND;
    after = take_fraction(after + 2, end, time);
    zoned = take_spaced_offset(after, end, &time->offset);
    if (zoned) {
        after = zoned;
    } else {
        time->offset = mt_zone_offset_of(zone, minute + second);
    }
    time->usec -= time->offset * 60 * MT_SECOND;
    return after == end || *after == ' ' ? mt_blanks_end(after, end) : NULL;
}
