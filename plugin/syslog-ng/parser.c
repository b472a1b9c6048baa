/* SPDX-License-Identifier: Apache-2.0 OR LGPL-2.1-or-later */
/* A parser of the configuration: see parser.h, and for threads the top of plugin.c. */
#include "parser.h"

#include "cfg-tree.h"
#include "scratch-buffers.h"

#include "core.h"
#include "counters.h"
#include "source.h"

struct parser {
    LogParser super;
    struct mt_options options;
    struct mt_core *core;
    struct mt_pairs *pairs;
    struct mt_counters *counters;
    struct iv_timer tick;
    unsigned clone, clones; /* which one it is; of the first: how many there are */
    unsigned serial;        /* no other parser has had it */
};

static struct parser *parser_of(LogPipe *pipe)
{
    return (struct parser *)pipe;
}

struct mt_options *mt_parser_options(LogParser *parser)
{
    return &parser_of(&parser->super)->options;
}

/* ---- events ---- */

/* line NULL: no line has caused them. */
static void send_events(struct parser *self, struct mt_outbox *box, LogMessage *line, const LogPathOptions *of_line)
{
    bool internal = self->options.inject == MT_INJECT_INTERNAL;
    bool expected = !internal && (line ? of_line->flow_control_requested : mt_core_flow_control(self->core));

    for (size_t i = 0; i < box->n; i++) {
        LogMessage *event = mt_outbox_message(box, i, self->pairs);
        LogPathOptions options = {.ack_needed = FALSE};

        if (internal) {
            msg_post_message(event);
            continue;
        }
        if (expected) {
            options.flow_control_requested = TRUE;
            mt_deliveries_expect(mt_core_deliveries(self->core), event, &options, line, of_line);
        }
        log_pipe_forward_msg(&self->super.super, event, &options);
    }
    mt_core_give_back(self->core, box, expected);
}

/* ---- lines ---- */

/* A thread's memory of timestamps without year or zone, for the parser it has last worked for. */
static struct mt_zone *zone_of(const struct parser *self)
{
    static __thread struct {
        unsigned serial;
        struct mt_zone zone;
    } memory;

    if (memory.serial != self->serial) {
        memory.serial = self->serial;
        memory.zone = self->options.engine.zone;
    }
    return &memory.zone;
}

static struct mt_outbox *feed_wrapped(struct parser *self, LogMessage *msg, struct mt_slice text,
                                      struct mt_record *record, enum mt_verdict verdict)
{
    struct mt_line line;

    if (mt_source_wrapped(msg, text, zone_of(self), &line)) {
        verdict = mt_engine_parse(mt_core_engine(self->core), &line, record);
    }
    return mt_core_feed(self->core, record, verdict);
}

static struct mt_outbox *feed(struct parser *self, LogMessage *msg, struct mt_slice text)
{
    enum mt_verdict verdict = MT_FOREIGN;
    ScratchBuffersMarker marker; /* what the line lives in */
    struct mt_outbox *box;
    struct mt_record record;
    struct mt_line line;

    scratch_buffers_mark(&marker);
    if (mt_source_line(msg, text, &line)) {
        verdict = mt_engine_parse(mt_core_engine(self->core), &line, &record);
    }
    box = verdict != MT_RECOGNISED && self->options.engine.wrapped ? feed_wrapped(self, msg, text, &record, verdict)
                                                                   : mt_core_feed(self->core, &record, verdict);
    scratch_buffers_reclaim_marked(marker);
    return box;
}

/* What was known before syslog-ng was started comes first, and with it the events that may not have
 * reached their output.
 */
static void recover(struct parser *self)
{
    bool recovered;

    do {
        struct mt_outbox *box;
        recovered = mt_core_recover(self->core, &box);
        if (box) {
            send_events(self, box, NULL, NULL);
        }
    } while (!recovered);
}

static gboolean process(LogParser *s, LogMessage **msg, const LogPathOptions *options, const gchar *input, gsize n)
{
    struct parser *self = parser_of(&s->super);
    struct mt_outbox *box;

    if (!mt_engine_is_recovered(mt_core_engine(self->core))) {
        recover(self);
    }
    if (options->flow_control_requested && !mt_core_flow_control(self->core)) {
        mt_core_set_flow_control(self->core);
    }
    box = feed(self, *msg, mt_slice(input, n));
    if (box) {
        send_events(self, box, *msg, options);
    }
    return self->options.inject != MT_INJECT_AGGREGATE_ONLY;
}

/* ---- the tick ---- */

static void show_counters(struct parser *self)
{
    struct mt_numbers numbers;

    mt_core_numbers(self->core, &numbers);
    mt_counters_set(self->counters, &numbers);
}

static void next_tick(struct parser *self)
{
    iv_validate_now();
    self->tick.expires = iv_now;
    self->tick.expires.tv_sec++;
    iv_timer_register(&self->tick);
}

static void tick(void *ctx)
{
    struct parser *self = ctx;
    struct mt_outbox *box;

    if (!mt_engine_is_recovered(mt_core_engine(self->core))) {
        recover(self);
    }
    box = mt_core_tick(self->core);
    if (box) {
        send_events(self, box, NULL, NULL);
    }
    show_counters(self);
    next_tick(self);
}

