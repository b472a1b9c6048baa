/* qmail's lines: what each form says, and how numbers that come back are told apart. */
#include "suites.h"

#include <stdio.h>
#include <string.h>

#include "lines.h"
#include "mailtrace/parser.h"
#include "rows.h"
#include "story.h"

#define SAID    "192.0.2.25_accepted_message./Remote_host_said:_"
#define TOO_OLD "I'm_not_going_to_try_again;_this_message_has_been_in_the_queue_too_long./"

/* qmail-send.c */
static const struct row message_lines[] = {
    {"new msg 11741914", "new~QUEUE_ID=11741914"},
    {"1796089194.702780 new msg 11741914", "new~QUEUE_ID=11741914"},
    {"info msg 11741914: bytes 371 from <anna@s.example> qp 177 uid 7791",
     "from~QUEUE_ID=11741914~EXTERNAL_ID=177~SIZE=371~FROM=anna@s.example~CLIENT_UID=7791"},
    {"info msg 11741914: bytes 371 from <> qp 177 uid 7796",
     "from~QUEUE_ID=11741914~EXTERNAL_ID=177~SIZE=371~FROM=~CLIENT_UID=7796"},
    {"info msg 11741914: bytes 371 from <x>_qp_1@s> qp 66 uid 0@s.example> qp 177 uid 7791",
     "from~QUEUE_ID=11741914~EXTERNAL_ID=177~SIZE=371~FROM=x>_qp_1@s> qp 66 uid 0@s.example~CLIENT_UID=7791"},
    {"starting delivery 5: msg 11741914 to remote bob@r.example",
     "info~QUEUE_ID=11741914~TO=bob@r.example~TRANSPORT=remote"},
    {"starting delivery 6: msg 11741914 to local virt-bob@v.example",
     "info~QUEUE_ID=11741914~TO=virt-bob@v.example~TRANSPORT=local"},
    {"bounce msg 11741914 qp 190", "bounce~QUEUE_ID=11741914~TEXT=bounce msg 11741914 qp 190"},
    {"triple bounce: discarding bounce/11741914",
     "info~QUEUE_ID=11741914~TEXT=triple bounce: discarding bounce/11741914"},
    {"end msg 11741914", "removed~QUEUE_ID=11741914"},
    {"status: local 0/10 remote 1/20", "statistics~TEXT=status: local 0/10 remote 1/20"},
    {"status: exiting", "service~TEXT=status: exiting"},
    {"warning: unable to stat mess/3/11741914", "warning~TEXT=warning: unable to stat mess/3/11741914"},
    {"alert: cannot start: unable to open mutex", "error~TEXT=alert: cannot start: unable to open mutex"},
    {"tcpserver: status: 1/40", "statistics~TEXT=tcpserver: status: 1/40"},
    {"tcpserver: pid 165 from 192.0.2.1", "info~TEXT=tcpserver: pid 165 from 192.0.2.1"},
};

