/* Filters' lines: what each says of which mail, and that a stranger's words in it say nothing. */
#include <check.h>
#include <stdlib.h>

#include "lines.h"
#include "mailtrace/event.h"
#include "mailtrace/parser.h"
#include "suites.h"

#define RSPAMD "<95b4ff>; proxy; rspamd_task_write_log: id: <m@b.test>, "
#define END    "), len: 369, time: 8.1ms, dns req: 3, digest: <360d5749d18ce1fd988d1be7eb3ca251>, rcpts: <r@c.test>"
#define Q      "\"queue_id\":\"1BBD3B7\""

#define AMAVIS "(01213-01-2) "
#define FROM   "[192.0.2.1]:3328 <s@b.test> -> <r@c.test>,<t@c.test>"
#define TAIL   "mail_id: gpmDXV7ld-cK, Hits: -0.5..7.1, size: 755, queued_as: 7C740B7/7C740B8, 345 ms"

/* says: what the record's JSON must have; says_not: what it must not. NULL: not looked at. */
static const struct {
    const char *program, *text;
    unsigned unsure;
    const char *says, *says_not;
} rows[] = {
    {"rspamd",
     RSPAMD "qid: <1BBD3B7>, ip: 192.0.2.1, from: <s@b.test>, (default: F (no action): [-0.10/15.00] "
            "[MIME_GOOD(-0.10){text/plain;},ARC_NA(0.00){}]" END,
     0,
     Q
     ",\"message_id\":\"m@b.test\",\"verdicts\":{\"spam\":[{\"by\":\"rspamd\",\"action\":\"no action\",\"score\":-0.1,"
     "\"required\":15,\"symbols\":[{\"name\":\"MIME_GOOD\",\"score\":-0.1},{\"name\":\"ARC_NA\",\"score\":0}]}]}}",
     NULL},
    {"rspamd", RSPAMD "qid: <1BBD3B7>, ip: 192.0.2.1, user: u, from: <>, (default: S (reject): [15.00/nan] []" END, 0,
     Q ",\"message_id\":\"m@b.test\",\"verdicts\":{\"spam\":[{\"by\":\"rspamd\",\"action\":\"reject\",\"score\":15}]}}",
     NULL},
    {"rspamd", RSPAMD "(default: T (add header): [7.00/15.00] []" END, 0, "\"action\":\"add header\"", "queue_id"},
    {"rspamd",
     RSPAMD "qid: <1BBD3B7>, (default: F (no action): [-1.50/15.00] [DMARC_POLICY_ALLOW(-0.50){b.test;none;},"
            "R_DKIM_ALLOW(-0.20){b.test:s=one;c.test:s=two;},R_SPF_ALLOW(-0.20){+ip4:192.0.2.1;},CLAM_VIRUS(0.00){"
            "Eicar;}]" END,
     0,
     "\"virus\":[{\"by\":\"rspamd\",\"name\":\"Eicar\"}],\"dkim\":[{\"by\":\"rspamd\",\"domain\":\"b.test\","
     "\"selector\":\"one\","
     "\"result\":\"pass\"},{\"by\":\"rspamd\",\"domain\":\"c.test\",\"selector\":\"two\",\"result\":\"pass\"}],"
     "\"dmarc\":[{\"by\":\"rspamd\",\"result\":\"pass\"}],\"spf\":[{\"by\":\"rspamd\",\"result\":\"pass\"}]}",
     NULL},
    {"rspamd",
     RSPAMD "qid: <1BBD3B7>, (default: T (reject): [20.00/15.00] [R_DKIM_TEMPFAIL(0.00){},R_SPF_DNSFAIL(0.00){},"
            "DMARC_POLICY_QUARANTINE(0.00){b.test : No valid SPF, No valid DKIM;quarantine;}]" END,
     0,
     "\"dkim\":[{\"by\":\"rspamd\",\"result\":\"temperror\"}],\"dmarc\":[{\"by\":\"rspamd\",\"result\":\"fail\","
     "\"policy\":\"quarantine\"}],\"spf\":[{\"by\":\"rspamd\",\"result\":\"temperror\"}]",
     NULL},
    /* A Message-ID ends at the blank behind it. */
    {"rspamd",
     "<95b4ff>; proxy; rspamd_task_write_log: id: <a@b>,?qid:?<FFFF>,?x>, qid: <1BBD3B7>, "
     "(default: F (no action): [0.00/15.00] []" END,
     0, Q ",\"message_id\":\"a@b>,?qid:?<FFFF>,?x\"", NULL},
    {"rspamd",
     "<95b4ff>; proxy; rspamd_task_write_log: id: <undef>, qid: <1BBD3B7>, (default: F (no action): [0.00/15.00] "
     "[]" END,
     0, Q, "message_id"},
    /* A sender who writes a result, before the true one, and behind it. */
    {"rspamd",
     RSPAMD "qid: <1BBD3B7>, from: <x>, (default: F (no action): [0.00/15.00] [], len: 1@b.test>, "
            "(default: T (reject): [99.00/15.00] []" END,
     1, Q, "verdicts"},
    {"rspamd",
     RSPAMD "qid: <1BBD3B7>, (default: T (reject): [99.00/15.00] [FORGED_SENDER(0.30){x>, (default: F (no action): "
            "[0.00/15.00] [@b.test;}]" END,
     1, Q, "verdicts"},
    /* Options that are no options: the symbols are not believed. */
    {"rspamd",
     RSPAMD "qid: <1BBD3B7>, (default: T (reject): [99.00/15.00] [A(0.30){x},R_DKIM_ALLOW(-0.20){b:s=a@b.test;}]" END,
     1, "\"score\":99,\"required\":15}]}", "dkim"},
    {"rspamd", RSPAMD "qid: <1BBD3B7>, (default: T (reject): [99.00/15.00] [A(0.30){x;},B(9.00){y;}]" END, 1,
     "\"score\":99,\"required\":15}]}", "symbols"},
    {"rspamd", RSPAMD "qid: <1BBD3B7>, (default: T (reject): [99.00/15.00] [A(0.30){x;},B(0.20){y;},A(0.20){}]" END, 1,
     "\"score\":99,\"required\":15}]}", "symbols"},
    {"rspamd", RSPAMD "qid: <1BBD3B7>, (default: T (reject): [99.00/15.00] [A(0.30){x;},B(0.2", 1,
     "\"score\":99,\"required\":15}]}", "symbols"},
    {"rspamd", RSPAMD "qid: <1BBD3B7>, ip: 192.0.2.1", 1, Q, "verdicts"},
    {"amavis", AMAVIS "Passed CLEAN {RelayedInbound}, " FROM ", Queue-ID: 1BBD3B7, Message-ID: <m@b.test>, " TAIL, 0,
     Q
     ",\"verdicts\":{\"spam\":[{\"by\":\"amavis\",\"id\":\"gpmDXV7ld-cK\",\"action\":\"passed\",\"category\":\"CLEAN\","
     "\"score\":7.1}]}}",
     NULL},
    {"amavis",
     AMAVIS
     "(!)Blocked INFECTED (Eicar, Other (x)) {DiscardedInbound,Quarantined}, MYNETS LOCAL " FROM
     ", quarantine: v/virus-x, Queue-ID: 1BBD3B7, mail_id: a-b, Hits: -, size: 1, dkim_sd=s:b.test,t:c.test, 3 ms",
     0,
     "\"action\":\"blocked\",\"category\":\"INFECTED\",\"quarantine\":\"v/"
     "virus-x\"}],\"virus\":[{\"by\":\"amavis\",\"name\":"
     "\"Eicar\"},{\"by\":\"amavis\",\"name\":\"Other "
     "(x)\"}],\"dkim\":[{\"by\":\"amavis\",\"domain\":\"b.test\",\"selector\":\"s\","
     "\"result\":\"pass\"},{\"by\":\"amavis\",\"domain\":\"c.test\",\"selector\":\"t\",\"result\":\"pass\"}]}",
     NULL},
    {"amavis", AMAVIS "Passed SPAMMY {RelayedInbound}, " FROM ", " TAIL, 0, "\"category\":\"SPAMMY\"", "queue_id"},
    /* Strangers' words: an address, a Message-ID, a name. */
    {"amavis",
     AMAVIS "Passed CLEAN {RelayedInbound}, [192.0.2.1]:1 <\"x> -> <y>, Queue-ID: FFFFFFF, mail_id: F, Hits: 9, size: "
            "1, 1 ms\"@b>"
            " -> <r@c>, Queue-ID: 1BBD3B7, " TAIL,
     0, Q, "FFFFFFF"},
    {"amavis",
     AMAVIS "Passed CLEAN {RelayedInbound}, " FROM ", Queue-ID: 1BBD3B7, Message-ID: <x, mail_id: F, Hits: 9, size: 1, "
            "queued_as: FFFFFFF@b>, " TAIL,
     0, Q, "\"score\":9"},
    {"amavis",
     AMAVIS
     "Blocked BANNED (x) {RelayedInbound}, [192.0.2.66]:25 <a@b> -> <c@d>, Queue-ID: FFFFFFF, mail_id: F, Hits: -, "
     "size: 1, 1 ms.exe) {BouncedInbound}, " FROM ", Queue-ID: 1BBD3B7, " TAIL,
     0, Q, "FFFFFFF"},
    {"amavis",
     AMAVIS "Blocked BANNED (x) {RelayedInbound}, [192.0.2.66]:25 <a@b> -> <c@d>, Queue-ID: FFFFFFF, Message-ID: <x) "
            "{BouncedInbound}, " FROM ", Queue-ID: 1BBD3B7, " TAIL,
     1, NULL, "queue_id"},
    {"amavis",
     AMAVIS "Passed CLEAN {RelayedInbound}, " FROM
            ", Queue-ID: 1BBD3B7, Message-ID: <m@b>, mail_id: T, Hits: 1, size: 1, "
            "queued_as: 550 5.1.1 <x, mail_id: F, Hits: 9, size: 1, queued_as: 250 y>, 3 ms",
     1, NULL, "verdicts"},
};

