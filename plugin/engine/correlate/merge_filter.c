/* Merging what a filter says: into the entry that the filter looked at, which the line names by one of these.
 *
 *   queue ID         the entry of the host with it that had not ended by then. Its own first line may come later.
 *   FILTER           the entry whose delivery to the filter was answered with the filter's own number
 *   NEXT             what was handed back has that queue ID: the entry that it was made out of; or that entry itself, where the
 *                    filter stands before the queue
 *   MESSAGE_ID       the youngest open entry of a queue that had begun by then and has nothing of that filter yet, or the next that begins
 *   client, sender   the next entry from both; of several lines that it could be, the youngest
 *
 * A line whose entry is not known yet waits (early.h), and is taken when a line of an entry is merged that fits. The two are at
 * most WITHIN apart. Where several entries could be meant, or a client's lines differ within a second, nothing is decided, and
 * `verdicts_unsure` counts it. What finds no entry is counted by `verdicts_unjoined`.
 *
 * A filter's line is no first line of an entry, and does not prove that there is one.
 */
#include "early.h"
#include "packed_verdicts.h"
#include "parent.h"

#define WITHIN      INT64_C(60000000) /* usec */
#define SECOND      INT64_C(1000000)
#define YOUNGEST    1000 /* entries among which a Message-ID is looked for when a host's first filter asks for one */
#define SENDER_MOST 1024
#define CLIENT_ROOM (SENDER_MOST + 64)

enum found { NOT_YET, HERE, REPEATED, UNSURE, TOO_LATE };

static bool is_near(int64_t a, int64_t b)
{
    return a - b <= WITHIN && b - a <= WITHIN;
}

/* --- what a line calls its entry --- */

/* Filters write a sender in lower case, and without what quotes it. */
static struct mt_slice put_client(char room[CLIENT_ROOM], struct mt_slice ip, struct mt_slice sender)
{
    size_t n = ip.n;

    if (!n || n >= CLIENT_ROOM - SENDER_MOST || sender.n > SENDER_MOST) {
        return mt_slice(NULL, 0);
    }
    memcpy(room, ip.p, n);
    room[n++] = ' ';
    for (size_t i = 0; i < sender.n; i++) {
        char c = sender.p[i];
        if (c != '"' && c != '\\') {
            room[n++] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
        }
    }
    return mt_slice(room, n);
}

static struct mt_alias_name name_of(const struct mt_line_copy *line, char room[CLIENT_ROOM])
{
    if (mt_line_copy_has(line, MT_F_QUEUE_ID)) {
        return (struct mt_alias_name){mt_line_copy_get(line, MT_F_QUEUE_ID), MT_SPACE_NONE};
    }
    if (line->alias.text.n || !mt_line_copy_has(line, MT_F_FROM)) {
        return line->alias;
    }
    return (struct mt_alias_name){
        put_client(room, mt_line_copy_get(line, MT_F_CLIENT_IP), mt_line_copy_get(line, MT_F_FROM)), MT_SPACE_CLIENT};
}

/* --- into its entry --- */

static void merge_into(struct mt_correlator *c, struct mt_host *host, struct mt_message *m, struct mt_line_copy *line)
{
    mt_hashes_add(&c->memory, &m->seen, line->hash, c->messages.seed);
    m->lines++;
    m->refs++;
    mt_merge_line(c, host, m, line);
    if (line->alias.text.n && mt_line_copy_has(line, MT_F_QUEUE_ID) && m->indexed) {
        mt_merge_set_alias(c, m, line);
    }
    mt_message_put_to_rest(&c->messages, m);
}

/* --- entries that are known --- */

static enum found by_queue_id(struct mt_correlator *c, struct mt_host *host, const struct mt_line_copy *line,
                              struct mt_message **found)
{
    struct mt_message *m;
    bool over = false;

    *found = NULL;
    for (size_t at = 0; (m = mt_message_next(&c->messages, host, mt_line_copy_get(line, MT_F_QUEUE_ID), &at));) {
        m = mt_message_wake(&c->messages, m);
        if (!m || m->first.usec - line->usec > WITHIN) {
            continue;
        }
        if (mt_merge_seen(c, m, line)) {
            return REPEATED;
        }
        /* A refusal may be told before its reason. Another entry may have the queue ID of one that was delivered. */
        if (m->state == MT_ENDED ||
            (m->state == MT_ENDING && line->usec > m->end && !m->refused && mt_sources[m->source]->reuses_ids)) {
            over |= line->usec <= m->end;
        } else if (*found) {
            return UNSURE;
        } else {
            *found = m;
        }
    }
    return *found ? HERE : over ? TOO_LATE : NOT_YET;
}

