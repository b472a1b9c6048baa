/* See world.h: what is common to the MTAs. */
#include "world.h"

#include <stdlib.h>
#include <time.h>

static const char *const people[] = {"anna", "ben",   "carla", "dave",   "eva",    "frank", "gerda",  "hugo",
                                     "info", "judit", "karl",  "lena",   "marc",   "news",  "office", "paul",
                                     "rosa", "sales", "tom",   "ursula", "viktor", "wanda", "xaver",  "zoe"};
static const char *const families[] = {"", ".smith", ".meier", ".garcia", ".novak", "-lists", "+shop", ".o'neill"};
static const char *const trees[] = {"example.com", "example.net", "example.org", "mail.example"};

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- messages and processes ---- */

/* Mostly one recipient; now and then up to a hundred. */
static uint32_t draw_recipients(const struct message *m)
{
    uint64_t drawn = draw(m, 1), much = draw(m, 2);

    if (chance(drawn, 920)) {
        return 1;
    }
    return (uint32_t)(chance(drawn, 980) ? 2 + much % 4 : chance(drawn, 996) ? 6 + much % 15 : 21 + much % 80);
}

void message_draw(struct message *m)
{
    m->size = (uint32_t)(400 + (draw(m, 3) % 200000 >> draw(m, 4) % 8));
    m->nrcpt = draw_recipients(m);
    m->tls = chance(draw(m, 5), 700);
    m->auth = m->tls && chance(draw(m, 6), 200);
    m->local = chance(draw(m, 7), 80);
    m->null_sender = !m->local && !m->auth && chance(draw(m, 8), 40);
    m->agent = (uint8_t)(chance(draw(m, 9), 600)   ? SMTP
                         : chance(draw(m, 9), 850) ? LMTP
                         : draw(m, 10) % 2         ? LOCAL
                                                   : VIRTUAL);
    m->expires = m->nrcpt == 1 && !m->null_sender && chance(draw(m, 11), 3);
    if (m->auth || m->local) {
        m->agent = SMTP;
    }
}

struct message *message_new(struct world *w, uint32_t host)
{
    struct message *m = calloc(1, sizeof *m);

    if (!m) {
        abort();
    }
    m->host = host;
    m->number = w->numbers++;
    m->seed = m->client_seed = mix(w->random ^ mix(m->number));
    message_draw(m);
    return m;
}

struct message *message_notification(struct world *w, const struct message *m)
{
    struct message *child = message_new(w, m->host);

    memcpy(child->parent, m->id, sizeof m->id);
    child->to_seed = m->seed;
    child->null_sender = true;
    child->nrcpt = 1;
    child->tls = child->auth = child->local = child->expires = false;
    child->agent = SMTP;
    return child;
}

void message_notify(struct world *w, const struct message *m)
{
    w->start(w, message_notification(w, m), w->now + 8000 + (int64_t)below(w, 9000));
}

uint32_t pool_take(struct world *w, struct host *h, struct pool *pool)
{
    if (pool->n) {
        return pool->free[--pool->n];
    }
    h->pid += 1 + (uint32_t)below(w, 7);
    return h->pid;
}

void pool_give(struct pool *pool, uint32_t pid)
{
    if (pool->n == pool->size) {
        pool->size = pool->size ? 2 * pool->size : 64;
        pool->free = realloc(pool->free, pool->size * sizeof *pool->free);
        if (!pool->free) {
            abort();
        }
    }
    pool->free[pool->n++] = pid;
}

enum result outcome(const struct message *m, uint32_t i, uint32_t attempt)
{
    uint64_t drawn = draw(m, 100 + i) % 1000;
    uint32_t deferrals = drawn < 60 ? 1 : drawn < 80 ? 2 : drawn < 85 ? 4 : 0;

    if (m->stays || m->expires) {
        return DEFERRED;
    }
    if (m->again) {
        return attempt > 1 ? PASSED : !m->null_sender && drawn < 200 ? BOUNCED : SENT;
    }
    if (attempt <= deferrals) {
        return DEFERRED;
    }
    if (attempt > deferrals + 1) {
        return PASSED;
    }
    return !m->null_sender && drawn >= 75 && drawn < 110 ? BOUNCED : SENT;
}

bool all_done(const struct message *m)
{
    return m->sent + m->bounced == m->nrcpt;
}

enum result next_result(struct message *m)
{
    enum result result = PASSED;

    while (m->next < m->nrcpt && (result = outcome(m, m->next, m->attempt)) == PASSED) {
        m->next++;
    }
    if (m->next == m->nrcpt) {
        return PASSED;
    }
    m->sent += result == SENT;
    m->bounced += result == BOUNCED;
    m->now_bounced += result == BOUNCED;
    return result;
}

int64_t next_attempt(struct world *w, struct message *m)
{
    m->next = 0;
    m->now_bounced = 0;
    m->attempt++;
    return m->stays ? STEP_OPEN : ((int64_t)w->retry * 2 * (m->attempt - 1) + (int64_t)below(w, 60)) * SECOND;
}

/* ---- lines ---- */

