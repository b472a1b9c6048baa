/* The lines of each filter: what it says of which mail. Where no log of one was at hand, its source's format is named. */
#include <check.h>
#include <stdlib.h>

#include "lines.h"
#include "mailtrace/event.h"
#include "mailtrace/parser.h"
#include "story.h"
#include "suites.h"

#define Q     "3BAF4B70A0A"
#define QID   "\"queue_id\":\"" Q "\""
#define SAYS  ",\"verdicts\":{"
#define LMTP  "lmtp(joe9@dv.example)<1833><ylZrNcNAmupBQAAXZAmqA>: msgid=<a@b.test>: "
#define SIEVE "lmtp(joe9@dv.example)<1833><ylZrNcNAmupBQAAXZAmqA:R2>: sieve: msgid=<a@b.test>: "

/* says: what the record's JSON must have; says_not: what it must not. NULL: not looked at. kind NONE: the line has no form. */
struct row {
    const char *program, *text;
    enum mt_kind kind;
    unsigned unsure;
    const char *says, *says_not;
};

#define SAYS_THIS(program, text, says)               \
    {                                                \
        program, text, MT_KIND_FILTER, 0, says, NULL \
    }
#define SAYS_AND_NOT(program, text, says, not )     \
    {                                               \
        program, text, MT_KIND_FILTER, 0, says, not \
    }
#define UNSURE(program, text, says)                        \
    {                                                      \
        program, text, MT_KIND_FILTER, 1, says, "verdicts" \
    }
#define NOTE(program, text, says)                        \
    {                                                    \
        program, text, MT_KIND_INFO, 0, says, "verdicts" \
    }
#define NO_FORM(program, text)                     \
    {                                              \
        program, text, MT_KIND_NONE, 0, NULL, NULL \
    }

#define DKIM(program, text, rest) \
    SAYS_THIS(program, Q ": " text, QID SAYS "\"dkim\":[{\"by\":\"opendkim\"," rest "}]}}")

static const struct row opendkim[] = {
    DKIM("opendkim", "no signature data", "\"result\":\"none\""),
    DKIM("opendkim", "DKIM verification successful", "\"result\":\"pass\""),
    DKIM("opendkim", "bad signature data", "\"result\":\"fail\""),
    DKIM("opendkim", "DKIM-Signature field added (s=s1, d=pf3.example)",
         "\"domain\":\"pf3.example\",\"selector\":\"s1\",\"result\":\"signed\""),
    /* opendkim.c, dkimf_libstatus */
    DKIM("opendkim", "key retrieval failed (s=two, d=b.test): 'two._domainkey.b.test' query timed out",
         "\"domain\":\"b.test\",\"selector\":\"two\",\"result\":\"temperror\",\"reason\":\"'two._domainkey.b.test' "
         "query timed out\""),
    DKIM("opendkim", "key retrieval failed (s=two, d=b.test): 'two._domainkey.b.test' record not found",
         "\"domain\":\"b.test\",\"selector\":\"two\",\"result\":\"fail\",\"reason\":\"'two._domainkey.b.test' record "
         "not found\""),
    DKIM("opendkim", "key retrieval failed (s=two, d=b.test)",
         "\"domain\":\"b.test\",\"selector\":\"two\",\"result\":\"temperror\""),
    DKIM("opendkim", "key retrieval failed", "\"result\":\"temperror\""),
    DKIM("opendkim", "key retrieval failed: x", "\"result\":\"temperror\",\"reason\":\"x\""),
    DKIM("opendkim", "key revoked (s=two, d=b.test, a=rsa-sha256)",
         "\"domain\":\"b.test\",\"selector\":\"two\",\"result\":\"fail\""),
    DKIM("opendkim", "syntax error: missing parameter(s) in signature data",
         "\"result\":\"permerror\",\"reason\":\"missing parameter(s) in signature data\""),
    /* mlfi_eom, with LogResults */
    SAYS_THIS("opendkim",
              Q ": signature=q4UzQ2mD domain=b.test selector=one result=\"no signature error\"; "
                "signature=AbCdEfGh domain=c.test selector=two result=\"signature verification failed\"",
              QID SAYS "\"dkim\":[{\"by\":\"opendkim\",\"domain\":\"b.test\",\"selector\":\"one\",\"result\":\"pass\"},"
                       "{\"by\":\"opendkim\",\"domain\":\"c.test\",\"selector\":\"two\",\"result\":\"fail\",\"reason\":"
                       "\"signature verification failed\"}]}}"),
    DKIM("opendkim", "signature=q4UzQ2mD domain=b.test selector=one result=\"key DNS reply corrupt\"",
         "\"domain\":\"b.test\",\"selector\":\"one\",\"result\":\"temperror\",\"reason\":\"key DNS reply corrupt\""),
    DKIM("opendkim", "signature=q4UzQ2mD domain=b.test selector=one result=\"unsupported signature version\"",
         "\"domain\":\"b.test\",\"selector\":\"one\",\"result\":\"permerror\",\"reason\":\"unsupported signature "
         "version\""),
    DKIM("opendkim", "signature=q4UzQ2mD domain=b.test selector=one result=\"signing key too small\"",
         "\"domain\":\"b.test\",\"selector\":\"one\",\"result\":\"policy\",\"reason\":\"signing key too small\""),
    {"opendkim", Q ": signature=q4UzQ2mD domain=b.test selector=one result=\"no signature error\"; signature=Ab",
     MT_KIND_FILTER, 1, "\"selector\":\"one\",\"result\":\"pass\"}]", NULL},
    SAYS_AND_NOT("opendkim", "(unknown-jobid): DKIM verification successful", "\"result\":\"pass\"", "queue_id"),
    /* names that are none: the result is the filter's */
    SAYS_AND_NOT("opendkim", Q ": key revoked (s=x, d=y), a=rsa-sha1), a=rsa-sha256)", "\"result\":\"fail\"", "domain"),
    SAYS_AND_NOT("opendkim", Q ": signature=q4UzQ2mD domain=x\";y selector=one result=\"key not found in DNS\"",
                 "\"result\":\"fail\"", "domain"),
    NOTE("opendkim", Q ": no signing subdomain match for 'sender.example'", QID),
    NOTE("opendkim", Q ": no signing domain match for 'sender.example'", QID),
    NOTE("opendkim", Q ": no signing table match for 'x@DKIM verification successful'", QID),
    NOTE("opendkim", Q ": client120.clients.test [10.99.0.120] not internal", QID),
    NOTE("opendkim", Q ": bad [10.99.0.120] not internal", QID),
    NOTE("opendkim", Q ": not authenticated", QID),
    NOTE("opendkim", Q ": s=one d=b.test a=rsa-sha256 SSL error:04091068:rsa routines::bad signature", QID),
    {"opendkim", "OpenDKIM Filter v2.11.0 starting (args: -f)", MT_KIND_SERVICE, 0, NULL, "verdicts"},
    NO_FORM("opendkim", Q ": DKIM verification successful, or not"),
    NO_FORM("opendkim", "x y: DKIM verification successful"),
    NO_FORM("opendkim", "DKIM verification successful"),
};

