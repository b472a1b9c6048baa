/* The window: the newest part of a journal, mapped. See segment.h. */
#include "form.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define WINDOW_MAGIC UINT64_C(0x776f646e6977746d)

struct window_head {
    uint64_t magic;
    uint64_t segment, nonce, at;
    uint64_t check; /* of all before */
};

static uint64_t window_check(const struct window_head *head)
{
    return XXH3_64bits(head, offsetof(struct window_head, check)) | 1;
}

static struct window_head *window_head(const struct mt_window *window)
{
    return (struct window_head *)(void *)window->p;
}

int mt_window_open(struct mt_window *window, int fd)
{
    void *p;
    int error = posix_fallocate(fd, 0, (off_t)(MT_WINDOW_AT + MT_WINDOW_SIZE));

    *window = (struct mt_window){.fd = fd};
    if (error) {
        return error;
    }
    p = mmap(NULL, MT_WINDOW_AT + MT_WINDOW_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
    if (p == MAP_FAILED) {
        return errno;
    }
    window->p = p;
    return 0;
}

void mt_window_close(struct mt_window *window)
{
    if (window->p) {
        munmap(window->p, MT_WINDOW_AT + MT_WINDOW_SIZE);
    }
    window->p = NULL;
}

uint64_t mt_window_of(const struct mt_window *window)
{
    const struct window_head *head = window_head(window);

    return head->magic == WINDOW_MAGIC && head->check == window_check(head) ? head->segment : 0;
}

void mt_window_move(struct mt_segment *segment)
{
    struct window_head *head = window_head(segment->window);

    __atomic_store_n(&head->check, 0, __ATOMIC_SEQ_CST);
    memset(segment->window->p + MT_WINDOW_AT, 0, MT_WINDOW_SIZE);
    segment->at = segment->end;
    head->magic = WINDOW_MAGIC;
    head->segment = segment->number;
    head->nonce = segment->nonce;
    head->at = segment->at;
    __atomic_store_n(&head->check, window_check(head), __ATOMIC_SEQ_CST);
}

int mt_window_restore(struct mt_window *window, const char *path)
{
    const struct window_head *head = window_head(window);
    struct mt_segment_head segment;
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW), error = 0;

    if (fd < 0) {
        return errno;
    }
    if (pread(fd, &segment, sizeof segment, 0) == (ssize_t)sizeof segment && segment.nonce == head->nonce &&
        segment.number == head->segment) {
        error = mt_write_at(fd, window->p + MT_WINDOW_AT, MT_WINDOW_SIZE, head->at);
    }
    close(fd);
    return error;
}
