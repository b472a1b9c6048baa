/* What became of each recipient of an entry. */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "internal.h"

/* ---- the attempts of a recipient ---- */

uint64_t mt_attempt_hash(const struct mt_stories *s, uint32_t entry, struct mt_slice to, struct mt_slice orig_to)
{
    uint64_t hash = XXH3_64bits_withSeed(to.p, to.n, s->seed + entry);

    return orig_to.n ? XXH3_64bits_withSeed(orig_to.p, orig_to.n, hash) : hash;
}

static int by_hash(const void *a, const void *b)
{
    const struct mt_attempt *x = a, *y = b;

    if (x->hash != y->hash) {
        return x->hash < y->hash ? -1 : 1;
    }
    return x->delivery < y->delivery ? -1 : x->delivery > y->delivery;
}

static bool make_room(struct mt_stories *s)
{
    size_t room = 3 * ((size_t)s->ndeliveries + 1);

    mt_memory_put(&s->memory, s->attempts, s->attempts_room * sizeof *s->attempts);
    s->attempts = mt_memory_get(&s->memory, room * sizeof *s->attempts);
    s->attempts_room = s->attempts ? room : 0;
    s->nattempts = 0;
    return s->attempts;
}

bool mt_stories_index_attempts(struct mt_stories *s)
{
    size_t n = 0;

    if (!make_room(s)) {
        return false;
    }
    for (uint32_t i = 0; i < s->ndeliveries; i++) {
        const struct mt_delivery *d = &s->deliveries[i];
        struct mt_slice to = mt_kept_event_get(&d->event, MT_F_TO),
                        orig_to = mt_kept_event_get(&d->event, MT_F_ORIG_TO);
        const struct mt_slice none = {NULL, 0};
        s->attempts[n++] = (struct mt_attempt){mt_attempt_hash(s, d->entry, to, none), i};
        if (orig_to.n) {
            s->attempts[n++] = (struct mt_attempt){mt_attempt_hash(s, d->entry, to, orig_to), i};
            s->attempts[n++] = (struct mt_attempt){mt_attempt_hash(s, d->entry, none, orig_to), i};
        }
    }
    if (n) {
        qsort(s->attempts, n, sizeof *s->attempts, by_hash);
    }
    s->nattempts = n;
    return true;
}

/* The place of the first attempt with this hash, or where it would be. */
static size_t first_attempt(const struct mt_stories *s, uint64_t hash)
{
    size_t from = 0, to = s->nattempts;

    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (s->attempts[middle].hash < hash) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return from;
}

/* A recipient that is known without `orig_to` has all deliveries to its address. */
static void find_attempts(const struct mt_stories *s, uint32_t entry, struct mt_fate *fate)
{
    uint64_t hash = mt_attempt_hash(s, entry, fate->recipient->to, fate->recipient->orig_to);
    size_t first = first_attempt(s, hash), at = first;

    while (at < s->nattempts && s->attempts[at].hash == hash) {
        at++;
    }
    fate->first = (uint32_t)first;
    fate->nattempts = (uint32_t)(at - first);
    fate->last = fate->nattempts ? s->attempts[at - 1].delivery : MT_NONE;
    fate->next = fate->nattempts ? s->deliveries[fate->last].next : MT_NONE;
}

bool mt_stories_was_tried(const struct mt_stories *s, uint32_t entry, struct mt_slice address)
{
    uint64_t to = mt_attempt_hash(s, entry, address, mt_slice(NULL, 0));
    uint64_t orig_to = mt_attempt_hash(s, entry, mt_slice(NULL, 0), address);
    size_t a = first_attempt(s, to), b = first_attempt(s, orig_to);

    return (a < s->nattempts && s->attempts[a].hash == to) || (b < s->nattempts && s->attempts[b].hash == orig_to);
}

uint32_t mt_fate_attempt(const struct mt_stories *s, const struct mt_fate *fate, uint32_t i)
{
    return s->attempts[fate->first + i].delivery;
}

/* ---- what they mean ---- */

static struct mt_slice transport_of(const struct mt_stories *s, const struct mt_fate *fate)
{
    return fate->last == MT_NONE ? mt_slice(NULL, 0)
                                 : mt_kept_event_get(&s->deliveries[fate->last].event, MT_F_TRANSPORT);
}

static bool is_one_of(struct mt_slice s, const char *const *words)
{
    for (; *words; words++) {
        if (mt_slice_eq(s, mt_slice_str(*words))) {
            return true;
        }
    }
    return false;
}

/* Where a sent message went: the agents of Postfix (master(5)) and the mailers of sendmail that end on the host. */
static bool stays_here(const struct mt_recipient *r, struct mt_slice transport)
{
    static const char *const agents[] = {"local",     "virtual", "pipe",     "prog",    "*file*",
                                         "*include*", "cyrus",   "procmail", "dovecot", NULL};

    if (r->relay_ip.n || r->relay_path.n) {
        return false;
    }
    return is_one_of(transport, agents) || !r->relay_name.n;
}

static enum mt_fate_kind fate_of_sent(const struct mt_recipient *r, struct mt_slice transport)
{
    if (stays_here(r, transport)) {
        return r->next_queue_id.n ? MT_FATE_FORWARDED : MT_FATE_HERE;
    }
    return r->relay_path.n || mt_slice_eq(transport, MT_LIT("lmtp")) ? MT_FATE_STORE : MT_FATE_ACCEPTED;
}

static enum mt_fate_kind fate_of(const struct mt_recipient *r, struct mt_slice transport, struct mt_slice result)
{
    switch ((enum mt_status)r->status) {
    case MT_STATUS_SENT:
        return fate_of_sent(r, transport);
    case MT_STATUS_DEFERRED:
        return MT_FATE_WAITING;
    case MT_STATUS_BOUNCED:
        return r->relay_ip.n ? MT_FATE_REFUSED : MT_FATE_FAILED;
    case MT_STATUS_EXPIRED:
        return MT_FATE_EXPIRED;
    case MT_STATUS_DISCARDED:
        return MT_FATE_DISCARDED;
    case MT_STATUS_DELIVERABLE:
        return MT_FATE_PROBE_GOOD;
    case MT_STATUS_UNDELIVERABLE:
        return MT_FATE_PROBE_BAD;
    case MT_STATUS_NONE:
    case MT_STATUS_COUNT:
        break;
    }
    return mt_slice_eq(result, MT_LIT("deleted")) ? MT_FATE_DELETED : MT_FATE_UNKNOWN;
}

void mt_stories_fate(const struct mt_stories *s, uint32_t entry, size_t recipient, struct mt_fate *fate)
{
    const struct mt_kept_event *event = &s->entries[entry].event;

    *fate = (struct mt_fate){.recipient = &event->recipients[recipient]};
    find_attempts(s, entry, fate);
    fate->kind = fate_of(fate->recipient, transport_of(s, fate), mt_kept_event_get(event, MT_F_RESULT));
    if (fate->kind == MT_FATE_HERE && fate->next != MT_NONE) {
        fate->kind = MT_FATE_FILTERED;
    }
}
