/* rspamd (3.4 to 3.11): what it says of a mail that it has looked at, in the line of its own `log_format`.
 *
 *     <95b4ff>; proxy; rspamd_task_write_log: id: <a@b>, qid: <1BBD3B7>, ip: 192.0.2.1, user: u, from: <s@b>,
 *     (default: F (no action): [-0.10/15.00] [MIME_GOOD(-0.10){text/plain;},ARC_NA(0.00){}]), len: 369, time: 8.1ms,
 *     dns req: 3, digest: <360d...>, rcpts: <r@c>
 *
 * (conf/logging.inc; src/libserver/task.c, rspamd_task_write_log.) It is one line in the log. Nothing is quoted: the Message-ID has
 * no blanks (they are '?'), so what stands before it and the queue ID are true. The user, the sender, and the options of symbols
 * are strangers' words, and may hold all that follows: where the form of the result occurs twice, none is believed. Options may
 * hold braces: what then cannot be a list of symbols in rspamd's order gives no symbols, and nothing that they say.
 *
 * Thread rules: no state.
 */
#include "filter.h"

#define BY MT_LIT("rspamd")

/* What a line says before its symbols. */
struct result {
    struct mt_slice action, symbols;
    int64_t score, required;
    bool required_known;
};

/* F (no action): [-0.10/15.00] [ */
static bool take_result(struct mt_slice *at, struct result *r)
{
    if (!at->n || !mt_find(MT_LIT("FTS"), *at->p)) {
        return false;
    }
    *at = mt_slice_skip(*at, 1);
    if (!MT_EAT(at, " (") || !mt_take_to(at, MT_LIT(")"), &r->action) || !MT_EAT(at, ": [") ||
        !mt_filter_take_number(at, &r->score) || !MT_EAT(at, "/")) {
        return false;
    }
    r->required_known = !MT_EAT(at, "nan");
    return (!r->required_known || mt_filter_take_number(at, &r->required)) && MT_EAT(at, "] [");
}

/* How often the form of a result occurs in s: 0, 1, or 2 for more. */
static unsigned find_result(struct mt_slice s, struct result *r)
{
    static const struct mt_slice begin = MT_TEXT("(default: ");
    struct result other;
    unsigned n = 0;

    for (const char *p; n < 2 && (p = mt_find_text(s, begin));) {
        struct mt_slice at = mt_slice_to(p + begin.n, s.p + s.n);
        s = at;
        if (take_result(&at, n ? &other : r)) {
            n++;
            if (n == 1) {
                r->symbols = at;
            }
        }
    }
    return n;
}

/* Behind the last symbol: the line was not cut before it. */
static bool end_symbols(struct mt_slice *symbols)
{
    static const struct mt_slice end = MT_TEXT("]), len: ");
    const char *p = mt_find_last(*symbols, end);
    struct mt_slice at;
    int64_t number;

    if (!p) {
        return false;
    }
    at = mt_slice_to(p + end.n, symbols->p + symbols->n);
    *symbols = mt_slice_to(symbols->p, p);
    return mt_take_int(&at, &number) && MT_EAT(&at, ", time: ");
}

/* --- symbols --- */

/* R_SPF_ALLOW(-0.20){+ip4:192.0.2.1;}, the comma behind it, and the options without braces */
static bool take_symbol(struct mt_slice *at, struct mt_symbol *symbol, struct mt_slice *options)
{
    symbol->score_known = true;
    if (!mt_take_to(at, MT_LIT("("), &symbol->name) || !mt_filter_is_id(symbol->name) ||
        !mt_filter_take_number(at, &symbol->score) || !MT_EAT(at, "){") || !mt_take_to(at, MT_LIT("}"), options)) {
        return false;
    }
    return (!options->n || mt_slice_ends(*options, MT_LIT(";"))) && !mt_find(*options, '{') &&
           (!at->n || MT_EAT(at, ","));
}

static int64_t weight(const struct mt_symbol *symbol)
{
    return symbol->score < 0 ? -symbol->score : symbol->score;
}

/* Does a symbol with that name stand before `end`? */
static bool stands_before(struct mt_slice s, const char *end, struct mt_slice name)
{
    struct mt_symbol symbol;
    struct mt_slice options;

    while (s.p < end && take_symbol(&s, &symbol, &options) && s.p <= end) {
        if (mt_slice_eq(symbol.name, name)) {
            return true;
        }
    }
    return false;
}

/* Are these symbols one behind the other, each once, and in the order of their weights, which are rounded? */
static bool are_symbols(struct mt_slice s)
{
    const struct mt_slice all = s;
    int64_t least = INT64_MAX;
    struct mt_symbol symbol;
    struct mt_slice options;

    for (unsigned n = 0; s.n; n++) {
        const char *start = s.p;
        if (n == MT_LINE_SYMBOLS || !take_symbol(&s, &symbol, &options) || weight(&symbol) > least ||
            stands_before(all, start, symbol.name)) {
            return false;
        }
        least = weight(&symbol) + 10000;
    }
    return true;
}

/* What a symbol says besides its score. */
struct meaning {
    struct mt_slice symbol, result, policy;
    uint8_t kind; /* enum mt_verdict_kind */
};

#define MEANS(symbol, kind, result, policy)                                  \
    {                                                                        \
        MT_TEXT(symbol), MT_TEXT(result), MT_TEXT(policy), MT_VERDICT_##kind \
    }

