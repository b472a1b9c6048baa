/* Exim: what is refused (src/acl.c, src/smtp_in.c). */
#include "exim.h"

#include "parser/reply.h"

enum { I, U, CI, X, CV, DN, F, A, NFIELDS };

/* What smtp_in.c (host_and_ident, add_tls_info_for_log) and acl.c write behind H=. */
static const struct mt_exim_field fields[NFIELDS] = {
    [I] = MT_EXIM_FIELD("I=", WORD),  [U] = MT_EXIM_FIELD("U=", WORD),   [CI] = MT_EXIM_FIELD("Ci=", WORD),
    [X] = MT_EXIM_FIELD("X=", WORD),  [CV] = MT_EXIM_FIELD("CV=", WORD), [DN] = MT_EXIM_FIELD("DN=", NAME),
    [F] = MT_EXIM_FIELD("F=", ANGLE), [A] = MT_EXIM_FIELD("A=", WORD),
};

struct refusal {
    struct mt_exim_reading reading;
    struct mt_slice values[NFIELDS];
    struct mt_slice action, sender, to, text;
    const char *stage;
};

/* What stands behind WHAT. */
enum argument {
    NOTHING,  /* words of Exim's own */
    ANYTHING, /* what the client sent, or a name */
    RECIPIENT,
    SENDER,
};

/* WHAT was rejected, and the stage. */
static const struct {
    struct mt_slice word;
    const char *stage;
    enum argument argument;
} whats[] = {
    {MT_TEXT("RCPT "), "RCPT", RECIPIENT},
    {MT_TEXT("MAIL "), "MAIL", SENDER},
    {MT_TEXT("EHLO or HELO "), "HELO", ANYTHING},
    {MT_TEXT("connection"), "CONNECT", NOTHING},
    {MT_TEXT("AUTH"), "AUTH", ANYTHING},
    {MT_TEXT("VRFY"), "VRFY", ANYTHING},
    {MT_TEXT("EXPN"), "EXPN", ANYTHING},
    {MT_TEXT("ETRN"), "ETRN", ANYTHING},
    {MT_TEXT("STARTTLS"), "STARTTLS", ANYTHING},
    {MT_TEXT("DATA"), "DATA", NOTHING},
    {MT_TEXT("after DATA"), "END-OF-MESSAGE", NOTHING},
    {MT_TEXT("during MIME ACL checks"), "END-OF-MESSAGE", NOTHING},
    {MT_TEXT("DKIM"), "END-OF-MESSAGE", ANYTHING},
    {MT_TEXT("QUIT"), "QUIT", NOTHING},
};

/* "<b@y>", or what of it 100 bytes hold; then ": TEXT", or nothing. */
static bool read_address(struct mt_slice s, struct mt_slice *address, struct mt_slice *text)
{
    struct mt_slice a;

    if (MT_EAT(&s, "<>")) {
        a = mt_slice(s.p, 0);
    } else if (!MT_EAT(&s, "<") || !mt_exim_address(&s, &a) || !MT_EAT(&s, ">")) {
        return true; /* it was cut, or it is no address: where it ends is not known */
    }
    *address = a;
    if (MT_EAT(&s, ": ")) {
        *text = s;
        return true;
    }
    return !s.n || *s.p == ' ' || *s.p == ':';
}

/* " PLAIN: TEXT"; with a second ": " the first may be the client's. */
static void read_text(struct mt_slice s, enum argument argument, struct mt_slice *text)
{
    struct mt_slice words;

    if (mt_take_to(&s, MT_LIT(": "), &words) && (argument == NOTHING || !mt_find_text(s, MT_LIT(": ")))) {
        *text = s;
    }
}

static bool read_what(struct mt_slice s, struct refusal *r)
{
    r->sender = r->to = r->text = mt_slice(NULL, 0);
    for (size_t i = 0; i < sizeof whats / sizeof *whats; i++) {
        enum argument argument = whats[i].argument;
        if (!mt_eat(&s, whats[i].word)) {
            continue;
        }
        r->stage = whats[i].stage;
        if (argument == RECIPIENT || argument == SENDER) {
            return read_address(s, argument == SENDER ? &r->sender : &r->to, &r->text);
        }
        read_text(s, argument, &r->text);
        return true;
    }
    return false;
}

