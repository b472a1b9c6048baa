#!/usr/bin/python3
"""mailtrace events --state: runs that go on where the last one stopped, however it ended."""
import gzip
import os
import random
import subprocess
import tempfile
import time
import unittest

import maillog
import survive
from rsyslog import ENVIRONMENT, built, cli_events

LONG = bool(os.environ.get('MAILTRACE_LONG'))


def log_of(seed, transactions, step=20000):
    lines = maillog.Transactions(seed, step=step).lines(transactions)
    return [maillog.rfc3339(line) for line in lines + maillog.close(lines)]


class State(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory(prefix='mailtrace-')
        self.addCleanup(self.directory.cleanup)
        self.state = self.path('state')
        self.log = self.path('mail.log')

    def path(self, name):
        return os.path.join(self.directory.name, name)

    def append(self, lines, name='mail.log'):
        with open(self.path(name), 'ab') as f:
            f.write(b''.join(line + b'\n' for line in lines))

    def command(self, *files):
        return [built('mailtrace'), 'events', '--state', self.state, *(files or [self.log])]

    def run_once(self, *files, code=0):
        done = subprocess.run(self.command(*files), env=ENVIRONMENT, timeout=120, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, code, done.stderr)
        self.said = done.stderr.decode()
        return done.stdout.splitlines()

    def test_a_growing_log_gives_each_event_once(self):
        lines, out = log_of(1, 600), []
        for i in range(10):
            self.append(lines[i * len(lines) // 10:(i + 1) * len(lines) // 10])
            out += self.run_once()
            self.assertEqual(self.run_once(), [])
        self.assertEqual(sorted(out), sorted(cli_events(lines)))

    def test_a_rotated_log_is_read_to_its_end(self):
        lines, out = log_of(2, 600), []
        third = len(lines) // 3
        self.append(lines[:third - 100])
        out += self.run_once()
        self.append(lines[third - 100:third])
        os.rename(self.log, self.path('mail.log.1'))
        self.append(lines[third:2 * third - 100])
        out += self.run_once()
        self.append(lines[2 * third - 100:2 * third])
        with open(self.log, 'rb') as f, gzip.open(self.path('mail.log.1.gz'), 'wb') as g:
            g.write(f.read())
        os.unlink(self.log)
        self.append(lines[2 * third:])
        out += self.run_once()
        self.assertEqual(sorted(out), sorted(cli_events(lines)))

    def test_all_of_a_rotated_log_may_be_named_each_time(self):
        lines, out = log_of(3, 400), []
        half = len(lines) // 2
        self.append(lines[:half])
        out += self.run_once()
        os.rename(self.log, self.path('mail.log.1'))
        self.append(lines[half:])
        out += self.run_once(self.path('mail.log.1'), self.log)
        out += self.run_once(self.log, self.path('mail.log.1'))
        self.assertEqual(sorted(out), sorted(cli_events(lines)))

    def test_a_line_that_is_being_written_is_left_for_later(self):
        lines = log_of(4, 50)
        whole = b''.join(line + b'\n' for line in lines)
        out = []
        draw = random.Random(4)
        cuts = sorted(draw.randrange(len(whole)) for _ in range(20))
        for a, b in zip([0] + cuts, cuts + [len(whole)]):
            with open(self.log, 'ab') as f:
                f.write(whole[a:b])
            out += self.run_once()
        self.assertEqual(sorted(out), sorted(cli_events(lines)))

    def test_a_log_that_was_emptied_is_read_from_its_beginning(self):
        lines = log_of(5, 300)
        self.append(lines[:400])
        out = self.run_once()
        with open(self.log, 'wb'):
            pass
        self.append(lines[400:])
        out += self.run_once()
        self.assertEqual(sorted(out), sorted(cli_events(lines)))

    def test_two_runs_at_once(self):
        first = subprocess.Popen(self.command('-'), env=ENVIRONMENT, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        try:
            end = time.monotonic() + 20
            while not os.path.exists(self.state + '.00000001') and time.monotonic() < end:
                time.sleep(0.05)
            self.append(log_of(6, 5))
            self.run_once(code=1)
            self.assertIn(self.state, self.said)
            self.assertIn('in use by another process', self.said)
        finally:
            first.stdin.close()
            self.assertEqual(first.wait(20), 0)

    def test_output_that_fails_comes_again(self):
        lines = log_of(7, 2000)
        self.append(lines)
        with open('/dev/full', 'wb') as full:
            done = subprocess.run(self.command(), env=ENVIRONMENT, timeout=60, stdout=full, stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(sorted(self.run_once()), sorted(cli_events(lines)))

    def test_a_file_that_is_not_a_state_is_refused_and_not_touched(self):
        lines = log_of(10, 5)
        self.append(lines)
        self.state = self.log
        before = open(self.log, 'rb').read()
        self.run_once(self.path('other'), code=1)
        self.assertIn("mail.log: is no state of mailtrace: it is not touched", self.said)
        self.assertEqual(open(self.log, 'rb').read(), before)
        self.assertEqual(os.listdir(self.directory.name), ['mail.log'])

    def kills(self, kills, transactions, seed):
        lines = log_of(seed, transactions, 2000)
        self.append(lines)
        expected = cli_events(lines)
        draw = random.Random(seed)
        with open(self.path('out'), 'ab') as out:
            start = time.monotonic()
            subprocess.run([built('mailtrace'), 'events', self.log], env=ENVIRONMENT, stdout=subprocess.DEVNULL)
            share = (time.monotonic() - start) / kills
            killed = 0
            for _ in range(kills):
                process = subprocess.Popen(self.command(), env=ENVIRONMENT, stdout=out)
                try:
                    process.wait(draw.uniform(0, 2 * share) + draw.choice([0, 0, 0.01, 0.03]))
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
                    killed += 1
            subprocess.run(self.command(), env=ENVIRONMENT, stdout=out, check=True)
        with open(self.path('out'), 'rb') as f:
            seen = f.read().splitlines()
        print('%d kills, %d messages, %d lines: %d events wanted, %d written, %d different, %d of them wanted'
              % (killed, transactions, len(lines), len(expected), len(seen), len(set(seen)),
                 len(set(seen) & set(expected))))
        self.assertGreater(killed, kills // 4)
        self.assertEqual(sorted(set(expected) - set(seen))[:3], [])
        survive.check_torn(self, seen, set(expected))  # a kill in the middle of write()

    def test_killed_again_and_again(self):
        if LONG:
            self.kills(200, 100000, 8)
        else:
            self.kills(20, 10000, 9)


if __name__ == '__main__':
    unittest.main()
