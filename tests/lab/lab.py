"""The lab's ground: a private copy of the machine's network and process tree, the directories,
and what every part of the lab uses (polling, processes, mailboxes).

enter() moves the program into new mount, process and network namespaces. Whatever is
started in there dies with it, however it ends; its ports are nobody else's. Where namespaces cannot
be had the lab runs on the machine's loopback, with other addresses.
"""

import ctypes
import fcntl
import mailbox
import os
import pathlib
import signal
import socket
import struct
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
LAB = pathlib.Path(os.environ.get('MAILTRACE_LAB') or TOP / 'build/lab').absolute()
BUILD = pathlib.Path(os.environ.get('MAILTRACE_BUILD') or TOP / 'build').absolute()
RUN = LAB / 'run'  # of this run: logs, events, what the sink saw

_private = False
# Servers: RFC 5737's documentation addresses. Clients: RFC 2544's for tests.
SERVERS = {'mx1.example': 11, 'relay1.example': 12, 'out1.example': 21, 'osd1.example': 22, 'cour1.example': 23,
           'dns.example': 53, 'sink.example': 99}
MTAS = ('mx1.example', 'relay1.example', 'out1.example', 'osd1.example', 'cour1.example')
# Domains of long routes, from the first server of each to the one with the mailboxes.
ROUTES = {'three.example': ('exim', 'sendmail', 'postfix'),
          'five.example': ('exim', 'sendmail', 'postfix', 'opensmtpd', 'courier')}
CLIENTS = 2000


def fail(text):
    sys.exit(f'lab: {text}')


def enter():
    """Returns inside the namespaces, with the lab locked, set up and its run directory empty."""
    if os.geteuid() != 0:
        _become_root()
    _prepare()
    _isolate()


def private():
    return _private


def _become_root():
    kept = [f'{name}={value}' for name, value in os.environ.items() if name.startswith('MAILTRACE_')]
    try:
        os.execvp('sudo', ['sudo', '-n', 'env', *kept, sys.executable, *sys.argv])
    except OSError:
        fail('must be run as root (chroot, network namespaces)')


def server_ip(name):
    return ('192.0.2.' if _private else '127.77.2.') + str(SERVERS[name])


def client_ip(n):
    return ('198.18.' if _private else '127.18.') + f'{n // 250}.{n % 250 + 1}'


def client_name(n):
    """Every third client has no name."""
    return None if n % 3 == 0 else f'client{n}.example'


