/* Parents: which queue entry of a host another one was made from.
 *
 * A message that a filter hands back has a queue entry of its own. That entry's parent is told by the first of these rules that
 * holds:
 *
 * a  One line has both queue IDs: a notification, a forward, a requeue, or what a filter says by XFORWARD.
 * b  Two lines have the same number: for servers that log none with both queue IDs.
 * c  A delivery of A was `sent`, and the reply names B. The reply is a stranger's word, so all else must agree: B is an entry of
 *    the same host; its first line is not after that delivery, not more than a day before it, and not before A's; it has no
 *    other parent; both have the same Message-ID; B's client is A's relay, or both are this host.
 * d  A program of the site got A by a delivery of the kind that pipe(8) makes, and B was submitted on the host between A's
 *    arrival and the end of that delivery, with the same Message-ID and the same sender.
 *
 * What two entries could be the parent of has none: it is not decided, so it is not believed.
 *
 * When it is known. Lines are merged in order of time, and A's delivery ends after B's first lines, so rules c and d are
 * looked at when A's delivery is merged, and at no other time. The events of B that are made before then have no
 * parent: they say what was known when they were due. A filter answers when it has handed B over, so as a rule
 * that is before B's own deliveries are due.
 *
 * The client of an entry that a filter handed back is the client of the first entry, never the filter's own connection. Where
 * nothing is known of the first entry, it is the client that the filter names. A filter before the queue has no first entry: there
 * the outer session's client is the entry's.
 */
#include "parent.h"
#include "chains.h"

#define DAY         INT64_C(86400000000) /* usec */
#define HOUR        INT64_C(3600000000)
#define GENERATIONS 16 /* more filters than one message passes on one host */

#define WITH_ORIG_CLIENT(word) MT_FIELD_RUN(word, MT_F_CLIENT_NAME, MT_F_ORIG_CLIENT_PORT)
static const uint64_t client_fields[2] = {WITH_ORIG_CLIENT(0), WITH_ORIG_CLIENT(1)};
static const uint64_t other_fields[2] = {~WITH_ORIG_CLIENT(0), ~WITH_ORIG_CLIENT(1)};

/* --- entries by their queue ID --- */

/* The entry awake, and held until leave(); NULL when memory is short. */
static struct mt_message *hold(struct mt_correlator *c, struct mt_message *m)
{
    m = mt_message_wake(&c->messages, m);
    if (m) {
        m->refs++;
    }
    return m;
}

static void leave(struct mt_correlator *c, struct mt_message *m)
{
    mt_message_put_to_rest(&c->messages, m);
}

/* The entry of the host with that queue ID that has not ended, `but` aside. Whose queue it is in does not matter: a filter may
 * hand a message to another instance. Where several have the ID, none can be told to be meant.
 */
static struct mt_message *only_entry(struct mt_correlator *c, const struct mt_host *host, struct mt_slice queue_id,
                                     const struct mt_message *but)
{
    struct mt_message *m, *found = NULL;

    if (!queue_id.n) {
        return NULL;
    }
    for (size_t at = 0; (m = mt_message_next(&c->messages, host, queue_id, &at));) {
        if (m != but && m->state != MT_ENDED) {
            if (found) {
                return NULL;
            }
            found = m;
        }
    }
    return found;
}

/* The same of m's host, to be given back with leave(). */
static struct mt_message *take(struct mt_correlator *c, const struct mt_message *m, struct mt_slice queue_id)
{
    struct mt_message *other = only_entry(c, m->host, queue_id, m);

    return other ? hold(c, other) : NULL;
}

static struct mt_slice parent_id(const struct mt_message *m)
{
    return mt_kept_get(&m->kept, MT_F_PARENT_QUEUE_ID);
}

/* The parent, if it is still known: to be given back. An entry that began later has its queue ID by chance. */
static struct mt_message *take_parent(struct mt_correlator *c, const struct mt_message *m)
{
    struct mt_message *parent = take(c, m, parent_id(m));

    if (parent && parent->first.usec > m->first.usec) {
        leave(c, parent);
        return NULL;
    }
    return parent;
}

/* The entry that m's message had first on this host, as far as it is still known: to be given back. */
static struct mt_message *take_first(struct mt_correlator *c, const struct mt_message *m)
{
    struct mt_message *first = take_parent(c, m), *next;

    for (unsigned i = 0; i < GENERATIONS && first && first->origin == MT_ORIGIN_FILTER; i++) {
        next = take_parent(c, first);
        if (!next) {
            break;
        }
        leave(c, first);
        first = next;
    }
    return first;
}

