/* A thread that calls a function once a second: see ticker.h. */
#include "ticker.h"

#include <signal.h>
#include <time.h>

/* Returns false when the thread is to end. */
static bool wait_a_second(struct mt_ticker *ticker)
{
    struct timespec until;
    bool go_on;
    int rc = 0;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec++;
    pthread_mutex_lock(&ticker->lock);
    while (!ticker->stop && rc == 0) {
        rc = pthread_cond_timedwait(&ticker->wake, &ticker->lock, &until);
    }
    go_on = !ticker->stop;
    pthread_mutex_unlock(&ticker->lock);
    return go_on;
}

static void *run(void *arg)
{
    struct mt_ticker *ticker = arg;

    while (wait_a_second(ticker)) {
        ticker->tick(ticker->ctx);
    }
    return NULL;
}

static void init_wake(struct mt_ticker *ticker)
{
    pthread_condattr_t monotonic;

    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&ticker->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

static void destroy(struct mt_ticker *ticker)
{
    pthread_cond_destroy(&ticker->wake);
    pthread_mutex_destroy(&ticker->lock);
}

int mt_ticker_start(struct mt_ticker *ticker, void (*tick)(void *ctx), void *ctx)
{
    sigset_t all, before;
    int rc;

    *ticker = (struct mt_ticker){.tick = tick, .ctx = ctx};
    pthread_mutex_init(&ticker->lock, NULL);
    init_wake(ticker);
    sigfillset(&all); /* signals are for rsyslog's main thread */
    pthread_sigmask(SIG_BLOCK, &all, &before);
    rc = pthread_create(&ticker->thread, NULL, run, ticker);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    ticker->running = rc == 0;
    if (rc) {
        destroy(ticker);
    }
    return rc;
}

void mt_ticker_stop(struct mt_ticker *ticker)
{
    if (!ticker->running) {
        return;
    }
    pthread_mutex_lock(&ticker->lock);
    ticker->stop = true;
    pthread_cond_signal(&ticker->wake);
    pthread_mutex_unlock(&ticker->lock);
    pthread_join(ticker->thread, NULL);
    destroy(ticker);
    ticker->running = false;
}
