/* The order in which messages leave a queue of rsyslog.
 *
 * Several workers of a queue run one action. Each takes a batch of messages from the queue, and the batches overtake
 * each other. The time of reception does not tell their order: an input gives all that it reads at once the same. But
 * rsyslog numbers the batches of a queue as they leave it, and within one a worker goes from message to message.
 */
#ifndef MT_RSYSLOG_BATCHES_H
#define MT_RSYSLOG_BATCHES_H

#include "sdk.h"

/* Of an action: which queue its workers take from. All zero at first. */
struct mt_batches {
    qqueue_t *queue; /* NULL: not known yet. Atomic, as is the next */
    bool several;    /* there are several: their numbers cannot be compared */
    uint64_t base;   /* usec: what numbers are added to, so that those after a restart are larger */
};

/* Of a worker. */
struct mt_batch {
    void **place; /* where rsyslog keeps the worker's data: this tells which of its workers it is */
    struct wti_s *worker;
    unsigned looked; /* how often it was looked for in vain */
};

/* Before the first line. */
void mt_batches_init(struct mt_batches *batches);

/* For struct mt_line's order, of a message that the worker is at; received: usec. Where the batch cannot be known
 * (rsyslog has no queue there), that is the time of reception.
 */
uint64_t mt_batch_order(struct mt_batches *batches, struct mt_batch *batch, const action_t *action, rsconf_t *conf,
                        const smsg_t *msg, uint64_t received);

#endif
