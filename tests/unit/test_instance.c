/* Whose queue: all daemons of one Postfix share one queue, whatever name master.cf(5) gives to single services. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

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

#define CLIENT(q, ip) "smtpd[41]: " q ": client=c.example.org[" ip "]"
#define MESSAGE_ID(q) "cleanup[42]: " q ": message-id=<m@example.org>"
#define FROM(q, from) "qmgr[43]: " q ": from=<" from ">, size=100, nrcpt=1 (queue active)"
#define REMOVED(q)    "qmgr[43]: " q ": removed"
#define SENT(q, to)                                                                                                \
    "smtp[44]: " q ": to=<" to ">, relay=mx.example.net[192.0.2.7]:25, delay=0.3, delays=0.2/0/0/0.1, dsn=2.0.0, " \
    "status=sent (250 2.0.0 Ok)"

START_TEST(test_name_of_a_service_is_no_instance)
{
    story_line(&s, "10:00:00.1", "submission/" CLIENT("A071220883", "198.51.100.3"));
    story_line(&s, "10:00:00.2", "postfix/" MESSAGE_ID("A071220883"));
    story_line(&s, "10:00:00.3", "postfix/" FROM("A071220883", "ann@example.org"));
    story_line(&s, "10:00:00.4", "postfix-ip2/" SENT("A071220883", "bob@example.net"));
    story_line(&s, "10:00:00.5", "postfix/" REMOVED("A071220883"));
    story_finish(&s);
    ck_assert_uint_eq(story_count(&s, NULL), 2);
    story_is(&s, "delivery", 0, "from", "ann@example.org");
    story_is(&s, "delivery", 0, "message_id", "m@example.org");
    story_is(&s, "delivery", 0, "instance", "-");
    story_is(&s, "message", 0, "result", "sent");
    story_is(&s, "message", 0, "client.ip", "198.51.100.3");
    story_is(&s, "message", 0, "instance", "-");
    story_is(&s, "message", 0, "lines", "5");
}
END_TEST

START_TEST(test_line_of_a_service_may_come_before_those_of_the_queue)
{
    story_line(&s, "10:00:00.4", "postfix-ip2/" SENT("A071220883", "bob@example.net"));
    story_line(&s, "10:00:00.6", "postfix/" REMOVED("A071220883"));
    story_line(&s, "10:00:00.5", "submission/" CLIENT("A071220883", "198.51.100.3"));
    story_line(&s, "10:00:00.3", "postfix-out/" FROM("B071220883", "eve@example.org"));
    story_line(&s, "10:00:00.3", "postfix/" FROM("A071220883", "ann@example.org"));
    story_finish(&s);
    ck_assert_uint_eq(story_count(&s, "message"), 2);
    story_is(&s, "message", 0, "from", "ann@example.org");
    story_is(&s, "message", 0, "result", "sent");
    story_is(&s, "message", 0, "client.ip", "198.51.100.3");
    story_is(&s, "message", 1, "instance", "postfix-out");
}
END_TEST

START_TEST(test_service_of_a_named_instance_is_in_its_queue)
{
    story_line(&s, "10:00:00.1", "postfix-in/submission/" CLIENT("A071220883", "198.51.100.3"));
    story_line(&s, "10:00:00.2", "postfix-in/" FROM("A071220883", "ann@example.org"));
    story_line(&s, "10:00:00.3", "slow/" SENT("A071220883", "bob@example.net"));
    story_line(&s, "10:00:00.4", "postfix-in/" REMOVED("A071220883"));
    story_finish(&s);
    ck_assert_uint_eq(story_count(&s, NULL), 2);
    story_is(&s, "delivery", 0, "instance", "postfix-in");
    story_is(&s, "message", 0, "instance", "postfix-in");
    story_is(&s, "message", 0, "client.ip", "198.51.100.3");
    story_is(&s, "message", 0, "result", "sent");
}
END_TEST

/* master.cf of a second instance often has "-o syslog_name=postfix/submission", as the one it was copied from. */
START_TEST(test_service_of_another_instance_may_be_called_as_the_default_one)
{
    story_line(&s, "10:00:00.0", "postfix/" FROM("B071220883", "eve@example.org"));
    story_line(&s, "10:00:00.0", "postfix-in/" FROM("C071220883", "eve@example.org"));
    story_line(&s, "10:00:00.1", "postfix/submission/" CLIENT("A071220883", "198.51.100.3"));
    story_line(&s, "10:00:00.2", "postfix-in/" FROM("A071220883", "ann@example.org"));
    story_line(&s, "10:00:00.3", "postfix/relay/" SENT("A071220883", "bob@example.net"));
    story_line(&s, "10:00:00.4", "postfix-in/" REMOVED("A071220883"));
    story_finish(&s);
    ck_assert_uint_eq(story_count(&s, "message"), 3);
    story_is(&s, "message", 0, "queue_id", "A071220883");
    story_is(&s, "message", 0, "instance", "postfix-in");
    story_is(&s, "message", 0, "client.ip", "198.51.100.3");
    story_is(&s, "message", 0, "result", "sent");
}
END_TEST

static const char *const meeting[] = {
    "postfix-in/" CLIENT("A071220883", "198.51.100.3"),
    "postfix/pickup[52]: A071220883: uid=33 from=<www-data>",
    "postfix-in/" MESSAGE_ID("A071220883"),
    "postfix/cleanup[53]: A071220883: message-id=<out@mx1.example.com>",
    "postfix/qmgr[54]: A071220883: from=<www-data@mx1.example.com>, size=200, nrcpt=1 (queue active)",
    "postfix-in/" FROM("A071220883", "ann@example.org"),
    "postfix-in/" SENT("A071220883", "bob@example.com"),
    "postfix/smtp[55]: A071220883: to=<carol@example.net>, relay=none, delay=0.3, delays=0.2/0/0/0.1, dsn=5.4.4, "
    "status=bounced (Host or domain name not found)",
    "postfix-in/" REMOVED("A071220883"),
    "postfix/qmgr[54]: A071220883: removed",
};
#define MEETING (sizeof meeting / sizeof *meeting)

