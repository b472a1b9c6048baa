/* opendkim (2.11): what it found of the signatures of a mail, and which it put on.
 *
 *     3BAF4B70A0A: DKIM verification successful
 *     3BAF4B70A0A: key retrieval failed (s=two, d=example.net): 'two._domainkey.example.net' record not found
 *     3BAF4B70A0A: signature=q4UzQ2mD domain=example.net selector=one result="no signature error"; signature=...
 *     3BAF4B70A0A: DKIM-Signature field added (s=s1, d=example.org)
 *
 * (opendkim/opendkim.c: dkimf_libstatus, mlfi_eom; libopendkim/dkim-tables.c.) Before the text stands the MTA's queue ID, or
 * "(unknown-jobid)". Selector and domain of a signature are the sender's words, but the library takes all blanks out of them
 * (libopendkim/dkim.c, dkim_collapse), so that a blank ends them. The results are those that it writes into its own
 * Authentication-Results (dkimf_ar_all_sigs).
 *
 * Thread rules: no state.
 */
#include "text.h"

#define BY MT_LIT("opendkim")

static struct mt_filter_verdict *add(struct mt_record *rec, struct mt_slice result)
{
    struct mt_filter_verdict *v = mt_verdict_add(&rec->verdicts, MT_VERDICT_DKIM, BY);

    rec->kind = MT_KIND_FILTER;
    if (v) {
        v->result = result;
    }
    return v;
}

/* What is no name of a domain is not shown as one. */
static void set_names(struct mt_filter_verdict *v, struct mt_slice selector, struct mt_slice domain)
{
    if (v && mt_filter_is_domain(selector) && mt_filter_is_domain(domain)) {
        v->selector = selector;
        v->domain = domain;
    }
}

/* s=two, d=example.net), perhaps with a=rsa-sha256 before the parenthesis */
static bool take_names(struct mt_slice s, struct mt_slice *selector, struct mt_slice *domain)
{
    if (!MT_EAT(&s, "s=") || !mt_take_to(&s, MT_LIT(", d="), selector) || !mt_slice_ends(s, MT_LIT(")"))) {
        return false;
    }
    s.n--;
    if (!mt_take_to(&s, MT_LIT(", a="), domain)) {
        *domain = s;
    }
    return true;
}

/* A text that says no more than its beginning; form->word is the result. */
static bool read_result(struct mt_record *rec, const struct mt_form *form, struct mt_slice text, struct mt_slice rest)
{
    (void)text;
    if (rest.n) {
        return false;
    }
    add(rec, mt_slice_str(form->word));
    return true;
}

/* syntax error: WHY */
static bool read_reason(struct mt_record *rec, const struct mt_form *form, struct mt_slice text, struct mt_slice rest)
{
    struct mt_filter_verdict *v = add(rec, mt_slice_str(form->word));

    (void)text;
    if (v) {
        v->reason = rest;
    }
    return true;
}

/* key retrieval failed[ (s=S, d=D)][: WHY], key revoked (s=S, d=D, a=A) */
static bool read_key(struct mt_record *rec, const struct mt_form *form, struct mt_slice text, struct mt_slice rest)
{
    struct mt_slice names = rest, reason = {NULL, 0}, selector = {NULL, 0}, domain = {NULL, 0};
    struct mt_slice result = mt_slice_str(form->word);
    struct mt_filter_verdict *v;

    (void)text;
    if (mt_take_to(&rest, MT_LIT(": "), &names)) {
        reason = rest;
    }
    if (names.n && (!MT_EAT(&names, " (") || !take_names(names, &selector, &domain))) {
        return false;
    }
    if (mt_slice_ends(reason, MT_LIT("record not found"))) {
        result = MT_LIT("fail");
    }
    if ((v = add(rec, result))) {
        v->reason = reason;
        set_names(v, selector, domain);
    }
    return true;
}

/* DKIM-Signature field added (s=s1, d=example.org) */
static bool read_signed(struct mt_record *rec, const struct mt_form *form, struct mt_slice text, struct mt_slice rest)
{
    struct mt_slice selector, domain;

    (void)form, (void)text;
    if (!take_names(rest, &selector, &domain)) {
        return false;
    }
    set_names(add(rec, MT_LIT("signed")), selector, domain);
    return true;
}

/* dkim-tables.c, sigerrors; all others are "fail". */
static const struct mt_filter_word results[] = {
    MT_FILTER_WORD("no signature error", "pass"),
    MT_FILTER_WORD("key dns query failed", "temperror"),
    MT_FILTER_WORD("key dns reply corrupt", "temperror"),
    MT_FILTER_WORD("multiple keys found", "temperror"),
    MT_FILTER_WORD("unsupported signature version", "permerror"),
    MT_FILTER_WORD("signing key too small", "policy"),
};

struct signature {
    struct mt_slice text, domain, selector, error;
};

