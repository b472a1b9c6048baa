/* The lines of several files as one sequence, by their stamps.
 *
 * Files whose times do not overlap are one rotated log: they are read one after the
 * other, whatever order they were named in. Files whose times overlap (of several hosts) are
 * merged; the lines of one file keep their order. A file that cannot be read is
 * reported, and the others go on.
 */
#ifndef CLI_ORDER_H
#define CLI_ORDER_H

#include "log.h"

struct cli_order;

/* options and pause must live as long. NULL: no memory, which was reported. */
struct cli_order *cli_order_new(const struct cli_options *options, const struct cli_pause *pause);
void cli_order_free(struct cli_order *order);

/* The next line, or NULL at the end or when cli_stop is set. Valid until the next call. */
const struct mt_line *cli_order_next(struct cli_order *order);

/* Something could not be read. */
bool cli_order_failed(const struct cli_order *order);

#endif
