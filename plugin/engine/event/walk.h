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
 *     static inline void sink_time(struct sink *, const struct mt_key *, const struct mt_time *);
 *     static inline void sink_integer(struct sink *, const struct mt_key *, int64_t);
 *     static inline void sink_seconds(struct sink *, const struct mt_key *, int64_t usec);
 *     static inline void sink_boolean(struct sink *, const struct mt_key *, bool);
 *
 * and uses walk_event() or walk_record(). The key is NULL for elements of arrays and
 * for the outermost object.
 */
#ifndef MT_EVENT_WALK_H
#define MT_EVENT_WALK_H

#include "base/words.h"
#include "hop.h"
#include "key.h"

/* The order. A run is a set of fields that are written in the order of MT_FIELDS; an event's
 * keys are the runs of its kind, one after the other. A field that stands in none of them is not written.
 */
struct run {
    uint64_t mask[2]; /* as mt_fields.have */
};

/* Of word w of such a set: the bits of the fields before f, and of those from first to last. */
#define BEFORE(w, f)            ((f) <= (w)*64 ? 0 : (f) >= (w)*64 + 64 ? UINT64_MAX : (UINT64_C(1) << ((f)&63)) - 1)
#define BETWEEN(w, first, last) (BEFORE(w, (last) + 1) & ~BEFORE(w, first))
#define SPAN(w, first, last)    BETWEEN(w, MT_F_##first, MT_F_##last)
#define ONE(w, field)           SPAN(w, field, field)
#define COMMON(w)               (SPAN(w, ID, INSTANCE) | SPAN(w, QUEUE_ID, CLIENT_TLS_VERIFY))

#define DELIVERY(w)      (COMMON(w) | SPAN(w, TO, DELAYS_TRANSMIT) | SPAN(w, DSN, FINAL))
#define MESSAGE(w)       (COMMON(w) | SPAN(w, RESULT, REASON) | SPAN(w, DURATION, LINES))
#define REJECT(w)        (COMMON(w) | ONE(w, TO) | SPAN(w, STAGE, ACTION) | ONE(w, REPLY_CODE))
#define REJECT_REPLY(w)  (ONE(w, DSN) | ONE(w, RESPONSE))
#define SESSION(w)       (COMMON(w) | ONE(w, REASON))
#define SESSION_STAGE(w) (ONE(w, STAGE) | SPAN(w, USER, ACCEPTED))
#define SESSION_REPLY(w) ONE(w, RESPONSE)

#define RUN(set)           \
    {                      \
        {                  \
            set(0), set(1) \
        }                  \
    }

/* Each ends with an empty one. EVENT itself comes first in all of them. */
static const struct run event_runs[MT_EVENT_COUNT][4] = {
    [MT_EVENT_DELIVERY] = {RUN(DELIVERY)},
    [MT_EVENT_MESSAGE] = {RUN(MESSAGE)},
    [MT_EVENT_REJECT] = {RUN(REJECT), RUN(REJECT_REPLY)},
    [MT_EVENT_SESSION] = {RUN(SESSION), RUN(SESSION_STAGE), RUN(SESSION_REPLY)},
};

static const struct place { /* 64 bytes: to find one is a shift */
    _Alignas(64) struct mt_key key;
    unsigned char object, type;
} places[MT_FIELD_COUNT] = {
#define MT_ROW(id, object, name, type) [MT_F_##id] = {MT_KEY(name), MT_O_##object, MT_TYPE_##type},
    MT_FIELDS(MT_ROW)
#undef MT_ROW
};

static inline enum mt_field id_of(const struct place *place)
{
    return (enum mt_field)(place - places);
}

static const struct mt_key object_keys[MT_OBJECT_COUNT] = {
#define MT_ROW(id, parent, name) [MT_O_##id] = MT_KEY(name),
    MT_OBJECTS(MT_ROW)
#undef MT_ROW
};

/* Each object and those that it stands in, of which there are at most two, as a set of 1u << enum mt_object. */
enum {
#define MT_ROW(id, parent, name) PARENT_OF_##id = MT_O_##parent,
    MT_OBJECTS(MT_ROW)
#undef MT_ROW
};

static const unsigned char object_paths[MT_OBJECT_COUNT] = {
#define MT_ROW(id, parent, name) [MT_O_##id] = 1u << MT_O_##id | 1u << MT_O_##parent | 1u << PARENT_OF_##parent,
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
    const struct mt_event *lists; /* the lists of this one count, and its fields do not */
    unsigned object;              /* the innermost one that is open: enum mt_object */
};

