"""Courier in a root directory of its own: host cour1, domain cour.example."""

import os
import re

import lab
import mta

NAME, DOMAIN = 'cour1.example', 'cour.example'
MESSAGE_SIZE_LIMIT = 200000
LIFETIME = 20  # seconds, until a message expires
USER = 52300
STATE, ETC, LIB = 'var/lib/courier', 'etc/courier', 'usr/lib/courier/courier'

ESMTPD = """
ADDRESS={ip}
PORT={port}
PIDFILE=/run/courier/{service}.pid
ACCESSFILE=/etc/courier/smtpaccess
MAXDAEMONS=200
MAXPERC=200
MAXPERIP=200
BOFHCHECKDNS=0
TARPIT=0
AUTH_REQUIRED={auth}
ESMTPAUTH=""
ESMTPAUTH_TLS="PLAIN LOGIN"
"""


class Courier(mta.Mta):
    host, mta, name, domain = 'cour1', 'courier', NAME, DOMAIN
    silent = frozenset(('message-id', 'protocol', 'security', 'tls', 'tls-out', 'mechanism', 'orig-to', 'links', 'relay-refused', 'auth-failed',
                        'lost-connection', 'given-rejected', 'given-incomplete'))
    forwards_anew = True
    routes = {'sink.example': 'sink.example', 'nostarttls.example': 'sink.example,2526', 'client.example': 'sink.example',
              'post.example': 'mx1.example', 'send.example': 'relay1.example', 'exim.example': 'out1.example',
              'open.example': 'osd1.example'}

    def __init__(self):
        self.root = lab.Root('courier')
        self.ip = lab.server_ip(NAME)

    def configure(self):
        root = self.root
        root.write_network(NAME, dns=True)
        root.write_accounts({'mail': 8, 'courier': USER})
        self._make_directories()
        self._make_mailboxes()
        for name, text in self._settings().items():
            root.write(f'{ETC}/{name}', text)
        for name, port, auth in (('esmtpd', 25, 0), ('esmtpd-msa', 587, 1)):
            self._append(name, ESMTPD.format(ip=self.ip, port=port, service=name, auth=auth))
        self._append('courierd', '\nDEFAULTDELIVERY=./mbox\nESMTP_BLOCKBACKSCATTER=\n')
        root.write('etc/environment', '')
        root.empty(f'{ETC}/smtpaccess')
        root.write(f'{ETC}/smtpaccess/default', ''.join(f'{lab.server_ip(name)}\tallow,RELAYCLIENT\n' for name in lab.MTAS))
        root.command('makesmtpaccess')
        root.write(f'{ETC}/aliases/system', 'postmaster: alice\nnews: alice, dave\noutside: ok.outside@sink.example\n'
                                            f'sales@virtual.example: alice@{DOMAIN}, bob@{DOMAIN}\n')
        root.command('makealiases')
        self._make_key()
        self._make_passwords()

    def _settings(self):
        here = f'localhost\n{DOMAIN}\nfive.example\n'
        return {
            'me': NAME + '\n', 'defaultdomain': DOMAIN + '\n', 'dsnfrom': f'postmaster@{DOMAIN}\n', 'locals': here,
            'sizelimit': f'{MESSAGE_SIZE_LIMIT}\n', 'queuetime': f'{LIFETIME}s\n', 'warntime': '1d\n',
            'retryalpha': '3s\n', 'retrybeta': '3\n', 'retrygamma': '3s\n', 'retrymaxdelta': '1\n', 'queuefill': '0\n',
            'esmtpdelay': '1s\n', 'esmtpacceptmailfor': here + 'virtual.example\n' + ''.join(d + '\n' for d in self.routes),
            'esmtproutes': ''.join(f'{domain}:{host}\n' for domain, host in self.routes.items()),
            'ipout': self.ip + '\n',
        }

    def _append(self, name, text):
        """To the file as it came with the package."""
        path = self.root / ETC / name
        original = path.with_name(name + '.dist')
        if not original.exists():
            path.rename(original)
        self.root.write(f'{ETC}/{name}', original.read_text() + text)

    def _make_directories(self):
        root = self.root
        for name in ('msgs', 'msgq', 'track', 'filters', 'allfilters'):
            root.empty(f'{STATE}/{name}', 0o750, USER, USER)
        root.empty(f'{STATE}/tmp', 0o770, USER, USER)
        root.empty('run/courier', 0o775, 0, USER)
        root.empty('run/courier/authdaemon', 0o755, USER, USER)
        for name, owner, mode in (('usr/sbin/sendmail', 0, 0o2755), (f'{LIB}/submitmkdir', USER, 0o4755),
                                  ('usr/bin/mailq', USER, 0o2755), ('usr/bin/cancelmsg', USER, 0o6755)):
            os.chown(root / name, owner, USER)
            (root / name).chmod(mode)

        (root / 'usr/bin/makedat').unlink(missing_ok=True)
        (root / 'usr/bin/makedat').symlink_to('makedat.courier')

    def _make_mailboxes(self):
        """The mailbox is in the home directory: a link makes it that of all servers."""
        root = self.root
        root.empty('var/mail', 0o1777, 0, 8)
        for user, (number, _) in lab.PEOPLE.items():
            root.write(f'var/mail/{user}', '', 0o600)
            os.chown(root / 'var/mail' / user, number, number)
            (root / 'home' / user / 'mbox').symlink_to(f'/var/mail/{user}')
        root.write('home/carol/.courier', '! ok.forwarded@sink.example\n')
        os.chown(root / 'home/carol/.courier', *2 * lab.PEOPLE['carol'][:1])

    def _make_key(self):
        root = self.root
        root.make_certificate(NAME, 'tmp/key.pem', 'tmp/cert.pem')
        root.write(f'{ETC}/esmtpd.pem', (root / 'tmp/key.pem').read_text() + (root / 'tmp/cert.pem').read_text(), 0o640)
        os.chown(root / ETC / 'esmtpd.pem', 0, USER)

    def _make_passwords(self):
        root = self.root
        secrets = {user: root.command('openssl', 'passwd', '-6', password).strip() for user, (_, password) in lab.PEOPLE.items()}
        root.write('etc/shadow', ''.join(f'{user}:{secret}:20000:0:99999:7:::\n' for user, secret in secrets.items()), 0o600)
        for service in ('esmtp', 'courier'):
            root.write(f'etc/pam.d/{service}', 'auth required pam_unix.so\naccount required pam_permit.so\n')

    def start(self):
        root = self.root
        root.command('authdaemond', 'start')
        root.command('sh', '-c', '/usr/lib/courier/courierctl.start >/dev/null 2>&1')
        root.command('esmtpd', 'start')
        root.command('esmtpd-msa', 'start')
        if not lab.wait_for('Courier', lambda: lab.accepts_connections(self.ip, 587)):
            lab.fail('Courier does not answer')

    def stop(self):
        for argv in (['esmtpd', 'stop'], ['esmtpd-msa', 'stop'], ['courier', 'stop'], ['authdaemond', 'stop']):
            self.root.command(*argv, check=False)

    def queue(self):
        """{TIME.PID: {'queue': name, 'recipients': [...]}}, from the control files."""
        entries = {}
        for path in (self.root / STATE / 'msgs').glob('*/C*'):
            try:
                lines = path.read_text(errors='replace').splitlines()
            except FileNotFoundError:
                continue
            asked = [line[1:] for line in lines if line.startswith('r')]
            done = {int(line[1:].split()[0]) for line in lines if re.match(r'[SF]\d+ ', line)}
            for line in lines:
                if line.startswith('M'):
                    left = [to for n, to in enumerate(asked) if n not in done]
                    entries[line.partition('.')[2]] = {'queue': 'queue', 'recipients': left}
        return entries

    def cuts_client(self, helo):
        return len(helo) > 60

    def written_helo(self, name):
        return name.replace(' ', '_')

    def submit(self, sender, recipients, text, user='alice'):
        """Local submission; tells no queue ID."""
        self.root.command('/usr/sbin/sendmail', '-f', sender, *recipients, stdin=text, user=user)
