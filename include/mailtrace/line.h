/* A log line as an adapter hands it to the engine, and times as logs write them. */
#ifndef MAILTRACE_LINE_H
#define MAILTRACE_LINE_H

#include <stdint.h>

#include "mailtrace/slice.h"

#include "mailtrace/api_begin.h"

/* A timestamp. Microseconds carry the instant; the other members carry what
 * the timestamp looked like, so that it can be written back (RFC 3339, section 5.6).
 */
struct mt_time {
    int64_t usec;   /* microseconds since 1970-01-01T00:00:00Z */
    int16_t offset; /* minutes east of UTC: of the timestamp, or of the zone its reader assumed */
    uint8_t digits; /* digits of the fraction that the timestamp had, 0 to 6 */
};

/* Longest text mt_time_format() writes. */
#define MT_TIME_MAX 40

/* Writes RFC 3339 with offset and fraction, such as 2024-03-27T15:02:58.123456+00:00,
 * into buf (at least MT_TIME_MAX bytes). Returns the length; no NUL is written.
 * Years outside 0..9999 are clamped to that range.
 */
size_t mt_time_format(const struct mt_time *t, char *buf);

/* The minute that was written last: most timestamps in a row share it. All zero at first. */
struct mt_time_memory {
    int64_t minute; /* where it begins, as in mt_time */
    int16_t offset;
    char text[MT_TIME_MAX]; /* that moment with six digits; empty: none yet */
};

/* The same as mt_time_format(), at a quarter of the cost where memory helps. One thread at a time for one memory. */
size_t mt_time_format_next(struct mt_time_memory *memory, const struct mt_time *t, char *buf);

/* One line. All slices belong to the caller and must stay valid for the call
 * that the line is given to, no longer.
 */
struct mt_line {
    struct mt_time time;
    struct mt_slice host;    /* as the syslog header has it; empty: not known */
    struct mt_slice program; /* the tag without [pid] and colon: "postfix/submission/smtpd", "dma[baca78.5f]" */
    uint32_t pid;            /* 0: not known */
    struct mt_slice text;    /* the message, without a blank before it */
    uint8_t source;          /* its number (source.h), for logs without a syslog header; 0: told by the program */
    uint64_t order;          /* which of two lines with the same timestamp came first: the smaller */
    bool cut;                /* the adapter left something off because the line was too long */
};

#include "mailtrace/api_end.h"

#endif
