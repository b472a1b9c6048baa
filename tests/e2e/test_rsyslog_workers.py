#!/usr/bin/python3
"""mmmailtrace in rsyslog: several workers, HUP, stop, counters."""
import json
import unittest

import maillog
from rsyslog import EVENTS, Rsyslog, cli_events, need_module

# Small batches, so that four workers really share the lines.
WORKERS = '''
ruleset(name="mail" queue.type="FixedArray" queue.size="50000" queue.workerThreads="4"
        queue.workerThreadMinimumMessages="1" queue.dequeueBatchSize="16") {
    action(type="mmmailtrace" ruleset="mailevents" settle="10")
}
'''
SETTLE = '--settle=10'


def many(transactions, seed, hosts=('mx1',)):
    lines = []
    for i, host in enumerate(hosts):
        lines += maillog.Transactions(seed + i, host).lines(transactions)
    lines.sort(key=lambda line: line.usec)
    return lines


def text(lines):
    return [maillog.rfc3339(line) for line in lines]


def wire(lines):
    return [maillog.rfc3339(line, '<22>') for line in lines]


class Workers(unittest.TestCase):
    def check(self, rsyslog, lines, events):
        """The lines are in: the clocks are moved on, and the events compared."""
        closing = maillog.close(lines)
        rsyslog.wait_lines(len(lines))
        rsyslog.send(wire(closing))
        rsyslog.wait_lines(len(lines) + len(closing))
        rsyslog.check_events(events)

    def expected(self, lines):
        return cli_events(text(lines + maillog.close(lines)), SETTLE)

    def test_four_workers_give_the_events_of_the_command_line(self):
        lines = many(1500, 11, ('mx1', 'mx2'))
        events = self.expected(lines)
        with Rsyslog(EVENTS % '' + WORKERS + Rsyslog.TCP % 'mail') as r:
            r.send(wire(lines))
            self.check(r, lines, events)

    def test_four_workers_count_every_line_once(self):
        lines = many(1000, 12)
        with Rsyslog(EVENTS % '' + WORKERS + Rsyslog.TCP % 'mail') as r:
            foreign = [b'<22>2024-03-07T15:02:58+00:00 mx1 sshd[77]: Connection closed by 192.0.2.1 port %d [preauth]' % i for i in range(500)]
            half = len(lines) // 2
            r.send(wire(lines[:half]) + foreign + wire(lines[half:]))
            r.wait_lines(len(lines) + len(foreign))
            stats = r.stats()
        sendmail = sum(line.program == 'sm-mta' for line in lines)
        self.assertEqual(stats['lines'], len(lines) + len(foreign))
        self.assertEqual(stats['foreign'], len(foreign))
        self.assertEqual(stats['recognised.sendmail'], sendmail)
        self.assertEqual(stats['recognised.postfix'], len(lines) - sendmail)
        self.assertEqual(stats['repeated'], 0)
        self.assertEqual(stats['events.lost'], 0)

    def test_several_senders_at_once(self):
        per_host = {host: many(400, seed, (host,)) for seed, host in enumerate(('mx1', 'mx2', 'mx3'), 20)}
        lines = sum(per_host.values(), [])
        events = self.expected(lines)
        with Rsyslog(EVENTS % '' + WORKERS + Rsyslog.TCP % 'mail') as r:
            with r.tcp() as a, r.tcp() as b, r.tcp() as c:
                parts = [(connection, wire(ls)) for connection, ls in zip((a, b, c), per_host.values())]
                for start in range(0, 4000, 100):
                    for connection, ls in parts:
                        connection.sendall(b''.join(line + b'\n' for line in ls[start:start + 100]))
            self.check(r, lines, events)

    def test_the_same_lines_again_change_nothing(self):
        lines = many(200, 13)
        events = self.expected(lines)
        with Rsyslog(EVENTS % '' + WORKERS + Rsyslog.TCP % 'mail') as r:
            r.send(wire(lines))
            r.send(wire(lines))
            r.wait_lines(2 * len(lines))
            r.send(wire(maillog.close(lines)))
            r.check_events(events)


