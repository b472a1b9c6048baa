/* Merging a line into its message: which one that is. What the line then does to it stands in merge_line.c. */
#include "parent.h"

/* --- entries by their queue ID --- */

struct mt_message *mt_merge_open(struct mt_correlator *c, struct mt_host *host, const struct mt_line_copy *line,
                                 const struct mt_owner *owner, struct mt_slice queue_id)
{
    struct mt_message *m = mt_message_open(&c->messages, host, line->source, owner, queue_id, line->line.time);

    if (m && m->first.usec > host->clock) {
        m->last = host->clock;
    }
    return m;
}

bool mt_merge_find(struct mt_correlator *c, struct mt_host *host, const struct mt_line_copy *line,
                   const struct mt_owner *owner, struct mt_slice queue_id, struct mt_message **m)
{
    bool several;
    struct mt_message *found = mt_message_find(&c->messages, host, owner, queue_id, line->usec, &several);

    *m = found && found->resting ? mt_message_wake(&c->messages, found) : found;
    return *m || !found;
}

/* All recipients that were counted are known (or were left out by the MTA), and done with. */
static bool all_done(const struct mt_message *m)
{
    if (!m->rcpts.n) {
        return mt_kept_has(&m->kept, MT_F_NRCPT) && !mt_kept_get_int(&m->kept, MT_F_NRCPT, 0);
    }
    if (m->rcpts.n < mt_kept_get_int(&m->kept, MT_F_NRCPT, 0) && !m->cut) {
        return false;
    }
    return !mt_message_deferred(m) && !mt_message_untried(m);
}

/* Nothing more is to be expected of an entry whose end its source does not log. */
static bool is_over(const struct mt_message *m)
{
    return m->reason || all_done(m) || mt_sources[m->source]->tells_only_deliveries;
}

/* --- which message a line belongs to --- */

static bool begins(const struct mt_line_copy *line)
{
    return line->effect == MT_EFFECT_BEGINS || line->effect == MT_EFFECT_SUBMITS;
}

/* Lines that prove an entry; others only add to one that is known. */
static inline bool proves_entry(const struct mt_line_copy *line)
{
    if (line->effect == MT_EFFECT_TRIES) {
        return true;
    }
    switch (line->kind) {
    case MT_KIND_NEW:
    case MT_KIND_CLIENT:
    case MT_KIND_LOCAL:
    case MT_KIND_MESSAGE_ID:
    case MT_KIND_FROM:
    case MT_KIND_REPLY:
    case MT_KIND_TO:
    case MT_KIND_REJECT:
    case MT_KIND_HOLD:
    case MT_KIND_RELEASE:
    case MT_KIND_DELETE:
    case MT_KIND_BOUNCE:
    case MT_KIND_HEADER:
    case MT_KIND_REMOVED:
        return true;
    case MT_KIND_FORWARD: /* what a filter says of an entry does not */
        return line->effect != MT_EFFECT_REQUEUES;
    case MT_KIND_EXPIRED:
    case MT_KIND_DONE: /* that of a round may come when all is over: a notification's */
        return !mt_sources[line->source]->tells_rounds;
    default:
        return false;
    }
}

/* A line with a later timestamp than the entry's end: is it of another that has its queue ID now? Lines of an
 * entry's first moments are, but cleanup(8) logs a header or two after smtpd(8) has lost the client.
 */
static bool starts_anew(const struct mt_message *m, const struct mt_line_copy *line)
{
    if (!mt_sources[line->source]->reuses_ids || line->usec <= m->end) {
        return false;
    }
    return begins(line) ||
           (m->reason != MT_REASON_LOST_CONNECTION &&
            (line->kind == MT_KIND_MESSAGE_ID || line->kind == MT_KIND_HEADER || line->kind == MT_KIND_REJECT));
}

/* What makes a line the same line again: timestamp, process and text. An entry may be older than what its host knows. */
bool mt_merge_seen(const struct mt_correlator *c, const struct mt_message *m, const struct mt_line_copy *line)
{
    if (line->fresh && !line->repeated && m->first.usec > m->host->recent.forgotten) {
        return false;
    }
    return mt_message_has_seen(&c->messages, m, line->hash) ||
           (line->repeated && mt_message_has_seen(&c->messages, m, line->text_hash));
}

/* A delivery that a relay wraps as repeated comes with a timestamp of its own: there process and text tell. */
static void remember(struct mt_correlator *c, struct mt_message *m, const struct mt_line_copy *line)
{
    mt_hashes_add(&c->memory, &m->seen, line->hash, c->messages.seed);
    if (line->kind == MT_KIND_TO && !mt_message_has_seen(&c->messages, m, line->text_hash)) {
        mt_hashes_add(&c->memory, &m->seen, line->text_hash, c->messages.seed);
    }
}

/* The same, of an entry other than m that has its queue ID: of another instance, or before the instance was known. */
static bool other_has_seen(struct mt_correlator *c, struct mt_host *host, const struct mt_message *m,
                           struct mt_slice queue_id, const struct mt_line_copy *line)
{
    struct mt_message *other;

