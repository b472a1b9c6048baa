/* Lines that stand in the text of another: see mailtrace/syslog.h. */
#include "read.h"

/* The shortest header that can be read: "Mar  7 15:02:58". */
#define HEADER_LEAST 15

static struct mt_slice skip_blanks(struct mt_slice s)
{
    while (s.n && *s.p == ' ') {
        s = mt_slice_skip(s, 1);
    }
    return s;
}

struct mt_slice mt_syslog_text(struct mt_slice text)
{
    text = skip_blanks(text);
    if (mt_slice_starts(text, MT_LIT("\xEF\xBB\xBF"))) {
        text = skip_blanks(mt_slice_skip(text, 3));
    }
    return text;
}

/* "<22>", "1 2024-", "2024-", "Mar " */
bool mt_syslog_begins(struct mt_slice s)
{
    return s.n && ((*s.p >= '0' && *s.p <= '9') || *s.p == '<' || *s.p == '\0' ||
                   (*s.p >= 'A' && *s.p <= 'S' && (s.n <= 3 || s.p[3] == ' ')));
}

bool mt_syslog_wrapped(struct mt_zone *zone, struct mt_slice text, struct mt_line *out)
{
    return text.n > HEADER_LEAST && mt_syslog_begins(text) && mt_header_read(zone, text.p, text.p + text.n, out, 0);
}
