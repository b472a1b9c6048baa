/* Many lines with one timestamp: what they can only mean decides, not the order in which they came. */
#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "story.h"
#include "suites.h"

#define ROWS_MAX 2000

/* Lines of one second, each with the process that wrote it. */
static struct row {
    unsigned process;
    char text[300];
} rows[ROWS_MAX];
static size_t nrows;
static uint64_t state;

static unsigned draw(unsigned below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)((state >> 11) % below);
}

static void add(unsigned process, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(unsigned process, const char *format, ...)
{
    va_list args;

    ck_assert_uint_lt(nrows, ROWS_MAX);
    rows[nrows].process = process;
    va_start(args, format);
    vsnprintf(rows[nrows++].text, sizeof rows[0].text, format, args);
    va_end(args);
}

enum { CLEANUP = 60, QMGR = 61, SMTP = 70 };

/* A message from one client: its queue ID, and which message this is. */
static void add_message(unsigned pid, unsigned client, unsigned id, unsigned number)
{
    add(pid, "postfix/smtpd[%u]: 3F2A1%02X: client=c%u.example.org[198.51.100.%u]", pid, id, client, client);
    add(CLEANUP, "postfix/cleanup[60]: 3F2A1%02X: message-id=<%u@example.org>", id, number);
    add(QMGR, "postfix/qmgr[61]: 3F2A1%02X: from=<s%u@example.org>, size=%u, nrcpt=1 (queue active)", id, number,
        500 + number);
    add(SMTP,
        "postfix/smtp[70]: 3F2A1%02X: to=<r%u@example.net>, relay=mx[192.0.2.7]:25, delay=0.2, delays=0/0/0/0, "
        "dsn=2.0.0, status=sent (250 ok)",
        id, number);
    add(QMGR, "postfix/qmgr[61]: 3F2A1%02X: removed", id);
}

static void add_connection(unsigned pid, unsigned client, unsigned id, unsigned number)
{
    add(pid, "postfix/smtpd[%u]: connect from c%u.example.org[198.51.100.%u]", pid, client, client);
    if (draw(2)) {
        add(pid,
            "postfix/smtpd[%u]: Anonymous TLS connection established from c%u.example.org[198.51.100.%u]: TLSv1.3 with "
            "cipher X%u (256/256 bits)",
            pid, client, client, number);
    }
    if (draw(3) == 0) {
        add(pid,
            "postfix/smtpd[%u]: warning: c%u.example.org[198.51.100.%u]: SASL PLAIN authentication failed: %u, "
            "sasl_username=u%u",
            pid, client, client, number, number);
    }
    add_message(pid, client, id, number);
    add(pid, "postfix/smtpd[%u]: disconnect from c%u.example.org[198.51.100.%u] ehlo=%u mail=1 quit=1 commands=%u", pid,
        client, client, number, number + 2);
}

/* Three processes with so many clients each. reuse: each queue ID is used by two messages. */
static void draw_second(uint64_t seed, unsigned clients, bool reuse)
{
    state = seed;
    nrows = 0;
    for (unsigned i = 0; i < clients; i++) {
        for (unsigned pid = 40; pid < 43; pid++) {
            unsigned n = (pid - 40) * clients + i;
            add_connection(pid, n, reuse ? n / 2 : n, n);
        }
    }
}

static void swap(size_t i, size_t k)
{
    struct row row = rows[i];

    rows[i] = rows[k];
    rows[k] = row;
}

/* Any order in which each process' own lines stay as they are. */
static void interleave(void)
{
    for (size_t k = 0; k < 30 * nrows; k++) {
        size_t i = draw((unsigned)nrows - 1);
        if (rows[i].process != rows[i + 1].process) {
            swap(i, i + 1);
        }
    }
}

static void shuffle(void)
{
    for (size_t i = nrows - 1; i; i--) {
        swap(i, draw((unsigned)i + 1));
    }
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* All events as sorted lines of text. */
static char *events_of_rows(void)
{
    struct story s;
    struct mt_buffer out = {0};
    char **texts;

    story_start(&s, NULL);
    for (size_t i = 0; i < nrows; i++) {
        story_line(&s, "10:00:05", rows[i].text);
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

static size_t count(const char *text, const char *what)
{
    size_t n = 0;

    for (const char *at = text; (at = strstr(at, what)); at++) {
        n++;
    }
    return n;
}

/* Of two long texts, the first lines that differ are enough to see. */
static void check_same(const char *got, const char *want)
{
    while (*got || *want) {
        size_t n = strcspn(got, "\n"), m = strcspn(want, "\n");
        if (n != m || memcmp(got, want, n) != 0) {
            ck_abort_msg("%.*s, not %.*s", (int)n, got, (int)m, want);
        }
        got += n + (got[n] != '\0');
        want += m + (want[m] != '\0');
    }
}

static void check_orders(void (*reorder)(void), size_t messages)
{
    char *want = events_of_rows();

    ck_assert_uint_eq(count(want, "\"event\":\"message\""), messages);
    ck_assert_uint_eq(count(want, "\"result\":\"sent\""), messages);
    for (int round = 0; round < 4; round++) {
        char *got;
        reorder();
        got = events_of_rows();
        check_same(got, want);
        free(got);
    }
    free(want);
}

START_TEST(test_any_order_of_a_second_s_lines_gives_the_same_events)
{
    draw_second((uint64_t)_i * 7919 + 1, 20, false);
    check_orders(shuffle, 60);
}
END_TEST

START_TEST(test_any_order_of_processes_gives_the_same_events_where_queue_ids_are_used_again)
{
    draw_second((uint64_t)_i * 104729 + 3, 20, true);
    check_orders(interleave, 60);
}
END_TEST

/* The same client twice: each message has the TLS and the login of the connection that brought it. */
START_TEST(test_client_that_comes_back_has_its_new_connection)
{
    struct story s;

    story_start(&s, NULL);
    for (unsigned i = 0; i < 2; i++) {
        char text[200];
        story_line(&s, "10:00:05", "postfix/smtpd[40]: connect from c.example.org[198.51.100.4]");
        if (i) {
            story_line(
                &s, "10:00:05",
                "postfix/smtpd[40]: Anonymous TLS connection established from c.example.org[198.51.100.4]: TLSv1.3 "
                "with cipher X (256/256 bits)");
        }
        snprintf(text, sizeof text, "postfix/smtpd[40]: 3F2A1C%u: client=c.example.org[198.51.100.4]", i);
        story_line(&s, "10:00:05", text);
        story_line(&s, "10:00:05", "postfix/smtpd[40]: disconnect from c.example.org[198.51.100.4] quit=1 commands=1");
    }
    story_finish(&s);
    story_is(&s, "message", 0, "queue_id", "3F2A1C0");
    story_is(&s, "message", 0, "client.tls", "-");
    story_is(&s, "message", 1, "client.tls.version", "TLSv1.3");
    story_end(&s);
}
END_TEST

static const char *const backwards[] = {
    "sm-mta[99]: 427A00aa000099: from=<ann@example.org>, size=512, class=0, nrcpts=1, msgid=<m1@example.org>, "
    "proto=ESMTP, "
    "daemon=MTA-v4, relay=c.example.org [198.51.100.4]",
    "sm-mta[99]: STARTTLS=server, relay=c.example.org [198.51.100.4], version=TLSv1.3, verify=NOT, cipher=X, "
    "bits=256/256",
};

START_TEST(test_handshake_behind_its_message_is_the_message_s)
{
    struct story s;

    story_start(&s, NULL);
    story_line(&s, "10:00:05", backwards[_i]);
    story_line(&s, "10:00:05", backwards[!_i]);
    story_finish(&s);
    story_is(&s, "message", 0, "client.tls.version", "TLSv1.3");
    story_end(&s);
}
END_TEST

Suite *mt_suite_turns(void)
{
    Suite *suite = suite_create("turns");
    TCase *turns = tcase_create("turns");

    tcase_add_loop_test(turns, test_any_order_of_a_second_s_lines_gives_the_same_events, 0, 10);
    tcase_add_loop_test(turns, test_any_order_of_processes_gives_the_same_events_where_queue_ids_are_used_again, 0, 10);
    tcase_add_test(turns, test_client_that_comes_back_has_its_new_connection);
    tcase_add_loop_test(turns, test_handshake_behind_its_message_is_the_message_s, 0, 2);
    suite_add_tcase(suite, turns);
    return suite;
}
