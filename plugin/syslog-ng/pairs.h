/* SPDX-License-Identifier: Apache-2.0 OR LGPL-2.1-or-later */
/* The name-value pairs of an event as syslog-ng knows them: every field under the prefix, nested ones with dots
 * (".mail.client.ip"), each with syslog-ng's type for it. An array is one pair, of JSON text.
 *
 * The engine gives pairs inside its call (mt_event_pairs()); they are packed into a buffer and read later.
 *
 * Thread rules: any thread at any time for one struct mt_pairs; a buffer is one thread's.
 */
#ifndef MT_SYSLOG_NG_PAIRS_H
#define MT_SYSLOG_NG_PAIRS_H

#include "sdk.h"

#include "mailtrace/event.h"

/* Appends the pairs of an event. scratch is memory that calls share. False when memory was short. */
bool mt_pairs_pack(const struct mt_schema *schema, const struct mt_event *event, struct mt_buffer *to,
                   struct mt_buffer *scratch);

/* The next packed pair; false at the end. */
bool mt_pairs_next(struct mt_slice *packed, struct mt_pair *pair);

/* syslog-ng's handles of the names under one prefix, as far as they have been met. */
struct mt_pairs;

struct mt_pairs *mt_pairs_new(const char *prefix);
void mt_pairs_free(struct mt_pairs *pairs);

/* Looks one up. *guess starts as NULL and is the caller's: pairs come in an order that is nearly always the same,
 * so the handle behind the one that was found last is tried first.
 */
struct mt_pair_name;
NVHandle mt_pairs_handle(struct mt_pairs *pairs, struct mt_slice name, const struct mt_pair_name **guess);

LogMessageValueType mt_pairs_type(enum mt_pair_type type);

/* Bytes that all of those packed pairs take in a message, at most. */
size_t mt_pairs_room(const struct mt_pairs *pairs, struct mt_slice packed);

#endif
