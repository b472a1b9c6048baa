/* The commands of a session, as Postfix counts them when it ends
 * (smtpd/smtpd.c, smtpd_format_cmd_stats):
 *
 *     ehlo=1 mail=1 rcpt=0/1 quit=1 commands=3/4
 *
 * One number: tried and accepted are the same; otherwise accepted/tried.
 *
 * Thread rules: no shared state.
 */
#ifndef MT_EVENT_COMMANDS_H
#define MT_EVENT_COMMANDS_H

#include "mailtrace/slice.h"

#include <stdint.h>

/* X(name) of each command that is counted; UNKNOWN are all others together.
 * At most 32. What is no command ("commands=", the sum, or "notes=") is not here.
 */
#define MT_COMMANDS(X) \
    X("helo")          \
    X("ehlo")          \
    X("lhlo")          \
    X("xclient")       \
    X("xforward")      \
    X("starttls")      \
    X("auth")          \
    X("mail")          \
    X("rcpt")          \
    X("data")          \
    X("bdat")          \
    X("rset")          \
    X("noop")          \
    X("vrfy")          \
    X("expn")          \
    X("etrn")          \
    X("help")          \
    X("quit")          \
    X("unknown")

/* How many those are. */
enum {
#define MT_ONE(name) +1
    MT_COMMAND_COUNT = MT_COMMANDS(MT_ONE)
#undef MT_ONE
};

struct mt_command {
    unsigned index; /* of MT_COMMANDS */
    int64_t tried, accepted;
};

/* Takes the next command of *text, which starts as the whole; *seen starts as 0.
 * What is malformed, or no command, or was seen already is skipped. Returns false at the end.
 */
bool mt_command_next(struct mt_slice *text, uint32_t *seen, struct mt_command *command);

#endif
