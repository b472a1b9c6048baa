/* What strangers write into qmail's lines: see hostile.h. Comments name files of its source. */
#include "hostile.h"

/* logsafe(), qsutil.c: no blank and no control is left, and the end of a line is a slash. */
static void qmail_text(struct hostile_gap *gap, const char *payload)
{
    char text[HOSTILE_GAP];
    size_t n = 0;

    for (const unsigned char *p = (const unsigned char *)payload; *p; p++) {
        text[n++] = (char)(*p == '\n' ? '/' : *p <= ' ' || *p > '~' || *p == '%' ? '_' : *p);
    }
    hostile_put(gap, hostile_text("%.*s", (int)n, text), hostile_text("%.*s", (int)n, text));
}

#define QMAIL_ENTRY "queue_id=" HOSTILE_Q
#define LIKES_NOT   "192.0.2.25_does_not_like_recipient./Remote_host_said:_550_x_"
#define GIVES_UP    "/Giving_up_on_192.0.2.25./"

const struct hostile_form hostile_qmail_forms[] = {
    /* qmail-send.c */
    {"qmail",
     "info msg " HOSTILE_Q ": bytes 371 from <" LOGGED "> qp 177 uid 7791",
     qmail_text,
     MT_KIND_FROM,
     MT_STATUS_NONE,
     {QMAIL_ENTRY, "external_id=177", "size=371", "client.uid=7791", "from=" READ}},
    {"qmail",
     "starting delivery 5: msg " HOSTILE_Q " to remote x" LOGGED,
     qmail_text,
     MT_KIND_INFO,
     MT_STATUS_NONE,
     {QMAIL_ENTRY, "transport=remote", "to=x" READ}},
    /* qmail-remote.c */
    {"qmail",
     "delivery 5: failure: " LIKES_NOT LOGGED GIVES_UP,
     qmail_text,
     MT_KIND_TO,
     MT_STATUS_BOUNCED,
     {"relay.ip=192.0.2.25", "reply_code=550", "response=" LIKES_NOT READ GIVES_UP}},
    {"qmail",
     "delivery 5: success: 192.0.2.25_accepted_message./Remote_host_said:_250_x_" LOGGED ".",
     qmail_text,
     MT_KIND_TO,
     MT_STATUS_SENT,
     {"relay.ip=192.0.2.25", "reply_code=250",
      "response=192.0.2.25_accepted_message./Remote_host_said:_250_x_" READ "."}},
    /* qmail-local.c, behind what a program says */
    {"qmail",
     "delivery 5: success: x" LOGGED "/did_0+0+1/",
     qmail_text,
     MT_KIND_TO,
     MT_STATUS_SENT,
     {"response=x" READ "/did_0+0+1/"}},
    {"qmail",
     "delivery 5: deferral: x" LOGGED "_",
     qmail_text,
     MT_KIND_TO,
     MT_STATUS_DEFERRED,
     {"response=x" READ "_"}},
};

const size_t hostile_qmail_count = sizeof hostile_qmail_forms / sizeof *hostile_qmail_forms;
