/* Clocks that are set, sleep, or say what is not so: the events are the same, and come when elapsed time says so.
 *
 * A world of hosts that send mail. Elapsed time goes on by itself, and each host's wall clock is that and an offset, which
 * the tests change.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mailtrace/correlate.h"
#include "mailtrace/shards.h"
#include "suites.h"

#define SECOND  INT64_C(1000000)
#define MINUTE  (60 * SECOND)
#define HOUR    (60 * MINUTE)
#define DAY     (24 * HOUR)
#define YEAR    (365 * DAY)
#define START   (5 * SECOND)              /* elapsed time at first: a machine that has just been started */
#define NOW     INT64_C(1774000000000000) /* the wall clock at that time */
#define IN_2099 INT64_C(4080000000000000)
#define MAILS   4000
#define HOSTS   20
#define SETTLE  (2 * SECOND)
#define WAIT    (2 * SETTLE + SETTLE / 4)    /* a line, and then its event */
#define LATEST  (WAIT + SECOND + SECOND / 5) /* the same, where only ticks move the clock, once a second */

enum { CONNECT, CLIENT, MESSAGE_ID, FROM, DISCONNECT, TO, REMOVED, STEPS };

struct mail {
    int host, step;
    int64_t next, sent, ended; /* elapsed time: of the next line, and of the last two */
    int deliveries, messages;
    bool deferred; /* stays open */
};

static struct {
    struct mt_correlator *c;
    int64_t elapsed, offset[HOSTS];
    struct mail mails[MAILS];
    int n, hosts, timeouts, incomplete, wrong;
    int64_t slowest; /* usec from a line to its event */
    uint64_t order;
} w;

static int number_of(const struct mt_event *event)
{
    struct mt_slice id = mt_get(&event->f, MT_F_QUEUE_ID);
    char text[20] = "";

    memcpy(text, id.p, id.n < sizeof text ? id.n : 0);
    return (int)strtol(text, NULL, 16) - 0x1000000;
}

static void hear(void *ctx, const struct mt_event *event)
{
    struct mail *mail;
    int number;

    (void)ctx;
    if (event->kind != MT_EVENT_DELIVERY && event->kind != MT_EVENT_MESSAGE) {
        return;
    }
    number = number_of(event);
    if (number < 0 || number >= w.n) { /* a stray's */
        w.timeouts += mt_slice_eq(mt_get(&event->f, MT_F_REASON), MT_LIT("timeout"));
        return;
    }
    mail = &w.mails[number];
    if (event->kind == MT_EVENT_DELIVERY) {
        mail->deliveries++;
        w.wrong += !mt_has(&event->f, MT_F_FROM) || !mt_has(&event->f, MT_F_MESSAGE_ID);
        w.slowest = w.elapsed - mail->sent > w.slowest ? w.elapsed - mail->sent : w.slowest;
        return;
    }
    mail->messages++;
    w.timeouts += mt_slice_eq(mt_get(&event->f, MT_F_REASON), MT_LIT("timeout"));
    w.incomplete += mt_slice_eq(mt_get(&event->f, MT_F_RESULT), MT_LIT("incomplete"));
    if (mail->ended) {
        w.slowest = w.elapsed - mail->ended > w.slowest ? w.elapsed - mail->ended : w.slowest;
        w.wrong += !mt_has(&event->f, MT_F_CLIENT_IP);
    }
}

static void feed(int host, int64_t usec, const char *program, uint32_t pid, const char *text)
{
    static struct mt_record rec;
    char name[20];
    struct mt_line line = {.time = {usec, 0, 6}, .pid = pid, .order = ++w.order, .program = mt_slice_str(program)};

    line.host = mt_slice(name, (size_t)snprintf(name, sizeof name, "mx%d", host));
    line.text = mt_slice_str(text);
    mt_correlator_feed(w.c, &rec, mt_parse(&line, &rec), w.elapsed);
}

/* A line of an entry that is nobody's mail. */
static void stray(int host, int64_t usec, int number)
{
    char text[100];

    snprintf(text, sizeof text, "%X: client=mail.example.com[192.0.2.10]", 0x9000000 + number);
    feed(host, usec, "postfix/smtpd", 7, text);
}