    for (size_t at = 0; (other = mt_message_next(&c->messages, host, queue_id, &at));) {
        if (other != m && !other->resting && mt_merge_seen(c, other, line)) {
            return true;
        }
    }
    return false;
}

/* A line by which an entry begins, of an open one that has begun: can it be one of another instance? A service's name alone
 * does not tell; the entry may be of an instance of which nothing was seen before.
 */
static bool is_beside(const struct mt_message *m, const struct mt_owner *owner)
{
    return owner->own && !m->own_name && !mt_slice_eq(mt_kept_get(&m->kept, MT_F_INSTANCE), owner->name);
}

/* Of lines with one timestamp: is it of an entry that comes behind this one? */
static bool is_next_life(const struct mt_message *m, const struct mt_line_copy *line)
{
    return line->life > (m->first.usec == line->usec ? m->life : 0);
}

/* The queue ID is another entry's now. What was not seen to end has been replaced. */
static struct mt_message *next_life(struct mt_correlator *c, struct mt_host *host, struct mt_message *m,
                                    const struct mt_owner *owner, struct mt_line_copy *line)
{
    bool both_begin = m->first.usec == line->usec;
    unsigned twin = both_begin ? m->twin + 1u : 0;

    if (!proves_entry(line)) {
        return NULL;
    }
    if (m->state == MT_OPEN) {
        m->reason = MT_REASON_REPLACED;
        mt_end_message(c, host, m, line);
    }
    mt_message_forget(&c->messages, m);
    m = mt_merge_open(c, host, line, owner, mt_line_copy_get(line, MT_F_QUEUE_ID));
    if (m) {
        m->life = line->life;
        m->twin = (uint16_t)twin;
    }
    return m;
}

/* The entry of the line; NULL when it has none, or is a repeat. */
static struct mt_message *entry_of(struct mt_correlator *c, struct mt_host *host, struct mt_line_copy *line)
{
    struct mt_slice queue_id = mt_line_copy_get(line, MT_F_QUEUE_ID);
    struct mt_owner owner = mt_owner_of_line(line);
    bool several;
    struct mt_message *m = mt_message_find(&c->messages, host, &owner, queue_id, line->usec, &several);

    if (m && !(m = mt_message_wake(&c->messages, m))) {
        return NULL;
    }
    if ((m && mt_merge_seen(c, m, line)) || (several && other_has_seen(c, host, m, queue_id, line))) {
        c->stats.repeated++;
        return NULL;
    }
    if (!proves_entry(line) && (!m || line->usec < m->first.usec)) {
        return NULL;
    }
    if (m && is_next_life(m, line)) {
        return next_life(c, host, m, &owner, line);
    }
    if (m && m->state == MT_ENDING && !starts_anew(m, line)) {
        return m;
    }
    if (m && m->state == MT_OPEN &&
        !(begins(line) && m->begun && (line->usec > m->first.usec || is_beside(m, &owner)))) {
        return m;
    }
    if (!proves_entry(line)) {
        return NULL;
    }
    if (m && m->state == MT_OPEN && is_beside(m, &owner)) { /* both have begun: another instance's */
        return mt_merge_open(c, host, line, &owner, queue_id);
    }
    if (m && m->state == MT_OPEN) { /* the queue ID was used again, and the end was not seen */
        m->reason = MT_REASON_REPLACED;
        mt_end_message(c, host, m, line);
    }
    if (m) {
        mt_message_forget(&c->messages, m);
    }
    return mt_merge_open(c, host, line, &owner, queue_id);
}

/* The same for a line without a queue ID, which calls its entry by another name. */
static struct mt_message *named_entry_of(struct mt_correlator *c, struct mt_host *host, const struct mt_line_copy *line)
{
    struct mt_message *m = mt_merge_find_named(c, host, line);

    if (m && mt_merge_seen(c, m, line)) {
        c->stats.repeated++;
        return NULL;
    }
    return m && line->usec >= m->first.usec ? m : NULL;
}

/* A session broke while it handed over an entry. Once the text has come whole, the entry
 * lives on without the session, so only an entry that cannot have it is given up.
 */
static void lose_entry(struct mt_correlator *c, struct mt_host *host, struct mt_line_copy *line)
{
    struct mt_session *s = line->session;
    struct mt_slice queue_id = s ? mt_kept_get(&s->kept, MT_F_QUEUE_ID) : mt_slice(NULL, 0);
    struct mt_slice stage = s ? mt_kept_get(&s->kept, MT_F_STAGE) : mt_slice(NULL, 0);
    struct mt_message *m;
    bool in_text = mt_slice_eq(stage, MT_LIT("DATA")) || mt_slice_eq(stage, MT_LIT("BDAT"));
    bool before_text = mt_slice_eq(stage, MT_LIT("MAIL")) || mt_slice_eq(stage, MT_LIT("RCPT"));
    struct mt_owner owner = mt_owner_of_line(line);

    if (!queue_id.n || !s->lost || (!in_text && !before_text)) {
        return;
    }
    if (!mt_merge_find(c, host, line, &owner, queue_id, &m) || !m || m->state != MT_OPEN || m->queued ||
        (m->session && m->session != s) || (before_text && mt_kept_has(&m->kept, MT_F_MESSAGE_ID))) {
        return;
    }
    m->reason = MT_REASON_LOST_CONNECTION;
    mt_end_message(c, host, m, line);
}

