#!/usr/bin/python3
"""The wall clock of the machine is set while mails are sent: every event comes, in time, and nothing is given up."""
import datetime
import json
import os
import struct
import subprocess
import tempfile
import time
import unittest

from rsyslog import EVENTS, PRELOAD, Rsyslog
from syslogng import AGGREGATE, SOURCE, SyslogNg

HERE = os.path.dirname(os.path.abspath(__file__))
HOUR, DAY = 3600, 86400
STEPS = [0, -HOUR, 0, -2 * DAY, 0, 2 * DAY, 0, 365 * DAY, 0]

SETTLE = float(os.environ.get('MAILTRACE_CLOCK_SETTLE', 0.4))  # seconds; a line waits so long, and then its event
STAY = float(os.environ.get('MAILTRACE_CLOCK_STAY', 2))        # seconds between two steps
RATE = 40                                                      # mails in a second
OPEN = 20                                                      # mails that stay open
LATEST = 2 * SETTLE + 2

MAIL = ['postfix/smtpd[%(pid)d]: connect from mail.example.com[192.0.2.10]',
        'postfix/smtpd[%(pid)d]: %(id)s: client=mail.example.com[192.0.2.10]',
        'postfix/cleanup[8]: %(id)s: message-id=<%(id)s@example.com>',
        'postfix/qmgr[9]: %(id)s: from=<ann@example.org>, size=512, nrcpt=1 (queue active)',
        'postfix/smtpd[%(pid)d]: disconnect from mail.example.com[192.0.2.10] ehlo=1 mail=1 rcpt=1 data=1 quit=1 commands=5',
        'postfix/smtp[10]: %(id)s: to=<bob@example.net>, relay=mx.example.net[198.51.100.25]:25, delay=0.28, '
        'delays=0.03/0.01/0.12/0.12, dsn=%(dsn)s, status=%(status)s',
        'postfix/qmgr[9]: %(id)s: removed']
DELIVERY, END = 5, 6


class Clock:
    """A wall clock that daemons have through wallclock.c, and that the lines' timestamps are of."""

    def __init__(self, directory):
        self.library, self.file = os.path.join(directory, 'wallclock.so'), os.path.join(directory, 'offset')
        self.set(0)
        subprocess.run(['cc', '-shared', '-fPIC', '-O1', '-D_GNU_SOURCE', '-o', self.library,
                        os.path.join(HERE, 'wallclock.c'), '-ldl'], check=True)

    def set(self, offset):
        self.offset = offset
        with open(self.file, 'r+b' if os.path.exists(self.file) else 'wb') as f:
            f.write(struct.pack('=q', offset))

    def stamp(self):
        now = datetime.datetime.fromtimestamp(time.time() + self.offset, datetime.timezone.utc)
        return now.strftime('%Y-%m-%dT%H:%M:%S.%f+00:00')

    def wrapper(self):
        return ['env', 'LD_PRELOAD=' + self.library, 'WALLCLOCK=' + self.file]


class Mails:
    """Sends them, and watches when their events come, by elapsed time."""

    def __init__(self, clock, daemon, connection):
        self.clock, self.daemon, self.connection = clock, daemon, connection
        self.n = 0
        self.sent, self.seen, self.all = {}, {}, []

    def say(self, i, steps, deferred=False):
        what = {'id': '%X' % (0x1000000 + i), 'pid': 100 + i,
                'dsn': '4.4.1' if deferred else '2.0.0', 'status': 'deferred (refused)' if deferred else 'sent (250 ok)'}
        for step in steps:
            line = '%s mx1 %s\n' % (self.clock.stamp(), MAIL[step] % what)
            self.connection.sendall(('<22>' + line).encode())
            if step in (DELIVERY, END):
                self.sent[('delivery' if step == DELIVERY else 'message', what['id'])] = time.monotonic()

    def watch(self):
        events = self.daemon.events()
        for event in map(json.loads, events[len(self.all):]):
            self.all.append(event)
            self.seen.setdefault((event['event'], event.get('queue_id')), time.monotonic())

    def run(self, seconds):
        """A mail begins, and the one before it ends."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.say(self.n + 1, range(DELIVERY))
            self.say(self.n, (DELIVERY, END))
            self.n += 1
            self.watch()
            time.sleep(1 / RATE)


@unittest.skipIf(PRELOAD, 'a sanitizer comes first')
class WallClock(unittest.TestCase):
    def check(self, daemon, connection, clock):
        mails = Mails(clock, daemon, connection)
        for i in range(OPEN):
            mails.say(i + 0x100000, range(END), deferred=True)
        mails.say(0, range(DELIVERY))
        for offset in STEPS:
            clock.set(offset)
            mails.run(STAY)
        end = time.monotonic() + LATEST + 1
        while time.monotonic() < end:
            mails.watch()
            time.sleep(0.05)
        self.judge(mails)

    def judge(self, mails):
        late = [mails.seen[key] - mails.sent[key] for key in mails.sent if key in mails.seen]
        missing = [key for key in mails.sent if key not in mails.seen]
        kinds = [e.get('reason', e['result']) for e in mails.all if e['event'] == 'message']
        if os.environ.get('MAILTRACE_CLOCK_SAY'):
            print(self.id(), len(mails.sent), 'events,', len(missing), 'missing, latest %.2f s' % max(late),
                  {kind: kinds.count(kind) for kind in set(kinds)}, 'messages')
        self.assertEqual(missing, [])
        self.assertEqual(set(kinds), {'sent'})
        self.assertEqual(len(kinds), mails.n)
        self.assertEqual({e.get('from') for e in mails.all if e['event'] == 'delivery'}, {'ann@example.org'})
        self.assertLess(max(late), LATEST)

    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix='mailtrace-')
        self.addCleanup(directory.cleanup)
        self.clock = Clock(directory.name)

    def test_rsyslog(self):
        config = EVENTS % '' + Rsyslog.TCP % 'mail' + '''
ruleset(name="mail" queue.type="LinkedList") { action(type="mmmailtrace" ruleset="mailevents" settle="%s") }
''' % SETTLE
        with Rsyslog(config, wrapper=self.clock.wrapper()) as daemon, daemon.tcp() as connection:
            self.check(daemon, connection, self.clock)

    def test_syslog_ng(self):
        with SyslogNg(SOURCE + AGGREGATE % ('settle(%s)' % SETTLE), wrapper=self.clock.wrapper()) as daemon, \
                daemon.tcp() as connection:
            self.check(daemon, connection, self.clock)


if __name__ == '__main__':
    unittest.main()
