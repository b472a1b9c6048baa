/* Messages: what is known of each queue entry, by (host, queue ID), and by instance where two of a host have
 * the same queue ID.
 *
 * An entry that has ended stays for a while, stripped to its key and the hashes of its
 * lines, so that lines read again are known as repeats. One that waits to be tried again is
 * at rest: packed into one block (message_at_rest.c).
 */
#ifndef MT_CORRELATE_MESSAGE_H
#define MT_CORRELATE_MESSAGE_H

#include "base/hashes.h"
#include "base/index.h"
#include "instances.h"
#include "kept_fields.h"
#include "line_copy.h"
#include "mailtrace/event.h"

struct mt_host;

struct mt_rcpt {
    uint64_t hash;       /* of the address */
    struct mt_kept kept; /* of the last result: TO, ORIG_TO, DSN, NEXT_QUEUE_ID, RELAY_*, DELAY */
    int64_t usec;        /* its timestamp, in parts for size */
    uint32_t attempts;
    int16_t offset;
    uint8_t digits;
    uint8_t status; /* enum mt_status */
};

struct mt_rcpts {
    struct mt_rcpt *v; /* room for the next power of two; behind that, of long lists, what they are searched by */
    uint32_t n;
    uint32_t stored; /* the first ones: those beyond the bound have no kept fields */
};

/* X(identifier, value of "origin"). */
#define MT_ORIGINS(X)     \
    X(NONE, "")           \
    X(NETWORK, "network") \
    X(LOCAL, "local")     \
    X(BOUNCE, "bounce")   \
    X(FORWARD, "forward") \
    X(FILTER, "filter")

enum mt_origin {
#define MT_ORIGIN_ENUM(id, name) MT_ORIGIN_##id,
    MT_ORIGINS(MT_ORIGIN_ENUM)
#undef MT_ORIGIN_ENUM
        MT_ORIGIN_COUNT
};

extern const char *const mt_origin_names[MT_ORIGIN_COUNT];

/* What is only true or false of a message: X(member). */
#define MT_MESSAGE_FLAGS(X)   \
    MT_MESSAGE_FLAGS_AWAKE(X) \
    MT_MESSAGE_FLAGS_HEAD(X)

/* Known of an entry at rest, too. */
#define MT_MESSAGE_FLAGS_HEAD(X)                                          \
    X(own_name)   /* INSTANCE is the queue's own name: see instances.h */ \
    X(by_service) /* INSTANCE is what only a service's name begins with */

#define MT_MESSAGE_FLAGS_AWAKE(X)                                                          \
    X(begun)   /* its first line (client=, uid=) was seen */                               \
    X(queued)  /* it reached the queue */                                                  \
    X(refused) /* a recipient or more was rejected */                                      \
    X(aliased) /* recipients were made out of others: more may follow than were counted */ \
    X(cut)     /* the MTA left recipients out of a line */                                 \
    X(noticed) /* BOUNCE_QUEUE_ID is a notice of delay */                                  \
    X(deleted)                                                                             \
    X(rejected)                                                                            \
    X(discarded)                                                                           \
    X(canceled)                                                                            \
    X(waived) /* the administrator wants no delivery of some, or all */

enum mt_state {
    MT_OPEN,
    MT_ENDING, /* its end was seen; the event waits */
    MT_ENDED,  /* the event was made: only key and hashes are left */
};

/* A member has its row in members.h, but for those that say where the entry stands. */
struct mt_message {
    uint64_t hash; /* of the key */
    struct mt_host *host;
    struct mt_message *next, *prev; /* of the host: open ones, or ended ones, in order of the last line */
    int64_t last;
    uint32_t refs;
    uint16_t resting; /* bytes that it is packed into; 0: it is not at rest */
    uint8_t state;
    bool indexed : 1;
    bool shared : 1; /* others have, or had, its queue ID as well */
    bool named : 1;  /* it has aliases */
    bool linked : 1; /* at rest: the next three are there; all others below are not */
#define MT_MESSAGE_FLAG(member) bool member : 1;
    MT_MESSAGE_FLAGS_HEAD(MT_MESSAGE_FLAG)

