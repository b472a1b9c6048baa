#include "trace.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct trace {
    struct cli_output *output;
    struct cli_stories *stories;
    uint32_t *hops; /* messages, parents before children */
    uint32_t n, room;
    bool failed;
};

/* ---- which messages ---- */

static void collect(struct trace *t, uint32_t message)
{
    uint32_t room = t->room ? 2 * t->room : 16, *hops = t->hops;

    t->stories->messages[message].told = true;
    if (t->n == t->room) {
        hops = realloc(t->hops, room * sizeof *hops);
        if (!hops) {
            t->failed = true;
            return;
        }
        t->hops = hops;
        t->room = room;
    }
    hops[t->n++] = message;
}

/* Without recursion: what was collected last is gone through next. */
static void collect_all(struct trace *t, uint32_t origin)
{
    collect(t, origin);
    for (uint32_t i = 0; i < t->n && !t->failed; i++) {
        uint32_t child = t->stories->messages[t->hops[i]].child;
        for (; child != CLI_NO_MESSAGE; child = t->stories->messages[child].sibling) {
            if (!t->stories->messages[child].told) {
                collect(t, child);
            }
        }
    }
}

/* ---- JSON ---- */

static void put(struct trace *t, const char *s)
{
    mt_buffer_append(&t->output->buffer, s, strlen(s));
}

static void put_string(struct trace *t, struct mt_slice s)
{
    char *clean = malloc(3 * s.n + 1), escaped[8];
    size_t n = clean ? mt_utf8_clean(s, clean) : 0;

    t->output->buffer.failed |= !clean;
    put(t, "\"");
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)clean[i];
        if (c == '"' || c == '\\') {
            put(t, "\\");
        }
        if (c < 0x20) {
            snprintf(escaped, sizeof escaped, "\\u%04x", c);
            put(t, escaped);
        } else {
            mt_buffer_append(&t->output->buffer, clean + i, 1);
        }
    }
    put(t, "\"");
    free(clean);
}

/* A comma, unless it is the first of an object or array. */
static void put_key(struct trace *t, const char *key)
{
    const struct mt_buffer *b = &t->output->buffer;

    if (b->n && b->p[b->n - 1] != '{' && b->p[b->n - 1] != '[') {
        put(t, ",");
    }
    if (key) {
        put(t, "\"");
        put(t, key);
        put(t, "\":");
    }
}

static void put_slice(struct trace *t, const char *key, struct mt_slice s)
{
    if (s.n) {
        put_key(t, key);
        put_string(t, s);
    }
}

static void put_field(struct trace *t, const char *key, const struct mt_event *event, enum mt_field id)
{
    char buf[MT_TIME_MAX];

    if (!mt_has(&event->f, id)) {
        return;
    }
    if (mt_field_info[id].type == MT_TYPE_TIME) {
        put_slice(t, key, mt_slice(buf, mt_time_format(&event->f.v[id].t, buf)));
    } else if (id == MT_F_FROM) {
        put_key(t, key);
        put_string(t, mt_get(&event->f, id));
    } else {
        put_slice(t, key, mt_get(&event->f, id));
    }
}

static void put_number(struct trace *t, const char *key, uint64_t i)
{
    char buf[32];

    put_key(t, key);
    snprintf(buf, sizeof buf, "%" PRIu64, i);
    put(t, buf);
}

/* ---- the trace ---- */

/* The place of a message among the hops, from 1; 0: it is none of them. */
static uint32_t place_of(const struct trace *t, uint32_t message)
{
    for (uint32_t i = 0; i < t->n; i++) {
        if (t->hops[i] == message) {
            return i + 1;
        }
    }
    return 0;
}

static void put_hop(struct trace *t, uint32_t i)
{
    static const char *const links[] = {[CLI_LINK_HOP] = "hop", [CLI_LINK_MADE] = "made", [CLI_LINK_BOUNCE] = "bounce"};
    const struct cli_message *m = &t->stories->messages[t->hops[i]];
    struct mt_event event;

    cli_event_open(&m->event, &event);
    put_key(t, NULL);
    put(t, "{");
    put_field(t, "host", &event, MT_F_HOST);
    put_field(t, "mta", &event, MT_F_MTA);
    put_field(t, "instance", &event, MT_F_INSTANCE);
    put_field(t, "queue_id", &event, MT_F_QUEUE_ID);
    put_field(t, "arrived", &event, MT_F_ARRIVED);
    put_field(t, "time", &event, MT_F_TIME);
    put_field(t, "result", &event, MT_F_RESULT);
    if (i) {
        put_number(t, "parent", place_of(t, m->parent) - 1);
        put_slice(t, "link", mt_slice_str(links[m->link]));
    }
    put(t, "}");
}

