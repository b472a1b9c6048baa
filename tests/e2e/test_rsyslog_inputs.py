#!/usr/bin/python3
"""mmmailtrace in rsyslog: the same events whatever way the lines come in."""
import os
import socket
import time
import unittest

import maillog
from rsyslog import EVENTS, Rsyslog, cli_events, need_module

MAIL = '''
ruleset(name="mail") {
    action(type="mmmailtrace" ruleset="mailevents" %s)
}
'''


def some(seed, transactions=200, step=5000, **keywords):
    return maillog.Transactions(seed, step=step, **keywords).lines(transactions)


class Network(unittest.TestCase):
    def through_tcp(self, lines, form, parameters='', reference=maillog.rfc3339):
        lines = lines + maillog.close(lines)
        events = cli_events([reference(line) for line in lines])
        self.assertGreater(len(events), 100)
        with Rsyslog(EVENTS % '' + MAIL % parameters + Rsyslog.TCP % 'mail') as r:
            r.send([form(line) for line in lines])
            r.wait_lines(len(lines))
            r.check_events(events)
            return r.stats()

    def test_traditional(self):
        lines = maillog.recent(some(61, step=100000))
        self.through_tcp(lines, lambda line: maillog.traditional(line, '<22>'), reference=maillog.traditional)

    def test_traditional_with_an_rfc3339_stamp(self):
        self.through_tcp(some(62), lambda line: maillog.rfc3339(line, '<22>'))

    def test_rfc5424(self):
        """APP-NAME keeps its slash: programname would not."""
        stats = self.through_tcp(some(63), maillog.rfc5424)
        self.assertEqual(stats['foreign'], 0)

    def test_rfc5424_with_a_byte_order_mark(self):
        self.through_tcp(some(64), lambda line: maillog.rfc5424(line).replace(b' - - ', b' - - \xef\xbb\xbf', 1))

    def test_a_relay_wraps_lines(self):
        def wrap(line):
            return b'<13>2024-03-09T01:02:03+00:00 relay9 wrapper: ' + maillog.rfc3339(line)
        self.through_tcp(some(65), wrap)

    def test_a_relay_wraps_lines_with_their_priority(self):
        def wrap(line):
            return b'<13>Mar  9 01:02:03 relay9 wrapper[77]: ' + maillog.rfc5424(line)
        self.through_tcp(some(66), wrap)

    def test_a_relay_wraps_lines_without_a_tag(self):
        """rsyslog takes the first word of the wrapped header for the tag."""
        def wrap(line):
            return b'<13>2024-03-09T01:02:03+00:00 relay9 ' + maillog.rfc3339(line)
        self.through_tcp(some(67), wrap)

    def test_a_relay_wraps_traditional_lines_without_a_tag(self):
        def wrap(line):
            return b'<13>2024-03-09T01:02:03+00:00 relay9 ' + maillog.traditional(line)
        self.through_tcp(maillog.recent(some(68, step=100000)), wrap, reference=maillog.traditional)

    def test_wrapped_lines_can_be_left_alone(self):
        lines = some(69, 20)
        with Rsyslog(EVENTS % '' + MAIL % 'wrapped="off"' + Rsyslog.TCP % 'mail') as r:
            r.send([b'<13>2024-03-09T01:02:03+00:00 relay9 wrapper: ' + maillog.rfc3339(line) for line in lines])
            r.wait_lines(len(lines))
            self.assertEqual(r.stats()['foreign'], len(lines))

    def test_the_zone_of_wrapped_stamps_is_given(self):
        lines = maillog.recent(some(70, 20, step=100000))

        def wrap(line):
            return b'<13>2024-03-09T01:02:03+00:00 relay9 wrapper: ' + maillog.traditional(line)
        lines += maillog.close(lines)
        with Rsyslog(EVENTS % '' + MAIL % 'tz="+02:00"' + Rsyslog.TCP % 'mail') as r:
            r.send([wrap(line) for line in lines])
            r.wait_lines(len(lines))
            r.wait_events(10)
            for event in r.events():
                self.assertIn(b'+02:00","host":"mx1"', event)


class Files(unittest.TestCase):
    INPUT = '''
module(load="imfile" pollingInterval="1")
input(type="imfile" file="@DIR@/mail.log" tag="%s" ruleset="mail")
'''

    def setUp(self):
        need_module('imfile')

    def through_file(self, lines, form, tag='x:', rotate=False):
        closing = maillog.close(lines)
        events = cli_events([form(line) for line in lines + closing])
        with Rsyslog(EVENTS % '' + MAIL % '' + self.INPUT % tag) as r:
            half = len(lines) // 2 if rotate else len(lines)
            self.append(r, [form(line) for line in lines[:half]])
            if rotate:
                r.wait_lines(half)
                os.rename(r.path('mail.log'), r.path('mail.log.1'))
                r.hup()
                self.append(r, [form(line) for line in lines[half:]])
            r.wait_lines(len(lines))
            self.append(r, [form(line) for line in closing])
            r.check_events(events)

    def append(self, r, lines):
        with open(r.path('mail.log'), 'ab') as f:
            f.write(b''.join(line + b'\n' for line in lines))

    def test_whole_lines_with_rfc3339_stamps(self):
        self.through_file(some(71), maillog.rfc3339)

    def test_whole_lines_with_traditional_stamps(self):
        self.through_file(maillog.recent(some(72, step=100000)), maillog.traditional)

    def test_whole_lines_of_rfc5424(self):
        self.through_file(some(73), maillog.rfc5424)

    def test_the_header_in_the_line_wins_over_a_tag_of_postfix(self):
        self.through_file(some(74), maillog.rfc3339, tag='postfix')

    def test_a_file_is_rotated(self):
        self.through_file(some(75), maillog.rfc3339, rotate=True)


class LocalSocket(unittest.TestCase):
    INPUT = '''
module(load="imuxsock" sysSock.use="off")
input(type="imuxsock" socket="@DIR@/log" useSysTimeStamp="off" ignoreTimestamp="off" ruleset="mail")
'''

    def setUp(self):
        need_module('imuxsock')

    def test_lines_of_the_local_socket(self):
        host = socket.gethostname().split('.')[0]
        lines = maillog.recent(some(76, step=100000, host=host))
        lines += maillog.close(lines)
        events = cli_events([maillog.traditional(line) for line in lines])
        with Rsyslog(EVENTS % '' + MAIL % '' + self.INPUT) as r:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
                r.wait(lambda: os.path.exists(r.path('log')), what='the socket')
                s.connect(r.path('log'))
                for i, line in enumerate(lines):
                    s.send(maillog.traditional(line, '<22>', host=False))
                    if i % 50 == 0:
                        time.sleep(0.01)
            r.wait_lines(len(lines))
            r.check_events(events)


if __name__ == '__main__':
    unittest.main()
