/* Exim's lines: what each form says, and that nobody's words are taken for Exim's. */
#include "suites.h"

#include "rows.h"

#define Q "1xUvM0-00000r-08"

/* receive.c, receive_msg() */
static const struct row arrival_lines[] = {
    {"1xUvM0-00000r-08 <= ben.b@sender.example H=client122.clients.test [192.0.2.122] P=esmtps "
     "X=TLS1.3:ECDHE_X25519__RSA_PSS_RSAE_SHA256__AES_256_GCM:256 CV=no S=444 id=rwpkrc5v.2tj6k5@client.test",
     "from~QUEUE_ID=1xUvM0-00000r-08~MESSAGE_ID=rwpkrc5v.2tj6k5@client.test~FROM=ben.b@sender.example~SIZE=444~CLIENT_"
     "NAME=client122.clients.test~CLIENT_IP=192.0.2.122~CLIENT_PROTOCOL=esmtps~CLIENT_TLS_VERSION=TLS1.3~CLIENT_TLS_"
     "CIPHER=ECDHE_X25519__RSA_PSS_RSAE_SHA256__AES_256_GCM~CLIENT_TLS_BITS=256"},
    {"1vXk3a-00000001abc-0D5f <= <> H=mx.example.net (helo.example.net) [2001:db8::25] P=esmtp S=2145",
     "from~QUEUE_ID=1vXk3a-00000001abc-0D5f~FROM=~SIZE=2145~CLIENT_NAME=mx.example.net~CLIENT_IP=2001:db8::25~CLIENT_"
     "HELO=helo.example.net~CLIENT_PROTOCOL=esmtp"},
    {"2026-11-22 00:17:05 1xUvM0-00000r-08 <= a@x.example H=(pc.example) [192.0.2.1] P=esmtpsa "
     "X=TLS1.2:ECDHE_SECP256R1__RSA_SHA256__AES_128_GCM:128 CV=yes A=plain_server:alice S=410 id=1@x.example",
     "from~QUEUE_ID=1xUvM0-00000r-08~MESSAGE_ID=1@x.example~FROM=a@x.example~SIZE=410~CLIENT_IP=192.0.2.1~CLIENT_HELO="
     "pc.example~CLIENT_PROTOCOL=esmtpsa~CLIENT_USER=alice~CLIENT_MECHANISM=plain_server~CLIENT_TLS_VERSION=TLS1.2~"
     "CLIENT_TLS_CIPHER=ECDHE_SECP256R1__RSA_SHA256__AES_128_GCM~CLIENT_TLS_BITS=128~CLIENT_TLS_VERIFY=trusted"},
    {"2026-11-22 00:17:05.123 +0100 [77] 1xUvM0-00000r-08 <= noreply@x.example H=client120.clients.test "
     "[192.0.2.120]:50829 I=[192.0.2.31]:25 P=esmtp L.- S=388 M8S=0 RT=0.004s id=9oci@client.test T=\"say \\\"hi\\\" "
     "S=1 for b\" from <noreply@x.example> for b@y.example \"c d\"@y.example",
     "from~QUEUE_ID=1xUvM0-00000r-08~MESSAGE_ID=9oci@client.test~FROM=noreply@x.example~SIZE=388~NRCPT=2~SUBJECT=say "
     "\\\"hi\\\" S=1 for "
     "b~CLIENT_NAME=client120.clients.test~CLIENT_IP=192.0.2.120~CLIENT_PORT=50829~CLIENT_PROTOCOL=esmtp"},
    {"1xUvM0-00000r-08 <= a@x.example H=(x) [192.0.2.66] P=smtp S=1 id=f@x y) [192.0.2.1] P=smtp S=1 id=2@x.example",
     "from~QUEUE_ID=1xUvM0-00000r-08~MESSAGE_ID=2@x.example~FROM=a@x.example~SIZE=1~CLIENT_IP=192.0.2.1~CLIENT_HELO=x) "
     "[192.0.2.66] P=smtp S=1 id=f@x y~CLIENT_PROTOCOL=smtp"},
    {"1xUvM0-00000r-08 <= alice@out.example U=alice P=local S=380 id=E1@out.example T=\"x\"",
     "from~QUEUE_ID=1xUvM0-00000r-08~MESSAGE_ID=E1@out.example~FROM=alice@out.example~SIZE=380~SUBJECT=x~CLIENT_"
     "PROTOCOL=local"},
    {"1xUvM0-00000r-08 <= <> R=1xUvLz-00000r-00 U=Debian-exim P=local S=1746",
     "from~QUEUE_ID=1xUvM0-00000r-08~FROM=~SIZE=1746~PARENT_QUEUE_ID=1xUvLz-00000r-00~CLIENT_PROTOCOL=local"},
    {"1xUvM0-00000r-08 <= root@out.example R=1xUvLz-00000r-00 U=root P=local S=1746",
     "from~QUEUE_ID=1xUvM0-00000r-08~FROM=root@out.example~SIZE=1746~CLIENT_PROTOCOL=local"},
    {"1xUvM0-00000r-08 <= <> R=1xUvLz-00000r-00 H=mx.example.net [192.0.2.1] P=esmtp S=1746",
     "from~QUEUE_ID=1xUvM0-00000r-08~FROM=~SIZE=1746~CLIENT_NAME=mx.example.net~CLIENT_IP=192.0.2.1~CLIENT_PROTOCOL="
     "esmtp"},
    {"1xUvM0-00000r-08 <= \"a b\"@x.example H=[192.0.2.1] Ci=12 P=smtp K S=1 DKIM=x.example id*=E2@out.example",
     "from~QUEUE_ID=1xUvM0-00000r-08~MESSAGE_ID=E2@out.example~FROM=\"a "
     "b\"@x.example~SIZE=1~CLIENT_IP=192.0.2.1~CLIENT_PROTOCOL=smtp"},
    {"1xUvM0-00000r-08 (= a@x.example DS H=mx.example.net [192.0.2.1] U=joe P=esmtp PRDR S=1 id=2@x.example",
     "from~QUEUE_ID=1xUvM0-00000r-08~MESSAGE_ID=2@x.example~FROM=a@x.example~SIZE=1~CLIENT_NAME=mx.example.net~CLIENT_"
     "IP=192.0.2.1~CLIENT_PROTOCOL=esmtp"},
    {"1xUvM0-00000r-08 <= a@x.example H=mx.example.net [192.0.2.1] P=esmtps X=TLS1.3:TLS_AES_256_GCM_SHA384:256* CV=no "
     "DN=\"C=x,O=A\"B\",CN=c\" SNI=out.example S=1 id=2@x.example for a@y <trunc>",
     "from~QUEUE_ID=1xUvM0-00000r-08~MESSAGE_ID=2@x.example~FROM=a@x.example~SIZE=1~CLIENT_NAME=mx.example.net~CLIENT_"
     "IP=192.0.2.1~CLIENT_PROTOCOL=esmtps~CLIENT_TLS_VERSION=TLS1.3~CLIENT_TLS_CIPHER=TLS_AES_256_GCM_SHA384~CLIENT_"
     "TLS_BITS=256"},
};

