/* Taking up what is on disk: see state.h.
 *
 * First all files are looked through for where the last process ended, and how: what it gave out within
 * `redeliver` before an unclean end is to be given out again. Then the newest image that is older
 * than that is loaded, and the journals behind it are fed in their order, silently up to there.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

#define NEVER UINT64_MAX

struct file {
    char *name;
    struct mt_view view;
    uint64_t number;
    bool usable;  /* the image is sound, as far as is known */
    bool damaged; /* in the middle */
};

struct mt_recovery {
    struct file *v;
    size_t n, size;
    size_t at; /* file being replayed */
    uint64_t offset;
    struct mt_spot from; /* the first record whose events are given out; segment NEVER: none */
    struct mt_record record;
    bool speaking;   /* past that */
    uint64_t events; /* given out before that */
};

static bool is_before(struct mt_spot a, struct mt_spot b)
{
    return a.segment != b.segment ? a.segment < b.segment : a.at < b.at;
}

/* --- finding files --- */

/* "NAME.00000012" gives 12; 0: another name. *rest is what follows the digits. */
static uint64_t number_in(const char *name, const char *base, const char **rest)
{
    size_t n = strlen(base);
    uint64_t number = 0;
    const char *p = name + n + 1;

    if (strncmp(name, base, n) != 0 || name[n] != '.') {
        return 0;
    }
    while (*p >= '0' && *p <= '9' && number < UINT64_MAX / 100) {
        number = number * 10 + (uint64_t)(*p++ - '0');
    }
    *rest = p;
    return p - (name + n + 1) >= 8 ? number : 0;
}

static void set_aside(struct mt_state *state, const char *name, const char *why)
{
    char *aside;

    if (asprintf(&aside, "%s.aside", name) < 0) {
        return;
    }
    if (rename(name, aside) == 0) {
        mt_state_report(state, MT_SEVERITY_WARNING, "%s: %s; kept aside as %s", name, why, aside);
    } else {
        mt_state_report(state, MT_SEVERITY_ERROR, "%s: %s; and it cannot be renamed: %s", name, why, strerror(errno));
    }
    free(aside);
}

static bool add(struct mt_recovery *r, uint64_t number)
{
    if (r->n == r->size) {
        size_t size = r->size ? r->size * 2 : 8;
        void *p = realloc(r->v, size * sizeof *r->v);
        if (!p) {
            return false;
        }
        r->v = p;
        r->size = size;
    }
    r->v[r->n++] = (struct file){.number = number};
    return true;
}

static int by_number(const void *a, const void *b)
{
    uint64_t x = ((const struct file *)a)->number, y = ((const struct file *)b)->number;

    return x < y ? -1 : x > y;
}

/* An entry of the directory: one of ours is noted, an unfinished one removed. */
static bool take_entry(struct mt_state *state, const char *directory, const char *base, const char *entry)
{
    const char *rest;
    uint64_t number = number_in(entry, base, &rest);
    char *name;

    if (!number) {
        return true;
    }
    if (number >= state->next_number) {
        state->next_number = number + 1;
    }
    if (strcmp(rest, ".new") == 0) {
        if (asprintf(&name, "%s/%s", directory, entry) >= 0) {
            unlink(name);
            free(name);
        }
        return true;
    }
    return *rest || add(state->recovery, number);
}

static bool list_files(struct mt_state *state)
{
    char *copy = strdup(state->path), *slash = copy ? strrchr(copy, '/') : NULL;
    const char *base = slash ? slash + 1 : copy, *directory = slash == copy ? "/" : slash ? copy : ".";
    const struct dirent *entry;
    bool good = copy;
    DIR *dir;

    if (slash) {
        *slash = '\0';
    }
    dir = good ? opendir(*directory ? directory : "/") : NULL;
    good = dir;
    while (good && (entry = readdir(dir))) {
        good = take_entry(state, directory, base, entry->d_name);
    }
    if (dir) {
        closedir(dir);
    }
    free(copy);
    if (good && state->recovery->n) {
        qsort(state->recovery->v, state->recovery->n, sizeof *state->recovery->v, by_number);
    }
    return good;
}

