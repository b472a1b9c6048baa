/* Log files that are read more than once.
 *
 * A name that is no file and holds a wildcard stands for the files that match it. What
 * cannot be read twice, such as a pipe, is copied to a file without a name (TMPDIR, or /tmp).
 */
#ifndef MT_CLI_INPUT_FILES_H
#define MT_CLI_INPUT_FILES_H

#include "log.h"

struct cli_file {
    char *path;          /* to be opened: of the file or its copy */
    char *name;          /* for people */
    int copy;            /* descriptor of the copy; -1: none */
    bool bad;            /* could not be read */
    struct mt_zone zone; /* its timestamps are read by, at the start; known once it was opened */
};

/* Start with all zero. */
struct cli_files {
    struct cli_file *v;
    size_t n;
    bool failed; /* something could not be read: said so */
};

/* Adds the files that options name. False: no memory, which was reported. */
bool cli_files_add(struct cli_files *files, char **names, int n);
void cli_files_free(struct cli_files *files);

#endif
