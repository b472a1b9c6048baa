/* The engine in one piece: see mailtrace/engine.h.
 *
 * Who locks what: each correlator has a lock (shards.h), the state has one that is taken under those. A copier is
 * used by one thread at a time, which says so atomically, and before it takes a lock. `foreign` and `order` are atomic:
 * lines that are nobody's take no lock. given_up, reported and the syncer are the ticking thread's, which has `ticking`.
 */
#include "mailtrace/engine.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "syncer.h"

#define SECOND INT64_C(1000000)

/* Lines that are fed again in one go when state is taken up. */
#define RECOVER 1000

/* Reaching a bound is reported this often at most. */
#define REPORT_EVERY (60 * SECOND)

/* Threads that copy their lines beside the locks at the same time; those of more do it under a lock. */
#define COPIERS 16

struct copier {
    struct mt_copier of[MT_SHARDS_MAX];
    bool busy;
    char apart[64]; /* so that none shares a cache line with the next */
};

/* What a correlator is taken with. */
struct taker {
    void (*event)(void *call, const struct mt_event *event);
    void *call;
};

struct mt_engine {
    struct mt_settings settings;
    struct mt_host host;
    char *state_name;
    struct mt_shards *shards;
    struct mt_state *state; /* NULL: none is kept */
    bool recovered;

    struct mt_correlator *only; /* of one thread: taken from the beginning to the end, */
    struct taker taker;         /* with this */

    struct copier copiers[COPIERS];
    uint64_t foreign; /* lines that no correlator was asked about */
    uint64_t order;   /* of the newest line that had none of its own */

    pthread_mutex_t ticking;
    struct mt_syncer syncer;
    uint64_t given_up; /* messages, at the last report of bounds */
    int64_t reported;
};

int64_t mt_engine_clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    return now.tv_sec * SECOND + now.tv_nsec / 1000;
}

/* --- correlators --- */

/* A mt_emit_fn. */
static void give_out(void *ctx, const struct mt_event *event)
{
    const struct taker *taker = ctx;

    taker->event(taker->call, event);
}

static struct mt_correlator *take(struct mt_engine *engine, unsigned shard, struct taker *taker)
{
    if (engine->only) {
        engine->taker.call = taker->call;
        return engine->only;
    }
    return mt_shards_take(engine->shards, shard, taker);
}

static void give(struct mt_engine *engine, unsigned shard)
{
    if (!engine->only) {
        mt_shards_give(engine->shards, shard);
    }
}

static void take_all(struct mt_engine *engine, struct taker *taker)
{
    if (engine->only) {
        engine->taker.call = taker ? taker->call : NULL;
    } else {
        mt_shards_take_all(engine->shards, taker);
    }
}

static void give_all(struct mt_engine *engine)
{
    if (!engine->only) {
        mt_shards_give_all(engine->shards);
    }
}

/* --- lines --- */

enum mt_verdict mt_engine_parse(const struct mt_engine *engine, struct mt_line *line, struct mt_record *record)
{
    line->cut |= line->text.n > engine->settings.config.max_line;
    if (line->text.n > engine->settings.config.max_line) {
        line->text.n = engine->settings.config.max_line;
    }
    return mt_parse(line, record);
}

/* A copier for this call, or NULL. A thread asks for the same one each time. */
static struct copier *take_copier(struct mt_engine *engine)
{
    static unsigned threads;
    static __thread unsigned number; /* of the thread, from 1 */
    struct copier *copier;

    if (!number) {
        number = __atomic_add_fetch(&threads, 1, __ATOMIC_RELAXED);
    }
    copier = &engine->copiers[number % COPIERS];
    return __atomic_exchange_n(&copier->busy, true, __ATOMIC_ACQUIRE) ? NULL : copier;
}

static void give_back_copier(struct copier *copier)
{
    if (copier) {
        __atomic_store_n(&copier->busy, false, __ATOMIC_RELEASE);
    }
}

static void feed(struct mt_engine *engine, const struct mt_record *record, enum mt_verdict verdict, int64_t wall,
                 const struct mt_place *place, unsigned shard, void *call)
{
    struct taker taker = {engine->host.event, call};
    struct copier *copier = verdict == MT_FOREIGN ? NULL : take_copier(engine);
    struct mt_line_copy *copy = copier ? mt_copier_copy(&copier->of[shard], record, verdict) : NULL;
    struct mt_correlator *correlator = take(engine, shard, &taker);

    if (copy) {
        mt_state_feed_copy(engine->state, correlator, copy, wall, place);
    } else {
        mt_state_feed(engine->state, correlator, record, verdict, wall, place);
    }
    give(engine, shard);
    give_back_copier(copier);
}

void mt_engine_feed_at(struct mt_engine *engine, const struct mt_record *record, enum mt_verdict verdict, int64_t wall,
                       const struct mt_place *place, void *call)
{
    if (engine->only) {
        engine->taker.call = call;
        mt_state_feed(engine->state, engine->only, record, verdict, wall, place);
    } else if (verdict != MT_FOREIGN) {
        feed(engine, record, verdict, wall, place, mt_shards_of(engine->shards, record->line.host), call);
    } else if (place) {
        feed(engine, NULL, verdict, wall, place, 0, call);
    } else {
        __atomic_add_fetch(&engine->foreign, 1, __ATOMIC_RELAXED);
    }
}

