/* From records to events: messages by (host, instance, queue ID), sessions by
 * (host, program, pid).
 *
 * Lines are put into the order of their timestamps first: a line waits until the
 * host's log clock is `settle` past its timestamp. An event then waits `settle` more,
 * so that it says what the lines up to that time say, whatever order they came in.
 * Where the caller gives the wall clock, lines wait a quarter of `settle` by it too,
 * since threads that feed an old log are further apart in log time than in fact.
 *
 * Thread rules: one thread at a time for one correlator; the caller locks (shards.h does). The
 * emit function is called from inside the calls below, on the caller's thread.
 */
#ifndef MAILTRACE_CORRELATE_H
#define MAILTRACE_CORRELATE_H

#include "mailtrace/event.h"
#include "mailtrace/parser.h"

#include "mailtrace/api_begin.h"

struct mt_config {
    int64_t timeout;         /* usec without a line after which a message is given up */
    int64_t settle;          /* usec; 0: lines are taken as they come, events emitted at once */
    uint64_t max_messages;   /* open messages */
    uint64_t max_memory;     /* bytes */
    uint32_t max_recipients; /* recipients stored of one message */
    uint32_t max_line;       /* bytes of a line that adapters hand on; the rest is cut off (line.cut) and counted */
    unsigned events;         /* set of 1u << enum mt_event_kind; MT_EVENTS_EVERY_END may be added */

    const struct mt_causes *causes; /* tells CAUSE and BLOCKLIST; lives longer. NULL: nothing does */
};

/* With MESSAGE: also of the entries of sources that tell of deliveries alone. For who joins events to stories; no store wants them. */
#define MT_EVENTS_EVERY_END (1u << 31)

/* max_memory is at least this. */
#define MT_MAX_MEMORY_LEAST (UINT64_C(1) << 20)

/* The defaults: those of settings.h. */
void mt_config_default(struct mt_config *config);

/* Why a message ended as "incomplete": X(identifier, value of "reason"). */
#define MT_REASONS(X)                     \
    X(TIMEOUT, "timeout")                 \
    X(EVICTED, "evicted")                 \
    X(REPLACED, "replaced")               \
    X(LOST_CONNECTION, "lost-connection") \
    X(UNSEEN, "unseen")                   \
    X(CANCELED, "canceled")               \
    X(OPEN, "open")

enum mt_reason {
    MT_REASON_NONE = 0,
#define MT_REASON_ENUM(id, name) MT_REASON_##id,
    MT_REASONS(MT_REASON_ENUM)
#undef MT_REASON_ENUM
        MT_REASON_COUNT
};

extern const char *const mt_reason_names[MT_REASON_COUNT];

/* Counters since the start, and gauges. */
struct mt_stats {
    uint64_t lines;   /* fed */
    uint64_t foreign; /* MT_FOREIGN: of other programs, or of filters about something else */
    uint64_t recognised[MT_SOURCE_COUNT];
    uint64_t unrecognised[MT_SOURCE_COUNT];
    uint64_t repeated; /* lines seen before */
    uint64_t untold;   /* so old that it is not known any more whether they were seen before: taken as new ones */
    uint64_t late;     /* older than the settled time: taken as they came */
    uint64_t cut;      /* longer than max_line: line.cut was set */
    uint64_t events[MT_EVENT_COUNT];
    uint64_t incomplete[MT_REASON_COUNT];
    uint64_t recipients_omitted;
    uint64_t hops_omitted;     /* logged Received: headers beyond what is kept of a message */
    uint64_t verdicts_omitted; /* verdicts, or symbols of one, beyond what is kept of a line or a message */
    uint64_t verdicts_unsure; /* what a filter seems to say, but a stranger may have written, or several entries are meant */
    uint64_t verdicts_unjoined; /* lines of filters for which no entry was found */
    uint64_t aliases_dropped;  /* names of entries other than queue IDs: too long, or too many */
    uint64_t lives_omitted; /* beginnings of entries, of more with one queue ID and one timestamp than are told apart */
    uint64_t sessions_omitted;  /* to which lines could not add any more, since their process has had too many others */
    uint64_t instances_omitted; /* lines of instances beyond those of a host that are known */
    uint64_t parts_omitted; /* split lines that were given up before all of their pieces came, or that found no room */
    uint64_t no_memory;     /* lines that could not be kept because memory was short */
    uint64_t open;          /* gauge: open messages */
    uint64_t sessions;      /* gauge: open sessions */
    uint64_t memory;        /* gauge: bytes held */
};

