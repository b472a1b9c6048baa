/* The lines of logs that belong to the messages searched for: what `find` reads logs by.
 *
 * Logs are searched for texts, and only the lines that hold one are looked at. What these
 * lines name (queue IDs, the next host's queue ID, the process of a session) is searched for, too, in
 * the rest of the logs and once more before that place, until nothing new turns up. Memory is
 * bounded by the lines that are kept.
 */
#ifndef MT_CLI_SEARCH_RELATED_LINES_H
#define MT_CLI_SEARCH_RELATED_LINES_H

#include "input/files.h"
#include "options.h"
#include "search_texts.h"
#include "sessions.h"

struct cli_related {
    const struct cli_options *options;
    struct cli_files *files;
    struct cli_lines lines;            /* id: number in ids */
    struct cli_numbered_texts ids;     /* queue IDs */
    struct cli_numbered_texts aliases; /* what else entries, or their recipients, are called */
    struct cli_sessions sessions;      /* of the processes that received and delivered */
    struct cli_search_texts wanted;    /* what is searched for */
    bool by_text;                      /* the criteria are searched for; otherwise queue IDs only */
    bool by_message_id;                /* follow the Message-ID of what is found by its queue ID */
    struct cli_numbered_texts message_ids;
    uint32_t file; /* where the search is */
    uint64_t place;
    uint32_t learned_file; /* where something new was last learned */
    uint64_t learned_place;
    bool learned;
    bool failed; /* memory was short, or a file could not be read: said so already */
};

void cli_related_start(struct cli_related *related, const struct cli_options *options, struct cli_files *files);

/* What to begin with: the criteria of options->wanted. False: they hold no text to search for. */
bool cli_related_wanted(struct cli_related *related);

/* Or queue IDs. */
void cli_related_id(struct cli_related *related, struct mt_slice id);

/* Reads the logs. The lines are then in order of file and place. */
void cli_related_run(struct cli_related *related);

void cli_related_free(struct cli_related *related);

#endif
