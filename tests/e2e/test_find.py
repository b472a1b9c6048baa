"""mailtrace find: the story of a message, hop by hop, out of logs of any size.

MAILTRACE_BUILD names the directory with the program; without it, build/ of this tree.
"""
import bz2
import glob
import gzip
import json
import os
import pty
import re
import resource
import shutil
import subprocess
import tempfile
import unittest

import maillog

TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.path.join(os.environ.get("MAILTRACE_BUILD", os.path.join(TREE, "build")), "mailtrace")

# Sendmail of years ago, as its source still writes it: traditional timestamps, no dsn=.
CLASSIC = """Jan 28 08:13:18 mail sendmail[20093]: o0SDDGVS020093: from=<apache@www.example.com>, size=1563, class=0, nrcpts=1, msgid=<201001281313.o0SDDGVS020093@www.example.com>, proto=ESMTP, daemon=MTA, relay=localhost [127.0.0.1]
Jan 28 08:13:20 mail sendmail[20095]: o0SDDGVS020093: to=<bob@example.net>, ctladdr=<apache@www.example.com> (48/48), delay=00:00:02, xdelay=00:00:02, mailer=esmtp, pri=121563, relay=mx.example.net. [192.0.2.7], dsn=2.0.0, stat=Sent (Ok: queued as 51E02514002)
Jan 28 08:13:21 mail sendmail[20099]: o0SDDGVS020099: from=<x@www.example.com>, size=1, class=0, nrcpts=1, msgid=<other@www.example.com>, proto=ESMTP, daemon=MTA, relay=localhost [127.0.0.1]
"""

