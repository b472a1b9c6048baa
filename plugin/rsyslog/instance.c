/* An action of the configuration: see instance.h. */
#include "instance.h"

#include <errno.h>
#include <inttypes.h>
#include <time.h>
#include <unistd.h>

#include "mailtrace/fastjson.h"
#include "mailtrace/parser.h"
#include "script.h"
#include "source.h"

#define SECOND INT64_C(1000000)

/* Lines that are fed again in one go when state is taken up. */
#define RECOVER 1000

/* Reaching a bound is reported this often at most. */
#define REPORT_EVERY (60 * SECOND)

/* Where `annotate` puts the record. */
#define RECORD "!mailtrace"

static obj_if_t obj;
DEFobjCurrIf(datetime);
DEFobjCurrIf(glbl);

/* ---- lines ---- */

static int64_t wall_clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    return now.tv_sec * SECOND + now.tv_nsec / 1000;
}

/* Called by the engine. ctx: the outbox of the thread that has taken the correlator. */
static void emit(void *ctx, const struct mt_event *event)
{
    mt_outbox_add(ctx, event);
}

static enum mt_verdict read_line(struct mt_worker *worker, smsg_t *msg)
{
    const struct mt_action_settings *settings = &worker->instance->settings;
    uint32_t max_line = settings->engine.config.max_line;
    enum mt_verdict verdict;
    struct mt_line line;

    verdict = mt_source_line(msg, max_line, &line) ? mt_parse(&line, &worker->record) : MT_FOREIGN;
    if (verdict != MT_RECOGNISED && settings->engine.wrapped &&
        mt_source_wrapped(msg, &worker->zone, max_line, &line)) {
        verdict = mt_parse(&line, &worker->record);
    }
    return verdict;
}

static void send_events(struct mt_instance *instance, struct mt_outbox *box, const struct syslogTime *received,
                        time_t seconds)
{
    if (box->n) {
        mt_outbox_send(box, &instance->target, received, seconds);
    }
    if (box->lost) {
        __atomic_fetch_add(&instance->lost, box->lost, __ATOMIC_RELAXED);
        box->lost = 0;
    }
}

/* Called by the state, too, under its locks. */
static void report(void *ctx, enum mt_severity severity, const char *text)
{
    static const int levels[] = {
        [MT_SEVERITY_INFO] = LOG_INFO, [MT_SEVERITY_WARNING] = LOG_WARNING, [MT_SEVERITY_ERROR] = LOG_ERR};
    struct mt_instance *instance = ctx;

    pthread_mutex_lock(&instance->lock);
    mt_reports_add(&instance->reports, levels[severity], text);
    pthread_mutex_unlock(&instance->lock);
}

/* Under no lock. */
static void send_reports(struct mt_instance *instance)
{
    struct mt_reports reports;

    if (!mt_reports_any(&instance->reports)) {
        return;
    }
    pthread_mutex_lock(&instance->lock);
    mt_reports_take(&instance->reports, &reports);
    pthread_mutex_unlock(&instance->lock);
    mt_reports_send(&reports);
}

static void recover_some(struct mt_instance *instance, struct mt_outbox *outbox)
{
    struct syslogTime now;
    time_t seconds;
    bool recovered;

    mt_shards_take_all(instance->shards, outbox);
    recovered = mt_state_recover(instance->state, RECOVER);
    mt_shards_give_all(instance->shards);
    send_reports(instance);
    if (outbox->n) {
        datetime.getCurrTime(&now, &seconds, TIME_IN_LOCALTIME);
        send_events(instance, outbox, &now, seconds);
    }
    __atomic_store_n(&instance->recovered, recovered, __ATOMIC_RELEASE);
}

/* What was known before rsyslog was started comes first, and with it the events that may not have
 * reached their output. All wait until it is done.
 */
static void recover(struct mt_instance *instance, struct mt_outbox *outbox)
{
    if (__atomic_load_n(&instance->recovered, __ATOMIC_ACQUIRE)) {
        return;
    }
    pthread_mutex_lock(&instance->recovery);
    while (!instance->recovered) {
        recover_some(instance, outbox);
    }
    pthread_mutex_unlock(&instance->recovery);
}

