/* Sources: the servers and filters whose lines are read.
 *
 * A source is a struct in a folder of its own below plugin/engine/parser/, and a row here. Nothing outside that folder
 * knows a source by its name: what the others have to know of its way of logging is a flag of the struct, and
 * what a line does is said by the record (record.h).
 *
 * Sources are known by their number, 1 to MT_SOURCE_COUNT - 1; 0 is none. Numbers follow the order of the rows, which means
 * nothing: what is kept on disk, shown or asked for has the name.
 */
#ifndef MAILTRACE_SOURCE_H
#define MAILTRACE_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "mailtrace/slice.h"

#include "mailtrace/api_begin.h"

/* A letter as a bit of a set; some other bytes share it. */
#define MT_INITIAL(letter) (UINT64_C(1) << ((unsigned char)(letter)&63))

/* X(its struct is mt_source_ID, name in the field "mta", the letters that its programs begin with). A new source is one row more. */
#define MT_SOURCE_ROWS(X) MT_SOURCE_ROWS_WITH(MT_SOURCE_ROW, X)
#define MT_SOURCE_ROW(X, id, name, initials) X(id, name)

/* Y(X, ID, name, initials): with one argument more for each row. */
#define MT_SOURCE_ROWS_WITH(Y, X)                                                               \
    Y(X, postfix, "postfix", MT_INITIAL('p'))                                                    \
    Y(X, sendmail, "sendmail", MT_INITIAL('s'))                                                  \
    Y(X, exim, "exim", MT_INITIAL('e'))                                                          \
    Y(X, opensmtpd, "opensmtpd", MT_INITIAL('s'))                                                \
    Y(X, qmail, "qmail", MT_INITIAL('q') | MT_INITIAL('t') | MT_INITIAL('r') | MT_INITIAL('s'))  \
    Y(X, courier, "courier", MT_INITIAL('c') | MT_INITIAL('s'))                                  \
    Y(X, dma, "dma", MT_INITIAL('d'))                                                            \
    Y(X, rspamd, "rspamd", MT_INITIAL('r'))                                                      \
    Y(X, amavis, "amavis", MT_INITIAL('a'))                                                      \
    Y(X, opendkim, "opendkim", MT_INITIAL('o'))                                                  \
    Y(X, opendmarc, "opendmarc", MT_INITIAL('o'))                                                \
    Y(X, spf, "policyd-spf", MT_INITIAL('p'))                                                    \
    Y(X, spamassassin, "spamassassin", MT_INITIAL('s'))                                          \
    Y(X, clamav, "clamav-milter", MT_INITIAL('c'))                                               \
    Y(X, clamsmtp, "clamsmtp", MT_INITIAL('c'))                                                  \
    Y(X, mimedefang, "mimedefang", MT_INITIAL('m'))                                              \
    Y(X, mailscanner, "mailscanner", MT_INITIAL('M'))                                            \
    Y(X, postgrey, "postgrey", MT_INITIAL('p'))                                                  \
    Y(X, sqlgrey, "sqlgrey", MT_INITIAL('s'))                                                    \
    Y(X, dovecot, "dovecot", MT_INITIAL('d'))

enum mt_source_number {
    MT_SOURCE_NONE = 0,
#define MT_SOURCE_ENUM(id, name) MT_SOURCE_##id,
    MT_SOURCE_ROWS(MT_SOURCE_ENUM)
#undef MT_SOURCE_ENUM
        MT_SOURCE_COUNT
};

/* What a process does for the messages that its lines are about. */
enum mt_role {
    MT_ROLE_OTHER = 0,
    MT_ROLE_RECEIVES, /* serves one client after the other; its lines without a queue ID are about the client's message */
    MT_ROLE_DELIVERS, /* a delivery agent: its lines without a queue ID are about the entry that it delivers next */
    MT_ROLE_PIPES, /* gives messages to programs of the site; one of those may be a filter that submits its message anew */
    MT_ROLE_QUEUE, /* keeps the queue: the name that it runs by is that of the queue (INSTANCE) */
};

