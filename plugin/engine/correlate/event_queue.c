#include "event_queue.h"

static bool make_room(struct mt_memory *memory, struct mt_event_queue *queue)
{
    size_t size = queue->size ? queue->size * 2 : 16;
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

bool mt_event_queue_add(struct mt_memory *memory, struct mt_event_queue *queue, const struct mt_queued_event *pending)
{
    struct mt_queued_event *place;

    if (!make_room(memory, queue)) {
        return false;
    }
    place = &queue->v[queue->first + queue->n];
    while (place > &queue->v[queue->first] && place[-1].due > pending->due) {
        *place = place[-1];
        place--;
    }
    *place = *pending;
    queue->n++;
    return true;
}

void mt_event_queue_free(struct mt_memory *memory, struct mt_event_queue *queue)
{
    mt_memory_put(memory, queue->v, queue->size * sizeof *queue->v);
    *queue = (struct mt_event_queue){0};
}
