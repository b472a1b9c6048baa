/* The members of what is kept, each said once: what goes through a whole struct goes through these lists.
 *
 * message_at_rest.c packs by them, message.c frees by them, image_members.c writes them to disk and reads them. A new
 * member is its declaration and one row here.
 *
 * X(place, way, member, name). The name is on disk: it stays when the member is renamed. A member that
 * an image has not is zero; one that is unknown here is skipped.
 * WHOLE(place, way, name) is a row for what is not one member: flags, lists.
 *
 * Places, of an entry at rest:
 *   HEAD     there as it is
 *   PACKED   packed, in this order; the kept fields come first, where mt_message_packed_fields() finds them
 *   AWAKE    zero at rest
 * Of all else the place is ANY.
 *
 * Ways: MT_WAYS.
 */
#ifndef MT_CORRELATE_MEMBERS_H
#define MT_CORRELATE_MEMBERS_H

/* How a member is packed, written and read: X(way). */
#define MT_WAYS(X)                                                             \
    X(NUMBER) /* an integer */                                                 \
    X(BOOL)                                                                    \
    X(USEC)   /* a time, or INT64_MIN or INT64_MAX, which stand for "never" */ \
    X(TIME)   /* struct mt_time */                                             \
    X(KEY)    /* a hash made with the seed */                                  \
    X(KEPT)   /* struct mt_kept; the struct owns it */                         \
    X(HASHES) /* struct mt_hashes; the struct owns it */                       \
    X(OWNED)  /* struct mt_slice whose bytes the struct owns */                \
    X(SLICE)  /* struct mt_slice of a line; read, it lies in what is read */   \
    X(STATUS) /* this and the next: one byte, a number that has a name */      \
    X(REASON)                                                                  \
    X(TROUBLE)                                                                 \
    X(SOURCE)                                                                  \
    X(ORIGIN)                                                                  \
    X(EVENT)                                                                   \
    X(SPACE)                                                                   \
    X(SESSION) /* this and the next: a reference that is counted */            \
    X(PEER)                                                                    \
    X(MESSAGE)                                                                 \
    X(LINE)                                                                    \
    X(FLAGS)         /* of a message, all in one number */                     \
    X(RECIPIENTS)    /* of a message */                                        \
    X(ALIASES)       /* of a message; its key is known by then */              \
    X(OWN_SESSION)   /* of a message, which is in the session's list */        \
    X(TIME_IN_PARTS) /* of a recipient */                                      \
    X(PEERS)         /* of a session */                                        \
    X(SAMPLES)       /* of a clock */

enum mt_way {
#define MT_WAY_ENUM(way) MT_WAY_##way,
    MT_WAYS(MT_WAY_ENUM)
#undef MT_WAY_ENUM
        MT_WAY_COUNT
};

/* struct mt_message. Its hash is made of others; the rest says where it stands. */
#define MT_MESSAGE_MEMBERS(X, WHOLE)        \
    X(PACKED, KEPT, kept, "kept")           \
    X(PACKED, HASHES, seen, "seen")         \
    X(PACKED, TIME, first, "first")         \
    X(PACKED, NUMBER, lines, "lines")       \
    X(PACKED, NUMBER, version, "version")   \
    X(PACKED, NUMBER, twin, "twin")         \
    X(PACKED, NUMBER, life, "life")         \
    X(PACKED, SOURCE, source, "mta")        \
    X(PACKED, ORIGIN, origin, "origin")     \
    X(PACKED, REASON, reason, "reason")     \
    WHOLE(PACKED, FLAGS, "flags")           \
    WHOLE(PACKED, RECIPIENTS, "recipients") \
    X(HEAD, NUMBER, state, "state")         \
    X(HEAD, USEC, last, "last")             \
    WHOLE(HEAD, OWN_SESSION, "session")     \
    X(AWAKE, USEC, end, "end")              \
    WHOLE(HEAD, ALIASES, "aliases")

/* struct mt_rcpt: the hash of its address, and whether it has a result, are known before. */
#define MT_RCPT_MEMBERS(X, WHOLE)        \
    X(ANY, NUMBER, attempts, "attempts") \
    X(ANY, STATUS, status, "status")

/* Of the same: the result. */
#define MT_RESULT_MEMBERS(X, WHOLE)   \
    WHOLE(ANY, TIME_IN_PARTS, "time") \
    X(ANY, KEPT, kept, "kept")

/* struct mt_image_alias (image.h) */
#define MT_ALIAS_MEMBERS(X, WHOLE)         \
    X(ANY, SPACE, name.space, "space")     \
    X(ANY, SLICE, name.text, "text")       \
    X(ANY, NUMBER, recipient, "recipient") \
    X(ANY, NUMBER, number, "number")

