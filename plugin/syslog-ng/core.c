/* What a parser knows of its lines: see core.h. Who locks what stands at the top of plugin.c. */
#include "core.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#define SECOND INT64_C(1000000)

/* Lines that are fed again in one go when state is taken up. */
#define RECOVER 1000

/* Reaching a bound is reported this often at most. */
#define REPORT_EVERY (60 * SECOND)

/* Threads that copy their lines beside the locks at the same time; those of more do it under a lock. */
#define COPIERS 16

/* What the state notes when lines come with flow control. */
#define FLOW_CONTROL "flow-control"

struct copier {
    struct mt_copier of[MT_SHARDS_MAX];
    bool busy;
    char apart[64]; /* so that none shares a cache line with the next */
};

struct mt_core {
    struct mt_options options;
    char *state_path;
    struct mt_shards *shards;
    struct mt_state *state; /* NULL: none is kept */
    bool recovered;
    bool flow_control;

    LogPipe *pipe; /* what it works for at present; NULL: nothing */

    struct copier copiers[COPIERS]; /* each is the thread's that has set `busy` */

    struct mt_outbox *spare;
    struct mt_deliveries *deliveries;
    int in_hand;     /* outboxes that were filled and not given back */
    bool given;      /* there were events since it was noted that all are delivered */
    bool unexpected; /* of some events it will never be known whether they are */

    GThread *syncer; /* forces the journal to the disk */
    bool synced;     /* it has done so */

    uint64_t foreign; /* lines that the correlator was not asked about */
    uint64_t lost;
    uint64_t given_up; /* messages, at the last report of bounds */
    int64_t bounds_reported;
};

static int64_t wall_clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    return now.tv_sec * SECOND + now.tv_nsec / 1000;
}

/* For the end of a message's list of tags. */
static EVTTAG *location(const struct mt_core *core)
{
    return core->pipe ? log_pipe_location_tag(core->pipe) : NULL;
}

/* ---- events ---- */

/* What a call has taken a correlator with. */
struct call {
    struct mt_core *core;
    struct mt_outbox *outbox; /* NULL until there is an event */
};

/* Called by the engine. */
static void emit(void *ctx, const struct mt_event *event)
{
    struct call *call = ctx;
    struct mt_core *core = call->core;

    if (!call->outbox) {
        call->outbox = __atomic_exchange_n(&core->spare, NULL, __ATOMIC_ACQUIRE);
        if (!call->outbox) {
            call->outbox = g_new0(struct mt_outbox, 1);
        }
        __atomic_store_n(&core->given, true, __ATOMIC_RELAXED);
        __atomic_add_fetch(&core->in_hand, 1, __ATOMIC_RELAXED);
    }
    mt_outbox_add(call->outbox, event);
}

static void outbox_discard(struct mt_outbox *box)
{
    if (box) {
        mt_outbox_free(box);
        g_free(box);
    }
}

void mt_core_give_back(struct mt_core *core, struct mt_outbox *box, bool expected)
{
    if (box->lost) {
        __atomic_add_fetch(&core->lost, box->lost, __ATOMIC_RELAXED);
    }
    if (!expected) {
        __atomic_store_n(&core->unexpected, true, __ATOMIC_RELAXED);
    }
    mt_outbox_reset(box);
    outbox_discard(__atomic_exchange_n(&core->spare, box, __ATOMIC_ACQ_REL));
    __atomic_sub_fetch(&core->in_hand, 1, __ATOMIC_RELEASE);
}

/* With all correlators taken: so there is no new event meanwhile. */
static void note_delivered(struct mt_core *core)
{
    if (__atomic_load_n(&core->given, __ATOMIC_RELAXED) && __atomic_load_n(&core->in_hand, __ATOMIC_ACQUIRE) == 0 &&
        !__atomic_load_n(&core->unexpected, __ATOMIC_RELAXED) && mt_deliveries_all_done(core->deliveries)) {
        mt_state_delivered(core->state);
        __atomic_store_n(&core->given, false, __ATOMIC_RELAXED);
    }
}

struct mt_deliveries *mt_core_deliveries(const struct mt_core *core)
{
    return core->deliveries;
}

bool mt_core_flow_control(const struct mt_core *core)
{
    return __atomic_load_n(&core->flow_control, __ATOMIC_RELAXED);
}

void mt_core_set_flow_control(struct mt_core *core)
{
    mt_shards_take_all(core->shards, NULL);
    if (!core->flow_control) {
        mt_state_note(core->state, MT_LIT(FLOW_CONTROL));
        __atomic_store_n(&core->flow_control, true, __ATOMIC_RELAXED);
    }
    mt_shards_give_all(core->shards);
}

/* ---- lines ---- */

bool mt_core_is_recovered(const struct mt_core *core)
{
    return __atomic_load_n(&core->recovered, __ATOMIC_ACQUIRE);
}

