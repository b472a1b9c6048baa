/* Lines in which a stranger's words stand, as each MTA writes them.
 *
 * A form is a line as the MTA's source writes it, with a gap where a stranger's words go. It is filled with
 * a payload by the way that the MTA itself takes it there (quoting, neutering, cutting, escaping),
 * so that every line is one that this MTA could write. Then the record must hold what was put
 * in, to the byte, and no field that the form does not name.
 *
 * Where the MTA's format leaves open what was meant, the writer of that gap says so, and what
 * reading is the safe one.
 *
 *     hostile_SERVER.c   the forms, and how each MTA writes
 *     hostile.c          filling and checking
 *
 * For the suite `hostile` and the fuzz target of that name.
 */
#ifndef MT_HOSTILE_H
#define MT_HOSTILE_H

#include "mailtrace/parser.h"

#define HOSTILE_P      "098F1AAE9E9"                                /* the stranger's message in Postfix */
#define HOSTILE_S      "6AM0HoS2000124"                             /* and in Sendmail */
#define HOSTILE_E      "1xUvM0-00000r-08"                           /* and in Exim */
#define HOSTILE_O      "7c9ae1b2"                                   /* and in OpenSMTPD */
#define HOSTILE_Q      "11741914"                                   /* and in qmail */
#define HOSTILE_C      "0000000000BCC0BD.000000006B023BC5.00000145" /* and in Courier */
#define HOSTILE_NOTICE "6AM0Hotw000140"                             /* the notification of that */

#define HOSTILE_FIELDS 18
#define HOSTILE_MOST   380 /* bytes of a payload */
#define HOSTILE_GAP    2048

/* Where the payload goes in a form, and what of it. */
#define LOGGED "\1" /* as the line has it */
#define READ   "\2" /* as the record has it */
#define TOO    "\3" /* once more in the line, as the MTA writes it elsewhere */

struct hostile_gap {
    char logged[HOSTILE_GAP], read[HOSTILE_GAP], too[HOSTILE_GAP];
};

/* Fills the gap. */
typedef void hostile_write_fn(struct hostile_gap *gap, const char *payload);

struct hostile_form {
    const char *program, *text;
    hostile_write_fn *write;
    enum mt_kind kind;
    enum mt_status status;
    const char
        *fields[HOSTILE_FIELDS]; /* "relay.name=mx.example", durations in microseconds; "rcpt=" of a list; "says=" of
                                           all verdicts: "spam BY ACTION SCORE/REQUIRED", "virus BY NAME", "dkim BY RESULT DOMAIN" */
};

extern const struct hostile_form hostile_postfix_forms[], hostile_sendmail_forms[], hostile_exim_forms[],
    hostile_opensmtpd_forms[], hostile_qmail_forms[], hostile_courier_forms[], hostile_filters_forms[];
extern const size_t hostile_postfix_count, hostile_sendmail_count, hostile_exim_count, hostile_opensmtpd_count,
    hostile_qmail_count, hostile_courier_count, hostile_filters_count;

/* The forms of all servers, one after the other: the one at that place, or NULL. */
const struct hostile_form *hostile_form_at(size_t place);

/* Hands the line of a form to fn, in the pieces that its server makes of a long one. */
typedef void hostile_line_fn(void *ctx, const char *program, const char *text);
void hostile_line(const struct hostile_form *form, const struct hostile_gap *gap, hostile_line_fn *fn, void *ctx);

/* As the first of the fields: of this form, a line that can be read in two ways is not read at all. */
#define DOUBTED "?"
bool hostile_doubted(const struct hostile_form *form);

/* What is wrong with the record of a line, or NULL. */
const char *hostile_check(const struct hostile_form *form, const struct hostile_gap *gap, const struct mt_record *rec);

/* For the writers. Texts are valid until the next call but fifteen. */
char *hostile_text(const char *format, ...) __attribute__((format(printf, 1, 2)));
void hostile_put(struct hostile_gap *gap, const char *logged, const char *read);
void hostile_copy(char *to, const char *text);
const char *hostile_id(const char *value);
void hostile_split(const char *program, const char *text, hostile_line_fn *fn, void *ctx);  /* Sendmail */
void hostile_pieces(const char *program, const char *text, hostile_line_fn *fn, void *ctx); /* Exim */

#endif
