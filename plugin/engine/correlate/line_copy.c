#include "line_copy.h"

#include <stddef.h>

#include "packed_verdicts.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/copy.h"

#define CHUNK_SIZE (64 * 1024)

/* Each thread has one of its own that is not full. */
#define COPIER_CHUNK_SIZE (16 * 1024)

/* A store's, or a copier's: then `used` and `before` are the copier's, the others the store's. */
struct mt_chunk {
    size_t size, used;
    struct mt_chunk *before; /* what the copier has filled before; NULL once a line of this one was fed */
    uint32_t lines;          /* that were fed and not freed; one more while a copier fills it */
    bool counted;            /* by the store's memory: since a line of it was fed */
    max_align_t data[];
};

static struct mt_chunk *chunk_new(struct mt_memory *m, size_t size)
{
    uint64_t before = m->used;
    struct mt_chunk *chunk = mt_memory_get(m, sizeof *chunk + size);

    if (chunk) {
        m->shared += m->used - before;
        *chunk = (struct mt_chunk){.size = size, .counted = true};
    }
    return chunk;
}

static void chunk_free(struct mt_memory *m, struct mt_chunk *chunk)
{
    uint64_t before = m->used;

    mt_memory_put(m, chunk, sizeof *chunk + chunk->size);
    m->shared += m->used - before;
}

static void *take(struct mt_line_copies *store, size_t n, struct mt_chunk **from)
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

/* Bytes of a record that the copy has elsewhere. */
struct moved {
    const char *from, *to;
    size_t size; /* with the end, where an empty slice can stand; 0: there are no bytes */
};

static inline struct moved moved_to(const char *to, struct mt_slice from)
{
    return (struct moved){.from = from.p, .to = to, .size = from.n ? from.n + 1 : 0};
}

/* A slice of those bytes becomes one of the copy's. */
static inline __attribute__((always_inline)) bool rebase(struct mt_slice *s, const struct moved *moved)
{
    size_t offset = (uintptr_t)s->p - (uintptr_t)moved->from;

    if (offset >= moved->size) {
        return false;
    }
    s->p = moved->to + offset;
    return true;
}

/* The values of 64 fields, from the first on: those that the record has go to v, one behind the other. Returns how many
 * there are then, which were n before.
 */
static inline unsigned copy_values(struct mt_line_copy *s, const struct mt_fields *f, unsigned word, unsigned n,
                                   const struct moved *text, const struct moved *program)
{
    const union mt_value *values = f->v + 64 * (size_t)word;
    const uint64_t texts = mt_text_fields(word);
    uint8_t *places = s->place + 64 * (size_t)word;

    for (uint64_t rest = f->have[word]; rest; rest &= rest - 1) {
        size_t i = (size_t)__builtin_ctzll(rest);
        union mt_value *v = &s->v[n];
        places[i] = (uint8_t)n++;
        *v = values[i];
        if ((texts >> i & 1) && !rebase(&v->s, text)) {
            rebase(&v->s, program);
        }
    }
    return n;
}

/* How many bits of both are set. Without an instruction for it, the compiler would make a call for each. */
static unsigned count_bits(uint64_t a, uint64_t b)
{
    const uint64_t pairs = UINT64_C(0x5555555555555555), fours = UINT64_C(0x3333333333333333);
    uint64_t sums;

    a -= a >> 1 & pairs;
    b -= b >> 1 & pairs;
    sums = (a & fours) + (a >> 2 & fours) + (b & fours) + (b >> 2 & fours); /* up to 8 in each four bits */
    sums = (sums & UINT64_C(0x0f0f0f0f0f0f0f0f)) + (sums >> 4 & UINT64_C(0x0f0f0f0f0f0f0f0f));
    return (unsigned)(sums * UINT64_C(0x0101010101010101) >> 56);
}

