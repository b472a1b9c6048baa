/* What the files of this room share. */
#ifndef MT_STORIES_INTERNAL_H
#define MT_STORIES_INTERNAL_H

#include "base/index.h"
#include "kept_event.h"
#include "names.h"

/* A delivery to a recipient: by the hash of entry and recipient, then by time. */
struct mt_attempt {
    uint64_t hash;
    uint32_t delivery;
};

struct mt_stories {
    const struct mt_criteria *wanted;
    uint64_t max_memory, left_out, seed;
    struct mt_memory memory;
    struct mt_entry *entries;
    struct mt_delivery *deliveries; /* once joined: by entry, then by time */
    struct mt_remark *remarks;
    uint32_t nentries, ndeliveries, nremarks;
    uint32_t entries_room, deliveries_room, remarks_room;
    struct mt_names ids;     /* queue IDs, and what others call them */
    struct mt_names queued;  /* hosts, and queue IDs on them: another host may have as many with the same one */
    struct mt_names clients; /* hosts, their clients, and addresses of recipients */
    struct mt_attempt *attempts;
    size_t nattempts, attempts_room;
    struct mt_index seen; /* of heads of kept events, by their id */
};

/* Three kinds of attempts: of all that is delivered to an address; of what was delivered to it for the address `orig_to`; of all
 * that was delivered for that (`to` empty).
 */
uint64_t mt_attempt_hash(const struct mt_stories *s, uint32_t entry, struct mt_slice to, struct mt_slice orig_to);

/* The place in s->attempts of the first one with a hash, or where it would be. */
size_t mt_attempts_from(const struct mt_stories *s, uint64_t hash);

/* Makes s->attempts. False: memory is short. */
bool mt_stories_index_attempts(struct mt_stories *s);

/* Is there a delivery of the entry to, or for, an address? */
bool mt_stories_was_tried(const struct mt_stories *s, uint32_t entry, struct mt_slice address);

/* Gives remarks that refuse nothing their entries. False: memory is short. */
bool mt_stories_join_remarks(struct mt_stories *s);

#endif
