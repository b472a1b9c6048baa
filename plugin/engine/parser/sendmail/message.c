/* Sendmail: what happens to a message.
 *
 * from= is logsender() (sendmail/headers.c), to= is logdelivery() (sendmail/deliver.c). Both write
 * their fields in one order. An address ends where the quoting says, a Message-ID, a remote
 * reply and a status text end where the fields behind them, counted from the right, begin.
 */
#include "parser/reply.h"
#include "sendmail.h"

/* The text up to the > that matches the < it begins with; without < the text as it is. */
static struct mt_slice message_id(struct mt_slice s)
{
    const char *end = s.p + s.n, *p = s.p;
    size_t depth = 0;

    if (!s.n || *s.p != '<') {
        return s;
    }
    for (; (p = mt_find_either(mt_slice_to(p, end), '<', '>')); p++) {
        if (*p == '<') {
            depth++;
        } else if (--depth == 0) {
            return mt_slice_to(s.p + 1, p);
        }
    }
    return mt_slice_skip(s, 1); /* %.100s has cut it */
}

/* The last field of s: what stands behind the last ", ". */
static struct mt_slice last_field(struct mt_slice s)
{
    const char *comma = mt_find_last(s, MT_LIT(", "));

    return comma ? mt_slice_to(comma + 2, s.p + s.n) : s;
}

/* Without the field at the end of s, and the ", " before it. */
static struct mt_slice without(struct mt_slice s, struct mt_slice field)
{
    s.n -= field.n;
    s.n -= s.n ? 2 : 0;
    return s;
}

/* What can stand between the Message-ID and relay=, from the right. auth= is ${auth_type}, and NONE is "not known".
 * A body has one of two types: anything else is the end of a Message-ID.
 */
static struct mt_slice read_from_middle(struct mt_record *rec, struct mt_slice s)
{
    static const struct {
        struct mt_slice key;
        enum mt_field field; /* MT_FIELD_COUNT: left alone */
    } keys[] = {
        {MT_TEXT("envid="), MT_FIELD_COUNT},
        {MT_TEXT("auth="), MT_F_CLIENT_MECHANISM},
        {MT_TEXT("cipher="), MT_F_CLIENT_TLS_CIPHER},
        {MT_TEXT("tls_version="), MT_F_CLIENT_TLS_VERSION},
        {MT_TEXT("tls_verify="), MT_F_CLIENT_TLS_VERIFY},
        {MT_TEXT("daemon="), MT_FIELD_COUNT},
        {MT_TEXT("proto="), MT_F_CLIENT_PROTOCOL},
    };
    struct mt_slice field = last_field(s);

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (mt_word_starts(field, keys[i].key)) {
            s = without(s, field);
            field = mt_slice_skip(field, keys[i].key.n);
            if (keys[i].field == MT_F_CLIENT_TLS_VERIFY) {
                mt_set(&rec->f, MT_F_CLIENT_TLS_VERIFY, mt_sendmail_verify(field));
            } else if (keys[i].field != MT_FIELD_COUNT && !mt_slice_eq(field, MT_LIT("NONE"))) {
                mt_set(&rec->f, keys[i].field, field);
            }
            field = last_field(s);
        }
    }
    if (mt_slice_eq(field, MT_LIT("bodytype=8BITMIME")) || mt_slice_eq(field, MT_LIT("bodytype=7BIT"))) {
        s = without(s, field);
    }
    return s;
}

/* What stands behind nrcpts=, from the right: no value but the Message-ID's holds ", ".
 *     msgid=<x@y>, bodytype=8BITMIME, proto=ESMTP, daemon=MTA-v4, relay=name [ip]
 */
