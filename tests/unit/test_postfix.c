/* Postfix' log lines: each form that its sources write, read to the last field.
 *
 * A row is a line and all that must be known of it: a field that is not listed must be
 * absent. Every row is also read cut short at each of its bytes, from memory that ends
 * there, and with a tag that has lost the daemon's name.
 */
#include "suites.h"

#include "mailtrace/parser.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "lines.h"

#define MAX_FIELDS 20

struct row {
    const char *tag, *text;
    enum mt_kind kind; /* MT_KIND_NONE: no form of Postfix' */
    enum mt_status status;
    const char *fields[MAX_FIELDS]; /* "relay.name=mx.example": as JSON paths; durations in microseconds */
};

static const struct row rows_sessions[] = {
    {"postfix/smtpd",
     "connect from mail.example[192.0.2.1]",
     MT_KIND_CONNECT,
     MT_STATUS_NONE,
     {"client.name=mail.example", "client.ip=192.0.2.1"}},
    {"postfix/submission/smtpd",
     "connect from unknown[2001:db8::21]:40022",
     MT_KIND_CONNECT,
     MT_STATUS_NONE,
     {"client.ip=2001:db8::21", "client.port=40022"}},
    {"postfix/smtpd", "connect from unknown[unknown]", MT_KIND_CONNECT, MT_STATUS_NONE, {NULL}},
    {"postfix/smtpd", "connect from unknown[192.0.2.1] and more", MT_KIND_NONE, MT_STATUS_NONE, {NULL}},
    {"postfix/smtpd",
     "disconnect from unknown[192.0.2.1] ehlo=1 mail=1 rcpt=0/1 quit=1 commands=3/4",
     MT_KIND_DISCONNECT,
     MT_STATUS_NONE,
     {"client.ip=192.0.2.1", "commands=ehlo=1 mail=1 rcpt=0/1 quit=1 commands=3/4"}},
    {"postfix/qmqpd",
     "disconnect from a.example[192.0.2.1]",
     MT_KIND_DISCONNECT,
     MT_STATUS_NONE,
     {"client.name=a.example", "client.ip=192.0.2.1"}},
    {"postfix/smtpd",
     "098F1AAE9E9: client=mail.example[192.0.2.1]",
     MT_KIND_CLIENT,
     MT_STATUS_NONE,
     {"queue_id=098F1AAE9E9", "client.name=mail.example", "client.ip=192.0.2.1"}},
    {"postfix/submission/smtpd",
     "4jX8mL6j5nz1drZQ: client=mail.example[192.0.2.1]:4000, sasl_method=PLAIN, sasl_username=alice@mail.example",
     MT_KIND_CLIENT,
     MT_STATUS_NONE,
     {"queue_id=4jX8mL6j5nz1drZQ", "client.name=mail.example", "client.ip=192.0.2.1", "client.port=4000",
      "client.mechanism=PLAIN", "client.user=alice@mail.example"}},
    {"postfix/smtpd",
     "098F1AAE9E9: client=a.example[192.0.2.1], sasl_sender=alice+2B@a.example",
     MT_KIND_CLIENT,
     MT_STATUS_NONE,
     {"queue_id=098F1AAE9E9", "client.name=a.example", "client.ip=192.0.2.1"}},
    {"postfix/10025/smtpd",
     "9C5D2AAE9C1: client=localhost[127.0.0.1], orig_queue_id=098F1AAE9E9, orig_client=mail.example[192.0.2.1]",
     MT_KIND_CLIENT,
     MT_STATUS_NONE,
     {"queue_id=9C5D2AAE9C1", "client.name=localhost", "client.ip=127.0.0.1", "parent_queue_id=098F1AAE9E9",
      "orig_client.name=mail.example", "orig_client.ip=192.0.2.1"}},
    {"postfix/smtpd",
     "9C5D2AAE9C1: client=localhost[127.0.0.1], orig_queue_id=NOQUEUE, orig_client=unknown[192.0.2.1]",
     MT_KIND_CLIENT,
     MT_STATUS_NONE,
     {"queue_id=9C5D2AAE9C1", "client.name=localhost", "client.ip=127.0.0.1", "orig_client.ip=192.0.2.1"}},
    {"postfix/smtpd",
     "9C5D2AAE9C1: client=localhost[127.0.0.1], sasl_method=PLAIN, sasl_username=x, orig_client=v.example[192.0.2.1]",
     MT_KIND_CLIENT,
     MT_STATUS_NONE,
     {"queue_id=9C5D2AAE9C1", "client.name=localhost", "client.ip=127.0.0.1", "client.mechanism=PLAIN",
      "client.user=x"}},
    {"postfix/smtpd",
     "NOQUEUE: client=mail.example[192.0.2.1]",
     MT_KIND_CLIENT,
     MT_STATUS_NONE,
     {"client.name=mail.example", "client.ip=192.0.2.1"}},
};

static const struct row rows_lost[] = {
    {"postfix/smtpd",
     "lost connection after RCPT from mail.example[192.0.2.1]",
     MT_KIND_LOST_CONNECTION,
     MT_STATUS_NONE,
     {"client.name=mail.example", "client.ip=192.0.2.1", "stage=RCPT", "reason=lost-connection",
      "text=lost connection after RCPT from mail.example[192.0.2.1]"}},
    {"postfix/smtpd",
     "9C5D2AAE9C1: lost connection after DATA (4096 bytes) from unknown[192.0.2.1]",
     MT_KIND_LOST_CONNECTION,
     MT_STATUS_NONE,
     {"queue_id=9C5D2AAE9C1", "client.ip=192.0.2.1", "stage=DATA", "reason=lost-connection",
      "text=lost connection after DATA (4096 bytes) from unknown[192.0.2.1]"}},
    {"postfix/smtpd",
     "NOQUEUE: too many errors after EHLO from unknown[192.0.2.1]",
     MT_KIND_LOST_CONNECTION,
     MT_STATUS_NONE,
     {"client.ip=192.0.2.1", "stage=HELO", "reason=too-many-errors",
      "text=too many errors after EHLO from unknown[192.0.2.1]"}},
    {"postfix/smtpd",
     "timeout after END-OF-MESSAGE from unknown[192.0.2.1]",
     MT_KIND_LOST_CONNECTION,
     MT_STATUS_NONE,
     {"client.ip=192.0.2.1", "stage=END-OF-MESSAGE", "reason=timeout",
      "text=timeout after END-OF-MESSAGE from unknown[192.0.2.1]"}},
    {"postfix/smtpd",
     "improper command pipelining after CONNECT from unknown[192.0.2.1]: GET / from x[1.2.3.4]: HTTP/1.1\\r\\n",
     MT_KIND_INFO,
     MT_STATUS_NONE,
     {"client.ip=192.0.2.1", "stage=CONNECT", "reason=pipelining",
      "text=improper command pipelining after CONNECT from unknown[192.0.2.1]: GET / from x[1.2.3.4]: "
      "HTTP/1.1\\r\\n"}},
};

static const struct row rows_tls[] = {
    {"postfix/smtpd",
     "Anonymous TLS connection established from mail.example[192.0.2.1]: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 "
     "(256/256 bits) key-exchange X25519 server-signature RSA-PSS (2048 bits) server-digest SHA256",
     MT_KIND_TLS,
     MT_STATUS_NONE,
     {"client.name=mail.example", "client.ip=192.0.2.1", "client.tls.version=TLSv1.3",
      "client.tls.cipher=TLS_AES_256_GCM_SHA384", "client.tls.bits=256", "client.tls.verify=anonymous"}},
    {"postfix/smtpd",
     "Trusted TLS connection reused from unknown[192.0.2.1]:4000 to mx.example: TLSv1.2 with cipher AES128-SHA "
     "(128/128 bits)",
     MT_KIND_TLS,
     MT_STATUS_NONE,
     {"client.ip=192.0.2.1", "client.port=4000", "client.tls.version=TLSv1.2", "client.tls.cipher=AES128-SHA",
      "client.tls.bits=128", "client.tls.verify=trusted"}},
    {"postfix/smtp",
     "Untrusted TLS connection established to mx.example[2001:db8::1]:25: TLSv1.3 with cipher TLS_AES_128_GCM_SHA256 "
     "(128/128 bits)",
     MT_KIND_TLS,
     MT_STATUS_NONE,
     {"relay.name=mx.example", "relay.ip=2001:db8::1", "relay.port=25", "tls.version=TLSv1.3",
      "tls.cipher=TLS_AES_128_GCM_SHA256", "tls.bits=128", "tls.verify=untrusted"}},
    {"postfix/smtp",
     "Verified TLS connection reused to mx.example[192.0.2.1]:25: TLSv1.2 with cipher C (256/256 bits)",
     MT_KIND_TLS,
     MT_STATUS_NONE,
     {"relay.name=mx.example", "relay.ip=192.0.2.1", "relay.port=25", "tls.version=TLSv1.2", "tls.cipher=C",
      "tls.bits=256", "tls.verify=verified"}},
    {"postfix/smtpd",
     "SSL_accept error from unknown[192.0.2.1]: -1",
     MT_KIND_TLS,
     MT_STATUS_NONE,
     {"client.ip=192.0.2.1", "reason=tls-failed", "text=SSL_accept error from unknown[192.0.2.1]: -1"}},
    {"postfix/smtpd",
     "NOQUEUE: abort: TLS from unknown[192.0.2.1]: No client certificate presented",
     MT_KIND_TLS,
     MT_STATUS_NONE,
     {"client.ip=192.0.2.1", "reason=tls-failed",
      "text=abort: TLS from unknown[192.0.2.1]: No client certificate presented"}},
    {"postfix/smtp",
     "SSL_connect error to mx.example[192.0.2.1]:25: lost connection",
     MT_KIND_TLS,
     MT_STATUS_NONE,
     {"relay.name=mx.example", "relay.ip=192.0.2.1", "relay.port=25", "reason=tls-failed",
      "text=SSL_connect error to mx.example[192.0.2.1]:25: lost connection"}},
    {"postfix/tlsproxy",
     "TLS handshake failed for service=smtpd peer=[192.0.2.1]:4000",
     MT_KIND_TLS,
     MT_STATUS_NONE,
     {"client.ip=192.0.2.1", "client.port=4000", "reason=tls-failed",
      "text=TLS handshake failed for service=smtpd peer=[192.0.2.1]:4000"}},
};

