/* A thread that forces the journal of a state to the disk, which may take its time: one at a time, and none in between.
 *
 * Thread rules: one thread at a time for one syncer; no correlator is taken, and the state is open.
 */
#ifndef MT_SYNCER_H
#define MT_SYNCER_H

#include <pthread.h>

#include "mailtrace/state.h"

/* All zero at first. */
struct mt_syncer {
    pthread_t thread;
    bool running;
    bool done;  /* atomic: it has finished, */
    int error;  /* with this, an errno or 0 */
    int fds[2]; /* of the journal */
};

/* Once a second: starts the thread if it does not run and there is something to force. What failed is told to the state. */
void mt_syncer_go(struct mt_syncer *syncer, struct mt_state *state);

/* Waits for the thread, if there is one. */
void mt_syncer_end(struct mt_syncer *syncer, struct mt_state *state);

#endif
