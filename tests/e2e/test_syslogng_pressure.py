#!/usr/bin/python3
"""mailtrace() in syslog-ng when events do not get away, are huge, or the disk is full."""
import json
import os
import socket
import subprocess
import threading
import time
import unittest

import maillog
from syslogng import SOURCE, SyslogNg, cli_events

PATH = '''
destination d_net { network("127.0.0.1" port(%d) time-reopen(1) log-fifo-size(%d) template("$MESSAGE\\n")); };
parser p_mail { mailtrace(inject-mode(aggregate-only) %s); };
log { source(s_lines); parser(p_mail); destination(d_net); %s };
'''
FLOW = 'flags(flow-control);'


def corpus(seed, transactions):
    lines = [line._replace(usec=line.usec + 1000) for line in maillog.Transactions(seed).lines(transactions)]
    return [maillog.rfc3339(line, '<22>') for line in lines], \
        [maillog.rfc3339(line, '<22>') for line in maillog.close(lines, 200)]


def events_of(wire, *options):
    return cli_events([line[4:] for line in wire], *options)


class Output:
    """A server that takes events, or does not."""

    def __init__(self):
        self.socket = socket.create_server(('127.0.0.1', 0))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.port = self.socket.getsockname()[1]
        self.text = b''

    def take(self):
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        with self.socket, self.socket.accept()[0] as connection:
            for piece in iter(lambda: connection.recv(65536), b''):
                self.text += piece

    def events(self):
        return self.text[:self.text.rfind(b'\n') + 1].splitlines()


