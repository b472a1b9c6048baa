/* No function of rsyslog tells its version, and none of its structures can be touched before the version is known.
 * rsyslogd names it in its messages: [origin software="rsyslogd" swVersion="8.2302.0" ... (tools/rsyslogd.c). They are in
 * memory, in those parts of the program that are only read.
 */
#include "daemon.h"

#include <link.h>
#include <string.h>

/* Stands before the version. */
#define ORIGIN "[origin software=\"rsyslogd\" swVersion=\""

/* A member of each object of a debug build, which its assertions name (runtime/obj-types.h). */
#define DEBUG_MEMBER "iObjCooCKiE"

#ifdef NDEBUG
#define BUILT_FOR_DEBUG false
#else
#define BUILT_FOR_DEBUG true
#endif

struct daemon {
    char version[32]; /* empty: not found */
    bool debug;
};

static void find_version(struct daemon *d, const char *memory, size_t size)
{
    const char *found = memmem(memory, size, ORIGIN, sizeof ORIGIN - 1);
    if (!found) {
        return;
    }
    found += sizeof ORIGIN - 1;
    size -= (size_t)(found - memory);
    const char *end = memchr(found, '"', size < sizeof d->version ? size : sizeof d->version);
    if (end) {
        memcpy(d->version, found, (size_t)(end - found));
        d->version[end - found] = '\0';
    }
}

/* Of the first object, which is the program itself. */
static int look_into(struct dl_phdr_info *object, size_t size, void *daemon)
{
    (void)size;
    struct daemon *d = daemon;
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &object->dlpi_phdr[i];
        if (part->p_type == PT_LOAD && (part->p_flags & (PF_R | PF_W)) == PF_R) {
            const char *memory =
                (const char *)(object->dlpi_addr + part->p_vaddr); /* NOLINT(performance-no-int-to-ptr) */
            if (!*d->version) {
                find_version(d, memory, part->p_filesz);
            }
            d->debug = d->debug || memmem(memory, part->p_filesz, DEBUG_MEMBER, sizeof DEBUG_MEMBER - 1);
        }
    }
    return 1;
}

bool mt_daemon_fits(void)
{
    struct daemon d = {0};
    dl_iterate_phdr(look_into, &d);
    if (strcmp(d.version, VERSION) == 0 && d.debug == BUILT_FOR_DEBUG) {
        return true;
    }
    LogError(
        0, RS_RET_INTERFACE_NOT_SUPPORTED,
        "mmmailtrace: not loaded: this module was built for rsyslog %s%s, and this is %s%s. Install the module that "
        "was built for this rsyslog",
        VERSION, BUILT_FOR_DEBUG ? " (debug build)" : "", *d.version ? d.version : "a version that cannot be told",
        d.debug ? " (debug build)" : "");
    return false;
}
