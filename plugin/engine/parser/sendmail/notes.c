/* Sendmail: the lines that say nothing of one message, one session or one attempt.
 *
 * A row is what two parts of a format string of the source say that do not vary: the text it
 * begins with, and one that follows somewhere behind it. Rows are tried in order; within
 * one letter the longer text stands first. Rows without a beginning stand last.
 */
#include "sendmail.h"

enum where {
    NOBODY,
    BETWEEN, /* the client stands between the two texts, behind " from " if that is there */
    BEHIND,  /* the client stands behind the first text, up to the end */
};

static const struct row {
    struct mt_slice begin, then;
    uint8_t kind, where;
    struct mt_slice reason;
} rows[] = {
#define TEXT(s)            \
    {                      \
        (s), sizeof(s) - 1 \
    }
#define ROW(begin, then, kind)                           \
    {                                                    \
        TEXT(begin), TEXT(then), MT_KIND_##kind, NOBODY, \
        {                                                \
            NULL, 0                                      \
        }                                                \
    }
#define CLIENT(begin, then, kind, where, reason)                     \
    {                                                                \
        TEXT(begin), TEXT(then), MT_KIND_##kind, where, TEXT(reason) \
    }
    /* Starts and stops: main.c, daemon.c, util.c. */
    ROW("starting daemon (", "): ", SERVICE),
    ROW("started as: ", "", SERVICE),
    ROW("stopping daemon, reason=", "", SERVICE),
    ROW("restarting ", " due to ", SERVICE),
    ROW("could not restart: need full path", "", ERROR),
    ROW("could not exec ", ": ", ERROR),
    ROW("could not drop privileges: ", "", ERROR),
    /* Sessions: srvrsmtp.c, main.c. */
    CLIENT("connect from ", "", CONNECT, BEHIND, ""),
    CLIENT("rejecting commands from ", " due to pre-greeting traffic after ", INFO, BETWEEN, "pregreet"),
    CLIENT("rejecting ", " due to traffic before response", INFO, BETWEEN, "pipelining"),
    CLIENT("unauthorized PIPELINING, sleeping, relay=", "", INFO, BEHIND, "pipelining"),
    CLIENT("invalid domain name (too long) from ", "", INFO, BEHIND, "protocol-error"),
    CLIENT("ERROR: srv_features=tempfail, relay=", ", access temporarily disabled", ERROR, BETWEEN, ""),
    ROW("invalid domain name (", ") from ", INFO),
    ROW("SMTP ", " tempfailed (due to previous checks)", INFO),
    ROW("smtps: TLS not available, exiting", "", ERROR),
    ROW("delaying=", ", load average=", INFO),
    ROW("message size (", ") exceeds maximum (", INFO),
    ROW("header overflow from ", " during message collect", WARNING),
    ROW("headers too large (", " during message collect", WARNING),
    ROW("rcpt=", ", status=unknown", INFO),
    ROW("rcptmods: rcpt=", ", status=unknown", INFO),
    ROW("ERROR=ARGS_", ", address=", ERROR),
    ROW("srv_features: unknown ", "", WARNING),
    ROW("proxy mode requested but not possible", "", INFO),
    ROW("smtp: doublequeue", "", INFO),
    ROW("set automode for I (", "", INFO),
    ROW("fcntl(", " failed: ", INFO),
    ROW("Sending \"", "\" to Milter", INFO),
    ROW("\"", "\" command from ", WARNING),
    ROW("<-- ", "", INFO),
    ROW("--- ", "", INFO),
    ROW("x-connect", "", INFO),
    ROW("haproxy: ", "", INFO),
    ROW("main: where=", "", INFO),
    /* What a local user or an administrator did: main.c, err.c, queue.c, savemail.c. */
    ROW("Authentication-Warning: ", "", WARNING),
    ROW("SYSERR(", "): ", ERROR),
    ROW("SYSERR: ", "", ERROR),
    ROW("Losing ", "", ERROR),
    ROW("POSSIBLE ATTACK from ", ": newline in string ", WARNING),
    ROW("user ", " changed syslog label", WARNING),
    ROW("user ", " attempted to ", WARNING),
    ROW("daemon invoked without full pathname", "", WARNING),
    ROW("File descriptors missing on startup: ", "", WARNING),
    ROW("setsender: ", ": invalid or unparsable, received from ", INFO),
    ROW("cannot prescan from (", "", INFO),
    ROW("Saved message in ", "", INFO),
    ROW("returntosender: q_finalrcpt is NULL", "", ERROR),
    ROW("quarantine_queue_item: ", "", ERROR),
    ROW("split: ", "count=", INFO),
    ROW("dup_df: can't link ", "", ERROR),
    ROW("low on space (", " needs ", ERROR),
    ROW("bogus queue file, ", "", ERROR),
    ROW("too young (", "", INFO),
    /* TLS and AUTH: tls.c, deliver.c, srvrsmtp.c, usersmtp.c, sfsasl.c, readcf.c. */
    ROW("STARTTLS=", "error", WARNING),
    ROW("STARTTLS=", "failed", WARNING),
    ROW("STARTTLS=", "warning=", WARNING),
    ROW("STARTTLS=", "", INFO),
    ROW("STARTTLS: ", "error", WARNING),
    ROW("STARTTLS: ", "failed", WARNING),
    ROW("STARTTLS: ", "", INFO),
    ROW("AUTH=", "fail", WARNING),
    ROW("AUTH=", "error", WARNING),
    ROW("AUTH=", "", INFO),
    ROW("AUTH encode64 error [", "", WARNING),
    ROW("AUTH decode64 error [", "", WARNING),
    ROW("AUTH error: ", "", WARNING),
    ROW("AUTH warning: ", "", WARNING),
    ROW("AUTH: ", "", INFO),
    ROW("AUTH flags=", "", INFO),
    ROW("AUTH username '", "", INFO),
    ROW("AUTH authid '", "", INFO),
    ROW("getauth ", "=", INFO),
    ROW("encode64 for AUTH failed", "", WARNING),
    ROW("error: safesasl(", "", WARNING),
    ROW("engine=", "", INFO),
    ROW("TLSA=", "", INFO),
    ROW("FIPS", "", INFO),
    ROW("DANE_depth=", "", INFO),
    ROW("SSL_CTX_dane_enable=", "", INFO),
    ROW("tls_srv_features=", "", INFO),
    ROW("tls_clt_features=", "", INFO),
    ROW("clt_features=TEMPFAIL", "", INFO),
    ROW("rscheck(", "=failed, ", WARNING),
    ROW("ehlo=", ", status=bogus", INFO),
    ROW("server=", " returned extensions despite HELO command", WARNING),
    ROW("str_union: ", "", WARNING),
    ROW("MAIL too long: ", "", WARNING),
    ROW("RCPT too long: ", "", WARNING),
    ROW("smtpquit: mailer", " exited with exit value ", WARNING),
    /* Filters: milter.c, srvrsmtp.c. A header that a filter has changed is the sender's text. */
    ROW("Milter (", "): error ", ERROR),
    ROW("Milter (", "): timeout ", ERROR),
    ROW("Milter (", "): to error state", ERROR),
    ROW("Milter (", "): init failed ", ERROR),
    ROW("Milter (", ") ", INFO),
    ROW("Milter (", "): ", INFO),
    ROW("Milter: initialization failed, ", "", ERROR),
    ROW("Milter: no active filter", "", INFO),
    ROW("Milter: connect to filters", "", INFO),
    ROW("Milter: connect, ending", "", INFO),
    ROW("Milter: sender: ", "", INFO),
    ROW("Milter: rcpts: ", "", INFO),
    ROW("Milter: reject, ", "", INFO),
    ROW("Milter accept: message", "", INFO),
    ROW("Milter read(", "", ERROR),
    ROW("Milter add: ", "", INFO), /* before 8.14, without the filter's name */
    ROW("Milter insert (", "", INFO),
    ROW("Milter change", "", INFO),
    ROW("Milter delete", "", INFO),
    ROW("Milter message: body replaced", "", INFO),
    ROW("milter_", "(", ERROR), /* milter_read(NAME): ..., milter_data(NAME) lied about ... */
    ROW("WARNING: ", "ilter", WARNING),
    ROW("WARNING: mailer=", " deprecated", WARNING),
    /* Aliases, forwarding, maps: alias.c, recipient.c, map.c, udb.c. */
    ROW("possible spam from <> to list: ", "", WARNING),
    ROW("aliasing/forwarding loop broken", "", WARNING),
    ROW("alias database ", "", INFO),
    ROW("alias ", " => ", INFO),
    ROW("forward ", ": transient error: ", ERROR),
    ROW("forward ", " => ", INFO),
    ROW("forward ", ": ", WARNING),
    ROW("include ", ": transient error: ", ERROR),
    ROW("deferred: udbexpand: ", "", INFO),
    ROW("expand ", " => ", INFO),
    ROW("hesiod ", " => ", INFO),
    ROW("dns ", " => ", INFO),
    ROW("map=", ", key=", INFO),
    ROW("ldap=", "=>", INFO),
    ROW("timeout connecting to ", " server ", INFO),
    ROW("timeout during PH lookup of ", "", INFO),
    ROW("ph_map_", "", INFO),
    ROW("nisplus_getcanonname: ", "", WARNING),
    ROW("arith_map: unknown operator", "", WARNING),
    ROW("socket_map_lookup(", "", INFO),
    ROW("dbopen(", "", ERROR),
    ROW("db_open(", "", ERROR),
    ROW("dynamic class: A{", "", WARNING),
    ROW("ownership change on ", " failed: ", ERROR),
    ROW("no fchown(): ", "", ERROR),
    /* The queue: queue.c, envelope.c, deliver.c, collect.c. */
    ROW("grew WorkList for ", "", INFO),
    ROW("FAILED to grow WorkList for ", "", ERROR),
    ROW("WorkList for ", " maxed out at ", WARNING),
    ROW("runqueue", "", INFO),
    ROW("gatherq: ", "", WARNING),
    ROW("queueup", "", INFO),
    ROW("dropenvelope, ", "", INFO),
    ROW("sendenvelope, ", "", INFO),
    ROW("assigned id", "", INFO),
    ROW("unlock", "", INFO),
    ROW("changed", "", INFO),
    ROW("dowork", ", pid=", INFO),
    ROW("finis, pid=", "", INFO),
    ROW("interrupt", "", INFO),
    ROW("disconnect", "", INFO),
    ROW("in background, pid=", "", INFO),
    ROW("unlink ", "", INFO),
    ROW("sync_dir: ", "", INFO),
    ROW("dferror: ", "", ERROR),
    ROW("restart queue runner=", "", ERROR),
    ROW("ERROR: persistent queue runner=", "", ERROR),
    ROW("ERROR: ", "", ERROR),
    ROW("persistent queue runner", "", ERROR),
    ROW("queue control process: lost all children", "", ERROR),
    ROW("checkqueuerunner: ", "", WARNING),
    ROW("queue directory \"", "", WARNING),
    ROW("dangerous permissions=", "", ERROR),
    ROW("Adding ", " to stab, path: ", INFO),
    ROW("queue group name ", "", INFO),
    ROW("can't find queue group name ", "", INFO),
    ROW("can't ", " shared memory, key=", ERROR),
    ROW("can't open ", ": ", ERROR),
    ROW("can't read ", ": ", ERROR),
    ROW("shared memory does not contain expected data", "", WARNING),
    ROW("sm_shmstop failed=", "", INFO),
    ROW("filesys_update failed: ", "", ERROR),
    ROW("func=init_sem", "", ERROR),
    ROW("key=", ", sm_", ERROR),
    ROW("unable to ", "", ERROR),
    ROW("sqr: ", "", INFO),
    ROW("rq: ", "", INFO),
    ROW("rwg: ", "", INFO),
    ROW("rqe: ", "", INFO),
    ROW("poststats: ", "", INFO),
    ROW("stab: ", "", INFO),
    ROW("proc_list_probe: ", "", INFO),
    ROW("queue manager: ", "", INFO),
    ROW("mci_", "", INFO),
    ROW("rewrite: expansion too long", "", ERROR),
    ROW("Timeout.to_aconnect occurred", "", INFO),
    ROW("hostsignature for host ", "", WARNING),
    ROW("makeconnection", "", INFO),
    ROW("SMTP outgoing connect on ", "", INFO),
    ROW("stat=occ_exceeded", "", INFO),
    /* Load and limits: conf.c, daemon.c, ratectrl.c. */
    ROW("rejecting connections on daemon ", ": ", WARNING),
    ROW("deferring connections on daemon ", ": ", WARNING),
    ROW("delaying connections on daemon ", ": ", WARNING),
    ROW("have been rejecting connections on daemon ", "", WARNING),
    ROW("accepting connections again for daemon ", "", INFO),
    ROW("rejecting new messages: min free: ", "", WARNING),
    ROW("accepting new messages (again)", "", INFO),
    ROW("connection_rate_check ", "", INFO),
    ROW("global connection rate: ", "", INFO),
    ROW("conn_limits: ", "", INFO),
    ROW("total: cnt=", "", INFO),
    ROW("daemon ", "", ERROR),
    ROW("getmodifiers too long", "", ERROR),
    ROW("Could not remove ", "", WARNING),
    ROW("My unqualified host name (", "", ERROR),
    ROW("unable to qualify my own domain name (", "", ERROR),
    ROW("res_init()=failed", "", WARNING),
    ROW("usershellok: cannot open ", "", ERROR),
    ROW("Bad line on ", "", ERROR),
    ROW("Unsupported address family ", "", WARNING),
    ROW("gethostbyaddr(", " failed: ", WARNING),
    ROW("cannot get memory statistics", "", WARNING),
    ROW("timeout waiting for input during control command", "", INFO),
    ROW("Warning: ", "", WARNING),
    ROW("Truncated MIME ", " (possible attack)", WARNING),
    ROW("Truncated long MIME ", " (possible attack)", WARNING),
    ROW("Fixed MIME ", " (possible attack)", WARNING),
    ROW("Dropped invalid comments from header address", "", WARNING),
    ROW("CurChildren = ", "", INFO),
    ROW("NextMacroId = ", "", INFO),
    ROW("*** $j not in $=w ***", "", WARNING),
    /* Each field on a line of its own, where SYSLOG_BUFSIZE is below 256 (headers.c, deliver.c). */
    ROW("size=", ", class=", INFO),
    ROW("msgid=", "", INFO),
    ROW("bodytype=", "relay=", INFO),
    ROW("proto=", "relay=", INFO),
    ROW("relay=", "", INFO),
    ROW("ctladdr=", "", INFO),
    ROW("delay=", ", mailer=", INFO),
    ROW("stat=", "", INFO),
    /* Those that begin with the client's name, or with a file's. */
    CLIENT("", " did not issue MAIL/EXPN/VRFY/ETRN during connection to ", DISCONNECT, BETWEEN, ""),
    CLIENT("", ": possible SMTP attack: command=", WARNING, BETWEEN, "too-many-errors"),
    CLIENT("", ": Possible SMTP RCPT flood, ", WARNING, BETWEEN, "too-many-errors"),
    CLIENT("", ": SMTP violation, input too long: ", INFO, BETWEEN, "protocol-error"),
    CLIENT("", ": probable open proxy: command=", INFO, BETWEEN, "protocol-error"),
    ROW("", ": WARNING: dangerous write permissions", WARNING),
    ROW("", ": unsafe directory path, marked unsafe", WARNING),
    ROW("", " has bad shell ", WARNING),
    ROW("", " file, marked unsafe", WARNING),
    ROW("", " aliases, longest ", INFO),
    ROW("", " too old (require version ", WARNING),
    ROW("", ": changed fds:", INFO),
    ROW("", ": unlink-fail ", INFO),
    ROW("", "; e_timers=0x", INFO),
    ROW("", ": lookup error, expected ", WARNING),
    ROW("", ": Unknown host status line ", ERROR),
    ROW("", ": SMTP MAIL protocol error: ", WARNING),
    ROW("", ": SMTP RCPT protocol error: ", WARNING),
    ROW("", ": SMTP DATA-1 protocol error: ", WARNING),
    ROW("", ": SMTP DATA-2 protocol error: ", WARNING),
    ROW("", ": SMTP DATA-3 protocol error: ", WARNING),
};

static bool matches(const struct row *row, struct mt_slice s, const char **then)
{
    if (row->begin.n && !mt_word_starts(s, row->begin)) {
        return false;
    }
    s = mt_slice_skip(s, row->begin.n);
    *then = row->then.n ? mt_find_text(s, row->then) : s.p + s.n;
    /* A client has no ": " in it; behind one stand its words. */
    return *then && (row->begin.n || row->where == NOBODY || !mt_find_text(mt_slice_to(s.p, *then), MT_LIT(": ")));
}

bool mt_sendmail_note(struct mt_record *rec, struct mt_slice s)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows && s.n; i++) {
        const char *then;
        struct mt_slice client, other;
        if (!matches(&rows[i], s, &then)) {
            continue;
        }
        rec->kind = rows[i].kind;
        mt_set(&rec->f, MT_F_TEXT, s);
        mt_set(&rec->f, MT_F_REASON, rows[i].reason);
        if (rows[i].where != NOBODY) {
            client = mt_slice_to(s.p + rows[i].begin.n, then);
            while (mt_take_to(&client, MT_LIT(" from "), &other)) {
            }
            mt_sendmail_client(rec, client);
        }
        return true;
    }
    return false;
}
