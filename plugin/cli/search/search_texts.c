#include "search_texts.h"

#include <stdlib.h>
#include <sys/random.h>

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

/* A whole window, without regard to case in the same way. */
static uint32_t hash_window(const struct cli_search_texts *texts, const char *p)
{
    const uint64_t odd = UINT64_C(0x9E3779B97F4A7C15);
    uint64_t hash = texts->seed, word;
    size_t n = texts->window;

    for (; n >= sizeof word; p += sizeof word, n -= sizeof word) {
        memcpy(&word, p, sizeof word);
        hash = (hash ^ (word | UINT64_C(0x2020202020202020))) * odd;
        hash ^= hash >> 32;
    }
    for (; n; p++, n--) {
        hash = (hash ^ (unsigned char)(*p | 0x20)) * odd;
    }
    return (uint32_t)(hash >> (64 - texts->bits));
}

/* ---- building ---- */

/* Texts with the same hash of their windows are compared one after the other: how many have this one, up to `most`. */
static uint32_t count_same(const struct cli_search_texts *texts, uint32_t hash, uint32_t most)
{
    uint32_t n = 0;

    for (uint32_t i = texts->head[hash]; i && n < most; i = texts->v[i].next) {
        n++;
    }
    return n;
}

#define MANY 16 /* as good as any larger number */

/* Where in the text its window is: where the fewest others have the same in theirs. IDs differ at their ends, mostly. */
static uint32_t choose_window(const struct cli_search_texts *texts, const struct cli_search_text *wanted)
{
    size_t skip = wanted->text.n - texts->window, best = skip;
    uint32_t least = MANY;

    for (;; skip--) {
        uint32_t hash = hash_window(texts, wanted->text.p + skip);
        uint32_t n = count_same(texts, hash, least);
        if (n < least) {
            least = n;
            best = skip;
        }
        if (!n || !skip) {
            return (uint32_t)best;
        }
    }
}

/* The blocks of a window tell how far its end is away from the end of the block, at least. */
static void enter(struct cli_search_texts *texts, uint32_t i)
{
    struct cli_search_text *wanted = &texts->v[i];
    size_t blocks = texts->window - BLOCK;
    uint32_t *head;

    wanted->skip = choose_window(texts, wanted);
    head = &texts->head[hash_window(texts, wanted->text.p + wanted->skip)];
    wanted->next = *head;
    *head = i;
    for (size_t at = 0; at <= blocks; at++) {
        uint32_t hash = hash_at(wanted->text.p + wanted->skip + at, texts->bits);
        uint8_t shift = (uint8_t)(blocks - at);
        if (shift < texts->shift[hash]) {
            texts->shift[hash] = shift;
        }
    }
}

static bool build(struct cli_search_texts *texts, size_t window, unsigned bits)
{
    size_t size = (size_t)1 << bits;

    if (bits != texts->bits) {
        free(texts->shift);
        free(texts->head);
        texts->shift = malloc(size);
        texts->head = malloc(size * sizeof *texts->head);
    }
    texts->bits = texts->shift && texts->head ? bits : 0;
    if (!texts->bits) {
        return false;
    }
    texts->window = window;
    memset(texts->shift, (int)(window - BLOCK + 1), size);
    memset(texts->head, 0, size * sizeof *texts->head);
    for (uint32_t i = 1; i < texts->n; i++) {
        enter(texts, i);
    }
    return true;
}

static bool make_room(struct cli_search_texts *texts)
{
    uint32_t room = texts->room ? 2 * texts->room : 16;
    struct cli_search_text *v;

    if (texts->n < texts->room) {
        return true;
    }
    if (!texts->n && getrandom(&texts->seed, sizeof texts->seed, 0) < 0) {
        texts->seed = (uintptr_t)texts;
    }
    v = realloc(texts->v, room * sizeof *v);
    if (!v) {
        return false;
    }
    texts->v = v;
    texts->room = room;
    texts->n = texts->n ? texts->n : 1;
    return true;
}

bool cli_search_texts_add(struct cli_search_texts *texts, struct mt_slice text, enum cli_search_text_kind kind)
{
    size_t window = text.n < WINDOW_MOST ? text.n : WINDOW_MOST;
    unsigned bits = texts->bits ? texts->bits : BITS_LEAST;
    char *copy = malloc(text.n);

    if (!copy || text.n < BLOCK || !make_room(texts)) {
        free(copy);
        return false;
    }
    for (size_t i = 0; i < text.n; i++) {
        copy[i] = fold(text.p[i]);
    }
    texts->v[texts->n] = (struct cli_search_text){.text = {copy, text.n}, .kind = kind};
    while (bits < BITS_MOST && texts->n * 16 > (uint32_t)1 << bits) {
        bits += 2;
    }
    texts->n++;
    if (texts->n > 2 && window >= texts->window && bits == texts->bits) {
        enter(texts, texts->n - 1);
        return true;
    }
    if (texts->n > 2 && window > texts->window) {
        window = texts->window;
    }
    if (!build(texts, window, bits)) {
        free((char *)texts->v[--texts->n].text.p);
        return false;
    }
    return true;
}

