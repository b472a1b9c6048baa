/* The fields of records and events: one enumeration, one table, one container.
 *
 * The parser puts what a line says into fields, the correlator copies them into
 * events, and every sink writes them through the same walk. A field's name, its
 * place in the JSON tree and its type stand once, in MT_FIELDS below.
 */
#ifndef MAILTRACE_FIELD_H
#define MAILTRACE_FIELD_H

#include "mailtrace/line.h"

#include "mailtrace/api_begin.h"

enum mt_type {
    MT_TYPE_STRING,  /* value.s */
    MT_TYPE_INTEGER, /* value.i */
    MT_TYPE_SECONDS, /* value.i in microseconds; written as a JSON number of seconds */
    MT_TYPE_TIME,    /* value.t */
    MT_TYPE_BOOLEAN, /* value.i: 0 or 1 */
    MT_TYPE_TREE,    /* value.s, written as an object or array by the walk: see event.h */
};

/* X(identifier, the object that it stands in, name). TOP is the event itself. */
#define MT_OBJECTS(X)                  \
    X(TOP, TOP, "")                    \
    X(CLIENT, TOP, "client")           \
    X(CLIENT_TLS, CLIENT, "tls")       \
    X(ORIG_CLIENT, TOP, "orig_client") \
    X(RELAY, TOP, "relay")             \
    X(TLS, TOP, "tls")                 \
    X(DELAYS, TOP, "delays")           \
    X(COUNTS, TOP, "counts")

enum mt_object {
#define MT_OBJECT_ENUM(id, parent, name) MT_O_##id,
    MT_OBJECTS(MT_OBJECT_ENUM)
#undef MT_OBJECT_ENUM
        MT_OBJECT_COUNT
};

/* X(identifier, object that holds it, name, type).
 * The order is the order of the keys of a record; an event's order is made of runs of it.
 */
