/* The progress bar on stderr.
 *
 * Shown when stderr is a terminal, stdout is none, and there is much to read. One for the
 * process: messages must be able to clear it.
 */
#ifndef MT_CLI_SHOW_PROGRESS_H
#define MT_CLI_SHOW_PROGRESS_H

#include <stdint.h>

/* total: bytes on disk. Does nothing when no bar is to be shown. */
void cli_progress_start(uint64_t total);

/* n more bytes were read. Draws at most five times a second. */
void cli_progress_add(uint64_t n);

/* Takes the bar off the screen; it comes back with the next drawing. */
void cli_progress_clear(void);

/* No more drawing. */
void cli_progress_end(void);

#endif
