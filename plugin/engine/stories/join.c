/* Which entry goes on as which. */
#include <strings.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "internal.h"

/* How far apart the clocks of two hosts may be for one's delivery to be the other's arrival, in microseconds. */
#define CLOCKS (INT64_C(300) * 1000000)

/* Of many entries with an ID that a reply names, the nearest in time are looked at: the ID is a stranger's choice, and so is how many
 * deliveries name it.
 */
#define LOOKED_AT 64

/* A child begins after its parent; log lines of the same instant may come in any order. */
#define SAME_TIME INT64_C(1000000)

static uint64_t hash_of(const struct mt_stories *s, struct mt_slice text)
{
    return XXH3_64bits_withSeed(text.p, text.n, s->seed);
}

static bool same_field(const struct mt_kept_event *a, const struct mt_kept_event *b, enum mt_field id)
{
    return mt_slice_eq(mt_kept_event_get(a, id), mt_kept_event_get(b, id));
}

/* ---- names ---- */

static bool has_id(const struct mt_stories *s, uint32_t entry, enum mt_field field, struct mt_slice id)
{
    return mt_slice_eq(mt_kept_event_get(&s->entries[entry].event, field), id);
}

/* The other side may know it by another ID than its own queue. */
static bool is_called(const struct mt_stories *s, uint32_t entry, struct mt_slice id)
{
    return has_id(s, entry, MT_F_QUEUE_ID, id) || has_id(s, entry, MT_F_EXTERNAL_ID, id);
}

static bool add_name(struct mt_stories *s, uint32_t entry, enum mt_field field)
{
    struct mt_slice id = mt_kept_event_get(&s->entries[entry].event, field);
    struct mt_name name = {.hash = hash_of(s, id), .first = s->entries[entry].first, .entry = entry};

    return !id.n || mt_names_add(&s->memory, &s->ids, &name);
}

/* The host of an event, and a queue ID on it. */
static uint64_t hash_of_queued(const struct mt_stories *s, const struct mt_kept_event *event, struct mt_slice id)
{
    struct mt_slice host = mt_kept_event_get(event, MT_F_HOST);

    return XXH3_64bits_withSeed(host.p, host.n, hash_of(s, id));
}

static bool add_queued(struct mt_stories *s, uint32_t entry)
{
    const struct mt_entry *e = &s->entries[entry];
    uint64_t hash = hash_of_queued(s, &e->event, mt_kept_event_get(&e->event, MT_F_QUEUE_ID));
    struct mt_name name = {.hash = hash, .first = e->first, .entry = entry};

    return mt_names_add(&s->memory, &s->queued, &name);
}

static bool make_names(struct mt_stories *s)
{
    bool good = true;

    s->ids.n = s->queued.n = 0;
    for (uint32_t i = 0; i < s->nentries && good; i++) {
        good = add_name(s, i, MT_F_QUEUE_ID) && add_name(s, i, MT_F_EXTERNAL_ID) && add_queued(s, i);
    }
    mt_names_sort(&s->ids);
    mt_names_sort(&s->queued);
    return good;
}

uint32_t mt_stories_find(const struct mt_stories *s, struct mt_slice id, size_t *at)
{
    uint64_t hash = hash_of(s, id);
    size_t i = *at ? *at : mt_names_from(&s->ids, hash, INT64_MIN);

    while (i < s->ids.n && s->ids.v[i].hash == hash) {
        uint32_t entry = s->ids.v[i++].entry;
        if (is_called(s, entry, id)) {
            *at = i;
            return entry;
        }
    }
    *at = s->ids.n;
    return MT_NONE;
}

/* ---- which entry a delivery belongs to ---- */

static bool same_queue(const struct mt_kept_event *a, const struct mt_kept_event *b)
{
    return same_field(a, b, MT_F_QUEUE_ID) && same_field(a, b, MT_F_HOST) && same_field(a, b, MT_F_INSTANCE);
}

/* Of two entries with the ID that the delivery has: is b the better one? A queue ID may be used again, even within the second
 * of a timestamp. Then the Message-ID tells, or the order of adding: a delivery comes before its message.
 */