/* deliver.c, delivery_log() */
static const struct row delivery_lines[] = {
    {"1xUvM0-00000r-08 => b@y.example R=dnslookup T=remote_smtp H=mx.y.example [192.0.2.25] "
     "X=TLS1.3:ECDHE_X25519__RSA_PSS_RSAE_SHA256__AES_256_GCM:256 CV=yes DN=\"CN=mx.y.example\" C=\"250 2.0.0 Ok: "
     "queued as 4F2A0B9C\" QT=2s DT=0.045s",
     "to "
     "sent~QUEUE_ID=1xUvM0-00000r-08~TO=b@y.example~TRANSPORT=remote_smtp~RELAY_NAME=mx.y.example~RELAY_IP=192.0.2.25~"
     "TLS_VERSION=TLS1.3~TLS_CIPHER=ECDHE_X25519__RSA_PSS_RSAE_SHA256__AES_256_GCM~TLS_BITS=256~TLS_VERIFY=trusted~"
     "DELAY=2000000~DELAYS_TRANSMIT=45000~DSN=2.0.0~REPLY_CODE=250~RESPONSE=250 2.0.0 Ok: queued as "
     "4F2A0B9C~NEXT_QUEUE_ID=4F2A0B9C"},
    {"1xUvM0-00000r-08 -> c@y.example F=<a@x.example> P=<a@x.example> R=dnslookup T=remote_smtp S=404 H=mx.y.example "
     "[192.0.2.25]:25* I=[192.0.2.31]:39646 X=TLS1.3:TLS_AES_256_GCM_SHA384:256 CV=dane K C=\"250 OK "
     "id=1vXk3a-00000001abc-0D5f\" QT=1m2s DT=1s",
     "to "
     "sent~QUEUE_ID=1xUvM0-00000r-08~TO=c@y.example~TRANSPORT=remote_smtp~RELAY_NAME=mx.y.example~RELAY_IP=192.0.2.25~"
     "RELAY_PORT=25~TLS_VERSION=TLS1.3~TLS_CIPHER=TLS_AES_256_GCM_SHA384~TLS_BITS=256~TLS_VERIFY=verified~DELAY="
     "62000000~DELAYS_TRANSMIT=1000000~REPLY_CODE=250~RESPONSE=250 OK "
     "id=1vXk3a-00000001abc-0D5f~NEXT_QUEUE_ID=1vXk3a-00000001abc-0D5f"},
    {"1xUvM0-00000r-08 => alice <alice@ex.example> R=localuser T=local_delivery S=598 QT=0.089s DT=0.016s",
     "to "
     "sent~QUEUE_ID=1xUvM0-00000r-08~TO=alice@ex.example~TRANSPORT=local_delivery~RELAY_NAME=alice~DELAY=89000~DELAYS_"
     "TRANSMIT=16000"},
    {"1xUvM0-00000r-08 => bob@y.example <info@x.example> R=dnslookup T=remote_smtp H=mx.y.example [2001:db8::25] "
     "C=\"250 <b> 6ZKdF0v7AWf9 Saved\"",
     "to "
     "sent~QUEUE_ID=1xUvM0-00000r-08~TO=bob@y.example~ORIG_TO=info@x.example~TRANSPORT=remote_smtp~RELAY_NAME=mx.y."
     "example~RELAY_IP=2001:db8::25~REPLY_CODE=250~RESPONSE=250 <b> 6ZKdF0v7AWf9 Saved~NEXT_QUEUE_ID=6ZKdF0v7AWf9"},
    {"1xUvM0-00000r-08 => /var/mail/x <bob@x.example> R=userforward T=address_file",
     "to sent~QUEUE_ID=1xUvM0-00000r-08~TO=bob@x.example~TRANSPORT=address_file~RELAY_NAME=/var/mail/x"},
    {"1xUvM0-00000r-08 => |/usr/bin/procmail (bob@x.example, info@x.example) <info@x.example> R=procmail "
     "T=address_pipe",
     "to sent~QUEUE_ID=1xUvM0-00000r-08~TO=info@x.example~TRANSPORT=address_pipe~RELAY_NAME=|/usr/bin/procmail"},
    {"1xUvM0-00000r-08 => :blackhole: <null@x.example> R=aliases",
     "to discarded~QUEUE_ID=1xUvM0-00000r-08~TO=null@x.example~RELAY_NAME=:blackhole:"},
    {"1xUvM0-00000r-08 => b c@y.example <\"b c\"@y.example> R=dnslookup T=remote_smtp H=mx.y.example [192.0.2.25] "
     "C=\"250 Ok\"",
     "to sent~QUEUE_ID=1xUvM0-00000r-08~TO=\"b "
     "c\"@y.example~TRANSPORT=remote_smtp~RELAY_NAME=mx.y.example~RELAY_IP=192.0.2.25~REPLY_CODE=250~RESPONSE=250 Ok"},
    {"1xUvM0-00000r-08 => x R=a T=b H=h [192.0.2.66]@y.example <\"x R=a T=b H=h [192.0.2.66]\"@y.example> R=dnslookup "
     "T=remote_smtp H=mx.y.example [192.0.2.25] C=\"250 Ok\"",
     "to sent~QUEUE_ID=1xUvM0-00000r-08~TO=\"x R=a T=b H=h "
     "[192.0.2.66]\"@y.example~TRANSPORT=remote_smtp~RELAY_NAME=mx.y.example~RELAY_IP=192.0.2.25~REPLY_CODE=250~"
     "RESPONSE=250 Ok"},
    {"1xUvM0-00000r-08 >> b@y.example R=dnslookup T=remote_smtp H=mx.y.example [192.0.2.25] C=\"250 ok 1795306671 qp "
     "6789\"",
     "to "
     "sent~QUEUE_ID=1xUvM0-00000r-08~TO=b@y.example~TRANSPORT=remote_smtp~RELAY_NAME=mx.y.example~RELAY_IP=192.0.2.25~"
     "REPLY_CODE=250~RESPONSE=250 ok 1795306671 qp 6789~NEXT_QUEUE_ID=6789"},
    {"1xUvM0-00000r-08 => b@y.example R=smarthost T=remote_smtp_smarthost H=mx.y.example [192.0.2.25] A=login:me "
     "C=\"250-first\\\\n250 2.0.0 6AM0HtVJ001202 Message accepted for delivery\"",
     "to "
     "sent~QUEUE_ID=1xUvM0-00000r-08~TO=b@y.example~TRANSPORT=remote_smtp_smarthost~RELAY_NAME=mx.y.example~RELAY_IP="
     "192.0.2.25~REPLY_CODE=250~RESPONSE=250-first\\\\n250 2.0.0 6AM0HtVJ001202 Message accepted for "
     "delivery~NEXT_QUEUE_ID=6AM0HtVJ001202"},
    {"1xUvM0-00000r-08 *> b@y.example R=dnslookup T=remote_smtp",
     "info~QUEUE_ID=1xUvM0-00000r-08~TEXT=*> b@y.example R=dnslookup T=remote_smtp"},
    {"1xUvM0-00000r-08 == b@y.example R=dnslookup T=remote_smtp defer (-44) H=mx.y.example [192.0.2.25]: SMTP error "
     "from remote mail server after pipelined RCPT TO:<b@y.example>: 450 4.2.0 <b@y.example>: Greylisted",
     "to "
     "deferred~QUEUE_ID=1xUvM0-00000r-08~TO=b@y.example~TRANSPORT=remote_smtp~RELAY_NAME=mx.y.example~RELAY_IP=192.0.2."
     "25~DSN=4.2.0~REPLY_CODE=450~RESPONSE=SMTP error from remote mail server after pipelined RCPT TO:<b@y.example>: "
     "450 4.2.0 <b@y.example>: Greylisted"},
    {"1xUvM0-00000r-08 == b@y.example R=dnslookup T=remote_smtp defer (113): No route to host H=dead.example "
     "[192.0.2.99] DT=3.1s: dead.example [192.0.2.99]",
     "to "
     "deferred~QUEUE_ID=1xUvM0-00000r-08~TO=b@y.example~TRANSPORT=remote_smtp~RELAY_NAME=dead.example~RELAY_IP=192.0.2."
     "99~DELAYS_TRANSMIT=3100000~RESPONSE=No route to host"},
    {"1xUvM0-00000r-08 == b@y.example R=local T=mail_spool defer (13): Permission denied: failed to open mailbox "
     "/var/mail/b",
     "to deferred~QUEUE_ID=1xUvM0-00000r-08~TO=b@y.example~TRANSPORT=mail_spool~RESPONSE=Permission denied: failed to "
     "open mailbox /var/mail/b"},
    {"1xUvM0-00000r-08 == b@y.example R=dnslookup T=remote_smtp defer (-44) H=mx.y.example [192.0.2.25]:25 "
     "I=[192.0.2.31]:39646 DT=0.1s: SMTP error from remote mail server after RCPT TO:<b@y.example>: 451 later H=evil "
     "[192.0.2.66]: x",
     "to "
     "deferred~QUEUE_ID=1xUvM0-00000r-08~TO=b@y.example~TRANSPORT=remote_smtp~RELAY_NAME=mx.y.example~RELAY_IP=192.0.2."
     "25~RELAY_PORT=25~DELAYS_TRANSMIT=100000~REPLY_CODE=451~RESPONSE=SMTP error from remote mail server after RCPT "
     "TO:<b@y.example>: 451 later H=evil [192.0.2.66]: x"},
    {"1xUvM0-00000r-08 == b@y.example R=local T=pipe defer (0): x H=evil [192.0.2.66]: no",
     "to deferred~QUEUE_ID=1xUvM0-00000r-08~TO=b@y.example~TRANSPORT=pipe~RESPONSE=x H=evil [192.0.2.66]: no"},
    {"1xUvM0-00000r-08 == b@y.example R=dnslookup defer (-1): host lookup did not complete",
     "to deferred~QUEUE_ID=1xUvM0-00000r-08~TO=b@y.example~RESPONSE=host lookup did not complete"},
    {"1xUvM0-00000r-08 == b@y.example routing defer (-51): lookup of host \"mx\" failed in r router",
     "to deferred~QUEUE_ID=1xUvM0-00000r-08~TO=b@y.example~RESPONSE=lookup of host \"mx\" failed in r router"},
    {"1xUvM0-00000r-08 == b@y.example R=dnslookup T=remote_smtp defer (-54): retry time not reached for any host for "
     "'y.example'",
     "info~QUEUE_ID=1xUvM0-00000r-08~TEXT=== b@y.example R=dnslookup T=remote_smtp defer (-54): retry time not reached "
     "for any host for 'y.example'"},
    {"1xUvM0-00000r-08 == |/bin/x <bob@x.example> R=userforward T=address_pipe defer (0): Child process of "
     "address_pipe transport returned 75",
     "to deferred~QUEUE_ID=1xUvM0-00000r-08~TO=bob@x.example~TRANSPORT=address_pipe~RELAY_NAME=|/bin/x~RESPONSE=Child "
     "process of address_pipe transport returned 75"},
    {"1xUvM0-00000r-08 ** b@y.example F=<a@x.example> R=dnslookup T=remote_smtp H=mx.y.example [192.0.2.25] "
     "X=TLS1.3:TLS_AES_256_GCM_SHA384:256 CV=no: SMTP error from remote mail server after RCPT TO:<b@y.example>: 550 "
     "5.1.1 <b@y.example>: User unknown: 250 ok DT=1s",
     "to "
     "bounced~QUEUE_ID=1xUvM0-00000r-08~TO=b@y.example~TRANSPORT=remote_smtp~RELAY_NAME=mx.y.example~RELAY_IP=192.0.2."
     "25~TLS_VERSION=TLS1.3~TLS_CIPHER=TLS_AES_256_GCM_SHA384~TLS_BITS=256~DSN=5.1.1~REPLY_CODE=550~RESPONSE=SMTP "
     "error from remote mail server after RCPT TO:<b@y.example>: 550 5.1.1 <b@y.example>: User unknown: 250 ok"},
    /* more than Exim can count: the reply's own words */
    {"1xUvM0-00000r-08 ** b@y.example R=r T=t H=mx.y.example [192.0.2.25]: SMTP error from remote mail server after "
     "DATA: 550 no DT=777777777d",
     "to bounced~QUEUE_ID=1xUvM0-00000r-08~TO=b@y.example~TRANSPORT=t~RELAY_NAME=mx.y.example~RELAY_IP=192.0.2.25~"
     "REPLY_CODE=550~RESPONSE=SMTP error from remote mail server after DATA: 550 no DT=777777777d"},
    {"1xUvM0-00000r-08 ** b@y.example: retry timeout exceeded",
     "to expired~QUEUE_ID=1xUvM0-00000r-08~TO=b@y.example~RESPONSE=retry timeout exceeded"},
    {"1xUvM0-00000r-08 ** b@y.example R=dnslookup T=remote_smtp: all hosts for 'y.example' have been failing for a "
     "long time (and retry time not reached)",
     "to expired~QUEUE_ID=1xUvM0-00000r-08~TO=b@y.example~TRANSPORT=remote_smtp~RESPONSE=all hosts for 'y.example' "
     "have been failing for a long time (and retry time not reached)"},
    {"1xUvM0-00000r-08 ** b@y.example: Unrouteable address",
     "to bounced~QUEUE_ID=1xUvM0-00000r-08~TO=b@y.example~RESPONSE=Unrouteable address"},
    {"1xUvM0-00000r-08 ** nobody@x.example <info@x.example>: Unknown user",
     "to bounced~QUEUE_ID=1xUvM0-00000r-08~TO=nobody@x.example~ORIG_TO=info@x.example~RESPONSE=Unknown user"},
    {"1xUvM0-00000r-08 ** b@y.example F=<> R=dnslookup T=remote_smtp H=mx.y.example [192.0.2.25]: LMTP error after end "
     "of data: 552 5.2.2 Quota exceeded",
     "to "
     "bounced~QUEUE_ID=1xUvM0-00000r-08~TO=b@y.example~TRANSPORT=remote_smtp~RELAY_NAME=mx.y.example~RELAY_IP=192.0.2."
     "25~DSN=5.2.2~REPLY_CODE=552~RESPONSE=LMTP error after end of data: 552 5.2.2 Quota exceeded"},
};

