/* Sources, and what their lines do: the records of all servers say it in the same words. */
#include <check.h>

#include "lines.h"
#include "mailtrace/parser.h"
#include "suites.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define Q            "6AM0HoS2000124"
#define P            "098F1AAE9E9"

START_TEST(test_a_source_is_found_by_its_name)
{
    for (uint8_t i = 1; i < MT_SOURCE_COUNT; i++) {
        ck_assert_uint_eq(mt_source_find(mt_slice_str(mt_source_names[i])), i);
        ck_assert_ptr_nonnull(mt_sources[i]->read);
        ck_assert(mt_sources[i]->programs[0].name.n);
    }
    ck_assert_uint_eq(mt_source_find(MT_LIT("")), MT_SOURCE_NONE);
    ck_assert_uint_eq(mt_source_find(MT_LIT("postfi")), MT_SOURCE_NONE);
}
END_TEST

START_TEST(test_initials_are_those_of_all_programs)
{
    for (uint8_t i = 1; i < MT_SOURCE_COUNT; i++) {
        for (const struct mt_source_program *program = mt_sources[i]->programs; program->name.n; program++) {
            struct mt_line line = {.program = program->name};
            ck_assert_msg(!mt_is_foreign(&line), "%s: %s", mt_source_names[i], program->name.p);
        }
    }
}
END_TEST

START_TEST(test_no_two_kinds_have_the_same_rank)
{
    for (unsigned a = 1; a < MT_KIND_COUNT; a++) {
        for (unsigned b = 1; b < a; b++) {
            ck_assert_msg(mt_kind_ranks[a] != mt_kind_ranks[b], "%s, %s", mt_kind_names[a], mt_kind_names[b]);
        }
    }
}
END_TEST

