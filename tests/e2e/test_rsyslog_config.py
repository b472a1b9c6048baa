#!/usr/bin/python3
"""mmmailtrace in rsyslog: what is refused, with what words, and the examples that are shipped."""
import glob
import grp
import os
import re
import socket
import subprocess
import tempfile
import time
import unittest

import maillog
from rsyslog import EVENTS, RSYSLOGD, TOP, Rsyslog, module_path, need_module, verify, verify_file

EXAMPLES = sorted(glob.glob(os.path.join(TOP, 'packaging', 'rsyslog', '*.conf')))

# Five lines, then the action: it ends on line 6.
CONFIG = '''module(load="mmmailtrace")
ruleset(name="mailevents" queue.type="LinkedList") {
    action(type="omfile" file="/dev/null" template="mailtrace")
}
ruleset(name="direct") { action(type="omfile" file="/dev/null") }
%s
action(type="omfile" file="/dev/null")
'''


def action(parameters):
    return 'action(type="mmmailtrace" %s)' % parameters


# Parameters, and what rsyslog is to say of them.
REFUSED = [
    ('', "parameter 'ruleset' required but not specified"),
    ('ruleset=""', 'ruleset must name the ruleset that gets the events'),
    ('ruleset="nowhere"', 'there is no ruleset "nowhere" that events could go to; action disabled'),
    ('ruleset="direct"', r'ruleset "direct" has no queue of its own, which events need: write '
                         r'ruleset\(name="direct" queue.type="LinkedList"\) { ... }; action disabled'),
    ('ruleset="mailevents" events=""', 'events must be one or more of delivery, message, reject, session'),
    ('ruleset="mailevents" events="deliveries"',
     'events must be one or more of delivery, message, reject, session, not "deliveries"'),
    ('ruleset="mailevents" events=["message", "bounce"]', 'not "bounce"'),
    ('ruleset="mailevents" container="mail"', r'container must be off, \$! or a place below it .*, not "mail"'),
    ('ruleset="mailevents" container="$.mail"', 'container must be'),
    ('ruleset="mailevents" container="$!"', None),
    ('ruleset="mailevents" container="$!mail!"', 'container must be'),
    ('ruleset="mailevents" container="$!a b"', 'container must be'),
    ('ruleset="mailevents" container=""', 'container must be'),
    ('ruleset="mailevents" container="off"', None),
    ('ruleset="mailevents" annotate="maybe"', "parameter 'annotate' must be"),
    ('ruleset="mailevents" dropparsed="2"', "parameter 'dropparsed' must be"),
    ('ruleset="mailevents" timeout="0"', r'timeout must be seconds \(or 30s, 10m, 6h, 5d\), from 1s to 3650d, not "0"'),
    ('ruleset="mailevents" timeout="-1"', 'timeout must be'),
    ('ruleset="mailevents" timeout="soon"', 'timeout must be'),
    ('ruleset="mailevents" timeout="99999999999999999999"', 'timeout must be'),
    ('ruleset="mailevents" timeout="5 d"', 'timeout must be'),
    ('ruleset="mailevents" timeout="5d" settle="0.5"', None),
    ('ruleset="mailevents" settle="-0.5"', r'settle must be seconds \(or 30s, 10m, 6h, 5d\), from 0 to 1h, not "-0.5"'),
    ('ruleset="mailevents" settle="3601"', 'settle must be'),
    ('ruleset="mailevents" settle="1.5.0"', 'settle must be'),
    ('ruleset="mailevents" settle="60" timeout="60"', 'settle must be shorter than timeout'),
    ('ruleset="mailevents" causes="/nonexistent/causes"', '/nonexistent/causes: No such file or directory'),
    ('ruleset="mailevents" maxmessages="0"', 'maxmessages must be a whole number, from 1 to 4294967295, not "0"'),
    ('ruleset="mailevents" maxmessages="1.5"', 'maxmessages must be'),
    ('ruleset="mailevents" maxmemory="64k"', r'maxmemory must be bytes \(or 64k, 512m\), from 1m to 65536g, not "64k"'),
    ('ruleset="mailevents" maxmemory="10x"', 'maxmemory must be'),
    ('ruleset="mailevents" maxmemory="2g"', None),
    ('ruleset="mailevents" maxrecipients="1000001"', 'maxrecipients must be'),
    ('ruleset="mailevents" maxline="10"', r'maxline must be bytes \(or 64k, 512m\), from 64 to 16m, not "10"'),
    ('ruleset="mailevents" tz="Mars"', r'tz must be local, UTC or an offset such as \+01:00, not "Mars"'),
    ('ruleset="mailevents" tz="local"', None),
    ('ruleset="mailevents" tz="-03:30"', None),
    ('ruleset="mailevents" annotate="on" queue.type="LinkedList"',
     "annotate cannot work in an action with a queue of its own: remove the action's queue.* parameters"),
    ('ruleset="mailevents" dropparsed="on" queue.type="LinkedList"', 'dropparsed cannot work in an action with a queue'),
    ('ruleset="mailevents" queue.type="LinkedList"', None),
    ('ruleset="mailevents" colour="red"', "parameter 'colour' not known"),
]


