/* Entries at rest. Most of what a busy host keeps are entries that were tried and wait to be tried again,
 * for hours: each is one block, its members packed behind those that the index and the lists need.
 *
 * What is packed, and in which order, says members.h. Numbers are base 128, the low bits first; times are
 * differences from the last line's.
 */
#include "alias.h"
#include "host.h"
#include "members.h"

#include <endian.h>
#include <stddef.h>

#define HEAD           offsetof(struct mt_message, session) /* what is there at rest, too */
#define LINKED_HEAD    offsetof(struct mt_message, kept)
#define PACKED_MAX     4096 /* more is not packed again and again, but left as it is */
#define RECIPIENTS_MAX 16
#define HASH_BYTES     6 /* of a hash of a line */

#define NUMBER_BYTES 10 /* of one, at most */

_Static_assert(MT_HASHES_BITS <= HASH_BYTES * 8, "a packed hash is whole");

/* Packing or unpacking: one description for both. */
struct packer {
    unsigned char *at;
    struct mt_messages *messages;
    bool unpacking, failed;
};

static void walk_number(struct packer *p, uint64_t *v)
{
    uint64_t n = 0;
    unsigned shift = 0;

    if (!p->unpacking) {
        for (n = *v; n > 127; n >>= 7) {
            *p->at++ = (unsigned char)(n | 128);
        }
        *p->at++ = (unsigned char)n;
        return;
    }
    for (; *p->at > 127; shift += 7) {
        n |= (uint64_t)(*p->at++ & 127) << shift;
    }
    *v = n | (uint64_t)*p->at++ << shift;
}

static inline uint64_t walked(struct packer *p, uint64_t n)
{
    walk_number(p, &n);
    return n;
}

/* A variable of any integer type that is not negative. */
#define WALK(p, v) (v) = (__typeof__(v))walked((p), (uint64_t)(v))

static void walk_bytes(struct packer *p, void *bytes, size_t n)
{
    if (p->unpacking) {
        memcpy(bytes, p->at, n);
    } else {
        memcpy(p->at, bytes, n);
    }
    p->at += n;
}

/* As the difference from another; the sign is the lowest bit. */
static void walk_near(struct packer *p, int64_t *v, int64_t other)
{
    uint64_t away = (uint64_t)other - (uint64_t)*v, n = away << 1 ^ (away >> 63 ? UINT64_MAX : 0);

    walk_number(p, &n);
    if (p->unpacking) {
        *v = (int64_t)((uint64_t)other - (n >> 1 ^ (n & 1 ? UINT64_MAX : 0)));
    }
}

__attribute__((unused)) static void walk_owned(struct packer *p, struct mt_slice *s)
{
    size_t n = s->n;
    char *copy;

    WALK(p, n);
    if (p->unpacking && n) {
        copy = mt_memory_get(p->messages->memory, n);
        *s = mt_slice(copy, copy ? n : 0);
        p->failed |= !copy;
    }
    if (s->n) {
        walk_bytes(p, (void *)(uintptr_t)s->p, n);
    }
}

static void walk_time(struct packer *p, int64_t last, int64_t *usec, int16_t *offset, uint8_t *digits)
{
    int64_t minutes = *offset;

    walk_near(p, usec, last);
    walk_near(p, &minutes, 0);
    *offset = (int16_t)minutes;
    WALK(p, *digits);
}

static void walk_fields(struct packer *p, struct mt_kept *kept)
{
    struct mt_slice bytes = mt_kept_bytes(kept);

    WALK(p, bytes.n);
    if (p->unpacking) {
        p->failed |= !mt_kept_of(p->messages->memory, kept, mt_slice((char *)p->at, bytes.n));
    } else if (bytes.n) {
        memcpy(p->at, bytes.p, bytes.n);
    }
    p->at += bytes.n;
}

static void walk_hashes(struct packer *p, struct mt_hashes *set)
{
    uint32_t n = set->n;
    uint64_t hash = 0;

    WALK(p, n);
    for (uint32_t at = 0; n; n--) {
        if (!p->unpacking) {
            hash = htole64(mt_hashes_next(set, &at));
        }
        walk_bytes(p, &hash, HASH_BYTES);
        if (p->unpacking) {
            p->failed |= !mt_hashes_add(p->messages->memory, set, le64toh(hash), p->messages->seed);
        }
    }
}

static void walk_flags(struct packer *p, struct mt_message *m)
{
    unsigned flags = mt_message_flags(m);

    WALK(p, flags);
    if (p->unpacking) {
        mt_message_set_flags(m, flags);
    }
}

/* How a row is packed. */
#define AT_HEAD(walk)
#define AT_AWAKE(walk)
#define AT_PACKED(walk) walk;
#define AT_ANY(walk)    walk;

