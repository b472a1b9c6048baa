/* Words and comments of a header, as RFC 5322, section 3.2, has them: comments nest, a quoted string or an
 * <address> may hold blanks and parentheses.
 */
#include "text.h"

/* A quoted string or <address> that goes on for longer is none: RFC 5321 has paths of 256 octets. */
#define LONGEST 512

size_t mt_comment_length(struct mt_slice s)
{
    size_t depth = 0;

    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\\') {
            i++;
        } else if (s.p[i] == '(') {
            depth++;
        } else if (s.p[i] == ')' && --depth == 0) {
            return i + 1;
        }
    }
    return 0;
}

static bool ends_soon(struct mt_slice s, char end)
{
    return mt_find(mt_slice(s.p + 1, (s.n < LONGEST ? s.n : LONGEST) - 1), end) != NULL;
}

/* The length of the quoted string that s starts with, or 1 when it does not end. */
static size_t quoted_length(struct mt_slice s)
{
    for (size_t i = ends_soon(s, '"') ? 1 : LONGEST; i < s.n && i < LONGEST; i++) {
        if (s.p[i] == '\\') {
            i++;
        } else if (s.p[i] == '"') {
            return i + 1;
        }
    }
    return 1;
}

/* The same for <address>, which may hold a quoted string. */
static size_t angle_length(struct mt_slice s)
{
    for (size_t i = ends_soon(s, '>') ? 1 : LONGEST; i < s.n && i < LONGEST; i++) {
        if (s.p[i] == '"') {
            i += quoted_length(mt_slice_skip(s, i)) - 1;
        } else if (s.p[i] == '>') {
            return i + 1;
        }
    }
    return 1;
}

/* Up to a blank, a comment or a semicolon; an <address> is a word by itself. */
static size_t word_length(struct mt_slice s)
{
    size_t i = 0;

    if (*s.p == '<' && (i = angle_length(s)) > 1) {
        return i;
    }
    for (i = 0; i < s.n && !mt_is_blank(s.p[i]) && s.p[i] != '(' && s.p[i] != ';';) {
        if (s.p[i] == '"') {
            i += quoted_length(mt_slice_skip(s, i));
        } else if (s.p[i] == '<') {
            i += angle_length(mt_slice_skip(s, i));
        } else {
            i++;
        }
    }
    return i;
}

enum mt_token mt_token_take(struct mt_slice *at, struct mt_slice *text, bool *open)
{
    size_t n;

    while (at->n && mt_is_blank(*at->p)) {
        *at = mt_slice_skip(*at, 1);
    }
    if (!at->n) {
        return MT_TOKEN_END;
    }
    if (*at->p == ';') {
        *at = mt_slice_skip(*at, 1);
        return MT_TOKEN_SEMICOLON;
    }
    if (*at->p != '(') {
        n = word_length(*at);
        *text = mt_slice(at->p, n);
        *at = mt_slice_skip(*at, n);
        return MT_TOKEN_WORD;
    }
    n = mt_comment_length(*at);
    *open |= n == 0;
    *text = n ? mt_slice(at->p + 1, n - 2) : mt_slice_skip(*at, 1);
    *at = mt_slice_skip(*at, n ? n : at->n);
    return MT_TOKEN_COMMENT;
}