class Refusals(unittest.TestCase):
    def test_each_with_its_message_file_and_line(self):
        with tempfile.TemporaryDirectory() as directory:
            for parameters, said in REFUSED:
                with self.subTest(parameters):
                    _, output = verify(CONFIG % action(parameters), directory)
                    errors = [line for line in output.splitlines() if 'error' in line or 'not known' in line]
                    if said is None:
                        self.assertEqual(errors, [])
                        continue
                    self.assertRegex(output, said)
                    self.assertRegex(output, r'file %s/rsyslog.conf, on or before line 6: .*%s'
                                     % (re.escape(directory), said))

    def test_all_wrong_values_are_told_at_once(self):
        _, output = verify(CONFIG % action('ruleset="mailevents" timeout="x" settle="y" events="z"'))
        for name in ('timeout', 'settle', 'events'):
            self.assertIn('mmmailtrace: %s must' % name, output)

    def test_the_ruleset_of_events_cannot_hold_the_action(self):
        for inside in (action('ruleset="loop"'), 'if $msg contains "x" then { %s }' % action('ruleset="loop"'),
                       'foreach ($.i in $!list) do { %s }' % action('ruleset="loop"'), 'call inner'):
            config = '''module(load="mmmailtrace")
ruleset(name="inner") { %s }
ruleset(name="loop" queue.type="LinkedList") { %s }
''' % (action('ruleset="loop"') if inside == 'call inner' else 'stop', inside)
            with self.subTest(inside):
                self.assertIn('the action is in the ruleset "loop" that its events go to', verify(config)[1])

    def test_a_wrong_action_is_disabled_and_the_daemon_lives(self):
        """Whatever is wrong, lines go on to the other actions."""
        line = maillog.rfc3339(maillog.Line(0, 'mx1', 'postfix/qmgr', 9, 'A1B2C3D4E5: removed'), '<22>')
        wrong = ['', 'ruleset="nowhere"', 'ruleset="direct"', 'ruleset="mailevents" timeout="x"',
                 'ruleset="mailevents" annotate="on" queue.type="LinkedList"']
        config = EVENTS % '' + '''
ruleset(name="direct") { action(type="omfile" file="@DIR@/direct") }
ruleset(name="mail") {
    %s
    action(type="omfile" file="@DIR@/lines" template="RSYSLOG_FileFormat")
}
''' % '\n    '.join(action(parameters) for parameters in wrong)
        with Rsyslog(config + Rsyslog.TCP % 'mail') as r:
            r.send([line] * 20)
            r.wait(lambda: len(r.events('lines')) == 20, what='the lines')
            self.assertTrue(r.alive())
            self.assertEqual(r.stats(), {})
            self.assertEqual(r.read('direct') + r.read('events.json'), b'')
            self.assertEqual(r.said().count('action disabled'), 3)

    def test_the_old_syntax_is_refused(self):
        _, output = verify('module(load="mmmailtrace")\n*.* :mmmailtrace:\naction(type="omfile" file="/dev/null")\n')
        self.assertIn('on or before line 2: errors occurred', output)


