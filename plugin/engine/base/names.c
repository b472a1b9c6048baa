/* Names of events, and lists of them as options hold them. */
#include "words.h"

/* X(identifier, name). */
#define EVENTS(X)           \
    X(DELIVERY, "delivery") \
    X(MESSAGE, "message")   \
    X(REJECT, "reject")     \
    X(SESSION, "session")

const char *const mt_event_names[MT_EVENT_COUNT] = {
#define MT_ROW(id, name) [MT_EVENT_##id] = name,
    EVENTS(MT_ROW)
#undef MT_ROW
};

const struct mt_slice mt_event_words[MT_EVENT_COUNT] = {
#define MT_ROW(id, name) [MT_EVENT_##id] = MT_NAMED(name),
    EVENTS(MT_ROW)
#undef MT_ROW
};

const struct mt_slice mt_kind_words[MT_KIND_COUNT] = {
#define MT_ROW(id, name, rank, effect) [MT_KIND_##id] = MT_NAMED(name),
    MT_KINDS(MT_ROW)
#undef MT_ROW
};

const struct mt_slice mt_source_words[MT_SOURCE_COUNT] = {
#define MT_ROW(id, name) [MT_SOURCE_##id] = MT_NAMED(name),
    MT_SOURCE_ROWS(MT_ROW)
#undef MT_ROW
};

const struct mt_slice mt_status_words[MT_STATUS_COUNT] = {
#define MT_ROW(id, name) [MT_STATUS_##id] = MT_NAMED(name),
    MT_STATUSES(MT_ROW)
#undef MT_ROW
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
        if (mt_slice_eq(name, mt_event_words[kind])) {
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
