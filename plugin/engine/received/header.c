/* Mails as text: header fields and their folds. Lines end with LF or CRLF, in any mixture. */
#include "text.h"

/* The line at the start of *at, without its end; *at moves behind it. */
static struct mt_slice take_line(struct mt_slice *at)
{
    const char *feed = mt_find(*at, '\n');
    struct mt_slice line = feed ? mt_slice_to(at->p, feed) : *at;

    *at = mt_slice_skip(*at, line.n + (feed != NULL));
    if (line.n && line.p[line.n - 1] == '\r') {
        line.n--;
    }
    return line;
}

/* RFC 5322, section 3.6.8: printable ASCII without the colon. Blanks before the colon: section 4.5. */
static bool read_name(struct mt_slice line, struct mt_slice *name)
{
    size_t n = 0, end;

    while (n < line.n && line.p[n] > ' ' && line.p[n] < 0x7f && line.p[n] != ':') {
        n++;
    }
    for (end = n; end < line.n && (line.p[end] == ' ' || line.p[end] == '\t'); end++) {
    }
    if (!n || end == line.n || line.p[end] != ':') {
        return false;
    }
    *name = mt_slice(line.p, n);
    return true;
}

bool mt_header_next(struct mt_slice *at, struct mt_slice *name, struct mt_slice *value)
{
    while (at->n) {
        struct mt_slice line = take_line(at);
        const char *colon, *end = line.p + line.n;
        if (!line.n) {
            return false;
        }
        if (*line.p == ' ' || *line.p == '\t' || !read_name(line, name)) {
            continue;
        }
        while (at->n && (*at->p == ' ' || *at->p == '\t')) {
            line = take_line(at);
            end = line.p + line.n;
        }
        colon = memchr(name->p, ':', (size_t)(end - name->p));
        *value = mt_slice_to(colon + 1, end);
        return true;
    }
    return false;
}

size_t mt_header_unfold(struct mt_slice value, char *out)
{
    size_t n = 0;

    for (size_t i = 0; i < value.n; i++) {
        char c = value.p[i];
        bool fold = c == '\n' || (c == '\r' && i + 1 < value.n && value.p[i + 1] == '\n');
        if (!fold) {
            out[n++] = c;
            continue;
        }
        while (i + 1 < value.n && mt_is_blank(value.p[i + 1])) {
            i++;
        }
        out[n++] = ' ';
    }
    return n;
}
