#!/usr/bin/python3
"""mmmailtrace behind imptcp and several workers: the command's events, sorted, byte for byte, again and again.

Workers take lines from the queue in batches, so that lines overtake each other. Promised is that nothing depends on it
as long as the lines of a message are not overtaken by those of the next one with its queue ID, nor those of a
connection by those of the next one of its process and client. What is more apart than that, the content decides.
"""
import tempfile
import unittest

import generated
from rsyslog import EVENTS, Rsyslog

WORKERS = '''
module(load="imptcp")
input(type="imptcp" port="0" address="127.0.0.1" listenPortFileName="@DIR@/port" ruleset="mail")
ruleset(name="mail" queue.type="FixedArray" queue.size="100000" queue.timeoutEnqueue="600000"
        queue.workerThreads="%d" queue.workerThreadMinimumMessages="1" queue.dequeueBatchSize="16") {
    action(type="mmmailtrace" ruleset="mailevents" settle="10")
}
'''


class Order(unittest.TestCase):
    def check(self, *options, workers=(1, 2, 4)):
        with tempfile.TemporaryDirectory(prefix='mailtrace-') as directory:
            log = generated.Log(directory, *generated.SOON, *options)
            events = log.events('--settle=10')
            for n in workers:
                for round_ in range(generated.ROUNDS if n > 1 else 1):
                    with self.subTest(options=options, workers=n, round=round_):
                        self.once(log, events, n)

    def once(self, log, events, workers):
        with Rsyslog(EVENTS % 'queue.size="100000" queue.timeoutEnqueue="600000"' + WORKERS % workers) as r:
            r.send(log.wire())
            r.wait_lines(len(log.lines))
            r.send(log.closing())
            r.check_events(events)

    def test_crowded_whole_seconds(self):
        self.check('--whole-seconds', *generated.CROWDED)

    def test_crowded_seconds_with_microseconds(self):
        self.check(*generated.CROWDED, '--hosts', '3', workers=(4,))

    def test_several_servers_with_microseconds(self):
        self.check('--mta', 'mixed', '--hosts', '6', workers=(4,))


if __name__ == '__main__':
    unittest.main()