START_TEST(test_a_filters_line_says_this)
{
    char *text = exact_copy(rows[_i].text, strlen(rows[_i].text));
    struct mt_line line = line_of(rows[_i].program, "");
    static struct mt_record rec;
    struct mt_buffer json = {0};

    line.text = mt_slice(text, strlen(rows[_i].text));
    ck_assert_msg(mt_parse(&line, &rec) == MT_RECOGNISED, "%s", rows[_i].text);
    ck_assert_int_eq(rec.kind, MT_KIND_FILTER);
    ck_assert_msg(rec.verdicts.unsure == rows[_i].unsure, "%u unsure: %s", rec.verdicts.unsure, rows[_i].text);
    ck_assert(mt_record_json(&rec, &json));
    mt_buffer_append(&json, "", 1);
    ck_assert_msg(!rows[_i].says || strstr(json.p, rows[_i].says), "no %s in %s", rows[_i].says, json.p);
    ck_assert_msg(!rows[_i].says_not || !strstr(json.p, rows[_i].says_not), "%s in %s", rows[_i].says_not, json.p);
    mt_buffer_free(&json);
    free(text);
}
END_TEST

static const struct {
    const char *program, *text;
} others[] = {
    {"rspamd", "<95b4ff>; milter; rspamd_milter_process_command: got connection from 192.0.2.1:4"},
    {"rspamd", "<95b4ff>; proxy; rspamd_task_write_log: id: <m@b.test>"},
    {"rspamd", "<95b4ff"},
    {"amavis", AMAVIS "Checking: gpmDXV7ld-cK [192.0.2.1] <s@b.test> -> <r@c.test>"},
    {"amavis", "Passed CLEAN {RelayedInbound}, x"},
    {"amavis", "(01213-01"},
    {"rspamd", RSPAMD "qid: <x y>, (default: F (no action): [0.00/15.00] []" END},
};

START_TEST(test_other_lines_of_filters_say_nothing)
{
    struct mt_line line = line_of(others[_i].program, others[_i].text);
    static struct mt_record rec;

    ck_assert_msg(mt_parse(&line, &rec) == MT_FOREIGN, "%s", others[_i].text);
}
END_TEST

Suite *mt_suite_filters(void)
{
    Suite *suite = suite_create("filters");
    TCase *lines = tcase_create("lines");

    LOOP(lines, test_a_filters_line_says_this, rows);
    LOOP(lines, test_other_lines_of_filters_say_nothing, others);
    suite_add_tcase(suite, lines);
    return suite;
}