/* signature=q4UzQ2mD domain=example.net selector=one result="no signature error" */
static bool take_signature(struct mt_slice *at, struct signature *s)
{
    return MT_EAT(at, "signature=") && mt_take_to(at, MT_LIT(" "), &s->text) && MT_EAT(at, "domain=") &&
           mt_take_to(at, MT_LIT(" "), &s->domain) && MT_EAT(at, "selector=") &&
           mt_take_to(at, MT_LIT(" "), &s->selector) && MT_EAT(at, "result=\"") &&
           mt_take_to(at, MT_LIT("\""), &s->error) && (!at->n || MT_EAT(at, "; "));
}

static void add_signature(struct mt_record *rec, const struct signature *s)
{
    struct mt_slice result = mt_filter_result(results, sizeof results / sizeof *results, s->error);
    struct mt_filter_verdict *v = add(rec, result.n ? result : MT_LIT("fail"));

    set_names(v, s->selector, s->domain);
    if (v && !mt_slice_eq(result, MT_LIT("pass"))) {
        v->reason = s->error;
    }
}

/* One verdict for each signature; where the line was cut, for those that are whole. */
static bool read_signatures(struct mt_record *rec, const struct mt_form *form, struct mt_slice text,
                            struct mt_slice rest)
{
    struct signature s;

    (void)rest;
    rec->kind = form->kind;
    while (text.n) {
        if (!take_signature(&text, &s)) {
            rec->verdicts.unsure++;
            return true;
        }
        add_signature(rec, &s);
    }
    return true;
}

/* client.example.net [192.0.2.1] not internal: the name is the client's. */
static bool read_external(struct mt_record *rec, const struct mt_form *form, struct mt_slice text, struct mt_slice rest)
{
    return mt_slice_ends(text, MT_LIT("] not internal")) && mt_form_plain(rec, form, text, rest);
}

static const struct mt_form job_forms[] = {
    MT_FORM_WORD("no signature data", read_result, FILTER, NONE, "none"),
    MT_FORM_WORD("DKIM verification successful", read_result, FILTER, NONE, "pass"),
    MT_FORM_WORD("bad signature data", read_result, FILTER, NONE, "fail"),
    MT_FORM("DKIM-Signature field added (", read_signed, FILTER),
    MT_FORM("signature=", read_signatures, FILTER),
    MT_FORM_WORD("key retrieval failed", read_key, FILTER, NONE, "temperror"),
    MT_FORM_WORD("key revoked", read_key, FILTER, NONE, "fail"),
    MT_FORM_WORD("syntax error: ", read_reason, FILTER, NONE, "permerror"),
    MT_FORM("no signing ", mt_form_plain, INFO),
    MT_FORM("not authenticated", mt_form_plain, INFO),
    MT_FORM("not POP authenticated", mt_form_plain, INFO),
    MT_FORM("external host ", mt_form_plain, INFO),
    MT_FORM("no MTA name match (host=", mt_form_plain, INFO),
    MT_FORM("no macros match", mt_form_plain, INFO),
    MT_FORM("ignoring ", mt_form_plain, INFO),
    MT_FORM("message has signatures from ", mt_form_plain, INFO),
    MT_FORM("can't determine message sender; accepting", mt_form_plain, INFO),
    MT_FORM("can't parse ", mt_form_plain, INFO),
    MT_FORM("failed to parse ", mt_form_plain, INFO),
    MT_FORM("domain '", mt_form_plain, INFO),
    MT_FORM("skipping signing of mail to '", mt_form_plain, INFO),
    MT_FORM("s=", mt_form_plain, INFO),
    MT_FORM("SSL ", mt_form_plain, INFO),
    MT_FORM("RFC5322 header requirement error: ", mt_form_plain, INFO),
    MT_FORM("signature processing failed: ", mt_form_plain, ERROR),
    MT_FORM("signature generation error: ", mt_form_plain, ERROR),
    MT_FORM("key data is not secure: ", mt_form_plain, ERROR),
    MT_FORM("error loading key '", mt_form_plain, ERROR),
    MT_FORM_THEN("", "internal error from libopendkim: ", mt_form_plain, ERROR, NONE),
    MT_FORM_THEN("", "resource unavailable: ", mt_form_plain, ERROR, NONE),
    MT_FORM("", read_external, INFO),
};

static const struct mt_form forms[] = {
    MT_FORM("OpenDKIM Filter", mt_form_plain, SERVICE),
    MT_FORM("configuration reloaded from ", mt_form_plain, SERVICE),
};

static bool read_line(struct mt_record *rec)
{
    struct mt_slice text = rec->line.text;

    if (!mt_filter_take_job(rec, &text)) {
        return mt_form_read(rec, forms, sizeof forms / sizeof *forms, text, false);
    }
    return mt_form_read(rec, job_forms, sizeof job_forms / sizeof *job_forms, text, true);
}

MT_FILTER_SOURCE(opendkim, "opendkim", read_line);
