/* What waits in order: lines, events, and the heap. Whatever order things come in, they leave in theirs. */
#include "suites.h"

#include "base/heap.h"
#include "correlate/event_queue.h"
#include "correlate/line_queue.h"
#include "drawn.h"

#define MANY 3000

static struct mt_memory memory;

/* --- the heap --- */

struct thing {
    struct mt_heap_node node;
    bool gone;
};

static struct thing things[MANY];

START_TEST(test_a_heap_gives_the_least_and_of_equals_the_first)
{
    struct mt_heap heap = {0};
    struct mt_heap_node *before = NULL, *first;

    for (size_t i = 0; i < MANY; i++) {
        things[i] = (struct thing){.node.key = draw(500)};
        ck_assert(mt_heap_add(&memory, &heap, &things[i].node));
    }
    for (size_t i = 0; i < MANY; i += 3) {
        mt_heap_remove(&heap, &things[i].node);
        if (i + 1 < MANY) {
            mt_heap_change(&heap, &things[i + 1].node, draw(500));
        }
    }
    ck_assert_uint_eq(heap.n, MANY - MANY / 3);
    for (; (first = mt_heap_first(&heap)); before = first) {
        ck_assert(!before || before->key < first->key || (before->key == first->key && before->order < first->order));
        mt_heap_remove(&heap, first);
    }
    mt_heap_free(&memory, &heap);
    ck_assert_uint_eq(memory.used, 0);
    mt_memory_free(&memory);
    memory = (struct mt_memory){0};
}
END_TEST

/* --- events --- */

START_TEST(test_events_leave_when_they_are_due_and_of_equals_the_first)
{
    struct mt_event_queue queue = {0};
    struct mt_queued_event *event;
    int64_t due = INT64_MIN;
    uint32_t ordinal = 0, left = 0;

    for (uint32_t i = 0; i < MANY; i++) {
        struct mt_queued_event e = {.due = draw(4) ? i : draw(MANY), .ordinal = i};
        ck_assert(mt_event_queue_add(&memory, &queue, &e));
        if (!draw(8)) {
            mt_event_queue_drop(&queue);
            left++;
        }
    }
    mt_event_queue_sort(&queue);
    for (uint32_t i = 0; i < queue.n; i++) {
        ck_assert_ptr_nonnull(mt_event_queue_at(&queue, i));
    }
    for (; (event = mt_event_queue_first(&queue)); mt_event_queue_drop(&queue), left++) {
        ck_assert(event->due > due || (event->due == due && event->ordinal > ordinal));
        due = event->due;
        ordinal = event->ordinal;
    }
    ck_assert_uint_eq(left, MANY);
    mt_event_queue_free(&memory, &queue);
    ck_assert_uint_eq(memory.used, 0);
    mt_memory_free(&memory);
    memory = (struct mt_memory){0};
}
END_TEST

/* --- lines --- */

static struct mt_line_copy *lines;

static void add_lines(struct mt_line_queue *queue, unsigned times)
{
    for (uint32_t i = 0; i < MANY; i++) {
        lines[i].usec = draw(3) ? i / times : draw(MANY / times);
        lines[i].order = draw(2) ? i : draw(MANY);
        ck_assert(mt_line_queue_add(&memory, queue, &lines[i]));
    }
}

static void check_walk(const struct mt_line_queue *queue)
{
    struct mt_line_place at = {0};
    const struct mt_line_copy *line, *before = NULL;
    size_t n = 0;

    for (; (line = mt_line_queue_next(queue, &at)); before = line, n++) {
        ck_assert(!before || !mt_line_before(line, before));
    }
    ck_assert_uint_eq(n, queue->n);
    ck_assert_ptr_eq(before, mt_line_queue_last(queue));
}

/* times: so many lines have one timestamp, about. */
static void take_all(unsigned times)
{
    struct mt_line_queue queue = {0};
    int64_t last = INT64_MIN;
    size_t taken = 0, n;

    add_lines(&queue, times);
    check_walk(&queue);
    for (unsigned i = 0; i < 10; i++, taken++) {
        const struct mt_line_copy *line = mt_line_queue_last(&queue);
        ck_assert_ptr_eq(mt_line_queue_take_last(&memory, &queue), line);
    }
    while (queue.n) {
        const struct mt_line_copy *first = mt_line_queue_first(&queue);
        struct mt_line_copy **v = mt_line_queue_take(&memory, &queue, &n);
        ck_assert_ptr_eq(v[0], first);
        ck_assert_int_gt(v[0]->usec, last);
        for (size_t i = 1; i < n; i++) {
            ck_assert_int_eq(v[i]->usec, v[0]->usec);
            ck_assert(!mt_line_before(v[i], v[i - 1]));
        }
        last = v[0]->usec;
        taken += n;
    }
    ck_assert_uint_eq(taken, MANY);
    mt_line_queue_free(&memory, &queue);
    ck_assert_uint_eq(memory.used, 0);
}

START_TEST(test_lines_leave_in_their_order)
{
    static const unsigned times[] = {1, 5, 62, 500, MANY};

    lines = calloc(MANY, sizeof *lines);
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        take_all(times[i]);
    }
    free(lines);
    mt_memory_free(&memory);
    memory = (struct mt_memory){0};
}
END_TEST

Suite *mt_suite_queues(void)
{
    Suite *suite = suite_create("queues");
    TCase *tcase = tcase_create("queues");

    tcase_add_test(tcase, test_a_heap_gives_the_least_and_of_equals_the_first);
    tcase_add_test(tcase, test_events_leave_when_they_are_due_and_of_equals_the_first);
    tcase_add_test(tcase, test_lines_leave_in_their_order);
    suite_add_tcase(suite, tcase);
    return suite;
}
