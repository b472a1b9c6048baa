/* clamsmtp (1.10): a virus that it found while it handed a mail on by SMTP.
 *
 *     100001: from=a@example.net, to=b@example.org, status=VIRUS:Eicar-Signature
 *
 * (src/clamsmtpd.c, clam_scan_file; common/smtppass.c, sp_add_log.) It has no queue ID, and its own number is in no line of the
 * MTA's: the verdict names no entry. Addresses are strangers' words. The status is what was added last, and the line is cut before
 * it where it is too long; when clamd does not answer there is none, so that what could be the end of an address is no name.
 *
 * Thread rules: no state.
 */
#include "text.h"

#define BY MT_LIT("clamsmtp")

/* "100001: ", six or more hexadecimal digits */
static bool take_number(struct mt_slice *at)
{
    struct mt_slice number;

    return mt_take_to(at, MT_LIT(": "), &number) && number.n >= 6 && mt_filter_is_id(number);
}

/* ClamAV's names: "Win.Test.EICAR_HDB-1", "{HEX}php.x.UNOFFICIAL". No quotes, no '@'. */
static bool is_name(struct mt_slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (!mt_is_alnum(s.p[i]) && !mt_find(MT_LIT("._-{}/:+()[]"), s.p[i])) {
            return false;
        }
    }
    return s.n != 0;
}

/* a@example.net, to=b@example.org, status=VIRUS:NAME; without a name it is not known */
static bool read_status(struct mt_record *rec, const struct mt_form *form, struct mt_slice text, struct mt_slice rest)
{
    static const struct mt_slice status = MT_TEXT(", status=");
    const char *p = mt_find_last(rest, status);
    struct mt_slice word;
    struct mt_filter_verdict *v;

    if (!p) {
        return false;
    }
    word = mt_filter_behind(rest, p, status.n);
    if (!MT_EAT(&word, "VIRUS:") || !is_name(word)) {
        return mt_form_plain(rec, form, text, rest);
    }
    rec->kind = MT_KIND_FILTER;
    mt_set(&rec->f, MT_F_TEXT, text);
    if ((v = mt_verdict_add(&rec->verdicts, MT_VERDICT_VIRUS, BY))) {
        v->name = word;
    }
    return true;
}

static const struct mt_form forms[] = {
    MT_FORM("from=", read_status, INFO),
    MT_FORM("accepted connection from: ", mt_form_plain, INFO),
    MT_FORM("quarantined virus file as: ", mt_form_plain, INFO),
    MT_FORM("clamav error: ", mt_form_plain, ERROR),
    MT_FORM("clamd ", mt_form_plain, ERROR),
};

static bool read_line(struct mt_record *rec)
{
    struct mt_slice text = rec->line.text;

    return take_number(&text) && mt_form_read(rec, forms, sizeof forms / sizeof *forms, text, false);
}

MT_FILTER_SOURCE(clamsmtp, "clamsmtpd", read_line);
