/* amavisd-new (2.10 to 2.13) and amavis: its main line about a mail ($log_short_templ, the default).
 *
 *     (01213-01) Passed CLEAN {RelayedInbound}, [192.0.2.1]:3328 [192.0.2.9] <s@b> -> <r@c>,<r@d>, quarantine: C/x, Queue-ID: 1BBD3B7,
 *     Message-ID: <m@b>, Resent-Message-ID: <n@b>, mail_id: gpmDXV7ld-cK, Hits: 1.2, size: 755, pt: 5, queued_as: 7C740B7/7C740B8,
 *     dkim_sd=sel:b.test, dkim_new=sel:c.test, 345 ms
 *
 * (Amavis.pm, behind __DATA__; Amavis/Log.pm, write_log.) It is one line in the log; longer ones are cut into pieces, each but the last with
 * "..." at its end, each but the first with it at its beginning. "(!)" or "(!!)" may stand behind the number.
 *
 * Strangers' words are: the names in "BANNED (...)", the addresses, which are quoted where they have to be (RFC 5321; each backslash
 * is doubled), and the two Message-IDs. What follows the last "mail_id: " that fits is true. Where "{...}," and what has to follow it
 * are found in more than one place, nothing is.
 *
 * The ID of a verdict is the mail_id, by which a mail in quarantine is asked for. The entry is that of Queue-ID. Without it, it is the one that was handed back as queued_as; and of mail that was blocked, the one whose
 * delivery was answered with amavis' number.
 *
 * Thread rules: no state.
 */
#include "filter.h"

#define BY       MT_LIT("amavis")
#define CUT      MT_LIT("...")
#define CUT_FROM 900 /* bytes of a piece, at least: $logline_maxlen is 980 */

static bool is_word(char c)
{
    return mt_is_alnum(c) || c == '_' || c == '-';
}

static bool take_id(struct mt_slice *at, struct mt_slice *id)
{
    size_t n = 0;

    while (n < at->n && is_word(at->p[n])) {
        n++;
    }
    *id = mt_slice(at->p, n);
    *at = mt_slice_skip(*at, n);
    return n != 0;
}

/* --- what stands behind "mail_id: " --- */

struct tail {
    int64_t score;
    bool score_known;
    struct mt_slice mail_id, queued_as, valid, signed_;
    bool is_reply; /* queued_as is what a server said */
};

/* "-", "1.2", "-0.5..7.1": the larger */
static bool take_hits(struct mt_slice *at, struct tail *tail)
{
    int64_t other;

    if (mt_filter_take_number(at, &tail->score)) {
        tail->score_known = true;
        if (MT_EAT(at, "..")) {
            if (!mt_filter_take_number(at, &other)) {
                return false;
            }
            tail->score = other > tail->score ? other : tail->score;
        }
        return true;
    }
    return MT_EAT(at, "-");
}

/* sel:b.test,sel:c.test */
static struct mt_slice take_list(struct mt_slice *at)
{
    size_t n = 0;

    while (n < at->n && (is_word(at->p[n]) || at->p[n] == '.' || at->p[n] == ':' ||
                         (at->p[n] == ',' && n + 1 < at->n && at->p[n + 1] != ' '))) {
        n++;
    }
    *at = mt_slice_skip(*at, n);
    return mt_slice(at->p - n, n);
}

/* What is left is ", N ms", perhaps behind signatures. */
static bool take_end(struct mt_slice at, struct tail *tail)
{
    int64_t ms;

    tail->valid = MT_EAT(&at, ", dkim_sd=") ? take_list(&at) : mt_slice(NULL, 0);
    tail->signed_ = MT_EAT(&at, ", dkim_new=") ? take_list(&at) : mt_slice(NULL, 0);
    return MT_EAT(&at, ", ") && mt_take_int(&at, &ms) && mt_slice_eq(at, MT_LIT(" ms"));
}

/* 7C740B7/7C740B8, or the reply of a server that has not queued it: up to where the end fits */
static bool take_queued_as(struct mt_slice at, struct tail *tail)
{
    const char *start = at.p;
    size_t n = 0;

    while (n < at.n && (mt_is_alnum(at.p[n]) || at.p[n] == '/')) {
        n++;
    }
    tail->queued_as = mt_slice(at.p, n);
    if (take_end(mt_slice_skip(at, n), tail)) {
        return true;
    }
    tail->is_reply = true;
    while (at.n) {
        const char *comma = mt_find(at, ',');
        if (!comma) {
            return false;
        }
        at = mt_slice_to(comma, at.p + at.n);
        if (take_end(at, tail)) {
            tail->queued_as = mt_slice_to(start, comma);
            return true;
        }
        at = mt_slice_skip(at, 1);
    }
    return false;
}

