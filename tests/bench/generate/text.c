/* See text.h. */
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void fail(const char *what)
{
    fprintf(stderr, "generate: %s: %s\n", what, strerror(errno));
    exit(1);
}

void text_open(struct text *t, const char *path)
{
    t->p = t->start;
    t->fd = -1;
    if (path && strcmp(path, "-") == 0) {
        t->fd = STDOUT_FILENO;
    } else if (path && (t->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)) < 0) {
        fail(path);
    }
}

void text_write(struct text *t)
{
    const char *p = t->start;

    while (t->fd >= 0 && p < t->p) {
        ssize_t n = write(t->fd, p, (size_t)(t->p - p));
        if (n < 0 && errno != EINTR) {
            fail("write");
        }
        p += n > 0 ? n : 0;
    }
    t->p = t->start;
}

void text_close(struct text *t)
{
    text_write(t);
    if (t->fd >= 0 && close(t->fd) != 0) {
        fail("close");
    }
}
