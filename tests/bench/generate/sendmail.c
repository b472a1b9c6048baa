/* Lines as Sendmail 8.17 writes them with LogLevel 10 and more: the daemon sm-mta, from accepting to "done". */
#include "world.h"

#include <time.h>

enum step { STARTTLS, AUTH, FROM, STARTTLS_OUT, TO, END, REFUSED };

static struct host *host_of(struct world *w, const struct message *m)
{
    return &w->hosts[m->host];
}

/* sendmail/queue.c, assign_queueid(): the UTC date, a number and the process. */
static void make_id(struct world *w, struct message *m, uint32_t pid)
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    time_t seconds = (time_t)(w->now / SECOND);
    uint64_t seq = draw(m, 90) % 3600;
    struct tm tm;
    char *p = m->id;

    gmtime_r(&seconds, &tm);
    *p++ = digits[tm.tm_year % 60];
    *p++ = digits[tm.tm_mon];
    *p++ = digits[tm.tm_mday];
    *p++ = digits[tm.tm_hour];
    *p++ = digits[tm.tm_min];
    *p++ = digits[tm.tm_sec];
    *p++ = digits[seq / 60];
    *p++ = digits[seq % 60];
    for (uint32_t unit = 1000000000; unit; unit /= 10) {
        if (unit <= 100000 || pid >= unit) {
            *p++ = digits[pid / unit % 10];
        }
    }
    *p = '\0';
    m->arrived = w->now;
}

static uint32_t fork_one(struct world *w, const struct message *m)
{
    struct host *h = host_of(w, m);

    h->pid += 1 + (uint32_t)below(w, 3);
    return h->pid;
}

static void begin(struct world *w, const struct message *m, uint32_t pid)
{
    line_begin(w, m->host, "sm-mta", pid);
    puts_(&w->log, m->id);
    puts_(&w->log, ": ");
}

/* ---- receiving ---- */

static int64_t start_tls(struct world *w, struct message *m)
{
    m->session = fork_one(w, m);
    m->local = m->expires = false;
    m->step = draw(m, 70) % 1000 < 60 && !m->stays ? REFUSED : m->auth ? AUTH : FROM;
    if (m->tls) {
        line_begin(w, m->host, "sm-mta", m->session);
        puts_(&w->log, "STARTTLS=server, relay=");
        put_client(&w->log, m, false);
        puts_(&w->log, ", version=TLSv1.3, verify=NOT, cipher=TLS_AES_256_GCM_SHA384, bits=256/256");
        line_end(w);
    }
    return 20000 + (int64_t)below(w, 60000);
}

static int64_t authenticate(struct world *w, struct message *m)
{
    line_begin(w, m->host, "sm-mta", m->session);
    puts_(&w->log, "AUTH=server, relay=");
    put_client(&w->log, m, false);
    puts_(&w->log, ", authid=");
    put_sender(&w->log, m);
    puts_(&w->log, ", mech=PLAIN, bits=0");
    line_end(w);
    m->step = FROM;
    return 20000 + (int64_t)below(w, 60000);
}

static void write_from(struct world *w, struct message *m, bool refused)
{
    struct text *t = &w->log;

    begin(w, m, m->session);
    puts_(t, "from=<");
    put_sender(t, m);
    puts_(t, ">, size=");
    put_number(t, refused ? 0 : m->size);
    puts_(t, ", class=0, nrcpts=");
    put_number(t, m->nrcpt);
    if (!refused) {
        puts_(t, ", msgid=<");
        put_message_id(t, w, m);
        puts_(t, draw(m, 91) % 2 ? ">, bodytype=8BITMIME" : ">");
    }
    puts_(t, m->auth ? ", proto=ESMTPSA" : m->tls ? ", proto=ESMTPS" : ", proto=ESMTP");
    puts_(t, ", daemon=MTA-v4, relay=");
    put_client(t, m, false);
    line_end(w);
}

static int64_t take(struct world *w, struct message *m)
{
    make_id(w, m, m->session);
    write_from(w, m, false);
    m->step = STARTTLS_OUT;
    return 10000 + (int64_t)below(w, 50000);
}

static int64_t refuse(struct world *w, struct message *m)
{
    struct text *t = &w->log;

    m->nrcpt = 1;
    make_id(w, m, m->session);
    begin(w, m, m->session);
    puts_(t, "ruleset=check_rcpt, arg1=<");
    put_recipient(t, m, 0);
    puts_(t, ">, relay=");
    put_client(t, m, false);
    puts_(t, ", reject=550 5.7.1 <");
    put_recipient(t, m, 0);
    puts_(t, ">... Relaying denied. Proper authentication required.");
    line_end(w);
    truth_reject(w, m, "550", "5.7.1");
    m->nrcpt = 0;
    w->now += 700;
    write_from(w, m, true);
    m->refused = true;
    truth_message(w, m, "rejected");
    return STEP_ENDED;
}

/* ---- delivering ---- */

static int64_t start_tls_out(struct world *w, struct message *m)
{
    m->delivery = m->attempt || !m->delivery ? fork_one(w, m) : m->delivery;
    m->attempt++;
    m->next = 0;
    m->now_bounced = 0;
    m->step = TO;
    if (chance(draw(m, 80), 700) && (m->nrcpt > 1 || outcome(m, 0, m->attempt) != DEFERRED)) {
        line_begin(w, m->host, "sm-mta", m->delivery);
        puts_(&w->log, "STARTTLS=client, relay=");
        put_relay(&w->log, m, 0);
        puts_(&w->log, draw(m, 81) % 2 ? "., version=TLSv1.3, verify=OK" : "., version=TLSv1.3, verify=FAIL");
        puts_(&w->log, ", cipher=TLS_AES_256_GCM_SHA384, bits=256/256");
        line_end(w);
    }
    return 50000 + (int64_t)below(w, 500000);
}