/* The entry with the queue ID `id` that began last, but not after usec; awake. */
static struct mt_message *last_before(struct mt_correlator *c, struct mt_host *host, struct mt_slice id, int64_t usec)
{
    struct mt_message *m, *found = NULL;

    for (size_t at = 0; id.n && (m = mt_message_next(&c->messages, host, id, &at));) {
        m = mt_message_wake(&c->messages, m);
        if (m && m->first.usec <= usec && (!found || m->first.usec > found->first.usec)) {
            found = m;
        }
    }
    return found;
}

/* What was handed back is known, and what it was made out of. */
static enum found by_child(struct mt_correlator *c, struct mt_host *host, const struct mt_line_copy *line,
                           const struct mt_alias_name *name, struct mt_message **found)
{
    struct mt_message *child = last_before(c, host, name->text, line->usec + WITHIN), *m;

    if (!child || !is_near(child->first.usec, line->usec) || child->origin != MT_ORIGIN_FILTER) {
        return NOT_YET;
    }
    m = last_before(c, host, mt_kept_get(&child->kept, MT_F_PARENT_QUEUE_ID), child->first.usec);
    *found = m;
    return !m ? NOT_YET : mt_merge_seen(c, m, line) ? REPEATED : m->state == MT_ENDED ? TOO_LATE : HERE;
}

/* A name that one entry has at a time. */
static enum found by_alias(struct mt_correlator *c, struct mt_host *host, const struct mt_line_copy *line,
                           struct mt_message **found)
{
    struct mt_message *m = mt_merge_find_named(c, host, line);

    if (!m || !is_near(m->last, line->usec)) { /* numbers come round */
        return NOT_YET;
    }
    *found = m;
    return mt_merge_seen(c, m, line) ? REPEATED : HERE;
}

static bool has_filter(const struct mt_message *m, const struct mt_line_copy *line)
{
    return mt_verdicts_have(mt_kept_get(&m->kept, MT_F_VERDICTS), mt_verdicts_filter(line->verdicts));
}

/* Of two that began at once, whichever has the larger queue ID: the order of lines is not to decide. */
static bool is_younger(const struct mt_message *m, const struct mt_message *than)
{
    struct mt_slice a = mt_kept_get(&m->kept, MT_F_QUEUE_ID), b = mt_kept_get(&than->kept, MT_F_QUEUE_ID);
    int order = a.n && b.n ? memcmp(a.p, b.p, a.n < b.n ? a.n : b.n) : 0;

    if (m->first.usec != than->first.usec) {
        return m->first.usec > than->first.usec;
    }
    return order ? order > 0 : a.n > b.n;
}

static enum found by_message_id(struct mt_correlator *c, struct mt_host *host, const struct mt_line_copy *line,
                                struct mt_message **found)
{
    *found = NULL;
    for (struct mt_alias *alias = mt_alias_find(&c->aliases, host, &line->alias); alias; alias = alias->older) {
        struct mt_message *m = mt_message_wake(&c->messages, mt_alias_entry(alias));
        if (m && line->usec <= host->recent.forgotten && mt_merge_seen(c, m, line)) {
            return REPEATED;
        }
        if (m && m->state == MT_OPEN && !mt_sources[m->source]->tells_only_deliveries && m->first.usec <= line->usec &&
            !has_filter(m, line) && (!*found || is_younger(m, *found))) {
            *found = m;
        }
    }
    return *found ? HERE : NOT_YET;
}

/* --- the index of Message-IDs, of hosts where a filter asks for it --- */

static void name_by_message_id(struct mt_correlator *c, struct mt_message *m)
{
    struct mt_slice id = m->resting ? mt_kept_find(mt_message_packed_fields(m), MT_F_MESSAGE_ID)
                                    : mt_kept_get(&m->kept, MT_F_MESSAGE_ID);
    struct mt_alias_name name = {id, MT_SPACE_MESSAGE_ID};

    if (id.n && m->indexed && m->state != MT_ENDED) {
        mt_alias_set(&c->aliases, m, -1, &name, false);
    }
}

/* The host's entries have their Message-IDs as aliases from now on. */
static void index_message_ids(struct mt_correlator *c, struct mt_host *host)
{
    struct mt_message *m = host->open.last;

    for (unsigned n = 1; m && m->prev && n < YOUNGEST; n++) {
        m = m->prev;
    }
    for (; m; m = m->next) {
        name_by_message_id(c, m);
    }
    host->by_message_id = true;
}

