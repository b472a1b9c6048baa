/* The walk over events and records: which keys, in which order, in which objects.
 *
 * This is the only description of that order. It is compiled into each sink for which
 * speed counts (json_text.c), and once for all others (walk.c, behind struct mt_visitor):
 * a file that includes it has defined before
 *
 *     struct sink;
 *     static inline void sink_open(struct sink *, const struct mt_key *, bool array);
 *     static inline void sink_close(struct sink *, bool array);
 *     static inline void sink_string(struct sink *, const struct mt_key *, struct mt_slice);
 *     static inline void sink_integer(struct sink *, const struct mt_key *, int64_t);
 *     static inline void sink_seconds(struct sink *, const struct mt_key *, int64_t usec);
 *     static inline void sink_boolean(struct sink *, const struct mt_key *, bool);
 *
 * and uses walk_event() or walk_record(). The key is NULL for elements of arrays and
 * for the outermost object.
 */
#ifndef MT_EVENT_WALK_H
#define MT_EVENT_WALK_H

#include "commands.h"
#include "hop.h"
#include "key.h"

/* The order. A span is a run of MT_FIELDS; an event's keys are the spans of its kind, one
 * after the other. A field that stands in none of them is not written.
 */
struct span {
    unsigned char first, last;
};
#define SPAN(first, last)         \
    {                             \
        MT_F_##first, MT_F_##last \
    }
#define ONE(field) SPAN(field, field)
#define COMMON     SPAN(ID, INSTANCE), SPAN(QUEUE_ID, CLIENT_TLS_VERIFY)

/* Each ends with {0, 0}: EVENT itself comes first in all of them. */
static const struct span event_spans[MT_EVENT_COUNT][8] = {
    [MT_EVENT_DELIVERY] = {COMMON, SPAN(TO, DELAYS_TRANSMIT), SPAN(DSN, FINAL)},
    [MT_EVENT_MESSAGE] = {COMMON, SPAN(RESULT, REASON), SPAN(DURATION, LINES)},
    [MT_EVENT_REJECT] = {COMMON, ONE(TO), SPAN(STAGE, ACTION), ONE(REPLY_CODE), ONE(DSN), ONE(RESPONSE)},
    [MT_EVENT_SESSION] = {COMMON, ONE(REASON), ONE(STAGE), SPAN(USER, ACCEPTED), ONE(RESPONSE)},
};

static const struct place {
    struct mt_key key;
    unsigned char object, type;
} places[MT_FIELD_COUNT] = {
#define MT_ROW(id, object, name, type) [MT_F_##id] = {MT_KEY(name), MT_O_##object, MT_TYPE_##type},
    MT_FIELDS(MT_ROW)
#undef MT_ROW
};

static const struct mt_key object_keys[MT_OBJECT_COUNT] = {
#define MT_ROW(id, parent, name) [MT_O_##id] = MT_KEY(name),
    MT_OBJECTS(MT_ROW)
#undef MT_ROW
};

static const unsigned char object_parents[MT_OBJECT_COUNT] = {
#define MT_ROW(id, parent, name) [MT_O_##id] = MT_O_##parent,
    MT_OBJECTS(MT_ROW)
#undef MT_ROW
};

static const struct mt_key command_keys[] = {
#define MT_ROW(name) MT_KEY(name),
    MT_COMMANDS(MT_ROW)
#undef MT_ROW
};

struct walk {
    struct sink *sink;
    const struct mt_fields *f;
    const struct mt_recipient *recipients;
    size_t nrecipients;
    unsigned object; /* the innermost one that is open: enum mt_object */
};

static inline bool object_holds(unsigned outer, unsigned inner)
{
    while (inner != outer && inner != MT_O_TOP) {
        inner = object_parents[inner];
    }
    return inner == outer;
}

/* Closes and opens objects until `object` is the innermost. */
static __attribute__((noinline)) void walk_move(struct walk *w, unsigned object)
{
    while (!object_holds(w->object, object)) {
        sink_close(w->sink, false);
        w->object = object_parents[w->object];
    }
    while (w->object != object) {
        unsigned next = object;
        while (object_parents[next] != w->object) {
            next = object_parents[next];
        }
        sink_open(w->sink, &object_keys[next], false);
        w->object = next;
    }
}

static inline void walk_enter(struct walk *w, unsigned object)
{
    if (object != w->object) {
        walk_move(w, object);
    }
}

static inline void walk_string(struct walk *w, enum mt_field id, struct mt_slice s)
{
    if (s.n || id == MT_F_FROM) {
        walk_enter(w, places[id].object);
        sink_string(w->sink, &places[id].key, s);
    }
}

