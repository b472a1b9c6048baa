/* Schemas: under which names, in which objects and in which order an event is written.
 *
 * A schema is a file of tables in schema/, and nothing else. The walk (walk.h) reads them; each sink writes each schema.
 *
 *     objects    the keys of objects, an outer one before those in it
 *     places     by field: its key, and the objects that it stands in
 *     runs       by kind of event: what is written, in order
 *     recipient, hop, symbol     the members of an item of those lists, in order
 *     verdicts   by kind of verdict: its array, and the members of an item; the arrays come in this order
 *     commands   by index of MT_COMMANDS: its key in "commands" and "accepted"
 *
 * A run is one of two things. A constant is a key with a value that is the same in all events of the kind. A set of
 * fields is written in the order of MT_FIELDS, so an order that differs from it takes more than one run. A field
 * that stands in no run of a kind is not written. What stands in one object must follow one another, or the object
 * comes twice.
 */
#ifndef MT_EVENT_SCHEMA_H
#define MT_EVENT_SCHEMA_H

#include "key.h"
#include "mailtrace/received.h"

/* A key and where it stands. 64 bytes: to find one is a shift. */
struct mt_place {
    _Alignas(64) struct mt_key key;
    unsigned char type; /* enum mt_type of the field */
    uint32_t path;      /* the objects that it stands in: set of 1u << index of objects */
};

struct mt_constant {
    struct mt_place place;
    struct mt_slice value;
};

/* The last of a kind is all zero. */
struct mt_run {
    uint64_t mask[2]; /* as mt_fields.have */
    const struct mt_constant *constant;
};

/* How a member stands in its struct, and when it is absent though no flag says so. */
enum mt_member_type {
    MT_MEMBER_END = 0,
    MT_MEMBER_STRING,  /* struct mt_slice; empty */
    MT_MEMBER_STATUS,  /* uint8_t, enum mt_status; MT_STATUS_NONE */
    MT_MEMBER_UINT16,  /* 0 */
    MT_MEMBER_UINT32,  /* 0 */
    MT_MEMBER_SECONDS, /* int64_t, millionths; negative */
    MT_MEMBER_TIME,    /* struct mt_time; usec 0 */
    MT_MEMBER_BOOLEAN, /* bool; never */
    MT_MEMBER_STRINGS, /* array of struct mt_slice; how many is the size_t at `count` */
    MT_MEMBER_SYMBOLS, /* pointer to an array of struct mt_symbol; the same */
};

/* A member of a list's item. */
struct mt_member {
    struct mt_key key;
    unsigned char type;
    uint32_t path;
    unsigned short offset; /* in the struct */
    unsigned short given;  /* offset of the bool that says whether it is there; 0: its value says so */
    unsigned short count;
};

#define MT_MEMBER(of, member, path, name, type)                                            \
    {                                                                                      \
        MT_KEY(name), MT_MEMBER_##type, (path), (unsigned short)offsetof(of, member), 0, 0 \
    }
#define MT_MEMBER_GIVEN(of, member, flag, path, name, type)                           \
    {                                                                                 \
        MT_KEY(name), MT_MEMBER_##type, (path), (unsigned short)offsetof(of, member), \
            (unsigned short)offsetof(of, flag), 0                                     \
    }
#define MT_MEMBER_ARRAY(of, member, n, path, name, type)                                 \
    {                                                                                    \
        MT_KEY(name), MT_MEMBER_##type, (path), (unsigned short)offsetof(of, member), 0, \
            (unsigned short)offsetof(of, n)                                              \
    }

/* An array of verdicts. */
struct mt_verdict_list {
    struct mt_place place;
    const struct mt_member *members;
};

struct mt_schema {
    const char *name;

    /* A schema that is more than other names tells the visitor itself, and has none of the tables: schema/form.h. */
    void (*walk)(const struct mt_event *event, const struct mt_visitor *visitor, void *ctx);

    const struct mt_key *objects;  /* at most 32 */
    const struct mt_place *places; /* MT_FIELD_COUNT */
    const struct mt_run *runs[MT_EVENT_COUNT];
    const struct mt_member *recipient, *hop, *symbol; /* each ends with MT_MEMBER_END */
    const struct mt_verdict_list *verdicts;           /* MT_VERDICT_COUNT */
    const struct mt_key *commands;                    /* MT_COMMAND_COUNT */
};

/* doc/schemas.md, doc/events.md; lines are always in the native one. X(name). */
#define MT_SCHEMAS(X) X(native) X(ecs) X(ocsf) X(cim) X(otlp)

#define MT_SCHEMA_DECLARE(name) extern const struct mt_schema mt_schema_##name;
MT_SCHEMAS(MT_SCHEMA_DECLARE)
#undef MT_SCHEMA_DECLARE

/* The types of fields by name, to make places of: MT_TYPE_OF_QUEUE_ID. */
enum {
#define MT_ROW(id, object, name, type) MT_TYPE_OF_##id = MT_TYPE_##type,
    MT_FIELDS(MT_ROW)
#undef MT_ROW
};

/* Of a list of fields, X(field): the run. */
#define MT_RUN(list)                                        \
    {                                                       \
        {0 list(MT_RUN_FIRST), 0 list(MT_RUN_SECOND)}, NULL \
    }
#define MT_RUN_FIRST(field)  | (MT_F_##field < 64 ? UINT64_C(1) << (MT_F_##field & 63) : 0)
#define MT_RUN_SECOND(field) | (MT_F_##field < 64 ? 0 : UINT64_C(1) << (MT_F_##field & 63))

#endif
