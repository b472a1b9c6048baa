#include "bag.h"

#include <endian.h>
#include <stddef.h>

#define LONG 255
#define HEAD offsetof(struct mt_bag_block, p)

_Static_assert(HEAD >= sizeof(uint64_t), "as_int() reads before a value");

/* An entry, or what is to become one. */
struct entry {
    uint8_t id;
    struct mt_slice value;
    char bytes[8]; /* of an integer; such an entry must not be moved */
};

static uint64_t bit(unsigned id)
{
    return UINT64_C(1) << (id & 63);
}

/* Reads the entry at p; returns where the next one begins. */
static const unsigned char *entry_at(const unsigned char *p, struct entry *e)
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

static const unsigned char *start_of(const struct mt_bag *bag, const unsigned char **end)
{
    const struct mt_bag_block *block = bag->block;

    *end = block ? block->p + block->n : NULL;
    return block ? block->p : NULL;
}

static const unsigned char *find(const struct mt_bag *bag, unsigned id, struct entry *e)
{
    const unsigned char *p, *end, *next;

    if (!bag->block || !(bag->block->mask & bit(id))) {
        return NULL;
    }
    for (p = start_of(bag, &end); p < end; p = next) {
        next = entry_at(p, e);
        if (e->id == id) {
            return p;
        }
    }
    return NULL;
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

static void set_int(struct entry *e, int64_t i)
{
    size_t n = 0;

    for (uint64_t rest = (uint64_t)i; rest; rest >>= 8) {
        e->bytes[n++] = (char)(rest & 255);
    }
    e->value = mt_slice(e->bytes, n);
}

static size_t size_of(const struct entry *e)
{
    return (e->value.n < LONG ? 2 : 6) + e->value.n;
}

/* Bytes of a block with that room. Small ones come in steps anyway. */
static size_t block_size(size_t room)
{
    return (HEAD + room + MT_MEMORY_STEP - 1) & ~(size_t)(MT_MEMORY_STEP - 1);
}

/* Makes the block fit n bytes of entries. */
static bool resize(struct mt_memory *m, struct mt_bag *bag, size_t n)
{
    struct mt_bag_block *block = bag->block;
    size_t size = block_size(n);

    if (n > UINT32_MAX / 2) {
        return false;
    }
    block = mt_memory_resize(m, block, block ? block_size(block->room) : 0, size);
    if (!block) {
        return false;
    }
    if (!bag->block) {
        block->mask = 0;
        block->n = 0;
    }
    block->room = (uint32_t)(size - HEAD);
    bag->block = block;
    return true;
}

void mt_bag_reserve(struct mt_memory *m, struct mt_bag *bag, uint32_t room)
{
    if (!bag->block) {
        resize(m, bag, room);
    }
}

/* Values are short: no call for those of up to 16 bytes. */
static inline void copy_bytes(unsigned char *to, const char *from, size_t n)
{
    uint64_t a, b;
    uint32_t c, d;

    if (n - 8 <= 8) {
        memcpy(&a, from, 8);
        memcpy(&b, from + n - 8, 8);
        memcpy(to, &a, 8);
        memcpy(to + n - 8, &b, 8);
    } else if (n - 4 < 4) {
        memcpy(&c, from, 4);
        memcpy(&d, from + n - 4, 4);
        memcpy(to, &c, 4);
        memcpy(to + n - 4, &d, 4);
    } else if (n < 4) {
        for (size_t i = 0; i < n; i++) {
            to[i] = (unsigned char)from[i];
        }
    } else {
        memcpy(to, from, n);
    }
}

static void append(struct mt_bag_block *block, const struct entry *e)
{
    unsigned char *p = block->p + block->n;
    uint32_t n = (uint32_t)e->value.n;

    *p++ = e->id;
    if (n < LONG) {
        *p++ = (unsigned char)n;
    } else {
        *p++ = LONG;
        memcpy(p, &n, sizeof n);
        p += sizeof n;
    }
    copy_bytes(p, e->value.p, n);
    block->n = (uint32_t)(p + n - block->p);
    block->mask |= bit(e->id);
}

/* Puts what the bag does not have. */
static void put_all(struct mt_memory *m, struct mt_bag *bag, const struct entry *e, size_t n)
{
    size_t size = bag->block ? bag->block->n : 0;

    for (size_t i = 0; i < n; i++) {
        size += size_of(&e[i]);
    }
    if (n && ((bag->block && size <= bag->block->room) || resize(m, bag, size))) {
        for (size_t i = 0; i < n; i++) {
            append(bag->block, &e[i]);
        }
    }
}

void mt_bag_free(struct mt_memory *m, struct mt_bag *bag)
{
    if (bag->block) {
        mt_memory_put(m, bag->block, block_size(bag->block->room));
        bag->block = NULL;
    }
}

bool mt_bag_has(const struct mt_bag *bag, enum mt_field id)
{
    struct entry e;

    return find(bag, id, &e);
}

struct mt_slice mt_bag_get(const struct mt_bag *bag, enum mt_field id)
{
    struct entry e;

    return find(bag, id, &e) ? e.value : mt_slice(NULL, 0);
}

int64_t mt_bag_get_int(const struct mt_bag *bag, enum mt_field id, int64_t otherwise)
{
    struct entry e;

    return find(bag, id, &e) ? as_int(e.value) : otherwise;
}

/* Another value in the place of one. */
static void replace_entry(struct mt_memory *m, struct mt_bag *bag, const struct entry *e, const unsigned char *old,
                          size_t gone)
{
    const struct mt_bag_block *from = bag->block;
    size_t before = (size_t)(old - from->p), behind = from->n - before - gone;
    struct mt_bag to = {NULL};

    if (resize(m, &to, from->n - gone + size_of(e))) {
        memcpy(to.block->p, from->p, before);
        memcpy(to.block->p + before, old + gone, behind);
        to.block->mask = from->mask;
        to.block->n = (uint32_t)(before + behind);
        append(to.block, e);
        mt_bag_free(m, bag);
        *bag = to;
    }
}

static void put(struct mt_memory *m, struct mt_bag *bag, const struct entry *e, bool replace)
{
    struct entry there;
    const unsigned char *old = find(bag, e->id, &there);

    if (!old) {
        put_all(m, bag, e, 1);
    } else if (replace && !mt_slice_eq(there.value, e->value)) {
        replace_entry(m, bag, e, old, size_of(&there));
    }
}

void mt_bag_put(struct mt_memory *m, struct mt_bag *bag, enum mt_field id, struct mt_slice s, bool replace)
{
    const struct entry e = {.id = (uint8_t)id, .value = s};

    put(m, bag, &e, replace);
}

void mt_bag_put_int(struct mt_memory *m, struct mt_bag *bag, enum mt_field id, int64_t i, bool replace)
{
    struct entry e;

    e.id = (uint8_t)id;
    set_int(&e, i);
    put(m, bag, &e, replace);
}

void mt_bag_put_line(struct mt_memory *m, struct mt_bag *bag, const struct mt_stored *line, const uint64_t which[2])
{
    struct entry e[MT_FIELD_COUNT], there;
    size_t n = 0;

    for (unsigned w = 0; w < 2; w++) {
        for (uint64_t rest = line->have[w] & which[w]; rest; rest &= rest - 1) {
            unsigned id = w * 64 + (unsigned)__builtin_ctzll(rest);
            const union mt_value *v;
            if (find(bag, id, &there)) {
                continue;
            }
            v = mt_stored_value(line, id);
            e[n].id = (uint8_t)id;
            if (mt_is_text(id)) {
                e[n].value = v->s;
            } else {
                set_int(&e[n], v->i);
            }
            n++;
        }
    }
    put_all(m, bag, e, n);
}

void mt_bag_copy(struct mt_memory *m, struct mt_bag *bag, const struct mt_bag *from, enum mt_field first,
                 enum mt_field last)
{
    struct entry e[MT_FIELD_COUNT], there;
    const unsigned char *p, *end;
    size_t n = 0;

    for (p = start_of(from, &end); p < end && n < MT_FIELD_COUNT;) {
        p = entry_at(p, &e[n]);
        n += e[n].id >= first && e[n].id <= last && !find(bag, e[n].id, &there);
    }
    put_all(m, bag, e, n);
}

void mt_bag_keep(struct mt_memory *m, struct mt_bag *bag, const uint64_t which[2])
{
    struct entry e[MT_FIELD_COUNT];
    struct mt_bag old = *bag;
    const unsigned char *p, *end;
    size_t n = 0;

    e[0].id = 0;
    for (p = start_of(&old, &end); p < end && n < MT_FIELD_COUNT;) {
        p = entry_at(p, &e[n]);
        n += (which[e[n].id / 64] >> (e[n].id % 64)) & 1;
    }
    bag->block = NULL;
    put_all(m, bag, e, n);
    if (bag->block || !n) {
        mt_bag_free(m, &old);
    } else {
        *bag = old;
    }
}

void mt_bag_fill(const struct mt_bag *bag, struct mt_fields *f, enum mt_field first, enum mt_field last)
{
    const unsigned char *p, *end;
    struct entry e;

    for (p = start_of(bag, &end); p < end;) {
        union mt_value *v;
        p = entry_at(p, &e);
        v = &f->v[e.id];
        if (e.id - (unsigned)first > (unsigned)last - first || mt_has(f, e.id)) {
            continue;
        }
        mt_mark(f, e.id);
        if (mt_is_text(e.id)) {
            v->s = e.value;
        } else {
            v->i = as_int(e.value);
        }
    }
}

struct mt_slice mt_bag_bytes(const struct mt_bag *bag)
{
    return bag->block ? mt_slice((const char *)bag->block->p, bag->block->n) : mt_slice(NULL, 0);
}

struct mt_slice mt_bag_find(struct mt_slice bytes, enum mt_field id)
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

static uint64_t mask_of(struct mt_slice bytes)
{
    const unsigned char *p = (const unsigned char *)bytes.p, *end = p + bytes.n;
    uint64_t mask = 0;
    struct entry e;

    while (p < end) {
        p = entry_at(p, &e);
        mask |= bit(e.id);
    }
    return mask;
}

size_t mt_bag_missing(const struct mt_bag *from, struct mt_slice bytes, enum mt_field first, enum mt_field last,
                      unsigned char *to, size_t room)
{
    const unsigned char *p, *end, *next;
    uint64_t mask = mask_of(bytes);
    struct entry e;
    size_t n = 0;

    for (p = start_of(from, &end); p < end; p = next) {
        next = entry_at(p, &e);
        if (e.id < first || e.id > last || ((mask & bit(e.id)) && mt_bag_find(bytes, e.id).p)) {
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

bool mt_bag_of(struct mt_memory *m, struct mt_bag *bag, struct mt_slice bytes)
{
    bag->block = NULL;
    if (!bytes.n || !resize(m, bag, bytes.n)) {
        return !bytes.n;
    }
    memcpy(bag->block->p, bytes.p, bytes.n);
    bag->block->n = (uint32_t)bytes.n;
    bag->block->mask = mask_of(bytes);
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

bool mt_bag_load(struct mt_memory *m, struct mt_bag *bag, struct mt_slice bytes, const uint8_t map[256])
{
    const unsigned char *p = (const unsigned char *)bytes.p, *end = p + bytes.n;
    struct entry e[MT_FIELD_COUNT], there;
    uint64_t failures = m->failures;
    size_t n = 0;

    if (bytes.n > UINT32_MAX / 4) {
        return false;
    }
    while (p < end) {
        if (!is_entry(p, end)) {
            return false;
        }
        if (n == MT_FIELD_COUNT) {
            put_all(m, bag, e, n);
            n = 0;
        }
        p = entry_at(p, &e[n]);
        e[n].id = map[e[n].id];
        n += e[n].id < MT_FIELD_COUNT && !find(bag, e[n].id, &there);
    }
    put_all(m, bag, e, n);
    return m->failures == failures;
}