/* "name [ip] F=<a@x> rejected RCPT <b@y>: TEXT" */
static bool read_acl(struct mt_slice s, size_t helo, struct mt_exim_reading *reading)
{
    struct refusal *r = (struct refusal *)reading;

    if (!mt_exim_host_behind(&s, helo, &reading->host)) {
        return false;
    }
    mt_exim_fields(&s, fields, NFIELDS, r->values, NULL);
    if (MT_EAT(&s, " rejected ")) {
        r->action = MT_LIT("rejected");
    } else if (MT_EAT(&s, " temporarily rejected ")) {
        r->action = MT_LIT("temporarily rejected");
    } else {
        return false;
    }
    return read_what(s, r);
}

static void set_refusal(struct mt_record *rec, const struct refusal *r)
{
    rec->kind = MT_KIND_REJECT;
    mt_exim_client(rec, &r->reading.host);
    if (r->values[X].n) {
        mt_exim_tls(rec, MT_F_CLIENT_TLS_VERSION, r->values[X], r->values[CV]);
    }
    if (r->values[F].p) {
        mt_set_empty(&rec->f, MT_F_FROM, r->values[F]);
    } else if (r->sender.p) {
        mt_set_empty(&rec->f, MT_F_FROM, r->sender);
    }
    if (r->values[A].n) {
        mt_exim_login(rec, r->values[A]);
    }
    mt_set(&rec->f, MT_F_TO, r->to);
    mt_set(&rec->f, MT_F_ACTION, r->action);
    mt_set(&rec->f, MT_F_STAGE, mt_slice_str(r->stage));
    mt_reply_set(rec, r->text);
    mt_form_refuse(rec, MT_EFFECT_REFUSES_RECIPIENT);
}

/* "name [ip] Warning: TEXT": an ACL's verb "warn" */
static bool read_warning(struct mt_slice s, size_t helo, struct mt_exim_reading *reading)
{
    struct refusal *r = (struct refusal *)reading;

    if (!mt_exim_host_behind(&s, helo, &reading->host)) {
        return false;
    }
    mt_exim_fields(&s, fields, NFIELDS, r->values, NULL);
    r->text = s;
    return MT_EAT(&r->text, " Warning: ");
}

/* No refusal, but perhaps a verdict; where the HELO name can end in several places, it may have written that. */
static bool read_note(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    struct refusal r = {.stage = NULL}, spare = {.stage = NULL};
    enum mt_exim_readings n = mt_exim_read_host(s, read_warning, &r.reading, &spare.reading, sizeof r);

    if (n == MT_EXIM_ONE) {
        return mt_exim_warning(rec, form, all, r.text);
    }
    mt_form_plain(rec, form, all, s);
    if (n == MT_EXIM_MANY && mt_find_text(s, MT_LIT(" Warning: \"SpamAssassin as "))) {
        rec->kind = MT_KIND_FILTER;
        rec->verdicts.unsure++;
    }
    return true;
}

/* H=name (helo) [192.0.2.1] F=<a@x> rejected RCPT <b@y>: Unknown user; with other words it is a note */
bool mt_exim_acl(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    struct refusal r = {.stage = NULL}, spare = {.stage = NULL};

    switch (mt_exim_read_host(s, read_acl, &r.reading, &spare.reading, sizeof r)) {
    case MT_EXIM_ONE:
        set_refusal(rec, &r);
        return true;
    case MT_EXIM_NONE:
        return read_note(rec, form, all, s);
    default:
        return false;
    }
}

/* "name [ip] I=[ip]:25: TEXT", "name [ip] (TEXT)" */
static bool read_peer(struct mt_slice s, size_t helo, struct mt_exim_reading *reading)
{
    struct refusal *r = (struct refusal *)reading;

    if (!mt_exim_host_behind(&s, helo, &reading->host)) {
        return false;
    }
    mt_exim_fields(&s, fields, F, r->values, NULL);
    if (!MT_EAT(&s, ": ") && !MT_EAT(&s, " ") && s.n) {
        return false;
    }
    r->text = s;
    return true;
}

