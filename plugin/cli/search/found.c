#include "found.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mailtrace/correlate.h"
#include "mailtrace/syslog.h"

/* Messages wait in queues for days; the lines that were found are few. */
#define TIMEOUT        (60 * 86400 * INT64_C(1000000))
#define MAX_RECIPIENTS 100000

static void no_memory(struct cli_found *found)
{
    if (!found->failed) {
        cli_error("%s", strerror(ENOMEM));
    }
    found->failed = true;
}

bool cli_found_start(struct cli_found *found, const struct cli_options *options, const struct cli_related *related)
{
    *found = (struct cli_found){.options = options, .related = related};
    found->stories = mt_stories_new(&options->wanted, UINT64_MAX);
    if (!found->stories) {
        no_memory(found);
    }
    return !found->failed;
}

void cli_found_add(struct cli_found *found, const struct mt_event *event)
{
    if (!found->failed && !mt_stories_add(found->stories, event)) {
        no_memory(found);
    }
}

static void add_event(void *ctx, const struct mt_event *event)
{
    cli_found_add(ctx, event);
}

static int by_time(const void *a, const void *b)
{
    const struct cli_given_line *x = a, *y = b;

    if (x->line.time.usec != y->line.time.usec) {
        return x->line.time.usec < y->line.time.usec ? -1 : 1;
    }
    return x->number < y->number ? -1 : x->number > y->number;
}

/* Reads the headers of the lines, file by file, and puts them into the order of their timestamps. */
static void read_headers(const struct cli_related *related, struct cli_given_line *given)
{
    struct cli_log log = {0};
    uint32_t file = UINT32_MAX;
    struct mt_record record;

    for (size_t i = 0; i < related->lines.n; i++) {
        const struct cli_line *line = &related->lines.v[i];
        if (line->file != file) {
            file = line->file;
            log = (struct cli_log){.zone = related->files->v[file].zone};
            mt_syslog_read(&log.zone, MT_LIT("1 - "), &log.line);
        }
        cli_log_read(&log, related->options, line->raw, line->cut);
        cli_log_parse(&log, related->options, &record);
        given[i] = (struct cli_given_line){log.line, i};
    }
    qsort(given, related->lines.n, sizeof *given, by_time);
}

static void give(struct cli_found *found)
{
    struct mt_config config = found->options->settings.config;
    struct mt_correlator *c;
    struct mt_record rec;
    struct mt_stats stats;

    config.timeout = TIMEOUT;
    config.max_recipients = MAX_RECIPIENTS;
    config.events |= MT_EVENTS_EVERY_END;
    c = mt_correlator_new(&config, add_event, found);
    if (!c) {
        no_memory(found);
        return;
    }
    for (size_t i = 0; i < found->related->lines.n && !found->failed; i++) {
        struct mt_line line = found->given[i].line;
        enum mt_verdict verdict;
        line.order = i + 1;
        verdict = mt_parse(&line, &rec);
        mt_correlator_feed(c, &rec, verdict, 0);
    }
    mt_correlator_flush(c, true);
    mt_correlator_stats(c, &stats);
    if (stats.no_memory) {
        no_memory(found);
    }
    mt_correlator_free(c);
}

static bool make_told(struct cli_found *found)
{
    size_t n = (size_t)mt_stories_entries(found->stories) + 1;

    found->told = malloc(n * sizeof *found->told);
    if (found->told) {
        memset(found->told, true, n * sizeof *found->told);
    }
    return found->told;
}

void cli_found_make(struct cli_found *found)
{
    const struct cli_related *related = found->related;

    found->given = malloc((related->lines.n ? related->lines.n : 1) * sizeof *found->given);
    if (!found->given) {
        no_memory(found);
        return;
    }
    read_headers(related, found->given);
    give(found);
    if (!found->failed && (!mt_stories_join(found->stories) || !make_told(found))) {
        no_memory(found);
    }
}

void cli_found_free(struct cli_found *found)
{
    mt_stories_free(found->stories);
    free(found->told);
    free(found->given);
    free(found->first_given);
    free(found->next_given);
    *found = (struct cli_found){0};
}
