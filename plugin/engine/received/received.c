/* The clauses of a Received: header.
 *
 *     from X by Y via V with P id I for <R>; DATE
 *
 * First the date is cut off, for only its semicolon tells where the clauses end. Then the
 * words are gone through once: a keyword begins a clause, the next word is its value, all
 * further words and all comments that are not understood are comments.
 */
#include "text.h"

/* Semicolons that are tried from the end when the header's structure is broken. */
#define TRIES 64

enum clause { FROM, BY, VIA, WITH, ID, FOR, CLAUSES, NO_CLAUSE = CLAUSES };

static const struct mt_slice keywords[CLAUSES] = {
    [FROM] = {"from", 4}, [BY] = {"by", 2}, [VIA] = {"via", 3},
    [WITH] = {"with", 4}, [ID] = {"id", 2}, [FOR] = {"for", 3},
};

struct reader {
    struct mt_slice at;
    struct mt_hop *hop;
    struct mt_from from;
    enum clause clause;
    bool wanted; /* the clause has no value yet */
    bool seen[CLAUSES];
    bool exim;
    struct mt_slice stray; /* words that belong to nothing */
};

/* ---- the date ---- */

static bool read_date(struct mt_hop *hop, struct mt_slice text, struct mt_slice *after)
{
    bool zoned;

    *after = text;
    hop->timed = mt_mail_date(after, &hop->time, &zoned);
    if (hop->timed && !zoned) {
        hop->notes |= MT_HOP_NO_ZONE;
    }
    return hop->timed;
}

/* The semicolon before the date, outside of comments and quotes. */
static const char *find_semicolon(struct mt_slice s)
{
    const char *last = NULL;
    struct mt_slice text;
    enum mt_token token;
    bool open = false;

    while ((token = mt_token_take(&s, &text, &open)) != MT_TOKEN_END) {
        if (token == MT_TOKEN_SEMICOLON) {
            last = s.p - 1;
        }
    }
    return last;
}

/* What stands behind any semicolon, where an unterminated comment or quote hides the right one. */
static bool find_hidden_date(struct mt_hop *hop, struct mt_slice *s, struct mt_slice *after)
{
    struct mt_slice rest = *s;

    for (int i = 0; i < TRIES; i++) {
        const char *p = rest.n ? memrchr(rest.p, ';', rest.n) : NULL;
        if (!p) {
            return false;
        }
        if (read_date(hop, mt_slice_to(p + 1, s->p + s->n), after)) {
            *s = mt_slice_to(s->p, p);
            return true;
        }
        rest.n = (size_t)(p - rest.p);
    }
    return false;
}

/* Some forget the semicolon. */
static bool find_bare_date(struct mt_hop *hop, struct mt_slice *s, struct mt_slice *after)
{
    struct mt_slice at = *s, text;
    enum mt_token token;
    bool open = false;

    while ((token = mt_token_take(&at, &text, &open)) != MT_TOKEN_END) {
        if (token == MT_TOKEN_WORD && read_date(hop, mt_slice_to(text.p, s->p + s->n), after)) {
            *s = mt_slice_to(s->p, text.p);
            return true;
        }
    }
    return false;
}

/* Cuts the date off the clauses; *after is what follows it. */
static void split_date(struct mt_hop *hop, struct mt_slice *clauses, struct mt_slice *after)
{
    const char *semicolon = find_semicolon(*clauses);
    struct mt_slice whole = *clauses;

    *after = mt_slice(NULL, 0);
    if (semicolon && read_date(hop, mt_slice_to(semicolon + 1, whole.p + whole.n), after)) {
        *clauses = mt_slice_to(whole.p, semicolon);
        return;
    }
    if (find_hidden_date(hop, clauses, after) || find_bare_date(hop, clauses, after)) {
        return;
    }
    *after = mt_slice(NULL, 0);
    hop->notes |=
        semicolon && mt_trim(mt_slice_to(semicolon + 1, whole.p + whole.n)).n ? MT_HOP_BAD_DATE : MT_HOP_NO_DATE;
}

