/* Timestamps of syslog headers, of which some have no year or no zone, and times as text. */
#include "suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "lines.h"
#include "mailtrace/syslog.h"

#define SECOND INT64_C(1000000)
#define DAY    (86400 * SECOND)

/* 2026-11-22T00:00:00Z */
#define NOW (INT64_C(1795305600) * SECOND)

static struct mt_zone utc_at(int64_t now)
{
    return (struct mt_zone){.now = now, .fixed = true};
}

static struct mt_zone local_at(const char *tz, int64_t now)
{
    setenv("TZ", tz, 1);
    tzset();
    return (struct mt_zone){.now = now};
}

static enum mt_syslog_form read_line(struct mt_zone *zone, const char *raw, struct mt_line *line)
{
    return mt_syslog_read(zone, mt_slice_str(raw), line);
}

/* The timestamp that is read from a line of the log that zone belongs to. */
static void expect_time(struct mt_zone *zone, const char *raw, const char *expected)
{
    struct mt_line line = {0};

    ck_assert_msg(read_line(zone, raw, &line) != MT_SYSLOG_NONE, "no header: %s", raw);
    expect_stamp(&line.time, expected, raw);
}

START_TEST(test_each_line_of_a_minute_has_its_own_second_and_zone)
{
    struct mt_zone zone = utc_at(NOW);

    expect_time(&zone, "Nov 21 23:59:58 a b: c", "2026-11-21T23:59:58+00:00");
    expect_time(&zone, "Nov 21 23:59:59.5 a b: c", "2026-11-21T23:59:59.5+00:00");
    expect_time(&zone, "Nov 22 00:00:00 a b: c", "2026-11-22T00:00:00+00:00");
    expect_time(&zone, "2026-11-22T00:00:01+01:00 a b: c", "2026-11-22T00:00:01+01:00");
    expect_time(&zone, "2026-11-22T00:00:02-05:00 a b: c", "2026-11-22T00:00:02-05:00");
    expect_time(&zone, "2026-11-22T00:00:03 a b: c", "2026-11-22T00:00:03+00:00");
    expect_time(&zone, "Nov 22 00:00:04 a b: c", "2026-11-22T00:00:04+00:00");
}
END_TEST

/* 2026-11-22T00:17:00Z, and 2024-03-07T15:02:00+01:00. */
#define MINUTE_Z    (INT64_C(1795306620) * SECOND)
#define MINUTE_EAST (INT64_C(1709820120) * SECOND)

/* Reads raw from memory of exactly its length: the instant, the offset and the digits of its timestamp. */
static void expect_instant(struct mt_zone *zone, const char *raw, int64_t usec, int offset, int digits)
{
    size_t n = strlen(raw);
    char *copy = exact_copy(raw, n);
    struct mt_line line = {0};

    ck_assert_msg(mt_syslog_read(zone, mt_slice(copy, n), &line) != MT_SYSLOG_NONE, "no header: %s", raw);
    ck_assert_msg(line.time.usec == usec && line.time.offset == offset && line.time.digits == digits, "%lld %d %d: %s",
                  (long long)line.time.usec, line.time.offset, line.time.digits, raw);
    expect_slice(line.program, "postfix/qmgr", raw);
    expect_slice(line.text, "4D1F2AAE9B1: removed", raw);
    free(copy);
}

/* RFC 3339, 5.6: time-secfrac has any number of digits, time-offset is Z or a number. Without one the zone is that of
 * the reader. */
static const struct {
    const char *text;
    int minutes;
} stamp_zones[] = {{"Z", 0}, {"+02:00", 120}, {"-05:30", -330}, {"+00:00", 0}, {"", 60}};

static const struct {
    const char *text;
    int usec, digits;
} fractions[] = {{"", 0, 0}, {".250", 250000, 3}, {".123456", 123456, 6}, {".000009", 9, 6}, {".123456789", 123456, 6}};

#define STAMPS (COUNT(stamp_zones) * COUNT(fractions))

static void expect_stamp_of(struct mt_zone *zone, size_t which, int second)
{
    size_t z = which / COUNT(fractions), f = which % COUNT(fractions);
    char raw[128];

    snprintf(raw, sizeof raw, "2026-11-22T00:17:%02d%s%s mx1 postfix/qmgr[7]: 4D1F2AAE9B1: removed", second,
             fractions[f].text, stamp_zones[z].text);
    expect_instant(zone, raw, MINUTE_Z + second * SECOND + fractions[f].usec - stamp_zones[z].minutes * 60 * SECOND,
                   stamp_zones[z].minutes, fractions[f].digits);
}