#define SPF_OF(by, scope, domain, result) \
    "\"spf\":[{\"by\":\"" by "\",\"scope\":\"" scope "\",\"domain\":\"" domain "\",\"result\":\"" result "\"}]}}"

static const struct row opendmarc[] = {
    SAYS_THIS("opendmarc", Q ": sender.example pass",
              QID SAYS "\"dmarc\":[{\"by\":\"opendmarc\",\"domain\":\"sender.example\",\"result\":\"pass\"}]}}"),
    SAYS_THIS("opendmarc", Q ": sender.example fail", "\"domain\":\"sender.example\",\"result\":\"fail\""),
    SAYS_THIS("opendmarc", Q ": x.example none", "\"domain\":\"x.example\",\"result\":\"none\""),
    SAYS_THIS("opendmarc", Q ": x.example temperror", "\"domain\":\"x.example\",\"result\":\"temperror\""),
    SAYS_THIS("opendmarc", Q ": SPF(mailfrom): pf3.example none",
              QID SAYS SPF_OF("opendmarc", "mailfrom", "pf3.example", "none")),
    SAYS_THIS("opendmarc", Q ": SPF(helo): client122.clients.test none",
              QID SAYS SPF_OF("opendmarc", "helo", "client122.clients.test", "none")),
    SAYS_THIS("opendmarc", Q ": SPF(mailfrom): b.test tempfail", "\"result\":\"temperror\""),
    SAYS_THIS("opendmarc", Q ": SPF(helo): x pass fail", "\"domain\":\"x pass\",\"result\":\"fail\""),
    UNSURE("opendmarc", Q ": \"SPF(mailfrom): b.test\" pass", QID),
    NOTE("opendmarc", Q ": ignoring Authentication-Results at 1 from mx.b.test", QID),
    NOTE("opendmarc", Q " ignoring Authentication-Results at 1 from mx.b.test", QID),
    NOTE("opendmarc", "implicit authentication service: pf3.lab.test", NULL),
    NOTE("opendmarc", "ignoring connection from b.test pass", NULL),
    NOTE("opendmarc", Q ": multi-valued From field detected", QID),
    NO_FORM("opendmarc", Q ": sender.example"),
    NO_FORM("opendmarc", Q ": sender.example passed"),
    NO_FORM("opendmarc", "sender.example pass"),
};

#define RECEIVED "Received-SPF: Pass (mailfrom) identity=mailfrom; client-ip=10.99.0.120; helo=client120.clients.test; "
#define SPF_PASS                                                                                                     \
    "\"from\":\"ben.b@sender.example\",\"client\":{\"ip\":\"10.99.0.120\",\"helo\":\"client120.clients.test\"}" SAYS \
        SPF_OF("policyd-spf", "mailfrom", "sender.example", "pass")
#define PERL "Policy action=PREPEND Received-SPF: "

