/* Blocks, kept fields and the index under the correlator; entries at rest. */
#include "suites.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/index.h"
#include "correlate/host.h"
#include "correlate/kept_fields.h"
#include "drawn.h"

#define BLOCKS 3000

static struct block {
    unsigned char *p;
    size_t n;
    unsigned char fill;
} blocks[BLOCKS];

static void fill(struct block *b)
{
    if (b->n) {
        memset(b->p, b->fill, b->n);
    }
}

static void check_fill(const struct block *b, size_t n)
{
    bool same = true;

    for (size_t i = 0; i < n; i++) {
        same = same && b->p[i] == b->fill;
    }
    ck_assert(same);
}

static void give_back(struct mt_memory *m, struct block *b)
{
    check_fill(b, b->n);
    mt_memory_put(m, b->p, b->n);
    b->p = NULL;
}

static size_t draw_size(void)
{
    return draw(20) ? draw(MT_MEMORY_SMALL + 40) : draw(5000);
}

START_TEST(test_blocks_are_nobody_elses)
{
    struct mt_memory m = {0};

    draw_log(1); /* seeds draw() */
    for (unsigned round = 0; round < 100000; round++) {
        struct block *b = &blocks[draw(round < 50000 ? BLOCKS : 50)]; /* many, then few */
        if (!b->p) {
            *b = (struct block){.n = draw_size(), .fill = (unsigned char)draw(256)};
            b->p = mt_memory_get(&m, b->n);
            ck_assert_ptr_nonnull(b->p);
            ck_assert_uint_eq((uintptr_t)b->p % MT_MEMORY_STEP, 0);
            fill(b);
        } else if (draw(4) == 0) {
            size_t old = b->n;
            b->n = draw_size();
            b->p = mt_memory_resize(&m, b->p, old, b->n);
            ck_assert_ptr_nonnull(b->p);
            check_fill(b, old < b->n ? old : b->n);
            fill(b);
        } else {
            give_back(&m, b);
        }
    }
    for (size_t i = 0; i < BLOCKS; i++) {
        if (blocks[i].p) {
            give_back(&m, &blocks[i]);
        }
    }
    ck_assert_uint_eq(m.used, 0);
    ck_assert_uint_eq(m.failures, 0);
    mt_memory_free(&m);
}
END_TEST

/* What kept fields should hold. */
static struct {
    char text[600];
    size_t n;
    bool there;
} model[MT_FIELD_COUNT];

static void check_kept_fields(const struct mt_kept *kept)
{
    for (unsigned id = 0; id < MT_FIELD_COUNT; id++) {
        ck_assert_int_eq(mt_kept_has(kept, id), model[id].there);
        if (model[id].there) {
            ck_assert(mt_slice_eq(mt_kept_get(kept, id), mt_slice(model[id].text, model[id].n)));
        }
    }
}

START_TEST(test_kept_fields_hold_what_was_put_into_it)
{
    struct mt_memory m = {0};
    struct mt_kept kept = {NULL}, copy = {NULL};
    static const uint64_t which[2] = {MT_FIELD_BIT(0, MT_F_QUEUE_ID) | MT_FIELD_BIT(0, MT_F_FROM)};
    uint8_t map[256];

    draw_log(2);
    mt_kept_reserve(&m, &kept, 100);
    for (unsigned round = 0; round < 20000; round++) {
        unsigned id = draw(MT_FIELD_COUNT);
        bool replace = draw(2);
        char text[600];
        size_t n = draw(10) ? draw(40) : draw(sizeof text);
        memset(text, (int)('a' + draw(26)), sizeof text);
        mt_kept_put(&m, &kept, id, mt_slice(text, n), replace);
        if (!model[id].there || replace) {
            memcpy(model[id].text, text, n);
            model[id].n = n;
            model[id].there = true;
        }
        if (round % 100 == 0) {
            check_kept_fields(&kept);
        }
    }
    for (unsigned i = 0; i < 256; i++) {
        map[i] = i < MT_FIELD_COUNT ? (uint8_t)i : 255;
    }
    ck_assert(mt_kept_load(&m, &copy, mt_kept_bytes(&kept), map));
    check_kept_fields(&copy);
    mt_kept_keep(&m, &copy, which);
    for (unsigned id = 0; id < MT_FIELD_COUNT; id++) {
        model[id].there &= id == MT_F_QUEUE_ID || id == MT_F_FROM;
    }
    check_kept_fields(&copy);
    mt_kept_free(&m, &kept);
    mt_kept_free(&m, &copy);
    ck_assert_uint_eq(m.used, 0);
    mt_memory_free(&m);
}
END_TEST

