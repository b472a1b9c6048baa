#include "lookup.h"

/* A queue ID that was used at quite another time is another message's. */
#define APART (INT64_C(86400) * 1000000)

bool cli_lookup_start(struct cli_lookup *lookup, const struct cli_options *options, struct cli_files *logs,
                      const struct cli_route *route)
{
    cli_related_start(&lookup->related, options, logs);
    if (!cli_found_start(&lookup->found, options, &lookup->related)) {
        return false;
    }
    for (size_t i = 0; i < route->n; i++) {
        if (route->hops[i].hop.id.n) {
            cli_related_id(&lookup->related, route->hops[i].hop.id);
        }
    }
    cli_related_run(&lookup->related);
    if (!lookup->related.failed && !cli_stop) {
        cli_found_make(&lookup->found);
    }
    return !lookup->related.failed && !lookup->found.failed && !logs->failed;
}

void cli_lookup_end(struct cli_lookup *lookup)
{
    cli_found_free(&lookup->found);
    cli_related_free(&lookup->related);
}

uint32_t cli_lookup_hop(const struct cli_lookup *lookup, const struct mt_hop *hop)
{
    const struct mt_stories *s = lookup->found.stories;
    uint32_t nearest = MT_NONE, entry;
    int64_t best = APART;
    size_t at = 0;

    while (s && hop->id.n && (entry = mt_stories_find(s, hop->id, &at)) != MT_NONE) {
        int64_t first = mt_stories_entry(s, entry)->first, apart = hop->timed ? first - hop->time.usec : 0;
        apart = apart < 0 ? -apart : apart;
        if (apart < best) {
            best = apart;
            nearest = entry;
        }
    }
    return nearest;
}