static bool is_better(const struct mt_stories *s, const struct mt_delivery *d, uint32_t a, uint32_t b)
{
    bool same_a = same_field(&s->entries[a].event, &d->event, MT_F_MESSAGE_ID);
    bool same_b = same_field(&s->entries[b].event, &d->event, MT_F_MESSAGE_ID);

    if (same_a != same_b) {
        return same_b;
    }
    if ((a >= d->before) != (b >= d->before)) {
        return b >= d->before;
    }
    return b >= d->before ? b < a : b > a;
}

/* The entry that arrived when the delivery says that its message did; or else the one before, or after, it. */
static uint32_t find_owner(const struct mt_stories *s, const struct mt_delivery *d)
{
    int64_t time = mt_kept_event_time(&d->event, MT_F_TIME, 0);
    int64_t arrived = mt_kept_event_time(&d->event, MT_F_ARRIVED, time);
    uint32_t found = MT_NONE;
    struct mt_nearest near;
    const struct mt_name *name;

    mt_nearest_start(&near, &s->queued, hash_of_queued(s, &d->event, mt_kept_event_get(&d->event, MT_F_QUEUE_ID)),
                     arrived);
    while ((name = mt_nearest_next(&near)) && (found == MT_NONE || name->first == arrived)) {
        if (same_queue(&d->event, &s->entries[name->entry].event) &&
            (found == MT_NONE || (s->entries[found].first == arrived && is_better(s, d, found, name->entry)))) {
            found = name->entry;
        }
    }
    return found;
}

static int by_entry(const void *a, const void *b)
{
    const struct mt_delivery *x = a, *y = b;
    int64_t first = mt_kept_event_time(&x->event, MT_F_TIME, 0), second = mt_kept_event_time(&y->event, MT_F_TIME, 0);

    if (x->entry != y->entry) {
        return x->entry < y->entry ? -1 : 1;
    }
    if (first != second) {
        return first < second ? -1 : 1;
    }
    return x->order < y->order ? -1 : x->order > y->order;
}

static void order_deliveries(struct mt_stories *s)
{
    for (uint32_t i = 0; i < s->ndeliveries; i++) {
        s->deliveries[i].entry = find_owner(s, &s->deliveries[i]);
        s->deliveries[i].next = MT_NONE;
    }
    if (s->ndeliveries) {
        qsort(s->deliveries, s->ndeliveries, sizeof *s->deliveries, by_entry);
    }
    for (uint32_t i = 0; i < s->ndeliveries && s->deliveries[i].entry != MT_NONE; i++) {
        struct mt_entry *entry = &s->entries[s->deliveries[i].entry];
        entry->deliveries = entry->ndeliveries++ ? entry->deliveries : i;
    }
}

/* ---- trees ---- */

/* The first entry of the tree that an entry stands in; roots[] are short ways to it, made shorter. */
static uint32_t root_of(uint32_t *roots, uint32_t entry)
{
    while (roots[entry] != entry) {
        roots[entry] = roots[roots[entry]];
        entry = roots[entry];
    }
    return entry;
}

/* False: the entry has a parent, or is above its parent to be. */
static bool set_parent(struct mt_stories *s, uint32_t *roots, uint32_t entry, uint32_t parent, enum mt_link link)
{
    struct mt_entry *e = &s->entries[entry];

    if (e->parent != MT_NONE || root_of(roots, parent) == entry) {
        return false;
    }
    e->parent = parent;
    e->link = link;
    roots[entry] = parent;
    return true;
}

/* parent_queue_id is of the same host: the entry that was there last. */
static void join_parent(struct mt_stories *s, uint32_t *roots, uint32_t i)
{
    const struct mt_entry *e = &s->entries[i];
    struct mt_slice id = mt_kept_event_get(&e->event, MT_F_PARENT_QUEUE_ID);
    bool bounce = mt_slice_eq(mt_kept_event_get(&e->event, MT_F_ORIGIN), MT_LIT("bounce"));
    uint64_t hash = hash_of_queued(s, &e->event, id);
    size_t at = id.n ? mt_names_from(&s->queued, hash, e->first + SAME_TIME + 1) : 0;

    for (bool found = false; at-- > 0 && s->queued.v[at].hash == hash && !found;) {
        uint32_t parent = s->queued.v[at].entry;
        found = parent != i && has_id(s, parent, MT_F_QUEUE_ID, id) &&
                same_field(&s->entries[parent].event, &e->event, MT_F_HOST) &&
                set_parent(s, roots, i, parent, bounce ? MT_LINK_BOUNCE : MT_LINK_MADE);
    }
}

