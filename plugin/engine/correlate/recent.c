#include "recent.h"

#define LEAST 16 /* places */

static void forget_until(struct mt_recent *recent, int64_t usec)
{
    recent->forgotten = usec > recent->forgotten ? usec : recent->forgotten;
}

/* The newer half becomes the older one. */
static void turn_over(struct mt_memory *memory, struct mt_recent *recent)
{
    forget_until(recent, recent->newest[1]);
    mt_hashes_free(memory, &recent->lines[1]);
    recent->lines[1] = recent->lines[0];
    recent->newest[1] = recent->newest[0];
    recent->lines[0] = (struct mt_hashes){0};
    recent->newest[0] = 0;
}

/* Moves a half to `size` places: a power of two, more than twice as many as are in use. */
static bool move(struct mt_memory *memory, struct mt_hashes *set, uint32_t size, uint64_t key)
{
    struct mt_hashes moved = {.n = set->n, .size = size, .v = mt_memory_zeroed(memory, size * sizeof *moved.v)};
    uint32_t at = 0;

    if (!moved.v) {
        return false;
    }
    for (uint32_t i = 0; i < set->n; i++) {
        uint64_t hash = mt_hashes_next(set, &at);
        *mt_recent_place(&moved, hash, key) = hash;
    }
    mt_hashes_free(memory, set);
    *set = moved;
    return true;
}

bool mt_recent_add_slowly(struct mt_memory *memory, struct mt_recent *recent, uint64_t hash, uint64_t key, int64_t usec,
                          size_t half)
{
    struct mt_hashes *set = &recent->lines[0];

    if (mt_recent_in(set, hash, key)) {
        return false;
    }
    if (set->n >= half) {
        turn_over(memory, recent);
    }
    if (!move(memory, set, set->size ? set->size * 4 : LEAST, key)) { /* it does not become known */
        forget_until(recent, usec);
        return true;
    }
    return mt_recent_add(recent, hash, key, usec);
}

bool mt_recent_place_all(struct mt_memory *memory, struct mt_recent *recent, uint64_t key)
{
    for (int i = 0; i < 2; i++) {
        uint32_t size = LEAST;
        while (size / 2 < recent->lines[i].n) {
            size *= 2;
        }
        if (recent->lines[i].n && !move(memory, &recent->lines[i], size, key)) {
            return false;
        }
    }
    return true;
}

void mt_recent_free(struct mt_memory *memory, struct mt_recent *recent)
{
    mt_hashes_free(memory, &recent->lines[0]);
    mt_hashes_free(memory, &recent->lines[1]);
}
