/* Making events of what is known. */
#include "base/buffer.h"
#include "base/copy.h"
#include "base/words.h"
#include "internal.h"
#include "packed_verdicts.h"

#include <endian.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define HEX_128 32

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

/* --- identities --- */

#ifdef __SSE2__
#include <emmintrin.h>

/* The digits of 16 values from 0 to 15. */
static __m128i hex_digits(__m128i values)
{
    __m128i letters = _mm_and_si128(_mm_cmpgt_epi8(values, _mm_set1_epi8(9)), _mm_set1_epi8('a' - '0' - 10));

    return _mm_add_epi8(_mm_add_epi8(values, _mm_set1_epi8('0')), letters);
}

static void bytes_to_hex(const unsigned char bytes[HEX_128 / 2], char out[HEX_128])
{
    const __m128i mask = _mm_set1_epi8(15);
    __m128i all = _mm_loadu_si128((const __m128i *)(const void *)bytes);
    __m128i high = hex_digits(_mm_and_si128(_mm_srli_epi64(all, 4), mask)), low = hex_digits(_mm_and_si128(all, mask));

    _mm_storeu_si128((__m128i *)(void *)out, _mm_unpacklo_epi8(high, low));
    _mm_storeu_si128((__m128i *)(void *)(out + HEX_128 / 2), _mm_unpackhi_epi8(high, low));
}

#else

static void bytes_to_hex(const unsigned char bytes[HEX_128 / 2], char out[HEX_128])
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < HEX_128 / 2; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
}

#endif

static void to_hex(XXH128_hash_t hash, char out[HEX_128])
{
    XXH128_canonical_t bytes;

    XXH128_canonicalFromHash(&bytes, hash);
    bytes_to_hex(bytes.digest, out);
}

static inline char *put_slice(char *at, struct mt_slice s)
{
    mt_copy_bytes(at, s.p, s.n);
    at[s.n] = '\0';
    return at + s.n + 1;
}

static char *put_number(char *at, int64_t i)
{
    uint64_t bytes = htole64((uint64_t)i);

    memcpy(at, &bytes, sizeof bytes);
    return at + sizeof bytes;
}

/* What tells an event from all others of its host, MTA, instance and queue ID: a message by its
 * first line, all others by the line that caused them.
 */
static char *put_cause(char *at, const struct mt_fields *f, const struct mt_queued_event *p, struct mt_slice text)
{
    if (p->kind == MT_EVENT_MESSAGE) {
        at = put_number(at, p->message->first.usec);
        return p->message->twin ? put_number(at, p->message->twin) : at;
    }
    if (p->kind == MT_EVENT_SESSION) {
        at = put_slice(at, text);
        at = put_number(at, p->session->pid);
        at = put_slice(at, mt_get(f, MT_F_CLIENT_IP));
        at = put_number(at, mt_get_int(f, MT_F_CLIENT_PORT, 0));
        at = put_number(at, p->session->first);
        return put_number(at, p->session->last.usec);
    }
    if (p->line) {
        at = put_number(at, p->line->usec);
        at = put_number(at, p->line->line.pid);
        at = put_number(at, p->ordinal);
        at = put_slice(at, text);
    }
    return at;
}

/* The line's text, or a session's program. */
static struct mt_slice text_of(const struct mt_queued_event *p)
{
    if (p->kind == MT_EVENT_SESSION) {
        return mt_kept_get(&p->session->kept, MT_F_PROGRAM);
    }
    return p->line ? p->line->line.text : mt_slice(NULL, 0);
}

/* What the line or the entry is named by, be it a service's name. */
static struct mt_slice name_of(const struct mt_queued_event *p)
{
    if (p->kind == MT_EVENT_SESSION) {
        return mt_kept_get(&p->session->kept, MT_F_INSTANCE);
    }
    if (p->kind == MT_EVENT_MESSAGE) {
        return mt_kept_get(&p->message->kept, MT_F_INSTANCE);
    }
    return p->line ? mt_line_copy_get(p->line, MT_F_INSTANCE) : mt_slice(NULL, 0);
}

