/* A route as a table for people. */
#ifndef CLI_HOPS_H
#define CLI_HOPS_H

#include "route.h"
#include "text.h"

/* Prints the hops, the notes and the sum. */
void cli_hops_print(struct cli_text *text, const struct cli_route *route);

#endif
