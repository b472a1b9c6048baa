/* A thread that calls a function once a second. */
#ifndef MT_RSYSLOG_TICKER_H
#define MT_RSYSLOG_TICKER_H

#include <pthread.h>
#include <stdbool.h>

struct mt_ticker {
    void (*tick)(void *ctx);
    void *ctx;
    pthread_t thread;
    pthread_mutex_t lock; /* of stop */
    pthread_cond_t wake;
    bool running, stop;
};

/* Returns 0 or an errno. The ticker must stay where it is until it is stopped. */
int mt_ticker_start(struct mt_ticker *ticker, void (*tick)(void *ctx), void *ctx);

/* Ends the thread: at once, or after the tick that it is in. Nothing to do when it never ran. */
void mt_ticker_stop(struct mt_ticker *ticker);

#endif
