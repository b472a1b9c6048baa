/* What the correlator promises: messages. */
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

static void restart(const struct mt_config *config)
{
    story_end(&s);
    story_start(&s, config);
}

static struct mt_config defaults(void)
{
    struct mt_config config;

    mt_config_default(&config);
    return config;
}

#define TO_SENT(q, to)                                                                                                \
    "postfix/smtp[50]: " q ": to=<" to ">, relay=mx.example.net[192.0.2.7]:25, delay=0.4, delays=0.1/0.05/0.15/0.1, " \
    "dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 51E02514002)"
#define TO_DEFERRED(q, to, delay)                                                                            \
    "postfix/smtp[50]: " q ": to=<" to ">, relay=none, delay=" delay ", delays=" delay "/0/0/0, dsn=4.4.1, " \
    "status=deferred (connect to mx.example.net[192.0.2.7]:25: Connection refused)"
#define TO_BOUNCED(q, to)                                                                                             \
    "postfix/smtp[50]: " q ": to=<" to ">, relay=mx.example.net[192.0.2.7]:25, delay=0.4, delays=0.1/0.05/0.15/0.1, " \
    "dsn=5.1.1, status=bounced (host mx.example.net[192.0.2.7] said: 550 5.1.1 no such user (in reply to RCPT TO "    \
    "command))"

static void begin(const char *time, const char *queue_id, const char *nrcpt)
{
    char text[300];

    snprintf(text, sizeof text, "postfix/smtpd[40]: %s: client=client.example.org[198.51.100.4]", queue_id);
    story_line(&s, time, text);
    snprintf(text, sizeof text, "postfix/cleanup[41]: %s: message-id=<%s@example.org>", queue_id, queue_id);
    story_line(&s, time, text);
    snprintf(text, sizeof text, "postfix/qmgr[42]: %s: from=<ann@example.org>, size=512, nrcpt=%s (queue active)",
             queue_id, nrcpt);
    story_line(&s, time, text);
}

/* A line as servers may write it of which no reader is there yet: what Postfix' reader makes of text, as another kind. */
static void feed_as(const char *text, int64_t seconds, enum mt_kind kind, bool bare)
{
    static const enum mt_field reply[] = {MT_F_RESPONSE,   MT_F_REPLY_CODE, MT_F_DSN,       MT_F_NEXT_QUEUE_ID,
                                          MT_F_RELAY_NAME, MT_F_RELAY_IP,   MT_F_RELAY_PORT};
    struct mt_line line = {
        .program = MT_LIT("postfix/smtp"), .host = MT_LIT("mx1"), .pid = 4, .text = mt_slice_str(text)};
    struct mt_record rec;

    line.time.usec = (INT64_C(1709805600) + seconds) * 1000000;
    line.order = ++s.order;
    ck_assert_int_eq(mt_parse(&line, &rec), MT_RECOGNISED);
    rec.kind = (uint8_t)kind;
    rec.effect = mt_kind_effects[kind];
    for (size_t i = 0; bare && i < sizeof reply / sizeof *reply; i++) {
        mt_drop(&rec.f, reply[i]);
    }
    mt_correlator_feed(s.correlator, &rec, MT_RECOGNISED, 0);
}

#define SENT "3F2A1C0: to=<bob@example.net>, relay=mx.example.net[192.0.2.9]:25, delay=1, dsn=2.0.0, status=sent "

START_TEST(test_a_new_entry_ends_the_one_that_had_its_queue_id)
{
    feed_as("3F2A1C0: removed", 0, MT_KIND_NEW, false);
    feed_as(SENT "(250 Ok: queued as 1A1)", 1, MT_KIND_TO, false);
    feed_as("3F2A1C0: removed", 2, MT_KIND_NEW, false);
    feed_as(SENT "(250 Ok: queued as 2B2)", 3, MT_KIND_TO, false);
    feed_as("3F2A1C0: removed", 4, MT_KIND_REMOVED, false);
    story_finish(&s);
    ck_assert_uint_eq(story_count(&s, "message"), 2);
    story_is(&s, "message", 0, "result", "incomplete");
    story_is(&s, "message", 0, "reason", "replaced");
    story_is(&s, "message", 1, "result", "sent");
    story_is(&s, "message", 1, "recipients.0.next_queue_id", "2B2");
}
END_TEST

START_TEST(test_a_reply_on_a_line_of_its_own_is_the_next_results)
{
    feed_as("3F2A1C0: removed", 0, MT_KIND_NEW, false);
    feed_as(SENT "(250 Ok: queued as 1A1)", 1, MT_KIND_REPLY, false);
    feed_as(SENT "()", 1, MT_KIND_TO, true);
    feed_as(SENT "()", 60, MT_KIND_TO, true); /* nothing was replied to this one */
    feed_as("3F2A1C0: removed", 61, MT_KIND_REMOVED, false);
    story_finish(&s);
    ck_assert_uint_eq(story_count(&s, "delivery"), 2);
    story_is(&s, "delivery", 0, "next_queue_id", "1A1");
    story_is(&s, "delivery", 0, "response", "250 Ok: queued as 1A1");
    story_is(&s, "delivery", 0, "relay.ip", "192.0.2.9");
    story_is(&s, "delivery", 0, "attempt", "1");
    story_is(&s, "delivery", 1, "next_queue_id", "-");
    story_is(&s, "delivery", 1, "attempt", "2");
}
END_TEST

START_TEST(test_a_reply_without_a_result_is_no_delivery)
{
    feed_as("3F2A1C0: removed", 0, MT_KIND_NEW, false);
    feed_as(SENT "(250 Ok: queued as 1A1)", 1, MT_KIND_REPLY, false);
    feed_as("3F2A1C0: removed", 2, MT_KIND_REMOVED, false);
    story_finish(&s);
    ck_assert_uint_eq(story_count(&s, "delivery"), 0);
    story_is(&s, "message", 0, "result", "incomplete");
    story_is(&s, "message", 0, "reason", "unseen");
}
END_TEST

