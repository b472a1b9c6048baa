/* Calendar arithmetic: days and dates of the proleptic Gregorian calendar.
 *
 * Pure functions of their arguments. The counting is by years that begin in March,
 * so that the leap day is the last of its year.
 */
#ifndef MT_BASE_CALENDAR_H
#define MT_BASE_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

#define MT_DAY_SECONDS 86400

/* Days from the 1st of March of the year 0 to 1970-01-01, and in 400 years. */
#define MT_DAYS_TO_1970 719468
#define MT_DAYS_IN_400  146097

struct mt_date {
    int year, month, day; /* months and days from 1 */
};

static inline bool mt_year_is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* False for February 30 and the like. */
static inline bool mt_date_exists(int year, int month, int day)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    if (year < 0 || year > 9999 || month < 1 || month > 12 || day < 1) {
        return false;
    }
    return day <= days[month - 1] + (month == 2 && mt_year_is_leap(year));
}

/* Days from 1970-01-01; the date must exist. */
int64_t mt_days_of_date(int year, int month, int day);

/* days must lie in the years 0 to 9999. */
struct mt_date mt_date_of_days(int64_t days);

#endif
