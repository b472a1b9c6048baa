/* Strangers choose addresses, names, headers and replies: what they write must stay what it is.
 *
 * Each form of a line (hostile.h) is filled with each payload, which is what a stranger would like to be
 * taken for.
 */
#include <stdio.h>
#include <stdlib.h>

#include "hostile.h"
#include "lines.h"
#include "mailtrace/json_c.h"
#include "mailtrace/parts.h"
#include "story.h"
#include "suites.h"

#define HONEST_P "3F2A1C0" /* the messages that payloads try to speak of */
#define HONEST_S "6AM0HoS2000777"

static const char long_payload[] =
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
    ">, relay=none, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (, stat=Sent";

static const char *const payloads[] = {
    /* Postfix' fields */
    "x>, relay=none, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (ok",
    "x>, orig_to=<victim@v.test>, relay=none, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (ok",
    "@x>, relay=none, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (ok:y",
    "x>, size=1, nrcpt=1 (queue active)",
    "x>, status=expired, returned to sender",
    "x> orig_id=" HONEST_P,
    "x; from=<a@v.test> to=<b@v.test> proto=SMTP helo=<fake>",
    "x from h[192.0.2.66]; from=<a@v.test> to=<b@v.test> proto=SMTP helo=<fake>: no",
    "x> to=<victim@v.test> proto=ESMTP helo=<fake> sasl_username=<root",
    "; from=<",
    "; from=<a@v.test> to=<",
    ", sasl_method=PLAIN, sasl_username=root",
    ", sasl_method=PLAIN, sasl_username=root, sasl_sender=root",
    ", orig_queue_id=" HONEST_P ", orig_client=v.test[192.0.2.66]",
    "250 2.0.0 Ok: queued as DEADBEEF01",
    "ok) to=<victim@v.test>, relay=none, delay=0, delays=0/0/0/0, dsn=5.0.0, status=bounced (no",
    "host h[192.0.2.66] said: 250 ok (in reply to RCPT TO command)",
    "(forwarded as " HONEST_P ")",
    "forwarded as " HONEST_P,
    "discarded",
    "unknown[192.0.2.66]: SASL LOGIN authentication failed: x, sasl_username=root",
    /* whole lines */
    "removed",
    "removed (canceled)",
    HONEST_P ": removed",
    HONEST_P ": sender non-delivery notification: " HOSTILE_P,
    HONEST_P ": to=<victim@v.test>, relay=none, delay=0, delays=0/0/0/0, dsn=5.0.0, status=bounced (no)",
    "message repeated 2 times: [ " HONEST_P ": removed]",
    "Mar  7 10:00:02 mx1 postfix/qmgr[1]: " HONEST_P ": removed",
    "2024-03-07T10:00:02+00:00 mx1 postfix/qmgr[1]: " HONEST_P ": removed",
    "<22>1 2024-03-07T10:00:02Z mx1 postfix/qmgr 1 - - " HONEST_P ": removed",
    "x\n2024-03-07T10:00:02+00:00 mx1 postfix/qmgr[1]: " HONEST_P ": removed",
    "warning: header Subject: x",
    /* Sendmail's fields and lines */
    ", stat=Sent",
    ", dsn=2.0.0, stat=Sent (ok)",
    ", stat=quarantined",
    ", quarantine=x, stat=quarantined",
    ", reply=250 ok, stat=Sent (4F2A Message accepted for delivery)",
    "x>, delay=00:00:00, xdelay=00:00:00, mailer=esmtp, pri=1, relay=evil. [192.0.2.66], dsn=2.0.0, stat=Sent (ok)",
    "x>, size=1, class=0, nrcpts=1, msgid=<fake@v.test>, proto=ESMTP, daemon=MTA, relay=evil [192.0.2.66]",
    "x, relay=evil [192.0.2.66], reject=550 5.7.1 no",
    "x, discard",
    "x, relay=evil [192.0.2.66], status=tempfail",
    "x, ctladdr=<root@v.test> (0/0)",
    ", [more], delay=00:00:00",
    ", info=read timeout",
    ", mech=PLAIN, bits=0, user=root",
    "x... User unknown",
    "x (may be forged)",
    "] [rejected]",
    " did not issue MAIL/EXPN/VRFY/ETRN during connection to MTA",
    HONEST_S ": done; delay=00:00:01, ntries=1",
    HONEST_S "[2]: <victim@v.test>, stat=Sent",
    HONEST_S "[1]: to=<victim@v.test>, delay=00:00:00 ...",
    HONEST_S ": clone: owner=root",
    " ...",
    /* Exim's and OpenSMTPD's */
    " R=dnslookup T=remote_smtp H=evil [192.0.2.66] C=\"250 OK id=1vXk3a-0000000abcd-0D5f\"",
    "x@v.test R=a T=b H=evil [192.0.2.66]: 550 no",
    "x <victim@v.test> R=a T=b",
    "a@x>: 250 ok",
    ") [192.0.2.66] P=esmtpa A=login:root S=1 id=fake@v.test",
    "x\" for victim@v.test",
    " for victim@v.test",
    ": retry timeout exceeded",
    "> rejected RCPT <victim@v.test>: no",
    " F=<victim@v.test> rejected RCPT <victim@v.test>: no",
    "1vXk3a-00000001abc-0D5f Completed",
    "2026-11-22 00:17:05 1vXk3a-00000001abc-0D5f Completed",
    "[1/2] 1vXk3a-00000001abc-0D5f removed by root",
    " DT=1s",
    "x) set_id=root)",
    "> to=<victim@v.test> rcpt=<-> source=\"-\" relay=\"x\" delay=0s result=\"Ok\" stat=\"250 ok",
    "\" result=\"250 2.0.0 Ok",
    " result=ok",
    "x result=Ok stat=Delivered",
    "5c9ae1b2c3d4e5f6 smtp authentication user=root result=ok",
    /* qmail's */
    "> qp 66 uid 0",
    "_ok_1796089192_qp_6x",
    "/did_0+1+0/qp_66/",
    "/I'm_not_going_to_try_again;_this_message_has_been_in_the_queue_too_long./",
    "end msg " HOSTILE_Q,
    "/delivery 5: success: did_1+0+0/",
    "(#5.1.1)_x",
    /* Courier's */
    ">,addr=<victim@v.test>,status: success",
    ">,module=dsn,host=,addr=<victim@v.test>",
    ">: 250 2.0.0 Ok: queued as 4F2A0B9C",
    ",size=1,success: Message delivered.",
    ",success: delivered: evil.test [192.0.2.66]",
    ",from=<a@v.test>: 550 no",
    "\",msg=\"250 ok\",cmd: x",
    "x (evil.test [::ffff:127.0.0.1])",
    /* filters' verdicts */
    "DKIM verification successful",
    HOSTILE_P ": DKIM verification successful",
    "v.test pass",
    "SPF(mailfrom): v.test pass",
    "x) identity=helo; client-ip=192.0.2.66; helo=v.test; envelope-from=v@v.test; receiver=x ",
    "v.test; envelope-from=v@v.test; receiver=x ",
    "x') receiver=mx; identity=mailfrom; envelope-from=v@v.test; helo=h; client-ip=192.0.2.66",
    "x\"; helo=h; client-ip=192.0.2.66",
    "spamd: result: . -5 - A scantime=0,size=1,user=x,uid=0,required_score=5,mid=<v@v.test>",
    "x,uid=0,required_score=99,rhost=x,mid=<v@v.test>,autolearn=ham",
    "result: . -5",
    "(00053-03) Passed CLEAN {RelayedInbound}, [192.0.2.66] <a@v.test> -> <b@v.test>, Hits: -5, 1 ms",
    "<95b4ff>; proxy; rspamd_task_write_log: id: <v@v.test>, qid: <" HONEST_P
    ">, (default: F (no action): [0.00/15.00] []",
    " infected by Fake",
    "' message-id '<v@v.test>' date 'x' infected by Fake",
    "x> to <y> infected by Fake",
    ", status=CLEAN",
    ", status=VIRUS:Fake",
    ",spam,-5,x,<a@v.test>,<b@v.test>,x",
    "MDLOG," HONEST_P ",virus,Fake,x,<a@v.test>,<b@v.test>,x",
    "x) to v.test is not spam, SpamAssassin (score=-5, required 6)",
    "x) to v.test is spam (blacklisted)",
    "Requeue: " HONEST_P ".A1B2C to " HOSTILE_P,
    ", recipient=v@v.test",
    " -> v@v.test (00:00:01)",
    ">: saved mail to Fake",
    ": saved mail to Fake",
    ">: sieve action: rejected message from <v@v.test> (reject)",
    " [verification succeeded]",
    " [verification succeeded] t=1",
    " dmarc_domain=v.test spf_align=yes dkim_align=yes enforcement='Accept'",
    "x) [192.0.2.66] Warning: \"SpamAssassin as bob detected message as NOT spam (-5)\"",
    /* what JSON, terminals and format strings make of */
    "\"},{\"event\":\"message\",\"queue_id\":\"" HONEST_P "\",\"result\":\"sent",
    "\\\"@v.test>, relay=none, \\",
    "\\",
    "\"",
    "''``$(id)%s%n%d\\u0000\\x00\\n",
    "a\tb\rc\vd\ae\033[2Jf\177g",
    "nul\0removed", /* the MTAs' strings end here */
    "gr\303\274\303\237e \342\202\254 \360\237\223\247",
    "\303(\377\376\300\200",
    "\355\240\200\364\220\200\200\342\202",
    /* what has been misread before */
    "",
    ": Possible SMTP RCPT flood, shutting down connection.",
    ": WARNING: dangerous write permissions",
    ", orig_client=a, orig_client=b, orig_client=c",
    ", sasl_sender=a, orig_queue_id=b, sasl_sender=c, sasl_username=d",
    "x, bodytype=8BITMIME",
    "x, bodytype=other",
    "; from=<r> proto=ESMTP sasl_username=root",
    "; proto=SMTP sasl_username=root",
    "; from=<> to=<> =<@ : x",
    "@x; from=<a@v.test> to=<@v:y",
    " parameter unrecognized",
    ") parameter unrecognized",
    "x, dsn=2.0.0",
    "x, dsn=2.",
    "x, dsn=2.0000.0",
    ";;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;"
    ";;;;;;;;"
    ";;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;"
    ";;;;;;;;"
    ";;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;",
    ">>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>"
    ">>>>>>>>"
    ">>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>"
    ">>>>>>>>",
    "x>, delay=00:00:01, xdelay=00:00:01, mailer=x, pri=1, dsn=2.0.0, "
    "stat=Sent\"y\"z\"zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz",
    /* brackets that do not match */
    "<<>><<>",
    ">>>><<<<",
    "((()",
    ")))(((",
    "[[]]][",
    "@,@:@;",
    ".a..b.",
    long_payload,
};

