/* Exim as a source.
 *
 * The program is "exim", "exim4" in Debian, or what the syslog_processname says. One process receives one connection; other
 * processes deliver what came by it. "Completed" ends an entry; the end of a session is logged by request only
 * (log_selector +smtp_connection).
 */
#include "exim.h"

static const struct mt_source_program programs[] = {
    {MT_TEXT("exim"), MT_ROLE_RECEIVES},
    {MT_TEXT("exim4"), MT_ROLE_RECEIVES},
    {{NULL, 0}, MT_ROLE_OTHER},
};

/* Transports have the names that the site gives them: these are of Exim's and of Debian's own configuration. */
#define TRANSPORT(name, end)        \
    {                               \
        MT_TEXT(name), MT_END_##end \
    }

static const struct mt_source_transport transports[] = {
    TRANSPORT("local_delivery", HERE), TRANSPORT("mail_spool", HERE),        TRANSPORT("maildir_home", HERE),
    TRANSPORT("address_file", HERE),   TRANSPORT("address_directory", HERE), TRANSPORT("address_pipe", HERE),
    TRANSPORT("address_reply", HERE),  TRANSPORT("procmail_pipe", HERE),     TRANSPORT("maildrop_pipe", HERE),
    {{NULL, 0}, MT_END_ELSEWHERE},
};

extern const struct mt_source mt_source_exim;
const struct mt_source mt_source_exim = {
    .is_mta = true,
    .tells_end = true,
    .arrives_at_once = true,
    .merges_recipients = true,
    .programs = programs,
    .transports = transports,
    .read = mt_exim_read,
};
