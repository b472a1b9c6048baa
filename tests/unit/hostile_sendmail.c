/* What strangers write into Sendmail's lines: see hostile.h. Comments name files of its source. */
#include "hostile.h"

#include <stdio.h>

/* str2prt(): every line goes through it, sendmail/conf.c. */
static char *escaped(const char *from)
{
    char text[HOSTILE_GAP];
    size_t n = 0;

    for (const unsigned char *p = (const unsigned char *)from; *p; p++) {
        const char *name = *p ? strchr("\tt\nn\rr\\\\", *p) : NULL;
        if (*p >= ' ' && *p <= '~' && *p != '\\') {
            text[n++] = (char)*p;
        } else if (name && *p != 't' && *p != 'n' && *p != 'r') {
            n += (size_t)sprintf(text + n, "\\%c", name[1]);
        } else {
            n += (size_t)sprintf(text + n, "\\%03o", *p);
        }
    }
    return hostile_text("%.*s", (int)n, text);
}

/* shortenstring(), libsmutil */
static const char *shortened(const char *s, size_t m)
{
    size_t n = strlen(s), half = (m - 3) / 2;

    return n < m ? s : hostile_text("%.*s...%s", (int)half, s, s + n - half);
}

static const char *quoted(const char *payload, const char *domain)
{
    char text[HOSTILE_GAP];
    size_t n = 0;

    for (const char *p = payload; *p; p++) {
        if (*p == '"' || *p == '\\') {
            text[n++] = '\\';
        }
        text[n++] = *p;
    }
    return hostile_text("\"%.*s\"%s", (int)n, text, domain);
}

/* What prescan() has taken as an address, sendmail/parseaddr.c. */
static void sendmail_address(struct hostile_gap *gap, const char *payload)
{
    const char *address = quoted(payload, "@evil.test");

    hostile_put(gap, escaped(hostile_text("<%s>", address)), escaped(address));
}

/* "from=%.200s" */
static void sendmail_from(struct hostile_gap *gap, const char *payload)
{
    const char *address = quoted(payload, "@evil.test");
    bool fits = strlen(address) + 2 <= 200;

    hostile_put(gap, escaped(hostile_text("%.200s", hostile_text("<%s>", address))),
                escaped(hostile_text("%.*s", fits ? 200 : 199, address)));
}

/* A file or a program, out of an alias or :include: */
static void sendmail_program(struct hostile_gap *gap, const char *payload)
{
    const char *address = escaped(quoted(hostile_text("|/bin/x %s", payload), ""));

    hostile_put(gap, address, address);
}

/* "ctladdr=", shortenstring(..., 83) */
static void sendmail_controller(struct hostile_gap *gap, const char *payload)
{
    const char *address = shortened(hostile_text("<%s>", quoted(payload, "@evil.test")), 83);

    hostile_put(gap, escaped(address), escaped(hostile_text("%.*s", (int)strlen(address) - 2, address + 1)));
}

static void sendmail_text(struct hostile_gap *gap, const char *payload)
{
    hostile_put(gap, escaped(payload), escaped(payload));
}

/* What replies say, of which the template has the first nine or ten characters. */
static void sendmail_reply(struct hostile_gap *gap, const char *payload)
{
    sendmail_text(gap, hostile_text("%.190s", payload));
}

static void sendmail_40(struct hostile_gap *gap, const char *payload)
{
    sendmail_text(gap, shortened(payload, 40));
}

static bool is_status_code(const char *s)
{
    unsigned subject = 1000, detail = 1000;
    int n = 0;

    return strchr("245", *s) && sscanf(s + 1, ".%3u.%3u%n", &subject, &detail, &n) == 2 && s[1 + n] == '\0' &&
           strcspn(s, "+- \t\n") == strlen(s);
}

/* A reason for quarantine that ends like a status code, which may follow it, reads shorter. */
static void sendmail_reason(struct hostile_gap *gap, const char *payload)
{
    char *last = NULL;

    sendmail_40(gap, payload);
    for (char *p = gap->read; (p = strstr(p, ", dsn=")); p++) {
        last = p;
    }
    if (last && last[6] && is_status_code(last + 6)) {
        *last = '\0';
    }
}