static void check_meeting(void)
{
    size_t in = 0;

    ck_assert_uint_eq(story_count(&s, "message"), 2);
    ck_assert_uint_eq(story_count(&s, "delivery"), 2);
    if (strcmp(story_text(story_event(&s, "message", 0), "instance"), "-") == 0) {
        in = 1;
    }
    story_is(&s, "message", in, "instance", "postfix-in");
    story_is(&s, "message", in, "client.ip", "198.51.100.3");
    story_is(&s, "message", in, "from", "ann@example.org");
    story_is(&s, "message", in, "message_id", "m@example.org");
    story_is(&s, "message", in, "recipients.0.to", "bob@example.com");
    story_is(&s, "message", in, "lines", "5");
    story_is(&s, "message", !in, "client", "{\"uid\":33}");
    story_is(&s, "message", !in, "from", "www-data@mx1.example.com");
    story_is(&s, "message", !in, "message_id", "out@mx1.example.com");
    story_is(&s, "message", !in, "recipients.0.to", "carol@example.net");
    story_is(&s, "message", !in, "lines", "5");
}

START_TEST(test_instances_with_the_same_queue_id_stay_apart)
{
    for (size_t i = 0; i < MEETING; i++) {
        char time[20];
        snprintf(time, sizeof time, "10:00:00.%02zu", i);
        story_line(&s, time, meeting[i]);
    }
    story_finish(&s);
    check_meeting();
}
END_TEST

START_TEST(test_instances_with_the_same_queue_id_stay_apart_within_one_second)
{
    for (size_t i = 0; i < MEETING; i++) {
        story_line(&s, "10:00:00", meeting[(i * 3 + (size_t)_i) % MEETING]);
    }
    story_finish(&s);
    check_meeting();
}
END_TEST

START_TEST(test_lines_of_instances_read_again_are_repeats)
{
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < MEETING; i++) {
            char time[20];
            snprintf(time, sizeof time, "10:00:00.%02zu", i);
            story_line(&s, time, meeting[i]);
        }
        mt_correlator_flush(s.correlator, false);
    }
    story_finish(&s);
    check_meeting();
    ck_assert_uint_eq(story_stats(&s).repeated, MEETING);
}
END_TEST

START_TEST(test_queue_id_used_again_by_a_named_service_starts_a_new_message)
{
    story_line(&s, "10:00:00", "postfix/" CLIENT("A071220883", "198.51.100.3"));
    story_line(&s, "10:00:00", "postfix/" FROM("A071220883", "ann@example.org"));
    story_line(&s, "10:00:01", "postfix/" SENT("A071220883", "bob@example.net"));
    story_line(&s, "10:00:01", "postfix/" REMOVED("A071220883"));
    story_line(&s, "10:00:09", "submission/" CLIENT("A071220883", "198.51.100.9"));
    story_line(&s, "10:00:09", "postfix/" FROM("A071220883", "cat@example.org"));
    story_line(&s, "10:00:09", "postfix-ip2/" SENT("A071220883", "dan@example.net"));
    story_line(&s, "10:00:09", "postfix/" REMOVED("A071220883"));
    story_finish(&s);
    ck_assert_uint_eq(story_count(&s, "message"), 2);
    story_is(&s, "message", 0, "from", "ann@example.org");
    story_is(&s, "message", 1, "from", "cat@example.org");
    story_is(&s, "message", 1, "client.ip", "198.51.100.9");
    story_is(&s, "message", 1, "result", "sent");
}
END_TEST

#define REJECT                                                                                             \
    "smtpd[41]: NOQUEUE: reject: RCPT from c.example.org[198.51.100.3]: 554 5.7.1 <x@example.net>: Relay " \
    "access denied; from=<a@example.org> to=<x@example.net> proto=ESMTP helo=<c>"

START_TEST(test_reject_has_the_instance_that_the_queue_s_own_daemons_use)
{
    story_line(&s, "10:00:00", "submission/" REJECT);
    story_line(&s, "10:00:01", "postfix-in/" REJECT);
    story_line(&s, "10:00:02", "postfix-in/" FROM("A071220883", "ann@example.org"));
    story_finish(&s);
    story_is(&s, "reject", 0, "instance", "-");
    story_is(&s, "reject", 1, "instance", "postfix-in");
}
END_TEST

Suite *mt_suite_instance(void)
{
    Suite *suite = suite_create("instance");
    TCase *queue = tcase_create("whose queue");

    tcase_add_checked_fixture(queue, setup, teardown);
    tcase_add_test(queue, test_name_of_a_service_is_no_instance);
    tcase_add_test(queue, test_line_of_a_service_may_come_before_those_of_the_queue);
    tcase_add_test(queue, test_service_of_a_named_instance_is_in_its_queue);
    tcase_add_test(queue, test_service_of_another_instance_may_be_called_as_the_default_one);
    tcase_add_test(queue, test_instances_with_the_same_queue_id_stay_apart);
    tcase_add_loop_test(queue, test_instances_with_the_same_queue_id_stay_apart_within_one_second, 0, 10);
    tcase_add_test(queue, test_lines_of_instances_read_again_are_repeats);
    tcase_add_test(queue, test_queue_id_used_again_by_a_named_service_starts_a_new_message);
    tcase_add_test(queue, test_reject_has_the_instance_that_the_queue_s_own_daemons_use);
    suite_add_tcase(suite, queue);
    return suite;
}
