/* Copies of lines: records that wait, and the pieces of memory they lie in.
 *
 * A line waits twice: to be put in order, and, when it caused an event, until that
 * event is due. It is copied once. Lines lie one behind the other in chunks; a chunk
 * is freed when the last of its lines is.
 */
#ifndef MT_CORRELATE_LINE_COPY_H
#define MT_CORRELATE_LINE_COPY_H

#include "base/memory.h"
#include "mailtrace/correlate.h"

/* Sets of fields, one word of two: {SET(0), SET(1)}, SET being made of these. */
#define MT_FIELD_BIT(word, id)          ((id) / 64 == (word) ? UINT64_C(1) << ((id) % 64) : 0)
#define MT_FIELD_RUN(word, first, last) (MT_FIELD_UPTO(word, last) & ~MT_FIELD_UPTO(word, (first)-1))
#define MT_FIELD_UPTO(word, last) \
    ((last) / 64 > (word) ? UINT64_MAX : (last) / 64 < (word) ? 0 : UINT64_MAX >> (63 - (last) % 64))

struct mt_session;
struct mt_peer;
struct mt_chunk;

/* What a copy has of its record as it is: X(type, member). */
#define MT_COPIED_MEMBERS(X) \
    X(uint8_t, source)       \
    X(uint8_t, kind)         \
    X(uint8_t, status)       \
    X(uint8_t, role)         \
    X(uint8_t, effect)       \
    X(uint8_t, trouble)      \
    X(bool, list)            \
    X(bool, more)            \
    X(bool, repeated)        \
    X(bool, postmaster)

struct mt_line_copy {
    int64_t usec;       /* of the timestamp: what lines are ordered by */
    uint64_t order;     /* between equal timestamps */
    uint64_t hash;      /* of timestamp, pid and text: which line this is */
    uint64_t text_hash; /* of pid and text */
    uint64_t have[2];
    struct mt_line line; /* host is empty: the host is known; not so in a copy that is not fed yet */
    struct mt_slice service;
    struct mt_slice within; /* the record's `session` */
    struct mt_alias_name alias;
    struct mt_slice verdicts; /* packed: packed_verdicts.h */
    uint32_t verdicts_omitted, verdicts_unsure;
    struct mt_session *session; /* what the line belongs to: found out when it is taken */
    struct mt_peer *peer;       /* the TLS connection that a delivery went through */
    struct mt_chunk *chunk;
    uint32_t refs;
    uint32_t bytes; /* of the chunk */
    uint16_t life; /* of its queue ID, of lines with its timestamp: lives.c */
    bool
        fresh; /* it is none of those that its host is known to have had (recent.h), nor like another that came with it */
#define MT_COPIED_MEMBER(type, member) type member;
    MT_COPIED_MEMBERS(MT_COPIED_MEMBER)
#undef MT_COPIED_MEMBER
    uint8_t place[MT_FIELD_COUNT]; /* in v, of the fields that `have` names */
    union mt_value v[];            /* in order of the fields; then the bytes of the slices */
};

struct mt_line_copies {
    struct mt_memory *memory;
    struct mt_chunk *current;
};

/* A copy with one reference; NULL when memory is short. */
struct mt_line_copy *mt_line_copy_new(struct mt_line_copies *store, const struct mt_record *rec);
void mt_line_copy_free(struct mt_line_copies *store, struct mt_line_copy *line); /* gives a reference back */
void mt_line_copies_free(struct mt_line_copies *store);                          /* when all its lines are freed */

/* Does the line say anything of a message or a session? Others need not wait. */
static inline bool mt_record_matters(const struct mt_record *rec)
{
    switch (rec->kind) {
    case MT_KIND_INFO:
    case MT_KIND_WARNING:
    case MT_KIND_ERROR:
    case MT_KIND_FATAL:
    case MT_KIND_PANIC:
        return mt_has(&rec->f, MT_F_QUEUE_ID) || rec->trouble || mt_has(&rec->f, MT_F_NEXT_QUEUE_ID) ||
               rec->alias.text.n;
    case MT_KIND_FILTER:
        return rec->verdicts.n || rec->verdicts.unsure || (rec->alias.text.n && mt_has(&rec->f, MT_F_QUEUE_ID));
    case MT_KIND_STATISTICS:
    case MT_KIND_SERVICE:
        return false;
    default:
        return true;
    }
}

/* A line that a copier (correlate.h) has made becomes one of the store's. */
void mt_line_copy_adopt(struct mt_line_copies *store, struct mt_line_copy *line);
void mt_copier_leave(struct mt_copier *copier, struct mt_line_copies *store); /* see mt_copier_free() */

static inline bool mt_line_copy_has(const struct mt_line_copy *s, enum mt_field id)
{
    return (s->have[id >> 6] >> (id & 63)) & 1;
}

/* Those of 64 fields whose values are slices, as in mt_fields.have. */
static inline uint64_t mt_text_fields(unsigned word)
{
#define MT_TEXT_BIT(id, object, name, type) \
    | ((MT_TYPE_##type == MT_TYPE_STRING || MT_TYPE_##type == MT_TYPE_TREE) ? MT_FIELD_BIT(MT_WORD, MT_F_##id) : 0)
    static const uint64_t text[2] = {
#define MT_WORD 0
        0 MT_FIELDS(MT_TEXT_BIT),
#undef MT_WORD
#define MT_WORD 1
        0 MT_FIELDS(MT_TEXT_BIT),
#undef MT_WORD
    };
#undef MT_TEXT_BIT

    return text[word];
}

static inline bool mt_is_text(unsigned id)
{
    return (mt_text_fields(id / 64) >> (id % 64)) & 1;
}

/* The value; the field must be there. */
static inline const union mt_value *mt_line_copy_value(const struct mt_line_copy *s, enum mt_field id)
{
    return &s->v[s->place[id]];
}

static inline struct mt_slice mt_line_copy_get(const struct mt_line_copy *s, enum mt_field id)
{
    return mt_line_copy_has(s, id) ? mt_line_copy_value(s, id)->s : mt_slice(NULL, 0);
}

static inline int64_t mt_line_copy_int(const struct mt_line_copy *s, enum mt_field id, int64_t otherwise)
{
    return mt_line_copy_has(s, id) ? mt_line_copy_value(s, id)->i : otherwise;
}

/* Sets f to the line's fields. */
void mt_line_copy_fill(const struct mt_line_copy *s, struct mt_fields *f);

#endif
