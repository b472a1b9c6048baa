"""What a program costs: processor time, instructions, memory; and the tables that come of it."""
import os
import re
import statistics
import subprocess
import tempfile
import time


class Cost:
    """cpu and wall in seconds, memory (the most that was resident) in bytes."""

    def __init__(self, cpu, wall, memory):
        self.cpu, self.wall, self.memory = cpu, wall, memory


def run(command, stdin=None, stdout=None, env=None, check=True):
    """Its cost, as the kernel counts it for the process and its children. Memory is never less than what this
    interpreter had when it was started: some 16 MiB.
    """
    with open(stdin or os.devnull, 'rb') as source, open(stdout or os.devnull, 'wb') as sink, \
            tempfile.TemporaryFile() as said:
        start = time.monotonic()
        child = subprocess.Popen(command, stdin=source, stdout=sink, stderr=said, env=env)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        if check and child.returncode:
            said.seek(0)
            raise RuntimeError('%s: exit code %d: %s' % (command[0], child.returncode,
                                                         said.read()[-500:].decode(errors='replace')))
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss * 1024)


def interleaved(jobs, times):
    """jobs: {name: function that returns a Cost}. Each name's median cost; all take turns, so that what
    else the machine does meets all of them.
    """
    costs = {name: [] for name in jobs}
    for _ in range(times):
        for name, job in jobs.items():
            costs[name].append(job())
    return {name: Cost(*(statistics.median(getattr(c, what) for c in all_of) for what in ('cpu', 'wall', 'memory')))
            for name, all_of in costs.items()}


CALLGRIND = ['valgrind', '--tool=callgrind', '--callgrind-out-file=/dev/null']


def counted(text):
    """The instructions that callgrind speaks of."""
    found = re.findall(r'Collected : (\d+)', text)
    if not found:
        raise RuntimeError('callgrind has counted nothing: %s' % text[-500:])
    return sum(map(int, found))


def instructions(command, stdin=None, env=None):
    """In user space, of the whole program."""
    with open(stdin or os.devnull, 'rb') as source:
        done = subprocess.run(CALLGRIND + command, stdin=source, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=env)
    return counted(done.stderr.decode(errors='replace'))


def cpu_of(pid):
    """Seconds that a process has used so far."""
    with open('/proc/%d/stat' % pid, encoding='ascii', errors='replace') as f:
        fields = f.read().rsplit(') ', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


class Table:
    """Rows of numbers under a title; add() takes one for each column."""

    def __init__(self, title, *columns):
        self.title, self.columns, self.rows = title, columns, []

    def add(self, *values):
        self.rows.append(values)
        print('  ' + ' | '.join(map(show, values)), flush=True)

    def markdown(self):
        lines = ['### ' + self.title, '', '| ' + ' | '.join(self.columns) + ' |',
                 '| --- |' + ' ---: |' * (len(self.columns) - 1)]
        return '\n'.join(lines + ['| ' + ' | '.join(map(show, row)) + ' |' for row in self.rows]) + '\n'

    def plain(self):
        return {'title': self.title, 'rows': [dict(zip(self.columns, row)) for row in self.rows]}


def show(value):
    if value is None:
        return '-'
    if isinstance(value, float):
        return '{:,.0f}'.format(value) if abs(value) >= 100 else '%.3g' % value
    return '{:,}'.format(value) if isinstance(value, int) else str(value)
