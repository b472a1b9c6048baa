/* Ends of messages and sessions, and the events that wait for their time because of them. */
#include "internal.h"

/* An entry whose MTA logs no end is over when all its recipients are done, and a session
 * whose end is not logged when something worth an event has happened. Where
 * recipients were made out of others (aliases), or their number is not known, or a session
 * goes on, more may follow: it is given this long (usec).
 */
#define LINGER INT64_C(10000000)

void mt_event_line_up(struct mt_correlator *c, struct mt_host *host, struct mt_event_queue *queue,
                      struct mt_queued_event *p)
{
    if (p->line) {
        p->line->refs++;
    }
    if (p->message) {
        p->message->refs++;
    }
    host->next_due = p->due < host->next_due ? p->due : host->next_due;
    if (!mt_event_queue_add(&c->memory, queue, p)) {
        mt_make_event(c, host, p);
    }
}

void mt_end_message(struct mt_correlator *c, struct mt_host *host, struct mt_message *m, struct mt_line_copy *line)
{
    struct mt_queued_event p = {.due = mt_event_due(c, host, line),
                                .line = line,
                                .message = m,
                                .version = ++m->version,
                                .kind = MT_EVENT_MESSAGE};

    m->state = MT_ENDING;
    m->end = line->usec;
    mt_event_line_up(c, host, &host->due, &p);
}

void mt_end_message_quietly(struct mt_correlator *c, struct mt_host *host, struct mt_message *m,
                            struct mt_line_copy *line)
{
    bool counted = m->origin == MT_ORIGIN_BOUNCE || mt_kept_has(&m->kept, MT_F_NRCPT); /* a notification goes to one */
    bool linger = m->aliased || m->cut || !counted;
    struct mt_queued_event p = {.due = mt_event_due(c, host, line) + (linger ? LINGER : 0),
                                .line = line,
                                .message = m,
                                .version = ++m->version,
                                .kind = MT_EVENT_MESSAGE};

    mt_event_line_up(c, host, linger ? &host->due_later : &host->due, &p);
}

void mt_end_session(struct mt_correlator *c, struct mt_host *host, struct mt_session *s, struct mt_line_copy *line)
{
    struct mt_queued_event p = {.line = line, .session = s, .kind = MT_EVENT_SESSION};

    if (!mt_event_wanted(c, MT_EVENT_SESSION)) {
        mt_session_release(&c->sessions, s);
    } else if (line && s->closed == INT64_MAX) { /* more lines may follow, but none that ends it */
        p.due = mt_event_due(c, host, line) + LINGER;
        mt_event_line_up(c, host, &host->due_later, &p);
    } else if (line) {
        p.due = mt_event_due(c, host, line);
        mt_event_line_up(c, host, &host->due, &p);
    } else {
        mt_make_event(c, host, &p);
    }
}