START_TEST(test_zone_and_fraction_may_change_with_each_line_of_a_minute)
{
    for (size_t one = 0; one < STAMPS; one++) {
        struct mt_zone zone = {.now = NOW, .fixed = true, .offset = 60};
        for (size_t other = 0; other < STAMPS; other++) {
            expect_stamp_of(&zone, one, 0);
            expect_stamp_of(&zone, other, 59);
            expect_stamp_of(&zone, other, 60); /* a leap second */
            expect_stamp_of(&zone, one, 9);
        }
    }
}
END_TEST

START_TEST(test_zone_and_fraction_may_change_with_each_line_of_a_second)
{
    for (size_t one = 0; one < STAMPS; one++) {
        struct mt_zone zone = {.now = NOW, .fixed = true, .offset = 60};
        for (size_t other = 0; other < STAMPS; other++) {
            expect_stamp_of(&zone, one, 5);
            expect_stamp_of(&zone, one, 5);
            expect_stamp_of(&zone, other, 5);
            expect_stamp_of(&zone, other, 5);
        }
    }
}
END_TEST

/* The same minute in all forms; the first two are as long as that of RFC 3339. */
static const struct {
    const char *before, *after;
} minute_forms[] = {
    {"2024 Mar 7 15:02:", ""},      {"Mar 7 2024 15:02:", ""},  {"2024 Mar  7 15:02:", ""},
    {"Mar  7 2024 15:02:", ""},     {"2024 Mar 07 15:02:", ""}, {"Mar  7 15:02:", ""},
    {"Mar 7 15:02:", ""},           {"Mar 07 15:02:", ""},      {"2024-03-07T15:02:", "+01:00"},
    {"2024-03-07t15:02:", "+0100"}, {"2024-03-07T15:02:", ""},  {"<22>2024-03-07T15:02:", "+01:00"},
};

static void expect_minute_form(struct mt_zone *zone, size_t which, int second)
{
    char raw[128];

    snprintf(raw, sizeof raw, "%s%02d.123456%s mx1 postfix/qmgr[7]: 4D1F2AAE9B1: removed", minute_forms[which].before,
             second, minute_forms[which].after);
    expect_instant(zone, raw, MINUTE_EAST + second * SECOND + 123456, 60, 6);
}

START_TEST(test_forms_of_stamps_may_change_within_a_minute)
{
    for (size_t one = 0; one < COUNT(minute_forms); one++) {
        for (size_t other = 0; other < COUNT(minute_forms); other++) {
            struct mt_zone zone = {.now = MINUTE_EAST + DAY, .fixed = true, .offset = 60};
            expect_minute_form(&zone, one, 1);
            expect_minute_form(&zone, other, 58);
            expect_minute_form(&zone, one, 0);
            expect_minute_form(&zone, other, 2);
        }
    }
}
END_TEST

START_TEST(test_another_minute_between_does_not_change_the_next)
{
    static const char *const others[] = {"2024 Mar 6 11:30:02", "Mar  6 2024 11:30:02", "Mar  6 11:30:02",
                                         "2024-03-06T11:30:02+01:00"};

    for (size_t i = 0; i < COUNT(others); i++) {
        struct mt_zone zone = {.now = MINUTE_EAST + DAY, .fixed = true, .offset = 60};
        char raw[128];
        expect_minute_form(&zone, 8, 1);
        snprintf(raw, sizeof raw, "%s mx1 postfix/qmgr[7]: 4D1F2AAE9B1: removed", others[i]);
        expect_time(&zone, raw, "2024-03-06T11:30:02+01:00");
        expect_minute_form(&zone, 8, 3);
    }
}
END_TEST

START_TEST(test_the_same_second_of_another_minute_is_another)
{
    struct mt_zone zone = utc_at(NOW);

    for (int i = 0; i < 2; i++) {
        expect_time(&zone, "Nov 21 23:58:05 mx1 postfix/qmgr[7]: text", "2026-11-21T23:58:05+00:00");
    }
    for (int i = 0; i < 2; i++) {
        expect_time(&zone, "Nov 21 23:59:05 mx1 postfix/qmgr[7]: text", "2026-11-21T23:59:05+00:00");
    }
    for (int i = 0; i < 2; i++) {
        expect_time(&zone, "2026-11-22T00:17:05.000001+00:00 mx1 a: b", "2026-11-22T00:17:05.000001+00:00");
    }
    for (int i = 0; i < 2; i++) {
        expect_time(&zone, "2026-11-22T00:18:05.000001+00:00 mx1 a: b", "2026-11-22T00:18:05.000001+00:00");
    }
}
END_TEST

