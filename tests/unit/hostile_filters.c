/* What strangers write into the lines of filters: see hostile.h. Comments name files of their sources.
 *
 * Here DOUBTED means that a filter's line may also be taken for nothing, and counted as unsure, and that a note may lack a field.
 */
#include "hostile.h"

#include <string.h>

/* Controls never come so far: SMTP's commands and a header's value are one line, and syslog daemons escape what is left. */
static char *printed(const char *payload)
{
    char text[HOSTILE_GAP];
    size_t n = 0;

    for (const unsigned char *p = (const unsigned char *)payload; *p; p++) {
        text[n++] = (char)(*p < ' ' || *p == 0x7f ? '?' : *p);
    }
    return hostile_text("%.*s", (int)n, text);
}

static char *without(const char *text, const char *some, char instead)
{
    char *out = hostile_text("%s", text), *to = out;

    for (const char *p = out; *p; p++) {
        if (!strchr(some, *p)) {
            *to++ = *p;
        } else if (instead) {
            *to++ = instead;
        }
    }
    *to = '\0';
    return out;
}

static char *lower(const char *text)
{
    char *out = hostile_text("%s", text);

    for (char *p = out; *p; p++) {
        *p = *p >= 'A' && *p <= 'Z' ? (char)(*p | 0x20) : *p;
    }
    return out;
}

static void raw(struct hostile_gap *gap, const char *payload)
{
    hostile_put(gap, printed(payload), printed(payload));
}

/* A name of DNS: no blanks. */
static void name(struct hostile_gap *gap, const char *payload)
{
    const char *text = without(printed(payload), " ", '-');

    hostile_put(gap, text, text);
}

/* A tag of a signature: libopendkim/dkim.c, dkim_process_set and dkim_collapse. What is no name of a domain is not read. */
static void tag(struct hostile_gap *gap, const char *payload)
{
    char text[HOSTILE_GAP];
    size_t n = 0;
    const char *plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";

    for (const char *p = payload; *p; p++) {
        if (*p > ' ' && *p <= '~' && *p != ';') {
            text[n++] = *p;
        }
    }
    text[n] = '\0';
    hostile_put(gap, text, n && strspn(text, plain) == n ? text : "");
}

/* opendmarc/parse.c: a domain in quotes keeps them, and its blanks. */
static void from_domain(struct hostile_gap *gap, const char *payload)
{
    const char *text = hostile_text("\"%s\"", without(printed(payload), "\"\\", '?'));

    hostile_put(gap, text, text);
}

/* smtpd(8) cleans a HELO name before it asks a policy service. */
static void helo(struct hostile_gap *gap, const char *payload)
{
    const char *text = lower(without(printed(payload), " ;", '?'));

    hostile_put(gap, text, text);
}

/* policyd_spf.py */
static void sender(struct hostile_gap *gap, const char *payload)
{
    const char *text = lower(without(printed(payload), "\"\\", '\0'));

    hostile_put(gap, text, text);
}

/* Mail::SPF, Result.pm: \ before " and \ where a value is quoted. */
static void quoted(struct hostile_gap *gap, const char *payload)
{
    char text[HOSTILE_GAP];
    size_t n = 0;

    raw(gap, payload);
    for (const char *p = gap->logged; *p; p++) {
        if (*p == '"' || *p == '\\') {
            text[n++] = '\\';
        }
        text[n++] = *p;
    }
    text[n] = '\0';
    hostile_copy(gap->too, text);
    hostile_copy(gap->read, text);
}

/* spamd, parse_headers and check: a Message-ID */
static void spamd_id(struct hostile_gap *gap, const char *payload)
{
    char *text = without(without(printed(payload), " ,", '_'), "<", '?'), *end = strchr(text, '>');

    if (end) {
        *end = '\0';
    }
    hostile_put(gap, text, text);
}

/* clamfi.c, makesanehdr */
static void header(struct hostile_gap *gap, const char *payload)
{
    const char *text = without(printed(payload), "'", ' ');

    hostile_put(gap, text, text);
}

/* smtppass.c, parse_address: up to the first '>' */
static void smtp_address(struct hostile_gap *gap, const char *payload)
{
    char *text = printed(payload), *end = strchr(text, '>');

    if (end) {
        *end = '\0';
    }
    hostile_put(gap, text, text);
}

/* MIMEDefang.pm, percent_encode_for_graphdefang */
static void percent(struct hostile_gap *gap, const char *payload)
{
    char text[HOSTILE_GAP];
    size_t n = 0;

    for (const unsigned char *p = (const unsigned char *)payload; *p; p++) {
        if (*p < ' ' || *p > '~' || strchr("%\\,", *p)) {
            memcpy(text + n, hostile_text("%%%02X", *p), 3);
            n += 3;
        } else {
            text[n++] = (char)*p;
        }
    }
    text[n] = '\0';
    hostile_put(gap, text, text);
}

