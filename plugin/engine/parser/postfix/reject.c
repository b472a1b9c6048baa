/* Mail that smtpd(8), cleanup(8) or postscreen(8) refuse or treat apart, and what
 * header_checks and body_checks log. See postfix.h.
 *
 *     NOQUEUE: reject: RCPT from NAME[IP]: 550 5.1.1 <b@c>: TEXT; from=<a@b> to=<b@c> proto=ESMTP helo=<h>
 *
 * TEXT holds addresses without their quotes, names out of the DNS, words of policy servers: it
 * can look like the tail. In the tail the addresses are quoted (smtpd_whatsup() in
 * smtpd.c, log_whatsup() in smtpd_check.c, cleanup_act_log() in cleanup_message.c) and
 * the HELO name has no blank, bracket, quote or semicolon left (NEUTER_CHARACTERS). So no ';'
 * inside the true tail is followed by a second complete tail: a tail that began inside a
 * quoted address would need that address' closing quote without an opening one. The last ';'
 * from which a complete tail reaches to the end of the line is the true one; but for an address
 * that was taken for a source route (see postfix_scan.c), which can hold one.
 *
 * Before 3.5, and with info_log_address_format = internal, addresses stand without quotes: see read_plain_tail().
 */
#include "parser/reply.h"
#include "postfix.h"

struct tail {
    struct mt_slice from, to, proto, helo, user, note;
    bool has_from;
};

/* A candidate can be long and the candidates many; a true tail has few ';' in it. */
#define CANDIDATES 256

static void take_atom(struct mt_slice *at, struct mt_slice *atom)
{
    size_t i = 0;

    while (i < at->n && (mt_is_alnum(at->p[i]) || at->p[i] == '-' || at->p[i] == '_')) {
        i++;
    }
    *atom = mt_slice(at->p, i);
    *at = mt_slice_skip(*at, i);
}

/* " sasl_username=<U>" (smtpd.c), " sasl_method=M sasl_username=U sasl_sender=S"
 * (smtpd_check.c, since 3.10): to the end of the line.
 */
static bool take_user(struct mt_slice *at, struct tail *t)
{
    struct mt_slice method;
    const char *sender;

    if (MT_EAT(at, " sasl_method=")) {
        take_atom(at, &method);
    }
    if (!MT_EAT(at, " sasl_username=")) {
        return true;
    }
    t->user = *at;
    *at = mt_slice_skip(*at, at->n);
    if (t->user.n > 1 && *t->user.p == '<' && mt_slice_ends(t->user, MT_LIT(">"))) {
        t->user = mt_slice(t->user.p + 1, t->user.n - 2);
        return true;
    }
    sender = mt_find_last(t->user, MT_LIT(" sasl_sender="));
    if (sender) {
        t->user = mt_slice_to(t->user.p, sender);
    }
    return t->user.n != 0;
}

/* What may stand behind helo=<>, up to the end of the line. */
enum rest {
    USER, /* " sasl_username=U": smtpd(8) */
    NONE,
    NOTE, /* ": TEXT", the administrator's words: cleanup_message.c */
};

/* From behind a ';' to the end of the line. */
static bool read_tail(struct mt_slice at, enum rest rest, struct tail *t)
{
    size_t n = at.n;

    memset(t, 0, sizeof *t);
    t->has_from = MT_EAT(&at, " from=<");
    if (t->has_from && !mt_postfix_address(&at, &t->from)) {
        return false;
    }
    if (MT_EAT(&at, " to=<") && !mt_postfix_address(&at, &t->to)) {
        return false;
    }
    if (MT_EAT(&at, " proto=")) {
        take_atom(&at, &t->proto);
    }
    if (MT_EAT(&at, " helo=<") && !mt_postfix_helo(&at, &t->helo)) {
        return false;
    }
    if ((rest == USER && t->proto.n && !take_user(&at, t)) || at.n == n) {
        return false;
    }
    if (rest == NOTE && MT_EAT(&at, ": ")) {
        t->note = at;
        return at.n != 0;
    }
    return !at.n;
}

static bool begins_tail(struct mt_slice s)
{
    return mt_slice_starts(s, MT_LIT(" from=<")) || mt_slice_starts(s, MT_LIT(" to=<")) ||
           mt_slice_starts(s, MT_LIT(" proto=")) || mt_slice_starts(s, MT_LIT(" helo=<"));
}

static bool is_in_route(const char *p, struct mt_slice address)
{
    return address.n && *address.p == '@' && address.p < p && p < address.p + address.n;
}

