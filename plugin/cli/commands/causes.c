/* mailtrace causes: what no row of the table of causes knows, the commonest first, so that the table can grow. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "input/merged_logs.h"
#include "mailtrace/causes.h"
#include "mailtrace/engine.h"
#include "show/output.h"

static const char about[] = "List the failed deliveries and the rejects of which no cause is known (\"other\"), the "
                            "commonest first: how many,\n"
                            "the DSN, and the text; digits are shown as 0, addresses as <>. A row of --causes can tell "
                            "the cause of such a text.\n";

/* Texts that are told apart, and what is shown of each. */
#define TEXTS   8192
#define TEXT    160
#define NO_CODE "-"

struct kind_of_text {
    uint64_t n;
    char text[TEXT + 1]; /* with the DSN before it */
};

struct causes {
    struct cli_options options;
    struct mt_engine *engine;
    struct cli_output output;
    uint64_t failures, other, untold; /* untold: of more than TEXTS */
    struct kind_of_text texts[TEXTS];
    size_t ntexts;
};

/* --- what is the same in texts of one kind --- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The word with an @ that `at` stands in ends here. */
static size_t skip_word(struct mt_slice s, size_t at)
{
    while (at < s.n && s.p[at] != ' ') {
        at++;
    }
    return at;
}

/* Where a word began, when an @ comes in it. */
static size_t word_begin(const char *text, size_t n)
{
    while (n && text[n - 1] != ' ') {
        n--;
    }
    return n;
}

static size_t put_kind(struct mt_slice s, char *out, size_t room)
{
    size_t n = 0;

    for (size_t at = 0; at < s.n && n + 2 < room;) {
        const char *close = s.p[at] == '<' ? memchr(s.p + at, '>', s.n - at) : NULL;
        if (close) {
            memcpy(out + n, "<>", 2);
            n += 2;
            at = (size_t)(close - s.p) + 1;
        } else if (s.p[at] == '@') {
            n = word_begin(out, n);
            out[n++] = '@';
            at = skip_word(s, at);
        } else if (is_digit(s.p[at])) {
            out[n++] = '0';
            while (at < s.n && is_digit(s.p[at])) {
                at++;
            }
        } else {
            out[n++] = (unsigned char)s.p[at] < 0x20 || s.p[at] == 0x7f ? ' ' : s.p[at];
            at++;
        }
    }
    return n;
}

static void set_text(const struct mt_event *event, char out[TEXT + 1])
{
    struct mt_slice dsn = mt_get(&event->f, MT_F_DSN);
    int n = snprintf(out, TEXT, "%-8.*s ", dsn.n ? (int)dsn.n : 1, dsn.n ? dsn.p : NO_CODE);

    n = n < TEXT ? n : TEXT - 1;
    n += (int)put_kind(mt_get(&event->f, MT_F_RESPONSE), out + n, (size_t)(TEXT - n));
    out[n] = '\0';
}

/* --- counting --- */

static void count(struct causes *causes, const struct mt_event *event)
{
    char text[TEXT + 1];
    size_t i = 0;

    set_text(event, text);
    while (i < causes->ntexts && strcmp(causes->texts[i].text, text) != 0) {
        i++;
    }
    if (i == TEXTS) {
        causes->untold++;
        return;
    }
    if (i == causes->ntexts) {
        memcpy(causes->texts[causes->ntexts++].text, text, sizeof text);
    }
    causes->texts[i].n++;
}

/* Called by the engine. */
static void take_event(void *call, const struct mt_event *event)
{
    struct causes *causes = call;
    struct mt_slice cause = mt_get(&event->f, MT_F_CAUSE);

    causes->failures += cause.n != 0;
    if (mt_slice_eq(cause, mt_cause_other)) {
        causes->other++;
        count(causes, event);
    }
}

static int by_count(const void *a, const void *b)
{
    const struct kind_of_text *x = a, *y = b;

    return x->n != y->n ? (x->n < y->n ? 1 : -1) : strcmp(x->text, y->text);
}

static void print(struct causes *causes)
{
    qsort(causes->texts, causes->ntexts, sizeof *causes->texts, by_count);
    for (size_t i = 0; i < causes->ntexts && !causes->output.failed; i++) {
        char line[TEXT + 32];
        int n = snprintf(line, sizeof line, "%8llu  %s", (unsigned long long)causes->texts[i].n, causes->texts[i].text);
        struct mt_buffer *buffer = &causes->output.buffer;
        size_t before = buffer->n;

        mt_buffer_append(buffer, line, (size_t)n);
        if (!buffer->failed) { /* it may be no UTF-8 */
            char clean[3 * sizeof line];
            size_t length = mt_utf8_clean(mt_slice(line, (size_t)n), clean);
            buffer->n = before;
            mt_buffer_append(buffer, clean, length);
        }
        cli_output_line(&causes->output, !buffer->failed);
    }
    if (causes->untold) {
        cli_error("%llu more have texts of further kinds", (unsigned long long)causes->untold);
    }
    if (causes->options.stats) {
        fprintf(stderr, "%llu failures and rejects, %llu of them without a known cause\n",
                (unsigned long long)causes->failures, (unsigned long long)causes->other);
    }
}

static bool read_all(struct causes *causes)
{
    struct cli_merged_logs *logs = cli_merged_logs_new(&causes->options, NULL);
    const struct mt_line *line;
    bool good;

    while (logs && (line = cli_merged_logs_next(logs))) {
        struct mt_record record;
        enum mt_verdict verdict = mt_parse(line, &record);
        mt_engine_feed_at(causes->engine, &record, verdict, 0, NULL, causes);
    }
    if (logs && !cli_stop) {
        mt_engine_flush(causes->engine, true, causes);
    }
    good = logs && !cli_merged_logs_failed(logs);
    cli_merged_logs_free(logs);
    return good;
}

static enum cli_code run(struct causes *causes)
{
    static const struct mt_host host = {.event = take_event, .one_thread = true};
    char why[400];
    bool good;

    causes->engine = mt_engine_open(&causes->options.settings, NULL, &host, why, sizeof why);
    if (!causes->engine) {
        cli_error("%s", strerror(ENOMEM));
        return CLI_FAILED;
    }
    cli_catch_signals();
    good = read_all(causes);
    print(causes);
    mt_engine_close(causes->engine, true);
    return cli_output_end(&causes->output) && good ? CLI_OK : CLI_FAILED;
}

static enum cli_code print_table(void)
{
    for (const char *const *line = mt_causes_text; *line; line++) {
        puts(*line);
    }
    return CLI_OK;
}

enum cli_code cli_causes(int argc, char **argv)
{
    struct causes *causes = calloc(1, sizeof *causes);
    enum cli_code code;

    if (!causes) {
        cli_error("%s", strerror(ENOMEM));
        return CLI_FAILED;
    }
    code = cli_options_read(&causes->options, CLI_FOR_CAUSES, about, argc, argv);
    if (code == CLI_GO) {
        code = causes->options.table ? print_table() : run(causes);
    }
    mt_settings_free(&causes->options.settings);
    free(causes);
    return code;
}
