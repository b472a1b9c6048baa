/* Reading the header of a log line: RFC 3164 (traditional), the same with
 * an RFC 3339 timestamp, and RFC 5424.
 *
 *     Mar  7 15:02:58 mx1 postfix/smtpd[123]: text
 *     2024-03-07T15:02:58.123456+01:00 mx1 postfix/smtpd[123]: text
 *     <22>1 2024-03-07T15:02:58.123456+01:00 mx1 postfix/smtpd 123 - - text
 *
 * Each may begin with <PRI>. What is found in the wild is read too: one blank
 * before a one-digit day, "Jan 01", a year after or before the date, a <mail.notice>
 * before the tag, Solaris' [ID 197553 mail.info], leading NULs. So are words of a priority ("INFO", "mail.info"), a name
 * that stands twice, months in other languages, the forms of journalctl, a header within a header, and, by mt_syslog_read() alone,
 * what tools put before a line: docker compose, kubectl, grep, the "> " of a mail.
 *
 * Logs that a mail program writes by itself are told by their timestamps; they have no host, and the program is the
 * one that writes this form: "exim", "qmail", "rspamd".
 *
 *     2026-03-07 15:02:58.123 +0100 [99] 1vMabc-0000000001x-1A2b <= ...    Exim
 *     @4000000069234aeb0bebc200 new msg 4711                              multilog, around qmail-send
 *     2026-03-07 15:02:58.123456789 new msg 4711                          the same through tai64nlocal
 *     2026-03-07 15:02:58 #99(normal) <f3a2b1>; task; ...                 rspamd
 *
 * Thread rules: no shared state but the process' zone (TZ); one thread at a time for one struct mt_zone.
 */
#ifndef MAILTRACE_SYSLOG_H
#define MAILTRACE_SYSLOG_H

#include "mailtrace/line.h"

#include "mailtrace/api_begin.h"

/* What the reader remembers between the lines of one log: the last minute and second
 * it read, and what the local zone is around it. All zero at first.
 */
struct mt_zone_memory {
    char text[20];         /* a timestamp up to its second: "Nov 22 00:17:05" or "2026-11-22T00:17:05" */
    uint8_t length;        /* of its minute, with the colon; 0: none yet */
    uint8_t second_length; /* of the whole; 0: the second is not known */
    int16_t second_offset; /* minutes east of UTC */
    int64_t second;        /* usec: where that second begins */
    char zone[6];          /* a zone that a timestamp had: "+01:00"; NULs: none yet */
    int16_t zone_offset;   /* minutes east of UTC */
    bool seen;             /* year and minute hold */
    int year;              /* of the last timestamp */
    int64_t minute;        /* seconds from 1970 to that minute, as if the zone were UTC */
    int64_t last;          /* seconds: the last instant that was read by the local zone */
    int64_t quarter;       /* the local quarter of an hour that offsets are for; 0: none */
    int64_t now_quarter;   /* the same for now and now_offset */
    int16_t earlier;       /* minutes east of UTC; when clocks go back an hour comes twice: the first time */
    int16_t later;         /* and the second; the same as earlier otherwise */
    int16_t now_offset;
};

/* How timestamps without year or zone are read. One for each log (a file, a
 * sender): timestamps are read in the light of the one before.
 */
struct mt_zone {
    int64_t now; /* time of reading (usec): a year-less timestamp is the one nearest to it, not more than a day after */
    int year;    /* 0: by now; otherwise the year of the first line: the others take that nearest to the line before */
    bool fixed;  /* true: offset holds; false: the local zone of the process (TZ) */
    int16_t offset; /* minutes east of UTC */
    struct mt_zone_memory memory;
};

/* Reads "+01:00", "-0330", "Z" or "UTC". Returns false for anything else. */
bool mt_zone_offset(struct mt_slice text, int16_t *minutes);

enum mt_syslog_form {
    MT_SYSLOG_NONE = 0, /* no header that can be read: *out is untouched */
    MT_SYSLOG_TRADITIONAL,
    MT_SYSLOG_RFC3339,
    MT_SYSLOG_RFC5424,
    MT_SYSLOG_OWN_LOG,
};

/* Reads the header of raw (one line, without the line feed) into *out: time,
 * host, program, pid and text, slices into raw; source, order and cut are left alone. Where
 * RFC 5424 has no timestamp ("-"), the time is zone->now.
 * A timestamp that names no date (February 30) gives MT_SYSLOG_NONE.
 */
enum mt_syslog_form mt_syslog_read(struct mt_zone *zone, struct mt_slice raw, struct mt_line *out);

/* Splits a tag such as "postfix/smtpd[123]:" into program and pid (0: none). Brackets that
 * hold an ID and no number ("dma[baca78.559bf17fb680]:") stay with the program.
 * What rsyslog keeps in syslogtag; Solaris' and FreeBSD's additions are the caller's.
 */
void mt_syslog_tag(struct mt_slice tag, struct mt_slice *program, uint32_t *pid);

/* What syslog daemons keep as the text of a line, without the blanks before it and the byte order mark (RFC 5424, 6.4). */
struct mt_slice mt_syslog_text(struct mt_slice text);

/* Reads a line that is the text of another one: from an input that does not parse, or a relay that wraps lines. As
 * mt_syslog_read(), but most lines are none, which is cheap to see. Returns whether it is one.
 */
bool mt_syslog_wrapped(struct mt_zone *zone, struct mt_slice text, struct mt_line *out);

/* Whether a header may begin so; s may be its first word only. */
bool mt_syslog_begins(struct mt_slice s);

#include "mailtrace/api_end.h"

#endif
