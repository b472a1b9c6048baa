/* Time stamps as text, and the calendar behind them. */
#include "mailtrace/line.h"

#include "calendar.h"

#define SECOND  INT64_C(1000000)
#define MINUTE  (60 * SECOND)
#define DAY     (MT_DAY_SECONDS * SECOND)
#define LEAST   (-719528 * DAY)     /* 0000-01-01 */
#define MOST    (2932897 * DAY - 1) /* 9999-12-31 */
#define OFFSETS (24 * 60 - 1)       /* RFC 3339: time-numoffset has two digits for hours, below 24 */

/* Both after https://howardhinnant.github.io/date_algorithms.html, for years that cannot be negative
 * once 400 are added.
 */
int64_t mt_days_of_date(int year, int month, int day)
{
    unsigned y = (unsigned)(year + 400 - (month <= 2));
    unsigned of_year = (153 * (unsigned)(month + (month > 2 ? -3 : 9)) + 2) / 5 + (unsigned)day - 1;

    return (int64_t)y * 365 + y / 4 - y / 100 + y / 400 + of_year - MT_DAYS_IN_400 - MT_DAYS_TO_1970;
}

struct mt_date mt_date_of_days(int64_t days)
{
    unsigned n = (unsigned)(days + MT_DAYS_TO_1970 + MT_DAYS_IN_400);
    unsigned era = n / MT_DAYS_IN_400, of_era = n % MT_DAYS_IN_400;
    unsigned y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    unsigned of_year = of_era - (365 * y + y / 4 - y / 100);
    unsigned m = (5 * of_year + 2) / 153;
    struct mt_date date;

    date.day = (int)(of_year - (153 * m + 2) / 5 + 1);
    date.month = (int)(m < 10 ? m + 3 : m - 9);
    date.year = (int)(era * 400 + y) - 400 + (m >= 10);
    return date;
}

static int64_t clamp(int64_t value, int64_t least, int64_t most)
{
    return value < least ? least : value > most ? most : value;
}

/* Two digits and, after them, c. */
static char *put_two(char *p, unsigned value, char c)
{
    static const char digits[] = "00010203040506070809101112131415161718192021222324"
                                 "25262728293031323334353637383940414243444546474849"
                                 "50515253545556575859606162636465666768697071727374"
                                 "75767778798081828384858687888990919293949596979899";

    memcpy(p, digits + 2 * value, 2);
    p[2] = c;
    return p + 3;
}

static char *put_fraction(char *p, unsigned usec, unsigned digits)
{
    if (!digits) {
        return p;
    }
    *p = '.';
    put_two(p + 1, usec / 10000, 0);
    put_two(p + 3, usec / 100 % 100, 0);
    put_two(p + 5, usec % 100, 0);
    return p + 1 + digits;
}

static char *put_offset(char *p, int offset)
{
    unsigned minutes = (unsigned)(offset < 0 ? -offset : offset);

    *p++ = offset < 0 ? '-' : '+';
    p = put_two(p, minutes / 60, ':');
    return put_two(p, minutes % 60, 0) - 1;
}

size_t mt_time_format(const struct mt_time *t, char *buf)
{
    int offset = (int)clamp(t->offset, -OFFSETS, OFFSETS);
    int64_t local = clamp(clamp(t->usec, LEAST - DAY, MOST + DAY) + offset * MINUTE, LEAST, MOST) - LEAST;
    unsigned minutes = (unsigned)(local % DAY / MINUTE), usec = (unsigned)(local % MINUTE);
    struct mt_date date = mt_date_of_days(local / DAY + LEAST / DAY);
    char *p = buf;

    p = put_two(p, (unsigned)date.year / 100, 0) - 1;
    p = put_two(p, (unsigned)date.year % 100, '-');
    p = put_two(p, (unsigned)date.month, '-');
    p = put_two(p, (unsigned)date.day, 'T');
    p = put_two(p, minutes / 60, ':');
    p = put_two(p, minutes % 60, ':');
    p = put_two(p, usec / 1000000, 0) - 1;
    p = put_fraction(p, usec % 1000000, t->digits > 6 ? 6 : t->digits);
    p = put_offset(p, offset);
    return (size_t)(p - buf);
}