void mt_engine_feed(struct mt_engine *engine, const struct mt_record *record, enum mt_verdict verdict, void *call)
{
    if (verdict == MT_FOREIGN) {
        __atomic_add_fetch(&engine->foreign, 1, __ATOMIC_RELAXED);
        return;
    }
    mt_engine_feed_at(engine, record, verdict, mt_engine_clock(), NULL, call);
}

enum mt_verdict mt_engine_text(struct mt_engine *engine, struct mt_zone *zone, struct mt_slice text, void *call)
{
    enum mt_verdict verdict = MT_FOREIGN;
    struct mt_record record;
    struct mt_line line = {.order = __atomic_add_fetch(&engine->order, 1, __ATOMIC_RELAXED)};

    zone->now = mt_engine_clock();
    if (mt_syslog_read(zone, text, &line)) {
        verdict = mt_engine_parse(engine, &line, &record);
    }
    mt_engine_feed(engine, &record, verdict, call);
    return verdict;
}

struct mt_line_copy *mt_engine_copy(struct mt_engine *engine, const struct mt_record *record, enum mt_verdict verdict)
{
    return mt_copier_copy(&engine->copiers[0].of[0], record, verdict);
}

void mt_engine_feed_copy(struct mt_engine *engine, struct mt_line_copy *copy, int64_t wall, void *call)
{
    assert(engine->only);
    engine->taker.call = call;
    if (engine->state) {
        mt_state_feed_copy(engine->state, engine->only, copy, wall, NULL);
    } else {
        mt_correlator_feed_copy(engine->only, copy, wall);
    }
}

void mt_engine_flush(struct mt_engine *engine, bool incomplete, void *call)
{
    struct taker taker = {engine->host.event, call};

    for (unsigned i = 0; i < mt_shards_count(engine->shards); i++) {
        mt_correlator_flush(take(engine, i, &taker), incomplete);
        give(engine, i);
    }
}

/* --- from before --- */

bool mt_engine_is_recovered(const struct mt_engine *engine)
{
    return __atomic_load_n(&engine->recovered, __ATOMIC_ACQUIRE);
}

bool mt_engine_recover(struct mt_engine *engine, void *call)
{
    struct taker taker = {engine->host.event, call};

    take_all(engine, &taker);
    if (!engine->recovered) {
        bool recovered = mt_state_recover(engine->state, RECOVER);
        __atomic_store_n(&engine->recovered, recovered, __ATOMIC_RELEASE);
    }
    give_all(engine);
    return mt_engine_is_recovered(engine);
}

/* --- the tick --- */

static void report_bounds(struct mt_engine *engine, const struct mt_stats *stats)
{
    uint64_t given_up = stats->incomplete[MT_REASON_EVICTED];
    int64_t now = mt_engine_clock();

    if (given_up == engine->given_up || now - engine->reported < REPORT_EVERY) {
        return;
    }
    if (engine->host.given_up) {
        engine->host.given_up(engine->host.ctx, given_up - engine->given_up);
    }
    engine->given_up = given_up;
    engine->reported = now;
}

void mt_engine_tick(struct mt_engine *engine, int64_t wall, void *call)
{
    struct taker taker = {engine->host.event, call};
    struct mt_stats stats;

    take_all(engine, &taker);
    mt_state_tick(engine->state, engine->shards, wall);
    mt_shards_stats(engine->shards, &stats);
    give_all(engine);
    pthread_mutex_lock(&engine->ticking);
    if (!engine->host.one_thread) {
        mt_syncer_go(&engine->syncer, engine->state);
    }
    report_bounds(engine, &stats);
    pthread_mutex_unlock(&engine->ticking);
}

void mt_engine_delivered(struct mt_engine *engine, bool (*all)(void *ctx), void *ctx)
{
    take_all(engine, NULL);
    if (!all || all(ctx)) {
        mt_state_delivered(engine->state);
    }
    give_all(engine);
}

void mt_engine_note(struct mt_engine *engine, struct mt_slice note)
{
    take_all(engine, NULL);
    mt_state_note(engine->state, note);
    give_all(engine);
}

bool mt_engine_has_note(struct mt_engine *engine, struct mt_slice note)
{
    bool has;

    take_all(engine, NULL);
    has = mt_slice_eq(mt_state_noted(engine->state), note);
    give_all(engine);
    return has;
}

struct mt_state *mt_engine_state(struct mt_engine *engine)
{
    return engine->state;
}

/* --- counters --- */

void mt_engine_stats(struct mt_engine *engine, struct mt_engine_stats *out)
{
    uint64_t foreign = __atomic_load_n(&engine->foreign, __ATOMIC_RELAXED);

    take_all(engine, NULL);
    mt_shards_stats(engine->shards, &out->lines);
    give_all(engine);
    mt_state_stats(engine->state, &out->state);
    out->lines.lines += foreign;
    out->lines.foreign += foreign;
}

