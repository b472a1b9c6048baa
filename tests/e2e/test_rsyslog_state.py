#!/usr/bin/python3
"""mmmailtrace in rsyslog: what is open survives the end of rsyslogd, whatever end it takes."""
import glob
import os
import random
import time
import unittest

import maillog
from rsyslog import EVENTS, Rsyslog, cli_events, verify

LONG = bool(os.environ.get('MAILTRACE_LONG'))

# Lines go from the file to the action without a queue in between, which a kill would empty, and one at a
# time: imfile notes a line as read when it is in a batch, not when the batch is handed on.
FROM_FILE = '''
module(load="imfile")
input(type="imfile" file="@DIR@/mail.log" tag="file:" persistStateInterval="50" maxSubmitAtOnce="1" ruleset="mail")
ruleset(name="mail" queue.type="Direct") {
    action(name="mail" type="mmmailtrace" ruleset="mailevents" %s)
}
'''


def expected_of(lines):
    return cli_events([maillog.rfc3339(line) for line in lines])


class FromFile(unittest.TestCase):
    def append(self, r, lines):
        with open(r.path('mail.log'), 'ab') as f:
            f.write(b''.join(maillog.rfc3339(line) + b'\n' for line in lines))

    def kill(self, r):
        r.process.kill()
        r.process.wait()

    def check(self, r, expected, message):
        """Everything is there, and nothing else; a line that is there twice is the same line. omfile writes
        in blocks: where it was killed between two, the beginning of a line stands before the next one.
        """
        wanted = set(expected)
        r.wait(lambda: wanted <= set(r.events()), 120, '%d different events' % len(expected))
        torn = 0
        for line in set(r.events()) - wanted:
            start, _, rest = line.rpartition(b'{"event":')
            self.assertIn(b'{"event":' + rest, wanted, message)
            self.assertTrue(any(event.startswith(start) for event in wanted), line)
            torn += 1
        return torn

    def kills(self, kills, messages, seed):
        lines = maillog.Transactions(seed, step=40000 if messages < 10000 else 2000).lines(messages)
        lines = lines + maillog.close(lines)
        expected = expected_of(lines)
        draw = random.Random(seed)
        cuts = sorted(draw.randrange(len(lines)) for _ in range(kills))
        with Rsyslog(EVENTS % '' + FROM_FILE % '') as r:
            start = time.monotonic()
            for a, b in zip([0] + cuts, cuts):
                self.append(r, lines[a:b])
                time.sleep(draw.choice([0, 0.3, 0.6, 1, 1.5, 2]))
                self.kill(r)
                r.start()
            self.append(r, lines[cuts[-1]:])
            torn = self.check(r, expected, 'seed %d' % seed)
            print('%d kills in %d s, %d messages, %d lines: %d events wanted, %d written, %d different ones; %d lines of '
                  'the output torn' % (kills, time.monotonic() - start, messages, len(lines), len(expected),
                                       len(r.events()), len(set(r.events()) & set(expected)), torn))
            self.assertGreater(len(r.events()), len(expected), 'no kill came after an event was written')

    def test_killed_again_and_again(self):
        if LONG:
            self.kills(200, 100000, 1)
        else:
            self.kills(8, 2000, 2)

    def test_stopped_again_and_again_nothing_comes_twice(self):
        lines = maillog.Transactions(3, step=2000).lines(1000)
        lines = lines + maillog.close(lines)
        expected = expected_of(lines)
        with Rsyslog(EVENTS % '' + FROM_FILE % '') as r:
            for i in range(4):
                self.append(r, lines[i * len(lines) // 5:(i + 1) * len(lines) // 5])
                time.sleep(0.3)
                self.assertEqual(r.stop(), 0)
                r.start()
            self.append(r, lines[4 * len(lines) // 5:])
            r.check_events(expected)

    def test_hangups_do_no_harm(self):
        lines = maillog.Transactions(4, step=2000).lines(1000)
        lines = lines + maillog.close(lines)
        expected = expected_of(lines)
        with Rsyslog(EVENTS % '' + FROM_FILE % '') as r:
            for i in range(20):
                self.append(r, lines[i * len(lines) // 20:(i + 1) * len(lines) // 20])
                for _ in range(5):
                    r.hup()
                    time.sleep(0.01)
            r.check_events(expected)

    def test_the_state_has_the_name_of_the_action(self):
        with Rsyslog(EVENTS % '' + FROM_FILE % '') as r:
            self.assertTrue(glob.glob(r.path('work/mailtrace.mail.state.0*')))

    def test_a_name_of_its_own(self):
        with Rsyslog(EVENTS % '' + FROM_FILE % 'statefile="mine" sync="always" maxstate="64m" redeliver="5"') as r:
            self.assertTrue(glob.glob(r.path('work/mine.0*')))
            self.append(r, maillog.Transactions(5).lines(5))
            r.wait_lines(20)
            self.assertGreater(r.stats()['state.bytes'], 0)

    def test_no_state_is_kept_where_none_is_wanted(self):
        with Rsyslog(EVENTS % '' + FROM_FILE % 'statefile=""') as r:
            self.append(r, maillog.Transactions(5).lines(5))
            r.wait_lines(20)
            self.assertEqual([f for f in os.listdir(r.path('work')) if 'mailtrace' in f], [])
            self.assertEqual(r.stats()['state.bytes'], 0)


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
            f.write(b'this is no state' * 1000)
        with r:
            self.said(r, 'x.00000007.aside')
            self.assertTrue(os.path.exists(r.path('work/x.00000007.aside')))
            r.wait(lambda: os.path.exists(r.path('work/x.00000008')), 10, 'a new file')

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
