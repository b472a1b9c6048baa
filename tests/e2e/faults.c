/* Preloaded into a program, lets calls fail that one object of it makes: what real machines do seldom.
 *
 *     FAULT_OBJECT=mmmailtrace.so   part of the name of the object whose calls fail
 *     FAULT_MALLOC=100              each 100th malloc(), calloc(), realloc() or posix_memalign() of it; 0: none
 *     FAULT_AFTER=300               but not the first 300 of them: a program that begins may give up
 *     FAULT_DISK=3                  each 3rd posix_fallocate(), pwrite() or fdatasync() to a file
 *     FAULT_FILE=state              whose name has this in it,
 *     FAULT_ERRNO=28                with this errno; 0: pwrite() writes one byte
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

/* NOLINTBEGIN(bugprone-reserved-identifier): glibc's own names */
extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t n);
extern void *__libc_memalign(size_t alignment, size_t n);
/* NOLINTEND(bugprone-reserved-identifier) */

static unsigned long allocations, calls;

static unsigned long setting(const char *name)
{
    const char *value = getenv(name);

    return value ? strtoul(value, NULL, 10) : 0;
}

static int is_of_object(const void *caller)
{
    const char *object = getenv("FAULT_OBJECT");
    Dl_info info;

    return object && dladdr(caller, &info) && info.dli_fname && strstr(info.dli_fname, object);
}

static int memory_fails(const void *caller)
{
    unsigned long each = setting("FAULT_MALLOC"), after = setting("FAULT_AFTER"), n;

    if (!each || !is_of_object(caller)) {
        return 0;
    }
    n = __atomic_add_fetch(&allocations, 1, __ATOMIC_RELAXED);
    return n > after && n % each == 0;
}

void *malloc(size_t size)
{
    return memory_fails(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

void *calloc(size_t nmemb, size_t size)
{
    return memory_fails(__builtin_return_address(0)) ? NULL : __libc_calloc(nmemb, size);
}

void *realloc(void *ptr, size_t size)
{
    return memory_fails(__builtin_return_address(0)) ? NULL : __libc_realloc(ptr, size);
}

int posix_memalign(void **memptr, size_t alignment, size_t size)
{
    *memptr = memory_fails(__builtin_return_address(0)) ? NULL : __libc_memalign(alignment, size);
    return *memptr ? 0 : ENOMEM;
}

static int disk_fails(int fd)
{
    unsigned long each = setting("FAULT_DISK");
    const char *file = getenv("FAULT_FILE");
    char link[64], name[512];
    ssize_t n;

    if (!each || !file) {
        return 0;
    }
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    n = readlink(link, name, sizeof name - 1);
    name[n > 0 ? n : 0] = '\0';
    return strstr(name, file) && __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED) % each == 0;
}

int posix_fallocate(int fd, off_t at, off_t n)
{
    int (*real)(int, off_t, off_t) = (int (*)(int, off_t, off_t))dlsym(RTLD_NEXT, "posix_fallocate");
    int error = (int)setting("FAULT_ERRNO");

    return error && disk_fails(fd) ? error : real(fd, at, n);
}

ssize_t pwrite(int fd, const void *buf, size_t n, off_t at)
{
    ssize_t (*real)(int, const void *, size_t, off_t) =
        (ssize_t(*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT, "pwrite");

    if (n && disk_fails(fd)) {
        errno = (int)setting("FAULT_ERRNO");
        return errno ? -1 : real(fd, buf, 1, at);
    }
    return real(fd, buf, n, at);
}

int fdatasync(int fildes)
{
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");

    errno = (int)setting("FAULT_ERRNO");
    return errno && disk_fails(fildes) ? -1 : real(fildes);
}
