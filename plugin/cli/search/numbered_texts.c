#include "numbered_texts.h"

#include <stdlib.h>
#include <sys/random.h>

/* FNV-1a with a random start: what is hashed comes from strangers. */
static uint64_t hash_of(const struct cli_numbered_texts *names, struct mt_slice text)
{
    uint64_t hash = names->seed;

    for (size_t i = 0; i < text.n; i++) {
        hash = (hash ^ (unsigned char)text.p[i]) * UINT64_C(0x100000001b3);
    }
    return hash ^ hash >> 29;
}

/* The slot that holds the text, or the free one where it belongs. */
static uint32_t *slot_of(const struct cli_numbered_texts *names, struct mt_slice text)
{
    uint32_t mask = names->nslots - 1, i = (uint32_t)hash_of(names, text) & mask;

    while (names->slots[i] && !mt_slice_eq(names->v[names->slots[i] - 1], text)) {
        i = (i + 1) & mask;
    }
    return &names->slots[i];
}

uint32_t cli_numbered_texts_find(const struct cli_numbered_texts *names, struct mt_slice text)
{
    return names->nslots ? *slot_of(names, text) - 1 : CLI_NO_NAME;
}

static bool grow(struct cli_numbered_texts *names)
{
    uint32_t room = names->room ? 2 * names->room : 64;
    struct mt_slice *v = realloc(names->v, room * sizeof *v);
    uint32_t *slots = calloc(2 * (size_t)room, sizeof *slots);

    names->v = v ? v : names->v;
    if (!v || !slots) {
        free(slots);
        return false;
    }
    if (!names->seed && getrandom(&names->seed, sizeof names->seed, 0) < 0) {
        names->seed = UINT64_C(0xcbf29ce484222325);
    }
    free(names->slots);
    names->slots = slots;
    names->nslots = 2 * room;
    names->room = room;
    for (uint32_t i = 0; i < names->n; i++) {
        *slot_of(names, names->v[i]) = i + 1;
    }
    return true;
}

uint32_t cli_numbered_texts_add(struct cli_numbered_texts *names, struct mt_slice text)
{
    uint32_t *slot;
    char *copy;

    if (names->n == names->room && cli_numbered_texts_find(names, text) == CLI_NO_NAME && !grow(names)) {
        return CLI_NO_NAME;
    }
    slot = slot_of(names, text);
    if (*slot) {
        return *slot - 1;
    }
    copy = malloc(text.n ? text.n : 1);
    if (!copy) {
        return CLI_NO_NAME;
    }
    if (text.n) {
        memcpy(copy, text.p, text.n);
    }
    names->v[names->n] = mt_slice(copy, text.n);
    *slot = ++names->n;
    return names->n - 1;
}

void cli_numbered_texts_free(struct cli_numbered_texts *names)
{
    for (uint32_t i = 0; i < names->n; i++) {
        free((char *)names->v[i].p);
    }
    free(names->v);
    free(names->slots);
    *names = (struct cli_numbered_texts){0};
}
