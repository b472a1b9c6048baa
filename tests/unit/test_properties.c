/* What holds for any input: the same events whatever the order (within the settling time) and however
 * often lines come, and no crash, forged event or lost line for lines of any bytes.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "drawn.h"
#include "mailtrace/shards.h"
#include "mailtrace/syslog.h"
#include "story.h"
#include "suites.h"

static int by_fed(const void *a, const void *b)
{
    const struct drawn *x = a, *y = b;

    if (x->fed != y->fed) {
        return x->fed < y->fed ? -1 : 1;
    }
    return x->place < y->place ? -1 : x->place > y->place;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Feeds the lines in the order of `fed`; returns all events as sorted lines of text. */
static char *events_of_lines(void)
{
    struct story s;
    struct mt_buffer out = {0};
    char **texts;

    qsort(drawn_lines, drawn_n, sizeof *drawn_lines, by_fed);
    story_start(&s, NULL);
    for (size_t i = 0; i < drawn_n; i++) {
        story_raw(&s, drawn_lines[i].text, strlen(drawn_lines[i].text));
    }
    story_finish(&s);
    texts = calloc(s.n + 1, sizeof *texts);
    ck_assert_ptr_nonnull(texts);
    for (size_t i = 0; i < s.n; i++) {
        texts[i] = (char *)(uintptr_t)json_object_to_json_string_ext(s.events[i], JSON_C_TO_STRING_PLAIN);
    }
    qsort(texts, s.n, sizeof *texts, by_text);
    for (size_t i = 0; i < s.n; i++) {
        mt_buffer_append(&out, texts[i], strlen(texts[i]));
        mt_buffer_append(&out, "\n", 1);
    }
    mt_buffer_append(&out, "", 1);
    ck_assert(!out.failed);
    free(texts);
    story_end(&s);
    return out.p;
}

/* Where an event's id begins. */
static const char *id_in(const char *event)
{
    const char *id = strstr(event, "\"id\":\"");

    ck_assert_ptr_nonnull(id);
    return id + 6;
}

static bool is_among(char *const *events, size_t n, const char *id)
{
    for (size_t i = 0; i < n; i++) {
        if (memcmp(id_in(events[i]), id, 32) == 0) {
            return true;
        }
    }
    return false;
}

/* Events, a line each, sorted: of those with the same id only the first that was given. */
static char *first_of_each_id(char *p, size_t n)
{
    struct mt_buffer out = {0};
    size_t count = 0;
    char **lines, *end = p + n;

    lines = calloc(n / 32 + 1, sizeof *lines);
    ck_assert_ptr_nonnull(lines);
    for (char *next; p < end; p = next + 1) {
        next = memchr(p, '\n', (size_t)(end - p));
        *next = '\0';
        if (!is_among(lines, count, id_in(p))) {
            lines[count++] = p;
        }
    }
    qsort(lines, count, sizeof *lines, by_text);
    for (size_t i = 0; i < count; i++) {
        mt_buffer_append(&out, lines[i], strlen(lines[i]));
        mt_buffer_append(&out, "\n", 1);
    }
    mt_buffer_append(&out, "", 1);
    ck_assert(!out.failed);
    free(lines);
    return out.p;
}

static void in_order(void)
{
    for (size_t i = 0; i < drawn_n; i++) {
        drawn_lines[i].fed = drawn_lines[i].usec;
    }
}

START_TEST(test_any_order_within_the_settling_time_gives_the_same_events)
{
    char *want, *got;

    draw_log((uint64_t)_i * 7919 + 1);
    in_order();
    want = events_of_lines();
    ck_assert_ptr_nonnull(strstr(want, "\"event\":\"delivery\""));
    ck_assert_ptr_nonnull(strstr(want, "\"origin\":\"filter\""));
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < drawn_n; i++) {
            drawn_lines[i].fed = drawn_lines[i].usec + draw(2 * DRAWN_SECOND);
        }
        got = events_of_lines();
        ck_assert_str_eq(got, want);
        free(got);
    }
    free(want);
}
END_TEST

START_TEST(test_any_repetition_gives_the_same_events)
{
    char *want, *got;

    draw_log((uint64_t)_i * 104729 + 3);
    in_order();
    want = events_of_lines();
    for (size_t i = 0, n = drawn_n; i < n; i++) {
        if (draw(3) == 0) {
            drawn_lines[drawn_n] = drawn_lines[i];
            drawn_lines[drawn_n++].fed += draw(2 * DRAWN_SECOND);
        }
    }
    got = events_of_lines();
    ck_assert_str_eq(got, want);
    free(got);
    free(want);
}
END_TEST

/* --- parts of a log that are read again --- */

#define REREAD_MOST 4

static struct mt_buffer given; /* events, a line each */

static void give(void *ctx, const struct mt_event *event)
{
    (void)ctx;
    ck_assert(mt_event_json(event, &given));
    mt_buffer_append(&given, "\n", 1);
}

static struct mt_shards *new_shards(void)
{
    struct mt_config config;
    struct mt_shards *shards;

    mt_config_default(&config);
    shards = mt_shards_new(&config, 1, give);
    ck_assert_ptr_nonnull(shards);
    return shards;
}

