/* The files of the state: which there are, when a new one begins, when an old one goes. See state.h.
 *
 * What lies on disk is at most SHARE times the newest image, or DISK_LEAST, whatever is more, and no more than DISK_FEW
 * where an image leaves room for journals in that: two images and a
 * journal behind each, or two files and the third image. A new file is begun when the journal has grown so far. A file goes
 * when what it says is in the image of a later one, and its events need not be given out again; or for the bound.
 *
 * When the disk fails, lines are known in memory only; from time to time a new file is tried, whose image
 * makes up for them.
 */
#include "base/memory.h"
#include "internal.h"
#include "ours.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHARE      4
#define DISK_LEAST (UINT64_C(32) << 20)
#define DISK_FEW   (UINT64_C(64) << 20) /* enough for an image of up to 3/8 of it */

#define TELL_EVERY (60 * INT64_C(1000000)) /* usec: a disk that fails now and then is reported so often at most */

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
    return sum + MT_MARK_BYTES + (state->segment.fd >= 0 ? state->segment.allocated : 0);
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

static uint64_t bound(const struct mt_state *state)
{
    uint64_t most = SHARE * state->segment.begin;

    most = most < DISK_LEAST ? DISK_LEAST : most;
    if (most > DISK_FEW && state->segment.begin <= DISK_FEW / 8 * 3) {
        most = DISK_FEW;
    }
    return most > state->config.max_bytes ? state->config.max_bytes : most;
}

bool mt_state_hold_bound(struct mt_state *state, uint64_t more)
{
    uint64_t most = bound(state);

    while (mt_state_bytes(state) + more > most && state->nfiles > 1) {
        remove_oldest(state);
    }
    return mt_state_bytes(state) + more <= most;
}

void mt_state_fail(struct mt_state *state, int error)
{
    int64_t now = mt_state_now();

    if (!state->failing && now >= state->tell) {
        state->told = true;
        state->tell = now + TELL_EVERY;
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
    state->retry = now + MT_STATE_RETRY;
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

void mt_state_mark(const struct mt_state *state)
{
    const struct mt_segment *segment = &state->segment;
    struct mt_mark mark = {
        .segment = segment->number, .nonce = segment->nonce, .synced = segment->synced, .end = segment->written};

    if (segment->fd >= 0) {
        (void)mt_mark_write(state->lock, &mark); /* without it, less of a journal that is damaged is believed */
    }
}

/* Returns 0 or an errno. */
static int create(struct mt_state *state, struct mt_segment *next, bool fresh, int64_t now)
{
    struct mt_segment_plan plan = {.path = mt_state_file_name(state, state->next_number),
                                   .number = state->next_number,
                                   .created = now,
                                   .fresh = fresh,
                                   .sync = state->config.sync != MT_SYNC_OFF,
                                   .save = mt_state_save_image,
                                   .ctx = state};
    int error = plan.path && add_file(state, state->next_number, now) ? 0 : ENOMEM;

    if (state->segment.fd >= 0 && !fresh) {
        plan.before = (struct mt_segment_before){
            .number = state->segment.number, .end = state->segment.end, .synced = state->segment.synced};
    }
    if (!error) {
        error = mt_segment_create(next, &plan);
        state->nfiles -= error != 0;
    }
    free((char *)(uintptr_t)plan.path);
    state->next_number += !error || error == EEXIST;
    return error;
}

static void told_again(struct mt_state *state)
{
    if (state->failing && state->told) {
        mt_state_report(state, MT_SEVERITY_INFO, "%s: written again", state->path);
    }
    state->failing = state->told = false;
}

bool mt_state_rotate(struct mt_state *state, bool fresh)
{
    struct mt_segment next;
    int64_t now = mt_state_now();
    int error = mt_state_relock(state);

    if (state->segment.fd >= 0 && mt_segment_write(&state->segment) != 0) {
        fresh = true; /* what is missing in the old one is in this one's image */
    }
    mt_state_hold_bound(state, state->segment.begin);
    if (!error) {
        error = create(state, &next, fresh, now);
    }
    if (error) {
        errno = error;
        return false;
    }
    if (state->segment.fd >= 0 && state->nfiles > 1) {
        state->files[state->nfiles - 2].bytes = state->segment.allocated;
    }
    mt_segment_close(&state->segment);
    state->segment = next;
    mt_state_begin(state, true);
    mt_state_remove_old(state, now);
    mt_state_hold_bound(state, state->rotate_at);
    told_again(state);
    return true;
}

void mt_state_begin(struct mt_state *state, bool good)
{
    uint64_t half = bound(state) / 2, taken = state->segment.begin + 2 * MT_SEGMENT_STEP;

    if (!good) {
        mt_state_fail(state, errno);
    }
    state->rotate_at = half > taken + MT_SEGMENT_STEP ? half - taken : MT_SEGMENT_STEP;
    mt_state_mark(state);
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
        state->rotate_at = segment->end - segment->begin + DISK_LEAST / 4; /* the journal goes on as long as it can */
        if (mt_state_bytes(state) > state->config.max_bytes) {
            mt_state_fail(state, EFBIG);
        }
    }
}

void mt_state_look_after(struct mt_state *state)
{
    char *name = state->segment.fd >= 0 ? mt_state_file_name(state, state->segment.number) : NULL;
    bool there = name && mt_is_file(state->segment.fd, name);

    if (name && (!there || !mt_is_file(state->lock, state->path))) {
        mt_state_report(state, MT_SEVERITY_WARNING,
                        "%s: was removed or replaced: what is open is written to a new file",
                        there ? state->path : name);
        state->nfiles -= !there; /* what has its name now is not ours */
        if (!mt_state_rotate(state, true)) {
            state->nfiles += !there;
            mt_state_fail(state, errno);
        }
    }
    free(name);
}
