#include "message.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "host.h"

#define INDEX_FROM 32 /* recipients; shorter lists are searched as they stand */

static uint64_t key_hash(const struct mt_messages *messages, const struct mt_host *host, struct mt_slice instance,
                         struct mt_slice queue_id)
{
    uint64_t seed = messages->seed ^ host->hash;

    if (instance.n) {
        seed = XXH3_64bits_withSeed(instance.p, instance.n, seed);
    }
    return XXH3_64bits_withSeed(queue_id.p, queue_id.n, seed);
}

struct mt_message *mt_message_find(const struct mt_messages *messages, const struct mt_host *host,
                                   struct mt_slice instance, struct mt_slice queue_id)
{
    uint64_t hash = key_hash(messages, host, instance, queue_id);
    struct mt_message *m;

    for (size_t at = 0; (m = mt_index_next(&messages->index, hash, &at));) {
        if (m->host == host && mt_slice_eq(mt_bag_get(&m->bag, MT_F_QUEUE_ID), queue_id) &&
            mt_slice_eq(mt_bag_get(&m->bag, MT_F_INSTANCE), instance)) {
            return m;
        }
    }
    return NULL;
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

bool mt_message_adopt(struct mt_messages *messages, struct mt_message *m)
{
    if (m->indexed || !mt_index_add(messages->memory, &messages->index, m)) {
        return false;
    }
    m->indexed = true;
    list_add(list_of(m), m);
    if (m->state != MT_ENDED) {
        count_open(messages, m, 1);
    }
    return true;
}

struct mt_message *mt_message_open(struct mt_messages *messages, struct mt_host *host, uint8_t mta,
                                   struct mt_slice instance, struct mt_slice queue_id, struct mt_time first)
{
    struct mt_message *m = mt_memory_zeroed(messages->memory, sizeof *m);

