/* Syslog headers and tags. */
#include "suites.h"

#include <stdio.h>
#include <stdlib.h>

#include "lines.h"
#include "mailtrace/syslog.h"

/* 2026-11-22T00:00:00Z */
#define NOW INT64_C(1795305600000000)

struct header {
    const char *raw;
    enum mt_syslog_form form;
    const char *time, *host, *program;
    uint32_t pid;
    const char *text;
};

static void expect_header(const struct header *h)
{
    struct mt_zone zone = {.now = NOW, .fixed = true};
    struct mt_line line = {.source = 7, .order = 8, .cut = true};

    ck_assert_msg(mt_syslog_read(&zone, mt_slice_str(h->raw), &line) == h->form, "form of: %s", h->raw);
    expect_stamp(&line.time, h->time, h->raw);
    expect_slice(line.host, h->host, h->raw);
    expect_slice(line.program, h->program, h->raw);
    ck_assert_msg(line.pid == h->pid, "pid %u of: %s", line.pid, h->raw);
    expect_slice(line.text, h->text, h->raw);
    ck_assert(line.source == 7 && line.order == 8 && line.cut);
}

#define S "2026-11-22T00:17:50+00:00"
#define T MT_SYSLOG_TRADITIONAL
#define I MT_SYSLOG_RFC3339
#define F MT_SYSLOG_RFC5424

