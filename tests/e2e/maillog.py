"""Mail logs for the tests, made up: transactions as Postfix and sendmail log them.

The same seed gives the same lines. Postfix's forms are those of smtpd/smtpd.c,
cleanup/cleanup_message.c, qmgr/qmgr_active.c and global/log_adhoc.c; sendmail's
those of sendmail/deliver.c, envelope.c and collect.c.
"""
import collections
import datetime
import random

Line = collections.namedtuple('Line', 'usec host program pid text')

START = datetime.datetime(2024, 3, 7, 15, 2, 58, tzinfo=datetime.timezone.utc)
SECOND = 1000000
BASE52 = '0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz'

REPLIES = [
    ('2.0.0', 'sent', '250 2.0.0 Ok: queued as {id}'),
    ('4.4.1', 'deferred', 'connect to {relay}[192.0.2.80]:25: Connection timed out'),
    ('5.1.1', 'bounced', 'host {relay}[192.0.2.80] said: 550 5.1.1 <{to}>: no such user (in reply to RCPT TO command)'),
    ('2.0.0', 'sent', '250 ok, status=bounced (fake), to=<victim@evil.example>'),
]


def timestamp(usec):
    return START + datetime.timedelta(microseconds=usec)


class Transactions:
    def __init__(self, seed=1, host='mx1', step=200):
        """step: microseconds from one transaction's start to the next's, about a tenth of its length."""
        self.random = random.Random(seed)
        self.host = host
        self.step = step
        self.number = 0

    def _line(self, at, program, pid, text):
        return Line(at, self.host, program, pid, text)

    def postfix(self):
        r, n = self.random, self.number
        self.number += 1
        t = n * self.step
        qid = '%X%05X' % (0xA1B2C3 + n % 0xFFF, n)
        pid, smtp = 1000 + n % 900, 3000 + n % 700
        to = 'rcpt%d@example.net' % n
        relay = 'mail%d.example.net' % (n % 50)
        dsn, status, reply = r.choice(REPLIES)
        client = 'client%d.example.com[192.0.2.%d]' % (n % 200, n % 200 + 1)
        reply = reply.format(id='%X' % r.getrandbits(40), relay=relay, to=to)
        steps = [
            ('postfix/smtpd', pid, 'connect from ' + client),
            ('postfix/smtpd', pid, '%s: client=%s' % (qid, client)),
            ('postfix/cleanup', pid + 1000, '%s: message-id=<%d.%d@example.com>' % (qid, n, r.getrandbits(30))),
            ('postfix/qmgr', 77, '%s: from=<sender%d@example.com>, size=%d, nrcpt=1 (queue active)'
             % (qid, n, r.randrange(300, 90000))),
            ('postfix/smtpd', pid, 'disconnect from %s ehlo=1 mail=1 rcpt=1 data=1 quit=1 commands=5' % client),
            ('postfix/smtp', smtp, '%s: to=<%s>, relay=%s, delay=0.%02d, delays=0.0%d/0/0.1/0.2, dsn=%s, status=%s (%s)'
             % (qid, to, relay + '[192.0.2.80]:25' if status != 'deferred' else 'none', n % 100, n % 10, dsn, status,
                reply)),
        ]
        if status == 'deferred':
            steps.append(('postfix/smtp', smtp, '%s: to=<%s>, relay=%s[192.0.2.80]:25, delay=2, delays=1/0.5/0.25/0.25, '
                          'dsn=2.0.0, status=sent (250 2.0.0 Ok)' % (qid, to, relay)))
        steps.append(('postfix/qmgr', 77, '%s: removed' % qid))
        return [self._line(t + i * 31 + r.randrange(7), *step) for i, step in enumerate(steps)]

    def reject(self):
        n = self.number
        self.number += 1
        t = n * self.step
        pid = 1000 + n % 900
        client = 'unknown[198.51.100.%d]' % (n % 200 + 1)
        steps = [
            'connect from ' + client,
            'NOQUEUE: reject: RCPT from %s: 554 5.7.1 <x%d@elsewhere.example>: Relay access denied; '
            'from=<spam%d@example.org> to=<x%d@elsewhere.example> proto=ESMTP helo=<h%d>' % (client, n, n, n, n),
            'lost connection after RCPT from ' + client,
            'disconnect from %s ehlo=1 mail=1 rcpt=0/1 commands=2/3' % client,
        ]
        return [self._line(t + i * 29, 'postfix/smtpd', pid, text) for i, text in enumerate(steps)]

    def sendmail(self):
        r, n = self.random, self.number
        self.number += 1
        t = n * self.step
        pid = 20000 + n % 9000
        qid = '427F2w%s%06d' % (''.join(r.choice(BASE52) for _ in range(2)), pid)
        mid = '<%d.sm%d@example.org>' % (n, r.getrandbits(30))
        steps = [
            ('sm-mta', pid, '%s: from=<s%d@example.org>, size=%d, class=0, nrcpts=1, msgid=%s, proto=ESMTP, daemon=MTA-v4, '
             'relay=host%d.example.org [192.0.2.%d]' % (qid, n, 500 + n % 5000, mid, n % 99, n % 200 + 1)),
            ('sm-mta', pid + 1, '%s: to=<r%d@example.net>, ctladdr=<s%d@example.org> (1000/1000), delay=00:00:01, '
             'xdelay=00:00:01, mailer=esmtp, pri=120345, relay=mx.example.net. [192.0.2.25], dsn=2.0.0, '
             'stat=Sent (%X Message accepted for delivery)' % (qid, n, n, r.getrandbits(40))),
            ('sm-mta', pid + 1, '%s: done; delay=00:00:01, ntries=1' % qid),
        ]
        return [self._line(t + i * 37, *step) for i, step in enumerate(steps)]

    def lines(self, transactions):
        """Lines of that many transactions, interleaved by time, no two at the same instant."""
        out = []
        for i in range(transactions):
            out += self.reject() if i % 10 == 7 else self.sendmail() if i % 10 == 4 else self.postfix()
        out.sort(key=lambda line: line.usec)
        for i in range(1, len(out)):
            if out[i].usec <= out[i - 1].usec:
                out[i] = out[i]._replace(usec=out[i - 1].usec + 1)
        return out


