/* The engine in one piece: lines in, events out, with its state on disk and its threads inside. All that a program needs
 * that hosts it:
 *
 *     mt_engine_open()    by settings (settings.h), with the name of a state file or without
 *     mt_engine_recover() until it returns true: what was known before the last end
 *     mt_engine_parse()   reads a line; mt_engine_feed() lets it count; for text with a syslog header, mt_engine_text()
 *     mt_engine_tick()    once a second, also when no line comes
 *     mt_engine_stats()   counters
 *     mt_engine_close()   keeps what is open in the state, gives nothing out
 *
 * Events are given to the host's event() inside these calls.
 *
 * Thread rules: any number of threads may call recover, parse, feed, text, tick, delivered, note and stats, at the same
 * time. open, reopen and close: while no other thread is in a call or will make one. A thread that
 * feeds waits only for those whose lines are of hosts that share a lock with its own (shards.h). Event() is called with that
 * lock held: it writes the event down, sends it when the call has returned, and calls nothing of the engine. Where the host
 * says that it has one thread, nothing is locked and no thread is started; the exception is said at mt_engine_copy().
 */
#ifndef MAILTRACE_ENGINE_H
#define MAILTRACE_ENGINE_H

#include "mailtrace/settings.h"

#include "mailtrace/api_begin.h"

/* What the engine tells its host. Only event is a must. */
struct mt_host {
    /* An event, valid until the return. call: what the host gave to the call of the engine in which this happens. */
    void (*event)(void *call, const struct mt_event *event);
    /* Trouble with the state, and its end, each once. No line feed. May be called by any thread, with locks held. */
    void (*report)(void *ctx, enum mt_severity severity, const char *text);
    /* A bound of messages or memory is reached: so many messages were given up since this was said last. By a tick, with no
     * lock held, at most once a minute.
     */
    void (*given_up)(void *ctx, uint64_t messages);
    void *ctx;        /* of report and given_up */
    bool one_thread;  /* no two of its threads are in a call at the same time */
    bool reads_again; /* after any end it reads on at mt_state_position(): see struct mt_state_config */
};

struct mt_engine;

/* Opens an engine; settings need not live longer, nor need host. state: file for what is open, or NULL. When it cannot be
 * used, `why` (size bytes) says so, and names it: the engine then works without, and it is the host's choice to close it.
 * Otherwise `why` is empty. Returns NULL when memory is short.
 */
struct mt_engine *mt_engine_open(const struct mt_settings *settings, const char *state, const struct mt_host *host,
                                 char *why, size_t size);

/* For other settings: the same engine if it works by them already, or else another one that knows what it knew, and the
 * one before is closed. With another state file, what is open stays in the one before. As mt_engine_open() otherwise.
 */
struct mt_engine *mt_engine_reopen(struct mt_engine *engine, const struct mt_settings *settings, const char *state,
                                   const struct mt_host *host, char *why, size_t size);

/* Saves what is open and ends it all. delivered: all events have reached their output. NULL is none. */
void mt_engine_close(struct mt_engine *engine, bool delivered);

/* --- from before --- */

bool mt_engine_is_recovered(const struct mt_engine *engine);

/* Takes up a part of what is on disk, and gives out the events of then that may not have reached their output. Returns
 * whether that was all. No line is fed, and no tick made, before it was.
 */
bool mt_engine_recover(struct mt_engine *engine, void *call);

/* --- lines --- */

/* Reads a line; what is too long is cut off before (line->cut). *record and the line live as long as its text does. */
enum mt_verdict mt_engine_parse(const struct mt_engine *engine, struct mt_line *line, struct mt_record *record);

/* Feeds what it has become. record is not looked at for MT_FOREIGN. The line is one of now. */
void mt_engine_feed(struct mt_engine *engine, const struct mt_record *record, enum mt_verdict verdict, void *call);

/* The same for logs at rest: wall is the wall clock that the line was written by (usec), or 0 where that is not known.
 * place says how far its log is read with it (state.h), or is NULL.
 */
void mt_engine_feed_at(struct mt_engine *engine, const struct mt_record *record, enum mt_verdict verdict, int64_t wall,
                       const struct mt_place *place, void *call);

/* A whole line with its syslog header, without the line feed: reads and feeds it. zone, a copy of the settings' for each
 * thread or log, reads timestamps that say no year or zone.
 */
enum mt_verdict mt_engine_text(struct mt_engine *engine, struct mt_zone *zone, struct mt_slice text, void *call);

/* Copies a parsed line, so that it can be fed later, without the line: for a host of one_thread whose reader is a second
 * thread, which may call this and mt_engine_parse() while the first makes other calls. Copies are fed in the order
 * in which they were made. NULL: there is none, and the record itself is to be fed (correlate.h says when).
 */
struct mt_line_copy *mt_engine_copy(struct mt_engine *engine, const struct mt_record *record, enum mt_verdict verdict);
void mt_engine_feed_copy(struct mt_engine *engine, struct mt_line_copy *copy, int64_t wall, void *call);

/* The end of all input, for logs at rest: takes what still waits. incomplete: what is open ends as well. */
void mt_engine_flush(struct mt_engine *engine, bool incomplete, void *call);

/* --- time, and what is known of output --- */

/* The wall clock as ticks and feeding have it, in usec. */
int64_t mt_engine_clock(void);

/* Once a second: moves the clocks of the logs on, gives out what is due, keeps house on disk. wall: mt_engine_clock(). */
void mt_engine_tick(struct mt_engine *engine, int64_t wall, void *call);

/* All events given out so far have reached their output, so they need not come again after a kill; if all says so, which
 * is asked when no event can be given out at the same time. NULL: it is so.
 */
void mt_engine_delivered(struct mt_engine *engine, bool (*all)(void *ctx), void *ctx);

/* Bytes of the host's own that are kept with the state; one note, the newest holds. */
void mt_engine_note(struct mt_engine *engine, struct mt_slice note);
bool mt_engine_has_note(struct mt_engine *engine, struct mt_slice note);

/* The state, for a host of one_thread that keeps places of its own in it; NULL: there is none. */
struct mt_state *mt_engine_state(struct mt_engine *engine);

/* --- counters --- */

struct mt_engine_stats {
    struct mt_stats lines;
    struct mt_state_stats state;
};

void mt_engine_stats(struct mt_engine *engine, struct mt_engine_stats *out);

/* What hosts show of them. A counter that is one of several has an element's name: recognised, postfix. */
struct mt_counter {
    const char *name;  /* parts are separated by dots: "state.bytes" */
    const char *label; /* what the elements are told apart by: "mta", "event", "reason"; NULL: it is a single one */
    bool gauge;
};

typedef void mt_counter_fn(void *ctx, const struct mt_counter *counter, const char *element, uint64_t value);

/* Calls fn for each, in an order that never changes. element is NULL for a single one. */
void mt_engine_counters(const struct mt_engine_stats *stats, mt_counter_fn *fn, void *ctx);

/* As mt_correlator_unrecognised(): one program may come several times. */
void mt_engine_unrecognised(struct mt_engine *engine,
                            void (*fn)(void *ctx, uint8_t source, struct mt_slice program, uint64_t lines), void *ctx);

#include "mailtrace/api_end.h"

#endif