# Three hosts: sendmail hands on to Postfix, that to another Postfix, that to a mail store by LMTP.
HOST1 = """2024-03-27T15:02:50.000000+00:00 relay1 sm-mta[100]: STARTTLS=server, relay=client.example.com [192.0.2.77], version=TLSv1.3, verify=NO, cipher=TLS_AES_256_GCM_SHA384, bits=256/256
2024-03-27T15:02:50.100000+00:00 relay1 sm-mta[100]: AUTH=server, relay=client.example.com [192.0.2.77], authid=alice, mech=PLAIN, bits=0
2024-03-27T15:02:50.300000+00:00 relay1 sm-mta[100]: 42RF2oXk000100: from=<alice@example.com>, size=1284, class=0, nrcpts=1, msgid=<chain@example.com>, proto=ESMTPSA, daemon=MTA-v4, relay=client.example.com [192.0.2.77]
2024-03-27T15:02:52.000000+00:00 relay1 sm-mta[101]: 42RF2oXk000100: to=<bob@example.net>, delay=00:00:02, xdelay=00:00:01, mailer=esmtp, pri=151284, relay=mx2.example.net. [192.0.2.2], dsn=2.0.0, stat=Sent (Ok: queued as 2B2B2B2B2B)
"""
HOST2 = """2024-03-27T15:02:51.200000+00:00 mx2 postfix/smtpd[200]: connect from relay1.example.com[192.0.2.1]
2024-03-27T15:02:51.300000+00:00 mx2 postfix/smtpd[200]: 2B2B2B2B2B: client=relay1.example.com[192.0.2.1]
2024-03-27T15:02:51.400000+00:00 mx2 postfix/cleanup[201]: 2B2B2B2B2B: message-id=<chain@example.com>
2024-03-27T15:02:51.900000+00:00 mx2 postfix/qmgr[202]: 2B2B2B2B2B: from=<alice@example.com>, size=1500, nrcpt=1 (queue active)
2024-03-27T15:02:52.100000+00:00 mx2 postfix/smtpd[200]: disconnect from relay1.example.com[192.0.2.1] ehlo=1 mail=1 rcpt=1 data=1 quit=1 commands=5
2024-03-27T15:02:53.000000+00:00 mx2 postfix/smtp[203]: 2B2B2B2B2B: to=<bob@example.net>, relay=none, delay=1.6, delays=0.6/0.01/1/0, dsn=4.4.1, status=deferred (connect to store.example.net[192.0.2.3]:25: Connection refused)
2024-03-27T15:07:53.000000+00:00 mx2 postfix/smtp[204]: 2B2B2B2B2B: to=<bob@example.net>, relay=store.example.net[192.0.2.3]:25, delay=302, delays=301/0.01/0.5/0.5, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 4V4VKG0wRcz8tpy)
2024-03-27T15:07:53.100000+00:00 mx2 postfix/qmgr[202]: 2B2B2B2B2B: removed
"""
HOST3 = """2024-03-27T15:07:52.200000+00:00 store postfix/smtpd[300]: 4V4VKG0wRcz8tpy: client=mx2.example.net[192.0.2.2]
2024-03-27T15:07:52.400000+00:00 store postfix/cleanup[301]: 4V4VKG0wRcz8tpy: message-id=<chain@example.com>
2024-03-27T15:07:52.900000+00:00 store postfix/qmgr[302]: 4V4VKG0wRcz8tpy: from=<alice@example.com>, size=1700, nrcpt=1 (queue active)
2024-03-27T15:07:54.000000+00:00 store postfix/lmtp[303]: 4V4VKG0wRcz8tpy: to=<bob@example.net>, relay=store.example.net[private/dovecot-lmtp], delay=1.6, delays=0.6/0.01/0.5/0.5, dsn=2.0.0, status=sent (250 2.0.0 <bob@example.net> abcDEF Saved)
2024-03-27T15:07:54.100000+00:00 store postfix/qmgr[302]: 4V4VKG0wRcz8tpy: removed
"""
# Of which the last two log no Message-ID, and the second its queue ID in the names of envelopes only.
NO_MESSAGE_IDS = """2026-12-01T13:54:27.330361+00:00 mx1 postfix/smtpd[434]: 4jf2SM2L7BzvHYM: client=relay1.example[192.0.2.12]
2026-12-01T13:54:27.380861+00:00 mx1 postfix/cleanup[444]: 4jf2SM2L7BzvHYM: message-id=<chain7@client.example>
2026-12-01T13:54:27.393485+00:00 mx1 postfix/qmgr[311]: 4jf2SM2L7BzvHYM: from=<sender7@client.example>, size=806, nrcpt=1 (queue active)
2026-12-01T13:54:27.420992+00:00 osd1 smtpd[317]: fc17cf8167d692e3 smtp connected address=192.0.2.11 host=mx1.example
2026-12-01T13:54:27.442833+00:00 osd1 smtpd[317]: fc17cf8167d692e3 smtp message msgid=c0a5c0dc size=956 nrcpt=1 proto=ESMTP
2026-12-01T13:54:27.442900+00:00 osd1 smtpd[317]: fc17cf8167d692e3 smtp envelope evpid=c0a5c0dc8ca670a7 from=<sender7@client.example> to=<bob@five.example>
2026-12-01T13:54:27.443168+00:00 mx1 postfix/smtp[465]: 4jf2SM2L7BzvHYM: to=<bob@five.example>, relay=osd1.example[192.0.2.22]:25, delay=0.12, delays=0.07/0/0.03/0.02, dsn=2.0.0, status=sent (250 2.0.0 c0a5c0dc Message accepted for delivery)
2026-12-01T13:54:27.443294+00:00 osd1 smtpd[317]: fc17cf8167d692e3 smtp disconnected reason=quit
2026-12-01T13:54:27.448035+00:00 mx1 postfix/qmgr[311]: 4jf2SM2L7BzvHYM: removed
2026-12-01T13:54:27.972321+00:00 osd1 smtpd[317]: fc17cf7bc0b40de2 mta delivery evpid=c0a5c0dc8ca670a7 from=<sender7@client.example> to=<bob@five.example> rcpt=<-> source="192.0.2.22" relay="192.0.2.23 (cour1.example)" delay=0s result="Ok" stat="250 Ok. 000000006B0ED193.00000244"
2026-12-01T13:54:27.988153+00:00 cour1 courierd: newmsg,id=000000000052E17F.000000006B0ED193.00000244: dns; osd1.example (osd1.example [::ffff:192.0.2.22])
2026-12-01T13:54:27.994177+00:00 cour1 courierd: started,id=000000000052E17F.000000006B0ED193.00000244,from=<sender7@client.example>,module=local,host=bob!!52002!52002!/home/bob!!,addr=<bob>
2026-12-01T13:54:28.201016+00:00 cour1 courierlocal: id=000000000052E17F.000000006B0ED193.00000244,from=<sender7@client.example>,addr=<bob@five.example>,size=1214,success: Message delivered.
2026-12-01T13:54:28.203789+00:00 cour1 courierd: completed,id=000000000052E17F.000000006B0ED193.00000244
"""
BOUNCED = """2024-03-27T16:00:00.000000+00:00 mx2 postfix/smtpd[400]: 5C5C5C5C5C: client=mail.example.com[192.0.2.8]
2024-03-27T16:00:00.100000+00:00 mx2 postfix/cleanup[401]: 5C5C5C5C5C: message-id=<refused@example.com>
2024-03-27T16:00:00.200000+00:00 mx2 postfix/qmgr[202]: 5C5C5C5C5C: from=<alice@example.com>, size=900, nrcpt=1 (queue active)
2024-03-27T16:00:01.000000+00:00 mx2 postfix/smtp[403]: 5C5C5C5C5C: to=<nobody@example.org>, relay=mx.example.org[192.0.2.9]:25, delay=1, delays=0.2/0/0.4/0.4, dsn=5.1.1, status=bounced (host mx.example.org[192.0.2.9] said: 550 5.1.1 No such user (in reply to RCPT TO command))
2024-03-27T16:00:01.100000+00:00 mx2 postfix/cleanup[401]: 6D6D6D6D6D: message-id=<20240327160001.6D6D6D6D6D@mx2.example.net>
2024-03-27T16:00:01.200000+00:00 mx2 postfix/bounce[404]: 5C5C5C5C5C: sender non-delivery notification: 6D6D6D6D6D
2024-03-27T16:00:01.300000+00:00 mx2 postfix/qmgr[202]: 6D6D6D6D6D: from=<>, size=2900, nrcpt=1 (queue active)
2024-03-27T16:00:01.400000+00:00 mx2 postfix/qmgr[202]: 5C5C5C5C5C: removed
2024-03-27T16:00:02.000000+00:00 mx2 postfix/smtp[403]: 6D6D6D6D6D: to=<alice@example.com>, relay=mail.example.com[192.0.2.8]:25, delay=1, delays=0.2/0/0.4/0.4, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 7777777777)
2024-03-27T16:00:02.100000+00:00 mx2 postfix/qmgr[202]: 6D6D6D6D6D: removed
"""
REJECTED = """2024-03-27T17:00:00.000000+00:00 mx2 postfix/smtpd[500]: connect from unknown[203.0.113.66]
2024-03-27T17:00:01.000000+00:00 mx2 postfix/smtpd[500]: NOQUEUE: reject: RCPT from unknown[203.0.113.66]: 454 4.7.1 <x@example.edu>: Relay access denied; from=<spam@example.com> to=<x@example.edu> proto=ESMTP helo=<example.com>
2024-03-27T17:00:02.000000+00:00 mx2 postfix/smtpd[500]: disconnect from unknown[203.0.113.66] ehlo=1 mail=1 rcpt=0/1 quit=1 commands=3/4
"""
# A program had the message by pipe(8) and submitted it anew.
FILTERED = """2024-03-27T18:00:00.000000+00:00 mx2 postfix/smtpd[600]: 8E8E8E8E8E: client=mail.example.com[192.0.2.8]
2024-03-27T18:00:00.100000+00:00 mx2 postfix/cleanup[601]: 8E8E8E8E8E: message-id=<filtered@example.com>
2024-03-27T18:00:00.200000+00:00 mx2 postfix/qmgr[202]: 8E8E8E8E8E: from=<alice@example.com>, size=900, nrcpt=1 (queue active)
2024-03-27T18:00:01.800000+00:00 mx2 postfix/pickup[602]: 9F9F9F9F9F: uid=1002 from=<alice@example.com>
2024-03-27T18:00:01.900000+00:00 mx2 postfix/cleanup[601]: 9F9F9F9F9F: message-id=<filtered@example.com>
2024-03-27T18:00:02.000000+00:00 mx2 postfix/pipe[603]: 8E8E8E8E8E: to=<bob@example.net>, relay=scan, delay=2, delays=0.2/0/0/1.8, dsn=2.0.0, status=sent (delivered via scan service)
2024-03-27T18:00:02.000000+00:00 mx2 postfix/qmgr[202]: 8E8E8E8E8E: removed
2024-03-27T18:00:02.100000+00:00 mx2 postfix/qmgr[202]: 9F9F9F9F9F: from=<alice@example.com>, size=1200, nrcpt=1 (queue active)
2024-03-27T18:00:02.300000+00:00 mx2 postfix/virtual[604]: 9F9F9F9F9F: to=<bob@example.net>, relay=virtual, delay=0.5, delays=0.3/0/0/0.2, dsn=2.0.0, status=sent (delivered to maildir)
2024-03-27T18:00:02.400000+00:00 mx2 postfix/qmgr[202]: 9F9F9F9F9F: removed
"""
# Filters speak of it: before the queue, and while it is received.
VERDICTS = """\
2026-03-07T15:02:57.900000+00:00 mx2 policyd-spf[77]: : prepend Received-SPF: Pass (mailfrom) identity=mailfrom; client-ip=192.0.2.10; helo=mail.example.com; envelope-from=alice@example.com; receiver=example.org 
2026-03-07T15:02:58.000000+00:00 mx2 postfix/smtpd[1]: 4AAAAAAAAA1: client=mail.example.com[192.0.2.10]
2026-03-07T15:02:58.050000+00:00 mx2 postfix/cleanup[2]: 4AAAAAAAAA1: message-id=<filtered@example.com>
2026-03-07T15:02:58.060000+00:00 mx2 rspamd[8]: <95b4ff>; proxy; rspamd_task_write_log: id: <filtered@example.com>, qid: <4AAAAAAAAA1>, ip: 192.0.2.10, from: <alice@example.com>, (default: F (no action): [1.20/15.00] [BAYES_SPAM(2.00){60.00%;},R_DKIM_ALLOW(-0.50){example.com:s=sel1;},R_SPF_ALLOW(-0.20){+mx;},MIME_GOOD(-0.10){text/plain;}]), len: 1234, time: 20.100ms, dns req: 8, digest: <0123456789abcdef0123456789abcdef>, rcpts: <bob@example.org>
2026-03-07T15:02:58.070000+00:00 mx2 opendkim[9]: 4AAAAAAAAA1: DKIM verification successful
2026-03-07T15:02:58.080000+00:00 mx2 opendmarc[10]: 4AAAAAAAAA1: example.com pass
2026-03-07T15:02:58.090000+00:00 mx2 spamd[11]: spamd: result: . -1 - BAYES_00,SPF_PASS scantime=0.4,size=1234,user=debian-spamd,uid=120,required_score=5.0,rhost=::1,raddr=::1,rport=40966,mid=<filtered@example.com>,autolearn=ham autolearn_force=no
2026-03-07T15:02:58.100000+00:00 mx2 postfix/qmgr[3]: 4AAAAAAAAA1: from=<alice@example.com>, size=1234, nrcpt=1 (queue active)
2026-03-07T15:02:58.200000+00:00 mx2 postfix/local[4]: 4AAAAAAAAA1: to=<bob@example.org>, relay=local, delay=0.2, delays=0.1/0/0/0.1, dsn=2.0.0, status=sent (delivered to mailbox)
2026-03-07T15:02:58.300000+00:00 mx2 postfix/qmgr[3]: 4AAAAAAAAA1: removed
"""


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def file(self, name, content):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as out:
            out.write(content if isinstance(content, bytes) else content.encode())
        return path

    def hosts(self):
        return [self.file("relay1.log", HOST1), self.file("mx2.log", HOST2), self.file("store.log", HOST3)]

    def find(self, *args, stdin=b"", env=None, **more):
        return subprocess.run([PROGRAM, "find", *args], input=stdin if isinstance(stdin, bytes) else stdin.encode(),
                              capture_output=True, timeout=300, env={**os.environ, "TZ": "UTC", "LC_ALL": "C", **(env or {})}, **more)

    def text(self, *args, **more):
        done = self.find(*args, **more)
        self.assertEqual((done.returncode, done.stderr.decode()), (0, ""))
        return done.stdout.decode()

    def objects(self, *args, **more):
        return [json.loads(line) for line in self.text("--json", *args, **more).splitlines()]

    def ids(self, *args, **more):
        """The queue IDs of the messages found, a list for each story."""
        return [[hop["queue_id"] for hop in o["hops"]] for o in self.objects(*args, **more) if o["event"] == "trace"]

    def assert_not_found(self, *args, **more):
        done = self.find(*args, **more)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (1, b"", b"mailtrace: nothing found\n"), args)


