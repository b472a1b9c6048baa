/* mailtrace find: where is my mail? */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "input/merged_logs.h"
#include "show/story.h"
#include "show/trace.h"

static const char about[] =
    "Find messages in logs and tell the story of each: where it came from, each attempt to deliver it, what became\n"
    "of it for each recipient, and the same at the next host where that host's log is among the files.\n"
    "A message has to meet all that is given. Exit codes: 0 found, 1 not found, 2 an error.\n";

struct find {
    struct cli_options options;
    struct cli_files files;
    struct cli_related gather;
    struct cli_stories stories;
    struct cli_text text;
    uint64_t found;
};

static bool is_wanted(const struct cli_criteria *w)
{
    return w->message_id.n || w->queue_id.n || w->from.n || w->null_sender || w->to.n || w->subject.n || w->ip.n ||
           w->status || w->since_text || w->until_text;
}

/* ---- without a text to search for: all lines go through the engine, and tell the queue IDs ---- */

static void note_event(void *ctx, const struct mt_event *event)
{
    struct find *find = ctx;
    const struct cli_criteria *wanted = &find->options.wanted;

    if (event->kind == MT_EVENT_MESSAGE && cli_criteria_message(wanted, event)) {
        cli_related_id(&find->gather, mt_get(&event->f, MT_F_QUEUE_ID));
    } else if (event->kind == MT_EVENT_REJECT && cli_criteria_reject(wanted, event) && !find->stories.failed) {
        cli_stories_other(&find->stories, event);
    }
}

static void read_all(struct find *find)
{
    struct cli_options options = find->options;
    struct mt_correlator *c = mt_correlator_new(&options.settings.config, note_event, find);
    char **paths = calloc(find->files.n + 1, sizeof *paths);
    const struct mt_line *line;
    struct mt_record rec;
    struct cli_merged_logs *order;

    for (size_t i = 0; paths && i < find->files.n; i++) {
        paths[i] = find->files.v[i].path;
    }
    options.files = paths;
    options.nfiles = (int)find->files.n;
    order = c && paths && find->files.n ? cli_merged_logs_new(&options, NULL) : NULL;
    while (order && (line = cli_merged_logs_next(order))) {
        enum mt_verdict verdict = mt_parse(line, &rec);
        mt_correlator_feed(c, &rec, verdict, 0);
    }
    if (order) {
        mt_correlator_flush(c, true);
        cli_merged_logs_free(order);
    }
    mt_correlator_free(c);
    free(paths);
}

/* ---- telling ---- */

static const struct cli_message *sorted_by; /* qsort() has no place for it */

static int by_first(const void *a, const void *b)
{
    const struct cli_message *x = &sorted_by[*(const uint32_t *)a], *y = &sorted_by[*(const uint32_t *)b];

    return x->first < y->first ? -1 : x->first > y->first;
}

static void tell_one(struct find *find, uint32_t message)
{
    uint32_t origin = cli_stories_origin(&find->stories, message);

    if (find->stories.messages[origin].told) {
        origin = message;
    }
    if (find->options.json) {
        cli_trace_write(&find->text.output, &find->stories, origin);
    } else {
        if (find->found) {
            cli_text_line(&find->text);
        }
        cli_story_story(&find->text, &find->stories, origin);
    }
    find->found++;
}

static void tell_others(struct find *find)
{
    for (uint32_t i = 0; i < find->stories.nothers && !cli_stop; i++) {
        const struct cli_event *event = &find->stories.others[i];
        if (find->options.json) {
            cli_trace_event(&find->text.output, event);
        } else {
            if (find->found) {
                cli_text_line(&find->text);
            }
            cli_story_other(&find->text, event);
        }
        find->found++;
    }
}

static bool tell_all(struct find *find)
{
    struct cli_stories *s = &find->stories;
    uint32_t *order = malloc((s->nmessages + 1) * sizeof *order);

    if (!order) {
        cli_error("%s", strerror(ENOMEM));
        return false;
    }
    for (uint32_t i = 0; i < s->nmessages; i++) {
        order[i] = i;
    }
    sorted_by = s->messages;
    qsort(order, s->nmessages, sizeof *order, by_first);
    for (uint32_t i = 0; i < s->nmessages && !cli_stop && !find->text.output.failed; i++) {
        const struct cli_message *m = &s->messages[order[i]];
        if (m->wanted && !m->told) {
            tell_one(find, order[i]);
        }
    }
    free(order);
    tell_others(find);
    return true;
}

static bool run(struct find *find)
{
    if (!cli_files_add(&find->files, find->options.files, find->options.nfiles)) {
        return false;
    }
    cli_related_start(&find->gather, &find->options, &find->files);
    cli_stories_start(&find->stories, &find->options, &find->gather);
    find->stories.follow = true;
    if (!cli_related_wanted(&find->gather)) {
        read_all(find);
    }
    cli_related_run(&find->gather);
    if (!find->gather.failed && !cli_stop) {
        cli_stories_make(&find->stories);
    }
    return !find->gather.failed && !find->stories.failed && tell_all(find) && !find->files.failed;
}

enum cli_code cli_find(int argc, char **argv)
{
    struct find find = {0};
    enum cli_code code = cli_options_read(&find.options, CLI_FOR_FIND, about, argc, argv);
    bool good;

    if (code != CLI_GO) {
        return code;
    }
    if (!is_wanted(&find.options.wanted)) {
        cli_error(
            "say what to find: --message-id, --queue-id, --from, --to, --subject, --ip, --status, --since or --until");
        return CLI_USAGE;
    }
    if (!cli_criteria_times(&find.options.wanted, &find.options)) {
        return CLI_USAGE;
    }
    cli_text_start(&find.text);
    cli_catch_signals();
    good = run(&find);
    good &= cli_output_end(&find.text.output);
    cli_stories_free(&find.stories);
    cli_related_free(&find.gather);
    cli_files_free(&find.files);
    if (good && !find.found && !cli_stop) {
        cli_error("nothing found");
    }
    return !good ? CLI_USAGE : find.found ? CLI_OK : CLI_FAILED;
}
