/* What the files of the Sendmail reader share. Nothing here is for others.
 *
 *     sendmail.c           the prefix of a line, and which of the readers below takes it
 *     sendmail_text.c      addresses and host names, as the log shows them
 *     sendmail_message.c   from=, to=, notifications: what happens to a message
 *     sendmail_session.c   STARTTLS, AUTH, broken connections: what happens in a session
 *     sendmail_reject.c    rule sets, filters, the server: what is refused
 *     sendmail_notes.c     everything else, by a table of the source's format strings
 *
 * The readers are in the tables of sendmail.c and notes.c: see parser/form.h.
 */
#ifndef MT_PARSER_SENDMAIL_SENDMAIL_H
#define MT_PARSER_SENDMAIL_SENDMAIL_H

#include "parser/form.h"

bool mt_sendmail_read(struct mt_record *rec);

/* The next address of a to= list: mt_recipient_next() for lists. */
bool mt_sendmail_recipient_next(struct mt_slice *rest, struct mt_slice *address);

/* Length of the queue ID that s begins with (sendmail/queue.c, assign_queueid), or 0. */
size_t mt_sendmail_queue_id(struct mt_slice s);

/* Length of the address that s begins with: up to the first `stop` that stands
 * outside quotes, comments and angle brackets, the end of s, or `limit` characters as
 * they were before the log escaped them (sendmail/parseaddr.c, prescan; libsm/util.c, str2prt).
 */
size_t mt_sendmail_span(struct mt_slice s, struct mt_slice stop, size_t limit);
#define MT_SENDMAIL_NO_LIMIT ((size_t)-1)

/* An address without < >. */
struct mt_slice mt_sendmail_bare(struct mt_slice address);

/* Reads "name [ip]", "[ip]", "name. [IPv6:ip]", "name", with or without "ident@" before it
 * and " (may be forged)" behind it. What is not known, or not vouched for, is left empty.
 */
void mt_sendmail_host(struct mt_slice s, struct mt_slice *name, struct mt_slice *ip);

/* The same, into CLIENT_NAME and CLIENT_IP. */
void mt_sendmail_client(struct mt_record *rec, struct mt_slice s);

/* Moves over a value and the ", " behind it. */
struct mt_slice mt_sendmail_rest_of_value(struct mt_slice *at);

/* Moves over "key=value, ", or "key=value" at the end. The value holds no ", ". Inline, so that a literal key is
 * compared without a call.
 */
static inline __attribute__((always_inline)) bool mt_sendmail_value(struct mt_slice *at, struct mt_slice key,
                                                                    struct mt_slice *value)
{
    if (!mt_eat(at, key)) {
        return false;
    }
    *value = mt_sendmail_rest_of_value(at);
    return true;
}

/* A table from one word to another. */
struct mt_sendmail_pair {
    struct mt_slice key, value;
};
#define PAIR(key, value)               \
    {                                  \
        {(key), sizeof(key) - 1},      \
        {                              \
            (value), sizeof(value) - 1 \
        }                              \
    }

/* The value of key among n pairs, or the empty slice. */
struct mt_slice mt_sendmail_lookup(const struct mt_sendmail_pair *pairs, size_t n, struct mt_slice key);
#define MT_SENDMAIL_LOOKUP(pairs, key) mt_sendmail_lookup((pairs), sizeof(pairs) / sizeof *(pairs), (key))

/* An SMTP command in any case, as the field "stage" names it; empty when it is none. */
struct mt_slice mt_sendmail_stage(struct mt_slice command);

/* {verify} (sendmail/tls.c) in the words of the field "verify"; empty when it says nothing of a handshake. */
struct mt_slice mt_sendmail_verify(struct mt_slice s);

mt_form_fn mt_sendmail_from, mt_sendmail_to, mt_sendmail_entry_of_two;
mt_form_fn mt_sendmail_done, mt_sendmail_discarded, mt_sendmail_quarantine, mt_sendmail_unquarantine;
mt_form_fn mt_sendmail_starttls, mt_sendmail_auth, mt_sendmail_auth_failure;
mt_form_fn mt_sendmail_lost, mt_sendmail_timeout, mt_sendmail_collect;
mt_form_fn mt_sendmail_ruleset, mt_sendmail_milter, mt_sendmail_filter, mt_sendmail_tcpwrappers;
mt_form_fn mt_sendmail_verification, mt_sendmail_refused;

/* All other lines: notes.c. */
bool mt_sendmail_note(struct mt_record *rec, struct mt_slice text);

#endif
