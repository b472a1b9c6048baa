/* Writing a segment: see segment.h. */
#include "form.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define STEP_LEAST (UINT64_C(1) << 20) /* the file grows by these */
#define STEP_MOST  (UINT64_C(16) << 20)

int mt_write_all(int fd, const void *p, size_t n)
{
    const char *at = p;

    while (n) {
        ssize_t done = write(fd, at, n);
        if (done < 0 && errno != EINTR) {
            return errno;
        }
        if (done == 0) {
            return ENOSPC;
        }
        if (done > 0) {
            at += done;
            n -= (size_t)done;
        }
    }
    return 0;
}

int mt_write_at(int fd, const void *p, size_t n, uint64_t at)
{
    return lseek(fd, (off_t)at, SEEK_SET) < 0 ? errno : mt_write_all(fd, p, n);
}

/* Disk space for what comes up to `to`: there is none later, when it is too late. */
static int allocate(struct mt_segment *segment, uint64_t to)
{
    uint64_t step = (segment->end - segment->begin) / 4;
    int error;

    if (to <= segment->allocated) {
        return 0;
    }
    step = step < STEP_LEAST ? STEP_LEAST : step > STEP_MOST ? STEP_MOST : step;
    to = mt_round_up(to + step, MT_PAGE);
    error = posix_fallocate(segment->fd, (off_t)segment->allocated, (off_t)(to - segment->allocated));
    if (!error) {
        segment->allocated = to;
    }
    return error;
}

int mt_segment_flush(struct mt_segment *segment)
{
    int error = allocate(segment, segment->end + 2 * MT_WINDOW_SIZE);

    if (!error && segment->end > segment->at) {
        error = mt_write_at(segment->fd, segment->window->p + MT_WINDOW_AT, segment->end - segment->at, segment->at);
    }
    if (!error) {
        mt_window_move(segment);
    }
    return error;
}

/* --- creating --- */

struct output {
    int fd, error;
    uint64_t bytes;
    XXH3_state_t *check;
};

static bool write_image(void *ctx, const void *p, size_t n)
{
    struct output *out = ctx;

    out->error = mt_write_all(out->fd, p, n);
    XXH3_64bits_update(out->check, p, n);
    out->bytes += n;
    return !out->error;
}

static uint64_t make_nonce(const struct mt_segment *segment)
{
    uint64_t nonce;

    if (getrandom(&nonce, sizeof nonce, GRND_NONBLOCK) != (ssize_t)sizeof nonce) {
        nonce = (uint64_t)(uintptr_t)segment * UINT64_C(0x9e3779b97f4a7c15) ^ segment->number;
    }
    return nonce;
}

static int fill(struct mt_segment *segment, struct mt_segment_head *head,
                bool (*save)(void *ctx, mt_write_fn *write, void *to), void *ctx)
{
    struct output out = {.fd = segment->fd, .check = XXH3_createState()};
    bool saved;

    if (!out.check) {
        return ENOMEM;
    }
    XXH3_64bits_reset_withSeed(out.check, head->nonce);
    if (lseek(segment->fd, MT_IMAGE_AT, SEEK_SET) < 0) {
        out.error = errno;
    }
    saved = !out.error && save(ctx, write_image, &out);
    head->image_check = (uint32_t)XXH3_64bits_digest(out.check);
    head->image_bytes = out.bytes;
    XXH3_freeState(out.check);
    return saved ? 0 : out.error ? out.error : ENOMEM;
}

static int write_head(struct mt_segment *segment, struct mt_segment_head *head)
{
    head->check = mt_head_check(head);
    if (lseek(segment->fd, 0, SEEK_SET) < 0) {
        return errno;
    }
    return mt_write_all(segment->fd, head, sizeof *head);
}

/* The name of a file, and so the file, is on the disk only with its directory. */
static void sync_directory(const char *path)
{
    char *copy = strdup(path), *slash = copy ? strrchr(copy, '/') : NULL;
    int fd;

    if (slash) {
        slash[slash == copy] = '\0';
    }
    fd = open(slash ? copy : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        close(fd);
    }
    free(copy);
}

