/* Addresses, peers and stages as Postfix writes them. See postfix.h. */
#include "postfix.h"

/* What a character can be part of. */
enum {
    HEX = 1,  /* a short queue ID */
    SAFE = 2, /* a long queue ID: digits and letters without vowels (safe_ultostr.c) */
    ATOM = 4, /* an atom of an address; is_822_dot_string() in quote_822_local.c quotes local parts with others in
                 them. Control characters have become '?' in the log, 8-bit text stays as it is */
    HELO = 8, /* a HELO name: all but smtpd.c's NEUTER_CHARACTERS */
};

/* clang-format off */
static const unsigned char classes[256] = {
    12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, /* control characters */
    0, 12, 0, 12, 12, 12, 12, 12, 0, 0, 12, 12, 8, 28, 28, 12, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 8, 0, 0, 12, 0, 12, /* blank to ? */
    0, 29, 31, 31, 31, 29, 31, 30, 30, 28, 30, 30, 30, 30, 30, 28, 30, 30, 30, 30, 30, 28, 30, 30, 30, 30, 30, 8, 0, 8, 12, 28, /* @ to _ */
    12, 28, 30, 30, 30, 28, 30, 30, 30, 28, 30, 30, 30, 30, 30, 28, 30, 30, 30, 30, 30, 28, 30, 30, 30, 30, 30, 12, 12, 12, 12, 12, /* ` to DEL */
    12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12,
    12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12,
    12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12,
    12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12,
};
/* clang-format on */

static inline bool is_of(char c, unsigned char set)
{
    return (classes[(unsigned char)c] & set) != 0;
}

#ifdef __SSE2__
/* Which of the 16 bytes at p are in no atom: the zeros of ATOM among the classes, of which three pairs differ in one bit. */
static inline unsigned not_of_atom(const char *p)
{
    const __m128i c = _mm_loadu_si128((const __m128i *)p);
    const __m128i but_1 = _mm_and_si128(c, _mm_set1_epi8((char)0xfe)),
                  but_2 = _mm_and_si128(c, _mm_set1_epi8((char)0xfd));
    __m128i found = _mm_cmpeq_epi8(but_2, _mm_set1_epi8(' '));              /* blank, " */
    found = _mm_or_si128(found, _mm_cmpeq_epi8(but_2, _mm_set1_epi8('<'))); /* < > */
    found = _mm_or_si128(found, _mm_cmpeq_epi8(but_1, _mm_set1_epi8('('))); /* ( ) */
    found = _mm_or_si128(found, _mm_cmpeq_epi8(but_1, _mm_set1_epi8(':'))); /* : ; */
    found = _mm_or_si128(found, _mm_cmpeq_epi8(c, _mm_set1_epi8(',')));
    found = _mm_or_si128(found, _mm_cmpeq_epi8(c, _mm_set1_epi8('@')));
    found = _mm_or_si128(found, _mm_cmpeq_epi8(but_1, _mm_set1_epi8('\\'))); /* \ ] */
    found = _mm_or_si128(found, _mm_cmpeq_epi8(c, _mm_set1_epi8('[')));
    return (unsigned)_mm_movemask_epi8(found);
}
#endif

/* The end of the atom that begins at i. */
static inline size_t atom_end(struct mt_slice s, size_t i)
{
#ifdef __SSE2__
    for (; s.n - i >= 16; i += 16) {
        unsigned found = not_of_atom(s.p + i);
        if (found) {
            return i + (size_t)__builtin_ctz(found);
        }
    }
#endif
    while (i < s.n && is_of(s.p[i], ATOM)) {
        i++;
    }
    return i;
}

/* The end of a quoted string that starts at i: make_822_quoted_string() puts a
 * backslash before each quote and backslash within. 0 when there is none.
 */
static size_t quoted_end(struct mt_slice s, size_t i)
{
    for (i++; i < s.n; i++) {
        if (s.p[i] == '\\') {
            i++;
        } else if (s.p[i] == '"') {
            return i + 1;
        }
    }
    return 0;
}

static inline size_t local_end(struct mt_slice s, size_t i)
{
    if (i < s.n && s.p[i] == '"') {
        return quoted_end(s, i);
    }
    return atom_end(s, i);
}

/* A domain is not quoted in the log, but rewriting leaves nothing in it that could
 * end the field, except inside a literal.
 */
