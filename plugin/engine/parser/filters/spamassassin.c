/* SpamAssassin's daemon, spamd (3.4, 4.0), and spamass-milter (0.4), which says nothing of a mail.
 *
 *     spamd: result: Y 15 - GTUBE,MISSING_DATE scantime=0.4,size=512,user=debian-spamd,uid=112,required_score=5.0,rhost=::1,raddr=::1,rport=4711,mid=<a@example.net>,autolearn=no autolearn_force=no
 *
 * (spamd, check.) Only the Message-ID tells the mail. Blanks, controls and commas in it are '_', so that a comma ends it; the name of
 * the user may be the mail's recipient, with commas. So the rules stand before the user, and what stands behind him is found from
 * the end. The score is cut to a whole number.
 *
 * Thread rules: no state.
 */
#include "text.h"

#define BY MT_LIT("spamd")

/* "15 ", "-1 ", " 2 " of %2d */
static bool take_score(struct mt_slice *at, int64_t *score)
{
    MT_EAT(at, " ");
    return mt_filter_take_number(at, score);
}

static bool is_rule(struct mt_slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (!mt_is_alnum(s.p[i]) && s.p[i] != '_') {
            return false;
        }
    }
    return s.n != 0;
}

/* GTUBE,MISSING_DATE */
static void add_rules(struct mt_line_verdicts *verdicts, struct mt_slice rules)
{
    struct mt_slice rule;

    while (rules.n) {
        if (!mt_take_to(&rules, MT_LIT(","), &rule)) {
            rule = rules;
            rules.n = 0;
        }
        if (is_rule(rule)) {
            mt_symbol_add(verdicts, (struct mt_symbol){.name = rule});
        }
    }
}

/* The value behind the last `key`, up to the comma behind it or the end. */
static struct mt_slice last_value(struct mt_slice s, struct mt_slice key)
{
    const char *p = mt_find_last(s, key), *comma;

    if (!p) {
        return mt_slice(NULL, 0);
    }
    s = mt_filter_behind(s, p, key.n);
    comma = mt_find(s, ',');
    return comma ? mt_slice_to(s.p, comma) : s;
}

static void set_message_id(struct mt_record *rec, struct mt_slice rest)
{
    struct mt_slice id = last_value(rest, MT_LIT(",mid="));

    if (id.n > 2 && mt_slice_starts(id, MT_LIT("<")) && mt_slice_ends(id, MT_LIT(">"))) {
        mt_filter_by_message_id(rec, mt_slice(id.p + 1, id.n - 2));
    }
}

/* Y 15 - GTUBE scantime=0.4,... */
static bool read_result(struct mt_record *rec, const struct mt_form *form, struct mt_slice text, struct mt_slice rest)
{
    struct mt_slice rules, required;
    struct mt_filter_verdict *v;
    int64_t score;
    bool spam = MT_EAT(&rest, "Y ");

    (void)text;
    if ((!spam && !MT_EAT(&rest, ". ")) || !take_score(&rest, &score) || !MT_EAT(&rest, " - ") ||
        !mt_take_to(&rest, MT_LIT(" scantime="), &rules)) {
        return false;
    }
    rec->kind = form->kind;
    set_message_id(rec, rest);
    if (!(v = mt_verdict_add(&rec->verdicts, MT_VERDICT_SPAM, BY))) {
        return true;
    }
    v->action = spam ? MT_LIT("spam") : MT_LIT("ham");
    v->score = score;
    v->score_known = true;
    required = last_value(rest, MT_LIT(",required_score="));
    v->required_known = mt_filter_take_number(&required, &v->required);
    add_rules(&rec->verdicts, rules);
    return true;
}

/* spamd; spamass-milter.cpp */
static const struct mt_form forms[] = {
    MT_FORM("spamd: result: ", read_result, FILTER),
    MT_FORM("spamd: checking message ", mt_form_plain, INFO),
    MT_FORM("spamd: processing message ", mt_form_plain, INFO),
    MT_FORM("spamd: identified spam (", mt_form_plain, INFO),
    MT_FORM("spamd: clean message (", mt_form_plain, INFO),
    MT_FORM("spamd: connection from ", mt_form_plain, INFO),
    MT_FORM("spamd: got connection over ", mt_form_plain, INFO),
    MT_FORM("spamd: setuid to ", mt_form_plain, INFO),
    MT_FORM("spamd: skipped large message in ", mt_form_plain, INFO),
    MT_FORM("spamd: server ", mt_form_plain, SERVICE),
    MT_FORM("spamd: ", mt_form_plain, INFO),
    MT_FORM("prefork: ", mt_form_plain, SERVICE),
    MT_FORM("spamass-milter ", mt_form_plain, SERVICE),
};

static bool read_line(struct mt_record *rec)
{
    return mt_form_read(rec, forms, sizeof forms / sizeof *forms, rec->line.text, false);
}

static const struct mt_source_program programs[] = {
    {MT_TEXT("spamd"), MT_ROLE_OTHER},
    {MT_TEXT("spamass-milter"), MT_ROLE_OTHER},
    {{NULL, 0}, MT_ROLE_OTHER},
};

extern const struct mt_source mt_source_spamassassin;
const struct mt_source mt_source_spamassassin = {
    .programs = programs,
    .read = read_line,
};