/* src/plugins/lua/spf.lua, dmarc.lua; src/plugins/dkim_check.c */
static const struct meaning meanings[] = {
    MEANS("R_DKIM_ALLOW", DKIM, "pass", ""),
    MEANS("R_DKIM_REJECT", DKIM, "fail", ""),
    MEANS("R_DKIM_TEMPFAIL", DKIM, "temperror", ""),
    MEANS("R_DKIM_PERMFAIL", DKIM, "permerror", ""),
    MEANS("R_SPF_ALLOW", SPF, "pass", ""),
    MEANS("R_SPF_FAIL", SPF, "fail", ""),
    MEANS("R_SPF_SOFTFAIL", SPF, "softfail", ""),
    MEANS("R_SPF_NEUTRAL", SPF, "neutral", ""),
    MEANS("R_SPF_NA", SPF, "none", ""),
    MEANS("R_SPF_DNSFAIL", SPF, "temperror", ""),
    MEANS("R_SPF_PERMFAIL", SPF, "permerror", ""),
    MEANS("DMARC_POLICY_ALLOW", DMARC, "pass", ""),
    MEANS("DMARC_POLICY_REJECT", DMARC, "fail", "reject"),
    MEANS("DMARC_POLICY_QUARANTINE", DMARC, "fail", "quarantine"),
    MEANS("DMARC_POLICY_SOFTFAIL", DMARC, "fail", "none"),
    MEANS("DMARC_NA", DMARC, "none", ""),
};

/* example.net:s=mail, of a signature */
static void set_signature(struct mt_filter_verdict *v, struct mt_slice option)
{
    struct mt_slice domain;

    if (mt_take_to(&option, MT_LIT(":s="), &domain) && mt_filter_is_domain(domain) && mt_filter_is_domain(option)) {
        v->domain = domain;
        v->selector = option;
    }
}

/* One verdict, or of signatures one for each. */
static void add_meaning(struct mt_line_verdicts *verdicts, const struct meaning *meaning, struct mt_slice options)
{
    struct mt_slice option = {NULL, 0};

    do {
        struct mt_filter_verdict *v = mt_verdict_add(verdicts, meaning->kind, BY);
        if (!v) {
            return;
        }
        v->result = meaning->result;
        v->policy = meaning->policy;
        if (meaning->kind == MT_VERDICT_DKIM && mt_take_to(&options, MT_LIT(";"), &option)) {
            set_signature(v, option);
        }
    } while (meaning->kind == MT_VERDICT_DKIM && options.n);
}

/* The symbols of the scanners for viruses (lualib/lua_scanners), CLAM_VIRUS and the like, have the names as options. */
static void add_viruses(struct mt_line_verdicts *verdicts, struct mt_slice options)
{
    struct mt_slice name;

    while (mt_take_to(&options, MT_LIT(";"), &name)) {
        struct mt_filter_verdict *v = name.n ? mt_verdict_add(verdicts, MT_VERDICT_VIRUS, BY) : NULL;
        if (v) {
            v->name = name;
        }
    }
}

static void add_symbols(struct mt_line_verdicts *verdicts, struct mt_slice s)
{
    struct mt_symbol symbol;
    struct mt_slice options;

    for (struct mt_slice at = s; at.n && take_symbol(&at, &symbol, &options);) {
        mt_symbol_add(verdicts, symbol);
    }
    while (s.n && take_symbol(&s, &symbol, &options)) {
        for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++) {
            if (mt_slice_eq(symbol.name, meanings[i].symbol)) {
                add_meaning(verdicts, &meanings[i], options);
            }
        }
        if (mt_slice_ends(symbol.name, MT_LIT("_VIRUS"))) {
            add_viruses(verdicts, options);
        }
    }
}

/* --- lines --- */

static void add_result(struct mt_line_verdicts *verdicts, struct mt_slice rest)
{
    struct result r;
    struct mt_filter_verdict *v;

    if (find_result(rest, &r) != 1 || !(v = mt_verdict_add(verdicts, MT_VERDICT_SPAM, BY))) {
        verdicts->unsure++;
        return;
    }
    v->action = r.action;
    v->score = r.score;
    v->score_known = true;
    v->required = r.required;
    v->required_known = r.required_known;
    if (end_symbols(&r.symbols) && are_symbols(r.symbols)) {
        add_symbols(verdicts, r.symbols);
    } else {
        verdicts->unsure++;
    }
}

/* id: <a@b>, qid: <1BBD3B7>, ip: ... */
static bool read_result(struct mt_record *rec, const struct mt_form *form, struct mt_slice text, struct mt_slice rest)
{
    struct mt_slice message_id, id;

    (void)text;
    if (!MT_EAT(&rest, "<") || !mt_take_to(&rest, MT_LIT(">, "), &message_id)) {
        return false;
    }
    rec->kind = form->kind;
    if (!mt_slice_eq(message_id, MT_LIT("undef"))) {
        mt_set(&rec->f, MT_F_MESSAGE_ID, message_id);
    }
    if (MT_EAT(&rest, "qid: <")) {
        if (!mt_take_to(&rest, MT_LIT(">, "), &id) || !mt_filter_is_id(id)) {
            return false;
        }
        if (!mt_slice_eq(id, MT_LIT("undef"))) {
            mt_set(&rec->f, MT_F_QUEUE_ID, id);
        }
    }
    add_result(&rec->verdicts, rest);
    return true;
}

static const struct mt_form forms[] = {
    MT_FORM("rspamd_task_write_log: id: ", read_result, FILTER),
};

/* <95b4ff>; proxy; function: ... */
static bool read_line(struct mt_record *rec)
{
    struct mt_slice text = rec->line.text, tag, module;

    if (MT_EAT(&text, "<") && (!mt_take_to(&text, MT_LIT(">; "), &tag) || !mt_take_to(&text, MT_LIT("; "), &module))) {
        return false;
    }
    return mt_form_read(rec, forms, sizeof forms / sizeof *forms, text, false);
}

MT_FILTER_SOURCE(rspamd, "rspamd", read_line);
