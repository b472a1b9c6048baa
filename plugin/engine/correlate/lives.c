/* Which life of its queue ID a line tells of, of lines with one timestamp.
 *
 * Most logs have timestamps of whole seconds, and a queue ID can end and begin again within one. What its lines can only
 * mean decides: an entry begins once, and has one Message-ID, one line of what it holds, and one end. So there are
 * as many lives as there are different beginnings, and one more when an entry was open before. Of beginnings
 * the first belongs to the first life, and so on; likewise of ends, since an entry ends before the next has its
 * queue ID. Deliveries are told by their delay and by the number of recipients; where that does not
 * decide, by their place among the ends. What "first" means is said by the order of the lines (mt_line.order).
 *
 * Nothing is kept here from one timestamp to the next. The work grows with the number of lines.
 */
#include "chains.h"
#include "internal.h"

#define LIVES_MAX  16  /* of one queue ID with one timestamp; what is more is of the last */
#define REPEAT_MAX 256 /* deliveries among which repeats are looked for */
#define SECOND     INT64_C(1000000)

struct life {
    uint64_t begun, named, queued; /* hashes of its first line, of that with the Message-ID, and of FROM; 0: none yet */
    int64_t recipients;            /* that deliveries are to be told of; -1: not known */
};

struct lives {
    const struct mt_message *old; /* the first is of this entry, which was open before; or NULL */
    struct life v[LIVES_MAX];
    unsigned n;
    bool paired;                 /* each life has its first line and its Message-ID */
    unsigned ends;               /* lines that end an entry, of all */
    unsigned ended, top, newest; /* so far: ends; the last one that has a FROM; the last one that has begun */
};

/* What is counted of the lines of a queue ID. */
enum { BEGINS, NAMES, ENDS };

#define KNOWN 1 /* stands for the hash of a line that came before */

static bool begins(const struct mt_line_copy *line)
{
    return line->kind == MT_KIND_CLIENT || line->kind == MT_KIND_LOCAL;
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
    }
    return last_of(l);
}

static bool is_repeat(const struct lives *l, const struct mt_line_copy *line)
{
    return l->old && mt_hashes_has(&l->old->seen, line->hash);
}

/* The life with that first line or Message-ID; LIVES_MAX: none. */
static unsigned find_life(const struct lives *l, uint64_t hash, bool begins)
{
    for (unsigned i = 0; i < l->n; i++) {
        if ((begins ? l->v[i].begun : l->v[i].named) == hash) {
            return i;
        }
    }
    return LIVES_MAX;
}

static unsigned begin_life(struct lives *l, const struct mt_line_copy *line)
{
    unsigned i = l->paired ? find_life(l, 0, true) : find_life(l, line->hash, true);

    if (is_repeat(l, line)) {
        return 0;
    }
    if (i == LIVES_MAX) { /* an entry that is not known to have begun may have been seen from its second line on */
        bool open = l->n && !l->v[last_of(l)].begun && !l->v[last_of(l)].named;
        i = open ? last_of(l) : add_life(l);
    }
    l->v[i].begun = line->hash;
    return i;
}

static unsigned name_life(struct lives *l, const struct mt_line_copy *line)
{
    unsigned i = find_life(l, line->hash, false);

    if (is_repeat(l, line)) {
        return 0;
    }
    if (i == LIVES_MAX && l->paired) {
        i = find_life(l, 0, false);
    } else if (i == LIVES_MAX && l->n && !l->v[last_of(l)].named) {
        i = last_of(l);
    }
    if (i == LIVES_MAX) {
        i = add_life(l);
    }
    l->v[i].named = line->hash;
    return i;
}

/* Recipients of an entry that are not done with; -1: not known. */
static int64_t recipients_left(const struct mt_message *m)
{
    int64_t n = mt_kept_get_int(&m->kept, MT_F_NRCPT, -1);

    for (uint32_t i = 0; i < m->rcpts.n && n > 0; i++) {
        n -= m->rcpts.v[i].status != MT_STATUS_DEFERRED;
    }
    return n;
}

static void begin_lives(struct lives *l, const struct mt_message *old)
{
    *l = (struct lives){.old = old};
    if (old) {
        unsigned i = add_life(l);
        l->v[i] = (struct life){.begun = old->begun || old->queued ? KNOWN : 0,
                                .named = old->queued || mt_kept_has(&old->kept, MT_F_MESSAGE_ID) ? KNOWN : 0,
                                .queued = old->queued ? KNOWN : 0,
                                .recipients = recipients_left(old)};
    }
}

/* --- which one a line is of --- */

static bool same_queued(const struct mt_message *m, const struct mt_line_copy *line)
{
    return mt_slice_eq(mt_kept_get(&m->kept, MT_F_FROM), mt_line_copy_get(line, MT_F_FROM)) &&
           mt_kept_get_int(&m->kept, MT_F_SIZE, -1) == mt_line_copy_int(line, MT_F_SIZE, -1) &&
           mt_kept_get_int(&m->kept, MT_F_NRCPT, -1) == mt_line_copy_int(line, MT_F_NRCPT, -1);
}

