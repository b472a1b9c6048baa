/* A host's log clock: the newest stamp, as far as it can be believed.
 *
 * One line with a wrong date must not time everything out, and a host whose clock was
 * set right must not stay in the future for ever: a jump of more than JUMP is followed
 * when several lines in a row agree on it.
 */
#include "internal.h"

#define JUMP INT64_C(3600000000) /* usec */
#define AHEAD 3                  /* lines that make a jump forward true */
#define BEHIND 64                /* lines that make a jump back true: more, since inputs may read again */

static void set_clock(struct mt_host *host, int64_t usec, int64_t wall)
{
    host->clock = usec;
    host->wall = wall;
    host->ahead = host->behind = 0;
}

void mt_clock_line(struct mt_host *host, int64_t usec, int64_t wall, int64_t settle, bool *stray)
{
    *stray = false;
    if (host->clock == INT64_MIN) {
        set_clock(host, usec, wall);
    } else if (usec - host->clock > JUMP) {
        host->behind = 0;
        if (++host->ahead >= AHEAD) {
            set_clock(host, usec, wall);
        }
    } else if (host->clock - usec > JUMP) {
        *stray = host->ahead > 0;
        host->ahead = 0;
        if (++host->behind >= BEHIND) {
            set_clock(host, usec, wall);
            host->taken = usec - settle;
        }
    } else {
        *stray = host->ahead > 0;
        host->ahead = host->behind = 0;
        if (usec > host->clock) {
            set_clock(host, usec, wall);
        }
    }
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