START_TEST(test_postfix_transaction_gives_one_delivery_and_one_message)
{
    begin("10:00:00.1", "3F2A1C0", "1");
    story_line(&s, "10:00:00.5", TO_SENT("3F2A1C0", "bob@example.net"));
    story_line(&s, "10:00:00.6", "postfix/qmgr[42]: 3F2A1C0: removed");
    story_finish(&s);
    ck_assert_uint_eq(story_count(&s, NULL), 2);
    story_is(&s, "delivery", 0, "queue_id", "3F2A1C0");
    story_is(&s, "delivery", 0, "message_id", "3F2A1C0@example.org");
    story_is(&s, "delivery", 0, "from", "ann@example.org");
    story_is(&s, "delivery", 0, "client.name", "client.example.org");
    story_is(&s, "delivery", 0, "client.ip", "198.51.100.4");
    story_is(&s, "delivery", 0, "origin", "network");
    story_is(&s, "delivery", 0, "arrived", "2024-03-07T10:00:00.1+00:00");
    story_is(&s, "delivery", 0, "to", "bob@example.net");
    story_is(&s, "delivery", 0, "transport", "smtp");
    story_is(&s, "delivery", 0, "relay", "{\"name\":\"mx.example.net\",\"ip\":\"192.0.2.7\",\"port\":25}");
    story_is(&s, "delivery", 0, "attempt", "1");
    story_is(&s, "delivery", 0, "status", "sent");
    story_is(&s, "delivery", 0, "next_queue_id", "51E02514002");
    story_is(&s, "delivery", 0, "final", "true");
    story_is(&s, "message", 0, "result", "sent");
    story_is(&s, "message", 0, "duration", "0.5");
    story_is(&s, "message", 0, "counts", "{\"sent\":1}");
    story_is(&s, "message", 0, "lines", "5");
    story_is(&s, "message", 0, "recipients.0.attempts", "1");
    story_is(&s, "message", 0, "time", "2024-03-07T10:00:00.6+00:00");
}
END_TEST

START_TEST(test_sendmail_entry_ends_when_all_its_recipients_are_done)
{
    s.host = "relay1";
    story_line(
        &s, "10:00:00",
        "sm-mta[99]: 427A00aa000099: from=<ann@example.org>, size=512, class=0, nrcpts=2, msgid=<m1@example.org>, "
        "proto=ESMTP, daemon=MTA-v4, relay=client.example.org [198.51.100.4]");
    story_line(
        &s, "10:00:01",
        "sm-mta[98]: 427A00aa000099: to=<bob@example.net>,<cat@example.net>, delay=00:00:01, xdelay=00:00:01, "
        "mailer=esmtp, pri=60512, relay=mx.example.net. [192.0.2.7], dsn=2.0.0, stat=Sent (Ok: queued as 51E02514002)");
    story_finish(&s);
    ck_assert_uint_eq(story_count(&s, "delivery"), 2);
    story_is(&s, "delivery", 1, "to", "cat@example.net");
    story_is(&s, "delivery", 1, "next_queue_id", "51E02514002");
    story_is(&s, "delivery", 0, "client.protocol", "ESMTP");
    story_is(&s, "message", 0, "result", "sent");
    story_is(&s, "message", 0, "counts", "{\"sent\":2}");
}
END_TEST

START_TEST(test_sendmail_entry_with_aliases_waits_for_recipients_that_were_not_counted)
{
    story_line(
        &s, "10:00:00",
        "sm-mta[99]: 427A00aa000099: from=<ann@example.org>, size=512, class=0, nrcpts=1, msgid=<m1@example.org>, "
        "proto=ESMTP, daemon=MTA-v4, relay=client.example.org [198.51.100.4]");
    story_line(&s, "10:00:01",
               "sm-mta[98]: 427A00aa000099: to=bob, ctladdr=<team@example.net> (8/0), delay=00:00:01, xdelay=00:00:01, "
               "mailer=local, pri=60512, dsn=2.0.0, stat=Sent");
    story_line(
        &s, "10:00:08",
        "sm-mta[98]: 427A00aa000099: to=<x@example.com>, ctladdr=<team@example.net> (8/0), delay=00:00:30, "
        "xdelay=00:00:29, "
        "mailer=esmtp, pri=60512, relay=mx.example.com. [192.0.2.9], dsn=5.1.1, reply=550 5.1.1 no, stat=User unknown");
    story_finish(&s);
    ck_assert_uint_eq(story_count(&s, "message"), 1);
    story_is(&s, "message", 0, "result", "partial");
}
END_TEST

START_TEST(test_split_sendmail_line_is_one_line)
{
    story_line(
        &s, "10:00:00",
        "sm-mta[99]: 427A00aa000099: from=<ann@example.org>, size=512, class=0, nrcpts=2, msgid=<m1@example.org>, "
        "proto=ESMTP, daemon=MTA-v4, relay=client.example.org [198.51.100.4]");
    story_line(&s, "10:00:01",
               "sm-mta[98]: 427A00aa000099[2]: ...<cat@example.net>, delay=00:00:01, xdelay=00:00:01, mailer=esmtp, "
               "pri=60512, relay=mx.example.net. [192.0.2.7], dsn=2.0.0, stat=Sent (ok)");
    story_line(&s, "10:00:01", "sm-mta[98]: 427A00aa000099[1]: to=<bob@example.net>, ...");
    story_finish(&s);
    ck_assert_uint_eq(story_count(&s, "message"), 1);
    ck_assert_uint_eq(story_count(&s, "delivery"), 2);
}
END_TEST

START_TEST(test_attempts_are_counted_for_each_recipient)
{
    begin("10:00:00", "3F2A1C0", "2");
    story_line(&s, "10:00:01", TO_DEFERRED("3F2A1C0", "bob@example.net", "1"));
    story_line(&s, "10:00:01", TO_SENT("3F2A1C0", "cat@example.net"));
    story_line(&s, "10:10:01", TO_DEFERRED("3F2A1C0", "bob@example.net", "601"));
    story_line(&s, "10:30:01", TO_SENT("3F2A1C0", "bob@example.net"));
    story_line(&s, "10:30:01", "postfix/qmgr[42]: 3F2A1C0: removed");
    story_finish(&s);
    ck_assert_uint_eq(story_count(&s, "delivery"), 4);
    story_is(&s, "delivery", 2, "attempt", "2");
    story_is(&s, "delivery", 2, "final", "false");
    story_is(&s, "delivery", 3, "attempt", "3");
    story_is(&s, "delivery", 3, "final", "true");
    story_is(&s, "message", 0, "counts", "{\"sent\":2}");
    story_is(&s, "message", 0, "recipients.1.attempts", "3");
}
END_TEST

START_TEST(test_expiry_is_told_of_every_recipient_still_deferred)
{
    begin("10:00:00", "3F2A1C0", "2");
    story_line(&s, "10:00:01", TO_SENT("3F2A1C0", "cat@example.net"));
    story_line(&s, "12:00:00", TO_DEFERRED("3F2A1C0", "bob@example.net", "7200"));
    story_line(&s, "12:00:00", "postfix/qmgr[42]: 3F2A1C0: from=<ann@example.org>, status=expired, returned to sender");
    story_line(&s, "12:00:00", "postfix/bounce[43]: 3F2A1C0: sender non-delivery notification: 4A0B2C1");
    story_line(&s, "12:00:00", "postfix/qmgr[42]: 3F2A1C0: removed");
    story_finish(&s);
    story_is(&s, "message", 0, "result", "partial");
    story_is(&s, "message", 0, "counts", "{\"sent\":1,\"expired\":1}");
    story_is(&s, "message", 0, "bounce_queue_id", "4A0B2C1");
    story_is(&s, "delivery", 1, "status", "deferred");
    story_is(&s, "delivery", 1, "final", "true");
}
END_TEST

