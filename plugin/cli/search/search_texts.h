/* Many texts searched for at once, in blocks of a log (Wu and Manber, "A fast algorithm for
 * multi-pattern searching", 1994): most of a block is jumped over.
 *
 * A text is searched for without regard to case; where case matters the caller looks again.
 */
#ifndef MT_CLI_SEARCH_SEARCH_TEXTS_H
#define MT_CLI_SEARCH_SEARCH_TEXTS_H

#include <stdint.h>

#include "mailtrace/slice.h"

/* Shorter texts cannot be searched for. */
#define CLI_SEARCH_LEAST 3

enum cli_search_text_kind {
    CLI_SEARCH_ANYWHERE, /* anywhere */
    CLI_SEARCH_WORD,     /* no letter or digit before and behind */
    CLI_SEARCH_START,    /* none before */
};

struct cli_search_text {
    struct mt_slice text; /* in lower case; own memory */
    uint32_t next;        /* with the same hash of its window; 0: none */
    enum cli_search_text_kind kind;
    uint32_t skip; /* bytes of it before its window */
};

/* Start with all zero. */
struct cli_search_texts {
    struct cli_search_text *v; /* from 1 on */
    uint32_t n, room;
    size_t window;  /* length of the shortest: what is looked for of each, and then compared */
    unsigned bits;  /* of a hash */
    uint64_t seed;  /* of the hashes of windows: the texts are what strangers write */
    uint8_t *shift; /* by hash: how far to jump; 0: a window may end here */
    uint32_t *head; /* by hash of a window: the first text that has it */
};

/* Adds a text, not shorter than CLI_SEARCH_LEAST. False: no memory. */
bool cli_search_texts_add(struct cli_search_texts *texts, struct mt_slice text, enum cli_search_text_kind kind);

/* A place in s within the first text there is; NULL: there is none. */
const char *cli_search_texts_find(const struct cli_search_texts *texts, struct mt_slice s);

void cli_search_texts_free(struct cli_search_texts *texts);

#endif
