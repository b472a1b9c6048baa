/* A bag: a few fields packed into one block, for what is kept of a message or session.
 *
 * Each entry is the field's number, the length of its value (one byte, or 255 and
 * four bytes), the value. Integers are their low bytes, least significant first.
 * Looking up is a walk: bags hold some ten entries. Which fields are there is known without it.
 */
#ifndef MT_CORRELATE_BAG_H
#define MT_CORRELATE_BAG_H

#include "base/memory.h"
#include "mailtrace/field.h"
#include "stored.h"

struct mt_bag_block {
    uint64_t have[2]; /* as in mt_fields */
    uint32_t n;       /* bytes of the entries */
    uint32_t room;    /* for entries: what the bag was told to reserve, or just enough */
    unsigned char p[];
};

struct mt_bag {
    struct mt_bag_block *block; /* NULL: empty */
};

void mt_bag_free(struct mt_memory *m, struct mt_bag *bag);

/* Makes room for entries of that many bytes in an empty bag. */
void mt_bag_reserve(struct mt_memory *m, struct mt_bag *bag, uint32_t room);

/* Is its first entry this field with this value? */
static inline bool mt_bag_starts(const struct mt_bag *bag, enum mt_field id, struct mt_slice s)
{
    const struct mt_bag_block *block = bag->block;

    return block && block->n > 1 && block->p[0] == id && block->p[1] == s.n &&
           mt_same((const char *)block->p + 2, s.p, s.n);
}

static inline bool mt_bag_has(const struct mt_bag *bag, enum mt_field id)
{
    return bag->block && ((bag->block->have[id >> 6] >> (id & 63)) & 1);
}

/* The value of a field that is there; valid until the bag changes. */
struct mt_slice mt_bag_value(const struct mt_bag *bag, enum mt_field id);

/* The same, or the empty slice. */
static inline struct mt_slice mt_bag_get(const struct mt_bag *bag, enum mt_field id)
{
    return mt_bag_has(bag, id) ? mt_bag_value(bag, id) : mt_slice(NULL, 0);
}

int64_t mt_bag_get_int(const struct mt_bag *bag, enum mt_field id, int64_t otherwise);

/* Put a value; one that is there already stays unless replace is set. Memory may fail: the bag is then as before. */
void mt_bag_put(struct mt_memory *m, struct mt_bag *bag, enum mt_field id, struct mt_slice s, bool replace);
void mt_bag_put_int(struct mt_memory *m, struct mt_bag *bag, enum mt_field id, int64_t i, bool replace);

/* Puts those of a line's fields that `which` names (as in mt_fields.have) and the bag has not yet. */
void mt_bag_put_line(struct mt_memory *m, struct mt_bag *bag, const struct mt_stored *line, const uint64_t which[2]);

/* Puts the entries of another bag that `which` names and it has not yet. */
void mt_bag_copy(struct mt_memory *m, struct mt_bag *bag, const struct mt_bag *from, const uint64_t which[2]);

/* Drops all entries but those of the fields that `which` names. */
void mt_bag_keep(struct mt_memory *m, struct mt_bag *bag, const uint64_t which[2]);

/* Copies every entry that `which` names into f that f has not yet. */
void mt_bag_fill(const struct mt_bag *bag, struct mt_fields *f, const uint64_t which[2]);

/* A value in the bytes of a bag; and a bag of such bytes. False when memory is short. */
struct mt_slice mt_bag_find(struct mt_slice bytes, enum mt_field id);
bool mt_bag_of(struct mt_memory *m, struct mt_bag *bag, struct mt_slice bytes);

/* As mt_bag_copy(), where the other bag is bytes: what it has not yet is written to `to`. Returns how many bytes;
 * SIZE_MAX when there is no room.
 */
size_t mt_bag_missing(const struct mt_bag *from, struct mt_slice bytes, const uint64_t which[2], unsigned char *to,
                      size_t room);

/* All entries as bytes, and back: into an empty bag, from one whose fields have other numbers:
 * map[theirs] is ours, or 255 for a field to leave out. False when they are no bag, or memory is short.
 */
struct mt_slice mt_bag_bytes(const struct mt_bag *bag);
bool mt_bag_load(struct mt_memory *m, struct mt_bag *bag, struct mt_slice bytes, const uint8_t map[256]);

#endif
