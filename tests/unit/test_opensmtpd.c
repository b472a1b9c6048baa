/* OpenSMTPD's lines: what each form says, and that nobody's words are taken for OpenSMTPD's. */
#include "suites.h"

#include <stdio.h>

#include "rows.h"
#include "story.h"

/* smtp_session.c */
static const struct row session_lines[] = {
    {"5c9ae1b2c3d4e5f6 smtp connected address=192.0.2.1 host=mail.example.com",
     "connect~session=5c9ae1b2c3d4e5f6~CLIENT_NAME=mail.example.com~CLIENT_IP=192.0.2.1"},
    {"5c9ae1b2c3d4e5f6 smtp connected address=[2001:db8::1] host=<unknown>",
     "connect~session=5c9ae1b2c3d4e5f6~CLIENT_IP=2001:db8::1"},
    {"5c9ae1b2c3d4e5f6 smtp connected address=local host=osd1.example", "connect~session=5c9ae1b2c3d4e5f6"},
    {"5c9ae1b2c3d4e5f6 smtp tls ciphers=TLSv1.3:TLS_AES_256_GCM_SHA384:256",
     "tls~session=5c9ae1b2c3d4e5f6~CLIENT_TLS_VERSION=TLSv1.3~CLIENT_TLS_CIPHER=TLS_AES_256_GCM_SHA384~CLIENT_TLS_BITS="
     "256"},
    {"5c9ae1b2c3d4e5f6 smtp cert-check result=\"verified\" fingerprint=\"SHA256:ab\"",
     "tls~session=5c9ae1b2c3d4e5f6~CLIENT_TLS_VERIFY=trusted"},
    {"5c9ae1b2c3d4e5f6 smtp cert-check result=\"unchecked\" fingerprint=\"SHA256:ab\"",
     "info~session=5c9ae1b2c3d4e5f6~TEXT=smtp cert-check result=\"unchecked\" fingerprint=\"SHA256:ab\""},
    {"5c9ae1b2c3d4e5f6 smtp client-cert-check result=\"failure\"",
     "tls~session=5c9ae1b2c3d4e5f6~CLIENT_TLS_VERIFY=untrusted"},
    {"5c9ae1b2c3d4e5f6 smtp cert-check result=\"no certificate presented\"",
     "info~session=5c9ae1b2c3d4e5f6~TEXT=smtp cert-check result=\"no certificate presented\""},
    {"5c9ae1b2c3d4e5f6 smtp authentication user=alice result=ok", "auth~session=5c9ae1b2c3d4e5f6~CLIENT_USER=alice"},
    {"5c9ae1b2c3d4e5f6 smtp authentication user=al\\\\040ice result=ok result=permfail",
     "auth~session=5c9ae1b2c3d4e5f6~REASON=auth-failed~USER=al\\\\040ice result=ok"},
    {"5c9ae1b2c3d4e5f6 smtp authentication user=alice result=tempfail",
     "auth~session=5c9ae1b2c3d4e5f6~REASON=auth-error~USER=alice"},
    {"5c9ae1b2c3d4e5f6 smtp failed-command command=\"RCPT TO:<nosuch@os.example>\" result=\"550 5.1.1 Invalid "
     "recipient: <nosuch@os.example>\"",
     "reject~session=5c9ae1b2c3d4e5f6~TO=nosuch@os.example~STAGE=RCPT~ACTION=failed-command~DSN=5.1.1~REPLY_CODE=550~"
     "RESPONSE=550 5.1.1 Invalid recipient: <nosuch@os.example>"},
    {"5c9ae1b2c3d4e5f6 smtp failed-command command=\"MAIL FROM:<a@x.example>\" result=\"421 4.3.0 Temporary Error\"",
     "reject~session=5c9ae1b2c3d4e5f6~FROM=a@x.example~STAGE=MAIL~ACTION=failed-command~DSN=4.3.0~REPLY_CODE=421~"
     "RESPONSE=421 4.3.0 Temporary Error"},
    {"5c9ae1b2c3d4e5f6 smtp failed-command command=\"RCPT TO:<x\" result=\"250 ok>\" result=\"550 Invalid recipient\"",
     "reject~session=5c9ae1b2c3d4e5f6~STAGE=RCPT~ACTION=failed-command"},
    {"5c9ae1b2c3d4e5f6 smtp failed-command command=\"\" result=\"552 5.2.3 Message too large\"",
     "reject~session=5c9ae1b2c3d4e5f6~STAGE=END-OF-MESSAGE~ACTION=failed-command~DSN=5.2.3~REPLY_CODE=552~RESPONSE=552 "
     "5.2.3 Message too large"},
    {"5c9ae1b2c3d4e5f6 smtp failed-command command=\"AUTH PLAIN (...)\" result=\"535 Authentication failed\"",
     "reject~session=5c9ae1b2c3d4e5f6~STAGE=AUTH~ACTION=failed-command~REPLY_CODE=535~RESPONSE=535 Authentication "
     "failed"},
    {"5c9ae1b2c3d4e5f6 smtp failed-command command=\"NONSENSE\" result=\"500 5.5.1 Invalid command: Command "
     "unrecognized\"",
     "reject~session=5c9ae1b2c3d4e5f6~STAGE=UNKNOWN~ACTION=failed-command~DSN=5.5.1~REPLY_CODE=500~RESPONSE=500 5.5.1 "
     "Invalid command: Command unrecognized"},
    {"5c9ae1b2c3d4e5f6 smtp bad-input result=\"500 5.5.1 Invalid command: Pipelining not supported\"",
     "info~session=5c9ae1b2c3d4e5f6~REASON=pipelining~TEXT=smtp bad-input result=\"500 5.5.1 Invalid command: "
     "Pipelining not supported\""},
    {"5c9ae1b2c3d4e5f6 smtp bad-input result=\"500 5.0.0 Line too long\"",
     "info~session=5c9ae1b2c3d4e5f6~REASON=protocol-error~TEXT=smtp bad-input result=\"500 5.0.0 Line too long\""},
    {"5c9ae1b2c3d4e5f6 smtp message msgid=7c9ae1b2 size=444 nrcpt=1 proto=ESMTP",
     "client~session=5c9ae1b2c3d4e5f6~QUEUE_ID=7c9ae1b2~SIZE=444~NRCPT=1~CLIENT_PROTOCOL=ESMTP"},
    {"5c9ae1b2c3d4e5f6 smtp envelope evpid=7c9ae1b2d3e4f5a6 from=<a@x.example> to=<b@y.example>",
     "from~session=5c9ae1b2c3d4e5f6~QUEUE_ID=7c9ae1b2~FROM=a@x.example~TO=b@y.example"},
    {"5c9ae1b2c3d4e5f6 smtp envelope evpid=7c9ae1b2d3e4f5a6 from=<> to=<\"c>d\"@y.example>",
     "from~session=5c9ae1b2c3d4e5f6~QUEUE_ID=7c9ae1b2~FROM=~TO=\"c>d\"@y.example"},
    {"5c9ae1b2c3d4e5f6 smtp disconnected reason=quit", "disconnect~session=5c9ae1b2c3d4e5f6"},
    {"5c9ae1b2c3d4e5f6 smtp disconnected reason=timeout", "disconnect~session=5c9ae1b2c3d4e5f6~REASON=timeout"},
    {"5c9ae1b2c3d4e5f6 smtp disconnected reason=disconnect",
     "disconnect~session=5c9ae1b2c3d4e5f6~RESPONSE=disconnect~REASON=lost-connection"},
    {"5c9ae1b2c3d4e5f6 smtp disconnected reason=\"io-error: reset\"",
     "disconnect~session=5c9ae1b2c3d4e5f6~RESPONSE=\"io-error: reset\"~REASON=lost-connection"},
    {"5c9ae1b2c3d4e5f6 smtp disconnected reason=tls-accept-failed",
     "disconnect~session=5c9ae1b2c3d4e5f6~REASON=tls-failed"},
};

