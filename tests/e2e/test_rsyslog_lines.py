#!/usr/bin/python3
"""mmmailtrace in rsyslog: what becomes of the lines and of the event messages."""
import json
import unittest

import maillog
from rsyslog import EVENTS, Rsyslog, cli_events

LINE = maillog.rfc3339(maillog.Line(0, 'mx1', 'postfix/smtp', 9,
                                    'A1B2C3D4E5: to=<a@example.org>, relay=none, delay=1, delays=1/0/0/0, dsn=4.4.1, '
                                    'status=deferred (connect to mx.example.org[192.0.2.9]:25: Connection refused)'), '<22>')
OTHER = b'<22>2024-03-07T15:02:58+00:00 mx1 dovecot: imap-login: Login: user=<u>'
UNKNOWN = b'<22>2024-03-07T15:02:58+00:00 mx1 postfix/smtp[9]: words that Postfix does not write'

PASS = '''
template(name="pass" type="list") {
    property(name="programname") constant(value=" ") property(name="$!mailtrace") constant(value="\\n")
}
template(name="plain" type="string" string="%%rawmsg%%\\n")
ruleset(name="mail") {
    action(type="mmmailtrace" ruleset="mailevents" settle="0" %s)
    action(type="omfile" file="@DIR@/lines" template="%s")
}
'''


class Lines(unittest.TestCase):
    def lines_of(self, r, n):
        r.wait(lambda: len(r.events('lines')) >= n, what='%d lines' % n)
        return r.events('lines')

    def test_lines_pass_untouched(self):
        sent = [LINE, OTHER, UNKNOWN]
        with Rsyslog(EVENTS % '' + PASS % ('', 'plain') + Rsyslog.TCP % 'mail') as r:
            r.send(sent)
            self.assertEqual(self.lines_of(r, 3), sent)

    def test_no_record_without_annotate(self):
        with Rsyslog(EVENTS % '' + PASS % ('', 'pass') + Rsyslog.TCP % 'mail') as r:
            r.send([LINE, OTHER])
            self.assertEqual(self.lines_of(r, 2), [b'postfix ', b'dovecot '])

    def test_annotate_puts_the_record_into_the_line(self):
        with Rsyslog(EVENTS % '' + PASS % ('annotate="on"', 'pass') + Rsyslog.TCP % 'mail') as r:
            r.send([LINE, OTHER, UNKNOWN])
            name, _, tree = self.lines_of(r, 3)[0].partition(b' ')
            self.assertEqual(name, b'postfix')
            record = json.loads(tree)
            self.assertEqual((record['record'], record['queue_id'], record['status'], record['pid']),
                             ('to', 'A1B2C3D4E5', 'deferred', 9))
            self.assertEqual(self.lines_of(r, 3)[1:], [b'dovecot ', b'postfix '])

    def test_conditions_on_the_record(self):
        config = '''
ruleset(name="mail") {
    action(type="mmmailtrace" ruleset="mailevents" annotate="on")
    if $!mailtrace!status == "deferred" then action(type="omfile" file="@DIR@/lines" template="RSYSLOG_FileFormat")
    if $parsesuccess == "OK" then stop
    action(type="omfile" file="@DIR@/rest" template="RSYSLOG_FileFormat")
}
'''
        with Rsyslog(EVENTS % '' + config + Rsyslog.TCP % 'mail') as r:
            r.send([LINE, OTHER, UNKNOWN])
            r.wait(lambda: len(r.events('rest')) == 2, what='the rest')
            self.assertEqual(len(self.lines_of(r, 1)), 1)

    def test_dropparsed_ends_recognised_lines(self):
        with Rsyslog(EVENTS % '' + PASS % ('dropparsed="on"', 'plain') + Rsyslog.TCP % 'mail') as r:
            r.send([LINE, OTHER, LINE.replace(b'A1B2', b'A1B3'), UNKNOWN])
            self.assertEqual(self.lines_of(r, 2), [OTHER, UNKNOWN])
            r.wait_events(2)

    def test_dropparsed_inside_a_condition_of_the_default_ruleset(self):
        config = '''
if $syslogfacility-text == "mail" then {
    if $hostname == "mx1" then action(type="mmmailtrace" ruleset="mailevents" settle="0" dropparsed="on")
}
action(type="omfile" file="@DIR@/lines" template="RSYSLOG_FileFormat")
'''
        with Rsyslog(EVENTS % '' + config + Rsyslog.TCP.replace('ruleset="%s"', '')) as r:
            r.send([LINE, OTHER, LINE.replace(b' mx1 ', b' mx2 ')])
            self.assertEqual([line.split()[1] for line in self.lines_of(r, 2)[:2]], [b'mx1', b'mx2'])