static const struct row rows_warnings[] = {
    {"postfix/smtpd",
     "warning: mail.example[192.0.2.1]: SASL PLAIN authentication failed: authentication failure, sasl_username=alice",
     MT_KIND_AUTH,
     MT_STATUS_NONE,
     {"client.name=mail.example", "client.ip=192.0.2.1", "reason=auth-failed", "mechanism=PLAIN", "user=alice",
      "response=authentication failure"}},
    {"postfix/smtpd",
     "warning: unknown[192.0.2.1]: SASL LOGIN authentication failed: UGFzc3dvcmQ6",
     MT_KIND_AUTH,
     MT_STATUS_NONE,
     {"client.ip=192.0.2.1", "reason=auth-failed", "mechanism=LOGIN", "response=UGFzc3dvcmQ6"}},
    {"postfix/smtpd",
     "warning: unknown[192.0.2.1]: SASL SCRAM-SHA-256 authentication failed: Connection lost to authentication server, "
     "sasl_username=(unavailable)",
     MT_KIND_AUTH,
     MT_STATUS_NONE,
     {"client.ip=192.0.2.1", "reason=auth-error", "mechanism=SCRAM-SHA-256",
      "response=Connection lost to authentication server"}},
    {"postfix/smtpd",
     "warning: unknown[192.0.2.1]: SASL PLAIN authentication failed: (reason unavailable), sasl_username=bob, "
     "sasl_username=root",
     MT_KIND_AUTH,
     MT_STATUS_NONE,
     {"client.ip=192.0.2.1", "reason=auth-failed", "mechanism=PLAIN", "user=bob, sasl_username=root",
      "response=(reason unavailable)"}},
    {"postfix/smtpd",
     "warning: unknown[192.0.2.1]: SASL LOGIN authentication aborted",
     MT_KIND_AUTH,
     MT_STATUS_NONE,
     {"client.ip=192.0.2.1", "reason=auth-failed", "mechanism=LOGIN", "response=LOGIN authentication aborted"}},
    {"postfix/smtpd",
     "warning: unknown[192.0.2.1]: SASL X authentication failed: , sasl_username=root Y authentication failed: Invalid "
     "authentication mechanism",
     MT_KIND_AUTH,
     MT_STATUS_NONE,
     {"client.ip=192.0.2.1", "reason=auth-failed", "mechanism=X",
      "user=root Y authentication failed: Invalid authentication mechanism"}},
    {"postfix/smtpd",
     "warning: unknown[192.0.2.1]: SASL PLAIN authentication failed:",
     MT_KIND_AUTH,
     MT_STATUS_NONE,
     {"client.ip=192.0.2.1", "reason=auth-failed", "mechanism=PLAIN"}},
    {"postfix/smtpd",
     "warning: Connection rate limit exceeded: 61 from mail.example[192.0.2.1] for service smtp",
     MT_KIND_WARNING,
     MT_STATUS_NONE,
     {"client.name=mail.example", "client.ip=192.0.2.1", "reason=rate-limit",
      "text=Connection rate limit exceeded: 61 from mail.example[192.0.2.1] for service smtp"}},
    {"postfix/smtpd",
     "warning: Connection concurrency limit exceeded: 51 from unknown[192.0.2.1] for service smtp",
     MT_KIND_WARNING,
     MT_STATUS_NONE,
     {"client.ip=192.0.2.1", "reason=rate-limit",
      "text=Connection concurrency limit exceeded: 51 from unknown[192.0.2.1] for service smtp"}},
    {"postfix/smtpd",
     "warning: Message delivery request rate limit exceeded: 11 from unknown[192.0.2.1] for service smtp",
     MT_KIND_WARNING,
     MT_STATUS_NONE,
     {"client.ip=192.0.2.1", "reason=rate-limit",
      "text=Message delivery request rate limit exceeded: 11 from unknown[192.0.2.1] for service smtp"}},
    {"postfix/smtpd",
     "warning: Refusing STARTTLS request from unknown[192.0.2.1] for service smtp",
     MT_KIND_WARNING,
     MT_STATUS_NONE,
     {"client.ip=192.0.2.1", "reason=rate-limit",
      "text=Refusing STARTTLS request from unknown[192.0.2.1] for service smtp"}},
    {"postfix/smtpd",
     "warning: non-SMTP command from unknown[192.0.2.1]: GET / HTTP/1.1",
     MT_KIND_WARNING,
     MT_STATUS_NONE,
     {"client.ip=192.0.2.1", "reason=protocol-error", "text=non-SMTP command from unknown[192.0.2.1]: GET / HTTP/1.1"}},
    {"postfix/smtpd",
     "warning: NOQUEUE: malformed BDAT command syntax from unknown[192.0.2.1]: BDAT x",
     MT_KIND_WARNING,
     MT_STATUS_NONE,
     {"client.ip=192.0.2.1", "reason=protocol-error",
      "text=malformed BDAT command syntax from unknown[192.0.2.1]: BDAT x"}},
    {"postfix/smtpd",
     "warning: Illegal address syntax from unknown[192.0.2.1] in RCPT command: <-x@sink.example>",
     MT_KIND_WARNING,
     MT_STATUS_NONE,
     {"client.ip=192.0.2.1", "text=Illegal address syntax from unknown[192.0.2.1] in RCPT command: <-x@sink.example>"}},
    {"postfix/smtpd",
     "warning: 9A765AAE9C5: queue file size limit exceeded",
     MT_KIND_WARNING,
     MT_STATUS_NONE,
     {"queue_id=9A765AAE9C5", "action=reject", "stage=END-OF-MESSAGE", "response=queue file size limit exceeded"}},
    {"postfix/bounce",
     "warning: 9A765AAE9C5: sender notification failed",
     MT_KIND_WARNING,
     MT_STATUS_NONE,
     {"queue_id=9A765AAE9C5", "text=sender notification failed"}},
    {"postfix/smtpd",
     "warning: hostname a.example does not resolve to address 192.0.2.1",
     MT_KIND_WARNING,
     MT_STATUS_NONE,
     {"text=hostname a.example does not resolve to address 192.0.2.1"}},
    {"postfix/master",
     "fatal: bind 0.0.0.0 port 25: Address already in use",
     MT_KIND_FATAL,
     MT_STATUS_NONE,
     {"text=bind 0.0.0.0 port 25: Address already in use"}},
    {"postfix/local",
     "error: 4jX8mL6j5nz1drZQ: cannot",
     MT_KIND_ERROR,
     MT_STATUS_NONE,
     {"queue_id=4jX8mL6j5nz1drZQ", "text=cannot"}},
    {"postfix/cleanup",
     "panic: myfree: corrupt or unallocated memory block",
     MT_KIND_PANIC,
     MT_STATUS_NONE,
     {"text=myfree: corrupt or unallocated memory block"}},
};

