/* Stories for programs: the events of each, and one object that sums up the route. */
#ifndef MT_CLI_SHOW_TRACE_H
#define MT_CLI_SHOW_TRACE_H

#include "mailtrace/stories.h"

#include "output.h"

/* Writes the events of the story, entry by entry, then its "trace". */
void cli_trace_story(struct cli_output *output, const struct mt_story *story);

/* Writes the events of one entry: remarks, deliveries, the message. */
void cli_trace_entry(struct cli_output *output, const struct mt_stories *stories, uint32_t entry);

/* Writes one event. */
void cli_trace_event(struct cli_output *output, const struct mt_kept_event *kept);

#endif