/* deliver.c, queue.c, receive.c */
static const struct row entry_lines[] = {
    {"1xUvM0-00000r-08 Completed", "removed~QUEUE_ID=1xUvM0-00000r-08~TEXT=Completed"},
    {"1xUvM0-00000r-08 Completed QT=22s", "removed~QUEUE_ID=1xUvM0-00000r-08~TEXT=Completed QT=22s"},
    {"1xUvM0-00000r-08 removed by root", "delete~QUEUE_ID=1xUvM0-00000r-08~TEXT=removed by root"},
    {"1xUvM0-00000r-08 Message removed because older than 4w",
     "delete~QUEUE_ID=1xUvM0-00000r-08~TEXT=Message removed because older than 4w"},
    {"1xUvM0-00000r-08 cancelled by root", "info~QUEUE_ID=1xUvM0-00000r-08~TEXT=cancelled by root"},
    {"1xUvM0-00000r-08 address <b@y.example> marked delivered by root",
     "info~QUEUE_ID=1xUvM0-00000r-08~TEXT=address <b@y.example> marked delivered by root"},
    {"1xUvM0-00000r-08 frozen by root", "hold~QUEUE_ID=1xUvM0-00000r-08~TEXT=frozen by root"},
    {"1xUvM0-00000r-08 unfrozen by root", "release~QUEUE_ID=1xUvM0-00000r-08~TEXT=unfrozen by root"},
    {"1xUvM0-00000r-08 Frozen (delivery error message)",
     "hold~QUEUE_ID=1xUvM0-00000r-08~TEXT=Frozen (delivery error message)"},
    {"1xUvM0-00000r-08 Unfrozen by forced delivery",
     "release~QUEUE_ID=1xUvM0-00000r-08~TEXT=Unfrozen by forced delivery"},
    {"1xUvM0-00000r-08 Message is frozen", "info~QUEUE_ID=1xUvM0-00000r-08~TEXT=Message is frozen"},
    {"1xUvM0-00000r-08 no immediate delivery: more than 10 messages received in one connection",
     "info~QUEUE_ID=1xUvM0-00000r-08~TEXT=no immediate delivery: more than 10 messages received in one connection"},
    {"1xUvM0-00000r-08 => discarded (system filter)",
     "info~QUEUE_ID=1xUvM0-00000r-08~TEXT==> discarded (system filter)"},
    {"1xUvM0-00000r-08 => blackhole (RCPT ACL discarded recipients)",
     "info~QUEUE_ID=1xUvM0-00000r-08~TEXT==> blackhole (RCPT ACL discarded recipients)"},
    {"1xUvM0-00000r-08 recipient <b@y.example> added by root",
     "info~QUEUE_ID=1xUvM0-00000r-08~TEXT=recipient <b@y.example> added by root"},
    {"1xUvM0-00000r-08 sender address changed to <c@x.example> by root",
     "info~QUEUE_ID=1xUvM0-00000r-08~TEXT=sender address changed to <c@x.example> by root"},
    {"1xUvM0-00000r-08 Spool file is locked (another process is handling this message)",
     "info~QUEUE_ID=1xUvM0-00000r-08~TEXT=Spool file is locked (another process is handling this message)"},
    {"1xUvM0-00000r-08 DKIM: d=x.example s=s1 c=relaxed/relaxed a=rsa-sha256 b=2048 [verification succeeded]",
     "filter~QUEUE_ID=1xUvM0-00000r-08~TEXT=DKIM: d=x.example s=s1 c=relaxed/relaxed a=rsa-sha256 b=2048 [verification "
     "succeeded]"},
    {"1xUvM0-00000r-08 DMARC results: spf_domain=x.example dmarc_domain=x.example spf_align=yes dkim_align=no "
     "enforcement='Accept'",
     "filter~QUEUE_ID=1xUvM0-00000r-08~TEXT=DMARC results: spf_domain=x.example dmarc_domain=x.example spf_align=yes "
     "dkim_align=no enforcement='Accept'"},
    {"1xUvM0-00000r-08 H=mx.y.example [192.0.2.25]: Connection refused",
     "info~QUEUE_ID=1xUvM0-00000r-08~TEXT=H=mx.y.example [192.0.2.25]: Connection refused"},
    {"1xUvM0-00000r-08 H=mx.y.example [192.0.2.25]: SMTP error from remote mail server after RCPT TO:<b@y.example>: "
     "451 later",
     "info~QUEUE_ID=1xUvM0-00000r-08~TEXT=H=mx.y.example [192.0.2.25]: SMTP error from remote mail server after RCPT "
     "TO:<b@y.example>: 451 later"},
    {"1xUvM0-00000r-08 TLS session: (gnutls_handshake): timed out: delivering unencrypted to H=mx.y.example "
     "[192.0.2.25] (not in hosts_require_tls)",
     "info~QUEUE_ID=1xUvM0-00000r-08~TEXT=TLS session: (gnutls_handshake): timed out: delivering unencrypted to "
     "H=mx.y.example [192.0.2.25] (not in hosts_require_tls)"},
    {"1xUvM0-00000r-08 bob@x.example <info@x.example>: error ignored",
     "info~QUEUE_ID=1xUvM0-00000r-08~TEXT=bob@x.example <info@x.example>: error ignored"},
};

