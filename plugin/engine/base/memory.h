/* Memory that is counted, and made for many small blocks that come and go.
 *
 * Blocks of up to MT_MEMORY_SMALL bytes lie in slabs, each for one size (a multiple of
 * MT_MEMORY_STEP): taking and giving back are a few instructions, and a block has no
 * header. An empty slab serves any size. Slabs are cut from larger pieces, the larger the more
 * there are, and go back with mt_memory_free().
 * Larger blocks are malloc's. Under the address sanitizer all are, so that it sees them.
 *
 * A block's size is given again when it is given back. Every call that takes memory
 * may fail; the count of failures is the caller's to report. No locks.
 */
#ifndef MT_BASE_MEMORY_H
#define MT_BASE_MEMORY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MT_MEMORY_STEP  8 /* blocks are aligned to it: numbers of 64 bits and pointers */
#define MT_MEMORY_SMALL 512
#define MT_MEMORY_SIZES (MT_MEMORY_SMALL / MT_MEMORY_STEP + 1)

/* What an allocator adds to a large block. */
#define MT_BLOCK_OVERHEAD 16

/* Aligned to MT_SLAB, so that a block's slab is found by its address. */
#define MT_SLAB ((size_t)16384)

struct mt_slab {
    void *free; /* blocks, each with a pointer to the next */
    struct mt_slab *next,
        *prev;             /* of the open ones of its size, or of the empty ones; the first one's prev: the last */
    struct mt_slab *other; /* of the first one of a piece: that of the piece before */
    uint32_t used;         /* blocks that are out */
    uint16_t steps;        /* their size in steps */
    bool open;             /* it is in the list of those of its size */
};

struct mt_memory {
    uint64_t used;   /* bytes of the blocks that are out */
    uint64_t shared; /* of these, what is held for several of those who hold memory here: set by who knows it */
    uint64_t failures;
    struct mt_slab *open[MT_MEMORY_SIZES]; /* slabs by size in steps: with a free block, or full since the last get */
    struct mt_slab *empty, *slabs;         /* slabs: the first ones of the pieces */
    char *fresh;                           /* what is not cut yet of the newest piece */
    size_t left, held;                     /* bytes of it; of all pieces */
};

/* Not zeroed. */
void *mt_memory_get_slow(struct mt_memory *m, size_t n);
void mt_memory_put_slow(struct mt_memory *m, void *p, size_t n);

static inline size_t mt_memory_steps(size_t n)
{
    return (n + MT_MEMORY_STEP - 1) / MT_MEMORY_STEP;
}

static inline void *mt_memory_get(struct mt_memory *m, size_t n)
{
    size_t steps = mt_memory_steps(n);
    struct mt_slab *slab = n <= MT_MEMORY_SMALL ? m->open[steps] : NULL;
    void *block;

    if (!slab || !slab->free) {
        return mt_memory_get_slow(m, n);
    }
    block = slab->free;
    slab->free = *(void **)block;
    slab->used++;
    m->used += steps * MT_MEMORY_STEP;
    return block;
}

void *mt_memory_zeroed_large(struct mt_memory *m, size_t n); /* of more than MT_MEMORY_SMALL bytes */

static inline void *mt_memory_zeroed(struct mt_memory *m, size_t n)
{
    void *p;

    if (n > MT_MEMORY_SMALL) {
        return mt_memory_zeroed_large(m, n);
    }
    p = mt_memory_get(m, n);
    return p ? memset(p, 0, n) : NULL;
}

static inline void mt_memory_put(struct mt_memory *m, void *p, size_t n)
{
    struct mt_slab *slab = (struct mt_slab *)((uintptr_t)p & ~(uintptr_t)(MT_SLAB - 1));

    if (n > MT_MEMORY_SMALL || !m->slabs || !p || !slab->open || slab->used == 1) {
        mt_memory_put_slow(m, p, n);
        return;
    }
    *(void **)p = slab->free;
    slab->free = p;
    slab->used--;
    m->used -= slab->steps * MT_MEMORY_STEP;
}

/* A block of malloc's that m has not counted yet becomes one of its own; of more than MT_MEMORY_SMALL bytes. */
static inline void mt_memory_adopt(struct mt_memory *m, size_t n)
{
    m->used += n + MT_BLOCK_OVERHEAD;
}

void *mt_memory_resize_block(struct mt_memory *m, void *p, size_t old, size_t n);

/* A block of n bytes with what p, a block of `old` bytes or NULL, holds. On failure NULL, and the old block is as it was. */
static inline void *mt_memory_resize(struct mt_memory *m, void *p, size_t old, size_t n)
{
    return p ? mt_memory_resize_block(m, p, old, n) : mt_memory_get(m, n);
}

void *mt_memory_make_more_room(struct mt_memory *m, void *v, size_t each, size_t *first, size_t n, size_t *size,
                               size_t least);

/* Makes room for one thing more behind v[first] to v[first + n - 1], an array for *size things of `each` bytes: moves
 * them to its front when more than half of it is free there, or makes it twice as large (`least` at first). Returns
 * the array, which may have moved; NULL when memory is short: it is as it was.
 */
static inline void *mt_memory_make_room(struct mt_memory *m, void *v, size_t each, size_t *first, size_t n,
                                        size_t *size, size_t least)
{
    return *first + n < *size ? v : mt_memory_make_more_room(m, v, each, first, n, size, least);
}

/* An array of malloc's for *size things becomes twice as large (`least` at first). NULL when memory is short: it is as it
 * was, and the caller's still.
 */
void *mt_array_grow(void *v, size_t each, size_t *size, size_t least);

/* All slabs; every block must have been given back. */
void mt_memory_free(struct mt_memory *m);

#endif