static inline void walk_integer(struct walk *w, enum mt_field id, int64_t i)
{
    walk_enter(w, places[id].object);
    sink_integer(w->sink, &places[id].key, i);
}

static inline void sink_time(struct sink *sink, const struct mt_key *key, const struct mt_time *t)
{
    char buf[MT_TIME_MAX];

    sink_string(sink, key, mt_slice(buf, mt_time_format(t, buf)));
}

/* "commands" (what was tried) or "accepted". */
static inline void walk_commands(struct walk *w, enum mt_field id, struct mt_slice text)
{
    struct mt_command command;
    uint32_t seen = 0;

    walk_enter(w, MT_O_TOP);
    while (mt_command_next(&text, &seen, &command)) {
        if ((seen & (seen - 1)) == 0) {
            sink_open(w->sink, &places[id].key, false);
        }
        sink_integer(w->sink, &command_keys[command.index], id == MT_F_COMMANDS ? command.tried : command.accepted);
    }
    if (seen) {
        sink_close(w->sink, false);
    }
}

static inline void sink_known(struct sink *sink, const struct mt_key *key, struct mt_slice s)
{
    if (s.n) {
        sink_string(sink, key, s);
    }
}

static inline void sink_relay(struct sink *sink, const struct mt_recipient *r)
{
    if (!r->relay_name.n && !r->relay_ip.n && !r->relay_port && !r->relay_path.n) {
        return;
    }
    sink_open(sink, &object_keys[MT_O_RELAY], false);
    sink_known(sink, &places[MT_F_RELAY_NAME].key, r->relay_name);
    sink_known(sink, &places[MT_F_RELAY_IP].key, r->relay_ip);
    if (r->relay_port) {
        sink_integer(sink, &places[MT_F_RELAY_PORT].key, r->relay_port);
    }
    sink_known(sink, &places[MT_F_RELAY_PATH].key, r->relay_path);
    sink_close(sink, false);
}

static inline void sink_recipient(struct sink *sink, const struct mt_recipient *r)
{
    static const struct mt_key attempts = MT_KEY("attempts");

    sink_open(sink, NULL, false);
    sink_known(sink, &places[MT_F_TO].key, r->to);
    sink_known(sink, &places[MT_F_ORIG_TO].key, r->orig_to);
    sink_known(sink, &places[MT_F_STATUS].key, mt_slice_str(mt_status_names[r->status]));
    sink_known(sink, &places[MT_F_DSN].key, r->dsn);
    sink_relay(sink, r);
    sink_known(sink, &places[MT_F_NEXT_QUEUE_ID].key, r->next_queue_id);
    if (r->attempts) {
        sink_integer(sink, &attempts, r->attempts);
    }
    if (r->delay >= 0) {
        sink_seconds(sink, &places[MT_F_DELAY].key, r->delay);
    }
    if (r->time.usec) {
        sink_time(sink, &places[MT_F_TIME].key, &r->time);
    }
    sink_close(sink, false);
}

static inline void walk_recipients(struct walk *w)
{
    if (!w->nrecipients) {
        return;
    }
    walk_enter(w, MT_O_TOP);
    sink_open(w->sink, &places[MT_F_RECIPIENTS].key, true);
    for (size_t i = 0; i < w->nrecipients; i++) {
        sink_recipient(w->sink, &w->recipients[i]);
    }
    sink_close(w->sink, true);
}

/* A tree. ACCEPTED comes with COMMANDS: the same text says both. */
static inline void walk_tree(struct walk *w, enum mt_field id)
{
    switch (id) {
    case MT_F_COMMANDS:
        walk_commands(w, id, w->f->v[id].s);
        if (!mt_has(w->f, MT_F_ACCEPTED)) {
            walk_commands(w, MT_F_ACCEPTED, w->f->v[id].s);
        }
        break;
    case MT_F_ACCEPTED:
        walk_commands(w, id, w->f->v[id].s);
        break;
    case MT_F_RECIPIENTS:
        walk_recipients(w);
        break;
    case MT_F_RECEIVED:
        walk_hops(w->sink, &places[id].key, w->f->v[id].s);
        break;
    default:
        break;
    }
}

