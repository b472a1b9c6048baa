/* The scanner primitives that all readers of lines share. */
#include "suites.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/scan.h"
#include "lines.h"

static void check_slice(struct mt_slice got, const char *expected)
{
    ck_assert_msg(mt_slice_eq(got, mt_slice_str(expected)), "\"%.*s\" and not \"%s\"", (int)got.n, got.p ? got.p : "",
                  expected);
}

START_TEST(test_find_gives_the_first_and_the_last_place)
{
    struct mt_slice s = MT_LIT("ab, cd, ef");

    ck_assert_ptr_eq(mt_find_text(s, MT_LIT(", ")), s.p + 2);
    ck_assert_ptr_eq(mt_find_last(s, MT_LIT(", ")), s.p + 6);
    ck_assert_ptr_eq(mt_find_last(s, s), s.p);
    ck_assert_ptr_null(mt_find_text(s, MT_LIT("; ")));
    ck_assert_ptr_null(mt_find_last(s, MT_LIT("; ")));
    ck_assert_ptr_null(mt_find_text(mt_slice(s.p, 1), MT_LIT("ab")));
    ck_assert_ptr_null(mt_find_last(mt_slice(s.p, 1), MT_LIT("ab")));
    ck_assert_ptr_null(mt_find(mt_slice(NULL, 0), 'a'));
    ck_assert_ptr_null(mt_find_last(mt_slice(NULL, 0), MT_LIT("a")));
}
END_TEST

/* Texts are searched in pieces of 16 bytes. */
START_TEST(test_find_finds_at_every_place_of_every_length)
{
    char text[70];

    for (size_t n = 3; n <= sizeof text; n++) {
        for (size_t at = 0; at + 3 <= n; at++) {
            struct mt_slice s = mt_slice(text, n);
            memset(text, 'a', sizeof text);
            ck_assert_ptr_null(mt_find_text(s, MT_LIT("abc")));
            ck_assert_ptr_null(mt_find_either(s, 'b', 'c'));
            memcpy(text + at, "abc", 3);
            ck_assert_ptr_eq(mt_find_text(s, MT_LIT("abc")), text + at);
            ck_assert_ptr_null(mt_find_text(mt_slice(text, at + 2), MT_LIT("abc")));
            ck_assert_ptr_eq(mt_find(s, 'b'), text + at + 1);
            ck_assert_ptr_eq(mt_find_either(s, 'c', 'b'), text + at + 1);
        }
    }
}
END_TEST

/* The needle's place in s, byte by byte: the first one, or the last. */
static const char *plain_find(struct mt_slice s, const char *needle, size_t n, bool last)
{
    const char *place = NULL;

    for (size_t i = 0; i + n <= s.n && (last || !place); i++) {
        if (memcmp(s.p + i, needle, n) == 0) {
            place = s.p + i;
        }
    }
    return place;
}

/* All searches in n bytes of fill with the needle at one place (none when that is n) and, from the end, at another. */
static void search(const char *needle, char fill, size_t n, size_t at, size_t from_end)
{
    size_t length = strlen(needle);
    char text[64];

    memset(text, fill, sizeof text);
    if (at + length <= n) {
        memcpy(text + at, needle, length);
    }
    if (from_end + length <= n) {
        memcpy(text + n - length - from_end, needle, length);
    }
    char *copy = exact_copy(text, n);
    struct mt_slice s = mt_slice(copy, n);
    const char *a = plain_find(s, needle, 1, false), *b = plain_find(s, needle + length - 1, 1, false);
    bool found = mt_find_text(s, mt_slice(needle, length)) == plain_find(s, needle, length, false);
    bool found_last = mt_find_last(s, mt_slice(needle, length)) == plain_find(s, needle, length, true);
    bool found_byte = mt_find(s, *needle) == a;
    bool found_either = mt_find_either(s, *needle, needle[length - 1]) == (!a || (b && b < a) ? b : a);
    if (!found || !found_last || !found_byte || !found_either) {
        ck_abort_msg("\"%s\" in \"%.*s\": %d %d %d %d", needle, (int)n, text, found, found_last, found_byte,
                     found_either);
    }
    free(copy);
}

