/* Sendmail's lines: what each form says, and that nobody's words are taken for Sendmail's. */
#include "suites.h"

#include <stdio.h>
#include <stdlib.h>

#include "rows.h"

#define Q "6AM0HoS2000124"

/* headers.c, logsender */
static const struct row from_lines[] = {
    {Q ": from=<carl_c@sender.example>, size=184, class=0, nrcpts=1, msgid=<folded.0h@x.example>, proto=ESMTP, "
       "daemon=MTA-v4, relay=client116.clients.test [10.77.0.116]",
     "from~MESSAGE_ID=folded.0h@x.example~FROM=carl_c@sender.example~SIZE=184~NRCPT=1~CLIENT_NAME=client116.clients."
     "test~CLIENT_IP=10.77.0.116~CLIENT_PROTOCOL=ESMTP"},
    {Q ": from=<>, size=2184, class=-60, nrcpts=12, bodytype=8BITMIME, proto=ESMTPS, daemon=MTA-v4, "
       "relay=[IPv6:fd77:0:0:0:0:0:0:12]",
     "from~FROM=~SIZE=2184~NRCPT=12~CLIENT_IP=fd77:0:0:0:0:0:0:12~CLIENT_PROTOCOL=ESMTPS"},
    {"o0SDDGVS020093: from=<a@x.example>, size=1, class=0, pri=30001, nrcpts=1, msgid=plain.id@x, proto=SMTP, "
     "relay=pc.example [192.0.2.1] (may be forged)",
     "from~QUEUE_ID=o0SDDGVS020093~MESSAGE_ID=plain.id@x~FROM=a@x.example~SIZE=1~NRCPT=1~CLIENT_IP=192.0.2.1~CLIENT_"
     "PROTOCOL=SMTP"},
    {"6AM0HoS21234567: from=alice, size=25, class=0, nrcpts=1, msgid=<l@relay1>, bodytype=8BITMIME, "
     "relay=alice@localhost",
     "from~QUEUE_ID=6AM0HoS21234567~MESSAGE_ID=l@relay1~FROM=alice~SIZE=25~NRCPT=1~ACTION=local"},
    {Q ": from=<\"x>, size=1, class=0, nrcpts=1, msgid=<fake@x>, relay=evil\"@sender.example>, size=236, class=0, "
       "nrcpts=1, msgid=<id, relay=none, proto=X <b> y>, proto=ESMTP, daemon=MTA, tls_verify=NO, auth=NONE, "
       "relay=IDENT:joe@c.test [10.77.0.1]",
     "from~MESSAGE_ID=id, relay=none, proto=X <b> y~FROM=\"x>, size=1, class=0, nrcpts=1, msgid=<fake@x>, "
     "relay=evil\"@sender.example~SIZE=236~NRCPT=1~CLIENT_NAME=c.test~CLIENT_IP=10.77.0.1~CLIENT_PROTOCOL=ESMTP~"
     "CLIENT_TLS_VERIFY=anonymous"},
    {Q ": from=<a@x.example>, size=2434, class=0, nrcpts=1, msgid=<p1@x.example>, proto=ESMTP, daemon=MTA-v4, "
       "tls_verify=OK, tls_version=TLSv1.2, cipher=ECDHE-RSA-AES256-GCM-SHA384, auth=PLAIN, relay=c.test [10.77.0.1]",
     "from~MESSAGE_ID=p1@x.example~FROM=a@x.example~SIZE=2434~NRCPT=1~CLIENT_NAME=c.test~CLIENT_IP=10.77.0.1~CLIENT_"
     "PROTOCOL=ESMTP~CLIENT_MECHANISM=PLAIN~CLIENT_TLS_VERSION=TLSv1.2~CLIENT_TLS_CIPHER=ECDHE-RSA-AES256-GCM-SHA384~"
     "CLIENT_TLS_VERIFY=trusted"},
    {Q ": from=<a@x.example>, size=2434, class=0, nrcpts=1, msgid=<p1@x.example>, proto=ESMTP, daemon=MTA-v4, "
       "tls_verify=NONE, tls_version=NONE, cipher=NONE, auth=NONE, relay=c.test [10.77.0.1]",
     "from~MESSAGE_ID=p1@x.example~FROM=a@x.example~SIZE=2434~NRCPT=1~CLIENT_NAME=c.test~CLIENT_IP=10.77.0.1~CLIENT_"
     "PROTOCOL=ESMTP"},
    /* 8.10 and 8.11, then 8.9 and 8.8 */
    {"kBC502520512: from=root, size=301, class=0, nrcpts=1, msgid=<i@s.example>, relay=root@localhost",
     "from~QUEUE_ID=kBC502520512~MESSAGE_ID=i@s.example~FROM=root~SIZE=301~NRCPT=1~ACTION=local"},
    {"SAA15929: from=<a@x.example>, size=301, class=0, pri=30301, nrcpts=1, msgid=<i@s.example>, proto=SMTP, "
     "relay=c.test [10.77.0.1]",
     "from~QUEUE_ID=SAA15929~MESSAGE_ID=i@s.example~FROM=a@x.example~SIZE=301~NRCPT=1~CLIENT_NAME=c.test~CLIENT_IP=10."
     "77.0.1~CLIENT_PROTOCOL=SMTP"},
    {Q ": from=<NONE>, size=0, class=0, nrcpts=0, msgid=<>, proto=ESMTP, daemon=MTA, relay=unknown [10.77.0.1]",
     "from~SIZE=0~NRCPT=0~CLIENT_IP=10.77.0.1~CLIENT_PROTOCOL=ESMTP"},
    {Q ": from=<a@x.example>, size=10, class=0, nrcpts=1, msgid=<long.cut, proto=SMTP, relay=evil, proto=ESMTP, "
       "daemon=MTA, relay=c.test [10.77.0.1]",
     "from~MESSAGE_ID=long.cut, proto=SMTP, "
     "relay=evil~FROM=a@x.example~SIZE=10~NRCPT=1~CLIENT_NAME=c.test~CLIENT_IP=10.77.0.1~CLIENT_PROTOCOL=ESMTP"},
    {Q ": from=<>, size=10, class=0, nrcpts=1, msgid=<a@b>, relay=[RESPONSE]",
     "from~MESSAGE_ID=a@b~FROM=~SIZE=10~NRCPT=1"},
};