START_TEST(test_bounce_is_linked_both_ways)
{
    begin("10:00:00", "3F2A1C0", "1");
    story_line(&s, "10:00:01.1", TO_BOUNCED("3F2A1C0", "bob@example.net"));
    story_line(&s, "10:00:01.2", "postfix/cleanup[41]: 4A0B2C1: message-id=<b1@mx1.example.org>");
    story_line(&s, "10:00:01.3", "postfix/qmgr[42]: 4A0B2C1: from=<>, size=2512, nrcpt=1 (queue active)");
    story_line(&s, "10:00:01.4", TO_SENT("4A0B2C1", "ann@example.org"));
    story_line(&s, "10:00:01.5", "postfix/bounce[43]: 3F2A1C0: sender non-delivery notification: 4A0B2C1");
    story_line(&s, "10:00:01.6", "postfix/qmgr[42]: 4A0B2C1: removed");
    story_line(&s, "10:00:01.7", "postfix/qmgr[42]: 3F2A1C0: removed");
    story_finish(&s);
    story_is(&s, "delivery", 1, "queue_id", "4A0B2C1");
    story_is(&s, "delivery", 1, "origin", "bounce");
    story_is(&s, "delivery", 1, "parent_queue_id", "3F2A1C0");
    story_is(&s, "delivery", 1, "from", "");
    story_is(&s, "message", 0, "queue_id", "4A0B2C1");
    story_is(&s, "message", 1, "result", "bounced");
    story_is(&s, "message", 1, "bounce_queue_id", "4A0B2C1");
    story_is(&s, "delivery", 0, "reply_code", "550");
}
END_TEST

/* Which came first is not to be told where timestamps are seconds. */
START_TEST(test_the_senders_notification_is_the_messages_not_the_postmasters)
{
    char sender[80], postmaster[80], id[16];

    snprintf(id, sizeof id, "4A0B2%02X", (unsigned)_i);
    snprintf(sender, sizeof sender, "postfix/bounce[43]: 3F2A1C0: sender non-delivery notification: %s", id);
    snprintf(postmaster, sizeof postmaster,
             "postfix/bounce[43]: 3F2A1C0: postmaster non-delivery notification: 5A0B2C1");
    begin("10:00:00", "3F2A1C0", "1");
    story_line(&s, "10:00:01", TO_BOUNCED("3F2A1C0", "bob@example.net"));
    story_line(&s, "10:00:01", _i % 2 ? sender : postmaster);
    story_line(&s, "10:00:01", _i % 2 ? postmaster : sender);
    story_line(&s, "10:00:01", "postfix/qmgr[42]: 3F2A1C0: removed");
    story_finish(&s);
    story_is(&s, "message", 0, "bounce_queue_id", id);
}
END_TEST

START_TEST(test_bounce_that_is_logged_before_its_entry_is_linked)
{
    story_line(&s, "10:00:01.1", "postfix/bounce[43]: 3F2A1C0: sender non-delivery notification: 4A0B2C1");
    story_line(&s, "10:00:01.2", "postfix/cleanup[41]: 4A0B2C1: message-id=<b1@mx1.example.org>");
    story_line(&s, "10:00:01.3", "postfix/qmgr[42]: 4A0B2C1: from=<>, size=2512, nrcpt=1 (queue active)");
    story_line(&s, "10:00:01.4", TO_SENT("4A0B2C1", "ann@example.org"));
    story_line(&s, "10:00:01.6", "postfix/qmgr[42]: 4A0B2C1: removed");
    story_finish(&s);
    story_is(&s, "message", 0, "origin", "bounce");
    story_is(&s, "message", 0, "parent_queue_id", "3F2A1C0");
}
END_TEST

START_TEST(test_delay_notice_gives_way_to_the_bounce)
{
    begin("10:00:00", "3F2A1C0", "1");
    story_line(&s, "10:00:01", "postfix/bounce[43]: 3F2A1C0: sender delay notification: 4A0B2C1");
    story_line(&s, "10:00:02", TO_BOUNCED("3F2A1C0", "bob@example.net"));
    story_line(&s, "10:00:02", "postfix/bounce[43]: 3F2A1C0: sender non-delivery notification: 5A0B2C1");
    story_line(&s, "10:00:03", "postfix/qmgr[42]: 3F2A1C0: removed");
    story_finish(&s);
    for (size_t i = 0; i < story_count(&s, "message"); i++) {
        if (strcmp(story_text(story_event(&s, "message", i), "queue_id"), "3F2A1C0") == 0) {
            story_is(&s, "message", i, "bounce_queue_id", "5A0B2C1");
        }
    }
}
END_TEST

START_TEST(test_forward_is_linked_to_the_entry_made_of_it)
{
    begin("10:00:00", "3F2A1C0", "1");
    story_line(&s, "10:00:01", "postfix/cleanup[41]: 4A0B2C1: message-id=<3F2A1C0@example.org>");
    story_line(&s, "10:00:01",
               "postfix/local[44]: 3F2A1C0: to=<bob@example.net>, relay=local, delay=0.4, delays=0.1/0.05/0.15/0.1, "
               "dsn=2.0.0, status=sent (forwarded as 4A0B2C1)");
    story_line(&s, "10:00:01", "postfix/qmgr[42]: 3F2A1C0: removed");
    story_line(&s, "10:00:02", TO_SENT("4A0B2C1", "bob@example.com"));
    story_line(&s, "10:00:02", "postfix/qmgr[42]: 4A0B2C1: removed");
    story_finish(&s);
    story_is(&s, "delivery", 0, "next_queue_id", "4A0B2C1");
    story_is(&s, "message", 1, "origin", "forward");
    story_is(&s, "message", 1, "parent_queue_id", "3F2A1C0");
    ck_assert_str_eq(story_text(story_event(&s, "message", 0), "trace_id"),
                     story_text(story_event(&s, "message", 1), "trace_id"));
}
END_TEST

START_TEST(test_remote_reply_that_says_forwarded_links_nothing)
{
    begin("10:00:00", "3F2A1C0", "1");
    story_line(&s, "10:00:01",
               "postfix/smtp[50]: 3F2A1C0: to=<bob@example.net>, relay=mx.example.net[192.0.2.7]:25, delay=0.4, "
               "delays=0.1/0.05/0.15/0.1, dsn=2.0.0, status=sent (forwarded as 4A0B2C1)");
    story_line(&s, "10:00:01", "postfix/qmgr[42]: 3F2A1C0: removed");
    story_finish(&s);
    ck_assert_uint_eq(story_count(&s, "message"), 1);
}
END_TEST