#define Q      HOSTILE_P
#define ENTRY  "queue_id=" Q
#define SPF    "Received-SPF: Softfail (mailfrom) identity=mailfrom; client-ip=192.0.2.1; helo="
#define CLIENT "client.ip=192.0.2.1"
#define PERL   "Policy action=PREPEND Received-SPF: pass (b.test: Sender is authorized to use '"
#define RESULT "spamd: result: Y 15 - GTUBE scantime=0.4,size=512,user="
#define BEHIND ",uid=112,required_score=5.0,rhost=::1,raddr=::1,rport=4711,mid=<"
#define SPAMD  "says=spam spamd spam 15000000/5000000"
#define CLAMAV "says=virus clamav-milter Eicar"
#define TEXT   "text="

/* Program, text, writer, kind, fields. */
#define FORM(program, text, write, kind, ...)                 \
    {                                                         \
        program, text, write, MT_KIND_##kind, MT_STATUS_NONE, \
        {                                                     \
            __VA_ARGS__                                       \
        }                                                     \
    }

const struct hostile_form hostile_filters_forms[] = {
    /* opendkim/opendkim.c */
    FORM("opendkim", Q ": " LOGGED " [192.0.2.1] not internal", name, INFO, ENTRY,
         TEXT READ " [192.0.2.1] not internal"),
    FORM("opendkim", Q ": no signing domain match for '" LOGGED "'", raw, INFO, ENTRY,
         TEXT "no signing domain match for '" READ "'"),
    FORM("opendkim", Q ": key retrieval failed (s=one, d=" LOGGED "): 'one._domainkey." LOGGED "' query timed out", tag,
         FILTER, ENTRY, "says=dkim opendkim temperror " READ),
    FORM("opendkim", Q ": key revoked (s=" LOGGED ", d=" LOGGED ", a=rsa-sha256)", tag, FILTER, ENTRY,
         "says=dkim opendkim fail " READ),
    FORM("opendkim", Q ": signature=AbCdEfGh domain=" LOGGED " selector=one result=\"signature verification failed\"",
         tag, FILTER, ENTRY, "says=dkim opendkim fail " READ),
    /* opendmarc/opendmarc.c */
    FORM("opendmarc", Q ": SPF(mailfrom): " LOGGED " fail", raw, FILTER, ENTRY, "says=spf opendmarc fail " READ),
    FORM("opendmarc", Q ": " LOGGED " none", from_domain, FILTER, DOUBTED, ENTRY),
    /* spf_engine/policyd_spf.py; its explanations are their domain's */
    FORM("policyd-spf", ": prepend " SPF LOGGED "; envelope-from=a@b.test; receiver=c@d.test ", helo, FILTER, DOUBTED,
         CLIENT, "client.helo=" READ, "from=a@b.test", "says=spf policyd-spf softfail b.test"),
    FORM("policyd-spf", ": prepend " SPF "h; envelope-from=" LOGGED "@b.test; receiver=c@d.test ", sender, FILTER,
         DOUBTED, CLIENT, "client.helo=h", "from=" READ "@b.test", "says=spf policyd-spf softfail b.test"),
    FORM("policyd-spf", ": prepend " SPF "h; envelope-from=a@b.test; receiver=" LOGGED " ", raw, FILTER, DOUBTED,
         CLIENT, "client.helo=h", "from=a@b.test", "says=spf policyd-spf softfail b.test"),
    FORM("policyd-spf",
         ": prepend Received-SPF: Fail (" LOGGED
         ") identity=helo; client-ip=192.0.2.1; helo=h; envelope-from=<>; receiver=x ",
         raw, FILTER, DOUBTED, CLIENT, "client.helo=h", "from=", "says=spf policyd-spf fail h"),
    FORM("postfix/policy-spf",
         PERL LOGGED "@b.test' in 'mfrom' identity) receiver=mx; identity=mailfrom; envelope-from=\"" TOO
                     "@b.test\"; helo=h; "
                     "client-ip=192.0.2.1",
         quoted, FILTER, DOUBTED, CLIENT, "client.helo=h", "from=" READ "@b.test", "says=spf policyd-spf pass b.test"),
    /* spamd; the user is the recipient where spamass-milter says so */
    FORM("spamd", RESULT LOGGED BEHIND "a@b.test>,autolearn=no", raw, FILTER, "message_id=a@b.test", SPAMD),
    FORM("spamd", RESULT "bob" BEHIND LOGGED ">,autolearn=no", spamd_id, FILTER, "message_id=" READ, SPAMD),
    /* clamav-milter/clamfi.c */
    FORM("clamav-milter",
         "Message " Q " from <a> to <c> with subject '" LOGGED "' message-id '<m>' date 'x' infected by Eicar", header,
         FILTER, ENTRY, CLAMAV,
         TEXT "Message " Q " from <a> to <c> with subject '" READ "' message-id '<m>' date 'x' infected by Eicar"),
    FORM("clamav-milter",
         "Message " Q " from <" LOGGED "> to <c> with subject 'x' message-id '<m>' date 'x' infected by Eicar", raw,
         FILTER, ENTRY, CLAMAV,
         TEXT "Message " Q " from <" READ "> to <c> with subject 'x' message-id '<m>' date 'x' infected by Eicar"),
    FORM("clamav-milter",
         "Message UNKNOWN from <a> to <c> with subject 'x' message-id 'x" LOGGED "' date 'x' infected by Eicar", header,
         FILTER, "message_id=x" READ, CLAMAV,
         TEXT "Message UNKNOWN from <a> to <c> with subject 'x' message-id 'x" READ "' date 'x' infected by Eicar"),
    FORM("clamav-milter", "Message from <" LOGGED "> to <c> infected by Eicar", raw, FILTER, CLAMAV,
         TEXT "Message from <" READ "> to <c> infected by Eicar"),
    FORM("clamav-milter", "Clean message " Q " from <" LOGGED "> to <c> with subject 'x' message-id '<m>' date 'x'",
         raw, INFO, ENTRY,
         TEXT "Clean message " Q " from <" READ "> to <c> with subject 'x' message-id '<m>' date 'x'"),
    /* clamsmtp: common/smtppass.c */
    FORM("clamsmtpd", "100001: from=" LOGGED ", to=c@d.test, status=CLEAN", smtp_address, INFO,
         TEXT "from=" READ ", to=c@d.test, status=CLEAN"),
    FORM("clamsmtpd", "100001: from=a@b.test, to=" LOGGED ", status=VIRUS:Eicar", smtp_address, FILTER,
         "says=virus clamsmtp Eicar", TEXT "from=a@b.test, to=" READ ", status=VIRUS:Eicar"),
    /* MIMEDefang.pm; a subject in UTF-8 is not escaped */
    FORM("mimedefang.pl", Q ": MDLOG," Q ",spam,15.3,192.0.2.1,<a@b.test>,<c@d.test>," LOGGED, raw, FILTER, ENTRY,
         "says=spam mimedefang spam 15300000/-"),
    FORM("mimedefang.pl", Q ": MDLOG," Q ",bad_filename," LOGGED ",exe,<a@b.test>,<c@d.test>,x", percent, INFO, ENTRY,
         TEXT "MDLOG," Q ",bad_filename," READ ",exe,<a@b.test>,<c@d.test>,x"),
    /* MailScanner/Message.pm */
    FORM("MailScanner",
         "Message " Q ".A1B2C from 192.0.2.1 (" LOGGED ") to d.test is spam, SpamAssassin (score=15.3, required 6)",
         raw, FILTER, DOUBTED, ENTRY, "says=spam mailscanner spam 15300000/6000000"),
    FORM("MailScanner", "Delivery of Spam: message " Q ".A1B2C from a@b.test to c@d.test with subject " LOGGED, raw,
         INFO, ENTRY, TEXT "Delivery of Spam: message " Q ".A1B2C from a@b.test to c@d.test with subject " READ),
    /* postgrey, sqlgrey */
    FORM("postgrey",
         "action=pass, reason=new, client_name=h, client_address=192.0.2.1, sender=x" LOGGED ", recipient=c@d.test",
         raw, INFO, DOUBTED, CLIENT, "client.name=h", "action=pass", "from=x" READ, "to=c@d.test",
         TEXT "action=pass, reason=new, client_name=h, client_address=192.0.2.1, sender=x" READ ", recipient=c@d.test"),
    FORM("sqlgrey", "grey: new: 192.0.2(192.0.2.1), x" LOGGED " -> c@d.test", raw, INFO, DOUBTED, CLIENT,
         "action=greylist", "from=x" READ, "to=c@d.test", TEXT "grey: new: 192.0.2(192.0.2.1), x" READ " -> c@d.test"),
    /* dovecot: src/lib-lda/mail-deliver.c */
    {"dovecot",
     "lmtp(u)<1><" Q ">: msgid=<x" LOGGED ">: saved mail to INBOX",
     raw,
     MT_KIND_TO,
     MT_STATUS_SENT,
     {ENTRY, "message_id=x" READ, "to=u", "transport=lmtp", "relay.name=INBOX", "response=saved mail to INBOX"}},
    {"dovecot",
     "lmtp(u)<1><" Q ">: sieve: msgid=<x" LOGGED ">: fileinto action: stored mail into mailbox 'Junk'",
     raw,
     MT_KIND_TO,
     MT_STATUS_SENT,
     {ENTRY, "message_id=x" READ, "to=u", "transport=lmtp", "relay.name=Junk",
      "response=stored mail into mailbox 'Junk'"}},
    /* Exim: src/dkim.c, an identity; src/dmarc.c, a sender's domain */
    FORM("exim", HOSTILE_E " DKIM: d=b.test s=one c=simple/simple a=rsa-sha256 b=2048 i=" LOGGED " [not verified]", raw,
         FILTER, DOUBTED, "queue_id=" HOSTILE_E, "says=dkim exim none b.test",
         TEXT "DKIM: d=b.test s=one c=simple/simple a=rsa-sha256 b=2048 i=" READ " [not verified]"),
};

const size_t hostile_filters_count = sizeof hostile_filters_forms / sizeof *hostile_filters_forms;