/* ---- the clauses ---- */

static void keep_comment(struct reader *r, struct mt_slice text)
{
    struct mt_hop *hop = r->hop;

    text = mt_trim(text);
    if (!text.n) {
        return;
    }
    r->exim |= mt_starts_folded(text, MT_LIT("exim "));
    /* Postfix; sendmail; both before RFC 3848 as well */
    hop->auth |= mt_starts_folded(text, MT_LIT("authenticated"));
    if (hop->ncomments < MT_HOP_COMMENTS) {
        hop->comments[hop->ncomments++] = text;
    } else {
        hop->notes |= MT_HOP_MORE;
    }
}

/* Words that stand together are one comment. */
static void keep_stray(struct reader *r)
{
    keep_comment(r, r->stray);
    r->stray = mt_slice(NULL, 0);
}

static void add_stray(struct reader *r, struct mt_slice word)
{
    r->stray = r->stray.n ? mt_slice_to(r->stray.p, word.p + word.n) : word;
}

static enum clause clause_of(struct mt_slice word)
{
    for (enum clause i = 0; i < CLAUSES; i++) {
        if (mt_eq_folded(word, keywords[i])) {
            return i;
        }
    }
    return NO_CLAUSE;
}

/* A value that looks like a keyword: HELO by. Told by what follows: the next clause, or a comment. */
static bool is_value(const struct reader *r)
{
    struct mt_slice at = r->at, text;
    bool open = false;

    if (!r->wanted) {
        return false;
    }
    switch (mt_token_take(&at, &text, &open)) {
    case MT_TOKEN_WORD:
        return clause_of(text) != NO_CLAUSE;
    case MT_TOKEN_COMMENT:
        return r->clause == FROM || r->clause == BY;
    default:
        return true;
    }
}

/* "using TLSv1.3 with cipher X" outside of a comment */
static bool is_with_cipher(const struct reader *r, enum clause clause)
{
    struct mt_slice at = r->at, text;
    bool open = false;

    return clause == WITH && mt_token_take(&at, &text, &open) == MT_TOKEN_WORD && mt_eq_folded(text, MT_LIT("cipher"));
}

/* What is in angle brackets, if anything. */
static struct mt_slice without_angles(struct mt_slice s)
{
    return s.n > 1 && *s.p == '<' && s.p[s.n - 1] == '>' ? mt_slice(s.p + 1, s.n - 2) : s;
}

static void set_by(struct mt_hop *hop, struct mt_slice value)
{
    if (!mt_hop_ip(value, &hop->by_ip)) {
        hop->by_name = mt_host_name(value);
    }
}

static void set_value(struct reader *r, struct mt_slice value)
{
    struct mt_hop *hop = r->hop;

    r->wanted = false;
    switch (r->clause) {
    case FROM:
        r->from.value = value;
        break;
    case BY:
        set_by(hop, value);
        break;
    case VIA:
        hop->via = value;
        break;
    case WITH:
        hop->with = value;
        break;
    case ID:
        hop->id = without_angles(value);
        break;
    case FOR:
        hop->recipient = without_angles(value);
        break;
    case NO_CLAUSE:
        break;
    }
}

/* fetchmail: from NAME [IP] */
static bool is_from_literal(struct reader *r, struct mt_slice word)
{
    if (r->clause != FROM || r->hop->ip.n || *word.p != '[' || !mt_hop_ip(word, &r->hop->ip)) {
        return false;
    }
    r->from.is_name = true;
    return true;
}

static void take_word(struct reader *r, struct mt_slice word)
{
    enum clause clause = clause_of(word);

    if (clause != NO_CLAUSE && !is_value(r) && !is_with_cipher(r, clause)) {
        if (!r->seen[clause]) {
            keep_stray(r);
            r->clause = clause;
            r->seen[clause] = r->wanted = true;
            return;
        }
        r->hop->notes |= MT_HOP_TWICE;
        r->clause = NO_CLAUSE;
        r->wanted = false;
    }
    if (r->wanted) {
        set_value(r, word);
    } else if (!is_from_literal(r, word)) {
        add_stray(r, word);
    }
}

