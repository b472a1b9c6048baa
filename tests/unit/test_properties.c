/* What holds for any input: the same events whatever the order (within the settling time) and however
 * often lines come, and no crash, forged event or lost line for lines of any bytes.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "drawn.h"
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

    tcase_add_loop_test(properties, test_any_order_within_the_settling_time_gives_the_same_events, 0, 20);
    tcase_add_loop_test(properties, test_any_repetition_gives_the_same_events, 0, 20);
    tcase_add_loop_test(properties, test_whole_log_read_twice_gives_the_same_messages, 0, 5);
    tcase_add_loop_test(properties, test_lines_of_any_bytes_do_no_harm, 0, 40);
    suite_add_tcase(suite, properties);
    return suite;
}
