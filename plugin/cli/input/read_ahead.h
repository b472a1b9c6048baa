/* Lines that one thread reads and another takes: batches of them, in order, a few at most.
 *
 * The thread that starts it reads, and has the signals; the other one calls `take`.
 */
#ifndef MT_CLI_INPUT_READ_AHEAD_H
#define MT_CLI_INPUT_READ_AHEAD_H

#include <stdbool.h>

#include "mailtrace/correlate.h"

#define CLI_BATCH 256

/* One of both; neither: it is foreign. */
struct cli_read_ahead_line {
    struct mt_line_copy *copy;
    struct mt_line *line; /* to be freed by who takes it, with all that it says */
};

struct cli_batch {
    struct cli_read_ahead_line lines[CLI_BATCH];
    size_t n;
    int64_t newest;    /* timestamp of the last line */
    bool paused, idle; /* after these lines: see struct cli_pause */
};

/* Returns false when no more is wanted; what was sent by then is given all the same. */
typedef bool cli_take_fn(void *ctx, const struct cli_batch *batch);

struct cli_read_ahead;

/* NULL: there is one processor only, or no thread can be had. */
struct cli_read_ahead *cli_read_ahead_start(cli_take_fn *take, void *ctx);

/* The batch being filled, with room for a line, or NULL when no more is wanted. May hand over the one before, and wait
 * until one is free.
 */
struct cli_batch *cli_read_ahead_room(struct cli_read_ahead *reader);
/* Hands over what is in it. */
void cli_read_ahead_send(struct cli_read_ahead *reader);

/* Hands over what is left, and waits until all is taken. Until more is sent, what is the taker's is the caller's. */
void cli_read_ahead_wait(struct cli_read_ahead *reader);
/* The same, and ends. */
void cli_read_ahead_end(struct cli_read_ahead *reader);

/* A line of its own, to be freed; NULL when memory is short. */
struct mt_line *cli_read_ahead_line(const struct mt_line *line);

#endif
