#include "patterns.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "mailtrace/correlate.h"

#define CLIENT "mail.example.com[192.0.2.10]"
#define RELAY  "relay=mx.example.net[198.51.100.25]:25, delay=0.28, delays=0.03/0.01/0.12/0.12, "
#define SENT   RELAY "dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 6B1F2C0D4E)"
#define LATER  RELAY "dsn=4.4.1, status=deferred (connect to mx.example.net: timed out)"
#define ACTIVE "from=<a@example.com>, size=2713, nrcpt=1 (queue active)"
#define REFUSED \
    "454 4.7.1 <x$i@example.edu>: Relay access denied; from=<s@example.com> to=<x@example.edu> proto=ESMTP helo=<e>"
#define TLS "TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)"
#define SM_FROM                                                                                               \
    "from=<a@example.com>, size=1284, class=0, nrcpts=1, msgid=<a@example.com>, proto=ESMTP, daemon=MTA-v4, " \
    "relay=mail.example.com [192.0.2.10]"
#define SM_TO   "delay=00:00:01, xdelay=00:00:01, mailer=esmtp, pri=151284, relay=mx.example.net. [198.51.100.25], "
#define SM_SENT SM_TO "dsn=2.0.0, stat=Sent (Ok: queued as 6B1F2C0D4E)"
#define VERDICT(id)                                                                                        \
    "rspamd[3]: <95b4ff>; proxy; rspamd_task_write_log: id: <$i@example.com>, qid: <" id ">, (default: F " \
    "(no action): [1.20/15.00] [MIME_GOOD(-0.10){},ARC_NA(0.00){},R_$u(0.00){}]), len: 369, time: 8.1ms, " \
    "dns req: 3, digest: <360d5749d18ce1fd988d1be7eb3ca251>"
#define EXIM_IN "<= a@example.com H=mail.example.com [192.0.2.10] P=esmtp S=512 id=1@example.com"

/* --- what groups do not say --- */

/* One line with n recipients. */
static void write_list(FILE *log, unsigned n)
{
    char *text = malloc(64 + 24 * (size_t)n + sizeof SM_SENT), *at = text;

    if (!text) {
        return;
    }
    cost_line(log, 0, "sm-mta[8]: 2ABCDEFG002231: " SM_FROM);
    at += sprintf(at, "sm-mta[9]: 2ABCDEFG002231: to=");
    for (unsigned i = 0; i < n; i++) {
        at += sprintf(at, "%s<user%u@example.net>", i ? "," : "", i);
    }
    sprintf(at, ", " SM_SENT);
    cost_line(log, 1000, text);
    free(text);
}

/* Many lines, each with a list. */
static void write_lists(FILE *log, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        write_list(log, 50);
    }
}

/* The hash of a line as it would be without a secret: of its text and its process, then of its timestamp. */
static uint64_t plain_hash(const char *text, size_t n, uint64_t pid, uint64_t usec)
{
    uint64_t hash = XXH3_64bits_withSeed(text, n, pid) ^ usec * UINT64_C(0x9e3779b97f4a7c15);

    hash = (hash ^ hash >> 32) * UINT64_C(0xd6e8feb86659fd93);
    return hash ^ hash >> 32;
}

/* Lines of one message whose plain hashes end with the same bits: as many as tell a place in the set of 4 n lines, at least. */
static void write_collisions(FILE *log, unsigned n)
{
    char line[] = "postfix/cleanup[7]: 4000000000: message-id=<0000000000000000@example.com>";
    char *text = line + strlen("postfix/cleanup[7]: "), *digits = strchr(line, '<') + 1;

    for (uint64_t i = 0, found = 0; found < n; i++) {
        for (unsigned k = 0; k < 8; k++) {
            digits[15 - k] = "0123456789abcdef"[i >> 4 * k & 15];
        }
        if (!(plain_hash(text, strlen(text), 7, UINT64_C(1711551778000000)) & 2047)) {
            cost_line(log, 0, line);
            found++;
        }
    }
}

