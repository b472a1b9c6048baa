/* SPDX-License-Identifier: Apache-2.0 OR LGPL-2.1-or-later */
/* Events that syslog-ng has, and has not acknowledged. On a path with flags(flow-control) a message is
 * acknowledged when its destinations have got rid of it, so these are the events that an end of
 * syslog-ng at this moment would lose.
 *
 * Thread rules: any thread at any time.
 */
#ifndef MT_SYSLOG_NG_DELIVERIES_H
#define MT_SYSLOG_NG_DELIVERIES_H

#include "sdk.h"

#include <stdbool.h>

struct mt_deliveries;

/* With one reference. Each event on its way holds another. */
struct mt_deliveries *mt_deliveries_new(void);
void mt_deliveries_unref(struct mt_deliveries *deliveries);

/* To be called before an event is forwarded with *options, which ask for acknowledgement then. The line
 * that caused it, if any, is acknowledged no sooner: so the source slows down when events do not get away.
 */
void mt_deliveries_expect(struct mt_deliveries *deliveries, LogMessage *event, LogPathOptions *options,
                          LogMessage *line, const LogPathOptions *of_line);

/* How many are on their way. */
int mt_deliveries_pending(const struct mt_deliveries *deliveries);

/* None is, and none has been given up. */
bool mt_deliveries_all_done(const struct mt_deliveries *deliveries);

#endif
