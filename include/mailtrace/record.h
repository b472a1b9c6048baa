/* A record: what one log line says, as slices into that line. */
#ifndef MAILTRACE_RECORD_H
#define MAILTRACE_RECORD_H

#include "mailtrace/field.h"
#include "mailtrace/source.h"
#include "mailtrace/verdicts.h"

#include "mailtrace/api_begin.h"

/* X(identifier, name in the field "record", rank, effect if the line's form says no other). What each asks of the correlator:
 *
 * CONNECT          a session begins; CLIENT_*. It SUBMITS: a program of the host hands over
 * NEW              a queue entry begins, and nothing more is said of it: whatever had its queue ID is over
 * CLIENT           a queue entry (or NOQUEUE) begins in a session; CLIENT_*. A filter that hands a message back may say
 *                  whose it was: ORIG_CLIENT_*, PARENT_QUEUE_ID (XFORWARD)
 * TLS              a handshake. With CLIENT_TLS_*: incoming, CLIENT_NAME and _IP tell whose. With TLS_*: outgoing,
 *                  RELAY_NAME, _IP, _PORT tell to whom. With REASON "tls-failed": it failed
 * AUTH             CLIENT_USER and CLIENT_MECHANISM; or a failure: REASON "auth-failed" or "auth-error", USER,
 *                  MECHANISM, RESPONSE
 * MESSAGE_ID       MESSAGE_ID (absent: the message has none)
 * FROM             FROM, SIZE, NRCPT, and what else the line says of the message (sendmail: MESSAGE_ID, CLIENT_*). It TELLS:
 *                  PARENT_QUEUE_ID
 * LOCAL            a local submission: CLIENT_UID, FROM, perhaps PARENT_QUEUE_ID (requeued)
 * REPLY            what the next system said to an attempt whose TO is yet to come, and does not say it: TO (one address), RESPONSE,
 *                  and REPLY_CODE, DSN, NEXT_QUEUE_ID, RELAY_* as far as they are known; several lines may tell of one attempt
 * TO               one attempt; the recipients by mt_recipient_next()
 * EXPIRED          the entry is given up: all recipients still deferred have expired
 * REJECT           STAGE, ACTION, TO, REPLY_CODE, DSN, RESPONSE, CLIENT_*, FROM; REASON when it is worth
 *                  a session event
 * HOLD RELEASE REQUEUE   by the administrator or a rule
 * DELETE           removed by the administrator
 * REMOVED          the entry has ended; ACTION "canceled" or "discarded" where the MTA says so
 * DONE             the entry has ended; of a source that tells rounds: all were tried, and it has ended if nobody is deferred
 * BOUNCE           a notification was made: BOUNCE_QUEUE_ID; ACTION "non-delivery", "delay", "delivery status"
 * FORWARD          NEXT_QUEUE_ID was made out of QUEUE_ID on this host
 * FILTER           what a filter says of an entry: the member verdicts. It names the entry by the first of these that it has:
 *                  QUEUE_ID, be it that the entry's own first line is yet to come; an alias, of FILTER, NEXT or
 *                  MESSAGE_ID; CLIENT_IP and FROM (as the filter writes it), of an entry that is about to begin
 * HEADER           a logged header: SUBJECT, RECEIVED, or TEXT
 * DISCONNECT       a session ends; COMMANDS
 * LOST_CONNECTION  a session breaks: REASON, STAGE
 * STATISTICS SERVICE INFO WARNING ERROR FATAL PANIC   TEXT; REASON when it is worth a session event. An INFO with
 *                  NEXT_QUEUE_ID and no QUEUE_ID: a filter before the queue has made that entry of what came in the session
 * PART             a piece of a line that the MTA has split: see parts.h
 *
 * Of lines with one timestamp, the one whose kind has the smaller rank is taken first: it tells of what comes first in the life
 * of an entry or of a session. No two kinds have the same rank. The order of the rows means nothing.
 */