/* gpmDXV7ld-cK, Hits: 1.2, size: 755, ... */
static bool read_tail(struct mt_slice at, struct tail *tail)
{
    struct mt_slice id;
    int64_t size;

    *tail = (struct tail){0};
    if (!take_id(&at, &tail->mail_id) || !MT_EAT(&at, ", Hits: ") || !take_hits(&at, tail) ||
        !MT_EAT(&at, ", size: ") || !mt_take_int(&at, &size)) {
        return false;
    }
    if (MT_EAT(&at, ", pt: ") && !take_id(&at, &id)) {
        return false;
    }
    return MT_EAT(&at, ", queued_as: ") ? take_queued_as(at, tail) : take_end(at, tail);
}

/* The last "mail_id: " that fits; NULL: none, or it cannot be told. */
static const char *find_tail(struct mt_slice s, struct tail *tail)
{
    static const struct mt_slice begin = MT_TEXT(", mail_id: ");
    const char *p = mt_find_last(s, begin);

    if (!p || !read_tail(mt_slice_to(p + begin.n, s.p + s.n), tail) ||
        (tail->is_reply && mt_find_text(mt_slice_to(s.p, p), begin))) {
        return NULL;
    }
    return p;
}

/* --- what stands before it --- */

struct head {
    struct mt_slice quarantine, queue_id;
};

/* <s@b>, <"odd > one"@b>: in quotes, a backslash, which is doubled, takes the next character with it */
static bool take_address(struct mt_slice *at)
{
    struct mt_slice s = *at;
    bool quoted = false;
    size_t n = 0;

    if (!MT_EAT(&s, "<")) {
        return false;
    }
    for (; n < s.n && (quoted || s.p[n] != '>'); n++) {
        if (s.p[n] == '\\' && n + 1 < s.n && s.p[n + 1] == '\\') {
            n += n + 3 < s.n && s.p[n + 2] == '\\' ? 3 : 2;
        } else if (s.p[n] == '"') {
            quoted = !quoted;
        }
    }
    if (n >= s.n) {
        return false;
    }
    *at = mt_slice_skip(s, n + 1);
    return true;
}

/* " [192.0.2.1]:3328", and of a trace without the port */
static bool take_client(struct mt_slice *at)
{
    struct mt_slice s = *at, ip;
    int64_t port;

    if (!MT_EAT(&s, " [") || !mt_take_to(&s, MT_LIT("]"), &ip) || mt_find(ip, ' ')) {
        return false;
    }
    if (MT_EAT(&s, ":") && !mt_take_int(&s, &port)) {
        return false;
    }
    *at = s;
    return true;
}

/* " PROXY/MYNETS LOCAL" */
static void take_bank(struct mt_slice *at)
{
    struct mt_slice s = *at, word;

    if (s.n > 1 && *s.p == ' ' && is_word(s.p[1])) {
        s = mt_slice_skip(s, 1);
        if (mt_take_word(&s, &word)) {
            *at = mt_slice(s.p - 1, s.n + 1);
        }
    }
}

/* {Relayed,..}, BANK [client] [trace] <s> -> <r>,<r>, quarantine: X, Queue-ID: Q; s ends where "mail_id: " begins */
static bool read_head(struct mt_slice s, struct head *head)
{
    size_t n = 0;

    *head = (struct head){0};
    while (n < s.n && (is_word(s.p[n]) || s.p[n] == ',')) {
        n++;
    }
    s = mt_slice_skip(s, n);
    if (!MT_EAT(&s, "},")) {
        return false;
    }
    take_bank(&s);
    take_bank(&s);
    if (take_client(&s)) {
        take_client(&s);
    }
    if (!MT_EAT(&s, " ") || !take_address(&s) || !MT_EAT(&s, " -> ") || !take_address(&s)) {
        return false;
    }
    while (mt_slice_starts(s, MT_LIT(",<"))) {
        s = mt_slice_skip(s, 1);
        if (!take_address(&s)) {
            return false;
        }
    }
    if (MT_EAT(&s, ", quarantine: ")) {
        const char *comma = mt_find(s, ',');
        head->quarantine = comma ? mt_slice_to(s.p, comma) : s;
        s = mt_slice_skip(s, head->quarantine.n);
    }
    if (MT_EAT(&s, ", Queue-ID: ")) {
        take_id(&s, &head->queue_id);
    }
    return !s.n || mt_slice_starts(s, MT_LIT(", Message-ID: ")) || mt_slice_starts(s, MT_LIT(", Resent-Message-ID: "));
}

/* Behind names that a stranger may have given. False: not in one place, and in no other. */
static bool find_head(struct mt_slice s, struct head *head, struct mt_slice *names)
{
    static const struct mt_slice begin = MT_TEXT(") {");
    const char *start = s.p, *p;
    struct head one;
    unsigned n = 0;

    while ((p = mt_find_text(s, begin))) {
        s = mt_slice_to(p + begin.n, s.p + s.n);
        if (read_head(s, &one)) {
            *head = one;
            *names = mt_slice_to(start, p);
            n++;
        }
    }
    return n == 1;
}

/* --- the line --- */

