/* Reading a segment: see segment.h. What stands there may be anything. */
#include "form.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK (1 << 20) /* bytes read at a time */

/* Reads the whole file once: what cannot be read is an error here, and not a signal later. Gives the image's check. */
static int read_through(int fd, struct mt_view *view, uint64_t *check)
{
    uint64_t at = 0, image_end = MT_IMAGE_AT + view->head.image_bytes;
    XXH3_state_t *state = XXH3_createState();
    unsigned char *chunk = malloc(CHUNK);
    int error = state && chunk ? 0 : ENOMEM;

    if (!error) {
        XXH3_64bits_reset_withSeed(state, view->head.nonce);
    }
    while (!error && at < view->n) {
        ssize_t n = pread(fd, chunk, CHUNK, (off_t)at);
        if (n <= 0) {
            error = n < 0 ? errno : EIO;
        } else {
            uint64_t from = at < MT_IMAGE_AT ? MT_IMAGE_AT : at, to = at + (uint64_t)n;
            to = to > image_end ? image_end : to;
            if (to > from) {
                XXH3_64bits_update(state, chunk + (from - at), to - from);
            }
            at += (uint64_t)n;
        }
    }
    *check = error ? 0 : XXH3_64bits_digest(state);
    XXH3_freeState(state);
    free(chunk);
    return error;
}

static bool is_ours(const struct mt_view *view)
{
    const struct mt_segment_head *head = &view->head;

    return memcmp(head->magic, MT_SEGMENT_MAGIC, sizeof head->magic) == 0 && head->version == MT_SEGMENT_VERSION &&
           head->byte_order == MT_BYTE_ORDER_MARK && head->check == mt_head_check(head) && view->n >= MT_IMAGE_AT &&
           head->image_bytes <= view->n - MT_IMAGE_AT;
}

static enum mt_view_verdict read_file(int fd, struct mt_view *view)
{
    struct stat st;
    uint64_t check;
    void *p;
    int error;

    if (fstat(fd, &st) != 0) {
        return MT_VIEW_ERROR;
    }
    view->n = (size_t)st.st_size;
    if (pread(fd, &view->head, sizeof view->head, 0) != (ssize_t)sizeof view->head || !is_ours(view)) {
        return MT_VIEW_FOREIGN;
    }
    error = read_through(fd, view, &check);
    if (error) {
        errno = error;
        return MT_VIEW_ERROR;
    }
    p = mmap(NULL, view->n, PROT_READ, MAP_PRIVATE, fd, 0);
    if (p == MAP_FAILED) {
        return MT_VIEW_ERROR;
    }
    view->p = p;
    view->begin = mt_round_up(MT_IMAGE_AT + view->head.image_bytes, 8);
    if ((uint32_t)check == view->head.image_check) {
        view->image = mt_slice((const char *)view->p + MT_IMAGE_AT, (size_t)view->head.image_bytes);
    }
    return MT_VIEW_GOOD;
}

enum mt_view_verdict mt_view_open(struct mt_view *view, const char *path)
{
    enum mt_view_verdict verdict;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), error;

    *view = (struct mt_view){0};
    if (fd < 0) {
        return MT_VIEW_ERROR;
    }
    verdict = read_file(fd, view);
    error = errno;
    close(fd);
    errno = error;
    return verdict;
}

void mt_view_close(struct mt_view *view)
{
    if (view->p) {
        munmap((void *)(uintptr_t)view->p, view->n);
    }
    view->p = NULL;
}

static bool record_at(const struct mt_view *view, uint64_t at, struct mt_view_record *record)
{
    struct mt_record_head head;

    if (at + sizeof head > view->n) {
        return false;
    }
    memcpy(&head, view->p + at, sizeof head);
    if (!head.n || !head.kind || head.kind >= MT_RECORD_KINDS || head.n > view->n - at - sizeof head) {
        return false;
    }
    record->kind = (enum mt_record_kind)head.kind;
    record->p = view->p + at + sizeof head;
    record->n = head.n;
    return head.check == mt_record_check(view->head.nonce, at, head.kind, record->p, head.n);
}

static bool is_zero(const struct mt_view *view, uint64_t at)
{
    uint64_t word = 0;

    memcpy(&word, view->p + at, view->n - at < sizeof word ? view->n - at : sizeof word);
    return word == 0;
}

bool mt_view_next(const struct mt_view *view, uint64_t *at, struct mt_view_record *record, uint64_t *torn)
{
    uint64_t last = 0;

    *torn = 0;
    for (uint64_t i = *at; i < view->n; i += 8) {
        if (is_zero(view, i)) {
            continue;
        }
        if (record_at(view, i, record)) {
            record->lost = i - *at;
            *at = i + mt_record_size(record->n);
            return true;
        }
        last = i + 8;
    }
    *torn = last > *at ? last - *at : 0;
    return false;
}
