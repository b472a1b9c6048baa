/* OpenTelemetry Protocol 1.11, JSON: an object of resourceSpans for an event that is a span (a message; an attempt after which nobody
 * else has it), an object of resourceLogs for all others. There is no convention for mail, so most attributes are "mailtrace.".
 *
 * Ids of spans are hashes of what both sides of a hop know, so hops link up, whoever sends them:
 *
 *     queue entry   host, instance, queue ID, arrival
 *     hand-over     trace ID and the queue ID at the next host: the parent of the queue entry there
 *     attempt       the first half of the event's id
 */
#include "form.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#ifndef MT_VERSION
#define MT_VERSION "unknown"
#endif

/* Hand-overs are spans up to the 256th recipient; the others are in the attributes. */
#define HAND_OVERS 256

#define PATH_MOST 128

enum kind { INTERNAL = 1, SERVER = 2, CLIENT = 3 };

/* --- attributes --- */

static void open_attribute(struct form *form, struct mt_slice key)
{
    form_open(form, NULL);
    form_text(form, "key", key);
    form_open(form, "value");
}

static void close_attribute(struct form *form)
{
    form_close(form);
    form_close(form);
}

/* 64 bits are text: numbers of JSON are not so exact. */
static void put_number(struct form *form, const char *key, int64_t i)
{
    char text[FORM_NUMBER];

    form_text(form, key, mt_form_number(text, i));
}

static void put_attribute(struct form *form, const char *key, struct mt_slice s)
{
    if (s.n) {
        open_attribute(form, mt_slice_str(key));
        form_text(form, "stringValue", s);
        close_attribute(form);
    }
}

static void place_attribute(struct form *form, const char *key, enum mt_field id)
{
    if (!form_has(form, id)) {
        return;
    }
    if (mt_field_info[id].type == MT_TYPE_STRING) {
        put_attribute(form, key, form_get(form, id));
    } else {
        open_attribute(form, mt_slice_str(key));
        put_number(form, "intValue", form->event->f.v[id].i);
        close_attribute(form);
    }
    if (mt_field_info[id].type != MT_TYPE_STRING || form_get(form, id).n) {
        form_drop(form, id);
    }
}

/* --- what is left: the native walk, each value an attribute --- */

struct spread {
    struct form *form;
    char name[PATH_MOST]; /* "mailtrace." and the objects that are open */
    size_t ends[8], open, n;
    bool arrays[8]; /* from the first array on: what is an array */
    size_t depth;   /* of those */
};

static void begin_value(struct spread *s, const char *key)
{
    char name[2 * PATH_MOST];

    if (!s->depth) {
        struct mt_slice last = key ? mt_slice_str(key) : mt_slice(NULL, 0);
        open_attribute(s->form, mt_form_join(name, sizeof name, mt_slice(s->name, s->n), "", last));
    } else if (s->arrays[s->depth - 1]) {
        form_open(s->form, NULL);
    } else {
        open_attribute(s->form, mt_slice_str(key));
    }
}

static void end_value(struct spread *s)
{
    form_close(s->form);
    if (!s->depth || !s->arrays[s->depth - 1]) {
        form_close(s->form);
    }
}

static void spread_open(void *ctx, const char *key, bool array)
{
    struct spread *s = ctx;

    if (!s->depth && !array) { /* objects lengthen the name */
        s->ends[s->open++] = s->n;
        if (key && s->n + strlen(key) + 1 < PATH_MOST) {
            s->n = mt_form_join(s->name, PATH_MOST, mt_slice(s->name, s->n), "", mt_slice_str(key)).n;
            s->name[s->n++] = '.';
        }
        return;
    }
    begin_value(s, key);
    form_open(s->form, array ? "arrayValue" : "kvlistValue");
    form_tell(s->form);
    form_array(s->form, "values");
    s->arrays[s->depth++] = array;
}

static void spread_close(void *ctx, bool array)
{
    struct spread *s = ctx;

    (void)array;
    if (!s->depth) {
        s->n = s->ends[--s->open];
        return;
    }
    s->depth--;
    form_close(s->form);
    form_close(s->form);
    end_value(s);
}

