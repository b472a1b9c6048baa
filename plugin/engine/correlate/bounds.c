/* What is given up where more is held than the bounds allow: see mt_give_up_what_is_over().
 *
 * Of memory and of messages, the hosts that hold most give up first: one that floods pays for it itself. But one large host is not
 * to pay for many small ones, be they made up: those who together hold less than an eighth of all are spared, however much each has.
 * Of hosts, those that hold least go first: a newcomer that has no open message, before all that have one.
 *
 * A host gives up what it is known by of ended messages first, and then some of what it has most of: open messages, sessions,
 * events (which are made early, and not lost), lines (which are taken early).
 *
 * One call does no more than ROUNDS times AT_ONCE of it. What is still too much is for the next line.
 */
#include "internal.h"

#define ROUNDS    64
#define AT_ONCE   32   /* things of one host */
#define LOOKED_AT 16   /* hosts of a class */
#define SPARED    8    /* a part of all: 1/8 */
#define FEW       1024 /* events, for which room is left */

/* --- who pays --- */

/* The highest class of hosts who hold, with those of higher ones, no less than an eighth of all. */
static unsigned paying_class(const struct mt_correlator *c)
{
    int64_t all = 0, sum = 0;
    unsigned k = MT_HOST_CLASSES;

    for (unsigned i = 0; i < MT_HOST_CLASSES; i++) {
        all += c->classes[i].bytes;
    }
    do {
        sum += c->classes[--k].bytes;
    } while (k && (!c->classes[k].first || sum < all / SPARED));
    return k;
}

static bool has_open(const struct mt_host *host)
{
    return host->open.first && host->open.first->state == MT_OPEN;
}

/* One of them with open messages, or of those who hold less. */
static struct mt_host *with_open(const struct mt_correlator *c, unsigned class)
{
    for (unsigned k = class + 1; k-- > 0;) {
        struct mt_host *host = c->classes[k].first;
        for (int i = 0; host && i < LOOKED_AT; i++, host = host->behind_it) {
            if (has_open(host)) {
                return host;
            }
        }
    }
    for (struct mt_host *host = c->host_list; host; host = host->next) {
        if (has_open(host)) {
            return host;
        }
    }
    return NULL;
}

/* --- what is given up --- */

static void give_up_messages(struct mt_correlator *c, struct mt_host *host)
{
    for (int i = 0; i < AT_ONCE && has_open(host) && (mt_over_memory(c) || mt_over_messages(c)); i++) {
        mt_merge_give_up(c, host->open.first, MT_REASON_EVICTED);
    }
}

static void give_up_sessions(struct mt_correlator *c, struct mt_host *host)
{
    struct mt_session *s;

    for (int i = 0; i < AT_ONCE && mt_session_give_up(&c->sessions, host, &s); i++) {
        if (s) {
            mt_end_session(c, host, s, NULL);
        }
    }
}

static bool forget_ended(struct mt_correlator *c, struct mt_host *host)
{
    int i;

    for (i = 0; i < AT_ONCE && host->ended.first; i++) {
        mt_message_forget(&c->messages, host->ended.first);
    }
    return i;
}

/* False when the host has nothing more. */
static bool give_up_some(struct mt_correlator *c, struct mt_host *host)
{
    uint64_t open = has_open(host) ? host->nopen : 0, sessions = host->nsessions;
    uint64_t lines = host->queue.n, events = host->due.n + host->due_later.n;

    if (forget_ended(c, host) || mt_event_queue_shrink(&c->memory, &host->due, FEW) ||
        mt_event_queue_shrink(&c->memory, &host->due_later, FEW)) {
        return true;
    }
    if (open && open >= sessions && open >= lines && open >= events) {
        give_up_messages(c, host);
    } else if (sessions && sessions >= lines && sessions >= events) {
        give_up_sessions(c, host);
    } else if (events && events >= lines) {
        for (int i = 0; i < AT_ONCE && mt_emit_next(c, host, INT64_MAX); i++) {
        }
    } else if (lines) {
        mt_advance(c, host, mt_line_queue_first(&host->queue)->usec + 1);
    } else if (host->early.first) {
        mt_early_expire(&c->early, host, INT64_MAX);
    } else {
        return false;
    }
    return true;
}

/* Ends all that a host has, and forgets it. */
static void give_up_host(struct mt_correlator *c, struct mt_host *host)
{
    mt_advance(c, host, INT64_MAX);
    mt_expire_sessions(c, host, INT64_MAX, INT64_MAX);
    while (host->open.first) {
        mt_merge_give_up(c, host->open.first, MT_REASON_EVICTED);
    }
    mt_host_charge(c, host);
    mt_host_drop(c, host);
}

/* The longest idle of those who hold least. The one whose line has just come is not idle. */
static struct mt_host *least(const struct mt_correlator *c)
{
    for (unsigned k = 0; k < MT_HOST_CLASSES; k++) {
        struct mt_host *host = c->classes[k].first;
        host = host && host == c->last_host ? host->behind_it : host;
        if (host) {
            return host;
        }
    }
    return NULL;
}

static bool hold_hosts(struct mt_correlator *c)
{
    struct mt_host *host = c->hosts.n > c->max_hosts ? least(c) : NULL;

    if (host) {
        give_up_host(c, host);
    }
    return host;
}

static bool hold_messages(struct mt_correlator *c)
{
    struct mt_host *host = mt_over_messages(c) ? with_open(c, paying_class(c)) : NULL;

    if (host) {
        give_up_messages(c, host);
        mt_host_charge(c, host);
    }
    return host;
}

static bool hold_memory(struct mt_correlator *c)
{
    struct mt_host *host = mt_over_memory(c) ? c->classes[paying_class(c)].first : NULL;

    if (!host) {
        return false;
    }
    if (give_up_some(c, host)) {
        give_up_some(c, host); /* where lines were taken, some of what they have become */
        mt_host_charge(c, host);
        return true;
    }
    if (c->hosts.n > 1) {
        mt_host_drop(c, host);
        return true;
    }
    return false;
}

void mt_give_up_what_is_over(struct mt_correlator *c)
{
    mt_host_charge(c, c->last_host);
    for (int i = 0; i < ROUNDS && (hold_hosts(c) || hold_messages(c) || hold_memory(c)); i++) {
    }
}
