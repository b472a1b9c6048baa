/* What the correlator promises: which entry another one of its host was made from (correlate/parent.c).
 *
 * Each rule in every order of arrival, then with one condition broken at a time: what a stranger can say makes no parent.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "story.h"
#include "suites.h"

#define LINES_MAX 32

/* A log: lines in order of time, with one or another put in the place of what they were. */
struct log_line {
    const char *time, *text;
};

static struct story s;
static struct log_line lines[LINES_MAX];
static size_t n;

static void teardown(void)
{
    story_end(&s);
}

static void copy(const struct log_line *from)
{
    for (n = 0; from[n].text; n++) {
        ck_assert(n < LINES_MAX);
        lines[n] = from[n];
    }
}

/* The line that holds `part` is that text now. */
static void replace(const char *part, const char *text)
{
    for (size_t i = 0; i < n; i++) {
        if (strstr(lines[i].text, part)) {
            lines[i].text = text;
            return;
        }
    }
    ck_abort_msg("no such line: %s", part);
}

static void feed(void)
{
    for (size_t i = 0; i < n; i++) {
        story_line(&s, lines[i].time, lines[i].text);
    }
    story_finish(&s);
}

static void run(const struct log_line *log)
{
    copy(log);
    story_start(&s, NULL);
    feed();
}

static struct json_object *message(const char *queue_id)
{
    for (size_t i = 0; i < story_count(&s, "message"); i++) {
        struct json_object *event = story_event(&s, "message", i);
        if (strcmp(story_text(event, "queue_id"), queue_id) == 0) {
            return event;
        }
    }
    ck_abort_msg("no message %s", queue_id);
    return NULL;
}

#define is(queue_id, path, want) ck_assert_str_eq(story_text(message(queue_id), path), want)

