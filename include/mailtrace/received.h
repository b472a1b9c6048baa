/* Received: headers (RFC 5321, section 4.4; RFC 5322, section 3.6.7), one hop each.
 *
 * The reader is made for what is in the wild: clauses in any order or missing, comments
 * anywhere, dates in many shapes, and text that is no header at all. It never fails: what
 * has no meaning ends up in the comments. Nothing is allocated; the time is linear in the length.
 *
 * Thread rules: pure functions.
 */
#ifndef MAILTRACE_RECEIVED_H
#define MAILTRACE_RECEIVED_H

#include "mailtrace/event.h"

#include "mailtrace/api_begin.h"

/* Comments kept of one header; notes tell when there are more. */
#define MT_HOP_COMMENTS 32

/* What is odd about a header. */
enum mt_hop_note {
    MT_HOP_NO_CLAUSE = 1u << 0, /* neither "from" nor "by" */
    MT_HOP_NO_DATE = 1u << 1,
    MT_HOP_BAD_DATE = 1u << 2, /* there is one, and it cannot be read */
    MT_HOP_NO_ZONE = 1u << 3,  /* none, or an unknown one: taken as UTC (RFC 5322, section 4.3) */
    MT_HOP_OPEN = 1u << 4,     /* a comment that does not end */
    MT_HOP_TWICE = 1u << 5,    /* a clause that was there before; the first one counts */
    MT_HOP_MORE = 1u << 6,     /* comments were left out */
};

/* A hop. Slices point into the header; absent is empty. */
struct mt_hop {
    struct mt_slice helo, name, ip; /* of "from" */
    struct mt_slice by_name, by_ip;
    struct mt_slice via, with, id, recipient; /* recipient: "for" */
    bool protocol;                            /* "with" is a known one: tls, auth and utf8 hold */
    bool tls, auth, utf8;
    bool auth_told; /* auth holds: "with" is a known one, or a comment says so */
    bool timed;     /* time holds */
    bool delayed;   /* delay holds: see mt_hop_follow() */
    struct mt_time time;
    int64_t delay; /* usec since the hop before; may be negative */
    struct mt_slice comments[MT_HOP_COMMENTS];
    size_t ncomments;
    unsigned notes; /* set of enum mt_hop_note */
};

/* Reads the value of a header: what follows "Received:", folded or not. */
void mt_hop_read(struct mt_slice header, struct mt_hop *hop);

/* The same for a header as Postfix logs it: line feed and tab are "??" (cleanup_message.c,
 * printable()). The slices point into scratch, or into header where that is longer.
 */
#define MT_HOP_LOGGED 1024
void mt_hop_read_logged(struct mt_slice header, char scratch[MT_HOP_LOGGED], struct mt_hop *hop);

/* Headers as Postfix logs them, one a line and the newest first, as they stand in the mail: their hops in the order of
 * travel, at most `max` of them, each with its delay. The slices point into scratch (headers.n bytes), or into
 * headers. Returns how many.
 */
size_t mt_hops_read_logged(struct mt_slice headers, char *scratch, struct mt_hop *hops, size_t max);

/* Sets the delay of a hop: since `before`, the time of the nearest hop before that has one. */
void mt_hop_follow(struct mt_hop *hop, const struct mt_time *before);

/* What "with" says of a protocol (IANA, "Mail Transmission Types", and what is used without
 * being there). Returns false for an unknown one.
 */
bool mt_hop_protocol(struct mt_slice with, bool *tls, bool *auth, bool *utf8);

/* Reads a date of RFC 5322 with all that section 4.3 allows, asctime()'s or ISO 8601's, and
 * moves *at behind it and behind a comment with the zone's name. *zoned: it names its zone.
 */
bool mt_mail_date(struct mt_slice *at, struct mt_time *time, bool *zoned);

/* Writes an address literal's address, without brackets and "IPv6:", to *ip. False: it is none.
 * A scope ("fe80::1%eth0") is part of it.
 */
bool mt_hop_ip(struct mt_slice text, struct mt_slice *ip);

/* The next header field of a mail (or of bare headers): *name without its colon, *value
 * with its folds. Lines that are no header are moved over. False at the empty line and at the
 * end: *at is then what follows, the body.
 */
bool mt_header_next(struct mt_slice *at, struct mt_slice *name, struct mt_slice *value);

/* Joins the lines of a folded header and makes one blank of each fold. out has room for value.n
 * bytes and may be value.p. Returns the length.
 */
size_t mt_header_unfold(struct mt_slice value, char *out);

/* As an object, like events. */
void mt_hop_walk(const struct mt_hop *hop, const struct mt_visitor *visitor, void *ctx);
bool mt_hop_json(const struct mt_hop *hop, struct mt_buffer *out);

#include "mailtrace/api_end.h"

#endif
