/* Which entry a filter's line is merged into, whenever it comes. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "correlate/early.h"
#include "correlate/internal.h"
#include "lines.h"
#include "story.h"
#include "suites.h"

#define CLIENT(id) "postfix/smtpd[4]: " id ": client=a.test[192.0.2.1]"
#define MID(id)    "postfix/cleanup[5]: " id ": message-id=<m@b.test>"
#define QUEUED(id) "postfix/qmgr[6]: " id ": from=<s@b.test>, size=7, nrcpt=1 (queue active)"
#define SENT(id) \
    "postfix/local[7]: " id ": to=<r@c.test>, relay=local, delay=1, delays=1/0/0/0, dsn=2.0.0, status=sent (ok)"
#define REMOVED(id)  "postfix/qmgr[6]: " id ": removed"
#define REINJECT(id) "postfix/smtpd[8]: " id ": client=localhost[127.0.0.1]"
#define TO_FILTER(id, status)                                                                             \
    "postfix/smtp[9]: " id ": to=<r@c.test>, relay=127.0.0.1[127.0.0.1]:10024, delay=1, delays=1/0/0/0, " \
    "dsn=2.0.0, status=" status
#define RSPAMD(qid, score)                                                                                       \
    "rspamd[3]: <95b4ff>; proxy; rspamd_task_write_log: id: <m@b.test>, " qid "(default: F (no action): [" score \
    "/15.00] []), len: 369, time: 8.1ms, dns req: 3, digest: <360d5749d18ce1fd988d1be7eb3ca251>"
#define AMAVIS(action, end)                                                                                         \
    "amavis[2]: (01213-01) " action " {RelayedInbound}, <s@b.test> -> <r@c.test>, mail_id: X, Hits: 1, size: 7" end \
    ", 3 ms"

static void end_entry(struct story *s, const char *time)
{
    story_line(s, time, SENT("3F2A1C0"));
    story_line(s, time, REMOVED("3F2A1C0"));
    story_finish(s);
}

static void begin_entry(struct story *s, const char *time)
{
    story_line(s, time, CLIENT("3F2A1C0"));
    story_line(s, time, MID("3F2A1C0"));
    story_line(s, time, QUEUED("3F2A1C0"));
}

START_TEST(test_by_queue_id_before_and_behind_the_first_line)
{
    struct story s;

    story_start(&s, NULL);
    if (_i) {
        story_line(&s, "10:00:00", RSPAMD("qid: <3F2A1C0>, ", "1.00"));
    }
    begin_entry(&s, "10:00:04");
    if (!_i) {
        story_line(&s, "10:00:05", RSPAMD("qid: <3F2A1C0>, ", "1.00"));
    }
    story_line(&s, "10:00:06", RSPAMD("qid: <4444444>, ", "2.00"));
    end_entry(&s, "10:00:07");
    story_is(&s, "message", 0, "verdicts.spam",
             "[{\"by\":\"rspamd\",\"action\":\"no action\",\"score\":1,\"required\":15}]");
    story_is(&s, "message", 0, "arrived", "2024-03-07T10:00:04+00:00");
    story_is(&s, "message", 0, "lines", "6");
    ck_assert_uint_eq(story_stats(&s).verdicts_unjoined, 1);
    story_end(&s);
}
END_TEST

START_TEST(test_a_repeat_is_one_and_a_verdict_that_is_said_again_is_one)
{
    struct story s;

    story_start(&s, NULL);
    story_line(&s, "10:00:00", RSPAMD("qid: <3F2A1C0>, ", "1.00"));
    story_line(&s, "10:00:00", RSPAMD("qid: <3F2A1C0>, ", "1.00"));
    begin_entry(&s, "10:00:04");
    story_line(&s, "10:00:00", RSPAMD("qid: <3F2A1C0>, ", "1.00"));
    story_line(&s, "10:00:05", RSPAMD("qid: <3F2A1C0>, ", "1.00"));
    end_entry(&s, "10:00:07");
    story_is(&s, "message", 0, "verdicts.spam.1", "-");
    story_is(&s, "message", 0, "lines", "8"); /* a filter may well say the same twice in a second */
    ck_assert_uint_eq(story_stats(&s).repeated, 1);
    ck_assert_uint_eq(story_stats(&s).verdicts_unjoined, 0);
    story_end(&s);
}
END_TEST

