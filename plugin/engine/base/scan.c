#include "scan.h"

/* memcmp() would be a call, for which its callers would have to save what they know. */
static inline bool is_at(const char *p, struct mt_slice needle)
{
    size_t i = 0;

    for (; needle.n - i >= 8; i += 8) {
        if (mt_load(p + i) != mt_load(needle.p + i)) {
            return false;
        }
    }
    while (i < needle.n && p[i] == needle.p[i]) {
        i++;
    }
    return i == needle.n;
}

#ifdef __SSE2__
/* Places in 16 bytes at a time where the needle's first and last byte stand at
 * its distance. needle.n >= 2, and there are at least 16 places.
 */
static const char *find_by_ends(struct mt_slice s, struct mt_slice needle)
{
    const char *p = s.p, *last = s.p + s.n - needle.n - 15; /* the last 16 places begin here */

    for (;;) {
        unsigned found = mt_bytes_that_are(p, *needle.p) & mt_bytes_that_are(p + needle.n - 1, needle.p[needle.n - 1]);
        for (; found; found &= found - 1) {
            const char *place = p + __builtin_ctz(found);
            if (is_at(place, needle)) {
                return place;
            }
        }
        if (p == last) {
            return NULL;
        }
        p = last - p < 16 ? last : p + 16;
    }
}
#endif

/* The same, byte by byte. */
static const char *find_by_first(struct mt_slice s, struct mt_slice needle)
{
    for (const char *p = s.p, *last = s.p + s.n - needle.n; p <= last; p++) {
        if (*p == *needle.p && is_at(p, needle)) {
            return p;
        }
    }
    return NULL;
}

const char *mt_find_text(struct mt_slice s, struct mt_slice needle)
{
    if (s.n < needle.n) {
        return NULL;
    }
    if (s.n - needle.n < 15) {
        return find_by_first(s, needle);
    }
#ifdef __SSE2__
    return find_by_ends(s, needle);
#else
    return memmem(s.p, s.n, needle.p, needle.n);
#endif
}

#ifdef __SSE2__
/* Places in 16 bytes at a time, from the last one down. There are at least 16 places. */
static const char *find_last_by_ends(struct mt_slice s, struct mt_slice needle)
{
    const char *p = s.p + s.n - needle.n - 15;

    for (;;) {
        unsigned found = mt_bytes_that_are(p, *needle.p) & mt_bytes_that_are(p + needle.n - 1, needle.p[needle.n - 1]);
        while (found) {
            unsigned last = 31 - (unsigned)__builtin_clz(found);
            if (needle.n <= 2 || is_at(p + last, needle)) {
                return p + last;
            }
            found ^= 1U << last;
        }
        if (p == s.p) {
            return NULL;
        }
        p = p - s.p < 16 ? s.p : p - 16;
    }
}
#endif

const char *mt_find_last(struct mt_slice s, struct mt_slice needle)
{
    if (s.n < needle.n) {
        return NULL;
    }
#ifdef __SSE2__
    if (s.n - needle.n >= 15) {
        return find_last_by_ends(s, needle);
    }
#endif
    for (const char *p = s.p + s.n - needle.n;; p--) {
        if (*p == *needle.p && is_at(p, needle)) {
            return p;
        }
        if (p == s.p) {
            return NULL;
        }
    }
}

bool mt_take_to(struct mt_slice *at, struct mt_slice until, struct mt_slice *token)
{
    const char *p = mt_find_text(*at, until);

    if (!p) {
        return false;
    }
    *token = mt_slice_to(at->p, p);
    *at = mt_slice_skip(*at, token->n + until.n);
    return true;
}

bool mt_take_word(struct mt_slice *at, struct mt_slice *word)
{
    const char *blank;

    if (!at->n) {
        return false;
    }
    blank = mt_find(*at, ' ');
    *word = blank ? mt_slice_to(at->p, blank) : *at;
    *at = mt_slice_skip(*at, word->n + (blank != NULL));
    return true;
}