static bool read_from_tail(struct mt_record *rec, struct mt_slice s)
{
    struct mt_slice relay = last_field(s);
    bool local;

    s = without(s, relay);
    if (!MT_EAT(&relay, "relay=")) {
        return false;
    }
    local = mt_slice_ends(relay, MT_LIT("@localhost")) || mt_slice_eq(relay, MT_LIT("localhost"));
    if (local) {
        rec->effect = MT_EFFECT_SUBMITS;
        mt_set(&rec->f, MT_F_ACTION, MT_LIT("local"));
    } else {
        s = read_from_middle(rec, s);
        if (!mt_slice_eq(relay, MT_LIT("[RESPONSE]"))) {
            mt_sendmail_client(rec, relay);
        }
    }
    if (MT_EAT(&s, "msgid=")) {
        mt_set(&rec->f, MT_F_MESSAGE_ID, message_id(s));
        return true;
    }
    return !s.n || local;
}

/* The address of from=%.200s, without < >. Cut inside of quotes it may end with a '>' that is part of it. */
static struct mt_slice sender(struct mt_slice from)
{
    struct mt_slice inside = from.n ? mt_slice_skip(from, 1) : from;

    if (mt_slice_starts(from, MT_LIT("<\"")) && mt_slice_ends(from, MT_LIT(">")) &&
        mt_sendmail_span(inside, MT_LIT(">"), MT_SENDMAIL_NO_LIMIT) == inside.n) {
        return inside;
    }
    return mt_sendmail_bare(from);
}

/* from=<a@x>, size=184, class=0, nrcpts=1, msgid=<i@x>, proto=ESMTP, daemon=MTA, relay=name [ip] */
bool mt_sendmail_from(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    struct mt_slice from, value;
    int64_t number;

    (void)all;
    from = mt_slice(s.p, mt_sendmail_span(s, MT_LIT(","), 200)); /* from=%.200s */
    s = mt_slice_skip(s, from.n);
    if (!MT_EAT(&s, ", ") || !mt_sendmail_value(&s, MT_LIT("size="), &value)) {
        return false;
    }
    rec->kind = form->kind;
    if (!mt_slice_eq(from, MT_LIT("<NONE>"))) {
        mt_set_empty(&rec->f, MT_F_FROM, sender(from));
    }
    if (mt_whole_int(value, &number)) {
        mt_set_int(&rec->f, MT_F_SIZE, number);
    }
    if (!mt_sendmail_value(&s, MT_LIT("class="), &value)) {
        return false;
    }
    mt_sendmail_value(&s, MT_LIT("pri="), &value); /* before 8.12 */
    if (!mt_sendmail_value(&s, MT_LIT("nrcpts="), &value)) {
        return false;
    }
    if (mt_whole_int(value, &number)) {
        mt_set_int(&rec->f, MT_F_NRCPT, number);
    }
    return read_from_tail(rec, s);
}

/* 00:00:05 or 2+03:04:05 (sendmail/convtime.c, pintvl) */
static bool interval(struct mt_slice s, int64_t *usec)
{
    int64_t days = 0, part[3];
    struct mt_slice at = s;

    if (s.n == 8 && s.p[2] == ':' && s.p[5] == ':' && (part[0] = mt_two_digits(s.p)) >= 0 &&
        (part[1] = mt_two_digits(s.p + 3)) >= 0 && (part[2] = mt_two_digits(s.p + 6)) >= 0) {
        *usec = ((part[0] * 60 + part[1]) * 60 + part[2]) * 1000000;
        return true;
    }
    if (mt_take_int(&at, &days) && MT_EAT(&at, "+")) {
        s = at;
    } else {
        days = 0;
    }
    if (!mt_take_int(&s, &part[0]) || !MT_EAT(&s, ":") || !mt_take_int(&s, &part[1]) || !MT_EAT(&s, ":") ||
        !mt_whole_int(s, &part[2]) || days > 99999 || part[0] > 99 || part[1] > 99 || part[2] > 99) {
        return false;
    }
    *usec = (((days * 24 + part[0]) * 60 + part[1]) * 60 + part[2]) * 1000000;
    return true;
}

static void set_interval(struct mt_record *rec, enum mt_field field, struct mt_slice s)
{
    int64_t usec;

    if (interval(s, &usec)) {
        mt_set_int(&rec->f, field, usec);
    }
}

