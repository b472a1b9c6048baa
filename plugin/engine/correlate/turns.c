/* The turns of lines with one timestamp that are about sessions.
 *
 * Sessions take lines in their order. Where lines come by more than one way, order is only what came first: a session
 * may be told to end before it has begun, and a process to serve two clients at once, which it does not. Then what its lines
 * can only mean decides:
 *
 * - One client comes after the other: first the one that was there before, last the one that stays.
 * - One connection of a client: what begins it comes first, what ends it last.
 * - Several, each with a beginning and an end, that overlap: the first beginning and the first end are of the first one, and
 *   so on. So is each other kind of line of which every connection has one. All else is of the connection that its
 *   place says.
 * - Otherwise the order of the lines stays.
 *
 * Lines change places only with those of the same process, and only where that one's are out of turn.
 */
#include "chains.h"
#include "internal.h"

#define FEW 128 /* lines that there is room for without asking for memory */

/* Of the lines of a process so far. */
enum {
    LINE,   /* the number of the last one plus one; 0: it serves nobody */
    RANK,   /* of that one */
    TURNED, /* some are out of turn */
};

/* Clients of a process, in their turns. */
enum { THERE_BEFORE, COMES_AND_GOES, STAYS };

struct turn {
    struct mt_line_copy *line;
    uint32_t client, first; /* part of a hash; the place of the client's first line */
    uint32_t connection, place;
    uint8_t stay, rank;
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

#define UNLIKE(x, y, member)                           \
    do {                                               \
        if ((x)->member != (y)->member) {              \
            return (x)->member < (y)->member ? -1 : 1; \
        }                                              \
    } while (0)

static int by_client(const void *a, const void *b)
{
    const struct turn *x = a, *y = b;

    UNLIKE(x, y, client);
    UNLIKE(x, y, place);
    return 0;
}

static int by_turn(const void *a, const void *b)
{
    const struct turn *x = a, *y = b;

    UNLIKE(x, y, stay);
    UNLIKE(x, y, first);
    UNLIKE(x, y, connection);
    UNLIKE(x, y, rank);
    UNLIKE(x, y, place);
    return 0;
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
        if ((turns[i].line->kind == MT_KIND_CONNECT) == open) {
            return false;
        }
        open = turns[i].line->kind != MT_KIND_DISCONNECT;
    }
    return true;
}

/* The lines about one client, in their order. open: its connection was open before. */
static void tell_client(struct turn *turns, uint32_t n, bool open)
{
    uint32_t connections = open, ends = 0;

    for (uint32_t i = 0; i < n; i++) {
        connections += turns[i].line->kind == MT_KIND_CONNECT;
        ends += turns[i].line->kind == MT_KIND_DISCONNECT;
    }
    for (uint32_t i = 0; i < n; i++) {
        turns[i].first = turns[0].place;
        turns[i].stay = open ? THERE_BEFORE : connections > ends ? STAYS : COMES_AND_GOES;
        turns[i].rank = connections <= 1 && ends <= 1 ? rank_of(turns[i].line) : 0;
    }
    if (connections > 1 && connections == ends && !is_in_turn(turns, n, open)) {
        tell_connections(turns, n, connections, open);
        for (uint32_t i = 0; i < n; i++) {
            turns[i].rank = rank_of(turns[i].line);
        }
    }
}

/* Puts the lines of a process into their turns, at the places that they have now. `turns` takes all of them. */
static void put_in_turns(struct mt_correlator *c, const struct mt_host *host, const struct mt_chains *chains,
                         const struct mt_chain *chain, struct mt_line_copy **lines, struct turn *turns)
{
    uint32_t n = 0;

    for (uint32_t i = chain->first; i; i = chains->next[i - 1], n++) {
        turns[n] = (struct turn){
            .line = lines[i - 1],
            .client = lines[i - 1]->within.n ? 0 : (uint32_t)mt_session_client_key(&c->sessions, host, lines[i - 1]),
            .place = i - 1};
    }
    /* cppcheck-suppress uninitvar ; the first n are set */
    qsort(turns, n, sizeof *turns, by_client);
    for (uint32_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && turns[end].client == turns[i].client; end++) {
        }
        tell_client(turns + i, end - i, mt_session_was_open(&c->sessions, host, turns[i].line));
    }
    qsort(turns, n, sizeof *turns, by_turn);
    n = 0;
    for (uint32_t i = chain->first; i; i = chains->next[i - 1], n++) {
        lines[i - 1] = turns[n].line;
    }
}

/* Where memory is short, their order stays. */
static void turn_process(struct mt_correlator *c, const struct mt_host *host, const struct mt_chains *chains,
                         const struct mt_chain *chain, struct mt_line_copy **lines)
{
    struct turn few[FEW], *turns = few;

    if (chain->n > FEW && !(turns = mt_memory_get(&c->memory, chain->n * sizeof *turns))) {
        return;
    }
    put_in_turns(c, host, chains, chain, lines, turns);
    if (turns != few) {
        mt_memory_put(&c->memory, turns, chain->n * sizeof *turns);
    }
}

/* A line that is about a session with a client, or of one that has a name. */
static bool has_turn(const struct mt_line_copy *line)
{
    return line->line.pid &&
           (line->within.n || mt_line_copy_has(line, MT_F_CLIENT_IP) || mt_line_copy_has(line, MT_F_CLIENT_NAME));
}

static bool same_client(const struct mt_line_copy *a, const struct mt_line_copy *b)
{
    bool both = mt_line_copy_has(a, MT_F_CLIENT_IP) && mt_line_copy_has(b, MT_F_CLIENT_IP);
    enum mt_field id = both ? MT_F_CLIENT_IP : MT_F_CLIENT_NAME;

    return a->within.n || /* what comes together is of one session */
           mt_slice_eq(mt_line_copy_get(a, id), mt_line_copy_get(b, id));
}

/* Cheap: what comes together by chance is told apart by its client. */
static uint64_t process_of(const struct mt_correlator *c, const struct mt_host *host, const struct mt_line_copy *line)
{
    uint64_t key;

    if (line->within.n) {
        return mt_session_key(&c->sessions, host, line);
    }
    key = (c->seed ^ line->line.pid) * UINT64_C(0x9e3779b97f4a7c15);
    return (key ^ key >> 32) * UINT64_C(0xd6e8feb86659fd93);
}

/* Returns whether it is out of turn. */
static bool add_line(struct mt_correlator *c, const struct mt_host *host, struct mt_chains *chains, uint32_t i,
                     struct mt_line_copy *const *lines)
{
    uint32_t *count = mt_chains_add(chains, process_of(c, host, lines[i]), i)->count;
    uint8_t kind = lines[i]->kind, rank = rank_of(lines[i]);
    bool out = count[LINE] &&
               (kind == MT_KIND_CONNECT || rank < count[RANK] || !same_client(lines[i], lines[count[LINE] - 1]));

    count[TURNED] |= out;
    count[LINE] = kind == MT_KIND_DISCONNECT && !lines[i]->within.n ? 0 : i + 1;
    count[RANK] = rank;
    return out;
}

void mt_turns_take(struct mt_correlator *c, struct mt_host *host, struct mt_line_copy **lines, size_t n)
{
    struct mt_chains chains;
    bool out = false;

    if (!mt_chains_init(&c->memory, &chains, n)) {
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        out |= has_turn(lines[i]) && add_line(c, host, &chains, i, lines);
    }
    for (size_t k = 0; out && k < chains.size; k++) {
        if (chains.v[k].count[TURNED]) {
            turn_process(c, host, &chains, &chains.v[k], lines);
        }
    }
    mt_chains_free(&c->memory, &chains);
}
