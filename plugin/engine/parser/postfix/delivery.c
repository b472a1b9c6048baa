/* What Postfix' delivery agents log: one line per recipient and attempt. See postfix.h.
 *
 * The fields of a delivery stand in the order of log_adhoc.c; all before "status="
 * is Postfix' own but the two addresses, which are quoted. The text in parentheses is
 * the remote server's word to the very end of the line.
 */
#include "parser/reply.h"
#include "postfix.h"

static const struct status {
    struct mt_slice word;
    enum mt_status status;
} statuses[] = {
    {MT_TEXT("sent"), MT_STATUS_SENT},
    {MT_TEXT("deferred"), MT_STATUS_DEFERRED},
    {MT_TEXT("bounced"), MT_STATUS_BOUNCED},
    {MT_TEXT("SOFTBOUNCE"), MT_STATUS_DEFERRED}, /* bounce.c: soft_bounce = yes */
    {MT_TEXT("deliverable"), MT_STATUS_DELIVERABLE},
    {MT_TEXT("undeliverable"), MT_STATUS_UNDELIVERABLE},
    {MT_TEXT("undeliverable-but-not-cached"), MT_STATUS_UNDELIVERABLE},
};

static enum mt_status status_of(struct mt_slice word)
{
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        if (mt_word_eq(word, statuses[i].word)) {
            return statuses[i].status;
        }
    }
    return MT_STATUS_NONE;
}

/* Programs that deliver. Others (qmgr, cleanup) log to=<> for mail that never reached one. */
static const struct mt_slice agents[] = {
    MT_TEXT("smtp"), MT_TEXT("local"), MT_TEXT("lmtp"),  MT_TEXT("virtual"),
    MT_TEXT("pipe"), MT_TEXT("error"), MT_TEXT("retry"), MT_TEXT("discard"),
};

static void set_transport(struct mt_record *rec)
{
    for (size_t i = 0; i < sizeof agents / sizeof *agents; i++) {
        if (mt_word_eq(rec->service, agents[i])) {
            mt_set(&rec->f, MT_F_TRANSPORT, rec->service);
            return;
        }
    }
}

/* An address that is followed by one of the two fields that can follow it. One that is
 * not in the external form (info_log_address_format = internal) has no true end; the
 * first place that looks like it is taken.
 */
static bool take_address(struct mt_slice *at, struct mt_slice *address, bool original)
{
    struct mt_slice s = *at;
    const char *relay, *orig = NULL;

    if (mt_postfix_address(&s, address) &&
        (mt_slice_starts(s, MT_LIT(", relay=")) || (!original && mt_slice_starts(s, MT_LIT(", orig_to=<"))))) {
        *at = s;
        return true;
    }
    relay = mt_find_text(*at, MT_LIT(">, relay="));
    if (!relay) {
        return false;
    }
    if (!original) {
        orig = mt_find_text(mt_slice_to(at->p, relay), MT_LIT(">, orig_to=<"));
    }
    *address = mt_slice_to(at->p, orig ? orig : relay);
    *at = mt_slice_skip(*at, address->n + 1);
    return true;
}

/* smtp: NAME[IP]:PORT, lmtp: also NAME[private/lmtp]; others: a word. */
static void set_relay(struct mt_record *rec, struct mt_slice relay)
{
    struct mt_postfix_peer peer;

    if (mt_slice_eq(relay, MT_LIT("none"))) {
        return;
    }
    if (mt_postfix_peer(&relay, &peer)) {
        mt_postfix_relay(rec, &peer);
    } else {
        mt_set(&rec->f, MT_F_RELAY_NAME, relay);
    }
}

static __attribute__((noinline)) bool take_odd_seconds(struct mt_record *rec, struct mt_slice *at, enum mt_field field)
{
    int64_t usec;

    if (!mt_take_seconds(at, &usec)) {
        return false;
    }
    mt_set_int(&rec->f, field, usec);
    return true;
}

/* "0", "0.2" or "0.25", as pol_stats.c writes most, and what is longer. */
static bool take_seconds(struct mt_record *rec, struct mt_slice *at, enum mt_field field)
{
    const char *p = at->p;
    size_t n = 1;
    int hundredths;

    if (at->n < 5 || !mt_is_digit(p[0])) {
        return take_odd_seconds(rec, at, field);
    }
    hundredths = (p[0] - '0') * 100;
    if (p[1] == '.' && mt_is_digit(p[2])) {
        n = 3;
        hundredths += (p[2] - '0') * 10;
        if (mt_is_digit(p[3])) {
            n = 4;
            hundredths += p[3] - '0';
        }
    }
    if (n != 3 && mt_is_digit(p[n])) {
        return take_odd_seconds(rec, at, field);
    }
    mt_set_int(&rec->f, field, (int64_t)hundredths * 10000);
    *at = mt_slice_skip(*at, n);
    return true;
}

/* ", delay=0.07, delays=0.02/0.03/0.01/0, tls=may:none, dsn=2.0.0, status=": delays since
 * 2.3, tls since 3.11 (pol_stats.c: no comma in it), dsn since 2.3.
 */
