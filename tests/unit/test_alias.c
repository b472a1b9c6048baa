/* Aliases: an entry is found by any of its names, wherever it lies, as long as it is known. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "correlate/internal.h"
#include "lines.h"
#include "mailtrace/shards.h"
#include "mailtrace/syslog.h"
#include "suites.h"

#define ENTRIES 100

static struct mt_correlator *c;
static struct mt_host *host;
static size_t events;
static char last_event[2000];

static void emit(void *ctx, const struct mt_event *event)
{
    struct mt_buffer text = {0};

    (void)ctx;
    ck_assert(mt_event_json(event, &text));
    snprintf(last_event, sizeof last_event, "%.*s", (int)text.n, text.p);
    mt_buffer_free(&text);
    events++;
}

static void setup(void)
{
    struct mt_config config;

    mt_config_default(&config);
    c = mt_correlator_new(&config, emit, NULL);
    host = mt_host_get(c, MT_LIT("mx1"));
    ck_assert_ptr_nonnull(host);
    events = 0;
}

static void teardown(void)
{
    mt_correlator_clear(c);
    mt_index_free(&c->memory, &c->hosts);
    mt_line_copies_free(&c->store);
    mt_memory_put(&c->memory, c->recipients, c->recipients_size * sizeof *c->recipients);
    c->recipients_size = 0;
    c->recipients = NULL;
    ck_assert_uint_eq(c->memory.used, 0);
    mt_correlator_free(c);
}

static struct mt_slice number(unsigned i)
{
    static char text[4][12];
    static unsigned next;
    char *at = text[next++ % 4];

    return mt_slice(at, (size_t)snprintf(at, sizeof *text, "%u", 1000000 + i));
}

static const struct mt_owner nobodys = {.own = false};

static struct mt_message *open_entry(unsigned i)
{
    struct mt_message *m = mt_message_open(&c->messages, host, 1, &nobodys, number(i),
                                           (struct mt_time){INT64_C(1772445600000000) + i, 0, 0});

    ck_assert_ptr_nonnull(m);
    return m;
}

static struct mt_message *entry(unsigned i)
{
    bool several;

    return mt_message_find(&c->messages, host, &nobodys, number(i), 0, &several);
}

static struct mt_alias_name name_of(enum mt_space space, struct mt_slice text)
{
    return (struct mt_alias_name){text, (uint8_t)space};
}

static bool set(struct mt_message *m, enum mt_space space, struct mt_slice text, bool unique)
{
    struct mt_alias_name name = name_of(space, text);

    return mt_alias_set(&c->aliases, m, -1, &name, unique);
}

static struct mt_alias *find(enum mt_space space, struct mt_slice text)
{
    struct mt_alias_name name = name_of(space, text);

    return mt_alias_find(&c->aliases, host, &name);
}

static struct mt_message *found(enum mt_space space, struct mt_slice text)
{
    struct mt_alias *alias = find(space, text);

    return alias ? mt_alias_entry(alias) : NULL;
}

START_TEST(test_an_entry_is_found_by_its_names)
{
    struct mt_alias_name name = name_of(MT_SPACE_DELIVERY, MT_LIT("7"));
    struct mt_host *other = mt_host_get(c, MT_LIT("mx2"));

    for (unsigned i = 0; i < ENTRIES; i++) {
        open_entry(i);
        ck_assert(set(entry(i), MT_SPACE_FILTER, number(i), true));
        ck_assert(set(entry(i), MT_SPACE_QUEUED_BY, number(ENTRIES - i), true));
    }
    for (unsigned i = 0; i < ENTRIES; i++) {
        ck_assert_ptr_eq(found(MT_SPACE_FILTER, number(i)), entry(i));
        ck_assert_ptr_eq(found(MT_SPACE_QUEUED_BY, number(ENTRIES - i)), entry(i));
        ck_assert_ptr_null(found(MT_SPACE_DELIVERY, number(i)));
    }
    ck_assert(mt_alias_set(&c->aliases, entry(3), 5, &name, true));
    ck_assert_int_eq(mt_alias_find(&c->aliases, host, &name)->recipient, 5);
    ck_assert_ptr_null(mt_alias_find(&c->aliases, other, &name));
    ck_assert_int_eq(find(MT_SPACE_FILTER, number(3))->recipient, -1);
}
END_TEST

START_TEST(test_a_name_that_one_entry_has_is_the_last_ones)
{
    open_entry(1), open_entry(2);
    ck_assert(set(entry(1), MT_SPACE_DELIVERY, MT_LIT("7"), true));
    ck_assert(set(entry(2), MT_SPACE_DELIVERY, MT_LIT("7"), true));
    ck_assert_ptr_eq(found(MT_SPACE_DELIVERY, MT_LIT("7")), entry(2));
    ck_assert(!entry(1)->named);
    ck_assert(set(entry(2), MT_SPACE_DELIVERY, MT_LIT("7"), true));
    ck_assert_ptr_null(find(MT_SPACE_DELIVERY, MT_LIT("7"))->older);
    mt_message_forget(&c->messages, entry(2));
    ck_assert_ptr_null(find(MT_SPACE_DELIVERY, MT_LIT("7")));
}
END_TEST

START_TEST(test_of_several_with_a_name_the_youngest_comes_first)
{
    for (unsigned i = 0; i < 5; i++) {
        open_entry(i);
        ck_assert(set(entry(i), MT_SPACE_MESSAGE_ID, MT_LIT("a@b"), false));
    }
    ck_assert(set(entry(2), MT_SPACE_MESSAGE_ID, MT_LIT("a@b"), false)); /* said again: the youngest now */
    ck_assert_ptr_eq(found(MT_SPACE_MESSAGE_ID, MT_LIT("a@b")), entry(2));
    mt_message_forget(&c->messages, entry(2));
    ck_assert_ptr_eq(found(MT_SPACE_MESSAGE_ID, MT_LIT("a@b")), entry(4));
    mt_message_forget(&c->messages, entry(1));
    mt_message_forget(&c->messages, entry(4));
    ck_assert_ptr_eq(found(MT_SPACE_MESSAGE_ID, MT_LIT("a@b")), entry(3));
    ck_assert_ptr_eq(mt_alias_entry(find(MT_SPACE_MESSAGE_ID, MT_LIT("a@b"))->older), entry(0));
}
END_TEST