/* qmail-remote.c, qmail-local.c */
static const struct row delivery_lines[] = {
    {"delivery 5: success: " SAID "250_2.0.0_Ok:_queued_as_4F2A0B9C/",
     "to sent~RELAY_IP=192.0.2.25~DSN=2.0.0~REPLY_CODE=250~NEXT_QUEUE_ID=4F2A0B9C~RESPONSE=" SAID
     "250_2.0.0_Ok:_queued_as_4F2A0B9C/"},
    {"delivery 5: success: " SAID "250_ok_1796089194_qp_6789/",
     "to sent~RELAY_IP=192.0.2.25~REPLY_CODE=250~NEXT_QUEUE_ID=6789~RESPONSE=" SAID "250_ok_1796089194_qp_6789/"},
    {"delivery 5: success: did_1+0+2/", "to sent~RESPONSE=did_1+0+2/"},
    {"delivery 5: success: hello/did_0+2+0/qp_190/", "to sent~NEXT_QUEUE_ID=190~RESPONSE=hello/did_0+2+0/qp_190/"},
    {"delivery 5: success: " SAID "250-ok/did_0+1+0/qp_190/", "to sent~RESPONSE=" SAID "250-ok/did_0+1+0/qp_190/"},
    {"delivery 5: failure: 192.0.2.25_does_not_like_recipient./Remote_host_said:_550_5.1.1_no/"
     "Giving_up_on_192.0.2.25./",
     "to bounced~RELAY_IP=192.0.2.25~DSN=5.1.1~REPLY_CODE=550~RESPONSE=192.0.2.25_does_not_like_recipient./"
     "Remote_host_said:_550_5.1.1_no/Giving_up_on_192.0.2.25./"},
    {"delivery 5: failure: 2001:db8::25_does_not_like_recipient./Remote_host_said:_553_no_(#5.7.1)/"
     "Giving_up_on_2001:db8::25./",
     "to bounced~RELAY_IP=2001:db8::25~DSN=5.7.1~REPLY_CODE=553~RESPONSE=2001:db8::25_does_not_like_recipient./"
     "Remote_host_said:_553_no_(#5.7.1)/Giving_up_on_2001:db8::25./"},
    {"delivery 5: failure: Sorry,_no_mailbox_here_by_that_name._(#5.1.1)/",
     "to bounced~DSN=5.1.1~RESPONSE=Sorry,_no_mailbox_here_by_that_name._(#5.1.1)/"},
    {"delivery 5: deferral: Connected_to_192.0.2.25_but_connection_died._(#4.4.2)/",
     "to deferred~RELAY_IP=192.0.2.25~DSN=4.4.2~RESPONSE=Connected_to_192.0.2.25_but_connection_died._(#4.4.2)/"},
    {"delivery 5: deferral: Connected_to_192.0.2.25_but_greeting_failed./Remote_host_said:_421_busy/",
     "to deferred~RELAY_IP=192.0.2.25~REPLY_CODE=421~RESPONSE=Connected_to_192.0.2.25_but_greeting_failed./"
     "Remote_host_said:_421_busy/"},
    {"delivery 5: deferral: temp_trouble/", "to deferred~RESPONSE=temp_trouble/"},
    {"delivery 5: report mangled, will defer", "to deferred~RESPONSE=report mangled, will defer"},
    {"delivery 5: failure: temp_trouble/" TOO_OLD, "to expired~RESPONSE=temp_trouble/" TOO_OLD},
    {"delivery 5: failure: Sorry,_I_wasn't_able_to_establish_an_SMTP_connection._(#4.4.1)/" TOO_OLD,
     "to expired~DSN=4.4.1~RESPONSE=Sorry,_I_wasn't_able_to_establish_an_SMTP_connection._(#4.4.1)/" TOO_OLD},
    /* what another server refuses for good did not wait too long, whatever that server says */
    {"delivery 5: failure: 192.0.2.25_failed_after_I_sent_the_message./Remote_host_said:_554-no/" TOO_OLD,
     "to bounced~RELAY_IP=192.0.2.25~REPLY_CODE=554~RESPONSE=192.0.2.25_failed_after_I_sent_the_message./"
     "Remote_host_said:_554-no/" TOO_OLD},
};

static const char *const no_forms[] = {
    "",
    "1796089194.702780",
    "1796089194.702780 ",
    "1796089194.70278 new msg 1",
    "new msg ",
    "new msg x",
    "new msg 1 2",
    "new msg -1",
    "end msg",
    "bounce msg 1 qp ",
    "info msg 1: bytes 371 from <a@s.example>",
    "info msg 1: bytes 371 from <a@s.example> qp x uid 1",
    "starting delivery 5: msg 1 to elsewhere bob@r.example",
    "delivery 5: ",
    "delivery x: success: did_1+0+0/",
    "removed",
};

START_TEST(test_messages_and_notes_are_read_in_full)
{
    expect_rows("qmail", NULL, message_lines, COUNT(message_lines));
}
END_TEST

START_TEST(test_results_are_read_in_full)
{
    expect_rows("qmail", NULL, delivery_lines, COUNT(delivery_lines));
}
END_TEST

