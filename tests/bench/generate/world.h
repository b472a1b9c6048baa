/* The mail world that the generator plays: hosts, messages on their way, and a clock.
 *
 * A message is a small state machine. Each step writes the lines that an MTA would
 * write then and says after how many microseconds the next one comes; main.c keeps
 * them all in one heap by time, so that messages interleave as on a busy host. All
 * that is drawn comes from the seed: of the run for what is common, of the message
 * for what is its own, so that nothing has to be kept that can be drawn again.
 */
#ifndef MT_BENCH_WORLD_H
#define MT_BENCH_WORLD_H

#include <stdbool.h>

#include "text.h"

/* X(its name, and that of its steps; the name of its hosts). */
#define MTAS(X)          \
    X(postfix, "mx")     \
    X(sendmail, "relay") \
    X(exim, "out")       \
    X(opensmtpd, "osd")  \
    X(courier, "cour")

enum mta {
#define MTA_ENUM(name, host) MTA_##name,
    MTAS(MTA_ENUM)
#undef MTA_ENUM
        MTA_COUNT
};
enum agent { SMTP, LMTP, LOCAL, VIRTUAL };
enum result { PASSED, SENT, DEFERRED, BOUNCED }; /* PASSED: nothing was due at this attempt */

/* What a step returns instead of microseconds. */
#define STEP_ENDED (-1)
#define STEP_OPEN  (-2) /* stays as it is, with no further line */

#define SECOND INT64_C(1000000)

struct pool { /* process IDs of one program, those at rest first in line */
    uint32_t *free;
    uint32_t n, size;
};

struct host {
    char name[16];
    enum mta mta;
    uint32_t pid; /* the last one given out */
    uint32_t qmgr, pickup;
    uint64_t inode;
    struct pool smtpd, smtp;
    uint64_t last_client; /* its seed, of the smtpd that serves many */
};

struct message {
    uint64_t seed, number;
    uint64_t client_seed; /* of the client's name and address */
    uint64_t to_seed;     /* of the message whose sender this notification goes to; 0: none */
    int64_t arrived;      /* of the queue file */
    int64_t busy_until;   /* one that stays: no other try before */
    uint32_t host, size, nrcpt, next, attempt, session, delivery;
    uint32_t sent, bounced; /* recipients that are through */
    uint32_t now_bounced;   /* at this attempt */
    uint8_t step, agent;
    bool tls, auth, local, null_sender, open, expires, stays, refused;
    bool again;              /* its queue ID is used again at once */
    bool crowded;            /* it comes through the one smtpd that serves many */
    uint32_t hurry;          /* microseconds that no step takes longer than; 0: as usual */
    char id[48], parent[48]; /* queue IDs; parent of a notification */
};

struct world {
    struct text log, truth;
    struct host *hosts;
    uint32_t nhosts;
    uint32_t retry; /* seconds until the second attempt */
    int64_t now;    /* microseconds since 1970 */
    uint64_t random, numbers, lines;
    bool long_ids, rfc3164, whole_seconds;
    int64_t second; /* that of the timestamp below */
    char timestamp[32];
    size_t stamp_n;
    void (*start)(struct world *w, struct message *m, int64_t at); /* of a message made here */
};

/* A hash of a message and a name for what is drawn: the same each time. */
static inline uint64_t mix(uint64_t x)
{
    x += 0x9E3779B97F4A7C15u;
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 27) * 0x94D049BB133111EBu;
    return x ^ x >> 31;
}

static inline uint64_t draw(const struct message *m, uint64_t what)
{
    return mix(m->seed + what * 0xD1342543DE82EF95u);
}

/* One of 0 .. n - 1, from the run's own numbers. */
static inline uint64_t below(struct world *w, uint64_t n)
{
    w->random = w->random * 6364136223846793005u + 1442695040888963407u;
    return (w->random >> 33) % n;
}

/* One in a thousand for 1. */
static inline bool chance(uint64_t drawn, unsigned of_thousand)
{
    return drawn % 1000 < of_thousand;
}

/* The result of attempt 1, 2 ... to recipient i. */
enum result outcome(const struct message *m, uint32_t i, uint32_t attempt);
bool all_done(const struct message *m);
/* That of the next recipient for whom something is due at this attempt, m->next, counted in m; PASSED: there is none left. */
enum result next_result(struct message *m);
/* Begins the next attempt; STEP_..., or when. */
int64_t next_attempt(struct world *w, struct message *m);

/* What is common to them. */
struct message *message_new(struct world *w, uint32_t host);
struct message *message_notification(struct world *w, const struct message *m); /* to the sender of m */
void message_notify(struct world *w, const struct message *m); /* makes one, and starts it soon */
void message_draw(struct message *m);
uint32_t pool_take(struct world *w, struct host *h, struct pool *pool);
void pool_give(struct pool *pool, uint32_t pid);

/* The line's timestamp and host, and its tag: "postfix/smtpd", 12. */
void line_begin(struct world *w, uint32_t host, const char *program, uint32_t pid);
void line_end(struct world *w);

void put_client(struct text *t, const struct message *m, bool brackets); /* name[ip], or name [ip] */
void put_client_ip(struct text *t, const struct message *m);
void put_helo(struct text *t, const struct message *m);
void put_sender(struct text *t, const struct message *m);
void put_recipient(struct text *t, const struct message *m, uint32_t i);
void put_domain(struct text *t, const struct message *m, uint32_t i); /* that of recipient i */
void put_relay(struct text *t, const struct message *m, uint32_t i);  /* its mail server */
void put_relay_ip(struct text *t, const struct message *m, uint32_t i);
void put_message_id(struct text *t, const struct world *w, const struct message *m);

/* The truth, beside the log: one line per fact. */
void truth_delivery(struct world *w, const struct message *m, uint32_t i, enum result result, const char *dsn,
                    bool final);
void truth_message(struct world *w, const struct message *m, const char *result);
void truth_end(struct world *w, const struct message *m); /* the same: all recipients are through, and tell the result */
void truth_reject(struct world *w, const struct message *m, const char *code, const char *dsn);
void truth_session(struct world *w, const struct message *m, const char *reason);

/* One step of a message: STEP_..., or microseconds until the next. */
#define MTA_STEP(name, host) int64_t name##_step(struct world *w, struct message *m);
MTAS(MTA_STEP)
#undef MTA_STEP

/* What makes it hard to tell lines of one second apart: see crowd.c. */
struct crowd {
    uint64_t reuses;      /* queue IDs that are still to be used twice in a second */
    uint64_t connections; /* that one smtpd of each host serves in a second */
    uint64_t returning;   /* percent of these that come from the client before, with or without TLS and login */
    int64_t next_reuse, next_connection;
};

/* Starts what is due until then. */
void crowd_start(struct world *w, struct crowd *crowd, int64_t until);
/* The message that gets the queue ID of one that has ended. */
void crowd_follow(struct world *w, const struct message *m);

/* One line of somebody else. */
void noise(struct world *w);

#endif
