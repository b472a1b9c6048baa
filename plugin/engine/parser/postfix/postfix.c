/* Postfix' log lines: the tables that tell the form of a line by what its text starts with.
 *
 * Every daemon writes through msg(3): "[LEVEL: ][QUEUE-ID: ]text", without a level for what is
 * normal. The forms are told by the text alone, because some relays cut the tag at the slash
 * and with it the daemon's name; where two daemons write the same text, the reader of the
 * form looks at rec->service. What no source file of Postfix writes is not recognised.
 *
 * The readers stand in the other postfix_*.c: see postfix.h. Thread rules: no shared state.
 */
#include "postfix.h"

#define KIND(name) MT_KIND_##name

/* The whole text is the prefix. */
static bool read_word(struct mt_record *rec, const struct mt_postfix_form *form, struct mt_slice text,
                      struct mt_slice rest)
{
    rec->kind = form->kind;
    if (form->kind == MT_KIND_INFO) {
        mt_set(&rec->f, MT_F_TEXT, text);
    }
    return !rest.n;
}

/* After "QUEUE-ID: " or "NOQUEUE: ". The frequent ones first. */
static const struct mt_postfix_form entry_forms[] = {
    {MT_TEXT("to=<"), mt_postfix_delivery, KIND(TO), NULL},
    {MT_TEXT("from=<"), mt_postfix_from, KIND(FROM), NULL},
    {MT_TEXT("message-id="), mt_postfix_message_id, KIND(MESSAGE_ID), NULL},
    {MT_TEXT("client="), mt_postfix_client_line, KIND(CLIENT), NULL},
    {MT_TEXT("removed"), mt_postfix_removed, KIND(REMOVED), NULL},
    {MT_TEXT("reject: "), mt_postfix_reject, KIND(REJECT), NULL},
    {MT_TEXT("info: "), mt_postfix_reject, KIND(REJECT), "note"},
    {MT_TEXT("warning: "), mt_postfix_reject, KIND(REJECT), "note"},
    {MT_TEXT("uid="), mt_postfix_local, KIND(LOCAL), NULL},
    /* bounce_*_service.c */
    {MT_TEXT("sender non-delivery notification: "), mt_postfix_bounce, KIND(BOUNCE), "non-delivery"},
    {MT_TEXT("sender delay notification: "), mt_postfix_bounce, KIND(BOUNCE), "delay"},
    {MT_TEXT("sender delivery status notification: "), mt_postfix_bounce, KIND(BOUNCE), "delivery status"},
    {MT_TEXT("postmaster non-delivery notification: "), mt_postfix_bounce, KIND(BOUNCE), "non-delivery"},
    {MT_TEXT("postmaster delay notification: "), mt_postfix_bounce, KIND(BOUNCE), "delay"},
    /* smtpd.c, smtpd_check.c, cleanup_message.c, cleanup_milter.c, header_body_checks.c */
    {MT_TEXT("reject_warning: "), mt_postfix_reject, KIND(REJECT), NULL},
    {MT_TEXT("milter-reject: "), mt_postfix_reject, KIND(REJECT), NULL},
    {MT_TEXT("milter-hold: "), mt_postfix_reject, KIND(REJECT), NULL},
    {MT_TEXT("milter-discard: "), mt_postfix_reject, KIND(REJECT), NULL},
    {MT_TEXT("hold: "), mt_postfix_reject, KIND(REJECT), NULL},
    {MT_TEXT("discard: "), mt_postfix_reject, KIND(REJECT), NULL},
    {MT_TEXT("redirect: "), mt_postfix_reject, KIND(REJECT), NULL},
    {MT_TEXT("filter: "), mt_postfix_reject, KIND(REJECT), NULL},
    {MT_TEXT("warn: "), mt_postfix_reject, KIND(REJECT), NULL},
    {MT_TEXT("delay: "), mt_postfix_reject, KIND(REJECT), NULL},
    {MT_TEXT("hangup: "), mt_postfix_reject, KIND(REJECT), NULL},
    {MT_TEXT("bcc: "), mt_postfix_reject, KIND(REJECT), NULL},
    {MT_TEXT("permit: "), mt_postfix_reject, KIND(INFO), NULL},
    {MT_TEXT("pass: "), mt_postfix_reject, KIND(REJECT), "note"},
    {MT_TEXT("prepend: "), mt_postfix_reject, KIND(REJECT), NULL},
    {MT_TEXT("replace: "), mt_postfix_reject, KIND(REJECT), NULL},
    {MT_TEXT("strip: "), mt_postfix_reject, KIND(REJECT), NULL},
    {MT_TEXT("milter-header-reject: "), mt_postfix_reject, KIND(REJECT), NULL},
    {MT_TEXT("milter-header-warning: "), mt_postfix_reject, KIND(REJECT), "note"},
    {MT_TEXT("milter-header-info: "), mt_postfix_reject, KIND(REJECT), "note"},
    {MT_TEXT("milter-header-filter: "), mt_postfix_reject, KIND(REJECT), NULL},
    {MT_TEXT("milter-header-discard: "), mt_postfix_reject, KIND(REJECT), NULL},
    {MT_TEXT("milter-header-hold: "), mt_postfix_reject, KIND(REJECT), NULL},
    {MT_TEXT("milter-header-redirect: "), mt_postfix_reject, KIND(REJECT), NULL},
    {MT_TEXT("milter-header-bcc: "), mt_postfix_reject, KIND(REJECT), NULL},
    {MT_TEXT("milter-header-replace: "), mt_postfix_reject, KIND(REJECT), NULL},
    {MT_TEXT("milter-header-prepend: "), mt_postfix_reject, KIND(REJECT), NULL},
    {MT_TEXT("milter-header-strip: "), mt_postfix_reject, KIND(REJECT), NULL},
    /* smtpd.c: since 3.10 with the queue ID */
    {MT_TEXT("lost connection after "), mt_postfix_lost, KIND(LOST_CONNECTION), "lost-connection"},
    {MT_TEXT("timeout after "), mt_postfix_lost, KIND(LOST_CONNECTION), "timeout"},
    {MT_TEXT("too many errors after "), mt_postfix_lost, KIND(LOST_CONNECTION), "too-many-errors"},
    {MT_TEXT("abort: TLS from "), mt_postfix_tls_failed, KIND(TLS), NULL},
    /* postsuper.c */
    {MT_TEXT("placed on hold"), read_word, KIND(HOLD), NULL},
    {MT_TEXT("released from hold"), read_word, KIND(RELEASE), NULL},
    {MT_TEXT("requeued"), read_word, KIND(REQUEUE), NULL},
    {MT_TEXT("expired"), read_word, KIND(INFO), NULL}, /* qmgr(8) will say what comes of it */
    /* cleanup_message.c, cleanup_masquerade.c, qmgr_message.c, bounce.c, abounce.c, bounce_trace_service.c */
    {MT_TEXT("resent-message-id="), mt_postfix_plain, KIND(INFO), NULL},
    {MT_TEXT("masquerade_exceptions map lookup problem -- "), mt_postfix_plain, KIND(INFO), NULL},
    {MT_TEXT("skipped, still being delivered"), mt_postfix_plain, KIND(INFO), NULL},
    {MT_TEXT("status=deferred ("), mt_postfix_plain, KIND(INFO), NULL},
    {MT_TEXT("not sending trace/success notification "), mt_postfix_plain, KIND(INFO), NULL},
    /* deliver_pass.c; smtp_proto.c; the reasons that smtp_trouble.c logs before it tries the next host */
    {MT_TEXT("passing <"), mt_postfix_plain, KIND(INFO), NULL},
    {MT_TEXT("enabling PIX workarounds: "), mt_postfix_plain, KIND(INFO), NULL},
    {MT_TEXT("breaking line > "), mt_postfix_plain, KIND(INFO), NULL},
    {MT_TEXT("host "), mt_postfix_plain, KIND(INFO), NULL},
    {MT_TEXT("lost connection with "), mt_postfix_plain, KIND(INFO), NULL},
    {MT_TEXT("conversation with "), mt_postfix_plain, KIND(INFO), NULL},
    {MT_TEXT("local data error while talking to "), mt_postfix_plain, KIND(INFO), NULL},
    {MT_TEXT("connect to "), mt_postfix_plain, KIND(INFO), NULL},
    {MT_TEXT("Cannot start TLS: "), mt_postfix_plain, KIND(INFO), NULL},
    {MT_TEXT("TLS is required, but "), mt_postfix_plain, KIND(INFO), NULL},
    {MT_TEXT("TLS handshake failed"), mt_postfix_plain, KIND(INFO), NULL},
    {MT_TEXT("Server certificate not "), mt_postfix_plain, KIND(INFO), NULL},
    {MT_TEXT("SASL authentication failed"), mt_postfix_plain, KIND(INFO), NULL},
    {MT_TEXT("SASL [CACHED] authentication failed"), mt_postfix_plain, KIND(INFO), NULL},
    {MT_TEXT("Sender requested REQUIRETLS"), mt_postfix_plain, KIND(INFO), NULL},
    {MT_TEXT("REQUIRETLS "), mt_postfix_plain, KIND(INFO), NULL},
    {MT_TEXT("SMTPUTF8 is required, "), mt_postfix_plain, KIND(INFO), NULL},
};