/* What one of the queue's own daemons is named by. */
static void take_name(struct mt_correlator *c, const struct mt_host *host, struct mt_message *m,
                      const struct mt_line_copy *line)
{
    if (!m->own_name) {
        mt_message_name(&c->messages, m, mt_line_copy_get(line, MT_F_INSTANCE));
    }
    if (host->instances.n == MT_INSTANCES_MAX) {
        c->stats.instances_omitted += !mt_instances_know(&host->instances, mt_line_copy_get(line, MT_F_INSTANCE));
    }
}

void mt_merge(struct mt_correlator *c, struct mt_host *host, struct mt_line_copy *line)
{
    struct mt_message *m = NULL;

    if (__builtin_expect(line->kind == MT_KIND_FILTER, 0)) {
        mt_filter_merge(c, host, line);
        return;
    }
    if (mt_line_copy_has(line, MT_F_QUEUE_ID) || line->alias.text.n) {
        m = mt_line_copy_has(line, MT_F_QUEUE_ID) ? entry_of(c, host, line) : named_entry_of(c, host, line);
        if (!m) {
            return;
        }
    } else if (line->kind == MT_KIND_INFO) {
        m = mt_parent_proxied(c, host, line);
    }
    if (m) {
        remember(c, m, line);
        if (mt_line_keeps_queue(line)) {
            take_name(c, host, m, line);
        }
        m->lines++;
        if (line->usec < m->first.usec) {
            m->first = line->line.time;
        }
        mt_message_touch(m, line->usec < host->clock ? line->usec : host->clock);
        m->refs++;                                           /* what follows may take it out of the index */
        if (m->session && m->session->closed < line->usec) { /* it adds nothing more */
            mt_message_absorb(&c->sessions, m);
        }
        mt_merge_line(c, host, m, line);
        if (line->alias.text.n && mt_line_copy_has(line, MT_F_QUEUE_ID) && m->indexed) {
            mt_merge_set_alias(c, m, line);
            mt_parent_of_process(c, m, &line->alias, line->usec);
        }
        if (__builtin_expect(c->filtered, 0)) {
            mt_filter_take(c, host, m, line);
        }
        if (!mt_sources[m->source]->tells_end && m->state == MT_OPEN && is_over(m)) {
            mt_end_message_quietly(c, host, m, line);
        }
    }
    if (line->kind == MT_KIND_REJECT && mt_event_wanted(c, MT_EVENT_REJECT)) {
        struct mt_queued_event p = {
            .due = mt_event_due(c, host, line), .line = line, .message = m, .kind = MT_EVENT_REJECT};
        mt_event_line_up(c, host, &host->due, &p);
    }
    if (line->kind == MT_KIND_DISCONNECT) {
        lose_entry(c, host, line);
    }
    if (line->kind == MT_KIND_TO) {
        mt_message_put_to_rest(&c->messages, m);
    } else {
        mt_message_release(&c->messages, m);
    }
}

/* A filter that was asked before there was an entry has spoken before its first line. */
static int rank_of(const struct mt_line_copy *line)
{
    bool before = line->kind == MT_KIND_FILTER && !line->alias.text.n && !mt_line_copy_has(line, MT_F_QUEUE_ID);

    return before ? 0 : mt_kind_ranks[line->kind];
}

int mt_merge_compare(const struct mt_line_copy *a, const struct mt_line_copy *b)
{
    int64_t delay_a, delay_b;

    if (a->life != b->life) {
        return a->life - b->life;
    }
    if ((a->kind != b->kind || a->kind == MT_KIND_FILTER) && rank_of(a) != rank_of(b)) {
        return rank_of(a) - rank_of(b);
    }
    if (a->postmaster != b->postmaster) { /* of two notifications the sender's is the message's */
        return b->postmaster ? -1 : 1;
    }
    delay_a = mt_line_copy_int(a, MT_F_DELAY, 0);
    delay_b = mt_line_copy_int(b, MT_F_DELAY, 0);
    if (delay_a != delay_b) {
        return delay_a < delay_b ? -1 : 1;
    }
    if ((a->status == MT_STATUS_DEFERRED) != (b->status == MT_STATUS_DEFERRED)) { /* nothing follows a final result */
        return a->status == MT_STATUS_DEFERRED ? -1 : 1;
    }
    return a->hash < b->hash ? -1 : a->hash > b->hash;
}

void mt_merge_give_up(struct mt_correlator *c, struct mt_message *m, enum mt_reason reason)
{
    struct mt_message *awake = mt_message_wake(&c->messages, m);
    struct mt_queued_event p = {.message = awake, .kind = MT_EVENT_MESSAGE};

    if (!awake) {
        mt_message_forget(&c->messages, m);
        return;
    }
    m = awake;
    p.version = ++m->version;
    m->reason = (uint8_t)reason;
    m->state = MT_ENDING;
    m->end = m->last;
    m->refs++;
    mt_make_event(c, m->host, &p);
}