static const struct row rows_rejects[] = {
    {"postfix/smtpd",
     "NOQUEUE: reject: RCPT from mail.example[192.0.2.1]: 550 5.1.1 <b@c.example>: Recipient address rejected: User "
     "unknown; from=<a@b.example> to=<b@c.example> proto=ESMTP helo=<mail.example>",
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {"action=reject", "stage=RCPT", "client.name=mail.example", "client.ip=192.0.2.1", "client.helo=mail.example",
      "client.protocol=ESMTP", "from=a@b.example", "to=b@c.example", "reply_code=550", "dsn=5.1.1",
      "response=550 5.1.1 <b@c.example>: Recipient address rejected: User unknown"}},
    {"postfix/smtpd",
     "4ADA3AAE9B6: reject_warning: RCPT from unknown[192.0.2.1]:4000: 450 4.7.1 x; from=<> to=<\"a b\"@c.example> "
     "proto=SMTP",
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {"queue_id=4ADA3AAE9B6", "action=reject_warning", "stage=RCPT", "client.ip=192.0.2.1", "client.port=4000",
      "client.protocol=SMTP", "from=", "to=\"a b\"@c.example", "reply_code=450", "dsn=4.7.1", "response=450 4.7.1 x"}},
    {"postfix/submission/smtpd",
     "NOQUEUE: reject: MAIL from unknown[192.0.2.1]: 552 5.3.4 Message size exceeds fixed limit; proto=ESMTP "
     "helo=<x?> sasl_username=<alice>",
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {"action=reject", "stage=MAIL", "client.ip=192.0.2.1", "client.protocol=ESMTP", "client.helo=x?",
      "client.user=alice", "reply_code=552", "dsn=5.3.4", "response=552 5.3.4 Message size exceeds fixed limit"}},
    {"postfix/smtpd",
     "NOQUEUE: reject: RCPT from unknown[192.0.2.1]: 554 5.7.1 x; from=<a@b> to=<c@d> proto=ESMTP helo=<h> "
     "sasl_method=PLAIN sasl_username=alice sasl_sender=a@b",
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {"action=reject", "stage=RCPT", "client.ip=192.0.2.1", "client.protocol=ESMTP", "client.helo=h",
      "client.user=alice", "from=a@b", "to=c@d", "reply_code=554", "dsn=5.7.1", "response=554 5.7.1 x"}},
    {"postfix/smtpd",
     "NOQUEUE: reject: CONNECT from unknown[192.0.2.1]: 554 5.7.1 x; proto=SMTP",
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {"action=reject", "stage=CONNECT", "client.ip=192.0.2.1", "client.protocol=SMTP", "reply_code=554", "dsn=5.7.1",
      "response=554 5.7.1 x"}},
    {"postfix/smtpd",
     "098F1AAE9E9: reject: DATA content from unknown[192.0.2.1]: 421 4.3.0 mx.example Server local data error",
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {"queue_id=098F1AAE9E9", "action=reject", "stage=DATA", "client.ip=192.0.2.1", "reply_code=421", "dsn=4.3.0",
      "response=421 4.3.0 mx.example Server local data error"}},
    {"postfix/smtpd",
     "NOQUEUE: hold: RCPT from unknown[192.0.2.1]: <h>: Helo command triggers HOLD action; from=<a@b> to=<c@d> "
     "proto=ESMTP helo=<h>",
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {"action=hold", "stage=RCPT", "client.ip=192.0.2.1", "client.protocol=ESMTP", "client.helo=h", "from=a@b",
      "to=c@d", "response=<h>: Helo command triggers HOLD action"}},
    {"postfix/smtpd",
     "NOQUEUE: warn: EHLO from unknown[192.0.2.1]: odd helo; proto=ESMTP helo=<h>",
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {"action=warn", "stage=HELO", "client.ip=192.0.2.1", "client.protocol=ESMTP", "client.helo=h",
      "response=odd helo"}},
    {"postfix/smtpd",
     "NOQUEUE: permit: RCPT from unknown[192.0.2.1]: action=permit_mynetworks; from=<a@b> to=<c@d> proto=ESMTP "
     "helo=<h>",
     MT_KIND_INFO,
     MT_STATUS_NONE,
     {"action=permit", "stage=RCPT", "client.ip=192.0.2.1", "client.protocol=ESMTP", "client.helo=h", "from=a@b",
      "to=c@d", "response=action=permit_mynetworks"}},
    {"postfix/cleanup",
     "098F1AAE9E9: milter-reject: END-OF-MESSAGE from mail.example[192.0.2.1]: 5.7.1 Spam; from=<a@b> to=<c@d> "
     "proto=ESMTP helo=<h>",
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {"queue_id=098F1AAE9E9", "action=milter-reject", "stage=END-OF-MESSAGE", "client.name=mail.example",
      "client.ip=192.0.2.1", "client.protocol=ESMTP", "client.helo=h", "from=a@b", "to=c@d", "dsn=5.7.1",
      "response=5.7.1 Spam"}},
    {"postfix/smtpd",
     "proxy-accept: END-OF-MESSAGE: 250 2.0.0 Ok: queued as 4D1F2AAE9B1; from=<a@b> to=<c@d> proto=ESMTP helo=<h>",
     MT_KIND_INFO,
     MT_STATUS_NONE,
     {"action=proxy-accept", "stage=END-OF-MESSAGE", "client.protocol=ESMTP", "client.helo=h", "from=a@b", "to=c@d",
      "reply_code=250", "dsn=2.0.0", "response=250 2.0.0 Ok: queued as 4D1F2AAE9B1", "next_queue_id=4D1F2AAE9B1"}},
    {"postfix/smtpd",
     "proxy-reject: END-OF-MESSAGE: 550 5.7.1 virus; from=<a@b> to=<c@d> proto=ESMTP helo=<h>",
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {"action=proxy-reject", "stage=END-OF-MESSAGE", "client.protocol=ESMTP", "client.helo=h", "from=a@b", "to=c@d",
      "reply_code=550", "dsn=5.7.1", "response=550 5.7.1 virus"}},
    {"postfix/postscreen",
     "NOQUEUE: reject: RCPT from [192.0.2.1]:4000: 550 5.7.1 Service unavailable; client [192.0.2.1] blocked using "
     "bl.example; from=<a@b>, to=<c@d>, proto=ESMTP, helo=<x; from=<v@w>, to=<y@z>, proto=SMTP, helo=<q>",
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {"action=reject", "stage=RCPT", "client.ip=192.0.2.1", "client.port=4000", "client.protocol=ESMTP",
      "client.helo=x; from=<v@w>, to=<y@z>, proto=SMTP, helo=<q", "from=a@b", "to=c@d", "reply_code=550", "dsn=5.7.1",
      "response=550 5.7.1 Service unavailable; client [192.0.2.1] blocked using bl.example"}},
    {"postfix/postscreen",
     "NOQUEUE: reject: CONNECT from [192.0.2.1]:4000: too many connections",
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {"action=reject", "stage=CONNECT", "client.ip=192.0.2.1", "client.port=4000", "response=too many connections"}},
    {"postfix/smtpd", "NOQUEUE: reject: NOSUCH from unknown[192.0.2.1]: 550 x", MT_KIND_NONE, MT_STATUS_NONE, {NULL}},
};

static const struct row rows_headers[] = {
    {"postfix/cleanup",
     "098F1AAE9E9: info: header Subject: test 1 from mail.example[192.0.2.1]; from=<a@b> to=<c@d> proto=ESMTP helo=<h>",
     MT_KIND_HEADER,
     MT_STATUS_NONE,
     {"queue_id=098F1AAE9E9", "action=info", "subject=test 1"}},
    {"postfix/cleanup",
     "098F1AAE9E9: warning: header SUBJECT:   x from local; from=<root@b> to=<c@d>: seen",
     MT_KIND_HEADER,
     MT_STATUS_NONE,
     {"queue_id=098F1AAE9E9", "action=warning", "subject=x"}},
    {"postfix/cleanup",
     "098F1AAE9E9: info: header Received: from a (b [192.0.2.1])??by c (Postfix) with ESMTP id 1??for <d@e>; Sun, from "
     "mail.example[192.0.2.1]; from=<a@b> to=<c@d> proto=ESMTP helo=<h>",
     MT_KIND_HEADER,
     MT_STATUS_NONE,
     {"queue_id=098F1AAE9E9", "action=info",
      "received=from a (b [192.0.2.1])??by c (Postfix) with ESMTP id 1??for <d@e>; Sun,"}},
    {"postfix/cleanup",
     "098F1AAE9E9: reject: header Subject: buy from mail.example[192.0.2.1]; from=<a@b> to=<c@d> proto=ESMTP helo=<h>: "
     "5.7.1 no spam",
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {"queue_id=098F1AAE9E9", "action=reject", "stage=END-OF-MESSAGE", "subject=buy", "client.name=mail.example",
      "client.ip=192.0.2.1", "client.protocol=ESMTP", "client.helo=h", "from=a@b", "to=c@d", "dsn=5.7.1",
      "response=5.7.1 no spam"}},
    {"postfix/cleanup",
     "098F1AAE9E9: hold: body buy now from local; from=<a@b> to=<c@d>",
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {"queue_id=098F1AAE9E9", "action=hold", "stage=END-OF-MESSAGE", "text=buy now", "from=a@b", "to=c@d"}},
    {"postfix/cleanup",
     "098F1AAE9E9: reject: mime-error improper use of 8-bit data in message header: X from local; from=<a@b> "
     "to=<unknown>",
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {"queue_id=098F1AAE9E9", "action=reject", "stage=END-OF-MESSAGE",
      "text=improper use of 8-bit data in message header: X", "from=a@b"}},
    {"postfix/cleanup",
     "098F1AAE9E9: milter-header-info: header Subject: x from mail.example[192.0.2.1]; from=<a@b> to=<c@d> proto=ESMTP "
     "helo=<h>",
     MT_KIND_HEADER,
     MT_STATUS_NONE,
     {"queue_id=098F1AAE9E9", "action=milter-header-info", "subject=x"}},
    {"postfix/smtp",
     "098F1AAE9E9: prepend: header Subject: x from y[1.2.3.4]; from=<v@w> to=<x@y> proto=ESMTP helo=<z>",
     MT_KIND_HEADER,
     MT_STATUS_NONE,
     {"queue_id=098F1AAE9E9", "action=prepend",
      "text=Subject: x from y[1.2.3.4]; from=<v@w> to=<x@y> proto=ESMTP helo=<z>"}},
    {"postfix/cleanup",
     "098F1AAE9E9: info: header Subject: x from mail.example[192.0.2.1]; from=<a@b> to=<c@",
     MT_KIND_HEADER,
     MT_STATUS_NONE,
     {"queue_id=098F1AAE9E9", "action=info", "text=Subject: x from mail.example[192.0.2.1]; from=<a@b> to=<c@"}},
    {"postfix/smtp",
     "098F1AAE9E9: replace: header Received: from x: Received: from y",
     MT_KIND_HEADER,
     MT_STATUS_NONE,
     {"queue_id=098F1AAE9E9", "action=replace", "text=Received: from x: Received: from y"}},
};

