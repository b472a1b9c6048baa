/* The story of a message, for people: where it came from, each attempt, what became of it for each recipient. */
#ifndef MT_CLI_SHOW_STORY_H
#define MT_CLI_SHOW_STORY_H

#include "search/found.h"
#include "text.h"

/* A heading, then the first entry and all that came out of it. */
void cli_story_print(struct cli_text *text, struct cli_found *found, const struct mt_story *story);

/* One entry by itself, indented. */
void cli_story_print_entry(struct cli_text *text, struct cli_found *found, uint32_t entry, unsigned indent);

/* A reject or session that stands alone. */
void cli_story_print_remark(struct cli_text *text, const struct mt_remark *remark);

#endif
