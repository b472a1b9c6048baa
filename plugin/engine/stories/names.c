#include "names.h"

bool mt_names_add(struct mt_memory *memory, struct mt_names *names, const struct mt_name *name)
{
    size_t room = names->room ? 2 * names->room : 64;
    struct mt_name *v = names->v;

    if (names->n == names->room) {
        v = mt_memory_resize(memory, v, names->room * sizeof *v, room * sizeof *v);
        if (!v) {
            return false;
        }
        names->v = v;
        names->room = room;
    }
    v[names->n++] = *name;
    return true;
}

void mt_names_free(struct mt_memory *memory, struct mt_names *names)
{
    mt_memory_put(memory, names->v, names->room * sizeof *names->v);
    *names = (struct mt_names){0};
}

static int by_hash(const void *a, const void *b)
{
    const struct mt_name *x = a, *y = b;

    if (x->hash != y->hash) {
        return x->hash < y->hash ? -1 : 1;
    }
    if (x->first != y->first) {
        return x->first < y->first ? -1 : 1;
    }
    return x->entry < y->entry ? -1 : x->entry > y->entry;
}

void mt_names_sort(struct mt_names *names)
{
    if (names->n) {
        qsort(names->v, names->n, sizeof *names->v, by_hash);
    }
}

size_t mt_names_from(const struct mt_names *names, uint64_t hash, int64_t first)
{
    const struct mt_name key = {.hash = hash, .first = first};
    size_t from = 0, to = names->n;

    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (by_hash(&names->v[middle], &key) < 0) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return from;
}

void mt_nearest_start(struct mt_nearest *near, const struct mt_names *names, uint64_t hash, int64_t time)
{
    size_t at = mt_names_from(names, hash, time);

    *near = (struct mt_nearest){.names = names, .hash = hash, .time = time, .below = at, .above = at};
}

const struct mt_name *mt_nearest_next(struct mt_nearest *near)
{
    const struct mt_names *names = near->names;
    const struct mt_name *below = near->below ? &names->v[near->below - 1] : NULL;
    const struct mt_name *above = near->above < names->n ? &names->v[near->above] : NULL;

    below = below && below->hash == near->hash ? below : NULL;
    above = above && above->hash == near->hash ? above : NULL;
    if (above && (!below || above->first - near->time <= near->time - below->first)) {
        near->above++;
        return above;
    }
    near->below -= below != NULL;
    return below;
}
