/* Strangers choose addresses, names, headers and replies: what they write must stay what it is.
 *
 * A form is a line as the MTA's source writes it, with a gap where a stranger's words go; a payload
 * is what such a stranger would like to be taken for. Each form is filled with each payload by
 * the way that the MTA itself takes it there (quoting, neutering, cutting, escaping), so that
 * every line is one that this MTA could write. Then the record must hold what was put in, to the
 * byte, and no field that the form does not name.
 *
 * Where the MTA's format leaves open what was meant, the writer of that gap says so, and what
 * reading is the safe one.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "mailtrace/json_c.h"
#include "mailtrace/parser.h"
#include "mailtrace/parts.h"
#include "story.h"
#include "suites.h"

#define MAX_FIELDS 18
#define P          "098F1AAE9E9"    /* the stranger's message in Postfix */
#define S          "6AM0HoS2000124" /* and in Sendmail */
#define NOTICE     "6AM0Hotw000140" /* of its bounce */
#define HONEST_P   "3F2A1C0"        /* the messages that payloads try to speak of */
#define HONEST_S   "6AM0HoS2000777"

/* Where the payload goes: as the line has it, and as the record has it. */
#define LOGGED "\1"
#define READ   "\2"
#define TOO    "\3" /* the same words once more in the line, as the MTA writes them elsewhere */

static const char long_payload[] =
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
    ">, relay=none, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (, stat=Sent";

static const char *const payloads[] = {
    /* Postfix' fields */
    "x>, relay=none, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (ok",
    "x>, orig_to=<victim@v.test>, relay=none, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (ok",
    "@x>, relay=none, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (ok:y",
    "x>, size=1, nrcpt=1 (queue active)",
    "x>, status=expired, returned to sender",
    "x> orig_id=" HONEST_P,
    "x; from=<a@v.test> to=<b@v.test> proto=SMTP helo=<fake>",
    "x from h[192.0.2.66]; from=<a@v.test> to=<b@v.test> proto=SMTP helo=<fake>: no",
    "x> to=<victim@v.test> proto=ESMTP helo=<fake> sasl_username=<root",
    "; from=<",
    "; from=<a@v.test> to=<",
    ", sasl_method=PLAIN, sasl_username=root",
    ", sasl_method=PLAIN, sasl_username=root, sasl_sender=root",
    ", orig_queue_id=" HONEST_P ", orig_client=v.test[192.0.2.66]",
    "250 2.0.0 Ok: queued as DEADBEEF01",
    "ok) to=<victim@v.test>, relay=none, delay=0, delays=0/0/0/0, dsn=5.0.0, status=bounced (no",
    "host h[192.0.2.66] said: 250 ok (in reply to RCPT TO command)",
    "(forwarded as " HONEST_P ")",
    "forwarded as " HONEST_P,
    "discarded",
    "unknown[192.0.2.66]: SASL LOGIN authentication failed: x, sasl_username=root",
    /* whole lines */
    "removed",
    "removed (canceled)",
    HONEST_P ": removed",
    HONEST_P ": sender non-delivery notification: " P,
    HONEST_P ": to=<victim@v.test>, relay=none, delay=0, delays=0/0/0/0, dsn=5.0.0, status=bounced (no)",
    "message repeated 2 times: [ " HONEST_P ": removed]",
    "Mar  7 10:00:02 mx1 postfix/qmgr[1]: " HONEST_P ": removed",
    "2024-03-07T10:00:02+00:00 mx1 postfix/qmgr[1]: " HONEST_P ": removed",
    "<22>1 2024-03-07T10:00:02Z mx1 postfix/qmgr 1 - - " HONEST_P ": removed",
    "x\n2024-03-07T10:00:02+00:00 mx1 postfix/qmgr[1]: " HONEST_P ": removed",
    "warning: header Subject: x",
    /* Sendmail's fields and lines */
    ", stat=Sent",
    ", dsn=2.0.0, stat=Sent (ok)",
    ", stat=quarantined",
    ", quarantine=x, stat=quarantined",
    ", reply=250 ok, stat=Sent (4F2A Message accepted for delivery)",
    "x>, delay=00:00:00, xdelay=00:00:00, mailer=esmtp, pri=1, relay=evil. [192.0.2.66], dsn=2.0.0, stat=Sent (ok)",
    "x>, size=1, class=0, nrcpts=1, msgid=<fake@v.test>, proto=ESMTP, daemon=MTA, relay=evil [192.0.2.66]",
    "x, relay=evil [192.0.2.66], reject=550 5.7.1 no",
    "x, discard",
    "x, relay=evil [192.0.2.66], status=tempfail",
    "x, ctladdr=<root@v.test> (0/0)",
    ", [more], delay=00:00:00",
    ", info=read timeout",
    ", mech=PLAIN, bits=0, user=root",
    "x... User unknown",
    "x (may be forged)",
    "] [rejected]",
    " did not issue MAIL/EXPN/VRFY/ETRN during connection to MTA",
    HONEST_S ": done; delay=00:00:01, ntries=1",
    HONEST_S "[2]: <victim@v.test>, stat=Sent",
    HONEST_S "[1]: to=<victim@v.test>, delay=00:00:00 ...",
    HONEST_S ": clone: owner=root",
    " ...",
    /* what JSON, terminals and format strings make of */
    "\"},{\"event\":\"message\",\"queue_id\":\"" HONEST_P "\",\"result\":\"sent",
    "\\\"@v.test>, relay=none, \\",
    "\\",
    "\"",
    "''``$(id)%s%n%d\\u0000\\x00\\n",
    "a\tb\rc\vd\ae\033[2Jf\177g",
    "nul\0removed", /* the MTAs' strings end here */
    "gr\303\274\303\237e \342\202\254 \360\237\223\247",
    "\303(\377\376\300\200",
    "\355\240\200\364\220\200\200\342\202",
    /* brackets that do not match */
    "<<>><<>",
    ">>>><<<<",
    "((()",
    ")))(((",
    "[[]]][",
    "@,@:@;",
    ".a..b.",
    long_payload,
};

#define PAYLOADS (sizeof payloads / sizeof *payloads)

#define GAP 2048

struct gap {
    char logged[GAP], read[GAP], too[GAP];
};

typedef void write_fn(struct gap *gap, const char *payload);