bool mt_core_recover(struct mt_core *core, struct mt_outbox **box)
{
    struct call call = {core, NULL};

    mt_shards_take_all(core->shards, &call);
    if (!core->recovered) {
        bool recovered = mt_state_recover(core->state, RECOVER);
        if (mt_slice_eq(mt_state_noted(core->state), MT_LIT(FLOW_CONTROL))) {
            __atomic_store_n(&core->flow_control, true, __ATOMIC_RELAXED);
        }
        __atomic_store_n(&core->recovered, recovered, __ATOMIC_RELEASE);
    }
    mt_shards_give_all(core->shards);
    *box = call.outbox;
    return mt_core_is_recovered(core);
}

/* A copier for this call, or NULL. A thread asks for the same one each time. */
static struct copier *take_copier(struct mt_core *core)
{
    static unsigned threads;
    static __thread unsigned number; /* of the thread, from 1 */
    struct copier *copier;

    if (!number) {
        number = __atomic_add_fetch(&threads, 1, __ATOMIC_RELAXED);
    }
    copier = &core->copiers[number % COPIERS];
    return __atomic_exchange_n(&copier->busy, true, __ATOMIC_ACQUIRE) ? NULL : copier;
}

static void give_back_copier(struct copier *copier)
{
    if (copier) {
        __atomic_store_n(&copier->busy, false, __ATOMIC_RELEASE);
    }
}

struct mt_outbox *mt_core_feed(struct mt_core *core, const struct mt_record *record, enum mt_verdict verdict)
{
    struct call call = {core, NULL};
    struct mt_correlator *correlator;
    struct mt_line_copy *copy = NULL;
    struct copier *copier;
    unsigned shard;

    if (verdict == MT_FOREIGN) {
        __atomic_add_fetch(&core->foreign, 1, __ATOMIC_RELAXED);
        return NULL;
    }
    shard = mt_shards_of(core->shards, record->line.host);
    copier = take_copier(core);
    if (copier) {
        copy = mt_copier_copy(&copier->of[shard], record, verdict);
    }
    correlator = mt_shards_take(core->shards, shard, &call);
    if (copy) {
        mt_state_feed_copy(core->state, correlator, copy, wall_clock(), NULL);
    } else {
        mt_state_feed(core->state, correlator, record, verdict, wall_clock(), NULL);
    }
    mt_shards_give(core->shards, shard);
    give_back_copier(copier);
    return call.outbox;
}

/* ---- the tick ---- */

struct sync_job {
    struct mt_core *core;
    int fds[2];
};

/* Returns an errno, or 0. */
static void *run_sync(void *arg)
{
    struct sync_job *job = arg;
    int error = mt_state_sync(job->fds);

    __atomic_store_n(&job->core->synced, true, __ATOMIC_RELEASE);
    g_free(job);
    return GINT_TO_POINTER(error);
}

/* Waits for the syncer, if there is one. Under no lock. */
static void end_sync(struct mt_core *core)
{
    int error;

    if (!core->syncer) {
        return;
    }
    error = GPOINTER_TO_INT(g_thread_join(core->syncer));
    core->syncer = NULL;
    if (error) {
        mt_state_sync_failed(core->state, error);
    }
}

/* The disk may take its time: so in a thread, one at a time. */
static void start_sync(struct mt_core *core, const int fds[2])
{
    struct sync_job *job = g_new(struct sync_job, 1);
    sigset_t all, before;

    *job = (struct sync_job){core, {fds[0], fds[1]}};
    core->synced = false;
    sigfillset(&all); /* signals are for syslog-ng's main thread */
    pthread_sigmask(SIG_BLOCK, &all, &before);
    core->syncer = g_thread_try_new("mailtrace-sync", run_sync, job, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!core->syncer) {
        g_free(job);
        close(fds[0]);
        close(fds[1]);
    }
}

static void sync_state(struct mt_core *core)
{
    int fds[2];

    if (core->syncer && !__atomic_load_n(&core->synced, __ATOMIC_ACQUIRE)) {
        return;
    }
    end_sync(core);
    if (mt_state_sync_begin(core->state, fds)) {
        start_sync(core, fds);
    }
}

/* Messages that were given up since the bounds were reached. */
static void report_bounds(struct mt_core *core, const struct mt_stats *stats)
{
    int64_t now = wall_clock();

    if (stats->incomplete[MT_REASON_EVICTED] != core->given_up && now - core->bounds_reported >= REPORT_EVERY) {
        msg_warning("mailtrace(): max-messages() or max-memory() is reached; messages were given up",
                    evt_tag_printf("given_up", "%" PRIu64, stats->incomplete[MT_REASON_EVICTED] - core->given_up),
                    location(core));
        core->given_up = stats->incomplete[MT_REASON_EVICTED];
        core->bounds_reported = now;
    }
}

struct mt_outbox *mt_core_tick(struct mt_core *core)
{
    struct call call = {core, NULL};
    struct mt_stats stats;

    mt_shards_take_all(core->shards, &call);
    note_delivered(core);
    mt_state_tick(core->state, core->shards, wall_clock());
    mt_shards_stats(core->shards, &stats);
    mt_shards_give_all(core->shards);
    sync_state(core);
    report_bounds(core, &stats);
    return call.outbox;
}

