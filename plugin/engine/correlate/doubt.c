/* Lines whose timestamps the clock doubts (clock.c), while lines come live.
 *
 * A clock that was set, a host that was asleep and an old log make all further lines far off. A wrong date, a sender that
 * makes up dates and a thread that lags make some far off, with others of the host's own time between them.
 * So lines that are far off wait, for as long as a line and its event would: by then all that was before them is done
 * by elapsed time, and nothing comes later than it would have.
 *
 * - A line of the host's own time comes in between: they are taken as they stand.
 * - None does: the clock is set by them, and what is still to come moves with it, so that it waits the same. Forward
 *   that takes several lines, and time that passes between them: it is what ends things. Where it takes more,
 *   they are taken as they stand.
 *
 * Where many come, so that an old log is being read, they wait for a moment only.
 */
#include "internal.h"

#define PROOF INT64_C(500000) /* usec between the first and the last of lines that set the clock */
#define AHEAD 3               /* lines that set it forward */
#define MANY  8192            /* lines of an old log; more than a host writes while a line waits */

/* Takes all lines of a queue, as they stand. */
static void take_all(struct mt_correlator *c, struct mt_host *host, struct mt_line_queue *queue)
{
    while (queue->n) {
        size_t n;
        struct mt_line_copy **lines = mt_line_queue_take(&c->memory, queue, &n);

        mt_take_lines(c, host, lines, n);
    }
}

/* The last line of a queue goes into another one; when memory is short, it is taken. */
static void move_last(struct mt_correlator *c, struct mt_host *host, struct mt_line_queue *from,
                      struct mt_line_queue *to)
{
    struct mt_line_copy *line = mt_line_queue_take_last(&c->memory, from);

    if (!mt_line_queue_add(&c->memory, to, line)) {
        mt_take_lines(c, host, &line, 1);
    }
}

/* Lines ahead of the clock, the oldest first. `waited`: by so much their events are due earlier. */
static void take_ahead(struct mt_correlator *c, struct mt_host *host, int64_t waited)
{
    host->waited = waited;
    while (host->queue.n && mt_line_queue_last(&host->queue)->usec > host->clock) {
        move_last(c, host, &host->queue, &host->late);
    }
    take_all(c, host, &host->late);
    host->waited = 0;
}

/* Lines that are late: those that can still find their place get it. */
static void take_late(struct mt_correlator *c, struct mt_host *host)
{
    while (host->late.n && mt_line_queue_last(&host->late)->usec >= host->taken) {
        move_last(c, host, &host->late, &host->queue);
    }
    c->stats.late += c->config.settle ? host->late.n : 0;
    take_all(c, host, &host->late);
}

static void take(struct mt_correlator *c, struct mt_host *host, int64_t elapsed)
{
    if (host->doubt.side == MT_SIDE_AHEAD) {
        take_ahead(c, host, elapsed > host->doubt.since ? elapsed - host->doubt.since : 0);
    }
    mt_doubt_end(c, host);
}

void mt_doubt_end(struct mt_correlator *c, struct mt_host *host)
{
    if (host->late.n) {
        take_late(c, host);
    }
    host->doubt = (struct mt_doubt){.side = MT_SIDE_NONE};
}

void mt_doubt_forget(struct mt_correlator *c, struct mt_host *host)
{
    host->taken = host->late.n ? INT64_MIN : host->taken;
    mt_doubt_end(c, host);
}

