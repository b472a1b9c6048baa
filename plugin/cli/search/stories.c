#include "stories.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "mailtrace/syslog.h"

#define SECOND INT64_C(1000000)

/* Messages wait in queues for days; the lines that were gathered are few. */
#define TIMEOUT        (60 * 86400 * SECOND)
#define MAX_RECIPIENTS 100000

/* How far apart the clocks of two hosts may be for one's delivery to be the other's arrival. */
#define CLOCKS (300 * SECOND)

static void no_memory(struct cli_stories *s)
{
    if (!s->failed) {
        cli_error("%s", strerror(ENOMEM));
    }
    s->failed = true;
}

/* Room for one more element; NULL: no memory. */
static void *grow(struct cli_stories *s, void *v, uint32_t n, uint32_t *room, size_t size)
{
    uint32_t more = *room ? 2 * *room : 64;
    void *larger;

    if (n < *room) {
        return v;
    }
    larger = realloc(v, more * size);
    if (!larger) {
        no_memory(s);
        return NULL;
    }
    *room = more;
    return larger;
}

/* A table by number whose new entries are CLI_NO_MESSAGE. */
static uint32_t *entry(struct cli_stories *s, uint32_t **table, uint32_t *n, uint32_t number)
{
    if (number >= *n) {
        uint32_t more = 2 * number + 64, *larger = realloc(*table, more * sizeof *larger);
        if (!larger) {
            no_memory(s);
            return NULL;
        }
        memset(larger + *n, 0xff, (more - *n) * sizeof *larger);
        *table = larger;
        *n = more;
    }
    return *table + number;
}

/* ---- events in ---- */

/* The number of (host, instance, queue ID). */
static uint32_t key_of(struct cli_stories *s, const struct mt_fields *f)
{
    struct mt_buffer key = {0};
    uint32_t number;
    static const enum mt_field parts[] = {MT_F_HOST, MT_F_INSTANCE, MT_F_QUEUE_ID};

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        struct mt_slice part = mt_get(f, parts[i]);
        mt_buffer_append(&key, part.p, part.n);
        mt_buffer_append(&key, "", 1);
    }
    number = key.failed ? CLI_NO_NAME : cli_numbered_texts_add(&s->keys, mt_slice(key.p, key.n));
    mt_buffer_free(&key);
    if (number == CLI_NO_NAME) {
        no_memory(s);
    }
    return number;
}

static void add_delivery(struct cli_stories *s, const struct mt_event *event)
{
    struct cli_delivery *v = grow(s, s->deliveries, s->ndeliveries, &s->deliveries_room, sizeof *v);
    uint32_t key = key_of(s, &event->f), *open;

    if (!v || key == CLI_NO_NAME || !(open = entry(s, &s->open, &s->nopen, key))) {
        return;
    }
    s->deliveries = v;
    v += s->ndeliveries;
    if (!cli_event_keep(&v->event, event)) {
        no_memory(s);
        return;
    }
    v->following = *open;
    v->next = CLI_NO_MESSAGE;
    *open = s->ndeliveries++;
}

static int64_t time_of(const struct mt_fields *f, enum mt_field id, int64_t otherwise)
{
    return mt_has(f, id) ? f->v[id].t.usec : otherwise;
}

/* The deliveries so far are its own; they were put in front of one another. */
static uint32_t take_deliveries(struct cli_stories *s, uint32_t key)
{
    uint32_t *open = entry(s, &s->open, &s->nopen, key), first = CLI_NO_MESSAGE, i;

    if (!open) {
        return first;
    }
    for (i = *open; i != CLI_NO_MESSAGE;) {
        uint32_t after = s->deliveries[i].following;
        s->deliveries[i].following = first;
        first = i;
        i = after;
    }
    *open = CLI_NO_MESSAGE;
    return first;
}

