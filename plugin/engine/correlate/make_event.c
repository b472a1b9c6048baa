/* Making events of what is known. */
#include "base/buffer.h"
#include "base/words.h"
#include "internal.h"
#include "mailtrace/causes.h"
#include "packed_verdicts.h"

static const struct mt_slice origin_words[MT_ORIGIN_COUNT] = {
#define MT_WORD(id, name) [MT_ORIGIN_##id] = MT_NAMED(name),
    MT_ORIGINS(MT_WORD)
#undef MT_WORD
};

/* How a message fared: X(identifier, value of "result"). */
#define RESULTS(X)            \
    X(SENT, "sent")           \
    X(PARTIAL, "partial")     \
    X(BOUNCED, "bounced")     \
    X(EXPIRED, "expired")     \
    X(DISCARDED, "discarded") \
    X(DELETED, "deleted")     \
    X(REJECTED, "rejected")   \
    X(PROBE, "probe")         \
    X(INCOMPLETE, "incomplete")

enum result {
#define ROW(id, name) RESULT_##id,
    RESULTS(ROW)
#undef ROW
};

static const struct mt_slice result_words[] = {
#define ROW(id, name) [RESULT_##id] = MT_NAMED(name),
    RESULTS(ROW)
#undef ROW
};

const char *const mt_reason_names[MT_REASON_COUNT] = {
#define MT_NAME(id, name) [MT_REASON_##id] = name,
    MT_REASONS(MT_NAME)
#undef MT_NAME
};

/* --- what the kinds say --- */

/* Of a message, in each of its events. */
#define COMMON_FIELDS(word) \
    (MT_FIELD_RUN(word, MT_F_INSTANCE, MT_F_CLIENT_TLS_VERIFY) & ~MT_FIELD_BIT(word, MT_F_INSTANCE))
static const uint64_t common_fields[2] = {COMMON_FIELDS(0), COMMON_FIELDS(1)};
static const uint64_t tls_fields[2] = {MT_FIELD_RUN(0, MT_F_TLS_VERSION, MT_F_TLS_VERIFY),
                                       MT_FIELD_RUN(1, MT_F_TLS_VERSION, MT_F_TLS_VERIFY)};
static const uint64_t all_fields[2] = {UINT64_MAX, UINT64_MAX};

/* What an entry is named by is shown when it is an instance's name, and not only a service's. */
static void set_instance(struct mt_fields *f, const struct mt_host *host, const struct mt_queued_event *p)
{
    struct mt_slice name = p->message ? mt_kept_get(&p->message->kept, MT_F_INSTANCE) : mt_event_name(p);

    f->have[MT_F_INSTANCE / 64] &= ~(UINT64_C(1) << (MT_F_INSTANCE % 64));
    if (name.n && ((p->message && p->message->own_name) || mt_instances_know(&host->instances, name))) {
        mt_set(f, MT_F_INSTANCE, name);
    }
}

/* The client that the filter names, in place of the filter's own connection. */
static void set_orig_client(struct mt_fields *f, const struct mt_kept *kept)
{
    for (size_t i = 0; i < 2; i++) {
        f->have[i] &= ~mt_client_fields[i];
    }
    mt_set(f, MT_F_CLIENT_NAME, mt_kept_get(kept, MT_F_ORIG_CLIENT_NAME));
    mt_set(f, MT_F_CLIENT_IP, mt_kept_get(kept, MT_F_ORIG_CLIENT_IP));
    if (mt_kept_has(kept, MT_F_ORIG_CLIENT_PORT)) {
        mt_set_int(f, MT_F_CLIENT_PORT, mt_kept_get_int(kept, MT_F_ORIG_CLIENT_PORT, 0));
    }
}

/* Whose event it is. A filter's line may end an entry, which is not the filter's. */
static uint8_t source_of(const struct mt_queued_event *p, const struct mt_session *s)
{
    if (p->line && !(p->message && p->line->effect == MT_EFFECT_REQUEUES)) {
        return p->line->source;
    }
    return p->message ? p->message->source : s ? s->source : MT_SOURCE_NONE;
}

static void set_common(struct mt_correlator *c, const struct mt_host *host, const struct mt_queued_event *p)
{
    struct mt_fields *f = &c->event.f;
    const struct mt_message *m = p->message;
    const struct mt_session *s = p->session ? p->session : m ? m->session : NULL;

    if (!s && p->line) {
        s = p->line->session;
    }
    c->event.kind = p->kind;
    c->event.nrecipients = c->event.ncommands = c->event.nverdicts = c->event.nhops = 0;
    mt_set(f, MT_F_EVENT, mt_event_words[p->kind]);
    mt_set(f, MT_F_HOST, host->name);
    mt_set(f, MT_F_MTA, mt_source_words[source_of(p, s)]);
    if (m) {
        mt_kept_fill(&m->kept, f, common_fields);
        mt_set_time(f, MT_F_ARRIVED, m->first);
        mt_set(f, MT_F_ORIGIN, origin_words[m->origin]);
    }
    if (m && (mt_kept_has(&m->kept, MT_F_ORIG_CLIENT_IP) || mt_kept_has(&m->kept, MT_F_ORIG_CLIENT_NAME))) {
        set_orig_client(f, &m->kept);
    } else if (s) {
        mt_kept_fill(&s->kept, f, mt_client_fields);
    }
}

