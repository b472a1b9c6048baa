/* The files of the state: which there are, when a new one begins, when an old one goes. See state.h.
 *
 * A new file is begun when the journal is twice as long as the image that it stands behind (and at
 * least ROTATE_LEAST), so that writing images costs less than writing lines. A file goes when what
 * it says is in the image of a later one, and its events need not be given out again.
 *
 * When the disk fails, lines are known in memory only; from time to time a new file is tried, whose image
 * makes up for them.
 */
#include "base/memory.h"
#include "internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROTATE_LEAST (UINT64_C(64) << 20)

char *mt_state_file_name(const struct mt_state *state, uint64_t number)
{
    char *name;

    return asprintf(&name, "%s.%08llu", state->path, (unsigned long long)number) < 0 ? NULL : name;
}

uint64_t mt_state_bytes(const struct mt_state *state)
{
    uint64_t sum = 0;

    for (size_t i = 0; i + 1 < state->nfiles; i++) {
        sum += state->files[i].bytes;
    }
    return sum + MT_WINDOW_AT + MT_WINDOW_SIZE + (state->segment.fd >= 0 ? state->segment.allocated : 0);
}

static void remove_oldest(struct mt_state *state)
{
    char *name = mt_state_file_name(state, state->files[0].number);

    if (name) {
        unlink(name);
        free(name);
    }
    state->nfiles--;
    memmove(state->files, state->files + 1, state->nfiles * sizeof *state->files);
}

/* Would a start now, after an unclean end, need no more than what is in file i and later ones? */
static bool suffices(const struct mt_state *state, size_t i, int64_t now)
{
    const struct mt_file *file = &state->files[i];

    if (state->started && now - state->started < state->config.redeliver && state->keep.segment &&
        state->keep.segment < file->number) {
        return false;
    }
    if (state->delivered.segment >= file->number) {
        return true;
    }
    return state->config.redeliver != MT_REDELIVER_UNMARKED && file->created <= now - state->config.redeliver;
}

void mt_state_remove_old(struct mt_state *state, int64_t now)
{
    while (state->nfiles > 1 && suffices(state, 1, now)) {
        remove_oldest(state);
    }
}

bool mt_state_hold_bound(struct mt_state *state)
{
    while (mt_state_bytes(state) > state->config.max_bytes && state->nfiles > 1) {
        remove_oldest(state);
    }
    return mt_state_bytes(state) <= state->config.max_bytes;
}

void mt_state_fail(struct mt_state *state, int error)
{
    if (!state->failing) {
        mt_state_report(state, MT_SEVERITY_ERROR,
                        "%s: %s: what is open is kept in memory only, and would not survive a restart, until it "
                        "can be written",
                        state->path, strerror(error));
    }
    state->failing = true;
    if (state->segment.fd >= 0) {
        state->files[state->nfiles - 1].bytes = state->segment.allocated;
    }
    mt_segment_close(&state->segment);
    state->retry = mt_state_now() + MT_STATE_RETRY;
}

static bool add_file(struct mt_state *state, uint64_t number, int64_t created)
{
    if (state->nfiles == state->files_size) {
        void *larger = mt_array_grow(state->files, sizeof *state->files, &state->files_size, MT_FILES_LEAST);
        if (!larger) {
            return false;
        }
        state->files = larger;
    }
    state->files[state->nfiles++] = (struct mt_file){.number = number, .created = created};
    return true;
}

int mt_state_window(struct mt_state *state)
{
    return state->window.p ? 0 : mt_window_open(&state->window, state->lock);
}

bool mt_state_rotate(struct mt_state *state, bool fresh)
{
    struct mt_segment next;
    int64_t now = mt_state_now();
    char *name = mt_state_file_name(state, state->next_number);
    int error = mt_state_window(state);

    if (state->segment.fd >= 0 && mt_segment_flush(&state->segment) != 0) {
        fresh = true; /* what is missing in the old one is in this one's image */
    }
    if (!error && (!name || !add_file(state, state->next_number, now))) {
        error = ENOMEM;
    } else if (!error) {
        error = mt_segment_create(&next, &state->window, name, state->next_number, now, fresh,
                                  state->config.sync != MT_SYNC_OFF, mt_state_save_image, state);
        state->nfiles -= error != 0;
    }
    free(name);
    if (error) {
        errno = error;
        return false;
    }
    if (state->segment.fd >= 0 && state->nfiles > 1) {
        state->files[state->nfiles - 2].bytes = state->segment.allocated;
    }
    mt_segment_close(&state->segment);
    state->segment = next;
    state->next_number++;
    state->rotate_at = 2 * next.begin;
    mt_state_begin(state, true);
    mt_state_remove_old(state, now);
    mt_state_hold_bound(state);
    if (state->failing) {
        mt_state_report(state, MT_SEVERITY_INFO, "%s: written again", state->path);
        state->failing = false;
    }
    return true;
}

void mt_state_begin(struct mt_state *state, bool good)
{
    if (!good) {
        mt_state_fail(state, errno);
    } else if (state->rotate_at < ROTATE_LEAST) {
        state->rotate_at = ROTATE_LEAST;
    }
    if (state->rotate_at > state->config.max_bytes / 4) {
        state->rotate_at = state->config.max_bytes / 4;
    }
}

bool mt_state_wants_new_file(const struct mt_state *state)
{
    const struct mt_segment *segment = &state->segment;

    return segment->fd < 0 ? mt_state_now() >= state->retry : segment->end - segment->begin > state->rotate_at;
}

void mt_state_renew(struct mt_state *state)
{
    const struct mt_segment *segment = &state->segment;

    if (!mt_state_wants_new_file(state)) {
        return;
    }
    if (segment->fd < 0) {
        state->retry = mt_state_now() + MT_STATE_RETRY;
        if (!mt_state_rotate(state, true)) {
            mt_state_fail(state, errno);
        }
    } else if (!mt_state_rotate(state, false)) {
        state->rotate_at = segment->end - segment->begin + ROTATE_LEAST; /* the journal goes on as long as it can */
        if (!mt_state_hold_bound(state)) {
            mt_state_fail(state, EFBIG);
        }
    }
}
