/* A set of 64-bit hashes: which lines of a message have been seen. A plain array
 * while it is short, open addressing from then on.
 */
#ifndef MT_CORRELATE_HASHES_H
#define MT_CORRELATE_HASHES_H

#include <stdbool.h>

#include "memory.h"

/* Up to this size the entries stand in order of arrival; 0 marks a free place beyond. */
#define MT_HASHES_SHORT 32

struct mt_hashes {
    uint64_t *v;
    uint32_t n, size;
};

bool mt_hashes_has(const struct mt_hashes *set, uint64_t hash);
/* False when memory is short: the hash is then not remembered. */
bool mt_hashes_add(struct mt_memory *m, struct mt_hashes *set, uint64_t hash);
void mt_hashes_free(struct mt_memory *m, struct mt_hashes *set);

#endif
