/* Taking lines whose turn has come: in order of time; those of one timestamp in an order that their content decides.
 *
 * Sessions take them first, in their turns (turns.c). Messages take them by the life of their queue ID that they
 * tell of (lives.c), and then by rank.
 */
#include "internal.h"

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

void mt_take_lines(struct mt_correlator *c, struct mt_host *host, struct mt_line_copy **lines, size_t n)
{
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
