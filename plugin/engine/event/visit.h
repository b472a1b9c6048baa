/* A sink of walk.h as a visitor, for schemas that tell one: walk_any(). Included behind walk.h. */
#ifndef MT_EVENT_VISIT_H
#define MT_EVENT_VISIT_H

#define VISIT(name)     \
    struct mt_key made; \
    const struct mt_key *key = mt_key_make(&made, (name))

static void visit_open(void *ctx, const char *name, bool array)
{
    VISIT(name);
    sink_open(ctx, key, array);
}

static void visit_close(void *ctx, bool array)
{
    sink_close(ctx, array);
}

static void visit_string(void *ctx, const char *name, struct mt_slice s)
{
    VISIT(name);
    sink_string(ctx, key, s);
}

static void visit_integer(void *ctx, const char *name, int64_t i)
{
    VISIT(name);
    sink_integer(ctx, key, i);
}

static void visit_seconds(void *ctx, const char *name, int64_t usec)
{
    VISIT(name);
    sink_seconds(ctx, key, usec);
}

static void visit_boolean(void *ctx, const char *name, bool b)
{
    VISIT(name);
    sink_boolean(ctx, key, b);
}

static void walk_any(struct sink *sink, const struct mt_schema *schema, const struct mt_event *event)
{
    static const struct mt_visitor visitor = {visit_open,    visit_close,   visit_string,
                                              visit_integer, visit_seconds, visit_boolean};

    schema->walk(event, &visitor, sink);
}

#undef VISIT

#endif
