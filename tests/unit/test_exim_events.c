/* What becomes of Exim's lines: notifications, ends, pieces. */
#include "suites.h"

#include <stdio.h>

#include "lines.h"
#include "story.h"

#define Q "1xUvM0-00000r-08"

static struct story s;

static void setup(void)
{
    story_start(&s, NULL);
}

static void teardown(void)
{
    story_end(&s);
}

#define ARRIVAL "exim[40]: " Q " <= a@x.example H=mx.example [192.0.2.1] P=esmtp S=512 id=1@x.example"

START_TEST(test_a_notification_and_its_message_know_each_other)
{
    story_line(&s, "10:00:00", ARRIVAL);
    story_line(&s, "10:00:01", "exim[41]: " Q " ** b@y.example: Unrouteable address");
    story_line(&s, "10:00:01", "exim[42]: 1xUvM1-00000s-09 <= <> R=" Q " U=Debian-exim P=local S=1746");
    story_line(&s, "10:00:01", "exim[41]: " Q " Completed");
    story_line(&s, "10:00:02",
               "exim[43]: 1xUvM1-00000s-09 => a@x.example R=dnslookup T=remote_smtp H=mx.example [192.0.2.1]");
    story_line(&s, "10:00:02", "exim[43]: 1xUvM1-00000s-09 Completed");
    story_finish(&s);
    ck_assert_uint_eq(story_count(&s, "message"), 2);
    story_is(&s, "message", 0, "result", "bounced");
    story_is(&s, "message", 0, "origin", "network");
    story_is(&s, "message", 0, "bounce_queue_id", "1xUvM1-00000s-09");
    story_is(&s, "message", 1, "origin", "bounce");
    story_is(&s, "message", 1, "parent_queue_id", Q);
    story_is(&s, "message", 1, "from", "");
}
END_TEST

/* A stranger hands over a notification of his own. */
START_TEST(test_a_notification_from_elsewhere_has_no_parent)
{
    story_line(&s, "10:00:00", ARRIVAL);
    story_line(&s, "10:00:01", "exim[42]: 1xUvM1-00000s-09 <= <> H=mx.example [192.0.2.1] P=esmtp S=1746");
    story_line(&s, "10:00:01", "exim[42]: 1xUvM1-00000s-09 Completed");
    story_line(&s, "10:00:09", "exim[41]: " Q " Completed");
    story_finish(&s);
    story_is(&s, "message", 0, "origin", "network");
    story_is(&s, "message", 0, "parent_queue_id", "-");
    story_is(&s, "message", 1, "bounce_queue_id", "-");
}
END_TEST

START_TEST(test_what_the_administrator_removes_is_deleted_once)
{
    story_line(&s, "10:00:00", ARRIVAL);
    story_line(&s, "10:00:01", "exim[41]: " Q " removed by root");
    story_line(&s, "10:00:01", "exim[41]: " Q " Completed");
    story_finish(&s);
    ck_assert_uint_eq(story_count(&s, "message"), 1);
    story_is(&s, "message", 0, "result", "deleted");
}
END_TEST

START_TEST(test_what_the_administrator_wants_no_delivery_of_is_deleted)
{
    static const char *const words[] = {"cancelled by root", "address <b@y.example> marked delivered by root"};

    for (size_t i = 0; i < COUNT(words); i++) {
        char line[200];
        snprintf(line, sizeof line, "exim[41]: " Q " %s", words[i]);
        story_line(&s, "10:00:00", ARRIVAL);
        story_line(&s, "10:00:01", line);
        story_line(&s, "10:00:02", "exim[42]: " Q " Completed");
        story_finish(&s);
        ck_assert_uint_eq(story_count(&s, "message"), 1);
        story_is(&s, "message", 0, "result", "deleted");
        teardown();
        setup();
    }
}
END_TEST

START_TEST(test_an_end_without_any_delivery_is_unseen)
{
    story_line(&s, "10:00:00", ARRIVAL);
    story_line(&s, "10:00:02", "exim[42]: " Q " Completed");
    story_finish(&s);
    story_is(&s, "message", 0, "result", "incomplete");
    story_is(&s, "message", 0, "reason", "unseen");
}
END_TEST

/* Exim delivers once to what several recipients come to. */
START_TEST(test_recipients_that_come_to_one_leave_nothing_unseen)
{
    story_line(&s, "10:00:00", ARRIVAL " for b@y.example c@y.example");
    story_line(&s, "10:00:01",
               "exim[42]: " Q " => d@y.example <b@y.example> R=dnslookup T=remote_smtp H=mx.y [192.0.2.2]");
    story_line(&s, "10:00:01", "exim[42]: " Q " Completed");
    story_finish(&s);
    story_is(&s, "message", 0, "result", "sent");
    story_is(&s, "message", 0, "nrcpt", "2");
}
END_TEST

