/* What filters say: from a record into its message, through memory and disk, to the event. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "correlate/packed_verdicts.h"
#include "lines.h"
#include "mailtrace/shards.h"
#include "mailtrace/syslog.h"
#include "suites.h"

#define ENTRY_LINES                                                                      \
    "2026-03-02T10:00:00+00:00 mx1 postfix/smtpd[4]: 3F2A1C0: client=a.test[192.0.2.1]", \
        "2026-03-02T10:00:01+00:00 mx1 postfix/qmgr[6]: 3F2A1C0: from=<a@b.test>, size=7, nrcpt=1 (queue active)"
#define END_LINE "2026-03-02T10:00:09+00:00 mx1 postfix/qmgr[6]: 3F2A1C0: removed"

static struct mt_buffer events; /* a line each */

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
    config.settle = 0;
    shards = mt_shards_new(&config, 1, emit);
    ck_assert_ptr_nonnull(shards);
    return shards;
}

static void feed_record(struct mt_shards *shards, const struct mt_record *rec, bool copied)
{
    struct mt_copier copier = {NULL};
    struct mt_line_copy *copy = copied ? mt_copier_copy(&copier, rec, MT_RECOGNISED) : NULL;
    struct mt_correlator *c = mt_shards_take(shards, 0, NULL);

    if (copy) {
        mt_correlator_feed_copy(c, copy, 0);
        mt_copier_free(&copier, c);
    } else {
        mt_correlator_feed(c, rec, MT_RECOGNISED, 0);
    }
    mt_shards_give(shards, 0);
}

static void read_line(const char *text, struct mt_record *rec)
{
    struct mt_zone zone = {.fixed = true};
    struct mt_line line = {0};

    ck_assert(mt_syslog_read(&zone, mt_slice_str(text), &line) != MT_SYSLOG_NONE);
    ck_assert_int_eq(mt_parse(&line, rec), MT_RECOGNISED);
}

static void feed_line(struct mt_shards *shards, const char *text)
{
    static struct mt_record rec;

    read_line(text, &rec);
    feed_record(shards, &rec, false);
}

static void feed_entry(struct mt_shards *shards)
{
    static const char *const lines[] = {ENTRY_LINES};

    events.n = 0;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        feed_line(shards, lines[i]);
    }
}

/* A filter's line, which no reader knows yet: the form is another's. */
static struct mt_record *filter_record(const char *second)
{
    static struct mt_record rec;
    static char text[100];

    snprintf(text, sizeof text, "2026-03-02T10:00:0%s+00:00 mx1 postfix/smtpd[9]: connect from f.test[192.0.2.9]",
             second);
    read_line(text, &rec);
    mt_fields_clear(&rec.f);
    rec.kind = MT_KIND_FILTER;
    rec.effect = 0;
    mt_set(&rec.f, MT_F_QUEUE_ID, MT_LIT("3F2A1C0"));
    return &rec;
}

/* Ends the entry; its message must have that text. */
static void expect_message(struct mt_shards *shards, const char *text)
{
    feed_line(shards, END_LINE);
    mt_correlator_flush(mt_shards_take(shards, 0, NULL), false);
    mt_shards_give(shards, 0);
    mt_buffer_append(&events, "", 1);
    ck_assert(!events.failed);
    ck_assert_msg(strstr(events.p, text) != NULL, "no %s in %s", text, events.p);
}

static void add_all(struct mt_line_verdicts *verdicts)
{
    struct mt_filter_verdict *v = mt_verdict_add(verdicts, MT_VERDICT_SPF, MT_LIT("spf"));

    v->scope = MT_LIT("mailfrom");
    v->domain = MT_LIT("b.test");
    v->result = MT_LIT("softfail");
    v = mt_verdict_add(verdicts, MT_VERDICT_SPAM, MT_LIT("rspamd"));
    v->id = MT_LIT("7");
    v->action = MT_LIT("add header");
    v->category = MT_LIT("C");
    v->score_known = v->required_known = true;
    v->score = -200000;
    v->required = 15000000;
    v->quarantine = MT_LIT("q");
    mt_symbol_add(verdicts, (struct mt_symbol){.name = MT_LIT("A"), .score_known = true, .score = 1500000});
    mt_symbol_add(verdicts, (struct mt_symbol){.name = MT_LIT("B")});
    v = mt_verdict_add(verdicts, MT_VERDICT_VIRUS, MT_LIT("clamav"));
    v->name = MT_LIT("Eicar\xFF");
    v = mt_verdict_add(verdicts, MT_VERDICT_DKIM, MT_LIT("rspamd"));
    v->domain = MT_LIT("d.test");
    v->selector = MT_LIT("s");
    v->result = MT_LIT("fail");
    v->reason = MT_LIT("body \"hash\"");
    v = mt_verdict_add(verdicts, MT_VERDICT_DMARC, MT_LIT("rspamd"));
    v->domain = MT_LIT("d.test");
    v->result = MT_LIT("pass");
    v->policy = MT_LIT("reject");
}

