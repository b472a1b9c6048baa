#!/usr/bin/python3
"""mmmailtrace in rsyslog when events do not get away: a full queue, a slow output, a full disk."""
import glob
import json
import os
import subprocess
import unittest

import maillog
from rsyslog import Rsyslog, cli_events

SETTLE = '--settle=20'

MAIL = '''
ruleset(name="mail" queue.type="FixedArray" queue.size="50000" queue.workerThreads="4"
        queue.workerThreadMinimumMessages="1" queue.dequeueBatchSize="16") {
    action(type="mmmailtrace" ruleset="mailevents" settle="20")
}
'''


def wire(lines):
    return [maillog.rfc3339(line, '<22>') for line in lines]


def close(lines):
    return maillog.close(lines, 200)


class FullQueue(unittest.TestCase):
    """Small queue, slow output: workers wait, and every event comes."""

    SLOW = '''
ruleset(name="mailevents" queue.type="%s" queue.size="20" queue.dequeueBatchSize="4" queue.dequeueSlowdown="1000") {
    action(type="omfile" file="@DIR@/events.json" template="mailtrace")
}
'''

    def through(self, queue_type, mail=MAIL, settle=SETTLE):
        lines = maillog.Transactions(81).lines(700)
        closing = close(lines)
        events = cli_events([maillog.rfc3339(line) for line in lines + closing], settle)
        self.assertGreater(len(events), 1000)
        with Rsyslog(self.SLOW % queue_type + mail + Rsyslog.TCP % 'mail') as r:
            r.send(wire(lines))
            r.wait_lines(len(lines))
            r.send(wire(closing))
            r.check_events(events)
            self.assertEqual(r.stop(), 0)

    def test_linked_list(self):
        self.through('LinkedList')

    def test_fixed_array(self):
        self.through('FixedArray')

    def test_events_as_the_lines_come(self):
        """Here every worker waits, again and again, and not only the one that has moved the clock."""
        lines = maillog.Transactions(82).lines(500)
        mail = MAIL.replace('settle="20"', 'settle="0"').replace('queue.workerThreads="4"', 'queue.workerThreads="1"')
        events = cli_events([maillog.rfc3339(line) for line in lines], '--settle=0')
        with Rsyslog(self.SLOW % 'LinkedList' + mail + Rsyslog.TCP % 'mail') as r:
            r.send(wire(lines))
            r.check_events(events)

    def test_late_because_of_the_queue_is_not_late(self):
        """Waiting takes longer than settle: the clock of the lines must not run away from them."""
        lines = maillog.Transactions(83, step=1000).lines(2500)
        mail = MAIL.replace('settle="20"', 'settle="2"').replace('queue.workerThreads="4"', 'queue.workerThreads="1"')
        closing = close(lines)
        events = cli_events([maillog.rfc3339(line) for line in lines + closing], '--settle=2')
        with Rsyslog(self.SLOW % 'LinkedList' + mail + Rsyslog.TCP % 'mail') as r:
            r.send(wire(lines) + wire(closing))
            r.check_events(events)
            self.assertEqual(r.stats()['late'], 0)

    def test_stop_while_workers_wait(self):
        """The queue is full and stays full: the daemon must end all the same."""
        lines = maillog.Transactions(84).lines(2000)
        config = self.SLOW.replace('"1000"', '"2000000"') % 'LinkedList' + MAIL.replace('settle="20"', 'settle="0"')
        with Rsyslog(config + Rsyslog.TCP % 'mail') as r:
            r.send(wire(lines))
            r.wait_lines(50)
            self.assertEqual(r.stop(60), 0, r.said())

    def test_stop_while_the_ticker_waits(self):
        lines = maillog.Transactions(85).lines(300)
        config = self.SLOW.replace('"1000"', '"2000000"') % 'LinkedList' + MAIL.replace('settle="20"', 'settle="1"')
        with Rsyslog(config + Rsyslog.TCP % 'mail') as r:
            r.send(wire(lines))
            r.wait(lambda: r.events(), what='a first event')
            self.assertEqual(r.stop(60), 0, r.said())

    def test_a_disk_assisted_queue_goes_to_disk(self):
        """And nobody waits, though the output takes nothing. What rsyslog has in hand when it is
        stopped then may be lost, a batch: the rest comes after the next start.
        """
        lines = maillog.Transactions(86).lines(500)
        events = cli_events([maillog.rfc3339(line) for line in lines], '--settle=0')
        queue = '''
ruleset(name="mailevents" queue.type="LinkedList" queue.size="300" queue.highWatermark="100" queue.lowWatermark="20"
        queue.filename="events" queue.spoolDirectory="@DIR@/work" queue.saveOnShutdown="on"
        queue.dequeueBatchSize="8" queue.timeoutShutdown="1") {
    action(%s template="mailtrace" action.resumeRetryCount="-1" action.resumeInterval="1")
}
'''
        nobody = 'type="omfwd" target="127.0.0.1" port="9" protocol="tcp"'
        mail = MAIL.replace('settle="20"', 'settle="0"').replace('queue.workerThreads="4"', 'queue.workerThreads="1"')
        with Rsyslog(queue % nobody + mail + Rsyslog.TCP % 'mail') as r:
            r.send(wire(lines))
            r.wait_lines(len(lines))
            r.wait(lambda: glob.glob(r.path('work/events.0*')), 10, 'the queue on disk')
            self.assertEqual(r.stop(60), 0, r.said())
            with open(r.path('rsyslog.conf')) as f:
                config = f.read().replace(nobody, 'type="omfile" file="%s"' % r.path('events.json'))
            with open(r.path('rsyslog.conf'), 'w') as f:
                f.write(config)
            r.start()
            r.wait_events(len(events) - 16)
            self.assertLessEqual(set(r.events()), set(events))


