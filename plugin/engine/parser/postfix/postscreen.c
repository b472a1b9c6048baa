/* postscreen(8) and tlsproxy(8): one process speaks for many clients, so each line names
 * its client as [IP]:PORT. See postfix.h.
 *
 * Before the client stand numbers and words of postscreen's own; behind it may stand what
 * the client sent.
 */
#include "postfix.h"

/* " after MAIL", " after MAIL: what was sent" */
static void read_stage(struct mt_record *rec, struct mt_slice at)
{
    struct mt_slice command;
    const char *colon;

    if (!MT_EAT(&at, " after ")) {
        return;
    }
    colon = mt_find(at, ':');
    command = colon ? mt_slice_to(at.p, colon) : at;
    mt_postfix_stage(rec, command);
}

/* PREGREET 11 after 0.04 from [IP]:PORT: EHLO x\r\n; PASS NEW [IP]:PORT; COMMAND TIME LIMIT from [IP]:PORT after RCPT
 *
 * The prefix in the table ends where the client stands, or else the client follows the
 * first " from ".
 */
bool mt_postfix_screen(struct mt_record *rec, const struct mt_form *form, struct mt_slice text, struct mt_slice at)
{
    struct mt_slice skipped;

    if ((!at.n || *at.p != '[') && !mt_take_to(&at, MT_LIT(" from "), &skipped) &&
        !mt_take_to(&at, MT_LIT(" for "), &skipped)) {
        return false;
    }
    if (!mt_slice_starts(at, MT_LIT("[")) || !mt_postfix_client(&at, rec)) {
        return false;
    }
    rec->kind = form->kind;
    mt_form_trouble(rec, form->trouble);
    mt_set(&rec->f, MT_F_TEXT, text);
    read_stage(rec, at);
    return true;
}
