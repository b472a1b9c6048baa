/* Taking up what is on disk: see state.h.
 *
 * The files are found, opened and looked through (survey.c). Then the newest image that is older than what is
 * to be given out again is loaded, and the journals behind it are fed (replay.c).
 */
#include "base/memory.h"
#include "ours.h"
#include "recovery.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

void mt_recovery_set_aside(struct mt_state *state, const char *name, const char *why)
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
        void *larger = mt_array_grow(r->v, sizeof *r->v, &r->size, MT_FILES_LEAST);
        if (!larger) {
            return false;
        }
        r->v = larger;
    }
    r->v[r->n++] = (struct mt_found){.number = number};
    return true;
}

static int by_number(const void *a, const void *b)
{
    uint64_t x = ((const struct mt_found *)a)->number, y = ((const struct mt_found *)b)->number;

    return x < y ? -1 : x > y;
}

/* A file that was being made when its process ended; what is not ours stays. */
static void remove_unfinished(const char *name)
{
    struct mt_view view;
    const char *why;
    enum mt_view_verdict verdict = mt_view_open(&view, name, &why);

    if (verdict == MT_VIEW_GOOD || verdict == MT_VIEW_DAMAGED) {
        unlink(name);
    }
    mt_view_close(&view);
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
            remove_unfinished(name);
            free(name);
        }
        return true;
    }
    return *rest || add(state->recovery, number);
}

static bool list_files(struct mt_state *state)
{
    const char *slash = strrchr(state->path, '/'), *base = slash ? slash + 1 : state->path;
    char *directory = mt_directory_of(state->path);
    DIR *dir = directory ? opendir(directory) : NULL;
    const struct dirent *entry;
    bool good = dir;

    while (good && (entry = readdir(dir))) {
        good = take_entry(state, directory, base, entry->d_name);
    }
    if (dir) {
        closedir(dir);
    }
    free(directory);
    if (good && state->recovery->n) {
        qsort(state->recovery->v, state->recovery->n, sizeof *state->recovery->v, by_number);
    }
    return good;
}

/* The newest part of the journal goes where it belongs, if an earlier version has left it elsewhere. */
static bool restore_window(struct mt_state *state)
{
    uint64_t number = mt_window_of(state->lock);
    char *name = number ? mt_state_file_name(state, number) : NULL;
    int error = number && !name ? ENOMEM : 0;

    if (name) {
        error = mt_window_restore(state->lock, name);
        free(name);
        error = error == ENOENT ? 0 : error; /* somebody has put it aside */
        error = error ? error : mt_window_remove(state->lock);
    }
    errno = error;
    return !error;
}

/* How much of its journal has reached the disk, as far as is known. */
static uint64_t synced(const struct mt_recovery *r, size_t i)
{
    const struct mt_segment_before *before = i + 1 < r->n ? &r->v[i + 1].view.before : NULL;

    if (before && before->number == r->v[i].number) {
        return before->synced;
    }
    return r->mark.segment == r->v[i].number && r->mark.nonce == r->v[i].view.head.nonce ? r->mark.synced : 0;
}

/* A file that is not to be read; false: nothing can be, and errno says why. */
static bool reject(struct mt_state *state, const char *name, enum mt_view_verdict verdict, const char *why, int error)
{
    if (verdict == MT_VIEW_ERROR && (error == EACCES || error == ENOMEM)) {
        errno = error;
        return false;
    }
    if (verdict == MT_VIEW_FOREIGN) {
        mt_state_report(state, MT_SEVERITY_WARNING, "%s: is no state of mailtrace: it is not touched", name);
    } else {
        mt_recovery_set_aside(state, name,
                              verdict == MT_VIEW_REFUSED ? why
                              : verdict == MT_VIEW_ERROR
                                  ? strerror(error)
                                  : "is damaged, or of another version or another kind of machine");
    }
    return true;
}

/* Opens each file; those that cannot be used are put aside. */
static bool open_files(struct mt_state *state)
{
    struct mt_recovery *r = state->recovery;
    size_t kept = 0;

    for (size_t i = 0; i < r->n; i++) {
        struct mt_found file = {.number = r->v[i].number, .name = mt_state_file_name(state, r->v[i].number)};
        const char *why = NULL;
        enum mt_view_verdict verdict = file.name ? mt_view_open(&file.view, file.name, &why) : MT_VIEW_ERROR;
        bool good = file.name;

        if (verdict == MT_VIEW_GOOD && file.view.head.number == file.number) {
            file.usable = file.view.whole;
            r->v[kept++] = file;
            continue;
        }
        if (file.name) {
            int error = errno;
            mt_view_close(&file.view);
            good = reject(state, file.name, verdict, why, error);
        }
        free(file.name);
        if (!good) {
            r->n = kept;
            return false;
        }
    }
    r->n = kept;
    for (size_t i = 0; i < kept; i++) {
        r->v[i].view.synced = synced(r, i);
    }
    return true;
}

/* --- the image --- */

/* The file whose image is to be loaded: the newest that is not too new; n: there is none. */
static size_t choose(const struct mt_recovery *r)
{
    size_t fresh = 0, best = r->n;

    for (size_t i = 0; i < r->n; i++) {
        if (r->v[i].usable && (r->v[i].view.head.fresh || (i && r->v[i - 1].partial))) {
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

static bool load(struct mt_state *state, const struct mt_found *file)
{
    char *image = mt_view_image(&file->view);
    struct mt_slice rest;
    bool loaded = image && mt_state_load_callers(state, mt_slice(image, file->view.head.image_bytes), &rest) &&
                  mt_shards_load(state->shards, rest.p, rest.n);

    free(image);
    return loaded;
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
    if (!list_files(state) || !restore_window(state)) {
        r->n = 0;
        return false;
    }
    mt_mark_read(state->lock, &r->mark);
    if (!open_files(state)) {
        return false;
    }
    for (size_t i = 0; i < r->n; i++) {
        r->v[i].damaged = !r->v[i].usable;
    }
    mt_recovery_survey(state);
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
