"""Holds the events against the truth. Each check is counted; what fails is told with its evidence."""

import collections
import json

import lab

COMMON = ('event', 'id', 'trace_id', 'time', 'host', 'mta', 'instance', 'queue_id', 'external_id', 'message_id', 'from',
          'size', 'nrcpt', 'subject', 'arrived', 'origin', 'parent_queue_id', 'parent_trace_id', 'client')
KEYS = {
    'delivery': ('to', 'orig_to', 'transport', 'relay', 'tls', 'attempt', 'delay', 'delays', 'dsn', 'status', 'reply_code',
                 'response', 'next_queue_id', 'final'),
    'message': ('result', 'reason', 'duration', 'recipients', 'recipients_omitted', 'counts', 'bounce_queue_id', 'verdicts',
                'received', 'lines'),
    'reject': ('to', 'stage', 'action', 'reply_code', 'dsn', 'response'),
    'session': ('reason', 'stage', 'user', 'mechanism', 'commands', 'accepted', 'response'),
}


class Score:
    def __init__(self):
        self.passed, self.failures = collections.Counter(), []

    def check(self, subject, ok, *evidence):
        if ok:
            self.passed[subject] += 1
        else:
            self.failures.append(f'{subject}: ' + ' '.join(e if isinstance(e, str) else json.dumps(e) for e in evidence))
        return ok

    def equal(self, subject, got, expected, *evidence):
        return self.check(subject, got == expected, f'got {got!r}, expected {expected!r};', *evidence)

    def report(self):
        for subject, n in self.passed.items():
            print(f'ok   {n:5} {subject}')
        for failure in self.failures:
            print(f'FAIL {failure}')
        print(f'{sum(self.passed.values())} passed, {len(self.failures)} failed')
        return not self.failures


class Events:
    def __init__(self, lines):
        self.all = [json.loads(line) for line in lines]
        self.by_entry = collections.defaultdict(list)
        for event in self.all:
            self.by_entry[event.get('host'), event.get('queue_id')].append(event)

    def of(self, entry, kind):
        return [e for e in self.by_entry.get(entry, ()) if e['event'] == kind]

    def kind(self, kind):
        return [e for e in self.all if e['event'] == kind]


def still_missing(world, truth, events):
    """Ends that are to come: (host, queue ID or client)."""
    find_queue_ids(world, truth)
    ended = {(e['host'], e.get('queue_id')) for e in events.kind('message')}
    alarmed = {(e['host'], e.get('client', {}).get('ip')) for e in events.kind('session')}
    entries = {(m.mta.host, m.queue_id) for m in world.messages if m.result} | {n.hops[0] for n in truth.notices}
    return (entries - ended) | ({(b.mta.host, lab.client_ip(b.client)) for b in world.bad_ends} - alarmed)


def verify(world, truth, events, score):
    for event in events.all:
        check_shape(event, score)
    ids = [e['id'] for e in events.all]
    score.equal('every id is there once', len(set(ids)), len(ids))
    find_queue_ids(world, truth)
    for message in world.messages:
        check_mail(message, truth, score)
        check_message(message, truth, events, score)
        check_recipients(message, truth, events, score)
        check_notices(message, truth, events, score)
    requeued = {m.parent for m in world.messages if m.parent}
    for copy in truth.copies:
        check_hops(copy, requeued, events, score)
    check_refusals(world, events, score)
    check_bad_ends(world, events, score)
    check_nothing_invented(world, truth, events, score)


# --- Any event

def check_shape(event, score):
    kind = event.get('event')
    order = COMMON + KEYS.get(kind, ())
    keys = list(event)
    score.check('events have the keys of their kind, in order',
                kind in KEYS and [k for k in order if k in event] == keys, event)
    score.check('events say who, where and when', all(event.get(k) for k in ('id', 'time', 'host', 'mta')), event)
    score.check('what is not known is absent', not any(v in (None, '', [], {}) and k != 'from' for k, v in event.items()), event)


# --- One message