/* Closes and opens objects, `open` being the innermost, until `object` is. Outer objects come first in MT_OBJECTS. */
static inline void sink_move(struct sink *sink, unsigned open, unsigned object)
{
    unsigned from = object_paths[open], to = object_paths[object];

    for (unsigned rest = from & ~to; rest; rest &= rest - 1) {
        sink_close(sink, false);
    }
    for (unsigned rest = to & ~from; rest; rest &= rest - 1) {
        sink_open(sink, &object_keys[__builtin_ctz(rest)], false);
    }
}

static __attribute__((noinline)) void walk_enter(struct walk *w, unsigned object)
{
    sink_move(w->sink, w->object, object);
    w->object = object;
}

/* Whether a string that is set is written: the null sender is, though it is empty. */
static inline bool is_written(enum mt_field id, struct mt_slice s)
{
    return s.n || id == MT_F_FROM;
}

/* A string that stands beside the fields. */
static __attribute__((noinline)) void walk_word(struct walk *w, enum mt_field id, struct mt_slice s)
{
    if (is_written(id, s)) {
        walk_enter(w, places[id].object);
        sink_string(w->sink, &places[id].key, s);
    }
}

static inline void walk_integer(struct walk *w, enum mt_field id, int64_t i)
{
    walk_enter(w, places[id].object);
    sink_integer(w->sink, &places[id].key, i);
}

/* The members of "commands" (what was tried) or "accepted". */
static inline void walk_commands(struct walk *w, enum mt_field id)
{
    const struct mt_event *lists = w->lists;

    if (!lists->ncommands) {
        return;
    }
    sink_open(w->sink, &places[id].key, false);
    for (size_t i = 0; i < lists->ncommands; i++) {
        const struct mt_command *command = &lists->commands[i];
        sink_integer(w->sink, &command_keys[command->index], id == MT_F_COMMANDS ? command->tried : command->accepted);
    }
    sink_close(w->sink, false);
}

static __attribute__((noinline)) void sink_known(struct sink *sink, const struct mt_key *key, struct mt_slice s)
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
    sink_known(sink, &places[MT_F_STATUS].key, mt_status_words[r->status]);
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
    if (!w->lists->nrecipients) {
        return;
    }
    sink_open(w->sink, &places[MT_F_RECIPIENTS].key, true);
    for (size_t i = 0; i < w->lists->nrecipients; i++) {
        sink_recipient(w->sink, &w->lists->recipients[i]);
    }
    sink_close(w->sink, true);
}

static inline void walk_hops(struct walk *w)
{
    if (!w->lists->nhops) {
        return;
    }
    sink_open(w->sink, &places[MT_F_RECEIVED].key, true);
    for (size_t i = 0; i < w->lists->nhops; i++) {
        walk_hop(w->sink, &w->lists->hops[i]);
    }
    sink_close(w->sink, true);
}

/* A tree, which stands in the outermost object. */
static __attribute__((noinline)) void walk_tree(struct walk *w, enum mt_field id)
{
    switch (id) {
    case MT_F_COMMANDS:
    case MT_F_ACCEPTED:
        walk_commands(w, id);
        break;
    case MT_F_RECIPIENTS:
        walk_recipients(w);
        break;
    case MT_F_RECEIVED:
        walk_hops(w);
        break;
    default:
        break;
    }
}

/* Neither a string nor a tree; the commonest first. */
static inline void sink_value(struct sink *sink, const struct place *place, const union mt_value *v)
{
    if (place->type == MT_TYPE_INTEGER) {
        sink_integer(sink, &place->key, v->i);
    } else if (place->type == MT_TYPE_SECONDS) {
        sink_seconds(sink, &place->key, v->i);
    } else if (place->type == MT_TYPE_TIME) {
        sink_time(sink, &place->key, &v->t);
    } else {
        sink_boolean(sink, &place->key, v->i != 0);
    }
}

/* Of the fields from `first` on, whose values are at `values`: those whose bits are set, in their order. The sink
 * is a copy whose address is not given away, so that it stays in registers.
 */
