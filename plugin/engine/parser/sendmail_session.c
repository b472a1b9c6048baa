/* Sendmail: what happens in an SMTP session.
 *
 * CurSmtpClient, the "name [ip]" of a client, holds no blank but its own, so that a client's
 * words before and behind it cannot be taken for it.
 */
#include "sendmail.h"

struct pair {
    struct mt_slice key, value;
};

static struct mt_slice lookup(const struct pair *pairs, size_t n, struct mt_slice key)
{
    for (size_t i = 0; i < n; i++) {
        if (mt_slice_eq(pairs[i].key, key)) {
            return pairs[i].value;
        }
    }
    return mt_slice(NULL, 0);
}
#define LOOKUP(pairs, key) lookup((pairs), sizeof(pairs) / sizeof *(pairs), (key))
#define PAIR(key, value)               \
    {                                  \
        {(key), sizeof(key) - 1},      \
        {                              \
            (value), sizeof(value) - 1 \
        }                              \
    }

/* doc/op/op.me, ${verify}. The name in the certificate is not compared, hence no more than
 * "trusted"; DANE ties the key to the name. NONE, SOFTWARE, PROTOCOL, CONFIG, TEMP: no handshake.
 */
struct mt_slice mt_sendmail_verify(struct mt_slice s)
{
    static const struct pair words[] = {
        PAIR("OK", "trusted"),          /* the chain leads to a known CA */
        PAIR("TRUSTED", "verified"),    /* by DANE */
        PAIR("NO", "anonymous"),        /* no certificate, though one was asked for */
        PAIR("NOT", "none"),            /* none was asked for */
        PAIR("FAIL", "untrusted"),      /* it could not be verified */
        PAIR("DANE_FAIL", "untrusted"), /* by DANE */
    };
    return LOOKUP(words, s);
}