def find_queue_ids(world, truth):
    """For messages whose dialogue did not tell: the copies' oldest hop on that host, but for a parent."""
    for message in world.messages:
        if not message.queue_id:
            hops = [q for c in truth.copies_of(message.tag) for h, q in c.hops if h == message.mta.host]
            own = [q for q in hops if q != message.parent]
            message.queue_id = own[-1] if own else None


def check_mail(message, truth, score):
    """That the lab itself went as planned: fates, against mailboxes, queues and notifications."""
    copies, notices = truth.copies_of(message.tag), truth.notices_of(message.tag)
    for fate in message.fates:
        place = fate.place or ('nowhere',)
        if place[0] == 'box':
            found = any(c.place == ('box', message.mta.host, place[1]) for c in copies)
        elif place[0] == 'far':
            found = any(c.place == ('box', place[1].host, place[2]) for c in copies)
        elif place[0] == 'sink':
            found = any(c.place == place for c in copies)
        elif place[0] == 'dsn':
            found = any(n.about.get(fate.to, ('',))[0] == 'failed' for n in notices)
        elif place[0] == 'queue':
            found = fate.to in truth.queues[message.mta.host].get(message.queue_id, {}).get('recipients', ())
        else:
            found = not copies or fate.status == 'sent'
        score.check('mail is where it was to go', found, message.tag, fate.to, repr(copies), repr(notices))


def check_message(message, truth, events, score):
    entry = message.mta.host, message.queue_id
    ends = events.of(entry, 'message')
    if message.result is None:
        score.check('what is still in the queue has not ended', not ends, message.tag, ends)
        return
    if not score.check('a queue entry ends once', len(ends) == 1, message.tag, repr(entry), ends):
        return
    end = ends[0]
    score.equal('results', end.get('result'), message.result, end)
    score.equal('senders', end.get('from'), message.sender, end)
    score.equal('message IDs', end.get('message_id'), message.message_id, end)
    for event in events.of(entry, 'delivery'):
        score.check('deliveries tell of their message', all(event.get(k) == end.get(k) for k in
                    ('from', 'message_id', 'trace_id', 'client', 'origin', 'arrived')), event, end)
    if message.client is not None:
        check_client(message, end, score)
    elif not message.parent:
        score.equal('local mail is local', end.get('origin'), 'local', end)
    if message.parent:
        score.equal('parents', end.get('parent_queue_id'), message.parent, end)


def check_client(message, end, score):
    client = end.get('client', {})
    score.equal('origins', end.get('origin'), 'network', end)
    score.equal('clients: ip', client.get('ip'), lab.client_ip(message.client), end)
    score.equal('clients: name', client.get('name'), lab.client_name(message.client), end)
    score.check('clients: helo', client.get('helo', message.helo) == message.helo, end)
    score.equal('clients: user', (client.get('user') or '').partition('@')[0], message.user or '', end)
    protocol = 'ESMTP' + ('S' if message.tls else '') + ('A' if message.user else '')
    score.check('clients: protocol', client.get('protocol', protocol) == protocol, end)
    if message.mta.mta == 'sendmail':
        score.equal('clients: protocol, where logged', client.get('protocol'), protocol, end)
    tls = client.get('tls', {})
    score.equal('clients: TLS', tls.get('version', '')[:5], 'TLSv1' if message.tls else '', end)
    if message.user:
        score.equal('clients: mechanism', client.get('mechanism'), 'PLAIN', end)


# --- Its recipients

def check_recipients(message, truth, events, score):
    entry = message.mta.host, message.queue_id
    deliveries = events.of(entry, 'delivery')
    listed = {r['to']: r for e in events.of(entry, 'message') for r in e.get('recipients', ())}
    for fate in message.fates:
        mine = [d for d in deliveries if d.get('to') == fate.to and fate.orig_to in (None, d.get('orig_to', fate.orig_to))]
        check_deliveries(message, fate, mine, truth, score)
        if message.result is not None:
            recipient = listed.get(fate.to, {})
            score.equal('recipients of messages', recipient.get('status'), fate.status, message.tag, repr(fate), listed)
            attempts = recipient.get('attempts')
            score.equal('attempts of messages', attempts, len(mine), message.tag, recipient)
    expected = {f.to for f in message.fates if f.status}
    score.equal('deliveries are to the recipients', {d.get('to') for d in deliveries}, expected, message.tag)
    for end in events.of(entry, 'message'):
        counts = collections.Counter(f.status for f in message.fates)
        score.equal('counts', end.get('counts'), {s: n for s, n in counts.items() if s}, end)