/* Shuffles the lines that come within the settling time: all of 10:00. */
static void shuffle(unsigned seed)
{
    size_t last = n;

    while (strncmp(lines[last - 1].time, "10:00", 5) != 0) {
        last--;
    }
    for (size_t i = last; i > 1; i--) {
        size_t other = (seed = seed * 1103515245u + 12345u) / 65536 % i;
        struct log_line line = lines[i - 1];
        lines[i - 1] = lines[other];
        lines[other] = line;
    }
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static char *all_events(void)
{
    struct mt_buffer out = {0};
    const char **texts = calloc(s.n + 1, sizeof *texts);

    ck_assert_ptr_nonnull(texts);
    for (size_t i = 0; i < s.n; i++) {
        texts[i] = json_object_to_json_string_ext(s.events[i], JSON_C_TO_STRING_PLAIN);
    }
    qsort(texts, s.n, sizeof *texts, by_text);
    for (size_t i = 0; i < s.n; i++) {
        mt_buffer_append(&out, texts[i], strlen(texts[i]));
        mt_buffer_append(&out, "\n", 1);
    }
    mt_buffer_append(&out, "", 1);
    free(texts);
    return out.p;
}

static void same_in_every_order(const struct log_line *log)
{
    char *want, *got;

    run(log);
    want = all_events();
    for (unsigned seed = 1; seed <= 50; seed++) {
        story_end(&s);
        copy(log);
        shuffle(seed);
        story_start(&s, NULL);
        feed();
        got = all_events();
        ck_assert_msg(strcmp(got, want) == 0, "order %u gives other events", seed);
        free(got);
    }
    free(want);
}

#define CLIENT     "client.example.org[198.51.100.4]"
#define OUTER      "{\"name\":\"client.example.org\",\"ip\":\"198.51.100.4\"}"
#define FROM(q)    "postfix/qmgr[42]: " q ": from=<ann@example.org>, size=512, nrcpt=1 (queue active)"
#define ID(q, id)  "postfix/cleanup[41]: " q ": message-id=<" id ">"
#define REMOVED(q) "postfix/qmgr[42]: " q ": removed"
#define SENT(q, relay, next)                                                                                \
    "postfix/smtp[50]: " q ": to=<bob@example.net>, relay=" relay ", delay=0.4, delays=0.1/0.05/0.15/0.1, " \
    "dsn=2.0.0, status=sent (250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as " next ")"
#define FILTER   "127.0.0.1[127.0.0.1]:10024"
#define AWAY     "mx.example.net[192.0.2.7]:25"
#define FINAL(q) SENT(q, AWAY, "9C5D2AAE9C1")

/* --- rule a --- */

static const struct log_line xforward[] = {
    {"10:00:00", "postfix/smtpd[40]: 3F2A1C0: client=" CLIENT ", sasl_method=PLAIN, sasl_username=ann"},
    {"10:00:00", ID("3F2A1C0", "m1@x")},
    {"10:00:00", FROM("3F2A1C0")},
    {"10:00:00",
     "postfix/10025/smtpd[60]: 4A0B2C1: client=localhost[127.0.0.1], orig_queue_id=3F2A1C0, orig_client=" CLIENT},
    {"10:00:00", ID("4A0B2C1", "m1@x")},
    {"10:00:00", FROM("4A0B2C1")},
    {"10:00:01", SENT("3F2A1C0", FILTER, "4A0B2C1")},
    {"10:00:01", REMOVED("3F2A1C0")},
    {"10:00:01", FINAL("4A0B2C1")},
    {"10:00:01", REMOVED("4A0B2C1")},
    {NULL, NULL},
};

START_TEST(test_what_a_filter_hands_back_has_the_outer_client)
{
    same_in_every_order(xforward);
    is("4A0B2C1", "parent_queue_id", "3F2A1C0");
    is("4A0B2C1", "origin", "filter");
    is("4A0B2C1", "client.ip", "198.51.100.4");
    is("4A0B2C1", "client.user", "ann");
    is("4A0B2C1", "parent_trace_id", "-");
    is("3F2A1C0", "parent_queue_id", "-");
    is("3F2A1C0", "origin", "network");
}
END_TEST

START_TEST(test_a_filter_may_know_the_client_and_no_queue_id)
{
    copy(xforward);
    replace("4A0B2C1: client", "postfix/10025/smtpd[60]: 4A0B2C1: client=localhost[127.0.0.1], orig_client=" CLIENT);
    replace("3F2A1C0: to", FINAL("3F2A1C0")); /* nothing else links the two */
    story_start(&s, NULL);
    feed();
    is("4A0B2C1", "parent_queue_id", "-");
    is("4A0B2C1", "origin", "network");
    is("4A0B2C1", "client", OUTER);
}
END_TEST

START_TEST(test_a_child_keeps_its_parent_s_client_when_that_is_gone)
{
    copy(xforward);
    lines[8].time = lines[9].time = "10:30:00";
    story_start(&s, NULL);
    feed();
    is("4A0B2C1", "client.user", "ann");
    story_is(&s, "delivery", 1, "client.user", "ann");
}
END_TEST

static const struct log_line bounce[] = {
    {"10:00:00", "postfix/smtpd[40]: 3F2A1C0: client=" CLIENT},
    {"10:00:00", ID("3F2A1C0", "m1@x")},
    {"10:00:00", FROM("3F2A1C0")},
    {"10:00:01", "postfix/smtp[50]: 3F2A1C0: to=<bob@example.net>, relay=" AWAY ", delay=1, delays=1/0/0/0, dsn=5.1.1, "
                 "status=bounced (host mx.example.net[192.0.2.7] said: 550 5.1.1 no (in reply to RCPT TO command))"},
    {"10:00:01", ID("4A0B2C1", "b1@x")},
    {"10:00:01", "postfix/bounce[44]: 3F2A1C0: sender non-delivery notification: 4A0B2C1"},
    {"10:00:01", "postfix/qmgr[42]: 4A0B2C1: from=<>, size=512, nrcpt=1 (queue active)"},
    {"10:00:01", REMOVED("3F2A1C0")},
    {"10:20:00", FINAL("4A0B2C1")},
    {"10:20:00", REMOVED("4A0B2C1")},
    {NULL, NULL},
};

START_TEST(test_a_notification_has_the_trace_of_what_it_is_about)
{
    char trace_id[64];

    same_in_every_order(bounce);
    snprintf(trace_id, sizeof trace_id, "%s", story_text(message("3F2A1C0"), "trace_id"));
    is("4A0B2C1", "origin", "bounce");
    is("4A0B2C1", "parent_queue_id", "3F2A1C0");
    is("4A0B2C1", "parent_trace_id", trace_id);
    ck_assert_str_ne(story_text(message("4A0B2C1"), "trace_id"), trace_id);
    is("3F2A1C0", "bounce_queue_id", "4A0B2C1");
    is("3F2A1C0", "parent_trace_id", "-");
}
END_TEST

/* --- rule c --- */

static const struct log_line given_back[] = {
    {"10:00:00.1", "postfix/smtpd[40]: 3F2A1C0: client=" CLIENT},
    {"10:00:00.2", ID("3F2A1C0", "m1@x")},
    {"10:00:00.3", FROM("3F2A1C0")},
    {"10:00:00.5", "postfix/10025/smtpd[60]: connect from localhost[127.0.0.1]"},
    {"10:00:00.5", "postfix/10025/smtpd[60]: 4A0B2C1: client=localhost[127.0.0.1]"},
    {"10:00:00.6", ID("4A0B2C1", "m1@x")},
    {"10:00:00.6", "postfix/10025/smtpd[60]: disconnect from localhost[127.0.0.1] ehlo=1 mail=1 rcpt=1 data=1 quit=1"},
    {"10:00:00.7", FROM("4A0B2C1")},
    {"10:00:00.8", SENT("3F2A1C0", FILTER, "4A0B2C1")},
    {"10:00:00.8", REMOVED("3F2A1C0")},
    {"10:00:01.1", FINAL("4A0B2C1")},
    {"10:00:01.2", REMOVED("4A0B2C1")},
    {NULL, NULL},
};

START_TEST(test_the_reply_of_a_filter_here_names_the_child)
{
    same_in_every_order(given_back);
    is("4A0B2C1", "parent_queue_id", "3F2A1C0");
    is("4A0B2C1", "origin", "filter");
    is("4A0B2C1", "client", OUTER);
    is("3F2A1C0", "parent_queue_id", "-");
    story_is(&s, "delivery", 1, "parent_queue_id", "3F2A1C0");
    story_is(&s, "delivery", 1, "client", OUTER);
}
END_TEST

/* The same within one second, which is all that the timestamps say. */
START_TEST(test_whole_second_timestamps_name_the_child_too)
{
    copy(given_back);
    for (size_t i = 0; i < n; i++) {
        lines[i].time = "10:00:00";
    }
    memset(&lines[n], 0, sizeof *lines);
    same_in_every_order((struct log_line[LINES_MAX]){lines[0], lines[1], lines[2], lines[3], lines[4], lines[5],
                                                     lines[6], lines[7], lines[8], lines[9], lines[10], lines[11]});
    is("4A0B2C1", "parent_queue_id", "3F2A1C0");
    is("4A0B2C1", "client", OUTER);
}
END_TEST

START_TEST(test_a_filter_elsewhere_is_told_by_its_address)
{
    copy(given_back);
    replace("4A0B2C1: client", "postfix/10025/smtpd[60]: 4A0B2C1: client=scan.example.org[192.0.2.99]");
    replace("connect from", "postfix/10025/smtpd[60]: connect from scan.example.org[192.0.2.99]");
    replace("disconnect from", "postfix/10025/smtpd[60]: disconnect from scan.example.org[192.0.2.99]");
    replace("3F2A1C0: to", SENT("3F2A1C0", "scan.example.org[192.0.2.99]:10024", "4A0B2C1"));
    story_start(&s, NULL);
    feed();
    is("4A0B2C1", "parent_queue_id", "3F2A1C0");
    is("4A0B2C1", "client", OUTER);
}
END_TEST

START_TEST(test_a_filter_behind_a_socket_of_this_host_hands_back)
{
    copy(given_back);
    replace("3F2A1C0: to", SENT("3F2A1C0", "mx1[private/scan]", "4A0B2C1"));
    story_start(&s, NULL);
    feed();
    is("4A0B2C1", "parent_queue_id", "3F2A1C0");
}
END_TEST

START_TEST(test_another_instance_takes_what_a_filter_hands_back)
{
    copy(given_back);
    replace("4A0B2C1: client", "postfix-out/smtpd[60]: 4A0B2C1: client=localhost[127.0.0.1]");
    replace("4A0B2C1: message-id", "postfix-out/cleanup[61]: 4A0B2C1: message-id=<m1@x>");
    replace("4A0B2C1: from", "postfix-out/qmgr[62]: 4A0B2C1: from=<ann@example.org>, size=512, nrcpt=1 (queue active)");
    replace("4A0B2C1: removed", "postfix-out/qmgr[62]: 4A0B2C1: removed");
    story_start(&s, NULL);
    feed();
    is("4A0B2C1", "parent_queue_id", "3F2A1C0");
    is("4A0B2C1", "instance", "postfix-out");
}
END_TEST

/* Each breaks one condition: { the line, what it is then }. */
static const char *const strangers[][2] = {
    /* a stranger's server names an entry of this host */
    {"3F2A1C0: to", SENT("3F2A1C0", AWAY, "4A0B2C1")},
    /* another mail */
    {"4A0B2C1: message-id", ID("4A0B2C1", "m2@x")},
    {"4A0B2C1: message-id", "postfix/cleanup[41]: 4A0B2C1: message-id=<>"},
    {"3F2A1C0: message-id", "postfix/cleanup[41]: 3F2A1C0: message-id=<>"},
    /* from somewhere else */
    {"4A0B2C1: client", "postfix/10025/smtpd[60]: 4A0B2C1: client=evil.example[203.0.113.9]"},
    {"4A0B2C1: client", "postfix/10025/smtpd[60]: 4A0B2C1: client=localhost[203.0.113.9]"},
    {"4A0B2C1: client", "postfix/10025/smtpd[60]: 4A0B2C1: client=127.0.0.1[203.0.113.9]"},
    {"4A0B2C1: client", "postfix/pickup[43]: 4A0B2C1: uid=0 from=<ann@example.org>"},
    /* for another client, as the filter says itself */
    {"4A0B2C1: client", "postfix/10025/smtpd[60]: 4A0B2C1: client=localhost[127.0.0.1], orig_client=x[203.0.113.9]"},
    /* by no entry that exists, or itself */
    {"3F2A1C0: to", SENT("3F2A1C0", FILTER, "5A5A5A5")},
    {"3F2A1C0: to", SENT("3F2A1C0", FILTER, "3F2A1C0")},
    /* not sent at all */
    {"3F2A1C0: to",
     "postfix/smtp[50]: 3F2A1C0: to=<bob@example.net>, relay=" FILTER ", delay=0.4, delays=0.1/0.05/0.15/0.1, "
     "dsn=5.0.0, status=bounced (host 127.0.0.1[127.0.0.1] said: 550 5.0.0 queued as 4A0B2C1 (in reply to "
     "end of DATA command))"},
};

START_TEST(test_a_reply_alone_makes_no_parent)
{
    copy(given_back);
    replace(strangers[_i][0], strangers[_i][1]);
    story_start(&s, NULL);
    feed();
    is("4A0B2C1", "parent_queue_id", "-");
    ck_assert_str_ne(story_text(message("4A0B2C1"), "origin"), "filter");
    is("3F2A1C0", "parent_queue_id", "-");
}
END_TEST

START_TEST(test_what_began_after_the_reply_or_long_before_it_is_no_child)
{
    static const char *const times[] = {"10:00:00.9", "09:59:59", "2024-03-05T10:00:00"};

    copy(given_back);
    for (size_t i = 0; i < n; i++) {
        if (strstr(lines[i].text, "4A0B2C1: client") || strstr(lines[i].text, "4A0B2C1: message-id")) {
            lines[i].time = times[_i];
        }
    }
    story_start(&s, NULL);
    feed();
    is("4A0B2C1", "parent_queue_id", "-");
}
END_TEST

START_TEST(test_the_first_parent_stays)
{
    copy(given_back);
    replace("4A0B2C1: client", "postfix/10025/smtpd[60]: 4A0B2C1: client=localhost[127.0.0.1], orig_queue_id=77777777");
    story_start(&s, NULL);
    feed();
    is("4A0B2C1", "parent_queue_id", "77777777");
}
END_TEST

/* Two entries with one Message-ID from one place, whose replies name each other. */
static const struct log_line circle[] = {
    {"10:00:00", "postfix/smtpd[40]: 3F2A1C0: client=evil.example[203.0.113.9]"},
    {"10:00:00", "postfix/smtpd[45]: 4A0B2C1: client=evil.example[203.0.113.9]"},
    {"10:00:00", ID("3F2A1C0", "m1@x")},
    {"10:00:00", ID("4A0B2C1", "m1@x")},
    {"10:00:00", FROM("3F2A1C0")},
    {"10:00:00", FROM("4A0B2C1")},
    {"10:00:01", SENT("3F2A1C0", "evil.example[203.0.113.9]:25", "4A0B2C1")},
    {"10:00:01", SENT("4A0B2C1", "evil.example[203.0.113.9]:25", "3F2A1C0")},
    {"10:00:01", REMOVED("3F2A1C0")},
    {"10:00:01", REMOVED("4A0B2C1")},
    {NULL, NULL},
};

START_TEST(test_no_entry_is_its_own_ancestor)
{
    bool first, second;

    same_in_every_order(circle);
    first = strcmp(story_text(message("3F2A1C0"), "parent_queue_id"), "-") != 0;
    second = strcmp(story_text(message("4A0B2C1"), "parent_queue_id"), "-") != 0;
    ck_assert(!first || !second);
}
END_TEST

/* Two filters, one after the other, all in one second. */
static const struct log_line chain[] = {
    {"10:00:00", "postfix/smtpd[40]: 3F2A1C0: client=" CLIENT},
    {"10:00:00", ID("3F2A1C0", "m1@x")},
    {"10:00:00", FROM("3F2A1C0")},
    {"10:00:00", "postfix/dkim/smtpd[60]: 4A0B2C1: client=localhost[127.0.0.1]"},
    {"10:00:00", ID("4A0B2C1", "m1@x")},
    {"10:00:00", FROM("4A0B2C1")},
    {"10:00:00", SENT("3F2A1C0", FILTER, "4A0B2C1")},
    {"10:00:00", REMOVED("3F2A1C0")},
    {"10:00:00", "postfix/amavis/smtpd[65]: 5B0C3D2: client=localhost[127.0.0.1]"},
    {"10:00:00", ID("5B0C3D2", "m1@x")},
    {"10:00:00", FROM("5B0C3D2")},
    {"10:00:00", SENT("4A0B2C1", "127.0.0.1[127.0.0.1]:10032", "5B0C3D2")},
    {"10:00:00", REMOVED("4A0B2C1")},
    {"10:20:00", FINAL("5B0C3D2")},
    {"10:20:00", REMOVED("5B0C3D2")},
    {NULL, NULL},
};

START_TEST(test_behind_two_filters_the_client_is_the_first_one_s)
{
    same_in_every_order(chain);
    is("4A0B2C1", "parent_queue_id", "3F2A1C0");
    is("5B0C3D2", "parent_queue_id", "4A0B2C1");
    is("5B0C3D2", "origin", "filter");
    is("5B0C3D2", "client", OUTER);
}
END_TEST

static const struct log_line submission[] = {
    {"10:00:00",
     "sendmail[20]: l8E3xVHi000020: from=ann, size=100, class=0, nrcpts=1, msgid=<m1@x>, relay=ann@localhost"},
    {"10:00:00", "sm-mta[21]: l8E3xVpO000021: from=<ann@mx1>, size=300, class=0, nrcpts=1, msgid=<m1@x>, proto=ESMTP, "
                 "daemon=MTA-v4, relay=localhost [127.0.0.1]"},
    {"10:00:00",
     "sendmail[20]: l8E3xVHi000020: to=bob@example.net, ctladdr=ann (1000/1000), delay=00:00:00, xdelay=00:00:00, "
     "mailer=relay, pri=30100, relay=[127.0.0.1] [127.0.0.1], dsn=2.0.0, stat=Sent (l8E3xVpO000021 Message "
     "accepted for delivery)"},
    {"10:00:01",
     "sm-mta[22]: l8E3xVpO000021: to=<bob@example.net>, delay=00:00:01, xdelay=00:00:01, mailer=esmtp, pri=120300, "
     "relay=mx.example.net. [192.0.2.7], dsn=2.0.0, stat=Sent (Ok: queued as 6B1F2C0D4E)"},
    {NULL, NULL},
};

START_TEST(test_the_server_s_half_for_submission_is_no_filter)
{
    same_in_every_order(submission);
    is("l8E3xVpO000021", "parent_queue_id", "l8E3xVHi000020");
    ck_assert_str_ne(story_text(message("l8E3xVpO000021"), "origin"), "filter");
    is("l8E3xVHi000020", "origin", "local");
}
END_TEST

/* --- rule d --- */

#define PIPED(q)                                                                                                  \
    "postfix/pipe[70]: " q ": to=<bob@example.com>, relay=spamassassin, delay=2, delays=0.2/0/0/1.8, dsn=2.0.0, " \
    "status=sent (delivered via spamassassin service)"

static const struct log_line piped[] = {
    {"10:00:00.1", "postfix/smtpd[40]: 3F2A1C0: client=" CLIENT},
    {"10:00:00.2", ID("3F2A1C0", "m1@x")},
    {"10:00:00.3", FROM("3F2A1C0")},
    {"10:00:01.1", "postfix/pickup[43]: 4A0B2C1: uid=1002 from=<ann@example.org>"},
    {"10:00:01.2", ID("4A0B2C1", "m1@x")},
    {"10:00:01.3", PIPED("3F2A1C0")},
    {"10:00:01.3", REMOVED("3F2A1C0")},
    {"10:00:01.4", FROM("4A0B2C1")},
    {"10:00:01.6", FINAL("4A0B2C1")},
    {"10:00:01.7", REMOVED("4A0B2C1")},
    {NULL, NULL},
};

START_TEST(test_what_is_submitted_while_a_program_has_the_message_is_made_of_it)
{
    same_in_every_order(piped);
    is("4A0B2C1", "parent_queue_id", "3F2A1C0");
    is("4A0B2C1", "origin", "filter");
    is("4A0B2C1", "client", OUTER);
    is("3F2A1C0", "parent_queue_id", "-");
}
END_TEST

START_TEST(test_whole_second_timestamps_show_a_submission_too)
{
    copy(piped);
    for (size_t i = 0; i < n; i++) {
        lines[i].time = "10:00:01";
    }
    memset(&lines[n], 0, sizeof *lines);
    same_in_every_order((struct log_line[LINES_MAX]){lines[0], lines[1], lines[2], lines[3], lines[4], lines[5],
                                                     lines[6], lines[7], lines[8], lines[9]});
    is("4A0B2C1", "parent_queue_id", "3F2A1C0");
}
END_TEST

static const char *const unlike[][2] = {
    {"4A0B2C1: message-id", ID("4A0B2C1", "m2@x")},
    {"4A0B2C1: uid", "postfix/pickup[43]: 4A0B2C1: uid=1002 from=<eve@example.org>"},
    {"4A0B2C1: uid", "postfix/smtpd[43]: 4A0B2C1: client=localhost[127.0.0.1]"},
    {"3F2A1C0: to",
     "postfix/local[70]: 3F2A1C0: to=<bob@example.com>, relay=local, delay=2, delays=0.2/0/0/1.8, dsn=2.0.0, "
     "status=sent (delivered to mailbox)"},
    {"3F2A1C0: to", "postfix/pipe[70]: 3F2A1C0: to=<bob@example.com>, relay=spamassassin, delay=2, delays=0.2/0/0/1.8, "
                    "dsn=4.3.0, status=deferred (temporary failure)"},
};

START_TEST(test_a_submission_that_is_unlike_has_no_parent)
{
    copy(piped);
    replace(unlike[_i][0], unlike[_i][1]);
    story_start(&s, NULL);
    feed();
    is("4A0B2C1", "parent_queue_id", "-");
}
END_TEST

START_TEST(test_what_was_submitted_before_or_after_the_program_ran_is_not_made_of_it)
{
    static const char *const times[] = {"10:00:00", "10:00:01.35"};

    copy(piped);
    lines[3].time = lines[4].time = times[_i];
    story_start(&s, NULL);
    feed();
    is("4A0B2C1", "parent_queue_id", "-");
}
END_TEST

/* A recipient each: two programs run, and the first copy is put into the mailbox by a third. */
static const struct log_line twice[] = {
    {"10:00:00.1", "postfix/smtpd[40]: 3F2A1C0: client=" CLIENT},
    {"10:00:00.2", ID("3F2A1C0", "m1@x")},
    {"10:00:00.3", "postfix/qmgr[42]: 3F2A1C0: from=<ann@example.org>, size=512, nrcpt=2 (queue active)"},
    {"10:00:01.1", "postfix/pickup[43]: 4A0B2C1: uid=1002 from=<ann@example.org>"},
    {"10:00:01.2", ID("4A0B2C1", "m1@x")},
    {"10:00:01.3", PIPED("3F2A1C0")},
    {"10:00:01.4", FROM("4A0B2C1")},
    {"10:00:01.5", "postfix/pickup[43]: 5B0C3D2: uid=1002 from=<ann@example.org>"},
    {"10:00:01.5", ID("5B0C3D2", "m1@x")},
    {"10:00:01.6",
     "postfix/pipe[71]: 4A0B2C1: to=<bob@example.com>, relay=dovecot, delay=0.5, delays=0.2/0/0/0.3, dsn=2.0.0, "
     "status=sent (delivered via dovecot service)"},
    {"10:00:01.6", REMOVED("4A0B2C1")},
    {"10:00:01.8",
     "postfix/pipe[72]: 3F2A1C0: to=<cy@example.com>, relay=spamassassin, delay=2, delays=0.2/0/0/1.8, dsn=2.0.0, "
     "status=sent (delivered via spamassassin service)"},
    {"10:00:01.8", REMOVED("3F2A1C0")},
    {"10:00:01.9", FROM("5B0C3D2")},
    {"10:00:02.1", FINAL("5B0C3D2")},
    {"10:00:02.1", REMOVED("5B0C3D2")},
    {NULL, NULL},
};

START_TEST(test_two_copies_of_one_message_are_not_made_of_each_other)
{
    same_in_every_order(twice);
    is("4A0B2C1", "parent_queue_id", "3F2A1C0");
    is("5B0C3D2", "parent_queue_id", "3F2A1C0");
}
END_TEST

START_TEST(test_of_two_submissions_at_once_none_is_the_other_s_parent)
{
    static const struct log_line log[] = {
        {"10:00:01", "postfix/pickup[43]: 3F2A1C0: uid=1000 from=<ann@example.org>"},
        {"10:00:01", ID("3F2A1C0", "m1@x")},
        {"10:00:01", FROM("3F2A1C0")},
        {"10:00:01", "postfix/pickup[43]: 4A0B2C1: uid=1002 from=<ann@example.org>"},
        {"10:00:01", ID("4A0B2C1", "m1@x")},
        {"10:00:01", FROM("4A0B2C1")},
        {"10:00:01", PIPED("3F2A1C0")},
        {"10:00:01", PIPED("4A0B2C1")},
        {"10:00:01", REMOVED("3F2A1C0")},
        {"10:00:01", REMOVED("4A0B2C1")},
        {NULL, NULL},
    };

    same_in_every_order(log);
    is("3F2A1C0", "parent_queue_id", "-");
    is("4A0B2C1", "parent_queue_id", "-");
}
END_TEST

/* --- a filter before the queue --- */

static const struct log_line proxied[] = {
    {"10:00:00", "postfix/smtpd[40]: connect from " CLIENT},
    {"10:00:00", "postfix/smtpd[40]: Anonymous TLS connection established from " CLIENT
                 ": TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)"},
    {"10:00:00", "postfix/smtpd[40]: NOQUEUE: client=" CLIENT ", sasl_method=PLAIN, sasl_username=ann"},
    {"10:00:01", "postfix/smtpd[60]: connect from localhost[127.0.0.1]"},
    {"10:00:01", "postfix/smtpd[60]: 4A0B2C1: client=localhost[127.0.0.1]"},
    {"10:00:01", ID("4A0B2C1", "m1@x")},
    {"10:00:01", FROM("4A0B2C1")},
    {"10:00:01", "postfix/smtpd[60]: disconnect from localhost[127.0.0.1] ehlo=1 mail=1 rcpt=1 data=1 quit=1"},
    {"10:00:02",
     "postfix/smtpd[40]: proxy-accept: END-OF-MESSAGE: 250 2.0.0 Ok: queued as 4A0B2C1; from=<ann@example.org> "
     "to=<bob@example.net> proto=ESMTPSA helo=<laptop>"},
    {"10:00:02", "postfix/smtpd[40]: disconnect from " CLIENT " ehlo=1 mail=1 rcpt=1 data=1 quit=1 commands=5"},
    {"10:00:02", FINAL("4A0B2C1")},
    {"10:00:02", REMOVED("4A0B2C1")},
    {NULL, NULL},
};

START_TEST(test_a_filter_before_the_queue_leaves_the_outer_session_to_the_message)
{
    same_in_every_order(proxied);
    is("4A0B2C1", "origin", "network");
    is("4A0B2C1", "parent_queue_id", "-");
    is("4A0B2C1", "client.ip", "198.51.100.4");
    is("4A0B2C1", "client.helo", "laptop");
    is("4A0B2C1", "client.protocol", "ESMTPSA");
    is("4A0B2C1", "client.user", "ann");
    is("4A0B2C1", "client.tls.version", "TLSv1.3");
    is("4A0B2C1", "lines", "6");
    story_is(&s, "delivery", 0, "client.user", "ann");
}
END_TEST

START_TEST(test_the_outer_session_is_not_taken_twice)
{
    copy(proxied);
    lines[n] = lines[8];
    lines[n].time = "10:00:02";
    n++;
    story_start(&s, NULL);
    feed();
    is("4A0B2C1", "lines", "6");
}
END_TEST

/* Each shows that the reply is not about this entry. */
static const char *const not_proxied[][2] = {
    {"4A0B2C1: client", "postfix/smtpd[60]: 4A0B2C1: client=other.example[203.0.113.9]"},
    {"4A0B2C1: client", "postfix/smtpd[60]: 4A0B2C1: client=localhost[127.0.0.1], orig_client=x.example[203.0.113.9]"},
    {"4A0B2C1: client", "postfix/pickup[60]: 4A0B2C1: uid=0 from=<ann@example.org>"},
    {"4A0B2C1: from", "postfix/qmgr[42]: 4A0B2C1: from=<eve@example.org>, size=512, nrcpt=1 (queue active)"},
};

START_TEST(test_a_reply_to_another_session_changes_no_client)
{
    copy(proxied);
    replace(not_proxied[_i][0], not_proxied[_i][1]);
    story_start(&s, NULL);
    feed();
    is("4A0B2C1", "client.user", "-");
    ck_assert_str_ne(story_text(message("4A0B2C1"), "client.ip"), "198.51.100.4");
}
END_TEST

START_TEST(test_an_entry_from_before_the_session_is_not_its_message)
{
    copy(proxied);
    lines[4].time = lines[5].time = "09:59:00";
    story_start(&s, NULL);
    feed();
    is("4A0B2C1", "client.user", "-");
}
END_TEST

#define N(array) ((int)(sizeof(array) / sizeof *(array)))

Suite *mt_suite_parent(void)
{
    Suite *suite = suite_create("parent");
    TCase *tc = tcase_create("parent");

    tcase_add_checked_fixture(tc, NULL, teardown);
    tcase_add_test(tc, test_what_a_filter_hands_back_has_the_outer_client);
    tcase_add_test(tc, test_a_filter_may_know_the_client_and_no_queue_id);
    tcase_add_test(tc, test_a_child_keeps_its_parent_s_client_when_that_is_gone);
    tcase_add_test(tc, test_a_notification_has_the_trace_of_what_it_is_about);
    tcase_add_test(tc, test_the_reply_of_a_filter_here_names_the_child);
    tcase_add_test(tc, test_whole_second_timestamps_name_the_child_too);
    tcase_add_test(tc, test_a_filter_elsewhere_is_told_by_its_address);
    tcase_add_test(tc, test_a_filter_behind_a_socket_of_this_host_hands_back);
    tcase_add_test(tc, test_another_instance_takes_what_a_filter_hands_back);
    tcase_add_loop_test(tc, test_a_reply_alone_makes_no_parent, 0, N(strangers));
    tcase_add_loop_test(tc, test_what_began_after_the_reply_or_long_before_it_is_no_child, 0, 3);
    tcase_add_test(tc, test_the_first_parent_stays);
    tcase_add_test(tc, test_no_entry_is_its_own_ancestor);
    tcase_add_test(tc, test_behind_two_filters_the_client_is_the_first_one_s);
    tcase_add_test(tc, test_the_server_s_half_for_submission_is_no_filter);
    tcase_add_test(tc, test_what_is_submitted_while_a_program_has_the_message_is_made_of_it);
    tcase_add_test(tc, test_whole_second_timestamps_show_a_submission_too);
    tcase_add_loop_test(tc, test_a_submission_that_is_unlike_has_no_parent, 0, N(unlike));
    tcase_add_loop_test(tc, test_what_was_submitted_before_or_after_the_program_ran_is_not_made_of_it, 0, 2);
    tcase_add_test(tc, test_two_copies_of_one_message_are_not_made_of_each_other);
    tcase_add_test(tc, test_of_two_submissions_at_once_none_is_the_other_s_parent);
    tcase_add_test(tc, test_a_filter_before_the_queue_leaves_the_outer_session_to_the_message);
    tcase_add_test(tc, test_the_outer_session_is_not_taken_twice);
    tcase_add_loop_test(tc, test_a_reply_to_another_session_changes_no_client, 0, N(not_proxied));
    tcase_add_test(tc, test_an_entry_from_before_the_session_is_not_its_message);
    suite_add_tcase(suite, tc);
    return suite;
}