static inline size_t domain_end(struct mt_slice s, size_t i)
{
    if (i < s.n && s.p[i] == '[') {
        const char *end = mt_find(mt_slice_skip(s, i), ']');
        return end ? (size_t)(end - s.p) + 1 : 0;
    }
    return atom_end(s, i);
}

/* "@a,@b:" before the local part. quote_822_local.c copies what it takes for a source route, all from
 * '@' to the first colon, as it is: `"@x>, relay=none:y"@z` becomes `@x>, relay=none:y@z`. An address
 * that begins with '@' and has no colon is quoted. 0: it is none.
 */
static size_t route_end(struct mt_slice s)
{
    const char *colon = mt_find(s, ':');

    return colon ? (size_t)(colon - s.p) + 1 : 0;
}

/* The end of "local@domain" of two atoms, at its '>', in one go; 0: it is another form. */
static inline size_t plain_end(struct mt_slice s)
{
#ifdef __SSE2__
    bool domain = false;

    for (size_t i = 0; s.n - i >= 16; i += 16) {
        unsigned found = not_of_atom(s.p + i);
        for (; found; found &= found - 1) {
            size_t end = i + (size_t)__builtin_ctz(found);
            if (s.p[end] == '>') {
                return end;
            }
            if (s.p[end] != '@' || domain || !end) {
                return 0;
            }
            domain = true;
        }
    }
#else
    (void)s;
#endif
    return 0;
}

/* The end of any address; 0: it is none, or empty. */
static size_t address_end(struct mt_slice s)
{
    bool route = s.n && *s.p == '@', quoted;
    size_t i = route ? route_end(s) : 0;

    if (route && !i) {
        return 0;
    }
    quoted = i < s.n && s.p[i] == '"';
    i = local_end(s, i);
    if (quoted && !i) {
        return 0;
    }
    return i < s.n && s.p[i] == '@' ? domain_end(s, i + 1) : i;
}

bool mt_postfix_address(struct mt_slice *at, struct mt_slice *address)
{
    struct mt_slice s = *at;
    size_t i = plain_end(s);

    if (!i) {
        i = address_end(s);
        if (i >= s.n || s.p[i] != '>') {
            return false;
        }
    }
    *address = mt_slice(s.p, i);
    *at = mt_slice_skip(s, i + 1);
    return true;
}

bool mt_postfix_helo(struct mt_slice *at, struct mt_slice *helo)
{
    size_t i = 0;

    while (i < at->n && is_of(at->p[i], HELO)) {
        i++;
    }
    if (i >= at->n || at->p[i] != '>') {
        return false;
    }
    *helo = mt_slice(at->p, i);
    *at = mt_slice_skip(*at, i + 1);
    return true;
}

/* Moves over ":25"; what else follows is left. -1: there is no port. */
static inline int64_t take_port(struct mt_slice *at)
{
    struct mt_slice s = *at;
    int64_t port = 0;
    size_t i = 1;

    if (s.n < 2 || *s.p != ':' || !mt_is_digit(s.p[1])) {
        return -1;
    }
    for (; i < s.n && mt_is_digit(s.p[i]); i++) {
        port = port * 10 + (s.p[i] - '0');
        if (port > 65535) {
            return -1;
        }
    }
    *at = mt_slice_skip(s, i);
    return port;
}

bool mt_postfix_peer(struct mt_slice *at, struct mt_postfix_peer *peer)
{
    struct mt_slice s = *at;
    const char *p = mt_find_either(s, '[', ' ');

    if (!p || *p != '[') {
        return false;
    }
    peer->name = mt_slice_to(s.p, p);
    s = mt_slice_skip(s, peer->name.n + 1);
    p = mt_find(s, ']');
    if (!p) {
        return false;
    }
    peer->address = mt_slice_to(s.p, p);
    s = mt_slice_skip(s, peer->address.n + 1);
    peer->port = take_port(&s);
    *at = s;
    return true;
}

/* Of these one process serves many clients at once, told apart by address and port. */
static bool serves_many(struct mt_slice service)
{
    return mt_slice_eq(service, MT_LIT("postscreen")) || mt_slice_eq(service, MT_LIT("tlsproxy"));
}

bool mt_postfix_client(struct mt_slice *at, struct mt_record *rec)
{
    struct mt_postfix_peer peer;

    if (!mt_postfix_peer(at, &peer)) {
        return false;
    }
    mt_set(&rec->f, MT_F_CLIENT_NAME, mt_known(peer.name));
    mt_set(&rec->f, MT_F_CLIENT_IP, mt_known(peer.address));
    if (peer.port > 0) {
        mt_set_int(&rec->f, MT_F_CLIENT_PORT, peer.port);
        if (serves_many(rec->service)) {
            rec->session = mt_slice_to(peer.address.p, at->p);
        }
    }
    return true;
}

