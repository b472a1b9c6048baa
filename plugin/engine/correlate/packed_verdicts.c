#include "packed_verdicts.h"

#include <endian.h>

#define HEAD        3 /* length, kind */
#define MEMBER_HEAD 3 /* number, length */
#define NUMBER      ((size_t)8)
#define SYMBOL      128

/* --- packing --- */

/* Without p it only counts. */
struct packer {
    char *p;
    size_t n;
};

static void put(struct packer *to, const void *bytes, size_t n)
{
    if (to->p && n) {
        memcpy(to->p + to->n, bytes, n);
    }
    to->n += n;
}

static void put_short(struct packer *to, size_t i)
{
    uint16_t bytes = htole16((uint16_t)i);

    put(to, &bytes, sizeof bytes);
}

static void put_member(struct packer *to, uint8_t number, size_t n)
{
    put(to, &number, 1);
    put_short(to, n);
}

static void put_number(struct packer *to, int64_t i)
{
    uint64_t bytes = htole64((uint64_t)i);

    put(to, &bytes, sizeof bytes);
}

static void put_text(struct packer *to, uint8_t number, struct mt_slice s)
{
    if (s.n) {
        put_member(to, number, s.n);
        put(to, s.p, s.n);
    }
}

static void put_symbol(struct packer *to, const struct mt_symbol *symbol)
{
    uint8_t known = symbol->score_known;

    put_member(to, SYMBOL, 1 + (known ? NUMBER : 0) + symbol->name.n);
    put(to, &known, 1);
    if (known) {
        put_number(to, symbol->score);
    }
    put(to, symbol->name.p, symbol->name.n);
}

static void put_members(struct packer *to, const struct mt_filter_verdict *v)
{
#define TEXT(number, member) put_text(to, number, v->member);
    MT_VERDICT_TEXTS(TEXT)
#undef TEXT
#define SCORE(number, member, known)    \
    if (v->known) {                     \
        put_member(to, number, NUMBER); \
        put_number(to, v->member);      \
    }
    MT_VERDICT_NUMBERS(SCORE)
#undef SCORE
    for (size_t i = 0; i < v->nsymbols; i++) {
        put_symbol(to, &v->symbols[i]);
    }
}

static void put_verdict(struct packer *to, const struct mt_filter_verdict *v)
{
    struct packer counting = {NULL, 1};

    put_members(&counting, v);
    if (counting.n <= UINT16_MAX) {
        put_short(to, counting.n);
        put(to, &v->kind, 1);
        put_members(to, v);
    }
}

static size_t pack(const struct mt_line_verdicts *verdicts, char *p)
{
    struct packer to = {p, 0};

    for (size_t i = 0; i < verdicts->n; i++) {
        put_verdict(&to, &verdicts->v[i]);
    }
    return to.n;
}

size_t mt_verdicts_packed_size(const struct mt_line_verdicts *verdicts)
{
    return pack(verdicts, NULL);
}

void mt_verdicts_pack(const struct mt_line_verdicts *verdicts, char *p)
{
    pack(verdicts, p);
}

/* --- unpacking --- */

static size_t read_short(const char *p)
{
    uint16_t bytes;

    memcpy(&bytes, p, sizeof bytes);
    return le16toh(bytes);
}

static int64_t read_number(const char *p)
{
    uint64_t bytes;

    memcpy(&bytes, p, sizeof bytes);
    return (int64_t)le64toh(bytes);
}

/* Takes the next verdict whose kind is known. */
static bool next_verdict(struct mt_slice *packed, uint8_t *kind, struct mt_slice *members)
{
    while (packed->n >= HEAD) {
        size_t n = read_short(packed->p);
        if (!n || n > packed->n - 2) {
            return false;
        }
        *kind = (uint8_t)packed->p[2];
        *members = mt_slice(packed->p + HEAD, n - 1);
        *packed = mt_slice_skip(*packed, 2 + n);
        if (*kind < MT_VERDICT_COUNT) {
            return true;
        }
    }
    return false;
}