static const char *const needles[] = {",", "; ", "aba", "]: ", "12345678", " relay=no", "0123456789abcdefg"};

/* Zero to forty places, filled with what is not in the needle and with what it begins or ends with. */
START_TEST(test_searches_agree_with_plain_loops_at_every_place)
{
    const char *needle = needles[_i];
    size_t length = strlen(needle);
    const char fills[] = {'x', *needle, needle[length - 1], '\xFF'};

    for (size_t f = 0; f < sizeof fills; f++) {
        for (size_t n = 0; n < length + 40; n++) {
            for (size_t at = 0; at <= n; at++) {
                search(needle, fills[f], n, at, n);
                search(needle, fills[f], n, at, at / 2);
            }
        }
    }
}
END_TEST

START_TEST(test_a_cursor_stays_where_nothing_fits)
{
    struct mt_slice at = MT_LIT("abc"), token = MT_LIT("old");
    int64_t value = 7;

    ck_assert(!MT_EAT(&at, "abcd"));
    ck_assert(!mt_take_to(&at, MT_LIT(";"), &token));
    ck_assert(!mt_take_int(&at, &value));
    ck_assert(!mt_take_seconds(&at, &value));
    ck_assert(!mt_take_dsn(&at, &token));
    check_slice(at, "abc");
    check_slice(token, "old");
    ck_assert_int_eq(value, 7);
    ck_assert(MT_EAT(&at, "ab"));
    check_slice(at, "c");
}
END_TEST

START_TEST(test_words_are_taken_to_the_end)
{
    struct mt_slice at = MT_LIT("one  two"), word;

    ck_assert(mt_take_word(&at, &word));
    check_slice(word, "one");
    ck_assert(mt_take_word(&at, &word));
    check_slice(word, "");
    ck_assert(mt_take_word(&at, &word));
    check_slice(word, "two");
    ck_assert(!mt_take_word(&at, &word));
}
END_TEST

START_TEST(test_text_before_a_mark_is_taken)
{
    struct mt_slice at = MT_LIT("RCPT from x from y"), token;

    ck_assert(mt_take_to(&at, MT_LIT(" from "), &token));
    check_slice(token, "RCPT");
    check_slice(at, "x from y");
}
END_TEST

START_TEST(test_numbers_do_not_overflow)
{
    struct mt_slice at = MT_LIT("9223372036854775807x");
    int64_t value;

    ck_assert(mt_take_int(&at, &value));
    ck_assert_int_eq(value, INT64_MAX);
    check_slice(at, "x");
    at = MT_LIT("9223372036854775808");
    ck_assert(!mt_take_int(&at, &value));
    at = MT_LIT("99999999999999999999999");
    ck_assert(!mt_take_int(&at, &value));
    at = MT_LIT("000000000000000000000000042");
    ck_assert(mt_take_int(&at, &value));
    ck_assert_int_eq(value, 42);
}
END_TEST

START_TEST(test_a_whole_number_has_nothing_behind_it)
{
    int64_t value;

    ck_assert(mt_whole_int(MT_LIT("42"), &value));
    ck_assert_int_eq(value, 42);
    ck_assert(!mt_whole_int(MT_LIT("42 "), &value));
    ck_assert(!mt_whole_int(MT_LIT("-1"), &value));
    ck_assert(!mt_whole_int(MT_LIT(""), &value));
}
END_TEST

