/* The correlator: lines in, put in order, events out when they are due. */
#include "internal.h"

#include <sys/random.h>
#include <time.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define SESSION_IDLE INT64_C(600000000) /* usec; longer than the servers' own time-outs */
/* usec that an ended entry is known for, so that lines read again are repeats */
#define ENDED_KEPT      INT64_C(3600000000)
#define ENDED_MAX       65536             /* entries, and a quarter of the open ones more */
#define EXPIRE_BITS     18                /* what is too old is looked for when 2^18 usec of timestamps have passed */
#define PARTS_KEPT      INT64_C(60000000) /* usec that the pieces of a split line are waited for */
#define HOSTS_MAX       16384             /* the longest idle gives way: names can be made up */
#define GIVE_UP_AT_ONCE 32                /* messages of the host that is found to have the most */
#define WAITING_SHARE   16                /* of max_memory: for pieces of lines, and for early ones */

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

/* --- hosts --- */

static void list_add(struct mt_correlator *c, struct mt_host *host)
{
    host->prev = c->last_host;
    host->next = NULL;
    *(c->last_host ? &c->last_host->next : &c->host_list) = host;
    c->last_host = host;
}

static void list_remove(struct mt_correlator *c, struct mt_host *host)
{
    *(host->prev ? &host->prev->next : &c->host_list) = host->next;
    *(host->next ? &host->next->prev : &c->last_host) = host->prev;
}

static struct mt_host *host_new(struct mt_correlator *c, struct mt_slice name, uint64_t hash)
{
    struct mt_host *host = mt_memory_zeroed(&c->memory, sizeof *host);
    char *copy = mt_memory_get(&c->memory, name.n + 1);

    if (!host || !copy) {
        mt_memory_put(&c->memory, host, sizeof *host);
        mt_memory_put(&c->memory, copy, name.n + 1);
        return NULL;
    }
    if (name.n) {
        memcpy(copy, name.p, name.n);
    }
    host->hash = hash;
    host->name = mt_slice(copy, name.n);
    host->newest = host->clock = host->taken = host->next_due = INT64_MIN;
    if (!mt_index_add(&c->memory, &c->hosts, host)) {
        mt_memory_put(&c->memory, host, sizeof *host);
        mt_memory_put(&c->memory, copy, name.n + 1);
        return NULL;
    }
    list_add(c, host);
    return host;
}

static __attribute__((noinline)) struct mt_host *find_host(struct mt_correlator *c, struct mt_slice name)
{
    struct mt_host *host;
    uint64_t hash = XXH3_64bits_withSeed(name.p, name.n, c->seed);

    for (size_t at = 0; (host = mt_index_next(&c->hosts, hash, &at));) {
        if (mt_slice_eq(host->name, name)) {
            list_remove(c, host);
            list_add(c, host);
            return host;
        }
    }
    return host_new(c, name, hash);
}

struct mt_host *mt_host_get(struct mt_correlator *c, struct mt_slice name)
{
    /* Mostly that of the line before. */
    return c->last_host && mt_slice_eq(c->last_host->name, name) ? c->last_host : find_host(c, name);
}

static void host_free(struct mt_correlator *c, struct mt_host *host)
{
    mt_line_queue_free(&c->memory, &host->queue);
    mt_event_queue_free(&c->memory, &host->due);
    mt_event_queue_free(&c->memory, &host->due_later);
    mt_instances_free(&c->memory, &host->instances);
    mt_recent_free(&c->memory, &host->recent);
    mt_memory_put(&c->memory, (void *)(uintptr_t)host->name.p, host->name.n + 1);
    mt_memory_put(&c->memory, host, sizeof *host);
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

/* Makes the events that are due before `before`. */
static void emit_due(struct mt_correlator *c, struct mt_host *host, int64_t before)
{
    for (;;) {
        struct mt_queued_event *first = mt_event_queue_first(&host->due),
                               *other = mt_event_queue_first(&host->due_later), pending;
        struct mt_event_queue *queue = &host->due;

        if (!first || (other && other->due < first->due)) {
            first = other;
            queue = &host->due_later;
        }
        if (!first || first->due >= before) {
            return;
        }
        pending = *first;
        mt_event_queue_drop(queue);
        mt_make_event(c, host, &pending);
    }
}

/* b - a, where a may be the beginning of time. */
static int64_t minus(int64_t a, int64_t b)
{
    return a < INT64_MIN + b ? INT64_MIN : a - b;
}

static void expire_sessions(struct mt_correlator *c, struct mt_host *host, int64_t closed, int64_t idle)
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
        expire_sessions(c, host, closed, idle);
    }
    mt_early_expire(&c->early, host, minus(now, MT_EARLY_KEPT));
}

/* --- taking lines --- */

/* Takes the waiting lines that are older than `before`, and makes the events that are due by then. */
static void advance(struct mt_correlator *c, struct mt_host *host, int64_t before)
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

/* --- bounds --- */

/* The allocator takes more than it gives: an eighth is left to it. */
static bool over(const struct mt_correlator *c)
{
    uint64_t used = c->memory.used + mt_parts_memory(c->parts);

    return used + used / 8 > c->config.max_memory || c->messages.nopen > c->config.max_messages;
}

