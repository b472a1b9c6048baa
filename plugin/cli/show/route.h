/* The route of a mail: its hops as one chain, and what is odd about that. */
#ifndef MT_CLI_SHOW_ROUTE_H
#define MT_CLI_SHOW_ROUTE_H

#include "mailtrace/received.h"

/* More hops than that are left out, the oldest: mail servers stop at 100 or less. */
#define CLI_ROUTE_MOST 1000

struct cli_hop {
    struct mt_hop hop;
    bool internal; /* handed on within one organisation */
    bool strange;  /* "from" does not fit the "by" of the hop before */
};

/* Start with all zero. */
struct cli_route {
    struct cli_hop *hops; /* the oldest first, once finished */
    size_t n, room;
    size_t omitted;
    size_t slowest;      /* place of the hop with the longest delay; n: none */
    int64_t first, last; /* usec; of the first and the last hop that has a time */
    bool timed;
};

/* Adds the next header of the mail, from its top; it must stay where it is. False: no memory. */
bool cli_route_add(struct cli_route *route, struct mt_slice header);

/* All headers are there: turns the order, finds delays. */
void cli_route_finish(struct cli_route *route);

void cli_route_free(struct cli_route *route);

/* The domain that a host belongs to, as far as its name tells: example.com, example.co.uk. Empty: not known. */
struct mt_slice cli_route_domain(struct mt_slice host);

#endif
