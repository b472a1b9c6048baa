/* Processes with a state on disk, for tests of what it promises: each is a real one, and may kill itself. */
#ifndef MT_STATE_PROCESS_H
#define MT_STATE_PROCESS_H

#include <sys/types.h>

#include "mailtrace/state.h"

#define ALL SIZE_MAX

/* Files of the test, in a directory of its own: of the state, of events and of what was reported. */
extern char directory[64], path[96], output[96], reports[96];

/* Of the next process. */
extern struct mt_state_config config;

struct run {
    struct mt_shards *shards; /* how many, differs from process to process */
    struct mt_state *state;
    int out, reports;
    size_t fed;
};

void state_setup(void);
void state_teardown(void);

/* A mt_emit_fn; ctx: a struct run. */
void emit(void *ctx, const struct mt_event *event);

void run_open(struct run *run);
/* The drawn lines from `from` to before `to`. wall: the wall clock at the first line; four lines come in a second. */
void run_feed(struct run *run, size_t from, size_t to, int64_t wall);
void run_close(struct run *run);

/* In a process of its own: opens, feeds the lines, ends: by SIGKILL, or as it should; with ALL the input ends, too. */
void live(size_t from, size_t to, bool killed, int64_t wall);

/* A file's content, to be freed. */
char *read_file(const char *name);

/* The events, sorted, each once where `once` is set; to be freed. */
char *events(bool once);

/* Events of the log in one go, without any restart, to be freed. */
char *undisturbed(void);

void expect(char *want, bool once);
void expect_report(const char *text);

/* The newest file of the state. */
void newest(char name[400]);

/* How many bytes of a file there are, but for zeros at its end. */
off_t used(int fd);

#endif
