/* The lists of a record: what stands in its COMMANDS and RECEIVED, read once before a sink is told of it.
 *
 * Thread rules: no shared state.
 */
#ifndef MT_EVENT_RECORD_LISTS_H
#define MT_EVENT_RECORD_LISTS_H

#include "mailtrace/received.h"

struct mt_record_lists {
    struct mt_event lists; /* only the lists are set; they point to the record and to the rest */
    struct mt_command commands[MT_COMMAND_COUNT];
    struct mt_hop hop; /* a line has one header */
    char scratch[MT_HOP_LOGGED];
};

void mt_record_lists_read(const struct mt_record *record, struct mt_record_lists *out);

#endif