/* Hashes that collide, so that things stand in each other's places. */
START_TEST(test_the_index_finds_what_is_there_and_nothing_else)
{
    enum { THINGS = 500 };
    static struct thing {
        uint64_t hash;
        bool there;
    } things[THINGS];
    struct mt_memory m = {0};
    struct mt_index index = {0};

    draw_log(3);
    for (unsigned i = 0; i < THINGS; i++) {
        things[i].hash = (uint64_t)draw(400)
                         << (draw(3) * 24); /* beside its upper half alike, or not; at home far apart */
    }
    for (unsigned round = 0; round < 50000; round++) {
        struct thing *t = &things[draw(THINGS)], *found;
        size_t at = 0;
        while ((found = mt_index_next(&index, t->hash, &at)) && found != t) {
            ck_assert_uint_eq(found->hash, t->hash);
        }
        ck_assert_ptr_eq(found, t->there ? t : NULL);
        if (t->there) {
            mt_index_remove(&index, t);
        } else {
            ck_assert(mt_index_add(&m, &index, t));
        }
        t->there = !t->there;
    }
    mt_index_free(&m, &index);
    ck_assert_uint_eq(m.used, 0);
    mt_memory_free(&m);
}
END_TEST

START_TEST(test_a_large_index_finds_what_is_there)
{
    enum { THINGS = 200000 };
    static uint64_t things[THINGS];
    struct mt_memory m = {0};
    struct mt_index index = {0};

    for (uint64_t i = 0; i < THINGS; i++) {
        things[i] = (i + 1) * UINT64_C(0x9e3779b97f4a7c15);
        ck_assert(mt_index_add(&m, &index, &things[i]));
    }
    for (unsigned i = 0; i < THINGS; i += 3) {
        mt_index_remove(&index, &things[i]);
    }
    for (unsigned i = 0; i < THINGS; i++) {
        size_t at = 0;
        ck_assert_ptr_eq(mt_index_next(&index, things[i], &at), i % 3 ? &things[i] : NULL);
    }
    mt_index_free(&m, &index);
    ck_assert_uint_eq(m.used, 0);
    mt_memory_free(&m);
}
END_TEST

/* --- entries at rest --- */

#define ENTRIES 60
#define HASHES  70

static struct mt_memory memory;
static struct mt_host host;
static struct mt_sessions sessions;
static struct mt_messages messages;
static struct mt_session session;

static struct mt_slice draw_text(void)
{
    static char text[300];

    memset(text, (int)('a' + draw(26)), sizeof text);
    return mt_slice(text, draw(8) ? draw(40) : draw(sizeof text));
}

static void start_entries(void)
{
    draw_log(4);
    memory = (struct mt_memory){0};
    host = (struct mt_host){0};
    sessions = (struct mt_sessions){.memory = &memory, .messages = &messages};
    messages = (struct mt_messages){.memory = &memory, .sessions = &sessions, .seed = 5, .max_recipients = 3};
    session = (struct mt_session){.host = &host, .refs = 1};
    mt_kept_put(&memory, &session.kept, MT_F_CLIENT_HELO, MT_LIT("mail.example"), true);
    mt_kept_put(&memory, &session.kept, MT_F_CLIENT_TLS_CIPHER, MT_LIT("TLS_AES_256_GCM_SHA384"), true);
    mt_kept_put(&memory, &session.kept, MT_F_STAGE, MT_LIT("not of a message"), true);
}

static void end_entries(void)
{
    while (host.open.first) {
        mt_message_forget(&messages, host.open.first);
    }
    mt_kept_free(&memory, &session.kept);
    mt_index_free(&memory, &messages.index);
    mt_instances_free(&memory, &host.instances);
    ck_assert_ptr_null(session.messages);
    ck_assert_uint_eq(session.refs, 1);
    ck_assert_uint_eq(memory.used, 0);
    ck_assert_uint_eq(memory.failures, 0);
    mt_memory_free(&memory);
}

static struct mt_slice key_of(unsigned i)
{
    static char key[12];

    return mt_slice(key, (size_t)snprintf(key, sizeof key, "%u", 1000000 + i));
}

static uint64_t line_of(unsigned i, unsigned k)
{
    return UINT64_C(0x9e3779b97f4a7c15) * (i * HASHES + k + 1);
}

static void fill_recipients(struct mt_message *m)
{
    for (unsigned n = draw(6) + 1; n; n--) {
        int64_t which = mt_message_recipient(&messages, m, draw_text(), mt_slice(NULL, 0));
        struct mt_rcpt *rcpt = &m->rcpts.v[which];
        rcpt->attempts = 1 + draw(1000);
        rcpt->status = MT_STATUS_DEFERRED;
        if (which < m->rcpts.stored) {
            rcpt->usec = m->last + (int64_t)draw(4000000) - 2000000;
            rcpt->offset = (int16_t)(draw(1000) - 500);
            rcpt->digits = (uint8_t)draw(7);
            mt_kept_put(&memory, &rcpt->kept, MT_F_TO, draw_text(), true);
            mt_kept_put_int(&memory, &rcpt->kept, MT_F_DELAY, draw(1000000), true);
        }
    }
}

