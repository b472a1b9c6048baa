#include "message.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "alias.h"
#include "host.h"
#include "members.h"

#define KEPT_ROOM  88 /* bytes: what is known of most when the first recipient is */
#define INDEX_FROM 32 /* recipients; shorter lists are searched as they stand */

const char *const mt_origin_names[MT_ORIGIN_COUNT] = {
#define MT_NAME(id, name) [MT_ORIGIN_##id] = name,
    MT_ORIGINS(MT_NAME)
#undef MT_NAME
};

uint64_t mt_message_key(const struct mt_messages *messages, const struct mt_host *host, struct mt_slice queue_id)
{
    return XXH3_64bits_withSeed(queue_id.p, queue_id.n, messages->seed ^ host->hash);
}

static __attribute__((noinline)) struct mt_slice get_packed(const struct mt_message *m, enum mt_field id)
{
    return mt_kept_find(mt_message_packed_fields(m), id);
}

static inline struct mt_slice get(const struct mt_message *m, enum mt_field id)
{
    return m->resting ? get_packed(m, id) : mt_kept_get(&m->kept, id);
}

void mt_message_set_key(const struct mt_messages *messages, struct mt_message *m)
{
    m->hash = mt_message_key(messages, m->host, get(m, MT_F_QUEUE_ID));
}

/* The queue ID is what kept fields begin with. */
static inline bool is_key(const struct mt_message *m, struct mt_slice queue_id)
{
    return (!m->resting && mt_kept_starts(&m->kept, MT_F_QUEUE_ID, queue_id)) ||
           mt_slice_eq(get(m, MT_F_QUEUE_ID), queue_id);
}

struct mt_owner mt_message_owner(const struct mt_message *m)
{
    return (struct mt_owner){.name = get(m, MT_F_INSTANCE), .own = m->own_name, .by_service = m->by_service};
}

static struct mt_message *next_with(const struct mt_messages *messages, const struct mt_host *host,
                                    struct mt_slice queue_id, uint64_t hash, size_t *at)
{
    struct mt_message *m;

    while ((m = mt_index_next(&messages->index, hash, at))) {
        if (m->host == host && is_key(m, queue_id)) {
            return m;
        }
    }
    return NULL;
}

struct mt_message *mt_message_next(const struct mt_messages *messages, const struct mt_host *host,
                                   struct mt_slice queue_id, size_t *at)
{
    return next_with(messages, host, queue_id, mt_message_key(messages, host, queue_id), at);
}

/* Can it be of that owner's instance? Mostly both have the same name. */
static inline bool can_be_of(const struct mt_message *m, const struct mt_owner *owner)
{
    struct mt_owner ours;

    if (mt_slice_eq(get(m, MT_F_INSTANCE), owner->name)) {
        return true;
    }
    ours = mt_message_owner(m);
    return !mt_owners_differ(&m->host->instances, &ours, owner);
}

/* How well it fits a line of that owner and time; 0: it cannot be meant. */
static unsigned fit(const struct mt_message *m, const struct mt_owner *owner, int64_t usec)
{
    /* At rest it is open. Otherwise it may have ended before that time. */
    bool alive = m->resting || m->state == MT_OPEN || usec <= m->end;

    if (!can_be_of(m, owner)) {
        return 0;
    }
    return 1u + m->own_name + 2u * mt_slice_eq(get(m, MT_F_INSTANCE), owner->name) + 4u * alive;
}

/* Of all that have the hash, the one that fits best. */
static struct mt_message *find_best(const struct mt_messages *messages, const struct mt_host *host,
                                    const struct mt_owner *owner, struct mt_slice queue_id, uint64_t hash, int64_t usec,
                                    bool *several)
{
    struct mt_message *m, *best = NULL;
    unsigned most = 0, n = 0;

    for (size_t at = 0; (m = next_with(messages, host, queue_id, hash, &at));) {
        unsigned fits = fit(m, owner, usec);
        if (fits > most) {
            most = fits;
            best = m;
        }
        n++;
    }
    *several = n > 1;
    return best;
}

struct mt_message *mt_message_find(const struct mt_messages *messages, const struct mt_host *host,
                                   const struct mt_owner *owner, struct mt_slice queue_id, int64_t usec, bool *several)
{
    uint64_t hash = mt_message_key(messages, host, queue_id);
    size_t at = 0;
    struct mt_message *m = mt_index_next(&messages->index, hash, &at);

    *several = false;
    if (m && m->host == host && !m->shared && is_key(m, queue_id)) {
        return can_be_of(m, owner) ? m : NULL;
    }
    return m ? find_best(messages, host, owner, queue_id, hash, usec, several) : NULL;
}

