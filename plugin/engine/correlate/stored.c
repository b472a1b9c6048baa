#include "stored.h"

#include <stddef.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define CHUNK_SIZE (64 * 1024)

struct mt_chunk {
    size_t size, used;
    uint32_t lines;
    max_align_t data[];
};

static struct mt_chunk *chunk_new(struct mt_memory *m, size_t size)
{
    struct mt_chunk *chunk = mt_memory_get(m, sizeof *chunk + size);

    if (chunk) {
        chunk->size = size;
        chunk->used = 0;
        chunk->lines = 0;
    }
    return chunk;
}

static void chunk_free(struct mt_memory *m, struct mt_chunk *chunk)
{
    mt_memory_put(m, chunk, sizeof *chunk + chunk->size);
}

static void *take(struct mt_store *store, size_t n, struct mt_chunk **from)
{
    struct mt_chunk *chunk = store->current;

    n = (n + 15) & ~(size_t)15;
    if (!chunk || chunk->size - chunk->used < n) {
        chunk = chunk_new(store->memory, n > CHUNK_SIZE / 4 ? n : CHUNK_SIZE);
        if (!chunk) {
            return NULL;
        }
        if (chunk->size == CHUNK_SIZE) {
            if (store->current && !store->current->lines) {
                chunk_free(store->memory, store->current);
            }
            store->current = chunk;
        }
    }
    *from = chunk;
    chunk->used += n;
    chunk->lines++;
    return (char *)chunk->data + chunk->used - n;
}

/* A slice that pointed into `old` points into the copy at `copy`. */
static bool rebase(struct mt_slice *s, struct mt_slice old, const char *copy)
{
    if ((uintptr_t)s->p - (uintptr_t)old.p > old.n || !old.n) {
        return false;
    }
    s->p = copy + (s->p - old.p);
    return true;
}

static void copy_values(struct mt_stored *s, const struct mt_record *rec)
{
    union mt_value *v = s->v;

    for (unsigned w = 0; w < 2; w++) {
        for (uint64_t rest = rec->f.have[w]; rest; rest &= rest - 1, v++) {
            unsigned id = w * 64 + (unsigned)__builtin_ctzll(rest);
            s->place[id] = (uint8_t)(v - s->v);
            *v = rec->f.v[id];
            if (mt_is_text(id) && !rebase(&v->s, rec->line.text, s->line.text.p)) {
                rebase(&v->s, rec->line.program, s->line.program.p);
            }
        }
    }
}

/* How many bits are set. Without an instruction for it, the compiler would make a call. */
static unsigned count_bits(uint64_t word)
{
    word -= word >> 1 & UINT64_C(0x5555555555555555);
    word = (word & UINT64_C(0x3333333333333333)) + (word >> 2 & UINT64_C(0x3333333333333333));
    word = (word + (word >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    return (unsigned)(word * UINT64_C(0x0101010101010101) >> 56);
}

struct mt_stored *mt_stored_new(struct mt_store *store, const struct mt_record *rec)
{
    size_t values = count_bits(rec->f.have[0]) + count_bits(rec->f.have[1]);
    size_t head = sizeof(struct mt_stored) + values * sizeof(union mt_value);
    size_t n = head + rec->line.text.n + rec->line.program.n;
    struct mt_chunk *chunk;
    struct mt_stored *s = take(store, n, &chunk);
    char *bytes;

    if (!s) {
        return NULL;
    }
    bytes = (char *)s + head;
    s->usec = rec->line.time.usec;
    s->order = rec->line.order;
    s->have[0] = rec->f.have[0];
    s->have[1] = rec->f.have[1];
    s->line = rec->line;
    s->service = rec->service;
    s->session = NULL;
    s->peer = NULL;
    s->chunk = chunk;
    s->refs = 1;
    s->mta = rec->mta;
    s->kind = rec->kind;
    s->status = rec->status;
    s->list = rec->list;
    s->more = rec->more;
    s->repeated = rec->repeated;
    if (rec->line.text.n) {
        memcpy(bytes, rec->line.text.p, rec->line.text.n);
    }
    if (rec->line.program.n) {
        memcpy(bytes + rec->line.text.n, rec->line.program.p, rec->line.program.n);
    }
    s->line.text.p = bytes;
    s->line.program.p = bytes + rec->line.text.n;
    s->line.host = mt_slice(NULL, 0);
    rebase(&s->service, rec->line.program, s->line.program.p);
    s->text_hash = XXH3_64bits_withSeed(bytes, s->line.text.n, s->line.pid);
    s->hash = XXH3_64bits_withSeed(&s->usec, sizeof s->usec, s->text_hash);
    copy_values(s, rec);
    return s;
}

void mt_stored_free(struct mt_store *store, struct mt_stored *line)
{
    struct mt_chunk *chunk;

    if (!line || --line->refs) {
        return;
    }
    chunk = line->chunk;
    if (--chunk->lines) {
        return;
    }
    if (chunk == store->current) {
        chunk->used = 0;
    } else {
        chunk_free(store->memory, chunk);
    }
}

void mt_store_free(struct mt_store *store)
{
    if (store->current) {
        chunk_free(store->memory, store->current);
        store->current = NULL;
    }
}

void mt_stored_fill(const struct mt_stored *s, struct mt_fields *f)
{
    const union mt_value *v = s->v;

    for (unsigned w = 0; w < 2; w++) {
        f->have[w] = s->have[w];
        for (uint64_t rest = s->have[w]; rest; rest &= rest - 1) {
            f->v[w * 64 + (unsigned)__builtin_ctzll(rest)] = *v++;
        }
    }
}