START_TEST(test_a_name_is_gone_with_its_entry)
{
    struct mt_message *m = open_entry(1);

    ck_assert(set(m, MT_SPACE_FILTER, MT_LIT("x"), true));
    ck_assert(set(m, MT_SPACE_NEXT, MT_LIT("y"), true));
    m->refs++; /* an event of it waits */
    mt_message_ended(&c->messages, m);
    ck_assert_ptr_eq(found(MT_SPACE_FILTER, MT_LIT("x")), m);
    mt_message_release(&c->messages, m);
    ck_assert_ptr_null(find(MT_SPACE_FILTER, MT_LIT("x")));
    ck_assert_ptr_null(find(MT_SPACE_NEXT, MT_LIT("y")));
    ck_assert(!m->named);
    /* another one with its queue ID has nothing of it */
    mt_message_forget(&c->messages, m);
    open_entry(1);
    ck_assert_ptr_null(find(MT_SPACE_FILTER, MT_LIT("x")));
}
END_TEST

static struct mt_message *put_to_rest(struct mt_message *m)
{
    int64_t which = mt_message_recipient(&c->messages, m, MT_LIT("a@b"), mt_slice(NULL, 0));

    m->rcpts.v[which].status = MT_STATUS_DEFERRED;
    m->refs++;
    mt_message_put_to_rest(&c->messages, m);
    return entry(1);
}