START_TEST(test_a_refused_message_has_its_verdicts)
{
    struct story s;

    story_start(&s, NULL);
    begin_entry(&s, "10:00:00");
    story_line(&s, "10:00:01",
               "postfix/cleanup[5]: 3F2A1C0: milter-reject: END-OF-MESSAGE from a.test[192.0.2.1]: 5.7.1 "
               "Spam; from=<s@b.test> to=<r@c.test> proto=ESMTP helo=<a.test>");
    story_line(&s, "10:00:02", RSPAMD("qid: <3F2A1C0>, ", "20.00"));
    story_finish(&s);
    story_is(&s, "message", 0, "result", "rejected");
    story_is(&s, "message", 0, "verdicts.spam.0.score", "20");
    story_end(&s);
}
END_TEST

/* The queue ID is another entry's now: what comes behind the end of the one before is not of that. */
START_TEST(test_a_verdict_is_of_the_entry_that_has_the_queue_id_by_then)
{
    struct story s;

    story_start(&s, NULL);
    begin_entry(&s, "10:00:00");
    story_line(&s, "10:00:00", SENT("3F2A1C0"));
    story_line(&s, "10:00:00", REMOVED("3F2A1C0"));
    story_line(&s, "10:00:01", RSPAMD("qid: <3F2A1C0>, ", "3.00"));
    begin_entry(&s, "10:00:01");
    end_entry(&s, "10:00:07");
    ck_assert_uint_eq(story_count(&s, "message"), 2);
    story_is(&s, "message", 0, "verdicts", "-");
    story_is(&s, "message", 1, "verdicts.spam.0.score", "3");
    story_end(&s);
}
END_TEST

/* Mail that was submitted on the host has no queue ID for the filter. */
START_TEST(test_by_what_was_handed_back)
{
    struct story s;
    const char *lines[] = {AMAVIS("Passed CLEAN", ", queued_as: 4D1F2C1"),
                           TO_FILTER("3F2A1C0", "sent (250 2.0.0 Ok: queued as 4D1F2C1)")};

    story_start(&s, NULL);
    begin_entry(&s, "10:00:00");
    story_line(&s, "10:00:01", REINJECT("4D1F2C1"));
    story_line(&s, "10:00:01", MID("4D1F2C1"));
    story_line(&s, "10:00:01", QUEUED("4D1F2C1"));
    story_line(&s, "10:00:02", lines[_i]);
    story_line(&s, "10:00:02", lines[!_i]);
    story_line(&s, "10:00:02", REMOVED("3F2A1C0"));
    story_line(&s, "10:00:03", SENT("4D1F2C1"));
    story_line(&s, "10:00:03", REMOVED("4D1F2C1"));
    story_finish(&s);
    story_is(&s, "message", 0, "queue_id", "3F2A1C0");
    story_is(&s, "message", 0, "verdicts.spam.0.category", "CLEAN");
    story_is(&s, "message", 1, "parent_queue_id", "3F2A1C0");
    story_is(&s, "message", 1, "origin", "filter");
    story_is(&s, "message", 1, "verdicts", "-");
    story_end(&s);
}
END_TEST

START_TEST(test_by_the_filters_own_number)
{
    struct story s;
    const char *lines[] = {AMAVIS("Blocked SPAM", ""),
                           TO_FILTER("3F2A1C0", "sent (250 2.7.0 Ok, discarded, id=01213-01 - spam)")};

    story_start(&s, NULL);
    begin_entry(&s, "10:00:00");
    story_line(&s, "10:00:02", lines[_i]);
    story_line(&s, "10:00:02", lines[!_i]);
    story_line(&s, "10:00:02", REMOVED("3F2A1C0"));
    story_finish(&s);
    story_is(&s, "message", 0, "verdicts.spam.0.action", "blocked");
    ck_assert_uint_eq(story_stats(&s).verdicts_unjoined, 0);
    story_end(&s);
}
END_TEST

/* What a policy service said comes first, among whatever other filters say in the same second. */
START_TEST(test_by_client_and_sender)
{
    struct story s;
    char text[300];

    story_start(&s, NULL);
    begin_entry(&s, "10:00:00");
    for (int i = 0; i < 20; i++) {
        snprintf(text, sizeof text, RSPAMD("qid: <3F2A1C0>, ", "%d.00"), i);
        story_line(&s, "10:00:00", text);
    }
    story_line(&s, "10:00:00",
               "policyd-spf[1]: : prepend Received-SPF: Pass (mailfrom) identity=mailfrom; "
               "client-ip=192.0.2.1; helo=a.test; envelope-from=s@b.test; receiver=c.test ");
    end_entry(&s, "10:00:07");
    story_is(&s, "message", 0, "verdicts.spf.0.domain", "b.test");
    ck_assert_uint_eq(story_stats(&s).verdicts_unjoined, 0);
    story_end(&s);
}
END_TEST

