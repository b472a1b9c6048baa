/* Messages: what is known of each queue entry, by (host, instance, queue ID).
 *
 * An entry that has ended stays for a while, stripped to its key and the hashes of its
 * lines, so that lines read again are known as repeats.
 */
#ifndef MT_CORRELATE_MESSAGE_H
#define MT_CORRELATE_MESSAGE_H

#include "bag.h"
#include "hashes.h"
#include "index.h"
#include "mailtrace/event.h"
#include "stored.h"

struct mt_host;

struct mt_rcpt {
    uint64_t hash;     /* of the address */
    struct mt_bag bag; /* of the last result: TO, ORIG_TO, DSN, NEXT_QUEUE_ID, RELAY_*, DELAY */
    int64_t usec;      /* its stamp, in parts for size */
    uint32_t attempts;
    int16_t offset;
    uint8_t digits;
    uint8_t status; /* enum mt_status */
};

struct mt_rcpts {
    struct mt_rcpt *v; /* room for the next power of two; behind that, for long lists, an index */
    uint32_t n;
    uint32_t stored; /* the first ones: those beyond the bound have no bag */
};

enum mt_origin {
    MT_ORIGIN_NONE,
    MT_ORIGIN_NETWORK,
    MT_ORIGIN_LOCAL,
    MT_ORIGIN_BOUNCE,
    MT_ORIGIN_FORWARD,
};

enum mt_state {
    MT_OPEN,
    MT_ENDING, /* its end was seen; the event waits */
    MT_ENDED,  /* the event was made: only key and hashes are left */
};

struct mt_message {
    uint64_t hash; /* of the key */
    struct mt_host *host;
    struct mt_message *next, *prev;     /* of the host: open ones, or ended ones, in order of the last line */
    struct mt_session *session;         /* that it came in by; a reference */
    struct mt_message *sibling, *elder; /* of the same session, the next and the one before */
    struct mt_bag bag;                  /* QUEUE_ID, INSTANCE, and the fields of the event that lines gave */
    struct mt_hashes seen;              /* lines */
    struct mt_rcpts rcpts;
    struct mt_time first;
    int64_t last;
    int64_t end; /* usec: stamp of the line that ended it */
    uint32_t refs;
    uint32_t lines;
    uint16_t version; /* counts the ends that were seen, so that an outdated one is known */
    uint8_t mta, state, origin;
    uint8_t reason;   /* enum mt_reason, when it ends as incomplete */
    bool begun : 1;   /* its first line (client=, uid=) was seen */
    bool queued : 1;  /* it reached the queue */
    bool refused : 1; /* a recipient or more was rejected */
    bool aliased : 1; /* recipients were made out of others: more may follow than were counted */
    bool cut : 1;     /* the MTA left recipients out of a line */
    bool noticed : 1; /* BOUNCE_QUEUE_ID is a notice of delay */
    bool deleted : 1, rejected : 1, discarded : 1, canceled : 1;
    bool indexed : 1;
};

struct mt_message_list {
    struct mt_message *first, *last;
};

struct mt_messages {
    struct mt_memory *memory;
    struct mt_sessions *sessions;
    struct mt_index index;
    uint64_t seed;
    uint64_t nopen;
    uint32_t max_recipients;
};

/* The entry with this key that the index has, whatever its state; NULL: none. */
struct mt_message *mt_message_find(const struct mt_messages *messages, const struct mt_host *host,
                                   struct mt_slice instance, struct mt_slice queue_id);

/* A new open entry with one reference, the index's; NULL when memory is short. */
struct mt_message *mt_message_open(struct mt_messages *messages, struct mt_host *host, uint8_t mta,
                                   struct mt_slice instance, struct mt_slice queue_id, struct mt_time first);

/* Puts an entry whose members are set into the index and the lists, which take over a reference.
 * False when it is there already, or memory is short.
 */
bool mt_message_adopt(struct mt_messages *messages, struct mt_message *m);

/* It came in by this session, and has none yet. */
void mt_message_join(struct mt_message *m, struct mt_session *s);

/* The session, which it must have, adds nothing more: its facts are the message's now, and it can go. */
void mt_message_absorb(struct mt_sessions *sessions, struct mt_message *m);

/* A line of it came at usec: it is the youngest of the host's now. */
void mt_message_touch(struct mt_message *m, int64_t usec);

/* Its event was made: strips it and keeps it as ended. */
void mt_message_ended(struct mt_messages *messages, struct mt_message *m);

/* Takes it out of the index and the lists, and gives the index's reference back. */
void mt_message_forget(struct mt_messages *messages, struct mt_message *m);

void mt_message_release(struct mt_messages *messages, struct mt_message *m); /* gives a reference back */

/* The place of a recipient in m->rcpts.v, made when it is new; -1 when memory is short. */
int64_t mt_message_recipient(struct mt_messages *messages, struct mt_message *m, struct mt_slice to,
                             struct mt_slice orig_to);

/* One more, known by the hash of its address; stored: with room for its result. NULL when memory is short. */
struct mt_rcpt *mt_message_add_recipient(struct mt_messages *messages, struct mt_message *m, uint64_t hash,
                                         bool stored);

/* Puts a line's result into a recipient that mt_message_recipient() gave. */
void mt_message_result(struct mt_messages *messages, struct mt_message *m, struct mt_rcpt *rcpt,
                       const struct mt_stored *line, struct mt_slice to);

#endif