static const struct row spf[] = {
    SAYS_AND_NOT("policyd-spf", ": prepend " RECEIVED "envelope-from=ben.b@sender.example; receiver=pf3.example ",
                 SPF_PASS, "queue_id"),
    SAYS_THIS("policyd-spf", Q ": prepend " RECEIVED "envelope-from=ben.b@sender.example; receiver=none ", QID ","),
    SAYS_THIS("policyd-spf", "prepend " RECEIVED "envelope-from=ben.b@sender.example; receiver=x ", SPF_PASS),
    SAYS_THIS("policyd-spf",
              ": Header field not prepended: " RECEIVED "envelope-from=ben.b@sender.example; receiver=x ", SPF_PASS),
    SAYS_THIS("policyd-spf", ": result_only " RECEIVED "envelope-from=ben.b@sender.example; receiver=x ", SPF_PASS),
    SAYS_THIS("pyspf-milter", "prepend " RECEIVED "envelope-from=ben.b@sender.example; receiver=none ", SPF_PASS),
    SAYS_THIS("policyd-spf",
              ": prepend Received-SPF: None (no SPF record) identity=helo; client-ip=10.99.0.122; "
              "helo=client122.clients.test; "
              "envelope-from=<>; receiver=pf3.example ",
              "\"from\":\"\",\"client\":{\"ip\":\"10.99.0.122\",\"helo\":\"client122.clients.test\"}" SAYS SPF_OF(
                  "policyd-spf", "helo", "client122.clients.test", "none")),
    SAYS_THIS("policyd-spf",
              ": prepend Received-SPF: Softfail (mailfrom) identity=mailfrom; client-ip=2001:db8::1; helo=h; "
              "envelope-from=a; receiver=<UNKNOWN> ",
              SPF_OF("policyd-spf", "mailfrom", "a", "softfail")),
    /* milter_spf.py and python3-authres */
    SAYS_THIS(
        "pyspf-milter",
        "prepend Authentication-Results: mx.b.test; spf=pass (sender SPF authorized) smtp.mailfrom=sender.example "
        "(client-ip=192.0.2.1; helo=h.example; envelope-from=a@sender.example; receiver=none)",
        "\"from\":\"a@sender.example\",\"client\":{\"ip\":\"192.0.2.1\",\"helo\":\"h.example\"}" SAYS SPF_OF(
            "policyd-spf", "mailfrom", "sender.example", "pass")),
    SAYS_THIS("pyspf-milter",
              "prepend Authentication-Results: mx.b.test; spf=none (no SPF record) smtp.helo=h.example "
              "(client-ip=192.0.2.1; helo=h.example; envelope-from=<>; receiver=none)",
              SPF_OF("policyd-spf", "helo", "h.example", "none")),
    NOTE("pyspf-milter", "prepend Authentication-Results: mx.b.test; none (SPF check N/A for local connections)", NULL),
    NOTE("policyd-spf",
         ": prepend X-Comment: SPF skipped for whitelisted relay - client-ip=1; helo=h; envelope-from=a; ", NULL),
    /* policyd_spf.py; there is no entry */
    SAYS_AND_NOT("policyd-spf",
                 "550 5.7.23 Message rejected due to: SPF fail - not authorized. Please see "
                 "http://www.openspf.net/Why?s=mfrom;id=a@b.test;ip=192.0.2.1;r=c@d.test",
                 "\"spf\":[{\"by\":\"policyd-spf\",\"scope\":\"mailfrom\",\"result\":\"fail\"}]", "\"client\""),
    SAYS_THIS("policyd-spf",
              Q ": 550 5.7.23 Message rejected due to: SPF fail - not authorized. Please see "
                "http://www.openspf.net/Why?s=helo;id=b.test;ip=192.0.2.1;r=c@d.test",
              QID),
    UNSURE("policyd-spf",
           "550 5.7.24 Message rejected due to: SPF Permanent Error: Void lookup limit. Please see "
           "http://www.openspf.net/Why?s=mfrom;id=a@b.test;ip=192.0.2.1;r=c@d.test",
           NULL),
    UNSURE("policyd-spf",
           "550 5.7.23 Message rejected due to: SPF fail - not authorized. Please see "
           "http://www.openspf.net/Why?s=mfrom;id=/Why?s=helo;@b.test;ip=192.0.2.1;r=c@d.test",
           NULL),
    /* what the owner of a domain (exp=), a sender, a recipient could write */
    UNSURE("policyd-spf",
           ": prepend Received-SPF: Fail (x) identity=helo; client-ip=192.0.2.66; helo=v; envelope-from=v@v.test; "
           "receiver=r ) "
           "identity=helo; client-ip=192.0.2.1; helo=h; envelope-from=a@b.test; receiver=r ",
           NULL),
    UNSURE("policyd-spf", ": prepend " RECEIVED "envelope-from=x; receiver=y; envelope-from=v@v.test; receiver=z ",
           NULL),
    UNSURE("policyd-spf", ": prepend " RECEIVED "envelope-from=\"x; receiver=y\"@b.test; receiver=z ", NULL),
    UNSURE("policyd-spf",
           ": prepend Received-SPF: Pass (mailfrom) identity=mailfrom; client-ip=nowhere; helo=h; envelope-from=a; "
           "receiver=r ",
           NULL),
    UNSURE("policyd-spf",
           ": prepend Received-SPF: Good (mailfrom) identity=mailfrom; client-ip=192.0.2.1; helo=h; "
           "envelope-from=a; receiver=r ",
           NULL),
    NOTE("policyd-spf", "Pass; identity=mailfrom; client-ip=192.0.2.1; helo=h; envelope-from=a; receiver=r ", NULL),
    /* postfix-policyd-spf-perl; Mail::SPF::Result, received_spf_header */
    SAYS_THIS("postfix/policy-spf",
              PERL
              "pass (b.test: Sender is authorized to use 'a@b.test' in 'mfrom' identity (mechanism 'ip4:192.0.2.1' "
              "matched)) receiver=mx.d.test; identity=mailfrom; envelope-from=\"a@b.test\"; helo=h.b.test; "
              "client-ip=192.0.2.1",
              "\"from\":\"a@b.test\",\"client\":{\"ip\":\"192.0.2.1\",\"helo\":\"h.b.test\"}" SAYS SPF_OF(
                  "policyd-spf", "mailfrom", "b.test", "pass")),
    SAYS_AND_NOT("postfix-in/policy-spf",
                 PERL
                 "none (h.b.test: No applicable sender policy available) receiver=mx; identity=helo; helo=h.b.test; "
                 "client-ip=192.0.2.1",
                 SPF_OF("policyd-spf", "helo", "h.b.test", "none"), "instance"),
    UNSURE("postfix/policy-spf",
           PERL "pass (x) receiver=mx; identity=mailfrom; envelope-from=\"v@v.test\"; helo=h; client-ip=192.0.2.66) "
                "receiver=mx; "
                "identity=mailfrom; envelope-from=\"a@b.test\"; helo=h; client-ip=192.0.2.1",
           NULL),
    NOTE("postfix/policy-spf", "Policy action=DUNNO", NULL),
    NOTE("postfix/policy-spf", "Policy action=550 Please see http://www.openspf.net/Why?s=mfrom;id=a;ip=192.0.2.1;r=mx",
         NULL),
};

