/* A host's log clock: the newest timestamp, as far as it can be believed.
 *
 * Timestamps are what a sender writes, and the wall clock is what an administrator sets. Neither may end what is open,
 * nor silence a host. So where lines come live, each call says the elapsed time too, which nobody can set (engine.h), and:
 *
 * - A timestamp may be ahead of what elapsed time allows by MT_REACH. A line that is further ahead, or older than what has
 *   settled, is doubted: doubt.c keeps it until time that really passes has shown what it is.
 * - While no line comes, elapsed time moves the clock on: in one step not further than lines and events wait. That is a
 *   guess, since lines may be under way: the next line corrects it.
 * - `ran` counts the elapsed time that a message must have been silent for before it is given up.
 *
 * Of logs at rest (elapsed time 0) only the timestamps are known. One line with a wrong date must not time everything
 * out, and a host whose clock was set right must not stay in the future for ever: a jump of more than JUMP is followed
 * when several lines in a row agree on it.
 *
 * Where several threads feed lines, and a log is read faster than it was written, the
 * threads' lines can be further apart in log time than they are in fact. So lines wait
 * a moment of elapsed time too: the clock is kept as it was a while ago.
 */
#include "internal.h"

#define JUMP   INT64_C(3600000000) /* usec */
#define AHEAD  3                   /* lines that make a jump forward true */
#define BEHIND 64                  /* lines that make a jump back true: more, since inputs may read again */
#define STEP   INT64_C(5000000)    /* usec that one tick moves the clock by, and what lines and events wait */
#define DRIFT  2000                /* a clock that runs slower than this part of time has been set */

static void sample(struct mt_host *host, int64_t elapsed, int64_t hold)
{
    struct mt_sample *last = &host->samples[(host->nsamples + MT_SAMPLES - 1) % MT_SAMPLES];

    if (!host->nsamples || elapsed - last->elapsed >= hold / (MT_SAMPLES / 2)) {
        host->samples[host->nsamples++ % MT_SAMPLES] = (struct mt_sample){elapsed, host->clock};
        host->held_at = 0;
    }
}

static void set_clock(struct mt_host *host, int64_t usec, int64_t elapsed)
{
    host->newest = host->clock = usec;
    host->elapsed = elapsed;
    host->ahead = host->behind = 0;
}

void mt_clock_line_at_rest(struct mt_host *host, int64_t usec, bool *stray)
{
    unsigned ahead = host->ahead;

    *stray = false;
    if (host->newest == INT64_MIN) {
        set_clock(host, usec, 0);
    } else if (usec > host->newest && usec - host->clock <= JUMP) {
        *stray = ahead > 0;
        set_clock(host, usec, 0);
    } else if (usec > host->newest) {
        host->behind = 0;
        if (++host->ahead >= AHEAD) {
            set_clock(host, usec, 0);
        }
    } else {
        *stray = ahead > 0;
        host->ahead = 0;
        host->behind = host->newest - usec > JUMP ? host->behind + 1 : 0;
        if (host->behind >= BEHIND) {
            set_clock(host, usec, 0);
            host->taken = INT64_MIN;
        }
    }
}

/* --- live --- */

/* Elapsed time goes on: what timestamps can reach by it, and what counts for messages. */
static void pass(struct mt_host *host, int64_t elapsed, int64_t wait)
{
    int64_t passed = elapsed - host->passed;

    if (!host->passed) {
        host->passed = host->since = elapsed;
        host->reach = host->clock + MT_REACH;
        return;
    }
    if (passed <= 0) { /* another thread's was later */
        return;
    }
    host->passed = elapsed;
    host->reach += passed;
    host->ran += passed < wait + STEP ? passed : wait + STEP;
    host->seconds = (uint32_t)(host->ran / 1000000);
}

enum mt_side mt_clock_line(struct mt_host *host, int64_t usec, int64_t elapsed, int64_t hold, int64_t oldest)
{
    enum mt_side side = MT_SIDE_NONE;

    if (host->newest == INT64_MIN) {
        set_clock(host, usec, elapsed);
    }
    if (!host->passed || usec > host->reach) { /* or so it was at the last tick */
        pass(host, elapsed, hold);
    }
    if (usec > host->newest) {
        if (usec <= host->reach) {
            set_clock(host, usec, elapsed);
        } else {
            side = MT_SIDE_AHEAD;
        }
    } else if (usec < oldest) {
        side = MT_SIDE_BEHIND;
    }
    if (side == MT_SIDE_NONE) {
        sample(host, elapsed, hold);
    }
    return side;
}

void mt_clock_tick(struct mt_host *host, int64_t elapsed, int64_t wait)
{
    int64_t moved = elapsed - host->elapsed, passed = host->passed;

    if (host->clock == INT64_MIN) {
        return;
    }
    if (host->elapsed && moved > 0) {
        host->clock += moved < wait + STEP ? moved : wait + STEP;
        host->held_at = 0;
    }
    if (!host->elapsed || moved > 0) {
        host->elapsed = elapsed;
    }
    pass(host, elapsed, wait);
    if (passed && host->reach - MT_REACH > host->clock) {
        int64_t slow = (elapsed - passed) / DRIFT, most = host->reach - MT_REACH - host->clock;
        host->reach -= slow < most ? slow : most;
    }
}

void mt_clock_set(struct mt_host *host, int64_t usec, int64_t newest, int64_t elapsed, int64_t hold)
{
    host->newest = newest;
    host->clock = usec;
    host->elapsed = elapsed;
    host->reach = usec + MT_REACH;
    host->ahead = host->behind = 0;
    host->samples[0] = (struct mt_sample){elapsed - hold, usec - hold};
    host->nsamples = 1;
    host->held_at = 0;
}

static int64_t held(const struct mt_host *host, int64_t elapsed, int64_t hold)
{
    unsigned kept = host->nsamples < MT_SAMPLES ? host->nsamples : MT_SAMPLES;
    int64_t next = INT64_MIN;

    if (!host->nsamples) { /* its lines came without elapsed time */
        return host->clock - hold;
    }
    for (unsigned back = 1; back <= kept; back++) {
        const struct mt_sample *s = &host->samples[(host->nsamples - back) % MT_SAMPLES];
        if (s->elapsed <= elapsed - hold) { /* since then it was moved by elapsed time, up to the next */
            int64_t moved = s->clock + (elapsed - hold - s->elapsed);
            int64_t most = back == 1 ? host->clock - hold : next;
            return most <= s->clock ? s->clock : moved < most ? moved : most;
        }
        next = s->clock;
    }
    return INT64_MIN;
}

int64_t mt_clock_held(struct mt_host *host, int64_t elapsed, int64_t hold)
{
    if (!elapsed || !hold) {
        return host->clock;
    }
    if (elapsed != host->held_at) { /* elapsed time is given in milliseconds */
        host->held = held(host, elapsed, hold);
        host->held_at = elapsed;
    }
    return host->held;
}
