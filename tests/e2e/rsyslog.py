"""Runs a real rsyslogd with mmmailtrace for the end-to-end tests.

    with Rsyslog('ruleset(...) { ... }') as r:
        r.send(lines)
        r.wait(lambda: ...)
        r.hup()
    r.path('events.json')

Each daemon has a directory, a pid file and a configuration of its own. Without root it
works as well: nothing but what a test asks for is outside of that directory.
"""
import contextlib
import glob
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.abspath(os.environ.get('MAILTRACE_BUILD', os.path.join(TOP, 'build')))
RSYSLOGD = shutil.which('rsyslogd', path=os.environ.get('PATH', '') + ':/usr/sbin:/sbin')
ENVIRONMENT = dict(os.environ, TZ='UTC', LC_ALL='C.UTF-8')

# A module that was built with a sanitizer needs that one's runtime library loaded before
# all else: this names it. rsyslogd itself has no sanitizer, and is not on trial.
PRELOAD = os.environ.get('MAILTRACE_PRELOAD', '')
SANITIZER = {
    'LD_PRELOAD': PRELOAD,
    # impstats of rsyslog 8.2302 reads beyond the end of a string with strlen() and the like.
    # Leaks are for valgrind, which can tell rsyslog's from ours.
    'ASAN_OPTIONS': 'detect_leaks=0:replace_str=0:intercept_strlen=0:intercept_strchr=0:intercept_strndup=0',
    'UBSAN_OPTIONS': 'print_stacktrace=1',
    # Without it, memcpy() in rsyslog counts as an access, but its atomics do not count as order.
    'TSAN_OPTIONS': 'ignore_noninstrumented_modules=1:exitcode=66',
}


def built(name):
    """A file of the build; libtool keeps modules in a directory of its own."""
    for path in (os.path.join(BUILD, '.libs', name), os.path.join(BUILD, name)):
        if os.path.exists(path):
            return path
    raise FileNotFoundError('%s is not in %s: build it, or set MAILTRACE_BUILD' % (name, BUILD))


def module_path():
    if not RSYSLOGD:
        raise unittest.SkipTest('no rsyslogd here')
    own = os.path.dirname(built('mmmailtrace.so'))
    theirs = glob.glob('/usr/lib/*/rsyslog') + glob.glob('/usr/lib*/rsyslog')
    theirs += glob.glob(os.path.join(TOP, 'build/modules/usr/lib/*/rsyslog'))  # ./dev puts some there
    return ':'.join([own] + theirs)


def need_module(name):
    if not any(os.path.exists(os.path.join(d, name + '.so')) for d in module_path().split(':')):
        raise unittest.SkipTest('rsyslog has no %s here' % name)


def daemon_environment(directory=None):
    """directory is where a sanitizer reports, in files sanitizer.*; without it, on standard error."""
    report = ':log_path=%s/sanitizer' % directory if directory else ''
    own = {k: v + report if k.endswith('OPTIONS') else v for k, v in SANITIZER.items()} if PRELOAD else {}
    return dict(ENVIRONMENT, **own)


def verify(config, directory=None):
    """rsyslogd -N1: the exit code, and what it said."""
    with contextlib.ExitStack() as stack:
        directory = directory or stack.enter_context(tempfile.TemporaryDirectory())
        path = os.path.join(directory, 'rsyslog.conf')
        with open(path, 'w') as f:
            f.write(config)
        return verify_file(path)


def verify_file(path):
    done = subprocess.run([RSYSLOGD, '-N1', '-M', module_path(), '-f', path], env=daemon_environment(), timeout=60,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True)
    return done.returncode, done.stdout


