/* The odd corners of Postfix' lines: what is a queue ID, a delay, another server's queue ID, and where the
 * tail of a reject begins.
 */
#include "suites.h"

#include "mailtrace/parser.h"

#include <stdio.h>
#include <stdlib.h>

#include "lines.h"
#include "parser/postfix/postfix.h"

/* mail_queue.h */
START_TEST(test_only_queue_ids_are_queue_ids)
{
    static const struct {
        const char *text;
        bool is_id;
    } ids[] = {
        {"098F1A: removed", true},       {"098F1AAE9E9: removed", true},      {"098F1: removed", false},
        {"098f1aae9e9: removed", false}, {"4jX8mL6j5nz1drZQ: removed", true}, {"4jX8mL6j5nz1: removed", true},
        {"4jX8mL6j5nz: removed", false}, {"4jX8mL6j5z1drYQ: removed", false}, {"4jX8mL6j5naz1dr: removed", false},
        {"NOQUEUE: removed", false},     {"warning: removed", false},         {"FACADE:removed", false},
        {"connect: removed", false},     {"098F1AAE9E9 removed", false},
    };

    for (size_t i = 0; i < COUNT(ids); i++) {
        struct mt_line line = line_of("postfix/qmgr", ids[i].text);
        struct mt_record rec;
        mt_parse(&line, &rec);
        ck_assert_msg(mt_has(&rec.f, MT_F_QUEUE_ID) == ids[i].is_id, "%s", ids[i].text);
    }
}
END_TEST

/* mail_queue.h, in plain words. */
static bool is_queue_id(const char *p, size_t n)
{
    static const char safe[] = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"; /* safe_ultostr.c */
    size_t hex = 0, good = 0, last_z = 0;

    for (size_t i = 0; i < n; i++) {
        hex += p[i] && strchr("0123456789ABCDEF", p[i]);
        good += p[i] && strchr(safe, p[i]);
        last_z = p[i] == 'z' ? i : last_z;
    }
    return (n >= 6 && hex == n) || (good == n && last_z >= 10 && last_z + 1 < n);
}

/* "098F1AAE9E9: removed", and the ID alone, which ends with its memory. */
static void expect_queue_id(const char *p, size_t n, bool is_id)
{
    static const char tail[] = ": removed";
    char *copy = malloc(n + sizeof tail - 1), *alone = exact_copy(p, n);
    struct mt_line line = line_of("postfix/qmgr", "");
    struct mt_record rec;

    ck_assert(copy);
    memcpy(copy, p, n);
    memcpy(copy + n, tail, sizeof tail - 1);
    line.text = mt_slice(copy, n + sizeof tail - 1);
    ck_assert_msg((mt_parse(&line, &rec) == MT_RECOGNISED) == is_id, "%.*s", (int)n, p);
    ck_assert_msg(mt_get(&rec.f, MT_F_QUEUE_ID).n == (is_id ? n : 0), "%.*s", (int)n, p);
    ck_assert_msg((n && mt_postfix_queue_id(mt_slice(alone, n)) == n) == is_id, "%.*s alone", (int)n, p);
    free(alone);
    free(copy);
}

START_TEST(test_a_wrong_byte_anywhere_spoils_a_queue_id)
{
    static const char bytes[] = "09AFGZagz/:@[`{-._ \x7F\xB0\xC1\xFF\0";
    static const char *const ids[] = {"098F1A",
                                      "ABCDEF0",
                                      "0123456",
                                      "098F1AAE9E9",
                                      "098F1AAE9E90",
                                      "098F1AAE9E901",
                                      "098F1AAE9E9012",
                                      "098F1AAE9E90123",
                                      "0123456789ABCDEF",
                                      "0123456789ABCDEF0",
                                      "4jX8mL6j5nz1",
                                      "4jX8mL6j5nz1drZQ",
                                      "4jX8mL6j5nz1drZQbcdf",
                                      "4jX8mL6jzzz1drZQbc",
                                      "40000000005z1BCD",
                                      "4jX8mL6j5nKzzzzz1"};
    char id[32];

    for (size_t k = 0; k < COUNT(ids); k++) {
        size_t n = strlen(ids[k]);
        expect_queue_id(ids[k], n, true);
        for (size_t i = 0; i < n; i++) {
            for (size_t b = 0; b < sizeof bytes - 1; b++) {
                memcpy(id, ids[k], n);
                id[i] = bytes[b];
                expect_queue_id(id, n, is_queue_id(id, n));
            }
            expect_queue_id(ids[k], i, is_queue_id(ids[k], i));
        }
    }
}
END_TEST