static const struct {
    const char *program, *text;
    enum mt_effect effect;
} effects[] = {
    {"postfix/smtpd", P ": client=h[192.0.2.1]", MT_EFFECT_BEGINS},
    {"postfix/pickup", P ": uid=0 from=<root>", MT_EFFECT_SUBMITS},
    {"postfix/cleanup", P ": message-id=<a@b>", MT_EFFECT_NONE},
    {"postfix/qmgr", P ": from=<a@b>, size=1, nrcpt=1 (queue active)", MT_EFFECT_QUEUES},
    {"postfix/qmgr", P ": from=<a@b>, status=expired, returned to sender", MT_EFFECT_EXPIRES},
    {"postfix/qmgr", P ": removed", MT_EFFECT_ENDS},
    {"postfix/postsuper", P ": removed", MT_EFFECT_DELETES},
    {"postfix/cleanup", P ": removed (canceled)", MT_EFFECT_CANCELS},
    {"postfix/cleanup", P ": removed (discarded)", MT_EFFECT_DISCARDS},
    {"postfix/postsuper", P ": placed on hold", MT_EFFECT_HOLDS},
    {"postfix/postsuper", P ": released from hold", MT_EFFECT_RELEASES},
    {"postfix/postsuper", P ": requeued", MT_EFFECT_REQUEUES},
    {"postfix/smtp", P ": to=<a@b>, relay=h[192.0.2.1]:25, delay=1, dsn=2.0.0, status=sent (250 Ok)",
     MT_EFFECT_DELIVERS},
    {"postfix/local", P ": to=<a@b>, relay=local, delay=1, dsn=2.0.0, status=sent (forwarded as 4D1F2AAE9B1)",
     MT_EFFECT_FORWARDS},
    {"postfix/smtp", P ": to=<a@b>, relay=h[192.0.2.1]:25, delay=1, dsn=2.1.5, status=deliverable (250 Ok)",
     MT_EFFECT_PROBES},
    {"postfix/smtp", P ": to=<a@b>, relay=h[192.0.2.1]:25, delay=1, dsn=5.1.1, status=undeliverable (550 No)",
     MT_EFFECT_PROBES},
    {"postfix/bounce", P ": sender non-delivery notification: 4D1F2AAE9B1", MT_EFFECT_NOTIFIES},
    {"postfix/bounce", P ": sender delay notification: 4D1F2AAE9B1", MT_EFFECT_NOTIFIES_DELAY},
    {"postfix/bounce", P ": sender delivery status notification: 4D1F2AAE9B1", MT_EFFECT_NOTIFIES},
    {"postfix/smtpd",
     P ": reject: RCPT from h[192.0.2.1]: 550 5.1.1 <c@d>: No; from=<a@b> to=<c@d> proto=SMTP helo=<h>",
     MT_EFFECT_REFUSES_RECIPIENT},
    {"postfix/smtpd", P ": reject: DATA from h[192.0.2.1]: 550 5.7.1 No; from=<a@b> proto=SMTP helo=<h>",
     MT_EFFECT_REFUSES_MESSAGE},
    {"postfix/cleanup", P ": milter-reject: END-OF-MESSAGE from h[192.0.2.1]: 5.7.1 No; from=<a@b> proto=SMTP helo=<h>",
     MT_EFFECT_REFUSES_MESSAGE},
    {"postfix/cleanup", P ": reject: header Subject: x from h[192.0.2.1]; from=<a@b> to=<c@d> proto=SMTP helo=<h>: No",
     MT_EFFECT_REFUSES_MESSAGE},
    {"postfix/cleanup", P ": warning: header Subject: x from h[192.0.2.1]; from=<a@b> to=<c@d> proto=SMTP helo=<h>",
     MT_EFFECT_NONE},
    {"postfix/cleanup", P ": discard: header Subject: x from h[192.0.2.1]; from=<a@b> to=<c@d> proto=SMTP helo=<h>",
     MT_EFFECT_DISCARDS},
    {"postfix/cleanup", P ": milter-discard: END-OF-MESSAGE from h[192.0.2.1]: x; from=<a@b> proto=SMTP helo=<h>",
     MT_EFFECT_DISCARDS},
    {"postfix/cleanup", P ": hold: header Subject: x from h[192.0.2.1]; from=<a@b> to=<c@d> proto=SMTP helo=<h>",
     MT_EFFECT_HOLDS},
    {"postfix/smtpd", P ": reject_warning: RCPT from h[192.0.2.1]: 550 5.1.1 <c@d>: No; from=<a@b> to=<c@d> proto=SMTP",
     MT_EFFECT_NONE},
    {"postfix/cleanup", "warning: " P ": queue file size limit exceeded", MT_EFFECT_REFUSES_MESSAGE},
    {"sm-mta", Q ": from=<a@b>, size=1, class=0, nrcpts=1, proto=SMTP, daemon=MTA, relay=h [192.0.2.1]",
     MT_EFFECT_QUEUES},
    {"sendmail", Q ": from=a, size=1, class=0, nrcpts=1, msgid=<a@b>, relay=a@localhost", MT_EFFECT_SUBMITS},
    {"sm-mta", Q ": to=<a@b>, delay=00:00:01, mailer=esmtp, pri=1, relay=h. [192.0.2.1], dsn=2.0.0, stat=Sent (Ok)",
     MT_EFFECT_DELIVERS},
    {"sm-mta", Q ": to=<a@b>, delay=00:00:00, mailer=esmtp, pri=1, stat=queued", MT_EFFECT_NONE},
    {"sm-mta", Q ": to=<a@b>, delay=00:00:00, mailer=esmtp, pri=1, dsn=4.4.3, stat=queued", MT_EFFECT_NONE},
    {"sm-mta", Q ": to=<a@b>, delay=00:00:00, pri=1, stat=QUIT", MT_EFFECT_CANCELS},
    {"sm-mta", Q ": to=<a@b>, delay=00:00:00, pri=1, stat=Message exceeds maximum fixed size (300000)",
     MT_EFFECT_REFUSES_MESSAGE},
    {"sm-mta", Q ": 6AM0HsXS000772: DSN: User unknown", MT_EFFECT_NOTIFIES},
    {"sm-mta", Q ": 6AM0HsXS000772: DSN: Return receipt", MT_EFFECT_NOTIFIES},
    {"sm-mta", Q ": 6AM0HsXS000772: sender notify: Warning: could not send message for past 4 hours",
     MT_EFFECT_NOTIFIES_DELAY},
    {"sm-mta", Q ": 6AM0HsXS000772: DSN: Cannot send message for 5 days", MT_EFFECT_NOTIFIES_EXPIRY},
    {"sm-mta", Q ": 6AM0HsXS000772: clone: owner=carol", MT_EFFECT_FORWARDS},
    {"sm-mta", Q ": done; delay=00:00:01, ntries=1", MT_EFFECT_ENDS},
    {"sm-mta", Q ": discarded", MT_EFFECT_DISCARDS},
    {"sm-mta", Q ": quarantine=x", MT_EFFECT_HOLDS},
    {"sm-mta", Q ": unquarantine", MT_EFFECT_RELEASES},
    {"sm-mta", Q ": ruleset=check_rcpt, arg1=<a@b>, relay=h [192.0.2.1], reject=550 5.7.1 No",
     MT_EFFECT_REFUSES_RECIPIENT},
    {"sm-mta", Q ": ruleset=check_eoh, arg1=x, relay=h [192.0.2.1], reject=550 5.7.1 No", MT_EFFECT_REFUSES_MESSAGE},
    {"sm-mta", Q ": ruleset=check_rcpt, arg1=<a@b>, relay=h [192.0.2.1], discard", MT_EFFECT_DISCARDS},
    {"sm-mta", Q ": Milter: data, reject=550 5.7.1 No", MT_EFFECT_REFUSES_MESSAGE},
    {"sm-mta", Q ": Milter: data, discard", MT_EFFECT_DISCARDS},
    {"sm-mta", Q ": Milter: to=<a@b>, reject=550 5.7.1 No", MT_EFFECT_REFUSES_RECIPIENT},
    {"sm-mta", Q ": milter=x, action=eoh, reject=550 5.7.1 No", MT_EFFECT_NONE},
    {"sm-mta", Q ": <a@b>... User unknown", MT_EFFECT_REFUSES_RECIPIENT},
};

