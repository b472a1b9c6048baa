/* Things in an image that several others refer to: see image.h. */
#include "image.h"

#include <stdlib.h>

#define LEAST 1024

static size_t place_of(const struct mt_image_refs *refs, const void *thing)
{
    size_t i = ((uintptr_t)thing >> 4) * (size_t)0x9e3779b97f4a7c15 & (refs->size - 1);

    while (refs->keys[i] && refs->keys[i] != thing) {
        i = (i + 1) & (refs->size - 1);
    }
    return i;
}

static bool grow_map(struct mt_image_refs *refs)
{
    struct mt_image_refs bigger = {.n = refs->n, .size = refs->size ? refs->size * 2 : LEAST};

    bigger.keys = calloc(bigger.size, sizeof *bigger.keys);
    bigger.numbers = malloc(bigger.size * sizeof *bigger.numbers);
    if (!bigger.keys || !bigger.numbers) {
        free(bigger.keys);
        free(bigger.numbers);
        return false;
    }
    for (size_t i = 0; i < refs->size; i++) {
        if (refs->keys[i]) {
            size_t at = place_of(&bigger, refs->keys[i]);
            bigger.keys[at] = refs->keys[i];
            bigger.numbers[at] = refs->numbers[i];
        }
    }
    free(refs->keys);
    free(refs->numbers);
    *refs = bigger;
    return true;
}

/* What stands for a reference: nothing, one that is met once, one that has the next number, a number. */
enum { REF_NONE, REF_ONCE, REF_NEW, REF_FIRST };

static uint64_t ref_of(struct mt_archive *a, struct mt_image_refs *refs, const void *thing, uint32_t nrefs)
{
    size_t at;

    if (!thing) {
        return REF_NONE;
    }
    if (nrefs < 2) {
        return REF_ONCE;
    }
    if (refs->n >= refs->size / 4 * 3 && !grow_map(refs)) {
        a->failed = true;
        return REF_NONE;
    }
    at = place_of(refs, thing);
    if (refs->keys[at]) {
        return REF_FIRST + refs->numbers[at];
    }
    refs->keys[at] = thing;
    refs->numbers[at] = (uint32_t)refs->n++;
    return REF_NEW;
}

void mt_image_remember(struct mt_archive *a, struct mt_image_refs *refs, void *thing)
{
    if (refs->n == refs->size) {
        void *larger = mt_array_grow(refs->things, sizeof *refs->things, &refs->size, LEAST);
        if (!larger) {
            a->failed = true;
            return;
        }
        refs->things = larger;
    }
    refs->things[refs->n++] = thing;
}

void *mt_image_walk_ref(struct mt_archive *a, struct mt_image_refs *refs, const void *thing, uint32_t nrefs, bool *body,
                        bool *shared)
{
    uint64_t ref = a->loading ? 0 : ref_of(a, refs, thing, nrefs);

    MT_ARCHIVE(a, ref);
    *body = ref == REF_ONCE || ref == REF_NEW;
    *shared = ref == REF_NEW;
    if (!a->loading || ref < REF_FIRST) {
        return NULL;
    }
    if (ref - REF_FIRST < refs->first || ref - REF_FIRST >= refs->n) {
        a->failed = true;
        return NULL;
    }
    return refs->things[ref - REF_FIRST];
}

void mt_image_free_refs(struct mt_image_refs *refs)
{
    free(refs->keys);
    free(refs->numbers);
    free(refs->things);
}
