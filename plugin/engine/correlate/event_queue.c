#include "event_queue.h"

#include <stddef.h>

#define LEAST 16 /* events that there is room for at first */

/* One that is due before others that were added earlier. */
struct late_event {
    struct mt_heap_node node;
    struct mt_queued_event event;
};

static struct late_event *late_of(struct mt_heap_node *node)
{
    return (struct late_event *)(void *)((char *)node - offsetof(struct late_event, node));
}

static bool add_late(struct mt_memory *memory, struct mt_event_queue *queue, const struct mt_queued_event *event)
{
    struct late_event *late = mt_memory_get(memory, sizeof *late);

    if (!late) {
        return false;
    }
    late->event = *event;
    late->node.key = event->due;
    if (!mt_heap_add(memory, &queue->late, &late->node)) {
        mt_memory_put(memory, late, sizeof *late);
        return false;
    }
    queue->memory = memory;
    queue->n++;
    return true;
}

bool mt_event_queue_add(struct mt_memory *memory, struct mt_event_queue *queue, const struct mt_queued_event *event)
{
    size_t n = queue->n - queue->late.n;
    struct mt_queued_event *v;

    if (n && queue->v[queue->first + n - 1].due > event->due) {
        return add_late(memory, queue, event);
    }
    v = mt_memory_make_room(memory, queue->v, sizeof *v, &queue->first, n, &queue->size, LEAST);
    if (!v) {
        return false;
    }
    queue->v = v;
    v[queue->first + n] = *event;
    queue->n++;
    return true;
}

/* Of equal ones, what stands in line was there before: a late one has found a last one in line that is due after it, and
 * so is all that came since.
 */
static bool late_is_first(const struct mt_event_queue *queue)
{
    return queue->late.n == queue->n || mt_heap_first(&queue->late)->key < queue->v[queue->first].due;
}

struct mt_queued_event *mt_event_queue_first_of_both(struct mt_event_queue *queue)
{
    return late_is_first(queue) ? &late_of(mt_heap_first(&queue->late))->event : &queue->v[queue->first];
}

void mt_event_queue_drop_of_both(struct mt_event_queue *queue)
{
    bool in_line = !late_is_first(queue);
    struct late_event *late;

    queue->n--;
    if (in_line) {
        queue->first++;
        return;
    }
    late = late_of(mt_heap_first(&queue->late));
    mt_heap_remove(&queue->late, &late->node);
    mt_memory_put(queue->memory, late, sizeof *late);
}

bool mt_event_queue_shrink(struct mt_memory *memory, struct mt_event_queue *queue, size_t n)
{
    size_t in_line = queue->n - queue->late.n, size = queue->size / 2;
    struct mt_queued_event *v;

    if (size < n || in_line > size / 2) {
        return false;
    }
    memmove(queue->v, queue->v + queue->first, in_line * sizeof *v);
    queue->first = 0;
    v = mt_memory_resize(memory, queue->v, queue->size * sizeof *v, size * sizeof *v);
    queue->v = v ? v : queue->v;
    queue->size = v ? size : queue->size;
    return v;
}

void mt_event_queue_sort(struct mt_event_queue *queue)
{
    mt_heap_sort(&queue->late);
}

struct mt_queued_event *mt_event_queue_at(struct mt_event_queue *queue, size_t i)
{
    size_t n = queue->n - queue->late.n;

    return i < n ? &queue->v[queue->first + i] : &late_of(queue->late.v[i - n])->event;
}

void mt_event_queue_free(struct mt_memory *memory, struct mt_event_queue *queue)
{
    mt_memory_put(memory, queue->v, queue->size * sizeof *queue->v);
    mt_heap_free(memory, &queue->late);
    *queue = (struct mt_event_queue){0};
}
