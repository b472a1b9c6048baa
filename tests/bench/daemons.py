"""rsyslogd and syslog-ng with and without mailtrace: what a line costs them.

The daemons are run as the end-to-end tests run them: on loopback, each in a directory of its own.
"""
import os
import re
import shutil
import socket
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), 'e2e'))

import measure  # noqa: E402
import rsyslog  # noqa: E402
import syslogng  # noqa: E402

# What the daemons are asked to do with each line. @EVENTS@ stands for the parameters of mailtrace.
RSYSLOG = '''
main_queue(queue.size="100000" queue.timeoutEnqueue="600000" queue.workerThreads="@WORKERS@"
    queue.workerThreadMinimumMessages="1000")
module(load="imptcp")
module(load="mmnormalize")
input(type="imptcp" port="@PORT@" address="127.0.0.1" ruleset="mail")
ruleset(name="mailevents" queue.type="LinkedList" queue.size="100000") {
    action(type="omfile" file="@DIR@/events.json" template="mailtrace")
}
ruleset(name="mail") {
    %s
    action(type="omfile" file="@DIR@/lines" template="RSYSLOG_FileFormat")
}
'''
MODULE = 'action(type="mmmailtrace" ruleset="mailevents" %s)'
RSYSLOG_KINDS = {
    'lines to a file': '',
    'and mmmailtrace, all events written': MODULE % 'statefile=""',
    'and mmmailtrace with its state on disk': MODULE % 'statefile="state"',
    'and mmmailtrace, events aside': MODULE % 'statefile="" events="session"',
    'and mmnormalize': 'action(type="mmnormalize" rulebase="%s/postfix.rulebase")' % HERE,
}

SYSLOG_NG = '''
source s { network(ip(127.0.0.1) port(@PORT@) transport(tcp) log-iw-size(10000) log-fetch-limit(1000)); };
destination d_lines { file("@DIR@/lines" template("$ISODATE $HOST $MSGHDR$MSG\\n")); };
%s
log { source(s); destination(d_lines); flags(flow-control); };
%s
'''
PARSER = 'parser p_mail { mailtrace(inject-mode(aggregate-only) pairs(no) %s); };'
EVENTS = 'log { source(s); parser(p_mail); destination(d_events); flags(flow-control); };'
GROUPS = '''
parser p_db { db-parser(file("%s/patterndb.xml")); };
parser p_group { grouping-by(scope(global) key("$HOST/${.pm.qid}") where("${.pm.qid}" ne "")
    trigger("${.pm.removed}" eq "1") timeout(3600) inject-mode(aggregate-only) aggregate(inherit-mode(context) tags("mail"))); };
destination d_groups { file("@DIR@/events.json" template("$(format-json --scope none .pm.* HOST ISODATE)\\n")); };
''' % HERE
SYSLOG_NG_KINDS = {
    'lines to a file': ('', ''),
    'and mailtrace(), all events written': (PARSER % 'state-file("")', EVENTS),
    'and mailtrace() with its state on disk': (PARSER % '', EVENTS),
    'and mailtrace(), events aside': (PARSER % 'state-file("") events(session)', EVENTS),
    'and db-parser() with grouping-by()': (GROUPS, 'log { source(s); parser(p_db); parser(p_group); destination(d_groups); flags(flow-control); };'),
}


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def new_rsyslog(kind, workers, wrapper):
    port = free_port()
    config = (RSYSLOG % RSYSLOG_KINDS[kind]).replace('@WORKERS@', str(workers)).replace('@PORT@', str(port))
    rsyslog.module_path()
    daemon = rsyslog.Rsyslog(config, wrapper=wrapper, start_timeout=120)
    daemon.port_number = port
    return daemon


def new_syslog_ng(kind, workers, wrapper):
    del workers
    daemon = syslogng.SyslogNg(SYSLOG_NG % SYSLOG_NG_KINDS[kind], wrapper=['setpriv', '--pdeathsig', 'KILL'] + wrapper,
                               start_timeout=120)
    daemon.port_number = daemon.port
    return daemon


