"""The command line: what it reads, in which order, what it says, how it ends.

MAILTRACE_BUILD names the directory with the program; without it, build/ of this tree.
"""

import bz2
import datetime
import gzip
import json
import lzma
import os
import pty
import resource
import shutil
import signal
import struct
import subprocess
import tempfile
import threading
import time
import unittest
import zlib

import maillog

TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.path.join(os.environ.get("MAILTRACE_BUILD", os.path.join(TREE, "build")), "mailtrace")
START = datetime.datetime(2026, 3, 7, 15, 2, 58, tzinfo=datetime.timezone.utc)


def stamp_traditional(when):
    return when.strftime("%b ") + "%2d" % when.day + when.strftime(" %H:%M:%S")


def stamp_rfc3339(when):
    return when.strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")


def texts(queue_id):
    """One message that comes in and is delivered: program, pid, text."""
    return [
        ("postfix/smtpd", 11, "connect from client.example[192.0.2.7]"),
        ("postfix/smtpd", 11, f"{queue_id}: client=client.example[192.0.2.7]"),
        ("postfix/cleanup", 12, f"{queue_id}: message-id=<{queue_id}@client.example>"),
        ("postfix/qmgr", 13, f"{queue_id}: from=<a@client.example>, size=500, nrcpt=1 (queue active)"),
        ("postfix/smtpd", 11, "disconnect from client.example[192.0.2.7] ehlo=1 mail=1 rcpt=1 data=1 quit=1 commands=5"),
        ("postfix/smtp", 14, f"{queue_id}: to=<b@dest.example>, relay=mx.dest.example[192.0.2.9]:25, delay=0.2, "
                             "delays=0.1/0/0.05/0.05, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 4ABCDE1234)"),
        ("postfix/qmgr", 13, f"{queue_id}: removed"),
    ]


def message(queue_id, when=START, host="mx1", timestamp=stamp_rfc3339):
    return "".join(f"{timestamp(when)} {host} {program}[{pid}]: {text}\n" for program, pid, text in texts(queue_id)).encode()


def message_rfc5424(queue_id, when=START, host="mx1"):
    return "".join(f"<22>1 {stamp_rfc3339(when)} {host} {program} {pid} - - {text}\n"
                   for program, pid, text in texts(queue_id)).encode()


def lzip(content):
    """A member of lzip's format: a header, LZMA data with a mark at its end, what to check it by."""
    packed = lzma.compress(content, lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_LZMA1, "dict_size": 1 << 20}])
    return b"LZIP\x01\x14" + packed + struct.pack("<LQQ", zlib.crc32(content), len(content), len(packed) + 26)


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def file(self, name, content, modified=None):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as out:
            out.write(content)
        if modified:
            os.utime(path, (modified.timestamp(), modified.timestamp()))
        return path

    def run_program(self, *args, stdin=b"", env=None, **more):
        return subprocess.run([PROGRAM, *args], input=stdin, capture_output=True, timeout=120,
                              env={**os.environ, "TZ": "UTC", "LC_ALL": "C", **(env or {})}, **more)

    def objects(self, *args, **more):
        """What a run that must go well writes."""
        done = self.run_program(*args, **more)
        self.assertEqual((done.returncode, done.stderr.decode()), (0, ""))
        return [json.loads(line) for line in done.stdout.decode().splitlines()]

    def messages(self, *args, **more):
        return [o for o in self.objects("events", *args, **more) if o["event"] == "message"]

    def queue_ids(self, *args, **more):
        return [m["queue_id"] for m in self.messages(*args, **more)]

    def assert_usage(self, args, *words):
        done = self.run_program(*args)
        self.assertEqual((done.returncode, done.stdout), (2, b""), args)
        for word in (*words, "Try 'mailtrace"):
            self.assertIn(word, done.stderr.decode())

    def assert_failed(self, done, *words):
        self.assertEqual(done.returncode, 1, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr.decode())


