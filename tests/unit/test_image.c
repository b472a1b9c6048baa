/* Images of correlators: those of version 1 are read, and a member that is not known here costs nothing but itself. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "mailtrace/shards.h"
#include "mailtrace/syslog.h"
#include "suites.h"

static struct mt_buffer events;

static void emit(void *ctx, const struct mt_event *event)
{
    (void)ctx;
    ck_assert(mt_event_json(event, &events));
    mt_buffer_append(&events, "\n", 1);
}

static struct mt_shards *new_shards(void)
{
    struct mt_config config;
    struct mt_shards *shards;

    mt_config_default(&config);
    shards = mt_shards_new(&config, 2, emit);
    ck_assert_ptr_nonnull(shards);
    return shards;
}

static void feed(struct mt_shards *shards, const char *text)
{
    static struct mt_record rec;
    struct mt_zone zone = {.fixed = true};
    struct mt_line line = {0};
    enum mt_verdict verdict;

    mt_syslog_read(&zone, mt_slice_str(text), &line);
    verdict = mt_parse(&line, &rec);
    mt_correlator_feed(mt_shards_at(shards, line.host), &rec, verdict, 0);
}

/* The events of what the image holds, and of a line more. */
static const char *events_of(struct mt_slice image, const char *line)
{
    struct mt_shards *shards = new_shards();

    events.n = 0;
    ck_assert(mt_shards_load(shards, image.p, image.n));
    feed(shards, line);
    mt_correlator_flush(mt_shards_at(shards, MT_LIT("mx1")), true);
    mt_shards_free(shards);
    mt_buffer_append(&events, "", 1);
    return events.p;
}

static void expect(const char *text)
{
    ck_assert_msg(strstr(events.p, text) != NULL, "no %s in %s", text, events.p);
}

/* --- an image of version 1, as it was written --- */

static void put(struct mt_buffer *image, uint64_t number)
{
    unsigned char byte;

    for (; number > 127; number >>= 7) {
        byte = (unsigned char)(number | 128);
        mt_buffer_append(image, &byte, 1);
    }
    byte = (unsigned char)number;
    mt_buffer_append(image, &byte, 1);
}

static void put_text(struct mt_buffer *image, const char *text)
{
    put(image, strlen(text));
    mt_buffer_append(image, text, strlen(text));
}

static void put_zeros(struct mt_buffer *image, size_t n)
{
    while (n--) {
        put(image, 0);
    }
}

static void put_texts(struct mt_buffer *image, const char *const texts[], size_t n)
{
    put(image, n);
    for (size_t i = 0; i < n; i++) {
        put_text(image, texts[i]);
    }
}