def check_deliveries(message, fate, mine, truth, score):
    if fate.status is None:
        score.check('held mail has no delivery', not mine, message.tag, mine)
        return
    if not score.check('recipients have deliveries', bool(mine), message.tag, repr(fate)):
        return
    last = mine[-1]
    # Postfix's and Sendmail's "expired" is said of the message; the recipient's last attempt was deferred.
    statuses = {'expired': ('expired', 'deferred')}.get(fate.status, (fate.status,))
    score.check('fates', last.get('status') in statuses, message.tag, fate.to, last)
    score.equal('attempts are numbered', [d.get('attempt') for d in mine], list(range(1, len(mine) + 1)), message.tag)
    for delivery in mine[:-1]:
        score.check('earlier attempts were deferred', delivery.get('status') == 'deferred' and delivery.get('final') is False,
                    delivery)
    if fate.status != 'expired' and fate.final is not None:
        score.equal('final', last.get('final'), fate.final, last)
    if fate.orig_to and message.mta.mta == 'postfix':
        score.equal('orig_to', last.get('orig_to'), fate.orig_to, last)
    submitted = message.mta.mta == 'sendmail' and message.client is None  # its relay is this host
    if fate.to.endswith('@sink.example') and not fate.to.startswith(('ok.forwarded', 'ok.outside')) and not submitted:
        check_sink(message, fate, mine, truth, score)


def check_sink(message, fate, mine, truth, score):
    """What the sink saw and said."""
    codes = [a.code for a in truth.world.sink.attempts if a.recipient == fate.to and a.peer == message.mta.ip]
    score.equal('attempts are those that the sink saw', len(mine), len(codes), message.tag, mine)
    for delivery, code in zip(mine, codes):
        score.equal('relays', delivery.get('relay', {}).get('ip'), lab.server_ip('sink.example'), delivery)
        if code >= 400:
            score.equal('reply codes', delivery.get('reply_code'), code, delivery)
    for copy in truth.copies_of(message.tag):
        if copy.place == ('sink', fate.to):
            tls = mine[-1].get('tls', {}).get('version', '')[:5]
            score.equal('TLS of deliveries', tls, 'TLSv1' if copy.delivery.tls else '', mine[-1])


def check_hops(copy, requeued, events, score):
    """A copy's Received: headers tell its way: each hop's next_queue_id, and at the end the sink's."""
    if copy.place[0] == 'sink' and not copy.place[1].startswith('forge'):
        nexts = {d.get('next_queue_id') for d in events.of(copy.hops[0], 'delivery') if d.get('status') == 'sent'}
        score.check('next queue IDs: the sink', copy.delivery.reply_id in nexts, repr(copy.hops), copy.delivery.reply_id, repr(nexts))
    if copy.place[0] == 'sink' and copy.place[1].startswith('forge'):
        nexts = {d.get('next_queue_id') for d in events.of(copy.hops[0], 'delivery')}
        score.check('forged replies make no more of it', nexts <= {'DEADBEEF01', None}, repr(copy.hops), repr(nexts))
    for later, earlier in zip(copy.hops, copy.hops[1:]):
        nexts = {d.get('next_queue_id') for d in events.of(earlier, 'delivery')}
        if earlier[1] in requeued:  # a new entry without a delivery
            nexts.add(later[1])
        score.check('next queue IDs: from hop to hop', later[1] in nexts, repr(copy.hops), repr(nexts))
        traces = {e.get('trace_id') for hop in (later, earlier) for e in events.by_entry.get(hop, ())}
        score.check('hops share a trace', len(traces) == 1 and None not in traces, repr(copy.hops), repr(traces))
        if later[0] == earlier[0] == 'mx1':
            parents = {e.get('parent_queue_id') for e in events.of(later, 'message')}
            score.equal('parents of what was forwarded', parents, {earlier[1]}, repr(copy.hops))


