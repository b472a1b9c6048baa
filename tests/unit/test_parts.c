/* Split lines put together: any order, repeats, limits, expiry. */
#include "suites.h"

#include <stdio.h>
#include <stdlib.h>

#include "lines.h"
#include "mailtrace/parser.h"
#include "mailtrace/parts.h"

#define SECOND INT64_C(1000000)

/* Pieces are read from lines as Sendmail writes them. */
static bool add_at(struct mt_parts *parts, int64_t usec, uint32_t pid, const char *text, struct mt_line *whole)
{
    struct mt_line line = {.host = MT_LIT("relay1"), .program = MT_LIT("sm-mta")};
    struct mt_record rec;
    /* Heap-exact, and gone after the call: nothing may point into it. */
    size_t n = strlen(text);
    char *copy = exact_copy(text, n);
    bool done;

    line.time.usec = usec;
    line.time.digits = 6;
    line.pid = pid;
    line.order = (uint64_t)usec;
    line.text = mt_slice(copy, n);
    ck_assert_int_eq(mt_parse(&line, &rec), MT_RECOGNISED);
    ck_assert_int_eq(rec.kind, MT_KIND_PART);
    done = mt_parts_add(parts, &rec, whole);
    free(copy);
    return done;
}

static bool add(struct mt_parts *parts, const char *text, struct mt_line *whole)
{
    return add_at(parts, SECOND, 7, text, whole);
}

static void expect_text(const struct mt_line *line, const char *expected)
{
    ck_assert_msg(mt_slice_eq(line->text, mt_slice_str(expected)), "\"%.*s\" and not \"%s\"", (int)line->text.n,
                  line->text.p, expected);
}

static struct mt_parts *new_parts(void)
{
    struct mt_parts *parts = mt_parts_new(1 << 20, 65536, 1);

    ck_assert_ptr_nonnull(parts);
    return parts;
}

#define P1    "6AM0HrLJ000484[1]: to=<a@x>,<b@x>, ..."
#define P2    "6AM0HrLJ000484[2]: [more], delay=00:00:01, ..."
#define P3    "6AM0HrLJ000484[3]: stat=Sent"
#define WHOLE "6AM0HrLJ000484: to=<a@x>,<b@x>,[more], delay=00:00:01,stat=Sent"

START_TEST(test_pieces_make_the_line_in_any_order)
{
    static const char *const orders[][3] = {
        {P1, P2, P3}, {P1, P3, P2}, {P2, P1, P3}, {P2, P3, P1}, {P3, P1, P2}, {P3, P2, P1},
    };

    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        struct mt_parts *parts = new_parts();
        struct mt_line whole;
        ck_assert(!add(parts, orders[i][0], &whole));
        ck_assert(!add(parts, orders[i][1], &whole));
        ck_assert(add(parts, orders[i][2], &whole));
        expect_text(&whole, WHOLE);
        mt_parts_free(parts);
    }
}
END_TEST

START_TEST(test_the_line_is_that_of_its_first_piece)
{
    struct mt_parts *parts = new_parts();
    struct mt_line whole;

    ck_assert(!add_at(parts, 12 * SECOND, 7, P2, &whole));
    ck_assert(!add_at(parts, 13 * SECOND, 7, P3, &whole));
    ck_assert(add_at(parts, 11 * SECOND, 7, P1, &whole));
    ck_assert_int_eq(whole.time.usec, 11 * SECOND);
    ck_assert_int_eq(whole.time.digits, 6);
    ck_assert_uint_eq(whole.order, 11 * SECOND);
    ck_assert_uint_eq(whole.pid, 7);
    ck_assert(mt_slice_eq(whole.host, MT_LIT("relay1")));
    ck_assert(mt_slice_eq(whole.program, MT_LIT("sm-mta")));
    ck_assert(!whole.cut);
    mt_parts_free(parts);
}
END_TEST

