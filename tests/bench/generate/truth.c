/* The truth beside the log: facts, one per line, in any order. Fields are divided by tabs.
 *
 *     D host queue-id to status dsn attempt final message-id from parent
 *     M host queue-id result message-id from parent sent deferred bounced expired
 *     R host queue-id to stage code dsn from
 *     S host reason client-ip-and-name
 *     C host queue-id message-id client-ip-and-name tls user
 */
#include "world.h"

static const char *const statuses[] = {"", "sent", "deferred", "bounced"};

static struct text *begin(struct world *w, char kind, const struct message *m)
{
    struct text *t = &w->truth;

    text_begin_line(t);
    putc_(t, kind);
    putc_(t, '\t');
    puts_(t, w->hosts[m->host].name);
    putc_(t, '\t');
    return t;
}

static void tab(struct text *t, const char *s)
{
    puts_(t, s);
    putc_(t, '\t');
}

/* Which of its messages an MTA logs the Message-ID of: not of refused ones, nor of notifications of sendmail, which have no from=
 * line.
 */
static bool has_message_id(const struct world *w, const struct message *m)
{
    switch (w->hosts[m->host].mta) {
    case MTA_postfix:
        return !m->refused;
    case MTA_sendmail:
    case MTA_exim:
        return !m->refused && !m->parent[0];
    default:
        return false;
    }
}

static bool has_parent(const struct world *w, const struct message *m)
{
    return w->hosts[m->host].mta <= MTA_exim && m->parent[0];
}

static void put_origin(struct world *w, const struct message *m)
{
    struct text *t = &w->truth;

    if (has_message_id(w, m)) {
        put_message_id(t, w, m);
    }
    putc_(t, '\t');
    putc_(t, '<');
    put_sender(t, m);
    tab(t, ">");
    puts_(t, has_parent(w, m) ? m->parent : "");
}

void truth_delivery(struct world *w, const struct message *m, uint32_t i, enum result result, const char *dsn,
                    bool final)
{
    struct text *t = &w->truth;

    if (t->fd < 0) {
        return;
    }
    begin(w, 'D', m);
    tab(t, m->id);
    put_recipient(t, m, i);
    putc_(t, '\t');
    tab(t, statuses[result]);
    tab(t, dsn);
    put_number(t, m->attempt);
    tab(t, final ? "\t1" : "\t0");
    put_origin(w, m);
    putc_(t, '\n');
}

/* Of a message that came over the network: who brought it, and how. */
static void put_client_fact(struct world *w, const struct message *m)
{
    struct text *t = begin(w, 'C', m);

    tab(t, m->id);
    put_message_id(t, w, m);
    putc_(t, '\t');
    put_client(t, m, true);
    tab(t, m->tls ? "\tTLSv1.3" : "\t");
    if (m->auth) {
        put_sender(t, m);
    }
    putc_(t, '\n');
}

void truth_message(struct world *w, const struct message *m, const char *result)
{
    struct text *t = &w->truth;
    uint32_t rest = m->nrcpt - m->sent - m->bounced;

    if (t->fd < 0) {
        return;
    }
    begin(w, 'M', m);
    tab(t, m->id);
    tab(t, result);
    put_origin(w, m);
    putc_(t, '\t');
    put_number(t, m->sent);
    putc_(t, '\t');
    put_number(t, m->expires ? 0 : rest);
    putc_(t, '\t');
    put_number(t, m->bounced);
    putc_(t, '\t');
    put_number(t, m->expires ? rest : 0);
    putc_(t, '\n');
    if (w->hosts[m->host].mta == MTA_postfix && !m->local && !m->parent[0] && !m->open) {
        put_client_fact(w, m);
    }
}

void truth_end(struct world *w, const struct message *m)
{
    truth_message(w, m, m->sent == m->nrcpt ? "sent" : m->bounced == m->nrcpt ? "bounced" : "partial");
}

void truth_reject(struct world *w, const struct message *m, const char *code, const char *dsn)
{
    struct text *t = &w->truth;

    if (t->fd < 0) {
        return;
    }
    begin(w, 'R', m);
    tab(t, m->id);
    put_recipient(t, m, 0);
    tab(t, "\tRCPT");
    tab(t, code);
    tab(t, dsn);
    putc_(t, '<');
    put_sender(t, m);
    puts_(t, ">\n");
}

void truth_session(struct world *w, const struct message *m, const char *reason)
{
    struct text *t = &w->truth;

    if (t->fd < 0) {
        return;
    }
    begin(w, 'S', m);
    tab(t, reason);
    put_client(t, m, true);
    putc_(t, '\n');
}
