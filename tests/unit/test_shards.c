/* Correlators among which hosts are shared out: what is known of a host does not show with how many others it is
 * kept, nor which threads fed what.
 */
#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drawn.h"
#include "mailtrace/shards.h"
#include "mailtrace/syslog.h"
#include "suites.h"

#define HOSTS   12
#define THREADS 4

/* --- feeding --- */

/* Events, a line each. */
struct output {
    struct mt_buffer text;
};

static void emit(void *ctx, const struct mt_event *event)
{
    struct output *output = ctx;

    ck_assert(mt_event_json(event, &output->text));
    mt_buffer_append(&output->text, "\n", 1);
}

static struct mt_shards *new_shards(unsigned n)
{
    struct mt_config config;
    struct mt_shards *shards;

    mt_config_default(&config);
    shards = mt_shards_new(&config, n, emit);
    ck_assert_ptr_nonnull(shards);
    ck_assert_uint_eq(mt_shards_count(shards), n);
    return shards;
}

/* A drawn line, as host number `host` would have logged it. */
static void feed_line(struct mt_shards *shards, size_t i, unsigned host, struct mt_copier *copiers,
                      struct output *output)
{
    struct mt_zone zone = {.fixed = true};
    struct mt_line line = {.order = i + 1};
    struct mt_record rec;
    struct mt_line_copy *copy;
    struct mt_correlator *c;
    enum mt_verdict verdict;
    unsigned shard;
    char name[16];

    mt_syslog_read(&zone, mt_slice_str(drawn_lines[i].text), &line);
    line.host = mt_slice(name, (size_t)snprintf(name, sizeof name, "mx%u", host));
    verdict = mt_parse(&line, &rec);
    shard = mt_shards_of(shards, line.host);
    copy = i % 2 ? mt_copier_copy(&copiers[shard], &rec, verdict) : NULL;
    c = mt_shards_take(shards, shard, output);
    if (copy) {
        mt_correlator_feed_copy(c, copy, 0);
    } else {
        mt_correlator_feed(c, &rec, verdict, 0);
    }
    mt_shards_give(shards, shard);
}

static void free_copiers(struct mt_shards *shards, struct mt_copier *copiers)
{
    for (unsigned i = 0; i < mt_shards_count(shards); i++) {
        mt_copier_free(&copiers[i], mt_shards_take(shards, i, NULL));
        mt_shards_give(shards, i);
    }
}

/* The lines from..to, of each of the hosts first, first + step and so on. */
static void feed(struct mt_shards *shards, size_t from, size_t to, unsigned first, unsigned step, struct output *output)
{
    struct mt_copier copiers[MT_SHARDS_MAX] = {{NULL}};

    for (size_t i = from; i < to; i++) {
        for (unsigned host = first; host < HOSTS; host += step) {
            feed_line(shards, i, host, copiers, output);
        }
    }
    free_copiers(shards, copiers);
}

static void flush(struct mt_shards *shards, struct output *output)
{
    for (unsigned i = 0; i < mt_shards_count(shards); i++) {
        mt_correlator_flush(mt_shards_take(shards, i, output), true);
        mt_shards_give(shards, i);
    }
}

