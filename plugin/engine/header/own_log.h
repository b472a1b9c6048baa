/* The headers of logs that mail programs write by themselves, with no syslog daemon between: they have a timestamp, no
 * host and no tag. The form of the timestamp tells whose log it is.
 *
 *     2026-11-22 00:17:05 [1234] 1vMabc-0000000001x-1A2b <= a@example.com       Exim (src/log.c, log_write)
 *     @4000000069234aeb0bebc200 new msg 4711                                     multilog (daemontools, timestamp.c)
 *     2026-11-22 00:17:05.123456789 new msg 4711                                 tai64nlocal (daemontools)
 *     2026-11-22 00:17:05.12 #99(normal) <f3a2b1>; task; ...                     rspamd (libserver/logger)
 */
#ifndef MT_HEADER_OWN_LOG_H
#define MT_HEADER_OWN_LOG_H

#include "mailtrace/syslog.h"

/* Reads the header of raw into time, program, pid and text; host is emptied. False: it has none of these forms. */
bool mt_own_log_read(struct mt_zone *zone, const char *p, const char *end, struct mt_line *out);

#endif