/* deliver.c, logdelivery */
static const struct row to_lines[] = {
    {Q ": to=<a@x.example>, delay=00:00:01, xdelay=00:00:00, mailer=esmtp, pri=30185, relay=sink1.lab.test. "
       "[10.77.0.50], dsn=2.0.0, stat=Sent (Ok: queued as SINK6641001)",
     "to "
     "sent~TO=<a@x.example>~TRANSPORT=esmtp~RELAY_NAME=sink1.lab.test~RELAY_IP=10.77.0.50~DELAY=1000000~DELAYS_"
     "TRANSMIT=0~DSN=2.0.0~RESPONSE=Sent (Ok: queued as SINK6641001)~NEXT_QUEUE_ID=SINK6641001~rcpt=a@x.example"},
    {Q ": to=<a@x.example>,bob,<\"c, d>\"@x.example>,\"|/bin/cat > /dev/null\",\\\\dave, [more], "
       "ctladdr=<prog@sm.example> (8/0), delay=2+03:04:05, xdelay=00:00:00, mailer=local, pri=30185, dsn=2.0.0, "
       "stat=Sent",
     "to sent more~TO=<a@x.example>,bob,<\"c, d>\"@x.example>,\"|/bin/cat > "
     "/dev/"
     "null\",\\\\dave~TRANSPORT=local~DELAY=183845000000~DELAYS_TRANSMIT=0~DSN=2.0.0~RESPONSE=Sent~USER=prog@sm."
     "example~rcpt=a@x.example~rcpt=bob~rcpt=\"c, d>\"@x.example~rcpt=\"|/bin/cat > /dev/null\"~rcpt=\\\\dave"},
    {Q ": to=bob, ctladdr=alice (1000/1000), delay=00:00:00, xdelay=00:00:00, mailer=relay, pri=30041, "
       "relay=[127.0.0.1] [127.0.0.1], dsn=2.0.0, stat=Sent (6AM0HtVJ001202 Message accepted for delivery)",
     "to sent~TO=bob~TRANSPORT=relay~RELAY_IP=127.0.0.1~DELAY=0~DELAYS_TRANSMIT=0~DSN=2.0.0~RESPONSE=Sent "
     "(6AM0HtVJ001202 Message accepted for delivery)~NEXT_QUEUE_ID=6AM0HtVJ001202~USER=alice~rcpt=bob"},
    {Q ": to=<a@x.example>, delay=00:00:01, xdelay=00:00:01, mailer=esmtp, pri=30187, relay=s.test. "
       "[IPv6:fd77:0:0:0:0:0:0:12], dsn=4.2.2, reply=450 4.2.2 x, stat=User unknown, stat=Deferred: 450 4.2.2 x, "
       "stat=User unknown",
     "to "
     "deferred~TO=<a@x.example>~TRANSPORT=esmtp~RELAY_NAME=s.test~RELAY_IP=fd77:0:0:0:0:0:0:12~DELAY=1000000~DELAYS_"
     "TRANSMIT=1000000~DSN=4.2.2~REPLY_CODE=450~RESPONSE=450 4.2.2 x, stat=User unknown~rcpt=a@x.example"},
    {Q ": to=<a@x.example>, delay=00:00:01, xdelay=00:00:01, mailer=esmtp, pri=30187, relay=s.test. [10.77.0.50], "
       "dsn=5.1.1, reply=550 5.1.1 <x>: dsn=2.0.0, stat=Sent (250 Ok: queued as FAKE01), stat=User unknown",
     "to "
     "bounced~TO=<a@x.example>~TRANSPORT=esmtp~RELAY_NAME=s.test~RELAY_IP=10.77.0.50~DELAY=1000000~DELAYS_TRANSMIT="
     "1000000~DSN=5.1.1~REPLY_CODE=550~RESPONSE=550 5.1.1 <x>: dsn=2.0.0, stat=Sent (250 Ok: queued as "
     "FAKE01)~rcpt=a@x.example"},
    {Q ": to=<a@x.example>, delay=00:00:00, xdelay=00:00:00, mailer=esmtp, tls_verify=OK, tls_version=TLSv1.3, "
       "cipher=TLS_AES_256_GCM_SHA, pri=30187, relay=s.test., dsn=4.0.0, ntries=2, stage=RCPT, stat=Deferred: "
       "Connection refused by s.test.",
     "to "
     "deferred~TO=<a@x.example>~TRANSPORT=esmtp~RELAY_NAME=s.test~TLS_VERSION=TLSv1.3~TLS_CIPHER=TLS_AES_256_GCM_SHA~"
     "TLS_VERIFY=trusted~DELAY=0~DELAYS_TRANSMIT=0~DSN=4.0.0~RESPONSE=Deferred: Connection refused by "
     "s.test.~rcpt=a@x.example"},
    {Q ": to=<alice+x@sm.example>, delay=00:00:00, xdelay=00:00:00, mailer=local, pri=60417, relay=x, dsn=2.0.0, "
       "stat=Sent",
     "to "
     "sent~TO=<alice+x@sm.example>~TRANSPORT=local~DELAY=0~DELAYS_TRANSMIT=0~DSN=2.0.0~RESPONSE=Sent~rcpt=alice+x@sm."
     "example"},
    {Q ": to=<a@x.example>, delay=00:00:00, mailer=esmtp, pri=30187, stat=queued",
     "info~TEXT=to=<a@x.example>, delay=00:00:00, mailer=esmtp, pri=30187, stat=queued"},
    {Q ": to=<a@x.example>, delay=00:00:00, mailer=esmtp, pri=30187, quarantine=spam, dsn=2.0.0, stat=Sent, "
       "stat=quarantined",
     "hold~TEXT=spam, dsn=2.0.0, stat=Sent"},
    {Q ": to=<a@x.example>, delay=00:00:00, pri=456178, stat=Message exceeds maximum fixed size (300000)",
     "reject~TO=a@x.example~DELAY=0~STAGE=END-OF-MESSAGE~ACTION=reject~RESPONSE=Message exceeds maximum fixed size "
     "(300000)"},
    {Q ": to=<a@x.example>, delay=00:00:00, pri=30178, stat=aborted by sender", "removed~ACTION=canceled"},
    {Q ": to=<a@x.example>, delay=00:00:00, pri=30178, stat=RSET", "removed~ACTION=canceled"},
    {Q ": to=<a@x.example>, delay=00:00:00, pri=30178, stat=discarded",
     "to discarded~TO=<a@x.example>~DELAY=0~RESPONSE=discarded~rcpt=a@x.example"},
    {Q ": to=<a@x.example>, relay=s.test. [10.77.0.50], reply=451 4.7.1 Try later",
     "info~TEXT=to=<a@x.example>, relay=s.test. [10.77.0.50], reply=451 4.7.1 Try later"},
};

