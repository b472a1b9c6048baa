"""What became of the mail, from mailboxes, queues and the sink; never from a log."""

import dataclasses
import re

import lab

HOSTS = {name: name.partition('.')[0] for name in lab.MTAS}
TAG = re.compile(r'X-Lab-Id: (\S+)')
# A Received: header, as all of them write it: by HOST ... id QUEUE-ID
HOP = re.compile(r'.*\bby (' + '|'.join(map(re.escape, HOSTS)) + r') .*?\bid ([\w.-]+)')


@dataclasses.dataclass
class Copy:
    """A copy of a message where it came to rest. hops: [(host, queue ID)], the last one first."""
    tag: str
    place: tuple  # ('box', host, user) or ('sink', address)
    hops: list
    delivery: object = None  # the sink's


@dataclasses.dataclass
class Notice:
    """A delivery status notification. hops are its own, about: recipient -> (action, status)."""
    tag: str
    hops: list
    about: dict


class Truth:
    def __init__(self, world):
        self.world, self.copies, self.notices = world, [], []
        for mta in world.mtas:
            for user, letter in mta.root.letters():
                self._file(letter, ('box', mta.host, user))
        for delivery in list(world.sink.deliveries):
            self._file(delivery.letter, ('sink', delivery.recipient), delivery)
        self.queues = {m.host: m.queue() for m in world.mtas}

    def _file(self, letter, place, delivery=None):
        hops = hops_of(letter)
        if any(part.get_content_type() == 'message/delivery-status' for part in letter.walk()):
            text = letter.as_string()
            tag = TAG.search(text)
            self.notices.append(Notice(tag and tag.group(1), hops, reported(letter)))
            return
        self.copies.append(Copy(letter.get('X-Lab-Id'), place, hops, delivery))

    def copies_of(self, tag):
        return [c for c in self.copies if c.tag == tag]

    def notices_of(self, tag):
        return [n for n in self.notices if n.tag == tag]

    def queue_ids(self):
        """All that is known to exist: {(host, queue ID)}"""
        ids = {hop for c in self.copies + self.notices for hop in c.hops}
        return ids | {(host, q) for host, queue in self.queues.items() for q in queue}


def hops_of(letter):
    hops = []
    for header in letter.get_all('Received') or []:
        found = HOP.match(' '.join(header.split()))
        if found:
            hops.append((HOSTS[found.group(1)], found.group(2)))
    return hops


def reported(letter):
    """{recipient: (action, status)} of a multipart/report (RFC 3464)"""
    about = {}
    for part in letter.walk():
        if part.get_content_type() != 'message/delivery-status':
            continue
        for block in part.get_payload():
            recipient = block.get('Final-Recipient')
            if recipient:
                address = recipient.partition(';')[2].strip()
                about[address] = (block.get('Action', '').split()[0], (block.get('Status') or '').strip())
    return about