/* acl.c, smtp_in.c, receive.c */
static const struct row reject_lines[] = {
    {"H=pf3.example [192.0.2.13] F=<anna@x.example> rejected RCPT <nosuch@y.example>: Unknown user",
     "reject~FROM=anna@x.example~CLIENT_NAME=pf3.example~CLIENT_IP=192.0.2.13~TO=nosuch@y.example~STAGE=RCPT~ACTION="
     "rejected~RESPONSE=Unknown user"},
    {"[9339] H=pf3.example (helo.example) [192.0.2.13]:33970 I=[192.0.2.31]:25 X=TLS1.3:TLS_AES_256_GCM_SHA384:256 "
     "CV=no F=<anna@x.example> A=login:anna rejected RCPT <v@z.example>: 550 5.7.1 relay not permitted",
     "reject~FROM=anna@x.example~CLIENT_NAME=pf3.example~CLIENT_IP=192.0.2.13~CLIENT_PORT=33970~CLIENT_HELO=helo."
     "example~CLIENT_USER=anna~CLIENT_MECHANISM=login~CLIENT_TLS_VERSION=TLS1.3~CLIENT_TLS_CIPHER=TLS_AES_256_GCM_"
     "SHA384~CLIENT_TLS_BITS=256~TO=v@z.example~STAGE=RCPT~ACTION=rejected~DSN=5.7.1~REPLY_CODE=550~RESPONSE=550 5.7.1 "
     "relay not permitted"},
    {"H=(pc) [192.0.2.1] F=<> temporarily rejected RCPT <b@y.example>: 451 greylisted",
     "reject~FROM=~CLIENT_IP=192.0.2.1~CLIENT_HELO=pc~TO=b@y.example~STAGE=RCPT~ACTION=temporarily "
     "rejected~REPLY_CODE=451~RESPONSE=451 greylisted"},
    {"H=(pc) [192.0.2.1] rejected MAIL <a@x.example>: sender refused",
     "reject~FROM=a@x.example~CLIENT_IP=192.0.2.1~CLIENT_HELO=pc~STAGE=MAIL~ACTION=rejected~RESPONSE=sender refused"},
    {"H=(pc) [192.0.2.1] rejected MAIL <>: no bounces here",
     "reject~FROM=~CLIENT_IP=192.0.2.1~CLIENT_HELO=pc~STAGE=MAIL~ACTION=rejected~RESPONSE=no bounces here"},
    {"H=[192.0.2.1] rejected EHLO or HELO ex.example: forged",
     "reject~CLIENT_IP=192.0.2.1~STAGE=HELO~ACTION=rejected~RESPONSE=forged"},
    {"H=[192.0.2.1] rejected EHLO or HELO x: 250 ok: forged", "reject~CLIENT_IP=192.0.2.1~STAGE=HELO~ACTION=rejected"},
    {"H=(pc) [192.0.2.1] F=<a@x.example> rejected RCPT <b@y.example> x: 250 ok",
     "reject~FROM=a@x.example~CLIENT_IP=192.0.2.1~CLIENT_HELO=pc~TO=b@y.example~STAGE=RCPT~ACTION=rejected"},
    {"H=[192.0.2.1] F=<a@x.example> rejected RCPT b@y.example: 250 ok: no",
     "reject~FROM=a@x.example~CLIENT_IP=192.0.2.1~STAGE=RCPT~ACTION=rejected"},
    {"H=[192.0.2.1] rejected connection in \"connect\" ACL: listed at dnsbl.example",
     "reject~CLIENT_IP=192.0.2.1~STAGE=CONNECT~ACTION=rejected~RESPONSE=listed at dnsbl.example"},
    {"H=mx.example [192.0.2.1] rejected AUTH PLAIN: not here",
     "reject~CLIENT_NAME=mx.example~CLIENT_IP=192.0.2.1~STAGE=AUTH~ACTION=rejected~RESPONSE=not here"},
    {"H=mx.example [192.0.2.1] rejected VRFY bob@y.example",
     "reject~CLIENT_NAME=mx.example~CLIENT_IP=192.0.2.1~STAGE=VRFY~ACTION=rejected"},
    {"1xUvM0-00000r-08 H=mx.example [192.0.2.1] F=<a@x.example> rejected after DATA: spam score 9.1",
     "reject~QUEUE_ID=1xUvM0-00000r-08~FROM=a@x.example~CLIENT_NAME=mx.example~CLIENT_IP=192.0.2.1~STAGE=END-OF-"
     "MESSAGE~ACTION=rejected~RESPONSE=spam score 9.1"},
    {"1xUvM0-00000r-08 H=mx.example [192.0.2.1] F=<a@x.example> rejected during MIME ACL checks: bad file",
     "reject~QUEUE_ID=1xUvM0-00000r-08~FROM=a@x.example~CLIENT_NAME=mx.example~CLIENT_IP=192.0.2.1~STAGE=END-OF-"
     "MESSAGE~ACTION=rejected~RESPONSE=bad file"},
    {"1xUvM0-00000r-08 rejected from <a@x.example> H=mx.example [192.0.2.1]:35199: message too big: read=426178 "
     "max=307200",
     "reject~QUEUE_ID=1xUvM0-00000r-08~FROM=a@x.example~CLIENT_NAME=mx.example~CLIENT_IP=192.0.2.1~CLIENT_PORT=35199~"
     "STAGE=DATA~ACTION=rejected~RESPONSE=message too big: read=426178 max=307200"},
    {"1xUvM0-00000r-08 rejected by local_scan(): not wanted",
     "reject~QUEUE_ID=1xUvM0-00000r-08~STAGE=END-OF-MESSAGE~ACTION=rejected~RESPONSE=not wanted"},
    {"1xUvM0-00000r-08 F=<> rejected by non-SMTP ACL: no",
     "reject~QUEUE_ID=1xUvM0-00000r-08~FROM=~STAGE=END-OF-MESSAGE~ACTION=rejected~RESPONSE=no"},
    {"rejected MAIL from mx.example [192.0.2.1]: no HELO/EHLO given",
     "reject~CLIENT_NAME=mx.example~CLIENT_IP=192.0.2.1~STAGE=MAIL~ACTION=rejected~RESPONSE=no HELO/EHLO given"},
    {"rejected MAIL FROM:<a@x.example> H=mx.example [192.0.2.1]: message too big: size=9 max=8",
     "reject~FROM=a@x.example~CLIENT_NAME=mx.example~CLIENT_IP=192.0.2.1~STAGE=MAIL~ACTION=rejected~RESPONSE=message "
     "too big: size=9 max=8"},
    {"rejected EHLO from mx.example [192.0.2.1]: syntactically invalid argument(s): a b",
     "reject~CLIENT_NAME=mx.example~CLIENT_IP=192.0.2.1~STAGE=HELO~ACTION=rejected~RESPONSE=syntactically invalid "
     "argument(s): a b"},
    {"refused connection from mx.example [192.0.2.1] (host_reject_connection)",
     "reject~CLIENT_NAME=mx.example~CLIENT_IP=192.0.2.1~STAGE=CONNECT~ACTION=rejected~RESPONSE=(host_reject_"
     "connection)"},
    {"Connection from [192.0.2.1] refused: too many connections",
     "reject~CLIENT_IP=192.0.2.1~STAGE=CONNECT~ACTION=rejected~RESPONSE=refused: too many connections"},
    {"unqualified sender rejected: <bob> H=mx.example [192.0.2.1]",
     "reject~FROM=bob~CLIENT_NAME=mx.example~CLIENT_IP=192.0.2.1~STAGE=MAIL~ACTION=rejected"},
    {"unqualified recipient rejected: <bob> H=mx.example [192.0.2.1]",
     "reject~CLIENT_NAME=mx.example~CLIENT_IP=192.0.2.1~TO=bob~STAGE=RCPT~ACTION=rejected"},
    {"H=mx.example [192.0.2.1] sender verify fail for <a@x.example>: Unrouteable address",
     "info~TEXT=H=mx.example [192.0.2.1] sender verify fail for <a@x.example>: Unrouteable address"},
    {"H=mx.example [192.0.2.1] Warning: odd helo", "info~TEXT=H=mx.example [192.0.2.1] Warning: odd helo"},
    {"H=mx.example [192.0.2.1] F=<a@x> RCPT <b@y>: discarded by RCPT ACL",
     "info~TEXT=H=mx.example [192.0.2.1] F=<a@x> RCPT <b@y>: discarded by RCPT ACL"},
    {"H=mx.example [192.0.2.1] incomplete transaction (QUIT) from <a@x> for b@y",
     "info~TEXT=H=mx.example [192.0.2.1] incomplete transaction (QUIT) from <a@x> for b@y"},
};

