/* The stories room: which entry goes on as which, what became of recipients, what is asked for. The events are made up. */
#include <check.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

#include "mailtrace/stories.h"
#include "suites.h"

#define SECOND      INT64_C(1000000)
#define DAY         INT64_C(1711540800000000) /* 2024-03-27T12:00:00Z */
#define ROWS(table) (sizeof(table) / sizeof *(table))

/* An event in few words. Times are seconds of that day; what is NULL is not known. */
struct row {
    enum mt_event_kind kind;
    const char *host, *queue_id;
    int arrived, time;
    const char *mid, *to, *next, *parent, *origin, *from, *orig_to, *ip, *id, *response, *external_id;
    int status; /* 0: sent */
};

#define ROW(KIND, HOST, ID, ARRIVED, TIME, ...)                                                                      \
    {                                                                                                                \
        .kind = MT_EVENT_##KIND, .host = (HOST), .queue_id = (ID), .arrived = (ARRIVED), .time = (TIME), __VA_ARGS__ \
    }
#define MESSAGE(...)  ROW(MESSAGE, __VA_ARGS__)
#define DELIVERY(...) ROW(DELIVERY, __VA_ARGS__)
#define REJECT(...)   ROW(REJECT, __VA_ARGS__)

static void set(struct mt_event *event, enum mt_field id, const char *text)
{
    if (text) {
        mt_set_empty(&event->f, id, mt_slice_str(text));
    }
}

static void make(const struct row *row, struct mt_event *event, struct mt_recipient *recipient)
{
    *event = (struct mt_event){.kind = row->kind};
    set(event, MT_F_HOST, row->host);
    set(event, MT_F_QUEUE_ID, row->queue_id);
    set(event, MT_F_MESSAGE_ID, row->mid);
    set(event, MT_F_FROM, row->from);
    set(event, MT_F_PARENT_QUEUE_ID, row->parent);
    set(event, MT_F_ORIGIN, row->origin);
    set(event, MT_F_CLIENT_IP, row->ip);
    set(event, MT_F_ID, row->id);
    set(event, MT_F_EXTERNAL_ID, row->external_id);
    set(event, MT_F_RESPONSE, row->response);
    mt_set_time(&event->f, MT_F_ARRIVED, (struct mt_time){.usec = DAY + row->arrived * SECOND});
    mt_set_time(&event->f, MT_F_TIME, (struct mt_time){.usec = DAY + row->time * SECOND});
    *recipient = (struct mt_recipient){.to = mt_slice_str(row->to),
                                       .orig_to = mt_slice_str(row->orig_to),
                                       .next_queue_id = mt_slice_str(row->next),
                                       .relay_name = MT_LIT("mx.example.net"),
                                       .relay_ip = MT_LIT("192.0.2.1"),
                                       .status = (uint8_t)(row->status ? row->status : MT_STATUS_SENT),
                                       .delay = -1};
    if (row->kind != MT_EVENT_MESSAGE) {
        set(event, MT_F_TO, row->to);
        set(event, MT_F_ORIG_TO, row->orig_to);
        set(event, MT_F_NEXT_QUEUE_ID, row->next);
        set(event, MT_F_STATUS, mt_status_names[recipient->status]);
    } else if (row->to) {
        mt_mark(&event->f, MT_F_RECIPIENTS);
        event->recipients = recipient;
        event->nrecipients = 1;
    }
}

static bool add(struct mt_stories *s, const struct row *row)
{
    struct mt_event event;
    struct mt_recipient recipient;

    make(row, &event, &recipient);
    return mt_stories_add(s, &event);
}

static struct mt_stories *make_stories(const struct mt_criteria *wanted, const struct row *rows, size_t n)
{
    struct mt_stories *s = mt_stories_new(wanted, UINT64_MAX);

    ck_assert_ptr_nonnull(s);
    for (size_t i = 0; i < n; i++) {
        ck_assert(add(s, &rows[i]));
    }
    ck_assert(mt_stories_join(s));
    return s;
}

static uint32_t entry_of(const struct mt_stories *s, const char *id)
{
    size_t at = 0;
    uint32_t entry = mt_stories_find(s, mt_slice_str(id), &at);

    ck_assert_msg(entry != MT_NONE, "no entry %s", id);
    return entry;
}

/* "PARENT link" of an entry; "-": it has none. */
static const char *origin_of(const struct mt_stories *s, const char *id)
{
    static const char *const links[] = {"none", "hop", "made", "bounce"};
    static char text[128];
    const struct mt_entry *entry = mt_stories_entry(s, entry_of(s, id));
    struct mt_slice parent;

    if (entry->parent == MT_NONE) {
        return "-";
    }
    parent = mt_kept_event_get(&mt_stories_entry(s, entry->parent)->event, MT_F_QUEUE_ID);
    snprintf(text, sizeof text, "%.*s %s", (int)parent.n, parent.p, links[entry->link]);
    return text;
}

struct told {
    char text[4096]; /* "A B C; D; (remark)" */
    size_t n;
};