static void send_line(int number)
{
    struct mail *mail = &w.mails[number];
    int64_t usec = w.elapsed + w.offset[mail->host] + number % 97;
    uint32_t pid = 100 + (uint32_t)number;
    char text[300];
    int id = 0x1000000 + number;

    switch (mail->step) {
    case CONNECT:
        feed(mail->host, usec, "postfix/smtpd", pid, "connect from mail.example.com[192.0.2.10]");
        break;
    case CLIENT:
        snprintf(text, sizeof text, "%X: client=mail.example.com[192.0.2.10]", id);
        feed(mail->host, usec, "postfix/smtpd", pid, text);
        break;
    case MESSAGE_ID:
        snprintf(text, sizeof text, "%X: message-id=<%d@example.com>", id, number);
        feed(mail->host, usec, "postfix/cleanup", 8, text);
        break;
    case FROM:
        snprintf(text, sizeof text, "%X: from=<ann@example.org>, size=512, nrcpt=1 (queue active)", id);
        feed(mail->host, usec, "postfix/qmgr", 9, text);
        break;
    case DISCONNECT:
        feed(mail->host, usec, "postfix/smtpd", pid,
             "disconnect from mail.example.com[192.0.2.10] ehlo=1 mail=1 rcpt=1 data=1 quit=1 commands=5");
        break;
    case TO:
        snprintf(
            text, sizeof text,
            "%X: to=<bob@example.net>, relay=mx.example.net[198.51.100.25]:25, delay=0.28, delays=0.03/0.01/0.12/0.12, "
            "dsn=%s, status=%s",
            id, mail->deferred ? "4.4.1" : "2.0.0", mail->deferred ? "deferred (connection refused)" : "sent (250 ok)");
        feed(mail->host, usec, "postfix/smtp", 10, text);
        mail->sent = w.elapsed;
        break;
    default:
        snprintf(text, sizeof text, "%X: removed", id);
        feed(mail->host, usec, "postfix/qmgr", 9, text);
        mail->ended = w.elapsed;
    }
    mail->step += mail->step == TO && mail->deferred ? 2 : 1;
    mail->next = w.elapsed + SECOND / 10 + number % 3 * (SECOND / 2);
}

static int mail(int host, bool deferred)
{
    ck_assert_int_lt(w.n, MAILS);
    w.mails[w.n] = (struct mail){.host = host, .next = w.elapsed, .deferred = deferred};
    return w.n++;
}

/* Time goes on, in steps of a tenth of a second. Each host has a new mail every `every` tenths; 0: none. */
static void run(int64_t usec, int every)
{
    for (int64_t end = w.elapsed + usec; w.elapsed < end;) {
        w.elapsed += SECOND / 10;
        for (int host = 0; every && host < w.hosts; host++) {
            if ((w.elapsed / (SECOND / 10) + host) % every == 0) {
                mail(host, false);
            }
        }
        for (int i = 0; i < w.n; i++) {
            if (w.mails[i].step < STEPS && w.mails[i].next <= w.elapsed) {
                send_line(i);
            }
        }
        if (w.elapsed % SECOND == 0) {
            mt_correlator_tick(w.c, w.elapsed);
        }
    }
}

static void set_clocks(int64_t by)
{
    for (int host = 0; host < w.hosts; host++) {
        w.offset[host] += by;
    }
}

static void begin(int hosts, int64_t timeout)
{
    struct mt_config config;

    mt_config_default(&config);
    ck_assert_int_eq(config.settle, SETTLE);
    config.timeout = timeout ? timeout : config.timeout;
    memset(&w, 0, sizeof w);
    w.c = mt_correlator_new(&config, hear, NULL);
    w.elapsed = START;
    w.hosts = hosts;
    set_clocks(NOW - START);
    for (int host = 0; host < hosts; host++) {
        mail(host, true);
        mail(host, true);
    }
}

/* Every mail has its events, each once, in time, and none was given up. */
static void expect_all(void)
{
    run(20 * SECOND, 0);
    for (int i = 0; i < w.n; i++) {
        ck_assert_msg(w.mails[i].deliveries == 1, "mail %d: %d deliveries", i, w.mails[i].deliveries);
        ck_assert_msg(w.mails[i].messages == !w.mails[i].deferred, "mail %d: %d messages", i, w.mails[i].messages);
    }
    ck_assert_int_eq(w.timeouts, 0);
    ck_assert_int_eq(w.incomplete, 0);
    ck_assert_int_eq(w.wrong, 0);
    ck_assert_msg(w.slowest <= LATEST, "%lld ms", (long long)w.slowest / 1000);
}

static void end(void)
{
    mt_correlator_free(w.c);
    w.c = NULL;
}

static const int64_t steps[] = {-3 * SECOND, -30 * SECOND, -4 * MINUTE, -HOUR,       -2 * DAY, -YEAR,   0,
                                3 * SECOND,  30 * SECOND,  4 * MINUTE,  10 * MINUTE, HOUR,     2 * DAY, YEAR};