def _prepare():
    subprocess.run([str(HERE / 'setup'), str(LAB)], check=True)
    lock = os.open(LAB / 'lock', os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        fail(f'{LAB} is in use')
    subprocess.run(['rm', '-rf', str(RUN)], check=True)
    RUN.mkdir()


def _isolate():
    """unshare(2): the caller goes on as a grandchild; this process and its child only wait for it.
    In a chroot mounts cannot be made private: only the network is, then.

    The child is process 1 of the namespace, and buries orphans. When it dies, all die; and it dies
    with this process, whatever ends that.
    """
    global _private
    newns, newpid, newnet, pr_set_pdeathsig = 0x20000, 0x20000000, 0x40000000, 1
    libc = ctypes.CDLL(None, use_errno=True)
    whole = _root_is_mounted()
    if libc.unshare(newns | newpid | newnet if whole else newnet) != 0:
        print('lab: no namespaces here: running on the loopback of the machine', file=sys.stderr)
        return
    if not whole:
        _private = True
        _raise_network()
        return
    init = os.fork()
    if init:
        signal.signal(signal.SIGTERM, lambda *_: os.kill(init, signal.SIGKILL))
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the grandchild has it too
        os._exit(_exit_code(os.waitpid(init, 0)[1]))
    libc.prctl(pr_set_pdeathsig, signal.SIGKILL)
    subprocess.run('mount --make-rprivate / && mount -t proc proc /proc', shell=True, check=True)
    program = os.fork()
    if program:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        while (ended := os.wait())[0] != program:
            pass
        os._exit(_exit_code(ended[1]))
    _private = True
    _raise_network()


def _root_is_mounted():
    """Not so in a chroot."""
    try:
        return any(line.split()[4] == '/' for line in open('/proc/self/mountinfo'))
    except OSError:
        return False


def _exit_code(status):
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def _raise_network():
    """lo up, with the documentation networks on it: netdevice(7), no need of ip(8)."""
    siocsifaddr, siocsifnetmask, siocsifflags, up_running = 0x8916, 0x891C, 0x8914, 0x41
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        def address(request, name, ip):
            fcntl.ioctl(s, request, struct.pack('16sHH4s8x', name, socket.AF_INET, 0, socket.inet_aton(ip)))

        fcntl.ioctl(s, siocsifflags, struct.pack('16sH14x', b'lo', up_running))
        for alias, ip, mask in ((b'lo:1', '192.0.2.1', '255.255.255.0'), (b'lo:2', '198.18.0.1', '255.254.0.0')):
            address(siocsifaddr, alias, ip)
            address(siocsifnetmask, alias, mask)


def wait_for(what, condition, seconds=30, interval=0.1):
    """The first true value of condition(); None after so many seconds, with a word on stderr (what None: without)."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(interval)
    if what:
        print(f'lab: waited {seconds} s in vain for {what}', file=sys.stderr)
    return None


def accepts_connections(ip, port):
    """Asked from the sink's address, that no client has."""
    try:
        socket.create_connection((ip, port), 1, (server_ip('sink.example'), 0)).close()
        return True
    except OSError:
        return False


class Root:
    """A directory tree with an MTA in it, and commands run in there by chroot."""

    def __init__(self, name):
        self.path = LAB / 'root' / name

    def __truediv__(self, name):
        return self.path / name

    def write(self, name, text, mode=0o644):
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.write_text(text)
        path.chmod(mode)

    def empty(self, name, mode=0o755, owner=0, group=0):
        """Makes the directory, or empties it."""
        path = self.path / name
        subprocess.run(['rm', '-rf', str(path)], check=True)
        path.mkdir(parents=True)
        os.chown(path, owner, group)
        path.chmod(mode)

    def command(self, *argv, stdin='', check=True, user=None):
        env = {'PATH': '/usr/sbin:/usr/bin:/sbin:/bin', 'HOME': '/', 'LC_ALL': 'C'}
        chroot = ['chroot', *([f'--userspec={user}'] if user else []), str(self.path)]
        done = subprocess.run([*chroot, *argv], input=stdin, text=True, env=env, cwd='/', timeout=60,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if check and done.returncode != 0:
            fail(f'{" ".join(argv)}: {done.stdout}')
        return done.stdout

    def write_accounts(self, system):
        """system: {name: number}; and the lab's people."""
        users = {'root': 0, 'nobody': 65534, **system, **{u: n for u, (n, _) in PEOPLE.items()}}
        homes = {u: f'/home/{u}' for u in PEOPLE}
        self.write('etc/passwd', ''.join(f'{u}:x:{n}:{n}::{homes.get(u, "/")}:/bin/sh\n' for u, n in users.items()))
        self.write('etc/group', ''.join(f'{u}:x:{n}:\n' for u, n in users.items()))
        for user, (number, _) in PEOPLE.items():
            self.empty(f'home/{user}', 0o755, number, number)

    def write_network(self, host, dns=False):
        """All names the MTA can know. dns: it asks dns.Dns as well."""
        names = [f'{server_ip(name)} {name}' for name in SERVERS]
        names += [f'{client_ip(n)} {client_name(n)}' for n in range(CLIENTS) if client_name(n)]
        self.write('etc/hosts', '127.0.0.1 localhost\n' + '\n'.join(names) + '\n')
        self.write('etc/nsswitch.conf', 'passwd: files\ngroup: files\nhosts: files\n')
        self.write('etc/hostname', host + '\n')
        self.write('etc/mailname', host + '\n')
        (self.path / 'etc/resolv.conf').unlink(missing_ok=True)
        if dns:
            self.write('etc/resolv.conf', f'nameserver {server_ip("dns.example")}\n')

    def make_certificate(self, name, key, certificate, *options):
        """With the openssl(1) of the root: the machine may have none."""
        self.command('openssl', 'req', '-x509', '-nodes', '-days', '2', '-subj', '/CN=' + name, '-keyout', '/' + key,
                     '-out', '/' + certificate, *(options or ('-newkey', 'rsa:2048')))

    def letters(self):
        """All mail in /var/mail, as (user, email.message.Message)."""
        for path in sorted((self.path / 'var/mail').glob('[a-z]*')):
            if path.is_file() and not path.name.endswith('.lock'):
                box = mailbox.mbox(path, create=False)
                for letter in box:
                    yield path.name, letter
                box.close()


# Mailboxes: name -> (number, password).
PEOPLE = {
    'alice': (52001, 'alice-secret'),
    'bob': (52002, 'bob-secret'),
    'carol': (52003, 'carol-secret'),
    'dave': (52004, 'dave-secret'),
}

# What mail for pipe.example is piped into: one mailbox for all. 69 is EX_UNAVAILABLE of sysexits(3).
PIPE = """#!/bin/sh
case ${1-$LOCAL_PART} in fail*) cat >/dev/null; echo "no service for it"; exit 69 ;; esac
(echo "From pipe Sun Nov 22 00:00:00 2026"; cat; echo) >>/var/mail/pipe
"""