/* mta.c, mda.c, queue.c */
static const struct row delivery_lines[] = {
    {"5c9ae1b2c3d4e5f6 mta connecting address=smtp://192.0.2.25:25 host=mx.y.example",
     "info~session=5c9ae1b2c3d4e5f6~RELAY_NAME=mx.y.example~RELAY_IP=192.0.2.25~RELAY_PORT=25~TEXT=mta connecting "
     "address=smtp://192.0.2.25:25 host=mx.y.example"},
    {"5c9ae1b2c3d4e5f6 mta connecting address=smtp+tls://[2001:db8::25]:587 host=mx.y.example",
     "info~session=5c9ae1b2c3d4e5f6~RELAY_NAME=mx.y.example~RELAY_IP=2001:db8::25~RELAY_PORT=587~TEXT=mta connecting "
     "address=smtp+tls://[2001:db8::25]:587 host=mx.y.example"},
    {"5c9ae1b2c3d4e5f6 mta connected", "info~session=5c9ae1b2c3d4e5f6~TEXT=mta connected"},
    {"5c9ae1b2c3d4e5f6 mta tls ciphers=TLSv1.3:TLS_AES_256_GCM_SHA384:256",
     "tls~session=5c9ae1b2c3d4e5f6~TLS_VERSION=TLSv1.3~TLS_CIPHER=TLS_AES_256_GCM_SHA384~TLS_BITS=256"},
    {"5c9ae1b2c3d4e5f6 mta cert-check result=\"valid\" fingerprint=\"SHA256:ab\"",
     "tls~session=5c9ae1b2c3d4e5f6~TLS_VERIFY=trusted"},
    {"5c9ae1b2c3d4e5f6 mta server-cert-check result=\"failure\"", "tls~session=5c9ae1b2c3d4e5f6~TLS_VERIFY=untrusted"},
    {"5c9ae1b2c3d4e5f6 mta delivery evpid=7c9ae1b2d3e4f5a6 from=<a@x.example> to=<b@y.example> rcpt=<-> "
     "source=\"192.0.2.9\" relay=\"192.0.2.25 (mx.y.example)\" delay=1s result=\"Ok\" stat=\"250 2.0.0 Ok: queued as "
     "4F2A0B9C\"",
     "to "
     "sent~session=5c9ae1b2c3d4e5f6~QUEUE_ID=7c9ae1b2~FROM=a@x.example~TO=b@y.example~TRANSPORT=mta~RELAY_NAME=mx.y."
     "example~RELAY_IP=192.0.2.25~DELAY=1000000~DSN=2.0.0~REPLY_CODE=250~RESPONSE=250 2.0.0 Ok: queued as "
     "4F2A0B9C~NEXT_QUEUE_ID=4F2A0B9C"},
    {"5c9ae1b2c3d4e5f6 mta delivery evpid=7c9ae1b2d3e4f5a6 from=<> to=<b@y.example> rcpt=<info@x.example> "
     "source=\"[2001:db8::9]\" relay=\"[2001:db8::25] (mx.y.example)\" delay=1d2h3m4s result=\"PermFail\" stat=\"550 "
     "5.1.1 <b@y.example>: \"x\" result=\"Ok\" stat=\"250 ok\"",
     "to "
     "bounced~session=5c9ae1b2c3d4e5f6~QUEUE_ID=7c9ae1b2~FROM=~TO=b@y.example~ORIG_TO=info@x.example~TRANSPORT=mta~"
     "RELAY_NAME=mx.y.example~RELAY_IP=2001:db8::25~DELAY=93784000000~DSN=5.1.1~REPLY_CODE=550~RESPONSE=550 5.1.1 "
     "<b@y.example>: \"x\" result=\"Ok\" stat=\"250 ok"},
    {"0000000000000000 mta delivery evpid=7c9ae1b2d3e4f5a6 from=<a@x.example> to=<b@y.example> rcpt=<-> source=\"-\" "
     "relay=\"y.example\" delay=0s result=\"TempFail\" stat=\"Temporary failure in MX lookup\"",
     "to "
     "deferred~session=0000000000000000~QUEUE_ID=7c9ae1b2~FROM=a@x.example~TO=b@y.example~TRANSPORT=mta~RELAY_NAME=y."
     "example~DELAY=0~RESPONSE=Temporary failure in MX lookup"},
    {"5c9ae1b2c3d4e5f6 mda delivery evpid=7c9ae1b2d3e4f5a6 from=<a@x.example> to=<bob@os.example> "
     "rcpt=<bob@os.example> user=bob delay=1s result=Ok stat=Delivered",
     "to "
     "sent~session=5c9ae1b2c3d4e5f6~QUEUE_ID=7c9ae1b2~FROM=a@x.example~TO=bob@os.example~TRANSPORT=mda~RELAY_NAME=bob~"
     "DELAY=1000000~RESPONSE=Delivered"},
    {"5c9ae1b2c3d4e5f6 mda delivery evpid=7c9ae1b2d3e4f5a6 from=<a@x.example> to=<bob@os.example> "
     "rcpt=<info@os.example> user=bob delay=1s result=PermFail stat=Error (\"mail.local: 550 no\")",
     "to "
     "bounced~session=5c9ae1b2c3d4e5f6~QUEUE_ID=7c9ae1b2~FROM=a@x.example~TO=bob@os.example~ORIG_TO=info@os.example~"
     "TRANSPORT=mda~RELAY_NAME=bob~DELAY=1000000~RESPONSE=Error (\"mail.local: 550 no\")"},
    {"relay: Expire for 7c9ae1b2d3e4f5a6: from=<a@x.example>, to=<b@y.example>, rcpt=<->, delay=4d, stat=Envelope "
     "expired",
     "to expired~QUEUE_ID=7c9ae1b2~FROM=a@x.example~TO=b@y.example~DELAY=345600000000~RESPONSE=Envelope expired"},
    {"delivery: Remove for 7c9ae1b2d3e4f5a6: from=<@>, to=<b@y.example>, rcpt=<->, delay=4s, stat=Removed by "
     "administrator",
     "delete~QUEUE_ID=7c9ae1b2~FROM=~TO=b@y.example"},
    {"relay: Ok for 7c9ae1b2d3e4f5a6: session=5c9ae1b2c3d4e5f6, from=<a@x.example>, to=<b@y.example>, rcpt=<->, "
     "source=192.0.2.9, relay=192.0.2.25 (mx.y.example), delay=1s, stat=250 2.0.0 7c9ae1b2 Message accepted for "
     "delivery",
     "to "
     "sent~QUEUE_ID=7c9ae1b2~FROM=a@x.example~TO=b@y.example~RELAY_NAME=mx.y.example~RELAY_IP=192.0.2.25~DELAY=1000000~"
     "DSN=2.0.0~REPLY_CODE=250~RESPONSE=250 2.0.0 7c9ae1b2 Message accepted for delivery~NEXT_QUEUE_ID=7c9ae1b2"},
    {"5c9ae1b2c3d4e5f6 mta disconnected reason=quit messages=1",
     "disconnect~session=5c9ae1b2c3d4e5f6~TEXT=mta disconnected reason=quit messages=1"},
    {"5c9ae1b2c3d4e5f6 mta closing reason=ca-failure",
     "disconnect~session=5c9ae1b2c3d4e5f6~TEXT=mta closing reason=ca-failure"},
    {"5c9ae1b2c3d4e5f6 mta error reason=Connection closed unexpectedly",
     "info~session=5c9ae1b2c3d4e5f6~TEXT=mta error reason=Connection closed unexpectedly"},
    {"5c9ae1b2c3d4e5f6 mta host-rejects-all-mails", "info~session=5c9ae1b2c3d4e5f6~TEXT=mta host-rejects-all-mails"},
};

