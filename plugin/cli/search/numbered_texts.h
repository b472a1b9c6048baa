/* Texts with numbers: each text that is added has one, from 0 on, and keeps it. */
#ifndef MT_CLI_SEARCH_NUMBERED_TEXTS_H
#define MT_CLI_SEARCH_NUMBERED_TEXTS_H

#include <stdint.h>

#include "mailtrace/slice.h"

#define CLI_NO_NUMBER UINT32_MAX

/* Start with all zero. */
struct cli_numbered_texts {
    struct mt_slice *v; /* by number; own memory */
    uint32_t n, room;
    uint32_t *slots; /* number + 1; 0: free */
    uint32_t nslots; /* a power of 2 */
    uint64_t seed;
};

/* The number of a text; CLI_NO_NUMBER when it was not added. */
uint32_t cli_numbered_texts_find(const struct cli_numbered_texts *texts, struct mt_slice text);

/* Adds it if it is new. CLI_NO_NUMBER: no memory. */
uint32_t cli_numbered_texts_add(struct cli_numbered_texts *texts, struct mt_slice text);

void cli_numbered_texts_free(struct cli_numbered_texts *texts);

#endif
