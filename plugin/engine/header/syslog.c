/* The header of a syslog line: timestamp, host, tag. One pass, nothing allocated.
 */
#include "mailtrace/syslog.h"

#include "base/scan.h"
#include "own_log.h"
#include "priority.h"
#include "read.h"
#include "timestamp.h"
#include "zone.h"

/* ---- host and tag ---- */

/* A pid of digits only, else 0. */
static uint32_t pid_of(struct mt_slice digits)
{
    uint64_t pid = 0;

    for (size_t i = 0; i < digits.n; i++) {
        if (!mt_is_digit(digits.p[i]) || pid > UINT32_MAX) {
            return 0;
        }
        pid = pid * 10 + (uint64_t)(digits.p[i] - '0');
    }
    return pid <= UINT32_MAX ? (uint32_t)pid : 0;
}

/* "name[123]" from its end; false when it is not of that form. */
static inline bool read_tag(struct mt_slice tag, struct mt_slice *program, uint32_t *pid)
{
    const char *p, *most;
    uint64_t sum = 0, unit = 1;

    if (!tag.n || tag.p[tag.n - 1] != ']') {
        return false;
    }
    p = tag.p + tag.n - 1;
    most = tag.n > 10 ? p - 10 : tag.p;
    for (; p > most && mt_is_digit(p[-1]); unit *= 10) {
        p--;
        sum += (uint64_t)(*p - '0') * unit;
    }
    if (p == tag.p || p[-1] != '[' || sum > UINT32_MAX) {
        return false;
    }
    *program = mt_slice_to(tag.p, p - 1);
    *pid = (uint32_t)sum;
    return true;
}

/* The same up to `end`, with nine bytes before that in the line, for pids of up to seven digits. */
static inline bool read_near_tag(const char *p, const char *end, struct mt_slice *program, uint32_t *pid)
{
    uint64_t digits, others;
    const char *open;
    unsigned bits;

    if (end[-1] != ']') {
        return false;
    }
    digits = mt_digits(mt_load(end - 9));
    others = mt_no_digits(digits);
    bits = others ? (unsigned)__builtin_clzll(others) & ~7U : 0;
    open = end - 2 - bits / 8;
    if (!bits || open < p || *open != '[') {
        return false;
    }
    *program = mt_slice_to(p, open);
    *pid = mt_eight_digits(digits >> (64 - bits) << (64 - bits));
    return true;
}

/* "baca78.559bf17fb680": an ID in hexadecimal. */
static bool is_id(struct mt_slice s)
{
    bool number = true;

    for (size_t i = 0; i < s.n; i++) {
        if (!mt_is_digit(s.p[i])) {
            number = false;
            if ((s.p[i] < 'a' || s.p[i] > 'f') && s.p[i] != '.') {
                return false;
            }
        }
    }
    return !number;
}

void mt_syslog_tag(struct mt_slice tag, struct mt_slice *program, uint32_t *pid)
{
    const char *open;

    if (tag.n && tag.p[tag.n - 1] == ':') {
        tag.n--;
    }
    if ((tag.n >= 9 && read_near_tag(tag.p, tag.p + tag.n, program, pid)) || read_tag(tag, program, pid)) {
        return;
    }
    /* dma[baca78.559bf17fb680], or without its bracket: rsyslog's forward format
   * ends tags at 32 characters */
    open = tag.n ? memrchr(tag.p, '[', tag.n) : NULL;
    if (open && tag.p[tag.n - 1] == ']' && is_id(mt_slice_to(open + 1, tag.p + tag.n - 1))) {
        open = NULL;
    }
    *program = open ? mt_slice_to(tag.p, open) : tag;
    *pid = 0;
}

/* The end of the word that begins at p. */
static inline const char *word_end(const char *p, const char *end)
{
#ifdef __SSE2__
    for (; end - p >= 16; p += 16) {
        unsigned blanks = mt_bytes_that_are(p, ' ');
        if (blanks) {
            return p + __builtin_ctz(blanks);
        }
    }
#endif
    while (p < end && *p != ' ') {
        p++;
    }
    return p;
}

/* What stands before the next blank; the blanks are moved over. */
static inline struct mt_slice take_word(struct mt_slice *at)
{
    const char *end = at->p + at->n, *after = word_end(at->p, end);
    struct mt_slice word = mt_slice_to(at->p, after);

    *at = mt_slice_to(mt_blanks_end(after, end), end);
    return word;
}

static bool is_tag(struct mt_slice word)
{
    return word.n > 1 && word.p[word.n - 1] == ':' && word.p[word.n - 2] != ':';
}