#define NSTEPS ((int)(sizeof steps / sizeof *steps))

static void step_and_back(int hosts, int every, int64_t by)
{
    begin(hosts, 0);
    run(10 * SECOND, every);
    set_clocks(by);
    run(20 * SECOND, every);
    set_clocks(-by);
    run(20 * SECOND, every);
    expect_all();
    end();
}

START_TEST(test_a_clock_that_is_set_under_load_changes_no_event)
{
    step_and_back(1, 2, steps[_i]);
}
END_TEST

START_TEST(test_a_clock_that_is_set_on_many_hosts_changes_no_event)
{
    step_and_back(HOSTS, 15, steps[_i]);
}
END_TEST

/* So quiet that a mail comes every ten seconds. */
START_TEST(test_a_clock_that_is_set_on_a_quiet_host_changes_no_event)
{
    step_and_back(1, 100, steps[_i]);
}
END_TEST

/* The hour of daylight saving time comes and goes in timestamps that say no zone. */
START_TEST(test_daylight_saving_time_changes_no_event)
{
    begin(3, 0);
    run(30 * SECOND, 5);
    set_clocks(HOUR);
    run(2 * MINUTE, 20);
    set_clocks(-HOUR);
    run(MINUTE, 20);
    expect_all();
    end();
}
END_TEST

/* Elapsed time goes on while the machine is asleep, and so do the timestamps; nothing else does. */
START_TEST(test_sleep_gives_nothing_up)
{
    begin(3, 0);
    run(10 * SECOND, 5);
    w.elapsed += 20 * DAY;
    for (int i = 0; i < w.n; i++) { /* what it was about to send goes on, and waits no longer than awake */
        w.mails[i].sent += w.mails[i].deliveries ? 0 : 20 * DAY;
        w.mails[i].ended += w.mails[i].messages || !w.mails[i].ended ? 0 : 20 * DAY;
    }
    run(20 * SECOND, _i);
    expect_all();
    end();
}
END_TEST

START_TEST(test_one_stray_line_does_no_harm)
{
    static const int64_t wrong[] = {-YEAR, -HOUR, -10 * SECOND, HOUR, 2 * DAY, YEAR};

    begin(1, 0);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        run(7 * SECOND, _i);
        stray(0, w.elapsed + w.offset[0] + wrong[i], (int)i);
    }
    run(7 * SECOND, _i);
    expect_all();
    end();
}
END_TEST

/* Its first lines are of 2099; so are those of another host, which stays there. */
START_TEST(test_a_host_of_2099_has_nothing_given_up)
{
    begin(2, 0);
    for (int i = 0; i < _i; i++) {
        stray(0, IN_2099 + i, i);
    }
    w.offset[1] = IN_2099 - w.elapsed;
    run(30 * SECOND, 5);
    expect_all();
    end();
}
END_TEST

START_TEST(test_lines_of_2099_in_between_give_nothing_up)
{
    begin(2, 0);
    for (int i = 0; i < 100; i++) {
        stray(0, IN_2099 + i, i);
        run(SECOND / 2, 5);
    }
    expect_all();
    end();
}
END_TEST

/* In one go, or one now and then. */
START_TEST(test_lines_each_59_minutes_ahead_give_nothing_up)
{
    begin(3, 0);
    run(10 * SECOND, 5);
    for (int i = 1; i <= 200; i++) {
        stray(0, w.elapsed + w.offset[0] + i * 59 * MINUTE, i);
        if (_i) {
            run(SECOND / 5, 5);
        }
    }
    run(30 * SECOND, 5);
    expect_all();
    end();
}
END_TEST

/* As many lines as set the clock come while its own are silent. It goes back to them. */
START_TEST(test_a_clock_that_was_led_astray_finds_back)
{
    begin(1, 0);
    run(10 * SECOND, 5);
    for (int i = 0; i < 100; i++) {
        stray(0, IN_2099 + i * SECOND / 10, i);
        run(SECOND / 10, 0);
    }
    run(30 * SECOND, 5);
    expect_all();
    end();
}
END_TEST

START_TEST(test_a_silent_message_is_given_up_when_both_clocks_say_so)
{
    begin(1, 5 * MINUTE);
    run(10 * SECOND, 10);
    set_clocks(2 * DAY);
    run(4 * MINUTE, 10);
    ck_assert_int_eq(w.timeouts, 0);
    run(70 * SECOND, 10);
    ck_assert_int_eq(w.timeouts, 2);
    end();
}
END_TEST

