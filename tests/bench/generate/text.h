/* Text on its way into a file: appended piece by piece, written in large blocks.
 *
 * text_begin_line() makes room for one line of at most TEXT_LINE bytes; the functions
 * below it append without looking. A failed write ends the program: there is no use in half a log.
 */
#ifndef MT_BENCH_TEXT_H
#define MT_BENCH_TEXT_H

#include <stdint.h>
#include <string.h>

#define TEXT_LINE 16384
#define TEXT_SIZE (1 << 18)

struct text {
    int fd; /* -1: nothing is kept */
    char *p;
    char start[TEXT_SIZE + TEXT_LINE];
};

void text_open(struct text *t, const char *path);
void text_write(struct text *t);
void text_close(struct text *t);

static inline void text_begin_line(struct text *t)
{
    if (t->p - t->start >= TEXT_SIZE) {
        text_write(t);
    }
}

static inline void put(struct text *t, const char *s, size_t n)
{
    memcpy(t->p, s, n);
    t->p += n;
}

/* For literals: the length is known to the compiler. */
static inline void puts_(struct text *t, const char *s)
{
    put(t, s, strlen(s));
}

static inline void putc_(struct text *t, char c)
{
    *t->p++ = c;
}

static inline void put_number(struct text *t, uint64_t n)
{
    char digits[20];
    size_t i = sizeof digits;

    do {
        digits[--i] = (char)('0' + n % 10);
        n /= 10;
    } while (n);
    put(t, digits + i, sizeof digits - i);
}

/* With zeros before it. */
static inline void put_digits(struct text *t, uint64_t n, int width)
{
    for (int i = width - 1; i >= 0; i--) {
        t->p[i] = (char)('0' + n % 10);
        n /= 10;
    }
    t->p += width;
}

/* In the digits given, with zeros before it. */
static inline void put_sixteen(struct text *t, uint64_t n, int width, const char *alphabet)
{
    int digits = 1;

    while (digits < 16 && n >> (4 * digits)) {
        digits++;
    }
    for (int i = digits > width ? digits : width; i--;) {
        putc_(t, alphabet[n >> (4 * i) & 15]);
    }
}

static inline void put_hex(struct text *t, uint64_t n, int width)
{
    put_sixteen(t, n, width, "0123456789ABCDEF");
}

#endif
