/* The names of events, records, sources and statuses as slices: the text of the public tables of
 * names with its length, for where a name is written.
 */
#ifndef MT_BASE_WORDS_H
#define MT_BASE_WORDS_H

#include "mailtrace/event.h"

/* A slice of a string literal, to initialise with. */
#define MT_NAMED(literal)              \
    {                                  \
        (literal), sizeof(literal) - 1 \
    }

/* By enum value; empty where there is no name. */
extern const struct mt_slice mt_event_words[MT_EVENT_COUNT];
extern const struct mt_slice mt_kind_words[MT_KIND_COUNT];
extern const struct mt_slice mt_source_words[MT_SOURCE_COUNT];
extern const struct mt_slice mt_status_words[MT_STATUS_COUNT];

#endif
