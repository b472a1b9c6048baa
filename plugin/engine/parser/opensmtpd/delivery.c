/* OpenSMTPD: what became of an envelope (mta.c, mda.c, queue.c). */
#include "opensmtpd.h"

#include "parser/reply.h"

/* "1h2m3s" (to.c, duration_to_text) */
static void set_delay(struct mt_record *rec, struct mt_slice s)
{
    static const char units[] = "dhms";
    static const int64_t seconds[] = {86400, 3600, 60, 1};
    int64_t sum = 0, number;
    const char *unit;

    while (s.n && mt_take_int(&s, &number) && s.n && (unit = strchr(units, *s.p)) && *unit &&
           number <= INT32_MAX / seconds[unit - units] && sum <= INT32_MAX) {
        sum += number * seconds[unit - units];
        s = mt_slice_skip(s, 1);
    }
    if (!s.n) {
        mt_set_int(&rec->f, MT_F_DELAY, sum * 1000000);
    }
}

/* What the next server said, or the program that took the message over. */
static void set_reply(struct mt_record *rec, struct mt_slice reply)
{
    mt_reply_set(rec, reply);
    if (rec->status == MT_STATUS_SENT) {
        mt_set(&rec->f, MT_F_NEXT_QUEUE_ID, mt_reply_id(reply, ' '));
    }
}

/* "192.0.2.1 (mx.example.net)", or a domain that nobody was found for */
static void set_relay(struct mt_record *rec, struct mt_slice relay)
{
    struct mt_slice ip;

    if (!mt_take_to(&relay, MT_LIT(" ("), &ip)) {
        mt_set(&rec->f, MT_F_RELAY_NAME, relay);
        return;
    }
    if (ip.n > 2 && *ip.p == '[') {
        ip = mt_slice(ip.p + 1, ip.n - 2);
    }
    relay.n -= relay.n && relay.p[relay.n - 1] == ')';
    mt_set(&rec->f, MT_F_RELAY_IP, ip);
    mt_set(&rec->f, MT_F_RELAY_NAME, relay);
}

static void set_recipient(struct mt_record *rec, struct mt_slice to, struct mt_slice rcpt)
{
    mt_set(&rec->f, MT_F_TO, to);
    if (!mt_slice_eq(rcpt, MT_LIT("-")) && !mt_slice_eq(rcpt, to)) {
        mt_set(&rec->f, MT_F_ORIG_TO, rcpt);
    }
}

static bool set_status(struct mt_record *rec, struct mt_slice result)
{
    if (mt_slice_eq(result, MT_LIT("Ok"))) {
        rec->status = MT_STATUS_SENT;
    } else if (mt_slice_eq(result, MT_LIT("TempFail"))) {
        rec->status = MT_STATUS_DEFERRED;
    } else if (mt_slice_eq(result, MT_LIT("PermFail"))) {
        rec->status = MT_STATUS_BOUNCED;
    } else {
        return false;
    }
    return true;
}

/* "evpid=7c9ae1b2d3e4f5a6 from=<a@x> to=<b@y> " */
static bool read_envelope(struct mt_record *rec, struct mt_slice *at, struct mt_slice *to)
{
    struct mt_slice from;

    if (!MT_EAT(at, "evpid=") || !mt_opensmtpd_hex(*at, 16)) {
        return false;
    }
    mt_opensmtpd_envelope(rec, *at);
    *at = mt_slice_skip(*at, 16);
    if (!MT_EAT(at, " ") || !mt_opensmtpd_address(at, MT_LIT("from=<"), MT_LIT("> to=<"), &from) ||
        !mt_take_to(at, MT_LIT("> rcpt=<"), to)) {
        return false;
    }
    mt_set_empty(&rec->f, MT_F_FROM, from);
    return true;
}

/* mta delivery evpid=E from=<a@x> to=<b@y> rcpt=<-> source="192.0.2.9" relay="192.0.2.1 (mx.y)" delay=1s result="Ok" stat="250 Ok" */
bool mt_opensmtpd_mta(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    struct mt_slice to, rcpt, source, relay, delay, result;

    (void)all;
    if (!read_envelope(rec, &s, &to) || !mt_take_to(&s, MT_LIT("> source=\""), &rcpt) ||
        !mt_take_to(&s, MT_LIT("\" relay=\""), &source) || !mt_take_to(&s, MT_LIT("\" delay="), &relay) ||
        !mt_take_to(&s, MT_LIT(" result=\""), &delay) || !mt_take_to(&s, MT_LIT("\" stat=\""), &result) ||
        !mt_slice_ends(s, MT_LIT("\"")) || !set_status(rec, result)) {
        return false;
    }
    rec->kind = form->kind;
    s.n--;
    set_recipient(rec, to, rcpt);
    mt_set(&rec->f, MT_F_TRANSPORT, MT_LIT("mta"));
    set_relay(rec, relay);
    set_delay(rec, delay);
    set_reply(rec, s);
    return true;
}

