#!/usr/bin/python3
"""When memory is short or a disk fails: no crash, no wrong event, and nothing lost that is not said to be."""
import errno
import json
import os
import subprocess
import tempfile
import unittest
import unittest.mock

import maillog
import rsyslog
from rsyslog import ENVIRONMENT, EVENTS, PRELOAD, Rsyslog, built, cli_events

HERE = os.path.dirname(os.path.abspath(__file__))


def log_of(seed, transactions):
    lines = maillog.Transactions(seed, step=20000).lines(transactions)
    return [maillog.rfc3339(line) for line in lines + maillog.close(lines)]


@unittest.skipIf(PRELOAD, 'a sanitizer has malloc() to itself')
class Faults(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory(prefix='mailtrace-')
        cls.addClassCleanup(cls.directory.cleanup)
        cls.library = cls.path('faults.so')
        subprocess.run(['cc', '-shared', '-fPIC', '-O1', '-D_GNU_SOURCE', '-o', cls.library,
                        os.path.join(HERE, 'faults.c'), '-ldl'], check=True)
        if b'libasan' in subprocess.run(['ldd', built('mailtrace')], stdout=subprocess.PIPE, check=True).stdout:
            raise unittest.SkipTest('a sanitizer has malloc() to itself')
        cls.lines = log_of(11, 3000)
        cls.expected = cli_events(cls.lines)
        with open(cls.path('mail.log'), 'wb') as f:
            f.write(b''.join(line + b'\n' for line in cls.lines))

    @classmethod
    def path(cls, name):
        return os.path.join(cls.directory.name, name)

    def faulty(self, **settings):
        return dict(ENVIRONMENT, LD_PRELOAD=self.library, **{k: str(v) for k, v in settings.items()})

    def events(self, *options, **settings):
        return subprocess.run([built('mailtrace'), 'events', *options, self.path('mail.log')], timeout=120,
                              env=self.faulty(FAULT_OBJECT='mailtrace', **settings), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE)

    def test_memory_fails_now_and_then(self):
        for after in (0, 10, 50):
            done = self.events('--stats', FAULT_MALLOC=1, FAULT_AFTER=after)
            self.assertIn(done.returncode, (1, 2), done.stderr)
            self.assertIn(b'memory', done.stderr)
        for each in (2, 3, 4, 5, 7, 11, 13, 23, 41):
            done = self.events('--stats', FAULT_MALLOC=each, FAULT_AFTER=100)  # the options are read
            self.assertIn(done.returncode, (0, 1), done.stderr)
            for line in done.stdout.splitlines():
                json.loads(line)
            if done.returncode == 0:
                self.assertIn(b'memory being short', done.stderr)

    def find(self, *args, **settings):
        return subprocess.run([built('mailtrace'), 'find', *args, self.path('mail.log')], timeout=120, stdout=subprocess.PIPE,
                              env=self.faulty(FAULT_OBJECT='mailtrace', **settings), stderr=subprocess.PIPE)

    def test_find_tells_all_or_says_that_memory_was_short(self):
        for args in (['--json', '--since=2020-01-01'], ['--lines', '--from=@example.com']):
            expected = self.find(*args).stdout
            self.assertTrue(expected)
            for each in (1, 3, 50):
                for after in (0, 1, 2, 3, 5, 8, 13, 21, 55, 144, 987, 6765):
                    done = self.find(*args, FAULT_MALLOC=each, FAULT_AFTER=after)
                    if done.returncode or done.stdout != expected:
                        self.assertEqual(done.returncode, 2, (args, each, after, done.stderr))
                        self.assertIn(b'memory', done.stderr)

    def test_the_state_cannot_be_written_now_and_then(self):
        for error in (errno.ENOSPC, errno.EIO, 0):
            for each in (1, 2, 3, 5) if error else (2, 3, 5):
                state = self.path('state-%d-%d' % (error, each))
                done = self.events('--state', state, FAULT_DISK=each, FAULT_FILE='state-', FAULT_ERRNO=error)
                self.assertEqual(sorted(done.stdout.splitlines()), sorted(self.expected), (error, each))
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertLessEqual(done.stderr.count(b'kept in memory only'), 1)
                if each == 1 and error:
                    self.assertIn(os.strerror(error).encode(), done.stderr)
                # the next run takes it up, or begins anew
                done = subprocess.run([built('mailtrace'), 'events', '--state', state, '-'], input=b'', timeout=60,
                                      env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                self.assertEqual(done.returncode, 0, done.stderr)

    def test_in_rsyslog_memory_fails_now_and_then(self):
        try:
            built('mmmailtrace.so')
        except FileNotFoundError as why:
            self.skipTest(str(why))
        with unittest.mock.patch.object(rsyslog, 'daemon_environment',
                                        lambda *_: self.faulty(FAULT_OBJECT='mmmailtrace', FAULT_MALLOC=11, FAULT_AFTER=300)):
            with Rsyslog(EVENTS % '' + Rsyslog.TCP % 'mail' +
                         'ruleset(name="mail") { action(type="mmmailtrace" ruleset="mailevents" container="$!mail") }') as r:
                r.send([b'<22>' + line for line in self.lines])
                r.wait_lines(len(self.lines))
                r.wait(lambda: r.stats()['nomemory'] > 0, 10, 'a line that memory was too short for')
                self.assertEqual(r.stop(), 0)
                for line in r.events():
                    json.loads(line)


if __name__ == '__main__':
    unittest.main()
