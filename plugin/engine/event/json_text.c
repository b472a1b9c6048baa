/* Events and records as JSON text: the sink for which speed counts. */
#include "json.h"
#include "record_lists.h"

/* What it writes stays in registers only where all of it is compiled into the walk. */
#define ALWAYS_INLINE inline __attribute__((always_inline))

struct sink {
    struct json json;
};

static ALWAYS_INLINE void sink_open(struct sink *s, const struct mt_key *key, bool array)
{
    json_open(&s->json, key, array);
}

static ALWAYS_INLINE void sink_close(struct sink *s, bool array)
{
    json_close(&s->json, array);
}

static ALWAYS_INLINE void sink_string(struct sink *s, const struct mt_key *key, struct mt_slice text)
{
    json_string(&s->json, key, text);
}

static ALWAYS_INLINE void sink_time(struct sink *s, const struct mt_key *key, const struct mt_time *t)
{
    json_time(&s->json, key, t);
}

static ALWAYS_INLINE void sink_integer(struct sink *s, const struct mt_key *key, int64_t i)
{
    json_integer(&s->json, key, i);
}

static ALWAYS_INLINE void sink_seconds(struct sink *s, const struct mt_key *key, int64_t usec)
{
    json_seconds(&s->json, key, usec);
}

static ALWAYS_INLINE void sink_boolean(struct sink *s, const struct mt_key *key, bool b)
{
    json_boolean(&s->json, key, b);
}

#include "walk.h"

#include "visit.h"

bool mt_event_json_in(const struct mt_schema *schema, const struct mt_event *event, struct mt_buffer *out)
{
    struct sink s;

    if (!json_begin(&s.json, out)) {
        return false;
    }
    if (schema && schema->walk) {
        walk_any(&s, schema, event);
    } else {
        walk_event(&s, schema ? schema : &mt_schema_native, event);
    }
    return json_finish(&s.json);
}

bool mt_event_json(const struct mt_event *event, struct mt_buffer *out)
{
    return mt_event_json_in(&mt_schema_native, event, out);
}

bool mt_hop_json(const struct mt_hop *hop, struct mt_buffer *out)
{
    struct sink s;

    if (!json_begin(&s.json, out)) {
        return false;
    }
    walk_hop(&s, hop);
    return json_finish(&s.json);
}

bool mt_record_json(const struct mt_record *record, struct mt_buffer *out)
{
    struct mt_record_lists lists;
    struct sink s;

    if (!json_begin(&s.json, out)) {
        return false;
    }
    mt_record_lists_read(record, &lists);
    walk_record(&s, record, &lists.lists);
    return json_finish(&s.json);
}
