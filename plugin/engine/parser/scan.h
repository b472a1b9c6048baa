/* Scanner primitives: what the readers of all MTAs share.
 *
 * Each takes a slice (or a cursor, a slice that it moves on) and never looks
 * beyond it. Cursor functions return false and leave the cursor alone when
 * the text is not of their form.
 */
#ifndef MT_PARSER_SCAN_H
#define MT_PARSER_SCAN_H

#include "mailtrace/record.h"

/* ASCII only, whatever the locale. */
static inline bool mt_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool mt_is_alnum(char c)
{
    return mt_is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* Moves over prefix. */
static inline bool mt_eat(struct mt_slice *at, struct mt_slice prefix)
{
    if (!mt_slice_starts(*at, prefix)) {
        return false;
    }
    *at = mt_slice_skip(*at, prefix.n);
    return true;
}
#define MT_EAT(at, literal) mt_eat((at), MT_LIT(literal))

/* The first c in s, or NULL. */
static inline const char *mt_find(struct mt_slice s, char c)
{
    return s.n ? memchr(s.p, c, s.n) : NULL;
}

/* The first, or last, place of needle (not empty) in s, or NULL. */
const char *mt_find_text(struct mt_slice s, struct mt_slice needle);
const char *mt_find_last(struct mt_slice s, struct mt_slice needle);

/* What stands before the next `until`, which is moved over. False when there is none. */
bool mt_take_to(struct mt_slice *at, struct mt_slice until, struct mt_slice *token);

/* The next word, up to a blank or the end; the blank is moved over. False at the end. */
bool mt_take_word(struct mt_slice *at, struct mt_slice *word);

/* Decimal digits, at least one; false as well when the value exceeds INT64_MAX. */
bool mt_take_int(struct mt_slice *at, int64_t *value);

/* A decimal number of seconds such as 0.25 or 28, in microseconds; digits after the sixth are dropped. */
bool mt_take_seconds(struct mt_slice *at, int64_t *usec);

/* The whole of s as a number. */
bool mt_whole_int(struct mt_slice s, int64_t *value);

/* An enhanced status code, RFC 3463: class "." subject "." detail. */
bool mt_take_dsn(struct mt_slice *at, struct mt_slice *dsn);

/* Three digits of an SMTP reply code, 200 to 599, followed by a blank, '-' or the end: 0 when s does not start so. */
int mt_reply_code(struct mt_slice s);

/* "unknown" and "" are not known: the empty slice; anything else as it is. */
struct mt_slice mt_known(struct mt_slice s);

#endif
