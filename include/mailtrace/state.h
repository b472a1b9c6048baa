/* State on disk: what correlators know survives the end of their process, whatever the end was.
 *
 * Each line is written to a journal before its correlator takes it. From time to time all that is
 * known is written down as an image, and a new journal begins behind it; what
 * is older is removed. A start loads an image and feeds the lines behind it again. A line costs one system
 * call, and has then been given to the kernel: it survives SIGKILL at any instant. No file is mapped, so that a disk that
 * is full, or fails, is an error and no signal.
 *
 * What lies on disk is at most four times the newest image, or 32 MB, whatever is more; and never more than max_bytes.
 *
 * Events are given out before it is known that they have reached their output. So after an end
 * that was no mt_state_close(), those of the last `redeliver` are given out again, with the same ids.
 *
 * Files: PATH, which is locked (flock(2)) and says how far the newest journal goes, and PATH.00000001 and so on, each an
 * image and a journal. What is damaged, or may not be used, is renamed to PATH.00000001.aside and reported. What is no file of
 * mailtrace's is not touched. A file that is removed or replaced while it is in use is reported by the next tick, and what is
 * open is written to a new one.
 *
 * Thread rules: the state has a lock of its own, which is taken last. Where a call needs the lock of the line's
 * correlator, or of all, it says so; with one correlator and one thread there is nothing to take.
 * Every call takes NULL for "no state on disk": lines then go to the correlator and nowhere else.
 */
#ifndef MAILTRACE_STATE_H
#define MAILTRACE_STATE_H

#include "mailtrace/shards.h"

#include "mailtrace/api_begin.h"

/* When what was written is forced to the disk. It matters when the machine fails; the end of a process loses
 * nothing either way.
 */
enum mt_sync {
    MT_SYNC_OFF,      /* when the kernel sees fit */
    MT_SYNC_INTERVAL, /* images before they count; the journal by the caller, with mt_state_sync() */
    MT_SYNC_ALWAYS,   /* each line before mt_state_feed() or mt_state_feed_copy() returns */
};

enum mt_severity { MT_SEVERITY_INFO, MT_SEVERITY_WARNING, MT_SEVERITY_ERROR };

struct mt_state_config {
    const char *path;
    int64_t redeliver;  /* usec of the wall clock; MT_REDELIVER_UNMARKED: all events since mt_state_delivered() */
    uint64_t max_bytes; /* on disk, all files together; at least MT_STATE_LEAST */
    enum mt_sync sync;
    bool reads_again; /* the caller reads on at mt_state_position() after any end: lines may be written many at a time,
                           at the latest by mt_state_tick(), mt_state_delivered() and mt_state_close() */
    /* Told of trouble, and of its end, each once. The text names the file; no line feed. */
    void (*report)(void *ctx, enum mt_severity severity, const char *text);
    void *ctx;
};

#define MT_REDELIVER_UNMARKED INT64_MAX
#define MT_REDELIVER_DEFAULT  (60 * INT64_C(1000000))
#define MT_STATE_LEAST        (UINT64_C(16) << 20)

/* So much memory may a correlator use (its max_memory) if its state is to fit into max_bytes: an image
 * is smaller than what it describes, and two of them and a journal are there at times.
 */
#define MT_STATE_MEMORY(max_bytes) ((max_bytes) / 4)
#define MT_STATE_DISK(max_memory)  ((max_memory)*4)

/* So long after the disk has failed it is tried again (usec). */
#define MT_STATE_RETRY (5 * INT64_C(1000000))

struct mt_state;

/* Opens and locks the files. The correlators are as new, and stay the caller's. Returns NULL, and why in
 * `why` (size bytes, with the name of the file), when they cannot be used: they are another process's, the
 * directory does not exist, no permission; PATH is not empty and no file of mailtrace's, no regular file, a symbolic link,
 * somebody else's (not of this process, root, or the owner of the directory), or others may write to it.
 */
struct mt_state *mt_state_open(const struct mt_state_config *config, struct mt_shards *shards, char *why, size_t size);

/* Takes up what is there; to be called until it returns true, and before lines are fed. Each call feeds at most
 * `most` lines and gives out the events that may not have reached their output. With all correlators taken.
 */
bool mt_state_recover(struct mt_state *state, size_t most);

/* Where a line came from, for callers that go on reading there after a restart: any number below
 * MT_SOURCES for the source, and how far it has been read with this line.
 */
struct mt_place {
    uint32_t source;
    uint64_t position;
};

#define MT_SOURCES 65536

/* As mt_correlator_feed() and _feed_copy(), with that correlator taken; place may be NULL. */
void mt_state_feed(struct mt_state *state, struct mt_correlator *c, const struct mt_record *rec,
                   enum mt_verdict verdict, int64_t wall, const struct mt_place *place);
void mt_state_feed_copy(struct mt_state *state, struct mt_correlator *c, struct mt_line_copy *copy, int64_t wall,
                        const struct mt_place *place);
/* As mt_shards_tick(), with all correlators taken. */
void mt_state_tick(struct mt_state *state, struct mt_shards *shards, int64_t wall);

/* All events given out so far have reached their output. With all correlators taken. */
void mt_state_delivered(struct mt_state *state);

/* Bytes of the caller's own that are kept with the state, and the newest of them (empty: none; valid until
 * the next call of these two).
 */
void mt_state_note(struct mt_state *state, struct mt_slice note);
struct mt_slice mt_state_noted(const struct mt_state *state);

/* How far a source has been read; 0: not at all. mt_state_place() says it without a line. */
uint64_t mt_state_position(const struct mt_state *state, uint32_t source);
void mt_state_place(struct mt_state *state, const struct mt_place *place);

/* The largest line.order that was fed. */
uint64_t mt_state_order(const struct mt_state *state);

/* Forces to the disk what was written, for MT_SYNC_INTERVAL: mt_state_sync_begin() says whether
 * there is anything new; then, with no lock held, mt_state_sync() returns 0 or an errno. That is for
 * mt_state_sync_end().
 */
bool mt_state_sync_begin(struct mt_state *state, int fds[2]);
int mt_state_sync(const int fds[2]);
void mt_state_sync_end(struct mt_state *state, int error);

struct mt_state_stats {
    uint64_t bytes;       /* gauge: on disk */
    uint64_t replayed;    /* lines, at the start */
    uint64_t redelivered; /* events, at the start */
    uint64_t unsaved;     /* lines that are known in memory only, since there was trouble with the disk */
};

void mt_state_stats(struct mt_state *state, struct mt_state_stats *out);

/* The end; delivered: all events have reached their output. The correlators are the caller's to free. */
void mt_state_close(struct mt_state *state, bool delivered);

#include "mailtrace/api_end.h"

#endif