/* struct mt_session */
#define MT_SESSION_MEMBERS(X, WHOLE)     \
    X(ANY, KEY, hash, "hash")            \
    X(ANY, KEPT, kept, "kept")           \
    X(ANY, TIME, last, "last")           \
    X(ANY, KEY, last_text, "last_text")  \
    X(ANY, USEC, first, "first")         \
    X(ANY, USEC, closed, "closed")       \
    X(ANY, NUMBER, number, "number")     \
    X(ANY, NUMBER, pid, "pid")           \
    X(ANY, SOURCE, source, "mta")        \
    X(ANY, TROUBLE, reason, "reason")    \
    X(ANY, BOOL, connected, "connected") \
    X(ANY, BOOL, local, "local")         \
    X(ANY, BOOL, lost, "lost")           \
    X(ANY, BOOL, told, "told")           \
    WHOLE(ANY, PEERS, "peers")

/* struct mt_peer */
#define MT_PEER_MEMBERS(X, WHOLE)       \
    X(ANY, OWNED, queue_id, "queue_id") \
    X(ANY, KEPT, kept, "kept")

/* struct mt_queued_event: the recipient's address is found again in the line. */
#define MT_QUEUED_EVENT_MEMBERS(X, WHOLE)  \
    X(ANY, USEC, due, "due")               \
    X(ANY, EVENT, kind, "kind")            \
    X(ANY, NUMBER, version, "version")     \
    X(ANY, NUMBER, attempt, "attempt")     \
    X(ANY, NUMBER, recipient, "recipient") \
    X(ANY, NUMBER, ordinal, "ordinal")     \
    X(ANY, MESSAGE, message, "message")    \
    X(ANY, SESSION, session, "session")    \
    X(ANY, LINE, line, "line")

/* struct mt_waiting_line (image.h): all else of a struct mt_line_copy is parsed anew. */
#define MT_WAITING_LINE_MEMBERS(X, WHOLE)  \
    X(ANY, SESSION, session, "session")    \
    X(ANY, PEER, peer, "peer")             \
    X(ANY, TIME, line.time, "time")        \
    X(ANY, NUMBER, line.order, "order")    \
    X(ANY, NUMBER, line.pid, "pid")        \
    X(ANY, SOURCE, line.source, "mta")     \
    X(ANY, BOOL, line.cut, "cut")          \
    X(ANY, BOOL, repeated, "repeated")     \
    X(ANY, SLICE, line.program, "program") \
    X(ANY, SLICE, line.text, "text")

/* struct mt_line, of the piece of a split line. */
#define MT_PIECE_MEMBERS(X, WHOLE)    \
    X(ANY, SLICE, host, "host")       \
    X(ANY, TIME, time, "time")        \
    X(ANY, NUMBER, order, "order")    \
    X(ANY, NUMBER, pid, "pid")        \
    X(ANY, SOURCE, source, "mta")     \
    X(ANY, SLICE, program, "program") \
    X(ANY, SLICE, text, "text")

/* struct mt_host: its clock, and the lines that it has had. */
#define MT_CLOCK_MEMBERS(X, WHOLE)                       \
    X(ANY, USEC, newest, "newest")                       \
    X(ANY, USEC, clock, "clock")                         \
    X(ANY, USEC, taken, "taken")                         \
    X(ANY, USEC, wall, "wall")                           \
    X(ANY, NUMBER, ahead, "ahead")                       \
    X(ANY, NUMBER, behind, "behind")                     \
    X(ANY, NUMBER, nsamples, "nsamples")                 \
    WHOLE(ANY, SAMPLES, "samples")                       \
    X(ANY, HASHES, recent.lines[0], "recent")            \
    X(ANY, HASHES, recent.lines[1], "less_recent")       \
    X(ANY, USEC, recent.newest[0], "newest_recent")      \
    X(ANY, USEC, recent.newest[1], "newest_less_recent") \
    X(ANY, USEC, recent.forgotten, "forgotten")          \
    X(ANY, USEC, recent.last, "last")

/* The lists: X(list, struct). The list's identifier is its name on disk. */
#define MT_MEMBER_LISTS(X)                  \
    X(MESSAGE, struct mt_message)           \
    X(RCPT, struct mt_rcpt)                 \
    X(RESULT, struct mt_rcpt)               \
    X(SESSION, struct mt_session)           \
    X(PEER, struct mt_peer)                 \
    X(QUEUED_EVENT, struct mt_queued_event) \
    X(WAITING_LINE, struct mt_waiting_line) \
    X(PIECE, struct mt_line)                \
    X(CLOCK, struct mt_host)                \
    X(ALIAS, struct mt_image_alias)

enum mt_member_list {
#define MT_LIST_ENUM(list, type) MT_LIST_##list,
    MT_MEMBER_LISTS(MT_LIST_ENUM)
#undef MT_LIST_ENUM
        MT_LIST_COUNT
};

#endif
