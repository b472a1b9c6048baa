/* The walk over events and records: a sink is told of them key by key, as a schema (schema.h) says.
 *
 * It is compiled into each sink for which speed counts (json_text.c), and once for all others (walk.c, behind
 * struct mt_visitor): a file that includes it has defined before
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
#include "schema.h"

struct walk {
    struct sink *sink;
    const struct mt_schema *schema;
    const struct mt_fields *f;
    const struct mt_event *lists; /* the lists of this one count, and its fields do not */
    uint32_t path;                /* objects that are open */
};

/* Closes objects that are open, and opens others, until those of `to` are. */
static inline __attribute__((always_inline)) void sink_move(struct sink *sink, const struct mt_key *objects,
                                                            uint32_t from, uint32_t to)
{
    for (uint32_t rest = from & ~to; rest; rest &= rest - 1) {
        sink_close(sink, false);
    }
    for (uint32_t rest = to & ~from; rest; rest &= rest - 1) {
        sink_open(sink, &objects[__builtin_ctz(rest)], false);
    }
}

static __attribute__((noinline)) void walk_move(struct walk *w, uint32_t path)
{
    sink_move(w->sink, w->schema->objects, w->path, path);
    w->path = path;
}

static inline void walk_enter(struct walk *w, uint32_t path)
{
    if (w->path != path) {
        walk_move(w, path);
    }
}

/* Whether an empty string that is set is written: the null sender is. */
static inline bool is_fact(const struct walk *w, const struct mt_place *place)
{
    return place == &w->schema->places[MT_F_FROM];
}

/* A string that stands beside the fields. */
static __attribute__((noinline)) void walk_word(struct walk *w, const struct mt_place *place, struct mt_slice s)
{
    walk_enter(w, place->path);
    sink_string(w->sink, &place->key, s);
}

/* The members of "commands" (what was tried) or "accepted". */
static void walk_commands(struct walk *w, const struct mt_place *place, bool tried)
{
    const struct mt_event *lists = w->lists;

    if (!lists->ncommands) {
        return;
    }
    walk_enter(w, place->path);
    sink_open(w->sink, &place->key, false);
    for (size_t i = 0; i < lists->ncommands; i++) {
        const struct mt_command *command = &lists->commands[i];
        sink_integer(w->sink, &w->schema->commands[command->index], tried ? command->tried : command->accepted);
    }
    sink_close(w->sink, false);
}

/* --- lists --- */

/* An item of a list on its way. What takes a pointer to it is compiled into walk_item(), so that the sink, which is
 * a copy as in walk_bits(), stays in registers.
 */
struct item {
    struct sink sink;
    const struct mt_key *objects;
    const char *at;
    uint32_t path;
};

#define ITEM_INLINE inline __attribute__((always_inline))

/* Opens the objects that a member stands in, if it is there. */
static ITEM_INLINE bool item_has(struct item *i, const struct mt_member *m, bool there)
{
    if (there && m->path != i->path) {
        sink_move(&i->sink, i->objects, i->path, m->path);
        i->path = m->path;
    }
    return there;
}

/* Whether a flag says that the member is there; where it has none, `otherwise`. */
static ITEM_INLINE bool item_tells(const struct item *i, const struct mt_member *m, bool otherwise)
{
    return m->given ? *(const bool *)(i->at + m->given) : otherwise;
}

static ITEM_INLINE void item_string(struct item *i, const struct mt_member *m, struct mt_slice s)
{
    if (item_has(i, m, s.n != 0)) {
        sink_string(&i->sink, &m->key, s);
    }
}

static ITEM_INLINE void item_integer(struct item *i, const struct mt_member *m, int64_t n)
{
    if (item_has(i, m, n != 0)) {
        sink_integer(&i->sink, &m->key, n);
    }
}

static ITEM_INLINE void item_seconds(struct item *i, const struct mt_member *m, int64_t usec)
{
    if (item_has(i, m, item_tells(i, m, usec >= 0))) {
        sink_seconds(&i->sink, &m->key, usec);
    }
}