static void add_message(struct cli_stories *s, const struct mt_event *event)
{
    struct cli_message *v = grow(s, s->messages, s->nmessages, &s->messages_room, sizeof *v);
    uint32_t key = key_of(s, &event->f), id = cli_numbered_texts_add(&s->ids, mt_get(&event->f, MT_F_QUEUE_ID)), *of_id;

    if (!v || key == CLI_NO_NAME || id == CLI_NO_NAME || !(of_id = entry(s, &s->of_id, &s->nof_id, id))) {
        return;
    }
    s->messages = v;
    v += s->nmessages;
    *v = (struct cli_message){.key = key,
                              .id = id,
                              .parent = CLI_NO_MESSAGE,
                              .child = CLI_NO_MESSAGE,
                              .sibling = CLI_NO_MESSAGE,
                              .same = *of_id};
    if (!cli_event_keep(&v->event, event)) {
        no_memory(s);
        return;
    }
    v->last = time_of(&event->f, MT_F_TIME, 0);
    v->first = time_of(&event->f, MT_F_ARRIVED, v->last);
    v->deliveries = take_deliveries(s, key);
    v->wanted = cli_criteria_message(&s->options->wanted, event);
    *of_id = s->nmessages++;
}

void cli_stories_other(struct cli_stories *s, const struct mt_event *event)
{
    struct cli_event *v = grow(s, s->others, s->nothers, &s->others_room, sizeof *v);

    if (v) {
        s->others = v;
        if (cli_event_keep(&v[s->nothers], event)) {
            s->nothers++;
        } else {
            no_memory(s);
        }
    }
}

static void emit(void *ctx, const struct mt_event *event)
{
    struct cli_stories *s = ctx;

    if (s->failed) {
        return;
    }
    if (event->kind == MT_EVENT_DELIVERY) {
        add_delivery(s, event);
    } else if (event->kind == MT_EVENT_MESSAGE) {
        add_message(s, event);
    } else if (cli_criteria_reject(&s->options->wanted, event) &&
               (event->kind == MT_EVENT_REJECT || s->options->wanted.ip.n)) {
        cli_stories_other(s, event);
    }
}

/* ---- lines in ---- */

static int by_time(const void *a, const void *b)
{
    const struct cli_fed *x = a, *y = b;

    if (x->line.time.usec != y->line.time.usec) {
        return x->line.time.usec < y->line.time.usec ? -1 : 1;
    }
    return x->place < y->place ? -1 : x->place > y->place;
}

/* Reads the headers of the lines, file by file, and puts them into the order of their timestamps. */
static void read_lines(const struct cli_related *gather, struct cli_fed *fed)
{
    struct cli_log log = {0};
    uint32_t file = UINT32_MAX;

    for (size_t i = 0; i < gather->n; i++) {
        const struct cli_line *line = &gather->lines[i];
        if (line->file != file) {
            file = line->file;
            log = (struct cli_log){.zone = gather->files->v[file].zone};
            mt_syslog_read(&log.zone, MT_LIT("1 - "), &log.line);
        }
        cli_log_read(&log, gather->options, line->raw, line->cut);
        fed[i] = (struct cli_fed){log.line, i};
    }
    qsort(fed, gather->n, sizeof *fed, by_time);
}

static void feed(struct cli_stories *s, const struct cli_fed *fed)
{
    struct mt_config config = s->options->settings.config;
    struct mt_correlator *c;
    struct mt_record rec;

    config.timeout = TIMEOUT;
    config.max_recipients = MAX_RECIPIENTS;
    c = mt_correlator_new(&config, emit, s);
    if (!c) {
        no_memory(s);
        return;
    }
    for (size_t i = 0; i < s->gather->n && !s->failed; i++) {
        struct mt_line line = fed[i].line;
        enum mt_verdict verdict;
        line.order = i + 1;
        verdict = mt_parse(&line, &rec);
        mt_correlator_feed(c, &rec, verdict, 0);
    }
    mt_correlator_flush(c, true);
    mt_correlator_free(c);
}