START_TEST(test_pieces_without_queue_id_make_a_line)
{
    struct mt_parts *parts = new_parts();
    struct mt_line whole;

    ck_assert(!add(parts, "NOQUEUE[1]: SYSERR(root): long, ...", &whole));
    ck_assert(!add(parts, "[1]: alias database x ...", &whole));
    ck_assert(add(parts, "NOQUEUE[2]: tail", &whole));
    expect_text(&whole, "NOQUEUE: SYSERR(root): long,tail");
    ck_assert(add(parts, "[2]: rebuilt by root", &whole));
    expect_text(&whole, "alias database xrebuilt by root");
    mt_parts_free(parts);
}
END_TEST

/* A server that puts the key into the first text, and glues pieces by what stood there. */
START_TEST(test_a_reader_says_how_pieces_are_joined)
{
    static const char *const texts[] = {"1tENX-0003-0B rejected:", "Envelope-from: <a@b>", "the end"};
    struct mt_parts *parts = new_parts();
    struct mt_line whole;

    for (uint16_t i = 3; i > 0; i--) {
        struct mt_record rec = {.kind = MT_KIND_PART, .line = line_of("exim", texts[i - 1])};
        rec.piece =
            (struct mt_piece){.key = MT_LIT("1tENX-0003-0B"), .glue = i == 1 ? MT_LIT("\n") : mt_slice(NULL, 0)};
        rec.piece.text = rec.line.text;
        rec.piece.number = i;
        rec.piece.last = i == 3;
        ck_assert(mt_parts_add(parts, &rec, &whole) == (i == 1));
    }
    expect_text(&whole, "1tENX-0003-0B rejected:\nEnvelope-from: <a@b>the end");
    mt_parts_free(parts);
}
END_TEST

START_TEST(test_a_repeated_piece_changes_nothing)
{
    struct mt_parts *parts = new_parts();
    struct mt_line whole;

    ck_assert(!add(parts, P1, &whole));
    ck_assert(!add(parts, P1, &whole));
    ck_assert(!add(parts, P2, &whole));
    ck_assert(!add(parts, P2, &whole));
    ck_assert(add(parts, P3, &whole));
    expect_text(&whole, WHOLE);
    ck_assert(!add(parts, P1, &whole));
    ck_assert(!add(parts, P2, &whole));
    ck_assert(!add(parts, P3, &whole));
    ck_assert(!mt_parts_expire(parts, INT64_MAX, &whole));
    ck_assert_uint_eq(mt_parts_incomplete(parts), 0);
    mt_parts_free(parts);
}
END_TEST

START_TEST(test_lines_of_one_process_are_kept_apart)
{
    struct mt_parts *parts = new_parts();
    struct mt_line whole;

    ck_assert(!add_at(parts, 1 * SECOND, 7, P1, &whole));
    ck_assert(!add_at(parts, 5 * SECOND, 7, P1, &whole));
    ck_assert(!add_at(parts, 5 * SECOND, 7, P2, &whole));
    ck_assert(add_at(parts, 5 * SECOND, 7, "6AM0HrLJ000484[3]: stat=Deferred", &whole));
    expect_text(&whole, "6AM0HrLJ000484: to=<a@x>,<b@x>,[more], delay=00:00:01,stat=Deferred");
    ck_assert_int_eq(whole.time.usec, 5 * SECOND);
    ck_assert(!add_at(parts, 1 * SECOND, 7, P2, &whole));
    ck_assert(add_at(parts, 1 * SECOND, 7, P3, &whole));
    expect_text(&whole, WHOLE);
    ck_assert_int_eq(whole.time.usec, 1 * SECOND);
    mt_parts_free(parts);
}
END_TEST