START_TEST(test_seconds_keep_six_digits)
{
    static const struct {
        const char *text;
        int64_t usec;
        const char *rest;
    } rows[] = {
        {"0", 0, ""},           {"28/", 28000000, "/"},      {"0.25,", 250000, ","},
        {"0.000001", 1, ""},    {"1.23456789", 1234567, ""}, {"3.", 3000000, "."},
        {"9.x", 9000000, ".x"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct mt_slice at = mt_slice_str(rows[i].text);
        int64_t usec;
        ck_assert(mt_take_seconds(&at, &usec));
        ck_assert_int_eq(usec, rows[i].usec);
        check_slice(at, rows[i].rest);
    }
    struct mt_slice huge = MT_LIT("9223372036854775807");
    int64_t usec;
    ck_assert(!mt_take_seconds(&huge, &usec));
}
END_TEST

/* One to twenty digits, and what may stand behind them. */
START_TEST(test_numbers_of_every_length_are_read)
{
    static const char *const tails[] = {"", "]", " ", "/12345678", ":;<=>?@ABC", "\xFF\xB0\x80/9", "\x7F/0"};
    int64_t expected = 0;
    char text[40];

    for (size_t n = 1; n <= 18; n++) {
        text[n - 1] = (char)('0' + n * 7 % 10);
        expected = expected * 10 + (int64_t)(n * 7 % 10);
        for (size_t t = 0; t < COUNT(tails); t++) {
            memcpy(text + n, tails[t], strlen(tails[t]) + 1);
            char *copy = exact_copy(text, strlen(text));
            struct mt_slice at = mt_slice(copy, strlen(text));
            int64_t value = -1;
            ck_assert_msg(mt_take_int(&at, &value) && value == expected && at.p == copy + n, "%s", text);
            ck_assert_msg(at.n == strlen(tails[t]), "%s", text);
            free(copy);
        }
    }
}
END_TEST

/* format_tv.c writes the first thirteen: two significant digits, as many decimals as
 * delay_logging_resolution_limit (0 to 6), no zeros at the end. It writes none of the others.
 */
static const struct {
    const char *text;
    int64_t usec; /* -1: no seconds */
    size_t n;     /* bytes that are taken */
} seconds[] = {
    {"0", 0, 1},
    {"5", 5000000, 1},
    {"28", 28000000, 2},
    {"431", 431000000, 3},
    {"604800", 604800000000, 6},
    {"0.2", 200000, 3},
    {"5.1", 5100000, 3},
    {"0.28", 280000, 4},
    {"0.01", 10000, 4},
    {"0.003", 3000, 5},
    {"0.0012", 1200, 6},
    {"0.00045", 450, 7},
    {"0.000007", 7, 8},
    {"12.5", 12500000, 4},
    {"0.123", 123000, 5},
    {"9.87654", 9876540, 7},
    {"9.999999", 9999999, 8},
    {"9.9999999", 9999999, 9},
    {"1.000000000000000000009", 1000000, 23},
    {"00.5", 500000, 4},
    {"999999999999.999999", 999999999999999999, 19},
    {"1000000000000.5", 1000000000000500000, 15},
    {"9223372036853.999999", 9223372036853999999, 20},
    {"9223372036854.5", -1, 0},
    {"5.", 5000000, 1},
    {"0.", 0, 1},
    {"28.", 28000000, 2},
    {"0..5", 0, 1},
    {"0.2.5", 200000, 3},
    {"0.28.5", 280000, 4},
    {"0,5", 0, 1},
    {".5", -1, 0},
    {".", -1, 0},
    {"-1", -1, 0},
    {"+1", -1, 0},
    {" 1", -1, 0},
    {"", -1, 0},
};

/* Whatever follows, and whether anything does. */
START_TEST(test_seconds_end_where_they_end)
{
    static const char *const tails[] = {"", "/", "/0", "/0.01/0/0.2", ", dsn=2.0.0", "\xB0\xB1\xB2", "x", ":9", "\x2F"};
    char text[64];

    for (size_t t = 0; t < COUNT(tails); t++) {
        size_t n = (size_t)snprintf(text, sizeof text, "%s%s", seconds[_i].text, tails[t]);
        char *copy = exact_copy(text, n);
        struct mt_slice at = mt_slice(copy, n);
        int64_t usec = -1;
        bool taken = mt_take_seconds(&at, &usec);
        ck_assert_msg(taken == (seconds[_i].usec >= 0), "taken from: %s", text);
        ck_assert_msg(!taken || usec == seconds[_i].usec, "%lld of: %s", (long long)usec, text);
        ck_assert_msg(at.p == copy + seconds[_i].n && at.n == n - seconds[_i].n, "end in: %s", text);
        free(copy);
    }
}
END_TEST

START_TEST(test_enhanced_codes_are_those_of_rfc_3463)
{
    static const char *const good[] = {"2.0.0", "4.4.1", "5.7.10", "5.123.456"};
    static const char *const bad[] = {"1.0.0", "3.0.0", "2.0", "2.0.", "2..0", "50.1.1", "5.1000.1", "5.1.1000", "x"};

    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct mt_slice at = mt_slice_str(good[i]), dsn;
        ck_assert_msg(mt_take_dsn(&at, &dsn), "%s", good[i]);
        check_slice(dsn, good[i]);
        ck_assert_uint_eq(at.n, 0);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct mt_slice at = mt_slice_str(bad[i]), dsn;
        ck_assert_msg(!mt_take_dsn(&at, &dsn), "%s", bad[i]);
    }
}
END_TEST

