/* Sendmail: what is refused, by rule sets, filters and the server itself.
 *
 * An argument is the client's word. An address says where it ends, other text ends where
 * the fields behind it begin.
 */
#include "parser/reply.h"
#include "sendmail.h"

static void info(struct mt_record *rec, enum mt_kind kind, struct mt_slice text)
{
    rec->kind = (uint8_t)kind;
    mt_set(&rec->f, MT_F_TEXT, text);
}

/* The rule sets that speak to a client, and the stage they do it at. A name that is not here
 * belongs to a header (cf/README, "Header Checks"): the answer comes at the end of the message.
 */
static const struct mt_sendmail_pair ruleset_stages[] = {
    PAIR("check_relay", "CONNECT"), PAIR("check_mail", "MAIL"),          PAIR("check_rcpt", "RCPT"),
    PAIR("check_data", "DATA"),     PAIR("check_eoh", "END-OF-MESSAGE"), PAIR("check_eom", "END-OF-MESSAGE"),
    PAIR("check_vrfy", "VRFY"),     PAIR("check_expn", "EXPN"),          PAIR("check_etrn", "ETRN"),
    PAIR("check_other", "UNKNOWN"), PAIR("tls_client", "STARTTLS"),
};

/* Those that are about an outgoing connection, or refuse nothing. */
static const struct mt_sendmail_pair ruleset_others[] = {
    PAIR("tls_server", "-"), PAIR("tls_rcpt", "-"),         PAIR("try_tls", "-"),          PAIR("oc_rate", "-"),
    PAIR("oc_conc", "-"),    PAIR("trust_auth", "-"),       PAIR("check_compat", "-"),     PAIR("bcc", "-"),
    PAIR("authinfo", "-"),   PAIR("tls_srv_features", "-"), PAIR("tls_clt_features", "-"),
};

/* What ends a line of a rule set: the verdict. STAGE is set. */
static bool read_verdict(struct mt_record *rec, struct mt_slice s)
{
    if (mt_slice_eq(s, MT_LIT("discard"))) {
        rec->effect = MT_EFFECT_DISCARDS;
        mt_set(&rec->f, MT_F_ACTION, s);
        return true;
    }
    if (MT_EAT(&s, "reject=")) {
        mt_form_refuse(rec, MT_EFFECT_REFUSES_RECIPIENT);
        mt_set(&rec->f, MT_F_ACTION, MT_LIT("reject"));
        mt_reply_set(rec, s);
        return true;
    }
    if (MT_EAT(&s, "quarantine=")) {
        rec->effect = MT_EFFECT_HOLDS;
        mt_set(&rec->f, MT_F_ACTION, MT_LIT("quarantine"));
        mt_set(&rec->f, MT_F_RESPONSE, s);
        return true;
    }
    return false;
}

/* The end of an argument. An address says where it ends; anything else is the client's or the
 * sender's text, and ends at the last thing that can follow it.
 */
static size_t address_length(struct mt_slice s)
{
    static const struct mt_slice next[] = {
        {", relay=", 8}, {", reject=", 9}, {", discard", 9}, {", quarantine=", 13}, {", status=", 9},
    };
    size_t n = mt_sendmail_span(s, MT_LIT(","), MT_SENDMAIL_NO_LIMIT);

    for (size_t i = 0; i < sizeof next / sizeof *next; i++) {
        if (mt_slice_starts(mt_slice_skip(s, n), next[i])) {
            return n;
        }
    }
    return 0;
}

/* A name or a command that a filter refuses, with nothing between it and the verdict. */
static size_t refused_text_length(struct mt_slice s)
{
    const char *p = mt_slice_ends(s, MT_LIT(", discard")) ? s.p + s.n - 9 : mt_find_last(s, MT_LIT(", reject="));

    return p ? (size_t)(p - s.p) : 0;
}

static size_t text_length(struct mt_slice s)
{
    static const struct mt_slice next[] = {{", relay=", 8}, {", reject=", 9}, {", quarantine=", 13}, {", discard", 9}};
    const char *p = NULL;

    for (size_t i = 0; i < sizeof next / sizeof *next && !p; i++) {
        p = mt_find_last(s, next[i]);
    }
    return p ? (size_t)(p - s.p) : 0;
}

