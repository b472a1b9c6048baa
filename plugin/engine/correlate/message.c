#include "message.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "alias.h"
#include "host.h"
#include "members.h"

#define KEPT_ROOM 240 /* bytes: for what is known of most at their end; one at rest is packed */

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
    mt_message_free_recipients(messages, m);
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
    mt_message_free_recipients(messages, m);
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