class Story(Case):
    def test_the_classic_question(self):
        out = self.text("--year=2010", "--message-id=<201001281313.o0SDDGVS020093@www.example.com>", self.file("maillog", CLASSIC))
        self.assertEqual(out, """\
<201001281313.o0SDDGVS020093@www.example.com>
  from apache@www.example.com, 1563 bytes
  mail sendmail o0SDDGVS020093, 2010-01-28 08:13:18 to 08:13:20
    received from localhost [127.0.0.1], ESMTP
    to bob@example.net
      08:13:20  sent      mx.example.net [192.0.2.7], after 2s, 2.0.0: Sent (Ok: queued as 51E02514002)
      => accepted by mx.example.net [192.0.2.7] at 08:13:20, queued there as 51E02514002; this does not prove it reached the mailbox
""")

    def test_the_next_hosts_story_follows_when_its_log_is_there(self):
        out = self.text("--message-id=chain@example.com", *self.hosts())
        self.assertEqual(out, """\
<chain@example.com>
  from alice@example.com, 1284 bytes
  relay1 sendmail 42RF2oXk000100, 2024-03-27 15:02:50 to 15:02:52
    received from client.example.com [192.0.2.77], ESMTPSA, TLSv1.3 TLS_AES_256_GCM_SHA384, authenticated as alice by PLAIN
    to bob@example.net
      15:02:52  sent      mx2.example.net [192.0.2.2], after 2s, 2.0.0: Sent (Ok: queued as 2B2B2B2B2B)
      => accepted by mx2.example.net [192.0.2.2] at 15:02:52, queued there as 2B2B2B2B2B: see below
        mx2 postfix 2B2B2B2B2B, 2024-03-27 15:02:51 to 15:07:53
          received from relay1.example.com [192.0.2.1]
          to bob@example.net
            15:02:53  deferred  smtp, after 1.60s, 4.4.1: connect to store.example.net[192.0.2.3]:25: Connection refused
            15:07:53  sent      store.example.net [192.0.2.3]:25, after 5m 2s, 2.0.0: 250 2.0.0 Ok: queued as 4V4VKG0wRcz8tpy
            => accepted by store.example.net [192.0.2.3] at 15:07:53, queued there as 4V4VKG0wRcz8tpy: see below
              store postfix 4V4VKG0wRcz8tpy, 2024-03-27 15:07:52 to 15:07:54
                received from mx2.example.net [192.0.2.2]
                to bob@example.net
                  15:07:54  sent      store.example.net private/dovecot-lmtp, after 1.60s, 2.0.0: 250 2.0.0 <bob@example.net> abcDEF Saved
                  => taken by the mail store store.example.net at 15:07:54, queued there as abcDEF
""")

    def test_the_mail_store_is_the_end_of_the_way(self):
        store = self.file("store.log", HOST3 + """\
2024-03-27T15:07:53.900000+00:00 store dovecot: lmtp(bob@example.net)<304><abcDEF>: msgid=<chain@example.com>: saved mail to INBOX
""")
        tail = """\
      => taken by the mail store store.example.net at 15:07:54, queued there as abcDEF: see below
        store dovecot abcDEF, 2024-03-27 15:07:53 to 15:07:53
          handed over by a mail server
          to bob@example.net
            15:07:53  sent      INBOX: saved mail to INBOX
            => delivered on store at 15:07:53: saved mail to INBOX
"""
        for wanted in ("--message-id=chain@example.com", "--queue-id=abcDEF"):
            out = self.text(wanted, store)
            self.assertTrue(out.endswith(tail), out)

    def test_each_filter_has_a_line_in_words(self):
        path = self.file("mail.log", VERDICTS)
        words = ["    rspamd: no spam, 1.2 of 15; DKIM pass (example.com); SPF pass", "    opendkim: DKIM pass", "    opendmarc: DMARC pass (example.com)",
                 "    spamd: no spam, -1 of 5", "    policyd-spf: SPF pass (example.com)"]
        for wanted, n in (("--message-id=filtered@example.com", 4), ("--queue-id=4AAAAAAAAA1", 4)):
            told = [line for line in self.text(wanted, path).splitlines() if re.match(" +[a-z-]+: ", line)]
            self.assertEqual(told, words[:n], wanted)
        told = self.text("--from=alice@example.com", path)
        self.assertIn("\n" + words[-1] + "\n", told)

    def test_any_hop_leads_to_the_whole_story(self):
        want = self.text("--message-id=chain@example.com", *self.hosts())
        for args in (["--queue-id=42RF2oXk000100"], ["--queue-id=2B2B2B2B2B"], ["--queue-id=4V4VKG0wRcz8tpy"], ["--to=BOB@example.net"],
                     ["--from=alice@EXAMPLE.com", "--to=@example.net"], ["--ip=192.0.2.77"], ["--since=2024-03-27", "--until=2024-03-28"]):
            self.assertEqual(self.text(*args, *self.hosts()), want, args)
            self.assertEqual(self.text(*args, *reversed(self.hosts())), want, args)

    def test_a_queue_id_that_begins_the_names_of_envelopes_leads_on(self):
        path = self.file("mail.log", NO_MESSAGE_IDS)
        out = self.text("--message-id=chain7@client.example", path)
        self.assertIn("queued there as c0a5c0dc: see below", out)
        self.assertIn("queued there as 000000006B0ED193.00000244: see below", out)
        self.assertIn("=> delivered on cour1 at 13:54:28: Message delivered.", out)
        self.assertEqual(self.text("--queue-id=c0a5c0dc", path), out)

    def test_without_the_other_logs_the_story_ends_where_they_begin(self):
        path = self.hosts()[0]
        self.assertIn("queued there as 2B2B2B2B2B; this does not prove", self.text("--queue-id=42RF2oXk000100", path))

    def test_a_bounce_is_told_with_its_notification(self):
        out = self.text("--to=nobody@example.org", self.file("mail.log", BOUNCED))
        self.assertIn("=> refused by mx.example.org [192.0.2.9] at 16:00:01: host mx.example.org[192.0.2.9] said: 550 5.1.1 "
                      "No such user (in reply to RCPT TO command); the sender was notified (6D6D6D6D6D)\n", out)
        self.assertIn("    notification:\n      mx2 postfix 6D6D6D6D6D, ", out)
        self.assertIn("        a notification made here about 5C5C5C5C5C\n", out)
        self.assertIn("queued there as 7777777777", out)

    def test_a_notification_by_itself_is_told_without_its_cause(self):
        out = self.text("--queue-id=6D6D6D6D6D", self.file("mail.log", BOUNCED))
        self.assertTrue(out.startswith("<20240327160001.6D6D6D6D6D@mx2.example.net>\n  from <>, 2900 bytes\n"), out)

    def test_a_filter_is_not_the_end_of_the_way(self):
        for args in (["--to=bob@example.net"], ["--message-id=filtered@example.com"], ["--queue-id=8E8E8E8E8E"], ["--queue-id=9F9F9F9F9F"]):
            self.assertEqual(self.text(*args, self.file("mail.log", FILTERED)), """\
<filtered@example.com>
  from alice@example.com, 900 bytes
  mx2 postfix 8E8E8E8E8E, 2024-03-27 18:00:00 to 18:00:02
    received from mail.example.com [192.0.2.8]
    to bob@example.net
      18:00:02  sent      scan, after 2s, 2.0.0: delivered via scan service
      => handed back by the filter scan at 18:00:02: see below
        mx2 postfix 9F9F9F9F9F, 2024-03-27 18:00:01 to 18:00:02
          received from mail.example.com [192.0.2.8]
          to bob@example.net
            18:00:02  sent      virtual, after 0.50s, 2.0.0: delivered to maildir
            => delivered on mx2 at 18:00:02: delivered to maildir
""", args)
        trace = self.objects("--to=bob@example.net", self.file("mail.log", FILTERED))[-1]
        self.assertEqual([hop.get("link") for hop in trace["hops"]], [None, "hop"])
        self.assertEqual([(r["to"], r["hop"]) for r in trace["recipients"]], [("bob@example.net", 1)])

    def test_mail_refused_without_a_queue_id_is_found(self):
        for args in (["--from=spam@example.com"], ["--to=x@example.edu"], ["--ip=203.0.113.66"], ["--status=rejected"]):
            out = self.text(*args, self.file("mail.log", BOUNCED + REJECTED))
            self.assertIn("reject at RCPT: 454 4.7.1 <x@example.edu>: Relay access denied\n", out, args)

    def test_lines_are_the_evidence(self):
        out = self.text("--lines", "--message-id=chain@example.com", *self.hosts())
        said = [line.partition("| ")[2] for line in out.splitlines() if line.lstrip().startswith("| ")]
        self.assertEqual(sorted(said), sorted((HOST1 + HOST2 + HOST3).splitlines()))

    def test_lines_of_other_programs_about_the_entry_are_evidence_too(self):
        extra = "2024-03-27T16:00:00.150000+00:00 mx2 opendkim[77]: 5C5C5C5C5C: DKIM-Signature field added (s=a, d=example.com)\n"
        out = self.text("--lines", "--queue-id=5C5C5C5C5C", self.file("mail.log", BOUNCED + extra))
        self.assertIn("| " + extra, out)