/* log_adhoc.c. False: Postfix does not write it, and no part of the line is believed. */
START_TEST(test_delays_are_read_as_format_tv_writes_them)
{
    static const struct {
        const char *measures;
        bool good;
        int64_t usec[5];
    } rows[] = {
        {"delay=0.28, delays=0.28/0.01/0/0.2, dsn=2.0.0", true, {280000, 280000, 10000, 0, 200000}},
        {"delay=5, delays=5/0/0/0, dsn=2.0.0", true, {5000000, 5000000, 0, 0, 0}},
        {"delay=12, delays=0/12/5.1/431, dsn=2.0.0", true, {12000000, 0, 12000000, 5100000, 431000000}},
        {"delay=0.0012, delays=0.003/0.00045/0.000007/0, dsn=2.0.0", true, {1200, 3000, 450, 7, 0}},
        {"delay=5., delays=5/0/0/0, dsn=2.0.0", false, {0}},
        {"delay=.5, delays=5/0/0/0, dsn=2.0.0", false, {0}},
        {"delay=0.5, delays=0.5/.1/0/0, dsn=2.0.0", false, {0}},
        {"delay=0.5, delays=0.5/0.1/0, dsn=2.0.0", false, {0}},
        {"delay=0.5, delays=0.5/0.1//0, dsn=2.0.0", false, {0}},
        {"delay=0.5, delays=0.5/0.1/0/0/0, dsn=2.0.0", false, {0}},
        {"delay=, delays=0.5/0.1/0/0, dsn=2.0.0", false, {0}},
    };
    static const enum mt_field fields[] = {MT_F_DELAY, MT_F_DELAYS_BEFORE_QUEUE, MT_F_DELAYS_IN_QUEUE,
                                           MT_F_DELAYS_CONNECT, MT_F_DELAYS_TRANSMIT};
    char text[256];

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct mt_record rec;
        snprintf(text, sizeof text, "098F1AAE9E9: to=<b@c>, relay=local, %s, status=sent (x)", rows[i].measures);
        struct mt_line line = line_of("postfix/local", text);
        ck_assert_msg((mt_parse(&line, &rec) == MT_RECOGNISED) == rows[i].good, "%s", text);
        for (size_t f = 0; f < 5; f++) {
            ck_assert_msg(mt_get_int(&rec.f, fields[f], -1) == (rows[i].good ? rows[i].usec[f] : -1), "%zu: %s", f,
                          text);
        }
    }
}
END_TEST