static void make_stamp(struct world *w)
{
    time_t seconds = (time_t)(w->now / SECOND);
    struct tm tm;

    gmtime_r(&seconds, &tm);
    w->second = w->now / SECOND;
    w->stamp_n = strftime(w->timestamp, sizeof w->timestamp,
                          w->rfc3164         ? "%b %e %H:%M:%S "
                          : w->whole_seconds ? "%Y-%m-%dT%H:%M:%S+00:00 "
                                             : "%Y-%m-%dT%H:%M:%S.",
                          &tm);
}

void line_begin(struct world *w, uint32_t host, const char *program, uint32_t pid)
{
    struct text *t = &w->log;

    text_begin_line(t);
    if (w->second != w->now / SECOND) {
        make_stamp(w);
    }
    put(t, w->timestamp, w->stamp_n);
    if (!w->rfc3164 && !w->whole_seconds) {
        put_digits(t, (uint64_t)(w->now % SECOND), 6);
        puts_(t, "+00:00 ");
    }
    puts_(t, w->hosts[host].name);
    putc_(t, ' ');
    puts_(t, program);
    if (pid) {
        putc_(t, '[');
        put_number(t, pid);
        putc_(t, ']');
    }
    puts_(t, ": ");
}

void line_end(struct world *w)
{
    putc_(&w->log, '\n');
    w->lines++;
}

static void put_name(struct text *t, uint64_t drawn)
{
    puts_(t, people[drawn % COUNT(people)]);
    puts_(t, families[(drawn >> 8) % COUNT(families)]);
    if (drawn >> 16 & 1) {
        put_number(t, (drawn >> 20) % 1000);
    }
}

static void put_tree(struct text *t, uint64_t drawn)
{
    puts_(t, "d");
    put_number(t, (drawn >> 8) % 997);
    putc_(t, '.');
    puts_(t, trees[drawn % COUNT(trees)]);
}

/* From the networks for documentation: RFC 5737, RFC 3849. */
static void put_ip(struct text *t, uint64_t drawn, bool sendmail)
{
    static const char *const nets[] = {"192.0.2.", "198.51.100.", "203.0.113."};

    if (chance(drawn >> 32, 120)) {
        puts_(t, sendmail ? "IPv6:2001:db8:0:0:0:0:0:" : "2001:db8::");
        put_sixteen(t, 1 + drawn % 0xfffe, 1, "0123456789abcdef");
        return;
    }
    puts_(t, nets[drawn % 3]);
    put_number(t, 1 + (drawn >> 8) % 254);
}

void put_helo(struct text *t, const struct message *m)
{
    struct message client = {.seed = m->client_seed};

    puts_(t, "mail");
    put_number(t, draw(&client, 20) % 9);
    putc_(t, '.');
    put_tree(t, draw(&client, 21));
}

void put_client_ip(struct text *t, const struct message *m)
{
    struct message client = {.seed = m->client_seed};

    put_ip(t, draw(&client, 23), false);
}

void put_client(struct text *t, const struct message *m, bool brackets)
{
    struct message client = {.seed = m->client_seed};

    if (brackets && chance(draw(&client, 22), 100)) {
        puts_(t, "unknown");
    } else {
        put_helo(t, m);
    }
    puts_(t, brackets ? "[" : " [");
    put_ip(t, draw(&client, 23), !brackets);
    putc_(t, ']');
}

void put_sender(struct text *t, const struct message *m)
{
    if (m->null_sender) {
        return;
    }
    put_name(t, draw(m, 24));
    putc_(t, '@');
    put_tree(t, draw(m, 21));
}

void put_domain(struct text *t, const struct message *m, uint32_t i)
{
    struct message to = {.seed = m->to_seed};

    if (m->to_seed) {
        put_tree(t, draw(&to, 21));
        return;
    }
    put_tree(t, draw(m, 26 + (m->agent == SMTP ? i % 7 : 0)));
}

void put_recipient(struct text *t, const struct message *m, uint32_t i)
{
    uint64_t drawn = draw(m, 1000 + i);
    struct message to = {.seed = m->to_seed};

    if (m->to_seed) {
        put_sender(t, &to);
        return;
    }
    puts_(t, people[drawn % COUNT(people)]);
    if (m->nrcpt > 1) { /* no two alike */
        putc_(t, '-');
        put_number(t, i);
    }
    puts_(t, families[(drawn >> 8) % COUNT(families)]);
    put_number(t, (drawn >> 20) % 1000);
    putc_(t, '@');
    put_domain(t, m, i);
}

void put_relay(struct text *t, const struct message *m, uint32_t i)
{
    puts_(t, "mx");
    put_number(t, draw(m, 40 + i / 8 % 7) % 4);
    putc_(t, '.');
    put_domain(t, m, i);
}

void put_relay_ip(struct text *t, const struct message *m, uint32_t i)
{
    put_ip(t, draw(m, 50 + i / 8 % 7) & UINT32_MAX, false);
}

void put_message_id(struct text *t, const struct world *w, const struct message *m)
{
    uint64_t drawn = draw(m, 60);

    if (m->parent[0] || m->local) { /* made here */
        put_number(t, (uint64_t)(m->arrived / SECOND));
        putc_(t, '.');
        puts_(t, m->id);
        putc_(t, '@');
        puts_(t, w->hosts[m->host].name);
        return;
    }
    put_hex(t, drawn, 16);
    putc_(t, drawn & 1 ? '.' : '$');
    put_number(t, m->number);
    putc_(t, '@');
    put_tree(t, draw(m, 21));
}
