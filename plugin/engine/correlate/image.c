/* Whole correlators as bytes, and back: what state on disk is made of. It does not show how hosts were
 * shared out among them.
 *
 * One description serves both ways (archive.h). It names fields, statuses and the like by
 * their names, once at the beginning, so that a later version with more of them can
 * read it. Waiting lines are written as lines and parsed anew.
 *
 * Things that several others refer to (a session, its TLS connections, a line that
 * caused several events) are written where they are met first, and get the next number;
 * from then on the number stands for them.
 */
#include <stdio.h>

#include "archive.h"
#include "shards.h"

#define VERSION  1
#define TABLES   5
#define NAME_MAX 64
#define LATEST   (INT64_C(1) << 60) /* usec: far beyond what timestamps can say */

/* --- tables of names --- */

enum table { FIELDS, STATUSES, REASONS, TROUBLES, SOURCES };

/* Pointers that were met, and their numbers; loading, the things by number. */
struct refs {
    const void **keys;
    uint32_t *numbers;
    void **things;
    size_t n, size;
};

struct image {
    struct mt_archive a;
    struct mt_shards *shards;
    struct mt_correlator *c; /* the one of the host being walked */
    struct mt_host *host;
    struct refs refs;
    size_t first;             /* number of the first thing that the host has */
    uint8_t map[TABLES][256]; /* loading: what was there to what is here; 255: unknown here */
};

#define UNKNOWN 255

static size_t table_size(enum table table)
{
    static const uint8_t sizes[] = {[FIELDS] = MT_FIELD_COUNT,
                                    [STATUSES] = MT_STATUS_COUNT,
                                    [REASONS] = MT_REASON_COUNT,
                                    [TROUBLES] = MT_TROUBLE_COUNT,
                                    [SOURCES] = MT_SOURCE_COUNT};

    return sizes[table];
}

static const char *word(const char *const names[], size_t i)
{
    return names[i] ? names[i] : "";
}

/* A field's name with those of the objects that it stands in. Returns the length. */
static size_t name_of(enum table table, size_t i, char out[NAME_MAX])
{
    const struct mt_field_info *field = &mt_field_info[i];
    const char *text = "";

    switch (table) {
    case FIELDS:
        return (size_t)snprintf(out, NAME_MAX, "%s.%s.%s", mt_object_info[mt_object_info[field->object].parent].name,
                                mt_object_info[field->object].name, field->name);
    case STATUSES:
        text = word(mt_status_names, i);
        break;
    case REASONS:
        text = word(mt_reason_names, i);
        break;
    case TROUBLES:
        text = word(mt_trouble_names, i);
        break;
    case SOURCES:
        text = word(mt_source_names, i);
        break;
    }
    return (size_t)snprintf(out, NAME_MAX, "%s", text);
}

static uint8_t number_of(enum table table, struct mt_slice name)
{
    char ours[NAME_MAX];

    for (size_t i = 0; i < table_size(table); i++) {
        if (mt_slice_eq(name, mt_slice(ours, name_of(table, i, ours)))) {
            return (uint8_t)i;
        }
    }
    return UNKNOWN;
}

static void walk_names(struct image *im, enum table table)
{
    size_t n = (size_t)mt_archive_count(&im->a, table_size(table), 1);
    char name[NAME_MAX];

    memset(im->map[table], UNKNOWN, sizeof im->map[table]);
    im->a.failed |= n > UNKNOWN;
    for (size_t i = 0; i < n && !im->a.failed; i++) {
        if (im->a.loading) {
            im->map[table][i] = number_of(table, mt_archive_slice(&im->a, mt_slice(NULL, 0)));
        } else {
            mt_archive_slice(&im->a, mt_slice(name, name_of(table, i, name)));
        }
    }
}

static void walk_member(struct image *im, enum table table, uint8_t *v)
{
    MT_ARCHIVE(&im->a, *v);
    if (im->a.loading) {
        *v = im->map[table][*v];
        *v = *v == UNKNOWN ? 0 : *v;
    }
}

/* --- things that are referred to --- */

