#include "mailtrace/criteria.h"

#include <arpa/inet.h>
#include <strings.h>

/* The first bytes of a long Message-ID, which all servers log. */
#define LOGGED_LEAST 90

/* ---- texts ---- */

/* Writes the bytes of an address. Returns their number, or 0 when it is none. */
static size_t ip_bytes(struct mt_slice s, unsigned char bytes[16])
{
    char buf[INET6_ADDRSTRLEN];

    if (!s.n || s.n >= sizeof buf) {
        return 0;
    }
    memcpy(buf, s.p, s.n);
    buf[s.n] = '\0';
    if (inet_pton(AF_INET, buf, bytes) == 1) {
        return 4;
    }
    return inet_pton(AF_INET6, buf, bytes) == 1 ? 16 : 0;
}

bool mt_same_ip(struct mt_slice a, struct mt_slice b)
{
    unsigned char x[16], y[16];
    size_t n = ip_bytes(a, x);

    return n && n == ip_bytes(b, y) && memcmp(x, y, n) == 0;
}

static struct mt_slice without_brackets(struct mt_slice s)
{
    return s.n > 1 && *s.p == '<' && s.p[s.n - 1] == '>' ? mt_slice(s.p + 1, s.n - 2) : s;
}

bool mt_same_message_id(struct mt_slice wanted, struct mt_slice logged)
{
    logged = without_brackets(logged);
    if (logged.n > wanted.n || (logged.n < wanted.n && logged.n < LOGGED_LEAST)) {
        return false;
    }
    for (size_t i = 0; i < logged.n; i++) {
        unsigned char c = (unsigned char)wanted.p[i];
        if (logged.p[i] != wanted.p[i] && !(logged.p[i] == '?' && (c < 0x20 || c >= 0x7f))) {
            return false;
        }
    }
    return true;
}

static bool same_text(struct mt_slice a, struct mt_slice b)
{
    return a.n == b.n && strncasecmp(a.p, b.p, a.n) == 0;
}

/* An address, or a whole domain. */
static bool is_address(struct mt_slice wanted, struct mt_slice address)
{
    if (*wanted.p == '@' && address.n > wanted.n) {
        address = mt_slice_skip(address, address.n - wanted.n);
    }
    return same_text(wanted, address);
}

static bool holds_text(struct mt_slice text, struct mt_slice part)
{
    for (; text.n >= part.n; text = mt_slice_skip(text, 1)) {
        if (strncasecmp(text.p, part.p, part.n) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- events ---- */

static int64_t time_of(const struct mt_event *event, enum mt_field id, int64_t otherwise)
{
    return mt_has(&event->f, id) ? event->f.v[id].t.usec : otherwise;
}

static bool meets_sender(const struct mt_criteria *wanted, const struct mt_event *event)
{
    const struct mt_fields *f = &event->f;

    if (wanted->null_sender) {
        return mt_has(f, MT_F_FROM) && !mt_get(f, MT_F_FROM).n;
    }
    return !wanted->from.n || (mt_has(f, MT_F_FROM) && is_address(wanted->from, mt_get(f, MT_F_FROM)));
}

static bool meets_time(const struct mt_criteria *wanted, int64_t first, int64_t last)
{
    return (!wanted->since && !wanted->until) || (first <= wanted->until && last >= wanted->since);
}

static bool meets_common(const struct mt_criteria *wanted, const struct mt_event *event)
{
    const struct mt_fields *f = &event->f;

    if (wanted->message_id.n && !mt_same_message_id(wanted->message_id, mt_get(f, MT_F_MESSAGE_ID))) {
        return false;
    }
    if (wanted->queue_id.n && !mt_slice_eq(wanted->queue_id, mt_get(f, MT_F_QUEUE_ID)) &&
        !mt_slice_eq(wanted->queue_id, mt_get(f, MT_F_EXTERNAL_ID))) {
        return false;
    }
    return meets_sender(wanted, event) && (!wanted->subject.n || holds_text(mt_get(f, MT_F_SUBJECT), wanted->subject));
}

static bool has_recipient(const struct mt_criteria *wanted, const struct mt_event *event)
{
    for (size_t i = 0; i < event->nrecipients; i++) {
        const struct mt_recipient *r = &event->recipients[i];
        bool is_it =
            !wanted->to.n || is_address(wanted->to, r->to) || (r->orig_to.n && is_address(wanted->to, r->orig_to));
        if (is_it && (!wanted->status || r->status == wanted->status)) {
            return true;
        }
    }
    return false;
}

static bool has_ip(const struct mt_criteria *wanted, const struct mt_event *event)
{
    if (mt_same_ip(wanted->ip, mt_get(&event->f, MT_F_CLIENT_IP))) {
        return true;
    }
    for (size_t i = 0; i < event->nrecipients; i++) {
        if (mt_same_ip(wanted->ip, event->recipients[i].relay_ip)) {
            return true;
        }
    }
    return false;
}

bool mt_criteria_message(const struct mt_criteria *wanted, const struct mt_event *event)
{
    int64_t last = time_of(event, MT_F_TIME, 0), first = time_of(event, MT_F_ARRIVED, last);

    if (!meets_common(wanted, event) || !meets_time(wanted, first, last) || (wanted->ip.n && !has_ip(wanted, event))) {
        return false;
    }
    if (wanted->status == MT_STATUS_REJECTED) {
        return !wanted->to.n && mt_slice_eq(mt_get(&event->f, MT_F_RESULT), MT_LIT("rejected"));
    }
    return (!wanted->to.n && !wanted->status) || has_recipient(wanted, event);
}

bool mt_criteria_other(const struct mt_criteria *wanted, const struct mt_event *event)
{
    const struct mt_fields *f = &event->f;
    int64_t time = time_of(event, MT_F_TIME, 0);

    if (!meets_common(wanted, event) || !meets_time(wanted, time, time) ||
        (wanted->status && wanted->status != MT_STATUS_REJECTED) ||
        (event->kind == MT_EVENT_SESSION && !wanted->ip.n)) {
        return false;
    }
    return (!wanted->to.n || is_address(wanted->to, mt_get(f, MT_F_TO))) &&
           (!wanted->ip.n || mt_same_ip(wanted->ip, mt_get(f, MT_F_CLIENT_IP)));
}
