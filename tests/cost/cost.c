/* What a log costs that somebody makes long: feeds each pattern (patterns.c) to a correlator of its own, with n, 2n and 4n of what it
 * multiplies, and has valgrind's callgrind dump the instructions of each. tests/cost/check runs it and reads the dumps.
 *
 *     cost PART/PARTS [PATTERN...]     the PART-th of PARTS shares of the patterns (from 0 on), or of those that are named
 *     cost --write PATTERN N           the log of a pattern
 *
 * The counts are the same each time: what would be random is not.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <valgrind/callgrind.h>

#include "base/buffer.h"
#include "mailtrace/correlate.h"
#include "mailtrace/syslog.h"
#include "patterns.h"

/* In place of the system's: seeds of hashes are always the same. */
ssize_t getrandom(void *p, size_t n, unsigned flags)
{
    (void)flags;
    memset(p, 0x5a, n);
    return (ssize_t)n;
}

static void emit(void *ctx, const struct mt_event *event)
{
    struct mt_buffer *json = ctx;

    json->n = 0;
    mt_event_json(event, json);
}

static uint64_t feed(struct mt_correlator *c, const char *p, size_t n)
{
    static struct mt_zone zone = {.fixed = true};
    static struct mt_record record;
    const char *end = p + n, *newline;
    uint64_t lines = 0;

    for (; p < end && (newline = memchr(p, '\n', (size_t)(end - p))); p = newline + 1, lines++) {
        struct mt_line line = {0};
        enum mt_verdict verdict = MT_FOREIGN;
        if (mt_syslog_read(&zone, mt_slice_to(p, newline), &line) != MT_SYSLOG_NONE) {
            line.order = lines;
            verdict = mt_parse(&line, &record);
        }
        mt_correlator_feed(c, &record, verdict, 0);
    }
    return lines;
}

static void turn(uint64_t times)
{
    for (volatile uint64_t i = 0; i < times; i++) {
    }
}

/* Says how many of the lines were known; a pattern of unknown ones shows nothing. */
static void measure(const struct cost_pattern *pattern, unsigned n)
{
    struct mt_buffer json = {0};
    struct mt_config config;
    struct mt_correlator *c;
    struct mt_stats stats;
    char *text = NULL, name[128];
    uint64_t lines;
    size_t size = 0;
    FILE *log = open_memstream(&text, &size);

    cost_write(log, pattern, n);
    fclose(log);
    mt_config_default(&config);
    config.max_memory = pattern->max_memory ? pattern->max_memory : config.max_memory;
    c = mt_correlator_new(&config, emit, &json);
    CALLGRIND_ZERO_STATS;
    lines = feed(c, text, size);
    turn(pattern->squared ? (uint64_t)n * n : 0);
    mt_correlator_flush(c, true);
    mt_correlator_stats(c, &stats);
    mt_correlator_free(c);
    snprintf(name, sizeof name, "%s %u %u %u", pattern->name, n, (unsigned)lines, (unsigned)(lines - stats.foreign));
    CALLGRIND_DUMP_STATS_AT(name);
    mt_buffer_free(&json);
    free(text);
}

static bool is_named(const char *name, char **names)
{
    bool found = !*names;

    for (; *names; names++) {
        found |= strcmp(name, *names) == 0;
    }
    return found;
}

static void run(unsigned part, unsigned parts, char **names)
{
    unsigned number = 0;

    for (const struct cost_pattern *pattern = cost_patterns; pattern->name; pattern++) {
        if (is_named(pattern->name, names) && number++ % parts == part) {
            for (unsigned times = 1; times <= 4; times *= 2) {
                measure(pattern, pattern->n * times);
            }
        }
    }
}

int main(int argc, char **argv)
{
    unsigned part, parts;

    if (argc == 4 && strcmp(argv[1], "--write") == 0) {
        for (const struct cost_pattern *pattern = cost_patterns; pattern->name; pattern++) {
            if (strcmp(pattern->name, argv[2]) == 0) {
                cost_write(stdout, pattern, (unsigned)atoi(argv[3]));
                return 0;
            }
        }
    }
    if (argc < 2 || sscanf(argv[1], "%u/%u", &part, &parts) != 2 || !parts) {
        fprintf(stderr, "usage: cost PART/PARTS [PATTERN...] | cost --write PATTERN N\n");
        return 2;
    }
    run(part, parts, argv + 2);
    return 0;
}