class FullDisk(unittest.TestCase):
    """omfile gives up what it cannot write, and leaves half a line: the daemon and the module go on."""

    OUTPUT = '''
ruleset(name="mailevents" queue.type="LinkedList" queue.size="5000") {
    action(type="omfile" file="%s" template="mailtrace")
}
'''

    def test_a_full_device_does_not_end_the_daemon(self):
        lines = maillog.Transactions(87).lines(300)
        with Rsyslog(self.OUTPUT % '/dev/full' + MAIL.replace('"20"', '"0"') + Rsyslog.TCP % 'mail') as r:
            r.send(wire(lines))
            r.wait_lines(len(lines))
            self.assertTrue(r.alive())
            self.assertGreater(r.stats()['events.delivery'], 100)
            self.assertEqual(r.stop(60), 0)

    @unittest.skipIf(os.geteuid() != 0, 'mounting a file system needs root')
    def test_events_come_when_there_is_room_again(self):
        transactions = maillog.Transactions(88)
        before, after = transactions.lines(400), transactions.lines(100)
        expected = cli_events([maillog.rfc3339(line) for line in after], '--settle=0')
        mail = MAIL.replace('"20"', '"0"').replace('queue.workerThreads="4"', 'queue.workerThreads="1"')
        r = Rsyslog(self.OUTPUT % '@DIR@/small/events.json' + mail + Rsyslog.TCP % 'mail')
        os.mkdir(r.path('small'))
        subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=128k', 'tmpfs', r.path('small')], check=True)
        try:
            with r:
                r.send(wire(before))
                r.wait(lambda: 'No space left' in r.said(), what='a full disk')
                r.wait_lines(len(before))
                subprocess.run(['mount', '-o', 'remount,size=16m', r.path('small')], check=True)
                r.send(wire(after))
                r.wait(lambda: set(expected[1:]) <= set(r.events('small/events.json')), what='the events after')
                self.assertEqual(r.stop(), 0)
                subprocess.run(['umount', r.path('small')], check=True)
        finally:
            subprocess.run(['umount', '-q', r.path('small')], stderr=subprocess.DEVNULL)


class LargeEvents(unittest.TestCase):
    def test_an_event_longer_than_rsyslogs_longest_message_stays_whole(self):
        """maxMessageSize is 64 KiB here; one message to 1000 recipients makes more."""
        lines = [maillog.Line(0, 'mx1', 'postfix/smtpd', 9, 'A1B2C3D4E5: client=c.example[192.0.2.1]'),
                 maillog.Line(1, 'mx1', 'postfix/qmgr', 7, 'A1B2C3D4E5: from=<a@example.org>, size=9, nrcpt=1000 (queue active)')]
        for i in range(1000):
            lines.append(maillog.Line(2 + i, 'mx1', 'postfix/smtp', 8,
                                      'A1B2C3D4E5: to=<%d.%s@example.net>, relay=mx.example.net[192.0.2.9]:25, delay=1, '
                                      'delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 Ok)' % (i, 'x' * 60)))
        lines.append(maillog.Line(2000, 'mx1', 'postfix/qmgr', 7, 'A1B2C3D4E5: removed'))
        lines += close(lines)
        config = '''
ruleset(name="mailevents" queue.type="LinkedList") {
    action(type="omfile" file="@DIR@/events.json" template="mailtrace")
}
''' + MAIL.replace('settle=', 'events="message" settle=')
        with Rsyslog(config + Rsyslog.TCP % 'mail') as r:
            r.send(wire(lines))
            r.wait_events(1)
            event = r.events()[0]
            self.assertGreater(len(event), 65536)
            self.assertEqual(json.loads(event)['counts'], {'sent': 1000})
            self.assertEqual(len(r.events()), 1)


if __name__ == '__main__':
    unittest.main()
