"""Exim in a root directory of its own: host out1, domain exim.example.

It logs to syslog and into its mainlog at once, so that the two can be compared.
"""

import contextlib
import os
import pathlib
import re
import signal

import lab
import mta

NAME, DOMAIN = 'out1.example', 'exim.example'
MESSAGE_SIZE_LIMIT = 200000
LIFETIME = 20  # seconds, until a message expires
USER = 52100

CONFIGURATION = """\
primary_hostname = {name}
qualify_domain = {domain}
domainlist local_domains = {domain} : virtual.example : void.example : pipe.example
domainlist relay_to_domains = {relayed}
hostlist relay_from_hosts = {servers}
local_interfaces = {ip}
daemon_smtp_ports = 25 : 587
log_file_path = syslog : /var/log/exim4/%slog
log_selector = {selector}
{logging}
host_lookup = *
rfc1413_query_timeout = 0s
helo_accept_junk_hosts = *
allow_utf8_domains = true
message_size_limit = {limit}
smtp_accept_max = 100
smtp_accept_max_per_connection = 1000
smtp_accept_queue_per_connection = 1000
smtp_max_unknown_commands = 3
queue_run_max = 3
remote_max_parallel = 4
ignore_bounce_errors_after = {lifetime}s
bounce_return_body = true
delay_warning =
keep_environment =
tls_advertise_hosts = *
tls_certificate = /etc/exim4/cert.pem
tls_privatekey = /etc/exim4/key.pem
trusted_users = mail
acl_smtp_mail = acl_mail
acl_smtp_rcpt = acl_rcpt
acl_smtp_data = acl_data

begin acl
acl_mail:
  deny    message = sender refused
          senders = refused@client.example
  accept
acl_rcpt:
  warn    senders = held@client.example
          control = freeze
  accept  hosts = +relay_from_hosts
  accept  authenticated = *
  deny    message = relay not permitted
          domains = !+local_domains : !+relay_to_domains
  require verify = recipient
  accept
acl_data:
  deny    message = no such subject here
          condition = ${{if match{{$h_Subject:}}{{\\N^forbidden\\N}}}}
  accept

begin routers
far:
  driver = manualroute
  domains = ! +local_domains
  transport = remote_smtp
  self = send
  route_list = {routes}
aliases:
  driver = redirect
  local_parts = news : outside : postmaster : sales : void
  data = ${{extract{{$local_part}}{{news="alice@{domain}, dave@{domain}" outside=ok.outside@sink.example \\
    postmaster=alice@{domain} sales="alice@{domain}, bob@{domain}" void=":blackhole:"}}}}
piped:
  driver = accept
  domains = pipe.example
  transport = labpipe
voided:
  driver = redirect
  domains = void.example
  data = :blackhole:
forward:
  driver = redirect
  check_local_user
  file = $home/.forward
  no_verify
local:
  driver = accept
  domains = {domain}
  check_local_user
  transport = mailbox
  cannot_route_message = Unknown user

begin transports
remote_smtp:
  driver = smtp
  interface = {ip}
  hosts_try_fastopen =
mailbox:
  driver = appendfile
  file = /var/mail/$local_part_data
  envelope_to_add
  return_path_add
  group = mail
  mode = 0660
labpipe:
  driver = pipe
  command = /usr/local/bin/labpipe
  user = mail
  return_fail_output
  temp_errors =

begin retry
* * F,{lifetime}s,3s

begin rewrite

begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if eq{{$auth3}}{{${{extract{{$auth2}}{{{passwords}}}}}}}}}
  server_set_id = $auth2
  server_advertise_condition = true
"""

