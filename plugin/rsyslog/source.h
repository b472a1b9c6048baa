/* From a message of rsyslog to a line of the engine: slices into the message, nothing copied. */
#ifndef MT_RSYSLOG_SOURCE_H
#define MT_RSYSLOG_SOURCE_H

#include "sdk.h"

#include "mailtrace/line.h"
#include "mailtrace/syslog.h"

/* What rsyslog's parser found. The line lives as long as the message. False: it is of no known MTA,
 * and was not read.
 */
bool mt_source_line(smsg_t *msg, struct mt_line *line);

/* The line by the header that its text begins with: what imfile gives, which parses
 * nothing, and relays that wrap a line into one of their own. False: there is none,
 * and *line says nothing.
 */
bool mt_source_wrapped(smsg_t *msg, struct mt_zone *zone, struct mt_line *line);

#endif