void cli_search_texts_free(struct cli_search_texts *texts)
{
    for (uint32_t i = 1; i < texts->n; i++) {
        free((char *)texts->v[i].text.p);
    }
    free(texts->v);
    free(texts->shift);
    free(texts->head);
    *texts = (struct cli_search_texts){0};
}

/* ---- searching ---- */

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || (fold(c) >= 'a' && fold(c) <= 'z');
}

/* p is where its window would be. */
static bool is_here(const struct cli_search_text *wanted, const char *p, struct mt_slice s)
{
    const char *end = s.p + s.n, *after;

    if ((size_t)(p - s.p) < wanted->skip || (size_t)(end - p) + wanted->skip < wanted->text.n) {
        return false;
    }
    p -= wanted->skip;
    after = p + wanted->text.n;
    for (size_t i = 0; i < wanted->text.n; i++) {
        if (fold(p[i]) != wanted->text.p[i]) {
            return false;
        }
    }
    if (wanted->kind != CLI_SEARCH_ANYWHERE && p > s.p && is_word(p[-1])) {
        return false;
    }
    return wanted->kind != CLI_SEARCH_WORD || after == end || !is_word(*after);
}

static bool any_here(const struct cli_search_texts *texts, const char *p, struct mt_slice s)
{
    for (uint32_t i = texts->head[hash_window(texts, p)]; i; i = texts->v[i].next) {
        if (is_here(&texts->v[i], p, s)) {
            return true;
        }
    }
    return false;
}

/* Any number of texts, from the window at `from` on: one jump after the other. */
static const char *find_many(const struct cli_search_texts *texts, const char *from, struct mt_slice s)
{
    const char *end = s.p + s.n, *p;
    size_t window = texts->window;
    unsigned bits = texts->bits;
    const uint8_t *shift = texts->shift;

    if ((size_t)(end - from) < window) {
        return NULL;
    }
    for (p = from + window - BLOCK; p <= end - BLOCK;) {
        size_t jump = shift[hash_at(p, bits)];
        if (jump) {
            p += jump;
            continue;
        }
        if (any_here(texts, p - (window - BLOCK), s)) {
            return p - (window - BLOCK);
        }
        p++;
    }
    return NULL;
}

/* ---- a few texts: the last bytes of their windows are compared at many places at once ---- */

#define FEW    12
#define PLACES 32

typedef unsigned char vector __attribute__((vector_size(PLACES)));
typedef unsigned char unaligned __attribute__((vector_size(PLACES), aligned(1), may_alias));
typedef uint64_t words __attribute__((vector_size(PLACES)));

#define INLINE static inline __attribute__((always_inline))

/* The first of the places where one of all texts really is; PLACES: none. */
static size_t check(const struct cli_search_texts *texts, const char *p, const unsigned char places[PLACES],
                    struct mt_slice s)
{
    for (size_t k = 0; k < PLACES; k++) {
        for (uint32_t i = 1; places[k] && i < texts->n; i++) {
            if (is_here(&texts->v[i], p + k, s)) {
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
INLINE void fill_ends(const struct cli_search_texts *texts, vector ends[FEW][BLOCK])
{
    for (uint32_t i = 1; i < texts->n; i++) {
        const char *last = texts->v[i].text.p + texts->v[i].skip + texts->window - BLOCK;
        for (size_t k = 0; k < BLOCK; k++) {
            memset(&ends[i - 1][k], (unsigned char)last[k] | 0x20, sizeof ends[i - 1][k]);
        }
    }
}

INLINE const char *find_at_places(const struct cli_search_texts *texts, struct mt_slice s)
{
    const char *p = s.p, *end = s.p + s.n;
    size_t window = texts->window;
    uint32_t n = texts->n - 1;
    vector ends[FEW][BLOCK], a, b, c, hits;
    unsigned char places[PLACES];
    size_t found;

    fill_ends(texts, ends);
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
            found = check(texts, p, places, s);
            if (found < PLACES) {
                return p + found;
            }
        }
    }
    return find_many(texts, p, s);
}

#if defined(__x86_64__) && defined(__GNUC__)

__attribute__((target("avx2"))) static const char *find_few_avx2(const struct cli_search_texts *texts,
                                                                 struct mt_slice s)
{
    return find_at_places(texts, s);
}

static const char *find_few(const struct cli_search_texts *texts, struct mt_slice s)
{
    return __builtin_cpu_supports("avx2") ? find_few_avx2(texts, s) : find_at_places(texts, s);
}

#else

static const char *find_few(const struct cli_search_texts *texts, struct mt_slice s)
{
    return find_at_places(texts, s);
}

#endif

/* A search for one text jumps over almost all of its length; for a few shorter ones it would jump over less than they are compared at. */
const char *cli_search_texts_find(const struct cli_search_texts *texts, struct mt_slice s)
{
    if (texts->n < 2 || !texts->bits || !s.p || s.n < texts->window) {
        return NULL;
    }
    return texts->window < PLACES && texts->n <= FEW ? find_few(texts, s) : find_many(texts, s.p, s);
}
