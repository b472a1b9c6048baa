"""mailtrace received: the route of a mail, as a table and as JSON, and beside the logs.

MAILTRACE_BUILD names the directory with the program; without it, build/ of this tree.
"""
import gzip
import json
import os
import pty
import subprocess
import tempfile
import time
import unittest

TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.path.join(os.environ.get("MAILTRACE_BUILD", os.path.join(TREE, "build")), "mailtrace")

POSTFIX = """Received: from mail.example.com (mail.example.com [192.0.2.10])
\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits))
\t(No client certificate requested)
\tby mx.example.net (Postfix) with ESMTPS id 7B8A8A24
\tfor <bob@example.net>; Wed, 27 Mar 2024 15:02:58 +0000 (UTC)
"""
SENDMAIL = """Received: from laptop (client.example.com [192.0.2.77])
\tby mail.example.com (8.17.1.9/8.17.1.9) with ESMTPSA id 42R60100002231
\tfor <bob@example.net>; Wed, 27 Mar 2024 07:00:10 +0100
"""
MAIL = f"Return-Path: <alice@example.com>\n{POSTFIX}{SENDMAIL}Message-ID: <20240327@example.com>\nSubject: hello\n\nbody\n"

LOG = """2024-03-27T06:00:10+00:00 mail sm-mta[2231]: 42R60100002231: from=<alice@example.com>, size=1284, class=0, nrcpts=1, msgid=<20240327@example.com>, proto=ESMTPSA, daemon=MSA, relay=client.example.com [192.0.2.77]
2024-03-27T15:02:59+00:00 mail sm-mta[2233]: 42R60100002231: to=<bob@example.net>, delay=09:02:49, xdelay=00:00:01, mailer=esmtp, pri=151284, relay=mx.example.net. [198.51.100.25], dsn=2.0.0, stat=Sent (Ok: queued as 7B8A8A24)
2023-01-01T00:00:00+00:00 mx postfix/cleanup[4]: 7B8A8A24: message-id=<other@example.org>
"""


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def file(self, name, content):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as out:
            out.write(content if isinstance(content, bytes) else content.encode())
        return path

    def run_program(self, *args, stdin=b"", env=None):
        return subprocess.run([PROGRAM, "received", *args], input=stdin if isinstance(stdin, bytes) else stdin.encode(),
                              capture_output=True, timeout=120, env={**os.environ, "TZ": "UTC", "LC_ALL": "C", **(env or {})})

    def text(self, *args, **more):
        done = self.run_program(*args, **more)
        self.assertEqual((done.returncode, done.stderr.decode()), (0, ""))
        return done.stdout.decode()

    def hops(self, *args, **more):
        return [json.loads(line) for line in self.text("--json", *args, **more).splitlines()]


