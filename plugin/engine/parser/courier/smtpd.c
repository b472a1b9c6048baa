/* Courier: what a client did (module.esmtp/courieresmtpd.c). */
#include "courier.h"

#include "parser/reply.h"

/* started,ip=[::ffff:192.0.2.1],port=[36471] */
bool mt_courier_connected(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    struct mt_slice ip;
    int64_t port;

    (void)all;
    if (!mt_take_to(&s, MT_LIT("],port=["), &ip) || !mt_take_int(&s, &port) || !mt_slice_eq(s, MT_LIT("]"))) {
        return false;
    }
    rec->kind = form->kind;
    mt_set(&rec->f, MT_F_CLIENT_IP, mt_courier_ip(ip));
    mt_set_int(&rec->f, MT_F_CLIENT_PORT, port);
    return true;
}

/* ip=[::ffff:192.0.2.1], Unexpected SSL connection shutdown. */
bool mt_courier_shut_down(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    struct mt_slice ip;

    if (!mt_take_to(&s, MT_LIT("], "), &ip)) {
        return false;
    }
    mt_form_plain(rec, form, all, s);
    mt_set(&rec->f, MT_F_CLIENT_IP, mt_courier_ip(ip));
    return true;
}

/* courieresmtpd: STARTTLS failed: ip=[::ffff:192.0.2.1], An unexpected TLS packet was received. */
bool mt_courier_tls_failed(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    struct mt_slice ip;

    (void)all;
    if (!mt_take_to(&s, MT_LIT("], "), &ip)) {
        return false;
    }
    rec->kind = form->kind;
    rec->session = ip;
    mt_form_trouble(rec, (enum mt_trouble)form->trouble);
    mt_set(&rec->f, MT_F_CLIENT_IP, mt_courier_ip(ip));
    mt_set(&rec->f, MT_F_STAGE, MT_LIT("STARTTLS"));
    mt_set(&rec->f, MT_F_RESPONSE, s);
    return true;
}

/* An SMTP command as the field "stage" names it. */
static struct mt_slice stage_of(struct mt_slice command)
{
    static const struct mt_slice stages[] = {MT_TEXT("EHLO"), MT_TEXT("HELO"), MT_TEXT("STARTTLS"), MT_TEXT("AUTH"),
                                             MT_TEXT("MAIL"), MT_TEXT("RCPT"), MT_TEXT("DATA"),     MT_TEXT("RSET"),
                                             MT_TEXT("NOOP"), MT_TEXT("QUIT"), MT_TEXT("VRFY"),     MT_TEXT("EXPN"),
                                             MT_TEXT("ETRN")};

    for (size_t i = 0; i < sizeof stages / sizeof *stages; i++) {
        if (command.n >= stages[i].n && strncasecmp(command.p, stages[i].p, stages[i].n) == 0 &&
            (command.n == stages[i].n || !mt_is_alnum(command.p[stages[i].n]))) {
            return i ? stages[i] : stages[1];
        }
    }
    return MT_LIT("UNKNOWN");
}

static bool refuse(struct mt_record *rec, struct mt_slice all, struct mt_slice reply)
{
    if (mt_courier_goes_on(reply)) { /* the last line of the reply is the refusal */
        mt_set(&rec->f, MT_F_TEXT, all);
        rec->kind = MT_KIND_INFO;
        rec->effect = MT_EFFECT_NONE;
        return true;
    }
    mt_set(&rec->f, MT_F_ACTION, MT_LIT("error"));
    mt_reply_set(rec, reply);
    return true;
}

/* msg="502 ESMTP command error",cmd: EXPN list: all behind it is the client's. */
static bool refuse_command(struct mt_record *rec, struct mt_slice all, struct mt_slice s)
{
    struct mt_slice reply;

    if (!mt_take_to(&s, MT_LIT("\",cmd: "), &reply)) {
        return false;
    }
    mt_set(&rec->f, MT_F_STAGE, stage_of(s));
    return refuse(rec, all, reply);
}

/* from=<a@x>,to=<b@y>: 550 User unknown. Of what the client said '<', '>' and ':' are made blanks. */
static bool refuse_address(struct mt_record *rec, struct mt_slice all, struct mt_slice s)
{
    struct mt_slice from, to = {NULL, 0};
    bool text;

    if (!mt_take_to(&s, MT_LIT(">"), &from) || (MT_EAT(&s, ",to=<") && !mt_take_to(&s, MT_LIT(">"), &to)) ||
        !MT_EAT(&s, ": ")) {
        return false;
    }
    text = mt_find_text(s, MT_LIT("Message length (")) != NULL;
    mt_set_empty(&rec->f, MT_F_FROM, from);
    mt_set(&rec->f, MT_F_TO, to);
    mt_set(&rec->f, MT_F_STAGE, to.p ? MT_LIT("RCPT") : text ? MT_LIT("END-OF-MESSAGE") : MT_LIT("MAIL"));
    return refuse(rec, all, s);
}

/* What an ident server said of the client may hold what the rest of its line begins with: believed is what is there once. */
static bool take_ident(struct mt_slice *at, struct mt_slice until)
{
    struct mt_slice ident;

    return !MT_EAT(at, ",ident=") || (mt_take_to(at, until, &ident) && !mt_find_text(*at, until) &&
                                      (*at = mt_slice_to(at->p - until.n, at->p + at->n), true));
}

/* error,relay=::ffff:192.0.2.1,port=36471[,ident=x],from=<a@x>[,to=<b@y>]: 550 User unknown
 * error,relay=::ffff:192.0.2.1,port=36471[,ident="x"],msg="502 ESMTP command error",cmd: EXPN list
 */
bool mt_courier_error(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    static const struct mt_slice command = MT_TEXT(",msg=\""), address = MT_TEXT(",from=<");
    struct mt_slice ip;
    int64_t port;
    bool quoted;

    if (!mt_take_to(&s, MT_LIT(",port="), &ip) || !mt_take_int(&s, &port)) {
        return false;
    }
    quoted = mt_slice_starts(s, MT_LIT(",ident=\"")) || mt_slice_starts(s, command);
    if (!take_ident(&s, quoted ? command : address) || !mt_eat(&s, quoted ? command : address)) {
        return false;
    }
    rec->kind = form->kind;
    mt_set(&rec->f, MT_F_CLIENT_IP, mt_courier_ip(ip));
    mt_set_int(&rec->f, MT_F_CLIENT_PORT, port);
    return quoted ? refuse_command(rec, all, s) : refuse_address(rec, all, s);
}