/* Without a queue ID. */
static const struct mt_postfix_form plain_forms[] = {
    /* smtpd.c, qmqpd.c */
    {MT_TEXT("connect from "), mt_postfix_session, KIND(CONNECT), NULL},
    {MT_TEXT("disconnect from "), mt_postfix_session, KIND(DISCONNECT), NULL},
    {MT_TEXT("Anonymous TLS connection "), mt_postfix_tls, KIND(TLS), "anonymous"},
    {MT_TEXT("Untrusted TLS connection "), mt_postfix_tls, KIND(TLS), "untrusted"},
    {MT_TEXT("Trusted TLS connection "), mt_postfix_tls, KIND(TLS), "trusted"},
    {MT_TEXT("Verified TLS connection "), mt_postfix_tls, KIND(TLS), "verified"},
    {MT_TEXT("connect to "), mt_postfix_plain, KIND(INFO), NULL},
    {MT_TEXT("lost connection after "), mt_postfix_lost, KIND(LOST_CONNECTION), "lost-connection"},
    {MT_TEXT("timeout after "), mt_postfix_lost, KIND(LOST_CONNECTION), "timeout"},
    {MT_TEXT("too many errors after "), mt_postfix_lost, KIND(LOST_CONNECTION), "too-many-errors"},
    {MT_TEXT("improper command pipelining after "), mt_postfix_pipelining, KIND(INFO), "pipelining"},
    {MT_TEXT("proxy-accept: "), mt_postfix_proxy, KIND(INFO), NULL},
    {MT_TEXT("proxy-reject: "), mt_postfix_proxy, KIND(REJECT), NULL},
    {MT_TEXT("discarding EHLO keywords: "), mt_postfix_plain, KIND(INFO), NULL},
    {MT_TEXT("SSL_accept error from "), mt_postfix_tls_failed, KIND(TLS), NULL},
    {MT_TEXT("SSL_connect error to "), mt_postfix_tls_failed, KIND(TLS), NULL},
    {MT_TEXT("TLS handshake failed for service="), mt_postfix_tls_failed, KIND(TLS), NULL},
    /* postscreen*.c, tlsproxy*.c, dnsblog.c; WHITE and BLACK before 3.6 or with respectful_logging = no */
    {MT_TEXT("CONNECT from "), mt_postfix_screen, KIND(INFO), NULL},
    {MT_TEXT("CONNECT to "), mt_postfix_plain, KIND(INFO), NULL},
    {MT_TEXT("DISCONNECT "), mt_postfix_screen, KIND(INFO), NULL},
    {MT_TEXT("PASS OLD "), mt_postfix_screen, KIND(INFO), NULL},
    {MT_TEXT("PASS NEW "), mt_postfix_screen, KIND(INFO), NULL},
    {MT_TEXT("HANGUP after "), mt_postfix_screen, KIND(INFO), "lost-connection"},
    {MT_TEXT("PREGREET "), mt_postfix_screen, KIND(INFO), "pregreet"},
    {MT_TEXT("DNSBL rank "), mt_postfix_screen, KIND(INFO), "blocklist"},
    {MT_TEXT("ALLOWLISTED "), mt_postfix_screen, KIND(INFO), NULL},
    {MT_TEXT("WHITELISTED "), mt_postfix_screen, KIND(INFO), NULL},
    {MT_TEXT("DENYLISTED "), mt_postfix_screen, KIND(INFO), "blocklist"},
    {MT_TEXT("BLACKLISTED "), mt_postfix_screen, KIND(INFO), "blocklist"},
    {MT_TEXT("ALLOWLIST VETO "), mt_postfix_screen, KIND(INFO), NULL},
    {MT_TEXT("WHITELIST VETO "), mt_postfix_screen, KIND(INFO), NULL},
    {MT_TEXT("COMMAND PIPELINING from "), mt_postfix_screen, KIND(INFO), "pipelining"},
    {MT_TEXT("COMMAND TIME LIMIT from "), mt_postfix_screen, KIND(INFO), "timeout"},
    {MT_TEXT("COMMAND COUNT LIMIT from "), mt_postfix_screen, KIND(INFO), "too-many-errors"},
    {MT_TEXT("COMMAND LENGTH LIMIT from "), mt_postfix_screen, KIND(INFO), "protocol-error"},
    {MT_TEXT("BARE NEWLINE from "), mt_postfix_screen, KIND(INFO), "protocol-error"},
    {MT_TEXT("NON-SMTP COMMAND from "), mt_postfix_screen, KIND(INFO), "protocol-error"},
    {MT_TEXT("DATA without valid RCPT from "), mt_postfix_screen, KIND(INFO), "protocol-error"},
    {MT_TEXT("BDAT without valid RCPT from "), mt_postfix_screen, KIND(INFO), "protocol-error"},
    {MT_TEXT("reject: connect from "), mt_postfix_screen, KIND(INFO), NULL},
    {MT_TEXT("entering STRESS mode with "), mt_postfix_plain, KIND(SERVICE), NULL},
    {MT_TEXT("leaving STRESS mode with "), mt_postfix_plain, KIND(SERVICE), NULL},
    {MT_TEXT("addr "), mt_postfix_plain, KIND(INFO), NULL},
    /* anvil.c, scache.c */
    {MT_TEXT("statistics: "), mt_postfix_plain, KIND(STATISTICS), NULL},
    /* postsuper.c */
    {MT_TEXT("Requeued: "), mt_postfix_plain, KIND(SERVICE), NULL},
    {MT_TEXT("Deleted: "), mt_postfix_plain, KIND(SERVICE), NULL},
    {MT_TEXT("Force-expired: "), mt_postfix_plain, KIND(SERVICE), NULL},
    {MT_TEXT("Placed on hold: "), mt_postfix_plain, KIND(SERVICE), NULL},
    {MT_TEXT("Released from hold: "), mt_postfix_plain, KIND(SERVICE), NULL},
    {MT_TEXT("Renamed to match inode number: "), mt_postfix_plain, KIND(SERVICE), NULL},
    {MT_TEXT("removed file "), mt_postfix_plain, KIND(INFO), NULL},
    {MT_TEXT("renamed file "), mt_postfix_plain, KIND(INFO), NULL},
    {MT_TEXT("remove directory "), mt_postfix_plain, KIND(INFO), NULL},
    {MT_TEXT("remove subdirectory "), mt_postfix_plain, KIND(INFO), NULL},
    /* master.c, master_sig.c, the servers' skeletons, conf/postfix-script */
    {MT_TEXT("daemon started"), mt_postfix_plain, KIND(SERVICE), NULL},
    {MT_TEXT("reload -- "), mt_postfix_plain, KIND(SERVICE), NULL},
    {MT_TEXT("terminating on signal "), mt_postfix_plain, KIND(SERVICE), NULL},
    {MT_TEXT("master exit time has arrived"), mt_postfix_plain, KIND(SERVICE), NULL},
    {MT_TEXT("starting the Postfix mail system"), mt_postfix_plain, KIND(SERVICE), NULL},
    {MT_TEXT("stopping the Postfix mail system"), mt_postfix_plain, KIND(SERVICE), NULL},
    {MT_TEXT("aborting the Postfix mail system"), mt_postfix_plain, KIND(SERVICE), NULL},
    {MT_TEXT("refreshing the Postfix mail system"), mt_postfix_plain, KIND(SERVICE), NULL},
    {MT_TEXT("waiting for the Postfix mail system to terminate"), mt_postfix_plain, KIND(SERVICE), NULL},
    {MT_TEXT("the Postfix mail system is "), mt_postfix_plain, KIND(SERVICE), NULL},
    {MT_TEXT("table "), mt_postfix_plain, KIND(SERVICE), NULL},
    /* smtpd.c, smtpd_check.c, trivial-rewrite, tlsmgr and others with compatibility_level below the present */
    {MT_TEXT("using backwards-compatible default setting "), mt_postfix_plain, KIND(INFO), NULL},
    {MT_TEXT("Postfix is "), mt_postfix_plain, KIND(INFO), NULL},
    {MT_TEXT("See http"), mt_postfix_plain, KIND(INFO), NULL},
    {MT_TEXT("To disable backwards compatibility use "), mt_postfix_plain, KIND(INFO), NULL},
    /* smtp_connect.c, smtp_proto.c, smtp_addr.c, smtpd_check.c */
    {MT_TEXT("SMTPS wrappermode (TCP port 465) requires setting "), mt_postfix_plain, KIND(INFO), NULL},
    {MT_TEXT("host "), mt_postfix_plain, KIND(INFO), NULL},
    {MT_TEXT("skipping SRV lookup for "), mt_postfix_plain, KIND(INFO), NULL},
    {MT_TEXT("Relaying allowed for "), mt_postfix_plain, KIND(INFO), NULL},
    /* tls_verify.c, tls_dane.c, tls_misc.c, tls_certkey.c, tls_server.c, tlsmgr.c */
    {MT_TEXT("certificate verification failed for "), mt_postfix_plain, KIND(INFO), NULL},
    {MT_TEXT("server certificate verification failed for "), mt_postfix_plain, KIND(INFO), NULL},
    {MT_TEXT("client certificate verification failed for "), mt_postfix_plain, KIND(INFO), NULL},
    {MT_TEXT("setting up TLS connection "), mt_postfix_plain, KIND(INFO), NULL},
    {MT_TEXT("initializing the server-side TLS engine"), mt_postfix_plain, KIND(INFO), NULL},
    {MT_TEXT("initializing the client-side TLS engine"), mt_postfix_plain, KIND(INFO), NULL},
    {MT_TEXT("TLS SNI "), mt_postfix_plain, KIND(INFO), NULL},
    {MT_TEXT("TLS support is not compiled in"), mt_postfix_plain, KIND(INFO), NULL},
    {MT_TEXT("cannot load Certification Authority data, "), mt_postfix_plain, KIND(INFO), NULL},
    {MT_TEXT("cannot set default OpenSSL certificate verification paths"), mt_postfix_plain, KIND(INFO), NULL},
    {MT_TEXT("cannot read from entropy device "), mt_postfix_plain, KIND(INFO), NULL},
    {MT_TEXT("lost connection to EGD server "), mt_postfix_plain, KIND(INFO), NULL},
    {MT_TEXT("exiting to reopen external entropy source "), mt_postfix_plain, KIND(INFO), NULL},
    /* dict_cache.c, for verify(8) and postscreen(8) */
    {MT_TEXT("cache "), mt_postfix_plain, KIND(STATISTICS), NULL},
};

