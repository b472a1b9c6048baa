/* Files of the state, opened only if they can be ours: see ours.h. */
#include "ours.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *mt_directory_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return !slash ? strdup(".") : slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

/* Who owns the directory can put any file there. */
static bool owns_directory(uid_t owner, const char *path)
{
    char *directory = mt_directory_of(path);
    struct stat st;
    bool owns = directory && stat(directory, &st) == 0 && st.st_uid == owner;

    free(directory);
    return owns;
}

/* NULL: nothing speaks against it. */
static const char *refusal(int fd, const char *path)
{
    struct stat st;

    if (fstat(fd, &st) != 0) {
        return "cannot be looked at";
    }
    if (!S_ISREG(st.st_mode)) {
        return "is no regular file";
    }
    if (st.st_uid != geteuid() && st.st_uid != 0 && !owns_directory(st.st_uid, path)) {
        return "belongs to another user";
    }
    return st.st_mode & (S_IWGRP | S_IWOTH) ? "may be written to by others" : NULL;
}

int mt_open_ours(const char *path, int flags, const char **why)
{
    int fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);

    *why = fd >= 0 ? refusal(fd, path) : errno == ELOOP ? "is a symbolic link" : NULL;
    if (!*why) {
        return fd;
    }
    if (fd >= 0) {
        close(fd);
    }
    errno = 0;
    return -1;
}

bool mt_is_file(int fd, const char *path)
{
    struct stat open, named;

    return fstat(fd, &open) == 0 && open.st_nlink > 0 && lstat(path, &named) == 0 && open.st_dev == named.st_dev &&
           open.st_ino == named.st_ino;
}

int mt_write_at(int fd, const void *p, size_t n, uint64_t at)
{
    const char *from = p;

    while (n) {
        ssize_t done = pwrite(fd, from, n, (off_t)at);
        if (done < 0 && errno != EINTR) {
            return errno;
        }
        if (done == 0) {
            return ENOSPC;
        }
        if (done > 0) {
            from += done;
            at += (uint64_t)done;
            n -= (size_t)done;
        }
    }
    return 0;
}

int mt_read_at(int fd, void *p, size_t n, uint64_t at)
{
    char *to = p;

    while (n) {
        ssize_t done = pread(fd, to, n, (off_t)at);
        if (done < 0 && errno != EINTR) {
            return errno;
        }
        if (done == 0) {
            return EIO;
        }
        if (done > 0) {
            to += done;
            at += (uint64_t)done;
            n -= (size_t)done;
        }
    }
    return 0;
}
