#!/usr/bin/python3
"""The benchmark's generator: the same bytes each time, and events that are what it says is true."""
import os
import subprocess
import sys
import tempfile
import unittest

from generated import TRUTH, program
from rsyslog import ENVIRONMENT, TOP, built

LINES = 5000


class Bench(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix='mailtrace-')
        self.addCleanup(directory.cleanup)
        self.directory = directory.name

    def path(self, name):
        return os.path.join(self.directory, name)

    def generate(self, *options):
        subprocess.run([program('bench-generate'), '--lines', str(LINES), '--truth', self.path('truth'), *options],
                       stdout=self.write('log'), stderr=subprocess.DEVNULL, check=True)
        subprocess.run([built('mailtrace'), 'events', '--year', '2026', '--tz', 'UTC', self.path('log')],
                       stdout=self.write('events'), env=ENVIRONMENT, check=True)

    def write(self, name):
        f = open(self.path(name), 'wb')
        self.addCleanup(f.close)
        return f

    def compare(self):
        return subprocess.run([sys.executable, TRUTH, self.path('truth'), self.path('events')],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False).returncode

    def read(self, name):
        with open(self.path(name), 'rb') as f:
            return f.read()

    def test_events_are_what_is_true_of_the_log(self):
        for options in (['--mta', 'postfix'], ['--mta', 'sendmail'], ['--mta', 'mixed', '--hosts', '4'],
                        ['--long-ids', '--open', '200'], ['--format', 'rfc3164'], ['--whole-seconds'],
                        ['--reuse', '20', '--connections-per-second', '20', '--returning', '30']):
            with self.subTest(options=options):
                self.generate(*options)
                self.assertGreaterEqual(self.read('log').count(b'\n'), LINES)
                self.assertEqual(self.compare(), 0)

    def test_a_wrong_event_is_noticed(self):
        self.generate()
        events = self.read('events')
        for wrong in (events.replace(b'"attempt":1', b'"attempt":2', 1), events[events.index(b'\n') + 1:],
                      events + events[:events.index(b'\n') + 1]):
            with open(self.path('events'), 'wb') as f:
                f.write(wrong)
            self.assertEqual(self.compare(), 1)

    def test_the_same_seed_gives_the_same_bytes(self):
        self.generate('--seed', '7')
        first = self.read('log')
        self.generate('--seed', '7')
        self.assertEqual(self.read('log'), first)
        self.generate('--seed', '8')
        self.assertNotEqual(self.read('log'), first)

    def test_correlators_of_c_awk_and_perl_give_the_same_bytes(self):
        self.generate()
        bench = os.path.join(TOP, 'tests/bench')
        texts = []
        for command in ([program('bench-bare')], ['awk', '-f', bench + '/correlate.awk'], ['perl', bench + '/correlate.pl']):
            with open(self.path('log'), 'rb') as log:
                texts.append(subprocess.run(command, stdin=log, stdout=subprocess.PIPE, env=ENVIRONMENT, check=True).stdout)
        self.assertIn(b'"status":"sent"', texts[0])
        self.assertEqual(texts[1], texts[0])
        self.assertEqual(texts[2], texts[0])


if __name__ == '__main__':
    unittest.main()
