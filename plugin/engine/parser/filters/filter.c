#include "filter.h"

bool mt_filter_take_number(struct mt_slice *at, int64_t *millionths)
{
    struct mt_slice s = *at;
    bool negative = MT_EAT(&s, "-");

    if (!mt_take_seconds(&s, millionths)) {
        return false;
    }
    *millionths = negative ? -*millionths : *millionths;
    *at = s;
    return true;
}

static bool is_made_of(struct mt_slice s, bool bytes_above)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!mt_is_alnum(c) && c != '-' && c != '_' && c != '.' && !(bytes_above && (c & 0x80))) {
            return false;
        }
    }
    return s.n != 0;
}

bool mt_filter_is_id(struct mt_slice s)
{
    return is_made_of(s, false);
}

bool mt_filter_is_domain(struct mt_slice s)
{
    return is_made_of(s, true);
}
