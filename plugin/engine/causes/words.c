/* The words of a text: runs of letters and digits, in either case.
 *
 * A word is a part of a name where a dot joins it to another: "mx.full.example" says nothing of a mailbox. Such
 * words equal only those that are parts of a name in the table, too.
 */
#include "table.h"

#include "base/scan.h"

static bool is_word(char c)
{
    return mt_is_alnum(c) || (unsigned char)c >= 0x80;
}

static bool is_blank(char c)
{
    return c == ' ' || (unsigned char)(c - '\t') < 5;
}

static bool is_joined(struct mt_slice text, size_t at, size_t end)
{
    return (at > 1 && text.p[at - 1] == '.' && is_word(text.p[at - 2])) ||
           (end + 1 < text.n && text.p[end] == '.' && is_word(text.p[end + 1]));
}

/* FNV-1a. Who makes two words the same gains nothing: he could have written the word of the table. */
static struct mt_cause_word read_word(struct mt_slice text, size_t at)
{
    uint32_t hash = 2166136261u;
    size_t end = at;

    for (; end < text.n && is_word(text.p[end]); end++) { /* 0x20 makes capitals small, and is set in digits */
        hash = (hash ^ ((unsigned char)text.p[end] | 0x20u)) * 16777619u;
    }
    hash = (hash & ~1u) | is_joined(text, at, end);
    return (struct mt_cause_word){hash > 1 ? hash : hash + 2, (uint32_t)at, (uint32_t)(end - at)};
}

/* Behind the word that `at` stands in. */
static size_t skip_to_blank(struct mt_slice text, size_t at)
{
    while (at < text.n && !is_blank(text.p[at])) {
        at++;
    }
    return at;
}

/* Behind the `>` of what begins at `at`; at + 1 when there is none, and then *closed is false from now on. */
static size_t skip_address(struct mt_slice text, size_t at, bool *closed)
{
    const char *end = *closed ? memchr(text.p + at, '>', text.n - at) : NULL;

    *closed = end;
    return end ? (size_t)(end - text.p) + 1 : at + 1;
}

size_t mt_cause_words_read(struct mt_slice text, struct mt_cause_word *out, size_t most)
{
    size_t n = 0, first = 0; /* of the words since the last blank */
    bool closed = true;

    for (size_t at = 0; at < text.n && n < most;) {
        char c = text.p[at];
        if (is_word(c)) {
            out[n] = read_word(text, at);
            at += out[n++].n;
        } else if (c == '@') {
            n = first;
            at = skip_to_blank(text, at);
        } else if (c == '<') {
            at = skip_address(text, at, &closed);
        } else {
            at++;
            first = is_blank(c) ? n : first;
        }
    }
    return n;
}