static bool tell(void *ctx, const struct mt_story *story, const struct mt_remark *remark)
{
    struct told *told = ctx;

    told->n += (size_t)snprintf(told->text + told->n, sizeof told->text - told->n, "%s", told->n ? "; " : "");
    for (uint32_t i = 0; i < story->n; i++) {
        struct mt_slice id =
            mt_kept_event_get(&mt_stories_entry(story->stories, story->entries[i])->event, MT_F_QUEUE_ID);
        told->n += (size_t)snprintf(told->text + told->n, sizeof told->text - told->n, "%s%.*s", i ? " " : "",
                                    (int)id.n, id.p);
    }
    if (remark) {
        struct mt_slice text = mt_kept_event_get(&remark->event, MT_F_RESPONSE);
        told->n += (size_t)snprintf(told->text + told->n, sizeof told->text - told->n, "(%.*s)", (int)text.n, text.p);
    }
    return true;
}

static void assert_told(struct mt_stories *s, const char *want)
{
    struct told told = {.n = 0};

    ck_assert(mt_stories_walk(s, tell, &told));
    ck_assert_str_eq(told.text, want);
}

/* ---- joining ---- */

/* Three hosts, each handing on to the next; the clock of the second is behind. */
static const struct row chain[] = {
    DELIVERY("one", "A1A1A1", 0, 10, .mid = "m@x", .to = "bob@y", .next = "B2B2B2"),
    MESSAGE("one", "A1A1A1", 0, 10, .mid = "m@x", .to = "bob@y", .next = "B2B2B2"),
    DELIVERY("two", "B2B2B2", 9, 20, .mid = "m@x", .to = "bob@y", .next = "C3C3C3"),
    MESSAGE("two", "B2B2B2", 9, 20, .mid = "m@x", .to = "bob@y", .next = "C3C3C3"),
    DELIVERY("six", "C3C3C3", 21, 30, .mid = "m@x", .to = "bob@y"),
    MESSAGE("six", "C3C3C3", 21, 30, .mid = "m@x", .to = "bob@y"),
};

static void assert_chain(const struct row *rows)
{
    struct mt_stories *s = make_stories(NULL, rows, ROWS(chain));

    ck_assert_str_eq(origin_of(s, "A1A1A1"), "-");
    ck_assert_str_eq(origin_of(s, "B2B2B2"), "A1A1A1 hop");
    ck_assert_str_eq(origin_of(s, "C3C3C3"), "B2B2B2 hop");
    for (uint32_t i = 0; i < 3; i++) {
        ck_assert_uint_eq(mt_stories_entry(s, i)->ndeliveries, 1);
    }
    assert_told(s, "A1A1A1 B2B2B2 C3C3C3");
    mt_stories_free(s);
}

/* All orders of the rows from number `fixed` on. */
static void permute(struct row *rows, size_t fixed)
{
    if (fixed == ROWS(chain)) {
        assert_chain(rows);
    }
    for (size_t i = fixed; i < ROWS(chain); i++) {
        struct row row = rows[fixed];
        rows[fixed] = rows[i];
        rows[i] = row;
        permute(rows, fixed + 1);
        rows[i] = rows[fixed];
        rows[fixed] = row;
    }
}

START_TEST(test_hops_are_joined_in_any_order_of_adding)
{
    struct row rows[ROWS(chain)];

    memcpy(rows, chain, sizeof rows);
    permute(rows, 0);
}
END_TEST

START_TEST(test_a_reply_that_names_the_queue_id_of_another_mail_joins_nothing)
{
    static const struct row rows[] = {
        DELIVERY("one", "A1", 0, 10, .mid = "m@x", .to = "bob@y", .next = "B2"),
        MESSAGE("one", "A1", 0, 10, .mid = "m@x", .to = "bob@y", .next = "B2"),
        MESSAGE("two", "B2", 9, 20, .mid = "other@x", .to = "bob@y"),
    };
    struct mt_stories *s = make_stories(NULL, rows, ROWS(rows));

    ck_assert_str_eq(origin_of(s, "B2"), "-");
    ck_assert_uint_eq(mt_stories_delivery(s, 0)->next, MT_NONE);
    mt_stories_free(s);
}
END_TEST

START_TEST(test_a_queue_id_of_another_time_joins_nothing)
{
    static const struct row rows[] = {
        DELIVERY("one", "A1", 0, 10, .mid = "m@x", .to = "bob@y", .next = "B2"),
        MESSAGE("one", "A1", 0, 10, .mid = "m@x", .to = "bob@y", .next = "B2"),
        MESSAGE("two", "B2", 311, 320, .mid = "m@x", .to = "bob@y"),
        MESSAGE("six", "B2", -900, -300, .mid = "m@x", .to = "bob@y"),
    };
    struct mt_stories *s = make_stories(NULL, rows, ROWS(rows));

    ck_assert_uint_eq(mt_stories_delivery(s, 0)->next, MT_NONE);
    mt_stories_free(s);
}
END_TEST