/* --- what came out --- */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* All lines of both, sorted; frees them. */
static char *sorted(struct output *a, const struct output *b)
{
    struct mt_buffer all = {0};
    char **v, *save = NULL;
    size_t n = 0;

    if (b) {
        mt_buffer_append(&a->text, b->text.p, b->text.n);
    }
    mt_buffer_append(&a->text, "", 1);
    v = calloc(a->text.n, sizeof *v);
    ck_assert_ptr_nonnull(v);
    for (char *line = strtok_r(a->text.p, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        v[n++] = line;
    }
    qsort(v, n, sizeof *v, by_text);
    for (size_t i = 0; i < n; i++) {
        mt_buffer_append(&all, v[i], strlen(v[i]));
        mt_buffer_append(&all, "\n", 1);
    }
    mt_buffer_append(&all, "", 1);
    free(v);
    mt_buffer_free(&a->text);
    return all.p;
}

/* What one correlator makes of the log. */
static char *want(void)
{
    struct mt_shards *shards = new_shards(1);
    struct output output = {{0}};

    feed(shards, 0, drawn_n, 0, 1, &output);
    flush(shards, &output);
    mt_shards_free(shards);
    ck_assert_uint_gt(output.text.n, 10000);
    return sorted(&output, NULL);
}

static void expect(char *wanted, struct output *a, const struct output *b)
{
    char *got = sorted(a, b);

    ck_assert_str_eq(got, wanted);
    free(got);
}

/* --- tests --- */

START_TEST(test_the_events_are_the_same_whatever_the_number)
{
    char *wanted;

    draw_sorted_log(11);
    wanted = want();
    for (unsigned n = 2; n <= MT_SHARDS_MAX; n += 3) {
        struct mt_shards *shards = new_shards(n);
        struct output output = {{0}};
        feed(shards, 0, drawn_n, 0, 1, &output);
        flush(shards, &output);
        expect(wanted, &output, NULL);
        mt_shards_free(shards);
    }
    free(wanted);
}
END_TEST

START_TEST(test_hosts_are_spread)
{
    struct mt_shards *shards = new_shards(MT_SHARDS_MAX);
    unsigned counts[MT_SHARDS_MAX] = {0};
    char name[32];

    for (unsigned i = 0; i < 100 * MT_SHARDS_MAX; i++) {
        struct mt_slice host = mt_slice(name, (size_t)snprintf(name, sizeof name, "relay%u.example.net", i));
        unsigned at = mt_shards_of(shards, host);
        ck_assert_uint_lt(at, MT_SHARDS_MAX);
        ck_assert_uint_eq(at, mt_shards_of(shards, host));
        counts[at]++;
    }
    for (unsigned i = 0; i < MT_SHARDS_MAX; i++) {
        ck_assert_uint_ge(counts[i], 50);
    }
    mt_shards_free(shards);
}
END_TEST

struct work {
    struct mt_shards *shards;
    unsigned first;
    struct output output;
};

static void *feed_hosts(void *arg)
{
    struct work *work = arg;

    feed(work->shards, 0, drawn_n, work->first, THREADS, &work->output);
    return NULL;
}

/* While the threads feed, the ticker takes all of them again and again. */
START_TEST(test_threads_that_feed_at_once_make_the_same_events)
{
    struct mt_shards *shards = new_shards(MT_SHARDS_MAX);
    struct work work[THREADS] = {{NULL, 0, {{0}}}};
    struct output all = {{0}};
    pthread_t threads[THREADS];
    struct mt_stats stats;
    char *wanted;

    draw_sorted_log(12);
    wanted = want();
    for (unsigned i = 0; i < THREADS; i++) {
        work[i].shards = shards;
        work[i].first = i;
        ck_assert_int_eq(pthread_create(&threads[i], NULL, feed_hosts, &work[i]), 0);
    }
    for (unsigned i = 0; i < 100; i++) {
        mt_shards_take_all(shards, &all);
        mt_shards_stats(shards, &stats);
        ck_assert_uint_le(stats.lines, HOSTS * drawn_n);
        mt_shards_give_all(shards);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        mt_buffer_append(&all.text, work[i].output.text.p, work[i].output.text.n);
        mt_buffer_free(&work[i].output.text);
    }
    flush(shards, &all);
    mt_shards_take_all(shards, NULL);
    mt_shards_stats(shards, &stats);
    mt_shards_give_all(shards);
    ck_assert_uint_eq(stats.lines, HOSTS * drawn_n);
    expect(wanted, &all, NULL);
    free(wanted);
    mt_shards_free(shards);
}
END_TEST

static bool append(void *ctx, const void *p, size_t n)
{
    mt_buffer_append(ctx, p, n);
    return true;
}

START_TEST(test_an_image_of_some_is_taken_up_by_any_number)
{
    static const unsigned numbers[] = {1, 2, 5, MT_SHARDS_MAX};
    char *wanted;

    draw_sorted_log(13);
    wanted = want();
    for (size_t k = 0; k < 16; k++) {
        struct mt_shards *before = new_shards(numbers[k / 4]), *after = new_shards(numbers[k % 4]);
        struct output first = {{0}}, second = {{0}};
        struct mt_buffer image = {0};

        feed(before, 0, drawn_n / 2, 0, 1, &first);
        mt_shards_take_all(before, NULL);
        ck_assert(mt_shards_save(before, append, &image));
        mt_shards_give_all(before);
        mt_shards_free(before);
        mt_shards_take_all(after, NULL);
        ck_assert(mt_shards_load(after, image.p, image.n));
        ck_assert(mt_shards_at(after, MT_LIT("mx1")) != NULL);
        mt_shards_give_all(after);
        feed(after, drawn_n / 2, drawn_n, 0, 1, &second);
        flush(after, &second);
        expect(wanted, &first, &second);
        mt_buffer_free(&second.text);
        mt_buffer_free(&image);
        mt_shards_free(after);
    }
    free(wanted);
}
END_TEST

static void open_messages(struct mt_shards *shards, const char *host, unsigned n, struct output *output)
{
    struct mt_zone zone = {.fixed = true};
    struct mt_record rec;
    char text[200];

    for (unsigned i = 0; i < n; i++) {
        struct mt_line line = {.order = i + 1};
        struct mt_correlator *c;
        unsigned shard;

        snprintf(text, sizeof text,
                 "2024-03-07T10:%02u:%02u.%06u+00:00 %s postfix/cleanup[9]: %010X: message-id=<%u@a>", i / 60000 % 60,
                 i / 1000 % 60, i % 1000 * 1000, host, i + 1, i);
        mt_syslog_read(&zone, mt_slice_str(text), &line);
        shard = mt_shards_of(shards, line.host);
        c = mt_shards_take(shards, shard, output);
        mt_correlator_feed(c, &rec, mt_parse(&line, &rec), 0);
        mt_shards_give(shards, shard);
    }
}

static struct mt_stats stats_of(struct mt_shards *shards)
{
    struct mt_stats stats;

    mt_shards_take_all(shards, NULL);
    mt_shards_stats(shards, &stats);
    mt_shards_give_all(shards);
    return stats;
}

/* One host may have all; and with the others it has no more than that, give or take the lines in between two looks. */
START_TEST(test_the_bounds_are_for_all_together)
{
    struct output output = {{0}};
    struct mt_config config;
    struct mt_shards *shards;
    char name[16];

    mt_config_default(&config);
    config.max_messages = 10000;
    shards = mt_shards_new(&config, 8, emit);
    open_messages(shards, "mx0", 12000, &output);
    ck_assert_uint_ge(stats_of(shards).open, 9000);
    ck_assert_uint_le(stats_of(shards).open, 10000);
    for (unsigned host = 1; host < HOSTS; host++) {
        snprintf(name, sizeof name, "mx%u", host);
        open_messages(shards, name, 2000, &output);
        open_messages(shards, "mx0", 2000, &output);
    }
    ck_assert_uint_le(stats_of(shards).open, 10000 + 8 * 256);
    mt_shards_take_all(shards, &output);
    mt_shards_tick(shards, 0);
    mt_shards_give_all(shards);
    ck_assert_uint_ge(stats_of(shards).open, 5000);
    ck_assert_uint_le(stats_of(shards).open, 10000 + 10000 / 8);
    mt_buffer_free(&output.text);
    mt_shards_free(shards);
}
END_TEST

START_TEST(test_small_bounds_are_not_cut_into_small_pieces)
{
    struct mt_config config;

    mt_config_default(&config);
    ck_assert_uint_eq(mt_shards_for(&config), MT_SHARDS_MAX);
    config.max_memory = MT_MAX_MEMORY_LEAST;
    ck_assert_uint_eq(mt_shards_for(&config), 1);
    mt_config_default(&config);
    config.max_messages = 10;
    ck_assert_uint_eq(mt_shards_for(&config), 1);
}
END_TEST

START_TEST(test_who_has_one_takes_the_rest_only_if_nobody_has_them)
{
    struct mt_shards *shards = new_shards(3);
    struct mt_correlator *c = mt_shards_take(shards, 1, NULL);

    ck_assert(mt_shards_try_rest(shards, c));
    mt_shards_give_rest(shards, c);
    mt_shards_take(shards, 2, NULL);
    ck_assert(!mt_shards_try_rest(shards, c));
    mt_shards_give(shards, 2);
    ck_assert(mt_shards_try_rest(shards, c)); /* none of them was left taken */
    mt_shards_give_rest(shards, c);
    mt_shards_give(shards, 1);
    mt_shards_free(shards);
}
END_TEST

Suite *mt_suite_shards(void)
{
    Suite *s = suite_create("shards");
    TCase *t = tcase_create("shards");

    tcase_set_timeout(t, 120);
    tcase_add_test(t, test_the_events_are_the_same_whatever_the_number);
    tcase_add_test(t, test_hosts_are_spread);
    tcase_add_test(t, test_threads_that_feed_at_once_make_the_same_events);
    tcase_add_test(t, test_an_image_of_some_is_taken_up_by_any_number);
    tcase_add_test(t, test_the_bounds_are_for_all_together);
    tcase_add_test(t, test_small_bounds_are_not_cut_into_small_pieces);
    tcase_add_test(t, test_who_has_one_takes_the_rest_only_if_nobody_has_them);
    suite_add_tcase(s, t);
    return s;
}
