#include "kept_fields.h"

#include <endian.h>
#include <stddef.h>

#include "base/copy.h"

#define LONG 255
#define HEAD offsetof(struct mt_kept_block, p)

_Static_assert(HEAD >= sizeof(uint64_t), "as_int() reads before a value");

/* An entry as it stands in a block. */
struct entry {
    unsigned id;
    struct mt_slice value;
};

static uint64_t bit(unsigned id)
{
    return UINT64_C(1) << (id & 63);
}

static bool is_in(const uint64_t set[2], unsigned id)
{
    return set[id / 64] & bit(id);
}

/* Reads the entry at p; returns where the next one begins. */
static inline const unsigned char *entry_at(const unsigned char *p, struct entry *e)
{
    uint32_t n = p[1];

    e->id = p[0];
    p += 2;
    if (n == LONG) {
        memcpy(&n, p, sizeof n);
        p += sizeof n;
    }
    e->value = mt_slice((const char *)p, n);
    return p + n;
}

static const unsigned char *start_of(const struct mt_kept *kept, const unsigned char **end)
{
    const struct mt_kept_block *block = kept->block;

    *end = block ? block->p + block->n : NULL;
    return block ? block->p : NULL;
}

static inline const unsigned char *behind_entry(const unsigned char *p)
{
    struct entry e;

    return entry_at(p, &e);
}

/* The entry of a field that the kept fields have, and where it stands. */
static const unsigned char *find(const struct mt_kept *kept, unsigned id, struct entry *e)
{
    const unsigned char *p = kept->block->p;

    while (*p != id) {
        p = behind_entry(p);
    }
    entry_at(p, e);
    return p;
}

/* The value of an entry. The eight bytes that end with it are in the block: its head is longer. */
static int64_t as_int(struct mt_slice s)
{
    uint64_t i;

    if (!s.n || s.n > sizeof i) {
        return 0;
    }
    memcpy(&i, s.p + s.n - sizeof i, sizeof i);
    return (int64_t)(le64toh(i) >> (64 - 8 * s.n));
}

/* How many bytes an integer takes. */
static size_t int_bytes(int64_t i)
{
    return i ? (size_t)(71 - __builtin_clzll((uint64_t)i)) / 8 : 0;
}

/* Bytes of an entry whose value has n. */
static size_t entry_size(size_t n)
{
    return (n < LONG ? 2 : 6) + n;
}

/* Bytes of a block with that room. Small ones come in steps anyway. */
static size_t block_size(size_t room)
{
    return (HEAD + room + MT_MEMORY_STEP - 1) & ~(size_t)(MT_MEMORY_STEP - 1);
}

/* Makes the block fit n bytes of entries. */
static bool resize(struct mt_memory *m, struct mt_kept *kept, size_t n)
{
    struct mt_kept_block *block = kept->block;
    size_t size = block_size(n);

    if (n > UINT32_MAX / 2) {
        return false;
    }
    block = mt_memory_resize(m, block, block ? block_size(block->room) : 0, size);
    if (!block) {
        return false;
    }
    if (!kept->block) {
        block->have[0] = block->have[1] = 0;
        block->n = 0;
    }
    block->room = (uint32_t)(size - HEAD);
    kept->block = block;
    return true;
}

void mt_kept_reserve(struct mt_memory *m, struct mt_kept *kept, uint32_t room)
{
    if (!kept->block) {
        resize(m, kept, room);
    }
}

/* Where that many bytes of entries more can be written; NULL when memory is short. */
static unsigned char *room_for(struct mt_memory *m, struct mt_kept *kept, size_t more)
{
    size_t n = kept->block ? kept->block->n : 0;

    if ((!kept->block || kept->block->room - n < more) && !resize(m, kept, n + more)) {
        return NULL;
    }
    return kept->block->p + n;
}

/* Both write an entry and return where the next one begins. */
static inline unsigned char *write_text(unsigned char *p, unsigned id, struct mt_slice s)
{
    uint32_t n = (uint32_t)s.n;

    *p++ = (unsigned char)id;
    if (s.n < LONG) {
        *p++ = (unsigned char)n;
    } else {
        *p++ = LONG;
        memcpy(p, &n, sizeof n);
        p += sizeof n;
    }
    mt_copy_bytes(p, s.p, n); /* values are short */
    return p + n;
}

static inline unsigned char *write_int(unsigned char *p, unsigned id, int64_t i)
{
    unsigned char *count;

    *p++ = (unsigned char)id;
    count = p++;
    for (uint64_t rest = (uint64_t)i; rest; rest >>= 8) {
        *p++ = (unsigned char)rest;
    }
    *count = (unsigned char)(p - count - 1);
    return p;
}

static void wrote(struct mt_kept_block *block, const unsigned char *end)
{
    block->n = (uint32_t)(end - block->p);
}

void mt_kept_free_block(struct mt_memory *m, struct mt_kept *kept)
{
    mt_memory_put(m, kept->block, block_size(kept->block->room));
    kept->block = NULL;
}

