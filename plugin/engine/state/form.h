/* The form of what is on disk: a segment (segment.h) and the mark (mark.h), as those that write and read them share it. */
#ifndef MT_STATE_FORM_H
#define MT_STATE_FORM_H

#include "segment.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#define MT_SEGMENT_MAGIC   "mtstate"
#define MT_BYTE_ORDER_MARK 0x01020304u
#define MT_BEFORE_AT       512 /* struct mt_segment_before */
#define MT_IMAGE_AT        4096
#define MT_PAGE            4096

/* Before each record. */
struct mt_record_head {
    uint32_t n; /* of the content; 0: no record */
    uint32_t kind;
    uint64_t check;
};

static inline uint64_t mt_round_up(uint64_t n, uint64_t to)
{
    return (n + to - 1) / to * to;
}

static inline uint64_t mt_record_size(size_t n)
{
    return mt_round_up(sizeof(struct mt_record_head) + n, 8);
}

/* Not against forgers, who could write anything here, but against chance. */
static inline uint64_t mt_record_check(uint64_t nonce, uint64_t at, uint32_t kind, const void *p, size_t n)
{
    return XXH3_64bits(p, n) ^ (nonce + at * UINT64_C(0x9e3779b97f4a7c15) + kind);
}

static inline uint64_t mt_head_check(const struct mt_segment_head *head)
{
    return XXH3_64bits(head, offsetof(struct mt_segment_head, check));
}

static inline uint64_t mt_before_check(const struct mt_segment_before *before, uint64_t nonce)
{
    return XXH3_64bits_withSeed(before, offsetof(struct mt_segment_before, check), nonce);
}

#endif