static bool take_measures(struct mt_record *rec, struct mt_slice *at)
{
    struct mt_slice token;
    int64_t uses;

    if (MT_EAT(at, ", conn_use=") && !mt_take_int(at, &uses)) {
        return false;
    }
    if (!MT_EAT(at, ", delay=") || !take_seconds(rec, at, MT_F_DELAY)) {
        return false;
    }
    if (MT_EAT(at, ", delays=") && !(take_seconds(rec, at, MT_F_DELAYS_BEFORE_QUEUE) && MT_EAT(at, "/") &&
                                     take_seconds(rec, at, MT_F_DELAYS_IN_QUEUE) && MT_EAT(at, "/") &&
                                     take_seconds(rec, at, MT_F_DELAYS_CONNECT) && MT_EAT(at, "/") &&
                                     take_seconds(rec, at, MT_F_DELAYS_TRANSMIT))) {
        return false;
    }
    if (MT_EAT(at, ", tls=")) {
        const char *comma = mt_find(*at, ',');
        if (!comma) {
            return false;
        }
        *at = mt_slice_skip(*at, (size_t)(comma - at->p));
    }
    if (MT_EAT(at, ", dsn=")) {
        if (!mt_take_dsn(at, &token)) {
            return false;
        }
        mt_set(&rec->f, MT_F_DSN, token);
    }
    return MT_EAT(at, ", status=");
}

/* "250 ..."; or "host H[IP] said: 550 ...", "host H[IP] refused to talk to me: 554 ...": smtp_trouble.c,
 * smtp_proto.c. Anywhere else such words are not a reply to Postfix.
 */
static int reply_code(struct mt_slice response)
{
    struct mt_postfix_peer peer;
    int code = mt_reply_code(response);

    if (!code && MT_EAT(&response, "host ") && mt_postfix_peer(&response, &peer) &&
        (MT_EAT(&response, " said: ") || MT_EAT(&response, " refused to talk to me: "))) {
        code = mt_reply_code(response);
    }
    return code;
}

/* Mail that went nowhere though Postfix writes "sent": discard(8) and qmgr(8), which
 * alone have no relay and yet success, and local(8) for a missing postmaster (unknown.c).
 */
static bool is_discarded(const struct mt_record *rec, struct mt_slice relay, struct mt_slice response)
{
    return mt_slice_eq(rec->service, MT_LIT("discard")) || mt_slice_eq(relay, MT_LIT("none")) ||
           (mt_slice_eq(relay, MT_LIT("local")) && mt_slice_eq(response, MT_LIT("discarded")));
}

static void set_next(struct mt_record *rec, struct mt_slice relay, struct mt_slice response)
{
    struct mt_slice id;

    if (is_discarded(rec, relay, response)) {
        rec->status = MT_STATUS_DISCARDED;
    } else if (mt_is_digit(response.n ? *response.p : ' ')) {
        mt_set(&rec->f, MT_F_NEXT_QUEUE_ID, mt_reply_id(response, ' '));
    } else if (mt_slice_eq(relay, MT_LIT("local")) && mt_slice_starts(response, MT_LIT("forwarded as ")) &&
               (id = mt_reply_id(response, ' ')).n && id.p + id.n == response.p + response.n &&
               mt_postfix_queue_id(id) == id.n) { /* forward.c */
        mt_set(&rec->f, MT_F_NEXT_QUEUE_ID, id);
        rec->effect = MT_EFFECT_FORWARDS;
        mt_set(&rec->f, MT_F_ACTION, MT_LIT("forwarded"));
    }
}

/* What is not handed back was answered by the filter itself, which is on the host. */
static void set_filter_id(struct mt_record *rec, struct mt_slice response)
{
    struct mt_slice relay = mt_get(&rec->f, MT_F_RELAY_IP);

    if (mt_slice_starts(relay, MT_LIT("127.")) || mt_slice_eq(relay, MT_LIT("::1")) ||
        mt_has(&rec->f, MT_F_RELAY_PATH)) {
        rec->alias = (struct mt_alias_name){mt_reply_filter_id(response), MT_SPACE_FILTER};
    }
}

/* 098F1AAE9E9: to=<a@b>, orig_to=<c>, relay=h[10.0.0.1]:25, delay=0.07, delays=0.02/0/0/0.05,
 * dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 4jX8mH6GrSz1drYQ)
 */
bool mt_postfix_delivery(struct mt_record *rec, const struct mt_form *form, struct mt_slice text, struct mt_slice at)
{
    struct mt_slice address, relay, word;
    const char *comma;
    int code;

    (void)text;
    if (!take_address(&at, &address, false)) {
        return false;
    }
    mt_set(&rec->f, MT_F_TO, address);
    if (MT_EAT(&at, ", orig_to=<")) {
        if (!take_address(&at, &address, true)) {
            return false;
        }
        mt_set(&rec->f, MT_F_ORIG_TO, address);
    }
    if (!MT_EAT(&at, ", relay=")) {
        return false;
    }
    comma = mt_find(at, ',');
    if (!comma) {
        return false;
    }
    relay = mt_slice_to(at.p, comma);
    at = mt_slice_skip(at, relay.n);
    if (!take_measures(rec, &at) || !mt_take_word(&at, &word) || !MT_EAT(&at, "(")) {
        return false;
    }
    rec->kind = form->kind;
    rec->status = (uint8_t)status_of(word);
    if (at.n && at.p[at.n - 1] == ')') {
        at.n--;
    }
    set_transport(rec);
    set_relay(rec, relay);
    mt_set(&rec->f, MT_F_RESPONSE, at);
    code = reply_code(at);
    if (code) {
        mt_set_int(&rec->f, MT_F_REPLY_CODE, code);
    }
    if (rec->status == MT_STATUS_SENT) {
        set_next(rec, relay, at);
    }
    if (!mt_has(&rec->f, MT_F_NEXT_QUEUE_ID)) {
        set_filter_id(rec, at);
    }
    if (rec->status == MT_STATUS_DELIVERABLE || rec->status == MT_STATUS_UNDELIVERABLE) {
        rec->effect = MT_EFFECT_PROBES;
    }
    return rec->status != MT_STATUS_NONE;
}