struct mt_slice mt_kept_value(const struct mt_kept *kept, enum mt_field id)
{
    struct entry e;

    find(kept, id, &e);
    return e.value;
}

int64_t mt_kept_get_int(const struct mt_kept *kept, enum mt_field id, int64_t otherwise)
{
    return mt_kept_has(kept, id) ? as_int(mt_kept_value(kept, id)) : otherwise;
}

static void take_out(struct mt_kept *kept, unsigned id)
{
    struct mt_kept_block *block = kept->block;
    struct entry e;
    unsigned char *old = block->p + (find(kept, id, &e) - block->p);
    size_t size = entry_size(e.value.n);

    block->n -= (uint32_t)size;
    memmove(old, old + size, block->n - (size_t)(old - block->p));
}

void mt_kept_put(struct mt_memory *m, struct mt_kept *kept, enum mt_field id, struct mt_slice s, bool replace)
{
    size_t more = entry_size(s.n), gone = 0;
    unsigned char *p;

    if (mt_kept_has(kept, id)) {
        struct mt_slice there = mt_kept_value(kept, id);
        if (!replace || mt_slice_eq(there, s)) {
            return;
        }
        gone = entry_size(there.n);
    }
    p = room_for(m, kept, more > gone ? more - gone : 0);
    if (!p) {
        return;
    }
    if (gone) {
        take_out(kept, id);
    }
    wrote(kept->block, write_text(p - gone, id, s));
    kept->block->have[id / 64] |= bit(id);
}

void mt_kept_put_int(struct mt_memory *m, struct mt_kept *kept, enum mt_field id, int64_t i, bool replace)
{
    uint64_t bytes = htole64((uint64_t)i);

    mt_kept_put(m, kept, id, mt_slice((const char *)&bytes, int_bytes(i)), replace);
}

/* Of 64 fields of a line those that `put` names: how many bytes their entries take. */
static inline size_t line_size(const struct mt_line_copy *line, unsigned word, uint64_t put)
{
    const uint8_t *places = line->place + 64 * (size_t)word;
    const uint64_t texts = mt_text_fields(word);
    size_t n = 0;

    for (; put; put &= put - 1) {
        size_t i = (size_t)__builtin_ctzll(put);
        const union mt_value *v = &line->v[places[i]];
        n += entry_size(texts >> i & 1 ? v->s.n : int_bytes(v->i));
    }
    return n;
}

/* Writes these entries; returns where the next one begins. */
static inline unsigned char *write_line(unsigned char *p, const struct mt_line_copy *line, unsigned word, uint64_t put)
{
    const uint8_t *places = line->place + 64 * (size_t)word;
    const uint64_t texts = mt_text_fields(word);

    for (; put; put &= put - 1) {
        size_t i = (size_t)__builtin_ctzll(put);
        const union mt_value *v = &line->v[places[i]];
        unsigned id = word * 64 + (unsigned)i;
        p = texts >> i & 1 ? write_text(p, id, v->s) : write_int(p, id, v->i);
    }
    return p;
}

void mt_kept_put_line(struct mt_memory *m, struct mt_kept *kept, const struct mt_line_copy *line,
                      const uint64_t which[2])
{
    uint64_t first = line->have[0] & which[0], second = line->have[1] & which[1];
    unsigned char *p;

    if (kept->block) {
        first &= ~kept->block->have[0];
        second &= ~kept->block->have[1];
    }
    if (!(first | second) || !(p = room_for(m, kept, line_size(line, 0, first) + line_size(line, 1, second)))) {
        return;
    }
    kept->block->have[0] |= first;
    kept->block->have[1] |= second;
    wrote(kept->block, write_line(write_line(p, line, 0, first), line, 1, second));
}

/* How many bytes the entries of `which` take, and where the last of them ends; all are there, from p on. */
static size_t size_of(const unsigned char *p, const uint64_t which[2], const unsigned char **end)
{
    uint64_t left[2] = {which[0], which[1]};
    size_t n = 0;
    struct entry e;

    while (left[0] | left[1]) {
        const unsigned char *next = entry_at(p, &e);
        if (is_in(left, e.id)) {
            left[e.id / 64] &= ~bit(e.id);
            n += (size_t)(next - p);
        }
        p = next;
    }
    *end = p;
    return n;
}

/* Appends the entries of `which`, which the other kept has and this one has none of. False when memory is short. */
static bool put_entries(struct mt_memory *m, struct mt_kept *kept, const struct mt_kept *from, const uint64_t which[2])
{
    const unsigned char *p = from->block->p, *end, *next;
    size_t n = size_of(p, which, &end);
    unsigned char *to = room_for(m, kept, n);
    struct entry e;

    if (!to) {
        return false;
    }
    for (; p < end; p = next) {
        next = entry_at(p, &e);
        if (is_in(which, e.id)) {
            mt_copy_bytes(to, p, (size_t)(next - p));
            to += next - p;
        }
    }
    wrote(kept->block, to);
    kept->block->have[0] |= which[0];
    kept->block->have[1] |= which[1];
    return true;
}

