/* What the readers of filters share: see "A new filter" in CONTRIBUTING.md.
 *
 * A reader adds verdicts (mt_verdict_add) to a record of kind FILTER, and says which entry they are about: by QUEUE_ID, by an
 * alias, or by CLIENT_IP and FROM, as record.h says. What cannot be decided it does not add: it counts it, in `unsure`.
 *
 * Thread rules: no state.
 */
#ifndef MT_PARSER_FILTERS_FILTER_H
#define MT_PARSER_FILTERS_FILTER_H

#include "parser/form.h"

/* The source of a filter that has one program, with `read` as its reader. */
#define MT_FILTER_SOURCE(id, program, read_line)              \
    static const struct mt_source_program id##_programs[] = { \
        {MT_TEXT(program), MT_ROLE_OTHER},                    \
        {{NULL, 0}, MT_ROLE_OTHER},                           \
    };                                                        \
    extern const struct mt_source mt_source_##id;             \
    const struct mt_source mt_source_##id = {                 \
        .programs = id##_programs,                            \
        .read = (read_line),                                  \
    }

/* A number, perhaps with a sign and a fraction, as 15.00 or -0.2, in millionths. */
bool mt_filter_take_number(struct mt_slice *at, int64_t *millionths);

/* Is all of s what queue IDs are made of: letters, digits, '-', '_', '.'? Not when it is empty. */
bool mt_filter_is_id(struct mt_slice s);

/* The same of a domain name, which may be in UTF-8. */
bool mt_filter_is_domain(struct mt_slice s);

#endif
