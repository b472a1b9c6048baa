"""What is sent in the lab, and what is to become of it.

A scenario is a function that talks to one MTA and writes down in the World what it did and was
told: messages that were accepted, recipients and senders that were refused, sessions that ended badly.
Nothing here is learnt from a log. Names are unique: a tag per message, a client address per dialogue.
"""

import base64
import collections
import concurrent.futures
import dataclasses
import inspect
import smtplib
import socket
import threading
import time

import lab


@dataclasses.dataclass
class Fate:
    """What is to become of one recipient. place: where that shows.

    ('box', user)   a copy in a mailbox of this host
    ('sink', addr)  a copy that the sink took for this address
    ('far', host, user)  a copy in a mailbox of another host, reached through a queue there
    ('dsn',)        a notification to the sender
    ('queue',)      still there when all is over
    None            nowhere
    """
    to: str
    status: str
    place: tuple = None
    orig_to: str = None
    final: bool = True  # None: either, as it was not the attempt that ended it
    copies: int = 1  # lines that say so, all of them alike
    sure: bool = True  # False: its line can be read in two ways, so that no delivery may be told


@dataclasses.dataclass
class Message:
    """An accepted message: the dialogue's facts, then what is to happen."""
    scenario: str
    tag: str
    mta: object
    sender: str
    message_id: str
    client: int = None  # number of the client; None: submitted locally
    helo: str = None
    tls: bool = False
    user: str = None
    queue_id: str = None
    result: str = 'sent'  # None: no end, it stays in the queue
    fates: list = dataclasses.field(default_factory=list)
    parent: str = None  # queue ID that this entry was made from


@dataclasses.dataclass
class Refusal:
    """A reply of 4xx or 5xx to a command of a mail transaction."""
    mta: object
    client: int
    stage: str
    code: int
    to: str = None
    sender: str = None


@dataclasses.dataclass
class BadEnd:
    """A session that is worth an alert."""
    mta: object
    client: int
    reason: str
    user: str = None


@dataclasses.dataclass
class Given:
    """A message that got a queue ID which the client was never told; told by its client."""
    mta: object
    client: int
    result: str
    reason: str = None


class World:
    def __init__(self, mtas, sink):
        self.mtas, self.sink = mtas, sink
        self.messages, self.refusals, self.bad_ends, self.given = [], [], [], []
        self.lock, self.numbers = threading.Lock(), collections.Counter()

    def next(self, name):
        """1, 2, 3 ... by name; from any thread."""
        with self.lock:
            self.numbers[name] += 1
            return self.numbers[name]

    def payloads(self, scenario, mta, n=4):
        first = self.next(f'{scenario}.{mta.host}') - 1
        return [PAYLOADS[(first * n + i) % len(PAYLOADS)] for i in range(n)]

    def mta_of(self, host):
        return next(m for m in self.mtas if m.host == host)

    def ended_badly(self, mta, talk, reason, user=None):
        if mta.tells(reason):
            self.bad_ends.append(BadEnd(mta, talk.client, reason, user))

    def was_given(self, mta, talk, result, reason=None):
        if mta.tells('given-' + result):
            self.given.append(Given(mta, talk.client, result, reason))

    def other(self, mta):
        """The next one; the last one's is the first."""
        return self.mtas[(self.mtas.index(mta) + 1) % len(self.mtas)]

    def tag(self, scenario, mta):
        return f'{scenario}.{self.next("tag")}.{mta.host}'


