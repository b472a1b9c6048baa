/* What filters say of a mail: spam, viruses, signatures, policies. Values, one struct for each statement.
 *
 * A record of kind FILTER carries those of its line. A message keeps them packed, in bounded memory, and its event
 * has them in the order of their lines.
 */
#ifndef MAILTRACE_VERDICTS_H
#define MAILTRACE_VERDICTS_H

#include "mailtrace/slice.h"

/* X(identifier, its array in the object "verdicts"), in the order of that object. */
#define MT_VERDICT_KINDS(X) \
    X(SPAM, "spam")         \
    X(VIRUS, "virus")       \
    X(DKIM, "dkim")         \
    X(DMARC, "dmarc")       \
    X(SPF, "spf")

enum mt_verdict_kind {
#define MT_VERDICT_ENUM(id, name) MT_VERDICT_##id,
    MT_VERDICT_KINDS(MT_VERDICT_ENUM)
#undef MT_VERDICT_ENUM
        MT_VERDICT_COUNT
};

/* X(number on disk, member): text; absent is empty. Numbers stay as they are, a new one is larger than all. */
#define MT_VERDICT_TEXTS(X) \
    X(1, by)                \
    X(2, id)                \
    X(3, action)            \
    X(4, category)          \
    X(5, quarantine)        \
    X(6, name)              \
    X(7, domain)            \
    X(8, selector)          \
    X(9, result)            \
    X(10, reason)           \
    X(11, policy)           \
    X(12, scope)

/* X(number on disk, member, the bool that says whether it is there): millionths. */
#define MT_VERDICT_NUMBERS(X) \
    X(64, score, score_known) \
    X(65, required, required_known)

/* A rule of a filter that matched. */
struct mt_symbol {
    struct mt_slice name;
    bool score_known;
    int64_t score; /* millionths */
};

/* One statement. Which members a kind has stands in doc/events.md. */
struct mt_filter_verdict {
    uint8_t kind; /* enum mt_verdict_kind */
    bool score_known, required_known;
    struct mt_slice by;     /* the filter */
    struct mt_slice id;     /* the filter's own */
    struct mt_slice action; /* its own word, in lower case */
    struct mt_slice category, quarantine;
    struct mt_slice name; /* of a virus */
    struct mt_slice domain, selector;
    struct mt_slice result; /* RFC 8601's word, or "signed" */
    struct mt_slice reason, policy;
    struct mt_slice scope;   /* of SPF: "mailfrom", "helo" */
    int64_t score, required; /* millionths */
    const struct mt_symbol *symbols;
    size_t nsymbols;
};

/* The most that one line gives; what is beyond is counted in the record. */
#define MT_LINE_VERDICTS 16
#define MT_LINE_SYMBOLS  100

/* The verdicts of a line, a member of its record. */
struct mt_line_verdicts {
    uint16_t n, nsymbols, omitted;
    uint16_t unsure; /* what the line seems to say, but a stranger may have written: not added, and counted here */
    struct mt_filter_verdict v[MT_LINE_VERDICTS];
    struct mt_symbol symbols[MT_LINE_SYMBOLS];
};

/* A new verdict, empty but for its kind and filter. When there is no room it is counted, and NULL. */
static inline struct mt_filter_verdict *mt_verdict_add(struct mt_line_verdicts *verdicts, enum mt_verdict_kind kind,
                                                       struct mt_slice by)
{
    struct mt_filter_verdict *v;

    if (verdicts->n == MT_LINE_VERDICTS) {
        verdicts->omitted++;
        return NULL;
    }
    v = &verdicts->v[verdicts->n++];
    *v = (struct mt_filter_verdict){.kind = (uint8_t)kind, .by = by};
    return v;
}

/* A new symbol of the verdict that was added last, which must be there. Without room it is left out. */
static inline void mt_symbol_add(struct mt_line_verdicts *verdicts, struct mt_symbol symbol)
{
    struct mt_filter_verdict *v = &verdicts->v[verdicts->n - 1];

    if (verdicts->nsymbols == MT_LINE_SYMBOLS) {
        verdicts->omitted++;
        return;
    }
    if (!v->nsymbols) {
        v->symbols = &verdicts->symbols[verdicts->nsymbols];
    }
    verdicts->symbols[verdicts->nsymbols++] = symbol;
    v->nsymbols++;
}

#endif
