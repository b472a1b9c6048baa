"""The machine's own rsyslogd with the module: each MTA's /dev/log is one of its sockets."""

import os
import shutil
import subprocess

import lab

CONFIGURATION = """\
global(workDirectory="{run}" preserveFQDN="on")
module(load="imuxsock" SysSock.Use="off")
template(name="raw" type="string" string="%timereported:::date-rfc3339% %hostname% %syslogtag%%msg%\\n")
{module}
ruleset(name="mail") {{
    action(type="omfile" file="{run}/mail.log" template="raw")
    {action}
}}
{inputs}
"""

MODULE = """\
module(load="{build}/mmmailtrace.so")
ruleset(name="mailevents" queue.type="LinkedList") {{
    action(type="omfile" file="{run}/events.jsonl" template="mailtrace")
}}
"""
ACTION = 'action(type="mmmailtrace" ruleset="mailevents")'
INPUT = 'input(type="imuxsock" Socket="{socket}" HostName="{host}" Ruleset="mail")'


class Syslogd:
    """with_module False: only the raw lines are written, for work on the lab itself."""

    def __init__(self, mtas, with_module=True):
        self.mtas, self.with_module = mtas, with_module
        self.raw, self.events = lab.RUN / 'mail.log', lab.RUN / 'events.jsonl'
        self.process = None

    def start(self):
        conf = lab.RUN / 'rsyslog.conf'
        conf.write_text(self._configuration())
        program = shutil.which('rsyslogd', path=os.environ.get('PATH', '') + ':/usr/sbin:/sbin')
        if not program:
            lab.fail('rsyslogd is missing: install rsyslog')
        check = subprocess.run([program, '-N1', '-f', str(conf)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if check.returncode != 0:
            lab.fail(check.stdout)
        log = open(lab.RUN / 'rsyslogd.log', 'a')
        self.process = subprocess.Popen([program, '-n', '-f', str(conf), '-i', str(lab.RUN / 'rsyslogd.pid')],
                                        stdout=log, stderr=subprocess.STDOUT)
        sockets = [m.root / 'dev/log' for m in self.mtas]
        if not lab.wait_for('rsyslogd', lambda: all(s.is_socket() for s in sockets)):
            lab.fail((lab.RUN / 'rsyslogd.log').read_text())

    def _configuration(self):
        sockets = [(m.root / 'dev/log', m.host) for m in self.mtas]
        for socket, _ in sockets:
            socket.unlink(missing_ok=True)
            if len(str(socket)) > 100:
                lab.fail(f'{socket}: too long for the name of a socket; set MAILTRACE_LAB')
        fill = {'run': lab.RUN, 'build': lab.BUILD}
        return CONFIGURATION.format(
            run=lab.RUN, module=MODULE.format(**fill) if self.with_module else '',
            action=ACTION.format(**fill) if self.with_module else '',
            inputs='\n'.join(INPUT.format(socket=s, host=h) for s, h in sockets))

    def stop(self):
        if self.process:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
            self.process = None

    def raw_lines(self):
        return self.raw.read_text(errors='replace').splitlines() if self.raw.exists() else []
