#include "merged_logs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "show/progress.h"

/* How many lines of a file are searched for a timestamp. */
#define HEAD 1000

struct source {
    struct cli_log log;
    const char *path;
    int given;    /* which of the files named */
    bool open;    /* log is */
    bool ready;   /* its line has been read and not handed out */
    bool through; /* nothing is left */
    int64_t first, last;
    int group;       /* those of one group are merged */
    uint32_t number; /* of the file, in the state */
    char *rotated;   /* path, when it was found and not given */
};

struct cli_merged_logs {
    const struct cli_options *options;
    const struct cli_pause *pause;
    struct cli_positions *places;
    struct mt_place place;
    struct source *sources;
    size_t n, next;       /* next: the first one whose group has not begun */
    struct source **heap; /* those of the group, the oldest line first */
    size_t nheap;
    bool handed; /* the line of heap[0] was handed out */
    bool failed;
    uint64_t lines;
};

static void open_source(struct cli_merged_logs *order, struct source *source)
{
    source->open = cli_log_open(&source->log, source->path, order->options, order->pause);
    if (!source->open) {
        source->through = true;
        order->failed = true;
    } else if (order->places) {
        source->log.input.growing = source->log.input.regular;
        source->number = cli_positions_find(order->places, &source->log.input);
    }
}

/* What follows the last line that mattered has been read as well. */
static void note_end(struct cli_merged_logs *order, const struct source *source)
{
    if (order->places && source->number < MT_SOURCES && !source->log.input.failed) {
        cli_positions_end(order->places, source->number, cli_input_position(&source->log.input));
    }
}

static void close_source(struct source *source)
{
    if (source->open) {
        cli_log_close(&source->log);
        source->open = false;
    }
}

static __attribute__((noinline)) void end_source(struct cli_merged_logs *order, struct source *source, enum cli_got got)
{
    order->failed |= got == CLI_GOT_ERROR;
    source->through = true;
    if (got == CLI_GOT_END) {
        note_end(order, source);
    }
    close_source(source);
}

/* Reads a line into source->log.line; at the end closes it. */
static inline void advance(struct cli_merged_logs *order, struct source *source)
{
    enum cli_got got = cli_log_next(&source->log, order->options);

    source->ready = got == CLI_GOT_LINE;
    if (!source->ready) {
        end_source(order, source, got);
    }
}

/* ---- which files belong together ---- */

/* The times of the first and the last line. What cannot be opened twice stays open, with its first line read. */
static void look_into(struct cli_merged_logs *order, struct source *source)
{
    source->first = INT64_MIN;
    source->last = INT64_MAX;
    open_source(order, source);
    if (!source->open) {
        return;
    }
    advance(order, source);
    if (source->open && source->log.input.regular) {
        for (int i = 0; i < HEAD && source->ready && !source->log.headed; i++) {
            source->ready = cli_log_next(&source->log, order->options) == CLI_GOT_LINE;
        }
    }
    if (!source->ready) {
        close_source(source);
        return;
    }
    source->first = source->log.line.time.usec;
    if (!cli_log_last(&source->log, &source->last) || source->last < source->first) {
        source->last = INT64_MAX;
    }
    if (source->log.input.regular && source->log.input.fd != 0) {
        close_source(source);
        source->ready = false;
    }
}

static int by_first(const void *a, const void *b)
{
    const struct source *x = a, *y = b;

    if (x->first != y->first) {
        return x->first < y->first ? -1 : 1;
    }
    return x->given - y->given;
}

static void group_sources(struct cli_merged_logs *order)
{
    int64_t last = INT64_MIN;
    int group = 0;

    for (size_t i = 0; i < order->n; i++) {
        look_into(order, &order->sources[i]);
    }
    if (order->places) { /* they are opened again */
        cli_positions_restart(order->places);
    }
    qsort(order->sources, order->n, sizeof *order->sources, by_first);
    for (size_t i = 0; i < order->n; i++) {
        struct source *source = &order->sources[i];
        group += source->first >= last;
        source->group = group;
        last = source->first >= last || source->last > last ? source->last : last;
    }
}

/* ---- merging: a heap by the timestamp of the next line ---- */

static bool is_before(const struct source *a, const struct source *b)
{
    int64_t x = a->log.line.time.usec, y = b->log.line.time.usec;

    return x != y ? x < y : a->given < b->given;
}

static void sift_down(struct cli_merged_logs *order, size_t i)
{
    for (;;) {
        size_t least = i, left = 2 * i + 1, right = left + 1;
        struct source *moved = order->heap[i];
        if (left < order->nheap && is_before(order->heap[left], order->heap[least])) {
            least = left;
        }
        if (right < order->nheap && is_before(order->heap[right], order->heap[least])) {
            least = right;
        }
        if (least == i) {
            return;
        }
        order->heap[i] = order->heap[least];
        order->heap[least] = moved;
        i = least;
    }
}