/* The newest part of the journal goes where it belongs. */
static bool restore_window(struct mt_state *state)
{
    uint64_t number = state->window.p ? mt_window_of(&state->window) : 0;
    char *name = number ? mt_state_file_name(state, number) : NULL;
    int error = number && !name ? ENOMEM : 0;

    if (name) {
        error = mt_window_restore(&state->window, name);
        free(name);
    }
    if (error && error != ENOENT) { /* the file may be gone: somebody has put it aside */
        errno = error;
        return false;
    }
    return true;
}

/* Opens each file; those that are none of ours are put aside. */
static bool open_files(struct mt_state *state)
{
    struct mt_recovery *r = state->recovery;
    size_t kept = 0;

    for (size_t i = 0; i < r->n; i++) {
        struct file file = {.number = r->v[i].number, .name = mt_state_file_name(state, r->v[i].number)};
        enum mt_view_verdict verdict = file.name ? mt_view_open(&file.view, file.name) : MT_VIEW_ERROR;
        int error = errno;

        r->v[i].name = NULL;
        if (verdict == MT_VIEW_GOOD && file.view.head.number == file.number) {
            file.usable = file.view.image.n > 0;
            r->v[kept++] = file;
            continue;
        }
        mt_view_close(&file.view);
        if (verdict == MT_VIEW_ERROR && (error == EACCES || error == ENOMEM || !file.name)) {
            free(file.name);
            r->n = kept;
            errno = error;
            return false;
        }
        set_aside(state, file.name,
                  verdict == MT_VIEW_ERROR ? strerror(error)
                                           : "is damaged, or of another version or another kind of machine");
        free(file.name);
    }
    r->n = kept;
    return true;
}

/* --- where to begin --- */

static struct mt_spot spot_of(const struct file *file, const struct mt_view_record *record)
{
    return (struct mt_spot){file->number, (uint64_t)(record->p - file->view.p)};
}

static int64_t wall_of(const struct mt_view_record *record)
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
    int64_t wall = wall_of(record);

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
            if (wall_of(&record) >= wall) {
                return spot_of(&r->v[i], &record);
            }
        }
    }
    return (struct mt_spot){NEVER, 0};
}

static void find_from(struct mt_state *state)
{
    struct mt_recovery *r = state->recovery;
    int64_t redeliver = state->config.redeliver;
    struct survey s = {0};

    for (size_t i = 0; i < r->n; i++) {
        struct mt_view_record record;
        uint64_t at = r->v[i].view.begin, torn;

        while (mt_view_next(&r->v[i].view, &at, &record, &torn)) {
            r->v[i].damaged |= record.lost > 0;
            survey_record(&s, spot_of(&r->v[i], &record), &record);
        }
    }
    state->delivered = s.delivered;
    r->from = (struct mt_spot){NEVER, 0};
    if (s.closed || redeliver <= 0) {
        return;
    }
    r->from = redeliver == MT_REDELIVER_UNMARKED ? s.delivered : find_wall(r, s.wall - redeliver);
    if (s.start.from.segment && is_before(s.delivered, s.started) &&
        (redeliver == MT_REDELIVER_UNMARKED || s.wall - s.start.wall < redeliver) && is_before(s.start.from, r->from)) {
        r->from = s.start.from;
    }
    if (is_before(r->from, s.delivered)) {
        r->from = s.delivered;
    }
}

/* The file whose image is to be loaded: the newest that is not too new; n: there is none. */
static size_t choose(const struct mt_recovery *r)
{
    size_t fresh = 0, best = r->n;

    for (size_t i = 0; i < r->n; i++) {
        if (r->v[i].usable && r->v[i].view.head.fresh) {
            fresh = i;
        }
    }
    for (size_t i = fresh; i < r->n; i++) {
        if (r->v[i].usable && (best == r->n || r->v[i].number <= r->from.segment)) {
            best = i;
        }
    }
    return best;
}

static bool load(struct mt_state *state, const struct file *file)
{
    struct mt_slice rest;

    return mt_state_load_own(state, file->view.image, &rest) && mt_shards_load(state->shards, rest.p, rest.n);
}

