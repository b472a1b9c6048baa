/* Taking lines whose turn has come: in order of time; those of one timestamp in an order that their content decides.
 *
 * Sessions take them first, in their turns (turns.c). Messages take them by the life of their queue ID that they
 * tell of (lives.c), and then by rank.
 */
#include "internal.h"

#define RECENT_MOST  131072 /* lines in a half, of all hosts */
#define RECENT_LEAST 256    /* the same, of one */
#define RECENT_SHARE 128    /* of max_memory: bytes of these */

static int compare_ties(const void *a, const void *b)
{
    return mt_merge_compare(*(struct mt_line_copy *const *)a, *(struct mt_line_copy *const *)b);
}

/* Which names are instances' is known before lines of one timestamp are taken: it tells entries apart. */
static void learn_instances(struct mt_correlator *c, struct mt_host *host, struct mt_line_copy *const *lines, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (mt_line_keeps_queue(lines[i])) {
            mt_instances_learn(&c->memory, &host->instances, mt_line_copy_get(lines[i], MT_F_INSTANCE));
        }
    }
}

/* Lines of one timestamp, which come in their order, are told apart by what they can only mean. */
static void tell_apart(struct mt_correlator *c, struct mt_host *host, struct mt_line_copy **lines, size_t n)
{
    learn_instances(c, host, lines, n);
    mt_lives_tell(c, host, lines, n);
    mt_turns_take(c, host, lines, n);
}

/* How many lines of a host half a set takes: hosts share what there is. */
static size_t half_of(const struct mt_correlator *c)
{
    size_t most = c->config.max_memory / RECENT_SHARE / sizeof(uint64_t), half;

    half = (most < RECENT_MOST ? most : RECENT_MOST) / (c->hosts.n ? c->hosts.n : 1);
    return half > RECENT_LEAST ? half : RECENT_LEAST;
}

/* False: it was taken before. */
static bool add_recent(struct mt_correlator *c, struct mt_recent *recent, const struct mt_line_copy *line)
{
    return mt_recent_has_room(recent)
               ? mt_recent_add(recent, line->hash, c->seed, line->usec)
               : mt_recent_add_slowly(&c->memory, recent, line->hash, c->seed, line->usec, half_of(c));
}

/* Two lines that look the same may be two where their timestamp is a whole second: only what comes after others were
 * taken is one of them again. With settle 0 those of the newest second may.
 */
static bool can_be_twins(const struct mt_correlator *c, const struct mt_host *host, struct mt_line_copy *const *lines,
                         size_t n)
{
    return !lines[0]->line.time.digits && (n > 1 || (!c->config.settle && lines[0]->usec == host->recent.last));
}

/* Lines of which one may be there twice: those that were taken before are left out. Returns how many there are then. */
static size_t drop_repeats_of_second(struct mt_correlator *c, struct mt_host *host, struct mt_line_copy **lines,
                                     size_t n)
{
    struct mt_recent *recent = &host->recent;
    bool goes_on = !c->config.settle && lines[0]->usec == recent->last;
    size_t kept = 0;

    for (size_t i = 0; i < n; i++) {
        if (!goes_on && mt_recent_has(recent, lines[i]->hash, c->seed, lines[i]->usec)) {
            c->stats.repeated++;
            mt_line_release(c, lines[i]);
        } else {
            lines[kept++] = lines[i];
        }
    }
    for (size_t i = 0; i < kept; i++) {
        lines[i]->fresh = add_recent(c, recent, lines[i]);
        c->stats.untold += lines[i]->usec <= recent->forgotten;
    }
    return kept;
}

static size_t drop_repeats(struct mt_correlator *c, struct mt_host *host, struct mt_line_copy **lines, size_t n)
{
    struct mt_recent *recent = &host->recent;
    size_t kept = 0;

    if (can_be_twins(c, host, lines, n)) {
        return drop_repeats_of_second(c, host, lines, n);
    }
    for (size_t i = 0; i < n; i++) {
        if (mt_recent_half_has(recent, 1, lines[i]->hash, c->seed, lines[i]->usec) ||
            !add_recent(c, recent, lines[i])) {
            c->stats.repeated++;
            mt_line_release(c, lines[i]);
            continue;
        }
        lines[i]->fresh = true;
        c->stats.untold += lines[i]->usec <= recent->forgotten;
        lines[kept++] = lines[i];
    }
    return kept;
}

void mt_take_lines(struct mt_correlator *c, struct mt_host *host, struct mt_line_copy **lines, size_t n)
{
    n = drop_repeats(c, host, lines, n);
    if (n > 1) {
        tell_apart(c, host, lines, n);
    }
    for (size_t i = 0; i < n; i++) {
        struct mt_session *ended = mt_session_take(&c->sessions, host, lines[i]);
        if (ended) {
            mt_end_session(c, host, ended, lines[i]);
        }
    }
    if (n > 1) {
        /* A handshake that came behind its delivery with the same timestamp. */
        for (size_t i = 0; i < n; i++) {
            if (lines[i]->kind == MT_KIND_TO) {
                mt_session_take_delivery(&c->sessions, host, lines[i]);
            }
        }
        qsort(lines, n, sizeof *lines, compare_ties);
    }
    for (size_t i = 0; i < n; i++) {
        mt_merge(c, host, lines[i]);
        mt_line_release(c, lines[i]);
    }
}
