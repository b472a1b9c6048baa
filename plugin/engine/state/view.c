/* Reading a segment: see segment.h. What stands there may be anything. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "form.h"
#include "ours.h"

#define CHUNK ((size_t)1 << 20) /* bytes read at a time */

/* n bytes of the file, from `at` on, until the next call; NULL: there are not so many, or they cannot be read. */
static const unsigned char *look(struct mt_view *view, uint64_t at, size_t n)
{
    size_t want = n > CHUNK ? n : CHUNK;
    unsigned char *larger;

    if (at > view->n || n > view->n - at || view->error) {
        return NULL;
    }
    if (at >= view->at && at - view->at <= view->held && n <= view->held - (at - view->at)) {
        return view->chunk + (at - view->at);
    }
    want = want > view->n - at ? view->n - at : want;
    if (want > view->size) {
        larger = realloc(view->chunk, want);
        view->error = larger ? 0 : ENOMEM;
        view->chunk = larger ? larger : view->chunk;
        view->size = larger ? want : view->size;
    }
    if (!view->error) {
        view->error = mt_read_at(view->fd, view->chunk, want, at);
    }
    view->at = at;
    view->held = view->error ? 0 : want;
    return view->error ? NULL : view->chunk;
}

static bool is_whole(struct mt_view *view)
{
    XXH3_state_t *check = XXH3_createState();
    uint64_t at = MT_IMAGE_AT, end = MT_IMAGE_AT + view->head.image_bytes;
    bool whole;

    if (!check) {
        return false;
    }
    XXH3_64bits_reset_withSeed(check, view->head.nonce);
    while (at < end) {
        size_t n = end - at > CHUNK ? CHUNK : end - at;
        const unsigned char *p = look(view, at, n);
        if (!p) {
            break;
        }
        XXH3_64bits_update(check, p, n);
        at += n;
    }
    whole = at == end && at > MT_IMAGE_AT && (uint32_t)XXH3_64bits_digest(check) == view->head.image_check;
    XXH3_freeState(check);
    return whole;
}

/* A file that begins with nothing is one of ours that was being made when the machine failed. */
static enum mt_view_verdict look_at_head(struct mt_view *view)
{
    static const struct mt_segment_head none;
    struct mt_segment_head *head = &view->head;
    const unsigned char *p = look(view, 0, view->n < sizeof *head ? view->n : sizeof *head);

    if (p) {
        memcpy(head, p, view->n < sizeof *head ? view->n : sizeof *head);
    } else if (view->error) {
        return MT_VIEW_ERROR;
    }
    if (memcmp(head->magic, MT_SEGMENT_MAGIC, sizeof head->magic) != 0) {
        return memcmp(head, &none, sizeof none) == 0 ? MT_VIEW_DAMAGED : MT_VIEW_FOREIGN;
    }
    return head->version == MT_SEGMENT_VERSION && head->byte_order == MT_BYTE_ORDER_MARK &&
                   head->check == mt_head_check(head) && view->n >= MT_IMAGE_AT &&
                   head->image_bytes <= view->n - MT_IMAGE_AT
               ? MT_VIEW_GOOD
               : MT_VIEW_DAMAGED;
}

static enum mt_view_verdict look_at_file(struct mt_view *view)
{
    enum mt_view_verdict verdict;
    const unsigned char *p;
    struct stat st;

    if (fstat(view->fd, &st) != 0) {
        return MT_VIEW_ERROR;
    }
    view->n = (uint64_t)st.st_size;
    verdict = look_at_head(view);
    if (verdict != MT_VIEW_GOOD) {
        return verdict;
    }
    p = look(view, MT_BEFORE_AT, sizeof view->before);
    if (p) {
        memcpy(&view->before, p, sizeof view->before);
    }
    if (!p || view->before.check != mt_before_check(&view->before, view->head.nonce)) {
        view->before = (struct mt_segment_before){0};
    }
    view->begin = mt_round_up(MT_IMAGE_AT + view->head.image_bytes, 8);
    view->whole = is_whole(view);
    errno = view->error;
    return view->error ? MT_VIEW_ERROR : MT_VIEW_GOOD;
}

enum mt_view_verdict mt_view_open(struct mt_view *view, const char *path, const char **why)
{
    *view = (struct mt_view){.fd = mt_open_ours(path, O_RDONLY, why)};
    if (view->fd < 0) {
        return *why ? MT_VIEW_REFUSED : MT_VIEW_ERROR;
    }
    return look_at_file(view);
}

void mt_view_close(struct mt_view *view)
{
    if (view->fd >= 0) {
        close(view->fd);
    }
    view->fd = -1;
    free(view->chunk);
    view->chunk = NULL;
}

char *mt_view_image(const struct mt_view *view)
{
    char *image = malloc(view->head.image_bytes + 1);

    if (image && mt_read_at(view->fd, image, view->head.image_bytes, MT_IMAGE_AT) != 0) {
        free(image);
        return NULL;
    }
    return image;
}

static bool record_at(struct mt_view *view, uint64_t at, struct mt_view_record *record)
{
    struct mt_record_head head;
    const unsigned char *p = look(view, at, sizeof head);

    if (!p) {
        return false;
    }
    memcpy(&head, p, sizeof head);
    if (!head.n || !head.kind || head.kind >= MT_RECORD_KINDS || !(p = look(view, at, sizeof head + head.n))) {
        return false;
    }
    record->kind = (enum mt_record_kind)head.kind;
    record->p = p + sizeof head;
    record->n = head.n;
    record->at = at + sizeof head;
    return head.check == mt_record_check(view->head.nonce, at, head.kind, record->p, head.n);
}

static bool is_zero(struct mt_view *view, uint64_t at)
{
    size_t n = view->n - at < 8 ? (size_t)(view->n - at) : 8;
    const unsigned char *p = look(view, at, n);
    uint64_t word = 0;

    memcpy(&word, p ? p : (const unsigned char *)&word, p ? n : 0);
    return word == 0;
}

/* How far the file has anything else than zeros. */
static uint64_t last_byte(struct mt_view *view, uint64_t from)
{
    uint64_t last = from;

    for (uint64_t at = from; at < view->n && !view->error; at += 8) {
        if (!is_zero(view, at)) {
            last = at + 8;
        }
    }
    return last;
}

bool mt_view_next(struct mt_view *view, uint64_t *at, struct mt_view_record *record, uint64_t *torn)
{
    *torn = 0;
    for (uint64_t i = *at; i < view->n && (i == *at || i < view->synced); i += 8) {
        if (!is_zero(view, i) && record_at(view, i, record)) {
            record->lost = i - *at;
            *at = i + mt_record_size(record->n);
            return true;
        }
    }
    *torn = last_byte(view, *at) - *at;
    return false;
}
