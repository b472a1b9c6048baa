#include "index.h"

#define LEAST 64
#define LARGE 65536 /* slots: from here on it grows by a half only, for there size counts more than a few probes */

static uint32_t hash_of(const void *thing)
{
    uint64_t hash;

    memcpy(&hash, thing, sizeof hash);
    return mt_slot_hash(hash);
}

static size_t next(const struct mt_index *index, size_t i)
{
    return i + 1 == index->size ? 0 : i + 1;
}

/* How far behind `from` the place i is, counted on from the end to the beginning. */
static size_t behind(const struct mt_index *index, size_t i, size_t from)
{
    return i >= from ? i - from : i + index->size - from;
}

static void place(struct mt_index *index, const struct mt_slot *slot)
{
    size_t i = mt_index_home(index, slot->hash);

    while (index->v[i].hash) {
        i = next(index, i);
    }
    index->v[i] = *slot;
}

static bool grow(struct mt_memory *m, struct mt_index *index)
{
    uint64_t before = m->used;
    struct mt_index bigger = {.n = index->n,
                              .size = index->size ? index->size + index->size / (index->size < LARGE ? 1 : 2) : LEAST};

    bigger.v = bigger.size < UINT32_MAX ? mt_memory_zeroed(m, bigger.size * sizeof *bigger.v) : NULL;
    if (!bigger.v) {
        return false;
    }
    for (size_t i = 0; i < index->size; i++) {
        if (index->v[i].hash) {
            place(&bigger, &index->v[i]);
        }
    }
    mt_memory_put(m, index->v, index->size * sizeof *index->v);
    m->shared += m->used - before;
    *index = bigger;
    return true;
}

bool mt_index_add(struct mt_memory *m, struct mt_index *index, void *thing)
{
    struct mt_slot slot = {.hash = hash_of(thing)};

    /* A quarter stays free; when memory is short, a tenth will do. */
    if (index->n >= index->size / 4 * 3 && !grow(m, index) && index->n >= index->size / 10 * 9) {
        return false;
    }
    memcpy(slot.thing, &thing, sizeof thing);
    place(index, &slot);
    index->n++;
    return true;
}

/* The place of a thing; size where it is not there. */
static size_t place_of(const struct mt_index *index, const void *thing)
{
    size_t i;

    if (!index->size) {
        return 0;
    }
    for (i = mt_index_home(index, hash_of(thing)); mt_slot_thing(&index->v[i]) != thing; i = next(index, i)) {
        if (!index->v[i].hash) {
            return index->size;
        }
    }
    return i;
}

void mt_index_replace(struct mt_index *index, const void *thing, void *other)
{
    size_t i = place_of(index, thing);

    if (i < index->size) {
        memcpy(index->v[i].thing, &other, sizeof other);
    }
}

void mt_index_remove(struct mt_index *index, const void *thing)
{
    size_t hole = place_of(index, thing), i;

    if (hole == index->size) {
        return;
    }
    index->n--;
    /* Move back what was pushed past the hole (Knuth, vol. 3, 6.4, algorithm R). */
    for (i = next(index, hole); index->v[i].hash; i = next(index, i)) {
        size_t home = mt_index_home(index, index->v[i].hash);
        if (behind(index, i, home) >= behind(index, i, hole)) {
            index->v[hole] = index->v[i];
            hole = i;
        }
    }
    index->v[hole] = (struct mt_slot){0};
}

void mt_index_free(struct mt_memory *m, struct mt_index *index)
{
    uint64_t before = m->used;

    mt_memory_put(m, index->v, index->size * sizeof *index->v);
    m->shared += m->used - before;
    *index = (struct mt_index){0};
}
