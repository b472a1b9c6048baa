/* The mark: what the file PATH, which is locked, says about the segment that is being written. It makes the file known as
 * ours. It tells how much of the journal must be there, and how much of that had reached the disk.
 */
#ifndef MT_STATE_MARK_H
#define MT_STATE_MARK_H

#include <stdbool.h>
#include <stdint.h>

/* Offsets are those of the segment's file. */
struct mt_mark {
    uint64_t magic;
    uint64_t segment, nonce; /* 0: none is being written */
    uint64_t synced;         /* up to there it has reached the disk */
    uint64_t end;            /* up to there it was written, at least */
    uint64_t check;          /* of all before */
};

/* Bytes of the file. */
#define MT_MARK_BYTES sizeof(struct mt_mark)

/* May the open file be used: is it empty, or one of ours? */
bool mt_mark_is_ours(int fd);

/* Reads it; all zero when there is none that is whole. */
void mt_mark_read(int fd, struct mt_mark *mark);

/* Sets magic and check, and writes it. Returns 0 or an errno. */
int mt_mark_write(int fd, struct mt_mark *mark);

/* Earlier versions had the newest part of the journal in this file, the window. The segment that it belongs to; 0: there is
 * no window.
 */
uint64_t mt_window_of(int fd);
/* Copies the window to its place in that segment, whose file is `path`. Returns 0 or an errno. */
int mt_window_restore(int fd, const char *path);
/* There is no window any more. Returns 0 or an errno. */
int mt_window_remove(int fd);

#endif
