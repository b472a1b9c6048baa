/* dma's lines, and that an address says nothing but itself. */
#include <check.h>

#include "lines.h"
#include "mailtrace/parser.h"
#include "story.h"
#include "suites.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define TAG          "dma[baca78.559bf17fb680]"

static const struct {
    const char *program, *text;
    enum mt_kind kind; /* MT_KIND_NONE: no form of dma's */
    enum mt_effect effect;
    const char *id, *to;
} rows[] = {
    {"dma[baca78]", "new mail from user=alice uid=1000 envelope_from=<alice@example.org>", MT_KIND_INFO, MT_EFFECT_NONE,
     "", ""},
    {"dma[baca78]", "mail to=<bob@example.net> queued as baca78.559bf17fb680", MT_KIND_FROM, MT_EFFECT_SUBMITS,
     "baca78.559bf17fb680", "bob@example.net"},
    {TAG, "<bob@example.net> trying delivery", MT_KIND_INFO, MT_EFFECT_NONE, "baca78.559bf17fb680", ""},
    {TAG, "<bob@example.net> delivery successful", MT_KIND_TO, MT_EFFECT_DELIVERS, "baca78.559bf17fb680",
     "bob@example.net"},
    {TAG, "<bob> delivery successful", MT_KIND_TO, MT_EFFECT_DELIVERS, "baca78.559bf17fb680", "bob"},
    {TAG, "delivery failed, bouncing as baca79", MT_KIND_DONE, MT_EFFECT_ENDS, "baca78.559bf17fb680", ""},
    {TAG, "can not bounce a bounce message, discarding", MT_KIND_REMOVED, MT_EFFECT_DISCARDS, "baca78.559bf17fb680",
     ""},
    {TAG, "remote delivery deferred: mx.example.net [192.0.2.1] failed after RCPT TO: 450 4.2.0 x", MT_KIND_INFO,
     MT_EFFECT_NONE, "baca78.559bf17fb680", ""},
    {TAG, "connect to mx.example.net [192.0.2.1] failed: Connection refused", MT_KIND_INFO, MT_EFFECT_NONE,
     "baca78.559bf17fb680", ""},
    {TAG, "Server greeting successfully completed", MT_KIND_INFO, MT_EFFECT_NONE, "baca78.559bf17fb680", ""},
    {TAG, "  Server does not support STARTTLS", MT_KIND_INFO, MT_EFFECT_NONE, "baca78.559bf17fb680", ""},
    {TAG, "SSL initialization successful", MT_KIND_INFO, MT_EFFECT_NONE, "baca78.559bf17fb680", ""},
    {TAG, "Could not perform server greeting at mx.example.net [192.0.2.1]: 554 no", MT_KIND_ERROR, MT_EFFECT_NONE,
     "baca78.559bf17fb680", ""},
    {"dma", "can not fork: Cannot allocate memory", MT_KIND_ERROR, MT_EFFECT_NONE, "", ""},
    /* a user's words */
    {"dma[baca78]", "mail to=<x> queued as baca78.1> queued as baca78.559bf17fb680", MT_KIND_FROM, MT_EFFECT_SUBMITS,
     "baca78.559bf17fb680", "x> queued as baca78.1"},
    {TAG, "<x> delivery successful> delivery successful", MT_KIND_TO, MT_EFFECT_DELIVERS, "baca78.559bf17fb680",
     "x> delivery successful"},
    {TAG, "<x> delivery successful> trying delivery", MT_KIND_INFO, MT_EFFECT_NONE, "baca78.559bf17fb680", ""},
    {"dma[baca78]", "new mail from user=alice uid=1 envelope_from=<x> uid=0 envelope_from=<root>", MT_KIND_INFO,
     MT_EFFECT_NONE, "", ""},
    {"dma", "<bob@example.net> delivery successful", MT_KIND_NONE, MT_EFFECT_NONE, "", ""},
    {"dma[x.y]", "<bob@example.net> delivery successful", MT_KIND_NONE, MT_EFFECT_NONE, "", ""},
    {TAG, "mail to=<bob> queued as baca78", MT_KIND_NONE, MT_EFFECT_NONE, "", ""},
    {TAG, "mail to=<bob> queued as .1", MT_KIND_NONE, MT_EFFECT_NONE, "", ""},
    {TAG, "<bob> delivery successful ", MT_KIND_TO, MT_EFFECT_DELIVERS, "baca78.559bf17fb680", "bob"},
    {TAG, "<bob> delivery successful.", MT_KIND_NONE, MT_EFFECT_NONE, "", ""},
    {TAG, "", MT_KIND_NONE, MT_EFFECT_NONE, "", ""},
};

START_TEST(test_a_line_of_dma_says_this)
{
    struct mt_line line = line_of(rows[_i].program, rows[_i].text);
    struct mt_record rec;
    enum mt_verdict verdict = mt_parse(&line, &rec);

    ck_assert_uint_eq(rec.source, MT_SOURCE_dma);
    ck_assert_msg(verdict == (rows[_i].kind ? MT_RECOGNISED : MT_UNRECOGNISED), "%s", rows[_i].text);
    ck_assert_msg(rec.kind == rows[_i].kind, "%s", rows[_i].text);
    if (rows[_i].kind) {
        ck_assert_int_eq(rec.effect, rows[_i].effect);
        expect_slice(mt_get(&rec.f, MT_F_QUEUE_ID), rows[_i].id, rows[_i].text);
        expect_slice(mt_get(&rec.f, MT_F_TO), rows[_i].to, rows[_i].text);
        expect_slice(rec.service, "dma", rows[_i].program);
    }
}
END_TEST

START_TEST(test_a_mail_of_dma_is_told)
{
    struct story s;

    story_start(&s, NULL);
    story_line(&s, "10:00:00", "dma[baca78]: new mail from user=alice uid=1000 envelope_from=<alice@example.org>");
    story_line(&s, "10:00:00", "dma[baca78]: mail to=<bob@example.net> queued as baca78.559bf17fb680");
    story_line(&s, "10:00:00", TAG ": <bob@example.net> trying delivery");
    story_line(&s, "10:00:01", TAG ": <bob@example.net> delivery successful");
    story_finish(&s);
    ck_assert_uint_eq(story_count(&s, NULL), 2);
    story_is(&s, "delivery", 0, "mta", "dma");
    story_is(&s, "delivery", 0, "queue_id", "baca78.559bf17fb680");
    story_is(&s, "delivery", 0, "to", "bob@example.net");
    story_is(&s, "delivery", 0, "status", "sent");
    story_is(&s, "message", 0, "result", "sent");
    story_is(&s, "message", 0, "origin", "local");
    story_end(&s);
}
END_TEST

Suite *mt_suite_dma(void)
{
    Suite *suite = suite_create("dma");
    TCase *lines = tcase_create("lines");

    tcase_add_loop_test(lines, test_a_line_of_dma_says_this, 0, COUNT(rows));
    tcase_add_test(lines, test_a_mail_of_dma_is_told);
    suite_add_tcase(suite, lines);
    return suite;
}