void mt_core_numbers(struct mt_core *core, struct mt_numbers *numbers)
{
    uint64_t foreign = __atomic_load_n(&core->foreign, __ATOMIC_RELAXED);

    numbers->lost = __atomic_load_n(&core->lost, __ATOMIC_RELAXED);
    numbers->pending = (uint64_t)mt_deliveries_pending(core->deliveries);
    mt_shards_take_all(core->shards, NULL);
    mt_shards_stats(core->shards, &numbers->engine);
    mt_shards_give_all(core->shards);
    mt_state_stats(core->state, &numbers->state);
    numbers->engine.lines += foreign;
    numbers->engine.foreign += foreign;
}

/* ---- from the configuration to its end ---- */

/* Called by the engine. syslog-ng's messages take no way through the parser here. */
static void report(void *ctx, enum mt_severity severity, const char *text)
{
    struct mt_core *core = ctx;

    if (severity == MT_SEVERITY_ERROR) {
        msg_error("mailtrace(): state-file()", evt_tag_str("reason", text), location(core));
    } else if (severity == MT_SEVERITY_WARNING) {
        msg_warning("mailtrace(): state-file()", evt_tag_str("reason", text), location(core));
    } else {
        msg_info("mailtrace(): state-file()", evt_tag_str("note", text), location(core));
    }
}

static void open_state(struct mt_core *core)
{
    struct mt_state_config config = {.path = core->state_path,
                                     .redeliver = core->options.engine.redeliver,
                                     .max_bytes = core->options.engine.max_state,
                                     .sync = core->options.engine.sync,
                                     .report = report,
                                     .ctx = core};
    char why[400] = "no memory";

    core->state = mt_state_open(&config, core->shards, why, sizeof why);
    if (!core->state) {
        msg_error("mailtrace(): the state-file() cannot be used; what is open will not survive a restart",
                  evt_tag_str("reason", why), location(core));
    }
}

struct mt_core *mt_core_new(const struct mt_options *options, const char *state_path, LogPipe *pipe)
{
    struct mt_core *core = g_new0(struct mt_core, 1);

    core->deliveries = mt_deliveries_new();
    mt_options_copy(options, &core->options);
    core->shards = mt_shards_new(&core->options.engine.config, mt_shards_for(&core->options.engine.config), emit);
    core->pipe = pipe;
    if (!core->shards) {
        mt_core_free(core);
        return NULL;
    }
    core->state_path = g_strdup(state_path);
    if (state_path) {
        open_state(core);
    }
    return core;
}

static void free_copiers(struct mt_core *core)
{
    for (unsigned i = 0; i < mt_shards_count(core->shards); i++) {
        struct mt_correlator *correlator = mt_shards_take(core->shards, i, NULL);
        for (size_t k = 0; k < COPIERS; k++) {
            mt_copier_free(&core->copiers[k].of[i], correlator);
        }
        mt_shards_give(core->shards, i);
    }
}

/* Events that are still on their way are given out again after the next start. */
void mt_core_free(struct mt_core *core)
{
    end_sync(core);
    mt_state_close(core->state, mt_deliveries_all_done(core->deliveries));
    if (core->shards) {
        free_copiers(core);
    }
    mt_shards_free(core->shards);
    mt_deliveries_unref(core->deliveries);
    outbox_discard(core->spare);
    mt_options_free(&core->options);
    g_free(core->state_path);
    g_free(core);
}

static bool append(void *ctx, const void *p, size_t n)
{
    struct mt_buffer *buffer = ctx;

    mt_buffer_append(buffer, p, n);
    return !buffer->failed;
}

static void carry_over(struct mt_core *from, struct mt_core *to)
{
    struct mt_buffer image = {0};

    if (!mt_shards_save(from->shards, append, &image) || !mt_shards_load(to->shards, image.p, image.n)) {
        msg_error("mailtrace(): no memory to take over what was open", log_pipe_location_tag(to->pipe));
    }
    mt_buffer_free(&image);
}

/* What is on disk is taken up from there. Events that are on their way survive a reload in syslog-ng's queues. */
struct mt_core *mt_core_renew(struct mt_core *core, const struct mt_options *options, const char *state_path,
                              LogPipe *pipe)
{
    bool flow_control = core->flow_control;
    struct mt_core *next;

    if (mt_settings_same_engine(&core->options.engine, &options->engine) && !g_strcmp0(core->state_path, state_path)) {
        return core;
    }
    end_sync(core);
    mt_state_close(core->state, true);
    core->state = NULL;
    next = mt_core_new(options, state_path, pipe);
    if (next) {
        next->flow_control = flow_control;
        if (!next->state) {
            carry_over(core, next);
        } else if (g_strcmp0(core->state_path, state_path) != 0) {
            msg_warning("mailtrace(): another state-file(): what is open stays in the one before",
                        evt_tag_str("before", core->state_path ? core->state_path : "none"),
                        evt_tag_str("now", state_path), log_pipe_location_tag(pipe));
        }
    }
    mt_core_free(core);
    return next;
}

void mt_core_attach(struct mt_core *core, LogPipe *pipe)
{
    core->pipe = pipe;
}

void mt_core_detach(struct mt_core *core)
{
    end_sync(core);
    core->pipe = NULL;
}
