/* Writing a segment: see segment.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "form.h"
#include "ours.h"

#define BUFFER ((size_t)1 << 16) /* a larger record makes it larger for a while */

/* Disk space for what comes up to `to`. */
static int allocate(struct mt_segment *segment, uint64_t to)
{
    int error;

    if (to <= segment->allocated) {
        return 0;
    }
    to = mt_round_up(to, MT_SEGMENT_STEP);
    error = posix_fallocate(segment->fd, (off_t)segment->allocated, (off_t)(to - segment->allocated));
    if (!error) {
        segment->allocated = to;
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

    out->error = mt_write_at(out->fd, p, n, MT_IMAGE_AT + out->bytes);
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

static int fill(const struct mt_segment *segment, const struct mt_segment_plan *plan, struct mt_segment_head *head)
{
    struct output out = {.fd = segment->fd, .check = XXH3_createState()};
    bool saved;

    if (!out.check) {
        return ENOMEM;
    }
    XXH3_64bits_reset_withSeed(out.check, head->nonce);
    saved = plan->save(plan->ctx, write_image, &out);
    head->image_check = (uint32_t)XXH3_64bits_digest(out.check);
    head->image_bytes = out.bytes;
    XXH3_freeState(out.check);
    return saved ? 0 : out.error ? out.error : ENOMEM;
}

static int write_head(const struct mt_segment *segment, const struct mt_segment_plan *plan,
                      struct mt_segment_head *head)
{
    struct mt_segment_before before = plan->before;
    int error;

    before.check = mt_before_check(&before, head->nonce);
    error = mt_write_at(segment->fd, &before, sizeof before, MT_BEFORE_AT);
    head->check = mt_head_check(head);
    return error ? error : mt_write_at(segment->fd, head, sizeof *head, 0);
}

/* The name of a file, and so the file, is on the disk only with its directory. */
static void sync_directory(const char *path)
{
    char *directory = mt_directory_of(path);
    int fd = directory ? open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

    if (fd >= 0) {
        (void)fsync(fd);
        close(fd);
    }
    free(directory);
}

/* A file that has the name already stays. */
static int give_name(const char *temporary, const char *path)
{
    if (renameat2(AT_FDCWD, temporary, AT_FDCWD, path, RENAME_NOREPLACE) == 0) {
        return 0;
    }
    if (errno != EINVAL && errno != ENOSYS) {
        return errno;
    }
    return access(path, F_OK) == 0 ? EEXIST : rename(temporary, path) == 0 ? 0 : errno;
}

static int create(struct mt_segment *segment, const struct mt_segment_plan *plan, const char *temporary,
                  struct mt_segment_head *head)
{
    int error = fill(segment, plan, head);

    if (error) {
        return error;
    }
    segment->begin = mt_round_up(MT_IMAGE_AT + head->image_bytes, 8);
    segment->end = segment->written = segment->allocated = segment->begin;
    error = allocate(segment, segment->end + MT_SEGMENT_STEP);
    if (!error) {
        error = write_head(segment, plan, head);
    }
    if (!error && plan->sync && fdatasync(segment->fd) != 0) {
        error = errno;
    }
    if (!error) {
        error = give_name(temporary, plan->path);
    }
    if (!error && plan->sync) {
        sync_directory(plan->path);
        segment->synced = segment->end;
    }
    return error;
}

int mt_segment_create(struct mt_segment *segment, const struct mt_segment_plan *plan)
{
    struct mt_segment_head head = {.magic = MT_SEGMENT_MAGIC,
                                   .version = MT_SEGMENT_VERSION,
                                   .byte_order = MT_BYTE_ORDER_MARK,
                                   .number = plan->number,
                                   .created = plan->created,
                                   .fresh = plan->fresh};
    char *temporary;
    int error;

    *segment = (struct mt_segment){.fd = -1, .number = plan->number};
    segment->nonce = head.nonce = make_nonce(segment);
    if (asprintf(&temporary, "%s.new", plan->path) < 0) {
        return ENOMEM;
    }
    segment->fd = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    error = segment->fd < 0 ? errno : create(segment, plan, temporary, &head);
    if (error && segment->fd >= 0) {
        unlink(temporary);
        mt_segment_close(segment);
    }
    free(temporary);
    return error;
}

int mt_segment_reopen(struct mt_segment *segment, const char *path, const struct mt_segment_head *head, uint64_t end)
{
    const char *why;
    int error;

    *segment =
        (struct mt_segment){.number = head->number, .nonce = head->nonce, .end = end, .written = end, .allocated = end};
    segment->begin = mt_round_up(MT_IMAGE_AT + head->image_bytes, 8);
    segment->fd = mt_open_ours(path, O_RDWR, &why);
    if (segment->fd < 0) {
        return why ? EPERM : errno;
    }
    /* What stands behind the end goes, so that it is never taken for a record. */
    error = ftruncate(segment->fd, (off_t)end) == 0 ? allocate(segment, end + MT_SEGMENT_STEP) : errno;
    if (error) {
        mt_segment_close(segment);
    }
    return error;
}

void mt_segment_close(struct mt_segment *segment)
{
    free(segment->buffer);
    segment->buffer = NULL;
    segment->size = 0;
    if (segment->fd >= 0) {
        close(segment->fd);
    }
    segment->fd = -1;
}

/* --- appending --- */

static int resize_buffer(struct mt_segment *segment, size_t size)
{
    unsigned char *larger = realloc(segment->buffer, size);

    if (!larger) {
        return ENOMEM;
    }
    segment->buffer = larger;
    segment->size = size;
    return 0;
}

int mt_segment_write(struct mt_segment *segment)
{
    int error = allocate(segment, segment->end);

    if (!error) {
        error = mt_write_at(segment->fd, segment->buffer, segment->end - segment->written, segment->written);
    }
    if (!error) {
        segment->written = segment->end;
    }
    if (!error && segment->size > BUFFER) {
        (void)resize_buffer(segment, BUFFER);
    }
    return error;
}

void *mt_segment_reserve(struct mt_segment *segment, size_t n)
{
    uint64_t need = mt_record_size(n), held = segment->end - segment->written;
    int error = n > UINT32_MAX ? EFBIG : 0;

    if (!error && held && held + need > segment->size) {
        error = mt_segment_write(segment);
        held = 0;
    }
    if (!error && held + need > segment->size) {
        error = resize_buffer(segment, need > BUFFER ? need : BUFFER);
    }
    if (error) {
        errno = error;
        return NULL;
    }
    memset(segment->buffer + held + need - 8, 0, 8); /* what the record is rounded up by */
    return segment->buffer + held + sizeof(struct mt_record_head);
}

void mt_segment_commit(struct mt_segment *segment, enum mt_record_kind kind, size_t n)
{
    unsigned char *p = segment->buffer + (segment->end - segment->written);
    struct mt_record_head *head = (struct mt_record_head *)(void *)p;

    head->n = (uint32_t)n;
    head->kind = kind;
    head->check = mt_record_check(segment->nonce, segment->end, kind, p + sizeof *head, n);
    segment->end += mt_record_size(n);
}
