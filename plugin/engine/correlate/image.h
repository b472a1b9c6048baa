/* Whole correlators as bytes, and back: what state on disk is made of. It does not show how hosts were
 * shared out among them.
 *
 * One description serves both ways (archive.h). It names fields, words and members by their names, once at the
 * beginning (image_names.c), so that another version with more or fewer of them can read it.
 *
 * Things that several others refer to (a session, its TLS connections, a line that
 * caused several events) are written where they are met first, and get the next number;
 * from then on the number stands for them (image_refs.c).
 */
#ifndef MT_CORRELATE_IMAGE_H
#define MT_CORRELATE_IMAGE_H

#include "archive.h"
#include "members.h"
#include "shards.h"

/* --- image_names.c --- */

/* Numbers that have names: X(identifier, which is the table's name on disk). Version 1 has the first five, in this
 * order and without their names.
 */
#define MT_IMAGE_TABLES(X) \
    X(FIELDS)              \
    X(STATUSES)            \
    X(REASONS)             \
    X(TROUBLES)            \
    X(SOURCES)             \
    X(ORIGINS)             \
    X(EVENTS)              \
    X(FLAGS)               \
    X(SPACES)

enum mt_image_table {
#define MT_TABLE_ENUM(table) MT_TABLE_##table,
    MT_IMAGE_TABLES(MT_TABLE_ENUM)
#undef MT_TABLE_ENUM
        MT_TABLE_COUNT
};

#define MT_UNKNOWN     255
#define MT_MEMBERS_MAX 32 /* of one list */

/* A row of a list of members.h. */
struct mt_member {
    const char *name;
    enum mt_way way;
    size_t offset, size;
};

/* Loading: what is there, as it is called here. */
struct mt_image_names {
    uint8_t map[MT_TABLE_COUNT][256]; /* MT_UNKNOWN: not known here */
    struct {
        size_t n;
        struct {
            uint8_t here; /* its place in the list here, or MT_UNKNOWN */
            uint8_t way;  /* enum mt_way */
        } v[MT_MEMBERS_MAX];
    } lists[MT_LIST_COUNT];
};

/* The rows of a list. */
const struct mt_member *mt_image_members(enum mt_member_list list, size_t *n);

/* Walks all names; version: of what is loaded, or MT_IMAGE_VERSION. */
void mt_image_walk_names(struct mt_archive *a, struct mt_image_names *names, uint32_t version);

#define MT_IMAGE_VERSION 2 /* 1 is read, too */

/* --- image_refs.c --- */

/* Pointers that were met, and their numbers; loading, the things by number. */
struct mt_image_refs {
    const void **keys;
    uint32_t *numbers;
    void **things;
    size_t n, size;
    size_t first; /* loading: number of the first thing that can be meant */
};

/* Walks a reference. *body is set when the thing itself follows; loading, the caller makes it then, and
 * calls mt_image_remember() if *shared is set. Loading, returns the thing if it was met before.
 * nrefs: how many refer to it, at least.
 */
void *mt_image_walk_ref(struct mt_archive *a, struct mt_image_refs *refs, const void *thing, uint32_t nrefs, bool *body,
                        bool *shared);
void mt_image_remember(struct mt_archive *a, struct mt_image_refs *refs, void *thing);
void mt_image_free_refs(struct mt_image_refs *refs);

/* --- image_members.c --- */

struct mt_image {
    struct mt_archive a;
    struct mt_shards *shards;
    struct mt_correlator *c; /* the one of the host being walked */
    struct mt_host *host;
    const struct mt_message *resting; /* saving one that is at rest: the message being walked is its copy */
    struct mt_image_refs refs;
    struct mt_image_names names;

    const struct mt_line_copy *list; /* loading: the line whose recipients are being told, and its hash */
    uint64_t list_hash;
    struct mt_slice list_rest; /* of its recipients, those from this number on */
    uint32_t list_at;
};

/* A line that waits, as it is on disk. */
struct mt_waiting_line {
    struct mt_session *session;
    struct mt_peer *peer;
    struct mt_line line;
    bool repeated;
};

/* An alias, as it is on disk. */
struct mt_image_alias {
    struct mt_alias_name name;
    int32_t recipient;
    uint64_t number;
};

/* Writes or reads all members of a list. */
void mt_image_walk_members(struct mt_image *im, enum mt_member_list list, void *thing);

/* --- image_things.c: each walks a reference, and the thing where it is met first; loading, the reference is the
 * caller's ---
 */

void mt_image_walk_peer(struct mt_image *im, struct mt_peer **peer);
void mt_image_walk_session(struct mt_image *im, struct mt_session **s);
void mt_image_walk_message(struct mt_image *im, struct mt_message **m);
void mt_image_walk_line(struct mt_image *im, struct mt_line_copy **line);

#endif