def check_notices(message, truth, events, score):
    for notice in truth.notices_of(message.tag):
        entry = notice.hops[0]
        ends = events.of(entry, 'message')
        if not score.check('notifications are messages', len(ends) == 1, message.tag, repr(entry), ends):
            continue
        end = ends[0]
        score.equal('notifications: from, origin, parent',
                    (end.get('from'), end.get('origin'), end.get('parent_queue_id')), ('', 'bounce', message.queue_id), end)
        if any(action == 'failed' for action, _ in notice.about.values()):
            original = events.of((message.mta.host, message.queue_id), 'message')
            score.equal('bounces are told by their message', [e.get('bounce_queue_id') for e in original], [entry[1]], original)


# --- What was refused, and how sessions ended

def check_refusals(world, events, score):
    rejects = events.kind('reject')
    for refusal in world.refusals:
        if refusal.mta.mta == 'sendmail' and refusal.stage == 'MAIL' and refusal.code == 552:
            continue  # a SIZE= that is too big: Sendmail logs no word of it
        found = [e for e in rejects if e['host'] == refusal.mta.host and is_of(e, refusal)]
        if not score.check('refusals are rejects', len(found) == 1, repr(refusal), found):
            continue
        event = found[0]
        score.check('rejects: reply code', event.get('reply_code', refusal.code) == refusal.code, event)
        score.check('rejects: stage', event.get('stage', refusal.stage) in (refusal.stage, 'RCPT'), event)
        score.check('rejects: sender', event.get('from', refusal.sender) in (refusal.sender, None) or not refusal.sender, event)


def is_of(event, refusal):
    """Sendmail does not name the client of an unknown user: the recipient's name is unique."""
    client = event.get('client', {}).get('ip')
    return client == lab.client_ip(refusal.client) and event.get('to') in (refusal.to, None) or \
        client is None and refusal.to is not None and event.get('to') == refusal.to


def check_bad_ends(world, events, score):
    sessions = collections.defaultdict(list)
    for event in events.kind('session'):
        sessions[event['host'], event.get('client', {}).get('ip')].append(event)
    for bad in world.bad_ends:
        found = sessions.pop((bad.mta.host, lab.client_ip(bad.client)), [])
        if score.check('bad ends are sessions', len(found) == 1, repr(bad), found):
            score.equal('sessions: reason', found[0].get('reason'), bad.reason, found[0])
            if bad.user:
                score.equal('sessions: user', (found[0].get('user') or '').partition('@')[0], bad.user, found[0])
    for (host, ip), found in sessions.items():
        probe = ip == lab.server_ip('sink.example')  # lab.accepts_connections()
        score.check('no alerts without a cause', probe, host, found)


def check_nothing_invented(world, truth, events, score):
    """No queue ID but those that exist; the client of any other was never told of one."""
    known = truth.queue_ids() | {(m.mta.host, m.queue_id) for m in world.messages} | \
        {(m.mta.host, m.parent) for m in world.messages if m.parent}
    untold = {lab.client_ip(r.client) for r in world.refusals}
    given = {(g.mta.host, lab.client_ip(g.client)): g for g in world.given}
    seen = set()
    for event in events.all:
        entry = event['host'], event.get('queue_id')
        ip = event.get('client', {}).get('ip')
        if entry[1] is None or entry in known:
            continue
        gift = given.get((event['host'], ip))
        if gift and event['event'] == 'message':
            seen.add((event['host'], ip))
            score.check('results of what was never accepted', event.get('result') == gift.result and gift.reason in (None, event.get('reason')),
                        repr(gift), event)
        elif event['event'] == 'message':
            score.check('nothing is invented', ip in untold and event.get('result') in ('rejected', 'incomplete'), event)
        else:
            score.check('nothing is invented', gift or ip in untold or event['event'] == 'reject', event)
    for key, gift in given.items():
        score.check('what was never accepted ended', key in seen, repr(gift))
