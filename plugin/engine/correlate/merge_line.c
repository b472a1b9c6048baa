/* What a line does to its message, kind by kind. */
#include "packed_verdicts.h"
#include "parent.h"

#define RECEIVED_MAX 16384 /* bytes of Received: headers kept of a message */
#define VERDICTS_MAX 8192  /* bytes of packed verdicts kept of a message */

static void put(struct mt_correlator *c, struct mt_message *m, const struct mt_line_copy *line, enum mt_field id,
                bool replace)
{
    if (!mt_line_copy_has(line, id)) {
        return;
    }
    if (mt_is_text(id)) {
        mt_kept_put(&c->memory, &m->kept, id, mt_line_copy_get(line, id), replace);
    } else {
        mt_kept_put_int(&c->memory, &m->kept, id, mt_line_copy_int(line, id, 0), replace);
    }
}

/* Lengthens a text of a message, at most to `most` bytes; `glue` stands between. False: it would be longer. */
static bool append(struct mt_correlator *c, struct mt_message *m, enum mt_field id, struct mt_slice more,
                   struct mt_slice glue, size_t most)
{
    struct mt_slice known = mt_kept_get(&m->kept, id);

    if (known.n + glue.n + more.n > most) {
        return false;
    }
    c->text.n = 0;
    c->text.failed = false;
    mt_buffer_append(&c->text, known.p, known.n);
    if (known.n) {
        mt_buffer_append(&c->text, glue.p, glue.n);
    }
    mt_buffer_append(&c->text, more.p, more.n);
    if (!c->text.failed) {
        mt_kept_put(&c->memory, &m->kept, id, mt_slice(c->text.p, c->text.n), true);
    }
    return true;
}

/* Received: headers one below the other as they stand in the mail: the newest first (RFC 5321, section 4.4). What
 * goes beyond the bound is left out, the oldest hops.
 */
static void add_received(struct mt_correlator *c, struct mt_message *m, const struct mt_line_copy *line)
{
    struct mt_slice more = mt_line_copy_get(line, MT_F_RECEIVED);

    if (more.n && !append(c, m, MT_F_RECEIVED, more, MT_LIT("\n"), RECEIVED_MAX)) {
        c->stats.hops_omitted++;
    }
}

static bool is_said(struct mt_slice known, struct mt_slice verdict)
{
    struct mt_slice one;

    while (mt_verdicts_next(&known, &one)) {
        if (mt_slice_eq(one, verdict)) {
            return true;
        }
    }
    return false;
}

/* What a filter says for each recipient, or each of its steps, is said once. */
static void add_verdicts(struct mt_correlator *c, struct mt_message *m, const struct mt_line_copy *line)
{
    struct mt_slice rest = line->verdicts, one;

    c->stats.verdicts_omitted += line->verdicts_omitted;
    while (mt_verdicts_next(&rest, &one)) {
        if (!is_said(mt_kept_get(&m->kept, MT_F_VERDICTS), one)) {
            c->stats.verdicts_omitted += !append(c, m, MT_F_VERDICTS, one, mt_slice(NULL, 0), VERDICTS_MAX);
        }
    }
}

/* --- one kind of line each --- */

#define BEGIN_FIELDS(word)                                                                                           \
    (MT_FIELD_BIT(word, MT_F_MESSAGE_ID) | MT_FIELD_BIT(word, MT_F_SUBJECT) | MT_FIELD_BIT(word, MT_F_EXTERNAL_ID) | \
     MT_FIELD_BIT(word, MT_F_PARENT_QUEUE_ID) | MT_FIELD_RUN(word, MT_F_CLIENT_NAME, MT_F_ORIG_CLIENT_PORT))
static const uint64_t begin_fields[2] = {BEGIN_FIELDS(0), BEGIN_FIELDS(1)};

static void apply_begin(struct mt_correlator *c, struct mt_message *m, const struct mt_line_copy *line)
{
    mt_kept_put_line(&c->memory, &m->kept, line, begin_fields);
    if (line->session && !m->session) {
        mt_message_join(m, line->session);
    }
    m->begun = true;
}

/* Where no line links a notification to its entry, the sender tells it from what users submit. */
static void note_notification(struct mt_message *m)
{
    struct mt_slice from = mt_kept_get(&m->kept, MT_F_FROM);

    if (m->origin == MT_ORIGIN_LOCAL && mt_sources[m->source]->tells_no_parent && mt_kept_has(&m->kept, MT_F_FROM) &&
        (!from.n || mt_slice_eq(from, mt_sources[m->source]->second_bounce_sender))) {
        m->origin = MT_ORIGIN_BOUNCE;
    }
}

