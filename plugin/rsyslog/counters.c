/* Counters for impstats: see counters.h.
 *
 * The engine counts; what rsyslog reads are copies. It tells after it has read and
 * not before, so the copies are also made once a second. impstats with
 * resetCounters="on" sets a copy to 0, whenever it likes: so what has happened since
 * the last time is added to it, atomically. Gauges are set.
 */
#include "counters.h"

#include <stddef.h>
#include <stdlib.h>

#define COUNTERS_MAX 64
#define NAME_MAX_    48

static obj_if_t obj;
DEFobjCurrIf(statsobj);

struct copy {
    intctr_t shown; /* rsyslog's view */
    uint64_t last;
};

struct mt_counters {
    statsobj_t *stats;
    mt_counters_refresh_fn *refresh;
    void *ctx;
    struct copy copies[COUNTERS_MAX];
};

/* Where a counter, or an array of them, stands in struct mt_numbers. */
static const struct place {
    const char *name; /* of an array: what stands before the dot */
    size_t offset;
    const char *const *names; /* of the elements of an array; NULL: of a single one */
    size_t n;
    bool gauge;
} places[] = {
    {"lines", offsetof(struct mt_numbers, engine.lines), NULL, 1, false},
    {"foreign", offsetof(struct mt_numbers, engine.foreign), NULL, 1, false},
    {"recognised", offsetof(struct mt_numbers, engine.recognised), mt_source_names, MT_SOURCE_COUNT, false},
    {"unrecognised", offsetof(struct mt_numbers, engine.unrecognised), mt_source_names, MT_SOURCE_COUNT, false},
    {"repeated", offsetof(struct mt_numbers, engine.repeated), NULL, 1, false},
    {"late", offsetof(struct mt_numbers, engine.late), NULL, 1, false},
    {"cut", offsetof(struct mt_numbers, engine.cut), NULL, 1, false},
    {"events", offsetof(struct mt_numbers, engine.events), mt_event_names, MT_EVENT_COUNT, false},
    {"incomplete", offsetof(struct mt_numbers, engine.incomplete), mt_reason_names, MT_REASON_COUNT, false},
    {"recipients.omitted", offsetof(struct mt_numbers, engine.recipients_omitted), NULL, 1, false},
    {"nomemory", offsetof(struct mt_numbers, engine.no_memory), NULL, 1, false},
    {"open", offsetof(struct mt_numbers, engine.open), NULL, 1, true},
    {"sessions", offsetof(struct mt_numbers, engine.sessions), NULL, 1, true},
    {"memory", offsetof(struct mt_numbers, engine.memory), NULL, 1, true},
    {"state.bytes", offsetof(struct mt_numbers, state.bytes), NULL, 1, true},
    {"state.replayed", offsetof(struct mt_numbers, state.replayed), NULL, 1, false},
    {"state.redelivered", offsetof(struct mt_numbers, state.redelivered), NULL, 1, false},
    {"state.unsaved", offsetof(struct mt_numbers, state.unsaved), NULL, 1, false},
    {"events.lost", offsetof(struct mt_numbers, lost), NULL, 1, false},
};

/* Calls fn for each counter, in the order of the copies. */
typedef rsRetVal each_fn(struct mt_counters *c, struct copy *copy, const struct place *place, const char *name,
                         const uint64_t *value);

static rsRetVal each(struct mt_counters *c, const struct mt_numbers *numbers, each_fn *fn)
{
    size_t n = 0;
    DEFiRet;

    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        const uint64_t *values = (const uint64_t *)(const void *)((const char *)numbers + places[i].offset);
        for (size_t k = 0; k < places[i].n && n < COUNTERS_MAX; k++) {
            if (!places[i].names || places[i].names[k]) {
                const char *name = places[i].names ? places[i].names[k] : NULL;
                CHKiRet(fn(c, &c->copies[n++], &places[i], name, &values[k]));
            }
        }
    }
finalize_it:
    RETiRet;
}

static rsRetVal announce(struct mt_counters *c, struct copy *copy, const struct place *place, const char *name,
                         const uint64_t *value)
{
    char full[NAME_MAX_];

    (void)value;
    snprintf(full, sizeof full, "%s%s%s", place->name, name ? "." : "", name ? name : "");
    return statsobj.AddCounter(c->stats, (const uchar *)full, ctrType_IntCtr,
                               place->gauge ? CTR_FLAG_NONE : CTR_FLAG_RESETTABLE, &copy->shown);
}

static rsRetVal set(struct mt_counters *c, struct copy *copy, const struct place *place, const char *name,
                    const uint64_t *value)
{
    (void)c;
    (void)name;
    if (place->gauge) {
        __atomic_store_n(&copy->shown, *value, __ATOMIC_RELAXED);
    } else {
        __atomic_fetch_add(&copy->shown, *value - copy->last, __ATOMIC_RELAXED);
    }
    copy->last = *value;
    return RS_RET_OK;
}

void mt_counters_set(struct mt_counters *counters, const struct mt_numbers *numbers)
{
    each(counters, numbers, set);
}

static void after_read(statsobj_t *stats, void *ctx)
{
    struct mt_counters *c = ctx;

    (void)stats;
    c->refresh(c->ctx);
}

struct mt_counters *mt_counters_new(const char *name, mt_counters_refresh_fn *refresh, void *ctx)
{
    struct mt_counters *c = calloc(1, sizeof *c);
    struct mt_numbers none;
    DEFiRet;

    if (!c) {
        return NULL;
    }
    c->refresh = refresh;
    c->ctx = ctx;
    memset(&none, 0, sizeof none);
    CHKiRet(statsobj.Construct(&c->stats));
    CHKiRet(statsobj.SetName(c->stats, (uchar *)name));
    CHKiRet(statsobj.SetOrigin(c->stats, (uchar *)"mmmailtrace"));
    CHKiRet(statsobj.SetReadNotifier(c->stats, after_read, c));
    CHKiRet(each(c, &none, announce));
    CHKiRet(statsobj.ConstructFinalize(c->stats));
finalize_it:
    if (iRet != RS_RET_OK) {
        mt_counters_free(c);
        return NULL;
    }
    return c;
}

void mt_counters_free(struct mt_counters *counters)
{
    if (!counters) {
        return;
    }
    if (counters->stats) {
        statsobj.Destruct(&counters->stats);
    }
    free(counters);
}

rsRetVal mt_counters_init(const obj_if_t *object)
{
    DEFiRet;

    obj = *object;
    CHKiRet(objUse(statsobj, CORE_COMPONENT));
finalize_it:
    RETiRet;
}

void mt_counters_exit(void)
{
    objRelease(statsobj, CORE_COMPONENT);
}
