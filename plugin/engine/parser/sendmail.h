/* What the files of the Sendmail reader share. Nothing here is for others: see mta.h.
 *
 *     sendmail.c           the prefix of a line, and which of the readers below takes it
 *     sendmail_text.c      addresses and host names, as the log shows them
 *     sendmail_message.c   from=, to=, notifications: what happens to a message
 *     sendmail_session.c   STARTTLS, AUTH, rule sets, filters: what happens in a session
 *     sendmail_notes.c     everything else, by a table of the source's format strings
 *
 * A reader gets the text behind its prefix. It sets kind and fields and returns true,
 * or returns false; what it has set by then does not count.
 */
#ifndef MT_PARSER_SENDMAIL_H
#define MT_PARSER_SENDMAIL_H

#include "mta.h"
#include "scan.h"

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

/* Moves over "key=value, ", or "key=value" at the end. The value holds no ", ". */
bool mt_sendmail_value(struct mt_slice *at, struct mt_slice key, struct mt_slice *value);

/* {verify} (sendmail/tls.c) in the words of the field "verify"; empty when it says nothing of a handshake. */
struct mt_slice mt_sendmail_verify(struct mt_slice s);

bool mt_sendmail_from(struct mt_record *rec, struct mt_slice s);
bool mt_sendmail_to(struct mt_record *rec, struct mt_slice s);
bool mt_sendmail_entry(struct mt_record *rec, struct mt_slice s);
bool mt_sendmail_session(struct mt_record *rec, struct mt_slice s);
bool mt_sendmail_refused(struct mt_record *rec, struct mt_slice s);
bool mt_sendmail_note(struct mt_record *rec, struct mt_slice s);

#endif
