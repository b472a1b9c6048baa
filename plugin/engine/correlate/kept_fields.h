/* Kept fields: what is kept of a message, a session, a recipient. Few fields, packed into one block.
 *
 * An entry is the field's number, the length of its value (one byte, or 255 and
 * four bytes) and the value. Integers are their low bytes, the least significant first.
 * A look-up walks the entries: there are some ten. Two words tell which fields are there.
 */
#ifndef MT_CORRELATE_KEPT_FIELDS_H
#define MT_CORRELATE_KEPT_FIELDS_H

#include "base/memory.h"
#include "line_copy.h"
#include "mailtrace/field.h"

struct mt_kept_block {
    uint64_t have[2]; /* as in mt_fields */
    uint32_t n;       /* bytes of the entries */
    uint32_t room;    /* for entries: what they were told to reserve, or just enough */
    unsigned char p[];
};

struct mt_kept {
    struct mt_kept_block *block; /* NULL: empty */
};

void mt_kept_free_block(struct mt_memory *m, struct mt_kept *kept);

static inline void mt_kept_free(struct mt_memory *m, struct mt_kept *kept)
{
    if (kept->block) {
        mt_kept_free_block(m, kept);
    }
}

/* Makes room for entries of that many bytes in empty kept fields. */
void mt_kept_reserve(struct mt_memory *m, struct mt_kept *kept, uint32_t room);

/* Is its first entry this field with this value? */
static inline bool mt_kept_starts(const struct mt_kept *kept, enum mt_field id, struct mt_slice s)
{
    const struct mt_kept_block *block = kept->block;

    return block && block->n > 1 && block->p[0] == id && block->p[1] == s.n &&
           mt_same((const char *)block->p + 2, s.p, s.n);
}

static inline bool mt_kept_has(const struct mt_kept *kept, enum mt_field id)
{
    return kept->block && ((kept->block->have[id >> 6] >> (id & 63)) & 1);
}

/* The value of a field that is there; valid until they change. */
struct mt_slice mt_kept_value(const struct mt_kept *kept, enum mt_field id);

/* The same, or the empty slice. */
static inline struct mt_slice mt_kept_get(const struct mt_kept *kept, enum mt_field id)
{
    return mt_kept_has(kept, id) ? mt_kept_value(kept, id) : mt_slice(NULL, 0);
}

int64_t mt_kept_get_int(const struct mt_kept *kept, enum mt_field id, int64_t otherwise);

/* Put a value; one that is there already stays unless replace is set. Memory may fail: they are then as before. */
void mt_kept_put(struct mt_memory *m, struct mt_kept *kept, enum mt_field id, struct mt_slice s, bool replace);
void mt_kept_put_int(struct mt_memory *m, struct mt_kept *kept, enum mt_field id, int64_t i, bool replace);

/* Puts those of a line's fields that `which` names (as in mt_fields.have) and the kept fields have not yet. */
void mt_kept_put_line(struct mt_memory *m, struct mt_kept *kept, const struct mt_line_copy *line,
                      const uint64_t which[2]);

/* Puts the entries of another kept that `which` names and it has not yet. */
void mt_kept_copy(struct mt_memory *m, struct mt_kept *kept, const struct mt_kept *from, const uint64_t which[2]);

/* Drops all entries but those of the fields that `which` names. */
void mt_kept_keep(struct mt_memory *m, struct mt_kept *kept, const uint64_t which[2]);

/* Copies every entry that `which` names into f that f has not yet. */
void mt_kept_fill(const struct mt_kept *kept, struct mt_fields *f, const uint64_t which[2]);

/* A value in the bytes of kept fields; and kept fields of such bytes. False when memory is short. */
struct mt_slice mt_kept_find(struct mt_slice bytes, enum mt_field id);
bool mt_kept_of(struct mt_memory *m, struct mt_kept *kept, struct mt_slice bytes);

/* As mt_kept_copy(), where the other kept is bytes: what it has not yet is written to `to`. Returns how many bytes;
 * SIZE_MAX when there is no room.
 */
size_t mt_kept_missing(const struct mt_kept *from, struct mt_slice bytes, const uint64_t which[2], unsigned char *to,
                       size_t room);

/* All entries as bytes, and back: into empty kept fields, from others whose fields have other numbers:
 * map[theirs] is ours, or 255 for a field to leave out. False when they are none, or memory is short.
 */
struct mt_slice mt_kept_bytes(const struct mt_kept *kept);
bool mt_kept_load(struct mt_memory *m, struct mt_kept *kept, struct mt_slice bytes, const uint8_t map[256]);

#endif