/* In lines that are long enough to be compared with the one before. */
START_TEST(test_a_second_is_at_most_60)
{
    static const char *const good[] = {"Nov 22 00:17:05 mx1 postfix/qmgr[7]: text",
                                       "2026-11-22T00:17:05.000001+00:00 mx1 a: b"};
    static const size_t second[] = {13, 17};

    for (size_t i = 0; i < COUNT(good); i++) {
        struct mt_zone zone = utc_at(NOW);
        for (int s = 0; s < 100; s++) {
            char raw[64];
            struct mt_line line = {0};
            snprintf(raw, sizeof raw, "%s", good[i]);
            raw[second[i]] = (char)('0' + s / 10);
            raw[second[i] + 1] = (char)('0' + s % 10);
            ck_assert(read_line(&zone, good[i], &line) != MT_SYSLOG_NONE);
            ck_assert_msg((read_line(&zone, raw, &line) != MT_SYSLOG_NONE) == (s <= 60), "%s", raw);
        }
    }
}
END_TEST

START_TEST(test_any_blanks_may_follow_a_stamp)
{
    static const char *const timestamps[] = {"Nov 22 00:17:05", "2026-11-22T00:17:05.000001+00:00"};
    static const char *const blanks[] = {" ", "  ", "   "};

    for (size_t i = 0; i < COUNT(timestamps); i++) {
        struct mt_zone zone = utc_at(NOW);
        for (size_t b = 0; b < 2 * COUNT(blanks); b++) {
            char raw[128];
            struct mt_line line = {0};
            snprintf(raw, sizeof raw, "%s%smx1 postfix/qmgr[7]: text", timestamps[i], blanks[b % COUNT(blanks)]);
            ck_assert(read_line(&zone, raw, &line) != MT_SYSLOG_NONE);
            expect_slice(line.host, "mx1", raw);
            expect_slice(line.program, "postfix/qmgr", raw);
        }
    }
}
END_TEST

/* A zone is RFC 3339's alone, though the minute before it be as long. */
START_TEST(test_only_rfc3339_stamps_have_a_zone)
{
    static const char *const zones[] = {"+01:00", "+00:00", "Z"};
    struct mt_zone zone = {.now = MINUTE_EAST + DAY, .fixed = true, .offset = 60};
    char raw[128];

    for (size_t i = 0; i < COUNT(minute_forms) - 4; i++) {
        for (size_t z = 0; z < COUNT(zones); z++) {
            struct mt_line line = {0};
            expect_minute_form(&zone, 8, 1);
            expect_minute_form(&zone, i, 1);
            snprintf(raw, sizeof raw, "%s02.123456%s mx1 postfix/qmgr[7]: 4D1F2AAE9B1: removed", minute_forms[i].before,
                     zones[z]);
            ck_assert_msg(read_line(&zone, raw, &line) == MT_SYSLOG_NONE, "a header: %s", raw);
        }
    }
}
END_TEST

/* A timestamp like that of the line before, but for one byte. Where it is none, the line is left alone. */
START_TEST(test_no_byte_of_a_stamp_is_taken_for_granted)
{
    static const char good[] = "2026-11-22T00:17:50.123456+02:00 mx1 postfix/qmgr[7]: 4D1F2AAE9B1: removed";
    static const char bytes[] = "\xFF\x80\xB0/:;xA\0";

    for (size_t i = 0; i < 33; i++) {
        for (size_t b = 0; b < sizeof bytes - 1; b++) {
            struct mt_zone zone = utc_at(NOW);
            struct mt_line line = {.time = {.usec = 5}};
            char raw[sizeof good];
            memcpy(raw, good, sizeof good);
            raw[i] = bytes[b];
            expect_instant(&zone, good, MINUTE_Z + 50123456 - 120 * 60 * SECOND, 120, 6);
            if (raw[i] != good[i]) {
                ck_assert_msg(mt_syslog_read(&zone, mt_slice(raw, sizeof raw - 1), &line) == MT_SYSLOG_NONE,
                              "byte %zu as 0x%02x", i, (unsigned)(unsigned char)bytes[b]);
                ck_assert_int_eq(line.time.usec, 5);
            }
        }
    }
}
END_TEST

