/* An action of the configuration: its parameters, its engine, and what runs it.
 *
 * Who locks what stands at the top of mmmailtrace.c.
 */
#ifndef MT_RSYSLOG_INSTANCE_H
#define MT_RSYSLOG_INSTANCE_H

#include "sdk.h"

#include "batches.h"
#include "counters.h"
#include "outbox.h"
#include "reports.h"
#include "settings.h"
#include "ticker.h"

struct mt_instance {
    struct mt_instance *next, **list; /* of all actions of the configuration */
    struct mt_action_settings settings;
    struct mt_address target;
    action_t *action; /* rsyslog's side of it; NULL: no ruleset runs it */
    rsconf_t *conf;   /* that it is of */
    struct mt_batches batches;
    bool ready; /* checked, and found usable */

    struct mt_engine *engine; /* NULL until it starts */
    pthread_mutex_t recovery;
    bool recovered; /* what was there before is known, and its events are sent */

    pthread_mutex_t lock; /* of these two */
    struct mt_reports reports;
    struct mt_counters *counters;

    struct mt_ticker ticker;
    struct mt_outbox ticker_outbox;

    uint64_t lost;        /* events, of all outboxes */
    char *work_directory; /* rsyslog's; NULL: it has none */
};

/* What a worker thread has for itself. */
struct mt_worker {
    struct mt_instance *instance;
    struct mt_batch batch;
    struct mt_record record;
    struct mt_zone zone;
    struct mt_outbox outbox;
};

/* Makes an instance, all zero before, of the parameters that the parser is at, and puts it
 * into the list. mt_instance_close() undoes it, also when it failed.
 */
rsRetVal mt_instance_open(struct mt_instance *instance, struct nvlst *parameters, struct mt_instance **list);
void mt_instance_close(struct mt_instance *instance);

/* When the whole configuration is read: finds what the instance needs in it, or says
 * what is wrong and disables the action.
 */
void mt_instance_check(struct mt_instance *instance, rsconf_t *conf);

/* Before lines come. */
void mt_instance_start(struct mt_instance *instance);

/* A worker, all zero before, of that instance. rsyslog frees some workers only after their instance: the end does not
 * look at it. place: where rsyslog keeps the worker's data.
 */
void mt_worker_begin(struct mt_worker *worker, struct mt_instance *instance, void **place);
void mt_worker_end(struct mt_worker *worker);

/* One line. */
void mt_worker_take(struct mt_worker *worker, smsg_t *msg);

/* Called once, when the module is loaded, and when it is unloaded. */
rsRetVal mt_instance_init(const obj_if_t *object);
void mt_instance_exit(void);

#endif
