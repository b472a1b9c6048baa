/* Exim: what it, and SpamAssassin for it, found in a mail while it received that.
 *
 * Selectors, domains and identities of signatures, senders and HELO names are strangers' words. Exim takes blanks out of selector
 * and domain (src/pdkim/pdkim.c), but decodes the identity (i=), which may hold anything: what Exim says in brackets at the end of
 * the line is believed where brackets stand there once.
 */
#include "exim.h"

#define BY MT_LIT("exim")

/* Text, what it means, and whether there is a reason behind it: src/dkim.c, dkim_exim_verify_log_sig. */
static const struct {
    struct mt_slice text, result;
    bool reason;
} findings[] = {
    {MT_TEXT("verification succeeded"), MT_TEXT("pass"), false},
    {MT_TEXT("verification failed - "), MT_TEXT("fail"), true},
    {MT_TEXT("invalid - "), MT_TEXT("permerror"), true},
    {MT_TEXT("not verified"), MT_TEXT("none"), false},
    /* what the site's acl_smtp_dkim has put in its place */
    {MT_TEXT("pass - "), MT_TEXT("pass"), true},
    {MT_TEXT("fail - "), MT_TEXT("fail"), true},
    {MT_TEXT("none - "), MT_TEXT("none"), true},
};

static bool set_finding(struct mt_filter_verdict *v, struct mt_slice s)
{
    for (size_t i = 0; i < sizeof findings / sizeof *findings; i++) {
        if (mt_eat(&s, findings[i].text) && (findings[i].reason || !s.n)) {
            v->result = findings[i].result;
            v->reason = s;
            return true;
        }
    }
    return false;
}

/* d=example.net s=one c=relaxed/simple a=rsa-sha256 b=2048 i=@example.net t=1796089192 [verification succeeded] */
bool mt_exim_dkim(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    static const struct mt_slice bracket = MT_TEXT(" [");
    struct mt_filter_verdict v = {.kind = MT_VERDICT_DKIM}, *added;
    const char *p;

    if (!MT_EAT(&s, "d=") || !mt_take_to(&s, MT_LIT(" s="), &v.domain) || !mt_take_to(&s, MT_LIT(" c="), &v.selector)) {
        return mt_form_plain(rec, form, all, s);
    }
    mt_form_plain(rec, form, all, s);
    rec->kind = MT_KIND_FILTER;
    p = mt_find_text(s, bracket);
    if (!p || !mt_slice_ends(s, MT_LIT("]")) || mt_find_last(s, bracket) != p ||
        !set_finding(&v, mt_slice_to(p + bracket.n, s.p + s.n - 1))) {
        rec->verdicts.unsure++;
        return true;
    }
    if ((added = mt_verdict_add(&rec->verdicts, MT_VERDICT_DKIM, BY))) {
        v.by = added->by;
        *added = v;
    }
    return true;
}

/* spf_domain=example.net dmarc_domain=example.net spf_align=yes dkim_align=no enforcement='Accept' (src/dmarc.c, dmarc_process;
 * to 4.98)
 */
bool mt_exim_dmarc(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    static const struct mt_slice end = MT_TEXT(" spf_align="), begin = MT_TEXT(" dmarc_domain=");
    const char *to = mt_find_last(s, end), *from = mt_find_last(s, begin);
    struct mt_filter_verdict *v;
    struct mt_slice at;
    bool spf, dkim;

    if (!to || !from || to < from + begin.n) {
        return false;
    }
    at = mt_slice_to(to + end.n, s.p + s.n);
    spf = MT_EAT(&at, "yes");
    if ((!spf && !MT_EAT(&at, "no")) || !MT_EAT(&at, " dkim_align=")) {
        return false;
    }
    dkim = MT_EAT(&at, "yes");
    if ((!dkim && !MT_EAT(&at, "no")) || !MT_EAT(&at, " enforcement='") || !mt_slice_ends(at, MT_LIT("'"))) {
        return false;
    }
    mt_form_plain(rec, form, all, s);
    if ((v = mt_verdict_add(&rec->verdicts, MT_VERDICT_DMARC, BY))) {
        v->domain = mt_slice_to(from + begin.n, to);
        v->result = spf || dkim ? MT_LIT("pass") : MT_LIT("fail");
    }
    return true;
}

/* "15.3", "-0.1" in millionths */
static bool take_score(struct mt_slice *at, int64_t *score)
{
    bool negative = MT_EAT(at, "-");

    if (!mt_take_seconds(at, score)) {
        return false;
    }
    *score = negative ? -*score : *score;
    return true;
}

/* Warning: "SpamAssassin as bob detected message as NOT spam (-0.1)": an ACL of cPanel's, which has tried the user's rules */
bool mt_exim_warning(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    static const struct mt_slice detected = MT_TEXT(" detected message as ");
    const char *p = MT_EAT(&s, "\"SpamAssassin as ") ? mt_find_last(s, detected) : NULL;
    struct mt_filter_verdict *v;
    int64_t score;
    bool ham;

    if (!p) {
        return mt_form_plain(rec, form, all, s);
    }
    s = mt_slice_to(p + detected.n, s.p + s.n);
    ham = MT_EAT(&s, "NOT ");
    if (!MT_EAT(&s, "spam (") || !take_score(&s, &score) || !mt_slice_eq(s, MT_LIT(")\""))) {
        return mt_form_plain(rec, form, all, s);
    }
    mt_form_plain(rec, form, all, s);
    rec->kind = MT_KIND_FILTER;
    if ((v = mt_verdict_add(&rec->verdicts, MT_VERDICT_SPAM, MT_LIT("spamassassin")))) {
        v->action = ham ? MT_LIT("ham") : MT_LIT("spam");
        v->score = score;
        v->score_known = true;
    }
    return true;
}

/* Action: permanently rejected message: score=15.3 required=5.0 trigger=12.0 (scanned in 2/2 secs | Message-Id: ...: the local scan
 * of the package sa-exim. Where it has no score, it has not looked.
 */
bool mt_exim_local_scan(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    struct mt_slice action;
    struct mt_filter_verdict *v;
    int64_t score, required;

    if (!mt_take_to(&s, MT_LIT(": score="), &action) || !take_score(&s, &score) || !MT_EAT(&s, " required=") ||
        !take_score(&s, &required)) {
        return mt_form_plain(rec, form, all, s);
    }
    mt_form_plain(rec, form, all, s);
    rec->kind = MT_KIND_FILTER;
    if ((v = mt_verdict_add(&rec->verdicts, MT_VERDICT_SPAM, MT_LIT("sa-exim")))) {
        v->action = action;
        v->score = score;
        v->required = required;
        v->score_known = v->required_known = true;
    }
    return true;
}
