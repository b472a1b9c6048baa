/* Lines as Postfix 3.7 writes them: smtpd, pickup, cleanup, qmgr, smtp, lmtp, local, virtual, bounce. */
#include "world.h"

enum step {
    CONNECT,
    TLS,
    CLIENT,
    MESSAGE_ID,
    ACTIVE,
    DISCONNECT,
    CONNECT_OUT,
    DELIVER,
    NOTIFY,
    END,
    REFUSED,
    AUTH_FAILED,
    IDLE,
    GONE,
};

#define CROWDED_SMTPD 300 /* process ID */

static const char tls_words[] = ": TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange X25519 "
                                "server-signature RSA-PSS (2048 bits) server-digest SHA256";
static const char *const programs[] = {"postfix/smtp", "postfix/lmtp", "postfix/local", "postfix/virtual"};

static struct host *host_of(struct world *w, const struct message *m)
{
    return &w->hosts[m->host];
}

static void begin(struct world *w, const struct message *m, const char *program, uint32_t pid)
{
    line_begin(w, m->host, program, pid);
    puts_(&w->log, m->id);
    puts_(&w->log, ": ");
}

/* Digits of a number in the base of the alphabet, as src/global/safe_ultostr.c. */
static char *put_base(char *p, uint64_t n, unsigned base, int width)
{
    static const char alphabet[] = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz";
    char digits[16];
    int i = 0;

    do {
        digits[i++] = alphabet[n % base];
        n /= base;
    } while (n || i < width);
    while (i) {
        *p++ = digits[--i];
    }
    return p;
}

/* src/global/mail_queue.h: microseconds and the number of the file; the long ones with the seconds before it. */
static void make_id(struct world *w, struct message *m)
{
    struct host *h = host_of(w, m);
    uint64_t inode = h->inode++, usec = (uint64_t)(w->now % SECOND);
    char *p = m->id;

    m->arrived = w->now;
    if (*p) { /* that of another message, which has ended */
        return;
    }
    if (w->long_ids) {
        p = put_base(p, (uint64_t)(w->now / SECOND), 52, 6);
        p = put_base(p, usec, 52, 4);
        *p++ = 'z';
        p = put_base(p, inode, 51, 0);
    } else {
        for (int i = 16; i >= 0; i -= 4) {
            *p++ = "0123456789ABCDEF"[usec >> i & 15];
        }
        for (int i = 20; i >= 0; i -= 4) {
            *p++ = "0123456789ABCDEF"[inode >> i & 15];
        }
    }
    *p = '\0';
}

/* ---- smtpd ---- */

static int64_t write_connect(struct world *w, struct message *m)
{
    struct host *h = host_of(w, m);
    uint64_t drawn = draw(m, 70) % 1000;
    bool stays = m->stays || m->again || m->id[0];

    m->session = m->crowded ? CROWDED_SMTPD : pool_take(w, h, &h->smtpd);
    line_begin(w, m->host, "postfix/smtpd", m->session);
    puts_(&w->log, "connect from ");
    put_client(&w->log, m, true);
    line_end(w);
    m->step = drawn < 60 && !stays   ? REFUSED
              : drawn < 80 && !stays ? AUTH_FAILED
              : drawn < 95 && !stays ? IDLE
              : m->tls               ? TLS
                                     : CLIENT;
    return 20000 + (int64_t)below(w, 60000);
}

static int64_t write_tls(struct world *w, struct message *m)
{
    line_begin(w, m->host, "postfix/smtpd", m->session);
    puts_(&w->log, "Anonymous TLS connection established from ");
    put_client(&w->log, m, true);
    puts_(&w->log, tls_words);
    line_end(w);
    m->step = CLIENT;
    return 10000 + (int64_t)below(w, 90000);
}