#define POLICY                                                                    \
    "policyd-spf[1]: : prepend Received-SPF: Pass (mailfrom) identity=mailfrom; " \
    "client-ip=192.0.2.1; helo=a.test; envelope-from=s@b.test; receiver=c.test "

/* Two mails of one client and sender in one second: what is said of them looks the same. */
START_TEST(test_of_two_mails_of_a_second_each_has_its_line)
{
    struct story s;

    story_start(&s, NULL);
    story_line(&s, "10:00:00", POLICY);
    story_line(&s, "10:00:00", CLIENT("3F2A1C0"));
    story_line(&s, "10:00:00", POLICY);
    story_line(&s, "10:00:00", CLIENT("5F2A1C0"));
    for (int i = 0; i < 2; i++) {
        story_line(&s, "10:00:01", i ? QUEUED("5F2A1C0") : QUEUED("3F2A1C0"));
        story_line(&s, "10:00:01", i ? SENT("5F2A1C0") : SENT("3F2A1C0"));
        story_line(&s, "10:00:01", i ? REMOVED("5F2A1C0") : REMOVED("3F2A1C0"));
    }
    story_finish(&s);
    for (unsigned i = 0; i < 2; i++) {
        story_is(&s, "message", i, "verdicts.spf.0.domain", "b.test");
        story_is(&s, "message", i, "verdicts.spf.1", "-");
    }
    ck_assert_uint_eq(story_stats(&s).repeated, 0);
    ck_assert_uint_eq(story_stats(&s).verdicts_unjoined, 0);
    story_end(&s);
}
END_TEST

#define SPAMD                                                                    \
    "spamd[3]: spamd: result: . 1 - BAYES_50 "                                   \
    "scantime=0.4,size=512,user=u,uid=1,required_score=5.0,rhost=::1,raddr=::1," \
    "rport=4,mid=<m@b.test>,autolearn=no"

/* The mail is at its store already, under the same Message-ID: that is not what the filter has seen. */
START_TEST(test_a_verdict_passes_over_deliveries_of_a_mail_store)
{
    struct story s;

    story_start(&s, NULL);
    begin_entry(&s, "10:00:00");
    story_line(&s, "10:00:01", "dovecot: lmtp(r@c.test)<4><abcDEF>: msgid=<m@b.test>: saved mail to INBOX");
    story_line(&s, "10:00:02", SPAMD);
    end_entry(&s, "10:00:03");
    story_is(&s, "message", 0, "verdicts.spam.0.score", "1");
    ck_assert_uint_eq(story_stats(&s).verdicts_unjoined, 0);
    story_end(&s);
}
END_TEST

#define SCANNED_MAIL "MailScanner[3]: Message 3F2A1C0.A1B2C from 192.0.2.1 (s@b.test) to c.test is not spam"
#define REQUEUE      "MailScanner[3]: Requeue: 3F2A1C0.A1B2C to 4D1F2C1"

/* MailScanner takes what is on hold, and puts another entry in its place. */
START_TEST(test_what_a_filter_puts_in_place_of_an_entry_is_made_of_it)
{
    struct story s;
    const char *lines[] = {REQUEUE, QUEUED("4D1F2C1")};

    story_start(&s, NULL);
    story_line(&s, "10:00:00", CLIENT("3F2A1C0"));
    story_line(&s, "10:00:00", MID("3F2A1C0"));
    story_line(&s, "10:00:02", SCANNED_MAIL);
    story_line(&s, "10:00:03", lines[_i & 1]);
    story_line(&s, _i & 2 ? "10:00:03" : "10:00:04", lines[!(_i & 1)]);
    story_line(&s, "10:00:04", SENT("4D1F2C1"));
    story_line(&s, "10:00:04", REMOVED("4D1F2C1"));
    story_finish(&s);
    ck_assert_uint_eq(story_count(&s, "message"), 2);
    story_is(&s, "message", 0, "queue_id", "3F2A1C0");
    story_is(&s, "message", 0, "mta", "postfix");
    story_is(&s, "message", 0, "reason", "replaced");
    story_is(&s, "message", 0, "verdicts.spam.0.action", "not spam");
    story_is(&s, "message", 1, "queue_id", "4D1F2C1");
    story_is(&s, "message", 1, "mta", "postfix");
    story_is(&s, "message", 1, "result", "sent");
    story_is(&s, "message", 1, "origin", "filter");
    story_is(&s, "message", 1, "parent_queue_id", "3F2A1C0");
    story_is(&s, "message", 1, "client.ip", "192.0.2.1");
    story_is(&s, "message", 1, "verdicts", "-");
    story_end(&s);
}
END_TEST

