/* Sendmail: what happens in an SMTP session, refusals apart.
 *
 * CurSmtpClient, the "name [ip]" of a client, holds no blank but its own, so that a client's
 * words before and behind it cannot be taken for it.
 */
#include "sendmail.h"

/* doc/op/op.me, ${verify}. The name in the certificate is not compared, hence no more than
 * "trusted"; DANE ties the key to the name. NONE, SOFTWARE, PROTOCOL, CONFIG, TEMP: no handshake.
 */
struct mt_slice mt_sendmail_verify(struct mt_slice s)
{
    static const struct mt_sendmail_pair words[] = {
        PAIR("OK", "trusted"),          /* the chain leads to a known CA */
        PAIR("TRUSTED", "verified"),    /* by DANE */
        PAIR("NO", "anonymous"),        /* no certificate, though one was asked for */
        PAIR("NOT", "none"),            /* none was asked for */
        PAIR("FAIL", "untrusted"),      /* it could not be verified */
        PAIR("DANE_FAIL", "untrusted"), /* by DANE */
    };
    return MT_SENDMAIL_LOOKUP(words, s);
}

/* The commands that name a stage, as sendmail/srvrsmtp.c (CmdTab) spells them. */
struct mt_slice mt_sendmail_stage(struct mt_slice command)
{
    static const struct mt_sendmail_pair stages[] = {
        PAIR("startup", "CONNECT"), PAIR("helo", "HELO"), PAIR("ehlo", "HELO"), PAIR("starttls", "STARTTLS"),
        PAIR("auth", "AUTH"),       PAIR("mail", "MAIL"), PAIR("rcpt", "RCPT"), PAIR("data", "DATA"),
        PAIR("vrfy", "VRFY"),       PAIR("expn", "EXPN"), PAIR("etrn", "ETRN"), PAIR("rset", "RSET"),
        PAIR("noop", "NOOP"),       PAIR("quit", "QUIT"), PAIR("help", "HELP"), PAIR("verb", "VERB"),
    };
    char lower[9];

