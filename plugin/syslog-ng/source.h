/* SPDX-License-Identifier: Apache-2.0 OR LGPL-2.1-or-later */
/* From a message of syslog-ng to a line of the engine: slices into the message, seldom copied. */
#ifndef MT_SYSLOG_NG_SOURCE_H
#define MT_SYSLOG_NG_SOURCE_H

#include "sdk.h"

#include "mailtrace/line.h"
#include "mailtrace/syslog.h"

/* What syslog-ng's parser found; text is the message, or what the parser's template() made of it.
 * The line lives as long as both; it may live in a scratch buffer of syslog-ng, which the caller reclaims. False: it is of no
 * known MTA, and was not read.
 */
bool mt_source_line(const LogMessage *msg, struct mt_slice text, struct mt_line *line);

/* The line by the header that its text begins with: what flags(no-parse) gives, and relays
 * that wrap a line into one of their own. False: there is none, and *line says nothing.
 * The line may live in a scratch buffer of syslog-ng, which the caller reclaims.
 */
bool mt_source_wrapped(const LogMessage *msg, struct mt_slice text, struct mt_zone *zone, struct mt_line *line);

#endif
