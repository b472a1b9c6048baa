/* Members in an image: one function for each way of members.h, which writes or reads. See image.h. */
#include "image.h"

#define LATEST (INT64_C(1) << 60) /* usec: far beyond what timestamps can say */

/* --- plain members --- */

static void walk_number(struct mt_image *im, void *p, const struct mt_member *member)
{
    switch (member->size) {
    case sizeof(uint8_t):
        MT_ARCHIVE(&im->a, *(uint8_t *)p);
        break;
    case sizeof(uint16_t):
        MT_ARCHIVE(&im->a, *(uint16_t *)p);
        break;
    case sizeof(uint32_t):
        MT_ARCHIVE(&im->a, *(uint32_t *)p);
        break;
    default:
        MT_ARCHIVE(&im->a, *(uint64_t *)p);
        break;
    }
}

static void walk_bool(struct mt_image *im, void *p, const struct mt_member *member)
{
    bool *b = p;

    (void)member;
    MT_ARCHIVE(&im->a, *b);
}

static void walk_usec(struct mt_image *im, void *p, const struct mt_member *member)
{
    int64_t *usec = p;

    (void)member;
    MT_ARCHIVE(&im->a, *usec);
    im->a.failed |= *usec != INT64_MIN && *usec != INT64_MAX && (*usec > LATEST || *usec < -LATEST);
}

static void walk_time(struct mt_image *im, void *p, const struct mt_member *member)
{
    struct mt_time *time = p;

    walk_usec(im, &time->usec, member);
    MT_ARCHIVE(&im->a, time->offset);
    MT_ARCHIVE(&im->a, time->digits);
    time->digits = time->digits > 6 ? 6 : time->digits;
}

static void walk_key(struct mt_image *im, void *p, const struct mt_member *member)
{
    (void)member;
    mt_archive_bytes(&im->a, p, sizeof(uint64_t));
}

static void walk_kept(struct mt_image *im, void *p, const struct mt_member *member)
{
    struct mt_kept *kept = p;
    struct mt_slice bytes = mt_archive_slice(&im->a, mt_kept_bytes(kept));

    (void)member;
    if (im->a.loading && !mt_kept_load(&im->c->memory, kept, bytes, im->names.map[MT_TABLE_FIELDS])) {
        im->a.failed = true;
    }
}

static void walk_hashes(struct mt_image *im, void *p, const struct mt_member *member)
{
    struct mt_hashes *set = p;
    uint64_t n = mt_archive_count(&im->a, set->n, sizeof(uint64_t)), hash;
    uint32_t at = 0;

    (void)member;
    for (uint64_t i = 0; i < n && !im->a.failed; i++) {
        hash = im->a.loading ? 0 : mt_hashes_next(set, &at);
        mt_archive_bytes(&im->a, &hash, sizeof hash);
        im->a.failed |= im->a.loading && !mt_hashes_add(&im->c->memory, set, hash, im->c->messages.seed);
    }
}

static void walk_owned(struct mt_image *im, void *p, const struct mt_member *member)
{
    struct mt_slice *s = p, bytes = mt_archive_slice(&im->a, *s);
    char *copy;

    (void)member;
    if (!im->a.loading || !bytes.n) {
        return;
    }
    copy = mt_memory_get(&im->c->memory, bytes.n);
    if (!copy) {
        im->a.failed = true;
        return;
    }
    memcpy(copy, bytes.p, bytes.n);
    *s = mt_slice(copy, bytes.n);
}

static void walk_slice(struct mt_image *im, void *p, const struct mt_member *member)
{
    struct mt_slice *s = p;

    (void)member;
    *s = mt_archive_slice(&im->a, *s);
}

/* --- numbers that have names: one that is not known here is 0, which is none --- */

static void walk_named(struct mt_image *im, enum mt_image_table table, uint8_t *v)
{
    MT_ARCHIVE(&im->a, *v);
    if (im->a.loading) {
        *v = im->names.map[table][*v];
        *v = *v == MT_UNKNOWN ? 0 : *v;
    }
}