/* before 6.4; and what is about no message */
static const struct row other_lines[] = {
    {"smtp-in: New session 5c9ae1b2c3d4e5f6 from host mail.example.com [192.0.2.1]",
     "connect~session=5c9ae1b2c3d4e5f6~CLIENT_NAME=mail.example.com~CLIENT_IP=192.0.2.1"},
    {"smtp-in: New session 5c9ae1b2c3d4e5f6 from host localhost [local]", "connect~session=5c9ae1b2c3d4e5f6"},
    {"smtp-in: Accepted message 7c9ae1b2 on session 5c9ae1b2c3d4e5f6: from=<a@x.example>, to=<b@y.example>, size=444, "
     "ndest=1, proto=ESMTP",
     "client~session=5c9ae1b2c3d4e5f6~QUEUE_ID=7c9ae1b2~FROM=a@x.example~SIZE=444~NRCPT=1~CLIENT_PROTOCOL=ESMTP"},
    {"5c9ae1b2c3d4e5f6 smtp event=connected address=192.0.2.1 host=mail.example.com",
     "connect~session=5c9ae1b2c3d4e5f6~CLIENT_NAME=mail.example.com~CLIENT_IP=192.0.2.1"},
    {"5c9ae1b2c3d4e5f6 smtp event=message msgid=7c9ae1b2 from=<a@x.example> to=<b@y.example> size=444 ndest=1 "
     "proto=ESMTP",
     "client~session=5c9ae1b2c3d4e5f6~QUEUE_ID=7c9ae1b2~FROM=a@x.example~SIZE=444~NRCPT=1~CLIENT_PROTOCOL=ESMTP"},
    {"5c9ae1b2c3d4e5f6 smtp event=starttls ciphers=TLSv1.2:ECDHE-RSA-AES256-GCM-SHA384:256",
     "tls~session=5c9ae1b2c3d4e5f6~CLIENT_TLS_VERSION=TLSv1.2~CLIENT_TLS_CIPHER=ECDHE-RSA-AES256-GCM-SHA384~CLIENT_TLS_"
     "BITS=256"},
    {"5c9ae1b2c3d4e5f6 smtp event=closed reason=quit", "disconnect~session=5c9ae1b2c3d4e5f6"},
    {"5c9ae1b2c3d4e5f6 smtp event=failed-command command=\"RCPT TO:<b@y.example>\" result=\"550 Invalid recipient\"",
     "reject~session=5c9ae1b2c3d4e5f6~TO=b@y.example~STAGE=RCPT~ACTION=failed-command~REPLY_CODE=550~RESPONSE=550 "
     "Invalid recipient"},
    {"smtp-in: Closing session 5c9ae1b2c3d4e5f6", "info~TEXT=smtp-in: Closing session 5c9ae1b2c3d4e5f6"},
    {"smtp-out: Enabling route [] <-> 192.0.2.25 (mx.y.example)",
     "info~TEXT=smtp-out: Enabling route [] <-> 192.0.2.25 (mx.y.example)"},
    {"commands executed from aliases run with opensmtpd privileges",
     "service~TEXT=commands executed from aliases run with opensmtpd privileges"},
    {"info: OpenSMTPD 6.8.0p2 starting", "service~TEXT=info: OpenSMTPD 6.8.0p2 starting"},
    {"Exiting", "service~TEXT=Exiting"},
    {"warn: no disk space", "warning~TEXT=warn: no disk space"},
    {"Disabling route [] <-> 192.0.2.25 (mx.y.example) for 15s",
     "info~TEXT=Disabling route [] <-> 192.0.2.25 (mx.y.example) for 15s"},
    {"Failed to resolve MX for [relay]: y", "info~TEXT=Failed to resolve MX for [relay]: y"},
    {"No valid route for [relay]", "info~TEXT=No valid route for [relay]"},
    {"hiwat reached on [relay]", "info~TEXT=hiwat reached on [relay]"},
};

