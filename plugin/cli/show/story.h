/* The story of a message, for people: where it came from, each attempt, what became of it for each recipient. */
#ifndef MT_CLI_SHOW_STORY_H
#define MT_CLI_SHOW_STORY_H

#include "search/stories.h"
#include "text.h"

/* A heading, then the message and all that came out of it. */
void cli_story_story(struct cli_text *text, struct cli_stories *stories, uint32_t origin);

/* One message by itself, indented. */
void cli_story_message(struct cli_text *text, struct cli_stories *stories, uint32_t message, unsigned indent);

/* A reject or session. */
void cli_story_other(struct cli_text *text, const struct cli_event *kept);

#endif
