/* OpenSMTPD: what a client did (smtp_session.c). */
#include "opensmtpd.h"

#include "parser/reply.h"

/* Moves over "key" and a word. */
static bool take(struct mt_slice *at, struct mt_slice key, struct mt_slice *value)
{
    struct mt_slice s = *at;

    if (!mt_eat(&s, key) || !mt_take_word(&s, value)) {
        return false;
    }
    *at = s;
    return true;
}

/* "192.0.2.1", "[2001:db8::1]", "local" */
static void set_address(struct mt_record *rec, struct mt_slice address, struct mt_slice host)
{
    if (mt_slice_eq(address, MT_LIT("local"))) {
        rec->effect = MT_EFFECT_SUBMITS;
        return;
    }
    if (address.n > 2 && *address.p == '[' && address.p[address.n - 1] == ']') {
        address = mt_slice(address.p + 1, address.n - 2);
    }
    mt_set(&rec->f, MT_F_CLIENT_IP, address);
    mt_set(&rec->f, MT_F_CLIENT_NAME, host.n && *host.p == '<' ? mt_slice(NULL, 0) : mt_known(host));
}

/* smtp connected address=192.0.2.1 host=mail.example.com */
bool mt_opensmtpd_connected(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    struct mt_slice address, host;

    (void)all;
    if (!take(&s, MT_LIT("address="), &address) || !MT_EAT(&s, "host=")) {
        return false;
    }
    host = s;
    rec->kind = form->kind;
    set_address(rec, address, host);
    return true;
}

/* smtp-in: New session 5c9ae1b2c3d4e5f6 from host mail.example.com [192.0.2.1] */
bool mt_opensmtpd_new_session(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    struct mt_slice host;

    (void)all;
    if (!mt_opensmtpd_hex(s, 16)) {
        return false;
    }
    rec->session = mt_slice(s.p, 16);
    s = mt_slice_skip(s, 16);
    if (!MT_EAT(&s, " from host ") || !mt_take_to(&s, MT_LIT(" ["), &host) || !mt_slice_ends(s, MT_LIT("]"))) {
        return false;
    }
    rec->kind = form->kind;
    set_address(rec, mt_slice(s.p, s.n - 1), host);
    return true;
}

/* smtp tls ciphers=TLSv1.3:TLS_AES_256_GCM_SHA384:256 */
bool mt_opensmtpd_tls(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    (void)all;
    if (!MT_EAT(&s, "ciphers=")) {
        return false;
    }
    rec->kind = form->kind;
    mt_opensmtpd_ciphers(rec, MT_F_CLIENT_TLS_VERSION, s);
    return true;
}

bool mt_opensmtpd_checked(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s,
                          enum mt_field verify)
{
    static const struct {
        struct mt_slice result, verify;
    } words[] = {{MT_TEXT("verified"), MT_TEXT("trusted")},
                 {MT_TEXT("valid"), MT_TEXT("trusted")},
                 {MT_TEXT("success"), MT_TEXT("trusted")},
                 {MT_TEXT("unverified"), MT_TEXT("untrusted")},
                 {MT_TEXT("failure"), MT_TEXT("untrusted")}};
    struct mt_slice result;

    if (!MT_EAT(&s, "result=\"") || !mt_take_to(&s, MT_LIT("\""), &result)) {
        return false;
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (mt_slice_eq(result, words[i].result)) {
            rec->kind = form->kind;
            mt_set(&rec->f, verify, words[i].verify);
            return true;
        }
    }
    rec->kind = MT_KIND_INFO; /* no certificate, or nobody looked */
    mt_set(&rec->f, MT_F_TEXT, all);
    return true;
}

/* smtp cert-check result="verified" fingerprint="SHA256:..." */
bool mt_opensmtpd_certificate(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    return mt_opensmtpd_checked(rec, form, all, s, MT_F_CLIENT_TLS_VERIFY);
}

/* smtp authentication user=alice result=permfail; the user's blanks are made visible (strnvis) */
bool mt_opensmtpd_authentication(struct mt_record *rec, const struct mt_form *form, struct mt_slice all,
                                 struct mt_slice s)
{
    const char *last = mt_find_last(s, MT_LIT(" result="));
    struct mt_slice user, result;