static void set_rate_limit(struct mt_record *rec, struct mt_slice stage)
{
    static const struct mt_slice texts[] = {{"onnection rate limit", 20}, {"Too many open connections", 25}};
    struct mt_slice response = mt_get(&rec->f, MT_F_RESPONSE);

    for (size_t i = 0; i < 2 && mt_slice_eq(stage, MT_LIT("CONNECT")); i++) {
        if (mt_find_text(response, texts[i])) { /* cf/feature/ratecontrol.m4, conncontrol.m4 */
            mt_form_trouble(rec, MT_TROUBLE_RATE_LIMIT);
        }
    }
}

/* The arguments of check_relay: "name, arg2=ip" */
static void set_peer(struct mt_record *rec, struct mt_slice s)
{
    struct mt_slice name;

    if (mt_take_to(&s, MT_LIT(", arg2="), &name)) {
        MT_EAT(&s, "IPv6:");
        mt_set(&rec->f, MT_F_CLIENT_NAME, name.n && *name.p == '[' ? mt_slice(NULL, 0) : mt_known(name));
        mt_set(&rec->f, MT_F_CLIENT_IP, s);
    }
}

/* ruleset=check_rcpt, arg1=<a@x>, relay=name [ip], reject=550 5.7.1 <a@x>... Relaying denied
 * (sendmail/parseaddr.c, rscheck)
 */
bool mt_sendmail_ruleset(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    struct mt_slice ruleset, arg1, relay, stage;
    bool mail, rcpt;

    if (!mt_take_to(&s, MT_LIT(", arg1="), &ruleset) || mt_find(ruleset, ' ')) {
        return false;
    }
    if (MT_SENDMAIL_LOOKUP(ruleset_others, ruleset).n) {
        info(rec, MT_KIND_INFO, all);
        return true;
    }
    mail = mt_slice_eq(ruleset, MT_LIT("check_mail"));
    rcpt = mt_slice_eq(ruleset, MT_LIT("check_rcpt"));
    stage = MT_SENDMAIL_LOOKUP(ruleset_stages, ruleset);
    arg1 = mt_slice(s.p, mail || rcpt ? address_length(s) : text_length(s));
    s = mt_slice_skip(s, arg1.n);
    if (!MT_EAT(&s, ", ")) {
        return false;
    }
    if (mt_sendmail_value(&s, MT_LIT("relay="), &relay)) {
        mt_sendmail_client(rec, relay);
    } else if (mt_slice_eq(stage, MT_LIT("CONNECT"))) {
        set_peer(rec, arg1);
    }
    mt_set(&rec->f, MT_F_STAGE, stage.n ? stage : MT_LIT("END-OF-MESSAGE"));
    if (!read_verdict(rec, s)) { /* 8.18: status= refuses nothing */
        mt_drop(&rec->f, MT_F_STAGE);
        info(rec, MT_KIND_INFO, all);
        return mt_slice_starts(s, MT_LIT("status="));
    }
    rec->kind = form->kind;
    if (mail) {
        mt_set_empty(&rec->f, MT_F_FROM, mt_sendmail_bare(arg1));
    } else if (rcpt) {
        mt_set(&rec->f, MT_F_TO, mt_sendmail_bare(arg1));
    }
    set_rate_limit(rec, stage);
    return true;
}

/* "reject=TEXT", "discard", or for connect "shutdown", "temp failing commands" ... */
static bool read_milter_verdict(struct mt_record *rec, struct mt_slice s, struct mt_slice stage)
{
    static const struct mt_slice refusals[] = {
        {"shutdown", 8},
        {"temp failing commands", 21},
        {"rejecting commands", 18},
    };
    size_t i = 0;

    rec->kind = MT_KIND_REJECT;
    mt_set(&rec->f, MT_F_STAGE, stage);
    if (read_verdict(rec, s)) {
        return true;
    }
    while (i < 3 && !mt_eat(&s, refusals[i])) {
        i++;
    }
    if (i == 3) {
        return false;
    }
    mt_form_refuse(rec, MT_EFFECT_REFUSES_RECIPIENT);
    mt_set(&rec->f, MT_F_ACTION, MT_LIT("reject"));
    if (MT_EAT(&s, "=")) {
        mt_reply_set(rec, s);
    }
    return !s.n || mt_has(&rec->f, MT_F_RESPONSE);
}