struct mt_source_program {
    struct mt_slice name; /* empty: the end of the list */
    uint8_t role;         /* enum mt_role */
};

/* Where a transport takes mail to: a name in the field "transport", of which the table has those that do not end at another
 * server.
 */
enum mt_transport_end {
    MT_END_ELSEWHERE = 0,
    MT_END_HERE,  /* on the host: a mailbox, a file, a program */
    MT_END_STORE, /* a mail store, which is not to hand it on: LMTP */
};

struct mt_source_transport {
    struct mt_slice name; /* empty: the end of the list */
    uint8_t end;          /* enum mt_transport_end */
};

struct mt_record;

struct mt_source {
    bool is_mta; /* a mail server; if not, a filter, which speaks of a server's messages */

    /* What its log tells, each flag for itself. */
    bool tells_end;           /* the end of every queue entry */
    bool tells_rounds;        /* of an entry, when all were tried: with nobody deferred, that is its end */
    bool tells_session_end;   /* the end of every session */
    bool tells_bounce_sender; /* the sender of a notification, in a line of the notification's own queue ID */
    bool
        tells_no_parent; /* no line links a notification to its entry: what the host itself submits with the null sender is one */
    bool arrives_at_once; /* all of a message's arrival in its FROM: the client, the login, the Message-ID */
    bool
        submits_apart; /* what is submitted on the host has a queue of its own, and goes from there to the server's other half */
    bool
        merges_recipients; /* of recipients that come to the same address one is tried: NRCPT may be more than are delivered to */
    bool
        tells_only_deliveries; /* it takes what another server hands it, and is the last: its entries have no end of their own */
    bool names_by_process; /* what was forwarded is named by the process that queued it: an alias, QUEUED_BY */
    bool reuses_ids;       /* a queue ID can come back while a log is kept */
    bool tls_per_entry;    /* a TLS handshake of a process that delivers, anew for each entry */

    /* The tag (without [pid]) is one of `programs`, or, where `daemons` is not NULL, has a slash with one of these behind the
     * last one. What stands before the first slash is then the INSTANCE, unless it is in `programs`.
     */
    const struct mt_source_program *programs, *daemons;

    /* The sender of what the host tells its postmaster of a notification that failed; empty: the null one. Of sources that tell no
     * parent.
     */
    struct mt_slice second_bounce_sender;

    const struct mt_source_transport *transports; /* NULL: all end elsewhere */

    /* Reads a line. Called with rec->line (text unwrapped), source, service and role set, and rec->f cleared but for INSTANCE.
     * Sets kind, effect and fields and returns true; false for a form that it does not know: what it has set does not count.
     */
    bool (*read)(struct mt_record *rec);
};

/* By number; entry 0 says of nothing that it is told. */
extern const struct mt_source *const mt_sources[MT_SOURCE_COUNT];

/* Logs that a mail program writes by itself, with no syslog daemon between. The form of a line's header tells whose the log is
 * (header/own_log.h).
 */
enum mt_own_log {
    MT_OWN_LOG_PLAIN,       /* date and time, perhaps [pid] */
    MT_OWN_LOG_TASKS,       /* date and time, #pid(task) */
    MT_OWN_LOG_NANOSECONDS, /* date and time with nine digits of a fraction */
    MT_OWN_LOG_TAI64N,      /* a TAI64N label */
    MT_OWN_LOG_COUNT
};

/* By form: the program that takes the place of the tag. */
extern const struct mt_slice mt_own_log_programs[MT_OWN_LOG_COUNT];

/* Names by number; entry 0 is NULL. */
extern const char *const mt_source_names[MT_SOURCE_COUNT];

/* The number of a name; MT_SOURCE_NONE when there is none. */
uint8_t mt_source_find(struct mt_slice name);

#include "mailtrace/api_end.h"

#endif
