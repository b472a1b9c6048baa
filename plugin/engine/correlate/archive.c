#include "archive.h"

#include <string.h>

#define NUMBER_MAX 10 /* bytes */

bool mt_archive_flush(struct mt_archive *a)
{
    if (!a->failed && a->n && !a->write(a->ctx, a->buffer, a->n)) {
        a->failed = true;
    }
    a->n = 0;
    return !a->failed;
}

static void put(struct mt_archive *a, const unsigned char *p, size_t n)
{
    while (n && !a->failed) {
        size_t room = MT_ARCHIVE_BUFFER - a->n, some = n < room ? n : room;

        memcpy(a->buffer + a->n, p, some);
        a->n += some;
        p += some;
        n -= some;
        if (a->n == MT_ARCHIVE_BUFFER) {
            mt_archive_flush(a);
        }
    }
}

static bool has(struct mt_archive *a, uint64_t n)
{
    if ((uint64_t)(a->end - a->at) < n) {
        a->failed = true;
        a->at = a->end;
    }
    return !a->failed;
}

void mt_archive_bytes(struct mt_archive *a, void *p, size_t n)
{
    if (!a->loading) {
        put(a, p, n);
    } else if (has(a, n)) {
        memcpy(p, a->at, n);
        a->at += n;
    } else {
        memset(p, 0, n);
    }
}

static void read_number(struct mt_archive *a, uint64_t *v)
{
    unsigned shift = 0;
    unsigned char byte;

    *v = 0;
    do {
        if (!has(a, 1) || shift > 63) {
            a->failed = true;
            *v = 0;
            return;
        }
        byte = *a->at++;
        *v |= (uint64_t)(byte & 127) << shift;
        shift += 7;
    } while (byte & 128);
}

void mt_archive_number(struct mt_archive *a, uint64_t *v)
{
    uint64_t rest = *v;

    if (a->loading) {
        read_number(a, v);
        return;
    }
    if (MT_ARCHIVE_BUFFER - a->n < NUMBER_MAX && !mt_archive_flush(a)) {
        return;
    }
    for (; rest > 127; rest >>= 7) {
        a->buffer[a->n++] = (unsigned char)(rest | 128);
    }
    a->buffer[a->n++] = (unsigned char)rest;
}

uint64_t mt_archive_count(struct mt_archive *a, uint64_t n, size_t least)
{
    mt_archive_number(a, &n);
    return a->loading && (a->failed || !has(a, n) || !has(a, n * least)) ? 0 : n;
}

struct mt_slice mt_archive_slice(struct mt_archive *a, struct mt_slice s)
{
    uint64_t n = mt_archive_count(a, s.n, 1);

    if (!a->loading) {
        put(a, (const unsigned char *)s.p, s.n);
        return s;
    }
    s = mt_slice((const char *)a->at, (size_t)n);
    a->at += n;
    return s;
}
