/* A state file of any bytes is taken up, gone on with, and taken up again.
 *
 * The input is what a file holds, without what makes it whole: an image and records. Head and checks
 * are put on here, so that what reads them gets to see the rest:
 *
 *     flags (1 byte), length of the image (2 bytes), image, then records: kind (1), length (2), content
 *
 * Flags make the file less than whole.
 */
#include "mailtrace/state.h"
#include "fuzz.h"
#include "mailtrace/syslog.h"
#include "state/segment.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define IMAGE_AT 4096
#define NONCE    UINT64_C(0x1234567890abcdef)
#define NOW      (INT64_C(1711551778) * 1000000) /* 2024-03-27T15:02:58Z */

enum {
    BAD_IMAGE = 1,
    BAD_RECORD = 2, /* the first */
    CUT = 4,        /* the file ends within its last record */
    NOT_FRESH = 8,
};

static char directory[] = "/dev/shm/mailtrace-fuzz-XXXXXX", path[64], first[80];

static void remove_files(void)
{
    char name[96];

    for (int i = 0; i < 8; i++) {
        snprintf(name, sizeof name, "%s.%08d", path, i);
        unlink(name);
        snprintf(name, sizeof name, "%s.%08d.aside", path, i);
        unlink(name);
        snprintf(name, sizeof name, "%s.%08d.new", path, i);
        unlink(name);
    }
    unlink(path);
}

/* The bytes of a file up to the last that is not 0. */
static off_t used(int fd)
{
    static const char zeros[4096];
    char bytes[sizeof zeros];
    off_t end = 0;
    ssize_t n;

    for (off_t at = 0; (n = pread(fd, bytes, sizeof bytes, at)) > 0; at += n) {
        if (memcmp(bytes, zeros, (size_t)n) != 0) {
            while (!bytes[n - 1]) {
                n--;
            }
            end = at + n;
            n = sizeof bytes;
        }
    }
    return end;
}

/* Takes off the room for records to come: to look through it takes longer than all else. */
static void trim_files(void)
{
    char name[96];

    for (int i = 0; i < 8; i++) {
        snprintf(name, sizeof name, "%s.%08d", path, i);
        int fd = open(name, O_RDWR);
        if (fd >= 0) {
            fuzz_check(ftruncate(fd, (used(fd) + 7) / 8 * 8) == 0, "a file can be made smaller");
            close(fd);
        }
    }
}

static void remove_directory(void)
{
    remove_files();
    rmdir(directory);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    fuzz_check(mkdtemp(directory) != NULL, "there is a directory");
    snprintf(path, sizeof path, "%s/s", directory);
    snprintf(first, sizeof first, "%s.%08d", path, 1);
    return atexit(remove_directory);
}

/* --- the file: segment.h --- */

static void pad(struct mt_buffer *file, size_t to)
{
    static const char zeros[IMAGE_AT];

    while (file->n % to) {
        size_t n = to - file->n % to;
        mt_buffer_append(file, zeros, n < sizeof zeros ? n : sizeof zeros);
    }
}

static bool take(struct mt_slice *at, size_t n, struct mt_slice *bytes)
{
    if (at->n < n) {
        return false;
    }
    *bytes = mt_slice(at->p, n);
    *at = mt_slice_skip(*at, n);
    return true;
}

static size_t take_length(struct mt_slice *at)
{
    struct mt_slice b;

    return take(at, 2, &b) ? (size_t)(unsigned char)b.p[0] | (size_t)(unsigned char)b.p[1] << 8 : 0;
}

static void put_head(struct mt_buffer *file, struct mt_slice image, unsigned flags)
{
    struct mt_segment_head head = {.magic = "mtstate",
                                   .version = MT_SEGMENT_VERSION,
                                   .byte_order = 0x01020304u,
                                   .number = 1,
                                   .nonce = NONCE,
                                   .created = NOW,
                                   .fresh = !(flags & NOT_FRESH),
                                   .image_bytes = image.n};

    head.image_check = (uint32_t)XXH3_64bits_withSeed(image.p, image.n, NONCE) ^ (flags & BAD_IMAGE);
    head.check = XXH3_64bits(&head, offsetof(struct mt_segment_head, check));
    mt_buffer_append(file, &head, sizeof head);
    pad(file, IMAGE_AT);
    mt_buffer_append(file, image.p, image.n);
    pad(file, 8);
}

