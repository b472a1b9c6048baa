/* SPDX-License-Identifier: Apache-2.0 OR LGPL-2.1-or-later */
/* Events on their way: see deliveries.h. */
#include "deliveries.h"

struct mt_deliveries {
    int references, pending;
    bool given_up; /* some: as it is when syslog-ng ends before a destination has taken them */
};

struct mt_deliveries *mt_deliveries_new(void)
{
    struct mt_deliveries *deliveries = g_new0(struct mt_deliveries, 1);

    deliveries->references = 1;
    return deliveries;
}

void mt_deliveries_unref(struct mt_deliveries *deliveries)
{
    if (__atomic_sub_fetch(&deliveries->references, 1, __ATOMIC_ACQ_REL) == 0) {
        g_free(deliveries);
    }
}

/* Called once for each event. Nobody but a message's ack_func looks at its ack_record. */
static void acknowledge(LogMessage *event, AckType type)
{
    struct mt_deliveries *deliveries = (struct mt_deliveries *)(void *)event->ack_record;
    LogPathOptions options = {.ack_needed = TRUE};

    if (event->original) {
        log_msg_ack(event->original, &options, type);
    }
    if (type != AT_PROCESSED) {
        __atomic_store_n(&deliveries->given_up, true, __ATOMIC_RELAXED);
    }
    __atomic_sub_fetch(&deliveries->pending, 1, __ATOMIC_RELEASE);
    mt_deliveries_unref(deliveries);
}

void mt_deliveries_expect(struct mt_deliveries *deliveries, LogMessage *event, LogPathOptions *options,
                          LogMessage *line, const LogPathOptions *of_line)
{
    __atomic_add_fetch(&deliveries->references, 1, __ATOMIC_RELAXED);
    __atomic_add_fetch(&deliveries->pending, 1, __ATOMIC_RELAXED);
    event->ack_record = (AckRecord *)(void *)deliveries;
    event->ack_func = acknowledge;
    if (line && of_line->ack_needed) {
        event->original = log_msg_ref(line);
        log_msg_add_ack(line, of_line);
    }
    options->ack_needed = TRUE;
    log_msg_add_ack(event, options);
}

int mt_deliveries_pending(const struct mt_deliveries *deliveries)
{
    return __atomic_load_n(&deliveries->pending, __ATOMIC_ACQUIRE);
}

bool mt_deliveries_all_done(const struct mt_deliveries *deliveries)
{
    return mt_deliveries_pending(deliveries) == 0 && !__atomic_load_n(&deliveries->given_up, __ATOMIC_RELAXED);
}
