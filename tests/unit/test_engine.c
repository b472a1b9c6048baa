/* The engine as a host sees it: lines in, events out. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mailtrace/engine.h"
#include "suites.h"

#define THREADS 4

/* What one thread's calls have given. */
struct heard {
    unsigned events, messages;
};

static void hear(void *call, const struct mt_event *event)
{
    struct heard *heard = call;

    heard->events++;
    heard->messages += event->kind == MT_EVENT_MESSAGE;
}

static uint64_t given_up_in_all;

static void count_given_up(void *ctx, uint64_t messages)
{
    (void)ctx;
    given_up_in_all += messages;
}

static struct mt_engine *open_engine(const char *state, const char *settle, bool one_thread)
{
    static const struct mt_units units = {mt_size_units, mt_time_units};
    struct mt_host host = {.event = hear, .given_up = count_given_up, .one_thread = one_thread};
    struct mt_settings settings;
    struct mt_engine *engine;
    char why[400];

    mt_settings_init(&settings);
    ck_assert(mt_setting_read(mt_setting_find("settle"), settle, &units, &settings));
    ck_assert(mt_settings_finish(&settings));
    engine = mt_engine_open(&settings, state, &host, why, sizeof why);
    ck_assert_ptr_nonnull(engine);
    ck_assert_str_eq(why, "");
    mt_settings_free(&settings);
    return engine;
}

static enum mt_verdict say(struct mt_engine *engine, struct heard *heard, const char *host, const char *text)
{
    struct mt_zone zone = {.fixed = true};
    char line[400];
    int n = snprintf(line, sizeof line, "2026-03-07T15:02:58.000000+00:00 %s %s", host, text);

    return mt_engine_text(engine, &zone, mt_slice(line, (size_t)n), heard);
}

static void begin(struct mt_engine *engine, struct heard *heard, const char *host)
{
    ck_assert_int_eq(
        say(engine, heard, host, "postfix/qmgr[9]: 4A00001: from=<a@a.test>, size=9, nrcpt=1 (queue active)"),
        MT_RECOGNISED);
    say(engine, heard, host,
        "postfix/smtp[7]: 4A00001: to=<b@b.test>, relay=r.test[192.0.2.9]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, "
        "status=sent (250 ok)");
}

static void finish(struct mt_engine *engine, struct heard *heard, const char *host)
{
    say(engine, heard, host, "postfix/qmgr[9]: 4A00001: removed");
}

START_TEST(test_a_line_becomes_events_and_is_counted)
{
    struct mt_engine *engine = open_engine(NULL, "0", _i);
    struct mt_engine_stats stats;
    struct heard heard = {0, 0};

    begin(engine, &heard, "mx1");
    finish(engine, &heard, "mx1");
    ck_assert_int_eq(say(engine, &heard, "mx1", "cron[1]: something else"), MT_FOREIGN);
    ck_assert_int_eq(mt_engine_text(engine, &(struct mt_zone){.fixed = true}, MT_LIT("no header"), &heard), MT_FOREIGN);
    mt_engine_tick(engine, mt_engine_clock(), &heard);
    ck_assert_uint_eq(heard.events, 2);
    ck_assert_uint_eq(heard.messages, 1);
    mt_engine_stats(engine, &stats);
    ck_assert_uint_eq(stats.lines.lines, 5);
    ck_assert_uint_eq(stats.lines.foreign, 2);
    ck_assert_uint_eq(stats.lines.open, 0);
    mt_engine_close(engine, true);
}
END_TEST

struct work {
    struct mt_engine *engine;
    struct heard heard;
    unsigned number;
};

static void *run_thread(void *arg)
{
    struct work *work = arg;

    for (int i = 0; i < 200; i++) {
        char host[40];
        snprintf(host, sizeof host, "mx%u-%d", work->number, i);
        begin(work->engine, &work->heard, host);
        mt_engine_tick(work->engine, mt_engine_clock(), &work->heard);
        finish(work->engine, &work->heard, host);
    }
    return NULL;
}

