/* How far files have been read, for runs that go on where the last one stopped.
 *
 * A file is known by its first bytes, not by its name: so it is known again when it was
 * renamed, or compressed. Where a name that was read before is now another file (a log
 * was rotated), the old one is looked for beside it, so that its last lines are not left out.
 */
#ifndef MT_CLI_INPUT_POSITIONS_H
#define MT_CLI_INPUT_POSITIONS_H

#include "input.h"
#include "mailtrace/state.h"

struct cli_positions;

/* What the state knows. NULL: no memory. */
struct cli_positions *cli_positions_new(struct mt_state *state);
void cli_positions_free(struct cli_positions *positions);

/* The file's number, for its mt_place; the input then stands where its reading stopped. MT_SOURCES:
 * it cannot be known again (it is empty, or no regular file), or memory is short.
 */
uint32_t cli_positions_find(struct cli_positions *positions, struct cli_input *input);

/* Where the rest of what was read under this name lies now; to be freed. NULL: nowhere, or there is no need. */
char *cli_positions_rotated(struct cli_positions *positions, const char *name);

/* Files as they were given count from here on as not found yet. */
void cli_positions_restart(struct cli_positions *positions);

/* The file has been read up to there. */
void cli_positions_end(struct cli_positions *positions, uint32_t number, uint64_t position);

/* Puts down what there is to know of files. */
void cli_positions_note(struct cli_positions *positions);

#endif
