/* The sum of a story: the event `trace`. */
#include "internal.h"

struct trace {
    const struct mt_story *story;
    const struct mt_visitor *visitor;
    void *ctx;
};

/* ---- values ---- */

static void visit_text(const struct trace *t, const char *key, struct mt_slice s)
{
    if (s.n) {
        t->visitor->string(t->ctx, key, s);
    }
}

static void visit_time(const struct trace *t, const char *key, const struct mt_time *time)
{
    char buf[MT_TIME_MAX];

    visit_text(t, key, mt_slice(buf, mt_time_format(time, buf)));
}

/* A field under its own name. The null sender is empty, and known all the same. */
static void visit_field(const struct trace *t, const struct mt_kept_event *event, enum mt_field id)
{
    const union mt_value *v = mt_kept_event_value(event, id);
    const char *key = mt_field_info[id].name;

    if (v && mt_field_info[id].type == MT_TYPE_TIME) {
        visit_time(t, key, &v->t);
    } else if (v && id == MT_F_FROM) {
        t->visitor->string(t->ctx, key, v->s);
    } else if (v) {
        visit_text(t, key, v->s);
    }
}

static void visit_fields(const struct trace *t, const struct mt_kept_event *event, const enum mt_field *ids, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        visit_field(t, event, ids[i]);
    }
}

/* ---- parts of it ---- */

static const struct mt_entry *entry_of(const struct trace *t, uint32_t hop)
{
    return &t->story->stories->entries[t->story->entries[hop]];
}

/* *parent is the place of the parent of the hop before. Children stand in the order of their parents. */
static void visit_hop(const struct trace *t, uint32_t hop, uint32_t *parent)
{
    static const char *const links[] = {[MT_LINK_HOP] = "hop", [MT_LINK_MADE] = "made", [MT_LINK_BOUNCE] = "bounce"};
    static const enum mt_field ids[] = {MT_F_HOST,    MT_F_MTA,  MT_F_INSTANCE, MT_F_QUEUE_ID,
                                        MT_F_ARRIVED, MT_F_TIME, MT_F_RESULT};
    const struct mt_entry *e = entry_of(t, hop);

    t->visitor->open(t->ctx, NULL, false);
    visit_fields(t, &e->event, ids, sizeof ids / sizeof *ids);
    if (hop) {
        while (t->story->entries[*parent] != e->parent) {
            ++*parent;
        }
        t->visitor->integer(t->ctx, "parent", *parent);
        visit_text(t, "link", mt_slice_str(links[e->link]));
    }
    t->visitor->close(t->ctx, false);
}

static void visit_hops(const struct trace *t)
{
    uint32_t parent = 0;

    t->visitor->open(t->ctx, "hops", true);
    for (uint32_t i = 0; i < t->story->n; i++) {
        visit_hop(t, i, &parent);
    }
    t->visitor->close(t->ctx, true);
}

static void visit_recipient(const struct trace *t, uint32_t hop, const struct mt_recipient *r)
{
    t->visitor->open(t->ctx, NULL, false);
    visit_text(t, "to", r->to);
    visit_text(t, "orig_to", r->orig_to);
    visit_text(t, "status", mt_slice_str(mt_status_names[r->status]));
    visit_text(t, "dsn", r->dsn);
    visit_text(t, "next_queue_id", r->next_queue_id);
    if (r->time.usec) {
        visit_time(t, "time", &r->time);
    }
    t->visitor->integer(t->ctx, "hop", hop);
    t->visitor->close(t->ctx, false);
}

/* Those whose last delivery no other hop goes on with. */
static void visit_recipients_of(const struct trace *t, uint32_t hop)
{
    struct mt_event lists; /* its fields are not set */
    struct mt_fate fate;

    mt_lists_open(entry_of(t, hop)->event.lists, &lists);
    for (size_t i = 0; i < lists.nrecipients; i++) {
        mt_stories_fate(t->story->stories, t->story->entries[hop], i, &fate);
        if (fate.next == MT_NONE) {
            visit_recipient(t, hop, fate.recipient);
        }
    }
}

/* What became of each at the end of what is known; not of those of notifications. */
static void visit_recipients(const struct trace *t)
{
    t->visitor->open(t->ctx, "recipients", true);
    for (uint32_t i = 0; i < t->story->n; i++) {
        if (!i || entry_of(t, i)->link != MT_LINK_BOUNCE) {
            visit_recipients_of(t, i);
        }
    }
    t->visitor->close(t->ctx, true);
}

/* A function of the first hop's id, and another one than that: each digit's complement. */
static void visit_id(const struct trace *t, const struct mt_kept_event *origin)
{
    static const char digits[] = "0123456789abcdef";
    struct mt_slice id = mt_kept_event_get(origin, MT_F_ID);
    char flipped[64];
    size_t n = id.n < sizeof flipped ? id.n : sizeof flipped;

    for (size_t i = 0; i < n; i++) {
        const char *digit = memchr(digits, id.p[i], 16);
        flipped[i] = digit ? digits[15 - (digit - digits)] : '0';
    }
    visit_text(t, "id", mt_slice(flipped, n));
}

static const struct mt_kept_event *last_event(const struct trace *t)
{
    const struct mt_entry *last = entry_of(t, 0);

    for (uint32_t i = 1; i < t->story->n; i++) {
        last = entry_of(t, i)->last > last->last ? entry_of(t, i) : last;
    }
    return &last->event;
}

void mt_story_walk(const struct mt_story *story, const struct mt_visitor *visitor, void *ctx)
{
    static const enum mt_field ids[] = {MT_F_MESSAGE_ID, MT_F_FROM, MT_F_SUBJECT, MT_F_ARRIVED};
    struct trace t = {story, visitor, ctx};
    const struct mt_kept_event *origin = &entry_of(&t, 0)->event;

    visitor->open(ctx, NULL, false);
    visitor->string(ctx, "event", MT_LIT("trace"));
    visit_id(&t, origin);
    visit_field(&t, origin, MT_F_TRACE_ID);
    visit_field(&t, last_event(&t), MT_F_TIME);
    visit_fields(&t, origin, ids, sizeof ids / sizeof *ids);
    visit_hops(&t);
    visit_recipients(&t);
    visitor->close(ctx, false);
}