static ITEM_INLINE void item_time(struct item *i, const struct mt_member *m, const struct mt_time *t)
{
    if (item_has(i, m, item_tells(i, m, t->usec != 0))) {
        sink_time(&i->sink, &m->key, t);
    }
}

static ITEM_INLINE void item_member(struct item *i, const struct mt_member *m)
{
    const void *at = i->at + m->offset;

    switch (m->type) {
    case MT_MEMBER_STATUS:
        item_string(i, m, mt_status_words[*(const uint8_t *)at]);
        break;
    case MT_MEMBER_UINT16:
        item_integer(i, m, *(const uint16_t *)at);
        break;
    case MT_MEMBER_UINT32:
        item_integer(i, m, *(const uint32_t *)at);
        break;
    case MT_MEMBER_SECONDS:
        item_seconds(i, m, *(const int64_t *)at);
        break;
    case MT_MEMBER_TIME:
        item_time(i, m, at);
        break;
    default: /* MT_MEMBER_BOOLEAN */
        if (item_has(i, m, item_tells(i, m, true))) {
            sink_boolean(&i->sink, &m->key, *(const bool *)at);
        }
        break;
    }
}

/* How long a member is that is an array. */
static ITEM_INLINE size_t item_count(const struct item *i, const struct mt_member *m)
{
    return *(const size_t *)(const void *)(i->at + m->count);
}

static void walk_array(struct sink *sink, const struct mt_schema *schema, const struct mt_member *m, const void *at,
                       size_t n);

static __attribute__((noinline)) void walk_item(struct sink *sink, const struct mt_schema *schema,
                                                const struct mt_member *m, const void *at)
{
    struct item i = {*sink, schema->objects, at, 0};

    sink_open(&i.sink, NULL, false);
    for (; m->type; m++) {
        if (m->type == MT_MEMBER_STRING) { /* most are */
            item_string(&i, m, *(const struct mt_slice *)(const void *)(i.at + m->offset));
        } else if (m->type < MT_MEMBER_STRINGS) {
            item_member(&i, m);
        } else if (item_has(&i, m, item_count(&i, m) != 0)) {
            *sink = i.sink;
            walk_array(sink, schema, m, i.at + m->offset, item_count(&i, m));
            i.sink = *sink;
        }
    }
    sink_move(&i.sink, i.objects, i.path, 0);
    sink_close(&i.sink, false);
    *sink = i.sink;
}

/* An array in an item. */
static void walk_array(struct sink *sink, const struct mt_schema *schema, const struct mt_member *m, const void *at,
                       size_t n)
{
    sink_open(sink, &m->key, true);
    for (size_t i = 0; i < n; i++) {
        if (m->type == MT_MEMBER_STRINGS) {
            sink_string(sink, NULL, ((const struct mt_slice *)at)[i]);
        } else {
            walk_item(sink, schema, schema->symbol, *(const struct mt_symbol *const *)at + i);
        }
    }
    sink_close(sink, true);
}

static void walk_list(struct walk *w, const struct mt_place *place, const struct mt_member *members, const void *items,
                      size_t n, size_t size)
{
    if (!n) {
        return;
    }
    walk_enter(w, place->path);
    sink_open(w->sink, &place->key, true);
    for (size_t i = 0; i < n; i++) {
        walk_item(w->sink, w->schema, members, (const char *)items + i * size);
    }
    sink_close(w->sink, true);
}

static void walk_verdicts_of(struct walk *w, const struct mt_verdict_list *list, uint8_t kind)
{
    const struct mt_event *lists = w->lists;
    bool open = false;

    for (size_t i = 0; i < lists->nverdicts; i++) {
        if (lists->verdicts[i].kind != kind) {
            continue;
        }
        if (!open) {
            walk_enter(w, list->place.path);
            sink_open(w->sink, &list->place.key, true);
            open = true;
        }
        walk_item(w->sink, w->schema, list->members, &lists->verdicts[i]);
    }
    if (open) {
        sink_close(w->sink, true);
    }
}

