/* Numbers as text, without printf: mt_seconds_format() of event.h, and integers. */
#ifndef MT_EVENT_NUMBER_H
#define MT_EVENT_NUMBER_H

#include "mailtrace/event.h"

/* Longest text of either. */
#define MT_NUMBER_MAX 24

/* Decimal, no NUL; buf has MT_NUMBER_MAX bytes. Returns the length. */
size_t mt_integer_format(int64_t value, char *buf);

#endif
