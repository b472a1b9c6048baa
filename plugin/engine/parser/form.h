/* Forms: the tables that tell the form of a line by what its text starts with, one row each.
 *
 * A row is what a server's source says that does not vary, who reads the rest, and what such a line is and does. The tables of
 * all servers have this form. Rows are tried in order, so that the frequent ones stand first; a reader that returns false did not
 * recognise the line: what it has set is forgotten, and the rows behind it are tried.
 */
#ifndef MT_PARSER_FORM_H
#define MT_PARSER_FORM_H

#include "base/scan.h"
#include "mailtrace/parser.h"

/* MT_LIT for static tables. */
#define MT_TEXT(literal)               \
    {                                  \
        (literal), sizeof(literal) - 1 \
    }

struct mt_form;

/* Reads a line of one form. `text` begins with the form's beginning, `rest` stands behind it; both exclude the queue ID. */
typedef bool mt_form_fn(struct mt_record *rec, const struct mt_form *form, struct mt_slice text, struct mt_slice rest);

struct mt_form {
    struct mt_slice begin; /* what the text begins with; empty: with anything, only in tables that are read so */
    struct mt_slice then;  /* what follows somewhere behind it; empty: nothing is asked for */
    mt_form_fn *read;
    uint8_t kind;     /* enum mt_kind, for readers that serve several */
    uint8_t effect;   /* enum mt_effect; MT_EFFECT_NONE: that of the kind */
    uint8_t trouble;  /* enum mt_trouble */
    const char *word; /* what else the reader takes from the table, or NULL */
};

#define MT_FORM(begin, read, kind)                                                               \
    {                                                                                            \
        MT_TEXT(begin), {NULL, 0}, (read), MT_KIND_##kind, MT_EFFECT_NONE, MT_TROUBLE_NONE, NULL \
    }
#define MT_FORM_DOES(begin, read, kind, effect)                                                      \
    {                                                                                                \
        MT_TEXT(begin), {NULL, 0}, (read), MT_KIND_##kind, MT_EFFECT_##effect, MT_TROUBLE_NONE, NULL \
    }
#define MT_FORM_TELLS(begin, read, kind, trouble)                                                     \
    {                                                                                                 \
        MT_TEXT(begin), {NULL, 0}, (read), MT_KIND_##kind, MT_EFFECT_NONE, MT_TROUBLE_##trouble, NULL \
    }
#define MT_FORM_WORD(begin, read, kind, effect, word)                                                  \
    {                                                                                                  \
        MT_TEXT(begin), {NULL, 0}, (read), MT_KIND_##kind, MT_EFFECT_##effect, MT_TROUBLE_NONE, (word) \
    }
#define MT_FORM_THEN(begin, then, read, kind, trouble)                                                    \
    {                                                                                                     \
        MT_TEXT(begin), MT_TEXT(then), (read), MT_KIND_##kind, MT_EFFECT_NONE, MT_TROUBLE_##trouble, NULL \
    }

/* The line is worth an event of its session: REASON says why. */
static inline void mt_form_trouble(struct mt_record *rec, enum mt_trouble trouble)
{
    rec->trouble = (uint8_t)trouble;
    mt_set(&rec->f, MT_F_REASON, mt_slice_str(mt_trouble_names[trouble]));
}

/* Does what the row and the record's STAGE say: a refusal once the message's text has begun is one of the whole message. */
void mt_form_refuse(struct mt_record *rec, enum mt_effect effect);

/* Kind, TEXT and REASON: forms that say nothing more. */
mt_form_fn mt_form_plain;

/* Tries the rows of a table. any: some rows begin with anything. */
static inline __attribute__((always_inline)) bool mt_form_read(struct mt_record *rec, const struct mt_form *forms,
                                                               size_t n, struct mt_slice text, bool any)
{
    for (const struct mt_form *form = forms; form < forms + n; form++) {
        struct mt_slice rest;
        uint64_t have[2];
        if ((!any || form->begin.n) && !mt_word_starts(text, form->begin)) {
            continue;
        }
        rest = mt_slice_skip(text, form->begin.n);
        if (form->then.n && !mt_find_text(rest, form->then)) {
            continue;
        }
        memcpy(have, rec->f.have, sizeof have);
        rec->effect = form->effect;
        if (form->read(rec, form, text, rest)) {
            return true;
        }
        memcpy(rec->f.have, have, sizeof have);
        rec->list = rec->more = false;
        rec->effect = MT_EFFECT_NONE;
        rec->trouble = MT_TROUBLE_NONE;
    }
    return false;
}

#endif
