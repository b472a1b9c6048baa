"""Sendmail in a root directory of its own: host relay1, domain send.example."""

import contextlib
import os
import re
import signal

import lab
import mta

NAME, DOMAIN = 'relay1.example', 'send.example'
MESSAGE_SIZE_LIMIT = 200000
LIFETIME = 20  # seconds, until a message expires
WARNING = 8  # seconds, until the sender is told of a delay

SENDMAIL = '/usr/libexec/sendmail/sendmail'
CF = '/usr/share/sendmail/cf'

MTA = """\
OSTYPE(`debian')dnl
define(`confDOMAIN_NAME', `{name}')dnl
define(`confSERVICE_SWITCH_FILE', `/etc/mail/service.switch')dnl
define(`confDONT_PROBE_INTERFACES', `True')dnl
define(`confPID_FILE', `/run/sendmail/mta/sendmail.pid')dnl
define(`confTRUSTED_USER', `smmta')dnl
define(`confTO_IDENT', `0')dnl
define(`confTO_QUEUERETURN', `{lifetime}s')dnl
define(`confTO_QUEUEWARN', `{warning}s')dnl
define(`confMIN_QUEUE_AGE', `0')dnl
define(`confMAX_MESSAGE_SIZE', `{limit}')dnl
define(`confPRIVACY_FLAGS', `noexpn,novrfy')dnl
undefine(`confHOST_STATUS_DIRECTORY')dnl
define(`confCACERT_PATH', `/etc/mail/tls')dnl
define(`confCACERT', `/etc/mail/tls/cert.pem')dnl
define(`confSERVER_CERT', `/etc/mail/tls/cert.pem')dnl
define(`confSERVER_KEY', `/etc/mail/tls/key.pem')dnl
define(`confDONT_BLAME_SENDMAIL', `GroupReadableSASLDBFile,GroupReadableKeyFile')dnl
define(`confAUTH_MECHANISMS', `PLAIN LOGIN')dnl
TRUST_AUTH_MECH(`PLAIN LOGIN')dnl
FEATURE(`no_default_msa')dnl
DAEMON_OPTIONS(`Family=inet, Name=MTA-v4, Port=25, Addr={ip}')dnl
DAEMON_OPTIONS(`Family=inet, Name=MSP-v4, Port=587, Addr={ip}, M=E')dnl
CLIENT_OPTIONS(`Family=inet, Address={ip}')dnl
FEATURE(`nocanonify')dnl
FEATURE(`accept_unresolvable_domains')dnl
FEATURE(`mailertable', `hash /etc/mail/mailertable')dnl
FEATURE(`virtusertable', `hash /etc/mail/virtusertable')dnl
FEATURE(`access_db', `hash -T<TMPF> /etc/mail/access')dnl
FEATURE(`local_lmtp', `/usr/libexec/sendmail/mail.local')dnl
MAILER(`local')dnl
MAILER(`smtp')dnl
LOCAL_CONFIG
Cw{domain} virtual.example
"""

MSP = """\
define(`_USE_ETC_MAIL_')dnl
OSTYPE(`debian')dnl
define(`confDOMAIN_NAME', `{name}')dnl
define(`confSERVICE_SWITCH_FILE', `/etc/mail/service.switch')dnl
define(`confDONT_PROBE_INTERFACES', `True')dnl
define(`confMIN_QUEUE_AGE', `0')dnl
FEATURE(`nocanonify')dnl
undefine(`confHOST_STATUS_DIRECTORY')dnl
define(`confPID_FILE', `/run/sendmail/msp/sendmail.pid')dnl
define(`MSP_QUEUE_DIR', `/var/spool/mqueue-client')dnl
CLIENT_OPTIONS(`Family=inet, Address={ip}')dnl
FEATURE(`msp', `[{ip}]', `25')dnl
LOCAL_CONFIG
DM{domain}
"""