static bool read_refused_peer(struct mt_record *rec, struct mt_slice s, const char *stage)
{
    struct refusal r = {.stage = stage, .action = MT_LIT("rejected")}, spare = r;

    if (mt_exim_read_host(s, read_peer, &r.reading, &spare.reading, sizeof r) != MT_EXIM_ONE) {
        return false;
    }
    set_refusal(rec, &r);
    return true;
}

/* rejected MAIL from name [192.0.2.1]: no HELO/EHLO given; form->word: the stage */
bool mt_exim_refused(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    (void)all;
    if (!read_refused_peer(rec, s, form->word)) {
        return false;
    }
    if (form->trouble) {
        mt_form_trouble(rec, form->trouble);
    }
    return true;
}

/* rejected MAIL FROM:<a@x> H=name [192.0.2.1]: message too big: size=9 max=8 */
bool mt_exim_sender_refused(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    struct mt_slice sender;

    (void)all;
    if (MT_EAT(&s, "<>")) {
        sender = mt_slice(s.p, 0);
    } else if (!MT_EAT(&s, "<") || !mt_exim_address(&s, &sender) || !MT_EAT(&s, ">")) {
        return false;
    }
    if (!MT_EAT(&s, " H=") || !read_refused_peer(rec, s, form->word)) {
        return false;
    }
    mt_set_empty(&rec->f, MT_F_FROM, sender);
    return true;
}

/* unqualified recipient rejected: <b> H=name [192.0.2.1] */
bool mt_exim_unqualified(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    struct mt_slice address;

    (void)all;
    if (!MT_EAT(&s, "<") || !mt_exim_address(&s, &address) || !MT_EAT(&s, "> H=") ||
        !read_refused_peer(rec, s, form->word)) {
        return false;
    }
    if (mt_slice_eq(mt_get(&rec->f, MT_F_STAGE), MT_LIT("MAIL"))) {
        mt_set(&rec->f, MT_F_FROM, address);
    } else {
        mt_set(&rec->f, MT_F_TO, address);
    }
    return true;
}

/* rejected by local_scan(): TEXT
 * F=<a@x> rejected by non-SMTP ACL: TEXT (receive.c)
 */
bool mt_exim_rejected(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    struct mt_slice what, sender = {NULL, 0};

    if (MT_EAT(&all, "F=<")) {
        s = all;
        if (MT_EAT(&s, ">")) {
            sender = mt_slice(s.p, 0);
        } else if (!mt_exim_address(&s, &sender) || !MT_EAT(&s, ">")) {
            return false;
        }
        if (!MT_EAT(&s, " rejected by ")) {
            return false;
        }
        mt_set_empty(&rec->f, MT_F_FROM, sender);
    }
    rec->kind = form->kind;
    mt_set(&rec->f, MT_F_ACTION, MT_LIT("rejected"));
    mt_set(&rec->f, MT_F_STAGE, mt_slice_str(form->word));
    mt_reply_set(rec, mt_take_to(&s, MT_LIT(": "), &what) ? s : mt_slice(NULL, 0));
    return true;
}

/* The last " H=" of s that a host stands behind. */
static bool last_host(struct mt_slice s, struct mt_slice *host)
{
    struct mt_exim_host known;
    const char *p;

    while ((p = mt_find_last(s, MT_LIT(" H=")))) {
        struct mt_slice at = *host = mt_slice_to(p + 3, s.p + s.n);
        if (mt_exim_host(&at, &known)) {
            return true;
        }
        s.n = (size_t)(p - s.p);
    }
    return false;
}

/* SMTP protocol synchronization error (next input sent too soon: pipelining was not advertised): rejected "RCPT TO:<b@y>"
 * H=name [192.0.2.1] next input="DATA\r\n". The command and the input are the client's: of two hosts none is believed.
 */
bool mt_exim_synchronization(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    struct refusal r = {.stage = form->word};
    struct mt_slice host, first;

    if (!last_host(s, &host) || !mt_take_to(&s, MT_LIT(" H="), &first)) {
        return false;
    }
    mt_form_plain(rec, form, all, s);
    mt_form_trouble(rec,
                    mt_find_text(first, MT_LIT("waiting for greeting")) ? MT_TROUBLE_PREGREET : MT_TROUBLE_PIPELINING);
    if (host.p == s.p && mt_exim_host(&host, &r.reading.host)) {
        mt_exim_client(rec, &r.reading.host);
    }
    return true;
}