static char *text_of(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The text is valid until the next call but seven. */
static char *text_of(const char *format, ...)
{
    static char texts[8][GAP];
    static unsigned turn;
    char *text = texts[turn++ % 8];
    va_list args;

    va_start(args, format);
    if (vsnprintf(text, GAP, format, args) >= GAP) {
        ck_abort_msg("GAP is too small");
    }
    va_end(args);
    return text;
}

/* --- how Postfix writes --- */

/* printable(3): every line goes through it, msg_output.c. */
static char *printable(const char *from)
{
    char *text = text_of("%s", from);

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
    char *text = text_of("%.*s", (int)(start - address), address);
    size_t n = strlen(text);

    end = end ? end : start + strlen(start);
    if (is_dot_string(start, end)) {
        return text_of("%s", address);
    }
    text[n++] = '"';
    for (const char *p = start; p < end; p++) {
        if (*p == '"' || *p == '\\' || *p == '\r') {
            text[n++] = '\\';
        }
        text[n++] = *p;
    }
    return text_of("%.*s\"%s", (int)n, text, end);
}

static void fill_gap(char *to, const char *text)
{
    snprintf(to, GAP, "%s", text);
}

static void put(struct gap *gap, const char *logged, const char *read)
{
    fill_gap(gap->logged, logged);
    fill_gap(gap->read, read);
    fill_gap(gap->too, logged);
}

/* Everything that is logged in the external form, info_log_addr_form.c; replies name it without quotes. */
static void postfix_address(struct gap *gap, const char *payload)
{
    const char *internal = text_of("%s@evil.test", payload);
    const char *logged = printable(quote_local(internal));

    put(gap, logged, logged);
    fill_gap(gap->too, printable(internal));
}

/* postscreen_smtpd.c: a source route is taken off. */
static void screen_address(struct gap *gap, const char *payload)
{
    const char *colon = *payload == '@' ? strchr(payload, ':') : NULL;

    postfix_address(gap, colon ? colon + 1 : payload);
}

/* A domain literal is not quoted. One with a ']' in it (the client writes "\]", tok822_parse.c) has
 * no end that can be told; those are left out.
 */
static void postfix_literal(struct gap *gap, const char *payload)
{
    char literal[GAP];
    size_t n = 0;

    for (const char *p = payload; *p; p++) {
        if (*p != ']' && *p != '\\') {
            literal[n++] = *p;
        }
    }
    put(gap, printable(text_of("u@[%.*s]", (int)n, literal)), printable(text_of("u@[%.*s]", (int)n, literal)));
}

static void postfix_text(struct gap *gap, const char *payload)
{
    put(gap, printable(payload), printable(payload));
}

/* "%.100s" */
static void postfix_100(struct gap *gap, const char *payload)
{
    postfix_text(gap, text_of("%.100s", payload));
}

/* "header %.200s", of which "Subject: " takes nine. */
static void postfix_191(struct gap *gap, const char *payload)
{
    const char *logged = printable(text_of("%.191s", payload));

    put(gap, logged, logged + strspn(logged, " "));
}

/* smtpd.c: neuter() after printable() */
static void postfix_helo(struct gap *gap, const char *payload)
{
    char *text = printable(payload);

    for (char *p = text; *p; p++) {
        *p = strchr(" <>()\\\";@", *p) ? '?' : *p;
    }
    put(gap, text, text);
}

/* escape(3), of the first 100 bytes */
static void postfix_escape(struct gap *gap, const char *payload)
{
    static const char names[] = "\aa\bb\ff\nn\rr\tt\vv\\\\";
    char text[GAP] = "";
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
    put(gap, text, text);
}

/* The name that the SASL server knows the user by is not quoted, and other fields can follow
 * it that hold no blank. A user whose name ends like one of them reads shorter: names are given by the
 * administrator, those fields by the client.
 */
static void postfix_user(struct gap *gap, const char *payload)
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
static void postfix_tail_user(struct gap *gap, const char *payload)
{
    char *text = text_of("%s", payload);

    for (char *p = text; *p; p++) {
        *p = *p == ';' ? ',' : *p;
    }
    postfix_text(gap, text);
}

/* valid_hostname.c: a name that is none is not used (smtpd_peer.c). */
static void postfix_host(struct gap *gap, const char *payload)
{
    bool valid = *payload && strspn(payload, "abcdefghijklmnopqrstuvwxyz0123456789-.") == strlen(payload) &&
                 !strchr("-.", *payload) && !strstr(payload, "..") && strlen(payload) < 64;

    put(gap, valid ? payload : "unknown", valid ? payload : "");
}

/* EVENTS: what begins with < ends at its >; anything else is the whole value. */
static const char *id_of(const char *value)
{
    size_t depth = 0;

    for (const char *p = *value == '<' ? value : ""; *p; p++) {
        depth += *p == '<';
        if (*p == '>' && --depth == 0) {
            return text_of("%.*s", (int)(p - value - 1), value + 1);
        }
    }
    return value;
}

static void postfix_id(struct gap *gap, const char *payload)
{
    const char *logged = printable(text_of("<%s@evil.test>", payload));

    put(gap, logged, id_of(logged));
}

static void postfix_bare_id(struct gap *gap, const char *payload)
{
    const char *logged = printable(payload);

    put(gap, logged, id_of(logged));
}

/* --- how Sendmail writes --- */

/* str2prt(): every line goes through it, sendmail/conf.c. */
static char *escaped(const char *from)
{
    char text[GAP];
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
    return text_of("%.*s", (int)n, text);
}

/* shortenstring(), libsmutil */
static const char *shortened(const char *s, size_t m)
{
    size_t n = strlen(s), half = (m - 3) / 2;

    return n < m ? s : text_of("%.*s...%s", (int)half, s, s + n - half);
}

static const char *quoted(const char *payload, const char *domain)
{
    char text[GAP];
    size_t n = 0;

    for (const char *p = payload; *p; p++) {
        if (*p == '"' || *p == '\\') {
            text[n++] = '\\';
        }
        text[n++] = *p;
    }
    return text_of("\"%.*s\"%s", (int)n, text, domain);
}

/* What prescan() has taken as an address, sendmail/parseaddr.c. */
static void sendmail_address(struct gap *gap, const char *payload)
{
    const char *address = quoted(payload, "@evil.test");

    put(gap, escaped(text_of("<%s>", address)), escaped(address));
}

/* "from=%.200s" */
static void sendmail_from(struct gap *gap, const char *payload)
{
    const char *address = quoted(payload, "@evil.test");
    bool fits = strlen(address) + 2 <= 200;

    put(gap, escaped(text_of("%.200s", text_of("<%s>", address))), escaped(text_of("%.*s", fits ? 200 : 199, address)));
}

/* A file or a program, out of an alias or :include: */
static void sendmail_program(struct gap *gap, const char *payload)
{
    const char *address = escaped(quoted(text_of("|/bin/x %s", payload), ""));

    put(gap, address, address);
}

/* "ctladdr=", shortenstring(..., 83) */
static void sendmail_controller(struct gap *gap, const char *payload)
{
    const char *address = shortened(text_of("<%s>", quoted(payload, "@evil.test")), 83);

    put(gap, escaped(address), escaped(text_of("%.*s", (int)strlen(address) - 2, address + 1)));
}

static void sendmail_text(struct gap *gap, const char *payload)
{
    put(gap, escaped(payload), escaped(payload));
}

/* What replies say, of which the template has the first nine or ten characters. */
static void sendmail_reply(struct gap *gap, const char *payload)
{
    sendmail_text(gap, text_of("%.190s", payload));
}

static void sendmail_40(struct gap *gap, const char *payload)
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
static void sendmail_reason(struct gap *gap, const char *payload)
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

static void sendmail_128(struct gap *gap, const char *payload)
{
    sendmail_text(gap, text_of("%.128s", payload));
}

static void sendmail_203(struct gap *gap, const char *payload)
{
    sendmail_text(gap, shortened(payload, 203));
}

/* What the client's ident server says, by cleanstrcpy(): sendmail/daemon.c, getauthinfo. */
static void sendmail_ident(struct gap *gap, const char *payload)
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
    put(gap, text, text);
}