START_TEST(test_a_bad_stamp_does_not_spoil_the_next_line)
{
    struct mt_zone zone = utc_at(NOW);
    struct mt_line line = {0};

    expect_time(&zone, "Nov 21 23:59:58 a b: c", "2026-11-21T23:59:58+00:00");
    ck_assert(read_line(&zone, "Feb 30 23:59:58 a b: c", &line) == MT_SYSLOG_NONE);
    ck_assert(read_line(&zone, "Nov 21 23:59:6", &line) == MT_SYSLOG_NONE);
    expect_time(&zone, "Nov 21 23:59:59 a b: c", "2026-11-21T23:59:59+00:00");
}
END_TEST

/* 2026-01-01T00:00:00Z */
#define NEW_YEAR (INT64_C(1767225600) * SECOND)

static const struct {
    int64_t now;
    const char *raw, *time;
} years[] = {
    {NEW_YEAR, "Dec 31 23:59:59 a b: c", "2025-12-31T23:59:59+00:00"},
    {NEW_YEAR, "Jan  1 00:00:00 a b: c", "2026-01-01T00:00:00+00:00"},
    {NEW_YEAR - 60 * SECOND, "Jan  1 00:00:00 a b: c", "2026-01-01T00:00:00+00:00"}, /* a clock that is ahead */
    {NEW_YEAR - DAY, "Jan  1 00:00:00 a b: c", "2026-01-01T00:00:00+00:00"},
    {NEW_YEAR - DAY - SECOND, "Jan  1 00:00:00 a b: c", "2025-01-01T00:00:00+00:00"},
    {NEW_YEAR + 300 * DAY, "Dec 31 12:00:00 a b: c", "2025-12-31T12:00:00+00:00"},
    {NEW_YEAR, "Feb 29 12:00:00 a b: c", "2024-02-29T12:00:00+00:00"},
    {INT64_C(4133980800) * SECOND, "Feb 29 12:00:00 a b: c", "2096-02-29T12:00:00+00:00"}, /* 2101: 2100 had none */
    {0, "Jan  1 00:00:00 a b: c", "1970-01-01T00:00:00+00:00"},
    {0, "Mar  1 00:00:00 a b: c", "1969-03-01T00:00:00+00:00"},
};

START_TEST(test_year_is_that_nearest_to_now_and_not_more_than_a_day_after)
{
    struct mt_zone zone = utc_at(years[_i].now);

    expect_time(&zone, years[_i].raw, years[_i].time);
}
END_TEST

START_TEST(test_given_year_moves_on_at_new_year)
{
    struct mt_zone zone = {.now = NOW, .year = 2019, .fixed = true};

    expect_time(&zone, "Oct 30 12:00:00 a b: c", "2019-10-30T12:00:00+00:00");
    expect_time(&zone, "Dec 31 23:59:59 a b: c", "2019-12-31T23:59:59+00:00");
    expect_time(&zone, "Jan  1 00:00:00 a b: c", "2020-01-01T00:00:00+00:00");
    expect_time(&zone, "Dec 31 23:59:58 a b: c", "2019-12-31T23:59:58+00:00"); /* out of order */
    expect_time(&zone, "Jan  1 00:00:01 a b: c", "2020-01-01T00:00:01+00:00");
    expect_time(&zone, "Feb 29 12:00:00 a b: c", "2020-02-29T12:00:00+00:00");
    expect_time(&zone, "Feb 28 12:00:00 a b: c", "2020-02-28T12:00:00+00:00"); /* a clock put back by a day */
    expect_time(&zone, "Aug 20 12:00:00 a b: c", "2020-08-20T12:00:00+00:00");
    expect_time(&zone, "Jan  2 12:00:00 a b: c", "2021-01-02T12:00:00+00:00");
}
END_TEST

START_TEST(test_given_year_that_has_no_leap_day)
{
    struct mt_zone zone = {.year = 2019, .fixed = true};
    struct mt_line line = {0};

    ck_assert(read_line(&zone, "Feb 29 12:00:00 a b: c", &line) == MT_SYSLOG_NONE);
    expect_time(&zone, "Feb 28 12:00:00 a b: c", "2019-02-28T12:00:00+00:00");
}
END_TEST

