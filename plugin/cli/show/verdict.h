/* What a delivery's result means, in plain words. */
#ifndef MT_CLI_SHOW_VERDICT_H
#define MT_CLI_SHOW_VERDICT_H

#include "mailtrace/stories.h"
#include "text.h"

/* A recipient's fate, and what its words need to be told. */
struct cli_verdict {
    struct mt_fate fate;
    const struct mt_event *message;
    const struct mt_event *last; /* the last attempt; NULL: none is known */
    bool followed;               /* the next hop's story is told below */
    struct mt_slice day;         /* "2024-03-27": timestamps of another day show theirs */
};

/* Appends the sentence, with its style, without a line feed. */
void cli_verdict_print(struct cli_text *text, const struct cli_verdict *verdict);

/* "15:02:58", with the day when that is another one. */
void cli_clock(struct cli_text *text, const struct mt_time *time, struct mt_slice day);

/* "name [ip]:port", as far as known; false: nothing is. */
bool cli_host_text(struct cli_text *text, struct mt_slice name, struct mt_slice ip, int64_t port);

#endif