    if (!m) {
        return NULL;
    }
    m->hash = key_hash(messages, host, instance, queue_id);
    m->host = host;
    m->mta = mta;
    m->first = first;
    m->last = first.usec;
    m->refs = 1;
    mt_bag_put(messages->memory, &m->bag, MT_F_QUEUE_ID, queue_id, true);
    if (instance.n) {
        mt_bag_put(messages->memory, &m->bag, MT_F_INSTANCE, instance, true);
    }
    if (mt_bag_get(&m->bag, MT_F_QUEUE_ID).n != queue_id.n || mt_bag_get(&m->bag, MT_F_INSTANCE).n != instance.n ||
        !mt_message_adopt(messages, m)) {
        mt_bag_free(messages->memory, &m->bag);
        mt_memory_put(messages->memory, m, sizeof *m);
        return NULL;
    }
    return m;
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

static void free_recipients(struct mt_messages *messages, struct mt_rcpts *rcpts)
{
    struct mt_memory *memory = messages->memory;

    for (uint32_t i = 0; i < rcpts->n; i++) {
        if (rcpts->v[i].result) {
            mt_bag_free(memory, &rcpts->v[i].result->bag);
            mt_memory_put(memory, rcpts->v[i].result, sizeof(struct mt_result));
        }
    }
    mt_memory_put(memory, rcpts->v, rcpts->size * sizeof *rcpts->v);
    mt_memory_put(memory, rcpts->index, rcpts->index_size * sizeof *rcpts->index);
    *rcpts = (struct mt_rcpts){0};
}

/* Frees all but the key and the hashes. */
static void strip(struct mt_messages *messages, struct mt_message *m)
{
    struct mt_bag key = {0};

    mt_bag_put(messages->memory, &key, MT_F_QUEUE_ID, mt_bag_get(&m->bag, MT_F_QUEUE_ID), true);
    if (mt_bag_has(&m->bag, MT_F_INSTANCE)) {
        mt_bag_put(messages->memory, &key, MT_F_INSTANCE, mt_bag_get(&m->bag, MT_F_INSTANCE), true);
    }
    mt_bag_free(messages->memory, &m->bag);
    m->bag = key;
    free_recipients(messages, &m->rcpts);
    mt_session_release(messages->sessions, m->session);
    m->session = NULL;
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
    mt_index_remove(&messages->index, m);
    m->indexed = false;
    mt_message_release(messages, m);
}

void mt_message_release(struct mt_messages *messages, struct mt_message *m)
{
    if (!m) {
        return;
    }
    m->refs--;
    if (m->refs == 1 && m->state == MT_ENDED && m->indexed) {
        strip(messages, m); /* no event waits any more */
    }
    if (!m->refs) {
        mt_bag_free(messages->memory, &m->bag);
        mt_hashes_free(messages->memory, &m->seen);
        free_recipients(messages, &m->rcpts);
        mt_session_release(messages->sessions, m->session);
        mt_memory_put(messages->memory, m, sizeof *m);
    }
}

static uint64_t address_hash(const struct mt_messages *messages, struct mt_slice to, struct mt_slice orig_to)
{
    uint64_t seed = messages->seed;

    if (orig_to.n) {
        seed = XXH3_64bits_withSeed(orig_to.p, orig_to.n, seed);
    }
    return XXH3_64bits_withSeed(to.p, to.n, seed);
}

static int64_t search(const struct mt_rcpts *rcpts, uint64_t hash)
{
    if (!rcpts->index_size) {
        for (uint32_t i = 0; i < rcpts->n; i++) {
            if (rcpts->v[i].hash == hash) {
                return i;
            }
        }
        return -1;
    }
    for (uint32_t i = (uint32_t)hash & (rcpts->index_size - 1); rcpts->index[i];
         i = (i + 1) & (rcpts->index_size - 1)) {
        if (rcpts->v[rcpts->index[i] - 1].hash == hash) {
            return rcpts->index[i] - 1;
        }
    }
    return -1;
}

static void index_place(struct mt_rcpts *rcpts, uint32_t which)
{
    uint32_t i = (uint32_t)rcpts->v[which].hash & (rcpts->index_size - 1);

    while (rcpts->index[i]) {
        i = (i + 1) & (rcpts->index_size - 1);
    }
    rcpts->index[i] = which + 1;
}

static bool grow_index(struct mt_memory *memory, struct mt_rcpts *rcpts, uint32_t size)
{
    uint32_t *index = mt_memory_zeroed(memory, size * sizeof *index);

    if (!index) {
        return false;
    }
    mt_memory_put(memory, rcpts->index, rcpts->index_size * sizeof *rcpts->index);
    rcpts->index = index;
    rcpts->index_size = size;
    for (uint32_t i = 0; i < rcpts->n; i++) {
        index_place(rcpts, i);
    }
    return true;
}

static bool grow(struct mt_memory *memory, struct mt_rcpts *rcpts)
{
    uint32_t size = rcpts->size ? rcpts->size * 2 : 1;
    void *v;

    if (size > INDEX_FROM && !grow_index(memory, rcpts, size * 2)) {
        return false;
    }
    v = mt_memory_resize(memory, rcpts->v, rcpts->size * sizeof *rcpts->v, size * sizeof *rcpts->v);
    if (!v) {
        return false;
    }
    rcpts->v = v;
    rcpts->size = size;
    return true;
}

struct mt_rcpt *mt_message_add_recipient(struct mt_messages *messages, struct mt_message *m, uint64_t hash, bool stored)
{
    struct mt_rcpts *rcpts = &m->rcpts;
    struct mt_rcpt *rcpt;

    if (rcpts->n == rcpts->size && (rcpts->size > UINT32_MAX / 8 || !grow(messages->memory, rcpts))) {
        return NULL;
    }
    rcpt = &rcpts->v[rcpts->n];
    *rcpt = (struct mt_rcpt){.hash = hash};
    if (stored) {
        rcpt->result = mt_memory_zeroed(messages->memory, sizeof *rcpt->result);
        rcpts->stored += rcpt->result != NULL;
    }
    rcpts->n++;
    if (rcpts->index_size) {
        index_place(rcpts, rcpts->n - 1);
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
     MT_FIELD_BIT(word, MT_F_NEXT_QUEUE_ID) | MT_FIELD_RUN(word, MT_F_RELAY_NAME, MT_F_RELAY_PATH))
static const uint64_t result_fields[2] = {RESULT_FIELDS(0), RESULT_FIELDS(1)};

void mt_message_result(struct mt_messages *messages, struct mt_rcpt *rcpt, const struct mt_stored *line,
                       struct mt_slice to)
{
    struct mt_result *result = rcpt->result;

    rcpt->attempts++;
    rcpt->status = line->status;
    if (!result) {
        return;
    }
    mt_bag_free(messages->memory, &result->bag);
    if (line->list) {
        mt_bag_put(messages->memory, &result->bag, MT_F_TO, to, false);
    }
    mt_bag_put_line(messages->memory, &result->bag, line, result_fields);
    result->delay = mt_stored_int(line, MT_F_DELAY, -1);
    result->time = line->line.time;
}