#define NAMED(name, TABLE)                                                                \
    static void walk_##name(struct mt_image *im, void *p, const struct mt_member *member) \
    {                                                                                     \
        (void)member;                                                                     \
        walk_named(im, MT_TABLE_##TABLE, p);                                              \
    }
NAMED(status, STATUSES)
NAMED(reason, REASONS)
NAMED(trouble, TROUBLES)
NAMED(source, SOURCES)
NAMED(origin, ORIGINS)
NAMED(event, EVENTS)
NAMED(space, SPACES)
#undef NAMED

/* --- members of a session and of a clock --- */

static void walk_peer(struct mt_image *im, void *p, const struct mt_member *member)
{
    (void)member;
    mt_image_walk_peer(im, p);
}

static void walk_peers(struct mt_image *im, void *p, const struct mt_member *member)
{
    struct mt_session *s = p;
    struct mt_peer **at = &s->peers;

    (void)member;
    for (;;) {
        struct mt_peer *peer = im->a.loading ? NULL : *at;
        mt_image_walk_peer(im, &peer);
        if (!peer) {
            return;
        }
        if (im->a.loading && peer->listed) { /* it cannot be in two lists */
            im->a.failed = true;
            mt_peer_release(&im->c->sessions, peer);
            return;
        }
        peer->listed = im->a.loading;
        *at = peer;
        at = &peer->next;
    }
}

static void walk_samples(struct mt_image *im, void *p, const struct mt_member *member)
{
    struct mt_host *host = p;

    for (size_t i = 0; i < MT_SAMPLES; i++) {
        walk_usec(im, &host->samples[i].wall, member);
        walk_usec(im, &host->samples[i].clock, member);
    }
}

static void walk_session(struct mt_image *im, void *p, const struct mt_member *member)
{
    (void)member;
    mt_image_walk_session(im, p);
}

/* --- lines --- */

static void walk_line(struct mt_image *im, void *p, const struct mt_member *member)
{
    (void)member;
    mt_image_walk_line(im, p);
}

/* --- members of a message --- */

/* Where it is loaded, the flags have the places that they had there. */
static void walk_flags(struct mt_image *im, void *p, const struct mt_member *member)
{
    struct mt_message *m = p;
    unsigned there = mt_message_flags(m), here = 0;

    (void)member;
    MT_ARCHIVE(&im->a, there);
    if (!im->a.loading) {
        return;
    }
    for (unsigned bit = 0; bit < 32; bit++) {
        uint8_t ours = im->names.map[MT_TABLE_FLAGS][bit];
        here |= there >> bit & 1 && ours != MT_UNKNOWN ? 1u << ours : 0;
    }
    mt_message_set_flags(m, here);
}

static void walk_time_in_parts(struct mt_image *im, void *p, const struct mt_member *member)
{
    struct mt_rcpt *rcpt = p;
    struct mt_time time = {rcpt->usec, rcpt->offset, rcpt->digits};

    walk_time(im, &time, member);
    rcpt->usec = time.usec;
    rcpt->offset = time.offset;
    rcpt->digits = time.digits;
}

static void walk_recipients(struct mt_image *im, void *p, const struct mt_member *member)
{
    struct mt_message *m = p;
    uint64_t n = mt_archive_count(&im->a, m->rcpts.n, sizeof(uint64_t) + 3);

    (void)member;
    for (uint64_t i = 0; i < n && !im->a.failed; i++) {
        struct mt_rcpt *rcpt = im->a.loading ? NULL : &m->rcpts.v[i];
        uint64_t hash = rcpt ? rcpt->hash : 0;
        bool stored = rcpt && i < m->rcpts.stored;

        mt_archive_bytes(&im->a, &hash, sizeof hash);
        MT_ARCHIVE(&im->a, stored);
        if (im->a.loading) {
            rcpt = mt_message_add_recipient(&im->c->messages, m, hash, stored);
        }
        if (!rcpt || stored != (i < m->rcpts.stored)) {
            im->a.failed = true;
            return;
        }
        mt_image_walk_members(im, MT_LIST_RCPT, rcpt);
        if (stored) {
            mt_image_walk_members(im, MT_LIST_RESULT, rcpt);
        }
    }
    if (im->a.loading) {
        mt_message_count_recipients(m);
    }
}

static void save_aliases(struct mt_image *im, const struct mt_message *m)
{
    bool more = true;

    for (struct mt_alias *alias = mt_alias_of(&im->c->aliases, im->resting ? im->resting : m); alias;
         alias = alias->next) {
        struct mt_image_alias row = {{mt_slice(alias->text, alias->n), alias->space}, alias->recipient, alias->number};
        MT_ARCHIVE(&im->a, more);
        mt_image_walk_members(im, MT_LIST_ALIAS, &row);
    }
    more = false;
    MT_ARCHIVE(&im->a, more);
}

/* One in a space that is not known here is left out. */
static void load_aliases(struct mt_image *im, struct mt_message *m)
{
    bool more = true;

    mt_message_set_key(&im->c->messages, m);
    for (;;) {
        struct mt_image_alias row = {.recipient = -1};
        MT_ARCHIVE(&im->a, more);
        if (!more || im->a.failed) {
            return;
        }
        mt_image_walk_members(im, MT_LIST_ALIAS, &row);
        if (row.recipient >= (int64_t)m->rcpts.n || row.recipient < -1) {
            im->a.failed = true;
        } else if (row.name.space && !im->a.failed) {
            mt_alias_restore(&im->c->aliases, m, row.recipient, &row.name, row.number);
        }
    }
}

static void walk_aliases(struct mt_image *im, void *p, const struct mt_member *member)
{
    (void)member;
    if (im->a.loading) {
        load_aliases(im, p);
    } else {
        save_aliases(im, p);
    }
}

static void walk_own_session(struct mt_image *im, void *p, const struct mt_member *member)
{
    struct mt_message *m = p;
    struct mt_session *s = m->session;

    (void)member;
    mt_image_walk_session(im, &s);
    if (im->a.loading && s) {
        mt_message_join(m, s);
        mt_session_release(&im->c->sessions, s); /* the reference is the message's */
    }
}

static void walk_message(struct mt_image *im, void *p, const struct mt_member *member)
{
    (void)member;
    mt_image_walk_message(im, p);
}

/* --- all members --- */

typedef void walk_fn(struct mt_image *im, void *p, const struct mt_member *member);

static walk_fn *const walks[MT_WAY_COUNT] = {
    [MT_WAY_NUMBER] = walk_number,
    [MT_WAY_BOOL] = walk_bool,
    [MT_WAY_USEC] = walk_usec,
    [MT_WAY_TIME] = walk_time,
    [MT_WAY_KEY] = walk_key,
    [MT_WAY_KEPT] = walk_kept,
    [MT_WAY_HASHES] = walk_hashes,
    [MT_WAY_OWNED] = walk_owned,
    [MT_WAY_SLICE] = walk_slice,
    [MT_WAY_STATUS] = walk_status,
    [MT_WAY_REASON] = walk_reason,
    [MT_WAY_TROUBLE] = walk_trouble,
    [MT_WAY_SOURCE] = walk_source,
    [MT_WAY_ORIGIN] = walk_origin,
    [MT_WAY_EVENT] = walk_event,
    [MT_WAY_SPACE] = walk_space,
    [MT_WAY_SESSION] = walk_session,
    [MT_WAY_PEER] = walk_peer,
    [MT_WAY_MESSAGE] = walk_message,
    [MT_WAY_LINE] = walk_line,
    [MT_WAY_FLAGS] = walk_flags,
    [MT_WAY_RECIPIENTS] = walk_recipients,
    [MT_WAY_ALIASES] = walk_aliases,
    [MT_WAY_OWN_SESSION] = walk_own_session,
    [MT_WAY_TIME_IN_PARTS] = walk_time_in_parts,
    [MT_WAY_PEERS] = walk_peers,
    [MT_WAY_SAMPLES] = walk_samples,
};

/* A member that is not known here. */
static void skip(struct mt_image *im, enum mt_way way)
{
    struct mt_time time = {0};
    uint64_t number = 0;
    const struct mt_member plain = {.way = way, .size = sizeof number};

    switch (way) {
    case MT_WAY_TIME:
    case MT_WAY_TIME_IN_PARTS:
        walk_time(im, &time, &plain);
        break;
    case MT_WAY_KEY:
        walk_key(im, &number, &plain);
        break;
    case MT_WAY_KEPT:
    case MT_WAY_OWNED:
    case MT_WAY_SLICE:
        mt_archive_slice(&im->a, mt_slice(NULL, 0));
        break;
    case MT_WAY_HASHES:
        for (uint64_t n = mt_archive_count(&im->a, 0, sizeof number); n; n--) {
            walk_key(im, &number, &plain);
        }
        break;
    case MT_WAY_SESSION:
    case MT_WAY_PEER:
    case MT_WAY_MESSAGE:
    case MT_WAY_LINE:
    case MT_WAY_RECIPIENTS:
    case MT_WAY_ALIASES:
    case MT_WAY_OWN_SESSION:
    case MT_WAY_PEERS:
    case MT_WAY_SAMPLES:
        im->a.failed = true; /* others may refer to what is in it */
        break;
    default:
        walk_number(im, &number, &plain);
        break;
    }
}

void mt_image_walk_members(struct mt_image *im, enum mt_member_list list, void *thing)
{
    size_t n;
    const struct mt_member *members = mt_image_members(list, &n);

    for (size_t i = 0; !im->a.loading && i < n; i++) {
        walks[members[i].way](im, (char *)thing + members[i].offset, &members[i]);
    }
    for (size_t i = 0; im->a.loading && i < im->names.lists[list].n && !im->a.failed; i++) {
        size_t here = im->names.lists[list].v[i].here;
        if (here < n) {
            walks[members[here].way](im, (char *)thing + members[here].offset, &members[here]);
        } else {
            skip(im, im->names.lists[list].v[i].way);
        }
    }
}
