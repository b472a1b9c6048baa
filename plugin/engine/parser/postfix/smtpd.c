/* Sessions of smtpd(8) and qmqpd(8): who connects, how it ends, TLS, AUTH. See postfix.h. */
#include "postfix.h"

/* connect from NAME[IP]:PORT
 * disconnect from NAME[IP] ehlo=1 mail=1 rcpt=0/1 quit=1 commands=3/4
 */
bool mt_postfix_session(struct mt_record *rec, const struct mt_form *form, struct mt_slice text, struct mt_slice at)
{
    (void)text;
    if (!mt_postfix_client(&at, rec)) {
        return false;
    }
    if (MT_EAT(&at, " ") && form->kind == MT_KIND_DISCONNECT) {
        mt_set(&rec->f, MT_F_COMMANDS, at);
        at.n = 0;
    }
    rec->kind = form->kind;
    return !at.n;
}

/* Takes ", name=value" off the end of *s when value has no blank in it. */
static bool take_last(struct mt_slice *s, struct mt_slice name, struct mt_slice *value)
{
    const char *p = mt_find_last(*s, name);
    struct mt_slice found;

    if (!p) {
        return false;
    }
    found = mt_slice_to(p + name.n, s->p + s->n);
    if (!found.n || mt_find(found, ' ')) {
        return false;
    }
    *value = found;
    s->n = (size_t)(p - s->p);
    return true;
}

/* ", sasl_method=PLAIN, sasl_username=U, sasl_sender=S"
 *
 * U is the name under which the SASL server knows the user, and is not quoted. What can
 * follow has no blanks (S is xtext; XFORWARD values are neutered), so it is taken off
 * the end first and U is all that remains.
 */
static void read_sasl(struct mt_record *rec, struct mt_slice at)
{
    struct mt_slice method, sender;

    take_last(&at, MT_LIT(", sasl_sender="), &sender);
    if (MT_EAT(&at, ", sasl_method=")) {
        const char *comma = mt_find(at, ',');
        method = comma ? mt_slice_to(at.p, comma) : at;
        mt_set(&rec->f, MT_F_CLIENT_MECHANISM, method);
        at = mt_slice_skip(at, method.n);
    }
    if (MT_EAT(&at, ", sasl_username=")) {
        mt_set(&rec->f, MT_F_CLIENT_USER, at);
    }
}

/* What XFORWARD says of the message: the client of the outer session, and the queue ID there. Either may be missing. */
static void read_forwarded(struct mt_record *rec, struct mt_slice id, struct mt_slice client)
{
    struct mt_postfix_peer peer;

    if (mt_postfix_queue_id(id) == id.n) {
        mt_set(&rec->f, MT_F_PARENT_QUEUE_ID, id);
    }
    if (client.n && mt_postfix_peer(&client, &peer) && !client.n) {
        mt_set(&rec->f, MT_F_ORIG_CLIENT_NAME, mt_known(peer.name));
        mt_set(&rec->f, MT_F_ORIG_CLIENT_IP, mt_known(peer.address));
        if (peer.port > 0) {
            mt_set_int(&rec->f, MT_F_ORIG_CLIENT_PORT, peer.port);
        }
    }
}

/* 098F1AAE9E9: client=NAME[IP], sasl_method=PLAIN, sasl_username=U
 * 9C5D2AAE9C1: client=localhost[127.0.0.1], orig_queue_id=098F1AAE9E9, orig_client=NAME[IP]
 *
 * The last two come by XFORWARD from a filter that smtpd_authorized_xforward_hosts names. Such a
 * filter does not log in. In the line of a client that did, the words could be part of its name, and are not believed.
 */
