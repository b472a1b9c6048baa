/* Events on their way into rsyslog: written down while the correlator is locked,
 * sent when it is not, so that a full queue holds up the sender and nobody else.
 *
 * Thread rules: one thread at a time for one outbox; each worker has its own.
 */
#ifndef MT_RSYSLOG_OUTBOX_H
#define MT_RSYSLOG_OUTBOX_H

#include "sdk.h"

#include "mailtrace/event.h"

struct mt_letter {
    struct mt_time time;
    size_t text, text_n; /* the JSON text, in the buffer of the outbox */
    size_t host, host_n;
    struct fjson_object *tree;
};

/* Starts with all zero, but for trees and schema. */
struct mt_outbox {
    bool trees;                     /* of events are made as well */
    const struct mt_schema *schema; /* that events are written in */
    struct mt_buffer buffer;
    struct mt_letter *letters;
    size_t n, size;
    uint64_t lost; /* events that memory was too short for, or a queue's end; the caller sets it back */
};

void mt_outbox_free(struct mt_outbox *box);

/* Writes an event down. */
void mt_outbox_add(struct mt_outbox *box, const struct mt_event *event);

/* Where events go, and how. */
struct mt_address {
    ruleset_t *ruleset;
    const char *container; /* NULL: no tree */
};

/* Makes a message of each event and puts it into the ruleset's queue; waits while that
 * is full, but not beyond the end of rsyslog's inputs. A disk-assisted queue is waited for
 * as long as its queue.timeoutEnqueue says. received is the time the messages
 * bear as that of their reception.
 */
void mt_outbox_send(struct mt_outbox *box, const struct mt_address *to, const struct syslogTime *received,
                    time_t seconds);

/* Called once, when the module is loaded, and when it is unloaded. */
rsRetVal mt_outbox_init(const obj_if_t *object);
void mt_outbox_exit(void);

#endif