START_TEST(test_an_entry_that_is_put_to_rest_and_woken_keeps_its_names)
{
    struct mt_message *m = open_entry(1);

    ck_assert(set(m, MT_SPACE_FILTER, MT_LIT("x"), true));
    for (int i = 0; i < 3; i++) {
        m = put_to_rest(entry(1));
        ck_assert_uint_ne(m->resting, 0);
        ck_assert_ptr_eq(found(MT_SPACE_FILTER, MT_LIT("x")), m);
        m = mt_message_wake(&c->messages, m);
        ck_assert_ptr_eq(found(MT_SPACE_FILTER, MT_LIT("x")), m);
    }
    m = put_to_rest(m);
    ck_assert(set(m, MT_SPACE_NEXT, MT_LIT("y"), true));
    ck_assert_ptr_eq(found(MT_SPACE_NEXT, MT_LIT("y")), m);
    mt_message_forget(&c->messages, m);
    ck_assert_ptr_null(find(MT_SPACE_FILTER, MT_LIT("x")));
}
END_TEST

START_TEST(test_two_entries_with_one_queue_id_have_names_of_their_own)
{
    struct mt_owner one = {.name = MT_LIT("postfix-a"), .own = true}, two = {.name = MT_LIT("postfix-b"), .own = true};
    struct mt_time first = {INT64_C(1772445600000000), 0, 0};
    struct mt_message *a = mt_message_open(&c->messages, host, 1, &one, number(1), first);
    struct mt_message *b = mt_message_open(&c->messages, host, 1, &two, number(1), first);

    ck_assert(set(a, MT_SPACE_FILTER, MT_LIT("x"), true));
    ck_assert(set(b, MT_SPACE_FILTER, MT_LIT("y"), true));
    ck_assert_ptr_eq(found(MT_SPACE_FILTER, MT_LIT("x")), a);
    ck_assert_ptr_eq(found(MT_SPACE_FILTER, MT_LIT("y")), b);
    mt_message_forget(&c->messages, a);
    ck_assert_ptr_null(find(MT_SPACE_FILTER, MT_LIT("x")));
    ck_assert_ptr_eq(found(MT_SPACE_FILTER, MT_LIT("y")), b);
}
END_TEST

START_TEST(test_bounds_are_held_and_counted)
{
    static char longest[MT_ALIAS_LONGEST + 1];

    memset(longest, 'x', sizeof longest);
    open_entry(0);
    ck_assert(set(entry(0), MT_SPACE_FILTER, mt_slice(longest, MT_ALIAS_LONGEST), true));
    ck_assert(!set(entry(0), MT_SPACE_FILTER, mt_slice(longest, MT_ALIAS_LONGEST + 1), true));
    ck_assert_uint_eq(c->aliases.dropped, 1);
    for (unsigned i = 0; i < MT_ALIASES_PER_ENTRY + 9; i++) {
        ck_assert(set(entry(0), MT_SPACE_DELIVERY, number(i), true));
    }
    ck_assert_uint_eq(c->aliases.dropped, 11);
    ck_assert_ptr_null(find(MT_SPACE_DELIVERY, number(8)));
    ck_assert_ptr_nonnull(find(MT_SPACE_DELIVERY, number(9)));
    for (unsigned i = 1; i <= MT_ALIASES_PER_NAME + 3; i++) {
        ck_assert(set(open_entry(i), MT_SPACE_MESSAGE_ID, MT_LIT("a@b"), false));
    }
    ck_assert_uint_eq(c->aliases.dropped, 14);
    ck_assert(!entry(3)->named);
    ck_assert(entry(4)->named);
}
END_TEST

/* --- after a restart --- */

static bool append(void *ctx, const void *p, size_t n)
{
    mt_buffer_append(ctx, p, n);
    return true;
}

