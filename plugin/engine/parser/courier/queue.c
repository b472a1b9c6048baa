/* Courier: what became of a message (cdmsgq.C, cdmsgq3.C, libs/comctlfile.c). */
#include "courier.h"

#include "parser/reply.h"

#define INODE_DIGITS 16 /* of "INODE.TIME.PID", 16, 16 and 8 */
#define ID_LENGTH    42

/* "0000000000BCC0BD.000000006B023BC5.00000145": QUEUE_ID, and EXTERNAL_ID, which is what a client is told. */
static bool take_id(struct mt_record *rec, struct mt_slice *at)
{
    if (at->n < ID_LENGTH) {
        return false;
    }
    for (size_t i = 0; i < ID_LENGTH; i++) {
        char c = at->p[i];
        bool dot = i == INODE_DIGITS || i == (size_t)2 * INODE_DIGITS + 1;
        if (dot ? c != '.' : !mt_is_digit(c) && (c < 'A' || c > 'F')) {
            return false;
        }
    }
    mt_set(&rec->f, MT_F_QUEUE_ID, mt_slice(at->p, ID_LENGTH));
    mt_set(&rec->f, MT_F_EXTERNAL_ID, mt_slice(at->p + INODE_DIGITS + 1, ID_LENGTH - INODE_DIGITS - 1));
    *at = mt_slice_skip(*at, ID_LENGTH);
    return true;
}

static bool ends_address(struct mt_slice s, const struct mt_slice *ends, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (mt_slice_starts(s, ends[i])) {
            return true;
        }
    }
    return false;
}

/* Moves over an address, which ends at a '>' with one of `ends` behind it. In quotes it may hold these. One that is
 * cut may have lost its second quote: that it was cut tells its end.
 */
static bool take_address(struct mt_slice *at, const struct mt_slice *ends, size_t n, struct mt_slice *address)
{
    static const struct mt_slice dots = MT_TEXT("...>");
    bool quoted = false;
    size_t i;

    for (i = 0; i < at->n && i <= MT_COURIER_CUT; i++) {
        char c = at->p[i];
        if (i < MT_COURIER_CUT && quoted && c == '\\') {
            i++;
        } else if (c == '"') {
            quoted = !quoted;
        } else if (c == '>' && !quoted && ends_address(mt_slice_skip(*at, i + 1), ends, n)) {
            *address = mt_slice(at->p, i);
            *at = mt_slice_skip(*at, i + 1);
            return true;
        }
    }
    if (at->n < MT_COURIER_CUT + dots.n || !mt_slice_starts(mt_slice_skip(*at, MT_COURIER_CUT), dots)) {
        return false;
    }
    i = MT_COURIER_CUT + dots.n;
    *address = mt_slice(at->p, i - 1);
    *at = mt_slice_skip(*at, i);
    return ends_address(*at, ends, n);
}

/* "dns; HELO (NAME [IP])": blanks in HELO are '_'. */
static void set_client(struct mt_record *rec, struct mt_slice s)
{
    struct mt_slice helo, name;
    const char *open;

    if (!mt_take_to(&s, MT_LIT(" ("), &helo) || mt_find(helo, ' ') || !mt_slice_ends(s, MT_LIT("])")) ||
        !(open = mt_find_last(s, MT_LIT("[")))) {
        return;
    }
    name = mt_slice_to(s.p, open);
    name.n -= mt_slice_ends(name, MT_LIT(" "));
    mt_set(&rec->f, MT_F_CLIENT_HELO, helo);
    mt_set(&rec->f, MT_F_CLIENT_NAME, mt_slice_eq(name, MT_LIT("softdnserr")) ? mt_slice(NULL, 0) : mt_known(name));
    mt_set(&rec->f, MT_F_CLIENT_IP, mt_courier_ip(mt_slice_to(open + 1, s.p + s.n - 2)));
}

/* newmsg,id=ID: dns; mail.example.com (mail.example.com [::ffff:192.0.2.1])
 * newmsg,id=ID, auth=alice: dns; ...
 * What the host itself submits, and each notification, is from localhost, with an address that no socket has.
 */
bool mt_courier_newmsg(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    struct mt_slice user = {NULL, 0};

    (void)all;
    if (!take_id(rec, &s) || (MT_EAT(&s, ", auth=") && !mt_take_to(&s, MT_LIT(": "), &user)) ||
        (!user.p && !MT_EAT(&s, ": "))) {
        return false;
    }
    mt_set(&rec->f, MT_F_CLIENT_USER, user);
    rec->kind = form->kind;
    if (mt_slice_eq(s, MT_LIT("dns; localhost (localhost [127.0.0.1])")) || mt_slice_starts(s, MT_LIT("local; "))) {
        rec->kind = MT_KIND_LOCAL;
    } else if (MT_EAT(&s, "dns; ")) {
        set_client(rec, s);
    } else {
        rec->kind = MT_KIND_NEW;
    }
    return true;
}

/* started,id=ID,from=<a@x>,module=esmtp,host=y,addr=<b@y>; a notification is module dsn, and its sender nobody's: with host=deferred
 * it tells that some wait, and with host= how the message ended.
 */
