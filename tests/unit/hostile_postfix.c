/* What strangers write into Postfix' lines: see hostile.h. Comments name files of its source. */
#include "hostile.h"

#include <stdio.h>

/* printable(3): every line goes through it, msg_output.c. */
static char *printable(const char *from)
{
    char *text = hostile_text("%s", from);

    for (unsigned char *p = (unsigned char *)text; *p; p++) {
        if (*p >= 194 && *p <= 254 && p[1] >= 128 && p[1] < 192) {
            while (p[1] >= 128 && p[1] < 192) {
                p++;
            }
        } else if (*p < ' ' || *p > '~') {
            *p = '?';
        }
    }
    return text;
}

static bool is_dot_string(const char *s, const char *end)
{
    if (s == end || *s == '.' || end[-1] == '.') {
        return false;
    }
    for (const char *p = s; p < end; p++) {
        if ((*p == '.' && p + 1 < end && p[1] == '.') || strchr(" ()<>@,;:\\\"[]", *p) ||
            (*p > 0 && (*p < ' ' || *p == 127))) {
            return false;
        }
    }
    return true;
}

/* quote_822_local(3): a source route before the local part stays as it is. */
static char *quote_local(const char *address)
{
    const char *colon = *address == '@' ? strchr(address, ':') : NULL, *start = colon ? colon + 1 : address;
    const char *end = strrchr(start, '@');
    char *text = hostile_text("%.*s", (int)(start - address), address);
    size_t n = strlen(text);

    end = end ? end : start + strlen(start);
    if (is_dot_string(start, end)) {
        return hostile_text("%s", address);
    }
    text[n++] = '"';
    for (const char *p = start; p < end; p++) {
        if (*p == '"' || *p == '\\' || *p == '\r') {
            text[n++] = '\\';
        }
        text[n++] = *p;
    }
    return hostile_text("%.*s\"%s", (int)n, text, end);
}

/* Everything that is logged in the external form, info_log_addr_form.c; replies name it without quotes. */
static void postfix_address(struct hostile_gap *gap, const char *payload)
{
    const char *internal = hostile_text("%s@evil.test", payload);
    const char *logged = printable(quote_local(internal));

    hostile_put(gap, logged, logged);
    hostile_copy(gap->too, printable(internal));
}

/* The internal form, as it was before 3.5. An address with one of the marks of the tail in it cannot be told from two. */
static void postfix_internal(struct hostile_gap *gap, const char *payload)
{
    static const char *const marks[] = {"; from=<", "> to=<", "> proto=", ">, to=<", ">, proto="};
    char *internal = printable(hostile_text("%s@evil.test", payload)), *at;

    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        while ((at = strstr(internal, marks[i]))) {
            *at = '?';
        }
    }
    hostile_put(gap, internal, internal);
}

/* postscreen_smtpd.c: a source route is taken off. */
static void screen_address(struct hostile_gap *gap, const char *payload)
{
    const char *colon = *payload == '@' ? strchr(payload, ':') : NULL;

    postfix_address(gap, colon ? colon + 1 : payload);
}

/* A domain literal is not quoted. One with a ']' in it (the client writes "\]", tok822_parse.c) has
 * no end that can be told; those are left out.
 */
static void postfix_literal(struct hostile_gap *gap, const char *payload)
{
    char literal[HOSTILE_GAP];
    size_t n = 0;

    for (const char *p = payload; *p; p++) {
        if (*p != ']' && *p != '\\') {
            literal[n++] = *p;
        }
    }
    hostile_put(gap, printable(hostile_text("u@[%.*s]", (int)n, literal)),
                printable(hostile_text("u@[%.*s]", (int)n, literal)));
}

static void postfix_text(struct hostile_gap *gap, const char *payload)
{
    hostile_put(gap, printable(payload), printable(payload));
}

/* "%.100s" */
static void postfix_100(struct hostile_gap *gap, const char *payload)
{
    postfix_text(gap, hostile_text("%.100s", payload));
}

