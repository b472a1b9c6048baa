/* Correlators among which hosts are shared out: see mailtrace/shards.h. */
#include "shards.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#define LOOK_EVERY 256 /* lines, after which a correlator looks at what the others use */

/* Of the bounds, for each at least. */
#define SHARE_MEMORY   (UINT64_C(16) << 20)
#define SHARE_MESSAGES 31250

unsigned mt_shards_for(const struct mt_config *config)
{
    uint64_t n = config->max_memory / SHARE_MEMORY;

    n = n < config->max_messages / SHARE_MESSAGES ? n : config->max_messages / SHARE_MESSAGES;
    return n < 1 ? 1 : n > MT_SHARDS_MAX ? MT_SHARDS_MAX : (unsigned)n;
}

/* What is done under the lock takes less time than to be put to sleep, and woken. */
static void init_lock(pthread_mutex_t *lock)
{
    pthread_mutexattr_t attributes;

    pthread_mutexattr_init(&attributes);
#ifdef __GLIBC__
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ADAPTIVE_NP);
#endif
    pthread_mutex_init(lock, &attributes);
    pthread_mutexattr_destroy(&attributes);
}

struct mt_shards *mt_shards_new(const struct mt_config *config, unsigned n, mt_emit_fn *emit)
{
    struct mt_shards *shards = calloc(1, sizeof *shards + n * sizeof shards->v[0]);
    struct mt_config part = *config;

    if (!shards) {
        return NULL;
    }
    shards->max_messages = config->max_messages;
    shards->max_memory = config->max_memory;
    part.max_memory /= n; /* what pieces of lines may take is a share of this */
    for (; shards->n < n; shards->n++) {
        struct mt_shard *shard = &shards->v[shards->n];
        shard->c = mt_correlator_new(&part, emit, NULL);
        if (!shard->c) {
            mt_shards_free(shards);
            return NULL;
        }
        init_lock(&shard->lock);
        shard->c->config.max_memory = config->max_memory;
        mt_correlator_set_seed(shard->c, shards->v[0].c->seed);
    }
    return shards;
}

void mt_shards_free(struct mt_shards *shards)
{
    if (!shards) {
        return;
    }
    for (unsigned i = 0; i < shards->n; i++) {
        mt_correlator_free(shards->v[i].c);
        pthread_mutex_destroy(&shards->v[i].lock);
    }
    free(shards);
}

unsigned mt_shards_count(const struct mt_shards *shards)
{
    return shards->n;
}

unsigned mt_shards_of(const struct mt_shards *shards, struct mt_slice host)
{
    return shards->n == 1 ? 0 : (unsigned)((XXH3_64bits(host.p, host.n) >> 32) * shards->n >> 32);
}

struct mt_correlator *mt_shards_at(const struct mt_shards *shards, struct mt_slice host)
{
    return shards->v[mt_shards_of(shards, host)].c;
}

/* --- bounds --- */

static void show_use(struct mt_shard *shard)
{
    struct mt_stats stats;

    mt_correlator_stats(shard->c, &stats);
    __atomic_store_n(&shard->open, stats.open, __ATOMIC_RELAXED);
    __atomic_store_n(&shard->memory, stats.memory, __ATOMIC_RELAXED);
}

/* The most that one may have, so that there is enough for all: what those who have less do not need is for the others. */
static uint64_t level_of(uint64_t all, const uint64_t *use, unsigned n)
{
    uint64_t level = 0, next = all / n; /* NOLINT(clang-analyzer-core.DivideZero): there is at least one */

    while (next > level) {
        uint64_t below = 0;
        unsigned above = 0;
        level = next;
        for (unsigned i = 0; i < n; i++) {
            below += use[i] > level ? 0 : use[i];
            above += use[i] > level;
        }
        next = above ? (all - below) / above : level;
    }
    return level ? level : 1;
}

/* The bound of one that has `own` of all. What is left, it may take. Where nothing is left, those who have most pay. */
static uint64_t bound_of(uint64_t all, uint64_t own, const uint64_t *use, unsigned n)
{
    uint64_t level = level_of(all, use, n), sum = 0;

    for (unsigned i = 0; i < n; i++) {
        sum += use[i];
    }
    return sum < all && own + (all - sum) > level ? own + (all - sum) : level;
}

