#!/usr/bin/python3
"""Compares events with what the generator says is true.

    truth.py [--no-incomplete] TRUTH EVENTS.json...

Both are turned into facts (see generate/truth.c), each fact into a number, and the
numbers are added up by kind: order does not count, repeats do. When a sum differs, the
facts that one side has and the other has not are shown. Exit code: 0 all the same, 1 not. With --no-incomplete messages without an end
are left aside: a daemon keeps them.
"""
import collections
import json
import multiprocessing
import os
import sys

BITS = (1 << 64) - 1
CHUNK = 1 << 24


def client(event):
    who = event.get('client', {})
    return '%s[%s]' % (who.get('name', 'unknown'), who.get('ip', ''))


def of_delivery(e):
    return ('D', e['host'], e['queue_id'], e['to'], e['status'], e['dsn'], str(e['attempt']), str(int(e['final'])),
            e.get('message_id', ''), '<%s>' % e['from'], e.get('parent_queue_id', ''))


def of_message(e):
    counts = e.get('counts', {})
    return ('M', e['host'], e['queue_id'], e['result'], e.get('message_id', ''), '<%s>' % e['from'],
            e.get('parent_queue_id', '')) + tuple(str(counts.get(k, 0)) for k in ('sent', 'deferred', 'bounced', 'expired'))


def of_client(e):
    """Of a message that came over the network, and has ended."""
    who = e['client']
    return ('C', e['host'], e['queue_id'], e.get('message_id', ''), client(e), who.get('tls', {}).get('version', ''), who.get('user', ''))


def of_reject(e):
    return ('R', e['host'], e.get('queue_id', ''), e['to'], e['stage'], str(e.get('reply_code', '')), e.get('dsn', ''), '<%s>' % e.get('from', ''))


def of_session(e):
    return 'S', e['host'], e['reason'], client(e)


FACTS = {'delivery': of_delivery, 'message': of_message, 'reject': of_reject, 'session': of_session}


def facts(line):
    event = json.loads(line)
    try:
        found = [FACTS[event['event']](event)]
        if event['event'] == 'message' and event['mta'] == 'postfix' and 'ip' in event.get('client', ()) and event['result'] != 'incomplete':
            found.append(of_client(event))
        return ['\t'.join(texts) for texts in found]
    except KeyError as missing:
        return ['no %s in %s' % (missing, line.decode(errors='replace').strip())]


def plain(line):
    return [line.decode().rstrip('\n')]


def is_incomplete(text):
    return text[0] == 'M' and text.split('\t')[3] == 'incomplete'


READERS = {'truth': plain, 'events': facts}


def lines_of(path, start, end):
    """Those that begin in this part of the file."""
    with open(path, 'rb') as f:
        f.seek(start)
        if start:
            f.seek(start - 1)
            f.readline()
        while f.tell() < end:
            line = f.readline()
            if not line:
                return
            yield line


def add_up(job):
    kind, path, start, end, ended = job
    read, sums = READERS[kind], {}
    for line in lines_of(path, start, end):
        texts = read(line)
        if ended and is_incomplete(texts[0]):
            continue
        for text in texts:
            n, total = sums.get(text[0], (0, 0))
            sums[text[0]] = n + 1, total + hash(text) & BITS
    return sums


def total(kind, paths, ended, pool):
    jobs = [(kind, path, at, at + CHUNK, ended) for path in paths for at in range(0, os.path.getsize(path), CHUNK)]
    sums = {}
    for part in pool.imap_unordered(add_up, jobs):
        for key, (n, number) in part.items():
            old = sums.get(key, (0, 0))
            sums[key] = old[0] + n, old[1] + number & BITS
    return sums


def show(truth, events, ended):
    count = collections.Counter()
    for path in events:
        count.update(text for line in lines_of(path, 0, os.path.getsize(path)) for text in facts(line))
    count.subtract(text for line in lines_of(truth, 0, os.path.getsize(truth)) for text in plain(line))
    for word, sign in (('missing', -1), ('too many', 1)):
        wrong = [text for text, n in count.items() if n * sign > 0 and not (ended and is_incomplete(text))]
        for text in wrong[:10]:
            print('%s: %s' % (word, text), file=sys.stderr)
        print('%d %s' % (len(wrong), word), file=sys.stderr)


def compare(truth, events, ended):
    """(all the same, how many facts of each kind)"""
    if not os.environ.get('PYTHONHASHSEED'):
        raise SystemExit('truth.py: hashes must be the same in all processes')
    with multiprocessing.Pool() as pool:
        expected, seen = total('truth', [truth], ended, pool), total('events', events, ended, pool)
    if expected != seen:
        show(truth, events, ended)
    return expected == seen, {key: n for key, (n, _) in sorted(expected.items())}


def main():
    ended = '--no-incomplete' in sys.argv[1:]
    files = sys.argv[1 + ended:]
    if len(files) < 2:
        raise SystemExit('usage: truth.py [--no-incomplete] TRUTH EVENTS...')
    if not os.environ.get('PYTHONHASHSEED'):
        os.environ['PYTHONHASHSEED'] = '1'
        os.execv(sys.executable, [sys.executable] + sys.argv)
    same, counts = compare(files[0], files[1:], ended)
    print(', '.join('%d %s' % (counts.get(key, 0), word) for key, word in
                    (('D', 'deliveries'), ('M', 'messages'), ('R', 'rejects'), ('S', 'sessions'))))
    print('as it was' if same else 'NOT as it was')
    sys.exit(0 if same else 1)


if __name__ == '__main__':
    main()
