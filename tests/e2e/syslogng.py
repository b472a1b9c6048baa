"""Runs a real syslog-ng with mailtrace() for the end-to-end tests.

    with SyslogNg(TCP + 'log { source(s_tcp); parser { mailtrace(); }; ... };') as s:
        s.send(lines)
        s.wait(lambda: ...)
        s.reload()
    s.path('events.json')

Each daemon has a directory, a control socket and a configuration of its own. It is that of
the tree that packaging/sdk/syslog-ng has made (MAILTRACE_SYSLOG_NG names another, or /).
"""
import contextlib
import glob
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

from rsyslog import BUILD, PRELOAD, TOP, built, cli_events, daemon_environment

__all__ = ['AGGREGATE', 'SOURCE', 'SyslogNg', 'TOP', 'cli_events', 'need_module', 'verify', 'verify_file']


def find_root():
    named = os.environ.get('MAILTRACE_SYSLOG_NG')
    if named:
        return named
    trees = [d for build in (BUILD, os.path.join(TOP, 'build')) for d in glob.glob(os.path.join(build, 'sdk/syslog-ng-*'))
             if os.path.exists(os.path.join(d, '.ready'))]
    return max(trees, key=os.path.getmtime) if trees else '/'


ROOT = find_root()
DAEMON = os.path.join(ROOT, 'usr/sbin/syslog-ng')
CONTROL = os.path.join(ROOT, 'usr/sbin/syslog-ng-ctl')
SCL = os.path.join(TOP, 'packaging/syslog-ng/mailtrace.conf')


def modules():
    found = glob.glob(os.path.join(ROOT, 'usr/lib/syslog-ng/[0-9]*'))
    if not os.path.exists(DAEMON) or not found:
        raise unittest.SkipTest('no syslog-ng here')
    return found[0]


def version():
    """As @version wants it."""
    return os.path.basename(modules())


def need_module(name):
    if not os.path.exists(os.path.join(modules(), 'lib%s.so' % name)):
        raise unittest.SkipTest('syslog-ng has no %s here' % name)


OWN = tempfile.TemporaryDirectory(prefix='mailtrace-')


def module_path():
    """syslog-ng opens all that it finds in there: so ours is alone."""
    theirs = modules()
    link = os.path.join(OWN.name, 'libmailtrace-syslogng.so')
    if not os.path.islink(link):
        os.symlink(os.path.realpath(built('libmailtrace-syslogng.so')), link)
    return (OWN.name + ':' + theirs) if not PRELOAD else with_plain_modules(theirs)


def with_plain_modules(theirs):
    """With a sanitizer, without those modules whose libraries call dlopen() while they are loaded: that hangs."""
    for path in glob.glob(os.path.join(theirs, '*.so')):
        link = os.path.join(OWN.name, os.path.basename(path))
        if not re.search('http|kafka|afsql', path) and not os.path.islink(link):
            os.symlink(path, link)
    return OWN.name


def environment(directory=None):
    env = daemon_environment(directory)
    if 'TSAN_OPTIONS' in env:
        env['TSAN_OPTIONS'] += ':report_thread_leaks=0'  # ivykis leaves threads unjoined
    if ROOT != '/':
        env['LD_LIBRARY_PATH'] = ':'.join([os.path.join(ROOT, 'usr/lib/syslog-ng')] + glob.glob(
            os.path.join(ROOT, 'usr/lib/*-linux-gnu*')) + glob.glob(os.path.join(ROOT, 'lib/*-linux-gnu*')))
    return env


def command(path, directory):
    return [DAEMON, '--foreground', '--no-caps', '--stderr', '--module-path=' + module_path(), '--cfgfile=' + path,
            '--persist-file=' + os.path.join(directory, 'persist'), '--pidfile=' + os.path.join(directory, 'pid'),
            '--control=' + os.path.join(directory, 'ctl')]


def verify_file(path, *options):
    """syslog-ng --syntax-only: the exit code, and what it said."""
    with tempfile.TemporaryDirectory() as directory:
        done = subprocess.run(command(path, directory) + ['--syntax-only', *options], env=environment(), timeout=60,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True)
    return done.returncode, done.stdout


def verify(config, *options):
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, 'syslog-ng.conf')
        with open(path, 'w') as f:
            f.write('@version: %s\n' % version() + config.replace('@DIR@', directory))
        return verify_file(path, *options)


# Lines over TCP, and events into a file; options of the parser go into the second.
SOURCE = '''
source s_lines { network(ip(127.0.0.1) port(@PORT@) transport(tcp) max-connections(50) log-iw-size(5000)); };
'''
AGGREGATE = '''
parser p_mail { mailtrace(inject-mode(aggregate-only) %s); };
log { source(s_lines); parser(p_mail); destination(d_events); };
'''