/* It was not sent. */
static void set_failure(struct mt_correlator *c, const struct mt_queued_event *p, bool given_up)
{
    uint8_t status = p->line->status;

    mt_set_int(&c->event.f, MT_F_FINAL, status != MT_STATUS_DEFERRED || given_up);
    if (c->config.causes && status != MT_STATUS_DISCARDED && status != MT_STATUS_DELIVERABLE) {
        mt_causes_find(c->config.causes, &c->event.f);
    }
}

static void set_delivery(struct mt_correlator *c, const struct mt_queued_event *p)
{
    struct mt_fields *f = &c->event.f;
    const struct mt_rcpt *rcpt =
        p->recipient >= 0 && p->message->rcpts.n > (uint32_t)p->recipient ? &p->message->rcpts.v[p->recipient] : NULL;
    bool last = rcpt && rcpt->attempts == p->attempt;

    if (!p->line) { /* only a message or a session can do without */
        return;
    }
    if (last && mt_kept_get_int(&rcpt->kept, MT_F_ATTEMPT, 0) == p->attempt) { /* the reply came on a line of its own */
        mt_kept_fill(&rcpt->kept, f, mt_reply_fields);
    }
    mt_set_time(f, MT_F_TIME, p->line->line.time);
    if (p->to.n) {
        mt_set(f, MT_F_TO, p->to);
    } else if (rcpt) { /* a line before has said it */
        mt_kept_fill(&rcpt->kept, f, mt_address_fields);
    }
    mt_set(f, MT_F_STATUS, mt_status_words[p->line->status]);
    if (p->line->status == MT_STATUS_SENT) {
        mt_set_int(f, MT_F_FINAL, true);
    } else {
        set_failure(c, p, last && (rcpt->status != MT_STATUS_DEFERRED || p->message->deleted));
    }
    if (p->attempt) {
        mt_set_int(f, MT_F_ATTEMPT, p->attempt);
    }
    if (p->line->peer) {
        mt_kept_fill(&p->line->peer->kept, f, tls_fields);
    }
}

static void count_statuses(const struct mt_message *m, int64_t counts[MT_STATUS_COUNT])
{
    for (uint32_t i = 0; i < m->rcpts.n; i++) {
        counts[m->rcpts.v[i].status]++;
    }
}

/* Told from the last statuses of the recipients. */
static enum result result_of(const int64_t counts[MT_STATUS_COUNT])
{
    int64_t good = counts[MT_STATUS_SENT];
    int64_t bad = counts[MT_STATUS_BOUNCED] + counts[MT_STATUS_EXPIRED];

    if (counts[MT_STATUS_DELIVERABLE] || counts[MT_STATUS_UNDELIVERABLE]) { /* verify(8) asked, nothing was sent */
        return RESULT_PROBE;
    }
    if (counts[MT_STATUS_DEFERRED]) { /* the MTA ends no entry with work left, so somebody else did */
        return RESULT_DELETED;
    }
    if (good) {
        return bad ? RESULT_PARTIAL : RESULT_SENT;
    }
    if (counts[MT_STATUS_DISCARDED]) {
        return bad ? RESULT_PARTIAL : RESULT_DISCARDED;
    }
    return counts[MT_STATUS_EXPIRED] == bad ? RESULT_EXPIRED : RESULT_BOUNCED;
}

/* It ended, and of a recipient or more (known: of so many something is) no result was seen. */
static bool is_unseen(const struct mt_message *m, int64_t known, int64_t nrcpt)
{
    return !known || (known < nrcpt && !mt_sources[m->source]->merges_recipients);
}