class Signals(unittest.TestCase):
    def test_hup_in_the_middle_of_the_stream_loses_nothing(self):
        lines = many(1500, 31)
        closing = maillog.close(lines)
        events = cli_events(text(lines + closing), SETTLE)
        with Rsyslog(EVENTS % '' + WORKERS + Rsyslog.TCP % 'mail') as r:
            with r.tcp() as connection:
                for start in range(0, len(lines), 500):
                    connection.sendall(b''.join(line + b'\n' for line in wire(lines[start:start + 500])))
                    r.hup()
            r.wait_lines(len(lines))
            r.send(wire(closing))
            r.check_events(events)

    def test_stop_in_the_middle_of_the_stream(self):
        """Ends in time, without a crash, and with whole events that the full stream has too."""
        lines = many(3000, 32)
        events = set(cli_events(text(lines), '--settle=0'))
        config = EVENTS % '' + WORKERS.replace('settle="10"', 'settle="0"').replace(
            'queue.workerThreads="4"', 'queue.workerThreads="1"')
        with Rsyslog(config + Rsyslog.TCP % 'mail') as r:
            r.send(wire(lines))
            r.wait(lambda: r.events(), what='a first event')
            self.assertEqual(r.stop(), 0, r.said())
            text_of_events = r.read('events.json')
            self.assertTrue(text_of_events.endswith(b'\n'))
            seen = r.events()
            self.assertEqual(len(seen), len(set(seen)))
            self.assertLessEqual(set(seen), events)

    def test_stop_with_many_workers_while_lines_come(self):
        for round_ in range(3):
            lines = many(2000, 40 + round_)
            with Rsyslog(EVENTS % 'queue.size="100"' + WORKERS + Rsyslog.TCP % 'mail') as r:
                r.send(wire(lines))
                self.assertEqual(r.stop(), 0, r.said())

    def test_nothing_is_emitted_at_the_end(self):
        lines = many(50, 45)
        with Rsyslog(EVENTS % '' + WORKERS.replace('settle="10"', 'settle="600"') + Rsyslog.TCP % 'mail') as r:
            r.send(wire(lines))
            r.wait_lines(len(lines))
            self.assertGreater(r.stats()['memory'], 0)
            self.assertEqual(r.stop(), 0)
            self.assertEqual(r.read('events.json'), b'')


class Counters(unittest.TestCase):
    def setUp(self):
        need_module('impstats')

    def test_impstats_shows_events_by_kind(self):
        lines = many(300, 51)
        closing = maillog.close(lines)
        events = cli_events(text(lines + closing), SETTLE)
        action = WORKERS.replace('action(', 'action(name="trace" ')
        with Rsyslog(EVENTS % '' + action + Rsyslog.TCP % 'mail') as r:
            r.send(wire(lines))
            r.wait_lines(len(lines))
            r.send(wire(closing))
            r.wait_events(len(events))
            r.wait_lines(len(lines) + len(closing))
            r.wait(lambda: r.stats()['events.message'] and not r.stats()['open'], what='the end of all messages')
            stats = r.stats()
        self.assertEqual(stats['name'], 'trace')
        for kind in ('delivery', 'message', 'reject', 'session'):
            n = sum(e.startswith(b'{"event":"%s"' % kind.encode()) for e in events)
            self.assertEqual(stats['events.' + kind], n, kind)
        self.assertEqual(stats['open'], 0)
        self.assertEqual([v for k, v in stats.items() if k.startswith('incomplete.')], [0] * 7)

    def test_evictions_are_counted(self):
        lines = [line for line in many(400, 52) if 'removed' not in line.text and 'done;' not in line.text]
        config = WORKERS.replace('settle="10"', 'settle="0" maxmessages="20"')
        with Rsyslog(EVENTS % '' + config + Rsyslog.TCP % 'mail') as r:
            r.send(wire(lines))
            r.wait_lines(len(lines))
            stats = r.stats()
        self.assertGreater(stats['incomplete.evicted'], 100)
        self.assertLessEqual(stats['open'], 20)

    def test_long_lines_are_cut_and_counted(self):
        line = b'<22>2024-03-07T15:02:58+00:00 mx1 postfix/smtp[9]: A1B2C3D4E5: to=<a@example.org>, relay=none, delay=1, ' \
               b'delays=1/0/0/0, dsn=4.0.0, status=deferred (' + b'x' * 2000 + b')'
        with Rsyslog(EVENTS % '' + WORKERS.replace('settle="10"', 'maxline="1k"') + Rsyslog.TCP % 'mail') as r:
            r.send([line])
            r.wait_lines(1)
            self.assertEqual(r.stats()['cut'], 1)

    def test_counters_start_again_when_impstats_resets_them(self):
        lines = many(100, 53)
        with Rsyslog(EVENTS % '' + WORKERS + Rsyslog.TCP % 'mail') as r:
            path = r.path('rsyslog.conf')
            r.stop()
            with open(path) as f:
                config = f.read().replace('interval="1"', 'interval="1" resetCounters="on"')
            with open(path, 'w') as f:
                f.write(config)
            r.start()
            total = []
            r.send(wire(lines))

            def all_counted():
                total[:] = [json.loads(row[row.index(b'{'):])['lines'] for row in r.read('stats').splitlines()
                            if b'"origin": "mmmailtrace"' in row]
                return sum(total) >= len(lines)
            r.wait(all_counted, what='the sum of the reports')
            self.assertEqual(sum(total), len(lines))
            self.assertEqual(total[0], 0)


if __name__ == '__main__':
    unittest.main()