#define WALK_NUMBER(p, v) WALK(p, v)
#define WALK_BOOL(p, v)   WALK(p, v)
#define WALK_STATUS(p, v) WALK(p, v)
#define WALK_REASON(p, v) WALK(p, v)
#define WALK_SOURCE(p, v) WALK(p, v)
#define WALK_ORIGIN(p, v) WALK(p, v)
#define WALK_USEC(p, v)   walk_near((p), &(v), last)
#define WALK_TIME(p, v)   walk_time((p), last, &(v).usec, &(v).offset, &(v).digits)
#define WALK_KEY(p, v)    walk_bytes((p), &(v), sizeof(v))
#define WALK_KEPT(p, v)   walk_fields((p), &(v))
#define WALK_HASHES(p, v) walk_hashes((p), &(v))
#define WALK_OWNED(p, v)  walk_owned((p), &(v))

#define WALK_FLAGS(p, m)         walk_flags((p), (m))
#define WALK_RECIPIENTS(p, m)    walk_recipients((p), (m))
#define WALK_TIME_IN_PARTS(p, r) walk_time((p), last, &(r)->usec, &(r)->offset, &(r)->digits)

#define MEMBER(place, way, member, name) AT_##place(WALK_##way(p, thing->member))
#define WHOLE(place, way, name)          AT_##place(WALK_##way(p, thing))

static void walk_recipient(struct packer *p, struct mt_rcpt *thing, bool stored, int64_t last)
{
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): there is one, or it was just made */
    MT_RCPT_MEMBERS(MEMBER, WHOLE)
    if (stored) {
        MT_RESULT_MEMBERS(MEMBER, WHOLE)
    }
}

static void walk_recipients(struct packer *p, struct mt_message *m)
{
    uint32_t n = m->rcpts.n, stored = m->rcpts.stored;

    WALK(p, n);
    WALK(p, stored);
    for (uint32_t i = 0; i < n && !p->failed; i++) {
        struct mt_rcpt *rcpt = p->unpacking ? NULL : &m->rcpts.v[i];
        uint64_t hash = rcpt ? rcpt->hash : 0;
        walk_bytes(p, &hash, sizeof hash);
        if (p->unpacking && !(rcpt = mt_message_add_recipient(p->messages, m, hash, i < stored))) {
            p->failed = true;
            return;
        }
        walk_recipient(p, rcpt, i < stored, m->last);
    }
}

static void walk(struct packer *p, struct mt_message *thing)
{
    int64_t last = thing->last;

    MT_MESSAGE_MEMBERS(MEMBER, WHOLE)
}

static size_t head_of(const struct mt_message *m)
{
    return m->linked ? LINKED_HEAD : HEAD;
}

static unsigned char *packed(const struct mt_message *m)
{
    return (unsigned char *)(uintptr_t)m + head_of(m);
}

struct mt_slice mt_message_packed_fields(const struct mt_message *m)
{
    struct packer p = {.at = packed(m), .unpacking = true};
    uint64_t n;

    walk_number(&p, &n);
    return mt_slice((char *)p.at, n);
}

size_t mt_message_size(const struct mt_message *m)
{
    return m->resting ? head_of(m) + m->resting : sizeof *m;
}

/* Another block is the entry now: the first `head` bytes go over. */
static void move(struct mt_messages *messages, struct mt_message *m, struct mt_message *to, size_t head)
{
    memcpy(to, m, head);
    if (m->named) {
        mt_alias_moved(messages->aliases, m, to);
    }
    *(m->prev ? &m->prev->next : &m->host->open.first) = to;
    *(m->next ? &m->next->prev : &m->host->open.last) = to;
    mt_index_replace(&messages->index, m, to);
    if (head == LINKED_HEAD && m->session) {
        *(m->elder ? &m->elder->sibling : &m->session->messages) = to;
        if (m->sibling) {
            m->sibling->elder = to;
        }
    }
}

/* --- to rest --- */

/* More bytes than a member can take. */
static inline size_t member_bound(enum mt_way way, const void *member)
{
    switch (way) {
    case MT_WAY_KEPT:
        return NUMBER_BYTES + mt_kept_bytes(member).n;
    case MT_WAY_HASHES:
        return NUMBER_BYTES + (size_t)((const struct mt_hashes *)member)->n * HASH_BYTES;
    case MT_WAY_OWNED:
        return NUMBER_BYTES + ((const struct mt_slice *)member)->n;
    case MT_WAY_TIME:
    case MT_WAY_TIME_IN_PARTS:
    case MT_WAY_RECIPIENTS: /* how many there are */
        return 3 * NUMBER_BYTES;
    default:
        return NUMBER_BYTES;
    }
}

#define BOUND(place, way, member, name) n += member_bound(MT_WAY_##way, &thing->member);
#define BOUND_WHOLE(place, way, name)   n += member_bound(MT_WAY_##way, thing);