class Dialogue:
    """One SMTP connection from a client of its own."""

    def __init__(self, world, mta, port=25, tls=False, user=None, password=None, helo=None):
        self.world, self.mta, self.client = world, mta, world.next('client')
        self.helo = lab.client_name(self.client) or f'[{lab.client_ip(self.client)}]'
        self.smtp = smtplib.SMTP(mta.ip, port, self.helo, 20, (lab.client_ip(self.client), 0))
        if helo and self.smtp.docmd('EHLO', helo)[0] == 250:
            self.helo = helo
            self.smtp.does_esmtp = True
        else:
            self.smtp.ehlo()
        self.tls, self.user = tls, None
        if tls:
            self.smtp.starttls()
            self.smtp.ehlo()
        if user:
            self.authenticate(user, password or lab.PEOPLE[user][1])

    def authenticate(self, user, password):
        token = base64.b64encode(f'\0{user}\0{password}'.encode()).decode()
        code, _ = self.smtp.docmd('AUTH', 'PLAIN ' + token)
        if code == 235:
            self.user = user
        return code

    def mail(self, sender, options=''):
        code, _ = self.smtp.docmd('MAIL', f'FROM:<{sender}>{options}')
        if code >= 400:
            self.world.refusals.append(Refusal(self.mta, self.client, 'MAIL', code, sender=sender))
        return code

    def rcpt(self, to, sender=None):
        code, _ = self.smtp.docmd('RCPT', f'TO:<{to}>')
        if code >= 400:
            self.world.refusals.append(Refusal(self.mta, self.client, 'RCPT', code, to=to, sender=sender))
        return code

    def data(self, text):
        """Code, and the queue ID that the reply names."""
        self.smtp.docmd('DATA')
        self.smtp.send(text.replace('\n', '\r\n').encode() + b'.\r\n')
        code, reply = self.smtp.getreply()
        return code, self.mta.queue_id_of(reply.decode()) if code == 250 else None

    def quit(self):
        try:
            self.smtp.quit()
        except smtplib.SMTPException:
            pass

    def drop(self):
        """Closes the connection without a word."""
        self.smtp.sock.shutdown(socket.SHUT_RDWR)
        self.smtp.close()


def letter(tag, sender, message_id, subject='lab', lines=3):
    return (f'From: <{sender}>\nTo: <someone@sink.example>\nSubject: {subject}\nX-Lab-Id: {tag}\n'
            f'Message-ID: <{message_id}>\nDate: Sun, 22 Nov 2026 00:00:00 +0000\n\n'
            + 'What the lab writes is of no interest.\n' * lines)


def send(world, mta, scenario, recipients, sender='joe@client.example', result='sent', tag=None, message_id=None,
         subject='lab', **connection):
    """One transaction over SMTP. recipients: Fates, or text for those that are to be refused."""
    tag = tag or world.tag(scenario, mta)
    message_id = message_id or f'{tag}@client.example'
    talk = Dialogue(world, mta, **connection)
    talk.mail(sender)
    fates = []
    for fate in recipients:
        refused = isinstance(fate, str)
        address = fate if refused else fate.orig_to or fate.to
        if refused or not any(address == (f.orig_to or f.to) for f in fates):
            code = talk.rcpt(address, sender)
            if refused == (code < 400):
                lab.fail(f'{scenario}: {mta.host} says {code} to {address}')
        if not refused:
            fates.append(fate)
    code, queue_id = talk.data(letter(tag, sender, message_id, subject))
    if not queue_id:
        lab.fail(f'{scenario}: {mta.host} says {code} to the message')
    talk.quit()
    message = Message(scenario, tag, mta, sender, message_id, talk.client, talk.helo, talk.tls, talk.user, queue_id,
                      result, fates)
    world.messages.append(message)
    return message


def to_box(mta, user='alice', **fields):
    return Fate(f'{user}@{mta.domain}', 'sent', ('box', user), **fields)


def to_sink(address, **fields):
    return Fate(address, 'sent', ('sink', address), **fields)


# --- Delivered

def plain(world, mta):
    send(world, mta, 'plain', [to_box(mta)])


def starttls(world, mta):
    send(world, mta, 'starttls', [to_box(mta, 'bob')], tls=True)


def authenticated(world, mta):
    tag = world.tag('auth', mta)
    send(world, mta, 'auth', [to_sink(f'ok.{tag}@sink.example')], sender=f'alice@{mta.domain}', tag=tag,
         port=587, tls=True, user='alice')


def null_sender(world, mta):
    send(world, mta, 'null', [to_box(mta, 'dave')], sender='')


def mixed(world, mta):
    """Submitted with TLS and a password; one recipient gets it, the other is refused by the next host."""
    tag = world.tag('mixed', mta)
    return send(world, mta, 'mixed', [to_sink(f'ok.{tag}@sink.example'),
                                      Fate(f'rej.{tag}@sink.example', 'bounced', ('dsn',))],
                tag=tag, result='partial', port=587, tls=True, user='bob')


