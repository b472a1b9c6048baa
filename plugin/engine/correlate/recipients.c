/* The recipients of a message: a list that grows, and is searched by address.
 *
 * A list may have any number of them, and a line may be about each. So a long one has an index; and it counts those that are
 * deferred, or have no status, and links the deferred ones: nothing walks all of it for one line. What is short is
 * searched and counted as it stands.
 */
#include "message.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#define SHORT 32 /* recipients */

/* Behind v of a long list. Places are those in v plus one; 0: none. */
struct link {
    uint32_t before, next;
};

struct rest {
    uint32_t deferred, untried; /* how many have that status, or none */
    uint32_t first;             /* of the deferred ones */
    uint32_t *index;            /* places by the hash of the address: twice as many as there is room in v */
    struct link *links;         /* of the deferred ones: as many as there is room in v */
};

/* How many v has room for. */
static uint32_t room_of(const struct mt_rcpts *rcpts)
{
    return rcpts->n < 2 ? rcpts->n : UINT32_C(1) << (32 - __builtin_clz(rcpts->n - 1));
}

/* Bytes of a block with that room. */
static size_t block_size(uint32_t room)
{
    size_t rest = sizeof(struct rest) + room * (2 * sizeof(uint32_t) + sizeof(struct link));

    return room * sizeof(struct mt_rcpt) + (room > SHORT ? rest : 0);
}

/* NULL: the list is short. */
static struct rest *rest_of(const struct mt_rcpts *rcpts, uint32_t room)
{
    return room > SHORT ? (struct rest *)(void *)(rcpts->v + room) : NULL;
}

void mt_message_free_recipients(struct mt_messages *messages, struct mt_message *m)
{
    struct mt_rcpts *rcpts = &m->rcpts;

    for (uint32_t i = 0; i < rcpts->n; i++) {
        mt_kept_free(messages->memory, &rcpts->v[i].kept);
    }
    mt_memory_put(messages->memory, rcpts->v, block_size(room_of(rcpts)));
    *rcpts = (struct mt_rcpts){0};
}

/* --- statuses --- */

static void count_in(struct rest *rest, uint32_t which, uint8_t status)
{
    if (status == MT_STATUS_NONE) {
        rest->untried++;
    } else if (status == MT_STATUS_DEFERRED) {
        rest->links[which] = (struct link){.next = rest->first};
        if (rest->first) {
            rest->links[rest->first - 1].before = which + 1;
        }
        rest->first = which + 1;
        rest->deferred++;
    }
}

static void count_out(struct rest *rest, uint32_t which, uint8_t status)
{
    struct link link = rest->links[which];

    if (status == MT_STATUS_NONE) {
        rest->untried--;
    } else if (status == MT_STATUS_DEFERRED) {
        *(link.before ? &rest->links[link.before - 1].next : &rest->first) = link.next;
        if (link.next) {
            rest->links[link.next - 1].before = link.before;
        }
        rest->deferred--;
    }
}

static void set_status(struct mt_rcpts *rcpts, struct mt_rcpt *rcpt, uint8_t status)
{
    struct rest *rest = rest_of(rcpts, room_of(rcpts));
    uint32_t which = (uint32_t)(rcpt - rcpts->v);

    if (rest && status != rcpt->status) {
        count_out(rest, which, rcpt->status);
        count_in(rest, which, status);
    }
    rcpt->status = status;
}

static uint32_t count_short(const struct mt_rcpts *rcpts, uint8_t status)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < rcpts->n; i++) {
        n += rcpts->v[i].status == status;
    }
    return n;
}

uint32_t mt_message_deferred(const struct mt_message *m)
{
    const struct rest *rest = rest_of(&m->rcpts, room_of(&m->rcpts));

    return rest ? rest->deferred : count_short(&m->rcpts, MT_STATUS_DEFERRED);
}

uint32_t mt_message_untried(const struct mt_message *m)
{
    const struct rest *rest = rest_of(&m->rcpts, room_of(&m->rcpts));

    return rest ? rest->untried : count_short(&m->rcpts, MT_STATUS_NONE);
}

void mt_message_expire_deferred(struct mt_message *m)
{
    struct mt_rcpts *rcpts = &m->rcpts;
    struct rest *rest = rest_of(rcpts, room_of(rcpts));

    while (rest && rest->first) {
        set_status(rcpts, &rcpts->v[rest->first - 1], MT_STATUS_EXPIRED);
    }
    for (uint32_t i = 0; !rest && i < rcpts->n; i++) {
        if (rcpts->v[i].status == MT_STATUS_DEFERRED) {
            rcpts->v[i].status = MT_STATUS_EXPIRED;
        }
    }
}

/* --- the list --- */

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
    uint32_t room = room_of(rcpts), mask = 2 * room - 1;
    const struct rest *rest = rest_of(rcpts, room);

    if (!rest) {
        for (uint32_t i = 0; i < rcpts->n; i++) {
            if (rcpts->v[i].hash == hash) {
                return i;
            }
        }
        return -1;
    }
    for (uint32_t i = (uint32_t)hash & mask; rest->index[i]; i = (i + 1) & mask) {
        if (rcpts->v[rest->index[i] - 1].hash == hash) {
            return rest->index[i] - 1;
        }
    }
    return -1;
}

static void index_place(const struct mt_rcpts *rcpts, struct rest *rest, uint32_t room, uint32_t which)
{
    uint32_t mask = 2 * room - 1, i = (uint32_t)rcpts->v[which].hash & mask;

    while (rest->index[i]) {
        i = (i + 1) & mask;
    }
    rest->index[i] = which + 1;
}

/* What stands behind a list of n with that room is made anew. */
static void make_rest(const struct mt_rcpts *rcpts, uint32_t room)
{
    struct rest *rest = rest_of(rcpts, room);

    if (!rest) {
        return;
    }
    memset(rest, 0, block_size(room) - room * sizeof(struct mt_rcpt));
    rest->index = (uint32_t *)(void *)(rest + 1);
    rest->links = (struct link *)(void *)(rest->index + 2 * (size_t)room);
    for (uint32_t i = 0; i < rcpts->n; i++) {
        index_place(rcpts, rest, room, i);
        count_in(rest, i, rcpts->v[i].status);
    }
}

void mt_message_count_recipients(struct mt_message *m)
{
    make_rest(&m->rcpts, room_of(&m->rcpts));
}

static bool grow(struct mt_memory *memory, struct mt_rcpts *rcpts, uint32_t room)
{
    uint32_t bigger = room ? room * 2 : 1;
    void *v = mt_memory_resize(memory, rcpts->v, block_size(room), block_size(bigger));

    if (!v) {
        return false;
    }
    rcpts->v = v;
    make_rest(rcpts, bigger);
    return true;
}

struct mt_rcpt *mt_message_add_recipient(struct mt_messages *messages, struct mt_message *m, uint64_t hash, bool stored)
{
    struct mt_rcpts *rcpts = &m->rcpts;
    uint32_t room = room_of(rcpts);
    struct mt_rcpt *rcpt;
    struct rest *rest;

    if (rcpts->n == room && (room > UINT32_MAX / 8 || !grow(messages->memory, rcpts, room))) {
        return NULL;
    }
    rcpt = &rcpts->v[rcpts->n];
    *rcpt = (struct mt_rcpt){.hash = hash};
    rcpts->stored += stored && rcpts->stored == rcpts->n;
    rcpts->n++;
    room = room_of(rcpts);
    rest = rest_of(rcpts, room);
    if (rest) {
        index_place(rcpts, rest, room, rcpts->n - 1);
        rest->untried++;
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
    set_status(&m->rcpts, rcpt, line->status);
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