/* smtp_in.c, tls.c, daemon.c */
static const struct row session_lines[] = {
    {"SMTP connection from [192.0.2.1]:47587 I=[192.0.2.31]:25 (TCP/IP connection count = 6)",
     "info~CLIENT_IP=192.0.2.1~CLIENT_PORT=47587~TEXT=SMTP connection from [192.0.2.1]:47587 I=[192.0.2.31]:25 (TCP/IP "
     "connection count = 6)"},
    {"SMTP connection from mx.example [192.0.2.1]:35199 I=[192.0.2.31]:25 closed by QUIT",
     "disconnect~CLIENT_NAME=mx.example~CLIENT_IP=192.0.2.1~CLIENT_PORT=35199~TEXT=SMTP connection from mx.example "
     "[192.0.2.1]:35199 I=[192.0.2.31]:25 closed by QUIT"},
    {"SMTP connection from mx.example [192.0.2.1] lost",
     "lost-connection~CLIENT_NAME=mx.example~CLIENT_IP=192.0.2.1~REASON=lost-connection~TEXT=SMTP connection from "
     "mx.example [192.0.2.1] lost"},
    {"1xUvM0-00000r-08 SMTP connection from mx.example [192.0.2.1] lost while reading message data",
     "lost-connection~QUEUE_ID=1xUvM0-00000r-08~CLIENT_NAME=mx.example~CLIENT_IP=192.0.2.1~STAGE=DATA~REASON=lost-"
     "connection~TEXT=SMTP connection from mx.example [192.0.2.1] lost while reading message data"},
    {"SMTP connection from mx.example [192.0.2.1] lost while reading message data (header)",
     "lost-connection~CLIENT_NAME=mx.example~CLIENT_IP=192.0.2.1~STAGE=DATA~REASON=lost-connection~TEXT=SMTP "
     "connection from mx.example [192.0.2.1] lost while reading message data (header)"},
    {"SMTP call from mx.example [192.0.2.1] dropped: too many unrecognized commands (last was \"x\")",
     "lost-connection~CLIENT_NAME=mx.example~CLIENT_IP=192.0.2.1~REASON=too-many-errors~TEXT=SMTP call from mx.example "
     "[192.0.2.1] dropped: too many unrecognized commands (last was \"x\")"},
    {"SMTP command timeout on connection from mx.example [192.0.2.1] D=5m",
     "lost-connection~CLIENT_NAME=mx.example~CLIENT_IP=192.0.2.1~REASON=timeout~TEXT=SMTP command timeout on "
     "connection from mx.example [192.0.2.1] D=5m"},
    {"SMTP command timeout on TLS connection from mx.example [192.0.2.1] D=5m",
     "lost-connection~CLIENT_NAME=mx.example~CLIENT_IP=192.0.2.1~REASON=timeout~TEXT=SMTP command timeout on TLS "
     "connection from mx.example [192.0.2.1] D=5m"},
    {"SMTP data timeout (message abandoned) on connection from mx.example [192.0.2.1] F=<a@x.example> D=5m",
     "lost-connection~FROM=a@x.example~CLIENT_NAME=mx.example~CLIENT_IP=192.0.2.1~REASON=timeout~TEXT=SMTP data "
     "timeout (message abandoned) on connection from mx.example [192.0.2.1] F=<a@x.example> D=5m"},
    {"unexpected disconnection while reading SMTP command from (pc) [192.0.2.1] D=0.1s",
     "lost-connection~CLIENT_IP=192.0.2.1~CLIENT_HELO=pc~REASON=lost-connection~TEXT=unexpected disconnection while "
     "reading SMTP command from (pc) [192.0.2.1] D=0.1s"},
    {"TLS error on connection from mx.example [192.0.2.1] (gnutls_handshake): A TLS fatal alert has been received.",
     "tls~CLIENT_NAME=mx.example~CLIENT_IP=192.0.2.1~RESPONSE=(gnutls_handshake): A TLS fatal alert has been "
     "received.~REASON=tls-failed~TEXT=TLS error on connection from mx.example [192.0.2.1] (gnutls_handshake): A TLS "
     "fatal alert has been received."},
    {"plain_server authenticator failed for (pc) [192.0.2.1]: 535 Incorrect authentication data (set_id=alice)",
     "auth~CLIENT_IP=192.0.2.1~CLIENT_HELO=pc~RESPONSE=535 Incorrect authentication "
     "data~REASON=auth-failed~USER=alice~MECHANISM=plain_server"},
    {"login authenticator failed for mx.example [192.0.2.1]: 435 Unable to authenticate at present: no such file",
     "auth~CLIENT_NAME=mx.example~CLIENT_IP=192.0.2.1~RESPONSE=435 Unable to authenticate at present: no such "
     "file~REASON=auth-error~MECHANISM=login"},
    {"SMTP protocol synchronization error (input sent without waiting for greeting): rejected connection from "
     "H=[192.0.2.1] input=\"EHLO x\\r\\n\"",
     "info~CLIENT_IP=192.0.2.1~REASON=pregreet~TEXT=SMTP protocol synchronization error (input sent without waiting "
     "for greeting): rejected connection from H=[192.0.2.1] input=\"EHLO x\\r\\n\""},
    {"SMTP protocol synchronization error (next input sent too soon: pipelining was not advertised): rejected \"RCPT "
     "TO:<b@y>\" H=mx.example [192.0.2.1] next input=\"DATA\\r\\n\"",
     "info~CLIENT_NAME=mx.example~CLIENT_IP=192.0.2.1~REASON=pipelining~TEXT=SMTP protocol synchronization error (next "
     "input sent too soon: pipelining was not advertised): rejected \"RCPT TO:<b@y>\" H=mx.example [192.0.2.1] next "
     "input=\"DATA\\r\\n\""},
    {"SMTP syntax error in \"MAIL FROM:<<>>\" H=mx.example [192.0.2.1] missing or malformed local part",
     "info~TEXT=SMTP syntax error in \"MAIL FROM:<<>>\" H=mx.example [192.0.2.1] missing or malformed local part"},
    {"no MAIL in SMTP connection from mx.example [192.0.2.1] D=0.1s C=EHLO,QUIT",
     "info~TEXT=no MAIL in SMTP connection from mx.example [192.0.2.1] D=0.1s C=EHLO,QUIT"},
    {"no host name found for IP address 192.0.2.1", "info~TEXT=no host name found for IP address 192.0.2.1"},
    {"Start queue run: pid=70 -qff", "service~TEXT=Start queue run: pid=70 -qff"},
    {"End queue run: pid=70 -qff", "service~TEXT=End queue run: pid=70 -qff"},
    {"exim 4.96 daemon started: pid=1, -q30m, listening for SMTP on port 25 (IPv4)",
     "service~TEXT=exim 4.96 daemon started: pid=1, -q30m, listening for SMTP on port 25 (IPv4)"},
    {"pid 1: SIGHUP received: re-exec daemon", "service~TEXT=pid 1: SIGHUP received: re-exec daemon"},
    {"cwd=/ 4 args: /usr/sbin/exim -Mrm 1xUvM0-00000r-08",
     "info~TEXT=cwd=/ 4 args: /usr/sbin/exim -Mrm 1xUvM0-00000r-08"},
    {"qualify/rewrite: x", "info~TEXT=qualify/rewrite: x"},
    {"[2/4] s-048@y.example b-049@y.example", "part #2~TEXT=s-048@y.example b-049@y.example"},
    {"[1\\9] [9481] 1xUvg3-0002Sv-1s rejected from <a@x.example> H=mx.example [192.0.2.1]: message too big: read=4 "
     "max=3",
     "part #1~TEXT=[9481] 1xUvg3-0002Sv-1s rejected from <a@x.example> H=mx.example [192.0.2.1]: message too big: "
     "read=4 max=3"},
    {"[9/9] I Message-ID: <1@x.example>", "part #9~TEXT=I Message-ID: <1@x.example>"},
};