class Table(Case):
    def test_oldest_hop_comes_first_and_the_slowest_is_marked(self):
        lines = self.text(self.file("a.eml", MAIL)).splitlines()
        self.assertEqual(lines[0], "<20240327@example.com>  hello")
        self.assertEqual(lines[1].split(), ["hop", "time", "(UTC)", "delay", "hand-off", "from", "by", "protocol", "id", "for"])
        self.assertRegex(lines[2], r"^1 +2024-03-27 06:00:10 +internal +client\.example\.com \[192\.0\.2\.77\] \(helo laptop\) +"
                                   r"mail\.example\.com +ESMTPSA \(TLS, auth\) +42R60100002231 +bob@example\.net$")
        self.assertRegex(lines[3], r"^2 +2024-03-27 15:02:58 +9h 2m 48s +external +mail\.example\.com \[192\.0\.2\.10\] +"
                                   r"mx\.example\.net +ESMTPS \(TLS\) +7B8A8A24 +bob@example\.net  <- slowest$")
        self.assertEqual(lines[4], "2 hops in 9h 2m 48s, 9h 2m 48s of it before hop 2")

    def test_clocks_that_disagree_are_shown(self):
        mail = MAIL.replace("15:02:58 +0000", "06:00:07 +0000")
        out = self.text(stdin=mail)
        self.assertRegex(out, r"(?m)^2 .* -3s ")
        self.assertIn("hop 2: 3s before the hop before it: one of the clocks is wrong", out)

    def test_a_from_that_does_not_fit_is_noted(self):
        out = self.text(stdin=MAIL.replace("from mail.example.com (mail.example.com [192.0.2.10])",
                                           "from elsewhere.example.org (elsewhere.example.org [203.0.113.5])"))
        self.assertIn("hop 2: came from elsewhere.example.org, but hop 1 was received by mail.example.com: "
                      "a header may be missing, or forged", out)
        self.assertNotIn("forged", self.text(stdin=MAIL))

    def test_malformed_headers_are_hops_with_notes(self):
        out = self.text(stdin="Received: nonsense\nReceived: from a by b\nReceived: by c (open; yesterday\n"
                              "Received: by d; Wed, 27 Mar 2024 15:02:58\n")
        for note in ('hop 4: no "from" and no "by"', "hop 4: nonsense", "hop 3: no date", "hop 2: a comment does not end",
                     "hop 1: its date has no known zone: taken as UTC", "4 hops"):
            self.assertIn(note, out)

    def test_nothing_in_a_header_steers_a_terminal(self):
        out = self.run_program(stdin=b"Received: from a\x1b[31m\xe2\x80\xae\xc2\x9b by b (\x07) id \x1b]0;x\x07; x\nSubject: \x1b[2J\n\n").stdout
        self.assertNotRegex(out, rb"[\x00-\x09\x0b-\x1f\x7f]|\xe2\x80\xae|\xc2\x9b")

    def on_terminal(self, env):
        path = self.file("a.eml", MAIL)
        leader, follower = pty.openpty()
        self.addCleanup(os.close, leader)
        program = subprocess.Popen([PROGRAM, "received", path], stdout=follower, stderr=follower,
                                   env={"PATH": os.environ["PATH"], "TERM": "xterm", **env})
        os.close(follower)
        said = b""
        while True:
            try:
                piece = os.read(leader, 65536)
            except OSError:
                break
            if not piece:
                break
            said += piece
        self.assertEqual(program.wait(60), 0)
        return said

    def test_a_terminal_gets_bars_and_colours_but_for_no_color(self):
        said = self.on_terminal({})
        self.assertIn(b"####################", said)
        self.assertIn(b"\x1b[", said)
        for env in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
            said = self.on_terminal(env)
            self.assertIn(b"####################", said)
            self.assertNotIn(b"\x1b", said)
        self.assertIn(b"\x1b[", self.on_terminal({"NO_COLOR": ""}))
        out = self.text(self.file("b.eml", MAIL))
        self.assertNotIn("#", out)
        self.assertNotIn("\x1b", out)


class Json(Case):
    def test_every_clause_of_the_classic_header(self):
        self.assertEqual(self.hops(stdin=POSTFIX), [{
            "from": {"helo": "mail.example.com", "name": "mail.example.com", "ip": "192.0.2.10"},
            "by": {"name": "mx.example.net"}, "with": "ESMTPS", "tls": True, "auth": False, "utf8": False, "id": "7B8A8A24",
            "for": "bob@example.net", "time": "2024-03-27T15:02:58+00:00",
            "comments": ["using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)", "No client certificate requested",
                         "Postfix"]}])

    def test_delays_resolve_zones(self):
        hops = self.hops(self.file("a.eml", MAIL))
        self.assertNotIn("delay", hops[0])
        self.assertEqual([hop["time"] for hop in hops], ["2024-03-27T07:00:10+01:00", "2024-03-27T15:02:58+00:00"])
        self.assertEqual(hops[1]["delay"], 32568)

    def test_all_kinds_of_files_say_the_same(self):
        want = self.hops(stdin=MAIL)
        crlf = MAIL.replace("\n", "\r\n")
        mixed = MAIL.replace("\n\t", "\r\n\t")
        for content in (crlf, mixed, MAIL.partition("\n\n")[0], "\n\r\n" + MAIL, f"From alice Wed Mar 27 15:02:58 2024\n{MAIL}"):
            self.assertEqual(self.hops(stdin=content), want, content[:40])
        self.assertEqual(self.hops(self.file("a.eml.gz", gzip.compress(MAIL.encode()))), want)
        self.assertEqual(self.hops("-", stdin=MAIL), want)

    def test_a_mailbox_gives_each_of_its_mails(self):
        box = f"From a Wed Mar 27 15:02:58 2024\n{MAIL}\nFrom b Wed Mar 27 15:02:58 2024\n{MAIL}>From c\nFrom here on, text\n\n"
        self.assertEqual(self.hops(stdin=box), 2 * self.hops(stdin=MAIL))
        self.assertEqual(self.text(stdin=box).count("<20240327@example.com>"), 2)

    def test_a_dated_line_begins_a_mail_without_an_empty_one_before_it(self):
        courier = f"From a Wed Mar 27 15:02:58 2024\n{MAIL}\ntext\nFrom b@x.example Thu Mar 28  5:02:58 2024\n{MAIL}\ntext\n"
        self.assertEqual(self.hops(stdin=courier.replace("  5:", " 05:")), 2 * self.hops(stdin=MAIL))
        self.assertEqual(self.hops(stdin=courier), self.hops(stdin=MAIL))

    def test_received_headers_of_the_body_are_no_hops(self):
        self.assertEqual(len(self.hops(stdin=MAIL + "\n" + POSTFIX)), 2)