/* The end of an address, or a second tail: what stands there is no user's name and no words of an
 * administrator, but the rest of a line in which somebody began a tail in a quoted address, or in a header.
 */
static bool is_rest(struct mt_slice s)
{
    const char *quote, *bracket, *end;

    if (!s.n) {
        return false;
    }
    quote = mt_find(s, '"');
    bracket = mt_find(s, ']');
    end = memrchr(s.p, '>', s.n);
    return (end && ((quote && quote < end) || (bracket && bracket < end))) || mt_find_text(s, MT_LIT("; from=<")) ||
           mt_find_text(s, MT_LIT("> proto="));
}

static bool is_doubtful(const struct tail *t)
{
    return is_rest(t->note) || is_rest(t->user);
}

/* The last ';' from which a complete tail reaches to the end, or NULL. */
static const char *last_tail(struct mt_slice text, enum rest rest, struct tail *found)
{
    struct mt_slice s = text;
    const char *at = NULL, *p;
    struct tail t;

    for (int i = 0; i < CANDIDATES && s.n && (p = memrchr(s.p, ';', s.n));) {
        struct mt_slice tail = mt_slice_to(p + 1, text.p + text.n);
        s.n = (size_t)(p - s.p);
        if (!begins_tail(tail)) {
            continue;
        }
        i++;
        if (!read_tail(tail, rest, &t)) {
            continue;
        }
        if (!at || is_in_route(at, t.from) || is_in_route(at, t.to) || (is_doubtful(found) && !is_doubtful(&t))) {
            *found = t;
            at = p;
        }
        if (!is_doubtful(found) && !mt_find_text(s, MT_LIT("=<@"))) {
            break;
        }
    }
    return at;
}

/* The place of what stands once in s, or NULL. */
static const char *find_only(struct mt_slice s, struct mt_slice wanted)
{
    const char *p = mt_find_text(s, wanted);

    return p && p == mt_find_last(s, wanted) ? p : NULL;
}

/* helo=<H>, to the end of the line or of what may follow. Releases that do not neuter a HELO name log '>' in it: such a name ends
 * where the line does.
 */
static bool take_last_helo(struct mt_slice at, enum rest rest, struct tail *t)
{
    struct mt_slice after = at;

    if (mt_postfix_helo(&after, &t->helo)) {
        if (!after.n || (rest == USER && mt_slice_starts(after, MT_LIT(" sasl_")) && take_user(&after, t))) {
            return true;
        }
        if (rest == NOTE && MT_EAT(&after, ": ") && after.n) {
            t->note = after;
            return true;
        }
    }
    t->user = t->note = mt_slice(NULL, 0);
    t->helo = mt_slice(at.p, at.n ? at.n - 1 : 0);
    return rest != NOTE && mt_slice_ends(at, MT_LIT(">"));
}

/* Addresses without quotes: "; from=<John Doe@a> to=<<>@b> proto=SMTP helo=<h>". There is no doubt where they end
 * when each of the three marks stands once before the HELO name. Returns the place of the ';', or NULL.
 */
static const char *read_plain_tail(struct mt_slice text, enum rest rest, struct tail *t)
{
    const char *proto = find_only(text, MT_LIT("> proto=")), *from, *to;
    struct mt_slice before, at;

    if (!proto) {
        return NULL;
    }
    before = mt_slice_to(text.p, proto);
    from = find_only(before, MT_LIT("; from=<"));
    to = find_only(before, MT_LIT("> to=<"));
    if (!from || !to || to < from + 8) {
        return NULL;
    }
    memset(t, 0, sizeof *t);
    t->has_from = true;
    t->from = mt_slice_to(from + 8, to);
    t->to = mt_slice_to(to + 6, proto);
    at = mt_slice_to(proto + 8, text.p + text.n);
    take_atom(&at, &t->proto);
    return MT_EAT(&at, " helo=<") ? take_last_helo(at, rest, t) ? from : NULL : at.n ? NULL : from;
}

/* Splits text at the ';' before the true tail. False when the line has none (it may have
 * been cut on its way): then nothing in it can be trusted to be one.
 */
static bool find_tail(const struct mt_record *rec, struct mt_slice text, bool note, struct mt_slice *before,
                      struct tail *t)
{
    const char *p = rec->line.cut ? NULL : last_tail(text, note ? NONE : USER, t);

    if (!p && note && !rec->line.cut) {
        p = last_tail(text, NOTE, t);
    }
    if (!rec->line.cut && (!p || is_doubtful(t))) {
        struct tail plain;
        const char *mark = read_plain_tail(text, note ? NOTE : USER, &plain);
        if (mark) {
            *t = plain;
            p = mark;
        }
    }
    if (p) {
        *before = mt_slice_to(text.p, p);
    }
    return p != NULL;
}

