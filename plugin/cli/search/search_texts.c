#include "search_texts.h"

#include <stdlib.h>

#define WINDOW_MOST 64
#define BITS_LEAST  14 /* 16 KiB of jumps: within the first cache */
#define BITS_MOST   20
#define BLOCK       CLI_SEARCH_LEAST /* bytes that are hashed */

static inline char fold(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* Bit 0x20 is what the case of a letter differs in; that other bytes are mixed up too costs a comparison. */
static inline uint32_t mix(uint32_t block, unsigned bits)
{
    return ((block | 0x202020) * UINT32_C(0x9E3779B1)) >> (32 - bits);
}

static inline uint32_t hash_at(const char *p, unsigned bits)
{
    return mix((uint32_t)(unsigned char)p[0] | (uint32_t)(unsigned char)p[1] << 8 | (uint32_t)(unsigned char)p[2] << 16,
               bits);
}

/* ---- building ---- */

/* A needle's blocks tell how far the end of the window is away from the end of the block, at least. */
static void enter(struct cli_search_texts *needles, uint32_t i)
{
    struct cli_search_text *needle = &needles->v[i];
    size_t blocks = needles->window - BLOCK;

    needle->skip = needle->kind == CLI_SEARCH_TAIL ? (uint32_t)(needle->text.n - needles->window) : 0;
    for (size_t at = 0; at <= blocks; at++) {
        uint32_t hash = hash_at(needle->text.p + needle->skip + at, needles->bits);
        uint8_t shift = (uint8_t)(blocks - at);
        if (shift < needles->shift[hash]) {
            needles->shift[hash] = shift;
        }
        if (!shift) {
            needle->next = needles->head[hash];
            needles->head[hash] = i;
        }
    }
}

static bool build(struct cli_search_texts *needles, size_t window, unsigned bits)
{
    size_t size = (size_t)1 << bits;

    if (bits != needles->bits) {
        free(needles->shift);
        free(needles->head);
        needles->shift = malloc(size);
        needles->head = malloc(size * sizeof *needles->head);
    }
    if (!needles->shift || !needles->head) {
        return false;
    }
    needles->bits = bits;
    needles->window = window;
    memset(needles->shift, (int)(window - BLOCK + 1), size);
    memset(needles->head, 0, size * sizeof *needles->head);
    for (uint32_t i = 1; i < needles->n; i++) {
        enter(needles, i);
    }
    return true;
}

static bool make_room(struct cli_search_texts *needles)
{
    uint32_t room = needles->room ? 2 * needles->room : 16;
    struct cli_search_text *v;

    if (needles->n < needles->room) {
        return true;
    }
    v = realloc(needles->v, room * sizeof *v);
    if (!v) {
        return false;
    }
    needles->v = v;
    needles->room = room;
    needles->n = needles->n ? needles->n : 1;
    return true;
}

bool cli_search_texts_add(struct cli_search_texts *needles, struct mt_slice text, enum cli_search_text_kind kind)
{
    size_t window = text.n < WINDOW_MOST ? text.n : WINDOW_MOST;
    unsigned bits = needles->bits ? needles->bits : BITS_LEAST;
    char *copy = malloc(text.n);

    if (!copy || text.n < BLOCK || !make_room(needles)) {
        free(copy);
        return false;
    }
    for (size_t i = 0; i < text.n; i++) {
        copy[i] = fold(text.p[i]);
    }
    needles->v[needles->n] = (struct cli_search_text){.text = {copy, text.n}, .kind = kind};
    while (bits < BITS_MOST && needles->n * 16 > (uint32_t)1 << bits) {
        bits += 2;
    }
    needles->n++;
    if (needles->n > 2 && window >= needles->window && bits == needles->bits) {
        enter(needles, needles->n - 1);
        return true;
    }
    if (needles->n > 2 && window > needles->window) {
        window = needles->window;
    }
    return build(needles, window, bits);
}

void cli_search_texts_free(struct cli_search_texts *needles)
{
    for (uint32_t i = 1; i < needles->n; i++) {
        free((char *)needles->v[i].text.p);
    }
    free(needles->v);
    free(needles->shift);
    free(needles->head);
    *needles = (struct cli_search_texts){0};
}

/* ---- searching ---- */

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || (fold(c) >= 'a' && fold(c) <= 'z');
}

/* p is where its window would be. */
static bool is_here(const struct cli_search_text *needle, const char *p, struct mt_slice s)
{
    const char *end = s.p + s.n, *after;

    if ((size_t)(p - s.p) < needle->skip || (size_t)(end - p) + needle->skip < needle->text.n) {
        return false;
    }
    p -= needle->skip;
    after = p + needle->text.n;
    for (size_t i = 0; i < needle->text.n; i++) {
        if (fold(p[i]) != needle->text.p[i]) {
            return false;
        }
    }
    return needle->kind == CLI_SEARCH_ANYWHERE || ((p == s.p || !is_word(p[-1])) && (after == end || !is_word(*after)));
}

