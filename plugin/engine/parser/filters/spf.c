/* SPF as Postfix' policy services and a milter tell it: policyd-spf and pyspf-milter (spf-engine 3.0), policyd-spf-perl (2.011).
 *
 *     : prepend Received-SPF: Pass (mailfrom) identity=mailfrom; client-ip=192.0.2.1; helo=h.example.net; envelope-from=a@example.net; receiver=<UNKNOWN>
 *     prepend Authentication-Results: mx.example.org; spf=pass (mailfrom) smtp.mailfrom=example.net (client-ip=192.0.2.1; helo=h; envelope-from=a@example.net; receiver=none)
 *     550 5.7.23 Message rejected due to: SPF fail - not authorized. Please see http://www.openspf.net/Why?s=mfrom;id=a@example.net;ip=192.0.2.1;r=b@example.org
 *     Policy action=PREPEND Received-SPF: pass (example.net: ...) receiver=mx; identity=mailfrom; envelope-from="a@example.net"; helo=h; client-ip=192.0.2.1
 *
 * (spf_engine/policyd_spf.py, milter_spf.py, __init__.py; postfix-policyd-spf-perl with Mail::SPF, Result.pm.) Asked before there is
 * an entry, they have no queue ID: the client's address and the sender tell the entry. Policyd-spf writes ": " before its text
 * then, and the queue ID where it is asked after DATA. The HELO name, sender and recipient are strangers' words, and so is what
 * stands in parentheses for the HELO name, which the owner of a domain may write into its record (exp=). What ends them must stand
 * there once.
 *
 * A refusal names neither beginning nor end of what it says but for its first words. It belongs to no entry but that of its queue ID.
 *
 * Thread rules: no state.
 */
#include "text.h"

#define BY MT_LIT("policyd-spf")

/* What is said, and of whom. */
struct finding {
    struct mt_slice result, ip, helo, sender;
    bool is_helo;
};

/* What stands before `end` in *at, where that stands there once; it is moved over. */
static bool take_only(struct mt_slice *at, struct mt_slice end, struct mt_slice *token)
{
    bool several;
    const char *p = mt_filter_only(*at, end, &several);

    if (!p) {
        return false;
    }
    *token = mt_slice_to(at->p, p);
    *at = mt_filter_behind(*at, p, end.n);
    return true;
}

/* client-ip=192.0.2.1; helo=h.example.net; envelope-from=a@example.net; receiver=... */
static bool take_client(struct mt_slice s, struct finding *f)
{
    return MT_EAT(&s, "client-ip=") && mt_take_to(&s, MT_LIT("; helo="), &f->ip) &&
           take_only(&s, MT_LIT("; envelope-from="), &f->helo) && take_only(&s, MT_LIT("; receiver="), &f->sender);
}

static bool is_address(struct mt_slice s)
{
    bool mark = false;

    return s.n && mt_address_length(s, &mark) == s.n && mark;
}

/* The entry, by client and sender. */
static void set_client(struct mt_record *rec, const struct finding *f)
{
    mt_set(&rec->f, MT_F_CLIENT_IP, f->ip);
    mt_set(&rec->f, MT_F_CLIENT_HELO, f->helo);
    mt_set_empty(&rec->f, MT_F_FROM, mt_slice_eq(f->sender, MT_LIT("<>")) ? mt_slice(NULL, 0) : f->sender);
}

static struct mt_filter_verdict *add(struct mt_record *rec, struct mt_slice result, bool is_helo)
{
    struct mt_filter_verdict *v = mt_verdict_add(&rec->verdicts, MT_VERDICT_SPF, BY);

    if (v) {
        v->scope = is_helo ? MT_LIT("helo") : MT_LIT("mailfrom");
        v->result = result;
    }
    return v;
}

/* found: the line was read to its end, and nothing in it could be read in another way. */
static bool tell(struct mt_record *rec, const struct finding *f, bool found)
{
    struct mt_filter_verdict *v;

    rec->kind = MT_KIND_FILTER;
    if (!found || !is_address(f->ip) || !f->result.n) {
        rec->verdicts.unsure++;
        return true;
    }
    if ((v = add(rec, f->result, f->is_helo))) {
        v->domain = f->is_helo ? f->helo : mt_filter_domain_of(f->sender);
    }
    set_client(rec, f);
    return true;
}

