#include "utf8.h"

/* What may follow a first byte: RFC 3629, section 4, and Unicode's table 3-7. */
struct lead {
    unsigned char first, last; /* first bytes of this row */
    unsigned char length;      /* of the whole character */
    unsigned char low, high;   /* range of the second byte; of all later ones 80..BF */
};

static const struct lead leads[] = {
    {0x01, 0x7F, 1, 0, 0},       {0xC2, 0xDF, 2, 0x80, 0xBF}, {0xE0, 0xE0, 3, 0xA0, 0xBF},
    {0xE1, 0xEC, 3, 0x80, 0xBF}, {0xED, 0xED, 3, 0x80, 0x9F}, {0xEE, 0xEF, 3, 0x80, 0xBF},
    {0xF0, 0xF0, 4, 0x90, 0xBF}, {0xF1, 0xF3, 4, 0x80, 0xBF}, {0xF4, 0xF4, 4, 0x80, 0x8F},
};

static const struct lead *lead_of(unsigned char c)
{
    for (size_t i = 0; i < sizeof leads / sizeof *leads; i++) {
        if (c >= leads[i].first && c <= leads[i].last) {
            return &leads[i];
        }
    }
    return NULL;
}

size_t mt_utf8_piece(struct mt_slice s, bool *valid)
{
    const unsigned char *p = (const unsigned char *)s.p;
    const struct lead *lead = lead_of(*p);
    size_t i = 1;

    *valid = false;
    if (!lead) {
        return 1;
    }
    for (; i < lead->length; i++) {
        unsigned char low = i == 1 ? lead->low : 0x80, high = i == 1 ? lead->high : 0xBF;
        if (i == s.n || p[i] < low || p[i] > high) {
            return i;
        }
    }
    *valid = true;
    return i;
}

bool mt_utf8_valid(struct mt_slice s)
{
    bool valid = true;

    while (s.n && valid) {
        s = mt_slice_skip(s, mt_utf8_piece(s, &valid));
    }
    return valid;
}

size_t mt_utf8_clean(struct mt_slice s, char *out)
{
    char *p = out;

    while (s.n) {
        bool valid;
        size_t n = mt_utf8_piece(s, &valid);
        struct mt_slice piece = valid ? mt_slice(s.p, n) : MT_LIT(MT_UTF8_REPLACEMENT);

        memcpy(p, piece.p, piece.n);
        p += piece.n;
        s = mt_slice_skip(s, n);
    }
    return (size_t)(p - out);
}
