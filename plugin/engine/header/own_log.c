#include "own_log.h"

#include "mailtrace/source.h"
#include "timestamp.h"
#include "zone.h"

#define LABEL_DIGITS 24 /* of a TAI64N label: 16 of the second, 8 of the nanosecond */

/* Moves over "OPENdigitsCLOSE " and gives the number; 0, and *p stays, where it does not stand there. */
static uint32_t take_pid(const char **p, const char *end, char open, char close)
{
    struct mt_slice at = mt_slice_to(*p, end);
    int64_t pid;

    if (!at.n || *at.p != open) {
        return 0;
    }
    at = mt_slice_skip(at, 1);
    if (!mt_take_int(&at, &pid) || pid <= 0 || pid > UINT32_MAX || !at.n || *at.p != close) {
        return 0;
    }
    *p = at.p + 1;
    return (uint32_t)pid;
}

/* "#99(normal) <f3a2b1>; task; ...": the text begins behind the parenthesis. */
static bool read_tasks(const char *p, const char *end, struct mt_line *out)
{
    uint32_t pid = take_pid(&p, end, '#', '(');
    const char *close = pid ? mt_find(mt_slice_to(p, end), ')') : NULL;

    if (!close) {
        return false;
    }
    out->program = mt_own_log_programs[MT_OWN_LOG_TASKS];
    out->pid = pid;
    out->text = mt_slice_to(mt_blanks_end(close + 1, end), end);
    return true;
}

/* The pid is there only where the program is told to write it. Nine digits of a fraction are what tai64nlocal alone writes. */
static void read_plain(const char *p, const char *end, struct mt_line *out)
{
    out->program = mt_own_log_programs[MT_OWN_LOG_PLAIN];
    out->pid = take_pid(&p, end, '[', ']');
    out->text = mt_slice_to(mt_blanks_end(p, end), end);
}

static bool has_nanoseconds(const char *p, const char *end)
{
    const char *digits = p + sizeof "2026-11-22 00:17:05." - 1;

    for (int i = 0; i < 9; i++) {
        if (digits + i >= end || !mt_is_digit(digits[i])) {
            return false;
        }
    }
    return true;
}

static bool read_spaced(struct mt_zone *zone, const char *p, const char *end, struct mt_line *out)
{
    struct mt_time time;
    const char *after = mt_timestamp_spaced(zone, p, end, &time);

    if (!after) {
        return false;
    }
    out->time = time;
    if (has_nanoseconds(p, end)) {
        out->program = mt_own_log_programs[MT_OWN_LOG_NANOSECONDS];
        out->pid = 0;
        out->text = mt_slice_to(after, end);
    } else if (!read_tasks(after, end, out)) {
        read_plain(after, end, out);
    }
    return true;
}

/* A hexadecimal digit in lower case, or -1. */
static int hex_of(char c)
{
    return mt_is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "4000000069234aeb0bebc200": the second begins with 2^62 + 10 at 1970 (daemontools counts no leap seconds). */
static bool read_label(const char *p, struct mt_time *time)
{
    uint64_t second = 0, nanosecond = 0;

    for (int i = 0; i < LABEL_DIGITS; i++) {
        int digit = hex_of(p[i]);
        uint64_t *number = i < 16 ? &second : &nanosecond;
        if (digit < 0) {
            return false;
        }
        *number = *number << 4 | (uint64_t)digit;
    }
    second -= (UINT64_C(1) << 62) + 10;
    if (second > UINT32_MAX || nanosecond > 999999999) {
        return false;
    }
    *time = (struct mt_time){.usec = (int64_t)second * MT_SECOND + (int64_t)nanosecond / 1000, .digits = 6};
    return true;
}

static bool read_tai64n(const char *p, const char *end, struct mt_line *out)
{
    struct mt_time time;

    if (end - p < LABEL_DIGITS + 2 || p[LABEL_DIGITS + 1] != ' ' || !read_label(p + 1, &time)) {
        return false;
    }
    out->time = time;
    out->program = mt_own_log_programs[MT_OWN_LOG_TAI64N];
    out->pid = 0;
    out->text = mt_slice_to(mt_blanks_end(p + LABEL_DIGITS + 2, end), end);
    return true;
}

bool mt_own_log_read(struct mt_zone *zone, const char *p, const char *end, struct mt_line *out)
{
    if (*p == '@' ? !read_tai64n(p, end, out) : !read_spaced(zone, p, end, out)) {
        return false;
    }
    out->host = mt_slice(NULL, 0);
    return true;
}
