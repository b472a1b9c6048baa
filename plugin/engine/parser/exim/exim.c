/* Exim's log lines (4.94 to 4.99).
 *
 * log_write() (src/log.c) writes "TIMESTAMP [pid] ID text" into a file; by syslog the timestamp and the pid may be left out, and a
 * long entry, or one of several lines, comes in pieces, "[1/3] ..." cut for its length, "[1\5] ..." one for each line. The
 * pieces of an entry come from one process, in order.
 *
 * Thread rules: no state.
 */
#include "exim.h"

#include "base/calendar.h"

#define DATE_LENGTH 19 /* "2026-11-22 00:17:05" */
#define PIECES_MAX  999

/* Lines that have a message ID. */
static const struct mt_form entry_forms[] = {
    MT_FORM("<= ", mt_exim_arrival, FROM),
    MT_FORM("=> ", mt_exim_delivered, TO),
    MT_FORM("Completed", mt_form_plain, REMOVED),
    MT_FORM("-> ", mt_exim_delivered, TO),
    MT_FORM("== ", mt_exim_deferred, TO),
    MT_FORM("** ", mt_exim_failed, TO),
    MT_FORM(">> ", mt_exim_delivered, TO),
    MT_FORM("(= ", mt_exim_arrival, FROM),
    MT_FORM("*> ", mt_form_plain, INFO),
    MT_FORM_DOES("=> discarded (", mt_form_plain, INFO, DISCARDS),
    MT_FORM_DOES("=> blackhole (", mt_form_plain, INFO, DISCARDS),
    MT_FORM("H=", mt_exim_acl, INFO),
    MT_FORM("Message is frozen", mt_form_plain, INFO),
    MT_FORM("Spool file ", mt_form_plain, INFO),
    MT_FORM("removed by ", mt_form_plain, DELETE),
    MT_FORM("Message removed because ", mt_form_plain, DELETE),
    MT_FORM_DOES("cancelled by ", mt_form_plain, INFO, WAIVES),
    MT_FORM("frozen by ", mt_form_plain, HOLD),
    MT_FORM("Frozen", mt_form_plain, HOLD),
    MT_FORM("unfrozen by ", mt_form_plain, RELEASE),
    MT_FORM("Unfrozen by ", mt_form_plain, RELEASE),
    MT_FORM_DOES("address <", mt_exim_marked, INFO, WAIVES),
    MT_FORM("recipient <", mt_form_plain, INFO),
    MT_FORM("sender address changed ", mt_form_plain, INFO),
    MT_FORM("no immediate delivery: ", mt_form_plain, INFO),
    MT_FORM("TLS session: ", mt_form_plain, INFO),
    MT_FORM("DKIM: ", mt_exim_dkim, INFO),
    MT_FORM("DMARC results: ", mt_exim_dmarc, FILTER),
    MT_FORM("SA: Action: ", mt_exim_local_scan, INFO),
    MT_FORM_WORD("rejected from ", mt_exim_sender_refused, REJECT, REFUSES_MESSAGE, "DATA"),
    MT_FORM_WORD("rejected by ", mt_exim_rejected, REJECT, REFUSES_MESSAGE, "END-OF-MESSAGE"),
    MT_FORM_WORD("F=<", mt_exim_rejected, REJECT, REFUSES_MESSAGE, "END-OF-MESSAGE"),
    MT_FORM("F=<", mt_form_plain, INFO),
    MT_FORM("SMTP connection from ", mt_exim_session, INFO),
    MT_FORM_TELLS("SMTP data timeout (message abandoned) on connection from ", mt_exim_session, LOST_CONNECTION,
                  TIMEOUT),
    MT_FORM("Warning: ", mt_exim_warning, WARNING),
    MT_FORM("routed by ", mt_form_plain, INFO),
    MT_FORM_THEN("", ": error ignored", mt_form_plain, INFO, NONE),
    MT_FORM("retry time not reached", mt_form_plain, INFO),
    MT_FORM("log string overflowed", mt_form_plain, INFO),
};

