/* The correlator: lines in, put in order, events out when they are due. */
#include "internal.h"

#include <sys/random.h>
#include <time.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define SESSION_IDLE INT64_C(600000000) /* usec; longer than the servers' own time-outs */
/* usec that an ended entry is known for, so that lines read again are repeats */
#define ENDED_KEPT    INT64_C(3600000000)
#define ENDED_MAX     65536             /* entries, and a quarter of the open ones more */
#define EXPIRE_BITS   18                /* what is too old is looked for when 2^18 usec of timestamps have passed */
#define PARTS_KEPT    INT64_C(60000000) /* usec that the pieces of a split line are waited for */
#define HOST_SHARE    8192              /* of max_memory: how many hosts are known */
#define HOSTS_LEAST   64
#define HOSTS_MOST    16384
#define WAITING_SHARE 16 /* of max_memory: for pieces of lines, and for early ones */

static uint64_t random_seed(void)
{
    uint64_t seed;
    struct timespec now;

    if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) == (ssize_t)sizeof seed) {
        return seed;
    }
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_nsec * UINT64_C(0x9e3779b97f4a7c15) ^ (uintptr_t)&seed;
}

/* If there are as many, and each has one open message, they hold less than half of the memory. */
static uint64_t hosts_for(const struct mt_config *config)
{
    uint64_t n = config->max_memory / HOST_SHARE;

    return n < HOSTS_LEAST ? HOSTS_LEAST : n < HOSTS_MOST ? n : HOSTS_MOST;
}

struct mt_correlator *mt_correlator_new(const struct mt_config *config, mt_emit_fn *emit, void *ctx)
{
    struct mt_correlator *c = calloc(1, sizeof *c);

    if (!c) {
        return NULL;
    }
    c->seed = random_seed();
    c->parts = mt_parts_new(config->max_memory / WAITING_SHARE, config->max_line, c->seed);
    if (!c->parts) {
        free(c);
        return NULL;
    }
    c->config = *config;
    c->max_hosts = hosts_for(config);
    c->emit = emit;
    c->ctx = ctx;
    c->store.memory = &c->memory;
    c->sessions = (struct mt_sessions){.memory = &c->memory, .messages = &c->messages, .seed = c->seed};
    c->messages = (struct mt_messages){.memory = &c->memory,
                                       .sessions = &c->sessions,
                                       .aliases = &c->aliases,
                                       .seed = c->seed,
                                       .max_recipients = config->max_recipients};
    c->aliases = (struct mt_aliases){.memory = &c->memory, .seed = c->seed};
    c->early =
        (struct mt_early_lines){.memory = &c->memory, .seed = c->seed, .max_bytes = config->max_memory / WAITING_SHARE};
    return c;
}

void mt_correlator_set_seed(struct mt_correlator *c, uint64_t seed)
{
    c->seed = c->sessions.seed = c->messages.seed = c->aliases.seed = c->early.seed = seed;
}

/* --- what is due --- */

static int64_t next_due(struct mt_event_queue *queue)
{
    const struct mt_queued_event *first = mt_event_queue_first(queue);

    return first ? first->due : INT64_MAX;
}

/* The first of the host's events has changed, or may have. */
static __attribute__((noinline)) void find_next_due(struct mt_host *host)
{
    int64_t due = next_due(&host->due), later = next_due(&host->due_later);

    host->next_due = due < later ? due : later;
}

/* Is an event due before `before`? */
static inline bool any_due(struct mt_host *host, int64_t before)
{
    if (before > host->next_due) {
        find_next_due(host);
    }
    return before > host->next_due;
}

bool mt_emit_next(struct mt_correlator *c, struct mt_host *host, int64_t before)
{
    struct mt_queued_event *first = mt_event_queue_first(&host->due), *other = mt_event_queue_first(&host->due_later),
                           pending;
    struct mt_event_queue *queue = &host->due;

    if (!first || (other && other->due < first->due)) {
        first = other;
        queue = &host->due_later;
    }
    if (!first || first->due >= before) {
        return false;
    }
    pending = *first;
    mt_event_queue_drop(queue);
    mt_make_event(c, host, &pending);
    return true;
}

/* Makes the events that are due before `before`. */
static void emit_due(struct mt_correlator *c, struct mt_host *host, int64_t before)
{
    while (mt_emit_next(c, host, before)) {
    }
}

/* b - a, where a may be the beginning of time. */
static int64_t minus(int64_t a, int64_t b)
{
    return a < INT64_MIN + b ? INT64_MIN : a - b;
}

void mt_expire_sessions(struct mt_correlator *c, struct mt_host *host, int64_t closed, int64_t idle)
{
    struct mt_session *s;

    while ((s = mt_session_expire(&c->sessions, host, closed, idle))) {
        mt_end_session(c, host, s, NULL);
    }
}

