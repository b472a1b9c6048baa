"""The rest of the internet: an SMTP server that does what the recipient's name asks for.

    ok*      accepted           rej*    550             once*   450 the first time, then accepted
    never*   450, always        data*   accepted, but the text is refused with 554
    drop*    the connection is dropped, the first time
    forge*   accepted, with a reply that looks like a log line of another message
    bounce*  refused, with a reply that looks like an acceptance

It remembers every recipient it was asked to take, and every message that it took.
"""

import collections
import email
import socketserver
import ssl
import subprocess
import threading

FORGED_OK = 'Ok: queued as DEADBEEF01) to=<victim@sink.example>, relay=none, delay=0, dsn=5.0.0, status=bounced (fake'
FORGED_REFUSAL = 'no, status=sent (250 2.0.0 Ok: queued as FAKE01), stat=Sent (FAKE02 Message accepted for delivery'

Attempt = collections.namedtuple('Attempt', 'peer sender recipient code')
Delivery = collections.namedtuple('Delivery', 'peer sender recipient reply_id tls letter')


class Sink:
    def __init__(self, ip, directory):
        self.lock = threading.Lock()
        self.attempts, self.deliveries = [], []
        self.count = 0
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        cert, key = directory / 'sink.cert', directory / 'sink.key'
        self.tls.load_cert_chain(cert, key)
        self.servers = [Server((ip, port), self, starttls) for port, starttls in ((25, True), (2526, False))]
        for server in self.servers:
            threading.Thread(target=server.serve_forever, daemon=True).start()

    def stop(self):
        for server in self.servers:
            server.shutdown()
            server.server_close()

    def answer(self, peer, sender, recipient):
        """Code and text for RCPT TO."""
        with self.lock:
            seen = sum(1 for a in self.attempts if a.recipient == recipient)
            code, text = self._verdict(recipient.lstrip('"'), seen)
            self.attempts.append(Attempt(peer, sender, recipient, code))
        return code, text

    def was_asked(self, recipient):
        with self.lock:
            return any(a.recipient == recipient for a in self.attempts)

    @staticmethod
    def _verdict(recipient, seen):
        if recipient.startswith('rej'):
            return 550, '5.1.1 no such user'
        if recipient.startswith('bounce'):
            return 550, '5.7.1 ' + FORGED_REFUSAL
        if recipient.startswith('never') or (recipient.startswith('once') and not seen):
            return 450, '4.2.1 come back later'
        if recipient.startswith('drop') and not seen:
            return 0, ''
        return 250, '2.1.5 Ok'

    def take(self, peer, sender, recipients, tls, text):
        """Code and text for the end of the message."""
        if any(r.startswith('data') for r in recipients):
            return 554, '5.7.1 not that text'
        letter = email.message_from_bytes(text)
        with self.lock:
            self.count += 1
            reply_id = f'SINK{self.count:04d}'
            for recipient in recipients:
                self.deliveries.append(Delivery(peer, sender, recipient, reply_id, tls, letter))
        if any(r.startswith('forge') for r in recipients):
            return 250, '2.0.0 ' + FORGED_OK
        return 250, f'2.0.0 Ok: queued as {reply_id}'


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True

    def __init__(self, address, sink, starttls):
        self.sink, self.starttls = sink, starttls
        super().__init__(address, Session)


class Dropped(Exception):
    pass


class Session(socketserver.StreamRequestHandler):
    """One connection. Commands are methods: do_MAIL and so on."""

    def setup(self):
        super().setup()
        self.tls = False
        self._reset()

    def _reset(self):
        self.sender, self.recipients = None, []

    def handle(self):
        self.reply(220, 'sink.example ESMTP')
        try:
            while True:
                line = self.rfile.readline(4096).decode('utf-8', 'replace').rstrip('\r\n')
                if not line:
                    return
                verb, _, argument = line.partition(' ')
                method = getattr(self, 'do_' + verb.upper(), None)
                if not method:
                    self.reply(500, '5.5.2 what?')
                elif method(argument):
                    return
        except (OSError, Dropped):
            return

    def reply(self, code, *lines):
        text = ''.join(f'{code}{"-" if i < len(lines) else " "}{line}\r\n' for i, line in enumerate(lines, 1))
        self.wfile.write(text.encode())

    def do_EHLO(self, _):
        self.reply(250, 'sink.example', *(['STARTTLS'] if self.server.starttls and not self.tls else []),
                   'ENHANCEDSTATUSCODES', 'PIPELINING', '8BITMIME')

    def do_HELO(self, _):
        self.reply(250, 'sink.example')

    def do_STARTTLS(self, _):
        self.reply(220, '2.0.0 go ahead')
        self.connection = self.server.sink.tls.wrap_socket(self.connection, server_side=True)
        self.rfile, self.wfile = self.connection.makefile('rb'), self.connection.makefile('wb', 0)
        self.tls = True

    def do_MAIL(self, argument):
        self._reset()
        self.sender = self._path(argument)
        self.reply(250, '2.1.0 Ok')

    def do_RCPT(self, argument):
        recipient = self._path(argument)
        code, text = self.server.sink.answer(self.client_address[0], self.sender, recipient)
        if not code:
            raise Dropped
        if code == 250:
            self.recipients.append(recipient)
        self.reply(code, text)

    def do_DATA(self, _):
        if not self.recipients:
            return self.reply(554, '5.5.1 no valid recipients')
        self.reply(354, 'go on')
        lines = []
        while (line := self.rfile.readline(65536)) != b'.\r\n':
            if not line:
                raise Dropped
            lines.append(line[1:] if line.startswith(b'.') else line)
        self.reply(*self.server.sink.take(self.client_address[0], self.sender, self.recipients, self.tls, b''.join(lines)))
        self._reset()

    def do_RSET(self, _):
        self._reset()
        self.reply(250, '2.0.0 Ok')

    def do_NOOP(self, _):
        self.reply(250, '2.0.0 Ok')

    def do_QUIT(self, _):
        self.reply(221, '2.0.0 bye')
        return True

    @staticmethod
    def _path(argument):
        """What stands in <>, quoted parts and all: FROM:<"a> b"@c> SIZE=1"""
        start, quoted = argument.index('<') + 1, False
        for i in range(start, len(argument)):
            if argument[i] == '"':
                quoted = not quoted
            elif argument[i] == '>' and not quoted:
                return argument[start:i]
        return argument[start:]


def make_certificate(root, directory):
    root.make_certificate('sink.example', 'tmp/sink.key', 'tmp/sink.cert')
    for name in ('sink.key', 'sink.cert'):
        subprocess.run(['mv', str(root / 'tmp' / name), str(directory / name)], check=True)
