/* Bytes written and read by one description: each function writes a value or, when
 * loading, reads it, so that the two cannot come apart.
 *
 * Numbers are base 128, the low bits first, and so of no byte order and no width.
 * What is read may be anything: every function checks, sets `failed`, and reads zeros
 * from then on.
 */
#ifndef MT_CORRELATE_ARCHIVE_H
#define MT_CORRELATE_ARCHIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "mailtrace/shards.h"

#define MT_ARCHIVE_BUFFER (256 * 1024)

struct mt_archive {
    bool loading, failed;
    const unsigned char *at, *end; /* loading: what is left */
    mt_write_fn *write;            /* saving */
    void *ctx;
    unsigned char *buffer; /* MT_ARCHIVE_BUFFER bytes */
    size_t n;
};

void mt_archive_bytes(struct mt_archive *a, void *p, size_t n);
void mt_archive_number(struct mt_archive *a, uint64_t *v);

/* A count of things of at least `least` bytes each: more than can follow is a failure. */
uint64_t mt_archive_count(struct mt_archive *a, uint64_t n, size_t least);

/* Length and bytes; loading, the result lies in what is read. */
struct mt_slice mt_archive_slice(struct mt_archive *a, struct mt_slice s);

/* Writes out what is in the buffer. */
bool mt_archive_flush(struct mt_archive *a);

/* The same for the commonest: small ones being written. */
static inline void mt_archive_small(struct mt_archive *a, uint64_t *v)
{
    if (!a->loading && *v < 128 && a->n < MT_ARCHIVE_BUFFER) {
        a->buffer[a->n++] = (unsigned char)*v;
    } else {
        mt_archive_number(a, v);
    }
}

/* A variable of any integer type. */
#define MT_ARCHIVE(a, v)                  \
    do {                                  \
        uint64_t number_ = (uint64_t)(v); \
        mt_archive_small((a), &number_);  \
        (v) = (__typeof__(v))number_;     \
    } while (0)

#endif