class Selection(Case):
    def setUp(self):
        super().setUp()
        self.log = self.file("mail.log", HOST2 + BOUNCED + REJECTED)

    def test_all_criteria_have_to_be_met(self):
        self.assertEqual(self.ids("--from=alice@example.com", self.log), [["2B2B2B2B2B"], ["5C5C5C5C5C", "6D6D6D6D6D"]])
        self.assertEqual(self.ids("--from=alice@example.com", "--to=bob@example.net", self.log), [["2B2B2B2B2B"]])
        self.assert_not_found("--from=alice@example.com", "--to=carol@example.net", self.log)
        self.assert_not_found("--message-id=chain@example.com", "--queue-id=5C5C5C5C5C", self.log)

    def test_status(self):
        for status, ids in (("sent", [["2B2B2B2B2B"], ["6D6D6D6D6D"]]), ("bounced", [["5C5C5C5C5C", "6D6D6D6D6D"]])):
            self.assertEqual(self.ids(f"--status={status}", self.log), ids, status)
        self.assert_not_found("--status=deferred", self.log)
        self.assert_not_found("--status=bounced", "--to=bob@example.net", self.log)

    def test_times(self):
        for args, ids in ((["--until=2024-03-27 15:02:51"], []), (["--until=2024-03-27T15:02:52Z"], [["2B2B2B2B2B"]]),
                          (["--since=2024-03-27T15:07:54+00:00", "--until=2024-03-27T17:00:00+01:00"], [["5C5C5C5C5C", "6D6D6D6D6D"]]),
                          (["--since=2024-03-27T17:07:50+02:00", "--until=2024-03-27 15:30"], [["2B2B2B2B2B"]])):
            if ids:
                self.assertEqual(self.ids(*args, self.log), ids, args)
            else:
                self.assert_not_found(*args, self.log)

    def test_null_sender(self):
        self.assertEqual(self.ids("--from=<>", self.log), [["6D6D6D6D6D"]])

    def test_subject(self):
        line = ("2024-03-27T15:02:51.450000+00:00 mx2 postfix/cleanup[201]: 2B2B2B2B2B: info: header Subject: Your Invoice 17 from "
                "relay1.example.com[192.0.2.1]; from=<alice@example.com> to=<bob@example.net> proto=ESMTP helo=<relay1>\n")
        log = self.file("subject.log", HOST2.replace("2024-03-27T15:02:51.9", line + "2024-03-27T15:02:51.9", 1))
        self.assertEqual(self.ids("--subject=your invoice", log), [["2B2B2B2B2B"]])
        self.assertIn("subject: Your Invoice 17", self.text("--subject=INVOICE", log))
        self.assert_not_found("--subject=ham", log)

    def test_addresses_of_ipv6_in_any_shape(self):
        log = self.file("v6.log", HOST2.replace("[192.0.2.1]", "[fd77::12]") + HOST1.replace("192.0.2.77", "IPv6:fd77:0:0:0:0:0:0:12"))
        for ip in ("fd77::12", "[IPv6:FD77:0::12]"):
            self.assertEqual(self.ids(f"--ip={ip}", log), [["42RF2oXk000100", "2B2B2B2B2B"]], ip)

    def test_wrong_usage_exits_with_2(self):
        for args in ([], ["--nonsense"], ["--message-id="], ["--ip=x"], ["--status=lost"], ["--since=yesterday", "--to=a"], ["--lines"]):
            done = self.find(*args, self.log)
            self.assertEqual((done.returncode, done.stdout), (2, b""), args)
            self.assertTrue(done.stderr)