/* The address of a host, and not the path of a socket ("private/lmtp"). */
static bool is_host_address(struct mt_slice s)
{
    bool mark;
    size_t n = mt_address_length(s, &mark);

    return mark && (n == s.n || s.p[n] == '%'); /* the zone of a link-local address */
}

void mt_postfix_relay(struct mt_record *rec, const struct mt_postfix_peer *peer)
{
    bool host = is_host_address(peer->address);

    mt_set(&rec->f, MT_F_RELAY_NAME, mt_known(peer->name));
    mt_set(&rec->f, host ? MT_F_RELAY_IP : MT_F_RELAY_PATH, mt_known(peer->address));
    if (peer->port > 0) {
        mt_set_int(&rec->f, MT_F_RELAY_PORT, peer->port);
    }
}

/* smtpd.h, SMTPD_CMD_*; "DATA content" and "BDAT content" while it reads a message. */
static const struct stage {
    struct mt_slice command, stage;
} stages[] = {
    {MT_TEXT("RCPT"), MT_TEXT("RCPT")},         {MT_TEXT("MAIL"), MT_TEXT("MAIL")},
    {MT_TEXT("DATA"), MT_TEXT("DATA")},         {MT_TEXT("CONNECT"), MT_TEXT("CONNECT")},
    {MT_TEXT("EHLO"), MT_TEXT("HELO")},         {MT_TEXT("HELO"), MT_TEXT("HELO")},
    {MT_TEXT("LHLO"), MT_TEXT("HELO")},         {MT_TEXT("AUTH"), MT_TEXT("AUTH")},
    {MT_TEXT("STARTTLS"), MT_TEXT("STARTTLS")}, {MT_TEXT("END-OF-MESSAGE"), MT_TEXT("END-OF-MESSAGE")},
    {MT_TEXT("DATA content"), MT_TEXT("DATA")}, {MT_TEXT("BDAT"), MT_TEXT("BDAT")},
    {MT_TEXT("BDAT content"), MT_TEXT("BDAT")}, {MT_TEXT("UNKNOWN"), MT_TEXT("UNKNOWN")},
    {MT_TEXT("VRFY"), MT_TEXT("VRFY")},         {MT_TEXT("EXPN"), MT_TEXT("EXPN")},
    {MT_TEXT("ETRN"), MT_TEXT("ETRN")},         {MT_TEXT("RSET"), MT_TEXT("RSET")},
    {MT_TEXT("NOOP"), MT_TEXT("NOOP")},         {MT_TEXT("QUIT"), MT_TEXT("QUIT")},
    {MT_TEXT("HELP"), MT_TEXT("HELP")},         {MT_TEXT("XCLIENT"), MT_TEXT("XCLIENT")},
    {MT_TEXT("XFORWARD"), MT_TEXT("XFORWARD")},
};

void mt_postfix_stage(struct mt_record *rec, struct mt_slice command)
{
    for (size_t i = 0; i < sizeof stages / sizeof *stages; i++) {
        if (mt_slice_eq(command, stages[i].command)) {
            mt_set(&rec->f, MT_F_STAGE, stages[i].stage);
            return;
        }
    }
}

/* mail_queue.h. Short: five or more digits of microseconds and an inode number, in
 * upper-case hexadecimal. Long: six or more digits of seconds, four of microseconds,
 * 'z', an inode number without 'z'; so its last 'z' stands at 10 or later.
 */
size_t mt_postfix_any_queue_id(struct mt_slice s)
{
    const char *p, *end, *last_z = s.p;

    if (s.n < 6) {
        return 0;
    }
    end = s.p + s.n;
    for (p = s.p; p < end && is_of(*p, HEX); p++) {
    }
    if (p - s.p >= 6 && (p == end || !mt_is_alnum(*p))) {
        return (size_t)(p - s.p);
    }
    for (p = s.p; p < end && is_of(*p, SAFE); p++) {
        if (*p == 'z') {
            last_z = p;
        }
    }
    return last_z - s.p >= 10 && p > last_z + 1 && (p == end || !mt_is_alnum(*p)) ? (size_t)(p - s.p) : 0;
}