void mt_kept_copy(struct mt_memory *m, struct mt_kept *kept, const struct mt_kept *from, const uint64_t which[2])
{
    uint64_t put[2];

    if (!from->block) {
        return;
    }
    for (unsigned w = 0; w < 2; w++) {
        put[w] = from->block->have[w] & which[w] & ~(kept->block ? kept->block->have[w] : 0);
    }
    if (put[0] | put[1]) {
        put_entries(m, kept, from, put);
    }
}

void mt_kept_keep(struct mt_memory *m, struct mt_kept *kept, const uint64_t which[2])
{
    struct mt_kept left = {NULL};
    uint64_t put[2];

    if (!kept->block) {
        return;
    }
    for (unsigned w = 0; w < 2; w++) {
        put[w] = kept->block->have[w] & which[w];
    }
    if (!(put[0] | put[1]) || put_entries(m, &left, kept, put)) {
        mt_kept_free(m, kept);
        *kept = left;
    }
}

void mt_kept_fill(const struct mt_kept *kept, struct mt_fields *f, const uint64_t which[2])
{
    const unsigned char *end, *p = start_of(kept, &end);
    uint64_t want[2];
    struct entry e;

    if (!p) {
        return;
    }
    for (unsigned w = 0; w < 2; w++) {
        want[w] = kept->block->have[w] & which[w] & ~f->have[w];
        f->have[w] |= want[w];
    }
    while (p < end) {
        p = entry_at(p, &e);
        if (!is_in(want, e.id)) {
            continue;
        }
        if (mt_is_text(e.id)) {
            f->v[e.id].s = e.value;
        } else {
            f->v[e.id].i = as_int(e.value);
        }
    }
}

struct mt_slice mt_kept_bytes(const struct mt_kept *kept)
{
    return kept->block ? mt_slice((const char *)kept->block->p, kept->block->n) : mt_slice(NULL, 0);
}

struct mt_slice mt_kept_find(struct mt_slice bytes, enum mt_field id)
{
    const unsigned char *p = (const unsigned char *)bytes.p, *end = p + bytes.n;
    struct entry e;

    while (p < end) {
        p = entry_at(p, &e);
        if (e.id == id) {
            return e.value;
        }
    }
    return mt_slice(NULL, 0);
}

/* Which fields those bytes have. */
static void have_of(struct mt_slice bytes, uint64_t have[2])
{
    const unsigned char *p = (const unsigned char *)bytes.p, *end = p + bytes.n;
    struct entry e;

    have[0] = have[1] = 0;
    while (p < end) {
        p = entry_at(p, &e);
        have[e.id / 64] |= bit(e.id);
    }
}

size_t mt_kept_missing(const struct mt_kept *from, struct mt_slice bytes, const uint64_t which[2], unsigned char *to,
                       size_t room)
{
    const unsigned char *end, *p = start_of(from, &end), *next;
    uint64_t want[2];
    struct entry e;
    size_t n = 0;

    have_of(bytes, want);
    for (unsigned w = 0; w < 2; w++) {
        want[w] = which[w] & ~want[w];
    }
    for (; p < end; p = next) {
        next = entry_at(p, &e);
        if (!is_in(want, e.id)) {
            continue;
        }
        if ((size_t)(next - p) > room - n) {
            return SIZE_MAX;
        }
        memcpy(to + n, p, (size_t)(next - p));
        n += (size_t)(next - p);
    }
    return n;
}

bool mt_kept_of(struct mt_memory *m, struct mt_kept *kept, struct mt_slice bytes)
{
    kept->block = NULL;
    if (!bytes.n || !resize(m, kept, bytes.n)) {
        return !bytes.n;
    }
    memcpy(kept->block->p, bytes.p, bytes.n);
    kept->block->n = (uint32_t)bytes.n;
    have_of(bytes, kept->block->have);
    return true;
}

/* Is there a whole entry at p, where the bytes may be anything? */
static bool is_entry(const unsigned char *p, const unsigned char *end)
{
    size_t left = (size_t)(end - p);
    uint32_t n;

    if (left < 2) {
        return false;
    }
    if (p[1] < LONG) {
        return p[1] <= left - 2;
    }
    if (left < 6) {
        return false;
    }
    memcpy(&n, p + 2, sizeof n);
    return n <= left - 6;
}

bool mt_kept_load(struct mt_memory *m, struct mt_kept *kept, struct mt_slice bytes, const uint8_t map[256])
{
    const unsigned char *p = (const unsigned char *)bytes.p, *end = p + bytes.n;
    uint64_t failures = m->failures;
    struct entry e;

    if (bytes.n > UINT32_MAX / 4) {
        return false;
    }
    mt_kept_reserve(m, kept, (uint32_t)bytes.n);
    while (p < end) {
        if (!is_entry(p, end)) {
            return false;
        }
        p = entry_at(p, &e);
        if (map[e.id] < MT_FIELD_COUNT) {
            mt_kept_put(m, kept, map[e.id], e.value, false);
        }
    }
    if (kept->block && !kept->block->n) {
        mt_kept_free(m, kept);
    }
    return m->failures == failures;
}
