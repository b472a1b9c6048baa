/* qmail: what became of a delivery.
 *
 * What follows the result is a report: of qmail-remote.c, which quotes the other server ("Remote_host_said:_"), of qmail-local.c,
 * behind what a user's own programs said, or of qmail-send itself. A newline is '/' in it and a blank '_', so what a stranger says
 * is told from the report's own words by its place: the form of qmail-remote is that which the text begins with, that of
 * qmail-local and qmail-send that which it ends with. What has both says neither.
 */
#include "qmail.h"

#include "parser/reply.h"

static const struct mt_slice too_long =
    MT_TEXT("/I'm_not_going_to_try_again;_this_message_has_been_in_the_queue_too_long./");

/* "192.0.2.25": up to '_' */
static bool take_address(struct mt_slice *at, struct mt_slice *address)
{
    size_t n = 0;
    bool separator = false;

    while (n < at->n && (mt_is_digit(at->p[n]) || at->p[n] == '.' || at->p[n] == ':' ||
                         ((at->p[n] | 0x20) >= 'a' && (at->p[n] | 0x20) <= 'f'))) {
        separator |= at->p[n] == '.' || at->p[n] == ':';
        n++;
    }
    if (!separator || n == at->n || at->p[n] != '_') {
        return false;
    }
    *address = mt_slice(at->p, n);
    *at = mt_slice_skip(*at, n);
    return true;
}

struct report {
    struct mt_slice relay; /* empty: none, or it is not known */
    struct mt_slice reply; /* of the next server */
    struct mt_slice made;  /* the process that queued what was forwarded */
    bool remote, local, given_up;
};

static struct mt_slice behind(struct mt_slice s, struct mt_slice words)
{
    const char *p = mt_find_text(s, words);

    return p ? mt_slice_to(p + words.n, s.p + s.n) : mt_slice(NULL, 0);
}

/* 192.0.2.25_accepted_message./Remote_host_said:_250_ok/; Connected_to_192.0.2.25_but_connection_died._(#4.4.2)/ */
static void read_remote(struct report *report, struct mt_slice s)
{
    static const struct mt_slice forms[] = {
        MT_TEXT("_accepted_message./Remote_host_said:_"),
        MT_TEXT("_does_not_like_recipient./Remote_host_said:_"),
        MT_TEXT("_failed_after_I_sent_the_message./Remote_host_said:_"),
        MT_TEXT("_failed_on_DATA_command./Remote_host_said:_"),
    };

    if (MT_EAT(&s, "Connected_to_")) {
        report->remote = take_address(&s, &report->relay) && MT_EAT(&s, "_but_");
        report->reply = report->remote ? behind(s, MT_LIT("./Remote_host_said:_")) : mt_slice(NULL, 0);
    } else if (take_address(&s, &report->relay)) {
        for (size_t i = 0; i < sizeof forms / sizeof *forms && !report->remote; i++) {
            report->remote = mt_eat(&s, forms[i]);
        }
        report->reply = s;
    }
    if (!report->remote) {
        report->relay = report->reply = mt_slice(NULL, 0);
    }
}

/* did_1+0+2/, did_0+1+0/qp_190/: mailboxes, forwards, programs */
static void read_local(struct report *report, struct mt_slice s)
{
    const char *p = mt_find_last(s, MT_LIT("did_"));
    struct mt_slice boxes, forwards, programs, made = {NULL, 0};

    if (!p || (p > s.p && p[-1] != '/')) {
        return;
    }
    s = mt_slice_to(p + 4, s.p + s.n);
    if (!mt_qmail_number(&s, &boxes) || !MT_EAT(&s, "+") || !mt_qmail_number(&s, &forwards) || !MT_EAT(&s, "+") ||
        !mt_qmail_number(&s, &programs) || !MT_EAT(&s, "/")) {
        return;
    }
    if (MT_EAT(&s, "qp_") && (!mt_qmail_number(&s, &made) || !MT_EAT(&s, "/"))) {
        return;
    }
    report->local = !s.n;
    report->made = report->local ? made : mt_slice(NULL, 0);
}

/* "(#5.1.1)" at the end of a line, the last one: in the report's own words, or in the reply of a server that writes so. Only of the
 * status's class.
 */
static struct mt_slice noted_dsn(struct mt_slice s, char class)
{
    const char *p = mt_find_last(s, MT_LIT("(#"));
    struct mt_slice dsn, rest = p ? mt_slice_to(p + 2, s.p + s.n) : mt_slice(NULL, 0);

    return p && mt_take_dsn(&rest, &dsn) && mt_slice_starts(rest, MT_LIT(")/")) && *dsn.p == class ? dsn
                                                                                                   : mt_slice(NULL, 0);
}

static char class_of(const struct mt_record *rec, const struct report *report)
{
    return rec->status == MT_STATUS_SENT ? '2' : rec->status == MT_STATUS_DEFERRED || report->given_up ? '4' : '5';
}

static void set_report(struct mt_record *rec, const struct report *report, struct mt_slice text)
{
    struct mt_slice said = report->reply;
    struct mt_reply reply;

    said.n -= said.n && said.p[said.n - 1] == '/';
    reply = mt_reply_read(said, '_');
    mt_set(&rec->f, MT_F_RELAY_IP, report->relay);
    if (reply.code) {
        mt_set_int(&rec->f, MT_F_REPLY_CODE, reply.code);
    }
    mt_set(&rec->f, MT_F_DSN, reply.dsn.n ? reply.dsn : noted_dsn(text, class_of(rec, report)));
    if (rec->status == MT_STATUS_SENT) {
        mt_set(&rec->f, MT_F_NEXT_QUEUE_ID, reply.id);
    }
}

static void read_report(struct mt_record *rec, struct mt_slice text)
{
    struct report report = {0};

    read_remote(&report, text);
    if (rec->status == MT_STATUS_SENT) {
        read_local(&report, text);
    } else if (rec->status == MT_STATUS_BOUNCED && mt_slice_ends(text, too_long)) {
        /* What another server refuses for good did not wait too long, whatever that server says. */
        report.given_up = !report.reply.n || *report.reply.p != '5';
        rec->status = report.given_up ? MT_STATUS_EXPIRED : MT_STATUS_BOUNCED;
    }
    if (report.remote && report.local) {
        return;
    }
    if (report.made.n) {
        rec->effect = MT_EFFECT_FORWARDS;
        mt_set(&rec->f, MT_F_NEXT_QUEUE_ID, report.made);
        return;
    }
    set_report(rec, &report, text);
}

/* delivery 5: success: REPORT */
bool mt_qmail_delivery(struct mt_record *rec, const struct mt_form *form, struct mt_slice text, struct mt_slice s)
{
    struct mt_slice number;

    (void)text;
    if (!mt_qmail_number(&s, &number) || !MT_EAT(&s, ": ")) {
        return false;
    }
    if (MT_EAT(&s, "success: ")) {
        rec->status = MT_STATUS_SENT;
    } else if (MT_EAT(&s, "failure: ")) {
        rec->status = MT_STATUS_BOUNCED;
    } else if (MT_EAT(&s, "deferral: ") || mt_slice_eq(s, MT_LIT("report mangled, will defer"))) {
        rec->status = MT_STATUS_DEFERRED;
    } else {
        return false;
    }
    rec->kind = form->kind;
    rec->alias = mt_qmail_attempt(number);
    mt_set(&rec->f, MT_F_RESPONSE, s);
    read_report(rec, s);
    return true;
}
