#include "chains.h"

bool mt_chains_init(struct mt_memory *memory, struct mt_chains *chains, size_t n)
{
    void *room = chains->few;
    size_t slots = 8;

    while (slots < 2 * n) {
        slots *= 2;
    }
    chains->bytes = slots * sizeof *chains->v + 2 * n * sizeof *chains->room + n * sizeof *chains->next;
    if (chains->bytes > sizeof chains->few && !(room = mt_memory_get(memory, chains->bytes))) {
        return false;
    }
    chains->v = room;
    chains->size = slots;
    chains->room = (struct mt_line_copy **)(void *)(chains->v + slots);
    chains->next = (uint32_t *)(void *)(chains->room + 2 * n);
    mt_chains_clear(chains);
    return true;
}

void mt_chains_clear(struct mt_chains *chains)
{
    memset(chains->v, 0, chains->size * sizeof *chains->v);
}

void mt_chains_free(struct mt_memory *memory, struct mt_chains *chains)
{
    if ((void *)chains->v != (void *)chains->few) {
        mt_memory_put(memory, chains->v, chains->bytes);
    }
}

struct mt_chain *mt_chains_add(struct mt_chains *chains, uint64_t key, uint32_t i)
{
    struct mt_chain *chain;
    size_t at;

    key |= 1;
    for (at = (key >> 8) & (chains->size - 1); chains->v[at].key && chains->v[at].key != key;) {
        at = (at + 1) & (chains->size - 1);
    }
    chain = &chains->v[at];
    chain->key = key;
    *(chain->last ? &chains->next[chain->last - 1] : &chain->first) = i + 1;
    chain->last = i + 1;
    chain->n++;
    chains->next[i] = 0;
    return chain;
}
