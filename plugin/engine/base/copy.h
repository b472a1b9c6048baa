/* Copies of short texts: names, addresses, queue IDs. A call of memcpy() costs more than such a copy does.
 *
 * Thread rules: plain bytes, no shared state.
 */
#ifndef MT_BASE_COPY_H
#define MT_BASE_COPY_H

#include <stdint.h>
#include <string.h>

/* memcpy() of n bytes, with no call for up to 16: two words that may overlap. Nothing is read where n is 0. */
static inline void mt_copy_bytes(void *to, const void *from, size_t n)
{
    char *out = to;
    const char *in = from;
    uint64_t a, b;
    uint32_t c, d;

    if (n - 8 <= 8) {
        memcpy(&a, in, 8);
        memcpy(&b, in + n - 8, 8);
        memcpy(out, &a, 8);
        memcpy(out + n - 8, &b, 8);
    } else if (n - 4 < 4) {
        memcpy(&c, in, 4);
        memcpy(&d, in + n - 4, 4);
        memcpy(out, &c, 4);
        memcpy(out + n - 4, &d, 4);
    } else if (n >= 4) {
        memcpy(out, in, n);
    } else if (n) {
        out[0] = in[0];
        out[n / 2] = in[n / 2];
        out[n - 1] = in[n - 1];
    }
}

#endif
