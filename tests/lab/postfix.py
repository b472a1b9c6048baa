"""Postfix in a root directory of its own: host mx1, domain post.example."""

import json
import os
import re

import lab
import mta

NAME, DOMAIN = 'mx1.example', 'post.example'
MESSAGE_SIZE_LIMIT = 200000
LIFETIME = 20  # seconds, until a message expires

MAIN = """\
compatibility_level = 3.6
myhostname = {name}
mydomain = {domain}
myorigin = {domain}
mydestination = {domain}, three.example, localhost
inet_protocols = ipv4
smtp_bind_address = {ip}
mynetworks = {servers}
smtp_host_lookup = native
transport_maps = inline:{{ sink.example=smtp:[sink.example]:25, nostarttls.example=smtp:[sink.example]:2526,
    client.example=smtp:[sink.example]:25, refused.example=smtp:[sink.example]:9,
    send.example=smtp:[relay1.example]:25, open.example=smtp:[osd1.example]:25,
    exim.example=smtp:[out1.example]:25, cour.example=smtp:[cour1.example]:25, five.example=smtp:[osd1.example]:25, void.example=discard:silently,
    pipe.example=labpipe: }}
relay_domains = sink.example, nostarttls.example, refused.example, send.example, exim.example, open.example, cour.example, five.example,
    void.example, pipe.example
alias_maps = inline:{{ {{ news = alice, dave }}, {{ outside = ok.outside@sink.example }}, {{ postmaster = alice }} }}
alias_database =
virtual_alias_domains = virtual.example
virtual_alias_maps = inline:{{ {{ sales@virtual.example = alice@{domain}, bob@{domain} }} }}
local_recipient_maps = proxy:unix:passwd.byname $alias_maps
smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination
smtpd_sender_restrictions = check_sender_access inline:{{ held@client.example=HOLD, refused@client.example=REJECT }}
header_checks = regexp:{{ {{ /^Subject: forbidden/ REJECT no such subject here }} }}
message_size_limit = {limit}
mailbox_size_limit = 0
labpipe_destination_recipient_limit = 1
smtpd_hard_error_limit = 6
smtpd_error_sleep_time = 0
smtpd_tls_security_level = may
smtpd_tls_cert_file = /etc/postfix/cert.pem
smtpd_tls_key_file = /etc/postfix/key.pem
smtpd_tls_loglevel = 1
smtpd_sasl_auth_enable = yes
smtpd_sasl_path = smtpd
smtpd_sasl_local_domain = {domain}
smtp_tls_security_level = may
smtp_tls_loglevel = 1
minimal_backoff_time = 3s
maximal_backoff_time = 3s
queue_run_delay = 2s
maximal_queue_lifetime = {lifetime}s
bounce_queue_lifetime = {lifetime}s
maillog_file =
"""

MASTER = """
{ip}:submission inet n - n - - smtpd -o syslog_name=postfix/submission
  -o smtpd_tls_security_level=encrypt -o smtpd_sasl_auth_enable=yes
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
labpipe unix - n n - - pipe user=nobody:mail argv=/usr/local/bin/labpipe ${{recipient}}
"""

class Postfix(mta.Mta):
    host, mta, name, domain = 'mx1', 'postfix', NAME, DOMAIN
    silent = frozenset(('protocol',))
    forwards_anew = aliases_anew = True
    held, waiting = 'hold', 'deferred'

    def __init__(self):
        self.root = lab.Root('postfix')
        self.ip = lab.server_ip(NAME)

    def configure(self):
        root = self.root
        root.write_network(NAME)
        root.write_accounts({'mail': 8, 'postfix': 51001, 'postdrop': 51002})
        root.empty('var/mail', 0o2775, 0, 8)
        root.empty('var/spool/postfix', 0o755)
        root.empty('var/lib/postfix', 0o755, 51001, 51001)
        root.write('usr/local/bin/labpipe', lab.PIPE, 0o755)
        root.write('etc/postfix/main.cf', MAIN.format(
            name=NAME, domain=DOMAIN, ip=self.ip, servers=' '.join(lab.server_ip(name) for name in lab.MTAS),
            limit=MESSAGE_SIZE_LIMIT, lifetime=LIFETIME))
        root.write('etc/postfix/dynamicmaps.cf', '')
        # Debian's, from 13 on, fills the chroot that the lab's Postfix does not use, by perl.
        root.write('usr/lib/postfix/configure-instance.sh', '#!/bin/sh\n', 0o755)
        root.write('etc/postfix/master.cf', self._master())
        root.write('home/carol/.forward', 'ok.forwarded@sink.example\n')
        root.make_certificate(NAME, 'etc/postfix/key.pem', 'etc/postfix/cert.pem')
        self._configure_sasl()
        for name in ('postdrop', 'postqueue'):
            os.chown(root / 'usr/sbin' / name, 0, 51002)
            (root / 'usr/sbin' / name).chmod(0o2555)

    def _master(self):
        """Debian's, without its chroot (the lab is one already), on this host's address alone."""
        text = (self.root / 'usr/share/postfix/master.cf.dist').read_text()
        service = r'(?m)^(\w\S*\s+(?:inet|unix|fifo|pass|unix-dgram)\s+\S+\s+\S+\s+)[yn-](\s)'
        text = re.sub(service, r'\1n\2', text)
        text = re.sub(r'(?m)^(pickup .*) 60 ', r'\1 1 ', text)  # seconds that requeued mail waits
        return re.sub(r'(?m)^smtp(\s+inet)', self.ip + r':smtp\1', text) + MASTER.format(ip=self.ip)

    def _configure_sasl(self):
        root = self.root
        root.write('etc/postfix/sasl/smtpd.conf',
                   'pwcheck_method: auxprop\nauxprop_plugin: sasldb\nmech_list: PLAIN LOGIN\n')
        (root / 'etc/sasldb2').unlink(missing_ok=True)
        for user, (_, password) in lab.PEOPLE.items():
            root.command('saslpasswd2', '-p', '-c', '-u', DOMAIN, user, stdin=password)
        (root / 'etc/sasldb2').chmod(0o644)

    def start(self):
        self.root.command('postfix', 'start')
        if not lab.wait_for('Postfix', lambda: lab.accepts_connections(self.ip, 587)):
            lab.fail('Postfix does not answer')

    def stop(self):
        self.root.command('postfix', 'stop', check=False)

    def queue_id_of(self, reply):
        return reply.split()[-1]

    def queue(self):
        """{queue ID: {'queue': name, 'recipients': [...]}}"""
        lines = self.root.command('postqueue', '-j').splitlines()  # may begin with a warning that Postfix is down
        entries = (json.loads(line) for line in lines if line.startswith('{'))
        return {e['queue_id']: {'queue': e['queue_name'], 'recipients': [r['address'] for r in e['recipients']]}
                for e in entries}

    def postsuper(self, option, queue_id):
        self.root.command('postsuper', option, queue_id)

    def release(self, queue_id):
        self.postsuper('-H', queue_id)

    def remove(self, queue_id):
        self.postsuper('-d', queue_id)

    def submit(self, sender, recipients, text, user='alice'):
        """Local submission; tells no queue ID."""
        self.root.command('/usr/sbin/sendmail', '-i', '-f', sender, *recipients, stdin=text, user=user)
