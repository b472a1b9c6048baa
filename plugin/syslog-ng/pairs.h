/* The name-value pairs of an event: every field under the prefix, nested ones with dots
 * (".mail.client.ip"), each with the type that syslog-ng knows for it. An array is one pair, of JSON text.
 *
 * Thread rules: one thread at a time for one struct mt_pairs.
 */
#ifndef MT_SYSLOG_NG_PAIRS_H
#define MT_SYSLOG_NG_PAIRS_H

#include "sdk.h"

#include "mailtrace/event.h"

struct mt_pair {
    NVHandle handle;
    LogMessageValueType type;
    size_t at, n; /* the value, in a buffer beside it */
};

/* Start with all zero; free v when done. */
struct mt_pair_list {
    struct mt_pair *v;
    size_t n, size;
    size_t names; /* bytes of all of their names */
};

/* The names under one prefix, as far as they have been met. */
struct mt_pairs;

struct mt_pairs *mt_pairs_new(const char *prefix);
void mt_pairs_free(struct mt_pairs *pairs);

/* Appends the pairs of an event to list, their values to values (as the log had them: not
 * checked for UTF-8). Returns false when memory is short: both hold more than before then.
 */
bool mt_pairs_add(struct mt_pairs *pairs, const struct mt_event *event, struct mt_pair_list *list,
                  struct mt_buffer *values);

#endif