class BlockedOutput(unittest.TestCase):
    def test_with_flow_control_the_source_waits_and_nothing_is_lost(self):
        lines, closing = corpus(81, 3000)
        expected = events_of(lines + closing, '--settle=0')
        output = Output()
        source = SOURCE.replace('log-iw-size(5000)', 'log-iw-size(1000)').replace('max-connections(50)', 'max-connections(10)')
        with SyslogNg(source + PATH % (output.port, 1000, 'settle(0)', FLOW)) as s:
            sender = threading.Thread(target=s.send, args=(lines + closing,), daemon=True)
            sender.start()
            time.sleep(3)
            stuck = s.stats()['lines']
            self.assertLess(stuck, len(lines) // 2)
            time.sleep(1)
            self.assertEqual(s.stats()['lines'], stuck)
            output.take()
            s.wait(lambda: len(output.events()) >= len(expected), what='all events')
            sender.join()
            self.assertEqual(sorted(output.events()), sorted(expected))
            self.assertEqual(s.destination_stats('dropped'), 0)

    def test_without_it_what_finds_no_room_is_counted(self):
        lines, closing = corpus(82, 3000)
        output = Output()
        with SyslogNg(SOURCE + PATH % (output.port, 100, 'settle(0)', '')) as s:
            s.send(lines + closing)
            s.wait_lines(len(lines + closing))
            self.assertTrue(s.alive())
            output.take()
            made = lambda: sum(v for k, v in s.stats().items() if k.startswith('events.') and k.split('.')[1] in
                               ('delivery', 'message', 'reject', 'session'))
            s.wait(lambda: len(output.events()) + s.destination_stats('dropped') == made() > 3000, what='the sum')
            self.assertGreater(s.destination_stats('dropped'), 100)

    def test_events_of_the_clock_wait_too(self):
        """They come all at once, from no line, and are more than log-fifo-size()."""
        lines, closing = corpus(83, 1500)
        expected = events_of(lines + closing, '--settle=20')
        output = Output()
        with SyslogNg(SOURCE + PATH % (output.port, 100, 'settle(20)', FLOW)) as s:
            s.send(lines)
            s.wait_lines(len(lines))
            s.send(closing)
            s.wait(lambda: s.stats()['events.pending'] == len(expected), what='events on their way')
            output.take()
            s.wait(lambda: len(output.events()) >= len(expected), what='all events')
            self.assertEqual(sorted(output.events()), sorted(expected))
            s.wait(lambda: s.stats()['events.pending'] == 0, what='acknowledgements')

    def test_reload_and_stop_while_the_output_is_blocked(self):
        lines, closing = corpus(84, 5000)
        output = Output()
        with SyslogNg(SOURCE + PATH % (output.port, 1000, 'settle(0)', FLOW)) as s:
            threading.Thread(target=lambda: s.send(lines), daemon=True).start()
            s.wait(lambda: s.stats()['events.pending'] > 50, what='events on their way')
            s.reload()
            s.reload()
            self.assertTrue(s.alive())
            self.assertEqual(s.stop(), 0, s.said())

    def test_reload_without_the_parser_while_events_are_on_their_way(self):
        """They are acknowledged when nothing of the parser is there any more."""
        lines, closing = corpus(85, 300)
        output = Output()
        config = PATH % (output.port, 5000, 'settle(1) persist-name("mail")', FLOW)
        with SyslogNg(SOURCE + config) as s:
            s.send(lines)
            s.wait_lines(len(lines))
            s.send(closing)
            s.wait(lambda: s.stats()['events.pending'] > 300, what='events on their way')
            n = s.stats()['events.pending']
            s.configure(SOURCE + config.replace('parser(p_mail);', ''))
            s.reload()
            self.assertEqual(s.stats(), {})
            output.take()
            s.wait(lambda: len(output.events()) >= n, what='the events')
            self.assertEqual(s.stop(), 0, s.said())


class FullDisk(unittest.TestCase):
    @unittest.skipIf(os.geteuid() != 0, 'mounting a file system needs root')
    def test_a_state_that_cannot_grow_is_said_and_events_go_on(self):
        lines, closing = corpus(86, 2000)
        s = SyslogNg(SOURCE + '''
parser p_mail { mailtrace(inject-mode(aggregate-only) settle(10) state-file("@DIR@/small/mail.state")); };
log { source(s_lines); parser(p_mail); destination(d_events); };
''')
        os.mkdir(s.path('small'))
        subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=1200k', 'tmpfs', s.path('small')], check=True)
        try:
            with s:
                s.send(lines)
                s.wait_lines(len(lines))
                s.send(closing)
                s.check_events(events_of(lines + closing, '--settle=10'))
                self.assertTrue(s.logged('No space left on device.*kept in memory only'), s.said())
                self.assertGreater(s.stats()['state.unsaved'], 0)
                self.assertEqual(s.stop(), 0)
                subprocess.run(['umount', s.path('small')], check=True)
        finally:
            subprocess.run(['umount', '-q', s.path('small')], stderr=subprocess.DEVNULL)


class LargeEvents(unittest.TestCase):
    def test_an_event_longer_than_log_msg_size_stays_whole(self):
        """Which is 64 KiB here; one message to 1000 recipients makes more."""
        lines = [maillog.Line(1, 'mx1', 'postfix/smtpd', 9, 'A1B2C3D4E5: client=c.example[192.0.2.1]'),
                 maillog.Line(2, 'mx1', 'postfix/qmgr', 7, 'A1B2C3D4E5: from=<a@example.org>, size=9, nrcpt=1000 (queue active)')]
        for i in range(1000):
            lines.append(maillog.Line(3 + i, 'mx1', 'postfix/smtp', 8,
                                      'A1B2C3D4E5: to=<%d.%s@example.net>, relay=mx.example.net[192.0.2.9]:25, delay=1, '
                                      'delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 Ok)' % (i, 'x' * 60)))
        lines.append(maillog.Line(2000, 'mx1', 'postfix/qmgr', 7, 'A1B2C3D4E5: removed'))
        lines += maillog.close(lines)
        config = SOURCE + '''
parser p_mail { mailtrace(inject-mode(aggregate-only) events(message)); };
log { source(s_lines); parser(p_mail); destination(d_events);
      destination { file("@DIR@/recipients" template("${.mail.recipients}\\n")); }; };
'''
        with SyslogNg(config) as s:
            s.send([maillog.rfc3339(line, '<22>') for line in lines])
            s.wait_events(1)
            event = json.loads(s.events()[0])
            self.assertGreater(len(s.events()[0]), 65536)
            self.assertEqual(event['counts'], {'sent': 1000})
            s.wait(lambda: s.events('recipients'), what='the pair')
            self.assertEqual(json.loads(s.events('recipients')[0]), event['recipients'])


if __name__ == '__main__':
    unittest.main()
