/* Sessions: what one process does for one client, and the TLS connections that it opens.
 *
 * Handshakes and authentication are logged without a queue ID, so they reach a
 * message through the process: (host, program, pid). Processes serve one client after
 * the other; a line is told to its session by the client's name and address and by
 * time. Where a process serves many at once, the parser says what tells them apart: it is part of the key.
 */
#ifndef MT_CORRELATE_SESSION_H
#define MT_CORRELATE_SESSION_H

#include "base/index.h"
#include "kept_fields.h"
#include "line_copy.h"

struct mt_host;
struct mt_message;
struct mt_messages;

/* One outgoing TLS connection of a process. */
struct mt_peer {
    uint32_t refs;
    struct mt_peer *next; /* the one before it, of the same process */
    struct mt_slice
        queue_id;        /* the entry that it delivers, where there is a connection for each; empty: none yet. Owned */
    bool listed;         /* loading: it has its place in a list */
    struct mt_kept kept; /* RELAY_NAME, RELAY_IP, RELAY_PORT, TLS_* */
};

struct mt_session {
    uint64_t hash; /* of the key */
    struct mt_host *host;
    struct mt_session *next, *prev;   /* of the host: open ones, or closed ones, in order of the last line */
    struct mt_session *older, *newer; /* of the same process (key); the index has the newest */
    struct mt_peer *peers;            /* newest first */
    struct mt_message *messages;      /* that came in by it and ask it for facts */
    struct mt_kept kept;              /* PROGRAM, INSTANCE; CLIENT_*; USER, MECHANISM, STAGE, RESPONSE,
                                     * COMMANDS; QUEUE_ID: of the entry being received */
    struct mt_time last;
    uint64_t
        last_text; /* hash of the text of the last line; by no seed, since it tells the session's event from others */
    int64_t first, closed; /* closed: INT64_MAX while it is open */
    uint64_t number;       /* counts sessions in the order in which they were opened */
    uint32_t refs;
    uint32_t pid;
    uint8_t source;
    uint8_t reason; /* enum mt_trouble */
    bool connected; /* its first line was seen */
    bool local;     /* a program of the host is at the other end */
    bool lost;      /* the connection broke */
    bool told;      /* its event was made, or is not wanted any more */
    bool indexed;
};

/* The sessions of one host. */
struct mt_session_list {
    struct mt_session *first, *last;
};

struct mt_sessions {
    struct mt_memory *memory;
    struct mt_messages *messages;
    struct mt_index index;
    uint64_t seed;
    uint64_t opened;
    uint64_t n;       /* in the lists of hosts */
    uint64_t omitted; /* to which lines could not add any more, since their process has had too many others */
};

/* Takes a line as far as sessions are concerned, in order of time: line->session and
 * line->peer are set (with a reference each) where it belongs to one. Returns the session whose
 * event is to be made (a reference of the caller's) or NULL: the line has ended it, or it has a
 * reason and its MTA logs no end.
 */
struct mt_session *mt_session_take(struct mt_sessions *sessions, struct mt_host *host, struct mt_line_copy *line);

/* Hashes of the line's process, and of that and the client, with the seed. */
uint64_t mt_session_key(const struct mt_sessions *sessions, const struct mt_host *host,
                        const struct mt_line_copy *line);
uint64_t mt_session_client_key(const struct mt_sessions *sessions, const struct mt_host *host,
                               const struct mt_line_copy *line);

/* Was a session of the line's process and client open before the line's timestamp, and has not ended? */
bool mt_session_was_open(const struct mt_sessions *sessions, const struct mt_host *host,
                         const struct mt_line_copy *line);

/* Sets line->peer of a delivery (TO) if it has none yet: the TLS connection that it went through. */
void mt_session_take_delivery(struct mt_sessions *sessions, struct mt_host *host, struct mt_line_copy *line);

/* Forgets the sessions whose last line is older: closed ones than `closed`, open ones than `idle` (usec).
 * Returns one that has a reason and whose event was not made yet (a reference of the caller's); to be
 * called again until it returns NULL.
 */
struct mt_session *mt_session_expire(struct mt_sessions *sessions, struct mt_host *host, int64_t closed, int64_t idle);

/* Forgets the host's session that closed first, or else the longest idle. *ended: as mt_session_expire() returns it. False: there
 * is none.
 */
bool mt_session_give_up(struct mt_sessions *sessions, struct mt_host *host, struct mt_session **ended);

/* Puts a session whose members are set into the index and the lists, which take over a reference.
 * False when it is there already, or memory is short.
 */
bool mt_session_adopt(struct mt_sessions *sessions, struct mt_session *s);

/* What nobody has any more. */
void mt_session_free(struct mt_sessions *sessions, struct mt_session *session);
void mt_peer_free(struct mt_sessions *sessions, struct mt_peer *peer);

/* Both give a reference back; most that are given back are held by others, too. */
static inline void mt_session_release(struct mt_sessions *sessions, struct mt_session *session)
{
    if (session && !--session->refs) {
        mt_session_free(sessions, session);
    }
}

static inline void mt_peer_release(struct mt_sessions *sessions, struct mt_peer *peer)
{
    if (peer && !--peer->refs) {
        mt_peer_free(sessions, peer);
    }
}

#endif
