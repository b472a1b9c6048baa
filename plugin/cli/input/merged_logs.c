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
    struct cli_positions *positions;
    struct mt_place place;
    struct source *sources;
    size_t n, next;       /* next: the first one whose group has not begun */
    struct source **heap; /* those of the group, the oldest line first */
    size_t nheap;
    bool handed; /* the line of heap[0] was handed out */
    bool failed;
    uint64_t lines;
};

static void open_source(struct cli_merged_logs *logs, struct source *source)
{
    source->open = cli_log_open(&source->log, source->path, logs->options, logs->pause);
    if (!source->open) {
        source->through = true;
        logs->failed = true;
    } else if (logs->positions) {
        source->log.input.growing = source->log.input.regular;
        source->number = cli_positions_find(logs->positions, &source->log.input);
    }
}

/* What follows the last line that mattered has been read as well. */
static void note_end(struct cli_merged_logs *logs, const struct source *source)
{
    if (logs->positions && source->number < MT_SOURCES && !source->log.input.failed) {
        cli_positions_end(logs->positions, source->number, cli_input_position(&source->log.input));
    }
}

static void close_source(struct source *source)
{
    if (source->open) {
        cli_log_close(&source->log);
        source->open = false;
    }
}

static __attribute__((noinline)) void end_source(struct cli_merged_logs *logs, struct source *source, enum cli_got got)
{
    logs->failed |= got == CLI_GOT_ERROR;
    source->through = true;
    if (got == CLI_GOT_END) {
        note_end(logs, source);
    }
    close_source(source);
}

/* Reads a line into source->log.line; at the end closes it. */
static inline void advance(struct cli_merged_logs *logs, struct source *source)
{
    enum cli_got got = cli_log_next(&source->log, logs->options);

    source->ready = got == CLI_GOT_LINE;
    if (!source->ready) {
        end_source(logs, source, got);
    }
}

/* ---- which files belong together ---- */