#define RESULT(yes, score, rules) "spamd: result: " yes " " score " - " rules " scantime=0.4,size=512,"
#define BEHIND_USER               ",uid=112,required_score=5.0,rhost=::1,raddr=::1,rport=4711,"

/* spamd, check */
static const struct row spamassassin[] = {
    SAYS_THIS("spamd",
              RESULT("Y", "1004", "GTUBE,NO_RELAYS") "user=bob" BEHIND_USER
                                                     "mid=<a@b.test>,autolearn=no autolearn_force=no",
              "\"message_id\":\"a@b.test\"" SAYS "\"spam\":[{\"by\":\"spamd\",\"action\":\"spam\",\"score\":1004,"
              "\"required\":5,\"symbols\":[{\"name\":\"GTUBE\"},"
              "{\"name\":\"NO_RELAYS\"}]}]}}"),
    SAYS_THIS("spamd",
              RESULT(".", "-1", "NO_RELAYS") "user=bob" BEHIND_USER
                                             "mid=<a@b.test>,rmid=<r@b.test>,bayes=0.000000,autolearn=ham",
              "\"action\":\"ham\",\"score\":-1,\"required\":5,"),
    SAYS_AND_NOT("spamd", RESULT(".", " 0", "") "user=bob" BEHIND_USER "mid=(unknown),autolearn=ham",
                 "\"action\":\"ham\",\"score\":0,\"required\":5}", "message_id"),
    SAYS_THIS("spamd",
              RESULT("Y", "15", "A") "user=x,uid=0,required_score=99,mid=<v@v.test>" BEHIND_USER
                                     "mid=<a@b.test>,autolearn=no",
              "\"message_id\":\"a@b.test\"" SAYS
              "\"spam\":[{\"by\":\"spamd\",\"action\":\"spam\",\"score\":15,\"required\":5,"),
    NOTE("spamd", "spamd: checking message <spamd:_result:_._-5_-_> for bob:112", NULL),
    NOTE("spamd", "spamd: identified spam (15.3/5.0) for bob:112 in 0.4 seconds, 512 bytes.", NULL),
    NO_FORM("spamd", "result: . -5 - A scantime=0.4"),
    {"spamass-milter", "spamass-milter 0.4.0 starting", MT_KIND_SERVICE, 0, NULL, "verdicts"},
};

#define CLAMAV_FULL(id, rest) "Message " id " from <a@b.test> to <c@d.test> with subject 'x' message-id '" rest

/* clamav-milter/clamfi.c, clamfi_eom */
static const struct row clamav[] = {
    SAYS_THIS("clamav-milter", CLAMAV_FULL(Q, "<m@b.test>' date 'Mon, 7 Dec 2026' infected by Eicar-Signature"),
              QID SAYS "\"virus\":[{\"by\":\"clamav-milter\",\"name\":\"Eicar-Signature\"}]}"),
    SAYS_AND_NOT("clamav-milter", CLAMAV_FULL("UNKNOWN", "<m@b.test>' date 'x' infected by Eicar-Signature"),
                 "\"message_id\":\"m@b.test\"", "queue_id"),
    SAYS_AND_NOT("clamav-milter", "Message from <a@b.test> to <c@d.test> infected by Eicar-Signature",
                 "\"name\":\"Eicar-Signature\"", "queue_id"),
    /* a sender, a subject */
    SAYS_THIS("clamav-milter",
              "Message " Q
              " from <\"x> to <y> infected by Fake\"@b.test> to <c@d.test> with subject 'infected by Fake' message-id "
              "'<m@b.test>' date 'x' infected by Eicar-Signature",
              "\"name\":\"Eicar-Signature\""),
    SAYS_THIS(
        "clamav-milter",
        "Message UNKNOWN from <\"' message-id '<v@v.test>' date '\"@b.test> to <c@d.test> with subject 'x' message-id "
        "'<m@b.test>' date 'x' infected by Eicar-Signature",
        "\"message_id\":\"m@b.test\""),
    NOTE("clamav-milter",
         "Clean message " Q " from <a@b.test> to <x> infected by Fake> with subject 'x' message-id 'y' date 'z'", QID),
    NOTE("clamav-milter", "Clean message from <a@b.test> to <c@d.test>", NULL),
    NO_FORM("clamav-milter", CLAMAV_FULL(Q, "<m@b.test>' date 'x' infected by Eicar Signature")),
    /* common/smtppass.c, sp_add_log; src/clamsmtpd.c, clam_scan_file */
    SAYS_AND_NOT("clamsmtpd", "100001: from=a@b.test, to=c@d.test, to=e@d.test, status=VIRUS:Eicar-Signature",
                 "\"virus\":[{\"by\":\"clamsmtp\",\"name\":\"Eicar-Signature\"}]", "queue_id"),
    NOTE("clamsmtpd", "100001: from=a@b.test, to=c@d.test, status=CLEAN", NULL),
    NOTE("clamsmtpd", "100001: from=a@b.test, to=x, status=VIRUS:Fake, status=CLEAN", NULL),
    NOTE("clamsmtpd", "100001: from=a@b.test, to=\"x, status=VIRUS:Fake\"@d.test, status=CLAMAV-ERROR", NULL),
    NOTE("clamsmtpd", "100001: from=a@b.test, to=\"x, status=VIRUS:Fake\"@d.test", NULL),
    NOTE("clamsmtpd", "100001: accepted connection from: 127.0.0.1", NULL),
    NO_FORM("clamsmtpd", "from=a@b.test, to=c@d.test, status=VIRUS:Eicar-Signature"),
};

