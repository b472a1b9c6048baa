#!/usr/bin/python3
"""The order of the rows in the table of kinds means nothing: with the rows in another order, the same events.

The command is built anew for each order, with MT_KINDS (include/mailtrace/record.h) put in before all else, and reads a log of
the benchmark's generator, with crowded whole seconds in it.
"""
import concurrent.futures
import glob
import os
import random
import re
import subprocess
import tempfile
import unittest

from generated import CROWDED, READ_AS, program
from rsyslog import ENVIRONMENT, TOP, built

LINES = 60000
SHUFFLES = 10 if os.environ.get('MAILTRACE_LONG') else 0
HEADER = os.path.join(TOP, 'include/mailtrace/record.h')
TREES = ('json_c.c', 'fastjson.c')  # events as trees: the command does without


def rows():
    with open(HEADER, encoding='utf-8') as f:
        table = re.search(r'#define MT_KINDS\(X\)(.*?)\n#endif', f.read(), re.S).group(1)
    return re.findall(r'X\([^)]*\)', table)


def sources():
    made = os.path.dirname(program('bench-generate'))  # what the build has made of tables
    found = [path for top in (TOP + '/plugin/engine', TOP + '/plugin/cli', made + '/plugin/engine')
             for path in glob.glob(top + '/**/*.c', recursive=True)]
    return [path for path in found if os.path.basename(path) not in TREES]


class Kinds(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix='mailtrace-')
        self.addCleanup(directory.cleanup)
        self.directory = directory.name
        self.log = self.path('log')
        with open(self.log, 'wb') as f:
            for options in (['--mta', 'mixed', '--whole-seconds', *CROWDED], ['--mta', 'postfix'], ['--mta', 'sendmail']):
                subprocess.run([program('bench-generate'), '--lines', str(LINES // 3), *options], stdout=f,
                               stderr=subprocess.DEVNULL, check=True)

    def path(self, name):
        return os.path.join(self.directory, name)

    def compile(self, source, header):
        made = self.path('%s.o' % os.path.relpath(source, TOP).replace('/', '-'))
        subprocess.run(['cc', '-std=c11', '-O0', '-w', '-D_GNU_SOURCE', '-DMT_VERSION="test"', '-include', header,
                        '-I' + TOP + '/include', '-I' + TOP + '/plugin/engine', '-I' + TOP + '/plugin/cli',
                        '-c', source, '-o', made], check=True)
        return made

    def build(self, order):
        header = self.path('kinds.h')
        with open(header, 'w', encoding='utf-8') as f:
            f.write('#define MT_KINDS(X) ' + ' '.join(order) + '\n')
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            objects = list(pool.map(lambda source: self.compile(source, header), sources()))
        subprocess.run(['cc', *objects, '-lz', '-llzma', '-lzstd', '-lbz2', '-lpthread', '-o', self.path('mailtrace')], check=True)
        return self.path('mailtrace')

    def events(self, command):
        return subprocess.run([command, 'events', *READ_AS, self.log], stdout=subprocess.PIPE, env=ENVIRONMENT,
                              check=True).stdout

    def test_the_order_of_the_rows_means_nothing(self):
        expected = self.events(built('mailtrace'))
        order = rows()
        self.assertGreater(len(order), 20)
        self.assertGreater(expected.count(b'\n'), LINES // 20)
        for n in range(1 + SHUFFLES):
            order = order[::-1] if n == 0 else random.Random(n).sample(order, len(order))
            with self.subTest(order=n):
                self.assertTrue(self.events(self.build(order)) == expected, 'other events')


if __name__ == '__main__':
    unittest.main()
