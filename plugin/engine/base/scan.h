/* Scanner primitives: what the readers of all MTAs share.
 *
 * Each takes a slice (or a cursor, a slice that it moves on) and never looks
 * beyond it. Cursor functions return false and leave the cursor alone when
 * the text is not of their form.
 */
#ifndef MT_BASE_SCAN_H
#define MT_BASE_SCAN_H

#include "mailtrace/record.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* ASCII only, whatever the locale. */
static inline bool mt_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool mt_is_alnum(char c)
{
    return mt_is_digit(c) || (unsigned)((c | 0x20) - 'a') < 26;
}

/* Writes the two digits of a value below 100. */
static inline void mt_put_two(char *p, uint64_t value)
{
    static const char digits[] = "00010203040506070809101112131415161718192021222324"
                                 "25262728293031323334353637383940414243444546474849"
                                 "50515253545556575859606162636465666768697071727374"
                                 "75767778798081828384858687888990919293949596979899";

    memcpy(p, digits + 2 * value, 2);
}

/* A number of two digits, or -1. */
static inline int mt_two_digits(const char *p)
{
    unsigned a = (unsigned)(p[0] - '0'), b = (unsigned)(p[1] - '0');

    return a <= 9 && b <= 9 ? (int)(a * 10 + b) : -1;
}

/* Eight bytes as a word, the first the lowest. */
static inline uint64_t mt_load(const char *p)
{
    uint64_t x;

    memcpy(&x, p, sizeof x);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    x = __builtin_bswap64(x);
#endif
    return x;
}

/* c in each byte of a word. */
#define MT_EACH(c) (UINT64_C(0x0101010101010101) * (c))

/* Digits of a word as numbers from 0 to 9. */
static inline uint64_t mt_digits(uint64_t word)
{
    return word ^ MT_EACH('0');
}

/* Marks, with 0x80, the bytes of such a word that were no digits. Above a byte of 0x80 or more a digit may be
 * marked, too; what is not marked is one.
 */
static inline uint64_t mt_no_digits(uint64_t digits)
{
    return ((digits + MT_EACH(0x76)) | digits) & MT_EACH(0x80);
}

/* The number of eight digits, the first the lowest byte: numbers of two digits, then of eight. */
static inline uint32_t mt_eight_digits(uint64_t digits)
{
    const uint64_t fourth = UINT64_C(0x000000ff000000ff);

    digits = digits * 10 + (digits >> 8);
    return (uint32_t)(((digits & fourth) * (100 + (UINT64_C(1000000) << 32)) +
                       (digits >> 16 & fourth) * (1 + (UINT64_C(10000) << 32))) >>
                      32);
}

/* Moves over prefix. */
static inline __attribute__((always_inline)) bool mt_eat(struct mt_slice *at, struct mt_slice prefix)
{
    if (!mt_slice_starts(*at, prefix)) {
        return false;
    }
    *at = mt_slice_skip(*at, prefix.n);
    return true;
}
#define MT_EAT(at, literal) mt_eat((at), MT_LIT(literal))

#ifdef __SSE2__
/* Which of the 16 bytes at p are c: one bit for each. */
static inline unsigned mt_bytes_that_are(const char *p, char c)
{
    return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)p), _mm_set1_epi8(c)));
}
#endif

#ifdef __SSE2__
/* Those bytes of c that are among the n from first on. */
static inline __m128i mt_bytes_among(__m128i c, char first, int n)
{
    /* moved down so that first becomes the least of the signed numbers */
    return _mm_cmplt_epi8(_mm_sub_epi8(c, _mm_set1_epi8((char)(first - 128))), _mm_set1_epi8((char)(n - 128)));
}
#endif

/* The first c in s, or NULL. What a reader looks for is mostly near: a call
 * would cost more than the search. */
static inline const char *mt_find(struct mt_slice s, char c)
{
#ifdef __SSE2__
    if (s.n >= 16) {
        unsigned found = mt_bytes_that_are(s.p, c);
        if (found) {
            return s.p + __builtin_ctz(found);
        }
        s = mt_slice_skip(s, 16);
    }
#endif
    return s.n ? memchr(s.p, c, s.n) : NULL;
}

/* The first a or b in s, or NULL. */
static inline const char *mt_find_either(struct mt_slice s, char a, char b)
{
    const char *p = s.p, *end;

    if (!s.n) {
        return NULL;
    }
    end = s.p + s.n;
#ifdef __SSE2__
    for (; end - p >= 16; p += 16) {
        unsigned found = mt_bytes_that_are(p, a) | mt_bytes_that_are(p, b);
        if (found) {
            return p + __builtin_ctz(found);
        }
    }
    if (p < end && s.n >= 16) { /* the last 16 bytes; of those before p it is known that they are others */
        unsigned found = mt_bytes_that_are(end - 16, a) | mt_bytes_that_are(end - 16, b);
        return found ? end - 16 + __builtin_ctz(found) : NULL;
    }
#endif
    while (p < end && *p != a && *p != b) {
        p++;
    }
    return p < end ? p : NULL;
}

/* mt_slice_eq() and mt_slice_starts() with a word of a table, not empty: no call where the first bytes differ. */
static inline bool mt_word_eq(struct mt_slice s, struct mt_slice word)
{
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): s is as long as the word, which is not empty */
    return s.n == word.n && *s.p == *word.p && mt_same(s.p, word.p, word.n);
}

static inline bool mt_word_starts(struct mt_slice s, struct mt_slice word)
{
    return s.n >= word.n && *s.p == *word.p && mt_same(s.p, word.p, word.n);
}

/* The first, or last, place of needle (not empty) in s, or NULL. */
const char *mt_find_text(struct mt_slice s, struct mt_slice needle);
const char *mt_find_last(struct mt_slice s, struct mt_slice needle);

/* What stands before the next `until`, which is moved over. False when there is
 * none. */
bool mt_take_to(struct mt_slice *at, struct mt_slice until, struct mt_slice *token);

/* The next word, up to a blank or the end; the blank is moved over. False at
 * the end. */
bool mt_take_word(struct mt_slice *at, struct mt_slice *word);

/* Decimal digits, at least one; false as well when the value exceeds INT64_MAX.
 */
bool mt_take_int(struct mt_slice *at, int64_t *value);

/* A decimal number of seconds such as 0.25 or 28, in microseconds; digits after
 * the sixth are dropped. */
bool mt_take_seconds(struct mt_slice *at, int64_t *usec);

/* The whole of s as a number. */
bool mt_whole_int(struct mt_slice s, int64_t *value);

/* An enhanced status code, RFC 3463: class "." subject "." detail. */
bool mt_take_dsn(struct mt_slice *at, struct mt_slice *dsn);

/* Three digits of an SMTP reply code, 200 to 599, followed by a blank, '-' or
 * the end: 0 when s does not start so. */
int mt_reply_code(struct mt_slice s);

/* How many bytes of s can be of an IP address; *mark: there is a '.' or ':' among them. */
size_t mt_address_length(struct mt_slice s, bool *mark);

/* "unknown" and "" are not known: the empty slice; anything else as it is. */
static inline struct mt_slice mt_known(struct mt_slice s)
{
    return mt_slice_eq(s, MT_LIT("unknown")) ? mt_slice(NULL, 0) : s;
}

#endif
