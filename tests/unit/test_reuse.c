/* A queue ID that ends and comes again within one timestamp: two messages, and no line of the one is the other's. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "story.h"
#include "suites.h"

#define Q "A071220883"

/* Lines of the whole second 10:00:05, each with the process that wrote it. */
struct row {
    const char *process, *text;
};

static struct story s;
static uint64_t state;

static unsigned draw(unsigned below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)((state >> 11) % below);
}

#define CLIENT(pid, n)                                                                                \
    {                                                                                                 \
        "smtpd" #pid, "postfix/smtpd[" #pid "]: " Q ": client=c" #n ".example.org[198.51.100." #n "]" \
    }
#define ID(n)                                                                    \
    {                                                                            \
        "cleanup", "postfix/cleanup[42]: " Q ": message-id=<" #n "@example.org>" \
    }
#define FROM(n, nrcpt)                                                                                                \
    {                                                                                                                 \
        "qmgr", "postfix/qmgr[43]: " Q ": from=<s" #n "@example.org>, size=10" #n ", nrcpt=" #nrcpt " (queue active)" \
    }
#define TO(pid, to, delay)                                                                                           \
    {                                                                                                                \
        "smtp" #pid, "postfix/smtp[" #pid "]: " Q ": to=<" #to "@example.net>, relay=mx[192.0.2.7]:25, delay=" delay \
                     ", delays=0/0/0/0, dsn=2.0.0, status=sent (250 ok)"                                             \
    }
#define REMOVED                                    \
    {                                              \
        "qmgr", "postfix/qmgr[43]: " Q ": removed" \
    }

/* Any order in which each process' own lines stay as they are. */
static void shuffle(struct row *rows, size_t n)
{
    for (size_t k = 0; k < 20 * n; k++) {
        size_t i = draw((unsigned)n - 1);
        if (strcmp(rows[i].process, rows[i + 1].process) != 0) {
            struct row row = rows[i];
            rows[i] = rows[i + 1];
            rows[i + 1] = row;
        }
    }
}

static void feed(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        story_line(&s, "10:00:05", rows[i].text);
    }
}

/* The message whose Message-ID is n@example.org. */
static struct json_object *message_of(int n)
{
    char id[40];

    snprintf(id, sizeof id, "%d@example.org", n);
    for (size_t i = 0; i < story_count(&s, "message"); i++) {
        struct json_object *event = story_event(&s, "message", i);
        if (strcmp(story_text(event, "message_id"), id) == 0) {
            return event;
        }
    }
    ck_abort_msg("no message %d", n);
    return NULL;
}

static void check_message(int n, const char *to, int lines)
{
    struct json_object *event = message_of(n);
    char want[40];

    snprintf(want, sizeof want, "s%d@example.org", n);
    ck_assert_str_eq(story_text(event, "from"), want);
    snprintf(want, sizeof want, "198.51.100.%d", n);
    ck_assert_str_eq(story_text(event, "client.ip"), want);
    ck_assert_str_eq(story_text(event, "result"), "sent");
    ck_assert_str_eq(story_text(event, "recipients.0.to"), to);
    ck_assert_str_eq(story_text(event, "recipients.1"), "-");
    snprintf(want, sizeof want, "%d", lines);
    ck_assert_str_eq(story_text(event, "lines"), want);
}

static void check_deliveries(void)
{
    for (size_t i = 0; i < story_count(&s, "delivery"); i++) {
        struct json_object *event = story_event(&s, "delivery", i);
        /* Recipient rN is of sender sN. */
        ck_assert_int_eq(story_text(event, "to")[1], story_text(event, "from")[1]);
    }
}

START_TEST(test_two_lives_within_a_second_are_two_messages)
{
    struct row rows[] = {CLIENT(40, 1), ID(1), FROM(1, 1), TO(50, r1, "0.1"), REMOVED,
                         CLIENT(40, 2), ID(2), FROM(2, 1), TO(50, r2, "0.1"), REMOVED};
    const size_t n = sizeof rows / sizeof *rows;

    state = (uint64_t)_i * 7919 + 1;
    story_start(&s, NULL);
    if (_i) {
        shuffle(rows, n);
    }
    feed(rows, n);
    story_finish(&s);
    ck_assert_uint_eq(story_count(&s, "message"), 2);
    ck_assert_uint_eq(story_count(&s, "delivery"), 2);
    check_message(1, "r1@example.net", 5);
    check_message(2, "r2@example.net", 5);
    check_deliveries();
    ck_assert_str_ne(story_text(message_of(1), "id"), story_text(message_of(2), "id"));
    story_end(&s);
}
END_TEST