static void walk_verdicts(struct walk *w)
{
    for (uint8_t kind = 0; kind < MT_VERDICT_COUNT; kind++) {
        walk_verdicts_of(w, &w->schema->verdicts[kind], kind);
    }
}

static __attribute__((noinline)) void walk_tree(struct walk *w, enum mt_field id)
{
    const struct mt_schema *schema = w->schema;
    const struct mt_place *place = &schema->places[id];
    const struct mt_event *lists = w->lists;

    switch (id) {
    case MT_F_COMMANDS:
    case MT_F_ACCEPTED:
        walk_commands(w, place, id == MT_F_COMMANDS);
        break;
    case MT_F_RECIPIENTS:
        walk_list(w, place, schema->recipient, lists->recipients, lists->nrecipients, sizeof *lists->recipients);
        break;
    case MT_F_VERDICTS:
        walk_verdicts(w);
        break;
    case MT_F_RECEIVED:
        walk_list(w, place, schema->hop, lists->hops, lists->nhops, sizeof *lists->hops);
        break;
    default:
        break;
    }
}

/* --- fields --- */

/* Neither a string nor a tree; the commonest first. */
static inline void sink_value(struct sink *sink, const struct mt_place *place, const union mt_value *v)
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

/* Of the fields from `first` on, whose values are at v: those whose bits are set, in their order. The sink
 * is a copy whose address is not given away, so that it stays in registers.
 */
static __attribute__((noinline)) void walk_bits(struct walk *w, uint64_t bits, const struct mt_place *first,
                                                const union mt_value *v)
{
    struct sink sink = *w->sink;
    uint32_t path = w->path;

    for (const struct mt_place *place = first; bits; bits >>= 1, place++, v++) {
        int next = __builtin_ctzll(bits);
        bits >>= next;
        place += next;
        v += next;
        /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): bits are set of places alone */
        if (place->type == MT_TYPE_STRING && __builtin_expect(!v->s.n, 0) && !is_fact(w, place)) {
            continue;
        }
        if (__builtin_expect(place->path != path, 0)) {
            sink_move(&sink, w->schema->objects, path, place->path);
            path = place->path;
        }
        if (place->type == MT_TYPE_STRING) { /* most are */
            sink_string(&sink, &place->key, v->s);
        } else if (place->type != MT_TYPE_TREE) {
            sink_value(&sink, place, v);
        } else {
            *w->sink = sink;
            w->path = path;
            walk_tree(w, (enum mt_field)(place - w->schema->places));
            sink = *w->sink;
            path = w->path;
        }
    }
    *w->sink = sink;
    w->path = path;
}

/* The fields of a run that are set. */
static inline void walk_run(struct walk *w, const struct mt_run *run)
{
    for (unsigned word = 0; word < 2; word++) {
        uint64_t bits = w->f->have[word] & run->mask[word];
        if (bits) {
            walk_bits(w, bits, w->schema->places + 64 * word, w->f->v + 64 * word);
        }
    }
}

static inline void walk_event(struct sink *sink, const struct mt_schema *schema, const struct mt_event *event)
{
    struct walk w = {sink, schema, &event->f, event, 0};

    sink_open(sink, NULL, false);
    for (const struct mt_run *run = schema->runs[event->kind]; run->constant || run->mask[0] | run->mask[1]; run++) {
        if (run->constant) {
            walk_word(&w, &run->constant->place, run->constant->value);
        } else {
            walk_run(&w, run);
        }
    }
    walk_enter(&w, 0);
    sink_close(sink, false);
}

static inline void walk_hop(struct sink *sink, const struct mt_hop *hop)
{
    walk_item(sink, &mt_schema_native, mt_schema_native.hop, hop);
}

/* --- records: always in the native schema, in the order of MT_FIELDS --- */