/* An open entry of which much is known, and that waits to be tried again. */
static struct mt_message *make_entry(unsigned i)
{
    struct mt_time first = {INT64_C(1772445600000000) + draw(1000000), (int16_t)(draw(200) - 100), (uint8_t)draw(7)};
    const struct mt_owner owner = {.own = draw(2)};
    struct mt_message *m = mt_message_open(&messages, &host, 1 + (uint8_t)draw(2), &owner, key_of(i), first);

    ck_assert_ptr_nonnull(m);
    mt_message_touch(m, m->last + draw(1000000000));
    for (unsigned id = MT_F_MESSAGE_ID; id <= MT_F_CLIENT_TLS_VERIFY; id += 1 + draw(4)) {
        mt_kept_put(&memory, &m->kept, id, draw_text(), true);
    }
    for (unsigned k = draw(HASHES); k; k--) {
        mt_hashes_add(&memory, &m->seen, line_of(i, k), messages.seed);
    }
    m->lines = draw(1000);
    m->version = (uint16_t)draw(65536);
    m->origin = (uint8_t)draw(MT_ORIGIN_FORWARD + 1);
    m->reason = (uint8_t)draw(3);
    mt_message_set_flags(m, draw(1024));
    fill_recipients(m);
    return m;
}

/* A copy that shares nothing with it. */
static struct mt_message copy_of(const struct mt_message *m)
{
    struct mt_message copy = *m;

    copy.kept.block = NULL;
    ck_assert(mt_kept_of(&memory, &copy.kept, mt_kept_bytes(&m->kept)));
    copy.rcpts = (struct mt_rcpts){0};
    for (uint32_t i = 0; i < m->rcpts.n; i++) {
        const struct mt_rcpt *from = &m->rcpts.v[i];
        struct mt_rcpt *to = mt_message_add_recipient(&messages, &copy, from->hash, i < m->rcpts.stored);
        ck_assert_ptr_nonnull(to);
        *to = *from;
        ck_assert(mt_kept_of(&memory, &to->kept, mt_kept_bytes(&from->kept)));
    }
    copy.seen = (struct mt_hashes){0};
    for (uint32_t n = m->seen.n, at = 0; n; n--) {
        ck_assert(mt_hashes_add(&memory, &copy.seen, mt_hashes_next(&m->seen, &at), messages.seed));
    }
    return copy;
}

static void check_recipients(const struct mt_message *a, const struct mt_message *b)
{
    ck_assert_uint_eq(a->rcpts.n, b->rcpts.n);
    ck_assert_uint_eq(a->rcpts.stored, b->rcpts.stored);
    for (uint32_t i = 0; i < a->rcpts.n; i++) {
        const struct mt_rcpt *x = &a->rcpts.v[i], *y = &b->rcpts.v[i];
        ck_assert_uint_eq(x->hash, y->hash);
        ck_assert_uint_eq(x->attempts, y->attempts);
        ck_assert_uint_eq(x->status, y->status);
        ck_assert_int_eq(x->usec, y->usec);
        ck_assert_int_eq(x->offset, y->offset);
        ck_assert_uint_eq(x->digits, y->digits);
        ck_assert(mt_slice_eq(mt_kept_bytes(&x->kept), mt_kept_bytes(&y->kept)));
    }
}

static void check_same(const struct mt_message *a, const struct mt_message *b)
{
    ck_assert(mt_slice_eq(mt_kept_bytes(&a->kept), mt_kept_bytes(&b->kept)));
    ck_assert_uint_eq(a->seen.n, b->seen.n);
    for (uint32_t n = a->seen.n, at = 0; n; n--) {
        ck_assert(mt_hashes_has(&b->seen, mt_hashes_next(&a->seen, &at), messages.seed));
    }
    ck_assert_uint_eq(a->hash, b->hash);
    ck_assert_int_eq(a->last, b->last);
    ck_assert_int_eq(a->first.usec, b->first.usec);
    ck_assert_int_eq(a->first.offset, b->first.offset);
    ck_assert_uint_eq(a->first.digits, b->first.digits);
    ck_assert_uint_eq(a->lines, b->lines);
    ck_assert_uint_eq(a->version, b->version);
    ck_assert_uint_eq(a->source, b->source);
    ck_assert_uint_eq(a->origin, b->origin);
    ck_assert_uint_eq(a->reason, b->reason);
    ck_assert_uint_eq(mt_message_flags(a), mt_message_flags(b));
    check_recipients(a, b);
}

