/* What strangers write into Exim's lines: see hostile.h. Comments name files of its source. */
#include "hostile.h"

#include "parser/exim/exim.h"

#include <stdio.h>

/* string_printing(), string.c */
static char *printing(const char *from)
{
    char text[HOSTILE_GAP];
    size_t n = 0;

    for (const unsigned char *p = (const unsigned char *)from; *p; p++) {
        const char *name = strchr("\nn\rr\bb\vv\ff\tt", *p);
        if (*p >= ' ' && *p <= '~') {
            text[n++] = (char)*p;
        } else if (name) {
            n += (size_t)sprintf(text + n, "\\%c", name[1]);
        } else {
            n += (size_t)sprintf(text + n, "\\%03o", *p);
        }
    }
    return hostile_text("%.*s", (int)n, text);
}

/* Without what no command can hold, as it came by SMTP; at most n bytes of it. */
static char *command(const char *payload, size_t most)
{
    char text[HOSTILE_GAP];
    size_t n = 0;

    for (const char *p = payload; *p && n < most; p++) {
        if (*p != '\n' && *p != '\r') {
            text[n++] = *p;
        }
    }
    return hostile_text("%.*s", (int)n, text);
}

/* A local part in quotes. */
static char *quoted(const char *payload)
{
    char text[HOSTILE_GAP];
    size_t n = 0;

    for (const char *p = payload; *p; p++) {
        if (*p == '"' || *p == '\\') {
            text[n++] = '\\';
        }
        text[n++] = *p;
    }
    return hostile_text("\"%.*s\"@evil.test", (int)n, text);
}

static void exim_address(struct hostile_gap *gap, const char *payload)
{
    const char *address = quoted(command(payload, HOSTILE_MOST));

    hostile_put(gap, address, address);
}

/* string_log_address(), deliver.c: without quotes, and then with them. */
static void exim_target(struct hostile_gap *gap, const char *payload)
{
    const char *text = command(payload, HOSTILE_MOST), *address = quoted(text);

    hostile_put(gap, hostile_text("%s@evil.test <%s>", text, address), address);
}

/* The Message-ID that parse_extract_address() takes out of its header, receive.c. */
static void exim_id(struct hostile_gap *gap, const char *payload)
{
    const char *id = printing(quoted(payload));

    hostile_put(gap, id, id);
}

/* T=, receive.c: the first 100 bytes, each quote and backslash with a backslash before it. */
static void exim_subject(struct hostile_gap *gap, const char *payload)
{
    char text[HOSTILE_GAP];
    size_t n = 0;

    for (const char *p = payload; *p && n < 100; p++) {
        if (*p == '"' || *p == '\\') {
            text[n++] = '\\';
        }
        text[n++] = *p;
    }
    hostile_put(gap, printing(hostile_text("%.*s", (int)n, text)), printing(hostile_text("%.*s", (int)n, text)));
}

/* C=, deliver.c */
static void exim_confirmation(struct hostile_gap *gap, const char *payload)
{
    const char *reply = printing(payload);
    char text[HOSTILE_GAP];
    size_t n = 0;

    for (const char *p = reply; *p; p++) {
        if (*p == '"' || *p == '\\') {
            text[n++] = '\\';
        }
        text[n++] = *p;
    }
    hostile_put(gap, hostile_text("%.*s", (int)n, text), hostile_text("%.*s", (int)n, text));
}

/* Replies and set_id=. */
static void exim_text(struct hostile_gap *gap, const char *payload)
{
    hostile_put(gap, printing(payload), printing(payload));
}

/* A reply at the end of a failure reads shorter where it ends like the time that may stand there. */
static void exim_reply(struct hostile_gap *gap, const char *payload)
{
    char *end = NULL;
    int64_t usec;

    exim_text(gap, payload);
    for (char *p = gap->read; (p = strstr(p, " DT=")); p++) {
        end = p;
    }
    if (end && mt_exim_duration(mt_slice_str(end + 4), &usec)) {
        *end = '\0';
    }
}

/* smtp_verify_helo() leaves these. */
static void exim_helo(struct hostile_gap *gap, const char *payload)
{
    char text[HOSTILE_GAP];
    size_t n = 0;

    for (const char *p = payload; *p; p++) {
        if ((*p >= '0' && *p <= '9') || ((*p | 0x20) >= 'a' && (*p | 0x20) <= 'z') || strchr(".-_:[]", *p)) {
            text[n++] = *p;
        }
    }
    hostile_put(gap, hostile_text("h%.*s", (int)n, text), hostile_text("h%.*s", (int)n, text));
}