static void spread_string(void *ctx, const char *key, struct mt_slice text)
{
    struct spread *s = ctx;

    begin_value(s, key);
    form_text(s->form, "stringValue", text);
    end_value(s);
}

static void spread_integer(void *ctx, const char *key, int64_t i)
{
    struct spread *s = ctx;

    begin_value(s, key);
    put_number(s->form, "intValue", i);
    end_value(s);
}

static void spread_seconds(void *ctx, const char *key, int64_t usec)
{
    struct spread *s = ctx;

    begin_value(s, key);
    form_seconds(s->form, "doubleValue", usec);
    end_value(s);
}

static void spread_boolean(void *ctx, const char *key, bool b)
{
    struct spread *s = ctx;

    begin_value(s, key);
    form_boolean(s->form, "boolValue", b);
    end_value(s);
}

static void put_rest(struct form *form)
{
    static const struct mt_visitor visitor = {spread_open,    spread_close,   spread_string,
                                              spread_integer, spread_seconds, spread_boolean};
    struct spread s = {.form = form, .name = "mailtrace.", .n = 10};

    mt_event_walk(&form->left, &visitor, &s);
}

/* --- ids --- */

#define SPAN_ID  16
#define TRACE_ID 32

static void update(XXH3_state_t *state, struct mt_slice s)
{
    XXH3_128bits_update(state, s.n ? s.p : "", s.n);
    XXH3_128bits_update(state, "", 1);
}

static void write_hex(uint64_t high, uint64_t low, size_t n, char *out)
{
    static const char digits[] = "0123456789abcdef";

    low |= !(high | low); /* all zero is no id */
    for (size_t i = 0; i < n; i++) {
        uint64_t word = n - i > 16 ? high : low;
        out[i] = digits[word >> (4 * ((n - i - 1) % 16)) & 15];
    }
}

/* Of a word that says what for, and what tells it. */
static void hash(const char *what, const struct mt_slice *parts, size_t n, size_t length, char *out)
{
    XXH3_state_t state;
    XXH128_hash_t id;

    XXH3_128bits_reset(&state);
    update(&state, mt_slice_str(what));
    for (size_t i = 0; i < n; i++) {
        update(&state, parts[i]);
    }
    id = XXH3_128bits_digest(&state);
    write_hex(length == TRACE_ID ? id.high64 : 0, id.low64, length, out);
}

static void hash_entry(const struct form *form, const char *what, size_t length, char *out)
{
    int64_t arrived = form_has(form, MT_F_ARRIVED) ? form->event->f.v[MT_F_ARRIVED].t.usec : 0;
    char text[FORM_NUMBER];
    struct mt_slice parts[] = {form_get(form, MT_F_HOST), form_get(form, MT_F_INSTANCE), form_get(form, MT_F_QUEUE_ID),
                               mt_form_number(text, arrived)};

    hash(what, parts, sizeof parts / sizeof *parts, length, out);
}

/* Without a Message-ID the trace is one of this entry. */
static void trace_of(const struct form *form, char out[TRACE_ID])
{
    struct mt_slice id = form_get(form, MT_F_TRACE_ID);

    if (id.n == TRACE_ID) {
        memcpy(out, id.p, TRACE_ID);
    } else {
        hash_entry(form, "trace", TRACE_ID, out);
    }
}

static void hop_of(const char trace[TRACE_ID], struct mt_slice queue_id, char out[SPAN_ID])
{
    struct mt_slice parts[] = {mt_slice(trace, TRACE_ID), queue_id};

    hash("hop", parts, 2, SPAN_ID, out);
}

/* --- what spans and records share --- */

static void put_nanoseconds(struct form *form, const char *key, int64_t usec)
{
    put_number(form, key, usec > 0 && usec < INT64_MAX / 1000 ? usec * 1000 : 0);
}

static int64_t time_of(const struct form *form, enum mt_field id, int64_t otherwise)
{
    return form_has(form, id) ? form->event->f.v[id].t.usec : otherwise;
}

static void put_resource(struct form *form)
{
    form_open(form, "resource");
    form_array(form, "attributes");
    place_attribute(form, "service.name", MT_F_MTA);
    place_attribute(form, "service.instance.id", MT_F_INSTANCE);
    place_attribute(form, "host.name", MT_F_HOST);
    form_close(form);
    form_close(form);
}