static const struct header traditional[] = {
    {"Nov 22 00:17:50 mx1 postfix/smtpd[123]: connect", T, S, "mx1", "postfix/smtpd", 123, "connect"},
    {"<22>Nov 22 00:17:50 mx1 postfix/smtpd[123]: connect", T, S, "mx1", "postfix/smtpd", 123, "connect"},
    {"Nov  2 00:17:50 mx1 sm-mta[9]: a", T, "2026-11-02T00:17:50+00:00", "mx1", "sm-mta", 9, "a"},
    {"Nov 2 00:17:50 mx1 sm-mta[9]: a", T, "2026-11-02T00:17:50+00:00", "mx1", "sm-mta", 9, "a"},
    {"Jan 01 00:17:50 mx1 sm-mta[9]: a", T, "2026-01-01T00:17:50+00:00", "mx1", "sm-mta", 9, "a"},
    {"Nov 22 00:17:50.25 mx1 a: b", T, "2026-11-22T00:17:50.25+00:00", "mx1", "a", 0, "b"},
    {"Nov 22 00:17:50.123456789 mx1 a: b", T, "2026-11-22T00:17:50.123456+00:00", "mx1", "a", 0, "b"},
    {"Nov 22 2021 00:17:50 mx1 a: b", T, "2021-11-22T00:17:50+00:00", "mx1", "a", 0, "b"},
    {"2021 Nov 22 00:17:50 mx1 a: b", T, "2021-11-22T00:17:50+00:00", "mx1", "a", 0, "b"},
    {"2021 Nov 2 00:17:50 mx1 a: b", T, "2021-11-02T00:17:50+00:00", "mx1", "a", 0, "b"},
    {"Dec 31 23:59:60 mx1 a: b", T, "2026-01-01T00:00:00+00:00", "mx1", "a", 0, "b"},
    {"Nov 22 00:17:50 mx1 <mail.notice> sm-mta[9]: a", T, S, "mx1", "sm-mta", 9, "a"},
    {"Nov 22 00:17:50 <mail.notice> mx1 sm-mta[9]: a", T, S, "mx1", "sm-mta", 9, "a"},
    {"Nov 22 00:17:50 <2.6> mx1 sm-mta[9]: a", T, S, "mx1", "sm-mta", 9, "a"},
    {"Nov 22 00:17:50 mx1 sendmail[9]: [ID 197553 mail.info] a", T, S, "mx1", "sendmail", 9, "a"},
    {"Nov 22 00:17:50 mx1 sendmail[9]: [ID x mail.info] a", T, S, "mx1", "sendmail", 9, "[ID x mail.info] a"},
    {"Nov 22 00:17:50 mx1 dma[baca78.559bf17fb680]: a", T, S, "mx1", "dma[baca78.559bf17fb680]", 0, "a"},
    {"Nov 22 00:17:50 mx1 dma[baca78.559bf17]x]: a", T, S, "mx1", "dma", 0, "a"},
    {"Nov 22 00:17:50 mx1 postfix/10025/smtpd[7]:  two blanks", T, S, "mx1", "postfix/10025/smtpd", 7, "two blanks"},
    {"Nov 22 00:17:50 mx1 postfix-10.20.30.40/smtp[7]: a", T, S, "mx1", "postfix-10.20.30.40/smtp", 7, "a"},
    {"Nov 22 00:17:50 mx1 courierd: a", T, S, "mx1", "courierd", 0, "a"},
    {"Nov 22 00:17:50 mx1 tag text: more", T, S, "mx1", "tag", 0, "text: more"},
    {"Nov 22 00:17:50 mx1 tag[7] text", T, S, "mx1", "tag", 7, "text"},
    {"Nov 22 00:17:50 mx1 sendmail[9]:text: a", T, S, "mx1", "sendmail", 9, "text: a"},
    {"Nov 22 00:17:50 mx1 sendmail:text", T, S, "mx1", "sendmail", 0, "text"},
    {"Nov 22 00:17:50 mx1 postfix/submission/smtpd[1234 text", T, S, "mx1", "postfix/submission/smtpd", 0, "text"},
    {"Nov 22 00:17:50 mx1 a[4294967295]: b", T, S, "mx1", "a", 4294967295U, "b"},
    {"Nov 22 00:17:50 mx1 a[4294967296]: b", T, S, "mx1", "a", 0, "b"},
    {"Nov 22 00:17:50 mx1 a[99999999999999999999]: b", T, S, "mx1", "a", 0, "b"},
    {"Nov 22 00:17:50 mx1 a[-1]: b", T, S, "mx1", "a", 0, "b"},
    {"Nov 22 00:17:50 mx1 a[]: b", T, S, "mx1", "a", 0, "b"},
    {"Nov 22 00:17:50 mx1.example.org a: b", T, S, "mx1.example.org", "a", 0, "b"},
    {"Nov 22 00:17:50 10.0.0.7 a: b", T, S, "10.0.0.7", "a", 0, "b"},
    {"Nov 22 00:17:50 fd77::21 a: b", T, S, "fd77::21", "a", 0, "b"},
    {"Nov 22 00:17:50 fd77:: a: b", T, S, "fd77::", "a", 0, "b"},
    {"Nov 22 00:17:50 postfix/smtpd[123]: no host", T, S, "", "postfix/smtpd", 123, "no host"},
    {"Nov 22 00:17:50  postfix/smtpd[123]: no host", T, S, "", "postfix/smtpd", 123, "no host"},
    {"Nov 22 00:17:50 mx1 a: : prepend", T, S, "mx1", "a", 0, ": prepend"},
    {"Nov 22 00:17:50 mx1 a:", T, S, "mx1", "a", 0, ""},
    {"Nov 22 00:17:50 mx1", T, S, "mx1", "", 0, ""},
    {"Nov 22 00:17:50 ", T, S, "", "", 0, ""},
    {"Nov 22 00:17:50", T, S, "", "", 0, ""},
};

START_TEST(test_traditional_header_is_read)
{
    expect_header(&traditional[_i]);
}
END_TEST