class SyslogNg:
    """A daemon. @DIR@ in the configuration is its directory, @PORT@ a port that is free."""

    HEAD = '''
options { keep-hostname(yes); stats-freq(0); log-fifo-size(200000); log-msg-size(65536); %s };
destination d_events { file("@DIR@/events.json" template("$MESSAGE\\n")); };
'''

    def __init__(self, config, wrapper=(), start_timeout=20, options='', files=None):
        """files: written into the directory before the start."""
        modules()
        self.directory = tempfile.mkdtemp(prefix='mailtrace-')
        self.wrapper = list(wrapper)
        self.start_timeout = start_timeout
        self.process = None
        self.options = options
        with socket.socket() as free:
            free.bind(('127.0.0.1', 0))
            self.port = free.getsockname()[1]
        for name, content in (files or {}).items():
            with open(self.path(name), 'wb') as f:
                f.write(content)
        self.configure(config)

    def path(self, name):
        return os.path.join(self.directory, name)

    def configure(self, config):
        text = '@version: %s\n' % version() + self.HEAD % self.options + config
        with open(self.path('syslog-ng.conf'), 'w') as f:
            f.write(text.replace('@DIR@', self.directory).replace('@PORT@', str(self.port)))

    def start(self):
        with open(self.path('stderr'), 'ab') as err:
            self.process = subprocess.Popen(self.wrapper + command(self.path('syslog-ng.conf'), self.directory),
                                            env=environment(self.directory), stdin=subprocess.DEVNULL,
                                            stdout=err, stderr=err, cwd=self.directory)
        self.wait(lambda: self.control('stats')[0] == 0, self.start_timeout, 'the control socket')
        return self

    def control(self, *words):
        done = subprocess.run([CONTROL, words[0], '--control=' + self.path('ctl'), *words[1:]],
                              env=environment(), stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=60, universal_newlines=True)
        return done.returncode, done.stdout

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def reload(self):
        """Returns when the new configuration is in use; what the control program said."""
        before = self.read('stderr').count(b'reload')
        code, said = self.control('reload')
        self.wait(lambda: self.read('stderr').count(b'reload') > before, 30, 'the reload')
        return code, said

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, timeout=30):
        """SIGTERM; returns the exit code."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError('syslog-ng does not end: %s' % self.said())

    def __enter__(self):
        return self.start()

    def __exit__(self, *failure):
        try:
            self.stop()
            for report in glob.glob(self.path('sanitizer*')):
                raise AssertionError(self.read(os.path.basename(report)).decode(errors='replace')[:6000])
        finally:
            if failure[0] is None or not os.environ.get('MAILTRACE_KEEP'):
                shutil.rmtree(self.directory, ignore_errors=True)

    def read(self, name):
        try:
            with open(self.path(name), 'rb') as f:
                return f.read()
        except FileNotFoundError:
            return b''

    def said(self):
        return self.read('stderr')[-3000:].decode(errors='replace')

    def events(self, name='events.json'):
        """Whole lines only: one may be on its way."""
        text = self.read(name)
        return text[:text.rfind(b'\n') + 1].splitlines()

    def all_stats(self):
        """Those in use: syslog-ng keeps others for a while."""
        rows = [line.split(';') for line in self.control('stats')[1].splitlines() if line.count(';') == 5]
        return [row for row in rows if row[3] != 'o']

    def stats(self, parser=None):
        """The counters of the first mailtrace() parser, or of the one whose name that is."""
        found, first = {}, None
        for _, ident, instance, _, name, value in (r for r in self.all_stats() if r[0] == 'parser'):
            if instance.startswith('mailtrace(') and (first is None or first == (ident, instance)):
                if parser is None or ident == parser:
                    first = (ident, instance)
                    found[name] = int(value)
        return found

    def destination_stats(self, what):
        """The sum over all destinations, of "dropped" or the like."""
        return sum(int(r[5]) for r in self.all_stats() if r[0].startswith('dst.') and r[4] == what)

    def wait(self, condition, timeout=30, what='it', every=0.05):
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if condition():
                return
            if self.process is not None and self.process.poll() is not None:
                raise AssertionError('syslog-ng has ended (%s): %s' % (self.process.returncode, self.said()))
            time.sleep(every)
        raise AssertionError('waited %d s for %s; %d events; counters %s; syslog-ng says: %s'
                             % (timeout, what, len(self.events()), self.stats(), self.said()))

    def wait_lines(self, n, timeout=60):
        """Until n lines of mail servers and others have been fed."""
        self.wait(lambda: self.stats().get('lines', 0) >= n, timeout, '%d lines' % n)

    def wait_events(self, n, timeout=60):
        self.wait(lambda: len(self.events()) >= n, timeout, '%d events' % n)

    def check_events(self, expected, name='events.json'):
        """The same events as the command line's, in any order, byte for byte."""
        self.wait(lambda: len(self.events(name)) >= len(expected), 60, '%d events' % len(expected))
        seen = self.events(name)
        if sorted(seen) != sorted(expected):
            missing, extra = sorted(set(expected) - set(seen)), sorted(set(seen) - set(expected))
            raise AssertionError('%d events, not %d; %d missing, such as %s; %d too many, such as %s'
                                 % (len(seen), len(expected), len(missing), missing[:2], len(extra), extra[:2]))

    def logged(self, pattern):
        return re.search(pattern, self.read('stderr').decode(errors='replace'))

    @contextlib.contextmanager
    def tcp(self):
        with socket.create_connection(('127.0.0.1', self.port), timeout=60) as connection:
            yield connection

    def send(self, lines):
        """Over TCP, one line each."""
        with self.tcp() as connection:
            connection.sendall(b''.join(line + b'\n' for line in lines))