#ifndef MT_KINDS /* a test puts another order in its place */
#define MT_KINDS(X)                                 \
    X(CONNECT, "connect", 1, NONE)                  \
    X(NEW, "new", 2, BEGINS)                        \
    X(CLIENT, "client", 3, BEGINS)                  \
    X(TLS, "tls", 4, NONE)                          \
    X(AUTH, "auth", 5, NONE)                        \
    X(MESSAGE_ID, "message-id", 6, NONE)            \
    X(FROM, "from", 7, QUEUES)                      \
    X(LOCAL, "local", 8, SUBMITS)                   \
    X(REPLY, "reply", 9, NONE)                      \
    X(TO, "to", 10, DELIVERS)                       \
    X(EXPIRED, "expired", 11, EXPIRES)              \
    X(REJECT, "reject", 12, NONE)                   \
    X(HOLD, "hold", 13, HOLDS)                      \
    X(RELEASE, "release", 14, RELEASES)             \
    X(REQUEUE, "requeue", 15, REQUEUES)             \
    X(DELETE, "delete", 16, DELETES)                \
    X(BOUNCE, "bounce", 17, NOTIFIES)               \
    X(FORWARD, "forward", 18, FORWARDS)             \
    X(FILTER, "filter", 19, NONE)                   \
    X(HEADER, "header", 20, NONE)                   \
    X(REMOVED, "removed", 21, ENDS)                 \
    X(DONE, "done", 22, ENDS)                       \
    X(LOST_CONNECTION, "lost-connection", 23, NONE) \
    X(DISCONNECT, "disconnect", 24, NONE)           \
    X(STATISTICS, "statistics", 25, NONE)           \
    X(SERVICE, "service", 26, NONE)                 \
    X(INFO, "info", 27, NONE)                       \
    X(WARNING, "warning", 28, NONE)                 \
    X(ERROR, "error", 29, NONE)                     \
    X(FATAL, "fatal", 30, NONE)                     \
    X(PANIC, "panic", 31, NONE)                     \
    X(PART, "part", 32, NONE)
#endif

enum mt_kind {
    MT_KIND_NONE = 0,
#define MT_KIND_ENUM(id, name, rank, effect) MT_KIND_##id,
    MT_KINDS(MT_KIND_ENUM)
#undef MT_KIND_ENUM
        MT_KIND_COUNT
};

/* Names by enum value; entry 0 is NULL. */
extern const char *const mt_kind_names[MT_KIND_COUNT];

/* Ranks and effects by enum value. */
extern const uint8_t mt_kind_ranks[MT_KIND_COUNT], mt_kind_effects[MT_KIND_COUNT];

/* X(identifier, value of the field "status"). */
#define MT_STATUSES(X)            \
    X(SENT, "sent")               \
    X(DEFERRED, "deferred")       \
    X(BOUNCED, "bounced")         \
    X(EXPIRED, "expired")         \
    X(DISCARDED, "discarded")     \
    X(DELIVERABLE, "deliverable") \
    X(UNDELIVERABLE, "undeliverable")

enum mt_status {
    MT_STATUS_NONE = 0,
#define MT_STATUS_ENUM(id, name) MT_STATUS_##id,
    MT_STATUSES(MT_STATUS_ENUM)
#undef MT_STATUS_ENUM
        MT_STATUS_COUNT
};

extern const char *const mt_status_names[MT_STATUS_COUNT];

