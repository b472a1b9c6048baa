/* Feeding the journals behind the image that was loaded, in their order: silently up to where events are to be given
 * out again. Then writing goes on. See state.h.
 */
#include "recovery.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void replay_line(struct mt_state *state, const struct mt_view_record *record)
{
    struct mt_record *rec = &state->recovery->record;
    struct mt_line_record head;
    struct mt_slice rest = mt_slice((const char *)record->p, record->n);
    struct mt_line line;
    enum mt_verdict verdict;

    if (record->n < sizeof head) {
        return;
    }
    memcpy(&head, record->p, sizeof head);
    rest = mt_slice_skip(rest, sizeof head);
    if ((uint64_t)head.host_n + head.program_n + head.text_n + head.source_n != rest.n) {
        return;
    }
    line = (struct mt_line){.time = {head.usec, head.offset, head.digits > 6 ? 6 : head.digits},
                            .pid = head.pid,
                            .order = head.order,
                            .cut = head.cut};
    line.host = mt_slice(rest.p, head.host_n);
    line.program = mt_slice(rest.p + head.host_n, head.program_n);
    line.text = mt_slice(rest.p + head.host_n + head.program_n, head.text_n);
    line.source = mt_source_find(mt_slice(line.text.p + line.text.n, head.source_n));
    if (!line.source && head.source_number < MT_SOURCE_COUNT) { /* the first rows have kept their numbers */
        line.source = head.source_number;
    }
    verdict = mt_parse(&line, rec);
    rec->repeated = head.repeated;
    state->order = head.order > state->order ? head.order : state->order;
    mt_state_set_position(state, head.source, head.position);
    mt_correlator_feed(mt_shards_at(state->shards, line.host), rec, verdict, head.wall);
    state->stats.replayed++;
}

static void replay_place(struct mt_state *state, const struct mt_view_record *record)
{
    struct mt_place_record place;

    if (record->n >= sizeof place) {
        memcpy(&place, record->p, sizeof place);
        mt_state_set_position(state, place.source, place.position);
    }
}

static void replay(struct mt_state *state, const struct mt_view_record *record)
{
    switch (record->kind) {
    case MT_RECORD_LINE:
        replay_line(state, record);
        break;
    case MT_RECORD_TICK:
        mt_shards_tick(state->shards, mt_record_wall(record));
        break;
    case MT_RECORD_NOTE:
        state->note.n = 0;
        mt_buffer_append(&state->note, record->p, record->n);
        break;
    case MT_RECORD_PLACE:
        replay_place(state, record);
        break;
    case MT_RECORD_START:
        mt_shards_resume(state->shards);
        break;
    default:
        break;
    }
}

static uint64_t events_of(const struct mt_state *state)
{
    struct mt_stats stats;
    uint64_t sum = 0;

    mt_shards_stats(state->shards, &stats);
    for (size_t i = 0; i < MT_EVENT_COUNT; i++) {
        sum += stats.events[i];
    }
    return sum;
}

/* From the record on that events are to be given out again, they are. */
static void give_out_from(struct mt_state *state, struct mt_spot spot)
{
    struct mt_recovery *r = state->recovery;

    if (!r->giving_out && !mt_spot_before(spot, r->from)) {
        r->giving_out = true;
        r->events = events_of(state);
    }
    mt_shards_replay(state->shards, !r->giving_out);
}

/* --- the end --- */

/* All that is known is in an image of now: what was damaged is kept for people to look at, the rest goes. */
static void clear_away(struct mt_state *state)
{
    const struct mt_recovery *r = state->recovery;

    for (size_t i = 0; i < r->n; i++) {
        if (r->v[i].damaged) {
            mt_recovery_set_aside(state, r->v[i].name, "is damaged; what could be read of it was read");
        } else {
            unlink(r->v[i].name);
        }
    }
    state->files[0] = state->files[state->nfiles - 1];
    state->nfiles = 1;
}

static bool is_damaged(const struct mt_recovery *r)
{
    for (size_t i = 0; i < r->n; i++) {
        if (r->v[i].damaged) {
            return true;
        }
    }
    return false;
}

static bool note_files(struct mt_state *state)
{
    const struct mt_recovery *r = state->recovery;

    state->files = calloc(r->n + 8, sizeof *state->files);
    if (!state->files) {
        return false;
    }
    state->files_size = r->n + 8;
    for (size_t i = 0; i < r->n; i++) {
        state->files[state->nfiles++] = (struct mt_file){r->v[i].number, r->v[i].view.n, r->v[i].view.head.created};
    }
    return true;
}

/* Where writing goes on: behind the last record, or in a new file. */
static bool go_on(struct mt_state *state)
{
    const struct mt_recovery *r = state->recovery;
    const struct mt_found *last = r->n ? &r->v[r->n - 1] : NULL;

    if (!note_files(state)) {
        errno = ENOMEM;
        return false;
    }
    if (last && !is_damaged(r)) {
        int error = mt_segment_reopen(&state->segment, last->name, &last->view.head, r->offset);
        if (!error) {
            state->segment.synced = last->view.synced;
            return true;
        }
    }
    if (!mt_state_rotate(state, true)) {
        return false;
    }
    if (last) {
        clear_away(state);
    }
    return true;
}

static void finish(struct mt_state *state)
{
    struct mt_recovery *r = state->recovery;
    struct mt_spot none = {0, 0};

    if (r->giving_out) {
        state->stats.redelivered = events_of(state) - r->events;
        state->keep = r->from;
    }
    mt_shards_replayed(state->shards);
    mt_shards_resume(state->shards);
    state->started = mt_state_now();
    mt_state_begin(state, go_on(state));
    mt_state_write_moment(state, MT_RECORD_START, state->started, r->giving_out ? r->from : none);
    if (state->stats.redelivered) {
        mt_state_report(state, MT_SEVERITY_INFO,
                        "%s: the end of the last run was unclean: %llu events that may not have reached their output "
                        "are sent again, with the same ids",
                        state->path, (unsigned long long)state->stats.redelivered);
    }
    mt_state_write(state);
    mt_recovery_free(state);
}

static void report_torn(struct mt_state *state, const struct mt_found *file, uint64_t torn)
{
    mt_state_report(state, MT_SEVERITY_INFO,
                    "%s: the journal is torn: %llu bytes behind its last whole record are not used", file->name,
                    (unsigned long long)torn);
}

bool mt_recovery_step(struct mt_state *state, size_t most)
{
    struct mt_recovery *r = state->recovery;
    struct mt_view_record record;
    uint64_t torn;

    for (size_t done = 0; done < most && r->at < r->n; done++) {
        struct mt_found *file = &r->v[r->at];
        if (mt_view_next(&file->view, &r->offset, &record, &torn)) {
            give_out_from(state, mt_spot_of(file, &record));
            replay(state, &record);
            continue;
        }
        if (torn) {
            report_torn(state, file, torn);
        }
        if (r->at + 1 == r->n) {
            r->at = r->n;
        } else {
            r->offset = r->v[++r->at].view.begin;
        }
    }
    if (r->at < r->n) {
        return false;
    }
    finish(state);
    return true;
}
