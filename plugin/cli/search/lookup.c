#include "lookup.h"

/* A queue ID that was used at quite another time is another message's. */
#define APART (INT64_C(86400) * 1000000)

bool cli_lookup_start(struct cli_lookup *lookup, const struct cli_options *options, struct cli_files *logs,
                      const struct cli_route *route)
{
    cli_related_start(&lookup->gather, options, logs);
    cli_stories_start(&lookup->stories, options, &lookup->gather);
    for (size_t i = 0; i < route->n; i++) {
        if (route->hops[i].hop.id.n) {
            cli_related_id(&lookup->gather, route->hops[i].hop.id);
        }
    }
    cli_related_run(&lookup->gather);
    if (!lookup->gather.failed && !cli_stop) {
        cli_stories_make(&lookup->stories);
    }
    return !lookup->gather.failed && !lookup->stories.failed && !logs->failed;
}

void cli_lookup_end(struct cli_lookup *lookup)
{
    cli_stories_free(&lookup->stories);
    cli_related_free(&lookup->gather);
}

uint32_t cli_lookup_hop(const struct cli_lookup *lookup, const struct mt_hop *hop)
{
    const struct cli_stories *s = &lookup->stories;
    uint32_t id = hop->id.n ? cli_numbered_texts_find(&s->ids, hop->id) : CLI_NO_NAME, found = CLI_NO_MESSAGE;
    int64_t best = APART;

    if (id == CLI_NO_NAME || id >= s->nof_id) {
        return found;
    }
    for (uint32_t i = s->of_id[id]; i != CLI_NO_MESSAGE; i = s->messages[i].same) {
        int64_t first = s->messages[i].first, apart = hop->timed ? first - hop->time.usec : 0;
        apart = apart < 0 ? -apart : apart;
        if (apart < best) {
            best = apart;
            found = i;
        }
    }
    return found;
}
