/* Numbers as people type them: counts, sizes, times. Each function takes the
 * whole of text, returns false when it is not of its form or out of range, and leaves
 * *value alone then.
 */
#ifndef MT_CLI_UNITS_H
#define MT_CLI_UNITS_H

#include <stdbool.h>
#include <stdint.h>

bool cli_count(const char *text, uint64_t least, uint64_t most, uint64_t *value);

/* 65536, 512k, 64M, 1G, 1T: powers of 1024, in either case. */
bool cli_size(const char *text, uint64_t least, uint64_t most, uint64_t *bytes);

/* 90, 0.5, 30s, 10m, 6h, 5d; at most 100 years. */
bool cli_duration(const char *text, int64_t *usec);

#endif
