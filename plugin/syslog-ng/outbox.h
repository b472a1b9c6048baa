/* SPDX-License-Identifier: Apache-2.0 OR LGPL-2.1-or-later */
/* Events on their way into syslog-ng: written down while the correlator is locked, sent when it is
 * not, so that whatever happens downstream holds nobody else up.
 *
 * Thread rules: one thread at a time for one outbox.
 */
#ifndef MT_SYSLOG_NG_OUTBOX_H
#define MT_SYSLOG_NG_OUTBOX_H

#include "sdk.h"

#include "pairs.h"

struct mt_letter {
    struct mt_time time;
    size_t text, text_n; /* the JSON text, in the buffer of the outbox; so are the next two */
    size_t host, host_n;
    size_t pairs, pairs_n; /* packed */
};

/* Starts with all zero. */
struct mt_outbox {
    struct mt_buffer buffer, scratch;
    struct mt_letter *letters;
    size_t n, size;
    uint64_t lost; /* events that memory was too short for */
};

/* Frees what it holds. */
void mt_outbox_free(struct mt_outbox *box);

/* Makes it as good as new, without giving all memory back. */
void mt_outbox_reset(struct mt_outbox *box);

/* Writes an event down in a schema (NULL: native), with its pairs or without. */
void mt_outbox_add(struct mt_outbox *box, const struct mt_schema *schema, const struct mt_event *event, bool pairs);

/* A message of the i-th event: JSON text, host, timestamp, pairs (NULL: without) as far as they were written down. */
LogMessage *mt_outbox_message(const struct mt_outbox *box, size_t i, struct mt_pairs *pairs);

#endif
