/* What the state writes: records of the journal, and the caller's part of an image. See internal.h for their form. */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- records --- */

/* Room for a record, or NULL when the disk has none: that has been reported. */
static void *reserve(struct mt_state *state, size_t n)
{
    void *p;

    if (state->segment.fd < 0) {
        return NULL;
    }
    p = mt_segment_reserve(&state->segment, n);
    if (!p) {
        mt_state_fail(state, errno);
    }
    return p;
}

void mt_state_write(struct mt_state *state)
{
    int error = state->segment.fd >= 0 ? mt_segment_write(&state->segment) : 0;

    if (error) {
        mt_state_fail(state, error);
    }
}

void mt_state_write_through(struct mt_state *state)
{
    mt_state_write(state);
    if (state->segment.fd < 0) {
        return;
    }
    if (fdatasync(state->segment.fd) != 0) {
        mt_state_fail(state, errno);
        return;
    }
    state->segment.synced = state->segment.written;
}

static void commit(struct mt_state *state, enum mt_record_kind kind, size_t n)
{
    mt_segment_commit(&state->segment, kind, n);
    state->unsynced = true;
    if (state->config.sync == MT_SYNC_ALWAYS) {
        mt_state_write_through(state);
    } else if (!state->config.reads_again) {
        mt_state_write(state);
    }
}

void mt_state_write_moment(struct mt_state *state, enum mt_record_kind kind, int64_t wall, struct mt_spot from)
{
    struct mt_moment_record *record = reserve(state, sizeof *record);

    if (record) {
        *record = (struct mt_moment_record){wall, from};
        commit(state, kind, sizeof *record);
    }
}

static void append(unsigned char **at, struct mt_slice s)
{
    if (s.n) {
        memcpy(*at, s.p, s.n);
        *at += s.n;
    }
}

void mt_state_write_line(struct mt_state *state, const struct mt_line *line, bool repeated, int64_t wall,
                         const struct mt_place *place)
{
    struct mt_slice source = mt_slice_str(line->source ? mt_source_names[line->source] : "");
    size_t n = sizeof(struct mt_line_record) + line->host.n + line->program.n + line->text.n + source.n;
    struct mt_line_record *record = reserve(state, n);
    unsigned char *at;

    if (!record) {
        state->stats.unsaved++;
        return;
    }
    at = (unsigned char *)(record + 1);
    *record = (struct mt_line_record){
        .wall = wall,
        .usec = line->time.usec,
        .order = line->order,
        .position = place ? place->position : 0,
        .source = place ? place->source : MT_SOURCES,
        .pid = line->pid,
        .host_n = (uint32_t)line->host.n,
        .program_n = (uint32_t)line->program.n,
        .text_n = (uint32_t)line->text.n,
        .offset = line->time.offset,
        .digits = line->time.digits,
        .source_n = (uint8_t)source.n,
        .cut = line->cut,
        .repeated = repeated,
    };
    append(&at, line->host);
    append(&at, line->program);
    append(&at, line->text);
    append(&at, source);
    commit(state, MT_RECORD_LINE, n);
    state->stats.unsaved += state->segment.fd < 0;
}

void mt_state_write_note(struct mt_state *state, struct mt_slice note)
{
    void *record;

    state->note.n = 0;
    mt_buffer_append(&state->note, note.p, note.n);
    if (note.n && (record = reserve(state, note.n))) {
        memcpy(record, note.p, note.n);
        commit(state, MT_RECORD_NOTE, note.n);
    }
}

void mt_state_write_place(struct mt_state *state, const struct mt_place *place)
{
    struct mt_place_record *record;

    if (!mt_state_set_position(state, place->source, place->position)) {
        return;
    }
    record = reserve(state, sizeof *record);
    if (record) {
        *record = (struct mt_place_record){place->position, place->source};
        commit(state, MT_RECORD_PLACE, sizeof *record);
    }
}

/* --- the caller's part of an image --- */

bool mt_state_set_position(struct mt_state *state, uint64_t source, uint64_t position)
{
    size_t size;
    uint64_t *p;

    if (source >= MT_SOURCES) {
        return true;
    }
    if (source >= state->npositions) {
        size = (size_t)source + 16;
        p = realloc(state->positions, size * sizeof *p);
        if (!p) {
            return false;
        }
        memset(p + state->npositions, 0, (size - state->npositions) * sizeof *p);
        state->positions = p;
        state->npositions = size;
    }
    state->positions[source] = position;
    return true;
}

/* What an image begins with: the numbers, the positions, the note. */
struct counts {
    uint64_t order, npositions, note_n;
};

bool mt_state_save_image(void *ctx, mt_write_fn *write, void *to)
{
    struct mt_state *state = ctx;
    struct counts counts = {state->order, state->npositions, state->note.n};

    return write(to, &counts, sizeof counts) &&
           write(to, state->positions, state->npositions * sizeof *state->positions) &&
           write(to, state->note.p, state->note.n) && mt_shards_save(state->shards, write, to);
}

bool mt_state_load_callers(struct mt_state *state, struct mt_slice image, struct mt_slice *rest)
{
    struct counts counts;
    uint64_t position;

    if (image.n < sizeof counts) {
        return false;
    }
    memcpy(&counts, image.p, sizeof counts);
    image = mt_slice_skip(image, sizeof counts);
    if (counts.npositions > MT_SOURCES + 16 || image.n < counts.npositions * sizeof position ||
        image.n - counts.npositions * sizeof position < counts.note_n) {
        return false;
    }
    state->order = counts.order;
    for (uint64_t i = 0; i < counts.npositions; i++) {
        memcpy(&position, image.p, sizeof position);
        image = mt_slice_skip(image, sizeof position);
        if (position && !mt_state_set_position(state, i, position)) {
            return false;
        }
    }
    state->note.n = 0;
    mt_buffer_append(&state->note, image.p, (size_t)counts.note_n);
    *rest = mt_slice_skip(image, (size_t)counts.note_n);
    return !state->note.failed;
}
