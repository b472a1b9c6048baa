/* Hosts: each has a log clock, lines that wait to be put in order, and lists of its
 * messages and sessions by age.
 */
#ifndef MT_CORRELATE_HOST_H
#define MT_CORRELATE_HOST_H

#include "early.h"
#include "event_queue.h"
#include "instances.h"
#include "line_queue.h"
#include "message.h"
#include "recent.h"
#include "session.h"

/* What the clock said at an elapsed time. */
struct mt_sample {
    int64_t elapsed, clock;
};

/* Where a line is that the clock does not believe. */
enum mt_side { MT_SIDE_NONE, MT_SIDE_AHEAD, MT_SIDE_BEHIND };

/* Lines in doubt (doubt.c), one after the other, and none of the host's own time between them. */
struct mt_doubt {
    uint8_t side; /* enum mt_side; NONE: there are none */
    uint32_t lines;
    int64_t since, last;  /* elapsed time at the first and at the last of them */
    int64_t usec, newest; /* timestamp of the last one; the newest */
};

#define MT_SAMPLES 8

struct mt_host {
    uint64_t hash;               /* of the name */
    struct mt_host *next, *prev; /* in order of the last line */
    struct mt_slice name;        /* owned */
    struct mt_instances instances;
    struct mt_line_queue queue;
    struct mt_recent recent;
    struct mt_message_list open, ended;
    uint64_t nopen;
    struct mt_session_list sessions, closed;
    struct mt_event_queue due, due_later;
    struct mt_early_list early;           /* lines of filters, in order of arrival */
    bool by_message_id;                   /* open entries have their Message-IDs as aliases */
    int64_t newest;                       /* usec: the newest timestamp believed; INT64_MIN before the first line */
    int64_t clock;                        /* usec: the same, moved on by elapsed time while no line comes */
    int64_t taken;                        /* usec: lines with an older timestamp than this were taken */
    int64_t elapsed;                      /* elapsed time (usec) when the clock was last set; 0: not known */
    unsigned ahead;                       /* at rest: lines in a row that are far ahead of the clock */
    unsigned behind;                      /* at rest: lines in a row that are far behind */
    struct mt_sample samples[MT_SAMPLES]; /* of the clock, the newest at nsamples - 1 (modulo) */
    unsigned nsamples;
    int64_t held_at, held; /* what mt_clock_held() said last, and for which elapsed time; 0: nothing yet */

    /* While lines come live: */
    int64_t passed;            /* elapsed time up to which reach and ran have come; 0: nothing comes live */
    int64_t reach;             /* usec: newer timestamps are doubted */
    int64_t ran;               /* usec that have passed, as messages count them */
    uint32_t seconds;          /* the same */
    int64_t since, abandoned;  /* elapsed time when the clock was set back; where it stood (usec), INT64_MIN: nowhere */
    int64_t waited;            /* usec that the lines being taken have waited, because they are ahead of the clock */
    struct mt_doubt doubt;     /* its lines are the last of the queue, or: */
    struct mt_line_queue late; /* lines in doubt that are behind */
};

/* Is the timestamp one of before the clock was set back, which seems to be still to come? */
static inline bool mt_is_abandoned(const struct mt_host *host, int64_t usec)
{
    return usec > host->clock && usec <= host->abandoned;
}

#endif