static void feed(struct mt_worker *worker, enum mt_verdict verdict)
{
    struct mt_instance *instance = worker->instance;
    struct mt_correlator *correlator;
    struct mt_line_copy *copy;
    unsigned shard;

    if (verdict == MT_FOREIGN) {
        __atomic_fetch_add(&instance->foreign, 1, __ATOMIC_RELAXED);
        return;
    }
    recover(instance, &worker->outbox);
    shard = mt_shards_of(instance->shards, worker->record.line.host);
    copy = mt_copier_copy(&worker->copiers[shard], &worker->record, verdict);
    correlator = mt_shards_take(instance->shards, shard, &worker->outbox);
    if (copy) {
        mt_state_feed_copy(instance->state, correlator, copy, wall_clock(), NULL);
    } else {
        mt_state_feed(instance->state, correlator, &worker->record, verdict, wall_clock(), NULL);
    }
    mt_shards_give(instance->shards, shard);
    send_reports(instance);
}

/* The record goes into the line's own tree; the flag is what parsing modules of rsyslog set. */
static void mark(const struct mt_worker *worker, smsg_t *msg, enum mt_verdict verdict)
{
    const struct mt_action_settings *settings = &worker->instance->settings;
    struct fjson_object *tree;

    if (settings->annotate && verdict == MT_RECOGNISED) {
        tree = mt_record_fastjson(&worker->record);
        if (tree) {
            msgAddJSON(msg, (uchar *)RECORD, tree, 1, 0);
        }
    }
    if (settings->annotate || settings->drop_parsed) {
        MsgSetParseSuccess(msg, verdict == MT_RECOGNISED);
    }
}

void mt_worker_take(struct mt_worker *worker, smsg_t *msg)
{
    enum mt_verdict verdict;
    int cancel;

    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
    verdict = read_line(worker, msg);
    mark(worker, msg, verdict);
    feed(worker, verdict);
    send_events(worker->instance, &worker->outbox, &msg->tRcvdAt, msg->ttGenTime);
    pthread_setcancelstate(cancel, NULL);
}

void mt_worker_begin(struct mt_worker *worker, struct mt_instance *instance)
{
    worker->instance = instance;
    worker->zone = instance->settings.engine.zone;
    worker->outbox.trees = instance->settings.container != NULL;
    pthread_mutex_lock(&instance->lock);
    worker->next = instance->workers;
    instance->workers = worker;
    pthread_mutex_unlock(&instance->lock);
}

static void unlist_worker(struct mt_worker *worker)
{
    struct mt_instance *instance = worker->instance;
    struct mt_worker **at = &instance->workers;

    pthread_mutex_lock(&instance->lock);
    while (*at != worker) {
        at = &(*at)->next;
    }
    *at = worker->next;
    pthread_mutex_unlock(&instance->lock);
}

/* Gives back what is the correlators'. */
static void leave(struct mt_worker *worker)
{
    struct mt_shards *shards = worker->instance->shards;

    for (unsigned i = 0; i < mt_shards_count(shards); i++) {
        mt_copier_free(&worker->copiers[i], mt_shards_take(shards, i, NULL));
        mt_shards_give(shards, i);
    }
    worker->instance = NULL;
}

void mt_worker_end(struct mt_worker *worker)
{
    if (worker->instance) {
        unlist_worker(worker);
        leave(worker);
    }
    mt_outbox_free(&worker->outbox);
}

/* ---- the tick ---- */

static void show_counters(void *ctx)
{
    struct mt_instance *instance = ctx;
    uint64_t foreign = __atomic_load_n(&instance->foreign, __ATOMIC_RELAXED);
    struct mt_numbers numbers = {.lost = __atomic_load_n(&instance->lost, __ATOMIC_RELAXED)};

    mt_shards_take_all(instance->shards, NULL);
    mt_shards_stats(instance->shards, &numbers.engine);
    mt_shards_give_all(instance->shards);
    mt_state_stats(instance->state, &numbers.state);
    numbers.engine.lines += foreign;
    numbers.engine.foreign += foreign;
    pthread_mutex_lock(&instance->lock);
    if (instance->counters) {
        mt_counters_set(instance->counters, &numbers);
    }
    pthread_mutex_unlock(&instance->lock);
}

/* Messages that were given up since the bounds were reached. */
static void report_bounds(struct mt_instance *instance, const struct mt_stats *stats, int64_t now)
{
    char text[200];

    if (stats->incomplete[MT_REASON_EVICTED] == instance->given_up || now - instance->bounds_reported < REPORT_EVERY) {
        return;
    }
    snprintf(text, sizeof text,
             "maxmessages or maxmemory is reached: %" PRIu64 " messages were given up since the last report of this",
             stats->incomplete[MT_REASON_EVICTED] - instance->given_up);
    report(instance, MT_SEVERITY_WARNING, text);
    instance->given_up = stats->incomplete[MT_REASON_EVICTED];
    instance->bounds_reported = now;
}

