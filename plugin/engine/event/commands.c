#include "commands.h"

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

bool mt_command_next(struct mt_slice *text, uint32_t *seen, struct mt_command *command)
{
    struct mt_slice word;

    while (mt_take_word(text, &word)) {
        if (read_word(word, command) && !(*seen >> command->index & 1)) {
            *seen |= (uint32_t)1 << command->index;
            return true;
        }
    }
    return false;
}