/* The commands that name a stage, as sendmail/srvrsmtp.c (CmdTab) spells them. */
static struct mt_slice stage_of(struct mt_slice command)
{
    static const struct pair stages[] = {
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
    return LOOKUP(stages, mt_slice(lower, command.n));
}

static void info(struct mt_record *rec, enum mt_kind kind, struct mt_slice text)
{
    rec->kind = (uint8_t)kind;
    mt_set(&rec->f, MT_F_TEXT, text);
}

/* "550 5.7.1 text" */
static void set_reply(struct mt_record *rec, struct mt_slice s)
{
    struct mt_slice dsn;
    int code = mt_reply_code(s);

    mt_set(&rec->f, MT_F_RESPONSE, s);
    if (!code) {
        return;
    }
    mt_set_int(&rec->f, MT_F_REPLY_CODE, code);
    s = mt_slice_skip(s, s.n > 3 ? 4 : 3);
    if (mt_take_dsn(&s, &dsn) && (!s.n || *s.p == ' ')) {
        mt_set(&rec->f, MT_F_DSN, dsn);
    }
}

/* STARTTLS=server, error: accept failed=-1, reason=wrong version number, SSL_error=1, errno=0, retry=-1, relay=n [ip]
 */
static bool read_accept_failed(struct mt_record *rec, struct mt_slice s)
{
    const char *relay = mt_find_last(s, MT_LIT(", relay="));
    struct mt_slice number, reason;

    rec->kind = MT_KIND_TLS;
    mt_set(&rec->f, MT_F_REASON, MT_LIT("tls-failed"));
    if (relay) {
        mt_sendmail_client(rec, mt_slice_to(relay + 8, s.p + s.n));
    }
    if (mt_sendmail_value(&s, MT_LIT("accept failed="), &number) && mt_sendmail_value(&s, MT_LIT("reason="), &reason)) {
        mt_set(&rec->f, MT_F_RESPONSE, mt_known(reason));
    }
    return true;
}

/* STARTTLS=client, relay=host., version=TLSv1.3, verify=OK, cipher=TLS_AES_256_GCM_SHA384, bits=256/256 */
static bool read_starttls(struct mt_record *rec, struct mt_slice s)
{
    struct mt_slice relay, version, verify, cipher, name, ip;
    bool server;
    int64_t bits;

    if (!MT_EAT(&s, "STARTTLS=")) {
        return false;
    }
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
    rec->kind = MT_KIND_TLS;
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
static bool read_auth(struct mt_record *rec, struct mt_slice s)
{
    struct mt_slice relay;
    const char *mech;

    if (!MT_EAT(&s, "AUTH=server, ") || !mt_sendmail_value(&s, MT_LIT("relay="), &relay) || !MT_EAT(&s, "authid=")) {
        return false;
    }
    mech = mt_find_last(s, MT_LIT(", mech="));
    if (!mech) {
        return false;
    }
    rec->kind = MT_KIND_AUTH;
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
static bool read_auth_failure(struct mt_record *rec, struct mt_slice s)
{
    struct mt_slice mechanism;
    const char *relay, *user;

    if (!MT_EAT(&s, "AUTH failure (") || !mt_take_to(&s, MT_LIT("): "), &mechanism)) {
        return false;
    }
    rec->kind = MT_KIND_AUTH;
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
    mt_set(&rec->f, MT_F_REASON, is_own_fault(s) ? MT_LIT("auth-error") : MT_LIT("auth-failed"));
    return true;
}

/* The rule sets that speak to a client, and the stage they do it at. A name that is not here
 * belongs to a header (cf/README, "Header Checks"): the answer comes at the end of the message.
 */
static const struct pair ruleset_stages[] = {
    PAIR("check_relay", "CONNECT"), PAIR("check_mail", "MAIL"),          PAIR("check_rcpt", "RCPT"),
    PAIR("check_data", "DATA"),     PAIR("check_eoh", "END-OF-MESSAGE"), PAIR("check_eom", "END-OF-MESSAGE"),
    PAIR("check_vrfy", "VRFY"),     PAIR("check_expn", "EXPN"),          PAIR("check_etrn", "ETRN"),
    PAIR("check_other", "UNKNOWN"), PAIR("tls_client", "STARTTLS"),
};

/* Those that are about an outgoing connection, or refuse nothing. */
static const struct pair ruleset_others[] = {
    PAIR("tls_server", "-"), PAIR("tls_rcpt", "-"),         PAIR("try_tls", "-"),          PAIR("oc_rate", "-"),
    PAIR("oc_conc", "-"),    PAIR("trust_auth", "-"),       PAIR("check_compat", "-"),     PAIR("bcc", "-"),
    PAIR("authinfo", "-"),   PAIR("tls_srv_features", "-"), PAIR("tls_clt_features", "-"),
};

/* What ends a line of a rule set: the verdict. */
static bool read_verdict(struct mt_record *rec, struct mt_slice s)
{
    if (mt_slice_eq(s, MT_LIT("discard"))) {
        mt_set(&rec->f, MT_F_ACTION, s);
        return true;
    }
    if (MT_EAT(&s, "reject=")) {
        mt_set(&rec->f, MT_F_ACTION, MT_LIT("reject"));
        set_reply(rec, s);
        return true;
    }
    if (MT_EAT(&s, "quarantine=")) {
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
            mt_set(&rec->f, MT_F_REASON, MT_LIT("rate-limit"));
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
static bool read_ruleset(struct mt_record *rec, struct mt_slice s)
{
    struct mt_slice all = s, ruleset, arg1, relay, stage;
    bool mail, rcpt;

    if (!MT_EAT(&s, "ruleset=") || !mt_take_to(&s, MT_LIT(", arg1="), &ruleset) || mt_find(ruleset, ' ')) {
        return false;
    }
    if (LOOKUP(ruleset_others, ruleset).n) {
        info(rec, MT_KIND_INFO, all);
        return true;
    }
    mail = mt_slice_eq(ruleset, MT_LIT("check_mail"));
    rcpt = mt_slice_eq(ruleset, MT_LIT("check_rcpt"));
    stage = LOOKUP(ruleset_stages, ruleset);
    arg1 = mt_slice(s.p, mail || rcpt ? address_length(s) : text_length(s));
    s = mt_slice_skip(s, arg1.n);
    if (!arg1.n || !MT_EAT(&s, ", ")) {
        return false;
    }
    if (mt_sendmail_value(&s, MT_LIT("relay="), &relay)) {
        mt_sendmail_client(rec, relay);
    } else if (mt_slice_eq(stage, MT_LIT("CONNECT"))) {
        set_peer(rec, arg1);
    }
    if (!read_verdict(rec, s)) { /* 8.18: status= refuses nothing */
        info(rec, MT_KIND_INFO, all);
        return mt_slice_starts(s, MT_LIT("status="));
    }
    rec->kind = MT_KIND_REJECT;
    if (mail) {
        mt_set_empty(&rec->f, MT_F_FROM, mt_sendmail_bare(arg1));
    } else if (rcpt) {
        mt_set(&rec->f, MT_F_TO, mt_sendmail_bare(arg1));
    }
    mt_set(&rec->f, MT_F_STAGE, stage.n ? stage : MT_LIT("END-OF-MESSAGE"));
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
    mt_set(&rec->f, MT_F_ACTION, MT_LIT("reject"));
    if (MT_EAT(&s, "=")) {
        set_reply(rec, s);
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
static bool read_milter(struct mt_record *rec, struct mt_slice s)
{
    struct mt_slice value;

    if (!MT_EAT(&s, "Milter: ")) {
        return false;
    }
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
        value = mt_slice(s.p, text_length(s));
        if (helo) {
            mt_set(&rec->f, MT_F_CLIENT_HELO, value);
        }
        s = mt_slice_skip(s, value.n);
        return MT_EAT(&s, ", ") && read_milter_verdict(rec, s, helo ? MT_LIT("HELO") : MT_LIT("UNKNOWN"));
    }
    return false;
}

/* milter=NAME, action=rcpt, reject=550 5.7.1 text */
static bool read_filter(struct mt_record *rec, struct mt_slice s)
{
    static const struct mt_slice verdicts[] = {
        {"reject", 6}, {"discard", 7}, {"tempfail", 8}, {"accepted", 8}, {"continue", 8}, {"skip", 4},
    };
    struct mt_slice all = s, value;

    if (!mt_sendmail_value(&s, MT_LIT("milter="), &value)) {
        return false;
    }
    mt_sendmail_value(&s, MT_LIT("action="), &value);
    if (MT_EAT(&s, "quarantine=")) {
        info(rec, MT_KIND_HOLD, s);
        return true;
    }
    for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++) {
        struct mt_slice at = s;
        if (mt_eat(&at, verdicts[i]) && (!at.n || *at.p == '=')) {
            info(rec, MT_KIND_FILTER, all);
            mt_set(&rec->f, MT_F_ACTION, verdicts[i]);
            return true;
        }
    }
    return false;
}

/* lost input channel from name [ip] to MTA-v4 after rcpt */
static bool read_lost(struct mt_record *rec, struct mt_slice s)
{
    struct mt_slice client;
    const char *after;

    if (!MT_EAT(&s, "lost input channel from ") || !mt_take_to(&s, MT_LIT(" to "), &client)) {
        return false;
    }
    rec->kind = MT_KIND_LOST_CONNECTION;
    mt_sendmail_client(rec, client);
    mt_set(&rec->f, MT_F_REASON, MT_LIT("lost-connection"));
    if ((after = mt_find_last(s, MT_LIT(" after ")))) {
        mt_set(&rec->f, MT_F_STAGE, stage_of(mt_slice_to(after + 7, s.p + s.n)));
    }
    return true;
}

/* timeout waiting for input from name during server cmd read; the other phases are the client's side */
static bool read_timeout(struct mt_record *rec, struct mt_slice s)
{
    struct mt_slice all = s, client;

    if (!MT_EAT(&s, "timeout waiting for input from ") || !mt_take_to(&s, MT_LIT(" during "), &client)) {
        return false;
    }
    if (!mt_slice_eq(s, MT_LIT("server cmd read")) && !mt_slice_eq(s, MT_LIT("message collect"))) {
        info(rec, MT_KIND_INFO, all);
        return true;
    }
    rec->kind = MT_KIND_LOST_CONNECTION;
    mt_sendmail_client(rec, client);
    mt_set(&rec->f, MT_F_REASON, MT_LIT("timeout"));
    if (*s.p == 'm') {
        mt_set(&rec->f, MT_F_STAGE, MT_LIT("DATA"));
    }
    return true;
}

/* sendmail/collect.c. Two lines of one event: "premature EOM", then the one that names the client.
 *     collect: relay=name, from=<a@x>, info=unexpected close
 *     collect: unexpected close on connection from name, sender=<a@x>     (before 8.16)
 */
static bool read_collect(struct mt_record *rec, struct mt_slice s)
{
    struct mt_slice all = s, client, why;

    if (!MT_EAT(&s, "collect: ")) {
        return false;
    }
    if (mt_slice_starts(s, MT_LIT("premature EOM: "))) {
        info(rec, MT_KIND_INFO, all);
        mt_set(&rec->f, MT_F_REASON, MT_LIT("lost-connection"));
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
        mt_set(&rec->f, MT_F_REASON, MT_LIT("protocol-error"));
        return true;
    }
    rec->kind = MT_KIND_LOST_CONNECTION;
    mt_set(&rec->f, MT_F_REASON,
           mt_slice_starts(why, MT_LIT("read timeout")) ? MT_LIT("timeout") : MT_LIT("lost-connection"));
    return true;
}

/* name [ip]: VRFY alice [rejected] */
static bool read_verify(struct mt_record *rec, struct mt_slice s)
{
    struct mt_slice client, stage;

    if (!mt_take_to(&s, MT_LIT(": "), &client) || !client.n ||
        (client.p[client.n - 1] != ']' && client.p[client.n - 1] != ')') || s.n < 5 || s.p[4] != ' ') {
        return false;
    }
    stage = stage_of(mt_slice(s.p, 4));
    if (!mt_slice_eq(stage, MT_LIT("VRFY")) && !mt_slice_eq(stage, MT_LIT("EXPN")) &&
        !mt_slice_eq(stage, MT_LIT("ETRN"))) {
        return false;
    }
    mt_sendmail_client(rec, client);
    info(rec, MT_KIND_INFO, s);
    if (mt_slice_ends(s, MT_LIT(" [rejected]"))) {
        rec->kind = MT_KIND_REJECT;
        mt_set(&rec->f, MT_F_STAGE, stage);
        mt_set(&rec->f, MT_F_ACTION, MT_LIT("reject"));
    }
    return true;
}

/* tcpwrappers (name, ip) rejection */
static bool read_tcpwrappers(struct mt_record *rec, struct mt_slice s)
{
    struct mt_slice name, ip;

    if (!MT_EAT(&s, "tcpwrappers (") || !mt_take_to(&s, MT_LIT(", "), &name) ||
        !mt_take_to(&s, MT_LIT(") rejection"), &ip)) {
        return false;
    }
    rec->kind = MT_KIND_REJECT;
    MT_EAT(&ip, "IPv6:");
    mt_set(&rec->f, MT_F_CLIENT_NAME, mt_known(name));
    mt_set(&rec->f, MT_F_CLIENT_IP, ip);
    mt_set(&rec->f, MT_F_STAGE, MT_LIT("CONNECT"));
    mt_set(&rec->f, MT_F_ACTION, MT_LIT("reject"));
    return true;
}

/* The readers, by the first letter of their forms; 0: any. */
static const struct {
    char first;
    bool (*read)(struct mt_record *rec, struct mt_slice s);
} readers[] = {
    {'S', read_starttls},    {'A', read_auth},    {'A', read_auth_failure}, {'r', read_ruleset},
    {'M', read_milter},      {'m', read_filter},  {'l', read_lost},         {'t', read_timeout},
    {'t', read_tcpwrappers}, {'c', read_collect}, {'\0', read_verify},
};

bool mt_sendmail_session(struct mt_record *rec, struct mt_slice s)
{
    uint64_t have[2] = {rec->f.have[0], rec->f.have[1]};

    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++) {
        if (s.n && (!readers[i].first || readers[i].first == *s.p)) {
            if (readers[i].read(rec, s)) {
                return true;
            }
            memcpy(rec->f.have, have, sizeof have);
        }
    }
    return false;
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
    return mt_slice_ends(s, MT_LIT(" parameter unrecognized"));
}

/* <nosuch@sm.example>... User unknown: usrerr() (sendmail/err.c) while RCPT is answered. The address
 * is the client's, the text is sendmail's; reply code and relay are not logged.
 */
bool mt_sendmail_refused(struct mt_record *rec, struct mt_slice s)
{
    size_t n = refused_length(s);

    if (!mt_has(&rec->f, MT_F_QUEUE_ID)) {
        return false;
    }
    if (!is_refusal(s)) {
        mt_set(&rec->f, MT_F_TO, mt_sendmail_bare(mt_slice(s.p, n)));
        s = mt_slice_skip(s, n);
        if (!n || !MT_EAT(&s, "... ") || !s.n) {
            return false;
        }
    }
    rec->kind = MT_KIND_REJECT;
    mt_set(&rec->f, MT_F_STAGE, MT_LIT("RCPT"));
    mt_set(&rec->f, MT_F_ACTION, MT_LIT("reject"));
    mt_set(&rec->f, MT_F_RESPONSE, s);
    return true;
}
