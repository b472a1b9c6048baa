/* Decompression: gzip, xz, Zstandard, bzip2, lzip, by their libraries. No other program is run, and no file is written.
 *
 * Files of several streams (members, frames) one behind the other are read whole, with zeros between and behind them.
 * Anything else there is damage. What comes before a damage is given all the same.
 */
#ifndef MT_CLI_INPUT_UNPACK_H
#define MT_CLI_INPUT_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* As read(2): up to n bytes to p; 0 at the end; negative on failure. */
typedef ssize_t cli_read_fn(void *ctx, char *p, size_t n);

struct cli_unpacker;

/* 1: the n bytes at p begin what is compressed; 0: they do not; -1: they are too few to tell. */
int cli_is_packed(const char *p, size_t n);

/* p: the first bytes, n of them (64 KiB at most), which begin what is compressed; they are copied. `read`, with ctx, gives all
 * that stand behind them. NULL on failure: *why says it, and is static.
 */
struct cli_unpacker *cli_unpacker_new(const char *p, size_t n, cli_read_fn *read, void *ctx, const char **why);
void cli_unpacker_free(struct cli_unpacker *u); /* NULL is allowed */

/* Up to n bytes of what was compressed, to p: how many; 0 at the end; negative on failure. Then *why says what is wrong with the
 * file, and is static; it is NULL where `read` has failed.
 */
ssize_t cli_unpack(struct cli_unpacker *u, char *p, size_t n, const char **why);

#endif
