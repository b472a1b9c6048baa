/* What the readers of headers use of each other: headers stand in headers, and behind what collectors write. */
#ifndef MT_HEADER_READ_H
#define MT_HEADER_READ_H

#include "mailtrace/syslog.h"

/* A header in a header in a header is looked for, and no deeper: what is looked for is bounded. */
#define MT_HEADER_DEPTH 3

/* As mt_syslog_read(), without what may stand before a header: see prefix.c. depth counts from 0. */
enum mt_syslog_form mt_header_read(struct mt_zone *zone, const char *p, const char *end, struct mt_line *out,
                                   int depth);

/* Host, tag and text, which begin at p. */
void mt_header_host_and_tag(const char *p, const char *end, struct mt_line *out);

/* A header that stands behind a collector's timestamp, or the collector's own words there: prefix.c. False: neither. */
bool mt_header_nested(struct mt_zone *zone, const char *p, const char *end, struct mt_line *out, int depth);

/* A header behind something that a tool has put before the line: prefix.c. */
enum mt_syslog_form mt_header_prefixed(struct mt_zone *zone, const char *p, const char *end, struct mt_line *out);

/* Timestamps of other tools than syslog daemons: timestamp_odd.c. The end of it and of the blanks, or NULL. */
const char *mt_timestamp_odd(struct mt_zone *zone, const char *p, const char *end, struct mt_time *time);

#endif