START_TEST(test_fixed_zone_is_that_of_stamps_without_one)
{
    struct mt_zone zone = {.now = NOW, .fixed = true, .offset = -210};

    expect_time(&zone, "Nov 21 20:17:50 a b: c", "2026-11-21T20:17:50-03:30");
    expect_time(&zone, "2026-11-21T20:17:50+02:00 a b: c", "2026-11-21T20:17:50+02:00");
    expect_time(&zone, "Nov 22 21:17:50 a b: c", "2025-11-22T21:17:50-03:30"); /* more than a day after now, there */
}
END_TEST

#define BERLIN "CET-1CEST,M3.5.0,M10.5.0/3"

START_TEST(test_local_zone_knows_summer_time)
{
    struct mt_zone zone = local_at(BERLIN, NOW);

    expect_time(&zone, "Nov 21 12:00:00 a b: c", "2026-11-21T12:00:00+01:00");
    expect_time(&zone, "Jul 21 12:00:00 a b: c", "2026-07-21T12:00:00+02:00");
    expect_time(&zone, "2026-07-21T12:00:00 a b: c", "2026-07-21T12:00:00+02:00");
    expect_time(&zone, "2026-07-21T12:00:00Z a b: c", "2026-07-21T12:00:00+00:00");
}
END_TEST

START_TEST(test_clocks_that_go_forward)
{
    struct mt_zone zone = local_at(BERLIN, NOW);

    expect_time(&zone, "Mar 29 01:59:59 a b: c", "2026-03-29T01:59:59+01:00");
    expect_time(&zone, "Mar 29 03:00:00 a b: c", "2026-03-29T03:00:00+02:00");
}
END_TEST

START_TEST(test_log_does_not_run_backwards_when_clocks_go_back)
{
    struct mt_zone zone = local_at(BERLIN, NOW);

    expect_time(&zone, "Oct 25 01:59:59 a b: c", "2026-10-25T01:59:59+02:00");
    expect_time(&zone, "Oct 25 02:10:00 a b: c", "2026-10-25T02:10:00+02:00");
    expect_time(&zone, "Oct 25 02:59:59 a b: c", "2026-10-25T02:59:59+02:00");
    expect_time(&zone, "Oct 25 02:59:57 a b: c", "2026-10-25T02:59:57+02:00"); /* out of order */
    expect_time(&zone, "Oct 25 02:00:00 a b: c", "2026-10-25T02:00:00+01:00");
    expect_time(&zone, "Oct 25 02:20:00 a b: c", "2026-10-25T02:20:00+01:00");
    expect_time(&zone, "Oct 25 02:59:59 a b: c", "2026-10-25T02:59:59+01:00");
    expect_time(&zone, "Oct 25 03:00:00 a b: c", "2026-10-25T03:00:00+01:00");
}
END_TEST

static const struct {
    const char *text;
    bool good;
    int minutes;
} offsets[] = {
    {"Z", true, 0},         {"UTC", true, 0},      {"+00:00", true, 0},  {"+01:00", true, 60}, {"-0330", true, -210},
    {"+23:59", true, 1439}, {"+24:00", false, 0},  {"+01:60", false, 0}, {"+1:00", false, 0},  {"+01", false, 0},
    {"01:00", false, 0},    {"+01:00 ", false, 0}, {"", false, 0},       {"+", false, 0},      {"CET", false, 0},
};

START_TEST(test_offsets)
{
    int16_t minutes = 0;

    ck_assert(mt_zone_offset(mt_slice_str(offsets[_i].text), &minutes) == offsets[_i].good);
    ck_assert_int_eq(minutes, offsets[_i].minutes);
}
END_TEST

static const struct {
    struct mt_time t;
    const char *text;
} times[] = {
    {{0, 0, 0}, "1970-01-01T00:00:00+00:00"},
    {{-1, 0, 6}, "1969-12-31T23:59:59.999999+00:00"},
    {{NOW + 123456, 60, 6}, "2026-11-22T01:00:00.123456+01:00"},
    {{NOW + 123456, -210, 3}, "2026-11-21T20:30:00.123-03:30"},
    {{NOW + 7, 0, 6}, "2026-11-22T00:00:00.000007+00:00"},
    {{NOW + 999999, 0, 0}, "2026-11-22T00:00:00+00:00"},
    {{NOW, 0, 255}, "2026-11-22T00:00:00.000000+00:00"},
    {{INT64_C(1709208000) * SECOND, 0, 0}, "2024-02-29T12:00:00+00:00"},
    {{INT64_C(951825600) * SECOND, 0, 0}, "2000-02-29T12:00:00+00:00"},
    {{INT64_MIN, -32768, 0}, "0000-01-01T00:00:00-23:59"},
    {{INT64_MAX, 32767, 0}, "9999-12-31T23:59:59+23:59"},
};

