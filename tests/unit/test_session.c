/* What the correlator promises: sessions, and what reaches messages through them. */
#include <check.h>
#include <stdio.h>

#include "story.h"
#include "suites.h"

#define NAME  "client.example.org[198.51.100.4]"
#define SMTPD "postfix/smtpd[40]: "
#define TLS_FROM                                            \
    SMTPD "Anonymous TLS connection established from " NAME \
          ": TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)"

static struct story s;

static void setup(void)
{
    story_start(&s, NULL);
}

static void teardown(void)
{
    story_end(&s);
}

START_TEST(test_tls_and_login_of_the_session_reach_the_client)
{
    story_line(&s, "10:00:00", SMTPD "connect from " NAME);
    story_line(&s, "10:00:00", TLS_FROM);
    story_line(&s, "10:00:01", SMTPD "3F2A1C0: client=" NAME ", sasl_method=PLAIN, sasl_username=ann");
    story_line(&s, "10:00:01", "postfix/qmgr[42]: 3F2A1C0: from=<ann@example.org>, size=512, nrcpt=1 (queue active)");
    story_line(&s, "10:00:02",
               SMTPD "disconnect from " NAME " ehlo=2 starttls=1 auth=1 mail=1 rcpt=1 data=1 quit=1 commands=8");
    story_finish(&s);
    ck_assert_uint_eq(story_count(&s, NULL), 1); /* nothing worth a session event happened */
    story_is(&s, "message", 0, "client.user", "ann");
    story_is(&s, "message", 0, "client.tls",
             "{\"version\":\"TLSv1.3\",\"cipher\":\"TLS_AES_256_GCM_SHA384\",\"bits\":256,\"verify\":\"anonymous\"}");
}
END_TEST

START_TEST(test_next_session_of_the_process_does_not_inherit_tls)
{
    story_line(&s, "10:00:00", SMTPD "connect from " NAME);
    story_line(&s, "10:00:00", TLS_FROM);
    story_line(&s, "10:00:00", SMTPD "3F2A1C0: client=" NAME);
    story_line(&s, "10:00:00",
               SMTPD "disconnect from " NAME " ehlo=2 starttls=1 mail=1 rcpt=1 data=1 quit=1 commands=7");
    story_line(&s, "10:00:00", SMTPD "connect from " NAME);
    story_line(&s, "10:00:00", SMTPD "4A0B2C1: client=" NAME);
    story_line(&s, "10:00:00", SMTPD "disconnect from " NAME " ehlo=1 mail=1 rcpt=1 data=1 quit=1 commands=5");
    story_finish(&s);
    for (size_t i = 0; i < 2; i++) {
        struct json_object *e = story_event(&s, "message", i);
        bool first = strcmp(story_text(e, "queue_id"), "3F2A1C0") == 0;
        ck_assert_int_eq(strcmp(story_text(e, "client.tls"), "-") != 0, first);
    }
}
END_TEST

START_TEST(test_other_process_and_other_host_do_not_share_sessions)
{
    story_line(&s, "10:00:00", TLS_FROM);
    story_line(&s, "10:00:01", "postfix/smtpd[39]: 3F2A1C0: client=" NAME);
    s.host = "mx2";
    story_line(&s, "10:00:01", SMTPD "3F2A1C0: client=" NAME);
    story_finish(&s);
    story_is(&s, "message", 0, "client.tls", "-");
    story_is(&s, "message", 1, "client.tls", "-");
}
END_TEST

START_TEST(test_sendmail_login_and_tls_reach_the_message)
{
    story_line(&s, "10:00:00",
               "sm-mta[99]: STARTTLS=server, relay=client.example.org [198.51.100.4], version=TLSv1.3, verify=NOT, "
               "cipher=TLS_AES_256_GCM_SHA384, bits=256/256");
    story_line(
        &s, "10:00:00",
        "sm-mta[99]: AUTH=server, relay=client.example.org [198.51.100.4], authid=ann@relay1, mech=PLAIN, bits=0");
    story_line(
        &s, "10:00:01",
        "sm-mta[99]: 427A00aa000099: from=<ann@example.org>, size=512, class=0, nrcpts=1, msgid=<m1@example.org>, "
        "proto=ESMTPSA, daemon=MSP-v4, relay=client.example.org [198.51.100.4]");
    story_finish(&s);
    story_is(&s, "message", 0, "client.user", "ann@relay1");
    story_is(&s, "message", 0, "client.mechanism", "PLAIN");
    story_is(&s, "message", 0, "client.tls.verify", "none");
}
END_TEST

#define TLS_TO                                                                                                     \
    "postfix/smtp[50]: Trusted TLS connection established to mx.example.net[192.0.2.7]:25: TLSv1.2 with cipher X " \
    "(128/128 bits)"
#define TO(q)                                                                                           \
    "postfix/smtp[50]: " q                                                                              \
    ": to=<bob@example.net>, relay=mx.example.net[192.0.2.7]:25, delay=0.4, delays=0.1/0.05/0.15/0.1, " \
    "dsn=2.0.0, status=sent (250 2.0.0 Ok)"

