/* The lines of several files as one sequence, by their timestamps.
 *
 * Files whose times do not overlap are one rotated log: they are read one after the
 * other, whatever order they were named in. Files whose times overlap (of several hosts) are
 * merged; the lines of one file keep their order. A file that cannot be read is
 * reported, and the others go on.
 */
#ifndef MT_CLI_INPUT_MERGED_LOGS_H
#define MT_CLI_INPUT_MERGED_LOGS_H

#include "log.h"
#include "positions.h"

struct cli_merged_logs;

/* options and pause must live as long. NULL: no memory, which was reported. */
struct cli_merged_logs *cli_merged_logs_new(const struct cli_options *options, const struct cli_pause *pause);

/* The same for files that earlier runs have read up to some place, where reading goes on; `lines` is the number
 * up to which lines were counted then. NULL and 0: there was none.
 */
struct cli_merged_logs *cli_merged_logs_resume(const struct cli_options *options, const struct cli_pause *pause,
                                               struct cli_positions *positions, uint64_t lines);
void cli_merged_logs_free(struct cli_merged_logs *logs);

/* The next line, or NULL at the end or when cli_stop is set. Valid until the next call. */
const struct mt_line *cli_merged_logs_next(struct cli_merged_logs *logs);

/* Parses that line, or the one that it wraps, which takes its place: see cli_log_parse(). */
enum mt_verdict cli_merged_logs_parse(struct cli_merged_logs *logs, struct mt_record *record);

/* Where the line is that cli_merged_logs_next() gave. NULL: that is not noted. */
const struct mt_place *cli_merged_logs_place(struct cli_merged_logs *logs);

/* Something could not be read. */
bool cli_merged_logs_failed(const struct cli_merged_logs *logs);

#endif
