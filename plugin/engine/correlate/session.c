#include "session.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "host.h"

#define PEERS_MAX            4
#define KEPT_ROOM            200 /* bytes: for most, so that it need not be moved */
#define KEPT_ROOM_KEPT       88  /* where the end is not logged, and a session is kept for long */
#define SESSIONS_PER_PROCESS 16

/* What a line may add to a session: all that it says of the client but who it is on this machine. */
#define SESSION_FIELDS(word)                                                                                 \
    ((MT_FIELD_RUN(word, MT_F_CLIENT_NAME, MT_F_CLIENT_TLS_VERIFY) & ~MT_FIELD_BIT(word, MT_F_CLIENT_UID)) | \
     MT_FIELD_BIT(word, MT_F_USER) | MT_FIELD_BIT(word, MT_F_MECHANISM))
static const uint64_t session_fields[2] = {SESSION_FIELDS(0), SESSION_FIELDS(1)};

static void list_add(struct mt_session_list *list, struct mt_session *s)
{
    s->prev = list->last;
    s->next = NULL;
    *(list->last ? &list->last->next : &list->first) = s;
    list->last = s;
}

static void list_remove(struct mt_session_list *list, struct mt_session *s)
{
    *(s->prev ? &s->prev->next : &list->first) = s->next;
    *(s->next ? &s->next->prev : &list->last) = s->prev;
}

static struct mt_session_list *list_of(struct mt_session *s)
{
    return s->closed == INT64_MAX ? &s->host->sessions : &s->host->closed;
}

uint64_t mt_session_key(const struct mt_sessions *sessions, const struct mt_host *host, const struct mt_line_copy *line)
{
    uint64_t seed = sessions->seed ^ host->hash ^ line->line.pid;

    if (line->within.n) {
        seed ^= XXH3_64bits_withSeed(line->within.p, line->within.n, sessions->seed);
    }
    return XXH3_64bits_withSeed(line->line.program.p, line->line.program.n, seed);
}

/* The program, and what it serves at once, are told by the hash: 64 bits, with a seed that nobody knows. */
static bool same_key(const struct mt_session *s, const struct mt_host *host, const struct mt_line_copy *line)
{
    return s->host == host && s->pid == line->line.pid;
}

/* A client is told by its address, or by its name where a line has no address. */
static bool same_client(const struct mt_session *s, const struct mt_line_copy *line)
{
    static const uint8_t keys[] = {MT_F_CLIENT_IP, MT_F_CLIENT_NAME};

    for (size_t i = 0; i < sizeof keys; i++) {
        struct mt_slice ours = mt_line_copy_get(line, keys[i]);
        struct mt_slice theirs = ours.n ? mt_kept_get(&s->kept, keys[i]) : ours;
        if (theirs.n) {
            return mt_slice_eq(theirs, ours);
        }
    }
    return true;
}

static struct mt_session *newest(const struct mt_sessions *sessions, uint64_t hash)
{
    size_t at = 0;

    return mt_index_next(&sessions->index, hash, &at);
}

/* The newest session of the line's process (hash: its key) and client that was open at the line's time. */
static struct mt_session *find(const struct mt_sessions *sessions, const struct mt_host *host,
                               const struct mt_line_copy *line, uint64_t hash)
{
    struct mt_session *s = newest(sessions, hash);
    bool told = mt_sources[line->source]->tells_session_end;

    for (; s; s = s->older) {
        bool over = told && line->usec > s->closed;
        if (!over && (line->usec >= s->first || !s->connected) && same_key(s, host, line) && same_client(s, line)) {
            return s;
        }
    }
    return NULL;
}

uint64_t mt_session_client_key(const struct mt_sessions *sessions, const struct mt_host *host,
                               const struct mt_line_copy *line)
{
    struct mt_slice client = mt_line_copy_get(line, MT_F_CLIENT_IP);

    if (!client.n) {
        client = mt_line_copy_get(line, MT_F_CLIENT_NAME);
    }
    return XXH3_64bits_withSeed(client.p, client.n, mt_session_key(sessions, host, line));
}

bool mt_session_was_open(const struct mt_sessions *sessions, const struct mt_host *host,
                         const struct mt_line_copy *line)
{
    const struct mt_session *s = find(sessions, host, line, mt_session_key(sessions, host, line));

    return s && s->closed == INT64_MAX && s->first < line->usec;
}

