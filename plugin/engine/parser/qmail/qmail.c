/* qmail (netqmail, notqmail): the source, and its lines but for the results of deliveries.
 *
 * Only qmail-send logs (qmail-send.c); splogger puts the time before its lines, and cuts what is longer than its buffer into pieces;
 * multilog writes them as they are. An entry is called by the inode of its file, which another one has as soon as it is gone. Its
 * longer name is the process that put it into the queue ("qp"): the reply to the client has that, and so do the lines about what
 * was made out of an entry. A delivery has a number of its own, which stands for the entry and the recipient.
 * Addresses and reports are made safe (qsutil.c, logsafe): no blank is in them, and no control.
 *
 * Thread rules: no state.
 */
#include "qmail.h"

#define PIECE 799 /* bytes that splogger writes of a line at once (splogger.c) */

bool mt_qmail_number(struct mt_slice *at, struct mt_slice *number)
{
    struct mt_slice s = *at;
    int64_t value;

    if (!s.n || !mt_is_digit(*s.p) || !mt_take_int(&s, &value)) {
        return false;
    }
    *number = mt_slice_to(at->p, s.p);
    *at = s;
    return true;
}

/* new msg 11741914; end msg 11741914 */
static bool read_message(struct mt_record *rec, const struct mt_form *form, struct mt_slice text, struct mt_slice s)
{
    struct mt_slice id;

    (void)text;
    if (!mt_qmail_number(&s, &id) || s.n) {
        return false;
    }
    rec->kind = form->kind;
    mt_set(&rec->f, MT_F_QUEUE_ID, id);
    return true;
}

/* info msg 11741914: bytes 371 from <anna@sender.example> qp 177 uid 7791. The sender may hold what follows it. */
static bool read_info(struct mt_record *rec, const struct mt_form *form, struct mt_slice text, struct mt_slice s)
{
    static const struct mt_slice end = MT_TEXT("> qp ");
    struct mt_slice id, from, process;
    int64_t size, uid;
    const char *p;

    (void)text;
    if (!mt_qmail_number(&s, &id) || !MT_EAT(&s, ": bytes ") || !mt_take_int(&s, &size) || !MT_EAT(&s, " from <") ||
        !(p = mt_find_last(s, end))) {
        return false;
    }
    from = mt_slice_to(s.p, p);
    s = mt_slice_to(p + end.n, s.p + s.n);
    if (!mt_qmail_number(&s, &process) || !MT_EAT(&s, " uid ") || !mt_whole_int(s, &uid)) {
        return false;
    }
    rec->kind = form->kind;
    mt_set(&rec->f, MT_F_QUEUE_ID, id);
    mt_set(&rec->f, MT_F_EXTERNAL_ID, process);
    mt_set_int(&rec->f, MT_F_SIZE, size);
    mt_set_empty(&rec->f, MT_F_FROM, from);
    mt_set_int(&rec->f, MT_F_CLIENT_UID, uid);
    rec->alias = (struct mt_alias_name){process, MT_SPACE_QUEUED_BY};
    return true;
}

/* starting delivery 5: msg 11741914 to remote bob@example.net */
static bool read_starting(struct mt_record *rec, const struct mt_form *form, struct mt_slice text, struct mt_slice s)
{
    struct mt_slice number, id, where;

    (void)text;
    if (!mt_qmail_number(&s, &number) || !MT_EAT(&s, ": msg ") || !mt_qmail_number(&s, &id) || !MT_EAT(&s, " to ")) {
        return false;
    }
    where = MT_EAT(&s, "local ") ? MT_LIT("local") : MT_EAT(&s, "remote ") ? MT_LIT("remote") : mt_slice(NULL, 0);
    if (!where.n || !s.n) {
        return false;
    }
    rec->kind = form->kind;
    mt_set(&rec->f, MT_F_QUEUE_ID, id);
    mt_set(&rec->f, MT_F_TO, s);
    mt_set(&rec->f, MT_F_TRANSPORT, where);
    rec->alias = mt_qmail_attempt(number);
    return true;
}

/* bounce msg 11741914 qp 190: the notification's own lines have that number, too */
static bool read_bounce(struct mt_record *rec, const struct mt_form *form, struct mt_slice text, struct mt_slice s)
{
    struct mt_slice id, process;

    if (!mt_qmail_number(&s, &id) || !MT_EAT(&s, " qp ") || !mt_qmail_number(&s, &process) || s.n) {
        return false;
    }
    rec->kind = form->kind;
    mt_set(&rec->f, MT_F_QUEUE_ID, id);
    mt_set(&rec->f, MT_F_TEXT, text);
    rec->alias = (struct mt_alias_name){process, MT_SPACE_NOTIFIED_BY};
    return true;
}

