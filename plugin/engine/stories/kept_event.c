#include "kept_event.h"

/* Takes the first field out of a set, which must not be empty. */
static inline unsigned take_first(uint64_t left[2])
{
    unsigned word = left[0] ? 0 : 1, bit = (unsigned)__builtin_ctzll(left[word]);

    left[word] &= left[word] - 1;
    return 64 * word + bit;
}

static bool has_text(unsigned id)
{
    return mt_field_info[id].type == MT_TYPE_STRING || mt_field_info[id].type == MT_TYPE_TREE;
}

/* RECIPIENTS has no text of its own: its bit is what counts. */
static size_t text_bytes(const struct mt_event *event)
{
    uint64_t left[2] = {event->f.have[0], event->f.have[1]};
    size_t n = 0;

    while (left[0] | left[1]) {
        unsigned id = take_first(left);
        n += has_text(id) && id != MT_F_RECIPIENTS ? event->f.v[id].s.n : 0;
    }
    for (size_t i = 0; i < event->nrecipients; i++) {
        const struct mt_recipient *r = &event->recipients[i];
        n += r->to.n + r->orig_to.n + r->dsn.n + r->next_queue_id.n + r->relay_name.n + r->relay_ip.n + r->relay_path.n;
    }
    return n;
}

static size_t count_fields(const struct mt_fields *f)
{
    return (size_t)__builtin_popcountll(f->have[0]) + (size_t)__builtin_popcountll(f->have[1]);
}

static size_t value_bytes(const struct mt_event *event)
{
    return count_fields(&event->f) * sizeof(union mt_value) + event->nrecipients * sizeof(struct mt_recipient);
}

size_t mt_kept_event_size(const struct mt_event *event)
{
    return sizeof(struct mt_kept_head) + value_bytes(event) + text_bytes(event);
}

/* Copies a text to *at, and moves that on. */
static void put(struct mt_slice *s, char **at)
{
    if (s->n) {
        memcpy(*at, s->p, s->n);
    }
    s->p = *at;
    *at += s->n;
}

static void put_fields(struct mt_kept_event *kept, const struct mt_fields *f, char **at)
{
    union mt_value *v = kept->v;
    uint64_t left[2] = {f->have[0], f->have[1]};

    while (left[0] | left[1]) {
        unsigned id = take_first(left);
        *v = f->v[id];
        if (id == MT_F_RECIPIENTS) {
            v->s = mt_slice(NULL, 0);
        } else if (has_text(id)) {
            put(&v->s, at);
        }
        v++;
    }
}

static void put_recipients(struct mt_kept_event *kept, char **at)
{
    for (size_t i = 0; i < kept->nrecipients; i++) {
        struct mt_recipient *r = &kept->recipients[i];
        put(&r->to, at);
        put(&r->orig_to, at);
        put(&r->dsn, at);
        put(&r->next_queue_id, at);
        put(&r->relay_name, at);
        put(&r->relay_ip, at);
        put(&r->relay_path, at);
    }
}

bool mt_kept_event_make(struct mt_memory *memory, struct mt_kept_event *kept, const struct mt_event *event,
                        uint64_t hash, size_t size)
{
    struct mt_kept_head *head = mt_memory_get(memory, size);
    char *at;

    if (!head) {
        return false;
    }
    *kept = (struct mt_kept_event){.kind = event->kind,
                                   .have = {event->f.have[0], event->f.have[1]},
                                   .v = (union mt_value *)(void *)(head + 1),
                                   .nrecipients = event->nrecipients,
                                   .head = head};
    kept->recipients = (struct mt_recipient *)(void *)(kept->v + count_fields(&event->f));
    if (kept->nrecipients) {
        memcpy(kept->recipients, event->recipients, kept->nrecipients * sizeof *kept->recipients);
    }
    at = (char *)kept->v + value_bytes(event);
    put_fields(kept, &event->f, &at);
    put_recipients(kept, &at);
    *head = (struct mt_kept_head){.hash = hash, .id = mt_kept_event_get(kept, MT_F_ID), .size = size};
    return true;
}

void mt_kept_event_free(struct mt_memory *memory, struct mt_kept_event *kept)
{
    mt_memory_put(memory, kept->head, kept->head->size);
}

const union mt_value *mt_kept_event_value(const struct mt_kept_event *event, enum mt_field id)
{
    unsigned word = (unsigned)id >> 6, bit = (unsigned)id & 63;
    unsigned before = (unsigned)__builtin_popcountll(event->have[word] & ((UINT64_C(1) << bit) - 1));

    if (!(event->have[word] >> bit & 1)) {
        return NULL;
    }
    return event->v + before + (word ? (unsigned)__builtin_popcountll(event->have[0]) : 0);
}

struct mt_slice mt_kept_event_get(const struct mt_kept_event *event, enum mt_field id)
{
    const union mt_value *v = mt_kept_event_value(event, id);

    return v ? v->s : mt_slice(NULL, 0);
}

void mt_kept_event_open(const struct mt_kept_event *event, struct mt_event *out)
{
    const union mt_value *v = event->v;
    uint64_t left[2] = {event->have[0], event->have[1]};

    out->kind = event->kind;
    out->f.have[0] = event->have[0];
    out->f.have[1] = event->have[1];
    while (left[0] | left[1]) {
        out->f.v[take_first(left)] = *v++;
    }
    out->recipients = event->recipients;
    out->nrecipients = event->nrecipients;
}