static const struct header rfc3339[] = {
    {S " mx1 postfix/smtpd[123]: connect", I, S, "mx1", "postfix/smtpd", 123, "connect"},
    {"<22>" S " mx1 postfix/smtpd[123]: connect", I, S, "mx1", "postfix/smtpd", 123, "connect"},
    {"2026-11-22T00:17:50.123456+01:00 mx1 a: b", I, "2026-11-22T00:17:50.123456+01:00", "mx1", "a", 0, "b"},
    {"2026-11-22T00:17:50.1-03:30 mx1 a: b", I, "2026-11-22T00:17:50.1-03:30", "mx1", "a", 0, "b"},
    {"2026-11-22T00:17:50+0100 mx1 a: b", I, "2026-11-22T00:17:50+01:00", "mx1", "a", 0, "b"},
    {"2026-11-22T00:17:50Z mx1 a: b", I, S, "mx1", "a", 0, "b"},
    {"2026-11-22t00:17:50z mx1 a: b", I, S, "mx1", "a", 0, "b"},
    {"2026-11-22T00:17:50 mx1 a: b", I, S, "mx1", "a", 0, "b"},
    {"2026-11-22T00:17:50,500 mx1 a: b", I, "2026-11-22T00:17:50.500+00:00", "mx1", "a", 0, "b"},
    {"2024-02-29T00:17:50Z mx1 a: b", I, "2024-02-29T00:17:50+00:00", "mx1", "a", 0, "b"},
    {"1969-12-31T23:59:59.5Z mx1 a: b", I, "1969-12-31T23:59:59.5+00:00", "mx1", "a", 0, "b"},
    {"0001-01-01T00:00:00+23:59 mx1 a: b", I, "0001-01-01T00:00:00+23:59", "mx1", "a", 0, "b"},
    {"9999-12-31T23:59:59-23:59 mx1 a: b", I, "9999-12-31T23:59:59-23:59", "mx1", "a", 0, "b"},
};

START_TEST(test_rfc3339_header_is_read)
{
    expect_header(&rfc3339[_i]);
}
END_TEST

static const struct header rfc5424[] = {
    {"<22>1 " S " relay1 sm-mta 124 - -  two blanks", F, S, "relay1", "sm-mta", 124, "two blanks"},
    {"<22>1 2026-11-22T00:17:50.958901+01:00 h a/b 7 ID - x", F, "2026-11-22T00:17:50.958901+01:00", "h", "a/b", 7,
     "x"},
    {"1 " S " mx1 a 7 - - without PRI", F, S, "mx1", "a", 7, "without PRI"},
    {"<22>1 " S " - - - - - nothing known", F, S, "", "", 0, "nothing known"},
    {"<22>1 - mx1 a 7 - - no time", F, "2026-11-22T00:00:00+00:00", "mx1", "a", 7, "no time"},
    {"<22>1 " S " mx1 a 7 - - \xEF\xBB\xBFwith a BOM", F, S, "mx1", "a", 7, "with a BOM"},
    {"<22>1 " S " mx1 a x7 - - pid of letters", F, S, "mx1", "a", 0, "pid of letters"},
    {"<22>1 " S " mx1 a[7]: - - - pid in the tag", F, S, "mx1", "a", 7, "pid in the tag"},
    {"<22>1 " S " mx1 a 7 - [x@1 k=\"v\"] t", F, S, "mx1", "a", 7, "t"},
    {"<22>1 " S " mx1 a 7 - [x@1][y k=\"v\" l=\"w\"] t", F, S, "mx1", "a", 7, "t"},
    {"<22>1 " S " mx1 a 7 - [x k=\"\\\"] \\] \\\\\"] t", F, S, "mx1", "a", 7, "t"},
    {"<22>1 " S " mx1 a 7 - [x k=\"a ] b\"] [t]", F, S, "mx1", "a", 7, "[t]"},
    {"<22>1 " S " mx1 a 7 - [x k=\"v\"]", F, S, "mx1", "a", 7, ""},
    {"<22>1 " S " mx1 a 7 - [never closed t", F, S, "mx1", "a", 7, "[never closed t"},
    {"<22>1 " S " mx1 a 7 - no data", F, S, "mx1", "a", 7, "no data"},
    {"<22>1 " S " mx1 a 7 - -", F, S, "mx1", "a", 7, ""},
    {"<22>1 " S " mx1 a", F, S, "mx1", "a", 0, ""},
    {"<22>1 " S, F, S, "", "", 0, ""},
};

START_TEST(test_rfc5424_header_is_read)
{
    expect_header(&rfc5424[_i]);
}
END_TEST

