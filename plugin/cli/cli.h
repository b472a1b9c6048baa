/* mailtrace, the command: what its files share.
 *
 * A subcommand is one file and one row of the table in main.c. It reads its options
 * (options.h), takes lines from struct cli_merged_logs (merged_logs.h) and writes to struct
 * cli_output (output.h).
 *
 * One thread; events.c may have a second one. Messages go to stderr, through cli_error(), from any thread.
 */
#ifndef MT_CLI_CLI_H
#define MT_CLI_CLI_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/* Exit codes. CLI_GO is none: go on. */
enum cli_code { CLI_GO = -1, CLI_OK = 0, CLI_FAILED = 1, CLI_USAGE = 2 };

/* The number of the signal that asks to stop; 0: none yet. */
extern volatile sig_atomic_t cli_stop;

/* "mailtrace: " and the text and a line feed, to stderr. */
void cli_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Lets SIGINT and SIGTERM set cli_stop, once; a second one ends the program. */
void cli_catch_signals(void);

/* Ends by the signal that cli_stop holds, as if it had not been caught. */
int cli_end_by_signal(void);

/* The wall clock, in microseconds. */
int64_t cli_now(void);

/* Subcommands. */
enum cli_code cli_events(int argc, char **argv);
enum cli_code cli_lines(int argc, char **argv);
enum cli_code cli_find(int argc, char **argv);
enum cli_code cli_causes(int argc, char **argv);
enum cli_code cli_received(int argc, char **argv);

#endif