START_TEST(test_outgoing_tls_belongs_to_the_entry_it_was_made_for)
{
    story_line(&s, "10:00:00", TLS_TO);
    story_line(&s, "10:00:01", TO("3F2A1C0"));
    story_line(&s, "10:00:02", TO("4A0B2C1"));
    story_finish(&s);
    story_is(&s, "delivery", 0, "tls",
             "{\"version\":\"TLSv1.2\",\"cipher\":\"X\",\"bits\":128,\"verify\":\"trusted\"}");
    story_is(&s, "delivery", 1, "tls", "-");
}
END_TEST

START_TEST(test_handshake_behind_its_delivery_with_the_same_stamp_counts)
{
    story_line(&s, "10:00:00", TO("3F2A1C0"));
    story_line(&s, "10:00:00", TLS_TO);
    story_finish(&s);
    story_is(&s, "delivery", 0, "tls.version", "TLSv1.2");
}
END_TEST

/* While the first one waits, or when it was taken. */
static void read_handshake_again(bool taken)
{
    static const char tls[] =
        "postfix/smtp[695]: Untrusted TLS connection established to sink.example.net[198.51.100.50]:25: "
        "TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)";
    static const char to[] =
        "postfix/smtp[695]: D00F4AAEA28: to=<a@example.net>, relay=sink.example.net[198.51.100.50]:25, "
        "delay=0.03, delays=0.01/0.01/0.01/0, dsn=2.0.0, status=sent (250 2.0.0 Ok)";

    story_line(&s, "15:02:58.000001", tls);
    if (taken) {
        story_line(&s, "15:02:58.000002", to);
        story_line(&s, "15:03:08", "postfix/smtpd[9]: connect from unknown[192.0.2.1]");
    }
    story_line(&s, "15:02:58.000001", tls);
    story_line(&s, "15:02:58.000002", to);
    story_line(
        &s, "15:03:09",
        "postfix/smtp[695]: CF976AAEA27: to=<b@example.net>, relay=sink.example.net[198.51.100.50]:25, delay=0.04, "
        "delays=0.01/0.03/0.01/0, dsn=2.0.0, status=sent (250 2.0.0 Ok)");
    story_finish(&s);
    ck_assert_uint_eq(story_count(&s, "delivery"), 2);
    story_is(&s, "delivery", 0, "tls.version", "TLSv1.3");
    story_is(&s, "delivery", 1, "tls.version", "-");
}

START_TEST(test_handshake_read_again_while_it_waits_is_no_other_connection)
{
    read_handshake_again(false);
}
END_TEST

START_TEST(test_handshake_read_again_later_is_no_other_connection)
{
    read_handshake_again(true);
}
END_TEST

/* The id is by the last line: a session whose beginning is not known is the same one. */
START_TEST(test_session_read_from_its_middle_on_has_the_same_id)
{
    static const char *const lines[] = {
        "postfix/smtpd[9]: connect from unknown[192.0.2.1]",
        "postfix/smtpd[9]: warning: unknown[192.0.2.1]: SASL LOGIN authentication failed: UGFzc3dvcmQ6",
        "postfix/smtpd[9]: disconnect from unknown[192.0.2.1] ehlo=1 auth=0/1 quit=1 commands=2/3"};
    char id[33] = "";

    for (size_t from = 0; from < 2; from++) {
        struct story part;
        const char *text;
        story_start(&part, NULL);
        for (size_t i = from; i < 3; i++) {
            char time[] = "10:00:00";
            time[7] = (char)('0' + i);
            story_line(&part, time, lines[i]);
        }
        story_finish(&part);
        text = story_text(story_event(&part, "session", 0), "id");
        ck_assert(!from || strcmp(text, id) == 0);
        snprintf(id, sizeof id, "%s", text);
        story_end(&part);
    }
}
END_TEST

START_TEST(test_failed_login_is_a_session_event)
{
    story_line(&s, "10:00:00", SMTPD "connect from " NAME);
    story_line(&s, "10:00:01", SMTPD "warning: " NAME ": SASL LOGIN authentication failed: UGFzc3dvcmQ6");
    story_line(&s, "10:00:02", SMTPD "lost connection after AUTH from " NAME);
    story_line(&s, "10:00:02", SMTPD "disconnect from " NAME " ehlo=1 auth=0/1 commands=1/2");
    story_line(&s, "10:00:09", SMTPD "connect from " NAME);
    ck_assert_uint_eq(story_count(&s, "session"), 1);
    story_is(&s, "session", 0, "reason", "auth-failed");
    story_is(&s, "session", 0, "stage", "AUTH");
    story_is(&s, "session", 0, "mechanism", "LOGIN");
    story_is(&s, "session", 0, "client.ip", "198.51.100.4");
    story_is(&s, "session", 0, "commands", "{\"ehlo\":1,\"auth\":1}");
    story_is(&s, "session", 0, "accepted", "{\"ehlo\":1,\"auth\":0}");
    story_is(&s, "session", 0, "time", "2024-03-07T10:00:02+00:00");
}
END_TEST

