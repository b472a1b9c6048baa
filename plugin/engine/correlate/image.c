/* The whole of an image: see image.h. Its parts, in this order: the version, the names, the seed, the number of the
 * newest session, the ids told last, the pieces of split lines, and the hosts, each with its clock, its
 * sessions, its lines that wait, its events to come and its messages.
 */
#include "image.h"

/* --- sessions --- */

/* A list ends with a reference to nothing. */
static void walk_sessions(struct mt_image *im, const struct mt_session_list *list)
{
    struct mt_session *s = list->first, *next;

    do {
        next = !im->a.loading && s ? s->next : NULL;
        s = im->a.loading ? NULL : s;
        mt_image_walk_session(im, &s);
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

/* A filter's line that waits for its entry is written as one that waits for its turn; its time tells that it was taken. */
static void save_early(struct mt_image *im, const struct mt_early *early)
{
    struct mt_line_copy copy = {.refs = 1, .line = early->line, .repeated = early->repeated}, *line = &copy;

    mt_image_walk_line(im, &line);
}

static void walk_queue(struct mt_image *im, struct mt_host *host)
{
    struct mt_line_queue *queue = &host->queue;
    const struct mt_early *early = im->a.loading ? NULL : host->early.first;
    struct mt_line_place at = {0};
    uint64_t n = queue->n;

    for (const struct mt_early *e = early; e; e = e->next) {
        n++;
    }
    n = mt_archive_count(&im->a, n, 1);
    for (uint64_t i = 0; i < n && !im->a.failed; i++) {
        if (early) {
            save_early(im, early);
            early = early->next;
            continue;
        }
        struct mt_line_copy *line = im->a.loading ? NULL : mt_line_queue_next(queue, &at);
        mt_image_walk_line(im, &line);
        if (im->a.loading && line && line->kind == MT_KIND_FILTER && line->usec < host->taken) {
            mt_filter_merge(im->c, host, line); /* no entry is loaded yet: it waits again */
            mt_line_release(im->c, line);
            continue;
        }
        if (im->a.loading && line && !mt_line_queue_add(&im->c->memory, queue, line)) {
            im->a.failed = true;
            mt_line_release(im->c, line);
        }
    }
}

/* --- messages --- */

static void walk_messages(struct mt_image *im, const struct mt_message_list *list)
{
    struct mt_message *m = list->first, *next;

    do {
        next = !im->a.loading && m ? m->next : NULL;
        m = im->a.loading ? NULL : m;
        mt_image_walk_message(im, &m);
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

/* The recipient of that number in the line. The events of a line follow each other, as do their recipients. */
static struct mt_slice recipient_of(struct mt_image *im, const struct mt_line_copy *line, uint32_t ordinal)
{
    if (im->list != line || im->list_hash != line->hash || im->list_at > ordinal) {
        im->list = line;
        im->list_hash = line->hash;
        im->list_rest = mt_line_copy_get(line, MT_F_TO);
        im->list_at = 0;
    }
    for (struct mt_slice to = {NULL, 0}; mt_recipient_next(line->list, &im->list_rest, &to);) {
        if (im->list_at++ == ordinal) {
            return to;
        }
    }
    return mt_slice(NULL, 0);
}

/* Has it all that making its event takes? */
static bool is_sound(const struct mt_queued_event *p)
{
    switch (p->kind) {
    case MT_EVENT_DELIVERY:
        return p->line && p->message && (p->to.n || p->line->alias.text.n);
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

static void drop_event(struct mt_image *im, const struct mt_queued_event *p)
{
    mt_line_release(im->c, p->line);
    mt_message_release(&im->c->messages, p->message);
    mt_session_release(&im->c->sessions, p->session);
}

static void walk_event(struct mt_image *im, struct mt_queued_event *p)
{
    mt_image_walk_members(im, MT_LIST_QUEUED_EVENT, p);
    if (im->a.loading && p->kind == MT_EVENT_DELIVERY && p->line) {
        p->to = recipient_of(im, p->line, p->ordinal);
    }
}

static void walk_events(struct mt_image *im, struct mt_event_queue *queue)
{
    uint64_t n = mt_archive_count(&im->a, queue->n, 9);

    mt_event_queue_sort(queue);
    for (uint64_t i = 0; i < n && !im->a.failed; i++) {
        struct mt_queued_event loaded = {0}, *p = im->a.loading ? &loaded : mt_event_queue_at(queue, i);

        walk_event(im, p);
        if (!im->a.loading) {
            continue;
        }
        if (im->a.failed || !is_sound(p)) {
            drop_event(im, p);
        } else if (!mt_event_queue_add(&im->c->memory, queue, p)) {
            im->a.failed = true;
            drop_event(im, p);
        }
    }
}

/* --- hosts --- */

static void walk_host(struct mt_image *im, struct mt_host *host)
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
    im->refs.first = im->refs.n;
    if (im->a.loading) { /* unless it says which lines are known */
        host->recent.forgotten = INT64_MAX;
    }
    mt_image_walk_members(im, MT_LIST_CLOCK, host);
    if (im->a.loading && !mt_recent_place_all(&im->c->memory, &host->recent, im->c->seed)) {
        im->a.failed = true;
    }
    if (host->recent.forgotten == INT64_MAX) {
        host->recent.forgotten = host->newest;
    }
    walk_sessions(im, &host->sessions);
    walk_sessions(im, &host->closed);
    walk_queue(im, host);
    walk_events(im, &host->due);
    walk_events(im, &host->due_later);
    walk_messages(im, &host->open);
    walk_messages(im, &host->ended);
}

static void save_hosts(struct mt_image *im)
{
    for (unsigned i = 0; i < im->shards->n; i++) {
        im->c = im->shards->v[i].c;
        for (struct mt_host *host = im->c->host_list; host && !im->a.failed; host = host->next) {
            walk_host(im, host);
        }
    }
}

static void walk_hosts(struct mt_image *im)
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

static void walk_told(struct mt_image *im)
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

static void save_piece(void *ctx, const struct mt_line *piece)
{
    struct mt_image *im = ctx;
    struct mt_line line = *piece;
    bool more = true;

    MT_ARCHIVE(&im->a, more);
    mt_image_walk_members(im, MT_LIST_PIECE, &line);
}

/* Whole lines among them were taken already: they are kept to know repeats. */
static void load_pieces(struct mt_image *im)
{
    struct mt_line whole;
    bool more = true;

    for (;;) {
        struct mt_line line = {0};
        MT_ARCHIVE(&im->a, more);
        if (!more || im->a.failed) {
            return;
        }
        mt_image_walk_members(im, MT_LIST_PIECE, &line);
        im->c = mt_shards_at(im->shards, line.host);
        if (!im->a.failed && mt_parse(&line, &im->c->whole) == MT_RECOGNISED && im->c->whole.kind == MT_KIND_PART) {
            mt_parts_add(im->c->parts, &im->c->whole, &whole);
        }
    }
}

static void walk_pieces(struct mt_image *im)
{
    bool more = false;

    if (im->a.loading) {
        load_pieces(im);
        return;
    }
    for (unsigned i = 0; i < im->shards->n; i++) {
        mt_parts_each(im->shards->v[i].c->parts, save_piece, im);
    }
    MT_ARCHIVE(&im->a, more);
}

/* The hashes in it are keyed with one seed. */
static void walk_seed(struct mt_image *im)
{
    uint64_t seed = im->shards->v[0].c->seed;

    mt_archive_bytes(&im->a, &seed, sizeof seed);
    for (unsigned i = 0; im->a.loading && i < im->shards->n; i++) {
        mt_correlator_set_seed(im->shards->v[i].c, seed);
    }
}

/* The number of the newest session. */
static void walk_opened(struct mt_image *im)
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

static void walk(struct mt_image *im)
{
    uint32_t version = MT_IMAGE_VERSION;

    MT_ARCHIVE(&im->a, version);
    im->a.failed |= version < 1 || version > MT_IMAGE_VERSION;
    mt_image_walk_names(&im->a, &im->names, version);
    walk_seed(im);
    walk_opened(im);
    walk_told(im);
    walk_pieces(im);
    walk_hosts(im);
}

bool mt_shards_save(struct mt_shards *shards, mt_write_fn *write, void *ctx)
{
    struct mt_image im = {.shards = shards, .a = {.write = write, .ctx = ctx}};
    bool saved;

    im.a.buffer = malloc(MT_ARCHIVE_BUFFER);
    if (!im.a.buffer) {
        return false;
    }
    walk(&im);
    saved = mt_archive_flush(&im.a);
    free(im.a.buffer);
    mt_image_free_refs(&im.refs);
    return saved;
}

bool mt_shards_load(struct mt_shards *shards, const void *p, size_t n)
{
    const unsigned char *bytes = p;
    struct mt_image im = {.shards = shards, .a = {.loading = true, .at = bytes, .end = bytes + n}};

    walk(&im);
    mt_image_free_refs(&im.refs);
    for (unsigned i = 0; im.a.failed && i < shards->n; i++) {
        mt_correlator_clear(shards->v[i].c);
        memset(shards->v[i].c->told, 0, sizeof shards->v[i].c->told);
    }
    return !im.a.failed;
}