START_TEST(test_names_are_known_after_a_restart)
{
    struct mt_config config;
    struct mt_shards *shards;
    struct mt_buffer image = {0};
    struct mt_correlator *own = c;

    mt_config_default(&config);
    shards = mt_shards_new(&config, 1, emit);
    c = mt_shards_at(shards, MT_LIT("mx1"));
    host = mt_host_get(c, MT_LIT("mx1"));
    open_entry(0), open_entry(1), open_entry(2);
    put_to_rest(entry(1));
    for (unsigned i = 0; i < 3; i++) {
        set(entry(i), MT_SPACE_MESSAGE_ID, MT_LIT("a@b"), false);
        set(entry(i), MT_SPACE_FILTER, number(i), true);
    }
    set(entry(0), MT_SPACE_MESSAGE_ID, MT_LIT("a@b"), false);
    mt_shards_save(shards, append, &image);
    mt_shards_free(shards);

    shards = mt_shards_new(&config, 3, emit);
    ck_assert(mt_shards_load(shards, image.p, image.n));
    c = mt_shards_at(shards, MT_LIT("mx1"));
    host = mt_host_get(c, MT_LIT("mx1"));
    for (unsigned i = 0; i < 3; i++) {
        ck_assert_ptr_nonnull(entry(i));
        ck_assert_ptr_eq(found(MT_SPACE_FILTER, number(i)), entry(i));
    }
    ck_assert_ptr_eq(found(MT_SPACE_MESSAGE_ID, MT_LIT("a@b")), entry(0));
    mt_message_forget(&c->messages, entry(0));
    ck_assert_ptr_eq(found(MT_SPACE_MESSAGE_ID, MT_LIT("a@b")), entry(2));
    set(entry(1), MT_SPACE_MESSAGE_ID, MT_LIT("a@b"), false);
    ck_assert_ptr_eq(found(MT_SPACE_MESSAGE_ID, MT_LIT("a@b")), entry(1));
    mt_shards_free(shards);
    mt_buffer_free(&image);
    c = own;
    host = mt_host_get(c, MT_LIT("mx1"));
}
END_TEST

/* --- lines --- */

/* As a reader would give it that reads the alias, and no queue ID where `only` is set. */
static void feed(const char *text, enum mt_space space, const char *alias, bool only)
{
    static struct mt_record rec;
    struct mt_zone zone = {.fixed = true};
    struct mt_line line = {0};

    mt_syslog_read(&zone, mt_slice_str(text), &line);
    ck_assert_int_eq(mt_parse(&line, &rec), MT_RECOGNISED);
    rec.alias = name_of(space, mt_slice_str(alias));
    if (only) {
        mt_drop(&rec.f, MT_F_QUEUE_ID);
    }
    mt_correlator_feed(c, &rec, MT_RECOGNISED, 0);
}

/* INFO: the line only says which recipient the delivery is of; TO: it says neither the entry nor the recipient. */
static void feed_kind(const char *text, enum mt_kind kind, const char *alias)
{
    static struct mt_record rec;
    struct mt_zone zone = {.fixed = true};
    struct mt_line line = {0};

    mt_syslog_read(&zone, mt_slice_str(text), &line);
    ck_assert_int_eq(mt_parse(&line, &rec), MT_RECOGNISED);
    rec.alias = name_of(MT_SPACE_DELIVERY, mt_slice_str(alias));
    rec.kind = (uint8_t)kind;
    if (kind == MT_KIND_TO) {
        mt_drop(&rec.f, MT_F_QUEUE_ID);
        mt_drop(&rec.f, MT_F_TO);
    }
    mt_correlator_feed(c, &rec, MT_RECOGNISED, 0);
}

static struct mt_message *entry_of(const char *queue_id)
{
    bool several;

    return mt_message_find(&c->messages, host, &nobodys, mt_slice_str(queue_id), 0, &several);
}