/* After "NAME[IP]: " or "NAME[IP]:PORT: ": tls_client.c, tls_server.c, tls_dane.c, smtpd.c, smtp_chat.c,
 * postscreen_smtpd.c.
 */
static const struct mt_slice peer_forms[] = {
    MT_TEXT("subject_CN="),
    MT_TEXT("re-using session with untrusted "),
    MT_TEXT("raw public key fingerprint="),
    MT_TEXT("Matched "),
    MT_TEXT("matched peername: "),
    MT_TEXT("depth="),
    MT_TEXT("verify="),
    MT_TEXT("TLS cipher list "),
    MT_TEXT("SNI hostname: "),
    MT_TEXT("Reusing old session"),
    MT_TEXT("looking up session "),
    MT_TEXT("reloaded session "),
    MT_TEXT("save session "),
    MT_TEXT("remove session "),
    MT_TEXT("Issuing session ticket, "),
    MT_TEXT("Decrypting session ticket, "),
    MT_TEXT("discarding EHLO keywords: "),
    MT_TEXT("replacing command "),
    MT_TEXT("replacing server reply "),
};

bool mt_postfix_plain(struct mt_record *rec, const struct mt_postfix_form *form, struct mt_slice text,
                      struct mt_slice rest)
{
    (void)rest;
    rec->kind = form->kind;
    mt_set(&rec->f, MT_F_TEXT, text);
    return true;
}