    if (command.n > sizeof lower) {
        return mt_slice(NULL, 0);
    }
    for (size_t i = 0; i < command.n; i++) {
        char c = command.p[i];
        lower[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    return MT_SENDMAIL_LOOKUP(stages, mt_slice(lower, command.n));
}

static void info(struct mt_record *rec, enum mt_kind kind, struct mt_slice text)
{
    rec->kind = (uint8_t)kind;
    mt_set(&rec->f, MT_F_TEXT, text);
}

/* STARTTLS=server, error: accept failed=-1, reason=wrong version number, SSL_error=1, errno=0, retry=-1, relay=n [ip]
 */
static bool read_accept_failed(struct mt_record *rec, struct mt_slice s)
{
    const char *relay = mt_find_last(s, MT_LIT(", relay="));
    struct mt_slice number, reason;

    rec->kind = MT_KIND_TLS;
    mt_form_trouble(rec, MT_TROUBLE_TLS_FAILED);
    if (relay) {
        mt_sendmail_client(rec, mt_slice_to(relay + 8, s.p + s.n));
    }
    if (mt_sendmail_value(&s, MT_LIT("accept failed="), &number) && mt_sendmail_value(&s, MT_LIT("reason="), &reason)) {
        mt_set(&rec->f, MT_F_RESPONSE, mt_known(reason));
    }
    return true;
}

/* STARTTLS=client, relay=host., version=TLSv1.3, verify=OK, cipher=TLS_AES_256_GCM_SHA384, bits=256/256 */
bool mt_sendmail_starttls(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    struct mt_slice relay, version, verify, cipher, name, ip;
    bool server;
    int64_t bits;

    (void)all;
    server = MT_EAT(&s, "server, ");
    if (!server && !MT_EAT(&s, "client, ")) {
        return false;
    }
    if (server && mt_slice_starts(s, MT_LIT("error: accept failed="))) {
        return read_accept_failed(rec, mt_slice_skip(s, 7));
    }
    if (!mt_sendmail_value(&s, MT_LIT("relay="), &relay) || !mt_sendmail_value(&s, MT_LIT("version="), &version) ||
        !mt_sendmail_value(&s, MT_LIT("verify="), &verify) || !mt_sendmail_value(&s, MT_LIT("cipher="), &cipher) ||
        !MT_EAT(&s, "bits=")) {
        return false;
    }
    rec->kind = form->kind;
    if (!mt_slice_eq(relay, MT_LIT("local"))) {
        mt_sendmail_host(relay, &name, &ip);
        mt_set(&rec->f, server ? MT_F_CLIENT_NAME : MT_F_RELAY_NAME, name);
        mt_set(&rec->f, server ? MT_F_CLIENT_IP : MT_F_RELAY_IP, ip);
    }
    mt_set(&rec->f, server ? MT_F_CLIENT_TLS_VERSION : MT_F_TLS_VERSION, version);
    mt_set(&rec->f, server ? MT_F_CLIENT_TLS_CIPHER : MT_F_TLS_CIPHER, cipher);
    mt_set(&rec->f, server ? MT_F_CLIENT_TLS_VERIFY : MT_F_TLS_VERIFY, mt_sendmail_verify(verify));
    if (mt_take_int(&s, &bits)) {
        mt_set_int(&rec->f, server ? MT_F_CLIENT_TLS_BITS : MT_F_TLS_BITS, bits);
    }
    return true;
}

/* AUTH=server, relay=name [ip], authid=alice@x, mech=PLAIN, bits=0 */
bool mt_sendmail_auth(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    struct mt_slice relay;
    const char *mech;

    (void)all;
    if (!mt_sendmail_value(&s, MT_LIT("relay="), &relay) || !MT_EAT(&s, "authid=")) {
        return false;
    }
    mech = mt_find_last(s, MT_LIT(", mech="));
    if (!mech) {
        return false;
    }
    rec->kind = form->kind;
    mt_sendmail_client(rec, relay);
    mt_set(&rec->f, MT_F_CLIENT_USER, mt_slice_to(s.p, mech));
    s = mt_slice_to(mech + 2, s.p + s.n);
    if (mt_sendmail_value(&s, MT_LIT("mech="), &relay)) {
        mt_set(&rec->f, MT_F_CLIENT_MECHANISM, relay);
    }
    return true;
}

/* The server's own faults among SASL's results (sasl.h): SASL_FAIL, _NOMEM, _BUFOVER, _TRYAGAIN. */
static bool is_own_fault(struct mt_slice response)
{
    static const struct mt_slice codes[] = {{" (-1) ", 6}, {" (-2) ", 6}, {" (-3) ", 6}, {" (-8) ", 6}};

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (mt_find_text(response, codes[i])) {
            return true;
        }
    }
    return false;
}

/* AUTH failure (PLAIN): authentication failure (-13) SASL(-13): text, user=alice, relay=name [ip] */
bool mt_sendmail_auth_failure(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    struct mt_slice mechanism;
    const char *relay, *user;

    (void)all;
    if (!mt_take_to(&s, MT_LIT("): "), &mechanism)) {
        return false;
    }
    rec->kind = form->kind;
    mt_set(&rec->f, MT_F_MECHANISM, mt_known(mechanism));
    if ((relay = mt_find_last(s, MT_LIT(", relay=")))) {
        mt_sendmail_client(rec, mt_slice_to(relay + 8, s.p + s.n));
        s = mt_slice_to(s.p, relay);
    }
    if ((user = mt_find_text(s, MT_LIT(", user=")))) { /* since 8.15.2; the client's word, so all that follows is it */
        mt_set(&rec->f, MT_F_USER, mt_slice_to(user + 7, s.p + s.n));
        s = mt_slice_to(s.p, user);
    }
    mt_set(&rec->f, MT_F_RESPONSE, s);
    mt_form_trouble(rec, is_own_fault(s) ? MT_TROUBLE_AUTH_ERROR : MT_TROUBLE_AUTH_FAILED);
    return true;
}

/* lost input channel from name [ip] to MTA-v4 after rcpt */
bool mt_sendmail_lost(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    struct mt_slice client;
    const char *after;

    (void)all;
    if (!mt_take_to(&s, MT_LIT(" to "), &client)) {
        return false;
    }
    rec->kind = form->kind;
    mt_sendmail_client(rec, client);
    mt_form_trouble(rec, form->trouble);
    if ((after = mt_find_last(s, MT_LIT(" after ")))) {
        mt_set(&rec->f, MT_F_STAGE, mt_sendmail_stage(mt_slice_to(after + 7, s.p + s.n)));
    }
    return true;
}

/* timeout waiting for input from name during server cmd read; the other phases are the client's side */
bool mt_sendmail_timeout(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    struct mt_slice client;

    if (!mt_take_to(&s, MT_LIT(" during "), &client)) {
        return false;
    }
    if (!mt_slice_eq(s, MT_LIT("server cmd read")) && !mt_slice_eq(s, MT_LIT("message collect"))) {
        info(rec, MT_KIND_INFO, all);
        return true;
    }
    rec->kind = form->kind;
    mt_sendmail_client(rec, client);
    mt_form_trouble(rec, form->trouble);
    if (*s.p == 'm') {
        mt_set(&rec->f, MT_F_STAGE, MT_LIT("DATA"));
    }
    return true;
}

/* sendmail/collect.c. Two lines of one event: "premature EOM", then the one that names the client.
 *     collect: relay=name, from=<a@x>, info=unexpected close
 *     collect: unexpected close on connection from name, sender=<a@x>     (before 8.16)
 */
bool mt_sendmail_collect(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    struct mt_slice client, why;

    if (mt_slice_starts(s, MT_LIT("premature EOM: "))) {
        info(rec, MT_KIND_INFO, all);
        mt_form_trouble(rec, form->trouble);
        mt_set(&rec->f, MT_F_STAGE, MT_LIT("DATA"));
        return true;
    }
    if (mt_sendmail_value(&s, MT_LIT("relay="), &client)) {
        const char *p = mt_find_last(s, MT_LIT(", info="));
        if (!p) {
            return false;
        }
        why = mt_slice_to(p + 7, s.p + s.n);
    } else if (!mt_take_to(&s, MT_LIT(" on connection from "), &why) || !mt_take_to(&s, MT_LIT(", "), &client)) {
        return false;
    }
    mt_sendmail_client(rec, mt_slice_eq(client, MT_LIT("localhost")) ? mt_slice(NULL, 0) : client);
    mt_set(&rec->f, MT_F_STAGE, MT_LIT("DATA"));
    if (mt_slice_starts(why, MT_LIT("Bare "))) { /* the connection stays */
        info(rec, MT_KIND_INFO, all);
        mt_form_trouble(rec, MT_TROUBLE_PROTOCOL_ERROR);
        return true;
    }
    rec->kind = form->kind;
    mt_form_trouble(rec, mt_slice_starts(why, MT_LIT("read timeout")) ? MT_TROUBLE_TIMEOUT : form->trouble);
    return true;
}