#define MT_FIELDS(X)                                          \
    X(EVENT, TOP, "event", STRING)                            \
    X(RECORD, TOP, "record", STRING)                          \
    X(ID, TOP, "id", STRING)                                  \
    X(TRACE_ID, TOP, "trace_id", STRING)                      \
    X(TIME, TOP, "time", TIME)                                \
    X(HOST, TOP, "host", STRING)                              \
    X(MTA, TOP, "mta", STRING)                                \
    X(FILTER, TOP, "filter", STRING)                          \
    X(INSTANCE, TOP, "instance", STRING)                      \
    X(PROGRAM, TOP, "program", STRING)                        \
    X(PID, TOP, "pid", INTEGER)                               \
    X(QUEUE_ID, TOP, "queue_id", STRING)                      \
    X(EXTERNAL_ID, TOP, "external_id", STRING)                \
    X(MESSAGE_ID, TOP, "message_id", STRING)                  \
    X(FROM, TOP, "from", STRING)                              \
    X(SIZE, TOP, "size", INTEGER)                             \
    X(NRCPT, TOP, "nrcpt", INTEGER)                           \
    X(SUBJECT, TOP, "subject", STRING)                        \
    X(ARRIVED, TOP, "arrived", TIME)                          \
    X(ORIGIN, TOP, "origin", STRING)                          \
    X(PARENT_QUEUE_ID, TOP, "parent_queue_id", STRING)        \
    X(PARENT_TRACE_ID, TOP, "parent_trace_id", STRING)        \
    X(DIRECTION, TOP, "direction", STRING)                    \
    X(CLIENT_NAME, CLIENT, "name", STRING)                    \
    X(CLIENT_IP, CLIENT, "ip", STRING)                        \
    X(CLIENT_PORT, CLIENT, "port", INTEGER)                   \
    X(CLIENT_HELO, CLIENT, "helo", STRING)                    \
    X(CLIENT_PROTOCOL, CLIENT, "protocol", STRING)            \
    X(CLIENT_USER, CLIENT, "user", STRING)                    \
    X(CLIENT_MECHANISM, CLIENT, "mechanism", STRING)          \
    X(CLIENT_UID, CLIENT, "uid", INTEGER)                     \
    X(CLIENT_TLS_VERSION, CLIENT_TLS, "version", STRING)      \
    X(CLIENT_TLS_CIPHER, CLIENT_TLS, "cipher", STRING)        \
    X(CLIENT_TLS_BITS, CLIENT_TLS, "bits", INTEGER)           \
    X(CLIENT_TLS_VERIFY, CLIENT_TLS, "verify", STRING)        \
    X(ORIG_CLIENT_NAME, ORIG_CLIENT, "name", STRING)          \
    X(ORIG_CLIENT_IP, ORIG_CLIENT, "ip", STRING)              \
    X(ORIG_CLIENT_PORT, ORIG_CLIENT, "port", INTEGER)         \
    X(TO, TOP, "to", STRING)                                  \
    X(ORIG_TO, TOP, "orig_to", STRING)                        \
    X(TRANSPORT, TOP, "transport", STRING)                    \
    X(RELAY_NAME, RELAY, "name", STRING)                      \
    X(RELAY_IP, RELAY, "ip", STRING)                          \
    X(RELAY_PORT, RELAY, "port", INTEGER)                     \
    X(RELAY_PATH, RELAY, "path", STRING)                      \
    X(TLS_VERSION, TLS, "version", STRING)                    \
    X(TLS_CIPHER, TLS, "cipher", STRING)                      \
    X(TLS_BITS, TLS, "bits", INTEGER)                         \
    X(TLS_VERIFY, TLS, "verify", STRING)                      \
    X(ATTEMPT, TOP, "attempt", INTEGER)                       \
    X(DELAY, TOP, "delay", SECONDS)                           \
    X(DELAYS_BEFORE_QUEUE, DELAYS, "before_queue", SECONDS)   \
    X(DELAYS_IN_QUEUE, DELAYS, "in_queue", SECONDS)           \
    X(DELAYS_CONNECT, DELAYS, "connect", SECONDS)             \
    X(DELAYS_TRANSMIT, DELAYS, "transmit", SECONDS)           \
    X(STAGE, TOP, "stage", STRING)                            \
    X(ACTION, TOP, "action", STRING)                          \
    X(DSN, TOP, "dsn", STRING)                                \
    X(STATUS, TOP, "status", STRING)                          \
    X(REPLY_CODE, TOP, "reply_code", INTEGER)                 \
    X(RESPONSE, TOP, "response", STRING)                      \
    X(CAUSE, TOP, "cause", STRING)                            \
    X(BLOCKLIST, TOP, "blocklist", STRING)                    \
    X(NEXT_QUEUE_ID, TOP, "next_queue_id", STRING)            \
    X(FINAL, TOP, "final", BOOLEAN)                           \
    X(RESULT, TOP, "result", STRING)                          \
    X(REASON, TOP, "reason", STRING)                          \
    X(USER, TOP, "user", STRING)                              \
    X(MECHANISM, TOP, "mechanism", STRING)                    \
    X(COMMANDS, TOP, "commands", TREE)                        \
    X(ACCEPTED, TOP, "accepted", TREE)                        \
    X(DURATION, TOP, "duration", SECONDS)                     \
    X(RECIPIENTS, TOP, "recipients", TREE)                    \
    X(RECIPIENTS_OMITTED, TOP, "recipients_omitted", INTEGER) \
    X(COUNTS_SENT, COUNTS, "sent", INTEGER)                   \
    X(COUNTS_DEFERRED, COUNTS, "deferred", INTEGER)           \
    X(COUNTS_BOUNCED, COUNTS, "bounced", INTEGER)             \
    X(COUNTS_EXPIRED, COUNTS, "expired", INTEGER)             \
    X(COUNTS_DISCARDED, COUNTS, "discarded", INTEGER)         \
    X(BOUNCE_QUEUE_ID, TOP, "bounce_queue_id", STRING)        \
    X(VERDICTS, TOP, "verdicts", TREE)                        \
    X(RECEIVED, TOP, "received", TREE)                        \
    X(LINES, TOP, "lines", INTEGER)                           \
    X(TEXT, TOP, "text", STRING)

enum mt_field {
#define MT_FIELD_ENUM(id, object, name, type) MT_F_##id,
    MT_FIELDS(MT_FIELD_ENUM)
#undef MT_FIELD_ENUM
        MT_FIELD_COUNT
};

struct mt_field_info {
    const char *name;
    enum mt_object object;
    enum mt_type type;
};

extern const struct mt_field_info mt_field_info[MT_FIELD_COUNT];

struct mt_object_info {
    const char *name;
    enum mt_object parent;
};

extern const struct mt_object_info mt_object_info[MT_OBJECT_COUNT];

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

#include "mailtrace/api_end.h"

#endif
