/* Reading the header of a syslog line: RFC 3164 (traditional), the same with
 * an RFC 3339 stamp, and RFC 5424.
 *
 *     Mar  7 15:02:58 mx1 postfix/smtpd[123]: text
 *     2024-03-07T15:02:58.123456+01:00 mx1 postfix/smtpd[123]: text
 *     <22>1 2024-03-07T15:02:58.123456+01:00 mx1 postfix/smtpd 123 - - text
 *
 * Each may begin with <PRI>. What is found in the wild is read too: one blank
 * before a one-digit day, "Jan 01", a year after or before the date, a <mail.notice>
 * before the tag, Solaris' [ID 197553 mail.info], leading NULs.
 *
 * Thread rules: no shared state.
 */
#ifndef MAILTRACE_SYSLOG_H
#define MAILTRACE_SYSLOG_H

#include "mailtrace/line.h"

/* How stamps without year or zone are read. */
struct mt_zone {
    int64_t now;    /* time of reading (usec): a year-less stamp is the one nearest to it, not more than a day after */
    int year;       /* 0: by now; otherwise the year of the first line, moved on at New Year by the caller */
    bool fixed;     /* true: offset holds; false: the local zone of the process (TZ) */
    int16_t offset; /* minutes east of UTC */
};

/* Reads "+01:00", "-0330", "Z" or "UTC". Returns false for anything else. */
bool mt_zone_offset(struct mt_slice text, int16_t *minutes);

enum mt_syslog_form {
    MT_SYSLOG_NONE = 0, /* no header that can be read: *out is untouched */
    MT_SYSLOG_TRADITIONAL,
    MT_SYSLOG_RFC3339,
    MT_SYSLOG_RFC5424,
};

/* Reads the header of raw (one line, without the line feed) into *out: time,
 * host, program, pid and text, slices into raw; mta and order are left alone.
 * A stamp that names no date (February 30) gives MT_SYSLOG_NONE.
 */
enum mt_syslog_form mt_syslog_read(const struct mt_zone *zone, struct mt_slice raw, struct mt_line *out);

/* Splits a tag such as "postfix/smtpd[123]:" into program and pid (0: none).
 * What rsyslog keeps in syslogtag; Solaris' and FreeBSD's additions are the caller's.
 */
void mt_syslog_tag(struct mt_slice tag, struct mt_slice *program, uint32_t *pid);

#endif
