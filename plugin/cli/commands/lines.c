/* mailtrace lines: what each line says, by itself. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mailtrace/parts.h"

#include "input/merged_logs.h"
#include "show/output.h"
#include "show/stats.h"

static const char about[] = "Show what each line of a mail server log says: one JSON object per line recognised, on\n"
                            "standard output. Lines that the server has split are joined first.\n";

/* The pieces of a line that was split stand together; a line of which no more has come for so long is given up. */
#define PARTS_BYTES ((size_t)16 << 20)
#define PARTS_WAIT  (INT64_C(60) * 1000000)

#define UNKNOWN 256 /* programs with lines that were not recognised */

struct lines {
    struct cli_options options;
    struct mt_parts *parts;
    struct cli_output output;
    struct mt_stats stats;
    struct {
        uint8_t source;
        char name[64];
        size_t n;
        uint64_t lines;
    } unknown[UNKNOWN];
    size_t nunknown;
    int64_t swept;
};

static void make_pause(void *ctx, bool idle)
{
    struct lines *lines = ctx;

    (void)idle;
    cli_output_flush(&lines->output);
}

static void count_unrecognised(struct lines *lines, const struct mt_record *record)
{
    struct mt_slice name = record->line.program;
    size_t i = 0;

    lines->stats.unrecognised[record->source]++;
    name.n = name.n < sizeof lines->unknown[0].name ? name.n : sizeof lines->unknown[0].name;
    while (i < lines->nunknown && (lines->unknown[i].source != record->source ||
                                   !mt_slice_eq(name, mt_slice(lines->unknown[i].name, lines->unknown[i].n)))) {
        i++;
    }
    if (i == UNKNOWN) {
        return;
    }
    if (i == lines->nunknown) {
        lines->nunknown++;
        lines->unknown[i].source = record->source;
        lines->unknown[i].n = name.n;
        if (name.n) {
            memcpy(lines->unknown[i].name, name.p, name.n);
        }
    }
    lines->unknown[i].lines++;
}

/* A whole line; a piece goes to lines->parts. */
static void show(struct lines *lines, enum mt_verdict verdict, const struct mt_record *record, bool may_be_part)
{
    struct mt_record joined;
    struct mt_line whole;

    switch (verdict) {
    case MT_FOREIGN:
        lines->stats.foreign += may_be_part;
        break;
    case MT_UNRECOGNISED:
        count_unrecognised(lines, record);
        break;
    case MT_RECOGNISED:
        lines->stats.recognised[record->source] += may_be_part; /* pieces were counted one by one */
        if (record->kind != MT_KIND_PART) {
            cli_output_line(&lines->output, mt_record_json(record, &lines->output.buffer));
        } else if (may_be_part && mt_parts_add(lines->parts, record, &whole)) {
            verdict = mt_parse(&whole, &joined);
            show(lines, verdict, &joined, false);
        }
        break;
    }
}

static void give_up_parts(struct lines *lines, int64_t before)
{
    struct mt_record record;
    struct mt_line whole;

    while (mt_parts_expire(lines->parts, before, &whole)) {
        enum mt_verdict verdict = mt_parse(&whole, &record);
        show(lines, verdict, &record, false);
    }
}

static void show_all(struct lines *lines, struct cli_merged_logs *logs)
{
    const struct mt_line *line;
    struct mt_record record;

    while (!lines->output.failed && (line = cli_merged_logs_next(logs))) {
        enum mt_verdict verdict = cli_merged_logs_parse(logs, &record);
        lines->stats.lines++;
        lines->stats.cut += line->cut;
        show(lines, verdict, &record, true);
        if (line->time.usec - lines->swept > PARTS_WAIT) {
            lines->swept = line->time.usec;
            give_up_parts(lines, lines->swept - PARTS_WAIT);
        }
    }
    if (!cli_stop) {
        give_up_parts(lines, INT64_MAX);
    }
}

static void print_stats(const struct lines *lines)
{
    cli_stats_print(&lines->stats, false);
    for (size_t i = 0; i < lines->nunknown; i++) {
        cli_stats_program(NULL, lines->unknown[i].source, mt_slice(lines->unknown[i].name, lines->unknown[i].n),
                          lines->unknown[i].lines);
    }
}

static enum cli_code run(struct lines *lines)
{
    struct cli_pause pause = {make_pause, lines};
    struct cli_merged_logs *logs = cli_merged_logs_new(&lines->options, &pause);
    bool good;

    if (!logs) {
        return CLI_FAILED;
    }
    cli_catch_signals();
    show_all(lines, logs);
    good = !cli_merged_logs_failed(logs);
    cli_merged_logs_free(logs);
    good &= cli_output_end(&lines->output);
    if (lines->options.stats) {
        print_stats(lines);
    }
    return good ? CLI_OK : CLI_FAILED;
}

enum cli_code cli_lines(int argc, char **argv)
{
    struct lines *lines = calloc(1, sizeof *lines);
    enum cli_code code = CLI_FAILED;

    if (lines) {
        code = cli_options_read(&lines->options, CLI_FOR_LINES, about, argc, argv);
    }
    if (code == CLI_GO) {
        lines->parts = mt_parts_new(PARTS_BYTES, lines->options.settings.config.max_line, 1);
        code = lines->parts ? run(lines) : CLI_FAILED;
        mt_parts_free(lines->parts);
    }
    if (!lines || (code == CLI_FAILED && !lines->parts)) {
        cli_error("%s", strerror(ENOMEM));
    }
    free(lines);
    return code;
}