/* Under the shard's lock. */
static void share_out(const struct mt_shards *shards, struct mt_shard *shard)
{
    uint64_t open[MT_SHARDS_MAX], memory[MT_SHARDS_MAX];

    show_use(shard);
    for (unsigned i = 0; i < shards->n; i++) {
        open[i] = __atomic_load_n(&shards->v[i].open, __ATOMIC_RELAXED);
        memory[i] = __atomic_load_n(&shards->v[i].memory, __ATOMIC_RELAXED);
    }
    shard->c->config.max_messages = bound_of(shards->max_messages, shard->open, open, shards->n);
    shard->c->config.max_memory = bound_of(shards->max_memory, shard->memory, memory, shards->n);
    shard->fed = 0;
}

/* --- locks --- */

struct mt_correlator *mt_shards_take(struct mt_shards *shards, unsigned i, void *ctx)
{
    struct mt_shard *shard = &shards->v[i];

    pthread_mutex_lock(&shard->lock);
    shard->c->ctx = ctx;
    if (++shard->fed == LOOK_EVERY && shards->n > 1) {
        share_out(shards, shard);
    }
    return shard->c;
}

void mt_shards_give(struct mt_shards *shards, unsigned i)
{
    pthread_mutex_unlock(&shards->v[i].lock);
}

void mt_shards_take_all(struct mt_shards *shards, void *ctx)
{
    for (unsigned i = 0; i < shards->n; i++) {
        pthread_mutex_lock(&shards->v[i].lock);
        shards->v[i].c->ctx = ctx;
    }
}

void mt_shards_give_all(struct mt_shards *shards)
{
    for (unsigned i = 0; i < shards->n; i++) {
        pthread_mutex_unlock(&shards->v[i].lock);
    }
}

static void give_first(struct mt_shards *shards, unsigned n, const struct mt_correlator *c)
{
    for (unsigned i = 0; i < n; i++) {
        if (shards->v[i].c != c) {
            pthread_mutex_unlock(&shards->v[i].lock);
        }
    }
}

bool mt_shards_try_rest(struct mt_shards *shards, const struct mt_correlator *c)
{
    for (unsigned i = 0; i < shards->n; i++) {
        if (shards->v[i].c != c && pthread_mutex_trylock(&shards->v[i].lock) != 0) {
            give_first(shards, i, c);
            return false;
        }
    }
    return true;
}

void mt_shards_give_rest(struct mt_shards *shards, const struct mt_correlator *c)
{
    give_first(shards, shards->n, c);
}

/* --- all of them --- */

static void add_up(uint64_t *sum, const uint64_t *more, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        sum[i] += more[i];
    }
}

void mt_shards_stats(const struct mt_shards *shards, struct mt_stats *out)
{
    struct mt_stats one;

    _Static_assert(sizeof one % sizeof(uint64_t) == 0, "all of them are numbers of 64 bits");
    memset(out, 0, sizeof *out);
    for (unsigned i = 0; i < shards->n; i++) {
        mt_correlator_stats(shards->v[i].c, &one);
        add_up((uint64_t *)(void *)out, (const uint64_t *)(const void *)&one, sizeof one / sizeof(uint64_t));
    }
}

void mt_shards_tick(struct mt_shards *shards, int64_t wall)
{
    for (unsigned i = 0; i < shards->n; i++) {
        show_use(&shards->v[i]);
    }
    for (unsigned i = 0; i < shards->n; i++) {
        share_out(shards, &shards->v[i]);
        mt_correlator_tick(shards->v[i].c, wall);
    }
}

void mt_shards_replay(struct mt_shards *shards, bool silent)
{
    for (unsigned i = 0; i < shards->n; i++) {
        mt_correlator_replay(shards->v[i].c, silent);
    }
}

void mt_shards_replayed(struct mt_shards *shards)
{
    for (unsigned i = 0; i < shards->n; i++) {
        mt_correlator_replayed(shards->v[i].c);
    }
}

void mt_shards_resume(struct mt_shards *shards)
{
    for (unsigned i = 0; i < shards->n; i++) {
        mt_correlator_resume(shards->v[i].c);
    }
}