static void close_session(struct mt_session *s, int64_t usec)
{
    if (s->closed == INT64_MAX) {
        list_remove(&s->host->sessions, s);
        s->closed = usec;
        list_add(&s->host->closed, s);
    }
}

/* Takes it out of its process' and the index: no line finds it any more. */
static void leave_process(struct mt_sessions *sessions, struct mt_session *s)
{
    if (!s->indexed) {
        return;
    }
    if (s->newer) {
        s->newer->older = s->older;
    } else if (s->older) {
        mt_index_replace(&sessions->index, s, s->older);
    } else {
        mt_index_remove(&sessions->index, s);
    }
    if (s->older) {
        s->older->newer = s->newer;
    }
    s->older = s->newer = NULL;
    s->indexed = false;
}

/* Takes it out of its list, too, whose reference becomes the caller's. Nothing is added to it any
 * more, so that its messages need not keep it.
 */
static struct mt_session *forget(struct mt_sessions *sessions, struct mt_session *s)
{
    while (s->messages) {
        mt_message_absorb(sessions, s->messages);
    }
    leave_process(sessions, s);
    sessions->n--;
    s->host->nsessions--;
    list_remove(list_of(s), s);
    return s;
}

/* A process serves one client at a time: what is open ends when another begins. Returns how many are known of it. */
static unsigned close_others(struct mt_sessions *sessions, struct mt_host *host, const struct mt_line_copy *line,
                             uint64_t hash)
{
    unsigned n = 0;

    for (struct mt_session *s = newest(sessions, hash); s; s = s->older, n++) {
        if (same_key(s, host, line) && s->closed == INT64_MAX && s->first <= line->usec) {
            close_session(s, line->usec);
        }
    }
    return n;
}

/* Of a process the last few are known: each line of it looks at all of them, and a clock that was set back must not let them
 * pile up. The oldest gives way. One that has something to tell does so when its time has come, but lines add nothing to it.
 */
static void make_way(struct mt_sessions *sessions, uint64_t hash)
{
    struct mt_session *last = NULL, *plain = NULL;
    unsigned n = 0;

    for (struct mt_session *s = newest(sessions, hash); s; s = s->older) {
        plain = !s->reason || s->told ? s : plain;
        last = s;
        n++;
    }
    if (n < SESSIONS_PER_PROCESS) {
        return;
    }
    if (plain) {
        mt_session_release(sessions, forget(sessions, plain));
    } else {
        sessions->omitted++;
        leave_process(sessions, last);
    }
}

static bool adopt(struct mt_sessions *sessions, struct mt_session *s)
{
    struct mt_session *newer = NULL, *older = newest(sessions, s->hash);

    while (older && older->number > s->number) {
        newer = older;
        older = older->older;
    }
    if (s->indexed || (!newer && !older && !mt_index_add(sessions->memory, &sessions->index, s))) {
        return false;
    }
    if (newer) {
        newer->older = s;
    } else if (older) {
        mt_index_replace(&sessions->index, older, s);
    }
    if (older) {
        older->newer = s;
    }
    s->newer = newer;
    s->older = older;
    s->indexed = true;
    sessions->n++;
    s->host->nsessions++;
    list_add(list_of(s), s);
    return true;
}

bool mt_session_adopt(struct mt_sessions *sessions, struct mt_session *s)
{
    make_way(sessions, s->hash);
    return adopt(sessions, s);
}

static struct mt_session *open_session(struct mt_sessions *sessions, struct mt_host *host,
                                       const struct mt_line_copy *line, uint64_t hash)
{
    struct mt_session *s = mt_memory_zeroed(sessions->memory, sizeof *s);

    if (!s) {
        return NULL;
    }
    if (close_others(sessions, host, line, hash) >= SESSIONS_PER_PROCESS) {
        make_way(sessions, hash);
    }
    s->hash = hash;
    s->host = host;
    s->pid = line->line.pid;
    s->source = line->source;
    s->first = line->usec;
    s->closed = INT64_MAX;
    s->number = ++sessions->opened;
    s->refs = 1;
    mt_kept_reserve(sessions->memory, &s->kept,
                    mt_sources[line->source]->tells_session_end ? KEPT_ROOM : KEPT_ROOM_KEPT);
    mt_kept_put(sessions->memory, &s->kept, MT_F_PROGRAM, line->line.program, true);
    if (mt_line_copy_has(line, MT_F_INSTANCE)) {
        mt_kept_put(sessions->memory, &s->kept, MT_F_INSTANCE, mt_line_copy_get(line, MT_F_INSTANCE), true);
    }
    if (!s->kept.block || !adopt(sessions, s)) {
        mt_kept_free(sessions->memory, &s->kept);
        mt_memory_put(sessions->memory, s, sizeof *s);
        return NULL;
    }
    return s;
}