/* Could m be made out of `other`, or out of what was? True, too, where an entry between them is not known. */
static bool may_descend(struct mt_correlator *c, const struct mt_message *m, const struct mt_message *other,
                        unsigned generations)
{
    struct mt_message *parent;
    bool may;

    if (!parent_id(m).n) {
        return false;
    }
    parent = take_parent(c, m);
    if (!parent) {
        return true;
    }
    may = parent == other || !generations || may_descend(c, parent, other, generations - 1);
    leave(c, parent);
    return may;
}

/* --- whose client --- */

static bool names_orig_client(const struct mt_message *m)
{
    return mt_kept_has(&m->kept, MT_F_ORIG_CLIENT_IP) || mt_kept_has(&m->kept, MT_F_ORIG_CLIENT_NAME);
}

static bool names_client(const struct mt_message *m)
{
    return mt_kept_has(&m->kept, MT_F_CLIENT_IP) || mt_kept_has(&m->kept, MT_F_CLIENT_NAME) ||
           mt_kept_has(&m->kept, MT_F_CLIENT_UID);
}

/* Where the filter names the client, is it another than the one that the first entry had? */
static bool contradicts(const struct mt_message *parent, const struct mt_message *child)
{
    struct mt_slice named = mt_kept_get(&child->kept, MT_F_ORIG_CLIENT_IP), known;

    known = mt_kept_get(&parent->kept, names_orig_client(parent) ? MT_F_ORIG_CLIENT_IP : MT_F_CLIENT_IP);
    return named.n && known.n && !mt_slice_eq(named, known);
}

static void forget_client(struct mt_correlator *c, struct mt_message *m)
{
    mt_kept_keep(&c->memory, &m->kept, other_fields);
    mt_message_leave(&c->sessions, m);
}

/* A filter handed m back: its client is the first entry's. */
static void adopt_client(struct mt_correlator *c, struct mt_message *m)
{
    struct mt_message *first = take_first(c, m);

    if (first && contradicts(first, m)) { /* the filter speaks of another message, and knows better */
        leave(c, first);
        return;
    }
    if (first && (names_client(first) || names_orig_client(first))) {
        forget_client(c, m);
        mt_kept_copy(&c->memory, &m->kept, &first->kept, client_fields);
        if (first->session && !names_orig_client(first)) {
            mt_kept_copy(&c->memory, &m->kept, &first->session->kept, mt_client_fields);
        }
    } else if (first && !names_orig_client(m)) {
        forget_client(c, m);
    }
    if (first) {
        leave(c, first);
    }
}

static void hand_client_down(struct mt_correlator *c, const struct mt_message *m, unsigned generations);

static void hand_client_to(struct mt_correlator *c, const struct mt_message *m, struct mt_slice id,
                           unsigned generations)
{
    struct mt_message *child = take(c, m, id);

    if (!child) {
        return;
    }
    if (child->origin == MT_ORIGIN_FILTER && mt_slice_eq(parent_id(child), mt_kept_get(&m->kept, MT_F_QUEUE_ID))) {
        adopt_client(c, child);
        hand_client_down(c, child, generations);
    }
    leave(c, child);
}

/* What was made out of m before m's own parent was known has a nearer client than the first one. Each child is met once,
 * however many recipients name it. Where memory is short, they keep theirs.
 */
static void hand_client_down(struct mt_correlator *c, const struct mt_message *m, unsigned generations)
{
    struct mt_chains named;

    if (!generations || !m->rcpts.stored || !mt_chains_init(&c->memory, &named, m->rcpts.stored)) {
        return;
    }
    for (uint32_t i = 0; i < m->rcpts.stored; i++) {
        struct mt_slice id = mt_kept_get(&m->rcpts.v[i].kept, MT_F_NEXT_QUEUE_ID);
        if (id.n && mt_chains_add(&named, mt_message_key(&c->messages, m->host, id), i)->first == i + 1) {
            hand_client_to(c, m, id, generations - 1);
        }
    }
    mt_chains_free(&c->memory, &named);
}

/* --- rule a --- */

/* The parent's trace goes with the child, which may live longer. */
static void note_trace(struct mt_correlator *c, struct mt_message *child, const struct mt_message *parent)
{
    struct mt_slice theirs = mt_kept_get(&parent->kept, MT_F_MESSAGE_ID);
    char trace_id[MT_TRACE_ID];

    if (theirs.n && !mt_slice_eq(theirs, mt_kept_get(&child->kept, MT_F_MESSAGE_ID))) {
        mt_trace_id(theirs, trace_id);
        mt_kept_put(&c->memory, &child->kept, MT_F_PARENT_TRACE_ID, mt_slice(trace_id, MT_TRACE_ID), true);
    }
}