/* The clock is set by the lines in doubt. */
static void believe(struct mt_correlator *c, struct mt_host *host, int64_t elapsed, bool many)
{
    struct mt_doubt doubt = host->doubt;
    int64_t newest = many ? doubt.newest : doubt.usec;
    int64_t now = newest + (elapsed > doubt.last ? elapsed - doubt.last : 0), by = now - host->clock;
    struct mt_line_queue late = host->late;

    host->doubt.side = MT_SIDE_NONE;
    if (doubt.side == MT_SIDE_BEHIND && many) {
        mt_advance(c, host, INT64_MAX);
    } else if (doubt.side == MT_SIDE_BEHIND) {
        take_all(c, host, &host->queue);
    }
    if (doubt.side == MT_SIDE_BEHIND) {
        mt_expire_sessions(c, host, INT64_MAX, INT64_MIN);
        host->abandoned = host->clock;
        host->late = host->queue;
        host->queue = late;
        host->taken = INT64_MIN;
        host->since = elapsed;
    }
    if (!many) {
        mt_event_queue_move(&host->due, by);
        mt_event_queue_move(&host->due_later, by);
    }
    mt_clock_set(host, now, newest, elapsed, many ? 0 : mt_hold(c));
}

void mt_doubt_look(struct mt_correlator *c, struct mt_host *host, int64_t elapsed)
{
    const struct mt_doubt *doubt = &host->doubt;
    int64_t waited = elapsed - doubt->since, wait = mt_wait(c);
    bool many = doubt->lines >= MANY && waited >= PROOF;
    bool shown = doubt->side == MT_SIDE_BEHIND || (doubt->lines >= AHEAD && doubt->last - doubt->since >= PROOF);

    if (waited < wait && !many) {
        return;
    }
    mt_clock_tick(host, elapsed, wait);
    if (shown && waited >= PROOF) {
        believe(c, host, elapsed, many);
    } else if (doubt->side == MT_SIDE_AHEAD) {
        take_ahead(c, host, waited);
    } else {
        take_late(c, host);
    }
}

static int64_t distance(int64_t a, int64_t b)
{
    return a < b ? b - a : a - b;
}

/* Is a line one more of those behind? They can come up to the clock before they are believed. */
static bool goes_on(const struct mt_host *host, int64_t usec, int64_t elapsed)
{
    int64_t theirs = host->doubt.usec + elapsed - host->doubt.last, own = host->clock + elapsed - host->elapsed;

    return distance(usec, theirs) < distance(usec, own);
}

static void add_line(struct mt_host *host, enum mt_side side, int64_t usec, int64_t elapsed)
{
    struct mt_doubt *doubt = &host->doubt;

    if (doubt->side != side) {
        *doubt = (struct mt_doubt){.side = (uint8_t)side, .since = elapsed, .newest = usec};
    }
    doubt->lines++;
    doubt->last = elapsed;
    doubt->usec = usec;
    doubt->newest = usec > doubt->newest ? usec : doubt->newest;
}

/* What older lines are in doubt for. Where nothing waits, that is only those of a clock that was set. */
static int64_t oldest_believed(const struct mt_correlator *c, struct mt_host *host, int64_t elapsed)
{
    int64_t done = c->config.settle ? mt_settled(c, host, elapsed) : host->newest - MT_REACH;

    return c->config.settle && host->taken > done ? host->taken : done;
}

struct mt_line_queue *mt_doubt_queue(struct mt_correlator *c, struct mt_host *host, int64_t usec, int64_t elapsed)
{
    int64_t oldest = usec > host->newest ? INT64_MIN : oldest_believed(c, host, elapsed);
    enum mt_side side = MT_SIDE_BEHIND;

    if (host->doubt.side != MT_SIDE_BEHIND || !goes_on(host, usec, elapsed)) {
        side = mt_clock_line(host, usec, elapsed, mt_hold(c), oldest);
    }
    if (host->doubt.side && host->doubt.side != side) {
        take(c, host, elapsed);
    }
    if (side) {
        add_line(host, side, usec, elapsed);
    }
    return side == MT_SIDE_BEHIND ? &host->late : &host->queue;
}

/* After a restart no line is doubted; those that were are in the queue. */
void mt_doubt_find(struct mt_host *host, int64_t elapsed)
{
    const struct mt_line_copy *last = mt_line_queue_last(&host->queue);

    if (!host->doubt.side && last && last->usec > host->clock) {
        add_line(host, MT_SIDE_AHEAD, last->usec, elapsed);
    }
}
