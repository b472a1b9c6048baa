/* Courier's lines: what each form says, and that nobody's words are taken for Courier's. */
#include "suites.h"

#include <stdio.h>

#include "rows.h"
#include "story.h"

#define EXTERNAL "000000006B023BC5.00000145"
#define ID       "0000000000BCC0BD." EXTERNAL
#define IDS      "~QUEUE_ID=" ID "~EXTERNAL_ID=" EXTERNAL

#define TEN   "mmmmmmmmmm"
#define FIFTY TEN TEN TEN TEN TEN
#define LONG  FIFTY FIFTY TEN TEN "mmmmm" /* of 125 bytes */

/* cdmsgq.C, cdmsgq3.C */
static const struct row courierd_lines[] = {
    {"newmsg,id=" ID ": dns; mail.example.com (mx.example.com [::ffff:192.0.2.1])",
     "client" IDS "~CLIENT_NAME=mx.example.com~CLIENT_IP=192.0.2.1~CLIENT_HELO=mail.example.com"},
    {"newmsg,id=" ID ", auth=alice: dns; [192.0.2.1] ([::ffff:192.0.2.1])",
     "client" IDS "~CLIENT_IP=192.0.2.1~CLIENT_HELO=[192.0.2.1]~CLIENT_USER=alice"},
    {"newmsg,id=" ID ": dns; mail.example.com (softdnserr [2001:db8::1])",
     "client" IDS "~CLIENT_IP=2001:db8::1~CLIENT_HELO=mail.example.com"},
    {"newmsg,id=" ID ": dns; x_(y_[192.0.2.9]) (mx.example.com [::ffff:192.0.2.1])",
     "client" IDS "~CLIENT_NAME=mx.example.com~CLIENT_IP=192.0.2.1~CLIENT_HELO=x_(y_[192.0.2.9])"},
    {"newmsg,id=" ID ": dns; " LONG "...", "client" IDS},
    {"newmsg,id=" ID ": dns; localhost (localhost [127.0.0.1])", "local" IDS},
    {"newmsg,id=" ID ": local; alice", "local" IDS},
    {"newmsg,id=" ID ": uucp; other", "new" IDS},
    {"started,id=" ID ",from=<a@x.example>,module=esmtp,host=y.example,addr=<b@y.example>",
     "from" IDS "~FROM=a@x.example"},
    {"started,id=" ID ",from=<>,module=local,host=alice!!1000!1000!/home/alice!!,addr=<alice>", "from" IDS "~FROM="},
    {"started,id=" ID ",from=<\"a>,module=dsn,host=,addr=<\\\"\"@x.example>,module=esmtp,host=y,addr=<b@y>",
     "from" IDS "~FROM=\"a>,module=dsn,host=,addr=<\\\"\"@x.example"},
    {"started,id=" ID ",from=<\"x>" LONG "...>,module=esmtp,host=y.example,addr=<b@y.example>",
     "from" IDS "~FROM=\"x>" LONG "..."},
    {"started,id=" ID ",from=<>,module=dsn,host=,addr=<a@x.example>",
     "expired" IDS "~TEXT=started,id=" ID ",from=<>,module=dsn,host=,addr=<a@x.example>"},
    {"started,id=" ID ",from=<>,module=dsn,host=deferred,addr=<a@x.example>",
     "info" IDS "~TEXT=started,id=" ID ",from=<>,module=dsn,host=deferred,addr=<a@x.example>"},
    {"id=" ID ",from=<a@x.example>,addr=<nosuch@co.example>: 550 User <nosuch> unknown",
     "reply" IDS "~FROM=a@x.example~TO=nosuch@co.example~REPLY_CODE=550~RESPONSE=550 User <nosuch> unknown"},
    {"id=" ID ",from=<a@x.example>,addr=<nosuch@co.example>,status: failure",
     "to bounced" IDS "~FROM=a@x.example~TO=nosuch@co.example"},
    {"completed,id=" ID, "done" IDS},
    {"Waiting.  shutdown time=none, wakeup time=none, queuedelivering=1, inprogress=1",
     "service~TEXT=Waiting.  shutdown time=none, wakeup time=none, queuedelivering=1, inprogress=1"},
    {"Started ./courieresmtp, pid=12, maxdels=40, maxhost=4, maxrcpt=100",
     "service~TEXT=Started ./courieresmtp, pid=12, maxdels=40, maxhost=4, maxrcpt=100"},
    {"Purging /var/lib/courier/msgq", "service~TEXT=Purging /var/lib/courier/msgq"},
    {"Loading STATIC transport module libraries.", "service~TEXT=Loading STATIC transport module libraries."},
    {"Courier 1.0.16 Copyright 1999-2018 Double Precision, Inc.",
     "service~TEXT=Courier 1.0.16 Copyright 1999-2018 Double Precision, Inc."},
    {"Installing [0/0]", "service~TEXT=Installing [0/0]"},
    {"Installed: module.dsn - Courier 1.0.16 Copyright 1999-2018 Double Precision, Inc.",
     "service~TEXT=Installed: module.dsn - Courier 1.0.16 Copyright 1999-2018 Double Precision, Inc."},
    {"Initializing esmtp", "service~TEXT=Initializing esmtp"},
    {"queuelo=200, queuehi=400", "service~TEXT=queuelo=200, queuehi=400"},
    {"SHUTDOWN: Stopping...", "service~TEXT=SHUTDOWN: Stopping..."},
    {"No uucp user found, outbound UUCP is disabled.", "service~TEXT=No uucp user found, outbound UUCP is disabled."},
    {"Low on disk space: /var/lib/courier", "warning~TEXT=Low on disk space: /var/lib/courier"},
};