static void set_origin(struct mt_message *m, enum mt_origin origin)
{
    if (m->origin != MT_ORIGIN_BOUNCE && m->origin != MT_ORIGIN_FORWARD && m->origin != MT_ORIGIN_FILTER) {
        m->origin = (uint8_t)origin;
    }
}

#define FROM_FIELDS(word) MT_FIELD_RUN(word, MT_F_FROM, MT_F_NRCPT)
static const uint64_t from_fields[2] = {FROM_FIELDS(0), FROM_FIELDS(1)};

static void apply_client(struct mt_correlator *c, struct mt_message *m, const struct mt_line_copy *line)
{
    enum mt_origin origin = MT_ORIGIN_NETWORK;

    apply_begin(c, m, line);
    if (mt_line_copy_has(line, MT_F_SIZE)) { /* it has come whole, and this line says what of */
        mt_kept_put_line(&c->memory, &m->kept, line, from_fields);
        m->queued = true;
    }
    if (mt_line_copy_has(line, MT_F_PARENT_QUEUE_ID)) {
        origin = MT_ORIGIN_FILTER;
    } else if (line->session && line->session->local) {
        origin = MT_ORIGIN_LOCAL;
    } else if (line->within.n && !(line->session && line->session->connected)) { /* who it was is not known */
        return;
    }
    set_origin(m, origin);
    note_notification(m);
}

static void apply_from(struct mt_correlator *c, struct mt_message *m, const struct mt_line_copy *line)
{
    if (!mt_kept_has(&m->kept, MT_F_FROM) && !mt_kept_has(&m->kept, MT_F_SIZE) && !mt_kept_has(&m->kept, MT_F_NRCPT)) {
        mt_kept_put_line(&c->memory, &m->kept, line, from_fields);
    } else {
        put(c, m, line, MT_F_FROM, true);
        put(c, m, line, MT_F_SIZE, true);
        if (mt_line_copy_int(line, MT_F_NRCPT, 0) > mt_kept_get_int(&m->kept, MT_F_NRCPT, -1)) {
            put(c, m, line, MT_F_NRCPT, true);
        }
    }
    m->queued = true;
    if (m->origin == MT_ORIGIN_FILTER) { /* what the first entry began with is merged by now, whatever the timestamps */
        mt_parent_named(c, m);
    }
    if (mt_sources[line->source]->arrives_at_once) {
        apply_begin(c, m, line);
        if (m->session && m->session->lost) {
            m->reason = MT_REASON_LOST_CONNECTION;
        }
        if (line->effect == MT_EFFECT_TELLS) {
            mt_parent_told(c, m);
        } else if (line->effect == MT_EFFECT_SUBMITS) {
            set_origin(m, MT_ORIGIN_LOCAL);
        } else if (mt_line_copy_has(line, MT_F_CLIENT_IP) || mt_line_copy_has(line, MT_F_CLIENT_NAME)) {
            set_origin(m, MT_ORIGIN_NETWORK);
        }
    }
    note_notification(m);
}

/* The line's result for one recipient. */
static void take_attempt(struct mt_correlator *c, struct mt_host *host, struct mt_queued_event *p)
{
    struct mt_message *m = p->message;

    p->attempt = 0;
    if (p->recipient >= 0) {
        struct mt_rcpt *rcpt = &m->rcpts.v[p->recipient];
        mt_message_result(&c->messages, m, rcpt, p->line, p->to);
        p->attempt = rcpt->attempts;
        c->stats.recipients_omitted += (uint32_t)p->recipient >= m->rcpts.stored && rcpt->attempts == 1;
    }
    if (mt_event_wanted(c, MT_EVENT_DELIVERY)) {
        mt_event_line_up(c, host, &host->due, p);
    }
}