/* savemail.c, deliver.c, envelope.c, queue.c */
static const struct row entry_lines[] = {
    {Q ": 6AM0Hotw000140: DSN: Service unavailable",
     "bounce~ACTION=non-delivery~BOUNCE_QUEUE_ID=6AM0Hotw000140~TEXT=Service unavailable"},
    {Q ": 6AM0Hotw000140: return to sender: User unknown",
     "bounce~ACTION=non-delivery~BOUNCE_QUEUE_ID=6AM0Hotw000140~TEXT=User unknown"},
    {Q ": 6AM0Hotw000140: postmaster notify: User unknown",
     "bounce~ACTION=non-delivery~BOUNCE_QUEUE_ID=6AM0Hotw000140~TEXT=User unknown"},
    {Q ": 6AM0Hotw000140: sender notify: Warning: could not send message for past 4 hours",
     "bounce~ACTION=delay~BOUNCE_QUEUE_ID=6AM0Hotw000140~TEXT=Warning: could not send message for past 4 hours"},
    {Q ": 6AM0Hotw000140: sender notify: Cannot send message for 5 days",
     "bounce~ACTION=expired~BOUNCE_QUEUE_ID=6AM0Hotw000140~TEXT=Cannot send message for 5 days"},
    {Q ": 6AM0Hotw000140: DSN: Return receipt",
     "bounce~ACTION=delivery status~BOUNCE_QUEUE_ID=6AM0Hotw000140~TEXT=Return receipt"},
    {Q ": 6AM0HsXS000772: clone: owner=carol", "forward~NEXT_QUEUE_ID=6AM0HsXS000772~TEXT=carol"},
    {Q ": done; delay=00:00:01, ntries=1", "done~DELAY=1000000"},
    {Q ": discarded", "removed~ACTION=discarded"},
    {Q ": quarantine=lab hold, stat=Sent", "hold~TEXT=lab hold, stat=Sent"},
    {Q ": unquarantine", "release"},
};

/* tls.c, srvrsmtp.c, deliver.c */
static const struct row tls_lines[] = {
    {"STARTTLS=server, relay=client120.clients.test [10.77.0.120], version=TLSv1.3, verify=NOT, "
     "cipher=TLS_AES_256_GCM_SHA384, bits=256/256",
     "tls~CLIENT_NAME=client120.clients.test~CLIENT_IP=10.77.0.120~CLIENT_TLS_VERSION=TLSv1.3~CLIENT_TLS_CIPHER=TLS_"
     "AES_256_GCM_SHA384~CLIENT_TLS_BITS=256~CLIENT_TLS_VERIFY=none"},
    {"STARTTLS=client, relay=sink1.lab.test., version=TLSv1.2, verify=OK, cipher=ECDHE-RSA-AES256-GCM-SHA384, "
     "bits=256/256",
     "tls~RELAY_NAME=sink1.lab.test~TLS_VERSION=TLSv1.2~TLS_CIPHER=ECDHE-RSA-AES256-GCM-SHA384~TLS_BITS=256~TLS_VERIFY="
     "trusted"},
    {"STARTTLS=client, relay=[127.0.0.1], version=TLSv1.3, verify=FAIL, cipher=TLS_AES_256_GCM_SHA384, bits=256/256",
     "tls~RELAY_IP=127.0.0.1~TLS_VERSION=TLSv1.3~TLS_CIPHER=TLS_AES_256_GCM_SHA384~TLS_BITS=256~TLS_VERIFY=untrusted"},
    {"STARTTLS=server, error: accept failed=-1, reason=wrong version number, SSL_error=1, errno=0, retry=-1, "
     "relay=client104.clients.test [10.77.0.104]",
     "tls~CLIENT_NAME=client104.clients.test~CLIENT_IP=10.77.0.104~RESPONSE=wrong version number~REASON=tls-failed"},
    {"STARTTLS=server, error: accept failed=-1, SSL_error=5, errno=0, retry=-1, relay=c.test [10.77.0.104]",
     "tls~CLIENT_NAME=c.test~CLIENT_IP=10.77.0.104~REASON=tls-failed"},
    {"STARTTLS=client, error: connect failed=-1, reason=unknown, SSL_error=5, errno=104, retry=-1",
     "warning~TEXT=STARTTLS=client, error: connect failed=-1, reason=unknown, SSL_error=5, errno=104, retry=-1"},
    {"STARTTLS=server, cert-subject=/CN=x, cert-issuer=/CN=y, verifymsg=ok",
     "info~TEXT=STARTTLS=server, cert-subject=/CN=x, cert-issuer=/CN=y, verifymsg=ok"},
    {"AUTH=server, relay=client107.clients.test [10.77.0.107], authid=alice, mech=x@y, mech=PLAIN, bits=0",
     "auth~CLIENT_NAME=client107.clients.test~CLIENT_IP=10.77.0.107~CLIENT_USER=alice, "
     "mech=x@y~CLIENT_MECHANISM=PLAIN"},
    {"AUTH=client, relay=s.test., mech=PLAIN, bits=0", "info~TEXT=AUTH=client, relay=s.test., mech=PLAIN, bits=0"},
    {Q ": AUTH failure (PLAIN): authentication failure (-13) SASL(-13): authentication failure: Password verification "
       "failed, user=alice, user=root, relay=client119.clients.test [10.77.0.119]",
     "auth~CLIENT_NAME=client119.clients.test~CLIENT_IP=10.77.0.119~RESPONSE=authentication failure (-13) SASL(-13): "
     "authentication failure: Password verification failed~REASON=auth-failed~USER=alice, user=root~MECHANISM=PLAIN"},
    {Q ": AUTH failure (LOGIN): generic failure (-1) SASL(-1): generic failure: checkpass failed, relay=c.test "
       "[10.77.0.119]",
     "auth~CLIENT_NAME=c.test~CLIENT_IP=10.77.0.119~RESPONSE=generic failure (-1) SASL(-1): generic failure: checkpass "
     "failed~REASON=auth-error~MECHANISM=LOGIN"},
};

