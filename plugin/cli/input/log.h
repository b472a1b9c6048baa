/* One log: a file whose lines have syslog headers, or are an MTA's own. */
#ifndef MT_CLI_INPUT_LOG_H
#define MT_CLI_INPUT_LOG_H

#include "mailtrace/parser.h"
#include "mailtrace/syslog.h"

#include "input.h"
#include "options.h"

struct cli_log {
    const char *path;
    struct cli_input input;
    struct mt_zone zone;
    struct mt_line line;
    bool headed; /* the line had a header */
};

/* On failure reports it and returns false. */
bool cli_log_open(struct cli_log *log, const char *path, const struct cli_options *options,
                  const struct cli_pause *pause);
void cli_log_close(struct cli_log *log);

/* The next line, in log->line, valid until the next call. One without a header has the
 * time of the line before and, with --mta, that MTA; without it nobody knows whose it is.
 */
enum cli_got cli_log_next(struct cli_log *log, const struct cli_options *options);

/* The same for a line that was read already. */
void cli_log_read(struct cli_log *log, const struct cli_options *options, struct mt_slice raw, bool cut);

/* As mt_parse() of log->line. A line that nobody knows may be the wrapping of another one, as a container's logging driver makes
 * it: then that is parsed, and is log->line from then on.
 */
enum mt_verdict cli_log_parse(struct cli_log *log, const struct cli_options *options, struct mt_record *record);

/* The timestamp of the last line of a file that can be read from its end (or of the last change to one
 * that cannot, being compressed). False: not known. log was opened, and a line was read.
 */
bool cli_log_last(const struct cli_log *log, int64_t *usec);

#endif