bool mt_postfix_client_line(struct mt_record *rec, const struct mt_form *form, struct mt_slice text, struct mt_slice at)
{
    struct mt_slice client = {NULL, 0}, id = {NULL, 0};

    (void)text;
    if (!mt_postfix_client(&at, rec)) {
        return false;
    }
    rec->kind = form->kind;
    if (!at.n) {
        return true;
    }
    take_last(&at, MT_LIT(", orig_client="), &client);
    take_last(&at, MT_LIT(", orig_queue_id="), &id);
    if (!mt_slice_starts(at, MT_LIT(", sasl_"))) {
        read_forwarded(rec, id, client);
    }
    read_sasl(rec, at);
    return !at.n || *at.p == ',';
}

/* lost connection after DATA (4096 bytes) from NAME[IP] */
bool mt_postfix_lost(struct mt_record *rec, const struct mt_form *form, struct mt_slice text, struct mt_slice at)
{
    struct mt_slice command;
    const char *bytes;

    if (!mt_take_to(&at, MT_LIT(" from "), &command) || !mt_postfix_client(&at, rec) || at.n) {
        return false;
    }
    bytes = mt_find_text(command, MT_LIT(" ("));
    if (bytes) {
        command = mt_slice_to(command.p, bytes);
    }
    rec->kind = form->kind;
    mt_form_trouble(rec, form->trouble);
    mt_set(&rec->f, MT_F_TEXT, text);
    mt_postfix_stage(rec, command);
    return true;
}

/* improper command pipelining after CONNECT from NAME[IP]: GET / HTTP/1.1\r\n */
bool mt_postfix_pipelining(struct mt_record *rec, const struct mt_form *form, struct mt_slice text, struct mt_slice at)
{
    struct mt_slice command;

    if (!mt_take_to(&at, MT_LIT(" from "), &command) || !mt_postfix_client(&at, rec)) {
        return false;
    }
    rec->kind = form->kind;
    mt_form_trouble(rec, form->trouble);
    mt_set(&rec->f, MT_F_TEXT, text);
    mt_postfix_stage(rec, command);
    return true;
}

static const enum mt_field client_tls[] = {MT_F_CLIENT_TLS_VERSION, MT_F_CLIENT_TLS_CIPHER, MT_F_CLIENT_TLS_BITS,
                                           MT_F_CLIENT_TLS_VERIFY};
static const enum mt_field relay_tls[] = {MT_F_TLS_VERSION, MT_F_TLS_CIPHER, MT_F_TLS_BITS, MT_F_TLS_VERIFY};

/* What stands before `until`, which begins with a blank: a word, and if not the text up to it. */
static bool take_word(struct mt_slice *at, struct mt_slice until, struct mt_slice *word)
{
    const char *blank = mt_find(*at, ' ');

    if (blank && mt_slice_starts(mt_slice_to(blank, at->p + at->n), until)) {
        *word = mt_slice_to(at->p, blank);
        *at = mt_slice_skip(*at, word->n + until.n);
        return true;
    }
    return mt_take_to(at, until, word);
}

/* TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange ... */
static bool read_cipher(struct mt_record *rec, const enum mt_field *fields, const char *verify, struct mt_slice at)
{
    struct mt_slice version, cipher;
    int64_t bits;

    if (!take_word(&at, MT_LIT(" with cipher "), &version) || !take_word(&at, MT_LIT(" ("), &cipher) ||
        !mt_take_int(&at, &bits)) {
        return false;
    }
    mt_set(&rec->f, fields[0], version);
    mt_set(&rec->f, fields[1], cipher);
    mt_set_int(&rec->f, fields[2], bits);
    mt_set(&rec->f, fields[3], mt_slice_str(verify));
    return true;
}

/* Anonymous TLS connection established from NAME[IP] to SNI: TLSv1.3 with cipher ...
 * Untrusted TLS connection reused to NAME[IP]:25: TLSv1.3 with cipher ...
 * (tls_log_summary() in tls_misc.c)
 */