START_TEST(test_content_filter_names_the_entry_it_came_from)
{
    story_line(&s, "10:00:00",
               "postfix/smtpd[40]: 4A0B2C1: client=localhost[127.0.0.1], orig_queue_id=3F2A1C0, "
               "orig_client=client.example.org[198.51.100.4]");
    story_line(&s, "10:00:00", "postfix/qmgr[42]: 4A0B2C1: from=<ann@example.org>, size=512, nrcpt=1 (queue active)");
    story_line(&s, "10:00:01", TO_SENT("4A0B2C1", "bob@example.net"));
    story_line(&s, "10:00:01", "postfix/qmgr[42]: 4A0B2C1: removed");
    story_finish(&s);
    story_is(&s, "message", 0, "parent_queue_id", "3F2A1C0");
    story_is(&s, "message", 0, "origin", "filter");
    story_is(&s, "message", 0, "client", "{\"name\":\"client.example.org\",\"ip\":\"198.51.100.4\"}");
}
END_TEST

START_TEST(test_reused_queue_id_starts_a_new_message)
{
    begin("10:00:00", "3F2A1C0", "1");
    story_line(&s, "10:00:01", TO_SENT("3F2A1C0", "bob@example.net"));
    story_line(&s, "10:00:01", "postfix/qmgr[42]: 3F2A1C0: removed");
    begin("10:00:02", "3F2A1C0", "1");
    story_line(&s, "10:00:03", TO_BOUNCED("3F2A1C0", "cat@example.net"));
    story_line(&s, "10:00:03", "postfix/qmgr[42]: 3F2A1C0: removed");
    begin("11:30:00", "3F2A1C0", "1");
    story_finish(&s);
    ck_assert_uint_eq(story_count(&s, "message"), 3);
    story_is(&s, "message", 0, "result", "sent");
    story_is(&s, "message", 1, "result", "bounced");
    story_is(&s, "message", 1, "recipients.0.to", "cat@example.net");
    story_is(&s, "message", 2, "result", "incomplete");
}
END_TEST

START_TEST(test_reused_queue_id_without_an_end_replaces_the_message)
{
    begin("10:00:00", "3F2A1C0", "1");
    story_line(&s, "10:00:01", TO_DEFERRED("3F2A1C0", "bob@example.net", "1"));
    begin("10:00:09", "3F2A1C0", "1");
    story_finish(&s);
    story_is(&s, "message", 0, "result", "incomplete");
    story_is(&s, "message", 0, "reason", "replaced");
    story_is(&s, "message", 0, "counts", "{\"deferred\":1}");
    ck_assert_uint_eq(story_count(&s, "message"), 2);
}
END_TEST

START_TEST(test_hosts_and_instances_have_their_own_queue_ids)
{
    begin("10:00:00", "3F2A1C0", "1");
    s.host = "mx2";
    begin("10:00:00", "3F2A1C0", "1");
    s.host = "mx1";
    story_line(&s, "10:00:00",
               "postfix-out/qmgr[42]: 3F2A1C0: from=<ann@example.org>, size=512, nrcpt=1 (queue active)");
    story_line(&s, "10:00:01", TO_SENT("3F2A1C0", "bob@example.net"));
    story_finish(&s);
    ck_assert_uint_eq(story_count(&s, "message"), 3);
    ck_assert_uint_eq(story_count(&s, "delivery"), 1);
    story_is(&s, "delivery", 0, "host", "mx1");
    story_is(&s, "delivery", 0, "instance", "-");
}
END_TEST

START_TEST(test_service_name_does_not_change_the_queue)
{
    story_line(&s, "10:00:00",
               "postfix/submission/smtpd[40]: 3F2A1C0: client=client.example.org[198.51.100.4], sasl_method=PLAIN, "
               "sasl_username=ann");
    story_line(&s, "10:00:00", "postfix/qmgr[42]: 3F2A1C0: from=<ann@example.org>, size=512, nrcpt=1 (queue active)");
    story_finish(&s);
    ck_assert_uint_eq(story_count(&s, "message"), 1);
    story_is(&s, "message", 0, "client.user", "ann");
    story_is(&s, "message", 0, "client.mechanism", "PLAIN");
}
END_TEST

START_TEST(test_deletion_by_the_administrator_is_told)
{
    begin("10:00:00", "3F2A1C0", "1");
    story_line(&s, "10:00:01", TO_DEFERRED("3F2A1C0", "bob@example.net", "1"));
    story_line(&s, "10:00:02", "postfix/postsuper[60]: 3F2A1C0: placed on hold");
    story_line(&s, "10:00:03", "postfix/postsuper[61]: 3F2A1C0: released from hold");
    story_line(&s, "10:00:04", "postfix/postsuper[62]: 3F2A1C0: removed");
    story_finish(&s);
    ck_assert_uint_eq(story_count(&s, "message"), 1);
    story_is(&s, "message", 0, "result", "deleted");
    story_is(&s, "message", 0, "lines", "7");
}
END_TEST

START_TEST(test_requeued_entry_goes_on_as_a_child)
{
    begin("10:00:00", "3F2A1C0", "1");
    story_line(&s, "10:00:04", "postfix/postsuper[62]: 3F2A1C0: requeued");
    story_line(&s, "10:00:05", "postfix/pickup[63]: 4A0B2C1: uid=106 from=<ann@example.org> orig_id=3F2A1C0");
    story_line(&s, "10:00:06", TO_SENT("4A0B2C1", "bob@example.net"));
    story_line(&s, "10:00:06", "postfix/qmgr[42]: 4A0B2C1: removed");
    story_finish(&s);
    ck_assert_uint_eq(story_count(&s, "message"), 2);
    story_is(&s, "message", 0, "reason", "replaced");
    story_is(&s, "message", 1, "parent_queue_id", "3F2A1C0");
    story_is(&s, "message", 1, "result", "sent");
}
END_TEST

START_TEST(test_delivery_of_an_unknown_message_says_what_it_can)
{
    story_line(&s, "10:00:01", TO_SENT("3F2A1C0", "bob@example.net"));
    story_line(&s, "10:00:01", "postfix/qmgr[42]: 3F2A1C0: removed");
    story_finish(&s);
    story_is(&s, "delivery", 0, "from", "-");
    story_is(&s, "delivery", 0, "trace_id", "-");
    story_is(&s, "message", 0, "result", "sent");
}
END_TEST

START_TEST(test_removal_without_a_delivery_is_unseen)
{
    begin("10:00:00", "3F2A1C0", "2");
    story_line(&s, "10:00:01", TO_SENT("3F2A1C0", "bob@example.net"));
    story_line(&s, "10:00:01", "postfix/qmgr[42]: 3F2A1C0: removed");
    story_finish(&s);
    story_is(&s, "message", 0, "result", "incomplete");
    story_is(&s, "message", 0, "reason", "unseen");
    ck_assert_uint_eq(story_stats(&s).incomplete[MT_REASON_UNSEEN], 1);
}
END_TEST

