/* Addresses and host names as Sendmail logs them.
 *
 * Every line goes through str2prt() (libsm/util.c) as a whole: a backslash is doubled,
 * control and eight-bit characters become \t, \n, \r or three octal digits. Inside that,
 * an address is what prescan() (sendmail/parseaddr.c) accepted: quotes, comments and angle
 * brackets are balanced, and a backslash takes the next character's meaning away.
 * So the end of an address can be told from what it holds, whoever chose it.
 */
#include "sendmail.h"

/* The character that s (not empty) begins with, before str2prt(), and the bytes it takes in
 * the log. What the log could not print stands for itself as '?'.
 */
static char unescape(struct mt_slice s, size_t *size)
{
    *size = 1;
    if (*s.p != '\\' || s.n < 2) {
        return *s.p;
    }
    if (s.p[1] == '\\') {
        *size = 2;
        return '\\';
    }
    if (s.p[1] == 't' || s.p[1] == 'n' || s.p[1] == 'r') {
        *size = 2;
        return '?';
    }
    if (s.n >= 4 && mt_is_digit(s.p[1]) && mt_is_digit(s.p[2]) && mt_is_digit(s.p[3])) {
        *size = 4;
        return '?';
    }
    return '\\'; /* not str2prt()'s: the log was written by another release */
}

/* The characters that mt_sendmail_span() always stops to look at. */
static const bool is_syntax[256] = {
    ['\\'] = true, ['"'] = true, ['('] = true, [')'] = true, ['<'] = true, ['>'] = true,
};

#ifdef __SSE2__
/* Which of the 16 bytes at p are SYNTAX, or `also`. Brackets and parentheses differ from their partners in one bit. */
static inline unsigned syntax_at(const char *p, char also)
{
    const __m128i c = _mm_loadu_si128((const __m128i *)p);
    __m128i found = _mm_cmpeq_epi8(c, _mm_set1_epi8(also));

    found = _mm_or_si128(found, _mm_cmpeq_epi8(_mm_and_si128(c, _mm_set1_epi8((char)0xfd)), _mm_set1_epi8('<')));
    found = _mm_or_si128(found, _mm_cmpeq_epi8(_mm_and_si128(c, _mm_set1_epi8((char)0xfe)), _mm_set1_epi8('(')));
    found = _mm_or_si128(found, _mm_cmpeq_epi8(c, _mm_set1_epi8('"')));
    found = _mm_or_si128(found, _mm_cmpeq_epi8(c, _mm_set1_epi8('\\')));
    return (unsigned)_mm_movemask_epi8(found);
}
#endif

/* Moves over what means nothing, at most to end. also: a character that may begin a stop. */
static inline size_t skip_plain(struct mt_slice s, size_t i, size_t end, char also)
{
#ifdef __SSE2__
    for (; end - i >= 16; i += 16) {
        unsigned found = syntax_at(s.p + i, also);
        if (found) {
            return i + (size_t)__builtin_ctz(found);
        }
    }
    if (i < end && end >= 16) { /* the last 16 bytes, without those that lie before i */
        unsigned found = syntax_at(s.p + end - 16, also) >> (i - (end - 16));
        return found ? i + (size_t)__builtin_ctz(found) : end;
    }
#endif
    while (i < end && !is_syntax[(unsigned char)s.p[i]] && s.p[i] != also) {
        i++;
    }
    return i;
}

/* The length of "<local@domain>" without quotes or comments, which most addresses are; 0: it is something else. */
static inline size_t plain_length(struct mt_slice s)
{
    size_t i;

    if (!s.n || *s.p != '<') {
        return 0;
    }
    i = skip_plain(s, 1, s.n, '"');
    return i < s.n && s.p[i] == '>' ? i + 1 : 0;
}

size_t mt_sendmail_span(struct mt_slice s, struct mt_slice stop, size_t limit)
{
    /* of the others, what begins a stop; a line feed does not, it stands for a stop that never comes */
    const char also = *stop.p == ',' || *stop.p == '.' ? *stop.p : '"';
    bool quoted = false, escaped = false;
    size_t plain = *stop.p == '<' ? 0 : plain_length(s);
    size_t comment = 0, angle = 0, i = plain <= limit ? plain : 0, chars = i, size;

    if (i && i < s.n && stop.n == 1 && s.p[i] == *stop.p) {
        return i;
    }
    while (i < s.n && chars < limit) {
        size_t from = i;
        struct mt_slice at;
        char c;

        if (!escaped) {
            i = skip_plain(s, i, s.n - i < limit - chars ? s.n : i + (limit - chars), also);
            chars += i - from;
            if (i == s.n || chars == limit) {
                break;
            }
        }
        at = mt_slice_skip(s, i);
        c = unescape(at, &size);
        if (escaped) {
            escaped = false;
        } else if (c == '\\') {
            escaped = true;
        } else if (quoted) {
            quoted = c != '"';
        } else if (comment) {
            comment += c == '(';
            comment -= c == ')';
        } else if (!angle && c == *stop.p && mt_slice_starts(at, stop)) {
            break;
        } else if (c == '"') {
            quoted = true;
        } else if (c == '(') {
            comment = 1;
        } else if (c == '<') {
            angle++;
        } else if (c == '>') {
            angle -= angle > 0;
        }
        i += size;
        chars++;
    }
    return i;
}