/* As ck_assert_msg(), which writes down each time that it is met. */
#define PROMISE(ok, ...)               \
    do {                               \
        if (!(ok)) {                   \
            ck_abort_msg(__VA_ARGS__); \
        }                              \
    } while (0)

struct reading {
    const struct hostile_form *form;
    const struct hostile_gap *gap;
    struct mt_parts *parts;
    bool wrapped; /* by a relay, as a repetition */
    unsigned whole, doubts;
};

static void check(struct reading *r, const struct mt_record *rec, const char *line)
{
    const char *wrong = hostile_check(r->form, r->gap, rec);

    PROMISE(!wrong, "%s: %s", wrong, line);
    r->whole++;
}

static void read_line(void *ctx, const char *program, const char *text)
{
    static struct mt_record rec;
    struct reading *r = ctx;
    struct mt_line whole, line = {.time.usec = 1, .program = mt_slice_str(program), .pid = 7};
    const char *given = r->wrapped ? hostile_text("message repeated 2 times: [ %s]", text) : text;
    size_t n = strlen(given);
    char *copy = exact_copy(given, n);

    line.text = mt_slice(copy, n);
    if (mt_parse(&line, &rec) != MT_RECOGNISED && hostile_doubted(r->form)) {
        r->whole++;
        r->doubts++;
        free(copy);
        return;
    }
    PROMISE(rec.kind, "not recognised: %s", given);
    PROMISE(rec.repeated == r->wrapped, "repeated: %s", given);
    if (rec.kind != MT_KIND_PART) {
        check(r, &rec, given);
    } else if (mt_parts_add(r->parts, &rec, &whole)) {
        PROMISE(mt_parse(&whole, &rec) == MT_RECOGNISED, "not recognised whole: %s", given);
        check(r, &rec, given);
    }
    free(copy);
}

