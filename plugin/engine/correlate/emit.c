/* Making events of what is known. */
#include "internal.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#define HEX_128 32

static const char *const origin_names[] = {
    [MT_ORIGIN_NETWORK] = "network",
    [MT_ORIGIN_LOCAL] = "local",
    [MT_ORIGIN_BOUNCE] = "bounce",
    [MT_ORIGIN_FORWARD] = "forward",
};

const char *const mt_reason_names[MT_REASON_COUNT] = {
#define MT_NAME(id, name) [MT_REASON_##id] = name,
    MT_REASONS(MT_NAME)
#undef MT_NAME
};

static void set_word(struct mt_fields *f, enum mt_field id, const char *word)
{
    mt_set(f, id, mt_slice_str(word));
}

/* --- identities --- */

static void to_hex(XXH128_hash_t hash, char out[HEX_128])
{
    static const char digits[] = "0123456789abcdef";
    XXH128_canonical_t bytes;

    XXH128_canonicalFromHash(&bytes, hash);
    for (size_t i = 0; i < sizeof bytes.digest; i++) {
        out[2 * i] = digits[bytes.digest[i] >> 4];
        out[2 * i + 1] = digits[bytes.digest[i] & 15];
    }
}

static void add_slice(struct mt_buffer *b, struct mt_slice s)
{
    mt_buffer_append(b, s.p, s.n);
    mt_buffer_append(b, "", 1);
}

static void add_number(struct mt_buffer *b, int64_t i)
{
    unsigned char bytes[8];

    for (size_t k = 0; k < 8; k++) {
        bytes[k] = (unsigned char)((uint64_t)i >> (8 * k));
    }
    mt_buffer_append(b, bytes, sizeof bytes);
}

/* The same input gives the same id everywhere: only what lines say goes into it. A message is told
 * by its first line, all other events by the line that caused them.
 */
static uint64_t set_id(struct mt_correlator *c, const struct mt_pending *p, char out[HEX_128])
{
    struct mt_fields *f = &c->event.f;
    struct mt_buffer *b = &c->text;
    XXH128_hash_t hash;

    b->n = 0;
    b->failed = false;
    add_slice(b, mt_get(f, MT_F_EVENT));
    add_slice(b, mt_get(f, MT_F_HOST));
    add_slice(b, mt_get(f, MT_F_MTA));
    add_slice(b, mt_get(f, MT_F_INSTANCE));
    add_slice(b, mt_get(f, MT_F_QUEUE_ID));
    if (p->kind == MT_EVENT_MESSAGE) {
        add_number(b, p->message->first.usec);
    } else if (p->kind == MT_EVENT_SESSION) {
        add_slice(b, mt_bag_get(&p->session->bag, MT_F_PROGRAM));
        add_number(b, p->session->pid);
        add_slice(b, mt_get(f, MT_F_CLIENT_IP));
        add_number(b, mt_get_int(f, MT_F_CLIENT_PORT, 0));
        add_number(b, p->session->first);
        add_number(b, p->session->last.usec);
    } else if (p->line) {
        add_number(b, p->line->usec);
        add_number(b, p->line->line.pid);
        add_number(b, p->ordinal);
        add_slice(b, p->line->line.text);
    }
    hash = XXH3_128bits(b->p, b->failed ? 0 : b->n);
    to_hex(hash, out);
    mt_set(f, MT_F_ID, mt_slice(out, HEX_128));
    return hash.low64;
}

/* W3C Trace Context, 3.2.2.3: all zeros are no trace-id. */
static void set_trace_id(struct mt_fields *f, char out[HEX_128])
{
    struct mt_slice id = mt_get(f, MT_F_MESSAGE_ID);
    XXH128_hash_t hash;

    if (!id.n) {
        return;
    }
    hash = XXH3_128bits(id.p, id.n);
    if (!hash.low64 && !hash.high64) {
        hash.low64 = 1;
    }
    to_hex(hash, out);
    mt_set(f, MT_F_TRACE_ID, mt_slice(out, HEX_128));
}

/* --- what the kinds say --- */