#define O MT_SYSLOG_OWN_LOG

static const struct header own_logs[] = {
    {"2026-11-22 00:17:50 1oXyz-000001-AB <= a@b.example", O, S, "", "exim", 0, "1oXyz-000001-AB <= a@b.example"},
    {"2026-11-22 00:17:50.250 1oXyz-000001-AB Completed", O, "2026-11-22T00:17:50.250+00:00", "", "exim", 0,
     "1oXyz-000001-AB Completed"},
    {"2026-11-22 00:17:50.250 +0100 [77] 1oXyz-000001-AB Completed", O, "2026-11-22T00:17:50.250+01:00", "", "exim", 77,
     "1oXyz-000001-AB Completed"},
    {"2026-11-22 00:17:50 -0330 Start queue run: pid=9", O, "2026-11-22T00:17:50-03:30", "", "exim", 0,
     "Start queue run: pid=9"},
    {"2026-11-22 00:17:50 +01000 is text", O, S, "", "exim", 0, "+01000 is text"},
    {"2026-11-22 00:17:50 [77]text", O, S, "", "exim", 77, "text"},
    {"2026-11-22 00:17:50 [x] text", O, S, "", "exim", 0, "[x] text"},
    {"2026-11-22 00:17:50 [192.0.2.1] text", O, S, "", "exim", 0, "[192.0.2.1] text"},
    {"2026-11-22 00:17:50 [4294967296] text", O, S, "", "exim", 0, "[4294967296] text"},
    {"2026-11-22 00:17:50", O, S, "", "exim", 0, ""},
    {"2026-11-22 00:17:50 #99(normal) <f3a2b1>; task; x", O, S, "", "rspamd", 99, "<f3a2b1>; task; x"},
    {"2026-11-22 00:17:50 #99 <f3a2b1>; task; x", O, S, "", "exim", 0, "#99 <f3a2b1>; task; x"},
    {"2026-11-22 00:17:50.123456789 new msg 4711", O, "2026-11-22T00:17:50.123456+00:00", "", "qmail", 0,
     "new msg 4711"},
    {"@400000006b022fdb0bebc200 new msg 4711", O, "2026-11-21T23:57:05.200000+00:00", "", "qmail", 0, "new msg 4711"},
};

START_TEST(test_the_own_log_of_a_mail_program_is_told_by_its_timestamp)
{
    expect_header(&own_logs[_i]);
}
END_TEST

#define P "postfix/smtpd"

