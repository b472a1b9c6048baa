/* SPDX-License-Identifier: Apache-2.0 OR LGPL-2.1-or-later */
/* The parser's counters among syslog-ng's own: see counters.h. The engine counts; these are copies. */
#include "counters.h"

#define COUNTERS_MAX 128
#define NAME_MAX_    64

struct mt_counters {
    char *id, *instance;
    StatsCounterItem *items[COUNTERS_MAX];
};

/* What each of them is for: with the number of the item, it begins at 0. */
struct each {
    struct mt_counters *c;
    size_t n;
};

static StatsCounterItem **next_item(struct each *each)
{
    return each->n < COUNTERS_MAX ? &each->c->items[each->n++] : NULL;
}

/* The engine's counters, and ours. */
static void each_of(struct mt_counters *c, const struct mt_numbers *numbers, mt_counter_fn *fn)
{
    static const struct mt_counter lost = {"events.lost", NULL, false}, pending = {"events.pending", NULL, true};
    struct each each = {c, 0};

    mt_engine_counters(&numbers->engine, fn, &each);
    fn(&each, &lost, NULL, numbers->lost);
    fn(&each, &pending, NULL, numbers->pending);
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

static void key_of(struct key *key, const struct mt_counters *c, const struct mt_counter *counter, const char *element)
{
    g_snprintf(key->name, sizeof key->name, "%s%s%s", counter->name, element ? "." : "", element ? element : "");
#ifdef MT_SYSLOG_NG_HAS_STATS_LABELS
    size_t n = 0;
    g_snprintf(key->metric, sizeof key->metric, "mailtrace_%s%s", counter->name, counter->gauge ? "" : "_total");
    g_strdelimit(key->metric, ".", '_');
    key->labels[n++] = stats_cluster_label("id", c->id);
    key->labels[n++] = stats_cluster_label("instance", c->instance);
    if (element) {
        key->labels[n++] = stats_cluster_label(counter->label, element);
    }
    stats_cluster_single_key_set(&key->key, key->metric, key->labels, n);
    stats_cluster_single_key_add_legacy_alias_with_name(&key->key, SCS_PARSER, c->id, c->instance, key->name);
#else
    stats_cluster_single_key_set_with_name(&key->key, SCS_PARSER, c->id, c->instance, key->name);
#endif
}

static void announce(void *ctx, const struct mt_counter *counter, const char *element, uint64_t value)
{
    struct each *each = ctx;
    StatsCounterItem **item = next_item(each);
    struct key key;

    (void)value;
    if (item) {
        key_of(&key, each->c, counter, element);
        stats_register_counter(0, &key.key, SC_TYPE_SINGLE_VALUE, item);
    }
}

static void withdraw(void *ctx, const struct mt_counter *counter, const char *element, uint64_t value)
{
    struct each *each = ctx;
    StatsCounterItem **item = next_item(each);
    struct key key;

    (void)value;
    if (item) {
        key_of(&key, each->c, counter, element);
        stats_unregister_counter(&key.key, SC_TYPE_SINGLE_VALUE, item);
    }
}

static void set(void *ctx, const struct mt_counter *counter, const char *element, uint64_t value)
{
    StatsCounterItem **item = next_item(ctx);

    (void)counter;
    (void)element;
    if (item) {
        stats_counter_set(*item, value);
    }
}

static void each_locked(struct mt_counters *c, mt_counter_fn *fn)
{
    struct mt_numbers none;

    memset(&none, 0, sizeof none);
    stats_lock();
    each_of(c, &none, fn);
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
    each_of(counters, numbers, set);
}
