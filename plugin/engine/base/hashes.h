/* A set of hashes, of which it keeps the low 48 bits: which lines of a message have been seen. A plain
 * array while it is short, open addressing from then on.
 *
 * The hashes may be a stranger's choice. So their places are told by the key, a random number that is the same in all
 * calls for a set.
 */
#ifndef MT_BASE_HASHES_H
#define MT_BASE_HASHES_H

#include <stdbool.h>

#include "memory.h"

#define MT_HASHES_BITS 48

/* Up to this size the entries stand in order of arrival; 0 marks a free place beyond. */
#define MT_HASHES_SHORT 32

struct mt_hashes {
    uint64_t *v;
    uint32_t n, size;
};

bool mt_hashes_has(const struct mt_hashes *set, uint64_t hash, uint64_t key);
bool mt_hashes_add_any(struct mt_memory *m, struct mt_hashes *set, uint64_t hash, uint64_t key);

/* What is kept of a hash: never 0. */
static inline uint64_t mt_hashes_kept(uint64_t hash)
{
    hash &= (UINT64_C(1) << MT_HASHES_BITS) - 1;
    return hash ? hash : 1;
}

/* False when memory is short: the hash is then not remembered. Most sets are short, and have room. */
static inline bool mt_hashes_add(struct mt_memory *m, struct mt_hashes *set, uint64_t hash, uint64_t key)
{
    if (set->n == set->size || set->size > MT_HASHES_SHORT) {
        return mt_hashes_add_any(m, set, hash, key);
    }
    set->v[set->n++] = mt_hashes_kept(hash);
    return true;
}

/* The entries, one at a time: *at starts as 0; to be called n times. */
static inline uint64_t mt_hashes_next(const struct mt_hashes *set, uint32_t *at)
{
    while (!set->v[*at]) {
        (*at)++;
    }
    return set->v[(*at)++];
}

void mt_hashes_free(struct mt_memory *m, struct mt_hashes *set);

#endif
