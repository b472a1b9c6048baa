/* The state's own: what stands in its files, and what its files share. */
#ifndef MT_STATE_INTERNAL_H
#define MT_STATE_INTERNAL_H

#include <pthread.h>

#include "mailtrace/state.h"
#include "mark.h"
#include "segment.h"

/* Where a record stands: segments in order, and within one by offset. */
struct mt_spot {
    uint64_t segment, at;
};

/* The content of a line's record; host, program, text and the name of its source (of a line without a syslog header)
 * follow.
 */
struct mt_line_record {
    int64_t wall;
    int64_t usec;
    uint64_t order;
    uint64_t position;
    uint32_t source; /* MT_SOURCES: not known */
    uint32_t pid;
    uint32_t host_n, program_n, text_n;
    int16_t offset;
    uint8_t digits;
    uint8_t source_number; /* not written any more: records of earlier versions have it in place of a name */
    uint8_t cut, repeated;
    uint8_t source_n; /* bytes of the source's name, behind the text */
    uint8_t unused[5];
};

/* Of TICK, DELIVERED, CLOSE; START has the spot as well. */
struct mt_moment_record {
    int64_t wall;
    struct mt_spot from; /* START: the first record whose events were given out again; all zero: none was */
};

/* PLACE */
struct mt_place_record {
    uint64_t position;
    uint64_t source;
};

/* A file that is there. */
struct mt_file {
    uint64_t number, bytes;
    int64_t created;
};

struct mt_recovery;

struct mt_state {
    struct mt_state_config config;
    char *path;
    int lock; /* file descriptor; what stands there is the mark */
    struct mt_shards *shards;
    pthread_mutex_t mutex;     /* of all that follows */
    struct mt_segment segment; /* being written; its fd is -1 while the disk fails */
    struct mt_spot syncing;    /* a file, and up to where it is being forced to the disk */
    struct mt_file *files;     /* those on disk, the oldest first; the last is being written */
    size_t nfiles, files_size;
    uint64_t next_number;
    struct mt_recovery *recovery; /* while it goes on */
    struct mt_spot delivered;     /* the last record of that kind */
    struct mt_spot keep;          /* what was given out again at the start, and may have to be once more */
    int64_t started;              /* wall clock of that */
    int64_t retry;                /* wall clock: when to try the disk again */
    uint64_t rotate_at;           /* bytes of journal */
    bool failing, told;           /* the disk fails; that was reported, */
    int64_t tell;                 /* and is not again before this, wall clock */
    bool unsynced;
    uint64_t order;
    struct mt_buffer note;
    uint64_t *positions;
    size_t npositions;
    struct mt_state_stats stats;
};

#define MT_FILES_LEAST 8 /* files that there is room for at first */

/* --- state.c --- */

/* Opens and locks PATH. False: `why` (size bytes) says why it cannot be used. */
bool mt_state_lock(struct mt_state *state, char *why, size_t size);
/* The same when PATH is not the file any more that is locked. Returns 0 or an errno. */
int mt_state_relock(struct mt_state *state);

int64_t mt_state_now(void);
void mt_state_report(struct mt_state *state, enum mt_severity severity, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* --- files.c: with all correlators taken, where an image may be written --- */

char *mt_state_file_name(const struct mt_state *state, uint64_t number); /* to be freed; NULL: no memory */
uint64_t mt_state_bytes(const struct mt_state *state);                   /* on disk */
/* Says in the mark what there is. */
void mt_state_mark(const struct mt_state *state);
/* Begins a new file with an image of what is known now. False: errno says why not. */
bool mt_state_rotate(struct mt_state *state, bool fresh);
/* After recovery: there is a file to write to, or errno says why not. */
void mt_state_begin(struct mt_state *state, bool good);
/* The disk has failed: it is reported once. */
void mt_state_fail(struct mt_state *state, int error);
/* Removes files that nothing needs any more. */
void mt_state_remove_old(struct mt_state *state, int64_t now);
/* Makes room for `more` bytes by files that are there for the sake of redelivery only. False: there is none. */
bool mt_state_hold_bound(struct mt_state *state, uint64_t more);
/* Begins a new file when the journal is long enough, or after the disk has failed; is there a reason to? */
void mt_state_renew(struct mt_state *state);
bool mt_state_wants_new_file(const struct mt_state *state);
/* Once a second: a file that was removed or replaced is reported, and another one takes its place. */
void mt_state_look_after(struct mt_state *state);

/* --- journal.c: each writes a record, or reports that the disk has failed --- */

void mt_state_write_moment(struct mt_state *state, enum mt_record_kind kind, int64_t wall, struct mt_spot from);
void mt_state_write_line(struct mt_state *state, const struct mt_line *line, bool repeated, int64_t wall,
                         const struct mt_place *place);
void mt_state_write_note(struct mt_state *state, struct mt_slice note);
void mt_state_write_place(struct mt_state *state, const struct mt_place *place);
/* What is in the buffer goes to the file; the second also forces that to the disk. Each reports that the disk has failed. */
void mt_state_write(struct mt_state *state);
void mt_state_write_through(struct mt_state *state);

bool mt_state_set_position(struct mt_state *state, uint64_t source, uint64_t position);
/* An image: the caller's part (order, positions, note), and what the correlators write. ctx: the state. */
bool mt_state_save_image(void *ctx, mt_write_fn *write, void *to);
/* Loads the caller's part; *rest is what follows. */
bool mt_state_load_callers(struct mt_state *state, struct mt_slice image, struct mt_slice *rest);

/* --- recover.c --- */

/* Looks at the files, and says why on failure. */
bool mt_recovery_begin(struct mt_state *state);
void mt_recovery_free(struct mt_state *state);

/* --- replay.c --- */

bool mt_recovery_step(struct mt_state *state, size_t most); /* true when done */

#endif
