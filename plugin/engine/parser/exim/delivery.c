/* Exim: what became of an address (src/deliver.c: delivery_log(), deferral_log(), failure_log()).
 *
 * The address stands first, as it is without quotes, and a stranger may have chosen it: "x R=a T=b"@y is logged as
 * x R=a T=b@y <"x R=a T=b"@y> R=...  So it is read in two ways, as one word, and as what the address in < > is without its
 * quotes; only one of them may fit all that follows.
 */
#include "exim.h"

#include "parser/reply.h"

#define NOT_TRIED (-52) /* src/macros.h: ERRNO_RRETRY, and below it what only waits for its time */

/* An address of a delivery: final (parent, parent) <original>. */
struct target {
    struct mt_slice final, original; /* original.p is NULL where it is the same as final */
    bool quoted;                     /* final is original without its quotes */
};

enum { Q, F, P, R, T, S, H, PRX, I, TFO, ST, PS, X, CV, DN, A, L, PRDR, K, DKIM, C, QT, DT, NFIELDS };

/* Behind the address of a delivery. */
static const struct mt_exim_field fields[NFIELDS] = {
    [Q] = MT_EXIM_FIELD("Q=", WORD),    [F] = MT_EXIM_FIELD("F=", ANGLE),      [P] = MT_EXIM_FIELD("P=", ANGLE),
    [R] = MT_EXIM_FIELD("R=", WORD),    [T] = MT_EXIM_FIELD("T=", WORD),       [S] = MT_EXIM_FIELD("S=", WORD),
    [H] = MT_EXIM_FIELD("H=", HOST),    [PRX] = MT_EXIM_FIELD("PRX=", WORD),   [I] = MT_EXIM_FIELD("I=", WORD),
    [TFO] = MT_EXIM_FIELD("TFO", MARK), [ST] = MT_EXIM_FIELD("ST=", ANGLE),    [PS] = MT_EXIM_FIELD("PS=", WORD),
    [X] = MT_EXIM_FIELD("X=", WORD),    [CV] = MT_EXIM_FIELD("CV=", WORD),     [DN] = MT_EXIM_FIELD("DN=", NAME),
    [A] = MT_EXIM_FIELD("A=", WORD),    [L] = MT_EXIM_FIELD("L", MARK),        [PRDR] = MT_EXIM_FIELD("PRDR", MARK),
    [K] = MT_EXIM_FIELD("K", MARK),     [DKIM] = MT_EXIM_FIELD("DKIM=", WORD), [C] = MT_EXIM_FIELD("C=", QUOTED),
    [QT] = MT_EXIM_FIELD("QT=", WORD),  [DT] = MT_EXIM_FIELD("DT=", WORD),
};

/* Behind that of a failure; TEXT follows. */
static const struct mt_exim_field failure_fields[NFIELDS] = {
    [0] = MT_EXIM_FIELD("F=", ANGLE),  [1] = MT_EXIM_FIELD("Q=", WORD),   [2] = MT_EXIM_FIELD("P=", ANGLE),
    [3] = MT_EXIM_FIELD("R=", WORD),   [4] = MT_EXIM_FIELD("T=", WORD),   [5] = MT_EXIM_FIELD("H=", HOST),
    [6] = MT_EXIM_FIELD("PRX=", WORD), [7] = MT_EXIM_FIELD("I=", WORD),   [8] = MT_EXIM_FIELD("TFO", MARK),
    [9] = MT_EXIM_FIELD("X=", WORD),   [10] = MT_EXIM_FIELD("CV=", WORD), [11] = MT_EXIM_FIELD("DN=", NAME),
    [12] = MT_EXIM_FIELD("A=", WORD),
};
enum { FAILED_T = 4, FAILED_H = 5, FAILED_X = 9, FAILED_CV = 10, FAILED_NFIELDS = 13 };

struct outcome {
    struct target to;
    struct mt_exim_host host;
    struct mt_slice values[NFIELDS], text;
    int64_t error; /* errno, or a negative number of Exim's own (src/macros.h) */
};

/* Reads what stands behind the address. */
typedef bool behind_fn(struct mt_slice s, struct outcome *o);

/* --- the address --- */