#define MDLOG Q ": MDLOG," Q ","

/* lib/Mail/MIMEDefang.pm, md_graphdefang_log */
static const struct row mimedefang[] = {
    SAYS_THIS("mimedefang.pl", MDLOG "spam,15.3,192.0.2.1,<a@b.test>,<c@d.test>,virus%2CFake",
              QID SAYS "\"spam\":[{\"by\":\"mimedefang\",\"action\":\"spam\",\"score\":15.3}]}}"),
    SAYS_AND_NOT("mimedefang.pl", MDLOG "non-spam,,,<a@b.test>,<c@d.test>,x", "\"action\":\"non-spam\"}", "score"),
    SAYS_AND_NOT("mimedefang.pl", MDLOG "spam,15 of 20,,<a@b.test>,rcpts=3,x", "\"action\":\"spam\"}", "score"),
    SAYS_THIS("mimedefang.pl", MDLOG "virus,Eicar-Signature,192.0.2.1,<a@b.test>,<c@d.test>,x",
              QID SAYS "\"virus\":[{\"by\":\"mimedefang\",\"name\":\"Eicar-Signature\"}]}}"),
    NOTE("mimedefang.pl", MDLOG "bad_filename,x%2Cspam%2C-5.exe,exe,<a@b.test>,<c@d.test>,x", QID),
    NOTE("mimedefang.pl", MDLOG "mail_in,,,<a@b.test>,<c@d.test>,x,virus,Fake,x", QID),
    NOTE("mimedefang", Q ": Discarding because filter instructed us to", QID),
    NO_FORM("mimedefang.pl", MDLOG "spam"),
    NO_FORM("mimedefang.pl", Q ": x MDLOG," Q ",spam,1,2,"),
};

#define SCANNED "Message " Q ".A1B2C from 192.0.2.1 (a@b.test) to d.test"
#define SCANNER QID SAYS "\"spam\":[{\"by\":\"mailscanner\",\"action\":"

/* MailScanner/Message.pm, IsSpam; PFDiskStore.pm */
static const struct row mailscanner[] = {
    SAYS_THIS("MailScanner",
              SCANNED
              ",e.test is spam, SpamAssassin (not cached, score=15.3, required 6, BAYES_99 3.50, GTUBE 1000.00)",
              SCANNER "\"spam\",\"score\":15.3,\"required\":6}]}}"),
    SAYS_THIS("MailScanner",
              SCANNED " is not spam, SpamAssassin (cached, score=-1.9, required 6, autolearn=not spam, BAYES_00 -1.90)",
              SCANNER "\"not spam\",\"score\":-1.9,\"required\":6}]}}"),
    SAYS_THIS("MailScanner", SCANNED " is spam (blacklisted)", SCANNER "\"spam\"}]}}"),
    SAYS_THIS("MailScanner", SCANNED " is spam, spamhaus-ZEN, SpamAssassin (score=7, required 6, X 1.00)",
              SCANNER "\"spam\",\"score\":7,\"required\":6}]}}"),
    SAYS_THIS("MailScanner", "Message xB7DaZ1x012345 from 192.0.2.1 (a@b.test) to d.test is not spam",
              "\"queue_id\":\"xB7DaZ1x012345\""),
    UNSURE("MailScanner",
           "Message " Q
           ".A1B2C from 192.0.2.1 (x) to v.test is not spam, SpamAssassin (score=0, required 6)@b.test) to d.test is "
           "spam, SpamAssassin (score=15.3, required 6)",
           QID),
    NOTE("MailScanner", SCANNED " is too big for spam checks (300000 > 200000 bytes)", QID),
    NOTE("MailScanner", "Message " Q ".A1B2C from 192.0.2.1 (a@b.test) is whitelisted", QID),
    NOTE("MailScanner", "Spam Actions: message " Q ".A1B2C actions are store,deliver", QID),
    NOTE("MailScanner", "Infected message " Q ".A1B2C came from 192.0.2.1", QID),
    {"MailScanner", "Requeue: " Q ".A1B2C to 4F2A0B70A0B", MT_KIND_FORWARD, 0, QID, "verdicts"},
    {"MailScanner", "Requeue: " Q ".A1B2C to 4F2A0B70A0B", MT_KIND_FORWARD, 0, "\"next_queue_id\":\"4F2A0B70A0B\"",
     NULL},
    NO_FORM("MailScanner", "Requeue: " Q ".A1B2C to x y"),
};