/* ---- hand-overs ---- */

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
static bool is_handover(const struct mt_kept_event *delivery, const struct mt_kept_event *next)
{
    struct mt_slice from = mt_kept_event_get(delivery, MT_F_HOST), to = mt_kept_event_get(next, MT_F_HOST);

    if (!mt_kept_event_value(delivery, MT_F_FROM) || !mt_kept_event_value(next, MT_F_FROM) ||
        !same_field(delivery, next, MT_F_FROM)) {
        return false;
    }
    return same_label(mt_kept_event_get(next, MT_F_CLIENT_NAME), from) ||
           same_label(mt_kept_event_get(next, MT_F_CLIENT_HELO), from) ||
           same_label(mt_kept_event_get(delivery, MT_F_RELAY_NAME), to);
}

/* A queue ID in a reply is a stranger's word: that it means this entry the Message-ID has to say, too. */
static bool may_be_same(const struct mt_kept_event *delivery, const struct mt_kept_event *next)
{
    struct mt_slice x = mt_kept_event_get(delivery, MT_F_MESSAGE_ID), y = mt_kept_event_get(next, MT_F_MESSAGE_ID);

    return !x.n || !y.n || mt_same_message_id(x.n > y.n ? x : y, x.n > y.n ? y : x) || is_handover(delivery, next);
}

/* A delivery that says to have gone on as an entry. */
struct claim {
    int64_t apart; /* usec between the delivery and the entry's arrival */
    uint32_t delivery, next;
};

/* The entry with that queue ID that arrived when the delivery was made. */
static bool find_next(const struct mt_stories *s, uint32_t delivery, struct claim *claim)
{
    const struct mt_delivery *d = &s->deliveries[delivery];
    struct mt_slice id = mt_kept_event_get(&d->event, MT_F_NEXT_QUEUE_ID);
    int64_t time = mt_kept_event_time(&d->event, MT_F_TIME, 0);
    struct mt_nearest near;
    const struct mt_name *name;

    if (!id.n || d->entry == MT_NONE) {
        return false;
    }
    mt_nearest_start(&near, &s->ids, hash_of(s, id), time);
    for (unsigned i = 0; i < LOOKED_AT && (name = mt_nearest_next(&near)); i++) {
        const struct mt_entry *e = &s->entries[name->entry];
        if (name->entry != d->entry && e->first <= time + CLOCKS && e->last >= time - CLOCKS &&
            is_called(s, name->entry, id) && may_be_same(&d->event, &e->event)) {
            *claim = (struct claim){e->first > time ? e->first - time : time - e->first, delivery, name->entry};
            return true;
        }
    }
    return false;
}

static int by_nearness(const void *a, const void *b)
{
    const struct claim *x = a, *y = b;

    if (x->apart != y->apart) {
        return x->apart < y->apart ? -1 : 1;
    }
    return x->delivery < y->delivery ? -1 : x->delivery > y->delivery;
}

/* Of several deliveries that claim the same entry it is the nearest one's, and those of the same message. */
static void grant(struct mt_stories *s, uint32_t *roots, const struct claim *claim)
{
    struct mt_delivery *d = &s->deliveries[claim->delivery];
    struct mt_entry *next = &s->entries[claim->next];

    if (next->parent == d->entry && next->link == MT_LINK_MADE) {
        next->link = MT_LINK_HOP;
    }
    if (next->parent == d->entry || set_parent(s, roots, claim->next, d->entry, MT_LINK_HOP)) {
        d->next = claim->next;
    }
}