static void add_viruses(struct mt_line_verdicts *verdicts, struct mt_slice names)
{
    while (names.n) {
        const char *end = mt_find_text(names, MT_LIT(", "));
        struct mt_slice name = end ? mt_slice_to(names.p, end) : names;
        struct mt_filter_verdict *v = name.n ? mt_verdict_add(verdicts, MT_VERDICT_VIRUS, BY) : NULL;
        if (v) {
            v->name = name;
        }
        names = mt_slice_skip(names, end ? name.n + 2 : name.n);
    }
}

static void add_signatures(struct mt_line_verdicts *verdicts, struct mt_slice list, struct mt_slice result)
{
    while (list.n) {
        const char *comma = mt_find(list, ',');
        struct mt_slice domain = comma ? mt_slice_to(list.p, comma) : list, selector;
        struct mt_filter_verdict *v;

        list = mt_slice_skip(list, comma ? domain.n + 1 : domain.n);
        if (mt_take_to(&domain, MT_LIT(":"), &selector) && (v = mt_verdict_add(verdicts, MT_VERDICT_DKIM, BY))) {
            v->domain = domain;
            v->selector = selector;
            v->result = result;
        }
    }
}

/* Which entry it is. */
static void name_entry(struct mt_record *rec, const struct head *head, const struct tail *tail, struct mt_slice id)
{
    const char *slash = mt_find(tail->queued_as, '/');

    if (head->queue_id.n) {
        mt_set(&rec->f, MT_F_QUEUE_ID, head->queue_id);
    } else if (tail->queued_as.n && !tail->is_reply) {
        rec->alias.text = slash ? mt_slice_to(tail->queued_as.p, slash) : tail->queued_as;
        rec->alias.space = MT_SPACE_NEXT;
    } else {
        rec->alias = (struct mt_alias_name){id, MT_SPACE_FILTER};
    }
}

/* "CLEAN {", "BANNED (x,y) {": up to the brace. */
static bool read_category(struct mt_slice s, struct mt_slice *category, struct mt_slice *names, struct head *head)
{
    *names = mt_slice(NULL, 0);
    if (!take_id(&s, category)) {
        return false;
    }
    return MT_EAT(&s, " (") ? find_head(s, head, names) : MT_EAT(&s, " {") && read_head(s, head);
}

/* CLEAN {RelayedInbound}, ... */
static bool read_mail(struct mt_record *rec, struct mt_slice id, struct mt_slice action, struct mt_slice rest)
{
    struct mt_slice category, names;
    struct head head;
    struct tail tail;
    const char *end = find_tail(rest, &tail);
    struct mt_filter_verdict *v;

    rec->kind = MT_KIND_FILTER;
    if (!end || !read_category(mt_slice_to(rest.p, end), &category, &names, &head)) {
        rec->verdicts.unsure++;
        return true;
    }
    name_entry(rec, &head, &tail, id);
    v = mt_verdict_add(&rec->verdicts, MT_VERDICT_SPAM, BY);
    if (v) {
        v->id = tail.mail_id;
        v->action = action;
        v->category = category;
        v->score = tail.score;
        v->score_known = tail.score_known;
        v->quarantine = head.quarantine;
    }
    if (mt_slice_eq(category, MT_LIT("INFECTED"))) {
        add_viruses(&rec->verdicts, names);
    }
    add_signatures(&rec->verdicts, tail.valid, MT_LIT("pass"));
    add_signatures(&rec->verdicts, tail.signed_, MT_LIT("signed"));
    return true;
}

/* A piece of a line; `rest` stands behind the number, which is the key. */
static bool read_piece(struct mt_record *rec, struct mt_slice key, struct mt_slice rest)
{
    const struct mt_slice text = rec->line.text;
    bool first = !mt_eat(&rest, CUT), last = !mt_slice_ends(rest, CUT);

    if (first && (last || text.n < CUT_FROM)) {
        return false;
    }
    rest = first ? text : rest;
    rest.n -= last ? 0 : CUT.n;
    rec->kind = MT_KIND_PART;
    rec->piece = (struct mt_piece){.key = key, .text = rest, .number = first, .last = last};
    return true;
}

/* "(01213-01-2) " */
static bool take_number(struct mt_slice *at, struct mt_slice *id)
{
    return MT_EAT(at, "(") && take_id(at, id) && MT_EAT(at, ") ");
}

static bool read_line(struct mt_record *rec)
{
    struct mt_slice at = rec->line.text, id;

    if (!take_number(&at, &id)) {
        return false;
    }
    if (MT_EAT(&at, "(!") && !MT_EAT(&at, ")") && !MT_EAT(&at, "!)")) {
        return false;
    }
    if (read_piece(rec, id, at)) {
        return true;
    }
    return MT_EAT(&at, "Passed ")    ? read_mail(rec, id, MT_LIT("passed"), at)
           : MT_EAT(&at, "Blocked ") ? read_mail(rec, id, MT_LIT("blocked"), at)
                                     : false;
}

MT_FILTER_SOURCE(amavis, "amavis", read_line);