/* Digits of which there are so many that the value may be too large. */
static bool take_long_int(struct mt_slice *at, int64_t *value)
{
    int64_t sum = 0;
    size_t i = 0;

    for (; i < at->n && mt_is_digit(at->p[i]); i++) {
        int digit = at->p[i] - '0';
        if (sum > (INT64_MAX - digit) / 10) {
            return false;
        }
        sum = sum * 10 + digit;
    }
    *value = sum;
    *at = mt_slice_skip(*at, i);
    return true;
}

/* Digits up to end, or to what is none; they follow those that *value has. */
static inline const char *take_digits(const char *p, const char *end, int64_t *value)
{
    int64_t sum = *value;

    for (; p < end; p++) {
        unsigned digit = (unsigned)(unsigned char)*p - '0';
        if (digit > 9) {
            break;
        }
        sum = sum * 10 + digit;
    }
    *value = sum;
    return p;
}

/* The same where there are eight bytes, and a number that ends in them. False: it does not, or there is none. */
static inline bool take_near_int(struct mt_slice *at, int64_t *value)
{
    uint64_t digits, others;
    unsigned bits;

    if (at->n < 8) {
        return false;
    }
    digits = mt_digits(mt_load(at->p));
    others = mt_no_digits(digits);
    if (!others || !(bits = (unsigned)__builtin_ctzll(others) & ~7U)) {
        return false;
    }
    *value = mt_eight_digits(digits << (64 - bits));
    *at = mt_slice_skip(*at, bits / 8);
    return true;
}

static __attribute__((noinline)) bool take_int(struct mt_slice *at, int64_t *value)
{
    const char *end, *p;
    int64_t sum = 0;

    if (!at->n || !mt_is_digit(*at->p)) {
        return false;
    }
    end = at->p + (at->n < 18 ? at->n : 18);
    p = take_digits(at->p, end, &sum);
    if (p == end && at->n > 18) {
        return take_long_int(at, value);
    }
    *value = sum;
    *at = mt_slice_to(p, at->p + at->n);
    return true;
}

bool mt_take_int(struct mt_slice *at, int64_t *value)
{
    return take_near_int(at, value) || take_int(at, value);
}

/* More than 12 digits before the point. */
static bool take_long_seconds(struct mt_slice *at, int64_t *usec)
{
    struct mt_slice s = *at;
    int64_t whole, unit = 100000;

    if (!mt_take_int(&s, &whole) || whole > INT64_MAX / 1000000 - 1) {
        return false;
    }
    *usec = whole * 1000000;
    if (s.n > 1 && s.p[0] == '.' && mt_is_digit(s.p[1])) {
        for (s = mt_slice_skip(s, 1); s.n && mt_is_digit(*s.p); s = mt_slice_skip(s, 1)) {
            *usec += (*s.p - '0') * unit;
            unit /= 10;
        }
    }
    *at = s;
    return true;
}

bool mt_take_seconds(struct mt_slice *at, int64_t *usec)
{
    static const int units[] = {1000000, 100000, 10000, 1000, 100, 10, 1};
    const char *start = at->p, *end, *p, *point;
    int64_t digits = 0;

    if (!at->n || !mt_is_digit(*start)) {
        return false;
    }
    end = start + at->n;
    p = take_digits(start, end - start > 13 ? start + 13 : end, &digits);
    if (p - start > 12) {
        return take_long_seconds(at, usec);
    }
    point = p;
    if (end - p > 1 && *p == '.' && mt_is_digit(p[1])) {
        point++;
        p = take_digits(point, end - point > 6 ? point + 6 : end, &digits);
    }
    *usec = digits * units[p - point];
    while (p > point && p < end && mt_is_digit(*p)) {
        p++;
    }
    *at = mt_slice_to(p, end);
    return true;
}

bool mt_whole_int(struct mt_slice s, int64_t *value)
{
    return mt_take_int(&s, value) && !s.n;
}

