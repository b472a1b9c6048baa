/* The headers of one mail after the other: of a mail, of a mailbox (RFC 4155), or bare headers.
 *
 * Bodies are read and forgotten.
 */
#ifndef MT_CLI_INPUT_MAILS_H
#define MT_CLI_INPUT_MAILS_H

#include "mailtrace/event.h"

#include "input.h"

struct cli_mails {
    struct cli_input input;
    struct mt_buffer headers; /* of the mail, its lines ended by \n */
    bool begun, mailbox, through;
    bool cut; /* headers beyond a limit were left out */
    bool failed;
};

/* On failure reports it and returns false. */
bool cli_mails_open(struct cli_mails *mails, const char *path);
void cli_mails_close(struct cli_mails *mails);

/* The headers of the next mail, in mails->headers. False at the end, or when mails->failed is set. */
bool cli_mails_next(struct cli_mails *mails);

#endif