static void sendmail_128(struct hostile_gap *gap, const char *payload)
{
    sendmail_text(gap, hostile_text("%.128s", payload));
}

static void sendmail_203(struct hostile_gap *gap, const char *payload)
{
    sendmail_text(gap, shortened(payload, 203));
}

/* What the client's ident server says, by cleanstrcpy(): sendmail/daemon.c, getauthinfo. */
static void sendmail_ident(struct hostile_gap *gap, const char *payload)
{
    char text[100];
    size_t n = 0;

    for (const char *p = payload; *p && n < sizeof text - 1; p++) {
        if ((*p >= '0' && *p <= '9') || ((*p | 0x20) >= 'a' && (*p | 0x20) <= 'z') ||
            strchr("!#$%&'*+-./^_`{|}~", *p)) {
            text[n++] = *p;
        }
    }
    text[n] = '\0';
    hostile_put(gap, text, text);
}

/* "msgid=%.100s": the end of one that was cut is not known, so that all of it is taken. */
static void sendmail_id(struct hostile_gap *gap, const char *payload)
{
    const char *logged = escaped(hostile_text("%.100s", hostile_text("<%s@evil.test>", payload)));
    const char *id = hostile_id(logged);

    hostile_put(gap, logged, id == logged ? logged + 1 : id);
}

/* One without brackets that ends like the field behind it, which need not be there, reads shorter. */
static void sendmail_bare_id(struct hostile_gap *gap, const char *payload)
{
    static const char *const after[] = {", bodytype=8BITMIME", ", bodytype=7BIT"};
    const char *logged = escaped(hostile_text("%.100s", payload)), *id = hostile_id(logged);

    hostile_put(gap, logged, id == logged && *logged == '<' ? logged + 1 : id);
    for (size_t i = 0; i < 2; i++) {
        size_t n = strlen(gap->read), end = strlen(after[i]);
        if (id == logged && n >= end && strcmp(gap->read + n - end, after[i]) == 0) {
            gap->read[n - end] = '\0';
        }
    }
}

#define CLIENT_READ "client.name=h.test", "client.ip=192.0.2.1"
#define S_ENTRY     "queue_id=" HOSTILE_S
#define S_RELAY     "relay=h.test [192.0.2.1]"
#define S_HOW       ", delay=00:00:01, xdelay=00:00:01, mailer=esmtp, pri=30187, relay=mx.example. [192.0.2.7]"
#define HOW_READ \
    "delay=1000000", "delays.transmit=1000000", "transport=esmtp", "relay.name=mx.example", "relay.ip=192.0.2.7"
#define ONE_READ "to=<b@r.test>", "rcpt=b@r.test"