START_TEST(test_pieces_of_other_processes_do_not_mix)
{
    struct mt_parts *parts = new_parts();
    struct mt_line whole;

    ck_assert(!add_at(parts, SECOND, 7, P1, &whole));
    ck_assert(!add_at(parts, SECOND, 8, P2, &whole));
    ck_assert(!add_at(parts, SECOND, 8, P3, &whole));
    ck_assert(!add_at(parts, SECOND, 7, "6AM0HrLJ000485[2]: x ...", &whole));
    ck_assert(!add_at(parts, SECOND, 7, P3, &whole));
    ck_assert(add_at(parts, SECOND, 7, P2, &whole));
    expect_text(&whole, WHOLE);
    mt_parts_free(parts);
}
END_TEST

START_TEST(test_pieces_a_long_time_apart_are_no_line)
{
    struct mt_parts *parts = new_parts();
    struct mt_line whole;

    ck_assert(!add_at(parts, SECOND, 7, P1, &whole));
    ck_assert(!add_at(parts, 3600 * SECOND, 7, "6AM0HrLJ000484[2]: stat=Sent", &whole));
    mt_parts_free(parts);
}
END_TEST

START_TEST(test_old_lines_are_given_up_with_what_is_there)
{
    struct mt_parts *parts = new_parts();
    struct mt_line whole;

    ck_assert(!add_at(parts, 1 * SECOND, 7, P1, &whole));
    ck_assert(!add_at(parts, 2 * SECOND, 7, P2, &whole));
    ck_assert(!add_at(parts, 1 * SECOND, 8, P2, &whole)); /* never had a first piece */
    ck_assert(!add_at(parts, 9 * SECOND, 9, P1, &whole));
    ck_assert(!mt_parts_expire(parts, 1 * SECOND, &whole));
    ck_assert_uint_eq(mt_parts_incomplete(parts), 0);
    ck_assert(mt_parts_expire(parts, 3 * SECOND, &whole));
    expect_text(&whole, "6AM0HrLJ000484: to=<a@x>,<b@x>,[more], delay=00:00:01,");
    ck_assert_uint_eq(whole.pid, 7);
    ck_assert(!mt_parts_expire(parts, 3 * SECOND, &whole));
    ck_assert_uint_eq(mt_parts_incomplete(parts), 2);
    ck_assert(mt_parts_expire(parts, INT64_MAX, &whole));
    ck_assert_uint_eq(whole.pid, 9);
    ck_assert(!mt_parts_expire(parts, INT64_MAX, &whole));
    ck_assert_uint_eq(mt_parts_incomplete(parts), 3);
    ck_assert_uint_eq(mt_parts_memory(parts), 0);
    mt_parts_free(parts);
}
END_TEST

START_TEST(test_a_gap_ends_what_is_given_up)
{
    struct mt_parts *parts = new_parts();
    struct mt_line whole;

    ck_assert(!add(parts, P1, &whole));
    ck_assert(!add(parts, P3, &whole));
    ck_assert(mt_parts_expire(parts, INT64_MAX, &whole));
    expect_text(&whole, "6AM0HrLJ000484: to=<a@x>,<b@x>,");
    mt_parts_free(parts);
}
END_TEST

START_TEST(test_memory_is_bounded_and_what_was_given_up_is_counted)
{
    struct mt_parts *parts = mt_parts_new(4096, 65536, 1);
    struct mt_line whole;

    for (uint32_t pid = 1; pid <= 1000; pid++) {
        ck_assert(!add_at(parts, SECOND + pid, pid, P1, &whole));
        ck_assert_uint_le(mt_parts_memory(parts), 4096);
    }
    ck_assert_uint_gt(mt_parts_incomplete(parts), 900);
    ck_assert(!add_at(parts, SECOND + 1000, 1000, P2, &whole));
    ck_assert(add_at(parts, SECOND + 1000, 1000, P3, &whole));
    expect_text(&whole, WHOLE);
    mt_parts_free(parts);
}
END_TEST