def several(world, mta):
    tag = world.tag('several', mta)
    send(world, mta, 'several', [
        to_box(mta, 'alice'), to_box(mta, 'bob'), to_sink(f'ok.{tag}@sink.example'), to_sink(f'once.{tag}@sink.example'),
        Fate(f'rej.{tag}@sink.example', 'bounced', ('dsn',)), f'nobody.{tag}@{mta.domain}',
    ], tag=tag, result='partial')


def many(world, mta):
    tag = world.tag('many', mta)
    send(world, mta, 'many', [to_sink(f'ok.{n}.{tag}@sink.example') for n in range(60)], tag=tag)


def quoted(world, mta):
    tag = world.tag('quoted', mta)
    local = [f'"ok {tag}"', f'"ok.{tag}>, relay=none, delay=1, delays=0/0/0/0, dsn=5.0.0, status=bounced (x"']
    fates = [to_sink(f'{name}@sink.example') for name in local]
    doubtful = f'"ok.{tag} <victim> R=far T=x H=evil [192.0.2.66]: 550 no"@sink.example'
    fates.append(to_sink(doubtful, sure=mta.mta != 'exim'))
    send(world, mta, 'quoted', fates, tag=tag, sender='"joe, stat=Sent"@client.example')


def odd(world, mta):
    """For servers that refuse blanks, or any quotes, in an address."""
    tag = world.tag('odd', mta)
    local = [f'ok.{tag}/{{}}|=?*', f'ok.{tag}=result=Ok']
    if mta.mta == 'courier':
        local += [f'"ok.{tag}>,addr=<victim>,status:success"', f'"ok.{tag},status:success"']
    send(world, mta, 'odd', [to_sink(f'{name}@sink.example') for name in local], tag=tag, sender="joe=stat=Sent'{}@client.example")


def forged_reply(world, mta):
    tag = world.tag('forged', mta)
    send(world, mta, 'forged', [to_sink(f'forge.{tag}@sink.example')], tag=tag)


def odd_helo(world, mta):
    for payload in world.payloads('helo', mta):
        send(world, mta, 'helo', [to_box(mta)], helo=payload)


def odd_headers(world, mta):
    """The Message-ID and the subject are a stranger's words: whatever becomes of them, all else stays true."""
    for payload in world.payloads('headers', mta):
        message = send(world, mta, 'headers', [to_box(mta, 'bob')], message_id=payload, subject=payload)
        message.message_id = None


def once_deferred(world, mta):
    tag = world.tag('once', mta)
    send(world, mta, 'once', [to_sink(f'once.{tag}@sink.example')], tag=tag)


def dropped_by_peer(world, mta):
    tag = world.tag('drop', mta)
    send(world, mta, 'drop', [to_sink(f'drop.{tag}@sink.example')], tag=tag)


def chain(world, mta):
    """Through both MTAs: the second one gives the message a queue ID of its own."""
    far = world.other(mta)
    send(world, mta, 'chain', [Fate(f'bob@{far.domain}', 'sent', ('far', far, 'bob'))])


def along(world, mta, domain='three.example'):
    """Along a route of lab.ROUTES."""
    last, = [m for m in world.mtas if m.mta == lab.ROUTES[domain][-1]]
    return send(world, mta, 'along', [Fate(f'alice@{domain}', 'sent', ('far', last, 'alice'))])


def far_along(world, mta):
    along(world, mta, 'five.example')


def forwarded(world, mta):
    if mta.forwards_anew:
        send(world, mta, 'forward', [Fate(f'carol@{mta.domain}', 'sent', ('sink', 'ok.forwarded@sink.example'))])
    else:
        send(world, mta, 'forward', [to_sink('ok.forwarded@sink.example', orig_to=f'carol@{mta.domain}')])


def alias_outside(world, mta):
    if mta.aliases_anew:
        send(world, mta, 'alias', [Fate(f'outside@{mta.domain}', 'sent', ('sink', 'ok.outside@sink.example'))])
    else:
        send(world, mta, 'alias', [to_sink('ok.outside@sink.example', orig_to=f'outside@{mta.domain}')])