struct mt_slice mt_sendmail_bare(struct mt_slice address)
{
    size_t open = 0;

    if (!address.n) {
        return address;
    }
    if (*address.p != '<') { /* Name <local@domain>, from a command line */
        open = mt_sendmail_span(address, MT_LIT("<"), MT_SENDMAIL_NO_LIMIT);
        if (open == address.n || address.p[address.n - 1] != '>') {
            return address;
        }
    }
    address = mt_slice_skip(address, open + 1);
    address.n -= address.n && address.p[address.n - 1] == '>'; /* a long one is cut and has none */
    return address;
}

bool mt_sendmail_recipient_next(struct mt_slice *rest, struct mt_slice *address)
{
    struct mt_slice s = *rest;

    while (s.n && (*s.p == ',' || *s.p == ' ')) {
        s = mt_slice_skip(s, 1);
    }
    if (!s.n) {
        *rest = s;
        return false;
    }
    *address = mt_slice(s.p, mt_sendmail_span(s, MT_LIT(","), MT_SENDMAIL_NO_LIMIT));
    *rest = mt_slice_skip(s, address->n);
    *address = mt_sendmail_bare(*address);
    return true;
}

/* An address as anynet_ntoa() (sendmail/conf.c) prints it; "UNIX: /path" is none. */
static struct mt_slice ip_of(struct mt_slice s)
{
    bool mark;

    MT_EAT(&s, "IPv6:");
    return mt_address_length(s, &mark) == s.n && mark ? s : mt_slice(NULL, 0);
}

static struct mt_slice name_of(struct mt_slice s)
{
    const char *at;

    if (s.n && *s.p == '[') { /* [127.0.0.1] [127.0.0.1] */
        return mt_slice(NULL, 0);
    }
    while ((at = mt_find(s, '@'))) { /* what the client's ident server says (RFC 1413) */
        s = mt_slice_to(at + 1, s.p + s.n);
    }
    s.n -= s.n && s.p[s.n - 1] == '.';
    return mt_known(s);
}

/* sendmail/daemon.c, getauthinfo: "(may be forged)" says that the name of the client's address
 * does not lead back to it, so only the address is a fact.
 */
void mt_sendmail_host(struct mt_slice s, struct mt_slice *name, struct mt_slice *ip)
{
    bool forged = mt_slice_ends(s, MT_LIT(" (may be forged)"));
    const char *open;

    *name = *ip = mt_slice(NULL, 0);
    if (forged) {
        s.n -= sizeof " (may be forged)" - 1;
    }
    open = mt_find_last(s, MT_LIT("["));
    if (open && (open == s.p || open[-1] == ' ')) {
        if (s.p[s.n - 1] == ']') { /* %.100s may have cut it off */
            *ip = ip_of(mt_slice_to(open + 1, s.p + s.n - 1));
        }
        s = mt_slice_to(s.p, open == s.p ? open : open - 1);
    }
    if (!forged) {
        *name = name_of(s);
    }
}

void mt_sendmail_client(struct mt_record *rec, struct mt_slice s)
{
    struct mt_slice name, ip;

    mt_sendmail_host(s, &name, &ip);
    mt_set(&rec->f, MT_F_CLIENT_NAME, name);
    mt_set(&rec->f, MT_F_CLIENT_IP, ip);
}

/* The first ", " from p on, or NULL. */
static inline const char *next_field(const char *p, const char *end)
{
#ifdef __SSE2__
    for (; end - p > 16; p += 16) {
        unsigned found = mt_bytes_that_are(p, ',') & mt_bytes_that_are(p + 1, ' ');
        if (found) {
            return p + __builtin_ctz(found);
        }
    }
#endif
    for (; end - p > 1; p++) {
        if (*p == ',' && p[1] == ' ') {
            return p;
        }
    }
    return NULL;
}

struct mt_slice mt_sendmail_rest_of_value(struct mt_slice *at)
{
    const char *p = at->p, *end = p + at->n, *comma = next_field(p, end);

    *at = mt_slice_to(comma ? comma + 2 : end, end);
    return mt_slice_to(p, comma ? comma : end);
}

struct mt_slice mt_sendmail_lookup(const struct mt_sendmail_pair *pairs, size_t n, struct mt_slice key)
{
    for (size_t i = 0; i < n; i++) {
        if (mt_word_eq(key, pairs[i].key)) {
            return pairs[i].value;
        }
    }
    return mt_slice(NULL, 0);
}
