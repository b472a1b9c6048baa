/* The correlator's own state, and the three steps that its files make of a line:
 * merge.c merges it, make_event.c makes events of what is known, correlate.c keeps the time.
 */
#ifndef MT_CORRELATE_INTERNAL_H
#define MT_CORRELATE_INTERNAL_H

#include "alias.h"
#include "early.h"
#include "host.h"
#include "mailtrace/correlate.h"
#include "mailtrace/parts.h"
#include "mailtrace/received.h"

#define MT_TOLD     16384 /* a power of two */
#define MT_PROGRAMS 256

struct mt_program {
    uint64_t lines;
    uint8_t source, n;
    char name[30];
};

/* Hosts that hold about the same, the longest idle first. */
struct mt_host_class {
    struct mt_host *first, *last;
    int64_t bytes; /* of all */
};

#define MT_HOST_CLASSES 53 /* for shares of up to 63 bits: hosts.c */

struct mt_correlator {
    struct mt_config config;
    mt_emit_fn *emit;
    void *ctx;
    struct mt_memory memory;
    struct mt_line_copies store;
    struct mt_sessions sessions;
    struct mt_messages messages;
    struct mt_aliases aliases;
    struct mt_early_lines early;
    bool filtered; /* lines of filters may wait for an entry, or ask for its Message-ID */
    struct mt_index hosts;
    struct mt_host *host_list, *last_host; /* all, the longest idle first; the one of the last line */
    struct mt_host_class classes[MT_HOST_CLASSES];
    uint64_t charged;   /* bytes of `memory` that are some host's, as of the last mt_host_charge() */
    uint64_t max_hosts; /* names can be made up */
    uint64_t seed;
    struct mt_parts *parts;
    struct mt_stats stats;
    struct mt_stats kept;                    /* replaying: the counters to go back to */
    bool replaying, silent;                  /* silent: events are made, but not given out */
    struct mt_program programs[MT_PROGRAMS]; /* unrecognised lines; the last stands for all that found no place */
    struct mt_record whole;                  /* of a line put together of its parts */
    struct mt_event event;                   /* being made */
    struct mt_recipient *recipients;
    size_t recipients_size;
    struct mt_command commands[MT_COMMAND_COUNT];
    struct mt_filter_verdict *verdicts;
    struct mt_symbol *symbols;
    char *names; /* of symbols */
    size_t verdicts_size, symbols_size, names_size;
    struct mt_hop *hops;
    size_t hops_size;
    struct mt_buffer hops_text; /* what hops point to */
    struct mt_buffer text;      /* what an id is made of */
    uint64_t told[MT_TOLD];     /* ids of the newest reject and session events, by their low bits */
};

/* When the event of a line is due. A timestamp far ahead of the clock does not put it off until then. */
static inline int64_t mt_event_due(const struct mt_correlator *c, const struct mt_host *host,
                                   const struct mt_line_copy *line)
{
    return (line->usec < host->clock ? line->usec : host->clock) + c->config.settle;
}

static inline bool mt_event_wanted(const struct mt_correlator *c, enum mt_event_kind kind)
{
    return (c->config.events >> kind) & 1;
}

/* correlate.c: takes the waiting lines that are older than `before`, and makes the events that are due by then. */
void mt_advance(struct mt_correlator *c, struct mt_host *host, int64_t before);
/* Makes the next event, if it is due before `before`. */
bool mt_emit_next(struct mt_correlator *c, struct mt_host *host, int64_t before);
void mt_expire_sessions(struct mt_correlator *c, struct mt_host *host, int64_t closed, int64_t idle);

/* hosts.c: the host of that name, made when it is new; NULL when memory is short. */
struct mt_host *mt_host_get(struct mt_correlator *c, struct mt_slice name);
/* Memory was taken and given back for that host since the last call; NULL: for one that is gone. Called before something is done
 * for another host than the one of the last line (for that one), and after.
 */
void mt_host_charge(struct mt_correlator *c, struct mt_host *host);
/* Forgets a host that was charged, and all it has. */
void mt_host_drop(struct mt_correlator *c, struct mt_host *host);

/* Is more held than the bounds allow? The allocator takes more than it gives: an eighth is left to it. */
static inline bool mt_over_memory(const struct mt_correlator *c)
{
    uint64_t used = c->memory.used + mt_parts_memory(c->parts);

    return used + used / 8 > c->config.max_memory;
}

static inline bool mt_over_messages(const struct mt_correlator *c)
{
    return c->messages.nopen > c->config.max_messages;
}

/* bounds.c: gives up some of it. */
void mt_give_up_what_is_over(struct mt_correlator *c);

/* Forgets all that lines have said. */
void mt_correlator_clear(struct mt_correlator *c);
/* What hashes are keyed with; of one that was fed nothing yet. */
void mt_correlator_set_seed(struct mt_correlator *c, uint64_t seed);

/* counts.c: a line of a known source, but of no known form. */
void mt_count_unrecognised(struct mt_correlator *c, const struct mt_record *rec);

/* take.c: takes n lines of one timestamp, which come in their order, or one late line. */
void mt_take_lines(struct mt_correlator *c, struct mt_host *host, struct mt_line_copy **lines, size_t n);

/* turns.c: puts lines of one timestamp, which come in their order, into that in which sessions take them. */
void mt_turns_take(struct mt_correlator *c, struct mt_host *host, struct mt_line_copy **lines, size_t n);

