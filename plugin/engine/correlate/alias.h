/* Aliases: what an entry, or one of its recipients, is called other than by its queue ID, in a namespace of its host.
 *
 * A line without a queue ID may name its entry so: by the number of a delivery, by an id that a filter gave, by the
 * Message-ID. A name is set by a line that says whose it is, and is gone with its entry, at the latest.
 *
 * An entry with aliases has one bit set, and an owner in an index here that knows where the entry is: who moves an entry
 * (to put it to rest, to wake it) says so.
 *
 * Bounds: MT_ALIAS_LONGEST bytes, MT_ALIASES_PER_ENTRY of one entry, MT_ALIASES_PER_NAME entries of one name. Beyond them
 * the oldest gives way (a name that is too long is not taken); `dropped` counts. Their memory is the correlator's, so
 * max_memory is the bound of all.
 */
#ifndef MT_CORRELATE_ALIAS_H
#define MT_CORRELATE_ALIAS_H

#include "base/index.h"
#include "mailtrace/record.h"

#define MT_ALIAS_LONGEST     1024
#define MT_ALIASES_PER_ENTRY 1024
#define MT_ALIASES_PER_NAME  16

struct mt_host;
struct mt_message;

struct mt_alias {
    uint64_t hash; /* of host, space and text */
    const struct mt_host *host;
    uint64_t number;                /* counts aliases in the order in which they were set */
    struct mt_alias *older, *newer; /* of the same name; the index has the newest */
    struct mt_alias *next, *prev;   /* of the same entry, the newest first */
    struct mt_alias_owner *owner;
    int32_t recipient; /* its place in the entry, or -1: the entry as a whole */
    uint16_t n;
    uint8_t space; /* enum mt_space */
    char text[];
};

/* The aliases of one entry. */
struct mt_alias_owner {
    uint64_t hash; /* of the entry's key */
    struct mt_message *entry;
    struct mt_alias *first, *last;
    uint32_t n;
};

struct mt_aliases {
    struct mt_memory *memory;
    struct mt_index names, owners;
    uint64_t seed;
    uint64_t set; /* so far */
    uint64_t dropped;
};

/* m, or the recipient in that place (-1: none), has this name from now on; unique: and nobody else has. False when it is
 * too long, or memory is short.
 */
bool mt_alias_set(struct mt_aliases *aliases, struct mt_message *m, int32_t recipient, const struct mt_alias_name *name,
                  bool unique);

/* The newest alias of that name; ->older leads to the others. NULL: nobody has it. */
struct mt_alias *mt_alias_find(const struct mt_aliases *aliases, const struct mt_host *host,
                               const struct mt_alias_name *name);

/* Whose it is, be it at rest. */
struct mt_message *mt_alias_entry(const struct mt_alias *alias);

/* The newest alias of an entry; ->next leads to the others. */
struct mt_alias *mt_alias_of(const struct mt_aliases *aliases, const struct mt_message *m);

/* An entry with aliases, m, is at `to` from now on. */
void mt_alias_moved(const struct mt_aliases *aliases, const struct mt_message *m, struct mt_message *to);

/* Forgets all of an entry's. */
void mt_alias_forget(struct mt_aliases *aliases, struct mt_message *m);

/* Forgets those of its names that are in none of these spaces (bits). */
void mt_alias_forget_but(struct mt_aliases *aliases, struct mt_message *m, uint32_t spaces);

/* Puts one that was set before where its number says. As mt_alias_set(). */
bool mt_alias_restore(struct mt_aliases *aliases, struct mt_message *m, int32_t recipient,
                      const struct mt_alias_name *name, uint64_t number);

/* When all entries are forgotten. */
void mt_aliases_free(struct mt_aliases *aliases);

#endif