/* Of an entry that is not known it makes none. */
START_TEST(test_a_filter_names_no_entry_that_is_not_known)
{
    struct story s;

    story_start(&s, NULL);
    story_line(&s, "10:00:00", REQUEUE);
    story_line(&s, "10:00:01", CLIENT("5F2A1C0"));
    story_finish(&s);
    ck_assert_uint_eq(story_count(&s, "message"), 1);
    story_end(&s);
}
END_TEST

/* A server elsewhere says that it has queued what the filter has handed back: its word is a stranger's. */
START_TEST(test_a_strangers_reply_takes_no_verdict)
{
    struct story s;

    story_start(&s, NULL);
    begin_entry(&s, "10:00:00");
    story_line(&s, "10:00:01", AMAVIS("Passed CLEAN", ", queued_as: 4D1F2C1"));
    story_line(&s, "10:00:02",
               "postfix/smtp[9]: 3F2A1C0: to=<r@c.test>, relay=x.test[192.0.2.7]:25, delay=1, "
               "delays=1/0/0/0, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 4D1F2C1)");
    story_line(&s, "10:00:02", REMOVED("3F2A1C0"));
    story_finish(&s);
    story_is(&s, "message", 0, "verdicts", "-");
    ck_assert_uint_eq(story_stats(&s).verdicts_unjoined, 1);
    story_end(&s);
}
END_TEST

/* Two mails of one client and sender, with whatever filters there are; a content filter hands each back. */
static const struct timed_line {
    const char *time, *text;
} both[] = {
    {"10:00:00", POLICY},
    {"10:00:00", CLIENT("3F2A1C0")},
    {"10:00:00", MID("3F2A1C0")},
    {"10:00:00", RSPAMD("qid: <3F2A1C0>, ", "1.00")},
    {"10:00:00", "opendkim[3]: 3F2A1C0: DKIM verification successful"},
    {"10:00:00", "opendmarc[3]: 3F2A1C0: b.test pass"},
    {"10:00:00", QUEUED("3F2A1C0")},
    {"10:00:00", POLICY},
    {"10:00:00", CLIENT("5F2A1C0")},
    {"10:00:00", "postfix/cleanup[5]: 5F2A1C0: message-id=<n@b.test>"},
    {"10:00:00", RSPAMD("qid: <5F2A1C0>, ", "2.00")},
    {"10:00:00", "opendkim[3]: 5F2A1C0: no signature data"},
    {"10:00:00", QUEUED("5F2A1C0")},
    {"10:00:00", REINJECT("4D1F2C1")},
    {"10:00:00", MID("4D1F2C1")},
    {"10:00:00", QUEUED("4D1F2C1")},
    {"10:00:01", AMAVIS("Passed CLEAN", ", queued_as: 4D1F2C1")},
    {"10:00:01", TO_FILTER("3F2A1C0", "sent (250 2.0.0 Ok: queued as 4D1F2C1)")},
    {"10:00:01", REMOVED("3F2A1C0")},
    {"10:00:01", SENT("4D1F2C1")},
    {"10:00:01", REMOVED("4D1F2C1")},
    {"10:00:01", SENT("5F2A1C0")},
    {"10:00:01", REMOVED("5F2A1C0")},
};

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The lines in an order of their own, each again where `again`; all events, sorted. */
static char *events_of(unsigned seed, bool again)
{
    struct timed_line lines[COUNT(both)];
    struct mt_buffer out = {0};
    const char *texts[20];
    struct story s;

    memcpy(lines, both, sizeof both);
    for (size_t i = COUNT(both); seed && i > 1; i--) {
        size_t other = (seed = seed * 1103515245u + 12345u) / 65536 % i;
        struct timed_line line = lines[i - 1];
        lines[i - 1] = lines[other];
        lines[other] = line;
    }
    story_start(&s, NULL);
    for (size_t i = 0; i < COUNT(lines); i++) {
        story_line(&s, lines[i].time, lines[i].text);
    }
    story_line(&s, "10:00:30", "postfix/smtpd[4]: connect from a.test[192.0.2.1]");
    for (size_t i = 0; again && i < COUNT(lines); i++) {
        story_line(&s, lines[i].time, lines[i].text);
    }
    story_finish(&s);
    ck_assert_uint_le(s.n, COUNT(texts));
    for (size_t i = 0; i < s.n; i++) {
        texts[i] = json_object_to_json_string_ext(s.events[i], JSON_C_TO_STRING_PLAIN);
    }
    qsort(texts, s.n, sizeof *texts, by_text);
    for (size_t i = 0; i < s.n; i++) {
        mt_buffer_append(&out, texts[i], strlen(texts[i]));
        mt_buffer_append(&out, "\n", 1);
    }
    mt_buffer_append(&out, "", 1);
    ck_assert_uint_eq(story_stats(&s).verdicts_unjoined, 0);
    story_end(&s);
    return out.p;
}

