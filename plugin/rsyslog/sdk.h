/* rsyslog's headers, in the order in which they need each other.
 *
 * They come from its source tree: Debian has no package of them. None of our
 * files here may bear the name of one of theirs ("config.h", "action.h", "msg.h" ...).
 */
#ifndef MT_RSYSLOG_SDK_H
#define MT_RSYSLOG_SDK_H

#include "config.h"

#include <pthread.h>
#include <stdbool.h>

#include "rsyslog.h"

#include "action.h"
#include "conf.h"
#include "datetime.h"
#include "dirty.h"
#include "errmsg.h"
#include "glbl.h"
#include "linkedlist.h"
#include "module-template.h"
#include "msg.h"
#include "parserif.h"
#include "prop.h"
#include "queue.h"
#include "rainerscript.h"
#include "ruleset.h"
#include "srUtils.h"
#include "statsobj.h"
#include "syslogd-types.h"
#include "template.h"
#include "unicode-helper.h"

#endif