START_TEST(test_entry_of_a_broken_session_is_given_up)
{
    story_line(&s, "10:00:00", SMTPD "connect from " NAME);
    story_line(&s, "10:00:01", SMTPD "3F2A1C0: client=" NAME);
    story_line(&s, "10:00:02", SMTPD "lost connection after DATA (512 bytes) from " NAME);
    story_line(&s, "10:00:02", SMTPD "disconnect from " NAME " ehlo=1 mail=1 rcpt=1 data=0/1 commands=3/4");
    story_line(&s, "10:00:09", SMTPD "connect from " NAME);
    story_is(&s, "message", 0, "result", "incomplete");
    story_is(&s, "message", 0, "reason", "lost-connection");
    story_is(&s, "session", 0, "reason", "lost-connection");
}
END_TEST

START_TEST(test_entry_that_came_whole_outlives_its_session)
{
    story_line(&s, "10:00:00", SMTPD "connect from " NAME);
    story_line(&s, "10:00:01", SMTPD "3F2A1C0: client=" NAME);
    story_line(&s, "10:00:01", "postfix/cleanup[41]: 3F2A1C0: message-id=<m1@example.org>");
    story_line(&s, "10:00:02", SMTPD "lost connection after END-OF-MESSAGE from " NAME);
    story_line(&s, "10:00:02", SMTPD "disconnect from " NAME " ehlo=1 mail=1 rcpt=1 data=1 commands=4");
    story_line(&s, "10:00:30", "postfix/qmgr[42]: 3F2A1C0: from=<ann@example.org>, size=512, nrcpt=1 (queue active)");
    story_line(&s, "10:00:31", TO("3F2A1C0"));
    story_line(&s, "10:00:31", "postfix/qmgr[42]: 3F2A1C0: removed");
    story_finish(&s);
    ck_assert_uint_eq(story_count(&s, "message"), 1);
    story_is(&s, "message", 0, "result", "sent");
    story_is(&s, "message", 0, "message_id", "m1@example.org");
}
END_TEST

START_TEST(test_postscreen_sessions_of_one_process_are_told_apart)
{
    story_line(&s, "10:00:00", "postfix/postscreen[30]: CONNECT from [198.51.100.4]:1001 to [192.0.2.1]:25");
    story_line(&s, "10:00:00", "postfix/postscreen[30]: CONNECT from [198.51.100.5]:1002 to [192.0.2.1]:25");
    story_line(&s, "10:00:01",
               "postfix/postscreen[30]: PREGREET 11 after 0.1 from [198.51.100.5]:1002: EHLO spam\\r\\n");
    story_line(&s, "10:00:02", "postfix/postscreen[30]: DISCONNECT [198.51.100.5]:1002");
    story_line(&s, "10:00:03", "postfix/postscreen[30]: PASS NEW [198.51.100.4]:1001");
    story_finish(&s);
    ck_assert_uint_eq(story_count(&s, "session"), 1);
    story_is(&s, "session", 0, "reason", "pregreet");
    story_is(&s, "session", 0, "client", "{\"ip\":\"198.51.100.5\",\"port\":1002}");
}
END_TEST

START_TEST(test_sessions_do_not_stay_for_ever)
{
    char time[40], text[200];

    for (int i = 0; i < 2000; i++) {
        snprintf(time, sizeof time, "%02d:%02d:%02d", 10 + i / 600, i / 10 % 60, i % 10 * 6);
        snprintf(text, sizeof text, "postfix/smtpd[%d]: connect from " NAME, 1000 + i);
        story_line(&s, time, text);
    }
    ck_assert_uint_le(story_stats(&s).sessions, 110); /* ten minutes' worth */
}
END_TEST

Suite *mt_suite_session(void)
{
    const TTest *const tests[] = {
        test_tls_and_login_of_the_session_reach_the_client,
        test_next_session_of_the_process_does_not_inherit_tls,
        test_other_process_and_other_host_do_not_share_sessions,
        test_sendmail_login_and_tls_reach_the_message,
        test_outgoing_tls_belongs_to_the_entry_it_was_made_for,
        test_handshake_behind_its_delivery_with_the_same_stamp_counts,
        test_handshake_read_again_while_it_waits_is_no_other_connection,
        test_handshake_read_again_later_is_no_other_connection,
        test_session_read_from_its_middle_on_has_the_same_id,
        test_failed_login_is_a_session_event,
        test_entry_of_a_broken_session_is_given_up,
        test_entry_that_came_whole_outlives_its_session,
        test_postscreen_sessions_of_one_process_are_told_apart,
        test_sessions_do_not_stay_for_ever,
    };
    Suite *suite = suite_create("session");
    TCase *sessions = tcase_create("sessions");

    tcase_add_checked_fixture(sessions, setup, teardown);
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        tcase_add_test(sessions, tests[i]);
    }
    suite_add_tcase(suite, sessions);
    return suite;
}