/* Milter: connect: host=name, addr=ip, reject=550 5.7.1 text */
static bool read_milter_connect(struct mt_record *rec, struct mt_slice s)
{
    struct mt_slice name, ip;

    if (!mt_sendmail_value(&s, MT_LIT("host="), &name) || !mt_sendmail_value(&s, MT_LIT("addr="), &ip)) {
        return false;
    }
    MT_EAT(&ip, "IPv6:");
    mt_set(&rec->f, MT_F_CLIENT_NAME, name.n && *name.p == '[' ? mt_slice(NULL, 0) : mt_known(name));
    mt_set(&rec->f, MT_F_CLIENT_IP, mt_known(ip));
    return read_milter_verdict(rec, s, MT_LIT("CONNECT"));
}

/* Milter: to=<a@x>, reject=451 4.3.2 Please try again later (sendmail/srvrsmtp.c).
 * The same refusal's "milter=NAME, action=..." line comes on top of it, at higher log levels only.
 */
bool mt_sendmail_milter(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    struct mt_slice value;

    (void)form, (void)all;
    if (MT_EAT(&s, "connect: ")) {
        return read_milter_connect(rec, s);
    }
    if (MT_EAT(&s, "data, ")) {
        return read_milter_verdict(rec, s, MT_LIT("END-OF-MESSAGE"));
    }
    if (MT_EAT(&s, "cmd=data, ")) {
        return read_milter_verdict(rec, s, MT_LIT("DATA"));
    }
    if (MT_EAT(&s, "from=")) {
        value = mt_slice(s.p, address_length(s));
        mt_set_empty(&rec->f, MT_F_FROM, mt_sendmail_bare(value));
        s = mt_slice_skip(s, value.n);
        return MT_EAT(&s, ", ") && read_milter_verdict(rec, s, MT_LIT("MAIL"));
    }
    if (MT_EAT(&s, "to=")) {
        value = mt_slice(s.p, address_length(s));
        mt_set(&rec->f, MT_F_TO, mt_sendmail_bare(value));
        s = mt_slice_skip(s, value.n);
        return MT_EAT(&s, ", ") && read_milter_verdict(rec, s, MT_LIT("RCPT"));
    }
    if (MT_EAT(&s, "helo=") || MT_EAT(&s, "unknown=")) {
        bool helo = s.p[-2] == 'o';
        value = mt_slice(s.p, refused_text_length(s));
        if (helo) {
            mt_set(&rec->f, MT_F_CLIENT_HELO, value);
        }
        s = mt_slice_skip(s, value.n);
        return MT_EAT(&s, ", ") && read_milter_verdict(rec, s, helo ? MT_LIT("HELO") : MT_LIT("UNKNOWN"));
    }
    return false;
}

/* milter=NAME, action=rcpt, reject=550 5.7.1 text */
bool mt_sendmail_filter(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    static const struct mt_slice verdicts[] = {
        {"reject", 6}, {"discard", 7}, {"tempfail", 8}, {"accepted", 8}, {"continue", 8}, {"skip", 4},
    };
    struct mt_slice value;

    mt_sendmail_rest_of_value(&s);
    mt_sendmail_value(&s, MT_LIT("action="), &value);
    if (MT_EAT(&s, "quarantine=")) {
        info(rec, MT_KIND_HOLD, s);
        return true;
    }
    for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++) {
        struct mt_slice at = s;
        if (mt_eat(&at, verdicts[i]) && (!at.n || *at.p == '=')) {
            info(rec, form->kind, all);
            mt_set(&rec->f, MT_F_ACTION, verdicts[i]);
            return true;
        }
    }
    return false;
}

