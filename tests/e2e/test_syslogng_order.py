#!/usr/bin/python3
"""mailtrace() behind two sources of syslog-ng: the command's events, sorted, byte for byte, again and again.

Each source has a thread of its own. The lines of a host come by one of them, in the order in which they were sent.
"""
import socket
import tempfile
import unittest

import generated
from syslogng import SyslogNg

TWO_SOURCES = '''
source s_one { network(ip(127.0.0.1) port(@PORT@) transport(tcp) log-iw-size(5000)); };
source s_two { network(ip(127.0.0.1) port(@SECOND@) transport(tcp) log-iw-size(5000)); };
parser p_mail { mailtrace(inject-mode(aggregate-only) settle(10)); };
log { source(s_one); source(s_two); parser(p_mail); destination(d_events); flags(flow-control); };
'''


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


class Order(unittest.TestCase):
    def check(self, *options):
        with tempfile.TemporaryDirectory(prefix='mailtrace-') as directory:
            log = generated.Log(directory, *generated.SOON, *options)
            events = log.events('--settle=10')
            for round_ in range(generated.ROUNDS):
                with self.subTest(options=options, round=round_):
                    self.once(log, events)

    def once(self, log, events):
        first = log.hosts()[::2]
        parts = [[line for line in log.wire() if (line.split(b' ', 2)[1] in first) == wanted] for wanted in (True, False)]
        second = free_port()
        with SyslogNg(TWO_SOURCES.replace('@SECOND@', str(second))) as s:
            with s.tcp() as one, socket.create_connection(('127.0.0.1', second), timeout=60) as two:
                for start in range(0, max(map(len, parts)), 100):
                    for connection, lines in zip((one, two), parts):
                        connection.sendall(generated.bytes_of(lines[start:start + 100]))
            s.wait_lines(len(log.lines))
            s.send(log.closing())
            s.check_events(events)

    def test_crowded_whole_seconds(self):
        self.check('--whole-seconds', *generated.CROWDED, '--hosts', '4')

    def test_several_servers_with_microseconds(self):
        self.check('--mta', 'mixed', '--hosts', '6')


if __name__ == '__main__':
    unittest.main()