/* Called for each event, if its kind is asked for. */
typedef void mt_emit_fn(void *ctx, const struct mt_event *event);

struct mt_correlator;

/* Returns NULL when memory is short. */
struct mt_correlator *mt_correlator_new(const struct mt_config *config, mt_emit_fn *emit, void *ctx);
/* Frees everything, emits nothing. */
void mt_correlator_free(struct mt_correlator *c);

/* Feeds one line: rec and verdict are what mt_parse() made of it (rec is not looked
 * at for MT_FOREIGN). What is to be kept is copied. wall is the wall clock (usec),
 * or 0 for logs at rest.
 */
void mt_correlator_feed(struct mt_correlator *c, const struct mt_record *rec, enum mt_verdict verdict, int64_t wall);

/* Where a correlator has a lock, or a thread of its own, lines can be copied beside it: the parsing thread does so,
 * and feeds the copy instead of the record.
 *
 * A copier belongs to one thread and one correlator, and is all zero at first. Its copies are fed to that
 * correlator, by any thread, in the order in which they were made. One may be left out; it is then gone as soon as a
 * later one is fed. What is kept is memory of the correlator's from then on, so a copier holds no more
 * than the copies that are not fed yet, and 16 KiB.
 */
struct mt_line_copy;
struct mt_chunk;
struct mt_copier {
    struct mt_chunk *current;
};

/* rec and verdict as for mt_correlator_feed(). The copy needs neither rec nor its line any more. NULL: there is none,
 * and the record itself is to be fed. So it is with lines that need not be kept, with pieces of lines and
 * very long ones, and when memory is short.
 */
struct mt_line_copy *mt_copier_copy(struct mt_copier *copier, const struct mt_record *rec, enum mt_verdict verdict);

/* As mt_correlator_feed(); the copy is the correlator's then. Under the lock. */
void mt_correlator_feed_copy(struct mt_correlator *c, struct mt_line_copy *copy, int64_t wall);

/* The end of a copier, and of copies that were not fed; before mt_correlator_free(), and under the lock. */
void mt_copier_free(struct mt_copier *copier, struct mt_correlator *c);

/* No line came: moves the log clocks on by the wall clock (usec). */
void mt_correlator_tick(struct mt_correlator *c, int64_t wall);

/* End of input: takes what still waits. With incomplete set, every open message ends as
 * "incomplete" with reason open, and the last lines are believed however long the pause before them was;
 * without, open messages stay open.
 */
void mt_correlator_flush(struct mt_correlator *c, bool incomplete);

void mt_correlator_stats(const struct mt_correlator *c, struct mt_stats *out);

/* Between the calls lines are fed for a second time, so that what they said is known again: nothing is
 * counted, and with silent set no event is given out. May be called again to change silent.
 */
void mt_correlator_replay(struct mt_correlator *c, bool silent);
void mt_correlator_replayed(struct mt_correlator *c);

/* Time has passed in which no line could come: the wall clock says nothing of the log clocks. */
void mt_correlator_resume(struct mt_correlator *c);

/* Unrecognised lines by program, largest first is not promised. Calls fn for each. */
void mt_correlator_unrecognised(const struct mt_correlator *c,
                                void (*fn)(void *ctx, uint8_t source, struct mt_slice program, uint64_t lines),
                                void *ctx);

#include "mailtrace/api_end.h"

#endif
