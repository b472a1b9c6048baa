/* Events in, and all that is kept of them. */
#include <sys/random.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "internal.h"

struct mt_stories *mt_stories_new(const struct mt_criteria *wanted, uint64_t max_memory)
{
    struct mt_stories *s = calloc(1, sizeof *s);

    if (!s) {
        return NULL;
    }
    s->wanted = wanted;
    s->max_memory = max_memory;
    if (getrandom(&s->seed, sizeof s->seed, GRND_NONBLOCK) != (ssize_t)sizeof s->seed) {
        s->seed = (uintptr_t)s * UINT64_C(0x9e3779b97f4a7c15);
    }
    return s;
}

void mt_stories_free(struct mt_stories *s)
{
    if (!s) {
        return;
    }
    for (uint32_t i = 0; i < s->nentries; i++) {
        mt_kept_event_free(&s->memory, &s->entries[i].event);
    }
    for (uint32_t i = 0; i < s->ndeliveries; i++) {
        mt_kept_event_free(&s->memory, &s->deliveries[i].event);
    }
    for (uint32_t i = 0; i < s->nremarks; i++) {
        mt_kept_event_free(&s->memory, &s->remarks[i].event);
    }
    mt_memory_put(&s->memory, s->entries, s->entries_room * sizeof *s->entries);
    mt_memory_put(&s->memory, s->deliveries, s->deliveries_room * sizeof *s->deliveries);
    mt_memory_put(&s->memory, s->remarks, s->remarks_room * sizeof *s->remarks);
    mt_memory_put(&s->memory, s->attempts, s->attempts_room * sizeof *s->attempts);
    mt_index_free(&s->memory, &s->seen);
    mt_names_free(&s->memory, &s->ids);
    mt_names_free(&s->memory, &s->queued);
    mt_names_free(&s->memory, &s->clients);
    mt_memory_free(&s->memory);
    free(s);
}

/* ---- adding ---- */

/* Room for one more element of an array; NULL: memory is short. */
static void *grow(struct mt_stories *s, void *v, uint32_t n, uint32_t *room, size_t size)
{
    uint32_t more = *room ? 2 * *room : 16;
    void *larger;

    if (n < *room) {
        return v;
    }
    larger = more > *room && more < MT_NONE ? mt_memory_resize(&s->memory, v, *room * size, more * size) : NULL;
    *room = larger ? more : *room;
    return larger;
}

static uint64_t hash_of_id(const struct mt_stories *s, struct mt_slice id)
{
    return XXH3_64bits_withSeed(id.p, id.n, s->seed);
}

static bool keep(struct mt_stories *s, struct mt_kept_event *kept, const struct mt_event *event, size_t size)
{
    if (!mt_kept_event_make(&s->memory, kept, event, hash_of_id(s, mt_get(&event->f, MT_F_ID)), size)) {
        return false;
    }
    if (kept->head->id.n && !mt_index_add(&s->memory, &s->seen, kept->head)) {
        mt_kept_event_free(&s->memory, kept);
        return false;
    }
    return true;
}

static bool add_delivery(struct mt_stories *s, const struct mt_event *event, size_t size)
{
    struct mt_delivery *v = grow(s, s->deliveries, s->ndeliveries, &s->deliveries_room, sizeof *v);

    if (!v) {
        return false;
    }
    s->deliveries = v;
    v += s->ndeliveries;
    *v = (struct mt_delivery){.entry = MT_NONE, .next = MT_NONE, .order = s->ndeliveries, .before = s->nentries};
    if (!keep(s, &v->event, event, size)) {
        return false;
    }
    s->ndeliveries++;
    return true;
}

static bool add_entry(struct mt_stories *s, const struct mt_event *event, size_t size)
{
    struct mt_entry *v = grow(s, s->entries, s->nentries, &s->entries_room, sizeof *v);

    if (!v) {
        return false;
    }
    s->entries = v;
    v += s->nentries;
    *v = (struct mt_entry){.wanted = !s->wanted || mt_criteria_message(s->wanted, event)};
    if (!keep(s, &v->event, event, size)) {
        return false;
    }
    v->last = mt_kept_event_time(&v->event, MT_F_TIME, 0);
    v->first = mt_kept_event_time(&v->event, MT_F_ARRIVED, v->last);
    s->nentries++;
    return true;
}

static bool add_remark(struct mt_stories *s, const struct mt_event *event, size_t size)
{
    struct mt_remark *v = grow(s, s->remarks, s->nremarks, &s->remarks_room, sizeof *v);

    if (!v) {
        return false;
    }
    s->remarks = v;
    v += s->nremarks;
    *v = (struct mt_remark){
        .entry = MT_NONE, .next = MT_NONE, .wanted = !s->wanted || mt_criteria_other(s->wanted, event)};
    if (!keep(s, &v->event, event, size)) {
        return false;
    }
    s->nremarks++;
    return true;
}