void mt_parent_link(struct mt_correlator *c, struct mt_host *host, const struct mt_message *from,
                    const struct mt_line_copy *line, struct mt_slice child, enum mt_origin origin)
{
    struct mt_slice parent = mt_line_copy_get(line, MT_F_QUEUE_ID);
    struct mt_owner owner = mt_message_owner(from);
    struct mt_message *m;

    if (!child.n || mt_slice_eq(child, parent) || !mt_merge_find(c, host, line, &owner, child, &m)) {
        return;
    }
    if (m && m->state == MT_ENDED) {
        if (line->usec <= m->end || !mt_sources[line->source]->reuses_ids) {
            return;
        }
        mt_message_forget(&c->messages, m);
        m = NULL;
    }
    if (!m && !(m = mt_merge_open(c, host, line, &owner, child))) {
        return;
    }
    m->origin = (uint8_t)origin;
    mt_kept_put(&c->memory, &m->kept, MT_F_PARENT_QUEUE_ID, parent, false);
    note_trace(c, m, from);
    /* Where nothing is logged of it: the sender of a notification is the null one (RFC 3464, section 2). */
    if (origin == MT_ORIGIN_BOUNCE && !mt_sources[line->source]->tells_bounce_sender) {
        mt_kept_put(&c->memory, &m->kept, MT_F_FROM, mt_slice("", 0), false);
    }
    if (origin == MT_ORIGIN_FILTER) {
        adopt_client(c, m);
    }
}

void mt_parent_told(struct mt_correlator *c, struct mt_message *m)
{
    struct mt_message *parent = take_parent(c, m);

    m->origin = MT_ORIGIN_BOUNCE;
    if (parent) { /* the newest of several: a notice of delay comes before that of the end */
        mt_kept_put(&c->memory, &parent->kept, MT_F_BOUNCE_QUEUE_ID, mt_kept_get(&m->kept, MT_F_QUEUE_ID), true);
        note_trace(c, m, parent);
        leave(c, parent);
    }
}

void mt_parent_named(struct mt_correlator *c, struct mt_message *m)
{
    struct mt_message *parent = take_parent(c, m);

    if (parent) {
        note_trace(c, m, parent);
        leave(c, parent);
    }
    if (m->origin == MT_ORIGIN_FILTER) {
        adopt_client(c, m);
    }
}

/* --- rule b --- */

/* The entry with that name, but m: to be given back. */
static struct mt_message *take_named(struct mt_correlator *c, const struct mt_message *m, enum mt_space space,
                                     struct mt_slice process)
{
    struct mt_alias_name name = {process, (uint8_t)space};
    const struct mt_alias *alias = mt_alias_find(&c->aliases, m->host, &name);
    struct mt_message *other = alias ? mt_alias_entry(alias) : NULL;

    return other && other != m ? hold(c, other) : NULL;
}

/* A process has its number for hours, and then another may. */
static void link_made(struct mt_correlator *c, struct mt_message *parent, struct mt_message *child, int64_t said,
                      enum mt_origin origin)
{
    if (child->state == MT_ENDED || parent_id(child).n || child->first.usec < parent->first.usec ||
        child->first.usec - parent->last > HOUR || said - child->first.usec > HOUR) {
        return;
    }
    child->origin = (uint8_t)origin;
    mt_kept_put(&c->memory, &child->kept, MT_F_PARENT_QUEUE_ID, mt_kept_get(&parent->kept, MT_F_QUEUE_ID), false);
    if (origin == MT_ORIGIN_BOUNCE && parent->state != MT_ENDED) {
        mt_kept_put(&c->memory, &parent->kept, MT_F_BOUNCE_QUEUE_ID, mt_kept_get(&child->kept, MT_F_QUEUE_ID), true);
    }
    note_trace(c, child, parent);
}

static void find_maker(struct mt_correlator *c, struct mt_message *m, enum mt_space space, struct mt_slice process,
                       int64_t usec)
{
    struct mt_message *parent = take_named(c, m, space, process);

    if (parent) {
        link_made(c, parent, m, usec, space == MT_SPACE_FORWARDED_BY ? MT_ORIGIN_FORWARD : MT_ORIGIN_BOUNCE);
        leave(c, parent);
    }
}