static void start_ticking(struct parser *self)
{
    IV_TIMER_INIT(&self->tick);
    self->tick.cookie = self;
    self->tick.handler = tick;
    next_tick(self);
}

/* ---- from the configuration to its end ---- */

/* Valid until the next call: for the main thread. */
static const gchar *persist_name(const LogPipe *s)
{
    static gchar name[512];
    const struct parser *self = (const struct parser *)s;

    if (s->persist_name) {
        g_snprintf(name, sizeof name, "mailtrace(%s,clone=%u)", s->persist_name, self->clone);
    } else {
        gchar *rule = cfg_tree_get_rule_name(&s->cfg->tree, ENC_PARSER, s->expr_node);
        g_snprintf(name, sizeof name, "mailtrace(parser=%s,clone=%u)", rule, self->clone);
        g_free(rule);
    }
    return name;
}

/* What tells this parser from others in file names. */
static gchar *own_name(const struct parser *self)
{
    const LogPipe *pipe = &self->super.super;
    gchar *name = pipe->persist_name ? g_strdup(pipe->persist_name)
                                     : cfg_tree_get_rule_name(&pipe->cfg->tree, ENC_PARSER, pipe->expr_node);

    return g_strdelimit(name, "/ #", '_');
}

/* Beside syslog-ng's own persist-file, unless the name is absolute; NULL: none is wanted. A clone has
 * a file of its own.
 */
static gchar *state_path(const struct parser *self)
{
    const char *given = self->options.engine.state_file;
    gchar *directory, *name, *clone, *path;

    if (given && !*given) {
        return NULL;
    }
    name = given ? NULL : own_name(self);
    clone = self->clone ? g_strdup_printf(".clone%u", self->clone) : g_strdup("");
    directory = mt_state_directory();
    if (!given) {
        path = g_strdup_printf("%s/mailtrace.%s%s.state", directory, name, clone);
    } else if (g_path_is_absolute(given)) {
        path = g_strconcat(given, clone, NULL);
    } else {
        path = g_strdup_printf("%s/%s%s", directory, given, clone);
    }
    g_free(name);
    g_free(clone);
    g_free(directory);
    return path;
}

static struct mt_core *core_of(struct parser *self, GlobalConfig *cfg)
{
    LogPipe *pipe = &self->super.super;
    struct mt_core *core = cfg_persist_config_fetch(cfg, log_pipe_get_persist_name(pipe));
    gchar *path = state_path(self);

    core = core ? mt_core_renew(core, &self->options, path, pipe) : mt_core_new(&self->options, path, pipe);
    g_free(path);
    return core;
}

static gboolean init(LogPipe *s)
{
    struct parser *self = parser_of(s);

    if (!log_parser_init_method(s)) {
        return FALSE;
    }
    self->core = core_of(self, log_pipe_get_config(s));
    if (!self->core) {
        msg_error("mailtrace(): no memory", log_pipe_location_tag(s));
        return FALSE;
    }
    if (self->options.pairs && !self->pairs) {
        self->pairs = mt_pairs_new(self->options.prefix);
    }
    mt_core_attach(self->core, s);
    self->counters = mt_counters_new(self->super.name, log_pipe_get_persist_name(s));
    show_counters(self);
    start_ticking(self);
    return TRUE;
}

/* What is known goes to the parser of the next configuration. There is none when syslog-ng ends: what
 * is known is kept until destinations have written what they can.
 */
static gboolean deinit(LogPipe *s)
{
    struct parser *self = parser_of(s);
    GlobalConfig *cfg = log_pipe_get_config(s);

    if (iv_timer_registered(&self->tick)) {
        iv_timer_unregister(&self->tick);
    }
    mt_counters_free(self->counters);
    self->counters = NULL;
    mt_core_detach(self->core);
    if (cfg->persist) {
        mt_persist_add(cfg, log_pipe_get_persist_name(s), self->core, (GDestroyNotify)mt_core_free);
        self->core = NULL;
    }
    return log_parser_deinit_method(s);
}

static LogPipe *clone_parser(LogPipe *s)
{
    struct parser *self = parser_of(s);
    LogParser *copy = mt_parser_new(s->cfg);
    struct parser *cloned = parser_of(&copy->super);

    mt_parser_copy_template(&self->super, copy);
    log_pipe_set_persist_name(&copy->super, s->persist_name);
    mt_options_copy(&self->options, &cloned->options);
    cloned->clone = ++self->clones;
    return &copy->super;
}

static void free_parser(LogPipe *s)
{
    struct parser *self = parser_of(s);

    if (self->core) {
        mt_core_free(self->core);
    }
    mt_pairs_free(self->pairs);
    mt_options_free(&self->options);
    log_parser_free_method(s);
}

LogParser *mt_parser_new(GlobalConfig *cfg)
{
    static unsigned serial;
    struct parser *self = g_new0(struct parser, 1);

    log_parser_init_instance(&self->super, cfg);
    self->super.super.init = init;
    self->super.super.deinit = deinit;
    self->super.super.free_fn = free_parser;
    self->super.super.clone = clone_parser;
    self->super.super.generate_persist_name = persist_name;
    self->super.process = process;
    self->serial = ++serial;
    mt_options_init(&self->options);
    return &self->super;
}
