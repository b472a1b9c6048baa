/* SPDX-License-Identifier: Apache-2.0 OR LGPL-2.1-or-later */
/* What a parser knows of its lines: see core.h. Who locks what stands at the top of plugin.c. */
#include "core.h"

#include <inttypes.h>

/* What the state notes when lines come with flow control. */
#define FLOW_CONTROL "flow-control"

struct mt_core {
    struct mt_engine *engine;
    char *state_path;
    bool flow_control;

    LogPipe *pipe; /* what it works for at present; NULL: nothing */
    bool pairs;    /* events have pairs; set while no thread works for it, as is this: */
    const struct mt_schema *schema;

    struct mt_outbox *spare;
    struct mt_deliveries *deliveries;
    int in_hand;     /* outboxes that were filled and not given back */
    bool given;      /* there were events since it was noted that all are delivered */
    bool unexpected; /* of some events it will never be known whether they are */
    uint64_t lost;
};

/* For the end of a message's list of tags. */
static EVTTAG *location(const struct mt_core *core)
{
    return core->pipe ? log_pipe_location_tag(core->pipe) : NULL;
}

/* ---- events ---- */

/* What a call of the engine is made with. */
struct call {
    struct mt_core *core;
    struct mt_outbox *outbox; /* NULL until there is an event */
};

/* Called by the engine. */
static void write_down(void *ctx, const struct mt_event *event)
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
    mt_outbox_add(call->outbox, core->schema, event, core->pairs);
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

/* Asked by the engine when there can be no new event. */
static bool all_delivered(void *ctx)
{
    struct mt_core *core = ctx;
    bool delivered = __atomic_load_n(&core->given, __ATOMIC_RELAXED) &&
                     __atomic_load_n(&core->in_hand, __ATOMIC_ACQUIRE) == 0 &&
                     !__atomic_load_n(&core->unexpected, __ATOMIC_RELAXED) && mt_deliveries_all_done(core->deliveries);

    if (delivered) {
        __atomic_store_n(&core->given, false, __ATOMIC_RELAXED);
    }
    return delivered;
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
    if (!__atomic_exchange_n(&core->flow_control, true, __ATOMIC_RELAXED)) {
        mt_engine_note(core->engine, MT_LIT(FLOW_CONTROL));
    }
}

/* ---- lines ---- */

struct mt_engine *mt_core_engine(const struct mt_core *core)
{
    return core->engine;
}

bool mt_core_recover(struct mt_core *core, struct mt_outbox **box)
{
    struct call call = {core, NULL};
    bool recovered = mt_engine_recover(core->engine, &call);

    if (mt_engine_has_note(core->engine, MT_LIT(FLOW_CONTROL))) {
        __atomic_store_n(&core->flow_control, true, __ATOMIC_RELAXED);
    }
    *box = call.outbox;
    return recovered;
}

struct mt_outbox *mt_core_feed(struct mt_core *core, const struct mt_record *record, enum mt_verdict verdict)
{
    struct call call = {core, NULL};

    mt_engine_feed(core->engine, record, verdict, &call);
    return call.outbox;
}

struct mt_outbox *mt_core_tick(struct mt_core *core)
{
    struct call call = {core, NULL};

    mt_engine_delivered(core->engine, all_delivered, core);
    mt_engine_tick(core->engine, mt_engine_clock(), &call);
    return call.outbox;
}

void mt_core_numbers(struct mt_core *core, struct mt_numbers *numbers)
{
    mt_engine_stats(core->engine, &numbers->engine);
    numbers->lost = __atomic_load_n(&core->lost, __ATOMIC_RELAXED);
    numbers->pending = (uint64_t)mt_deliveries_pending(core->deliveries);
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

static void report_given_up(void *ctx, uint64_t messages)
{
    msg_warning("mailtrace(): max-messages() or max-memory() is reached; messages ended as incomplete",
                evt_tag_printf("given_up", "%" PRIu64, messages), location(ctx));
}

/* What keeps the engine from using its state does not keep it from working. */
static bool take_engine(struct mt_core *core, struct mt_engine *engine, const char *state_path, const char *why)
{
    if (*why) {
        msg_error("mailtrace(): the state-file() cannot be used; open messages will not survive a restart",
                  evt_tag_str("reason", why), location(core));
    }
    core->engine = engine;
    g_free(core->state_path);
    core->state_path = g_strdup(state_path);
    return engine;
}

static struct mt_host host_of(struct mt_core *core)
{
    struct mt_host host = {.event = write_down, .report = report, .given_up = report_given_up, .ctx = core};

    return host;
}

struct mt_core *mt_core_new(const struct mt_options *options, const char *state_path, LogPipe *pipe)
{
    struct mt_core *core = g_new0(struct mt_core, 1);
    struct mt_host host = host_of(core);
    struct mt_engine *engine;
    char why[400];

    core->deliveries = mt_deliveries_new();
    core->pipe = pipe;
    core->pairs = options->pairs;
    core->schema = options->engine.schema;
    engine = mt_engine_open(&options->engine, state_path, &host, why, sizeof why);
    if (!take_engine(core, engine, state_path, why)) {
        mt_core_free(core);
        return NULL;
    }
    return core;
}

/* Events that are still on their way are given out again after the next start. */
void mt_core_free(struct mt_core *core)
{
    mt_engine_close(core->engine, mt_deliveries_all_done(core->deliveries));
    mt_deliveries_unref(core->deliveries);
    outbox_discard(core->spare);
    g_free(core->state_path);
    g_free(core);
}

/* Events that are on their way survive a reload in syslog-ng's queues: the next engine need not know of them. */
static void forget_deliveries(struct mt_core *core)
{
    mt_deliveries_unref(core->deliveries);
    core->deliveries = mt_deliveries_new();
    core->given = core->unexpected = false;
    core->lost = 0;
}

struct mt_core *mt_core_renew(struct mt_core *core, const struct mt_options *options, const char *state_path,
                              LogPipe *pipe)
{
    struct mt_host host = host_of(core);
    struct mt_engine *engine;
    char why[400];

    core->pipe = pipe;
    core->pairs = options->pairs;
    core->schema = options->engine.schema;
    engine = mt_engine_reopen(core->engine, &options->engine, state_path, &host, why, sizeof why);
    if (engine == core->engine) {
        return core;
    }
    forget_deliveries(core);
    if (engine && mt_engine_state(engine) && g_strcmp0(core->state_path, state_path) != 0) {
        msg_warning("mailtrace(): another state-file(): open messages stay in the old one",
                    evt_tag_str("before", core->state_path ? core->state_path : "none"), evt_tag_str("now", state_path),
                    log_pipe_location_tag(pipe));
    }
    if (!take_engine(core, engine, state_path, why)) {
        mt_core_free(core);
        return NULL;
    }
    return core;
}

void mt_core_attach(struct mt_core *core, LogPipe *pipe)
{
    core->pipe = pipe;
}

void mt_core_detach(struct mt_core *core)
{
    core->pipe = NULL;
}