class Sendmail(mta.Mta):
    host, mta, name, domain = 'relay1', 'sendmail', NAME, DOMAIN
    silent = frozenset(('size-refused', 'orig-to'))

    def __init__(self):
        self.root = lab.Root('sendmail')
        self.ip = lab.server_ip(NAME)

    def configure(self):
        root = self.root
        root.write_network(NAME)
        root.write_accounts({'mail': 8, 'smmta': 51001, 'smmsp': 51002})
        root.empty('var/mail', 0o1777, 0, 8)
        root.empty('var/spool/mqueue', 0o2750, 51001, 51002)
        root.empty('var/spool/mqueue-client', 0o2770, 51002, 51002)
        root.empty('var/lib/sendmail', 0o755, 51001, 51002)
        root.empty('run/sendmail', 0o755)
        for name, owner in (('mta', 51001), ('msp', 51002), ('stampdir', 51001)):
            root.empty('run/sendmail/' + name, 0o2755, owner, 51002)
        os.chown(root / SENDMAIL[1:], 0, 51002)
        (root / SENDMAIL[1:]).chmod(0o2755)
        self._write_cf('sendmail', MTA)
        self._write_cf('submit', MSP)
        self._write_maps()
        self._configure_sasl()
        root.empty('etc/mail/tls', 0o755)
        root.make_certificate(NAME, 'etc/mail/tls/key.pem', 'etc/mail/tls/cert.pem')
        (root / 'etc/mail/tls/key.pem').chmod(0o600)
        root.command(SENDMAIL, '-bi')

    def _write_maps(self):
        root = self.root
        root.write('etc/mail/service.switch', 'passwd files\nhosts files\naliases files\n')
        root.write('etc/mail/aliases', 'postmaster: alice\nmailer-daemon: alice\nnews: alice, dave\n'
                                       'outside: ok.outside@sink.example\n')
        root.write('home/carol/.forward', 'ok.forwarded@sink.example\n')
        hosts = {'sink.example': 'sink.example', 'client.example': 'sink.example', 'post.example': 'mx1.example',
                 'exim.example': 'out1.example', 'open.example': 'osd1.example', 'cour.example': 'cour1.example',
                 **dict.fromkeys(lab.ROUTES, 'mx1.example')}
        self._make_map('mailertable', ''.join(f'{domain}\tesmtp:[{host}]\n' for domain, host in hosts.items()))
        self._make_map('virtusertable', 'sales@virtual.example\talice\n')
        peers = ''.join(f'Connect:{lab.server_ip(name)}\tRELAY\n' for name in lab.MTAS)
        relayed = ''.join(f'To:{domain}\tRELAY\n' for domain in hosts if domain != 'client.example')
        self._make_map('access', peers + relayed + 'From:refused@client.example\tREJECT\n')

    def _make_map(self, name, text):
        self.root.write('etc/mail/' + name, text)
        self.root.command('/usr/libexec/sendmail/makemap', 'hash', f'/etc/mail/{name}.db', stdin=text)

    def _configure_sasl(self):
        root = self.root
        for place in ('etc/sasl2', 'usr/lib/sasl2', 'etc/mail/sasl'):
            name = 'Sendmail.conf.2' if place == 'etc/mail/sasl' else 'Sendmail.conf'
            root.write(f'{place}/{name}', 'pwcheck_method: auxprop\nauxprop_plugin: sasldb\nmech_list: PLAIN LOGIN\n')
        (root / 'etc/sasldb2').unlink(missing_ok=True)
        for user, (_, password) in lab.PEOPLE.items():
            root.command('saslpasswd2', '-p', '-c', '-u', NAME, user, stdin=password)
        (root / 'etc/sasldb2').chmod(0o640)

    def _write_cf(self, name, source):
        root = self.root
        root.write(f'etc/mail/{name}.mc', source.format(
            name=NAME, domain=DOMAIN, ip=self.ip, limit=MESSAGE_SIZE_LIMIT, lifetime=LIFETIME, warning=WARNING))
        root.write(f'etc/mail/{name}.cf', root.command(
            'm4', f'-D_CF_DIR_={CF}/', f'{CF}/m4/cf.m4', f'/etc/mail/{name}.mc'))

    def start(self):
        self.root.command(SENDMAIL, '-L', 'sm-mta', '-bd', '-q2s')
        self.root.command(SENDMAIL, '-L', 'sm-msp-queue', '-Ac', '-q2s')
        if not lab.wait_for('Sendmail', lambda: lab.accepts_connections(self.ip, 587)):
            lab.fail('Sendmail does not answer')

    def stop(self):
        for pid in self._pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)

    def _pids(self):
        for name in ('mta/sendmail.pid', 'msp/sendmail.pid'):
            path = self.root / 'run/sendmail' / name
            if path.exists():
                yield int(path.read_text().split()[0])

    def queue(self):
        """{queue ID: {'queue': name, 'recipients': [...]}}, from the queue files: mailq locks and waits."""
        entries = {}
        for name, queue in (('mqueue', 'mta'), ('mqueue-client', 'msp')):
            for path in (self.root / 'var/spool' / name).glob('[qQh]f*'):
                try:
                    text = path.read_text(errors='replace')
                except FileNotFoundError:
                    continue
                entries[path.name[2:]] = {'queue': queue, 'recipients': re.findall(r'(?m)^R[A-Z]*:<?(.*?)>?$', text)}
        return entries

    def submit(self, sender, recipients, text, user='alice', options=()):
        """Local submission, through the submission program's queue; tells no queue ID."""
        self.root.command(SENDMAIL, *options, '-i', '-f', sender, *recipients, stdin=text, user=user)
