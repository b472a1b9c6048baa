/* Which life of its queue ID a line tells of, of lines with one timestamp.
 *
 * Most logs have timestamps of whole seconds, and a queue ID can end and begin again within one. What its lines can only
 * mean decides: an entry begins once, comes into the queue once, and ends once. So there are as many lives as there
 * are different beginnings, or lines that say what came into the queue, and one more when an entry was open before.
 * The first beginning is of the first life, and so on; likewise with ends, since an entry ends before the next
 * has its queue ID. Deliveries are told by their delay and by the number of recipients; where that does not decide, by
 * their place among the ends. What "first" means is said by the order of the lines (mt_line.order).
 *
 * A Message-ID proves no life: who writes two headers has two such lines.
 *
 * Nothing is kept here from one timestamp to the next. The work grows with the number of lines.
 */
#include "chains.h"
#include "internal.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#define LIVES_MAX 16 /* of one queue ID with one timestamp; what is more is of the last, and counted */
#define SECOND    INT64_C(1000000)

struct life {
    uint64_t begun, queued; /* hashes of its first line, and of that by which it came into the queue; 0: none yet */
    int64_t recipients;     /* that deliveries are to be told of; -1: not known */
};

struct lives {
    const struct mt_messages *messages;
    const struct mt_message *old; /* the first is of this entry, which was open before; or NULL */
    struct life v[LIVES_MAX];
    unsigned n;
    unsigned omitted; /* how many there were beyond the last */
    bool paired;      /* each life has its first line, and the one that says that it is in the queue */
    bool named;       /* each has one Message-ID */
    unsigned ends;    /* lines that end an entry, of all */
    unsigned ended;   /* so far: ends */
    int newest, top;  /* so far: the last one that has begun, and that is in the queue; -1: none */
    unsigned names;   /* so far: Message-IDs */
};

/* What is counted of the lines of a queue ID. */
enum { BEGINS, QUEUES, ENDS };

#define KNOWN 1 /* stands for the hash of a line that came before */

static bool begins(const struct mt_line_copy *line)
{
    return line->kind == MT_KIND_CLIENT || line->kind == MT_KIND_LOCAL;
}

static bool names(const struct mt_line_copy *line)
{
    return line->kind == MT_KIND_MESSAGE_ID;
}

static bool queues(const struct mt_line_copy *line)
{
    return line->kind == MT_KIND_FROM;
}

static bool ends(const struct mt_line_copy *line)
{
    return line->kind == MT_KIND_REMOVED || line->kind == MT_KIND_DELETE || line->kind == MT_KIND_DONE;
}

static bool follows_delivery(const struct mt_line_copy *line)
{
    return line->kind == MT_KIND_TO || line->kind == MT_KIND_BOUNCE || line->kind == MT_KIND_FORWARD ||
           line->kind == MT_KIND_EXPIRED;
}

/* --- how many there are --- */

static unsigned last_of(const struct lives *l)
{
    return l->n - 1;
}

static unsigned add_life(struct lives *l)
{
    if (l->n < LIVES_MAX) {
        l->v[l->n++] = (struct life){.recipients = -1};
    } else {
        l->omitted++;
    }
    return last_of(l);
}

static bool is_repeat(const struct lives *l, const struct mt_line_copy *line)
{
    return l->old && mt_message_has_seen(l->messages, l->old, line->hash);
}

/* The life with that line; LIVES_MAX: none. hash 0: the first one without such a line. */
static unsigned find_life(const struct lives *l, uint64_t hash, bool queued)
{
    for (unsigned i = 0; i < l->n; i++) {
        if ((queued ? l->v[i].queued : l->v[i].begun) == hash) {
            return i;
        }
    }
    return LIVES_MAX;
}

static unsigned begin_life(struct lives *l, const struct mt_line_copy *line)
{
    unsigned i = find_life(l, l->paired ? 0 : line->hash, false);

    if (is_repeat(l, line)) {
        return 0;
    }
    if (i == LIVES_MAX) { /* the last one may have been seen from its second line on */
        bool open = l->n && !l->v[last_of(l)].begun && !l->v[last_of(l)].queued;
        i = open ? last_of(l) : add_life(l);
    }
    l->v[i].begun = line->hash;
    return i;
}

