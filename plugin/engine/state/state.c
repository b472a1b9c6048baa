/* State on disk: see state.h. This file writes; recover.c reads.
 *
 * A new file is begun when the journal is twice as long as the image that it stands behind (and at
 * least ROTATE_LEAST), so that writing images costs less than writing lines. A file goes when what
 * it says is in the image of a later one, and its events need not be given out again.
 *
 * When the disk fails, lines are known in memory only; from time to time a new file is tried, whose image
 * makes up for them.
 */
#include "correlate/line_copy.h"
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#define SECOND       INT64_C(1000000)
#define ROTATE_LEAST (UINT64_C(64) << 20)
#define REPORT_MAX   512
#define CLOSE_WITH   (UINT64_C(4) << 20) /* bytes of journal that are left to the next start */

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

char *mt_state_file_name(const struct mt_state *state, uint64_t number)
{
    char *name;

    return asprintf(&name, "%s.%08llu", state->path, (unsigned long long)number) < 0 ? NULL : name;
}

/* --- the caller's part --- */

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
struct own {
    uint64_t order, npositions, note_n;
};

static bool save_image(void *ctx, mt_write_fn *write, void *to)
{
    struct mt_state *state = ctx;
    struct own own = {state->order, state->npositions, state->note.n};

    return write(to, &own, sizeof own) && write(to, state->positions, state->npositions * sizeof *state->positions) &&
           write(to, state->note.p, state->note.n) && mt_shards_save(state->shards, write, to);
}

bool mt_state_load_own(struct mt_state *state, struct mt_slice image, struct mt_slice *rest)
{
    struct own own;
    uint64_t position;

    if (image.n < sizeof own) {
        return false;
    }
    memcpy(&own, image.p, sizeof own);
    image = mt_slice_skip(image, sizeof own);
    if (own.npositions > MT_SOURCES + 16 || image.n < own.npositions * sizeof position ||
        image.n - own.npositions * sizeof position < own.note_n) {
        return false;
    }
    state->order = own.order;
    for (uint64_t i = 0; i < own.npositions; i++) {
        memcpy(&position, image.p, sizeof position);
        image = mt_slice_skip(image, sizeof position);
        if (position && !mt_state_set_position(state, i, position)) {
            return false;
        }
    }
    state->note.n = 0;
    mt_buffer_append(&state->note, image.p, (size_t)own.note_n);
    *rest = mt_slice_skip(image, (size_t)own.note_n);
    return !state->note.failed;
}

/* --- files --- */

static uint64_t bytes_on_disk(const struct mt_state *state)
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

static void remove_old(struct mt_state *state, int64_t now)
{
    while (state->nfiles > 1 && suffices(state, 1, now)) {
        remove_oldest(state);
    }
}

/* Makes room by files that are there for the sake of redelivery only. */
static bool fits(struct mt_state *state, uint64_t more)
{
    while (bytes_on_disk(state) + more > state->config.max_bytes && state->nfiles > 1) {
        remove_oldest(state);
    }
    return bytes_on_disk(state) + more <= state->config.max_bytes;
}

static void fail(struct mt_state *state, int error)
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
        size_t size = state->files_size ? state->files_size * 2 : 8;
        void *p = realloc(state->files, size * sizeof *state->files);
        if (!p) {
            return false;
        }
        state->files = p;
        state->files_size = size;
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
                                  state->config.sync != MT_SYNC_OFF, save_image, state);
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
    remove_old(state, now);
    fits(state, 0);
    if (state->failing) {
        mt_state_report(state, MT_SEVERITY_INFO, "%s: written again", state->path);
        state->failing = false;
    }
    return true;
}

void mt_state_begin(struct mt_state *state, bool good)
{
    if (!good) {
        fail(state, errno);
    } else if (state->rotate_at < ROTATE_LEAST) {
        state->rotate_at = ROTATE_LEAST;
    }
    if (state->rotate_at > state->config.max_bytes / 4) {
        state->rotate_at = state->config.max_bytes / 4;
    }
}

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
        fail(state, errno);
    }
    return p;
}

static int sync_files(const struct mt_state *state)
{
    return fdatasync(state->lock) != 0 || fdatasync(state->segment.fd) != 0 ? errno : 0;
}

static void commit(struct mt_state *state, enum mt_record_kind kind, size_t n)
{
    int error = mt_segment_commit(&state->segment, kind, n);

    state->unsynced = true;
    if (!error && state->config.sync == MT_SYNC_ALWAYS) {
        error = sync_files(state);
    }
    if (error) {
        fail(state, error);
    }
}

void mt_state_moment(struct mt_state *state, enum mt_record_kind kind, int64_t wall, struct mt_spot from)
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

static void write_line(struct mt_state *state, const struct mt_line *line, bool repeated, int64_t wall,
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
}

/* Is there something for keep_house() to do? */
static bool is_due(const struct mt_state *state)
{
    const struct mt_segment *segment = &state->segment;

    return segment->fd < 0 ? mt_state_now() >= state->retry : segment->end - segment->begin > state->rotate_at;
}

/* Begins a new file when the journal is long enough, or after the disk has failed. With all correlators taken. */
static void keep_house(struct mt_state *state)
{
    const struct mt_segment *segment = &state->segment;

    if (!is_due(state)) {
        return;
    }
    if (segment->fd < 0) {
        state->retry = mt_state_now() + MT_STATE_RETRY;
        if (!mt_state_rotate(state, true)) {
            fail(state, errno);
        }
    } else if (!mt_state_rotate(state, false)) {
        state->rotate_at = segment->end - segment->begin + ROTATE_LEAST; /* the journal goes on as long as it can */
        if (!fits(state, 0)) {
            fail(state, EFBIG);
        }
    }
}

