/* Events, the walk over their fields, and the sinks that write them. */
#ifndef MAILTRACE_EVENT_H
#define MAILTRACE_EVENT_H

#include "mailtrace/record.h"

#include "mailtrace/api_begin.h"

enum mt_event_kind {
    MT_EVENT_DELIVERY,
    MT_EVENT_MESSAGE,
    MT_EVENT_REJECT,
    MT_EVENT_SESSION,
    MT_EVENT_COUNT,
};

extern const char *const mt_event_names[MT_EVENT_COUNT];

/* Sets of kinds, for options: bit 1u << kind. */
#define MT_EVENTS_ALL ((1u << MT_EVENT_COUNT) - 1)

/* Reads a list of event names separated by blanks or commas. Returns false and the
 * name that is none in *bad when there is one, or with an empty *bad for an empty list.
 */
bool mt_events_parse(struct mt_slice list, unsigned *events, struct mt_slice *bad);

/* One element of the array "recipients" of a message. Absent: empty, 0, MT_STATUS_NONE, negative. */
struct mt_recipient {
    struct mt_slice to, orig_to, dsn, next_queue_id;
    struct mt_slice relay_name, relay_ip, relay_path;
    uint16_t relay_port;
    uint8_t status; /* enum mt_status */
    uint32_t attempts;
    int64_t delay;       /* usec; negative: not known */
    struct mt_time time; /* of the last result; usec 0: none yet */
};

struct mt_hop; /* received.h */

/* An event: values only, nothing of it is to be read out of text. A view: everything it points to is valid only
 * inside the call that hands it out.
 *
 * A list counts where its field is set, whatever the field's own value: RECIPIENTS, COMMANDS (with what was
 * tried), ACCEPTED (with what was accepted of the same commands), VERDICTS, RECEIVED.
 */
struct mt_event {
    enum mt_event_kind kind;
    struct mt_fields f;
    const struct mt_recipient *recipients;
    size_t nrecipients;
    const struct mt_command *commands;
    size_t ncommands;
    const struct mt_filter_verdict *verdicts; /* in the order of their lines */
    size_t nverdicts;
    const struct mt_hop *hops; /* the oldest first */
    size_t nhops;
};

/* For who keeps events: copies of an event's lists, with the text that they point to, in one piece of memory of
 * mt_lists_size() bytes, aligned as numbers of 64 bits are. Opening makes them the lists of *to, and leaves the rest
 * of it alone.
 */
size_t mt_lists_size(const struct mt_event *event);
void mt_lists_copy(const struct mt_event *event, void *memory);
void mt_lists_open(const void *memory, struct mt_event *to);

/* A visitor is told of an event (or record) in the order of its keys.
 * key is NULL for elements of arrays. Strings are raw: neither checked for UTF-8
 * nor escaped; they live until the walk returns.
 */
struct mt_visitor {
    void (*open)(void *ctx, const char *key, bool array);
    void (*close)(void *ctx, bool array);
    void (*string)(void *ctx, const char *key, struct mt_slice s);
    void (*integer)(void *ctx, const char *key, int64_t i);
    void (*seconds)(void *ctx, const char *key, int64_t usec);
    void (*boolean)(void *ctx, const char *key, bool b);
};

/* Under which names, in which objects and in which order an event is written: native (doc/events.md), ecs, ocsf, cim, otlp
 * (doc/schemas.md). Functions that end in _in take one, or NULL for native; the others are native. Who shows other values than those
 * that were logged changes the event before: no schema, and no sink, knows of it.
 */
struct mt_schema;

/* NULL: there is none of that name. The names with commas between, for messages. */
const struct mt_schema *mt_schema_find(struct mt_slice name);
extern const char mt_schema_list[];

/* The whole tree, the outermost object included (open with a NULL key). */
void mt_event_walk_in(const struct mt_schema *schema, const struct mt_event *event, const struct mt_visitor *visitor,
                      void *ctx);
void mt_event_walk(const struct mt_event *event, const struct mt_visitor *visitor, void *ctx);
void mt_record_walk(const struct mt_record *record, const struct mt_visitor *visitor, void *ctx);

/* Decimal seconds without trailing zeros: 0.25, 28, -3600. Writes at most 24 bytes
 * into buf, no NUL; returns the length.
 */
size_t mt_seconds_format(int64_t usec, char *buf);

/* Copies s into out (3 * s.n bytes) with every byte sequence that is not UTF-8
 * (RFC 3629) replaced by U+FFFD, one for each maximal ill-formed piece, and so each NUL. Returns the length.
 */
size_t mt_utf8_clean(struct mt_slice s, char *out);

/* Text that grows. Start with all zero; free p when done. */
struct mt_buffer {
    char *p;
    size_t n, size;
    bool failed; /* memory was short: the content is not to be used */
    struct mt_time_memory time;
};

void mt_buffer_free(struct mt_buffer *buffer);
void mt_buffer_append(struct mt_buffer *buffer, const void *p, size_t n);

/* Appends the JSON text, compact, no line feed. Returns false when memory is short:
 * the buffer is then as before.
 */
bool mt_event_json_in(const struct mt_schema *schema, const struct mt_event *event, struct mt_buffer *out);
bool mt_event_json(const struct mt_event *event, struct mt_buffer *out);
bool mt_record_json(const struct mt_record *record, struct mt_buffer *out);

/* The same as pairs of name and value: the names of nested keys with dots ("client.tls.version"), an array as its JSON
 * text.
 */
enum mt_pair_type {
    MT_PAIR_STRING, /* UTF-8 without NUL */
    MT_PAIR_INTEGER,
    MT_PAIR_SECONDS, /* a number with a fraction, also when it is 0 */
    MT_PAIR_BOOLEAN, /* true, false */
    MT_PAIR_JSON,
};

struct mt_pair {
    struct mt_slice name, value; /* valid inside the call that hands them out */
    enum mt_pair_type type;
};

typedef void mt_pair_fn(void *ctx, const struct mt_pair *pair);

/* Calls fn for each pair, in the order of the keys. scratch is memory that calls share: it starts with all zero, and
 * is the caller's to free. Returns false when memory was short: pairs are missing.
 */
bool mt_event_pairs_in(const struct mt_schema *schema, const struct mt_event *event, mt_pair_fn *fn, void *ctx,
                       struct mt_buffer *scratch);
bool mt_event_pairs(const struct mt_event *event, mt_pair_fn *fn, void *ctx, struct mt_buffer *scratch);

/* The same as a tree of json-c, or of libfastjson. The two libraries' headers cannot
 * meet in one file, so each function has a header of its own: json_c.h, fastjson.h.
 */

#include "mailtrace/api_end.h"

#endif
