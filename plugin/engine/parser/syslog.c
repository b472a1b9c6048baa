/* The header of a syslog line: stamp, host, tag. One pass, nothing allocated. */
#include "mailtrace/syslog.h"

#include "scan.h"
#include "stamp.h"
#include "zone.h"

/* ---- host and tag ---- */

/* A pid of digits only, else 0. */
static uint32_t pid_of(struct mt_slice digits)
{
    int64_t pid;

    return mt_whole_int(digits, &pid) && pid <= UINT32_MAX ? (uint32_t)pid : 0;
}

/* "name[123]" from its end; false when it is not of that form. */
static inline bool read_tag(struct mt_slice tag, struct mt_slice *program, uint32_t *pid)
{
    const char *p;
    uint64_t sum = 0, unit = 1;

    if (!tag.n || tag.p[tag.n - 1] != ']') {
        return false;
    }
    p = tag.p + tag.n - 1;
    while (p > tag.p && mt_is_digit(p[-1]) && unit <= UINT32_MAX) {
        p--;
        sum += (uint64_t)(*p - '0') * unit;
        unit *= 10;
    }
    if (p == tag.p || p[-1] != '[' || sum > UINT32_MAX) {
        return false;
    }
    *program = mt_slice_to(tag.p, p - 1);
    *pid = (uint32_t)sum;
    return true;
}

void mt_syslog_tag(struct mt_slice tag, struct mt_slice *program, uint32_t *pid)
{
    const char *open;

    if (tag.n && tag.p[tag.n - 1] == ':') {
        tag.n--;
    }
    if (read_tag(tag, program, pid)) {
        return;
    }
    /* dma[baca78.559bf17fb680], or without its bracket: rsyslog's forward format ends tags at 32 characters */
    open = tag.n ? memrchr(tag.p, '[', tag.n) : NULL;
    *program = open ? mt_slice_to(tag.p, open) : tag;
    *pid = 0;
}

/* What stands before the next blank; the blanks are moved over. */
static inline struct mt_slice take_word(struct mt_slice *at)
{
    const char *blank = mt_find(*at, ' ');
    struct mt_slice word = blank ? mt_slice_to(at->p, blank) : *at;

    *at = mt_slice_skip(*at, word.n);
    mt_skip_blanks(at);
    return word;
}

/* "<mail.notice> ": syslogd -v of FreeBSD writes it before the host, others before the tag. */
static void skip_priority(struct mt_slice *at)
{
    struct mt_slice s = *at, word = take_word(&s);

    if (word.n > 2 && word.p[word.n - 1] == '>' && mt_find(word, '.')) {
        *at = s;
    }
}

/* "[ID 197553 mail.info] ": msgid(1M) of Solaris. */
static void skip_message_id(struct mt_slice *text)
{
    struct mt_slice s = *text, word;
    int64_t id;

    if (MT_EAT(&s, "[ID ") && mt_take_int(&s, &id) && MT_EAT(&s, " ")) {
        word = take_word(&s);
        if (word.n && word.p[word.n - 1] == ']') {
            *text = s;
        }
    }
}

/* A tag ends at its colon, whether a blank follows or not: "sendmail[9]:text". */
static void end_tag(struct mt_slice *tag, struct mt_slice *at)
{
    const char *end = mt_find_text(*tag, MT_LIT("]:"));
    const char *colon = end ? end + 1 : mt_find(*tag, ':');

    if (colon && colon + 1 != tag->p + tag->n) {
        *at = mt_slice_to(colon + 1, at->p + at->n);
        *tag = mt_slice_to(tag->p, colon + 1);
    }
}

static inline bool ends_in_colon(struct mt_slice word)
{
    return word.n && word.p[word.n - 1] == ':';
}

/* "mx1 postfix/smtpd[123]: text", or without a host. An address such as fd77:: is a host. */
static void read_host_and_tag(struct mt_slice at, struct mt_line *out)
{
    struct mt_slice word;

    out->host = mt_slice(NULL, 0);
    if (at.n && *at.p == '<') {
        skip_priority(&at);
    }
    word = take_word(&at);
    if (!ends_in_colon(word) || mt_slice_ends(word, MT_LIT("::"))) {
        out->host = word;
        if (at.n && *at.p == '<') {
            skip_priority(&at);
        }
        word = take_word(&at);
    }
    if (!mt_slice_ends(word, MT_LIT("]:"))) {
        end_tag(&word, &at);
    }
    mt_syslog_tag(word, &out->program, &out->pid);
    mt_skip_blanks(&at);
    if (at.n && *at.p == '[') {
        skip_message_id(&at);
    }
    out->text = at;
}

