/* What the files of the qmail reader share. Nothing here is for others: see source.h.
 *
 *     qmail.c      the source, its timestamp and pieces, and all lines but
 *     delivery.c   what became of a delivery
 */
#ifndef MT_PARSER_QMAIL_QMAIL_H
#define MT_PARSER_QMAIL_QMAIL_H

#include "parser/form.h"

mt_form_fn mt_qmail_delivery;

/* Moves over digits, and gives them as they stand. */
bool mt_qmail_number(struct mt_slice *at, struct mt_slice *number);

/* "delivery 5": the number with the word that stands before it, so that the attempt's lines can be found by it. */
static inline struct mt_alias_name mt_qmail_attempt(struct mt_slice number)
{
    const size_t before = sizeof "delivery " - 1;

    return (struct mt_alias_name){mt_slice(number.p - before, number.n + before), MT_SPACE_DELIVERY};
}

#endif