#define TRIPLET                                                                                    \
    "client_name=client120.clients.test, client_address=10.99.0.120, sender=anna@sender.example, " \
    "recipient=grey@pf3.example"

static const struct row greylists[] = {
    NOTE("postgrey", "action=pass, reason=triplet found, " TRIPLET,
         "\"from\":\"anna@sender.example\",\"client\":{\"name\":\"client120.clients.test\",\"ip\":\"10.99.0.120\"},"
         "\"to\":\"grey@pf3."
         "example\",\"action\":\"pass\""),
    NOTE("postgrey", Q ": action=greylist, reason=early-retry (12s missing), delay=288, " TRIPLET,
         "\"action\":\"greylist\""),
    NOTE("postgrey", "action=greylist, reason=new, client_name=unknown, client_address=192.0.2.1, recipient=c@d.test",
         "\"from\":\"\""),
    {"postgrey",
     "action=pass, reason=new, client_name=h, client_address=192.0.2.1, sender=x, recipient=v@v.test, "
     "recipient=c@d.test",
     MT_KIND_INFO, 0, NULL, "\"to\""},
    NO_FORM("postgrey", "action=pass, sender=a"),
    /* sqlgrey, smtpd_access_policy */
    NOTE("sqlgrey", "grey: new: 192.0.2(192.0.2.1), a@b.test -> c@d.test",
         "\"from\":\"a@b.test\",\"client\":{\"ip\":\"192.0.2.1\"},\"to\":\"c@d.test\",\"action\":\"greylist\""),
    NOTE("sqlgrey", "grey: reconnect ok: 192.0.2(192.0.2.1), a@b.test -> c@d.test (00:05:01)",
         "\"to\":\"c@d.test\",\"action\":\"pass\""),
    NOTE("sqlgrey", "grey: from awl match: updating 192.0.2(192.0.2.1), a@b.test(a@b.test)", "\"action\":\"pass\""),
    {"sqlgrey", "grey: new: 192.0.2(192.0.2.1), x -> v@v.test -> c@d.test", MT_KIND_INFO, 0, NULL, "\"to\""},
    {"sqlgrey", "dbaccess: error: couldn't access connect table: x", MT_KIND_ERROR, 0, NULL, NULL},
    NO_FORM("sqlgrey", "new: 192.0.2(192.0.2.1), a@b.test -> c@d.test"),
};

#define TO(text, says)                                   \
    {                                                    \
        "dovecot", text, MT_KIND_TO, 0, says, "verdicts" \
    }
#define TO_NOT(text, says, n)                   \
    {                                           \
        "dovecot", text, MT_KIND_TO, 0, says, n \
    }
#define SESSION                                                                                                    \
    "\"queue_id\":\"ylZrNcNAmupBQAAXZAmqA\",\"message_id\":\"a@b.test\",\"to\":\"joe9@dv.example\",\"transport\":" \
    "\"lmtp\","

static const struct row dovecot[] = {
    TO(LMTP "saved mail to INBOX",
       SESSION "\"relay\":{\"name\":\"INBOX\"},\"status\":\"sent\",\"response\":\"saved mail to INBOX\"}"),
    /* src/lib-lda/mail-deliver.c */
    TO(LMTP "save failed to INBOX: Quota exceeded (mailbox for user is full)",
       SESSION "\"relay\":{\"name\":\"INBOX\"},\"status\":\"deferred\""),
    TO(LMTP "save failed to open mailbox Junk: Permission denied",
       "\"relay\":{\"name\":\"Junk\"},\"status\":\"deferred\""),
    TO("lda(bob)<77><YENwANUNAmupBQ>: msgid=unspecified: rejected: Quota exceeded",
       "\"pid\":77,\"queue_id\":\"YENwANUNAmupBQ\",\"to\":\"bob\",\"transport\":\"lda\",\"status\":\"bounced\""),
    /* pigeonhole: sieve-actions.c, cmd-redirect.c, ext-reject.c, cmd-discard.c */
    TO(SIEVE "stored mail into mailbox 'Junk'", SESSION "\"relay\":{\"name\":\"Junk\"},\"status\":\"sent\""),
    TO(SIEVE "fileinto action: stored mail into mailbox 'Junk'",
       SESSION "\"relay\":{\"name\":\"Junk\"},\"status\":\"sent\""),
    TO(SIEVE "forwarded to <x@e.test>", SESSION "\"status\":\"sent\""),
    TO(SIEVE "rejected message from <a@b.test> (ereject)", SESSION "\"status\":\"bounced\""),
    TO(SIEVE "Marked message to be discarded if not explicitly delivered (discard action)",
       SESSION "\"status\":\"discarded\""),
    NOTE("dovecot", SIEVE "sent vacation response to <a@b.test>", "\"queue_id\":\"ylZrNcNAmupBQAAXZAmqA\""),
    NOTE("dovecot", SIEVE "failed to store into mailbox 'Junk': Quota exceeded", NULL),
    /* a Message-ID */
    TO("lmtp(u)<1><S>: msgid=<x: saved mail to Fake>: save failed to INBOX: no",
       "\"message_id\":\"x: saved mail to "
       "Fake\",\"to\":\"u\",\"transport\":\"lmtp\",\"relay\":{\"name\":\"INBOX\"},\"status\":\"deferred\""),
    TO("lmtp(u)<1><S>: msgid=<x>: saved mail to Fake>: saved mail to INBOX", "\"relay\":{\"name\":\"INBOX\"}"),
    TO_NOT("lmtp(u)<1><S>: msgid=<aaaa...: saved mail to INBOX", "\"relay\":{\"name\":\"INBOX\"}", "message_id"),
    NO_FORM("dovecot", "lmtp(u)<1><S>: msgid=<x: saved mail to Fake>: something new"),
    NO_FORM("dovecot", "lmtp(u)<1><S>: msgid=x: saved mail to INBOX"),
    NO_FORM("dovecot", "lmtp(u)<1>: msgid=<x>: saved mail to INBOX"),
    NOTE("dovecot", "lmtp(1833): Connect from 127.0.0.1", NULL),
    NOTE("dovecot", "lmtp(1833): Disconnect from 127.0.0.1: Logged out (state=READY)", NULL),
    NO_FORM("dovecot", "imap-login: Login: user=<bob>, method=PLAIN"),
};

