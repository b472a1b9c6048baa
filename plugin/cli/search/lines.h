/* Lines of logs that are kept, and where they stand. */
#ifndef MT_CLI_SEARCH_LINES_H
#define MT_CLI_SEARCH_LINES_H

#include "mailtrace/slice.h"

struct cli_line {
    struct mt_slice raw; /* without a line feed */
    uint32_t file;
    uint64_t place; /* in the file: which came first */
    uint32_t id;    /* number of the queue ID that it tells of, or that it was kept for; CLI_NO_NUMBER: none */
    bool cut;
};

/* Start with all zero. */
struct cli_lines {
    struct cli_line *v; /* raw is their own memory */
    size_t n, room;
};

/* Makes *copy a line with its own memory. False: memory is short. */
bool cli_line_copy(const struct cli_line *line, struct cli_line *copy);
void cli_line_free(struct cli_line *line);

/* Takes over a line that has its own memory. False: memory is short, the line is freed. */
bool cli_lines_take(struct cli_lines *lines, struct cli_line *line);

/* Frees the lines from number `first` on that come from a place in [from, to) of a file. */
void cli_lines_forget(struct cli_lines *lines, size_t first, uint32_t file, uint64_t from, uint64_t to);

/* Puts them into the order of file and place, each place once. */
void cli_lines_sort(struct cli_lines *lines);

void cli_lines_free(struct cli_lines *lines);

#endif
