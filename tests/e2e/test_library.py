#!/usr/bin/env python3
"""libmailtrace, installed: a program that is built against it turns lines into events."""
import os
import subprocess
import tempfile
import unittest

TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("MAILTRACE_BUILD", os.path.join(TREE, "build"))

INSTALL = ('install-libLTLIBRARIES', 'install-mailtraceincludeHEADERS', 'install-pkgconfigDATA')


def build_directory():
    """Where make has built the programs; None: they are not from there."""
    directory = os.path.dirname(os.path.realpath(os.path.join(BUILD, 'mailtrace')))
    return directory if os.path.exists(os.path.join(directory, 'Makefile')) else None


class Library(unittest.TestCase):
    @unittest.skipUnless(build_directory(), 'not built here')
    def test_a_program_can_be_built_against_it(self):
        with tempfile.TemporaryDirectory() as destination:
            for target in INSTALL + ('installcheck',):
                done = subprocess.run(['make', '-s', '-C', build_directory(), target, 'DESTDIR=' + destination],
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
                self.assertEqual(done.returncode, 0, done.stdout.decode())


if __name__ == '__main__':
    unittest.main()
