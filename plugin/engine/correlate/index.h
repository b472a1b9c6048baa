/* An index of things by a 64-bit hash: open addressing, linear probing, deletion by
 * moving back. A thing's first member is its hash (uint64_t); hashes are made with a
 * random seed, so that nobody outside can choose them.
 */
#ifndef MT_CORRELATE_INDEX_H
#define MT_CORRELATE_INDEX_H

#include <stdbool.h>

#include "memory.h"

struct mt_slot {
    uint64_t hash; /* beside the thing: those of other hashes need not be touched */
    void *thing;   /* NULL: free */
};

struct mt_index {
    struct mt_slot *v;
    size_t n, size; /* size is 0 or a power of two */
};

/* The things with this hash, one at a time: *at starts as 0. NULL: no more. The caller compares keys. */
static inline void *mt_index_next(const struct mt_index *index, uint64_t hash, size_t *at)
{
    const struct mt_slot *slot;

    if (!index->size) {
        return NULL;
    }
    do {
        slot = &index->v[(hash + (*at)++) & (index->size - 1)];
    } while (slot->thing && slot->hash != hash);
    return slot->thing;
}

/* False when memory is short. */
bool mt_index_add(struct mt_memory *m, struct mt_index *index, void *thing);
void mt_index_remove(struct mt_index *index, const void *thing);
/* Puts another thing with the same hash in the place of one. */
void mt_index_replace(struct mt_index *index, const void *thing, void *other);
void mt_index_free(struct mt_memory *m, struct mt_index *index);

#endif
