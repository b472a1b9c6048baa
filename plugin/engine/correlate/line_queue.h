/* Lines of a host that wait for their turn, in order of timestamp, and of arrival where these are equal.
 *
 * They stand in blocks of a bounded size. Nearly all come in order, so that one is added to the last block. One that does not
 * finds its block and its place there by bisection, and a block that is full is divided in two: what has to move for it does not
 * grow with the number of lines.
 */
#ifndef MT_CORRELATE_LINE_QUEUE_H
#define MT_CORRELATE_LINE_QUEUE_H

#include "line_copy.h"

#define MT_LINE_BLOCK 62 /* lines: with these a block has 504 bytes */

struct mt_line_block {
    uint32_t first, n;
    struct mt_line_copy *v[MT_LINE_BLOCK]; /* v[first] to v[first + n - 1] */
};

struct mt_line_queue {
    struct mt_line_block **v; /* v[first] to v[first + nblocks - 1]; none of them is empty */
    size_t first, nblocks, size;
    size_t n;                     /* lines */
    struct mt_line_block *taken;  /* what the last group that was taken lies in, when nothing else does */
    struct mt_line_copy **joined; /* or the group itself, of several blocks */
    size_t joined_size;
};

/* Is a to be taken before b? */
static inline bool mt_line_before(const struct mt_line_copy *a, const struct mt_line_copy *b)
{
    return a->usec != b->usec ? a->usec < b->usec : a->order < b->order;
}

/* As mt_line_queue_add(), where the line is not simply the last one. */
bool mt_line_queue_insert(struct mt_memory *memory, struct mt_line_queue *queue, struct mt_line_copy *line);

/* The line is put in its place and waits (the reference is taken over). False when memory is short. */
static inline bool mt_line_queue_add(struct mt_memory *memory, struct mt_line_queue *queue, struct mt_line_copy *line)
{
    struct mt_line_block *last = queue->n ? queue->v[queue->first + queue->nblocks - 1] : NULL;
    uint32_t end = last ? last->first + last->n : MT_LINE_BLOCK;

    if (end == MT_LINE_BLOCK || mt_line_before(line, last->v[end - 1])) {
        return mt_line_queue_insert(memory, queue, line);
    }
    last->v[end] = line;
    last->n++;
    queue->n++;
    return true;
}

/* The first and the last line; NULL: none waits. */
static inline struct mt_line_copy *mt_line_queue_first(const struct mt_line_queue *queue)
{
    const struct mt_line_block *block = queue->n ? queue->v[queue->first] : NULL;

    return block ? block->v[block->first] : NULL;
}

static inline struct mt_line_copy *mt_line_queue_last(const struct mt_line_queue *queue)
{
    const struct mt_line_block *block = queue->n ? queue->v[queue->first + queue->nblocks - 1] : NULL;

    return block ? block->v[block->first + block->n - 1] : NULL;
}

/* Takes the first line, and all others with its timestamp: *n of them, one behind the other (when memory is short, as many as there
 * are in a block). They may be put into another order, and are there until the next call of this function. There is one at least.
 */
struct mt_line_copy **mt_line_queue_take_group(struct mt_memory *memory, struct mt_line_queue *queue, size_t *n);

static inline struct mt_line_copy **mt_line_queue_take(struct mt_memory *memory, struct mt_line_queue *queue, size_t *n)
{
    struct mt_line_block *block = queue->v[queue->first];
    struct mt_line_copy **lines = block->v + block->first;

    if (block->n == 1 || lines[1]->usec == lines[0]->usec || queue->joined) {
        return mt_line_queue_take_group(memory, queue, n);
    }
    block->first++;
    block->n--;
    queue->n--;
    *n = 1;
    return lines;
}

/* Takes the last one. There is one. */
struct mt_line_copy *mt_line_queue_take_last(struct mt_memory *memory, struct mt_line_queue *queue);

/* For who walks all: the line behind a place, which starts as {0}; NULL: no more. */
struct mt_line_place {
    size_t block;
    uint32_t line;
};
struct mt_line_copy *mt_line_queue_next(const struct mt_line_queue *queue, struct mt_line_place *at);

/* The room alone: whose lines they are, gives them back. */
void mt_line_queue_free(struct mt_memory *memory, struct mt_line_queue *queue);

#endif
