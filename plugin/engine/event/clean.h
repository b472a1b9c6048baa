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

static inline uint32_t mt_load4(const char *p)
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

static inline void mt_block_store(char *p, mt_block block)
{
    _mm_storeu_si128((__m128i *)(void *)p, block);
}

/* Two pieces of 4, or of 8, bytes: the first four make a block by standing in it twice. */
static inline mt_block mt_block_of4(const char *first, const char *second)
{
    __m128i pair =
        _mm_unpacklo_epi32(_mm_cvtsi32_si128((int)mt_load4(first)), _mm_cvtsi32_si128((int)mt_load4(second)));

    return _mm_unpacklo_epi64(pair, pair);
}

static inline mt_block mt_block_of8(const char *first, const char *second)
{
    return _mm_unpacklo_epi64(_mm_loadl_epi64((const __m128i *)(const void *)first),
                              _mm_loadl_epi64((const __m128i *)(const void *)second));
}

/* All bits of each byte that is clean. Exchanging 0x22 and 0x20 puts the quote below all that
 * is clean, with the controls and, as signed numbers, 0x80 to 0xFF.
 */
static inline mt_block mt_block_good(mt_block block)
{
    __m128i above = _mm_cmpgt_epi8(_mm_xor_si128(block, _mm_set1_epi8(2)), _mm_set1_epi8(0x20));

    return _mm_andnot_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8('\\')), above);
}

static inline bool mt_block_is_clean(mt_block block)
{
    return _mm_movemask_epi8(mt_block_good(block)) == 0xFFFF;
}

static inline bool mt_blocks_are_clean(mt_block a, mt_block b)
{
    return _mm_movemask_epi8(_mm_and_si128(mt_block_good(a), mt_block_good(b))) == 0xFFFF;
}

#else

typedef struct {
    uint64_t first, second;
} mt_block;

static inline mt_block mt_block_of4(const char *first, const char *second)
{
    uint64_t pair = (uint64_t)mt_load4(first) << 32 | mt_load4(second);

    return (mt_block){pair, pair};
}

static inline mt_block mt_block_of8(const char *first, const char *second)
{
    return (mt_block){mt_load8(first), mt_load8(second)};
}

static inline mt_block mt_block_load(const char *p)
{
    return mt_block_of8(p, p + 8);
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

static inline bool mt_blocks_are_clean(mt_block a, mt_block b)
{
    return mt_block_is_clean(a) && mt_block_is_clean(b);
}

#endif

static inline bool mt_is_clean(char c)
{
    return (unsigned char)c >= 0x20 && (unsigned char)c < 0x80 && c != '"' && c != '\\';
}

/* Copies up to 15 bytes, as two pieces that may overlap, and says whether they are clean. */
static inline bool mt_clean_copy_short(const char *p, size_t n, char *out)
{
    if (n >= 8) {
        mt_block block = mt_block_of8(p, p + n - 8);
        memcpy(out, p, 8);
        memcpy(out + n - 8, p + n - 8, 8);
        return mt_block_is_clean(block);
    }
    if (n >= 4) {
        mt_block block = mt_block_of4(p, p + n - 4);
        memcpy(out, p, 4);
        memcpy(out + n - 4, p + n - 4, 4);
        return mt_block_is_clean(block);
    }
    for (size_t i = 0; i < n; i++) {
        out[i] = p[i];
        if (!mt_is_clean(p[i])) {
            return false;
        }
    }
    return true;
}

/* Copies 16 to 32 bytes, as two blocks that may overlap, and says whether they are clean. */
static inline bool mt_clean_copy_two(const char *p, size_t n, char *out)
{
    mt_block first = mt_block_load(p), last = mt_block_load(p + n - 16);

    mt_block_store(out, first);
    mt_block_store(out + n - 16, last);
    return mt_blocks_are_clean(first, last);
}

/* Copies text. Returns how much of it is certainly clean: n, or the place of a block with
 * a byte that is not; what was written from there on is of no use.
 */
static inline __attribute__((always_inline)) size_t mt_clean_copy(const char *p, size_t n, char *out)
{
    size_t left = n;

    if (n < 16) {
        return mt_clean_copy_short(p, n, out) ? n : 0;
    }
    if (n <= 32) {
        return mt_clean_copy_two(p, n, out) ? n : 0;
    }
    for (; left > 32; left -= 16, p += 16, out += 16) {
        mt_block block = mt_block_load(p);
        mt_block_store(out, block);
        if (!mt_block_is_clean(block)) {
            return n - left;
        }
    }
    return mt_clean_copy_two(p, left, out) ? n : n - left;
}

#endif