/* (mailfrom) identity=mailfrom; or (TEXT) identity=helo; */
static bool take_identity(struct mt_slice *at, struct finding *f)
{
    struct mt_slice why;

    f->is_helo = !MT_EAT(at, "mailfrom) identity=mailfrom; ");
    return !f->is_helo || take_only(at, MT_LIT(") identity=helo; "), &why);
}

/* Received-SPF: Pass (mailfrom) identity=mailfrom; client-ip=192.0.2.1; ... */
static bool read_received(struct mt_record *rec, struct mt_slice rest)
{
    struct finding f = {.is_helo = false};
    struct mt_slice word;

    if (!mt_take_to(&rest, MT_LIT(" ("), &word)) {
        return false;
    }
    f.result = mt_filter_spf_result(word);
    return tell(rec, &f, take_identity(&rest, &f) && take_client(rest, &f));
}

/* mx.example.org; spf=pass (mailfrom) smtp.mailfrom=example.net (client-ip=192.0.2.1; ...) */
static bool read_results(struct mt_record *rec, struct mt_slice rest)
{
    struct finding f = {.is_helo = false};
    struct mt_slice service, word, before;

    if (!mt_take_to(&rest, MT_LIT("; spf="), &service) || !mt_take_to(&rest, MT_LIT(" ("), &word)) {
        return false;
    }
    f.result = mt_filter_spf_result(word);
    if (!take_only(&rest, MT_LIT(" (client-ip="), &before)) {
        return tell(rec, &f, false);
    }
    rest = mt_slice_to(rest.p - MT_LIT("client-ip=").n, rest.p + rest.n);
    f.is_helo = mt_find_text(before, MT_LIT(") smtp.helo=")) != NULL;
    if (f.is_helo == (mt_find_text(before, MT_LIT(") smtp.mailfrom=")) != NULL)) {
        return tell(rec, &f, false);
    }
    return tell(rec, &f, take_client(rest, &f));
}

/* What policyd-spf puts before the mail, or would: form->kind. */
static bool read_header(struct mt_record *rec, const struct mt_form *form, struct mt_slice text, struct mt_slice rest)
{
    if (MT_EAT(&rest, "Received-SPF: ")) {
        return read_received(rec, rest);
    }
    if (MT_EAT(&rest, "Authentication-Results: ")) {
        return mt_find_text(rest, MT_LIT("; spf=")) ? read_results(rec, rest) : mt_form_plain(rec, form, text, rest);
    }
    return mt_form_plain(rec, form, text, rest); /* X-Comment: it was not asked */
}

/* 5.7.23 Message rejected due to: SPF fail - not authorized. Please see ...: the words before the dot are the library's own, or the
 * domain's owner's.
 */
static bool read_refusal(struct mt_record *rec, const struct mt_form *form, struct mt_slice text, struct mt_slice rest)
{
    bool helo = mt_find_text(rest, MT_LIT("/Why?s=helo;")) != NULL;
    bool mailfrom = mt_find_text(rest, MT_LIT("/Why?s=mfrom;")) != NULL;

    (void)form;
    rec->kind = MT_KIND_FILTER;
    mt_set(&rec->f, MT_F_TEXT, text);
    if (helo != mailfrom && mt_find_text(rest, MT_LIT("Message rejected due to: SPF fail - not authorized."))) {
        add(rec, MT_LIT("fail"), helo);
    } else {
        rec->verdicts.unsure++;
    }
    return true;
}

/* --- policyd-spf-perl --- */

/* A value of Mail::SPF: an atom, or in quotes with \ before \ and ". */
static bool take_value(struct mt_slice *at, struct mt_slice *value)
{
    size_t n = 0;

    if (!MT_EAT(at, "\"")) {
        while (n < at->n && at->p[n] != ';') {
            n++;
        }
        *value = mt_slice(at->p, n);
        *at = mt_slice_skip(*at, n);
        return n != 0;
    }
    while (n < at->n && at->p[n] != '"') {
        n += at->p[n] == '\\' ? 2 : 1;
    }
    if (n >= at->n) {
        return false;
    }
    *value = mt_slice(at->p, n);
    *at = mt_slice_skip(*at, n + 1);
    return true;
}

