/* The mark: see mark.h. */
#include "mark.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "form.h"
#include "ours.h"

#define MARK_MAGIC UINT64_C(0x006b72616d74616d)

/* Of earlier versions: a head, and from WINDOW_AT on WINDOW_SIZE bytes of the journal. */
#define WINDOW_MAGIC UINT64_C(0x776f646e6977746d)
#define WINDOW_AT    4096
#define WINDOW_SIZE  ((size_t)1 << 20)

struct window_head {
    uint64_t magic;
    uint64_t segment, nonce, at;
    uint64_t check; /* of all before */
};

static uint64_t mark_check(const struct mt_mark *mark)
{
    return XXH3_64bits(mark, offsetof(struct mt_mark, check));
}

/* A window that was made and never used. */
static bool is_blank(int fd, off_t size)
{
    char page[WINDOW_AT], zero[WINDOW_AT] = "";

    return size == (off_t)(WINDOW_AT + WINDOW_SIZE) && mt_read_at(fd, page, sizeof page, 0) == 0 &&
           memcmp(page, zero, sizeof page) == 0;
}

bool mt_mark_is_ours(int fd)
{
    uint64_t magic = 0;
    struct stat st;

    if (fstat(fd, &st) != 0) {
        return false;
    }
    if (st.st_size == 0 || is_blank(fd, st.st_size)) {
        return true;
    }
    return mt_read_at(fd, &magic, sizeof magic, 0) == 0 && (magic == MARK_MAGIC || magic == WINDOW_MAGIC);
}

void mt_mark_read(int fd, struct mt_mark *mark)
{
    if (mt_read_at(fd, mark, sizeof *mark, 0) != 0 || mark->magic != MARK_MAGIC || mark->check != mark_check(mark)) {
        *mark = (struct mt_mark){0};
    }
}

int mt_mark_write(int fd, struct mt_mark *mark)
{
    mark->magic = MARK_MAGIC;
    mark->check = mark_check(mark);
    return mt_write_at(fd, mark, sizeof *mark, 0);
}

/* --- of earlier versions --- */

static bool read_window(int fd, struct window_head *head)
{
    return mt_read_at(fd, head, sizeof *head, 0) == 0 && head->magic == WINDOW_MAGIC &&
           head->check == (XXH3_64bits(head, offsetof(struct window_head, check)) | 1);
}

uint64_t mt_window_of(int fd)
{
    struct window_head head;

    return read_window(fd, &head) ? head.segment : 0;
}

static int copy_window(int fd, const struct window_head *head, int to)
{
    struct mt_segment_head segment;
    char *window;
    int error;

    if (mt_read_at(to, &segment, sizeof segment, 0) != 0 || segment.nonce != head->nonce ||
        segment.number != head->segment) {
        return 0;
    }
    window = malloc(WINDOW_SIZE);
    error = window ? mt_read_at(fd, window, WINDOW_SIZE, WINDOW_AT) : ENOMEM;
    if (!error) {
        error = mt_write_at(to, window, WINDOW_SIZE, head->at);
    }
    free(window);
    return error;
}

int mt_window_restore(int fd, const char *path)
{
    struct window_head head;
    const char *why;
    int to, error;

    if (!read_window(fd, &head)) {
        return 0;
    }
    to = mt_open_ours(path, O_RDWR, &why);
    if (to < 0) {
        return why ? 0 : errno;
    }
    error = copy_window(fd, &head, to);
    close(to);
    return error;
}

int mt_window_remove(int fd)
{
    struct mt_mark none = {0};
    int error = mt_mark_write(fd, &none);

    if (!error && ftruncate(fd, MT_MARK_BYTES) != 0) {
        error = errno;
    }
    return error;
}
