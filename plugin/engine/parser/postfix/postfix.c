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

/* The whole text is the prefix. */
static bool read_word(struct mt_record *rec, const struct mt_form *form, struct mt_slice text, struct mt_slice rest)
{
    rec->kind = form->kind;
    if (form->kind == MT_KIND_INFO) {
        mt_set(&rec->f, MT_F_TEXT, text);
    }
    return !rest.n;
}

/* After "QUEUE-ID: " or "NOQUEUE: ". The frequent ones first. */
static const struct mt_form entry_forms[] = {
    MT_FORM("to=<", mt_postfix_delivery, TO),
    MT_FORM("from=<", mt_postfix_from, FROM),
    MT_FORM("message-id=", mt_postfix_message_id, MESSAGE_ID),
    MT_FORM("client=", mt_postfix_client_line, CLIENT),
    MT_FORM("removed", mt_postfix_removed, REMOVED),
    MT_FORM_DOES("reject: ", mt_postfix_reject, REJECT, REFUSES_RECIPIENT),
    MT_FORM_WORD("info: ", mt_postfix_reject, REJECT, NONE, "note"),
    MT_FORM_WORD("warning: ", mt_postfix_reject, REJECT, NONE, "note"),
    MT_FORM("uid=", mt_postfix_local, LOCAL),
    /* bounce_*_service.c */
    MT_FORM_WORD("sender non-delivery notification: ", mt_postfix_bounce, BOUNCE, NONE, "non-delivery"),
    MT_FORM_WORD("sender delay notification: ", mt_postfix_bounce, BOUNCE, NOTIFIES_DELAY, "delay"),
    MT_FORM_WORD("sender delivery status notification: ", mt_postfix_bounce, BOUNCE, NONE, "delivery status"),
    MT_FORM_WORD("postmaster non-delivery notification: ", mt_postfix_bounce, BOUNCE, NONE, "non-delivery"),
    MT_FORM_WORD("postmaster delay notification: ", mt_postfix_bounce, BOUNCE, NOTIFIES_DELAY, "delay"),
    /* smtpd.c, smtpd_check.c, cleanup_message.c, cleanup_milter.c, header_body_checks.c */
    MT_FORM("reject_warning: ", mt_postfix_reject, REJECT),
    MT_FORM_DOES("milter-reject: ", mt_postfix_reject, REJECT, REFUSES_RECIPIENT),
    MT_FORM_DOES("milter-hold: ", mt_postfix_reject, REJECT, HOLDS),
    MT_FORM_DOES("milter-discard: ", mt_postfix_reject, REJECT, DISCARDS),
    MT_FORM_DOES("hold: ", mt_postfix_reject, REJECT, HOLDS),
    MT_FORM_DOES("discard: ", mt_postfix_reject, REJECT, DISCARDS),
    MT_FORM("redirect: ", mt_postfix_reject, REJECT),
    MT_FORM("filter: ", mt_postfix_reject, REJECT),
    MT_FORM("warn: ", mt_postfix_reject, REJECT),
    MT_FORM("delay: ", mt_postfix_reject, REJECT),
    MT_FORM("hangup: ", mt_postfix_reject, REJECT),
    MT_FORM("bcc: ", mt_postfix_reject, REJECT),
    MT_FORM("permit: ", mt_postfix_reject, INFO),
    MT_FORM_WORD("pass: ", mt_postfix_reject, REJECT, NONE, "note"),
    MT_FORM("prepend: ", mt_postfix_reject, REJECT),
    MT_FORM("replace: ", mt_postfix_reject, REJECT),
    MT_FORM("strip: ", mt_postfix_reject, REJECT),
    MT_FORM_DOES("milter-header-reject: ", mt_postfix_reject, REJECT, REFUSES_RECIPIENT),
    MT_FORM_WORD("milter-header-warning: ", mt_postfix_reject, REJECT, NONE, "note"),
    MT_FORM_WORD("milter-header-info: ", mt_postfix_reject, REJECT, NONE, "note"),
    MT_FORM("milter-header-filter: ", mt_postfix_reject, REJECT),
    MT_FORM_DOES("milter-header-discard: ", mt_postfix_reject, REJECT, DISCARDS),
    MT_FORM_DOES("milter-header-hold: ", mt_postfix_reject, REJECT, HOLDS),
    MT_FORM("milter-header-redirect: ", mt_postfix_reject, REJECT),
    MT_FORM("milter-header-bcc: ", mt_postfix_reject, REJECT),
    MT_FORM("milter-header-replace: ", mt_postfix_reject, REJECT),
    MT_FORM("milter-header-prepend: ", mt_postfix_reject, REJECT),
    MT_FORM("milter-header-strip: ", mt_postfix_reject, REJECT),
    /* smtpd.c: since 3.10 with the queue ID */
    MT_FORM_TELLS("lost connection after ", mt_postfix_lost, LOST_CONNECTION, LOST_CONNECTION),
    MT_FORM_TELLS("timeout after ", mt_postfix_lost, LOST_CONNECTION, TIMEOUT),
    MT_FORM_TELLS("too many errors after ", mt_postfix_lost, LOST_CONNECTION, TOO_MANY_ERRORS),
    MT_FORM("abort: TLS from ", mt_postfix_tls_failed, TLS),
    /* postsuper.c */
    MT_FORM("placed on hold", read_word, HOLD),
    MT_FORM("released from hold", read_word, RELEASE),
    MT_FORM("requeued", read_word, REQUEUE),
    MT_FORM("expired", read_word, INFO), /* qmgr(8) will say what comes of it */
    /* cleanup_message.c, cleanup_masquerade.c, qmgr_message.c, bounce.c, abounce.c, bounce_trace_service.c */
    MT_FORM("resent-message-id=", mt_form_plain, INFO),
    MT_FORM("masquerade_exceptions map lookup problem -- ", mt_form_plain, INFO),
    MT_FORM("skipped, still being delivered", mt_form_plain, INFO),
    MT_FORM("status=deferred (", mt_form_plain, INFO),
    MT_FORM("not sending trace/success notification ", mt_form_plain, INFO),
    /* deliver_pass.c; smtp_proto.c; the reasons that smtp_trouble.c logs before it tries the next host */
    MT_FORM("passing <", mt_form_plain, INFO),
    MT_FORM("enabling PIX workarounds: ", mt_form_plain, INFO),
    MT_FORM("enabling PIX <CRLF>.<CRLF> workaround for ", mt_form_plain, INFO), /* before 2.4 */
    MT_FORM("Used TLS for ", mt_form_plain, INFO),                              /* Proxmox' patch */
    MT_FORM("breaking line > ", mt_form_plain, INFO),
    MT_FORM("host ", mt_form_plain, INFO),
    MT_FORM("lost connection with ", mt_form_plain, INFO),
    MT_FORM("conversation with ", mt_form_plain, INFO),
    MT_FORM("local data error while talking to ", mt_form_plain, INFO),
    MT_FORM("connect to ", mt_form_plain, INFO),
    MT_FORM("Cannot start TLS: ", mt_form_plain, INFO),
    MT_FORM("TLS is required, but ", mt_form_plain, INFO),
    MT_FORM("TLS handshake failed", mt_form_plain, INFO),
    MT_FORM("Server certificate not ", mt_form_plain, INFO),
    MT_FORM("SASL authentication failed", mt_form_plain, INFO),
    MT_FORM("SASL [CACHED] authentication failed", mt_form_plain, INFO),
    MT_FORM("Sender requested REQUIRETLS", mt_form_plain, INFO),
    MT_FORM("REQUIRETLS ", mt_form_plain, INFO),
    MT_FORM("SMTPUTF8 is required, ", mt_form_plain, INFO),
};

