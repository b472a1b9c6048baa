#include "progress.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LEAST    (UINT64_C(64) << 20)
#define INTERVAL 200 /* milliseconds */
#define WIDTH    40

static struct {
    bool on, drawn;
    uint64_t total, done;
    int64_t last; /* milliseconds */
} bar;

static int64_t milliseconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void cli_progress_start(uint64_t total)
{
    bar.on = total > LEAST && isatty(STDERR_FILENO) && !isatty(STDOUT_FILENO);
    bar.total = total;
    bar.done = 0;
    bar.last = milliseconds();
}

static void draw(void)
{
    char marks[WIDTH + 1];
    uint64_t done = bar.done < bar.total ? bar.done : bar.total; /* a file may have grown */
    unsigned filled = (unsigned)(done * WIDTH / bar.total);

    flockfile(stderr);
    memset(marks, ' ', WIDTH);
    memset(marks, '#', filled);
    marks[WIDTH] = '\0';
    fprintf(stderr, "\r[%s] %3u %% of %llu MiB", marks, (unsigned)(done * 100 / bar.total),
            (unsigned long long)(bar.total >> 20));
    fflush(stderr);
    bar.drawn = true;
    funlockfile(stderr);
}

void cli_progress_add(uint64_t n)
{
    int64_t now;

    if (!bar.on) {
        return;
    }
    bar.done += n;
    now = milliseconds();
    if (now - bar.last >= INTERVAL) {
        bar.last = now;
        draw();
    }
}

void cli_progress_clear(void)
{
    flockfile(stderr); /* of `drawn`, too: another thread may report an error */
    if (bar.drawn) {
        fputs("\r\033[K", stderr);
        fflush(stderr);
        bar.drawn = false;
    }
    funlockfile(stderr);
}

void cli_progress_end(void)
{
    cli_progress_clear();
    bar.on = false;
}