/* The host with the largest share: one that floods pays for it itself. */
static struct mt_host *largest(struct mt_correlator *c, size_t (*share)(const struct mt_host *))
{
    struct mt_host *best = NULL;

    for (struct mt_host *host = c->host_list; host; host = host->next) {
        if (share(host) && (!best || share(host) > share(best))) {
            best = host;
        }
    }
    return best;
}

static size_t share_open(const struct mt_host *host)
{
    return host->open.first && host->open.first->state == MT_OPEN ? (size_t)host->nopen : 0;
}

static size_t share_ended(const struct mt_host *host)
{
    return host->ended.first != NULL;
}

static size_t share_waiting(const struct mt_host *host)
{
    return host->queue.n + host->due.n;
}

static size_t share_sessions(const struct mt_host *host)
{
    return host->sessions.first || host->closed.first;
}

/* Gives some things up; false when there is nothing. What is known of ended entries goes first. */
static bool give_up_some(struct mt_correlator *c)
{
    struct mt_host *host;

    if ((host = largest(c, share_ended))) {
        for (int i = 0; i < GIVE_UP_AT_ONCE && host->ended.first; i++) {
            mt_message_forget(&c->messages, host->ended.first);
        }
    } else if ((host = largest(c, share_open))) {
        for (int i = 0; i < GIVE_UP_AT_ONCE && share_open(host) && over(c); i++) {
            mt_merge_give_up(c, host->open.first, MT_REASON_EVICTED);
        }
    } else if ((host = largest(c, share_waiting))) {
        if (host->queue.n) {
            advance(c, host, mt_line_queue_first(&host->queue)->usec + 1);
        } else {
            emit_due(c, host, INT64_MAX);
        }
    } else if ((host = largest(c, share_sessions))) {
        expire_sessions(c, host, INT64_MAX, host->sessions.first ? host->sessions.first->last.usec + 1 : INT64_MIN);
    } else {
        return false;
    }
    return true;
}

static void drop_pending(struct mt_correlator *c, struct mt_event_queue *queue)
{
    for (struct mt_queued_event *p; (p = mt_event_queue_first(queue)); mt_event_queue_drop(queue)) {
        mt_line_release(c, p->line);
        mt_message_release(&c->messages, p->message);
        mt_session_release(&c->sessions, p->session);
    }
}

static void drop_host(struct mt_correlator *c, struct mt_host *host)
{
    struct mt_line_place at = {0};
    struct mt_session *s;

    for (struct mt_line_copy *line; (line = mt_line_queue_next(&host->queue, &at));) {
        mt_line_release(c, line);
    }
    drop_pending(c, &host->due);
    drop_pending(c, &host->due_later);
    while (host->open.first) {
        mt_message_forget(&c->messages, host->open.first);
    }
    while (host->ended.first) {
        mt_message_forget(&c->messages, host->ended.first);
    }
    while ((s = mt_session_expire(&c->sessions, host, INT64_MAX, INT64_MAX))) {
        mt_session_release(&c->sessions, s);
    }
    mt_early_expire(&c->early, host, INT64_MAX);
    list_remove(c, host);
    mt_index_remove(&c->hosts, host);
    host_free(c, host);
}

/* Ends all that a host has, and forgets it. */
static void give_up_host(struct mt_correlator *c, struct mt_host *host)
{
    advance(c, host, INT64_MAX);
    expire_sessions(c, host, INT64_MAX, INT64_MAX);
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): who calls this has a host */
    while (host->open.first) {
        mt_merge_give_up(c, host->open.first, MT_REASON_EVICTED);
    }
    drop_host(c, host);
}

static void give_up_what_is_over(struct mt_correlator *c)
{
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): where hosts are counted, there is a first */
    while (c->hosts.n > HOSTS_MAX) {
        give_up_host(c, c->host_list);
    }
    while (over(c)) {
        if (!give_up_some(c)) {
            if (c->host_list == c->last_host) {
                return;
            }
            give_up_host(c, c->host_list);
        }
    }
}

/* Called after every line: all else is for when there is something to do. */
static inline void hold_bounds(struct mt_correlator *c)
{
    if (c->hosts.n > HOSTS_MAX || over(c)) {
        give_up_what_is_over(c);
    }
}

/* --- the calls --- */

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
    advance(c, host, settled(c, host, wall));
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

    for (struct mt_host *host = c->host_list; host; host = host->next) {
        mt_clock_tick(host, wall);
        if (host->clock != INT64_MIN) {
            advance(c, host, settled(c, host, wall));
            expire(c, host, settled(c, host, wall));
            slowest = host->clock < slowest ? host->clock : slowest;
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
    advance(c, host, INT64_MAX);
    expire_sessions(c, host, INT64_MAX, incomplete ? INT64_MAX : INT64_MIN);
    while (incomplete && host->open.first) {
        mt_merge_give_up(c, host->open.first, MT_REASON_OPEN);
    }
    mt_early_expire(&c->early, host, incomplete ? INT64_MAX : INT64_MIN);
}

void mt_correlator_flush(struct mt_correlator *c, bool incomplete)
{
    expire_parts(c, INT64_MAX, 0);
    for (struct mt_host *host = c->host_list; host; host = host->next) {
        finish(c, host, incomplete);
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
        drop_host(c, c->host_list);
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
