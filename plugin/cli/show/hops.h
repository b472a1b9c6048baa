/* A route as a table for people. */
#ifndef MT_CLI_SHOW_HOPS_H
#define MT_CLI_SHOW_HOPS_H

#include "route.h"
#include "text.h"

/* Prints the hops, the notes and the sum. */
void cli_hops_print(struct cli_text *text, const struct cli_route *route);

#endif