/* The one that was open before ends within the second, and is told by its age. */
START_TEST(test_entry_of_before_and_the_next_one_within_a_second)
{
    struct row rows[] = {TO(50, r1, "4.2"), REMOVED, CLIENT(41, 2), ID(2), FROM(2, 1), TO(51, r2, "0.1"), REMOVED};
    const size_t n = sizeof rows / sizeof *rows;
    const struct row before[] = {CLIENT(40, 1), ID(1), FROM(1, 1)};

    state = (uint64_t)_i * 104729 + 1;
    story_start(&s, NULL);
    for (size_t i = 0; i < 3; i++) {
        story_line(&s, "10:00:01", before[i].text);
    }
    if (_i) {
        shuffle(rows, n);
    }
    feed(rows, n);
    story_finish(&s);
    ck_assert_uint_eq(story_count(&s, "message"), 2);
    check_message(1, "r1@example.net", 5);
    check_message(2, "r2@example.net", 5);
    check_deliveries();
    story_end(&s);
}
END_TEST

START_TEST(test_entry_whose_end_was_not_seen_is_replaced_within_a_second)
{
    const struct row rows[] = {TO(50, r1, "4.2"), CLIENT(41, 2), ID(2), FROM(2, 1), TO(51, r2, "0.1"), REMOVED};
    const struct row before[] = {CLIENT(40, 1), ID(1), FROM(1, 1)};

    story_start(&s, NULL);
    for (size_t i = 0; i < 3; i++) {
        story_line(&s, "10:00:01", before[i].text);
    }
    feed(rows, sizeof rows / sizeof *rows);
    story_finish(&s);
    ck_assert_uint_eq(story_count(&s, "message"), 2);
    ck_assert_str_eq(story_text(message_of(1), "result"), "incomplete");
    ck_assert_str_eq(story_text(message_of(1), "reason"), "replaced");
    ck_assert_str_eq(story_text(message_of(1), "recipients.0.to"), "r1@example.net");
    check_message(2, "r2@example.net", 5);
    story_end(&s);
}
END_TEST

START_TEST(test_lines_of_a_second_that_come_again_begin_no_other_life)
{
    const struct row rows[] = {CLIENT(40, 1), ID(1), FROM(1, 1), TO(50, r1, "0.1"), REMOVED};

    story_start(&s, NULL);
    for (int round = 0; round < 3; round++) {
        feed(rows, sizeof rows / sizeof *rows);
    }
    story_finish(&s);
    ck_assert_uint_eq(story_count(&s, "message"), 1);
    ck_assert_uint_eq(story_count(&s, "delivery"), 1);
    check_message(1, "r1@example.net", 5);
    ck_assert_uint_eq(story_stats(&s).repeated, 10);
    story_end(&s);
}
END_TEST

/* Known by a delivery alone until then. */
START_TEST(test_what_came_into_the_queue_and_is_read_twice_is_of_the_entry_that_was_tried)
{
    static const struct row tried = TO(61, b, "4"), from = FROM(1, 1), removed = REMOVED;

    story_start(&s, NULL);
    story_line(&s, "10:00:04", tried.text);
    story_line(&s, "10:00:05", from.text);
    story_line(&s, "10:00:05", from.text);
    story_line(&s, "10:00:06", removed.text);
    story_finish(&s);
    ck_assert_uint_eq(story_count(&s, "message"), 1);
    ck_assert_str_eq(story_text(story_event(&s, "message", 0), "result"), "sent");
    ck_assert_str_eq(story_text(story_event(&s, "message", 0), "from"), "s1@example.org");
    story_end(&s);
}
END_TEST

START_TEST(test_two_lives_that_come_again_are_two_messages)
{
    const struct row rows[] = {CLIENT(40, 1), ID(1), FROM(1, 1), TO(50, r1, "0.1"), REMOVED,
                               CLIENT(40, 2), ID(2), FROM(2, 1), TO(50, r2, "0.1"), REMOVED};

    story_start(&s, NULL);
    for (int round = 0; round < 2; round++) {
        feed(rows, sizeof rows / sizeof *rows);
    }
    story_finish(&s);
    ck_assert_uint_eq(story_count(&s, "message"), 2);
    ck_assert_uint_eq(story_count(&s, "delivery"), 2);
    check_message(1, "r1@example.net", 5);
    check_message(2, "r2@example.net", 5);
    story_end(&s);
}
END_TEST

