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

#endif