/* lives.c: sets the member `life` of lines of one timestamp, which come in their order. Where memory is short, all
 * stay 0: each queue ID has one life.
 */
void mt_lives_tell(struct mt_correlator *c, struct mt_host *host, struct mt_line_copy *const *lines, size_t n);

/* merge.c: merges a line into its message, and lines up the events that it causes. Lines
 * come in order of time; those of one timestamp in an order of their own (mt_merge_compare).
 */
void mt_merge(struct mt_correlator *c, struct mt_host *host, struct mt_line_copy *line);
/* Which comes first, as for qsort(3). */
int mt_merge_compare(const struct mt_line_copy *a, const struct mt_line_copy *b);
/* Ends an open message without a line: its event is made at once. */
void mt_merge_give_up(struct mt_correlator *c, struct mt_message *m, enum mt_reason reason);
/* The entry with that queue ID, awake, or NULL in *m. False when memory is short. */
bool mt_merge_find(struct mt_correlator *c, struct mt_host *host, const struct mt_line_copy *line,
                   const struct mt_owner *owner, struct mt_slice queue_id, struct mt_message **m);
/* A new one; NULL when memory is short. */
struct mt_message *mt_merge_open(struct mt_correlator *c, struct mt_host *host, const struct mt_line_copy *line,
                                 const struct mt_owner *owner, struct mt_slice queue_id);

/* Was the line merged into that entry before? */
bool mt_merge_seen(const struct mt_correlator *c, const struct mt_message *m, const struct mt_line_copy *line);

/* merge_filter.c: merges a filter's line into its entry, or keeps it until that is known. */
void mt_filter_merge(struct mt_correlator *c, struct mt_host *host, struct mt_line_copy *line);
/* The line was merged into m: takes what waits for that. m is held by the caller. */
void mt_filter_take(struct mt_correlator *c, struct mt_host *host, struct mt_message *m,
                    const struct mt_line_copy *line);

/* merge_line.c: what a line does to its message m, which is awake. */
void mt_merge_line(struct mt_correlator *c, struct mt_host *host, struct mt_message *m, struct mt_line_copy *line);

/* ends.c: the line ends the message; or it does not say so, but nothing is left to do. */
void mt_end_message(struct mt_correlator *c, struct mt_host *host, struct mt_message *m, struct mt_line_copy *line);
void mt_end_message_quietly(struct mt_correlator *c, struct mt_host *host, struct mt_message *m,
                            struct mt_line_copy *line);
/* Puts an event into a queue, which takes references of its own to what the event is made of. */
void mt_event_line_up(struct mt_correlator *c, struct mt_host *host, struct mt_event_queue *queue,
                      struct mt_queued_event *p);
/* Lines up the event of a session that has ended; takes over the caller's reference. */
void mt_end_session(struct mt_correlator *c, struct mt_host *host, struct mt_session *s, struct mt_line_copy *line);

/* merge_alias.c: the open entry that the line's alias names, awake, or NULL; and what a line with a queue ID calls its
 * entry, or its recipient, from now on.
 */
struct mt_message *mt_merge_find_named(struct mt_correlator *c, const struct mt_host *host,
                                       const struct mt_line_copy *line);
/* The place of the recipient that it names in m; -1: none. */
int32_t mt_merge_named_recipient(const struct mt_correlator *c, const struct mt_host *host, const struct mt_message *m,
                                 const struct mt_line_copy *line);
void mt_merge_set_alias(struct mt_correlator *c, struct mt_message *m, const struct mt_line_copy *line);

/* make_event.c: makes the event and gives it out; releases what the pending event held. */
void mt_make_event(struct mt_correlator *c, struct mt_host *host, struct mt_queued_event *pending);
/* Gives a reference to a line back, and with the last one those that the line holds. */
void mt_line_release(struct mt_correlator *c, struct mt_line_copy *line);

#define MT_TRACE_ID 32 /* hex digits */

/* event_id.c: the TRACE_ID of mails with that Message-ID. */
void mt_trace_id(struct mt_slice message_id, char out[MT_TRACE_ID]);
/* Sets ID of c->event, from what else is set there and p, and returns a part of it. The same input gives the same id
 * everywhere. out has to live as long as the event.
 */
uint64_t mt_event_set_id(struct mt_correlator *c, const struct mt_queued_event *p, char out[MT_TRACE_ID]);
/* Sets TRACE_ID by MESSAGE_ID; PARENT_TRACE_ID is dropped where it is the same. */
void mt_event_set_trace_id(struct mt_fields *f, char out[MT_TRACE_ID]);
/* What the line or the entry is named by, be it a service's name. */
struct mt_slice mt_event_name(const struct mt_queued_event *p);

/* clock.c: moves the host's clock by a line's timestamp. *stray is set when lines that were too far ahead of it
 * to be believed turn out to be wrong: they are to be taken as they stand.
 */
void mt_clock_line(struct mt_host *host, int64_t usec, int64_t wall, int64_t hold, bool *stray);
void mt_clock_tick(struct mt_host *host, int64_t wall);
/* The clock as it was `hold` ago by the wall clock; as it is when there is no wall clock. */
int64_t mt_clock_held(struct mt_host *host, int64_t wall, int64_t hold);

#endif