START_TEST(test_verdicts_are_the_same_in_any_order_and_with_repeats)
{
    char *want = events_of(0, false);

    ck_assert_ptr_nonnull(strstr(want, "\"action\":\"passed\""));
    for (unsigned seed = 1; seed <= 200; seed++) {
        char *got = events_of(seed, seed & 1);
        ck_assert_msg(strcmp(got, want) == 0, "order %u gives other events:\n%s\n%s", seed, got, want);
        free(got);
    }
    free(want);
}
END_TEST

/* Verdicts of queue IDs that nobody has are bounded in number and time. */
START_TEST(test_verdicts_of_no_entry_are_bounded)
{
    struct mt_config config;
    struct story s;
    char text[300];

    mt_config_default(&config);
    config.max_memory = 4 << 20;
    story_start(&s, &config);
    for (int i = 0; i < 20000; i++) {
        snprintf(text, sizeof text, RSPAMD("qid: <F%06X>, ", "1.00"), (unsigned)i);
        story_line(&s, "10:00:00", text);
    }
    for (int i = 0; i < 100; i++) {
        snprintf(text, sizeof text, RSPAMD("qid: <3F2A1C0>, ", "%d.00"), i);
        story_line(&s, "10:00:01", text);
    }
    story_line(&s, "10:00:05", CLIENT("5F2A1C0"));
    ck_assert_uint_le(s.correlator->early.bytes, config.max_memory / 16);
    ck_assert_uint_gt(story_stats(&s).verdicts_unjoined, 100 - MT_EARLY_PER_NAME + 18000);
    story_line(&s, "10:20:00", CLIENT("6F2A1C0"));
    story_line(&s, "10:20:05", CLIENT("7F2A1C0"));
    ck_assert_uint_eq(story_stats(&s).verdicts_unjoined, 20100);
    ck_assert_uint_eq(s.correlator->early.bytes, 0);
    story_finish(&s);
    story_end(&s);
}
END_TEST

Suite *mt_suite_filtered(void)
{
    Suite *suite = suite_create("filtered");
    TCase *tests = tcase_create("joins");

    tcase_add_loop_test(tests, test_by_queue_id_before_and_behind_the_first_line, 0, 2);
    tcase_add_test(tests, test_a_repeat_is_one_and_a_verdict_that_is_said_again_is_one);
    tcase_add_test(tests, test_a_refused_message_has_its_verdicts);
    tcase_add_test(tests, test_a_verdict_is_of_the_entry_that_has_the_queue_id_by_then);
    tcase_add_loop_test(tests, test_by_what_was_handed_back, 0, 2);
    tcase_add_loop_test(tests, test_by_the_filters_own_number, 0, 2);
    tcase_add_test(tests, test_by_client_and_sender);
    tcase_add_test(tests, test_of_two_mails_of_a_second_each_has_its_line);
    tcase_add_test(tests, test_a_verdict_passes_over_deliveries_of_a_mail_store);
    tcase_add_loop_test(tests, test_what_a_filter_puts_in_place_of_an_entry_is_made_of_it, 0, 4);
    tcase_add_test(tests, test_a_filter_names_no_entry_that_is_not_known);
    tcase_add_test(tests, test_a_strangers_reply_takes_no_verdict);
    tcase_add_test(tests, test_verdicts_are_the_same_in_any_order_and_with_repeats);
    tcase_add_test(tests, test_verdicts_of_no_entry_are_bounded);
    suite_add_tcase(suite, tests);
    return suite;
}