/* Words of a priority, headers in headers, and what tools put before a line. */
static const struct header collected[] = {
    {"Nov 22 00:17:50 INFO    " P "[7]: a", T, S, "", P, 7, "a"},
    {"Nov 22 00:17:50 WARNING " P "[7]: a", T, S, "", P, 7, "a"},
    {"Nov 22 00:17:50 notice " P "[7]: a", T, S, "", P, 7, "a"},
    {"Nov 22 00:17:50 INFO mx1 " P "[7]: a", T, S, "mx1", P, 7, "a"},
    {"Nov 22 00:17:50 informer " P "[7]: a", T, S, "informer", P, 7, "a"},
    {"Nov 22 00:17:50 mx1 mail.info " P "[7]: a", T, S, "mx1", P, 7, "a"},
    {"Nov 22 00:17:50 mx1 [mail.warn] " P "[7]: a", T, S, "mx1", P, 7, "a"},
    {"Nov 22 00:17:50 mx1 mail:info " P "[7]: a", T, S, "mx1", P, 7, "a"},
    {"Nov 22 00:17:50 mx1 auth|security:info " P "[7]: a", T, S, "mx1", P, 7, "a"},
    {"Nov 22 00:17:50 mail.info " P "[7]: a", T, S, "mail.info", P, 7, "a"},
    {"Nov 22 00:17:50 mx1 mx1 " P "[7]: a", T, S, "mx1", P, 7, "a"},
    {"Nov 22 00:17:50 mx1.b.test mx1 " P "[7]: a", T, S, "mx1.b.test", P, 7, "a"},
    {S " Nov 22 00:17:50 c0ffee " P "[7]: a", I, S, "c0ffee", P, 7, "a"},
    {"2026-11-22T00:17:50.123456789Z stdout F Nov 22 00:17:50 mx1 " P "[7]: a", I, S, "mx1", P, 7, "a"},
    {S " stderr F " P "[7]: a", I, S, "", P, 7, "a"},
    {S " stream-1 Nov 22 00:17:50 mx1 " P "[7]: a", I, S, "mx1", P, 7, "a"},
    {"postfix-1  | Nov 22 00:17:50 mx1 " P "[7]: a", T, S, "mx1", P, 7, "a"},
    {"[pod/mx1-0/postfix] Nov 22 00:17:50 mx1 " P "[7]: a", T, S, "mx1", P, 7, "a"},
    {"mx1-0 postfix Nov 22 00:17:50 mx1 " P "[7]: a", T, S, "mx1", P, 7, "a"},
    {"192.0.2.1 Nov 22 00:17:50 mx1 " P "[7]: a", T, S, "mx1", P, 7, "a"},
    {"/var/log/mail.log:Nov 22 00:17:50 mx1 " P "[7]: a", T, S, "mx1", P, 7, "a"},
    {"mail-2.log:17:" S " mx1 " P "[7]: a", I, S, "mx1", P, 7, "a"},
    {"mail.log-Nov 22 00:17:50 mx1 " P "[7]: a", T, S, "mx1", P, 7, "a"},
    {"> > Nov 22 00:17:50 mx1 " P "[7]: a", T, S, "mx1", P, 7, "a"},
    {"Sun 2026-11-22 00:17:50 UTC mx1 " P "[7]: a", T, S, "mx1", P, 7, "a"},
    {"Sun 2026-11-22 00:17:50 UTC mx1 postfix@-.service[7]: a", T, S, "mx1", "postfix", 7, "a"},
    {"Sun Nov 22 00:17:50 2026 mail.info " P "[7]: a", T, S, "", P, 7, "a"},
    {"1795306670.000000 mx1 " P "[7]: a", T, "2026-11-22T00:17:50.000000+00:00", "mx1", P, 7, "a"},
    {"[12345.678901] mx1 " P "[7]: a", T, "2026-11-22T00:00:00+00:00", "mx1", P, 7, "a"},
    {"[   45.678901 <    0.000100 >] mx1 " P "[7]: a", T, "2026-11-22T00:00:00+00:00", "mx1", P, 7, "a"},
    {"22 nov. 00:17:50 mx1 " P "[7]: a", T, S, "mx1", P, 7, "a"},
    {"22. Okt 00:17:50 mx1 " P "[7]: a", T, "2026-10-22T00:17:50+00:00", "mx1", P, 7, "a"},
    {"M\xC3\xA4r 22 00:17:50 mx1 " P "[7]: a", T, "2026-03-22T00:17:50+00:00", "mx1", P, 7, "a"},
};

START_TEST(test_what_collectors_put_before_a_line_is_moved_over)
{
    expect_header(&collected[_i]);
}
END_TEST

