/* Lines without a queue ID that belong to a message all the same: those of the process that received
 * or delivered it (connect, TLS, authentication, disconnect).
 *
 * A process is known once a line of a wanted message is of it. From then on its lines
 * are found, too; those of a session wait until the message turns up in it.
 */
#ifndef MT_CLI_SEARCH_SESSIONS_H
#define MT_CLI_SEARCH_SESSIONS_H

#include "related_lines.h"

/* A line of a wanted message. */
void cli_sessions_meet(struct cli_related *gather, const struct mt_record *rec, struct mt_slice raw, uint32_t id);

/* Any other line that was found. */
void cli_sessions_pass(struct cli_related *gather, const struct mt_record *rec, struct mt_slice raw);

/* The logs are read from the start again. */
void cli_sessions_reset(struct cli_related *gather);
void cli_sessions_free(struct cli_related *gather);

/* Of related_lines.c: a line with its own copy of raw; taking one over. */
bool cli_related_copy(struct cli_related *gather, struct mt_slice raw, bool cut, uint32_t id, struct cli_line *line);
void cli_related_keep(struct cli_related *gather, const struct cli_line *line);
void cli_related_search_process(struct cli_related *gather, struct mt_slice text);

#endif