START_TEST(test_the_next_queue_id_is_found_in_each_servers_words)
{
    static const struct {
        const char *response, *id;
    } replies[] = {
        {"250 2.0.0 Ok: queued as 4jX8mH6GrSz1drYQ", "4jX8mH6GrSz1drYQ"},
        {"250 2.0.0 Ok: 1451 bytes queued as 4D1F2AAE9B1", "4D1F2AAE9B1"},
        {"250 2.0.0 6AM0HoS2000124 Message accepted for delivery", "6AM0HoS2000124"},
        {"250 2.0.0 f22ab30f Message accepted for delivery", "f22ab30f"},
        {"250 2.0.0 Message accepted for delivery", ""},
        {"250 OK id=1rXyzA-0000000Abcd-2KLm", "1rXyzA-0000000Abcd-2KLm"},
        {"250 Ok. 0000000000040A3B.00000000691FD2A5.00001A2B", "0000000000040A3B.00000000691FD2A5.00001A2B"},
        {"250 2.0.0 Ok, id=12345-01, from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 4D1F2AAE9B1",
         "4D1F2AAE9B1"},
        {"250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 4D1F2AAE9B1", "4D1F2AAE9B1"},
        {"250 2.0.0 Ok: queued as 4D1F2AAE9B1.", "4D1F2AAE9B1"},
        {"250 2.0.0 Ok: accepted 250-2.0.0 second line 250 2.0.0 queued as S1", "S1"},
        {"250 queued as ", ""},
        {"250 Ok", ""},
    };
    char text[512];

    for (size_t i = 0; i < COUNT(replies); i++) {
        struct mt_record rec;
        snprintf(text, sizeof text,
                 "098F1AAE9E9: to=<b@c>, relay=h[192.0.2.1]:25, delay=0, dsn=2.0.0, status=sent (%s)",
                 replies[i].response);
        struct mt_line line = line_of("postfix/smtp", text);
        ck_assert_int_eq(mt_parse(&line, &rec), MT_RECOGNISED);
        struct mt_slice id = mt_get(&rec.f, MT_F_NEXT_QUEUE_ID);
        ck_assert_msg(mt_slice_eq(id, mt_slice_str(replies[i].id)), "%.*s from: %s", (int)id.n, id.p ? id.p : "",
                      replies[i].response);
    }
}
END_TEST

START_TEST(test_a_port_is_at_most_65535)
{
    static const struct {
        const char *relay;
        int64_t port;
    } relays[] = {
        {"h[192.0.2.1]:25", 25},   {"h[192.0.2.1]:65535", 65535}, {"h[192.0.2.1]:00025", 25}, {"h[192.0.2.1]", 0},
        {"h[192.0.2.1]:65536", 0}, {"h[192.0.2.1]:", 0},          {"h[192.0.2.1]:x", 0},
    };
    char text[256];

    for (size_t i = 0; i < COUNT(relays); i++) {
        struct mt_record rec;
        snprintf(text, sizeof text, "098F1AAE9E9: to=<b@c>, relay=%s, delay=0, dsn=2.0.0, status=sent (250 Ok)",
                 relays[i].relay);
        struct mt_line line = line_of("postfix/smtp", text);
        ck_assert_int_eq(mt_parse(&line, &rec), MT_RECOGNISED);
        ck_assert_msg(mt_get_int(&rec.f, MT_F_RELAY_PORT, 0) == relays[i].port, "%s", text);
    }
}
END_TEST

START_TEST(test_a_level_needs_no_more_than_a_letter_behind_it)
{
    static const struct {
        const char *text;
        enum mt_kind kind;
    } levels[] = {
        {"fatal: x", MT_KIND_FATAL}, {"error: x", MT_KIND_ERROR},    {"panic: x", MT_KIND_PANIC},
        {"fatal: ", MT_KIND_FATAL},  {"warning: ", MT_KIND_WARNING},
    };

    for (size_t i = 0; i < COUNT(levels); i++) {
        size_t n = strlen(levels[i].text);
        char *copy = exact_copy(levels[i].text, n);
        struct mt_line line = line_of("postfix/smtpd", "");
        struct mt_record rec;
        line.text = mt_slice(copy, n);
        ck_assert_int_eq(mt_parse(&line, &rec), MT_RECOGNISED);
        ck_assert_int_eq(rec.kind, levels[i].kind);
        line.text.n = 5;
        ck_assert_int_eq(mt_parse(&line, &rec), MT_UNRECOGNISED);
        free(copy);
    }
}
END_TEST