/* A notification has no client. Its Message-ID is its first line. */
START_TEST(test_notification_and_the_next_message_within_a_second)
{
    const struct row rows[] = {ID(3),
                               {"qmgr", "postfix/qmgr[43]: " Q ": from=<>, size=103, nrcpt=1 (queue active)"},
                               TO(50, r3, "0.1"),
                               REMOVED,
                               CLIENT(41, 2),
                               ID(2),
                               FROM(2, 1),
                               TO(51, r2, "0.1"),
                               REMOVED};

    story_start(&s, NULL);
    feed(rows, sizeof rows / sizeof *rows);
    story_finish(&s);
    ck_assert_uint_eq(story_count(&s, "message"), 2);
    ck_assert_str_eq(story_text(message_of(3), "client"), "-");
    ck_assert_str_eq(story_text(message_of(3), "from"), "");
    ck_assert_str_eq(story_text(message_of(3), "recipients.0.to"), "r3@example.net");
    check_message(2, "r2@example.net", 5);
    story_end(&s);
}
END_TEST

/* Who writes two Message-ID headers has two lines of them. */
START_TEST(test_two_message_ids_are_no_two_messages)
{
    const struct row rows[] = {CLIENT(40, 1), ID(1), ID(7), FROM(1, 1), TO(50, r1, "0.1"), REMOVED};

    story_start(&s, NULL);
    feed(rows, sizeof rows / sizeof *rows);
    story_finish(&s);
    ck_assert_uint_eq(story_count(&s, "message"), 1);
    story_is(&s, "message", 0, "result", "sent");
    story_is(&s, "message", 0, "lines", "6");
    story_end(&s);
}
END_TEST

START_TEST(test_two_message_ids_and_the_next_message_within_a_second)
{
    const struct row rows[] = {CLIENT(40, 1), ID(1),         ID(7), FROM(1, 1), TO(50, r1, "0.1"),
                               REMOVED,       CLIENT(40, 2), ID(2), FROM(2, 1), TO(50, r2, "0.1"),
                               REMOVED};

    story_start(&s, NULL);
    feed(rows, sizeof rows / sizeof *rows);
    story_finish(&s);
    ck_assert_uint_eq(story_count(&s, "message"), 2);
    check_message(2, "r2@example.net", 5);
    story_end(&s);
}
END_TEST

START_TEST(test_many_lives_of_one_queue_id_do_no_harm)
{
    char text[200];

    story_start(&s, NULL);
    for (int i = 0; i < 3000; i++) {
        snprintf(text, sizeof text, "postfix/qmgr[43]: " Q ": from=<s%d@example.org>, size=10, nrcpt=1 (queue active)",
                 i);
        story_line(&s, "10:00:05", text);
        story_line(&s, "10:00:05", "postfix/qmgr[43]: " Q ": removed");
    }
    story_finish(&s);
    ck_assert_uint_ge(story_count(&s, "message"), 2);
    ck_assert_uint_le(story_count(&s, "message"), 3000);
    story_end(&s);
}
END_TEST

Suite *mt_suite_reuse(void)
{
    Suite *suite = suite_create("reuse");
    TCase *lives = tcase_create("lives");

    tcase_add_loop_test(lives, test_two_lives_within_a_second_are_two_messages, 0, 40);
    tcase_add_loop_test(lives, test_entry_of_before_and_the_next_one_within_a_second, 0, 40);
    tcase_add_test(lives, test_entry_whose_end_was_not_seen_is_replaced_within_a_second);
    tcase_add_test(lives, test_lines_of_a_second_that_come_again_begin_no_other_life);
    tcase_add_test(lives, test_what_came_into_the_queue_and_is_read_twice_is_of_the_entry_that_was_tried);
    tcase_add_test(lives, test_two_lives_that_come_again_are_two_messages);
    tcase_add_test(lives, test_notification_and_the_next_message_within_a_second);
    tcase_add_test(lives, test_two_message_ids_are_no_two_messages);
    tcase_add_test(lives, test_two_message_ids_and_the_next_message_within_a_second);
    tcase_add_test(lives, test_many_lives_of_one_queue_id_do_no_harm);
    suite_add_tcase(suite, lives);
    return suite;
}
