/* The severity, or facility and severity, that some daemons write as a word of the header. */
#include "priority.h"

#include "base/scan.h"

#define MT_TEXT(text)            \
    {                            \
        (text), sizeof(text) - 1 \
    }

/* RFC 5424, 6.2.1, as syslog.h and rsyslog's severity texts spell them. */
static const struct mt_slice levels[] = {
    MT_TEXT("emerg"), MT_TEXT("panic"),   MT_TEXT("alert"), MT_TEXT("crit"),   MT_TEXT("err"),   MT_TEXT("error"),
    MT_TEXT("warn"),  MT_TEXT("warning"), MT_TEXT("info"),  MT_TEXT("notice"), MT_TEXT("debug"),
};

static const struct mt_slice facilities[] = {
    MT_TEXT("mail"), MT_TEXT("daemon"),   MT_TEXT("auth"), MT_TEXT("authpriv"), MT_TEXT("user"),
    MT_TEXT("kern"), MT_TEXT("security"), MT_TEXT("cron"), MT_TEXT("syslog"),   MT_TEXT("local"),
};

/* The whole of s, in letters of one case. */
static bool is_word(struct mt_slice s, struct mt_slice word)
{
    char bit = s.n && s.p[0] >= 'a' ? 0 : 'a' - 'A';

    if (s.n != word.n) {
        return false;
    }
    for (size_t i = 0; i < s.n; i++) {
        if ((s.p[i] | bit) != word.p[i] || (bit && s.p[i] >= 'a')) {
            return false;
        }
    }
    return true;
}

bool mt_is_level(struct mt_slice s)
{
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        if (is_word(s, levels[i])) {
            return true;
        }
    }
    return false;
}

/* "mail", "local3", "auth|security" */
static bool is_facility(struct mt_slice s)
{
    const char *bar = s.n ? mt_find(s, '|') : NULL;

    s.n = bar ? (size_t)(bar - s.p) : s.n;
    s.n -= s.n > 1 && s.p[s.n - 1] >= '0' && s.p[s.n - 1] <= '7';
    for (size_t i = 0; i < sizeof facilities / sizeof *facilities; i++) {
        if (is_word(s, facilities[i])) {
            return true;
        }
    }
    return false;
}

bool mt_is_priority(struct mt_slice word)
{
    bool bracket =
        word.n > 2 && ((*word.p == '[' && word.p[word.n - 1] == ']') || (*word.p == '<' && word.p[word.n - 1] == '>') ||
                       (*word.p == '(' && word.p[word.n - 1] == ')'));
    const char *mark;

    if (bracket) {
        word = mt_slice(word.p + 1, word.n - 2);
    }
    mark = word.n ? mt_find_either(word, '.', ':') : NULL;
    return mark ? is_facility(mt_slice_to(word.p, mark)) && mt_is_level(mt_slice_to(mark + 1, word.p + word.n))
                : mt_is_level(word);
}
