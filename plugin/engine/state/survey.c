/* Where to begin: see state.h.
 *
 * All files are looked through for where the last process ended, and how: what it gave out within
 * `redeliver` before an unclean end is to be given out again.
 */
#include "recovery.h"

#include <stdlib.h>
#include <string.h>

int64_t mt_record_wall(const struct mt_view_record *record)
{
    int64_t wall = 0;

    switch (record->kind) {
    case MT_RECORD_LINE:
    case MT_RECORD_TICK:
    case MT_RECORD_DELIVERED:
    case MT_RECORD_START:
    case MT_RECORD_CLOSE:
        if (record->n >= sizeof wall) {
            memcpy(&wall, record->p, sizeof wall); /* the first member of each */
        }
        return wall;
    default:
        return 0;
    }
}

struct survey {
    int64_t wall;             /* the last one */
    struct mt_spot last;      /* record */
    struct mt_spot delivered; /* record that says so */
    struct mt_moment_record start;
    struct mt_spot started;
    bool closed;
};

static void survey_record(struct survey *s, struct mt_spot spot, const struct mt_view_record *record)
{
    int64_t wall = mt_record_wall(record);

    s->wall = wall ? wall : s->wall;
    s->last = spot;
    s->closed = record->kind == MT_RECORD_CLOSE;
    if (record->kind == MT_RECORD_DELIVERED || record->kind == MT_RECORD_CLOSE) {
        s->delivered = spot;
    }
    if (record->kind == MT_RECORD_START && record->n >= sizeof s->start) {
        memcpy(&s->start, record->p, sizeof s->start);
        s->started = spot;
    }
}

/* The first record of a time not before `wall`. */
static struct mt_spot find_wall(struct mt_recovery *r, int64_t wall)
{
    for (size_t i = 0; i < r->n; i++) {
        struct mt_view_record record;
        uint64_t at = r->v[i].view.begin, torn;

        while (mt_view_next(&r->v[i].view, &at, &record, &torn)) {
            if (mt_record_wall(&record) >= wall) {
                return mt_spot_of(&r->v[i], &record);
            }
        }
    }
    return (struct mt_spot){MT_NEVER, 0};
}

/* What must be there and is not. */
static void note_missing(struct mt_state *state, size_t i, uint64_t end)
{
    struct mt_recovery *r = state->recovery;
    struct mt_found *file = &r->v[i];
    const struct mt_segment_before *before = i + 1 < r->n ? &r->v[i + 1].view.before : NULL;
    bool marked = r->mark.segment == file->number && r->mark.nonce == file->view.head.nonce;
    uint64_t must = before && before->number == file->number ? before->end : marked ? r->mark.end : 0;

    if (file->view.error) {
        file->damaged = true;
        mt_state_report(state, MT_SEVERITY_ERROR, "%s: cannot be read to its end: %s", file->name,
                        strerror(file->view.error));
    }
    if (end < must) {
        file->partial = true;
        file->damaged |= end < file->view.synced;
        mt_state_report(
            state, MT_SEVERITY_WARNING,
            "%s: %llu bytes are missing at the end: lines in them, and events of theirs, are not known any more",
            file->name, (unsigned long long)(must - end));
    }
    file->partial |= file->damaged;
}

static void note_missing_files(struct mt_state *state)
{
    const struct mt_recovery *r = state->recovery;
    char *name;

    if (r->mark.segment && (!r->n || r->v[r->n - 1].number < r->mark.segment)) {
        name = mt_state_file_name(state, r->mark.segment);
        mt_state_report(state, MT_SEVERITY_WARNING, "%s: is missing: what only it says is not known any more",
                        name ? name : state->path);
        free(name);
    }
}

void mt_recovery_survey(struct mt_state *state)
{
    struct mt_recovery *r = state->recovery;
    int64_t redeliver = state->config.redeliver;
    struct survey s = {0};

    for (size_t i = 0; i < r->n; i++) {
        struct mt_view_record record;
        uint64_t at = r->v[i].view.begin, torn;

        while (mt_view_next(&r->v[i].view, &at, &record, &torn)) {
            r->v[i].damaged |= record.lost > 0;
            survey_record(&s, mt_spot_of(&r->v[i], &record), &record);
        }
        note_missing(state, i, at);
    }
    note_missing_files(state);
    state->delivered = s.delivered;
    r->from = (struct mt_spot){MT_NEVER, 0};
    if (s.closed || redeliver <= 0) {
        return;
    }
    r->from = redeliver == MT_REDELIVER_UNMARKED ? s.delivered : find_wall(r, s.wall - redeliver);
    if (s.start.from.segment && mt_spot_before(s.delivered, s.started) &&
        (redeliver == MT_REDELIVER_UNMARKED || s.wall - s.start.wall < redeliver) &&
        mt_spot_before(s.start.from, r->from)) {
        r->from = s.start.from;
    }
    if (mt_spot_before(r->from, s.delivered)) {
        r->from = s.delivered;
    }
}