/* By who has taken c: not now, if others have theirs. The next line tries again, and so does the next tick. */
static void try_to_keep_house(struct mt_state *state, const struct mt_correlator *c)
{
    if (mt_shards_try_rest(state->shards, c)) {
        pthread_mutex_lock(&state->mutex);
        keep_house(state);
        pthread_mutex_unlock(&state->mutex);
        mt_shards_give_rest(state->shards, c);
    }
}

/* --- the calls --- */

/* A line, before the correlator takes it; only a recognised one is kept. Returns whether there is house to keep. */
static bool keep_line(struct mt_state *state, const struct mt_line *line, bool recognised, bool repeated, int64_t wall,
                      const struct mt_place *place)
{
    bool due;

    pthread_mutex_lock(&state->mutex);
    if (place) {
        mt_state_set_position(state, place->source, place->position);
    }
    if (recognised) {
        if (line->order > state->order) {
            state->order = line->order;
        }
        write_line(state, line, repeated, wall, place);
    }
    due = is_due(state);
    pthread_mutex_unlock(&state->mutex);
    return due;
}

void mt_state_feed(struct mt_state *state, struct mt_correlator *c, const struct mt_record *rec,
                   enum mt_verdict verdict, int64_t wall, const struct mt_place *place)
{
    bool recognised = verdict == MT_RECOGNISED;
    bool due = state && keep_line(state, &rec->line, recognised, recognised && rec->repeated, wall, place);

    mt_correlator_feed(c, rec, verdict, wall);
    if (due) {
        try_to_keep_house(state, c);
    }
}

void mt_state_feed_copy(struct mt_state *state, struct mt_correlator *c, struct mt_line_copy *copy, int64_t wall,
                        const struct mt_place *place)
{
    bool due = state && keep_line(state, &copy->line, true, copy->repeated, wall, place);

    mt_correlator_feed_copy(c, copy, wall);
    if (due) {
        try_to_keep_house(state, c);
    }
}

void mt_state_tick(struct mt_state *state, struct mt_shards *shards, int64_t wall)
{
    if (!state) {
        mt_shards_tick(shards, wall);
        return;
    }
    pthread_mutex_lock(&state->mutex);
    mt_state_moment(state, MT_RECORD_TICK, wall, (struct mt_spot){0, 0});
    mt_shards_tick(shards, wall);
    keep_house(state);
    remove_old(state, mt_state_now());
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
        mt_state_moment(state, MT_RECORD_DELIVERED, mt_state_now(), (struct mt_spot){0, 0});
    }
    pthread_mutex_unlock(&state->mutex);
}

static void write_note(struct mt_state *state, struct mt_slice note)
{
    void *record;

    state->note.n = 0;
    mt_buffer_append(&state->note, note.p, note.n);
    if (note.n && (record = reserve(state, note.n))) {
        memcpy(record, note.p, note.n);
        commit(state, MT_RECORD_NOTE, note.n);
    }
}

void mt_state_note(struct mt_state *state, struct mt_slice note)
{
    if (state) {
        pthread_mutex_lock(&state->mutex);
        write_note(state, note);
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

static void write_place(struct mt_state *state, const struct mt_place *place)
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

void mt_state_place(struct mt_state *state, const struct mt_place *place)
{
    if (state) {
        pthread_mutex_lock(&state->mutex);
        write_place(state, place);
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
    state->unsynced = false;
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

void mt_state_sync_failed(struct mt_state *state, int error)
{
    if (state) {
        pthread_mutex_lock(&state->mutex);
        fail(state, error);
        pthread_mutex_unlock(&state->mutex);
    }
}

void mt_state_stats(struct mt_state *state, struct mt_state_stats *out)
{
    *out = (struct mt_state_stats){0};
    if (state) {
        pthread_mutex_lock(&state->mutex);
        *out = state->stats;
        out->bytes = bytes_on_disk(state);
        pthread_mutex_unlock(&state->mutex);
    }
}

/* --- from open to close --- */

static bool lock_file(struct mt_state *state, char *why, size_t size)
{
    state->lock = open(state->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (state->lock < 0) {
        snprintf(why, size, "%s: %s", state->path, strerror(errno));
        return false;
    }
    if (flock(state->lock, LOCK_EX | LOCK_NB) != 0) {
        snprintf(why, size, "%s: %s", state->path,
                 errno == EWOULDBLOCK ? "is in use by another process or action" : strerror(errno));
        return false;
    }
    (void)mt_window_open(&state->window, state->lock); /* a full disk is no reason not to start: it is tried again */
    return true;
}

static void free_state(struct mt_state *state)
{
    mt_recovery_free(state);
    mt_segment_close(&state->segment);
    mt_window_close(&state->window);
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
    if (!lock_file(state, why, size)) {
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
            mt_state_moment(state, MT_RECORD_CLOSE, mt_state_now(), (struct mt_spot){0, 0});
        }
        if (state->segment.fd >= 0) {
            (void)mt_segment_flush(&state->segment);
        }
        if (state->segment.fd >= 0 && state->config.sync != MT_SYNC_OFF) {
            (void)sync_files(state);
        }
    }
    free_state(state);
}