/* Moves over the list of recipients and what marks its end: a comma outside of every address,
 * with a blank behind it. Within the list there are no blanks behind commas.
 */
static bool read_list(struct mt_record *rec, struct mt_slice *s)
{
    struct mt_slice at = *s;

    for (;;) {
        at = mt_slice_skip(at, mt_sendmail_span(at, MT_LIT(","), MT_SENDMAIL_NO_LIMIT));
        if (!MT_EAT(&at, ",")) {
            return false;
        }
        if (at.n && *at.p == ' ') {
            mt_set(&rec->f, MT_F_TO, mt_slice_to(s->p, at.p - 1));
            break;
        }
    }
    rec->list = true;
    rec->more = MT_EAT(&at, " [more],");
    *s = at;
    return MT_EAT(s, " ");
}

/* The length of an address that shortenstring(address, 83) has cut: 40 characters of each end, and "..." for
 * what was between, quotes perhaps. 0: it was not cut.
 */
static size_t shortened_length(struct mt_slice s)
{
    size_t middle = mt_sendmail_span(s, MT_LIT("\n"), 40), n = mt_sendmail_span(s, MT_LIT("\n"), 83);
    struct mt_slice rest = mt_slice_skip(s, n);

    if (!mt_slice_starts(mt_slice_skip(s, middle), MT_LIT("..."))) {
        return 0;
    }
    return mt_slice_starts(rest, MT_LIT(", delay=")) || mt_slice_starts(rest, MT_LIT(" (")) ? n : 0;
}

/* ctladdr=<prog@sm.example> (8/0), */
static bool read_controller(struct mt_record *rec, struct mt_slice *s)
{
    struct mt_slice at = *s, address;
    const char *end, *ids;
    size_t n;

    if (!MT_EAT(&at, "ctladdr=")) {
        return true;
    }
    n = shortened_length(at);
    n += mt_sendmail_span(mt_slice_skip(at, n), MT_LIT(", delay="), MT_SENDMAIL_NO_LIMIT);
    end = n == at.n ? mt_find_text(at, MT_LIT(", delay=")) : at.p + n;
    if (!end) {
        return false;
    }
    address = mt_slice_to(at.p, end);
    *s = mt_slice_skip(at, address.n + 2);
    ids = mt_find_last(address, MT_LIT(" ("));
    if (ids && address.p[address.n - 1] == ')') {
        address.n = (size_t)(ids - address.p);
    }
    mt_set(&rec->f, MT_F_USER, mt_sendmail_bare(address));
    return true;
}

/* The end of reply=: where stat= begins. A deferral says the reply once more, "stat=Deferred: reply",
 * so that the remote's words may hold ", stat=" twice; otherwise the last one is sendmail's.
 */
static const char *end_of_reply(struct mt_slice s)
{
    const char *last = NULL;
    struct mt_slice at = s, reply;

    while (mt_take_to(&at, MT_LIT(", stat="), &reply)) {
        struct mt_slice rest = at;
        last = reply.p + reply.n;
        if (MT_EAT(&rest, "Deferred: ") && mt_slice_eq(rest, mt_slice_to(s.p, last))) {
            return last;
        }
    }
    return last;
}

/* [reply=REPLY, ]stat=TEXT, to the end of the line */
static bool read_status(struct mt_record *rec, struct mt_slice s, struct mt_slice *stat)
{
    struct mt_slice response;
    int code;

    if (MT_EAT(&s, "reply=") || MT_EAT(&s, "status=")) {
        const char *end = end_of_reply(s);
        if (!end) {
            return false;
        }
        response = mt_slice_to(s.p, end);
        s = mt_slice_to(end + 2, s.p + s.n);
    } else {
        response = mt_slice(NULL, 0);
    }
    if (!MT_EAT(&s, "stat=")) {
        return false;
    }
    *stat = s;
    response = response.n ? response : s;
    mt_set(&rec->f, MT_F_RESPONSE, response);
    if ((code = mt_reply_code(response))) {
        mt_set_int(&rec->f, MT_F_REPLY_CODE, code);
    }
    return true;
}

