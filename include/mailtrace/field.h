/* The fields of records and events: one enumeration, one table, one container.
 *
 * The parser puts what a line says into fields, the correlator copies them into
 * events, and every sink writes them through the same walk. A field's name, its
 * place in the JSON tree and its type stand once, in MT_FIELDS below.
 */
#ifndef MAILTRACE_FIELD_H
#define MAILTRACE_FIELD_H

#include "mailtrace/line.h"

enum mt_type {
    MT_TYPE_STRING,  /* value.s */
    MT_TYPE_INTEGER, /* value.i */
    MT_TYPE_SECONDS, /* value.i in microseconds; written as a JSON number of seconds */
    MT_TYPE_TIME,    /* value.t */
    MT_TYPE_BOOLEAN, /* value.i: 0 or 1 */
    MT_TYPE_TREE,    /* value.s, written as an object or array by the walk: see event.h */
};

/* X(identifier, object that holds it, name, type).
 * The order is the order of the keys of a record; events have lists of their own.
 * An object inside another is written "client.tls".
 */
#define MT_FIELDS(X)                                             \
    X(EVENT, "", "event", STRING)                                \
    X(RECORD, "", "record", STRING)                              \
    X(ID, "", "id", STRING)                                      \
    X(TRACE_ID, "", "trace_id", STRING)                          \
    X(TIME, "", "time", TIME)                                    \
    X(HOST, "", "host", STRING)                                  \
    X(MTA, "", "mta", STRING)                                    \
    X(INSTANCE, "", "instance", STRING)                          \
    X(PROGRAM, "", "program", STRING)                            \
    X(PID, "", "pid", INTEGER)                                   \
    X(QUEUE_ID, "", "queue_id", STRING)                          \
    X(MESSAGE_ID, "", "message_id", STRING)                      \
    X(FROM, "", "from", STRING)                                  \
    X(SIZE, "", "size", INTEGER)                                 \
    X(NRCPT, "", "nrcpt", INTEGER)                               \
    X(SUBJECT, "", "subject", STRING)                            \
    X(ARRIVED, "", "arrived", TIME)                              \
    X(ORIGIN, "", "origin", STRING)                              \
    X(PARENT_QUEUE_ID, "", "parent_queue_id", STRING)            \
    X(CLIENT_NAME, "client", "name", STRING)                     \
    X(CLIENT_IP, "client", "ip", STRING)                         \
    X(CLIENT_PORT, "client", "port", INTEGER)                    \
    X(CLIENT_HELO, "client", "helo", STRING)                     \
    X(CLIENT_PROTOCOL, "client", "protocol", STRING)             \
    X(CLIENT_USER, "client", "user", STRING)                     \
    X(CLIENT_MECHANISM, "client", "mechanism", STRING)           \
    X(CLIENT_UID, "client", "uid", INTEGER)                      \
    X(CLIENT_TLS_VERSION, "client.tls", "version", STRING)       \
    X(CLIENT_TLS_CIPHER, "client.tls", "cipher", STRING)         \
    X(CLIENT_TLS_BITS, "client.tls", "bits", INTEGER)            \
    X(CLIENT_TLS_VERIFY, "client.tls", "verify", STRING)         \
    X(TO, "", "to", STRING)                                      \
    X(ORIG_TO, "", "orig_to", STRING)                            \
    X(TRANSPORT, "", "transport", STRING)                        \
    X(RELAY_NAME, "relay", "name", STRING)                       \
    X(RELAY_IP, "relay", "ip", STRING)                           \
    X(RELAY_PORT, "relay", "port", INTEGER)                      \
    X(RELAY_PATH, "relay", "path", STRING)                       \
    X(TLS_VERSION, "tls", "version", STRING)                     \
    X(TLS_CIPHER, "tls", "cipher", STRING)                       \
    X(TLS_BITS, "tls", "bits", INTEGER)                          \
    X(TLS_VERIFY, "tls", "verify", STRING)                       \
    X(ATTEMPT, "", "attempt", INTEGER)                           \
    X(DELAY, "", "delay", SECONDS)                               \
    X(DELAYS_BEFORE_QUEUE, "delays", "before_queue", SECONDS)    \
    X(DELAYS_IN_QUEUE, "delays", "in_queue", SECONDS)            \
    X(DELAYS_CONNECT, "delays", "connect", SECONDS)              \
    X(DELAYS_TRANSMIT, "delays", "transmit", SECONDS)            \
    X(STAGE, "", "stage", STRING)                                \
    X(ACTION, "", "action", STRING)                              \
    X(DSN, "", "dsn", STRING)                                    \
    X(STATUS, "", "status", STRING)                              \
    X(REPLY_CODE, "", "reply_code", INTEGER)                     \
    X(RESPONSE, "", "response", STRING)                          \
    X(NEXT_QUEUE_ID, "", "next_queue_id", STRING)                \
    X(FINAL, "", "final", BOOLEAN)                               \
    X(RESULT, "", "result", STRING)                              \
    X(REASON, "", "reason", STRING)                              \
    X(USER, "", "user", STRING)                                  \
    X(MECHANISM, "", "mechanism", STRING)                        \
    X(COMMANDS, "", "commands", TREE)                            \
    X(ACCEPTED, "", "accepted", TREE)                            \
    X(DURATION, "", "duration", SECONDS)                         \
    X(RECIPIENTS, "", "recipients", TREE)                        \
    X(RECIPIENTS_OMITTED, "", "recipients_omitted", INTEGER)     \
    X(COUNTS_SENT, "counts", "sent", INTEGER)                    \
    X(COUNTS_DEFERRED, "counts", "deferred", INTEGER)            \
    X(COUNTS_BOUNCED, "counts", "bounced", INTEGER)              \
    X(COUNTS_EXPIRED, "counts", "expired", INTEGER)              \
    X(COUNTS_DISCARDED, "counts", "discarded", INTEGER)          \
    X(BOUNCE_QUEUE_ID, "", "bounce_queue_id", STRING)            \
    X(LINES, "", "lines", INTEGER)                               \
    X(TEXT, "", "text", STRING)