static struct mt_session *find_or_open(struct mt_sessions *sessions, struct mt_host *host,
                                       const struct mt_line_copy *line)
{
    uint64_t hash = mt_session_key(sessions, host, line);
    struct mt_session *s = find(sessions, host, line, hash);

    return s ? s : open_session(sessions, host, line, hash);
}

/* The first reason of the list that applies is the session's, with the words of its line. */
static void note_trouble(struct mt_memory *m, struct mt_session *s, const struct mt_line_copy *line)
{
    if (!line->trouble || (s->reason && s->reason <= line->trouble)) {
        return;
    }
    s->reason = line->trouble;
    if (mt_line_copy_has(line, MT_F_RESPONSE)) {
        mt_kept_put(m, &s->kept, MT_F_RESPONSE, mt_line_copy_get(line, MT_F_RESPONSE), true);
    }
}

static void learn(struct mt_memory *m, struct mt_session *s, const struct mt_line_copy *line)
{
    mt_kept_put_line(m, &s->kept, line, session_fields);
    if (line->kind == MT_KIND_CLIENT && mt_line_copy_has(line, MT_F_QUEUE_ID)) {
        mt_kept_put(m, &s->kept, MT_F_QUEUE_ID, mt_line_copy_get(line, MT_F_QUEUE_ID), true);
    }
    if (line->kind == MT_KIND_DISCONNECT && mt_line_copy_has(line, MT_F_COMMANDS)) {
        mt_kept_put(m, &s->kept, MT_F_COMMANDS, mt_line_copy_get(line, MT_F_COMMANDS), true);
    }
    /* The command after which a session broke is its stage; a rejected one is not. */
    if (line->kind != MT_KIND_REJECT && mt_line_copy_has(line, MT_F_STAGE)) {
        mt_kept_put(m, &s->kept, MT_F_STAGE, mt_line_copy_get(line, MT_F_STAGE), true);
    }
    if (line->trouble) {
        note_trouble(m, s, line);
    }
    s->connected |= line->kind == MT_KIND_CONNECT;
    s->local |= line->kind == MT_KIND_CONNECT && line->effect == MT_EFFECT_SUBMITS;
    s->lost |= line->kind == MT_KIND_LOST_CONNECTION;
    if (line->usec < s->first) {
        s->first = line->usec;
    }
    if (line->usec >= s->last.usec) {
        struct mt_session_list *list = list_of(s);
        s->last = line->line.time;
        s->last_text = line->text_hash;
        if (s != list->last) {
            list_remove(list, s);
            list_add(list, s);
        }
    }
}

static void attach(struct mt_memory *m, struct mt_session *s, struct mt_line_copy *line)
{
    if (s) {
        learn(m, s, line);
        line->session = s;
        s->refs++;
    }
}

/* A session begins, unless this line comes behind others of it, or again. */
static struct mt_session *take_connect(struct mt_sessions *sessions, struct mt_host *host,
                                       const struct mt_line_copy *line)
{
    uint64_t hash = mt_session_key(sessions, host, line);
    struct mt_session *s = find(sessions, host, line, hash);

    if (s && (s->connected ? s->closed == INT64_MAX && s->first == line->usec : line->usec <= s->first)) {
        return s;
    }
    return open_session(sessions, host, line, hash);
}

void mt_peer_free(struct mt_sessions *sessions, struct mt_peer *peer)
{
    mt_memory_put(sessions->memory, (void *)(uintptr_t)peer->queue_id.p, peer->queue_id.n);
    mt_kept_free(sessions->memory, &peer->kept);
    mt_memory_put(sessions->memory, peer, sizeof *peer);
}

#define PEER_FIELDS(word)                                                      \
    (MT_FIELD_BIT(word, MT_F_RELAY_NAME) | MT_FIELD_BIT(word, MT_F_RELAY_IP) | \
     MT_FIELD_RUN(word, MT_F_TLS_VERSION, MT_F_TLS_VERIFY))
