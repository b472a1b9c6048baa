/* Events that stay: those that the engine hands out are gone when its call returns. */
#ifndef MT_STORIES_KEPT_EVENT_H
#define MT_STORIES_KEPT_EVENT_H

#include "base/memory.h"
#include "mailtrace/stories.h"

/* What stands before a copy in memory. The hash comes first: it is a thing of an index. */
struct mt_kept_head {
    uint64_t hash;      /* of the id */
    struct mt_slice id; /* the event's, in the copy */
    size_t size;        /* bytes, with the head */
};

/* The bytes that a copy takes. */
size_t mt_kept_event_size(const struct mt_event *event);

/* Copies an event into one block of memory; hash is that of its id, size mt_kept_event_size(). False: memory is short. */
bool mt_kept_event_make(struct mt_memory *memory, struct mt_kept_event *kept, const struct mt_event *event,
                        uint64_t hash, size_t size);
void mt_kept_event_free(struct mt_memory *memory, struct mt_kept_event *kept);

/* The value of a field; NULL: it is absent. */
const union mt_value *mt_kept_event_value(const struct mt_kept_event *event, enum mt_field id);

/* The time of a field, in microseconds. */
static inline int64_t mt_kept_event_time(const struct mt_kept_event *event, enum mt_field id, int64_t otherwise)
{
    const union mt_value *v = mt_kept_event_value(event, id);

    return v ? v->t.usec : otherwise;
}

#endif
