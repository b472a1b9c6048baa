#!/usr/bin/python3
"""mmmailtrace in rsyslog: what is open survives the end of rsyslogd, whatever end it takes."""
import glob
import os
import time
import unittest

import maillog
from rsyslog import EVENTS, Rsyslog, verify
from survive import Killed, append, log_of

# Lines go from the file to the action without a queue in between, which a kill would empty, and one at a
# time: imfile notes a line as read when it is in a batch, not when the batch is handed on.
FROM_FILE = '''
module(load="imfile")
input(type="imfile" file="@DIR@/mail.log" tag="file:" persistStateInterval="50" maxSubmitAtOnce="1" ruleset="mail")
ruleset(name="mail" queue.type="Direct") {
    action(name="mail" type="mmmailtrace" ruleset="mailevents" %s)
}
'''


class FromFile(Killed, unittest.TestCase):
    def daemon(self):
        return Rsyslog(EVENTS % '' + FROM_FILE % '')

    def test_stopped_again_and_again_nothing_comes_twice(self):
        lines, expected = log_of(3, 1000)
        with self.daemon() as r:
            for i in range(4):
                append(r, lines[i * len(lines) // 5:(i + 1) * len(lines) // 5])
                time.sleep(0.3)
                self.assertEqual(r.stop(), 0)
                r.start()
            append(r, lines[4 * len(lines) // 5:])
            r.check_events(expected)

    def test_hangups_do_no_harm(self):
        lines, expected = log_of(4, 1000)
        with self.daemon() as r:
            for i in range(20):
                append(r, lines[i * len(lines) // 20:(i + 1) * len(lines) // 20])
                for _ in range(5):
                    r.hup()
                    time.sleep(0.01)
            r.check_events(expected)

    def test_the_state_has_the_name_of_the_action(self):
        with self.daemon() as r:
            r.wait(lambda: glob.glob(r.path('work/mailtrace.mail.state.0*')), 10, 'the file')  # of the first tick

    def test_a_name_of_its_own(self):
        with Rsyslog(EVENTS % '' + FROM_FILE % 'statefile="mine" sync="always" maxstate="64m" redeliver="5"') as r:
            r.wait(lambda: glob.glob(r.path('work/mine.0*')), 10, 'the file')
            append(r, maillog.Transactions(5).lines(5))
            r.wait_lines(20)
            self.assertGreater(r.stats()['state.bytes'], 0)

    def test_no_state_is_kept_where_none_is_wanted(self):
        with Rsyslog(EVENTS % '' + FROM_FILE % 'statefile=""') as r:
            append(r, maillog.Transactions(5).lines(5))
            r.wait_lines(20)
            self.assertEqual([f for f in os.listdir(r.path('work')) if 'mailtrace' in f], [])
            self.assertEqual(r.stats()['state.bytes'], 0)


class Undelivered(unittest.TestCase):
    def test_what_the_queue_of_the_events_loses_at_the_end_comes_after_the_next_start(self):
        lines, expected = log_of(6, 100)
        nowhere = 'action(type="omfwd" target="127.0.0.1" port="9" protocol="tcp" action.resumeRetryCount="-1")'
        config = (EVENTS % 'queue.timeoutshutdown="1"').replace('action(type="omfile" file="@DIR@/events.json" template='
                                                                '"mailtrace")', nowhere)
        self.assertIn(nowhere, config)
        with Rsyslog(config + FROM_FILE % '') as r:
            append(r, lines)
            r.wait(lambda: sum(n for name, n in r.stats().items() if name.startswith('events.')) == len(expected), 60, 'events')
            self.assertEqual(r.stop(), 0)
            with open(r.path('rsyslog.conf')) as f:
                text = f.read()
            with open(r.path('rsyslog.conf'), 'w') as f:
                f.write(text.replace(nowhere, 'action(type="omfile" file="%s" template="mailtrace")' % r.path('events.json')))
            r.start()
            r.check_events(expected)


class Trouble(unittest.TestCase):
    SAYS = '''
global(processInternalMessages="on")
if $syslogtag startswith "rsyslogd" then action(type="omfile" file="@DIR@/said")
'''

    def said(self, r, text):
        r.wait(lambda: text.encode() in r.read('said'), 10, text)

    def test_two_actions_on_one_file(self):
        config = EVENTS % '' + self.SAYS + FROM_FILE % 'statefile="one"' + '''
ruleset(name="second") { action(name="second" type="mmmailtrace" ruleset="mailevents" statefile="one") }
'''
        with Rsyslog(config + Rsyslog.TCP % 'second') as r:
            self.said(r, 'work/one: is in use by another process or action')
            self.said(r, 'action disabled')

    def test_without_a_work_directory(self):
        config = EVENTS % '' + self.SAYS + FROM_FILE % ''
        r = Rsyslog(config)
        with open(r.path('rsyslog.conf')) as f:
            text = f.read().replace('workDirectory="%s/work" ' % r.directory, '')
        with open(r.path('rsyslog.conf'), 'w') as f:
            f.write(text)
        with r:
            self.said(r, 'open messages will not survive a restart')
            self.assertTrue(r.alive())

    def test_a_directory_that_is_not_there(self):
        with Rsyslog(EVENTS % '' + self.SAYS + FROM_FILE % 'statefile="/no/such/directory/state"') as r:
            self.said(r, '/no/such/directory/state: No such file or directory')

    def test_a_damaged_file_is_kept_aside(self):
        r = Rsyslog(EVENTS % '' + self.SAYS + FROM_FILE % 'statefile="x"')
        with open(r.path('work/x.00000007'), 'wb') as f:
            f.write(b'mtstate\0, and then something else' * 1000)
        with r:
            self.said(r, 'x.00000007.aside')
            r.wait(lambda: os.path.exists(r.path('work/x.00000007.aside')), 10, 'the one aside')
            r.wait(lambda: os.path.exists(r.path('work/x.00000008')), 10, 'a new file')

    def test_a_file_that_is_something_else_is_not_touched(self):
        r = Rsyslog(EVENTS % '' + self.SAYS + FROM_FILE % 'statefile="mail.log"')
        with open(r.path('work/mail.log'), 'wb') as f:
            f.write(b'a log\n')
        with r:
            self.said(r, "work/mail.log: is no state of mailtrace: it is not touched")
            self.assertTrue(r.alive())
            self.assertEqual(r.read('work/mail.log'), b'a log\n')

    def test_a_state_that_is_a_fifo_does_not_hang(self):
        r = Rsyslog(EVENTS % '' + self.SAYS + FROM_FILE % 'statefile="x"')
        os.mkfifo(r.path('work/x'), 0o600)
        with r:
            self.said(r, 'work/x: is no regular file')

    def test_files_that_are_removed_meanwhile_are_made_anew(self):
        lines, expected = log_of(8, 200)
        with Rsyslog(EVENTS % '' + self.SAYS + FROM_FILE % 'statefile="x"') as r:
            append(r, lines[:len(lines) // 2])
            r.wait(lambda: r.stats()['recognised.postfix'] > len(lines) // 4, 20, 'lines')
            for name in glob.glob(r.path('work/x*')):
                os.unlink(name)
            self.said(r, 'was removed or replaced')
            r.wait(lambda: glob.glob(r.path('work/x.0*')), 10, 'a new file')
            time.sleep(1)  # for events on their way: the lines that they came of went with the files
            r.kill()
            r.start()
            append(r, lines[len(lines) // 2:])
            r.wait(lambda: set(expected) <= set(r.events()), 60, 'all events')
            self.assertEqual(set(r.events()) - set(expected), set())

    def test_wrong_values(self):
        for parameter, says in (('sync="often"', 'sync must be off, interval or always'),
                                ('redeliver="2d"', 'redeliver must be seconds'),
                                ('maxstate="1k"', 'maxstate must be bytes')):
            code, text = verify('module(load="mmmailtrace")\n' + (EVENTS % '').replace('@DIR@', '/tmp') +
                                'action(type="mmmailtrace" ruleset="mailevents" %s)\n' % parameter)
            self.assertIn(says, text)
            self.assertNotEqual(code, 0)


if __name__ == '__main__':
    unittest.main()