static struct mt_message_list *list_of(struct mt_message *m)
{
    return m->state == MT_ENDED ? &m->host->ended : &m->host->open;
}

static void list_add(struct mt_message_list *list, struct mt_message *m)
{
    m->prev = list->last;
    m->next = NULL;
    *(list->last ? &list->last->next : &list->first) = m;
    list->last = m;
}

static void list_remove(struct mt_message_list *list, struct mt_message *m)
{
    *(m->prev ? &m->prev->next : &list->first) = m->next;
    *(m->next ? &m->next->prev : &list->last) = m->prev;
}

static void count_open(struct mt_messages *messages, struct mt_message *m, int by)
{
    messages->nopen += (uint64_t)(int64_t)by;
    m->host->nopen += (uint64_t)(int64_t)by;
}

static void mark_shared(struct mt_messages *messages, struct mt_message *m)
{
    struct mt_message *other;

    for (size_t at = 0; (other = next_with(messages, m->host, get(m, MT_F_QUEUE_ID), m->hash, &at));) {
        other->shared = m->shared = true;
    }
}

bool mt_message_adopt(struct mt_messages *messages, struct mt_message *m)
{
    if (m->indexed) {
        return false;
    }
    mark_shared(messages, m);
    if (!mt_index_add(messages->memory, &messages->index, m)) {
        return false;
    }
    m->indexed = true;
    if (m->own_name) {
        mt_instances_learn(messages->memory, &m->host->instances, get(m, MT_F_INSTANCE));
    }
    list_add(list_of(m), m);
    if (m->state != MT_ENDED) {
        count_open(messages, m, 1);
    }
    return true;
}

struct mt_message *mt_message_open(struct mt_messages *messages, struct mt_host *host, uint8_t source,
                                   const struct mt_owner *owner, struct mt_slice queue_id, struct mt_time first)
{
    struct mt_slice instance = owner->name;
    struct mt_message *m = mt_memory_zeroed(messages->memory, sizeof *m);

    if (!m) {
        return NULL;
    }
    m->hash = mt_message_key(messages, host, queue_id);
    m->host = host;
    m->own_name = owner->own;
    m->by_service = owner->by_service || (owner->line && !owner->own && mt_line_names_service(owner->line));
    m->source = source;
    m->first = first;
    m->last = first.usec;
    m->refs = 1;
    mt_kept_reserve(messages->memory, &m->kept, KEPT_ROOM);
    mt_kept_put(messages->memory, &m->kept, MT_F_QUEUE_ID, queue_id, true);
    if (instance.n) {
        mt_kept_put(messages->memory, &m->kept, MT_F_INSTANCE, instance, true);
    }
    if (mt_kept_get(&m->kept, MT_F_QUEUE_ID).n != queue_id.n || mt_kept_get(&m->kept, MT_F_INSTANCE).n != instance.n ||
        !mt_message_adopt(messages, m)) {
        mt_kept_free(messages->memory, &m->kept);
        mt_memory_put(messages->memory, m, sizeof *m);
        return NULL;
    }
    return m;
}

void mt_message_name(struct mt_messages *messages, struct mt_message *m, struct mt_slice instance)
{
    static const uint64_t others[2] = {~MT_FIELD_BIT(0, MT_F_INSTANCE), ~MT_FIELD_BIT(1, MT_F_INSTANCE)};
    struct mt_slice queue_id = mt_kept_get(&m->kept, MT_F_QUEUE_ID);
    struct mt_message *other;

    mt_instances_learn(messages->memory, &m->host->instances, instance);
    for (size_t at = 0; m->shared && (other = next_with(messages, m->host, queue_id, m->hash, &at));) {
        if (other != m && other->own_name && other->state != MT_OPEN &&
            mt_slice_eq(get(other, MT_F_INSTANCE), instance)) {
            mt_message_forget(messages, other);
            at = 0;
        }
    }
    m->own_name = true;
    if (mt_slice_eq(mt_kept_get(&m->kept, MT_F_INSTANCE), instance)) {
        return;
    }
    if (instance.n) {
        mt_kept_put(messages->memory, &m->kept, MT_F_INSTANCE, instance, true);
    } else {
        mt_kept_keep(messages->memory, &m->kept, others);
    }
}

void mt_message_touch(struct mt_message *m, int64_t usec)
{
    if (usec >= m->last && m->indexed) {
        struct mt_message_list *list = list_of(m);
        m->last = usec;
        if (m != list->last) {
            list_remove(list, m);
            list_add(list, m);
        }
    }
}