static __attribute__((noinline)) void walk_bits(struct walk *w, uint64_t bits, const struct place *first,
                                                const union mt_value *values)
{
    struct sink sink = *w->sink;
    unsigned object = w->object;

    for (; bits; bits &= bits - 1) {
        unsigned i = (unsigned)__builtin_ctzll(bits);
        const struct place *place = &first[i];
        const union mt_value *v = &values[i];
        if (place->type == MT_TYPE_STRING && __builtin_expect(!v->s.n, 0) && !is_written(id_of(place), v->s)) {
            continue;
        }
        if (place->object != object) {
            sink_move(&sink, object, place->object);
            object = place->object;
        }
        if (place->type == MT_TYPE_STRING) { /* most are */
            sink_string(&sink, &place->key, v->s);
        } else if (place->type != MT_TYPE_TREE) {
            sink_value(&sink, place, v);
        } else {
            *w->sink = sink;
            walk_tree(w, id_of(place));
            sink = *w->sink;
        }
    }
    *w->sink = sink;
    w->object = object;
}

/* The fields of a run that are set. */
static inline void walk_run(struct walk *w, const struct run *run)
{
    for (unsigned word = 0; word < 2; word++) {
        uint64_t bits = w->f->have[word] & run->mask[word];
        if (bits) {
            walk_bits(w, bits, places + 64 * word, w->f->v + 64 * word);
        }
    }
}

static inline void walk_span(struct walk *w, unsigned first, unsigned last)
{
    walk_run(w, &(struct run){{BETWEEN(0, first, last), BETWEEN(1, first, last)}});
}

static inline void walk_event(struct sink *sink, const struct mt_event *event)
{
    struct walk w = {sink, &event->f, event, MT_O_TOP};

    sink_open(sink, NULL, false);
    sink_string(sink, &places[MT_F_EVENT].key, mt_event_words[event->kind]);
    for (const struct run *run = event_runs[event->kind]; run->mask[0] | run->mask[1]; run++) {
        walk_run(&w, run);
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
    while (mt_recipient_next(rec->list, &rest, &address)) {
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
    return mt_recipient_next(rec->list, &rest, first) && mt_recipient_next(rec->list, &rest, &second);
}

/* What a record holds beside its fields: who wrote the line, and when. */
static inline void walk_record_head(struct walk *w, const struct mt_record *rec)
{
    walk_word(w, MT_F_RECORD, mt_kind_words[rec->kind]);
    if (rec->line.time.usec) {
        sink_time(w->sink, &places[MT_F_TIME].key, &rec->line.time);
    }
    walk_word(w, MT_F_HOST, rec->line.host);
    walk_word(w, MT_F_MTA, mt_source_words[rec->source]);
    walk_span(w, MT_F_INSTANCE, MT_F_INSTANCE);
    walk_word(w, MT_F_PROGRAM, rec->service);
    if (rec->line.pid) {
        walk_integer(w, MT_F_PID, rec->line.pid);
    }
}

/* Where a record has COMMANDS, it has ACCEPTED. */
static inline void walk_record(struct sink *sink, const struct mt_record *rec, const struct mt_event *lists)
{
    struct walk w = {sink, &rec->f, lists, MT_O_TOP};
    struct mt_slice to;
    bool many = record_recipients(rec, &to);

    sink_open(sink, NULL, false);
    walk_record_head(&w, rec);
    walk_span(&w, MT_F_QUEUE_ID, MT_F_TO - 1);
    if (!many) {
        walk_word(&w, MT_F_TO, to);
    }
    walk_span(&w, MT_F_TO + 1, MT_F_STATUS - 1);
    walk_word(&w, MT_F_STATUS, mt_status_words[rec->status]);
    walk_span(&w, MT_F_STATUS + 1, MT_F_COMMANDS);
    if (mt_has(&rec->f, MT_F_COMMANDS)) {
        walk_commands(&w, MT_F_ACCEPTED);
    }
    walk_span(&w, MT_F_ACCEPTED + 1, MT_F_RECIPIENTS - 1);
    if (many) {
        walk_record_list(&w, rec);
    }
    walk_span(&w, MT_F_RECIPIENTS + 1, MT_FIELD_COUNT - 1);
    walk_enter(&w, MT_O_TOP);
    sink_close(sink, false);
}

#undef BEFORE
#undef BETWEEN
#undef SPAN
#undef ONE
#undef COMMON
#undef DELIVERY
#undef MESSAGE
#undef REJECT
#undef REJECT_REPLY
#undef SESSION
#undef SESSION_STAGE
#undef SESSION_REPLY
#undef RUN

#endif