static void set_tail(struct mt_record *rec, const struct tail *t)
{
    if (t->has_from) {
        mt_set_empty(&rec->f, MT_F_FROM, t->from);
    }
    mt_set(&rec->f, MT_F_TO, mt_known(t->to)); /* cleanup_message.c, of a MIME error before any recipient */
    mt_set(&rec->f, MT_F_CLIENT_PROTOCOL, t->proto);
    mt_set(&rec->f, MT_F_CLIENT_HELO, t->helo);
    mt_set(&rec->f, MT_F_CLIENT_USER, t->user);
}

/* "a@b>, to=<c@d>, proto=": quoted, or each mark once. */
static bool take_screen_addresses(struct mt_slice *at, struct tail *t)
{
    struct mt_slice s = *at;
    const char *proto, *to;

    if (mt_postfix_address(&s, &t->from) && MT_EAT(&s, ", to=<") && mt_postfix_address(&s, &t->to) &&
        MT_EAT(&s, ", proto=")) {
        *at = s;
        return true;
    }
    proto = find_only(*at, MT_LIT(">, proto="));
    to = proto ? find_only(mt_slice_to(at->p, proto), MT_LIT(">, to=<")) : NULL;
    if (!to || mt_find_text(mt_slice_to(at->p, proto), MT_LIT("; from=<"))) {
        return false;
    }
    t->from = mt_slice_to(at->p, to);
    t->to = mt_slice_to(to + 7, proto);
    *at = mt_slice_to(proto + 9, at->p + at->n);
    return true;
}

/* postscreen_smtpd.c: commas between the fields, and a HELO name that is as the client sent it,
 * so that it is the first complete tail that is true. Before it stands postscreen's own text.
 */
static bool read_screen_tail(struct mt_slice text, struct mt_slice *before, struct tail *t)
{
    struct mt_slice at = text;

    memset(t, 0, sizeof *t);
    if (!mt_take_to(&at, MT_LIT("; from=<"), before) || !take_screen_addresses(&at, t)) {
        return false;
    }
    t->has_from = true;
    take_atom(&at, &t->proto);
    if (!MT_EAT(&at, ", helo=<") || !mt_slice_ends(at, MT_LIT(">"))) {
        return false;
    }
    t->helo = mt_slice(at.p, at.n - 1);
    return true;
}

/* RCPT from NAME[IP]: TEXT; from=... The name of a client is not empty but with postscreen. */
static bool read_client_reject(struct mt_record *rec, struct mt_slice at)
{
    struct mt_slice command, before;
    struct tail t;
    bool screen, found;

    if (!mt_take_to(&at, MT_LIT(" from "), &command)) {
        return false;
    }
    screen = mt_slice_starts(at, MT_LIT("["));
    if (!mt_postfix_client(&at, rec) || !MT_EAT(&at, ": ")) {
        return false;
    }
    mt_postfix_stage(rec, command);
    if (!mt_has(&rec->f, MT_F_STAGE)) {
        return false;
    }
    found = screen ? read_screen_tail(at, &before, &t) : find_tail(rec, at, false, &before, &t);
    if (found) {
        set_tail(rec, &t);
    }
    mt_reply_set(rec, found ? before : at);
    return true;
}

/* ASCII, whatever the locale. lower is in lower case. */
static bool starts_any_case(struct mt_slice s, struct mt_slice lower)
{
    if (s.n < lower.n) {
        return false;
    }
    for (size_t i = 0; i < lower.n; i++) {
        char c = s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] + 0x20) : s.p[i];
        if (c != lower.p[i]) {
            return false;
        }
    }
    return true;
}

/* "Subject: x" -> SUBJECT "x", "Received: x" -> RECEIVED "x"; any other header, or a line of a body, -> TEXT. */
static void set_content(struct mt_record *rec, struct mt_slice content, bool header)
{
    static const struct {
        struct mt_slice name;
        enum mt_field field;
    } headers[] = {{MT_TEXT("subject:"), MT_F_SUBJECT}, {MT_TEXT("received:"), MT_F_RECEIVED}};

    for (size_t i = 0; header && i < sizeof headers / sizeof *headers; i++) {
        if (starts_any_case(content, headers[i].name)) {
            content = mt_slice_skip(content, headers[i].name.n);
            while (content.n && *content.p == ' ') {
                content = mt_slice_skip(content, 1);
            }
            mt_set(&rec->f, headers[i].field, content);
            return;
        }
    }
    mt_set(&rec->f, MT_F_TEXT, content);
}

