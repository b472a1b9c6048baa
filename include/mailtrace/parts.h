/* Lines that a server has split by itself, put together again. How a piece is marked is known to the server's reader,
 * which describes it (struct mt_piece in record.h).
 *
 * Thread rules: one thread at a time for one struct mt_parts.
 */
#ifndef MAILTRACE_PARTS_H
#define MAILTRACE_PARTS_H

#include "mailtrace/record.h"

#include "mailtrace/api_begin.h"

struct mt_parts;

/* max_bytes bounds what is kept of unfinished lines, max_line one line; seed is a random
 * number that hashes are keyed with. Returns NULL when memory is short.
 */
struct mt_parts *mt_parts_new(size_t max_bytes, size_t max_line, uint64_t seed);
void mt_parts_free(struct mt_parts *parts);

/* Takes one record of kind PART. Pieces may come in any order and more than once.
 * Returns true when the line is whole: *whole is then the line (timestamp, order, host,
 * program and pid of its first piece), valid until the next call.
 */
bool mt_parts_add(struct mt_parts *parts, const struct mt_record *piece, struct mt_line *whole);

/* Gives up the lines whose newest piece is older than `before` (usec) or, with
 * before == INT64_MAX, all: each call returns one of them in *whole with the pieces
 * from 1 on that are there, until it returns false. A line without its first piece
 * is dropped and counted.
 */
bool mt_parts_expire(struct mt_parts *parts, int64_t before, struct mt_line *whole);

/* Forgets the oldest. Returns false when there is none. */
bool mt_parts_drop(struct mt_parts *parts);

/* Calls fn with each piece that is kept, as the line that it came by: fed again, they
 * bring back what is known now.
 */
void mt_parts_each(const struct mt_parts *parts, void (*fn)(void *ctx, const struct mt_line *line), void *ctx);

/* Lines given up or dropped since the start, and bytes held now. */
uint64_t mt_parts_incomplete(const struct mt_parts *parts);
size_t mt_parts_memory(const struct mt_parts *parts);

#include "mailtrace/api_end.h"

#endif