/* --- its session --- */

const uint64_t mt_client_fields[2] = {MT_FIELD_RUN(0, MT_F_CLIENT_NAME, MT_F_CLIENT_TLS_VERIFY),
                                      MT_FIELD_RUN(1, MT_F_CLIENT_NAME, MT_F_CLIENT_TLS_VERIFY)};

void mt_message_join(struct mt_message *m, struct mt_session *s)
{
    m->session = s;
    m->elder = NULL;
    m->sibling = s->messages;
    if (m->sibling) {
        m->sibling->elder = m;
    }
    s->messages = m;
    s->refs++;
}

void mt_message_leave(struct mt_sessions *sessions, struct mt_message *m)
{
    struct mt_session *s = mt_message_session(m);

    if (s) {
        *(m->elder ? &m->elder->sibling : &s->messages) = m->sibling;
        if (m->sibling) {
            m->sibling->elder = m->elder;
        }
        m->session = NULL;
        mt_session_release(sessions, s);
    }
}

void mt_message_absorb(struct mt_sessions *sessions, struct mt_message *m)
{
    struct mt_message *awake;

    if (m->resting && mt_message_absorb_resting(sessions->messages, m)) {
        return;
    }
    awake = mt_message_wake(sessions->messages, m);
    if (awake) {
        m = awake;
        mt_kept_copy(sessions->memory, &m->kept, &m->session->kept, mt_client_fields);
    }
    mt_message_leave(sessions, m);
}

/* --- its recipients --- */

/* How many v has room for. */
static uint32_t room_of(const struct mt_rcpts *rcpts)
{
    return rcpts->n < 2 ? rcpts->n : UINT32_C(1) << (32 - __builtin_clz(rcpts->n - 1));
}

/* Bytes of a block with that room. */
static size_t block_size(uint32_t room)
{
    return room * (sizeof(struct mt_rcpt) + (room > INDEX_FROM ? 2 * sizeof(uint32_t) : 0));
}

/* What the member holds in blocks of its own. */
static inline void free_member(struct mt_memory *memory, enum mt_way way, void *member)
{
    struct mt_slice *owned = member;

    switch (way) {
    case MT_WAY_KEPT:
        mt_kept_free(memory, member);
        break;
    case MT_WAY_HASHES:
        mt_hashes_free(memory, member);
        break;
    case MT_WAY_OWNED:
        mt_memory_put(memory, (void *)(uintptr_t)owned->p, owned->n);
        *owned = mt_slice(NULL, 0);
        break;
    default:
        break;
    }
}

static void free_recipients(struct mt_messages *messages, struct mt_rcpts *rcpts)
{
    struct mt_memory *memory = messages->memory;

    for (uint32_t i = 0; i < rcpts->n; i++) {
        mt_kept_free(memory, &rcpts->v[i].kept);
    }
    mt_memory_put(memory, rcpts->v, block_size(room_of(rcpts)));
    *rcpts = (struct mt_rcpts){0};
}

unsigned mt_message_flags(const struct mt_message *m)
{
    unsigned flags = 0, bit = 1;

#define PUT(flag) flags |= m->flag ? bit : 0, bit <<= 1;
    MT_MESSAGE_FLAGS(PUT)
#undef PUT
    return flags;
}

void mt_message_set_flags(struct mt_message *m, unsigned flags)
{
    unsigned bit = 1;

#define GET(flag) m->flag = flags & bit, bit <<= 1;
    MT_MESSAGE_FLAGS(GET)
#undef GET
}

void mt_message_free_parts(struct mt_messages *messages, struct mt_message *m)
{
#define FREE(place, way, member, name) free_member(messages->memory, MT_WAY_##way, &m->member);
#define FREE_WHOLE(place, way, name)
    MT_MESSAGE_MEMBERS(FREE, FREE_WHOLE)
#undef FREE_WHOLE
#undef FREE
    free_recipients(messages, &m->rcpts);
}

static void forget_aliases(struct mt_messages *messages, struct mt_message *m)
{
    if (m->named) {
        mt_alias_forget(messages->aliases, m);
    }
}

/* By these, what was made out of an entry is linked to it when it has ended; and before its event is made, when another has its
 * queue ID.
 */
#define KNOWN_LONGER (UINT32_C(1) << MT_SPACE_NOTIFIED_BY | UINT32_C(1) << MT_SPACE_FORWARDED_BY)

