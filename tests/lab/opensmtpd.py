"""OpenSMTPD in a root directory of its own: host osd1, domain open.example.

It offers no TLS and so no AUTH: Debian 12's fails in each handshake, as its process with the keys does not go with OpenSSL 3.
"""

import os
import subprocess

import lab
import mta

NAME, DOMAIN = 'osd1.example', 'open.example'
MESSAGE_SIZE_LIMIT = 200000
LIFETIME = 20  # seconds, until a message expires
DAEMON, QUEUE = 52200, 52201

CONFIGURATION = """\
smtp max-message-size {limit}
queue ttl {lifetime}s
bounce warn-interval 1d
table aliases file:/etc/smtpd/aliases
table virtuals file:/etc/smtpd/virtuals
listen on {ip} port 25 hostname {name}
listen on socket
action "mailbox" mbox alias <aliases>
action "virtual" mbox virtual <virtuals>
{actions}
match from any mail-from "refused@client.example" for any reject
match from any for domain "{domain}" action "mailbox"
match from any for domain "virtual.example" action "virtual"
{matches}
"""


class Opensmtpd(mta.Mta):
    host, mta, name, domain = 'osd1', 'opensmtpd', NAME, DOMAIN
    silent = frozenset(('message-id', 'security', 'mechanism', 'links', 'given-rejected', 'given-incomplete'))
    waiting = 'queue'
    failed = ('failed', 'delayed')
    routes = {'sink.example': 'sink.example', 'nostarttls.example': 'sink.example:2526', 'client.example': 'sink.example',
              'post.example': 'mx1.example', 'send.example': 'relay1.example', 'exim.example': 'out1.example',
              'cour.example': 'cour1.example', 'five.example': 'cour1.example'}

    def __init__(self):
        self.root = lab.Root('opensmtpd')
        self.ip = lab.server_ip(NAME)
        self.daemon = self.retries = None

    def configure(self):
        root = self.root
        root.write_network(NAME, dns=True)
        root.write_accounts({'mail': 8, 'opensmtpd': DAEMON, 'opensmtpq': QUEUE})
        root.empty('var/mail', 0o1777, 0, 8)
        root.empty('var/spool/smtpd', 0o711)
        root.empty('var/lib/opensmtpd/empty', 0o755)
        root.empty('run', 0o755)
        for name in ('usr/sbin/smtpctl', 'usr/sbin/sendmail'):
            if (root / name).exists() and not (root / name).is_symlink():
                os.chown(root / name, 0, QUEUE)
                (root / name).chmod(0o2555)
        root.empty('etc/smtpd', 0o755)
        root.write('etc/smtpd/aliases', 'postmaster: alice\nnews: alice, dave\noutside: ok.outside@sink.example\n')
        root.write('etc/smtpd/virtuals', f'sales@virtual.example alice@{DOMAIN}, bob@{DOMAIN}\nalice alice\nbob bob\n')
        root.write('home/carol/.forward', 'ok.forwarded@sink.example\n')
        os.chown(root / 'home/carol/.forward', *2 * lab.PEOPLE['carol'][:1])
        root.write('etc/smtpd.conf', self._configuration())

    def _configuration(self):
        hosts = sorted(set(self.routes.values()))
        action = {host: f'to{n}' for n, host in enumerate(hosts)}
        return CONFIGURATION.format(
            name=NAME, domain=DOMAIN, ip=self.ip, limit=MESSAGE_SIZE_LIMIT, lifetime=LIFETIME,
            actions='\n'.join(f'action {action[host]} relay host smtp://{host} src {self.ip}' for host in hosts),
            matches='\n'.join(f'match from any for domain "{d}" action {action[host]}' for d, host in self.routes.items()))

    def start(self):
        chroot, quiet = ['chroot', str(self.root.path)], {'stdout': subprocess.DEVNULL, 'stderr': subprocess.DEVNULL}
        self.daemon = subprocess.Popen([*chroot, 'smtpd', '-F'], **quiet)
        if not lab.wait_for('OpenSMTPD', lambda: lab.accepts_connections(self.ip, 25)):
            lab.fail('OpenSMTPD does not answer')
        # By itself it tries again after minutes.
        self.retries = subprocess.Popen([*chroot, 'sh', '-c', 'while sleep 3; do smtpctl schedule all; done'], **quiet)

    def stop(self):
        for process in (self.retries, self.daemon):
            if process:
                process.terminate()
                process.wait()
        self.retries = self.daemon = None

    def queue(self):
        """{queue ID: {'queue': name, 'recipients': [...]}}"""
        entries = {}
        for line in self.root.command('smtpctl', 'show', 'queue', check=False).splitlines():
            words = line.split('|')
            if len(words) > 6:
                entry = entries.setdefault(words[0][:8], {'queue': 'queue', 'recipients': []})
                entry['recipients'].append(words[6])
        return entries

    def remove(self, queue_id):
        self.root.command('smtpctl', 'remove', queue_id)

    def submit(self, sender, recipients, text, user='alice'):
        """Local submission; tells no queue ID."""
        self.root.command('/usr/sbin/sendmail', '-f', sender, *recipients, stdin=text, user=user)