void mt_engine_unrecognised(struct mt_engine *engine,
                            void (*fn)(void *ctx, uint8_t source, struct mt_slice program, uint64_t lines), void *ctx)
{
    struct taker taker = {engine->host.event, NULL};

    for (unsigned i = 0; i < mt_shards_count(engine->shards); i++) {
        mt_correlator_unrecognised(take(engine, i, &taker), fn, ctx);
        give(engine, i);
    }
}

/* --- from the beginning to the end --- */

static void open_state(struct mt_engine *engine, char *why, size_t size)
{
    const struct mt_settings *settings = &engine->settings;
    struct mt_state_config config = {.path = engine->state_name,
                                     .redeliver = settings->redeliver,
                                     .max_bytes = settings->max_state,
                                     .sync = settings->sync,
                                     .reads_again = engine->host.reads_again,
                                     .report = engine->host.report,
                                     .ctx = engine->host.ctx};

    engine->state = mt_state_open(&config, engine->shards, why, size);
    engine->recovered = !engine->state;
}

static bool init(struct mt_engine *engine, const struct mt_settings *settings, const char *state,
                 const struct mt_host *host)
{
    unsigned shards = host->one_thread ? 1 : mt_shards_for(&settings->config);

    engine->host = *host;
    engine->order = (uint64_t)mt_engine_clock();
    pthread_mutex_init(&engine->ticking, NULL);
    mt_settings_init(&engine->settings);
    if (!mt_settings_copy(settings, &engine->settings) || (state && !(engine->state_name = strdup(state)))) {
        return false;
    }
    engine->shards = mt_shards_new(&settings->config, shards, give_out);
    return engine->shards;
}

struct mt_engine *mt_engine_open(const struct mt_settings *settings, const char *state, const struct mt_host *host,
                                 char *why, size_t size)
{
    struct mt_engine *engine = calloc(1, sizeof *engine);

    snprintf(why, size, "%s", "");
    if (!engine) {
        return NULL;
    }
    if (!init(engine, settings, state, host)) {
        mt_engine_close(engine, false);
        return NULL;
    }
    engine->recovered = true;
    if (state) {
        open_state(engine, why, size);
    }
    if (host->one_thread) {
        engine->taker.event = host->event;
        engine->only = mt_shards_take(engine->shards, 0, &engine->taker);
    }
    return engine;
}

static void free_copiers(struct mt_engine *engine)
{
    struct taker taker = {engine->host.event, NULL};

    for (unsigned i = 0; i < mt_shards_count(engine->shards); i++) {
        struct mt_correlator *correlator = take(engine, i, &taker);
        for (size_t k = 0; k < COPIERS; k++) {
            mt_copier_free(&engine->copiers[k].of[i], correlator);
        }
        give(engine, i);
    }
}

static void close_state(struct mt_engine *engine, bool delivered)
{
    mt_syncer_end(&engine->syncer, engine->state);
    mt_state_close(engine->state, delivered);
    engine->state = NULL;
}

void mt_engine_close(struct mt_engine *engine, bool delivered)
{
    if (!engine) {
        return;
    }
    close_state(engine, delivered);
    if (engine->shards) {
        free_copiers(engine);
    }
    if (engine->only) {
        mt_shards_give(engine->shards, 0);
    }
    mt_shards_free(engine->shards);
    mt_settings_free(&engine->settings);
    pthread_mutex_destroy(&engine->ticking);
    free(engine->state_name);
    free(engine);
}

/* --- other settings --- */

static bool append(void *ctx, const void *p, size_t n)
{
    struct mt_buffer *buffer = ctx;

    mt_buffer_append(buffer, p, n);
    return !buffer->failed;
}

static void carry_over(struct mt_engine *from, struct mt_engine *to)
{
    struct mt_buffer image = {0};

    if ((!mt_shards_save(from->shards, append, &image) || !mt_shards_load(to->shards, image.p, image.n)) &&
        to->host.report) {
        to->host.report(to->host.ctx, MT_SEVERITY_ERROR, "no memory to take over what was open");
    }
    mt_buffer_free(&image);
}

static bool serves(const struct mt_engine *engine, const struct mt_settings *settings, const char *state)
{
    bool same_name = state && engine->state_name ? !strcmp(state, engine->state_name) : state == engine->state_name;

    return same_name && mt_settings_same_engine(&engine->settings, settings);
}

/* What is on disk is taken up from there. */
struct mt_engine *mt_engine_reopen(struct mt_engine *engine, const struct mt_settings *settings, const char *state,
                                   const struct mt_host *host, char *why, size_t size)
{
    struct mt_engine *next;

    snprintf(why, size, "%s", "");
    if (serves(engine, settings, state)) {
        engine->host = *host;
        return engine;
    }
    close_state(engine, true);
    next = mt_engine_open(settings, state, host, why, size);
    if (next && !next->state) {
        carry_over(engine, next);
    }
    mt_engine_close(engine, true);
    return next;
}