static void apply_to(struct mt_correlator *c, struct mt_host *host, struct mt_message *m, struct mt_line_copy *line)
{
    struct mt_slice rest = mt_line_copy_get(line, MT_F_TO), to, orig_to = mt_line_copy_get(line, MT_F_ORIG_TO);
    struct mt_queued_event p = {
        .due = mt_event_due(c, host, line), .line = line, .message = m, .kind = MT_EVENT_DELIVERY};

    m->queued = true;
    put(c, m, line, MT_F_SIZE, false);
    m->aliased |= (line->list && mt_line_copy_has(line, MT_F_USER)) || orig_to.n;
    m->cut |= line->more;
    for (; mt_recipient_next(line->list, &rest, &to); p.ordinal++) {
        p.to = to;
        p.recipient = (int32_t)mt_message_recipient(&c->messages, m, to, orig_to);
        take_attempt(c, host, &p);
    }
    if (!p.ordinal && line->alias.text.n) {
        p.recipient = mt_merge_named_recipient(c, host, m, line);
        take_attempt(c, host, &p);
    }
    if (line->effect == MT_EFFECT_FORWARDS && mt_sources[line->source]->names_by_process) {
        mt_parent_forwards(c, m, line);
    } else if (line->effect == MT_EFFECT_FORWARDS) {
        mt_parent_link(c, host, m, line, mt_line_copy_get(line, MT_F_NEXT_QUEUE_ID), MT_ORIGIN_FORWARD);
    } else if (line->status == MT_STATUS_SENT) {
        mt_parent_of_sent(c, m, line);
    }
}

/* It waits at its recipient until the attempt has a result. */
static void apply_reply(struct mt_correlator *c, struct mt_message *m, const struct mt_line_copy *line)
{
    int64_t which = mt_message_recipient(&c->messages, m, mt_line_copy_get(line, MT_F_TO), mt_slice(NULL, 0));

    if (which >= 0 && (uint32_t)which < m->rcpts.stored) {
        mt_message_reply(&c->messages, &m->rcpts.v[which], line);
    }
}

static void apply_bounce(struct mt_correlator *c, struct mt_host *host, struct mt_message *m,
                         const struct mt_line_copy *line)
{
    struct mt_slice child = mt_line_copy_get(line, MT_F_BOUNCE_QUEUE_ID);

    bool delay = line->effect == MT_EFFECT_NOTIFIES_DELAY;

    /* A notice of delay gives way to the one that says how it ended. */
    put(c, m, line, MT_F_BOUNCE_QUEUE_ID, m->noticed && !delay);
    m->noticed = delay && (m->noticed || mt_slice_eq(mt_kept_get(&m->kept, MT_F_BOUNCE_QUEUE_ID), child));
    if (line->effect == MT_EFFECT_NOTIFIES_EXPIRY) {
        mt_message_expire_deferred(m);
    }
    mt_parent_link(c, host, m, line, child, MT_ORIGIN_BOUNCE);
}

static void apply_refusal(struct mt_correlator *c, struct mt_host *host, struct mt_message *m,
                          struct mt_line_copy *line)
{
    m->refused = true;
    put(c, m, line, MT_F_RESPONSE, !m->rejected);
    if (line->effect == MT_EFFECT_REFUSES_MESSAGE && m->origin != MT_ORIGIN_LOCAL) {
        if (!m->begun && mt_line_copy_has(line, MT_F_CLIENT_IP)) { /* this line alone says whose it was */
            apply_begin(c, m, line);
            set_origin(m, MT_ORIGIN_NETWORK);
        }
        m->rejected = true;
        mt_end_message(c, host, m, line);
    }
}

static void apply_reject(struct mt_correlator *c, struct mt_host *host, struct mt_message *m, struct mt_line_copy *line)
{
    static const uint8_t fields[] = {MT_F_CLIENT_HELO, MT_F_CLIENT_PROTOCOL, MT_F_CLIENT_USER, MT_F_FROM};

    for (size_t i = 0; i < sizeof fields; i++) {
        put(c, m, line, fields[i], false);
    }
    if (line->effect == MT_EFFECT_DISCARDS) {
        m->discarded = true;
        mt_end_message(c, host, m, line);
    } else if (line->effect == MT_EFFECT_REFUSES_MESSAGE || line->effect == MT_EFFECT_REFUSES_RECIPIENT) {
        apply_refusal(c, host, m, line);
    }
}

/* A round of attempts has ended: does the entry go on, or had it ended before (the round is of its notification)? */
static bool ends_round_only(const struct mt_message *m, const struct mt_line_copy *line)
{
    if (line->effect != MT_EFFECT_ENDS || !mt_sources[m->source]->tells_rounds) {
        return false;
    }
    return m->state != MT_OPEN /* that of a notification */ || mt_message_deferred(m);
}

static void apply_removed(struct mt_correlator *c, struct mt_host *host, struct mt_message *m,
                          struct mt_line_copy *line)
{
    m->canceled |= line->effect == MT_EFFECT_CANCELS;
    m->discarded |= line->effect == MT_EFFECT_DISCARDS;
    m->deleted |= line->effect == MT_EFFECT_DELETES;
    if (m->canceled && !m->rejected && !m->reason) {
        m->reason = MT_REASON_CANCELED;
    }
    if (!ends_round_only(m, line)) {
        mt_end_message(c, host, m, line);
    }
}

