#include "memory.h"

#include <sys/mman.h>

/* Pieces lie one behind the other when the allocator's own header fits in between. */
#define SLAB_BYTES (MT_SLAB - MT_BLOCK_OVERHEAD)
#define FIRST      (mt_memory_steps(sizeof(struct mt_slab)) * MT_MEMORY_STEP)

#if defined(__SANITIZE_ADDRESS__)
#define NO_SLABS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define NO_SLABS 1
#endif
#endif
#ifndef NO_SLABS
#define NO_SLABS 0
#endif

/* A piece is a quarter of what is held: where little is needed, little is taken. Large ones are made of pages of the
 * larger kind that processors have, with which memory far apart is reached faster. At MOST malloc asks the system for
 * each (it does at 32 MiB, whatever was freed before), so that nothing of it is in use when such pages are asked for.
 */
#define LEAST (4 * MT_SLAB)
#define HUGE  ((size_t)2 << 20)
#define MOST  (16 * HUGE)

/* At the end: one that was full until now has few free blocks, and may get more until it is the first. */
static void append(struct mt_slab **list, struct mt_slab *slab)
{
    struct mt_slab *first = *list;

    slab->next = NULL;
    slab->prev = first ? first->prev : slab;
    *(first ? &first->prev->next : list) = slab;
    (*list)->prev = slab;
}

static void unlink_slab(struct mt_slab **list, struct mt_slab *slab)
{
    struct mt_slab *first = *list, *next = slab->next;

    if (slab == first) {
        *list = next;
    } else {
        slab->prev->next = next;
    }
    if (next) {
        next->prev = slab->prev;
    } else if (slab != first) {
        first->prev = slab->prev;
    }
}

/* Cuts it into blocks, which are given out in order of address. */
static void cut(struct mt_slab *slab, size_t steps)
{
    size_t size = steps * MT_MEMORY_STEP;
    char *p = (char *)slab + FIRST, *end = (char *)slab + SLAB_BYTES;

    slab->free = p;
    slab->used = 0;
    slab->steps = (uint16_t)steps;
    for (; p + 2 * size <= end; p += size) {
        *(void **)(void *)p = p + size;
    }
    *(void **)(void *)p = NULL;
}

/* Asks for large pages for what is as large. It is only advice. */
static void advise_huge(void *p, size_t n)
{
    uintptr_t first = ((uintptr_t)p + HUGE - 1) & ~(uintptr_t)(HUGE - 1), end = (uintptr_t)p + n + MT_BLOCK_OVERHEAD;

    if (n >= HUGE - MT_BLOCK_OVERHEAD && end > first && end - first >= HUGE) {
        madvise((char *)p + (first - (uintptr_t)p), (end - first) & ~(HUGE - 1), MADV_HUGEPAGE);
    }
}

static size_t piece_size(const struct mt_memory *m)
{
    size_t n = m->held / 4;

    n &= ~((n < HUGE ? MT_SLAB : HUGE) - 1);
    return n < LEAST ? LEAST : n > MOST ? MOST : n;
}

/* A piece of n bytes; the allocator's header is in the last of them. */
static bool piece_new(struct mt_memory *m, size_t n)
{
    struct mt_slab *first;
    void *p;

    if (posix_memalign(&p, n < HUGE ? MT_SLAB : HUGE, n - MT_BLOCK_OVERHEAD) != 0) {
        return false;
    }
    advise_huge(p, n - MT_BLOCK_OVERHEAD);
    first = p;
    first->other = m->slabs;
    m->slabs = first;
    m->fresh = p;
    m->left = n;
    m->held += n;
    return true;
}

static struct mt_slab *slab_new(struct mt_memory *m, size_t steps)
{
    struct mt_slab *slab = m->empty;

    if (slab) {
        unlink_slab(&m->empty, slab);
    } else {
        if (!m->left && !piece_new(m, piece_size(m)) && !piece_new(m, MT_SLAB)) {
            return NULL;
        }
        slab = (struct mt_slab *)(void *)m->fresh;
        m->fresh += MT_SLAB;
        m->left -= MT_SLAB;
    }
    cut(slab, steps);
    append(&m->open[steps], slab);
    slab->open = true;
    return slab;
}