static int create(struct mt_segment *segment, const char *path, const char *temporary, struct mt_segment_head *head,
                  bool sync, bool (*save)(void *ctx, mt_write_fn *write, void *to), void *ctx)
{
    int error;

    segment->fd = open(temporary, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (segment->fd < 0) {
        return errno;
    }
    error = fill(segment, head, save, ctx);
    if (error) {
        return error;
    }
    segment->begin = segment->end = mt_round_up(MT_IMAGE_AT + head->image_bytes, 8);
    segment->at = segment->end;
    segment->allocated = segment->end;
    error = allocate(segment, segment->end + 2 * MT_WINDOW_SIZE);
    if (!error) {
        error = write_head(segment, head);
    }
    if (!error && sync && fdatasync(segment->fd) != 0) {
        error = errno;
    }
    if (!error && rename(temporary, path) != 0) {
        error = errno;
    }
    if (!error && sync) {
        sync_directory(path);
    }
    return error;
}

int mt_segment_create(struct mt_segment *segment, struct mt_window *window, const char *path, uint64_t number,
                      int64_t created, bool fresh, bool sync, bool (*save)(void *ctx, mt_write_fn *write, void *to),
                      void *ctx)
{
    struct mt_segment_head head = {.magic = MT_SEGMENT_MAGIC,
                                   .version = MT_SEGMENT_VERSION,
                                   .byte_order = MT_BYTE_ORDER_MARK,
                                   .number = number,
                                   .created = created,
                                   .fresh = fresh};
    char *temporary;
    int error;

    *segment = (struct mt_segment){.fd = -1, .number = number, .window = window};
    segment->nonce = head.nonce = make_nonce(segment);
    if (asprintf(&temporary, "%s.new", path) < 0) {
        return ENOMEM;
    }
    error = create(segment, path, temporary, &head, sync, save, ctx);
    if (error) {
        mt_segment_close(segment);
        unlink(temporary);
    } else {
        mt_window_move(segment); /* what it held of the one before is in this one's image */
    }
    free(temporary);
    return error;
}

int mt_segment_reopen(struct mt_segment *segment, struct mt_window *window, const char *path,
                      const struct mt_segment_head *head, uint64_t end)
{
    int error;

    *segment = (struct mt_segment){
        .number = head->number, .nonce = head->nonce, .window = window, .end = end, .at = end, .allocated = end};
    segment->begin = mt_round_up(MT_IMAGE_AT + head->image_bytes, 8);
    segment->fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (segment->fd < 0) {
        return errno;
    }
    /* What stands behind the end goes, so that it is never taken for a record. */
    error = ftruncate(segment->fd, (off_t)end) == 0 ? mt_segment_flush(segment) : errno;
    if (error) {
        mt_segment_close(segment);
    }
    return error;
}

void mt_segment_close(struct mt_segment *segment)
{
    free(segment->large);
    segment->large = NULL;
    if (segment->fd >= 0) {
        close(segment->fd);
    }
    segment->fd = -1;
}

/* --- appending --- */

void *mt_segment_reserve(struct mt_segment *segment, size_t n)
{
    uint64_t need = mt_record_size(n) + sizeof(struct mt_record_head); /* the next one's head says that there is none */
    int error = 0;

    if (segment->end - segment->at + need > MT_WINDOW_SIZE) {
        error = mt_segment_flush(segment);
    }
    if (!error && need > MT_WINDOW_SIZE) {
        error = allocate(segment, segment->end + need + 2 * MT_WINDOW_SIZE);
        segment->large = error ? NULL : malloc(sizeof(struct mt_record_head) + n);
        error = error || segment->large ? error : ENOMEM;
    }
    if (error) {
        errno = error;
        return NULL;
    }
    return (segment->large ? segment->large : segment->window->p + MT_WINDOW_AT + (segment->end - segment->at)) +
           sizeof(struct mt_record_head);
}

int mt_segment_commit(struct mt_segment *segment, enum mt_record_kind kind, size_t n)
{
    unsigned char *p =
        segment->large ? segment->large : segment->window->p + MT_WINDOW_AT + (segment->end - segment->at);
    struct mt_record_head *head = (struct mt_record_head *)(void *)p;
    int error = 0;

    head->kind = kind;
    head->check = mt_record_check(segment->nonce, segment->end, kind, p + sizeof *head, n);
    __atomic_store_n(&head->n, (uint32_t)n, __ATOMIC_RELEASE);
    if (segment->large) {
        error = mt_write_at(segment->fd, p, sizeof *head + n, segment->end);
        free(segment->large);
        segment->large = NULL;
    }
    if (error) {
        return error;
    }
    segment->end += mt_record_size(n);
    if (segment->end - segment->at > MT_WINDOW_SIZE) { /* it was a large one, and the window was empty */
        mt_window_move(segment);
    }
    return 0;
}
