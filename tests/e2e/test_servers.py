#!/usr/bin/python3
"""Servers' own logs, and the same lines by syslog: the same events, but for the host.

The lines are made as Exim's log.c and deliver.c, and qmail's qmail-send.c and splogger.c, write them.
"""
import json
import os
import subprocess
import tempfile
import unittest

TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.path.join(os.environ.get('MAILTRACE_BUILD', os.path.join(TREE, 'build')), 'mailtrace')

PIECE = 870  # log.c, MAX_SYSLOG_LEN

RECIPIENTS = ['user%03d@a-rather-long-name.example' % i for i in range(60)]
ENTRIES = [
    (40, '1xUvM0-00000r-08 <= ann@x.example H=mx.x.example (x) [192.0.2.1] P=esmtp S=512 id=1@x.example T="to \\"all\\"" for '
     + ' '.join(RECIPIENTS)),
    *((41, '1xUvM0-00000r-08 %s %s R=dnslookup T=remote_smtp H=mx.y.example [192.0.2.25] C="250 OK id=1xUvM5-00005Q-20"'
       % ('->' if i else '=>', to)) for i, to in enumerate(RECIPIENTS[1:])),
    (41, '1xUvM0-00000r-08 ** %s: Unrouteable address' % RECIPIENTS[0]),
    (42, '1xUvM2-00000s-09 <= <> R=1xUvM0-00000r-08 U=Debian-exim P=local S=1746'),
    (41, '1xUvM0-00000r-08 Completed'),
    (43, '1xUvM2-00000s-09 => ann@x.example R=dnslookup T=remote_smtp H=mx.x.example [192.0.2.1] C="250 OK"'),
    (43, '1xUvM2-00000s-09 Completed'),
    (44, 'H=[192.0.2.66] F=<spam@z.example> rejected RCPT <nobody@x.example>: Unknown user'),
]


def mainlog():
    for second, (pid, text) in enumerate(ENTRIES):
        yield '2026-11-22 00:%02d:%02d [%d] %s' % (second // 60, second % 60, pid, text)


def by_syslog():
    for second, (pid, text) in enumerate(ENTRIES):
        stamp = '2026-11-22T00:%02d:%02d+00:00' % (second // 60, second % 60)
        pieces = [text[i:i + PIECE] for i in range(0, len(text), PIECE)]
        for i, piece in enumerate(pieces):
            mark = '[%d/%d] ' % (i + 1, len(pieces)) if len(pieces) > 1 else ''
            yield '%s out1 exim[%d]: %s%s' % (stamp, pid, mark, piece)
            if len(pieces) > 1:
                yield '%s out1 exim[50]: Start queue run: pid=50' % stamp


# After the restart the deliveries are counted anew; the number of the first message is the second one's then.
QMAIL = [
    'new msg 1174', 'info msg 1174: bytes 371 from <ann@x.example> qp 6001 uid 7791',
    'starting delivery 1: msg 1174 to local bob@q.example', 'starting delivery 2: msg 1174 to remote dan@y.example',
    'delivery 1: failure: Sorry,_no_mailbox_here_by_that_name._(#5.1.1)/',
    'delivery 2: success: 192.0.2.25_accepted_message./Remote_host_said:_250_2.0.0_Ok:_queued_as_4F2A0B9C/',
    'bounce msg 1174 qp 6002', 'end msg 1174', 'new msg 1175', 'info msg 1175: bytes 900 from <> qp 6002 uid 7796',
    'starting delivery 3: msg 1175 to remote ann@x.example', 'status: exiting', 'status: local 0/10 remote 0/20',
    'new msg 1174', 'info msg 1174: bytes 400 from <eve@z.example> qp 6003 uid 7791',
    'starting delivery 3: msg 1174 to local joe@q.example', 'delivery 3: success: did_1+0+0/', 'end msg 1174',
    'starting delivery 4: msg 1175 to remote ann@x.example',
    'delivery 4: success: 192.0.2.9_accepted_message./Remote_host_said:_250_ok_1795306671_qp_77/', 'end msg 1175',
]


def splogger():
    for i, text in enumerate(QMAIL):
        yield '2026-11-22T00:00:%02d+00:00 q1 qmail: %d.%06d %s' % (i + 1, 1795305600 + i, i, text)


def multilog():
    for i, text in enumerate(QMAIL):
        yield '@%016x%08x %s' % ((1 << 62) + 10 + 1795305600 + i, i * 1000, text)


def run(lines, *args):
    with tempfile.NamedTemporaryFile(suffix='.log') as log:
        log.write('\n'.join([*lines, '']).encode())
        log.flush()
        return subprocess.run([PROGRAM, *args, log.name], capture_output=True, check=True).stdout


class Qmail(unittest.TestCase):
    def events(self, lines, *options):
        return [json.loads(line) for line in run(lines, 'events', '--tz=+00:00', *options).splitlines()]

    def test_what_multilog_and_splogger_write_gives_the_same_events(self):
        own, syslog = self.events(multilog(), '--host=q1'), self.events(splogger())
        for event in own + syslog:
            del event['id']  # of the line as it stands in its log
        self.assertEqual(own, syslog)
        self.assertEqual([e['to'] for e in own if e['event'] == 'delivery'],
                         ['bob@q.example', 'dan@y.example', 'joe@q.example', 'ann@x.example'])
        first, second, third = sorted((e for e in own if e['event'] == 'message'), key=lambda e: e['external_id'])
        self.assertEqual(first['result'], 'partial')
        self.assertEqual((second['result'], second['parent_queue_id'], second['origin']), ('sent', '1174', 'bounce'))
        self.assertEqual((third['result'], third['from']), ('sent', 'eve@z.example'))

    def test_results_are_found_by_the_numbers_of_their_deliveries(self):
        found = run(splogger(), 'find', '--tz=+00:00', '--to=dan@y.example').decode()
        self.assertIn('4F2A0B9C', found)
        found = run(splogger(), 'find', '--tz=+00:00', '--queue-id=1175').decode()
        self.assertIn('accepted by [192.0.2.9]', found)
        self.assertIn('a notification made here about 1174', found)


class Exim(unittest.TestCase):
    def events(self, lines, *options):
        return [json.loads(line) for line in run(lines, 'events', '--tz=+00:00', *options).splitlines()]

    def test_a_mainlog_and_the_same_by_syslog_give_the_same_events(self):
        own, syslog = self.events(mainlog(), '--host=out1'), self.events(by_syslog())
        self.assertEqual(len(own), 60 + 2 + 1 + 1)
        for event in own + syslog:
            del event['id']  # of the line as it stands in its log
        self.assertEqual(own, syslog)
        message = next(e for e in own if e['event'] == 'message' and e['queue_id'] == '1xUvM0-00000r-08')
        self.assertEqual((message['result'], message['nrcpt'], message['counts']), ('partial', 60, {'sent': 59, 'bounced': 1}))
        self.assertEqual(message['bounce_queue_id'], '1xUvM2-00000s-09')

    def test_a_mainlog_without_host_tells_none(self):
        for event in self.events(mainlog()):
            self.assertNotIn('host', event)
            self.assertEqual(event['mta'], 'exim')


if __name__ == '__main__':
    unittest.main()
