/* Lines as OpenSMTPD 6.8 writes them: a session for what comes in, one for what goes out, an envelope for each recipient. */
#include "world.h"

enum step { CONNECT, TLS, MESSAGE, TLS_OUT, TRY, END };

#define PROCESS 12 /* one writes all lines, smtpd.c */

/* session: 64 bits, drawn for the message and the connection. */
static struct text *begin(struct world *w, const struct message *m, uint64_t session)
{
    line_begin(w, m->host, "smtpd", PROCESS);
    put_sixteen(&w->log, session, 16, "0123456789abcdef");
    return &w->log;
}

static uint64_t session_in(const struct message *m)
{
    return draw(m, 71) | UINT64_C(1) << 60;
}

static uint64_t session_out(const struct message *m)
{
    return draw(m, 7200 + m->attempt) | UINT64_C(1) << 60;
}

static void put_envelope(struct text *t, const struct message *m, uint32_t i)
{
    puts_(t, " evpid=");
    puts_(t, m->id);
    put_sixteen(t, draw(m, 5000 + i) & UINT32_MAX, 8, "0123456789abcdef");
    puts_(t, " from=<");
    put_sender(t, m);
    puts_(t, "> to=<");
    put_recipient(t, m, i);
    putc_(t, '>');
}

static int64_t connect_in(struct world *w, struct message *m)
{
    struct text *t;

    m->local = m->expires = false;
    t = begin(w, m, session_in(m));
    puts_(t, " smtp connected address=");
    if (m->parent[0]) {
        puts_(t, "local host=");
        puts_(t, w->hosts[m->host].name);
    } else {
        put_client_ip(t, m);
        puts_(t, " host=");
        put_helo(t, m);
    }
    line_end(w);
    m->step = m->tls ? TLS : MESSAGE;
    return 20000 + (int64_t)below(w, 60000);
}

static int64_t start_tls(struct world *w, struct message *m)
{
    puts_(begin(w, m, session_in(m)), " smtp tls ciphers=TLSv1.3:TLS_AES_256_GCM_SHA384:256");
    line_end(w);
    if (m->auth) {
        w->now += 20000;
        puts_(begin(w, m, session_in(m)), " smtp authentication user=");
        put_sender(&w->log, m);
        puts_(&w->log, " result=ok");
        line_end(w);
    }
    m->step = MESSAGE;
    return 20000 + (int64_t)below(w, 60000);
}

static int64_t refuse(struct world *w, struct message *m)
{
    struct text *t = begin(w, m, session_in(m));

    puts_(t, " smtp failed-command command=\"RCPT TO:<");
    put_recipient(t, m, 0);
    puts_(t, ">\" result=\"550 Invalid recipient: <");
    put_recipient(t, m, 0);
    puts_(t, ">\"");
    line_end(w);
    m->null_sender = true; /* its log does not say whose mail it was */
    truth_reject(w, m, "550", "");
    puts_(begin(w, m, session_in(m)), " smtp disconnected reason=quit");
    line_end(w);
    return STEP_ENDED;
}

static int64_t take(struct world *w, struct message *m)
{
    static const char digits[] = "0123456789abcdef";
    uint64_t id = draw(m, 90);
    struct text *t;

    if (!m->parent[0] && !m->stays && chance(draw(m, 70), 60)) {
        return refuse(w, m);
    }
    for (int i = 0; i < 8; i++) {
        m->id[i] = digits[id >> (4 * i) & 15];
    }
    m->id[0] = digits[1 + (id & 7)];
    m->arrived = w->now;
    t = begin(w, m, session_in(m));
    puts_(t, " smtp message msgid=");
    puts_(t, m->id);
    puts_(t, " size=");
    put_number(t, m->size);
    puts_(t, " nrcpt=");
    put_number(t, m->nrcpt);
    puts_(t, " proto=ESMTP");
    line_end(w);
    for (uint32_t i = 0; i < m->nrcpt; i++) {
        w->now += 20;
        puts_(begin(w, m, session_in(m)), " smtp envelope");
        put_envelope(&w->log, m, i);
        line_end(w);
    }
    w->now += 1000;
    puts_(begin(w, m, session_in(m)), " smtp disconnected reason=quit");
    line_end(w);
    m->attempt = 1;
    m->step = TLS_OUT;
    return 10000 + (int64_t)below(w, 50000);
}

static int64_t connect_out(struct world *w, struct message *m)
{
    struct text *t = begin(w, m, session_out(m));

    puts_(t, " mta connecting address=smtp://");
    put_relay_ip(t, m, 0);
    puts_(t, ":25 host=");
    put_relay(t, m, 0);
    line_end(w);
    w->now += 20000;
    puts_(begin(w, m, session_out(m)), " mta connected");
    line_end(w);
    w->now += 20000;
    puts_(begin(w, m, session_out(m)), " mta tls ciphers=TLSv1.3:TLS_AES_256_GCM_SHA384:256");
    line_end(w);
    w->now += 2000;
    puts_(begin(w, m, session_out(m)), " mta server-cert-check result=\"success\"");
    line_end(w);
    m->step = TRY;
    return 50000 + (int64_t)below(w, 500000);
}

static void put_reply(struct world *w, const struct message *m, uint32_t i, enum result result)
{
    struct text *t = &w->log;

    if (result == SENT) {
        puts_(t, "\"Ok\" stat=\"250 2.0.0 Ok: queued as ");
        put_hex(t, draw(m, 3000 + i / 8) >> 20, 11);
    } else if (result == DEFERRED) {
        puts_(t, "\"TempFail\" stat=\"451 4.7.1 Greylisting in action, please come back later");
    } else {
        puts_(t, "\"PermFail\" stat=\"550 5.1.1 Recipient address rejected: User unknown");
    }
    putc_(t, '"');
}

static void write_delivery(struct world *w, const struct message *m, uint32_t i, enum result result)
{
    static const char *const dsns[] = {"", "2.0.0", "4.7.1", "5.1.1"};
    struct text *t = begin(w, m, session_out(m));

    puts_(t, " mta delivery");
    put_envelope(t, m, i);
    puts_(t, " rcpt=<-> source=\"192.0.2.7\" relay=\"");
    put_relay_ip(t, m, i);
    puts_(t, " (");
    put_relay(t, m, i);
    puts_(t, ")\" delay=");
    put_number(t, (uint64_t)((w->now - m->arrived) / SECOND));
    puts_(t, "s result=");
    put_reply(w, m, i, result);
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
    puts_(begin(w, m, session_out(m)), " mta disconnected reason=quit messages=1");
    line_end(w);
    if (m->now_bounced) {
        message_notify(w, m);
    }
    m->step = END;
    return 200 + (int64_t)below(w, 900);
}

static int64_t end_attempt(struct world *w, struct message *m)
{
    if (!all_done(m)) {
        m->step = TLS_OUT;
        return next_attempt(w, m);
    }
    truth_end(w, m);
    return STEP_ENDED;
}

int64_t opensmtpd_step(struct world *w, struct message *m)
{
    switch ((enum step)m->step) {
    case CONNECT:
        return connect_in(w, m);
    case TLS:
        return start_tls(w, m);
    case MESSAGE:
        return take(w, m);
    case TLS_OUT:
        return connect_out(w, m);
    case TRY:
        return try_next(w, m);
    case END:
        return end_attempt(w, m);
    }
    return STEP_ENDED;
}