/* tcpserver's lines under the name of another server's program, and that server's own. */
START_TEST(test_a_name_that_two_have_is_told_by_the_form)
{
    static const struct {
        const char *program, *text;
        uint8_t source;
        enum mt_verdict verdict;
    } lines[] = {
        {"smtpd", "1796089194.692861 tcpserver: status: 2/40", MT_SOURCE_qmail, MT_RECOGNISED},
        {"smtpd", "1796089194.692985 tcpserver: pid 165 from 192.0.2.1", MT_SOURCE_qmail, MT_RECOGNISED},
        {"smtpd", "338e22f2b8a5f6ca smtp connected address=192.0.2.1 host=mx.s.example", MT_SOURCE_opensmtpd,
         MT_RECOGNISED},
        {"smtpd", "hello", MT_SOURCE_opensmtpd, MT_UNRECOGNISED},
        {"rblsmtpd", "1796089194.692985 rblsmtpd: 192.0.2.1 pid 12: 451 no", MT_SOURCE_qmail, MT_RECOGNISED},
    };

    for (size_t i = 0; i < COUNT(lines); i++) {
        struct mt_line line = line_of(lines[i].program, lines[i].text);
        struct mt_record rec;
        ck_assert_msg(mt_parse(&line, &rec) == lines[i].verdict, "%s", lines[i].text);
        ck_assert_msg(rec.source == lines[i].source, "%s", lines[i].text);
    }
}
END_TEST

START_TEST(test_what_is_no_form_of_the_source_is_not_recognised)
{
    expect_no_forms("qmail", no_forms, COUNT(no_forms));
}
END_TEST

START_TEST(test_no_cut_is_read_beyond)
{
    expect_cuts_inside("qmail", message_lines, COUNT(message_lines));
    expect_cuts_inside("qmail", delivery_lines, COUNT(delivery_lines));
}
END_TEST

/* --- events --- */

static struct story s;

static void setup(void)
{
    story_start(&s, NULL);
}

static void teardown(void)
{
    story_end(&s);
}

/* A message, up to its first delivery. */
static void begin(const char *time, const char *id, const char *process, const char *from, const char *number)
{
    char line[200];

    snprintf(line, sizeof line, "qmail: new msg %s", id);
    story_line(&s, time, line);
    snprintf(line, sizeof line, "qmail: info msg %s: bytes 371 from <%s> qp %s uid 7791", id, from, process);
    story_line(&s, time, line);
    snprintf(line, sizeof line, "qmail: starting delivery %s: msg %s to local bob-%s@q.example", number, id, process);
    story_line(&s, time, line);
}

START_TEST(test_a_number_that_comes_back_is_another_message)
{
    begin("10:00:00.1", "77", "501", "a@s.example", "1");
    story_line(&s, "10:00:00.2", "qmail: delivery 1: success: did_1+0+0/");
    story_line(&s, "10:00:00.3", "qmail: end msg 77");
    begin("10:00:00.4", "77", "502", "c@s.example", "2");
    story_line(&s, "10:00:00.5", "qmail: delivery 2: failure: Sorry,_no_mailbox_here_by_that_name._(#5.1.1)/");
    story_line(&s, "10:00:00.6", "qmail: end msg 77");
    begin("10:00:00.7", "77", "503", "e@s.example", "3");
    begin("10:00:00.8", "77", "504", "g@s.example", "4");
    story_finish(&s);
    ck_assert_uint_eq(story_count(&s, "message"), 4);
    ck_assert_uint_eq(story_count(&s, "delivery"), 2);
    story_is(&s, "delivery", 0, "to", "bob-501@q.example");
    story_is(&s, "delivery", 0, "transport", "local");
    story_is(&s, "delivery", 1, "to", "bob-502@q.example");
    story_is(&s, "message", 0, "external_id", "501");
    story_is(&s, "message", 0, "result", "sent");
    story_is(&s, "message", 1, "external_id", "502");
    story_is(&s, "message", 1, "result", "bounced");
    story_is(&s, "message", 2, "external_id", "503");
    story_is(&s, "message", 2, "reason", "replaced");
    story_is(&s, "message", 3, "external_id", "504");
    story_is(&s, "message", 3, "reason", "open");
}
END_TEST

