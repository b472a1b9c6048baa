"""Logs of the benchmark's generator, the truth about them, and the command's events.

    log = generated.Log(directory, '--whole-seconds', '--reuse', '100')
    log.check_truth()
    daemon.send(log.wire()), then daemon.send(log.closing()), then daemon.check_events(log.events())
"""
import datetime
import os
import subprocess
import sys

from rsyslog import BUILD, ENVIRONMENT, TOP, built

TRUTH = os.path.join(TOP, 'tests/bench/truth.py')
READ_AS = ['--year', '2026', '--tz', 'UTC']

# Seconds of which each has five queue IDs with two messages, and one smtpd with twenty clients, many of them with TLS and
# login. What stands in such a log is decided by what the lines can only mean.
CROWDED = ['--reuse', '100', '--connections-per-second', '20']

# The end of a log is nothing but retries. Workers may be a thousand lines apart: were those lines hours apart as well, by
# their timestamps, the engine would take it that a clock was set back.
SOON = ['--retry', '20']

# How often a daemon must give the same events.
ROUNDS = 10 if os.environ.get('MAILTRACE_LONG') else 2


def program(name):
    """One of the benchmark; ./dev links only what users need."""
    for path in (os.path.join(BUILD, name), os.path.join(BUILD, 'gcc', name)):
        if os.path.exists(path):
            return path
    raise FileNotFoundError('%s is not in %s: make check-programs' % (name, BUILD))


def bytes_of(lines):
    return b''.join(line + b'\n' for line in lines)


class Log:
    def __init__(self, directory, *options, lines=5000):
        self.directory = directory
        self.path, self.truth, self.whole = (os.path.join(directory, name) for name in ('log', 'truth', 'closed.log'))
        subprocess.run([program('bench-generate'), '--lines', str(lines), *options, '--truth', self.truth,
                        '--output', self.path], stderr=subprocess.DEVNULL, check=True)
        with open(self.path, 'rb') as f:
            # syslog-ng does not keep whether a timestamp had a fraction of nothing but zeros.
            self.lines = f.read().replace(b'.000000+', b'.000001+').splitlines()

    def closing_lines(self):
        """One more line of each host, long after the others: it moves the host's clock on."""
        last = datetime.datetime.fromisoformat(self.lines[-1].split(b' ', 1)[0].decode())
        later = (last + datetime.timedelta(minutes=2)).isoformat()
        return [('%s %s postfix/anvil[99]: statistics: max cache size 1 at Mar  2 10:00:00' % (later, host.decode())).encode()
                for host in self.hosts()]

    def hosts(self):
        return sorted({line.split(b' ', 2)[1] for line in self.lines})

    def wire(self):
        """As a relay sends them."""
        return [b'<22>' + line for line in self.lines]

    def closing(self):
        return [b'<22>' + line for line in self.closing_lines()]

    def run(self, *options):
        return subprocess.run([built('mailtrace'), 'events', *READ_AS, *options], stdout=subprocess.PIPE, env=ENVIRONMENT,
                              timeout=120, check=True).stdout

    def events(self, *options):
        """As a daemon has them. With a state, the command too leaves what is open to the next run."""
        state = os.path.join(self.directory, 'state')
        for name in os.listdir(self.directory):
            if name.startswith('state'):
                os.unlink(os.path.join(self.directory, name))
        with open(self.whole, 'wb') as f:
            f.write(bytes_of(self.lines + self.closing_lines()))
        return self.run('--state', state, *options, self.whole).splitlines()

    def compare(self, events):
        """(are they what is true of the log?, what truth.py said)"""
        done = subprocess.run([sys.executable, TRUTH, self.truth, events], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              universal_newlines=True, check=False)
        return done.returncode == 0, done.stdout

    def check_truth(self):
        path = os.path.join(self.directory, 'events')
        with open(path, 'wb') as f:
            f.write(self.run(self.path))
        same, said = self.compare(path)
        if not same:
            raise AssertionError(said)