static void find_made(struct mt_correlator *c, struct mt_message *m, enum mt_space space, struct mt_slice process,
                      int64_t usec)
{
    struct mt_message *child = take_named(c, m, MT_SPACE_QUEUED_BY, process);

    if (child) {
        link_made(c, m, child, usec, space == MT_SPACE_FORWARDED_BY ? MT_ORIGIN_FORWARD : MT_ORIGIN_BOUNCE);
        leave(c, child);
    }
}

void mt_parent_of_process(struct mt_correlator *c, struct mt_message *m, const struct mt_alias_name *name, int64_t usec)
{
    if (name->space == MT_SPACE_QUEUED_BY) {
        find_maker(c, m, MT_SPACE_NOTIFIED_BY, name->text, usec);
        find_maker(c, m, MT_SPACE_FORWARDED_BY, name->text, usec);
    } else if (name->space == MT_SPACE_NOTIFIED_BY || name->space == MT_SPACE_FORWARDED_BY) {
        find_made(c, m, (enum mt_space)name->space, name->text, usec);
    }
}

void mt_parent_forwards(struct mt_correlator *c, struct mt_message *m, const struct mt_line_copy *line)
{
    struct mt_alias_name name = {mt_line_copy_get(line, MT_F_NEXT_QUEUE_ID), MT_SPACE_FORWARDED_BY};

    if (name.text.n) {
        mt_alias_set(&c->aliases, m, -1, &name, true);
        mt_parent_of_process(c, m, &name, line->usec);
    }
}

/* --- rule c --- */

bool mt_is_loopback(struct mt_slice ip)
{
    if (mt_slice_starts(ip, MT_LIT("IPv6:"))) {
        ip = mt_slice_skip(ip, 5);
    }
    return mt_slice_starts(ip, MT_LIT("127.")) || mt_slice_eq(ip, MT_LIT("::1")) ||
           mt_slice_eq(ip, MT_LIT("0:0:0:0:0:0:0:1"));
}

/* Did m come from where the line's delivery went? */
static bool came_from_relay(const struct mt_message *m, const struct mt_line_copy *line)
{
    struct mt_slice client = mt_kept_get(&m->kept, MT_F_CLIENT_IP), relay = mt_line_copy_get(line, MT_F_RELAY_IP);

    if (client.n && mt_slice_eq(client, relay)) {
        return true;
    }
    return mt_is_loopback(client) && (mt_is_loopback(relay) || mt_line_copy_has(line, MT_F_RELAY_PATH));
}

static bool same_mail(const struct mt_message *a, const struct mt_message *b)
{
    struct mt_slice id = mt_kept_get(&a->kept, MT_F_MESSAGE_ID);

    return id.n && mt_slice_eq(id, mt_kept_get(&b->kept, MT_F_MESSAGE_ID));
}

/* Did the child begin when that delivery of the parent was under way? */
static bool in_time(const struct mt_message *parent, const struct mt_message *child, const struct mt_line_copy *line)
{
    return child->first.usec >= parent->first.usec && child->first.usec <= line->usec;
}

static bool was_given_back(struct mt_correlator *c, const struct mt_message *parent, const struct mt_message *child,
                           const struct mt_line_copy *line)
{
    if (parent_id(child).n || !in_time(parent, child, line) || line->usec - child->first.usec > DAY ||
        !same_mail(parent, child) || !came_from_relay(child, line) || contradicts(parent, child)) {
        return false;
    }
    /* Replies can name two entries as made out of each other. Time tells, if not both began at once. */
    return child->first.usec > parent->first.usec || !may_descend(c, parent, child, GENERATIONS);
}

static void make_child(struct mt_correlator *c, const struct mt_message *parent, struct mt_message *child)
{
    mt_kept_put(&c->memory, &child->kept, MT_F_PARENT_QUEUE_ID, mt_kept_get(&parent->kept, MT_F_QUEUE_ID), false);
    /* What a server's own half for submission hands to the other half has passed no filter. */
    if (!mt_sources[parent->source]->submits_apart || parent->origin != MT_ORIGIN_LOCAL) {
        child->origin = MT_ORIGIN_FILTER;
        adopt_client(c, child);
        hand_client_down(c, child, GENERATIONS);
    }
}

static void find_given_back(struct mt_correlator *c, const struct mt_message *m, const struct mt_line_copy *line)
{
    struct mt_message *child = take(c, m, mt_line_copy_get(line, MT_F_NEXT_QUEUE_ID));

    if (child) {
        if (was_given_back(c, m, child, line)) {
            make_child(c, m, child);
        }
        leave(c, child);
    }
}

/* --- rule d --- */

static struct mt_alias_name submission_name(const struct mt_message *m)
{
    return (struct mt_alias_name){mt_kept_get(&m->kept, MT_F_MESSAGE_ID), MT_SPACE_SUBMISSION};
}

