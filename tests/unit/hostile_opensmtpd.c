/* What strangers write into OpenSMTPD's lines: see hostile.h. Comments name files of its source. */
#include "hostile.h"

#include <stdio.h>

/* valid_localpart(), util.c: these characters, with single dots between them. */
static void smtpd_address(struct hostile_gap *gap, const char *payload)
{
    char text[HOSTILE_GAP] = "x";
    size_t n = 1;

    for (const char *p = payload; *p; p++) {
        if ((*p >= '0' && *p <= '9') || ((*p | 0x20) >= 'a' && (*p | 0x20) <= 'z') ||
            strchr("!#$%&'*/?^`{|}~+-=_", *p)) {
            text[n++] = *p;
        }
    }
    hostile_put(gap, hostile_text("%.*s@evil.test", (int)n, text), hostile_text("%.*s@evil.test", (int)n, text));
}

/* A reply, or what a program says, as it came: one line. */
static void smtpd_reply(struct hostile_gap *gap, const char *payload)
{
    char text[HOSTILE_GAP];
    size_t n = 0;

    for (const char *p = payload; *p; p++) {
        if (*p != '\n' && *p != '\r') {
            text[n++] = *p;
        }
    }
    hostile_put(gap, hostile_text("%.*s", (int)n, text), hostile_text("%.*s", (int)n, text));
}

/* strnvis(VIS_SAFE | VIS_CSTYLE), compat of usr.sbin/smtpd; white: VIS_WHITE, too */
static char *visible(const char *from, bool white)
{
    static const char names[] = "\aa\bb\ff\nn\rr\tt\vv ";
    char text[HOSTILE_GAP];
    size_t n = 0;

    for (const unsigned char *p = (const unsigned char *)from; *p; p++) {
        const char *name = strchr(names, *p);
        if (*p == '\\') {
            n += (size_t)sprintf(text + n, "\\\\");
        } else if ((*p > ' ' && *p <= '~') || (!white && (*p == ' ' || *p == '\t'))) {
            text[n++] = (char)*p;
        } else if (name && *p != ' ' && strchr("\a\b\f\n\r\t\v", *p)) {
            n += (size_t)sprintf(text + n, "\\%c", name[1]);
        } else {
            n += (size_t)sprintf(text + n, *p == ' ' ? "\\s" : "\\%03o", *p);
        }
    }
    return hostile_text("%.*s", (int)n, text);
}

/* smtp_auth_success(), smtp_session.c */
static void smtpd_user(struct hostile_gap *gap, const char *payload)
{
    hostile_put(gap, visible(payload, true), visible(payload, true));
}

/* smtp_reply(), smtp_session.c. Where the command may end in several places, the reply is not known. */
static void smtpd_command(struct hostile_gap *gap, const char *payload)
{
    const char *text = visible(payload, false);
    bool known = !strstr(text, "\" result=\"");

    hostile_put(gap, text, known ? "500" : "");
    hostile_copy(gap->too, known ? " Invalid command" : "");
}

#define O_SESSION "5c9ae1b2c3d4e5f6 "
#define O_EVPID   "evpid=" HOSTILE_O "d3e4f5a6"
#define O_ENTRY   "queue_id=" HOSTILE_O
#define O_HOW     "rcpt=<-> source=\"192.0.2.9\" relay=\"192.0.2.7 (mx.example)\" delay=1s"
#define HOW_READ  "transport=mta", "relay.name=mx.example", "relay.ip=192.0.2.7", "delay=1000000"

const struct hostile_form hostile_opensmtpd_forms[] = {
    /* smtp_session.c */
    {"smtpd",
     O_SESSION "smtp envelope " O_EVPID " from=<" LOGGED "> to=<b@r.test>",
     smtpd_address,
     MT_KIND_FROM,
     MT_STATUS_NONE,
     {O_ENTRY, "from=" READ, "to=b@r.test"}},
    {"smtpd",
     O_SESSION "smtp envelope " O_EVPID " from=<a@s.test> to=<" LOGGED ">",
     smtpd_address,
     MT_KIND_FROM,
     MT_STATUS_NONE,
     {O_ENTRY, "from=a@s.test", "to=" READ}},
    {"smtpd",
     O_SESSION "smtp authentication user=" LOGGED " result=permfail",
     smtpd_user,
     MT_KIND_AUTH,
     MT_STATUS_NONE,
     {"user=" READ, "reason=auth-failed"}},
    {"smtpd",
     O_SESSION "smtp failed-command command=\"x" LOGGED "\" result=\"500 Invalid command\"",
     smtpd_command,
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {"stage=UNKNOWN", "action=failed-command", "reply_code=" READ, "response=" READ TOO}},
    /* mta.c, mda.c, queue.c */
    {"smtpd",
     O_SESSION "mta delivery " O_EVPID " from=<" LOGGED "> to=<b@r.test> " O_HOW " result=\"Ok\" stat=\"250 ok\"",
     smtpd_address,
     MT_KIND_TO,
     MT_STATUS_SENT,
     {O_ENTRY, "from=" READ, "to=b@r.test", HOW_READ, "reply_code=250", "response=250 ok"}},
    {"smtpd",
     O_SESSION "mta delivery " O_EVPID " from=<a@s.test> to=<" LOGGED "> " O_HOW " result=\"Ok\" stat=\"250 ok\"",
     smtpd_address,
     MT_KIND_TO,
     MT_STATUS_SENT,
     {O_ENTRY, "from=a@s.test", "to=" READ, HOW_READ, "reply_code=250", "response=250 ok"}},
    {"smtpd",
     O_SESSION "mta delivery " O_EVPID " from=<a@s.test> to=<b@r.test> " O_HOW " result=\"Ok\" stat=\"250 x " LOGGED
               "\"",
     smtpd_reply,
     MT_KIND_TO,
     MT_STATUS_SENT,
     {O_ENTRY, "from=a@s.test", "to=b@r.test", HOW_READ, "reply_code=250", "response=250 x " READ}},
    {"smtpd",
     O_SESSION "mta delivery " O_EVPID " from=<a@s.test> to=<b@r.test> " O_HOW
               " result=\"PermFail\" stat=\"550 x " LOGGED "\"",
     smtpd_reply,
     MT_KIND_TO,
     MT_STATUS_BOUNCED,
     {O_ENTRY, "from=a@s.test", "to=b@r.test", HOW_READ, "reply_code=550", "response=550 x " READ}},
    {"smtpd",
     O_SESSION "mda delivery " O_EVPID
               " from=<a@s.test> to=<b@r.test> rcpt=<b@r.test> user=bob delay=1s result=TempFail stat=Error " LOGGED,
     smtpd_reply,
     MT_KIND_TO,
     MT_STATUS_DEFERRED,
     {O_ENTRY, "from=a@s.test", "to=b@r.test", "transport=mda", "relay.name=bob", "delay=1000000",
      "response=Error " READ}},
    {"smtpd",
     "relay: Expire for " HOSTILE_O "d3e4f5a6: from=<" LOGGED ">, to=<" LOGGED
     ">, rcpt=<->, delay=4s, stat=Envelope expired",
     smtpd_address,
     MT_KIND_TO,
     MT_STATUS_EXPIRED,
     {O_ENTRY, "from=" READ, "to=" READ, "delay=4000000", "response=Envelope expired"}},
};

const size_t hostile_opensmtpd_count = sizeof hostile_opensmtpd_forms / sizeof *hostile_opensmtpd_forms;