class Exim(mta.Mta):
    host, mta, name, domain = 'out1', 'exim', NAME, DOMAIN
    silent = frozenset(('given-incomplete',))
    held, waiting = 'frozen', 'queue'
    selector = '+millisec +subject +received_recipients +pid'
    logging = 'log_timezone = true\nsyslog_duplication = false'
    routes = {'sink.example': 'sink.example', 'nostarttls.example': 'sink.example::2526', 'client.example': 'sink.example',
              'post.example': 'mx1.example', 'send.example': 'relay1.example', 'open.example': 'osd1.example',
              'cour.example': 'cour1.example', **dict.fromkeys(lab.ROUTES, 'relay1.example')}

    def __init__(self):
        self.root = lab.Root('exim')
        self.ip = lab.server_ip(NAME)

    def configure(self):
        root = self.root
        root.write_network(NAME, dns=True)
        root.write_accounts({'mail': 8, 'Debian-exim': USER})
        root.empty('var/mail', 0o2775, 0, 8)
        root.empty('var/spool/exim4', 0o750, USER, USER)
        root.empty('var/log/exim4', 0o2750, USER, USER)
        root.empty('run/exim4', 0o750, USER, USER)
        (root / 'usr/sbin/exim4').chmod(0o4755)
        root.write('usr/local/bin/labpipe', lab.PIPE, 0o755)
        root.write('home/carol/.forward', 'ok.forwarded@sink.example\n')
        os.chown(root / 'home/carol/.forward', *2 * lab.PEOPLE['carol'][:1])
        root.write('etc/exim4/exim4.conf', CONFIGURATION.format(
            name=NAME, domain=DOMAIN, ip=self.ip, limit=MESSAGE_SIZE_LIMIT, lifetime=LIFETIME, selector=self.selector,
            relayed=' : '.join(self.routes),
            logging=self.logging, servers=' : '.join(lab.server_ip(name) for name in lab.MTAS),
            routes=' ; \\\n    '.join(f'{domain} {host} byname' for domain, host in self.routes.items()),
            passwords=' '.join(f'{user}={password}' for user, (_, password) in lab.PEOPLE.items())))
        root.make_certificate(NAME, 'etc/exim4/key.pem', 'etc/exim4/cert.pem')
        os.chown(root / 'etc/exim4/key.pem', 0, USER)
        (root / 'etc/exim4/key.pem').chmod(0o640)

    def start(self):
        self.root.command('exim4', '-bd', '-q2s', '-oP', '/run/exim4/exim.pid')
        if not lab.wait_for('Exim', lambda: lab.accepts_connections(self.ip, 587)):
            lab.fail('Exim does not answer')

    def stop(self):
        path = self.root / 'run/exim4/exim.pid'
        if path.exists():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(path.read_text()), signal.SIGTERM)
            path.unlink()

    def queue_id_of(self, reply):
        return reply.rpartition('id=')[2].strip()

    def queue(self):
        """{queue ID: {'queue': name, 'recipients': [...]}}: those that are still to be had."""
        entries, queue_id = {}, None
        for line in self.root.command('exim4', '-bp').splitlines():
            head = re.match(r' *\S+ +\S+ (\w{6}-\w+-\w+) <', line)
            if head:
                queue_id = head.group(1)
                entries[queue_id] = {'queue': 'frozen' if '*** frozen ***' in line else 'queue', 'recipients': []}
            elif queue_id and line.startswith(' ' * 10) and not line.strip().startswith('D '):
                entries[queue_id]['recipients'].append(line.strip())
        return entries

    def _manage(self, option, queue_id, queue):
        """Again while a queue run has the message; queue: where it is to be afterwards."""
        def done():
            self.root.command('exim4', option, queue_id, check=False)
            return self.queue().get(queue_id, {}).get('queue') in (queue, None)

        if not lab.wait_for(f'a moment when nobody delivers {queue_id}', done):
            lab.fail(f'exim4 {option} {queue_id}')

    def release(self, queue_id):
        self._manage('-Mt', queue_id, 'queue')

    def remove(self, queue_id):
        self._manage('-Mrm', queue_id, None)

    def give_up(self, queue_id):
        self._manage('-Mg', queue_id, None)

    def submit(self, sender, recipients, text, user='mail'):
        """Local submission; tells no queue ID."""
        self.root.command('exim4', '-i', '-f', sender, *recipients, stdin=text, user=user)

    @property
    def mainlog(self):
        return pathlib.Path(self.root / 'var/log/exim4/mainlog')
