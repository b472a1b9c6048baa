#!/usr/bin/python3
"""mailtrace() in syslog-ng: options, what is refused and how, name-value pairs, counters, state files."""
import glob
import grp
import json
import os
import re
import subprocess
import tempfile
import unittest

import maillog
import syslogng
from syslogng import AGGREGATE, SCL, SOURCE, SyslogNg, TOP, cli_events, need_module, verify, verify_file, version

PARSER = 'parser p { mailtrace(%s); };'

GOOD = [
    '',
    'prefix(".mail.")',
    'prefix("mail_")',
    'events(delivery message reject session)',
    'events("delivery, message")',
    'events(message)',
    'inject-mode(pass-through)',
    'inject-mode("aggregate-only")',
    'inject_mode(internal)',
    'timeout(86400)',
    'timeout(1.5) settle(1)',
    'settle(0)',
    'settle(0.25)',
    'persist-name("mail")',
    'state-file("mailtrace.state") max-state(64MiB)',
    'state-file("")',
    'redeliver(0) sync(always)',
    'max-messages(1000) max-memory(64MiB) max-recipients(0) max-line(64)',
    'pairs(no) wrapped(no)',
    'time-zone("+01:00")',
    'time-zone(local)',
    'template("${MESSAGE}")',
]

# What is wrong, and what is said of it.
BAD = [
    ('prefix("")', r'prefix\(\) must be the first part of a name'),
    ('prefix("a b")', r'prefix\(\) must'),
    ('prefix("%s")' % ('x' * 300), r'prefix\(\) must .*1 to 200 characters'),
    ('events()', r'events\(\) must be one or more of delivery, message, reject, session'),
    ('events(delivery mesage)', r'events\(\) must be one or more of'),
    ('inject-mode(sideways)', r'inject-mode\(\) must be pass-through, aggregate-only or internal'),
    ('timeout(0)', r'timeout\(\) must be seconds, from 1'),
    ('timeout("long")', r'syntax error|unexpected'),
    ('timeout(-5)', r'cannot be negative'),
    ('settle(3601)', r'settle\(\) must be seconds, from 0 to 3600'),
    ('timeout(10) settle(10)', r'settle\(\) must be shorter than timeout\(\)'),
    ('max-messages(0)', r'[Mm]ust be positive|max-messages'),
    ('max-messages(5000000000)', r'max-messages\(\) must be a whole number'),
    ('max-memory(1000)', r'max-memory\(\) must be bytes'),
    ('max-recipients(2000000)', r'max-recipients\(\) must be'),
    ('max-line(10)', r'max-line\(\) must be bytes'),
    ('max-state(10)', r'max-state\(\) must be bytes'),
    ('redeliver(100000)', r'redeliver\(\) must be seconds'),
    ('causes("/nonexistent/causes")', r'/nonexistent/causes: No such file or directory'),
    ('sync(sometimes)', r'sync\(\) must be off, interval or always'),
    ('time-zone("Mars")', r'time-zone\(\) must be local, UTC or an offset'),
    ('template("$(nonsense")', r'[Ee]rror compiling template|template'),
    ('colour(red)', r'syntax error|unexpected'),
]


class AnotherSyslogNg(unittest.TestCase):
    """A syslog-ng whose library has the name of another version's: for the module, its structures have unknown layouts."""

    def check(self, old, new, words):
        with tempfile.TemporaryDirectory() as directory:
            program = os.path.join(directory, 'syslog-ng')
            for path in [syslogng.DAEMON] + glob.glob(os.path.join(syslogng.ROOT, 'usr/lib/syslog-ng/libsyslog-ng-*.so.0')):
                with open(path, 'rb') as f, open(os.path.join(directory, os.path.basename(path).replace(old, new)), 'wb') as g:
                    g.write(f.read().replace(old.encode(), new.encode()))
            os.chmod(program, 0o755)
            env = syslogng.environment()
            env['LD_LIBRARY_PATH'] = directory + ':' + env.get('LD_LIBRARY_PATH', '')
            with open(program + '.conf', 'w') as f:
                f.write('@version: %s\n@module mailtrace-syslogng\n' % version() + PARSER % '')
            command = [program] + syslogng.command(program + '.conf', directory)[1:]
            done = subprocess.run(command + ['--syntax-only'], env=env, timeout=60, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True)
            self.assertEqual(done.returncode, 1, done.stdout)  # and not killed
            self.assertRegex(done.stdout, r'mailtrace: not loaded: this module was built for syslog-ng [0-9.]+, and this is ' + words)

    def test_of_another_version(self):
        major = version().split('.')[0]
        self.check('libsyslog-ng-%s.' % major, 'libsyslog-ng-9.', r'9\.\d+\. ')

    def test_of_no_version(self):
        self.check('libsyslog-ng-', 'libsyslog_ng-', r'a version that cannot be told\. ')


