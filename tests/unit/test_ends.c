/* What the correlator promises: how an entry ends, and what its event says of it. */
#include <check.h>
#include <stdio.h>

#include "story.h"
#include "suites.h"

static struct story s;

static void setup(void)
{
    story_start(&s, NULL);
}

static void teardown(void)
{
    story_end(&s);
}

#define DEFERRED                                                                                        \
    "postfix/smtp[50]: 3F2A1C0: to=<bob@example.net>, relay=none, delay=1, delays=1/0/0/0, dsn=4.4.1, " \
    "status=deferred (connect to mx.example.net[192.0.2.7]:25: Connection refused)"

static void begin(const char *time)
{
    story_line(&s, time, "postfix/smtpd[40]: 3F2A1C0: client=client.example.org[198.51.100.4]");
    story_line(&s, time, "postfix/cleanup[41]: 3F2A1C0: message-id=<m1@example.org>");
}

static void queue(const char *time)
{
    story_line(&s, time, "postfix/qmgr[42]: 3F2A1C0: from=<ann@example.org>, size=512, nrcpt=1 (queue active)");
}

START_TEST(test_what_the_end_of_input_leaves_unfinished_is_open)
{
    begin("10:00:00");
    queue("10:00:00");
    story_finish(&s);
    story_is(&s, "message", 0, "result", "incomplete");
    story_is(&s, "message", 0, "reason", "open");
    ck_assert_uint_eq(story_stats(&s).incomplete[MT_REASON_OPEN], 1);
}
END_TEST

START_TEST(test_a_pause_of_more_than_an_hour_before_the_last_line_is_believed)
{
    begin("10:00:00");
    queue("10:00:00");
    story_line(&s, "11:00:01", DEFERRED);
    story_finish(&s);
    story_is(&s, "message", 0, "time", "2024-03-07T11:00:01+00:00");
    story_is(&s, "message", 0, "duration", "3601");
}
END_TEST

START_TEST(test_no_message_ends_before_it_arrived)
{
    story_line(&s, "10:00:00", "postfix/qmgr[42]: 4A0B2C1: removed");
    begin("23:00:00");
    queue("23:00:01");
    story_finish(&s);
    story_is(&s, "message", 1, "arrived", "2024-03-07T23:00:00+00:00");
    story_is(&s, "message", 1, "time", "2024-03-07T23:00:01+00:00");
    story_is(&s, "message", 1, "duration", "1");
}
END_TEST

static void probe(const char *status)
{
    char text[300];

    story_line(&s, "10:00:00", "postfix/cleanup[41]: 3F2A1C0: message-id=<m1@example.org>");
    queue("10:00:00");
    snprintf(text, sizeof text,
             "postfix/smtp[50]: 3F2A1C0: to=<bob@example.net>, relay=mx.example.net[192.0.2.7]:25, delay=0.1, "
             "delays=0.1/0/0/0, dsn=2.1.5, status=%s (250 2.1.5 Ok)",
             status);
    story_line(&s, "10:00:01", text);
    story_line(&s, "10:00:01", "postfix/qmgr[42]: 3F2A1C0: removed");
    story_finish(&s);
    story_is(&s, "delivery", 0, "status", status);
    story_is(&s, "message", 0, "result", "probe");
    story_is(&s, "message", 0, "counts", "-");
}

START_TEST(test_an_address_probe_is_no_sent_message)
{
    probe("deliverable");
}
END_TEST

START_TEST(test_an_address_probe_is_no_bounced_message)
{
    probe("undeliverable");
}
END_TEST

START_TEST(test_a_transaction_that_was_broken_off_is_canceled)
{
    begin("10:00:00");
    story_line(&s, "10:00:01", "postfix/cleanup[41]: 3F2A1C0: removed (canceled)");
    story_finish(&s);
    story_is(&s, "message", 0, "result", "incomplete");
    story_is(&s, "message", 0, "reason", "canceled");
}
END_TEST

START_TEST(test_a_transaction_that_the_client_left_is_lost)
{
    story_line(&s, "10:00:00", "postfix/smtpd[40]: connect from client.example.org[198.51.100.4]");
    begin("10:00:00");
    story_line(&s, "10:00:01", "postfix/cleanup[41]: 3F2A1C0: removed (canceled)");
    story_line(&s, "10:00:01.2", "postfix/smtpd[40]: lost connection after DATA from client.example.org[198.51.100.4]");
    story_line(&s, "10:00:01.3", "postfix/smtpd[40]: disconnect from client.example.org[198.51.100.4]");
    story_finish(&s);
    story_is(&s, "message", 0, "reason", "lost-connection");
}
END_TEST

START_TEST(test_a_refused_message_is_rejected_though_the_server_cancels_it)
{
    begin("10:00:00");
    story_line(
        &s, "10:00:01",
        "postfix/cleanup[41]: 3F2A1C0: milter-reject: END-OF-MESSAGE from client.example.org[198.51.100.4]: 5.7.1 "
        "spam; from=<ann@example.org> to=<bob@example.net> proto=ESMTP helo=<x>");
    story_line(&s, "10:00:01", "postfix/cleanup[41]: 3F2A1C0: removed (canceled)");
    story_finish(&s);
    story_is(&s, "message", 0, "result", "rejected");
}
END_TEST

Suite *mt_suite_ends(void)
{
    Suite *suite = suite_create("ends");
    TCase *tc = tcase_create("ends");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_what_the_end_of_input_leaves_unfinished_is_open);
    tcase_add_test(tc, test_a_pause_of_more_than_an_hour_before_the_last_line_is_believed);
    tcase_add_test(tc, test_no_message_ends_before_it_arrived);
    tcase_add_test(tc, test_an_address_probe_is_no_sent_message);
    tcase_add_test(tc, test_an_address_probe_is_no_bounced_message);
    tcase_add_test(tc, test_a_transaction_that_was_broken_off_is_canceled);
    tcase_add_test(tc, test_a_transaction_that_the_client_left_is_lost);
    tcase_add_test(tc, test_a_refused_message_is_rejected_though_the_server_cancels_it);
    suite_add_tcase(suite, tc);
    return suite;
}