START_TEST(test_of_several_deliveries_that_claim_an_entry_the_nearest_is_believed)
{
    static const struct row rows[] = {
        DELIVERY("liar", "A0", 0, 100, .mid = "m@x", .to = "bob@y", .next = "B2"),
        MESSAGE("liar", "A0", 0, 100, .mid = "m@x", .to = "bob@y", .next = "B2"),
        DELIVERY("one", "A1", 0, 10, .mid = "m@x", .to = "bob@y", .next = "B2"),
        MESSAGE("one", "A1", 0, 10, .mid = "m@x", .to = "bob@y", .next = "B2"),
        MESSAGE("two", "B2", 9, 20, .mid = "m@x", .to = "bob@y"),
    };
    struct mt_stories *s = make_stories(NULL, rows, ROWS(rows));

    ck_assert_str_eq(origin_of(s, "B2"), "A1 hop");
    ck_assert_uint_eq(mt_stories_delivery(s, mt_stories_entry(s, entry_of(s, "A0"))->deliveries)->next, MT_NONE);
    assert_told(s, "A0; A1 B2");
    mt_stories_free(s);
}
END_TEST

START_TEST(test_what_a_host_says_of_its_own_queue_comes_before_what_another_says)
{
    static const struct row rows[] = {
        DELIVERY("other", "A1", 0, 10, .mid = "m@x", .to = "bob@y", .next = "B2"),
        MESSAGE("other", "A1", 0, 10, .mid = "m@x", .to = "bob@y", .next = "B2"),
        MESSAGE("host", "F1", 0, 12, .mid = "m@x", .to = "bob@y"),
        MESSAGE("host", "B2", 10, 20, .mid = "m@x", .to = "bob@y", .parent = "F1", .origin = "filter"),
    };
    struct mt_stories *s = make_stories(NULL, rows, ROWS(rows));

    ck_assert_str_eq(origin_of(s, "B2"), "F1 made");
    mt_stories_free(s);
}
END_TEST

START_TEST(test_what_a_content_filter_gives_back_is_the_same_mail)
{
    static const struct row rows[] = {
        DELIVERY("host", "F1", 0, 10, .mid = "m@x", .to = "bob@y", .next = "B2"),
        MESSAGE("host", "F1", 0, 10, .mid = "m@x", .to = "bob@y", .next = "B2"),
        DELIVERY("host", "B2", 9, 20, .mid = "m@x", .to = "bob@y"),
        MESSAGE("host", "B2", 9, 20, .mid = "m@x", .to = "bob@y", .parent = "F1", .origin = "filter"),
    };
    struct mt_stories *s = make_stories(NULL, rows, ROWS(rows));

    ck_assert_str_eq(origin_of(s, "B2"), "F1 hop");
    assert_told(s, "F1 B2");
    mt_stories_free(s);
}
END_TEST

START_TEST(test_a_filter_that_is_a_program_is_followed_by_its_recipients)
{
    static const struct row rows[] = {
        DELIVERY("host", "F1", 0, 10, .mid = "m@x", .to = "bob@y"),
        DELIVERY("host", "F1", 0, 8, .mid = "m@x", .to = "eve@y"),
        MESSAGE("host", "F1", 0, 10, .mid = "m@x", .to = "bob@y"),
        DELIVERY("host", "B2", 9, 20, .mid = "m@x", .to = "bob@y"),
        MESSAGE("host", "B2", 9, 20, .mid = "m@x", .to = "bob@y", .parent = "F1", .origin = "filter"),
    };
    struct mt_stories *s = make_stories(NULL, rows, ROWS(rows));
    struct mt_fate fate;

    ck_assert_str_eq(origin_of(s, "B2"), "F1 hop");
    mt_stories_fate(s, 0, 0, &fate);
    ck_assert_uint_eq(fate.next, 1);
    ck_assert_uint_eq(mt_stories_delivery(s, 0)->next, MT_NONE);
    mt_stories_free(s);
}
END_TEST

START_TEST(test_the_next_host_may_know_its_entry_by_another_id)
{
    static const struct row rows[] = {
        DELIVERY("one", "A1", 0, 10, .mid = "m@x", .to = "bob@y", .next = "1711.77"),
        MESSAGE("one", "A1", 0, 10, .mid = "m@x", .to = "bob@y", .next = "1711.77"),
        MESSAGE("two", "B2", 9, 20, .mid = "m@x", .to = "bob@y", .external_id = "1711.77"),
    };
    struct mt_stories *s = make_stories(NULL, rows, ROWS(rows));

    ck_assert_str_eq(origin_of(s, "B2"), "A1 hop");
    mt_stories_free(s);
}
END_TEST