static const char *const no_forms[] = {
    "",
    Q,
    Q " ",
    Q " <=",
    Q " <= a@x.example",
    Q " <= a@x.example H=mx.example [192.0.2.1] P=esmtp",
    Q " => b@y.example",
    Q " => b@y.example R=dnslookup T=remote_smtp H=mx.example [192.0.2.1] C=\"250 ok",
    Q " == b@y.example R=dnslookup T=remote_smtp",
    Q "x Completed",
    "1xUvM0-00000r-0 Completed",
    "odd helo seen <= x => y",
    "[0/4] x",
    "[5/4] x",
    "[1/1] x",
    "[1/1000] x",
    /* what a stranger has written may end in two places */
    Q " <= a@x.example H=mx.example [192.0.2.1] P=esmtps X=TLS1.3:C:256 CV=no DN=\"x\" A=login:root PRX=\" S=512",
    Q " <= a@x.example H=mx.example [192.0.2.1] P=esmtps X=TLS1.3:C:256 CV=no DN=\"x\" A=login:root PRDR\" S=512",
    Q " <= a@x.example H=mx.example [192.0.2.1] P=esmtps X=TLS1.3:C:256 CV=no DN=\"x\" A=login:root S=1 T=\"\" S=512",
    "H=(x) [192.0.2.66] rejected VRFY x) [192.0.2.1] rejected VRFY y",
};

