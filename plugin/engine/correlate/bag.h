/* A bag: a few fields packed into one block, for what is kept of a message or session.
 *
 * Each entry is the field's number, the length of its value (one byte, or 255 and
 * four bytes), the value. Integers are their low bytes, least significant first.
 * Looking up is a walk: bags hold some ten entries.
 */
#ifndef MT_CORRELATE_BAG_H
#define MT_CORRELATE_BAG_H

#include "mailtrace/field.h"
#include "memory.h"

struct mt_bag {
    unsigned char *p;
    uint32_t n, size;
};

void mt_bag_free(struct mt_memory *m, struct mt_bag *bag);

bool mt_bag_has(const struct mt_bag *bag, enum mt_field id);
struct mt_slice mt_bag_get(const struct mt_bag *bag, enum mt_field id); /* valid until the bag changes */
int64_t mt_bag_get_int(const struct mt_bag *bag, enum mt_field id, int64_t otherwise);

/* Put a value; one that is there already stays unless replace is set. Memory may fail: the bag is then as before. */
void mt_bag_put(struct mt_memory *m, struct mt_bag *bag, enum mt_field id, struct mt_slice s, bool replace);
void mt_bag_put_int(struct mt_memory *m, struct mt_bag *bag, enum mt_field id, int64_t i, bool replace);

/* Fills an empty bag with the bytes of another, whose fields have other numbers: map[theirs] is ours, or
 * 255 for a field to leave out. False when they are no bag, or memory is short.
 */
bool mt_bag_load(struct mt_memory *m, struct mt_bag *bag, struct mt_slice bytes, const uint8_t map[256]);

/* Copies the entries from field `first` to field `last` that bag has not yet from another. */
void mt_bag_copy(struct mt_memory *m, struct mt_bag *bag, const struct mt_bag *from, enum mt_field first,
                 enum mt_field last);

/* Copies every entry from field `first` to field `last` into f that f has not yet. */
void mt_bag_fill(const struct mt_bag *bag, struct mt_fields *f, enum mt_field first, enum mt_field last);

#endif
