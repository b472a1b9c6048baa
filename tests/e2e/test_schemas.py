"""Each schema: its names, its rules, and that nothing of the native event is lost.

MAILTRACE_BUILD names the directory with the program; without it, build/ of this tree.
"""

import json
import os
import subprocess
import unittest

TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.path.join(os.environ.get("MAILTRACE_BUILD", os.path.join(TREE, "build")), "mailtrace")
LOGS = [os.path.join(TREE, "doc", "examples", name) for name in ("postfix.log", "sendmail.log")]

# The native path of what otlp gives a standard name.
OTLP = {"service.name": "mta", "service.instance.id": "instance", "host.name": "host", "client.address": "client.ip",
        "client.port": "client.port", "user.name": "client.user", "server.address": "relay.name", "server.port": "relay.port",
        "network.peer.address": "relay.ip"}
# The rest, and by native path where a fact stands that is not in the rest.
PLACES = {
    "ecs": ("mailtrace", {
        "time": "@timestamp", "id": "event.id", "mta": "event.provider", "host": "log.syslog.hostname", "trace_id": "trace.id",
        "from": "email.sender.address", "message_id": "email.message_id", "queue_id": "email.local_id", "to": "email.to.address",
        "subject": "email.subject", "client.ip": "client.ip", "client.port": "client.port", "client.name": "client.domain",
        "client.user": "client.user.name", "relay.ip": "server.ip", "relay.port": "server.port", "relay.name": "server.domain"}),
    "ocsf": ("unmapped", {
        "id": "metadata.uid", "mta": "metadata.log_provider", "time": "metadata.original_time",
        "queue_id": "metadata.correlation_uid", "host": "device.hostname", "client.ip": "src_endpoint.ip",
        "client.name": "src_endpoint.hostname", "client.port": "src_endpoint.port", "from": "email.from", "to": "email.to",
        "message_id": "email.message_uid", "size": "email.size", "subject": "email.subject", "trace_id": "message_trace_uid",
        "attempt": "attempt", "dsn": "status_code", "response": "status_detail", "relay.ip": "dst_endpoint.ip",
        "relay.name": "dst_endpoint.hostname", "relay.port": "dst_endpoint.port"}),
    "cim": ("mailtrace", {
        "time": "time", "id": "id", "trace_id": "trace_id", "mta": "vendor_product", "host": "dvc", "client.ip": "src_ip",
        "relay.ip": "dest_ip", "queue_id": "internal_message_id", "message_id": "message_id", "from": "src_user", "to": "recipient",
        "dsn": "status_code", "response": "message_info", "size": "size", "subject": "subject", "orig_to": "orig_recipient",
        "status": "recipient_status", "next_queue_id": "xref", "delays.transmit": "xdelay", "duration": "duration"}),
}


def run(*options):
    done = subprocess.run([PROGRAM, "events", "--year=2026", "--tz=+00:00", *options, *LOGS], capture_output=True, timeout=120,
                          env={**os.environ, "TZ": "UTC"})
    assert (done.returncode, done.stderr) == (0, b""), done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def flat(tree, before=""):
    out = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            out.update(flat(value, before + key + "."))
        else:
            out[before + key] = value
    return out


def value_of(value):
    (kind, inner), = value.items()
    if kind == "arrayValue":
        return [value_of(v) for v in inner.get("values", [])]
    if kind == "kvlistValue":
        return {pair["key"]: value_of(pair["value"]) for pair in inner.get("values", [])}
    return int(inner) if kind == "intValue" else inner


def main_of(event):
    return event["scopeSpans"][0]["spans"][0] if "scopeSpans" in event else event["scopeLogs"][0]["logRecords"][0]


def rebuilt(schema, event):
    """The native event, as flat() shows it."""
    out = {}
    if schema == "otlp":
        for attribute in event["resource"]["attributes"] + main_of(event)["attributes"]:
            key = attribute["key"]
            name = key[len("mailtrace."):] if key.startswith("mailtrace.") else OTLP.get(key)
            if name:
                value = value_of(attribute["value"])
                out.update(flat({name: value}))
        return out
    rest, places = PLACES[schema]
    native, all_of_it = flat(event[rest]), flat(event)
    for name, place in places.items():
        value = all_of_it.get(place)
        value = value[0] if isinstance(value, list) and native["event"] != "message" else value
        alike = (name == "dsn" and "." not in str(value)) or (name == "response" and value == native.get("reason")) or \
            (name == "from" and value == "<>") or (name.startswith("relay.") and native["event"] != "delivery")
        if value is not None and not isinstance(value, list) and not alike:
            native.setdefault(name, value)
    return native


class Schemas(unittest.TestCase):
    maxDiff = None

    def test_nothing_of_the_native_event_is_lost(self):
        native = [flat(event) for event in run()]
        self.assertGreater(len(native), 5)
        for schema in ("ecs", "ocsf", "cim", "otlp"):
            with self.subTest(schema):
                self.assertEqual([rebuilt(schema, event) for event in run(f"--schema={schema}")], native)

    def test_ids_are_the_same_in_all(self):
        ids = [event["id"] for event in run("--schema=native")]
        self.assertEqual([event["event"]["id"] for event in run("--schema=ecs")], ids)
        self.assertEqual([event["metadata"]["uid"] for event in run("--schema=ocsf")], ids)
        self.assertEqual([event["id"] for event in run("--schema=cim")], ids)

    def test_ecs_categories_have_types_that_they_allow(self):
        allowed = {"email": {"info"}, "network": {"access", "allowed", "connection", "denied", "end", "info", "protocol", "start"},
                   "authentication": {"start", "end", "info"}}
        for event in run("--schema=ecs"):
            types = set().union(*(allowed[category] for category in event["event"]["category"]))
            self.assertLessEqual(set(event["event"]["type"]), types)
            self.assertIn(event["event"]["outcome"], ("success", "failure", "unknown"))
            self.assertEqual(event["ecs"]["version"], "9.4.0")

    def test_ocsf_numbers_agree_with_each_other(self):
        for event in run("--schema=ocsf"):
            self.assertEqual(event["type_uid"], event["class_uid"] * 100 + event["activity_id"])
            self.assertEqual(event["category_uid"], event["class_uid"] // 1000)
            if event["class_uid"] == 4009:
                self.assertTrue("from" in event["email"] or "to" in event["email"])
                self.assertIn(event["direction_id"], (0, 1, 2, 3, 99))

    def test_cim_counts_its_recipients(self):
        for event in run("--schema=cim"):
            self.assertEqual(event.get("recipient_count", 0), len(event.get("recipient", [])))

    def test_otlp_ids_are_hex_and_numbers_are_text(self):
        for event in run("--schema=otlp"):
            for span in (event["scopeSpans"][0]["spans"] if "scopeSpans" in event else []):
                self.assertRegex(span["traceId"], r"^[0-9a-f]{32}$")
                self.assertRegex(span["spanId"], r"^[0-9a-f]{16}$")
                self.assertLessEqual(int(span["startTimeUnixNano"]), int(span["endTimeUnixNano"]))
                self.assertIsInstance(span["endTimeUnixNano"], str)

    def test_a_schema_that_is_none_is_told_with_those_that_are(self):
        done = subprocess.run([PROGRAM, "events", "--schema=esc", os.devnull], capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"'esc': give one of native, ecs, ocsf, cim, otlp", done.stderr)


if __name__ == "__main__":
    unittest.main()