/* "msgid=%.100s": the end of one that was cut is not known, so that all of it is taken. */
static void sendmail_id(struct gap *gap, const char *payload)
{
    const char *logged = escaped(text_of("%.100s", text_of("<%s@evil.test>", payload)));
    const char *id = id_of(logged);

    put(gap, logged, id == logged ? logged + 1 : id);
}

/* One without brackets that ends like the field behind it, which need not be there, reads shorter. */
static void sendmail_bare_id(struct gap *gap, const char *payload)
{
    static const char *const after[] = {", bodytype=8BITMIME", ", bodytype=7BIT"};
    const char *logged = escaped(text_of("%.100s", payload)), *id = id_of(logged);

    put(gap, logged, id == logged && *logged == '<' ? logged + 1 : id);
    for (size_t i = 0; i < 2; i++) {
        size_t n = strlen(gap->read), end = strlen(after[i]);
        if (id == logged && n >= end && strcmp(gap->read + n - end, after[i]) == 0) {
            gap->read[n - end] = '\0';
        }
    }
}

/* --- the forms --- */

struct form {
    const char *program, *text;
    write_fn *write;
    enum mt_kind kind;
    enum mt_status status;
    const char *fields[MAX_FIELDS]; /* "relay.name=mx.example", durations in microseconds; "rcpt=" of a list */
};

#define CLIENT      "h.test[192.0.2.1]"
#define CLIENT_READ "client.name=h.test", "client.ip=192.0.2.1"
#define TAIL        "; from=<a@s.test> to=<b@r.test> proto=ESMTP helo=<h.test>"
#define TAIL_READ   "from=a@s.test", "to=b@r.test", "client.protocol=ESMTP", "client.helo=h.test"
#define MEASURES    ", delay=0.5, delays=0.1/0/0/0.4"
#define DELAYS_READ \
    "delay=500000", "delays.before_queue=100000", "delays.in_queue=0", "delays.connect=0", "delays.transmit=400000"
#define RELAY      ", relay=mx.example[192.0.2.7]:25"
#define RELAY_READ "relay.name=mx.example", "relay.ip=192.0.2.7", "relay.port=25"
#define ENTRY      "queue_id=" P