START_TEST(test_whole_lines_make_room_first)
{
    struct mt_parts *parts = mt_parts_new(4096, 65536, 1);
    struct mt_line whole;

    ck_assert(!add_at(parts, SECOND, 5000, P1, &whole));
    for (uint32_t pid = 1; pid <= 100; pid++) {
        ck_assert(!add_at(parts, SECOND + pid, pid, P1, &whole));
        ck_assert(!add_at(parts, SECOND + pid, pid, P2, &whole));
        ck_assert(add_at(parts, SECOND + pid, pid, P3, &whole));
    }
    ck_assert_uint_eq(mt_parts_incomplete(parts), 0);
    ck_assert(!add_at(parts, SECOND, 5000, P2, &whole));
    ck_assert(add_at(parts, SECOND, 5000, P3, &whole));
    mt_parts_free(parts);
}
END_TEST

START_TEST(test_a_piece_larger_than_all_memory_is_dropped)
{
    struct mt_parts *parts = mt_parts_new(64, 65536, 1);
    struct mt_line whole;

    ck_assert(!add(parts, P1, &whole));
    ck_assert_uint_eq(mt_parts_memory(parts), 0);
    ck_assert_uint_eq(mt_parts_incomplete(parts), 1);
    ck_assert(!mt_parts_expire(parts, INT64_MAX, &whole));
    mt_parts_free(parts);
}
END_TEST

START_TEST(test_a_line_longer_than_its_limit_is_cut)
{
    struct mt_parts *parts = mt_parts_new(1 << 20, 30, 1);
    struct mt_line whole;

    ck_assert(!add(parts, P1, &whole));
    ck_assert(!add(parts, P2, &whole));
    ck_assert(add(parts, P3, &whole));
    ck_assert_uint_eq(whole.text.n, 30);
    ck_assert(whole.cut);
    mt_parts_free(parts);
}
END_TEST

/* sendmail/conf.c: after 999 pieces the rest is left off. */
START_TEST(test_the_longest_line_ends_with_piece_999)
{
    struct mt_parts *parts = new_parts();
    struct mt_line whole;
    char text[80];

    for (int i = 1; i < 999; i++) {
        snprintf(text, sizeof text, "6AM0HrLJ000484[%d]: %d, ...", i, i % 10);
        ck_assert(!add(parts, text, &whole));
    }
    ck_assert(add(parts, "6AM0HrLJ000484[999]: log terminated, too many parts", &whole));
    ck_assert_uint_eq(whole.text.n, 16 + 2 * 998);
    mt_parts_free(parts);
}
END_TEST

Suite *mt_suite_parts(void)
{
    Suite *suite = suite_create("parts");
    TCase *joining = tcase_create("joining"), *limits = tcase_create("limits");

    tcase_add_test(joining, test_pieces_make_the_line_in_any_order);
    tcase_add_test(joining, test_the_line_is_that_of_its_first_piece);
    tcase_add_test(joining, test_pieces_without_queue_id_make_a_line);
    tcase_add_test(joining, test_a_reader_says_how_pieces_are_joined);
    tcase_add_test(joining, test_a_repeated_piece_changes_nothing);
    tcase_add_test(joining, test_lines_of_one_process_are_kept_apart);
    tcase_add_test(joining, test_pieces_of_other_processes_do_not_mix);
    tcase_add_test(joining, test_pieces_a_long_time_apart_are_no_line);
    tcase_add_test(limits, test_old_lines_are_given_up_with_what_is_there);
    tcase_add_test(limits, test_a_gap_ends_what_is_given_up);
    tcase_add_test(limits, test_memory_is_bounded_and_what_was_given_up_is_counted);
    tcase_add_test(limits, test_whole_lines_make_room_first);
    tcase_add_test(limits, test_a_piece_larger_than_all_memory_is_dropped);
    tcase_add_test(limits, test_a_line_longer_than_its_limit_is_cut);
    tcase_add_test(limits, test_the_longest_line_ends_with_piece_999);
    suite_add_tcase(suite, joining);
    suite_add_tcase(suite, limits);
    return suite;
}