static size_t place_of(const struct refs *refs, const void *thing)
{
    size_t i = ((uintptr_t)thing >> 4) * (size_t)0x9e3779b97f4a7c15 & (refs->size - 1);

    while (refs->keys[i] && refs->keys[i] != thing) {
        i = (i + 1) & (refs->size - 1);
    }
    return i;
}

static bool grow_map(struct refs *refs)
{
    struct refs bigger = {.n = refs->n, .size = refs->size ? refs->size * 2 : 1024};

    bigger.keys = calloc(bigger.size, sizeof *bigger.keys);
    bigger.numbers = malloc(bigger.size * sizeof *bigger.numbers);
    if (!bigger.keys || !bigger.numbers) {
        free(bigger.keys);
        free(bigger.numbers);
        return false;
    }
    for (size_t i = 0; i < refs->size; i++) {
        if (refs->keys[i]) {
            size_t at = place_of(&bigger, refs->keys[i]);
            bigger.keys[at] = refs->keys[i];
            bigger.numbers[at] = refs->numbers[i];
        }
    }
    free(refs->keys);
    free(refs->numbers);
    *refs = bigger;
    return true;
}

/* What stands for a reference: nothing, one that is met once, one that has the next number, a number. */
enum { REF_NONE, REF_ONCE, REF_NEW, REF_FIRST };

static uint64_t ref_of(struct image *im, const void *thing, uint32_t nrefs)
{
    struct refs *refs = &im->refs;
    size_t at;

    if (!thing) {
        return REF_NONE;
    }
    if (nrefs < 2) {
        return REF_ONCE;
    }
    if (refs->n >= refs->size / 4 * 3 && !grow_map(refs)) {
        im->a.failed = true;
        return REF_NONE;
    }
    at = place_of(refs, thing);
    if (refs->keys[at]) {
        return REF_FIRST + refs->numbers[at];
    }
    refs->keys[at] = thing;
    refs->numbers[at] = (uint32_t)refs->n++;
    return REF_NEW;
}

static bool remember(struct image *im, void *thing)
{
    struct refs *refs = &im->refs;

    if (refs->n == refs->size) {
        size_t size = refs->size ? refs->size * 2 : 1024;
        void *p = realloc(refs->things, size * sizeof *refs->things);
        if (!p) {
            im->a.failed = true;
            return false;
        }
        refs->things = p;
        refs->size = size;
    }
    refs->things[refs->n++] = thing;
    return true;
}

/* Walks a reference. *body is set when the thing itself follows; loading, the caller makes it then, and
 * calls remember() if `shared` is set. Loading, returns the thing if it was met before.
 */
static void *walk_ref(struct image *im, const void *thing, uint32_t nrefs, bool *body, bool *shared)
{
    uint64_t ref = im->a.loading ? 0 : ref_of(im, thing, nrefs);

    MT_ARCHIVE(&im->a, ref);
    *body = ref == REF_ONCE || ref == REF_NEW;
    *shared = ref == REF_NEW;
    if (!im->a.loading || ref < REF_FIRST) {
        return NULL;
    }
    if (ref - REF_FIRST < im->first || ref - REF_FIRST >= im->refs.n) {
        im->a.failed = true;
        return NULL;
    }
    return im->refs.things[ref - REF_FIRST];
}

static void free_refs(struct refs *refs)
{
    free(refs->keys);
    free(refs->numbers);
    free(refs->things);
}

/* --- pieces --- */

/* A time in usec, or one of the two that stand for "never". */
static void walk_usec(struct image *im, int64_t *usec)
{
    MT_ARCHIVE(&im->a, *usec);
    im->a.failed |= *usec != INT64_MIN && *usec != INT64_MAX && (*usec > LATEST || *usec < -LATEST);
}

static void walk_time(struct image *im, struct mt_time *time)
{
    walk_usec(im, &time->usec);
    MT_ARCHIVE(&im->a, time->offset);
    MT_ARCHIVE(&im->a, time->digits);
    time->digits = time->digits > 6 ? 6 : time->digits;
}

static void walk_bag(struct image *im, struct mt_kept *kept)
{
    struct mt_slice bytes = mt_archive_slice(&im->a, mt_kept_bytes(kept));

    if (im->a.loading && !mt_kept_load(&im->c->memory, kept, bytes, im->map[FIELDS])) {
        im->a.failed = true;
    }
}

