/* The queue in which lines wait to be put in order. Nearly all come in order, so that
 * adding is at the end; one that does not finds its place by bisection.
 */
#include "internal.h"

static bool before(const struct mt_line_copy *a, const struct mt_line_copy *b)
{
    return a->usec != b->usec ? a->usec < b->usec : a->order < b->order;
}

static bool make_room(struct mt_memory *memory, struct mt_line_queue *queue)
{
    size_t size = queue->size ? queue->size * 2 : 64;
    void *v;

    if (queue->first + queue->n < queue->size) {
        return true;
    }
    if (queue->first > queue->size / 2) {
        memmove(queue->v, queue->v + queue->first, queue->n * sizeof *queue->v);
        queue->first = 0;
        return true;
    }
    v = mt_memory_resize(memory, queue->v, queue->size * sizeof *queue->v, size * sizeof *queue->v);
    if (!v) {
        return false;
    }
    queue->v = v;
    queue->size = size;
    return true;
}

bool mt_line_queue_add(struct mt_memory *memory, struct mt_line_queue *queue, struct mt_line_copy *line)
{
    struct mt_line_copy **v;
    size_t low, high;

    if (!make_room(memory, queue)) {
        return false;
    }
    v = queue->v + queue->first;
    low = queue->n;
    if (low && before(line, v[low - 1])) {
        for (low = 0, high = queue->n - 1; low < high;) {
            size_t middle = low + (high - low) / 2;
            if (before(line, v[middle])) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        memmove(v + low + 1, v + low, (queue->n - low) * sizeof *v);
    }
    v[low] = line;
    queue->n++;
    return true;
}