/* " <original>"; nothing else is moved over. */
static bool take_original(struct mt_slice *at, struct mt_slice *original)
{
    struct mt_slice s = *at;

    if (!MT_EAT(&s, " <") || !mt_exim_address(&s, original) || !MT_EAT(&s, ">")) {
        return false;
    }
    *at = s;
    return true;
}

/* " (parent, parent)", of which an original address follows. */
static void skip_parents(struct mt_slice *at)
{
    struct mt_slice s = *at, parents;

    if (MT_EAT(&s, " (") && mt_take_to(&s, MT_LIT(") <"), &parents)) {
        *at = mt_slice_to(parents.p + parents.n + 1, s.p + s.n);
    }
}

/* "b@y", "alice <alice@y>", "/var/mail/a <a@y>", "b@y:" where a text follows */
static bool read_word(struct mt_slice *at, struct target *to)
{
    const char *blank = mt_find(*at, ' ');
    struct mt_slice s = *at;

    to->final = blank ? mt_slice_to(s.p, blank) : s;
    to->final.n -= to->final.n && to->final.p[to->final.n - 1] == ':' && to->final.p[0] != ':';
    to->original = mt_slice(NULL, 0);
    to->quoted = false;
    s = mt_slice_skip(s, to->final.n);
    skip_parents(&s);
    if (!take_original(&s, &to->original) && !mt_find(to->final, '@')) {
        return false;
    }
    *at = s;
    return to->final.n != 0;
}

/* Is s the address without its quotes? */
static bool is_unquoted(struct mt_slice s, struct mt_slice address)
{
    size_t i = 1;

    for (; s.n && i < address.n && address.p[i] != '"'; i++, s = mt_slice_skip(s, 1)) {
        i += address.p[i] == '\\' && i + 1 < address.n;
        if (*s.p != address.p[i]) {
            return false;
        }
    }
    return i < address.n && address.p[i] == '"' && s.n == address.n - i - 1 &&
           strncasecmp(s.p, address.p + i + 1, s.n) == 0;
}

/* "x y@z <"x y"@z>": the first place where that fits. */
static bool read_quoted(struct mt_slice *at, struct target *to)
{
    struct mt_slice s = *at, before;

    while (mt_take_to(&s, MT_LIT(" <\""), &before)) {
        struct mt_slice rest = mt_slice_to(s.p - 3, s.p + s.n);
        to->final = mt_slice_to(at->p, rest.p);
        to->quoted = true;
        if (take_original(&rest, &to->original) && is_unquoted(to->final, to->original)) {
            *at = rest;
            return true;
        }
    }
    return false;
}

/* The address and what stands behind it; false when neither reading fits, or both do. */
static bool read_outcome(struct mt_slice s, behind_fn *behind, struct outcome *o)
{
    struct outcome other;
    struct mt_slice rest = s;
    bool quoted = false;

    if (mt_find_text(s, MT_LIT(" <\""))) {
        other = *o;
        quoted = read_quoted(&rest, &other.to) && behind(rest, &other);
        rest = s;
    }
    if (read_word(&rest, &o->to) && behind(rest, o)) {
        return !quoted || o->to.final.n == other.to.final.n;
    }
    if (quoted) {
        *o = other;
    }
    return quoted;
}

static bool is_address(struct mt_slice s)
{
    return mt_find(s, '@') && *s.p != '/' && *s.p != '|' && *s.p != ':' && *s.p != '>';
}

static void set_target(struct mt_record *rec, const struct target *to)
{
    if (!to->original.n) {
        mt_set(&rec->f, MT_F_TO, to->final);
    } else if (to->quoted || is_unquoted(to->final, to->original)) {
        mt_set(&rec->f, MT_F_TO, to->original);
    } else if (is_address(to->final)) {
        mt_set(&rec->f, MT_F_TO, to->final);
        mt_set(&rec->f, MT_F_ORIG_TO, to->original);
    } else {
        mt_set(&rec->f, MT_F_TO, to->original);
        mt_set(&rec->f, MT_F_RELAY_NAME, to->final);
    }
}

/* --- delivered --- */

static bool behind_delivery(struct mt_slice s, struct outcome *o)
{
    mt_exim_fields(&s, fields, NFIELDS, o->values, &o->host);
    return !s.n && (o->values[R].n || o->values[T].n);
}