static bool same_queued(const struct mt_message *m, const struct mt_line_copy *line)
{
    return mt_slice_eq(mt_kept_get(&m->kept, MT_F_FROM), mt_line_copy_get(line, MT_F_FROM)) &&
           mt_kept_get_int(&m->kept, MT_F_SIZE, -1) == mt_line_copy_int(line, MT_F_SIZE, -1) &&
           mt_kept_get_int(&m->kept, MT_F_NRCPT, -1) == mt_line_copy_int(line, MT_F_NRCPT, -1);
}

/* What is in the queue is told again when it is tried again. */
static unsigned queue_life(struct lives *l, const struct mt_line_copy *line)
{
    unsigned i = find_life(l, line->hash, true);

    if (i != LIVES_MAX) {
        return i;
    }
    if (is_repeat(l, line) || (l->old && l->old->queued && same_queued(l->old, line))) {
        return 0;
    }
    if (l->paired) {
        i = find_life(l, 0, true);
    } else if (l->n && !l->v[last_of(l)].queued) {
        i = last_of(l);
    }
    if (i == LIVES_MAX) {
        i = add_life(l);
    }
    l->v[i].queued = line->hash;
    l->v[i].recipients = mt_line_copy_int(line, MT_F_NRCPT, -1);
    return i;
}

/* Recipients of an entry that are not done with; -1: not known. */
static int64_t recipients_left(const struct mt_message *m)
{
    int64_t n = mt_kept_get_int(&m->kept, MT_F_NRCPT, -1), done = (int64_t)(m->rcpts.n - mt_message_deferred(m));

    return n <= done ? (n < 0 ? n : 0) : n - done;
}

/* The line that says what came into the queue was seen; an entry can be known by a delivery alone. */
static bool is_queued(const struct mt_message *m)
{
    return m->queued && mt_kept_has(&m->kept, MT_F_FROM);
}

static void begin_lives(struct lives *l, const struct mt_messages *messages, const struct mt_message *old)
{
    *l = (struct lives){.messages = messages, .old = old, .newest = -1, .top = -1};
    if (old) {
        unsigned i = add_life(l);
        l->v[i] = (struct life){.begun = old->begun || old->queued ? KNOWN : 0,
                                .queued = is_queued(old) ? KNOWN : 0,
                                .recipients = recipients_left(old)};
        l->newest = 0;
        l->top = is_queued(old) ? 0 : -1;
    }
}

/* --- which one a line is of --- */

static unsigned at_most_last(const struct lives *l, int i)
{
    return i < 0 ? 0 : (unsigned)i < l->n ? (unsigned)i : last_of(l);
}

static unsigned end_life(struct lives *l)
{
    int i = (int)l->ended;

    if (l->ends < l->n && l->top > i) { /* an end before it was not seen */
        i = l->top;
    }
    l->ended = (unsigned)i + 1;
    return at_most_last(l, i);
}

/* By the place among the ends: one that comes behind an end is of the next entry when that is in the queue. */
static unsigned place_life(const struct lives *l)
{
    int i = (int)at_most_last(l, (int)l->ended);

    return at_most_last(l, i > l->top ? i - 1 : i);
}

/* Before it came into the queue. */
static unsigned coming_life(const struct lives *l)
{
    return at_most_last(l, l->newest > l->top ? l->newest : l->top + 1);
}

static unsigned name_life(struct lives *l, const struct mt_line_copy *line)
{
    if (is_repeat(l, line)) {
        return 0;
    }
    return l->named ? at_most_last(l, (int)l->names++ + (l->old != NULL)) : coming_life(l);
}

static unsigned life_of(struct lives *l, const struct mt_line_copy *line)
{
    if (begins(line)) {
        l->newest = line->life > l->newest ? line->life : l->newest;
        return line->life;
    }
    if (queues(line)) {
        l->top = line->life > l->top ? line->life : l->top;
        return line->life;
    }
    if (names(line)) {
        return name_life(l, line);
    }
    if (ends(line)) {
        return end_life(l);
    }
    return follows_delivery(line) ? place_life(l) : coming_life(l);
}

/* --- deliveries --- */

/* By its delay: of the entry that was open before, or not of that. -1: of either. */
static int of_old(const struct lives *l, const struct mt_line_copy *line)
{
    int64_t delay = mt_line_copy_int(line, MT_F_DELAY, -1);

    if (delay < 0 || !l->old) {
        return -1;
    }
    if (delay > SECOND) { /* all others have begun within this timestamp, which is a second at most */
        return 1;
    }
    return delay < line->usec - l->old->first.usec - SECOND ? 0 : -1;
}

/* The hash of a line, with the seed: whole lines are a stranger's choice. */
static uint64_t hash_key(const struct lives *l, const struct mt_line_copy *line)
{
    return XXH3_64bits_withSeed(&line->hash, sizeof line->hash, l->messages->seed);
}

