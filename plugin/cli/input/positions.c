#include "positions.h"

#include <glob.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define HEAD  1024 /* bytes that a file is known by, or as many as it had */
#define FILES 4096 /* what has not been seen for longest is forgotten for more */

struct file {
    char *name; /* under which it was read */
    uint64_t hash;
    unsigned length; /* of the head */
    unsigned run;    /* in which it was read last; 0: free */
    bool found;      /* among the files of this run */
};

struct cli_positions {
    struct mt_state *state;
    struct file *files;
    size_t n;
    unsigned run;
    bool changed;
};

static uint64_t hash_of(struct mt_slice head, size_t n)
{
    return XXH3_64bits(head.p, n);
}

static bool reserve(struct cli_positions *positions, size_t n)
{
    struct file *files;

    if (n <= positions->n) {
        return true;
    }
    files = realloc(positions->files, n * sizeof *files);
    if (!files) {
        return false;
    }
    memset(files + positions->n, 0, (n - positions->n) * sizeof *files);
    positions->files = files;
    positions->n = n;
    return true;
}

/* "3 17 1024 0123456789abcdef /var/log/mail.log": number, run, length, hash, name. */
static void read_line(struct cli_positions *positions, const char *line)
{
    unsigned number, run, length;
    uint64_t hash;
    int at = 0;

    if (sscanf(line, "%u %u %u %" SCNx64 " %n", &number, &run, &length, &hash, &at) == 4 && at && number < FILES &&
        reserve(positions, number + 1)) {
        free(positions->files[number].name);
        positions->files[number] = (struct file){strdup(line + at), hash, length, run, false};
        positions->run = run >= positions->run ? run + 1 : positions->run;
    }
}

static void read_note(struct cli_positions *positions, struct mt_slice note)
{
    char *text = strndup(note.n ? note.p : "", note.n), *save = NULL;

    for (char *line = text ? strtok_r(text, "\n", &save) : NULL; line; line = strtok_r(NULL, "\n", &save)) {
        read_line(positions, line);
    }
    free(text);
}

struct cli_positions *cli_positions_new(struct mt_state *state)
{
    struct cli_positions *positions = calloc(1, sizeof *positions);

    if (positions) {
        positions->state = state;
        positions->run = 1;
        read_note(positions, mt_state_noted(state));
    }
    return positions;
}

void cli_positions_free(struct cli_positions *positions)
{
    if (positions) {
        for (size_t i = 0; i < positions->n; i++) {
            free(positions->files[i].name);
        }
        free(positions->files);
        free(positions);
    }
}

void cli_positions_restart(struct cli_positions *positions)
{
    for (size_t i = 0; i < positions->n; i++) {
        positions->files[i].found = false;
    }
}

void cli_positions_note(struct cli_positions *positions)
{
    struct mt_buffer note = {0};
    char line[80];

    if (!positions->changed) {
        return;
    }
    for (size_t i = 0; i < positions->n; i++) {
        const struct file *file = &positions->files[i];
        if (file->run && file->name && !strchr(file->name, '\n')) {
            int n = snprintf(line, sizeof line, "%zu %u %u %016" PRIx64 " ", i, file->run, file->length, file->hash);
            mt_buffer_append(&note, line, (size_t)n);
            mt_buffer_append(&note, file->name, strlen(file->name));
            mt_buffer_append(&note, "\n", 1);
        }
    }
    if (!note.failed) {
        mt_state_note(positions->state, mt_slice(note.p, note.n));
    }
    mt_buffer_free(&note);
    positions->changed = false;
}

static bool is_file(const struct file *file, struct mt_slice head)
{
    return file->run && file->length <= head.n && hash_of(head, file->length) == file->hash;
}

static size_t known(const struct cli_positions *positions, struct mt_slice head)
{
    size_t i = 0;

    while (i < positions->n && (positions->files[i].found || !is_file(&positions->files[i], head))) {
        i++;
    }
    return i;
}

/* A place for one that is new: a free one, or the one that was not seen for longest. */
static size_t number_for_new(struct cli_positions *positions)
{
    size_t oldest = 0;

    for (size_t i = 0; i < positions->n; i++) {
        if (!positions->files[i].run) {
            return i;
        }
        if (positions->files[i].run < positions->files[oldest].run) {
            oldest = i;
        }
    }
    if (positions->n >= FILES) {
        return oldest;
    }
    return reserve(positions, positions->n + 1) ? positions->n - 1 : FILES;
}

static bool rename_file(struct file *file, const char *name)
{
    if (!file->name || strcmp(file->name, name) != 0) {
        free(file->name);
        file->name = strdup(name);
    }
    return file->name;
}

uint32_t cli_positions_find(struct cli_positions *positions, struct cli_input *input)
{
    struct mt_slice head;
    struct file *file;
    size_t i;

    if (!input->regular || !cli_input_head(input, HEAD, &head) || !head.n) {
        return MT_SOURCES;
    }
    head.n = head.n < HEAD ? head.n : HEAD;
    i = known(positions, head);
    if (i == positions->n) {
        i = number_for_new(positions);
        if (i == FILES) {
            return MT_SOURCES;
        }
        mt_state_place(positions->state, &(struct mt_place){(uint32_t)i, 0});
    }
    file = &positions->files[i];
    *file = (struct file){file->name, hash_of(head, head.n), (unsigned)head.n, positions->run, true};
    positions->changed = true;
    if (!rename_file(file, input->name)) {
        file->run = 0;
        return MT_SOURCES;
    }
    if (!cli_input_skip(input, mt_state_position(positions->state, (uint32_t)i))) {
        mt_state_place(positions->state, &(struct mt_place){(uint32_t)i, 0});
    }
    return (uint32_t)i;
}

void cli_positions_end(struct cli_positions *positions, uint32_t number, uint64_t position)
{
    mt_state_place(positions->state, &(struct mt_place){number, position});
}

static bool is_at(const struct file *file, const char *path)
{
    struct cli_input input;
    struct mt_slice head;
    bool same = false;

    if (cli_input_open(&input, path, NULL)) {
        same = input.regular && cli_input_head(&input, HEAD, &head) && is_file(file, head);
        cli_input_close(&input);
    }
    return same;
}

/* logrotate's names: NAME.1, NAME.1.gz, NAME-20260131. */
static char *find_at(const struct file *file, const char *name)
{
    static const char *const endings[] = {".[0-9]*", "-[0-9]*"};
    char *pattern, *found = NULL;
    glob_t paths;

    for (size_t i = 0; i < sizeof endings / sizeof *endings && !found; i++) {
        if (asprintf(&pattern, "%s%s", name, endings[i]) < 0) {
            return NULL;
        }
        if (glob(pattern, 0, NULL, &paths) == 0) {
            for (size_t k = 0; k < paths.gl_pathc && !found; k++) {
                found = is_at(file, paths.gl_pathv[k]) ? strdup(paths.gl_pathv[k]) : NULL;
            }
            globfree(&paths);
        }
        free(pattern);
    }
    return found;
}

char *cli_positions_rotated(struct cli_positions *positions, const char *name)
{
    const struct file *newest = NULL;

    for (size_t i = 0; i < positions->n; i++) {
        const struct file *file = &positions->files[i];
        bool gone = file->run && !file->found && file->name && strcmp(file->name, name) == 0;
        if (gone && (!newest || file->run > newest->run)) {
            newest = file;
        }
    }
    return newest ? find_at(newest, name) : NULL;
}
