#include "read_ahead.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define BATCHES 8

/* A reader that has filled all waits until no more than these are left: to be woken for each one costs more. */
#define FEW (BATCHES / 2)

struct cli_read_ahead {
    pthread_t thread;
    cli_take_fn *take;
    void *ctx;
    struct cli_batch *filling; /* NULL: none yet */
    pthread_mutex_t lock;      /* of what follows, up to the batches */
    pthread_cond_t changed;
    unsigned few;         /* batches: with so many left to be taken the reader need not wait any more */
    unsigned sent, taken; /* batches; those in between are the taker's, the next one is the reader's */
    bool refused, ended;
    struct cli_batch batches[BATCHES];
};

static bool several_processors(void)
{
    cpu_set_t set;

    return sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 1;
}

static void *run(void *arg)
{
    struct cli_read_ahead *reader = arg;
    bool wanted = true;

    pthread_mutex_lock(&reader->lock);
    for (;;) {
        while (reader->sent == reader->taken && !reader->ended) {
            pthread_cond_wait(&reader->changed, &reader->lock);
        }
        if (reader->sent == reader->taken) {
            break;
        }
        pthread_mutex_unlock(&reader->lock);
        wanted &= reader->take(reader->ctx, &reader->batches[reader->taken % BATCHES]);
        pthread_mutex_lock(&reader->lock);
        reader->taken++;
        reader->refused = !wanted;
        if (reader->sent - reader->taken <= reader->few) {
            pthread_cond_signal(&reader->changed);
        }
    }
    pthread_mutex_unlock(&reader->lock);
    return NULL;
}

/* SIGINT and SIGTERM are for the thread that reads, which they wake. SIGPIPE stays with the one that writes. */
static bool start_thread(struct cli_read_ahead *reader)
{
    sigset_t set, before;
    int error;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set, &before);
    error = pthread_create(&reader->thread, NULL, run, reader);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error == 0;
}

struct cli_read_ahead *cli_read_ahead_start(cli_take_fn *take, void *ctx)
{
    struct cli_read_ahead *reader = several_processors() ? calloc(1, sizeof *reader) : NULL;

    if (!reader) {
        return NULL;
    }
    reader->take = take;
    reader->ctx = ctx;
    pthread_mutex_init(&reader->lock, NULL);
    pthread_cond_init(&reader->changed, NULL);
    if (!start_thread(reader)) {
        free(reader);
        return NULL;
    }
    return reader;
}

/* Waits until no more than `few` batches are left to be taken. Under the lock. */
static void wait_for_few(struct cli_read_ahead *reader, unsigned few)
{
    reader->few = few;
    while (reader->sent - reader->taken > few) {
        pthread_cond_wait(&reader->changed, &reader->lock);
    }
}

struct cli_batch *cli_read_ahead_room(struct cli_read_ahead *reader)
{
    bool refused;

    if (reader->filling && reader->filling->n < CLI_BATCH) {
        return reader->filling;
    }
    cli_read_ahead_send(reader);
    pthread_mutex_lock(&reader->lock);
    if (reader->sent - reader->taken == BATCHES) {
        wait_for_few(reader, FEW);
    }
    refused = reader->refused;
    pthread_mutex_unlock(&reader->lock);
    if (!refused) {
        reader->filling = &reader->batches[reader->sent % BATCHES];
        reader->filling->n = 0;
        reader->filling->paused = false;
    }
    return reader->filling;
}

void cli_read_ahead_send(struct cli_read_ahead *reader)
{
    if (!reader->filling) {
        return;
    }
    reader->filling = NULL;
    pthread_mutex_lock(&reader->lock);
    reader->sent++;
    pthread_cond_signal(&reader->changed);
    pthread_mutex_unlock(&reader->lock);
}

void cli_read_ahead_wait(struct cli_read_ahead *reader)
{
    cli_read_ahead_send(reader);
    pthread_mutex_lock(&reader->lock);
    wait_for_few(reader, 0);
    pthread_mutex_unlock(&reader->lock);
}

void cli_read_ahead_end(struct cli_read_ahead *reader)
{
    cli_read_ahead_send(reader);
    pthread_mutex_lock(&reader->lock);
    reader->ended = true;
    pthread_cond_signal(&reader->changed);
    pthread_mutex_unlock(&reader->lock);
    pthread_join(reader->thread, NULL);
    pthread_cond_destroy(&reader->changed);
    pthread_mutex_destroy(&reader->lock);
    free(reader);
}

static void append(char **at, struct mt_slice *s)
{
    if (s->n) {
        s->p = memcpy(*at, s->p, s->n);
        *at += s->n;
    }
}

struct mt_line *cli_read_ahead_line(const struct mt_line *line)
{
    struct mt_line *copy = malloc(sizeof *copy + line->host.n + line->program.n + line->text.n);

    if (copy) {
        char *at = (char *)(copy + 1);
        *copy = *line;
        append(&at, &copy->host);
        append(&at, &copy->program);
        append(&at, &copy->text);
    }
    return copy;
}