/* By the class of the status code (RFC 3463); before 8.8 there was none. */
static void set_status(struct mt_record *rec, struct mt_slice stat)
{
    struct mt_slice dsn = mt_get(&rec->f, MT_F_DSN);
    char class = dsn.n ? *dsn.p : '\0';

    if (!class) {
        class = mt_slice_starts(stat, MT_LIT("Sent")) ? '2' : mt_slice_starts(stat, MT_LIT("Deferred")) ? '4' : '5';
    }
    rec->status = class == '2' ? MT_STATUS_SENT : class == '4' ? MT_STATUS_DEFERRED : MT_STATUS_BOUNCED;
    if (class == '2' && MT_EAT(&stat, "Sent (")) {
        stat.n -= mt_slice_ends(stat, MT_LIT(")"));
        mt_set(&rec->f, MT_F_NEXT_QUEUE_ID, mt_reply_id(stat, ' '));
    }
}

/* Makes the record one of another kind, with nothing but a text. */
static void note(struct mt_record *rec, enum mt_kind kind, struct mt_slice text)
{
    struct mt_slice instance = mt_get(&rec->f, MT_F_INSTANCE), id = mt_get(&rec->f, MT_F_QUEUE_ID);

    rec->kind = (uint8_t)kind;
    rec->list = rec->more = false;
    mt_fields_clear(&rec->f);
    mt_set(&rec->f, MT_F_INSTANCE, instance);
    mt_set(&rec->f, MT_F_QUEUE_ID, id);
    mt_set(&rec->f, MT_F_TEXT, text);
}

/* logundelrcpts() (sendmail/srvrsmtp.c): no mailer was chosen, the message never got so far.
 *     to=<a@x>, delay=00:00:00, pri=456178, stat=Message exceeds maximum fixed size (300000)
 */
static void read_undelivered(struct mt_record *rec, struct mt_slice stat)
{
    if (mt_slice_eq(stat, MT_LIT("discarded"))) {
        rec->status = MT_STATUS_DISCARDED;
        return;
    }
    if (mt_slice_eq(stat, MT_LIT("aborted by sender")) ||
        !mt_find(stat, ' ')) { /* QUIT; RSET, EHLO as the client wrote it */
        note(rec, MT_KIND_REMOVED, mt_slice(NULL, 0));
        rec->effect = MT_EFFECT_CANCELS;
        mt_set(&rec->f, MT_F_ACTION, MT_LIT("canceled"));
        return;
    }
    rec->kind = MT_KIND_REJECT;
    rec->list = false;
    mt_set(&rec->f, MT_F_TO, mt_sendmail_bare(mt_get(&rec->f, MT_F_TO)));
    mt_set(&rec->f, MT_F_STAGE, MT_LIT("END-OF-MESSAGE"));
    mt_set(&rec->f, MT_F_ACTION, MT_LIT("reject"));
    rec->effect = MT_EFFECT_REFUSES_MESSAGE;
}

/* The mailers that have no host: $h, which logdelivery() writes as relay= when there was no
 * connection, is then the detail of alice+detail.
 */
static bool is_local(struct mt_slice mailer)
{
    return mt_slice_eq(mailer, MT_LIT("local")) || mt_slice_eq(mailer, MT_LIT("prog")) ||
           mt_slice_eq(mailer, MT_LIT("*file*")) || mt_slice_eq(mailer, MT_LIT("*include*"));
}

/* pri=30185, relay=host [ip] | quarantine=reason, dsn=2.0.0, ... */
static bool read_relay(struct mt_record *rec, struct mt_slice *s)
{
    struct mt_slice value, name, ip;

    mt_sendmail_value(s, MT_LIT("pri="), &value); /* since 8.10 */
    if (mt_sendmail_value(s, MT_LIT("relay="), &value)) {
        mt_sendmail_host(value, &name, &ip);
        mt_set(&rec->f, MT_F_RELAY_IP, ip);
        if (ip.n || !is_local(mt_get(&rec->f, MT_F_TRANSPORT))) {
            mt_set(&rec->f, MT_F_RELAY_NAME, name);
        }
    }
    if (mt_sendmail_value(s, MT_LIT("dsn="), &value) && mt_take_dsn(&value, &name) && !value.n) {
        mt_set(&rec->f, MT_F_DSN, name);
    }
    mt_sendmail_value(s, MT_LIT("ntries="), &value);
    mt_sendmail_value(s, MT_LIT("stage="), &value);
    mt_sendmail_value(s, MT_LIT("STS="), &value);
    return true;
}

