/* The queue in which lines wait to be put in order. Nearly all come in order, so that
 * adding is at the end; one that does not finds its place by bisection.
 */
#include "internal.h"

#define LEAST 64 /* lines that there is room for at first */

bool mt_line_queue_insert(struct mt_memory *memory, struct mt_line_queue *queue, struct mt_line_copy *line)
{
    struct mt_line_copy **v =
        mt_memory_make_room(memory, queue->v, sizeof *v, &queue->first, queue->n, &queue->size, LEAST);
    size_t low, high;

    if (!v) {
        return false;
    }
    queue->v = v;
    v += queue->first;
    low = queue->n;
    if (low && mt_line_before(line, v[low - 1])) {
        for (low = 0, high = queue->n - 1; low < high;) {
            size_t middle = low + (high - low) / 2;
            if (mt_line_before(line, v[middle])) {
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
