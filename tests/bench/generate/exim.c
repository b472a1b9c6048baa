/* Lines as Exim 4.96 writes them to syslog with the default log_selector: "<=", a line per recipient and attempt, "Completed". */
#include "world.h"

enum step { ARRIVE, TRY, END };

static const char digits62[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

static void put_base62(char **p, uint64_t n, int width)
{
    for (int i = width - 1; i >= 0; i--, n /= 62) {
        (*p)[i] = digits62[n % 62];
    }
    *p += width;
}

/* exim.c, receive.c: seconds, process, half a thousandth; 6, 6 and 2 digits to the base of 62. */
static void make_id(struct world *w, struct message *m, uint32_t pid)
{
    char *p = m->id;

    put_base62(&p, (uint64_t)(w->now / SECOND), 6);
    *p++ = '-';
    put_base62(&p, pid, 6);
    *p++ = '-';
    put_base62(&p, (uint64_t)(w->now % SECOND) / 500, 2);
    *p = '\0';
    m->arrived = w->now;
}

static uint32_t fork_one(struct world *w, const struct message *m)
{
    return w->hosts[m->host].pid += 1 + (uint32_t)below(w, 3);
}

static void begin(struct world *w, const struct message *m, uint32_t pid, const char *sign)
{
    line_begin(w, m->host, "exim", pid);
    puts_(&w->log, m->id);
    puts_(&w->log, sign);
}

static void put_peer(struct world *w, const struct message *m)
{
    puts_(&w->log, "H=");
    put_helo(&w->log, m);
    puts_(&w->log, " [");
    put_client_ip(&w->log, m);
    putc_(&w->log, ']');
}

static int64_t refuse(struct world *w, struct message *m)
{
    struct text *t = &w->log;

    line_begin(w, m->host, "exim", m->session);
    put_peer(w, m);
    puts_(t, " F=<");
    put_sender(t, m);
    puts_(t, "> rejected RCPT <");
    put_recipient(t, m, 0);
    puts_(t, ">: Unknown user");
    line_end(w);
    truth_reject(w, m, "", ""); /* its log has no reply */
    return STEP_ENDED;
}

static int64_t arrive(struct world *w, struct message *m)
{
    struct text *t = &w->log;

    m->local = m->expires = false;
    m->session = fork_one(w, m);
    if (!m->parent[0] && !m->stays && chance(draw(m, 70), 60)) {
        return refuse(w, m);
    }
    make_id(w, m, m->session);
    begin(w, m, m->session, " <= ");
    if (m->parent[0]) {
        puts_(t, "<> R=");
        puts_(t, m->parent);
        puts_(t, " U=Debian-exim P=local S=");
        put_number(t, m->size);
    } else {
        puts_(t, m->null_sender ? "<>" : "");
        put_sender(t, m);
        putc_(t, ' ');
        put_peer(w, m);
        puts_(t, m->auth ? " P=esmtpsa" : m->tls ? " P=esmtps" : " P=esmtp");
        puts_(t, m->tls ? " X=TLS1.3:ECDHE_X25519__RSA_PSS_RSAE_SHA256__AES_256_GCM:256 CV=no" : "");
        if (m->auth) {
            puts_(t, " A=plain_server:");
            put_sender(t, m);
        }
        puts_(t, " S=");
        put_number(t, m->size);
        puts_(t, " id=");
        put_message_id(t, w, m);
    }
    line_end(w);
    m->delivery = fork_one(w, m);
    m->attempt = 1;
    m->step = TRY;
    return 40000 + (int64_t)below(w, 500000);
}

static void put_host(struct world *w, const struct message *m, uint32_t i)
{
    puts_(&w->log, " H=");
    put_relay(&w->log, m, i);
    puts_(&w->log, " [");
    put_relay_ip(&w->log, m, i);
    putc_(&w->log, ']');
}

static const char tls_out[] = " X=TLS1.3:ECDHE_SECP256R1__RSA_PSS_RSAE_SHA256__AES_256_GCM:256 CV=yes";

static void put_refusal(struct world *w, const struct message *m, uint32_t i, const char *reply)
{
    puts_(&w->log, ": SMTP error from remote mail server after RCPT TO:<");
    put_recipient(&w->log, m, i);
    puts_(&w->log, ">: ");
    puts_(&w->log, reply);
}

static void write_delivery(struct world *w, const struct message *m, uint32_t i, enum result result)
{
    static const char *const signs[] = {"", " => ", " == ", " ** "}, *const dsns[] = {"", "2.0.0", "4.7.1", "5.1.1"};
    struct text *t = &w->log;

    begin(w, m, m->delivery, result == SENT && i && i % 8 ? " -> " : signs[result]);
    put_recipient(t, m, i);
    puts_(t, " R=dnslookup T=remote_smtp");
    if (result == DEFERRED) {
        puts_(t, " defer (-44)");
        put_host(w, m, i);
        put_refusal(w, m, i, "451 4.7.1 Greylisting in action, please come back later");
    } else {
        put_host(w, m, i);
        puts_(t, tls_out);
        if (result == SENT) {
            puts_(t, " C=\"250 2.0.0 Ok: queued as ");
            put_hex(t, draw(m, 3000 + i / 8) >> 20, 11);
            putc_(t, '"');
        } else {
            put_refusal(w, m, i, "550 5.1.1 Recipient address rejected: User unknown");
        }
    }
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
        m->delivery = fork_one(w, m);
        return next_attempt(w, m);
    }
    begin(w, m, m->delivery, " Completed");
    line_end(w);
    truth_end(w, m);
    return STEP_ENDED;
}

int64_t exim_step(struct world *w, struct message *m)
{
    switch ((enum step)m->step) {
    case ARRIVE:
        return arrive(w, m);
    case TRY:
        return try_next(w, m);
    case END:
        return end_attempt(w, m);
    }
    return STEP_ENDED;
}
