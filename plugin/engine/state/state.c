/* The calls of state.h. Each takes the state's lock, and leaves the work to journal.c (what is written), files.c
 * (where and when) and recover.c (what is read at the start).
 */
#include "correlate/line_copy.h"
#include "internal.h"
#include "ours.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#define SECOND     INT64_C(1000000)
#define REPORT_MAX 512
#define CLOSE_WITH (UINT64_C(4) << 20) /* bytes of journal that are left to the next start */

int64_t mt_state_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    return now.tv_sec * SECOND + now.tv_nsec / 1000;
}

void mt_state_report(struct mt_state *state, enum mt_severity severity, const char *format, ...)
{
    char text[REPORT_MAX];
    va_list args;

    if (!state->config.report) {
        return;
    }
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    state->config.report(state->config.ctx, severity, text);
}

/* --- lines --- */

/* By who has taken c: not now, if others have theirs. The next line tries again, and so does the next tick. */
static void try_to_renew(struct mt_state *state, const struct mt_correlator *c)
{
    if (mt_shards_try_rest(state->shards, c)) {
        pthread_mutex_lock(&state->mutex);
        mt_state_renew(state);
        pthread_mutex_unlock(&state->mutex);
        mt_shards_give_rest(state->shards, c);
    }
}

/* A line, before the correlator takes it; only a recognised one is kept. Returns whether a new file is wanted. */
static bool keep_line(struct mt_state *state, const struct mt_line *line, bool recognised, bool repeated, int64_t wall,
                      const struct mt_place *place)
{
    bool renew;

    pthread_mutex_lock(&state->mutex);
    if (place) {
        mt_state_set_position(state, place->source, place->position);
    }
    if (recognised) {
        if (line->order > state->order) {
            state->order = line->order;
        }
        mt_state_write_line(state, line, repeated, wall, place);
    }
    renew = mt_state_wants_new_file(state);
    pthread_mutex_unlock(&state->mutex);
    return renew;
}

void mt_state_feed(struct mt_state *state, struct mt_correlator *c, const struct mt_record *rec,
                   enum mt_verdict verdict, int64_t wall, const struct mt_place *place)
{
    bool recognised = verdict == MT_RECOGNISED;
    bool renew = state && keep_line(state, &rec->line, recognised, recognised && rec->repeated, wall, place);

    mt_correlator_feed(c, rec, verdict, wall);
    if (renew) {
        try_to_renew(state, c);
    }
}

void mt_state_feed_copy(struct mt_state *state, struct mt_correlator *c, struct mt_line_copy *copy, int64_t wall,
                        const struct mt_place *place)
{
    bool renew = state && keep_line(state, &copy->line, true, copy->repeated, wall, place);

    mt_correlator_feed_copy(c, copy, wall);
    if (renew) {
        try_to_renew(state, c);
    }
}

void mt_state_tick(struct mt_state *state, struct mt_shards *shards, int64_t wall)
{
    if (!state) {
        mt_shards_tick(shards, wall);
        return;
    }
    pthread_mutex_lock(&state->mutex);
    mt_state_write_moment(state, MT_RECORD_TICK, wall, (struct mt_spot){0, 0});
    mt_shards_tick(shards, wall);
    mt_state_write(state);
    mt_state_look_after(state);
    mt_state_renew(state);
    mt_state_remove_old(state, mt_state_now());
    mt_state_mark(state);
    pthread_mutex_unlock(&state->mutex);
}

void mt_state_delivered(struct mt_state *state)
{
    if (!state) {
        return;
    }
    pthread_mutex_lock(&state->mutex);
    if (state->segment.fd >= 0) {
        state->delivered = (struct mt_spot){state->segment.number, state->segment.end};
        mt_state_write_moment(state, MT_RECORD_DELIVERED, mt_state_now(), (struct mt_spot){0, 0});
        mt_state_write(state);
    }
    pthread_mutex_unlock(&state->mutex);
}

void mt_state_note(struct mt_state *state, struct mt_slice note)
{
    if (state) {
        pthread_mutex_lock(&state->mutex);
        mt_state_write_note(state, note);
        pthread_mutex_unlock(&state->mutex);
    }
}

struct mt_slice mt_state_noted(const struct mt_state *state)
{
    return state ? mt_slice(state->note.p, state->note.n) : mt_slice(NULL, 0);
}

uint64_t mt_state_position(const struct mt_state *state, uint32_t source)
{
    return state && source < state->npositions ? state->positions[source] : 0;
}

void mt_state_place(struct mt_state *state, const struct mt_place *place)
{
    if (state) {
        pthread_mutex_lock(&state->mutex);
        mt_state_write_place(state, place);
        pthread_mutex_unlock(&state->mutex);
    }
}

uint64_t mt_state_order(const struct mt_state *state)
{
    return state ? state->order : 0;
}

static bool begin_sync(struct mt_state *state, int fds[2])
{
    if (!state->unsynced || state->config.sync != MT_SYNC_INTERVAL || state->segment.fd < 0) {
        return false;
    }
    mt_state_write(state);
    if (state->segment.fd < 0) {
        return false;
    }
    state->unsynced = false;
    state->syncing = (struct mt_spot){state->segment.number, state->segment.written};
    fds[0] = fcntl(state->lock, F_DUPFD_CLOEXEC, 0);
    fds[1] = fcntl(state->segment.fd, F_DUPFD_CLOEXEC, 0);
    return true;
}