class AnotherRsyslog(unittest.TestCase):
    """A rsyslogd that says that it is another one: for the module, its structures have unknown layouts."""
    ORIGIN = b'[origin software="rsyslogd" swVersion="'

    def changed(self, old, new, directory):
        """A copy of rsyslogd, and of its configuration that has the module."""
        self.assertEqual(len(old), len(new))
        with open(RSYSLOGD, 'rb') as f:
            program = f.read()
        self.assertIn(old, program)
        path = os.path.join(directory, 'rsyslogd')
        with open(path, 'wb') as f:
            f.write(program.replace(old, new))
        os.chmod(path, 0o755)
        with open(path + '.conf', 'w') as f:
            f.write('global(processInternalMessages="on")\n' + CONFIG % action('ruleset="mailevents"') +
                    'action(type="omfile" file="%s/all")\n' % directory)
        return [path, '-M', module_path(), '-f', path + '.conf', '-i', path + '.pid']

    def check(self, old, new, words):
        with tempfile.TemporaryDirectory() as directory:
            command = self.changed(old, new, directory)
            done = subprocess.run(command + ['-N1'], timeout=60, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            self.assertEqual(done.returncode, 1, done.stdout)
            self.assertRegex(done.stdout, 'mmmailtrace: not loaded: this module was built for rsyslog [0-9.]+, and this is ' + words)
            self.lives_on(command, os.path.join(directory, 'all'))

    def lives_on(self, command, log):
        """What does not need the module works."""
        process = subprocess.Popen(command + ['-n'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            end = time.monotonic() + 20
            while subprocess.run(['grep', '-qs', 'not loaded', log]).returncode:
                self.assertIsNone(process.poll())
                self.assertLess(time.monotonic(), end)
                time.sleep(0.05)
        finally:
            process.terminate()
        self.assertEqual(process.wait(20), 0)

    def test_of_another_version(self):
        self.check(self.ORIGIN + b'8.2', self.ORIGIN + b'8.9', r'8\.9\d+\.\d+\. ')

    def test_of_no_version(self):
        self.check(self.ORIGIN, self.ORIGIN.replace(b'sw', b'no'), r'a version that cannot be told\. ')

    def test_a_debug_build(self):
        self.check(b'invalid debug option', b'invalid iObjCooCKiE ', r'\d[0-9.]+ \(debug build\)\. ')


class Examples(unittest.TestCase):
    def test_there_are_examples(self):
        self.assertGreater(len(EXAMPLES), 5)

    def test_each_is_valid(self):
        for path in EXAMPLES:
            with self.subTest(os.path.basename(path)), tempfile.TemporaryDirectory() as directory:
                with open(path) as f:
                    for module in re.findall(r'module\(load="(\w+)"', f.read()):
                        if module != 'mmmailtrace':
                            need_module(module)
                main = os.path.join(directory, 'rsyslog.conf')
                with open(main, 'w') as f:
                    f.write('global(workDirectory="%s")\ninclude(file="%s")\n'
                            'action(type="omfile" file="/dev/null")\n' % (directory, path))
                code, output = verify_file(main)
                lines = [line for line in output.splitlines() if 'config validation run' not in line]
                self.assertEqual((code, lines), (0, []))

    def test_files_are_not_for_everybody(self):
        """They hold addresses: like mail.log of Debian, they are for their owner and for the group adm."""
        for path in EXAMPLES:
            with open(path) as f:
                for action in re.findall(r'action\(type="omfile".*?\)', f.read(), re.S):
                    with self.subTest(os.path.basename(path)):
                        self.assertIn('fileCreateMode="0640" fileGroup="adm"', action)
                        if 'createDirs="on"' in action:
                            self.assertIn('dirCreateMode="0750" dirGroup="adm"', action)

    @unittest.skipIf(os.getuid(), 'only root gives files to another group')
    def test_mode_owner_and_group_of_the_file(self):
        with Rsyslog(self.example('file.conf').replace('/var/log/mail-', '@DIR@/').replace('name="mailtrace" ', 'settle="0" ') +
                     Rsyslog.TCP % 'RSYSLOG_DefaultRuleset') as r:
            r.send([maillog.rfc3339(line, '<22>') for line in maillog.Transactions(7).lines(20)])
            r.wait_events(1)
            found = os.stat(r.path('events.json'))
            self.assertEqual((oct(found.st_mode & 0o777), found.st_uid, grp.getgrgid(found.st_gid).gr_name), ('0o640', 0, 'adm'))

    def test_relays_send_events_to_the_central_server(self):
        """relay.conf and central.conf, on free ports and in directories of the test."""
        need_module('imrelp')
        need_module('omrelp')
        relay, central = (self.example(name) for name in ('relay.conf', 'central.conf'))
        with socket.socket() as s:
            s.bind(('127.0.0.1', 0))
            port = str(s.getsockname()[1])
        central = central.replace('2514', port).replace('/var/log/mail-events/', '@DIR@/')
        relay = relay.replace('2514', port).replace('logs.example.org', '127.0.0.1')
        relay = relay[:relay.index('if $syslog')] + \
            'ruleset(name="mail") { action(type="mmmailtrace" ruleset="mailevents" settle="0") }'
        lines = maillog.Transactions(95, 'mx5').lines(100)
        with Rsyslog(central) as c, Rsyslog(relay + Rsyslog.TCP % 'mail') as r:
            r.send([maillog.rfc3339(line, '<22>') for line in lines])
            r.wait_lines(len(lines))
            n = sum(v for k, v in r.stats().items() if k in ('events.delivery', 'events.message', 'events.reject',
                                                               'events.session'))

            def stored():
                return sum((c.events(os.path.basename(p)) for p in glob.glob(c.path('*.json'))), [])
            r.wait(lambda: len(stored()) >= n, what='the events at the central server')
            self.assertEqual(len(stored()), n)
            self.assertTrue(all(e.startswith(b'{"event":') and e.endswith(b'}') for e in stored()))

    def example(self, name):
        """Without its module(load="mmmailtrace") and global(), which the harness has."""
        with open(os.path.join(TOP, 'packaging', 'rsyslog', name)) as f:
            text = re.sub(r'(?m)^(module\(load="mmmailtrace"\)|global\(.*\))$', '', f.read())
        return text if os.getuid() == 0 else re.sub(' (file|dir)Group="adm"', '', text)


if __name__ == '__main__':
    unittest.main()