static const char *const headless[] = {
    "",
    "<22>",
    "<",
    "text",
    "Feb 30 00:17:50 mx1 a: b",
    "Feb 29 2023 00:17:50 mx1 a: b",
    "Nov 31 00:17:50 mx1 a: b",
    "Nov 00 00:17:50 mx1 a: b",
    "Nov 22 24:17:50 mx1 a: b",
    "Nov 22 00:60:50 mx1 a: b",
    "Nov 22 00:17:61 mx1 a: b",
    "Nov 22 00:17:5",
    "Nov 22 00:17:50x mx1 a: b",
    "Nov 22 00:17 mx1 a: b",
    "Nov 222 00:17:50 mx1 a: b",
    "nox 22 00:17:50 mx1 a: b",
    "Nox 22 00:17:50 mx1 a: b",
    "2026-02-30T00:17:50Z mx1 a: b",
    "2026-13-01T00:17:50Z mx1 a: b",
    "2026-00-01T00:17:50Z mx1 a: b",
    "2026-11-22T00:17:50Zmx1 a: b",
    "2026-11-22T00:17:50+24:00 mx1 a: b",
    "2026-11-22T00:17:50+01:60 mx1 a: b",
    "2026-11-22T00:17:50.+01:00 mx1 a: b",
    "2026-11-22 00:17",
    "2026-11-22 00:17:5 text",
    "2026-02-30 00:17:50 text",
    "@400000006b022fdb0bebc20 short",
    "@400000006b022fdb0bebc2000 long",
    "@400000006b022fdb0bebc20g no digit",
    "@400000006b022fdb3b9aca00 a second of nanoseconds",
    "@3fffffff6b022fdb0bebc200 before 1970",
    "@400000006b022fdb0bebc200",
    "@",
    "<22>1 2026-02-30T00:17:50Z mx1 a 7 - - b",
    "<22>0 2026-11-22T00:17:50Z mx1 a 7 - - b",
    "<22>1",
    "99999999999999999999 x",
};

START_TEST(test_what_has_no_header_leaves_the_line_alone)
{
    struct mt_zone zone = {.now = NOW, .fixed = true};
    struct mt_line line = {.time = {.usec = 5}, .pid = 6, .host = {"h", 1}, .program = {"p", 1}, .text = {"t", 1}};

    ck_assert_msg(mt_syslog_read(&zone, mt_slice_str(headless[_i]), &line) == MT_SYSLOG_NONE, "a header: %s",
                  headless[_i]);
    ck_assert_msg(line.time.usec == 5 && line.time.offset == 0 && line.pid == 6, "changed by: %s", headless[_i]);
    expect_slice(line.host, "h", headless[_i]);
    expect_slice(line.program, "p", headless[_i]);
    expect_slice(line.text, "t", headless[_i]);
}
END_TEST

START_TEST(test_leading_nuls_are_skipped)
{
    static const char raw[] = "\0\0\0Nov 22 00:17:50 mx1 a[7]: b";
    struct mt_zone zone = {.now = NOW, .fixed = true};
    struct mt_line line = {0};

    ck_assert(mt_syslog_read(&zone, mt_slice(raw, sizeof raw - 1), &line) == MT_SYSLOG_TRADITIONAL);
    expect_slice(line.text, "b", raw + 3);
    ck_assert(mt_syslog_read(&zone, mt_slice(raw, 3), &line) == MT_SYSLOG_NONE);
}
END_TEST

/* The slices of a line lie in it. */
static void expect_inside(struct mt_slice s, const char *raw, size_t n)
{
    ck_assert(s.n == 0 || (s.p >= raw && s.p + s.n <= raw + n));
}

static void read_exactly(struct mt_zone *zone, const char *raw, size_t n)
{
    char *copy = exact_copy(raw, n);
    struct mt_line line = {0};

    enum mt_syslog_form form = mt_syslog_read(zone, mt_slice(copy, n), &line);

    if (form != MT_SYSLOG_NONE) {
        expect_inside(line.host, copy, n);
        if (form != MT_SYSLOG_OWN_LOG) { /* the form tells its program */
            expect_inside(line.program, copy, n);
        }
        expect_inside(line.text, copy, n);
    }
    free(copy);
}

static void read_cut_anywhere(const struct header *headers, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct mt_zone zone = {.now = NOW, .fixed = true};
        for (size_t length = strlen(headers[i].raw) + 1; length-- > 0;) {
            read_exactly(&zone, headers[i].raw, length);
        }
    }
}

START_TEST(test_a_line_may_be_cut_anywhere)
{
    read_cut_anywhere(traditional, COUNT(traditional));
    read_cut_anywhere(rfc3339, COUNT(rfc3339));
    read_cut_anywhere(rfc5424, COUNT(rfc5424));
    read_cut_anywhere(own_logs, COUNT(own_logs));
    read_cut_anywhere(collected, COUNT(collected));
}
END_TEST

