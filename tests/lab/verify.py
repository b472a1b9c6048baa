"""Holds the events against the truth. Each check is counted; what fails is told with its evidence."""

import collections
import json

import lab

COMMON = ('event', 'id', 'trace_id', 'time', 'host', 'mta', 'instance', 'queue_id', 'external_id', 'message_id', 'from',
          'size', 'nrcpt', 'subject', 'arrived', 'origin', 'parent_queue_id', 'parent_trace_id', 'client')
KEYS = {
    'delivery': ('to', 'orig_to', 'transport', 'relay', 'tls', 'attempt', 'delay', 'delays', 'dsn', 'status', 'reply_code',
                 'response', 'cause', 'blocklist', 'next_queue_id', 'final'),
    'message': ('result', 'reason', 'duration', 'recipients', 'recipients_omitted', 'counts', 'bounce_queue_id', 'verdicts',
                'received', 'lines'),
    'reject': ('to', 'stage', 'action', 'reply_code', 'dsn', 'response', 'cause', 'blocklist'),
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
            for name in {event.get('queue_id'), event.get('external_id')} - {None} or {None}:
                self.by_entry[event.get('host'), name].append(event)

    def names(self, entry):
        """What other hosts may call it."""
        return {entry[1]} | {e['external_id'] for e in self.by_entry.get(entry, ()) if 'external_id' in e}

    def of(self, entry, kind):
        return [e for e in self.by_entry.get(entry, ()) if e['event'] == kind]

    def kind(self, kind):
        return [e for e in self.all if e['event'] == kind]


def still_missing(world, truth, events):
    """Ends that are to come: (host, queue ID or client)."""
    find_queue_ids(world, truth)
    ended = {(e['host'], e.get(key)) for e in events.kind('message') for key in ('queue_id', 'external_id')}
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
        check_hops(copy, requeued, world, events, score)
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
            found = any(n.about.get(fate.to, ('',))[0] in message.mta.failed for n in notices)
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
    if not message.mta.tells('message-id'):
        score.equal('no message IDs', end.get('message_id'), None, end)
    elif message.message_id is not None:
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
    if not client and message.mta.cuts_client(message.helo):
        return
    score.equal('clients: ip', client.get('ip'), lab.client_ip(message.client), end)
    score.equal('clients: name', client.get('name'), lab.client_name(message.client), end)
    helo = message.mta.written_helo(message.helo)
    score.equal('clients: helo', client.get('helo', helo), helo, end)
    score.equal('clients: user', (client.get('user') or '').partition('@')[0], message.user or '', end)
    protocol = 'ESMTP'
    if message.mta.tells('security'):
        protocol += ('S' if message.tls else '') + ('A' if message.user else '')
    if message.mta.tells('protocol'):
        score.equal('clients: protocol', client.get('protocol', '').upper(), protocol, end)
    tls = client.get('tls', {})
    score.equal('clients: TLS', version(tls), 'TLS1' if message.tls and message.mta.tells('tls') else '', end)
    if message.user and message.mta.tells('mechanism'):
        score.equal('clients: mechanism', client.get('mechanism', '').upper(), 'PLAIN', end)


def version(tls):
    """TLSv1.3, or TLS1.3 as GnuTLS has it"""
    return tls.get('version', '').replace('v', '')[:4]


# --- Its recipients

def check_recipients(message, truth, events, score):
    entry = message.mta.host, message.queue_id
    deliveries = events.of(entry, 'delivery')
    listed = {r['to']: r for e in events.of(entry, 'message') for r in e.get('recipients', ())}
    for fate in message.fates:
        to = message.mta.written(fate.to)
        mine = [d for d in deliveries if d.get('to') == to and fate.orig_to in (None, d.get('orig_to', fate.orig_to))]
        if not fate.sure and not mine:
            continue
        check_deliveries(message, fate, mine, truth, score)
        if message.result is not None:
            recipient = listed.get(to, {})
            score.equal('recipients of messages', recipient.get('status'), fate.status, message.tag, repr(fate), listed)
            attempts = recipient.get('attempts')
            score.equal('attempts of messages', attempts, len(mine), message.tag, recipient)
    told = {d.get('to') for d in deliveries}
    fates = [f for f in message.fates if f.status and (f.sure or message.mta.written(f.to) in told)]
    score.equal('deliveries are to the recipients', told, {message.mta.written(f.to) for f in fates}, message.tag)
    for end in events.of(entry, 'message'):
        score.equal('counts', end.get('counts'), dict(collections.Counter(f.status for f in fates)), end)


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
    for delivery in mine[:-fate.copies]:
        score.check('earlier attempts were deferred', delivery.get('status') == 'deferred' and delivery.get('final') is False,
                    delivery)
    if fate.status != 'expired' and fate.final is not None:
        score.equal('final', last.get('final'), fate.final, last)
    if fate.orig_to and message.mta.tells('orig-to'):
        score.equal('orig_to', last.get('orig_to'), fate.orig_to, last)
    submitted = message.mta.mta == 'sendmail' and message.client is None  # its relay is this host
    if fate.to.endswith('@sink.example') and not fate.to.startswith(('ok.forwarded', 'ok.outside')) and not submitted:
        check_sink(message, fate, mine, truth, score)


def check_sink(message, fate, mine, truth, score):
    """What the sink saw and said."""
    codes = [a.code for a in truth.world.sink.attempts if a.recipient == fate.to and a.peer == message.mta.ip]
    tried = [d for d in mine if d.get('status') != 'expired']
    score.equal('attempts are those that the sink saw', len(tried), len(codes), message.tag, mine)
    for delivery, code in zip(tried, codes):
        if delivery.get('status') == 'sent' or message.mta.tells('relay-refused'):
            score.equal('relays', delivery.get('relay', {}).get('ip'), lab.server_ip('sink.example'), delivery)
        if code >= 400:
            score.equal('reply codes', delivery.get('reply_code'), code, delivery)
    for copy in truth.copies_of(message.tag):
        if copy.place == ('sink', fate.to):
            tls = version(mine[-1].get('tls', {}))
            score.equal('TLS of deliveries', tls, 'TLS1' if copy.delivery.tls and message.mta.tells('tls-out') else '', mine[-1])


def check_hops(copy, requeued, world, events, score):
    """A copy's Received: headers tell its way: each hop's next_queue_id, and at the end the sink's."""
    if copy.place[0] == 'sink' and not copy.place[1].startswith('forge'):
        nexts = {d.get('next_queue_id') for d in events.of(copy.hops[0], 'delivery') if d.get('status') == 'sent'}
        score.check('next queue IDs: the sink', copy.delivery.reply_id in nexts, repr(copy.hops), copy.delivery.reply_id, repr(nexts))
    if copy.place[0] == 'sink' and copy.place[1].startswith('forge'):
        nexts = {d.get('next_queue_id') for d in events.of(copy.hops[0], 'delivery')}
        score.check('forged replies make no more of it', nexts <= {'DEADBEEF01', None}, repr(copy.hops), repr(nexts))
    for later, earlier in zip(copy.hops, copy.hops[1:]):
        mtas = [world.mta_of(hop[0]) for hop in (later, earlier)]
        if mtas[0] is mtas[1] and not mtas[0].tells('links'):
            continue
        nexts = {d.get('next_queue_id') for d in events.of(earlier, 'delivery')}
        if earlier[1] in requeued:  # a new entry without a delivery
            nexts.add(later[1])
        score.check('next queue IDs: from hop to hop', events.names(later) & nexts, repr(copy.hops), repr(nexts))
        if all(mta.tells('message-id') for mta in mtas):
            traces = {e.get('trace_id') for hop in (later, earlier) for e in events.by_entry.get(hop, ())}
            score.check('hops share a trace', len(traces) == 1 and None not in traces, repr(copy.hops), repr(traces))
        if mtas[0] is mtas[1] and mtas[0].forwards_anew:
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
                    (end.get('from'), end.get('origin'), end.get('parent_queue_id')),
                    ('' if end.get('from') != '#@[]' else '#@[]', 'bounce', message.queue_id if message.mta.tells('links') else None), end)
        if message.mta.tells('links') and any(action == 'failed' for action, _ in notice.about.values()):
            original = events.of((message.mta.host, message.queue_id), 'message')
            score.equal('bounces are told by their message', [e.get('bounce_queue_id') for e in original], [entry[1]], original)


# --- What was refused, and how sessions ended

def check_refusals(world, events, score):
    rejects = events.kind('reject')
    for refusal in world.refusals:
        if refusal.stage == 'MAIL' and refusal.code == 552 and not refusal.mta.tells('size-refused'):
            continue
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
        if entry[1] is None or entry in known or (entry[0], event.get('external_id')) in known:
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
