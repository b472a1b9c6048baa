/* SPDX-License-Identifier: Apache-2.0 OR LGPL-2.1-or-later */
/* From a message of syslog-ng to a line: see source.h. */
#include "source.h"

#include "mailtrace/parser.h"
#include "scratch-buffers.h"

#define SECOND INT64_C(1000000)

/* What syslog-ng takes off the front of a wrapped line, or of a tag, is no longer than that. */
#define TAKEN_MOST 64

static struct mt_slice value_of(const LogMessage *msg, NVHandle handle)
{
    gssize n;
    const char *p = log_msg_get_value(msg, handle, &n);

    return mt_slice(p, n > 0 ? (size_t)n : 0);
}

static uint32_t number_of(struct mt_slice s)
{
    uint64_t n = 0;

    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9' || n > UINT32_MAX) {
            return 0;
        }
        n = n * 10 + (uint64_t)(s.p[i] - '0');
    }
    return n > UINT32_MAX ? 0 : (uint32_t)n;
}

/* syslog-ng keeps microseconds, but not how many digits of a fraction a timestamp had: all six, or none. */
static struct mt_time time_of(const UnixTime *timestamp)
{
    int32_t offset = timestamp->ut_gmtoff == -1 ? 0 : timestamp->ut_gmtoff;
    struct mt_time time = {
        .usec = timestamp->ut_sec * SECOND + timestamp->ut_usec,
        .offset = (int16_t)(offset / 60),
        .digits = timestamp->ut_usec ? 6 : 0,
    };

    return time;
}

/* What stands in brackets behind the program is its pid where it is a number. One server puts a queue ID there, which is part of
 * the tag: syslog-ng has taken it off.
 */
static void read_tag(const LogMessage *msg, struct mt_line *line)
{
    struct mt_slice pid = value_of(msg, LM_V_PID);
    GString *tag;

    line->program = value_of(msg, LM_V_PROGRAM);
    line->pid = number_of(pid);
    if (line->pid || !pid.n || pid.n > TAKEN_MOST) {
        return;
    }
    tag = scratch_buffers_alloc();
    g_string_append_len(tag, line->program.p, (gssize)line->program.n);
    g_string_append_c(tag, '[');
    g_string_append_len(tag, pid.p, (gssize)pid.n);
    g_string_append_c(tag, ']');
    mt_syslog_tag(mt_slice(tag->str, tag->len), &line->program, &line->pid);
}

bool mt_source_line(const LogMessage *msg, struct mt_slice text, struct mt_line *line)
{
    read_tag(msg, line);
    line->source = 0;
    if (mt_is_foreign(line)) {
        return false;
    }
    line->time = time_of(&msg->timestamps[LM_TS_STAMP]);
    line->host = value_of(msg, LM_V_HOST);
    line->text = mt_syslog_text(text);
    line->order = 0; /* a source hands its lines on as they came; its threads read the clock each for itself */
    line->cut = false;
    return true;
}

/* A line that was wrapped without a tag: syslog-ng has taken the wrapped header's first word for
 * the program ("Mar", "2024-03-07T15"), and kept what it took off as LEGACY_MSGHDR.
 */
static struct mt_slice header_and_text(const LogMessage *msg, struct mt_slice text)
{
    struct mt_slice header = value_of(msg, LM_V_LEGACY_MSGHDR);
    GString *both;

    if (!header.n || header.n > TAKEN_MOST) {
        return mt_slice(NULL, 0);
    }
    both = scratch_buffers_alloc();
    g_string_append_len(both, header.p, (gssize)header.n);
    g_string_append_len(both, text.p, (gssize)text.n);
    return mt_slice(both->str, both->len);
}

static bool starts_like_stamp(struct mt_slice program)
{
    return (program.n == 3 && *program.p >= 'A' && *program.p <= 'S') ||
           (program.n == 13 && program.p[4] == '-' && program.p[10] == 'T');
}

bool mt_source_wrapped(const LogMessage *msg, struct mt_slice text, struct mt_zone *zone, struct mt_line *line)
{
    zone->now = msg->timestamps[LM_TS_RECVD].ut_sec * SECOND;
    if (!mt_syslog_wrapped(zone, mt_syslog_text(text), line) &&
        !(starts_like_stamp(value_of(msg, LM_V_PROGRAM)) &&
          mt_syslog_wrapped(zone, header_and_text(msg, text), line))) {
        return false;
    }
    line->source = 0;
    line->order = 0; /* a source hands its lines on as they came; its threads read the clock each for itself */
    line->cut = false;
    return true;
}