/* Under no lock: the disk may take its time. */
static void sync_state(struct mt_instance *instance)
{
    int fds[2], error;

    if (mt_state_sync_begin(instance->state, fds) && (error = mt_state_sync(fds))) {
        mt_state_sync_failed(instance->state, error);
    }
}

static void tick(void *ctx)
{
    struct mt_instance *instance = ctx;
    struct syslogTime now;
    struct mt_stats stats;
    time_t seconds;

    if (glbl.GetGlobalInputTermState()) {
        return; /* rsyslog ends: nothing is sent any more */
    }
    recover(instance, &instance->ticker_outbox);
    mt_shards_take_all(instance->shards, &instance->ticker_outbox);
    mt_state_tick(instance->state, instance->shards, wall_clock());
    mt_shards_stats(instance->shards, &stats);
    mt_shards_give_all(instance->shards);
    report_bounds(instance, &stats, wall_clock());
    sync_state(instance);
    send_reports(instance);
    show_counters(instance);
    datetime.getCurrTime(&now, &seconds, TIME_IN_LOCALTIME);
    send_events(instance, &instance->ticker_outbox, &now, seconds);
}

/* ---- from the configuration to its end ---- */

rsRetVal mt_instance_open(struct mt_instance *instance, struct nvlst *parameters, struct mt_instance **list)
{
    DEFiRet;

    pthread_mutex_init(&instance->recovery, NULL);
    pthread_mutex_init(&instance->lock, NULL);
    CHKiRet(mt_action_settings_read(&instance->settings, parameters));
    CHKmalloc(instance->shards = mt_shards_new(&instance->settings.engine.config,
                                               mt_shards_for(&instance->settings.engine.config), emit));
    instance->ticker_outbox.trees = instance->settings.container != NULL;
    instance->list = list;
    instance->next = *list;
    *list = instance;
finalize_it:
    RETiRet;
}

static void unlist(struct mt_instance *instance)
{
    struct mt_instance **at = instance->list;

    while (at && *at && *at != instance) {
        at = &(*at)->next;
    }
    if (at && *at) {
        *at = instance->next;
    }
}

/* Have all events reached their output? Its queue has ended by now; what it still holds, and does not keep on
 * disk, goes with it.
 */
static bool delivered(const struct mt_instance *instance)
{
    const qqueue_t *queue = instance->target.ruleset->pQueue;
    bool keeps = queue->qType == QUEUETYPE_DISK || (queue->bIsDA && queue->bSaveOnShutdown);

    return !instance->lost && (keeps || !__atomic_load_n(&queue->iQueueSize, __ATOMIC_RELAXED));
}

void mt_instance_close(struct mt_instance *instance)
{
    mt_ticker_stop(&instance->ticker);
    unlist(instance);
    mt_counters_free(instance->counters);
    for (struct mt_worker *worker = instance->workers; worker; worker = worker->next) {
        leave(worker);
    }
    if (instance->state) {
        mt_state_close(instance->state, delivered(instance));
    }
    mt_shards_free(instance->shards);
    mt_outbox_free(&instance->ticker_outbox);
    mt_action_settings_free(&instance->settings);
    free(instance->work_directory);
    pthread_mutex_destroy(&instance->lock);
    pthread_mutex_destroy(&instance->recovery);
}