/* retry.c: the last attempt and the end of all attempts come in one second. */
START_TEST(test_in_one_second_nothing_follows_a_final_result)
{
    static const char *const lines[] = {
        "exim[41]: " Q " == b@y.example R=dnslookup T=remote_smtp defer (111): Connection refused",
        "exim[41]: " Q " ** b@y.example: retry timeout exceeded",
        "exim[41]: " Q " Completed",
    };

    for (size_t turn = 0; turn < COUNT(lines); turn++) {
        story_line(&s, "10:00:00", ARRIVAL);
        for (size_t i = 0; i < COUNT(lines); i++) {
            story_line(&s, "10:00:01", lines[(turn + i) % COUNT(lines)]);
        }
        story_finish(&s);
        story_is(&s, "message", 0, "result", "expired");
        story_is(&s, "delivery", 0, "status", "deferred");
        story_is(&s, "delivery", 1, "status", "expired");
        story_is(&s, "delivery", 1, "attempt", "2");
        teardown();
        setup();
    }
}
END_TEST

/* log.c, write_syslog: pieces of one process, with lines of others between them. */
START_TEST(test_pieces_among_the_lines_of_others_make_an_entry)
{
    story_line(&s, "10:00:00",
               "exim[40]: [1/3] " Q " <= a@x.example H=mx.example [192.0.2.1] P=esmtp S=512 id=1@x.exam");
    story_line(&s, "10:00:00", "exim[41]: [1/3] 1xUvM1-00000s-09 <= z@x.example H=mx.example [192.0.2.9] P=esmtp S=51");
    story_line(&s, "10:00:00", "exim[40]: [2/3] ple from <a@x.example> for b@y.example ");
    story_line(&s, "10:00:00", "exim[42]: Start queue run: pid=70");
    story_line(&s, "10:00:00", "exim[40]: [3/3] c@y.example");
    story_line(&s, "10:00:00",
               "exim[41]: [2/3] 3 id=2@x.example T=\"1xUvM0-00000r-08 Completed\" from <z@x.example> fo");
    story_line(&s, "10:00:00", "exim[41]: [3/3] r d@y.example");
    story_line(&s, "10:00:01", "exim[42]: " Q " => b@y.example R=dnslookup T=remote_smtp H=mx.y [192.0.2.2]");
    story_line(&s, "10:00:01", "exim[42]: " Q " Completed");
    story_finish(&s);
    story_is(&s, "message", 0, "message_id", "1@x.example");
    story_is(&s, "message", 0, "nrcpt", "2");
    story_is(&s, "message", 1, "queue_id", "1xUvM1-00000s-09");
    story_is(&s, "message", 1, "from", "z@x.example");
    story_is(&s, "message", 1, "size", "513");
}
END_TEST

/* The header of what was refused follows in the same entry: it is the sender's, who may write what he wants. */
START_TEST(test_headers_of_a_refused_message_say_nothing)
{
    story_line(&s, "10:00:00",
               "exim[40]: [1\\5] " Q " H=mx.example [192.0.2.1] F=<a@x.example> rejected after DATA: spam");
    story_line(&s, "10:00:00", "exim[40]: [2\\5] Envelope-from: <a@x.example>");
    story_line(&s, "10:00:00", "exim[40]: [3\\5] Envelope-to: <b@y.example>");
    story_line(&s, "10:00:00", "exim[40]: [4\\5]   Subject: 1xUvM1-00000s-09 <= v@v.test H=v [192.0.2.66] P=smtp S=1");
    story_line(&s, "10:00:00", "exim[40]: [5/5] 1xUvM1-00000s-09 removed by root");
    story_finish(&s);
    ck_assert_uint_eq(story_count(&s, "reject"), 1);
    story_is(&s, "reject", 0, "response", "spam");
    story_is(&s, "reject", 0, "client.ip", "192.0.2.1");
    ck_assert_uint_eq(story_count(&s, "message"), 1);
    story_is(&s, "message", 0, "queue_id", Q);
    story_is(&s, "message", 0, "result", "rejected");
    story_is(&s, "message", 0, "client.name", "mx.example");
    story_is(&s, "message", 0, "client.ip", "192.0.2.1");
    story_is(&s, "message", 0, "origin", "network");
}
END_TEST

Suite *mt_suite_exim_events(void)
{
    Suite *suite = suite_create("exim_events");
    TCase *events = tcase_create("events");

    tcase_add_checked_fixture(events, setup, teardown);
    tcase_add_test(events, test_a_notification_and_its_message_know_each_other);
    tcase_add_test(events, test_a_notification_from_elsewhere_has_no_parent);
    tcase_add_test(events, test_what_the_administrator_removes_is_deleted_once);
    tcase_add_test(events, test_what_the_administrator_wants_no_delivery_of_is_deleted);
    tcase_add_test(events, test_an_end_without_any_delivery_is_unseen);
    tcase_add_test(events, test_recipients_that_come_to_one_leave_nothing_unseen);
    tcase_add_test(events, test_in_one_second_nothing_follows_a_final_result);
    tcase_add_test(events, test_pieces_among_the_lines_of_others_make_an_entry);
    tcase_add_test(events, test_headers_of_a_refused_message_say_nothing);
    suite_add_tcase(suite, events);
    return suite;
}