/* postsuper -r: the entry goes on under another queue ID. */
static void apply_requeued(struct mt_correlator *c, struct mt_host *host, const struct mt_message *m,
                           struct mt_line_copy *line)
{
    struct mt_owner owner = mt_message_owner(m);
    struct mt_message *old;

    if (mt_merge_find(c, host, line, &owner, mt_line_copy_get(line, MT_F_PARENT_QUEUE_ID), &old) && old &&
        old->state == MT_OPEN) {
        old->reason = MT_REASON_REPLACED;
        mt_end_message(c, host, old, line);
    }
}

/* A filter has taken the entry out of the queue, and put another in its place. */
static void apply_forward(struct mt_correlator *c, struct mt_host *host, struct mt_message *m,
                          struct mt_line_copy *line)
{
    bool replaces = line->effect == MT_EFFECT_REQUEUES;

    if (replaces) {
        line->source = m->source; /* both are a mail server's */
    }
    mt_parent_link(c, host, m, line, mt_line_copy_get(line, MT_F_NEXT_QUEUE_ID),
                   replaces ? MT_ORIGIN_FILTER : MT_ORIGIN_FORWARD);
    if (replaces && m->state == MT_OPEN) {
        m->reason = MT_REASON_REPLACED;
        mt_end_message(c, host, m, line);
    }
}

static void apply_local(struct mt_correlator *c, struct mt_host *host, struct mt_message *m, struct mt_line_copy *line)
{
    apply_begin(c, m, line);
    put(c, m, line, MT_F_FROM, false);
    set_origin(m, MT_ORIGIN_LOCAL);
    note_notification(m);
    mt_parent_submitted(c, m);
    if (mt_line_copy_has(line, MT_F_PARENT_QUEUE_ID)) {
        mt_parent_named(c, m);
    }
    apply_requeued(c, host, m, line);
}

static void apply_message_id(struct mt_correlator *c, struct mt_message *m, const struct mt_line_copy *line)
{
    put(c, m, line, MT_F_MESSAGE_ID, false);
    if (m->origin == MT_ORIGIN_LOCAL) {
        mt_parent_submitted(c, m);
    }
}

static void apply_header(struct mt_correlator *c, struct mt_message *m, const struct mt_line_copy *line)
{
    put(c, m, line, MT_F_SUBJECT, false);
    add_received(c, m, line);
}

void mt_merge_line(struct mt_correlator *c, struct mt_host *host, struct mt_message *m, struct mt_line_copy *line)
{
    switch (line->kind) {
    case MT_KIND_NEW:
        apply_begin(c, m, line);
        break;
    case MT_KIND_CLIENT:
        apply_client(c, m, line);
        break;
    case MT_KIND_LOCAL:
        apply_local(c, host, m, line);
        break;
    case MT_KIND_MESSAGE_ID:
        apply_message_id(c, m, line);
        break;
    case MT_KIND_HEADER:
        apply_header(c, m, line);
        break;
    case MT_KIND_FILTER:
        add_verdicts(c, m, line);
        break;
    case MT_KIND_FROM:
        apply_from(c, m, line);
        break;
    case MT_KIND_REPLY:
        apply_reply(c, m, line);
        break;
    case MT_KIND_TO:
        apply_to(c, host, m, line);
        break;
    case MT_KIND_EXPIRED:
        mt_message_expire_deferred(m);
        break;
    case MT_KIND_BOUNCE:
        apply_bounce(c, host, m, line);
        break;
    case MT_KIND_INFO:
        m->waived |= line->effect == MT_EFFECT_WAIVES;
        if (!mt_line_copy_has(line, MT_F_QUEUE_ID)) { /* mt_parent_proxied() found the entry */
            mt_parent_take_session(c, m, line->session);
        }
        break;
    case MT_KIND_FORWARD:
        apply_forward(c, host, m, line);
        break;
    case MT_KIND_REJECT:
        apply_reject(c, host, m, line);
        break;
    case MT_KIND_WARNING:
        if (line->effect == MT_EFFECT_REFUSES_MESSAGE) {
            apply_refusal(c, host, m, line);
        }
        break;
    case MT_KIND_DELETE:
    case MT_KIND_REMOVED:
    case MT_KIND_DONE:
        apply_removed(c, host, m, line);
        break;
    default:
        break;
    }
}
