#include "segment.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define MAGIC           "mtstate"
#define BYTE_ORDER_MARK 0x01020304u
#define IMAGE_AT        4096
#define PAGE            4096
#define STEP_LEAST      (UINT64_C(1) << 20) /* the file grows by these */
#define STEP_MOST       (UINT64_C(16) << 20)
#define CHUNK           (1 << 20) /* bytes read or written at a time */

/* Before each record. */
struct head {
    uint32_t n; /* of the content; 0: no record */
    uint32_t kind;
    uint64_t check;
};

static uint64_t round_up(uint64_t n, uint64_t to)
{
    return (n + to - 1) / to * to;
}

static uint64_t record_size(size_t n)
{
    return round_up(sizeof(struct head) + n, 8);
}

/* Not against forgers, who could write anything here, but against chance. */
static uint64_t check_of(uint64_t nonce, uint64_t at, uint32_t kind, const void *p, size_t n)
{
    return XXH3_64bits(p, n) ^ (nonce + at * UINT64_C(0x9e3779b97f4a7c15) + kind);
}

static uint64_t head_check(const struct mt_segment_head *head)
{
    return XXH3_64bits(head, offsetof(struct mt_segment_head, check));
}

/* --- creating --- */

struct output {
    int fd, error;
    uint64_t bytes;
    XXH3_state_t *check;
};

static int write_all(int fd, const void *p, size_t n)
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

static bool write_image(void *ctx, const void *p, size_t n)
{
    struct output *out = ctx;

    out->error = write_all(out->fd, p, n);
    XXH3_64bits_update(out->check, p, n);
    out->bytes += n;
    return !out->error;
}

/* --- the window --- */

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

/* What it held is in its segment: it stands for another place now. A process that is killed in between
 * leaves a window that counts for nothing.
 */
static void move_window(struct mt_segment *segment)
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

static int write_at(int fd, const void *p, size_t n, uint64_t at)
{
    return lseek(fd, (off_t)at, SEEK_SET) < 0 ? errno : write_all(fd, p, n);
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
        error = write_at(fd, window->p + MT_WINDOW_AT, MT_WINDOW_SIZE, head->at);
    }
    close(fd);
    return error;
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
    to = round_up(to + step, PAGE);
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
        error = write_at(segment->fd, segment->window->p + MT_WINDOW_AT, segment->end - segment->at, segment->at);
    }
    if (!error) {
        move_window(segment);
    }
    return error;
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
    if (lseek(segment->fd, IMAGE_AT, SEEK_SET) < 0) {
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
    head->check = head_check(head);
    if (lseek(segment->fd, 0, SEEK_SET) < 0) {
        return errno;
    }
    return write_all(segment->fd, head, sizeof *head);
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
    segment->begin = segment->end = round_up(IMAGE_AT + head->image_bytes, 8);
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
    struct mt_segment_head head = {.magic = MAGIC,
                                   .version = MT_SEGMENT_VERSION,
                                   .byte_order = BYTE_ORDER_MARK,
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
        move_window(segment); /* what it held of the one before is in this one's image */
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
    segment->begin = round_up(IMAGE_AT + head->image_bytes, 8);
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
    uint64_t need = record_size(n) + sizeof(struct head); /* the next one's head says that there is none */
    int error = 0;

    if (segment->end - segment->at + need > MT_WINDOW_SIZE) {
        error = mt_segment_flush(segment);
    }
    if (!error && need > MT_WINDOW_SIZE) {
        error = allocate(segment, segment->end + need + 2 * MT_WINDOW_SIZE);
        segment->large = error ? NULL : malloc(sizeof(struct head) + n);
        error = error || segment->large ? error : ENOMEM;
    }
    if (error) {
        errno = error;
        return NULL;
    }
    return (segment->large ? segment->large : segment->window->p + MT_WINDOW_AT + (segment->end - segment->at)) +
           sizeof(struct head);
}

int mt_segment_commit(struct mt_segment *segment, enum mt_record_kind kind, size_t n)
{
    unsigned char *p =
        segment->large ? segment->large : segment->window->p + MT_WINDOW_AT + (segment->end - segment->at);
    struct head *head = (struct head *)(void *)p;
    int error = 0;

    head->kind = kind;
    head->check = check_of(segment->nonce, segment->end, kind, p + sizeof *head, n);
    __atomic_store_n(&head->n, (uint32_t)n, __ATOMIC_RELEASE);
    if (segment->large) {
        error = write_at(segment->fd, p, sizeof *head + n, segment->end);
        free(segment->large);
        segment->large = NULL;
    }
    if (error) {
        return error;
    }
    segment->end += record_size(n);
    if (segment->end - segment->at > MT_WINDOW_SIZE) { /* it was a large one, and the window was empty */
        move_window(segment);
    }
    return 0;
}

/* --- reading --- */

/* Reads the whole file once: what cannot be read is an error here, and not a signal later. Gives the image's check. */
static int read_through(int fd, struct mt_view *view, uint64_t *check)
{
    uint64_t at = 0, image_end = IMAGE_AT + view->head.image_bytes;
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
            uint64_t from = at < IMAGE_AT ? IMAGE_AT : at, to = at + (uint64_t)n;
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

    return memcmp(head->magic, MAGIC, sizeof head->magic) == 0 && head->version == MT_SEGMENT_VERSION &&
           head->byte_order == BYTE_ORDER_MARK && head->check == head_check(head) && view->n >= IMAGE_AT &&
           head->image_bytes <= view->n - IMAGE_AT;
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
    view->begin = round_up(IMAGE_AT + view->head.image_bytes, 8);
    if ((uint32_t)check == view->head.image_check) {
        view->image = mt_slice((const char *)view->p + IMAGE_AT, (size_t)view->head.image_bytes);
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
    struct head head;

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
    return head.check == check_of(view->head.nonce, at, head.kind, record->p, head.n);
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
            *at = i + record_size(record->n);
            return true;
        }
        last = i + 8;
    }
    *torn = last > *at ? last - *at : 0;
    return false;
}