/* ---- which message goes on as which ---- */

static struct mt_slice field_of(const struct cli_event *event, enum mt_field id)
{
    struct mt_event open;

    cli_event_open(event, &open);
    return mt_get(&open.f, id);
}

static bool same_host(const struct mt_event *a, const struct mt_event *b)
{
    return mt_slice_eq(mt_get(&a->f, MT_F_HOST), mt_get(&b->f, MT_F_HOST));
}

static struct mt_slice first_label(struct mt_slice host)
{
    const char *dot = host.n ? memchr(host.p, '.', host.n) : NULL;

    return dot ? mt_slice_to(host.p, dot) : host;
}

static bool same_label(struct mt_slice a, struct mt_slice b)
{
    a = first_label(a);
    b = first_label(b);
    return a.n && a.n == b.n && strncasecmp(a.p, b.p, a.n) == 0;
}

/* The same sender; and the one names the other's host. */
static bool is_handover(const struct mt_event *delivery, const struct mt_event *next)
{
    const struct mt_fields *d = &delivery->f, *n = &next->f;

    if (!mt_has(d, MT_F_FROM) || !mt_has(n, MT_F_FROM) || !mt_slice_eq(mt_get(d, MT_F_FROM), mt_get(n, MT_F_FROM))) {
        return false;
    }
    return same_label(mt_get(n, MT_F_CLIENT_NAME), mt_get(d, MT_F_HOST)) ||
           same_label(mt_get(n, MT_F_CLIENT_HELO), mt_get(d, MT_F_HOST)) ||
           same_label(mt_get(d, MT_F_RELAY_NAME), mt_get(n, MT_F_HOST));
}

/* A queue ID in a reply is a stranger's word: that it means this message the Message-ID has to say, too. Servers log
 * odd ones in different ways; then it is the host and the sender.
 */
static bool may_be_same(const struct mt_event *delivery, const struct mt_event *next)
{
    struct mt_slice x = mt_get(&delivery->f, MT_F_MESSAGE_ID), y = mt_get(&next->f, MT_F_MESSAGE_ID);

    return !x.n || !y.n || cli_same_message_id(x.n > y.n ? x : y, x.n > y.n ? y : x) || is_handover(delivery, next);
}

static bool is_above(const struct cli_stories *s, uint32_t message, uint32_t of)
{
    for (; of != CLI_NO_MESSAGE; of = s->messages[of].parent) {
        if (of == message) {
            return true;
        }
    }
    return false;
}

/* The message with that queue ID that arrived when this delivery was made. */
static uint32_t find_next(const struct cli_stories *s, uint32_t from, const struct mt_event *delivery)
{
    struct mt_slice next = mt_get(&delivery->f, MT_F_NEXT_QUEUE_ID);
    int64_t time = time_of(&delivery->f, MT_F_TIME, 0), best = INT64_MAX;
    uint32_t id = next.n ? cli_numbered_texts_find(&s->ids, next) : CLI_NO_NAME, found = CLI_NO_MESSAGE;

    if (id == CLI_NO_NAME || id >= s->nof_id) {
        return CLI_NO_MESSAGE;
    }
    for (uint32_t i = s->of_id[id]; i != CLI_NO_MESSAGE; i = s->messages[i].same) {
        const struct cli_message *m = &s->messages[i];
        int64_t apart = m->first > time ? m->first - time : time - m->first;
        struct mt_event event;
        cli_event_open(&m->event, &event);
        if (i != from && apart < best && m->first <= time + CLOCKS && m->last >= time - CLOCKS &&
            may_be_same(delivery, &event) && !is_above(s, i, from)) {
            best = apart;
            found = i;
        }
    }
    return found;
}

