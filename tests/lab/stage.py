"""Everything in its place: the MTAs, the name server, the sink, rsyslogd and syslog-ng, up for the length of a `with`."""

import shutil

import courier
import dns
import exim
import lab
import opensmtpd
import postfix
import scenarios
import sendmail
import sink
import syslogd

MTAS = (postfix.Postfix, sendmail.Sendmail, exim.Exim, opensmtpd.Opensmtpd, courier.Courier)


class Stage:
    def __init__(self, with_module=True, mtas=MTAS):
        lab.enter()
        self.mtas = [mta() for mta in mtas]
        self.syslogd = syslogd.Syslogd(self.mtas, with_module)
        self.dns = self.sink = self.world = None
        self.started = []

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _start(self):
        for mta in self.mtas:
            mta.configure()
        sink.make_certificate(self.mtas[0].root, lab.RUN)
        self.dns = dns.Dns()
        self.sink = sink.Sink(lab.server_ip('sink.example'), lab.RUN)
        self.world = scenarios.World(self.mtas, self.sink)
        self.syslogd.start()
        for mta in self.mtas:
            self.started.append(mta)
            mta.start()

    def stop_mtas(self):
        """Of those that have not been started, a file of an earlier run may name a process that is somebody else's now."""
        for mta in self.started:
            mta.stop()

    def __exit__(self, *_):
        self.stop_mtas()
        self.syslogd.stop()
        for server in (self.sink, self.dns):
            if server:
                server.stop()
        for mta in self.mtas:  # big, and made anew each time
            shutil.rmtree(mta.root / 'var/spool', ignore_errors=True)

    def read_events(self):
        """The whole lines so far."""
        path = self.syslogd.events
        return path.read_bytes().rpartition(b'\n')[0].splitlines() if path.exists() else []

    def wait_for_empty_queues(self, seconds=60):
        return lab.wait_for('the queues to empty', lambda: not any(m.queue() for m in self.mtas), seconds, 0.5)

    def wait_for_silence(self, path, seconds, at_most=40, quiet=False):
        """Until the file has not grown for so long. quiet: it may as well go on growing."""
        seen = [None, 0.0]

        def still():
            size = path.stat().st_size if path.exists() else 0
            seen[1] = seen[1] + 0.2 if size == seen[0] else 0.0
            seen[0] = size
            return seen[1] >= seconds

        return lab.wait_for(None if quiet else f'silence in {path.name}', still, at_most, 0.2)