/* The message of this story that a recipient's last delivery became. */
static bool is_followed(const struct trace *t, const struct cli_message *m, const struct mt_recipient *r)
{
    uint32_t next = CLI_NO_MESSAGE;

    for (uint32_t d = m->deliveries; d != CLI_NO_MESSAGE; d = t->stories->deliveries[d].following) {
        struct mt_event delivery;
        cli_event_open(&t->stories->deliveries[d].event, &delivery);
        if (mt_slice_eq(mt_get(&delivery.f, MT_F_TO), r->to)) {
            next = t->stories->deliveries[d].next;
        }
    }
    return next != CLI_NO_MESSAGE;
}

static void put_recipient(struct trace *t, uint32_t hop, const struct mt_recipient *r)
{
    char buf[MT_TIME_MAX];

    put_key(t, NULL);
    put(t, "{");
    put_slice(t, "to", r->to);
    put_slice(t, "orig_to", r->orig_to);
    put_slice(t, "status", mt_slice_str(mt_status_names[r->status]));
    put_slice(t, "dsn", r->dsn);
    put_slice(t, "next_queue_id", r->next_queue_id);
    if (r->time.usec) {
        put_slice(t, "time", mt_slice(buf, mt_time_format(&r->time, buf)));
    }
    put_number(t, "hop", hop);
    put(t, "}");
}

/* What became of it at the end of what is known; not that of notifications. */
static void put_recipients(struct trace *t)
{
    put_key(t, "recipients");
    put(t, "[");
    for (uint32_t i = 0; i < t->n; i++) {
        const struct cli_message *m = &t->stories->messages[t->hops[i]];
        struct mt_event event;
        cli_event_open(&m->event, &event);
        for (size_t k = 0; k < event.nrecipients && !(i && m->link == CLI_LINK_BOUNCE); k++) {
            if (!is_followed(t, m, &event.recipients[k])) {
                put_recipient(t, i, &event.recipients[k]);
            }
        }
    }
    put(t, "]");
}

/* A function of the first hop's id, and another one than that. */
static void put_id(struct trace *t, const struct mt_event *origin)
{
    static const char digits[] = "0123456789abcdef";
    struct mt_slice id = mt_get(&origin->f, MT_F_ID);
    char flipped[64];

    for (size_t i = 0; i < id.n && i < sizeof flipped; i++) {
        const char *digit = memchr(digits, id.p[i], 16);
        flipped[i] = digit ? digits[15 - (digit - digits)] : '0';
    }
    put_slice(t, "id", mt_slice(flipped, id.n < sizeof flipped ? id.n : sizeof flipped));
}

static void put_trace(struct trace *t)
{
    const struct cli_message *last = &t->stories->messages[t->hops[0]];
    struct mt_event origin, event;

    for (uint32_t i = 1; i < t->n; i++) {
        const struct cli_message *m = &t->stories->messages[t->hops[i]];
        last = m->last > last->last ? m : last;
    }
    cli_event_open(&t->stories->messages[t->hops[0]].event, &origin);
    cli_event_open(&last->event, &event);
    put(t, "{\"event\":\"trace\"");
    put_id(t, &origin);
    put_field(t, "trace_id", &origin, MT_F_TRACE_ID);
    put_field(t, "time", &event, MT_F_TIME);
    put_field(t, "message_id", &origin, MT_F_MESSAGE_ID);
    put_field(t, "from", &origin, MT_F_FROM);
    put_field(t, "subject", &origin, MT_F_SUBJECT);
    put_field(t, "arrived", &origin, MT_F_ARRIVED);
    put_key(t, "hops");
    put(t, "[");
    for (uint32_t i = 0; i < t->n; i++) {
        put_hop(t, i);
    }
    put(t, "]");
    put_recipients(t);
    put(t, "}");
    cli_output_line(t->output, true);
}

void cli_trace_event(struct cli_output *output, const struct cli_event *kept)
{
    struct mt_event event;

    cli_event_open(kept, &event);
    cli_output_line(output, mt_event_json(&event, &output->buffer));
}

/* A message's deliveries, then the message: hop by hop. */
void cli_trace_write(struct cli_output *output, struct cli_stories *stories, uint32_t origin)
{
    struct trace t = {.output = output, .stories = stories};

    collect_all(&t, origin);
    for (uint32_t i = 0; i < t.n && !t.failed; i++) {
        const struct cli_message *m = &stories->messages[t.hops[i]];
        for (uint32_t d = m->deliveries; d != CLI_NO_MESSAGE; d = stories->deliveries[d].following) {
            cli_trace_event(output, &stories->deliveries[d].event);
        }
        cli_trace_event(output, &m->event);
    }
    if (!t.failed) {
        put_trace(&t);
    } else {
        cli_output_line(output, false);
    }
    free(t.hops);
}
