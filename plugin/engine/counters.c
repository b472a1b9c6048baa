/* The counters that hosts show: a table of where they stand. See mailtrace/engine.h. */
#include "mailtrace/engine.h"

#include <stddef.h>

/* A new row is a new counter of every host. Elements are told apart by their names; those without one are no counters. */
static const struct row {
    struct mt_counter counter;
    size_t offset; /* in struct mt_engine_stats */
    const char *const *names;
    size_t n;
} rows[] = {
    {{"lines", NULL, false}, offsetof(struct mt_engine_stats, lines.lines), NULL, 1},
    {{"foreign", NULL, false}, offsetof(struct mt_engine_stats, lines.foreign), NULL, 1},
    {{"recognised", "mta", false},
     offsetof(struct mt_engine_stats, lines.recognised),
     mt_source_names,
     MT_SOURCE_COUNT},
    {{"unrecognised", "mta", false},
     offsetof(struct mt_engine_stats, lines.unrecognised),
     mt_source_names,
     MT_SOURCE_COUNT},
    {{"repeated", NULL, false}, offsetof(struct mt_engine_stats, lines.repeated), NULL, 1},
    {{"untold", NULL, false}, offsetof(struct mt_engine_stats, lines.untold), NULL, 1},
    {{"late", NULL, false}, offsetof(struct mt_engine_stats, lines.late), NULL, 1},
    {{"cut", NULL, false}, offsetof(struct mt_engine_stats, lines.cut), NULL, 1},
    {{"events", "event", false}, offsetof(struct mt_engine_stats, lines.events), mt_event_names, MT_EVENT_COUNT},
    {{"incomplete", "reason", false},
     offsetof(struct mt_engine_stats, lines.incomplete),
     mt_reason_names,
     MT_REASON_COUNT},
    {{"recipients.omitted", NULL, false}, offsetof(struct mt_engine_stats, lines.recipients_omitted), NULL, 1},
    {{"aliases.dropped", NULL, false}, offsetof(struct mt_engine_stats, lines.aliases_dropped), NULL, 1},
    {{"hops.omitted", NULL, false}, offsetof(struct mt_engine_stats, lines.hops_omitted), NULL, 1},
    {{"verdicts.omitted", NULL, false}, offsetof(struct mt_engine_stats, lines.verdicts_omitted), NULL, 1},
    {{"verdicts.unsure", NULL, false}, offsetof(struct mt_engine_stats, lines.verdicts_unsure), NULL, 1},
    {{"verdicts.unjoined", NULL, false}, offsetof(struct mt_engine_stats, lines.verdicts_unjoined), NULL, 1},
    {{"lives.omitted", NULL, false}, offsetof(struct mt_engine_stats, lines.lives_omitted), NULL, 1},
    {{"sessions.omitted", NULL, false}, offsetof(struct mt_engine_stats, lines.sessions_omitted), NULL, 1},
    {{"instances.omitted", NULL, false}, offsetof(struct mt_engine_stats, lines.instances_omitted), NULL, 1},
    {{"parts.omitted", NULL, false}, offsetof(struct mt_engine_stats, lines.parts_omitted), NULL, 1},
    {{"nomemory", NULL, false}, offsetof(struct mt_engine_stats, lines.no_memory), NULL, 1},
    {{"open", NULL, true}, offsetof(struct mt_engine_stats, lines.open), NULL, 1},
    {{"sessions", NULL, true}, offsetof(struct mt_engine_stats, lines.sessions), NULL, 1},
    {{"memory", NULL, true}, offsetof(struct mt_engine_stats, lines.memory), NULL, 1},
    {{"state.bytes", NULL, true}, offsetof(struct mt_engine_stats, state.bytes), NULL, 1},
    {{"state.replayed", NULL, false}, offsetof(struct mt_engine_stats, state.replayed), NULL, 1},
    {{"state.redelivered", NULL, false}, offsetof(struct mt_engine_stats, state.redelivered), NULL, 1},
    {{"state.unsaved", NULL, false}, offsetof(struct mt_engine_stats, state.unsaved), NULL, 1},
};

void mt_engine_counters(const struct mt_engine_stats *stats, mt_counter_fn *fn, void *ctx)
{
    for (const struct row *row = rows; row < rows + sizeof rows / sizeof *rows; row++) {
        const uint64_t *values = (const uint64_t *)(const void *)((const char *)stats + row->offset);
        for (size_t i = 0; i < row->n; i++) {
            const char *element = row->names ? row->names[i] : NULL;
            if (!row->names || element) {
                fn(ctx, &row->counter, element, values[i]);
            }
        }
    }
}