START_TEST(test_reply_codes_are_three_digits_that_stand_alone)
{
    ck_assert_int_eq(mt_reply_code(MT_LIT("250 Ok")), 250);
    ck_assert_int_eq(mt_reply_code(MT_LIT("550-no")), 550);
    ck_assert_int_eq(mt_reply_code(MT_LIT("421")), 421);
    ck_assert_int_eq(mt_reply_code(MT_LIT("2500")), 0);
    ck_assert_int_eq(mt_reply_code(MT_LIT("600 x")), 0);
    ck_assert_int_eq(mt_reply_code(MT_LIT("150 x")), 0);
    ck_assert_int_eq(mt_reply_code(MT_LIT("25")), 0);
    ck_assert_int_eq(mt_reply_code(MT_LIT("Ok")), 0);
}
END_TEST

START_TEST(test_unknown_is_not_known)
{
    ck_assert_uint_eq(mt_known(MT_LIT("unknown")).n, 0);
    ck_assert_uint_eq(mt_known(MT_LIT("")).n, 0);
    check_slice(mt_known(MT_LIT("unknown.example")), "unknown.example");
}
END_TEST

Suite *mt_suite_scan(void)
{
    Suite *suite = suite_create("scan");
    TCase *scan = tcase_create("scan");

    tcase_add_test(scan, test_find_gives_the_first_and_the_last_place);
    tcase_add_test(scan, test_find_finds_at_every_place_of_every_length);
    LOOP(scan, test_searches_agree_with_plain_loops_at_every_place, needles);
    tcase_add_test(scan, test_a_cursor_stays_where_nothing_fits);
    tcase_add_test(scan, test_words_are_taken_to_the_end);
    tcase_add_test(scan, test_text_before_a_mark_is_taken);
    tcase_add_test(scan, test_numbers_do_not_overflow);
    tcase_add_test(scan, test_a_whole_number_has_nothing_behind_it);
    tcase_add_test(scan, test_seconds_keep_six_digits);
    tcase_add_test(scan, test_numbers_of_every_length_are_read);
    LOOP(scan, test_seconds_end_where_they_end, seconds);
    tcase_add_test(scan, test_enhanced_codes_are_those_of_rfc_3463);
    tcase_add_test(scan, test_reply_codes_are_three_digits_that_stand_alone);
    tcase_add_test(scan, test_unknown_is_not_known);
    suite_add_tcase(suite, scan);
    return suite;
}