def virtual_alias(world, mta):
    if mta.mta == 'postfix':
        send(world, mta, 'virtual', [to_box(mta, user, orig_to='sales@virtual.example') for user in ('alice', 'bob')])
    elif mta.mta == 'exim':  # logs the address that the alias was asked for
        send(world, mta, 'virtual', [Fate('sales@virtual.example', 'sent', ('box', 'alice'), copies=2)])
    elif mta.mta in ('opensmtpd', 'courier'):
        send(world, mta, 'virtual', [to_box(mta, user, orig_to='sales@virtual.example') for user in ('alice', 'bob')])
    else:  # logs the address that virtusertable was asked for
        send(world, mta, 'virtual', [Fate('sales@virtual.example', 'sent', ('box', 'alice'))])


def submitted(world, mta):
    """By the sendmail command: no reply names the queue ID; the copies' Received: headers do."""
    tag = world.tag('submit', mta)
    sender, message_id = f'alice@{mta.domain}', f'{tag}@{mta.domain}'
    fate = to_sink(f'ok.{tag}@sink.example')
    mta.submit(sender, [fate.to], letter(tag, sender, message_id))
    world.messages.append(Message('submit', tag, mta, sender, message_id, fates=[fate]))


# --- Not delivered

def bounced(world, mta):
    tag = world.tag('bounce', mta)
    send(world, mta, 'bounce', [Fate(f'rej.{tag}@sink.example', 'bounced', ('dsn',))], sender=f'alice@{mta.domain}',
         tag=tag, result='bounced')


def bounced_with_forgery(world, mta):
    tag = world.tag('forgedbounce', mta)
    send(world, mta, 'forgedbounce', [Fate(f'bounce.{tag}@sink.example', 'bounced', ('dsn',))], tag=tag, result='bounced')


def text_refused(world, mta):
    tag = world.tag('data', mta)
    send(world, mta, 'data', [Fate(f'data.{tag}@sink.example', 'bounced', ('dsn',))], tag=tag, result='bounced')


def bounced_null_sender(world, mta):
    """A notification is not notified of. Exim freezes it, and tries again when it is thawed."""
    tag = world.tag('nullbounce', mta)
    copies = 2 if mta.mta == 'exim' else 1
    send(world, mta, 'nullbounce', [Fate(f'rej.{tag}@sink.example', 'bounced', copies=copies)], sender='', tag=tag, result='bounced')


def expired(world, mta):
    tag = world.tag('expire', mta)
    send(world, mta, 'expire', [Fate(f'never.{tag}@sink.example', 'expired', ('dsn',))], tag=tag, result='expired')


def discarded(world, mta):
    tag = world.tag('void', mta)
    send(world, mta, 'void', [Fate(f'{tag}@void.example', 'discarded')], tag=tag, result='discarded')


def piped(world, mta):
    tag = world.tag('pipe', mta)
    send(world, mta, 'pipe', [Fate(f'good.{tag}@pipe.example', 'sent', ('box', 'pipe')),
                              Fate(f'fail.{tag}@pipe.example', 'bounced', ('dsn',))], tag=tag, result='partial')


# --- Refused

def unknown_user(world, mta):
    talk = Dialogue(world, mta)
    talk.mail('joe@client.example')
    talk.rcpt(f'nobody.{talk.client}@{mta.domain}', 'joe@client.example')
    talk.quit()


def relay_denied(world, mta):
    talk = Dialogue(world, mta)
    talk.mail('joe@client.example')
    talk.rcpt(f'x.{talk.client}@elsewhere.example', 'joe@client.example')
    talk.quit()


def sender_refused(world, mta):
    talk = Dialogue(world, mta)
    if talk.mail('refused@client.example') < 400:  # Postfix waits for the recipient
        talk.rcpt(f'alice@{mta.domain}', 'refused@client.example')
    talk.quit()


def too_big_declared(world, mta):
    talk = Dialogue(world, mta)
    talk.mail('joe@client.example', ' SIZE=9000000')
    talk.quit()