static const struct form postfix_forms[] = {
    /* log_adhoc.c */
    {"postfix/smtp",
     P ": to=<" LOGGED ">" RELAY MEASURES
       ", dsn=4.2.2, status=deferred (host mx.example[192.0.2.7] said: 452 4.2.2 full (in reply to RCPT TO command))",
     postfix_address,
     MT_KIND_TO,
     MT_STATUS_DEFERRED,
     {ENTRY, "to=" READ, "transport=smtp", RELAY_READ, DELAYS_READ, "dsn=4.2.2", "reply_code=452",
      "response=host mx.example[192.0.2.7] said: 452 4.2.2 full (in reply to RCPT TO command)"}},
    {"postfix/lmtp",
     P ": to=<b@r.test>, orig_to=<" LOGGED ">, relay=h.test[private/lmtp]" MEASURES
       ", dsn=2.0.0, status=sent (250 2.0.0 <b@r.test> Saved)",
     postfix_address,
     MT_KIND_TO,
     MT_STATUS_SENT,
     {ENTRY, "to=b@r.test", "orig_to=" READ, "transport=lmtp", "relay.name=h.test", "relay.path=private/lmtp",
      DELAYS_READ, "dsn=2.0.0", "reply_code=250", "response=250 2.0.0 <b@r.test> Saved"}},
    {"postfix/error",
     P ": to=<" LOGGED ">, relay=none" MEASURES ", dsn=5.1.3, status=bounced (bad address syntax)",
     postfix_literal,
     MT_KIND_TO,
     MT_STATUS_BOUNCED,
     {ENTRY, "to=" READ, "transport=error", DELAYS_READ, "dsn=5.1.3", "response=bad address syntax"}},
    {"postfix/smtp",
     P ": to=<b@r.test>" RELAY MEASURES ", dsn=2.0.0, status=sent (250 2.0.0 " LOGGED ")",
     postfix_text,
     MT_KIND_TO,
     MT_STATUS_SENT,
     {ENTRY, "to=b@r.test", "transport=smtp", RELAY_READ, DELAYS_READ, "dsn=2.0.0", "reply_code=250",
      "response=250 2.0.0 " READ}},
    {"postfix/smtp",
     P ": to=<b@r.test>" RELAY ", conn_use=2" MEASURES
       ", dsn=5.1.1, status=bounced (host mx.example[192.0.2.7] said: 550 5.1.1 " LOGGED
       " (in reply to RCPT TO command))",
     postfix_text,
     MT_KIND_TO,
     MT_STATUS_BOUNCED,
     {ENTRY, "to=b@r.test", "transport=smtp", RELAY_READ, DELAYS_READ, "dsn=5.1.1", "reply_code=550",
      "response=host mx.example[192.0.2.7] said: 550 5.1.1 " READ " (in reply to RCPT TO command)"}},
    {"postfix/smtp",
     P ": to=<b@r.test>, relay=none" MEASURES
       ", tls=may, dsn=4.4.1, status=deferred (host mx.example[192.0.2.7] refused to talk to me: 421 " LOGGED ")",
     postfix_text,
     MT_KIND_TO,
     MT_STATUS_DEFERRED,
     {ENTRY, "to=b@r.test", "transport=smtp", DELAYS_READ, "dsn=4.4.1", "reply_code=421",
      "response=host mx.example[192.0.2.7] refused to talk to me: 421 " READ}},
    /* pipe_status.c: the command's output */
    {"postfix/pipe",
     P ": to=<b@r.test>, relay=filter" MEASURES
       ", dsn=5.3.0, status=bounced (Command died with status 1: \"/x\". Command output: " LOGGED ")",
     postfix_text,
     MT_KIND_TO,
     MT_STATUS_BOUNCED,
     {ENTRY, "to=b@r.test", "transport=pipe", "relay.name=filter", DELAYS_READ, "dsn=5.3.0",
      "response=Command died with status 1: \"/x\". Command output: " READ}},
    {"postfix/pipe",
     P ": to=<b@r.test>, relay=filter" MEASURES ", dsn=2.0.0, status=sent (delivered via filter service (" LOGGED "))",
     postfix_text,
     MT_KIND_TO,
     MT_STATUS_SENT,
     {ENTRY, "to=b@r.test", "transport=pipe", "relay.name=filter", DELAYS_READ, "dsn=2.0.0",
      "response=delivered via filter service (" READ ")"}},
    /* local(8): out of a user's .forward, or :include: */
    {"postfix/local",
     P ": to=<b@r.test>, relay=local" MEASURES ", dsn=2.0.0, status=sent (delivered to command: " LOGGED ")",
     postfix_text,
     MT_KIND_TO,
     MT_STATUS_SENT,
     {ENTRY, "to=b@r.test", "transport=local", "relay.name=local", DELAYS_READ, "dsn=2.0.0",
      "response=delivered to command: " READ}},
    {"postfix/local",
     P ": to=<b@r.test>, relay=local" MEASURES ", dsn=5.2.0, status=bounced (cannot update mailbox /home/b/" LOGGED
       ": no)",
     postfix_text,
     MT_KIND_TO,
     MT_STATUS_BOUNCED,
     {ENTRY, "to=b@r.test", "transport=local", "relay.name=local", DELAYS_READ, "dsn=5.2.0",
      "response=cannot update mailbox /home/b/" READ ": no"}},
    /* opened.c, qmgr_active.c, pickup.c */
    {"postfix/qmgr",
     P ": from=<" LOGGED ">, size=512, nrcpt=2 (queue active)",
     postfix_address,
     MT_KIND_FROM,
     MT_STATUS_NONE,
     {ENTRY, "from=" READ, "size=512", "nrcpt=2"}},
    {"postfix/qmgr",
     P ": from=<" LOGGED ">, size=512, nrcpt=2 (queue active)",
     postfix_literal,
     MT_KIND_FROM,
     MT_STATUS_NONE,
     {ENTRY, "from=" READ, "size=512", "nrcpt=2"}},
    {"postfix/qmgr",
     P ": from=<" LOGGED ">, status=expired, returned to sender",
     postfix_address,
     MT_KIND_EXPIRED,
     MT_STATUS_NONE,
     {ENTRY, "from=" READ, "action=expired"}},
    {"postfix/pickup",
     P ": uid=1000 from=<" LOGGED ">",
     postfix_address,
     MT_KIND_LOCAL,
     MT_STATUS_NONE,
     {ENTRY, "from=" READ, "client.uid=1000"}},
    {"postfix/pickup",
     P ": uid=1000 from=<" LOGGED "> orig_id=4D1F2AAE9B1",
     postfix_address,
     MT_KIND_LOCAL,
     MT_STATUS_NONE,
     {ENTRY, "from=" READ, "client.uid=1000", "parent_queue_id=4D1F2AAE9B1"}},
    /* cleanup_message.c */
    {"postfix/cleanup",
     P ": message-id=" LOGGED,
     postfix_id,
     MT_KIND_MESSAGE_ID,
     MT_STATUS_NONE,
     {ENTRY, "message_id=" READ}},
    {"postfix/cleanup",
     P ": message-id=" LOGGED,
     postfix_bare_id,
     MT_KIND_MESSAGE_ID,
     MT_STATUS_NONE,
     {ENTRY, "message_id=" READ}},
    {"postfix/cleanup",
     P ": resent-message-id=" LOGGED,
     postfix_bare_id,
     MT_KIND_INFO,
     MT_STATUS_NONE,
     {ENTRY, "text=resent-message-id=" TOO}},
    {"postfix/cleanup",
     P ": warning: header Subject: " LOGGED " from " CLIENT TAIL,
     postfix_191,
     MT_KIND_HEADER,
     MT_STATUS_NONE,
     {ENTRY, "subject=" READ, "action=warning"}},
    {"postfix/cleanup",
     P ": reject: header Subject: " LOGGED " from " CLIENT TAIL ": 5.7.1 no such subject",
     postfix_191,
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {ENTRY, "subject=" READ, "action=reject", "stage=END-OF-MESSAGE", CLIENT_READ, TAIL_READ, "dsn=5.7.1",
      "response=5.7.1 no such subject"}},
    {"postfix/cleanup",
     P ": info: header X-Any: " LOGGED " from local; from=<a@s.test> to=<b@r.test>: seen",
     postfix_191,
     MT_KIND_HEADER,
     MT_STATUS_NONE,
     {ENTRY, "text=X-Any: " TOO, "action=info"}},
    {"postfix/cleanup",
     P ": discard: body " LOGGED " from " CLIENT TAIL,
     postfix_191,
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {ENTRY, "text=" TOO, "action=discard", "stage=END-OF-MESSAGE", CLIENT_READ, TAIL_READ}},
    {"postfix/cleanup",
     P ": hold: header Subject: s from " CLIENT "; from=<" LOGGED "> to=<b@r.test> proto=ESMTP helo=<h.test>",
     postfix_address,
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {ENTRY, "subject=s", "action=hold", "stage=END-OF-MESSAGE", CLIENT_READ, "from=" READ, "to=b@r.test",
      "client.protocol=ESMTP", "client.helo=h.test"}},
    {"postfix/cleanup",
     P ": milter-reject: END-OF-MESSAGE from " CLIENT ": 5.7.1 " LOGGED TAIL,
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
     P ": reject: RCPT from " CLIENT ": 550 5.1.8 <" TOO ">: Sender address rejected; from=<" LOGGED
       "> to=<b@r.test> proto=ESMTP helo=<h.test> sasl_username=<joe>",
     postfix_address,
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {ENTRY, "action=reject", "stage=RCPT", CLIENT_READ, "reply_code=550", "dsn=5.1.8",
      "response=550 5.1.8 <" TOO ">: Sender address rejected", "from=" READ, "to=b@r.test", "client.protocol=ESMTP",
      "client.helo=h.test", "client.user=joe"}},
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
     P ": client=" CLIENT ", sasl_method=PLAIN, sasl_username=" LOGGED,
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

#define S_ENTRY "queue_id=" S
#define S_RELAY "relay=h.test [192.0.2.1]"
#define S_HOW   ", delay=00:00:01, xdelay=00:00:01, mailer=esmtp, pri=30187, relay=mx.example. [192.0.2.7]"
#define HOW_READ \
    "delay=1000000", "delays.transmit=1000000", "transport=esmtp", "relay.name=mx.example", "relay.ip=192.0.2.7"
#define ONE_READ "to=<b@r.test>", "rcpt=b@r.test"

static const struct form sendmail_forms[] = {
    /* headers.c, logsender */
    {"sm-mta",
     S ": from=" LOGGED ", size=512, class=0, nrcpts=2, msgid=<1@s.test>, proto=ESMTP, daemon=MTA-v4, " S_RELAY,
     sendmail_from,
     MT_KIND_FROM,
     MT_STATUS_NONE,
     {S_ENTRY, "from=" READ, "size=512", "nrcpt=2", "message_id=1@s.test", "client.protocol=ESMTP", CLIENT_READ}},
    {"sm-mta",
     S ": from=<a@s.test>, size=512, class=0, nrcpts=2, msgid=" LOGGED
       ", bodytype=8BITMIME, proto=ESMTP, daemon=MTA-v4, " S_RELAY,
     sendmail_id,
     MT_KIND_FROM,
     MT_STATUS_NONE,
     {S_ENTRY, "from=a@s.test", "size=512", "nrcpt=2", "message_id=" READ, "client.protocol=ESMTP", CLIENT_READ}},
    {"sm-mta",
     S ": from=<a@s.test>, size=512, class=0, nrcpts=2, msgid=" LOGGED ", proto=ESMTP, daemon=MTA-v4, " S_RELAY,
     sendmail_bare_id,
     MT_KIND_FROM,
     MT_STATUS_NONE,
     {S_ENTRY, "from=a@s.test", "size=512", "nrcpt=2", "message_id=" READ, "client.protocol=ESMTP", CLIENT_READ}},
    {"sm-mta",
     S
     ": from=<a@s.test>, size=512, class=0, nrcpts=2, msgid=<1@s.test>, proto=SMTP, daemon=MTA-v4, relay=IDENT:" LOGGED
     "@h.test [192.0.2.1]",
     sendmail_ident,
     MT_KIND_FROM,
     MT_STATUS_NONE,
     {S_ENTRY, "from=a@s.test", "size=512", "nrcpt=2", "message_id=1@s.test", "client.protocol=SMTP", CLIENT_READ}},
    /* deliver.c, logdelivery */
    {"sm-mta",
     S ": to=" LOGGED S_HOW ", dsn=2.0.0, stat=Sent (ok)",
     sendmail_address,
     MT_KIND_TO,
     MT_STATUS_SENT,
     {S_ENTRY, "to=" LOGGED, "rcpt=" READ, HOW_READ, "dsn=2.0.0", "response=Sent (ok)"}},
    {"sm-mta",
     S ": to=<b@r.test>," LOGGED ",bob" S_HOW ", dsn=4.0.0, stat=Deferred: Connection refused by mx.example.",
     sendmail_address,
     MT_KIND_TO,
     MT_STATUS_DEFERRED,
     {S_ENTRY, "to=<b@r.test>," LOGGED ",bob", "rcpt=b@r.test", "rcpt=" READ, "rcpt=bob", HOW_READ, "dsn=4.0.0",
      "response=Deferred: Connection refused by mx.example."}},
    {"sm-mta",
     S ": to=" LOGGED
       ", ctladdr=<prog@r.test> (8/0), delay=00:00:01, xdelay=00:00:01, mailer=prog, pri=30187, dsn=2.0.0, stat=Sent",
     sendmail_program,
     MT_KIND_TO,
     MT_STATUS_SENT,
     {S_ENTRY, "to=" LOGGED, "rcpt=" READ, "user=prog@r.test", "delay=1000000", "delays.transmit=1000000",
      "transport=prog", "dsn=2.0.0", "response=Sent"}},
    {"sm-mta",
     S ": to=bob, ctladdr=" LOGGED " (8/0)" S_HOW ", dsn=2.0.0, stat=Sent (ok)",
     sendmail_controller,
     MT_KIND_TO,
     MT_STATUS_SENT,
     {S_ENTRY, "to=bob", "rcpt=bob", "user=" READ, HOW_READ, "dsn=2.0.0", "response=Sent (ok)"}},
    {"sm-mta",
     S ": to=<b@r.test>" S_HOW ", dsn=5.1.1, reply=550 5.1.1 " LOGGED ", stat=User unknown",
     sendmail_reply,
     MT_KIND_TO,
     MT_STATUS_BOUNCED,
     {S_ENTRY, ONE_READ, HOW_READ, "dsn=5.1.1", "reply_code=550", "response=550 5.1.1 " READ}},
    {"sm-mta",
     S ": to=<b@r.test>" S_HOW ", dsn=4.2.2, reply=450 4.2.2 " LOGGED ", stat=Deferred: 450 4.2.2 " LOGGED,
     sendmail_40,
     MT_KIND_TO,
     MT_STATUS_DEFERRED,
     {S_ENTRY, ONE_READ, HOW_READ, "dsn=4.2.2", "reply_code=450", "response=450 4.2.2 " READ}},
    {"sm-mta",
     S ": to=<b@r.test>" S_HOW ", dsn=4.2.2, stat=Deferred: 450 4.2.2 " LOGGED,
     sendmail_reply,
     MT_KIND_TO,
     MT_STATUS_DEFERRED,
     {S_ENTRY, ONE_READ, HOW_READ, "dsn=4.2.2", "response=Deferred: 450 4.2.2 " READ}},
    {"sm-mta",
     S ": to=<b@r.test>" S_HOW ", dsn=2.0.0, stat=Sent (" LOGGED ")",
     sendmail_reply,
     MT_KIND_TO,
     MT_STATUS_SENT,
     {S_ENTRY, ONE_READ, HOW_READ, "dsn=2.0.0", "response=Sent (" READ ")"}},
    {"sm-mta",
     S ": to=<b@r.test>, delay=00:00:01, mailer=esmtp, pri=30187, quarantine=" LOGGED ", stat=quarantined",
     sendmail_reason,
     MT_KIND_HOLD,
     MT_STATUS_NONE,
     {S_ENTRY, "text=" READ}},
    {"sm-mta",
     S ": to=" LOGGED ", delay=00:00:01, pri=30187, stat=Message exceeds maximum fixed size (300000)",
     sendmail_address,
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {S_ENTRY, "to=" READ, "delay=1000000", "stage=END-OF-MESSAGE", "action=reject",
      "response=Message exceeds maximum fixed size (300000)"}},
    /* parseaddr.c, rscheck; err.c, usrerr */
    {"sm-mta",
     S ": ruleset=check_rcpt, arg1=" LOGGED ", " S_RELAY ", reject=550 5.7.1 " LOGGED "... Relaying denied",
     sendmail_address,
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {S_ENTRY, "to=" READ, CLIENT_READ, "stage=RCPT", "action=reject", "reply_code=550", "dsn=5.7.1",
      "response=550 5.7.1 " LOGGED "... Relaying denied"}},
    {"sm-mta",
     S ": ruleset=check_mail, arg1=" LOGGED ", " S_RELAY ", reject=553 5.1.8 " LOGGED
       "... Domain of sender address does not exist",
     sendmail_address,
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {S_ENTRY, "from=" READ, CLIENT_READ, "stage=MAIL", "action=reject", "reply_code=553", "dsn=5.1.8",
      "response=553 5.1.8 " LOGGED "... Domain of sender address does not exist"}},
    {"sm-mta",
     S ": ruleset=check_subject, arg1=" LOGGED ", " S_RELAY ", reject=550 5.7.1 no",
     sendmail_text,
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {S_ENTRY, CLIENT_READ, "stage=END-OF-MESSAGE", "action=reject", "reply_code=550", "dsn=5.7.1",
      "response=550 5.7.1 no"}},
    {"sm-mta",
     S ": " LOGGED "... User unknown",
     sendmail_address,
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {S_ENTRY, "to=" READ, "stage=RCPT", "action=reject", "response=User unknown"}},
    /* srvrsmtp.c, milter.c */
    {"sm-mta",
     S ": Milter: to=" LOGGED ", reject=451 4.3.2 Please try again later",
     sendmail_address,
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {S_ENTRY, "to=" READ, "stage=RCPT", "action=reject", "reply_code=451", "dsn=4.3.2",
      "response=451 4.3.2 Please try again later"}},
    {"sm-mta",
     S ": Milter: from=" LOGGED ", discard",
     sendmail_address,
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {S_ENTRY, "from=" READ, "stage=MAIL", "action=discard"}},
    {"sm-mta",
     S ": Milter: data, reject=550 5.7.1 " LOGGED,
     sendmail_text,
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {S_ENTRY, "stage=END-OF-MESSAGE", "action=reject", "reply_code=550", "dsn=5.7.1", "response=550 5.7.1 " READ}},
    {"sm-mta",
     S ": Milter: helo=" LOGGED ", reject=550 5.7.1 Command rejected",
     sendmail_text,
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {S_ENTRY, "client.helo=" READ, "stage=HELO", "action=reject", "reply_code=550", "dsn=5.7.1",
      "response=550 5.7.1 Command rejected"}},
    {"sm-mta",
     S ": milter=spam, quarantine=" LOGGED,
     sendmail_text,
     MT_KIND_HOLD,
     MT_STATUS_NONE,
     {S_ENTRY, "text=" READ}},
    {"sm-mta",
     S ": AUTH=server, " S_RELAY ", authid=" LOGGED ", mech=PLAIN, bits=0",
     sendmail_128,
     MT_KIND_AUTH,
     MT_STATUS_NONE,
     {S_ENTRY, CLIENT_READ, "client.user=" READ, "client.mechanism=PLAIN"}},
    {"sm-mta",
     S ": AUTH failure (PLAIN): authentication failure (-13) SASL(-13): authentication failure: checkpass failed, "
       "user=" LOGGED ", " S_RELAY,
     sendmail_128,
     MT_KIND_AUTH,
     MT_STATUS_NONE,
     {S_ENTRY, CLIENT_READ, "mechanism=PLAIN", "user=" READ, "reason=auth-failed",
      "response=authentication failure (-13) SASL(-13): authentication failure: checkpass failed"}},
    {"sm-mta",
     S ": h.test [192.0.2.1]: VRFY " LOGGED " [rejected]",
     sendmail_203,
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {S_ENTRY, CLIENT_READ, "stage=VRFY", "action=reject", "text=VRFY " READ " [rejected]"}},
    {"sm-mta",
     S ": invalid domain name (" LOGGED ") from h.test [192.0.2.1]",
     sendmail_text,
     MT_KIND_INFO,
     MT_STATUS_NONE,
     {S_ENTRY, "text=invalid domain name (" READ ") from h.test [192.0.2.1]"}},
    {"sm-mta",
     S ": collect: " S_RELAY ", from=" LOGGED ", info=unexpected close",
     sendmail_address,
     MT_KIND_LOST_CONNECTION,
     MT_STATUS_NONE,
     {S_ENTRY, CLIENT_READ, "stage=DATA", "reason=lost-connection"}},
    {"sm-mta",
     S ": h.test [192.0.2.1]: probable open proxy: command=" LOGGED,
     sendmail_40,
     MT_KIND_INFO,
     MT_STATUS_NONE,
     {S_ENTRY, CLIENT_READ, "reason=protocol-error", "text=h.test [192.0.2.1]: probable open proxy: command=" READ}},
    {"sm-mta", S ": <-- " LOGGED, sendmail_text, MT_KIND_INFO, MT_STATUS_NONE, {S_ENTRY, "text=<-- " READ}},
    {"sm-mta",
     S ": " NOTICE ": DSN: Service unavailable " LOGGED,
     sendmail_203,
     MT_KIND_BOUNCE,
     MT_STATUS_NONE,
     {S_ENTRY, "bounce_queue_id=" NOTICE, "action=non-delivery", "text=Service unavailable " READ}},
};

/* --- holding a record against a form --- */

/* As ck_assert_msg(), which writes down each time that it is met. */
#define PROMISE(ok, ...)               \
    do {                               \
        if (!(ok)) {                   \
            ck_abort_msg(__VA_ARGS__); \
        }                              \
    } while (0)

/* The template with its gaps filled. */
static void fill(char *out, const char *template, const struct gap *gap)
{
    for (; *template; template ++) {
        const char *text = *template == *LOGGED ? gap->logged
                           : *template == *READ ? gap->read
                           : *template == *TOO  ? gap->too
                                                : NULL;
        if (text) {
            out = stpcpy(out, text);
        } else {
            *out++ = *template;
        }
    }
    *out = '\0';
}

static char paths[MT_FIELD_COUNT][64]; /* "client.tls.version" */

static void name_fields(void)
{
    for (int f = 0; f < MT_FIELD_COUNT; f++) {
        const struct mt_object_info *object = &mt_object_info[mt_field_info[f].object];
        const char *over = mt_object_info[object->parent].name, *name = object->name;
        snprintf(paths[f], sizeof paths[f], "%s%s%s%s%s", over, *over ? "." : "", name, *name ? "." : "",
                 mt_field_info[f].name);
    }
}

static enum mt_field field_of(const char *path, size_t n)
{
    for (int f = 0; f < MT_FIELD_COUNT; f++) {
        if (strncmp(paths[f], path, n) == 0 && !paths[f][n]) {
            return (enum mt_field)f;
        }
    }
    ck_abort_msg("no field %s", path);
    return MT_FIELD_COUNT;
}

static struct mt_slice value_of(const struct mt_record *rec, enum mt_field f)
{
    static char number[32];

    if (mt_field_info[f].type == MT_TYPE_STRING || mt_field_info[f].type == MT_TYPE_TREE) {
        return mt_get(&rec->f, f);
    }
    return mt_slice(number, (size_t)snprintf(number, sizeof number, "%lld", (long long)mt_get_int(&rec->f, f, -1)));
}

/* The ID that the next system claims to have given is its word, as true as the reply that holds it. */
static bool is_claim(const struct mt_record *rec, enum mt_field f)
{
    struct mt_slice response = mt_get(&rec->f, MT_F_RESPONSE), id = mt_get(&rec->f, MT_F_NEXT_QUEUE_ID);

    return f == MT_F_NEXT_QUEUE_ID && rec->status == MT_STATUS_SENT && id.p >= response.p &&
           id.p + id.n <= response.p + response.n;
}

struct check {
    struct mt_record *rec;
    struct mt_slice recipients;
    bool wanted[MT_FIELD_COUNT];
    const char *line;
};

static void expect(struct check *c, const char *want)
{
    const char *value = strchr(want, '=') + 1;
    struct mt_slice got;

    if (strncmp(want, "rcpt=", 5) == 0) {
        PROMISE(mt_recipient_next(c->rec, &c->recipients, &got), "no recipient %s: %s", value, c->line);
    } else {
        enum mt_field f = field_of(want, (size_t)(value - want) - 1);
        if (!*value && f != MT_F_FROM) { /* an empty value is not known */
            return;
        }
        c->wanted[f] = true;
        PROMISE(mt_has(&c->rec->f, f), "not read: %s: %s", want, c->line);
        got = value_of(c->rec, f);
    }
    PROMISE(mt_slice_eq(got, mt_slice_str(value)), "%s, got \"%.*s\": %s", want, (int)got.n, got.p, c->line);
}

static void expect_nothing_else(const struct check *c)
{
    struct mt_slice address, rest = c->recipients;

    for (int f = 0; f < MT_FIELD_COUNT; f++) {
        if (mt_has(&c->rec->f, (enum mt_field)f) && !c->wanted[f] && !is_claim(c->rec, (enum mt_field)f)) {
            struct mt_slice got = value_of(c->rec, (enum mt_field)f);
            ck_abort_msg("forged: %s=%.*s: %s", mt_field_info[f].name, (int)got.n, got.p, c->line);
        }
    }
    PROMISE(!c->rec->list || !mt_recipient_next(c->rec, &rest, &address), "one recipient more: %s", c->line);
}

static void expect_form(const struct form *form, const struct gap *gap, struct mt_record *rec, const char *line)
{
    static char want[4 * GAP];
    struct check c = {.rec = rec, .recipients = rec->list ? mt_get(&rec->f, MT_F_TO) : mt_slice(NULL, 0), .line = line};

    PROMISE(rec->kind == form->kind, "kind %s: %s", rec->kind ? mt_kind_names[rec->kind] : "none", line);
    PROMISE(rec->status == form->status, "status %d: %s", rec->status, line);
    for (size_t i = 0; i < MAX_FIELDS && form->fields[i]; i++) {
        fill(want, form->fields[i], gap);
        expect(&c, want);
    }
    expect_nothing_else(&c);
}

/* --- lines, as syslog(3) gets them --- */

typedef void line_fn(void *ctx, const char *program, const char *text);

/* sm_syslog() (sendmail/conf.c) with SYSLOG_BUFSIZE 1024: a long text comes in pieces. */
static void split_sendmail(const char *program, const char *text, line_fn *fn, void *ctx)
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
        fn(ctx, program, text_of("%.*s[%u]: %.*s%s", (int)prefix, text, i, (int)n, begin, last ? "" : " ..."));
    }
}

