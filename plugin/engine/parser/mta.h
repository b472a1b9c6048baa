/* What each MTA's file gives to the table in parser.c.
 *
 * A reader is called with rec->line (text unwrapped), rec->mta, rec->service and
 * rec->f cleared; INSTANCE is set when the tag has one. It sets kind and fields and
 * returns true, or returns false for a form that it does not know.
 */
#ifndef MT_PARSER_MTA_H
#define MT_PARSER_MTA_H

#include "mailtrace/parser.h"

bool mt_postfix_read(struct mt_record *rec);
bool mt_sendmail_read(struct mt_record *rec);

/* The next address of sendmail's to= list: mt_recipient_next() for lists. */
bool mt_sendmail_recipient_next(struct mt_slice *rest, struct mt_slice *address);

#endif