static void forget_most_aliases(struct mt_messages *messages, struct mt_message *m)
{
    if (m->named) {
        mt_alias_forget_but(messages->aliases, m, KNOWN_LONGER);
    }
}

/* Frees all but the key, the hashes and what links others to it. */
static void strip(struct mt_messages *messages, struct mt_message *m)
{
    static const uint64_t key[2] = {MT_FIELD_BIT(0, MT_F_QUEUE_ID) | MT_FIELD_BIT(0, MT_F_INSTANCE)};

    forget_most_aliases(messages, m);
    mt_kept_keep(messages->memory, &m->kept, key);
    free_recipients(messages, &m->rcpts);
    mt_message_leave(messages->sessions, m);
}

void mt_message_ended(struct mt_messages *messages, struct mt_message *m)
{
    if (m->state == MT_ENDED) {
        return;
    }
    if (!m->indexed) { /* another entry has its queue ID by now */
        m->state = MT_ENDED;
        return;
    }
    list_remove(&m->host->open, m);
    count_open(messages, m, -1);
    m->state = MT_ENDED;
    list_add(&m->host->ended, m);
}

void mt_message_forget(struct mt_messages *messages, struct mt_message *m)
{
    if (!m->indexed) {
        return;
    }
    list_remove(list_of(m), m);
    if (m->state != MT_ENDED) {
        count_open(messages, m, -1);
    }
    forget_most_aliases(messages, m);
    mt_index_remove(&messages->index, m);
    m->indexed = false;
    mt_message_release(messages, m);
}

void mt_message_released(struct mt_messages *messages, struct mt_message *m)
{
    if (m->refs == 1 && m->state == MT_ENDED && m->indexed) {
        strip(messages, m); /* no event waits any more */
    }
    if (m->refs) {
        return;
    }
    forget_aliases(messages, m);
    mt_message_leave(messages->sessions, m);
    if (!m->resting) {
        mt_message_free_parts(messages, m);
    }
    mt_memory_put(messages->memory, m, mt_message_size(m));
}

static uint64_t address_hash(const struct mt_messages *messages, struct mt_slice to, struct mt_slice orig_to)
{
    uint64_t seed = messages->seed;

    if (orig_to.n) {
        seed = XXH3_64bits_withSeed(orig_to.p, orig_to.n, seed);
    }
    return XXH3_64bits_withSeed(to.p, to.n, seed);
}

/* The index of a long list: places in v plus one, by hash, twice as many as there is room in v. */
static uint32_t *index_of(const struct mt_rcpts *rcpts, uint32_t room)
{
    return room > INDEX_FROM ? (uint32_t *)(void *)(rcpts->v + room) : NULL;
}

static int64_t search(const struct mt_rcpts *rcpts, uint64_t hash)
{
    uint32_t room = room_of(rcpts), mask = 2 * room - 1;
    const uint32_t *index = index_of(rcpts, room);

    if (!index) {
        for (uint32_t i = 0; i < rcpts->n; i++) {
            if (rcpts->v[i].hash == hash) {
                return i;
            }
        }
        return -1;
    }
    for (uint32_t i = (uint32_t)hash & mask; index[i]; i = (i + 1) & mask) {
        if (rcpts->v[index[i] - 1].hash == hash) {
            return index[i] - 1;
        }
    }
    return -1;
}

static void index_place(const struct mt_rcpts *rcpts, uint32_t room, uint32_t which)
{
    uint32_t *index = index_of(rcpts, room), mask = 2 * room - 1;
    uint32_t i = (uint32_t)rcpts->v[which].hash & mask;

    while (index[i]) {
        i = (i + 1) & mask;
    }
    index[i] = which + 1;
}

static bool grow(struct mt_memory *memory, struct mt_rcpts *rcpts, uint32_t room)
{
    uint32_t bigger = room ? room * 2 : 1;
    void *v = mt_memory_resize(memory, rcpts->v, block_size(room), block_size(bigger));

    if (!v) {
        return false;
    }
    rcpts->v = v;
    if (bigger > INDEX_FROM) {
        memset(index_of(rcpts, bigger), 0, 2 * bigger * sizeof(uint32_t));
        for (uint32_t i = 0; i < rcpts->n; i++) {
            index_place(rcpts, bigger, i);
        }
    }
    return true;
}

struct mt_rcpt *mt_message_add_recipient(struct mt_messages *messages, struct mt_message *m, uint64_t hash, bool stored)
{
    struct mt_rcpts *rcpts = &m->rcpts;
    uint32_t room = room_of(rcpts);
    struct mt_rcpt *rcpt;