static void set_seconds(struct mt_record *rec, enum mt_field field, struct mt_slice s)
{
    int64_t usec;

    if (s.n && mt_exim_duration(s, &usec)) {
        mt_set_int(&rec->f, field, usec);
    }
}

/* => b@y R=dnslookup T=remote_smtp H=mx.y [192.0.2.2] X=TLS1.3:CIPHER:256 CV=yes C="250 OK id=1vM..." QT=2s DT=1s */
bool mt_exim_delivered(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    struct outcome o = {.host = {.port = -1}};

    (void)all;
    if (!read_outcome(s, behind_delivery, &o)) {
        return false;
    }
    rec->kind = form->kind;
    rec->status = mt_slice_eq(o.to.final, MT_LIT(":blackhole:")) ? MT_STATUS_DISCARDED : MT_STATUS_SENT;
    set_target(rec, &o.to);
    mt_set(&rec->f, MT_F_TRANSPORT, o.values[T]);
    if (o.values[H].n) {
        mt_exim_relay(rec, &o.host);
    }
    if (o.values[X].n) {
        mt_exim_tls(rec, MT_F_TLS_VERSION, o.values[X], o.values[CV]);
    }
    mt_reply_set(rec, o.values[C]);
    if (rec->status == MT_STATUS_SENT) {
        mt_set(&rec->f, MT_F_NEXT_QUEUE_ID, mt_reply_id(o.values[C], ' '));
    }
    set_seconds(rec, MT_F_DELAY, o.values[QT]);
    set_seconds(rec, MT_F_DELAYS_TRANSMIT, o.values[DT]);
    return true;
}

/* --- not delivered --- */

/* The reply in TEXT: "SMTP error from remote mail server after RCPT TO:<b@y>: 550 5.1.1 reply". */
static void set_reply(struct mt_record *rec, struct mt_slice text)
{
    struct mt_slice command;

    if (!MT_EAT(&text, "SMTP error from remote mail server after ") && !MT_EAT(&text, "LMTP error after ")) {
        return;
    }
    MT_EAT(&text, "pipelined ");
    if ((MT_EAT(&text, "RCPT TO:<") || MT_EAT(&text, "MAIL FROM:<")) && !mt_exim_address(&text, &command)) {
        return;
    }
    if (mt_take_to(&text, MT_LIT(": "), &command)) {
        mt_reply_codes(rec, text);
    }
}

/* A text without the time behind it, " DT=1s", which the next server may have written as well: it is not believed. */
static struct mt_slice without_time(struct mt_slice text)
{
    const char *p = mt_find_last(text, MT_LIT(" DT="));
    int64_t usec;

    return p && mt_exim_duration(mt_slice_to(p + 4, text.p + text.n), &usec) ? mt_slice_to(text.p, p) : text;
}

/* The words of strerror(): no field, and no text behind a colon, is among them. */
static struct mt_slice take_error(struct mt_slice *at)
{
    static const struct mt_slice ends[] = {MT_TEXT(" H="), MT_TEXT(" DT="), MT_TEXT(": ")};
    struct mt_slice words = *at;

    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        const char *p = mt_find_text(words, ends[i]);
        words = p ? mt_slice_to(words.p, p) : words;
    }
    *at = mt_slice_skip(*at, words.n);
    return words;
}

/* ": strerror H=mx.y [192.0.2.2] DT=1s: TEXT"; strerror stands there with a positive number (deliver.c, deferral_log) */
static void read_reason(struct mt_slice s, struct outcome *o)
{
    static const struct mt_exim_field tail[] = {MT_EXIM_FIELD("H=", HOST), MT_EXIM_FIELD("PRX=", WORD),
                                                MT_EXIM_FIELD("I=", WORD), MT_EXIM_FIELD("TFO", MARK),
                                                MT_EXIM_FIELD("DT=", WORD)};
    struct mt_slice words = {NULL, 0}, rest = s;

    if (o->error > 0 && MT_EAT(&rest, ": ")) {
        words = take_error(&rest);
    }
    s = rest;
    mt_exim_fields(&rest, tail, sizeof tail / sizeof *tail, o->values, &o->host);
    o->values[H] = o->values[0];
    o->values[DT] = o->values[4];
    if (!MT_EAT(&rest, ": ")) {
        o->text = words;
    } else if (!words.n) {
        o->text = rest;
    } else { /* the text names the host once more, or says what strerror() was about */
        o->text = rest.p == s.p + 2 ? mt_slice_to(words.p, rest.p + rest.n) : words;
    }
}

