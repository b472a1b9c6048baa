/* OpenSMTPD as a source.
 *
 * One process serves all clients; what a session's lines share is its ID, and what a message's lines share is the first half of
 * their envelopes' IDs. No line says that a message has ended: it has when all of its envelopes have.
 */
#include "opensmtpd.h"

static const struct mt_source_program programs[] = {
    {MT_TEXT("smtpd"), MT_ROLE_OTHER},
    {{NULL, 0}, MT_ROLE_OTHER},
};

static const struct mt_source_transport transports[] = {
    {MT_TEXT("mda"), MT_END_HERE},
    {{NULL, 0}, MT_END_ELSEWHERE},
};

extern const struct mt_source mt_source_opensmtpd;
const struct mt_source mt_source_opensmtpd = {
    .is_mta = true,
    .tells_session_end = true,
    .tells_bounce_sender = true,
    .tells_no_parent = true,
    .programs = programs,
    .transports = transports,
    .read = mt_opensmtpd_read,
};