static enum result message_result(struct mt_message *m, const int64_t counts[MT_STATUS_COUNT], int64_t nrcpt)
{
    if (m->deleted) {
        return RESULT_DELETED;
    }
    if (m->rejected || (m->refused && !m->rcpts.n && (!m->queued || !nrcpt) && (!m->begun || m->queued))) {
        return RESULT_REJECTED;
    }
    if (m->reason) {
        /* What was broken off because the client went away says so; its session may say it after the entry's end. */
        if (m->reason == MT_REASON_CANCELED && m->session && m->session->lost) {
            m->reason = MT_REASON_LOST_CONNECTION;
        }
        return RESULT_INCOMPLETE;
    }
    if (m->discarded) {
        return RESULT_DISCARDED;
    }
    if (is_unseen(m, m->rcpts.n - counts[MT_STATUS_NONE], nrcpt)) {
        if (m->waived) {
            return RESULT_DELETED;
        }
        m->reason = MT_REASON_UNSEEN;
        return RESULT_INCOMPLETE;
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

/* Makes an array that was for *size things of `each` bytes large enough for n. NULL when memory is short. */
static void *reserve(struct mt_correlator *c, void *v, size_t each, size_t *size, size_t n)
{
    uint64_t before = c->memory.used;
    void *p;

    if (n <= *size) {
        return v;
    }
    p = mt_memory_resize(&c->memory, v, *size * each, n * each);
    c->memory.shared += c->memory.used - before;
    *size = p ? n : *size;
    return p;
}

static void set_recipient(struct mt_recipient *out, const struct mt_rcpt *rcpt)
{
    struct mt_fields f;

    mt_fields_clear(&f);
    mt_kept_fill(&rcpt->kept, &f, all_fields);
    *out = (struct mt_recipient){
        .to = mt_get(&f, MT_F_TO),
        .orig_to = mt_get(&f, MT_F_ORIG_TO),
        .dsn = mt_get(&f, MT_F_DSN),
        .next_queue_id = mt_get(&f, MT_F_NEXT_QUEUE_ID),
        .relay_name = mt_get(&f, MT_F_RELAY_NAME),
        .relay_ip = mt_get(&f, MT_F_RELAY_IP),
        .relay_path = mt_get(&f, MT_F_RELAY_PATH),
        .relay_port = (uint16_t)mt_get_int(&f, MT_F_RELAY_PORT, 0),
        .status = rcpt->status,
        .attempts = rcpt->attempts,
        .delay = mt_get_int(&f, MT_F_DELAY, -1),
        .time = {rcpt->usec, rcpt->offset, rcpt->digits},
    };
}

static void set_recipients(struct mt_correlator *c, const struct mt_message *m)
{
    struct mt_fields *f = &c->event.f;
    void *p = reserve(c, c->recipients, sizeof *c->recipients, &c->recipients_size, m->rcpts.stored);
    size_t n = 0;

    if (!m->rcpts.stored || !p) {
        return;
    }
    c->recipients = p;
    for (; n < m->rcpts.stored; n++) {
        set_recipient(&c->recipients[n], &m->rcpts.v[n]);
    }
    c->event.recipients = c->recipients;
    c->event.nrecipients = n;
    mt_set(f, MT_F_RECIPIENTS, MT_LIT("recipients"));
    if (m->rcpts.n > n) {
        mt_set_int(f, MT_F_RECIPIENTS_OMITTED, (int64_t)(m->rcpts.n - n));
    }
}

/* Where the message has no logged headers, it has no hops. */
static void set_hops(struct mt_correlator *c, const struct mt_message *m)
{
    struct mt_slice headers = mt_kept_get(&m->kept, MT_F_RECEIVED);
    size_t n = 1;
    void *p;

    if (!headers.n) {
        return;
    }
    for (size_t i = 0; i < headers.n; i++) {
        n += headers.p[i] == '\n';
    }
    p = reserve(c, c->hops, sizeof *c->hops, &c->hops_size, n);
    if (p && mt_buffer_grow(&c->hops_text, headers.n)) {
        c->event.hops = c->hops = p;
        c->event.nhops = mt_hops_read_logged(headers, c->hops_text.p, c->hops, n);
        mt_set(&c->event.f, MT_F_RECEIVED, MT_LIT("received"));
    }
}

static void set_verdicts(struct mt_correlator *c, const struct mt_message *m)
{
    struct mt_slice packed = mt_kept_get(&m->kept, MT_F_VERDICTS);
    struct mt_verdicts_count count;
    void *v, *symbols, *text;

    if (!packed.n) {
        return;
    }
    mt_verdicts_count(packed, &count);
    v = reserve(c, c->verdicts, sizeof *c->verdicts, &c->verdicts_size, count.verdicts);
    c->verdicts = v ? v : c->verdicts;
    symbols = reserve(c, c->symbols, sizeof *c->symbols, &c->symbols_size, count.symbols);
    c->symbols = symbols ? symbols : c->symbols;
    text = reserve(c, c->names, 1, &c->names_size, count.text);
    c->names = text ? text : c->names;
    if (v && (symbols || !count.symbols) && (text || !count.text)) {
        mt_verdicts_unpack(packed, c->verdicts, c->symbols, c->names);
        c->event.verdicts = c->verdicts;
        c->event.nverdicts = count.verdicts;
        mt_set(&c->event.f, MT_F_VERDICTS, MT_LIT("verdicts"));
    }
}

static void set_message(struct mt_correlator *c, const struct mt_queued_event *p)
{
    struct mt_fields *f = &c->event.f;
    struct mt_message *m = p->message;
    int64_t counts[MT_STATUS_COUNT] = {0}, last = m->last > m->end ? m->last : m->end;
    struct mt_time end = {last, m->first.offset, m->first.digits};
    enum result result;

    count_statuses(m, counts);
    result = message_result(m, counts, mt_get_int(f, MT_F_NRCPT, -1));
    mt_set_time(f, MT_F_TIME, p->line ? p->line->line.time : end);
    mt_set(f, MT_F_RESULT, result_words[result]);
    if (result == RESULT_INCOMPLETE) {
        mt_set(f, MT_F_REASON, mt_slice_str(mt_reason_names[m->reason]));
        c->stats.incomplete[m->reason]++;
    } else if (result == RESULT_REJECTED) {
        mt_set(f, MT_F_REASON, mt_kept_get(&m->kept, MT_F_RESPONSE));
    }
    mt_set_int(f, MT_F_DURATION, last > m->first.usec ? last - m->first.usec : 0);
    set_recipients(c, m);
    set_counts(f, counts);
    mt_set(f, MT_F_BOUNCE_QUEUE_ID, mt_kept_get(&m->kept, MT_F_BOUNCE_QUEUE_ID));
    set_verdicts(c, m);
    set_hops(c, m);
    mt_set_int(f, MT_F_LINES, m->lines);
}

static void set_session(struct mt_correlator *c, const struct mt_queued_event *p)
{
    static const uint8_t own[] = {MT_F_STAGE, MT_F_RESPONSE, MT_F_USER, MT_F_MECHANISM};
    struct mt_fields *f = &c->event.f;
    const struct mt_session *s = p->session;

    mt_set_time(f, MT_F_TIME, s->last);
    for (size_t i = 0; i < sizeof own; i++) {
        mt_set(f, own[i], mt_kept_get(&s->kept, own[i]));
    }
    mt_set(f, MT_F_REASON, mt_slice_str(mt_trouble_names[s->reason]));
    c->event.commands = c->commands;
    c->event.ncommands = mt_commands_read(mt_kept_get(&s->kept, MT_F_COMMANDS), c->commands);
    if (c->event.ncommands) {
        mt_set(f, MT_F_COMMANDS, MT_LIT("commands"));
        mt_set(f, MT_F_ACCEPTED, MT_LIT("accepted"));
    }
}

/* --- giving out --- */

static bool told_before(struct mt_correlator *c, const struct mt_queued_event *p, uint64_t id)
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

static void make(struct mt_correlator *c, const struct mt_host *host, const struct mt_queued_event *p)
{
    struct mt_fields *f = &c->event.f;
    char id[MT_TRACE_ID], trace_id[MT_TRACE_ID];

    mt_fields_clear(f);
    if (p->line && p->kind != MT_EVENT_MESSAGE && p->kind != MT_EVENT_SESSION) {
        mt_line_copy_fill(p->line, f);
    }
    set_instance(f, host, p);
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
        if (c->config.causes) {
            mt_causes_find(c->config.causes, f);
        }
        break;
    }
    mt_event_set_trace_id(f, trace_id);
    if (!told_before(c, p, mt_event_set_id(c, p, id))) {
        c->stats.events[p->kind]++;
        if (!c->silent) {
            c->emit(c->ctx, &c->event);
        }
    }
}

/* An end that was put off: other lines came since, or the entry has ended otherwise. */
static bool outdated(const struct mt_queued_event *p)
{
    return p->kind == MT_EVENT_MESSAGE && (p->version != p->message->version || p->message->state == MT_ENDED);
}

void mt_line_release(struct mt_correlator *c, struct mt_line_copy *line)
{
    if (line && line->refs == 1) {
        mt_session_release(&c->sessions, line->session);
        mt_peer_release(&c->sessions, line->peer);
    }
    mt_line_copy_free(&c->store, line);
}

/* The end of an entry whose source tells of deliveries and of nothing else. */
static bool is_no_end(const struct mt_correlator *c, const struct mt_queued_event *p)
{
    return p->kind == MT_EVENT_MESSAGE && mt_sources[p->message->source]->tells_only_deliveries &&
           !(c->config.events & MT_EVENTS_EVERY_END);
}

void mt_make_event(struct mt_correlator *c, struct mt_host *host, struct mt_queued_event *p)
{
    if (!outdated(p)) {
        if (is_no_end(c, p)) {
            p->message->reason = MT_REASON_NONE;
        } else if ((c->config.events >> p->kind) & 1) {
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
    if (p->kind == MT_EVENT_DELIVERY) {
        mt_message_put_to_rest(&c->messages, p->message);
    } else {
        mt_message_release(&c->messages, p->message);
    }
    mt_session_release(&c->sessions, p->session);
}
