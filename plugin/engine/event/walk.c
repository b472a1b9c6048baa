/* The walk for any visitor: walk.h with a sink of function pointers. */
#include "key.h"
#include "record_lists.h"

struct sink {
    const struct mt_visitor *visitor;
    void *ctx;
};

static inline void sink_open(struct sink *sink, const struct mt_key *key, bool array)
{
    sink->visitor->open(sink->ctx, mt_key_name(key), array);
}

static inline void sink_close(struct sink *sink, bool array)
{
    sink->visitor->close(sink->ctx, array);
}

static inline void sink_string(struct sink *sink, const struct mt_key *key, struct mt_slice s)
{
    sink->visitor->string(sink->ctx, mt_key_name(key), s);
}

static inline void sink_time(struct sink *sink, const struct mt_key *key, const struct mt_time *t)
{
    char buf[MT_TIME_MAX];

    sink_string(sink, key, mt_slice(buf, mt_time_format(t, buf)));
}

static inline void sink_integer(struct sink *sink, const struct mt_key *key, int64_t i)
{
    sink->visitor->integer(sink->ctx, mt_key_name(key), i);
}

static inline void sink_seconds(struct sink *sink, const struct mt_key *key, int64_t usec)
{
    sink->visitor->seconds(sink->ctx, mt_key_name(key), usec);
}

static inline void sink_boolean(struct sink *sink, const struct mt_key *key, bool b)
{
    sink->visitor->boolean(sink->ctx, mt_key_name(key), b);
}

#include "walk.h"

void mt_event_walk_in(const struct mt_schema *schema, const struct mt_event *event, const struct mt_visitor *visitor,
                      void *ctx)
{
    struct sink sink = {visitor, ctx};

    if (schema && schema->walk) {
        schema->walk(event, visitor, ctx);
    } else {
        walk_event(&sink, schema ? schema : &mt_schema_native, event);
    }
}

void mt_event_walk(const struct mt_event *event, const struct mt_visitor *visitor, void *ctx)
{
    mt_event_walk_in(&mt_schema_native, event, visitor, ctx);
}

void mt_hop_walk(const struct mt_hop *hop, const struct mt_visitor *visitor, void *ctx)
{
    struct sink sink = {visitor, ctx};

    walk_hop(&sink, hop);
}

void mt_record_walk(const struct mt_record *record, const struct mt_visitor *visitor, void *ctx)
{
    struct sink sink = {visitor, ctx};
    struct mt_record_lists lists;

    mt_record_lists_read(record, &lists);
    walk_record(&sink, record, &lists.lists);
}