START_TEST(test_time_is_written_with_offset_and_the_fraction_it_had)
{
    expect_stamp(&times[_i].t, times[_i].text, "-");
}
END_TEST

/* Against the C library, over the days of 1600 to 2400. */
START_TEST(test_every_day_is_written_as_the_c_library_has_it)
{
    for (int64_t day = -135140; day < 157054; day++) {
        time_t seconds = (time_t)(day * 86400 + 86399);
        struct mt_time t = {.usec = (int64_t)seconds * SECOND};
        char expected[64];
        struct tm tm;

        strftime(expected, sizeof expected, "%Y-%m-%dT%H:%M:%S+00:00", gmtime_r(&seconds, &tm));
        expect_stamp(&t, expected, "-");
    }
}
END_TEST

START_TEST(test_every_day_is_read_as_it_was_written)
{
    struct mt_zone zone = utc_at(NOW);

    for (int64_t day = -719162; day < 2932897; day += 7) {
        struct mt_time t = {.usec = day * DAY + 1, .digits = 6};
        char raw[MT_TIME_MAX];
        struct mt_line line = {0};

        ck_assert(mt_syslog_read(&zone, mt_slice(raw, mt_time_format(&t, raw)), &line) == MT_SYSLOG_RFC3339);
        ck_assert(line.time.usec == t.usec);
    }
}
END_TEST

START_TEST(test_a_time_is_the_same_text_with_a_memory)
{
    static const int64_t steps[] = {0, 1, 999999, 1000000, 59000000, 60000000, -1, -61000000, 86400000000};
    struct mt_time_memory memory = {0};
    struct mt_time t = {.usec = -120000000};

    for (size_t i = 0; i < 3600; i++) {
        char text[MT_TIME_MAX], again[MT_TIME_MAX];
        size_t n = mt_time_format(&t, text), m = mt_time_format_next(&memory, &t, again);
        ck_assert(n == m && memcmp(text, again, n) == 0);
        t.usec += steps[i % COUNT(steps)];
        t.digits = (uint8_t)(i / 3 % 8);
        t.offset = (int16_t)(i / 90 % 3 * 90 - 90);
    }
}
END_TEST

Suite *mt_suite_timestamp(void)
{
    Suite *suite = suite_create("timestamp");
    TCase *tcase = tcase_create("timestamps");

    tcase_add_test(tcase, test_each_line_of_a_minute_has_its_own_second_and_zone);
    tcase_add_test(tcase, test_zone_and_fraction_may_change_with_each_line_of_a_minute);
    tcase_add_test(tcase, test_zone_and_fraction_may_change_with_each_line_of_a_second);
    tcase_add_test(tcase, test_forms_of_stamps_may_change_within_a_minute);
    tcase_add_test(tcase, test_another_minute_between_does_not_change_the_next);
    tcase_add_test(tcase, test_the_same_second_of_another_minute_is_another);
    tcase_add_test(tcase, test_a_second_is_at_most_60);
    tcase_add_test(tcase, test_any_blanks_may_follow_a_stamp);
    tcase_add_test(tcase, test_only_rfc3339_stamps_have_a_zone);
    tcase_add_test(tcase, test_no_byte_of_a_stamp_is_taken_for_granted);
    tcase_add_test(tcase, test_a_bad_stamp_does_not_spoil_the_next_line);
    LOOP(tcase, test_year_is_that_nearest_to_now_and_not_more_than_a_day_after, years);
    tcase_add_test(tcase, test_given_year_moves_on_at_new_year);
    tcase_add_test(tcase, test_given_year_that_has_no_leap_day);
    tcase_add_test(tcase, test_fixed_zone_is_that_of_stamps_without_one);
    tcase_add_test(tcase, test_local_zone_knows_summer_time);
    tcase_add_test(tcase, test_clocks_that_go_forward);
    tcase_add_test(tcase, test_log_does_not_run_backwards_when_clocks_go_back);
    LOOP(tcase, test_offsets, offsets);
    LOOP(tcase, test_time_is_written_with_offset_and_the_fraction_it_had, times);
    tcase_add_test(tcase, test_every_day_is_written_as_the_c_library_has_it);
    tcase_add_test(tcase, test_every_day_is_read_as_it_was_written);
    tcase_add_test(tcase, test_a_time_is_the_same_text_with_a_memory);
    suite_add_tcase(suite, tcase);
    return suite;
}