    (void)all;
    if (!last || !MT_EAT(&s, "user=")) {
        return false;
    }
    user = mt_slice_to(s.p, last);
    result = mt_slice_to(last + 8, s.p + s.n);
    rec->kind = form->kind;
    if (mt_slice_eq(result, MT_LIT("ok"))) {
        mt_set(&rec->f, MT_F_CLIENT_USER, user);
        return true;
    }
    mt_set(&rec->f, MT_F_USER, user);
    mt_form_trouble(rec, mt_slice_eq(result, MT_LIT("tempfail")) ? MT_TROUBLE_AUTH_ERROR : MT_TROUBLE_AUTH_FAILED);
    return true;
}

/* An SMTP command as the field "stage" names it. */
static struct mt_slice stage_of(struct mt_slice command)
{
    static const struct mt_slice stages[] = {MT_TEXT("EHLO"), MT_TEXT("HELO"), MT_TEXT("STARTTLS"), MT_TEXT("AUTH"),
                                             MT_TEXT("MAIL"), MT_TEXT("RCPT"), MT_TEXT("DATA"),     MT_TEXT("RSET"),
                                             MT_TEXT("NOOP"), MT_TEXT("QUIT"), MT_TEXT("VRFY"),     MT_TEXT("EXPN"),
                                             MT_TEXT("ETRN")};

    for (size_t i = 0; i < sizeof stages / sizeof *stages; i++) {
        if (command.n >= stages[i].n && strncasecmp(command.p, stages[i].p, stages[i].n) == 0) {
            return i ? stages[i] : stages[1];
        }
    }
    return command.n ? MT_LIT("UNKNOWN") : MT_LIT("END-OF-MESSAGE");
}

/* "RCPT TO:<b@y>": what stands between the first '<' and the last '>'. */
static struct mt_slice argument_of(struct mt_slice command)
{
    const char *open = mt_find(command, '<'), *close = mt_find_last(command, MT_LIT(">"));

    return open && close && open < close ? mt_slice_to(open + 1, close) : mt_slice(NULL, 0);
}

/* smtp failed-command command="RCPT TO:<b@y>" result="550 Invalid recipient: <b@y>".
 * The reply may repeat the command's words. Where the command can end in several places, no more than its beginning is believed.
 */
bool mt_opensmtpd_failed(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    const char *last = mt_find_last(s, MT_LIT("\" result=\""));
    struct mt_slice command, reply, stage;

    (void)all;
    if (!last || !MT_EAT(&s, "command=\"") || last < s.p || !mt_slice_ends(s, MT_LIT("\"")) || last + 10 >= s.p + s.n) {
        return false;
    }
    command = mt_slice_to(s.p, last);
    reply = mt_slice_to(last + 10, s.p + s.n - 1);
    stage = stage_of(command);
    rec->kind = form->kind;
    rec->effect = MT_EFFECT_REFUSES_RECIPIENT;
    mt_set(&rec->f, MT_F_ACTION, MT_LIT("failed-command"));
    mt_set(&rec->f, MT_F_STAGE, stage);
    if (mt_find_text(command, MT_LIT("\" result=\""))) {
        return true;
    }
    mt_reply_set(rec, reply);
    if (mt_slice_eq(stage, MT_LIT("RCPT"))) {
        mt_set(&rec->f, MT_F_TO, argument_of(command));
    } else if (mt_slice_eq(stage, MT_LIT("MAIL"))) {
        mt_set(&rec->f, MT_F_FROM, argument_of(command));
    }
    return true;
}

/* smtp bad-input result="500 5.5.1 Invalid command: Pipelining not supported" */
bool mt_opensmtpd_bad_input(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    mt_form_plain(rec, form, all, s);
    mt_form_trouble(rec, mt_find_text(s, MT_LIT("Pipelining")) ? MT_TROUBLE_PIPELINING : MT_TROUBLE_PROTOCOL_ERROR);
    return true;
}

static void set_number(struct mt_record *rec, enum mt_field field, struct mt_slice digits)
{
    int64_t number;

    if (mt_whole_int(digits, &number)) {
        mt_set_int(&rec->f, field, number);
    }
}