#define PUT_TEXTS(image, ...) \
    put_texts((image), (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

#define ARRIVED UINT64_C(1772445600000000) /* 2026-03-02T10:00:00Z */
#define LATER   (ARRIVED + 5000000)

/* A message with one recipient that is deferred, and one line of it. */
static void put_message(struct mt_buffer *image)
{
    put(image, 1);       /* it is met once */
    put_zeros(image, 8); /* hash: that of another seed, or of another version */
    put(image, 0);       /* open */
    put(image, 1);       /* postfix */
    put_text(image, "\1\x7"
                    "3F2A1C0"
                    "\3\x9"
                    "a@b.test.");
    put(image, 1); /* hash of a line */
    mt_buffer_append(image, "\1\2\3\4\5\6\0\0", 8);
    put(image, ARRIVED), put(image, 60), put(image, 3);
    put(image, LATER), put(image, 0);            /* last, end */
    put_zeros(image, 1);                         /* reason */
    put(image, 4), put(image, 0);                /* lines, version */
    put(image, 1);                               /* from the network */
    put(image, 2), put(image, 0);                /* queued; no session */
    put(image, 1), put_zeros(image, 8);          /* recipients: one, its hash */
    put(image, 1), put(image, 3), put(image, 2); /* stored; attempts; deferred */
    put_text(image, "\2\x8"
                    "c@d.test");
    put(image, 70000), put(image, LATER), put_zeros(image, 2); /* delay, time */
}

static void put_image_v1(struct mt_buffer *image)
{
    put(image, 1);
    PUT_TEXTS(image, "..size", "..queue_id", "..to", "..from");
    PUT_TEXTS(image, "", "sent", "deferred");
    PUT_TEXTS(image, "");
    PUT_TEXTS(image, "");
    PUT_TEXTS(image, "", "postfix");
    mt_buffer_append(image, "seedseed", 8);
    put_zeros(image, 3); /* sessions so far, ids told, pieces of lines */
    put(image, 1);
    put_text(image, "mx1");
    put(image, LATER), put(image, LATER), put(image, LATER), put_zeros(image, 4);
    put_zeros(image, 16); /* samples of the clock */
    put_zeros(image, 5);  /* sessions, lines and events that wait */
    put_message(image);
    put_zeros(image, 2);
}

START_TEST(test_an_image_of_version_1_is_read)
{
    struct mt_buffer image = {0};

    put_image_v1(&image);
    events_of(mt_slice(image.p, image.n), "2026-03-02T10:00:06+00:00 mx1 postfix/qmgr[6]: 3F2A1C0: removed");
    expect("\"event\":\"message\"");
    expect("\"queue_id\":\"3F2A1C0\",\"from\":\"a@b.test.\"");
    expect("\"arrived\":\"2026-03-02T11:00:00.000+01:00\",\"origin\":\"network\"");
    expect("\"to\":\"c@d.test\"");
    expect("\"attempts\":3");
    expect("\"lines\":5");
    mt_buffer_free(&image);
}
END_TEST

START_TEST(test_an_image_of_version_1_may_be_damaged_anywhere)
{
    struct mt_buffer image = {0};

    put_image_v1(&image);
    for (size_t n = 0; n < image.n; n++) {
        struct mt_shards *shards = new_shards();
        ck_assert(!mt_shards_load(shards, image.p, n));
        mt_shards_free(shards);
    }
    mt_buffer_free(&image);
}
END_TEST

/* --- images of now --- */

static bool append(void *ctx, const void *p, size_t n)
{
    mt_buffer_append(ctx, p, n);
    return true;
}

static void save(struct mt_buffer *image)
{
    static const char *const lines[] = {
        "2026-03-02T10:00:00+00:00 mx1 postfix/smtpd[4]: connect from a.example[192.0.2.1]",
        "2026-03-02T10:00:00+00:00 mx1 postfix/smtpd[4]: 3F2A1C0: client=a.example[192.0.2.1]",
        "2026-03-02T10:00:01+00:00 mx1 postfix/qmgr[6]: 3F2A1C0: from=<a@b.test>, size=7, nrcpt=1 (queue active)",
        "2026-03-02T10:00:02+00:00 mx1 postfix/smtp[7]: 3F2A1C0: to=<c@d.test>, relay=none, status=deferred (no)",
        "2026-03-02T10:00:09+00:00 mx1 postfix/smtpd[4]: disconnect from a.example[192.0.2.1] mail=1 commands=1",
    };
    struct mt_shards *shards = new_shards();

    events.n = 0;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        feed(shards, lines[i]);
    }
    ck_assert(mt_shards_save(shards, append, image));
    mt_shards_free(shards);
}

static char *find(struct mt_buffer *image, const char *text)
{
    char *p = memmem(image->p, image->n, text, strlen(text));

    ck_assert_msg(p != NULL, "no %s", text);
    return p;
}

static const char removed[] = "2026-03-02T10:00:10+00:00 mx1 postfix/qmgr[6]: 3F2A1C0: removed";

START_TEST(test_a_member_that_is_not_known_here_is_skipped)
{
    static const struct {
        const char *member, *still;
    } rows[] = {
        {"NUMBER lines", "\"from\":\"a@b.test\""},  {"KEPT kept", "\"arrived\":\"2026-03-02T10:00:00+00:00\""},
        {"HASHES seen", "\"from\":\"a@b.test\""},   {"TIME first", "\"from\":\"a@b.test\""},
        {"FLAGS flags", "\"from\":\"a@b.test\""},   {"KEY hash", "\"from\":\"a@b.test\""},
        {"ORIGIN origin", "\"from\":\"a@b.test\""}, {"OWNED queue_id", "\"from\":\"a@b.test\""},
    };
    struct mt_buffer image = {0};

    save(&image);
    find(&image, rows[_i].member)[strlen(rows[_i].member) - 1] = '*';
    events_of(mt_slice(image.p, image.n), removed);
    expect(rows[_i].still);
    mt_buffer_free(&image);
}
END_TEST

START_TEST(test_an_image_with_a_member_that_cannot_be_skipped_is_refused)
{
    static const char *const members[] = {"RECIPIENTS recipients", "OWN_SESSION session", "NUMBER lines"};
    struct mt_buffer image = {0};
    struct mt_shards *shards = new_shards();

    save(&image);
    find(&image, members[_i])[_i == 2 ? 0 : strlen(members[_i]) - 1] = '*';
    ck_assert(!mt_shards_load(shards, image.p, image.n));
    mt_shards_free(shards);
    mt_buffer_free(&image);
}
END_TEST

START_TEST(test_a_member_that_is_there_twice_is_refused)
{
    struct mt_buffer image = {0};
    struct mt_shards *shards = new_shards();

    save(&image);
    memcpy(find(&image, "NUMBER ahead"), "NUMBER wall", 11);
    memcpy(find(&image, "USEC clock"), "USEC taken", 10);
    ck_assert(!mt_shards_load(shards, image.p, image.n));
    mt_shards_free(shards);
    mt_buffer_free(&image);
}
END_TEST

START_TEST(test_an_image_of_a_later_version_is_refused)
{
    struct mt_buffer image = {0};
    struct mt_shards *shards = new_shards();

    save(&image);
    image.p[0]++;
    ck_assert(!mt_shards_load(shards, image.p, image.n));
    mt_shards_free(shards);
    mt_buffer_free(&image);
}
END_TEST

Suite *mt_suite_image(void)
{
    Suite *suite = suite_create("image");
    TCase *tc = tcase_create("image");

    tcase_add_test(tc, test_an_image_of_version_1_is_read);
    tcase_add_test(tc, test_an_image_of_version_1_may_be_damaged_anywhere);
    tcase_add_loop_test(tc, test_a_member_that_is_not_known_here_is_skipped, 0, 8);
    tcase_add_loop_test(tc, test_an_image_with_a_member_that_cannot_be_skipped_is_refused, 0, 3);
    tcase_add_test(tc, test_a_member_that_is_there_twice_is_refused);
    tcase_add_test(tc, test_an_image_of_a_later_version_is_refused);
    suite_add_tcase(suite, tc);
    return suite;
}