/* What is of the future, after the clock was set back, is given up in time as well. */
START_TEST(test_a_clock_that_was_set_back_keeps_nothing_for_ever)
{
    struct mt_stats stats;

    begin(1, 20 * MINUTE);
    run(10 * SECOND, 10);
    feed(0, w.elapsed + w.offset[0], "postfix/smtpd", 1, "connect from gone.example.com[192.0.2.99]");
    run(10 * SECOND, 10);
    set_clocks(-YEAR);
    run(19 * MINUTE, 100);
    run(20 * SECOND, 0);
    mt_correlator_stats(w.c, &stats);
    ck_assert_uint_eq(stats.sessions, 0);
    ck_assert_int_eq(w.timeouts, 0);
    run(22 * MINUTE, 100);
    ck_assert_int_eq(w.timeouts, 2);
    end();
}
END_TEST

/* A log of years is read in seconds, with pauses of any length in it. */
START_TEST(test_an_old_log_that_is_read_now_keeps_its_order)
{
    int64_t at = NOW - 3 * YEAR;

    begin(1, 0);
    w.n = 0;
    for (int i = 0; i < 2000; i++) {
        int number = mail(0, false);
        for (int step = 0; step < STEPS; step++) {
            w.offset[0] = at - w.elapsed;
            send_line(number);
            at += SECOND / 10;
        }
        at += i % 7 * (_i ? HOUR : SECOND);
        w.elapsed += 1000;
        if (i % 1000 == 0) {
            mt_correlator_tick(w.c, w.elapsed);
        }
    }
    run(10 * SECOND, 0);
    for (int i = 0; i < w.n; i++) {
        ck_assert_int_eq(w.mails[i].deliveries, 1);
        ck_assert_int_eq(w.mails[i].messages, 1);
    }
    ck_assert_int_eq(w.wrong + w.incomplete, 0);
    end();
}
END_TEST

START_TEST(test_elapsed_time_moves_on_a_silent_log)
{
    begin(1, 0);
    w.n = 0;
    mail(0, false);
    run(SECOND, 0);
    run(20 * SECOND, 0);
    ck_assert_int_eq(w.mails[0].messages, 1);
    ck_assert_int_ge(w.slowest, 2 * SETTLE);
    end();
}
END_TEST

/* A thread that lags may have as many lines of a log read fast. */
START_TEST(test_a_thread_that_lags_does_not_set_the_clock_back)
{
    struct mt_stats stats;

    begin(1, 0);
    run(10 * SECOND, 5);
    for (int i = 0; i < 100; i++) {
        stray(0, w.elapsed + w.offset[0] - 2 * HOUR + i, i);
    }
    run(10 * SECOND, 5);
    mt_correlator_stats(w.c, &stats);
    ck_assert_uint_eq(stats.late, 100);
    expect_all();
    end();
}
END_TEST

Suite *mt_suite_clock(void)
{
    Suite *suite = suite_create("clock");
    TCase *tests = tcase_create("clock");

    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, test_a_clock_that_is_set_under_load_changes_no_event, 0, NSTEPS);
    tcase_add_loop_test(tests, test_a_clock_that_is_set_on_many_hosts_changes_no_event, 0, NSTEPS);
    tcase_add_loop_test(tests, test_a_clock_that_is_set_on_a_quiet_host_changes_no_event, 0, NSTEPS);
    tcase_add_test(tests, test_daylight_saving_time_changes_no_event);
    tcase_add_loop_test(tests, test_sleep_gives_nothing_up, 4, 6);
    tcase_add_loop_test(tests, test_one_stray_line_does_no_harm, 20, 23);
    tcase_add_loop_test(tests, test_a_host_of_2099_has_nothing_given_up, 1, 5);
    tcase_add_test(tests, test_lines_of_2099_in_between_give_nothing_up);
    tcase_add_loop_test(tests, test_lines_each_59_minutes_ahead_give_nothing_up, 0, 2);
    tcase_add_test(tests, test_a_clock_that_was_led_astray_finds_back);
    tcase_add_test(tests, test_a_silent_message_is_given_up_when_both_clocks_say_so);
    tcase_add_test(tests, test_a_clock_that_was_set_back_keeps_nothing_for_ever);
    tcase_add_loop_test(tests, test_an_old_log_that_is_read_now_keeps_its_order, 0, 2);
    tcase_add_test(tests, test_elapsed_time_moves_on_a_silent_log);
    tcase_add_test(tests, test_a_thread_that_lags_does_not_set_the_clock_back);
    suite_add_tcase(suite, tests);
    return suite;
}