static int64_t write_client(struct world *w, struct message *m)
{
    struct text *t = &w->log;

    make_id(w, m);
    begin(w, m, "postfix/smtpd", m->session);
    puts_(t, "client=");
    put_client(t, m, true);
    if (m->auth) {
        puts_(t, ", sasl_method=PLAIN, sasl_username=");
        put_sender(t, m);
    }
    line_end(w);
    m->step = MESSAGE_ID;
    return 2000 + (int64_t)below(w, 80000);
}

static void write_disconnect(struct world *w, struct message *m, const char *commands)
{
    line_begin(w, m->host, "postfix/smtpd", m->session);
    puts_(&w->log, "disconnect from ");
    put_client(&w->log, m, true);
    puts_(&w->log, commands);
    line_end(w);
    if (!m->crowded) {
        pool_give(&host_of(w, m)->smtpd, m->session);
    }
}

static int64_t disconnect(struct world *w, struct message *m)
{
    write_disconnect(w, m,
                     m->auth  ? " ehlo=2 starttls=1 auth=1 mail=1 rcpt=1 data=1 quit=1 commands=8"
                     : m->tls ? " ehlo=2 starttls=1 mail=1 rcpt=1 data=1 quit=1 commands=7"
                              : " ehlo=1 mail=1 rcpt=1 data=1 quit=1 commands=5");
    m->step = CONNECT_OUT;
    return 1000 + (int64_t)below(w, 20000);
}

static int64_t refuse(struct world *w, struct message *m)
{
    static const struct {
        const char *code, *dsn, *before, *text;
    } replies[] = {
        {"554", "5.7.1", "554 5.7.1 <", ">: Relay access denied"},
        {"550", "5.1.1", "550 5.1.1 <", ">: Recipient address rejected: User unknown in virtual mailbox table"},
        {"450", "4.2.0", "450 4.2.0 <", ">: Recipient address rejected: Greylisted, see http://postgrey.example/help"},
    };
    uint64_t r = draw(m, 71) % 3;
    struct text *t = &w->log;

    line_begin(w, m->host, "postfix/smtpd", m->session);
    puts_(t, "NOQUEUE: reject: RCPT from ");
    put_client(t, m, true);
    puts_(t, ": ");
    puts_(t, replies[r].before);
    put_recipient(t, m, 0);
    puts_(t, replies[r].text);
    puts_(t, "; from=<");
    put_sender(t, m);
    puts_(t, "> to=<");
    put_recipient(t, m, 0);
    puts_(t, "> proto=ESMTP helo=<");
    put_helo(t, m);
    putc_(t, '>');
    line_end(w);
    truth_reject(w, m, replies[r].code, replies[r].dsn);
    m->step = GONE;
    return 1000 + (int64_t)below(w, 200000);
}

static int64_t fail_auth(struct world *w, struct message *m)
{
    struct text *t = &w->log;

    line_begin(w, m->host, "postfix/smtpd", m->session);
    puts_(t, "warning: ");
    put_client(t, m, true);
    puts_(t, ": SASL LOGIN authentication failed: UGFzc3dvcmQ6, sasl_username=");
    put_recipient(t, m, 0);
    line_end(w);
    truth_session(w, m, "auth-failed");
    m->step = IDLE;
    return 500000 + (int64_t)below(w, 2000000);
}

/* Half of the refused hang up. */
static int64_t go(struct world *w, struct message *m)
{
    if (draw(m, 72) % 2) {
        line_begin(w, m->host, "postfix/smtpd", m->session);
        puts_(&w->log, "lost connection after RCPT from ");
        put_client(&w->log, m, true);
        line_end(w);
        truth_session(w, m, "lost-connection");
        write_disconnect(w, m, " ehlo=1 mail=1 rcpt=0/1 commands=2/3");
    } else {
        write_disconnect(w, m, " ehlo=1 mail=1 rcpt=0/1 quit=1 commands=3/4");
    }
    return STEP_ENDED;
}

static int64_t leave(struct world *w, struct message *m)
{
    bool tried = draw(m, 70) % 1000 < 80;

    write_disconnect(w, m, tried ? " ehlo=1 auth=0/1 quit=1 commands=2/3" : " ehlo=1 quit=1 commands=2");
    return STEP_ENDED;
}