static bool any_here(const struct cli_search_texts *needles, uint32_t hash, const char *p, struct mt_slice s)
{
    for (uint32_t i = needles->head[hash]; i; i = needles->v[i].next) {
        if (is_here(&needles->v[i], p, s)) {
            return true;
        }
    }
    return false;
}

/* Any number of needles, from the window at `from` on: one jump after the other. */
static const char *find_many(const struct cli_search_texts *needles, const char *from, struct mt_slice s)
{
    const char *end = s.p + s.n, *p;
    size_t window = needles->window;
    unsigned bits = needles->bits;
    const uint8_t *shift = needles->shift;

    if ((size_t)(end - from) < window) {
        return NULL;
    }
    for (p = from + window - BLOCK; p <= end - BLOCK;) {
        uint32_t hash = hash_at(p, bits);
        size_t jump = shift[hash];
        if (jump) {
            p += jump;
            continue;
        }
        if (any_here(needles, hash, p - (window - BLOCK), s)) {
            return p - (window - BLOCK);
        }
        p++;
    }
    return NULL;
}

/* ---- a few needles: the last bytes of their windows are compared at many places at once ---- */

#define FEW    12
#define PLACES 32

typedef unsigned char vector __attribute__((vector_size(PLACES)));
typedef unsigned char unaligned __attribute__((vector_size(PLACES), aligned(1), may_alias));
typedef uint64_t words __attribute__((vector_size(PLACES)));

#define INLINE static inline __attribute__((always_inline))

/* The first of the places where one of all needles really is; PLACES: none. */
static size_t check(const struct cli_search_texts *needles, const char *p, const unsigned char places[PLACES],
                    struct mt_slice s)
{
    for (size_t k = 0; k < PLACES; k++) {
        for (uint32_t i = 1; places[k] && i < needles->n; i++) {
            if (is_here(&needles->v[i], p + k, s)) {
                return k;
            }
        }
    }
    return PLACES;
}

/* A pointer, not a vector: how those are handed over is not the same everywhere. */
INLINE bool any_set(const vector *v)
{
    words w = (words)*v;

    return (w[0] | w[1] | w[2] | w[3]) != 0;
}

/* The last bytes of the windows, each in all places. */
INLINE void fill_ends(const struct cli_search_texts *needles, vector ends[FEW][BLOCK])
{
    for (uint32_t i = 1; i < needles->n; i++) {
        const char *last = needles->v[i].text.p + needles->v[i].skip + needles->window - BLOCK;
        for (size_t k = 0; k < BLOCK; k++) {
            memset(&ends[i - 1][k], (unsigned char)last[k] | 0x20, sizeof ends[i - 1][k]);
        }
    }
}

INLINE const char *find_at_places(const struct cli_search_texts *needles, struct mt_slice s)
{
    const char *p = s.p, *end = s.p + s.n;
    size_t window = needles->window;
    uint32_t n = needles->n - 1;
    vector ends[FEW][BLOCK], a, b, c, hits;
    unsigned char places[PLACES];
    size_t found;

    fill_ends(needles, ends);
    for (; (size_t)(end - p) >= window + PLACES; p += PLACES) {
        const char *at = p + window - BLOCK;
        a = *(const unaligned *)(const void *)at | 0x20;
        b = *(const unaligned *)(const void *)(at + 1) | 0x20;
        c = *(const unaligned *)(const void *)(at + 2) | 0x20;
        hits = (vector)((a == ends[0][0]) & (b == ends[0][1]) & (c == ends[0][2]));
        for (uint32_t i = 1; i < n; i++) {
            hits |= (vector)((a == ends[i][0]) & (b == ends[i][1]) & (c == ends[i][2]));
        }
        if (any_set(&hits)) {
            memcpy(places, &hits, sizeof places);
            found = check(needles, p, places, s);
            if (found < PLACES) {
                return p + found;
            }
        }
    }
    return find_many(needles, p, s);
}

#if defined(__x86_64__) && defined(__GNUC__)

__attribute__((target("avx2"))) static const char *find_few_avx2(const struct cli_search_texts *needles,
                                                                 struct mt_slice s)
{
    return find_at_places(needles, s);
}

static const char *find_few(const struct cli_search_texts *needles, struct mt_slice s)
{
    return __builtin_cpu_supports("avx2") ? find_few_avx2(needles, s) : find_at_places(needles, s);
}

#else

static const char *find_few(const struct cli_search_texts *needles, struct mt_slice s)
{
    return find_at_places(needles, s);
}

#endif

/* One needle jumps over almost all of its length; a few shorter ones would jump over less than they are compared at. */
const char *cli_search_texts_find(const struct cli_search_texts *needles, struct mt_slice s)
{
    if (!needles->n || !s.p || s.n < needles->window) {
        return NULL;
    }
    return needles->window < PLACES && needles->n <= FEW ? find_few(needles, s) : find_many(needles, s.p, s);
}
