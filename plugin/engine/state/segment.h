/* One file of the state: a head, an image, and a journal that grows.
 *
 *     0      struct mt_segment_head
 *     512    struct mt_segment_before
 *     4096   the image: what the caller writes
 *     ...    records, each at a multiple of 8 bytes, up to the first whose length is 0
 *
 * Records are written with pwrite(2): what was written survives the end of the process.
 *
 * Numbers are those of the machine: the head says which. A record's check covers its content and
 * where it stands, so that nothing old is taken for new.
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

/* The segment before this one, as it was when this one began; all zero: there was none, or an earlier version wrote this. */
struct mt_segment_before {
    uint64_t number;
    uint64_t end;    /* of its journal */
    uint64_t synced; /* up to there it had reached the disk */
    uint64_t check;  /* of all before, with the nonce of this one */
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

/* The file grows by so much at a time. */
#define MT_SEGMENT_STEP (UINT64_C(1) << 20)

struct mt_segment {
    int fd; /* -1: none */
    uint64_t number, nonce;
    uint64_t begin, end;   /* of the journal; the next record goes to end */
    uint64_t written;      /* what stands behind that is in the buffer */
    uint64_t synced;       /* up to there it has reached the disk */
    uint64_t allocated;    /* of the file */
    unsigned char *buffer; /* records that are not written yet, and the one that is being made */
    size_t size;
};

/* What a new one is made of. */
struct mt_segment_plan {
    const char *path;
    uint64_t number;
    int64_t created;
    bool fresh, sync; /* sync: it is forced to the disk before it gets its name */
    struct mt_segment_before before;
    bool (*save)(void *ctx, mt_write_fn *write, void *to);
    void *ctx;
};

/* Writes the file with the image that save writes, under another name until it is whole. Returns 0 or an errno; nothing is
 * left then, and nothing that was there is changed.
 */
int mt_segment_create(struct mt_segment *segment, const struct mt_segment_plan *plan);

/* Goes on writing to a file that was read, behind its record that ends at end. Returns 0 or an errno. */
int mt_segment_reopen(struct mt_segment *segment, const char *path, const struct mt_segment_head *head, uint64_t end);

/* Room for a record with n bytes of content at the end of the journal. NULL: no more can be had, and errno
 * says why. mt_segment_commit() makes it count; it stays in the buffer until mt_segment_write(), or until that is full.
 */
void *mt_segment_reserve(struct mt_segment *segment, size_t n);
void mt_segment_commit(struct mt_segment *segment, enum mt_record_kind kind, size_t n);

/* Writes what is in the buffer. Returns 0 or an errno. */
int mt_segment_write(struct mt_segment *segment);

void mt_segment_close(struct mt_segment *segment);

/* --- reading --- */

struct mt_view {
    int fd;
    uint64_t n; /* bytes of the file */
    struct mt_segment_head head;
    struct mt_segment_before before;
    bool whole;      /* the image's check is right */
    uint64_t begin;  /* of the journal */
    uint64_t synced; /* up to there holes are passed over: by the caller */
    int error;       /* an errno, once it could not be read */

    unsigned char *chunk; /* `held` bytes of the file, from `at` on */
    size_t size, held;
    uint64_t at;
};

enum mt_view_verdict {
    MT_VIEW_GOOD,
    MT_VIEW_DAMAGED, /* a file of ours that is damaged, of another version, or of a machine of another kind */
    MT_VIEW_FOREIGN, /* no file of ours */
    MT_VIEW_REFUSED, /* not to be used: *why */
    MT_VIEW_ERROR,   /* errno */
};

enum mt_view_verdict mt_view_open(struct mt_view *view, const char *path, const char **why);
void mt_view_close(struct mt_view *view);

/* The image, to be freed; NULL: it cannot be read, or memory is short. */
char *mt_view_image(const struct mt_view *view);

/* Content is valid until the next call. */
struct mt_view_record {
    enum mt_record_kind kind;
    const unsigned char *p;
    size_t n;
    uint64_t at;   /* where it stands */
    uint64_t lost; /* bytes before it that could not be read */
};

/* The record at *at, which moves behind it. False at the end, which is the first hole of what had not reached the disk:
 * *torn is then how many bytes stand behind it that are not used.
 */
bool mt_view_next(struct mt_view *view, uint64_t *at, struct mt_view_record *record, uint64_t *torn);

#endif
