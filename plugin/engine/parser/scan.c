#include "scan.h"

const char *mt_find_text(struct mt_slice s, struct mt_slice needle)
{
    return s.n >= needle.n ? memmem(s.p, s.n, needle.p, needle.n) : NULL;
}

const char *mt_find_last(struct mt_slice s, struct mt_slice needle)
{
    while (s.n >= needle.n) {
        const char *p = memrchr(s.p, *needle.p, s.n - needle.n + 1);
        if (!p || memcmp(p, needle.p, needle.n) == 0) {
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

bool mt_take_int(struct mt_slice *at, int64_t *value)
{
    int64_t sum = 0;
    size_t i = 0;

    for (; i < at->n && mt_is_digit(at->p[i]); i++) {
        int digit = at->p[i] - '0';
        if (i >= 18 && sum > (INT64_MAX - digit) / 10) {
            return false;
        }
        sum = sum * 10 + digit;
    }
    if (!i) {
        return false;
    }
    *value = sum;
    *at = mt_slice_skip(*at, i);
    return true;
}

bool mt_take_seconds(struct mt_slice *at, int64_t *usec)
{
    struct mt_slice s = *at;
    int64_t whole, fraction = 0, unit = 100000;

    if (!mt_take_int(&s, &whole) || whole > INT64_MAX / 1000000 - 1) {
        return false;
    }
    if (s.n > 1 && s.p[0] == '.' && mt_is_digit(s.p[1])) {
        for (s = mt_slice_skip(s, 1); s.n && mt_is_digit(*s.p); s = mt_slice_skip(s, 1)) {
            fraction += (*s.p - '0') * unit;
            unit /= 10;
        }
    }
    *usec = whole * 1000000 + fraction;
    *at = s;
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
