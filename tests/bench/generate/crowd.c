/* Crowded seconds: queue IDs that are used twice in one, and one smtpd that serves many clients.
 *
 * With timestamps of whole seconds all these lines look as if they came at once. A queue ID's first message
 * comes, is delivered and removed within a fifth of a second; then another message gets the ID: another client,
 * sender, Message-ID and recipient. Both lie in the first nine tenths of a second.
 */
#include "world.h"

#define STEPS 10 /* of a message, at most */

static struct message *crowd_message(struct world *w, uint32_t host, uint32_t hurry)
{
    struct message *m = message_new(w, host);

    m->hurry = hurry;
    m->local = m->expires = false;
    return m;
}

static uint32_t next_host(struct world *w)
{
    uint32_t host = (uint32_t)below(w, w->nhosts);

    while (w->hosts[host].mta != MTA_postfix) {
        host = (host + 1) % w->nhosts;
    }
    return host;
}

static void start_reuse(struct world *w, int64_t at)
{
    struct message *m = crowd_message(w, next_host(w), 15000);

    m->again = true;
    m->nrcpt = 1;
    w->start(w, m, at);
}

void crowd_follow(struct world *w, const struct message *m)
{
    struct message *next = crowd_message(w, m->host, 15000);

    memcpy(next->id, m->id, sizeof next->id);
    w->start(w, next, w->now + 500 + (int64_t)below(w, 20000));
}

static void choose_client(struct world *w, struct message *m, uint64_t returning)
{
    struct host *h = &w->hosts[m->host];

    if (h->last_client && below(w, 100) < returning) {
        m->client_seed = h->last_client;
    }
    h->last_client = m->client_seed;
}

static void start_connections(struct world *w, const struct crowd *crowd, int64_t at)
{
    uint32_t length = (uint32_t)((uint64_t)SECOND / crowd->connections);

    for (uint32_t host = 0; host < w->nhosts; host++) {
        if (w->hosts[host].mta == MTA_postfix) {
            struct message *m = crowd_message(w, host, length / STEPS);
            m->crowded = true;
            choose_client(w, m, crowd->returning);
            w->start(w, m, at);
        }
    }
}

/* Five reuses in a second, in its first half. */
void crowd_start(struct world *w, struct crowd *crowd, int64_t until)
{
    for (; crowd->reuses && crowd->next_reuse <= until; crowd->next_reuse += SECOND / 10) {
        if (crowd->next_reuse % SECOND < SECOND / 2) {
            start_reuse(w, crowd->next_reuse);
            crowd->reuses--;
        }
    }
    for (; crowd->connections && crowd->next_connection <= until;
         crowd->next_connection += SECOND / (int64_t)crowd->connections) {
        start_connections(w, crowd, crowd->next_connection);
    }
}