static inline __attribute__((always_inline)) bool read_form(struct mt_record *rec, const struct mt_postfix_form *forms,
                                                            size_t n, struct mt_slice text)
{
    for (size_t i = 0; i < n; i++) {
        if (mt_word_starts(text, forms[i].prefix)) {
            return forms[i].read(rec, &forms[i], text, mt_slice_skip(text, forms[i].prefix.n));
        }
    }
    return false;
}

/* QMQP: "098F1AAE9E9: NAME[IP]: ok"; TLS: "NAME[IP]:25: subject_CN=..." */
static bool read_peer(struct mt_record *rec, struct mt_slice text, bool entry)
{
    struct mt_postfix_peer peer;
    struct mt_slice at = text;

    if (!mt_postfix_peer(&at, &peer) || !MT_EAT(&at, ": ")) {
        return false;
    }
    for (size_t i = 0; i < sizeof peer_forms / sizeof *peer_forms; i++) {
        entry = entry || mt_slice_starts(at, peer_forms[i]);
    }
    rec->kind = MT_KIND_INFO;
    mt_set(&rec->f, MT_F_TEXT, text);
    return entry;
}

static bool take_level(struct mt_slice *text, enum mt_kind *kind)
{
    static const struct level {
        struct mt_slice word;
        enum mt_kind kind;
    } levels[] = {
        {MT_TEXT("warning: "), MT_KIND_WARNING},
        {MT_TEXT("fatal: "), MT_KIND_FATAL},
        {MT_TEXT("error: "), MT_KIND_ERROR},
        {MT_TEXT("panic: "), MT_KIND_PANIC},
    };

    /* where their colons stand */
    if (text->n < 7 || (text->p[5] != ':' && (text->n < 9 || text->p[7] != ':'))) {
        return false;
    }
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        if (mt_word_starts(*text, levels[i].word)) {
            *text = mt_slice_skip(*text, levels[i].word.n);
            *kind = levels[i].kind;
            return true;
        }
    }
    return false;
}