static void feed(struct mt_shards *shards, size_t from, size_t to)
{
    static struct mt_record rec;
    struct mt_zone zone = {.fixed = true};

    for (size_t i = from; i < to; i++) {
        struct mt_line line = {.order = drawn_lines[i].place};
        enum mt_verdict verdict;

        ck_assert(mt_syslog_read(&zone, mt_slice_str(drawn_lines[i].text), &line) != MT_SYSLOG_NONE);
        verdict = mt_parse(&line, &rec);
        mt_correlator_feed(mt_shards_at(shards, line.host), &rec, verdict, 0);
    }
}

static bool write_image(void *ctx, const void *p, size_t n)
{
    struct mt_buffer *image = ctx;

    mt_buffer_append(image, p, n);
    return !image->failed;
}

static struct mt_shards *restart(struct mt_shards *shards)
{
    struct mt_buffer image = {0};

    ck_assert(mt_shards_save(shards, write_image, &image));
    mt_shards_free(shards);
    shards = new_shards();
    ck_assert(mt_shards_load(shards, image.p, image.n));
    mt_buffer_free(&image);
    return shards;
}

/* All events, sorted; of those with one id the first, which is what a store keeps. times: how often parts are read again. */
static char *events_of_reading(unsigned times)
{
    struct mt_shards *shards = new_shards();
    size_t next = 0;

    given.n = 0;
    while (times--) {
        size_t to = next + draw((unsigned)(drawn_n - next) + 1), from = draw((unsigned)to + 1);
        feed(shards, next, to);
        shards = draw(3) ? shards : restart(shards);
        feed(shards, from, draw(2) ? to : from + draw((unsigned)(to - from) + 1));
        shards = draw(3) ? shards : restart(shards);
        next = to;
    }
    feed(shards, next, drawn_n);
    mt_correlator_flush(mt_shards_at(shards, MT_LIT("mx1")), true);
    mt_shards_free(shards);
    return first_of_each_id(given.p, given.n);
}

START_TEST(test_any_part_read_again_at_any_later_time_changes_nothing)
{
    char *want, *got;

    draw_sorted_log((uint64_t)_i * 6007 + 11);
    want = events_of_reading(0);
    ck_assert_ptr_nonnull(strstr(want, "\"event\":\"session\""));
    for (unsigned times = 1; times <= REREAD_MOST; times++) {
        got = events_of_reading(times);
        ck_assert_str_eq(got, want);
        free(got);
    }
    free(want);
}
END_TEST

START_TEST(test_whole_log_read_twice_gives_the_same_messages)
{
    struct story s;
    size_t once;

    draw_log((uint64_t)_i + 17);
    in_order();
    qsort(drawn_lines, drawn_n, sizeof *drawn_lines, by_fed);
    story_start(&s, NULL);
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < drawn_n; i++) {
            story_raw(&s, drawn_lines[i].text, strlen(drawn_lines[i].text));
        }
        mt_correlator_flush(s.correlator, false);
        if (!round) {
            once = story_count(&s, NULL);
        }
    }
    ck_assert_uint_eq(story_count(&s, NULL), once);
    story_end(&s);
}
END_TEST

START_TEST(test_lines_of_any_bytes_do_no_harm)
{
    struct story s;
    char text[500];

    draw_log((uint64_t)_i + 99);
    story_start(&s, NULL);
    for (size_t i = 0; i < drawn_n; i++) {
        size_t n = strlen(drawn_lines[i].text), head = 36;
        memcpy(text, drawn_lines[i].text, n);
        switch (draw(4)) {
        case 0: /* cut anywhere */
            n = head + draw((unsigned)(n - head));
            break;
        case 1: /* any bytes */
            for (unsigned k = draw(8); k; k--) {
                text[head + draw((unsigned)(n - head))] = (char)draw(256);
            }
            break;
        case 2: /* pieces of other lines */
            memcpy(text + head, drawn_lines[draw((unsigned)drawn_n)].text + head, draw((unsigned)(n - head)));
            break;
        default:
            break;
        }
        story_raw(&s, text, n);
    }
    story_finish(&s); /* every event was held against json-c on its way */
    ck_assert_uint_eq(story_stats(&s).lines, drawn_n);
    ck_assert_uint_eq(story_stats(&s).open, 0);
    story_end(&s);
}
END_TEST

Suite *mt_suite_properties(void)
{
    Suite *suite = suite_create("properties");
    TCase *properties = tcase_create("properties");

    tcase_add_loop_test(properties, test_any_order_within_the_settling_time_gives_the_same_events, 0, draw_rounds(20));
    tcase_add_loop_test(properties, test_any_repetition_gives_the_same_events, 0, draw_rounds(20));
    tcase_add_loop_test(properties, test_any_part_read_again_at_any_later_time_changes_nothing, 0, draw_rounds(20));
    tcase_add_loop_test(properties, test_whole_log_read_twice_gives_the_same_messages, 0, draw_rounds(5));
    tcase_add_loop_test(properties, test_lines_of_any_bytes_do_no_harm, 0, draw_rounds(40));
    suite_add_tcase(suite, properties);
    return suite;
}