class Json(Case):
    def test_the_events_are_those_of_events_and_a_trace_sums_up(self):
        paths = self.hosts()
        got = self.objects("--message-id=chain@example.com", *paths)
        done = subprocess.run([PROGRAM, "events", *paths], capture_output=True, check=True)
        events = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(sorted(got[:-1], key=lambda o: o["id"]), sorted(events, key=lambda o: o["id"]))
        trace = got[-1]
        self.assertEqual((trace["event"], trace["message_id"], trace["from"]), ("trace", "chain@example.com", "alice@example.com"))
        self.assertEqual(trace["trace_id"], events[0]["trace_id"])
        self.assertEqual([(hop["host"], hop["queue_id"], hop.get("parent"), hop.get("link")) for hop in trace["hops"]],
                         [("relay1", "42RF2oXk000100", None, None), ("mx2", "2B2B2B2B2B", 0, "hop"), ("store", "4V4VKG0wRcz8tpy", 1, "hop")])
        self.assertEqual([(r["to"], r["status"], r["hop"]) for r in trace["recipients"]], [("bob@example.net", "sent", 2)])
        self.assertNotIn(trace["id"], {o["id"] for o in events})

    def test_a_message_of_a_large_log_is_told_as_if_all_of_it_were_read(self):
        lines = maillog.Transactions(seed=5, step=5000).lines(3000)
        log = self.file("mail.log", b"\n".join(maillog.rfc3339(line) for line in lines) + b"\n")
        done = subprocess.run([PROGRAM, "events", "--events=delivery,message", log], capture_output=True, check=True)
        want = {}
        for line in done.stdout.splitlines():
            event = json.loads(line)
            want.setdefault(event["message_id"], []).append(event)
        self.assertGreater(len(want), 2000)
        for message_id in sorted(want)[::300]:
            got = [o for o in self.objects(f"--message-id={message_id}", log) if o["event"] != "trace"]
            self.assertEqual(sorted(got, key=lambda o: o["id"]), sorted(want[message_id], key=lambda o: o["id"]))
        traces = [o for o in self.objects("--since=2024-01-01", log) if o["event"] == "trace"]
        self.assertEqual(sorted(o["message_id"] for o in traces), sorted(want))


