/* What ends, or is forgotten, because nothing came for too long. */
#include "internal.h"

#define SECOND       INT64_C(1000000)
#define SESSION_IDLE INT64_C(600000000) /* usec; longer than the servers' own time-outs */
/* usec that an ended entry is known for, so that lines read again are repeats */
#define ENDED_KEPT INT64_C(3600000000)
#define ENDED_MAX  65536 /* entries, and a quarter of the open ones more */

void mt_expire_sessions(struct mt_correlator *c, struct mt_host *host, int64_t closed, int64_t idle)
{
    struct mt_session *s;

    while ((s = mt_session_expire(&c->sessions, host, closed, idle))) {
        mt_end_session(c, host, s, NULL);
    }
}

/* Has an open message had no line for too long? By log time, and where lines come live, by elapsed time as well. */
static bool is_silent(const struct mt_correlator *c, const struct mt_host *host, struct mt_message *m, int64_t oldest)
{
    if (host->passed && m->last > host->clock) { /* the clock was set back */
        m->last = host->clock;
    }
    return m->last < oldest && (!host->passed || host->ran - m->ran * SECOND >= c->config.timeout + SECOND);
}

/* What is of a time that the clock was set back from is as old as that. */
static void expire_abandoned(struct mt_correlator *c, struct mt_host *host)
{
    int64_t age = host->passed - host->since;

    while (age > SESSION_IDLE && host->sessions.first && mt_is_abandoned(host, host->sessions.first->last.usec)) {
        mt_expire_sessions(c, host, INT64_MIN, host->sessions.first->last.usec + 1);
    }
    while (age > ENDED_KEPT && host->ended.first && mt_is_abandoned(host, host->ended.first->end)) {
        mt_message_forget(&c->messages, host->ended.first);
    }
}

void mt_expire(struct mt_correlator *c, struct mt_host *host, int64_t now)
{
    int64_t oldest = mt_minus(now, c->config.timeout);
    int64_t closed = mt_minus(now, 2 * c->config.settle), idle = mt_minus(now, SESSION_IDLE);

    while (host->open.first && host->open.first->state == MT_OPEN && is_silent(c, host, host->open.first, oldest)) {
        mt_merge_give_up(c, host->open.first, MT_REASON_TIMEOUT);
    }
    while (host->ended.first && (host->ended.first->end < mt_minus(now, ENDED_KEPT) ||
                                 c->messages.index.n - c->messages.nopen > ENDED_MAX + c->messages.nopen / 4)) {
        mt_message_forget(&c->messages, host->ended.first);
    }
    if ((host->closed.first && host->closed.first->last.usec < closed) ||
        (host->sessions.first && host->sessions.first->last.usec < idle)) {
        mt_expire_sessions(c, host, closed, idle);
    }
    mt_early_expire(&c->early, host, mt_minus(now, MT_EARLY_KEPT));
    if (host->abandoned > host->clock) {
        expire_abandoned(c, host);
    }
}
