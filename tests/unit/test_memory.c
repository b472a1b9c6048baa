/* Blocks, bags and the index under the correlator. */
#include "suites.h"

#include <stdint.h>
#include <string.h>

#include "drawn.h"
#include "plugin/engine/correlate/bag.h"
#include "plugin/engine/correlate/index.h"

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
            ck_assert_uint_eq((uintptr_t)b->p % 16, 0);
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

/* What a bag should hold. */
static struct {
    char text[600];
    size_t n;
    bool there;
} model[MT_FIELD_COUNT];

static void check_bag(const struct mt_bag *bag)
{
    for (unsigned id = 0; id < MT_FIELD_COUNT; id++) {
        ck_assert_int_eq(mt_bag_has(bag, id), model[id].there);
        if (model[id].there) {
            ck_assert(mt_slice_eq(mt_bag_get(bag, id), mt_slice(model[id].text, model[id].n)));
        }
    }
}

START_TEST(test_a_bag_holds_what_was_put_into_it)
{
    struct mt_memory m = {0};
    struct mt_bag bag = {NULL}, copy = {NULL};
    static const uint64_t kept[2] = {MT_FIELD_BIT(0, MT_F_QUEUE_ID) | MT_FIELD_BIT(0, MT_F_FROM)};
    uint8_t map[256];

    draw_log(2);
    mt_bag_reserve(&m, &bag, 100);
    for (unsigned round = 0; round < 20000; round++) {
        unsigned id = draw(MT_FIELD_COUNT);
        bool replace = draw(2);
        char text[600];
        size_t n = draw(10) ? draw(40) : draw(sizeof text);
        memset(text, (int)('a' + draw(26)), sizeof text);
        mt_bag_put(&m, &bag, id, mt_slice(text, n), replace);
        if (!model[id].there || replace) {
            memcpy(model[id].text, text, n);
            model[id].n = n;
            model[id].there = true;
        }
        if (round % 100 == 0) {
            check_bag(&bag);
        }
    }
    for (unsigned i = 0; i < 256; i++) {
        map[i] = i < MT_FIELD_COUNT ? (uint8_t)i : 255;
    }
    ck_assert(mt_bag_load(&m, &copy, mt_bag_bytes(&bag), map));
    check_bag(&copy);
    mt_bag_keep(&m, &copy, kept);
    for (unsigned id = 0; id < MT_FIELD_COUNT; id++) {
        model[id].there &= id == MT_F_QUEUE_ID || id == MT_F_FROM;
    }
    check_bag(&copy);
    mt_bag_free(&m, &bag);
    mt_bag_free(&m, &copy);
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
        things[i].hash = (uint64_t)draw(400) << (draw(2) * 40);
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

Suite *mt_suite_memory(void)
{
    Suite *suite = suite_create("memory");
    TCase *tc = tcase_create("memory");

    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, test_blocks_are_nobody_elses);
    tcase_add_test(tc, test_a_bag_holds_what_was_put_into_it);
    tcase_add_test(tc, test_the_index_finds_what_is_there_and_nothing_else);
    suite_add_tcase(suite, tc);
    return suite;
}
