#include "number.h"

/* Digits of an unsigned number. */
static size_t write_digits(uint64_t value, char *buf)
{
    size_t length = 1;

    for (uint64_t rest = value; rest >= 10; rest /= 10) {
        length++;
    }
    for (size_t i = length; i--; value /= 10) {
        buf[i] = (char)('0' + value % 10);
    }
    return length;
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

size_t mt_integer_format(int64_t value, char *buf)
{
    char *p = buf;
    uint64_t magnitude = take_sign(value, &p);

    return (size_t)(p - buf) + write_digits(magnitude, p);
}

size_t mt_seconds_format(int64_t usec, char *buf)
{
    char *p = buf;
    uint64_t magnitude = take_sign(usec, &p);
    unsigned fraction = (unsigned)(magnitude % 1000000);
    unsigned digits = 6;

    p += write_digits(magnitude / 1000000, p);
    if (!fraction) {
        return (size_t)(p - buf);
    }
    if (fraction % 10000 == 0) { /* 0.28: Postfix' delay_logging_resolution_limit */
        fraction /= 10000;
        digits = 2;
    }
    for (; fraction % 10 == 0; fraction /= 10) {
        digits--;
    }
    *p = '.';
    for (unsigned i = digits; i; i--) {
        p[i] = (char)('0' + fraction % 10);
        fraction /= 10;
    }
    return (size_t)(p - buf) + 1 + digits;
}