START_TEST(test_what_a_line_does_is_said_without_the_servers_words)
{
    struct mt_line line = line_of(effects[_i].program, effects[_i].text);
    struct mt_record rec;

    ck_assert_msg(mt_parse(&line, &rec) == MT_RECOGNISED, "%s", effects[_i].text);
    ck_assert_msg(rec.effect == effects[_i].effect, "%d: %s", rec.effect, effects[_i].text);
}
END_TEST

static const struct {
    const char *program, *text;
    enum mt_trouble trouble;
} troubles[] = {
    {"postfix/smtpd", "lost connection after DATA from h[192.0.2.1]", MT_TROUBLE_LOST_CONNECTION},
    {"postfix/smtpd", "timeout after DATA from h[192.0.2.1]", MT_TROUBLE_TIMEOUT},
    {"postfix/smtpd", "too many errors after RCPT from h[192.0.2.1]", MT_TROUBLE_TOO_MANY_ERRORS},
    {"postfix/smtpd", "improper command pipelining after EHLO from h[192.0.2.1]: x", MT_TROUBLE_PIPELINING},
    {"postfix/smtpd", "SSL_accept error from h[192.0.2.1]: -1", MT_TROUBLE_TLS_FAILED},
    {"postfix/smtpd", "warning: h[192.0.2.1]: SASL PLAIN authentication failed: x", MT_TROUBLE_AUTH_FAILED},
    {"postfix/smtpd", "warning: h[192.0.2.1]: SASL PLAIN authentication failed: generic failure",
     MT_TROUBLE_AUTH_ERROR},
    {"postfix/smtpd", "warning: Connection rate limit exceeded: 9 from h[192.0.2.1] for service smtp",
     MT_TROUBLE_RATE_LIMIT},
    {"postfix/smtpd", "connect from h[192.0.2.1]", MT_TROUBLE_NONE},
    {"postfix/postscreen", "PREGREET 9 after 0.1 from [192.0.2.1]:4711: x", MT_TROUBLE_PREGREET},
    {"postfix/postscreen", "DNSBL rank 3 for [192.0.2.1]:4711", MT_TROUBLE_BLOCKLIST},
    {"postfix/postscreen", "BARE NEWLINE from [192.0.2.1]:4711 after RCPT", MT_TROUBLE_PROTOCOL_ERROR},
    {"sm-mta", Q ": lost input channel from h [192.0.2.1] to MTA after rcpt", MT_TROUBLE_LOST_CONNECTION},
    {"sm-mta", Q ": timeout waiting for input from h during server cmd read", MT_TROUBLE_TIMEOUT},
    {"sm-mta", "AUTH failure (PLAIN): x (-13) y, relay=h [192.0.2.1]", MT_TROUBLE_AUTH_FAILED},
    {"sm-mta", "AUTH failure (PLAIN): x (-1) y, relay=h [192.0.2.1]", MT_TROUBLE_AUTH_ERROR},
    {"sm-mta", "STARTTLS=server, error: accept failed=-1, reason=x, relay=h [192.0.2.1]", MT_TROUBLE_TLS_FAILED},
};

