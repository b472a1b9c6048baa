/* Early lines: what a filter said of an entry that is not known yet, by what the filter calls it.
 *
 * A filter may speak before the mail server names the entry for the first time, or before a line tells which entry it is that
 * the filter calls so. Its line is kept here, as text, until that one comes.
 *
 * Bounds: MT_EARLY_PER_NAME lines of one name; MT_EARLY_KEPT of time; in all, max_bytes of memory, which is the
 * correlator's. Beyond them a new line of that name is not kept, and the oldest of all give way. Who calls counts.
 */
#ifndef MT_CORRELATE_EARLY_H
#define MT_CORRELATE_EARLY_H

#include "base/index.h"
#include "line_copy.h"

#define MT_EARLY_PER_NAME 64
#define MT_EARLY_KEPT     INT64_C(600000000) /* usec of timestamps: longer than a mail takes to be handed over */

/* Behind the spaces of aliases: the address of a client, and a sender. */
#define MT_SPACE_CLIENT MT_SPACE_COUNT

struct mt_host;

struct mt_early {
    uint64_t hash; /* of host, space and name */
    struct mt_host *host;
    struct mt_early *older, *newer; /* of all */
    struct mt_early *prev, *next;   /* of the host */
    uint64_t line_hash;             /* as in struct mt_line_copy */
    struct mt_line line;            /* without a host */
    bool repeated;
    uint8_t space; /* enum mt_space; NONE: the name is a queue ID */
    uint32_t n, size;
    char name[]; /* n bytes; then the line's */
};

struct mt_early_list {
    struct mt_early *first, *last;
};

struct mt_early_lines {
    struct mt_memory *memory;
    struct mt_index index;
    struct mt_early *oldest, *newest;
    uint64_t seed, bytes, max_bytes;
    uint64_t dropped; /* lines that were given up */
};

/* Keeps a line of that host. One that is older than what the host knows of its lines, and looks like one that is there, is that one:
 * *repeated. Of others each is one (recent.h). False when it cannot be kept.
 */
bool mt_early_add(struct mt_early_lines *lines, struct mt_host *host, const struct mt_alias_name *name,
                  const struct mt_line_copy *line, bool *repeated);

/* Those of a name, one at a time, in no order: *at starts as 0. NULL: no more. */
struct mt_early *mt_early_next(const struct mt_early_lines *lines, const struct mt_host *host,
                               const struct mt_alias_name *name, size_t *at);

/* Forgets one. */
void mt_early_drop(struct mt_early_lines *lines, struct mt_early *early);

/* Gives up those of a host that are older than `before`. */
void mt_early_expire(struct mt_early_lines *lines, struct mt_host *host, int64_t before);

#endif
