/* Lines of any bytes through the correlator.
 *
 * Once as they come, with whatever timestamps and bounds: every event is valid JSON, the counters add
 * up, nothing stays open. Then with timestamps that go on by even steps, twice: in order,
 * and out of order within `settle` and with lines repeated; the events must be the same.
 *
 * A line without a header is taken for text of the MTA of the line before. What stands behind
 * the last line feed is no line but the options: one byte each, see enum.
 */
#include "fuzz.h"
#include "mailtrace/correlate.h"
#include "mailtrace/json_c.h"
#include "mailtrace/parser.h"
#include "mailtrace/syslog.h"

#include <stdio.h>
#include <stdlib.h>

enum option {
    FLAGS,
    STEP, /* between lines, in quarters of a second */
    SEED,
    SEED_TOO,
    OPTIONS
};

enum {
    NO_SETTLE = 1,
    SMALL = 2,  /* bounds that are hit */
    WALL = 4,   /* with the wall clock */
    FILTER = 8, /* a filter says something of each entry, in words of its line */
};

#define LINES_MAX 300
#define SECOND    INT64_C(1000000)
#define NOW       (INT64_C(1711551778) * SECOND) /* 2024-03-27T15:02:58Z */

struct fed {
    struct mt_line line;
    struct mt_slice raw;
    int64_t when; /* it is fed */
    size_t place;
};

static struct fed lines[2 * LINES_MAX];
static size_t nlines;
static unsigned char options[OPTIONS];
static uint64_t state;

/* Marsaglia's xorshift. */
static unsigned draw(unsigned below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)((state >> 11) % below);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    return setenv("TZ", "Europe/Berlin", 1);
}

/* --- what is fed --- */

static void read_options(struct mt_slice *input)
{
    const char *feed = input->n ? memrchr(input->p, '\n', input->n) : NULL;
    size_t head = feed ? (size_t)(feed - input->p) + 1 : 0;

    memset(options, 0, sizeof options);
    for (size_t i = 0; i < OPTIONS && head + i < input->n; i++) {
        options[i] = (unsigned char)input->p[head + i];
    }
    input->n = head;
    state = (uint64_t)options[SEED] << 8 | options[SEED_TOO] | UINT64_C(1) << 40;
}

static void read_lines(struct mt_slice at)
{
    struct mt_zone zone = {.now = NOW};
    struct mt_line line = {.time.usec = NOW, .host = MT_LIT("mx1"), .program = MT_LIT("postfix/smtpd"), .pid = 1};
    struct mt_slice raw;

    nlines = 0;
    while (nlines < LINES_MAX && fuzz_next_line(&at, &raw)) {
        raw.p = fuzz_copy(raw.p, raw.n);
        if (mt_syslog_read(&zone, raw, &line) == MT_SYSLOG_NONE) {
            line.text = raw;
        }
        line.order = nlines;
        lines[nlines] = (struct fed){.line = line, .raw = raw, .place = nlines};
        nlines++;
    }
}

static void free_lines(void)
{
    for (size_t i = 0; i < nlines; i++) {
        free((void *)(uintptr_t)lines[i].raw.p);
    }
}

/* --- what comes of it --- */

struct events {
    struct mt_buffer text; /* of one event */
    char *all[16 * LINES_MAX];
    size_t n, count;
    bool keep;
};

static void emit(void *ctx, const struct mt_event *event)
{
    struct events *e = ctx;
    struct json_object *tree = mt_event_json_c(event);
    size_t n;
    const char *text =
        json_object_to_json_string_length(tree, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &n);

    e->text.n = 0;
    fuzz_check(mt_event_json(event, &e->text), "there is memory");
    fuzz_check_json(&e->text);
    fuzz_check(mt_slice_eq(mt_slice(text, n), mt_slice(e->text.p, e->text.n)), "both sinks write the same");
    json_object_put(tree);
    e->count++;
    if (e->keep && e->n < sizeof e->all / sizeof *e->all) {
        mt_buffer_append(&e->text, "", 1);
        e->all[e->n++] = fuzz_copy(e->text.p, e->text.n);
    }
}

static void free_events(struct events *e)
{
    while (e->n) {
        free(e->all[--e->n]);
    }
    mt_buffer_free(&e->text);
}

static struct mt_config config(void)
{
    struct mt_config config;

