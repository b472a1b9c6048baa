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

bool cli_criteria_message_id(struct mt_criteria *wanted, const char *value)
{
    wanted->message_id = without(trimmed(value), '<', '>');
    return wanted->message_id.n != 0;
}

bool cli_criteria_queue_id(struct mt_criteria *wanted, const char *value)
{
    wanted->queue_id = trimmed(value);
    return wanted->queue_id.n != 0 && !memchr(wanted->queue_id.p, ' ', wanted->queue_id.n);
}

bool cli_criteria_from(struct mt_criteria *wanted, const char *value)
{
    struct mt_slice s = trimmed(value);

    wanted->null_sender = mt_slice_eq(s, MT_LIT("<>"));
    wanted->from = without(s, '<', '>');
    return s.n != 0;
}

bool cli_criteria_to(struct mt_criteria *wanted, const char *value)
{
    wanted->to = without(trimmed(value), '<', '>');
    return wanted->to.n != 0;
}

bool cli_criteria_subject(struct mt_criteria *wanted, const char *value)
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

bool cli_criteria_ip(struct mt_criteria *wanted, const char *value)
{
    unsigned char bytes[16];
    struct mt_slice s = without(trimmed(value), '[', ']');

    if (s.n > 5 && strncasecmp(s.p, "IPv6:", 5) == 0) {
        s = mt_slice_skip(s, 5);
    }
    wanted->ip = s;
    return ip_bytes(s, bytes) != 0;
}

bool cli_criteria_status(struct mt_criteria *wanted, const char *value)
{
    for (int i = MT_STATUS_NONE + 1; i <= MT_STATUS_DISCARDED; i++) {
        if (strcmp(value, mt_status_names[i]) == 0) {
            wanted->status = i;
            return true;
        }
    }
    wanted->status = MT_STATUS_REJECTED;
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

bool cli_criteria_times(struct cli_options *options)
{
    struct mt_criteria *wanted = &options->wanted;

    wanted->since = INT64_MIN;
    wanted->until = INT64_MAX;
    return read_time("since", options->since, options, &wanted->since) &&
           read_time("until", options->until, options, &wanted->until);
}