/* conf.c, pintvl(): 00:00:01. No message stays for a day here. */
static void put_interval(struct text *t, int64_t usec)
{
    uint64_t seconds = (uint64_t)(usec / SECOND);

    put_digits(t, seconds / 3600, 2);
    putc_(t, ':');
    put_digits(t, seconds / 60 % 60, 2);
    putc_(t, ':');
    put_digits(t, seconds % 60, 2);
}

/* Recipients of one mail server go together; those that it refuses are told one by one. */
static uint32_t write_list(struct world *w, const struct message *m, uint32_t i, enum result result)
{
    uint32_t domain = i / 8;

    for (;; i++) {
        putc_(&w->log, '<');
        put_recipient(&w->log, m, i);
        putc_(&w->log, '>');
        if (result == BOUNCED || i + 1 == m->nrcpt || (i + 1) / 8 != domain ||
            outcome(m, i + 1, m->attempt) != result) {
            return i + 1;
        }
        putc_(&w->log, ',');
    }
}

static const char *put_status(struct world *w, const struct message *m, uint32_t i, enum result result)
{
    struct text *t = &w->log;

    if (result == SENT) {
        puts_(t, ", dsn=2.0.0, stat=Sent (");
        put_hex(t, draw(m, 3000 + i) >> 20, 11);
        puts_(t, " Message accepted for delivery)");
        return "2.0.0";
    }
    if (result == BOUNCED) {
        puts_(t, ", dsn=5.1.1, reply=550 5.1.1 <");
        put_recipient(t, m, i);
        puts_(t, ">... User unknown, stat=User unknown");
        return "5.1.1";
    }
    if (draw(m, 4000 + m->attempt) % 2) {
        puts_(t, ", dsn=4.0.0, stat=Deferred: Connection timed out with ");
        put_relay(t, m, i);
        putc_(t, '.');
        return "4.0.0";
    }
    puts_(t, ", dsn=4.7.1, reply=451 4.7.1 Greylisting in action, please come back later, "
             "stat=Deferred: 451 4.7.1 Greylisting in action, please come back later");
    return "4.7.1";
}

static uint32_t write_delivery(struct world *w, struct message *m, uint32_t i, enum result result)
{
    struct text *t = &w->log;
    const char *dsn;
    uint32_t end;

    begin(w, m, m->delivery);
    puts_(t, "to=");
    end = write_list(w, m, i, result);
    puts_(t, ", delay=");
    put_interval(t, w->now - m->arrived);
    puts_(t, ", xdelay=00:00:0");
    put_number(t, draw(m, 92) % 3);
    puts_(t, ", mailer=esmtp, pri=");
    put_number(t, m->size + 30000 * m->nrcpt);
    puts_(t, ", relay=");
    put_relay(t, m, i);
    puts_(t, ". [");
    put_relay_ip(t, m, i);
    putc_(t, ']');
    dsn = put_status(w, m, i, result);
    line_end(w);
    for (; i < end; i++) {
        truth_delivery(w, m, i, result, dsn, result != DEFERRED);
    }
    return end;
}

/* sendmail/savemail.c: the notification's first line is in the name of what failed. */
static void notify(struct world *w, struct message *m)
{
    struct message *child = message_notification(w, m);

    child->delivery = m->delivery;
    child->step = STARTTLS_OUT;
    make_id(w, child, m->delivery);
    begin(w, m, m->delivery);
    puts_(&w->log, child->id);
    puts_(&w->log, ": DSN: User unknown");
    line_end(w);
    w->start(w, child, w->now + 8000 + (int64_t)below(w, 9000));
}

static int64_t deliver(struct world *w, struct message *m)
{
    uint32_t i = m->next, n;
    enum result result = PASSED;

    while (i < m->nrcpt && (result = outcome(m, i, m->attempt)) == PASSED) {
        i++;
    }
    if (i < m->nrcpt) {
        m->next = write_delivery(w, m, i, result);
        n = m->next - i;
        m->sent += result == SENT ? n : 0;
        m->bounced += result == BOUNCED ? n : 0;
        m->now_bounced += result == BOUNCED ? n : 0;
        return 400 + (int64_t)below(w, 30000);
    }
    if (m->now_bounced) {
        notify(w, m);
    }
    m->step = END;
    return 200 + (int64_t)below(w, 900);
}

static int64_t end_attempt(struct world *w, struct message *m)
{
    if (!all_done(m)) {
        m->step = STARTTLS_OUT;
        return m->stays ? STEP_OPEN : ((int64_t)w->retry * 2 * m->attempt + (int64_t)below(w, 60)) * SECOND;
    }
    begin(w, m, m->delivery);
    puts_(&w->log, "done; delay=");
    put_interval(&w->log, w->now - m->arrived);
    puts_(&w->log, ", ntries=");
    put_number(&w->log, m->attempt);
    line_end(w);
    truth_end(w, m);
    return STEP_ENDED;
}

int64_t sendmail_step(struct world *w, struct message *m)
{
    switch ((enum step)m->step) {
    case STARTTLS:
        return start_tls(w, m);
    case AUTH:
        return authenticate(w, m);
    case FROM:
        return take(w, m);
    case STARTTLS_OUT:
        return start_tls_out(w, m);
    case TO:
        return deliver(w, m);
    case END:
        return end_attempt(w, m);
    case REFUSED:
        return refuse(w, m);
    }
    return STEP_ENDED;
}
