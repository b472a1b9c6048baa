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
    struct cli_read_ahead *ahead = arg;
    bool wanted = true;

    pthread_mutex_lock(&ahead->lock);
    for (;;) {
        while (ahead->sent == ahead->taken && !ahead->ended) {
            pthread_cond_wait(&ahead->changed, &ahead->lock);
        }
        if (ahead->sent == ahead->taken) {
            break;
        }
        pthread_mutex_unlock(&ahead->lock);
        wanted &= ahead->take(ahead->ctx, &ahead->batches[ahead->taken % BATCHES]);
        pthread_mutex_lock(&ahead->lock);
        ahead->taken++;
        ahead->refused = !wanted;
        if (ahead->sent - ahead->taken <= ahead->few) {
            pthread_cond_signal(&ahead->changed);
        }
    }
    pthread_mutex_unlock(&ahead->lock);
    return NULL;
}

/* SIGINT and SIGTERM are for the thread that reads, which they wake. SIGPIPE stays with the one that writes. */
static bool start_thread(struct cli_read_ahead *ahead)
{
    sigset_t set, before;
    int error;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set, &before);
    error = pthread_create(&ahead->thread, NULL, run, ahead);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error == 0;
}

struct cli_read_ahead *cli_read_ahead_start(cli_take_fn *take, void *ctx)
{
    struct cli_read_ahead *ahead = several_processors() ? calloc(1, sizeof *ahead) : NULL;

    if (!ahead) {
        return NULL;
    }
    ahead->take = take;
    ahead->ctx = ctx;
    pthread_mutex_init(&ahead->lock, NULL);
    pthread_cond_init(&ahead->changed, NULL);
    if (!start_thread(ahead)) {
        free(ahead);
        return NULL;
    }
    return ahead;
}

/* Waits until no more than `few` batches are left to be taken. Under the lock. */
static void wait_for_few(struct cli_read_ahead *ahead, unsigned few)
{
    ahead->few = few;
    while (ahead->sent - ahead->taken > few) {
        pthread_cond_wait(&ahead->changed, &ahead->lock);
    }
}

struct cli_batch *cli_read_ahead_room(struct cli_read_ahead *ahead)
{
    bool refused;

    if (ahead->filling && ahead->filling->n < CLI_BATCH) {
        return ahead->filling;
    }
    cli_read_ahead_send(ahead);
    pthread_mutex_lock(&ahead->lock);
    if (ahead->sent - ahead->taken == BATCHES) {
        wait_for_few(ahead, FEW);
    }
    refused = ahead->refused;
    pthread_mutex_unlock(&ahead->lock);
    if (!refused) {
        ahead->filling = &ahead->batches[ahead->sent % BATCHES];
        ahead->filling->n = 0;
        ahead->filling->paused = false;
    }
    return ahead->filling;
}

void cli_read_ahead_send(struct cli_read_ahead *ahead)
{
    if (!ahead->filling) {
        return;
    }
    ahead->filling = NULL;
    pthread_mutex_lock(&ahead->lock);
    ahead->sent++;
    pthread_cond_signal(&ahead->changed);
    pthread_mutex_unlock(&ahead->lock);
}

void cli_read_ahead_wait(struct cli_read_ahead *ahead)
{
    cli_read_ahead_send(ahead);
    pthread_mutex_lock(&ahead->lock);
    wait_for_few(ahead, 0);
    pthread_mutex_unlock(&ahead->lock);
}

void cli_read_ahead_end(struct cli_read_ahead *ahead)
{
    cli_read_ahead_send(ahead);
    pthread_mutex_lock(&ahead->lock);
    ahead->ended = true;
    pthread_cond_signal(&ahead->changed);
    pthread_mutex_unlock(&ahead->lock);
    pthread_join(ahead->thread, NULL);
    pthread_cond_destroy(&ahead->changed);
    pthread_mutex_destroy(&ahead->lock);
    free(ahead);
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