static void write_line(const struct form *form, const struct gap *gap, line_fn *fn, void *ctx)
{
    static char text[4 * GAP];

    fill(text, form->text, gap);
    if (strcmp(form->program, "sm-mta") == 0) {
        split_sendmail(form->program, text, fn, ctx);
    } else {
        fn(ctx, form->program, text);
    }
}

struct reading {
    const struct form *form;
    const struct gap *gap;
    struct mt_parts *parts;
    bool wrapped; /* by a relay, as a repetition */
    unsigned whole;
};

static void read_line(void *ctx, const char *program, const char *text)
{
    static struct mt_record rec;
    struct reading *r = ctx;
    struct mt_line whole, line = {.time.usec = 1, .program = mt_slice_str(program), .pid = 7};
    const char *given = r->wrapped ? text_of("message repeated 2 times: [ %s]", text) : text;
    size_t n = strlen(given);
    char *copy = malloc(n); /* nothing behind it may be read */

    PROMISE(copy, "no memory");
    memcpy(copy, given, n);
    line.text = mt_slice(copy, n);
    PROMISE(mt_parse(&line, &rec) == MT_RECOGNISED, "not recognised: %s", given);
    PROMISE(rec.repeated == r->wrapped, "repeated: %s", given);
    if (rec.kind == MT_KIND_PART) {
        if (mt_parts_add(r->parts, &rec, &whole)) {
            PROMISE(mt_parse(&whole, &rec) == MT_RECOGNISED, "not recognised whole: %s", given);
            expect_form(r->form, r->gap, &rec, text);
            r->whole++;
        }
    } else {
        expect_form(r->form, r->gap, &rec, text);
        r->whole++;
    }
    free(copy);
}

