/* SPDX-License-Identifier: Apache-2.0 OR LGPL-2.1-or-later */
/* The headers of syslog-ng, and what differs between its versions. Included before all others.
 *
 * configure finds out, by compiling, what a version has, and defines MT_SYSLOG_NG_HAS_*.
 */
#ifndef MT_SYSLOG_NG_SDK_H
#define MT_SYSLOG_NG_SDK_H

/* Their warnings are not ours. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wstrict-prototypes"

#include "syslog-ng.h"

#include <iv.h>

#include "cfg.h"
#include "logmsg/logmsg.h"
#include "logpipe.h"
#include "messages.h"
#include "parser/parser-expr.h"
#include "resolved-configurable-paths.h"
#include "stats/stats-cluster-single.h"
#include "stats/stats-registry.h"

#pragma GCC diagnostic pop

/* A whole number of any size: its name changed with 4.0, its value did not. */
#define MT_VT_INTEGER ((LogMessageValueType)4)

static inline void mt_parser_copy_template(LogParser *from, LogParser *to)
{
#ifdef MT_SYSLOG_NG_HAS_CLONE_SETTINGS
    log_parser_clone_settings(from, to);
#else
    log_parser_set_template(to, log_template_ref(from->template));
#endif
}

static inline void mt_persist_add(GlobalConfig *cfg, const char *name, void *value, GDestroyNotify destroy)
{
#ifdef MT_SYSLOG_NG_HAS_PERSIST_FORCE
    cfg_persist_config_add(cfg, name, value, destroy, FALSE);
#else
    cfg_persist_config_add(cfg, name, value, destroy);
#endif
}

/* Its name changed between versions. It is weak, so that another version can load the module, and hear what is wrong
 * (daemon.h).
 */
#ifdef MT_SYSLOG_NG_HAS_CAMEL_PATHS
#pragma weak resolvedConfigurablePaths
#else
#pragma weak resolved_configurable_paths
#endif

/* Where syslog-ng keeps what is to survive a restart; to be freed. */
static inline gchar *mt_state_directory(void)
{
#ifdef MT_SYSLOG_NG_HAS_CAMEL_PATHS
    return g_path_get_dirname(resolvedConfigurablePaths.persist_file);
#else
    return g_path_get_dirname(resolved_configurable_paths.persist_file);
#endif
}

#endif
