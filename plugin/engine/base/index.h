/* An index of things by a 64-bit hash: open addressing, linear probing, deletion by
 * moving back. A thing's first member is its hash (uint64_t); hashes are made with a
 * random seed, so that nobody outside can choose them.
 *
 * The upper half of the hash stands beside the thing: those of other hashes need not be touched. Home of a
 * hash is the place in the table that is as far along as the hash is among all: any size will do.
 */
#ifndef MT_BASE_INDEX_H
#define MT_BASE_INDEX_H

#include <stdbool.h>

#include "memory.h"

struct mt_slot {
    uint32_t hash;                       /* 0: free */
    unsigned char thing[sizeof(void *)]; /* a pointer, wherever it falls */
};

struct mt_index {
    struct mt_slot *v;
    size_t n, size;
};

static inline void *mt_slot_thing(const struct mt_slot *slot)
{
    void *thing;

    memcpy(&thing, slot->thing, sizeof thing);
    return thing;
}

static inline bool mt_index_is(const void *thing, uint64_t hash)
{
    uint64_t own;

    memcpy(&own, thing, sizeof own);
    return own == hash;
}

/* Of a hash, what stands in a slot: never 0. */
static inline uint32_t mt_slot_hash(uint64_t hash)
{
    return (uint32_t)(hash >> 32) | 1;
}

static inline size_t mt_index_home(const struct mt_index *index, uint32_t hash)
{
    return (size_t)((uint64_t)hash * index->size >> 32);
}

/* The things with this hash, one at a time: *at starts as 0. NULL: no more. The caller compares keys. */
static inline void *mt_index_next(const struct mt_index *index, uint64_t hash, size_t *at)
{
    const struct mt_slot *slot, *end;
    uint32_t upper = mt_slot_hash(hash);

    if (!index->size) {
        return NULL;
    }
    end = index->v + index->size;
    for (slot = index->v + (*at ? *at : mt_index_home(index, upper));; slot++) {
        slot = slot == end ? index->v : slot;
        if (!slot->hash) {
            return NULL;
        }
        if (slot->hash == upper && mt_index_is(mt_slot_thing(slot), hash)) {
            *at = (size_t)(slot + 1 - index->v);
            return mt_slot_thing(slot);
        }
    }
}

/* The place of a hash will be looked at soon. */
static inline void mt_index_prefetch(const struct mt_index *index, uint64_t hash)
{
    if (index->size) {
        __builtin_prefetch(index->v + mt_index_home(index, mt_slot_hash(hash)));
    }
}

/* False when memory is short. */
bool mt_index_add(struct mt_memory *m, struct mt_index *index, void *thing);
void mt_index_remove(struct mt_index *index, const void *thing);
/* Puts another thing with the same hash in the place of one. */
void mt_index_replace(struct mt_index *index, const void *thing, void *other);
void mt_index_free(struct mt_memory *m, struct mt_index *index);

#endif
