/* Courier (1.0 to 1.4) as a source.
 *
 * No line has a process ID. What a client did, and the message that came of it, are linked by no line; a message begins when courierd
 * finds it in the queue. Its log tells the end of each round of attempts: the message ends with the first round that leaves nobody
 * deferred, or with the one in which its sender is told of those who are given up.
 *
 * Thread rules: no state.
 */
#include "courier.h"

static const struct mt_form forms[] = {
    MT_FORM("id=", mt_courier_recipient, TO),
    MT_FORM("started,id=", mt_courier_started, FROM),
    MT_FORM("completed,id=", mt_courier_completed, DONE),
    MT_FORM("newmsg,id=", mt_courier_newmsg, CLIENT),
    MT_FORM("started,ip=[", mt_courier_connected, CONNECT),
    MT_FORM_DOES("error,relay=", mt_courier_error, REJECT, REFUSES_RECIPIENT),
    MT_FORM("ip=[", mt_courier_shut_down, INFO),
    MT_FORM_TELLS("courieresmtpd: STARTTLS failed: ip=[", mt_courier_tls_failed, LOST_CONNECTION, TLS_FAILED),
    MT_FORM("Waiting.", mt_form_plain, SERVICE),
    MT_FORM("Started ", mt_form_plain, SERVICE),
    MT_FORM("Purging ", mt_form_plain, SERVICE),
    MT_FORM("Loading ", mt_form_plain, SERVICE),
    MT_FORM("Courier ", mt_form_plain, SERVICE),
    MT_FORM("Installing ", mt_form_plain, SERVICE),
    MT_FORM("Installed: ", mt_form_plain, SERVICE),
    MT_FORM("Initializing ", mt_form_plain, SERVICE),
    MT_FORM("queuelo=", mt_form_plain, SERVICE),
    MT_FORM("SHUTDOWN: ", mt_form_plain, SERVICE),
    MT_FORM("No uucp user found", mt_form_plain, SERVICE),
    MT_FORM("Low on disk space", mt_form_plain, WARNING),
};

struct mt_slice mt_courier_ip(struct mt_slice ip)
{
    static const struct mt_slice mapped = MT_TEXT("::ffff:");

    return mt_slice_starts(ip, mapped) && mt_find(ip, '.') ? mt_slice_skip(ip, mapped.n) : ip;
}

bool mt_courier_goes_on(struct mt_slice reply)
{
    return mt_reply_code(reply) && reply.n > 3 && reply.p[3] == '-';
}

static bool read_line(struct mt_record *rec)
{
    return mt_form_read(rec, forms, sizeof forms / sizeof *forms, rec->line.text, false);
}

static const struct mt_source_program programs[] = {
    {MT_TEXT("courierd"), MT_ROLE_OTHER},
    {MT_TEXT("courieresmtp"), MT_ROLE_OTHER},
    {MT_TEXT("courierlocal"), MT_ROLE_OTHER},
    {MT_TEXT("courieresmtpd"), MT_ROLE_OTHER},
    {MT_TEXT("courierdsn"), MT_ROLE_OTHER},
    {MT_TEXT("courieruucp"), MT_ROLE_OTHER},
    {MT_TEXT("courierfax"), MT_ROLE_OTHER},
    {MT_TEXT("submit"), MT_ROLE_OTHER},
    {{NULL, 0}, MT_ROLE_OTHER},
};

static const struct mt_source_transport transports[] = {
    {MT_TEXT("local"), MT_END_HERE},
    {{NULL, 0}, MT_END_ELSEWHERE},
};

extern const struct mt_source mt_source_courier;
const struct mt_source mt_source_courier = {
    .is_mta = true,
    .tells_end = true,
    .tells_rounds = true,
    .tells_bounce_sender = true,
    .tells_no_parent = true,
    .second_bounce_sender = MT_TEXT("#@[]"),
    .programs = programs,
    .transports = transports,
    .read = read_line,
};
