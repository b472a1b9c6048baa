/* UTF-8 in pieces (RFC 3629, section 4): for mt_utf8_clean() and for sinks that check on their own way.
 *
 * NUL counts as ill-formed: databases refuse it in JSON (PostgreSQL's jsonb), and some libraries end a string there.
 */
#ifndef MT_BASE_UTF8_H
#define MT_BASE_UTF8_H

#include "mailtrace/event.h"

/* What replaces an ill-formed piece: U+FFFD. */
#define MT_UTF8_REPLACEMENT "\xEF\xBF\xBD"

/* The length of the piece that s (not empty) starts with: a character, then
 * *valid is true, or as much of one as is there before it goes wrong, at least one byte
 * ("maximal subpart of an ill-formed subsequence", Unicode 15, section 3.9).
 */
size_t mt_utf8_piece(struct mt_slice s, bool *valid);

bool mt_utf8_valid(struct mt_slice s);

#endif