bool mt_state_sync_begin(struct mt_state *state, int fds[2])
{
    bool begun = false;

    if (state) {
        pthread_mutex_lock(&state->mutex);
        begun = begin_sync(state, fds);
        pthread_mutex_unlock(&state->mutex);
    }
    return begun;
}

int mt_state_sync(const int fds[2])
{
    int error = 0;

    for (int i = 0; i < 2; i++) {
        if (fds[i] >= 0) {
            error = fdatasync(fds[i]) != 0 ? errno : error;
            close(fds[i]);
        }
    }
    return error;
}

void mt_state_sync_end(struct mt_state *state, int error)
{
    if (!state) {
        return;
    }
    pthread_mutex_lock(&state->mutex);
    if (error) {
        mt_state_fail(state, error);
    } else if (state->syncing.segment == state->segment.number && state->syncing.at > state->segment.synced) {
        state->segment.synced = state->syncing.at;
        mt_state_mark(state);
    }
    pthread_mutex_unlock(&state->mutex);
}

void mt_state_stats(struct mt_state *state, struct mt_state_stats *out)
{
    *out = (struct mt_state_stats){0};
    if (state) {
        pthread_mutex_lock(&state->mutex);
        *out = state->stats;
        out->bytes = mt_state_bytes(state);
        pthread_mutex_unlock(&state->mutex);
    }
}

/* --- from open to close --- */

/* Returns a file descriptor, or -1 and *why. */
static int lock_file(const char *path, const char **why)
{
    int fd = mt_open_ours(path, O_RDWR | O_CREAT, why);

    if (fd < 0) {
        *why = *why ? *why : strerror(errno);
        return -1;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        *why = errno == EWOULDBLOCK ? "is in use by another process or action" : strerror(errno);
    } else if (!mt_mark_is_ours(fd)) {
        *why = "is no state of mailtrace: it is not touched";
    } else {
        return fd;
    }
    close(fd);
    return -1;
}

bool mt_state_lock(struct mt_state *state, char *why, size_t size)
{
    const char *because;

    state->lock = lock_file(state->path, &because);
    if (state->lock < 0) {
        snprintf(why, size, "%s: %s", state->path, because);
    }
    return state->lock >= 0;
}

int mt_state_relock(struct mt_state *state)
{
    const char *why;
    int fd;

    if (mt_is_file(state->lock, state->path)) {
        return 0;
    }
    errno = 0;
    fd = lock_file(state->path, &why);
    if (fd < 0) {
        return errno ? errno : EEXIST;
    }
    close(state->lock);
    state->lock = fd;
    return 0;
}

static void free_state(struct mt_state *state)
{
    mt_recovery_free(state);
    mt_segment_close(&state->segment);
    if (state->lock >= 0) {
        close(state->lock);
    }
    mt_buffer_free(&state->note);
    free(state->positions);
    free(state->files);
    pthread_mutex_destroy(&state->mutex);
    free(state->path);
    free(state);
}

struct mt_state *mt_state_open(const struct mt_state_config *config, struct mt_shards *shards, char *why, size_t size)
{
    struct mt_state *state = calloc(1, sizeof *state);

    if (!state || !(state->path = strdup(config->path))) {
        free(state);
        snprintf(why, size, "%s: %s", config->path, strerror(ENOMEM));
        return NULL;
    }
    state->config = *config;
    state->config.path = state->path;
    state->config.max_bytes = config->max_bytes < MT_STATE_LEAST ? MT_STATE_LEAST : config->max_bytes;
    pthread_mutex_init(&state->mutex, NULL);
    state->shards = shards;
    state->lock = state->segment.fd = -1;
    state->next_number = 1;
    if (!mt_state_lock(state, why, size)) {
        free_state(state);
        return NULL;
    }
    if (!mt_recovery_begin(state)) {
        snprintf(why, size, "%s: %s", state->path, strerror(errno));
        free_state(state);
        return NULL;
    }
    return state;
}

bool mt_state_recover(struct mt_state *state, size_t most)
{
    bool recovered;

    if (!state) {
        return true;
    }
    pthread_mutex_lock(&state->mutex);
    recovered = !state->recovery || mt_recovery_step(state, most);
    pthread_mutex_unlock(&state->mutex);
    return recovered;
}

void mt_state_close(struct mt_state *state, bool delivered)
{
    if (!state) {
        return;
    }
    if (!state->recovery) {
        if (state->segment.fd < 0) {
            mt_state_rotate(state, true); /* a last try */
        } else if (state->segment.end - state->segment.begin > CLOSE_WITH) {
            mt_state_rotate(state, false); /* the next start is quick */
        }
        if (delivered) {
            mt_state_write_moment(state, MT_RECORD_CLOSE, mt_state_now(), (struct mt_spot){0, 0});
        }
        if (state->config.sync != MT_SYNC_OFF) {
            mt_state_write_through(state);
        } else {
            mt_state_write(state);
        }
        mt_state_mark(state);
    }
    free_state(state);
}