/* What a line does to its entry, that of QUEUE_ID. The server's own word for it may stand in ACTION, and is only shown. */
enum mt_effect {
    MT_EFFECT_NONE = 0, /* adds facts, if anything */
    MT_EFFECT_BEGINS,   /* it begins: a client hands it over */
    MT_EFFECT_SUBMITS, /* it begins: a program or a user of this host hands it over; the entry PARENT_QUEUE_ID goes on as this one */
    MT_EFFECT_TELLS,    /* it begins: the server itself has made it, to tell what became of the entry PARENT_QUEUE_ID */
    MT_EFFECT_QUEUES,   /* it has come whole, and is in the queue */
    MT_EFFECT_TRIES,    /* a recipient is tried from now on: the result will name it by the line's alias */
    MT_EFFECT_DELIVERS, /* a recipient, or each of a list, was tried: `status` says how it went */
    MT_EFFECT_FORWARDS, /* the same, or no recipient is named: NEXT_QUEUE_ID, an entry of this host, was made of it */
    MT_EFFECT_PROBES,   /* the same, but nothing was to be delivered: an address is only asked for */
    MT_EFFECT_EXPIRES,  /* its recipients that are still deferred are given up */
    MT_EFFECT_NOTIFIES, /* BOUNCE_QUEUE_ID, an entry of this host, was made to tell that it was delivered or not */
    MT_EFFECT_NOTIFIES_DELAY,    /* the same, to tell that it waits */
    MT_EFFECT_NOTIFIES_EXPIRY,   /* the same, to tell that it expires, as EXPIRES */
    MT_EFFECT_REFUSES_MESSAGE,   /* all of it is refused: it ends, if it is not the host's own */
    MT_EFFECT_REFUSES_RECIPIENT, /* one command of its session is refused, be it a recipient: it goes on */
    MT_EFFECT_HOLDS,             /* it is not tried until it is released */
    MT_EFFECT_RELEASES,          /* it is tried again */
    MT_EFFECT_WAIVES,            /* the administrator says that a recipient, or all, need no delivery */
    MT_EFFECT_REQUEUES,          /* it is to go through the queue again, under a new queue ID */
    MT_EFFECT_DISCARDS,          /* it ends: thrown away, as if it had been delivered */
    MT_EFFECT_CANCELS,           /* it ends before it has come whole: the client broke it off */
    MT_EFFECT_DELETES,           /* it ends by the administrator's hand */
    MT_EFFECT_ENDS,              /* it ends: nothing is left to do */
};

/* Why a session deserves an event, the most telling first: X(identifier, value of the field "reason"). */
#define MT_TROUBLES(X)                    \
    X(AUTH_FAILED, "auth-failed")         \
    X(AUTH_ERROR, "auth-error")           \
    X(TLS_FAILED, "tls-failed")           \
    X(TOO_MANY_ERRORS, "too-many-errors") \
    X(RATE_LIMIT, "rate-limit")           \
    X(PREGREET, "pregreet")               \
    X(BLOCKLIST, "blocklist")             \
    X(PIPELINING, "pipelining")           \
    X(PROTOCOL_ERROR, "protocol-error")   \
    X(TIMEOUT, "timeout")                 \
    X(LOST_CONNECTION, "lost-connection")

enum mt_trouble {
    MT_TROUBLE_NONE = 0,
#define MT_TROUBLE_ENUM(id, name) MT_TROUBLE_##id,
    MT_TROUBLES(MT_TROUBLE_ENUM)
#undef MT_TROUBLE_ENUM
        MT_TROUBLE_COUNT
};

extern const char *const mt_trouble_names[MT_TROUBLE_COUNT];

/* Names of entries other than queue IDs: X(identifier, name on disk, one entry has it at a time).
 *
 * DELIVERY    the number of a delivery that goes on: of one recipient
 * QUEUED_BY   the process that put the entry into the queue
 * NOTIFIED_BY the process that put the notification about the entry into the queue
 * FORWARDED_BY the same, of what was made out of it by a forward
 * FILTER      what a filter calls the message that it looks at
 * NEXT        what the next server called it in its reply; of a FILTER: the queue ID of what the filter has handed back
 * MESSAGE_ID  the Message-ID, for those that log no queue ID
 * SUBMISSION  the Message-ID of an entry that was submitted on the host
 */
#define MT_SPACES(X)                      \
    X(NONE, "", false)                    \
    X(DELIVERY, "delivery", true)         \
    X(QUEUED_BY, "queued-by", true)       \
    X(NOTIFIED_BY, "notified-by", true)   \
    X(FORWARDED_BY, "forwarded-by", true) \
    X(FILTER, "filter", true)             \
    X(NEXT, "next", true)                 \
    X(MESSAGE_ID, "message-id", false)    \
    X(SUBMISSION, "submission", false)

