/* The stories that related lines tell: the engine's events of them, joined. */
#ifndef MT_CLI_SEARCH_FOUND_H
#define MT_CLI_SEARCH_FOUND_H

#include "mailtrace/stories.h"
#include "related_lines.h"

/* A line that was given to the engine, and its number among the related ones. */
struct cli_given_line {
    struct mt_line line;
    size_t number;
};

struct cli_found {
    const struct cli_options *options;
    const struct cli_related *related;
    struct mt_stories *stories;
    struct cli_given_line *given; /* by time */
    uint32_t *first_given;        /* by number of the queue ID in related: the first of given; see evidence.c */
    uint32_t *next_given;         /* by place in given: the next with the same queue ID */
    bool *told;  /* by entry: its story was printed; all are true but those of the story that is being printed */
    bool failed; /* memory was short: said so */
};

/* False: memory is short, which was reported. */
bool cli_found_start(struct cli_found *found, const struct cli_options *options, const struct cli_related *related);

/* Keeps an event. */
void cli_found_add(struct cli_found *found, const struct mt_event *event);

/* Gives the related lines to the engine, and joins what they tell. */
void cli_found_make(struct cli_found *found);
void cli_found_free(struct cli_found *found);

#endif