/* An event that was fed twice has the same id. Those without one are never repeats. */
static bool is_repeat(const struct mt_stories *s, struct mt_slice id)
{
    uint64_t hash = hash_of_id(s, id);
    const struct mt_kept_head *head;
    size_t at = 0;

    while (id.n && (head = mt_index_next(&s->seen, hash, &at))) {
        if (mt_slice_eq(head->id, id)) {
            return true;
        }
    }
    return false;
}

bool mt_stories_add(struct mt_stories *s, const struct mt_event *event)
{
    size_t size = mt_kept_event_size(event);
    bool added;

    if (is_repeat(s, mt_get(&event->f, MT_F_ID))) {
        return true;
    }
    added = s->memory.used + size <= s->max_memory;

    if (added && event->kind == MT_EVENT_DELIVERY) {
        added = add_delivery(s, event, size);
    } else if (added && event->kind == MT_EVENT_MESSAGE) {
        added = add_entry(s, event, size);
    } else if (added) {
        added = add_remark(s, event, size);
    }
    s->left_out += !added;
    return added;
}

uint64_t mt_stories_left_out(const struct mt_stories *s)
{
    return s->left_out;
}

/* ---- looking ---- */

uint32_t mt_stories_entries(const struct mt_stories *s)
{
    return s->nentries;
}

const struct mt_entry *mt_stories_entry(const struct mt_stories *s, uint32_t entry)
{
    return &s->entries[entry];
}

const struct mt_delivery *mt_stories_delivery(const struct mt_stories *s, uint32_t delivery)
{
    return &s->deliveries[delivery];
}

const struct mt_remark *mt_stories_remark(const struct mt_stories *s, uint32_t remark)
{
    return &s->remarks[remark];
}

/* ---- walking ---- */

struct numbers {
    uint32_t *v, n;
};

/* From an entry on, those that came out of it and are not told yet. Each is told from then on, so that there is room. */
static void collect(struct mt_stories *s, uint32_t origin, struct numbers *found)
{
    found->n = 0;
    s->entries[origin].told = true;
    found->v[found->n++] = origin;
    for (uint32_t i = 0; i < found->n; i++) {
        uint32_t child = s->entries[found->v[i]].child;
        for (; child != MT_NONE; child = s->entries[child].sibling) {
            if (!s->entries[child].told) {
                s->entries[child].told = true;
                found->v[found->n++] = child;
            }
        }
    }
}

/* The story of a notification begins with it: its cause is another mail. */
static uint32_t origin_of(const struct mt_stories *s, uint32_t entry)
{
    while (s->entries[entry].parent != MT_NONE && s->entries[entry].link != MT_LINK_BOUNCE) {
        entry = s->entries[entry].parent;
    }
    return entry;
}

struct arrival {
    int64_t first;
    uint32_t entry;
};

static int by_first(const void *a, const void *b)
{
    const struct arrival *x = a, *y = b;

    if (x->first != y->first) {
        return x->first < y->first ? -1 : 1;
    }
    return x->entry < y->entry ? -1 : x->entry > y->entry;
}

static void sort_arrivals(const struct mt_stories *s, struct arrival *arrivals)
{
    for (uint32_t i = 0; i < s->nentries; i++) {
        arrivals[i] = (struct arrival){s->entries[i].first, i};
    }
    if (s->nentries) {
        qsort(arrivals, s->nentries, sizeof *arrivals, by_first);
    }
}

static bool walk_entries(struct mt_stories *s, const struct arrival *arrivals, struct numbers *found, mt_story_fn *each,
                         void *ctx)
{
    bool more = true;

    for (uint32_t i = 0; i < s->nentries && more; i++) {
        const struct mt_entry *entry = &s->entries[arrivals[i].entry];
        if (entry->wanted && !entry->told) {
            collect(s, origin_of(s, arrivals[i].entry), found);
            more = each(ctx, &(struct mt_story){s, found->v, found->n}, NULL);
        }
    }
    return more;
}

static void walk_remarks(struct mt_stories *s, mt_story_fn *each, void *ctx)
{
    bool more = true;

    for (uint32_t i = 0; i < s->nremarks && more; i++) {
        if (s->remarks[i].wanted && s->remarks[i].entry == MT_NONE) {
            more = each(ctx, &(struct mt_story){s, NULL, 0}, &s->remarks[i]);
        }
    }
}

bool mt_stories_walk(struct mt_stories *s, mt_story_fn *each, void *ctx)
{
    size_t n = (size_t)s->nentries + 1;
    struct numbers found = {.v = mt_memory_get(&s->memory, n * sizeof *found.v)};
    struct arrival *arrivals = mt_memory_get(&s->memory, n * sizeof *arrivals);
    bool enough = found.v && arrivals;

    for (uint32_t i = 0; i < s->nentries; i++) {
        s->entries[i].told = false;
    }
    if (enough) {
        sort_arrivals(s, arrivals);
        if (walk_entries(s, arrivals, &found, each, ctx)) {
            walk_remarks(s, each, ctx);
        }
    }
    mt_memory_put(&s->memory, found.v, n * sizeof *found.v);
    mt_memory_put(&s->memory, arrivals, n * sizeof *arrivals);
    return enough;
}
