/* Who stands behind "from" and "by": the word itself, and the comment after it.
 *
 *     from HELO (NAME [IP])                 Postfix, Sendmail, OpenSMTPD, Courier, Gmail
 *     from HELO (user@NAME [IP] (may be forged))
 *     from HELO ([IP])                      Sendmail without a name, Gmail
 *     from HELO (IP)                        Exchange
 *     from NAME ([IP]:port helo=HELO)       Exim
 *     from [IP] (port=25 helo=HELO)         Exim, without a name
 *     from NAME (HELO HELO) (user@IP)       qmail
 *     from NAME (IP)                        qmail, when HELO is the name
 *     from NAME [IP]                        fetchmail
 */
#include "text.h"

#include <arpa/inet.h>

/* Longer is no address literal, its brackets and a scope included. */
#define LITERAL 96

bool mt_hop_ip(struct mt_slice text, struct mt_slice *ip)
{
    struct mt_slice s = text;
    const char *scope;
    char buf[INET6_ADDRSTRLEN];
    unsigned char address[16];
    size_t n;

    if (s.n > 1 && *s.p == '[' && s.p[s.n - 1] == ']') {
        s = mt_slice(s.p + 1, s.n - 2);
    }
    if (mt_starts_folded(s, MT_LIT("ipv6:"))) {
        s = mt_slice_skip(s, 5);
    }
    scope = mt_find(s, '%');
    n = scope ? (size_t)(scope - s.p) : s.n;
    if (!n || n >= sizeof buf || s.n - n > 32) {
        return false;
    }
    memcpy(buf, s.p, n);
    buf[n] = '\0';
    if (inet_pton(memchr(buf, ':', n) ? AF_INET6 : AF_INET, buf, address) != 1) {
        return false;
    }
    *ip = s;
    return true;
}

struct mt_slice mt_host_name(struct mt_slice s)
{
    if (s.n > 1 && s.p[s.n - 1] == '.') {
        s.n--;
    }
    return mt_eq_folded(s, MT_LIT("unknown")) ? mt_slice(NULL, 0) : s;
}

/* The next word, cut at blanks of any kind. */
static bool take_word(struct mt_slice *at, struct mt_slice *word)
{
    size_t n = 0;

    *at = mt_trim(*at);
    while (n < at->n && !mt_is_blank(at->p[n])) {
        n++;
    }
    *word = mt_slice(at->p, n);
    *at = mt_slice_skip(*at, n);
    return n != 0;
}

/* The last [address] of s: *before and *after are what stands around it. */
static bool find_literal(struct mt_slice s, struct mt_slice *ip, struct mt_slice *before, struct mt_slice *after)
{
    struct mt_slice rest = s;

    while (rest.n) {
        const char *open = memrchr(rest.p, '[', rest.n);
        size_t left = open ? (size_t)(s.p + s.n - open) : 0;
        const char *close = mt_find(mt_slice(open, left < LITERAL ? left : LITERAL), ']');
        if (close && mt_hop_ip(mt_slice_to(open, close + 1), ip)) {
            *before = mt_trim(mt_slice_to(s.p, open));
            *after = mt_trim(mt_slice_to(close + 1, s.p + s.n));
            return true;
        }
        rest.n = open ? (size_t)(open - rest.p) : 0;
    }
    return false;
}

/* Exim's "helo=" among other settings. */
static bool find_setting(struct mt_slice s, struct mt_slice name, struct mt_slice *value)
{
    struct mt_slice word;

    while (take_word(&s, &word)) {
        if (mt_eat(&word, name)) {
            *value = word;
            return true;
        }
    }
    return false;
}

/* "IDENT:user@name": what follows the @. */
static struct mt_slice without_user(struct mt_slice s)
{
    const char *at = s.n ? memrchr(s.p, '@', s.n) : NULL;

    return at ? mt_slice_to(at + 1, s.p + s.n) : s;
}

