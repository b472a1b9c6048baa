#include "criteria.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "mailtrace/syslog.h"

#include "options.h"

/* ---- values of options ---- */

static bool is_between(struct mt_slice s, char open, char close)
{
    return s.n > 1 && *s.p == open && s.p[s.n - 1] == close;
}

static struct mt_slice without(struct mt_slice s, char open, char close)
{
    return is_between(s, open, close) ? mt_slice(s.p + 1, s.n - 2) : s;
}

static struct mt_slice trimmed(const char *value)
{
    struct mt_slice s = mt_slice_str(value);

    while (s.n && *s.p == ' ') {
        s = mt_slice_skip(s, 1);
    }
    while (s.n && s.p[s.n - 1] == ' ') {
        s.n--;
    }
    return s;
}

bool cli_criteria_message_id(struct cli_criteria *wanted, const char *value)
{
    wanted->message_id = without(trimmed(value), '<', '>');
    return wanted->message_id.n != 0;
}

bool cli_criteria_queue_id(struct cli_criteria *wanted, const char *value)
{
    wanted->queue_id = trimmed(value);
    return wanted->queue_id.n != 0 && !memchr(wanted->queue_id.p, ' ', wanted->queue_id.n);
}

bool cli_criteria_from(struct cli_criteria *wanted, const char *value)
{
    struct mt_slice s = trimmed(value);

    wanted->null_sender = mt_slice_eq(s, MT_LIT("<>"));
    wanted->from = without(s, '<', '>');
    return s.n != 0;
}

bool cli_criteria_to(struct cli_criteria *wanted, const char *value)
{
    wanted->to = without(trimmed(value), '<', '>');
    return wanted->to.n != 0;
}

bool cli_criteria_subject(struct cli_criteria *wanted, const char *value)
{
    wanted->subject = mt_slice_str(value);
    return wanted->subject.n != 0;
}

/* The bytes of an address; the number of them, or 0. */
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

bool cli_same_ip(struct mt_slice a, struct mt_slice b)
{
    unsigned char x[16], y[16];
    size_t n = ip_bytes(a, x);

    return n && n == ip_bytes(b, y) && memcmp(x, y, n) == 0;
}

void cli_ip_texts(struct mt_slice ip, struct cli_ip_texts *texts)
{
    unsigned char b[16];
    size_t n = 0;

    texts->n = 0;
    if (ip_bytes(ip, b) != 16) {
        return;
    }
    inet_ntop(AF_INET6, b, texts->v[0], sizeof texts->v[0]);
    for (size_t i = 0; i < 16; i += 2) {
        n += (size_t)snprintf(texts->v[1] + n, sizeof texts->v[1] - n, "%s%x", i ? ":" : "", b[i] << 8 | b[i + 1]);
    }
    texts->n = 2;
}

bool cli_criteria_ip(struct cli_criteria *wanted, const char *value)
{
    unsigned char bytes[16];
    struct mt_slice s = without(trimmed(value), '[', ']');

    if (s.n > 5 && strncasecmp(s.p, "IPv6:", 5) == 0) {
        s = mt_slice_skip(s, 5);
    }
    wanted->ip = s;
    return ip_bytes(s, bytes) != 0;
}

bool cli_criteria_status(struct cli_criteria *wanted, const char *value)
{
    for (int i = MT_STATUS_NONE + 1; i <= MT_STATUS_DISCARDED; i++) {
        if (strcmp(value, mt_status_names[i]) == 0) {
            wanted->status = i;
            return true;
        }
    }
    wanted->status = CLI_STATUS_REJECTED;
    return strcmp(value, "rejected") == 0;
}

/* ---- times ---- */

/* As the timestamp of a line, which the engine can read: "2024-03-27", then " 15:02:58" or "T15:02", then a zone. */
static bool read_stamp(const char *value, const struct cli_options *options, int64_t *usec)
{
    struct mt_zone zone = options->settings.zone;
    struct mt_slice s = trimmed(value), time;
    struct mt_line line = {0};
    char buf[96];
    size_t n;

    zone.now = cli_now();
    if (s.n < 10 || s.n > 48) {
        return false;
    }
    time = s.n > 11 ? mt_slice_skip(s, 11) : mt_slice(NULL, 0);
    if (s.n > 10 && s.p[10] != 'T' && s.p[10] != ' ') {
        return false;
    }
    memcpy(buf, s.p, 10);
    n = 10;
    buf[n++] = 'T';
    if (!time.n) {
        time = MT_LIT("00:00:00");
    }
    memcpy(buf + n, time.p, time.n);
    n += time.n;
    if (time.n == 5) { /* without seconds */
        memcpy(buf + n, ":00", 3);
        n += 3;
    }
    memcpy(buf + n, " h p: t", 7);
    if (mt_syslog_read(&zone, mt_slice(buf, n + 7), &line) != MT_SYSLOG_RFC3339) {
        return false;
    }
    *usec = line.time.usec;
    return true;
}

