/* Events that wait for their time, in the order in which they are due. */
#ifndef MT_CORRELATE_EVENT_QUEUE_H
#define MT_CORRELATE_EVENT_QUEUE_H

#include "base/heap.h"
#include "mailtrace/event.h"

struct mt_line_copy;
struct mt_message;
struct mt_session;

struct mt_queued_event {
    int64_t due;                /* usec */
    struct mt_line_copy *line;  /* that caused it; NULL for a message given up */
    struct mt_message *message; /* NULL where there is none */
    struct mt_session *session; /* of a session event */
    struct mt_slice to;         /* the recipient of a delivery: into the line */
    uint32_t attempt;
    int32_t recipient; /* its place in the message, or -1 */
    uint32_t ordinal;  /* of the recipient in its line */
    uint16_t version;  /* of the message's end */
    uint8_t kind;      /* enum mt_event_kind */
};

/* Nearly all are added in their order: these stand in line, from v[first] on. The others are late. Each event holds its
 * references.
 */
struct mt_event_queue {
    struct mt_queued_event *v;
    size_t first, size;
    size_t n; /* of all */
    struct mt_heap late;
    struct mt_memory *memory; /* of the late ones */
};

/* Adds one behind all that are not due later. False when memory is short. */
bool mt_event_queue_add(struct mt_memory *memory, struct mt_event_queue *queue, const struct mt_queued_event *event);

/* The same as the next two, where some are late. */
struct mt_queued_event *mt_event_queue_first_of_both(struct mt_event_queue *queue);
void mt_event_queue_drop_of_both(struct mt_event_queue *queue);

/* NULL: it is empty. What it points to is gone with the next call that adds or drops. */
static inline struct mt_queued_event *mt_event_queue_first(struct mt_event_queue *queue)
{
    if (queue->late.n) {
        return mt_event_queue_first_of_both(queue);
    }
    return queue->n ? &queue->v[queue->first] : NULL;
}

static inline void mt_event_queue_drop(struct mt_event_queue *queue)
{
    if (queue->late.n) {
        mt_event_queue_drop_of_both(queue);
        return;
    }
    queue->first++;
    queue->n--;
}

/* Gives room back that is not needed, beyond that for n events. False: nothing has changed. */
bool mt_event_queue_shrink(struct mt_memory *memory, struct mt_event_queue *queue, size_t n);

/* For who walks all, from 0 to n - 1: after a sort, in an order in which they can be added again to be what they are. */
void mt_event_queue_sort(struct mt_event_queue *queue);
struct mt_queued_event *mt_event_queue_at(struct mt_event_queue *queue, size_t i);

/* It is empty. */
void mt_event_queue_free(struct mt_memory *memory, struct mt_event_queue *queue);

#endif