static unsigned read_forms(const struct form *forms, size_t n, bool wrapped)
{
    static struct gap gap;
    struct reading r = {.gap = &gap, .wrapped = wrapped};

    name_fields();
    for (size_t i = 0; i < n; i++) {
        r.form = &forms[i];
        for (size_t k = 0; k < PAYLOADS; k++) {
            r.parts = mt_parts_new(1 << 20, 1 << 16, 1);
            forms[i].write(&gap, payloads[k]);
            write_line(&forms[i], &gap, read_line, &r);
            mt_parts_free(r.parts);
        }
    }
    ck_assert_uint_eq(r.whole, n * PAYLOADS); /* every line was read, whole */
    return r.whole;
}

#define COUNT(forms) (sizeof(forms) / sizeof *(forms))

START_TEST(test_strangers_words_in_postfix_lines_stay_what_they_are)
{
    ck_assert_uint_ge(read_forms(postfix_forms, COUNT(postfix_forms), false), 300);
    ck_assert_uint_ge(read_forms(postfix_forms, COUNT(postfix_forms), true), 300);
}
END_TEST

START_TEST(test_strangers_words_in_sendmail_lines_stay_what_they_are)
{
    ck_assert_uint_ge(read_forms(sendmail_forms, COUNT(sendmail_forms), false), 300);
    ck_assert_uint_ge(read_forms(sendmail_forms, COUNT(sendmail_forms), true), 300);
}
END_TEST

