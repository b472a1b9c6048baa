/* mailtrace events: lines in, events out. */
#include <errno.h>
#include <string.h>

#include "order.h"
#include "output.h"
#include "stats.h"

/* A log whose stamps are at most this far from the wall clock is one that is being written. */
#define LIVE_WITHIN (INT64_C(60) * 1000000)

static const char about[] = "Turn mail server log lines into events: one JSON object per line on standard output.\n"
                            "What is still open at the end of input comes out as \"incomplete\".\n";

struct events {
    struct cli_options options;
    struct mt_correlator *correlator;
    struct cli_output output;
    bool live;      /* the wall clock holds for the log, too */
    int64_t newest; /* stamp of the last line */
};

static void emit(void *ctx, const struct mt_event *event)
{
    struct events *events = ctx;

    cli_output_line(&events->output, mt_event_json(event, &events->output.buffer));
}

/* About every second of a pipe: what is known by then goes out. */
static void make_pause(void *ctx, bool idle)
{
    struct events *events = ctx;
    int64_t now = cli_now(), distance = now - events->newest;

    events->live |= idle || (distance < LIVE_WITHIN && distance > -LIVE_WITHIN);
    if (events->live) {
        mt_correlator_tick(events->correlator, now);
    }
    cli_output_flush(&events->output);
}

static void feed_all(struct events *events, struct cli_order *order)
{
    const struct mt_line *line;
    struct mt_record record;

    while (!events->output.failed && (line = cli_order_next(order))) {
        enum mt_verdict verdict = mt_parse(line, &record);
        events->newest = line->time.usec;
        mt_correlator_feed(events->correlator, &record, verdict, events->live ? cli_now() : 0);
    }
}

static void print_stats(const struct events *events)
{
    struct mt_stats stats;

    mt_correlator_stats(events->correlator, &stats);
    cli_stats_print(&stats, true);
    mt_correlator_unrecognised(events->correlator, cli_stats_program, NULL);
}

static enum cli_code run(struct events *events)
{
    struct cli_pause pause = {make_pause, events};
    struct cli_order *order = cli_order_new(&events->options, &pause);
    bool good;

    if (!order) {
        return CLI_FAILED;
    }
    cli_catch_signals();
    feed_all(events, order);
    good = !cli_order_failed(order);
    cli_order_free(order);
    if (!cli_stop) {
        mt_correlator_flush(events->correlator, true);
    }
    good &= cli_output_end(&events->output);
    if (events->options.stats) {
        print_stats(events);
    }
    return good ? CLI_OK : CLI_FAILED;
}

enum cli_code cli_events(int argc, char **argv)
{
    struct events events = {0};
    enum cli_code code = cli_options_read(&events.options, CLI_FOR_EVENTS, about, argc, argv);

    if (code != CLI_GO) {
        return code;
    }
    events.correlator = mt_correlator_new(&events.options.config, emit, &events);
    if (!events.correlator) {
        cli_error("%s", strerror(ENOMEM));
        return CLI_FAILED;
    }
    code = run(&events);
    mt_correlator_free(events.correlator);
    return code;
}
