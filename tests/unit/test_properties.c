/* What holds for any input: the same events whatever the order (within the settling time) and however
 * often lines come, and no crash, forged event or lost line for lines of any bytes.
 */
#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "story.h"
#include "suites.h"

#define ENTRIES   60
#define LINES_MAX (ENTRIES * 24)
#define SECOND    1000000

/* A line of a made-up log and the time at which it is fed. */
struct drawn {
    int64_t usec, fed;
    uint64_t place; /* in the log */
    char text[400];
};

static struct drawn lines[LINES_MAX * 2];
static size_t nlines;
static uint64_t state;

/* Marsaglia's xorshift: the same numbers for the same seed. */
static unsigned draw(unsigned below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)((state >> 11) % below);
}

static void add(int64_t usec, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(int64_t usec, const char *format, ...)
{
    struct drawn *line = &lines[nlines];
    int64_t second = usec / SECOND;
    va_list args;
    int n = snprintf(line->text, sizeof line->text, "2024-03-07T%02d:%02d:%02d.%06d+00:00 mx1 ", (int)(second / 3600),
                     (int)(second / 60 % 60), (int)(second % 60), (int)(usec % SECOND));

    va_start(args, format);
    vsnprintf(line->text + n, sizeof line->text - (size_t)n, format, args);
    va_end(args);
    line->usec = usec;
    line->place = nlines++;
}

static void draw_postfix(int64_t at, unsigned i)
{
    unsigned pid = 40 + draw(4), nrcpt = 1 + draw(3), tries = draw(3);

    add(at, "postfix/smtpd[%u]: connect from c%u.example.org[198.51.100.%u]", pid, i, i);
    if (draw(2)) {
        add(at + 10,
            "postfix/smtpd[%u]: Anonymous TLS connection established from c%u.example.org[198.51.100.%u]: TLSv1.3 with "
            "cipher X (256/256 bits)",
            pid, i, i);
    }
    if (draw(5) == 0) {
        add(at + 15,
            "postfix/smtpd[%u]: NOQUEUE: reject: RCPT from c%u.example.org[198.51.100.%u]: 554 5.7.1 <x@example.net>: "
            "Relay access denied; "
            "from=<a%u@example.org> to=<x@example.net> proto=ESMTP helo=<c%u>",
            pid, i, i, i, i);
    }
    add(at + 20, "postfix/smtpd[%u]: 3F2A1%02X: client=c%u.example.org[198.51.100.%u]", pid, i, i, i);
    add(at + 30, "postfix/cleanup[60]: 3F2A1%02X: message-id=<%u@example.org>", i, i);
    add(at + 40, "postfix/qmgr[61]: 3F2A1%02X: from=<a%u@example.org>, size=512, nrcpt=%u (queue active)", i, i, nrcpt);
    add(at + 50,
        "postfix/smtpd[%u]: disconnect from c%u.example.org[198.51.100.%u] ehlo=1 mail=1 rcpt=1 data=1 quit=1 "
        "commands=5",
        pid, i, i);
    at += SECOND / 4;
    for (unsigned r = 0; r < nrcpt; r++) {
        for (unsigned t = 0; t < tries; t++) {
            add(at + t * 5 * SECOND + r,
                "postfix/smtp[%u]: 3F2A1%02X: to=<r%u@example.net>, relay=none, delay=%u, delays=0/0/0/0, dsn=4.4.1, "
                "status=deferred (connect refused)",
                70 + r, i, r, t + 1);
        }
        add(at + tries * 5 * SECOND + r,
            "postfix/smtp[%u]: 3F2A1%02X: to=<r%u@example.net>, relay=mx[192.0.2.7]:25, delay=%u, delays=0/0/0/0, %s",
            70 + r, i, r, tries + 2,
            draw(3) ? "dsn=2.0.0, status=sent (250 ok)"
                    : "dsn=5.1.1, status=bounced (host mx[192.0.2.7] said: 550 no)");
    }
    at += tries * 5 * SECOND + 100;
    if (draw(3) == 0) {
        add(at, "postfix/bounce[62]: 3F2A1%02X: sender non-delivery notification: 4F2A1%02X", i, i);
        add(at + 5, "postfix/qmgr[61]: 4F2A1%02X: from=<>, size=900, nrcpt=1 (queue active)", i);
    }
    add(at + 10, "postfix/qmgr[61]: 3F2A1%02X: removed", i);
}

static void draw_sendmail(int64_t at, unsigned i)
{
    unsigned nrcpt = 1 + draw(3);

    if (draw(2)) {
        add(at,
            "sm-mta[%u]: STARTTLS=server, relay=c%u.example.org [198.51.100.%u], version=TLSv1.3, verify=NOT, "
            "cipher=X, bits=256/256",
            900 + i, i, i);
    }
    add(at + 20,
        "sm-mta[%u]: 427A00aa000%03u: from=<a%u@example.org>, size=512, class=0, nrcpts=%u, msgid=<%u@example.org>, "
        "proto=ESMTP, daemon=MTA, relay=c%u.example.org [198.51.100.%u]",
        900 + i, i, i, nrcpt, i, i, i);
    for (unsigned r = 0; r < nrcpt; r++) {
        add(at + SECOND + r,
            "sm-mta[%u]: 427A00aa000%03u: to=<r%u@example.net>, delay=00:00:01, xdelay=00:00:01, mailer=esmtp, pri=1, "
            "relay=mx. [192.0.2.7], dsn=2.0.0, stat=Sent (ok %u)",
            800 + i, i, r, r);
    }
}

static void draw_log(uint64_t seed)
{
    state = seed;
    nlines = 0;
    for (unsigned i = 0; i < ENTRIES; i++) {
        int64_t at = INT64_C(36000) * SECOND + draw(30 * SECOND);
        if (i % 3) {
            draw_postfix(at, i);
        } else {
            draw_sendmail(at, i);
        }
    }
    ck_assert_uint_le(nlines, LINES_MAX);
}

static int by_fed(const void *a, const void *b)
{
    const struct drawn *x = a, *y = b;

    if (x->fed != y->fed) {
        return x->fed < y->fed ? -1 : 1;
    }
    return x->place < y->place ? -1 : x->place > y->place;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Feeds the lines in the order of `fed`; returns all events as sorted lines of text. */
static char *events_of_lines(void)
{
    struct story s;
    struct mt_buffer out = {0};
    char **texts;

    qsort(lines, nlines, sizeof *lines, by_fed);
    story_start(&s, NULL);
    for (size_t i = 0; i < nlines; i++) {
        story_raw(&s, lines[i].text, strlen(lines[i].text));
    }
    story_finish(&s);
    texts = calloc(s.n + 1, sizeof *texts);
    ck_assert_ptr_nonnull(texts);
    for (size_t i = 0; i < s.n; i++) {
        texts[i] = (char *)(uintptr_t)json_object_to_json_string_ext(s.events[i], JSON_C_TO_STRING_PLAIN);
    }
    qsort(texts, s.n, sizeof *texts, by_text);
    for (size_t i = 0; i < s.n; i++) {
        mt_buffer_append(&out, texts[i], strlen(texts[i]));
        mt_buffer_append(&out, "\n", 1);
    }
    mt_buffer_append(&out, "", 1);
    ck_assert(!out.failed);
    free(texts);
    story_end(&s);
    return out.p;
}

static void in_order(void)
{
    for (size_t i = 0; i < nlines; i++) {
        lines[i].fed = lines[i].usec;
    }
}

START_TEST(test_any_order_within_the_settling_time_gives_the_same_events)
{
    char *want, *got;

    draw_log((uint64_t)_i * 7919 + 1);
    in_order();
    want = events_of_lines();
    ck_assert_ptr_nonnull(strstr(want, "\"event\":\"delivery\""));
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < nlines; i++) {
            lines[i].fed = lines[i].usec + draw(2 * SECOND);
        }
        got = events_of_lines();
        ck_assert_str_eq(got, want);
        free(got);
    }
    free(want);
}
END_TEST

