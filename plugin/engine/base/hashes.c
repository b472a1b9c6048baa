#include "hashes.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

/* Where a hash belongs in a long set. */
static uint32_t home(uint32_t size, uint64_t hash, uint64_t key)
{
    return (uint32_t)XXH3_64bits_withSeed(&hash, sizeof hash, key) & (size - 1);
}

bool mt_hashes_has(const struct mt_hashes *set, uint64_t hash, uint64_t key)
{
    uint32_t i;

    hash = mt_hashes_kept(hash);
    if (set->size <= MT_HASHES_SHORT) {
        for (i = 0; i < set->n; i++) {
            if (set->v[i] == hash) {
                return true;
            }
        }
        return false;
    }
    for (i = home(set->size, hash, key); set->v[i]; i = (i + 1) & (set->size - 1)) {
        if (set->v[i] == hash) {
            return true;
        }
    }
    return false;
}

static void place(uint64_t *v, uint32_t size, uint64_t hash, uint64_t key)
{
    uint32_t i = home(size, hash, key);

    while (v[i]) {
        i = (i + 1) & (size - 1);
    }
    v[i] = hash;
}

static bool grow_short(struct mt_memory *m, struct mt_hashes *set)
{
    uint32_t size = set->size + 8;
    void *p = mt_memory_resize(m, set->v, set->size * sizeof *set->v, size * sizeof *set->v);

    if (!p) {
        return false;
    }
    set->v = p;
    set->size = size;
    return true;
}

static bool grow_long(struct mt_memory *m, struct mt_hashes *set, uint64_t key)
{
    uint32_t size = set->size <= MT_HASHES_SHORT ? MT_HASHES_SHORT * 4 : set->size * 2;
    uint64_t *v = mt_memory_zeroed(m, size * sizeof *v);

    if (!v) {
        return false;
    }
    for (uint32_t i = 0; i < set->size; i++) {
        if (set->v[i]) {
            place(v, size, set->v[i], key);
        }
    }
    mt_memory_put(m, set->v, set->size * sizeof *set->v);
    set->v = v;
    set->size = size;
    return true;
}

bool mt_hashes_add_any(struct mt_memory *m, struct mt_hashes *set, uint64_t hash, uint64_t key)
{
    hash = mt_hashes_kept(hash);
    if (set->size < MT_HASHES_SHORT || (set->size == MT_HASHES_SHORT && set->n < MT_HASHES_SHORT)) {
        if (set->n == set->size && !grow_short(m, set)) {
            return false;
        }
        set->v[set->n++] = hash;
        return true;
    }
    if ((set->size == MT_HASHES_SHORT || set->n >= set->size / 4 * 3) && !grow_long(m, set, key)) {
        return false;
    }
    place(set->v, set->size, hash, key);
    set->n++;
    return true;
}

void mt_hashes_free(struct mt_memory *m, struct mt_hashes *set)
{
    mt_memory_put(m, set->v, set->size * sizeof *set->v);
    *set = (struct mt_hashes){0};
}
