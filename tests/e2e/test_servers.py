#!/usr/bin/python3
"""Exim's own mainlog, and the same entries by syslog: the same events, but for the host.

The lines are made as Exim's log.c and deliver.c write them.
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


class Exim(unittest.TestCase):
    def events(self, lines, *options):
        with tempfile.NamedTemporaryFile(suffix='mainlog') as log:
            log.write('\n'.join([*lines, '']).encode())
            log.flush()
            done = subprocess.run([PROGRAM, 'events', '--tz=+00:00', *options, log.name], capture_output=True, check=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

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