static const struct row rows_queue[] = {
    {"postfix/pickup",
     "4D1F2AAE9B1: uid=1000 from=<root>",
     MT_KIND_LOCAL,
     MT_STATUS_NONE,
     {"queue_id=4D1F2AAE9B1", "client.uid=1000", "from=root"}},
    {"postfix/pickup",
     "4D1F2AAE9B1: uid=0 from=<> orig_id=098F1AAE9E9",
     MT_KIND_LOCAL,
     MT_STATUS_NONE,
     {"queue_id=4D1F2AAE9B1", "client.uid=0", "from=", "parent_queue_id=098F1AAE9E9"}},
    {"postfix/cleanup",
     "098F1AAE9E9: message-id=<a@b.example>",
     MT_KIND_MESSAGE_ID,
     MT_STATUS_NONE,
     {"queue_id=098F1AAE9E9", "message_id=a@b.example"}},
    {"postfix/cleanup", "098F1AAE9E9: message-id=<>", MT_KIND_MESSAGE_ID, MT_STATUS_NONE, {"queue_id=098F1AAE9E9"}},
    {"postfix/cleanup", "098F1AAE9E9: message-id=", MT_KIND_MESSAGE_ID, MT_STATUS_NONE, {"queue_id=098F1AAE9E9"}},
    {"postfix/cleanup",
     "098F1AAE9E9: message-id=noangle@x",
     MT_KIND_MESSAGE_ID,
     MT_STATUS_NONE,
     {"queue_id=098F1AAE9E9", "message_id=noangle@x"}},
    {"postfix/cleanup",
     "098F1AAE9E9: message-id=<a.b@c>, relay=evil, stat=Sent",
     MT_KIND_MESSAGE_ID,
     MT_STATUS_NONE,
     {"queue_id=098F1AAE9E9", "message_id=a.b@c"}},
    {"postfix/cleanup",
     "098F1AAE9E9: message-id=<id, to=<v@x>, status=sent (fake)@evil> (comment)",
     MT_KIND_MESSAGE_ID,
     MT_STATUS_NONE,
     {"queue_id=098F1AAE9E9", "message_id=id, to=<v@x>, status=sent (fake)@evil"}},
    {"postfix/cleanup",
     "098F1AAE9E9: message-id=<open@x",
     MT_KIND_MESSAGE_ID,
     MT_STATUS_NONE,
     {"queue_id=098F1AAE9E9", "message_id=<open@x"}},
    {"postfix/cleanup",
     "098F1AAE9E9: resent-message-id=<a@b>",
     MT_KIND_INFO,
     MT_STATUS_NONE,
     {"queue_id=098F1AAE9E9", "text=resent-message-id=<a@b>"}},
    {"postfix/qmgr",
     "098F1AAE9E9: from=<a@b.example>, size=1451, nrcpt=2 (queue active)",
     MT_KIND_FROM,
     MT_STATUS_NONE,
     {"queue_id=098F1AAE9E9", "from=a@b.example", "size=1451", "nrcpt=2"}},
    {"postfix/qmgr",
     "4jX8mH4mtqz1drYP: from=<>, size=1, nrcpt=1 (queue active)",
     MT_KIND_FROM,
     MT_STATUS_NONE,
     {"queue_id=4jX8mH4mtqz1drYP", "from=", "size=1", "nrcpt=1"}},
    {"postfix/qmgr",
     "098F1AAE9E9: from=<\"x>, size=1, nrcpt=9 (queue active)\"@b.example>, size=437, nrcpt=1 (queue active)",
     MT_KIND_FROM,
     MT_STATUS_NONE,
     {"queue_id=098F1AAE9E9", "from=\"x>, size=1, nrcpt=9 (queue active)\"@b.example", "size=437", "nrcpt=1"}},
    {"postfix/qmgr",
     "098F1AAE9E9: from=<x>, size=1, nrcpt=9 (queue active)@b.example>, size=437, nrcpt=1 (queue active)",
     MT_KIND_FROM,
     MT_STATUS_NONE,
     {"queue_id=098F1AAE9E9", "from=x>, size=1, nrcpt=9 (queue active)@b.example", "size=437", "nrcpt=1"}},
    {"postfix/qmgr",
     "098F1AAE9E9: from=<a@b.example>, status=expired, returned to sender",
     MT_KIND_EXPIRED,
     MT_STATUS_NONE,
     {"queue_id=098F1AAE9E9", "from=a@b.example", "action=expired"}},
    {"postfix/qmgr",
     "098F1AAE9E9: from=<>, status=force-expired, returned to sender",
     MT_KIND_EXPIRED,
     MT_STATUS_NONE,
     {"queue_id=098F1AAE9E9", "from=", "action=force-expired"}},
    {"postfix/qmgr", "098F1AAE9E9: removed", MT_KIND_REMOVED, MT_STATUS_NONE, {"queue_id=098F1AAE9E9"}},
    {"postfix/cleanup",
     "098F1AAE9E9: removed (canceled)",
     MT_KIND_REMOVED,
     MT_STATUS_NONE,
     {"queue_id=098F1AAE9E9", "action=canceled"}},
    {"postfix/cleanup",
     "098F1AAE9E9: removed (discarded)",
     MT_KIND_REMOVED,
     MT_STATUS_NONE,
     {"queue_id=098F1AAE9E9", "action=discarded"}},
    {"postfix/qmgr",
     "098F1AAE9E9: skipped, still being delivered",
     MT_KIND_INFO,
     MT_STATUS_NONE,
     {"queue_id=098F1AAE9E9", "text=skipped, still being delivered"}},
    {"postfix/bounce",
     "098F1AAE9E9: sender non-delivery notification: 4D1F2AAE9B1",
     MT_KIND_BOUNCE,
     MT_STATUS_NONE,
     {"queue_id=098F1AAE9E9", "action=non-delivery", "bounce_queue_id=4D1F2AAE9B1"}},
    {"postfix/bounce",
     "098F1AAE9E9: sender delay notification: 4D1F2AAE9B1",
     MT_KIND_BOUNCE,
     MT_STATUS_NONE,
     {"queue_id=098F1AAE9E9", "action=delay", "bounce_queue_id=4D1F2AAE9B1"}},
    {"postfix/bounce",
     "4jX8mH4mtqz1drYP: sender delivery status notification: 4jX8mL6j5nz1drZQ",
     MT_KIND_BOUNCE,
     MT_STATUS_NONE,
     {"queue_id=4jX8mH4mtqz1drYP", "action=delivery status", "bounce_queue_id=4jX8mL6j5nz1drZQ"}},
    {"postfix/bounce",
     "098F1AAE9E9: postmaster non-delivery notification: 4D1F2AAE9B1",
     MT_KIND_BOUNCE,
     MT_STATUS_NONE,
     {"queue_id=098F1AAE9E9", "action=non-delivery", "bounce_queue_id=4D1F2AAE9B1"}},
    {"postfix/postsuper", "098F1AAE9E9: requeued", MT_KIND_REQUEUE, MT_STATUS_NONE, {"queue_id=098F1AAE9E9"}},
    {"postfix/postsuper", "098F1AAE9E9: placed on hold", MT_KIND_HOLD, MT_STATUS_NONE, {"queue_id=098F1AAE9E9"}},
    {"postfix/postsuper", "098F1AAE9E9: released from hold", MT_KIND_RELEASE, MT_STATUS_NONE, {"queue_id=098F1AAE9E9"}},
    {"postfix/postsuper",
     "098F1AAE9E9: expired",
     MT_KIND_INFO,
     MT_STATUS_NONE,
     {"queue_id=098F1AAE9E9", "text=expired"}},
    {"postfix/postsuper", "Deleted: 3 messages", MT_KIND_SERVICE, MT_STATUS_NONE, {"text=Deleted: 3 messages"}},
};