/* "<mail.notice> ": syslogd -v of FreeBSD writes it before the host, others before the tag. "mail.info " before the tag:
 * BusyBox; "mail:info ": AIX; "INFO ": templates of containers. A word that may be a host's name is a priority only
 * where a tag follows, or a host and a tag.
 */
static const char *skip_priority(const char *p, const char *end, bool may_be_host)
{
    struct mt_slice s = mt_slice_to(p, end), word = take_word(&s), rest = s, next = take_word(&rest);

    if (!word.n) {
        return p;
    }
    if (*word.p == '<') {
        return word.n > 2 && word.p[word.n - 1] == '>' && mt_find(word, '.') ? s.p : p;
    }
    if (!mt_is_priority(word) || !(is_tag(next) || (may_be_host && is_tag(take_word(&rest))))) {
        return p;
    }
    return may_be_host && is_tag(next) && !mt_is_level(word) && mt_find(word, '.') && *word.p != '[' ? p : s.p;
}

/* "mx1 mx1 ", "mx1 mx1.example.org ": a relay has put the sender's name before the line's own. */
static const char *skip_double(struct mt_slice host, const char *p, const char *end)
{
    struct mt_slice s = mt_slice_to(p, end), word = take_word(&s), rest = s;
    size_t n = host.n < word.n ? host.n : word.n;

    if (!n || !is_tag(take_word(&rest)) || !mt_slice_eq(mt_slice(host.p, n), mt_slice(word.p, n)) ||
        (host.n > n && host.p[n] != '.') || (word.n > n && word.p[n] != '.')) {
        return p;
    }
    return s.p;
}

/* "[ID 197553 mail.info] ": msgid(1M) of Solaris. */
static const char *skip_message_id(const char *p, const char *end)
{
    struct mt_slice s = mt_slice_to(p, end), word;
    int64_t id;

    if (MT_EAT(&s, "[ID ") && mt_take_int(&s, &id) && MT_EAT(&s, " ")) {
        word = take_word(&s);
        if (word.n && word.p[word.n - 1] == ']') {
            return s.p;
        }
    }
    return p;
}

/* A tag ends at its colon, whether a blank follows or not: "sendmail[9]:text".
 */
static const char *tag_end(const char *p, const char *end)
{
    struct mt_slice tag = mt_slice_to(p, end);
    const char *bracket = mt_find_text(tag, MT_LIT("]:"));
    const char *colon = bracket ? bracket + 1 : mt_find(tag, ':');

    return colon ? colon + 1 : end;
}

/* The end of what is no plain "name[123]:", up to `end`, the end of the word. */
static __attribute__((noinline)) const char *read_odd_tag(const char *p, const char *end, struct mt_line *out)
{
    if (end > p && end[-1] == ':' && !mt_find_either(mt_slice_to(p, end - 1), '[', ':')) { /* "kernel:" */
        out->program = mt_slice_to(p, end - 1);
        out->pid = 0;
        return end;
    }
    if (end - p < 2 || memcmp(end - 2, "]:", 2) != 0) {
        end = tag_end(p, end);
    }
    mt_syslog_tag(mt_slice_to(p, end), &out->program, &out->pid);
    return end;
}

/* The tag ends at `after`, the text at end. */
static inline void read_tag_and_text(struct mt_slice host, const char *p, const char *after, const char *end,
                                     struct mt_line *out)
{
    out->host = host;
    if (after == p || after[-1] != ':' || !read_near_tag(p, after - 1, &out->program, &out->pid)) {
        after = read_odd_tag(p, after, out);
    }
    p = mt_blanks_end(after, end);
    if (p < end && *p == '[') {
        p = skip_message_id(p, end);
    }
    out->text = mt_slice_to(p, end);
}

/* "mx1 postfix/smtpd[123]: text", or without a host. An address such as fd77::
 * is a host. */
__attribute__((noinline)) void mt_header_host_and_tag(const char *p, const char *end, struct mt_line *out)
{
    struct mt_slice host = {NULL, 0};
    const char *after;

    p = skip_priority(p, end, true);
    after = word_end(p, end);
    if (after == p || after[-1] != ':' || (after - p >= 2 && after[-2] == ':')) {
        host = mt_slice_to(p, after);
        p = mt_blanks_end(after, end);
        p = skip_priority(skip_double(host, skip_priority(p, end, false), end), end, false);
        after = word_end(p, end);
    }
    read_tag_and_text(host, p, after, end, out);
}

#ifdef __SSE2__
/* Which of the first 32 bytes at p are c. */
static inline unsigned bytes_that_are(const char *p, char c)
{
    return mt_bytes_that_are(p, c) | mt_bytes_that_are(p + 16, c) << 16;
}

