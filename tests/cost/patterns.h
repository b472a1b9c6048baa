/* Logs that a sender can make long: each pattern multiplies one thing. See cost.c. */
#ifndef MT_COST_PATTERNS_H
#define MT_COST_PATTERNS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define COST_LINES 8

enum cost_times { COST_END, COST_ONCE, COST_EACH };

/* Lines that come once, or n times. A line is "TAG: TEXT", or "@HOST TAG: TEXT"; where the host is not said, it is mx1.
 * In the i-th of n (from 0 on) stands for
 *     $i  i             $a  three bytes of i, with dots     $x  16 hexadecimal digits of i
 *     $q  the i-th queue ID of Postfix     $n  the next one     $m  that of i modulo 2     $o  the other one     $z  the first
 *     $s  the i-th queue ID of Sendmail    $t  the first        $d  the i-th message ID of Exim
 *     $y  i modulo 16     $u  i modulo 300     $g  998 minus i modulo 998, of the Sendmail ID $e
 */
struct cost_group {
    enum cost_times times;
    int64_t from; /* usec of the first line; -1: behind the group before */
    int64_t step; /* usec from one i to the next; all lines of an i have one timestamp */
    const char *lines[COST_LINES];
};

struct cost_pattern {
    const char *name;
    unsigned n; /* large enough that what grows faster shows, and no larger */
    struct cost_group groups[3];
    void (*write)(FILE *log, unsigned n); /* in place of the groups */
    uint64_t max_memory;                  /* 0: the default; a small one, to be over it */
    bool squared;                         /* a loop is added that makes n * n turns: the check has to find that */
};

extern const struct cost_pattern cost_patterns[];

/* Writes the log of that length. */
void cost_write(FILE *log, const struct cost_pattern *pattern, unsigned n);

/* A line of mx1. */
void cost_line(FILE *log, int64_t usec, const char *text);

#endif