/* Strings first, for they are most. */
static inline void walk_field(struct walk *w, enum mt_field id)
{
    const union mt_value *v = &w->f->v[id];
    const struct place *place = &places[id];

    if (place->type == MT_TYPE_STRING) {
        walk_string(w, id, v->s);
        return;
    }
    walk_enter(w, place->object);
    switch ((enum mt_type)place->type) {
    case MT_TYPE_INTEGER:
        sink_integer(w->sink, &place->key, v->i);
        break;
    case MT_TYPE_SECONDS:
        sink_seconds(w->sink, &place->key, v->i);
        break;
    case MT_TYPE_TIME:
        sink_time(w->sink, &place->key, &v->t);
        break;
    case MT_TYPE_BOOLEAN:
        sink_boolean(w->sink, &place->key, v->i != 0);
        break;
    case MT_TYPE_TREE:
        walk_tree(w, id);
        break;
    case MT_TYPE_STRING:
        break;
    }
}

/* The fields first to last that are set. Bits of a word of mt_fields.have, lowest first. */
static inline void walk_span(struct walk *w, unsigned first, unsigned last)
{
    for (unsigned word = first >> 6; word <= last >> 6; word++) {
        uint64_t bits = w->f->have[word];
        bits &= word == first >> 6 ? UINT64_MAX << (first & 63) : UINT64_MAX;
        bits &= word == last >> 6 ? UINT64_MAX >> (63 - (last & 63)) : UINT64_MAX;
        for (; bits; bits &= bits - 1) {
            walk_field(w, (enum mt_field)(word * 64 + (unsigned)__builtin_ctzll(bits)));
        }
    }
}

static inline void walk_event(struct sink *sink, const struct mt_event *event)
{
    struct walk w = {sink, &event->f, event->recipients, event->nrecipients, MT_O_TOP};

    sink_open(sink, NULL, false);
    walk_string(&w, MT_F_EVENT, mt_slice_str(mt_event_names[event->kind]));
    for (const struct span *span = event_spans[event->kind]; span->last; span++) {
        walk_span(&w, span->first, span->last);
    }
    walk_enter(&w, MT_O_TOP);
    sink_close(sink, false);
}

/* Sendmail's list as an array; a list of one as a plain "to". */
static inline void walk_record_list(struct walk *w, const struct mt_record *rec)
{
    struct mt_slice rest = mt_get(&rec->f, MT_F_TO), address;

    walk_enter(w, MT_O_TOP);
    sink_open(w->sink, &places[MT_F_RECIPIENTS].key, true);
    while (mt_recipient_next(rec, &rest, &address)) {
        sink_open(w->sink, NULL, false);
        sink_known(w->sink, &places[MT_F_TO].key, address);
        sink_close(w->sink, false);
    }
    sink_close(w->sink, true);
}

/* Returns whether there is more than one recipient; *first is the first one. */
static inline bool record_recipients(const struct mt_record *rec, struct mt_slice *first)
{
    struct mt_slice rest = mt_get(&rec->f, MT_F_TO), second;

    *first = mt_slice(NULL, 0);
    return mt_recipient_next(rec, &rest, first) && mt_recipient_next(rec, &rest, &second);
}

/* What a record holds beside its fields: who wrote the line, and when. */
static inline void walk_record_head(struct walk *w, const struct mt_record *rec)
{
    walk_string(w, MT_F_RECORD, mt_slice_str(mt_kind_names[rec->kind]));
    if (rec->line.time.usec) {
        sink_time(w->sink, &places[MT_F_TIME].key, &rec->line.time);
    }
    walk_string(w, MT_F_HOST, rec->line.host);
    walk_string(w, MT_F_MTA, mt_slice_str(mt_mta_names[rec->mta]));
    walk_span(w, MT_F_INSTANCE, MT_F_INSTANCE);
    walk_string(w, MT_F_PROGRAM, rec->service);
    if (rec->line.pid) {
        walk_integer(w, MT_F_PID, rec->line.pid);
    }
}

static inline void walk_record(struct sink *sink, const struct mt_record *rec)
{
    struct walk w = {sink, &rec->f, NULL, 0, MT_O_TOP};
    struct mt_slice to;
    bool many = record_recipients(rec, &to);

    sink_open(sink, NULL, false);
    walk_record_head(&w, rec);
    walk_span(&w, MT_F_QUEUE_ID, MT_F_TO - 1);
    if (!many) {
        walk_string(&w, MT_F_TO, to);
    }
    walk_span(&w, MT_F_TO + 1, MT_F_STATUS - 1);
    walk_string(&w, MT_F_STATUS, mt_slice_str(mt_status_names[rec->status]));
    walk_span(&w, MT_F_STATUS + 1, MT_F_RECIPIENTS - 1);
    if (many) {
        walk_record_list(&w, rec);
    }
    walk_span(&w, MT_F_RECIPIENTS + 1, MT_FIELD_COUNT - 1);
    walk_enter(&w, MT_O_TOP);
    sink_close(sink, false);
}

#undef SPAN
#undef ONE
#undef COMMON

#endif