bool mt_postfix_tls(struct mt_record *rec, const struct mt_form *form, struct mt_slice text, struct mt_slice at)
{
    struct mt_postfix_peer peer;
    struct mt_slice sni;
    bool incoming;

    (void)text;
    rec->kind = form->kind;
    if (!MT_EAT(&at, "established ") && !MT_EAT(&at, "reused ")) {
        return false;
    }
    incoming = MT_EAT(&at, "from ");
    if (incoming ? !mt_postfix_client(&at, rec) : !(MT_EAT(&at, "to ") && mt_postfix_peer(&at, &peer))) {
        return false;
    }
    if (MT_EAT(&at, " to ") && !mt_take_to(&at, MT_LIT(": "), &sni)) {
        return false;
    }
    MT_EAT(&at, ": ");
    if (incoming) {
        return read_cipher(rec, client_tls, form->word, at);
    }
    mt_postfix_relay(rec, &peer);
    return read_cipher(rec, relay_tls, form->word, at);
}

/* SSL_accept error from NAME[IP]: -1; NOQUEUE: abort: TLS from NAME[IP]: No client certificate presented;
 * SSL_connect error to NAME[IP]:25: lost connection; TLS handshake failed for service=S peer=[IP]:PORT
 */
bool mt_postfix_tls_failed(struct mt_record *rec, const struct mt_form *form, struct mt_slice text, struct mt_slice at)
{
    struct mt_slice service;

    if (mt_slice_ends(form->begin, MT_LIT("service=")) && !mt_take_to(&at, MT_LIT(" peer="), &service)) {
        return false;
    }
    if (mt_slice_ends(form->begin, MT_LIT(" to "))) {
        struct mt_postfix_peer peer;
        if (!mt_postfix_peer(&at, &peer)) {
            return false;
        }
        mt_postfix_relay(rec, &peer);
    } else if (!mt_postfix_client(&at, rec)) {
        return false;
    }
    rec->kind = form->kind;
    mt_form_trouble(rec, MT_TROUBLE_TLS_FAILED);
    mt_set(&rec->f, MT_F_TEXT, text);
    return true;
}

/* What a SASL server says when it is at fault itself: xsasl_dovecot_server.c, and
 * Cyrus SASL's sasl_errstring() for what xsasl_cyrus_server.c takes as temporary.
 */
static const struct mt_slice faults[] = {
    MT_TEXT("Connection lost to authentication server"),
    MT_TEXT("Can't connect to authentication server"),
    MT_TEXT("Authentication backend error"),
    MT_TEXT("Temporary authentication failure"),
    MT_TEXT("Temporary internal failure"),
    MT_TEXT("generic failure"),
    MT_TEXT("no memory available"),
    MT_TEXT("transient failure"),
    MT_TEXT("remote authentication server unavailable"),
};

static enum mt_trouble auth_trouble(struct mt_slice response)
{
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        if (mt_slice_starts(response, faults[i])) {
            return MT_TROUBLE_AUTH_ERROR;
        }
    }
    return MT_TROUBLE_AUTH_FAILED;
}

/* "LOGIN authentication failed: TEXT, sasl_username=U" (older: without the name), "LOGIN authentication aborted".
 *
 * The mechanism is the client's word as well. Only one that is a mechanism's name (RFC 4422,
 * section 3.1) leaves no doubt where the rest begins.
 */
static void read_auth(struct mt_record *rec, struct mt_slice at)
{
    static const struct mt_slice user = MT_TEXT(", sasl_username=");
    struct mt_slice response = at;
    const char *p;
    size_t i = 0;

    while (i < at.n && (mt_is_alnum(at.p[i]) || at.p[i] == '-' || at.p[i] == '_')) {
        i++;
    }
    rec->kind = MT_KIND_AUTH;
    response = mt_slice_skip(at, i);
    if (i && MT_EAT(&response, " authentication failed:")) {
        MT_EAT(&response, " ");
        mt_set(&rec->f, MT_F_MECHANISM, mt_slice(at.p, i));
        p = mt_find_text(response, user);
        if (p) {
            struct mt_slice name = mt_slice_skip(mt_slice_to(p, response.p + response.n), user.n);
            mt_set(&rec->f, MT_F_USER, mt_slice_eq(name, MT_LIT("(unavailable)")) ? mt_slice(NULL, 0) : name);
            response = mt_slice_to(response.p, p);
        }
    } else {
        if (i && mt_slice_eq(response, MT_LIT(" authentication aborted"))) {
            mt_set(&rec->f, MT_F_MECHANISM, mt_slice(at.p, i));
        }
        response = at;
    }
    mt_set(&rec->f, MT_F_RESPONSE, response);
    mt_form_trouble(rec, auth_trouble(response));
}