#define ALL                                                                                                       \
    "\"verdicts\":{\"spam\":[{\"by\":\"rspamd\",\"id\":\"7\",\"action\":\"add header\",\"category\":\"C\","       \
    "\"score\":-0.2,\"required\":15,\"symbols\":[{\"name\":\"A\",\"score\":1.5},{\"name\":\"B\"}],"               \
    "\"quarantine\":\"q\"}],\"virus\":[{\"by\":\"clamav\",\"name\":\"Eicar\xEF\xBF\xBD\"}],"                      \
    "\"dkim\":[{\"by\":\"rspamd\",\"domain\":\"d.test\",\"selector\":\"s\",\"result\":\"fail\","                  \
    "\"reason\":\"body \\\"hash\\\"\"}],\"dmarc\":[{\"by\":\"rspamd\",\"domain\":\"d.test\",\"result\":\"pass\"," \
    "\"policy\":\"reject\"}],\"spf\":[{\"by\":\"spf\",\"scope\":\"mailfrom\",\"domain\":\"b.test\","              \
    "\"result\":\"softfail\"}]}"

START_TEST(test_verdicts_of_a_line_are_the_messages)
{
    struct mt_shards *shards = new_shards();
    struct mt_record *rec;

    feed_entry(shards);
    rec = filter_record("2");
    add_all(&rec->verdicts);
    feed_record(shards, rec, _i);
    expect_message(shards, ALL ",\"lines\":4}");
    mt_shards_free(shards);
}
END_TEST

START_TEST(test_verdicts_stand_in_the_order_of_their_lines)
{
    struct mt_shards *shards = new_shards();
    struct mt_record *rec;

    feed_entry(shards);
    for (int i = 0; i < 3; i++) {
        static const char *const seconds[] = {"2", "3", "4"}, *const names[] = {"one", "two", "three"};
        rec = filter_record(seconds[i]);
        mt_verdict_add(&rec->verdicts, MT_VERDICT_VIRUS, MT_LIT("f"))->name = mt_slice_str(names[i]);
        feed_record(shards, rec, i & 1);
        feed_record(shards, rec, i & 1); /* a line that comes twice changes nothing */
    }
    expect_message(shards, "\"verdicts\":{\"virus\":[{\"by\":\"f\",\"name\":\"one\"},{\"by\":\"f\",\"name\":\"two\"},"
                           "{\"by\":\"f\",\"name\":\"three\"}]},\"lines\":6}");
    mt_shards_free(shards);
}
END_TEST

static bool append(void *ctx, const void *p, size_t n)
{
    mt_buffer_append(ctx, p, n);
    return true;
}

/* An entry that waits is at rest, too. */
START_TEST(test_verdicts_survive_a_restart)
{
    struct mt_shards *before = new_shards(), *after = new_shards();
    struct mt_buffer image = {0};
    struct mt_record *rec;

    feed_entry(before);
    rec = filter_record("2");
    add_all(&rec->verdicts);
    feed_record(before, rec, true);
    feed_line(before, "2026-03-02T10:00:03+00:00 mx1 postfix/smtp[7]: 3F2A1C0: to=<c@d.test>, relay=none, delay=2, "
                      "delays=1/0/1/0, dsn=4.4.1, status=deferred (no)");
    ck_assert(mt_shards_save(before, append, &image));
    mt_shards_free(before);
    ck_assert(mt_shards_load(after, image.p, image.n));
    mt_buffer_free(&image);
    events.n = 0;
    expect_message(after, ALL ",\"lines\":5}");
    mt_shards_free(after);
}
END_TEST

/* A verdict waits for its entry, over a restart as well. */
START_TEST(test_a_verdict_that_waits_survives_a_restart)
{
    struct mt_shards *before = new_shards(), *after = new_shards();
    struct mt_buffer image = {0};

    feed_line(before,
              "2026-03-02T09:59:59+00:00 mx1 rspamd[3]: <95b4ff>; proxy; rspamd_task_write_log: id: <m@b>, qid: "
              "<3F2A1C0>, (default: F (no action): [1.00/15.00] []), len: 3, time: 8ms, dns req: 3");
    feed_line(before, "2026-03-02T10:00:00+00:00 mx1 postfix/smtpd[4]: connect from a.test[192.0.2.1]");
    ck_assert(mt_shards_save(before, append, &image));
    mt_shards_free(before);
    ck_assert(mt_shards_load(after, image.p, image.n));
    mt_buffer_free(&image);
    feed_entry(after);
    expect_message(after, "\"verdicts\":{\"spam\":[{\"by\":\"rspamd\",\"action\":\"no action\",\"score\":1,"
                          "\"required\":15}]},\"lines\":4}");
    mt_shards_free(after);
}
END_TEST