class Options(unittest.TestCase):
    def test_good_ones_are_taken(self):
        for options in GOOD:
            with self.subTest(options):
                code, said = verify(PARSER % options)
                self.assertEqual(code, 0, said)

    def test_bad_ones_are_refused_with_the_place(self):
        for options, words in BAD:
            with self.subTest(options):
                code, said = verify('\n\n' + PARSER % options)
                self.assertNotEqual(code, 0)
                self.assertRegex(said, words)
                self.assertRegex(said, r'syslog-ng\.conf:4[:-]')

    def test_after_a_wrong_option_the_running_configuration_stays(self):
        with SyslogNg(SOURCE + AGGREGATE % '') as s:
            s.configure(SOURCE + AGGREGATE % 'sync(sometimes)')
            s.control('reload')
            s.wait(lambda: s.logged(r'sync\(\) must be'), what='the error')
            self.assertTrue(s.alive())
            self.assertIn('lines', s.stats())


class Examples(unittest.TestCase):
    """The files in packaging/syslog-ng, as far as Debian's modules are there."""
    MODULES = {'elasticsearch.conf': 'http', 'kafka.conf': 'kafka', 'postgresql.conf': 'afsql'}

    def test_each_is_accepted(self):
        files = sorted(glob.glob(os.path.join(TOP, 'packaging/syslog-ng/*.conf')))
        self.assertGreater(len(files), 4)
        for path in files:
            name = os.path.basename(path)
            with self.subTest(name):
                if name in self.MODULES:
                    need_module(self.MODULES[name])
                with open(path) as f:
                    text = f.read()
                if path != SCL and 'mailtrace-events(' in text:
                    text = '@include "%s"\n' % SCL + text
                code, said = verify('source s_src { internal(); };\n' + text)
                self.assertEqual(code, 0, said)

    def test_one_line_takes_a_source_to_a_file(self):
        lines = [maillog.rfc3339(line) for line in maillog.Transactions(1).lines(50)]
        closing = [maillog.rfc3339(line) for line in maillog.close(maillog.Transactions(1).lines(50))]
        config = '@include "%s"\n' % SCL + SOURCE + \
            'mailtrace-events(source(s_lines) file("@DIR@/events.json") settle(10));'
        with SyslogNg(config) as s:
            s.send([b'<22>' + line for line in lines + closing])
            s.check_events(cli_events(lines + closing, '--settle=10'))
            found = os.stat(s.path('events.json'))
            self.assertEqual(oct(found.st_mode & 0o777), '0o640')
            if os.getuid() == 0:  # who gives files to another group
                self.assertEqual((found.st_uid, grp.getgrgid(found.st_gid).gr_name), (0, 'adm'))

    def test_files_are_not_for_everybody(self):
        """They hold addresses: like mail.log of Debian, they are for their owner and for the group adm."""
        for path in glob.glob(os.path.join(TOP, 'packaging/syslog-ng/*.conf')):
            with open(path) as f:
                for block in re.findall(r'destination \{([^{}]*(?:\$\{[^{}]*\}[^{}]*)*)\}', f.read()):
                    if 'file(' in block:
                        with self.subTest(os.path.basename(path)):
                            self.assertIn('group("adm") perm(0640)', block)
                            if 'create-dirs(yes)' in block:
                                self.assertIn('dir-group("adm") dir-perm(0750)', block)