/* Without the bytes of the slices. */
static size_t head_size(const struct mt_record *rec)
{
    return sizeof(struct mt_line_copy) + count_bits(rec->f.have[0], rec->f.have[1]) * sizeof(union mt_value);
}

/* What stands behind the head. */
static size_t tail_size(const struct mt_record *rec)
{
    size_t verdicts = __builtin_expect(rec->verdicts.n, 0) ? mt_verdicts_packed_size(&rec->verdicts) : 0;

    return rec->line.text.n + rec->line.program.n + verdicts;
}

static uint64_t mix(uint64_t hash, uint64_t usec)
{
    hash ^= usec * UINT64_C(0x9e3779b97f4a7c15);
    hash = (hash ^ hash >> 32) * UINT64_C(0xd6e8feb86659fd93);
    return hash ^ hash >> 32;
}

static __attribute__((noinline)) void copy_alias(struct mt_line_copy *s, const struct mt_record *rec, struct moved text)
{
    s->alias = rec->alias;
    rebase(&s->alias.text, &text);
}

/* at: where there is room for them. */
static __attribute__((noinline)) void copy_verdicts(struct mt_line_copy *s, const struct mt_line_verdicts *verdicts,
                                                    char *at)
{
    struct mt_verdicts_count count;

    s->verdicts = mt_slice(at, mt_verdicts_packed_size(verdicts));
    mt_verdicts_pack(verdicts, at);
    mt_verdicts_count(s->verdicts, &count);
    s->verdicts_omitted = verdicts->omitted + (uint32_t)(verdicts->n - count.verdicts);
}

static void fill(struct mt_line_copy *s, size_t head, const struct mt_record *rec, struct mt_chunk *chunk)
{
    char *bytes = (char *)s + head;
    struct moved text = moved_to(bytes, rec->line.text);
    struct moved program = moved_to(bytes + rec->line.text.n, rec->line.program);

    s->usec = rec->line.time.usec;
    s->order = rec->line.order;
    s->have[0] = rec->f.have[0];
    s->have[1] = rec->f.have[1];
    s->line = rec->line;
    s->service = rec->service;
    s->within = rec->session;
    s->session = NULL;
    s->peer = NULL;
    s->chunk = chunk;
    s->refs = 1;
    s->life = 0;
    s->fresh = false;
#define COPY(type, member) s->member = rec->member;
    MT_COPIED_MEMBERS(COPY)
#undef COPY
    if (rec->line.text.n) {
        memcpy(bytes, rec->line.text.p, rec->line.text.n);
    }
    mt_copy_bytes(bytes + rec->line.text.n, rec->line.program.p, rec->line.program.n);
    s->line.text.p = bytes;
    s->line.program.p = bytes + rec->line.text.n;
    s->line.host = mt_slice(NULL, 0);
    rebase(&s->service, &program);
    rebase(&s->within, &text);
    s->alias.text.n = 0;
    if (rec->alias.text.n) { /* few lines have one */
        copy_alias(s, rec, text);
    }
    s->verdicts.n = 0;
    s->verdicts_omitted = 0;
    s->verdicts_unsure = rec->verdicts.unsure;
    if (__builtin_expect(rec->verdicts.n, 0)) {
        copy_verdicts(s, &rec->verdicts, bytes + rec->line.text.n + rec->line.program.n);
    }
    s->text_hash = XXH3_64bits_withSeed(bytes, s->line.text.n, s->line.pid);
    s->hash = mix(s->text_hash, (uint64_t)s->usec);
    copy_values(s, &rec->f, 1, copy_values(s, &rec->f, 0, 0, &text, &program), &text, &program);
}

struct mt_line_copy *mt_line_copy_new(struct mt_line_copies *store, const struct mt_record *rec)
{
    size_t head = head_size(rec), n = head + tail_size(rec);
    struct mt_chunk *chunk;
    struct mt_line_copy *s = take(store, n, &chunk);