/* The times of the first and the last line. What cannot be opened twice stays open, with its first line read. */
static void look_into(struct cli_merged_logs *logs, struct source *source)
{
    source->first = INT64_MIN;
    source->last = INT64_MAX;
    open_source(logs, source);
    if (!source->open) {
        return;
    }
    advance(logs, source);
    if (source->open && source->log.input.regular) {
        for (int i = 0; i < HEAD && source->ready && !source->log.headed; i++) {
            source->ready = cli_log_next(&source->log, logs->options) == CLI_GOT_LINE;
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

static void group_sources(struct cli_merged_logs *logs)
{
    int64_t last = INT64_MIN;
    int group = 0;

    for (size_t i = 0; i < logs->n; i++) {
        look_into(logs, &logs->sources[i]);
    }
    if (logs->positions) { /* they are opened again */
        cli_positions_restart(logs->positions);
    }
    qsort(logs->sources, logs->n, sizeof *logs->sources, by_first);
    for (size_t i = 0; i < logs->n; i++) {
        struct source *source = &logs->sources[i];
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

static void sift_down(struct cli_merged_logs *logs, size_t i)
{
    for (;;) {
        size_t least = i, left = 2 * i + 1, right = left + 1;
        struct source *moved = logs->heap[i];
        if (left < logs->nheap && is_before(logs->heap[left], logs->heap[least])) {
            least = left;
        }
        if (right < logs->nheap && is_before(logs->heap[right], logs->heap[least])) {
            least = right;
        }
        if (least == i) {
            return;
        }
        logs->heap[i] = logs->heap[least];
        logs->heap[least] = moved;
        i = least;
    }
}

/* Opens the files of the next group, with their first lines. False: there is none. */
static bool begin_group(struct cli_merged_logs *logs)
{
    int group;

    if (logs->next == logs->n) {
        return false;
    }
    group = logs->sources[logs->next].group;
    logs->nheap = 0;
    for (; logs->next < logs->n && logs->sources[logs->next].group == group; logs->next++) {
        struct source *source = &logs->sources[logs->next];
        if (!source->open && !source->through) {
            open_source(logs, source);
        }
        if (source->open && !source->ready) {
            advance(logs, source);
        }
        if (source->ready) {
            logs->heap[logs->nheap++] = source;
        }
    }
    for (size_t i = logs->nheap; i-- > 0;) {
        sift_down(logs, i);
    }
    return true;
}

/* The line of heap[0] has been used up. */
static void replace_top(struct cli_merged_logs *logs)
{
    struct source *top = logs->heap[0];

    advance(logs, top);
    if (!top->ready) {
        logs->heap[0] = logs->heap[--logs->nheap];
    }
    if (logs->nheap > 1) {
        sift_down(logs, 0);
    }
}

enum mt_verdict cli_merged_logs_parse(struct cli_merged_logs *logs, struct mt_record *record)
{
    return cli_log_parse(&logs->heap[0]->log, logs->options, record);
}

const struct mt_line *cli_merged_logs_next(struct cli_merged_logs *logs)
{
    struct mt_line *line;

    if (logs->handed) {
        logs->handed = false;
        replace_top(logs);
    }
    while (!logs->nheap && !cli_stop) {
        if (!begin_group(logs)) {
            return NULL;
        }
    }
    if (cli_stop) {
        return NULL;
    }
    line = &logs->heap[0]->log.line;
    line->order = ++logs->lines;
    logs->handed = true;
    return line;
}

const struct mt_place *cli_merged_logs_place(struct cli_merged_logs *logs)
{
    const struct source *source = logs->heap[0];

    if (!logs->positions || source->number >= MT_SOURCES) {
        return NULL;
    }
    logs->place = (struct mt_place){source->number, cli_input_position(&source->log.input)};
    return &logs->place;
}

/* ---- */

/* Adds what was rotated away since the last run, which is found only when it is known what the names mean now. */
static void add_rotated(struct cli_merged_logs *logs)
{
    size_t given = logs->n;

    for (size_t i = 0; i < given; i++) {
        struct source *source = &logs->sources[i];
        if (strcmp(source->path, "-") != 0) {
            open_source(logs, source);
            close_source(source);
            source->through = false;
        }
    }
    logs->failed = false; /* it is said again when the file is read */
    for (size_t i = 0; i < given; i++) {
        char *path = cli_positions_rotated(logs->positions, logs->sources[i].path);
        if (path) {
            logs->sources[logs->n] = (struct source){.path = path, .given = (int)logs->n, .rotated = path};
            logs->n++;
        }
    }
    cli_positions_restart(logs->positions);
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
                                               struct cli_positions *positions, uint64_t lines)
{
    struct cli_merged_logs *logs = calloc(1, sizeof *logs);
    size_t n = (size_t)options->nfiles, most = positions ? 2 * n : n;

    if (!logs || !(logs->sources = calloc(most, sizeof *logs->sources)) ||
        !(logs->heap = calloc(most, sizeof *logs->heap))) {
        cli_error("%s", strerror(ENOMEM));
        cli_merged_logs_free(logs);
        return NULL;
    }
    logs->options = options;
    logs->pause = pause;
    logs->positions = positions;
    logs->lines = lines;
    logs->n = n;
    for (size_t i = 0; i < n; i++) {
        logs->sources[i].path = options->files[i];
        logs->sources[i].given = (int)i;
    }
    if (positions) {
        add_rotated(logs);
    }
    if (logs->n > 1) {
        group_sources(logs);
    }
    cli_progress_start(bytes_on_disk(options));
    return logs;
}

struct cli_merged_logs *cli_merged_logs_new(const struct cli_options *options, const struct cli_pause *pause)
{
    return cli_merged_logs_resume(options, pause, NULL, 0);
}

void cli_merged_logs_free(struct cli_merged_logs *logs)
{
    if (!logs) {
        return;
    }
    cli_progress_end();
    for (size_t i = 0; logs->sources && i < logs->n; i++) {
        close_source(&logs->sources[i]);
        free(logs->sources[i].rotated);
    }
    free(logs->sources);
    free(logs->heap);
    free(logs);
}

bool cli_merged_logs_failed(const struct cli_merged_logs *logs)
{
    return logs->failed;
}
