#include "stats.h"

#include <inttypes.h>
#include <stdio.h>

static void print_count(const char *what, uint64_t count)
{
    fprintf(stderr, "%-28s %12" PRIu64 "\n", what, count);
}

/* Nothing where there is nothing to say. */
static void print_some(const char *what, const char *which, uint64_t count)
{
    char name[64];

    if (count) {
        snprintf(name, sizeof name, "  %s%s", what, which);
        print_count(name, count);
    }
}

static void print_lines(const struct mt_stats *stats)
{
    print_count("lines", stats->lines);
    for (uint8_t source = 1; source < MT_SOURCE_COUNT; source++) {
        print_some("recognised, ", mt_source_names[source], stats->recognised[source]);
    }
    for (uint8_t source = 1; source < MT_SOURCE_COUNT; source++) {
        print_some("not recognised, ", mt_source_names[source], stats->unrecognised[source]);
    }
    print_some("of other programs", "", stats->foreign);
    print_some("cut, being too long", "", stats->cut);
    print_some("seen before", "", stats->repeated);
    print_some("too old to know whether seen before", "", stats->untold);
    print_some("late", "", stats->late);
    print_some("lost, memory being short", "", stats->no_memory);
}

static void print_events(const struct mt_stats *stats)
{
    uint64_t sum = 0;

    for (int kind = 0; kind < MT_EVENT_COUNT; kind++) {
        sum += stats->events[kind];
    }
    print_count("events", sum);
    for (int kind = 0; kind < MT_EVENT_COUNT; kind++) {
        print_some("", mt_event_names[kind], stats->events[kind]);
    }
    for (int reason = 1; reason < MT_REASON_COUNT; reason++) {
        print_some("incomplete, ", mt_reason_names[reason], stats->incomplete[reason]);
    }
    print_some("recipients omitted", "", stats->recipients_omitted);
    print_some("aliases dropped", "", stats->aliases_dropped);
    print_some("hops omitted", "", stats->hops_omitted);
    print_some("verdicts omitted", "", stats->verdicts_omitted);
    print_some("verdicts unsure", "", stats->verdicts_unsure);
    print_some("verdicts unjoined", "", stats->verdicts_unjoined);
    print_some("messages of one second not told apart", "", stats->lives_omitted);
    print_some("sessions of one process not followed", "", stats->sessions_omitted);
    print_some("lines of instances not known", "", stats->instances_omitted);
    print_some("split lines not whole", "", stats->parts_omitted);
    print_some("messages left open", "", stats->open);
}

void cli_stats_print(const struct mt_stats *stats, bool events)
{
    print_lines(stats);
    if (events) {
        print_events(stats);
    }
}

/* A program's name comes from the log: nothing in it may steer a terminal. */
void cli_stats_program(void *ctx, uint8_t source, struct mt_slice program, uint64_t lines)
{
    char name[64];
    size_t n = program.n < sizeof name - 1 ? program.n : sizeof name - 1;

    (void)ctx;
    for (size_t i = 0; i < n; i++) {
        name[i] = program.p[i] > ' ' && program.p[i] < 0x7f ? program.p[i] : '?';
    }
    name[n] = '\0';
    fprintf(stderr, "not recognised: %-12s %12" PRIu64 "  (%s)\n", name, lines, mt_source_names[source]);
}