/* Events are due before all of those that wait. */
static void write_late(FILE *log, unsigned n)
{
    static const char refused[] =
        "postfix/smtpd[7]: NOQUEUE: reject: RCPT from unknown[203.0.113.66]: 454 4.7.1 <%c%u@example.edu>: Relay "
        "access denied; from=<s@example.com> to=<x@example.edu> proto=ESMTP helo=<e>";
    char line[256];

    for (unsigned i = 0; i < n; i++) {
        sprintf(line, refused, 'x', i);
        cost_line(log, 3000000 + i, line);
    }
    cost_line(log, 5900000, "postfix/smtpd[7]: 4000000000: client=" CLIENT);
    for (unsigned i = 0; i < n; i++) {
        sprintf(line, refused, 'y', i);
        cost_line(log, 2100000 + i, line);
    }
}

/* Lines far ahead of the clock beside lines that come in backward order. */
static void write_strays(FILE *log, unsigned n)
{
    char line[96];

    for (unsigned i = 0; i < n; i++) {
        sprintf(line, "postfix/smtpd[7]: %010X: client=" CLIENT, 2 * i);
        cost_line(log, 10000000 + (i ? -(int64_t)i : 0), line);
        sprintf(line, "postfix/smtpd[7]: %010X: client=" CLIENT, 2 * i + 1);
        cost_line(log, INT64_C(10000000000000) - i, line);
    }
}

/* --- the patterns --- */

#define ONCE(from, ...)     \
    {                       \
        COST_ONCE, from, 0, \
        {                   \
            __VA_ARGS__     \
        }                   \
    }
#define EACH(from, step, ...)  \
    {                          \
        COST_EACH, from, step, \
        {                      \
            __VA_ARGS__        \
        }                      \
    }

