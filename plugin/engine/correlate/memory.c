#include "memory.h"

/* Slabs lie one behind the other when the allocator's own header fits in between. */
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

static void push(struct mt_slab **list, struct mt_slab *slab)
{
    slab->prev = NULL;
    slab->next = *list;
    if (slab->next) {
        slab->next->prev = slab;
    }
    *list = slab;
}

static void unlink_slab(struct mt_slab **list, struct mt_slab *slab)
{
    *(slab->prev ? &slab->prev->next : list) = slab->next;
    if (slab->next) {
        slab->next->prev = slab->prev;
    }
}

/* Cuts it into blocks, which are given out in order of address. */
static void cut(struct mt_slab *slab, size_t steps)
{
    size_t size = steps * MT_MEMORY_STEP;
    char *p = (char *)slab + FIRST, *end = (char *)slab + SLAB_BYTES;

    slab->free = p;
    slab->used = 0;
    slab->steps = (uint32_t)steps;
    for (; p + 2 * size <= end; p += size) {
        *(void **)(void *)p = p + size;
    }
    *(void **)(void *)p = NULL;
}

static struct mt_slab *slab_new(struct mt_memory *m, size_t steps)
{
    struct mt_slab *slab = m->empty;

    if (slab) {
        unlink_slab(&m->empty, slab);
    } else {
        void *p;
        if (posix_memalign(&p, MT_SLAB, SLAB_BYTES) != 0) {
            return NULL;
        }
        slab = p;
        slab->other = m->slabs;
        m->slabs = slab;
    }
    cut(slab, steps);
    push(&m->open[steps], slab);
    return slab;
}

static void *get_large(struct mt_memory *m, size_t n)
{
    void *p = malloc(n);

    if (p) {
        m->used += n + MT_BLOCK_OVERHEAD;
    } else {
        m->failures++;
    }
    return p;
}

void *mt_memory_get_slow(struct mt_memory *m, size_t n)
{
    size_t steps = n ? mt_memory_steps(n) : 1;
    struct mt_slab *slab;
    void *block;

    if (NO_SLABS || n > MT_MEMORY_SMALL) {
        return get_large(m, n);
    }
    slab = m->open[steps] ? m->open[steps] : slab_new(m, steps);
    if (!slab) {
        m->failures++;
        return NULL;
    }
    block = slab->free;
    slab->free = *(void **)block;
    slab->used++;
    if (!slab->free) {
        unlink_slab(&m->open[steps], slab);
    }
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
    if (!slab->free) {
        push(&m->open[slab->steps], slab);
    }
    *(void **)p = slab->free;
    slab->free = p;
    if (--slab->used == 0 && (slab->next || slab->prev)) { /* the last one of its size stays */
        unlink_slab(&m->open[slab->steps], slab);
        push(&m->empty, slab);
    }
}

void *mt_memory_resize(struct mt_memory *m, void *p, size_t old, size_t n)
{
    void *q;

    if (p && old > MT_MEMORY_SMALL && n > MT_MEMORY_SMALL) {
        q = realloc(p, n);
        m->failures += !q;
        m->used += q ? n - old : 0;
        return q;
    }
    if (p && !NO_SLABS && old && mt_memory_steps(old) == mt_memory_steps(n)) {
        return p;
    }
    q = mt_memory_get(m, n);
    if (q && p) {
        memcpy(q, p, old < n ? old : n);
        mt_memory_put(m, p, old);
    }
    return q;
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