static const struct row rows_deliveries[] = {
    {"postfix/smtp",
     "098F1AAE9E9: to=<b@c.example>, relay=mx.example[192.0.2.1]:25, delay=0.07, delays=0.02/0.03/0.01/0, dsn=2.0.0, "
     "status=sent (250 2.0.0 Ok: queued as 4jX8mH6GrSz1drYQ)",
     MT_KIND_TO,
     MT_STATUS_SENT,
     {"queue_id=098F1AAE9E9", "to=b@c.example", "transport=smtp", "relay.name=mx.example", "relay.ip=192.0.2.1",
      "relay.port=25", "delay=70000", "delays.before_queue=20000", "delays.in_queue=30000", "delays.connect=10000",
      "delays.transmit=0", "dsn=2.0.0", "reply_code=250", "response=250 2.0.0 Ok: queued as 4jX8mH6GrSz1drYQ",
      "next_queue_id=4jX8mH6GrSz1drYQ"}},
    {"postfix/relay/smtp",
     "098F1AAE9E9: to=<b@c>, orig_to=<postmaster>, relay=h[2001:db8::1]:25, conn_use=2, delay=28, delays=1.5/0/0/26, "
     "tls=may:none, dsn=4.2.0, status=deferred (host h[2001:db8::1] said: 450 4.2.0 <b@c>: try later (in reply to RCPT "
     "TO command))",
     MT_KIND_TO,
     MT_STATUS_DEFERRED,
     {"queue_id=098F1AAE9E9", "to=b@c", "orig_to=postmaster", "transport=smtp", "relay.name=h", "relay.ip=2001:db8::1",
      "relay.port=25", "delay=28000000", "delays.before_queue=1500000", "delays.in_queue=0", "delays.connect=0",
      "delays.transmit=26000000", "dsn=4.2.0", "reply_code=450",
      "response=host h[2001:db8::1] said: 450 4.2.0 <b@c>: try later (in reply to RCPT TO command)"}},
    {"postfix/smtp",
     "098F1AAE9E9: to=<b@c>, relay=none, delay=1, delays=0/0/1/0, tls=dane:halfdane/!requiretls:nocertmatch?, "
     "dsn=4.4.1, status=deferred (connect to h[192.0.2.1]:25: Connection refused)",
     MT_KIND_TO,
     MT_STATUS_DEFERRED,
     {"queue_id=098F1AAE9E9", "to=b@c", "transport=smtp", "delay=1000000", "delays.before_queue=0", "delays.in_queue=0",
      "delays.connect=1000000", "delays.transmit=0", "dsn=4.4.1",
      "response=connect to h[192.0.2.1]:25: Connection refused"}},
    {"postfix/smtp",
     "098F1AAE9E9: to=<b@c>, relay=h[192.0.2.1]:25, delay=1, delays=0/0/1/0, dsn=4.7.0, status=deferred (host "
     "h[192.0.2.1] refused to talk to me: 554 5.7.1 no)",
     MT_KIND_TO,
     MT_STATUS_DEFERRED,
     {"queue_id=098F1AAE9E9", "to=b@c", "transport=smtp", "relay.name=h", "relay.ip=192.0.2.1", "relay.port=25",
      "delay=1000000", "delays.before_queue=0", "delays.in_queue=0", "delays.connect=1000000", "delays.transmit=0",
      "dsn=4.7.0", "reply_code=554", "response=host h[192.0.2.1] refused to talk to me: 554 5.7.1 no"}},
    {"postfix/lmtp",
     "098F1AAE9E9: to=<b@c>, relay=mx.example[private/lmtp], delay=0, dsn=2.0.0, status=sent (250 2.0.0 <b@c> "
     "5ehqGw Saved)",
     MT_KIND_TO,
     MT_STATUS_SENT,
     {"queue_id=098F1AAE9E9", "to=b@c", "transport=lmtp", "relay.name=mx.example", "relay.path=private/lmtp", "delay=0",
      "dsn=2.0.0", "reply_code=250", "response=250 2.0.0 <b@c> 5ehqGw Saved", "next_queue_id=5ehqGw"}},
    {"postfix/local",
     "098F1AAE9E9: to=<b@c>, relay=local, delay=0, dsn=2.0.0, status=sent (delivered to mailbox)",
     MT_KIND_TO,
     MT_STATUS_SENT,
     {"queue_id=098F1AAE9E9", "to=b@c", "transport=local", "relay.name=local", "delay=0", "dsn=2.0.0",
      "response=delivered to mailbox"}},
    {"postfix/local",
     "098F1AAE9E9: to=<b@c>, relay=local, delay=0, dsn=2.0.0, status=sent (forwarded as 4D1F2AAE9B1)",
     MT_KIND_TO,
     MT_STATUS_SENT,
     {"queue_id=098F1AAE9E9", "to=b@c", "transport=local", "relay.name=local", "delay=0", "dsn=2.0.0",
      "response=forwarded as 4D1F2AAE9B1", "next_queue_id=4D1F2AAE9B1", "action=forwarded"}},
    {"postfix/local",
     "098F1AAE9E9: to=<postmaster@c>, relay=local, delay=0, dsn=2.0.0, status=sent (discarded)",
     MT_KIND_TO,
     MT_STATUS_DISCARDED,
     {"queue_id=098F1AAE9E9", "to=postmaster@c", "transport=local", "relay.name=local", "delay=0", "dsn=2.0.0",
      "response=discarded"}},
    {"postfix/discard",
     "098F1AAE9E9: to=<b@c>, relay=none, delay=0, dsn=2.0.0, status=sent (silently)",
     MT_KIND_TO,
     MT_STATUS_DISCARDED,
     {"queue_id=098F1AAE9E9", "to=b@c", "transport=discard", "delay=0", "dsn=2.0.0", "response=silently"}},
    {"postfix/virtual",
     "098F1AAE9E9: to=<b@c>, relay=virtual, delay=0, dsn=5.1.1, status=bounced (unknown user: \"b@c\")",
     MT_KIND_TO,
     MT_STATUS_BOUNCED,
     {"queue_id=098F1AAE9E9", "to=b@c", "transport=virtual", "relay.name=virtual", "delay=0", "dsn=5.1.1",
      "response=unknown user: \"b@c\""}},
    {"postfix/pipe",
     "098F1AAE9E9: to=<b@c>, relay=maildrop, delay=0, dsn=2.0.0, status=sent (delivered via maildrop service (250 "
     "queued as 4D1F2AAE9B1))",
     MT_KIND_TO,
     MT_STATUS_SENT,
     {"queue_id=098F1AAE9E9", "to=b@c", "transport=pipe", "relay.name=maildrop", "delay=0", "dsn=2.0.0",
      "response=delivered via maildrop service (250 queued as 4D1F2AAE9B1)"}},
    {"postfix/error",
     "098F1AAE9E9: to=<b@c>, relay=none, delay=0, dsn=4.3.0, status=SOFTBOUNCE (gone)",
     MT_KIND_TO,
     MT_STATUS_DEFERRED,
     {"queue_id=098F1AAE9E9", "to=b@c", "transport=error", "delay=0", "dsn=4.3.0", "response=gone"}},
    {"postfix/qmgr",
     "098F1AAE9E9: to=<b@c>, relay=none, delay=0, dsn=4.3.0, status=deferred (mail transport unavailable)",
     MT_KIND_TO,
     MT_STATUS_DEFERRED,
     {"queue_id=098F1AAE9E9", "to=b@c", "delay=0", "dsn=4.3.0", "response=mail transport unavailable"}},
    {"postfix/smtp",
     "098F1AAE9E9: to=<b@c>, relay=h[192.0.2.1]:25, delay=0, dsn=2.1.5, status=deliverable (250 2.1.5 Ok)",
     MT_KIND_TO,
     MT_STATUS_DELIVERABLE,
     {"queue_id=098F1AAE9E9", "to=b@c", "transport=smtp", "relay.name=h", "relay.ip=192.0.2.1", "relay.port=25",
      "delay=0", "dsn=2.1.5", "reply_code=250", "response=250 2.1.5 Ok"}},
    {"postfix/smtp",
     "098F1AAE9E9: to=<b@c>, relay=none, delay=0, dsn=5.4.4, status=undeliverable-but-not-cached (Host not found)",
     MT_KIND_TO,
     MT_STATUS_UNDELIVERABLE,
     {"queue_id=098F1AAE9E9", "to=b@c", "transport=smtp", "delay=0", "dsn=5.4.4", "response=Host not found"}},
    {"postfix/smtp",
     "098F1AAE9E9: to=<b@c>, relay=h[192.0.2.1]:25, delay=0, dsn=2.0.0, status=sent (250 )",
     MT_KIND_TO,
     MT_STATUS_SENT,
     {"queue_id=098F1AAE9E9", "to=b@c", "transport=smtp", "relay.name=h", "relay.ip=192.0.2.1", "relay.port=25",
      "delay=0", "dsn=2.0.0", "reply_code=250", "response=250 "}},
    {"postfix/smtp",
     "098F1AAE9E9: to=<b@c>, relay=h, delay=0, dsn=2.0.0, status=accepted (250 )",
     MT_KIND_NONE,
     MT_STATUS_NONE,
     {NULL}},
};

/* What senders, recipients and servers can write. */
static const struct row rows_hostile[] = {
    {"postfix/smtp",
     "098F1AAE9E9: to=<\"ok>, relay=none, delay=1, delays=0/0/0/0, dsn=2.0.0, status=sent (x\"@c>, "
     "relay=h[192.0.2.1]:25, delay=0, dsn=5.1.1, status=bounced (host h[192.0.2.1] said: 550 5.1.1 to=<v@c>, relay=h, "
     "delay=0, dsn=2.0.0, status=sent (250 queued as FAKE01) (in reply to RCPT TO command))",
     MT_KIND_TO,
     MT_STATUS_BOUNCED,
     {"queue_id=098F1AAE9E9", "to=\"ok>, relay=none, delay=1, delays=0/0/0/0, dsn=2.0.0, status=sent (x\"@c",
      "transport=smtp", "relay.name=h", "relay.ip=192.0.2.1", "relay.port=25", "delay=0", "dsn=5.1.1", "reply_code=550",
      "response=host h[192.0.2.1] said: 550 5.1.1 to=<v@c>, relay=h, delay=0, dsn=2.0.0, status=sent (250 queued as "
      "FAKE01) (in reply to RCPT TO command)"}},
    {"postfix/smtp",
     "098F1AAE9E9: to=<\"a\\\"@b>, relay=none\"@c>, orig_to=<\"d>, relay=x\"@[e>, relay=y]>, relay=h, delay=0, "
     "dsn=2.0.0, status=sent (250 Ok)",
     MT_KIND_TO,
     MT_STATUS_SENT,
     {"queue_id=098F1AAE9E9", "to=\"a\\\"@b>, relay=none\"@c", "orig_to=\"d>, relay=x\"@[e>, relay=y]",
      "transport=smtp", "relay.name=h", "delay=0", "dsn=2.0.0", "reply_code=250", "response=250 Ok"}},
    {"postfix/smtp",
     "098F1AAE9E9: to=<a b@c>, relay=h, delay=0, dsn=2.0.0, status=sent (250 Ok: queued as DEADBEEF01) to=<v@c>, "
     "relay=none, delay=1, dsn=5.1.1, status=bounced (fake)",
     MT_KIND_TO,
     MT_STATUS_SENT,
     {"queue_id=098F1AAE9E9", "to=a b@c", "transport=smtp", "relay.name=h", "delay=0", "dsn=2.0.0", "reply_code=250",
      "next_queue_id=DEADBEEF01",
      "response=250 Ok: queued as DEADBEEF01) to=<v@c>, relay=none, delay=1, dsn=5.1.1, status=bounced (fake"}},
    {"postfix/smtpd",
     "NOQUEUE: reject: RCPT from unknown[192.0.2.1]: 454 4.7.1 <q; from=<v@w> to=<x@y> proto=SMTP helo=<z>>: Relay "
     "access denied; from=<a@b> to=<\"q; from=<v@w> to=<x@y> proto=SMTP helo=<z>\"@c> proto=ESMTP helo=<h>",
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {"action=reject", "stage=RCPT", "client.ip=192.0.2.1", "client.protocol=ESMTP", "client.helo=h", "from=a@b",
      "to=\"q; from=<v@w> to=<x@y> proto=SMTP helo=<z>\"@c", "reply_code=454", "dsn=4.7.1",
      "response=454 4.7.1 <q; from=<v@w> to=<x@y> proto=SMTP helo=<z>>: Relay access denied"}},
    {"postfix/smtpd",
     "NOQUEUE: reject: RCPT from unknown[192.0.2.1]: 450 4.7.1 x; from=<\"; from=<v> to=<w\"@b> to=<c@d> proto=ESMTP "
     "helo=<h>",
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {"action=reject", "stage=RCPT", "client.ip=192.0.2.1", "client.protocol=ESMTP", "client.helo=h",
      "from=\"; from=<v> to=<w\"@b", "to=c@d", "reply_code=450", "dsn=4.7.1", "response=450 4.7.1 x"}},
    {"postfix/smtpd",
     "NOQUEUE: reject: RCPT from unknown[192.0.2.1]: 450 4.7.1 x; from=<v@w> to=<x@y> proto=SMTP helo=<z>; from=<a@b> "
     "to=<c@d> proto=ES",
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {"action=reject", "stage=RCPT", "client.ip=192.0.2.1", "client.protocol=ES", "from=a@b", "to=c@d",
      "reply_code=450", "dsn=4.7.1", "response=450 4.7.1 x; from=<v@w> to=<x@y> proto=SMTP helo=<z>"}},
    {"postfix/cleanup",
     "098F1AAE9E9: info: header Subject: x from evil[1.2.3.4]; from=<a@b> to=<c@d> proto=ESMTP helo=<e>: 12345: "
     "to=<z@z>, status=sent (x) from mail.example[192.0.2.1]; from=<f@g> to=<h@i> proto=ESMTP helo=<j>",
     MT_KIND_HEADER,
     MT_STATUS_NONE,
     {"queue_id=098F1AAE9E9", "action=info",
      "subject=x from evil[1.2.3.4]; from=<a@b> to=<c@d> proto=ESMTP helo=<e>: 12345: to=<z@z>, status=sent (x)"}},
    {"postfix/smtpd",
     "098F1AAE9E9: client=a.example[192.0.2.1], sasl_method=PLAIN, sasl_username=bob, orig_queue_id=4D1F2AAE9B1",
     MT_KIND_CLIENT,
     MT_STATUS_NONE,
     {"queue_id=098F1AAE9E9", "client.name=a.example", "client.ip=192.0.2.1", "client.mechanism=PLAIN",
      "client.user=bob"}},
};

