/* mailtrace received: the route of a mail, from its Received: headers. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "input/mails.h"
#include "search/lookup.h"
#include "show/hops.h"
#include "show/story.h"
#include "show/trace.h"

static const char about[] =
    "Show the route of a mail by its Received: headers, the oldest hop first: who handed it to whom,\n"
    "how, when, and how long that took. FILE is a mail, a mailbox, or bare headers. With --logs,\n"
    "shows the log entries of each hop below the table.\n";

struct received {
    struct cli_options options;
    struct cli_mails mails;
    struct cli_text text;
    struct cli_files logs;
    uint64_t nmails, nhops;
    bool failed;
};

static bool is_named(struct mt_slice name, const char *lower)
{
    return name.n == strlen(lower) && strncasecmp(name.p, lower, name.n) == 0;
}

/* Message-ID and subject, as a heading. */
static void print_heading(struct received *received, struct mt_slice id, struct mt_slice subject)
{
    struct cli_text *text = &received->text;

    if (received->nmails++) {
        cli_text_line(text);
    }
    if (!id.n && !subject.n) {
        return;
    }
    cli_text_style(text, CLI_BOLD);
    cli_text_foreign(text, id, 120);
    cli_text_style(text, CLI_PLAIN);
    cli_text_word(text, id.n && subject.n ? "  " : "");
    cli_text_foreign(text, subject, 120);
    cli_text_line(text);
}

/* lookup may be NULL. */
static void print_json(struct received *received, const struct cli_route *route, const struct cli_lookup *lookup)
{
    struct cli_output *output = &received->text.output;

    for (size_t i = 0; i < route->n && !output->failed; i++) {
        uint32_t entry = lookup ? cli_lookup_hop(lookup, &route->hops[i].hop) : MT_NONE;
        cli_output_line(output, mt_hop_json(&route->hops[i].hop, &output->buffer));
        if (entry != MT_NONE) {
            cli_trace_entry(output, lookup->found.stories, entry);
        }
    }
}

static void print_logs(struct received *received, const struct cli_route *route, struct cli_lookup *lookup)
{
    struct cli_text *text = &received->text;

    for (size_t i = 0; i < route->n; i++) {
        const struct mt_hop *hop = &route->hops[i].hop;
        uint32_t entry = cli_lookup_hop(lookup, hop);
        cli_text_print(text, "hop %zu", i + 1);
        if (entry != MT_NONE) {
            cli_text_line(text);
            cli_story_print_entry(text, &lookup->found, entry, 2);
            continue;
        }
        if (hop->id.n) {
            cli_text_word(text, ", id ");
            cli_text_foreign(text, hop->id, 80);
            cli_text_word(text, ": not in these logs");
        } else {
            cli_text_word(text, ": has no id");
        }
        cli_text_line(text);
    }
}

static void show_route(struct received *received, const struct cli_route *route, struct mt_slice id,
                       struct mt_slice subject, struct cli_lookup *lookup)
{
    received->nhops += route->n;
    if (received->options.json) {
        print_json(received, route, lookup);
        return;
    }
    print_heading(received, id, subject);
    if (route->n) {
        cli_hops_print(&received->text, route);
        if (lookup) {
            print_logs(received, route, lookup);
        }
    } else {
        cli_text_word(&received->text, "no Received: headers");
        cli_text_line(&received->text);
    }
    if (received->mails.cut) {
        cli_text_word(&received->text, "the headers are too long: what comes after 16 MiB is left out");
        cli_text_line(&received->text);
    }
}

static void look_up_and_show(struct received *received, const struct cli_route *route, struct mt_slice id,
                             struct mt_slice subject)
{
    struct cli_lookup lookup;

    if (!received->logs.n) {
        show_route(received, route, id, subject, NULL);
        return;
    }
    received->failed |= !cli_lookup_start(&lookup, &received->options, &received->logs, route);
    show_route(received, route, id, subject, &lookup);
    cli_lookup_end(&lookup);
}

static struct mt_slice trimmed(struct mt_slice s)
{
    while (s.n && (*s.p == ' ' || *s.p == '\t')) {
        s = mt_slice_skip(s, 1);
    }
    return s;
}

/* The headers of one mail. They are unfolded where they lie. */
static bool show_mail(struct received *received)
{
    struct mt_buffer *headers = &received->mails.headers;
    struct mt_slice at = {headers->p, headers->n}, name, value, id = {NULL, 0}, subject = {NULL, 0};
    struct cli_route route = {0};
    bool good = true;

    while (good && mt_header_next(&at, &name, &value)) {
        char *own = headers->p + (value.p - headers->p);
        value.n = mt_header_unfold(value, own);
        if (is_named(name, "received")) {
            good = cli_route_add(&route, value);
        } else if (is_named(name, "message-id")) {
            id = trimmed(value);
        } else if (is_named(name, "subject")) {
            subject = trimmed(value);
        }
    }
    if (good) {
        cli_route_finish(&route);
        look_up_and_show(received, &route, id, subject);
    } else {
        cli_error("%s", strerror(ENOMEM));
    }
    cli_route_free(&route);
    return good;
}

static bool show_file(struct received *received, const char *path)
{
    struct cli_mails *mails = &received->mails;
    uint64_t before = received->nhops;
    bool good = cli_mails_open(mails, path);

    if (!good) {
        return false;
    }
    while (good && !received->text.output.failed && cli_mails_next(mails)) {
        good = show_mail(received);
    }
    good &= !mails->failed;
    if (good && received->nhops == before && !cli_stop) {
        cli_error("%s: no Received: headers", mails->input.name);
        good = false;
    }
    cli_mails_close(mails);
    return good;
}

/* ---- --logs FILE... ---- */

/* The files behind --logs, up to the next option, are taken out of argv: getopt_long() knows no such lists. False:
 * there are none behind it.
 */
static bool take_logs(struct cli_files *logs, int *argc, char **argv, bool *good)
{
    int n = 0;
    bool taking = false, empty = false;

    for (int i = 0; i < *argc; i++) {
        char *value = strncmp(argv[i], "--logs=", 7) == 0 ? argv[i] + 7 : NULL;
        if (value || strcmp(argv[i], "--logs") == 0) {
            taking = true;
            empty = !value;
        } else if (taking && argv[i][0] == '-' && argv[i][1] != '\0') {
            taking = false;
        } else if (taking) {
            value = argv[i];
            empty = false;
        }
        if (value) {
            *good &= cli_files_add(logs, &value, 1);
        } else if (!taking) {
            argv[n++] = argv[i];
        }
    }
    *argc = n;
    argv[n] = NULL;
    return !empty;
}

static enum cli_code run(struct received *received)
{
    bool good = true;

    cli_text_start(&received->text);
    cli_catch_signals();
    for (int i = 0; i < received->options.nfiles && !cli_stop; i++) {
        good &= show_file(received, received->options.files[i]);
    }
    good &= cli_output_end(&received->text.output);
    return good && !received->failed && !received->logs.failed ? CLI_OK : CLI_FAILED;
}

enum cli_code cli_received(int argc, char **argv)
{
    struct received received = {0};
    enum cli_code code = CLI_USAGE;
    bool good = true;

    if (!take_logs(&received.logs, &argc, argv, &good)) {
        cli_error("--logs: give the files of a log");
    } else {
        code = good ? cli_options_read(&received.options, CLI_FOR_RECEIVED, about, argc, argv) : CLI_FAILED;
    }
    if (code == CLI_GO) {
        code = run(&received);
    }
    cli_files_free(&received.logs);
    return code;
}
