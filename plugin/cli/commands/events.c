/* mailtrace events: lines in, events out. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "input/merged_logs.h"
#include "input/read_ahead.h"
#include "mailtrace/engine.h"
#include "show/output.h"
#include "show/stats.h"

/* A log whose timestamps are at most this far from the wall clock is one that is being written. */
#define LIVE_WITHIN (INT64_C(60) * 1000000)

/* Lines before a second processor is made use of. */
#define ALONE 10000

static const char about[] = "Turn mail server log lines into events: one JSON object per line on standard output.\n"
                            "What is still open at the end of input comes out as \"incomplete\".\n";

struct events {
    struct cli_options options;
    struct mt_engine *engine;
    struct cli_positions *places; /* NULL: no state is kept */
    struct cli_read_ahead *ahead; /* NULL: one thread does all */
    /* The taker's, as the engine is: */
    struct cli_output output;
    bool flushed;   /* a part of the output was written since it was last noted */
    bool live;      /* the wall clock holds for the log, too */
    int64_t newest; /* timestamp of the last line */
};

/* Called by the engine. */
static void write_event(void *call, const struct mt_event *event)
{
    struct events *events = call;

    cli_output_line(&events->output, mt_event_json_in(events->options.settings.schema, event, &events->output.buffer));
    events->flushed |= events->output.buffer.n == 0;
}

/* Everything given out so far is written, and that is noted: it need not come again. */
static void deliver(struct events *events)
{
    cli_output_flush(&events->output);
    events->flushed = false;
    if (!events->output.failed) {
        mt_engine_delivered(events->engine, NULL, NULL);
    }
}

/* What is known by now goes out. */
static void give_out(struct events *events, bool idle)
{
    int64_t now = cli_now(), distance = now - events->newest;

    events->live |= idle || (distance < LIVE_WITHIN && distance > -LIVE_WITHIN);
    if (events->live) {
        mt_engine_tick(events->engine, now, events);
    }
    deliver(events);
}

/* About every second of a pipe. */
static void make_pause(void *ctx, bool idle)
{
    struct events *events = ctx;
    struct cli_batch *batch;

    if (!events->ahead) {
        give_out(events, idle);
    } else if ((batch = cli_read_ahead_room(events->ahead))) {
        batch->paused = true;
        batch->idle = idle;
        cli_read_ahead_send(events->ahead);
    }
}

static int64_t wall_clock(const struct events *events)
{
    return events->live ? cli_now() : 0;
}

static void feed(struct events *events, const struct mt_record *record, enum mt_verdict verdict,
                 const struct mt_place *place)
{
    mt_engine_feed_at(events->engine, record, verdict, wall_clock(events), place, events);
    if (events->flushed) {
        deliver(events);
    }
}

static void feed_line(struct events *events, const struct mt_line *line)
{
    struct mt_record record;
    enum mt_verdict verdict = mt_parse(line, &record);

    feed(events, &record, verdict, NULL);
}

/* ---- two threads: one reads and parses, the other correlates and writes ---- */

/* A cli_take_fn. */
static bool take(void *ctx, const struct cli_batch *batch)
{
    struct events *events = ctx;

    for (size_t i = 0; i < batch->n; i++) {
        const struct cli_read_ahead_line *line = &batch->lines[i];
        if (events->output.failed) {
            free(line->line);
        } else if (line->copy) {
            mt_engine_feed_copy(events->engine, line->copy, wall_clock(events), events);
        } else if (line->line) {
            feed_line(events, line->line);
            free(line->line);
        } else {
            mt_engine_feed(events->engine, NULL, MT_FOREIGN, events);
        }
    }
    if (batch->n) {
        events->newest = batch->newest;
    }
    if (batch->paused && !events->output.failed) {
        give_out(events, batch->idle);
    }
    return !events->output.failed;
}

/* False: no more is wanted. */
static bool put(struct events *events, struct cli_merged_logs *order, const struct mt_line *line)
{
    struct cli_batch *batch = cli_read_ahead_room(events->ahead);
    struct cli_read_ahead_line *next;
    struct mt_record record;
    enum mt_verdict verdict;

    if (!batch) {
        return false;
    }
    next = &batch->lines[batch->n];
    verdict = cli_merged_logs_parse(order, &record);
    next->copy = mt_engine_copy(events->engine, &record, verdict);
    next->line = NULL;
    if (!next->copy && verdict != MT_FOREIGN && !(next->line = cli_read_ahead_line(line))) {
        cli_read_ahead_wait(events->ahead); /* memory is short */
        events->newest = line->time.usec;
        feed(events, &record, verdict, NULL);
        return true;
    }
    batch->newest = line->time.usec;
    batch->n++;
    return true;
}

