/* Tables of lines, and of what is read from them: for the tests of the readers of servers. */
#ifndef MT_ROWS_H
#define MT_ROWS_H

#include "lines.h"
#include "mailtrace/parser.h"

/* A line, and what is read from it: kind, status, "more", the number of a piece, then the session, the fields that are set and the
 * recipients of a list, in any order, with '~' between them. The queue ID that the rows of a table have in common is left out.
 */
struct row {
    const char *text, *expected;
};

/* Fails the test unless each row is read as it says. queue_id: which the lines that begin with it are of, and no other; or NULL. */
void expect_rows(const char *program, const char *queue_id, const struct row *rows, size_t n);

/* Fails the test if one of the texts is recognised. */
void expect_no_forms(const char *program, const char *const *texts, size_t n);

void expect_string(const struct mt_record *rec, enum mt_field field, const char *expected);

/* Reads each beginning, and each end, of each line, in memory that ends where the text ends; fails unless all slices lie in it. */
void expect_cuts_inside(const char *program, const struct row *rows, size_t n);

#endif
