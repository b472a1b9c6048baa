#!/usr/bin/python3
"""mailtrace() in syslog-ng: several threads and paths at once, reload, restart, SIGKILL."""
import os
import time
import unittest

import maillog
from syslogng import AGGREGATE, SOURCE, SyslogNg, cli_events

SETTLE = '--settle=10'


def many(transactions, seed, hosts=('mx1',)):
    lines = []
    for i, host in enumerate(hosts):
        lines += maillog.Transactions(seed + i, host).lines(transactions)
    lines = [line._replace(usec=line.usec + 1000) for line in lines]  # none at a whole second
    lines.sort(key=lambda line: line.usec)
    return lines


def text(lines):
    return [maillog.rfc3339(line) for line in lines]


def wire(lines):
    return [maillog.rfc3339(line, '<22>') for line in lines]


def expected(lines, *options):
    return cli_events(text(lines + maillog.close(lines)), *(options or (SETTLE,)))


def interleave(s, per_connection, step=100):
    """Sends each list over a connection of its own, all of them bit by bit."""
    connections = [s.tcp() for _ in per_connection]
    opened = [c.__enter__() for c in connections]
    for start in range(0, max(len(ls) for ls in per_connection), step):
        for connection, ls in zip(opened, per_connection):
            connection.sendall(b''.join(line + b'\n' for line in ls[start:start + step]))
    for connection in connections:
        connection.__exit__(None, None, None)


class Threads(unittest.TestCase):
    def finish(self, s, lines, events):
        """The lines are in: the clocks are moved on, and the events compared."""
        s.wait_lines(len(lines))
        s.send(wire(maillog.close(lines)))
        s.check_events(events)

    def test_many_connections_at_once(self):
        """Each is read by a thread of its own; each thread has the lines of one server."""
        hosts = ['mx%d' % i for i in range(8)]
        per_host = [many(300, 20 + i, (host,)) for i, host in enumerate(hosts)]
        lines = sorted(sum(per_host, []), key=lambda line: line.usec)
        with SyslogNg(SOURCE + AGGREGATE % 'settle(10)') as s:
            interleave(s, [wire(ls) for ls in per_host])
            self.finish(s, lines, expected(lines))

    def test_the_lines_of_one_server_by_four_threads(self):
        """Any line by any of them, so that they overtake each other."""
        lines = many(1500, 11, ('mx1', 'mx2'))
        with SyslogNg(SOURCE + AGGREGATE % 'settle(10)') as s:
            sent = wire(lines)
            interleave(s, [sent[i::4] for i in range(4)], 50)
            self.finish(s, lines, expected(lines))

    def test_every_line_is_counted_once(self):
        lines = many(600, 12)
        foreign = [b'<22>2024-03-07T15:02:58+00:00 mx1 sshd[77]: Connection closed by 192.0.2.1 port %d [preauth]' % i for i in range(500)]
        with SyslogNg(SOURCE + AGGREGATE % 'settle(10)') as s:
            interleave(s, [wire(lines), foreign])
            s.wait_lines(len(lines) + len(foreign))
            stats = s.stats()
        sendmail = sum(line.program == 'sm-mta' for line in lines)
        self.assertEqual(stats['lines'], len(lines) + len(foreign))
        self.assertEqual(stats['foreign'], len(foreign))
        self.assertEqual(stats['recognised.sendmail'], sendmail)
        self.assertEqual(stats['recognised.postfix'], len(lines) - sendmail)
        self.assertEqual(stats['repeated'], 0)
        self.assertEqual(stats['events.lost'], 0)

    def test_the_same_lines_again_change_nothing(self):
        lines = many(200, 13)
        with SyslogNg(SOURCE + AGGREGATE % 'settle(10)') as s:
            s.send(wire(lines) + wire(lines))
            self.finish(s, lines + lines, expected(lines))