/* Without a queue ID. */
static const struct mt_form plain_forms[] = {
    /* smtpd.c, qmqpd.c */
    MT_FORM("connect from ", mt_postfix_session, CONNECT),
    MT_FORM("disconnect from ", mt_postfix_session, DISCONNECT),
    MT_FORM_WORD("Anonymous TLS connection ", mt_postfix_tls, TLS, NONE, "anonymous"),
    MT_FORM_WORD("Untrusted TLS connection ", mt_postfix_tls, TLS, NONE, "untrusted"),
    MT_FORM_WORD("Trusted TLS connection ", mt_postfix_tls, TLS, NONE, "trusted"),
    MT_FORM_WORD("Verified TLS connection ", mt_postfix_tls, TLS, NONE, "verified"),
    MT_FORM("connect to ", mt_form_plain, INFO),
    MT_FORM_TELLS("lost connection after ", mt_postfix_lost, LOST_CONNECTION, LOST_CONNECTION),
    MT_FORM_TELLS("timeout after ", mt_postfix_lost, LOST_CONNECTION, TIMEOUT),
    MT_FORM_TELLS("too many errors after ", mt_postfix_lost, LOST_CONNECTION, TOO_MANY_ERRORS),
    MT_FORM_TELLS("improper command pipelining after ", mt_postfix_pipelining, INFO, PIPELINING),
    MT_FORM("proxy-accept: ", mt_postfix_proxy, INFO),
    MT_FORM_DOES("proxy-reject: ", mt_postfix_proxy, REJECT, REFUSES_RECIPIENT),
    MT_FORM("discarding EHLO keywords: ", mt_form_plain, INFO),
    MT_FORM("SSL_accept error from ", mt_postfix_tls_failed, TLS),
    MT_FORM("SSL_connect error to ", mt_postfix_tls_failed, TLS),
    MT_FORM("TLS handshake failed for service=", mt_postfix_tls_failed, TLS),
    /* postscreen*.c, tlsproxy*.c, dnsblog.c; WHITE and BLACK before 3.6 or with respectful_logging = no */
    MT_FORM("CONNECT from ", mt_postfix_screen, INFO),
    MT_FORM("CONNECT to ", mt_form_plain, INFO),
    MT_FORM("DISCONNECT ", mt_postfix_screen, INFO),
    MT_FORM("PASS OLD ", mt_postfix_screen, INFO),
    MT_FORM("PASS NEW ", mt_postfix_screen, INFO),
    MT_FORM_TELLS("HANGUP after ", mt_postfix_screen, INFO, LOST_CONNECTION),
    MT_FORM_TELLS("PREGREET ", mt_postfix_screen, INFO, PREGREET),
    MT_FORM_TELLS("DNSBL rank ", mt_postfix_screen, INFO, BLOCKLIST),
    MT_FORM("ALLOWLISTED ", mt_postfix_screen, INFO),
    MT_FORM("WHITELISTED ", mt_postfix_screen, INFO),
    MT_FORM_TELLS("DENYLISTED ", mt_postfix_screen, INFO, BLOCKLIST),
    MT_FORM_TELLS("BLACKLISTED ", mt_postfix_screen, INFO, BLOCKLIST),
    MT_FORM("ALLOWLIST VETO ", mt_postfix_screen, INFO),
    MT_FORM("WHITELIST VETO ", mt_postfix_screen, INFO),
    MT_FORM_TELLS("COMMAND PIPELINING from ", mt_postfix_screen, INFO, PIPELINING),
    MT_FORM_TELLS("COMMAND TIME LIMIT from ", mt_postfix_screen, INFO, TIMEOUT),
    MT_FORM_TELLS("COMMAND COUNT LIMIT from ", mt_postfix_screen, INFO, TOO_MANY_ERRORS),
    MT_FORM_TELLS("COMMAND LENGTH LIMIT from ", mt_postfix_screen, INFO, PROTOCOL_ERROR),
    MT_FORM_TELLS("BARE NEWLINE from ", mt_postfix_screen, INFO, PROTOCOL_ERROR),
    MT_FORM_TELLS("NON-SMTP COMMAND from ", mt_postfix_screen, INFO, PROTOCOL_ERROR),
    MT_FORM_TELLS("DATA without valid RCPT from ", mt_postfix_screen, INFO, PROTOCOL_ERROR),
    MT_FORM_TELLS("BDAT without valid RCPT from ", mt_postfix_screen, INFO, PROTOCOL_ERROR),
    MT_FORM("reject: connect from ", mt_postfix_screen, INFO),
    MT_FORM("entering STRESS mode with ", mt_form_plain, SERVICE),
    MT_FORM("leaving STRESS mode with ", mt_form_plain, SERVICE),
    MT_FORM("addr ", mt_form_plain, INFO),
    /* anvil.c, scache.c */
    MT_FORM("statistics: ", mt_form_plain, STATISTICS),
    /* postsuper.c */
    MT_FORM("Requeued: ", mt_form_plain, SERVICE),
    MT_FORM("Deleted: ", mt_form_plain, SERVICE),
    MT_FORM("Force-expired: ", mt_form_plain, SERVICE),
    MT_FORM("Placed on hold: ", mt_form_plain, SERVICE),
    MT_FORM("Released from hold: ", mt_form_plain, SERVICE),
    MT_FORM("Renamed to match inode number: ", mt_form_plain, SERVICE),
    MT_FORM("removed file ", mt_form_plain, INFO),
    MT_FORM("renamed file ", mt_form_plain, INFO),
    MT_FORM("remove directory ", mt_form_plain, INFO),
    MT_FORM("remove subdirectory ", mt_form_plain, INFO),
    /* master.c, master_sig.c, the servers' skeletons, conf/postfix-script */
    MT_FORM("daemon started", mt_form_plain, SERVICE),
    MT_FORM("reload -- ", mt_form_plain, SERVICE),
    MT_FORM("terminating on signal ", mt_form_plain, SERVICE),
    MT_FORM("master exit time has arrived", mt_form_plain, SERVICE),
    MT_FORM("starting the Postfix mail system", mt_form_plain, SERVICE),
    MT_FORM("stopping the Postfix mail system", mt_form_plain, SERVICE),
    MT_FORM("aborting the Postfix mail system", mt_form_plain, SERVICE),
    MT_FORM("refreshing the Postfix mail system", mt_form_plain, SERVICE),
    MT_FORM("waiting for the Postfix mail system to terminate", mt_form_plain, SERVICE),
    MT_FORM("the Postfix mail system is ", mt_form_plain, SERVICE),
    MT_FORM("table ", mt_form_plain, SERVICE),
    /* smtpd.c, smtpd_check.c, trivial-rewrite, tlsmgr and others with compatibility_level below the present */
    MT_FORM("using backwards-compatible default setting ", mt_form_plain, INFO),
    MT_FORM("Postfix is ", mt_form_plain, INFO),
    MT_FORM("See http", mt_form_plain, INFO),
    MT_FORM("To disable backwards compatibility use ", mt_form_plain, INFO),
    /* smtp_connect.c, smtp_proto.c, smtp_addr.c, smtpd_check.c */
    MT_FORM("SMTPS wrappermode (TCP port 465) requires setting ", mt_form_plain, INFO),
    MT_FORM("host ", mt_form_plain, INFO),
    MT_FORM("Host offered STARTTLS: [", mt_form_plain, INFO),
    MT_FORM("CLIENT wrappermode (port smtps/465) is unimplemented", mt_form_plain, INFO), /* 2.9 to 2.11 */
    MT_FORM("instead, send to (port submission/587) with STARTTLS", mt_form_plain, INFO),
    MT_FORM("TLSRPT: status=", mt_form_plain, INFO), /* tlsrpt_wrapper.c, since 3.10 */
    MT_FORM("TLS protocol trace for ", mt_form_plain, INFO),
    MT_FORM("skipping TLS trace output - rate limit (", mt_form_plain, INFO),
    MT_FORM("ignoring DNS RR: ", mt_form_plain, INFO),   /* dns_rr_filter.c */
    MT_FORM("mapping DSN status ", mt_form_plain, INFO), /* smtpd_dsn_fix.c */
    MT_FORM("skipping SRV lookup for ", mt_form_plain, INFO),
    MT_FORM("Relaying allowed for ", mt_form_plain, INFO),
    /* tls_verify.c, tls_dane.c, tls_misc.c, tls_certkey.c, tls_server.c, tlsmgr.c */
    MT_FORM("certificate verification failed for ", mt_form_plain, INFO),
    MT_FORM("server certificate verification failed for ", mt_form_plain, INFO),
    MT_FORM("client certificate verification failed for ", mt_form_plain, INFO),
    MT_FORM("setting up TLS connection ", mt_form_plain, INFO),
    MT_FORM("initializing the server-side TLS engine", mt_form_plain, INFO),
    MT_FORM("initializing the client-side TLS engine", mt_form_plain, INFO),
    MT_FORM("TLS SNI ", mt_form_plain, INFO),
    MT_FORM("TLS support is not compiled in", mt_form_plain, INFO),
    MT_FORM("cannot load Certification Authority data, ", mt_form_plain, INFO),
    MT_FORM("cannot set default OpenSSL certificate verification paths", mt_form_plain, INFO),
    MT_FORM("cannot read from entropy device ", mt_form_plain, INFO),
    MT_FORM("lost connection to EGD server ", mt_form_plain, INFO),
    MT_FORM("exiting to reopen external entropy source ", mt_form_plain, INFO),
    /* nbdb_reindexd.c, since 3.11 */
    MT_FORM("successfully executed '", mt_form_plain, INFO),
    /* dict_cache.c, for verify(8) and postscreen(8) */
    MT_FORM("cache ", mt_form_plain, STATISTICS),
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

/* "dict_pcre_lookup: ", "milter8_connect: ": the name of a C function, which msg_info() of a verbose daemon begins with. */
static bool begins_function(struct mt_slice s)
{
    bool underscore = false;
    size_t i = 0;

    for (; i < s.n && ((s.p[i] >= 'a' && s.p[i] <= 'z') || mt_is_digit(s.p[i]) || s.p[i] == '_'); i++) {
        underscore |= s.p[i] == '_';
    }
    return underscore && s.p[0] != '_' && !mt_is_digit(s.p[0]) && i + 1 < s.n && s.p[i] == ':' && s.p[i + 1] == ' ';
}

/* What smtpd -v, and debug_peer_list, write: the commands and replies of a session, and what single functions do. */
static __attribute__((noinline)) bool read_verbose(struct mt_record *rec, struct mt_slice text)
{
    static const struct mt_slice beginnings[] = {
        MT_TEXT(">>> "), /* smtpd_check.c */
        MT_TEXT("<<< "),
        MT_TEXT("event: "), /* milter8.c */
        MT_TEXT("reply: "),
        MT_TEXT("abort all milters"), /* milter.c */
        MT_TEXT("disconnect event to all milters"),
        MT_TEXT("report "),
        MT_TEXT("send attr "),       /* attr_print*.c */
        MT_TEXT("input attribute "), /* attr_scan*.c */
        MT_TEXT("private/"),
        MT_TEXT("public/"),
        MT_TEXT("connection established"), /* single_server.c, multi_server.c */
        MT_TEXT("connection closed"),
        MT_TEXT("proxymap stream disconnect"),
        MT_TEXT("rewrite stream disconnect"),
        MT_TEXT("idle timeout -- exiting"),
        MT_TEXT("max_use limit "),
        MT_TEXT("process generation: "),
        MT_TEXT("trying... ["), /* smtp_connect.c */
        MT_TEXT("maps_find: "),
        MT_TEXT("watchdog_"),
    };
    struct mt_postfix_peer peer;
    struct mt_slice at = text;
    bool known = (MT_EAT(&at, "> ") || MT_EAT(&at, "< ")) && mt_postfix_peer(&at, &peer) && MT_EAT(&at, ":");

    for (size_t i = 0; !known && i < sizeof beginnings / sizeof *beginnings; i++) {
        known = mt_word_starts(text, beginnings[i]);
    }
    if (!known && !begins_function(text)) {
        return false;
    }
    rec->kind = MT_KIND_INFO;
    mt_set(&rec->f, MT_F_TEXT, text);
    return true;
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
        return mt_form_read(rec, entry_forms, sizeof entry_forms / sizeof *entry_forms, text, false) ||
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
    return mt_form_read(rec, plain_forms, sizeof plain_forms / sizeof *plain_forms, text, false) ||
           read_peer(rec, text, false) || (text.n && read_verbose(rec, text));
}