START_TEST(test_any_repetition_gives_the_same_events)
{
    char *want, *got;

    draw_log((uint64_t)_i * 104729 + 3);
    in_order();
    want = events_of_lines();
    for (size_t i = 0, n = nlines; i < n; i++) {
        if (draw(3) == 0) {
            lines[nlines] = lines[i];
            lines[nlines++].fed += draw(2 * SECOND);
        }
    }
    got = events_of_lines();
    ck_assert_str_eq(got, want);
    free(got);
    free(want);
}
END_TEST

START_TEST(test_whole_log_read_twice_gives_the_same_messages)
{
    struct story s;
    size_t once;

    draw_log((uint64_t)_i + 17);
    in_order();
    qsort(lines, nlines, sizeof *lines, by_fed);
    story_start(&s, NULL);
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < nlines; i++) {
            story_raw(&s, lines[i].text, strlen(lines[i].text));
        }
        mt_correlator_flush(s.correlator, false);
        if (!round) {
            once = story_count(&s, NULL);
        }
    }
    ck_assert_uint_eq(story_count(&s, NULL), once);
    story_end(&s);
}
END_TEST

START_TEST(test_lines_of_any_bytes_do_no_harm)
{
    struct story s;
    char text[500];

    draw_log((uint64_t)_i + 99);
    story_start(&s, NULL);
    for (size_t i = 0; i < nlines; i++) {
        size_t n = strlen(lines[i].text), head = 36;
        memcpy(text, lines[i].text, n);
        switch (draw(4)) {
        case 0: /* cut anywhere */
            n = head + draw((unsigned)(n - head));
            break;
        case 1: /* any bytes */
            for (unsigned k = draw(8); k; k--) {
                text[head + draw((unsigned)(n - head))] = (char)draw(256);
            }
            break;
        case 2: /* pieces of other lines */
            memcpy(text + head, lines[draw((unsigned)nlines)].text + head, draw((unsigned)(n - head)));
            break;
        default:
            break;
        }
        story_raw(&s, text, n);
    }
    story_finish(&s); /* every event was held against json-c on its way */
    ck_assert_uint_eq(story_stats(&s).lines, nlines);
    ck_assert_uint_eq(story_stats(&s).open, 0);
    story_end(&s);
}
END_TEST

Suite *mt_suite_properties(void)
{
    Suite *suite = suite_create("properties");
    TCase *properties = tcase_create("properties");

    tcase_add_loop_test(properties, test_any_order_within_the_settling_time_gives_the_same_events, 0, 20);
    tcase_add_loop_test(properties, test_any_repetition_gives_the_same_events, 0, 20);
    tcase_add_loop_test(properties, test_whole_log_read_twice_gives_the_same_messages, 0, 5);
    tcase_add_loop_test(properties, test_lines_of_any_bytes_do_no_harm, 0, 40);
    suite_add_tcase(suite, properties);
    return suite;
}