START_TEST(test_silent_message_times_out_by_log_time)
{
    begin("10:00:00", "3F2A1C0", "1");
    for (int i = 0; i < 4; i++) { /* a jump of a day is believed when lines agree on it */
        story_line(&s, "2024-03-08T10:00:10",
                   "postfix/qmgr[42]: 4A0B2C1: from=<x@example.org>, size=5, nrcpt=1 (queue active)");
    }
    story_line(&s, "2024-03-08T10:00:20",
               "postfix/qmgr[42]: 4A0B2C2: from=<x@example.org>, size=5, nrcpt=1 (queue active)");
    ck_assert_uint_eq(story_count(&s, "message"), 1);
    story_is(&s, "message", 0, "queue_id", "3F2A1C0");
    story_is(&s, "message", 0, "reason", "timeout");
    story_is(&s, "message", 0, "time", "2024-03-07T10:00:00+00:00");
}
END_TEST

START_TEST(test_one_line_with_a_wrong_date_times_nothing_out)
{
    begin("10:00:00", "3F2A1C0", "1");
    story_line(&s, "2025-03-07T10:00:00",
               "postfix/qmgr[42]: 4A0B2C1: from=<x@example.org>, size=5, nrcpt=1 (queue active)");
    story_line(&s, "2023-03-07T10:00:00",
               "postfix/qmgr[42]: 4A0B2C2: from=<x@example.org>, size=5, nrcpt=1 (queue active)");
    story_line(&s, "10:00:20", TO_SENT("3F2A1C0", "bob@example.net"));
    story_line(&s, "10:00:20", "postfix/qmgr[42]: 3F2A1C0: removed");
    story_line(&s, "10:00:30", "postfix/qmgr[42]: 4A0B2C3: removed");
    ck_assert_uint_eq(story_count(&s, "message"), 1);
    story_is(&s, "message", 0, "result", "sent");
    story_is(&s, "message", 0, "from", "ann@example.org");
}
END_TEST

START_TEST(test_clock_set_back_is_followed_when_lines_agree)
{
    char time[40];

    story_line(&s, "2024-09-07T10:00:00",
               "postfix/qmgr[42]: 4A0B2C1: from=<x@example.org>, size=5, nrcpt=1 (queue active)");
    for (int i = 0; i < 100; i++) {
        snprintf(time, sizeof time, "10:%02d:%02d", i / 60, i % 60);
        story_line(&s, time, "postfix/qmgr[42]: 4A0B2C2: from=<x@example.org>, size=5, nrcpt=1 (queue active)");
    }
    begin("10:05:00", "3F2A1C0", "1");
    story_line(&s, "10:05:01", TO_SENT("3F2A1C0", "bob@example.net"));
    ck_assert_uint_eq(story_count(&s, "delivery"), 0);
    story_line(&s, "10:05:06", "postfix/qmgr[42]: 4A0B2C2: from=<x@example.org>, size=6, nrcpt=1 (queue active)");
    ck_assert_uint_eq(story_count(&s, "delivery"), 1);
}
END_TEST

START_TEST(test_wall_clock_moves_on_a_silent_log)
{
    static struct mt_record rec;
    struct mt_line line = {
        .time = {1709805600000000, 0, 0}, .host = MT_LIT("mx1"), .program = MT_LIT("postfix/smtp"), .pid = 50};
    int64_t wall = INT64_C(1800000000000000); /* has nothing to do with the log's time */

    line.text = mt_slice_str(strchr(TO_SENT("3F2A1C0", "bob@example.net"), ' ') + 1);
    mt_correlator_feed(s.correlator, &rec, mt_parse(&line, &rec), wall);
    for (int second = 1; second <= 5; second++) {
        ck_assert_uint_eq(story_count(&s, "delivery"), 0);
        mt_correlator_tick(s.correlator, wall + second * INT64_C(1000000));
    }
    ck_assert_uint_eq(story_count(&s, "delivery"), 1);
    mt_correlator_tick(s.correlator, wall + INT64_C(90000) * 1000000);
    ck_assert_uint_eq(story_count(&s, "message"), 1);
}
END_TEST

/* A line of a thread that is two hours of log time behind, at `wall`. Returns how many were late so far. */
static uint64_t feed_behind(int64_t wall)
{
    static struct mt_record rec;
    static int64_t usec = 1709805600000000 - INT64_C(7200000000);
    struct mt_line line = {.time = {++usec, 0, 0}, .host = MT_LIT("mx1"), .program = MT_LIT("postfix/smtp"), .pid = 50};

    line.text = mt_slice_str(strchr(TO_SENT("3F2A1C0", "bob@example.net"), ' ') + 1);
    mt_correlator_feed(s.correlator, &rec, mt_parse(&line, &rec), wall);
    return story_stats(&s).late;
}

START_TEST(test_a_thread_that_lags_does_not_set_the_clock_back)
{
    static struct mt_record rec;
    struct mt_line line = {
        .time = {1709805600000000, 0, 0}, .host = MT_LIT("mx1"), .program = MT_LIT("postfix/smtp"), .pid = 50};
    int64_t wall = INT64_C(1800000000000000);
    uint64_t late;

    line.text = mt_slice_str(strchr(TO_SENT("3F2A1C0", "bob@example.net"), ' ') + 1);
    for (int i = 0; i < 10; i++, line.time.usec += 5000000, wall += 1000000) {
        mt_correlator_feed(s.correlator, &rec, mt_parse(&line, &rec), wall);
    }
    for (unsigned i = 1; i <= 100; i++) { /* as many in no time */
        ck_assert_uint_eq(feed_behind(wall), i);
    }
    late = feed_behind(wall + 1000000); /* a clock that was set is believed a moment later */
    ck_assert_uint_eq(feed_behind(wall + 1000001), late);
}
END_TEST

START_TEST(test_without_settling_events_come_at_once)
{
    struct mt_config config = defaults();

    config.settle = 0;
    restart(&config);
    begin("10:00:00", "3F2A1C0", "1");
    story_line(&s, "10:00:01", TO_SENT("3F2A1C0", "bob@example.net"));
    ck_assert_uint_eq(story_count(&s, "delivery"), 1);
    story_line(&s, "10:00:01", "postfix/qmgr[42]: 3F2A1C0: removed");
    ck_assert_uint_eq(story_count(&s, "message"), 1);
}
END_TEST

START_TEST(test_event_says_what_is_known_when_it_has_settled)
{
    story_line(&s, "10:00:01", TO_SENT("3F2A1C0", "bob@example.net"));
    story_line(&s, "10:00:02", "postfix/qmgr[42]: 3F2A1C0: from=<ann@example.org>, size=512, nrcpt=1 (queue active)");
    story_line(&s, "10:00:08", "postfix/qmgr[42]: 4A0B2C2: removed");
    story_is(&s, "delivery", 0, "from", "ann@example.org");
}
END_TEST

