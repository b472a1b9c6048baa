/* What the correlator counts. */
#include "internal.h"

void mt_count_unrecognised(struct mt_correlator *c, const struct mt_record *rec)
{
    struct mt_slice name = rec->line.program;
    size_t i = 0;

    c->stats.unrecognised[rec->source]++;
    if (name.n > sizeof c->programs[0].name) {
        name.n = sizeof c->programs[0].name;
    }
    while (
        i < MT_PROGRAMS - 1 && c->programs[i].lines &&
        (c->programs[i].source != rec->source || !mt_slice_eq(mt_slice(c->programs[i].name, c->programs[i].n), name))) {
        i++;
    }
    if (!c->programs[i].lines && i < MT_PROGRAMS - 1 && name.n) {
        memcpy(c->programs[i].name, name.p, name.n);
        c->programs[i].n = (uint8_t)name.n;
    }
    c->programs[i].source = rec->source;
    c->programs[i].lines++;
}

void mt_correlator_unrecognised(const struct mt_correlator *c,
                                void (*fn)(void *ctx, uint8_t source, struct mt_slice program, uint64_t lines),
                                void *ctx)
{
    for (size_t i = 0; i < MT_PROGRAMS; i++) {
        if (c->programs[i].lines) {
            fn(ctx, c->programs[i].source, mt_slice(c->programs[i].name, c->programs[i].n), c->programs[i].lines);
        }
    }
}

void mt_correlator_stats(const struct mt_correlator *c, struct mt_stats *out)
{
    *out = c->stats;
    out->no_memory += c->memory.failures;
    out->aliases_dropped = c->aliases.dropped;
    out->verdicts_unjoined = c->early.dropped;
    out->sessions_omitted = c->sessions.omitted;
    out->parts_omitted = mt_parts_incomplete(c->parts);
    out->open = c->messages.nopen;
    out->sessions = c->sessions.n;
    out->memory = c->memory.used + mt_parts_memory(c->parts);
}

/* What is counted while lines are replayed was counted before. */
void mt_correlator_replay(struct mt_correlator *c, bool silent)
{
    if (!c->replaying) {
        c->kept = c->stats;
    }
    c->replaying = true;
    c->silent = silent;
}

void mt_correlator_replayed(struct mt_correlator *c)
{
    if (c->replaying) {
        c->stats = c->kept;
    }
    c->replaying = c->silent = false;
}
