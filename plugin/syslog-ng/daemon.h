/* SPDX-License-Identifier: Apache-2.0 OR LGPL-2.1-or-later */
/* The syslog-ng that loads the module: whether it is the one that the module was built for. */
#ifndef MT_SYSLOG_NG_DAEMON_H
#define MT_SYSLOG_NG_DAEMON_H

#include "sdk.h"

#include <stdbool.h>

/* The layout of syslog-ng's structures differs between its versions; not between those that differ in the third number,
 * which share the name of the library. False: this syslog-ng is another one than that of the headers which the module was
 * compiled with, or it cannot be told. An error message has said so. To be called first, on the main thread.
 */
bool mt_daemon_fits(void);

#endif
