/* Copying text that JSON takes as it is: the hot loop of json_text.c.
 *
 * Clean are the bytes 0x20 to 0x7F without '"' and '\\'. They are examined 16 at a time,
 * with SSE2 where there is.
 */
#ifndef MT_EVENT_CLEAN_H
#define MT_EVENT_CLEAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t mt_load8(const char *p)
{
    uint64_t word;

    memcpy(&word, p, sizeof word);
    return word;
}

static inline uint64_t mt_load4(const char *p)
{
    uint32_t word;

    memcpy(&word, p, sizeof word);
    return word;
}

#ifdef __SSE2__
#include <emmintrin.h>

typedef __m128i mt_block;

static inline mt_block mt_block_load(const char *p)
{
    return _mm_loadu_si128((const __m128i *)(const void *)p);
}

static inline mt_block mt_block_of(uint64_t first, uint64_t second)
{
    return _mm_set_epi64x((long long)second, (long long)first);
}

static inline void mt_block_store(char *p, mt_block block)
{
    _mm_storeu_si128((__m128i *)(void *)p, block);
}

static inline bool mt_block_is_clean(mt_block block)
{
    __m128i bad = _mm_cmplt_epi8(block, _mm_set1_epi8(0x20)); /* signed: 0x80 to 0xFF as well */

    bad = _mm_or_si128(bad, _mm_cmpeq_epi8(block, _mm_set1_epi8('"')));
    bad = _mm_or_si128(bad, _mm_cmpeq_epi8(block, _mm_set1_epi8('\\')));
    return _mm_movemask_epi8(bad) == 0;
}

#else

typedef struct {
    uint64_t first, second;
} mt_block;

static inline mt_block mt_block_of(uint64_t first, uint64_t second)
{
    return (mt_block){first, second};
}

static inline mt_block mt_block_load(const char *p)
{
    return mt_block_of(mt_load8(p), mt_load8(p + 8));
}

static inline void mt_block_store(char *p, mt_block block)
{
    memcpy(p, &block, sizeof block);
}

/* The high bit of each byte that is not clean. A borrow reaches only beyond such a byte,
 * so whether there is one is told exactly.
 */
static inline uint64_t mt_word_bad(uint64_t word)
{
    const uint64_t each = 0x0101010101010101;
    uint64_t control = word - each * 0x20;
    uint64_t quote = (word ^ each * '"') - each;
    uint64_t backslash = (word ^ each * '\\') - each;

    return (word | control | quote | backslash) & each * 0x80;
}

static inline bool mt_block_is_clean(mt_block block)
{
    return (mt_word_bad(block.first) | mt_word_bad(block.second)) == 0;
}

#endif

/* Copies 1 to 15 bytes, as two words that may overlap, and says whether they are clean. */
static inline bool mt_clean_copy_short(const char *p, size_t n, char *out)
{
    const uint64_t blanks = 0x2020202020202020;
    uint64_t first, last;

    if (n >= 8) {
        first = mt_load8(p);
        last = mt_load8(p + n - 8);
        memcpy(out, &first, 8);
        memcpy(out + n - 8, &last, 8);
        return mt_block_is_clean(mt_block_of(first, last));
    }
    if (n >= 4) {
        first = mt_load4(p);
        last = mt_load4(p + n - 4);
        memcpy(out, p, 4);
        memcpy(out + n - 4, p + n - 4, 4);
        return mt_block_is_clean(mt_block_of(first << 32 | last, blanks));
    }
    out[0] = p[0];
    out[n / 2] = p[n / 2];
    out[n - 1] = p[n - 1];
    first = blanks << 24 | (uint64_t)(unsigned char)p[0] << 16 | (uint64_t)(unsigned char)p[n / 2] << 8;
    return mt_block_is_clean(mt_block_of(first | (unsigned char)p[n - 1], blanks));
}

/* Copies text. Returns how much of it is certainly clean: n, or the place of a block with
 * a byte that is not; what was written from there on is of no use.
 */
static inline size_t mt_clean_copy(const char *p, size_t n, char *out)
{
    size_t i = 0;
    mt_block block;

    if (n < 16) {
        return n == 0 || mt_clean_copy_short(p, n, out) ? n : 0;
    }
    do {
        block = mt_block_load(p + i);
        mt_block_store(out + i, block);
        if (!mt_block_is_clean(block)) {
            return i;
        }
        i += 16;
    } while (n - i >= 16);
    if (i == n) {
        return n;
    }
    block = mt_block_load(p + n - 16);
    mt_block_store(out + n - 16, block);
    return mt_block_is_clean(block) ? n : i;
}

#endif
