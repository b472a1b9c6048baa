/* Log lines, and pieces of them, for the tests of what reads them. */
#ifndef MT_LINES_H
#define MT_LINES_H

#include "mailtrace/line.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Adds a test that runs once for each row of a table. */
#define LOOP(tcase, test, table) tcase_add_loop_test(tcase, test, 0, (int)COUNT(table))

/* What is left of a line when its header is read. */
struct mt_line line_of(const char *program, const char *text);

/* n bytes in memory of exactly that length, so that a sanitizer sees a byte read too far. To be freed. */
char *exact_copy(const char *p, size_t n);

/* Fails the test unless s is `expected`; `raw` is what it was read from. */
void expect_slice(struct mt_slice s, const char *expected, const char *raw);
void expect_stamp(const struct mt_time *t, const char *expected, const char *raw);

#endif
