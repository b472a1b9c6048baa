/* An action of the configuration: see instance.h. */
#include "instance.h"

#include <inttypes.h>

#include "mailtrace/fastjson.h"
#include "script.h"
#include "source.h"

/* Where `annotate` puts the record. */
#define RECORD "!mailtrace"

static obj_if_t obj;
DEFobjCurrIf(datetime);
DEFobjCurrIf(glbl);

/* ---- lines ---- */

/* Called by the engine. call: the outbox of the thread that has called it. */
static void write_down(void *call, const struct mt_event *event)
{
    mt_outbox_add(call, event);
}

static uint64_t order_of(struct mt_worker *worker, const smsg_t *msg, uint64_t received)
{
    struct mt_instance *instance = worker->instance;

    return mt_batch_order(&instance->batches, &worker->batch, instance->action, instance->conf, msg, received);
}

static enum mt_verdict read_line(struct mt_worker *worker, smsg_t *msg)
{
    const struct mt_instance *instance = worker->instance;
    enum mt_verdict verdict = MT_FOREIGN;
    struct mt_line line;

    if (mt_source_line(msg, &line)) {
        line.order = order_of(worker, msg, line.order);
        verdict = mt_engine_parse(instance->engine, &line, &worker->record);
    }
    if (verdict != MT_RECOGNISED && instance->settings.engine.wrapped && mt_source_wrapped(msg, &worker->zone, &line)) {
        line.order = order_of(worker, msg, line.order);
        verdict = mt_engine_parse(instance->engine, &line, &worker->record);
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

/* Called by the engine, also under its locks. */
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

static bool recover_some(struct mt_instance *instance, struct mt_outbox *outbox)
{
    bool recovered = mt_engine_recover(instance->engine, outbox);
    struct syslogTime now;
    time_t seconds;

    send_reports(instance);
    if (outbox->n) {
        datetime.getCurrTime(&now, &seconds, TIME_IN_LOCALTIME);
        send_events(instance, outbox, &now, seconds);
    }
    return recovered;
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
    while (!recover_some(instance, outbox)) {
    }
    __atomic_store_n(&instance->recovered, true, __ATOMIC_RELEASE);
    pthread_mutex_unlock(&instance->recovery);
}

static void feed(struct mt_worker *worker, enum mt_verdict verdict)
{
    struct mt_instance *instance = worker->instance;

    if (verdict != MT_FOREIGN) {
        recover(instance, &worker->outbox);
    }
    mt_engine_feed(instance->engine, &worker->record, verdict, &worker->outbox);
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

void mt_worker_begin(struct mt_worker *worker, struct mt_instance *instance, void **place)
{
    worker->batch.place = place;
    worker->instance = instance;
    worker->zone = instance->settings.engine.zone;
    worker->outbox.trees = instance->settings.container != NULL;
    worker->outbox.schema = instance->settings.engine.schema;
}

void mt_worker_end(struct mt_worker *worker)
{
    mt_outbox_free(&worker->outbox);
}

/* ---- the tick ---- */

static void show_counters(void *ctx)
{
    struct mt_instance *instance = ctx;
    struct mt_numbers numbers = {.lost = __atomic_load_n(&instance->lost, __ATOMIC_RELAXED)};

    mt_engine_stats(instance->engine, &numbers.engine);
    pthread_mutex_lock(&instance->lock);
    if (instance->counters) {
        mt_counters_set(instance->counters, &numbers);
    }
    pthread_mutex_unlock(&instance->lock);
}

/* Called by the engine. */
static void report_given_up(void *ctx, uint64_t messages)
{
    char text[200];

    snprintf(text, sizeof text,
             "maxmessages or maxmemory is reached: %" PRIu64
             " messages ended as incomplete since the last report of this",
             messages);
    report(ctx, MT_SEVERITY_WARNING, text);
}

static void tick(void *ctx)
{
    struct mt_instance *instance = ctx;
    struct syslogTime now;
    time_t seconds;

    if (glbl.GetGlobalInputTermState()) {
        return; /* rsyslog ends: nothing is sent any more */
    }
    recover(instance, &instance->ticker_outbox);
    mt_engine_tick(instance->engine, mt_engine_clock(), &instance->ticker_outbox);
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
    instance->ticker_outbox.trees = instance->settings.container != NULL;
    instance->ticker_outbox.schema = instance->settings.engine.schema;
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
    mt_engine_close(instance->engine, instance->engine && delivered(instance));
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
    instance->conf = conf;
    mt_batches_init(&instance->batches);
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
        LogMsg(
            0, RS_RET_OK, LOG_WARNING,
            "mmmailtrace: file %s, on or before line %d: rsyslog has no workDirectory, so open messages will not "
            "survive a restart: set global(workDirectory=\"...\"), or statefile to an absolute name (statefile=\"\": "
            "no state, no warning)",
            instance->settings.file, instance->settings.line);
        return false;
    }
    return true;
}

static bool open_engine(struct mt_instance *instance)
{
    const struct mt_host host = {.event = write_down, .report = report, .given_up = report_given_up, .ctx = instance};
    bool wanted = wants_state(instance);
    char why[400] = "", *path = wanted ? state_path(instance) : NULL;

    if (!wanted || path) {
        instance->engine = mt_engine_open(&instance->settings.engine, path, &host, why, sizeof why);
    }
    free(path);
    if (!instance->engine) {
        refuse(instance, "no memory");
    } else if (*why) {
        refuse(instance, "statefile %s", why);
    }
    send_reports(instance);
    return instance->engine && !*why;
}

void mt_instance_start(struct mt_instance *instance)
{
    int rc;

    if (!instance->ready) {
        return;
    }
    if (!open_engine(instance)) {
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