static void walk_hashes(struct image *im, struct mt_hashes *set)
{
    uint64_t n = mt_archive_count(&im->a, set->n, sizeof(uint64_t)), hash;

    for (uint32_t i = 0; !im->a.loading && i < set->size && (set->size > MT_HASHES_SHORT || i < set->n); i++) {
        if (set->v[i]) {
            mt_archive_bytes(&im->a, &set->v[i], sizeof *set->v);
        }
    }
    for (uint64_t i = 0; im->a.loading && i < n && !im->a.failed; i++) {
        mt_archive_bytes(&im->a, &hash, sizeof hash);
        im->a.failed |= !mt_hashes_add(&im->c->memory, set, hash);
    }
}

/* A slice that its struct owns: peers' queue IDs. */
static void walk_owned(struct image *im, struct mt_slice *s)
{
    struct mt_slice bytes = mt_archive_slice(&im->a, *s);
    char *copy;

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

static void *new_thing(struct image *im, size_t n)
{
    void *thing = im->a.failed ? NULL : mt_memory_zeroed(&im->c->memory, n);

    im->a.failed |= !thing;
    return thing;
}

/* --- sessions --- */

static void walk_peer(struct image *im, struct mt_peer **peer)
{
    bool body, shared;
    void *known = walk_ref(im, *peer, *peer ? (*peer)->refs : 0, &body, &shared);

    if (im->a.loading) {
        *peer = body ? new_thing(im, sizeof **peer) : known;
        if (!*peer) {
            return;
        }
        (*peer)->refs++;
        if (shared) {
            remember(im, *peer);
        }
    }
    if (body && *peer) {
        walk_owned(im, &(*peer)->queue_id);
        walk_bag(im, &(*peer)->kept);
    }
}

static void walk_peers(struct image *im, struct mt_session *s)
{
    struct mt_peer **at = &s->peers;

    for (;;) {
        struct mt_peer *peer = im->a.loading ? NULL : *at;
        walk_peer(im, &peer);
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

static void session_body(struct image *im, struct mt_session *s)
{
    mt_archive_bytes(&im->a, &s->hash, sizeof s->hash);
    walk_bag(im, &s->kept);
    walk_time(im, &s->last);
    walk_usec(im, &s->first);
    walk_usec(im, &s->closed);
    MT_ARCHIVE(&im->a, s->number);
    MT_ARCHIVE(&im->a, s->pid);
    walk_member(im, SOURCES, &s->source);
    walk_member(im, TROUBLES, &s->reason);
    MT_ARCHIVE(&im->a, s->connected);
    MT_ARCHIVE(&im->a, s->lost);
    MT_ARCHIVE(&im->a, s->told);
    im->a.failed |= !s->source;
    walk_peers(im, s);
}

static void walk_session(struct image *im, struct mt_session **s)
{
    bool body, shared;
    void *known = walk_ref(im, *s, *s ? (*s)->refs : 0, &body, &shared);

    if (im->a.loading) {
        *s = body ? new_thing(im, sizeof **s) : known;
        if (!*s) {
            return;
        }
        (*s)->refs++;
        if (shared) {
            remember(im, *s);
        }
    }
    if (body && *s) {
        (*s)->host = im->host;
        session_body(im, *s);
    }
}

/* A list ends with a reference to nothing. */
static void walk_sessions(struct image *im, const struct mt_session_list *list)
{
    struct mt_session *s = list->first, *next;

    do {
        next = !im->a.loading && s ? s->next : NULL;
        s = im->a.loading ? NULL : s;
        walk_session(im, &s);
        if (im->a.loading && s && (im->a.failed || !mt_session_adopt(&im->c->sessions, s))) {
            im->a.failed = true;
            mt_session_release(&im->c->sessions, s);
            return;
        }
        if (!s) {
            return;
        }
        s = next;
    } while (!im->a.failed);
}

/* --- lines --- */

/* Loading, NULL where this version's parser does not know the line. */
static struct mt_line_copy *line_body(struct image *im, const struct mt_line_copy *stored)
{
    struct mt_line line = stored ? stored->line : (struct mt_line){0};
    bool repeated = stored && stored->repeated;
    struct mt_line_copy *loaded = NULL;

    walk_time(im, &line.time);
    MT_ARCHIVE(&im->a, line.order);
    MT_ARCHIVE(&im->a, line.pid);
    walk_member(im, SOURCES, &line.source);
    MT_ARCHIVE(&im->a, line.cut);
    MT_ARCHIVE(&im->a, repeated);
    line.program = mt_archive_slice(&im->a, line.program);
    line.text = mt_archive_slice(&im->a, line.text);
    if (im->a.loading && !im->a.failed) {
        line.host = im->host->name;
        if (mt_parse(&line, &im->c->whole) == MT_RECOGNISED && im->c->whole.kind != MT_KIND_PART) {
            im->c->whole.repeated = repeated;
            loaded = mt_line_copy_new(&im->c->store, &im->c->whole);
            im->a.failed |= !loaded;
        }
    }
    return loaded;
}

static void drop_unknown_line(struct image *im, struct mt_session *s, struct mt_peer *peer)
{
    mt_session_release(&im->c->sessions, s);
    mt_peer_release(&im->c->sessions, peer);
}

static void walk_line(struct image *im, struct mt_line_copy **line)
{
    struct mt_session *s = *line ? (*line)->session : NULL;
    struct mt_peer *peer = *line ? (*line)->peer : NULL;
    bool body, shared;
    void *known = walk_ref(im, *line, *line ? (*line)->refs : 0, &body, &shared);

    if (!body) {
        if (im->a.loading && (*line = known)) {
            (*line)->refs++;
        }
        return;
    }
    walk_session(im, &s);
    walk_peer(im, &peer);
    if (!im->a.loading) {
        line_body(im, *line);
        return;
    }
    *line = line_body(im, NULL);
    if (shared) {
        remember(im, *line);
    }
    if (*line) {
        (*line)->session = s;
        (*line)->peer = peer;
    } else {
        drop_unknown_line(im, s, peer);
    }
}

static void walk_queue(struct image *im, struct mt_line_queue *queue)
{
    uint64_t n = mt_archive_count(&im->a, queue->n, 1);

    for (uint64_t i = 0; i < n && !im->a.failed; i++) {
        struct mt_line_copy *line = im->a.loading ? NULL : queue->v[queue->first + i];
        walk_line(im, &line);
        if (im->a.loading && line && !mt_line_queue_add(&im->c->memory, queue, line)) {
            im->a.failed = true;
            mt_line_release(im->c, line);
        }
    }
}

/* --- messages --- */

static void walk_result(struct image *im, struct mt_rcpt *rcpt)
{
    struct mt_time time = {rcpt->usec, rcpt->offset, rcpt->digits};
    int64_t delay = mt_kept_get_int(&rcpt->kept, MT_F_DELAY, -1);

    walk_bag(im, &rcpt->kept);
    walk_usec(im, &delay); /* is kept by now */
    walk_time(im, &time);
    if (im->a.loading) {
        if (delay >= 0) {
            mt_kept_put_int(&im->c->memory, &rcpt->kept, MT_F_DELAY, delay, false);
        }
        rcpt->usec = time.usec;
        rcpt->offset = time.offset;
        rcpt->digits = time.digits;
    }
}

static void walk_recipients(struct image *im, struct mt_message *m)
{
    uint64_t n = mt_archive_count(&im->a, m->rcpts.n, sizeof(uint64_t) + 3);

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
        MT_ARCHIVE(&im->a, rcpt->attempts);
        walk_member(im, STATUSES, &rcpt->status);
        if (stored) {
            walk_result(im, rcpt);
        }
    }
}

static void walk_flags(struct image *im, struct mt_message *m)
{
    unsigned flags = mt_message_flags(m);

    MT_ARCHIVE(&im->a, flags);
    mt_message_set_flags(m, flags);
}

static void walk_message_session(struct image *im, struct mt_message *m)
{
    struct mt_session *s = m->session;

    walk_session(im, &s);
    if (im->a.loading && s) {
        mt_message_join(m, s);
        mt_session_release(&im->c->sessions, s); /* the reference is the message's */
    }
}

static void message_body(struct image *im, struct mt_message *m)
{
    mt_archive_bytes(&im->a, &m->hash, sizeof m->hash);
    MT_ARCHIVE(&im->a, m->state);
    walk_member(im, SOURCES, &m->source);
    im->a.failed |= m->state > MT_ENDED || !m->source;
    walk_bag(im, &m->kept);
    walk_hashes(im, &m->seen);
    walk_time(im, &m->first);
    walk_usec(im, &m->last);
    walk_usec(im, &m->end);
    walk_member(im, REASONS, &m->reason);
    MT_ARCHIVE(&im->a, m->lines);
    MT_ARCHIVE(&im->a, m->version);
    MT_ARCHIVE(&im->a, m->origin);
    im->a.failed |= m->origin > MT_ORIGIN_FORWARD;
    walk_flags(im, m);
    walk_message_session(im, m);
    walk_recipients(im, m);
}

/* Saving: one at rest is written as one that is not. */
static void save_resting(struct image *im, const struct mt_message *m)
{
    struct mt_message awake;

    if (mt_message_unpack(&im->c->messages, m, &awake)) {
        message_body(im, &awake);
        mt_message_free_parts(&im->c->messages, &awake);
    } else {
        im->a.failed = true;
    }
}

static void walk_message(struct image *im, struct mt_message **m)
{
    bool body, shared;
    void *known = walk_ref(im, *m, *m ? (*m)->refs : 0, &body, &shared);

    if (im->a.loading) {
        *m = body ? new_thing(im, sizeof **m) : known;
        if (!*m) {
            return;
        }
        (*m)->refs++;
        if (shared) {
            remember(im, *m);
        }
    }
    if (body && *m && (*m)->resting) {
        save_resting(im, *m);
    } else if (body && *m) {
        (*m)->host = im->host;
        message_body(im, *m);
    }
}

static void walk_messages(struct image *im, const struct mt_message_list *list)
{
    struct mt_message *m = list->first, *next;

    do {
        next = !im->a.loading && m ? m->next : NULL;
        m = im->a.loading ? NULL : m;
        walk_message(im, &m);
        if (im->a.loading && m && (im->a.failed || !mt_message_adopt(&im->c->messages, m))) {
            im->a.failed = true;
            mt_message_release(&im->c->messages, m);
            return;
        }
        if (!m) {
            return;
        }
        if (im->a.loading) {
            m->refs++;
            mt_message_put_to_rest(&im->c->messages, m);
        }
        m = next;
    } while (!im->a.failed);
}

/* --- events to come --- */

/* The recipient of that number in the line. */
static struct mt_slice recipient_of(const struct mt_line_copy *line, uint32_t ordinal)
{
    struct mt_slice rest = mt_line_copy_get(line, MT_F_TO), to = {NULL, 0};

    for (uint32_t i = 0; i <= ordinal; i++) {
        if (!mt_recipient_next(line->list, &rest, &to)) {
            return mt_slice(NULL, 0);
        }
    }
    return to;
}

/* Has it all that making its event takes? */
static bool is_sound(const struct mt_queued_event *p)
{
    switch (p->kind) {
    case MT_EVENT_DELIVERY:
        return p->line && p->message && p->to.n;
    case MT_EVENT_MESSAGE:
        return p->message;
    case MT_EVENT_REJECT:
        return p->line;
    case MT_EVENT_SESSION:
        return p->session;
    default:
        return false;
    }
}

static void drop_pending(struct image *im, const struct mt_queued_event *p)
{
    mt_line_release(im->c, p->line);
    mt_message_release(&im->c->messages, p->message);
    mt_session_release(&im->c->sessions, p->session);
}

static void walk_pending(struct image *im, struct mt_queued_event *p)
{
    walk_usec(im, &p->due);
    MT_ARCHIVE(&im->a, p->kind);
    MT_ARCHIVE(&im->a, p->version);
    MT_ARCHIVE(&im->a, p->attempt);
    MT_ARCHIVE(&im->a, p->recipient);
    MT_ARCHIVE(&im->a, p->ordinal);
    walk_message(im, &p->message);
    walk_session(im, &p->session);
    walk_line(im, &p->line);
    if (im->a.loading && p->kind == MT_EVENT_DELIVERY && p->line) {
        p->to = recipient_of(p->line, p->ordinal);
    }
}

static void walk_pendings(struct image *im, struct mt_event_queue *queue)
{
    uint64_t n = mt_archive_count(&im->a, queue->n, 9);

    for (uint64_t i = 0; i < n && !im->a.failed; i++) {
        struct mt_queued_event loaded = {0}, *p = im->a.loading ? &loaded : &queue->v[queue->first + i];

        walk_pending(im, p);
        if (!im->a.loading) {
            continue;
        }
        if (im->a.failed || !is_sound(p)) {
            drop_pending(im, p);
        } else if (!mt_event_queue_add(&im->c->memory, queue, p)) {
            im->a.failed = true;
            drop_pending(im, p);
        }
    }
}

/* --- hosts --- */

static void walk_clock(struct image *im, struct mt_host *host)
{
    walk_usec(im, &host->newest);
    walk_usec(im, &host->clock);
    walk_usec(im, &host->taken);
    walk_usec(im, &host->wall);
    MT_ARCHIVE(&im->a, host->ahead);
    MT_ARCHIVE(&im->a, host->behind);
    MT_ARCHIVE(&im->a, host->nsamples);
    for (size_t i = 0; i < MT_SAMPLES; i++) {
        walk_usec(im, &host->samples[i].wall);
        walk_usec(im, &host->samples[i].clock);
    }
}

static void walk_host(struct image *im, struct mt_host *host)
{
    struct mt_slice name = mt_archive_slice(&im->a, host ? host->name : mt_slice(NULL, 0));

    if (im->a.loading) {
        im->c = mt_shards_at(im->shards, name);
        host = im->a.failed ? NULL : mt_host_get(im->c, name);
        im->a.failed |= !host;
    }
    if (!host) {
        return;
    }
    im->host = host;
    im->first = im->refs.n;
    walk_clock(im, host);
    walk_sessions(im, &host->sessions);
    walk_sessions(im, &host->closed);
    walk_queue(im, &host->queue);
    walk_pendings(im, &host->due);
    walk_pendings(im, &host->due_later);
    walk_messages(im, &host->open);
    walk_messages(im, &host->ended);
}

static void save_hosts(struct image *im)
{
    for (unsigned i = 0; i < im->shards->n; i++) {
        im->c = im->shards->v[i].c;
        for (struct mt_host *host = im->c->host_list; host && !im->a.failed; host = host->next) {
            walk_host(im, host);
        }
    }
}

static void walk_hosts(struct image *im)
{
    uint64_t n = 0;

    for (unsigned i = 0; i < im->shards->n; i++) {
        n += im->shards->v[i].c->hosts.n;
    }
    n = mt_archive_count(&im->a, n, 1);
    if (!im->a.loading) {
        save_hosts(im);
        return;
    }
    for (uint64_t i = 0; i < n && !im->a.failed; i++) {
        walk_host(im, NULL);
    }
}

/* --- the rest --- */

/* Which of an event's ids was told last is known of each place; of several, any will do. */
static uint64_t told_at(const struct mt_shards *shards, size_t at)
{
    uint64_t told = 0;

    for (unsigned i = 0; i < shards->n && !told; i++) {
        told = shards->v[i].c->told[at];
    }
    return told;
}

static void walk_told(struct image *im)
{
    uint32_t n = 0, at = 0;

    for (size_t i = 0; i < MT_TOLD; i++) {
        n += told_at(im->shards, i) != 0;
    }
    n = (uint32_t)mt_archive_count(&im->a, n, sizeof(uint64_t));
    for (uint32_t i = 0; i < n && !im->a.failed; i++, at++) {
        uint64_t told = 0;
        while (!im->a.loading && !(told = told_at(im->shards, at))) {
            at++;
        }
        MT_ARCHIVE(&im->a, at);
        im->a.failed |= at >= MT_TOLD;
        mt_archive_bytes(&im->a, &told, sizeof told);
        for (unsigned k = 0; im->a.loading && !im->a.failed && k < im->shards->n; k++) {
            im->shards->v[k].c->told[at] = told;
        }
    }
}

static void save_part(void *ctx, const struct mt_line *part)
{
    struct image *im = ctx;
    struct mt_line line = *part;
    bool more = true;

    MT_ARCHIVE(&im->a, more);
    mt_archive_slice(&im->a, line.host);
    walk_time(im, &line.time);
    MT_ARCHIVE(&im->a, line.order);
    MT_ARCHIVE(&im->a, line.pid);
    walk_member(im, SOURCES, &line.source);
    mt_archive_slice(&im->a, line.program);
    mt_archive_slice(&im->a, line.text);
}

/* Whole lines among them were taken already: they are kept to know repeats. */
static void load_parts(struct image *im)
{
    const struct mt_slice none = {NULL, 0};
    struct mt_line line = {0}, whole;
    bool more = true;

    for (;;) {
        MT_ARCHIVE(&im->a, more);
        if (!more || im->a.failed) {
            return;
        }
        line.host = mt_archive_slice(&im->a, none);
        walk_time(im, &line.time);
        MT_ARCHIVE(&im->a, line.order);
        MT_ARCHIVE(&im->a, line.pid);
        walk_member(im, SOURCES, &line.source);
        line.program = mt_archive_slice(&im->a, none);
        line.text = mt_archive_slice(&im->a, none);
        im->c = mt_shards_at(im->shards, line.host);
        if (!im->a.failed && mt_parse(&line, &im->c->whole) == MT_RECOGNISED && im->c->whole.kind == MT_KIND_PART) {
            mt_parts_add(im->c->parts, &im->c->whole, &whole);
        }
    }
}

static void walk_parts(struct image *im)
{
    bool more = false;

    if (im->a.loading) {
        load_parts(im);
        return;
    }
    for (unsigned i = 0; i < im->shards->n; i++) {
        im->a.failed |= !mt_parts_each(im->shards->v[i].c->parts, save_part, im);
    }
    MT_ARCHIVE(&im->a, more);
}

/* The hashes in it are keyed with one seed. */
static void walk_seed(struct image *im)
{
    uint64_t seed = im->shards->v[0].c->seed;

    mt_archive_bytes(&im->a, &seed, sizeof seed);
    for (unsigned i = 0; im->a.loading && i < im->shards->n; i++) {
        mt_correlator_set_seed(im->shards->v[i].c, seed);
    }
}

/* The number of the newest session. */
static void walk_opened(struct image *im)
{
    uint64_t opened = 0;

    for (unsigned i = 0; i < im->shards->n; i++) {
        opened = im->shards->v[i].c->sessions.opened > opened ? im->shards->v[i].c->sessions.opened : opened;
    }
    MT_ARCHIVE(&im->a, opened);
    for (unsigned i = 0; im->a.loading && i < im->shards->n; i++) {
        im->shards->v[i].c->sessions.opened = opened;
    }
}

static void walk(struct image *im)
{
    uint32_t version = VERSION;

    MT_ARCHIVE(&im->a, version);
    im->a.failed |= version != VERSION;
    for (enum table table = FIELDS; table < TABLES; table++) {
        walk_names(im, table);
    }
    walk_seed(im);
    walk_opened(im);
    walk_told(im);
    walk_parts(im);
    walk_hosts(im);
}

bool mt_shards_save(struct mt_shards *shards, mt_write_fn *write, void *ctx)
{
    struct image im = {.shards = shards, .a = {.write = write, .ctx = ctx}};
    bool saved;

    im.a.buffer = malloc(MT_ARCHIVE_BUFFER);
    if (!im.a.buffer) {
        return false;
    }
    walk(&im);
    saved = mt_archive_flush(&im.a);
    free(im.a.buffer);
    free_refs(&im.refs);
    return saved;
}

bool mt_shards_load(struct mt_shards *shards, const void *p, size_t n)
{
    const unsigned char *bytes = p;
    struct image im = {.shards = shards, .a = {.loading = true, .at = bytes, .end = bytes + n}};

    walk(&im);
    free_refs(&im.refs);
    for (unsigned i = 0; im.a.failed && i < shards->n; i++) {
        mt_correlator_clear(shards->v[i].c);
        memset(shards->v[i].c->told, 0, sizeof shards->v[i].c->told);
    }
    return !im.a.failed;
}