/* Lines that have none. */
static const struct mt_form forms[] = {
    MT_FORM("H=", mt_exim_acl, INFO),
    MT_FORM("SMTP connection from ", mt_exim_session, INFO),
    MT_FORM("Start queue run: ", mt_form_plain, SERVICE),
    MT_FORM("End queue run: ", mt_form_plain, SERVICE),
    MT_FORM_TELLS("unexpected disconnection while reading SMTP command from ", mt_exim_session, LOST_CONNECTION,
                  LOST_CONNECTION),
    MT_FORM_TELLS("SMTP command timeout on connection from ", mt_exim_session, LOST_CONNECTION, TIMEOUT),
    MT_FORM_TELLS("SMTP command timeout on TLS connection from ", mt_exim_session, LOST_CONNECTION, TIMEOUT),
    MT_FORM_TELLS("SMTP data timeout (message abandoned) on connection from ", mt_exim_session, LOST_CONNECTION,
                  TIMEOUT),
    MT_FORM_TELLS("SMTP data timeout (message abandoned) on TLS connection from ", mt_exim_session, LOST_CONNECTION,
                  TIMEOUT),
    MT_FORM_TELLS("TLS error on connection from ", mt_exim_session, TLS, TLS_FAILED),
    MT_FORM("SMTP call from ", mt_exim_session, INFO),
    MT_FORM_WORD("rejected MAIL from ", mt_exim_refused, REJECT, REFUSES_RECIPIENT, "MAIL"),
    MT_FORM_WORD("rejected MAIL FROM:", mt_exim_sender_refused, REJECT, REFUSES_RECIPIENT, "MAIL"),
    MT_FORM_WORD("rejected EHLO from ", mt_exim_refused, REJECT, REFUSES_RECIPIENT, "HELO"),
    MT_FORM_WORD("rejected HELO from ", mt_exim_refused, REJECT, REFUSES_RECIPIENT, "HELO"),
    MT_FORM_WORD("temporarily rejected EHLO from ", mt_exim_refused, REJECT, REFUSES_RECIPIENT, "HELO"),
    MT_FORM_WORD("temporarily rejected HELO from ", mt_exim_refused, REJECT, REFUSES_RECIPIENT, "HELO"),
    MT_FORM_WORD("refused connection from ", mt_exim_refused, REJECT, REFUSES_RECIPIENT, "CONNECT"),
    MT_FORM_WORD("Connection from ", mt_exim_refused, REJECT, REFUSES_RECIPIENT, "CONNECT"),
    MT_FORM_WORD("unqualified sender rejected: ", mt_exim_unqualified, REJECT, REFUSES_RECIPIENT, "MAIL"),
    MT_FORM_WORD("unqualified recipient rejected: ", mt_exim_unqualified, REJECT, REFUSES_RECIPIENT, "RCPT"),
    MT_FORM_WORD("unqualified verify rejected: ", mt_exim_unqualified, REJECT, REFUSES_RECIPIENT, "VRFY"),
    MT_FORM("SMTP protocol synchronization error (", mt_exim_synchronization, INFO),
    MT_FORM("SMTP syntax error in ", mt_form_plain, INFO),
    MT_FORM("SMTP protocol error in ", mt_form_plain, INFO),
    MT_FORM("no MAIL in SMTP connection from ", mt_form_plain, INFO),
    MT_FORM("no host name found for IP address ", mt_form_plain, INFO),
    MT_FORM("exim ", mt_form_plain, SERVICE),
    MT_FORM("pid ", mt_form_plain, SERVICE),
    MT_FORM("cwd=", mt_form_plain, INFO),
    MT_FORM("qualify/rewrite: ", mt_form_plain, INFO),
    MT_FORM("F=<", mt_form_plain, INFO),
    MT_FORM("Warning: ", mt_form_plain, WARNING),
    MT_FORM("Failed to create spool file", mt_form_plain, ERROR),
    MT_FORM("daemon: ", mt_form_plain, SERVICE),
    MT_FORM("socket bind() ", mt_form_plain, ERROR),
    MT_FORM("failed to ", mt_form_plain, ERROR),
    MT_FORM_THEN("", " authenticator failed for ", mt_exim_authenticator, AUTH, NONE),
};

/* "2026-11-22 00:17:05" in seconds, as if it were UTC; negative: it is none. */
static int64_t date_and_time(const char *p)
{
    static const char form[] = "dd-dd-dd dd:dd:dd"; /* behind the century */
    int part[7];

    part[0] = mt_two_digits(p);
    for (size_t i = 0; i < 6; i++) {
        if ((i && p[1 + 3 * i] != form[3 * i - 1]) || (part[i + 1] = mt_two_digits(p + 2 + 3 * i)) < 0) {
            return -1;
        }
    }
    if (part[0] < 0 || !mt_date_exists(part[0] * 100 + part[1], part[2], part[3]) || part[4] > 23 || part[5] > 59 ||
        part[6] > 60) {
        return -1;
    }
    return mt_days_of_date(part[0] * 100 + part[1], part[2], part[3]) * MT_DAY_SECONDS + part[4] * 3600 + part[5] * 60 +
           part[6];
}