#define E         "1xUvM0-00000r-08"
#define EXIM      "\"queue_id\":\"" E "\""
#define SIGNED    E " DKIM: d=b.test s=one c=relaxed/relaxed a=rsa-sha256 b=2048 "
#define SIGNATURE "\"dkim\":[{\"by\":\"exim\",\"domain\":\"b.test\",\"selector\":\"one\",\"result\":"

/* src/dkim.c, dkim_exim_verify_log_sig; src/dmarc.c, dmarc_process; sa-exim.c */
static const struct row exim[] = {
    SAYS_THIS("exim", SIGNED "[verification succeeded]", SIGNATURE "\"pass\"}]"),
    SAYS_THIS("exim",
              SIGNED
              "i=@b.test t=1796089192 [verification failed - body hash mismatch (body probably modified in transit)]",
              SIGNATURE "\"fail\",\"reason\":\"body hash mismatch (body probably modified in transit)\"}]"),
    SAYS_THIS("exim", SIGNED "[invalid - public key record (currently?) unavailable]",
              SIGNATURE "\"permerror\",\"reason\":\"public key record (currently?) unavailable\"}]"),
    SAYS_THIS("exim", SIGNED "[not verified]", SIGNATURE "\"none\"}]"),
    SAYS_THIS("exim", SIGNED "[fail - the site says so]", SIGNATURE "\"fail\",\"reason\":\"the site says so\"}]"),
    UNSURE("exim", SIGNED "i=x [verification succeeded] t=1 [verification failed - unspecified reason]", EXIM),
    UNSURE("exim", SIGNED "[fail - x [verification succeeded]]", EXIM),
    UNSURE("exim", SIGNED "i=x [verification succeeded] x", EXIM),
    UNSURE("exim", SIGNED "[verification succeeded", EXIM),
    NOTE("exim", E " DKIM: d=b.test s=one [failed key import]", EXIM),
    NOTE("exim", E " DKIM: validation error: RETURN_DNS_FAILURE", EXIM),
    SAYS_THIS("exim",
              E
              " DMARC results: spf_domain=b.test dmarc_domain=c.test spf_align=no dkim_align=yes enforcement='Accept'",
              "\"dmarc\":[{\"by\":\"exim\",\"domain\":\"c.test\",\"result\":\"pass\"}]"),
    SAYS_THIS("exim",
              E " DMARC results: spf_domain=x dmarc_domain=v.test spf_align=yes dkim_align=yes dmarc_domain=c.test "
                "spf_align=no "
                "dkim_align=no enforcement='Reject'",
              "\"domain\":\"c.test\",\"result\":\"fail\""),
    SAYS_THIS("exim",
              E " H=h.test (x) [192.0.2.1]:25 Warning: \"SpamAssassin as bob detected message as NOT spam (-0.1)\"",
              EXIM SAYS "\"spam\":[{\"by\":\"spamassassin\",\"action\":\"ham\",\"score\":-0.1}]"),
    SAYS_THIS("exim", E " Warning: \"SpamAssassin as bob detected message as spam (15.3)\"",
              "\"action\":\"spam\",\"score\":15.3"),
    {"exim", E " Warning: \"SpamAssassin as bob detected message as spam (15.3)", MT_KIND_WARNING, 0, NULL, "verdicts"},
    NOTE("exim", E " H=h.test [192.0.2.1] Warning: x \"SpamAssassin as bob detected message as spam (15.3)\"", NULL),
    UNSURE(
        "exim",
        E
        " H=(x) [192.0.2.66] Warning: \"SpamAssassin as bob detected message as NOT spam (0)\") [192.0.2.1] Warning: x",
        EXIM),
    SAYS_THIS(
        "exim",
        E " SA: Action: permanently rejected message: score=15.3 required=5.0 trigger=12.0 (scanned in 2/2 secs | "
          "Message-Id: <a@b.test>). From <a@b.test> (host=h.test [192.0.2.1]) for c@d.test",
        "\"spam\":[{\"by\":\"sa-exim\",\"action\":\"permanently rejected message\",\"score\":15.3,\"required\":5}]"),
    NOTE("exim",
         E
         " SA: Action: Not running SA because SAEximRunCond expanded to false (Message-Id: <a: score=-5.0@b.test>). x",
         NULL),
};

