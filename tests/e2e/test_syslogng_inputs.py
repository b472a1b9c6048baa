#!/usr/bin/python3
"""mailtrace() in syslog-ng: lines by every way in give the events of the command line, byte for byte."""
import socket
import unittest

import maillog
from syslogng import AGGREGATE, SOURCE, SyslogNg, TOP, cli_events

FILE = '''
source s_lines { file("@DIR@/mail.log" follow-freq(0.2) %s); };
'''


def corpus(seed, transactions=400, hosts=('mx1', 'mx2')):
    lines = []
    for i, host in enumerate(hosts):
        lines += maillog.Transactions(seed + i, host).lines(transactions)
    lines = [line._replace(usec=line.usec + 1000) for line in lines]  # none at a whole second
    lines.sort(key=lambda line: line.usec)
    return lines + maillog.close(lines)


def joined(lines):
    return b''.join(line + b'\n' for line in lines)


class Files(unittest.TestCase):
    def check(self, text, expected, source='', parser=''):
        with SyslogNg(FILE % source + AGGREGATE % parser, files={'mail.log': text}) as s:
            s.check_events(expected)

    def test_examples(self):
        for name in ('postfix', 'sendmail'):
            with open('%s/doc/examples/%s.log' % (TOP, name), 'rb') as f:
                text = f.read()
            with self.subTest(name):
                self.check(text, cli_events(text.splitlines()))

    def test_rfc3339(self):
        lines = [maillog.rfc3339(line) for line in corpus(1)]
        self.check(joined(lines), cli_events(lines))

    def test_traditional_stamps(self):
        lines = [maillog.traditional(line) for line in maillog.recent(corpus(3))]
        self.check(joined(lines), cli_events(lines))

    def test_rfc5424(self):
        lines = [maillog.rfc5424(line) for line in corpus(5)]
        self.check(joined(lines), cli_events(lines), source='flags(syslog-protocol)')

    def test_whole_lines_that_nobody_has_parsed(self):
        lines = [maillog.rfc3339(line) for line in corpus(7)]
        self.check(joined(lines), cli_events(lines), source='flags(no-parse)')

    def test_whole_lines_with_stamps_of_another_zone(self):
        lines = [maillog.traditional(line) for line in maillog.recent(corpus(9))]
        self.check(joined(lines), cli_events(lines, '--tz=+05:30'), source='flags(no-parse)',
                   parser='time-zone("+05:30")')


class Network(unittest.TestCase):
    def check(self, lines, events, source=SOURCE, parser=''):
        with SyslogNg(source + AGGREGATE % parser) as s:
            s.send(lines)
            s.check_events(events)
            self.assertEqual(s.stats()['lines'], len(lines))

    def test_tcp(self):
        lines = corpus(11)
        self.check([maillog.rfc3339(line, '<22>') for line in lines], cli_events([maillog.rfc3339(x) for x in lines]))

    def test_tags_with_a_queue_id_in_brackets(self):
        """dma's: syslog-ng takes it for the pid."""
        def lines(before):
            for i in range(40):
                stamp = '2024-03-07T15:02:%02d.500000+00:00' % i
                for tag, text in (('dma[1f00%02x]' % i, 'new mail from user=alice uid=1000 envelope_from=<alice@example.org>'),
                                  ('dma[1f00%02x]' % i, 'mail to=<bob@example.net> queued as 1f00%02x.559bf17fb680' % i),
                                  ('dma[1f00%02x.559bf17fb680]' % i, '<bob@example.net> trying delivery'),
                                  ('dma[1f00%02x.559bf17fb680]' % i, '<bob@example.net> delivery successful')):
                    yield ('%s%s mx1 %s: %s' % (before, stamp, tag, text)).encode()
            yield ('%s2024-03-07T15:10:00.500000+00:00 mx1 dma[1f0100]: new mail from user=alice uid=1000 envelope_from=<a@example.org>'
                   % before).encode()
        events = cli_events(list(lines('')))
        self.assertEqual(len(events), 80)
        self.check(list(lines('<22>')), events)

    def test_rfc5424_with_counted_frames(self):
        lines = corpus(13)
        frames = [maillog.rfc5424(line) for line in lines]
        source = 'source s_lines { syslog(ip(127.0.0.1) port(@PORT@) transport(tcp)); };'
        with SyslogNg(source + AGGREGATE % '') as s:
            with s.tcp() as connection:
                connection.sendall(b''.join(b'%d %s' % (len(frame), frame) for frame in frames))
            s.check_events(cli_events(frames))

    def test_udp(self):
        lines = corpus(15, 60)
        source = 'source s_lines { network(ip(127.0.0.1) port(@PORT@) transport(udp) so-rcvbuf(1000000)); };'
        with SyslogNg(source + AGGREGATE % '') as s:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
                udp.connect(('127.0.0.1', s.port))
                for i, line in enumerate(lines):
                    udp.send(maillog.rfc3339(line, '<22>'))
                    if i % 100 == 99:
                        s.wait_lines(i)
            s.check_events(cli_events([maillog.rfc3339(line) for line in lines]))

    def test_unix_socket(self):
        """As programs log to /dev/log: without a host."""
        lines = maillog.recent(corpus(17, 60, ('mx1',)))
        source = 'source s_lines { unix-dgram("@DIR@/log" host-override("mx1")); };'
        with SyslogNg(source + AGGREGATE % '') as s:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as local:
                local.connect(s.path('log'))
                for line in lines:
                    local.send(maillog.traditional(line, '<22>', host=False))
            s.check_events(cli_events([maillog.traditional(line) for line in lines]))

    def test_lines_that_a_relay_has_wrapped(self):
        """Into a line of its own, with and without a tag."""
        lines = corpus(19, 60)
        outer = b'<22>Mar  8 01:00:00 relay '
        for tag in (b'forwarded: ', b''):
            with self.subTest(tag):
                self.check([outer + tag + maillog.rfc3339(line) for line in lines],
                           cli_events([maillog.rfc3339(line) for line in lines]))

    def test_wrapped_no_leaves_them_alone(self):
        line = b'<22>Mar  8 01:00:00 relay forwarded: ' + maillog.rfc3339(corpus(19, 2)[0])
        with SyslogNg(SOURCE + AGGREGATE % 'wrapped(no)') as s:
            s.send([line])
            s.wait_lines(1)
            self.assertEqual(s.stats()['foreign'], 1)


if __name__ == '__main__':
    unittest.main()