class Paths(unittest.TestCase):
    def test_two_sources_into_one_parser(self):
        lines = many(300, 14, ('mx1', 'mx2'))
        config = '''
source s_file { file("@DIR@/mail.log" follow-freq(0.2)); };
parser p_mail { mailtrace(inject-mode(aggregate-only) settle(10)); };
log { source(s_lines); source(s_file); parser(p_mail); destination(d_events); };
'''
        first = [line for line in lines if line.host == 'mx1']
        second = [line for line in lines if line.host == 'mx2']
        with SyslogNg(SOURCE + config, files={'mail.log': b''.join(line + b'\n' for line in text(first))}) as s:
            s.send(wire(second))
            s.wait_lines(len(lines))
            s.send(wire(maillog.close(lines)))
            s.check_events(expected(lines))

    def test_a_parser_in_two_paths_works_for_each(self):
        """As if there were two of them: both destinations get all events, and both states are kept."""
        lines = many(100, 15)
        config = '''
parser p_mail { mailtrace(inject-mode(aggregate-only) settle(10) persist-name("mail")); };
log { source(s_lines); parser(p_mail); destination(d_events); };
log { source(s_lines); parser(p_mail); destination { file("@DIR@/second.json" template("$MESSAGE\\n")); }; };
'''
        with SyslogNg(SOURCE + config) as s:
            s.send(wire(lines + maillog.close(lines)))
            s.check_events(expected(lines))
            s.check_events(expected(lines), 'second.json')
            self.assertTrue(os.path.exists(s.path('mailtrace.mail.state')))
            self.assertTrue(os.path.exists(s.path('mailtrace.mail.clone1.state')))


class Reload(unittest.TestCase):
    def test_reload_in_the_middle_of_the_stream_loses_nothing(self):
        lines = many(1500, 31)
        closing = maillog.close(lines)
        # A reload closes connections that are not kept: what the kernel has then is lost, with any parser.
        source = SOURCE.replace('max-connections', 'keep-alive(yes) max-connections')
        with SyslogNg(source + AGGREGATE % 'settle(10)') as s:
            with s.tcp() as connection:
                for start in range(0, len(lines), 2500):
                    connection.sendall(b''.join(line + b'\n' for line in wire(lines[start:start + 2500])))
                    s.reload()
            s.wait_lines(len(lines))
            s.send(wire(closing))
            s.check_events(expected(lines))

    def middle(self, before, after, state, *options):
        """Half of the lines, a reload with other options, the other half: transactions go across it."""
        lines = many(400, 32)
        half = len(lines) // 2
        with SyslogNg(SOURCE + AGGREGATE % (state + before)) as s:
            s.send(wire(lines[:half]))
            s.wait_lines(half)
            opened = s.stats()['open']
            s.configure(SOURCE + AGGREGATE % (state + after))
            s.reload()
            self.assertEqual(s.stats()['open'], opened)
            s.send(wire(lines[half:]))
            s.wait(lambda: s.stats()['recognised.postfix'] > 0, what='the second half')
            s.send(wire(maillog.close(lines)))
            s.check_events(expected(lines, *options))

    def test_other_options_keep_what_is_known(self):
        self.middle('settle(600)', 'settle(11)', '', '--settle=11')

    def test_other_options_keep_what_is_known_without_a_state_file(self):
        self.middle('settle(600)', 'settle(11)', 'state-file("") ', '--settle=11')

    def test_a_configuration_that_is_refused_changes_nothing(self):
        lines = many(200, 33)
        half = len(lines) // 2
        with SyslogNg(SOURCE + AGGREGATE % 'settle(10)') as s:
            s.send(wire(lines[:half]))
            s.wait_lines(half)
            s.configure(SOURCE + AGGREGATE % 'settle(-1)')
            s.control('reload')
            s.wait(lambda: s.logged('It cannot be negative|settle'), what='the error')
            s.send(wire(lines[half:]))
            s.wait_lines(len(lines))
            s.send(wire(maillog.close(lines)))
            s.check_events(expected(lines))

    def test_fifty_reloads(self):
        lines = many(500, 34)
        closing = maillog.close(lines)
        source = SOURCE.replace('max-connections', 'keep-alive(yes) max-connections')
        step = len(lines) // 50
        with SyslogNg(source + AGGREGATE % 'settle(10)') as s:
            with s.tcp() as connection:
                for i in range(51):
                    part = lines[i * step:(i + 1) * step] if i < 50 else lines[50 * step:]
                    connection.sendall(b''.join(line + b'\n' for line in wire(part)))
                    s.reload()
            s.wait_lines(len(lines))
            s.send(wire(closing))
            s.check_events(expected(lines))


