/* Postfix as a source.
 *
 * Its syslog_name may be anything (postconf(5)), for all of it or for one service of master.cf(5), so that a tag with a
 * slash is told by what stands behind the last one. A relay that cuts tags at the slash leaves the syslog_name, of which only
 * the default one is known: "postfix-exporter" is somebody else's program.
 */
#include "postfix.h"

#define PROGRAM(name, role)           \
    {                                 \
        MT_TEXT(name), MT_ROLE_##role \
    }
#define END                      \
    {                            \
        {NULL, 0}, MT_ROLE_OTHER \
    }

static const struct mt_source_program programs[] = {PROGRAM("postfix", OTHER), PROGRAM("postfix-script", OTHER), END};

/* conf/master.cf, and the commands; the frequent ones first. */
static const struct mt_source_program daemons[] = {
    PROGRAM("smtpd", RECEIVES),     PROGRAM("qmgr", QUEUE),
    PROGRAM("smtp", DELIVERS),      PROGRAM("cleanup", QUEUE),
    PROGRAM("local", OTHER),        PROGRAM("bounce", QUEUE),
    PROGRAM("pickup", QUEUE),       PROGRAM("virtual", OTHER),
    PROGRAM("lmtp", DELIVERS),      PROGRAM("pipe", PIPES),
    PROGRAM("postscreen", OTHER),   PROGRAM("error", OTHER),
    PROGRAM("postsuper", QUEUE),    PROGRAM("anvil", OTHER),
    PROGRAM("defer", QUEUE),        PROGRAM("discard", OTHER),
    PROGRAM("dnsblog", OTHER),      PROGRAM("flush", OTHER),
    PROGRAM("master", OTHER),       PROGRAM("nbdb_reindexd", OTHER),
    PROGRAM("nqmgr", QUEUE),        PROGRAM("oqmgr", QUEUE),
    PROGRAM("post-install", OTHER), PROGRAM("postalias", OTHER),
    PROGRAM("postcat", OTHER),      PROGRAM("postconf", OTHER),
    PROGRAM("postdrop", OTHER),     PROGRAM("postfix-script", OTHER),
    PROGRAM("postkick", OTHER),     PROGRAM("postlock", OTHER),
    PROGRAM("postlog", OTHER),      PROGRAM("postlogd", OTHER),
    PROGRAM("postmap", OTHER),      PROGRAM("postmulti", OTHER),
    PROGRAM("postqueue", OTHER),    PROGRAM("proxymap", OTHER),
    PROGRAM("proxywrite", OTHER),   PROGRAM("qmqpd", RECEIVES),
    PROGRAM("relay", OTHER),        PROGRAM("retry", OTHER),
    PROGRAM("scache", OTHER),       PROGRAM("sendmail", OTHER),
    PROGRAM("showq", OTHER),        PROGRAM("spawn", OTHER),
    PROGRAM("tlsmgr", OTHER),       PROGRAM("tlsproxy", OTHER),
    PROGRAM("trace", QUEUE),        PROGRAM("trivial-rewrite", OTHER),
    PROGRAM("verify", OTHER),       END,
};

/* master(5): the delivery agents. */
static const struct mt_source_transport transports[] = {
    {MT_TEXT("local"), MT_END_HERE}, {MT_TEXT("virtual"), MT_END_HERE}, {MT_TEXT("pipe"), MT_END_HERE},
    {MT_TEXT("lmtp"), MT_END_STORE}, {{NULL, 0}, MT_END_ELSEWHERE},
};

extern const struct mt_source mt_source_postfix;
const struct mt_source mt_source_postfix = {
    .is_mta = true,
    .tells_end = true,
    .tells_session_end = true,
    .tells_bounce_sender = true,
    .reuses_ids = true,
    .tls_per_entry = true,
    .programs = programs,
    .daemons = daemons,
    .transports = transports,
    .read = mt_postfix_read,
};