#define S "5c9ae1b2c3d4e5f6"

static const char *const no_forms[] = {
    "",
    S,
    S " ",
    S " mta delivery evpid=7c9ae1b2d3e4f5a6 from=<a@x.example> to=<b@y.example>",
    "relay: Ok for 7c9ae1b2d3e4f5a6: from=<a@x.example>",
    "5c9ae1b2c3d4e5fg smtp connected address=192.0.2.1 host=x",
    "5C9AE1B2C3D4E5F6 smtp connected address=192.0.2.1 host=x",
    "removed",
};

#define ROWS_TEST(name, rows)                          \
    START_TEST(name)                                   \
    {                                                  \
        expect_rows("smtpd", NULL, rows, COUNT(rows)); \
    }                                                  \
    END_TEST

ROWS_TEST(test_sessions_are_told_by_their_id, session_lines)
ROWS_TEST(test_deliveries_are_read_in_full, delivery_lines)
ROWS_TEST(test_older_releases_and_notes_are_read, other_lines)

START_TEST(test_what_is_no_form_of_the_source_is_not_recognised)
{
    expect_no_forms("smtpd", no_forms, COUNT(no_forms));
}
END_TEST

START_TEST(test_no_cut_is_read_beyond)
{
    expect_cuts_inside("smtpd", session_lines, COUNT(session_lines));
    expect_cuts_inside("smtpd", delivery_lines, COUNT(delivery_lines));
    expect_cuts_inside("smtpd", other_lines, COUNT(other_lines));
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

#define T "5d00000000000001"
#define DELIVERY                                                                                              \
    " mta delivery evpid=7c9ae1b2d3e4f5a6 from=<a@x.example> to=<b@y.example> rcpt=<-> source=\"192.0.2.9\" " \
    "relay=\"192.0.2.25 (mx.y.example)\" delay=1s "

static void arrive(const char *address, const char *from)
{
    char line[200];

    snprintf(line, sizeof line, "smtpd[12]: " S " smtp connected address=%s host=mail.example.com", address);
    story_line(&s, "10:00:00", line);
    story_line(&s, "10:00:01", "smtpd[12]: " S " smtp message msgid=7c9ae1b2 size=444 nrcpt=1 proto=ESMTP");
    snprintf(line, sizeof line, "smtpd[12]: " S " smtp envelope evpid=7c9ae1b2d3e4f5a6 from=<%s> to=<b@y.example>",
             from);
    story_line(&s, "10:00:01", line);
    story_line(&s, "10:00:01", "smtpd[12]: " S " smtp disconnected reason=quit");
}

START_TEST(test_a_message_is_over_when_all_its_envelopes_are)
{
    arrive("192.0.2.1", "a@x.example");
    story_line(&s, "10:00:02", "smtpd[12]: " T DELIVERY "result=\"TempFail\" stat=\"450 later\"");
    story_line(&s, "10:10:02", "smtpd[12]: " T DELIVERY "result=\"Ok\" stat=\"250 2.0.0 Ok: queued as 4F2A0B9C\"");
    story_finish(&s);
    ck_assert_uint_eq(story_count(&s, "delivery"), 2);
    ck_assert_uint_eq(story_count(&s, "message"), 1);
    story_is(&s, "message", 0, "result", "sent");
    story_is(&s, "message", 0, "origin", "network");
    story_is(&s, "message", 0, "client.ip", "192.0.2.1");
    story_is(&s, "message", 0, "size", "444");
    story_is(&s, "message", 0, "recipients.0.next_queue_id", "4F2A0B9C");
}
END_TEST

START_TEST(test_what_the_host_submits_with_the_null_sender_is_a_notification)
{
    arrive("local", "");
    story_finish(&s);
    story_is(&s, "message", 0, "origin", "bounce");
    teardown();
    setup();
    arrive("local", "a@x.example");
    story_finish(&s);
    story_is(&s, "message", 0, "origin", "local");
    teardown();
    setup();
    arrive("192.0.2.1", "");
    story_finish(&s);
    story_is(&s, "message", 0, "origin", "network");
}
END_TEST

/* One process serves all: who is refused is told by the session. */
START_TEST(test_a_refusal_has_the_client_of_its_session)
{
    story_line(&s, "10:00:00", "smtpd[12]: " S " smtp connected address=192.0.2.1 host=mail.example.com");
    story_line(&s, "10:00:00", "smtpd[12]: " T " smtp connected address=192.0.2.2 host=<unknown>");
    story_line(&s, "10:00:01",
               "smtpd[12]: " S
               " smtp failed-command command=\"RCPT TO:<b@y.example>\" result=\"550 Invalid recipient\"");
    story_line(&s, "10:00:01", "smtpd[12]: " T " smtp authentication user=alice result=permfail");
    story_line(&s, "10:00:02", "smtpd[12]: " T " smtp disconnected reason=quit");
    story_finish(&s);
    story_is(&s, "reject", 0, "client.ip", "192.0.2.1");
    story_is(&s, "reject", 0, "client.name", "mail.example.com");
    story_is(&s, "reject", 0, "to", "b@y.example");
    ck_assert_uint_eq(story_count(&s, "session"), 1);
    story_is(&s, "session", 0, "client.ip", "192.0.2.2");
    story_is(&s, "session", 0, "reason", "auth-failed");
}
END_TEST

START_TEST(test_a_delivery_has_the_tls_of_its_session)
{
    story_line(&s, "10:00:00", "smtpd[12]: " T " mta connecting address=smtp://192.0.2.25:25 host=mx.y.example");
    story_line(&s, "10:00:00", "smtpd[12]: " T " mta tls ciphers=TLSv1.3:TLS_AES_256_GCM_SHA384:256");
    story_line(&s, "10:00:00", "smtpd[12]: " T " mta cert-check result=\"valid\" fingerprint=\"SHA256:ab\"");
    story_line(&s, "10:00:00", "smtpd[12]: 5d00000000000002 mta tls ciphers=TLSv1.2:OTHER:128");
    story_line(&s, "10:00:01", "smtpd[12]: " T DELIVERY "result=\"Ok\" stat=\"250 ok\"");
    story_line(&s, "10:00:01", "smtpd[12]: 5d00000000000003" DELIVERY "result=\"Ok\" stat=\"250 ok\"");
    story_finish(&s);
    story_is(&s, "delivery", 0, "tls.version", "TLSv1.3");
    story_is(&s, "delivery", 0, "tls.bits", "256");
    story_is(&s, "delivery", 0, "tls.verify", "trusted");
    story_is(&s, "delivery", 1, "tls.version", "-");
}
END_TEST

/* Sessions have names: in one whole second, what a line can only mean decides, whatever order they come in. */
START_TEST(test_in_one_second_a_session_begins_before_it_ends)
{
    static const char *const lines[] = {
        "smtpd[12]: " S " smtp connected address=192.0.2.1 host=mail.example.com",
        "smtpd[12]: " S " smtp authentication user=alice result=permfail",
        "smtpd[12]: " S " smtp failed-command command=\"RCPT TO:<b@y.example>\" result=\"550 Invalid recipient\"",
        "smtpd[12]: " S " smtp disconnected reason=quit",
        "smtpd[12]: " T " mta tls ciphers=TLSv1.3:TLS_AES_256_GCM_SHA384:256",
        "smtpd[12]: " T " mta cert-check result=\"valid\" fingerprint=\"SHA256:ab\"",
        "smtpd[12]: " T DELIVERY "result=\"Ok\" stat=\"250 ok\"",
    };

    for (size_t turn = 0; turn < COUNT(lines); turn++) {
        for (size_t i = 0; i < COUNT(lines); i++) { /* each turn begins elsewhere, the odd ones go backwards */
            size_t at = (turn + (turn % 2 ? COUNT(lines) - i : i)) % COUNT(lines);
            story_line(&s, "10:00:00", lines[at]);
        }
        story_finish(&s);
        story_is(&s, "reject", 0, "client.ip", "192.0.2.1");
        ck_assert_uint_eq(story_count(&s, "session"), 1);
        story_is(&s, "session", 0, "client.ip", "192.0.2.1");
        story_is(&s, "session", 0, "reason", "auth-failed");
        story_is(&s, "delivery", 0, "tls.version", "TLSv1.3");
        story_is(&s, "delivery", 0, "tls.verify", "trusted");
        teardown();
        setup();
    }
}
END_TEST

static void add_events(TCase *events)
{
    tcase_add_checked_fixture(events, setup, teardown);
    tcase_add_test(events, test_a_message_is_over_when_all_its_envelopes_are);
    tcase_add_test(events, test_what_the_host_submits_with_the_null_sender_is_a_notification);
    tcase_add_test(events, test_a_refusal_has_the_client_of_its_session);
    tcase_add_test(events, test_a_delivery_has_the_tls_of_its_session);
    tcase_add_test(events, test_in_one_second_a_session_begins_before_it_ends);
}

Suite *mt_suite_opensmtpd(void)
{
    Suite *suite = suite_create("opensmtpd");
    TCase *forms = tcase_create("forms"), *events = tcase_create("events");

    tcase_add_test(forms, test_sessions_are_told_by_their_id);
    tcase_add_test(forms, test_deliveries_are_read_in_full);
    tcase_add_test(forms, test_older_releases_and_notes_are_read);
    tcase_add_test(forms, test_what_is_no_form_of_the_source_is_not_recognised);
    tcase_add_test(forms, test_no_cut_is_read_beyond);
    suite_add_tcase(suite, forms);
    add_events(events);
    suite_add_tcase(suite, events);
    return suite;
}