/* parseaddr.c (rscheck), err.c (usrerr), srvrsmtp.c, milter.c */
static const struct row reject_lines[] = {
    {Q ": ruleset=check_rcpt, arg1=<\"quoted>, relay=evil, reject=250\"@e.test>, relay=client116.clients.test "
       "[10.77.0.116], reject=550 5.7.1 <\"quoted>, relay=evil, reject=250\"@e.test>... Relaying denied",
     "reject~CLIENT_NAME=client116.clients.test~CLIENT_IP=10.77.0.116~TO=\"quoted>, relay=evil, "
     "reject=250\"@e.test~STAGE=RCPT~ACTION=reject~DSN=5.7.1~REPLY_CODE=550~RESPONSE=550 5.7.1 <\"quoted>, relay=evil, "
     "reject=250\"@e.test>... Relaying denied"},
    {Q ": ruleset=check_mail, arg1=<b@bad.example>, relay=c.test [10.77.0.104], reject=450 4.7.1 <b@bad.example>... "
       "try later",
     "reject~FROM=b@bad.example~CLIENT_NAME=c.test~CLIENT_IP=10.77.0.104~STAGE=MAIL~ACTION=reject~DSN=4.7.1~REPLY_CODE="
     "450~RESPONSE=450 4.7.1 <b@bad.example>... try later"},
    {"ruleset=check_relay, arg1=[10.77.0.9], arg2=10.77.0.9, relay=[10.77.0.9], reject=421 4.3.2 Connection rate limit "
     "exceeded.",
     "reject~CLIENT_IP=10.77.0.9~STAGE=CONNECT~ACTION=reject~DSN=4.3.2~REPLY_CODE=421~RESPONSE=421 4.3.2 Connection "
     "rate limit exceeded.~REASON=rate-limit"},
    {"NOQUEUE: ruleset=check_relay, arg1=c.test, arg2=IPv6:fd77:0:0:0:0:0:0:12, reject=550 5.7.1 Access denied",
     "reject~CLIENT_NAME=c.test~CLIENT_IP=fd77:0:0:0:0:0:0:12~STAGE=CONNECT~ACTION=reject~DSN=5.7.1~REPLY_CODE=550~"
     "RESPONSE=550 5.7.1 Access denied"},
    {Q ": ruleset=check_rcpt, arg1=<a@x.example>, relay=c.test [10.0.0.1], discard",
     "reject~CLIENT_NAME=c.test~CLIENT_IP=10.0.0.1~TO=a@x.example~STAGE=RCPT~ACTION=discard"},
    {Q ": ruleset=check_mail, arg1=<a@x.example>, relay=c.test [10.0.0.1], quarantine=suspicious",
     "reject~FROM=a@x.example~CLIENT_NAME=c.test~CLIENT_IP=10.0.0.1~STAGE=MAIL~ACTION=quarantine~RESPONSE=suspicious"},
    {Q ": ruleset=CheckSubject, arg1=buy, relay=x, now, relay=c.test [10.0.0.1], reject=553 5.0.0 Header error",
     "reject~CLIENT_NAME=c.test~CLIENT_IP=10.0.0.1~STAGE=END-OF-MESSAGE~ACTION=reject~DSN=5.0.0~REPLY_CODE=553~"
     "RESPONSE=553 5.0.0 Header error"},
    {Q ": ruleset=tls_server, arg1=FAIL, relay=s.test, reject=403 4.7.0 not authenticated",
     "info~TEXT=ruleset=tls_server, arg1=FAIL, relay=s.test, reject=403 4.7.0 not authenticated"},
    {Q ": ruleset=check_x, arg1=y, relay=c.test [10.0.0.1], status=ok",
     "info~CLIENT_NAME=c.test~CLIENT_IP=10.0.0.1~TEXT=ruleset=check_x, arg1=y, relay=c.test [10.0.0.1], status=ok"},
    {Q ": <nosuch@sm.example>... User unknown",
     "reject~TO=nosuch@sm.example~STAGE=RCPT~ACTION=reject~RESPONSE=User unknown"},
    {Q ": <\"no such, to=<x>... Sent\"@sm.example>... User unknown",
     "reject~TO=\"no such, to=<x>... Sent\"@sm.example~STAGE=RCPT~ACTION=reject~RESPONSE=User unknown"},
    {Q ": <\"abc>... Unbalanced '\"'", "reject~TO=\"abc~STAGE=RCPT~ACTION=reject~RESPONSE=Unbalanced '\"'"},
    {Q ": Too many recipients", "reject~STAGE=RCPT~ACTION=reject~RESPONSE=Too many recipients"},
    {Q ": Milter: from=<\"a, reject=250\"@x>, reject=550 5.7.1 Command rejected",
     "reject~FROM=\"a, reject=250\"@x~STAGE=MAIL~ACTION=reject~DSN=5.7.1~REPLY_CODE=550~RESPONSE=550 5.7.1 Command "
     "rejected"},
    {Q ": Milter: to=<a@x.example>, reject=451 4.3.2 Please try again later",
     "reject~TO=a@x.example~STAGE=RCPT~ACTION=reject~DSN=4.3.2~REPLY_CODE=451~RESPONSE=451 4.3.2 Please try again "
     "later"},
    {Q ": Milter: data, reject=554 5.7.1 Command rejected",
     "reject~STAGE=END-OF-MESSAGE~ACTION=reject~DSN=5.7.1~REPLY_CODE=554~RESPONSE=554 5.7.1 Command rejected"},
    {Q ": Milter: cmd=data, discard", "reject~STAGE=DATA~ACTION=discard"},
    {Q ": Milter: helo=c.test, reject=550 5.7.1 no",
     "reject~CLIENT_HELO=c.test~STAGE=HELO~ACTION=reject~DSN=5.7.1~REPLY_CODE=550~RESPONSE=550 5.7.1 no"},
    {"NOQUEUE: Milter: connect: host=c.test, addr=10.0.0.1, rejecting commands",
     "reject~CLIENT_NAME=c.test~CLIENT_IP=10.0.0.1~STAGE=CONNECT~ACTION=reject"},
    {"NOQUEUE: Milter: connect: host=[10.0.0.1], addr=10.0.0.1, temp failing commands=451 4.7.1 later",
     "reject~CLIENT_IP=10.0.0.1~STAGE=CONNECT~ACTION=reject~DSN=4.7.1~REPLY_CODE=451~RESPONSE=451 4.7.1 later"},
    {Q ": milter=clam, action=eoh, reject=550 5.7.1 virus",
     "filter~ACTION=reject~TEXT=milter=clam, action=eoh, reject=550 5.7.1 virus"},
    {Q ": milter=clam, action=rcpt, continue", "filter~ACTION=continue~TEXT=milter=clam, action=rcpt, continue"},
    {Q ": milter=clam, quarantine=virus", "hold~TEXT=virus"},
    {Q ": Milter (clam) change: header Subject: from a to b",
     "info~TEXT=Milter (clam) change: header Subject: from a to b"},
    {Q ": Milter (clam): to error state", "error~TEXT=Milter (clam): to error state"},
    {Q ": c.test [10.0.0.1]: VRFY alice [rejected]",
     "reject~CLIENT_NAME=c.test~CLIENT_IP=10.0.0.1~STAGE=VRFY~ACTION=reject~TEXT=VRFY alice [rejected]"},
    {"NOQUEUE: tcpwrappers (c.test, 10.0.0.1) rejection",
     "reject~CLIENT_NAME=c.test~CLIENT_IP=10.0.0.1~STAGE=CONNECT~ACTION=reject"},
};