#define OF "id=" ID ",from=<a@x.example>,addr=<b@y.example>"
#define IS IDS "~FROM=a@x.example~TO=b@y.example~TRANSPORT=esmtp"

/* libs/comctlfile.c */
static const struct row courieresmtp_lines[] = {
    {OF ": 250 2.0.0 Ok: queued as 4F2A0B9C",
     "reply" IS "~DSN=2.0.0~REPLY_CODE=250~RESPONSE=250 2.0.0 Ok: queued as 4F2A0B9C~NEXT_QUEUE_ID=4F2A0B9C"},
    {OF ": 250 Ok. 000000006B023BC5.00000146",
     "reply" IS "~REPLY_CODE=250~RESPONSE=250 Ok. 000000006B023BC5.00000146~NEXT_QUEUE_ID=000000006B023BC5.00000146"},
    {OF ": 550-5.1.1 The account that you tried to reach does not exist.",
     "info" IS "~TEXT=" OF ": 550-5.1.1 The account that you tried to reach does not exist."},
    {OF ": 550 5.1.1 <b@y.example>: queued as 4F2A0B9C",
     "reply" IS "~DSN=5.1.1~REPLY_CODE=550~RESPONSE=550 5.1.1 <b@y.example>: queued as 4F2A0B9C"},
    {OF ": Network is down", "reply" IS "~RESPONSE=Network is down"},
    {OF ",success: delivered: mx.y.example [192.0.2.25]", "reply" IS "~RELAY_NAME=mx.y.example~RELAY_IP=192.0.2.25"},
    {OF ",status: success", "to sent" IS},
    {OF ",size=99,status: deferred", "to deferred" IS "~SIZE=99"},
    {OF ",status: failure", "to bounced" IS},
    {"id=" ID ",from=<\"x>,addr=<v@z>,status: success\"@x.example>,addr=<\"c>: 250 ok\"@y.example>,status: failure",
     "to bounced" IDS "~FROM=\"x>,addr=<v@z>,status: success\"@x.example~TO=\"c>: 250 ok\"@y.example~TRANSPORT=esmtp"},
    {"id=" ID ",from=<>,addr=<\"x>" LONG "...>,status: success",
     "to sent" IDS "~FROM=~TO=\"x>" LONG "...~TRANSPORT=esmtp"},
};

static const struct row courierlocal_lines[] = {
    {"id=" ID ",from=<a@x.example>,addr=<bob@co.example>,size=364,success: Message delivered.",
     "to sent" IDS "~FROM=a@x.example~SIZE=364~TO=bob@co.example~TRANSPORT=local~RESPONSE=Message delivered."},
    {"id=" ID ",from=<a@x.example>,addr=<bob@co.example>: maildir over quota",
     "reply" IDS "~FROM=a@x.example~TO=bob@co.example~TRANSPORT=local~RESPONSE=maildir over quota"},
};

