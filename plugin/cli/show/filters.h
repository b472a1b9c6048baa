/* What filters said of a message, in words: a line for each filter. */
#ifndef MT_CLI_SHOW_FILTERS_H
#define MT_CLI_SHOW_FILTERS_H

#include "mailtrace/event.h"

#include "text.h"

/* Prints a line for each filter whose verdicts the event has, none where it has none. indent is in columns. */
void cli_filters_print(struct cli_text *text, const struct mt_event *event, unsigned indent);

#endif
