/* The engine alone: lines of a file in memory, read, parsed, correlated; events as JSON text
 * that goes nowhere, or (--no-json) not even written. Prints what it cost as one JSON object.
 *
 *     engine [--after LINES] [--no-json] FILE
 *
 * With --after only the lines behind the first so many are timed; what these
 * leave open is there by then. "memory" is the engine's own count, "resident" the process's.
 */
#include <getopt.h>
#include <inttypes.h>

#include "feed.h"

struct run {
    struct mt_buffer buffer;
    uint64_t events, bytes;
    bool json;
};

static void emit(void *ctx, const struct mt_event *event)
{
    struct run *run = ctx;

    run->events++;
    if (run->json && mt_event_json(event, &run->buffer)) {
        run->bytes += run->buffer.n;
        run->buffer.n = 0;
    }
}

static uint64_t feed(struct mt_correlator *c, struct mt_slice *left, uint64_t most)
{
    static struct mt_zone zone = {.fixed = true};
    struct mt_record record;
    struct mt_slice raw;
    uint64_t n = 0;

    for (; n < most && feed_line(left, &raw); n++) {
        struct mt_line line;
        enum mt_verdict verdict = MT_FOREIGN;
        memset(&line, 0, sizeof line);
        if (mt_syslog_read(&zone, raw, &line) != MT_SYSLOG_NONE) {
            line.order = (uint64_t)(uintptr_t)raw.p;
            verdict = mt_parse(&line, &record);
        }
        mt_correlator_feed(c, &record, verdict, 0);
    }
    return n;
}

/* Kilobytes that are in memory and of no file. */
static uint64_t resident(void)
{
    FILE *f = fopen("/proc/self/status", "r");
    char line[256];
    uint64_t kb = 0;

    while (f && fgets(line, sizeof line, f) && sscanf(line, "RssAnon: %" SCNu64, &kb) != 1) {
    }
    if (f) {
        fclose(f);
    }
    return kb;
}

static void usage(void)
{
    fprintf(stderr, "usage: engine [--after LINES] [--no-json] FILE\n");
    exit(2);
}

int main(int argc, char **argv)
{
    static const struct option names[] = {{"after", 1, NULL, 'a'}, {"no-json", 0, NULL, 'n'}, {NULL, 0, NULL, 0}};
    struct run run = {.json = true};
    struct mt_correlator *c;
    struct mt_config config;
    struct mt_stats before, after;
    struct mt_slice left;
    uint64_t skip = 0, lines, kb;
    double start;

    for (int o; (o = getopt_long(argc, argv, "", names, NULL)) != -1;) {
        if (o == 'a') {
            skip = strtoull(optarg, NULL, 10);
        } else if (o == 'n') {
            run.json = false;
        } else {
            usage();
        }
    }
    if (optind + 1 != argc) {
        usage();
    }
    feed_config(&config);
    left = feed_file(argv[optind]);
    kb = resident();
    c = mt_correlator_new(&config, emit, &run);
    if (!c) {
        return 1;
    }
    feed(c, &left, skip);
    mt_correlator_stats(c, &before);
    kb = resident() - kb;
    run.events = run.bytes = 0;
    start = feed_clock(CLOCK_PROCESS_CPUTIME_ID);
    lines = feed(c, &left, UINT64_MAX);
    mt_correlator_flush(c, false);
    printf("{\"lines\":%" PRIu64 ",\"ns_per_line\":%.1f", lines,
           lines ? (feed_clock(CLOCK_PROCESS_CPUTIME_ID) - start) * 1e9 / (double)lines : 0);
    mt_correlator_stats(c, &after);
    printf(",\"events\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"open_before\":%" PRIu64 ",\"memory_before\":%" PRIu64
           ",\"resident_before\":%" PRIu64 ",\"open\":%" PRIu64 ",\"memory\":%" PRIu64 "}\n",
           run.events, run.bytes, before.open, before.memory, kb * 1024, after.open, after.memory);
    mt_buffer_free(&run.buffer);
    mt_correlator_free(c);
    return 0;
}
