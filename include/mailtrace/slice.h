/* Slices: a pointer and a length into memory that somebody else owns.
 *
 * Nothing in the engine assumes a terminating NUL. A slice with n == 0 is
 * empty; its p may be NULL. A slice is valid as long as the memory it points
 * into; whoever hands one out says how long that is.
 *
 * Thread rules: plain values, no shared state.
 */
#ifndef MAILTRACE_SLICE_H
#define MAILTRACE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "mailtrace/api_begin.h"

struct mt_slice {
    const char *p;
    size_t n;
};

/* A slice of a string literal. */
#define MT_LIT(literal) ((struct mt_slice){(literal), sizeof(literal) - 1})

static inline struct mt_slice mt_slice(const char *p, size_t n)
{
    return (struct mt_slice){p, n};
}

/* From a NUL-terminated string; NULL gives the empty slice. */
static inline struct mt_slice mt_slice_str(const char *s)
{
    return (struct mt_slice){s, s ? strlen(s) : 0};
}

/* From p up to, not including, end; end must not lie before p. */
static inline struct mt_slice mt_slice_to(const char *p, const char *end)
{
    return (struct mt_slice){p, (size_t)(end - p)};
}

/* Are n bytes the same? Most of what is compared is short: up to 16 bytes as two words that may overlap. */
static inline bool mt_same(const char *a, const char *b, size_t n)
{
    if (__builtin_constant_p(n)) {
        return n == 0 || memcmp(a, b, n) == 0;
    }
    if (n - 8 <= 8) {
        uint64_t a1, a2, b1, b2;
        memcpy(&a1, a, 8);
        memcpy(&b1, b, 8);
        memcpy(&a2, a + n - 8, 8);
        memcpy(&b2, b + n - 8, 8);
        return ((a1 ^ b1) | (a2 ^ b2)) == 0;
    }
    if (n - 4 < 4) {
        uint32_t a1, a2, b1, b2;
        memcpy(&a1, a, 4);
        memcpy(&b1, b, 4);
        memcpy(&a2, a + n - 4, 4);
        memcpy(&b2, b + n - 4, 4);
        return ((a1 ^ b1) | (a2 ^ b2)) == 0;
    }
    if (n < 4) {
        return n == 0 || (a[0] == b[0] && a[n / 2] == b[n / 2] && a[n - 1] == b[n - 1]);
    }
    return memcmp(a, b, n) == 0;
}

static inline bool mt_slice_eq(struct mt_slice a, struct mt_slice b)
{
    return a.n == b.n && mt_same(a.p, b.p, b.n);
}

static inline bool mt_slice_starts(struct mt_slice s, struct mt_slice prefix)
{
    return s.n >= prefix.n && mt_same(s.p, prefix.p, prefix.n);
}

static inline bool mt_slice_ends(struct mt_slice s, struct mt_slice suffix)
{
    return s.n >= suffix.n && mt_same(s.p + s.n - suffix.n, suffix.p, suffix.n);
}

/* Without the first n bytes; n must not exceed s.n. */
static inline struct mt_slice mt_slice_skip(struct mt_slice s, size_t n)
{
    return (struct mt_slice){s.p + n, s.n - n};
}

#include "mailtrace/api_end.h"

#endif