static void set_common(struct mt_correlator *c, const struct mt_host *host, const struct mt_pending *p)
{
    struct mt_fields *f = &c->event.f;
    const struct mt_message *m = p->message;
    const struct mt_session *s = p->session ? p->session : m ? m->session : NULL;

    if (!s && p->line) {
        s = p->line->session;
    }
    c->event.kind = p->kind;
    c->event.nrecipients = 0;
    set_word(f, MT_F_EVENT, mt_event_names[p->kind]);
    mt_set(f, MT_F_HOST, host->name);
    set_word(f, MT_F_MTA, mt_mta_names[p->line ? p->line->mta : m ? m->mta : s ? s->mta : MT_MTA_NONE]);
    if (m) {
        mt_bag_fill(&m->bag, f, MT_F_INSTANCE, MT_F_CLIENT_TLS_VERIFY);
        mt_set_time(f, MT_F_ARRIVED, m->first);
        set_word(f, MT_F_ORIGIN, origin_names[m->origin]);
    }
    if (s) {
        mt_bag_fill(&s->bag, f, MT_F_CLIENT_NAME, MT_F_CLIENT_TLS_VERIFY);
    }
}

static void set_delivery(struct mt_correlator *c, const struct mt_pending *p)
{
    struct mt_fields *f = &c->event.f;
    const struct mt_rcpt *rcpt =
        p->recipient >= 0 && p->message->rcpts.n > (uint32_t)p->recipient ? &p->message->rcpts.v[p->recipient] : NULL;
    bool last = rcpt && rcpt->attempts == p->attempt;
    bool given_up = last && (rcpt->status != MT_STATUS_DEFERRED || p->message->deleted);

    if (!p->line) { /* only a message or a session can do without */
        return;
    }
    mt_set_time(f, MT_F_TIME, p->line->line.time);
    mt_set(f, MT_F_TO, p->to);
    set_word(f, MT_F_STATUS, mt_status_names[p->line->status]);
    mt_set_int(f, MT_F_FINAL, p->line->status != MT_STATUS_DEFERRED || given_up);
    if (p->attempt) {
        mt_set_int(f, MT_F_ATTEMPT, p->attempt);
    }
    if (p->line->peer) {
        mt_bag_fill(&p->line->peer->bag, f, MT_F_TLS_VERSION, MT_F_TLS_VERIFY);
    }
}

static void count_statuses(const struct mt_message *m, int64_t counts[MT_STATUS_COUNT])
{
    for (uint32_t i = 0; i < m->rcpts.n; i++) {
        counts[m->rcpts.v[i].status]++;
    }
}

/* How the recipients fared, told from their last statuses. */
static const char *result_of(const int64_t counts[MT_STATUS_COUNT])
{
    int64_t good = counts[MT_STATUS_SENT] + counts[MT_STATUS_DELIVERABLE];
    int64_t bad = counts[MT_STATUS_BOUNCED] + counts[MT_STATUS_EXPIRED] + counts[MT_STATUS_UNDELIVERABLE];

    if (counts[MT_STATUS_DEFERRED]) { /* the MTA ends no entry with work left, so somebody else did */
        return "deleted";
    }
    if (good) {
        return bad ? "partial" : "sent";
    }
    if (counts[MT_STATUS_DISCARDED]) {
        return bad ? "partial" : "discarded";
    }
    return counts[MT_STATUS_EXPIRED] == bad ? "expired" : "bounced";
}

static const char *message_result(struct mt_message *m, const int64_t counts[MT_STATUS_COUNT])
{
    if (m->deleted) {
        return "deleted";
    }
    if (m->rejected || (m->refused && !m->rcpts.n && (!m->queued || !mt_bag_get_int(&m->bag, MT_F_NRCPT, 1)) &&
                        (!m->begun || m->queued))) {
        return "rejected";
    }
    if (m->reason) {
        return "incomplete";
    }
    if (m->discarded) {
        return "discarded";
    }
    if (!m->rcpts.n || m->rcpts.n < mt_bag_get_int(&m->bag, MT_F_NRCPT, 0)) {
        m->reason = MT_REASON_UNSEEN;
        return "incomplete";
    }
    return result_of(counts);
}

