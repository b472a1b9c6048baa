/* Text for people: tables and stories, and colours where they are wanted.
 *
 * What comes from mails and logs is cleaned: nothing in it may steer a terminal or turn the
 * direction of writing.
 */
#ifndef MT_CLI_SHOW_TEXT_H
#define MT_CLI_SHOW_TEXT_H

#include "output.h"

enum cli_style {
    CLI_PLAIN,
    CLI_BOLD,
    CLI_FAINT,
    CLI_GOOD,
    CLI_WARN,
    CLI_BAD,
};

struct cli_text {
    struct cli_output output;
    bool terminal; /* standard output is one */
    bool colour;   /* and colours are wanted: NO_COLOR (no-color.org), TERM */
};

void cli_text_start(struct cli_text *text);

/* Appends a format's result, which is to hold nothing foreign. */
void cli_text_print(struct cli_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Appends a text of our own. */
void cli_text_word(struct cli_text *text, const char *word);

/* Appends blanks. */
void cli_text_indent(struct cli_text *text, unsigned columns);

/* Appends what comes from outside, cleaned, at most `most` characters of it (0: all). Returns the characters. */
size_t cli_text_foreign(struct cli_text *text, struct mt_slice s, size_t most);

/* Ends the line. */
void cli_text_line(struct cli_text *text);

void cli_text_style(struct cli_text *text, enum cli_style style);

/* The same into any buffer. */
size_t cli_text_clean(struct mt_buffer *out, struct mt_slice s, size_t most);

/* "9h 2m 48s", "0.25s", "-3s". buf has CLI_DURATION bytes. */
#define CLI_DURATION 48
void cli_text_duration(int64_t usec, char *buf);

/* "2024-03-27 15:02:58", in UTC or in the timestamp's own zone. buf has CLI_TIMESTAMP bytes. */
#define CLI_TIMESTAMP 48
void cli_text_timestamp(const struct mt_time *time, bool utc, char *buf);

#endif