/* The rest, and pieces of split lines (conf.c, sm_syslog) */
static const struct row other_lines[] = {
    {Q ": rejecting commands from c.test [10.0.0.1] due to pre-greeting traffic after 0 seconds",
     "info~CLIENT_NAME=c.test~CLIENT_IP=10.0.0.1~REASON=pregreet~TEXT=rejecting commands from c.test [10.0.0.1] due to "
     "pre-greeting traffic after 0 seconds"},
    {Q ": rejecting RCPT from c.test [10.0.0.1] due to traffic before response",
     "info~CLIENT_NAME=c.test~CLIENT_IP=10.0.0.1~REASON=pipelining~TEXT=rejecting RCPT from c.test [10.0.0.1] due to "
     "traffic before response"},
    {"unauthorized PIPELINING, sleeping, relay=c.test [10.0.0.1]",
     "info~CLIENT_NAME=c.test~CLIENT_IP=10.0.0.1~REASON=pipelining~TEXT=unauthorized PIPELINING, sleeping, "
     "relay=c.test [10.0.0.1]"},
    {Q ": c.test [10.0.0.1] did not issue MAIL/EXPN/VRFY/ETRN during connection to MTA-v4",
     "disconnect~CLIENT_NAME=c.test~CLIENT_IP=10.0.0.1~TEXT=c.test [10.0.0.1] did not issue MAIL/EXPN/VRFY/ETRN during "
     "connection to MTA-v4"},
    {Q ": lost input channel from c.test [10.0.0.1] to MTA-v4 after rcpt",
     "lost-connection~CLIENT_NAME=c.test~CLIENT_IP=10.0.0.1~STAGE=RCPT~REASON=lost-connection"},
    {Q ": lost input channel from [10.0.0.1] to MTA after startup",
     "lost-connection~CLIENT_IP=10.0.0.1~STAGE=CONNECT~REASON=lost-connection"},
    {Q ": timeout waiting for input from c.test during server cmd read",
     "lost-connection~CLIENT_NAME=c.test~REASON=timeout"},
    {Q ": timeout waiting for input from mx.test. during client greeting",
     "info~TEXT=timeout waiting for input from mx.test. during client greeting"},
    {Q ": collect: premature EOM: unexpected close",
     "info~STAGE=DATA~REASON=lost-connection~TEXT=collect: premature EOM: unexpected close"},
    {Q ": collect: relay=c.test, from=<anna@sender.example>, info=unexpected close",
     "lost-connection~CLIENT_NAME=c.test~STAGE=DATA~REASON=lost-connection"},
    {Q ": collect: relay=c.test, from=<\"x, info=read timeout\"@s>, info=Bare linefeed (LF) not allowed, where=body, "
       "status=tempfail",
     "info~CLIENT_NAME=c.test~STAGE=DATA~REASON=protocol-error~TEXT=collect: relay=c.test, from=<\"x, info=read "
     "timeout\"@s>, info=Bare linefeed (LF) not allowed, where=body, status=tempfail"},
    {Q ": collect: unexpected close on connection from c.test, sender=<a@x>",
     "lost-connection~CLIENT_NAME=c.test~STAGE=DATA~REASON=lost-connection"},
    {Q ": c.test [10.0.0.1]: possible SMTP attack: command=AUTH, count=5",
     "warning~CLIENT_NAME=c.test~CLIENT_IP=10.0.0.1~REASON=too-many-errors~TEXT=c.test [10.0.0.1]: possible SMTP "
     "attack: command=AUTH, count=5"},
    {Q ": c.test [10.0.0.1]: Possible SMTP RCPT flood, throttling.",
     "warning~CLIENT_NAME=c.test~CLIENT_IP=10.0.0.1~REASON=too-many-errors~TEXT=c.test [10.0.0.1]: Possible SMTP RCPT "
     "flood, throttling."},
    {Q ": c.test [10.0.0.1]: probable open proxy: command=GET / HTTP/1.1\\r\\n",
     "info~CLIENT_NAME=c.test~CLIENT_IP=10.0.0.1~REASON=protocol-error~TEXT=c.test [10.0.0.1]: probable open proxy: "
     "command=GET / HTTP/1.1\\r\\n"},
    {Q ": c.test [10.0.0.1]: vrfy alice", "info~CLIENT_NAME=c.test~CLIENT_IP=10.0.0.1~TEXT=vrfy alice"},
    {Q ": message size (426178) exceeds maximum (300000)", "info~TEXT=message size (426178) exceeds maximum (300000)"},
    {"NOQUEUE: connect from c.test [10.0.0.1]",
     "connect~CLIENT_NAME=c.test~CLIENT_IP=10.0.0.1~TEXT=connect from c.test [10.0.0.1]"},
    {Q ": Authentication-Warning: relay1.lab.test: alice set sender to spoof@other.example using -f",
     "warning~TEXT=Authentication-Warning: relay1.lab.test: alice set sender to spoof@other.example using -f"},
    {Q ": SYSERR(root): hash map \"Alias0\": missing map file",
     "error~TEXT=SYSERR(root): hash map \"Alias0\": missing map file"},
    {Q ": Losing ./qf" Q ": savemail panic", "error~TEXT=Losing ./qf" Q ": savemail panic"},
    {"starting daemon (8.17.1.9): SMTP+queueing@00:10:00",
     "service~TEXT=starting daemon (8.17.1.9): SMTP+queueing@00:10:00"},
    {"NOQUEUE: stopping daemon, reason=signal", "service~TEXT=stopping daemon, reason=signal"},
    {"alias database /etc/mail/aliases rebuilt by root", "info~TEXT=alias database /etc/mail/aliases rebuilt by root"},
    {"grew WorkList for /var/spool/mqueue to 1000", "info~TEXT=grew WorkList for /var/spool/mqueue to 1000"},
    {"rejecting connections on daemon MTA: load average: 42",
     "warning~TEXT=rejecting connections on daemon MTA: load average: 42"},
    {Q "[1]: to=<a@x.example>,<b@x.example>, ...", "part #1~TEXT=to=<a@x.example>,<b@x.example>, ..."},
    {Q "[12]: stat=Sent", "part #12~TEXT=stat=Sent"},
    {"NOQUEUE[2]: tail", "part #2~TEXT=tail"},
};