/* "header %.200s", of which "Subject: " takes nine. */
static void postfix_191(struct hostile_gap *gap, const char *payload)
{
    const char *logged = printable(hostile_text("%.191s", payload));

    hostile_put(gap, logged, logged + strspn(logged, " "));
}

/* smtpd.c: neuter() after printable() */
static void postfix_helo(struct hostile_gap *gap, const char *payload)
{
    char *text = printable(payload);

    for (char *p = text; *p; p++) {
        *p = strchr(" <>()\\\";@", *p) ? '?' : *p;
    }
    hostile_put(gap, text, text);
}

/* escape(3), of the first 100 bytes */
static void postfix_escape(struct hostile_gap *gap, const char *payload)
{
    static const char names[] = "\aa\bb\ff\nn\rr\tt\vv\\\\";
    char text[HOSTILE_GAP] = "";
    size_t n = 0;

    for (const char *p = payload; *p && p < payload + 100; p++) {
        const char *name = strchr(names, *p);
        if (*p > '~' || *p < ' ' || *p == '\\') {
            bool known = name && (name - names) % 2 == 0;
            n += (size_t)(known ? sprintf(text + n, "\\%c", name[1]) : sprintf(text + n, "\\%03o", (unsigned char)*p));
        } else {
            text[n++] = *p;
        }
    }
    hostile_put(gap, text, text);
}

/* The name that the SASL server knows the user by is not quoted, and other fields can follow
 * it that hold no blank. A user whose name ends like one of them reads shorter: names are given by the
 * administrator, those fields by the client.
 */
static void postfix_user(struct hostile_gap *gap, const char *payload)
{
    static const char *const after[] = {", orig_client=", ", orig_queue_id=", ", sasl_sender="};

    postfix_text(gap, payload);
    for (size_t i = 0; i < 3; i++) {
        char *last = NULL;
        for (char *p = gap->read; (p = strstr(p, after[i])); p++) {
            last = p;
        }
        if (last && last[strlen(after[i])] && !strchr(last + strlen(after[i]), ' ')) {
            *last = '\0';
        }
    }
}

/* In the tail of a reject line the user's name stands last. With a whole tail in the name the
 * reply before it, which holds strangers' words, could be meant as well; so names with ';' are left out.
 */
static void postfix_tail_user(struct hostile_gap *gap, const char *payload)
{
    char *text = hostile_text("%s", payload);

    for (char *p = text; *p; p++) {
        *p = *p == ';' ? ',' : *p;
    }
    postfix_text(gap, text);
}

/* valid_hostname.c: a name that is none is not used (smtpd_peer.c). */
static void postfix_host(struct hostile_gap *gap, const char *payload)
{
    bool valid = *payload && strspn(payload, "abcdefghijklmnopqrstuvwxyz0123456789-.") == strlen(payload) &&
                 !strchr("-.", *payload) && !strstr(payload, "..") && strlen(payload) < 64;

    hostile_put(gap, valid ? payload : "unknown", valid ? payload : "");
}

static void postfix_id(struct hostile_gap *gap, const char *payload)
{
    const char *logged = printable(hostile_text("<%s@evil.test>", payload));

    hostile_put(gap, logged, hostile_id(logged));
}

static void postfix_bare_id(struct hostile_gap *gap, const char *payload)
{
    const char *logged = printable(payload);

    hostile_put(gap, logged, hostile_id(logged));
}

#define CLIENT      "h.test[192.0.2.1]"
#define CLIENT_READ "client.name=h.test", "client.ip=192.0.2.1"
#define TAIL        "; from=<a@s.test> to=<b@r.test> proto=ESMTP helo=<h.test>"
#define TAIL_READ   "from=a@s.test", "to=b@r.test", "client.protocol=ESMTP", "client.helo=h.test"
#define MEASURES    ", delay=0.5, delays=0.1/0/0/0.4"
#define DELAYS_READ \
    "delay=500000", "delays.before_queue=100000", "delays.in_queue=0", "delays.connect=0", "delays.transmit=400000"