/* The rest of the lines. False: there is no second thread. */
static bool feed_ahead(struct events *events, struct cli_merged_logs *order)
{
    const struct mt_line *line;

    events->ahead = cli_read_ahead_start(take, events);
    if (!events->ahead) {
        return false;
    }
    while ((line = cli_merged_logs_next(order)) && put(events, order, line)) {
    }
    cli_read_ahead_end(events->ahead);
    events->ahead = NULL;
    return true;
}

/* ---- */

/* With state on disk it is one thread: the state notes with each line how far reading has come. */
static void feed_all(struct events *events, struct cli_merged_logs *order)
{
    const struct mt_line *line;
    struct mt_record record;
    uint64_t n = 0;

    while (!events->output.failed && (line = cli_merged_logs_next(order))) {
        enum mt_verdict verdict = cli_merged_logs_parse(order, &record);
        events->newest = line->time.usec;
        feed(events, &record, verdict, cli_merged_logs_place(order));
        if (++n == ALONE && !events->places && feed_ahead(events, order)) {
            return;
        }
    }
}

static void print_stats(const struct events *events)
{
    struct mt_engine_stats stats;

    mt_engine_stats(events->engine, &stats);
    cli_stats_print(&stats.lines, true);
    mt_engine_unrecognised(events->engine, cli_stats_program, NULL);
}

static void report(void *ctx, enum mt_severity severity, const char *text)
{
    (void)ctx;
    (void)severity;
    cli_error("%s", text);
}

static bool open_engine(struct events *events)
{
    static const struct mt_host host = {
        .event = write_event, .report = report, .one_thread = true, .reads_again = true};
    struct mt_settings *settings = &events->options.settings;
    char why[400] = "";

    settings->redeliver = MT_REDELIVER_UNMARKED;
    events->engine = mt_engine_open(settings, settings->state_file, &host, why, sizeof why);
    if (!events->engine || *why) {
        cli_error("%s", events->engine ? why : strerror(ENOMEM));
        return false;
    }
    return true;
}

/* What was open at the end of the last run. */
static bool recover(struct events *events)
{
    struct mt_state *state = mt_engine_state(events->engine);

    if (!state) {
        return true;
    }
    while (!cli_stop && !mt_engine_recover(events->engine, events)) {
        cli_output_flush(&events->output);
    }
    deliver(events);
    events->places = cli_positions_new(state);
    return events->places;
}

/* With a state, what is open stays open. Without, it ends here. */
static bool end(struct events *events)
{
    if (!cli_stop && !events->places) {
        mt_engine_flush(events->engine, true, events);
    }
    if (events->places) {
        cli_positions_note(events->places);
    }
    return cli_output_end(&events->output);
}

static bool read_all(struct events *events)
{
    struct cli_pause pause = {make_pause, events};
    uint64_t newest = mt_state_order(mt_engine_state(events->engine));
    struct cli_merged_logs *order = cli_merged_logs_resume(&events->options, &pause, events->places, newest);
    bool good;

    if (events->places) {
        cli_positions_note(events->places);
    }
    if (order) {
        feed_all(events, order);
    }
    good = order && !cli_merged_logs_failed(order);
    cli_merged_logs_free(order);
    return good;
}

static enum cli_code run(struct events *events)
{
    bool good, written = false;

    cli_catch_signals();
    good = open_engine(events) && recover(events);
    if (good) {
        good = read_all(events);
        written = end(events);
        if (events->options.stats) {
            print_stats(events);
        }
    }
    mt_engine_close(events->engine, written);
    cli_positions_free(events->places);
    return good && written ? CLI_OK : CLI_FAILED;
}

enum cli_code cli_events(int argc, char **argv)
{
    struct events events = {0};
    enum cli_code code = cli_options_read(&events.options, CLI_FOR_EVENTS, about, argc, argv);

    if (code != CLI_GO) {
        return code;
    }
    code = run(&events);
    mt_settings_free(&events.options.settings);
    return code;
}