def too_big(world, mta):
    talk = Dialogue(world, mta)
    talk.mail('joe@client.example')
    talk.rcpt(f'alice@{mta.domain}')
    code, _ = talk.data(letter('big', 'joe@client.example', 'big@client.example', lines=9000))
    if code < 500:
        lab.fail(f'too big: {mta.host} says {code}')
    talk.quit()
    world.was_given(mta, talk, 'rejected')


def subject_refused(world, mta):
    talk = Dialogue(world, mta)
    talk.mail('joe@client.example')
    talk.rcpt(f'alice@{mta.domain}')
    code, _ = talk.data(letter('forbidden', 'joe@client.example', 'forbidden@client.example', subject='forbidden fruit'))
    talk.quit()
    world.refusals.append(Refusal(mta, talk.client, 'END-OF-MESSAGE', code, f'alice@{mta.domain}', 'joe@client.example'))
    world.was_given(mta, talk, 'rejected')


# --- Sessions

def wrong_password(world, mta):
    talk = Dialogue(world, mta, port=587, tls=True)
    if talk.authenticate('alice', 'wrong') != 535:
        lab.fail(f'{mta.host} takes a wrong password')
    talk.quit()
    world.ended_badly(mta, talk, 'auth-failed', 'alice')


def lost_in_data(world, mta):
    talk = Dialogue(world, mta)
    talk.mail('joe@client.example')
    talk.rcpt(f'alice@{mta.domain}')
    talk.smtp.docmd('DATA')
    talk.smtp.send(b'Subject: half\r\n\r\nthe other half never comes')
    time.sleep(0.1)
    talk.drop()
    world.ended_badly(mta, talk, 'lost-connection')
    world.was_given(mta, talk, 'incomplete', 'lost-connection')


def too_many_errors(world, mta):
    talk = Dialogue(world, mta)
    try:
        for _ in range(30):
            if talk.smtp.docmd('NONSENSE')[0] == 421:
                break
    except (smtplib.SMTPException, OSError):
        pass
    talk.smtp.close()
    world.ended_badly(mta, talk, 'too-many-errors')


# --- An administrator at work

def is_queued(mta, message, queue):
    return lambda: mta.queue().get(message.queue_id, {}).get('queue') == queue


def is_deferred(world, mta, message):
    queued = is_queued(mta, message, mta.waiting)
    return lambda: world.sink.was_asked(message.fates[0].to) and queued()


def held_and_released(world, mta):
    message = send(world, mta, 'release', [to_box(mta, 'dave')], sender='held@client.example')
    yield is_queued(mta, message, mta.held)
    mta.release(message.queue_id)


def deleted(world, mta):
    tag = world.tag('delete', mta)
    message = send(world, mta, 'delete', [Fate(f'never.{tag}@sink.example', 'deferred', final=None)], tag=tag,
                   result='deleted')
    yield is_deferred(world, mta, message)
    mta.remove(message.queue_id)


def given_up(world, mta):
    """The sender is told, but the log has no line of a last attempt."""
    tag = world.tag('giveup', mta)
    message = send(world, mta, 'giveup', [Fate(f'never.{tag}@sink.example', 'deferred', ('dsn',), final=None)], tag=tag,
                   result='deleted')
    yield is_deferred(world, mta, message)
    mta.give_up(message.queue_id)


def expired_by_hand(world, mta):
    tag = world.tag('force', mta)
    message = send(world, mta, 'force', [Fate(f'never.{tag}@sink.example', 'expired', ('dsn',))], tag=tag, result='expired')
    yield is_deferred(world, mta, message)
    mta.postsuper('-e', message.queue_id)


def requeued(world, mta):
    """postsuper -r: a new queue entry, made from the old one, which ends without having been delivered."""
    message = send(world, mta, 'requeue', [to_box(mta, 'dave')], sender='held@client.example')
    yield is_queued(mta, message, mta.held)
    mta.postsuper('-r', message.queue_id)
    message.parent, message.queue_id, message.client = message.queue_id, None, None


# --- Still in the queue when all is over

