#include "lines.h"

#include <stdlib.h>

bool cli_line_copy(const struct cli_line *line, struct cli_line *copy)
{
    char *raw = malloc(line->raw.n ? line->raw.n : 1);

    if (!raw) {
        return false;
    }
    if (line->raw.n) {
        memcpy(raw, line->raw.p, line->raw.n);
    }
    *copy = *line;
    copy->raw.p = raw;
    return true;
}

void cli_line_free(struct cli_line *line)
{
    free((char *)line->raw.p);
}

bool cli_lines_take(struct cli_lines *lines, struct cli_line *line)
{
    size_t room = lines->room ? 2 * lines->room : 256;
    struct cli_line *v = lines->v;

    if (lines->n == lines->room) {
        v = realloc(lines->v, room * sizeof *v);
        if (!v) {
            cli_line_free(line);
            return false;
        }
        lines->v = v;
        lines->room = room;
    }
    v[lines->n++] = *line;
    return true;
}

void cli_lines_forget(struct cli_lines *lines, size_t first, uint32_t file, uint64_t from, uint64_t to)
{
    size_t n = first;

    for (size_t i = first; i < lines->n; i++) {
        struct cli_line *line = &lines->v[i];
        if (line->file == file && line->place >= from && line->place < to) {
            cli_line_free(line);
        } else {
            lines->v[n++] = *line;
        }
    }
    lines->n = n;
}

static int by_place(const void *a, const void *b)
{
    const struct cli_line *x = a, *y = b;

    if (x->file != y->file) {
        return x->file < y->file ? -1 : 1;
    }
    return x->place < y->place ? -1 : x->place > y->place;
}

void cli_lines_sort(struct cli_lines *lines)
{
    size_t n = 0;

    if (!lines->n) {
        return;
    }
    qsort(lines->v, lines->n, sizeof *lines->v, by_place);
    for (size_t i = 1; i < lines->n; i++) {
        if (by_place(&lines->v[n], &lines->v[i]) == 0) {
            cli_line_free(&lines->v[i]);
        } else {
            lines->v[++n] = lines->v[i];
        }
    }
    lines->n = n + 1;
}

void cli_lines_free(struct cli_lines *lines)
{
    for (size_t i = 0; i < lines->n; i++) {
        cli_line_free(&lines->v[i]);
    }
    free(lines->v);
    *lines = (struct cli_lines){0};
}
