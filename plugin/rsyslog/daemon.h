/* The rsyslogd that loads the module: whether it is the one that the module was built for. */
#ifndef MT_RSYSLOG_DAEMON_H
#define MT_RSYSLOG_DAEMON_H

#include "sdk.h"

/* The layout of rsyslog's structures differs between its versions, and between its release and debug builds. False: this
 * rsyslogd is another one than that of the headers which the module was compiled with, or it cannot be told. An error
 * message has said so. Uses nothing of rsyslog but LogError(). To be called first, by the thread that loads the module.
 */
bool mt_daemon_fits(void);

#endif