/* Opens the files of the next group, with their first lines. False: there is none. */
static bool begin_group(struct cli_merged_logs *order)
{
    int group;

    if (order->next == order->n) {
        return false;
    }
    group = order->sources[order->next].group;
    order->nheap = 0;
    for (; order->next < order->n && order->sources[order->next].group == group; order->next++) {
        struct source *source = &order->sources[order->next];
        if (!source->open && !source->through) {
            open_source(order, source);
        }
        if (source->open && !source->ready) {
            advance(order, source);
        }
        if (source->ready) {
            order->heap[order->nheap++] = source;
        }
    }
    for (size_t i = order->nheap; i-- > 0;) {
        sift_down(order, i);
    }
    return true;
}

/* The line of heap[0] has been used up. */
static void replace_top(struct cli_merged_logs *order)
{
    advance(order, order->heap[0]);
    if (!order->heap[0]->ready) {
        order->heap[0] = order->heap[--order->nheap];
    }
    if (order->nheap > 1) {
        sift_down(order, 0);
    }
}

const struct mt_line *cli_merged_logs_next(struct cli_merged_logs *order)
{
    struct mt_line *line;

    if (order->handed) {
        order->handed = false;
        replace_top(order);
    }
    while (!order->nheap && !cli_stop) {
        if (!begin_group(order)) {
            return NULL;
        }
    }
    if (cli_stop) {
        return NULL;
    }
    line = &order->heap[0]->log.line;
    line->order = ++order->lines;
    order->handed = true;
    return line;
}

const struct mt_place *cli_merged_logs_place(struct cli_merged_logs *order)
{
    const struct source *source = order->heap[0];

    if (!order->places || source->number >= MT_SOURCES) {
        return NULL;
    }
    order->place = (struct mt_place){source->number, cli_input_position(&source->log.input)};
    return &order->place;
}

/* ---- */

/* Adds what was rotated away since the last run, which is found only when it is known what the names mean now. */
static void add_rotated(struct cli_merged_logs *order)
{
    size_t given = order->n;

    for (size_t i = 0; i < given; i++) {
        struct source *source = &order->sources[i];
        if (strcmp(source->path, "-") != 0) {
            open_source(order, source);
            close_source(source);
            source->through = false;
        }
    }
    order->failed = false; /* it is said again when the file is read */
    for (size_t i = 0; i < given; i++) {
        char *path = cli_positions_rotated(order->places, order->sources[i].path);
        if (path) {
            order->sources[order->n] = (struct source){.path = path, .given = (int)order->n, .rotated = path};
            order->n++;
        }
    }
    cli_positions_restart(order->places);
}

static uint64_t bytes_on_disk(const struct cli_options *options)
{
    uint64_t sum = 0;
    struct stat st;

    for (int i = 0; i < options->nfiles; i++) {
        bool standard = strcmp(options->files[i], "-") == 0;
        if ((standard ? fstat(STDIN_FILENO, &st) : stat(options->files[i], &st)) == 0 && S_ISREG(st.st_mode)) {
            sum += (uint64_t)st.st_size;
        }
    }
    return sum;
}

struct cli_merged_logs *cli_merged_logs_resume(const struct cli_options *options, const struct cli_pause *pause,
                                               struct cli_positions *places, uint64_t lines)
{
    struct cli_merged_logs *order = calloc(1, sizeof *order);
    size_t n = (size_t)options->nfiles, most = places ? 2 * n : n;

    if (!order || !(order->sources = calloc(most, sizeof *order->sources)) ||
        !(order->heap = calloc(most, sizeof *order->heap))) {
        cli_error("%s", strerror(ENOMEM));
        cli_merged_logs_free(order);
        return NULL;
    }
    order->options = options;
    order->pause = pause;
    order->places = places;
    order->lines = lines;
    order->n = n;
    for (size_t i = 0; i < n; i++) {
        order->sources[i].path = options->files[i];
        order->sources[i].given = (int)i;
    }
    if (places) {
        add_rotated(order);
    }
    if (order->n > 1) {
        group_sources(order);
    }
    cli_progress_start(bytes_on_disk(options));
    return order;
}

struct cli_merged_logs *cli_merged_logs_new(const struct cli_options *options, const struct cli_pause *pause)
{
    return cli_merged_logs_resume(options, pause, NULL, 0);
}

void cli_merged_logs_free(struct cli_merged_logs *order)
{
    if (!order) {
        return;
    }
    cli_progress_end();
    for (size_t i = 0; order->sources && i < order->n; i++) {
        close_source(&order->sources[i]);
        free(order->sources[i].rotated);
    }
    free(order->sources);
    free(order->heap);
    free(order);
}

bool cli_merged_logs_failed(const struct cli_merged_logs *order)
{
    return order->failed;
}
