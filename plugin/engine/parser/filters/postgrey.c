/* postgrey (1.37): who was told to come again. It says nothing of a mail: that one was refused, is the MTA's to tell.
 *
 *     action=greylist, reason=new, client_name=h.example.net, client_address=192.0.2.1, sender=a@example.net, recipient=b@example.org
 *     3BAF4B70A0A: action=pass, reason=triplet found, delay=303, client_name=..., ...
 *
 * (postgrey, mylog_action.) The queue ID is there where it is asked after DATA. Sender and recipient are strangers' words.
 *
 * Thread rules: no state.
 */
#include "text.h"

/* a@example.net, recipient=b@example.org */
static void set_addresses(struct mt_record *rec, struct mt_slice rest)
{
    static const struct mt_slice sender = MT_TEXT("sender="), recipient = MT_TEXT(", recipient=");
    bool several;
    const char *p;

    if (MT_EAT(&rest, "recipient=")) { /* there is none where the sender is null */
        mt_set_empty(&rec->f, MT_F_FROM, mt_slice(NULL, 0));
        mt_set(&rec->f, MT_F_TO, rest);
    } else if (mt_eat(&rest, sender) && (p = mt_filter_only(rest, recipient, &several))) {
        mt_set(&rec->f, MT_F_FROM, mt_slice_to(rest.p, p));
        mt_set(&rec->f, MT_F_TO, mt_filter_behind(rest, p, recipient.n));
    }
}

/* greylist, reason=new, client_name=..., client_address=..., */
static bool read_action(struct mt_record *rec, const struct mt_form *form, struct mt_slice text, struct mt_slice rest)
{
    struct mt_slice action, reason, name, ip;

    if (!mt_take_to(&rest, MT_LIT(", reason="), &action) || !mt_filter_is_id(action) ||
        !mt_take_to(&rest, MT_LIT(", client_name="), &reason) ||
        !mt_take_to(&rest, MT_LIT(", client_address="), &name) || !mt_take_to(&rest, MT_LIT(", "), &ip)) {
        return false;
    }
    mt_set(&rec->f, MT_F_ACTION, action);
    mt_set(&rec->f, MT_F_CLIENT_NAME, mt_known(name));
    mt_set(&rec->f, MT_F_CLIENT_IP, ip);
    set_addresses(rec, rest);
    return mt_form_plain(rec, form, text, rest);
}

static const struct mt_form forms[] = {
    MT_FORM("action=", read_action, INFO),
    MT_FORM("cleaning ", mt_form_plain, SERVICE),
    MT_FORM("rm ", mt_form_plain, SERVICE),
    MT_FORM("whitelisted: ", mt_form_plain, INFO),
    MT_FORM("Process Backgrounded", mt_form_plain, SERVICE),
    MT_FORM("Exiting!", mt_form_plain, SERVICE),
    MT_FORM("HUP received: ", mt_form_plain, SERVICE),
};

static bool read_line(struct mt_record *rec)
{
    struct mt_slice text = rec->line.text;

    mt_filter_take_job(rec, &text);
    return mt_form_read(rec, forms, sizeof forms / sizeof *forms, text, false);
}

MT_FILTER_SOURCE(postgrey, "postgrey", read_line);