/* triple bounce: discarding bounce/11741914: of the notification about a notification */
static bool read_triple(struct mt_record *rec, const struct mt_form *form, struct mt_slice text, struct mt_slice s)
{
    struct mt_slice id;

    if (!mt_qmail_number(&s, &id) || s.n) {
        return false;
    }
    rec->kind = form->kind;
    mt_set(&rec->f, MT_F_QUEUE_ID, id);
    mt_set(&rec->f, MT_F_TEXT, text);
    return true;
}

static const struct mt_form forms[] = {
    MT_FORM("status: local ", mt_form_plain, STATISTICS),
    MT_FORM("delivery ", mt_qmail_delivery, TO),
    MT_FORM_DOES("starting delivery ", read_starting, INFO, TRIES),
    MT_FORM("new msg ", read_message, NEW),
    MT_FORM("info msg ", read_info, FROM),
    MT_FORM("end msg ", read_message, REMOVED),
    MT_FORM("bounce msg ", read_bounce, BOUNCE),
    MT_FORM("triple bounce: discarding bounce/", read_triple, INFO),
    MT_FORM("status: ", mt_form_plain, SERVICE),
    MT_FORM("running", mt_form_plain, SERVICE),
    MT_FORM("warning: ", mt_form_plain, WARNING),
    MT_FORM("alert: ", mt_form_plain, ERROR),
    /* ucspi-tcp, in the same log: its process number is no entry's */
    MT_FORM("tcpserver: status: ", mt_form_plain, STATISTICS),
    MT_FORM("tcpserver: warning: ", mt_form_plain, WARNING),
    MT_FORM("tcpserver: ", mt_form_plain, INFO),
    MT_FORM("rblsmtpd: ", mt_form_plain, INFO),
};

/* "1796089192.644611": the time of the line, whatever stands before it. */
static bool take_time(struct mt_slice *at, struct mt_time *time)
{
    struct mt_slice s = *at;
    int64_t seconds, fraction;
    const char *p;

    if (s.n < 18 || !mt_is_digit(*s.p) || !mt_take_int(&s, &seconds) || seconds > UINT32_MAX || !MT_EAT(&s, ".")) {
        return false;
    }
    p = s.p;
    if (!s.n || !mt_is_digit(*p) || !mt_take_int(&s, &fraction) || s.p - p != 6) {
        return false;
    }
    time->usec = seconds * 1000000 + fraction;
    time->digits = 6;
    *at = s;
    return true;
}

/* What splogger could not write at once goes on behind a plus sign. The joined line has a colon there, as no other has. */
static bool read_piece(struct mt_record *rec, struct mt_slice text, struct mt_slice stamp, bool first)
{
    rec->kind = MT_KIND_PART;
    rec->piece = (struct mt_piece){
        .key = stamp, .joint = MT_LIT(": "), .text = text, .number = first, .last = !first && text.n < PIECE};
    return true;
}

static bool read_line(struct mt_record *rec)
{
    struct mt_slice s = rec->line.text, stamp;

    if (take_time(&s, &rec->line.time)) {
        stamp = mt_slice_to(rec->line.text.p, s.p);
        if (MT_EAT(&s, "+")) {
            return read_piece(rec, s, stamp, false);
        }
        if (!MT_EAT(&s, ": ")) {
            if (!MT_EAT(&s, " ")) {
                return false;
            }
            if (s.n == PIECE) {
                return read_piece(rec, s, stamp, true);
            }
        }
    }
    return mt_form_read(rec, forms, sizeof forms / sizeof *forms, s, false);
}

static const struct mt_source_program programs[] = {
    {MT_TEXT("qmail"), MT_ROLE_OTHER},
    {MT_TEXT("qmail-send"), MT_ROLE_OTHER},
    {MT_TEXT("tcpserver"), MT_ROLE_OTHER},
    {MT_TEXT("rblsmtpd"), MT_ROLE_OTHER},
    {MT_TEXT("smtpd"), MT_ROLE_OTHER},       /* as usual: tcpserver ... 2>&1 | splogger smtpd */
    {MT_TEXT("qmail-smtpd"), MT_ROLE_OTHER}, /* the same */
    {{NULL, 0}, MT_ROLE_OTHER},
};

static const struct mt_source_transport transports[] = {
    {MT_TEXT("local"), MT_END_HERE},
    {{NULL, 0}, MT_END_ELSEWHERE},
};

extern const struct mt_source mt_source_qmail;
const struct mt_source mt_source_qmail = {
    .is_mta = true,
    .tells_end = true,
    .tells_bounce_sender = true,
    .arrives_at_once = true,
    .reuses_ids = true,
    .names_by_process = true,
    .programs = programs,
    .transports = transports,
    .read = read_line,
};