START_TEST(test_a_parent_is_the_entry_that_had_the_id_last)
{
    static const struct row rows[] = {
        MESSAGE("host", "F1", 0, 5, .mid = "old@x", .to = "bob@y"),
        MESSAGE("else", "F1", 9, 12, .mid = "m@x", .to = "bob@y"),
        MESSAGE("host", "F1", 8, 12, .mid = "m@x", .to = "bob@y"),
        MESSAGE("host", "F1", 50, 60, .mid = "new@x", .to = "bob@y"),
        MESSAGE("host", "B2", 10, 20, .mid = "n@x", .to = "bob@y", .parent = "F1", .origin = "bounce"),
    };
    struct mt_stories *s = make_stories(NULL, rows, ROWS(rows));

    ck_assert_uint_eq(mt_stories_entry(s, 4)->parent, 2);
    ck_assert_int_eq(mt_stories_entry(s, 4)->link, MT_LINK_BOUNCE);
    mt_stories_free(s);
}
END_TEST

START_TEST(test_entries_that_name_one_another_end)
{
    static const struct row rows[] = {
        DELIVERY("one", "A1", 0, 1, .mid = "m@x", .to = "bob@y", .next = "B2"),
        MESSAGE("one", "A1", 0, 5, .mid = "m@x", .to = "bob@y", .next = "B2", .parent = "C3"),
        DELIVERY("one", "B2", 0, 2, .mid = "m@x", .to = "bob@y", .next = "C3"),
        MESSAGE("one", "B2", 0, 5, .mid = "m@x", .to = "bob@y", .next = "C3", .parent = "A1"),
        DELIVERY("one", "C3", 0, 3, .mid = "m@x", .to = "bob@y", .next = "A1"),
        MESSAGE("one", "C3", 0, 5, .mid = "m@x", .to = "bob@y", .next = "A1", .parent = "B2"),
        DELIVERY("one", "D4", 0, 3, .mid = "m@x", .to = "bob@y", .next = "D4", .parent = "D4"),
        MESSAGE("one", "D4", 0, 5, .mid = "m@x", .to = "bob@y", .next = "D4", .parent = "D4"),
    };
    struct mt_stories *s = make_stories(NULL, rows, ROWS(rows));
    unsigned without = 0;

    for (uint32_t i = 0; i < 4; i++) {
        without += mt_stories_entry(s, i)->parent == MT_NONE;
    }
    ck_assert_uint_eq(without, 2);
    ck_assert_str_eq(origin_of(s, "D4"), "-");
    mt_stories_free(s);
}
END_TEST

START_TEST(test_a_queue_id_used_again_within_a_second_keeps_its_deliveries_apart)
{
    static const struct row rows[] = {
        DELIVERY("one", "A1", 0, 0, .mid = "first@x", .to = "bob@y"),
        MESSAGE("one", "A1", 0, 0, .mid = "first@x", .to = "bob@y"),
        DELIVERY("one", "A1", 0, 0, .mid = "second@x", .to = "eve@y"),
        MESSAGE("one", "A1", 0, 0, .mid = "second@x", .to = "eve@y"),
        DELIVERY("one", "A1", 0, 0, .mid = "second@x", .to = "joe@y"),
        DELIVERY("one", "A1", 9, 9, .mid = "third@x", .to = "ann@y"),
        MESSAGE("one", "A1", 9, 9, .mid = "third@x", .to = "ann@y"),
    };
    struct mt_stories *s = make_stories(NULL, rows, ROWS(rows));

    ck_assert_uint_eq(mt_stories_entry(s, 0)->ndeliveries, 1);
    ck_assert_uint_eq(mt_stories_entry(s, 1)->ndeliveries, 2);
    ck_assert_uint_eq(mt_stories_entry(s, 2)->ndeliveries, 1);
    mt_stories_free(s);
}
END_TEST

START_TEST(test_what_is_added_after_joining_is_joined_by_joining_again)
{
    struct mt_stories *s = make_stories(NULL, chain, 4);

    assert_told(s, "A1A1A1 B2B2B2");
    ck_assert(add(s, &chain[5]));
    ck_assert(add(s, &chain[4]));
    ck_assert(mt_stories_join(s));
    assert_told(s, "A1A1A1 B2B2B2 C3C3C3");
    mt_stories_free(s);
}
END_TEST

START_TEST(test_an_event_that_is_added_twice_is_one)
{
    static const struct row rows[] = {
        DELIVERY("one", "A1", 0, 0, .mid = "m@x", .to = "bob@y", .id = "1"),
        MESSAGE("one", "A1", 0, 0, .mid = "m@x", .to = "bob@y", .id = "2"),
        REJECT("one", NULL, 0, 0, .to = "x@y", .id = "3"),
        DELIVERY("one", "A1", 0, 0, .mid = "m@x", .to = "bob@y", .id = "1"),
        MESSAGE("one", "A1", 0, 0, .mid = "m@x", .to = "bob@y", .id = "2"),
        REJECT("one", NULL, 0, 0, .to = "x@y", .id = "3"),
    };
    struct mt_stories *s = make_stories(NULL, rows, ROWS(rows));

    ck_assert_uint_eq(mt_stories_entries(s), 1);
    ck_assert_uint_eq(mt_stories_entry(s, 0)->ndeliveries, 1);
    assert_told(s, "A1; ()");
    ck_assert_uint_eq(mt_stories_left_out(s), 0);
    mt_stories_free(s);
}
END_TEST

