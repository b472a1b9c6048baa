/* The parser's counters among syslog-ng's own: see counters.h. The engine counts; these are copies. */
#include "counters.h"

#include <stddef.h>

#define COUNTERS_MAX 64
#define NAME_MAX_    64

struct mt_counters {
    char *id, *instance;
    StatsCounterItem *items[COUNTERS_MAX];
};

/* Where a counter, or an array of them, stands in struct mt_numbers. */
static const struct place {
    const char *name;
    size_t offset;
    const char *const *names; /* of the elements of an array; NULL: of a single one */
    size_t n;
    const char *label; /* what the elements of an array are told apart by */
    bool gauge;
} places[] = {
    {"lines", offsetof(struct mt_numbers, engine.lines), NULL, 1, NULL, false},
    {"foreign", offsetof(struct mt_numbers, engine.foreign), NULL, 1, NULL, false},
    {"recognised", offsetof(struct mt_numbers, engine.recognised), mt_source_names, MT_SOURCE_COUNT, "mta", false},
    {"unrecognised", offsetof(struct mt_numbers, engine.unrecognised), mt_source_names, MT_SOURCE_COUNT, "mta", false},
    {"repeated", offsetof(struct mt_numbers, engine.repeated), NULL, 1, NULL, false},
    {"late", offsetof(struct mt_numbers, engine.late), NULL, 1, NULL, false},
    {"cut", offsetof(struct mt_numbers, engine.cut), NULL, 1, NULL, false},
    {"events", offsetof(struct mt_numbers, engine.events), mt_event_names, MT_EVENT_COUNT, "event", false},
    {"incomplete", offsetof(struct mt_numbers, engine.incomplete), mt_reason_names, MT_REASON_COUNT, "reason", false},
    {"recipients.omitted", offsetof(struct mt_numbers, engine.recipients_omitted), NULL, 1, NULL, false},
    {"nomemory", offsetof(struct mt_numbers, engine.no_memory), NULL, 1, NULL, false},
    {"open", offsetof(struct mt_numbers, engine.open), NULL, 1, NULL, true},
    {"sessions", offsetof(struct mt_numbers, engine.sessions), NULL, 1, NULL, true},
    {"memory", offsetof(struct mt_numbers, engine.memory), NULL, 1, NULL, true},
    {"state.bytes", offsetof(struct mt_numbers, state.bytes), NULL, 1, NULL, true},
    {"state.replayed", offsetof(struct mt_numbers, state.replayed), NULL, 1, NULL, false},
    {"state.redelivered", offsetof(struct mt_numbers, state.redelivered), NULL, 1, NULL, false},
    {"state.unsaved", offsetof(struct mt_numbers, state.unsaved), NULL, 1, NULL, false},
    {"events.lost", offsetof(struct mt_numbers, lost), NULL, 1, NULL, false},
    {"events.pending", offsetof(struct mt_numbers, pending), NULL, 1, NULL, true},
};

/* Calls fn for each counter; name is that of an array's element, or NULL. */
typedef void each_fn(struct mt_counters *c, StatsCounterItem **item, const struct place *place, const char *name,
                     uint64_t value);

static void each(struct mt_counters *c, const struct mt_numbers *numbers, each_fn *fn)
{
    size_t n = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
        const uint64_t *values = (const uint64_t *)(const void *)((const char *)numbers + places[i].offset);
        for (size_t k = 0; k < places[i].n && n < COUNTERS_MAX; k++) {
            if (!places[i].names || places[i].names[k]) {
                fn(c, &c->items[n++], &places[i], places[i].names ? places[i].names[k] : NULL, values[k]);
            }
        }
    }
}

/* The key lives as long as the strings it is made of, which are the caller's. */
struct key {
    StatsClusterKey key;
    char name[NAME_MAX_];
#ifdef MT_SYSLOG_NG_HAS_STATS_LABELS
    char metric[NAME_MAX_];
    StatsClusterLabel labels[3];
#endif
};

static void key_of(struct key *key, const struct mt_counters *c, const struct place *place, const char *name)
{
    g_snprintf(key->name, sizeof key->name, "%s%s%s", place->name, name ? "." : "", name ? name : "");
#ifdef MT_SYSLOG_NG_HAS_STATS_LABELS
    size_t n = 0;
    g_snprintf(key->metric, sizeof key->metric, "mailtrace_%s%s", place->name, place->gauge ? "" : "_total");
    g_strdelimit(key->metric, ".", '_');
    key->labels[n++] = stats_cluster_label("id", c->id);
    key->labels[n++] = stats_cluster_label("instance", c->instance);
    if (name) {
        key->labels[n++] = stats_cluster_label(place->label, name);
    }
    stats_cluster_single_key_set(&key->key, key->metric, key->labels, n);
    stats_cluster_single_key_add_legacy_alias_with_name(&key->key, SCS_PARSER, c->id, c->instance, key->name);
#else
    stats_cluster_single_key_set_with_name(&key->key, SCS_PARSER, c->id, c->instance, key->name);
#endif
}

static void announce(struct mt_counters *c, StatsCounterItem **item, const struct place *place, const char *name,
                     uint64_t value)
{
    struct key key;

    (void)value;
    key_of(&key, c, place, name);
    stats_register_counter(0, &key.key, SC_TYPE_SINGLE_VALUE, item);
}

static void withdraw(struct mt_counters *c, StatsCounterItem **item, const struct place *place, const char *name,
                     uint64_t value)
{
    struct key key;

    (void)value;
    key_of(&key, c, place, name);
    stats_unregister_counter(&key.key, SC_TYPE_SINGLE_VALUE, item);
}

static void set(struct mt_counters *c, StatsCounterItem **item, const struct place *place, const char *name,
                uint64_t value)
{
    (void)c;
    (void)place;
    (void)name;
    stats_counter_set(*item, value);
}

static void each_locked(struct mt_counters *c, each_fn *fn)
{
    struct mt_numbers none;

    memset(&none, 0, sizeof none);
    stats_lock();
    each(c, &none, fn);
    stats_unlock();
}

struct mt_counters *mt_counters_new(const char *id, const char *instance)
{
    struct mt_counters *c = g_new0(struct mt_counters, 1);

    c->id = g_strdup(id);
    c->instance = g_strdup(instance);
    each_locked(c, announce);
    return c;
}

void mt_counters_free(struct mt_counters *counters)
{
    if (counters) {
        each_locked(counters, withdraw);
        g_free(counters->id);
        g_free(counters->instance);
        g_free(counters);
    }
}

void mt_counters_set(struct mt_counters *counters, const struct mt_numbers *numbers)
{
    each(counters, numbers, set);
}
