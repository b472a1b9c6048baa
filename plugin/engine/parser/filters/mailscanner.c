/* MailScanner (4.85 to 5.5): what it found in a mail that it took out of the queue, and what it put there in its place.
 *
 *     Message 3BAF4B70A0A.A1B2C from 192.0.2.1 (a@example.net) to example.org is spam, SpamAssassin (not cached, score=15.3, required 6, BAYES_99 3.50, ...)
 *     Requeue: 3BAF4B70A0A.A1B2C to 4F2A0B70A0B
 *
 * (MailScanner/Message.pm, IsSpam; PFDiskStore.pm, SMDiskStore.pm.) Postfix' queue ID has a point and five digits behind it.
 * The sender is a stranger's word and may hold all that follows: where ") to " stands twice, nothing is believed. The words are those
 * of the English language file; the lists of senders may have other names.
 *
 * Thread rules: no state.
 */
#include "text.h"

#define BY MT_LIT("mailscanner")

/* "3BAF4B70A0A.A1B2C": without what MailScanner adds */
static bool take_entry(struct mt_record *rec, struct mt_slice *at)
{
    struct mt_slice word;
    const char *point;

    if (!mt_take_word(at, &word) || !mt_filter_is_id(word)) {
        return false;
    }
    point = mt_find(word, '.');
    mt_set(&rec->f, MT_F_QUEUE_ID, point ? mt_slice_to(word.p, point) : word);
    return true;
}

/* The number behind `key`, the first in s. */
static bool find_number(struct mt_slice s, struct mt_slice key, int64_t *number)
{
    const char *p = mt_find_text(s, key);

    if (!p) {
        return false;
    }
    s = mt_filter_behind(s, p, key.n);
    return mt_filter_take_number(&s, number);
}

/* spam, SpamAssassin (not cached, score=15.3, required 6, ...) */
static bool read_report(struct mt_record *rec, struct mt_slice report)
{
    struct mt_slice action = mt_slice_starts(report, MT_LIT("not ")) ? MT_LIT("not spam") : MT_LIT("spam");
    struct mt_filter_verdict *v;
    const char *rules = mt_find_text(report, MT_LIT("SpamAssassin ("));

    if (!mt_eat(&report, action) || (report.n && *report.p != ',' && *report.p != ' ')) {
        return false;
    }
    rec->kind = MT_KIND_FILTER;
    if (!(v = mt_verdict_add(&rec->verdicts, MT_VERDICT_SPAM, BY))) {
        return true;
    }
    v->action = action;
    if (rules) {
        report = mt_filter_behind(report, rules, 0);
        v->score_known = find_number(report, MT_LIT("score="), &v->score);
        v->required_known = find_number(report, MT_LIT("required "), &v->required);
    }
    return true;
}

/* 3BAF4B70A0A.A1B2C from 192.0.2.1 (a@example.net) to example.org is spam, ...; of other forms only the ID */
static bool read_message(struct mt_record *rec, const struct mt_form *form, struct mt_slice text, struct mt_slice rest)
{
    static const struct mt_slice to = MT_TEXT(") to ");
    struct mt_slice domains;
    bool several;
    const char *p = mt_filter_only(rest, to, &several);

    if (!take_entry(rec, &rest)) {
        return false;
    }
    if (several) {
        rec->kind = MT_KIND_FILTER;
        rec->verdicts.unsure++;
        return true;
    }
    if (p) {
        rest = mt_filter_behind(rest, p, to.n);
        if (mt_take_to(&rest, MT_LIT(" is "), &domains) && read_report(rec, rest)) {
            return true;
        }
    }
    return mt_form_plain(rec, form, text, rest);
}

/* 3BAF4B70A0A.A1B2C to 4F2A0B70A0B: it goes on under that ID */
static bool read_requeue(struct mt_record *rec, const struct mt_form *form, struct mt_slice text, struct mt_slice rest)
{
    if (!take_entry(rec, &rest) || !MT_EAT(&rest, "to ") || !mt_filter_is_id(rest)) {
        return false;
    }
    mt_set(&rec->f, MT_F_NEXT_QUEUE_ID, rest);
    return mt_form_plain(rec, form, text, rest);
}

/* ID actions are store,deliver; ID from a@example.net ...: an ID, and words */
static bool read_entry(struct mt_record *rec, const struct mt_form *form, struct mt_slice text, struct mt_slice rest)
{
    return take_entry(rec, &rest) && mt_form_plain(rec, form, text, rest);
}

static const struct mt_form forms[] = {
    MT_FORM("Message ", read_message, INFO),
    MT_FORM_DOES("Requeue: ", read_requeue, FORWARD, REQUEUES),
    MT_FORM("Spam Actions: message ", read_entry, INFO),
    MT_FORM("MCP Actions: message ", read_entry, INFO),
    MT_FORM("Infected message ", read_entry, INFO),
    MT_FORM("Delivery of Spam: message ", read_entry, INFO),
    MT_FORM("Delivery of Nonspam: message ", read_entry, INFO),
    MT_FORM("Non-delivery of Spam: message ", read_entry, INFO),
    MT_FORM("Non-delivery of Nonspam: message ", read_entry, INFO),
    MT_FORM("Saved infected \"", mt_form_plain, INFO),
    MT_FORM("Saved entire message to ", mt_form_plain, INFO),
    MT_FORM("New Batch: ", mt_form_plain, INFO),
    MT_FORM("Virus and Content Scanning: ", mt_form_plain, INFO),
    MT_FORM("Virus Scanning: ", mt_form_plain, INFO),
    MT_FORM("Other Checks: ", mt_form_plain, INFO),
    MT_FORM("Spam Checks: ", mt_form_plain, INFO),
    MT_FORM("Uninfected: ", mt_form_plain, INFO),
    MT_FORM("Cleaned: ", mt_form_plain, INFO),
    MT_FORM("Disinfected: ", mt_form_plain, INFO),
    MT_FORM("Silent: ", mt_form_plain, INFO),
    MT_FORM("Notices: ", mt_form_plain, INFO),
    MT_FORM("Sender Warnings: ", mt_form_plain, INFO),
    MT_FORM("Batch ", mt_form_plain, INFO),
    MT_FORM("SpamAssassin ", mt_form_plain, INFO),
    MT_FORM("MailScanner ", mt_form_plain, SERVICE),
    MT_FORM("Using ", mt_form_plain, SERVICE),
    MT_FORM("Reading configuration file ", mt_form_plain, SERVICE),
};

static bool read_line(struct mt_record *rec)
{
    return mt_form_read(rec, forms, sizeof forms / sizeof *forms, rec->line.text, false);
}

MT_FILTER_SOURCE(mailscanner, "MailScanner", read_line);