static void put_record(struct mt_buffer *file, uint32_t kind, struct mt_slice s, bool bad)
{
    struct {
        uint32_t n, kind;
        uint64_t check;
    } head = {(uint32_t)s.n, kind, 0};

    head.check = (XXH3_64bits(s.p, s.n) ^ (NONCE + file->n * UINT64_C(0x9e3779b97f4a7c15) + kind)) ^ bad;
    mt_buffer_append(file, &head, sizeof head);
    mt_buffer_append(file, s.p, s.n);
    pad(file, 8);
}

static void check_view(size_t image)
{
    struct mt_view view;
    const char *why;

    fuzz_check(mt_view_open(&view, first, &why) == MT_VIEW_GOOD && view.head.image_bytes == image &&
                   view.whole == (image > 0),
               "the file is as segment.h says");
    mt_view_close(&view);
}

static void write_file(struct mt_slice at)
{
    struct mt_buffer file = {0};
    struct mt_slice flag = {NULL, 0}, image = {NULL, 0}, content;
    unsigned flags = take(&at, 1, &flag) ? (unsigned char)*flag.p : 0;
    size_t n = take_length(&at), records = 0;
    int fd = open(first, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    take(&at, n < at.n ? n : at.n, &image);
    put_head(&file, image, flags);
    while (take(&at, 1, &flag)) {
        n = take_length(&at);
        take(&at, n < at.n ? n : at.n, &content);
        put_record(&file, (unsigned char)*flag.p, content, flags & BAD_RECORD && !records);
        records++;
    }
    if (flags & CUT && records) {
        file.n -= 8;
    }
    fuzz_check(fd >= 0 && !file.failed && write(fd, file.p, file.n) == (ssize_t)file.n, "there is room");
    close(fd);
    mt_buffer_free(&file);
    if (!(flags & BAD_IMAGE)) {
        check_view(image.n);
    }
}

/* --- a process --- */

static void emit(void *ctx, const struct mt_event *event)
{
    struct mt_buffer *text = ctx;

    text->n = 0;
    fuzz_check(mt_event_json(event, text), "there is memory");
    fuzz_check_json(text);
}

static void report(void *ctx, enum mt_severity severity, const char *text)
{
    (void)ctx;
    fuzz_check(severity >= MT_SEVERITY_INFO && severity <= MT_SEVERITY_ERROR && *text, "a report says something");
}

static void feed(struct mt_state *state, struct mt_correlator *c)
{
    static const char *const texts[] = {
        "2024-03-27T15:02:58+00:00 mx1 postfix/smtpd[4]: 3F2A1C0: client=a.example[192.0.2.1]",
        "2024-03-27T15:02:59+00:00 mx1 postfix/bounce[5]: 3F2A1C0: sender non-delivery notification: 4D1F2AB",
        "2024-03-27T15:03:09+00:00 mx1 postfix/qmgr[6]: 3F2A1C0: removed",
    };
    static struct mt_record rec;
    struct mt_zone zone = {.now = NOW, .fixed = true};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct mt_line line = {.order = mt_state_order(state) + 1};
        struct mt_place place = {1, i};
        mt_syslog_read(&zone, mt_slice_str(texts[i]), &line);
        mt_state_feed(state, c, &rec, mt_parse(&line, &rec), 0, &place);
    }
}

/* Takes up what is there, goes on, and ends; at the last time with an end of input. */
static void run(bool last)
{
    struct mt_buffer text = {0};
    struct mt_state_config config = {
        .path = path, .redeliver = MT_REDELIVER_DEFAULT, .max_bytes = MT_STATE_LEAST, .report = report};
    struct mt_config with;
    struct mt_shards *shards;
    struct mt_correlator *c;
    struct mt_state *state;
    struct mt_stats stats;
    char why[300];

    mt_config_default(&with);
    with.max_memory = MT_STATE_MEMORY(MT_STATE_LEAST);
    shards = mt_shards_new(&with, last ? 2 : 1, emit);
    fuzz_check(shards != NULL, "there is memory");
    mt_shards_take_all(shards, &text);
    state = mt_state_open(&config, shards, why, sizeof why);
    fuzz_check(state != NULL, "the files can be used");
    for (unsigned steps = 0; !mt_state_recover(state, 100); steps++) {
        fuzz_check(steps < 10000, "recovery comes to an end");
    }
    c = mt_shards_at(shards, MT_LIT("mx1"));
    feed(state, c);
    if (last) {
        mt_correlator_flush(c, true);
        mt_correlator_stats(c, &stats);
        fuzz_check(stats.open == 0 && stats.sessions == 0, "nothing stays open");
    }
    mt_state_close(state, last);
    mt_shards_give_all(shards);
    mt_shards_free(shards);
    mt_buffer_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    write_file(mt_slice((const char *)data, size));
    run(false);
    trim_files();
    run(true);
    remove_files();
    return 0;
}