/* What an entry holds. It is told again when the entry is tried again. */
static unsigned queue_life(struct lives *l, const struct mt_line_copy *line)
{
    unsigned i;

    for (i = 0; i < l->n; i++) {
        if (l->v[i].queued == line->hash) {
            return i;
        }
    }
    if (l->old && l->old->queued && !l->ended && !l->top && same_queued(l->old, line)) {
        return 0;
    }
    for (i = l->ended; i < last_of(l) && l->v[i].queued; i++) {
    }
    i = i < l->n ? i : last_of(l);
    l->v[i].queued = line->hash;
    l->v[i].recipients = mt_line_copy_int(line, MT_F_NRCPT, -1);
    l->top = i > l->top ? i : l->top;
    return i;
}

static unsigned end_life(struct lives *l)
{
    unsigned i = l->ends < l->n && l->top > l->ended ? l->top : l->ended; /* an end before it was not seen */

    l->ended = i + 1;
    return i < l->n ? i : last_of(l);
}

/* By the place among the ends: one that comes behind an end is of the next entry when that is in the queue. */
static unsigned place_life(const struct lives *l)
{
    unsigned i = l->ended < l->n ? l->ended : last_of(l);

    return i && !l->v[i].queued ? i - 1 : i;
}

static unsigned life_of(struct lives *l, const struct mt_line_copy *line)
{
    unsigned i;

    if (begins(line) || line->kind == MT_KIND_MESSAGE_ID) {
        i = line->life;
        l->newest = i > l->newest ? i : l->newest;
        return i;
    }
    if (line->kind == MT_KIND_FROM) {
        return queue_life(l, line);
    }
    if (ends(line)) {
        return end_life(l);
    }
    return follows_delivery(line) ? place_life(l) : l->newest;
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

static void place_deliveries(struct lives *l, struct mt_line_copy *const *deliveries, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        int old = of_old(l, deliveries[k]);
        if (old == 1 || (!old && !deliveries[k]->life)) {
            deliveries[k]->life = !old;
        }
        for (size_t before = 0; n <= REPEAT_MAX && before < k; before++) {
            if (deliveries[before]->hash == deliveries[k]->hash) { /* read again */
                deliveries[k]->life = deliveries[before]->life;
            }
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

/* Different Message-IDs; a line that is read again is the same. */
static unsigned count_names(struct mt_line_copy *const *lines, size_t n)
{
    uint64_t hashes[LIVES_MAX];
    unsigned count = 0;

    for (size_t i = 0; i < n; i++) {
        unsigned k = 0;
        while (k < count && hashes[k] != lines[i]->hash) {
            k++;
        }
        if (lines[i]->kind == MT_KIND_MESSAGE_ID && k == count && count < LIVES_MAX) {
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
    l->paired = first == count_names(lines, n);
    for (size_t i = 0; i < n; i++) {
        if (begins(lines[i])) {
            lines[i]->life = (uint16_t)begin_life(l, lines[i]);
        } else if (lines[i]->kind == MT_KIND_MESSAGE_ID) {
            lines[i]->life = (uint16_t)name_life(l, lines[i]);
        }
    }
}

/* The lines of a queue ID in their order; `room` takes n of them. Returns whether it has several lives. */
static bool tell_lives(struct mt_correlator *c, struct mt_host *host, struct mt_line_copy **lines, size_t n,
                       struct mt_line_copy **room)
{
    struct lives l;
    size_t ndeliveries = 0;

    if (is_shared(lines, n)) {
        return false;
    }
    begin_lives(&l, old_entry(c, host, lines[0]));
    count_lives(&l, lines, n);
    if (l.n < 2) {
        return false; /* all of them have been given the first */
    }
    for (size_t i = 0; i < n; i++) {
        lines[i]->life = (uint16_t)life_of(&l, lines[i]);
        if (lines[i]->kind == MT_KIND_TO) {
            room[ndeliveries++] = lines[i];
        }
    }
    if (!fill_lives(&l, room, ndeliveries)) {
        place_deliveries(&l, room, ndeliveries);
    }
    return true;
}

/* --- all lines of a timestamp --- */

/* Can it have more than one life? */
static bool is_crowded(const struct mt_chain *chain)
{
    const uint32_t *count = chain->count;

    return count[BEGINS] > 1 || count[NAMES] > 1 || (count[ENDS] && (count[BEGINS] || count[NAMES]));
}

static bool can_live_again(const struct mt_line_copy *line)
{
    return mt_sources[line->source]->reuses_ids && mt_line_copy_has(line, MT_F_QUEUE_ID);
}

static bool any_begins(struct mt_line_copy *const *lines, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if ((begins(lines[i]) || lines[i]->kind == MT_KIND_MESSAGE_ID) && can_live_again(lines[i])) {
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
    chain->count[NAMES] += line->kind == MT_KIND_MESSAGE_ID;
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