def kept_deferred(world, mta):
    tag = world.tag('keep', mta)
    send(world, mta, 'keep', [Fate(f'never.{tag}@sink.example', 'deferred', ('queue',), final=False)], tag=tag, result=None)


def kept_on_hold(world, mta):
    send(world, mta, 'hold', [Fate(f'dave@{mta.domain}', None, ('queue',))], sender='held@client.example', result=None)


# What strangers would like to be taken for, by any of the servers.
PAYLOADS = (
    'x>, relay=none, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (ok',
    'x, relay=evil [192.0.2.66], dsn=2.0.0, stat=Sent (ok)',
    'x) [192.0.2.66] P=esmtpa A=login:root S=1 id=fake@v.example',
    'x" for victim@v.example',
    'x R=far T=remote_smtp H=evil [192.0.2.66] C="250 OK id=1vXk3a-0000000abcd-0D5f"',
    '1vXk3a-000001-0D Completed',
    '> to=<victim@v.example> rcpt=<-> source="-" relay="x" delay=0s result="Ok" stat="250 ok',
    'x (evil.example [::ffff:127.0.0.1])',
    '>,addr=<victim@v.example>,status: success',
    'x,id=000000000052A2E3.000000006B0EC4FB.00000086,from=<>,module=dsn,host=,addr=<victim@v.example>',
    '250 2.0.0 Ok: queued as DEADBEEF01',
    'removed',
)

# Tried on each server, but for those of a server that UNLIKE names.
EVERY = (
    plain, starttls, authenticated, mixed, null_sender, several, many, quoted, odd_helo, odd_headers, forged_reply, once_deferred,
    dropped_by_peer, chain, forwarded, alias_outside, virtual_alias, submitted, bounced, bounced_with_forgery, text_refused,
    bounced_null_sender, expired, unknown_user, relay_denied, sender_refused, too_big_declared, too_big, wrong_password,
    lost_in_data,
)
UNLIKE = {'opensmtpd': (quoted, starttls, authenticated, mixed, wrong_password), 'courier': (quoted, sender_refused)}
ALSO = {
    'postfix': (discarded, piped, subject_refused, too_many_errors, held_and_released, deleted, expired_by_hand, requeued),
    'exim': (along, far_along, discarded, piped, subject_refused, held_and_released, deleted, given_up),
    'opensmtpd': (odd, deleted),
    'courier': (odd,),
}
LATE = ((kept_deferred, ('postfix', 'sendmail', 'exim', 'opensmtpd', 'courier')), (kept_on_hold, ('postfix', 'exim')))


# What ./dev demo shows: all that is over soon.
def demo_of(mta, _):
    some = (plain, starttls, authenticated, mixed, several, once_deferred, chain, bounced, unknown_user, relay_denied,
            wrong_password, lost_in_data)
    return some + ((along,) if mta.mta == 'exim' else ())


NEEDS = {along: lab.ROUTES['three.example'], far_along: lab.ROUTES['five.example']}


def rows_of(mta, there):
    """there: the servers that are up."""
    return [s for s in EVERY + ALSO.get(mta.mta, ()) if s not in UNLIKE.get(mta.mta, ()) and there >= set(NEEDS.get(s, ()))]


def run(world, times, rows=rows_of):
    """All scenarios, so many times each, on all servers at once."""
    there = {mta.mta for mta in world.mtas}
    with concurrent.futures.ThreadPoolExecutor(len(world.mtas)) as pool:
        for done in [pool.submit(run_on, world, mta, times, rows(mta, there)) for mta in world.mtas]:
            done.result()


def run_on(world, mta, times, rows):
    """Those that wait for their moment do so at the end of a round."""
    for _ in range(times):
        waiting = []
        for scenario in rows:
            steps = scenario(world, mta)
            if inspect.isgenerator(steps):
                waiting.append((scenario.__name__, steps, next(steps)))
        for name, steps, ready in waiting:
            if not lab.wait_for(name, ready):
                lab.fail(f'{name}: the queue of {mta.host} is not as expected')
            next(steps, None)


def run_late(world):
    for scenario, mtas in LATE:
        for mta in world.mtas:
            if mta.mta in mtas:
                scenario(world, mta)