static void take_comment(struct reader *r, struct mt_slice text)
{
    keep_stray(r);
    if (r->clause == FROM && mt_from_comment(r->hop, &r->from, text)) {
        return;
    }
    if (r->clause == BY && mt_by_comment(r->hop, text)) {
        return;
    }
    keep_comment(r, text);
}

static void read_clauses(struct reader *r, struct mt_slice clauses)
{
    struct mt_slice text;
    enum mt_token token;
    bool open = false;

    r->at = clauses;
    while ((token = mt_token_take(&r->at, &text, &open)) != MT_TOKEN_END) {
        if (token == MT_TOKEN_WORD) {
            take_word(r, text);
        } else if (token == MT_TOKEN_COMMENT) {
            take_comment(r, text);
        }
    }
    keep_stray(r);
    if (open) {
        r->hop->notes |= MT_HOP_OPEN;
    }
}

/* Behind the date stand comments only (Postfix with RECEIVED_ENVELOPE_FROM), whatever their words. */
static void read_rest(struct reader *r, struct mt_slice rest)
{
    r->clause = NO_CLAUSE;
    for (size_t i = 0; i < CLAUSES; i++) {
        r->seen[i] = true;
    }
    if (rest.n) {
        unsigned notes = r->hop->notes;
        read_clauses(r, rest);
        r->hop->notes = notes | (r->hop->notes & (MT_HOP_OPEN | MT_HOP_MORE));
    }
}

void mt_hop_read(struct mt_slice header, struct mt_hop *hop)
{
    struct reader r = {.hop = hop, .clause = NO_CLAUSE};
    struct mt_slice after;

    memset(hop, 0, sizeof *hop);
    split_date(hop, &header, &after);
    read_clauses(&r, header);
    if (!r.seen[FROM] && !r.seen[BY]) {
        hop->notes |= MT_HOP_NO_CLAUSE;
    }
    read_rest(&r, after);
    mt_from_finish(hop, &r.from, r.exim);
    if (hop->with.n) {
        bool auth = hop->auth;
        hop->protocol = mt_hop_protocol(hop->with, &hop->tls, &hop->auth, &hop->utf8);
        hop->auth |= auth;
    }
    hop->auth_told = hop->protocol || hop->auth;
}

void mt_hop_read_logged(struct mt_slice header, char scratch[MT_HOP_LOGGED], struct mt_hop *hop)
{
    size_t n = 0;

    if (header.n > MT_HOP_LOGGED) {
        mt_hop_read(header, hop);
        return;
    }
    for (size_t i = 0; i < header.n; i++, n++) {
        scratch[n] = header.p[i];
        if (header.p[i] == '?' && i + 1 < header.n && header.p[i + 1] == '?') {
            scratch[n] = ' ';
            i++;
        }
    }
    mt_hop_read(mt_slice(scratch, n), hop);
}

/* A header needs as much of scratch as it has bytes itself, and takes it at its own place. */
size_t mt_hops_read_logged(struct mt_slice headers, char *scratch, struct mt_hop *hops, size_t max)
{
    const char *start = headers.p;
    struct mt_time before;
    bool timed = false;
    size_t n = 0;

    for (; headers.n && n < max; n++) {
        const char *feed = memrchr(start, '\n', headers.n);
        const char *header = feed ? feed + 1 : start;
        mt_hop_read_logged(mt_slice_to(header, start + headers.n), scratch + (header - start), &hops[n]);
        if (timed) {
            mt_hop_follow(&hops[n], &before);
        }
        if (hops[n].timed) {
            before = hops[n].time;
            timed = true;
        }
        headers.n = feed ? (size_t)(feed - start) : 0;
    }
    return n;
}

void mt_hop_follow(struct mt_hop *hop, const struct mt_time *before)
{
    if (hop->timed) {
        hop->delay = hop->time.usec - before->usec;
        hop->delayed = true;
    }
}