class Events(unittest.TestCase):
    def test_the_message_of_an_event(self):
        config = '''
template(name="all" type="string" string="%timereported:::date-rfc3339% %hostname% %syslogtag%|%programname%|%pri%|%inputname%|%rawmsg%|%msg%\\n")
ruleset(name="mailevents" queue.type="LinkedList") { action(type="omfile" file="@DIR@/events.json" template="all") }
ruleset(name="mail") { action(type="mmmailtrace" ruleset="mailevents" settle="0") }
'''
        line = maillog.Line(250000, 'mx7', 'postfix/smtp', 9, LINE.decode().split(': ', 1)[1])
        sent = maillog.rfc3339(line).replace(b'.250000+00:00', b'.25+05:30')
        expected = cli_events([sent], '--settle=0')[0]
        with Rsyslog(config + Rsyslog.TCP % 'mail') as r:
            r.send([b'<22>' + sent])
            r.wait_events(1)
            self.assertEqual(r.events(), [b'2024-03-07T15:02:58.25+05:30 mx7 mailtrace:|mailtrace|22|mmmailtrace|%s|%s'
                                          % (expected, expected)])

    def container(self, container, template):
        config = '''
template(name="tree" type="string" string="%s\\n")
ruleset(name="mailevents" queue.type="LinkedList") {
    action(type="omfile" file="@DIR@/events.json" template="mailtrace")
    action(type="omfile" file="@DIR@/trees" template="tree")
}
ruleset(name="mail") { action(type="mmmailtrace" ruleset="mailevents" settle="0" %s) }
''' % (template, container)
        with Rsyslog(config + Rsyslog.TCP % 'mail') as r:
            r.send([LINE])
            r.wait(lambda: r.events('trees') and r.events(), what='the event')
            return r.events('trees')[0], r.events()[0]

    def test_no_tree_without_container(self):
        self.assertEqual(self.container('', '%$!%')[0], b'')

    def test_the_tree_at_the_root(self):
        tree, text = self.container('container="$!"', '%$!%')
        self.assertEqual(json.loads(tree), json.loads(text))

    def test_the_tree_below(self):
        tree, text = self.container('container="$!mail"', '%$!mail%')
        self.assertEqual(json.loads(tree), json.loads(text))
        tree, text = self.container('container="$!a!b"', '%$!a!b!status%')
        self.assertEqual(tree, b'deferred')

    def test_only_the_kinds_asked_for(self):
        lines = maillog.Transactions(91).lines(100)
        for events, kinds in (('events="message"', {'message'}), ('events="delivery, reject"', {'delivery', 'reject'}),
                              ('events=["session", "reject"]', {'session', 'reject'})):
            config = 'ruleset(name="mail") { action(type="mmmailtrace" ruleset="mailevents" settle="0" %s) }' % events
            with self.subTest(events), Rsyslog(EVENTS % '' + config + Rsyslog.TCP % 'mail') as r:
                r.send([maillog.rfc3339(line, '<22>') for line in lines])
                r.wait_lines(len(lines))
                r.wait_events(10)
                r.stop()
                self.assertEqual({json.loads(e)['event'] for e in r.events()}, kinds)

    def test_an_own_template_of_the_same_name_is_used(self):
        config = '''
template(name="mailtrace" type="string" string="own %msg%\\n")
'''
        with Rsyslog(config + EVENTS % '' + PASS % ('', 'plain') + Rsyslog.TCP % 'mail') as r:
            r.send([LINE])
            r.wait_events(1)
            self.assertTrue(r.events()[0].startswith(b'own {"event"'))

    def test_events_fed_again_do_not_come_round(self):
        """A ruleset of events that hands everything to the ruleset of lines."""
        config = '''
ruleset(name="mailevents" queue.type="LinkedList") {
    action(type="omfile" file="@DIR@/events.json" template="mailtrace")
    call again
}
ruleset(name="mail") { action(type="mmmailtrace" ruleset="mailevents" settle="0") }
ruleset(name="again" queue.type="LinkedList") { action(type="mmmailtrace" ruleset="more" settle="0") }
ruleset(name="more" queue.type="LinkedList") { action(type="omfile" file="@DIR@/more" template="mailtrace") }
'''
        with Rsyslog(config + Rsyslog.TCP % 'mail') as r:
            r.send([LINE])
            r.wait_events(1)
            r.stop()
            self.assertEqual(len(r.events()), 1)
            self.assertEqual(r.read('more'), b'')

    def test_two_actions_do_not_share_what_they_know(self):
        config = '''
ruleset(name="first" queue.type="LinkedList") { action(type="omfile" file="@DIR@/events.json" template="mailtrace") }
ruleset(name="second" queue.type="LinkedList") { action(type="omfile" file="@DIR@/second" template="mailtrace") }
ruleset(name="mail") {
    action(type="mmmailtrace" ruleset="first" settle="0")
    action(type="mmmailtrace" ruleset="second" settle="0" events="message")
}
'''
        lines = maillog.Transactions(92).lines(50)
        with Rsyslog(config + Rsyslog.TCP % 'mail') as r:
            r.send([maillog.rfc3339(line, '<22>') for line in lines])
            r.wait_lines(len(lines))
            r.stop()
            messages = [e for e in r.events() if e.startswith(b'{"event":"message"')]
            self.assertGreater(len(messages), 30)
            self.assertEqual(r.events('second'), messages)


if __name__ == '__main__':
    unittest.main()