static bool next_member(struct mt_slice *members, uint8_t *number, struct mt_slice *value)
{
    size_t n;

    if (members->n < MEMBER_HEAD) {
        return false;
    }
    n = read_short(members->p + 1);
    if (n > members->n - MEMBER_HEAD) {
        return false;
    }
    *number = (uint8_t)*members->p;
    *value = mt_slice(members->p + MEMBER_HEAD, n);
    *members = mt_slice_skip(*members, MEMBER_HEAD + n);
    return true;
}

static bool read_symbol(struct mt_slice value, struct mt_symbol *symbol)
{
    size_t head;

    if (!value.n) {
        return false;
    }
    *symbol = (struct mt_symbol){.score_known = *value.p != 0};
    head = symbol->score_known ? 1 + NUMBER : 1;
    if (value.n < head) {
        return false;
    }
    if (symbol->score_known) {
        symbol->score = read_number(value.p + 1);
    }
    symbol->name = mt_slice_skip(value, head);
    return true;
}

static void read_member(struct mt_filter_verdict *v, uint8_t number, struct mt_slice value)
{
    switch (number) {
#define TEXT(number, member) \
    case number:             \
        v->member = value;   \
        break;
        MT_VERDICT_TEXTS(TEXT)
#undef TEXT
#define SCORE(number, member, known)          \
    case number:                              \
        if (value.n == NUMBER) {              \
            v->member = read_number(value.p); \
            v->known = true;                  \
        }                                     \
        break;
        MT_VERDICT_NUMBERS(SCORE)
#undef SCORE
    default:
        break;
    }
}

/* Symbols follow one another in `symbols`. */
static void read_members(struct mt_filter_verdict *v, struct mt_slice members, struct mt_symbol *symbols)
{
    struct mt_slice value;
    uint8_t number;

    v->symbols = symbols;
    while (next_member(&members, &number, &value)) {
        if (number == SYMBOL) {
            v->nsymbols += read_symbol(value, &symbols[v->nsymbols]);
        } else {
            read_member(v, number, value);
        }
    }
}

void mt_verdicts_count(struct mt_slice packed, size_t *n, size_t *nsymbols)
{
    struct mt_slice members, value;
    uint8_t kind, number;

    *n = *nsymbols = 0;
    while (next_verdict(&packed, &kind, &members)) {
        ++*n;
        while (next_member(&members, &number, &value)) {
            *nsymbols += number == SYMBOL;
        }
    }
}

bool mt_verdicts_next(struct mt_slice *packed, struct mt_slice *one)
{
    const char *start = packed->p;
    size_t n;

    if (packed->n < HEAD) {
        return false;
    }
    n = read_short(packed->p);
    if (!n || n > packed->n - 2) {
        return false;
    }
    *one = mt_slice(start, 2 + n);
    *packed = mt_slice_skip(*packed, 2 + n);
    return true;
}

/* Who says a verdict. */
static struct mt_slice filter_of(struct mt_slice members)
{
    struct mt_filter_verdict v = {0};
    struct mt_slice value;
    uint8_t number;

    while (!v.by.n && next_member(&members, &number, &value)) {
        if (number != SYMBOL) {
            read_member(&v, number, value);
        }
    }
    return v.by;
}

struct mt_slice mt_verdicts_filter(struct mt_slice packed)
{
    struct mt_slice members;
    uint8_t kind;

    return next_verdict(&packed, &kind, &members) ? filter_of(members) : mt_slice(NULL, 0);
}

bool mt_verdicts_have(struct mt_slice packed, struct mt_slice filter)
{
    struct mt_slice members;
    uint8_t kind;

    while (next_verdict(&packed, &kind, &members)) {
        if (mt_slice_eq(filter_of(members), filter)) {
            return true;
        }
    }
    return false;
}

void mt_verdicts_unpack(struct mt_slice packed, struct mt_filter_verdict *v, struct mt_symbol *symbols)
{
    struct mt_slice members;
    uint8_t kind;

    for (; next_verdict(&packed, &kind, &members); v++) {
        *v = (struct mt_filter_verdict){.kind = kind};
        read_members(v, members, symbols);
        symbols = v->nsymbols ? symbols + v->nsymbols : symbols; /* without symbols there may be no room */
    }
}
