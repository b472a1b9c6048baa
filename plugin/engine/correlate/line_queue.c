#include "line_queue.h"

#define LEAST 4 /* blocks that there is room for at first */

static void free_block(struct mt_memory *memory, struct mt_line_block *block)
{
    mt_memory_put(memory, block, sizeof *block);
}

/* A block in that place among the others; NULL when memory is short. */
static struct mt_line_block *new_block(struct mt_memory *memory, struct mt_line_queue *queue, size_t place)
{
    struct mt_line_block **v =
        mt_memory_make_room(memory, queue->v, sizeof(void *), &queue->first, queue->nblocks, &queue->size, LEAST);
    struct mt_line_block *block;

    if (!v) {
        return NULL;
    }
    queue->v = v;
    block = mt_memory_get(memory, sizeof *block);
    if (block) {
        block->first = block->n = 0;
        v += queue->first + place;
        memmove(v + 1, v, (queue->nblocks - place) * sizeof *v);
        *v = block;
        queue->nblocks++;
    }
    return block;
}

/* The block that the line belongs into: the last one that begins before it, or the first. */
static size_t find_block(const struct mt_line_queue *queue, const struct mt_line_copy *line)
{
    struct mt_line_block *const *v = queue->v + queue->first;
    size_t low = 0, high = queue->nblocks;

    while (low + 1 < high) {
        size_t middle = low + (high - low) / 2;
        if (mt_line_before(line, v[middle]->v[v[middle]->first])) {
            high = middle;
        } else {
            low = middle;
        }
    }
    return low;
}

/* The place in the block: behind all that are not to be taken later. */
static uint32_t find_place(const struct mt_line_block *block, const struct mt_line_copy *line)
{
    uint32_t low = 0, high = block->n;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (mt_line_before(line, block->v[block->first + middle])) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

/* There is room. */
static void put(struct mt_line_block *block, uint32_t place, struct mt_line_copy *line)
{
    struct mt_line_copy **v = block->v + block->first;

    if (block->first && (place < block->n / 2 || block->first + block->n == MT_LINE_BLOCK)) {
        memmove(v - 1, v, place * sizeof *v);
        block->first--;
        v--;
    } else {
        memmove(v + place + 1, v + place, (block->n - place) * sizeof *v);
    }
    v[place] = line;
    block->n++;
}

bool mt_line_queue_insert(struct mt_memory *memory, struct mt_line_queue *queue, struct mt_line_copy *line)
{
    size_t at = queue->n ? find_block(queue, line) : 0;
    struct mt_line_block *block = queue->n ? queue->v[queue->first + at] : NULL, *other;
    uint32_t place = block ? find_place(block, line) : 0;

    bool behind = !block || (place == block->n && block->first + block->n == MT_LINE_BLOCK);

    if (behind || block->n == MT_LINE_BLOCK) {
        other = new_block(memory, queue, block ? at + 1 : 0);
        if (!other) {
            return false;
        }
        if (!behind) { /* the second half goes there */
            other->n = MT_LINE_BLOCK / 2;
            block->n -= other->n;
            memcpy(other->v, block->v + block->n, other->n * sizeof *other->v);
        }
        if (behind || place > block->n) {
            place = behind ? 0 : place - block->n;
            block = other;
        }
    }
    put(block, place, line);
    queue->n++;
    return true;
}

/* How many lines of the block, from its first on, have that timestamp. */
static uint32_t count(const struct mt_line_block *block, int64_t usec)
{
    uint32_t n = 0;

    while (n < block->n && block->v[block->first + n]->usec == usec) {
        n++;
    }
    return n;
}

/* Takes n lines from the beginning of the first block; they stay where they are until the next ones are taken. */
static struct mt_line_copy **take_some(struct mt_memory *memory, struct mt_line_queue *queue, uint32_t n)
{
    struct mt_line_block *block = queue->v[queue->first];
    struct mt_line_copy **lines = block->v + block->first;

    block->first += n;
    block->n -= n;
    queue->n -= n;
    if (!block->n) {
        free_block(memory, queue->taken);
        queue->taken = block;
        queue->first++;
        queue->nblocks--;
    }
    return lines;
}

/* How many lines have the timestamp of the first, when the first block has not all of them; *size: room for them. */
static size_t count_all(const struct mt_line_queue *queue, int64_t usec)
{
    size_t n = 0;

    for (size_t i = 0; i < queue->nblocks; i++) {
        const struct mt_line_block *block = queue->v[queue->first + i];
        uint32_t some = count(block, usec);
        n += some;
        if (some < block->n) {
            break;
        }
    }
    return n;
}

static bool make_joined(struct mt_memory *memory, struct mt_line_queue *queue, size_t n)
{
    struct mt_line_copy **v;

    if (n <= queue->joined_size) {
        return true;
    }
    v = mt_memory_get(memory, n * sizeof *v);
    if (v) {
        mt_memory_put(memory, queue->joined, queue->joined_size * sizeof *v);
        queue->joined = v;
        queue->joined_size = n;
    }
    return v;
}

/* Room that a crowd has taken is given back when the next lines are taken. */
static void leave_joined(struct mt_memory *memory, struct mt_line_queue *queue)
{
    mt_memory_put(memory, queue->joined, queue->joined_size * sizeof *queue->joined);
    queue->joined = NULL;
    queue->joined_size = 0;
}

struct mt_line_copy **mt_line_queue_take_group(struct mt_memory *memory, struct mt_line_queue *queue, size_t *n)
{
    const struct mt_line_block *block = queue->v[queue->first];
    int64_t usec = block->v[block->first]->usec;
    uint32_t some = count(block, usec);
    bool more = some == block->n && queue->nblocks > 1 && count(queue->v[queue->first + 1], usec);
    size_t all = more ? count_all(queue, usec) : some;

    if (queue->joined) {
        leave_joined(memory, queue);
    }
    if (!more || !make_joined(memory, queue, all)) {
        *n = some;
        return take_some(memory, queue, some);
    }
    for (*n = 0; *n < all; *n += some) {
        some = count(queue->v[queue->first], usec);
        memcpy(queue->joined + *n, take_some(memory, queue, some), some * sizeof *queue->joined);
    }
    return queue->joined;
}

struct mt_line_copy *mt_line_queue_take_last(struct mt_memory *memory, struct mt_line_queue *queue)
{
    struct mt_line_block *block = queue->v[queue->first + queue->nblocks - 1];
    struct mt_line_copy *line = block->v[block->first + --block->n];

    queue->n--;
    if (!block->n) {
        queue->nblocks--;
        free_block(memory, block);
    }
    return line;
}

struct mt_line_copy *mt_line_queue_next(const struct mt_line_queue *queue, struct mt_line_place *at)
{
    const struct mt_line_block *block;

    if (at->block == queue->nblocks) {
        return NULL;
    }
    block = queue->v[queue->first + at->block];
    if (at->line == block->n) {
        at->line = 0;
        at->block++;
        return mt_line_queue_next(queue, at);
    }
    return block->v[block->first + at->line++];
}

void mt_line_queue_free(struct mt_memory *memory, struct mt_line_queue *queue)
{
    for (size_t i = 0; i < queue->nblocks; i++) {
        free_block(memory, queue->v[queue->first + i]);
    }
    free_block(memory, queue->taken);
    leave_joined(memory, queue);
    mt_memory_put(memory, queue->v, queue->size * sizeof *queue->v);
    *queue = (struct mt_line_queue){0};
}
