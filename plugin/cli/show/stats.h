/* The summary of --stats, on stderr. */
#ifndef MT_CLI_SHOW_STATS_H
#define MT_CLI_SHOW_STATS_H

#include "mailtrace/correlate.h"

/* events: with the counters of the correlator; otherwise only those of lines. */
void cli_stats_print(const struct mt_stats *stats, bool events);

/* A program with lines that were not recognised: for mt_correlator_unrecognised(). */
void cli_stats_program(void *ctx, uint8_t source, struct mt_slice program, uint64_t lines);

#endif