class Restart(unittest.TestCase):
    def test_stop_and_start(self):
        lines = many(400, 41)
        half = len(lines) // 2
        with SyslogNg(SOURCE + AGGREGATE % 'settle(10)') as s:
            s.send(wire(lines[:half]))
            s.wait_lines(half)
            self.assertEqual(s.stop(), 0, s.said())
            s.start()
            s.send(wire(lines[half:]))
            s.wait_lines(len(lines) - half)
            s.send(wire(maillog.close(lines)))
            s.check_events(expected(lines))

    def test_kill_at_any_instant_loses_nothing_that_was_read(self):
        """Events may come twice: with the same id, and the same text but for the order of lines."""
        lines = many(600, 42)
        third = len(lines) // 3
        config = SOURCE + (AGGREGATE % 'settle(10)').replace('destination(d_events);',
                                                             'destination(d_events); flags(flow-control);')
        with SyslogNg(config) as s:
            for start in (0, third, 2 * third):
                part = lines[start:start + third] if start < 2 * third else lines[start:]
                s.send(wire(part))
                s.wait_lines(len(part))
                s.kill()
                s.start()
            s.send(wire(maillog.close(lines)))
            events = expected(lines)
            s.wait(lambda: len(set(s.events())) >= len(events), 60, 'all events')
            self.assertEqual(set(s.events()), set(events))

    def test_events_that_are_not_delivered_come_after_a_kill(self):
        """The output takes nothing: syslog-ng has them in memory when it is killed."""
        lines = many(200, 43)
        closing = maillog.close(lines)
        template = '''
destination d_nobody { network("127.0.0.1" port(9) time-reopen(1) template("$MESSAGE\\n")); };
parser p_mail { mailtrace(inject-mode(aggregate-only) settle(10) persist-name("mail") redeliver(86400)); };
log { source(s_lines); parser(p_mail); destination(%s); flags(flow-control); };
'''
        for end in ('kill', 'stop'):
            with self.subTest(end), SyslogNg(SOURCE + template % 'd_nobody') as s:
                s.send(wire(lines))
                s.wait_lines(len(lines))
                s.send(wire(closing))
                s.wait(lambda: s.stats()['events.pending'] == len(expected(lines)), what='events')
                s.kill() if end == 'kill' else s.stop()
                s.configure(SOURCE + template % 'd_events')
                s.start()
                s.check_events(expected(lines))

    def test_delivered_events_do_not_come_again(self):
        lines = many(200, 44)
        config = SOURCE + (AGGREGATE % 'settle(10)').replace('destination(d_events);',
                                                             'destination(d_events); flags(flow-control);')
        with SyslogNg(config) as s:
            s.send(wire(lines + maillog.close(lines)))
            s.check_events(expected(lines))
            s.wait(lambda: s.stats()['events.pending'] == 0, what='acknowledgements')
            time.sleep(2.5)  # it is noted once a second
            s.kill()
            s.start()
            s.send(wire(maillog.close(lines, 300)))
            s.wait_lines(1)
            self.assertEqual(s.stats()['state.redelivered'], 0)
            s.check_events(expected(lines))

    def test_stop_while_lines_come(self):
        for round_ in range(3):
            with SyslogNg(SOURCE + AGGREGATE % 'settle(1)') as s:
                s.send(wire(many(2000, 50 + round_)))
                self.assertEqual(s.stop(), 0, s.said())


if __name__ == '__main__':
    unittest.main()