/* Gives each life as many deliveries as it has recipients, if that is how many there are. Returns whether it is so. */
static bool fill_lives(struct lives *l, struct mt_line_copy *const *deliveries, size_t n)
{
    int64_t left[LIVES_MAX], sum = 0;

    for (unsigned i = 0; i < l->n; i++) {
        left[i] = l->v[i].recipients;
        sum += left[i];
        if (left[i] < 0) {
            return false;
        }
    }
    if (sum != (int64_t)n) {
        return false;
    }
    for (size_t k = 0; k < n; k++) {
        left[0] -= of_old(l, deliveries[k]) == 1;
    }
    for (size_t k = 0; k < n; k++) {
        int old = of_old(l, deliveries[k]);
        unsigned i = old == 0;
        while (old != 1 && i < last_of(l) && left[i] <= 0) {
            i++;
        }
        left[i] -= old != 1;
        deliveries[k]->life = (uint16_t)(old == 1 ? 0 : i);
    }
    return true;
}

/* repeats: deliveries by their hashes. */
static void place_deliveries(struct lives *l, struct mt_line_copy *const *deliveries, size_t n,
                             struct mt_chains *repeats)
{
    for (uint32_t k = 0; k < n; k++) {
        int old = of_old(l, deliveries[k]);
        uint32_t first = mt_chains_add(repeats, hash_key(l, deliveries[k]), k)->first - 1;
        if (first < k) { /* read again */
            deliveries[k]->life = deliveries[first]->life;
        } else if (old == 1 || (!old && !deliveries[k]->life)) {
            deliveries[k]->life = !old;
        }
    }
}

/* --- the lines of one queue ID --- */

/* The entry that was open before; NULL: none. */
static const struct mt_message *old_entry(struct mt_correlator *c, struct mt_host *host,
                                          const struct mt_line_copy *line)
{
    struct mt_owner owner = mt_owner_of_line(line);
    bool several;
    struct mt_message *m =
        mt_message_find(&c->messages, host, &owner, mt_line_copy_get(line, MT_F_QUEUE_ID), line->usec, &several);

    if (!m || (!m->resting && (m->state != MT_OPEN || m->first.usec >= line->usec))) {
        return NULL;
    }
    return mt_message_wake(&c->messages, m);
}

/* Do several instances use it at once? Their names tell their lines apart. */
static bool is_shared(struct mt_line_copy *const *lines, size_t n)
{
    const struct mt_line_copy *own = NULL;

    for (size_t i = 0; i < n; i++) {
        if (mt_line_keeps_queue(lines[i])) {
            if (own && !mt_slice_eq(mt_line_copy_get(own, MT_F_INSTANCE), mt_line_copy_get(lines[i], MT_F_INSTANCE))) {
                return true;
            }
            own = lines[i];
        }
    }
    return false;
}

/* How many different lines of a kind. One that is read again is the same. */
static unsigned count_different(struct mt_line_copy *const *lines, size_t n, bool (*kind)(const struct mt_line_copy *))
{
    uint64_t hashes[LIVES_MAX];
    unsigned count = 0;

    for (size_t i = 0; i < n; i++) {
        unsigned k = 0;
        while (k < count && hashes[k] != lines[i]->hash) {
            k++;
        }
        if (kind(lines[i]) && k == count && count < LIVES_MAX) {
            hashes[count++] = lines[i]->hash;
        }
    }
    return count;
}

static void count_lives(struct lives *l, struct mt_line_copy *const *lines, size_t n)
{
    unsigned first = 0;

    for (size_t i = 0; i < n; i++) {
        first += begins(lines[i]);
        l->ends += ends(lines[i]);
    }
    l->paired = first == count_different(lines, n, queues);
    for (size_t i = 0; i < n; i++) {
        if (begins(lines[i])) {
            lines[i]->life = (uint16_t)begin_life(l, lines[i]);
        } else if (queues(lines[i])) {
            lines[i]->life = (uint16_t)queue_life(l, lines[i]);
        } else if (names(lines[i]) && l->n == 1 && l->old && l->old->queued && !is_repeat(l, lines[i])) {
            add_life(l); /* what is in the queue has its Message-ID */
        }
    }
    l->named = count_different(lines, n, names) + (l->old != NULL) == l->n;
}