static void join_deliveries(struct cli_stories *s, uint32_t i)
{
    for (uint32_t d = s->messages[i].deliveries; d != CLI_NO_MESSAGE; d = s->deliveries[d].following) {
        struct mt_event delivery;
        uint32_t next;
        cli_event_open(&s->deliveries[d].event, &delivery);
        next = find_next(s, i, &delivery);
        s->deliveries[d].next = next;
        if (next != CLI_NO_MESSAGE && s->messages[next].parent == CLI_NO_MESSAGE) {
            s->messages[next].parent = i;
            s->messages[next].link = CLI_LINK_HOP;
        }
    }
}

/* parent_queue_id is of the same host: the entry that was there shortly before. */
static void join_parent(struct cli_stories *s, uint32_t i)
{
    struct cli_message *m = &s->messages[i];
    struct mt_slice parent = field_of(&m->event, MT_F_PARENT_QUEUE_ID);
    uint32_t id = parent.n ? cli_numbered_texts_find(&s->ids, parent) : CLI_NO_NAME;
    struct mt_event mine, other;
    int64_t best = INT64_MIN;

    if (m->parent != CLI_NO_MESSAGE || id == CLI_NO_NAME || id >= s->nof_id) {
        return;
    }
    cli_event_open(&m->event, &mine);
    for (uint32_t p = s->of_id[id]; p != CLI_NO_MESSAGE; p = s->messages[p].same) {
        cli_event_open(&s->messages[p].event, &other);
        if (p != i && same_host(&mine, &other) && s->messages[p].first <= m->first + SECOND &&
            s->messages[p].first > best && !is_above(s, i, p)) {
            best = s->messages[p].first;
            m->parent = p;
            m->link = mt_slice_eq(mt_get(&mine.f, MT_F_ORIGIN), MT_LIT("bounce")) ? CLI_LINK_BOUNCE : CLI_LINK_MADE;
        }
    }
}

/* In the order in which they came. */
static void join_children(struct cli_stories *s)
{
    for (uint32_t i = s->nmessages; i-- > 0;) {
        struct cli_message *m = &s->messages[i];
        if (m->parent != CLI_NO_MESSAGE) {
            m->sibling = s->messages[m->parent].child;
            s->messages[m->parent].child = i;
        }
    }
}

uint32_t cli_stories_origin(const struct cli_stories *s, uint32_t message)
{
    while (s->messages[message].parent != CLI_NO_MESSAGE && s->messages[message].link != CLI_LINK_BOUNCE) {
        message = s->messages[message].parent;
    }
    return message;
}

void cli_stories_start(struct cli_stories *s, const struct cli_options *options, const struct cli_related *gather)
{
    *s = (struct cli_stories){.options = options, .gather = gather};
}

void cli_stories_make(struct cli_stories *s)
{
    const struct cli_related *gather = s->gather;

    s->fed = malloc((gather->n ? gather->n : 1) * sizeof *s->fed);
    if (!s->fed) {
        no_memory(s);
        return;
    }
    read_lines(gather, s->fed);
    feed(s, s->fed);
    for (uint32_t i = 0; i < s->nmessages && !s->failed; i++) {
        join_deliveries(s, i);
    }
    for (uint32_t i = 0; i < s->nmessages && !s->failed; i++) {
        join_parent(s, i);
    }
    join_children(s);
}

void cli_stories_free(struct cli_stories *s)
{
    for (uint32_t i = 0; i < s->nmessages; i++) {
        free(s->messages[i].event.memory);
    }
    for (uint32_t i = 0; i < s->ndeliveries; i++) {
        free(s->deliveries[i].event.memory);
    }
    for (uint32_t i = 0; i < s->nothers; i++) {
        free(s->others[i].memory);
    }
    free(s->fed);
    free(s->lines);
    free(s->next_line);
    free(s->messages);
    free(s->deliveries);
    free(s->others);
    free(s->open);
    free(s->of_id);
    cli_numbered_texts_free(&s->keys);
    cli_numbered_texts_free(&s->ids);
    *s = (struct cli_stories){0};
}