/* "kernel": a name of the 32 bytes at `from` that is no more than a name. */
static inline bool is_plain_name(const char *from, const char *p, const char *end)
{
    unsigned marks = bytes_that_are(from, '[') | bytes_that_are(from, ':');

    return !(marks >> (p - from) & ((1U << (end - p)) - 1));
}
#endif

/* The last bytes of what looks like a host and may be none: a tag, or a severity. */
static const bool odd_ends[256] = {
    [':'] = true, ['g'] = true, ['c'] = true, ['t'] = true, ['r'] = true, ['n'] = true, ['o'] = true, ['e'] = true,
    ['G'] = true, ['C'] = true, ['T'] = true, ['R'] = true, ['N'] = true, ['O'] = true, ['E'] = true,
};

static __attribute__((noinline)) bool is_no_host(const char *p, const char *end)
{
    return end[-1] == ':' || (end - p <= 7 && mt_is_level(mt_slice_to(p, end)));
}

/* The same when both stand in the first 32 bytes, as plain as in most lines. False: nothing was read. */
static inline __attribute__((always_inline)) bool read_near_host_and_tag(const char *p, const char *end,
                                                                         struct mt_line *out)
{
#ifdef __SSE2__
    const char *host_end, *tag, *colon;
    unsigned blanks;

    if (end - p < 33) {
        return false;
    }
    blanks = bytes_that_are(p, ' ');
    if (!(blanks & (blanks - 1))) {
        return false;
    }
    host_end = p + __builtin_ctz(blanks);
    tag = host_end + 1;
    colon = p + __builtin_ctz(blanks & (blanks - 1)) - 1;
    if (*p == '<' || (odd_ends[(unsigned char)host_end[-1]] && is_no_host(p, host_end)) || *tag == '<' ||
        *colon != ':' || colon[2] == ' ' || colon[2] == '[') {
        return false;
    }
    if (!read_near_tag(tag, colon, &out->program, &out->pid)) {
        if (!is_plain_name(p, tag, colon)) {
            return false;
        }
        out->program = mt_slice_to(tag, colon);
        out->pid = 0;
    }
    out->host = mt_slice_to(p, host_end);
    out->text = mt_slice_to(colon + 2, end);
    return true;
#else
    (void)p, (void)end, (void)out;
    return false;
#endif
}

/* ---- RFC 5424 ---- */

/* The next word of the header; "-" is RFC 5424's NILVALUE. */
static inline struct mt_slice take_field(struct mt_slice *at)
{
    struct mt_slice word = take_word(at);

    return word.n == 1 && *word.p == '-' ? mt_slice(NULL, 0) : word;
}

/* One SD-ELEMENT: [id name="value" ...]; in a value \ escapes the next byte
 * (RFC 5424, 6.3.3). */
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
    *at = mt_slice_to(mt_blanks_end(at->p, at->p + at->n), at->p + at->n);
}

/* "2024-03-07T15:02:58.123456+01:00 mx1 postfix/smtpd 123 - - text", the
 * version being read. */
static bool read_rfc5424(struct mt_zone *zone, const char *p, const char *end, struct mt_line *out)
{
    struct mt_slice at, tag, process;
    struct mt_time time;

    if (end - p >= 2 && memcmp(p, "- ", 2) == 0) {
        p += 2;
        time = (struct mt_time){.usec = zone->now,
                                .offset = (int16_t)((mt_zone_local_now(zone) - zone->now / MT_SECOND) / 60)};
    } else if (!(p = mt_timestamp_rfc3339(zone, p, end, &time))) {
        return false;
    }
    at = mt_slice_to(p, end);
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
    out->text = mt_slice_to(mt_blanks_end(at.p, end), end);
    return true;
}

/* Moves over a number of one to three digits and c. */
static inline const char *take_number(const char *p, const char *end, char c)
{
    for (int i = 1; i <= 3 && i < end - p && mt_is_digit(p[i - 1]); i++) {
        if (p[i] == c) {
            return p + i + 1;
        }
    }
    return NULL;
}

/* The end of leading NULs (a file that a crash has left), and of <PRI>. */
static const char *pri_end(const char *p, const char *end)
{
    const char *after;

    while (p < end && *p == '\0') {
        p++;
    }
    after = p < end && *p == '<' ? take_number(p + 1, end, '>') : NULL;
    return after ? after : p;
}

/* "1 ", the version, of RFC 5424: later ones may have two or three digits. The
 * end of it, or NULL. */
static inline const char *version_end(const char *p, const char *end)
{
    if (end - p > 3 && p[1] != ' ' && p[2] != ' ' && p[3] != ' ') {
        return NULL;
    }
    return p < end && *p != '0' ? take_number(p, end, ' ') : NULL;
}