/* Moves over "QUEUE-ID: " or "NOQUEUE: ". */
static inline __attribute__((always_inline)) bool take_queue_id(struct mt_record *rec, struct mt_slice *text)
{
    size_t n;

    if (MT_EAT(text, "NOQUEUE: ")) {
        return true;
    }
    n = mt_postfix_queue_id(*text);
    if (!n || text->n < n + 2 || text->p[n] != ':' || text->p[n + 1] != ' ') {
        return false;
    }
    mt_set(&rec->f, MT_F_QUEUE_ID, mt_slice(text->p, n));
    *text = mt_slice_skip(*text, n + 2);
    return true;
}

bool mt_postfix_read(struct mt_record *rec)
{
    struct mt_slice text = rec->line.text;
    enum mt_kind level;

    if (take_queue_id(rec, &text)) {
        return read_form(rec, entry_forms, sizeof entry_forms / sizeof *entry_forms, text) ||
               read_peer(rec, text, true);
    }
    if (take_level(&text, &level)) {
        take_queue_id(rec, &text);
        rec->kind = (uint8_t)level;
        mt_set(&rec->f, MT_F_TEXT, text);
        if (level == MT_KIND_WARNING) {
            mt_postfix_warning(rec, text);
        }
        return true;
    }
    return read_form(rec, plain_forms, sizeof plain_forms / sizeof *plain_forms, text) || read_peer(rec, text, false);
}
