#include "scan.h"

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
            if (memcmp(place, needle.p, needle.n) == 0) {
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
        if (*p == *needle.p && memcmp(p, needle.p, needle.n) == 0) {
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

const char *mt_find_last(struct mt_slice s, struct mt_slice needle)
{
    while (s.n >= needle.n) {
        const char *p = memrchr(s.p, *needle.p, s.n - needle.n + 1);
        if (!p || (p[needle.n - 1] == needle.p[needle.n - 1] && memcmp(p, needle.p, needle.n) == 0)) {
            return p;
        }
        s.n = (size_t)(p - s.p) + needle.n - 1;
    }
    return NULL;
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

bool mt_take_int(struct mt_slice *at, int64_t *value)
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

struct mt_slice mt_known(struct mt_slice s)
{
    return mt_slice_eq(s, MT_LIT("unknown")) ? mt_slice(NULL, 0) : s;
}
