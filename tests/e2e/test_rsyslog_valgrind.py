#!/usr/bin/python3
"""mmmailtrace in a rsyslogd that runs under valgrind: no wrong access, no leak of ours.

What rsyslogd itself leaves behind is in rsyslog.supp.
"""
import os
import shutil
import unittest

import maillog
from rsyslog import HERE, Rsyslog

CONFIG = '''
template(name="tree" type="string" string="%$!mail%\\n")
ruleset(name="mailevents" queue.type="LinkedList" queue.size="100") {
    action(type="omfile" file="@DIR@/events.json" template="mailtrace")
    action(type="omfile" file="@DIR@/trees" template="tree")
}
ruleset(name="mail" queue.type="LinkedList" queue.workerThreads="4" queue.workerThreadMinimumMessages="1"
        queue.dequeueBatchSize="16") {
    action(type="mmmailtrace" ruleset="mailevents" settle="1" container="$!mail" annotate="on" dropparsed="on")
    action(type="mmmailtrace" ruleset="nowhere")
    action(type="mmmailtrace" ruleset="mailevents" timeout="x" container="x" events="x")
    action(type="omfile" file="@DIR@/rest")
}
'''


@unittest.skipUnless(shutil.which('valgrind'), 'no valgrind here')
class Valgrind(unittest.TestCase):
    def run_under(self, tool, send):
        log = '--log-file=@DIR@/valgrind.log'
        r = Rsyslog(CONFIG + Rsyslog.TCP % 'mail', start_timeout=120, unload=False)
        r.wrapper = ['valgrind', log.replace('@DIR@', r.directory), '--suppressions=' + os.path.join(HERE, 'rsyslog.supp'),
                     '--error-exitcode=99', '--num-callers=30'] + tool
        with r:
            send(r)
            code = r.stop(180)
            report = r.read('valgrind.log').decode(errors='replace')
            self.assertEqual(code, 0, report[-6000:])

    def test_memory(self):
        lines = maillog.Transactions(97).lines(200)
        wrapped = [b'<13>2024-03-09T01:02:03+00:00 relay9 wrapper: ' + maillog.traditional(line)
                   for line in maillog.recent(maillog.Transactions(98, 'mx2', step=100000).lines(50))]

        def send(r):
            r.send([maillog.rfc3339(line, '<22>') for line in lines] + wrapped + [b'<22>foreign: line'])
            r.wait_lines(len(lines) + len(wrapped) + 1, 240)
            r.wait(lambda: len(r.events('trees')) > 300, 120, 'events')
        self.run_under(['--leak-check=full', '--show-leak-kinds=definite,indirect', '--errors-for-leak-kinds=definite'], send)


if __name__ == '__main__':
    unittest.main()