/* A restarted qmail-send counts its deliveries anew, and goes on with messages that it has begun before. */
START_TEST(test_what_a_log_has_from_its_second_try_on_is_read)
{
    story_line(&s, "10:00:00", "qmail: starting delivery 1: msg 77 to remote b@r.example");
    story_line(&s, "10:00:01", "qmail: status: exiting");
    story_line(&s, "10:00:02", "qmail: starting delivery 1: msg 78 to remote d@r.example");
    story_line(&s, "10:00:03", "qmail: delivery 1: success: " SAID "250_ok/");
    story_line(&s, "10:00:04", "qmail: delivery 2: success: did_1+0+0/");
    story_finish(&s);
    ck_assert_uint_eq(story_count(&s, "delivery"), 1);
    story_is(&s, "delivery", 0, "queue_id", "78");
    story_is(&s, "delivery", 0, "to", "d@r.example");
    story_is(&s, "delivery", 0, "relay.ip", "192.0.2.25");
}
END_TEST

/* The first message's number is a third one's by the time that the notification is there. */
START_TEST(test_a_notification_has_its_parent_though_that_ones_number_is_used_again)
{
    begin("10:00:00.1", "77", "501", "a@s.example", "1");
    story_line(&s, "10:00:00.2", "qmail: delivery 1: failure: Sorry,_no_mailbox_here_by_that_name._(#5.1.1)/");
    story_line(&s, "10:00:00.3", "qmail: bounce msg 77 qp 600");
    story_line(&s, "10:00:00.4", "qmail: end msg 77");
    begin("10:00:00.5", "77", "502", "c@s.example", "2");
    begin("10:00:00.6", "78", "600", "", "3");
    story_line(&s, "10:00:00.7", "qmail: end msg 78");
    story_line(&s, "10:00:00.8", "qmail: end msg 77");
    story_finish(&s);
    story_is(&s, "message", 0, "external_id", "501");
    story_is(&s, "message", 0, "bounce_queue_id", "78");
    story_is(&s, "message", 1, "external_id", "600");
    story_is(&s, "message", 1, "parent_queue_id", "77");
    story_is(&s, "message", 1, "origin", "bounce");
    story_is(&s, "message", 1, "from", "");
    story_is(&s, "message", 2, "external_id", "502");
    story_is(&s, "message", 2, "bounce_queue_id", "-");
    story_is(&s, "message", 2, "parent_queue_id", "-");
}
END_TEST

/* Where much waits, the notification comes into the queue when all is told of the first message. */
START_TEST(test_a_late_notification_has_its_parent)
{
    begin("10:00:00.1", "77", "501", "a@s.example", "1");
    story_line(&s, "10:00:00.3", "qmail: bounce msg 77 qp 600");
    story_line(&s, "10:00:00.4", "qmail: end msg 77");
    story_line(&s, "10:00:20", "qmail: new msg 90");
    begin("10:00:30", "78", "600", "", "3");
    story_finish(&s);
    ck_assert_uint_eq(story_count(&s, "message"), 3);
    story_is(&s, "message", 0, "external_id", "501");
    story_is(&s, "message", 2, "external_id", "600");
    story_is(&s, "message", 2, "parent_queue_id", "77");
    story_is(&s, "message", 2, "origin", "bounce");
}
END_TEST

static void tell_forward(const char *result_at)
{
    begin("10:00:00.1", "77", "501", "a@s.example", "1");
    story_line(&s, result_at, "qmail: delivery 1: success: did_0+1+0/qp_600/");
    begin("10:00:00.5", "78", "600", "a@s.example", "2");
    story_line(&s, "10:00:00.7", "qmail: end msg 77");
    story_line(&s, "10:00:00.8", "qmail: end msg 78");
    story_finish(&s);
    story_is(&s, "delivery", 0, "next_queue_id", "600");
    story_is(&s, "message", 0, "origin", "-");
    story_is(&s, "message", 1, "external_id", "600");
    story_is(&s, "message", 1, "parent_queue_id", "77");
    story_is(&s, "message", 1, "origin", "forward");
}

