"""What the README and the pages of doc/ show is what the programs print.

A comment in them such as <!-- mailtrace events FILE --> or <!-- cat FILE --> stands
before a block of code that holds the command's output. Called with --update, this file
writes the blocks.
"""
import os
import re
import subprocess
import sys
import tempfile
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PAGES = [os.path.join(TOP, name) for name in ('README.md', 'doc/where-is-my-mail.md')]
BUILD = os.path.abspath(os.environ.get('MAILTRACE_BUILD', os.path.join(TOP, 'build')))
BLOCK = re.compile(r'^<!-- ((?:cat|mailtrace) [^\n]*) -->\n(?:\n```\n(.*?)```\n)?', re.M | re.S)


def output(command):
    words = command.split()
    if words[0] == 'mailtrace':
        words[0] = os.path.join(BUILD, 'mailtrace')
    environment = dict(os.environ, TZ='UTC', LC_ALL='C.UTF-8')
    return subprocess.run(words, cwd=TOP, env=environment, stdout=subprocess.PIPE, check=True).stdout.decode()


def read(page):
    with open(page, encoding='utf-8') as file:
        return file.read()


def update(page):
    text = BLOCK.sub(lambda m: '<!-- %s -->\n\n```\n%s```\n' % (m.group(1), output(m.group(1))), read(page))
    with open(page, 'w', encoding='utf-8') as file:
        file.write(text)


class Readme(unittest.TestCase):
    maxDiff = None

    def test_blocks_hold_what_the_programs_print(self):
        for page in PAGES:
            blocks = BLOCK.findall(read(page))
            self.assertGreaterEqual(len(blocks), 3, page)
            for command, block in blocks:
                with self.subTest(command):
                    self.assertEqual(block, output(command))

    def test_every_file_that_is_named_is_there(self):
        for page in PAGES:
            for target in re.findall(r'\]\(([^)#:]+)\)', read(page)):
                with self.subTest(target):
                    self.assertTrue(os.path.exists(os.path.join(os.path.dirname(page), target)))


class ParameterPages(unittest.TestCase):
    def test_each_parameter_of_the_module_for_rsyslog_has_a_page(self):
        with open(os.path.join(TOP, 'plugin/rsyslog/settings.c'), encoding='utf-8') as file:
            names = re.findall(r'\{"(\w+)", eCmdHdlr', file.read())
        with tempfile.TemporaryDirectory() as directory:
            subprocess.run([os.path.join(TOP, 'packaging/upstream/rsyslog/parameter-pages'), directory], check=True)
            self.assertEqual(sorted(os.listdir(directory)), sorted(['mmmailtrace.rst'] + ['mmmailtrace-%s.rst' % n for n in names]))


if __name__ == '__main__':
    if sys.argv[1:] == ['--update']:
        for each in PAGES:
            update(each)
    else:
        unittest.main()
