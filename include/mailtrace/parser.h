/* From a line to a record. Stateless, allocates nothing, one pass. */
#ifndef MAILTRACE_PARSER_H
#define MAILTRACE_PARSER_H

#include "mailtrace/record.h"

#include "mailtrace/api_begin.h"

enum mt_verdict {
    MT_FOREIGN = 0,  /* not a line of a known MTA, nor one in which a known filter speaks of mail: *rec is of no use */
    MT_UNRECOGNISED, /* a known MTA's, but no known form: only line, source, service, role and INSTANCE are set */
    MT_RECOGNISED,
};

/* Does mt_parse() say MT_FOREIGN, whatever the text is? Only line->program and line->source are looked at. */
bool mt_is_foreign(const struct mt_line *line);

/* Reads one line of any known MTA or filter. Which one is told by line->program, or by
 * line->source when that is set. *rec need not be initialised.
 */
enum mt_verdict mt_parse(const struct mt_line *line, struct mt_record *rec);

#include "mailtrace/api_end.h"

#endif