class Inputs(Case):
    def test_compressed_rotated_globbed_and_piped_logs(self):
        want = self.text("--queue-id=2B2B2B2B2B", self.file("plain", HOST1 + HOST2 + HOST3))
        half = len(HOST2) // 2 + HOST2[len(HOST2) // 2:].index("\n") + 1
        self.file("mail.log", HOST2[half:])
        self.file("mail.log.1.gz", gzip.compress(HOST2[:half].encode()))
        self.file("mail.log.2.bz2", bz2.compress(HOST1.encode()))
        self.file("mail.log.store", HOST3)
        pattern = os.path.join(self.folder, "mail.log*")
        self.assertEqual(self.text("--queue-id=2B2B2B2B2B", *sorted(glob.glob(pattern))), want)
        self.assertEqual(self.text("--queue-id=2B2B2B2B2B", pattern), want)
        self.assertEqual(self.text("--queue-id=2B2B2B2B2B", stdin=HOST1 + HOST2 + HOST3), want)
        self.assertEqual(self.text("--queue-id=2B2B2B2B2B", "-", stdin=gzip.compress((HOST3 + HOST1 + HOST2).encode())), want)

    def test_files_that_cannot_be_read_are_an_error_and_the_others_count(self):
        good = self.file("mail.log", HOST2)
        for bad in (os.path.join(self.folder, "missing"), self.folder, self.file("cut.gz", gzip.compress(HOST1.encode() * 99)[:-20]),
                    os.path.join(self.folder, "none*")):
            done = self.find("--queue-id=2B2B2B2B2B", bad, good)
            self.assertEqual(done.returncode, 2, bad)
            self.assertIn(bad.encode(), done.stderr)
            self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)
            self.assertIn(b"mx2 postfix 2B2B2B2B2B", done.stdout)
            self.assertEqual(self.find("--queue-id=ABCDEF", bad, good).returncode, 2)

    def test_nothing_found_exits_with_1(self):
        self.assert_not_found("--queue-id=ABCDEF12", *self.hosts())
        self.assert_not_found("--message-id=x", self.file("empty", ""))

    def test_memory_is_bounded_by_what_matches(self):
        lines = maillog.Transactions(seed=6, step=5000).lines(3000)
        block = b"\n".join(maillog.rfc3339(line) for line in lines) + b"\n"
        log = self.file("mail.log", block * (100 * 2**20 // len(block)) + HOST2.encode())
        limit = 64 * 2**20

        def limited():
            resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))

        limits = {} if os.environ.get("MAILTRACE_BUILD", "").endswith("address") else {"preexec_fn": limited}
        self.assertIn("mx2 postfix 2B2B2B2B2B", self.text("--message-id=chain@example.com", log, **limits))

    def on_terminal(self, env):
        leader, follower = pty.openpty()
        self.addCleanup(os.close, leader)
        program = subprocess.Popen([PROGRAM, "find", "--queue-id=2B2B2B2B2B", self.file("mail.log", HOST2)], stdout=follower,
                                   stderr=follower, env={"PATH": os.environ["PATH"], "TERM": "xterm", **env})
        os.close(follower)
        said = os.read(leader, 65536)
        self.assertEqual(program.wait(60), 0)
        return said

    def test_colours_on_a_terminal_only_and_never_with_no_color(self):
        self.assertIn(b"\x1b[", self.on_terminal({}))
        self.assertNotIn(b"\x1b", self.on_terminal({"NO_COLOR": "1"}))
        self.assertNotIn("\x1b", self.text("--queue-id=2B2B2B2B2B", self.file("mail.log", HOST2)))


