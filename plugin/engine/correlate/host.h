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

/* What the clock said at a time of the wall clock. */
struct mt_sample {
    int64_t wall, clock;
};

#define MT_SAMPLES 8

struct mt_host {
    uint64_t hash;                      /* of the name */
    struct mt_host *next, *prev;        /* in order of the last line */
    int64_t share, counted;             /* bytes held for it (hosts.c); as its class has counted them */
    struct mt_host *before, *behind_it; /* of its class: in the order in which they were charged */
    struct mt_slice name;               /* owned */
    struct mt_instances instances;
    struct mt_line_queue queue;
    struct mt_recent recent;
    struct mt_message_list open, ended;
    uint64_t nopen, nsessions;
    struct mt_session_list sessions, closed;
    struct mt_event_queue due, due_later;
    int64_t next_due;                     /* usec: no event is due before that */
    struct mt_early_list early;           /* lines of filters, in order of arrival */
    bool by_message_id;                   /* open entries have their Message-IDs as aliases */
    int64_t newest;                       /* usec: the newest timestamp believed; INT64_MIN before the first line */
    int64_t clock;                        /* usec: the same, moved on by the wall clock while no line comes */
    int64_t taken;                        /* usec: lines with an older timestamp than this were taken */
    int64_t wall;                         /* wall clock (usec) when the clock was last set; 0: not known */
    unsigned ahead;                       /* lines in a row that are far ahead of the clock */
    unsigned behind;                      /* lines in a row that are far behind */
    int64_t behind_wall;                  /* wall clock at the first of them */
    struct mt_sample samples[MT_SAMPLES]; /* of the clock, the newest at nsamples - 1 (modulo) */
    unsigned nsamples;
    int64_t held_at, held; /* what mt_clock_held() said last, and for which time of the wall clock; 0: nothing yet */
};

#endif
