#!/usr/bin/python3
"""mailtrace() in syslog-ng: what is open survives SIGKILL, and so do the events on their way."""
import glob
import os
import time
import unittest

from survive import PAUSES, Killed, append, log_of
from syslogng import SyslogNg

# file() notes its position in syslog-ng's persist file, which is mapped, so that a kill of the process does not
# take it along. It does so for each line when that is acknowledged (consecutive_ack_tracker.c), in the order of
# lines. With flow control that is when the line is in the state file and the events that it caused are written:
# what a kill can take along is read again.
FROM_FILE = '''
source s_file { file("@DIR@/mail.log" flags(no-parse) follow-freq(0.1)); };
parser p_mail { mailtrace(inject-mode(aggregate-only) pairs(no) redeliver(86400)); };
log { source(s_file); parser(p_mail); destination(d_events); flags(flow-control); };
'''


class FromFile(Killed, unittest.TestCase):
    reading = 0  # kills that came while lines were read

    def daemon(self):
        return SyslogNg(FROM_FILE, files={'mail.log': b''})

    def position(self, s):
        """How far syslog-ng has read, as the kernel knows it."""
        directory = '/proc/%d/' % s.process.pid
        for fd in os.listdir(directory + 'fd'):
            if os.readlink(directory + 'fd/' + fd) == s.path('mail.log'):
                with open(directory + 'fdinfo/' + fd) as f:
                    return int(f.readline().split()[1])
        return 0

    def wait_for_the_instant(self, s, before, draw):
        """Any, half of them while lines behind that position are read, others while events are written, which
        is later.
        """
        size = os.path.getsize(s.path('mail.log'))
        if before == size:
            return
        if draw.random() < 0.5:
            time.sleep(draw.choice(PAUSES))
        else:
            s.wait(lambda: self.position(s) > before, what='the first line', every=0.001)
            time.sleep(draw.uniform(0, 0.05))
        self.reading += before < self.position(s) < size

    def kills(self, kills, messages, seed):
        super().kills(kills, messages, seed)
        print('%d of %d kills while lines were read' % (self.reading, kills))


class Trouble(unittest.TestCase):
    def said(self, s, text):
        s.wait(lambda: text in s.read('stderr').decode(errors='replace'), 10, text)

    def config(self, state):
        return FROM_FILE.replace('redeliver(86400)', 'state-file("@DIR@/%s")' % state)

    def test_a_file_that_is_something_else_is_not_touched(self):
        with SyslogNg(self.config('other'), files={'mail.log': b'', 'other': b'a log\n'}) as s:
            self.said(s, "/other: is no state of mailtrace: it is not touched")
            self.assertTrue(s.alive())
            self.assertEqual(s.read('other'), b'a log\n')

    def test_files_that_are_removed_meanwhile_are_made_anew(self):
        lines, expected = log_of(8, 200)
        with SyslogNg(self.config('x'), files={'mail.log': b''}) as s:
            append(s, lines[:len(lines) // 2])
            s.wait(lambda: len(s.events()) > len(expected) // 4, 30, 'events')
            for name in glob.glob(s.path('x*')):
                os.unlink(name)
            self.said(s, 'was removed or replaced')
            s.wait(lambda: glob.glob(s.path('x.0*')), 10, 'a new file')
            time.sleep(1)  # for events on their way: the lines that they came of went with the files
            s.kill()
            s.start()
            append(s, lines[len(lines) // 2:])
            s.wait(lambda: set(expected) <= set(s.events()), 60, 'all events')
            self.assertEqual(set(s.events()) - set(expected), set())


if __name__ == '__main__':
    unittest.main()