static const uint64_t peer_fields[2] = {PEER_FIELDS(0), PEER_FIELDS(1)};

/* A handshake as a client: the newest few are kept. */
static void take_outgoing(struct mt_sessions *sessions, struct mt_session *s, const struct mt_line_copy *line)
{
    struct mt_peer *peer, **end;
    unsigned n = 0;

    if (line->within.n && s->peers) { /* such a session is one connection, and this is more of it */
        mt_kept_put_line(sessions->memory, &s->peers->kept, line, peer_fields);
        return;
    }
    peer = mt_memory_zeroed(sessions->memory, sizeof *peer);
    if (!peer) {
        return;
    }
    mt_kept_put_line(sessions->memory, &peer->kept, line, peer_fields);
    peer->refs = 1;
    peer->next = s->peers;
    s->peers = peer;
    for (end = &s->peers; *end; end = n < PEERS_MAX ? &(*end)->next : end) {
        if (n++ >= PEERS_MAX) {
            struct mt_peer *old = *end;
            *end = old->next;
            n--;
            mt_peer_release(sessions, old);
        }
    }
}

static bool same_relay(const struct mt_peer *peer, const struct mt_line_copy *line)
{
    struct mt_slice ip = mt_line_copy_get(line, MT_F_RELAY_IP), name = mt_line_copy_get(line, MT_F_RELAY_NAME);
    struct mt_slice peer_ip = mt_kept_get(&peer->kept, MT_F_RELAY_IP),
                    peer_name = mt_kept_get(&peer->kept, MT_F_RELAY_NAME);

    if (ip.n && peer_ip.n) {
        return mt_slice_eq(ip, peer_ip);
    }
    if (line->within.n) { /* a session of its own for each connection */
        return true;
    }
    return name.n && mt_slice_eq(name, peer_name);
}

/* Where a server logs a TLS connection anew for each entry, one serves a single entry: the one
 * bound to it, or else the oldest that is bound to none.
 */
static struct mt_peer *peer_of(struct mt_session *s, const struct mt_line_copy *line)
{
    struct mt_slice id = mt_line_copy_get(line, MT_F_QUEUE_ID);
    struct mt_peer *free_one = NULL;

    for (struct mt_peer *peer = s->peers; peer; peer = peer->next) {
        bool bound = mt_sources[line->source]->tls_per_entry && peer->queue_id.n;
        if ((bound && !mt_slice_eq(peer->queue_id, id)) || !same_relay(peer, line)) {
            continue;
        }
        if (bound || !mt_sources[line->source]->tls_per_entry) {
            return peer;
        }
        free_one = peer;
    }
    return free_one;
}

static void bind(struct mt_memory *m, struct mt_peer *peer, struct mt_line_copy *line)
{
    struct mt_slice id = mt_line_copy_get(line, MT_F_QUEUE_ID);
    char *copy;

    peer->refs++;
    line->peer = peer;
    if (!peer->queue_id.n && id.n && (copy = mt_memory_get(m, id.n))) {
        memcpy(copy, id.p, id.n);
        peer->queue_id = mt_slice(copy, id.n);
    }
}

void mt_session_take_delivery(struct mt_sessions *sessions, struct mt_host *host, struct mt_line_copy *line)
{
    struct mt_session *s;
    uint64_t hash;

    if (line->peer || !line->line.pid) {
        return;
    }
    hash = mt_session_key(sessions, host, line);
    for (s = newest(sessions, hash); s; s = s->older) {
        struct mt_peer *peer = same_key(s, host, line) ? peer_of(s, line) : NULL;
        if (peer) {
            bind(sessions->memory, peer, line);
            return;
        }
    }
}

static bool names_client(const struct mt_line_copy *line)
{
    return mt_line_copy_has(line, MT_F_CLIENT_IP) || mt_line_copy_has(line, MT_F_CLIENT_NAME);
}