/* No forms of the source. */
static const char *const no_forms[] = {
    "",
    " ",
    Q,
    Q ":",
    Q ": ",
    Q ": from=<a@x.example>",
    Q ": from=<a@x.example>, size=1, relay=c.test [10.0.0.1]",
    Q ": from=<a@x.example>, size=1, class=0, nrcpts=1, evil=1, relay=c.test [10.0.0.1]",
    Q ": from=<a@x.example>, size=1, class=0, nrcpts=1, msgid=<a@b>",
    Q ": to=<a@x.example>, stat=Sent",
    Q ": to=<a@x.example>, delay=00:00:00, mailer=esmtp, pri=1, relay=s.test, dsn=2.0.0",
    Q ": to=<a@x.example>, dsn=2.0.0, delay=00:00:00, mailer=esmtp, pri=1, stat=Sent",
    Q ": to=<a@x.example, delay=00:00:00, xdelay=00:00:00, mailer=esmtp, pri=1, dsn=2.0.0, stat=Sent",
    Q ": 6AM0Hotw000140",
    Q ": 6AM0Hotw000140: hello",
    Q ": 6AM0Hotw000140DSN: x",
    Q ": ruleset=check_rcpt, arg1=<a@x.example>",
    Q ": ruleset=check_rcpt, arg1=<a@x.example>, relay=c.test [10.0.0.1], accept",
    Q ": Milter: to=<a@x.example>",
    Q ": ...",
    "pam_unix(su:session): session opened for user alice",
    "<a@x.example>... User unknown",
    Q "[0]: x",
    Q "[1000]: x",
    "6AM0HoS2: done; delay=00:00:01, ntries=1",
    "6AM0HoS2000124x: done; delay=00:00:01, ntries=1",
};

static enum mt_verdict parse(struct mt_slice text, struct mt_record *rec)
{
    struct mt_line line = {.program = MT_LIT("sm-mta"), .pid = 7};

    line.text = text;
    return mt_parse(&line, rec);
}

#define ROWS_TEST(name, rows)                        \
    START_TEST(name)                                 \
    {                                                \
        expect_rows("sm-mta", Q, rows, COUNT(rows)); \
    }                                                \
    END_TEST