/* " +0100" in minutes, moved over; false: it is not there. */
static bool take_offset(struct mt_slice *at, int *minutes)
{
    struct mt_slice s = *at;
    int hours, rest;

    if (s.n < 7 || *s.p != ' ' || (s.p[1] != '+' && s.p[1] != '-') || s.p[6] != ' ' ||
        (hours = mt_two_digits(s.p + 2)) < 0 || (rest = mt_two_digits(s.p + 4)) < 0 || rest > 59) {
        return false;
    }
    *minutes = (s.p[1] == '-' ? -1 : 1) * (hours * 60 + rest);
    *at = mt_slice_skip(s, 6);
    return true;
}

/* Moves over Exim's own timestamp, if there is one. With an offset it is the time of the line: it was set when the entry was
 * written, that of syslog when it was received. Without one its zone is not known.
 */
static void take_timestamp(struct mt_record *rec, struct mt_slice *at)
{
    struct mt_slice s = *at;
    int64_t seconds, fraction = 0;
    uint8_t digits = 0;
    int minutes;

    if (s.n <= DATE_LENGTH || s.p[4] != '-' || (seconds = date_and_time(s.p)) < 0) {
        return;
    }
    s = mt_slice_skip(s, DATE_LENGTH);
    if (s.n > 4 && *s.p == '.' && mt_is_digit(s.p[1])) {
        struct mt_slice whole = {s.p - 1, 5};
        if (!mt_take_seconds(&whole, &fraction) || whole.n) {
            return;
        }
        fraction %= 1000000;
        digits = 3;
        s = mt_slice_skip(s, 4);
    }
    if (take_offset(&s, &minutes)) {
        rec->line.time = (struct mt_time){
            .usec = (seconds - minutes * 60) * 1000000 + fraction, .offset = (int16_t)minutes, .digits = digits};
    }
    if (MT_EAT(&s, " ")) {
        *at = s;
    }
}

/* "[77] ": the pid, where syslog has told none. */
static void take_pid(struct mt_record *rec, struct mt_slice *at)
{
    struct mt_slice s = *at;
    int64_t pid;

    if (MT_EAT(&s, "[") && mt_take_int(&s, &pid) && pid > 0 && pid <= UINT32_MAX && MT_EAT(&s, "] ")) {
        if (!rec->line.pid) {
            rec->line.pid = (uint32_t)pid;
        }
        *at = s;
    }
}

/* address <b@y> marked delivered by root (queue.c, queue_action, -Mmd and -Mmad) */
bool mt_exim_marked(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    if (!mt_find_text(s, MT_LIT("> marked delivered by "))) {
        return false;
    }
    return mt_form_plain(rec, form, all, s);
}

/* "[2/4] ", "[2\\9] " before a piece of an entry (log.c, write_syslog): its number, what ends it, how many there are. It is cut
 * after a number of bytes, or ends with a line of the entry.
 */
static bool read_piece(struct mt_record *rec)
{
    struct mt_slice s = rec->line.text;
    int64_t number, count;
    struct mt_slice key;
    bool line;

    if (!MT_EAT(&s, "[") || !mt_take_int(&s, &number) || s.n < 2 || (*s.p != '/' && *s.p != '\\')) {
        return false;
    }
    line = *s.p == '\\';
    s = mt_slice_skip(s, 1);
    key = s;
    if (!mt_take_int(&s, &count) || count < 2 || count > PIECES_MAX || number < 1 || number > count) {
        return false;
    }
    key.n = (size_t)(s.p - key.p);
    if (!MT_EAT(&s, "] ")) {
        return false;
    }
    rec->kind = MT_KIND_PART;
    rec->piece = (struct mt_piece){.key = key, .text = s, .number = (uint16_t)number, .last = number == count};
    rec->piece.glue = line ? MT_LIT("\n") : mt_slice(NULL, 0);
    mt_set(&rec->f, MT_F_TEXT, s);
    return true;
}

/* The first line of an entry is what Exim says. What follows are headers of a message that was rejected. */
static struct mt_slice first_line(struct mt_slice s)
{
    const char *end = mt_find(s, '\n');

    return end ? mt_slice_to(s.p, end) : s;
}

bool mt_exim_read(struct mt_record *rec)
{
    struct mt_slice s = first_line(rec->line.text);
    size_t n;

    if (read_piece(rec)) {
        return true;
    }
    take_timestamp(rec, &s);
    take_pid(rec, &s);
    n = mt_exim_id(s);
    if (!n) {
        return mt_form_read(rec, forms, sizeof forms / sizeof *forms, s, true);
    }
    mt_set(&rec->f, MT_F_QUEUE_ID, mt_slice(s.p, n));
    s = mt_slice_skip(s, n);
    if (!MT_EAT(&s, " ")) {
        return false;
    }
    return mt_form_read(rec, entry_forms, sizeof entry_forms / sizeof *entry_forms, s, true);
}
