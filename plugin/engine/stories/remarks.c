/* Rejects that refused nothing: which entry they are remarks about. */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "internal.h"

/* The client goes on with the same mail within this time, in microseconds. */
#define GOES_ON (INT64_C(60) * 1000000)

/* Timestamps may be of whole seconds, and lines of one second come in any order. */
#define SAME_TIME INT64_C(1000000)

static bool same_field(const struct mt_kept_event *a, const struct mt_kept_event *b, enum mt_field id)
{
    return mt_slice_eq(mt_kept_event_get(a, id), mt_kept_event_get(b, id));
}

/* Who is refused is mostly given a reply code, or at least an enhanced status code. */
static bool may_refuse_nothing(const struct mt_remark *r)
{
    return r->event.kind == MT_EVENT_REJECT && !mt_kept_event_value(&r->event, MT_F_REPLY_CODE) &&
           !mt_kept_event_value(&r->event, MT_F_DSN);
}

/* The mail of a recipient that was tried was not refused. */
static bool is_about(const struct mt_stories *s, uint32_t entry, const struct mt_kept_event *remark)
{
    return same_field(&s->entries[entry].event, remark, MT_F_HOST) &&
           mt_stories_was_tried(s, entry, mt_kept_event_get(remark, MT_F_TO));
}

/* Who hands over a mail to an address: the host, its client, the address. */
static uint64_t hash_of(const struct mt_stories *s, const struct mt_kept_event *event, enum mt_field address)
{
    static const enum mt_field ids[] = {MT_F_HOST, MT_F_CLIENT_IP};
    struct mt_slice to = mt_kept_event_get(event, address);
    uint64_t hash = XXH3_64bits_withSeed(to.p, to.n, s->seed);

    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        struct mt_slice part = mt_kept_event_get(event, ids[i]);
        hash = XXH3_64bits_withSeed(part.p, part.n, hash);
    }
    return hash;
}

static bool add_client(struct mt_stories *s, const struct mt_delivery *d, enum mt_field address)
{
    struct mt_name name = {
        .hash = hash_of(s, &d->event, address), .first = s->entries[d->entry].first, .entry = d->entry};

    return !mt_kept_event_value(&d->event, address) || mt_names_add(&s->memory, &s->clients, &name);
}

static bool make_clients(struct mt_stories *s)
{
    bool good = true;

    s->clients.n = 0;
    for (uint32_t i = 0; i < s->ndeliveries && good && s->deliveries[i].entry != MT_NONE; i++) {
        good = add_client(s, &s->deliveries[i], MT_F_TO) && add_client(s, &s->deliveries[i], MT_F_ORIG_TO);
    }
    mt_names_sort(&s->clients);
    return good;
}

/* The sender of both is the same, as far as both are known. */
static bool same_sender(const struct mt_kept_event *a, const struct mt_kept_event *b)
{
    return !mt_kept_event_value(a, MT_F_FROM) || !mt_kept_event_value(b, MT_F_FROM) || same_field(a, b, MT_F_FROM);
}

/* The entry in which the client handed over the mail. */
static uint32_t entry_after(const struct mt_stories *s, const struct mt_kept_event *remark)
{
    int64_t time = mt_kept_event_time(remark, MT_F_TIME, 0);
    uint64_t hash = hash_of(s, remark, MT_F_TO);
    size_t at = mt_names_from(&s->clients, hash, time - SAME_TIME);

    for (; at < s->clients.n && s->clients.v[at].hash == hash && s->clients.v[at].first <= time + GOES_ON; at++) {
        uint32_t entry = s->clients.v[at].entry;
        const struct mt_kept_event *event = &s->entries[entry].event;
        if (same_field(event, remark, MT_F_CLIENT_IP) && same_sender(event, remark) && is_about(s, entry, remark)) {
            return entry;
        }
    }
    return MT_NONE;
}

/* The entry that it names, on the same host and at that time. */
static uint32_t entry_named(const struct mt_stories *s, const struct mt_kept_event *remark)
{
    int64_t time = mt_kept_event_time(remark, MT_F_TIME, 0);
    uint32_t entry;
    size_t at = 0;

    while ((entry = mt_stories_find(s, mt_kept_event_get(remark, MT_F_QUEUE_ID), &at)) != MT_NONE) {
        const struct mt_entry *e = &s->entries[entry];
        if (is_about(s, entry, remark) && e->first <= time + SAME_TIME && e->last >= time - SAME_TIME) {
            return entry;
        }
    }
    return MT_NONE;
}

/* Who asks for mail that was refused does not ask for the mail that a remark is about. */
static void attach(struct mt_stories *s, uint32_t remark)
{
    struct mt_remark *r = &s->remarks[remark];
    struct mt_entry *e = &s->entries[r->entry];

    r->next = e->remarks;
    e->remarks = remark;
    e->wanted |= r->wanted && !(s->wanted && s->wanted->status);
}

bool mt_stories_join_remarks(struct mt_stories *s)
{
    if (!s->nremarks) {
        return true;
    }
    if (!make_clients(s)) {
        return false;
    }
    for (uint32_t i = s->nremarks; i-- > 0;) {
        struct mt_remark *r = &s->remarks[i];
        bool named = mt_kept_event_get(&r->event, MT_F_QUEUE_ID).n;
        r->entry = r->next = MT_NONE;
        if (may_refuse_nothing(r)) {
            r->entry = named ? entry_named(s, &r->event) : entry_after(s, &r->event);
        }
        if (r->entry != MT_NONE) {
            attach(s, i);
        }
    }
    return true;
}
