/* The name-value pairs of an event: every field under the prefix, nested ones with dots
 * (".mail.client.ip"), each with the type that syslog-ng knows for it. An array is one pair, of JSON text.
 *
 * Pairs are cut out of the event's JSON text, which is there in any case.
 *
 * Thread rules: any thread at any time for one struct mt_pairs; a list is one thread's.
 */
#ifndef MT_SYSLOG_NG_PAIRS_H
#define MT_SYSLOG_NG_PAIRS_H

#include "sdk.h"

#include "mailtrace/event.h"

/* The names under one prefix, as far as they have been met. */
struct mt_pairs;

struct mt_pairs *mt_pairs_new(const char *prefix);
void mt_pairs_free(struct mt_pairs *pairs);

struct mt_pair {
    NVHandle handle;
    LogMessageValueType type;
    struct mt_slice value; /* into the JSON text, or a scratch buffer of syslog-ng; UTF-8 */
};

/* More than an event can have. */
#define MT_PAIRS_MAX 256

struct mt_pair_list {
    struct mt_pair v[MT_PAIRS_MAX];
    size_t n;
    size_t names; /* bytes of all of their names */
};

/* Fills list with the pairs of an event, from its JSON text as mt_event_json() writes it. They live as
 * long as that text, and the scratch buffers that the caller reclaims.
 */
void mt_pairs_read(struct mt_pairs *pairs, struct mt_slice json, struct mt_pair_list *list);

#endif
