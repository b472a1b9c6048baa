#include "story.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "mailtrace/json_c.h"
#include "mailtrace/syslog.h"

static void keep(void *ctx, const struct mt_event *event)
{
    struct story *s = ctx;
    struct mt_buffer text = {0};
    struct json_object *tree = mt_event_json_c(event);

    ck_assert_ptr_nonnull(tree);
    ck_assert(mt_event_json(event, &text));
    mt_buffer_append(&text, "", 1);
    /* What the two sinks write is the same, for every event of every test. */
    ck_assert_str_eq(text.p,
                     json_object_to_json_string_ext(tree, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
    mt_buffer_free(&text);
    if (s->n == s->size) {
        s->size = s->size ? s->size * 2 : 16;
        s->events = realloc(s->events, s->size * sizeof *s->events);
        ck_assert_ptr_nonnull(s->events);
    }
    s->events[s->n++] = tree;
}

void story_start(struct story *s, const struct mt_config *config)
{
    *s = (struct story){.host = "mx1"};
    mt_config_default(&s->config);
    if (config) {
        s->config = *config;
    }
    s->correlator = mt_correlator_new(&s->config, keep, s);
    ck_assert_ptr_nonnull(s->correlator);
}

void story_raw(struct story *s, const char *line, size_t n)
{
    static struct mt_record rec;
    struct mt_zone zone = {.fixed = true};
    struct mt_line l = {.order = ++s->order};
    char *own = malloc(n ? n : 1); /* nothing behind the line may be read */
    struct mt_line_copy *copy = NULL;
    enum mt_verdict verdict;

    ck_assert_ptr_nonnull(own);
    memcpy(own, line, n);
    ck_assert(mt_syslog_read(&zone, mt_slice(own, n), &l) != MT_SYSLOG_NONE);
    verdict = mt_parse(&l, &rec);
    if (s->order % 2) { /* both ways are as good, in any mixture */
        copy = mt_copier_copy(&s->copier, &rec, verdict);
    }
    if (!copy) {
        mt_correlator_feed(s->correlator, &rec, verdict, 0);
    }
    memset(own, 'x', n); /* nothing of the line may be kept but as a copy */
    memset(&rec, 'x', sizeof rec);
    free(own);
    if (copy) {
        mt_correlator_feed_copy(s->correlator, copy, 0);
    }
}

void story_line(struct story *s, const char *time, const char *text)
{
    char *line = NULL;
    int n = asprintf(&line, "%s%s+00:00 %s %s", strlen(time) > 15 ? "" : "2024-03-07T", time, s->host, text);

    ck_assert(n > 0);
    story_raw(s, line, (size_t)n);
    free(line);
}

void story_finish(struct story *s)
{
    mt_correlator_flush(s->correlator, true);
}

void story_end(struct story *s)
{
    for (size_t i = 0; i < s->n; i++) {
        json_object_put(s->events[i]);
    }
    free(s->events);
    mt_copier_free(&s->copier, s->correlator);
    mt_correlator_free(s->correlator);
}

struct mt_stats story_stats(const struct story *s)
{
    struct mt_stats stats;

    mt_correlator_stats(s->correlator, &stats);
    return stats;
}

static bool is_kind(struct json_object *event, const char *kind)
{
    return !kind || strcmp(json_object_get_string(json_object_object_get(event, "event")), kind) == 0;
}

size_t story_count(const struct story *s, const char *kind)
{
    size_t n = 0;

    for (size_t i = 0; i < s->n; i++) {
        n += is_kind(s->events[i], kind);
    }
    return n;
}

struct json_object *story_event(const struct story *s, const char *kind, size_t which)
{
    for (size_t i = 0; i < s->n; i++) {
        if (is_kind(s->events[i], kind) && !which--) {
            return s->events[i];
        }
    }
    ck_abort_msg("no such event: %s", kind);
    return NULL;
}

const char *story_text(struct json_object *event, const char *path)
{
    static char texts[4][4096];
    static unsigned turn;
    char *text = texts[turn++ % 4];
    struct json_object *at = event;
    const char *rest = path;

    while (at && *rest) {
        char key[64];
        size_t n = strcspn(rest, ".");
        ck_assert(n < sizeof key);
        memcpy(key, rest, n);
        key[n] = '\0';
        rest += n + (rest[n] == '.');
        at = json_object_is_type(at, json_type_array) ? json_object_array_get_idx(at, (size_t)atoi(key))
                                                      : json_object_object_get(at, key);
    }
    snprintf(text, sizeof texts[0], "%s",
             !at ? "-"
             : json_object_is_type(at, json_type_string)
                 ? json_object_get_string(at)
                 : json_object_to_json_string_ext(at, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
    return text;
}