static const struct row courierdsn_lines[] = {
    {"id=" ID ",from=<>,addr=<a@x.example>,status: deferred",
     "info" IDS "~TEXT=id=" ID ",from=<>,addr=<a@x.example>,status: deferred"},
};

#define CLIENT "~CLIENT_IP=192.0.2.1~CLIENT_PORT=36471~ACTION=error"
#define ERROR  "error,relay=::ffff:192.0.2.1,port=36471"

/* courieresmtpd.c */
static const struct row courieresmtpd_lines[] = {
    {"started,ip=[::ffff:192.0.2.1],port=[36471]", "connect~CLIENT_IP=192.0.2.1~CLIENT_PORT=36471"},
    {"started,ip=[2001:db8::1],port=[25]", "connect~CLIENT_IP=2001:db8::1~CLIENT_PORT=25"},
    {ERROR ",from=<a@x.example>,to=<nosuch@co.example>: 550 User <nosuch> unknown",
     "reject" CLIENT
     "~FROM=a@x.example~TO=nosuch@co.example~STAGE=RCPT~REPLY_CODE=550~RESPONSE=550 User <nosuch> unknown"},
    {ERROR ",from=<a@x.example>: 517 Syntax error.",
     "reject" CLIENT "~FROM=a@x.example~STAGE=MAIL~REPLY_CODE=517~RESPONSE=517 Syntax error."},
    {ERROR ",from=<>: 523 Message length (70000 bytes) exceeds administrative limit.",
     "reject" CLIENT "~FROM=~STAGE=END-OF-MESSAGE~REPLY_CODE=523~RESPONSE=523 Message length (70000 bytes) exceeds "
     "administrative limit."},
    {ERROR ",from=<a@bad.example>: 517-Domain does not exist: bad.example.",
     "info~FROM=a@bad.example~STAGE=MAIL~CLIENT_IP=192.0.2.1~CLIENT_PORT=36471~TEXT=" ERROR
     ",from=<a@bad.example>: 517-Domain does not exist: bad.example."},
    {ERROR ",ident=root,from=<a@x.example>: 517 Syntax error.",
     "reject" CLIENT "~FROM=a@x.example~STAGE=MAIL~REPLY_CODE=517~RESPONSE=517 Syntax error."},
    {ERROR ",msg=\"502 ESMTP command error\",cmd: BADCMD",
     "reject" CLIENT "~STAGE=UNKNOWN~REPLY_CODE=502~RESPONSE=502 ESMTP command error"},
    {ERROR ",ident=\"root\",msg=\"523 SIZE=Message too big.\",cmd: mail from:<a@x.example> SIZE=70000",
     "reject" CLIENT "~STAGE=MAIL~REPLY_CODE=523~RESPONSE=523 SIZE=Message too big."},
    {ERROR ",msg=\"502 EXPN disabled\",cmd: EXPN x\",cmd: y",
     "reject" CLIENT "~STAGE=EXPN~REPLY_CODE=502~RESPONSE=502 EXPN disabled"},
    {"ip=[::ffff:192.0.2.1], Unexpected SSL connection shutdown.",
     "info~CLIENT_IP=192.0.2.1~TEXT=ip=[::ffff:192.0.2.1], Unexpected SSL connection shutdown."},
    {"courieresmtpd: STARTTLS failed: ip=[::ffff:192.0.2.1], An unexpected TLS packet was received.",
     "lost-connection~session=::ffff:192.0.2.1~CLIENT_IP=192.0.2.1~STAGE=STARTTLS~REASON=tls-failed~RESPONSE=An "
     "unexpected TLS packet was received."},
};

#define ROWS(rows) (rows), sizeof(rows) / sizeof *(rows)

START_TEST(test_what_became_of_a_message_is_read_in_full)
{
    expect_rows("courierd", NULL, ROWS(courierd_lines));
    expect_rows("courieresmtp", NULL, ROWS(courieresmtp_lines));
    expect_rows("courierlocal", NULL, ROWS(courierlocal_lines));
    expect_rows("courierdsn", NULL, ROWS(courierdsn_lines));
}
END_TEST

START_TEST(test_what_a_client_did_is_read_in_full)
{
    expect_rows("courieresmtpd", NULL, ROWS(courieresmtpd_lines));
}
END_TEST