/* Can it live twice, or has a line been read again? */
static bool lives_again(struct mt_line_copy *const *lines, size_t n)
{
    size_t nends = 0;

    for (size_t i = 0; i < n; i++) {
        nends += ends(lines[i]);
    }
    return (nends && nends < n) || count_different(lines, n, begins) > 1 || count_different(lines, n, queues) > 1;
}

/* Sets the life of each line. One that was there before has the same; but first lines and ends of several lives may look
 * alike. `repeats` takes n lines by their hashes, `deliveries` as many deliveries; returns how many there are.
 */
static size_t set_lives(struct lives *l, struct mt_line_copy *const *lines, size_t n, struct mt_chains *repeats,
                        struct mt_line_copy **deliveries)
{
    size_t ndeliveries = 0;

    for (uint32_t i = 0; i < n; i++) {
        uint32_t first = mt_chains_add(repeats, hash_key(l, lines[i]), i)->first - 1;
        bool same = first < i && !begins(lines[i]) && !ends(lines[i]);
        lines[i]->life = same ? lines[first]->life : (uint16_t)life_of(l, lines[i]);
        if (lines[i]->kind == MT_KIND_TO) {
            deliveries[ndeliveries++] = lines[i];
        }
    }
    return ndeliveries;
}

/* The lines of a queue ID in their order; `room` takes n of them. Returns whether it has several lives. */
static bool tell_lives(struct mt_correlator *c, struct mt_host *host, struct mt_line_copy **lines, size_t n,
                       struct mt_line_copy **room)
{
    struct mt_chains repeats;
    struct lives l;
    size_t ndeliveries;

    if (!lives_again(lines, n) || is_shared(lines, n)) {
        return false;
    }
    begin_lives(&l, &c->messages, old_entry(c, host, lines[0]));
    count_lives(&l, lines, n);
    c->stats.lives_omitted += l.omitted;
    if (l.n < 2 || !mt_chains_init(&c->memory, &repeats, n)) {
        return false; /* all of them have been given the first */
    }
    ndeliveries = set_lives(&l, lines, n, &repeats, room);
    if (!fill_lives(&l, room, ndeliveries)) {
        mt_chains_clear(&repeats);
        place_deliveries(&l, room, ndeliveries, &repeats);
    }
    mt_chains_free(&c->memory, &repeats);
    return true;
}

/* --- all lines of a timestamp --- */

/* Can it have more than one life? */
static bool is_crowded(const struct mt_chain *chain)
{
    const uint32_t *count = chain->count;

    return count[BEGINS] > 1 || count[QUEUES] > 1 || (count[ENDS] && chain->n > count[ENDS]);
}

static bool can_live_again(const struct mt_line_copy *line)
{
    return mt_sources[line->source]->reuses_ids && mt_line_copy_has(line, MT_F_QUEUE_ID);
}

static bool any_begins(struct mt_line_copy *const *lines, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if ((begins(lines[i]) || names(lines[i]) || queues(lines[i])) && can_live_again(lines[i])) {
            return true;
        }
    }
    return false;
}

static void add_line(struct mt_correlator *c, const struct mt_host *host, struct mt_chains *chains, uint32_t i,
                     const struct mt_line_copy *line)
{
    uint64_t key = mt_message_key(&c->messages, host, mt_line_copy_get(line, MT_F_QUEUE_ID));
    struct mt_chain *chain = mt_chains_add(chains, key, i);

    chain->count[BEGINS] += begins(line);
    chain->count[QUEUES] += queues(line);
    chain->count[ENDS] += ends(line);
}

void mt_lives_tell(struct mt_correlator *c, struct mt_host *host, struct mt_line_copy *const *lines, size_t n)
{
    struct mt_chains chains;
    bool several = false;

    if (!any_begins(lines, n) || !mt_chains_init(&c->memory, &chains, n)) {
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        if (can_live_again(lines[i])) {
            add_line(c, host, &chains, i, lines[i]);
        }
    }
    for (size_t k = 0; k < chains.size; k++) {
        size_t count = 0;
        if (is_crowded(&chains.v[k])) {
            for (uint32_t i = chains.v[k].first; i; i = chains.next[i - 1]) {
                chains.room[count++] = lines[i - 1];
            }
            several |= tell_lives(c, host, chains.room, count, chains.room + n);
        }
    }
    for (size_t i = 0; several && i < n; i++) {
        if (lines[i]->kind == MT_KIND_DISCONNECT) { /* it may end an entry of its session: the last one */
            lines[i]->life = UINT16_MAX;
        }
    }
    mt_chains_free(&c->memory, &chains);
}