START_TEST(test_lines_read_again_change_nothing)
{
    for (int round = 0; round < 3; round++) {
        begin("10:00:00", "3F2A1C0", "1");
        story_line(&s, "10:00:01", TO_DEFERRED("3F2A1C0", "bob@example.net", "1"));
        story_line(&s, "10:05:01", TO_SENT("3F2A1C0", "bob@example.net"));
        story_line(&s, "10:05:02", "postfix/qmgr[42]: 3F2A1C0: removed");
        story_line(&s, "10:20:00", "postfix/qmgr[42]: 4A0B2C2: from=<x@example.org>, size=6, nrcpt=1 (queue active)");
    }
    story_finish(&s);
    ck_assert_uint_eq(story_count(&s, "delivery"), 2);
    ck_assert_uint_eq(story_count(&s, "message"), 2);
    story_is(&s, "message", 0, "lines", "6");
    ck_assert_uint_eq(story_stats(&s).repeated, 14);
}
END_TEST

START_TEST(test_repetition_that_a_relay_wraps_is_a_repeat)
{
    begin("10:00:00", "3F2A1C0", "1");
    story_line(&s, "10:00:01", TO_DEFERRED("3F2A1C0", "bob@example.net", "1"));
    story_line(
        &s, "10:00:02",
        "postfix/smtp[50]: message repeated 2 times: [ 3F2A1C0: to=<bob@example.net>, relay=none, delay=1, "
        "delays=1/0/0/0, dsn=4.4.1, status=deferred (connect to mx.example.net[192.0.2.7]:25: Connection refused)]");
    story_finish(&s);
    ck_assert_uint_eq(story_count(&s, "delivery"), 1);
}
END_TEST

START_TEST(test_bound_on_messages_gives_up_the_oldest_idle_of_the_largest_host)
{
    struct mt_config config = defaults();
    char id[20];

    config.max_messages = 100;
    restart(&config);
    begin("10:00:00", "3F2A1C0", "1");
    s.host = "noisy";
    for (int i = 0; i < 200; i++) {
        snprintf(id, sizeof id, "AAAA%03X", i);
        begin("10:00:01", id, "1");
    }
    story_line(&s, "10:00:30", "postfix/qmgr[42]: AAAAFFF: removed");
    ck_assert_uint_eq(story_stats(&s).open, 100);
    ck_assert_uint_eq(story_stats(&s).incomplete[MT_REASON_EVICTED], story_count(&s, "message"));
    ck_assert_uint_ge(story_count(&s, "message"), 100);
    for (size_t i = 0; i < story_count(&s, "message"); i++) {
        story_is(&s, "message", i, "host", "noisy");
        story_is(&s, "message", i, "reason", "evicted");
    }
}
END_TEST

START_TEST(test_bound_on_memory_holds)
{
    struct mt_config config = defaults();
    char id[20], time[40];

    config.max_memory = MT_MAX_MEMORY_LEAST;
    config.events = 1u << MT_EVENT_SESSION; /* thousands of trees of evicted messages are not wanted */
    restart(&config);
    for (int i = 0; i < 20000; i++) {
        snprintf(id, sizeof id, "AA%05X", i);
        snprintf(time, sizeof time, "10:%02d:%02d.%d", i / 6000, i / 100 % 60, i % 10);
        begin(time, id, "1");
        ck_assert_uint_le(story_stats(&s).memory, MT_MAX_MEMORY_LEAST + 65536);
    }
    ck_assert_uint_gt(story_stats(&s).incomplete[MT_REASON_EVICTED], 10000);
}
END_TEST

START_TEST(test_made_up_host_names_do_not_fill_the_memory)
{
    struct mt_config config = defaults();
    char host[20];

    config.max_memory = MT_MAX_MEMORY_LEAST;
    config.events = 1u << MT_EVENT_SESSION;
    restart(&config);
    s.host = host;
    for (int i = 0; i < 20000; i++) {
        snprintf(host, sizeof host, "h%d", i);
        story_line(&s, "10:00:00", "postfix/smtpd[40]: 3F2A1C0: client=client.example.org[198.51.100.4]");
        ck_assert_uint_le(story_stats(&s).memory, MT_MAX_MEMORY_LEAST + 65536);
    }
    mt_correlator_flush(s.correlator, false);
    ck_assert_uint_eq(story_stats(&s).incomplete[MT_REASON_EVICTED] + story_stats(&s).open, 20000);
}
END_TEST

START_TEST(test_recipients_beyond_the_bound_are_counted_and_delivered)
{
    struct mt_config config = defaults();
    char text[400];

    config.max_recipients = 10;
    restart(&config);
    begin("10:00:00", "3F2A1C0", "60");
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 60; i++) {
            snprintf(text, sizeof text,
                     "postfix/smtp[50]: 3F2A1C0: to=<r%d@example.net>, relay=mx.example.net[192.0.2.7]:25, delay=%d, "
                     "delays=0/0/0/0, %s",
                     i, round + 1,
                     round ? "dsn=2.0.0, status=sent (250 ok)" : "dsn=4.0.0, status=deferred (450 later)");
            story_line(&s, round ? "10:10:00" : "10:00:01", text);
        }
    }
    story_line(&s, "10:10:00", "postfix/qmgr[42]: 3F2A1C0: removed");
    story_finish(&s);
    ck_assert_uint_eq(story_count(&s, "delivery"), 120);
    story_is(&s, "delivery", 119, "attempt", "2");
    story_is(&s, "message", 0, "counts", "{\"sent\":60}");
    story_is(&s, "message", 0, "recipients_omitted", "50");
    ck_assert_uint_eq(story_stats(&s).recipients_omitted, 50);
}
END_TEST

START_TEST(test_message_refused_after_it_had_a_queue_id_is_rejected)
{
    story_line(&s, "10:00:00", "postfix/smtpd[40]: 3F2A1C0: client=client.example.org[198.51.100.4]");
    story_line(&s, "10:00:01", "postfix/cleanup[41]: 3F2A1C0: message-id=<m1@example.org>");
    story_line(&s, "10:00:01",
               "postfix/cleanup[41]: 3F2A1C0: milter-reject: END-OF-MESSAGE from client.example.org[198.51.100.4]: "
               "5.7.1 spam; "
               "from=<ann@example.org> to=<bob@example.net> proto=ESMTP helo=<client.example.org>");
    story_finish(&s);
    story_is(&s, "reject", 0, "stage", "END-OF-MESSAGE");
    story_is(&s, "reject", 0, "action", "milter-reject");
    story_is(&s, "reject", 0, "queue_id", "3F2A1C0");
    story_is(&s, "reject", 0, "message_id", "m1@example.org");
    story_is(&s, "message", 0, "result", "rejected");
    story_is(&s, "message", 0, "reason", "5.7.1 spam");
    ck_assert_uint_eq(story_count(&s, "message"), 1);
}
END_TEST