class Usage(Case):
    def test_help_names_every_command_and_option(self):
        done = self.run_program("--help")
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        for word in (b"events", b"lines", b"--version"):
            self.assertIn(word, done.stdout)
        done = self.run_program("events", "--help")
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        for option in ("host", "year", "tz", "mta", "max-line", "events", "timeout", "settle", "max-messages",
                       "max-memory", "max-recipients", "stats", "help"):
            self.assertIn(f"--{option}".encode(), done.stdout)
        self.assertIn(b"--mta", self.run_program("lines", "--help").stdout)

    def test_version(self):
        self.assertRegex(self.run_program("--version").stdout.decode(), r"^mailtrace \d+\.\d+")

    def test_wrong_usage_is_named_and_exits_with_2(self):
        self.assert_usage([], "command")
        self.assert_usage(["event"], "event")
        self.assert_usage(["--nonsense"], "--nonsense")
        self.assert_usage(["events", "--nonsense"], "--nonsense")
        self.assert_usage(["events", "--host"], "--host")
        self.assert_usage(["lines", "--timeout", "5"], "--timeout")

    def test_wrong_values_are_named_with_what_is_wanted(self):
        wrong = {
            "year": ["", "19", "2026x", "-2026", "99999999999999999999"],
            "tz": ["", "+25:00", "+1", "Nowhere/Nothing", "../etc/passwd", "/etc/passwd"],
            "events": ["", "deliveries", "delivery,nothing"],
            "mta": ["", "nothing", "post"],
            "host": [""],
            "timeout": ["", "0", "5x", "-1", "1.5.5", "99999999999d", "d"],
            "settle": ["", "x", "-1", "1w"],
            "max-messages": ["", "0", "-1", "1k", "18446744073709551616"],
            "max-memory": ["", "0", "1", "64X", "64MM", "-64M", "99999999999999999G", "18446744073709551616"],
            "max-recipients": ["", "-1", "1000001"],
            "max-line": ["", "63", "17M"],
        }
        for option, values in wrong.items():
            for value in values:
                self.assert_usage(["events", f"--{option}={value}"], f"--{option}", f"'{value}'", "give ")

    def test_a_bad_row_of_causes_is_told_with_file_and_line(self):
        rows = self.file("causes", b"# ours\nspam text junk\nspam text\n")
        for command in ("events", "causes"):
            done = self.run_program(command, f"--causes={rows}")
            self.assertEqual((done.returncode, done.stdout), (2, b""))
            self.assertEqual(done.stderr.decode(), f"mailtrace: {rows}:3: a row is: CAUSE KIND WHAT\n")

    def test_good_values_are_taken(self):
        good = {
            "year": ["2026"], "tz": ["+01:00", "-0330", "UTC", "Z"], "events": ["delivery", "delivery,message", "session"],
            "mta": ["postfix", "sendmail"], "timeout": ["90", "2.5", "30s", "10m", "6h", "5d"], "settle": ["0", "0.25", "2s"],
            "max-messages": ["1", "10"], "max-memory": ["1048576", "2048k", "64M", "64m", "1G"], "max-recipients": ["0", "7"],
            "max-line": ["64", "2k", "16M"],
        }
        for option, values in good.items():
            for value in values:
                done = self.run_program("events", f"--{option}={value}", stdin=message("4A00001"))
                self.assertEqual((done.returncode, done.stderr), (0, b""), f"--{option}={value}")


