/* Several threads that feed as the adapters do it: a thread takes the next
 * lines, reads, parses and copies each by itself, and feeds it under the lock of its host's correlator, where events
 * become text in a buffer of the thread's own. There is no wall clock: by it lines would wait for longer
 * than the whole run takes. Prints what came of it as one JSON object.
 *
 *     threads COUNT FILE
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>

#include "feed.h"
#include "mailtrace/shards.h"

/* Lines that a thread takes in one go, as a daemon's worker takes a batch from its queue. */
#define BATCH 128

struct shared {
    struct mt_shards *shards;
    const struct mt_slice *batches;
    size_t nbatches;
    atomic_size_t next;
    atomic_uint_fast64_t lines, events;
};

/* What a thread has for itself. */
struct worker {
    struct mt_zone zone;
    struct mt_record record;
    struct mt_copier copiers[MT_SHARDS_MAX];
    struct mt_buffer outbox;
    uint64_t lines, events;
};

static void emit(void *ctx, const struct mt_event *event)
{
    struct worker *worker = ctx;

    mt_event_json(event, &worker->outbox);
    worker->events++;
}

static void feed(struct mt_shards *shards, struct worker *worker, struct mt_slice raw)
{
    struct mt_correlator *correlator;
    struct mt_line_copy *copy;
    enum mt_verdict verdict;
    struct mt_line line;
    unsigned shard;

    memset(&line, 0, sizeof line);
    if (mt_syslog_read(&worker->zone, raw, &line) == MT_SYSLOG_NONE ||
        (verdict = mt_parse(&line, &worker->record)) == MT_FOREIGN) {
        return;
    }
    shard = mt_shards_of(shards, line.host);
    copy = mt_copier_copy(&worker->copiers[shard], &worker->record, verdict);
    correlator = mt_shards_take(shards, shard, worker);
    if (copy) {
        mt_correlator_feed_copy(correlator, copy, 0);
    } else {
        mt_correlator_feed(correlator, &worker->record, verdict, 0);
    }
    mt_shards_give(shards, shard);
    worker->outbox.n = 0; /* here it is handed on */
}

static void *work(void *ctx)
{
    struct shared *shared = ctx;
    struct worker worker = {.zone = {.fixed = true}};
    size_t i;

    while ((i = atomic_fetch_add(&shared->next, 1)) < shared->nbatches) {
        struct mt_slice left = shared->batches[i], raw;
        for (; feed_line(&left, &raw); worker.lines++) {
            feed(shared->shards, &worker, raw);
        }
    }
    for (unsigned k = 0; k < mt_shards_count(shared->shards); k++) {
        mt_copier_free(&worker.copiers[k], mt_shards_take(shared->shards, k, NULL));
        mt_shards_give(shared->shards, k);
    }
    mt_buffer_free(&worker.outbox);
    atomic_fetch_add(&shared->lines, worker.lines);
    atomic_fetch_add(&shared->events, worker.events);
    return NULL;
}

static size_t cut(struct mt_slice left, struct mt_slice *batches)
{
    struct mt_slice line;
    size_t n = 0, lines = 0;
    const char *start = left.p;

    while (feed_line(&left, &line)) {
        if (++lines % BATCH == 0 || left.n == 0) {
            if (batches) {
                batches[n] = (struct mt_slice){start, (size_t)(left.p - start)};
            }
            n++;
            start = left.p;
        }
    }
    return n;
}

int main(int argc, char **argv)
{
    size_t count = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;
    struct shared shared = {.shards = NULL};
    struct worker rest = {.lines = 0};
    struct mt_slice *batches;
    struct mt_config config;
    pthread_t threads[64];
    struct mt_slice file;
    double start, cpu;

    if (count < 1 || count > 64) {
        fprintf(stderr, "usage: threads COUNT FILE\n");
        return 2;
    }
    feed_config(&config);
    file = feed_file(argv[2]);
    shared.nbatches = cut(file, NULL);
    batches = calloc(shared.nbatches + 1, sizeof *batches);
    shared.shards = mt_shards_new(&config, MT_SHARDS_MAX, emit);
    if (!batches || !shared.shards) {
        return 1;
    }
    cut(file, batches);
    shared.batches = batches;
    start = feed_clock(CLOCK_MONOTONIC);
    cpu = feed_clock(CLOCK_PROCESS_CPUTIME_ID);
    for (size_t i = 0; i < count; i++) {
        if (pthread_create(&threads[i], NULL, work, &shared) != 0) {
            return 1;
        }
    }
    for (size_t i = 0; i < count; i++) {
        pthread_join(threads[i], NULL);
    }
    for (unsigned i = 0; i < mt_shards_count(shared.shards); i++) {
        mt_correlator_flush(mt_shards_take(shared.shards, i, &rest), false);
        mt_shards_give(shared.shards, i);
    }
    start = feed_clock(CLOCK_MONOTONIC) - start;
    cpu = feed_clock(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    printf("{\"threads\":%zu,\"lines\":%" PRIuFAST64 ",\"events\":%" PRIuFAST64
           ",\"lines_per_second\":%.0f,\"cpu_ns_per_line\":%.1f}\n",
           count, shared.lines, shared.events + rest.events, (double)shared.lines / start,
           cpu * 1e9 / (double)shared.lines);
    mt_buffer_free(&rest.outbox);
    mt_shards_free(shared.shards);
    free(batches);
    return 0;
}
