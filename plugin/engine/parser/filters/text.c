#include "text.h"

#include "mailtrace/record.h"

const char *mt_filter_only(struct mt_slice s, struct mt_slice needle, bool *several)
{
    const char *p = mt_find_text(s, needle);

    *several = p && mt_find_text(mt_filter_behind(s, p, 1), needle);
    return *several ? NULL : p;
}

static bool is_same_word(struct mt_slice a, struct mt_slice b)
{
    if (a.n != b.n) {
        return false;
    }
    for (size_t i = 0; i < a.n; i++) {
        char c = a.p[i];
        if ((c >= 'A' && c <= 'Z' ? c | 0x20 : c) != b.p[i]) {
            return false;
        }
    }
    return true;
}

struct mt_slice mt_filter_result(const struct mt_filter_word *words, size_t n, struct mt_slice word)
{
    for (size_t i = 0; i < n; i++) {
        if (is_same_word(word, words[i].logged)) {
            return words[i].result;
        }
    }
    return mt_slice(NULL, 0);
}

struct mt_slice mt_filter_spf_result(struct mt_slice word)
{
    static const struct mt_filter_word words[] = {
        MT_FILTER_WORD("pass", "pass"),           MT_FILTER_WORD("fail", "fail"),
        MT_FILTER_WORD("softfail", "softfail"),   MT_FILTER_WORD("neutral", "neutral"),
        MT_FILTER_WORD("none", "none"),           MT_FILTER_WORD("permerror", "permerror"),
        MT_FILTER_WORD("temperror", "temperror"), MT_FILTER_WORD("tempfail", "temperror"),
    };

    return mt_filter_result(words, sizeof words / sizeof *words, word);
}

bool mt_filter_take_job(struct mt_record *rec, struct mt_slice *at)
{
    struct mt_slice s = *at, job;

    if (!mt_take_to(&s, MT_LIT(": "), &job)) {
        return false;
    }
    if (!mt_slice_eq(job, MT_LIT("(unknown-jobid)"))) {
        if (!mt_filter_is_id(job)) {
            return false;
        }
        mt_set(&rec->f, MT_F_QUEUE_ID, job);
    }
    *at = s;
    return true;
}

/* The bracket that closes the first one, or NULL. */
static const char *closing_bracket(struct mt_slice s)
{
    size_t depth = 0;

    for (size_t i = 0; i < s.n; i++) {
        depth += s.p[i] == '<';
        if (s.p[i] == '>' && --depth == 0) {
            return s.p + i;
        }
    }
    return NULL;
}

struct mt_slice mt_filter_message_id(struct mt_slice s)
{
    const char *end = s.n && *s.p == '<' ? closing_bracket(s) : NULL;

    return end ? mt_slice_to(s.p + 1, end) : s;
}

void mt_filter_by_message_id(struct mt_record *rec, struct mt_slice message_id)
{
    mt_set(&rec->f, MT_F_MESSAGE_ID, message_id);
    rec->alias = (struct mt_alias_name){message_id, MT_SPACE_MESSAGE_ID};
}

struct mt_slice mt_filter_domain_of(struct mt_slice address)
{
    const char *at = mt_find_last(address, MT_LIT("@"));

    return at ? mt_filter_behind(address, at, 1) : address;
}
