/* Stories: what became of a mail at all the hosts that it passed, told by events.
 *
 * Each `message` event is an entry: the life of a mail in one queue. Entries are joined into a story where
 * one came out of another: handed on to the next host, forwarded or handed back by a filter on the same host,
 * or a notification about it. Events are added in any order; joining takes time that is linear in their
 * number, but for sorting.
 *
 *     struct mt_stories *s = mt_stories_new(&wanted, max_memory);
 *     mt_stories_add(s, event);        for each event
 *     mt_stories_join(s);
 *     mt_stories_walk(s, each, ctx);   each story, and then what stands alone
 *     mt_stories_free(s);
 *
 * How hosts are joined: a delivery names the queue ID that the next server gave the mail (next_queue_id). That is
 * a stranger's word. So the entry must have that ID, must be of about the same time, and its Message-ID must agree;
 * where servers log an odd Message-ID differently, sender and hosts must. parent_queue_id is the host's own word.
 *
 * A `reject` that refused nothing (the mail is filtered, held ...) is a remark about the entry in which its recipient got
 * the mail; only where there is none it stands alone, as refusals and sessions do.
 *
 * Thread rules: one thread at a time for one struct mt_stories.
 */
#ifndef MAILTRACE_STORIES_H
#define MAILTRACE_STORIES_H

#include "mailtrace/criteria.h"

#include "mailtrace/api_begin.h"

/* No entry, delivery or remark: the end of a list of numbers. */
#define MT_NONE UINT32_MAX

struct mt_stories;

struct mt_kept_head;

/* An event that is kept; see mt_kept_event_open(). */
struct mt_kept_event {
    enum mt_event_kind kind;
    uint64_t have[2];
    union mt_value *v;         /* of the fields that are set, in their order */
    const void *lists;         /* mt_lists_open() */
    struct mt_kept_head *head; /* the library's own: the memory that holds all */
};

/* How an entry comes from another one. */
enum mt_link {
    MT_LINK_NONE,
    MT_LINK_HOP,    /* handed on: next_queue_id */
    MT_LINK_MADE,   /* made on the same host out of the other: parent_queue_id */
    MT_LINK_BOUNCE, /* a notification about the other */
};

/* An entry. Entries have numbers from 0 on, in the order of adding. */
struct mt_entry {
    struct mt_kept_event event; /* the `message` */
    int64_t first, last;        /* usec: its arrival, its end */
    uint32_t deliveries;        /* number of its first delivery: they follow one another by time */
    uint32_t ndeliveries;
    uint32_t remarks; /* the first one: see mt_stories_remark() */
    uint32_t parent;  /* entry that it comes from */
    enum mt_link link;
    uint32_t child;   /* the first entry that comes from it */
    uint32_t sibling; /* the next entry that comes from the same one */
    bool wanted;      /* meets the criteria */
    bool told;        /* of mt_stories_walk() */
};

/* A delivery. */
struct mt_delivery {
    struct mt_kept_event event;
    uint32_t entry;         /* whose it is; MT_NONE: the end of that is not known */
    uint32_t next;          /* entry that goes on with it */
    uint32_t order, before; /* the library's own: deliveries, and entries, that were added before it */
};

/* A reject or session. */
struct mt_remark {
    struct mt_kept_event event;
    uint32_t entry; /* that it is about; MT_NONE: it stands alone */
    uint32_t next;  /* the next remark about the same entry */
    bool wanted;    /* meets the criteria */
};

/* What became of a recipient, as far as an entry tells. */
enum mt_fate_kind {
    MT_FATE_UNKNOWN,    /* no result */
    MT_FATE_HERE,       /* delivered on the host */
    MT_FATE_FORWARDED,  /* forwarded on the host, as next_queue_id */
    MT_FATE_FILTERED,   /* given to a filter of the host, which handed it back: it went on as fate.next */
    MT_FATE_STORE,      /* taken by a mail store */
    MT_FATE_ACCEPTED,   /* taken by another host */
    MT_FATE_WAITING,    /* tried in vain, no end of it */
    MT_FATE_REFUSED,    /* for good, by another host */
    MT_FATE_FAILED,     /* for good, on the host */
    MT_FATE_EXPIRED,    /* too long in the queue */
    MT_FATE_DISCARDED,  /* nobody gets it */
    MT_FATE_DELETED,    /* by the administrator */
    MT_FATE_PROBE_GOOD, /* an address probe: it would be accepted */
    MT_FATE_PROBE_BAD,  /* an address probe: it would be refused */
};