/* What stands behind a timestamp when it is not as plain as in most lines. */
static __attribute__((noinline)) void read_rest(struct mt_zone *zone, const char *p, const char *end,
                                                struct mt_line *out, int depth)
{
    const char *host_end = word_end(p, end), *tag = mt_blanks_end(host_end, end), *after = word_end(tag, end);

    /* a host and a tag, which are long */
    if (host_end > p && *p > '<' && *p != '[' && after - tag > 1 && after[-1] == ':' && *tag != '<' && *tag != '[' &&
        !(odd_ends[(unsigned char)host_end[-1]] && is_no_host(p, host_end))) {
        read_tag_and_text(mt_slice_to(p, host_end), tag, after, end, out);
    } else if (!mt_header_nested(zone, p, end, out, depth)) {
        mt_header_host_and_tag(p, end, out);
    }
}

/* A journal's, or another language's. journalctl may write the unit in place of the tag: "postfix@-.service[7]: ". */
static enum mt_syslog_form read_odd(struct mt_zone *zone, const char *p, const char *end, struct mt_line *out,
                                    int depth)
{
    struct mt_line line = *out;
    const char *mark;

    p = mt_timestamp_odd(zone, p, end, &line.time);
    if (!p) {
        return MT_SYSLOG_NONE;
    }
    if (mt_is_priority(mt_slice_to(p, word_end(p, end)))) { /* logread, which has no host */
        p = mt_blanks_end(word_end(p, end), end);
    }
    read_rest(zone, p, end, &line, depth);
    if (!line.program.n || !line.text.n || (!line.pid && line.text.p[-1] != ' ')) {
        return MT_SYSLOG_NONE;
    }
    if (mt_slice_ends(line.program, MT_LIT(".service"))) {
        mark = mt_find(line.program, '@');
        line.program.n = mark ? (size_t)(mark - line.program.p) : line.program.n - sizeof ".service" + 1;
    }
    *out = line;
    return MT_SYSLOG_TRADITIONAL;
}

static __attribute__((noinline)) enum mt_syslog_form read_header(struct mt_zone *zone, const char *p, const char *end,
                                                                 struct mt_line *out, int depth)
{
    const char *after = version_end(p, end), *start = p;
    bool zoned = end - p > 4 && p[4] == '-';
    struct mt_time time;

    if (p < end && (*p == '@' || (zoned && end - p > 10 && p[10] == ' '))) {
        return mt_own_log_read(zone, p, end, out) ? MT_SYSLOG_OWN_LOG : MT_SYSLOG_NONE;
    }
    if (after) {
        return read_rfc5424(zone, after, end, out) ? MT_SYSLOG_RFC5424 : read_odd(zone, start, end, out, depth);
    }
    p = zoned ? mt_timestamp_any_rfc3339(zone, p, end, &time) : mt_timestamp_traditional(zone, p, end, &time);
    if (!p) {
        return read_odd(zone, start, end, out, depth);
    }
    out->time = time;
    read_rest(zone, p, end, out, depth);
    return zoned ? MT_SYSLOG_RFC3339 : MT_SYSLOG_TRADITIONAL;
}

static inline __attribute__((always_inline)) enum mt_syslog_form read(struct mt_zone *zone, const char *p,
                                                                      const char *end, struct mt_line *out, int depth)
{
    const char *after;
    bool zoned;

    if (*p == '<' || *p == '\0') {
        p = pri_end(p, end);
    }
    zoned = end - p >= MT_TIMESTAMP_NEAR && p[4] == '-';
    if (end - p < MT_TIMESTAMP_NEAR || !(after = zoned ? mt_timestamp_near_rfc3339(zone, p, &out->time)
                                                       : mt_timestamp_near_traditional(zone, p, &out->time))) {
        return read_header(zone, p, end, out, depth);
    }
    if (!read_near_host_and_tag(after, end, out)) {
        read_rest(zone, after, end, out, depth);
    }
    return zoned ? MT_SYSLOG_RFC3339 : MT_SYSLOG_TRADITIONAL;
}

__attribute__((noinline)) enum mt_syslog_form mt_header_read(struct mt_zone *zone, const char *p, const char *end,
                                                             struct mt_line *out, int depth)
{
    return p < end ? read(zone, p, end, out, depth) : MT_SYSLOG_NONE;
}

enum mt_syslog_form mt_syslog_read(struct mt_zone *zone, struct mt_slice raw, struct mt_line *out)
{
    enum mt_syslog_form form = raw.n ? read(zone, raw.p, raw.p + raw.n, out, 0) : MT_SYSLOG_NONE;

    return form || !raw.n ? form : mt_header_prefixed(zone, raw.p, raw.p + raw.n, out);
}
