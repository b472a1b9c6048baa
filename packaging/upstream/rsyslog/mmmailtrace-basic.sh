#!/bin/bash
# Smoke test of mmmailtrace in the form of rsyslog's testbench: a delivered mail gives a delivery and a message event,
# in the ruleset of the events, with the template that the module brings along.
# Released under ASL 2.0
. ${srcdir:=.}/diag.sh init
export NUMMESSAGES=2
export QUEUE_EMPTY_CHECK_FUNC=wait_file_lines
generate_conf
add_conf '
module(load="../plugins/imptcp/.libs/imptcp")
module(load="../contrib/mmmailtrace/.libs/mmmailtrace")
input(type="imptcp" port="0" listenPortFileName="'$RSYSLOG_DYNNAME'.tcpflood_port")

ruleset(name="mailevents" queue.type="LinkedList") {
	action(type="omfile" file="'$RSYSLOG_OUT_LOG'" template="mailtrace")
}
if $syslogfacility-text == "mail" then
	action(type="mmmailtrace" ruleset="mailevents" settle="0" statefile="")
'
startup
cat >$RSYSLOG_DYNNAME.input <<'LINES'
<22>2024-03-27T15:02:58.131020+00:00 mx1 postfix/smtpd[4121]: 4V4VKG0wRcz8tpy: client=mail.example.com[192.0.2.10]
<22>2024-03-27T15:02:58.139504+00:00 mx1 postfix/cleanup[4124]: 4V4VKG0wRcz8tpy: message-id=<20240327150257.81F3@example.com>
<22>2024-03-27T15:02:58.151877+00:00 mx1 postfix/qmgr[977]: 4V4VKG0wRcz8tpy: from=<alice@example.com>, size=2713, nrcpt=1 (queue active)
<22>2024-03-27T15:02:58.402266+00:00 mx1 postfix/smtp[4125]: 4V4VKG0wRcz8tpy: to=<bob@example.net>, relay=mx.example.net[198.51.100.25]:25, delay=0.28, delays=0.03/0.01/0.12/0.12, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 6B1F2C0D4E)
<22>2024-03-27T15:02:58.402911+00:00 mx1 postfix/qmgr[977]: 4V4VKG0wRcz8tpy: removed
LINES
tcpflood -B -I $RSYSLOG_DYNNAME.input
shutdown_when_empty
wait_shutdown
content_check '"event":"delivery"'
content_check '"result":"sent"'
exit_test
