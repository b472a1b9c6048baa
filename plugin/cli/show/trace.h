/* Stories for programs: the events of each, and one object that sums up the route. */
#ifndef MT_CLI_SHOW_TRACE_H
#define MT_CLI_SHOW_TRACE_H

#include "search/stories.h"

#include "output.h"

/* Writes the events of the story by time, then its "trace". */
void cli_trace_write(struct cli_output *output, struct cli_stories *stories, uint32_t origin);

/* Writes one event. */
void cli_trace_event(struct cli_output *output, const struct cli_event *kept);

#endif