START_TEST(test_memory_is_bounded_and_what_is_left_out_is_counted)
{
    struct mt_stories *s = mt_stories_new(NULL, 64 * 1024);
    uint64_t added = 0;

    for (int i = 0; i < 10000; i++) {
        char id[16];
        struct row row = MESSAGE("host", id, i, i, .mid = "m@x", .to = "bob@y");
        snprintf(id, sizeof id, "Q%d", i);
        added += add(s, &row);
    }
    ck_assert_uint_gt(added, 50);
    ck_assert_uint_eq(mt_stories_left_out(s), 10000 - added);
    ck_assert(mt_stories_join(s));
    ck_assert_uint_eq(mt_stories_entries(s), added);
    mt_stories_free(s);
}
END_TEST

/* ---- recipients ---- */

#define MANY 2000

START_TEST(test_a_message_to_many_recipients_is_told_for_each)
{
    static struct mt_recipient recipients[MANY];
    static char to[MANY][32], next[MANY][16];
    struct mt_stories *s = mt_stories_new(NULL, UINT64_MAX);
    struct row row = DELIVERY("host", "A1", 0, 1, .mid = "m@x");
    struct mt_event event;
    struct mt_fate fate;

    for (size_t i = 0; i < MANY; i++) {
        snprintf(to[i], sizeof to[i], "user%zu@y", i);
        snprintf(next[i], sizeof next[i], "N%zu", i);
        row.to = to[i];
        row.next = next[i];
        ck_assert(add(s, &row));
        ck_assert(i % 2 == 0 || add(s, &row));
        make(&row, &event, &recipients[i]);
        ck_assert(add(s, &(struct row)MESSAGE("next", next[i], 1, 2, .mid = "m@x", .to = to[i])));
    }
    row.kind = MT_EVENT_MESSAGE;
    make(&row, &event, &recipients[MANY - 1]);
    event.recipients = recipients;
    event.nrecipients = MANY;
    ck_assert(mt_stories_add(s, &event));
    ck_assert(mt_stories_join(s));
    for (size_t i = 0; i < MANY; i++) {
        mt_stories_fate(s, MANY, i, &fate);
        ck_assert_uint_eq(fate.nattempts, i % 2 ? 2 : 1);
        ck_assert_uint_eq(fate.next, i);
        ck_assert_uint_eq(mt_stories_entry(s, (uint32_t)i)->parent, MANY);
    }
    mt_stories_free(s);
}
END_TEST

START_TEST(test_aliases_of_one_mailbox_have_their_own_attempts)
{
    static const struct row rows[] = {
        DELIVERY("one", "A1", 0, 1, .mid = "m@x", .to = "box@y", .next = "N1", .orig_to = "a@y"),
        DELIVERY("one", "A1", 0, 2, .mid = "m@x", .to = "box@y", .next = "N2", .orig_to = "b@y"),
        DELIVERY("one", "A1", 0, 3, .mid = "m@x", .to = "box@y", .next = "N3", .orig_to = "a@y"),
        MESSAGE("one", "A1", 0, 3, .mid = "m@x", .to = "box@y", .orig_to = "a@y"),
        DELIVERY("one", "B1", 0, 1, .mid = "m@x", .to = "box@y", .orig_to = "c@y"),
        DELIVERY("one", "B1", 0, 2, .mid = "m@x", .to = "box@y"),
        MESSAGE("one", "B1", 0, 2, .mid = "m@x", .to = "box@y"),
    };
    struct mt_stories *s = make_stories(NULL, rows, ROWS(rows));
    struct mt_fate fate;

    mt_stories_fate(s, 0, 0, &fate);
    ck_assert_uint_eq(fate.nattempts, 2);
    ck_assert_uint_eq(mt_fate_attempt(s, &fate, 0), 0);
    ck_assert_uint_eq(fate.last, 2);
    mt_stories_fate(s, 1, 0, &fate);
    ck_assert_uint_eq(fate.nattempts, 2);
    mt_stories_free(s);
}
END_TEST

static const struct {
    enum mt_status status;
    const char *ip, *name, *path, *next;
    enum mt_fate_kind fate;
} fates[] = {
    {MT_STATUS_SENT, "192.0.2.1", "mx", NULL, "B2", MT_FATE_ACCEPTED},
    {MT_STATUS_SENT, NULL, "mx", "private/lmtp", NULL, MT_FATE_STORE},
    {MT_STATUS_SENT, NULL, NULL, NULL, NULL, MT_FATE_HERE},
    {MT_STATUS_SENT, NULL, NULL, NULL, "B2", MT_FATE_FORWARDED},
    {MT_STATUS_DEFERRED, "192.0.2.1", "mx", NULL, NULL, MT_FATE_WAITING},
    {MT_STATUS_BOUNCED, "192.0.2.1", "mx", NULL, NULL, MT_FATE_REFUSED},
    {MT_STATUS_BOUNCED, NULL, NULL, NULL, NULL, MT_FATE_FAILED},
    {MT_STATUS_EXPIRED, "192.0.2.1", "mx", NULL, NULL, MT_FATE_EXPIRED},
    {MT_STATUS_DISCARDED, NULL, NULL, NULL, NULL, MT_FATE_DISCARDED},
    {MT_STATUS_DELIVERABLE, NULL, NULL, NULL, NULL, MT_FATE_PROBE_GOOD},
    {MT_STATUS_UNDELIVERABLE, NULL, NULL, NULL, NULL, MT_FATE_PROBE_BAD},
    {MT_STATUS_NONE, NULL, NULL, NULL, NULL, MT_FATE_UNKNOWN},
};