struct mt_fate {
    enum mt_fate_kind kind;
    const struct mt_recipient *recipient;
    uint32_t nattempts; /* deliveries to this recipient: mt_fate_attempt() */
    uint32_t last;      /* number of the last of them */
    uint32_t next;      /* entry that the last of them went on as */
    uint32_t first;     /* the library's own */
};

/* wanted: which stories to walk; NULL: all. It is not copied. Events beyond max_memory bytes are left out and counted. NULL:
 * memory is short.
 */
struct mt_stories *mt_stories_new(const struct mt_criteria *wanted, uint64_t max_memory);
void mt_stories_free(struct mt_stories *s);

/* Copies an event. One with an id that was there before changes nothing. False: it is left out, because memory is short or would
 * exceed the bound; it is counted.
 */
bool mt_stories_add(struct mt_stories *s, const struct mt_event *event);

/* Events that were left out. */
uint64_t mt_stories_left_out(const struct mt_stories *s);

/* Joins what was added. May be called again after more was added. False: memory is short, nothing is joined. */
bool mt_stories_join(struct mt_stories *s);

/* ---- after mt_stories_join(); what is returned stays until the next mt_stories_add() ---- */

uint32_t mt_stories_entries(const struct mt_stories *s);
const struct mt_entry *mt_stories_entry(const struct mt_stories *s, uint32_t entry);
const struct mt_delivery *mt_stories_delivery(const struct mt_stories *s, uint32_t delivery);
const struct mt_remark *mt_stories_remark(const struct mt_stories *s, uint32_t remark);

/* The entries known by a queue ID, on whatever host, by arrival: *at starts as 0. MT_NONE: no more. */
uint32_t mt_stories_find(const struct mt_stories *s, struct mt_slice id, size_t *at);

/* What became of a recipient of an entry: number `recipient` of its event's. */
void mt_stories_fate(const struct mt_stories *s, uint32_t entry, size_t recipient, struct mt_fate *fate);

/* The delivery that is attempt number i of a fate, from 0 to fate->nattempts - 1, by time. */
uint32_t mt_fate_attempt(const struct mt_stories *s, const struct mt_fate *fate, uint32_t i);

/* A story: the entries that came out of entries[0], parents before children. */
struct mt_story {
    const struct mt_stories *stories;
    const uint32_t *entries;
    uint32_t n;
};

/* Called for each story, or with a story of no entries and a remark that stands alone. False: stop. */
typedef bool mt_story_fn(void *ctx, const struct mt_story *story, const struct mt_remark *remark);

/* Walks the stories in which an entry meets the criteria, by the arrival of the first that does, each once; then the
 * remarks that stand alone, in the order of adding. False: memory is short.
 */
bool mt_stories_walk(struct mt_stories *s, mt_story_fn *each, void *ctx);

/* The event of a story that sums it up (`trace`): its hops, and what became of each recipient in the end. */
void mt_story_walk(const struct mt_story *story, const struct mt_visitor *visitor, void *ctx);

/* The same as JSON: see mt_event_json(). */
bool mt_story_json(const struct mt_story *story, struct mt_buffer *out);

/* ---- kept events ---- */

/* The event as it was added, with its fields in *out. It points to what is kept. */
void mt_kept_event_open(const struct mt_kept_event *event, struct mt_event *out);

/* The text of a field, empty when it is absent. */
struct mt_slice mt_kept_event_get(const struct mt_kept_event *event, enum mt_field id);

#include "mailtrace/api_end.h"

#endif