START_TEST(test_a_forward_is_linked_whichever_line_comes_first)
{
    tell_forward("10:00:00.4");
    teardown();
    setup();
    tell_forward("10:00:00.6");
}
END_TEST

/* splogger cuts what is longer than 799 bytes. */
START_TEST(test_a_line_that_splogger_has_cut_is_put_together)
{
    static const char begin_text[] = "delivery 1: failure: ", end_text[] = "+/" TOO_OLD;
    char line[1000];

    story_line(&s, "10:00:00.1", "qmail: 1709805600.100000 new msg 77");
    story_line(&s, "10:00:00.1", "qmail: 1709805600.100002 starting delivery 1: msg 77 to local b@q.example");
    snprintf(line, sizeof line, "qmail: 1709805600.200000 %s", begin_text);
    memset(line + strlen(line) + 0, 'w', 799 - (sizeof begin_text - 1));
    line[25 + 799] = '\0';
    story_line(&s, "10:00:00.2", line);
    memset(line + 24, '+', 1);
    memset(line + 25, 'w', 799);
    story_line(&s, "10:00:00.2", line);
    memcpy(line + 24, end_text, sizeof end_text);
    story_line(&s, "10:00:00.2", line);
    story_line(&s, "10:00:00.3", "qmail: 1709805600.300000 end msg 77");
    story_finish(&s);
    ck_assert_uint_eq(story_count(&s, "delivery"), 1);
    story_is(&s, "delivery", 0, "status", "expired");
    story_is(&s, "delivery", 0, "time", "2024-03-07T10:00:00.200000+00:00");
    ck_assert_uint_eq(strlen(story_text(story_event(&s, "delivery", 0), "response")),
                      2 * 799 - (sizeof begin_text - 1) + sizeof end_text - 2);
}
END_TEST

/* splogger's own time is the line's. */
START_TEST(test_sploggers_time_is_the_lines)
{
    story_line(&s, "10:00:00", "qmail: 1709805600.123456 new msg 77");
    story_line(&s, "10:00:09", "qmail: 1709805601.654321 end msg 77");
    story_finish(&s);
    story_is(&s, "message", 0, "arrived", "2024-03-07T10:00:00.123456+00:00");
    story_is(&s, "message", 0, "time", "2024-03-07T10:00:01.654321+00:00");
}
END_TEST

static void add_events(TCase *events)
{
    tcase_add_checked_fixture(events, setup, teardown);
    tcase_add_test(events, test_a_number_that_comes_back_is_another_message);
    tcase_add_test(events, test_what_a_log_has_from_its_second_try_on_is_read);
    tcase_add_test(events, test_a_notification_has_its_parent_though_that_ones_number_is_used_again);
    tcase_add_test(events, test_a_late_notification_has_its_parent);
    tcase_add_test(events, test_a_forward_is_linked_whichever_line_comes_first);
    tcase_add_test(events, test_a_line_that_splogger_has_cut_is_put_together);
    tcase_add_test(events, test_sploggers_time_is_the_lines);
}

Suite *mt_suite_qmail(void)
{
    Suite *suite = suite_create("qmail");
    TCase *forms = tcase_create("forms"), *events = tcase_create("events");

    tcase_add_test(forms, test_messages_and_notes_are_read_in_full);
    tcase_add_test(forms, test_results_are_read_in_full);
    tcase_add_test(forms, test_what_is_no_form_of_the_source_is_not_recognised);
    tcase_add_test(forms, test_a_name_that_two_have_is_told_by_the_form);
    tcase_add_test(forms, test_no_cut_is_read_beyond);
    suite_add_tcase(suite, forms);
    add_events(events);
    suite_add_tcase(suite, events);
    return suite;
}