#define RELAY      ", relay=mx.example[192.0.2.7]:25"
#define RELAY_READ "relay.name=mx.example", "relay.ip=192.0.2.7", "relay.port=25"
#define ENTRY      "queue_id=" HOSTILE_P

const struct hostile_form hostile_postfix_forms[] = {
    /* log_adhoc.c */
    {"postfix/smtp",
     HOSTILE_P
     ": to=<" LOGGED ">" RELAY MEASURES
     ", dsn=4.2.2, status=deferred (host mx.example[192.0.2.7] said: 452 4.2.2 full (in reply to RCPT TO command))",
     postfix_address,
     MT_KIND_TO,
     MT_STATUS_DEFERRED,
     {ENTRY, "to=" READ, "transport=smtp", RELAY_READ, DELAYS_READ, "dsn=4.2.2", "reply_code=452",
      "response=host mx.example[192.0.2.7] said: 452 4.2.2 full (in reply to RCPT TO command)"}},
    {"postfix/lmtp",
     HOSTILE_P ": to=<b@r.test>, orig_to=<" LOGGED ">, relay=h.test[private/lmtp]" MEASURES
               ", dsn=2.0.0, status=sent (250 2.0.0 <b@r.test> Saved)",
     postfix_address,
     MT_KIND_TO,
     MT_STATUS_SENT,
     {ENTRY, "to=b@r.test", "orig_to=" READ, "transport=lmtp", "relay.name=h.test", "relay.path=private/lmtp",
      DELAYS_READ, "dsn=2.0.0", "reply_code=250", "response=250 2.0.0 <b@r.test> Saved"}},
    {"postfix/error",
     HOSTILE_P ": to=<" LOGGED ">, relay=none" MEASURES ", dsn=5.1.3, status=bounced (bad address syntax)",
     postfix_literal,
     MT_KIND_TO,
     MT_STATUS_BOUNCED,
     {ENTRY, "to=" READ, "transport=error", DELAYS_READ, "dsn=5.1.3", "response=bad address syntax"}},
    {"postfix/smtp",
     HOSTILE_P ": to=<b@r.test>" RELAY MEASURES ", dsn=2.0.0, status=sent (250 2.0.0 " LOGGED ")",
     postfix_text,
     MT_KIND_TO,
     MT_STATUS_SENT,
     {ENTRY, "to=b@r.test", "transport=smtp", RELAY_READ, DELAYS_READ, "dsn=2.0.0", "reply_code=250",
      "response=250 2.0.0 " READ}},
    {"postfix/smtp",
     HOSTILE_P ": to=<b@r.test>" RELAY ", conn_use=2" MEASURES
               ", dsn=5.1.1, status=bounced (host mx.example[192.0.2.7] said: 550 5.1.1 " LOGGED
               " (in reply to RCPT TO command))",
     postfix_text,
     MT_KIND_TO,
     MT_STATUS_BOUNCED,
     {ENTRY, "to=b@r.test", "transport=smtp", RELAY_READ, DELAYS_READ, "dsn=5.1.1", "reply_code=550",
      "response=host mx.example[192.0.2.7] said: 550 5.1.1 " READ " (in reply to RCPT TO command)"}},
    {"postfix/smtp",
     HOSTILE_P ": to=<b@r.test>, relay=none" MEASURES
               ", tls=may, dsn=4.4.1, status=deferred (host mx.example[192.0.2.7] refused to talk to me: 421 " LOGGED
               ")",
     postfix_text,
     MT_KIND_TO,
     MT_STATUS_DEFERRED,
     {ENTRY, "to=b@r.test", "transport=smtp", DELAYS_READ, "dsn=4.4.1", "reply_code=421",
      "response=host mx.example[192.0.2.7] refused to talk to me: 421 " READ}},
    /* pipe_status.c: the command's output */
    {"postfix/pipe",
     HOSTILE_P ": to=<b@r.test>, relay=filter" MEASURES
               ", dsn=5.3.0, status=bounced (Command died with status 1: \"/x\". Command output: " LOGGED ")",
     postfix_text,
     MT_KIND_TO,
     MT_STATUS_BOUNCED,
     {ENTRY, "to=b@r.test", "transport=pipe", "relay.name=filter", DELAYS_READ, "dsn=5.3.0",
      "response=Command died with status 1: \"/x\". Command output: " READ}},
    {"postfix/pipe",
     HOSTILE_P ": to=<b@r.test>, relay=filter" MEASURES
               ", dsn=2.0.0, status=sent (delivered via filter service (" LOGGED "))",
     postfix_text,
     MT_KIND_TO,
     MT_STATUS_SENT,
     {ENTRY, "to=b@r.test", "transport=pipe", "relay.name=filter", DELAYS_READ, "dsn=2.0.0",
      "response=delivered via filter service (" READ ")"}},
    /* local(8): out of a user's .forward, or :include: */
    {"postfix/local",
     HOSTILE_P ": to=<b@r.test>, relay=local" MEASURES ", dsn=2.0.0, status=sent (delivered to command: " LOGGED ")",
     postfix_text,
     MT_KIND_TO,
     MT_STATUS_SENT,
     {ENTRY, "to=b@r.test", "transport=local", "relay.name=local", DELAYS_READ, "dsn=2.0.0",
      "response=delivered to command: " READ}},
    {"postfix/local",
     HOSTILE_P ": to=<b@r.test>, relay=local" MEASURES
               ", dsn=5.2.0, status=bounced (cannot update mailbox /home/b/" LOGGED ": no)",
     postfix_text,
     MT_KIND_TO,
     MT_STATUS_BOUNCED,
     {ENTRY, "to=b@r.test", "transport=local", "relay.name=local", DELAYS_READ, "dsn=5.2.0",
      "response=cannot update mailbox /home/b/" READ ": no"}},
    /* opened.c, qmgr_active.c, pickup.c */
    {"postfix/qmgr",
     HOSTILE_P ": from=<" LOGGED ">, size=512, nrcpt=2 (queue active)",
     postfix_address,
     MT_KIND_FROM,
     MT_STATUS_NONE,
     {ENTRY, "from=" READ, "size=512", "nrcpt=2"}},
    {"postfix/qmgr",
     HOSTILE_P ": from=<" LOGGED ">, size=512, nrcpt=2 (queue active)",
     postfix_literal,
     MT_KIND_FROM,
     MT_STATUS_NONE,
     {ENTRY, "from=" READ, "size=512", "nrcpt=2"}},
    {"postfix/qmgr",
     HOSTILE_P ": from=<" LOGGED ">, status=expired, returned to sender",
     postfix_address,
     MT_KIND_EXPIRED,
     MT_STATUS_NONE,
     {ENTRY, "from=" READ, "action=expired"}},
    {"postfix/pickup",
     HOSTILE_P ": uid=1000 from=<" LOGGED ">",
     postfix_address,
     MT_KIND_LOCAL,
     MT_STATUS_NONE,
     {ENTRY, "from=" READ, "client.uid=1000"}},
    {"postfix/pickup",
     HOSTILE_P ": uid=1000 from=<" LOGGED "> orig_id=4D1F2AAE9B1",
     postfix_address,
     MT_KIND_LOCAL,
     MT_STATUS_NONE,
     {ENTRY, "from=" READ, "client.uid=1000", "parent_queue_id=4D1F2AAE9B1"}},
    /* cleanup_message.c */
    {"postfix/cleanup",
     HOSTILE_P ": message-id=" LOGGED,
     postfix_id,
     MT_KIND_MESSAGE_ID,
     MT_STATUS_NONE,
     {ENTRY, "message_id=" READ}},
    {"postfix/cleanup",
     HOSTILE_P ": message-id=" LOGGED,
     postfix_bare_id,
     MT_KIND_MESSAGE_ID,
     MT_STATUS_NONE,
     {ENTRY, "message_id=" READ}},
    {"postfix/cleanup",
     HOSTILE_P ": resent-message-id=" LOGGED,
     postfix_bare_id,
     MT_KIND_INFO,
     MT_STATUS_NONE,
     {ENTRY, "text=resent-message-id=" TOO}},
    {"postfix/cleanup",
     HOSTILE_P ": warning: header Subject: " LOGGED " from " CLIENT TAIL,
     postfix_191,
     MT_KIND_HEADER,
     MT_STATUS_NONE,
     {ENTRY, "subject=" READ, "action=warning"}},
    {"postfix/cleanup",
     HOSTILE_P ": reject: header Subject: " LOGGED " from " CLIENT TAIL ": 5.7.1 no such subject",
     postfix_191,
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {ENTRY, "subject=" READ, "action=reject", "stage=END-OF-MESSAGE", CLIENT_READ, TAIL_READ, "dsn=5.7.1",
      "response=5.7.1 no such subject"}},
    {"postfix/cleanup",
     HOSTILE_P ": info: header X-Any: " LOGGED " from local; from=<a@s.test> to=<b@r.test>: seen",
     postfix_191,
     MT_KIND_HEADER,
     MT_STATUS_NONE,
     {ENTRY, "text=X-Any: " TOO, "action=info"}},
    {"postfix/cleanup",
     HOSTILE_P ": discard: body " LOGGED " from " CLIENT TAIL,
     postfix_191,
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {ENTRY, "text=" TOO, "action=discard", "stage=END-OF-MESSAGE", CLIENT_READ, TAIL_READ}},
    {"postfix/cleanup",
     HOSTILE_P ": hold: header Subject: s from " CLIENT "; from=<" LOGGED "> to=<b@r.test> proto=ESMTP helo=<h.test>",
     postfix_address,
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {ENTRY, "subject=s", "action=hold", "stage=END-OF-MESSAGE", CLIENT_READ, "from=" READ, "to=b@r.test",
      "client.protocol=ESMTP", "client.helo=h.test"}},
    {"postfix/cleanup",
     HOSTILE_P ": milter-reject: END-OF-MESSAGE from " CLIENT ": 5.7.1 " LOGGED TAIL,
     postfix_text,
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {ENTRY, "action=milter-reject", "stage=END-OF-MESSAGE", CLIENT_READ, TAIL_READ, "dsn=5.7.1",
      "response=5.7.1 " READ}},
    /* smtpd_check.c: addresses without quotes in the reply, names out of the DNS, words of policy servers */
    {"postfix/smtpd",
     "NOQUEUE: reject: RCPT from " CLIENT ": 554 5.7.1 <" TOO ">: Relay access denied; from=<a@s.test> to=<" LOGGED
     "> proto=ESMTP helo=<h.test>",
     postfix_address,
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {"action=reject", "stage=RCPT", CLIENT_READ, "reply_code=554", "dsn=5.7.1",
      "response=554 5.7.1 <" TOO ">: Relay access denied", "from=a@s.test", "to=" READ, "client.protocol=ESMTP",
      "client.helo=h.test"}},
    {"postfix/smtpd",
     HOSTILE_P ": reject: RCPT from " CLIENT ": 550 5.1.8 <" TOO ">: Sender address rejected; from=<" LOGGED
               "> to=<b@r.test> proto=ESMTP helo=<h.test> sasl_username=<joe>",
     postfix_address,
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {ENTRY, "action=reject", "stage=RCPT", CLIENT_READ, "reply_code=550", "dsn=5.1.8",
      "response=550 5.1.8 <" TOO ">: Sender address rejected", "from=" READ, "to=b@r.test", "client.protocol=ESMTP",
      "client.helo=h.test", "client.user=joe"}},
    /* before 3.5: addresses without quotes, and names that were not neutered */
    {"postfix/smtpd",
     "NOQUEUE: reject: RCPT from " CLIENT ": 554 5.7.1 no; from=<a@s.test> to=<" LOGGED "> proto=ESMTP helo=<h.test>",
     postfix_internal,
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {"action=reject", "stage=RCPT", CLIENT_READ, "reply_code=554", "dsn=5.7.1", "response=554 5.7.1 no",
      "from=a@s.test", "to=" READ, "client.protocol=ESMTP", "client.helo=h.test"}},
    {"postfix/smtpd",
     "NOQUEUE: reject: RCPT from " CLIENT ": 554 5.7.1 no; from=<" LOGGED "> to=<b@r.test> proto=ESMTP helo=<h.test>",
     postfix_internal,
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {"action=reject", "stage=RCPT", CLIENT_READ, "reply_code=554", "dsn=5.7.1", "response=554 5.7.1 no", "from=" READ,
      "to=b@r.test", "client.protocol=ESMTP", "client.helo=h.test"}},
    {"postfix/postscreen",
     "NOQUEUE: reject: RCPT from [192.0.2.1]:4000: 550 5.7.1 no; from=<" LOGGED
     ">, to=<b@r.test>, proto=ESMTP, helo=<h.test>",
     postfix_internal,
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {"action=reject", "stage=RCPT", "client.ip=192.0.2.1", "client.port=4000", "reply_code=550", "dsn=5.7.1",
      "response=550 5.7.1 no", "from=" READ, "to=b@r.test", "client.protocol=ESMTP", "client.helo=h.test"}},
    {"postfix/smtpd",
     "NOQUEUE: reject: RCPT from " CLIENT ": 450 4.7.1 <" TOO
     ">: Helo command rejected; from=<a@s.test> to=<b@r.test> proto=ESMTP helo=<" LOGGED ">",
     postfix_helo,
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {"action=reject", "stage=RCPT", CLIENT_READ, "reply_code=450", "dsn=4.7.1",
      "response=450 4.7.1 <" TOO ">: Helo command rejected", "from=a@s.test", "to=b@r.test", "client.protocol=ESMTP",
      "client.helo=" READ}},
    {"postfix/smtpd",
     "NOQUEUE: reject: MAIL from " CLIENT ": 554 5.7.1 " LOGGED "; from=<a@s.test> proto=ESMTP helo=<h.test>",
     postfix_text,
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {"action=reject", "stage=MAIL", CLIENT_READ, "reply_code=554", "dsn=5.7.1", "response=554 5.7.1 " READ,
      "from=a@s.test", "client.protocol=ESMTP", "client.helo=h.test"}},
    {"postfix/smtpd",
     "NOQUEUE: reject: RCPT from " CLIENT ": 554 5.7.1 no" TAIL " sasl_username=<" LOGGED ">",
     postfix_tail_user,
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {"action=reject", "stage=RCPT", CLIENT_READ, "reply_code=554", "dsn=5.7.1", "response=554 5.7.1 no", TAIL_READ,
      "client.user=" READ}},
    {"postfix/smtpd",
     "NOQUEUE: reject: CONNECT from " LOGGED "[192.0.2.1]: 554 5.7.1 no; proto=SMTP",
     postfix_host,
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {"action=reject", "stage=CONNECT", "client.name=" READ, "client.ip=192.0.2.1", "reply_code=554", "dsn=5.7.1",
      "response=554 5.7.1 no", "client.protocol=SMTP"}},
    {"postfix/smtpd",
     "proxy-reject: END-OF-MESSAGE: 554 5.7.1 " LOGGED TAIL,
     postfix_text,
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {"action=proxy-reject", "stage=END-OF-MESSAGE", "reply_code=554", "dsn=5.7.1", "response=554 5.7.1 " READ,
      TAIL_READ}},
    /* smtpd.c, smtpd_sasl_glue.c */
    {"postfix/smtpd",
     "connect from " LOGGED "[192.0.2.1]",
     postfix_host,
     MT_KIND_CONNECT,
     MT_STATUS_NONE,
     {"client.name=" READ, "client.ip=192.0.2.1"}},
    {"postfix/smtpd",
     HOSTILE_P ": client=" CLIENT ", sasl_method=PLAIN, sasl_username=" LOGGED,
     postfix_user,
     MT_KIND_CLIENT,
     MT_STATUS_NONE,
     {ENTRY, CLIENT_READ, "client.mechanism=PLAIN", "client.user=" READ}},
    {"postfix/smtpd",
     "warning: " CLIENT ": SASL LOGIN authentication failed: UGFzc3dvcmQ6, sasl_username=" LOGGED,
     postfix_100,
     MT_KIND_AUTH,
     MT_STATUS_NONE,
     {CLIENT_READ, "mechanism=LOGIN", "user=" READ, "response=UGFzc3dvcmQ6", "reason=auth-failed"}},
    {"postfix/smtpd",
     "warning: non-SMTP command from " CLIENT ": " LOGGED,
     postfix_100,
     MT_KIND_WARNING,
     MT_STATUS_NONE,
     {CLIENT_READ, "reason=protocol-error", "text=non-SMTP command from " CLIENT ": " READ}},
    {"postfix/smtpd",
     "warning: Illegal address syntax from " CLIENT " in MAIL command: <" LOGGED ">",
     postfix_text,
     MT_KIND_WARNING,
     MT_STATUS_NONE,
     {CLIENT_READ, "text=Illegal address syntax from " CLIENT " in MAIL command: <" READ ">"}},
    {"postfix/smtpd",
     "improper command pipelining after DATA from " CLIENT ": " LOGGED,
     postfix_escape,
     MT_KIND_INFO,
     MT_STATUS_NONE,
     {CLIENT_READ, "stage=DATA", "reason=pipelining",
      "text=improper command pipelining after DATA from " CLIENT ": " READ}},
    /* postscreen_early.c, postscreen_smtpd.c: the HELO name is as it was sent */
    {"postfix/postscreen",
     "PREGREET 11 after 0.04 from [192.0.2.1]:4000: " LOGGED,
     postfix_escape,
     MT_KIND_INFO,
     MT_STATUS_NONE,
     {"client.ip=192.0.2.1", "client.port=4000", "reason=pregreet",
      "text=PREGREET 11 after 0.04 from [192.0.2.1]:4000: " READ}},
    {"postfix/postscreen",
     "NOQUEUE: reject: RCPT from [192.0.2.1]:4000: 550 5.7.1 Service unavailable; client [192.0.2.1] blocked using "
     "x.test; from=<" LOGGED ">, to=<b@r.test>, proto=ESMTP, helo=<h.test>",
     screen_address,
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {"action=reject", "stage=RCPT", "client.ip=192.0.2.1", "client.port=4000", "reply_code=550", "dsn=5.7.1",
      "response=550 5.7.1 Service unavailable; client [192.0.2.1] blocked using x.test", "from=" READ, "to=b@r.test",
      "client.protocol=ESMTP", "client.helo=h.test"}},
    {"postfix/postscreen",
     "NOQUEUE: reject: RCPT from [192.0.2.1]:4000: 450 4.3.2 Service currently unavailable; from=<a@s.test>, "
     "to=<b@r.test>, proto=SMTP, helo=<" LOGGED ">",
     postfix_text,
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {"action=reject", "stage=RCPT", "client.ip=192.0.2.1", "client.port=4000", "reply_code=450", "dsn=4.3.2",
      "response=450 4.3.2 Service currently unavailable", "from=a@s.test", "to=b@r.test", "client.protocol=SMTP",
      "client.helo=" READ}},
};

const size_t hostile_postfix_count = sizeof hostile_postfix_forms / sizeof *hostile_postfix_forms;
