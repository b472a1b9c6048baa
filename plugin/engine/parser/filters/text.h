/* What the readers of filters' texts share beside filter.h.
 *
 * Thread rules: no state.
 */
#ifndef MT_PARSER_FILTERS_TEXT_H
#define MT_PARSER_FILTERS_TEXT_H

#include "filter.h"

/* The place of needle, which is not empty, in s, where it stands there once. NULL: it does not, or more than once; *several says
 * which of both.
 */
const char *mt_filter_only(struct mt_slice s, struct mt_slice needle, bool *several);

/* What of s stands behind p + skip. */
static inline struct mt_slice mt_filter_behind(struct mt_slice s, const char *p, size_t skip)
{
    return mt_slice_to(p + skip, s.p + s.n);
}

/* A row of a table of words: what a filter writes, and RFC 8601's word for it. */
struct mt_filter_word {
    struct mt_slice logged, result;
};

#define MT_FILTER_WORD(logged, result)   \
    {                                    \
        MT_TEXT(logged), MT_TEXT(result) \
    }

/* The result of a word, whatever its case; the empty slice: it is none of the n. */
struct mt_slice mt_filter_result(const struct mt_filter_word *words, size_t n, struct mt_slice word);

/* The results of SPF. */
struct mt_slice mt_filter_spf_result(struct mt_slice word);

/* "JOB: " moved over, for filters that write the MTA's queue ID there. QUEUE_ID is set, unless it is none. False: no job stands there. */
bool mt_filter_take_job(struct mt_record *rec, struct mt_slice *at);

/* A Message-ID as a header has it, or what is left of one: without the brackets around it. */
struct mt_slice mt_filter_message_id(struct mt_slice s);

/* The filter has no queue ID: MESSAGE_ID tells the entry, and is shown. */
void mt_filter_by_message_id(struct mt_record *rec, struct mt_slice message_id);

/* The domain of an address, or of a name alone: what stands behind the last '@'. */
struct mt_slice mt_filter_domain_of(struct mt_slice address);

#endif
