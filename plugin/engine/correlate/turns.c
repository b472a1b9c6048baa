/* The turns of lines with one timestamp that are about sessions.
 *
 * Sessions take lines in their order. Where lines come by more than one way, order is only what came first, and a session
 * may be told to end before it has begun. What the lines of a process about one client can only mean decides:
 *
 * - One connection: what begins it comes first, what ends it last.
 * - Several, each with a beginning and an end, that overlap: the first beginning and the first end are of the first one, and
 *   so on. So is each other kind of line of which every connection has one. All else is of the connection that its
 *   place says.
 * - Otherwise the order of the lines stays.
 *
 * Lines change places only with those of the same process and client.
 */
#include "chains.h"
#include "internal.h"

#define MANY 256 /* lines of a process about one client; where there are more, their order stays */

enum { CONNECTS, DISCONNECTS, TURNED };

struct turn {
    uint32_t connection, place;
    uint8_t rank;
    struct mt_line_copy *line;
};

/* What comes first and last in a session; between that, lines stay in their order. */
static uint8_t rank_of(const struct mt_line_copy *line)
{
    switch (line->kind) {
    case MT_KIND_CONNECT:
        return 0;
    case MT_KIND_TLS:
        return 1;
    case MT_KIND_AUTH:
        return 2;
    case MT_KIND_FROM: /* of a source that tells all of the arrival there: it is of a session that is known */
        return 4;
    case MT_KIND_DISCONNECT:
        return 5;
    default:
        return 3;
    }
}

static int by_turn(const void *a, const void *b)
{
    const struct turn *x = a, *y = b;

    if (x->connection != y->connection) {
        return x->connection < y->connection ? -1 : 1;
    }
    if (x->rank != y->rank) {
        return x->rank < y->rank ? -1 : 1;
    }
    return x->place < y->place ? -1 : x->place > y->place;
}

/* Several connections: sets which one each line is of. open: one was open before. */
static void tell_connections(struct turn *turns, uint32_t n, uint32_t connections, bool open)
{
    uint32_t count[MT_KIND_COUNT] = {0}, nth[MT_KIND_COUNT] = {0}, begun = open, ended = 0;

    for (uint32_t i = 0; i < n; i++) {
        count[turns[i].line->kind]++;
    }
    for (uint32_t i = 0; i < n; i++) {
        uint8_t kind = turns[i].line->kind;
        uint32_t which = begun > ended + 1 ? begun - 1 : ended;
        if (kind == MT_KIND_CONNECT) {
            which = begun++;
        } else if (kind == MT_KIND_DISCONNECT) {
            which = ended++;
        } else if (count[kind] == connections) {
            which = nth[kind]++;
        }
        turns[i].connection = which < connections ? which : connections - 1;
    }
}

/* Does one connection end before the next begins, and is nothing outside of them? */
static bool is_in_turn(const struct turn *turns, uint32_t n, bool open)
{
    for (uint32_t i = 0; i < n; i++) {
        bool connects = turns[i].line->kind == MT_KIND_CONNECT;
        if (connects == open) {
            return false;
        }
        open = turns[i].line->kind != MT_KIND_DISCONNECT;
    }
    return true;
}

/* Puts the lines of a list into their turns, at the places that they have now. */
static void put_in_turns(const struct mt_chains *chains, const struct mt_chain *chain, struct mt_line_copy **lines,
                         bool open)
{
    struct turn turns[MANY];
    uint32_t n = 0, connections = chain->count[DISCONNECTS];

    for (uint32_t i = chain->first; i; i = chains->next[i - 1], n++) {
        turns[n] = (struct turn){.place = i - 1, .rank = rank_of(lines[i - 1]), .line = lines[i - 1]};
    }
    if (connections > 1 && is_in_turn(turns, n, open)) {
        return;
    }
    if (connections > 1) {
        tell_connections(turns, n, connections, open);
    }
    qsort(turns, n, sizeof *turns, by_turn);
    n = 0;
    for (uint32_t i = chain->first; i; i = chains->next[i - 1], n++) {
        lines[i - 1] = turns[n].line;
    }
}

/* Does what the lines mean decide? Their number tells. */
static bool is_decided(const struct mt_chain *chain, bool open)
{
    uint32_t connections = chain->count[CONNECTS] + open, ends = chain->count[DISCONNECTS];

    return connections <= 1 ? ends <= 1 : connections == ends;
}

/* A line that is about a session with a client. */
static bool has_turn(const struct mt_line_copy *line)
{
    return line->line.pid && (mt_line_copy_has(line, MT_F_CLIENT_IP) || mt_line_copy_has(line, MT_F_CLIENT_NAME));
}

static bool add_line(struct mt_correlator *c, const struct mt_host *host, struct mt_chains *chains, uint32_t i,
                     struct mt_line_copy *const *lines)
{
    struct mt_chain *chain = mt_chains_add(chains, mt_session_client_key(&c->sessions, host, lines[i]), i);
    bool before = chain->n > 1 && rank_of(lines[i]) < chain->count[TURNED];

    chain->count[CONNECTS] += lines[i]->kind == MT_KIND_CONNECT;
    chain->count[DISCONNECTS] += lines[i]->kind == MT_KIND_DISCONNECT;
    chain->count[TURNED] = before || chain->count[TURNED] > UINT8_MAX ? UINT8_MAX + 1u : rank_of(lines[i]);
    return before;
}

void mt_turns_take(struct mt_correlator *c, struct mt_host *host, struct mt_line_copy **lines, size_t n)
{
    struct mt_chains chains;
    bool turned = false;

    if (!mt_chains_init(&c->memory, &chains, n)) {
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        turned |= has_turn(lines[i]) && add_line(c, host, &chains, i, lines);
    }
    for (size_t k = 0; turned && k < chains.size; k++) {
        const struct mt_chain *chain = &chains.v[k];
        bool open = chain->count[TURNED] > UINT8_MAX && chain->n <= MANY &&
                    mt_session_was_open(&c->sessions, host, lines[chain->first - 1]);
        if (chain->count[TURNED] > UINT8_MAX && chain->n <= MANY && is_decided(chain, open)) {
            put_in_turns(&chains, chain, lines, open);
        }
    }
    mt_chains_free(&c->memory, &chains);
}
