/* One correlator, fed by several threads as the adapters do it: a thread takes the next
 * lines, reads, parses and copies each by itself, and feeds it under the lock, where events become
 * text in a buffer of the thread's own. There is no wall clock: by it lines would wait for longer
 * than the whole run takes. Prints what came of it as one JSON object.
 *
 *     threads COUNT FILE
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>

#include "feed.h"

/* Lines that a thread takes in one go, as a daemon's worker takes a batch from its queue. */
#define BATCH 128

struct shared {
    pthread_mutex_t lock;
    struct mt_correlator *correlator;
    struct mt_buffer *outbox; /* of the thread that holds the lock */
    const struct mt_slice *batches;
    size_t nbatches;
    atomic_size_t next;
    atomic_uint_fast64_t lines, events;
};

static void emit(void *ctx, const struct mt_event *event)
{
    struct shared *shared = ctx;

    mt_event_json(event, shared->outbox);
    atomic_fetch_add_explicit(&shared->events, 1, memory_order_relaxed);
}

/* What a thread has for itself. */
struct worker {
    struct mt_zone zone;
    struct mt_record record;
    struct mt_copier copier;
    struct mt_buffer outbox;
};

static void feed(struct shared *shared, struct worker *worker, struct mt_slice raw)
{
    struct mt_stored *copy;
    enum mt_verdict verdict;
    struct mt_line line;

    memset(&line, 0, sizeof line);
    if (mt_syslog_read(&worker->zone, raw, &line) == MT_SYSLOG_NONE ||
        (verdict = mt_parse(&line, &worker->record)) == MT_FOREIGN) {
        return;
    }
    copy = mt_copier_copy(&worker->copier, &worker->record, verdict);
    pthread_mutex_lock(&shared->lock);
    shared->outbox = &worker->outbox;
    if (copy) {
        mt_correlator_feed_copy(shared->correlator, copy, 0);
    } else {
        mt_correlator_feed(shared->correlator, &worker->record, verdict, 0);
    }
    pthread_mutex_unlock(&shared->lock);
    worker->outbox.n = 0; /* here it is handed on */
}

static void *work(void *ctx)
{
    struct shared *shared = ctx;
    struct worker worker = {.zone = {.fixed = true}};
    uint64_t lines = 0;
    size_t i;

    while ((i = atomic_fetch_add(&shared->next, 1)) < shared->nbatches) {
        struct mt_slice left = shared->batches[i], raw;
        for (; feed_line(&left, &raw); lines++) {
            feed(shared, &worker, raw);
        }
    }
    pthread_mutex_lock(&shared->lock);
    mt_copier_free(&worker.copier, shared->correlator);
    pthread_mutex_unlock(&shared->lock);
    mt_buffer_free(&worker.outbox);
    atomic_fetch_add(&shared->lines, lines);
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
    struct shared shared = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct mt_buffer rest = {.p = NULL};
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
    shared.correlator = mt_correlator_new(&config, emit, &shared);
    if (!batches || !shared.correlator) {
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
    shared.outbox = &rest;
    mt_correlator_flush(shared.correlator, false);
    start = feed_clock(CLOCK_MONOTONIC) - start;
    cpu = feed_clock(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    printf("{\"threads\":%zu,\"lines\":%" PRIuFAST64 ",\"events\":%" PRIuFAST64
           ",\"lines_per_second\":%.0f,\"cpu_ns_per_line\":%.1f}\n",
           count, shared.lines, shared.events, (double)shared.lines / start, cpu * 1e9 / (double)shared.lines);
    mt_buffer_free(&rest);
    mt_correlator_free(shared.correlator);
    free(batches);
    return 0;
}