void mt_parent_submitted(struct mt_correlator *c, struct mt_message *m)
{
    struct mt_alias_name name = submission_name(m);

    if (m->origin == MT_ORIGIN_LOCAL && name.text.n) {
        mt_alias_set(&c->aliases, m, -1, &name, false);
    }
}

/* Was the delivery by which m itself was handed back still running at that time? What began then may be of that one. */
static bool parent_ran(struct mt_correlator *c, const struct mt_message *m, int64_t usec)
{
    struct mt_slice id = parent_id(m);
    struct mt_message *parent;

    for (size_t at = 0; m->origin == MT_ORIGIN_FILTER && (parent = mt_message_next(&c->messages, m->host, id, &at));) {
        if (parent->resting || parent->state == MT_OPEN || parent->end >= usec) {
            return true;
        }
    }
    return false;
}

static bool was_submitted_by(struct mt_correlator *c, const struct mt_message *parent, const struct mt_message *child,
                             const struct mt_line_copy *line)
{
    if (child->origin != MT_ORIGIN_LOCAL || parent_id(child).n || !in_time(parent, child, line) ||
        !same_mail(parent, child) || !mt_kept_has(&parent->kept, MT_F_FROM) || !mt_kept_has(&child->kept, MT_F_FROM) ||
        !mt_slice_eq(mt_kept_get(&parent->kept, MT_F_FROM), mt_kept_get(&child->kept, MT_F_FROM))) {
        return false;
    }
    /* Of two that were submitted at once, either could be the other's. */
    if (parent->origin == MT_ORIGIN_LOCAL && child->first.usec == parent->first.usec) {
        return false;
    }
    return !parent_ran(c, parent, child->first.usec);
}

static void find_submitted(struct mt_correlator *c, const struct mt_message *m, const struct mt_line_copy *line)
{
    struct mt_alias_name name = submission_name(m);
    struct mt_alias *alias = name.text.n ? mt_alias_find(&c->aliases, m->host, &name) : NULL;

    for (; alias; alias = alias->older) {
        struct mt_message *child = mt_alias_entry(alias);
        if (child == m || child->state == MT_ENDED || !(child = hold(c, child))) {
            continue;
        }
        if (was_submitted_by(c, m, child, line)) {
            make_child(c, m, child);
        }
        leave(c, child);
    }
}

void mt_parent_of_sent(struct mt_correlator *c, const struct mt_message *m, const struct mt_line_copy *line)
{
    if (mt_line_copy_has(line, MT_F_NEXT_QUEUE_ID)) {
        find_given_back(c, m, line);
    } else if (line->role == MT_ROLE_PIPES) {
        find_submitted(c, m, line);
    }
}

/* --- a filter before the queue --- */

/* Is m what the filter made of what the session handed over? The reply that names it is the filter's word. */
static bool is_proxied(const struct mt_message *m, const struct mt_session *outer, const struct mt_line_copy *line)
{
    struct mt_slice client = mt_kept_get(&outer->kept, MT_F_CLIENT_IP),
                    named = mt_kept_get(&m->kept, MT_F_ORIG_CLIENT_IP);

    if (m->session == outer || parent_id(m).n || m->origin != MT_ORIGIN_NETWORK || m->first.usec < outer->first ||
        m->first.usec > line->usec) {
        return false;
    }
    if (mt_line_copy_has(line, MT_F_FROM) && mt_kept_has(&m->kept, MT_F_FROM) &&
        !mt_slice_eq(mt_line_copy_get(line, MT_F_FROM), mt_kept_get(&m->kept, MT_F_FROM))) {
        return false;
    }
    return named.n ? mt_slice_eq(named, client) : mt_is_loopback(mt_kept_get(&m->kept, MT_F_CLIENT_IP));
}

struct mt_message *mt_parent_proxied(struct mt_correlator *c, struct mt_host *host, const struct mt_line_copy *line)
{
    struct mt_message *m;

    if (!line->session || !mt_line_copy_has(line, MT_F_NEXT_QUEUE_ID)) {
        return NULL;
    }
    m = only_entry(c, host, mt_line_copy_get(line, MT_F_NEXT_QUEUE_ID), NULL);
    return m && !m->resting && !mt_message_has_seen(&c->messages, m, line->hash) && is_proxied(m, line->session, line)
               ? m
               : NULL;
}

void mt_parent_take_session(struct mt_correlator *c, struct mt_message *m, struct mt_session *outer)
{
    forget_client(c, m);
    mt_message_join(m, outer);
}