/* One to three digits. */
static bool take_part(struct mt_slice *at)
{
    size_t i = 0;

    while (i < at->n && mt_is_digit(at->p[i])) {
        i++;
    }
    *at = mt_slice_skip(*at, i);
    return i >= 1 && i <= 3;
}

bool mt_take_dsn(struct mt_slice *at, struct mt_slice *dsn)
{
    struct mt_slice s = *at;

    if (s.n > 5 && mt_is_digit(s.p[2]) && s.p[3] == '.' && mt_is_digit(s.p[4]) && !mt_is_digit(s.p[5]) &&
        s.p[1] == '.' && (*s.p == '2' || *s.p == '4' || *s.p == '5')) { /* one digit each, as most have */
        *dsn = mt_slice(s.p, 5);
        *at = mt_slice_skip(s, 5);
        return true;
    }
    if (s.n < 5 || (*s.p != '2' && *s.p != '4' && *s.p != '5') || s.p[1] != '.') {
        return false;
    }
    s = mt_slice_skip(s, 2);
    if (!take_part(&s) || !MT_EAT(&s, ".") || !take_part(&s)) {
        return false;
    }
    *dsn = mt_slice_to(at->p, s.p);
    *at = s;
    return true;
}

int mt_reply_code(struct mt_slice s)
{
    if (s.n < 3 || s.p[0] < '2' || s.p[0] > '5' || !mt_is_digit(s.p[1]) || !mt_is_digit(s.p[2])) {
        return 0;
    }
    if (s.n > 3 && s.p[3] != ' ' && s.p[3] != '-') {
        return 0;
    }
    return (s.p[0] - '0') * 100 + (s.p[1] - '0') * 10 + (s.p[2] - '0');
}

/* 1: a digit, decimal or hexadecimal; 2: what stands between. */
static const unsigned char of_address[256] = {
    ['0'] = 1, ['1'] = 1, ['2'] = 1, ['3'] = 1, ['4'] = 1, ['5'] = 1, ['6'] = 1, ['7'] = 1,
    ['8'] = 1, ['9'] = 1, ['a'] = 1, ['b'] = 1, ['c'] = 1, ['d'] = 1, ['e'] = 1, ['f'] = 1,
    ['A'] = 1, ['B'] = 1, ['C'] = 1, ['D'] = 1, ['E'] = 1, ['F'] = 1, ['.'] = 2, [':'] = 2,
};

#ifdef __SSE2__
/* Is all of s of an address? It has 8 to 16 bytes: the first and the last eight are looked at. */
static inline bool is_short_address(struct mt_slice s, bool *mark)
{
    const __m128i c =
        _mm_unpacklo_epi64(_mm_loadl_epi64((const __m128i *)s.p), _mm_loadl_epi64((const __m128i *)(s.p + s.n - 8)));
    const __m128i letters = mt_bytes_among(_mm_or_si128(c, _mm_set1_epi8(0x20)), 'a', 6),
                  digits = _mm_or_si128(letters, mt_bytes_among(c, '0', 10)),
                  marks = _mm_or_si128(_mm_cmpeq_epi8(c, _mm_set1_epi8('.')), _mm_cmpeq_epi8(c, _mm_set1_epi8(':')));

    *mark = _mm_movemask_epi8(marks) != 0;
    return _mm_movemask_epi8(_mm_or_si128(digits, marks)) == 0xffff;
}
#endif

size_t mt_address_length(struct mt_slice s, bool *mark)
{
    unsigned seen = 0, one;
    size_t i = 0;

#ifdef __SSE2__
    if (s.n >= 8 && s.n <= 16 && is_short_address(s, mark)) {
        return s.n;
    }
#endif

    for (; i < s.n && (one = of_address[(unsigned char)s.p[i]]); i++) {
        seen |= one;
    }
    *mark = (seen & 2) != 0;
    return i;
}