/* mda delivery evpid=E from=<a@x> to=<b@y> rcpt=<b@y> user=bob delay=1s result=Ok stat=Delivered */
bool mt_opensmtpd_mda(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    struct mt_slice to, rcpt, user, delay, result;

    (void)all;
    if (!read_envelope(rec, &s, &to) || !mt_take_to(&s, MT_LIT("> user="), &rcpt) ||
        !mt_take_to(&s, MT_LIT(" delay="), &user) || !mt_take_to(&s, MT_LIT(" result="), &delay) ||
        !mt_take_to(&s, MT_LIT(" stat="), &result) || !set_status(rec, result)) {
        return false;
    }
    rec->kind = form->kind;
    set_recipient(rec, to, rcpt);
    mt_set(&rec->f, MT_F_TRANSPORT, MT_LIT("mda"));
    mt_set(&rec->f, MT_F_RELAY_NAME, user);
    set_delay(rec, delay);
    set_reply(rec, s);
    return true;
}

/* The status of a word before " for EVPID: ". */
static bool set_queue_status(struct mt_record *rec, struct mt_slice word)
{
    if (mt_slice_eq(word, MT_LIT("Expire"))) {
        rec->status = MT_STATUS_EXPIRED;
        return true;
    }
    return set_status(rec, word);
}

/* relay: Expire for 7c9ae1b2d3e4f5a6: from=<a@x>, to=<b@y>, rcpt=<->, delay=4d, stat=Envelope expired
 * relay: Ok for 7c9ae1b2d3e4f5a6: session=S, from=<a@x>, to=<b@y>, rcpt=<->, source=I, relay=I (n), delay=1s, stat=250 Ok  (5.x)
 */
bool mt_opensmtpd_queue(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    struct mt_slice word, from, to, rcpt, middle, relay = {NULL, 0};
    const char *p;

    (void)all;
    if (!mt_take_to(&s, MT_LIT(" for "), &word) || !mt_opensmtpd_hex(s, 16)) {
        return mt_form_plain(rec, form, all, s) && (rec->kind = MT_KIND_INFO, true);
    }
    mt_opensmtpd_envelope(rec, s);
    s = mt_slice_skip(s, 16);
    if (!MT_EAT(&s, ": ")) {
        return false;
    }
    if (MT_EAT(&s, "session=") && !mt_take_to(&s, MT_LIT(", "), &middle)) {
        return false;
    }
    if (!mt_opensmtpd_address(&s, MT_LIT("from=<"), MT_LIT(">, to=<"), &from) ||
        !mt_take_to(&s, MT_LIT(">, rcpt=<"), &to) || !mt_take_to(&s, MT_LIT(">, "), &rcpt) ||
        !mt_take_to(&s, MT_LIT("delay="), &middle)) {
        return false;
    }
    if ((p = mt_find_text(middle, MT_LIT("relay=")))) {
        relay = mt_slice_to(p + 6, middle.p + middle.n - 2);
    }
    if (!mt_take_to(&s, MT_LIT(", stat="), &middle)) {
        return false;
    }
    mt_set_empty(&rec->f, MT_F_FROM, from);
    if (mt_slice_eq(word, MT_LIT("Remove"))) {
        rec->kind = MT_KIND_DELETE;
        mt_set(&rec->f, MT_F_TO, to);
        return true;
    }
    rec->kind = form->kind;
    if (!set_queue_status(rec, word)) {
        return false;
    }
    set_recipient(rec, to, rcpt);
    if (relay.n) {
        set_relay(rec, relay);
    }
    set_delay(rec, middle);
    set_reply(rec, s);
    return true;
}

/* mta connecting address=smtp://192.0.2.1:25 host=mx.example.net */
bool mt_opensmtpd_connecting(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    struct mt_slice scheme, address;
    const char *port;
    int64_t number;

    mt_form_plain(rec, form, all, s);
    if (!MT_EAT(&s, "address=") || !mt_take_to(&s, MT_LIT("://"), &scheme) || !mt_take_word(&s, &address) ||
        !MT_EAT(&s, "host=") || !(port = mt_find_last(address, MT_LIT(":")))) {
        return true;
    }
    if (mt_whole_int(mt_slice_to(port + 1, address.p + address.n), &number)) {
        mt_set_int(&rec->f, MT_F_RELAY_PORT, number);
    }
    address = mt_slice_to(address.p, port);
    if (address.n > 2 && *address.p == '[') {
        address = mt_slice(address.p + 1, address.n - 2);
    }
    mt_set(&rec->f, MT_F_RELAY_IP, address);
    mt_set(&rec->f, MT_F_RELAY_NAME, s);
    return true;
}

/* mta tls ciphers=TLSv1.3:TLS_AES_256_GCM_SHA384:256 */
bool mt_opensmtpd_mta_tls(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    (void)all;
    if (!MT_EAT(&s, "ciphers=")) {
        return false;
    }
    rec->kind = form->kind;
    mt_opensmtpd_ciphers(rec, MT_F_TLS_VERSION, s);
    return true;
}

/* mta cert-check result="valid" fingerprint="SHA256:..."; in 6.8 server-cert-check result="success" */
bool mt_opensmtpd_mta_certificate(struct mt_record *rec, const struct mt_form *form, struct mt_slice all,
                                  struct mt_slice s)
{
    return mt_opensmtpd_checked(rec, form, all, s, MT_F_TLS_VERIFY);
}
