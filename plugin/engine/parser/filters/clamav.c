/* clamav-milter (0.103 to 1.4): a virus that it found, where LogInfected is Full or Basic.
 *
 *     Message 3BAF4B70A0A from <a@example.net> to <b@example.org> with subject 'x' message-id '<m@example.net>' date 'Mon, 7 Dec 2026' infected by Eicar-Signature
 *     Message from <a@example.net> to <b@example.org> infected by Eicar-Signature
 *
 * (clamav-milter/clamfi.c, sendchunk and clamfi_eom.) What it does not know is "UNKNOWN". Addresses, subject and Message-ID are
 * strangers' words. The queue ID stands before them, and the name behind: it has no blanks, and ends the line. In subject,
 * Message-ID and date each ' is a blank, so that the last "' message-id '" is true. The short form names no entry.
 *
 * Thread rules: no state.
 */
#include "text.h"

#define BY MT_LIT("clamav-milter")

/* <m@example.net>, of a line without a queue ID; s ends before " infected by " */
static void set_message_id(struct mt_record *rec, struct mt_slice s)
{
    static const struct mt_slice begin = MT_TEXT("' message-id '"), end = MT_TEXT("' date '");
    const char *p = mt_find_last(s, begin);
    struct mt_slice id;

    if (!p) {
        return;
    }
    s = mt_filter_behind(s, p, begin.n);
    if (mt_take_to(&s, end, &id) && !mt_slice_eq(id, MT_LIT("UNKNOWN"))) {
        mt_filter_by_message_id(rec, mt_filter_message_id(id));
    }
}

/* "3BAF4B70A0A from <" or "from <" */
static bool take_entry(struct mt_record *rec, struct mt_slice s)
{
    struct mt_slice id;

    if (mt_slice_starts(s, MT_LIT("from <"))) {
        return true;
    }
    if (!mt_take_word(&s, &id) || !mt_filter_is_id(id) || !mt_slice_starts(s, MT_LIT("from <"))) {
        return false;
    }
    if (mt_slice_eq(id, MT_LIT("UNKNOWN"))) {
        set_message_id(rec, s);
    } else {
        mt_set(&rec->f, MT_F_QUEUE_ID, id);
    }
    return true;
}

static bool read_infected(struct mt_record *rec, const struct mt_form *form, struct mt_slice text, struct mt_slice rest)
{
    static const struct mt_slice infected = MT_TEXT(" infected by ");
    const char *p = mt_find_last(rest, infected);
    struct mt_slice name;
    struct mt_filter_verdict *v;

    if (!p || !take_entry(rec, mt_slice_to(rest.p, p))) {
        return false;
    }
    name = mt_filter_behind(rest, p, infected.n);
    if (!name.n || mt_find(name, ' ')) {
        return false;
    }
    rec->kind = form->kind;
    mt_set(&rec->f, MT_F_TEXT, text);
    if ((v = mt_verdict_add(&rec->verdicts, MT_VERDICT_VIRUS, BY))) {
        v->name = name;
    }
    return true;
}

/* Clean message 3BAF4B70A0A from <a@example.net> to ... */
static bool read_clean(struct mt_record *rec, const struct mt_form *form, struct mt_slice text, struct mt_slice rest)
{
    return take_entry(rec, rest) && mt_form_plain(rec, form, text, rest);
}

static const struct mt_form forms[] = {
    MT_FORM("Message ", read_infected, FILTER),
    MT_FORM("Clean message ", read_clean, INFO),
    MT_FORM("clamav-milter: stopped", mt_form_plain, SERVICE),
    MT_FORM("Clamav-Milter stopped", mt_form_plain, SERVICE),
    MT_FORM("clamd", mt_form_plain, SERVICE),
    MT_FORM("Probe for ", mt_form_plain, WARNING),
    MT_FORM("WARNING: ", mt_form_plain, WARNING),
    MT_FORM("ERROR: ", mt_form_plain, ERROR),
    MT_FORM("No clamd server appears to be available", mt_form_plain, ERROR),
};

static bool read_line(struct mt_record *rec)
{
    return mt_form_read(rec, forms, sizeof forms / sizeof *forms, rec->line.text, false);
}

MT_FILTER_SOURCE(clamav, "clamav-milter", read_line);
