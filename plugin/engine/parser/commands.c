/* The commands of a session, as Postfix counts them when it ends
 * (smtpd/smtpd.c, smtpd_format_cmd_stats):
 *
 *     ehlo=1 mail=1 rcpt=0/1 quit=1 commands=3/4
 *
 * One number: tried and accepted are the same; otherwise accepted/tried. What is no command
 * ("commands=", the sum, or "notes=") and what is malformed is left out.
 */
#include "mailtrace/record.h"

#include "base/scan.h"

static const struct mt_slice names[] = {
#define MT_ROW(name) {name, sizeof(name) - 1},
    MT_COMMANDS(MT_ROW)
#undef MT_ROW
};

_Static_assert(MT_COMMAND_COUNT <= 32, "more commands than bits");

/* The place of a name, MT_COMMAND_COUNT when it is none. Postfix writes lower case. */
static unsigned index_of(struct mt_slice name)
{
    unsigned i = 0;

    while (i < MT_COMMAND_COUNT && !mt_slice_eq(name, names[i])) {
        i++;
    }
    return i;
}

/* rcpt=0/1 */
static bool read_word(struct mt_slice word, struct mt_command *command)
{
    struct mt_slice name;

    if (!mt_take_to(&word, MT_LIT("="), &name) || !mt_take_int(&word, &command->accepted)) {
        return false;
    }
    command->tried = command->accepted;
    if (MT_EAT(&word, "/") && !mt_take_int(&word, &command->tried)) {
        return false;
    }
    command->index = index_of(name);
    return !word.n && command->index < MT_COMMAND_COUNT;
}

size_t mt_commands_read(struct mt_slice text, struct mt_command commands[MT_COMMAND_COUNT])
{
    struct mt_command command;
    struct mt_slice word;
    uint32_t seen = 0;
    size_t n = 0;

    while (n < MT_COMMAND_COUNT && mt_take_word(&text, &word)) {
        if (read_word(word, &command) && !(seen >> command.index & 1)) {
            seen |= (uint32_t)1 << command.index;
            commands[n++] = command;
        }
    }
    return n;
}