static unsigned read_forms(const struct hostile_form *forms, size_t n, bool wrapped)
{
    static struct hostile_gap gap;
    struct reading r = {.gap = &gap, .wrapped = wrapped};

    for (size_t i = 0; i < n; i++) {
        r.form = &forms[i];
        for (size_t k = 0; k < COUNT(payloads); k++) {
            r.parts = mt_parts_new(1 << 20, 1 << 16, 1);
            forms[i].write(&gap, payloads[k]);
            hostile_line(&forms[i], &gap, read_line, &r);
            mt_parts_free(r.parts);
        }
    }
    ck_assert_uint_eq(r.whole, n * COUNT(payloads)); /* every line was read, whole */
    ck_assert_uint_le(r.doubts, 4);                  /* but for the few that can be read in two ways */
    return r.whole;
}

START_TEST(test_strangers_words_in_postfix_lines_stay_what_they_are)
{
    ck_assert_uint_ge(read_forms(hostile_postfix_forms, hostile_postfix_count, false), 300);
    ck_assert_uint_ge(read_forms(hostile_postfix_forms, hostile_postfix_count, true), 300);
}
END_TEST

START_TEST(test_strangers_words_in_sendmail_lines_stay_what_they_are)
{
    ck_assert_uint_ge(read_forms(hostile_sendmail_forms, hostile_sendmail_count, false), 300);
    ck_assert_uint_ge(read_forms(hostile_sendmail_forms, hostile_sendmail_count, true), 300);
}
END_TEST

