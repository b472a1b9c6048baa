/* Time stamps of rsyslog: see stamp.h. The calendar is the proleptic Gregorian
 * one, with years that begin in March, so that a leap day ends its year.
 */
#include "stamp.h"

#define SECOND       INT64_C(1000000)
#define DAY          (86400 * SECOND)
#define DAYS_IN_400  146097
#define DAYS_TO_1970 719468
#define LEAST        (-62167219200 * SECOND) /* 0000-01-01T00:00:00Z */
#define MOST         (253402300800 * SECOND - 1)

static const int32_t powers[] = {1, 10, 100, 1000, 10000, 100000, 1000000};

static int64_t days_of(int year, int month, int day)
{
    int y = month > 2 ? year : year - 1;
    int m = month > 2 ? month - 3 : month + 9;
    int era = y / 400 - (y % 400 < 0);
    int in_era = y - era * 400;

    return (int64_t)era * DAYS_IN_400 + in_era * 365 + in_era / 4 - in_era / 100 + (153 * m + 2) / 5 + day - 1 -
           DAYS_TO_1970;
}

/* rsyslog keeps the fraction as the number its digits make; a sender may give nine. */
static int32_t microseconds(int32_t fraction, int digits)
{
    while (digits > 6) {
        fraction /= 10;
        digits--;
    }
    return digits > 0 ? fraction * powers[6 - digits] : 0;
}

struct mt_time mt_stamp_read(const struct syslogTime *stamp)
{
    int offset = stamp->OffsetHour * 60 + stamp->OffsetMinute;
    int digits = (unsigned char)stamp->secfracPrecision; /* a signed char, never below 0 */
    struct mt_time time;

    if (stamp->OffsetMode == '-') {
        offset = -offset;
    }
    time.usec = days_of(stamp->year, stamp->month, stamp->day) * DAY +
                ((stamp->hour * 60 + stamp->minute - offset) * INT64_C(60) + stamp->second) * SECOND +
                microseconds(stamp->secfrac, digits);
    time.offset = (int16_t)offset;
    time.digits = (uint8_t)(digits > 6 ? 6 : digits);
    return time;
}

/* Days from the 1st of March of the year 0, which must not lie before it. */
static void write_date(int64_t days, struct syslogTime *stamp)
{
    int era = (int)(days / DAYS_IN_400);
    int in_era = (int)(days % DAYS_IN_400);
    int year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    int in_year = in_era - (365 * year + year / 4 - year / 100);
    int month = (5 * in_year + 2) / 153;

    stamp->day = (intTiny)(in_year - (153 * month + 2) / 5 + 1);
    stamp->month = (intTiny)(month < 10 ? month + 3 : month - 9);
    stamp->year = (short)(year + era * 400 + (month >= 10));
}

static void write_offset(int offset, struct syslogTime *stamp)
{
    int east = offset < 0 ? -offset : offset;

    stamp->OffsetMode = offset < 0 ? '-' : '+';
    stamp->OffsetHour = (intTiny)(east / 60);
    stamp->OffsetMinute = (intTiny)(east % 60);
}

struct syslogTime mt_stamp_write(const struct mt_time *time)
{
    struct syslogTime stamp = {.timeType = 2};
    int64_t local = time->usec < LEAST ? LEAST : time->usec > MOST ? MOST : time->usec;
    int64_t days;
    int digits = time->digits > 6 ? 6 : time->digits;

    local += time->offset * 60 * SECOND;
    local = local < LEAST ? LEAST : local > MOST ? MOST : local;
    local += DAYS_TO_1970 * DAY;
    days = local / DAY - (local % DAY < 0);
    local -= days * DAY;
    if (days < 0) { /* January and February of the year 0 */
        days += DAYS_IN_400;
        write_date(days, &stamp);
        stamp.year = (short)(stamp.year - 400);
    } else {
        write_date(days, &stamp);
    }
    stamp.wday = (intTiny)((days + 3) % 7); /* 0: Sunday; 0000-03-01 was a Wednesday */
    stamp.hour = (intTiny)(local / (3600 * SECOND));
    stamp.minute = (intTiny)(local / (60 * SECOND) % 60);
    stamp.second = (intTiny)(local / SECOND % 60);
    stamp.secfrac = (int)(local % SECOND) / powers[6 - digits];
    stamp.secfracPrecision = (intTiny)digits;
    write_offset(time->offset, &stamp);
    return stamp;
}