class Bad(Case):
    def test_no_headers_is_said(self):
        for content in (b"", b"\n\n", b"Subject: x\n\nReceived: by a\n", bytes(range(256)) * 100):
            done = self.run_program(stdin=content)
            self.assertEqual(done.returncode, 1, content[:20])
            self.assertIn(b"no Received: headers", done.stderr)
        done = self.run_program(os.path.join(self.folder, "missing"))
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"No such file", done.stderr)

    def test_three_hundred_headers(self):
        mail = "".join(f"Received: by h{i}.example.com with SMTP id X{i}; 27 Mar 2024 15:{i // 60:02}:{i % 60:02} +0000\n"
                       for i in range(299, -1, -1))
        hops = self.hops(stdin=mail)
        self.assertEqual([hop["id"] for hop in hops], [f"X{i}" for i in range(300)])
        self.assertEqual({hop["delay"] for hop in hops[1:]}, {1})
        self.assertIn("300 hops in 4m 59s", self.text(stdin=mail))

    def test_more_headers_than_any_route_has(self):
        out = self.text(stdin="Received: by a\n" * 5000)
        self.assertIn("4000 more, the oldest, are left out", out)

    def test_a_header_of_a_megabyte(self):
        for filler in ("(", "x", "\\", '"', "<", ";", "a b ", "(x)", "\n ", "from by "):
            text = (filler * (2**20 // len(filler)))[:2**20]
            start = time.monotonic()
            hops = self.hops(stdin=f"Received: by a with SMTP id 1 {text}; Wed, 27 Mar 2024 15:02:58 +0000\n")
            self.assertLess(time.monotonic() - start, 30)
            self.assertEqual((len(hops), hops[0]["by"]), (1, {"name": "a"}), filler)

    def test_rubbish_gives_valid_json(self):
        pieces = [b"\xff\xfe", b"\x00", b"(", b")", b'"', b"<", b">", b";", b"\r", b"\n ", b"from ", b"by ", b"id ", b"for ", b"[::1]",
                  b"Wed, 27 Mar 2024 15:02:58 +0000", b"\xe2\x80", b"helo=", b"\\"]
        for i in range(200):
            header = b"".join(pieces[(i * 7 + k * k * (i + 3)) % len(pieces)] for k in range(30))
            self.hops(stdin=b"Received: " + header + b"\n")

    def test_wrong_usage(self):
        for args in (["--nonsense"], ["--logs"], ["a.eml", "--logs", "--json"]):
            self.assertEqual(self.run_program(*args).returncode, 2, args)


class Logs(Case):
    def test_each_hop_is_looked_up_by_its_id(self):
        mail, log = self.file("a.eml", MAIL), self.file("mail.log", LOG)
        out = self.text(mail, "--logs", log, self.file("empty.log", ""))
        story = out.partition("hop 1\n")[2]
        self.assertIn("mail sendmail 42R60100002231, 2024-03-27 06:00:10", story)
        self.assertIn("=> accepted by mx.example.net [198.51.100.25] at 15:02:59, queued there as 7B8A8A24", story)
        self.assertTrue(out.endswith("hop 2, id 7B8A8A24: not in these logs\n"), out)

    def test_json_has_the_events_behind_their_hop(self):
        mail, log = self.file("a.eml", MAIL), self.file("mail.log", LOG)
        got = self.hops(mail, "--logs", log, "--json")
        self.assertEqual([o.get("event", "hop") for o in got], ["hop", "delivery", "message", "hop"])

    def test_logs_that_cannot_be_read_are_named(self):
        done = self.run_program(self.file("a.eml", MAIL), "--logs", os.path.join(self.folder, "missing"))
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"missing: No such file", done.stderr)
        self.assertIn(b"7B8A8A24", done.stdout)


if __name__ == "__main__":
    unittest.main()