START_TEST(test_foreign_lines_are_told_by_the_program_alone)
{
    static const char *const programs[] = {
        "postfix/smtpd",
        "postfix/submission/smtpd",
        "postfix/",
        "postfix",
        "postfix-out/smtp",
        "postfix-out",
        "mx/qmgr",
        "mx/other",
        "sendmail",
        "sm-mta",
        "sm",
        "sm-msp-queue",
        "sendmail/x",
        "dovecot",
        "kernel",
        "sshd",
        "/",
        "",
        "p",
        "postfixx/smtpd",
    };

    for (size_t i = 0; i < COUNT(programs); i++) {
        for (uint8_t mta = 0; mta < MT_SOURCE_COUNT; mta++) {
            struct mt_line line = line_of(programs[i], "text"), told = {.program = line.program, .source = mta};
            struct mt_record rec;
            bool foreign;
            line.source = mta;
            foreign = mt_parse(&line, &rec) == MT_FOREIGN;
            /* A filter's program says other things, too. */
            ck_assert_msg(foreign ? mt_is_foreign(&told) || !mt_sources[rec.source]->is_mta : !mt_is_foreign(&told),
                          "%s, %d", programs[i], mta);
            ck_assert_msg(foreign || !mta || rec.source == mta, "%s, %d", programs[i], mta);
        }
    }
}
END_TEST

/* Other people's programs are called after Postfix, and may write what Postfix would. */
START_TEST(test_programs_named_like_postfix_are_foreign)
{
    static const char *const programs[] = {
        "postfix-exporter",         "postfix-tlspol", "postfix-local",
        "postfix-mta-sts-resolver", "postfix-out",    "postfix-policyd-spf-perl",
        "postfix/policyd-weight",   "postfix-out/x",  "postfixx/x",
        "postfix/smtpd/x",          "xpostfix",
    };

    for (size_t i = 0; i < COUNT(programs); i++) {
        struct mt_line line = line_of(programs[i], "098F1AAE9E9: to=<b@c>, relay=h[192.0.2.1]:25, delay=0, dsn=2.0.0, "
                                                   "status=sent (250 Ok)");
        struct mt_record rec;
        ck_assert_msg(mt_parse(&line, &rec) == MT_FOREIGN, "%s", programs[i]);
    }
}
END_TEST

START_TEST(test_a_service_has_its_daemons_role_and_its_own_name)
{
    static const struct {
        const char *program, *instance, *service;
        enum mt_role role;
    } rows[] = {
        {"postfix/smtpd", "", "smtpd", MT_ROLE_RECEIVES},
        {"postfix/submission/smtpd", "", "smtpd", MT_ROLE_RECEIVES},
        {"submission/smtpd", "submission", "smtpd", MT_ROLE_RECEIVES},
        {"postfix/relay/smtp", "", "smtp", MT_ROLE_DELIVERS},
        {"postfix-ip2/smtp", "postfix-ip2", "smtp", MT_ROLE_DELIVERS},
        {"postfix-in/qmgr", "postfix-in", "qmgr", MT_ROLE_QUEUE},
        {"postfix-in/cleanup", "postfix-in", "cleanup", MT_ROLE_QUEUE},
        {"postfix/pickup", "", "pickup", MT_ROLE_QUEUE},
        {"postfix/bounce", "", "bounce", MT_ROLE_QUEUE},
        {"postfix/postsuper", "", "postsuper", MT_ROLE_QUEUE},
        {"postfix/postfix-script", "", "postfix-script", MT_ROLE_OTHER},
        {"postfix", "", "postfix", MT_ROLE_OTHER},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct mt_line line = line_of(rows[i].program, "fatal: x");
        struct mt_record rec;
        ck_assert_int_eq(mt_parse(&line, &rec), MT_RECOGNISED);
        ck_assert_msg(rec.role == rows[i].role, "%s", rows[i].program);
        expect_slice(mt_get(&rec.f, MT_F_INSTANCE), rows[i].instance, rows[i].program);
        expect_slice(rec.service, rows[i].service, rows[i].program);
    }
}
END_TEST