/* smtp message msgid=7c9ae1b2 size=444 nrcpt=1 proto=ESMTP; before 6.4 with from=<S> to=<R> behind the ID, and ndest= */
bool mt_opensmtpd_message(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    struct mt_slice id, from, to, size, nrcpt;
    bool old;

    (void)all;
    if (!take(&s, MT_LIT("msgid="), &id) || !mt_opensmtpd_hex(id, 8)) {
        return false;
    }
    old = mt_opensmtpd_address(&s, MT_LIT("from=<"), MT_LIT("> to=<"), &from) && mt_take_to(&s, MT_LIT("> "), &to);
    if (!take(&s, MT_LIT("size="), &size) ||
        (!take(&s, MT_LIT("nrcpt="), &nrcpt) && !take(&s, MT_LIT("ndest="), &nrcpt)) || !MT_EAT(&s, "proto=")) {
        return false;
    }
    rec->kind = form->kind;
    rec->effect = MT_EFFECT_BEGINS;
    mt_set(&rec->f, MT_F_QUEUE_ID, id);
    if (old) {
        mt_set_empty(&rec->f, MT_F_FROM, from);
    }
    set_number(rec, MT_F_SIZE, size);
    set_number(rec, MT_F_NRCPT, nrcpt);
    mt_set(&rec->f, MT_F_CLIENT_PROTOCOL, s);
    return true;
}

/* smtp envelope evpid=7c9ae1b2d3e4f5a6 from=<a@x> to=<b@y> */
bool mt_opensmtpd_envelope_line(struct mt_record *rec, const struct mt_form *form, struct mt_slice all,
                                struct mt_slice s)
{
    struct mt_slice id, from;

    (void)all;
    if (!take(&s, MT_LIT("evpid="), &id) || !mt_opensmtpd_hex(id, 16) ||
        !mt_opensmtpd_address(&s, MT_LIT("from=<"), MT_LIT("> to=<"), &from) || !mt_slice_ends(s, MT_LIT(">"))) {
        return false;
    }
    rec->kind = form->kind;
    mt_opensmtpd_envelope(rec, id);
    mt_set_empty(&rec->f, MT_F_FROM, from);
    mt_set(&rec->f, MT_F_TO, mt_slice(s.p, s.n - 1));
    return true;
}

/* smtp disconnected reason=quit */
bool mt_opensmtpd_disconnected(struct mt_record *rec, const struct mt_form *form, struct mt_slice all,
                               struct mt_slice s)
{
    (void)all;
    if (!MT_EAT(&s, "reason=")) {
        return false;
    }
    rec->kind = form->kind;
    if (mt_slice_eq(s, MT_LIT("timeout"))) {
        mt_form_trouble(rec, MT_TROUBLE_TIMEOUT);
    } else if (mt_slice_eq(s, MT_LIT("tls-accept-failed")) || mt_slice_eq(s, MT_LIT("ca-failure"))) {
        mt_form_trouble(rec, MT_TROUBLE_TLS_FAILED);
    } else if (!mt_slice_eq(s, MT_LIT("quit"))) {
        mt_form_trouble(rec, MT_TROUBLE_LOST_CONNECTION);
        mt_set(&rec->f, MT_F_RESPONSE, s);
    }
    return true;
}

/* smtp-in: Accepted message 7c9ae1b2 on session 5c9ae1b2c3d4e5f6: from=<a@x>, to=<b@y>, size=444, ndest=1, proto=ESMTP */
bool mt_opensmtpd_accepted(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    struct mt_slice id, from, to, size, ndest;

    (void)all;
    if (!mt_opensmtpd_hex(s, 8)) {
        return false;
    }
    id = mt_slice(s.p, 8);
    s = mt_slice_skip(s, 8);
    if (!MT_EAT(&s, " on session ") || !mt_opensmtpd_hex(s, 16)) {
        return false;
    }
    rec->session = mt_slice(s.p, 16);
    s = mt_slice_skip(s, 16);
    if (!MT_EAT(&s, ": ") || !mt_opensmtpd_address(&s, MT_LIT("from=<"), MT_LIT(">, to=<"), &from) ||
        !mt_take_to(&s, MT_LIT(">, size="), &to) || !mt_take_to(&s, MT_LIT(", ndest="), &size) ||
        !mt_take_to(&s, MT_LIT(", proto="), &ndest)) {
        return false;
    }
    rec->kind = form->kind;
    rec->effect = MT_EFFECT_BEGINS;
    mt_set(&rec->f, MT_F_QUEUE_ID, id);
    mt_set_empty(&rec->f, MT_F_FROM, from);
    set_number(rec, MT_F_SIZE, size);
    set_number(rec, MT_F_NRCPT, ndest);
    mt_set(&rec->f, MT_F_CLIENT_PROTOCOL, s);
    return true;
}