/* The same input gives the same id everywhere: only what lines say goes into it. */
static uint64_t set_id(struct mt_correlator *c, const struct mt_queued_event *p, char out[HEX_128])
{
    struct mt_fields *f = &c->event.f;
    const struct mt_slice common[] = {mt_get(f, MT_F_EVENT), mt_get(f, MT_F_HOST), mt_get(f, MT_F_MTA), name_of(p),
                                      mt_get(f, MT_F_QUEUE_ID)};
    enum {
        COMMON = sizeof common / sizeof *common,
        AROUND = 4 * 8 + COMMON + 2
    }; /* numbers, a byte behind each slice */
    struct mt_slice text = text_of(p);
    size_t room = AROUND + text.n + mt_get(f, MT_F_CLIENT_IP).n;
    XXH128_hash_t hash;
    char *at;

    for (size_t i = 0; i < COMMON; i++) {
        room += common[i].n;
    }
    at = mt_buffer_grow(&c->text, room) ? c->text.p : NULL;
    for (size_t i = 0; at && i < COMMON; i++) {
        at = put_slice(at, common[i]);
    }
    at = at ? put_cause(at, f, p, text) : NULL;
    hash = XXH3_128bits(c->text.p, at ? (size_t)(at - c->text.p) : 0);
    to_hex(hash, out);
    mt_set(f, MT_F_ID, mt_slice(out, HEX_128));
    return hash.low64;
}

/* W3C Trace Context, 3.2.2.3: all zeros are no trace-id. */
void mt_trace_id(struct mt_slice message_id, char out[MT_TRACE_ID])
{
    XXH128_hash_t hash = XXH3_128bits(message_id.p, message_id.n);

    if (!hash.low64 && !hash.high64) {
        hash.low64 = 1;
    }
    to_hex(hash, out);
}

static void set_trace_id(struct mt_fields *f, char out[HEX_128])
{
    struct mt_slice id = mt_get(f, MT_F_MESSAGE_ID);

    if (!id.n) {
        return;
    }
    mt_trace_id(id, out);
    mt_set(f, MT_F_TRACE_ID, mt_slice(out, MT_TRACE_ID));
    /* It is said where it is another one. */
    if (mt_has(f, MT_F_PARENT_TRACE_ID) && mt_slice_eq(mt_get(f, MT_F_PARENT_TRACE_ID), mt_get(f, MT_F_TRACE_ID))) {
        mt_drop(f, MT_F_PARENT_TRACE_ID);
    }
}

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
    struct mt_slice name = p->message ? mt_kept_get(&p->message->kept, MT_F_INSTANCE) : name_of(p);

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
    mt_set(f, MT_F_MTA, mt_source_words[p->line ? p->line->source : m ? m->source : s ? s->source : MT_SOURCE_NONE]);
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

static void set_delivery(struct mt_correlator *c, const struct mt_queued_event *p)
{
    struct mt_fields *f = &c->event.f;
    const struct mt_rcpt *rcpt =
        p->recipient >= 0 && p->message->rcpts.n > (uint32_t)p->recipient ? &p->message->rcpts.v[p->recipient] : NULL;
    bool last = rcpt && rcpt->attempts == p->attempt;
    bool given_up = last && (rcpt->status != MT_STATUS_DEFERRED || p->message->deleted);

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
    mt_set_int(f, MT_F_FINAL, p->line->status != MT_STATUS_DEFERRED || given_up);
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
    if (m->rcpts.n == counts[MT_STATUS_NONE] || m->rcpts.n - counts[MT_STATUS_NONE] < nrcpt) {
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
    void *p;

    if (n <= *size) {
        return v;
    }
    p = mt_memory_resize(&c->memory, v, *size * each, n * each);
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
    size_t n, nsymbols;
    void *v, *symbols;

    if (!packed.n) {
        return;
    }
    mt_verdicts_count(packed, &n, &nsymbols);
    v = reserve(c, c->verdicts, sizeof *c->verdicts, &c->verdicts_size, n);
    c->verdicts = v ? v : c->verdicts;
    symbols = reserve(c, c->symbols, sizeof *c->symbols, &c->symbols_size, nsymbols);
    c->symbols = symbols ? symbols : c->symbols;
    if (v && (symbols || !nsymbols)) {
        mt_verdicts_unpack(packed, c->verdicts, c->symbols);
        c->event.verdicts = c->verdicts;
        c->event.nverdicts = n;
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
    char id[HEX_128], trace_id[HEX_128];

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

void mt_make_event(struct mt_correlator *c, struct mt_host *host, struct mt_queued_event *p)
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
    if (p->kind == MT_EVENT_DELIVERY) {
        mt_message_put_to_rest(&c->messages, p->message);
    } else {
        mt_message_release(&c->messages, p->message);
    }
    mt_session_release(&c->sessions, p->session);
}