START_TEST(test_a_status_and_where_it_went_make_a_fate)
{
    struct mt_recipient recipient;
    struct row row = MESSAGE("host", "A1", 0, 1, .mid = "m@x", .to = "bob@y");
    struct mt_event event;
    struct mt_stories *s = mt_stories_new(NULL, UINT64_MAX);
    struct mt_fate fate;

    make(&row, &event, &recipient);
    recipient.status = (uint8_t)fates[_i].status;
    recipient.relay_ip = mt_slice_str(fates[_i].ip);
    recipient.relay_name = mt_slice_str(fates[_i].name);
    recipient.relay_path = mt_slice_str(fates[_i].path);
    recipient.next_queue_id = mt_slice_str(fates[_i].next);
    ck_assert(mt_stories_add(s, &event));
    ck_assert(mt_stories_join(s));
    mt_stories_fate(s, 0, 0, &fate);
    ck_assert_int_eq(fate.kind, fates[_i].fate);
    mt_stories_free(s);
}
END_TEST

/* ---- telling ---- */

START_TEST(test_the_story_of_a_notification_begins_with_it)
{
    static const struct row rows[] = {
        MESSAGE("host", "A1", 0, 5, .mid = "m@x", .to = "bob@y", .from = "ann@x"),
        MESSAGE("host", "B2", 4, 9, .mid = "n@x", .to = "ann@x", .parent = "A1", .origin = "bounce", .from = ""),
    };
    const struct mt_criteria wanted = {.queue_id = MT_LIT("B2")};
    struct mt_stories *s = make_stories(&wanted, rows, ROWS(rows));

    assert_told(s, "B2");
    mt_stories_free(s);
    s = make_stories(NULL, rows, ROWS(rows));
    assert_told(s, "A1 B2");
    assert_told(s, "A1 B2");
    mt_stories_free(s);
}
END_TEST

START_TEST(test_stories_come_by_arrival_and_any_hop_leads_to_the_whole)
{
    static const struct row rows[] = {
        MESSAGE("two", "D4", 5, 90, .mid = "late@x", .to = "bob@y"),
        MESSAGE("two", "E5", 1, 91, .mid = "early@x", .to = "eve@y"),
    };
    const struct mt_criteria wanted = {.queue_id = MT_LIT("C3C3C3")};
    struct mt_stories *s = make_stories(NULL, rows, ROWS(rows));

    assert_told(s, "E5; D4");
    mt_stories_free(s);
    s = make_stories(&wanted, chain, ROWS(chain));
    assert_told(s, "A1A1A1 B2B2B2 C3C3C3");
    mt_stories_free(s);
}
END_TEST

START_TEST(test_a_remark_that_refused_nothing_is_told_with_its_mail)
{
    static const struct row rows[] = {
        REJECT("host", NULL, 0, 0, .to = "bob@y", .from = "ann@x", .ip = "192.0.2.7", .response = "filter"),
        DELIVERY("host", "A1", 1, 5, .mid = "m@x", .to = "bob@y", .from = "ann@x", .ip = "192.0.2.7"),
        MESSAGE("host", "A1", 1, 5, .mid = "m@x", .to = "bob@y", .from = "ann@x", .ip = "192.0.2.7"),
        REJECT("host", NULL, 0, 0, .to = "eve@y", .from = "ann@x", .ip = "192.0.2.7", .response = "another recipient"),
        REJECT("host", NULL, 0, 0, .to = "bob@y", .from = "ann@x", .ip = "192.0.2.8", .response = "another client"),
        REJECT("host", NULL, 0, 0, .to = "bob@y", .from = "joe@x", .ip = "192.0.2.7", .response = "another sender"),
        REJECT("else", NULL, 0, 0, .to = "bob@y", .from = "ann@x", .ip = "192.0.2.7", .response = "another host"),
        REJECT("host", NULL, 9, 9, .to = "bob@y", .from = "ann@x", .ip = "192.0.2.7", .response = "afterwards"),
        REJECT("host", "A1", 2, 2, .to = "bob@y", .response = "named"),
    };
    struct mt_stories *s = make_stories(NULL, rows, ROWS(rows));

    assert_told(s, "A1; (another recipient); (another client); (another sender); (another host); (afterwards)");
    ck_assert_uint_eq(mt_stories_entry(s, 0)->remarks, 0);
    ck_assert_uint_eq(mt_stories_remark(s, 0)->next, 5 + 1);
    mt_stories_free(s);
}
END_TEST