static void set_counts(struct mt_fields *f, const int64_t counts[MT_STATUS_COUNT])
{
    static const uint8_t fields[] = {
        [MT_STATUS_SENT] = MT_F_COUNTS_SENT,           [MT_STATUS_DEFERRED] = MT_F_COUNTS_DEFERRED,
        [MT_STATUS_BOUNCED] = MT_F_COUNTS_BOUNCED,     [MT_STATUS_EXPIRED] = MT_F_COUNTS_EXPIRED,
        [MT_STATUS_DISCARDED] = MT_F_COUNTS_DISCARDED,
    };

    for (size_t i = MT_STATUS_SENT; i < sizeof fields; i++) {
        if (counts[i]) {
            mt_set_int(f, fields[i], counts[i]);
        }
    }
}

static bool reserve_recipients(struct mt_correlator *c, size_t n)
{
    void *p;

    if (n <= c->recipients_size) {
        return true;
    }
    p = mt_memory_resize(&c->memory, c->recipients, c->recipients_size * sizeof *c->recipients,
                         n * sizeof *c->recipients);
    if (!p) {
        return false;
    }
    c->recipients = p;
    c->recipients_size = n;
    return true;
}

static void set_recipients(struct mt_correlator *c, const struct mt_message *m)
{
    struct mt_fields *f = &c->event.f;
    size_t n = 0;

    if (!m->rcpts.stored || !reserve_recipients(c, m->rcpts.stored)) {
        return;
    }
    for (uint32_t i = 0; i < m->rcpts.n; i++) {
        const struct mt_rcpt *rcpt = &m->rcpts.v[i];
        const struct mt_result *r = rcpt->result;
        if (!r) {
            continue;
        }
        c->recipients[n++] = (struct mt_recipient){
            .to = mt_bag_get(&r->bag, MT_F_TO),
            .orig_to = mt_bag_get(&r->bag, MT_F_ORIG_TO),
            .dsn = mt_bag_get(&r->bag, MT_F_DSN),
            .next_queue_id = mt_bag_get(&r->bag, MT_F_NEXT_QUEUE_ID),
            .relay_name = mt_bag_get(&r->bag, MT_F_RELAY_NAME),
            .relay_ip = mt_bag_get(&r->bag, MT_F_RELAY_IP),
            .relay_path = mt_bag_get(&r->bag, MT_F_RELAY_PATH),
            .relay_port = (uint16_t)mt_bag_get_int(&r->bag, MT_F_RELAY_PORT, 0),
            .status = rcpt->status,
            .attempts = rcpt->attempts,
            .delay = r->delay,
            .time = r->time,
        };
    }
    c->event.recipients = c->recipients;
    c->event.nrecipients = n;
    mt_set(f, MT_F_RECIPIENTS, MT_LIT("recipients"));
    if (m->rcpts.n > n) {
        mt_set_int(f, MT_F_RECIPIENTS_OMITTED, (int64_t)(m->rcpts.n - n));
    }
}

static void set_message(struct mt_correlator *c, const struct mt_pending *p)
{
    struct mt_fields *f = &c->event.f;
    struct mt_message *m = p->message;
    int64_t counts[MT_STATUS_COUNT] = {0}, last = m->last > m->end ? m->last : m->end;
    struct mt_time end = {last, m->first.offset, m->first.digits};
    const char *result;

    count_statuses(m, counts);
    result = message_result(m, counts);
    mt_set_time(f, MT_F_TIME, p->line ? p->line->line.time : end);
    set_word(f, MT_F_RESULT, result);
    if (mt_slice_eq(mt_get(f, MT_F_RESULT), MT_LIT("incomplete"))) {
        set_word(f, MT_F_REASON, mt_reason_names[m->reason]);
        c->stats.incomplete[m->reason]++;
    } else if (mt_slice_eq(mt_get(f, MT_F_RESULT), MT_LIT("rejected"))) {
        mt_set(f, MT_F_REASON, mt_bag_get(&m->bag, MT_F_RESPONSE));
    }
    mt_set_int(f, MT_F_DURATION, last > m->first.usec ? last - m->first.usec : 0);
    set_recipients(c, m);
    set_counts(f, counts);
    mt_bag_fill(&m->bag, f, MT_F_BOUNCE_QUEUE_ID, MT_F_BOUNCE_QUEUE_ID);
    mt_bag_fill(&m->bag, f, MT_F_RECEIVED, MT_F_RECEIVED);
    mt_set_int(f, MT_F_LINES, m->lines);
}