    if (s) {
        fill(s, head, rec, chunk);
        s->bytes = (uint32_t)n;
        store->memory->shared -= n;
    }
    return s;
}

/* --- copies made beside the lock --- */

static void *copier_take(struct mt_copier *copier, size_t n)
{
    struct mt_chunk *chunk = copier->current;

    n = (n + 15) & ~(size_t)15;
    if (!chunk || chunk->size - chunk->used < n) {
        chunk = malloc(sizeof *chunk + COPIER_CHUNK_SIZE);
        if (!chunk) {
            return NULL;
        }
        *chunk = (struct mt_chunk){.size = COPIER_CHUNK_SIZE, .before = copier->current, .lines = 1};
        copier->current = chunk;
    }
    chunk->used += n;
    return (char *)chunk->data + chunk->used - n;
}

struct mt_line_copy *mt_copier_copy(struct mt_copier *copier, const struct mt_record *rec, enum mt_verdict verdict)
{
    struct mt_slice host = rec->line.host;
    struct mt_line_copy *s;
    size_t head, n;

    if (verdict != MT_RECOGNISED || rec->kind == MT_KIND_PART || !mt_record_matters(rec)) {
        return NULL;
    }
    head = head_size(rec);
    n = head + tail_size(rec);
    if (n + host.n > COPIER_CHUNK_SIZE / 4 || !(s = copier_take(copier, n + host.n))) {
        return NULL;
    }
    fill(s, head, rec, copier->current);
    s->bytes = (uint32_t)n;
    if (host.n) {
        mt_copy_bytes((char *)s + n, host.p, host.n);
        s->line.host = mt_slice((char *)s + n, host.n);
    }
    return s;
}

/* The copier fills this chunk no more. One of which no line was fed is not in use at all. */
static void leave(struct mt_memory *m, struct mt_chunk *chunk)
{
    while (chunk && !chunk->counted) {
        struct mt_chunk *before = chunk->before;
        free(chunk);
        chunk = before;
    }
    if (chunk && --chunk->lines == 0) {
        chunk_free(m, chunk);
    }
}

/* Lines come in the order in which they were copied: those of the chunks before are all here. */
void mt_line_copy_adopt(struct mt_line_copies *store, struct mt_line_copy *line)
{
    struct mt_chunk *chunk = line->chunk;

    chunk->lines++;
    store->memory->shared -= line->bytes;
    if (!chunk->counted) {
        chunk->counted = true;
        store->memory->shared += sizeof *chunk + chunk->size + MT_BLOCK_OVERHEAD;
        mt_memory_adopt(store->memory, sizeof *chunk + chunk->size);
        leave(store->memory, chunk->before);
        chunk->before = NULL;
    }
}

void mt_copier_leave(struct mt_copier *copier, struct mt_line_copies *store)
{
    leave(store->memory, copier->current);
    copier->current = NULL;
}

/* --- the end --- */

void mt_line_copy_free(struct mt_line_copies *store, struct mt_line_copy *line)
{
    struct mt_chunk *chunk;

    if (!line || --line->refs) {
        return;
    }
    chunk = line->chunk;
    store->memory->shared += line->bytes;
    if (--chunk->lines) {
        return;
    }
    if (chunk == store->current) {
        chunk->used = 0;
    } else {
        chunk_free(store->memory, chunk);
    }
}

void mt_line_copies_free(struct mt_line_copies *store)
{
    if (store->current) {
        chunk_free(store->memory, store->current);
        store->current = NULL;
    }
}

void mt_line_copy_fill(const struct mt_line_copy *s, struct mt_fields *f)
{
    const union mt_value *v = s->v;

    for (unsigned w = 0; w < 2; w++) {
        f->have[w] = s->have[w];
        for (uint64_t rest = s->have[w]; rest; rest &= rest - 1) {
            f->v[w * 64 + (unsigned)__builtin_ctzll(rest)] = *v++;
        }
    }
}
