/* Sendmail as a source.
 *
 * Its queue IDs hold the second and the process ID (sendmail/queue.c, assign_queueid) and are unique on a host, and
 * processes that work on one queue run by several labels (option -L): a label is no INSTANCE. One process receives and
 * delivers.
 */
#include "sendmail.h"

#define LABEL(name)                                  \
    {                                                \
        {(name), sizeof(name) - 1}, MT_ROLE_RECEIVES \
    }

static const struct mt_source_program programs[] = {
    LABEL("sm-mta"),
    LABEL("sendmail"),
    LABEL("sm-msp-queue"),
    /* Debian: sendmail-base, /usr/share/sendmail/sendmail */
    LABEL("sm-que"),
    LABEL("sm-mta-queue"),
    LABEL("sm-mta-runq"),
    LABEL("sm-que-runq"),
    LABEL("sm-msp"),
    /* FreeBSD: /etc/defaults/rc.conf, /etc/mail/Makefile */
    LABEL("sm-queue"),
    LABEL("sm-acceptingconnections"),
    {{NULL, 0}, MT_ROLE_OTHER},
};

/* cf/mailer: the mailers that end on the host, or at its mail store. */
#define MAILER(name, end)                        \
    {                                            \
        {(name), sizeof(name) - 1}, MT_END_##end \
    }

static const struct mt_source_transport transports[] = {
    MAILER("local", HERE),     MAILER("prog", HERE),  MAILER("*file*", HERE),
    MAILER("*include*", HERE), MAILER("cyrus", HERE), MAILER("procmail", HERE),
    MAILER("dovecot", HERE),   MAILER("lmtp", STORE), {{NULL, 0}, MT_END_ELSEWHERE},
};

extern const struct mt_source mt_source_sendmail;
const struct mt_source mt_source_sendmail = {
    .is_mta = true,
    .arrives_at_once = true,
    .submits_apart = true,
    .programs = programs,
    .transports = transports,
    .read = mt_sendmail_read,
};