/* ---- the queue ---- */

static int64_t pick_up(struct world *w, struct message *m)
{
    make_id(w, m);
    begin(w, m, "postfix/pickup", host_of(w, m)->pickup);
    puts_(&w->log, "uid=33 from=<");
    put_sender(&w->log, m);
    putc_(&w->log, '>');
    line_end(w);
    m->step = MESSAGE_ID;
    return 1000 + (int64_t)below(w, 3000);
}

static int64_t clean_up(struct world *w, struct message *m)
{
    if (m->parent[0]) {
        make_id(w, m);
    }
    begin(w, m, "postfix/cleanup", 400 + (uint32_t)(m->seed % 8));
    puts_(&w->log, "message-id=<");
    put_message_id(&w->log, w, m);
    putc_(&w->log, '>');
    line_end(w);
    m->step = ACTIVE;
    return 3000 + (int64_t)below(w, 9000);
}

static int64_t activate(struct world *w, struct message *m)
{
    struct text *t = &w->log;
    bool network = !m->local && !m->parent[0];

    begin(w, m, "postfix/qmgr", host_of(w, m)->qmgr);
    puts_(t, "from=<");
    put_sender(t, m);
    puts_(t, ">, size=");
    put_number(t, m->size);
    puts_(t, ", nrcpt=");
    put_number(t, m->nrcpt);
    puts_(t, " (queue active)");
    line_end(w);
    m->step = network && !m->attempt ? DISCONNECT : CONNECT_OUT;
    return 1000 + (int64_t)below(w, 5000);
}

static void finish(struct world *w, struct message *m)
{
    begin(w, m, "postfix/qmgr", host_of(w, m)->qmgr);
    puts_(&w->log, "removed");
    line_end(w);
    truth_message(w, m,
                  m->expires               ? "expired"
                  : m->sent == m->nrcpt    ? "sent"
                  : m->bounced == m->nrcpt ? "bounced"
                                           : "partial");
    if (m->again) {
        crowd_follow(w, m);
    }
}

static int64_t end_attempt(struct world *w, struct message *m)
{
    if (all_done(m) || (m->expires && m->attempt == 3)) {
        finish(w, m);
        return STEP_ENDED;
    }
    m->step = ACTIVE;
    m->hurry = 0;
    return m->stays ? STEP_OPEN : (((int64_t)w->retry << (m->attempt - 1)) + (int64_t)below(w, 60)) * SECOND;
}

/* ---- deliveries ---- */

/* src/util/format_tv.c with two digits that count: 0.07, 1.2, 163. */
static void put_delay(struct text *t, int64_t usec)
{
    uint64_t hundredths = (uint64_t)usec / 10000;

    if (hundredths >= 1000) {
        put_number(t, hundredths / 100);
        return;
    }
    if (hundredths >= 100) {
        hundredths -= hundredths % 10;
    }
    put_number(t, hundredths / 100);
    if (hundredths % 100) {
        putc_(t, '.');
        put_digits(t, hundredths % 10 ? hundredths % 100 : hundredths % 100 / 10, hundredths % 10 ? 2 : 1);
    }
}

static void put_delays(struct world *w, struct message *m)
{
    struct text *t = &w->log;
    int64_t all = w->now - m->arrived, queue = all / 16 % 50000, connect = all / 4 % 400000,
            transmit = all / 3 % 700000;

    puts_(t, ", delay=");
    put_delay(t, all);
    puts_(t, ", delays=");
    put_delay(t, all - queue - connect - transmit);
    putc_(t, '/');
    put_delay(t, queue);
    putc_(t, '/');
    put_delay(t, connect);
    putc_(t, '/');
    put_delay(t, transmit);
}

static void put_network_relay(struct text *t, const struct message *m, uint32_t i)
{
    put_relay(t, m, i);
    putc_(t, '[');
    put_relay_ip(t, m, i);
    putc_(t, ']');
}

