/* The lines of several files as one sequence, by their stamps.
 *
 * Files whose times do not overlap are one rotated log: they are read one after the
 * other, whatever order they were named in. Files whose times overlap (of several hosts) are
 * merged; the lines of one file keep their order. A file that cannot be read is
 * reported, and the others go on.
 */
#ifndef MT_CLI_INPUT_ORDER_H
#define MT_CLI_INPUT_ORDER_H

#include "log.h"
#include "places.h"

struct cli_order;

/* options and pause must live as long. NULL: no memory, which was reported. */
struct cli_order *cli_order_new(const struct cli_options *options, const struct cli_pause *pause);

/* The same for files that earlier runs have read up to some place, where reading goes on; `lines` is the number
 * up to which lines were counted then. NULL and 0: there was none.
 */
struct cli_order *cli_order_resume(const struct cli_options *options, const struct cli_pause *pause,
                                   struct cli_places *places, uint64_t lines);
void cli_order_free(struct cli_order *order);

/* The next line, or NULL at the end or when cli_stop is set. Valid until the next call. */
const struct mt_line *cli_order_next(struct cli_order *order);

/* Where the line is that cli_order_next() gave. NULL: that is not noted. */
const struct mt_place *cli_order_place(struct cli_order *order);

/* Something could not be read. */
bool cli_order_failed(const struct cli_order *order);

#endif