static const struct row rows_screening[] = {
    {"postfix/postscreen",
     "CONNECT from [192.0.2.1]:4000 to [192.0.2.9]:25",
     MT_KIND_INFO,
     MT_STATUS_NONE,
     {"client.ip=192.0.2.1", "client.port=4000", "text=CONNECT from [192.0.2.1]:4000 to [192.0.2.9]:25"}},
    {"postfix/postscreen",
     "PASS NEW [2001:db8::1]:4000",
     MT_KIND_INFO,
     MT_STATUS_NONE,
     {"client.ip=2001:db8::1", "client.port=4000", "text=PASS NEW [2001:db8::1]:4000"}},
    {"postfix/postscreen",
     "ALLOWLISTED [192.0.2.1]:4000",
     MT_KIND_INFO,
     MT_STATUS_NONE,
     {"client.ip=192.0.2.1", "client.port=4000", "text=ALLOWLISTED [192.0.2.1]:4000"}},
    {"postfix/postscreen",
     "BLACKLISTED [192.0.2.1]:4000",
     MT_KIND_INFO,
     MT_STATUS_NONE,
     {"client.ip=192.0.2.1", "client.port=4000", "reason=blocklist", "text=BLACKLISTED [192.0.2.1]:4000"}},
    {"postfix/postscreen",
     "ALLOWLIST VETO [192.0.2.1]:4000",
     MT_KIND_INFO,
     MT_STATUS_NONE,
     {"client.ip=192.0.2.1", "client.port=4000", "text=ALLOWLIST VETO [192.0.2.1]:4000"}},
    {"postfix/postscreen",
     "PREGREET 11 after 0.04 from [192.0.2.1]:4000: EHLO from [1.2.3.4]:5\\r\\n",
     MT_KIND_INFO,
     MT_STATUS_NONE,
     {"client.ip=192.0.2.1", "client.port=4000", "reason=pregreet",
      "text=PREGREET 11 after 0.04 from [192.0.2.1]:4000: EHLO from [1.2.3.4]:5\\r\\n"}},
    {"postfix/postscreen",
     "DNSBL rank 6 for [192.0.2.1]:4000",
     MT_KIND_INFO,
     MT_STATUS_NONE,
     {"client.ip=192.0.2.1", "client.port=4000", "reason=blocklist", "text=DNSBL rank 6 for [192.0.2.1]:4000"}},
    {"postfix/postscreen",
     "HANGUP after 1.2 from [192.0.2.1]:4000 in tests before SMTP handshake",
     MT_KIND_INFO,
     MT_STATUS_NONE,
     {"client.ip=192.0.2.1", "client.port=4000", "reason=lost-connection",
      "text=HANGUP after 1.2 from [192.0.2.1]:4000 in tests before SMTP handshake"}},
    {"postfix/postscreen",
     "COMMAND TIME LIMIT from [192.0.2.1]:4000 after EHLO",
     MT_KIND_INFO,
     MT_STATUS_NONE,
     {"client.ip=192.0.2.1", "client.port=4000", "reason=timeout", "stage=HELO",
      "text=COMMAND TIME LIMIT from [192.0.2.1]:4000 after EHLO"}},
    {"postfix/postscreen",
     "COMMAND COUNT LIMIT from [192.0.2.1]:4000 after NOOP",
     MT_KIND_INFO,
     MT_STATUS_NONE,
     {"client.ip=192.0.2.1", "client.port=4000", "reason=too-many-errors", "stage=NOOP",
      "text=COMMAND COUNT LIMIT from [192.0.2.1]:4000 after NOOP"}},
    {"postfix/postscreen",
     "COMMAND PIPELINING from [192.0.2.1]:4000 after MAIL: RCPT TO:<a@b>\\r\\n",
     MT_KIND_INFO,
     MT_STATUS_NONE,
     {"client.ip=192.0.2.1", "client.port=4000", "reason=pipelining", "stage=MAIL",
      "text=COMMAND PIPELINING from [192.0.2.1]:4000 after MAIL: RCPT TO:<a@b>\\r\\n"}},
    {"postfix/postscreen",
     "BARE NEWLINE from [192.0.2.1]:4000 after HELO",
     MT_KIND_INFO,
     MT_STATUS_NONE,
     {"client.ip=192.0.2.1", "client.port=4000", "reason=protocol-error", "stage=HELO",
      "text=BARE NEWLINE from [192.0.2.1]:4000 after HELO"}},
    {"postfix/postscreen",
     "NON-SMTP COMMAND from [192.0.2.1]:4000 after CONNECT: GET / HTTP/1.1",
     MT_KIND_INFO,
     MT_STATUS_NONE,
     {"client.ip=192.0.2.1", "client.port=4000", "reason=protocol-error", "stage=CONNECT",
      "text=NON-SMTP COMMAND from [192.0.2.1]:4000 after CONNECT: GET / HTTP/1.1"}},
    {"postfix/postscreen",
     "DISCONNECT [192.0.2.1]:4000",
     MT_KIND_INFO,
     MT_STATUS_NONE,
     {"client.ip=192.0.2.1", "client.port=4000", "text=DISCONNECT [192.0.2.1]:4000"}},
    {"postfix/dnsblog",
     "addr 192.0.2.1 listed by domain bl.example as 127.0.0.2",
     MT_KIND_INFO,
     MT_STATUS_NONE,
     {"text=addr 192.0.2.1 listed by domain bl.example as 127.0.0.2"}},
    {"postfix/tlsproxy",
     "CONNECT from [192.0.2.1]:4000",
     MT_KIND_INFO,
     MT_STATUS_NONE,
     {"client.ip=192.0.2.1", "client.port=4000", "text=CONNECT from [192.0.2.1]:4000"}},
};

