/* What collectors and tools put before the line of a syslog daemon, and before its header.
 *
 * A row of the table says how far one of them reaches; behind it a header must begin, with a tag, or it was none. Where
 * a header stands in another one, that which the mail server's own daemon wrote is the inner one.
 */
#include "read.h"
#include "timestamp.h"

#define CANDIDATES 32 /* places of a line at which a header is tried */

typedef const char *skip_fn(const char *p, const char *end);

static const char *word_end(const char *p, const char *end)
{
    while (p < end && *p != ' ') {
        p++;
    }
    return p;
}

/* A word, and the blanks behind it. */
static const char *skip_word(const char *p, const char *end)
{
    const char *after = word_end(p, end);

    return after == p || after == end ? NULL : mt_blanks_end(after, end);
}

/* "postfix-mailcow-1  | LINE": docker compose logs; nothing before the bar with --no-log-prefix of other tools. */
static const char *skip_bar(const char *p, const char *end)
{
    p = *p == '|' ? p : skip_word(p, end);
    return p && end - p > 1 && *p == '|' ? mt_blanks_end(p + 1, end) : NULL;
}

/* "> LINE", ">> LINE": quoted in a mail. */
static const char *skip_quotes(const char *p, const char *end)
{
    const char *start = p;

    while (p < end && (*p == '>' || *p == ' ')) {
        p++;
    }
    return p > start ? p : NULL;
}

/* "[pod/NAME/CONTAINER] LINE": kubectl logs --prefix. */
static const char *skip_brackets(const char *p, const char *end)
{
    const char *close = *p == '[' ? mt_find(mt_slice_to(p, end), ']') : NULL;

    return close && close + 1 < end && close[1] == ' ' ? mt_blanks_end(close + 1, end) : NULL;
}

/* "POD CONTAINER LINE": stern. */
static const char *skip_two_words(const char *p, const char *end)
{
    p = skip_word(p, end);
    return p ? skip_word(p, end) : NULL;
}

/* The first word is the address of a sender, or a name: rsyslog's %fromhost-ip%, kubectl's and others' names. */
static skip_fn *const skips[] = {skip_bar, skip_quotes, skip_brackets, skip_word, skip_two_words};

static bool has_tag(const struct mt_line *line, enum mt_syslog_form form)
{
    return form == MT_SYSLOG_RFC5424 || form == MT_SYSLOG_OWN_LOG || (line->program.n && line->text.n);
}

static enum mt_syslog_form try_at(struct mt_zone *zone, const char *p, const char *end, struct mt_line *out)
{
    struct mt_line line = *out;
    enum mt_syslog_form form = p < end ? mt_header_read(zone, p, end, &line, 1) : MT_SYSLOG_NONE;

    if (!form || !has_tag(&line, form)) {
        return MT_SYSLOG_NONE;
    }
    *out = line;
    return form;
}

/* "mail.log:LINE", "mail.log:17:LINE", "17:LINE", "mail.log-LINE": grep -H, -n, -C. Anywhere in the first word, and in what
 * a header's first word is glued to.
 */
static enum mt_syslog_form read_grepped(struct mt_zone *zone, const char *p, const char *end, struct mt_line *out)
{
    const char *most = end - p > 4096 ? p + 4096 : end;
    int tried = 0;

    for (; tried < CANDIDATES && p < most && *p != ' '; p++) {
        enum mt_syslog_form form;
        if ((*p != ':' && *p != '-') || !mt_syslog_begins(mt_slice_to(p + 1, end))) {
            continue;
        }
        tried++;
        form = try_at(zone, p + 1, end, out);
        if (form) {
            return form;
        }
    }
    return MT_SYSLOG_NONE;
}

enum mt_syslog_form mt_header_prefixed(struct mt_zone *zone, const char *p, const char *end, struct mt_line *out)
{
    enum mt_syslog_form form;

    p = mt_blanks_end(p, end);
    if (p == end || *p == '<') {
        return MT_SYSLOG_NONE;
    }
    for (size_t i = 0; i < sizeof skips / sizeof *skips; i++) {
        const char *after = skips[i](p, end);
        form = after ? try_at(zone, after, end, out) : MT_SYSLOG_NONE;
        if (form && form != MT_SYSLOG_OWN_LOG) {
            return form;
        }
    }
    return read_grepped(zone, p, end, out);
}

/* "stdout F LINE": the container runtimes' form (CRI), F for a whole line and P for a part. The end of it, or p. */
static const char *skip_stream(const char *p, const char *end)
{
    struct mt_slice at = mt_slice_to(p, end);

    if ((MT_EAT(&at, "stdout ") || MT_EAT(&at, "stderr ")) && (MT_EAT(&at, "F ") || MT_EAT(&at, "P "))) {
        return at.p;
    }
    return p;
}

bool mt_header_nested(struct mt_zone *zone, const char *p, const char *end, struct mt_line *out, int depth)
{
    const char *stream = skip_stream(p, end), *tries[2] = {stream, stream == p ? skip_word(p, end) : NULL};

    if (depth >= MT_HEADER_DEPTH) {
        return false;
    }
    for (int i = 0; i < 2; i++) {
        struct mt_line line = *out;
        enum mt_syslog_form form;
        if (!tries[i] || !mt_syslog_begins(mt_slice_to(tries[i], end))) {
            continue;
        }
        form = mt_header_read(zone, tries[i], end, &line, depth + 1);
        if (form && form != MT_SYSLOG_OWN_LOG && line.program.n && line.text.n) {
            *out = line;
            return true;
        }
    }
    if (stream != p) {
        mt_header_host_and_tag(stream, end, out);
    }
    return stream != p;
}