START_TEST(test_strangers_words_in_exim_lines_stay_what_they_are)
{
    ck_assert_uint_ge(read_forms(hostile_exim_forms, hostile_exim_count, false), 300);
    ck_assert_uint_ge(read_forms(hostile_exim_forms, hostile_exim_count, true), 300);
}
END_TEST

START_TEST(test_strangers_words_in_opensmtpd_lines_stay_what_they_are)
{
    ck_assert_uint_ge(read_forms(hostile_opensmtpd_forms, hostile_opensmtpd_count, false), 300);
    ck_assert_uint_ge(read_forms(hostile_opensmtpd_forms, hostile_opensmtpd_count, true), 300);
}
END_TEST

START_TEST(test_strangers_words_in_qmail_lines_stay_what_they_are)
{
    ck_assert_uint_ge(read_forms(hostile_qmail_forms, hostile_qmail_count, false), 300);
    ck_assert_uint_ge(read_forms(hostile_qmail_forms, hostile_qmail_count, true), 300);
}
END_TEST

START_TEST(test_strangers_words_in_courier_lines_stay_what_they_are)
{
    ck_assert_uint_ge(read_forms(hostile_courier_forms, hostile_courier_count, false), 300);
    ck_assert_uint_ge(read_forms(hostile_courier_forms, hostile_courier_count, true), 300);
}
END_TEST

START_TEST(test_strangers_words_in_filters_lines_forge_no_verdict)
{
    ck_assert_uint_ge(read_forms(hostile_filters_forms, hostile_filters_count, false), 300);
    ck_assert_uint_ge(read_forms(hostile_filters_forms, hostile_filters_count, true), 300);
}
END_TEST

/* Lines of which Postfix' format leaves open where the stranger's words end. */
static void read_text(const char *program, const char *text, struct mt_record *rec)
{
    struct mt_line line = line_of(program, text);

    ck_assert_int_eq(mt_parse(&line, rec), MT_RECOGNISED);
}

/* smtpd_sasl_glue.c: the client's own name for a mechanism, up to 100 characters of it. What follows the first
 * ", sasl_username=" is all taken for the name, so that the name of somebody else does not come out of it.
 */
START_TEST(test_a_made_up_mechanism_accuses_nobody)
{
    static struct mt_record rec;

    read_text(
        "postfix/smtpd",
        "warning: h.test[192.0.2.1]: SASL LOGIN authentication failed: x, sasl_username=root authentication failed: "
        "Invalid authentication mechanism, sasl_username=(unavailable)",
        &rec);
    ck_assert_int_eq(rec.kind, MT_KIND_AUTH);
    ck_assert(!mt_slice_eq(mt_get(&rec.f, MT_F_USER), MT_LIT("root")));
    read_text("postfix/smtpd",
              "warning: h.test[192.0.2.1]: SASL x, sasl_username=root authentication failed: "
              "Invalid authentication mechanism, sasl_username=(unavailable)",
              &rec);
    ck_assert_int_eq(rec.kind, MT_KIND_AUTH);
    ck_assert(!mt_has(&rec.f, MT_F_USER));
}
END_TEST

/* A domain literal may hold "]>", and then says all that a delivery says. Such a domain is none, so that
 * only a local user gets it as far as this, and only of his own message.
 */