/* What is seldom written, or only by some releases; and blanks that a collector has put behind a line. */
static const struct row rows_releases[] = {
    {"postfix/smtp",
     "TLSRPT: status=success, domain=b.example, receiving_mx=mx.b.example[192.0.2.10]",
     MT_KIND_INFO,
     MT_STATUS_NONE,
     {"text=TLSRPT: status=success, domain=b.example, receiving_mx=mx.b.example[192.0.2.10]"}},
    {"postfix/smtp",
     "TLSRPT: status=failure, domain=b.example, receiving_mx=mx.b.example[192.0.2.10], failure_type=validation-failure",
     MT_KIND_INFO,
     MT_STATUS_NONE,
     {"text=TLSRPT: status=failure, domain=b.example, receiving_mx=mx.b.example[192.0.2.10], "
      "failure_type=validation-failure"}},
    {"postfix/smtp",
     "ignoring DNS RR: mx.b.example. 300 IN AAAA 2001:db8::25",
     MT_KIND_INFO,
     MT_STATUS_NONE,
     {"text=ignoring DNS RR: mx.b.example. 300 IN AAAA 2001:db8::25"}},
    {"postfix/smtpd",
     "mapping DSN status 4.1.1 into Recipient address status 4.1.1",
     MT_KIND_INFO,
     MT_STATUS_NONE,
     {"text=mapping DSN status 4.1.1 into Recipient address status 4.1.1"}},
    {"postfix/smtp",
     "CLIENT wrappermode (port smtps/465) is unimplemented",
     MT_KIND_INFO,
     MT_STATUS_NONE,
     {"text=CLIENT wrappermode (port smtps/465) is unimplemented"}},
    {"postfix/smtp",
     "instead, send to (port submission/587) with STARTTLS",
     MT_KIND_INFO,
     MT_STATUS_NONE,
     {"text=instead, send to (port submission/587) with STARTTLS"}},
    {"postfix/smtp",
     "Host offered STARTTLS: [mx.b.example]",
     MT_KIND_INFO,
     MT_STATUS_NONE,
     {"text=Host offered STARTTLS: [mx.b.example]"}},
    {"postfix/nbdb_reindexd",
     "successfully executed 'postmap lmdb:/etc/postfix/a' as uid 0",
     MT_KIND_INFO,
     MT_STATUS_NONE,
     {"text=successfully executed 'postmap lmdb:/etc/postfix/a' as uid 0"}},
    {"postfix/smtpd",
     ">>> START Recipient address RESTRICTIONS <<<",
     MT_KIND_INFO,
     MT_STATUS_NONE,
     {"text=>>> START Recipient address RESTRICTIONS <<<"}},
    {"postfix/smtpd",
     "> mail.example[192.0.2.2]: 250 2.0.0 Ok: queued as 4V4VKG0wRcz8tpy",
     MT_KIND_INFO,
     MT_STATUS_NONE,
     {"text=> mail.example[192.0.2.2]: 250 2.0.0 Ok: queued as 4V4VKG0wRcz8tpy"}},
    {"postfix/smtpd",
     "< mail.example[192.0.2.2]: MAIL FROM:<a@b.example>",
     MT_KIND_INFO,
     MT_STATUS_NONE,
     {"text=< mail.example[192.0.2.2]: MAIL FROM:<a@b.example>"}},
    {"postfix/smtp",
     "> mx.b.example[192.0.2.2]:25: EHLO mail.example",
     MT_KIND_INFO,
     MT_STATUS_NONE,
     {"text=> mx.b.example[192.0.2.2]:25: EHLO mail.example"}},
    {"postfix/smtpd",
     "match_hostname: mynetworks: mail.example ~? 127.0.0.0/8",
     MT_KIND_INFO,
     MT_STATUS_NONE,
     {"text=match_hostname: mynetworks: mail.example ~? 127.0.0.0/8"}},
    {"postfix/smtpd",
     "event: SMFIC_CONNECT; macros: j=mx.example v=Postfix 3.5.2",
     MT_KIND_INFO,
     MT_STATUS_NONE,
     {"text=event: SMFIC_CONNECT; macros: j=mx.example v=Postfix 3.5.2"}},
    {"postfix/smtpd",
     "private/anvil: wanted attribute: status",
     MT_KIND_INFO,
     MT_STATUS_NONE,
     {"text=private/anvil: wanted attribute: status"}},
    {"postfix/smtpd", "> no peer", MT_KIND_NONE, MT_STATUS_NONE, {NULL}},
    {"postfix/smtpd", "_x: y", MT_KIND_NONE, MT_STATUS_NONE, {NULL}},
    {"postfix/smtpd", "two_words and: y", MT_KIND_NONE, MT_STATUS_NONE, {NULL}},
    {"postfix/smtp",
     "098F1AAE9E9: enabling PIX <CRLF>.<CRLF> workaround for mx.b.example[192.0.2.10]",
     MT_KIND_INFO,
     MT_STATUS_NONE,
     {"queue_id=098F1AAE9E9", "text=enabling PIX <CRLF>.<CRLF> workaround for mx.b.example[192.0.2.10]"}},
    {"postfix/qmgr", "098F1AAE9E9: removed ", MT_KIND_REMOVED, MT_STATUS_NONE, {"queue_id=098F1AAE9E9"}},
    {"postfix/qmgr", "098F1AAE9E9: removed#015#012", MT_KIND_REMOVED, MT_STATUS_NONE, {"queue_id=098F1AAE9E9"}},
    {"postfix/cleanup",
     "098F1AAE9E9: message-id=no-brackets@a.example \t #012 ",
     MT_KIND_MESSAGE_ID,
     MT_STATUS_NONE,
     {"queue_id=098F1AAE9E9", "message_id=no-brackets@a.example"}},
    {"postfix/smtpd",
     "NOQUEUE: reject: RCPT from h.example[192.0.2.1]: 550 <b@c.example>: User unknown; from=<<>@mail.example> "
     "to=<b@c.example> proto=ESMTP helo=<h.example>",
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {"action=reject", "stage=RCPT", "client.name=h.example", "client.ip=192.0.2.1", "client.helo=h.example",
      "client.protocol=ESMTP", "from=<>@mail.example", "to=b@c.example", "reply_code=550",
      "response=550 <b@c.example>: User unknown"}},
    {"postfix/smtpd",
     "NOQUEUE: reject: RCPT from h.example[192.0.2.1]: 550 5.1.1 no; from=<John Doe@a.example> to=<bob "
     "smith@c.example> "
     "proto=ESMTP helo=<x> from=<y> to=<z> >",
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {"action=reject", "stage=RCPT", "client.name=h.example", "client.ip=192.0.2.1", "client.helo=x> from=<y> to=<z> ",
      "client.protocol=ESMTP", "from=John Doe@a.example", "to=bob smith@c.example", "reply_code=550", "dsn=5.1.1",
      "response=550 5.1.1 no"}},
    /* it cannot be told whose the words are: neither is believed */
    {"postfix/smtpd",
     "NOQUEUE: reject: RCPT from h.example[192.0.2.1]: 550 5.1.1 no; from=<a b@a.example> to=<c d> proto=X helo=<e> "
     "to=<f> proto=ESMTP helo=<g>",
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {"action=reject", "stage=RCPT", "client.name=h.example", "client.ip=192.0.2.1", "reply_code=550", "dsn=5.1.1",
      "response=550 5.1.1 no; from=<a b@a.example> to=<c d> proto=X helo=<e> to=<f> proto=ESMTP helo=<g>"}},
    {"postfix/postscreen",
     "NOQUEUE: reject: RCPT from [192.0.2.1]:4000: 550 5.7.1 no; from=<a b@a.example>, to=<c@d.example>, proto=ESMTP, "
     "helo=<x>, to=<y> >",
     MT_KIND_REJECT,
     MT_STATUS_NONE,
     {"action=reject", "stage=RCPT", "client.ip=192.0.2.1", "client.port=4000", "client.helo=x>, to=<y> ",
      "client.protocol=ESMTP", "from=a b@a.example", "to=c@d.example", "reply_code=550", "dsn=5.7.1",
      "response=550 5.7.1 no"}},
};

static const struct row rows_other[] = {
    {"postfix/anvil",
     "statistics: max connection rate 2/60s for (smtp:192.0.2.1) at Nov 22 00:17:51",
     MT_KIND_STATISTICS,
     MT_STATUS_NONE,
     {"text=statistics: max connection rate 2/60s for (smtp:192.0.2.1) at Nov 22 00:17:51"}},
    {"postfix/master",
     "daemon started -- version 3.7.11, configuration /etc/postfix",
     MT_KIND_SERVICE,
     MT_STATUS_NONE,
     {"text=daemon started -- version 3.7.11, configuration /etc/postfix"}},
    {"postfix/master",
     "reload -- version 3.7.11, configuration /etc/postfix",
     MT_KIND_SERVICE,
     MT_STATUS_NONE,
     {"text=reload -- version 3.7.11, configuration /etc/postfix"}},
    {"postfix/postfix-script",
     "stopping the Postfix mail system",
     MT_KIND_SERVICE,
     MT_STATUS_NONE,
     {"text=stopping the Postfix mail system"}},
    {"postfix/smtpd",
     "table hash:/etc/aliases(0,lock|fold_fix) has changed -- restarting",
     MT_KIND_SERVICE,
     MT_STATUS_NONE,
     {"text=table hash:/etc/aliases(0,lock|fold_fix) has changed -- restarting"}},
    {"postfix/smtp",
     "connect to h[192.0.2.1]:25: Connection refused",
     MT_KIND_INFO,
     MT_STATUS_NONE,
     {"text=connect to h[192.0.2.1]:25: Connection refused"}},
    {"postfix/smtp",
     "098F1AAE9E9: lost connection with h[192.0.2.1] while sending RCPT TO",
     MT_KIND_INFO,
     MT_STATUS_NONE,
     {"queue_id=098F1AAE9E9", "text=lost connection with h[192.0.2.1] while sending RCPT TO"}},
    {"postfix/smtp",
     "098F1AAE9E9: host h[192.0.2.1] said: 450 4.2.0 later (in reply to RCPT TO command)",
     MT_KIND_INFO,
     MT_STATUS_NONE,
     {"queue_id=098F1AAE9E9", "text=host h[192.0.2.1] said: 450 4.2.0 later (in reply to RCPT TO command)"}},
    {"postfix/local",
     "098F1AAE9E9: passing <a@b> to transport=lmtp",
     MT_KIND_INFO,
     MT_STATUS_NONE,
     {"queue_id=098F1AAE9E9", "text=passing <a@b> to transport=lmtp"}},
    {"postfix/bounce",
     "098F1AAE9E9: status=deferred (bounce failed)",
     MT_KIND_INFO,
     MT_STATUS_NONE,
     {"queue_id=098F1AAE9E9", "text=status=deferred (bounce failed)"}},
    {"postfix/smtp",
     "mx.example[192.0.2.1]:25: re-using session with untrusted certificate, look for details earlier in the log",
     MT_KIND_INFO,
     MT_STATUS_NONE,
     {"text=mx.example[192.0.2.1]:25: re-using session with untrusted certificate, look for details earlier in the "
      "log"}},
    {"postfix-out/qmgr",
     "098F1AAE9E9: removed",
     MT_KIND_REMOVED,
     MT_STATUS_NONE,
     {"instance=postfix-out", "queue_id=098F1AAE9E9"}},
    {"postfix/smtpd", "genericchecks: name=permit_mynetworks", MT_KIND_NONE, MT_STATUS_NONE, {NULL}},
    {"postfix/smtpd", "098F1AAE9E9: nothing that Postfix writes", MT_KIND_NONE, MT_STATUS_NONE, {NULL}},
    {"postfix/smtpd", "", MT_KIND_NONE, MT_STATUS_NONE, {NULL}},
};