DAEMONS = {'rsyslogd': (new_rsyslog, RSYSLOG_KINDS), 'syslog-ng': (new_syslog_ng, SYSLOG_NG_KINDS)}


def wire(log):
    """The lines as they come over TCP: with the priority before each, as mail.info."""
    path = log + '.wire'
    if not os.path.exists(path):
        with open(log, 'rb') as source, open(path + '.new', 'wb') as sink:
            sink.writelines(b'<22>' + line for line in source)
        os.rename(path + '.new', path)
    return path


def size(daemon, name):
    try:
        return os.path.getsize(daemon.path(name))
    except FileNotFoundError:
        return 0


def count_lines(path):
    n = 0
    with open(path, 'rb') as f:
        while True:
            block = f.read(1 << 20)
            if not block:
                return n
            n += block.count(b'\n')


def connect(port):
    for _ in range(200):
        try:
            return socket.create_connection(('127.0.0.1', port), timeout=600)
        except ConnectionRefusedError:
            time.sleep(0.05)
    raise RuntimeError('nobody listens')


def send(daemon, path, lines):
    """All of it; returns when and how the last line was written."""
    with connect(daemon.port_number) as out, open(path, 'rb') as f:
        start = time.monotonic()
        out.sendfile(f)
    last, since = -1, time.monotonic()
    while time.monotonic() - since < 1:
        now = size(daemon, 'lines')
        if now != last:
            last, since = now, time.monotonic()
        if daemon.process.poll() is not None:
            raise RuntimeError('the daemon has ended: %s' % daemon.said())
        time.sleep(0.02)
    n = count_lines(daemon.path('lines'))
    if n != lines:
        raise RuntimeError('%d lines of %d were written; %s' % (n, lines, daemon.said()))
    return since - start


def wait_events(daemon, events):
    end = time.monotonic() + 30
    while events and count_lines(daemon.path('events.json')) < events and time.monotonic() < end:
        time.sleep(0.2)


def process_of(daemon):
    """Past the wrappers, which replace themselves."""
    return daemon.process.pid


class Result:
    """wall: from the first byte until the last line was written; instructions: of callgrind."""

    def __init__(self):
        self.cpu = self.wall = self.instructions = self.memory = None


def run(name, kind, log, lines, events=0, workers=1, callgrind=False, keep_events=None):
    """One run of a daemon. events: wait for so many. keep_events: a copy of what was written."""
    wrapper = ['valgrind', '--tool=callgrind', '--callgrind-out-file=/dev/null'] if callgrind else []
    daemon = DAEMONS[name][0](kind, workers, wrapper)
    result = Result()
    try:
        daemon.start()
        before = measure.cpu_of(process_of(daemon))
        if lines:
            result.wall = send(daemon, wire(log), lines)
            wait_events(daemon, events)
            time.sleep(0.5)
        result.cpu = measure.cpu_of(process_of(daemon)) - before
        code = daemon.stop(300)
        if code:
            raise RuntimeError('%s ended with %d: %s' % (name, code, daemon.said()))
        if callgrind:
            result.instructions = measure.counted(daemon.read('stderr').decode(errors='replace'))
        if keep_events:
            shutil.copy(daemon.path('events.json'), keep_events)
        return result
    finally:
        if daemon.process and daemon.process.poll() is None:
            daemon.process.kill()
            daemon.process.wait()
        shutil.rmtree(daemon.directory, ignore_errors=True)


def have(name):
    try:
        if name == 'rsyslogd':
            rsyslog.module_path()
        else:
            syslogng.modules()
            rsyslog.built('libmailtrace-syslogng.so')
        return True
    except Exception as why:  # unittest.SkipTest among them
        print('  no %s: %s' % (name, why))
        return False


def version(name):
    path = rsyslog.RSYSLOGD if name == 'rsyslogd' else syslogng.DAEMON
    with os.popen('%s -%s 2>&1' % (path, 'v' if name == 'rsyslogd' else 'V')) as f:
        found = re.search(r'\d+\.\d+[.\d]*', f.read())
    return found.group(0) if found else '?'
