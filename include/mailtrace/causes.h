/* Why mail was not taken: the table that tells the "cause" of an event, and the blocklist that its text names.
 *
 * The table is text. Its own first lines say what a row is, in which order rows are asked, and which causes there are
 * (plugin/engine/causes/causes.table). One is built in; a file of the user's has rows that are asked before those.
 *
 * Thread rules: a table never changes once it is made, so any number of threads may ask it. It is counted by how many hold it.
 */
#ifndef MAILTRACE_CAUSES_H
#define MAILTRACE_CAUSES_H

#include "mailtrace/field.h"

#include "mailtrace/api_begin.h"

struct mt_causes;

/* The built-in rows, and before them those of a file, if path is not NULL. Returns NULL when that cannot be used: `why` (size
 * bytes) says so, with the file, the line and what is wrong with it. mt_causes_drop() when done.
 */
struct mt_causes *mt_causes_new(const char *path, char *why, size_t size);

/* One more holds it, or one less, the last of which frees it. NULL is none. */
struct mt_causes *mt_causes_hold(struct mt_causes *causes);
void mt_causes_drop(struct mt_causes *causes);

/* Whether both have the same rows. */
bool mt_causes_same(const struct mt_causes *a, const struct mt_causes *b);

/* Sets CAUSE of what was refused or failed, and BLOCKLIST where its text names one, by DSN, RESPONSE, REPLY_CODE,
 * ACTION and STAGE. Of a text, the first 256 words are looked at. BLOCKLIST points into the text or the table.
 */
void mt_causes_find(const struct mt_causes *causes, struct mt_fields *f);

/* The word of the cause that no row tells. */
extern const struct mt_slice mt_cause_other;

/* The built-in table as text, line by line; the last is NULL. */
extern const char *const mt_causes_text[];

#include "mailtrace/api_end.h"

#endif
