/* The options of a parser: see options.h. */
#include "options.h"

#include <strings.h>

#include "mailtrace/syslog.h"

#define SECOND 1e6
#define DAY    86400.0

/* Of syslog-ng's names of pairs, 255 bytes, ours take at most 32. */
#define PREFIX_MAX 200

void mt_options_init(struct mt_options *options)
{
    memset(options, 0, sizeof *options);
    mt_config_default(&options->engine);
    options->engine.events = MT_EVENTS_ALL;
    options->prefix = g_strdup(".mail.");
    options->pairs = true;
    options->wrapped = true;
    options->redeliver = MT_REDELIVER_DEFAULT;
    options->sync = MT_SYNC_INTERVAL;
}

void mt_options_free(struct mt_options *options)
{
    g_free(options->prefix);
    g_free(options->state_file);
    options->prefix = options->state_file = NULL;
}

void mt_options_copy(const struct mt_options *from, struct mt_options *to)
{
    mt_options_free(to);
    *to = *from;
    to->prefix = g_strdup(from->prefix);
    to->state_file = g_strdup(from->state_file);
}

const char *mt_options_prefix(struct mt_options *options, const char *prefix)
{
    if (!*prefix || strlen(prefix) > PREFIX_MAX || prefix[strcspn(prefix, " \t${}\"'")]) {
        return "be the first part of a name, such as \".mail.\": 1 to 200 characters, no blanks, quotes, $ or braces";
    }
    g_free(options->prefix);
    options->prefix = g_strdup(prefix);
    return NULL;
}

const char *mt_options_events(struct mt_options *options, GList *names)
{
    unsigned all = 0;

    for (GList *at = names; at; at = at->next) {
        unsigned events = 0;
        struct mt_slice bad;
        if (!mt_events_parse(mt_slice_str(at->data), &events, &bad)) {
            all = 0;
            break;
        }
        all |= events;
    }
    if (!all) {
        return "name one or more of delivery, message, reject, session";
    }
    options->engine.events = all;
    return NULL;
}

const char *mt_options_inject_mode(struct mt_options *options, const char *mode)
{
    static const struct {
        const char *name;
        enum mt_inject inject;
    } modes[] = {
        {"pass-through", MT_INJECT_PASS_THROUGH},
        {"pass_through", MT_INJECT_PASS_THROUGH},
        {"aggregate-only", MT_INJECT_AGGREGATE_ONLY},
        {"aggregate_only", MT_INJECT_AGGREGATE_ONLY},
        {"internal", MT_INJECT_INTERNAL},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(modes); i++) {
        if (!strcasecmp(mode, modes[i].name)) {
            options->inject = modes[i].inject;
            return NULL;
        }
    }
    return "be pass-through, aggregate-only or internal";
}

const char *mt_options_time_zone(struct mt_options *options, const char *zone)
{
    if (!strcasecmp(zone, "local")) {
        options->fixed_zone = false;
        return NULL;
    }
    if (!mt_zone_offset(mt_slice_str(zone), &options->zone)) {
        return "be local, UTC or an offset such as +01:00";
    }
    options->fixed_zone = true;
    return NULL;
}

const char *mt_options_timeout(struct mt_options *options, double seconds)
{
    if (!(seconds >= 1 && seconds <= 3650 * DAY)) {
        return "be seconds, from 1 to 315360000 (3650 days)";
    }
    options->engine.timeout = (int64_t)(seconds * SECOND);
    return NULL;
}

const char *mt_options_settle(struct mt_options *options, double seconds)
{
    if (!(seconds >= 0 && seconds <= 3600)) {
        return "be seconds, from 0 to 3600; decimals are allowed";
    }
    options->engine.settle = (int64_t)(seconds * SECOND + 0.5);
    return NULL;
}

const char *mt_options_max_messages(struct mt_options *options, int64_t n)
{
    if (n < 1 || n > INT64_C(1) << 32) {
        return "be a whole number, from 1 to 4294967296";
    }
    options->engine.max_messages = (uint64_t)n;
    return NULL;
}

const char *mt_options_max_memory(struct mt_options *options, int64_t bytes)
{
    if (bytes < (int64_t)MT_MAX_MEMORY_LEAST || bytes > INT64_C(1) << 46) {
        return "be bytes (or 512MiB, 2GiB), from 1MiB to 65536GiB";
    }
    options->engine.max_memory = (uint64_t)bytes;
    return NULL;
}

const char *mt_options_max_recipients(struct mt_options *options, int64_t n)
{
    if (n < 1 || n > 1000000) {
        return "be a whole number, from 1 to 1000000";
    }
    options->engine.max_recipients = (uint32_t)n;
    return NULL;
}

const char *mt_options_max_line(struct mt_options *options, int64_t bytes)
{
    if (bytes < 512 || bytes > 16 << 20) {
        return "be bytes (or 64KiB), from 512 to 16MiB";
    }
    options->engine.max_line = (uint32_t)bytes;
    return NULL;
}

const char *mt_options_state_file(struct mt_options *options, const char *path)
{
    g_free(options->state_file);
    options->state_file = g_strdup(path);
    return NULL;
}

const char *mt_options_max_state(struct mt_options *options, int64_t bytes)
{
    if (bytes < (int64_t)MT_STATE_LEAST || bytes > INT64_C(1) << 48) {
        return "be bytes (or 2GiB), from 16MiB to 262144GiB";
    }
    options->max_state = (uint64_t)bytes;
    return NULL;
}

const char *mt_options_redeliver(struct mt_options *options, double seconds)
{
    if (!(seconds >= 0 && seconds <= DAY)) {
        return "be seconds, from 0 to 86400 (1 day)";
    }
    options->redeliver = (int64_t)(seconds * SECOND);
    return NULL;
}

const char *mt_options_sync(struct mt_options *options, const char *when)
{
    static const char *const words[] = {
        [MT_SYNC_OFF] = "off", [MT_SYNC_INTERVAL] = "interval", [MT_SYNC_ALWAYS] = "always"};

    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        if (!strcasecmp(when, words[i])) {
            options->sync = (enum mt_sync)i;
            return NULL;
        }
    }
    return "be off, interval or always";
}

/* The disk bounds the memory, and the other way round. */
static void settle_state(struct mt_options *options)
{
    uint64_t memory = MT_STATE_MEMORY(options->max_state);

    if (!options->max_state) {
        options->max_state = MT_STATE_DISK(options->engine.max_memory);
    } else if (memory < options->engine.max_memory && !(options->state_file && !*options->state_file)) {
        options->engine.max_memory = memory;
    }
    if (options->max_state < MT_STATE_LEAST) {
        options->max_state = MT_STATE_LEAST;
    }
}

const char *mt_options_finish(struct mt_options *options)
{
    settle_state(options);
    return options->engine.settle >= options->engine.timeout ? "settle() must be shorter than timeout()" : NULL;
}

bool mt_options_same_engine(const struct mt_options *a, const struct mt_options *b)
{
    const struct mt_config *x = &a->engine, *y = &b->engine;

    return x->timeout == y->timeout && x->settle == y->settle && x->max_messages == y->max_messages &&
           x->max_memory == y->max_memory && x->max_recipients == y->max_recipients && x->max_line == y->max_line &&
           x->events == y->events && a->redeliver == b->redeliver && a->max_state == b->max_state && a->sync == b->sync;
}