/* Lines of which Postfix' format leaves open where the stranger's words end. */
static void read_text(const char *program, const char *text, struct mt_record *rec)
{
    struct mt_line line = {.program = mt_slice_str(program), .text = mt_slice_str(text)};

    ck_assert_int_eq(mt_parse(&line, rec), MT_RECOGNISED);
}

/* smtpd_sasl_glue.c: the client's own name for a mechanism, up to 100 characters of it. What follows the first
 * ", sasl_username=" is all taken for the name, so that the name of somebody else does not come out of it.
 */
START_TEST(test_a_made_up_mechanism_accuses_nobody)
{
    static struct mt_record rec;

    read_text("postfix/smtpd",
              "warning: " CLIENT ": SASL LOGIN authentication failed: x, sasl_username=root authentication failed: "
              "Invalid authentication mechanism, sasl_username=(unavailable)",
              &rec);
    ck_assert_int_eq(rec.kind, MT_KIND_AUTH);
    ck_assert(!mt_slice_eq(mt_get(&rec.f, MT_F_USER), MT_LIT("root")));
    read_text("postfix/smtpd",
              "warning: " CLIENT ": SASL x, sasl_username=root authentication failed: "
              "Invalid authentication mechanism, sasl_username=(unavailable)",
              &rec);
    ck_assert_int_eq(rec.kind, MT_KIND_AUTH);
    ck_assert(!mt_has(&rec.f, MT_F_USER));
}
END_TEST

