/* Timestamps of rsyslog: see timestamp.h. The calendar is the proleptic Gregorian
 * one, with years that begin in March, so that a leap day ends its year.
 */
#include "timestamp.h"

#define SECOND       INT64_C(1000000)
#define DAY          (86400 * SECOND)
#define DAYS_IN_400  146097
#define DAYS_TO_1970 719468
#define LEAST        (-62167219200 * SECOND) /* 0000-01-01T00:00:00Z */
#define MOST         (253402300800 * SECOND - 1)

static const int32_t powers[] = {1, 10, 100, 1000, 10000, 100000, 1000000};

/* A month is its days before it in a year that begins in March. Years are those of the next cycle of 400, so that none
 * is below 0 for a division.
 */
static int days_of(int year, int month, int day)
{
    static const int16_t before[16] = {0, 306, 337, 0, 31, 61, 92, 122, 153, 184, 214, 245, 275};
    int y = year + 400 - (month <= 2);
    int century = y / 100;

    return y * 365 + y / 4 - century + century / 4 + before[month & 15] + day - 1 - DAYS_TO_1970 - DAYS_IN_400;
}

int32_t mt_timestamp_odd_microseconds(const struct syslogTime *timestamp)
{
    int digits = (unsigned char)timestamp->secfracPrecision; /* a signed char, never below 0 */
    int32_t fraction = timestamp->secfrac;

    for (; digits > 6; digits--) { /* a sender may give nine */
        fraction /= 10;
    }
    return digits > 0 ? fraction * powers[6 - digits] : 0;
}

struct mt_time mt_timestamp_read(const struct syslogTime *timestamp)
{
    int offset = timestamp->OffsetHour * 60 + timestamp->OffsetMinute;
    int digits = (unsigned char)timestamp->secfracPrecision;
    int64_t minutes;

    if (timestamp->OffsetMode == '-') {
        offset = -offset;
    }
    minutes = days_of(timestamp->year, timestamp->month, timestamp->day) * INT64_C(1440) + timestamp->hour * 60 +
              timestamp->minute - offset;
    return (struct mt_time){
        .usec = (minutes * 60 + timestamp->second) * SECOND + mt_timestamp_microseconds(timestamp),
        .offset = (int16_t)offset,
        .digits = (uint8_t)(digits > 6 ? 6 : digits),
    };
}

/* Days from the 1st of March of the year 400 BC. */
static void write_date(uint32_t days, struct syslogTime *timestamp)
{
    uint32_t era = days / DAYS_IN_400;
    uint32_t in_era = days % DAYS_IN_400;
    uint32_t year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    uint32_t in_year = in_era - (365 * year + year / 4 - year / 100);
    uint32_t month = (5 * in_year + 2) / 153;

    timestamp->day = (intTiny)(in_year - (153 * month + 2) / 5 + 1);
    timestamp->month = (intTiny)(month < 10 ? month + 3 : month - 9);
    timestamp->year = (short)((int)(year + era * 400 + (month >= 10)) - 400);
    timestamp->wday = (intTiny)((days + 3) % 7); /* 0: Sunday; that day was a Wednesday, as after each 400 years */
}

static void write_time(uint32_t second, struct syslogTime *timestamp)
{
    uint32_t minute = second / 60;

    timestamp->hour = (intTiny)(minute / 60);
    timestamp->minute = (intTiny)(minute % 60);
    timestamp->second = (intTiny)(second % 60);
}

static void write_offset(int offset, struct syslogTime *timestamp)
{
    unsigned east = (unsigned)(offset < 0 ? -offset : offset);

    timestamp->OffsetMode = offset < 0 ? '-' : '+';
    timestamp->OffsetHour = (intTiny)(east / 60);
    timestamp->OffsetMinute = (intTiny)(east % 60);
}

struct syslogTime mt_timestamp_write(const struct mt_time *time)
{
    struct syslogTime timestamp = {.timeType = 2};
    int64_t local = time->usec < LEAST ? LEAST : time->usec > MOST ? MOST : time->usec;
    uint64_t seconds, from;
    int digits = time->digits > 6 ? 6 : time->digits;

    local += time->offset * 60 * SECOND;
    local = local < LEAST ? LEAST : local > MOST ? MOST : local;
    from = (uint64_t)(local + (DAYS_TO_1970 + DAYS_IN_400) * DAY);
    seconds = from / SECOND;
    write_date((uint32_t)(seconds / 86400), &timestamp);
    write_time((uint32_t)(seconds % 86400), &timestamp);
    timestamp.secfrac = (int)(from - seconds * SECOND) / powers[6 - digits];
    timestamp.secfracPrecision = (intTiny)digits;
    write_offset(time->offset, &timestamp);
    return timestamp;
}
