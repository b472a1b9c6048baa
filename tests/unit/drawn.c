/* A made-up log, drawn by a seed: Postfix and Sendmail messages with retries, bounces, rejects, TLS; and messages that pass filters. */
#include "drawn.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENTRIES   60
#define LINES_MAX (ENTRIES * 24)

struct drawn drawn_lines[LINES_MAX * 2];
size_t drawn_n;
static uint64_t state;

/* Marsaglia's xorshift: the same numbers for the same seed. */
unsigned draw(unsigned below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)((state >> 11) % below);
}

static void add(int64_t usec, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(int64_t usec, const char *format, ...)
{
    struct drawn *line = &drawn_lines[drawn_n];
    int64_t second = usec / DRAWN_SECOND;
    va_list args;
    int n = snprintf(line->text, sizeof line->text, "2024-03-07T%02d:%02d:%02d.%06d+00:00 mx1 ", (int)(second / 3600),
                     (int)(second / 60 % 60), (int)(second % 60), (int)(usec % DRAWN_SECOND));

    va_start(args, format);
    vsnprintf(line->text + n, sizeof line->text - (size_t)n, format, args);
    va_end(args);
    line->usec = usec;
    line->place = drawn_n++;
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
    if (draw(4) == 0) {
        add(at + 17,
            "postfix/smtpd[%u]: warning: c%u.example.org[198.51.100.%u]: SASL LOGIN authentication failed: "
            "UGFzc3dvcmQ6",
            pid, i, i);
    }
    add(at + 20, "postfix/smtpd[%u]: 3F2A1%02X: client=c%u.example.org[198.51.100.%u]", pid, i, i, i);
    add(at + 30, "postfix/cleanup[60]: 3F2A1%02X: message-id=<%u@example.org>", i, i);
    add(at + 40, "postfix/qmgr[61]: 3F2A1%02X: from=<a%u@example.org>, size=512, nrcpt=%u (queue active)", i, i, nrcpt);
    add(at + 50,
        "postfix/smtpd[%u]: disconnect from c%u.example.org[198.51.100.%u] ehlo=1 mail=1 rcpt=1 data=1 quit=1 "
        "commands=5",
        pid, i, i);
    at += DRAWN_SECOND / 4;
    for (unsigned r = 0; r < nrcpt; r++) {
        if (draw(2)) {
            add(at + tries * 5 * DRAWN_SECOND + r - 1,
                "postfix/smtp[%u]: Untrusted TLS connection established to mx[192.0.2.7]:25: TLSv1.3 with cipher X "
                "(256/256 bits)",
                70 + r);
        }
        for (unsigned t = 0; t < tries; t++) {
            add(at + t * 5 * DRAWN_SECOND + r,
                "postfix/smtp[%u]: 3F2A1%02X: to=<r%u@example.net>, relay=none, delay=%u, delays=0/0/0/0, dsn=4.4.1, "
                "status=deferred (connect refused)",
                70 + r, i, r, t + 1);
        }
        add(at + tries * 5 * DRAWN_SECOND + r,
            "postfix/smtp[%u]: 3F2A1%02X: to=<r%u@example.net>, relay=mx[192.0.2.7]:25, delay=%u, delays=0/0/0/0, %s",
            70 + r, i, r, tries + 2,
            draw(3) ? "dsn=2.0.0, status=sent (250 ok)"
                    : "dsn=5.1.1, status=bounced (host mx[192.0.2.7] said: 550 no)");
    }
    at += tries * 5 * DRAWN_SECOND + 100;
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
        add(at + DRAWN_SECOND + r,
            "sm-mta[%u]: 427A00aa000%03u: to=<r%u@example.net>, delay=00:00:01, xdelay=00:00:01, mailer=esmtp, pri=1, "
            "relay=mx. [192.0.2.7], dsn=2.0.0, stat=Sent (ok %u)",
            800 + i, i, r, r);
    }
}

