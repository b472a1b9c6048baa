#!/usr/bin/python3
"""mailtrace() in a syslog-ng that runs under valgrind: no wrong access, no leak of ours over 50 reloads.

syslog-ng and glib leave things behind themselves: a leak is ours when our code is in its stack, unless
it is what syslog-ng remembers of the local zone in each thread.
"""
import re
import shutil
import unittest

import maillog
from syslogng import SOURCE, SyslogNg

CONFIG = SOURCE.replace('max-connections', 'keep-alive(yes) max-connections') + '''
parser p_mail { mailtrace(settle(%s)); };
log { source(s_lines); parser(p_mail); destination(d_events);
      destination { file("@DIR@/pairs" template("$(format-json --key .mail.*)\\n")); }; flags(flow-control); };
log { source(s_lines); parser(p_mail); parser { mailtrace(inject-mode(aggregate-only) state-file("") pairs(no)); };
      destination { file("@DIR@/second"); }; };
'''
RELOADS = 50


@unittest.skipUnless(shutil.which('valgrind'), 'no valgrind here')
class Valgrind(unittest.TestCase):
    def test_memory(self):
        lines = maillog.Transactions(97).lines(200)
        wrapped = [b'<13>2024-03-09T01:02:03+00:00 relay9 wrapper: ' + maillog.traditional(line)
                   for line in maillog.recent(maillog.Transactions(98, 'mx2', step=100000).lines(50))]
        s = SyslogNg(CONFIG % 1, start_timeout=120)
        s.wrapper = ['valgrind', '--log-file=' + s.path('valgrind.log'), '--num-callers=40', '--leak-check=full',
                     '--show-leak-kinds=definite,indirect', '--fullpath-after=', '--quiet']
        sent = [maillog.rfc3339(line, '<22>') for line in lines] + wrapped + [b'<22>foreign: line']
        step = len(sent) // RELOADS + 1
        with s:
            with s.tcp() as connection:
                for i in range(RELOADS):
                    connection.sendall(b''.join(line + b'\n' for line in sent[i * step:(i + 1) * step]))
                    if i % 10 == 9:
                        s.configure(CONFIG % (1 + i % 3))
                    s.reload()
            s.wait(lambda: len(s.events('pairs')) > 300, 240, 'events')
            code = s.stop(180)
            report = s.read('valgrind.log').decode(errors='replace')
        self.assertEqual(code, 0, report[-6000:])
        blocks = re.split(r'^==\d+== *\n', report, flags=re.M)
        ours = [b for b in blocks if re.search(r'plugin/(syslog-ng|engine)/|Invalid|uninitialised', b)
                and 'cached_localtime' not in b]
        self.assertEqual(ours, [])


if __name__ == '__main__':
    unittest.main()
