/* What shards.c and image.c share of mailtrace/shards.h. */
#ifndef MT_CORRELATE_SHARDS_H
#define MT_CORRELATE_SHARDS_H

#include <pthread.h>

#include "internal.h"
#include "mailtrace/shards.h"

struct mt_shard {
    pthread_mutex_t lock;
    struct mt_correlator *c;
    unsigned fed; /* since its share was last looked at */
    /* what it uses, for the others: atomic */
    uint64_t open, memory;
    char apart[64]; /* so that none shares a cache line with the next */
};

struct mt_shards {
    unsigned n;
    uint64_t max_messages, max_memory; /* of all */
    struct mt_shard v[];
};

#endif
