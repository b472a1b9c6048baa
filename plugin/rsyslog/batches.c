#include "batches.h"

#include <time.h>

#include "wti.h"
#include "wtp.h"

#define SECOND UINT64_C(1000000) /* usec */

#define LOOKS_MAX 16 /* messages for which a worker is looked for: an input without a queue has none */

void mt_batches_init(struct mt_batches *batches)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    batches->base = (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec / 1000;
}

/* The worker of that queue that keeps its data for the action there, or NULL. */
static wti_t *worker_of(const qqueue_t *queue, void **place, int action)
{
    const wtp_t *pool = queue ? queue->pWtpReg : NULL;

    for (int i = 0; pool && pool->pWrkr && i < pool->iNumWorkerThreads; i++) {
        wti_t *worker = pool->pWrkr[i];
        if (worker && worker->actWrkrInfo && &worker->actWrkrInfo[action].actWrkrData == place) {
            return worker;
        }
    }
    return NULL;
}

/* All workers of an action should take from one queue. */
static void note_queue(struct mt_batches *batches, qqueue_t *queue)
{
    qqueue_t *known = NULL;

    if (!__atomic_compare_exchange_n(&batches->queue, &known, queue, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE) &&
        known != queue) {
        __atomic_store_n(&batches->several, true, __ATOMIC_RELEASE);
    }
}

/* A worker is of the action's own queue, the ruleset's, or the main one. */
static void look(struct mt_batches *batches, struct mt_batch *batch, const action_t *action, rsconf_t *conf,
                 const smsg_t *msg)
{
    qqueue_t *queues[] = {action->pQueue, msg->pRuleset ? msg->pRuleset->pQueue : NULL, conf ? conf->pMsgQueue : NULL};

    for (size_t i = 0; i < sizeof queues / sizeof *queues && !batch->worker; i++) {
        batch->worker = worker_of(queues[i], batch->place, action->iActionNbr);
        if (batch->worker) {
            note_queue(batches, queues[i]);
        }
    }
    batch->looked++;
}

uint64_t mt_batch_order(struct mt_batches *batches, struct mt_batch *batch, const action_t *action, rsconf_t *conf,
                        const smsg_t *msg, uint64_t received)
{
    if (!batch->worker && batch->looked < LOOKS_MAX) {
        look(batches, batch, action, conf, msg);
    }
    if (!batch->worker || __atomic_load_n(&batches->several, __ATOMIC_ACQUIRE)) {
        return received;
    }
    return batches->base + batch->worker->batch.deqID;
}
