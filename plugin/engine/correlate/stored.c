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
static void rebase(struct mt_slice *s, struct mt_slice old, const char *copy)
{
    if ((uintptr_t)s->p - (uintptr_t)old.p <= old.n && old.n) {
        s->p = copy + (s->p - old.p);
    }
}

static void copy_values(struct mt_stored *s, const struct mt_record *rec)
{
    unsigned k = 0;

    for (unsigned w = 0; w < 2; w++) {
        for (uint64_t rest = rec->f.have[w]; rest; rest &= rest - 1) {
            enum mt_field id = w * 64 + (unsigned)__builtin_ctzll(rest);
            s->v[k] = rec->f.v[id];
            if (mt_is_text(id)) {
                rebase(&s->v[k].s, rec->line.text, s->line.text.p);
                rebase(&s->v[k].s, rec->line.program, s->line.program.p);
            }
            k++;
        }
    }
}

struct mt_stored *mt_stored_new(struct mt_store *store, const struct mt_record *rec)
{
    size_t values = mt_bits(rec->f.have[0]) + mt_bits(rec->f.have[1]);
    size_t head = sizeof(struct mt_stored) + values * sizeof(union mt_value);
    size_t n = head + rec->line.text.n + rec->line.program.n;
    struct mt_chunk *chunk;
    struct mt_stored *s = take(store, n, &chunk);
    char *bytes;

    if (!s) {
        return NULL;
    }
    bytes = (char *)s + head;
    *s = (struct mt_stored){
        .usec = rec->line.time.usec,
        .order = rec->line.order,
        .have = {rec->f.have[0], rec->f.have[1]},
        .line = rec->line,
        .service = rec->service,
        .chunk = chunk,
        .refs = 1,
        .mta = rec->mta,
        .kind = rec->kind,
        .status = rec->status,
        .list = rec->list,
        .more = rec->more,
        .repeated = rec->repeated,
    };
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
    unsigned k = 0;

    for (unsigned w = 0; w < 2; w++) {
        for (uint64_t rest = s->have[w]; rest; rest &= rest - 1, k++) {
            enum mt_field id = w * 64 + (unsigned)__builtin_ctzll(rest);
            if (!mt_has(f, id)) {
                f->v[id] = s->v[k];
                mt_mark(f, id);
            }
        }
    }
}
