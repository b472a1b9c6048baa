/* OpenSMTPD's log lines (5.x to 7.9; usr.sbin/smtpd: smtp_session.c, mta.c, mta_session.c, mda.c, queue.c).
 *
 *     SESSION smtp|mta|mda WHAT key=value ...       before 6.4 each WHAT has "event=" before it
 *     delivery|relay: Expire|Remove for EVPID: ...
 *
 * Nothing is escaped in addresses and replies.
 *
 * Thread rules: no state.
 */
#include "opensmtpd.h"

#define SESSION_DIGITS 16

/* Behind the session's ID. */
static const struct mt_form session_forms[] = {
    MT_FORM("smtp envelope ", mt_opensmtpd_envelope_line, FROM),
    MT_FORM("mda delivery ", mt_opensmtpd_mda, TO),
    MT_FORM("mta delivery ", mt_opensmtpd_mta, TO),
    MT_FORM("smtp connected ", mt_opensmtpd_connected, CONNECT),
    MT_FORM("smtp disconnected ", mt_opensmtpd_disconnected, DISCONNECT),
    MT_FORM("smtp message ", mt_opensmtpd_message, CLIENT),
    MT_FORM("smtp tls ", mt_opensmtpd_tls, TLS),
    MT_FORM("smtp cert-check ", mt_opensmtpd_certificate, TLS),
    MT_FORM("smtp client-cert-check ", mt_opensmtpd_certificate, TLS),
    MT_FORM("smtp authentication ", mt_opensmtpd_authentication, AUTH),
    MT_FORM("smtp failed-command ", mt_opensmtpd_failed, REJECT),
    MT_FORM("smtp bad-input ", mt_opensmtpd_bad_input, INFO),
    MT_FORM("mta connecting ", mt_opensmtpd_connecting, INFO),
    MT_FORM("mta tls ", mt_opensmtpd_mta_tls, TLS),
    MT_FORM("mta cert-check ", mt_opensmtpd_mta_certificate, TLS),
    MT_FORM("mta server-cert-check ", mt_opensmtpd_mta_certificate, TLS),
    MT_FORM("mta disconnected ", mt_form_plain, DISCONNECT),
    MT_FORM("mta closing ", mt_form_plain, DISCONNECT),
    MT_FORM("mta ", mt_opensmtpd_note, INFO),
    MT_FORM("mda ", mt_opensmtpd_note, INFO),
    MT_FORM("smtp ", mt_opensmtpd_note, INFO),
};

/* The same behind "smtp event=". */
static const struct mt_form old_forms[] = {
    MT_FORM("connected ", mt_opensmtpd_connected, CONNECT),
    MT_FORM("message ", mt_opensmtpd_message, CLIENT),
    MT_FORM("starttls ", mt_opensmtpd_tls, TLS),
    MT_FORM("authentication ", mt_opensmtpd_authentication, AUTH),
    MT_FORM("failed-command ", mt_opensmtpd_failed, REJECT),
    MT_FORM("closed ", mt_opensmtpd_disconnected, DISCONNECT),
    MT_FORM("", mt_opensmtpd_note, INFO),
};

static const struct mt_form forms[] = {
    MT_FORM("relay: ", mt_opensmtpd_queue, TO),
    MT_FORM("delivery: ", mt_opensmtpd_queue, TO),
    MT_FORM("smtp-in: Accepted message ", mt_opensmtpd_accepted, CLIENT),
    MT_FORM("smtp-in: New session ", mt_opensmtpd_new_session, CONNECT),
    MT_FORM("smtp-in: ", mt_form_plain, INFO),
    MT_FORM("smtp-out: ", mt_form_plain, INFO),
    MT_FORM("info: ", mt_form_plain, SERVICE),
    MT_FORM("Exiting", mt_form_plain, SERVICE),
    MT_FORM("commands executed from aliases run with ", mt_form_plain, SERVICE),
    MT_FORM("warn: ", mt_form_plain, WARNING),
    MT_FORM("fatal: ", mt_form_plain, FATAL),
    MT_FORM("Disabling route ", mt_form_plain, INFO),
    MT_FORM("Enabling route ", mt_form_plain, INFO),
    MT_FORM("Failed to resolve MX for ", mt_form_plain, INFO),
    MT_FORM("No valid route for ", mt_form_plain, INFO),
    MT_FORM("hiwat reached on ", mt_form_plain, INFO),
};

bool mt_opensmtpd_hex(struct mt_slice s, size_t n)
{
    if (s.n < n || (s.n > n && s.p[n] != ' ' && s.p[n] != ',' && s.p[n] != ':')) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (!mt_is_digit(s.p[i]) && (s.p[i] < 'a' || s.p[i] > 'f')) {
            return false;
        }
    }
    return true;
}

void mt_opensmtpd_envelope(struct mt_record *rec, struct mt_slice evpid)
{
    mt_set(&rec->f, MT_F_QUEUE_ID, mt_slice(evpid.p, 8));
}

bool mt_opensmtpd_address(struct mt_slice *at, struct mt_slice key, struct mt_slice until, struct mt_slice *address)
{
    struct mt_slice s = *at;

    if (!mt_eat(&s, key) || !mt_take_to(&s, until, address)) {
        return false;
    }
    if (mt_slice_eq(*address, MT_LIT("@"))) { /* the null sender, in lines about the queue */
        address->n = 0;
    }
    *at = s;
    return true;
}

void mt_opensmtpd_ciphers(struct mt_record *rec, enum mt_field version, struct mt_slice ciphers)
{
    struct mt_slice part;
    int64_t bits;

    if (!mt_take_to(&ciphers, MT_LIT(":"), &part)) {
        return;
    }
    mt_set(&rec->f, version, part);
    if (mt_take_to(&ciphers, MT_LIT(":"), &part)) {
        mt_set(&rec->f, version + 1, part);
    }
    if (mt_whole_int(ciphers, &bits)) {
        mt_set_int(&rec->f, version + 2, bits);
    }
}

bool mt_opensmtpd_note(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    static const struct mt_slice others[] = {
        MT_TEXT("delivery "),  MT_TEXT("envelope "),     MT_TEXT("message "),       MT_TEXT("failed-command "),
        MT_TEXT("connected "), MT_TEXT("disconnected "), MT_TEXT("authentication ")};

    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (mt_slice_starts(s, others[i])) {
            return false;
        }
    }
    return mt_form_plain(rec, form, all, s);
}

bool mt_opensmtpd_read(struct mt_record *rec)
{
    struct mt_slice s = rec->line.text;

    if (!mt_opensmtpd_hex(s, SESSION_DIGITS) || s.n == SESSION_DIGITS || s.p[SESSION_DIGITS] != ' ') {
        return mt_form_read(rec, forms, sizeof forms / sizeof *forms, s, false);
    }
    rec->session = mt_slice(s.p, SESSION_DIGITS);
    s = mt_slice_skip(s, SESSION_DIGITS + 1);
    if (MT_EAT(&s, "smtp event=")) { /* before 6.4 */
        return mt_form_read(rec, old_forms, sizeof old_forms / sizeof *old_forms, s, true);
    }
    return mt_form_read(rec, session_forms, sizeof session_forms / sizeof *session_forms, s, false);
}