static struct mt_session *session_of(struct mt_sessions *sessions, struct mt_host *host, struct mt_line_copy *line)
{
    switch (line->kind) {
    case MT_KIND_CONNECT:
        return take_connect(sessions, host, line);
    case MT_KIND_DISCONNECT:
    case MT_KIND_FROM:
        return find(sessions, host, line, mt_session_key(sessions, host, line));
    case MT_KIND_CLIENT:
    case MT_KIND_TLS:
    case MT_KIND_AUTH:
    case MT_KIND_LOST_CONNECTION:
        return find_or_open(sessions, host, line);
    case MT_KIND_INFO:
        if (mt_line_copy_has(line, MT_F_NEXT_QUEUE_ID)) { /* a filter before the queue has taken the message over */
            return find(sessions, host, line, mt_session_key(sessions, host, line));
        }
        /* fallthrough */
    default:
        if (!names_client(line) && !line->within.n) {
            return NULL;
        }
        return line->trouble ? find_or_open(sessions, host, line)
                             : find(sessions, host, line, mt_session_key(sessions, host, line));
    }
}

struct mt_session *mt_session_take(struct mt_sessions *sessions, struct mt_host *host, struct mt_line_copy *line)
{
    struct mt_session *s;

    if (!line->line.pid && !line->within.n) {
        return NULL;
    }
    if (line->kind == MT_KIND_TO) {
        mt_session_take_delivery(sessions, host, line);
        return NULL;
    }
    if (line->kind == MT_KIND_TLS &&
        (mt_line_copy_has(line, MT_F_TLS_VERSION) || mt_line_copy_has(line, MT_F_TLS_VERIFY))) {
        s = find_or_open(sessions, host, line);
        if (s) {
            take_outgoing(sessions, s, line);
            learn(sessions->memory, s, line);
        }
        return NULL;
    }
    s = session_of(sessions, host, line);
    attach(sessions->memory, s, line);
    if (!s) {
        return NULL;
    }
    if (line->kind == MT_KIND_DISCONNECT ||
        (line->kind == MT_KIND_LOST_CONNECTION && !mt_sources[line->source]->tells_session_end)) {
        close_session(s, line->usec);
    }
    if (!s->reason || s->told || (s->closed == INT64_MAX && mt_sources[line->source]->tells_session_end)) {
        return NULL;
    }
    s->told = true;
    s->refs++;
    return s;
}

void mt_session_free(struct mt_sessions *sessions, struct mt_session *s)
{
    struct mt_peer *peer, *next;

    for (peer = s->peers; peer; peer = next) {
        next = peer->next;
        mt_peer_release(sessions, peer);
    }
    mt_kept_free(sessions->memory, &s->kept);
    mt_memory_put(sessions->memory, s, sizeof *s);
}

/* The first n bytes of a thing, if there is one, will be looked at soon. */
static void ask_for(const void *thing, size_t n)
{
    for (size_t i = 0; thing && i < n; i += 64) {
        __builtin_prefetch((const char *)thing + i);
    }
}

/* Where there are many, sessions of long ago are in memory only, and far apart. What leaves next is asked for ahead,
 * each thing a turn after the one that leads to it.
 */
static void prefetch(const struct mt_sessions *sessions, const struct mt_session *s)
{
    const struct mt_session *next = s->next, *third = next ? next->next : NULL;

    if (!third) {
        return;
    }
    ask_for(third->next, 128);
    ask_for(third->kept.block, 128);
    ask_for(third->messages, 320);
    mt_index_prefetch(&sessions->index, third->hash);
    if (next->messages) {
        mt_index_prefetch(&sessions->messages->index, next->messages->hash);
    }
}

/* Forgets s. Returns it, if its event is to be made; otherwise NULL. */
static struct mt_session *end(struct mt_sessions *sessions, struct mt_session *s)
{
    forget(sessions, s);
    if (s->reason && !s->told) {
        s->told = true;
        return s;
    }
    mt_session_release(sessions, s);
    return NULL;
}

bool mt_session_give_up(struct mt_sessions *sessions, struct mt_host *host, struct mt_session **ended)
{
    struct mt_session *s = host->closed.first ? host->closed.first : host->sessions.first;

    *ended = s ? end(sessions, s) : NULL;
    return s;
}

struct mt_session *mt_session_expire(struct mt_sessions *sessions, struct mt_host *host, int64_t closed, int64_t idle)
{
    struct mt_session *s;

    for (;;) {
        if (host->closed.first && host->closed.first->last.usec < closed) {
            s = host->closed.first;
        } else if (host->sessions.first && host->sessions.first->last.usec < idle) {
            s = host->sessions.first;
        } else {
            return NULL;
        }
        prefetch(sessions, s);
        s = end(sessions, s);
        if (s) {
            return s;
        }
    }
}