class Hostile(Case):
    def test_message_ids_are_taken_literally(self):
        for message_id in ("a b c@x", '"quoted part"@x.example', "*", ".*@x", "a%s%n@x", "no-brackets", "[a-z]@x", "a,b, to=<c@d>@x", "a'b;c`d@x",
                           "\\x@y", "<inner>@x"):
            logged = message_id if "inner" in message_id else f"<{message_id}>"
            log = self.file("mail.log", HOST2.replace("<chain@example.com>", logged) + BOUNCED)
            for given in (message_id, f"<{message_id}>"):
                self.assertEqual(self.ids(f"--message-id={given}", log), [["2B2B2B2B2B"]], given) if "inner" not in message_id else \
                    self.find(f"--message-id={given}", log)
        self.assert_not_found("--message-id=c.ain@example.com", self.file("mail.log", HOST2))
        self.assert_not_found("--message-id=CHAIN@example.com", self.file("mail.log", HOST2))

    def test_message_ids_that_servers_log_in_another_way(self):
        log = self.file("mail.log", HOST2.replace("<chain@example.com>", "<ch?in@example.com>"))
        self.assertEqual(self.ids("--message-id=<ch\x01in@example.com>", log), [["2B2B2B2B2B"]])
        long = "x" * 300 + "@example.com"
        log = self.file("mail.log", HOST1.replace("<chain@example.com>", "<" + long[:99]))
        self.assertEqual(self.ids(f"--message-id={long}", log), [["42RF2oXk000100"]])

    def test_a_reply_that_names_anothers_queue_id_joins_nothing(self):
        forged = BOUNCED.replace("queued as 7777777777", "queued as 2B2B2B2B2B").replace("T16:", "T15:")
        log = self.file("mail.log", forged + HOST2)
        self.assertEqual(self.ids("--queue-id=5C5C5C5C5C", log), [["5C5C5C5C5C", "6D6D6D6D6D"]])
        self.assertEqual(self.ids("--queue-id=2B2B2B2B2B", log), [["2B2B2B2B2B"]])

    def test_a_queue_id_that_was_used_again_is_two_messages(self):
        later = HOST2.replace("2024-03-27", "2024-05-01").replace("chain@", "later@")
        log = self.file("mail.log", HOST1 + HOST2 + later + HOST3)
        self.assertEqual(self.ids("--message-id=chain@example.com", log), [["42RF2oXk000100", "2B2B2B2B2B", "4V4VKG0wRcz8tpy"]])
        self.assertEqual(self.ids("--message-id=later@example.com", log), [["2B2B2B2B2B"]])
        out = self.text("--lines", "--message-id=later@example.com", log)
        self.assertNotIn("2024-03-27T", out)

    def test_replies_that_name_short_words_do_not_drag_all_lines_in(self):
        log = self.file("mail.log", HOST1.replace("queued as 2B2B2B2B2B", "queued as e") + HOST2)
        self.assertEqual(self.ids("--queue-id=42RF2oXk000100", log), [["42RF2oXk000100"]])

    def test_logs_with_gaps_are_told_as_far_as_they_go(self):
        lines = (HOST1 + HOST2 + HOST3).splitlines(True)
        for left_out in range(len(lines)):
            log = self.file("mail.log", "".join(lines[:left_out] + lines[left_out + 1:]))
            got = self.ids("--message-id=chain@example.com", log)
            self.assertEqual(sorted(sum(got, [])), ["2B2B2B2B2B", "42RF2oXk000100", "4V4VKG0wRcz8tpy"], lines[left_out])
        out = self.text("--queue-id=2B2B2B2B2B", self.file("mail.log", "".join(HOST2.splitlines(True)[:5])))
        self.assertIn("no recipient is in these logs", out)
        out = self.text("--queue-id=2B2B2B2B2B", self.file("mail.log", "".join(HOST2.splitlines(True)[:6])))
        self.assertIn("not delivered: tried once, at 15:02:53: connect to store.example.net[192.0.2.3]:25: Connection refused; "
                      "no end of it is in these logs", out)

    def test_rubbish_among_the_lines(self):
        rubbish = b"\0" * 100000 + b"\n" + bytes(range(256)) * 50 + b"\n" + b"2B2B2B2B2B" * 30000 + b"\n2B2B2B2B2B\n: 2B2B2B2B2B: \n"
        content = rubbish.join(line.encode() for line in HOST2.splitlines(True)).replace(b"\n", b"\r\n", 5)
        self.assertEqual(self.ids("--queue-id=2B2B2B2B2B", self.file("mail.log", content)), [["2B2B2B2B2B"]])

    def test_nothing_in_a_log_steers_a_terminal(self):
        nasty = HOST2.encode().replace(b"Connection refused", b"\x1b[31m\xe2\x80\xae\xc2\x9b\xff\x07")
        out = self.find("--lines", "--queue-id=2B2B2B2B2B", self.file("mail.log", nasty)).stdout
        self.assertIn(b"2B2B2B2B2B", out)
        self.assertNotRegex(out, rb"[\x00-\x09\x0b-\x1f\x7f]|\xe2\x80\xae|\xc2\x9b|\xff")