enum mt_field {
#define MT_FIELD_ENUM(id, object, name, type) MT_F_##id,
    MT_FIELDS(MT_FIELD_ENUM)
#undef MT_FIELD_ENUM
    MT_FIELD_COUNT
};

struct mt_field_info {
    const char *object; /* "" at the top, "client", "client.tls" ... */
    const char *name;
    enum mt_type type;
};

extern const struct mt_field_info mt_field_info[MT_FIELD_COUNT];

union mt_value {
    struct mt_slice s;
    int64_t i;
    struct mt_time t;
};

/* A set of fields. v[f] means something only where the bit of f is set, so an
 * empty set costs two words to make.
 */
struct mt_fields {
    uint64_t have[2];
    union mt_value v[MT_FIELD_COUNT];
};

static inline void mt_fields_clear(struct mt_fields *f)
{
    f->have[0] = f->have[1] = 0;
}

static inline bool mt_has(const struct mt_fields *f, enum mt_field id)
{
    return (f->have[id >> 6] >> (id & 63)) & 1;
}

static inline void mt_drop(struct mt_fields *f, enum mt_field id)
{
    f->have[id >> 6] &= ~((uint64_t)1 << (id & 63));
}

static inline void mt_mark(struct mt_fields *f, enum mt_field id)
{
    f->have[id >> 6] |= (uint64_t)1 << (id & 63);
}

/* Sets a string. An empty one stays absent: only mt_set_empty() sets it. */
static inline void mt_set(struct mt_fields *f, enum mt_field id, struct mt_slice s)
{
    if (s.n) {
        f->v[id].s = s;
        mt_mark(f, id);
    }
}

/* Sets a string even when it is empty: the null sender. */
static inline void mt_set_empty(struct mt_fields *f, enum mt_field id, struct mt_slice s)
{
    f->v[id].s = s;
    mt_mark(f, id);
}

static inline void mt_set_int(struct mt_fields *f, enum mt_field id, int64_t i)
{
    f->v[id].i = i;
    mt_mark(f, id);
}

static inline void mt_set_time(struct mt_fields *f, enum mt_field id, struct mt_time t)
{
    f->v[id].t = t;
    mt_mark(f, id);
}

/* The string of a field, empty when it is absent. */
static inline struct mt_slice mt_get(const struct mt_fields *f, enum mt_field id)
{
    return mt_has(f, id) ? f->v[id].s : (struct mt_slice){NULL, 0};
}

/* The integer of a field, or otherwise. */
static inline int64_t mt_get_int(const struct mt_fields *f, enum mt_field id, int64_t otherwise)
{
    return mt_has(f, id) ? f->v[id].i : otherwise;
}

#endif