#define ROWS_TEST(name, rows)                         \
    START_TEST(name)                                  \
    {                                                 \
        expect_rows("exim", NULL, rows, COUNT(rows)); \
    }                                                 \
    END_TEST

ROWS_TEST(test_an_arrival_tells_all_of_it, arrival_lines)
ROWS_TEST(test_deliveries_are_read_in_full, delivery_lines)
ROWS_TEST(test_the_life_of_a_message_is_read, entry_lines)
ROWS_TEST(test_refusals_are_told, reject_lines)
ROWS_TEST(test_sessions_notes_and_pieces_are_told, session_lines)

START_TEST(test_what_is_no_form_of_the_source_is_not_recognised)
{
    expect_no_forms("exim", no_forms, COUNT(no_forms));
}
END_TEST

START_TEST(test_no_cut_is_read_beyond)
{
    expect_cuts_inside("exim4", arrival_lines, COUNT(arrival_lines));
    expect_cuts_inside("exim4", delivery_lines, COUNT(delivery_lines));
    expect_cuts_inside("exim4", entry_lines, COUNT(entry_lines));
    expect_cuts_inside("exim4", reject_lines, COUNT(reject_lines));
    expect_cuts_inside("exim4", session_lines, COUNT(session_lines));
}
END_TEST

/* The client's certificate has a name that ends like one and goes on like the line: nothing is refused to the victim. */
START_TEST(test_a_name_that_may_end_twice_refuses_nobody)
{
    struct mt_line line =
        line_of("exim", "H=mx.example [192.0.2.1] X=TLS1.3:C:256 CV=no DN=\"x\" F=<v@v.test> rejected "
                        "RCPT <v@v.test>: \" F=<a@x.example> rejected RCPT <b@y.example>: no");
    struct mt_record rec;

    ck_assert(mt_parse(&line, &rec) != MT_RECOGNISED || rec.kind != MT_KIND_REJECT);
}
END_TEST

