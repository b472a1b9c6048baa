/* What entries are known by, each name with a time, so that the nearest of a name is found.
 *
 * Names stand as hashes with a random seed; who asks compares the texts.
 */
#ifndef MT_STORIES_NAMES_H
#define MT_STORIES_NAMES_H

#include "base/memory.h"
#include "mailtrace/slice.h"

struct mt_name {
    uint64_t hash;
    int64_t first; /* usec: arrival of the entry */
    uint32_t entry;
};

/* Start with all zero. */
struct mt_names {
    struct mt_name *v; /* by hash, first, entry: once sorted */
    size_t n, room;
};

/* False: memory is short. */
bool mt_names_add(struct mt_memory *memory, struct mt_names *names, const struct mt_name *name);
void mt_names_sort(struct mt_names *names);
void mt_names_free(struct mt_memory *memory, struct mt_names *names);

/* The first name with this hash that is not before a time; names->n where there is none. */
size_t mt_names_from(const struct mt_names *names, uint64_t hash, int64_t first);

/* A walk from a time on, outward: the nearest first. */
struct mt_nearest {
    const struct mt_names *names;
    uint64_t hash;
    int64_t time;
    size_t below, above; /* names[below - 1] and names[above] are next */
};

void mt_nearest_start(struct mt_nearest *near, const struct mt_names *names, uint64_t hash, int64_t time);

/* NULL: no more. */
const struct mt_name *mt_nearest_next(struct mt_nearest *near);

#endif
