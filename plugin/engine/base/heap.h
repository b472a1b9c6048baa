/* A heap: of things with a number each, the one with the least, whatever order they came in. Of equal numbers it is the
 * one that came first. Adding, changing and removing take a number of steps that is the logarithm of how many there are.
 *
 * A thing has a struct mt_heap_node, which is in one heap at most. The heap owns neither.
 */
#ifndef MT_BASE_HEAP_H
#define MT_BASE_HEAP_H

#include "memory.h"

struct mt_heap_node {
    int64_t key;
    uint64_t order; /* set by mt_heap_add(): counts the nodes that were added */
    size_t place;   /* in the heap */
};

struct mt_heap {
    struct mt_heap_node **v;
    size_t n, size;
    uint64_t added;
};

/* node->key is set. False when memory is short. */
bool mt_heap_add(struct mt_memory *m, struct mt_heap *heap, struct mt_heap_node *node);

/* A node of the heap has another key from now on. */
void mt_heap_change(struct mt_heap *heap, struct mt_heap_node *node, int64_t key);

void mt_heap_remove(struct mt_heap *heap, struct mt_heap_node *node);

/* Puts v into the order in which its nodes would leave: a heap is any order of that kind. */
void mt_heap_sort(struct mt_heap *heap);

/* The array alone. */
void mt_heap_free(struct mt_memory *m, struct mt_heap *heap);

/* The least; NULL: it is empty. */
static inline struct mt_heap_node *mt_heap_first(const struct mt_heap *heap)
{
    return heap->n ? heap->v[0] : NULL;
}

#endif
