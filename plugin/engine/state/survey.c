/* Where to begin: see state.h.
 *
 * All files are looked through for where the last process ended, and how: what it gave out within
 * `redeliver` before an unclean end is to be given out again.
 */
#include "recovery.h"

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
static struct mt_spot find_wall(const struct mt_recovery *r, int64_t wall)
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
    }
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
