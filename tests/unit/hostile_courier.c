/* What strangers write into Courier's lines: see hostile.h. Comments name files of its source. */
#include "hostile.h"

#include <stdio.h>

/* clog_msg_str(), libs/lcclog.c: what is logged of a text. */
static char *logged(const char *from)
{
    char text[HOSTILE_GAP];
    size_t n = 0;

    for (const char *p = from; *p && n < 128; p++) {
        if (*p == '\r') {
            continue;
        }
        text[n++] = *p == '\n' ? '/' : (unsigned char)*p < ' ' ? '.' : *p;
    }
    return hostile_text("%.*s%s", (int)n, text, n == 128 ? "..." : "");
}

/* An address: a local part in quotes, as rfc822 makes it; no control characters come so far. */
static void courier_address(struct hostile_gap *gap, const char *payload)
{
    char text[HOSTILE_GAP] = "\"";
    size_t n = 1;

    for (const char *p = payload; *p; p++) {
        if (*p == '"' || *p == '\\') {
            text[n++] = '\\';
        }
        text[n++] = *p;
    }
    snprintf(text + n, sizeof text - n, "\"@evil.test");
    hostile_put(gap, logged(text), logged(text));
}

/* A line of a reply, which something stands before. */
static void courier_reply(struct hostile_gap *gap, const char *payload)
{
    const char *text = logged(hostile_text("550 x %s", payload));

    hostile_put(gap, text, text);
}

/* courieresmtpd.c: a command, to the line's end; its log keeps '<'. */
static void courier_command(struct hostile_gap *gap, const char *payload)
{
    hostile_put(gap, logged(hostile_text("x%s", payload)), "");
}

/* courieresmtpd.c: inside the brackets, of a refused address. */
static void courier_refused(struct hostile_gap *gap, const char *payload)
{
    char text[HOSTILE_GAP];
    size_t n = 0;

    for (const char *p = payload; *p; p++) {
        text[n++] = *p == '<' || *p == '>' || *p == ':' ? ' ' : *p;
    }
    text[n] = '\0';
    hostile_put(gap, logged(hostile_text("x%s", text)), logged(hostile_text("x%s", text)));
}

/* submit.C: blanks and all that is not printable are '_' in what stands for HELO. Where the whole is cut nothing of it is known. */
static void courier_helo(struct hostile_gap *gap, const char *payload)
{
    char text[HOSTILE_GAP] = "x";
    size_t n = 1;

    for (const char *p = payload; *p && n < 60; p++) {
        text[n++] = (unsigned char)*p <= ' ' || *p == 127 ? '_' : *p;
    }
    text[n] = '\0';
    hostile_put(gap, text, text);
}

/* An ident server's answer. Where it holds what the line's own words are, the line is not believed. */
static void courier_ident(struct hostile_gap *gap, const char *payload)
{
    hostile_put(gap, logged(hostile_text("x%s", payload)), "");
}

#define C_ENTRY "queue_id=" HOSTILE_C, "external_id=000000006B023BC5.00000145"
#define C_ID    "id=" HOSTILE_C

const struct hostile_form hostile_courier_forms[] = {
    /* cdmsgq.C, cdmsgq3.C */
    {"courierd",
     "newmsg," C_ID ": dns; " LOGGED " (mail.evil.test [::ffff:192.0.2.66])",
     courier_helo,
     MT_KIND_CLIENT,
     MT_STATUS_NONE,
     {C_ENTRY, "client.helo=" READ, "client.name=mail.evil.test", "client.ip=192.0.2.66"}},
    {"courierd",
     "started," C_ID ",from=<" LOGGED ">,module=esmtp,host=evil.test,addr=<" LOGGED ">",
     courier_address,
     MT_KIND_FROM,
     MT_STATUS_NONE,
     {C_ENTRY, "from=" READ}},
    {"courierd",
     C_ID ",from=<a@s.test>,addr=<" LOGGED ">,status: failure",
     courier_address,
     MT_KIND_TO,
     MT_STATUS_BOUNCED,
     {C_ENTRY, "from=a@s.test", "to=" READ}},
    /* module.esmtp, module.local: libs/comctlfile.c */
    {"courieresmtp",
     C_ID ",from=<" LOGGED ">,addr=<" LOGGED ">,status: success",
     courier_address,
     MT_KIND_TO,
     MT_STATUS_SENT,
     {C_ENTRY, "from=" READ, "to=" READ, "transport=esmtp"}},
    {"courieresmtp",
     C_ID ",from=<" LOGGED ">,addr=<" LOGGED ">: 550 no",
     courier_address,
     MT_KIND_REPLY,
     MT_STATUS_NONE,
     {C_ENTRY, "from=" READ, "to=" READ, "transport=esmtp", "reply_code=550", "response=550 no"}},
    {"courieresmtp",
     C_ID ",from=<a@s.test>,addr=<b@r.test>: " LOGGED,
     courier_reply,
     MT_KIND_REPLY,
     MT_STATUS_NONE,
     {C_ENTRY, "from=a@s.test", "to=b@r.test", "transport=esmtp", "reply_code=550", "response=" READ}},
    {"courierlocal",
     C_ID ",from=<" LOGGED ">,addr=<" LOGGED ">,size=364,success: Message delivered.",
     courier_address,
     MT_KIND_TO,
     MT_STATUS_SENT,
     {C_ENTRY, "from=" READ, "to=" READ, "transport=local", "size=364", "response=Message delivered."}},
    {"courierlocal",
     C_ID ",from=<a@s.test>,addr=<b@r.test>: " LOGGED,
     courier_reply,
     MT_KIND_REPLY,
     MT_STATUS_NONE,
     {C_ENTRY, "from=a@s.test", "to=b@r.test", "transport=local", "reply_code=550", "response=" READ}},
    /* courieresmtpd.c */
    {"courieresmtpd",
     "error,relay=::ffff:192.0.2.66,port=36471,from=<" LOGGED ">,to=<" LOGGED ">: 550 User unknown",
     courier_refused,
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {"client.ip=192.0.2.66", "client.port=36471", "from=" READ, "to=" READ, "stage=RCPT", "action=error",
      "reply_code=550", "response=550 User unknown"}},
    {"courieresmtpd",
     "error,relay=::ffff:192.0.2.66,port=36471,from=<a@s.test>,to=<b@r.test>: " LOGGED,
     courier_reply,
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {"client.ip=192.0.2.66", "client.port=36471", "from=a@s.test", "to=b@r.test", "stage=RCPT", "action=error",
      "reply_code=550", "response=" READ}},
    {"courieresmtpd",
     "error,relay=::ffff:192.0.2.66,port=36471,msg=\"502 ESMTP command error\",cmd: " LOGGED,
     courier_command,
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {"client.ip=192.0.2.66", "client.port=36471", "stage=UNKNOWN", "action=error", "reply_code=502",
      "response=502 ESMTP command error"}},
    {"courieresmtpd",
     "error,relay=::ffff:192.0.2.66,port=36471,ident=" LOGGED ",from=<a@s.test>: 517 Syntax error.",
     courier_ident,
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {DOUBTED, "client.ip=192.0.2.66", "client.port=36471", "from=a@s.test", "stage=MAIL", "action=error",
      "reply_code=517", "response=517 Syntax error."}},
};

const size_t hostile_courier_count = sizeof hostile_courier_forms / sizeof *hostile_courier_forms;
