/* Timestamps as text, and the calendar behind them. */
#include "mailtrace/line.h"

#include "calendar.h"
#include "scan.h"

#define SECOND  INT64_C(1000000)
#define MINUTE  (60 * SECOND)
#define DAY     (MT_DAY_SECONDS * SECOND)
#define LEAST   (-719528 * DAY)     /* 0000-01-01 */
#define MOST    (2932897 * DAY - 1) /* 9999-12-31 */
#define OFFSETS (24 * 60 - 1)       /* RFC 3339: time-numoffset has two digits for hours, below 24 */

/* After https://howardhinnant.github.io/date_algorithms.html, for years that
 * cannot be negative once 400 are added.
 */
int64_t mt_days_of_date(int year, int month, int day)
{
    unsigned y = (unsigned)(year + 400 - (month <= 2));
    unsigned of_year = (153 * (unsigned)(month + (month > 2 ? -3 : 9)) + 2) / 5 + (unsigned)day - 1;

    return (int64_t)y * 365 + y / 4 - y / 100 + y / 400 + of_year - MT_DAYS_IN_400 - MT_DAYS_TO_1970;
}

/* Neri and Schneider, Euclidean affine functions and their application to
 * calendar algorithms (2022), figure 12: divisions by constants, each of them
 * one multiplication.
 */
static inline struct mt_date date_of(unsigned days)
{
    unsigned n = 4 * days + 3;
    unsigned century = n / MT_DAYS_IN_400, of_century = n % MT_DAYS_IN_400 | 3;
    uint64_t product = UINT64_C(2939745) * of_century;
    unsigned year = (unsigned)(product >> 32), of_year = (unsigned)product / 2939745 / 4;
    unsigned m = 2141 * of_year + 197913;
    bool january = of_year >= 306; /* or February, of the year after */

    return (struct mt_date){.year = (int)(100 * century + year + january) - 400,
                            .month = (int)(m >> 16) - (january ? 12 : 0),
                            .day = (int)((m & 0xffff) / 2141) + 1};
}

struct mt_date mt_date_of_days(int64_t days)
{
    return date_of((unsigned)(days + MT_DAYS_TO_1970 + MT_DAYS_IN_400));
}

static int64_t clamp(int64_t value, int64_t least, int64_t most)
{
    return value < least ? least : value > most ? most : value;
}

static inline void put_date(char *p, struct mt_date date)
{
    mt_put_two(p, (unsigned)date.year / 100);
    mt_put_two(p + 2, (unsigned)date.year % 100);
    mt_put_two(p + 5, (unsigned)date.month);
    mt_put_two(p + 8, (unsigned)date.day);
}

static inline void put_clock(char *p, unsigned seconds)
{
    unsigned minutes = seconds / 60;

    mt_put_two(p, minutes / 60);
    mt_put_two(p + 3, minutes % 60);
    mt_put_two(p + 6, seconds % 60);
}

static inline void put_fraction(char *p, unsigned usec)
{
    unsigned hundreds = usec / 100;

    mt_put_two(p, hundreds / 100);
    mt_put_two(p + 2, hundreds % 100);
    mt_put_two(p + 4, usec % 100);
}

static inline size_t put_offset(char *p, int offset)
{
    unsigned minutes = (unsigned)(offset < 0 ? -offset : offset);

    memcpy(p, "+00:00", 6);
    if (offset) {
        *p = offset < 0 ? '-' : '+';
        mt_put_two(p + 1, minutes / 60);
        mt_put_two(p + 4, minutes % 60);
    }
    return 6;
}

size_t mt_time_format(const struct mt_time *t, char *buf)
{
    int offset = (int)clamp(t->offset, -OFFSETS, OFFSETS);
    uint64_t local = (uint64_t)(clamp(clamp(t->usec, LEAST - DAY, MOST + DAY) + offset * MINUTE, LEAST, MOST) - LEAST);
    uint64_t seconds = local / SECOND;
    unsigned days = (unsigned)(seconds / MT_DAY_SECONDS);
    size_t n = 19;

    /* all but what is put in here, with digits that are overwritten */
    memcpy(buf, "0000-00-00T00:00:00.000000", 26);
    put_date(buf, date_of(days + (unsigned)(LEAST / DAY + MT_DAYS_TO_1970 + MT_DAYS_IN_400)));
    put_clock(buf + 11, (unsigned)(seconds - (uint64_t)days * MT_DAY_SECONDS));
    if (t->digits) {
        put_fraction(buf + 20, (unsigned)(local - seconds * SECOND));
        n = t->digits < 6 ? 20 + t->digits : 26;
    }
    return n + put_offset(buf + n, offset);
}

/* Only what is far from the ends of the years, where nothing is clamped. */
static bool remember(struct mt_time_memory *memory, const struct mt_time *t)
{
    struct mt_time minute = {.usec = t->usec, .offset = t->offset, .digits = 6};

    if (t->usec < LEAST + 2 * DAY || t->usec > MOST - 2 * DAY || t->offset < -OFFSETS || t->offset > OFFSETS) {
        return false;
    }
    minute.usec -= (t->usec - LEAST) % MINUTE;
    mt_time_format(&minute, memory->text);
    memory->minute = minute.usec;
    memory->offset = t->offset;
    return true;
}

size_t mt_time_format_next(struct mt_time_memory *memory, const struct mt_time *t, char *buf)
{
    uint64_t past = (uint64_t)t->usec - (uint64_t)memory->minute;
    unsigned usec;
    size_t n = 19;

    if (past >= MINUTE || t->offset != memory->offset || !*memory->text) {
        if (!remember(memory, t)) {
            return mt_time_format(t, buf);
        }
        past = (uint64_t)t->usec - (uint64_t)memory->minute;
    }
    usec = (unsigned)past;
    memcpy(buf, memory->text, 32);
    mt_put_two(buf + 17, usec / 1000000);
    if (t->digits) {
        put_fraction(buf + 20, usec % 1000000);
        n = t->digits < 6 ? 20 + t->digits : 26;
    }
    memcpy(buf + n, memory->text + 26, 6);
    return n + 6;
}