static void __attribute__((format(printf, 2, 3))) refuse(const struct mt_instance *instance, const char *format, ...)
{
    char reason[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    LogError(0, RS_RET_INVALID_PARAMS, "error in file %s, on or before line %d: mmmailtrace: %s; action disabled",
             instance->settings.file, instance->settings.line, reason);
}

static bool check_target(struct mt_instance *instance, rsconf_t *conf)
{
    const char *name = instance->settings.ruleset;
    ruleset_t *ruleset;

    if (rulesetGetRuleset(conf, &ruleset, (uchar *)name) != RS_RET_OK) {
        refuse(instance, "there is no ruleset \"%s\" that events could go to", name);
        return false;
    }
    if (!rulesetHasQueue(ruleset)) {
        refuse(instance,
               "ruleset \"%s\" has no queue of its own, which events need: write "
               "ruleset(name=\"%s\" queue.type=\"LinkedList\") { ... }",
               name, name);
        return false;
    }
    if (mt_script_reaches(ruleset, instance)) {
        refuse(instance, "the action is in the ruleset \"%s\" that its events go to: give them a ruleset of their own",
               name);
        return false;
    }
    instance->target.ruleset = ruleset;
    instance->target.container = instance->settings.container;
    return true;
}

/* Lines can only be changed or dropped on their way, not in a queue beside it. */
static bool check_way(const struct mt_instance *instance, struct cnfstmt *statement)
{
    const struct mt_action_settings *settings = &instance->settings;

    if ((settings->annotate || settings->drop_parsed) && instance->action->pQueue->qType != QUEUETYPE_DIRECT) {
        refuse(instance, "%s cannot work in an action with a queue of its own: remove the action's queue.* parameters",
               settings->annotate ? "annotate" : "dropparsed");
        return false;
    }
    if (settings->drop_parsed && mt_script_stop_after(statement) != RS_RET_OK) {
        refuse(instance, "dropparsed: no memory");
        return false;
    }
    return true;
}

void mt_instance_check(struct mt_instance *instance, rsconf_t *conf)
{
    struct cnfstmt *statement = mt_script_find(conf, instance);
    const char *work_directory = (const char *)glbl.GetWorkDir(conf);

    if (!statement) {
        return; /* rsyslog has removed it: a condition that is never true */
    }
    instance->action = statement->d.act;
    instance->work_directory = work_directory && *work_directory ? strdup(work_directory) : NULL;
    instance->ready = check_target(instance, conf) && check_way(instance, statement);
    if (!instance->ready) {
        instance->action->bDisabled = 1;
    }
}

/* ---- state on disk ---- */

/* Below the work directory; named after the action where no name is given. NULL: no memory. */
static char *state_path(const struct mt_instance *instance)
{
    const char *given = instance->settings.engine.state_file;
    char *path = NULL, *p;
    int n;

    if (given && *given == '/') {
        return strdup(given);
    }
    if (given) {
        n = asprintf(&path, "%s/%s", instance->work_directory, given);
        return n < 0 ? NULL : path;
    }
    n = asprintf(&path, "%s/mailtrace.%s.state", instance->work_directory, (const char *)instance->action->pszName);
    if (n < 0) {
        return NULL;
    }
    for (p = path + strlen(instance->work_directory) + 1; *p; p++) {
        *p = *p == '/' || *p == ' ' ? '_' : *p;
    }
    return path;
}

static bool wants_state(struct mt_instance *instance)
{
    const char *given = instance->settings.engine.state_file;

    if (given && !*given) {
        return false;
    }
    if (!instance->work_directory && !(given && *given == '/')) {
        LogMsg(0, RS_RET_OK, LOG_WARNING,
               "mmmailtrace: file %s, on or before line %d: rsyslog has no workDirectory, so open messages will not "
               "survive a restart: set global(workDirectory=\"...\"), or statefile to an absolute name (or to \"\", if "
               "that is meant)",
               instance->settings.file, instance->settings.line);
        return false;
    }
    return true;
}

static bool open_state(struct mt_instance *instance)
{
    const struct mt_action_settings *settings = &instance->settings;
    struct mt_state_config config = {.redeliver = settings->engine.redeliver,
                                     .max_bytes = settings->engine.max_state,
                                     .sync = settings->engine.sync,
                                     .report = report,
                                     .ctx = instance};
    char why[400] = "no memory", *path;

    if (!wants_state(instance)) {
        return true;
    }
    config.path = path = state_path(instance);
    if (path) {
        instance->state = mt_state_open(&config, instance->shards, why, sizeof why);
        free(path);
    }
    if (!instance->state) {
        refuse(instance, "statefile %s", why);
    }
    send_reports(instance);
    return instance->state;
}

void mt_instance_start(struct mt_instance *instance)
{
    int rc;

    if (!instance->ready) {
        return;
    }
    if (!open_state(instance)) {
        instance->action->bDisabled = 1;
        instance->ready = false;
        return;
    }
    instance->counters = mt_counters_new((const char *)instance->action->pszName, show_counters, instance);
    rc = mt_ticker_start(&instance->ticker, tick, instance);
    if (rc) {
        LogError(rc, RS_RET_ERR, "mmmailtrace: cannot start a thread; action disabled");
        instance->action->bDisabled = 1;
        instance->ready = false;
    }
}

/* ---- the module ---- */

rsRetVal mt_instance_init(const obj_if_t *object)
{
    DEFiRet;

    obj = *object;
    CHKiRet(objUse(datetime, CORE_COMPONENT));
    CHKiRet(objUse(glbl, CORE_COMPONENT));
finalize_it:
    RETiRet;
}

void mt_instance_exit(void)
{
    objRelease(glbl, CORE_COMPONENT);
    objRelease(datetime, CORE_COMPONENT);
}
