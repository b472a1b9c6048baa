/* A host's log clock: the newest timestamp, as far as it can be believed.
 *
 * One line with a wrong date must not time everything out, and a host whose clock was
 * set right must not stay in the future for ever: a jump of more than JUMP is followed
 * when several lines in a row agree on it. Back it goes only when they do so for a moment
 * by the wall clock, too: a thread that lags may have as many lines of a log read fast.
 *
 * While no line comes the wall clock moves it on. That is a guess, since lines may be
 * under way: the next line corrects it.
 *
 * Where several threads feed lines, and a log is read faster than it was written, the
 * threads' lines can be further apart in log time than they are in fact. So lines wait
 * a moment by the wall clock too: the clock is kept as it was a while ago.
 */
#include "internal.h"

#define JUMP   INT64_C(3600000000) /* usec */
#define AHEAD  3                   /* lines that make a jump forward true */
#define BEHIND 64                  /* lines that make a jump back true: more, since inputs may read again */

static void sample(struct mt_host *host, int64_t wall, int64_t hold)
{
    struct mt_sample *last = &host->samples[(host->nsamples + MT_SAMPLES - 1) % MT_SAMPLES];

    if (wall && (!host->nsamples || wall - last->wall >= hold / (MT_SAMPLES / 2))) {
        host->samples[host->nsamples++ % MT_SAMPLES] = (struct mt_sample){wall, host->clock};
        host->held_at = 0;
    }
}

static void set_clock(struct mt_host *host, int64_t usec, int64_t wall)
{
    host->newest = host->clock = usec;
    host->wall = wall;
    host->ahead = host->behind = 0;
}

void mt_clock_line(struct mt_host *host, int64_t usec, int64_t wall, int64_t hold, bool *stray)
{
    unsigned ahead = host->ahead;

    *stray = false;
    if (host->newest == INT64_MIN) {
        set_clock(host, usec, wall);
    } else if (usec > host->newest && usec - host->clock <= JUMP) {
        *stray = ahead > 0;
        set_clock(host, usec, wall);
    } else if (usec > host->newest) {
        host->behind = 0;
        if (++host->ahead >= AHEAD) {
            set_clock(host, usec, wall);
        }
    } else {
        *stray = ahead > 0;
        host->ahead = 0;
        host->behind = host->newest - usec > JUMP ? host->behind + 1 : 0;
        if (host->behind == 1) {
            host->behind_wall = wall;
        }
        if (host->behind >= BEHIND && (!wall || wall - host->behind_wall >= hold)) {
            set_clock(host, usec, wall);
            host->taken = INT64_MIN;
        }
    }
    sample(host, wall, hold);
}

void mt_clock_tick(struct mt_host *host, int64_t wall)
{
    if (host->clock == INT64_MIN) {
        return;
    }
    if (host->wall && wall > host->wall) {
        host->clock += wall - host->wall;
    }
    host->wall = wall;
}

static int64_t held(const struct mt_host *host, int64_t wall, int64_t hold)
{
    unsigned kept = host->nsamples < MT_SAMPLES ? host->nsamples : MT_SAMPLES;

    if (!host->nsamples) { /* its lines came without the wall clock */
        return host->clock - hold;
    }
    for (unsigned back = 1; back <= kept; back++) {
        const struct mt_sample *s = &host->samples[(host->nsamples - back) % MT_SAMPLES];
        if (s->wall <= wall - hold) { /* the newest: no line came since, so the clock moved with the wall's */
            return back == 1 && host->clock - hold > s->clock ? host->clock - hold : s->clock;
        }
    }
    return INT64_MIN;
}

int64_t mt_clock_held(struct mt_host *host, int64_t wall, int64_t hold)
{
    if (!wall || !hold) {
        return host->clock;
    }
    if (wall != host->held_at) { /* a clock that is cheap to read stands still for milliseconds */
        host->held = held(host, wall, hold);
        host->held_at = wall;
    }
    return host->held;
}
