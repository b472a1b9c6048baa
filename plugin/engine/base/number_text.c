/* Numbers as people type them: see mailtrace/settings.h. */
#include <string.h>

#include "mailtrace/settings.h"

/* 1.5 with one = 1000000 is 1500000. What is too small for it is left out. Returns the end, or NULL. */
static const char *read_decimal(const char *p, int64_t one, int64_t *value)
{
    int64_t n = 0;

    if (*p < '0' || *p > '9') {
        return NULL;
    }
    for (; *p >= '0' && *p <= '9'; p++) {
        if (n > (INT64_MAX / one - 9) / 10) {
            return NULL;
        }
        n = n * 10 + (*p - '0');
    }
    n *= one;
    if (*p == '.' && one > 1) {
        for (p++; *p >= '0' && *p <= '9'; p++) {
            one /= 10;
            n += (*p - '0') * one;
        }
    }
    *value = n;
    return p;
}

/* How many of the unit that text ends with there are in the smallest one; 0: there is no such unit. */
static int64_t factor_of(const struct mt_unit *units, int64_t one, const char *text)
{
    for (; units && units->name; units++) {
        if (strcmp(units->name, text) == 0) {
            return units->factor / one;
        }
    }
    return *text == '\0';
}

bool mt_number_read(const char *text, const struct mt_unit *units, int64_t one, int64_t least, int64_t most,
                    int64_t *value)
{
    int64_t n, factor;
    const char *end = read_decimal(text, one, &n);

    if (!end || !(factor = factor_of(units, one, end)) || n > INT64_MAX / factor) {
        return false;
    }
    n *= factor;
    if (n < least || n > most) {
        return false;
    }
    *value = n;
    return true;
}