class Forms(Case):
    def test_every_form_of_header_gives_the_same(self):
        def bare(args, **more):
            return [{k: v for k, v in m.items() if k not in ("id", "time", "arrived", "recipients")}
                    for m in self.messages(*args, **more)]
        expected = bare([], stdin=message("4A00001"))
        self.assertEqual(expected[0]["result"], "sent")
        self.assertEqual(expected, bare([], stdin=message_rfc5424("4A00001")))
        self.assertEqual(expected, bare(["--year=2026"], stdin=message("4A00001", timestamp=stamp_traditional)))
        self.assertEqual(expected, bare([], stdin=message("4A00001").replace(b"\n", b"\r\n")))
        self.assertEqual(expected, bare(["-"], stdin=message("4A00001")[:-1]))

    def test_compressed_files_are_read_whatever_their_name(self):
        content = message("4A00001") * 50 + b"".join(message(f"4B0000{i}") for i in range(2000))
        expected = self.queue_ids(self.file("plain", content))
        self.assertEqual(len(expected), 2001)
        for name, packed in {"a.gz": gzip.compress(content), "a.xz": lzma.compress(content), "b": bz2.compress(content),
                             "c": lzip(content), "two.gz": gzip.compress(content[:1000]) + gzip.compress(content[1000:])}.items():
            self.assertEqual(self.queue_ids(self.file(name, packed)), expected, name)
            self.assertEqual(self.queue_ids(stdin=packed), expected, name)

    def test_zstandard_is_read(self):
        try:
            packed = subprocess.run(["zstd", "-c"], input=message("4A00001"), capture_output=True, check=True).stdout
        except FileNotFoundError:
            self.skipTest("no zstd here")
        self.assertEqual(self.queue_ids(self.file("a.zst", packed)), ["4A00001"])

    def test_several_streams_and_zeros_behind_them_are_one_file(self):
        content = message("4A00001") + message("4A00002")
        half = len(content) // 2
        packers = [gzip.compress, bz2.compress, lzma.compress, lzip]
        if shutil.which("zstd"):
            packers.append(lambda some: subprocess.run(["zstd", "-c"], input=some, capture_output=True, check=True).stdout)
        for pack in packers:
            packed = pack(content[:half]) + pack(b"") + pack(content[half:]) + bytes(512)
            self.assertEqual(sorted(self.queue_ids(stdin=packed)), ["4A00001", "4A00002"], pack)

    def test_what_stands_behind_a_compressed_file_is_damage(self):
        for pack in (gzip.compress, bz2.compress, lzma.compress, lzip):
            path = self.file("behind", pack(message("4A00001")) + b"and more")
            done = self.run_program("events", path)
            self.assert_failed(done, path)
            self.assertIn(b'"queue_id":"4A00001"', done.stdout)

    def test_a_compressed_file_that_ends_too_early_gives_what_it_has(self):
        content = message("4A00001") * 20
        for pack in (gzip.compress, bz2.compress, lzma.compress, lzip):
            packed = pack(content)
            for n in range(6, len(packed), len(packed) // 7):
                path = self.file("cut", packed[:n])
                self.assert_failed(self.run_program("events", path), path, "truncated")

    def test_compression_that_is_not_read_is_named(self):
        for head, why in ((b"\x04\x22\x4d\x18", "LZ4 is not read"), (b"\x1f\x9d", "format is not read")):
            path = self.file("other", head + bytes(range(64)))
            self.assert_failed(self.run_program("events", path), path, why)

    def test_compressed_nothing_is_nothing(self):
        for name, packed in {"a.gz": gzip.compress(b""), "a.xz": lzma.compress(b""), "a.bz2": bz2.compress(b"")}.items():
            self.assertEqual(self.objects("events", self.file(name, packed)), [], name)

    def test_year_less_stamps_take_the_year_of_the_file(self):
        content = message("4A00001", START.replace(month=12), timestamp=stamp_traditional)
        path = self.file("mail.log", content, START.replace(year=2020, month=1, day=2))
        self.assertEqual(self.messages(path)[0]["time"], "2019-12-07T15:02:58+00:00")
        self.assertEqual(self.messages("--year=2011", path)[0]["time"], "2011-12-07T15:02:58+00:00")

    def test_a_given_year_moves_on_at_new_year(self):
        content = message("4A00001", START.replace(month=12, day=31, hour=23, minute=59), timestamp=stamp_traditional)
        content += message("4A00002", START.replace(month=1, day=1, hour=0), timestamp=stamp_traditional)
        self.assertEqual([m["time"][:10] for m in self.messages("--year=2019", stdin=content)], ["2019-12-31", "2020-01-01"])

    def test_zone_of_stamps_without_one(self):
        content = message("4A00001", timestamp=stamp_traditional)
        for args, env, expected in ((["--tz=-03:30"], {}, "-03:30"), (["--tz=UTC"], {"TZ": "CET-1"}, "+00:00"),
                                    ([], {"TZ": "CET-1"}, "+01:00")):
            time_ = self.messages("--year=2026", *args, stdin=content, env=env)[0]["time"]
            self.assertEqual(time_, "2026-03-07T15:02:58" + expected)

    def test_host_is_given_to_lines_without_one(self):
        content = message("4A00001").replace(b" mx1 ", b" ")
        self.assertNotIn("host", self.messages(stdin=content)[0])
        self.assertEqual(self.messages("--host=mx9", stdin=content)[0]["host"], "mx9")
        self.assertEqual(self.messages("--host=mx9", stdin=message("4A00001"))[0]["host"], "mx1")

    def test_mta_is_given_to_lines_without_header(self):
        content = b"".join(text.encode() + b"\n" for _, _, text in texts("4A00001"))
        self.assertEqual(self.objects("events", stdin=content), [])
        got = self.objects("events", "--mta=postfix", "--host=mx1", stdin=content)
        self.assertEqual([o["queue_id"] for o in got if o["event"] == "message"], ["4A00001"])
        self.assertTrue(all(o["mta"] == "postfix" and o["host"] == "mx1" for o in got))


class Commands(Case):
    def test_events_chooses(self):
        content = message("4A00001")
        self.assertEqual({o["event"] for o in self.objects("events", stdin=content)}, {"delivery", "message"})
        self.assertEqual({o["event"] for o in self.objects("events", "--events=delivery", stdin=content)}, {"delivery"})

    def test_what_is_open_at_the_end_is_incomplete(self):
        content = b"".join(message("4A00001").splitlines(True)[:4])
        self.assertEqual([m["result"] for m in self.messages(stdin=content)], ["incomplete"])

    def test_lines_gives_one_object_for_each_line_that_is_recognised(self):
        content = message("4A00001") + b"Mar  7 15:02:59 mx1 kernel: other\nnonsense\n"
        got = self.objects("lines", stdin=content)
        self.assertEqual(len(got), 7)
        self.assertTrue(all(o["record"] and o["time"] and o["host"] == "mx1" for o in got))

    def test_lines_joins_what_sendmail_has_split(self):
        head = b"2026-03-07T15:02:58+00:00 mx1 sm-mta[9]: 627F2w4e000009"
        whole = (b": to=<b@dest.example>, delay=00:00:01, xdelay=00:00:01, mailer=esmtp, pri=120000, relay=mx.dest.example. "
                 b"[192.0.2.9], dsn=2.0.0, stat=Sent (ok)")
        first, second = whole[2:60], whole[60:]
        split = head + b"[1]: " + first + b" ...\n" + head + b"[2]: " + second + b"\n"
        self.assertEqual(self.objects("lines", stdin=split)[-1]["record"],
                         self.objects("lines", stdin=head + whole + b"\n")[0]["record"])

    def test_stats_are_on_standard_error(self):
        content = message("4A00001") + b"nonsense\n" + b"2026-03-07T15:02:58+00:00 mx1 postfix/smtpd[1]: none of its lines\n"
        for command in ("events", "lines"):
            done = self.run_program(command, "--stats", stdin=content)
            self.assertEqual(done.returncode, 0)
            self.assertRegex(done.stderr.decode(), r"lines +9\n")
            self.assertRegex(done.stderr.decode(), r"recognised, postfix +7\n")
            self.assertRegex(done.stderr.decode(), r"not recognised: postfix/smtpd +1 ")
            self.assertEqual(done.stdout, self.run_program(command, stdin=content).stdout)


class Causes(Case):
    def log(self, *replies):
        """A message to one recipient for each reply, which was deferred with it."""
        lines = []
        for number, (dsn, reply) in enumerate(replies):
            lines += message(f"4A0000{number}").splitlines(True)
            lines[-2] = lines[-2].replace(b"dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 4ABCDE1234)",
                                          f"dsn={dsn}, status=deferred (host mx.dest.example[192.0.2.9] said: {reply})".encode())
            del lines[-1]
        return b"".join(lines)

    def test_what_was_not_sent_has_a_cause(self):
        content = self.log(("4.7.1", "450 4.7.1 <b@dest.example>: Greylisted"), ("4.0.0", "450 wibble"),
                           ("4.7.1", "450 4.7.1 blocked using zen.spamhaus.org"))
        got = [o for o in self.objects("events", stdin=content + message("4A00009")) if o["event"] == "delivery"]
        self.assertEqual([(o.get("cause"), o.get("blocklist")) for o in got],
                         [("greylisted", None), ("other", None), ("blocklisted", "zen.spamhaus.org"), (None, None)])

    def test_a_file_of_rows_is_asked_first(self):
        rows = self.file("causes", b"spam text wibble\nvirus text greylisted\n")
        content = self.log(("4.7.1", "450 4.7.1 <b@dest.example>: Greylisted"), ("4.0.0", "450 wibble"))
        got = [o for o in self.objects("events", f"--causes={rows}", stdin=content) if o["event"] == "delivery"]
        self.assertEqual([o["cause"] for o in got], ["virus", "spam"])

    def test_causes_lists_the_commonest_that_no_row_knows(self):
        content = self.log(("4.0.0", "450 wibble 17"), ("4.0.0", "450 wobble <a@b>"), ("4.7.1", "450 4.7.1 Greylisted"),
                           ("4.0.0", "450 wibble 4"), ("4.0.0", "450 wibble 1987"))
        done = self.run_program("causes", "--stats", stdin=content)
        self.assertEqual(done.returncode, 0)
        host = "host mx.dest.example[0.0.0.0] said: 0"
        self.assertEqual(done.stdout.decode(), f"       3  4.0.0    {host} wibble 0\n       1  4.0.0    {host} wobble <>\n")
        self.assertEqual(done.stderr.decode(), "5 failures and rejects, 4 of them without a known cause\n")

    def test_the_table_is_printed_as_it_can_be_read(self):
        rows = self.file("causes", self.run_program("causes", "--table").stdout)
        self.assertEqual(self.run_program("causes", f"--causes={rows}", stdin=b"").returncode, 0)


class Order(Case):
    def test_a_rotated_log_is_read_in_order_of_time(self):
        # a message that begins in the older file and ends in the newer one
        lines = message("4A00001").splitlines(True)
        later = message("4A00001", START + datetime.timedelta(hours=1)).splitlines(True)
        oldest = message("4A00000", START - datetime.timedelta(days=1))
        old, new = b"".join(lines[:4]), b"".join(later[4:]) + message("4A00002", START + datetime.timedelta(hours=2))
        names = [self.file("mail.log", new), self.file("mail.log.1", old), self.file("mail.log.2.gz", gzip.compress(oldest))]
        expected = self.objects("events", stdin=oldest + old + new)
        self.assertEqual([o["result"] for o in expected if o["event"] == "message"], ["sent"] * 3)
        for files in (names, names[::-1], [names[1], names[0], names[2]]):
            self.assertEqual(self.objects("events", *files), expected, files)

    def test_logs_of_several_hosts_are_merged_and_told_apart(self):
        hosts = ["mx1", "mx2", "mx3"]
        content = {host: b"".join(message("4A00001", START + datetime.timedelta(days=2 * n, seconds=10 * i), host)
                                  for n in range(20)) for i, host in enumerate(hosts)}
        files = [self.file(host, content[host]) for host in hosts]
        got = self.messages(*files)
        self.assertEqual(len(got), 60)
        self.assertTrue(all(m["result"] == "sent" and m["lines"] == 5 for m in got), got[0])
        records = [o for o in self.objects("lines", *files) if o["record"] == "removed"]
        self.assertEqual([o["host"] for o in records], hosts * 20)
        self.assertEqual([o["time"] for o in records], sorted(o["time"] for o in records))

    def test_lines_of_one_file_keep_their_order(self):
        content = message("4A00001", START + datetime.timedelta(seconds=1)) + message("4A00002")
        other = message("4A00003", START + datetime.timedelta(hours=1))
        records = self.objects("lines", self.file("a", content), self.file("b", other))
        self.assertEqual([o["queue_id"] for o in records if o["record"] == "removed"], ["4A00001", "4A00002", "4A00003"])

    def test_many_files(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        files = [self.file(f"mail.log.{i}", message(f"4A0000{i:05}", START - datetime.timedelta(hours=i))) for i in range(200)]
        limit = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (32, hard))
        self.assertEqual(self.queue_ids(*files, preexec_fn=limit), [f"4A0000{i:05}" for i in range(199, -1, -1)])

    def test_standard_input_can_be_one_of_the_files(self):
        path = self.file("old", message("4A00001"))
        later = message("4A00002", START + datetime.timedelta(hours=1))
        self.assertEqual(self.queue_ids("-", path, stdin=later), ["4A00001", "4A00002"])

    def test_named_pipes_are_read_once(self):
        fifos = [os.path.join(self.folder, name) for name in "ab"]
        writers = []
        for i, fifo in enumerate(fifos):
            os.mkfifo(fifo)
            path = self.file(f"content{i}", message(f"4A0000{i}", START - datetime.timedelta(hours=i)))
            writers.append(subprocess.Popen(["sh", "-c", 'cat "$0" > "$1"', path, fifo]))
        self.assertEqual(self.queue_ids(*fifos), ["4A00001", "4A00000"])
        for writer in writers:
            writer.wait()


class Bad(Case):
    def test_files_that_cannot_be_read_are_named_and_the_others_done(self):
        good = self.file("good", message("4A00001"))
        missing = os.path.join(self.folder, "missing")
        packed = gzip.compress(message("4A00003", START + datetime.timedelta(hours=1)) * 3000)
        truncated = self.file("truncated.gz", packed[:-100])
        broken = self.file("broken.xz", lzma.compress(message("4A00004"))[:20] + b"nonsense" * 20)
        for bad, why in ((missing, "No such file"), (self.folder, "directory"), (truncated, "truncated"), (broken, "")):
            for files in ([bad, good], [good, bad]):
                done = self.run_program("events", *files)
                self.assert_failed(done, bad, why)
                self.assertIn(b'"queue_id":"4A00001"', done.stdout)
            done = self.run_program("events", bad)
            self.assert_failed(done, bad, why)

    @unittest.skipIf(os.geteuid() == 0, "root can read everything")
    def test_unreadable_file(self):
        path = self.file("secret", message("4A00001"))
        os.chmod(path, 0)
        self.assert_failed(self.run_program("events", path), path, "Permission denied")

    def test_lines_before_the_damage_of_a_file_count(self):
        content = b"".join(message(f"4A0000{i}") for i in range(5000))
        path = self.file("a.gz", gzip.compress(content)[:-1000])
        done = self.run_program("events", path)
        self.assert_failed(done, path)
        self.assertIn(b'"queue_id":"4A00000"', done.stdout)
        for line in done.stdout.decode().splitlines():
            json.loads(line)

    def test_empty_file_is_no_error(self):
        empty = self.file("empty", b"")
        self.assertEqual(self.objects("events", empty), [])
        self.assertEqual(self.queue_ids(empty, self.file("good", message("4A00001")), empty), ["4A00001"])

    def test_hostile_lines_do_not_disturb_the_others(self):
        lines = message("4A00001").splitlines(True)
        timestamp = b"2026-03-07T15:02:58+00:00 mx1 postfix/smtpd[11]: "
        hostile = [b"x" * 1000000, b"\0" * 1000000, timestamp + b"4A00009: " + b"to=<" * 300000, timestamp + b"\0" * 70000,
                   bytes(range(1, 10)) + bytes(range(11, 256)), timestamp + b"\xff\xfe\xc0\xaf\xed\xa0\x80", b"\xf0\x9f",
                   b"Feb 30 12:00:00 mx1 postfix/smtpd[11]: 4A00009: client=x[192.0.2.1]", b"", b" ", b"<", b"<22>", b"<22>1 ", b"\r",
                   b"Mar", lines[1][:30]]
        content = b"".join(line + b"\n".join(hostile) + b"\n" for line in lines)
        got = self.messages(stdin=content)
        self.assertEqual([(m["queue_id"], m["result"], m["lines"]) for m in got], [("4A00001", "sent", 5)])

    def test_a_file_may_be_cut_anywhere(self):
        content = message("4A00001")
        for n in range(0, len(content), 7):
            self.objects("events", stdin=content[:n])
            self.objects("lines", stdin=content[n:])

    def test_lines_too_long_are_cut_and_counted(self):
        reply = b"x" * 500
        content = message("4A00001").replace(b"queued as", reply)
        done = self.run_program("events", "--max-line=300", "--stats", stdin=content)
        self.assertRegex(done.stderr.decode(), r"cut, being too long +1\n")
        self.assertNotIn(reply, done.stdout)
        self.assertIn(reply, self.run_program("events", stdin=content).stdout)

    def test_line_of_just_the_longest_length_is_whole(self):
        line = message("4A00001").splitlines(True)[0]
        for end in (b"\n", b"\r\n", b""):
            for size, cut in ((len(line) - 1, False), (len(line) - 2, True)):
                done = self.run_program("lines", f"--max-line={size}", "--stats", stdin=line[:-1] + end)
                self.assertEqual(b"cut, being" in done.stderr, cut, (end, size))

    def test_a_clock_that_jumps(self):
        day, year = datetime.timedelta(days=1), datetime.timedelta(days=365)
        for jump in (-day, year):
            content = message("4A00001") + message("4A00002", START + jump) + message("4A00003", START + datetime.timedelta(minutes=1))
            self.assertEqual(sorted((m["queue_id"], m["result"]) for m in self.messages(stdin=content)),
                             [("4A00001", "sent"), ("4A00002", "sent"), ("4A00003", "sent")])


@unittest.skipIf(len(os.sched_getaffinity(0)) < 2, "one processor")
class Processors(Case):
    """A long log is read by one thread and correlated by another."""

    @staticmethod
    def log():
        lines = [maillog.rfc3339(line) for line in maillog.Transactions(7).lines(6000)]
        at = lines[12345].split()[0]
        lines[12345:12345] = [
            at + b" mx1 cron[7]: (root) CMD (true)", at + b" mx1 postfix/smtpd[8]: nothing that it would write",
            at + b" mx1 postfix/master[9]: daemon started -- version 3.7.11, configuration /etc/postfix", b"no header",
            at + b" mx1 postfix/smtpd[10]: warning: " + b"x" * 70000,
            at + b" mx1 postfix/smtpd[8]: 4AF1: client=" + b"x" * 20000 + b"[192.0.2.1]"]
        return b"\n".join(lines) + b"\n"

    def both(self, *args, **more):
        one = self.run_program(*args, preexec_fn=lambda: os.sched_setaffinity(0, list(os.sched_getaffinity(0))[:1]),
                               **more)
        two = self.run_program(*args, **more)
        self.assertEqual((two.returncode, two.stderr), (one.returncode, one.stderr))
        self.assertTrue(two.stdout == one.stdout, "the same events in the same order")
        return two

    def test_two_processors_write_what_one_writes(self):
        log = self.log()
        self.assertGreater(log.count(b"\n"), 30000)
        done = self.both("events", "--stats", self.file("mail.log", log))
        self.assertEqual(done.returncode, 0)
        self.assertIn(b"cut", done.stderr)
        self.assertEqual(self.both("events", "--stats", self.file("mail.log.gz", gzip.compress(log, 1))).stdout, done.stdout)
        self.assertEqual(self.both("events", "--stats", stdin=log).stdout, done.stdout)
        half = log.index(b"\n", len(log) // 2) + 1
        files = [self.file("mail.log.1", log[:half]), os.path.join(self.folder, "none"), self.file("new.log", log[half:])]
        done = self.both("events", "--stats", *files)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"none", done.stderr)

    def test_two_processors_keep_the_bounds(self):
        path = self.file("mail.log", self.log())
        self.both("events", "--stats", "--max-messages", "20", path)
        self.both("events", "--stats", "--settle", "0", path)

    def test_full_disk_ends_two_threads(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([PROGRAM, "events", self.file("mail.log", self.log())], stdout=full,
                                  stderr=subprocess.PIPE, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr.count(b"\n"), 1)


class Ends(Case):
    def start(self, *args, **more):
        program = subprocess.Popen([PROGRAM, *args], **{"stdin": subprocess.PIPE, "stdout": subprocess.PIPE,
                                                        "stderr": subprocess.PIPE, **more})
        self.addCleanup(self.end, program)
        return program

    @staticmethod
    def end(program):
        program.kill()
        program.communicate()

    def test_full_disk_is_reported(self):
        with open("/dev/full", "wb") as full:
            for args in (["events"], ["lines"], ["--help"], ["events", "--help"]):
                program = self.start(*args, stdout=full)
                _, said = program.communicate(message("4A00001") if len(args) == 1 else b"")
                self.assertEqual(program.returncode, 1, args)
                self.assertIn(b"No space left", said)

    def test_full_disk_ends_the_reading(self):
        with open("/dev/full", "wb") as full:
            program = self.start("events", stdin=subprocess.PIPE, stdout=full)
            try:
                for i in range(20000):
                    program.stdin.write(message(f"4A0000{i}", START + datetime.timedelta(seconds=10 * i)))
            except BrokenPipeError:
                pass
            self.assertEqual(program.wait(60), 1)

    def test_closed_output_is_reported(self):
        done = subprocess.run(["sh", "-c", f'"{PROGRAM}" events >&-'], input=message("4A00001"), capture_output=True)
        self.assert_failed(done, "standard output")

    def test_reader_that_goes_away_ends_it_quietly(self):
        content = b"".join(message(f"4A0000{i}", START + datetime.timedelta(seconds=10 * i)) for i in range(20000))
        program = self.start("events", self.file("mail.log", content), stdin=subprocess.DEVNULL)
        program.stdout.read(100)
        program.stdout.close()
        self.assertEqual(program.wait(60), -signal.SIGPIPE)
        self.assertEqual(program.stderr.read(), b"")

    def test_signals_end_it_with_whole_lines(self):
        content = b"".join(message(f"4A0000{i}", START + datetime.timedelta(seconds=10 * i)) for i in range(300))
        more = content + b"".join(message(f"4B0000{i}", START + datetime.timedelta(seconds=10 * i)) for i in range(300, 3000))
        for number, content in ((signal.SIGINT, content), (signal.SIGTERM, content), (signal.SIGINT, more)):
            with open(os.path.join(self.folder, "out"), "wb+") as written:
                program = self.start("events", stdout=written)
                program.stdin.write(content)
                program.stdin.flush()
                time.sleep(0.5)
                program.send_signal(number)
                _, said = program.communicate(timeout=30)
                self.assertEqual((program.returncode, said), (-number, b""))
                written.seek(0)
                out = written.read()
            self.assertTrue(out.endswith(b"\n"))
            got = [json.loads(line) for line in out.splitlines()]
            self.assertGreater(len(got), 500)
            self.assertNotIn("incomplete", {o.get("result") for o in got})

    def test_a_log_that_is_followed_gives_its_events_in_seconds(self):
        program = self.start("events")
        program.stdin.write(message("4A00001", datetime.datetime.now(datetime.timezone.utc)))
        program.stdin.flush()
        os.set_blocking(program.stdout.fileno(), False)
        out, until = b"", time.monotonic() + 30
        while out.count(b"\n") < 2 and time.monotonic() < until:
            time.sleep(0.1)
            out += program.stdout.read() or b""
        self.assertEqual({json.loads(line)["event"] for line in out.splitlines()}, {"delivery", "message"})
        self.assertIsNone(program.poll())

    def test_progress_is_shown_on_a_terminal_and_cleared(self):
        content = message("4A00001") * 100
        path = self.file("mail.log", content * (80 * 2**20 // len(content)))
        leader, follower = pty.openpty()
        self.addCleanup(os.close, leader)
        program = subprocess.Popen([PROGRAM, "lines", path], stdout=subprocess.PIPE, stderr=follower)
        os.close(follower)

        def take_lines():
            time.sleep(0.5)  # a machine on which all is done in no time shows no progress
            while program.stdout.read(1 << 20):
                pass
            program.stdout.close()

        taker = threading.Thread(target=take_lines)
        taker.start()
        self.addCleanup(taker.join)
        said = b""
        while True:
            try:
                piece = os.read(leader, 4096)
            except OSError:
                break
            if not piece:
                break
            said += piece
        self.assertEqual(program.wait(60), 0)
        self.assertIn(b"%", said)
        self.assertTrue(said.endswith(b"\r\x1b[K"), said[-40:])

    def test_no_progress_where_no_terminal_is(self):
        content = message("4A00001") * 100
        path = self.file("mail.log", content * (80 * 2**20 // len(content)))
        done = subprocess.run([PROGRAM, "lines", path], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=True)
        self.assertEqual(done.stderr, b"")


if __name__ == "__main__":
    unittest.main()
