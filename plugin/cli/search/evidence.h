/* The log lines that a message's story was told by, as they stand in the logs. */
#ifndef MT_CLI_SEARCH_EVIDENCE_H
#define MT_CLI_SEARCH_EVIDENCE_H

#include "show/text.h"
#include "stories.h"

void cli_evidence_print(struct cli_text *text, struct cli_stories *stories, uint32_t message, unsigned indent);

#endif
