/* Letters and words of mail headers: ASCII, whatever the locale. */
#ifndef MT_RECEIVED_TEXT_H
#define MT_RECEIVED_TEXT_H

#include "mailtrace/received.h"

#include "base/scan.h"

static inline bool mt_is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static inline char mt_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* lower is in lower case. */
static inline bool mt_starts_folded(struct mt_slice s, struct mt_slice lower)
{
    if (s.n < lower.n) {
        return false;
    }
    for (size_t i = 0; i < lower.n; i++) {
        if (mt_lower(s.p[i]) != lower.p[i]) {
            return false;
        }
    }
    return true;
}

static inline bool mt_eq_folded(struct mt_slice s, struct mt_slice lower)
{
    return s.n == lower.n && mt_starts_folded(s, lower);
}

static inline struct mt_slice mt_trim(struct mt_slice s)
{
    while (s.n && mt_is_blank(*s.p)) {
        s = mt_slice_skip(s, 1);
    }
    while (s.n && mt_is_blank(s.p[s.n - 1])) {
        s.n--;
    }
    return s;
}

/* --- comments.c --- */

/* The length of the comment that s starts with, its parentheses included; 0: it does not end. */
size_t mt_comment_length(struct mt_slice s);

enum mt_token { MT_TOKEN_END, MT_TOKEN_WORD, MT_TOKEN_COMMENT, MT_TOKEN_SEMICOLON };

/* Takes the next word or comment off *at. *text is the word, or the comment without its parentheses. A comment that does
 * not end goes to the end of *at: *open is set then, and else left alone.
 */
enum mt_token mt_token_take(struct mt_slice *at, struct mt_slice *text, bool *open);

/* --- hosts.c --- */

/* What a comment, or the words, after "from" and "by" say of the other side: hosts.c. */
struct mt_from {
    struct mt_slice value; /* the word after "from" */
    bool explicit_helo;    /* the comment says HELO: then value is the name */
    bool plain_ip;         /* the comment is an address and nothing else */
    bool is_name;          /* value is the name for another reason */
};

/* Returns whether the comment has been used up. */
bool mt_from_comment(struct mt_hop *hop, struct mt_from *from, struct mt_slice comment);
bool mt_by_comment(struct mt_hop *hop, struct mt_slice comment);

/* Puts from->value where it belongs, once all is read. exim: that program wrote the header. */
void mt_from_finish(struct mt_hop *hop, const struct mt_from *from, bool exim);

/* A host's name without the dot at its end; empty for "unknown". */
struct mt_slice mt_host_name(struct mt_slice s);

#endif
