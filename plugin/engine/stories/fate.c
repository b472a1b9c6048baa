/* What became of each recipient of an entry. */
#include "internal.h"
#include "mailtrace/source.h"

/* ---- the attempts of a recipient ---- */

/* A recipient that is known without `orig_to` has all deliveries to its address. */
static void find_attempts(const struct mt_stories *s, uint32_t entry, struct mt_fate *fate)
{
    uint64_t hash = mt_attempt_hash(s, entry, fate->recipient->to, fate->recipient->orig_to);
    size_t first = mt_attempts_from(s, hash), at = first;

    while (at < s->nattempts && s->attempts[at].hash == hash) {
        at++;
    }
    fate->first = (uint32_t)first;
    fate->nattempts = (uint32_t)(at - first);
    fate->last = fate->nattempts ? s->attempts[at - 1].delivery : MT_NONE;
    fate->next = fate->nattempts ? s->deliveries[fate->last].next : MT_NONE;
}

uint32_t mt_fate_attempt(const struct mt_stories *s, const struct mt_fate *fate, uint32_t i)
{
    return s->attempts[fate->first + i].delivery;
}

/* ---- what they mean ---- */

/* Where the transport of the last delivery ends. */
static enum mt_transport_end end_of(const struct mt_stories *s, const struct mt_fate *fate)
{
    const struct mt_kept_event *event = fate->last == MT_NONE ? NULL : &s->deliveries[fate->last].event;
    const struct mt_source_transport *transport =
        event ? mt_sources[mt_source_find(mt_kept_event_get(event, MT_F_MTA))]->transports : NULL;

    while (transport && transport->name.n) {
        if (mt_slice_eq(transport->name, mt_kept_event_get(event, MT_F_TRANSPORT))) {
            return (enum mt_transport_end)transport->end;
        }
        transport++;
    }
    return MT_END_ELSEWHERE;
}

static enum mt_fate_kind fate_of_sent(const struct mt_recipient *r, enum mt_transport_end end)
{
    if (!r->relay_ip.n && !r->relay_path.n && (end == MT_END_HERE || !r->relay_name.n)) {
        return r->next_queue_id.n ? MT_FATE_FORWARDED : MT_FATE_HERE;
    }
    return r->relay_path.n || end == MT_END_STORE ? MT_FATE_STORE : MT_FATE_ACCEPTED;
}

static enum mt_fate_kind fate_of(const struct mt_recipient *r, enum mt_transport_end end, struct mt_slice result)
{
    switch ((enum mt_status)r->status) {
    case MT_STATUS_SENT:
        return fate_of_sent(r, end);
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
    struct mt_event lists; /* its fields are not set */

    mt_lists_open(event->lists, &lists);
    *fate = (struct mt_fate){.recipient = &lists.recipients[recipient]};
    find_attempts(s, entry, fate);
    fate->kind = fate_of(fate->recipient, end_of(s, fate), mt_kept_event_get(event, MT_F_RESULT));
    if (fate->kind == MT_FATE_HERE && fate->next != MT_NONE) {
        fate->kind = MT_FATE_FILTERED;
    }
}