/* Every byte of a header replaced by some that could mislead. */
static void read_any_byte_anywhere(const struct header *headers, size_t count)
{
    static const char bytes[] = "\0 :[]<>-+\"\\0199T.Z\xFF";
    char raw[128];

    for (size_t h = 0; h < count; h++) {
        struct mt_zone zone = {.now = NOW, .year = 2026};
        size_t n = strlen(headers[h].raw);
        for (size_t i = 0; i < n; i++) {
            for (size_t b = 0; b < sizeof bytes - 1; b++) {
                memcpy(raw, headers[h].raw, n);
                raw[i] = bytes[b];
                read_exactly(&zone, raw, n);
                read_exactly(&zone, raw + 6, n - 6);
            }
        }
    }
}

START_TEST(test_a_line_may_hold_any_byte_anywhere)
{
    read_any_byte_anywhere(rfc5424, COUNT(rfc5424));
    read_any_byte_anywhere(own_logs, COUNT(own_logs));
}
END_TEST

/* Tags from their bracket on, and the pid that they have: 32 bits. */
static const struct {
    const char *text;
    uint32_t pid;
} pids[] = {
    {"[1]:", 1},
    {"[0]:", 0},
    {"[123456]:", 123456},
    {"[1234567]:", 1234567},
    {"[9999999]:", 9999999},
    {"[12345678]:", 12345678},
    {"[1234567890]:", 1234567890},
    {"[4294967295]:", 4294967295U},
    {"[4294967296]:", 0},
    {"[9999999999]:", 0},
    {"[12345678901]:", 0},
    {"[18446744073709551617]:", 0},
    {"[]:", 0},
    {"[12x4567]:", 0},
    {"[-7]:", 0},
    {"[\xFF\xB0\xB1]:", 0},
    {":", 0}, /* "kernel:" */
};

static const struct {
    const char *raw, *text;
} after_tag[] = {
    {"", ""},
    {" ", ""},
    {" x", "x"},
    {"  two blanks", "two blanks"},
    {" [ID 7 mail.info] x", "x"},
    {" [7]: a b", "[7]: a b"},
};

static void expect_parts(struct mt_zone *zone, const char *raw, size_t n, int host, int program, uint32_t pid,
                         const char *text)
{
    char *copy = exact_copy(raw, n);
    struct mt_line line = {0};
    const char *tag;

    if (mt_syslog_read(zone, mt_slice(copy, n), &line) == MT_SYSLOG_NONE) {
        ck_abort_msg("no header: %s", raw);
    }
    tag = line.host.p + host + 1;
    if (line.host.n != (size_t)host || line.program.p != tag || line.program.n != (size_t)program || line.pid != pid ||
        !mt_slice_eq(line.text, mt_slice_str(text))) {
        ck_abort_msg("host %zu, program %zu, pid %u: %s", line.host.n, line.program.n, line.pid, raw);
    }
    free(copy);
}

/* Blanks at each of the first bytes, 15 to 17 and 31 to 33 among them, behind timestamps of three forms. */
START_TEST(test_host_and_tag_may_have_any_length)
{
    static const char *const timestamps[] = {"2026-11-22T00:17:50.123456+02:00", "2026-11-22T00:17:50Z",
                                             "Nov 22 00:17:50"};
    static const char h[] = "hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh",
                      p[] = "p/p\xFFpppppppppppppppppppppppppppppppppppp";
    char raw[256];

    for (size_t timestamp = 0; timestamp < COUNT(timestamps); timestamp++) {
        struct mt_zone zone = {.now = NOW, .fixed = true};
        for (int host = 1; host <= 34; host++) {
            for (int program = 1; program <= 34; program++) {
                size_t t = (size_t)(host + program) % COUNT(after_tag);
                int n = snprintf(raw, sizeof raw, "%s %.*s %.*s%s%s", timestamps[timestamp], host, h, program, p,
                                 pids[_i].text, after_tag[t].raw);
                expect_parts(&zone, raw, (size_t)n, host, program, pids[_i].pid, after_tag[t].text);
            }
        }
    }
}
END_TEST