START_TEST(test_a_literal_that_ends_early_speaks_of_its_own_message_alone)
{
    static struct mt_record rec;

    read_text("postfix/error",
              HOSTILE_P ": to=<u@[x]>, relay=none, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (y]>, relay=none, "
                        "delay=0, delays=0/0/0/0, dsn=5.1.3, status=bounced (bad address syntax)",
              &rec);
    ck_assert_int_eq(rec.kind, MT_KIND_TO);
    ck_assert(mt_slice_eq(mt_get(&rec.f, MT_F_QUEUE_ID), MT_LIT(HOSTILE_P)));
    ck_assert(mt_slice_starts(mt_get(&rec.f, MT_F_TO), MT_LIT("u@[x]")));
    ck_assert_int_ne(rec.status, MT_STATUS_SENT); /* without a relay it is "discarded" */
}
END_TEST

/* --- events --- */

/* Two messages that want nothing of the stranger. */
static const char *const honest[] = {
    "postfix/smtpd[40]: connect from good.example[198.51.100.1]",
    "postfix/smtpd[40]: " HONEST_P ": client=good.example[198.51.100.1]",
    "postfix/cleanup[41]: " HONEST_P ": message-id=<1@good.example>",
    "postfix/qmgr[42]: " HONEST_P ": from=<a@good.example>, size=512, nrcpt=1 (queue active)",
    "postfix/smtpd[40]: disconnect from good.example[198.51.100.1] ehlo=1 mail=1 rcpt=1 data=1 quit=1 commands=5",
    "sm-mta[43]: " HONEST_S ": from=<a@good.example>, size=512, class=0, nrcpts=1, msgid=<2@good.example>, "
    "proto=ESMTP, daemon=MTA, relay=good.example [198.51.100.1]",
    NULL, /* the stranger's lines */
    "sm-mta[44]: " HONEST_S
    ": to=<b@good.example>, delay=00:00:01, xdelay=00:00:01, mailer=esmtp, pri=1, relay=mx.example. [192.0.2.7], "
    "dsn=4.0.0, stat=Deferred: Connection refused by mx.example.",
    "postfix/smtp[45]: " HONEST_P
    ": to=<b@good.example>, relay=mx.example[192.0.2.7]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)",
    "postfix/qmgr[42]: " HONEST_P ": removed",
};

struct telling {
    struct story story;
    unsigned second, lines;
};

static void tell_line(void *ctx, const char *program, const char *text)
{
    struct telling *t = ctx;

    t->lines++;
    story_line(&t->story, hostile_text("10:00:%02u.5", t->second), hostile_text("%s[77]: %s", program, text));
}

/* The honest lines, and among them those of a form with every payload. */
static void tell(struct telling *t, const struct hostile_form *form)
{
    static struct hostile_gap gap;

    *t = (struct telling){.lines = 0};
    story_start(&t->story, NULL);
    for (size_t i = 0; i < COUNT(honest); i++) {
        t->second = (unsigned)i;
        if (honest[i]) {
            story_line(&t->story, hostile_text("10:00:%02zu", i), honest[i]);
        }
        for (size_t k = 0; form && !honest[i] && k < COUNT(payloads); k++) {
            form->write(&gap, payloads[k]);
            hostile_line(form, &gap, tell_line, t);
        }
    }
    story_finish(&t->story);
}

static bool is_honest(struct json_object *event)
{
    return strcmp(story_text(event, "client.name"), "good.example") == 0;
}

/* Of the stranger's: his own entries and the notification of one, or none. */
static void expect_own(struct json_object *event, const struct hostile_form *form)
{
    const char *id = story_text(event, "queue_id"), *kind = story_text(event, "event");

    ck_assert_msg(strcmp(id, HOSTILE_P) == 0 || strcmp(id, HOSTILE_S) == 0 || strcmp(id, HOSTILE_E) == 0 ||
                      strcmp(id, HOSTILE_O) == 0 || strcmp(id, HOSTILE_Q) == 0 || strcmp(id, HOSTILE_C) == 0 ||
                      strcmp(id, HOSTILE_NOTICE) == 0 || strcmp(id, "-") == 0,
                  "event of %s", id);
    ck_assert_msg(strcmp(kind, "delivery") != 0 || form->kind == MT_KIND_TO, "a delivery out of a %s line",
                  mt_kind_names[form->kind]);
    if (strcmp(kind, "delivery") == 0) {
        ck_assert_str_eq(story_text(event, "status"), mt_status_names[form->status]);
    }
    ck_assert_str_ne(story_text(event, "parent_queue_id"), HONEST_P);
}

