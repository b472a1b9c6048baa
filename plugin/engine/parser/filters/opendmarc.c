/* opendmarc (1.4): what DMARC says of the From: header, and SPF where it looks itself (SPFSelfValidate).
 *
 *     3BAF4B70A0A: SPF(mailfrom): example.net pass
 *     3BAF4B70A0A: example.net fail
 *
 * (opendmarc/opendmarc.c, mlfi_eom.) Before the text stands the MTA's queue ID. The domains are the sender's words. That of SPF may
 * hold anything, and ends at the last blank; one of DMARC that is no name of a domain could be the text of another form, and is
 * not believed. "fail" of SPF is softfail, neutral and permerror, too; "fail" of DMARC says nothing of the policy.
 *
 * Thread rules: no state.
 */
#include "text.h"

#define BY MT_LIT("opendmarc")

/* "example.net pass": the domain, and the last word. */
static bool take_result(struct mt_slice s, struct mt_slice *domain, struct mt_slice *result)
{
    const char *blank = mt_find_last(s, MT_LIT(" "));

    if (!blank) {
        return false;
    }
    *domain = mt_slice_to(s.p, blank);
    *result = mt_filter_spf_result(mt_filter_behind(s, blank, 1));
    return result->n != 0;
}

/* SPF(mailfrom): example.net pass; form->word: the scope */
static bool read_spf(struct mt_record *rec, const struct mt_form *form, struct mt_slice text, struct mt_slice rest)
{
    struct mt_slice domain, result;
    struct mt_filter_verdict *v;

    (void)text;
    if (!take_result(rest, &domain, &result)) {
        return false;
    }
    rec->kind = form->kind;
    if ((v = mt_verdict_add(&rec->verdicts, MT_VERDICT_SPF, BY))) {
        v->scope = mt_slice_str(form->word);
        v->domain = domain;
        v->result = result;
    }
    return true;
}

/* example.net fail */
static bool read_dmarc(struct mt_record *rec, const struct mt_form *form, struct mt_slice text, struct mt_slice rest)
{
    struct mt_slice domain, result;
    struct mt_filter_verdict *v;

    (void)rest;
    if (!take_result(text, &domain, &result)) {
        return false;
    }
    rec->kind = form->kind;
    if (!mt_filter_is_domain(domain)) {
        rec->verdicts.unsure++;
        return true;
    }
    if ((v = mt_verdict_add(&rec->verdicts, MT_VERDICT_DMARC, BY))) {
        v->domain = domain;
        v->result = result;
    }
    return true;
}

static const struct mt_form job_forms[] = {
    MT_FORM_WORD("SPF(mailfrom): ", read_spf, FILTER, NONE, "mailfrom"),
    MT_FORM_WORD("SPF(helo): ", read_spf, FILTER, NONE, "helo"),
    MT_FORM("ignoring ", mt_form_plain, INFO),
    MT_FORM("ARC pass, policy ", mt_form_plain, INFO),
    MT_FORM("RFC5322 requirement error: ", mt_form_plain, INFO),
    MT_FORM("multi-valued From field detected", mt_form_plain, INFO),
    MT_FORM("unable to parse ", mt_form_plain, INFO),
    MT_FORM("can't extract SPF address from ", mt_form_plain, INFO),
    MT_FORM("opendmarc_policy_", mt_form_plain, ERROR),
    MT_FORM("", read_dmarc, FILTER),
};

static const struct mt_form forms[] = {
    MT_FORM("implicit authentication service: ", mt_form_plain, INFO),
    MT_FORM("additional trusted authentication services: ", mt_form_plain, SERVICE),
    MT_FORM("ignoring connection from ", mt_form_plain, INFO),
    MT_FORM("OpenDMARC Filter", mt_form_plain, SERVICE),
    MT_FORM("configuration reloaded from ", mt_form_plain, SERVICE),
};

/* 3BAF4B70A0A ignoring Authentication-Results at 1 from mx.example.net: there is no colon. */
static bool read_ignored(struct mt_record *rec, struct mt_slice text)
{
    struct mt_slice at = text, job;

    if (!mt_take_word(&at, &job) || !mt_filter_is_id(job) || !MT_EAT(&at, "ignoring Authentication-Results ")) {
        return false;
    }
    rec->kind = MT_KIND_INFO;
    mt_set(&rec->f, MT_F_QUEUE_ID, job);
    mt_set(&rec->f, MT_F_TEXT, text);
    return true;
}

static bool read_line(struct mt_record *rec)
{
    struct mt_slice text = rec->line.text;

    if (mt_form_read(rec, forms, sizeof forms / sizeof *forms, text, false) || read_ignored(rec, text)) {
        return true;
    }
    return mt_filter_take_job(rec, &text) &&
           mt_form_read(rec, job_forms, sizeof job_forms / sizeof *job_forms, text, true);
}

MT_FILTER_SOURCE(opendmarc, "opendmarc", read_line);
