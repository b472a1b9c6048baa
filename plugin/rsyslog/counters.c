/* Counters for impstats: see counters.h.
 *
 * The engine counts; what rsyslog reads are copies. It tells after it has read and
 * not before, so the copies are also made once a second. impstats with
 * resetCounters="on" sets a copy to 0, whenever it likes: so what has happened since
 * the last time is added to it, atomically. Gauges are set.
 */
#include "counters.h"

#include <stdlib.h>

#define COUNTERS_MAX 128
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

/* What each of them is for: with the number of the copy, it begins at 0. */
struct each {
    struct mt_counters *c;
    size_t n;
    rsRetVal result;
};

static struct copy *next_copy(struct each *each)
{
    return each->n < COUNTERS_MAX ? &each->c->copies[each->n++] : NULL;
}

/* The engine's counters, and ours. */
static rsRetVal each_of(struct mt_counters *c, const struct mt_numbers *numbers, mt_counter_fn *fn)
{
    static const struct mt_counter lost = {"events.lost", NULL, false};
    struct each each = {c, 0, RS_RET_OK};

    mt_engine_counters(&numbers->engine, fn, &each);
    fn(&each, &lost, NULL, numbers->lost);
    return each.result;
}

static void announce(void *ctx, const struct mt_counter *counter, const char *element, uint64_t value)
{
    struct each *each = ctx;
    struct copy *copy = next_copy(each);
    char full[NAME_MAX_];

    (void)value;
    if (!copy || each->result != RS_RET_OK) {
        return;
    }
    snprintf(full, sizeof full, "%s%s%s", counter->name, element ? "." : "", element ? element : "");
    each->result = statsobj.AddCounter(each->c->stats, (const uchar *)full, ctrType_IntCtr,
                                       counter->gauge ? CTR_FLAG_NONE : CTR_FLAG_RESETTABLE, &copy->shown);
}

static void set(void *ctx, const struct mt_counter *counter, const char *element, uint64_t value)
{
    struct copy *copy = next_copy(ctx);

    (void)element;
    if (!copy) {
        return;
    }
    if (counter->gauge) {
        __atomic_store_n(&copy->shown, value, __ATOMIC_RELAXED);
    } else {
        __atomic_fetch_add(&copy->shown, value - copy->last, __ATOMIC_RELAXED);
    }
    copy->last = value;
}

void mt_counters_set(struct mt_counters *counters, const struct mt_numbers *numbers)
{
    each_of(counters, numbers, set);
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
    CHKiRet(each_of(c, &none, announce));
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
