/* The hops of a route, looked up in logs by their ids. */
#ifndef MT_CLI_SEARCH_LOOKUP_H
#define MT_CLI_SEARCH_LOOKUP_H

#include "found.h"
#include "show/route.h"

struct cli_lookup {
    struct cli_related related;
    struct cli_found found;
};

/* Reads the logs for the ids of a route. False: something failed, which was reported. */
bool cli_lookup_start(struct cli_lookup *lookup, const struct cli_options *options, struct cli_files *logs,
                      const struct cli_route *route);
void cli_lookup_end(struct cli_lookup *lookup);

/* The entry that is a hop's; MT_NONE: not in the logs. */
uint32_t cli_lookup_hop(const struct cli_lookup *lookup, const struct mt_hop *hop);

#endif