static void put_scope(struct form *form)
{
    form_open(form, "scope");
    form_word(form, "name", "mailtrace");
    form_word(form, "version", MT_VERSION);
    form_close(form);
}

static void put_attributes(struct form *form)
{
    bool out = form->event->kind == MT_EVENT_DELIVERY;

    form_array(form, "attributes");
    place_attribute(form, "client.address", MT_F_CLIENT_IP);
    place_attribute(form, "client.port", MT_F_CLIENT_PORT);
    place_attribute(form, "user.name", MT_F_CLIENT_USER);
    if (out && mt_form_has_relay(form->event)) {
        place_attribute(form, "server.address", MT_F_RELAY_NAME);
        place_attribute(form, "server.port", MT_F_RELAY_PORT);
        place_attribute(form, "network.peer.address", MT_F_RELAY_IP);
    }
    if (form_has(form, out ? MT_F_TLS_VERSION : MT_F_CLIENT_TLS_VERSION)) {
        put_attribute(form, "tls.protocol.name", MT_LIT("tls"));
        put_attribute(form, "tls.protocol.version",
                      mt_form_tls(form_get(form, out ? MT_F_TLS_VERSION : MT_F_CLIENT_TLS_VERSION)));
    }
    if (mt_form_outcome(form->event) == OUTCOME_FAILURE) {
        put_attribute(form, "error.type",
                      form_has(form, MT_F_DSN) ? form_get(form, MT_F_DSN) : mt_form_word(form->event));
    }
    put_rest(form);
    form_close(form);
}

static void put_ids(struct form *form, const char trace[TRACE_ID], const char span[SPAN_ID])
{
    form_text(form, "traceId", mt_slice(trace, TRACE_ID));
    form_text(form, "spanId", mt_slice(span, SPAN_ID));
}

static void put_span_times(struct form *form, int64_t start, int64_t end)
{
    put_nanoseconds(form, "startTimeUnixNano", start < end ? start : end);
    put_nanoseconds(form, "endTimeUnixNano", end);
}

/* 1 Ok, 2 Error; what is not known is unset. */
static void put_status(struct form *form)
{
    enum outcome outcome = mt_form_outcome(form->event);

    if (outcome != OUTCOME_UNKNOWN) {
        form_open(form, "status");
        form_integer(form, "code", outcome == OUTCOME_SUCCESS ? 1 : 2);
        if (outcome != OUTCOME_SUCCESS) {
            mt_form_copy(form, "message", form_has(form, MT_F_RESPONSE) ? MT_F_RESPONSE : MT_F_REASON);
        }
        form_close(form);
    }
}

/* --- spans --- */

/* A client whose own log is read is one of ours: else its hand-over would be a parent that nobody sends. */
static bool is_near(struct mt_slice ip)
{
    static const struct mt_slice near[] = {{"10.", 3}, {"192.168.", 8}, {"127.", 4}, {"fc", 2},
                                           {"fd", 2},  {"fe80:", 5},    {"::1", 3}};

    if (!mt_form_ip(ip)) {
        return false;
    }
    for (size_t i = 0; i < sizeof near / sizeof *near; i++) {
        if (mt_slice_starts(ip, near[i])) {
            return true;
        }
    }
    return mt_slice_starts(ip, MT_LIT("172.")) && ip.n > 6 && ip.p[6] == '.' &&
           (ip.p[4] == '1' ? ip.p[5] >= '6' : ip.p[4] == '2' || (ip.p[4] == '3' && ip.p[5] <= '1'));
}

static void put_parent(struct form *form, const char trace[TRACE_ID])
{
    struct mt_slice origin = form_get(form, MT_F_ORIGIN);
    char id[SPAN_ID];

    if (form_has(form, MT_F_TRACE_ID) &&
        (mt_slice_eq(origin, MT_LIT("forward")) ||
         (mt_slice_eq(origin, MT_LIT("network")) && is_near(form_get(form, MT_F_CLIENT_IP))))) {
        hop_of(trace, form_get(form, MT_F_QUEUE_ID), id);
        form_text(form, "parentSpanId", mt_slice(id, SPAN_ID));
    }
}