    mt_config_default(&config);
    if (options[FLAGS] & NO_SETTLE) {
        config.settle = 0;
    }
    if (options[FLAGS] & SMALL) {
        config.max_messages = 3;
        config.max_memory = 16384;
        config.max_recipients = 2;
        config.timeout = 3 * SECOND;
    }
    return config;
}

struct tally {
    uint64_t foreign, recognised, unrecognised, parts;
};

static void feed(struct mt_correlator *c, const struct mt_line *line, int64_t wall, struct tally *tally)
{
    static struct mt_record rec;
    enum mt_verdict verdict = mt_parse(line, &rec);

    tally->foreign += verdict == MT_FOREIGN;
    tally->unrecognised += verdict == MT_UNRECOGNISED;
    tally->recognised += verdict == MT_RECOGNISED;
    tally->parts += verdict == MT_RECOGNISED && rec.kind == MT_KIND_PART;
    mt_correlator_feed(c, &rec, verdict, wall);
}

/* Any piece of the text. */
static struct mt_slice piece(struct mt_slice text)
{
    size_t from = draw((unsigned)text.n + 1), n = draw((unsigned)(text.n - from) + 1);

    return mt_slice(text.p + from, n);
}

static void add_verdict(struct mt_line_verdicts *verdicts, struct mt_slice text)
{
    struct mt_filter_verdict *v =
        mt_verdict_add(verdicts, (enum mt_verdict_kind)draw(MT_VERDICT_COUNT), MT_LIT("filter"));

    if (!v) {
        return;
    }
    v->name = v->domain = v->action = piece(text);
    v->result = v->category = piece(text);
    v->score = (int64_t)state;
    v->score_known = draw(2);
    for (unsigned n = draw(4); n; n--) {
        mt_symbol_add(verdicts, (struct mt_symbol){piece(text), draw(2), (int64_t)draw(1000)});
    }
}

/* What a filter may say of the line's entry. Returns whether anything was fed. */
static bool feed_filter(struct mt_correlator *c, const struct mt_line *line, int64_t wall, struct tally *tally)
{
    static struct mt_record rec;

    if (mt_parse(line, &rec) != MT_RECOGNISED || rec.kind == MT_KIND_PART || !mt_has(&rec.f, MT_F_QUEUE_ID)) {
        return false;
    }
    rec.kind = MT_KIND_FILTER;
    rec.effect = MT_EFFECT_NONE;
    for (unsigned n = draw(20); n; n--) {
        add_verdict(&rec.verdicts, rec.line.text);
    }
    rec.line.text = piece(rec.line.text); /* another line */
    tally->recognised++;
    mt_correlator_feed(c, &rec, MT_RECOGNISED, wall);
    return true;
}

static void check_counters(const struct mt_correlator *c, const struct tally *tally, uint64_t fed, uint64_t events)
{
    struct mt_stats stats;
    uint64_t recognised = 0, unrecognised = 0, emitted = 0, incomplete = 0;

    mt_correlator_stats(c, &stats);
    for (int mta = 0; mta < MT_SOURCE_COUNT; mta++) {
        recognised += stats.recognised[mta];
        unrecognised += stats.unrecognised[mta];
    }
    for (int kind = 0; kind < MT_EVENT_COUNT; kind++) {
        emitted += stats.events[kind];
    }
    for (int reason = 0; reason < MT_REASON_COUNT; reason++) {
        incomplete += stats.incomplete[reason];
    }
    fuzz_check(stats.lines == fed, "lines are counted");
    fuzz_check(stats.foreign == tally->foreign, "foreign lines are counted");
    fuzz_check(recognised == tally->recognised, "recognised lines are counted");
    fuzz_check(unrecognised >= tally->unrecognised && unrecognised <= tally->unrecognised + tally->parts,
               "unrecognised lines are counted, put together ones too");
    fuzz_check(emitted == events, "events are counted");
    fuzz_check(incomplete <= stats.events[MT_EVENT_MESSAGE], "incomplete messages are messages");
    fuzz_check(stats.open == 0, "no message stays open");
    fuzz_check(stats.sessions == 0, "no session stays open");
}

/* --- the runs --- */

