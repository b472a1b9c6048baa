/* Events made by chance, the same for the same seed: any field there or not, any bytes in any text. */
#ifndef MT_RANDOM_EVENT_H
#define MT_RANDOM_EVENT_H

#include "mailtrace/received.h"

struct random_event {
    struct mt_event event; /* points into the rest */
    struct mt_recipient recipients[5];
    struct mt_command commands[MT_COMMAND_COUNT];
    struct mt_filter_verdict verdicts[5];
    struct mt_symbol symbols[5][3];
    struct mt_hop hops[3];
    char text[1 << 16];
    size_t used;
    uint64_t seed; /* of the next one */
};

/* Makes the next event. Start with all zero but the seed. */
void random_event_make(struct random_event *r);

#endif
