#include "event_queue.h"

#define LEAST 16 /* events that there is room for at first */

bool mt_event_queue_add(struct mt_memory *memory, struct mt_event_queue *queue, const struct mt_queued_event *event)
{
    struct mt_queued_event *v =
        mt_memory_make_room(memory, queue->v, sizeof *v, &queue->first, queue->n, &queue->size, LEAST);
    struct mt_queued_event *place;

    if (!v) {
        return false;
    }
    queue->v = v;
    place = &v[queue->first + queue->n];
    while (place > &v[queue->first] && place[-1].due > event->due) {
        *place = place[-1];
        place--;
    }
    *place = *event;
    queue->n++;
    return true;
}

void mt_event_queue_free(struct mt_memory *memory, struct mt_event_queue *queue)
{
    mt_memory_put(memory, queue->v, queue->size * sizeof *queue->v);
    *queue = (struct mt_event_queue){0};
}