/* Of word w of a set of fields: the bits of those before f, and of those from first to last. */
#define BEFORE(w, f)            ((f) <= (w)*64 ? 0 : (f) >= (w)*64 + 64 ? UINT64_MAX : (UINT64_C(1) << ((f)&63)) - 1)
#define BETWEEN(w, first, last) (BEFORE(w, (last) + 1) & ~BEFORE(w, first))

static inline void walk_span(struct walk *w, unsigned first, unsigned last)
{
    walk_run(w, &(struct mt_run){{BETWEEN(0, first, last), BETWEEN(1, first, last)}, NULL});
}

static __attribute__((noinline)) void walk_known(struct walk *w, enum mt_field id, struct mt_slice s)
{
    if (s.n) {
        walk_word(w, &w->schema->places[id], s);
    }
}

/* A line's list of recipients as an array; a list of one as a plain "to". */
static inline void walk_record_list(struct walk *w, const struct mt_record *rec)
{
    struct mt_slice rest = mt_get(&rec->f, MT_F_TO), address;

    walk_enter(w, 0);
    sink_open(w->sink, &w->schema->places[MT_F_RECIPIENTS].key, true);
    while (mt_recipient_next(rec->list, &rest, &address)) {
        sink_open(w->sink, NULL, false);
        if (address.n) {
            sink_string(w->sink, &w->schema->places[MT_F_TO].key, address);
        }
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

/* A mail server, or the program that is the last leg of a mail's way, and not a filter? */
static inline bool names_mta(const struct mt_record *rec)
{
    return mt_sources[rec->source]->is_mta || mt_sources[rec->source]->tells_only_deliveries;
}

/* What a record holds beside its fields: who wrote the line, and when. */
static inline void walk_record_head(struct walk *w, const struct mt_record *rec)
{
    walk_known(w, MT_F_RECORD, mt_kind_words[rec->kind]);
    if (rec->line.time.usec) {
        sink_time(w->sink, &w->schema->places[MT_F_TIME].key, &rec->line.time);
    }
    walk_known(w, MT_F_HOST, rec->line.host);
    walk_known(w, names_mta(rec) ? MT_F_MTA : MT_F_FILTER, mt_source_words[rec->source]);
    walk_span(w, MT_F_INSTANCE, MT_F_INSTANCE);
    walk_known(w, MT_F_PROGRAM, rec->service);
    if (rec->line.pid) {
        sink_integer(w->sink, &w->schema->places[MT_F_PID].key, rec->line.pid);
    }
}

/* Where a record has COMMANDS, it has ACCEPTED. */
static inline void walk_record(struct sink *sink, const struct mt_record *rec, const struct mt_event *lists)
{
    struct walk w = {sink, &mt_schema_native, &rec->f, lists, 0};
    struct mt_slice to;
    bool many = record_recipients(rec, &to);

    sink_open(sink, NULL, false);
    walk_record_head(&w, rec);
    walk_span(&w, MT_F_QUEUE_ID, MT_F_TO - 1);
    if (!many) {
        walk_known(&w, MT_F_TO, to);
    }
    walk_span(&w, MT_F_TO + 1, MT_F_STATUS - 1);
    walk_known(&w, MT_F_STATUS, mt_status_words[rec->status]);
    walk_span(&w, MT_F_STATUS + 1, MT_F_COMMANDS);
    if (mt_has(&rec->f, MT_F_COMMANDS)) {
        walk_tree(&w, MT_F_ACCEPTED);
    }
    walk_span(&w, MT_F_ACCEPTED + 1, MT_F_RECIPIENTS - 1);
    if (many) {
        walk_record_list(&w, rec);
    }
    walk_span(&w, MT_F_RECIPIENTS + 1, MT_F_VERDICTS - 1);
    walk_tree(&w, MT_F_VERDICTS);
    walk_span(&w, MT_F_VERDICTS + 1, MT_FIELD_COUNT - 1);
    walk_enter(&w, 0);
    sink_close(sink, false);
}

#undef BEFORE
#undef BETWEEN

#endif