def close(lines, seconds=120):
    """One more line of each host, long after the others: it moves the host's clock on, so that
    what waits to be settled is emitted.
    """
    end = max(line.usec for line in lines) + seconds * SECOND
    return [Line(end, host, 'postfix/anvil', 99, 'statistics: max cache size 1 at Mar  7 15:02:58')
            for host in sorted({line.host for line in lines})]


def recent(lines):
    """The same in the last hour: for timestamps without a year, which are read by the clock. Whole
    seconds, since such timestamps have no fraction.
    """
    now = datetime.datetime.now(datetime.timezone.utc)
    shift = (int((now - START).total_seconds()) - 3600) * SECOND
    return [line._replace(usec=line.usec + shift) for line in lines]


def rfc3339(line, pri=''):
    return ('%s%s %s %s[%d]: %s' % (pri, timestamp(line.usec).isoformat(timespec='microseconds'), line.host, line.program,
                                    line.pid, line.text)).encode()


def traditional(line, pri='', host=True):
    t = timestamp(line.usec)
    return ('%s%s %2d %s %s%s[%d]: %s' % (pri, t.strftime('%b'), t.day, t.strftime('%H:%M:%S'),
                                          line.host + ' ' if host else '', line.program, line.pid, line.text)).encode()


def rfc5424(line, pri='<22>'):
    return ('%s1 %s %s %s %d - - %s' % (pri, timestamp(line.usec).isoformat(timespec='microseconds'), line.host,
                                        line.program, line.pid, line.text)).encode()