static void load_image(struct mt_state *state)
{
    struct mt_recovery *r = state->recovery;

    for (;;) {
        r->at = choose(r);
        if (r->at == r->n) {
            break;
        }
        if (load(state, &r->v[r->at])) {
            r->offset = r->v[r->at].view.begin;
            return;
        }
        mt_state_report(
            state, MT_SEVERITY_WARNING,
            "%s: the image in it is damaged, or of a later version: what only it says is not known any more",
            r->v[r->at].name);
        r->v[r->at].usable = false;
        r->v[r->at].damaged = true;
    }
    r->at = 0;
    r->offset = r->n ? r->v[0].view.begin : 0;
}

bool mt_recovery_begin(struct mt_state *state)
{
    struct mt_recovery *r = calloc(1, sizeof *r);

    state->recovery = r;
    if (!r) {
        errno = ENOMEM;
        return false;
    }
    if (!list_files(state) || !restore_window(state) || !open_files(state)) {
        return false;
    }
    for (size_t i = 0; i < r->n; i++) {
        r->v[i].damaged = !r->v[i].usable;
    }
    find_from(state);
    load_image(state);
    return true;
}

void mt_recovery_free(struct mt_state *state)
{
    struct mt_recovery *r = state->recovery;

    if (!r) {
        return;
    }
    for (size_t i = 0; i < r->n; i++) {
        mt_view_close(&r->v[i].view);
        free(r->v[i].name);
    }
    free(r->v);
    free(r);
    state->recovery = NULL;
}

/* --- replaying --- */

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
        mt_shards_tick(state->shards, wall_of(record));
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
static void speak_from(struct mt_state *state, struct mt_spot spot)
{
    struct mt_recovery *r = state->recovery;

    if (!r->speaking && !is_before(spot, r->from)) {
        r->speaking = true;
        r->events = events_of(state);
    }
    mt_shards_replay(state->shards, !r->speaking);
}

/* --- the end --- */

/* All that is known is in an image of now: what was damaged is kept for people to look at, the rest goes. */
static void clear_away(struct mt_state *state)
{
    const struct mt_recovery *r = state->recovery;

    for (size_t i = 0; i < r->n; i++) {
        if (r->v[i].damaged) {
            set_aside(state, r->v[i].name, "is damaged; what could be read of it was read");
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
    const struct file *last = r->n ? &r->v[r->n - 1] : NULL;

    if (!note_files(state)) {
        errno = ENOMEM;
        return false;
    }
    if (last && !is_damaged(r) && !mt_state_window(state)) {
        int error = mt_segment_reopen(&state->segment, &state->window, last->name, &last->view.head, r->offset);
        if (!error) {
            state->rotate_at = 2 * last->view.begin;
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

    if (r->speaking) {
        state->stats.redelivered = events_of(state) - r->events;
        state->keep = r->from;
    }
    mt_shards_replayed(state->shards);
    mt_shards_resume(state->shards);
    state->started = mt_state_now();
    mt_state_begin(state, go_on(state));
    mt_state_moment(state, MT_RECORD_START, state->started, r->speaking ? r->from : none);
    if (state->stats.redelivered) {
        mt_state_report(state, MT_SEVERITY_INFO,
                        "%s: the end of the last run was unclean: %llu events that may not have reached their output "
                        "are sent again, with the same ids",
                        state->path, (unsigned long long)state->stats.redelivered);
    }
    mt_recovery_free(state);
}

static void report_torn(struct mt_state *state, const struct file *file, uint64_t torn)
{
    mt_state_report(state, MT_SEVERITY_INFO, "%s: the last record is torn: %llu bytes cut off", file->name,
                    (unsigned long long)torn);
}

bool mt_recovery_step(struct mt_state *state, size_t most)
{
    struct mt_recovery *r = state->recovery;
    struct mt_view_record record;
    uint64_t torn;

    for (size_t done = 0; done < most && r->at < r->n; done++) {
        const struct file *file = &r->v[r->at];
        if (mt_view_next(&file->view, &r->offset, &record, &torn)) {
            speak_from(state, spot_of(file, &record));
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