/* What follows relay=. */
static void put_relay_of(struct world *w, const struct message *m, uint32_t i)
{
    static const char *const local[] = {"", "", "local", "virtual"};
    struct text *t = &w->log;

    if (m->agent == SMTP) {
        put_network_relay(t, m, i);
        puts_(t, ":25");
    } else if (m->agent == LMTP) {
        puts_(t, w->hosts[m->host].name);
        puts_(t, "[private/dovecot-lmtp]");
    } else {
        puts_(t, local[m->agent]);
    }
}

static void put_sent(struct world *w, const struct message *m, uint32_t i)
{
    struct text *t = &w->log;

    puts_(t, ", dsn=2.0.0, status=sent (");
    switch (m->agent) {
    case SMTP:
        puts_(t, "250 2.0.0 Ok: queued as ");
        put_hex(t, draw(m, 3000 + i) >> 24, 10);
        break;
    case LMTP:
        puts_(t, "250 2.0.0 <");
        put_recipient(t, m, i);
        puts_(t, "> ");
        put_hex(t, draw(m, 3000 + i), 16);
        puts_(t, " Saved");
        break;
    default:
        puts_(t, m->agent == LOCAL ? "delivered to mailbox" : "delivered to maildir");
    }
    putc_(t, ')');
}

struct answer {
    bool connected;
    const char *dsn, *before, *after; /* the recipient stands between them */
};

static const struct answer deferrals[] = {
    {false, "4.4.1", NULL, NULL},
    {true, "4.2.0", "450 4.2.0 <", ">: Recipient address rejected: Greylisted (in reply to RCPT TO command))"},
    {true, "4.2.2", "452 4.2.2 <", "> Quota exceeded (mailbox for user is full) (in reply to end of DATA command))"},
};
static const struct answer refusals[] = {
    {true, "5.1.1", "550 5.1.1 <", ">: Recipient address rejected: User unknown (in reply to RCPT TO command))"},
    {true, "5.7.1", "554 5.7.1 <", ">: Message refused as spam (in reply to end of DATA command))"},
};

static const struct answer *answer_of(const struct message *m, uint32_t i, enum result result)
{
    uint64_t drawn = draw(m, 4000 + i + m->attempt);

    if (result == BOUNCED) {
        return &refusals[drawn % 2];
    }
    return &deferrals[m->agent == SMTP ? drawn % 3 : 1 + drawn % 2];
}

static void put_failed(struct world *w, const struct message *m, uint32_t i, enum result result,
                       const struct answer *answer)
{
    struct text *t = &w->log;

    puts_(t, ", dsn=");
    puts_(t, answer->dsn);
    puts_(t, result == BOUNCED ? ", status=bounced (" : ", status=deferred (");
    if (!answer->connected) {
        puts_(t, "connect to ");
        put_network_relay(t, m, i);
        puts_(t, ":25: Connection timed out)");
        return;
    }
    puts_(t, "host ");
    if (m->agent == SMTP) {
        put_network_relay(t, m, i);
    } else {
        put_relay_of(w, m, i);
    }
    puts_(t, " said: ");
    puts_(t, answer->before);
    put_recipient(t, m, i);
    puts_(t, answer->after);
}

static void write_delivery(struct world *w, struct message *m, uint32_t i, enum result result)
{
    const struct answer *answer = result == SENT ? NULL : answer_of(m, i, result);
    struct text *t = &w->log;
    bool final = result != DEFERRED || (m->expires && m->attempt == 3);

    begin(w, m, programs[m->agent], m->delivery);
    puts_(t, "to=<");
    put_recipient(t, m, i);
    puts_(t, ">, relay=");
    if (answer && !answer->connected) {
        puts_(t, "none");
    } else {
        put_relay_of(w, m, i);
    }
    put_delays(w, m);
    if (answer) {
        put_failed(w, m, i, result, answer);
    } else {
        put_sent(w, m, i);
    }
    line_end(w);
    truth_delivery(w, m, i, result, answer ? answer->dsn : "2.0.0", final);
}