START_TEST(test_a_reason_is_a_trouble_of_its_session)
{
    struct mt_line line = line_of(troubles[_i].program, troubles[_i].text);
    struct mt_record rec;

    ck_assert_msg(mt_parse(&line, &rec) == MT_RECOGNISED, "%s", troubles[_i].text);
    ck_assert_msg(rec.trouble == troubles[_i].trouble, "%d: %s", rec.trouble, troubles[_i].text);
    ck_assert(mt_slice_eq(mt_get(&rec.f, MT_F_REASON), mt_slice_str(mt_trouble_names[rec.trouble])));
}
END_TEST

START_TEST(test_a_process_that_serves_many_tells_them_apart)
{
    static const struct {
        const char *program, *text, *session;
    } rows[] = {
        {"postfix/postscreen", "CONNECT from [192.0.2.1]:4711 to [192.0.2.2]:25", "192.0.2.1]:4711"},
        {"postfix/postscreen", "HANGUP after 1 from [192.0.2.1]:4711 in tests after SMTP handshake", "192.0.2.1]:4711"},
        {"postfix/tlsproxy", "CONNECT from [192.0.2.1]:4711", "192.0.2.1]:4711"},
        {"postfix/smtpd", "connect from h[192.0.2.1]:4711", ""},
        {"postfix/smtpd", "connect from h[192.0.2.1]", ""},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct mt_line line = line_of(rows[i].program, rows[i].text);
        struct mt_record rec;
        ck_assert_int_eq(mt_parse(&line, &rec), MT_RECOGNISED);
        expect_slice(rec.session, rows[i].session, rows[i].text);
    }
}
END_TEST

START_TEST(test_an_empty_text_need_not_be_anywhere)
{
    for (uint8_t i = 1; i < MT_SOURCE_COUNT; i++) {
        struct mt_line line = line_of("x", "");
        struct mt_record rec;
        line.source = i;
        line.text = mt_slice(NULL, 0);
        ck_assert_int_eq(mt_parse(&line, &rec), mt_sources[i]->is_mta ? MT_UNRECOGNISED : MT_FOREIGN);
    }
}
END_TEST

Suite *mt_suite_source(void)
{
    Suite *suite = suite_create("source");
    TCase *lines = tcase_create("lines");

    tcase_add_test(lines, test_a_source_is_found_by_its_name);
    tcase_add_test(lines, test_initials_are_those_of_all_programs);
    tcase_add_test(lines, test_no_two_kinds_have_the_same_rank);
    tcase_add_loop_test(lines, test_what_a_line_does_is_said_without_the_servers_words, 0, COUNT(effects));
    tcase_add_loop_test(lines, test_a_reason_is_a_trouble_of_its_session, 0, COUNT(troubles));
    tcase_add_test(lines, test_a_process_that_serves_many_tells_them_apart);
    tcase_add_test(lines, test_an_empty_text_need_not_be_anywhere);
    suite_add_tcase(suite, lines);
    return suite;
}
