#include "units.h"

#include <string.h>

/* Digits, at least one; moves *text on. */
static bool take_digits(const char **text, uint64_t *value)
{
    const char *p = *text;
    uint64_t sum = 0;

    for (; *p >= '0' && *p <= '9'; p++) {
        unsigned digit = (unsigned)(*p - '0');
        if (sum > (UINT64_MAX - digit) / 10) {
            return false;
        }
        sum = sum * 10 + digit;
    }
    if (p == *text) {
        return false;
    }
    *text = p;
    *value = sum;
    return true;
}

bool cli_count(const char *text, uint64_t least, uint64_t most, uint64_t *value)
{
    uint64_t count;

    if (!take_digits(&text, &count) || *text != '\0' || count < least || count > most) {
        return false;
    }
    *value = count;
    return true;
}

bool cli_size(const char *text, uint64_t least, uint64_t most, uint64_t *bytes)
{
    static const char units[] = "kKmMgGtT";
    const char *unit;
    unsigned shift = 0;
    uint64_t size;

    if (!take_digits(&text, &size)) {
        return false;
    }
    if (*text != '\0') {
        unit = strchr(units, *text);
        if (!unit || text[1] != '\0') {
            return false;
        }
        shift = 10 * ((unsigned)(unit - units) / 2 + 1);
    }
    if (size > UINT64_MAX >> shift || size << shift < least || size << shift > most) {
        return false;
    }
    *bytes = size << shift;
    return true;
}

/* Microseconds in one of the unit that text ends with; 0: it is none. */
static int64_t unit_of(const char *text)
{
    static const struct {
        const char *name;
        int64_t seconds;
    } units[] = {{"", 1}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}};

    for (unsigned i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(text, units[i].name) == 0) {
            return units[i].seconds * 1000000;
        }
    }
    return 0;
}

bool cli_duration(const char *text, int64_t *usec)
{
    const int64_t most = INT64_C(36525) * 86400 * 1000000;
    uint64_t whole;
    int64_t unit, fraction = 0, scale = 100000;

    if (!take_digits(&text, &whole)) {
        return false;
    }
    if (*text == '.') {
        for (text++; *text >= '0' && *text <= '9'; text++) {
            fraction += (*text - '0') * scale; /* millionths of the unit */
            scale /= 10;
        }
    }
    unit = unit_of(text);
    if (!unit || whole > (uint64_t)(most / unit)) {
        return false;
    }
    *usec = (int64_t)whole * unit + fraction * (unit / 1000000);
    return true;
}
