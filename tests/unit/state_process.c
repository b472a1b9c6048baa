/* Processes with a state on disk: see state_process.h. */
#include "state_process.h"

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "drawn.h"
#include "mailtrace/syslog.h"

char directory[64], path[96], output[96], reports[96];

/* --- a process with a state --- */

struct mt_state_config config;
static unsigned lives; /* processes so far */

static void write_out(int fd, const char *p, size_t n)
{
    if (write(fd, p, n) != (ssize_t)n) {
        abort();
    }
}

void emit(void *ctx, const struct mt_event *event)
{
    const struct run *run = ctx;
    struct mt_buffer text = {0};

    mt_event_json(event, &text);
    mt_buffer_append(&text, "\n", 1);
    write_out(run->out, text.p, text.n);
    mt_buffer_free(&text);
}

static void report(void *ctx, enum mt_severity severity, const char *text)
{
    const struct run *run = ctx;
    char line[600];
    int n = snprintf(line, sizeof line, "%d %s\n", severity, text);

    write_out(run->reports, line, (size_t)n);
}

void run_open(struct run *run)
{
    struct mt_config engine;
    char why[300];

    mt_config_default(&engine);
    *run = (struct run){.out = open(output, O_WRONLY | O_CREAT | O_APPEND, 0600),
                        .reports = open(reports, O_WRONLY | O_CREAT | O_APPEND, 0600)};
    run->shards = mt_shards_new(&engine, 1 + lives * 5 % MT_SHARDS_MAX, emit);
    config.report = report;
    config.ctx = run;
    run->state = mt_state_open(&config, run->shards, why, sizeof why);
    ck_assert_msg(run->state != NULL, "%s", why);
    mt_shards_take_all(run->shards, run);
    while (!mt_state_recover(run->state, 10)) {
    }
    mt_shards_give_all(run->shards);
}

/* wall: the wall clock at the first line; four lines come in a second. */
void run_feed(struct run *run, size_t from, size_t to, int64_t wall)
{
    static struct mt_record rec;
    struct mt_zone zone = {.fixed = true};
    struct mt_copier copier = {NULL};
    unsigned shard = mt_shards_of(run->shards, MT_LIT("mx1"));
    struct mt_correlator *c;

    for (size_t i = from; i < to && i < drawn_n; i++) {
        struct mt_line line = {.order = i + 1};
        struct mt_place place = {3, i + 1};
        struct mt_line_copy *copy;
        enum mt_verdict verdict;
        mt_syslog_read(&zone, mt_slice_str(drawn_lines[i].text), &line);
        verdict = mt_parse(&line, &rec);
        copy = i % 2 ? mt_copier_copy(&copier, &rec, verdict) : NULL;
        c = mt_shards_take(run->shards, shard, run);
        if (copy) {
            mt_state_feed_copy(run->state, c, copy, wall, &place);
        } else {
            mt_state_feed(run->state, c, &rec, verdict, wall, &place);
        }
        mt_shards_give(run->shards, shard);
        wall += wall ? DRAWN_SECOND / 4 : 0;
    }
    mt_copier_free(&copier, mt_shards_at(run->shards, MT_LIT("mx1")));
}

void run_close(struct run *run)
{
    mt_state_close(run->state, true);
    mt_shards_free(run->shards);
    close(run->out);
    close(run->reports);
}

/* In a process of its own: opens, feeds the lines, ends: by SIGKILL, or as it should; with `all` the input ends, too.
 */
void live(size_t from, size_t to, bool killed, int64_t wall)
{
    pid_t child;
    int status;

    lives++;
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        struct run run;
        run_open(&run);
        run_feed(&run, from, to, wall);
        if (killed) {
            raise(SIGKILL);
        }
        if (to == ALL) {
            mt_correlator_flush(mt_shards_at(run.shards, MT_LIT("mx1")), true);
        }
        run_close(&run);
        _exit(0);
    }
    waitpid(child, &status, 0);
    ck_assert_msg(killed ? WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL : status == 0, "status %d", status);
}

/* --- what came out --- */

char *read_file(const char *name)
{
    struct mt_buffer all = {0};
    char chunk[4096];
    int fd = open(name, O_RDONLY);
    ssize_t n;

    while (fd >= 0 && (n = read(fd, chunk, sizeof chunk)) > 0) {
        mt_buffer_append(&all, chunk, (size_t)n);
    }
    mt_buffer_append(&all, "", 1);
    if (fd >= 0) {
        close(fd);
    }
    return all.p;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The events, sorted; each once where `once` is set. */
char *events(bool once)
{
    char *text = read_file(output), *save = NULL, **v = calloc(strlen(text) / 2 + 2, sizeof *v);
    struct mt_buffer all = {0};
    size_t n = 0;

    ck_assert_ptr_nonnull(v);
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        v[n++] = line;
    }
    qsort(v, n, sizeof *v, by_text);
    for (size_t i = 0; i < n; i++) {
        if (!once || !i || strcmp(v[i], v[i - 1]) != 0) {
            mt_buffer_append(&all, v[i], strlen(v[i]));
            mt_buffer_append(&all, "\n", 1);
        }
    }
    mt_buffer_append(&all, "", 1);
    free(v);
    free(text);
    return all.p;
}

static void remove_all(void)
{
    DIR *dir = opendir(directory);
    const struct dirent *entry;
    char name[400];

    while (dir && (entry = readdir(dir))) {
        snprintf(name, sizeof name, "%s/%s", directory, entry->d_name);
        unlink(name);
    }
    if (dir) {
        closedir(dir);
    }
}

void state_setup(void)
{
    snprintf(directory, sizeof directory, "/tmp/mailtrace-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/state", directory);
    snprintf(output, sizeof output, "%s/output", directory);
    snprintf(reports, sizeof reports, "%s/reports", directory);
    config = (struct mt_state_config){.path = path, .redeliver = MT_REDELIVER_UNMARKED, .max_bytes = UINT64_C(1) << 30};
}

void state_teardown(void)
{
    remove_all();
    rmdir(directory);
}

/* Events of the log in one go, without any restart. */
char *undisturbed(void)
{
    char *want;

    live(0, ALL, false, 0);
    want = events(false);
    ck_assert_ptr_nonnull(strstr(want, "\"result\":\"sent\""));
    remove_all();
    return want;
}

void expect(char *want, bool once)
{
    char *got = events(once);

    ck_assert_str_eq(got, want);
    free(got);
}

void expect_report(const char *text)
{
    char *all = read_file(reports);

    ck_assert_msg(strstr(all, text) != NULL, "no \"%s\" in: %s", text, all);
    free(all);
}

/* The newest file of the state. */
void newest(char name[400])
{
    DIR *dir = opendir(directory);
    const struct dirent *entry;
    char best[256] = "";

    ck_assert_ptr_nonnull(dir);
    while ((entry = readdir(dir))) {
        if (strncmp(entry->d_name, "state.", 6) == 0 && strlen(entry->d_name) == 14 &&
            strcmp(entry->d_name, best) > 0) {
            snprintf(best, sizeof best, "%s", entry->d_name);
        }
    }
    closedir(dir);
    ck_assert_str_ne(best, "");
    snprintf(name, 400, "%s/%s", directory, best);
}

/* How much of a file is not zero. */
off_t used(int fd)
{
    off_t end = lseek(fd, 0, SEEK_END) / 8 * 8;
    uint64_t word = 0;

    while (end > 0 && !word) {
        end -= 8;
        ck_assert_int_eq(pread(fd, &word, sizeof word, end), sizeof word);
    }
    return end;
}