/* log.c: with an offset it is the time of the entry, however long syslog took; without one its zone is not known. */
START_TEST(test_a_timestamp_with_an_offset_is_the_time)
{
    static const char *const texts[][2] = {
        {"2026-11-22 00:17:05.123 +0100 " Q " Completed", "2026-11-22T00:17:05.123+01:00"},
        {"2026-11-22 00:17:05 -0330 " Q " Completed", "2026-11-22T00:17:05-03:30"},
        {"2026-11-22 00:17:05 " Q " Completed", "1970-01-01T00:00:09+00:00"},
    };

    for (size_t i = 0; i < COUNT(texts); i++) {
        struct mt_line line = line_of("exim", texts[i][0]);
        struct mt_record rec;
        line.time = (struct mt_time){.usec = 9000000};
        ck_assert_int_eq(mt_parse(&line, &rec), MT_RECOGNISED);
        expect_stamp(&rec.line.time, texts[i][1], texts[i][0]);
    }
}
END_TEST

START_TEST(test_the_pid_in_the_text_is_taken_where_syslog_has_none)
{
    struct mt_line line = line_of("exim", "[4711] " Q " Completed");
    struct mt_record rec;

    ck_assert_int_eq(mt_parse(&line, &rec), MT_RECOGNISED);
    ck_assert_uint_eq(rec.line.pid, 4711);
    line.pid = 7;
    ck_assert_int_eq(mt_parse(&line, &rec), MT_RECOGNISED);
    ck_assert_uint_eq(rec.line.pid, 7);
}
END_TEST

Suite *mt_suite_exim(void)
{
    Suite *suite = suite_create("exim");
    TCase *forms = tcase_create("forms");

    tcase_add_test(forms, test_an_arrival_tells_all_of_it);
    tcase_add_test(forms, test_deliveries_are_read_in_full);
    tcase_add_test(forms, test_the_life_of_a_message_is_read);
    tcase_add_test(forms, test_refusals_are_told);
    tcase_add_test(forms, test_sessions_notes_and_pieces_are_told);
    tcase_add_test(forms, test_what_is_no_form_of_the_source_is_not_recognised);
    tcase_add_test(forms, test_no_cut_is_read_beyond);
    tcase_add_test(forms, test_a_name_that_may_end_twice_refuses_nobody);
    tcase_add_test(forms, test_a_timestamp_with_an_offset_is_the_time);
    tcase_add_test(forms, test_the_pid_in_the_text_is_taken_where_syslog_has_none);
    suite_add_tcase(suite, forms);
    return suite;
}
