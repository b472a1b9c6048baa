/* Bounds that a sender can reach: what is left out because of them is counted. */
#include "suites.h"

#include <stdio.h>

#include "mailtrace/correlate.h"
#include "mailtrace/syslog.h"

static struct mt_correlator *c;
static uint64_t order;

static void count_event(void *ctx, const struct mt_event *event)
{
    (void)event;
    ++*(unsigned *)ctx;
}

static void start(unsigned *events)
{
    struct mt_config config;

    mt_config_default(&config);
    order = *events = 0;
    c = mt_correlator_new(&config, count_event, events);
    ck_assert_ptr_nonnull(c);
}

static void feed(const char *text)
{
    static struct mt_zone zone = {.fixed = true};
    static struct mt_record record;
    struct mt_line line = {0};

    ck_assert_int_ne(mt_syslog_read(&zone, mt_slice_str(text), &line), MT_SYSLOG_NONE);
    line.order = order++;
    mt_correlator_feed(c, &record, mt_parse(&line, &record), 0);
}

static struct mt_stats end(void)
{
    struct mt_stats stats;

    mt_correlator_flush(c, true);
    mt_correlator_stats(c, &stats);
    mt_correlator_free(c);
    return stats;
}

START_TEST(test_entries_of_one_timestamp_beyond_those_told_apart_are_counted)
{
    unsigned events;
    char text[200];

    for (int n = 16; n <= 20; n += 4) {
        start(&events);
        for (int i = 0; i < n; i++) {
            snprintf(text, sizeof text,
                     "2026-03-02T10:00:00+00:00 mx1 postfix/smtpd[4]: 3F2A1C0: client=h%d.test[192.0.2.%d]", i, i);
            feed(text);
            snprintf(text, sizeof text,
                     "2026-03-02T10:00:00+00:00 mx1 postfix/qmgr[6]: 3F2A1C0: from=<%d@b.test>, size=7, nrcpt=1 (queue "
                     "active)",
                     i);
            feed(text);
            feed("2026-03-02T10:00:00+00:00 mx1 postfix/qmgr[6]: 3F2A1C0: removed");
        }
        ck_assert_uint_eq(end().lives_omitted > 0, n > 16);
    }
}
END_TEST

START_TEST(test_connections_that_lines_do_not_reach_any_more_are_counted_and_told)
{
    struct mt_stats stats;
    unsigned events;
    char text[200];

    start(&events);
    for (int i = 0; i < 50; i++) {
        snprintf(text, sizeof text,
                 "2026-03-02T10:00:00.0000%02d+00:00 mx1 postfix/smtpd[4]: connect from h%d.test[192.0.2.%d]", i, i, i);
        feed(text);
        snprintf(text, sizeof text,
                 "2026-03-02T10:00:00.0000%02d+00:00 mx1 postfix/smtpd[4]: warning: h%d.test[192.0.2.%d]: SASL LOGIN "
                 "authentication failed: x",
                 i, i, i);
        feed(text);
    }
    stats = end();
    ck_assert_uint_eq(stats.sessions_omitted, 50 - 16);
    ck_assert_uint_eq(stats.events[MT_EVENT_SESSION], 50);
    ck_assert_uint_eq(events, 50);
}
END_TEST

START_TEST(test_instances_beyond_those_known_are_counted_and_their_queue_ids_tell)
{
    struct mt_stats stats;
    unsigned events;
    char text[200];

    start(&events);
    for (int i = 0; i < 40; i++) {
        snprintf(
            text, sizeof text,
            "2026-03-02T10:00:%02d+00:00 mx1 x%d/qmgr[6]: 3F2A1C0: from=<a@b.test>, size=7, nrcpt=1 (queue active)", i,
            i);
        feed(text);
    }
    stats = end();
    ck_assert_uint_eq(stats.instances_omitted, 40 - 32);
    ck_assert_uint_eq(stats.events[MT_EVENT_MESSAGE], 32);
}
END_TEST

START_TEST(test_split_lines_that_are_not_whole_are_counted)
{
    unsigned events;
    char text[200];

    start(&events);
    for (int i = 0; i < 20; i++) {
        snprintf(text, sizeof text,
                 "2026-03-02T10:00:00.0000%02d+00:00 mx1 sm-mta[6]: 6AM0HrLJ000484[1]: to=<%d@b.test>, ...", i, i);
        feed(text);
    }
    ck_assert_uint_eq(end().parts_omitted, 20);
}
END_TEST

Suite *mt_suite_omitted(void)
{
    Suite *suite = suite_create("omitted");
    TCase *tcase = tcase_create("omitted");

    tcase_add_test(tcase, test_entries_of_one_timestamp_beyond_those_told_apart_are_counted);
    tcase_add_test(tcase, test_connections_that_lines_do_not_reach_any_more_are_counted_and_told);
    tcase_add_test(tcase, test_instances_beyond_those_known_are_counted_and_their_queue_ids_tell);
    tcase_add_test(tcase, test_split_lines_that_are_not_whole_are_counted);
    suite_add_tcase(suite, tcase);
    return suite;
}
