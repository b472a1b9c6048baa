/* One file of the state: a head, an image, and a journal that grows.
 *
 *     0      struct mt_segment_head
 *     4096   the image: what the caller writes
 *     ...    records, each at a multiple of 8 bytes, up to the first whose length is 0
 *
 * The newest part of the journal is in another file, the window, which stays mapped: what is written there
 * survives the end of the process, at the cost of a memcpy(). When it is full it is copied to its place.
 *
 * Numbers are those of the machine: the head says which. A record's check covers its content and
 * where it stands, so that nothing old is taken for new; its length is written last, so that a
 * process that is killed leaves it whole or not there.
 */
#ifndef MT_STATE_SEGMENT_H
#define MT_STATE_SEGMENT_H

#include <stddef.h>

#include "mailtrace/shards.h"

#define MT_SEGMENT_VERSION 1

struct mt_segment_head {
    char magic[8];
    uint32_t version;
    uint32_t byte_order;
    uint64_t number;
    uint64_t nonce;       /* random: goes into every check */
    int64_t created;      /* wall clock, usec */
    uint32_t fresh;       /* what stands in older ones is not to be replayed up to this one */
    uint32_t image_check; /* of the image, with the nonce: its low bits */
    uint64_t image_bytes;
    uint64_t check; /* of all before */
};

/* Kinds of records: the numbers are on disk. */
enum mt_record_kind {
    MT_RECORD_LINE = 1,
    MT_RECORD_TICK,
    MT_RECORD_DELIVERED,
    MT_RECORD_NOTE,
    MT_RECORD_PLACE,
    MT_RECORD_START, /* a process has begun, and redelivered from there on */
    MT_RECORD_CLOSE, /* it has ended, and everything was delivered */
    MT_RECORD_KINDS,
};

/* --- writing --- */

struct mt_window {
    int fd;
    unsigned char *p; /* mapped: a head, and from MT_WINDOW_AT on MT_WINDOW_SIZE bytes of the journal */
};

#define MT_WINDOW_AT   4096
#define MT_WINDOW_SIZE ((size_t)1 << 20)

/* Maps a file that is open. Returns 0 or an errno. */
int mt_window_open(struct mt_window *window, int fd);
void mt_window_close(struct mt_window *window);

/* The number of the segment that there is something of in the window; 0: none. */
uint64_t mt_window_of(const struct mt_window *window);
/* Copies it to its place in that segment, whose file is `path`. Returns 0 or an errno. */
int mt_window_restore(struct mt_window *window, const char *path);

struct mt_segment {
    int fd; /* -1: none */
    uint64_t number, nonce;
    struct mt_window *window;
    uint64_t at;          /* offset that the window stands for */
    uint64_t begin, end;  /* of the journal; the next record goes to end */
    uint64_t allocated;   /* of the file */
    unsigned char *large; /* a record that does not fit into a window, being made */
};

/* Writes the file `path` with the image that save writes, under another name until it is whole.
 * sync: forced to the disk before it gets its name. Returns 0 or an errno; nothing is left then.
 */
int mt_segment_create(struct mt_segment *segment, struct mt_window *window, const char *path, uint64_t number,
                      int64_t created, bool fresh, bool sync, bool (*save)(void *ctx, mt_write_fn *write, void *to),
                      void *ctx);

/* Goes on writing to a file that was read, behind its record that ends at end. Returns 0 or an errno. */
int mt_segment_reopen(struct mt_segment *segment, struct mt_window *window, const char *path,
                      const struct mt_segment_head *head, uint64_t end);

/* Room for a record with n bytes of content at the end of the journal. NULL: no more can be had, and errno
 * says why. mt_segment_commit() makes it count; it returns 0 or an errno.
 */
void *mt_segment_reserve(struct mt_segment *segment, size_t n);
int mt_segment_commit(struct mt_segment *segment, enum mt_record_kind kind, size_t n);

/* Copies what is in the window to its place, and moves it on. Returns 0 or an errno. */
int mt_segment_flush(struct mt_segment *segment);

void mt_segment_close(struct mt_segment *segment);

/* --- reading --- */

struct mt_view {
    const unsigned char *p; /* the file, mapped */
    size_t n;
    struct mt_segment_head head;
    struct mt_slice image; /* empty when its check is wrong */
    uint64_t begin;        /* of the journal */
};

enum mt_view_verdict {
    MT_VIEW_GOOD,
    MT_VIEW_FOREIGN, /* no file of ours, or of another version, or of a machine of another kind */
    MT_VIEW_ERROR,   /* errno */
};

enum mt_view_verdict mt_view_open(struct mt_view *view, const char *path);
void mt_view_close(struct mt_view *view);

struct mt_view_record {
    enum mt_record_kind kind;
    const unsigned char *p;
    size_t n;
    uint64_t lost; /* bytes before it that could not be read */
};

/* The record at *at, which moves behind it. False at the end: *torn is then how many bytes stand
 * there that are no record.
 */
bool mt_view_next(const struct mt_view *view, uint64_t *at, struct mt_view_record *record, uint64_t *torn);

#endif
