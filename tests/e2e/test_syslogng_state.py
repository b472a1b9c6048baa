#!/usr/bin/python3
"""mailtrace() in syslog-ng: what is open survives SIGKILL, and so do the events on their way."""
import os
import random
import time
import unittest

import maillog
from syslogng import SyslogNg, cli_events

LONG = bool(os.environ.get('MAILTRACE_LONG'))

# file() notes its position in syslog-ng's persist file, which is mapped, so that a kill of the process does not
# take it along. It does so for each line when that is acknowledged (consecutive_ack_tracker.c), in the order of
# lines. With flow control that is when the line is in the state file and the events that it caused are written:
# what a kill can take along is read again.
FROM_FILE = '''
source s_file { file("@DIR@/mail.log" flags(no-parse) follow-freq(0.1)); };
parser p_mail { mailtrace(inject-mode(aggregate-only) pairs(no) redeliver(86400)); };
log { source(s_file); parser(p_mail); destination(d_events); flags(flow-control); };
'''


def expected_of(lines):
    return cli_events([maillog.rfc3339(line) for line in lines])


class FromFile(unittest.TestCase):
    def append(self, s, lines):
        with open(s.path('mail.log'), 'ab') as f:
            f.write(b''.join(maillog.rfc3339(line) + b'\n' for line in lines))

    def position(self, s):
        """How far syslog-ng has read, as the kernel knows it."""
        directory = '/proc/%d/' % s.process.pid
        for fd in os.listdir(directory + 'fd'):
            if os.readlink(directory + 'fd/' + fd) == s.path('mail.log'):
                with open(directory + 'fdinfo/' + fd) as f:
                    return int(f.readline().split()[1])
        return 0

    def wait_for_the_instant(self, s, before, draw):
        """Of a kill: any, half of them while lines behind that position are read, others while events are written,
        which is later. Returns whether lines were being read.
        """
        if draw.random() < 0.5:
            time.sleep(draw.choice([0, 0.3, 0.6, 1, 1.5, 2]))
        else:
            s.wait(lambda: self.position(s) > before, what='the first line', every=0.001)
            time.sleep(draw.uniform(0, 0.05))
        return before < self.position(s) < os.path.getsize(s.path('mail.log'))

    def check(self, s, expected, message):
        """Everything is there, and nothing else; a line that is there twice is the same line. A kill in the
        middle of write() leaves the beginning of a line, which then stands before the next one.
        """
        wanted = set(expected)
        s.wait(lambda: wanted <= set(s.events()), 120, '%d different events' % len(wanted))
        torn = 0
        for line in set(s.events()) - wanted:
            start, _, rest = line.rpartition(b'{"event":')
            self.assertIn(b'{"event":' + rest, wanted, message)
            self.assertTrue(any(event.startswith(start) for event in wanted), line)
            torn += 1
        return torn

    def kills(self, kills, messages, seed):
        lines = maillog.Transactions(seed, step=40000 if messages < 10000 else 2000).lines(messages)
        lines = lines + maillog.close(lines)
        expected = expected_of(lines)
        draw = random.Random(seed)
        cuts = sorted(draw.randrange(len(lines)) for _ in range(kills))
        with SyslogNg(FROM_FILE, files={'mail.log': b''}) as s:
            start, reading = time.monotonic(), 0
            for a, b in zip([0] + cuts, cuts):
                before = os.path.getsize(s.path('mail.log'))
                self.append(s, lines[a:b])
                reading += a < b and self.wait_for_the_instant(s, before, draw)
                s.kill()
                s.start()
            self.append(s, lines[cuts[-1]:])
            torn = self.check(s, expected, 'seed %d' % seed)
            print('%d kills, %d while lines were read, in %d s; %d messages, %d lines: %d events wanted, %d written, %d '
                  'different ones; %d lines of the output torn'
                  % (kills, reading, time.monotonic() - start, messages, len(lines), len(expected), len(s.events()),
                     len(set(s.events()) & set(expected)), torn))
            self.assertGreater(len(s.events()), len(expected), 'no kill came after an event was written')

    def test_killed_again_and_again(self):
        if LONG:
            self.kills(200, 100000, 1)
        else:
            self.kills(8, 2000, 2)


if __name__ == '__main__':
    unittest.main()
