#!/usr/bin/python3
"""The state on file systems that are full, shut down, unmounted or read-only: the daemon lives, says so once, loses no event,
and writes again when it can. Needs root, loop devices and the file systems' programs; what is not there is skipped.
"""
import contextlib
import glob
import os
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from rsyslog import EVENTS, Rsyslog
from survive import LONG, append, log_of
from syslogng import SyslogNg

PATH = os.environ.get('PATH', '') + ':/usr/sbin:/sbin'
FAILS = 'kept in memory only'

# Name, size of the image in MB, how it is made.
KINDS = {'ext4': (32, ['mkfs.ext4', '-q', '-F', '-O', '^has_journal']),
         'btrfs': (120, ['mkfs.btrfs', '-q', '-M']),
         'xfs': (310, ['mkfs.xfs', '-q', '-f']),
         'tmpfs': (16, None)}

RSYSLOG = '''
global(processInternalMessages="on")
if $syslogtag startswith "rsyslogd" then action(type="omfile" file="@DIR@/said")
module(load="imfile")
input(type="imfile" file="@DIR@/mail.log" tag="file:" persistStateInterval="50" maxSubmitAtOnce="1" ruleset="mail")
ruleset(name="mail" queue.type="Direct") {
    action(name="mail" type="mmmailtrace" ruleset="mailevents" statefile="@DIR@/disk/state")
}
'''
SYSLOG_NG = '''
source s_file { file("@DIR@/mail.log" flags(no-parse) follow-freq(0.1)); };
parser p_mail { mailtrace(inject-mode(aggregate-only) pairs(no) state-file("@DIR@/disk/state")); };
log { source(s_file); parser(p_mail); destination(d_events); flags(flow-control); };
'''


def run(*words):
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=dict(os.environ, PATH=PATH))
    if done.returncode:
        raise unittest.SkipTest('%s: %s' % (' '.join(words), done.stdout.decode(errors='replace').strip()))


class Disk:
    """A small file system of its own, at `place`."""

    def __init__(self, kind, place):
        self.kind, self.place = kind, place
        self.size, self.make = KINDS[kind]
        self.image = tempfile.NamedTemporaryFile(prefix='mailtrace-disk-')

    def __enter__(self):
        os.makedirs(self.place, exist_ok=True)
        if os.geteuid() != 0 or not shutil.which((self.make or ['mount'])[0], path=PATH):
            raise unittest.SkipTest('no %s without root and its programs' % self.kind)
        if self.make:
            self.image.truncate(self.size << 20)
            run(*self.make, self.image.name)
        self.mount()
        return self

    def mount(self, *options):
        if self.make:
            run('mount', '-o', ','.join(('loop',) + options), self.image.name, self.place)
        else:
            run('mount', '-t', 'tmpfs', '-o', ','.join(('size=%dm,mode=755' % self.size,) + options), 'mailtrace', self.place)

    def unmount(self):
        return subprocess.run(['umount', '-l', self.place], stderr=subprocess.DEVNULL).returncode == 0

    def __exit__(self, *_):
        while self.unmount():
            pass
        self.image.close()

    def fill(self):
        """To the last byte."""
        with open(os.path.join(self.place, 'filler'), 'ab', buffering=0) as f, contextlib.suppress(OSError):
            for size in (1 << 20, 4096, 1):
                with contextlib.suppress(OSError):
                    while f.write(b'x' * size) and f.tell() < self.size << 20:
                        pass
            os.fsync(f.fileno())

    def free(self):
        os.unlink(os.path.join(self.place, 'filler'))


