/* Parents: which entry another one of its host was made from. The rules are in parent.c. */
#ifndef MT_CORRELATE_PARENT_H
#define MT_CORRELATE_PARENT_H

#include "internal.h"

/* Is it an address of the host itself? */
bool mt_is_loopback(struct mt_slice ip);

/* Rule a. The line that was just merged names m's parent, or m reached the queue: the parent's trace and, of what a filter
 * handed back, the client are taken from the parent. To be called again changes nothing.
 */
void mt_parent_named(struct mt_correlator *c, struct mt_message *m);

/* Rule a. The line that was just merged says that m tells what became of its parent, which learns of it if it is still open. */
void mt_parent_told(struct mt_correlator *c, struct mt_message *m);

/* Rule a. The line says that the entry `child` was made out of `from`. */
void mt_parent_link(struct mt_correlator *c, struct mt_host *host, const struct mt_message *from,
                    const struct mt_line_copy *line, struct mt_slice child, enum mt_origin origin);

/* Rule b. m has got that name by a line of that time: if it is a process that queued an entry, or made one out of m, the two are
 * linked as soon as both are known, whichever line came first.
 */
void mt_parent_of_process(struct mt_correlator *c, struct mt_message *m, const struct mt_alias_name *name,
                          int64_t usec);

/* Rule b. The line is a delivery of m that was a forward; NEXT_QUEUE_ID is the process that queued what was made. */
void mt_parent_forwards(struct mt_correlator *c, struct mt_message *m, const struct mt_line_copy *line);

/* Rules c and d. The line is a delivery of m that was sent. What was made out of m by it gets m as its parent. */
void mt_parent_of_sent(struct mt_correlator *c, const struct mt_message *m, const struct mt_line_copy *line);

/* Rule d. A line was merged that says that m was submitted on the host, or its Message-ID. */
void mt_parent_submitted(struct mt_correlator *c, struct mt_message *m);

/* A filter before the queue has accepted what the line's session handed over. The entry that it made of it, if the line
 * names it and nothing contradicts; NULL otherwise.
 */
struct mt_message *mt_parent_proxied(struct mt_correlator *c, struct mt_host *host, const struct mt_line_copy *line);

/* The outer session's client, with its login, TLS and HELO, is that entry's. */
void mt_parent_take_session(struct mt_correlator *c, struct mt_message *m, struct mt_session *outer);

#endif