    struct mt_session *session;         /* that it came in by; a reference */
    struct mt_message *sibling, *elder; /* of the same session, the next and the one before */

    struct mt_kept kept;   /* QUEUE_ID, INSTANCE, and the fields of the event that lines gave */
    struct mt_hashes seen; /* lines */
    struct mt_rcpts rcpts;
    struct mt_time first;
    int64_t end; /* usec: timestamp of the line that ended it */
    uint32_t lines;
    uint16_t twin;    /* how many entries with its queue ID have begun with its timestamp before it */
    uint16_t life;    /* of lines with the timestamp of the first (lives.c) */
    uint16_t version; /* counts the ends that were seen, so that an outdated one is known */
    uint8_t source, origin;
    uint8_t reason; /* enum mt_reason, when it ends as incomplete */
    MT_MESSAGE_FLAGS_AWAKE(MT_MESSAGE_FLAG)
#undef MT_MESSAGE_FLAG
};

struct mt_message_list {
    struct mt_message *first, *last;
};

struct mt_messages {
    struct mt_memory *memory;
    struct mt_sessions *sessions;
    struct mt_aliases *aliases;
    struct mt_index index;
    uint64_t seed;
    uint64_t nopen;
    uint32_t max_recipients;
};

/* The entry with this queue ID that a line with the timestamp usec (and this owner) is of, whatever its state, be it
 * at rest; NULL: none. Where several can be meant: one that had not ended by then; one that has the name;
 * one that the queue's own daemons have named. *several: more than one has the queue ID.
 */
struct mt_message *mt_message_find(const struct mt_messages *messages, const struct mt_host *host,
                                   const struct mt_owner *owner, struct mt_slice queue_id, int64_t usec, bool *several);

/* All entries with that queue ID, one at a time: *at starts as 0. NULL: no more. */
struct mt_message *mt_message_next(const struct mt_messages *messages, const struct mt_host *host,
                                   struct mt_slice queue_id, size_t *at);

struct mt_owner mt_message_owner(const struct mt_message *m);

/* The hash of the key, with the seed. */
uint64_t mt_message_key(const struct mt_messages *messages, const struct mt_host *host, struct mt_slice queue_id);

/* One of its queue's own daemons names it: it is of that instance. What else has this name and queue ID, and has
 * ended, is forgotten.
 */
void mt_message_name(struct mt_messages *messages, struct mt_message *m, struct mt_slice instance);

/* A new open entry with one reference, the index's; NULL when memory is short. */
struct mt_message *mt_message_open(struct mt_messages *messages, struct mt_host *host, uint8_t source,
                                   const struct mt_owner *owner, struct mt_slice queue_id, struct mt_time first);

/* Sets the hash of an entry whose other members are set. */
void mt_message_set_key(const struct mt_messages *messages, struct mt_message *m);

/* Puts an entry whose members are set into the index and the lists, which take over a reference.
 * False when it is there already, or memory is short.
 */
bool mt_message_adopt(struct mt_messages *messages, struct mt_message *m);

/* Who a recipient is, and by what it is tried: what a line says that gives an attempt a name. */
extern const uint64_t mt_address_fields[2];

/* What it takes over from its session: all that is said of the client. */
extern const uint64_t mt_client_fields[2];

/* It came in by this session, and has none yet. */
void mt_message_join(struct mt_message *m, struct mt_session *s);

/* The session, which it must have, adds nothing more: its facts are the message's now, and it can go. */
void mt_message_absorb(struct mt_sessions *sessions, struct mt_message *m);

/* The session that it came in by, whether it is at rest or not. */
static inline struct mt_session *mt_message_session(const struct mt_message *m)
{
    return !m->resting || m->linked ? m->session : NULL;
}

/* A line of it came at usec: it is the youngest of the host's now. */
void mt_message_touch(struct mt_message *m, int64_t usec);

/* Its event was made: strips it and keeps it as ended. */
void mt_message_ended(struct mt_messages *messages, struct mt_message *m);