START_TEST(test_any_thread_may_call)
{
    struct mt_engine *engine = open_engine(NULL, "0", false);
    struct work work[THREADS];
    pthread_t threads[THREADS];
    unsigned messages = 0;

    for (unsigned i = 0; i < THREADS; i++) {
        work[i] = (struct work){engine, {0, 0}, i};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, run_thread, &work[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        messages += work[i].heard.messages;
    }
    ck_assert_uint_eq(messages, THREADS * 200);
    mt_engine_close(engine, true);
}
END_TEST

static void remove_state(const char *name)
{
    char file[200];

    unlink(name);
    for (int i = 1; i < 10; i++) {
        snprintf(file, sizeof file, "%s.%08d", name, i);
        unlink(file);
    }
}

START_TEST(test_what_was_open_is_known_after_a_restart)
{
    char name[] = "/tmp/mailtrace-engine-XXXXXX";
    struct heard heard = {0, 0};
    struct mt_engine *engine;
    int fd = mkstemp(name);

    ck_assert_int_ge(fd, 0);
    close(fd);
    unlink(name);
    engine = open_engine(name, "0", _i);
    while (!mt_engine_recover(engine, &heard)) {
    }
    begin(engine, &heard, "mx1");
    mt_engine_note(engine, MT_LIT("mine"));
    mt_engine_close(engine, true);
    engine = open_engine(name, "0", _i);
    ck_assert(!mt_engine_is_recovered(engine));
    while (!mt_engine_recover(engine, &heard)) {
    }
    ck_assert(mt_engine_is_recovered(engine));
    ck_assert(mt_engine_has_note(engine, MT_LIT("mine")));
    ck_assert_uint_eq(heard.events, 1);
    finish(engine, &heard, "mx1");
    ck_assert_uint_eq(heard.messages, 1);
    mt_engine_close(engine, true);
    remove_state(name);
}
END_TEST

START_TEST(test_other_settings_lose_nothing)
{
    struct mt_engine *engine = open_engine(NULL, "0", false), *next;
    struct mt_host host = {.event = hear};
    struct heard heard = {0, 0};
    struct mt_settings settings;
    char why[400];

    begin(engine, &heard, "mx1");
    mt_settings_init(&settings);
    settings.config.settle = 0;
    mt_settings_finish(&settings);
    ck_assert_ptr_eq(mt_engine_reopen(engine, &settings, NULL, &host, why, sizeof why), engine);
    settings.config.max_messages--;
    next = mt_engine_reopen(engine, &settings, NULL, &host, why, sizeof why);
    ck_assert_ptr_nonnull(next);
    ck_assert_ptr_ne(next, engine);
    finish(next, &heard, "mx1");
    ck_assert_uint_eq(heard.messages, 1);
    mt_engine_close(next, true);
}
END_TEST

START_TEST(test_a_state_that_cannot_be_used_is_named)
{
    struct mt_host host = {.event = hear};
    struct heard heard = {0, 0};
    struct mt_settings settings;
    struct mt_engine *engine;
    char why[400];

    mt_settings_init(&settings);
    mt_settings_finish(&settings);
    engine = mt_engine_open(&settings, "/nonexistent/state", &host, why, sizeof why);
    ck_assert_ptr_nonnull(engine);
    ck_assert_ptr_nonnull(strstr(why, "/nonexistent/state"));
    ck_assert(mt_engine_is_recovered(engine));
    begin(engine, &heard, "mx1");
    mt_engine_close(engine, false);
}
END_TEST

START_TEST(test_a_bound_that_is_reached_is_told_once)
{
    struct mt_host host = {.event = hear, .given_up = count_given_up};
    struct heard heard = {0, 0};
    struct mt_settings settings;
    struct mt_engine *engine;
    char why[400];

    mt_settings_init(&settings);
    settings.config.settle = 0;
    settings.config.max_messages = 1;
    mt_settings_finish(&settings);
    engine = mt_engine_open(&settings, NULL, &host, why, sizeof why);
    given_up_in_all = 0;
    begin(engine, &heard, "mx1");
    say(engine, &heard, "mx1", "postfix/qmgr[9]: 4A00002: from=<a@a.test>, size=9, nrcpt=1 (queue active)");
    say(engine, &heard, "mx1", "postfix/qmgr[9]: 4A00003: from=<a@a.test>, size=9, nrcpt=1 (queue active)");
    mt_engine_tick(engine, mt_engine_clock(), &heard);
    mt_engine_tick(engine, mt_engine_clock(), &heard);
    ck_assert_uint_eq(given_up_in_all, 2);
    mt_engine_close(engine, true);
}
END_TEST

struct names {
    unsigned n, gauges;
};

static void count_name(void *ctx, const struct mt_counter *counter, const char *element, uint64_t value)
{
    struct names *names = ctx;

    ck_assert_uint_eq(value, 7);
    ck_assert_int_eq(counter->label != NULL, element != NULL);
    names->n++;
    names->gauges += counter->gauge;
}

START_TEST(test_every_counter_is_shown)
{
    struct mt_engine_stats stats;
    struct names names = {0, 0};
    const unsigned unnamed = 3; /* source 0 twice, and reason 0 */

    for (size_t i = 0; i < sizeof stats / sizeof(uint64_t); i++) {
        ((uint64_t *)(void *)&stats)[i] = 7;
    }
    mt_engine_counters(&stats, count_name, &names);
    ck_assert_uint_eq(names.n, sizeof stats / sizeof(uint64_t) - unnamed);
    ck_assert_uint_eq(names.gauges, 4);
}
END_TEST

Suite *mt_suite_engine(void)
{
    Suite *suite = suite_create("engine");
    TCase *tcase = tcase_create("engine");

    tcase_add_loop_test(tcase, test_a_line_becomes_events_and_is_counted, 0, 2);
    tcase_add_test(tcase, test_any_thread_may_call);
    tcase_add_loop_test(tcase, test_what_was_open_is_known_after_a_restart, 0, 2);
    tcase_add_test(tcase, test_other_settings_lose_nothing);
    tcase_add_test(tcase, test_a_state_that_cannot_be_used_is_named);
    tcase_add_test(tcase, test_a_bound_that_is_reached_is_told_once);
    tcase_add_test(tcase, test_every_counter_is_shown);
    suite_add_tcase(suite, tcase);
    return suite;
}