/* delay=, xdelay=, mailer=, tls_verify=, ... */
static bool read_delays(struct mt_record *rec, struct mt_slice *s)
{
    struct mt_slice value;

    if (!mt_sendmail_value(s, MT_LIT("delay="), &value)) {
        return false;
    }
    set_interval(rec, MT_F_DELAY, value);
    if (mt_sendmail_value(s, MT_LIT("xdelay="), &value)) {
        set_interval(rec, MT_F_DELAYS_TRANSMIT, value);
    }
    if (mt_sendmail_value(s, MT_LIT("mailer="), &value)) {
        mt_set(&rec->f, MT_F_TRANSPORT, value);
    }
    if (mt_sendmail_value(s, MT_LIT("tls_verify="), &value)) {
        mt_set(&rec->f, MT_F_TLS_VERIFY, mt_sendmail_verify(value));
    }
    if (mt_sendmail_value(s, MT_LIT("tls_version="), &value) && !mt_slice_eq(value, MT_LIT("NONE"))) {
        mt_set(&rec->f, MT_F_TLS_VERSION, value);
    }
    if (mt_sendmail_value(s, MT_LIT("cipher="), &value) && !mt_slice_eq(value, MT_LIT("NONE"))) {
        mt_set(&rec->f, MT_F_TLS_CIPHER, value);
    }
    return true;
}

/* Takes ", dsn=5.7.1" off the end of s. */
static struct mt_slice without_dsn(struct mt_slice s)
{
    const char *last = mt_find_last(s, MT_LIT(", dsn="));
    struct mt_slice at, dsn;

    if (last) {
        at = mt_slice_to(last + 6, s.p + s.n);
        if (mt_take_dsn(&at, &dsn) && !at.n) {
            s.n = (size_t)(last - s.p);
        }
    }
    return s;
}

/* ..., pri=30185, quarantine=REASON[, dsn=], stat=quarantined: the reason is a filter's or the administrator's. */
static bool read_quarantined(struct mt_record *rec, struct mt_slice s)
{
    const struct mt_slice stat = MT_LIT(", stat=quarantined");
    struct mt_slice at = s, value;

    if (!mt_slice_ends(s, MT_LIT("stat=quarantined")) || !mt_sendmail_value(&at, MT_LIT("pri="), &value)) {
        return false;
    }
    if (MT_EAT(&at, "quarantine=") && mt_slice_ends(at, stat)) {
        at.n -= stat.n;
        note(rec, MT_KIND_HOLD, without_dsn(at));
        return true;
    }
    return false;
}

/* to=<a@x>,<b@x>, delay=00:00:00, xdelay=00:00:00, mailer=esmtp, pri=30185, relay=h. [ip], dsn=2.0.0, stat=Sent (Ok) */
bool mt_sendmail_to(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    struct mt_slice stat;

    if (!read_list(rec, &s)) {
        return false;
    }
    rec->kind = form->kind;
    if (mt_slice_starts(s, MT_LIT("relay="))) { /* 8.18: one step of an attempt, whose result is yet to come */
        note(rec, MT_KIND_INFO, all);
        return true;
    }
    if (!read_controller(rec, &s) || !read_delays(rec, &s)) {
        return false;
    }
    if (read_quarantined(rec, s)) {
        return true;
    }
    if (!read_relay(rec, &s) || !read_status(rec, s, &stat)) {
        return false;
    }
    if (mt_slice_eq(stat, MT_LIT("queued"))) { /* queue.c, queueup: nothing was tried, whatever dsn= says */
        note(rec, MT_KIND_INFO, all);
    } else if (!mt_has(&rec->f, MT_F_TRANSPORT)) {
        read_undelivered(rec, stat);
    } else {
        set_status(rec, stat);
    }
    return true;
}

