"""A daemon that is killed again and again while it reads mail.log: for the tests of both daemons.

    class FromFile(survive.Killed, unittest.TestCase):
        def daemon(self):
            return Rsyslog(...)

The daemon reads mail.log in its directory, writes events.json there, and goes on where it was.
"""
import os
import random
import time

import maillog
from rsyslog import cli_events

LONG = bool(os.environ.get('MAILTRACE_LONG'))
PAUSES = [0, 0.3, 0.6, 1, 1.5, 2]


def log_of(seed, transactions, step=2000):
    """The lines of three hosts' log, and the events that they give."""
    lines = []
    for i in range(3):
        lines += maillog.Transactions(seed + i, 'mx%d' % i, step * 3).lines(transactions // 3)
    lines.sort(key=lambda line: line.usec)
    lines += maillog.close(lines)
    return lines, cli_events([maillog.rfc3339(line) for line in lines])


def append(daemon, lines):
    """Returns how long the log was before."""
    with open(daemon.path('mail.log'), 'ab') as f:
        before = f.tell()
        f.write(b''.join(maillog.rfc3339(line) + b'\n' for line in lines))
    return before


def check_torn(test, seen, wanted, message=None):
    """What was not wanted is the beginning of an event and a whole one behind it. Returns how many lines are so."""
    torn = set(seen) - wanted
    for line in torn:
        start, _, rest = line.rpartition(b'{"event":')
        test.assertIn(b'{"event":' + rest, wanted, message)
        test.assertTrue(any(event.startswith(start) for event in wanted), line)
    return len(torn)


class Killed:
    """The test, for a TestCase that says what daemon() it is."""

    def wait_for_the_instant(self, daemon, before, draw):
        """Of a kill, which may come at any. Lines behind the position `before` have just been appended."""
        time.sleep(draw.choice(PAUSES))

    def check(self, daemon, expected, message):
        """Everything is there, and nothing else; a line that is there twice is the same line. A kill in the middle
        of write(), or between two blocks where a daemon writes in blocks, leaves the beginning of a line, which
        then stands before the next one. Returns how many lines are torn so.
        """
        wanted = set(expected)
        daemon.wait(lambda: wanted <= set(daemon.events()), 120, '%d different events' % len(wanted))
        return check_torn(self, daemon.events(), wanted, message)

    def kills(self, kills, messages, seed):
        lines, expected = log_of(seed, messages, 40000 if messages < 10000 else 2000)
        draw = random.Random(seed)
        cuts = sorted(draw.randrange(len(lines)) for _ in range(kills))
        with self.daemon() as daemon:
            start = time.monotonic()
            for a, b in zip([0] + cuts, cuts):
                before = append(daemon, lines[a:b])
                self.wait_for_the_instant(daemon, before, draw)
                daemon.kill()
                daemon.start()
            append(daemon, lines[cuts[-1]:])
            torn = self.check(daemon, expected, 'seed %d' % seed)
            events = daemon.events()
            print('%d kills in %d s, %d messages, %d lines: %d events wanted, %d written, %d different ones; '
                  '%d lines of the output torn'
                  % (kills, time.monotonic() - start, messages, len(lines), len(expected), len(events),
                     len(set(events) & set(expected)), torn))
            self.assertGreater(len(events), len(expected), 'no kill came after an event was written')

    def test_killed_again_and_again(self):
        if LONG:
            self.kills(200, 100000, 1)
        else:
            self.kills(8, 2000, 2)
