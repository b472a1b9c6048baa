/* Names of events, and lists of them as options hold them. */
#include "mailtrace/event.h"

const char *const mt_event_names[MT_EVENT_COUNT] = {
    [MT_EVENT_DELIVERY] = "delivery",
    [MT_EVENT_MESSAGE] = "message",
    [MT_EVENT_REJECT] = "reject",
    [MT_EVENT_SESSION] = "session",
};

static bool is_separator(char c)
{
    return c == ' ' || c == '\t' || c == ',';
}

/* The next name of the list; empty at its end. */
static struct mt_slice take_name(struct mt_slice *at)
{
    const char *end = at->p + at->n, *start = at->p, *p;

    while (start < end && is_separator(*start)) {
        start++;
    }
    for (p = start; p < end && !is_separator(*p); p++) {
    }
    *at = mt_slice_to(p, end);
    return mt_slice_to(start, p);
}

/* The bit of an event's name; 0 for any other. */
static unsigned bit_of(struct mt_slice name)
{
    for (unsigned kind = 0; kind < MT_EVENT_COUNT; kind++) {
        if (mt_slice_eq(name, mt_slice_str(mt_event_names[kind]))) {
            return 1u << kind;
        }
    }
    return 0;
}

bool mt_events_parse(struct mt_slice list, unsigned *events, struct mt_slice *bad)
{
    unsigned set = 0;

    if (list.n) {
        for (struct mt_slice name = take_name(&list); name.n; name = take_name(&list)) {
            unsigned bit = bit_of(name);
            if (!bit) {
                *bad = name;
                return false;
            }
            set |= bit;
        }
    }
    *bad = mt_slice(NULL, 0);
    if (set) {
        *events = set;
    }
    return set != 0;
}