/* --- a filter's line --- */

static enum found find_entry(struct mt_correlator *c, struct mt_host *host, const struct mt_line_copy *line,
                             const struct mt_alias_name *name, struct mt_message **m)
{
    switch (name->space) {
    case MT_SPACE_NONE:
        return by_queue_id(c, host, line, m);
    case MT_SPACE_NEXT:
        return by_child(c, host, line, name, m);
    case MT_SPACE_MESSAGE_ID:
        if (!host->by_message_id) {
            index_message_ids(c, host);
        }
        return by_message_id(c, host, line, m);
    case MT_SPACE_CLIENT:
        return NOT_YET;
    default:
        return by_alias(c, host, line, m);
    }
}

static void keep(struct mt_correlator *c, struct mt_host *host, const struct mt_alias_name *name,
                 const struct mt_line_copy *line)
{
    bool repeated;

    c->filtered = true;
    if (!mt_early_add(&c->early, host, name, line, &repeated)) {
        c->early.dropped++;
    } else if (repeated) {
        c->stats.repeated++;
    }
}

void mt_filter_merge(struct mt_correlator *c, struct mt_host *host, struct mt_line_copy *line)
{
    char room[CLIENT_ROOM];
    struct mt_alias_name name = name_of(line, room);
    struct mt_message *m = NULL;
    enum found found;

    c->stats.verdicts_unsure += line->verdicts_unsure;
    if (!line->verdicts.n && !(line->alias.text.n && mt_line_copy_has(line, MT_F_QUEUE_ID))) {
        return;
    }
    found = name.text.n ? find_entry(c, host, line, &name, &m) : TOO_LATE;
    if (found == HERE) {
        merge_into(c, host, m, line);
    } else if (found == NOT_YET) {
        keep(c, host, &name, line);
    }
    c->stats.repeated += found == REPEATED;
    c->stats.verdicts_unsure += found == UNSURE;
    c->early.dropped += found == TOO_LATE;
}

/* --- lines that wait --- */

/* The line again; NULL when memory is short. */
static struct mt_line_copy *read_again(struct mt_correlator *c, const struct mt_early *early)
{
    struct mt_line_copy *line = NULL;

    if (mt_parse(&early->line, &c->whole) == MT_RECOGNISED) {
        c->whole.repeated = early->repeated;
        line = mt_line_copy_new(&c->store, &c->whole);
    }
    return line;
}

static int by_time(const void *a, const void *b)
{
    const struct mt_early *x = *(struct mt_early *const *)a, *y = *(struct mt_early *const *)b;

    if (x->line.time.usec != y->line.time.usec) {
        return x->line.time.usec < y->line.time.usec ? -1 : 1;
    }
    return x->line_hash < y->line_hash ? -1 : x->line_hash > y->line_hash;
}

/* Those of a name in order of time that are near usec. Returns how many. */
static size_t find_early(struct mt_correlator *c, struct mt_host *host, const struct mt_alias_name *name, int64_t usec,
                         struct mt_early *out[MT_EARLY_PER_NAME])
{
    struct mt_early *early;
    size_t n = 0;

    for (size_t at = 0; name->text.n && n < MT_EARLY_PER_NAME && (early = mt_early_next(&c->early, host, name, &at));) {
        if (is_near(early->line.time.usec, usec)) {
            out[n++] = early;
        }
    }
    qsort(out, n, sizeof *out, by_time);
    return n;
}

static void take_early(struct mt_correlator *c, struct mt_host *host, struct mt_message *m, struct mt_early *early)
{
    struct mt_line_copy *line = read_again(c, early);

    mt_early_drop(&c->early, early);
    if (line) {
        merge_into(c, host, m, line);
        mt_line_release(c, line);
    }
}

/* one_each: of each filter one, and none of a filter that has spoken of m. */
static void take_named(struct mt_correlator *c, struct mt_host *host, struct mt_message *m,
                       const struct mt_alias_name *name, int64_t usec, bool one_each)
{
    struct mt_early *early[MT_EARLY_PER_NAME];
    size_t n = find_early(c, host, name, usec, early);

    for (size_t i = 0; i < n; i++) {
        struct mt_line_copy *line = one_each ? read_again(c, early[i]) : NULL;
        if (!one_each || (line && !has_filter(m, line))) {
            take_early(c, host, m, early[i]);
        }
        mt_line_release(c, line);
    }
}

