#include "bag.h"

#define LONG 255

struct entry {
    unsigned char id;
    uint32_t start; /* of the entry */
    uint32_t end;
    struct mt_slice value;
};

static bool entry_at(const struct mt_bag *bag, uint32_t at, struct entry *e)
{
    uint32_t n, head = 2;

    if (at >= bag->n) {
        return false;
    }
    n = bag->p[at + 1];
    if (n == LONG) {
        memcpy(&n, bag->p + at + 2, sizeof n);
        head += sizeof n;
    }
    *e = (struct entry){bag->p[at], at, at + head + n, mt_slice((char *)bag->p + at + head, n)};
    return true;
}

/* The same where the bytes may be anything. */
static bool is_entry(const struct mt_bag *bag, uint32_t at)
{
    uint32_t left = bag->n - at, n;

    if (left < 2) {
        return false;
    }
    n = bag->p[at + 1];
    if (n < LONG) {
        return n <= left - 2;
    }
    if (left < 6) {
        return false;
    }
    memcpy(&n, bag->p + at + 2, sizeof n);
    return n <= left - 6;
}

static bool find(const struct mt_bag *bag, enum mt_field id, struct entry *e)
{
    for (uint32_t at = 0; entry_at(bag, at, e); at = e->end) {
        if (e->id == id) {
            return true;
        }
    }
    return false;
}

static int64_t as_int(struct mt_slice s)
{
    uint64_t i = 0;

    for (size_t k = 0; k < s.n && k < 8; k++) {
        i |= (uint64_t)(unsigned char)s.p[k] << (8 * k);
    }
    return (int64_t)i;
}

void mt_bag_free(struct mt_memory *m, struct mt_bag *bag)
{
    mt_memory_put(m, bag->p, bag->size);
    *bag = (struct mt_bag){0};
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

static bool reserve(struct mt_memory *m, struct mt_bag *bag, size_t more)
{
    size_t need = bag->n + more, size;
    void *p;

    if (need <= bag->size) {
        return true;
    }
    if (need > UINT32_MAX / 2) {
        return false;
    }
    size = bag->size ? (need + need / 4 + 15) & ~(size_t)15 : (need + 15) & ~(size_t)15;
    p = mt_memory_resize(m, bag->p, bag->size, size);
    if (!p) {
        return false;
    }
    bag->p = p;
    bag->size = (uint32_t)size;
    return true;
}

void mt_bag_put(struct mt_memory *m, struct mt_bag *bag, enum mt_field id, struct mt_slice s, bool replace)
{
    struct entry e;
    size_t head = s.n < LONG ? 2 : 6;
    bool there = find(bag, id, &e);

    if ((there && !replace) || !reserve(m, bag, head + s.n)) {
        return;
    }
    if (there) {
        memmove(bag->p + e.start, bag->p + e.end, bag->n - e.end);
        bag->n -= e.end - e.start;
    }
    bag->p[bag->n] = (unsigned char)id;
    bag->p[bag->n + 1] = (unsigned char)(head == 2 ? s.n : LONG);
    if (head == 6) {
        uint32_t n = (uint32_t)s.n;
        memcpy(bag->p + bag->n + 2, &n, sizeof n);
    }
    if (s.n) {
        memcpy(bag->p + bag->n + head, s.p, s.n);
    }
    bag->n += (uint32_t)(head + s.n);
}

void mt_bag_put_int(struct mt_memory *m, struct mt_bag *bag, enum mt_field id, int64_t i, bool replace)
{
    char bytes[8];
    size_t n = 0;

    for (uint64_t rest = (uint64_t)i; rest; rest >>= 8) {
        bytes[n++] = (char)(rest & 255);
    }
    mt_bag_put(m, bag, id, mt_slice(bytes, n), replace);
}

bool mt_bag_load(struct mt_memory *m, struct mt_bag *bag, struct mt_slice bytes, const uint8_t map[256])
{
    const struct mt_bag from = {(unsigned char *)(uintptr_t)bytes.p, (uint32_t)bytes.n, 0};
    struct entry e;
    bool same = true;

    if (bytes.n > UINT32_MAX / 2 || !reserve(m, bag, bytes.n)) {
        return false;
    }
    for (uint32_t at = 0; at < from.n; at = e.end) {
        if (!is_entry(&from, at)) {
            return false;
        }
        entry_at(&from, at, &e);
        same = same && map[e.id] == e.id;
    }
    if (same && from.n) {
        memcpy(bag->p, from.p, from.n);
        bag->n = from.n;
        return true;
    }
    for (uint32_t at = 0; entry_at(&from, at, &e); at = e.end) {
        if (map[e.id] < MT_FIELD_COUNT) {
            mt_bag_put(m, bag, map[e.id], e.value, true);
        }
    }
    return true;
}

void mt_bag_fill(const struct mt_bag *bag, struct mt_fields *f, enum mt_field first, enum mt_field last)
{
    struct entry e;

    for (uint32_t at = 0; entry_at(bag, at, &e); at = e.end) {
        if (e.id < first || e.id > last || mt_has(f, e.id)) {
            continue;
        }
        if (mt_field_info[e.id].type == MT_TYPE_STRING || mt_field_info[e.id].type == MT_TYPE_TREE) {
            mt_set_empty(f, e.id, e.value);
        } else {
            mt_set_int(f, e.id, as_int(e.value));
        }
    }
}

void mt_bag_copy(struct mt_memory *m, struct mt_bag *bag, const struct mt_bag *from, enum mt_field first,
                 enum mt_field last)
{
    struct entry e;

    for (uint32_t at = 0; entry_at(from, at, &e); at = e.end) {
        if (e.id >= first && e.id <= last) {
            mt_bag_put(m, bag, e.id, e.value, false);
        }
    }
}