START_TEST(test_message_over_the_size_limit_is_rejected)
{
    story_line(&s, "10:00:00", "postfix/smtpd[40]: 3F2A1C0: client=client.example.org[198.51.100.4]");
    story_line(&s, "10:00:01", "postfix/cleanup[41]: warning: 3F2A1C0: queue file size limit exceeded");
    story_line(&s, "10:00:01", "postfix/smtpd[40]: warning: 3F2A1C0: queue file size limit exceeded");
    story_finish(&s);
    ck_assert_uint_eq(story_count(&s, NULL), 1);
    story_is(&s, "message", 0, "result", "rejected");
    story_is(&s, "message", 0, "reason", "queue file size limit exceeded");
}
END_TEST

START_TEST(test_content_refused_by_a_header_check_is_rejected)
{
    story_line(&s, "10:00:00", "postfix/smtpd[40]: 3F2A1C0: client=client.example.org[198.51.100.4]");
    story_line(&s, "10:00:01",
               "postfix/cleanup[41]: 3F2A1C0: reject: header Subject: buy from client.example.org[198.51.100.4]; "
               "from=<ann@example.org> to=<bob@example.net> proto=ESMTP helo=<client.example.org>: 5.7.1 no");
    story_finish(&s);
    story_is(&s, "reject", 0, "action", "reject");
    story_is(&s, "message", 0, "result", "rejected");
}
END_TEST

START_TEST(test_attempts_that_differ_only_in_their_stamps_are_two)
{
    begin("10:00:00", "3F2A1C0", "1");
    story_line(&s, "10:00:18.1", TO_DEFERRED("3F2A1C0", "bob@example.net", "18"));
    story_line(&s, "10:00:18.3", TO_DEFERRED("3F2A1C0", "bob@example.net", "18"));
    story_finish(&s);
    ck_assert_uint_eq(story_count(&s, "delivery"), 2);
    story_is(&s, "delivery", 1, "attempt", "2");
}
END_TEST

START_TEST(test_reject_without_a_queue_id_is_no_message)
{
    story_line(&s, "10:00:00",
               "postfix/smtpd[40]: NOQUEUE: reject: RCPT from unknown[198.51.100.4]: 554 5.7.1 <bob@example.net>: "
               "Relay access denied; "
               "from=<ann@example.org> to=<bob@example.net> proto=ESMTP helo=<client.example.org>");
    story_line(&s, "10:00:00",
               "postfix/smtpd[40]: NOQUEUE: reject: RCPT from unknown[198.51.100.4]: 554 5.7.1 <bob@example.net>: "
               "Relay access denied; "
               "from=<ann@example.org> to=<bob@example.net> proto=ESMTP helo=<client.example.org>");
    story_finish(&s);
    ck_assert_uint_eq(story_count(&s, NULL), 1);
    story_is(&s, "reject", 0, "queue_id", "-");
    story_is(&s, "reject", 0, "to", "bob@example.net");
    story_is(&s, "reject", 0, "from", "ann@example.org");
    story_is(&s, "reject", 0, "client.helo", "client.example.org");
    story_is(&s, "reject", 0, "client.name", "-");
    story_is(&s, "reject", 0, "reply_code", "554");
    story_is(&s, "reject", 0, "dsn", "5.7.1");
}
END_TEST

START_TEST(test_ids_are_the_same_in_every_run)
{
    char ids[2][40];

    for (int run = 0; run < 2; run++) {
        begin("10:00:00", "3F2A1C0", "1");
        story_line(&s, "10:00:01", TO_SENT("3F2A1C0", "bob@example.net"));
        story_finish(&s);
        snprintf(ids[run], sizeof ids[run], "%s", story_text(story_event(&s, "delivery", 0), "id"));
        ck_assert_uint_eq(strlen(ids[run]), 32);
        /* A pure function of the Message-ID: the value is fixed for ever. */
        story_is(&s, "delivery", 0, "trace_id", "19391a4da35086ea059cbe0c5ceabf3b");
        restart(NULL);
    }
    ck_assert_str_eq(ids[0], ids[1]);
}
END_TEST

START_TEST(test_kinds_that_are_not_asked_for_are_not_emitted)
{
    struct mt_config config = defaults();

    config.events = 1u << MT_EVENT_MESSAGE;
    restart(&config);
    begin("10:00:00", "3F2A1C0", "1");
    story_line(&s, "10:00:01", TO_SENT("3F2A1C0", "bob@example.net"));
    story_line(&s, "10:00:01", "postfix/qmgr[42]: 3F2A1C0: removed");
    story_finish(&s);
    ck_assert_uint_eq(story_count(&s, NULL), 1);
    story_is(&s, "message", 0, "result", "sent");
}
END_TEST

START_TEST(test_logged_received_headers_are_the_hops_of_the_message)
{
    story_line(&s, "10:00:00", "postfix/smtpd[40]: 3F2A1C0: client=c.example.org[198.51.100.1]");
    story_line(
        &s, "10:00:00.1",
        "postfix/cleanup[41]: 3F2A1C0: info: header Received: from b.example.org (b.example.org [192.0.2.2])??by "
        "c.example.org (Postfix) with ESMTPS id 7B8A8A24??for <x@example.net>; Thu,  7 Mar 2024 09:59:58 +0000 "
        "(UTC) from c.example.org[198.51.100.1]; from=<a@example.org> to=<x@example.net> proto=ESMTP helo=<c>");
    story_line(
        &s, "10:00:00.2",
        "postfix/cleanup[41]: 3F2A1C0: info: header Received: from a.example.org (a.example.org [192.0.2.1])??by "
        "b.example.org (Postfix) with ESMTP id 11AA; Thu,  7 Mar 2024 09:59:28 +0000 (UTC) from "
        "c.example.org[198.51.100.1]; from=<a@example.org> to=<x@example.net> proto=ESMTP helo=<c>");
    story_line(
        &s, "10:00:01",
        "postfix/smtp[42]: 3F2A1C0: to=<x@example.net>, relay=mx[192.0.2.7]:25, delay=1, delays=1/0/0/0, dsn=2.0.0, "
        "status=sent (250 ok)");
    story_line(&s, "10:00:01.5", "postfix/qmgr[43]: 3F2A1C0: removed");
    story_finish(&s);
    story_is(&s, "message", 0, "received.0.by.name", "b.example.org");
    story_is(&s, "message", 0, "received.0.id", "11AA");
    story_is(&s, "message", 0, "received.1.id", "7B8A8A24");
    story_is(&s, "message", 0, "received.1.delay", "30");
}
END_TEST

