/* Memory that is counted. Sizes are given again when a block is freed, so that the
 * count is ours and not the allocator's. Every call may fail; the count of failures
 * is the caller's to report.
 */
#ifndef MT_CORRELATE_MEMORY_H
#define MT_CORRELATE_MEMORY_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct mt_memory {
    uint64_t used;
    uint64_t failures;
};

/* What an allocator adds to a block. */
#define MT_BLOCK_OVERHEAD 16

/* Not zeroed. */
static inline void *mt_memory_get(struct mt_memory *m, size_t n)
{
    void *p = malloc(n);

    if (p) {
        m->used += n + MT_BLOCK_OVERHEAD;
    } else {
        m->failures++;
    }
    return p;
}

static inline void *mt_memory_zeroed(struct mt_memory *m, size_t n)
{
    void *p = mt_memory_get(m, n);

    return p ? memset(p, 0, n) : NULL;
}

static inline void mt_memory_put(struct mt_memory *m, void *p, size_t n)
{
    if (p) {
        m->used -= n + MT_BLOCK_OVERHEAD;
        free(p);
    }
}

/* On failure NULL, and the old block is as it was. */
static inline void *mt_memory_resize(struct mt_memory *m, void *p, size_t old, size_t n)
{
    void *q = realloc(p, n);

    if (!q) {
        m->failures++;
        return NULL;
    }
    m->used += n - old + (p ? 0 : MT_BLOCK_OVERHEAD);
    return q;
}

#endif
