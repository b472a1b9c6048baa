#include "number.h"

#include "scan.h"

/* How many digits a value that is not 0 has. 1233 / 4096 is a little more than the logarithm of 2. */
static unsigned count_digits(uint64_t value)
{
    static const uint64_t powers[] = {
        1,
        10,
        100,
        1000,
        10000,
        100000,
        1000000,
        10000000,
        100000000,
        1000000000,
        10000000000,
        100000000000,
        1000000000000,
        10000000000000,
        100000000000000,
        1000000000000000,
        10000000000000000,
        100000000000000000,
        1000000000000000000,
        10000000000000000000U,
    };
    unsigned bits = 64 - (unsigned)__builtin_clzll(value), guess = bits * 1233 >> 12;

    return guess + (value >= powers[guess]);
}

static char *put_digits(char *p, uint64_t value)
{
    char *end;

    if (value < 10) {
        *p = (char)('0' + value);
        return p + 1;
    }
    end = p + count_digits(value);
    for (p = end; value >= 100; value /= 100) {
        p -= 2;
        mt_put_two(p, value % 100);
    }
    if (value >= 10) {
        mt_put_two(p - 2, value);
    } else {
        p[-1] = (char)('0' + value);
    }
    return end;
}

/* Writes the minus sign; returns what follows it. */
static uint64_t take_sign(int64_t value, char **p)
{
    if (value >= 0) {
        return (uint64_t)value;
    }
    *(*p)++ = '-';
    return -(uint64_t)value;
}

char *mt_integer_put(char *p, int64_t value)
{
    uint64_t magnitude = take_sign(value, &p);

    return put_digits(p, magnitude);
}

char *mt_seconds_put(char *p, int64_t usec)
{
    uint64_t magnitude = take_sign(usec, &p), whole = magnitude < 1000000 ? 0 : magnitude / 1000000;
    unsigned fraction = (unsigned)(magnitude - whole * 1000000);

    p = put_digits(p, whole);
    if (!fraction) {
        return p;
    }
    *p = '.';
    mt_put_two(p + 1, fraction / 10000);
    p += 3;
    if (fraction % 10000) { /* seldom: servers write two digits */
        mt_put_two(p, fraction / 100 % 100);
        mt_put_two(p + 2, fraction % 100);
        p += 4;
    }
    while (p[-1] == '0') {
        p--;
    }
    return p;
}

size_t mt_seconds_format(int64_t usec, char *buf)
{
    return (size_t)(mt_seconds_put(buf, usec) - buf);
}