/* smtpd.c; the client stands behind the first " from ", before which all is Postfix' own. */
static const struct warning {
    struct mt_slice prefix;
    enum mt_trouble trouble;
} warnings[] = {
    {MT_TEXT("Connection concurrency limit exceeded: "), MT_TROUBLE_RATE_LIMIT},
    {MT_TEXT("Connection rate limit exceeded: "), MT_TROUBLE_RATE_LIMIT},
    {MT_TEXT("Message delivery request rate limit exceeded: "), MT_TROUBLE_RATE_LIMIT},
    {MT_TEXT("Recipient address rate limit exceeded: "), MT_TROUBLE_RATE_LIMIT},
    {MT_TEXT("AUTH command rate limit exceeded: "), MT_TROUBLE_RATE_LIMIT},
    {MT_TEXT("New TLS session rate limit exceeded: "), MT_TROUBLE_RATE_LIMIT},
    {MT_TEXT("Refusing STARTTLS request from "), MT_TROUBLE_RATE_LIMIT},
    {MT_TEXT("Refusing TLS service request from "), MT_TROUBLE_RATE_LIMIT},
    {MT_TEXT("Wrapper-mode request dropped from "), MT_TROUBLE_TLS_FAILED},
    {MT_TEXT("non-SMTP command from "), MT_TROUBLE_PROTOCOL_ERROR},
    {MT_TEXT("malformed BDAT command syntax from "), MT_TROUBLE_PROTOCOL_ERROR},
    {MT_TEXT("null BDAT request from "), MT_TROUBLE_PROTOCOL_ERROR},
    {MT_TEXT("too much BDAT content "), MT_TROUBLE_PROTOCOL_ERROR},
    {MT_TEXT("Illegal address syntax from "), MT_TROUBLE_NONE},
};

void mt_postfix_warning(struct mt_record *rec, struct mt_slice text)
{
    struct mt_slice at = text, skipped;

    /* QID: queue file size limit exceeded: the whole message is refused, and no reject line says so
     * (smtpd/smtpd.c, cleanup/cleanup_out.c).
     */
    if (mt_has(&rec->f, MT_F_QUEUE_ID) && mt_slice_eq(text, MT_LIT("queue file size limit exceeded"))) {
        rec->effect = MT_EFFECT_REFUSES_MESSAGE;
        mt_set(&rec->f, MT_F_ACTION, MT_LIT("reject"));
        mt_postfix_stage(rec, MT_LIT("END-OF-MESSAGE"));
        mt_set(&rec->f, MT_F_RESPONSE, text);
        mt_drop(&rec->f, MT_F_TEXT);
        return;
    }
    for (size_t i = 0; i < sizeof warnings / sizeof *warnings; i++) {
        if (mt_slice_starts(text, warnings[i].prefix)) {
            mt_form_trouble(rec, warnings[i].trouble);
            if (mt_take_to(&at, MT_LIT(" from "), &skipped)) {
                mt_postfix_client(&at, rec);
            }
            return;
        }
    }
    struct mt_postfix_peer peer;
    if (mt_postfix_peer(&at, &peer) && MT_EAT(&at, ": SASL ")) {
        mt_postfix_client(&text, rec);
        mt_drop(&rec->f, MT_F_TEXT);
        read_auth(rec, at);
    }
}