START_TEST(test_a_line_without_a_queue_id_is_merged_into_the_entry_that_it_names)
{
    feed("2026-03-02T10:00:00+00:00 mx1 postfix/smtpd[4]: 3F2A1C0: client=a.example[192.0.2.1]", MT_SPACE_FILTER, "f7",
         false);
    feed("2026-03-02T10:00:01+00:00 mx1 postfix/cleanup[5]: 3F2A1C0: message-id=<m@a>", MT_SPACE_FILTER, "f7", true);
    feed("2026-03-02T10:00:01+00:00 mx1 postfix/cleanup[5]: 3F2A1C0: message-id=<m@a>", MT_SPACE_FILTER, "f7", true);
    feed("2026-03-02T10:00:02+00:00 mx1 postfix/cleanup[5]: 3F2A1C0: message-id=<other@a>", MT_SPACE_FILTER, "f8",
         true);
    feed("2026-03-02T10:00:03+00:00 mx1 postfix/qmgr[6]: 3F2A1C0: removed", MT_SPACE_NONE, "", false);
    mt_correlator_flush(c, true);
    ck_assert_uint_eq(events, 1);
    ck_assert_ptr_nonnull(strstr(last_event, "\"message_id\":\"m@a\""));
    ck_assert_ptr_nonnull(strstr(last_event, "\"lines\":3"));
    ck_assert_uint_eq(c->stats.repeated, 1);
}
END_TEST

/* As qmail does: one line says which recipient a number stands for, another what became of it. */
START_TEST(test_a_result_is_the_recipients_that_the_alias_names)
{
    feed("2026-03-02T10:00:00+00:00 mx1 postfix/smtpd[4]: 3F2A1C0: client=a.example[192.0.2.1]", MT_SPACE_NONE, "",
         false);
    feed_kind("2026-03-02T10:00:01+00:00 mx1 postfix/smtp[7]: 3F2A1C0: to=<b@c>, relay=none, delay=1, "
              "delays=1/0/0/0, dsn=4.0.0, status=deferred (no)",
              MT_KIND_INFO, "71");
    feed_kind("2026-03-02T10:00:01+00:00 mx1 postfix/smtp[7]: 3F2A1C0: to=<d@e>, relay=none, delay=1, "
              "delays=1/0/0/0, dsn=4.0.0, status=deferred (no)",
              MT_KIND_INFO, "72");
    feed_kind("2026-03-02T10:00:02+00:00 mx1 postfix/smtp[7]: 3F2A1C0: to=<>, relay=d.example[192.0.2.9]:25, "
              "delay=2, delays=1/0/0/1, dsn=2.0.0, status=sent (ok)",
              MT_KIND_TO, "72");
    mt_correlator_flush(c, false);
    ck_assert_uint_eq(events, 1);
    ck_assert_ptr_nonnull(strstr(last_event, "\"event\":\"delivery\""));
    ck_assert_ptr_nonnull(strstr(last_event, "\"to\":\"d@e\""));
    ck_assert_ptr_nonnull(strstr(last_event, "\"status\":\"sent\""));
    ck_assert_uint_eq(entry_of("3F2A1C0")->rcpts.n, 2);
    feed("2026-03-02T10:00:03+00:00 mx1 postfix/qmgr[6]: 3F2A1C0: removed", MT_SPACE_NONE, "", false);
    mt_correlator_flush(c, true);
    ck_assert_ptr_nonnull(strstr(last_event, "{\"to\":\"b@c\"}"));
    ck_assert_ptr_nonnull(strstr(last_event, "{\"to\":\"d@e\",\"status\":\"sent\""));
}
END_TEST

Suite *mt_suite_alias(void)
{
    Suite *suite = suite_create("alias");
    TCase *tc = tcase_create("alias");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_an_entry_is_found_by_its_names);
    tcase_add_test(tc, test_a_name_that_one_entry_has_is_the_last_ones);
    tcase_add_test(tc, test_of_several_with_a_name_the_youngest_comes_first);
    tcase_add_test(tc, test_a_name_is_gone_with_its_entry);
    tcase_add_test(tc, test_an_entry_that_is_put_to_rest_and_woken_keeps_its_names);
    tcase_add_test(tc, test_two_entries_with_one_queue_id_have_names_of_their_own);
    tcase_add_test(tc, test_bounds_are_held_and_counted);
    tcase_add_test(tc, test_names_are_known_after_a_restart);
    tcase_add_test(tc, test_a_line_without_a_queue_id_is_merged_into_the_entry_that_it_names);
    tcase_add_test(tc, test_a_result_is_the_recipients_that_the_alias_names);
    suite_add_tcase(suite, tc);
    return suite;
}
