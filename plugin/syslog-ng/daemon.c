/* SPDX-License-Identifier: Apache-2.0 OR LGPL-2.1-or-later */
/* No function of syslog-ng tells its version. Its library has it in its name: libsyslog-ng-4.8.so.0. */
#include "daemon.h"

#include "versioning.h"

#include <dlfcn.h>
#include <string.h>

#define LIBRARY "libsyslog-ng-"

/* "4.8" of "/usr/lib/syslog-ng/libsyslog-ng-4.8.so.0", to be freed, or NULL. */
static gchar *daemon_version(void)
{
    Dl_info library = {0};
    if (!dladdr((const void *)msg_event_create, &library) || !library.dli_fname) {
        return NULL;
    }
    const char *slash = strrchr(library.dli_fname, '/');
    const char *name = slash ? slash + 1 : library.dli_fname;
    const char *end = strstr(name, ".so");
    return g_str_has_prefix(name, LIBRARY) && end
               ? g_strndup(name + strlen(LIBRARY), (gsize)(end - name) - strlen(LIBRARY))
               : NULL;
}

bool mt_daemon_fits(void)
{
    gchar *version = daemon_version();
    bool fits = g_strcmp0(version, VERSION_STR_CURRENT) == 0;
    if (!fits) {
        gchar *text =
            g_strdup_printf("mailtrace: not loaded: this module was built for syslog-ng %s, and this is %s. Install "
                            "the module that was built for this syslog-ng",
                            VERSION_STR_CURRENT, version ? version : "a version that cannot be told");
        msg_error(text);
        g_free(text);
    }
    g_free(version);
    return fits;
}
