/* Bounds by share: who floods pays for it, and not a host with a few messages open. */
#include <check.h>
#include <stdio.h>

#include "correlate/internal.h"
#include "story.h"
#include "suites.h"

#define HONEST 100 /* its open messages */

#define CLIENT "client=client.example.org[198.51.100.4]"

static struct story s;

static void setup(void)
{
    struct mt_config config;

    mt_config_default(&config);
    config.max_memory = 4 << 20;
    config.events = 1u << MT_EVENT_MESSAGE;
    story_start(&s, &config);
}

static void teardown(void)
{
    story_end(&s);
}

/* Writes i for each #, and its last four hexadecimal digits for each $. */
static void fill(char *out, size_t size, const char *format, int i)
{
    size_t n = 0;

    for (; *format && n + 12 < size; format++) {
        if (*format == '#' || *format == '$') {
            n += (size_t)snprintf(out + n, size - n, *format == '#' ? "%d" : "%04X", *format == '#' ? i : i & 0xffff);
        } else {
            out[n++] = *format;
        }
    }
    out[n] = 0;
}

static void line(const char *host, const char *time, const char *format, int i)
{
    char text[400];

    fill(text, sizeof text, format, i);
    s.host = host;
    story_line(&s, time, text);
}

/* All bytes are somebody's, or shared: a share that is wrong would grow without end. */
static void check_shares(void)
{
    struct mt_correlator *c = s.correlator;
    uint64_t sum = c->memory.shared;
    int64_t classes = 0;

    mt_host_charge(c, c->last_host);
    for (const struct mt_host *host = c->host_list; host; host = host->next) {
        ck_assert_int_gt(host->share, (int64_t)sizeof *host);
        sum += (uint64_t)host->share;
    }
    for (int i = 0; i < MT_HOST_CLASSES; i++) {
        classes += c->classes[i].bytes;
    }
    ck_assert_uint_eq(sum, c->memory.used);
    ck_assert_uint_eq((uint64_t)classes + c->memory.shared, sum);
}

static void begin_honest(const char *host)
{
    for (int i = 0; i < HONEST; i++) {
        line(host, "10:00:00", "postfix/smtpd[1#]: AAAA$: " CLIENT, i);
        line(host, "10:00:00", "postfix/qmgr[4]: AAAA$: from=<a@example.com>, size=1, nrcpt=1 (queue active)", i);
    }
}

/* They end as if nothing had been. */
static void end_honest(const char *host)
{
    size_t n = 0;

    check_shares();
    for (int i = 0; i < HONEST; i++) {
        line(host, "10:10:00",
             "postfix/smtp[5]: AAAA$: to=<b@example.net>, relay=r[192.0.2.1]:25, delay=1, delays=0/0/0/1, "
             "dsn=2.0.0, status=sent (250 ok)",
             i);
        line(host, "10:10:01", "postfix/qmgr[4]: AAAA$: removed", i);
    }
    story_finish(&s);
    for (size_t i = 0; i < s.n; i++) {
        struct json_object *event = s.events[i];
        if (strcmp(story_text(event, "host"), host) == 0 && strncmp(story_text(event, "queue_id"), "AAAA", 4) == 0) {
            n += strcmp(story_text(event, "result"), "sent") == 0;
        }
    }
    ck_assert_uint_eq(n, HONEST);
    check_shares();
}

/* Lines that are taken early make room a little later: when all of their chunk are taken. */
static void check_memory(void)
{
    ck_assert_uint_le(story_stats(&s).memory, s.config.max_memory + s.config.max_memory / 4);
}

START_TEST(test_made_up_hosts_go_before_one_with_open_messages)
{
    char host[20];

    begin_honest("honest");
    for (int i = 0; i < 20000; i++) {
        snprintf(host, sizeof host, "h%d", i);
        line(host, "10:00:05", "postfix/smtpd[40]: 3F2A$: " CLIENT, i);
        ck_assert_uint_le(s.correlator->hosts.n, s.correlator->max_hosts);
        check_memory();
    }
    end_honest("honest");
}
END_TEST

START_TEST(test_many_small_hosts_pay_before_a_larger_one)
{
    char host[20];

    begin_honest("honest");
    for (int i = 0; i < 60000; i++) {
        snprintf(host, sizeof host, "h%d", i % 300);
        line(host, "10:00:05", "postfix/smtpd[40]: 3F2A$: " CLIENT, i);
        check_memory();
    }
    end_honest("honest");
}
END_TEST

static const char *const floods[] = {
    "postfix/smtpd[1#]: connect from h.example.com[10.1.2.3]",
    "postfix/postscreen[7]: CONNECT from [10.1.2.3]:1# to [192.0.2.1]:25",
    ("postfix/smtpd[7]: NOQUEUE: reject: RCPT from unknown[203.0.113.66]: 454 4.7.1 <x#@example.edu>: Relay access "
     "denied; from=<s@example.com> to=<x@example.edu> proto=ESMTP helo=<e>"),
    ("postfix/smtp[1#]: Untrusted TLS connection established to mx.example.net[198.51.100.25]:25: TLSv1.3 with cipher "
     "TLS_AES_256_GCM_SHA384 (256/256 bits)"),
    "opendkim[1#]: 4F2A$: s=a d=h.example.com a=rsa-sha256 SSL ",
    "sm-mta[7]: 26AM$002231[1]: from=<a#@example.com>, size=1284, class=0, nrcpts=1, ...",
};

static void flood(const char *host, const char *honest, const char *format)
{
    begin_honest(honest);
    for (int i = 0; i < 30000; i++) {
        line(host, "10:00:05", format, i);
        check_memory();
    }
    end_honest(honest);
}

START_TEST(test_a_host_that_floods_pays)
{
    flood("noisy", "honest", floods[_i]);
}
END_TEST

START_TEST(test_messages_do_not_pay_for_what_there_is_more_of)
{
    flood("honest", "honest", floods[_i]);
}
END_TEST

START_TEST(test_messages_of_a_flood_pay)
{
    flood("noisy", "honest", "postfix/smtpd[40]: 3F2A$: " CLIENT);
}
END_TEST

Suite *mt_suite_bounds(void)
{
    const int n = sizeof floods / sizeof floods[0];
    Suite *suite = suite_create("bounds");
    TCase *t = tcase_create("bounds");

    tcase_set_timeout(t, 120);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, test_made_up_hosts_go_before_one_with_open_messages);
    tcase_add_test(t, test_many_small_hosts_pay_before_a_larger_one);
    tcase_add_loop_test(t, test_a_host_that_floods_pays, 0, n);
    tcase_add_loop_test(t, test_messages_do_not_pay_for_what_there_is_more_of, 0, n);
    tcase_add_test(t, test_messages_of_a_flood_pay);
    suite_add_tcase(suite, t);
    return suite;
}
