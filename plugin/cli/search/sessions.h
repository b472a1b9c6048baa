/* Lines without a queue ID that belong to a message all the same: those of the process that received
 * or delivered it (connect, TLS, authentication, disconnect).
 *
 * A process is known once a line of a wanted message is of it. From then on its lines
 * are found, too; those of a session wait until the message turns up in it.
 */
#ifndef MT_CLI_SEARCH_SESSIONS_H
#define MT_CLI_SEARCH_SESSIONS_H

#include "mailtrace/record.h"

#include "lines.h"
#include "numbered_texts.h"

struct cli_process;

/* Start with all zero. */
struct cli_sessions {
    struct cli_numbered_texts processes; /* host, program, pid */
    struct cli_process *v;               /* by number of the process */
    uint32_t n;
    bool failed; /* memory was short: lines are missing */
};

/* A line of a wanted message. The lines that have waited for it go to `kept`. Returns a text that stands in all
 * lines of its process and points into the line; empty when the process was known.
 */
struct mt_slice cli_sessions_meet(struct cli_sessions *sessions, const struct mt_record *rec,
                                  const struct cli_line *line, struct cli_lines *kept);

/* Any other line that was found: it goes to `kept`, waits, or says nothing. */
void cli_sessions_pass(struct cli_sessions *sessions, const struct mt_record *rec, const struct cli_line *line,
                       struct cli_lines *kept);

/* The logs are read from the start again: nothing waits any more. */
void cli_sessions_reset(struct cli_sessions *sessions);
void cli_sessions_free(struct cli_sessions *sessions);

#endif