/* Takes it out of the index and the lists, and gives the index's reference back. */
void mt_message_forget(struct mt_messages *messages, struct mt_message *m);

/* Was a line with this hash merged into it? It is awake. */
static inline bool mt_message_has_seen(const struct mt_messages *messages, const struct mt_message *m, uint64_t hash)
{
    return mt_hashes_has(&m->seen, hash, messages->seed);
}

/* What is left to do when references were given back: an ended entry is stripped when only the index has it, and one
 * that nobody has is freed.
 */
void mt_message_released(struct mt_messages *messages, struct mt_message *m);

/* Gives a reference back. */
static inline void mt_message_release(struct mt_messages *messages, struct mt_message *m)
{
    if (m && --m->refs <= (m->state == MT_ENDED)) {
        mt_message_released(messages, m);
    }
}

/* What is only true or false of it, in one number. */
unsigned mt_message_flags(const struct mt_message *m);
void mt_message_set_flags(struct mt_message *m, unsigned flags);

/* It has no session any more. */
void mt_message_leave(struct mt_sessions *sessions, struct mt_message *m);

/* Frees all that it holds in blocks of their own. */
void mt_message_free_parts(struct mt_messages *messages, struct mt_message *m);

/* --- message_at_rest.c: an entry at rest can be found, listed and forgotten; for all else it is woken --- */

/* Gives a reference back. If only the index's is left, and the entry waits to be tried again, it is at rest then. */
void mt_message_put_to_rest(struct mt_messages *messages, struct mt_message *m);

/* The entry awake; it has moved. NULL when memory is short: it is as it was. */
struct mt_message *mt_message_wake_resting(struct mt_messages *messages, struct mt_message *m);

/* The same of any entry, or of NULL: most are awake. */
static inline struct mt_message *mt_message_wake(struct mt_messages *messages, struct mt_message *m)
{
    return m && m->resting ? mt_message_wake_resting(messages, m) : m;
}

/* Sets `to` to what an entry at rest says; its parts are the caller's. False when memory is short. */
bool mt_message_unpack(struct mt_messages *messages, const struct mt_message *m, struct mt_message *to);

/* mt_message_absorb() of one at rest, which moves. False when it could not: nothing has changed. */
bool mt_message_absorb_resting(struct mt_messages *messages, struct mt_message *m);

/* The fields of one at rest, as the bytes of kept fields. */
struct mt_slice mt_message_packed_fields(const struct mt_message *m);
size_t mt_message_size(const struct mt_message *m); /* bytes of its block */

/* The place of a recipient in m->rcpts.v, made when it is new; -1 when memory is short. */
int64_t mt_message_recipient(struct mt_messages *messages, struct mt_message *m, struct mt_slice to,
                             struct mt_slice orig_to);

/* One more, known by the hash of its address; stored: with room for its result. NULL when memory is short. */
struct mt_rcpt *mt_message_add_recipient(struct mt_messages *messages, struct mt_message *m, uint64_t hash,
                                         bool stored);

/* Loading: the statuses of its recipients were set one by one. */
void mt_message_count_recipients(struct mt_message *m);

/* How many of its recipients are deferred; and of how many no line has told a status. */
uint32_t mt_message_deferred(const struct mt_message *m);
uint32_t mt_message_untried(const struct mt_message *m);

void mt_message_free_recipients(struct mt_messages *messages, struct mt_message *m);

/* Recipients that were deferred have expired. */
void mt_message_expire_deferred(struct mt_message *m);

/* What was replied to the attempt that the recipient's next result is of. */
extern const uint64_t mt_reply_fields[2];
void mt_message_reply(struct mt_messages *messages, struct mt_rcpt *rcpt, const struct mt_line_copy *line);

/* Puts a line's result into a recipient that mt_message_recipient() gave. */
void mt_message_result(struct mt_messages *messages, struct mt_message *m, struct mt_rcpt *rcpt,
                       const struct mt_line_copy *line, struct mt_slice to);

#endif