def cli_events(lines, *options):
    """What the command line makes of the same lines."""
    with tempfile.NamedTemporaryFile('wb', suffix='.log') as f:
        f.write(b''.join(line + b'\n' for line in lines))
        f.flush()
        done = subprocess.run([built('mailtrace'), 'events', *options, f.name], env=ENVIRONMENT, timeout=120,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode:
        raise AssertionError('mailtrace events: %s' % done.stderr.decode(errors='replace'))
    return done.stdout.splitlines()


# What most tests run: %s are parameters of the ruleset and of the action.
EVENTS = '''
ruleset(name="mailevents" queue.type="LinkedList" %s) {
    action(type="omfile" file="@DIR@/events.json" template="mailtrace")
}
'''


class Rsyslog:
    """A daemon. @DIR@ in the configuration is its directory. port: that of the
    input that writes its number into @DIR@/port.
    """

    HEAD = '''
global(workDirectory="@DIR@/work" maxMessageSize="64k")
module(load="mmmailtrace")
module(load="impstats" interval="1" format="json" log.file="@DIR@/stats" log.syslog="off")
'''
    TCP = '''
module(load="imtcp")
input(type="imtcp" port="0" address="127.0.0.1" listenPortFileName="@DIR@/port" ruleset="%s")
'''

    def __init__(self, config, wrapper=(), start_timeout=20, unload=True):
        self.directory = tempfile.mkdtemp(prefix='mailtrace-')
        os.mkdir(self.path('work'))
        self.wrapper = list(wrapper)
        self.start_timeout = start_timeout
        self.process = None
        config = self.HEAD + config
        if PRELOAD or not unload:  # without its module, a report has no names
            config = 'global(debug.unloadModules="off")\n' + config
        with open(self.path('rsyslog.conf'), 'w') as f:
            f.write(config.replace('@DIR@', self.directory))

    def path(self, name):
        return os.path.join(self.directory, name)

    def start(self):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path('port'))  # of an earlier start
        # No daemon outlives its test, however that one ends.
        command = ['setpriv', '--pdeathsig', 'KILL'] + self.wrapper + [
            RSYSLOGD, '-n', '-C', '-M', module_path(), '-f', self.path('rsyslog.conf'), '-i', self.path('pid')]
        with open(self.path('stderr'), 'ab') as err:
            self.process = subprocess.Popen(command, env=daemon_environment(self.directory), stdin=subprocess.DEVNULL,
                                            stdout=err, stderr=err)
        # impstats writes when all else runs
        self.wait(lambda: os.path.exists(self.path('stats')), self.start_timeout)
        return self

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def hup(self):
        self.process.send_signal(signal.SIGHUP)

    def kill(self):
        self.process.kill()
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
            raise AssertionError('rsyslogd does not end: %s' % self.said())

    def __enter__(self):
        module_path()
        try:
            return self.start()
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise

    def __exit__(self, *failure):
        try:
            code = self.stop()
            self.check_sanitizer()
            if code and failure[0] is None:
                raise AssertionError('rsyslogd ended with %d: %s' % (code, self.said()))
        finally:
            if failure[0] is None or not os.environ.get('MAILTRACE_KEEP'):
                shutil.rmtree(self.directory, ignore_errors=True)

    def check_sanitizer(self):
        """A report fails the test, and takes the place of what else failed."""
        reports = [os.path.basename(p) for p in glob.glob(self.path('sanitizer.*'))]
        if reports:
            raise AssertionError(b'\n'.join(map(self.read, reports))[:8000].decode(errors='replace'))

    def read(self, name):
        try:
            with open(self.path(name), 'rb') as f:
                return f.read()
        except FileNotFoundError:
            return b''

    def said(self):
        return self.read('stderr')[-2000:].decode(errors='replace')

    def events(self, name='events.json'):
        """Whole lines only: one may be on its way."""
        text = self.read(name)
        return text[:text.rfind(b'\n') + 1].splitlines()

    def stats(self):
        """The latest counters of the first mmmailtrace action."""
        last = {}
        for line in self.read('stats').splitlines():
            found = re.search(rb'\{.*"origin": *"mmmailtrace".*\}', line)
            if found:
                last = json.loads(found.group(0))
        return last

    def wait(self, condition, timeout=30, what='it'):
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if condition():
                return
            if self.process is not None and self.process.poll() is not None:
                raise AssertionError('rsyslogd has ended: %s' % self.said())
            time.sleep(0.05)
        raise AssertionError('waited %d s for %s; %d events; counters %s; rsyslogd says: %s'
                             % (timeout, what, len(self.events()), self.stats(), self.said()))

    def wait_lines(self, n, timeout=60):
        """Until n lines of mail servers and others have been fed."""
        self.wait(lambda: self.stats().get('lines', 0) >= n, timeout, '%d lines' % n)

    def check_events(self, expected):
        """The same events as the command line's, in any order, byte for byte."""
        self.wait_events(len(expected))
        seen = self.events()
        if sorted(seen) != sorted(expected):
            missing, extra = sorted(set(expected) - set(seen)), sorted(set(seen) - set(expected))
            raise AssertionError('%d events, not %d; %d missing, such as %s; %d too many, such as %s'
                                 % (len(seen), len(expected), len(missing), missing[:2], len(extra), extra[:2]))

    def wait_events(self, n, timeout=60):
        self.wait(lambda: len(self.events()) >= n, timeout, '%d events' % n)

    def port(self):
        self.wait(lambda: self.read('port').strip(), 10, 'the port')
        return int(self.read('port'))

    @contextlib.contextmanager
    def tcp(self):
        with socket.create_connection(('127.0.0.1', self.port()), timeout=60) as connection:
            yield connection

    def send(self, lines):
        """Over TCP, one line each."""
        with self.tcp() as connection:
            connection.sendall(b''.join(line + b'\n' for line in lines))
