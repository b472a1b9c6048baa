/* sqlgrey (1.8): who was told to come again. It says nothing of a mail: that one was refused, is the MTA's to tell.
 *
 *     grey: new: 192.0.2(192.0.2.1), a@example.net -> b@example.org
 *     grey: reconnect ok: 192.0.2(192.0.2.1), a@example.net -> b@example.org (00:05:01)
 *
 * (sqlgrey, mylog and smtpd_access_policy.) Sender and recipient are strangers' words.
 *
 * Thread rules: no state.
 */
#include "text.h"

/* a@example.net -> b@example.org, perhaps with (00:05:01) behind it */
static void set_addresses(struct mt_record *rec, struct mt_slice rest)
{
    static const struct mt_slice arrow = MT_TEXT(" -> ");
    bool several;
    const char *p = mt_filter_only(rest, arrow, &several), *blank;
    struct mt_slice to;

    if (!p) {
        return;
    }
    to = mt_filter_behind(rest, p, arrow.n);
    blank = mt_find_last(to, MT_LIT(" ("));
    mt_set(&rec->f, MT_F_FROM, mt_slice_to(rest.p, p));
    mt_set(&rec->f, MT_F_TO, blank && mt_slice_ends(to, MT_LIT(")")) ? mt_slice_to(to.p, blank) : to);
}

/* 192.0.2(192.0.2.1), ...: form->word is the action */
static bool read_action(struct mt_record *rec, const struct mt_form *form, struct mt_slice text, struct mt_slice rest)
{
    struct mt_slice network, ip;

    if (!mt_take_to(&rest, MT_LIT("("), &network) || !mt_take_to(&rest, MT_LIT("), "), &ip)) {
        return false;
    }
    mt_set(&rec->f, MT_F_CLIENT_IP, ip);
    mt_set(&rec->f, MT_F_ACTION, mt_slice_str(form->word));
    set_addresses(rec, rest);
    return mt_form_plain(rec, form, text, rest);
}

static const struct mt_form forms[] = {
    MT_FORM_WORD("grey: new: ", read_action, INFO, NONE, "greylist"),
    MT_FORM_WORD("grey: early reconnect: ", read_action, INFO, NONE, "greylist"),
    MT_FORM_WORD("grey: throttling: ", read_action, INFO, NONE, "greylist"),
    MT_FORM_WORD("grey: reconnect ok: ", read_action, INFO, NONE, "pass"),
    MT_FORM_WORD("grey: from awl match: updating ", read_action, INFO, NONE, "pass"),
    MT_FORM_WORD("grey: domain awl match: updating ", read_action, INFO, NONE, "pass"),
    MT_FORM("grey: ", mt_form_plain, INFO),
    MT_FORM("spam: ", mt_form_plain, INFO),
    MT_FORM("whitelist: ", mt_form_plain, INFO),
    MT_FORM("optin: ", mt_form_plain, INFO),
    MT_FORM("martians: ", mt_form_plain, INFO),
    MT_FORM("mail: ", mt_form_plain, INFO),
    MT_FORM("conf: ", mt_form_plain, SERVICE),
    MT_FORM("perf: ", mt_form_plain, SERVICE),
    MT_FORM("system: ", mt_form_plain, SERVICE),
    MT_FORM("dbaccess: ", mt_form_plain, ERROR),
};

static bool read_line(struct mt_record *rec)
{
    return mt_form_read(rec, forms, sizeof forms / sizeof *forms, rec->line.text, false);
}

MT_FILTER_SOURCE(sqlgrey, "sqlgrey", read_line);
