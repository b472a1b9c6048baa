#include "heap.h"

#define LEAST 16 /* nodes that there is room for at first */

static bool is_before(const struct mt_heap_node *a, const struct mt_heap_node *b)
{
    return a->key != b->key ? a->key < b->key : a->order < b->order;
}

static void put(struct mt_heap *heap, size_t place, struct mt_heap_node *node)
{
    heap->v[place] = node;
    node->place = place;
}

/* A node finds its place on the way from this one to the top, or down from it. */
static void settle(struct mt_heap *heap, size_t place, struct mt_heap_node *node)
{
    size_t child;

    while (place && is_before(node, heap->v[(place - 1) / 2])) {
        put(heap, place, heap->v[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    while ((child = 2 * place + 1) < heap->n) {
        child += child + 1 < heap->n && is_before(heap->v[child + 1], heap->v[child]);
        if (!is_before(heap->v[child], node)) {
            break;
        }
        put(heap, place, heap->v[child]);
        place = child;
    }
    put(heap, place, node);
}

bool mt_heap_add(struct mt_memory *m, struct mt_heap *heap, struct mt_heap_node *node)
{
    if (heap->n == heap->size) {
        size_t size = heap->size ? 2 * heap->size : LEAST;
        void *v = mt_memory_resize(m, heap->v, heap->size * sizeof *heap->v, size * sizeof *heap->v);
        if (!v) {
            return false;
        }
        heap->v = v;
        heap->size = size;
    }
    node->order = heap->added++;
    settle(heap, heap->n++, node);
    return true;
}

void mt_heap_change(struct mt_heap *heap, struct mt_heap_node *node, int64_t key)
{
    node->key = key;
    settle(heap, node->place, node);
}

void mt_heap_remove(struct mt_heap *heap, struct mt_heap_node *node)
{
    struct mt_heap_node *last = heap->v[--heap->n];

    if (last != node) {
        settle(heap, node->place, last);
    }
}

static int by_turn(const void *a, const void *b)
{
    return is_before(*(struct mt_heap_node *const *)a, *(struct mt_heap_node *const *)b) ? -1 : 1;
}

void mt_heap_sort(struct mt_heap *heap)
{
    if (heap->n) {
        qsort(heap->v, heap->n, sizeof(struct mt_heap_node *), by_turn);
    }
    for (size_t i = 0; i < heap->n; i++) {
        heap->v[i]->place = i;
    }
}

void mt_heap_free(struct mt_memory *m, struct mt_heap *heap)
{
    mt_memory_put(m, heap->v, heap->size * sizeof *heap->v);
    *heap = (struct mt_heap){0};
}