const struct cost_pattern cost_patterns[] = {
    {"messages", 100,
     .groups = {EACH(0, 20000, "postfix/smtpd[4]: connect from " CLIENT, "postfix/smtpd[4]: $q: client=" CLIENT,
                     "postfix/cleanup[5]: $q: message-id=<$i@example.com>", "postfix/qmgr[6]: $q: " ACTIVE,
                     "postfix/smtp[7]: $q: to=<b@example.net>, " SENT, "postfix/qmgr[6]: $q: removed",
                     "postfix/smtpd[4]: disconnect from " CLIENT " ehlo=1 mail=1 rcpt=1 data=1 quit=1 commands=5")}},
    {"messages-one-timestamp", 100,
     .groups = {EACH(0, 0, "postfix/smtpd[4]: $q: client=" CLIENT, "postfix/qmgr[6]: $q: " ACTIVE,
                     "postfix/smtp[7]: $q: to=<b@example.net>, " SENT, "postfix/qmgr[6]: $q: removed")}},
    {"one-message-id", 300,
     .groups = {EACH(0, 10000, "postfix/smtpd[4]: $q: client=" CLIENT,
                     "postfix/cleanup[5]: $q: message-id=<same@example.com>")}},
    {"submissions-one-message-id", 300,
     .groups = {EACH(0, 10000, "postfix/pickup[4]: $q: uid=1000 from=<a@example.com>",
                     "postfix/cleanup[5]: $q: message-id=<same@example.com>", "postfix/qmgr[6]: $q: " ACTIVE,
                     "postfix/pipe[7]: $q: to=<f@example.net>, relay=filter, delay=1, delays=0/0/0/1, dsn=2.0.0, "
                     "status=sent (delivered via filter service)")}},
    {"queue-id-reused", 300,
     .groups = {EACH(0, 10000, "postfix/smtpd[4]: $z: client=" CLIENT, "postfix/qmgr[6]: $z: " ACTIVE,
                     "postfix/smtp[7]: $z: to=<b@example.net>, " SENT, "postfix/qmgr[6]: $z: removed")}},
    {"queue-id-reused-one-timestamp", 300,
     .groups = {EACH(0, 0, "postfix/smtpd[4]: $z: client=h$i.example.com[192.0.2.1]",
                     "postfix/qmgr[6]: $z: from=<$i@example.com>, size=1, nrcpt=1 (queue active)",
                     "postfix/smtp[7]: $z: to=<$i@example.net>, " SENT, "postfix/qmgr[6]: $z: removed")}},
    {"queue-id-begun-again", 500, .groups = {EACH(0, 1000, "postfix/smtpd[4]: $z: client=" CLIENT)}},
    {"instances", 300, .groups = {EACH(0, 1000, "x$i/smtpd[4]: $z: client=" CLIENT)}},
    {"instances-of-queues", 1000, .groups = {EACH(0, 1000, "x$i/qmgr[4]: $z: " ACTIVE)}},
    {"instances-of-queues-begun", 500,
     .groups = {EACH(0, 1000, "x$i/pickup[4]: $z: uid=1000 from=<a@example.com>", "x$i/qmgr[4]: $z: " ACTIVE)}},
    {"programs-unknown-forms", 500, .groups = {EACH(0, 1000, "x$u/smtpd[4]: nonsense")}},
    {"hosts", 500, .groups = {EACH(0, 1000, "@h$i postfix/smtpd[4]: $q: client=" CLIENT)}},
    {"squared", 500, .groups = {EACH(0, 1000, "postfix/smtpd[4]: $q: client=" CLIENT)}, .squared = true},
    {"hosts-bound", 1000, .groups = {EACH(0, 1000, "@h$i postfix/smtpd[4]: $q: client=" CLIENT)},
     .max_memory = MT_MAX_MEMORY_LEAST},
    {"hosts-bound-in-turns", 2000, .groups = {EACH(0, 1000, "@h$u postfix/smtpd[4]: $q: client=" CLIENT)},
     .max_memory = MT_MAX_MEMORY_LEAST},
    {"messages-bound", 2000, .groups = {EACH(0, 1000, "postfix/smtpd[4]: $q: client=" CLIENT)},
     .max_memory = MT_MAX_MEMORY_LEAST},
    {"connections-bound", 4000, .groups = {EACH(0, 100, "postfix/smtpd[1$i]: connect from h$i.example.com[192.0.2.1]")},
     .max_memory = MT_MAX_MEMORY_LEAST},
    {"rejects-bound-one-timestamp", 2000,
     .groups = {EACH(0, 0, "postfix/smtpd[$i]: NOQUEUE: reject: RCPT from unknown[203.0.113.66]: " REFUSED)},
     .max_memory = MT_MAX_MEMORY_LEAST},
    {"recipients", 500,
     .groups = {ONCE(0, "postfix/qmgr[6]: $z: from=<a@example.com>, size=1, nrcpt=99999 (queue active)"),
                EACH(1000, 1000, "postfix/smtp[7]: $z: to=<u$i@example.net>, " SENT),
                ONCE(-1, "postfix/qmgr[6]: $z: removed")}},
    {"recipients-one-timestamp", 500,
     .groups = {ONCE(0, "postfix/qmgr[6]: $z: " ACTIVE),
                EACH(0, 0, "postfix/smtp[7]: $z: to=<u$i@example.net>, " SENT)}},
    {"recipients-deferred", 500,
     .groups = {ONCE(0, "postfix/qmgr[6]: $z: " ACTIVE),
                EACH(1000, 1000, "postfix/smtp[7]: $z: to=<u$i@example.net>, " LATER)}},
    {"recipients-expired", 1000,
     .groups = {EACH(1000, 1000, "postfix/smtp[7]: $z: to=<u$i@example.net>, " SENT),
                EACH(-1, 1000, "postfix/smtp[7]: $z: to=<u0@example.net>, " LATER,
                     "postfix/qmgr[6]: $z: from=<a@example.com>, status=expired, returned to sender")}},
    {"retries", 500,
     .groups = {ONCE(0, "postfix/qmgr[6]: $z: " ACTIVE),
                EACH(1000, 1000000, "postfix/smtp[7]: $z: to=<u@example.net>, " LATER)}},
    {"retries-of-16", 500,
     .groups = {ONCE(0, "postfix/qmgr[6]: $z: " ACTIVE),
                EACH(1000, 1000000, "postfix/smtp[7]: $z: to=<u$y@example.net>, " LATER)}},
    {"lines-read-again", 500, .groups = {EACH(0, 0, "postfix/smtpd[4]: $z: client=" CLIENT)}},
    {"lines-backward", 4000,
     .groups = {ONCE(10000000, "postfix/smtpd[4]: $z: client=" CLIENT),
                EACH(9999999, -1, "postfix/smtpd[4]: $q: client=" CLIENT)}},
    {"lines-backward-far", 500, .groups = {EACH(INT64_C(10000000000), -1000, "postfix/smtpd[4]: $q: client=" CLIENT)}},
    {"lines-an-hour-apart", 300, .groups = {EACH(0, INT64_C(3540000000), "postfix/smtpd[4]: $q: client=" CLIENT)}},
    {"lines-far-ahead", 1000, .write = write_strays},
    {"lines-with-equal-hashes", 200, .write = write_collisions},
    {"events-due-before-others", 1500, .write = write_late},
    {"headers", 500,
     .groups = {ONCE(0, "postfix/smtpd[4]: $z: client=" CLIENT),
                EACH(0, 1000,
                     "postfix/cleanup[5]: $z: info: header Received: from a$i.example.com (b [192.0.2.1]) by c with "
                     "ESMTP id $i; Wed, "
                     "27 Mar 2024 15:02:58 +0000 from x.example.com[192.0.2.9]; from=<a@example.com> "
                     "to=<b@example.com> proto=ESMTP helo=<x>")}},
    {"rejects", 500,
     .groups = {EACH(0, 1000, "postfix/smtpd[4]: NOQUEUE: reject: RCPT from unknown[203.0.113.66]: " REFUSED)}},
    {"rejects-of-a-message", 500,
     .groups = {ONCE(0, "postfix/smtpd[4]: $z: client=" CLIENT),
                EACH(0, 1000, "postfix/smtpd[4]: $z: reject: RCPT from unknown[203.0.113.66]: " REFUSED)}},
    {"notifications", 500, .groups = {EACH(0, 1000, "postfix/bounce[4]: $q: sender non-delivery notification: $n")}},
    {"notifications-of-a-message", 500,
     .groups = {EACH(0, 1000, "postfix/bounce[4]: $z: sender non-delivery notification: $n")}},
    {"requeued-in-turns", 500, .groups = {EACH(0, 1000, "postfix/pickup[4]: $m: uid=1000 from=<root> orig_id=$o")}},
    {"requeued-again-and-again", 500,
     .groups = {EACH(0, 1000, "postfix/pickup[4]: $n: uid=1000 from=<root> orig_id=$q")}},
    {"forwards-of-a-message", 500,
     .groups = {ONCE(0, "postfix/qmgr[6]: $z: " ACTIVE),
                EACH(1000, 1000,
                     "postfix/local[7]: $z: to=<u$i@example.com>, relay=local, delay=0.1, delays=0/0/0/0.1, dsn=2.0.0, "
                     "status=sent (forwarded as $n)")}},
    {"verdicts-of-nobody", 500, .groups = {EACH(0, 1000, VERDICT("$q"))}},
    {"verdicts-of-a-message", 300,
     .groups = {ONCE(0, "postfix/smtpd[4]: $z: client=" CLIENT), EACH(1000, 1000, VERDICT("$z"))}},
    {"verdicts-of-a-client", 300,
     .groups = {EACH(0, 1000,
                     "policyd-spf[3]: : prepend Received-SPF: Pass (mailfrom) identity=mailfrom; client-ip=192.0.2.10; "
                     "helo=mail.example.com; envelope-from=a@example.com; receiver=mx.example.org ",
                     "postfix/smtpd[4]: $q: client=" CLIENT, "postfix/qmgr[6]: $q: " ACTIVE)}},
    {"verdicts-of-one-message-id", 300,
     .groups = {EACH(0, 1000, "postfix/smtpd[4]: $q: client=" CLIENT,
                     "postfix/cleanup[5]: $q: message-id=<1@example.com>",
                     "spamd[3]: spamd: result: . -1 - BAYES_00 scantime=0.4,size=7,user=u,uid=1,required_score=5.0,"
                     "rhost=::1,raddr=::1,rport=$i,mid=<1@example.com>,autolearn=ham")}},
    {"filtered-again-and-again", 200,
     .groups = {EACH(0, 10000, "postfix/smtpd[4]: $q: client=localhost[127.0.0.1]",
                     "postfix/cleanup[5]: $q: message-id=<1@example.com>", "postfix/qmgr[6]: $q: " ACTIVE,
                     "postfix/smtpd[4]: $n: client=localhost[127.0.0.1]",
                     "postfix/cleanup[5]: $n: message-id=<1@example.com>",
                     "postfix/smtp[7]: $q: to=<b@example.net>, relay=127.0.0.1[127.0.0.1]:10024, delay=1, "
                     "delays=0/0/0/1, dsn=2.0.0, "
                     "status=sent (250 2.0.0 Ok: queued as $n)")}},
    {"connections", 500, .groups = {EACH(0, 100, "postfix/smtpd[1$i]: connect from h$i.example.com[192.0.2.1]")}},
    {"connections-of-a-process", 500,
     .groups = {EACH(0, 100, "postfix/smtpd[7]: connect from h$i.example.com[10.$a]")}},
    {"connections-in-trouble", 300,
     .groups = {EACH(0, 100, "postfix/smtpd[7]: connect from h$i.example.com[10.$a]",
                     "postfix/smtpd[7]: warning: h$i.example.com[10.$a]: SASL LOGIN authentication failed: x")}},
    {"connections-in-trouble-one-timestamp", 500,
     .groups = {EACH(0, 0, "postfix/smtpd[7]: connect from h$i.example.com[10.$a]",
                     "postfix/smtpd[7]: warning: h$i.example.com[10.$a]: SASL LOGIN authentication failed: x")}},
    {"connections-of-a-client", 500,
     .groups = {EACH(0, 0, "postfix/smtpd[7]: connect from " CLIENT,
                     "postfix/smtpd[7]: lost connection after DATA ($i bytes) from " CLIENT,
                     "postfix/smtpd[7]: disconnect from " CLIENT " ehlo=1 commands=1")}},
    {"messages-of-a-connection", 500,
     .groups = {ONCE(0, "postfix/smtpd[7]: connect from " CLIENT), EACH(1, 100, "postfix/smtpd[7]: $q: client=" CLIENT),
                ONCE(-1, "postfix/smtpd[7]: disconnect from " CLIENT " ehlo=1")}},
    {"losses-of-a-connection", 500,
     .groups = {ONCE(0, "postfix/smtpd[7]: connect from " CLIENT),
                EACH(1, 100, "postfix/smtpd[7]: lost connection after DATA ($i bytes) from " CLIENT)}},
    {"postscreen", 500, .groups = {EACH(0, 100, "postfix/postscreen[7]: CONNECT from [10.$a]:1$u to [192.0.2.1]:25")}},
    {"tls-outgoing", 500,
     .groups = {EACH(
         0, 100,
         "postfix/smtp[1$i]: Untrusted TLS connection established to mx$i.example.net[198.51.100.25]:25: " TLS)}},
    {"tls-outgoing-of-a-process", 500,
     .groups = {EACH(
         0, 100, "postfix/smtp[7]: Untrusted TLS connection established to mx$i.example.net[198.51.100.25]:25: " TLS)}},
    {"tls-incoming", 500,
     .groups = {EACH(
         0, 100,
         "postfix/smtpd[1$i]: Anonymous TLS connection established from h$i.example.net[198.51.100.25]: " TLS)}},
    {"sendmail-recipients", 500,
     .groups = {ONCE(0, "sm-mta[8]: $t: from=<a@example.com>, size=1284, class=0, nrcpts=99999, msgid=<a@example.com>, "
                        "relay=x [192.0.2.10]"),
                EACH(1000, 1000, "sm-mta[9]: $t: to=<u$i@example.net>, " SM_SENT)}},
    {"sendmail-recipients-of-an-alias", 1500,
     .groups = {ONCE(0, "sm-mta[8]: $t: " SM_FROM),
                EACH(1000, 1000, "sm-mta[9]: $t: to=<u$i@example.net>, ctladdr=<list@example.com> (8/0), " SM_SENT)}},
    {"sendmail-recipients-cut", 1500,
     .groups = {ONCE(0, "sm-mta[8]: $t: from=<a@example.com>, size=1284, class=0, nrcpts=99999, msgid=<a@example.com>, "
                        "relay=x [192.0.2.10]"),
                EACH(1000, 1000, "sm-mta[9]: $t: to=<u$i@example.net>, [more], " SM_SENT)}},
    {"sendmail-list", 800, .write = write_list},
    {"sendmail-lists", 20, .write = write_lists},
    {"sendmail-pieces", 1500,
     .groups = {EACH(0, 10, "sm-mta[7]: $s[1]: from=<a@example.com>, size=1284, class=0, nrcpts=1, ...")}},
    {"sendmail-pieces-of-a-message", 500,
     .groups = {EACH(0, 10, "sm-mta[7]: $t[1]: from=<a$i@example.com>, size=1284, class=0, nrcpts=1, ...")}},
    {"sendmail-pieces-whole", 500,
     .groups = {EACH(0, 10, "sm-mta[7]: $t[1]: from=<a$i@example.com>, size=1284, class=0, nrcpts=1")}},
    {"sendmail-pieces-of-a-line", 998, .groups = {EACH(0, 10, "sm-mta[7]: $e[$g]: x$i ...")}},
    {"sendmail-connections", 500,
     .groups = {EACH(0, 100,
                     "sm-mta[1$i]: STARTTLS=server, relay=h$i.example.com [192.0.2.1], version=TLSv1.3, verify=NO, "
                     "cipher=TLS_AES_256_GCM_SHA384, bits=256/256")}},
    {"sendmail-connections-of-a-process", 500,
     .groups = {EACH(0, 100,
                     "sm-mta[7]: STARTTLS=server, relay=h$i.example.com [192.0.2.1], version=TLSv1.3, verify=NO, "
                     "cipher=TLS_AES_256_GCM_SHA384, bits=256/256")}},
    {"sendmail-notifications", 500, .groups = {EACH(0, 1000, "sm-mta[7]: $t: $s: DSN: User unknown")}},
    {"exim-recipients", 500,
     .groups = {ONCE(0, "exim[4]: 1xUvM0-00000r-08 " EXIM_IN),
                EACH(1000, 1000,
                     "exim[5]: 1xUvM0-00000r-08 => u$i@example.net R=dnslookup T=remote_smtp H=mx.example.net "
                     "[192.0.2.25] C=\"250 OK\""),
                ONCE(-1, "exim[5]: 1xUvM0-00000r-08 Completed")}},
    {"exim-messages", 300,
     .groups = {EACH(
         0, 1000, "exim[4]: $d " EXIM_IN,
         "exim[5]: $d => b@example.net R=dnslookup T=remote_smtp H=mx.example.net [192.0.2.25] C=\"250 OK\"",
         "exim[5]: $d Completed")}},
    {"exim-rounds", 300,
     .groups =
         {ONCE(0, "exim[4]: 1xUvM0-00000r-08 " EXIM_IN),
          EACH(1000, 1000,
               "exim[5]: 1xUvM0-00000r-08 => u$i@example.net R=dnslookup T=remote_smtp H=mx.example.net [192.0.2.25]",
               "exim[5]: 1xUvM0-00000r-08 == v@example.net R=dnslookup T=remote_smtp defer (111): Connection refused",
               "exim[5]: 1xUvM0-00000r-08 Completed")}},
    {"exim-pieces", 500,
     .groups = {EACH(0, 10, "exim[4]: [1/4] 1xUvM0-00000r-08 H=(x$i) [192.0.2.1] rejected after DATA:")}},
    {"exim-notifications", 500,
     .groups = {EACH(0, 1000, "exim[4]: $d <= <> R=1xUvM0-00000r-08 U=Debian-exim P=local S=1746")}},
    {"opensmtpd-sessions", 500,
     .groups = {EACH(0, 1000, "smtpd[4]: $x smtp connected address=10.$a host=h$i.example.com",
                     "smtpd[4]: $x smtp authentication user=alice result=permfail")}},
    {"opensmtpd-recipients", 500,
     .groups = {EACH(
         0, 1000,
         "smtpd[4]: 5c9ae1b2c3d4e5f6 smtp envelope evpid=7c9ae1b2d3e4f5a6 from=<a@example.com> to=<b$i@example.net>")}},
    {"courier-recipients", 500,
     .groups =
         {ONCE(0, "courierd: newmsg,id=0000000000A1B2C3.65000000.00000001: dns; mail.example.com (mail.example.com "
                  "[::ffff:192.0.2.10])"),
          EACH(1000, 1000,
               "courierd: "
               "started,id=0000000000A1B2C3.65000000.00000001,from=<a@example.com>,module=esmtp,host=y,addr=<b$i@"
               "example.net>",
               "courieresmtp: "
               "id=0000000000A1B2C3.65000000.00000001,from=<a@example.com>,addr=<b$i@example.net>,status: success")}},
    {"qmail-deliveries", 500,
     .groups = {ONCE(0, "qmail: new msg 11741914",
                     "qmail: info msg 11741914: bytes 512 from <a@example.com> qp 77 uid 7"),
                EACH(1000, 1000, "qmail: starting delivery 1$i: msg 11741914 to remote b$i@example.net"),
                EACH(-1, 1000, "qmail: delivery 1$i: success: did_1+0+2/")}},
    {"dma-messages", 500,
     .groups = {EACH(0, 1000,
                     "dma[$x.55d2c8a3e2a0][4]: new mail from user=root uid=0 envelope_from=<root@example.com>")}},
    {"qmail-messages-of-a-process", 500,
     .groups = {EACH(0, 1000, "qmail: new msg 1$i",
                     "qmail: info msg 1$i: bytes 512 from <a@example.com> qp 77 uid 7")}},
    {.name = NULL},
};