static size_t recipient_bound(const struct mt_rcpt *thing)
{
    size_t n = sizeof thing->hash;

    MT_RCPT_MEMBERS(BOUND, BOUND_WHOLE)
    MT_RESULT_MEMBERS(BOUND, BOUND_WHOLE)
    return n;
}

/* More bytes than an entry can take; SIZE_MAX for what is not packed. */
static size_t bound(const struct mt_message *thing)
{
    size_t n = 0;

    if (thing->rcpts.n > RECIPIENTS_MAX) {
        return SIZE_MAX;
    }
    MT_MESSAGE_MEMBERS(BOUND, BOUND_WHOLE)
    for (uint32_t i = 0; i < thing->rcpts.n; i++) {
        n += recipient_bound(&thing->rcpts.v[i]);
    }
    return n;
}

static bool waits(const struct mt_message *m)
{
    for (uint32_t i = 0; i < m->rcpts.n && i < RECIPIENTS_MAX; i++) {
        if (m->rcpts.v[i].status == MT_STATUS_DEFERRED) {
            return true;
        }
    }
    return false;
}

static void pack(struct mt_messages *messages, struct mt_message *m)
{
    unsigned char bytes[PACKED_MAX];
    struct packer p = {.at = bytes};
    size_t head = m->session ? LINKED_HEAD : HEAD, n;
    struct mt_message *resting;

    if (bound(m) > sizeof bytes) {
        return;
    }
    walk(&p, m);
    n = (size_t)(p.at - bytes);
    resting = mt_memory_get(messages->memory, head + n);
    if (!resting) { /* it stays as it is */
        return;
    }
    move(messages, m, resting, head);
    resting->resting = (uint16_t)n;
    resting->linked = head == LINKED_HEAD;
    memcpy(packed(resting), bytes, n);
    mt_message_free_parts(messages, m);
    mt_memory_put(messages->memory, m, sizeof *m);
}

void mt_message_put_to_rest(struct mt_messages *messages, struct mt_message *m)
{
    bool rests = m && m->refs == 2 && m->indexed && m->state == MT_OPEN && !m->end && waits(m);

    mt_message_release(messages, m);
    if (rests) {
        pack(messages, m);
    }
}

static void join(unsigned char *to, struct mt_slice a, struct mt_slice b, struct mt_slice c, struct mt_slice d)
{
    const struct mt_slice all[] = {a, b, c, d};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        memcpy(to, all[i].p, all[i].n);
        to += all[i].n;
    }
}

bool mt_message_absorb_resting(struct mt_messages *messages, struct mt_message *m)
{
    unsigned char bytes[PACKED_MAX], count[10];
    struct mt_slice known = mt_message_packed_fields(m), rest;
    struct packer p = {.at = count};
    struct mt_message *to;
    size_t n;

    rest.p = known.p + known.n;
    rest.n = m->resting - (size_t)(rest.p - (const char *)packed(m));
    n = mt_kept_missing(&m->session->kept, known, mt_client_fields, bytes, sizeof bytes);
    if (n == SIZE_MAX || m->resting + n > PACKED_MAX) {
        return false;
    }
    n += known.n;
    WALK(&p, n);
    to = mt_memory_get(messages->memory, HEAD + (size_t)(p.at - count) + n + rest.n);
    if (!to) {
        return false;
    }
    move(messages, m, to, HEAD);
    to->linked = false;
    to->resting = (uint16_t)((size_t)(p.at - count) + n + rest.n);
    join(packed(to), mt_slice((char *)count, (size_t)(p.at - count)), known, mt_slice((char *)bytes, n - known.n),
         rest);
    mt_message_leave(messages->sessions, m);
    mt_memory_put(messages->memory, m, mt_message_size(m));
    return true;
}

/* --- and back --- */

bool mt_message_unpack(struct mt_messages *messages, const struct mt_message *m, struct mt_message *to)
{
    struct packer p = {.at = packed(m), .messages = messages, .unpacking = true};

    memset(to, 0, sizeof *to);
    memcpy(to, m, head_of(m));
    to->resting = 0;
    to->linked = false;
    walk(&p, to);
    if (p.failed) {
        mt_message_free_parts(messages, to);
    }
    return !p.failed;
}

struct mt_message *mt_message_wake_resting(struct mt_messages *messages, struct mt_message *m)
{
    struct mt_message *awake = mt_memory_get(messages->memory, sizeof *awake);

    if (!awake || !mt_message_unpack(messages, m, awake)) {
        mt_memory_put(messages->memory, awake, sizeof *awake);
        return NULL;
    }
    move(messages, m, awake, head_of(m));
    awake->resting = 0;
    awake->linked = false;
    mt_memory_put(messages->memory, m, mt_message_size(m));
    return awake;
}