static void set_session(struct mt_correlator *c, const struct mt_pending *p)
{
    struct mt_fields *f = &c->event.f;
    const struct mt_session *s = p->session;

    mt_set_time(f, MT_F_TIME, s->last);
    mt_bag_fill(&s->bag, f, MT_F_INSTANCE, MT_F_INSTANCE);
    mt_bag_fill(&s->bag, f, MT_F_STAGE, MT_F_STAGE);
    mt_bag_fill(&s->bag, f, MT_F_RESPONSE, MT_F_RESPONSE);
    mt_bag_fill(&s->bag, f, MT_F_USER, MT_F_COMMANDS);
    set_word(f, MT_F_REASON, mt_trouble_names[s->reason]);
    mt_set(f, MT_F_ACCEPTED, mt_get(f, MT_F_COMMANDS));
}

/* --- giving out --- */

static bool told_before(struct mt_correlator *c, const struct mt_pending *p, uint64_t id)
{
    uint64_t *place = &c->told[id & (MT_TOLD - 1)];

    if (p->kind != MT_EVENT_REJECT && p->kind != MT_EVENT_SESSION) {
        return false; /* the message knows its lines */
    }
    if (*place == id) {
        c->stats.repeated++;
        return true;
    }
    *place = id;
    return false;
}

static void make(struct mt_correlator *c, const struct mt_host *host, const struct mt_pending *p)
{
    struct mt_fields *f = &c->event.f;
    char id[HEX_128], trace_id[HEX_128];

    mt_fields_clear(f);
    if (p->line && p->kind != MT_EVENT_MESSAGE && p->kind != MT_EVENT_SESSION) {
        mt_stored_fill(p->line, f);
    }
    set_common(c, host, p);
    switch (p->kind) {
    case MT_EVENT_DELIVERY:
        set_delivery(c, p);
        break;
    case MT_EVENT_MESSAGE:
        set_message(c, p);
        break;
    case MT_EVENT_SESSION:
        set_session(c, p);
        break;
    default:
        if (p->line) {
            mt_set_time(f, MT_F_TIME, p->line->line.time);
        }
        break;
    }
    set_trace_id(f, trace_id);
    if (!told_before(c, p, set_id(c, p, id))) {
        c->stats.events[p->kind]++;
        if (!c->silent) {
            c->emit(c->ctx, &c->event);
        }
    }
}

/* An end that was put off: other lines came since, or the entry has ended otherwise. */
static bool outdated(const struct mt_pending *p)
{
    return p->kind == MT_EVENT_MESSAGE && (p->version != p->message->version || p->message->state == MT_ENDED);
}

void mt_line_release(struct mt_correlator *c, struct mt_stored *line)
{
    if (line && line->refs == 1) {
        mt_session_release(&c->sessions, line->session);
        mt_peer_release(&c->sessions, line->peer);
    }
    mt_stored_free(&c->store, line);
}

void mt_emit(struct mt_correlator *c, struct mt_host *host, struct mt_pending *p)
{
    if (!outdated(p)) {
        if ((c->config.events >> p->kind) & 1) {
            make(c, host, p);
        } else if (p->kind == MT_EVENT_MESSAGE && p->message->reason) {
            c->stats.incomplete[p->message->reason]++;
        }
        if (p->kind == MT_EVENT_MESSAGE) {
            if (p->message->state == MT_OPEN) {
                p->message->end = p->message->last;
            }
            mt_message_ended(&c->messages, p->message);
        }
    }
    mt_line_release(c, p->line);
    mt_message_release(&c->messages, p->message);
    mt_session_release(&c->sessions, p->session);
}