/* What has had no line for too long at the time now. */
static void expire(struct mt_correlator *c, struct mt_host *host, int64_t now)
{
    int64_t oldest = minus(now, c->config.timeout);
    int64_t closed = minus(now, 2 * c->config.settle), idle = minus(now, SESSION_IDLE);

    while (host->open.first && host->open.first->last < oldest && host->open.first->state == MT_OPEN) {
        mt_merge_give_up(c, host->open.first, MT_REASON_TIMEOUT);
    }
    while (host->ended.first && (host->ended.first->end < minus(now, ENDED_KEPT) ||
                                 c->messages.index.n - c->messages.nopen > ENDED_MAX + c->messages.nopen / 4)) {
        mt_message_forget(&c->messages, host->ended.first);
    }
    if ((host->closed.first && host->closed.first->last.usec < closed) ||
        (host->sessions.first && host->sessions.first->last.usec < idle)) {
        mt_expire_sessions(c, host, closed, idle);
    }
    mt_early_expire(&c->early, host, minus(now, MT_EARLY_KEPT));
}

/* --- taking lines --- */

void mt_advance(struct mt_correlator *c, struct mt_host *host, int64_t before)
{
    const struct mt_line_copy *first;

    while ((first = mt_line_queue_first(&host->queue)) && first->usec < before) {
        int64_t timestamp = first->usec;
        struct mt_line_copy **lines;
        size_t n;

        if (any_due(host, timestamp)) {
            emit_due(c, host, timestamp);
        }
        if (((uint64_t)timestamp ^ ((uint64_t)host->taken - 1)) >> EXPIRE_BITS) {
            expire(c, host, timestamp);
        }
        lines = mt_line_queue_take(&c->memory, &host->queue, &n);
        host->taken = timestamp < host->taken ? host->taken : timestamp + 1;
        mt_take_lines(c, host, lines, n);
    }
    if (any_due(host, before)) {
        emit_due(c, host, before);
    }
}

/* For how long lines wait by the wall clock (usec): see clock.c. */
static int64_t hold(const struct mt_correlator *c)
{
    return c->config.settle / 4;
}

/* Up to where all lines that can be waited for have come. With settle 0 that is now. */
static inline int64_t settled(const struct mt_correlator *c, struct mt_host *host, int64_t wall)
{
    return c->config.settle ? minus(mt_clock_held(host, wall, hold(c)), c->config.settle) : host->clock + 1;
}

/* Lines too far ahead of the clock, which nothing has confirmed, are taken as they stand. */
static void take_strays(struct mt_correlator *c, struct mt_host *host)
{
    struct mt_line_queue *queue = &host->queue;

    while (queue->n && mt_line_queue_last(queue)->usec > host->clock) {
        struct mt_line_copy *line = mt_line_queue_take_last(&c->memory, queue);
        mt_take_lines(c, host, &line, 1);
    }
}

/* --- the calls --- */

/* Called after every line: all else is for when there is something to do. */
static inline void hold_bounds(struct mt_correlator *c)
{
    if (c->hosts.n > c->max_hosts || mt_over_memory(c) || mt_over_messages(c)) {
        mt_give_up_what_is_over(c);
    }
}

/* A line of that host has come; it is NULL when it says nothing but the time. */
static void take_in(struct mt_correlator *c, struct mt_host *host, struct mt_line_copy *line, int64_t usec,
                    int64_t wall)
{
    bool stray;

    mt_clock_line(host, usec, wall, hold(c), &stray);
    if (stray) {
        take_strays(c, host);
    }
    if (line && usec < host->taken) {
        c->stats.late += c->config.settle > 0;
        mt_take_lines(c, host, &line, 1);
    } else if (line && !mt_line_queue_add(&c->memory, &host->queue, line)) {
        c->stats.no_memory++;
        mt_take_lines(c, host, &line, 1);
    }
    mt_advance(c, host, settled(c, host, wall));
    hold_bounds(c);
}

static void feed_record(struct mt_correlator *c, const struct mt_record *rec, int64_t wall)
{
    struct mt_host *host = mt_host_get(c, rec->line.host);
    struct mt_line_copy *line = NULL;

    if (!host || (mt_record_matters(rec) && !(line = mt_line_copy_new(&c->store, rec)))) {
        c->stats.no_memory++;
        return;
    }
    take_in(c, host, line, rec->line.time.usec, wall);
}

/* A line that its MTA had split. */
static void feed_whole(struct mt_correlator *c, const struct mt_line *line, int64_t wall)
{
    enum mt_verdict verdict = mt_parse(line, &c->whole);

    if (verdict == MT_RECOGNISED && c->whole.kind != MT_KIND_PART) {
        feed_record(c, &c->whole, wall);
    } else if (verdict != MT_FOREIGN) { /* its pieces are counted */
        mt_count_unrecognised(c, &c->whole);
    }
}

static void expire_parts(struct mt_correlator *c, int64_t before, int64_t wall)
{
    struct mt_line line;

    while (mt_parts_expire(c->parts, before, &line)) {
        feed_whole(c, &line, wall);
    }
}