/* --- writing --- */

static void put_time(FILE *log, int64_t usec)
{
    int64_t all = INT64_C(1711551778000000) + usec;
    time_t seconds = (time_t)(all / 1000000);
    struct tm tm;
    char text[32];

    gmtime_r(&seconds, &tm);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
    fprintf(log, "%s.%06d+00:00 ", text, (int)(all % 1000000));
}

void cost_line(FILE *log, int64_t usec, const char *text)
{
    put_time(log, usec);
    fprintf(log, "mx1 %s\n", text);
}

/* Eight digits, in which everything can be counted, and what Sendmail ends with. */
static void put_sendmail_id(FILE *log, unsigned i)
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwx";

    fprintf(log, "26AM%c%c%c%c002231", digits[i / 216000 % 60], digits[i / 3600 % 60], digits[i / 60 % 60],
            digits[i % 60]);
}

static void put_value(FILE *log, char what, unsigned i)
{
    switch (what) {
    case 'a':
        fprintf(log, "%u.%u.%u", i >> 16 & 255, i >> 8 & 255, i & 255);
        break;
    case 'x':
        fprintf(log, "%016x", i);
        break;
    case 'q':
        fprintf(log, "%010X", i + 0x4000);
        break;
    case 'n':
        fprintf(log, "%010X", i + 0x4001);
        break;
    case 'm':
        fprintf(log, "%010X", i % 2 + 0x4000);
        break;
    case 'o':
        fprintf(log, "%010X", (i + 1) % 2 + 0x4000);
        break;
    case 'z':
        fprintf(log, "%010X", 0x4000);
        break;
    case 's':
        put_sendmail_id(log, i);
        break;
    case 't':
        put_sendmail_id(log, 0);
        break;
    case 'e':
        put_sendmail_id(log, i / 998);
        break;
    case 'd':
        fprintf(log, "1xUv%c%c-0000%c%c-08", 'A' + i / 17576 % 26, 'A' + i / 676 % 26, 'A' + i / 26 % 26, 'A' + i % 26);
        break;
    case 'y':
        fprintf(log, "%u", i % 16);
        break;
    case 'u':
        fprintf(log, "%u", i % 300);
        break;
    case 'g':
        fprintf(log, "%u", 998 - i % 998);
        break;
    default:
        fprintf(log, "%u", i);
        break;
    }
}

static void put_line(FILE *log, int64_t usec, const char *line, unsigned i)
{
    put_time(log, usec);
    if (*line == '@') {
        line++;
    } else {
        fputs("mx1 ", log);
    }
    for (; *line; line++) {
        if (*line == '$') {
            put_value(log, *++line, i);
        } else {
            putc(*line, log);
        }
    }
    putc('\n', log);
}

void cost_write(FILE *log, const struct cost_pattern *pattern, unsigned n)
{
    int64_t usec = 0;

    if (pattern->write) {
        pattern->write(log, n);
        return;
    }
    for (const struct cost_group *group = pattern->groups; group < pattern->groups + 3 && group->times; group++) {
        usec = group->from < 0 ? usec + 1000 : group->from;
        for (unsigned i = 0; i < (group->times == COST_EACH ? n : 1); i++, usec += group->step) {
            for (size_t k = 0; k < COST_LINES && group->lines[k]; k++) {
                put_line(log, usec, group->lines[k], i);
            }
        }
    }
}