static struct mt_message *find_entry(unsigned i)
{
    const struct mt_owner owner = {.own = true};
    bool several;

    return mt_message_find(&messages, &host, &owner, key_of(i), 0, &several);
}

static struct mt_message *put_to_rest(struct mt_message *m, unsigned i)
{
    m->refs++;
    mt_message_put_to_rest(&messages, m);
    return find_entry(i);
}

START_TEST(test_an_entry_at_rest_keeps_what_is_known)
{
    unsigned resting = 0;

    start_entries();
    for (unsigned round = 0; round < 20; round++) {
        struct mt_message copies[ENTRIES];
        for (unsigned i = 0; i < ENTRIES; i++) {
            struct mt_message *m = make_entry(i);
            copies[i] = copy_of(m);
            m = put_to_rest(m, i);
            ck_assert_ptr_nonnull(m);
            resting += m->resting > 0;
        }
        for (unsigned i = 0; i < ENTRIES; i++) {
            struct mt_message *m = mt_message_wake(&messages, find_entry(i));
            ck_assert_ptr_nonnull(m);
            ck_assert_uint_eq(m->resting, 0);
            ck_assert_ptr_eq(find_entry(i), m);
            check_same(&copies[i], m);
            mt_message_free_parts(&messages, &copies[i]);
            if (draw(2)) {
                m = put_to_rest(m, i);
            }
            mt_message_forget(&messages, m);
            ck_assert_ptr_null(find_entry(i));
        }
    }
    ck_assert_uint_gt(resting, ENTRIES * 10);
    end_entries();
}
END_TEST

/* The session may end while an entry rests: what it said is the entry's then, as if it had been awake. */
START_TEST(test_an_entry_at_rest_learns_from_its_session)
{
    start_entries();
    for (unsigned round = 0; round < 20; round++) {
        struct mt_message copies[ENTRIES];
        for (unsigned i = 0; i < ENTRIES; i++) {
            struct mt_message *m = make_entry(i);
            copies[i] = copy_of(m);
            mt_kept_copy(&memory, &copies[i].kept, &session.kept, mt_client_fields);
            mt_message_join(m, &session);
            if (draw(4)) {
                put_to_rest(m, i);
            }
        }
        for (unsigned i = 0; i < ENTRIES; i += 1 + draw(3)) { /* out of the middle of the session's list */
            ck_assert_ptr_eq(mt_message_session(find_entry(i)), &session);
            mt_message_wake(&messages, find_entry(i));
        }
        while (session.messages) {
            mt_message_absorb(&sessions, session.messages);
        }
        for (unsigned i = 0; i < ENTRIES; i++) {
            struct mt_message *m = mt_message_wake(&messages, find_entry(i));
            ck_assert_ptr_nonnull(m);
            ck_assert_ptr_null(m->session);
            check_same(&copies[i], m);
            mt_message_free_parts(&messages, &copies[i]);
            mt_message_forget(&messages, m);
        }
    }
    end_entries();
}
END_TEST

/* One recipient more of many must not cost a copy of all. */
START_TEST(test_what_is_large_is_not_put_to_rest)
{
    struct mt_message *m;

    start_entries();
    m = make_entry(0);
    mt_kept_put(&memory, &m->kept, MT_F_SUBJECT, mt_slice(memset((char[9000]){0}, 'x', 9000), 9000), true);
    m = put_to_rest(m, 0);
    ck_assert_uint_eq(m->resting, 0);
    m = make_entry(1);
    for (unsigned i = 0; i < 100; i++) {
        ck_assert_int_ge(mt_message_recipient(&messages, m, draw_text(), key_of(i)), 0);
    }
    m = put_to_rest(m, 1);
    ck_assert_uint_eq(m->resting, 0);
    end_entries();
}
END_TEST

Suite *mt_suite_memory(void)
{
    Suite *suite = suite_create("memory");
    TCase *tc = tcase_create("memory");

    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, test_blocks_are_nobody_elses);
    tcase_add_test(tc, test_kept_fields_hold_what_was_put_into_it);
    tcase_add_test(tc, test_the_index_finds_what_is_there_and_nothing_else);
    tcase_add_test(tc, test_a_large_index_finds_what_is_there);
    tcase_add_test(tc, test_an_entry_at_rest_keeps_what_is_known);
    tcase_add_test(tc, test_an_entry_at_rest_learns_from_its_session);
    tcase_add_test(tc, test_what_is_large_is_not_put_to_rest);
    suite_add_tcase(suite, tc);
    return suite;
}