/* QID2: DSN: User unknown (sendmail/savemail.c, returntosender) */
static bool read_notification(struct mt_record *rec, struct mt_slice id, struct mt_slice s)
{
    static const struct mt_slice words[] = {
        {"DSN: ", 5},
        {"return to sender: ", 18},
        {"sender notify: ", 15},
        {"postmaster notify: ", 19},
    };
    /* The message's text (sendmail/envelope.c, dropenvelope). */
    static const struct {
        struct mt_slice text, action;
        enum mt_effect effect;
    } actions[] = {
        {MT_TEXT("Warning: "), MT_TEXT("delay"), MT_EFFECT_NOTIFIES_DELAY},
        {MT_TEXT("Cannot send message for "), MT_TEXT("expired"), MT_EFFECT_NOTIFIES_EXPIRY},
        {MT_TEXT("Cannot send message within "), MT_TEXT("expired"), MT_EFFECT_NOTIFIES_EXPIRY}, /* before 8.13 */
        {MT_TEXT("delivery time expired "), MT_TEXT("expired"), MT_EFFECT_NOTIFIES_EXPIRY},
        {MT_TEXT("Return receipt"), MT_TEXT("delivery status"), MT_EFFECT_NOTIFIES},
        {MT_TEXT(""), MT_TEXT("non-delivery"), MT_EFFECT_NOTIFIES},
    };
    size_t i = 0;

    while (i < sizeof words / sizeof *words && !mt_eat(&s, words[i])) {
        i++;
    }
    if (i == sizeof words / sizeof *words) {
        return false;
    }
    rec->kind = MT_KIND_BOUNCE;
    rec->postmaster = *words[i].p == 'p';
    mt_set(&rec->f, MT_F_BOUNCE_QUEUE_ID, id);
    mt_set(&rec->f, MT_F_TEXT, s);
    for (i = 0; !mt_slice_starts(s, actions[i].text); i++) {
    }
    mt_set(&rec->f, MT_F_ACTION, actions[i].action);
    rec->effect = (uint8_t)actions[i].effect;
    return true;
}

/* QID2: clone: owner=carol (sendmail/deliver.c, sendall: logged under the parent), or a notification */
bool mt_sendmail_entry_of_two(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    size_t n = mt_sendmail_queue_id(s);
    struct mt_slice id = mt_slice(s.p, n);

    (void)form, (void)all;
    s = mt_slice_skip(s, n);
    if (!n || !MT_EAT(&s, ": ")) {
        return false;
    }
    if (MT_EAT(&s, "clone: owner=")) {
        rec->kind = MT_KIND_FORWARD;
        mt_set(&rec->f, MT_F_NEXT_QUEUE_ID, id);
        mt_set(&rec->f, MT_F_TEXT, s);
        return true;
    }
    return read_notification(rec, id, s);
}

/* done; delay=00:00:01, ntries=1 */
bool mt_sendmail_done(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    struct mt_slice value;

    (void)all;
    rec->kind = form->kind;
    if (mt_sendmail_value(&s, MT_LIT("delay="), &value)) {
        set_interval(rec, MT_F_DELAY, value);
    }
    return true;
}

bool mt_sendmail_discarded(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    rec->kind = form->kind;
    mt_set(&rec->f, MT_F_ACTION, all);
    return !s.n;
}

/* sendmail -Q, sendmail/queue.c */
bool mt_sendmail_quarantine(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    (void)all;
    rec->kind = form->kind;
    mt_set(&rec->f, MT_F_TEXT, s);
    return mt_has(&rec->f, MT_F_QUEUE_ID);
}

bool mt_sendmail_unquarantine(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    (void)all;
    rec->kind = form->kind;
    return !s.n;
}
