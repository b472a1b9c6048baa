#include "packed_verdicts.h"

#include <endian.h>
#include <string.h>

#define HEAD        3 /* length, kind */
#define MEMBER_HEAD 3 /* number, length */
#define NUMBER      ((size_t)8)
#define SYMBOL      128
#define SYMBOLS     129 /* some, in short */
/* The first byte of a symbol in short. */
#define SHORT_NAME  31   /* characters, at most: what these bits say */
#define WIDE        0x20 /* six bits for each, not five */
#define SCORED      0x40 /* a score follows */
#define SCORED_ZERO 0x80 /* it is 0 */

/* What characters stand in five bits, and in six. */
static const char alphabets[2][65] = {"ABCDEFGHIJKLMNOPQRSTUVWXYZ_01246",
                                      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_."};

static size_t name_bytes(size_t n, bool wide)
{
    return (n * (wide ? 6 : 5) + 7) / 8;
}

static const char *code_of(char c, bool wide)
{
    return c ? strchr(alphabets[wide], c) : NULL;
}

static bool is_in_alphabet(struct mt_slice name, bool wide)
{
    size_t i = 0;

    while (i < name.n && code_of(name.p[i], wide)) {
        i++;
    }
    return i == name.n;
}

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

/* --- numbers in short: seven bits in each byte, the lowest first. A score has two digits of a fraction mostly. --- */

#define CENTS     10000
#define SHORT_MAX 10 /* bytes */

static bool is_short(int64_t i)
{
    return i > -(INT64_C(1) << 61) && i < INT64_C(1) << 61;
}

/* Returns the bytes that were written. */
static size_t write_short(char p[SHORT_MAX], int64_t i)
{
    bool cents = i % CENTS == 0;
    int64_t value = cents ? i / CENTS : i;
    uint64_t left = ((uint64_t)(value < 0 ? ~value : value) << 1 | (value < 0)) << 1 | cents;
    size_t n = 0;

    for (; left > 0x7f; left >>= 7) {
        p[n++] = (char)(left | 0x80);
    }
    p[n++] = (char)left;
    return n;
}

/* Takes a number that was written so. */
static bool take_short(struct mt_slice *s, int64_t *i)
{
    uint64_t all = 0, value;
    unsigned shift = 0;
    bool more = true;

    for (; more && s->n && shift < 64; shift += 7) {
        all |= (uint64_t)(*s->p & 0x7f) << shift;
        more = *s->p & 0x80;
        *s = mt_slice_skip(*s, 1);
    }
    value = all >> 2;
    if (more || (all & 1 && value >= INT64_MAX / CENTS)) {
        return false;
    }
    *i = all & 2 ? ~(int64_t)value : (int64_t)value;
    *i = all & 1 ? *i * CENTS : *i;
    return true;
}

static void put_score(struct packer *to, uint8_t number, int64_t i)
{
    char bytes[SHORT_MAX];
    size_t n = is_short(i) ? write_short(bytes, i) : NUMBER;

    put_member(to, number, n < NUMBER ? n : NUMBER);
    if (n < NUMBER) {
        put(to, bytes, n);
    } else {
        put_number(to, i);
    }
}

/* --- symbols: in short, where the name allows it --- */

static bool has_short_form(const struct mt_symbol *symbol)
{
    return symbol->name.n && symbol->name.n <= SHORT_NAME && (!symbol->score_known || is_short(symbol->score)) &&
           is_in_alphabet(symbol->name, true);
}

static void put_name(struct packer *to, struct mt_slice name, bool wide)
{
    unsigned bits = 0, n = 0;

    for (size_t i = 0; i < name.n; i++) {
        bits |= (unsigned)(code_of(name.p[i], wide) - alphabets[wide]) << n;
        for (n += wide ? 6 : 5; n >= 8 || (n && i + 1 == name.n); n = n > 8 ? n - 8 : 0) {
            put(to, &(char){(char)bits}, 1);
            bits >>= 8;
        }
    }
}

static void put_short_symbol(struct packer *to, const struct mt_symbol *symbol)
{
    bool wide = !is_in_alphabet(symbol->name, false);
    uint8_t score = !symbol->score_known ? 0 : symbol->score ? SCORED : SCORED_ZERO;
    uint8_t head = (uint8_t)(symbol->name.n | (wide ? WIDE : 0) | score);
    char bytes[SHORT_MAX];

    put(to, &head, 1);
    if (score == SCORED) {
        put(to, bytes, write_short(bytes, symbol->score));
    }
    put_name(to, symbol->name, wide);
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

/* The first of them, and those that follow and have the same form. Returns how many. */
static size_t put_symbols(struct packer *to, const struct mt_symbol *symbols, size_t n)
{
    struct packer counting = {NULL, 0};
    size_t i = 0;

    for (; i < n && has_short_form(&symbols[i]); i++) {
        put_short_symbol(&counting, &symbols[i]);
    }
    if (!i) {
        put_symbol(to, symbols);
        return 1;
    }
    put_member(to, SYMBOLS, counting.n);
    for (size_t k = 0; k < i; k++) {
        put_short_symbol(to, &symbols[k]);
    }
    return i;
}

static void put_members(struct packer *to, const struct mt_filter_verdict *v)
{
#define TEXT(number, member) put_text(to, number, v->member);
    MT_VERDICT_TEXTS(TEXT)
#undef TEXT
#define SCORE(number, member, known)      \
    if (v->known) {                       \
        put_score(to, number, v->member); \
    }
    MT_VERDICT_NUMBERS(SCORE)
#undef SCORE
    for (size_t i = 0; i < v->nsymbols;) {
        i += put_symbols(to, &v->symbols[i], v->nsymbols - i);
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

/* Writes the n characters of a name to *text, which is moved on. */
static void read_name(const char *p, size_t n, bool wide, char **text)
{
    unsigned width = wide ? 6 : 5, bits = 0, have = 0;

    for (; n; n--, bits >>= width, have -= width) {
        if (have < width) {
            bits |= (unsigned)(unsigned char)*p++ << have;
            have += 8;
        }
        *(*text)++ = alphabets[wide][bits & ((1U << width) - 1)];
    }
}

/* Takes the next symbol of some; its name goes to *text, which is moved on. Without *text it is only measured. */
static bool take_short_symbol(struct mt_slice *some, struct mt_symbol *symbol, char **text)
{
    uint8_t head = some->n ? (uint8_t)*some->p : 0;
    size_t n = head & SHORT_NAME;
    bool wide = head & WIDE;

    *symbol = (struct mt_symbol){.score_known = head & (SCORED | SCORED_ZERO), .name = {*text, n}};
    *some = mt_slice_skip(*some, some->n ? 1 : 0);
    if (!n || (head & SCORED && !take_short(some, &symbol->score)) || some->n < name_bytes(n, wide)) {
        return false;
    }
    if (*text) {
        read_name(some->p, n, wide, text);
    }
    *some = mt_slice_skip(*some, name_bytes(n, wide));
    return true;
}

static void read_score(struct mt_slice value, int64_t *score, bool *known)
{
    if (value.n == NUMBER) {
        *score = read_number(value.p);
        *known = true;
    } else {
        *known = take_short(&value, score);
    }
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
#define SCORE(number, member, known)              \
    case number:                                  \
        read_score(value, &v->member, &v->known); \
        break;
        MT_VERDICT_NUMBERS(SCORE)
#undef SCORE
    default:
        break;
    }
}

/* Symbols follow one another in `symbols`, and what is not in the packed bytes as it is in *text. */
static void read_members(struct mt_filter_verdict *v, struct mt_slice members, struct mt_symbol *symbols, char **text)
{
    struct mt_slice value;
    uint8_t number;

    v->symbols = symbols;
    while (next_member(&members, &number, &value)) {
        if (number == SYMBOL) {
            v->nsymbols += read_symbol(value, &symbols[v->nsymbols]);
        } else if (number == SYMBOLS) {
            for (struct mt_symbol symbol; take_short_symbol(&value, &symbol, text);) {
                symbols[v->nsymbols++] = symbol;
            }
        } else {
            read_member(v, number, value);
        }
    }
}

static void count_short_symbols(struct mt_slice some, struct mt_verdicts_count *out)
{
    struct mt_symbol symbol;
    char *none = NULL;

    while (take_short_symbol(&some, &symbol, &none)) {
        out->symbols++;
        out->text += symbol.name.n;
    }
}

void mt_verdicts_count(struct mt_slice packed, struct mt_verdicts_count *out)
{
    struct mt_slice members, value;
    uint8_t kind, number;

    *out = (struct mt_verdicts_count){0};
    while (next_verdict(&packed, &kind, &members)) {
        out->verdicts++;
        while (next_member(&members, &number, &value)) {
            out->symbols += number == SYMBOL;
            if (number == SYMBOLS) {
                count_short_symbols(value, out);
            }
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
        if (number != SYMBOL && number != SYMBOLS) {
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

void mt_verdicts_unpack(struct mt_slice packed, struct mt_filter_verdict *v, struct mt_symbol *symbols, char *text)
{
    struct mt_slice members;
    uint8_t kind;

    for (; next_verdict(&packed, &kind, &members); v++) {
        *v = (struct mt_filter_verdict){.kind = kind};
        read_members(v, members, symbols, &text);
        symbols = v->nsymbols ? symbols + v->nsymbols : symbols; /* without symbols there may be no room */
    }
}