static void run_as_they_come(void)
{
    static struct events e;
    const struct mt_config with = config();
    struct mt_correlator *c = mt_correlator_new(&with, emit, &e);
    struct tally tally = {0};
    int64_t wall = options[FLAGS] & WALL ? NOW : 0;
    uint64_t more = 0;

    fuzz_check(c != NULL, "there is memory");
    e = (struct events){.n = 0};
    for (size_t i = 0; i < nlines; i++) {
        feed(c, &lines[i].line, wall, &tally);
        if (options[FLAGS] & FILTER) {
            more += feed_filter(c, &lines[i].line, wall, &tally);
        }
        if (wall) {
            wall += options[STEP] * (SECOND / 4);
            mt_correlator_tick(c, wall);
        }
    }
    mt_correlator_flush(c, true);
    check_counters(c, &tally, nlines + more, e.count);
    mt_correlator_free(c);
    free_events(&e);
}

static int by_when(const void *a, const void *b)
{
    const struct fed *x = a, *y = b;

    if (x->when != y->when) {
        return x->when < y->when ? -1 : 1;
    }
    return x->place < y->place ? -1 : x->place > y->place;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void run_by_steps(struct events *e, struct fed *v, size_t n)
{
    struct mt_config with;
    struct mt_correlator *c;
    struct tally tally = {0};

    mt_config_default(&with);
    c = mt_correlator_new(&with, emit, e);
    fuzz_check(c != NULL, "there is memory");
    e->keep = true;
    qsort(v, n, sizeof *v, by_when);
    for (size_t i = 0; i < n; i++) {
        feed(c, &v[i].line, 0, &tally);
    }
    mt_correlator_flush(c, true);
    check_counters(c, &tally, n, e->count);
    mt_correlator_free(c);
    qsort(e->all, e->n, sizeof *e->all, by_text);
}

/* Lines come late by less than `settle`, and some come twice. */
static size_t disorder(struct fed *v, size_t n)
{
    size_t all = n;

    for (size_t i = 0; i < n; i++) {
        v[i].when = v[i].line.time.usec + draw(2 * SECOND - 1);
        if (draw(3) == 0) {
            v[all] = v[i];
            v[all].when = v[i].line.time.usec + draw(2 * SECOND - 1);
            v[all].place = all;
            all++;
        }
    }
    return all;
}

/* Both are sorted: what only one of them has. */
static bool print_differences(const struct events *want, const struct events *got)
{
    size_t i = 0, k = 0;
    bool same = true;

    while (i < want->n || k < got->n) {
        int order = i == want->n ? 1 : k == got->n ? -1 : strcmp(want->all[i], got->all[k]);
        if (order) {
            fprintf(stderr, "%s: %s\n", order < 0 ? "in order" : "out of order",
                    order < 0 ? want->all[i] : got->all[k]);
            same = false;
        }
        i += order <= 0;
        k += order >= 0;
    }
    return same;
}

static void check_same(const struct events *want, const struct events *got)
{
    fuzz_check(print_differences(want, got), "order and repetition change no event");
}

/* Do lines name more than one instance? Then it is what the host's queues are known to be called by then that tells whose an
 * entry is, and lines that come again may know more.
 */
static bool names_instances(void)
{
    struct mt_slice first = {NULL, 0};
    struct mt_record rec;

    for (size_t i = 0; i < nlines; i++) {
        struct mt_slice instance;
        if (mt_parse(&lines[i].line, &rec) != MT_RECOGNISED) {
            continue;
        }
        instance = mt_get(&rec.f, MT_F_INSTANCE);
        if (first.p && !mt_slice_eq(first, instance)) {
            return true;
        }
        first = instance.p ? instance : MT_LIT("");
    }
    return false;
}

static void run_in_and_out_of_order(void)
{
    static struct events want, got;
    static struct fed v[2 * LINES_MAX];

    if (names_instances()) {
        return;
    }
    want = got = (struct events){.n = 0};
    for (size_t i = 0; i < nlines; i++) {
        /* No two timestamps are the same: such lines are told apart by their order alone. */
        lines[i].when = lines[i].line.time.usec = NOW + (int64_t)i * (options[STEP] * (SECOND / 4) + 1);
    }
    memcpy(v, lines, nlines * sizeof *v);
    run_by_steps(&want, v, nlines);
    memcpy(v, lines, nlines * sizeof *v);
    run_by_steps(&got, v, disorder(v, nlines));
    check_same(&want, &got);
    free_events(&want);
    free_events(&got);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mt_slice input = mt_slice((const char *)data, size);

    read_options(&input);
    read_lines(input);
    run_as_they_come();
    run_in_and_out_of_order();
    free_lines();
    return 0;
}