/* A process for this attempt, and its TLS. */
static int64_t connect_out(struct world *w, struct message *m)
{
    struct host *h = host_of(w, m);

    m->attempt++;
    m->next = 0;
    m->now_bounced = 0;
    m->delivery = m->agent == SMTP ? pool_take(w, h, &h->smtp) : 500 + (uint32_t)below(w, 20);
    m->step = DELIVER;
    if (m->agent == SMTP && chance(draw(m, 80), 700) && (m->nrcpt > 1 || outcome(m, 0, m->attempt) == SENT)) {
        line_begin(w, m->host, "postfix/smtp", m->delivery);
        puts_(&w->log, draw(m, 81) % 2 ? "Trusted" : "Untrusted");
        puts_(&w->log, " TLS connection established to ");
        put_network_relay(&w->log, m, 0);
        puts_(&w->log, ":25");
        puts_(&w->log, tls_words);
        line_end(w);
    }
    return 30000 + (int64_t)below(w, m->agent == SMTP ? 600000 : 30000);
}

static int64_t deliver(struct world *w, struct message *m)
{
    while (m->next < m->nrcpt) {
        uint32_t i = m->next++;
        enum result result = outcome(m, i, m->attempt);
        if (result == PASSED) {
            continue;
        }
        write_delivery(w, m, i, result);
        m->sent += result == SENT;
        m->bounced += result == BOUNCED;
        m->now_bounced += result == BOUNCED;
        return 20 + (int64_t)below(w, m->nrcpt > 1 ? 900 : 300);
    }
    if (m->agent == SMTP) {
        pool_give(&host_of(w, m)->smtp, m->delivery);
    }
    if (m->expires && m->attempt == 3) {
        begin(w, m, "postfix/qmgr", host_of(w, m)->qmgr);
        puts_(&w->log, "from=<");
        put_sender(&w->log, m);
        puts_(&w->log, ">, status=expired, returned to sender");
        line_end(w);
        m->now_bounced = 1;
    }
    m->step = m->now_bounced ? NOTIFY : END;
    return 50 + (int64_t)below(w, 200);
}

/* The notification gets its queue ID first: cleanup writes before bounce does. */
static int64_t notify(struct world *w, struct message *m)
{
    struct message *child = message_notification(w, m);

    child->step = MESSAGE_ID;
    clean_up(w, child);
    w->now += 90;
    begin(w, m, "postfix/bounce", 480 + (uint32_t)(m->seed % 4));
    puts_(&w->log, "sender non-delivery notification: ");
    puts_(&w->log, child->id);
    line_end(w);
    w->start(w, child, w->now + 800 + (int64_t)below(w, 900));
    m->step = END;
    return 120 + (int64_t)below(w, 500);
}

static int64_t take_step(struct world *w, struct message *m)
{
    switch ((enum step)m->step) {
    case CONNECT:
        return m->local ? pick_up(w, m) : write_connect(w, m);
    case TLS:
        return write_tls(w, m);
    case CLIENT:
        return write_client(w, m);
    case MESSAGE_ID:
        return clean_up(w, m);
    case ACTIVE:
        return activate(w, m);
    case DISCONNECT:
        return disconnect(w, m);
    case CONNECT_OUT:
        return connect_out(w, m);
    case DELIVER:
        return deliver(w, m);
    case NOTIFY:
        return notify(w, m);
    case END:
        return end_attempt(w, m);
    case REFUSED:
        return refuse(w, m);
    case AUTH_FAILED:
        return fail_auth(w, m);
    case IDLE:
        return leave(w, m);
    case GONE:
        return go(w, m);
    }
    return STEP_ENDED;
}

int64_t postfix_step(struct world *w, struct message *m)
{
    int64_t next = take_step(w, m);

    return next > 0 && m->hurry ? 1 + next % m->hurry : next;
}