/* mx; identity=mailfrom; envelope-from="a@example.net"; helo=h; client-ip=192.0.2.1 */
static bool take_pairs(struct mt_slice s, struct finding *f)
{
    struct mt_slice receiver;

    if (!take_value(&s, &receiver)) {
        return false;
    }
    f->is_helo = MT_EAT(&s, "; identity=helo");
    if (!f->is_helo && (!MT_EAT(&s, "; identity=mailfrom; envelope-from=") || !take_value(&s, &f->sender))) {
        return false;
    }
    if (MT_EAT(&s, "; helo=") && !take_value(&s, &f->helo)) {
        return false;
    }
    return MT_EAT(&s, "; client-ip=") && take_value(&s, &f->ip) && !s.n;
}

/* pass (example.net: ...) receiver=mx; ... */
static bool read_perl(struct mt_record *rec, const struct mt_form *form, struct mt_slice text, struct mt_slice rest)
{
    struct finding f = {.is_helo = false};
    struct mt_slice word, why;

    (void)form, (void)text;
    if (!mt_take_to(&rest, MT_LIT(" ("), &word)) {
        return false;
    }
    f.result = mt_filter_spf_result(word);
    return tell(rec, &f, take_only(&rest, MT_LIT(") receiver="), &why) && take_pairs(rest, &f));
}

/* --- lines --- */

/* What spf_engine logs; policyd-spf has the queue ID, or nothing, and ": " before it. */
static const struct mt_form forms[] = {
    MT_FORM("prepend ", read_header, INFO),
    MT_FORM("Header field not prepended: ", read_header, INFO),
    MT_FORM("result_only ", read_header, INFO),
    MT_FORM("550 ", read_refusal, FILTER),
    MT_FORM("5.7.", read_refusal, FILTER),
    MT_FORM("defer_if_permit ", mt_form_plain, INFO),
    MT_FORM("4.7.", mt_form_plain, INFO),
    MT_FORM_THEN("", "; identity=", mt_form_plain, INFO, NONE), /* what follows, in other words, at debugLevel 2 */
};

static const struct mt_form own_forms[] = {
    MT_FORM("Policy action=PREPEND Received-SPF: ", read_perl, FILTER),
    MT_FORM("Policy action=", mt_form_plain, INFO),
    MT_FORM("SPF ", mt_form_plain, INFO),
    MT_FORM("Attribute: ", mt_form_plain, INFO),
    MT_FORM("handler ", mt_form_plain, INFO),
    MT_FORM("spfcheck: ", mt_form_plain, INFO),
    MT_FORM("X-Comment: ", mt_form_plain, INFO),
    MT_FORM("connect from ", mt_form_plain, INFO),
    MT_FORM("mail from: ", mt_form_plain, INFO),
    MT_FORM("pyspf-milter started:", mt_form_plain, SERVICE),
    MT_FORM("Starting", mt_form_plain, SERVICE),
    MT_FORM("Normal exit", mt_form_plain, SERVICE),
};

/* "4F2A0B9C: " or ": " */
static void take_queue_id(struct mt_record *rec, struct mt_slice *at)
{
    struct mt_slice s = *at;

    if (MT_EAT(&s, ": ") || mt_filter_take_job(rec, &s)) {
        *at = s;
    }
}

static bool read_line(struct mt_record *rec)
{
    struct mt_slice text = rec->line.text;

    mt_drop(&rec->f, MT_F_INSTANCE); /* of "postfix/policy-spf" */
    if (mt_form_read(rec, own_forms, sizeof own_forms / sizeof *own_forms, text, false)) {
        return true;
    }
    take_queue_id(rec, &text);
    return mt_form_read(rec, forms, sizeof forms / sizeof *forms, text, true);
}

static const struct mt_source_program programs[] = {
    {MT_TEXT("policyd-spf"), MT_ROLE_OTHER},
    {MT_TEXT("pyspf-milter"), MT_ROLE_OTHER},
    {MT_TEXT("policy-spf"), MT_ROLE_OTHER},
    {{NULL, 0}, MT_ROLE_OTHER},
};

/* "postfix/policy-spf" */
static const struct mt_source_program daemons[] = {
    {MT_TEXT("policy-spf"), MT_ROLE_OTHER},
    {{NULL, 0}, MT_ROLE_OTHER},
};

extern const struct mt_source mt_source_spf;
const struct mt_source mt_source_spf = {
    .programs = programs,
    .daemons = daemons,
    .read = read_line,
};
