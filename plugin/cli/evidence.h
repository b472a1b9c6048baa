/* The log lines that a message's story was told by, as they stand in the logs. */
#ifndef CLI_EVIDENCE_H
#define CLI_EVIDENCE_H

#include "stories.h"
#include "text.h"

void cli_evidence_print(struct cli_text *text, struct cli_stories *stories, uint32_t message, unsigned indent);

#endif