/* name [ip]: VRFY alice [rejected] */
bool mt_sendmail_verification(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    struct mt_slice client, stage;

    (void)all;
    if (!mt_take_to(&s, MT_LIT(": "), &client) || !client.n ||
        (client.p[client.n - 1] != ']' && client.p[client.n - 1] != ')') || s.n < 5 || s.p[4] != ' ') {
        return false;
    }
    stage = mt_sendmail_stage(mt_slice(s.p, 4));
    if (!mt_slice_eq(stage, MT_LIT("VRFY")) && !mt_slice_eq(stage, MT_LIT("EXPN")) &&
        !mt_slice_eq(stage, MT_LIT("ETRN"))) {
        return false;
    }
    mt_sendmail_client(rec, client);
    info(rec, form->kind, s);
    if (mt_slice_ends(s, MT_LIT(" [rejected]"))) {
        rec->kind = MT_KIND_REJECT;
        rec->effect = MT_EFFECT_REFUSES_RECIPIENT;
        mt_set(&rec->f, MT_F_STAGE, stage);
        mt_set(&rec->f, MT_F_ACTION, MT_LIT("reject"));
    }
    return true;
}

/* tcpwrappers (name, ip) rejection */
bool mt_sendmail_tcpwrappers(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    struct mt_slice name, ip;

    (void)all;
    if (!mt_take_to(&s, MT_LIT(", "), &name) || !mt_take_to(&s, MT_LIT(") rejection"), &ip)) {
        return false;
    }
    rec->kind = form->kind;
    MT_EAT(&ip, "IPv6:");
    mt_set(&rec->f, MT_F_CLIENT_NAME, mt_known(name));
    mt_set(&rec->f, MT_F_CLIENT_IP, ip);
    mt_set(&rec->f, MT_F_STAGE, MT_LIT("CONNECT"));
    mt_set(&rec->f, MT_F_ACTION, MT_LIT("reject"));
    return true;
}

/* Length of the address before "... "; an address that was refused for its syntax need not be balanced. */
static size_t refused_length(struct mt_slice s)
{
    size_t n = mt_sendmail_span(s, MT_LIT("... "), MT_SENDMAIL_NO_LIMIT);
    const char *dots = n == s.n ? mt_find_last(s, MT_LIT("... ")) : NULL;

    if (!s.n || (*s.p != '<' && *s.p != '"')) { /* a bare name has no blanks, free text has */
        return mt_find(mt_slice(s.p, n), ' ') ? 0 : n;
    }
    return dots ? (size_t)(dots - s.p) : n;
}

static struct mt_slice after_word(struct mt_slice s)
{
    struct mt_slice word;

    mt_take_word(&s, &word);
    return s;
}

/* The refusals of RCPT that do not begin with the address (sendmail/srvrsmtp.c, parseaddr.c). */
static bool is_refusal(struct mt_slice s)
{
    static const struct mt_slice texts[] = {
        {"Too many recipients", 19},
        {"Missing recipient", 17},
        {"Too many parameters", 19},
        {"8-bit character in mailbox address ", 35},
        {"non-ASCII recipient address ", 28},
        {"Syntax error in ", 16},
        {"Bad argument ", 13},
        {"NOTIFY requires a value", 23},
        {"ORCPT requires a value", 22},
        {"Duplicate ORCPT parameter", 25},
        {"Sorry, NOTIFY not supported", 27},
        {"Sorry, ORCPT not supported", 26},
    };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (mt_slice_starts(s, texts[i])) {
            return true;
        }
    }
    return mt_slice_eq(after_word(s), MT_LIT("parameter unrecognized"));
}

/* <nosuch@sm.example>... User unknown: usrerr() (sendmail/err.c) while RCPT is answered. The address
 * is the client's, the text is sendmail's; reply code and relay are not logged.
 */
bool mt_sendmail_refused(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    size_t n = refused_length(s);

    (void)all;
    /* "<-- " and a command, at high log levels: sendmail/srvrsmtp.c */
    if (!mt_has(&rec->f, MT_F_QUEUE_ID) || mt_slice_starts(s, MT_LIT("<-- "))) {
        return false;
    }
    if (!is_refusal(s)) {
        mt_set(&rec->f, MT_F_TO, mt_sendmail_bare(mt_slice(s.p, n)));
        s = mt_slice_skip(s, n);
        if (!n || !MT_EAT(&s, "... ") || !s.n) {
            return false;
        }
    }
    rec->kind = form->kind;
    mt_set(&rec->f, MT_F_STAGE, MT_LIT("RCPT"));
    mt_set(&rec->f, MT_F_ACTION, MT_LIT("reject"));
    mt_set(&rec->f, MT_F_RESPONSE, s);
    return true;
}