/* The parent is another trace's: its entry is told by attributes. */
static void put_link(struct form *form)
{
    struct mt_slice trace = form_get(form, MT_F_PARENT_TRACE_ID);
    char id[SPAN_ID];

    if (trace.n != TRACE_ID) {
        return;
    }
    hop_of(trace.p, form_get(form, MT_F_PARENT_QUEUE_ID), id);
    form_array(form, "links");
    form_open(form, NULL);
    put_ids(form, trace.p, id);
    form_array(form, "attributes");
    put_attribute(form, "mailtrace.link", form_get(form, MT_F_ORIGIN));
    form_close(form);
    form_close(form);
    form_close(form);
}

static void put_entry(struct form *form, const char trace[TRACE_ID], const char span[SPAN_ID])
{
    bool network = mt_slice_eq(form_get(form, MT_F_ORIGIN), MT_LIT("network"));
    int64_t end = time_of(form, MT_F_TIME, 0);

    form_open(form, NULL);
    put_ids(form, trace, span);
    put_parent(form, trace);
    form_word(form, "name", "mail queue");
    form_integer(form, "kind", network ? SERVER : INTERNAL);
    put_span_times(form, time_of(form, MT_F_ARRIVED, end), end);
    put_attributes(form);
    put_link(form);
    put_status(form);
    form_close(form);
}

static size_t considered(const struct mt_event *event)
{
    size_t n = mt_has(&event->f, MT_F_RECIPIENTS) ? event->nrecipients : 0;

    return n < HAND_OVERS ? n : HAND_OVERS;
}

/* Whether recipient i is the first that was handed over under its ID. */
static bool is_first(const struct mt_event *event, size_t i)
{
    struct mt_slice id = event->recipients[i].next_queue_id;

    for (size_t k = 0; k < i; k++) {
        if (mt_slice_eq(event->recipients[k].next_queue_id, id)) {
            return false;
        }
    }
    return id.n != 0;
}

static void put_recipient(struct form *form, const struct mt_recipient *r)
{
    form_open(form, NULL);
    put_nanoseconds(form, "timeUnixNano", r->time.usec);
    form_word(form, "name", "delivery");
    form_array(form, "attributes");
    put_attribute(form, "mailtrace.to", r->to);
    put_attribute(form, "mailtrace.dsn", r->dsn);
    form_close(form);
    form_close(form);
}

static void put_hand_over(struct form *form, const char trace[TRACE_ID], const char parent[SPAN_ID], size_t first)
{
    const struct mt_recipient *r = form->event->recipients;
    struct mt_slice next = r[first].next_queue_id;
    int64_t start = r[first].time.usec, end = start;
    char span[SPAN_ID];

    for (size_t i = first; i < considered(form->event); i++) {
        if (mt_slice_eq(r[i].next_queue_id, next)) {
            start = r[i].time.usec < start ? r[i].time.usec : start;
            end = r[i].time.usec > end ? r[i].time.usec : end;
        }
    }
    hop_of(trace, next, span);
    form_open(form, NULL);
    put_ids(form, trace, span);
    form_text(form, "parentSpanId", mt_slice(parent, SPAN_ID));
    form_word(form, "name", "mail hand-over");
    form_integer(form, "kind", CLIENT);
    put_span_times(form, start, end);
    form_array(form, "attributes");
    put_attribute(form, "server.address", r[first].relay_name);
    put_attribute(form, "network.peer.address", r[first].relay_ip);
    put_attribute(form, "mailtrace.next_queue_id", next);
    form_close(form);
    form_array(form, "events");
    for (size_t i = first; i < considered(form->event); i++) {
        if (mt_slice_eq(r[i].next_queue_id, next)) {
            put_recipient(form, &r[i]);
        }
    }
    form_close(form);
    form_close(form);
}

