/* Numbers as text, without printf: mt_seconds_format() of event.h, and what the JSON text sink needs. */
#ifndef MT_BASE_NUMBER_H
#define MT_BASE_NUMBER_H

#include "mailtrace/event.h"

/* Longest text of either, and room to write it: what lies behind the text may be written over. */
#define MT_NUMBER_MAX 24

/* Write a number in decimal, no NUL, to p. Return the place behind it. */
char *mt_integer_put(char *p, int64_t value);
char *mt_seconds_put(char *p, int64_t usec); /* as mt_seconds_format() */

#endif
