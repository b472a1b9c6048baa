/* A thread that forces the journal to the disk: see syncer.h. */
#include "syncer.h"

#include <signal.h>
#include <unistd.h>

static void *run(void *arg)
{
    struct mt_syncer *syncer = arg;

    syncer->error = mt_state_sync(syncer->fds);
    __atomic_store_n(&syncer->done, true, __ATOMIC_RELEASE);
    return NULL;
}

void mt_syncer_end(struct mt_syncer *syncer, struct mt_state *state)
{
    if (!syncer->running) {
        return;
    }
    pthread_join(syncer->thread, NULL);
    syncer->running = false;
    mt_state_sync_end(state, syncer->error);
}

static void start(struct mt_syncer *syncer)
{
    sigset_t all, before;

    syncer->done = false;
    sigfillset(&all); /* signals are for the host's threads */
    pthread_sigmask(SIG_BLOCK, &all, &before);
    syncer->running = pthread_create(&syncer->thread, NULL, run, syncer) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!syncer->running) {
        close(syncer->fds[0]);
        close(syncer->fds[1]);
    }
}

void mt_syncer_go(struct mt_syncer *syncer, struct mt_state *state)
{
    if (syncer->running && !__atomic_load_n(&syncer->done, __ATOMIC_ACQUIRE)) {
        return;
    }
    mt_syncer_end(syncer, state);
    if (mt_state_sync_begin(state, syncer->fds)) {
        start(syncer);
    }
}