/* A domain literal may hold "]>", and then says all that a delivery says. Such a domain is none, so that
 * only a local user gets it as far as this, and only of his own message.
 */
START_TEST(test_a_literal_that_ends_early_speaks_of_its_own_message_alone)
{
    static struct mt_record rec;

    read_text("postfix/error",
              P ": to=<u@[x]>, relay=none" MEASURES ", dsn=2.0.0, status=sent (y]>, relay=none" MEASURES
                ", dsn=5.1.3, status=bounced (bad address syntax)",
              &rec);
    ck_assert_int_eq(rec.kind, MT_KIND_TO);
    ck_assert(mt_slice_eq(mt_get(&rec.f, MT_F_QUEUE_ID), MT_LIT(P)));
    ck_assert(mt_slice_starts(mt_get(&rec.f, MT_F_TO), MT_LIT("u@[x]")));
    ck_assert_int_ne(rec.status, MT_STATUS_SENT); /* without a relay it is "discarded" */
}
END_TEST

/* --- events --- */

/* Two messages that want nothing of the stranger. */
static const char *const honest[] = {
    "postfix/smtpd[40]: connect from good.example[198.51.100.1]",
    "postfix/smtpd[40]: " HONEST_P ": client=good.example[198.51.100.1]",
    "postfix/cleanup[41]: " HONEST_P ": message-id=<1@good.example>",
    "postfix/qmgr[42]: " HONEST_P ": from=<a@good.example>, size=512, nrcpt=1 (queue active)",
    "postfix/smtpd[40]: disconnect from good.example[198.51.100.1] ehlo=1 mail=1 rcpt=1 data=1 quit=1 commands=5",
    "sm-mta[43]: " HONEST_S ": from=<a@good.example>, size=512, class=0, nrcpts=1, msgid=<2@good.example>, "
    "proto=ESMTP, daemon=MTA, relay=good.example [198.51.100.1]",
    NULL, /* the stranger's lines */
    "sm-mta[44]: " HONEST_S
    ": to=<b@good.example>, delay=00:00:01, xdelay=00:00:01, mailer=esmtp, pri=1, relay=mx.example. [192.0.2.7], "
    "dsn=4.0.0, stat=Deferred: Connection refused by mx.example.",
    "postfix/smtp[45]: " HONEST_P
    ": to=<b@good.example>, relay=mx.example[192.0.2.7]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)",
    "postfix/qmgr[42]: " HONEST_P ": removed",
};

struct telling {
    struct story story;
    unsigned second, lines;
};

static void tell_line(void *ctx, const char *program, const char *text)
{
    struct telling *t = ctx;

    t->lines++;
    story_line(&t->story, text_of("10:00:%02u.5", t->second), text_of("%s[77]: %s", program, text));
}

/* The honest lines, and among them those of a form with every payload. */
static void tell(struct telling *t, const struct form *form)
{
    static struct gap gap;

    *t = (struct telling){.lines = 0};
    story_start(&t->story, NULL);
    for (size_t i = 0; i < COUNT(honest); i++) {
        t->second = (unsigned)i;
        if (honest[i]) {
            story_line(&t->story, text_of("10:00:%02zu", i), honest[i]);
        }
        for (size_t k = 0; form && !honest[i] && k < PAYLOADS; k++) {
            form->write(&gap, payloads[k]);
            write_line(form, &gap, tell_line, t);
        }
    }
    story_finish(&t->story);
}

static bool is_honest(struct json_object *event)
{
    return strcmp(story_text(event, "client.name"), "good.example") == 0;
}

/* Of the stranger's: his own entries and the notification of one, or none. */
static void expect_own(struct json_object *event, const struct form *form)
{
    const char *id = story_text(event, "queue_id"), *kind = story_text(event, "event");

    ck_assert_msg(strcmp(id, P) == 0 || strcmp(id, S) == 0 || strcmp(id, NOTICE) == 0 || strcmp(id, "-") == 0,
                  "event of %s", id);
    ck_assert_msg(strcmp(kind, "delivery") != 0 || form->kind == MT_KIND_TO, "a delivery out of a %s line",
                  mt_kind_names[form->kind]);
    if (strcmp(kind, "delivery") == 0) {
        ck_assert_str_eq(story_text(event, "status"), mt_status_names[form->status]);
    }
    ck_assert_str_ne(story_text(event, "parent_queue_id"), HONEST_P);
}

static void expect_honest(const struct telling *got, const struct telling *want, const struct form *form)
{
    size_t k = 0;

    for (size_t i = 0; i < got->story.n; i++) {
        struct json_object *event = got->story.events[i];
        if (!is_honest(event)) {
            expect_own(event, form);
            continue;
        }
        ck_assert_uint_lt(k, want->story.n);
        ck_assert_str_eq(json_object_to_json_string_ext(event, JSON_C_TO_STRING_PLAIN),
                         json_object_to_json_string_ext(want->story.events[k], JSON_C_TO_STRING_PLAIN));
        k++;
    }
    ck_assert_uint_eq(k, want->story.n);
}

static void tell_forms(const struct form *forms, size_t n)
{
    struct telling want, got;

    tell(&want, NULL);
    ck_assert_uint_eq(story_count(&want.story, "delivery"), 2);
    ck_assert_uint_eq(story_count(&want.story, "message"), 2);
    for (size_t i = 0; i < n; i++) {
        tell(&got, &forms[i]);
        ck_assert_uint_ge(got.lines, PAYLOADS);
        expect_honest(&got, &want, &forms[i]);
        story_end(&got.story);
    }
    story_end(&want.story);
}

START_TEST(test_hostile_postfix_lines_change_no_event_of_others)
{
    tell_forms(postfix_forms, COUNT(postfix_forms));
}
END_TEST

START_TEST(test_hostile_sendmail_lines_change_no_event_of_others)
{
    tell_forms(sendmail_forms, COUNT(sendmail_forms));
}
END_TEST

Suite *mt_suite_hostile(void)
{
    Suite *suite = suite_create("hostile");
    TCase *records = tcase_create("records"), *events = tcase_create("events");

    tcase_add_test(records, test_strangers_words_in_postfix_lines_stay_what_they_are);
    tcase_add_test(records, test_strangers_words_in_sendmail_lines_stay_what_they_are);
    tcase_add_test(records, test_a_made_up_mechanism_accuses_nobody);
    tcase_add_test(records, test_a_literal_that_ends_early_speaks_of_its_own_message_alone);
    tcase_add_test(events, test_hostile_postfix_lines_change_no_event_of_others);
    tcase_add_test(events, test_hostile_sendmail_lines_change_no_event_of_others);
    suite_add_tcase(suite, records);
    suite_add_tcase(suite, events);
    return suite;
}
