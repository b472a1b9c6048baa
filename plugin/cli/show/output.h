/* Standard output, a line at a time, in large writes.
 *
 * Only whole lines are written: what is flushed when the program is told to stop ends with
 * a line feed.
 */
#ifndef MT_CLI_SHOW_OUTPUT_H
#define MT_CLI_SHOW_OUTPUT_H

#include "mailtrace/event.h"

/* Start with all zero. */
struct cli_output {
    struct mt_buffer buffer;
    bool failed; /* said so already; nothing more is written */
};

/* To be called after a line (without its line feed) was appended to output->buffer; ok: it was. */
void cli_output_line(struct cli_output *output, bool ok);

void cli_output_flush(struct cli_output *output);

/* Flushes, closes standard output, frees. False when something could not be written. */
bool cli_output_end(struct cli_output *output);

#endif