/* ---- RFC 5424 ---- */

/* The next word of the header; "-" is RFC 5424's NILVALUE. */
static inline struct mt_slice take_field(struct mt_slice *at)
{
    struct mt_slice word = take_word(at);

    return word.n == 1 && *word.p == '-' ? mt_slice(NULL, 0) : word;
}

/* One SD-ELEMENT: [id name="value" ...]; in a value \ escapes the next byte (RFC 5424, 6.3.3). */
static bool take_element(struct mt_slice *at)
{
    bool quoted = false;

    for (size_t i = 1; i < at->n; i++) {
        char c = at->p[i];
        if (quoted && c == '\\') {
            i++;
        } else if (c == '"') {
            quoted = !quoted;
        } else if (c == ']' && !quoted) {
            *at = mt_slice_skip(*at, i + 1);
            return true;
        }
    }
    return false;
}

/* What is no structured data is left for the text. */
static void skip_structured_data(struct mt_slice *at)
{
    struct mt_slice s = *at;

    if (s.n && *s.p == '-') {
        s = mt_slice_skip(s, 1);
    }
    while (s.n && *s.p == '[' && take_element(&s)) {
    }
    if (!s.n || *s.p == ' ') {
        *at = s;
    }
    mt_skip_blanks(at);
}

/* "2024-03-07T15:02:58.123456+01:00 mx1 postfix/smtpd 123 - - text", the version being read. */
static bool read_rfc5424(struct mt_zone *zone, struct mt_slice at, struct mt_line *out)
{
    struct mt_slice tag, process;
    struct mt_time time;

    if (MT_EAT(&at, "- ")) {
        time = (struct mt_time){.usec = zone->now,
                                .offset = (int16_t)((mt_zone_local_now(zone) - zone->now / MT_SECOND) / 60)};
    } else if (!mt_stamp_rfc3339(zone, &at, &time)) {
        return false;
    }
    out->time = time;
    out->host = take_field(&at);
    tag = take_field(&at);
    process = take_field(&at);
    take_field(&at);
    mt_syslog_tag(tag, &out->program, &out->pid);
    if (process.n) {
        out->pid = pid_of(process);
    }
    skip_structured_data(&at);
    MT_EAT(&at, "\xEF\xBB\xBF");
    mt_skip_blanks(&at);
    out->text = at;
    return true;
}

/* Moves over a number of one to three digits and c. */
static inline const char *take_number(const char *p, const char *end, char c)
{
    const char *start = p;

    while (p < end && p - start < 3 && mt_is_digit(*p)) {
        p++;
    }
    return p > start && p < end && *p == c ? p + 1 : NULL;
}

/* Leading NULs (a file that a crash has left), and <PRI>. */
static inline struct mt_slice skip_pri(struct mt_slice raw)
{
    const char *p = raw.p, *end = p + raw.n, *after;

    while (p < end && *p == '\0') {
        p++;
    }
    after = p < end && *p == '<' ? take_number(p + 1, end, '>') : NULL;
    return mt_slice_to(after ? after : p, end);
}

enum mt_syslog_form mt_syslog_read(struct mt_zone *zone, struct mt_slice raw, struct mt_line *out)
{
    struct mt_slice at;
    struct mt_time time;
    const char *after;
    bool zoned;

    if (!raw.n) {
        return MT_SYSLOG_NONE;
    }
    at = skip_pri(raw);
    /* "1 ", the version, of RFC 5424: later ones may have two or three digits */
    after = at.n && *at.p > '0' && *at.p <= '9' ? take_number(at.p, at.p + at.n, ' ') : NULL;
    if (after) {
        return read_rfc5424(zone, mt_slice_to(after, at.p + at.n), out) ? MT_SYSLOG_RFC5424 : MT_SYSLOG_NONE;
    }
    zoned = at.n > 4 && at.p[4] == '-';
    if (!(zoned ? mt_stamp_rfc3339(zone, &at, &time) : mt_stamp_traditional(zone, &at, &time))) {
        return MT_SYSLOG_NONE;
    }
    out->time = time;
    read_host_and_tag(at, out);
    return zoned ? MT_SYSLOG_RFC3339 : MT_SYSLOG_TRADITIONAL;
}
