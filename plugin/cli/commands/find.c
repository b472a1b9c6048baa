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
    "Finds messages that match all given options. Exit codes: 0 found, 1 not found, 2 an error.\n";

struct find {
    struct cli_options options;
    struct cli_files files;
    struct cli_related related;
    struct cli_found found;
    struct cli_text text;
    uint64_t shown; /* stories, and remarks that stand alone */
};

static bool is_anything_asked(const struct cli_options *options)
{
    const struct mt_criteria *w = &options->wanted;

    return w->message_id.n || w->queue_id.n || w->from.n || w->null_sender || w->to.n || w->subject.n || w->ip.n ||
           w->status || options->since || options->until;
}

/* ---- without a text to search for: all lines go through the engine, and tell the queue IDs ---- */

static void note_event(void *ctx, const struct mt_event *event)
{
    struct find *find = ctx;
    const struct mt_criteria *wanted = &find->options.wanted;

    if (event->kind == MT_EVENT_MESSAGE && mt_criteria_message(wanted, event)) {
        cli_related_id(&find->related, mt_get(&event->f, MT_F_QUEUE_ID));
    } else if (event->kind == MT_EVENT_REJECT && mt_criteria_other(wanted, event)) {
        cli_found_add(&find->found, event);
    }
}

/* The engine could not keep a line. */
static bool is_short(const struct mt_correlator *c)
{
    struct mt_stats stats;

    mt_correlator_stats(c, &stats);
    return stats.no_memory != 0;
}

/* False: memory was short, which was reported. */
static bool read_all(struct find *find)
{
    struct cli_options options = find->options;
    struct mt_correlator *c;
    char **paths = calloc(find->files.n + 1, sizeof *paths);
    struct mt_record rec;
    struct cli_merged_logs *logs;
    bool good;

    for (size_t i = 0; paths && i < find->files.n; i++) {
        paths[i] = find->files.v[i].path;
    }
    options.settings.config.events |= MT_EVENTS_EVERY_END;
    c = mt_correlator_new(&options.settings.config, note_event, find);
    options.files = paths;
    options.nfiles = (int)find->files.n;
    logs = c && paths ? cli_merged_logs_new(&options, NULL) : NULL;
    while (logs && cli_merged_logs_next(logs)) {
        enum mt_verdict verdict = cli_merged_logs_parse(logs, &rec);
        mt_correlator_feed(c, &rec, verdict, 0);
    }
    if (logs) {
        mt_correlator_flush(c, true);
        cli_merged_logs_free(logs);
    }
    good = logs && !is_short(c);
    if (!c || !paths || (logs && !good)) {
        cli_error("%s", strerror(ENOMEM));
    }
    mt_correlator_free(c);
    free(paths);
    return good;
}

/* ---- showing ---- */

static void print_text(struct find *find, const struct mt_story *story, const struct mt_remark *remark)
{
    if (find->shown) {
        cli_text_line(&find->text);
    }
    if (remark) {
        cli_story_print_remark(&find->text, remark);
    } else {
        cli_story_print(&find->text, &find->found, story);
    }
}

static void write_json(struct find *find, const struct mt_story *story, const struct mt_remark *remark)
{
    if (remark) {
        cli_trace_event(&find->text.output, &remark->event);
    } else {
        cli_trace_story(&find->text.output, story);
    }
}

static bool show(void *ctx, const struct mt_story *story, const struct mt_remark *remark)
{
    struct find *find = ctx;

    (find->options.json ? write_json : print_text)(find, story, remark);
    find->shown++;
    return !cli_stop && !find->text.output.failed;
}

static bool show_all(struct find *find)
{
    bool enough = mt_stories_walk(find->found.stories, show, find);

    if (!enough) {
        cli_error("%s", strerror(ENOMEM));
    }
    return enough;
}

static bool run(struct find *find)
{
    if (!cli_files_add(&find->files, find->options.files, find->options.nfiles)) {
        return false;
    }
    cli_related_start(&find->related, &find->options, &find->files);
    if (!cli_found_start(&find->found, &find->options, &find->related)) {
        return false;
    }
    if (!cli_related_wanted(&find->related) && find->files.n && !find->related.failed && !read_all(find)) {
        return false;
    }
    cli_related_run(&find->related);
    if (!find->related.failed && !cli_stop) {
        cli_found_make(&find->found);
    }
    return !find->related.failed && !find->found.failed && show_all(find) && !find->files.failed;
}

static enum cli_code find_all(struct find *find)
{
    bool good;

    if (!is_anything_asked(&find->options)) {
        cli_error(
            "say what to find: --message-id, --queue-id, --from, --to, --subject, --ip, --status, --since or --until");
        return CLI_USAGE;
    }
    if (!cli_criteria_times(&find->options)) {
        return CLI_USAGE;
    }
    cli_text_start(&find->text);
    cli_catch_signals();
    good = run(find);
    good &= cli_output_end(&find->text.output);
    cli_found_free(&find->found);
    cli_related_free(&find->related);
    cli_files_free(&find->files);
    if (good && !find->shown && !cli_stop) {
        cli_error("nothing found");
    }
    return !good ? CLI_USAGE : find->shown ? CLI_OK : CLI_FAILED;
}

enum cli_code cli_find(int argc, char **argv)
{
    struct find find = {0};
    enum cli_code code = cli_options_read(&find.options, CLI_FOR_FIND, about, argc, argv);

    if (code == CLI_GO) {
        code = find_all(&find);
    }
    mt_settings_free(&find.options.settings);
    return code;
}