/* usec: what may be said to be so long ago; 100 years. */
#define LONG_AGO (INT64_C(36525) * 86400 * 1000000)

static bool read_time(const char *name, const char *value, const struct cli_options *options, int64_t *usec)
{
    int64_t ago;

    if (!value || read_stamp(value, options, usec)) {
        return true;
    }
    if (mt_number_read(value, mt_time_units, 1000000, 0, LONG_AGO, &ago)) {
        *usec = cli_now() - ago;
        return true;
    }
    cli_error("--%s: '%s': give a time such as 2024-03-27, 2024-03-27T15:02:58+01:00, or how long ago: 30m, 6h, 5d",
              name, value);
    return false;
}

bool cli_criteria_times(struct cli_criteria *wanted, const struct cli_options *options)
{
    wanted->since = INT64_MIN;
    wanted->until = INT64_MAX;
    return read_time("since", wanted->since_text, options, &wanted->since) &&
           read_time("until", wanted->until_text, options, &wanted->until);
}

/* ---- matching ---- */

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

#define LOGGED_LEAST 90 /* what servers keep of a long one: sendmail's %.100s is the shortest */

bool cli_same_message_id(struct mt_slice wanted, struct mt_slice logged)
{
    logged = without(logged, '<', '>');
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

static bool meets_sender(const struct cli_criteria *wanted, const struct mt_event *event)
{
    const struct mt_fields *f = &event->f;

    if (wanted->null_sender) {
        return mt_has(f, MT_F_FROM) && !mt_get(f, MT_F_FROM).n;
    }
    return !wanted->from.n || (mt_has(f, MT_F_FROM) && is_address(wanted->from, mt_get(f, MT_F_FROM)));
}

static bool meets_common(const struct cli_criteria *wanted, const struct mt_event *event)
{
    const struct mt_fields *f = &event->f;

    if (wanted->message_id.n && !cli_same_message_id(wanted->message_id, mt_get(f, MT_F_MESSAGE_ID))) {
        return false;
    }
    if (wanted->queue_id.n && !mt_slice_eq(wanted->queue_id, mt_get(f, MT_F_QUEUE_ID))) {
        return false;
    }
    return meets_sender(wanted, event) && (!wanted->subject.n || holds_text(mt_get(f, MT_F_SUBJECT), wanted->subject));
}

static bool meets_time(const struct cli_criteria *wanted, int64_t first, int64_t last)
{
    return first <= wanted->until && last >= wanted->since;
}

static bool has_recipient(const struct cli_criteria *wanted, const struct mt_event *event)
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

static bool has_ip(const struct cli_criteria *wanted, const struct mt_event *event)
{
    if (cli_same_ip(wanted->ip, mt_get(&event->f, MT_F_CLIENT_IP))) {
        return true;
    }
    for (size_t i = 0; i < event->nrecipients; i++) {
        if (cli_same_ip(wanted->ip, event->recipients[i].relay_ip)) {
            return true;
        }
    }
    return false;
}

bool cli_criteria_message(const struct cli_criteria *wanted, const struct mt_event *event)
{
    const struct mt_fields *f = &event->f;
    int64_t last = mt_has(f, MT_F_TIME) ? f->v[MT_F_TIME].t.usec : 0;
    int64_t first = mt_has(f, MT_F_ARRIVED) ? f->v[MT_F_ARRIVED].t.usec : last;

    if (!meets_common(wanted, event) || !meets_time(wanted, first, last) || (wanted->ip.n && !has_ip(wanted, event))) {
        return false;
    }
    if (wanted->status == CLI_STATUS_REJECTED) {
        return !wanted->to.n && mt_slice_eq(mt_get(f, MT_F_RESULT), MT_LIT("rejected"));
    }
    return (!wanted->to.n && !wanted->status) || has_recipient(wanted, event);
}

bool cli_criteria_reject(const struct cli_criteria *wanted, const struct mt_event *event)
{
    const struct mt_fields *f = &event->f;
    int64_t time = mt_has(f, MT_F_TIME) ? f->v[MT_F_TIME].t.usec : 0;

    if (!meets_common(wanted, event) || !meets_time(wanted, time, time) ||
        (wanted->status && wanted->status != CLI_STATUS_REJECTED)) {
        return false;
    }
    return (!wanted->to.n || is_address(wanted->to, mt_get(f, MT_F_TO))) &&
           (!wanted->ip.n || cli_same_ip(wanted->ip, mt_get(f, MT_F_CLIENT_IP)));
}