START_TEST(test_header_lines_give_the_subject_and_nothing_else)
{
    begin("10:00:00", "3F2A1C0", "1");
    story_line(&s, "10:00:00",
               "postfix/cleanup[41]: 3F2A1C0: info: header Subject: hi, to=<victim@example.net>, status=sent from "
               "client.example.org[198.51.100.4]; from=<ann@example.org> to=<bob@example.net> proto=ESMTP helo=<evil>");
    story_finish(&s);
    story_is(&s, "message", 0, "subject", "hi, to=<victim@example.net>, status=sent");
    story_is(&s, "message", 0, "client.helo", "-");
    ck_assert_uint_eq(story_count(&s, "delivery"), 0);
}
END_TEST

static struct mt_line_copy *copy_of(struct mt_copier *copier, uint64_t order, const char *text)
{
    static struct mt_record rec;
    struct mt_line line = {.time = {1709805600000000, 0, 0},
                           .host = MT_LIT("mx1"),
                           .program = MT_LIT("postfix/smtp"),
                           .pid = 50,
                           .order = order,
                           .text = mt_slice_str(strchr(text, ' ') + 1)};

    return mt_copier_copy(copier, &rec, mt_parse(&line, &rec));
}

START_TEST(test_copies_may_be_left_out_and_their_memory_comes_back)
{
    struct mt_copier copier = {NULL}, unused = {NULL};
    uint64_t fed = 0, before = story_stats(&s).memory;

    for (uint64_t i = 0; i < 1000; i++) {
        struct mt_line_copy *copy = copy_of(&copier, i, TO_SENT("3F2A1C0", "bob@example.net"));
        ck_assert_ptr_nonnull(copy);
        ck_assert_ptr_nonnull(copy_of(&unused, i, TO_SENT("3F2A1C0", "bob@example.net")));
        if (i < 100 || (i > 400 && i % 3 == 0)) { /* whole chunks are left out, and lines in between */
            mt_correlator_feed_copy(s.correlator, copy, 0);
            fed++;
        }
    }
    ck_assert_uint_eq(story_stats(&s).lines, fed);
    ck_assert_uint_gt(story_stats(&s).memory, before + 16384);
    story_finish(&s);
    mt_copier_free(&copier, s.correlator);
    mt_copier_free(&unused, s.correlator);
    ck_assert_uint_eq(story_stats(&s).repeated, fed - 1);
    ck_assert_uint_eq(story_count(&s, "delivery"), 1);
    ck_assert_uint_lt(story_stats(&s).memory, before + 16384);
}
END_TEST

START_TEST(test_lines_that_need_not_be_kept_are_not_copied)
{
    struct mt_copier copier = {NULL};
    char *huge = NULL;

    ck_assert_ptr_null(copy_of(&copier, 1, "postfix/smtp[50]: warning: no such thing"));
    ck_assert_ptr_null(copy_of(&copier, 1, "postfix/smtp[50]: no line of Postfix"));
    ck_assert_int_gt(asprintf(&huge, TO_SENT("3F2A1C0", "bob@example.net") " %65000s", "."), 65000);
    ck_assert_ptr_null(copy_of(&copier, 1, huge));
    ck_assert_ptr_null(copier.current);
    free(huge);
}
END_TEST

START_TEST(test_unrecognised_lines_are_counted)
{
    story_line(&s, "10:00:00", "postfix/smtpd[40]: no line that smtpd writes");
    story_line(&s, "10:00:00", "sshd[40]: Accepted publickey for root");
    ck_assert_uint_eq(story_stats(&s).lines, 2);
    ck_assert_uint_eq(story_stats(&s).unrecognised[MT_SOURCE_postfix], 1);
    ck_assert_uint_eq(story_stats(&s).foreign, 1);
}
END_TEST

Suite *mt_suite_correlate(void)
{
    const TTest *const tests[] = {
        test_postfix_transaction_gives_one_delivery_and_one_message,
        test_sendmail_entry_ends_when_all_its_recipients_are_done,
        test_sendmail_entry_with_aliases_waits_for_recipients_that_were_not_counted,
        test_split_sendmail_line_is_one_line,
        test_attempts_are_counted_for_each_recipient,
        test_expiry_is_told_of_every_recipient_still_deferred,
        test_bounce_is_linked_both_ways,
        test_bounce_that_is_logged_before_its_entry_is_linked,
        test_delay_notice_gives_way_to_the_bounce,
        test_forward_is_linked_to_the_entry_made_of_it,
        test_remote_reply_that_says_forwarded_links_nothing,
        test_content_filter_names_the_entry_it_came_from,
        test_reused_queue_id_starts_a_new_message,
        test_reused_queue_id_without_an_end_replaces_the_message,
        test_hosts_and_instances_have_their_own_queue_ids,
        test_service_name_does_not_change_the_queue,
        test_deletion_by_the_administrator_is_told,
        test_requeued_entry_goes_on_as_a_child,
        test_delivery_of_an_unknown_message_says_what_it_can,
        test_removal_without_a_delivery_is_unseen,
        test_silent_message_times_out_by_log_time,
        test_one_line_with_a_wrong_date_times_nothing_out,
        test_clock_set_back_is_followed_when_lines_agree,
        test_wall_clock_moves_on_a_silent_log,
        test_a_thread_that_lags_does_not_set_the_clock_back,
        test_without_settling_events_come_at_once,
        test_event_says_what_is_known_when_it_has_settled,
        test_lines_read_again_change_nothing,
        test_repetition_that_a_relay_wraps_is_a_repeat,
        test_bound_on_messages_gives_up_the_oldest_idle_of_the_largest_host,
        test_bound_on_memory_holds,
        test_made_up_host_names_do_not_fill_the_memory,
        test_recipients_beyond_the_bound_are_counted_and_delivered,
        test_message_refused_after_it_had_a_queue_id_is_rejected,
        test_message_over_the_size_limit_is_rejected,
        test_content_refused_by_a_header_check_is_rejected,
        test_attempts_that_differ_only_in_their_stamps_are_two,
        test_reject_without_a_queue_id_is_no_message,
        test_ids_are_the_same_in_every_run,
        test_kinds_that_are_not_asked_for_are_not_emitted,
        test_logged_received_headers_are_the_hops_of_the_message,
        test_header_lines_give_the_subject_and_nothing_else,
        test_copies_may_be_left_out_and_their_memory_comes_back,
        test_lines_that_need_not_be_kept_are_not_copied,
        test_unrecognised_lines_are_counted,
        test_a_new_entry_ends_the_one_that_had_its_queue_id,
        test_a_reply_on_a_line_of_its_own_is_the_next_results,
        test_a_reply_without_a_result_is_no_delivery,
    };
    Suite *suite = suite_create("correlate");
    TCase *messages = tcase_create("messages");

    tcase_add_checked_fixture(messages, setup, teardown);
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        tcase_add_test(messages, tests[i]);
    }
    tcase_add_loop_test(messages, test_the_senders_notification_is_the_messages_not_the_postmasters, 0, 16);
    suite_add_tcase(suite, messages);
    return suite;
}
