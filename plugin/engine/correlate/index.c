#include "index.h"

static uint64_t hash_of(const void *thing)
{
    uint64_t hash;

    memcpy(&hash, thing, sizeof hash);
    return hash;
}

static void place(struct mt_index *index, struct mt_slot slot)
{
    size_t i = slot.hash & (index->size - 1);

    while (index->v[i].thing) {
        i = (i + 1) & (index->size - 1);
    }
    index->v[i] = slot;
}

static bool grow(struct mt_memory *m, struct mt_index *index)
{
    struct mt_index bigger = {.n = index->n, .size = index->size ? index->size * 2 : 64};

    bigger.v = mt_memory_zeroed(m, bigger.size * sizeof *bigger.v);
    if (!bigger.v) {
        return false;
    }
    for (size_t i = 0; i < index->size; i++) {
        if (index->v[i].thing) {
            place(&bigger, index->v[i]);
        }
    }
    mt_memory_put(m, index->v, index->size * sizeof *index->v);
    *index = bigger;
    return true;
}

bool mt_index_add(struct mt_memory *m, struct mt_index *index, void *thing)
{
    /* A quarter stays free; when memory is short, a tenth will do. */
    if (index->n >= index->size / 4 * 3 && !grow(m, index) && index->n >= index->size / 10 * 9) {
        return false;
    }
    place(index, (struct mt_slot){hash_of(thing), thing});
    index->n++;
    return true;
}

/* The place of a thing; size where it is not there. */
static size_t place_of(const struct mt_index *index, const void *thing)
{
    size_t mask = index->size - 1, i;

    if (!index->size) {
        return 0;
    }
    for (i = hash_of(thing) & mask; index->v[i].thing != thing; i = (i + 1) & mask) {
        if (!index->v[i].thing) {
            return index->size;
        }
    }
    return i;
}

void mt_index_replace(struct mt_index *index, const void *thing, void *other)
{
    size_t i = place_of(index, thing);

    if (i < index->size) {
        index->v[i].thing = other;
    }
}

void mt_index_remove(struct mt_index *index, const void *thing)
{
    size_t mask = index->size - 1, hole = place_of(index, thing), i;

    if (hole == index->size) {
        return;
    }
    index->n--;
    /* Move back what was pushed past the hole (Knuth, vol. 3, 6.4, algorithm R). */
    for (i = (hole + 1) & mask; index->v[i].thing; i = (i + 1) & mask) {
        size_t home = index->v[i].hash & mask;
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            index->v[hole] = index->v[i];
            hole = i;
        }
    }
    index->v[hole].thing = NULL;
}

void mt_index_free(struct mt_memory *m, struct mt_index *index)
{
    mt_memory_put(m, index->v, index->size * sizeof *index->v);
    *index = (struct mt_index){0};
}
