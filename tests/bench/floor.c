/* The floor under every program that correlates log lines: finds the newlines, takes one
 * token per line (what stands where Postfix and Sendmail have the queue ID), hashes it
 * and looks it up in a table, where it stays. Prints how many lines and tokens there were.
 *
 *     floor FILE
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct entry {
    uint64_t hash;
    const char *token; /* NULL: free */
    size_t n;
    unsigned lines;
};

static struct entry *table;
static size_t size = 1 << 16, used;

static uint64_t hash(const char *p, size_t n)
{
    uint64_t h = 14695981039346656037u; /* FNV-1a */

    for (size_t i = 0; i < n; i++) {
        h = (h ^ (unsigned char)p[i]) * 1099511628211u;
    }
    return h ^ h >> 32;
}

static struct entry *find(uint64_t h, const char *token, size_t n)
{
    size_t i = h & (size - 1);

    while (table[i].token && (table[i].hash != h || table[i].n != n || memcmp(table[i].token, token, n) != 0)) {
        i = (i + 1) & (size - 1);
    }
    return &table[i];
}

static void grow(void)
{
    struct entry *old = table;
    size_t n = size;

    size *= 2;
    table = calloc(size, sizeof *table);
    if (!table) {
        abort();
    }
    for (size_t i = 0; i < n; i++) {
        if (old[i].token) {
            *find(old[i].hash, old[i].token, old[i].n) = old[i];
        }
    }
    free(old);
}

static void look_up(const char *token, size_t n)
{
    uint64_t h = hash(token, n);
    struct entry *entry = find(h, token, n);

    entry->lines++;
    if (!entry->token) {
        *entry = (struct entry){h, token, n, 1};
        if (++used > size / 2) {
            grow();
        }
    }
}

/* "... host program[pid]: TOKEN: ..." */
static void take(const char *line, const char *end)
{
    const char *colon = memchr(line + 30, ']', (size_t)(end - line - 30)), *token, *stop;

    if (!colon || end - colon < 4 || colon[1] != ':') {
        return;
    }
    token = colon + 3;
    stop = memchr(token, ':', (size_t)(end - token));
    if (stop) {
        look_up(token, (size_t)(stop - token));
    }
}

int main(int argc, char **argv)
{
    struct stat st;
    const char *p, *end, *newline;
    size_t lines = 0;
    int fd = argc == 2 ? open(argv[1], O_RDONLY) : -1;

    if (fd < 0 || fstat(fd, &st) != 0 || st.st_size == 0) {
        fprintf(stderr, "usage: floor FILE\n");
        return 2;
    }
    p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    table = calloc(size, sizeof *table);
    if (p == MAP_FAILED || !table) {
        perror(argv[1]);
        return 1;
    }
    for (end = p + st.st_size; p < end && (newline = memchr(p, '\n', (size_t)(end - p))); p = newline + 1) {
        lines++;
        if (newline - p > 40) {
            take(p, newline);
        }
    }
    printf("%zu lines, %zu tokens\n", lines, used);
    free(table);
    return 0;
}
