/* Which lines of a host were taken: one that is read again says nothing new, be it of an entry, a session, a connection.
 *
 * An input that has lost its place reads from any line on, at any later time. A line is known by timestamp, process and
 * text: by their hash. The hashes are kept in two halves. When the newer one is full, the older one is forgotten. So the
 * newest lines are known, at least as many as a half takes, however old they are. A line with a timestamp of
 * what is forgotten cannot be told from one that was never seen. It is taken, and counted (`untold`).
 *
 * An entry knows its own lines besides (message.h), for as long as it is open.
 */
#ifndef MT_CORRELATE_RECENT_H
#define MT_CORRELATE_RECENT_H

#include "base/hashes.h"

struct mt_recent {
    struct mt_hashes
        lines[2];      /* the newer half, the older one: of each n of `size` places are in use, by mt_recent_place() */
    int64_t newest[2]; /* the newest timestamp (usec) in each; 0: none */
    int64_t forgotten; /* the newest timestamp of lines that are not known any more; 0: none */
    int64_t last;      /* the timestamp of the last line that was not known */
};

/* Where a hash stands in one of the halves, or would; there is one. key: a random number, which stays the same. */
static inline uint64_t *mt_recent_place(const struct mt_hashes *set, uint64_t hash, uint64_t key)
{
    uint64_t kept = mt_hashes_kept(hash);
    uint32_t i = (uint32_t)(kept * (key | 1) >> 32) & (set->size - 1);

    while (set->v[i] && set->v[i] != kept) {
        i = (i + 1) & (set->size - 1);
    }
    return &set->v[i];
}

static inline bool mt_recent_in(const struct mt_hashes *set, uint64_t hash, uint64_t key)
{
    return set->n && *mt_recent_place(set, hash, key);
}

/* Does one of the halves know a line with that timestamp? Most lines are newer than all of it. */
static inline bool mt_recent_half_has(const struct mt_recent *recent, int half, uint64_t hash, uint64_t key,
                                      int64_t usec)
{
    return usec <= recent->newest[half] && mt_recent_in(&recent->lines[half], hash, key);
}

/* Was that line taken? */
static inline bool mt_recent_has(const struct mt_recent *recent, uint64_t hash, uint64_t key, int64_t usec)
{
    return mt_recent_half_has(recent, 0, hash, key, usec) || mt_recent_half_has(recent, 1, hash, key, usec);
}

/* mt_recent_add() where the newer half may be full. It takes `half` lines. */
bool mt_recent_add_slowly(struct mt_memory *memory, struct mt_recent *recent, uint64_t hash, uint64_t key, int64_t usec,
                          size_t half);

/* Can mt_recent_add() do? */
static inline bool mt_recent_has_room(const struct mt_recent *recent)
{
    return recent->lines[0].n < recent->lines[0].size / 2;
}

/* A line with that timestamp is taken. False: it was taken before, by what the newer half knows. */
static inline bool mt_recent_add(struct mt_recent *recent, uint64_t hash, uint64_t key, int64_t usec)
{
    uint64_t *place = mt_recent_place(&recent->lines[0], hash, key);

    if (*place) {
        return false;
    }
    *place = mt_hashes_kept(hash);
    recent->lines[0].n++;
    recent->newest[0] = usec > recent->newest[0] ? usec : recent->newest[0];
    recent->last = usec;
    return true;
}

/* The halves were filled with hashes that stand anywhere: puts them in their places. False when memory is short. */
bool mt_recent_place_all(struct mt_memory *memory, struct mt_recent *recent, uint64_t key);

void mt_recent_free(struct mt_memory *memory, struct mt_recent *recent);

#endif
