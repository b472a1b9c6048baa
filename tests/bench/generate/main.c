/* Writes a mail log as real servers would, and what is true of it.
 *
 *     generate --lines 1000000 --mta postfix --truth truth.tsv >mail.log
 *
 * The same options give the same bytes. One heap of messages by the time of their
 * next line makes them interleave; see world.h for what a message does.
 */
#include "options.h"

#include <stdio.h>
#include <stdlib.h>

#define START (INT64_C(1772445600) * SECOND) /* 2026-03-02T10:00:00Z */

struct entry {
    int64_t at;
    uint64_t turn; /* keeps those of the same time in order */
    struct message *m;
};

struct heap {
    struct entry *entries;
    size_t n, size;
    uint64_t turns;
};

static struct world world;
static struct heap heap;
static struct message **kept; /* those that stay open */
static size_t nkept;

static bool is_before(const struct entry *a, const struct entry *b)
{
    return a->at != b->at ? a->at < b->at : a->turn < b->turn;
}

static void heap_add(struct world *w, struct message *m, int64_t at)
{
    struct entry entry = {at, heap.turns++, m};
    size_t i = heap.n++;

    (void)w;
    if (heap.n > heap.size) {
        heap.size = heap.size ? 2 * heap.size : 1024;
        heap.entries = realloc(heap.entries, heap.size * sizeof *heap.entries);
        if (!heap.entries) {
            abort();
        }
    }
    for (; i && is_before(&entry, &heap.entries[(i - 1) / 4]); i = (i - 1) / 4) {
        heap.entries[i] = heap.entries[(i - 1) / 4];
    }
    heap.entries[i] = entry;
}

static struct entry heap_take(void)
{
    struct entry first = heap.entries[0], last = heap.entries[--heap.n];
    size_t i = 0, child;

    while ((child = 4 * i + 1) < heap.n) {
        size_t least = child;
        for (size_t other = child + 1; other < heap.n && other < child + 4; other++) {
            if (is_before(&heap.entries[other], &heap.entries[least])) {
                least = other;
            }
        }
        if (!is_before(&heap.entries[least], &last)) {
            break;
        }
        heap.entries[i] = heap.entries[least];
        i = least;
    }
    heap.entries[i] = last;
    return first;
}

static int64_t (*const steps[])(struct world *w, struct message *m) = {
#define STEP(name, host) name##_step,
    MTAS(STEP)
#undef STEP
};

static const char *const host_names[] = {
#define HOST(name, host) host,
    MTAS(HOST)
#undef HOST
};

static void step(struct world *w, struct message *m)
{
    int64_t next = steps[w->hosts[m->host].mta](w, m);

    if (next >= 0) {
        heap_add(w, m, w->now + next);
    } else if (next == STEP_ENDED) {
        free(m);
    } else if (!m->open) {
        m->open = true;
        kept[nkept++] = m;
    }
}

/* A share of noise in percent, over all. */
static void add_noise(struct world *w, uint64_t percent)
{
    static uint64_t mail, all;

    for (mail++, all++; percent && (all - mail) * 100 < all * percent; all++) {
        noise(w);
    }
}

static void take_one(struct world *w, uint64_t percent)
{
    struct entry entry = heap_take();
    uint64_t lines = w->lines;

    w->now = entry.at > w->now ? entry.at : w->now;
    step(w, entry.m);
    while (lines++ < w->lines && percent) {
        add_noise(w, percent);
        lines = w->lines; /* of noise there is none */
    }
}

static void begin_message(struct world *w, const struct options *options, int64_t at, bool stays)
{
    struct message *m;

    /* Every fifth has another try at one that stays. */
    if (!stays && nkept && below(w, 5) == 0) {
        m = kept[below(w, nkept)];
        if (!m->busy_until || m->busy_until < at) {
            m->busy_until = at + 60 * SECOND;
            heap_add(w, m, at);
        }
        return;
    }
    m = message_new(w, (uint32_t)below(w, options->hosts));
    m->stays = stays;
    if (stays) {
        m->nrcpt = 1;
        m->local = m->null_sender = m->expires = false;
    }
    heap_add(w, m, at);
}

/* Messages that stay come first; then the others, until there are lines enough. */
static void play(struct world *w, struct options *options)
{
    int64_t next = START;
    uint64_t wanted, spare;

    for (uint64_t i = 0; i < options->open; i++, next += SECOND / (int64_t)options->rate) {
        while (heap.n && heap.entries[0].at <= next) {
            take_one(w, options->noise);
        }
        begin_message(w, options, next, true);
    }
    while (heap.n) {
        take_one(w, options->noise);
    }
    if (options->open) {
        fprintf(stderr, "%llu lines before the rest\n", (unsigned long long)w->lines);
        next = w->now + 10 * SECOND;
    }
    wanted = w->lines + options->lines;
    options->crowd.next_reuse = options->crowd.next_connection = next;
    for (spare = 0; w->lines + spare < wanted || options->crowd.reuses; spare = 12 * heap.n) {
        crowd_start(w, &options->crowd, next);
        while (heap.n && heap.entries[0].at <= next) {
            take_one(w, options->noise);
        }
        begin_message(w, options, next, false);
        next += (int64_t)below(w, 2 * (uint64_t)SECOND / options->rate + 1);
    }
    while (heap.n) {
        take_one(w, options->noise);
    }
    while (w->lines < wanted && options->noise) {
        noise(w);
    }
    for (size_t i = 0; i < nkept; i++) {
        truth_message(w, kept[i], "incomplete");
    }
}

static void make_hosts(struct world *w, const struct options *options)
{
    w->nhosts = (uint32_t)options->hosts;
    w->hosts = calloc(w->nhosts, sizeof *w->hosts);
    if (!w->hosts) {
        abort();
    }
    for (uint32_t i = 0; i < w->nhosts; i++) {
        struct host *h = &w->hosts[i];
        h->mta = options->mixed ? i % (MTA_sendmail + 1) : options->mta;
        snprintf(h->name, sizeof h->name, "%s%u", host_names[h->mta], i + 1);
        h->pid = 1000;
        h->qmgr = 90 + i;
        h->pickup = 91 + i;
        h->inode = 0x40000;
    }
}

int main(int argc, char **argv)
{
    struct options options = {.lines = 1000000,
                              .seed = 1,
                              .hosts = 1,
                              .noise = 30,
                              .rate = 100,
                              .retry = 300,
                              .output = "-"};

    options_read(&options, argc, argv);
    text_open(&world.log, options.output);
    text_open(&world.truth, options.truth);
    kept = calloc(options.open + 1, sizeof *kept);
    world.random = mix(options.seed);
    world.retry = (uint32_t)options.retry;
    world.long_ids = options.long_ids;
    world.rfc3164 = options.rfc3164;
    world.whole_seconds = options.whole_seconds;
    world.now = START;
    world.start = heap_add;
    make_hosts(&world, &options);
    play(&world, &options);
    text_close(&world.log);
    text_close(&world.truth);
    return 0;
}