/* The argument of RCPT, of which acl.c has 100 bytes at most. Where it was cut, neither the address nor what follows is known. */
static void exim_argument(struct hostile_gap *gap, const char *payload)
{
    const char *address = quoted(command(payload, HOSTILE_MOST));
    bool fits = strlen(address) + 2 <= 100;

    hostile_put(gap, hostile_text("%.100s", hostile_text("<%s>", address)), fits ? address : "");
    hostile_copy(gap->too, fits ? "Unknown user" : "");
}

#define H_READ   "client.name=h.test", "client.ip=192.0.2.1"
#define E_ENTRY  "queue_id=" HOSTILE_E
#define E_HOW    " R=dnslookup T=remote_smtp H=mx.example [192.0.2.7]"
#define HOW_READ "transport=remote_smtp", "relay.name=mx.example", "relay.ip=192.0.2.7"

const struct hostile_form hostile_exim_forms[] = {
    /* receive.c */
    {"exim",
     HOSTILE_E " <= " LOGGED " H=h.test [192.0.2.1] P=esmtp S=512 id=1@s.test",
     exim_address,
     MT_KIND_FROM,
     MT_STATUS_NONE,
     {E_ENTRY, "from=" READ, "size=512", "message_id=1@s.test", "client.protocol=esmtp", H_READ}},
    {"exim",
     HOSTILE_E " <= a@s.test H=h.test [192.0.2.1] P=esmtp S=512 id=" LOGGED,
     exim_id,
     MT_KIND_FROM,
     MT_STATUS_NONE,
     {E_ENTRY, "from=a@s.test", "size=512", "message_id=" READ, "client.protocol=esmtp", H_READ}},
    {"exim",
     HOSTILE_E " <= a@s.test H=h.test [192.0.2.1] P=esmtp S=512 id=" LOGGED " T=\"x\" from <a@s.test> for b@r.test",
     exim_id,
     MT_KIND_FROM,
     MT_STATUS_NONE,
     {E_ENTRY, "from=a@s.test", "size=512", "nrcpt=1", "message_id=" READ, "subject=x", "client.protocol=esmtp",
      H_READ}},
    {"exim",
     HOSTILE_E " <= a@s.test H=h.test (" LOGGED ") [192.0.2.1] P=esmtp S=512 id=1@s.test",
     exim_helo,
     MT_KIND_FROM,
     MT_STATUS_NONE,
     {E_ENTRY, "from=a@s.test", "size=512", "message_id=1@s.test", "client.helo=" READ, "client.protocol=esmtp",
      H_READ}},
    {"exim",
     HOSTILE_E " <= a@s.test H=h.test [192.0.2.1] P=esmtp S=512 id=1@s.test T=\"" LOGGED
               "\" from <a@s.test> for b@r.test c@r.test",
     exim_subject,
     MT_KIND_FROM,
     MT_STATUS_NONE,
     {E_ENTRY, "from=a@s.test", "size=512", "nrcpt=2", "message_id=1@s.test", "subject=" READ, "client.protocol=esmtp",
      H_READ}},
    {"exim",
     HOSTILE_E " <= " LOGGED " H=h.test [192.0.2.1] P=esmtp S=512 id=1@s.test from <" LOGGED "> for " LOGGED
               " b@r.test",
     exim_address,
     MT_KIND_FROM,
     MT_STATUS_NONE,
     {E_ENTRY, "from=" READ, "size=512", "nrcpt=2", "message_id=1@s.test", "client.protocol=esmtp", H_READ}},
    /* deliver.c */
    {"exim",
     HOSTILE_E " => " LOGGED E_HOW " C=\"250 ok\"",
     exim_target,
     MT_KIND_TO,
     MT_STATUS_SENT,
     {DOUBTED, E_ENTRY, "to=" READ, HOW_READ, "reply_code=250", "response=250 ok"}},
    {"exim",
     HOSTILE_E " => " LOGGED " F=<a@s.test>" E_HOW " C=\"250 ok\" QT=2s DT=1s",
     exim_target,
     MT_KIND_TO,
     MT_STATUS_SENT,
     {DOUBTED, E_ENTRY, "to=" READ, HOW_READ, "reply_code=250", "response=250 ok", "delay=2000000",
      "delays.transmit=1000000"}},
    {"exim",
     HOSTILE_E " -> b@r.test" E_HOW "* C=\"250 " LOGGED "\"",
     exim_confirmation,
     MT_KIND_TO,
     MT_STATUS_SENT,
     {E_ENTRY, "to=b@r.test", HOW_READ, "reply_code=250", "response=250 " READ}},
    {"exim",
     HOSTILE_E " == " LOGGED " R=dnslookup T=remote_smtp defer (111): Connection refused",
     exim_target,
     MT_KIND_TO,
     MT_STATUS_DEFERRED,
     {DOUBTED, E_ENTRY, "to=" READ, "transport=remote_smtp", "response=Connection refused"}},
    {"exim",
     HOSTILE_E " == b@r.test R=dnslookup T=remote_smtp defer (-44) H=mx.example [192.0.2.7]: SMTP error from remote "
               "mail server after RCPT TO:<b@r.test>: 450 x " LOGGED,
     exim_text,
     MT_KIND_TO,
     MT_STATUS_DEFERRED,
     {E_ENTRY, "to=b@r.test", HOW_READ, "reply_code=450",
      "response=SMTP error from remote mail server after RCPT TO:<b@r.test>: 450 x " READ}},
    {"exim",
     HOSTILE_E " == b@r.test R=local T=pipe defer (0): x " LOGGED,
     exim_text,
     MT_KIND_TO,
     MT_STATUS_DEFERRED,
     {E_ENTRY, "to=b@r.test", "transport=pipe", "response=x " READ}},
    {"exim",
     HOSTILE_E " ** " LOGGED ": Unrouteable address",
     exim_target,
     MT_KIND_TO,
     MT_STATUS_BOUNCED,
     {DOUBTED, E_ENTRY, "to=" READ, "response=Unrouteable address"}},
    {"exim",
     HOSTILE_E " ** b@r.test F=<" LOGGED ">" E_HOW ": no",
     exim_address,
     MT_KIND_TO,
     MT_STATUS_BOUNCED,
     {E_ENTRY, "to=b@r.test", HOW_READ, "response=no"}},
    {"exim",
     HOSTILE_E " ** b@r.test" E_HOW ": SMTP error from remote mail server after RCPT TO:<b@r.test>: 550 x " LOGGED,
     exim_reply,
     MT_KIND_TO,
     MT_STATUS_BOUNCED,
     {E_ENTRY, "to=b@r.test", HOW_READ, "reply_code=550",
      "response=SMTP error from remote mail server after RCPT TO:<b@r.test>: 550 x " READ}},
    {"exim",
     HOSTILE_E " H=mx.example [192.0.2.7]: SMTP error from remote mail server after RCPT TO:<b@r.test>: 451 " LOGGED,
     exim_text,
     MT_KIND_INFO,
     MT_STATUS_NONE,
     {E_ENTRY,
      "text=H=mx.example [192.0.2.7]: SMTP error from remote mail server after RCPT TO:<b@r.test>: 451 " READ}},
    /* acl.c, smtp_in.c */
    {"exim",
     "H=h.test [192.0.2.1] F=<a@s.test> rejected RCPT " LOGGED ": Unknown user",
     exim_argument,
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {"from=a@s.test", "to=" READ, H_READ, "stage=RCPT", "action=rejected", "response=" TOO}},
    {"exim",
     "H=h.test [192.0.2.1] F=<" LOGGED "> rejected RCPT <b@r.test>: Unknown user",
     exim_address,
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {"from=" READ, "to=b@r.test", H_READ, "stage=RCPT", "action=rejected", "response=Unknown user"}},
    {"exim",
     "H=h.test (" LOGGED ") [192.0.2.1] F=<> temporarily rejected RCPT <b@r.test>: later",
     exim_helo,
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {"from=", "to=b@r.test", H_READ, "client.helo=" READ, "stage=RCPT", "action=temporarily rejected",
      "response=later"}},
    {"exim",
     "H=h.test [192.0.2.1] Warning: x " LOGGED,
     exim_text,
     MT_KIND_INFO,
     MT_STATUS_NONE,
     {"text=H=h.test [192.0.2.1] Warning: x " READ}},
    {"exim",
     "login authenticator failed for h.test [192.0.2.1]: 535 Incorrect authentication data (set_id=" LOGGED ")",
     exim_text,
     MT_KIND_AUTH,
     MT_STATUS_NONE,
     {H_READ, "mechanism=login", "user=" READ, "reason=auth-failed", "response=535 Incorrect authentication data"}},
    {"exim",
     "SMTP call from h.test [192.0.2.1] dropped: too many unrecognized commands (last was \"x" LOGGED "\")",
     exim_text,
     MT_KIND_LOST_CONNECTION,
     MT_STATUS_NONE,
     {H_READ, "reason=too-many-errors",
      "text=SMTP call from h.test [192.0.2.1] dropped: too many unrecognized commands (last was \"x" READ "\")"}},
};

const size_t hostile_exim_count = sizeof hostile_exim_forms / sizeof *hostile_exim_forms;

#define PIECE 870 /* MAX_SYSLOG_LEN, log.c */

/* write_syslog(), log.c */
void hostile_pieces(const char *program, const char *text, hostile_line_fn *fn, void *ctx)
{
    size_t n = strlen(text), count = (n + PIECE - 1) / PIECE;

    if (count < 2) {
        fn(ctx, program, text);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        fn(ctx, program, hostile_text("[%zu/%zu] %.*s", i + 1, count, PIECE, text + i * PIECE));
    }
}