ROWS_TEST(test_from_tells_the_envelope_and_the_client, from_lines)
ROWS_TEST(test_to_tells_recipients_and_result, to_lines)
ROWS_TEST(test_notifications_and_ends_are_told, entry_lines)
ROWS_TEST(test_tls_and_auth_are_told, tls_lines)
ROWS_TEST(test_refusals_are_told, reject_lines)
ROWS_TEST(test_sessions_notes_and_pieces_are_told, other_lines)

START_TEST(test_what_is_no_form_of_the_source_is_not_recognised)
{
    expect_no_forms("sm-mta", no_forms, COUNT(no_forms));
}
END_TEST

/* Local parts that a client can send, as str2prt() shows them. */
static const char *const hostile[] = {
    "a",
    "\"a b\"",
    "\"a, b\"",
    "\"a>, size=1, class=0, nrcpts=9, msgid=<f@f>, relay=evil [6.6.6.6]\"",
    "\"a>, delay=00:00:00, mailer=esmtp, pri=1, relay=evil [6.6.6.6], dsn=5.0.0, stat=User unknown\"",
    "\"a>, relay=evil [6.6.6.6], reject=250 2.0.0 ok\"",
    "\"a\\\\\", b>, stat=Sent\"",
    "\"a\\\\\\\\\"",
    "\"a<b\"",
    "\"a>b\"",
    "\"a(b\"",
    "a(>, stat=\\\"Sent)",
    "\"a\\t\\n\\303\\274, [more], delay=\"",
    "a\\\\,b",
    "[br]",
    "\"a... User unknown\"",
};

/* format holds %s for the address, up to three times. */
static void read_with(const char *format, const char *address, char *line, size_t size, struct mt_record *rec)
{
    /* cppcheck-suppress wrongPrintfScanfArgNum */
    snprintf(line, size, format, address, address, address);
    ck_assert_msg(parse(mt_slice_str(line), rec) == MT_RECOGNISED, "not recognised: %s", line);
}

START_TEST(test_an_address_says_nothing_but_itself)
{
    for (size_t i = 0; i < COUNT(hostile); i++) {
        char address[300], line[2000];
        struct mt_record rec;
        struct mt_slice rest, to;

        snprintf(address, sizeof address, "%s@x.example", hostile[i]);
        read_with(Q
                  ": from=<%s>, size=7, class=0, nrcpts=1, msgid=<m@m>, proto=SMTP, daemon=M, relay=c.test [10.0.0.1]",
                  address, line, sizeof line, &rec);
        expect_string(&rec, MT_F_FROM, address);
        expect_string(&rec, MT_F_MESSAGE_ID, "m@m");
        expect_string(&rec, MT_F_CLIENT_IP, "10.0.0.1");
        ck_assert_int_eq(mt_get_int(&rec.f, MT_F_SIZE, 0), 7);

        read_with(Q ": to=<a@y>,<%s>,bob, ctladdr=<%s> (1/1), delay=00:00:09, xdelay=00:00:00, mailer=esmtp, pri=1, "
                    "relay=s.test. [10.0.0.2], dsn=4.0.0, reply=450 <%s>, stat=Deferred",
                  address, line, sizeof line, &rec);
        ck_assert_int_eq(rec.status, MT_STATUS_DEFERRED);
        ck_assert_int_eq(mt_get_int(&rec.f, MT_F_DELAY, 0), 9000000);
        expect_string(&rec, MT_F_USER, address);
        expect_string(&rec, MT_F_RELAY_IP, "10.0.0.2");
        rest = mt_get(&rec.f, MT_F_TO);
        ck_assert(mt_recipient_next(rec.list, &rest, &to) && mt_slice_eq(to, MT_LIT("a@y")));
        ck_assert(mt_recipient_next(rec.list, &rest, &to) && mt_slice_eq(to, mt_slice_str(address)));
        ck_assert(mt_recipient_next(rec.list, &rest, &to) && mt_slice_eq(to, MT_LIT("bob")));
        ck_assert(!mt_recipient_next(rec.list, &rest, &to));

        read_with(Q ": ruleset=check_rcpt, arg1=<%s>, relay=c.test [10.0.0.1], reject=550 5.7.1 <%s>... no", address,
                  line, sizeof line, &rec);
        expect_string(&rec, MT_F_TO, address);
        expect_string(&rec, MT_F_CLIENT_IP, "10.0.0.1");
        ck_assert_int_eq(mt_get_int(&rec.f, MT_F_REPLY_CODE, 0), 550);

        read_with(Q ": <%s>... User unknown", address, line, sizeof line, &rec);
        expect_string(&rec, MT_F_TO, address);
        expect_string(&rec, MT_F_RESPONSE, "User unknown");
    }
}
END_TEST

/* %.200s cuts before the escapes are made, wherever that leaves the quotes. */
START_TEST(test_a_sender_cut_at_200_characters_ends_there)
{
    char from[400] = "<\"\\\\\\\\\\303\\274>, size=1, class=0, nrcpts=1, relay=evil", line[1000]; /* 46 characters */
    struct mt_record rec;

    for (size_t chars = 46, n = strlen(from); chars < 200; chars++) {
        from[n++] = 'x';
    }
    snprintf(line, sizeof line, Q ": from=%s, size=7, class=0, nrcpts=1, proto=SMTP, daemon=M, relay=c.test [10.0.0.1]",
             from);
    ck_assert_int_eq(parse(mt_slice_str(line), &rec), MT_RECOGNISED);
    expect_string(&rec, MT_F_FROM, from + 1);
    expect_string(&rec, MT_F_CLIENT_NAME, "c.test");
    ck_assert_int_eq(mt_get_int(&rec.f, MT_F_SIZE, 0), 7);
}
END_TEST