/* " from ORIGIN" at the end of s: NAME[IP] or "local", no blank in it (cleanup_act_log()). */
static bool take_origin(struct mt_record *rec, struct mt_slice *s, bool set)
{
    static const struct mt_slice from = MT_TEXT(" from");
    const char *blank = s->n ? memrchr(s->p, ' ', s->n) : NULL;
    struct mt_slice origin, content;

    if (!blank) {
        return false;
    }
    origin = mt_slice_to(blank + 1, s->p + s->n);
    content = mt_slice_to(s->p, blank);
    if (!mt_slice_ends(content, from)) {
        return false;
    }
    content.n -= from.n;
    *s = content;
    if (set) {
        mt_postfix_client(&origin, rec);
    }
    return true;
}

/* smtp(8) logs its own header_checks without a tail: "header CONTENT: TEXT", smtp_proto.c. */
static bool has_no_tail(const struct mt_record *rec)
{
    return mt_slice_eq(rec->service, MT_LIT("smtp")) || mt_slice_eq(rec->service, MT_LIT("lmtp"));
}

/* header CONTENT from ORIGIN; from=<> to=<> proto=ESMTP helo=<>: TEXT
 *
 * A logged header gives nothing but itself, so that a sender's words stay what they are. Where
 * the tail is missing the end of the header is not known, and it is no SUBJECT.
 */
static bool read_check(struct mt_record *rec, bool note, struct mt_slice at)
{
    bool header = MT_EAT(&at, "header "), found;
    struct mt_slice content = at;
    struct tail t;

    if (!header && !MT_EAT(&at, "body ") && !MT_EAT(&at, "content ") && !MT_EAT(&at, "mime-error ")) {
        return false;
    }
    note = note || has_no_tail(rec);
    found = !has_no_tail(rec) && find_tail(rec, at, true, &content, &t) && take_origin(rec, &content, !note);
    if (found && !note) {
        set_tail(rec, &t);
        mt_reply_set(rec, t.note);
    }
    rec->kind = note ? MT_KIND_HEADER : MT_KIND_REJECT;
    if (!note) {
        mt_postfix_stage(rec, MT_LIT("END-OF-MESSAGE"));
    }
    set_content(rec, found ? content : at, header && found);
    return true;
}

/* The word before the colon. */
static void set_action(struct mt_record *rec, const struct mt_form *form)
{
    mt_set(&rec->f, MT_F_ACTION, mt_slice(form->begin.p, form->begin.n - 2));
}

/* reject: RCPT from NAME[IP]: ...; reject: header CONTENT from ...
 *
 * The table has a word for actions that only log a header and change nothing.
 */
bool mt_postfix_reject(struct mt_record *rec, const struct mt_form *form, struct mt_slice text, struct mt_slice at)
{
    (void)text;
    set_action(rec, form);
    if (!read_check(rec, form->word != NULL, at)) {
        rec->kind = form->kind;
        if (!read_client_reject(rec, at)) {
            return false;
        }
    }
    mt_form_refuse(rec, rec->kind == MT_KIND_HEADER ? MT_EFFECT_NONE : form->effect);
    return true;
}

/* proxy-accept: END-OF-MESSAGE: 250 2.0.0 Ok: queued as 4D1F2AAE9B1; from=<> to=<> proto=ESMTP helo=<> */
bool mt_postfix_proxy(struct mt_record *rec, const struct mt_form *form, struct mt_slice text, struct mt_slice at)
{
    struct mt_slice command, before = at, id;
    struct tail t;
    const char *p;

    (void)text;
    if (!mt_take_to(&at, MT_LIT(": "), &command)) {
        return false;
    }
    rec->kind = form->kind;
    set_action(rec, form);
    mt_postfix_stage(rec, command);
    before = at;
    if (find_tail(rec, at, false, &before, &t)) {
        set_tail(rec, &t);
    }
    mt_reply_set(rec, before);
    mt_form_refuse(rec, form->effect);
    p = form->kind == MT_KIND_INFO ? mt_find_last(before, MT_LIT("queued as ")) : NULL;
    if (p) {
        id = mt_slice_to(p + 10, before.p + before.n);
        id.n = mt_postfix_queue_id(id);
        mt_set(&rec->f, MT_F_NEXT_QUEUE_ID, id);
    }
    return mt_has(&rec->f, MT_F_STAGE);
}