START_TEST(test_what_is_beyond_the_bounds_is_counted)
{
    struct mt_shards *shards = new_shards();
    struct mt_record *rec;
    struct mt_stats stats;
    char name[1000];

    memset(name, 'n', sizeof name);
    feed_entry(shards);
    rec = filter_record("2");
    for (int i = 0; i < MT_LINE_VERDICTS + 3; i++) {
        struct mt_filter_verdict *v = mt_verdict_add(&rec->verdicts, MT_VERDICT_VIRUS, MT_LIT("f"));
        if (v) {
            v->name = mt_slice(name, (size_t)i + 1);
        }
    }
    feed_record(shards, rec, false);
    for (int i = 3; i < 9; i++) { /* 2 KB each */
        char second[] = {(char)('0' + i), '\0'};
        rec = filter_record(second);
        name[0] = second[0];
        mt_verdict_add(&rec->verdicts, MT_VERDICT_DKIM, MT_LIT("f"))->domain = mt_slice(name, sizeof name);
        mt_verdict_add(&rec->verdicts, MT_VERDICT_DKIM, MT_LIT("g"))->domain = mt_slice(name, sizeof name);
        feed_record(shards, rec, true);
    }
    mt_shards_stats(shards, &stats);
    ck_assert_uint_eq(stats.verdicts_omitted, 3 + 5); /* of 8 KiB, 16 short ones and 7 long ones have room */
    expect_message(shards, "\"verdicts\":{\"virus\":[");
    mt_shards_free(shards);
}
END_TEST

START_TEST(test_verdict_that_is_too_long_is_counted)
{
    struct mt_shards *shards = new_shards();
    struct mt_record *rec;
    struct mt_stats stats;
    char *name = calloc(1, 70000);

    feed_entry(shards);
    rec = filter_record("2");
    mt_verdict_add(&rec->verdicts, MT_VERDICT_VIRUS, MT_LIT("f"))->name = mt_slice(name, 70000);
    mt_verdict_add(&rec->verdicts, MT_VERDICT_VIRUS, MT_LIT("g"));
    feed_record(shards, rec, false);
    mt_shards_stats(shards, &stats);
    ck_assert_uint_eq(stats.verdicts_omitted, 1);
    expect_message(shards, "\"verdicts\":{\"virus\":[{\"by\":\"g\"}]}");
    mt_shards_free(shards);
    free(name);
}
END_TEST

START_TEST(test_line_of_a_filter_has_its_verdicts)
{
    struct mt_record *rec = filter_record("2");
    struct mt_buffer out = {0};

    add_all(&rec->verdicts);
    ck_assert(mt_record_json(rec, &out));
    mt_buffer_append(&out, "", 1);
    ck_assert_str_eq(out.p, "{\"record\":\"filter\",\"time\":\"2026-03-02T10:00:02+00:00\",\"host\":\"mx1\","
                            "\"mta\":\"postfix\",\"program\":\"smtpd\",\"pid\":9,\"queue_id\":\"3F2A1C0\"," ALL "}");
    mt_buffer_free(&out);
}
END_TEST

/* What rspamd says of an ordinary mail. */
static const struct mt_symbol ordinary[] = {
#define SYMBOL(name, score)                  \
    {                                        \
        {name, sizeof name - 1}, true, score \
    }
    SYMBOL("BAYES_HAM", -3000000),
    SYMBOL("R_DKIM_ALLOW", -500000),
    SYMBOL("R_SPF_ALLOW", -200000),
    SYMBOL("MIME_GOOD", -100000),
    SYMBOL("DMARC_POLICY_ALLOW", -500000),
    SYMBOL("ARC_NA", 0),
    SYMBOL("ASN", 0),
    SYMBOL("DKIM_TRACE", 0),
    SYMBOL("FROM_EQ_ENVFROM", 0),
    SYMBOL("FROM_HAS_DN", 0),
    SYMBOL("MID_RHS_MATCH_FROM", 0),
    SYMBOL("MIME_TRACE", 0),
    SYMBOL("RCPT_COUNT_ONE", 0),
    SYMBOL("RCVD_COUNT_THREE", 0),
    SYMBOL("RCVD_TLS_LAST", 0),
    SYMBOL("RCVD_VIA_SMTP_AUTH", 0),
    SYMBOL("TO_DN_NONE", 0),
    SYMBOL("TO_MATCH_ENVRCPT_ALL", 0),
    SYMBOL("NEURAL_HAM_SHORT", -1000),
    SYMBOL("PREVIOUSLY_DELIVERED", 0),
#undef SYMBOL
};