static void put_attempt(struct form *form, const char trace[TRACE_ID], const char parent[SPAN_ID])
{
    const struct mt_fields *f = &form->event->f;
    int64_t end = time_of(form, MT_F_TIME, 0), start = end;
    int64_t used = mt_get_int(f, MT_F_DELAYS_CONNECT, 0), transmit = mt_get_int(f, MT_F_DELAYS_TRANSMIT, 0);

    if (__builtin_add_overflow(used, transmit, &used) || used < 0 || __builtin_sub_overflow(end, used, &start)) {
        start = end;
    }
    form_open(form, NULL);
    put_ids(form, trace, f->v[MT_F_ID].s.p);
    form_text(form, "parentSpanId", mt_slice(parent, SPAN_ID));
    form_word(form, "name", "mail delivery");
    form_integer(form, "kind", mt_form_has_relay(form->event) ? CLIENT : INTERNAL);
    put_span_times(form, start, end);
    put_attributes(form);
    put_status(form);
    form_close(form);
}

static void put_spans(struct form *form)
{
    char trace[TRACE_ID], entry[SPAN_ID];

    trace_of(form, trace);
    hash_entry(form, "queue", SPAN_ID, entry);
    form_array(form, "scopeSpans");
    form_open(form, NULL);
    put_scope(form);
    form_array(form, "spans");
    if (form->event->kind == MT_EVENT_DELIVERY) {
        put_attempt(form, trace, entry);
    } else {
        put_entry(form, trace, entry);
        for (size_t i = 0; i < considered(form->event); i++) {
            if (is_first(form->event, i)) {
                put_hand_over(form, trace, entry, i);
            }
        }
    }
    form_close(form);
    form_close(form);
    form_close(form);
}

/* --- log records --- */

static void put_severity(struct form *form)
{
    enum outcome outcome = mt_form_outcome(form->event);
    bool gone = form->event->kind == MT_EVENT_DELIVERY && outcome == OUTCOME_FAILURE &&
                !mt_slice_eq(form_get(form, MT_F_STATUS), MT_LIT("deferred"));

    form_integer(form, "severityNumber", gone ? 17 : outcome == OUTCOME_SUCCESS ? 9 : 13);
    mt_form_string(form, "severityText",
                   gone                         ? MT_LIT("ERROR")
                   : outcome == OUTCOME_SUCCESS ? MT_LIT("INFO")
                                                : MT_LIT("WARN"));
}

static void put_body(struct form *form)
{
    struct mt_slice response = form_get(form, MT_F_RESPONSE), what;
    char word[80], text[200];

    what = mt_form_join(word, sizeof word, form_get(form, MT_F_EVENT), " ", mt_form_word(form->event));
    form_open(form, "body");
    form_text(form, "stringValue", mt_form_join(text, sizeof text, what, ": ", response));
    form_close(form);
}

static void put_record(struct form *form)
{
    struct mt_slice id = form_get(form, MT_F_ID);
    char name[40];

    form_array(form, "scopeLogs");
    form_open(form, NULL);
    put_scope(form);
    form_array(form, "logRecords");
    form_open(form, NULL);
    put_nanoseconds(form, "timeUnixNano", time_of(form, MT_F_TIME, 0));
    put_severity(form);
    put_body(form);
    if (form_get(form, MT_F_TRACE_ID).n == TRACE_ID && id.n >= SPAN_ID) {
        put_ids(form, form_get(form, MT_F_TRACE_ID).p, id.p);
    }
    form_text(form, "eventName", mt_form_join(name, sizeof name, MT_LIT("mailtrace"), ".", form_get(form, MT_F_EVENT)));
    put_attributes(form);
    form_close(form);
    form_close(form);
    form_close(form);
    form_close(form);
}

/* What was handed over is a span of the message that tells of all its recipients. */
static bool is_span(const struct form *form)
{
    return form_has(form, MT_F_QUEUE_ID) &&
           (form->event->kind == MT_EVENT_MESSAGE ||
            (form->event->kind == MT_EVENT_DELIVERY && !form_has(form, MT_F_NEXT_QUEUE_ID) &&
             form_get(form, MT_F_ID).n >= SPAN_ID));
}

static void walk(const struct mt_event *event, const struct mt_visitor *to, void *ctx)
{
    struct form form;

    mt_form_begin(&form, event, to, ctx);
    put_resource(&form);
    if (is_span(&form)) {
        put_spans(&form);
    } else {
        put_record(&form);
    }
    form_close(&form);
}

const struct mt_schema mt_schema_otlp = {.name = "otlp", .walk = walk};
