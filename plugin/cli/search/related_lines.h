/* The lines of logs that belong to the messages searched for: what `find` reads logs by.
 *
 * Logs are searched for texts, and only the lines that hold one are looked at. What these
 * lines name (queue IDs, the next host's queue ID, the process of a session) is searched for, too, in
 * the rest of the logs and once more before that place, until nothing new turns up. Memory is
 * bounded by the lines that are kept.
 */
#ifndef MT_CLI_SEARCH_RELATED_LINES_H
#define MT_CLI_SEARCH_RELATED_LINES_H

#include "mailtrace/record.h"

#include "input/files.h"
#include "numbered_texts.h"
#include "options.h"
#include "search_texts.h"

/* A line that was kept. */
struct cli_line {
    struct mt_slice raw; /* own memory, without a line feed */
    uint32_t file;
    uint64_t place; /* in the file: which came first */
    uint32_t id; /* of cli_related.ids: the queue entry that it tells of, or that it was kept for; CLI_NO_NAME: none */
    bool cut;
};

struct cli_process;

struct cli_related {
    const struct cli_options *options;
    struct cli_files *files;
    struct cli_numbered_texts ids;       /* queue IDs */
    struct cli_numbered_texts processes; /* host, program, pid */
    struct cli_process *sessions;        /* by number of processes */
    uint32_t nsessions;
    struct cli_search_texts needles;
    struct cli_line *lines;
    size_t n, room;
    bool by_text;       /* the criteria are searched for; otherwise queue IDs only */
    bool by_message_id; /* follow the Message-ID of what is found by its queue ID */
    struct cli_numbered_texts message_ids;
    uint32_t file; /* where the search is */
    uint64_t place;
    uint32_t learned_file; /* where something new was last learned */
    uint64_t learned_place;
    bool learned;
    bool failed; /* memory was short, or a file could not be read: said so already */
};

void cli_related_start(struct cli_related *gather, const struct cli_options *options, struct cli_files *files);

/* What to begin with: the criteria of options->wanted. False: they hold no text to search for. */
bool cli_related_wanted(struct cli_related *gather);

/* Or queue IDs. */
void cli_related_id(struct cli_related *gather, struct mt_slice id);

/* Reads the logs. The lines are then in order of file and place. */
void cli_related_run(struct cli_related *gather);

void cli_related_free(struct cli_related *gather);

#endif
