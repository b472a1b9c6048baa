/* Lines as Courier 1.0 writes them: courierd starts each delivery and says when a message is through; courieresmtp says what the
 * other server replied, and what became of it. No line has a process ID.
 */
#include "world.h"

#include <stdio.h>

enum step { CONNECT, ARRIVE, TRY, END };

static struct text *begin(struct world *w, const struct message *m, const char *program, const char *what)
{
    line_begin(w, m->host, program, 0);
    puts_(&w->log, what);
    puts_(&w->log, m->id);
    return &w->log;
}

static struct text *begin_delivery(struct world *w, const struct message *m, uint32_t i)
{
    struct text *t = begin(w, m, "courieresmtp", "id=");

    puts_(t, ",from=<");
    put_sender(t, m);
    puts_(t, ">,addr=<");
    put_recipient(t, m, i);
    putc_(t, '>');
    return t;
}

static int64_t connect_in(struct world *w, struct message *m)
{
    struct text *t = &w->log;
    bool refused = !m->parent[0] && !m->stays && chance(draw(m, 70), 60);

    m->local = m->expires = false;
    line_begin(w, m->host, "courieresmtpd", 0);
    puts_(t, "started,ip=[");
    put_client_ip(t, m);
    puts_(t, "],port=[");
    put_number(t, 1024 + draw(m, 95) % 60000);
    putc_(t, ']');
    line_end(w);
    m->step = ARRIVE;
    if (refused) {
        w->now += 20000;
        line_begin(w, m->host, "courieresmtpd", 0);
        puts_(t, "error,relay=");
        put_client_ip(t, m);
        puts_(t, ",port=");
        put_number(t, 1024 + draw(m, 95) % 60000);
        puts_(t, ",from=<");
        put_sender(t, m);
        puts_(t, ">,to=<");
        put_recipient(t, m, 0);
        puts_(t, ">: 550 User unknown.");
        line_end(w);
        truth_reject(w, m, "550", "");
    }
    return refused ? STEP_ENDED : 20000 + (int64_t)below(w, 60000);
}

/* courier/libs/msgq: inode, time and process, each in hexadecimal digits. */
static void make_id(struct world *w, struct message *m)
{
    m->arrived = w->now;
    snprintf(m->id, sizeof m->id, "%016llX.%016llX.%08X", (unsigned long long)w->hosts[m->host].inode++,
             (unsigned long long)(w->now / SECOND), (unsigned)(draw(m, 90) & 0x7fff));
}

static int64_t arrive(struct world *w, struct message *m)
{
    struct text *t;

    make_id(w, m);
    t = begin(w, m, "courierd", "newmsg,id=");
    if (m->parent[0]) {
        puts_(t, ": dsn; ");
        puts_(t, w->hosts[m->host].name);
    } else {
        puts_(t, ": dns; ");
        put_helo(t, m);
        puts_(t, " (");
        put_helo(t, m);
        puts_(t, " [");
        put_client_ip(t, m);
        puts_(t, "])");
    }
    line_end(w);
    m->attempt = 1;
    m->step = TRY;
    return 10000 + (int64_t)below(w, 50000);
}

static void write_start(struct world *w, const struct message *m, uint32_t i)
{
    struct text *t = begin(w, m, "courierd", "started,id=");

    puts_(t, ",from=<");
    put_sender(t, m);
    puts_(t, ">,module=esmtp,host=");
    put_domain(t, m, i);
    puts_(t, ",addr=<");
    put_recipient(t, m, i);
    putc_(t, '>');
    line_end(w);
    w->now += 90000;
}

static void write_delivery(struct world *w, const struct message *m, uint32_t i, enum result result)
{
    static const char *const dsns[] = {"", "2.0.0", "4.7.1", "5.1.1"},
                      *const statuses[] = {"", "success", "deferred", "failure"},
                      *const replies[] = {"", ": 250 2.0.0 Ok: queued as ",
                                          ": 451 4.7.1 Greylisting in action, please come back later",
                                          ": 550 5.1.1 Recipient address rejected: User unknown"};
    struct text *t;

    write_start(w, m, i);
    t = begin_delivery(w, m, i);
    puts_(t, replies[result]);
    if (result == SENT) {
        put_hex(t, draw(m, 3000 + i) >> 20, 11);
        line_end(w);
        begin_delivery(w, m, i);
        puts_(t, ",success: delivered: ");
        put_relay(t, m, i);
        puts_(t, " [");
        put_relay_ip(t, m, i);
        putc_(t, ']');
    }
    line_end(w);
    begin_delivery(w, m, i);
    puts_(t, ",status: ");
    puts_(t, statuses[result]);
    line_end(w);
    truth_delivery(w, m, i, result, dsns[result], result != DEFERRED);
}

static int64_t try_next(struct world *w, struct message *m)
{
    enum result result = next_result(m);

    if (result != PASSED) {
        write_delivery(w, m, m->next++, result);
        return 400 + (int64_t)below(w, 30000);
    }
    if (m->now_bounced) {
        message_notify(w, m);
    }
    m->step = END;
    return 200 + (int64_t)below(w, 900);
}

static int64_t end_attempt(struct world *w, struct message *m)
{
    if (!all_done(m)) {
        m->step = TRY;
        return next_attempt(w, m);
    }
    begin(w, m, "courierd", "completed,id=");
    line_end(w);
    truth_end(w, m);
    return STEP_ENDED;
}

int64_t courier_step(struct world *w, struct message *m)
{
    switch ((enum step)m->step) {
    case CONNECT:
        return connect_in(w, m);
    case ARRIVE:
        return arrive(w, m);
    case TRY:
        return try_next(w, m);
    case END:
        return end_attempt(w, m);
    }
    return STEP_ENDED;
}
