/* SPDX-License-Identifier: Apache-2.0 OR LGPL-2.1-or-later */
/* mailtrace(): a parser of syslog-ng that turns the log lines of mail servers into events.
 *
 *     parser p_mail { mailtrace(inject-mode(aggregate-only)); };
 *     log { source(s_mail); parser(p_mail); destination {
 *         file("/var/log/mail-events.json" template("$MESSAGE\n") group("adm") perm(0640));
 *     }; };
 * };
 *
 * This file holds what syslog-ng looks for in a module; what a parser does is in parser.c.
 *
 * Concurrency & Locking
 *
 * A parser stands in one place of one log path (syslog-ng clones it for the others), and any
 * number of threads pass through it at once: those of sources, and the main thread once a second,
 * which moves the engine's clocks on. It has a core, which outlives it: when the configuration
 * is reloaded, the parser of the same persist-name takes it over.
 * - options: written while the configuration is read, then only read.
 * - pairs: the names have a lock of their own, for new ones; no thread holds both.
 * - core: its engine has locks of its own (mailtrace/engine.h), and hands events to write_down(), with its locks held,
 *   which puts them into an outbox. The thread takes the outbox along when the engine returns, and sends the events
 *   then: who waits or works downstream holds nobody else up, and finds no lock of ours taken when it comes back here.
 * - deliveries: events that destinations have not acknowledged yet; atomic, as acknowledgements come from
 *   their threads. It outlives the core while there are any.
 * - lost: atomic.
 * - spare: an outbox to be used again, exchanged atomically. in_hand, given, unexpected: atomic.
 * - counters: the main thread's. They are syslog-ng's, which reads them when it likes.
 * init, deinit, free, the tick and all of the grammar run on the main thread. syslog-ng has
 * stopped the others before it calls init and deinit.
 */
#include "mailtrace-parser.h"

#include "daemon.h"

#include "plugin-types.h"
#include "plugin.h"

static Plugin plugins[] = {
    {.type = LL_CONTEXT_PARSER, .name = "mailtrace", .parser = &mailtrace_parser},
};

__attribute__((visibility("default"))) gboolean mailtrace_syslogng_module_init(PluginContext *context, CfgArgs *args);

gboolean mailtrace_syslogng_module_init(PluginContext *context, CfgArgs *args)
{
    (void)args;
    if (!mt_daemon_fits()) {
        return FALSE;
    }
    plugin_register(context, plugins, G_N_ELEMENTS(plugins));
    return TRUE;
}

extern __attribute__((visibility("default"))) const ModuleInfo module_info;

const ModuleInfo module_info = {
    .canonical_name = "mailtrace-syslogng",
    .version = MT_VERSION,
    .description = "The mailtrace() parser turns the log lines of mail servers into events.",
    .core_revision = SYSLOG_NG_SOURCE_REVISION,
    .plugins = plugins,
    .plugins_len = G_N_ELEMENTS(plugins),
};
