/* Hosts, and what each holds: its share.
 *
 * A share is all the bytes that are held for a host: its messages, sessions, aliases, lines that wait, events to come, and what it
 * is known by. They are not counted one by one. Between two calls of mt_host_charge(), memory is taken and given back for one host
 * alone, which is the one that the second call names. What serves all of them is `shared` (base/memory.h).
 *
 * Hosts stand in classes by share: each class begins with twice what the one before begins with. So it takes few steps to
 * find one with much, or with little, however many hosts there are.
 */
#include "internal.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#define CLASS_FIRST 13 /* bits: the first class ends at 2^12 bytes */

/* --- shares --- */

static unsigned class_of(int64_t share)
{
    unsigned bits = share > 0 ? 64 - (unsigned)__builtin_clzll((uint64_t)share) : 0;

    return bits < CLASS_FIRST ? 0 : bits - CLASS_FIRST + 1;
}

static void class_add(struct mt_correlator *c, struct mt_host *host)
{
    struct mt_host_class *class = &c->classes[class_of(host->share)];

    host->counted = host->share;
    class->bytes += host->counted;
    host->before = class->last;
    host->behind_it = NULL;
    *(class->last ? &class->last->behind_it : &class->first) = host;
    class->last = host;
}

static void class_remove(struct mt_correlator *c, struct mt_host *host)
{
    struct mt_host_class *class = &c->classes[class_of(host->counted)];

    class->bytes -= host->counted;
    *(host->before ? &host->before->behind_it : &class->first) = host->behind_it;
    *(host->behind_it ? &host->behind_it->before : &class->last) = host->before;
}

void mt_host_charge(struct mt_correlator *c, struct mt_host *host)
{
    uint64_t now = c->memory.used - c->memory.shared;

    if (host) {
        host->share += (int64_t)(now - c->charged);
        class_remove(c, host);
        class_add(c, host);
    }
    c->charged = now;
}

/* --- the list --- */

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
    class_add(c, host);
    return host;
}

static __attribute__((noinline)) struct mt_host *find_host(struct mt_correlator *c, struct mt_slice name)
{
    struct mt_host *host;
    uint64_t hash = XXH3_64bits_withSeed(name.p, name.n, c->seed);

    mt_host_charge(c, c->last_host);
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

/* --- the end of one --- */

static void drop_events(struct mt_correlator *c, struct mt_event_queue *queue)
{
    for (struct mt_queued_event *p; (p = mt_event_queue_first(queue)); mt_event_queue_drop(queue)) {
        mt_line_release(c, p->line);
        mt_message_release(&c->messages, p->message);
        mt_session_release(&c->sessions, p->session);
    }
    mt_event_queue_free(&c->memory, queue);
}

static void drop_lines(struct mt_correlator *c, struct mt_line_queue *queue)
{
    struct mt_line_place at = {0};

    for (struct mt_line_copy *line; (line = mt_line_queue_next(queue, &at));) {
        mt_line_release(c, line);
    }
    mt_line_queue_free(&c->memory, queue);
}

void mt_host_drop(struct mt_correlator *c, struct mt_host *host)
{
    struct mt_session *s;

    mt_host_charge(c, c->last_host);
    drop_lines(c, &host->queue);
    drop_events(c, &host->due);
    drop_events(c, &host->due_later);
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
    mt_instances_free(&c->memory, &host->instances);
    mt_recent_free(&c->memory, &host->recent);
    list_remove(c, host);
    class_remove(c, host);
    mt_index_remove(&c->hosts, host);
    mt_memory_put(&c->memory, (void *)(uintptr_t)host->name.p, host->name.n + 1);
    mt_memory_put(&c->memory, host, sizeof *host);
    mt_host_charge(c, NULL);
}