class Daemon:
    """One of the two, whose state is on a disk; a TestCase's mixin."""
    kind = None

    def told(self, d, text):
        return d.read(self.log).decode(errors='replace').count(text)

    def says(self, d, text, n=1):
        d.wait(lambda: self.told(d, text) >= n, 20, text)

    def ends_well(self, d, expected):
        """All events come, and no other; each is the same as often as it comes."""
        d.wait(lambda: set(expected) <= set(d.events()), 90, 'all events')
        self.assertEqual([e for e in set(d.events()) - set(expected) if e.startswith(b'{') and e.endswith(b'}')], [])

    @contextlib.contextmanager
    def on_disk(self, kind):
        d = self.daemon()
        with Disk(kind, d.path('disk')) as disk, d:
            yield d, disk

    def until_it_fails(self, d, lines, at):
        """Feeds lines until the state cannot be written; how far that is."""
        while not self.told(d, FAILS) and at < len(lines):
            append(d, lines[at:at + 1000])
            at += 1000
            time.sleep(0.2)
        self.assertTrue(d.alive())
        self.says(d, FAILS)
        return at

    def full(self, kind):
        lines, expected = log_of(21, 3000)
        with self.on_disk(kind) as (d, disk):
            append(d, lines[:500])
            d.wait(lambda: d.events(), 20, 'events')
            disk.fill()
            at = self.until_it_fails(d, lines, 500)
            os.kill(d.process.pid, signal.SIGSTOP)  # in the middle of it
            time.sleep(0.1)
            os.kill(d.process.pid, signal.SIGCONT)
            append(d, lines[at:at + 1000])
            time.sleep(1)
            self.assertEqual(self.told(d, FAILS), 1)
            disk.free()
            self.says(d, 'written again')
            time.sleep(1)
            d.kill()
            d.start()
            append(d, lines[at + 1000:])
            self.ends_well(d, expected)

    def killed_when_full(self, kind):
        """What the disk could not take is known to nobody, and nothing else is missing."""
        lines, expected = log_of(22, 3000)
        with self.on_disk(kind) as (d, disk):
            append(d, lines[:500])
            d.wait(lambda: d.events(), 20, 'events')
            disk.fill()
            at = self.until_it_fails(d, lines, 500)
            d.kill()
            d.start()
            self.assertTrue(d.alive())
            disk.free()
            append(d, lines[at:])
            d.wait(lambda: len(set(d.events()) & set(expected)) > len(expected) // 2, 60, 'events')
            d.wait(lambda: glob.glob(d.path('disk/state.0*')), 20, 'a file')

    def shut_down(self, kind):
        if not shutil.which('xfs_io', path=PATH):
            self.skipTest('no xfs_io')
        lines, expected = log_of(23, 1500)
        with self.on_disk(kind) as (d, disk):
            append(d, lines[:500])
            d.wait(lambda: d.events(), 20, 'events')
            run('xfs_io', '-x', '-c', 'shutdown', disk.place)
            at = self.until_it_fails(d, lines, 500)
            append(d, lines[at:])
            self.ends_well(d, expected)
            self.assertEqual(self.told(d, FAILS), 1)

    def unmounted(self, kind):
        lines, expected = log_of(24, 1500)
        with self.on_disk(kind) as (d, disk):
            append(d, lines[:500])
            d.wait(lambda: d.events(), 20, 'events')
            disk.unmount()
            self.says(d, 'was removed or replaced')
            d.wait(lambda: glob.glob(d.path('disk/state.0*')), 10, 'a new file')
            time.sleep(1)
            d.kill()
            d.start()
            append(d, lines[500:])
            self.ends_well(d, expected)

    def read_only(self, kind):
        lines, expected = log_of(25, 1000)
        d = self.daemon()
        with Disk(kind, d.path('disk')) as disk:
            disk.unmount()
            disk.mount('ro')
            with d:
                self.says(d, 'Read-only file system')
                append(d, lines)
                if not self.told(d, 'action disabled'):  # as rsyslog does
                    self.ends_well(d, expected)
                self.assertTrue(d.alive())

    def test_btrfs_full(self):
        self.full('btrfs')

    def test_xfs_shut_down(self):
        self.shut_down('xfs')

    def test_tmpfs_full(self):
        self.full('tmpfs')

    def test_tmpfs_unmounted(self):
        self.unmounted('tmpfs')

    def test_ext4_read_only(self):
        self.read_only('ext4')

    def test_the_others(self):
        if not LONG:
            self.skipTest('it takes its time')
        for kind in ('ext4', 'xfs'):
            self.full(kind)
        for kind in KINDS:
            self.killed_when_full(kind)
        for kind in ('ext4', 'xfs', 'btrfs'):
            self.unmounted(kind)
        self.shut_down('ext4')


class InRsyslog(Daemon, unittest.TestCase):
    log = 'said'

    def daemon(self):
        return Rsyslog(EVENTS % '' + RSYSLOG)


class InSyslogNg(Daemon, unittest.TestCase):
    log = 'stderr'

    def daemon(self):
        return SyslogNg(SYSLOG_NG, files={'mail.log': b''})


if __name__ == '__main__':
    unittest.main()
