/* A filter's statements stand in one line, in the order of the object "verdicts":
 *
 *     rspamd: no spam, 1.2 of 15; DKIM pass (example.org); SPF pass
 *
 * An action that says no more than whether it is spam is told as that. All others are the filter's own words.
 */
#include "filters.h"

#include <inttypes.h>
#include <stdio.h>

#define WIDEST 200

static bool is_one_of(struct mt_slice s, const char *const *words)
{
    while (*words && !mt_slice_eq(s, mt_slice_str(*words))) {
        words++;
    }
    return *words != NULL;
}

static void word(struct cli_text *text, const char *before, struct mt_slice s, const char *after)
{
    if (s.n) {
        cli_text_word(text, before);
        cli_text_foreign(text, s, WIDEST);
        cli_text_word(text, after);
    }
}

/* 1.2, -0.25, 15 */
static void number(struct cli_text *text, const char *before, int64_t millionths)
{
    uint64_t n = millionths < 0 ? 0 - (uint64_t)millionths : (uint64_t)millionths;
    char digits[32];
    size_t end = (size_t)snprintf(digits, sizeof digits, "%" PRIu64 ".%06" PRIu64, n / 1000000, n % 1000000);

    while (digits[end - 1] == '0') {
        end--;
    }
    digits[digits[end - 1] == '.' ? end - 1 : end] = '\0';
    cli_text_print(text, "%s%s%s", before, millionths < 0 ? "-" : "", digits);
}

static void print_spam(struct cli_text *text, const struct mt_filter_verdict *v)
{
    static const char *const spam[] = {"spam", NULL};
    static const char *const none[] = {"no action", "ham", "not spam", "non-spam", NULL};

    if (is_one_of(v->action, none)) {
        cli_text_word(text, "no spam");
    } else if (v->action.n && !is_one_of(v->action, spam)) {
        word(text, "", v->action, "");
    } else {
        cli_text_word(text, "spam");
    }
    word(text, " as ", v->category, "");
    if (v->score_known) {
        number(text, v->required_known ? ", " : ", score ", v->score);
    }
    if (v->score_known && v->required_known) {
        number(text, " of ", v->required);
    }
    word(text, ", in quarantine as ", v->quarantine, "");
}

static void print_result(struct cli_text *text, const char *name, const struct mt_filter_verdict *v)
{
    cli_text_word(text, name);
    word(text, " ", v->result, "");
    word(text, " (", v->domain, ")");
    word(text, ", policy ", v->policy, "");
    word(text, ": ", v->reason, "");
}

static void print_statement(struct cli_text *text, const struct mt_filter_verdict *v)
{
    static const char *const names[] = {
        [MT_VERDICT_DKIM] = "DKIM", [MT_VERDICT_DMARC] = "DMARC", [MT_VERDICT_SPF] = "SPF"};

    switch (v->kind) {
    case MT_VERDICT_SPAM:
        print_spam(text, v);
        break;
    case MT_VERDICT_VIRUS:
        cli_text_word(text, "virus");
        word(text, " ", v->name, "");
        break;
    default:
        print_result(text, names[v->kind], v);
        break;
    }
}

/* The first verdict of its filter? */
static bool is_first(const struct mt_event *event, size_t i)
{
    size_t k = 0;

    while (!mt_slice_eq(event->verdicts[k].by, event->verdicts[i].by)) {
        k++;
    }
    return k == i;
}

static void print_filter(struct cli_text *text, const struct mt_event *event, struct mt_slice by)
{
    const char *before = ": ";

    cli_text_foreign(text, by, WIDEST);
    for (uint8_t kind = 0; kind < MT_VERDICT_COUNT; kind++) {
        for (size_t i = 0; i < event->nverdicts; i++) {
            const struct mt_filter_verdict *v = &event->verdicts[i];
            if (v->kind == kind && mt_slice_eq(v->by, by)) {
                cli_text_word(text, before);
                print_statement(text, v);
                before = "; ";
            }
        }
    }
    cli_text_line(text);
}

void cli_filters_print(struct cli_text *text, const struct mt_event *event, unsigned indent)
{
    for (size_t i = 0; i < event->nverdicts; i++) {
        if (is_first(event, i)) {
            cli_text_indent(text, indent);
            print_filter(text, event, event->verdicts[i].by);
        }
    }
}