void mt_correlator_feed(struct mt_correlator *c, const struct mt_record *rec, enum mt_verdict verdict, int64_t wall)
{
    struct mt_line whole;

    c->stats.lines++;
    if (verdict == MT_FOREIGN) {
        c->stats.foreign++;
        return;
    }
    c->stats.cut += rec->line.cut;
    if (verdict == MT_UNRECOGNISED) {
        mt_count_unrecognised(c, rec);
        return;
    }
    c->stats.recognised[rec->source]++;
    if (rec->kind != MT_KIND_PART) {
        feed_record(c, rec, wall);
    } else if (mt_parts_add(c->parts, rec, &whole)) {
        feed_whole(c, &whole, wall);
    } else {
        expire_parts(c, minus(rec->line.time.usec, PARTS_KEPT), wall);
    }
}

void mt_correlator_feed_copy(struct mt_correlator *c, struct mt_line_copy *copy, int64_t wall)
{
    struct mt_host *host = mt_host_get(c, copy->line.host);

    copy->line.host = mt_slice(NULL, 0);
    mt_line_copy_adopt(&c->store, copy);
    c->stats.lines++;
    c->stats.cut += copy->line.cut;
    c->stats.recognised[copy->source]++;
    if (host) {
        take_in(c, host, copy, copy->usec, wall);
    } else {
        mt_line_release(c, copy);
        c->stats.no_memory++;
    }
}

void mt_copier_free(struct mt_copier *copier, struct mt_correlator *c)
{
    mt_copier_leave(copier, &c->store);
}

void mt_correlator_tick(struct mt_correlator *c, int64_t wall)
{
    int64_t slowest = INT64_MAX;

    mt_host_charge(c, c->last_host);
    for (struct mt_host *host = c->host_list; host; host = host->next) {
        mt_clock_tick(host, wall);
        host->next_due = INT64_MIN; /* it is looked for again, whatever has become of the clock */
        if (host->clock != INT64_MIN) {
            mt_advance(c, host, settled(c, host, wall));
            expire(c, host, settled(c, host, wall));
            slowest = host->clock < slowest ? host->clock : slowest;
            mt_host_charge(c, host);
        }
    }
    if (slowest != INT64_MAX) {
        expire_parts(c, minus(slowest, PARTS_KEPT), wall);
    }
    hold_bounds(c);
}

/* After the last line nothing can show that its timestamp is wrong, so a long pause before it was one. */
static void believe_last_line(struct mt_host *host)
{
    const struct mt_line_copy *last = mt_line_queue_last(&host->queue);

    host->clock = last && last->usec > host->clock ? last->usec : host->clock;
}

/* Everything that waits, as if time went on without end. */
static void finish(struct mt_correlator *c, struct mt_host *host, bool incomplete)
{
    if (incomplete) {
        believe_last_line(host);
    }
    mt_advance(c, host, INT64_MAX);
    mt_expire_sessions(c, host, INT64_MAX, incomplete ? INT64_MAX : INT64_MIN);
    while (incomplete && host->open.first) {
        mt_merge_give_up(c, host->open.first, MT_REASON_OPEN);
    }
    mt_early_expire(&c->early, host, incomplete ? INT64_MAX : INT64_MIN);
}

void mt_correlator_flush(struct mt_correlator *c, bool incomplete)
{
    expire_parts(c, INT64_MAX, 0);
    mt_host_charge(c, c->last_host);
    for (struct mt_host *host = c->host_list; host; host = host->next) {
        finish(c, host, incomplete);
        mt_host_charge(c, host);
    }
}

void mt_correlator_resume(struct mt_correlator *c)
{
    for (struct mt_host *host = c->host_list; host; host = host->next) {
        host->wall = host->held_at = 0;
        host->nsamples = 0;
    }
}

void mt_correlator_clear(struct mt_correlator *c)
{
    mt_index_free(&c->memory, &c->messages.index); /* nothing is to be found any more */
    mt_index_free(&c->memory, &c->sessions.index);
    while (c->host_list) {
        mt_host_drop(c, c->host_list);
    }
    mt_aliases_free(&c->aliases);
    mt_index_free(&c->memory, &c->early.index);
    while (mt_parts_drop(c->parts)) {
    }
}

void mt_correlator_free(struct mt_correlator *c)
{
    if (!c) {
        return;
    }
    mt_correlator_clear(c);
    mt_index_free(&c->memory, &c->hosts);
    mt_memory_put(&c->memory, c->recipients, c->recipients_size * sizeof *c->recipients);
    mt_memory_put(&c->memory, c->verdicts, c->verdicts_size * sizeof *c->verdicts);
    mt_memory_put(&c->memory, c->symbols, c->symbols_size * sizeof *c->symbols);
    mt_memory_put(&c->memory, c->names, c->names_size);
    mt_memory_put(&c->memory, c->hops, c->hops_size * sizeof *c->hops);
    mt_buffer_free(&c->hops_text);
    mt_buffer_free(&c->text);
    mt_line_copies_free(&c->store);
    mt_parts_free(c->parts);
    mt_memory_free(&c->memory);
    free(c);
}
