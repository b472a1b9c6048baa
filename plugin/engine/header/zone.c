/* Which zone and which year a timestamp is of, when it does not say. */
#include "zone.h"

#include <time.h>

#include "base/calendar.h"

#define QUARTER  900 /* no zone has changed its clocks at any other minute since syslog exists */
#define BACKWARD 300 /* seconds that lines may be out of order when the clocks go back */

bool mt_zone_offset(struct mt_slice text, int16_t *minutes)
{
    int16_t offset = 0;

    if (!mt_slice_eq(text, MT_LIT("Z")) && !mt_slice_eq(text, MT_LIT("UTC")) &&
        (!text.n || mt_take_offset(text.p, text.p + text.n, &offset) != text.p + text.n)) {
        return false;
    }
    *minutes = offset;
    return true;
}

/* ---- the local zone ---- */

static int16_t offset_at(int64_t instant)
{
    time_t t = (time_t)instant;
    struct tm tm;

    if (!localtime_r(&t, &tm)) {
        return 0;
    }
    return (int16_t)(tm.tm_gmtoff / 60);
}

/* Which offsets a local time can have: that before a change of clocks near it, or that after. */
static void remember_offsets(struct mt_zone_memory *memory, int64_t local)
{
    int16_t before = offset_at(local - MT_DAY_SECONDS), after = offset_at(local + MT_DAY_SECONDS);
    bool can_be_before = offset_at(local - before * 60) == before;
    bool can_be_after = offset_at(local - after * 60) == after;

    memory->earlier = can_be_before || !can_be_after ? before : after;
    memory->later = can_be_before && can_be_after ? after : memory->earlier;
}

/* Never 0, which says that nothing is remembered. */
static int64_t quarter_of(int64_t seconds)
{
    return (seconds + (QUARTER * INT64_C(1) << 32)) / QUARTER;
}

int16_t mt_zone_offset_of(struct mt_zone *zone, int64_t local)
{
    struct mt_zone_memory *memory = &zone->memory;
    int64_t quarter;

    if (zone->fixed) {
        return zone->offset;
    }
    quarter = quarter_of(local);
    if (quarter != memory->quarter) {
        remember_offsets(memory, local);
        memory->quarter = quarter;
    }
    if (memory->earlier != memory->later && memory->last - (local - memory->earlier * 60) > BACKWARD) {
        memory->last = local - memory->later * 60;
        return memory->later;
    }
    memory->last = local - memory->earlier * 60;
    return memory->earlier;
}

int64_t mt_zone_local_now(struct mt_zone *zone)
{
    int64_t seconds = zone->now / MT_SECOND;
    int64_t quarter = quarter_of(seconds);

    if (zone->fixed) {
        return seconds + zone->offset * 60;
    }
    if (quarter != zone->memory.now_quarter) {
        zone->memory.now_quarter = quarter;
        zone->memory.now_offset = offset_at(seconds);
    }
    return seconds + zone->memory.now_offset * 60;
}

/* ---- the year ---- */

int64_t mt_minute_of(const struct mt_date_time *d, int year)
{
    return mt_days_of_date(year, d->month, d->day) * MT_DAY_SECONDS + d->hour * 3600 + d->minute * 60;
}

static int year_of(int64_t seconds)
{
    int64_t days = seconds / MT_DAY_SECONDS;

    return mt_date_of_days(days < 0 ? 0 : days > 2932000 ? 2932000 : days).year;
}

/* The last one that is not more than a day after now. A leap day can lie eight years back. */
static int year_by_now(struct mt_zone *zone, const struct mt_date_time *d)
{
    int64_t most = mt_zone_local_now(zone) + MT_DAY_SECONDS;
    int last = year_of(most);

    for (int year = last; year > last - 9; year--) {
        if (mt_date_exists(year, d->month, d->day) && mt_minute_of(d, year) <= most) {
            return year;
        }
    }
    return 0;
}

static int year_by_line_before(const struct mt_zone_memory *memory, const struct mt_date_time *d)
{
    int64_t least = INT64_MAX;
    int best = 0;

    for (int year = memory->year - 1; year <= memory->year + 1; year++) {
        if (mt_date_exists(year, d->month, d->day)) {
            int64_t distance = mt_minute_of(d, year) - memory->minute;
            distance = distance < 0 ? -distance : distance;
            if (distance < least) {
                least = distance;
                best = year;
            }
        }
    }
    return best;
}

int mt_zone_year(struct mt_zone *zone, const struct mt_date_time *d)
{
    int year = d->year;

    if (!year) {
        if (!zone->year) {
            return year_by_now(zone, d);
        }
        if (zone->memory.seen) {
            return year_by_line_before(&zone->memory, d);
        }
        year = zone->year;
    }
    return mt_date_exists(year, d->month, d->day) ? year : 0;
}