static const struct {
    const char *filter;
    const struct row *rows;
    size_t n;
} filters[] = {
    {"opendkim", opendkim, COUNT(opendkim)},
    {"opendmarc", opendmarc, COUNT(opendmarc)},
    {"policyd-spf", spf, COUNT(spf)},
    {"spamassassin", spamassassin, COUNT(spamassassin)},
    {"clamav", clamav, COUNT(clamav)},
    {"mimedefang", mimedefang, COUNT(mimedefang)},
    {"mailscanner", mailscanner, COUNT(mailscanner)},
    {"greylists", greylists, COUNT(greylists)},
    {"dovecot", dovecot, COUNT(dovecot)},
    {"exim", exim, COUNT(exim)},
};

static void expect_row(const struct row *row)
{
    char *text = exact_copy(row->text, strlen(row->text));
    struct mt_line line = line_of(row->program, "");
    static struct mt_record rec;
    struct mt_buffer json = {0};
    enum mt_verdict verdict;

    line.text = mt_slice(text, strlen(row->text));
    line.pid = 0;
    verdict = mt_parse(&line, &rec);
    ck_assert_msg(verdict == (row->kind ? MT_RECOGNISED : mt_sources[rec.source]->is_mta ? MT_UNRECOGNISED : MT_FOREIGN), "%s", row->text);
    ck_assert_msg(rec.kind == row->kind, "%s: %s", mt_kind_names[rec.kind], row->text);
    ck_assert(mt_record_json(&rec, &json));
    mt_buffer_append(&json, "", 1);
    if (row->kind) {
        ck_assert_msg(rec.verdicts.unsure == row->unsure, "%u unsure: %s", rec.verdicts.unsure, row->text);
        ck_assert_msg(!row->says || strstr(json.p, row->says), "no %s in %s", row->says, json.p);
        ck_assert_msg(!row->says_not || !strstr(json.p, row->says_not), "%s in %s", row->says_not, json.p);
    }
    mt_buffer_free(&json);
    free(text);
}

START_TEST(test_the_lines_of_a_filter_say_this)
{
    for (size_t i = 0; i < filters[_i].n; i++) {
        expect_row(&filters[_i].rows[i]);
    }
}
END_TEST

/* A line that was cut anywhere says nothing that the whole one does not: a name or a number that is not whole, at most. */
START_TEST(test_a_cut_line_is_read_without_reading_too_far)
{
    static struct mt_record rec;

    for (size_t i = 0; i < filters[_i].n; i++) {
        const struct row *row = &filters[_i].rows[i];
        for (size_t n = 1; n < strlen(row->text); n++) {
            char *text = exact_copy(row->text, n);
            struct mt_line line = line_of(row->program, "");
            line.text = mt_slice(text, n);
            mt_parse(&line, &rec);
            free(text);
        }
    }
}
END_TEST

START_TEST(test_dovecot_is_the_last_leg_of_a_mail)
{
    struct story s;

    story_start(&s, NULL);
    story_line(&s, "10:00:00", "dovecot: " LMTP "saved mail to INBOX");
    story_line(&s, "10:00:00",
               "dovecot: lmtp(zoe@dv.example)<1833><ylZrNcNAmupBQAAXZAmqA:R2>: msgid=<a@b.test>: save failed to "
               "INBOX: Quota exceeded");
    story_line(&s, "10:10:00", "dovecot: " LMTP "saved mail to INBOX");
    story_finish(&s);
    ck_assert_uint_eq(story_count(&s, "delivery"), 3);
    ck_assert_uint_eq(story_count(&s, NULL), 3);
    story_is(&s, "delivery", 0, "mta", "dovecot");
    story_is(&s, "delivery", 0, "queue_id", "ylZrNcNAmupBQAAXZAmqA");
    story_is(&s, "delivery", 0, "relay.name", "INBOX");
    story_end(&s);
}
END_TEST

START_TEST(test_who_tells_stories_has_the_end_of_the_last_leg)
{
    struct mt_config config;
    struct story s;

    mt_config_default(&config);
    config.events |= MT_EVENTS_EVERY_END;
    story_start(&s, &config);
    story_line(&s, "10:00:00", "dovecot: " LMTP "saved mail to INBOX");
    story_finish(&s);
    ck_assert_uint_eq(story_count(&s, "delivery"), 1);
    ck_assert_uint_eq(story_count(&s, "message"), 1);
    story_is(&s, "message", 0, "result", "sent");
    story_end(&s);
}
END_TEST

Suite *mt_suite_filter_lines(void)
{
    Suite *suite = suite_create("filter_lines");
    TCase *lines = tcase_create("lines"), *events = tcase_create("events");

    LOOP(lines, test_the_lines_of_a_filter_say_this, filters);
    LOOP(lines, test_a_cut_line_is_read_without_reading_too_far, filters);
    tcase_add_test(events, test_dovecot_is_the_last_leg_of_a_mail);
    tcase_add_test(events, test_who_tells_stories_has_the_end_of_the_last_leg);
    suite_add_tcase(suite, lines);
    suite_add_tcase(suite, events);
    return suite;
}