def many_recipients(n):
    """One message to n recipients, each of whom the next host gives a queue ID of its own."""
    at = "2024-03-27T15:02:5{}.000000+00:00 mx2 postfix/{}[{}]: 2B2B2B2B2B: {}\n".format
    lines = [at(0, "smtpd", 200, "client=relay1.example.com[192.0.2.1]"), at(0, "cleanup", 201, "message-id=<many@example.com>"),
             at(0, "qmgr", 202, f"from=<alice@example.com>, size=1500, nrcpt={n} (queue active)")]
    for i in range(n):
        lines.append(at(1, "smtp", 300 + i % 20, f"to=<user{i}@example.net>, relay=store.example.net[192.0.2.3]:25, delay=1.6, "
                                                 f"delays=0.6/0.01/1/0, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 4V4VKG{i:05}z8)"))
    return "".join(lines) + at(2, "qmgr", 202, "removed")


class Cost(Case):
    def instructions(self, n, *args):
        log = self.file(f"{n}.log", many_recipients(n))
        done = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", PROGRAM, "find", *args, log],
                              capture_output=True, timeout=300)
        self.assertEqual(done.returncode, 0, done.stderr)
        return int(re.search(rb"Collected : (\d+)", done.stderr)[1])

    @unittest.skipUnless(shutil.which("valgrind"), "without valgrind")
    @unittest.skipIf(re.search("address|thread|undefined", os.environ.get("MAILTRACE_BUILD", "")), "the program has a sanitizer")
    def test_twice_as_many_recipients_cost_twice_as_much(self):
        for args in (["--queue-id=2B2B2B2B2B"], ["--to=user0@example.net", "--json"], ["--message-id=many@example.com", "--lines"]):
            start = self.instructions(1, *args)
            once, twice = (self.instructions(n, *args) - start for n in (400, 800))
            self.assertLess(twice / once, 2.3, args)


if __name__ == "__main__":
    unittest.main()
