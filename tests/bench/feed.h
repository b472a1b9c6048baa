/* For programs that feed the engine from a file: the file in memory, and clocks. */
#ifndef MT_BENCH_FEED_H
#define MT_BENCH_FEED_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "mailtrace/correlate.h"
#include "mailtrace/syslog.h"

/* The whole file; ends the program when there is none. */
static inline struct mt_slice feed_file(const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY);
    void *p;

    if (fd < 0 || fstat(fd, &st) != 0) {
        perror(path);
        exit(1);
    }
    p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
    close(fd);
    if (p == MAP_FAILED) {
        perror(path);
        exit(1);
    }
    return (struct mt_slice){p, (size_t)st.st_size};
}

/* The next line of what is left; false at the end. */
static inline bool feed_line(struct mt_slice *left, struct mt_slice *line)
{
    const char *newline = memchr(left->p, '\n', left->n);

    if (!newline) {
        return false;
    }
    line->p = left->p;
    line->n = (size_t)(newline - left->p);
    left->p = newline + 1;
    left->n -= line->n + 1;
    return true;
}

static inline double feed_clock(clockid_t id)
{
    struct timespec now;

    clock_gettime(id, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Bounds that no bench reaches. */
static inline void feed_config(struct mt_config *config)
{
    mt_config_default(config);
    config->max_messages = 20000000;
    config->max_memory = UINT64_C(16) << 30;
}

#endif