enum mt_space {
#define MT_SPACE_ENUM(id, name, one) MT_SPACE_##id,
    MT_SPACES(MT_SPACE_ENUM)
#undef MT_SPACE_ENUM
        MT_SPACE_COUNT
};

/* A name in a space of its host. */
struct mt_alias_name {
    struct mt_slice text; /* empty: none */
    uint8_t space;        /* enum mt_space */
};

/* A piece of a line that a server has split. Slices point into line.text, or to static storage as said.
 *
 * The whole line is the key and the joint, unless the texts have them, then the texts in order of their numbers, from 1, each but
 * the last with its glue behind it.
 */
struct mt_piece {
    struct mt_slice key;   /* beside host, program and pid: what tells which line it is of; may be empty */
    struct mt_slice joint; /* static; empty: the first text has the key in it */
    struct mt_slice glue;  /* static */
    struct mt_slice text;
    uint16_t number; /* 0: it follows those that have come */
    bool last;       /* of its line */
};

/* What a line says.
 *
 * Slices point into line.text, line.program or line.host, or to static
 * storage; nothing is copied, so a record lives as long as its line.
 * Fields hold only what is known: EVENTS' "unknown" and empty values are absent
 * (FROM may be empty: the null sender). The fields RECORD, TIME, HOST, MTA,
 * PROGRAM and PID stay unset here; the members below say the same.
 */
struct mt_record {
    struct mt_line line;     /* text without "message repeated N times: [ ]" */
    uint8_t source;          /* its number: source.h */
    uint8_t kind;            /* enum mt_kind */
    uint8_t status;          /* enum mt_status of a TO */
    uint8_t role;            /* enum mt_role of the program */
    uint8_t effect;          /* enum mt_effect */
    uint8_t trouble;         /* enum mt_trouble: what REASON says */
    bool list;               /* TO holds sendmail's list of recipients and not one address */
    bool more;               /* sendmail's [more]: the list is not complete */
    bool repeated;           /* the line stood in "message repeated N times: [ ]" */
    bool postmaster;         /* a BOUNCE's notification went to the postmaster, not to the sender */
    struct mt_piece piece;   /* of a PART; unset in all others */
    struct mt_slice service; /* last component of the tag: "smtpd" */
    struct mt_slice session; /* tells apart what one process does at once; empty: the pid does */
    struct mt_alias_name
        alias;          /* of the entry QUEUE_ID (with TO: of that recipient); without one, it tells the entry */
    struct mt_fields f; /* INSTANCE and QUEUE_ID among them */

    /* What a filter says: of a FILTER. The field VERDICTS stays unset. */
    struct mt_line_verdicts verdicts;
};

/* Walks the recipients of a TO record: one, or each of sendmail's list (the record's member).
 * *rest starts as mt_get(&rec->f, MT_F_TO); returns false when there is none left.
 * *address comes without < >.
 */
bool mt_recipient_next(bool list, struct mt_slice *rest, struct mt_slice *address);

/* X(name) of each command that a server counts for a session; UNKNOWN are all others together. At most 32. */
#define MT_COMMANDS(X) \
    X("helo")          \
    X("ehlo")          \
    X("lhlo")          \
    X("xclient")       \
    X("xforward")      \
    X("starttls")      \
    X("auth")          \
    X("mail")          \
    X("rcpt")          \
    X("data")          \
    X("bdat")          \
    X("rset")          \
    X("noop")          \
    X("vrfy")          \
    X("expn")          \
    X("etrn")          \
    X("help")          \
    X("quit")          \
    X("unknown")

/* How many those are. */
enum {
#define MT_ONE(name) +1
    MT_COMMAND_COUNT = MT_COMMANDS(MT_ONE)
#undef MT_ONE
};

/* How often a command of a session was tried, and how often accepted. */
struct mt_command {
    unsigned index; /* of MT_COMMANDS */
    int64_t tried, accepted;
};

/* Reads what a record's field COMMANDS says: each command once, in the order of the text. Returns how many. */
size_t mt_commands_read(struct mt_slice text, struct mt_command commands[MT_COMMAND_COUNT]);

#include "mailtrace/api_end.h"

#endif