START_TEST(test_a_refusal_stands_alone)
{
    struct row row = REJECT("host", NULL, 0, 0, .to = "bob@y", .from = "ann@x", .ip = "192.0.2.7", .response = "no");
    struct mt_stories *s = mt_stories_new(NULL, UINT64_MAX);
    struct mt_event event;
    struct mt_recipient recipient;

    make(&row, &event, &recipient);
    mt_set_int(&event.f, MT_F_REPLY_CODE, 550);
    ck_assert(mt_stories_add(s, &event));
    ck_assert(add(
        s, &(struct row)DELIVERY("host", "A1", 1, 5, .mid = "m@x", .to = "bob@y", .from = "ann@x", .ip = "192.0.2.7")));
    ck_assert(add(
        s, &(struct row)MESSAGE("host", "A1", 1, 5, .mid = "m@x", .to = "bob@y", .from = "ann@x", .ip = "192.0.2.7")));
    ck_assert(mt_stories_join(s));
    assert_told(s, "A1; (no)");
    mt_stories_free(s);
}
END_TEST

static bool write_json(void *ctx, const struct mt_story *story, const struct mt_remark *remark)
{
    struct mt_buffer *out = ctx;

    ck_assert_ptr_null(remark);
    ck_assert(mt_story_json(story, out));
    mt_buffer_append(out, "", 1);
    return true;
}

START_TEST(test_a_trace_sums_up_hops_and_recipients)
{
    static const struct row rows[] = {
        DELIVERY("one", "A1", 0, 10, .mid = "m@x", .to = "bob@y", .next = "B2"),
        MESSAGE("one", "A1", 0, 10, .mid = "m@x", .to = "bob@y", .next = "B2", .from = "", .id = "0f1e"),
        MESSAGE("one", "C3", 5, 12, .mid = "n@x", .to = "ann@x", .parent = "A1", .origin = "bounce"),
        MESSAGE("two", "B2", 9, 20, .mid = "m@x", .to = "bob@y", .status = MT_STATUS_BOUNCED),
    };
    struct mt_stories *s = make_stories(NULL, rows, ROWS(rows));
    struct mt_buffer out = {0};

    ck_assert(mt_stories_walk(s, write_json, &out));
    ck_assert_str_eq(
        out.p, "{\"event\":\"trace\",\"id\":\"f0e1\",\"time\":\"2024-03-27T12:00:20+00:00\",\"message_id\":\"m@x\","
               "\"from\":\"\","
               "\"arrived\":\"2024-03-27T12:00:00+00:00\",\"hops\":["
               "{\"host\":\"one\",\"queue_id\":\"A1\",\"arrived\":\"2024-03-27T12:00:00+00:00\",\"time\":\"2024-03-"
               "27T12:00:10+00:00\"},"
               "{\"host\":\"one\",\"queue_id\":\"C3\",\"arrived\":\"2024-03-27T12:00:05+00:00\",\"time\":\"2024-03-"
               "27T12:00:12+00:00\","
               "\"parent\":0,\"link\":\"bounce\"},"
               "{\"host\":\"two\",\"queue_id\":\"B2\",\"arrived\":\"2024-03-27T12:00:09+00:00\",\"time\":\"2024-03-"
               "27T12:00:20+00:00\","
               "\"parent\":0,\"link\":\"hop\"}],\"recipients\":[{\"to\":\"bob@y\",\"status\":\"bounced\",\"hop\":2}]}");
    mt_buffer_free(&out);
    mt_stories_free(s);
}
END_TEST

START_TEST(test_a_trace_of_any_text_is_valid_json)
{
    char text[256];
    struct row row = MESSAGE(text, text, 0, 1, .mid = text, .to = text, .next = text, .from = text, .orig_to = text);
    struct mt_stories *s;
    struct mt_buffer out = {0};
    struct json_object *tree;

    for (int i = 0; i < 255; i++) {
        text[i] = (char)(255 - i);
    }
    text[255] = '\0';
    s = make_stories(NULL, &row, 1);
    ck_assert(mt_stories_walk(s, write_json, &out));
    tree = json_tokener_parse(out.p);
    ck_assert_ptr_nonnull(tree);
    json_object_put(tree);
    mt_buffer_free(&out);
    mt_stories_free(s);
}
END_TEST

/* ---- criteria ---- */