    if (rcpts->n == room && (room > UINT32_MAX / 8 || !grow(messages->memory, rcpts, room))) {
        return NULL;
    }
    rcpt = &rcpts->v[rcpts->n];
    *rcpt = (struct mt_rcpt){.hash = hash};
    rcpts->stored += stored && rcpts->stored == rcpts->n;
    rcpts->n++;
    room = room_of(rcpts);
    if (room > INDEX_FROM) {
        index_place(rcpts, room, rcpts->n - 1);
    }
    return rcpt;
}

int64_t mt_message_recipient(struct mt_messages *messages, struct mt_message *m, struct mt_slice to,
                             struct mt_slice orig_to)
{
    struct mt_rcpts *rcpts = &m->rcpts;
    uint64_t hash = address_hash(messages, to, orig_to);
    int64_t which = search(rcpts, hash);

    if (which >= 0) {
        return which;
    }
    if (!mt_message_add_recipient(messages, m, hash, rcpts->stored < messages->max_recipients)) {
        return -1;
    }
    return rcpts->n - 1;
}

#define RESULT_FIELDS(word)                                                                          \
    (MT_FIELD_BIT(word, MT_F_TO) | MT_FIELD_BIT(word, MT_F_ORIG_TO) | MT_FIELD_BIT(word, MT_F_DSN) | \
     MT_FIELD_BIT(word, MT_F_DELAY) | MT_FIELD_BIT(word, MT_F_NEXT_QUEUE_ID) |                       \
     MT_FIELD_RUN(word, MT_F_RELAY_NAME, MT_F_RELAY_PATH))
static const uint64_t result_fields[2] = {RESULT_FIELDS(0), RESULT_FIELDS(1)};

#define ADDRESS_FIELDS(word) \
    (MT_FIELD_BIT(word, MT_F_TO) | MT_FIELD_BIT(word, MT_F_ORIG_TO) | MT_FIELD_BIT(word, MT_F_TRANSPORT))
const uint64_t mt_address_fields[2] = {ADDRESS_FIELDS(0), ADDRESS_FIELDS(1)};

#define REPLY_FIELDS(word)                                                                                    \
    (MT_FIELD_BIT(word, MT_F_REPLY_CODE) | MT_FIELD_BIT(word, MT_F_RESPONSE) | MT_FIELD_BIT(word, MT_F_DSN) | \
     MT_FIELD_BIT(word, MT_F_NEXT_QUEUE_ID) | MT_FIELD_RUN(word, MT_F_RELAY_NAME, MT_F_RELAY_PATH))
const uint64_t mt_reply_fields[2] = {REPLY_FIELDS(0), REPLY_FIELDS(1)};

/* ATTEMPT tells which attempt it is of. Several lines may tell of one attempt, each something else. */
void mt_message_reply(struct mt_messages *messages, struct mt_rcpt *rcpt, const struct mt_line_copy *line)
{
    struct mt_slice to = mt_line_copy_get(line, MT_F_TO);

    if (mt_kept_get_int(&rcpt->kept, MT_F_ATTEMPT, 0) != rcpt->attempts + 1) {
        mt_kept_free(messages->memory, &rcpt->kept);
        mt_kept_put(messages->memory, &rcpt->kept, MT_F_TO, to, true);
        mt_kept_put_int(messages->memory, &rcpt->kept, MT_F_ATTEMPT, rcpt->attempts + 1, true);
    }
    mt_kept_put_line(messages->memory, &rcpt->kept, line, mt_reply_fields);
}

void mt_message_result(struct mt_messages *messages, struct mt_message *m, struct mt_rcpt *rcpt,
                       const struct mt_line_copy *line, struct mt_slice to)
{
    rcpt->attempts++;
    rcpt->status = line->status;
    if (rcpt >= m->rcpts.v + m->rcpts.stored) {
        return;
    }
    if (mt_kept_get_int(&rcpt->kept, MT_F_ATTEMPT, 0) == rcpt->attempts) { /* a line before has its reply */
    } else if (mt_line_copy_has(line, MT_F_TO)) {
        mt_kept_free(messages->memory, &rcpt->kept);
    } else { /* it was told by an alias */
        mt_kept_keep(messages->memory, &rcpt->kept, mt_address_fields);
    }
    if (line->list) {
        mt_kept_put(messages->memory, &rcpt->kept, MT_F_TO, to, false);
    }
    mt_kept_put_line(messages->memory, &rcpt->kept, line, result_fields);
    rcpt->usec = line->usec;
    rcpt->offset = line->line.time.offset;
    rcpt->digits = line->line.time.digits;
}