START_TEST(test_a_command_line_address_is_read_without_its_name)
{
    struct mt_record rec;
    struct mt_slice rest, to;

    ck_assert_int_eq(parse(MT_LIT(Q ": to=Bob B <bob@x.example>,\"a <b\" <c@x>, delay=00:00:00, mailer=esmtp, pri=1, "
                                    "relay=s.test., dsn=2.0.0, stat=Sent"),
                           &rec),
                     MT_RECOGNISED);
    rest = mt_get(&rec.f, MT_F_TO);
    ck_assert(mt_recipient_next(rec.list, &rest, &to) && mt_slice_eq(to, MT_LIT("bob@x.example")));
    ck_assert(mt_recipient_next(rec.list, &rest, &to) && mt_slice_eq(to, MT_LIT("c@x")));
    ck_assert(!mt_recipient_next(rec.list, &rest, &to));
}
END_TEST

START_TEST(test_the_next_queue_id_is_found_in_the_reply)
{
    static const char *const replies[][2] = {
        {"Ok: queued as SINK6641001", "SINK6641001"},
        {"6AM0HtVJ001202 Message accepted for delivery", "6AM0HtVJ001202"},
        {"2.0.0: e1234567 Message accepted for delivery", "e1234567"},
        {"OK id=1tENX-0003-0B", "1tENX-0003-0B"},
        {"Ok. 00000000000001F2.0000000067401D1B.00003A2C", "00000000000001F2.0000000067401D1B.00003A2C"},
        {"from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 4jX8mK3dcK", "4jX8mK3dcK"},
        {"Ok: queued as DEADBEEF01) to=<v@x>, stat=User unknown (queued as FAKE", "DEADBEEF01"},
        {"ok 1795306671 qp 6789", "6789"},
        {"OK  1795306671 a1-20020a170902c1c5.42 - gsmtp", ""},
        {"<a@b> [InternalId=1, Hostname=x] 9 bytes Queued mail for delivery", ""},
        {"", ""},
    };

    for (size_t i = 0; i < COUNT(replies); i++) {
        char line[400];
        struct mt_record rec;
        read_with(Q ": to=<a@x>, delay=00:00:00, mailer=esmtp, pri=1, relay=s.test., dsn=2.0.0, stat=Sent (%s)",
                  replies[i][0], line, sizeof line, &rec);
        expect_string(&rec, MT_F_NEXT_QUEUE_ID, replies[i][1]);
    }
}
END_TEST

START_TEST(test_no_cut_is_read_beyond)
{
    expect_cuts_inside("sm-mta", from_lines, COUNT(from_lines));
    expect_cuts_inside("sm-mta", to_lines, COUNT(to_lines));
    expect_cuts_inside("sm-mta", entry_lines, COUNT(entry_lines));
    expect_cuts_inside("sm-mta", tls_lines, COUNT(tls_lines));
    expect_cuts_inside("sm-mta", reject_lines, COUNT(reject_lines));
    expect_cuts_inside("sm-mta", other_lines, COUNT(other_lines));
}
END_TEST

/* A result that was cut off is not told; one that is told is the true one. */
START_TEST(test_a_cut_delivery_tells_no_other_result)
{
    for (size_t i = 0; i < COUNT(to_lines); i++) {
        struct mt_record whole, rec;
        size_t size = strlen(to_lines[i].text);
        ck_assert_int_eq(parse(mt_slice_str(to_lines[i].text), &whole), MT_RECOGNISED);
        for (size_t cut = 0; cut < size && whole.kind == MT_KIND_TO && mt_has(&whole.f, MT_F_DSN); cut++) {
            if (parse(mt_slice(to_lines[i].text, cut), &rec) == MT_RECOGNISED && rec.kind == MT_KIND_TO) {
                ck_assert_int_eq(rec.status, whole.status);
            }
        }
    }
}
END_TEST

/* Processes with different labels (option -L) work on one queue. */
START_TEST(test_a_label_is_no_instance)
{
    static const char *const labels[] = {
        "sendmail",    "sm-mta", "sm-msp-queue", "sm-que",   "sm-mta-queue",
        "sm-mta-runq", "sm-msp", "sm-que-runq",  "sm-queue", "sm-acceptingconnections"};

    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        struct mt_line line = {.program = mt_slice_str(labels[i]), .text = MT_LIT(Q ": discarded"), .pid = 7};
        struct mt_record rec;
        ck_assert_msg(mt_parse(&line, &rec) == MT_RECOGNISED, "%s", labels[i]);
        ck_assert(!mt_has(&rec.f, MT_F_INSTANCE));
        ck_assert_int_eq(rec.role, MT_ROLE_RECEIVES);
    }
}
END_TEST

static void add_tests(TCase *forms, TCase *hostility)
{
    tcase_add_test(forms, test_from_tells_the_envelope_and_the_client);
    tcase_add_test(forms, test_to_tells_recipients_and_result);
    tcase_add_test(forms, test_notifications_and_ends_are_told);
    tcase_add_test(forms, test_tls_and_auth_are_told);
    tcase_add_test(forms, test_refusals_are_told);
    tcase_add_test(forms, test_sessions_notes_and_pieces_are_told);
    tcase_add_test(forms, test_what_is_no_form_of_the_source_is_not_recognised);
    tcase_add_test(forms, test_the_next_queue_id_is_found_in_the_reply);
    tcase_add_test(forms, test_a_label_is_no_instance);
    tcase_add_test(hostility, test_an_address_says_nothing_but_itself);
    tcase_add_test(hostility, test_a_sender_cut_at_200_characters_ends_there);
    tcase_add_test(hostility, test_a_command_line_address_is_read_without_its_name);
    tcase_add_test(hostility, test_no_cut_is_read_beyond);
    tcase_add_test(hostility, test_a_cut_delivery_tells_no_other_result);
}

Suite *mt_suite_sendmail(void)
{
    Suite *suite = suite_create("sendmail");
    TCase *forms = tcase_create("forms"), *hostility = tcase_create("hostility");

    add_tests(forms, hostility);
    suite_add_tcase(suite, forms);
    suite_add_tcase(suite, hostility);
    return suite;
}