/* The second entry begins: the filter names the first one, or its client only, or nothing; or it submits the message. */
static void draw_handed_back(int64_t at, unsigned i, unsigned way)
{
    if (way == 3) {
        add(at, "postfix/pickup[63]: 6F2A1%02X: uid=1002 from=<a%u@example.org>", i, i);
    } else if (way == 2) {
        add(at, "postfix/10025/smtpd[%u]: 6F2A1%02X: client=localhost[127.0.0.1]", 300 + i, i);
    } else if (way == 1) {
        add(at,
            "postfix/10025/smtpd[%u]: 6F2A1%02X: client=localhost[127.0.0.1], "
            "orig_client=c%u.example.org[198.51.100.%u]",
            300 + i, i, i, i);
    } else {
        add(at,
            "postfix/10025/smtpd[%u]: 6F2A1%02X: client=localhost[127.0.0.1], orig_queue_id=5F2A1%02X, "
            "orig_client=c%u.example.org[198.51.100.%u]",
            300 + i, i, i, i, i);
    }
}

static void draw_filtered(int64_t at, unsigned i)
{
    unsigned way = draw(4), tries = draw(2);

    add(at, "postfix/smtpd[%u]: 5F2A1%02X: client=c%u.example.org[198.51.100.%u]", 200 + i, i, i, i);
    add(at + 10, "postfix/cleanup[60]: 5F2A1%02X: message-id=<f%u@example.org>", i, i);
    add(at + 20, "postfix/qmgr[61]: 5F2A1%02X: from=<a%u@example.org>, size=512, nrcpt=1 (queue active)", i, i);
    at += draw(DRAWN_SECOND);
    draw_handed_back(at + 30, i, way);
    add(at + 40, "postfix/cleanup[60]: 6F2A1%02X: message-id=<f%u@example.org>", i, i);
    add(at + 50, "postfix/qmgr[61]: 6F2A1%02X: from=<a%u@example.org>, size=700, nrcpt=1 (queue active)", i, i);
    if (way == 3) {
        add(at + 60,
            "postfix/pipe[71]: 5F2A1%02X: to=<r@example.net>, relay=scan, delay=1, delays=0/0/0/0, dsn=2.0.0, "
            "status=sent (delivered via scan service)",
            i);
    } else {
        add(at + 60,
            "postfix/smtp[70]: 5F2A1%02X: to=<r@example.net>, relay=127.0.0.1[127.0.0.1]:10024, delay=1, "
            "delays=0/0/0/0, "
            "dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 6F2A1%02X)",
            i, i);
    }
    add(at + 70, "postfix/qmgr[61]: 5F2A1%02X: removed", i);
    if (tries) {
        add(at + 65,
            "postfix/smtp[70]: 6F2A1%02X: to=<r@example.net>, relay=none, delay=0, delays=0/0/0/0, dsn=4.4.1, "
            "status=deferred (connect refused)",
            i);
    }
    at += tries * 5 * DRAWN_SECOND;
    add(at + 80,
        "postfix/smtp[70]: 6F2A1%02X: to=<r@example.net>, relay=mx[192.0.2.7]:25, delay=5, delays=0/0/0/0, dsn=2.0.0, "
        "status=sent (250 ok)",
        i);
    add(at + 90, "postfix/qmgr[61]: 6F2A1%02X: removed", i);
}

void draw_log(uint64_t seed)
{
    state = seed;
    drawn_n = 0;
    for (unsigned i = 0; i < ENTRIES; i++) {
        int64_t at = INT64_C(36000) * DRAWN_SECOND + draw(30 * DRAWN_SECOND);
        if (i % 3) {
            draw_postfix(at, i);
        } else {
            draw_sendmail(at, i);
        }
        if (i % 4 == 0) {
            draw_filtered(at, i);
        }
    }
    ck_assert_uint_le(drawn_n, LINES_MAX);
}

static int by_usec(const void *a, const void *b)
{
    const struct drawn *x = a, *y = b;

    return x->usec != y->usec ? (x->usec < y->usec ? -1 : 1) : x->place < y->place ? -1 : x->place > y->place;
}

void draw_sorted_log(uint64_t seed)
{
    draw_log(seed * 31 + 5);
    qsort(drawn_lines, drawn_n, sizeof *drawn_lines, by_usec);
}

int draw_rounds(int all)
{
    const char *rounds = getenv("MAILTRACE_ROUNDS");
    int most = rounds ? atoi(rounds) : all;

    return most < all ? most : all;
}
