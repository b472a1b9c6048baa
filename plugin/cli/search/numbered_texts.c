#include "numbered_texts.h"

#include <stdlib.h>
#include <sys/random.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

/* What is hashed comes from strangers. */
static uint64_t hash_of(const struct cli_numbered_texts *texts, struct mt_slice text)
{
    return XXH3_64bits_withSeed(text.p, text.n, texts->seed);
}

/* The slot that holds the text, or the free one where it belongs. */
static uint32_t *slot_of(const struct cli_numbered_texts *texts, struct mt_slice text)
{
    uint32_t mask = texts->nslots - 1, i = (uint32_t)hash_of(texts, text) & mask;

    while (texts->slots[i] && !mt_slice_eq(texts->v[texts->slots[i] - 1], text)) {
        i = (i + 1) & mask;
    }
    return &texts->slots[i];
}

uint32_t cli_numbered_texts_find(const struct cli_numbered_texts *texts, struct mt_slice text)
{
    return texts->nslots ? *slot_of(texts, text) - 1 : CLI_NO_NUMBER;
}

static bool grow(struct cli_numbered_texts *texts)
{
    uint32_t room = texts->room ? 2 * texts->room : 64;
    struct mt_slice *v = realloc(texts->v, room * sizeof *v);
    uint32_t *slots = calloc(2 * (size_t)room, sizeof *slots);

    texts->v = v ? v : texts->v;
    if (!v || !slots) {
        free(slots);
        return false;
    }
    if (!texts->seed && getrandom(&texts->seed, sizeof texts->seed, 0) < 0) {
        texts->seed = UINT64_C(0xcbf29ce484222325);
    }
    free(texts->slots);
    texts->slots = slots;
    texts->nslots = 2 * room;
    texts->room = room;
    for (uint32_t i = 0; i < texts->n; i++) {
        *slot_of(texts, texts->v[i]) = i + 1;
    }
    return true;
}

uint32_t cli_numbered_texts_add(struct cli_numbered_texts *texts, struct mt_slice text)
{
    uint32_t *slot;
    char *copy;

    if (texts->n == texts->room && cli_numbered_texts_find(texts, text) == CLI_NO_NUMBER && !grow(texts)) {
        return CLI_NO_NUMBER;
    }
    slot = slot_of(texts, text);
    if (*slot) {
        return *slot - 1;
    }
    copy = malloc(text.n ? text.n : 1);
    if (!copy) {
        return CLI_NO_NUMBER;
    }
    if (text.n) {
        memcpy(copy, text.p, text.n);
    }
    texts->v[texts->n] = mt_slice(copy, text.n);
    *slot = ++texts->n;
    return texts->n - 1;
}

void cli_numbered_texts_free(struct cli_numbered_texts *texts)
{
    for (uint32_t i = 0; i < texts->n; i++) {
        free((char *)texts->v[i].p);
    }
    free(texts->v);
    free(texts->slots);
    *texts = (struct cli_numbered_texts){0};
}
