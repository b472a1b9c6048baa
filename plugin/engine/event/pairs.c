/* Events as pairs of name and value: see event.h.
 *
 * Objects lengthen the name, arrays are written as JSON text. The walk of an event is in one of both: until the array
 * that is a pair closes, everything goes into its text.
 */
#include "json.h"
#include "record_lists.h"

#define NAME_MAX 128
#define DEPTH    8 /* of objects; two are in use */

struct pairs {
    mt_pair_fn *fn;
    void *ctx;
    struct mt_buffer *scratch;
    char name[NAME_MAX];   /* of the objects that are open, a dot behind each; behind that the key's */
    size_t ends[DEPTH];    /* of the name, before each object was opened */
    size_t open, n;        /* objects that are open; bytes of their names */
    struct mt_slice array; /* name of the pair whose text is being written */
    size_t depth;          /* in that text; 0: none is */
    struct json json;
    bool failed;
};

struct sink {
    struct pairs *p;
};

static void give(struct pairs *p, struct mt_slice name, enum mt_pair_type type, struct mt_slice value)
{
    struct mt_pair pair = {name, value, type};

    p->fn(p->ctx, &pair);
}

/* The name of a key in the objects that are open; empty when there is no room for it. */
static struct mt_slice name_of(struct pairs *p, const struct mt_key *key)
{
    size_t n = key ? strlen(key->name) : 0;

    if (!n || n >= NAME_MAX - p->n) {
        p->failed |= n != 0;
        return mt_slice(NULL, 0);
    }
    memcpy(p->name + p->n, key->name, n);
    return mt_slice(p->name, p->n + n);
}

static void open_array(struct pairs *p, const struct mt_key *key)
{
    p->array = name_of(p, key);
    p->scratch->n = 0;
    if (p->array.n && json_begin(&p->json, p->scratch)) {
        json_open(&p->json, NULL, true);
        p->depth = 1;
    } else {
        p->failed = true;
    }
}

static void close_array(struct pairs *p)
{
    if (json_finish(&p->json)) {
        give(p, p->array, MT_PAIR_JSON, mt_slice(p->scratch->p, p->scratch->n));
    } else {
        p->failed = true;
    }
}

/* The outermost object has no name. */
static void open_object(struct pairs *p, const struct mt_key *key)
{
    struct mt_slice name = name_of(p, key);

    if (p->open == DEPTH) {
        p->failed = true;
        return;
    }
    p->ends[p->open++] = p->n;
    if (name.n) {
        p->name[name.n] = '.';
        p->n = name.n + 1;
    }
}

static void sink_open(struct sink *sink, const struct mt_key *key, bool array)
{
    struct pairs *p = sink->p;

    if (p->failed) {
        return;
    }
    if (p->depth) {
        json_open(&p->json, key, array);
        p->depth++;
    } else if (array) {
        open_array(p, key);
    } else {
        open_object(p, key);
    }
}

static void sink_close(struct sink *sink, bool array)
{
    struct pairs *p = sink->p;

    if (p->failed) {
        return;
    }
    if (!p->depth) {
        p->n = p->ends[--p->open];
        return;
    }
    json_close(&p->json, array);
    if (--p->depth == 0) {
        close_array(p);
    }
}

/* Is all of it ASCII without NUL? Eight bytes at a time. */
static bool is_plain(struct mt_slice s)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = UINT64_C(0x8080808080808080);
    uint64_t word = 0;

    for (; s.n >= sizeof word; s = mt_slice_skip(s, sizeof word)) {
        word = mt_load8(s.p);
        if ((word | (word - ones)) & tops) {
            return false;
        }
    }
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\0' || s.p[i] & 0x80) {
            return false;
        }
    }
    return true;
}

static void give_string(struct pairs *p, struct mt_slice name, struct mt_slice s)
{
    if (!is_plain(s)) {
        if (s.n > SIZE_MAX / 3 || !mt_buffer_grow(p->scratch, 3 * s.n)) {
            p->failed = true;
            return;
        }
        s = mt_slice(p->scratch->p, mt_utf8_clean(s, p->scratch->p));
    }
    give(p, name, MT_PAIR_STRING, s);
}

static void sink_string(struct sink *sink, const struct mt_key *key, struct mt_slice s)
{
    struct pairs *p = sink->p;

    if (p->depth) {
        json_string(&p->json, key, s);
    } else if (!p->failed) {
        struct mt_slice name = name_of(p, key);
        if (name.n) {
            give_string(p, name, s);
        }
    }
}

static void sink_time(struct sink *sink, const struct mt_key *key, const struct mt_time *t)
{
    char text[MT_TIME_MAX];

    if (sink->p->depth) {
        json_time(&sink->p->json, key, t);
    } else {
        sink_string(sink, key, mt_slice(text, mt_time_format(t, text)));
    }
}

/* A value whose text needs no look at its bytes. */
static void give_text(struct pairs *p, const struct mt_key *key, enum mt_pair_type type, struct mt_slice text)
{
    struct mt_slice name = p->failed ? mt_slice(NULL, 0) : name_of(p, key);

    if (name.n) {
        give(p, name, type, text);
    }
}

static void sink_integer(struct sink *sink, const struct mt_key *key, int64_t i)
{
    char text[MT_NUMBER_MAX];

    if (sink->p->depth) {
        json_integer(&sink->p->json, key, i);
    } else {
        give_text(sink->p, key, MT_PAIR_INTEGER, mt_slice_to(text, mt_integer_put(text, i)));
    }
}

static void sink_seconds(struct sink *sink, const struct mt_key *key, int64_t usec)
{
    char text[MT_NUMBER_MAX];

    if (sink->p->depth) {
        json_seconds(&sink->p->json, key, usec);
    } else {
        give_text(sink->p, key, MT_PAIR_SECONDS, mt_slice_to(text, mt_seconds_put(text, usec)));
    }
}

static void sink_boolean(struct sink *sink, const struct mt_key *key, bool b)
{
    if (sink->p->depth) {
        json_boolean(&sink->p->json, key, b);
    } else {
        give_text(sink->p, key, MT_PAIR_BOOLEAN, b ? MT_LIT("true") : MT_LIT("false"));
    }
}

#include "walk.h"

#include "visit.h"

bool mt_event_pairs_in(const struct mt_schema *schema, const struct mt_event *event, mt_pair_fn *fn, void *ctx,
                       struct mt_buffer *scratch)
{
    struct pairs p = {.fn = fn, .ctx = ctx, .scratch = scratch};
    struct sink sink = {&p};

    if (schema && schema->walk) {
        walk_any(&sink, schema, event);
    } else {
        walk_event(&sink, schema ? schema : &mt_schema_native, event);
    }
    return !p.failed;
}

bool mt_event_pairs(const struct mt_event *event, mt_pair_fn *fn, void *ctx, struct mt_buffer *scratch)
{
    return mt_event_pairs_in(NULL, event, fn, ctx, scratch);
}
