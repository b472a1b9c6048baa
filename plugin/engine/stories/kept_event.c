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

static size_t text_bytes(const struct mt_fields *f)
{
    uint64_t left[2] = {f->have[0], f->have[1]};
    size_t n = 0;

    while (left[0] | left[1]) {
        unsigned id = take_first(left);
        n += has_text(id) ? f->v[id].s.n : 0;
    }
    return n;
}

static size_t count_fields(const struct mt_fields *f)
{
    return (size_t)__builtin_popcountll(f->have[0]) + (size_t)__builtin_popcountll(f->have[1]);
}

static size_t value_bytes(const struct mt_fields *f)
{
    return count_fields(f) * sizeof(union mt_value);
}

size_t mt_kept_event_size(const struct mt_event *event)
{
    return sizeof(struct mt_kept_head) + value_bytes(&event->f) + mt_lists_size(event) + text_bytes(&event->f);
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
        if (has_text(id)) {
            put(&v->s, at);
        }
        v++;
    }
}

bool mt_kept_event_make(struct mt_memory *memory, struct mt_kept_event *kept, const struct mt_event *event,
                        uint64_t hash, size_t size)
{
    struct mt_kept_head *head = mt_memory_get(memory, size);
    char *lists, *at;

    if (!head) {
        return false;
    }
    lists = (char *)(head + 1) + value_bytes(&event->f);
    *kept = (struct mt_kept_event){.kind = event->kind,
                                   .have = {event->f.have[0], event->f.have[1]},
                                   .v = (union mt_value *)(void *)(head + 1),
                                   .lists = lists,
                                   .head = head};
    mt_lists_copy(event, lists);
    at = lists + mt_lists_size(event);
    put_fields(kept, &event->f, &at);
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
    mt_lists_open(event->lists, out);
}