static const struct {
    struct mt_criteria wanted;
    bool met;
} criteria[] = {
    {{.message_id = {"m@x", 3}}, true},
    {{.message_id = {"M@x", 3}}, false},
    {{.queue_id = {"A1", 2}}, true},
    {{.queue_id = {"A", 1}}, false},
    {{.from = {"ANN@x", 5}}, true},
    {{.from = {"@X", 2}}, true},
    {{.from = {"nn@x", 4}}, false},
    {{.null_sender = true}, false},
    {{.to = {"bob@y", 5}}, true},
    {{.to = {"b@y", 3}}, true},
    {{.to = {"@y", 2}, .status = MT_STATUS_SENT}, true},
    {{.to = {"@y", 2}, .status = MT_STATUS_BOUNCED}, false},
    {{.ip = {"192.0.2.7", 9}}, true},
    {{.ip = {"192.0.2.1", 9}}, true},
    {{.ip = {"192.0.2.9", 9}}, false},
    {{.since = DAY + 5 * SECOND, .until = INT64_MAX}, true},
    {{.since = DAY + 6 * SECOND, .until = INT64_MAX}, false},
    {{.since = INT64_MIN, .until = DAY}, false},
    {{.message_id = {"m@x", 3}, .to = {"eve@y", 5}}, false},
    {{.status = MT_STATUS_REJECTED}, false},
};

START_TEST(test_an_entry_has_to_meet_all_criteria)
{
    static const struct row row =
        MESSAGE("host", "A1", 1, 5, .mid = "m@x", .to = "bob@y", .from = "ann@x", .ip = "192.0.2.7", .orig_to = "b@y");
    struct mt_event event;
    struct mt_recipient recipient;

    make(&row, &event, &recipient);
    ck_assert_int_eq(mt_criteria_message(&criteria[_i].wanted, &event), criteria[_i].met);
}
END_TEST

START_TEST(test_message_ids_are_the_same_as_servers_log_them)
{
    char wanted[120];

    memset(wanted, 'x', sizeof wanted);
    ck_assert(mt_same_message_id(MT_LIT("a\001b@x"), MT_LIT("a?b@x")));
    ck_assert(!mt_same_message_id(MT_LIT("a-b@x"), MT_LIT("a?b@x")));
    ck_assert(mt_same_message_id(MT_LIT("a@x"), MT_LIT("<a@x>")));
    ck_assert(mt_same_message_id(mt_slice(wanted, 120), mt_slice(wanted, 95)));
    ck_assert(!mt_same_message_id(mt_slice(wanted, 120), mt_slice(wanted, 80)));
    ck_assert(mt_same_ip(MT_LIT("fd77::12"), MT_LIT("fd77:0:0:0:0:0:0:12")));
    ck_assert(!mt_same_ip(MT_LIT("x"), MT_LIT("x")));
}
END_TEST

Suite *mt_suite_stories(void)
{
    Suite *suite = suite_create("stories");
    TCase *tests = tcase_create("stories");

    tcase_add_test(tests, test_hops_are_joined_in_any_order_of_adding);
    tcase_add_test(tests, test_a_reply_that_names_the_queue_id_of_another_mail_joins_nothing);
    tcase_add_test(tests, test_a_queue_id_of_another_time_joins_nothing);
    tcase_add_test(tests, test_of_several_deliveries_that_claim_an_entry_the_nearest_is_believed);
    tcase_add_test(tests, test_what_a_host_says_of_its_own_queue_comes_before_what_another_says);
    tcase_add_test(tests, test_what_a_content_filter_gives_back_is_the_same_mail);
    tcase_add_test(tests, test_a_filter_that_is_a_program_is_followed_by_its_recipients);
    tcase_add_test(tests, test_the_next_host_may_know_its_entry_by_another_id);
    tcase_add_test(tests, test_a_parent_is_the_entry_that_had_the_id_last);
    tcase_add_test(tests, test_entries_that_name_one_another_end);
    tcase_add_test(tests, test_a_queue_id_used_again_within_a_second_keeps_its_deliveries_apart);
    tcase_add_test(tests, test_what_is_added_after_joining_is_joined_by_joining_again);
    tcase_add_test(tests, test_an_event_that_is_added_twice_is_one);
    tcase_add_test(tests, test_memory_is_bounded_and_what_is_left_out_is_counted);
    tcase_add_test(tests, test_a_message_to_many_recipients_is_told_for_each);
    tcase_add_test(tests, test_aliases_of_one_mailbox_have_their_own_attempts);
    tcase_add_loop_test(tests, test_a_status_and_where_it_went_make_a_fate, 0, (int)ROWS(fates));
    tcase_add_test(tests, test_the_story_of_a_notification_begins_with_it);
    tcase_add_test(tests, test_stories_come_by_arrival_and_any_hop_leads_to_the_whole);
    tcase_add_test(tests, test_a_remark_that_refused_nothing_is_told_with_its_mail);
    tcase_add_test(tests, test_a_refusal_stands_alone);
    tcase_add_test(tests, test_a_trace_sums_up_hops_and_recipients);
    tcase_add_test(tests, test_a_trace_of_any_text_is_valid_json);
    tcase_add_loop_test(tests, test_an_entry_has_to_meet_all_criteria, 0, (int)ROWS(criteria));
    tcase_add_test(tests, test_message_ids_are_the_same_as_servers_log_them);
    suite_add_tcase(suite, tests);
    return suite;
}