static bool join_hops(struct mt_stories *s, uint32_t *roots)
{
    size_t size = ((size_t)s->ndeliveries + 1) * sizeof(struct claim), n = 0;
    struct claim *claims = mt_memory_get(&s->memory, size);

    if (!claims) {
        return false;
    }
    for (uint32_t i = 0; i < s->ndeliveries; i++) {
        n += find_next(s, i, &claims[n]);
    }
    if (n) {
        qsort(claims, n, sizeof *claims, by_nearness);
    }
    for (size_t i = 0; i < n; i++) {
        grant(s, roots, &claims[i]);
    }
    mt_memory_put(&s->memory, claims, size);
    return true;
}

/* The first delivery of the entry that was made at that time or later; s->ndeliveries: none. */
static uint32_t first_delivery_from(const struct mt_stories *s, const struct mt_entry *entry, int64_t time)
{
    uint32_t from = 0, to = entry->ndeliveries;

    while (from < to) {
        uint32_t middle = from + (to - from) / 2;
        if (mt_kept_event_time(&s->deliveries[entry->deliveries + middle].event, MT_F_TIME, 0) < time) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return from < entry->ndeliveries ? entry->deliveries + from : s->ndeliveries;
}

/* A filter that says no queue ID hands a message back while the delivery to it runs: that one goes on as the entry, and so do
 * those that ended with it.
 */
static void follow_filter(struct mt_stories *s, uint32_t child)
{
    struct mt_entry *e = &s->entries[child];
    uint32_t parent = e->parent, i = first_delivery_from(s, &s->entries[parent], e->first);
    int64_t time = i < s->ndeliveries ? mt_kept_event_time(&s->deliveries[i].event, MT_F_TIME, 0) : 0;

    for (; i < s->ndeliveries; i++) {
        struct mt_delivery *d = &s->deliveries[i];
        if (d->entry != parent || d->next != MT_NONE || mt_kept_event_time(&d->event, MT_F_TIME, 0) != time) {
            return;
        }
        if (mt_slice_eq(mt_kept_event_get(&d->event, MT_F_STATUS), MT_LIT("sent")) &&
            !mt_kept_event_get(&d->event, MT_F_NEXT_QUEUE_ID).n) {
            d->next = child;
            e->link = MT_LINK_HOP;
        }
    }
}

static void follow_filters(struct mt_stories *s)
{
    for (uint32_t i = 0; i < s->nentries; i++) {
        const struct mt_entry *e = &s->entries[i];
        if (e->parent != MT_NONE && e->link == MT_LINK_MADE &&
            mt_slice_eq(mt_kept_event_get(&e->event, MT_F_ORIGIN), MT_LIT("filter"))) {
            follow_filter(s, i);
        }
    }
}

/* In the order in which they were added. */
static void list_children(struct mt_stories *s)
{
    for (uint32_t i = s->nentries; i-- > 0;) {
        struct mt_entry *e = &s->entries[i];
        if (e->parent != MT_NONE) {
            e->sibling = s->entries[e->parent].child;
            s->entries[e->parent].child = i;
        }
    }
}

/* What the host itself says comes first, then what strangers say. */
static bool join_entries(struct mt_stories *s)
{
    size_t size = ((size_t)s->nentries + 1) * sizeof(uint32_t);
    uint32_t *roots = mt_memory_get(&s->memory, size);
    bool good = roots;

    for (uint32_t i = 0; i < s->nentries && good; i++) {
        roots[i] = i;
    }
    for (uint32_t i = 0; i < s->nentries && good; i++) {
        join_parent(s, roots, i);
    }
    good = good && join_hops(s, roots);
    if (good) {
        follow_filters(s);
    }
    mt_memory_put(&s->memory, roots, size);
    list_children(s);
    return good;
}

bool mt_stories_join(struct mt_stories *s)
{
    for (uint32_t i = 0; i < s->nentries; i++) {
        struct mt_entry *e = &s->entries[i];
        e->deliveries = e->remarks = e->parent = e->child = e->sibling = MT_NONE;
        e->ndeliveries = 0;
        e->link = MT_LINK_NONE;
    }
    if (!make_names(s)) {
        return false;
    }
    order_deliveries(s);
    return mt_stories_index_attempts(s) && mt_stories_join_remarks(s) && join_entries(s);
}
