/* Deliveries by recipient: so that those of one of thousands are found at once. */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "internal.h"

uint64_t mt_attempt_hash(const struct mt_stories *s, uint32_t entry, struct mt_slice to, struct mt_slice orig_to)
{
    uint64_t hash = XXH3_64bits_withSeed(to.p, to.n, s->seed + entry);

    return orig_to.n ? XXH3_64bits_withSeed(orig_to.p, orig_to.n, hash) : hash;
}

static int by_hash(const void *a, const void *b)
{
    const struct mt_attempt *x = a, *y = b;

    if (x->hash != y->hash) {
        return x->hash < y->hash ? -1 : 1;
    }
    return x->delivery < y->delivery ? -1 : x->delivery > y->delivery;
}

static bool make_room(struct mt_stories *s)
{
    size_t room = 3 * ((size_t)s->ndeliveries + 1);

    mt_memory_put(&s->memory, s->attempts, s->attempts_room * sizeof *s->attempts);
    s->attempts = mt_memory_get(&s->memory, room * sizeof *s->attempts);
    s->attempts_room = s->attempts ? room : 0;
    s->nattempts = 0;
    return s->attempts;
}

bool mt_stories_index_attempts(struct mt_stories *s)
{
    size_t n = 0;

    if (!make_room(s)) {
        return false;
    }
    for (uint32_t i = 0; i < s->ndeliveries; i++) {
        const struct mt_delivery *d = &s->deliveries[i];
        struct mt_slice to = mt_kept_event_get(&d->event, MT_F_TO),
                        orig_to = mt_kept_event_get(&d->event, MT_F_ORIG_TO);
        const struct mt_slice none = {NULL, 0};
        s->attempts[n++] = (struct mt_attempt){mt_attempt_hash(s, d->entry, to, none), i};
        if (orig_to.n) {
            s->attempts[n++] = (struct mt_attempt){mt_attempt_hash(s, d->entry, to, orig_to), i};
            s->attempts[n++] = (struct mt_attempt){mt_attempt_hash(s, d->entry, none, orig_to), i};
        }
    }
    if (n) {
        qsort(s->attempts, n, sizeof *s->attempts, by_hash);
    }
    s->nattempts = n;
    return true;
}

size_t mt_attempts_from(const struct mt_stories *s, uint64_t hash)
{
    size_t from = 0, to = s->nattempts;

    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (s->attempts[middle].hash < hash) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return from;
}

bool mt_stories_was_tried(const struct mt_stories *s, uint32_t entry, struct mt_slice address)
{
    uint64_t to = mt_attempt_hash(s, entry, address, mt_slice(NULL, 0));
    uint64_t orig_to = mt_attempt_hash(s, entry, mt_slice(NULL, 0), address);
    size_t a = mt_attempts_from(s, to), b = mt_attempts_from(s, orig_to);

    return (a < s->nattempts && s->attempts[a].hash == to) || (b < s->nattempts && s->attempts[b].hash == orig_to);
}