static void *count_large(struct mt_memory *m, void *p, size_t n)
{
    if (p) {
        advise_huge(p, n);
        m->used += n + MT_BLOCK_OVERHEAD;
    } else {
        m->failures++;
    }
    return p;
}

static void *get_large(struct mt_memory *m, size_t n)
{
    return count_large(m, malloc(n), n);
}

void *mt_memory_zeroed_large(struct mt_memory *m, size_t n)
{
    return count_large(m, calloc(1, n), n); /* what is fresh from the system is zero already */
}

void *mt_memory_get_slow(struct mt_memory *m, size_t n)
{
    size_t steps = n ? mt_memory_steps(n) : 1;
    struct mt_slab *slab;
    void *block;

    if (NO_SLABS || n > MT_MEMORY_SMALL) {
        return get_large(m, n);
    }
    while ((slab = m->open[steps]) && !slab->free) {
        unlink_slab(&m->open[steps], slab);
        slab->open = false;
    }
    slab = slab ? slab : slab_new(m, steps);
    if (!slab) {
        m->failures++;
        return NULL;
    }
    block = slab->free;
    slab->free = *(void **)block;
    slab->used++;
    m->used += steps * MT_MEMORY_STEP;
    return block;
}

void mt_memory_put_slow(struct mt_memory *m, void *p, size_t n)
{
    struct mt_slab *slab = (struct mt_slab *)((uintptr_t)p & ~(uintptr_t)(MT_SLAB - 1));

    if (!p) {
        return;
    }
    if (NO_SLABS || n > MT_MEMORY_SMALL) {
        m->used -= n + MT_BLOCK_OVERHEAD;
        free(p);
        return;
    }
    m->used -= slab->steps * MT_MEMORY_STEP;
    if (!slab->open) {
        append(&m->open[slab->steps], slab);
        slab->open = true;
    }
    *(void **)p = slab->free;
    slab->free = p;
    if (--slab->used == 0 && (slab->next || m->open[slab->steps] != slab)) { /* the last one of its size stays */
        unlink_slab(&m->open[slab->steps], slab);
        slab->open = false;
        append(&m->empty, slab);
    }
}

void *mt_memory_resize_block(struct mt_memory *m, void *p, size_t old, size_t n)
{
    void *q;

    if (old > MT_MEMORY_SMALL && n > MT_MEMORY_SMALL) {
        q = realloc(p, n);
        m->failures += !q;
        m->used += q ? n - old : 0;
        return q;
    }
    if (!NO_SLABS && old && mt_memory_steps(old) == mt_memory_steps(n)) {
        return p;
    }
    q = mt_memory_get(m, n);
    if (q) {
        memcpy(q, p, old < n ? old : n);
        mt_memory_put(m, p, old);
    }
    return q;
}

/* There is none. */
void *mt_memory_make_more_room(struct mt_memory *m, void *v, size_t each, size_t *first, size_t n, size_t *size,
                               size_t least)
{
    size_t larger = *size ? *size * 2 : least;

    if (*first > *size / 2) {
        memmove(v, (char *)v + *first * each, n * each);
        *first = 0;
        return v;
    }
    v = mt_memory_resize(m, v, *size * each, larger * each);
    if (v) {
        *size = larger;
    }
    return v;
}

void *mt_array_grow(void *v, size_t each, size_t *size, size_t least)
{
    size_t larger = *size ? *size * 2 : least;

    v = larger <= SIZE_MAX / each ? realloc(v, larger * each) : NULL;
    if (v) {
        *size = larger;
    }
    return v;
}

void mt_memory_free(struct mt_memory *m)
{
    struct mt_slab *slab, *other;

    for (slab = m->slabs; slab; slab = other) {
        other = slab->other;
        free(slab);
    }
    *m = (struct mt_memory){0};
}