static void expect_honest(const struct telling *got, const struct telling *want, const struct hostile_form *form)
{
    size_t k = 0;

    for (size_t i = 0; i < got->story.n; i++) {
        struct json_object *event = got->story.events[i];
        if (!is_honest(event)) {
            expect_own(event, form);
            continue;
        }
        ck_assert_uint_lt(k, want->story.n);
        ck_assert_str_eq(json_object_to_json_string_ext(event, JSON_C_TO_STRING_PLAIN),
                         json_object_to_json_string_ext(want->story.events[k], JSON_C_TO_STRING_PLAIN));
        k++;
    }
    ck_assert_uint_eq(k, want->story.n);
}

static void tell_forms(const struct hostile_form *forms, size_t n)
{
    struct telling want, got;

    tell(&want, NULL);
    ck_assert_uint_eq(story_count(&want.story, "delivery"), 2);
    ck_assert_uint_eq(story_count(&want.story, "message"), 2);
    for (size_t i = 0; i < n; i++) {
        tell(&got, &forms[i]);
        ck_assert_uint_ge(got.lines, COUNT(payloads));
        expect_honest(&got, &want, &forms[i]);
        story_end(&got.story);
    }
    story_end(&want.story);
}

START_TEST(test_hostile_postfix_lines_change_no_event_of_others)
{
    tell_forms(hostile_postfix_forms, hostile_postfix_count);
}
END_TEST

START_TEST(test_hostile_sendmail_lines_change_no_event_of_others)
{
    tell_forms(hostile_sendmail_forms, hostile_sendmail_count);
}
END_TEST

START_TEST(test_hostile_exim_lines_change_no_event_of_others)
{
    tell_forms(hostile_exim_forms, hostile_exim_count);
}
END_TEST

START_TEST(test_hostile_opensmtpd_lines_change_no_event_of_others)
{
    tell_forms(hostile_opensmtpd_forms, hostile_opensmtpd_count);
}
END_TEST

START_TEST(test_hostile_qmail_lines_change_no_event_of_others)
{
    tell_forms(hostile_qmail_forms, hostile_qmail_count);
}
END_TEST

START_TEST(test_hostile_courier_lines_change_no_event_of_others)
{
    tell_forms(hostile_courier_forms, hostile_courier_count);
}
END_TEST

START_TEST(test_hostile_filters_lines_change_no_event_of_others)
{
    tell_forms(hostile_filters_forms, hostile_filters_count);
}
END_TEST

Suite *mt_suite_hostile(void)
{
    Suite *suite = suite_create("hostile");
    TCase *records = tcase_create("records"), *events = tcase_create("events");

    tcase_add_test(records, test_strangers_words_in_postfix_lines_stay_what_they_are);
    tcase_add_test(records, test_strangers_words_in_sendmail_lines_stay_what_they_are);
    tcase_add_test(records, test_strangers_words_in_exim_lines_stay_what_they_are);
    tcase_add_test(records, test_strangers_words_in_opensmtpd_lines_stay_what_they_are);
    tcase_add_test(records, test_strangers_words_in_qmail_lines_stay_what_they_are);
    tcase_add_test(records, test_strangers_words_in_courier_lines_stay_what_they_are);
    tcase_add_test(records, test_strangers_words_in_filters_lines_forge_no_verdict);
    tcase_add_test(records, test_a_made_up_mechanism_accuses_nobody);
    tcase_add_test(records, test_a_literal_that_ends_early_speaks_of_its_own_message_alone);
    tcase_add_test(events, test_hostile_postfix_lines_change_no_event_of_others);
    tcase_add_test(events, test_hostile_sendmail_lines_change_no_event_of_others);
    tcase_add_test(events, test_hostile_exim_lines_change_no_event_of_others);
    tcase_add_test(events, test_hostile_opensmtpd_lines_change_no_event_of_others);
    tcase_add_test(events, test_hostile_qmail_lines_change_no_event_of_others);
    tcase_add_test(events, test_hostile_courier_lines_change_no_event_of_others);
    tcase_add_test(events, test_hostile_filters_lines_change_no_event_of_others);
    suite_add_tcase(suite, records);
    suite_add_tcase(suite, events);
    return suite;
}
