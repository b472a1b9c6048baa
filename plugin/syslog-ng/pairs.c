/* SPDX-License-Identifier: Apache-2.0 OR LGPL-2.1-or-later */
/* The name-value pairs of an event: see pairs.h.
 *
 * Handles of names are looked up once and kept in a list that grows as names are met, under a lock. What
 * can be found in it is whole and never changes, so looking needs none.
 */
#include "pairs.h"

#include <pthread.h>
#include <string.h>

/* What syslog-ng adds to a name and its value in the table of a message, at most. */
#define ROOM_PER_PAIR 32

struct mt_pair_name {
    char *name; /* without the prefix */
    size_t n;
    NVHandle handle;
    struct mt_pair_name *next;
};

struct mt_pairs {
    char *prefix;
    size_t prefix_n;
    pthread_mutex_t lock; /* of growth */
    struct mt_pair_name *first;
};

/* ---- names ---- */

static struct mt_pair_name *load(struct mt_pair_name *const *at)
{
    return __atomic_load_n(at, __ATOMIC_ACQUIRE);
}

static inline bool is_name(const struct mt_pair_name *name, struct mt_slice s)
{
    return name->n == s.n && memcmp(name->name, s.p, s.n) == 0;
}

static struct mt_pair_name *search(struct mt_pair_name *from, struct mt_slice s)
{
    while (from && !is_name(from, s)) {
        from = load(&from->next);
    }
    return from;
}

static struct mt_pair_name *name_new(const struct mt_pairs *pairs, struct mt_slice s)
{
    struct mt_pair_name *name = g_new0(struct mt_pair_name, 1);
    char *full;

    name->name = g_strndup(s.p, s.n);
    name->n = s.n;
    full = g_strconcat(pairs->prefix, name->name, NULL);
    name->handle = log_msg_get_value_handle(full);
    g_free(full);
    return name;
}

static struct mt_pair_name *grow(struct mt_pairs *pairs, struct mt_slice s)
{
    struct mt_pair_name **end = &pairs->first, *name;

    pthread_mutex_lock(&pairs->lock);
    name = search(pairs->first, s); /* another thread may have been first */
    if (!name) {
        name = name_new(pairs, s);
        while (*end) {
            end = &(*end)->next;
        }
        __atomic_store_n(end, name, __ATOMIC_RELEASE);
    }
    pthread_mutex_unlock(&pairs->lock);
    return name;
}

NVHandle mt_pairs_handle(struct mt_pairs *pairs, struct mt_slice name, const struct mt_pair_name **guess)
{
    struct mt_pair_name *found = *guess ? load(&(*guess)->next) : NULL;

    if (!found || !is_name(found, name)) {
        found = search(load(&pairs->first), name);
    }
    if (!found) {
        found = grow(pairs, name);
    }
    *guess = found;
    return found->handle;
}

struct mt_pairs *mt_pairs_new(const char *prefix)
{
    struct mt_pairs *pairs = g_new0(struct mt_pairs, 1);

    pairs->prefix = g_strdup(prefix);
    pairs->prefix_n = strlen(prefix);
    pthread_mutex_init(&pairs->lock, NULL);
    return pairs;
}

void mt_pairs_free(struct mt_pairs *pairs)
{
    struct mt_pair_name *next;

    if (!pairs) {
        return;
    }
    for (struct mt_pair_name *name = pairs->first; name; name = next) {
        next = name->next;
        g_free(name->name);
        g_free(name);
    }
    pthread_mutex_destroy(&pairs->lock);
    g_free(pairs->prefix);
    g_free(pairs);
}

/* ---- packed pairs: this head, the name, the value ---- */

struct head {
    uint32_t value_n;
    uint8_t name_n, type;
};

static void pack(void *ctx, const struct mt_pair *pair)
{
    struct mt_buffer *to = ctx;
    struct head head = {(uint32_t)pair->value.n, (uint8_t)pair->name.n, (uint8_t)pair->type};

    if (pair->value.n > UINT32_MAX || pair->name.n > UINT8_MAX) {
        to->failed = true;
    }
    mt_buffer_append(to, &head, sizeof head);
    mt_buffer_append(to, pair->name.p, pair->name.n);
    mt_buffer_append(to, pair->value.p, pair->value.n);
}

bool mt_pairs_pack(const struct mt_schema *schema, const struct mt_event *event, struct mt_buffer *to,
                   struct mt_buffer *scratch)
{
    return mt_event_pairs_in(schema, event, pack, to, scratch) && !to->failed;
}

bool mt_pairs_next(struct mt_slice *packed, struct mt_pair *pair)
{
    struct head head;

    if (!packed->n) {
        return false;
    }
    memcpy(&head, packed->p, sizeof head);
    pair->type = (enum mt_pair_type)head.type;
    pair->name = mt_slice(packed->p + sizeof head, head.name_n);
    pair->value = mt_slice(pair->name.p + head.name_n, head.value_n);
    *packed = mt_slice_skip(*packed, sizeof head + head.name_n + head.value_n);
    return true;
}

size_t mt_pairs_room(const struct mt_pairs *pairs, struct mt_slice packed)
{
    size_t room = packed.n;
    struct mt_pair pair;

    while (mt_pairs_next(&packed, &pair)) {
        room += pairs->prefix_n + ROOM_PER_PAIR;
    }
    return room;
}

LogMessageValueType mt_pairs_type(enum mt_pair_type type)
{
    static const LogMessageValueType types[] = {
        [MT_PAIR_STRING] = LM_VT_STRING,   [MT_PAIR_INTEGER] = MT_VT_INTEGER, [MT_PAIR_SECONDS] = LM_VT_DOUBLE,
        [MT_PAIR_BOOLEAN] = LM_VT_BOOLEAN, [MT_PAIR_JSON] = LM_VT_JSON,
    };

    return types[type];
}