/* R=dnslookup T=remote_smtp defer (-44) H=mx.y [192.0.2.2] DT=1s: TEXT */
static bool behind_deferral(struct mt_slice s, struct outcome *o)
{
    struct mt_slice transport;
    bool negative;

    mt_exim_fields(&s, fields, T + 1, o->values, NULL);
    transport = o->values[T];
    MT_EAT(&s, " routing");
    if (!MT_EAT(&s, " defer (")) {
        return false;
    }
    negative = MT_EAT(&s, "-");
    if (!mt_take_int(&s, &o->error) || !MT_EAT(&s, ")")) {
        return false;
    }
    o->error = negative ? -o->error : o->error;
    read_reason(s, o);
    o->values[T] = transport;
    return true;
}

/* == b@y R=dnslookup T=remote_smtp defer (-44) H=mx.y [192.0.2.2]: SMTP error from remote mail server after ...: 450 text */
bool mt_exim_deferred(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    struct outcome o = {.host = {.port = -1}};

    if (!read_outcome(s, behind_deferral, &o)) {
        return false;
    }
    if (o.error <= NOT_TRIED) {
        rec->kind = MT_KIND_INFO;
        rec->effect = MT_EFFECT_NONE;
        mt_set(&rec->f, MT_F_TEXT, all);
        return true;
    }
    rec->kind = form->kind;
    rec->status = MT_STATUS_DEFERRED;
    set_target(rec, &o.to);
    mt_set(&rec->f, MT_F_TRANSPORT, o.values[T]);
    if (o.values[H].n) {
        mt_exim_relay(rec, &o.host);
    }
    set_seconds(rec, MT_F_DELAYS_TRANSMIT, o.values[DT]);
    mt_set(&rec->f, MT_F_RESPONSE, o.text);
    set_reply(rec, o.text);
    return true;
}

/* F=<a@x> R=dnslookup T=remote_smtp H=mx.y [192.0.2.2]: TEXT */
static bool behind_failure(struct mt_slice s, struct outcome *o)
{
    mt_exim_fields(&s, failure_fields, FAILED_NFIELDS, o->values, &o->host);
    if (!MT_EAT(&s, ": ") && s.n) {
        return false;
    }
    o->text = s;
    return true;
}

/* Given up for its age (retry.c, retry_update(); transports/smtp.c). What was refused for good says the next server, be it in
 * the same words.
 */
static bool is_expired(const struct mt_record *rec, struct mt_slice text)
{
    if (mt_get_int(&rec->f, MT_F_REPLY_CODE, 0) >= 500) {
        return false;
    }
    return mt_slice_ends(text, MT_LIT("retry timeout exceeded")) ||
           ((mt_slice_starts(text, MT_LIT("all hosts have been failing for a long time")) ||
             mt_slice_starts(text, MT_LIT("all hosts for '"))) &&
            mt_find_text(text, MT_LIT("have been failing for a long time")));
}

/* ** b@y F=<a@x> R=dnslookup T=remote_smtp H=mx.y [192.0.2.2]: SMTP error from remote mail server after ...: 550 text */
bool mt_exim_failed(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    struct outcome o = {.host = {.port = -1}};

    (void)all;
    if (!read_outcome(s, behind_failure, &o)) {
        return false;
    }
    rec->kind = form->kind;
    o.text = without_time(o.text);
    mt_set(&rec->f, MT_F_RESPONSE, o.text);
    set_reply(rec, o.text);
    rec->status = is_expired(rec, o.text) ? MT_STATUS_EXPIRED : MT_STATUS_BOUNCED;
    set_target(rec, &o.to);
    mt_set(&rec->f, MT_F_TRANSPORT, o.values[FAILED_T]);
    if (o.values[FAILED_H].n) {
        mt_exim_relay(rec, &o.host);
    }
    if (o.values[FAILED_X].n) {
        mt_exim_tls(rec, MT_F_TLS_VERSION, o.values[FAILED_X], o.values[FAILED_CV]);
    }
    return true;
}