#define TABLE(rows)       \
    {                     \
        rows, COUNT(rows) \
    }

static const struct table {
    const struct row *rows;
    size_t n;
} tables[] = {
    TABLE(rows_sessions),  TABLE(rows_lost),    TABLE(rows_tls),        TABLE(rows_warnings),
    TABLE(rows_rejects),   TABLE(rows_headers), TABLE(rows_queue),      TABLE(rows_hostile),
    TABLE(rows_screening), TABLE(rows_other),   TABLE(rows_deliveries), TABLE(rows_releases),
};

/* Writes "client.tls." before a field of that object; returns the length. */
static size_t render_object(enum mt_object object, char *out, size_t size)
{
    size_t n = 0;

    if (object != MT_O_TOP) {
        n = render_object(mt_object_info[object].parent, out, size);
        n += (size_t)snprintf(out + n, size - n, "%s.", mt_object_info[object].name);
    }
    return n;
}

/* "client.tls.bits=256" of a field of rec. */
static void render(const struct mt_record *rec, enum mt_field id, char *out, size_t size)
{
    const struct mt_field_info *info = &mt_field_info[id];
    size_t n = render_object(info->object, out, size);

    if (info->type == MT_TYPE_STRING || info->type == MT_TYPE_TREE) {
        struct mt_slice s = rec->f.v[id].s;
        snprintf(out + n, size - n, "%s=%.*s", info->name, (int)s.n, s.p ? s.p : "");
    } else {
        snprintf(out + n, size - n, "%s=%" PRId64, info->name, rec->f.v[id].i);
    }
}

static bool is_listed(const struct row *row, const char *field)
{
    for (size_t i = 0; i < MAX_FIELDS && row->fields[i]; i++) {
        if (strcmp(row->fields[i], field) == 0) {
            return true;
        }
    }
    return false;
}

static void check_row(const struct row *row)
{
    struct mt_line line = line_of(row->tag, row->text);
    enum mt_verdict expected = row->kind ? MT_RECOGNISED : MT_UNRECOGNISED;
    struct mt_record rec;
    size_t listed = 0, found = 0;
    char field[1024];

    ck_assert_msg(mt_parse(&line, &rec) == expected, "verdict on: %s", row->text);
    ck_assert_msg(rec.source == MT_SOURCE_postfix, "MTA of: %s", row->text);
    ck_assert_msg(rec.kind == row->kind, "kind %s of: %s", rec.kind ? mt_kind_names[rec.kind] : "none", row->text);
    if (!row->kind) {
        return;
    }
    ck_assert_msg(rec.status == row->status, "status %d of: %s", rec.status, row->text);
    while (listed < MAX_FIELDS && row->fields[listed]) {
        listed++;
    }
    for (int id = 0; id < MT_FIELD_COUNT; id++) {
        if (mt_has(&rec.f, (enum mt_field)id)) {
            render(&rec, (enum mt_field)id, field, sizeof field);
            ck_assert_msg(is_listed(row, field), "unexpected %s in: %s", field, row->text);
            found++;
        }
    }
    ck_assert_msg(found == listed, "%zu of %zu fields in: %s", found, listed, row->text);
}

static void check_rows(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        check_row(&rows[i]);
    }
}

#define ROWS_TEST(name, rows)          \
    START_TEST(name)                   \
    {                                  \
        check_rows(rows, COUNT(rows)); \
    }                                  \
    END_TEST

ROWS_TEST(test_sessions_name_their_client, rows_sessions)
ROWS_TEST(test_broken_sessions_say_where_they_broke, rows_lost)
ROWS_TEST(test_handshakes_are_told_by_direction, rows_tls)
ROWS_TEST(test_warnings_worth_an_alert_have_a_reason, rows_warnings)
ROWS_TEST(test_rejects_are_read_in_full, rows_rejects)
ROWS_TEST(test_logged_headers_give_nothing_but_themselves, rows_headers)
ROWS_TEST(test_the_life_of_a_queue_entry_is_read, rows_queue)
ROWS_TEST(test_deliveries_are_read_in_full, rows_deliveries)
ROWS_TEST(test_words_of_strangers_forge_nothing, rows_hostile)
ROWS_TEST(test_postscreen_lines_name_their_client, rows_screening)
ROWS_TEST(test_only_forms_of_postfix_are_recognised, rows_other)

static enum mt_kind kind_of(const char *tag, const char *text)
{
    struct mt_line line = line_of(tag, text);
    struct mt_record rec;

    return mt_parse(&line, &rec) == MT_RECOGNISED ? (enum mt_kind)rec.kind : MT_KIND_NONE;
}

START_TEST(test_a_tag_without_daemon_gives_the_same_kind)
{
    for (size_t t = 0; t < COUNT(tables); t++) {
        for (size_t i = 0; i < tables[t].n; i++) {
            const struct row *row = &tables[t].rows[i];
            bool of_smtp = strstr(row->text, ": replace: ") || strstr(row->text, ": prepend: ");
            if (strncmp(row->tag, "postfix/", 8) == 0 && !of_smtp) {
                ck_assert_msg(kind_of("postfix", row->text) == row->kind, "kind of: %s", row->text);
            }
        }
    }
    ck_assert_int_eq(kind_of("postfix/postsuper", "098F1AAE9E9: removed"), MT_KIND_DELETE);
    ck_assert_int_eq(kind_of("postfix", "098F1AAE9E9: removed"), MT_KIND_REMOVED);
}
END_TEST

START_TEST(test_a_tag_without_daemon_names_no_transport)
{
    struct mt_line line = line_of("postfix", "098F1AAE9E9: to=<b@c>, relay=local, delay=0, dsn=2.0.0, status=sent (x)");
    struct mt_record rec;

    ck_assert_int_eq(mt_parse(&line, &rec), MT_RECOGNISED);
    ck_assert(!mt_has(&rec.f, MT_F_TRANSPORT));
}
END_TEST

/* Reads every byte that a record points to, so that a sanitizer sees a slice out of bounds. */
static unsigned touch(const struct mt_record *rec)
{
    unsigned sum = 0;

    for (int id = 0; id < MT_FIELD_COUNT; id++) {
        enum mt_type type = mt_field_info[id].type;
        if (mt_has(&rec->f, (enum mt_field)id) && (type == MT_TYPE_STRING || type == MT_TYPE_TREE)) {
            for (size_t i = 0; i < rec->f.v[id].s.n; i++) {
                sum += (unsigned char)rec->f.v[id].s.p[i];
            }
        }
    }
    return sum;
}

START_TEST(test_a_line_may_end_anywhere)
{
    unsigned sum = 0;

    for (size_t t = 0; t < COUNT(tables); t++) {
        for (size_t i = 0; i < tables[t].n; i++) {
            const struct row *row = &tables[t].rows[i];
            for (size_t n = 0; n <= strlen(row->text); n++) {
                struct mt_line line = line_of(row->tag, "");
                struct mt_record rec;
                char *copy = exact_copy(row->text, n);
                line.text = mt_slice(n ? copy : NULL, n);
                if (mt_parse(&line, &rec) == MT_RECOGNISED) {
                    sum += touch(&rec);
                }
                free(copy);
            }
        }
    }
    ck_assert_uint_ne(sum, 0);
}
END_TEST

Suite *mt_suite_postfix(void)
{
    Suite *suite = suite_create("postfix");
    TCase *forms = tcase_create("forms");
    TCase *bounds = tcase_create("bounds");

    tcase_add_test(forms, test_sessions_name_their_client);
    tcase_add_test(forms, test_broken_sessions_say_where_they_broke);
    tcase_add_test(forms, test_handshakes_are_told_by_direction);
    tcase_add_test(forms, test_warnings_worth_an_alert_have_a_reason);
    tcase_add_test(forms, test_rejects_are_read_in_full);
    tcase_add_test(forms, test_logged_headers_give_nothing_but_themselves);
    tcase_add_test(forms, test_the_life_of_a_queue_entry_is_read);
    tcase_add_test(forms, test_deliveries_are_read_in_full);
    tcase_add_test(forms, test_words_of_strangers_forge_nothing);
    tcase_add_test(forms, test_postscreen_lines_name_their_client);
    tcase_add_test(forms, test_only_forms_of_postfix_are_recognised);
    tcase_add_test(forms, test_a_tag_without_daemon_gives_the_same_kind);
    tcase_add_test(forms, test_a_tag_without_daemon_names_no_transport);
    suite_add_tcase(suite, forms);
    tcase_add_test(bounds, test_a_line_may_end_anywhere);
    suite_add_tcase(suite, bounds);
    return suite;
}