static const struct {
    const char *tag, *program;
    uint32_t pid;
} tags[] = {
    {"postfix/smtpd[123]:", "postfix/smtpd", 123},
    {"postfix/smtpd[123]", "postfix/smtpd", 123},
    {"postfix/smtpd", "postfix/smtpd", 0},
    {"postfix:", "postfix", 0},
    {"dma[baca78.559bf17fb680]:", "dma[baca78.559bf17fb680]", 0},
    {"dma[]:", "dma", 0},
    {"dma[baca78.559bf17fb68", "dma", 0},
    {"a[b][7]:", "a[b]", 7},
    {"[7]:", "", 7},
    {"a[", "a", 0},
    {"a]", "a]", 0},
    {":", "", 0},
    {"", "", 0},
};

START_TEST(test_tags)
{
    struct mt_slice program;
    uint32_t pid;

    mt_syslog_tag(mt_slice_str(tags[_i].tag), &program, &pid);
    expect_slice(program, tags[_i].program, tags[_i].tag);
    ck_assert_uint_eq(pid, tags[_i].pid);
}
END_TEST

/* Most lines that are asked about are none; those that are are read as by mt_syslog_read(). */
START_TEST(test_a_wrapped_line_is_told_from_other_text)
{
    static const struct {
        const char *text, *host; /* host NULL: it is none */
    } rows[] = {
        {"Mar  7 15:02:58 mx1 postfix/qmgr[9]: 4A1: removed", "mx1"},
        {"<22>Mar  7 15:02:58 mx1 postfix/qmgr[9]: 4A1: removed", "mx1"},
        {"2026-03-07T15:02:58+00:00 mx1 postfix/qmgr[9]: 4A1: removed", "mx1"},
        {"Mar  7 15:02:58", NULL},
        {"Marked as read by the user", NULL},
        {"4A1: to=<a@a.test>, relay=none", NULL},
        {"", NULL},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct mt_zone zone = {.now = NOW, .fixed = true};
        struct mt_line line = {.pid = 0};
        bool is_one = mt_syslog_wrapped(&zone, mt_slice_str(rows[i].text), &line);
        ck_assert_msg(is_one == (rows[i].host != NULL), "%s", rows[i].text);
        if (is_one) {
            expect_slice(line.host, rows[i].host, rows[i].text);
        }
    }
    ck_assert(mt_slice_eq(mt_syslog_text(MT_LIT("  \xEF\xBB\xBF text ")), MT_LIT("text ")));
    ck_assert(mt_syslog_begins(MT_LIT("Mar")));
    ck_assert(!mt_syslog_begins(MT_LIT("postfix")));
    ck_assert(!mt_syslog_begins(MT_LIT("")));
}
END_TEST

Suite *mt_suite_syslog(void)
{
    Suite *suite = suite_create("syslog");
    TCase *tcase = tcase_create("headers");

    LOOP(tcase, test_traditional_header_is_read, traditional);
    LOOP(tcase, test_rfc3339_header_is_read, rfc3339);
    LOOP(tcase, test_rfc5424_header_is_read, rfc5424);
    LOOP(tcase, test_the_own_log_of_a_mail_program_is_told_by_its_timestamp, own_logs);
    LOOP(tcase, test_what_collectors_put_before_a_line_is_moved_over, collected);
    LOOP(tcase, test_what_has_no_header_leaves_the_line_alone, headless);
    LOOP(tcase, test_tags, tags);
    LOOP(tcase, test_host_and_tag_may_have_any_length, pids);
    tcase_add_test(tcase, test_leading_nuls_are_skipped);
    tcase_add_test(tcase, test_a_wrapped_line_is_told_from_other_text);
    tcase_add_test(tcase, test_a_line_may_be_cut_anywhere);
    tcase_add_test(tcase, test_a_line_may_hold_any_byte_anywhere);
    suite_add_tcase(suite, tcase);
    return suite;
}