/* --- by client and sender --- */

static bool say_the_same(struct mt_correlator *c, const struct mt_early *a, const struct mt_early *b)
{
    struct mt_line_copy *x = read_again(c, a), *y = read_again(c, b);
    bool same = x && y && mt_slice_eq(x->verdicts, y->verdicts);

    mt_line_release(c, x);
    mt_line_release(c, y);
    return same;
}

static void take_of_client(struct mt_correlator *c, struct mt_host *host, struct mt_message *m)
{
    struct mt_slice ip = mt_kept_get(&m->kept, MT_F_CLIENT_IP);
    struct mt_early *early[MT_EARLY_PER_NAME];
    char room[CLIENT_ROOM];
    struct mt_alias_name name;
    size_t n, i;

    if (!ip.n && m->session) {
        ip = mt_kept_get(&m->session->kept, MT_F_CLIENT_IP);
    }
    name = (struct mt_alias_name){put_client(room, ip, mt_kept_get(&m->kept, MT_F_FROM)), MT_SPACE_CLIENT};
    n = m->origin == MT_ORIGIN_FILTER ? 0 : find_early(c, host, &name, m->first.usec, early);
    while (n && early[n - 1]->line.time.usec > m->first.usec) {
        n--;
    }
    if (!n) {
        return;
    }
    for (i = n - 1; i && early[n - 1]->line.time.usec - early[i - 1]->line.time.usec <= SECOND; i--) {
        if (!say_the_same(c, early[i - 1], early[n - 1])) {
            c->stats.verdicts_unsure++;
            return;
        }
    }
    take_early(c, host, m, early[n - 1]);
}

/* --- when a line was merged --- */

/* A delivery was answered with the name of what was handed back. The reply may be a stranger's word: it is believed where
 * the entry is known to be made out of m, or where the answer came from the host itself.
 */
static void take_of_child(struct mt_correlator *c, struct mt_host *host, struct mt_message *m,
                          const struct mt_line_copy *line)
{
    struct mt_alias_name name = {mt_line_copy_get(line, MT_F_NEXT_QUEUE_ID), MT_SPACE_NEXT};
    struct mt_message *child = last_before(c, host, name.text, line->usec);
    bool made =
        child && mt_slice_eq(mt_kept_get(&child->kept, MT_F_PARENT_QUEUE_ID), mt_kept_get(&m->kept, MT_F_QUEUE_ID));

    if (made || mt_is_loopback(mt_line_copy_get(line, MT_F_RELAY_IP))) {
        take_named(c, host, m, &name, line->usec, false);
    }
}

void mt_filter_take(struct mt_correlator *c, struct mt_host *host, struct mt_message *m,
                    const struct mt_line_copy *line)
{
    struct mt_alias_name own = {mt_kept_get(&m->kept, MT_F_QUEUE_ID), MT_SPACE_NONE};

    if (!m->indexed || m->state == MT_ENDED || mt_sources[m->source]->tells_only_deliveries) {
        return;
    }
    if (host->by_message_id && mt_line_copy_has(line, MT_F_MESSAGE_ID)) {
        name_by_message_id(c, m);
    }
    if (!host->early.first) {
        return;
    }
    if (m->lines == 1) {
        take_named(c, host, m, &own, m->first.usec, false);
    }
    if (line->alias.text.n) {
        take_named(c, host, m, &line->alias, line->usec, false);
    }
    if (mt_line_copy_has(line, MT_F_MESSAGE_ID)) {
        struct mt_alias_name id = {mt_line_copy_get(line, MT_F_MESSAGE_ID), MT_SPACE_MESSAGE_ID};
        take_named(c, host, m, &id, m->first.usec, true);
    }
    if (line->status == MT_STATUS_SENT && mt_line_copy_has(line, MT_F_NEXT_QUEUE_ID)) {
        take_of_child(c, host, m, line);
    } else if (line->kind == MT_KIND_INFO &&
               mt_line_copy_has(line, MT_F_NEXT_QUEUE_ID)) { /* a filter before the queue */
        struct mt_alias_name next = {mt_line_copy_get(line, MT_F_NEXT_QUEUE_ID), MT_SPACE_NEXT};
        take_named(c, host, m, &next, line->usec, false);
    }
    if (mt_line_copy_has(line, MT_F_FROM) && (line->effect == MT_EFFECT_QUEUES || line->effect == MT_EFFECT_BEGINS)) {
        take_of_client(c, host, m);
    }
}
