/* The log lines that an entry was told by, as they stand in the logs. */
#ifndef MT_CLI_SEARCH_EVIDENCE_H
#define MT_CLI_SEARCH_EVIDENCE_H

#include "found.h"
#include "show/text.h"

void cli_evidence_print(struct cli_text *text, struct cli_found *found, uint32_t entry, unsigned indent);

#endif