START_TEST(test_only_what_was_sent_has_a_next_queue_id)
{
    struct mt_line line = line_of("postfix/smtp", "098F1AAE9E9: to=<b@c>, relay=h[192.0.2.1]:25, delay=0, dsn=4.0.0, "
                                                  "status=deferred (250 Ok: queued as 4D1F2AAE9B1)");
    struct mt_record rec;

    ck_assert_int_eq(mt_parse(&line, &rec), MT_RECOGNISED);
    ck_assert(!mt_has(&rec.f, MT_F_NEXT_QUEUE_ID));
}
END_TEST

/* A line that was cut on its way may end where a stranger's words look like the tail. */
START_TEST(test_a_cut_line_has_no_tail_to_trust)
{
    struct mt_line line = line_of("postfix/smtpd", "NOQUEUE: reject: RCPT from unknown[192.0.2.1]: 450 4.7.1 <q; "
                                                   "from=<v@w> to=<x@y> proto=SMTP helo=<z>");
    struct mt_record rec;

    line.cut = true;
    ck_assert_int_eq(mt_parse(&line, &rec), MT_RECOGNISED);
    ck_assert_int_eq(rec.kind, MT_KIND_REJECT);
    ck_assert(!mt_has(&rec.f, MT_F_FROM));
    ck_assert(!mt_has(&rec.f, MT_F_TO));
    ck_assert_int_eq(mt_get_int(&rec.f, MT_F_REPLY_CODE, 0), 450);
}
END_TEST

/* 64 KiB of what looks like the start of a tail, again and again. */
START_TEST(test_a_line_full_of_tails_costs_little)
{
    static const char head[] = "NOQUEUE: reject: RCPT from unknown[192.0.2.1]: 550 ";
    static const char piece[] = "; from=<a@[";
    size_t n = 65536, at = sizeof head - 1;
    char *text = malloc(n);
    struct mt_line line = line_of("postfix/smtpd", "");
    struct mt_record rec;

    ck_assert_ptr_nonnull(text);
    memset(text, 'x', n);
    memcpy(text, head, at);
    for (; at + sizeof piece < n; at += sizeof piece - 1) {
        memcpy(text + at, piece, sizeof piece - 1);
    }
    line.text = mt_slice(text, n);
    for (int i = 0; i < 1000; i++) {
        ck_assert_int_eq(mt_parse(&line, &rec), MT_RECOGNISED);
    }
    ck_assert(!mt_has(&rec.f, MT_F_FROM));
    free(text);
}
END_TEST

Suite *mt_suite_postfix_scan(void)
{
    Suite *suite = suite_create("postfix_scan");
    TCase *fields = tcase_create("fields");
    TCase *tails = tcase_create("tails");

    tcase_add_test(fields, test_only_queue_ids_are_queue_ids);
    tcase_add_test(fields, test_a_wrong_byte_anywhere_spoils_a_queue_id);
    tcase_add_test(fields, test_delays_are_read_as_format_tv_writes_them);
    tcase_add_test(fields, test_the_next_queue_id_is_found_in_each_servers_words);
    tcase_add_test(fields, test_programs_named_like_postfix_are_foreign);
    tcase_add_test(fields, test_a_service_has_its_daemons_role_and_its_own_name);
    tcase_add_test(fields, test_only_what_was_sent_has_a_next_queue_id);
    tcase_add_test(fields, test_a_port_is_at_most_65535);
    tcase_add_test(fields, test_a_level_needs_no_more_than_a_letter_behind_it);
    tcase_add_test(fields, test_foreign_lines_are_told_by_the_program_alone);
    suite_add_tcase(suite, fields);
    tcase_add_test(tails, test_a_cut_line_has_no_tail_to_trust);
    tcase_add_test(tails, test_a_line_full_of_tails_costs_little);
    suite_add_tcase(suite, tails);
    return suite;
}