def flat(value, name=''):
    """The pairs that an event is to have: nested objects with dots, arrays as they are."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from flat(inner, name + '.' + key if name else key)
    else:
        yield name, value


class Events(unittest.TestCase):
    def setUp(self):
        self.lines = [line._replace(usec=line.usec + 1000) for line in maillog.Transactions(5).lines(60)]
        self.wire = [maillog.rfc3339(line, '<22>') for line in self.lines + maillog.close(self.lines)]
        self.events = cli_events([line[4:] for line in self.wire])

    def run_with(self, template, options='', log=''):
        config = SOURCE + '''
parser p_mail { mailtrace(%s); };
log { source(s_lines); parser(p_mail); destination { file("@DIR@/out" template(%s)); }; %s };
''' % (options, template, log)
        with SyslogNg(config) as s:
            s.send(self.wire)
            n = len(self.events) if 'aggregate-only' in options else len(self.events) + len(self.wire)
            s.wait(lambda: len(s.events('out')) >= n, what='%d messages' % n)
            return s.events('out')

    def test_host_stamp_and_program(self):
        out = self.run_with('"$ISODATE|$HOST|$PROGRAM|$FACILITY|$PRIORITY|$MESSAGE\\n"',
                            'inject-mode(aggregate-only)')
        for line in out:
            timestamp, host, program, facility, level, event = line.decode().split('|', 5)
            event = json.loads(event)
            self.assertEqual(timestamp, re.sub(r'\.\d+', '', event['time']))
            self.assertEqual((host, program, facility, level), (event['host'], 'mailtrace', 'mail', 'info'))

    def check_pairs(self):
        out = self.run_with('"$MESSAGE\t$(format-json --key .mail.*)\\n"', 'inject-mode(aggregate-only)')
        self.assertEqual(sorted(line.split(b'\t')[0] for line in out), sorted(self.events))
        typed = int(version().split('.')[0]) >= 4  # before, all pairs are text in JSON
        for line in out:
            message, pairs = (json.loads(part) for part in line.split(b'\t'))
            wanted, seen = dict(flat(message)), dict(flat(pairs['_mail']))
            self.assertEqual(sorted(seen), sorted(wanted))
            for name, value in wanted.items():
                got = seen[name]
                if not typed and not isinstance(value, str):
                    got = json.loads(got)
                self.assertEqual(got, value, name)

    def test_every_field_is_a_pair(self):
        self.check_pairs()

    def test_trees_and_odd_text_in_pairs(self):
        texts = [('postfix/cleanup', 'D4E5F6: info: header Received: from a.example.com (a.example.com [192.0.2.1])??'
                  'by mx1.example.com (Postfix) with ESMTP id D4E5F6; Thu, 7 Mar 2024 15:02:58 +0000 (UTC) from '
                  'a.example.com[192.0.2.1]; from=<a@example.com> to=<b@example.com> proto=ESMTP helo=<a>'),
                 ('postfix/qmgr', 'D4E5F6: from=<"a\\"]b"@example.com>, size=1, nrcpt=2 (queue active)'),
                 ('postfix/smtp', 'D4E5F6: to=<"}]\\\\"@example.com>, relay=mx.example.com[192.0.2.9]:25, delay=3, '
                  'delays=1/1/0/1, dsn=2.0.0, status=sent (250 "a\\b\\\\" \x07 \u00e9 ,"x":[{)'),
                 ('postfix/smtp', 'D4E5F6: to=<c@example.com>, relay=mx.example.com[192.0.2.9]:25, delay=3, '
                  'delays=1/1/0/1, dsn=2.0.0, status=sent (\\)'),
                 ('postfix/qmgr', 'D4E5F6: removed'),
                 ('postfix/smtpd', 'lost connection after AUTH from unknown[192.0.2.7]'),
                 ('postfix/smtpd', 'disconnect from unknown[192.0.2.7] ehlo=1 auth=0/5 commands=1/6')]
        first = self.lines[0]
        lines = [first._replace(program=program, text=text, usec=first.usec + i, pid=77)
                 for i, (program, text) in enumerate(texts)]
        self.wire = [maillog.rfc3339(line, '<22>') for line in lines + maillog.close(lines)]
        self.events = cli_events([line[4:] for line in self.wire])
        for wanted in (b'"received":[', b'"recipients":[', b'"commands":{', b'\\\\', b'\\u'):
            self.assertTrue(any(wanted in e for e in self.events), wanted)
        self.check_pairs()

    def test_conditions_on_pairs(self):
        config = SOURCE + '''
parser p_mail { mailtrace(inject-mode(aggregate-only) prefix("mt.")); };
log { source(s_lines); parser(p_mail); filter { "${mt.event}" eq "delivery" and "${mt.status}" eq "bounced" };
      destination(d_events); };
'''
        with SyslogNg(config) as s:
            s.send(self.wire)
            s.check_events([e for e in self.events if b'"status":"bounced"' in e and b'"event":"delivery"' in e])

    def test_pairs_no(self):
        out = self.run_with('"$MESSAGE\t$(format-json --key .mail.*)\\n"', 'inject-mode(aggregate-only) pairs(no)')
        self.assertEqual(sorted(out), sorted(e + b'\t{}' for e in self.events))

    def test_pass_through_leaves_lines_as_they_are(self):
        out = self.run_with('"$PROGRAM|$MESSAGE\\n"')
        lines = [('%s|%s' % (x.program, x.text)).encode() for x in self.lines + maillog.close(self.lines)]
        self.assertEqual(sorted(out), sorted(lines + [b'mailtrace|' + e for e in self.events]))

    def test_internal(self):
        config = SOURCE + '''
parser p_mail { mailtrace(inject-mode(internal)); };
log { source(s_lines); parser(p_mail); destination { file("@DIR@/lines"); }; };
log { source { internal(); }; filter { program("mailtrace") }; destination(d_events); };
'''
        with SyslogNg(config) as s:
            s.send(self.wire)
            s.check_events(self.events)
            self.assertEqual(len(s.events('lines')), len(self.wire))

    def test_events_names_the_kinds(self):
        config = SOURCE + AGGREGATE % 'events(message reject)'
        with SyslogNg(config) as s:
            s.send(self.wire)
            s.check_events([e for e in self.events if re.match(rb'\{"event":"(message|reject)"', e)])
            stats = s.stats()
            self.assertEqual(stats['events.message'] + stats['events.reject'], len(s.events()))

    def test_bytes_that_are_no_text(self):
        """In pairs as in JSON: each bad piece is one U+FFFD."""
        bad = b'<22>2024-03-07T15:02:58.000001+00:00 mx1 postfix/smtp[9]: A1B2C3D4E5: to=<a\xff\xfeb@example.org>, relay=none, ' \
              b'delay=1, delays=1/0/0/0, dsn=4.4.1, status=deferred (\xe2\x82 no)'
        config = SOURCE.replace('log-iw-size', 'flags(no-multi-line) log-iw-size') + '''
parser p_mail { mailtrace(inject-mode(aggregate-only) settle(0)); };
log { source(s_lines); parser(p_mail); destination { file("@DIR@/out" template("${.mail.to}|${.mail.response}\\n")); }; };
'''
        with SyslogNg(config) as s:
            s.send([bad])
            s.wait(lambda: s.events('out'), what='an event')
            self.assertEqual(s.events('out')[0].decode(), 'a\ufffd\ufffdb@example.org|\ufffd no')

    def test_a_template_may_give_the_text(self):
        config = SOURCE + '''
parser p_prefix { csv-parser(columns("one", "two") delimiters("|") flags(greedy)); };
parser p_mail { mailtrace(inject-mode(aggregate-only) template("${two}")); };
log { source(s_lines); parser(p_prefix); parser(p_mail); destination(d_events); };
'''
        with SyslogNg(config) as s:
            s.send([line.replace(b']: ', b']: tag|', 1) for line in self.wire])
            s.check_events(self.events)


class Counters(unittest.TestCase):
    def test_evictions_are_counted_and_said(self):
        lines = [x for x in maillog.Transactions(6).lines(300) if 'removed' not in x.text and 'done;' not in x.text]
        with SyslogNg(SOURCE + AGGREGATE % 'settle(0) max-messages(20)') as s:
            s.send([maillog.rfc3339(line, '<22>') for line in lines])
            s.wait_lines(len(lines))
            s.wait(lambda: s.stats()['incomplete.evicted'] > 100, what='evictions')
            self.assertLessEqual(s.stats()['open'], 20)
            s.wait(lambda: s.logged(r'max-messages\(\) or max-memory\(\) is reached'), what='a warning')

    def test_long_lines_are_cut_and_counted(self):
        line = b'<22>2024-03-07T15:02:58+00:00 mx1 postfix/smtp[9]: A1B2C3D4E5: to=<a@example.org>, relay=none, delay=1, ' \
               b'delays=1/0/0/0, dsn=4.0.0, status=deferred (' + b'x' * 2000 + b')'
        with SyslogNg(SOURCE + AGGREGATE % 'max-line(1024)') as s:
            s.send([line])
            s.wait_lines(1)
            self.assertEqual(s.stats()['cut'], 1)


class StateFiles(unittest.TestCase):
    """Trouble is said, with the place in the configuration, and the daemon goes on."""

    def works_without(self, s, words):
        s.wait(lambda: s.logged(words), what='the error')
        self.assertTrue(s.logged(words + r'.*location=.*syslog-ng\.conf:'))
        lines = [line._replace(usec=line.usec + 1000) for line in maillog.Transactions(7).lines(30)]
        wire = [maillog.rfc3339(line, '<22>') for line in lines + maillog.close(lines)]
        s.send(wire)
        s.check_events(cli_events([line[4:] for line in wire]))
        self.assertTrue(s.alive())

    def test_a_directory_that_is_not_there(self):
        with SyslogNg(SOURCE + AGGREGATE % 'state-file("/nonexistent/mailtrace.state")') as s:
            self.works_without(s, 'No such file or directory')

    def test_a_second_parser_with_the_same_file(self):
        config = '''
parser p_first { mailtrace(inject-mode(aggregate-only) state-file("one.state")); };
log { source(s_lines); parser(p_first); };
''' + AGGREGATE % 'state-file("one.state")'
        with SyslogNg(SOURCE + config) as s:
            self.works_without(s, 'is in use by another process')

    def test_a_file_that_is_none(self):
        """It is not touched."""
        s = SyslogNg(SOURCE + AGGREGATE % 'state-file("mail.state")', files={'mail.state.00000001': b'no state' * 1000})
        with s:
            self.works_without(s, 'is no state of mailtrace: it is not touched')
            with open(s.path('mail.state.00000001'), 'rb') as f:
                self.assertEqual(f.read(), b'no state' * 1000)


if __name__ == '__main__':
    unittest.main()
