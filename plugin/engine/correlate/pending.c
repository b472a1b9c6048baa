#include "pending.h"

static bool make_room(struct mt_memory *memory, struct mt_pendings *queue)
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

bool mt_pending_add(struct mt_memory *memory, struct mt_pendings *queue, const struct mt_pending *pending)
{
    struct mt_pending *place;

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

void mt_pending_free(struct mt_memory *memory, struct mt_pendings *queue)
{
    mt_memory_put(memory, queue->v, queue->size * sizeof *queue->v);
    *queue = (struct mt_pendings){0};
}