bool mt_courier_started(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    static const struct mt_slice ends[] = {MT_TEXT(",module=")};
    struct mt_slice from;

    if (!take_id(rec, &s) || !MT_EAT(&s, ",from=<") || !take_address(&s, ends, 1, &from)) {
        return false;
    }
    s = mt_slice_skip(s, ends[0].n);
    if (!MT_EAT(&s, "dsn,host=")) {
        rec->kind = form->kind;
        mt_set_empty(&rec->f, MT_F_FROM, from);
        return true;
    }
    rec->kind = mt_slice_starts(s, MT_LIT(",addr=<")) ? MT_KIND_EXPIRED : MT_KIND_INFO;
    mt_set(&rec->f, MT_F_TEXT, all);
    return true;
}

/* completed,id=ID */
bool mt_courier_completed(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    (void)all;
    rec->kind = form->kind;
    return take_id(rec, &s) && !s.n;
}

/* mx.example.net [192.0.2.25] */
static void set_relay(struct mt_record *rec, struct mt_slice s)
{
    const char *open = mt_find_last(s, MT_LIT(" ["));

    if (open && mt_slice_ends(s, MT_LIT("]"))) {
        mt_set(&rec->f, MT_F_RELAY_NAME, mt_slice_to(s.p, open));
        mt_set(&rec->f, MT_F_RELAY_IP, mt_courier_ip(mt_slice_to(open + 2, s.p + s.n - 1)));
    }
}

/* What the next server, or the module itself, says before the result. Of a reply of several lines the last one counts. */
static void set_reply(struct mt_record *rec, struct mt_slice all, struct mt_slice text)
{
    struct mt_reply reply = mt_reply_read(text, ' ');

    if (mt_courier_goes_on(text)) {
        rec->kind = MT_KIND_INFO;
        mt_set(&rec->f, MT_F_TEXT, all);
        return;
    }
    rec->kind = MT_KIND_REPLY;
    mt_reply_set(rec, text);
    if (reply.code >= 200 && reply.code < 300) {
        mt_set(&rec->f, MT_F_NEXT_QUEUE_ID, reply.id);
    }
}

static bool set_status(struct mt_record *rec, struct mt_slice word)
{
    if (mt_slice_eq(word, MT_LIT("success"))) {
        rec->status = MT_STATUS_SENT;
    } else if (mt_slice_eq(word, MT_LIT("deferred"))) {
        rec->status = MT_STATUS_DEFERRED;
    } else if (mt_slice_eq(word, MT_LIT("failure"))) {
        rec->status = MT_STATUS_BOUNCED;
    } else {
        return false;
    }
    return true;
}

/* ",size=364,success: Message delivered.", ",success: delivered: mx.y [192.0.2.25]", ",status: failure" */
static bool set_result(struct mt_record *rec, const struct mt_form *form, struct mt_slice s)
{
    int64_t size;

    if (MT_EAT(&s, ",size=")) {
        if (!mt_take_int(&s, &size)) {
            return false;
        }
        mt_set_int(&rec->f, MT_F_SIZE, size);
    }
    rec->kind = form->kind;
    if (MT_EAT(&s, ",status: ")) {
        return set_status(rec, s);
    }
    if (!MT_EAT(&s, ",success: ")) {
        return false;
    }
    if (mt_slice_eq(s, MT_LIT("Message delivered."))) { /* a mailbox: no status follows */
        rec->status = MT_STATUS_SENT;
        mt_set(&rec->f, MT_F_RESPONSE, s);
        return true;
    }
    rec->kind = MT_KIND_REPLY;
    if (MT_EAT(&s, "delivered: ")) {
        set_relay(rec, s);
    }
    return true;
}

/* id=ID,from=<a@x>,addr=<b@y>: 250 2.0.0 Ok: queued as 4F2A0B9C, and the results */
bool mt_courier_recipient(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    static const struct mt_slice senders[] = {MT_TEXT(",addr=<")};
    static const struct mt_slice recipients[] = {MT_TEXT(": "), MT_TEXT(",status: "), MT_TEXT(",success: "),
                                                 MT_TEXT(",size=")};
    struct mt_slice from, to, module = rec->service;

    if (!take_id(rec, &s) || !MT_EAT(&s, ",from=<") || !take_address(&s, senders, 1, &from) || !MT_EAT(&s, ",addr=<") ||
        !take_address(&s, recipients, 4, &to)) {
        return false;
    }
    if (!to.n || mt_slice_eq(module, MT_LIT("courierdsn"))) { /* it is the notification's own business */
        rec->kind = MT_KIND_INFO;
        mt_set(&rec->f, MT_F_TEXT, all);
        return true;
    }
    mt_set_empty(&rec->f, MT_F_FROM, from);
    mt_set(&rec->f, MT_F_TO, to);
    if (MT_EAT(&module, "courier") && !mt_slice_eq(module, MT_LIT("d"))) {
        mt_set(&rec->f, MT_F_TRANSPORT, module);
    }
    if (MT_EAT(&s, ": ")) {
        set_reply(rec, all, s);
        return true;
    }
    return set_result(rec, form, s);
}