static void add_comment(struct mt_hop *hop, struct mt_slice s)
{
    if (hop->ncomments < MT_HOP_COMMENTS) {
        hop->comments[hop->ncomments++] = s;
    } else {
        hop->notes |= MT_HOP_MORE;
    }
}

/* "(may be forged)" within the comment. Other additions, such as a port, are not kept. */
static void keep_addition(struct mt_hop *hop, struct mt_slice after)
{
    const char *open = mt_find(after, '(');
    struct mt_slice s = open ? mt_slice_to(open, after.p + after.n) : after;
    size_t n = open ? mt_comment_length(s) : 0;

    if (n > 2) {
        add_comment(hop, mt_slice(s.p + 1, n - 2));
    }
}

/* NAME [IP]..., perhaps with a user before the name */
static bool read_literal_form(struct mt_hop *hop, struct mt_from *from, struct mt_slice comment)
{
    struct mt_slice ip, before, after, word, name = {NULL, 0};

    if (!find_literal(comment, &ip, &before, &after)) {
        return false;
    }
    if (find_setting(comment, MT_LIT("helo="), &hop->helo)) {
        from->explicit_helo = true;
        if (!before.n && *comment.p == '[') {
            hop->ip = ip;
        }
        /* port=25 helo=[192.0.2.1]: what looks like the address is the client's word */
        return true;
    }
    while (take_word(&before, &word)) {
        name = word;
    }
    hop->ip = ip;
    hop->name = mt_host_name(without_user(name));
    keep_addition(hop, after);
    return true;
}

/* A single word that can be a host's name: (localhost), (mail.example.com). */
static bool is_name(const struct mt_from *from, struct mt_slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (!mt_is_alnum(s.p[i]) && s.p[i] != '.' && s.p[i] != '-' && s.p[i] != '_') {
            return false;
        }
    }
    return s.n && (mt_find(s, '.') || mt_eq_folded(s, MT_LIT("localhost")) || mt_slice_eq(s, from->value));
}

bool mt_from_comment(struct mt_hop *hop, struct mt_from *from, struct mt_slice comment)
{
    struct mt_slice s = mt_trim(comment), ip;

    if (mt_starts_folded(s, MT_LIT("helo ")) || mt_starts_folded(s, MT_LIT("ehlo "))) {
        from->explicit_helo = true;
        hop->helo = mt_trim(mt_slice_skip(s, 5));
        return true;
    }
    if (hop->ip.n || !s.n) {
        return false;
    }
    if (mt_hop_ip(without_user(s), &ip)) {
        hop->ip = ip;
        from->plain_ip = *s.p != '[';
        return true;
    }
    if (read_literal_form(hop, from, s)) {
        return true;
    }
    if (!from->explicit_helo && find_setting(s, MT_LIT("helo="), &hop->helo)) {
        from->explicit_helo = true;
        return true;
    }
    if (!hop->name.n && is_name(from, s)) {
        hop->name = mt_host_name(s);
        return true;
    }
    return false;
}

bool mt_by_comment(struct mt_hop *hop, struct mt_slice comment)
{
    struct mt_slice before, after, ip;

    if (hop->by_ip.n) {
        return false;
    }
    if (mt_hop_ip(mt_trim(comment), &ip)) {
        hop->by_ip = ip;
        return true;
    }
    if (find_literal(comment, &ip, &before, &after) && !after.n && !memchr(before.p, ' ', before.n)) {
        hop->by_ip = ip;
    }
    return false;
}

void mt_from_finish(struct mt_hop *hop, const struct mt_from *from, bool exim)
{
    struct mt_slice ip;

    /* qmail writes no id; Exchange does */
    if (!from->explicit_helo && !from->is_name && !exim && !(from->plain_ip && !hop->id.n)) {
        hop->helo = mt_host_name(from->value);
        return;
    }
    if (mt_hop_ip(from->value, &ip)) {
        hop->ip = hop->ip.n ? hop->ip : ip;
    } else {
        hop->name = mt_host_name(from->value);
    }
}