START_TEST(test_what_is_no_form_of_the_source_is_not_recognised)
{
    static const char *const texts[] = {
        "",
        "completed,id=" ID "0",
        "completed,id=0000000000bcc0bd." EXTERNAL,
        "started,id=" ID ",from=<a@x.example>",
        "id=" ID ",from=<a@x.example>,addr=<b@y.example>,status: maybe",
        "id=" ID ",from=<a@x.example>,addr=<b@y.example",
        "id=" ID ",from=<\"x>" LONG "..>,addr=<b@y.example>,status: success",
        "newmsg,id=" ID,
        ERROR ",ident=x,from=<a@x.example>: 250 ok,from=<b@x.example>: 517 Syntax error.",
        ERROR ",ident=\"x\",msg=\"250 ok\",cmd: x\",msg=\"502 no\",cmd: y",
    };

    expect_no_forms("courierd", texts, sizeof texts / sizeof *texts);
}
END_TEST

START_TEST(test_no_cut_is_read_beyond)
{
    expect_cuts_inside("courierd", ROWS(courierd_lines));
    expect_cuts_inside("courieresmtp", ROWS(courieresmtp_lines));
    expect_cuts_inside("courieresmtpd", ROWS(courieresmtpd_lines));
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

static void arrive(const char *client, const char *from)
{
    char line[300];

    snprintf(line, sizeof line, "courierd: newmsg,id=" ID ": dns; %s", client);
    story_line(&s, "10:00:00", line);
    snprintf(line, sizeof line, "courierd: started,id=" ID ",from=<%s>,module=esmtp,host=y.example,addr=<b@y.example>",
             from);
    story_line(&s, "10:00:00", line);
}

#define FROM_NETWORK "mail.example.com (mail.example.com [::ffff:192.0.2.1])"
#define FROM_HOST    "localhost (localhost [127.0.0.1])"

START_TEST(test_an_attempt_has_the_reply_and_the_relay_of_the_lines_before_it)
{
    arrive(FROM_NETWORK, "a@x.example");
    story_line(&s, "10:00:01", "courieresmtp: " OF ": 450 4.2.0 try later");
    story_line(&s, "10:00:01", "courieresmtp: " OF ",status: deferred");
    story_line(&s, "10:00:01", "courierd: completed,id=" ID);
    story_line(&s, "10:10:01", "courieresmtp: " OF ": 250-2.0.0 Hello");
    story_line(&s, "10:10:01", "courieresmtp: " OF ": 250 2.0.0 Ok: queued as 4F2A0B9C");
    story_line(&s, "10:10:01", "courieresmtp: " OF ",success: delivered: mx.y.example [192.0.2.25]");
    story_line(&s, "10:10:01", "courieresmtp: " OF ",status: success");
    story_line(&s, "10:10:01", "courierd: completed,id=" ID);
    story_finish(&s);
    ck_assert_uint_eq(story_count(&s, "delivery"), 2);
    story_is(&s, "delivery", 0, "status", "deferred");
    story_is(&s, "delivery", 0, "response", "450 4.2.0 try later");
    story_is(&s, "delivery", 0, "dsn", "4.2.0");
    story_is(&s, "delivery", 0, "relay.name", "-");
    story_is(&s, "delivery", 0, "external_id", EXTERNAL);
    story_is(&s, "delivery", 1, "status", "sent");
    story_is(&s, "delivery", 1, "attempt", "2");
    story_is(&s, "delivery", 1, "response", "250 2.0.0 Ok: queued as 4F2A0B9C");
    story_is(&s, "delivery", 1, "relay.ip", "192.0.2.25");
    story_is(&s, "delivery", 1, "next_queue_id", "4F2A0B9C");
    ck_assert_uint_eq(story_count(&s, "message"), 1);
    story_is(&s, "message", 0, "result", "sent");
    story_is(&s, "message", 0, "duration", "601");
    story_is(&s, "message", 0, "client.ip", "192.0.2.1");
    story_is(&s, "message", 0, "recipients.0.next_queue_id", "4F2A0B9C");
}
END_TEST

START_TEST(test_who_is_deferred_when_the_sender_is_told_has_expired)
{
    arrive(FROM_NETWORK, "a@x.example");
    story_line(&s, "10:00:01", "courieresmtp: " OF ": 450 4.2.0 try later");
    story_line(&s, "10:00:01", "courieresmtp: " OF ",status: deferred");
    story_line(&s, "10:00:01", "courierd: completed,id=" ID);
    story_line(&s, "10:00:02", "courierd: started,id=" ID ",from=<>,module=dsn,host=deferred,addr=<a@x.example>");
    story_line(&s, "10:00:03", "courierd: completed,id=" ID);
    story_line(&s, "12:00:01", "courieresmtp: " OF ",status: deferred");
    story_line(&s, "12:00:02", "courierd: completed,id=" ID);
    story_line(&s, "12:00:03", "courierd: started,id=" ID ",from=<>,module=dsn,host=,addr=<a@x.example>");
    story_line(&s, "12:00:04", "courierd: completed,id=" ID);
    story_finish(&s);
    ck_assert_uint_eq(story_count(&s, "message"), 1);
    story_is(&s, "message", 0, "result", "expired");
    story_is(&s, "message", 0, "from", "a@x.example");
    story_is(&s, "message", 0, "counts.expired", "1");
    story_is(&s, "message", 0, "time", "2024-03-07T12:00:04+00:00");
}
END_TEST

START_TEST(test_a_message_is_over_once_nobody_is_deferred)
{
    arrive(FROM_NETWORK, "a@x.example");
    story_line(&s, "10:00:01", "courieresmtp: " OF ": 550 5.1.1 no");
    story_line(&s, "10:00:01", "courieresmtp: " OF ",status: failure");
    story_line(&s, "10:00:01", "courierd: completed,id=" ID);
    story_line(&s, "10:00:01", "courierd: started,id=" ID ",from=<>,module=dsn,host=,addr=<a@x.example>");
    story_line(&s, "10:00:09", "courierd: completed,id=" ID);
    story_finish(&s);
    ck_assert_uint_eq(story_count(&s, "message"), 1);
    story_is(&s, "message", 0, "result", "bounced");
    story_is(&s, "message", 0, "recipients.0.dsn", "5.1.1");
}
END_TEST

START_TEST(test_what_the_host_submits_with_the_null_sender_is_a_notification)
{
    static const struct {
        const char *client, *from, *origin;
    } cases[] = {
        {FROM_HOST, "", "bounce"},
        {FROM_HOST, "#@[]", "bounce"},
        {FROM_HOST, "a@x.example", "local"},
        {FROM_NETWORK, "", "network"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        teardown();
        setup();
        arrive(cases[i].client, cases[i].from);
        story_finish(&s);
        story_is(&s, "message", 0, "origin", cases[i].origin);
    }
}
END_TEST

START_TEST(test_each_handshake_that_failed_is_told)
{
    static const char failed[] = "courieresmtpd: courieresmtpd: STARTTLS failed: ip=[::ffff:192.0.2.1], bad packet";

    story_line(&s, "10:00:00", failed);
    story_line(&s, "10:00:05", failed);
    story_finish(&s);
    ck_assert_uint_eq(story_count(&s, "session"), 2);
    story_is(&s, "session", 0, "reason", "tls-failed");
    story_is(&s, "session", 1, "client.ip", "192.0.2.1");
}
END_TEST

Suite *mt_suite_courier(void)
{
    Suite *suite = suite_create("courier");
    TCase *forms = tcase_create("forms"), *events = tcase_create("events");

    tcase_add_test(forms, test_what_became_of_a_message_is_read_in_full);
    tcase_add_test(forms, test_what_a_client_did_is_read_in_full);
    tcase_add_test(forms, test_what_is_no_form_of_the_source_is_not_recognised);
    tcase_add_test(forms, test_no_cut_is_read_beyond);
    suite_add_tcase(suite, forms);
    tcase_add_checked_fixture(events, setup, teardown);
    tcase_add_test(events, test_an_attempt_has_the_reply_and_the_relay_of_the_lines_before_it);
    tcase_add_test(events, test_who_is_deferred_when_the_sender_is_told_has_expired);
    tcase_add_test(events, test_a_message_is_over_once_nobody_is_deferred);
    tcase_add_test(events, test_what_the_host_submits_with_the_null_sender_is_a_notification);
    tcase_add_test(events, test_each_handshake_that_failed_is_told);
    suite_add_tcase(suite, events);
    return suite;
}