/* Names of other characters, long ones, and scores of any size are kept as they are. */
static const struct mt_symbol odd[] = {
    {{"A-B", 3}, true, INT64_MAX},
    {{"A", 1}, true, INT64_MIN},
    {{"Z_9.z", 5}, false, 0},
    {{"\xC3\xA4", 2}, true, 1},
    {{"a", 1}, true, -1},
    {{"B", 1}, true, 12345678901234},
    {{"C", 1}, true, INT64_C(-123456789010000)},
    {{"LONG_LONG_LONG_LONG_LONG_LONG_LONG_LONG_LONG_LONG_LONG_LONG_LONG_LONG_LONG_LONG_LONG_LONG_LONG_LONG_LONG_LONG_"
      "LONG_LONG_LONG_LONG_LONG",
      134},
     true,
     10000},
};

static void expect_symbols(const struct mt_symbol *symbols, size_t n, size_t most)
{
    static struct mt_line_verdicts verdicts;
    struct mt_filter_verdict v[1], *spam;
    struct mt_symbol got[30];
    struct mt_verdicts_count count;
    char packed[2000], text[2000];
    size_t size;

    verdicts.n = verdicts.nsymbols = 0;
    spam = mt_verdict_add(&verdicts, MT_VERDICT_SPAM, MT_LIT("rspamd"));
    spam->action = MT_LIT("no action");
    spam->score_known = spam->required_known = true;
    spam->score = -4301000;
    spam->required = INT64_C(15000000);
    for (size_t i = 0; i < n; i++) {
        mt_symbol_add(&verdicts, symbols[i]);
    }
    size = mt_verdicts_packed_size(&verdicts);
    ck_assert_uint_le(size, most);
    mt_verdicts_pack(&verdicts, packed);
    mt_verdicts_count(mt_slice(packed, size), &count);
    ck_assert(count.verdicts == 1 && count.symbols == n && count.text <= sizeof text);
    mt_verdicts_unpack(mt_slice(packed, size), v, got, text);
    ck_assert(v->nsymbols == n && v->score == spam->score && v->required == spam->required);
    for (size_t i = 0; i < n; i++) {
        ck_assert_msg(mt_slice_eq(got[i].name, symbols[i].name), "%zu", i);
        ck_assert_msg(got[i].score_known == symbols[i].score_known && got[i].score == symbols[i].score, "%zu", i);
    }
}

START_TEST(test_symbols_take_little_room)
{
    expect_symbols(ordinary, COUNT(ordinary), 240);
    expect_symbols(odd, COUNT(odd), sizeof odd);
}
END_TEST

/* A file may be damaged. */
START_TEST(test_packed_bytes_may_be_anything)
{
    static struct mt_line_verdicts verdicts;
    static struct mt_filter_verdict v[1000];
    static struct mt_symbol symbols[1000];
    static char text[1000];
    struct mt_verdicts_count count;
    size_t size;

    memset(&verdicts, 0, sizeof verdicts);
    add_all(&verdicts);
    size = mt_verdicts_packed_size(&verdicts);
    for (size_t cut = 0; cut <= size; cut++) {
        for (unsigned at = 0; at < size; at++) {
            char *bytes = malloc(size + 1);
            ck_assert_ptr_nonnull(bytes);
            mt_verdicts_pack(&verdicts, bytes);
            bytes[at] = (char)(cut * 37 + at);
            char *own = memcpy(malloc(cut + 1), bytes, cut); /* nothing behind it may be read */
            mt_verdicts_count(mt_slice(own, cut), &count);
            ck_assert(count.verdicts < COUNT(v) && count.symbols < COUNT(symbols) && count.text < COUNT(text));
            mt_verdicts_unpack(mt_slice(own, cut), v, symbols, text);
            free(own);
            free(bytes);
        }
    }
}
END_TEST

Suite *mt_suite_verdicts(void)
{
    Suite *suite = suite_create("verdicts");
    TCase *tests = tcase_create("verdicts");

    tcase_add_loop_test(tests, test_verdicts_of_a_line_are_the_messages, 0, 2);
    tcase_add_test(tests, test_verdicts_stand_in_the_order_of_their_lines);
    tcase_add_test(tests, test_verdicts_survive_a_restart);
    tcase_add_test(tests, test_a_verdict_that_waits_survives_a_restart);
    tcase_add_test(tests, test_what_is_beyond_the_bounds_is_counted);
    tcase_add_test(tests, test_verdict_that_is_too_long_is_counted);
    tcase_add_test(tests, test_line_of_a_filter_has_its_verdicts);
    tcase_add_test(tests, test_symbols_take_little_room);
    tcase_add_test(tests, test_packed_bytes_may_be_anything);
    suite_add_tcase(suite, tests);
    return suite;
}
