/* Lines of one timestamp, divided by a hash: those with the same one are a list, in their order. */
#ifndef MT_CORRELATE_CHAINS_H
#define MT_CORRELATE_CHAINS_H

#include <stddef.h>

#include "base/memory.h"

struct mt_line_copy;

struct mt_chain {
    uint64_t key;         /* made with a seed that nobody knows; 0: not in use */
    uint32_t first, last; /* numbers of lines, plus one */
    uint32_t n;           /* lines */
    uint32_t count[3];    /* the user's: 0 at first */
};

struct mt_chains {
    struct mt_chain *v;
    uint32_t *next;             /* of each line: the number of the next one of its list plus one; 0: it is the last */
    size_t size;                /* places in v; many are not in use */
    struct mt_line_copy **room; /* for twice as many lines, to be used as one likes */

    size_t bytes;
    max_align_t few[256]; /* takes some lines without asking for memory */
};

/* For n lines. False when memory is short. mt_chains_free() afterwards. */
bool mt_chains_init(struct mt_memory *memory, struct mt_chains *chains, size_t n);
void mt_chains_clear(struct mt_chains *chains); /* no line is in a list */
void mt_chains_free(struct mt_memory *memory, struct mt_chains *chains);

/* Line i is the last one of the list of this key, until there is another. */
struct mt_chain *mt_chains_add(struct mt_chains *chains, uint64_t key, uint32_t i);

#endif