const struct hostile_form hostile_sendmail_forms[] = {
    /* headers.c, logsender */
    {"sm-mta",
     HOSTILE_S ": from=" LOGGED ", size=512, class=0, nrcpts=2, msgid=<1@s.test>, proto=ESMTP, daemon=MTA-v4, " S_RELAY,
     sendmail_from,
     MT_KIND_FROM,
     MT_STATUS_NONE,
     {S_ENTRY, "from=" READ, "size=512", "nrcpt=2", "message_id=1@s.test", "client.protocol=ESMTP", CLIENT_READ}},
    {"sm-mta",
     HOSTILE_S ": from=<a@s.test>, size=512, class=0, nrcpts=2, msgid=" LOGGED
               ", bodytype=8BITMIME, proto=ESMTP, daemon=MTA-v4, " S_RELAY,
     sendmail_id,
     MT_KIND_FROM,
     MT_STATUS_NONE,
     {S_ENTRY, "from=a@s.test", "size=512", "nrcpt=2", "message_id=" READ, "client.protocol=ESMTP", CLIENT_READ}},
    {"sm-mta",
     HOSTILE_S ": from=<a@s.test>, size=512, class=0, nrcpts=2, msgid=" LOGGED ", proto=ESMTP, daemon=MTA-v4, " S_RELAY,
     sendmail_bare_id,
     MT_KIND_FROM,
     MT_STATUS_NONE,
     {S_ENTRY, "from=a@s.test", "size=512", "nrcpt=2", "message_id=" READ, "client.protocol=ESMTP", CLIENT_READ}},
    {"sm-mta",
     HOSTILE_S
     ": from=<a@s.test>, size=512, class=0, nrcpts=2, msgid=<1@s.test>, proto=SMTP, daemon=MTA-v4, relay=IDENT:" LOGGED
     "@h.test [192.0.2.1]",
     sendmail_ident,
     MT_KIND_FROM,
     MT_STATUS_NONE,
     {S_ENTRY, "from=a@s.test", "size=512", "nrcpt=2", "message_id=1@s.test", "client.protocol=SMTP", CLIENT_READ}},
    /* deliver.c, logdelivery */
    {"sm-mta",
     HOSTILE_S ": to=" LOGGED S_HOW ", dsn=2.0.0, stat=Sent (ok)",
     sendmail_address,
     MT_KIND_TO,
     MT_STATUS_SENT,
     {S_ENTRY, "to=" LOGGED, "rcpt=" READ, HOW_READ, "dsn=2.0.0", "response=Sent (ok)"}},
    {"sm-mta",
     HOSTILE_S ": to=<b@r.test>," LOGGED ",bob" S_HOW ", dsn=4.0.0, stat=Deferred: Connection refused by mx.example.",
     sendmail_address,
     MT_KIND_TO,
     MT_STATUS_DEFERRED,
     {S_ENTRY, "to=<b@r.test>," LOGGED ",bob", "rcpt=b@r.test", "rcpt=" READ, "rcpt=bob", HOW_READ, "dsn=4.0.0",
      "response=Deferred: Connection refused by mx.example."}},
    {"sm-mta",
     HOSTILE_S
     ": to=" LOGGED
     ", ctladdr=<prog@r.test> (8/0), delay=00:00:01, xdelay=00:00:01, mailer=prog, pri=30187, dsn=2.0.0, stat=Sent",
     sendmail_program,
     MT_KIND_TO,
     MT_STATUS_SENT,
     {S_ENTRY, "to=" LOGGED, "rcpt=" READ, "user=prog@r.test", "delay=1000000", "delays.transmit=1000000",
      "transport=prog", "dsn=2.0.0", "response=Sent"}},
    {"sm-mta",
     HOSTILE_S ": to=bob, ctladdr=" LOGGED " (8/0)" S_HOW ", dsn=2.0.0, stat=Sent (ok)",
     sendmail_controller,
     MT_KIND_TO,
     MT_STATUS_SENT,
     {S_ENTRY, "to=bob", "rcpt=bob", "user=" READ, HOW_READ, "dsn=2.0.0", "response=Sent (ok)"}},
    {"sm-mta",
     HOSTILE_S ": to=<b@r.test>" S_HOW ", dsn=5.1.1, reply=550 5.1.1 " LOGGED ", stat=User unknown",
     sendmail_reply,
     MT_KIND_TO,
     MT_STATUS_BOUNCED,
     {S_ENTRY, ONE_READ, HOW_READ, "dsn=5.1.1", "reply_code=550", "response=550 5.1.1 " READ}},
    {"sm-mta",
     HOSTILE_S ": to=<b@r.test>" S_HOW ", dsn=4.2.2, reply=450 4.2.2 " LOGGED ", stat=Deferred: 450 4.2.2 " LOGGED,
     sendmail_40,
     MT_KIND_TO,
     MT_STATUS_DEFERRED,
     {S_ENTRY, ONE_READ, HOW_READ, "dsn=4.2.2", "reply_code=450", "response=450 4.2.2 " READ}},
    {"sm-mta",
     HOSTILE_S ": to=<b@r.test>" S_HOW ", dsn=4.2.2, stat=Deferred: 450 4.2.2 " LOGGED,
     sendmail_reply,
     MT_KIND_TO,
     MT_STATUS_DEFERRED,
     {S_ENTRY, ONE_READ, HOW_READ, "dsn=4.2.2", "response=Deferred: 450 4.2.2 " READ}},
    {"sm-mta",
     HOSTILE_S ": to=<b@r.test>" S_HOW ", dsn=2.0.0, stat=Sent (" LOGGED ")",
     sendmail_reply,
     MT_KIND_TO,
     MT_STATUS_SENT,
     {S_ENTRY, ONE_READ, HOW_READ, "dsn=2.0.0", "response=Sent (" READ ")"}},
    {"sm-mta",
     HOSTILE_S ": to=<b@r.test>, delay=00:00:01, mailer=esmtp, pri=30187, quarantine=" LOGGED ", stat=quarantined",
     sendmail_reason,
     MT_KIND_HOLD,
     MT_STATUS_NONE,
     {S_ENTRY, "text=" READ}},
    {"sm-mta",
     HOSTILE_S ": to=" LOGGED ", delay=00:00:01, pri=30187, stat=Message exceeds maximum fixed size (300000)",
     sendmail_address,
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {S_ENTRY, "to=" READ, "delay=1000000", "stage=END-OF-MESSAGE", "action=reject",
      "response=Message exceeds maximum fixed size (300000)"}},
    /* parseaddr.c, rscheck; err.c, usrerr */
    {"sm-mta",
     HOSTILE_S ": ruleset=check_rcpt, arg1=" LOGGED ", " S_RELAY ", reject=550 5.7.1 " LOGGED "... Relaying denied",
     sendmail_address,
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {S_ENTRY, "to=" READ, CLIENT_READ, "stage=RCPT", "action=reject", "reply_code=550", "dsn=5.7.1",
      "response=550 5.7.1 " LOGGED "... Relaying denied"}},
    {"sm-mta",
     HOSTILE_S ": ruleset=check_mail, arg1=" LOGGED ", " S_RELAY ", reject=553 5.1.8 " LOGGED
               "... Domain of sender address does not exist",
     sendmail_address,
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {S_ENTRY, "from=" READ, CLIENT_READ, "stage=MAIL", "action=reject", "reply_code=553", "dsn=5.1.8",
      "response=553 5.1.8 " LOGGED "... Domain of sender address does not exist"}},
    {"sm-mta",
     HOSTILE_S ": ruleset=check_subject, arg1=" LOGGED ", " S_RELAY ", reject=550 5.7.1 no",
     sendmail_text,
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {S_ENTRY, CLIENT_READ, "stage=END-OF-MESSAGE", "action=reject", "reply_code=550", "dsn=5.7.1",
      "response=550 5.7.1 no"}},
    {"sm-mta",
     HOSTILE_S ": " LOGGED "... User unknown",
     sendmail_address,
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {S_ENTRY, "to=" READ, "stage=RCPT", "action=reject", "response=User unknown"}},
    /* srvrsmtp.c, milter.c */
    {"sm-mta",
     HOSTILE_S ": Milter: to=" LOGGED ", reject=451 4.3.2 Please try again later",
     sendmail_address,
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {S_ENTRY, "to=" READ, "stage=RCPT", "action=reject", "reply_code=451", "dsn=4.3.2",
      "response=451 4.3.2 Please try again later"}},
    {"sm-mta",
     HOSTILE_S ": Milter: from=" LOGGED ", discard",
     sendmail_address,
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {S_ENTRY, "from=" READ, "stage=MAIL", "action=discard"}},
    {"sm-mta",
     HOSTILE_S ": Milter: data, reject=550 5.7.1 " LOGGED,
     sendmail_text,
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {S_ENTRY, "stage=END-OF-MESSAGE", "action=reject", "reply_code=550", "dsn=5.7.1", "response=550 5.7.1 " READ}},
    {"sm-mta",
     HOSTILE_S ": Milter: helo=" LOGGED ", reject=550 5.7.1 Command rejected",
     sendmail_text,
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {S_ENTRY, "client.helo=" READ, "stage=HELO", "action=reject", "reply_code=550", "dsn=5.7.1",
      "response=550 5.7.1 Command rejected"}},
    {"sm-mta",
     HOSTILE_S ": milter=spam, quarantine=" LOGGED,
     sendmail_text,
     MT_KIND_HOLD,
     MT_STATUS_NONE,
     {S_ENTRY, "text=" READ}},
    {"sm-mta",
     HOSTILE_S ": AUTH=server, " S_RELAY ", authid=" LOGGED ", mech=PLAIN, bits=0",
     sendmail_128,
     MT_KIND_AUTH,
     MT_STATUS_NONE,
     {S_ENTRY, CLIENT_READ, "client.user=" READ, "client.mechanism=PLAIN"}},
    {"sm-mta",
     HOSTILE_S
     ": AUTH failure (PLAIN): authentication failure (-13) SASL(-13): authentication failure: checkpass failed, "
     "user=" LOGGED ", " S_RELAY,
     sendmail_128,
     MT_KIND_AUTH,
     MT_STATUS_NONE,
     {S_ENTRY, CLIENT_READ, "mechanism=PLAIN", "user=" READ, "reason=auth-failed",
      "response=authentication failure (-13) SASL(-13): authentication failure: checkpass failed"}},
    {"sm-mta",
     HOSTILE_S ": h.test [192.0.2.1]: VRFY " LOGGED " [rejected]",
     sendmail_203,
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {S_ENTRY, CLIENT_READ, "stage=VRFY", "action=reject", "text=VRFY " READ " [rejected]"}},
    {"sm-mta",
     HOSTILE_S ": invalid domain name (" LOGGED ") from h.test [192.0.2.1]",
     sendmail_text,
     MT_KIND_INFO,
     MT_STATUS_NONE,
     {S_ENTRY, "text=invalid domain name (" READ ") from h.test [192.0.2.1]"}},
    {"sm-mta",
     HOSTILE_S ": collect: " S_RELAY ", from=" LOGGED ", info=unexpected close",
     sendmail_address,
     MT_KIND_LOST_CONNECTION,
     MT_STATUS_NONE,
     {S_ENTRY, CLIENT_READ, "stage=DATA", "reason=lost-connection"}},
    {"sm-mta",
     HOSTILE_S ": h.test [192.0.2.1]: probable open proxy: command=" LOGGED,
     sendmail_40,
     MT_KIND_INFO,
     MT_STATUS_NONE,
     {S_ENTRY, CLIENT_READ, "reason=protocol-error", "text=h.test [192.0.2.1]: probable open proxy: command=" READ}},
    {"sm-mta", HOSTILE_S ": <-- " LOGGED, sendmail_text, MT_KIND_INFO, MT_STATUS_NONE, {S_ENTRY, "text=<-- " READ}},
    {"sm-mta",
     HOSTILE_S ": " HOSTILE_NOTICE ": DSN: Service unavailable " LOGGED,
     sendmail_203,
     MT_KIND_BOUNCE,
     MT_STATUS_NONE,
     {S_ENTRY, "bounce_queue_id=" HOSTILE_NOTICE, "action=non-delivery", "text=Service unavailable " READ}},
};

const size_t hostile_sendmail_count = sizeof hostile_sendmail_forms / sizeof *hostile_sendmail_forms;

/* sm_syslog() (sendmail/conf.c) with SYSLOG_BUFSIZE 1024: a long text comes in pieces. */
void hostile_split(const char *program, const char *text, hostile_line_fn *fn, void *ctx)
{
    size_t prefix = strcspn(text, ":"), n;
    const char *begin = text + prefix + 2;

    if (strlen(begin) + prefix + 1 < 1024) {
        fn(ctx, program, text);
        return;
    }
    for (unsigned i = 1; *begin; begin += n, i++) {
        bool last = strlen(begin) + prefix + 5 <= 1024;
        n = last ? strlen(begin) : 1024 - prefix - 5 - 7;
        for (size_t k = n; !last && k > 0; k--) {
            if (begin[k] == ',' || begin[k] == ' ') {
                n = k + 1;
                break;
            }
        }
        fn(ctx, program, hostile_text("%.*s[%u]: %.*s%s", (int)prefix, text, i, (int)n, begin, last ? "" : " ..."));
    }
}
