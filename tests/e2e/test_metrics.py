"""Metrics and health: what is counted, told over reloads, and watched by a real Prometheus."""

import contextlib
import http.client
import json
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import subprocess
import time

import pytest

import packet
from packet import addresses
from world import (DEADLINE, die_with_parent, eventually, export_text, many_mirrors, mirror,
                   mirrors_of, version_string)

PROJECT = pathlib.Path(__file__).resolve().parents[2]
MONITORING = PROJECT / "doc" / "monitoring"
MIRRORS = mirrors_of("DE", 3, "198.18.1") + mirrors_of("FR", 2, "198.18.2") + [
    mirror("six.us.example", "US", "2001:db8::6")]
SAMPLE = re.compile(r'^(\w+)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


class Page:
    """One look at /metrics."""

    def __init__(self, text):
        self.text, self.samples, self.types = text, {}, {}
        for line in text.splitlines():
            if line.startswith("# TYPE "):
                _, _, name, kind = line.split(" ")
                self.types[name] = kind
            if line.startswith("#"):
                continue
            name, labels, value = SAMPLE.match(line).groups()
            key = (name, frozenset(LABEL.findall(labels or "")))
            assert key not in self.samples, f"twice: {line}"
            self.samples[key] = float(value)

    def get(self, name, /, **labels):
        prefix = "" if name.startswith("process_") else "mirrorns_"
        return self.samples.get((prefix + name, frozenset(labels.items())))

    def all(self, name):
        """{labels without the zone: value}"""
        return {tuple(value for key, value in sorted(labels) if key != "zone"): found
                for (other, labels), found in self.samples.items() if other == "mirrorns_" + name}

    def counters(self):
        return {key: value for key, value in self.samples.items() if self.types[key[0]] == "counter"}


def fetch(world, path="/metrics", method="GET"):
    """(status, text, headers)"""
    connection = http.client.HTTPConnection("127.0.0.1", world.metrics, timeout=DEADLINE)
    try:
        connection.request(method, path)
        reply = connection.getresponse()
        return reply.status, reply.read().decode(), reply.headers
    finally:
        connection.close()


def look(world):
    status, text, _ = fetch(world)
    assert status == 200
    return Page(text)


def health(world):
    status, text, headers = fetch(world, "/health")
    assert headers["Content-Type"] == "application/json"
    found = json.loads(text)
    assert found["healthy"] == (status == 200) == (not found["reasons"]), found
    return status, found


def watched(make_world, **files):
    world = make_world()
    world.metrics = world.free_port()
    return world.fill(**{"mirrors": MIRRORS, "metrics": f"127.0.0.1:{world.metrics}", **files})


def ctl(world, *arguments):
    program = pathlib.Path(world.program).with_name("mirrornsctl")
    return subprocess.run([program, "-s", world.path("control.sock"), *arguments], text=True,
                          capture_output=True, check=False, timeout=DEADLINE)


def required(program):
    if not shutil.which(program):
        pytest.skip(f"{program} is not installed (apt-get install prometheus): not run")
    return program


def promtool(*arguments, **how):
    return subprocess.run([required("promtool"), *arguments], capture_output=True, text=True,
                          check=False, timeout=60, **how)


# --- the page ------------------------------------------------------------------------------------


def test_promtool_likes_the_page(make_world):
    world = watched(make_world, networks=[("198.18.0.0/16", "DE")]).start()
    world.ask("db.de")
    status, text, headers = fetch(world)
    assert status == 200 and headers["Content-Type"].startswith("text/plain; version=0.0.4")
    done = promtool("check", "metrics", input=text)
    assert done.returncode == 0 and not done.stdout and not done.stderr, (done.stdout, done.stderr)


def documented():
    manual = (PROJECT / "doc" / "mirrorns.8").read_text()
    section = manual.split(".Sh METRICS\n")[1].split(".Sh ")[0]
    rows = re.findall(r"^\.It Ic (\w+)(?: No \{ Ns Ar (.*) Ns No \})?$", section, re.M)
    return {name: set(labels.split(", ")) if labels else set() for name, labels in rows}


def test_every_metric_is_in_the_manual(make_world):
    """And the other way round, with its labels."""
    world = watched(make_world, networks=[("198.18.0.0/16", "DE")],
                    zone_options='\tping "ping" { address = "192.0.2.1" }\n')
    world.write("mirrors.json", export_text(MIRRORS, serial=7))
    page, manual = look(world.start()), documented()
    assert set(page.types) == set(manual)
    labels = {}
    for name, found in page.samples:
        labels.setdefault(name, set()).update(key for key, _ in found)
    assert labels == manual


def test_contract(make_world):
    """The names that others rely on."""
    world = watched(make_world, networks=[("198.18.0.0/16", "DE")])
    world.write("mirrors.json", export_text(MIRRORS, serial=7))
    page = look(world.start())
    zone = {"zone": "clamav.net"}
    for name, labels in [
        ("queries_total", {"transport": "udp"}), ("queries_total", {"transport": "tcp"}),
        ("replies_total", {"rcode": "NXDOMAIN"}), ("truncated_total", {}),
        ("dropped_total", {"reason": "send"}), ("answers_total", {**zone, "pool": "db.*.big"}),
        ("decisions_total", {**zone, "level": "own"}),
        ("member_answers_total", {**zone, "address": "2001:db8::6"}), ("ecs_queries_total", {}),
        ("tcp_connections", {}), ("reloads_total", {"result": "failed"}),
        ("export_serial", zone), ("export_age_seconds", zone), ("export_refused_total", zone),
        ("mirrors", {**zone, "state": "removed"}),
        ("txt_age_seconds", {**zone, "name": "current.cvd"}),
        ("geo_build_timestamp_seconds", {}),
        ("process_cpu_seconds_total", {}), ("process_open_fds", {}),
    ]:
        assert page.get(name, **labels) is not None, (name, labels)
    version = world.run("-V").stdout.split()[1]
    assert page.get("build_info", version=version) == 1
    assert page.get("export_serial", **zone) == 7
    assert page.get("process_open_fds") > 5 and page.get("process_max_fds") >= 64
    assert abs(page.get("process_start_time_seconds") - time.time()) < 60
    assert page.get("process_resident_memory_bytes") > 1e6


def test_odd_names_are_escaped(make_world):
    world = watched(make_world, pools="""\
	pool 'a"b' { from = "world" }
	pool 'x\\092y' { from = "world" }
""")
    page = look(world.start())
    assert page.get("answers_total", zone="clamav.net", pool=r'a\"b') == 0, page.text
    assert page.get("answers_total", zone="clamav.net", pool=r"x\\092y") == 0, page.text
    assert promtool("check", "metrics", input=page.text).returncode == 0


# --- what is counted -----------------------------------------------------------------------------


def difference(before, after):
    return {key: value - before.samples.get(key, 0) for key, value in after.counters().items()
            if value != before.samples.get(key, 0) and not key[0].startswith("process_")}


def key_of(name, **labels):
    return ("mirrorns_" + name, frozenset(labels.items()))


def counted(world, ask, **expected):
    """What asking adds to the page: {"name label=value ...": how much}."""
    before = look(world)
    ask()
    return difference(before, look(world))


def test_queries_and_replies(make_world):
    world = watched(make_world, workers=2).start()
    udp = key_of("queries_total", transport="udp")
    tcp = key_of("queries_total", transport="tcp")

    def rcode(name):
        return key_of("replies_total", rcode=name)

    found = counted(world, lambda: [world.ask("www") for _ in range(5)])
    assert found == {udp: 5, rcode("NOERROR"): 5,
                     key_of("family_queries_total", transport="udp", family="ipv4"): 5}
    found = counted(world, lambda: world.ask("www", target="::1"))
    assert found[key_of("family_queries_total", transport="udp", family="ipv6")] == 1
    found = counted(world, lambda: world.ask("nothing", tcp=True))
    assert found[tcp] == 1 and found[rcode("NXDOMAIN")] == 1 and udp not in found
    assert found[key_of("tcp_connections_accepted_total")] == 1
    eventually(lambda: look(world).get("tcp_connections_closed_total", reason="client") == 1,
               "the end of a connection counted")
    assert counted(world, lambda: world.ask("www", ecs="192.0.2.0/24"))[
        key_of("ecs_queries_total")] == 1
    found = counted(world, lambda: world.send(packet.query(
        packet.question("www"), packet.opt(b"", 1232, version=1))))
    assert found[rcode("BADVERS")] == 1 and rcode("NOERROR") not in found
    found = counted(world, lambda: world.ask("www.example.net."))
    assert found[rcode("REFUSED")] == 1
    found = counted(world, lambda: world.send(packet.query(packet.question("www"))[:-3]))
    assert found[rcode("FORMERR")] == 1 and key_of("ecs_queries_total") not in found


def test_drops_and_truncation(make_world):
    world = watched(make_world, mirrors=many_mirrors(100)).start()
    before = look(world)
    assert world.silent(b"\0\1\0")
    assert world.ask("db.us.big").raw[2] & 0x02
    found = difference(before, look(world))
    assert found[key_of("dropped_total", reason="malformed")] == 1
    assert found[key_of("truncated_total")] == 1
    assert key_of("answers_total", zone="clamav.net", pool="db.*.big") not in found


def test_receive_queues_that_overflow(make_world):
    """The kernel's own count: a stopped server hears nothing."""
    world = watched(make_world).start()
    octets = packet.query(packet.question("www")) + bytes(1300)
    world.kill(signal.SIGSTOP)
    try:
        with world.udp() as connection:
            for _ in range(30_000):
                connection.send(octets)
    finally:
        world.kill(signal.SIGCONT)
    eventually(lambda: world.ask("www", tcp=True), "an answer")
    eventually(lambda: look(world).get("dropped_total", reason="receive") > 100, "what the kernel counts")


def test_connections(make_world):
    world = watched(make_world, tcp_connections=4, tcp_idle="1s").start()
    streams = [world.tcp() for _ in range(6)]
    eventually(lambda: look(world).get("tcp_connections_closed_total", reason="limit") == 2,
               "two closed for the limit")
    assert look(world).get("tcp_connections") == 4
    eventually(lambda: look(world).get("tcp_connections_closed_total", reason="idle") == 4,
               "four closed for being idle")
    assert look(world).get("tcp_connections") == 0
    for stream in streams:
        stream.close()
    with socket.create_connection(("127.0.0.1", world.port)) as connection:
        connection.sendall(b"\0\3abc")
        assert connection.recv(100) == b""
    assert look(world).get("tcp_connections_closed_total", reason="malformed") == 1


def test_answers_levels_and_members(make_world):
    """Who was first, as the answers themselves said it."""
    world = watched(make_world, workers=2, overrides="192.0.2.0/24,DE\n198.51.100.0/24,BR\n",
                    mirrors=[*MIRRORS, mirror("heavy.de.example", "DE", "198.18.1.9", weight=300)])
    world.start()
    before, firsts, answers = look(world), {}, {}
    levels = {"own": 0, "continent": 0, "world": 0}
    for number in range(240):
        name, pool, level, how = [
            ("db.de", "db.*", "own", {}), ("db.pl", "db.*", "continent", {"tcp": True}),
            ("db.jp", "db.*", "world", {}), ("db.us", "db.*", "own", {"kind": "AAAA"}),
            ("db.local", "db.local", "own", {"ecs": "192.0.2.0/24"}),
            ("database", "db.local", "own", {"ecs": "192.0.2.0/24"}),
            ("db.europe", "db.europe", "own", {}), ("db.fr.big", "db.*.big", "own", {}),
        ][number % 8]
        message = world.ask(name, **how)
        first = addresses(message)[0]
        firsts[first] = firsts.get(first, 0) + 1
        answers[pool] = answers.get(pool, 0) + 1
        levels[level] += 1
    found = difference(before, look(world))

    def told(name, label):
        return {dict(labels)[label]: value for (other, labels), value in found.items()
                if other == "mirrorns_" + name}

    assert told("member_answers_total", "address") == firsts
    assert told("answers_total", "pool") == answers
    assert told("decisions_total", "level") == levels


def test_removed_ones_that_serve(make_world):
    world = watched(make_world, mirrors=mirrors_of("DE", 2, "198.18.1", state="removed")).start()
    found = counted(world, lambda: world.ask("db.de"))
    assert found[key_of("decisions_total", zone="clamav.net", level="removed")] == 1
    assert look(world).all("member_weight") == {("198.18.1.1",): 0, ("198.18.1.2",): 0}


def test_mirrors(make_world):
    world = watched(make_world, mirrors=[
        *mirrors_of("DE", 3, "198.18.1"), mirror("old", "DE", "198.18.2.1", state="old"),
        mirror("gone", "FR", "198.18.3.1", state="removed"),
        mirror("off", "PL", "198.18.4.1", "2001:db8::4", state="disabled", weight=7)])
    page = look(world.start())
    assert page.all("mirrors") == {("ok",): 3, ("old",): 1, ("removed",): 1, ("disabled",): 1}
    assert page.all("mirrors_in_service") == {("DE",): 4, ("FR",): 0, ("PL",): 0}
    assert page.get("member_weight", zone="clamav.net", address="2001:db8::4") == 0
    assert page.get("member_weight", zone="clamav.net", address="198.18.2.1") == 100


def test_drained(make_world):
    """Who was taken out by hand is not in service, and has no share."""
    world = watched(make_world, control="control.sock").start()
    done = ctl(world, "drain", "198.18.1.1")
    assert done.returncode == 0, done.stderr
    eventually(lambda: look(world).get("drained_addresses", zone="clamav.net") == 1, "drained")
    page = look(world)
    assert page.get("mirrors_in_service", zone="clamav.net", country="DE") == 2
    assert page.get("mirrors", zone="clamav.net", state="ok") == len(MIRRORS)
    assert page.get("member_weight", zone="clamav.net", address="198.18.1.1") == 0
    assert page.get("member_weight", zone="clamav.net", address="198.18.1.2") == 100


# --- over reloads --------------------------------------------------------------------------------


def test_counters_only_grow(make_world):
    """Exports, reloads, other pools: no counter ever falls, and nothing is lost or counted twice."""
    world = watched(make_world, workers=2, zone_options="\tmax-shrink = 100\n").start()
    asked, before = 0, look(world)
    for number in range(1, 31):
        for _ in range(7):
            world.ask("db.de")
            world.ask("db.local", tcp=True)
            asked += 2
        later = look(world)
        for key, value in before.counters().items():
            assert later.samples.get(key, -1) >= value, (number, key)
        before = later
        if number % 10 == 0:
            mark = world.mark()
            world.kill(signal.SIGHUP)
            world.wait_log("reload complete", since=mark)
        else:
            guest = mirror("new", "DE", f"198.18.9.{number}")
            world.export([*MIRRORS, guest] if number % 3 else MIRRORS, serial=number)
            eventually(lambda: look(world).get("export_serial", zone="clamav.net") == number,
                       "the export's serial")
        # Between two exports an address that has come or gone takes its count with it.
        before = look(world)
    page = look(world)
    assert sum(page.all("answers_total").values()) == asked
    assert sum(page.all("decisions_total").values()) == asked
    assert page.get("reloads_total", result="ok") == 30
    assert sum(page.all("replies_total").values()) >= asked


def test_takeovers(make_world):
    """The page is there all the time, and its counters go on, to the last answer."""
    world = watched(make_world, workers=2, control="control.sock").start()
    for number in range(1, 6):
        for _ in range(6):
            world.ask("db.de")
            world.ask("db.jp", tcp=True, ecs="192.0.2.0/24")
        before = look(world)
        world.takeover()
        after = look(world)
        for key, value in before.counters().items():
            if not key[0].startswith("process_"):
                assert after.samples[key] >= value, (number, key)
        assert after.get("answers_total", zone="clamav.net", pool="db.*") == 12 * number
        assert after.get("decisions_total", zone="clamav.net", level="world") == 6 * number
        assert sum(after.all("member_answers_total").values()) == 12 * number
        assert after.get("ecs_queries_total") == 6 * number


def test_who_leaves_is_not_counted_any_more(make_world):
    world = watched(make_world, zone_options="\tmax-shrink = 100\n").start()
    for _ in range(30):
        world.ask("db.de")
    labels = {"zone": "clamav.net", "address": "198.18.1.1"}
    assert look(world).get("member_answers_total", **labels) == 10
    world.export(MIRRORS[1:])
    eventually(lambda: look(world).get("member_answers_total", **labels) is None, "gone")
    assert look(world).get("member_answers_total", zone="clamav.net", address="198.18.1.2") == 10
    assert look(world).get("answers_total", zone="clamav.net", pool="db.*") == 30
    world.export(MIRRORS)
    eventually(lambda: look(world).get("member_answers_total", **labels) == 0, "back, from 0")


def test_reload_results(make_world):
    world = watched(make_world).start()
    config = world.path("mirrorns.conf").read_text()
    for result, change in (("ok", lambda: None),
                           ("partly", lambda: world.write("mirrors.json", "{")),
                           ("failed", lambda: world.write("mirrorns.conf", config + "nonsense = 1\n"))):
        change()
        world.kill(signal.SIGHUP)
        eventually(lambda: (look(world).get("reloads_total", result=result) or 0) >= 1, result)


def test_many_members(make_world):
    """The page is bounded: 5000 addresses of a zone, all others as one."""
    world = watched(make_world, mirrors=many_mirrors(5100)).start()
    for _ in range(51):
        world.ask("db.us")
    page = look(world)
    members = page.all("member_answers_total")
    assert len(members) == 5001 and sum(members.values()) == 51
    assert members[("other",)] == 51 - sum(v for k, v in members.items() if k != ("other",))
    assert len(page.all("member_weight")) == 5000


# --- health --------------------------------------------------------------------------------------


def test_health(make_world):
    world = watched(make_world).start()
    assert health(world) == (200, {"healthy": True, "serving": True, "reasons": []})
    world.replace("mirrors.json", '{"format": "mirror-export/1",\n"mirrors": 5}')
    eventually(lambda: health(world)[0] == 503, "a refused export seen")
    status, found = health(world)
    assert found["serving"] and len(found["reasons"]) == 1
    for fragment in ("clamav.net", "refused", "mirrors.json:2"):
        assert fragment in found["reasons"][0], found
    page = look(world)
    assert page.get("export_refused_total", zone="clamav.net") == 1
    assert page.get("export_good", zone="clamav.net") == 0
    assert addresses(world.ask("db.de"))
    world.export(MIRRORS)
    eventually(lambda: health(world)[0] == 200, "a good export seen")
    page = look(world)
    assert page.get("export_refused_total", zone="clamav.net") == 1
    assert page.get("export_good", zone="clamav.net") == 1
    os.rename(world.path("mirrors.json"), world.path("away.json"))
    eventually(lambda: health(world)[0] == 503, "a missing export seen")
    assert "mirrors.json" in health(world)[1]["reasons"][0]


def test_health_of_strings(make_world):
    world = watched(make_world).start()
    world.replace("dns.txt", version_string(age=3 * 3600) + "\n")
    eventually(lambda: health(world)[0] == 503, "a stale string seen")
    reason = health(world)[1]["reasons"][0]
    assert "current.cvd" in reason and "max-age is 7200 s" in reason
    age = look(world).get("txt_age_seconds", zone="clamav.net", name="current.cvd")
    assert 3 * 3600 <= age < 3 * 3600 + 60
    world.replace("dns.txt", version_string() + "\n")
    eventually(lambda: health(world)[0] == 200, "a fresh string seen")


def test_health_without_any_string(make_world):
    world = watched(make_world)
    world.write("dns.txt", "\n")
    world.start()
    status, found = health(world)
    assert status == 503 and found["serving"]
    assert "current.cvd" in found["reasons"][0] and "no string" in found["reasons"][0]
    assert look(world).get("txt_age_seconds", zone="clamav.net", name="current.cvd") is None


def test_export_refused_at_the_start(make_world):
    world = watched(make_world).start()
    world.wait_kept("198.18.1.1")
    world.stop()
    world.write("mirrors.json", "[]")
    world.start()
    assert health(world)[0] == 503
    assert look(world).get("export_refused_total", zone="clamav.net") == 1


# --- HTTP ----------------------------------------------------------------------------------------


def test_methods_and_paths(make_world):
    world = watched(make_world).start()
    for path in ("/", "/metrics/", "/metrics2", "/health/x", "/../etc/passwd", "/%2e%2e"):
        assert fetch(world, path)[0] == 404, path
    assert fetch(world, "/metrics?x=1")[0] == 200
    status, text, headers = fetch(world, method="HEAD")
    assert status == 200 and text == "" and int(headers["Content-Length"]) > 1000
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "NONSENSE"):
        status, _, headers = fetch(world, method=method)
        assert status == 405 and headers["Allow"] == "GET, HEAD", method


def test_hostile_clients(make_world):
    """Garbage, endless headers and bodies, connections that say nothing: DNS goes on, and so does the page."""
    world = watched(make_world).start()
    target = ("127.0.0.1", world.metrics)
    bodies = [b"\0" * 5000, b"GET " + b"/" * 100_000 + b" HTTP/1.1\r\n\r\n", b"\r\n" * 5000,
              b"GET /metrics HTTP/1.1\r\n" + b"X: y\r\n" * 20_000 + b"\r\n",
              b"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n" + b"x" * 9999,
              b"GET /metrics HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n"]
    resident = look(world).get("process_resident_memory_bytes")
    for _ in range(20):
        for body in bodies:
            with socket.create_connection(target, timeout=DEADLINE) as connection:
                try:
                    connection.sendall(body)
                except OSError:  # it has heard enough
                    pass
    held = [socket.create_connection(target, timeout=DEADLINE) for _ in range(40)]
    for connection in held[::2]:
        with contextlib.suppress(ConnectionError):  # more than one address may have
            connection.sendall(b"GET /met")
    assert addresses(world.ask("db.de"))
    for connection in held:
        connection.close()

    def is_back():
        with contextlib.suppress(ConnectionError):  # until it has noticed that those are gone
            return fetch(world)[0] == 200

    eventually(is_back, "the page again")
    assert look(world).get("process_resident_memory_bytes") < resident + 20e6


def test_a_reader_that_stalls_holds_up_nobody(make_world):
    world = watched(make_world, mirrors=many_mirrors(5000), zone_options="\tmax-shrink = 100\n").start()
    with socket.create_connection(("127.0.0.1", world.metrics)) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 5)
        assert connection.recv(10)
        world.export(many_mirrors(4000), serial=5)
        eventually(lambda: look(world).get("export_serial", zone="clamav.net") == 5, "served")
        assert addresses(world.ask("db.us"))


def drip(world, count):
    """So many requests that never end; at most half of the page's connections are for one address."""
    held = []
    for number in range(count):
        held.append(socket.create_connection(("127.0.0.1", world.metrics), timeout=DEADLINE,
                                             source_address=(f"127.0.0.{2 + number % 4}", 0)))
        held[-1].sendall(b"GET /metrics HTTP/1.1\r\nX: ")
    return held


def test_nobody_holds_the_page(make_world):
    """All of its connections drip: whoever waits gets the page when their 10 s are over, and a slow reader its own."""
    world = watched(make_world, mirrors=many_mirrors(5000)).start()
    with socket.socket() as reader:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reader.settimeout(DEADLINE)
        reader.connect(("127.0.0.1", world.metrics))
        reader.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        pieces = [reader.recv(4096)]
        begin, left = time.monotonic(), drip(world, 16)
        waiting = socket.create_connection(("127.0.0.1", world.metrics), timeout=DEADLINE)
        waiting.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        while time.monotonic() - begin < 8:
            assert not select.select([*left, waiting], [], [], 0.3)[0], "these have their 10 s"
            for connection in left:
                connection.sendall(b"x")
            pieces.append(reader.recv(4096))
        while piece := reader.recv(65536):
            pieces.append(piece)
    head, _, page = b"".join(pieces).partition(b"\r\n\r\n")
    assert b"\r\nConnection: close" in head and f"Content-Length: {len(page)}".encode() in head
    with waiting:
        assert waiting.recv(65536).startswith(b"HTTP/1.1 200 ")
        assert time.monotonic() - begin < 12
    while left:
        ended, _, _ = select.select(left, [], [], 0.3)
        for connection in left:
            if connection in ended:
                assert connection.recv(65536) == b""
                connection.close()
            else:
                connection.sendall(b"x")
        left = [connection for connection in left if connection not in ended]
        assert time.monotonic() - begin < 13
    assert fetch(world, "/health")[0] == 200


# --- where it listens ----------------------------------------------------------------------------


def test_off(make_world):
    world = make_world(mirrors=MIRRORS).start()
    listening = subprocess.run(["ss", "-Hltnp"], capture_output=True, text=True, check=True).stdout
    own = [line for line in listening.splitlines() if f"pid={world.process.pid}," in line]
    assert own and all(f":{world.port} " in line for line in own)


def test_a_place_that_is_taken(make_world):
    world = watched(make_world)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", world.metrics))
        taken.listen()
        done = world.run()
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert f"metrics: cannot bind 127.0.0.1:{world.metrics} (TCP)" in last and "another program" in last


def test_the_usual_place_is_taken(make_world, make_namespace):
    """Then it is only a warning: nobody asked for metrics."""
    namespace = make_namespace()
    world = make_world(namespace=namespace)
    del world.options["metrics"]
    world.fill(mirrors=MIRRORS)

    def occupy():
        taken = socket.socket()
        taken.bind(("127.0.0.1", 9353))
        taken.listen()
        return taken

    with namespace.call(occupy):
        world.start()
        world.wait_log("metrics", "127.0.0.1:9353", "another program", count=1)
        assert addresses(world.ask("db.de"))
        world.stop()


def test_the_usual_place(make_world, make_namespace):
    namespace = make_namespace()
    world = make_world(namespace=namespace)
    del world.options["metrics"]
    world.fill(mirrors=MIRRORS).start()

    def read():
        with socket.create_connection(("127.0.0.1", 9353), timeout=DEADLINE) as connection:
            connection.sendall(b"GET /health HTTP/1.0\r\n\r\n")
            return connection.recv(65536)

    assert b" 200 " in namespace.call(read).splitlines()[0]


def test_another_place_needs_a_restart(make_world):
    world = watched(make_world).start()
    world.options["metrics"] = f"127.0.0.1:{world.free_port()}"
    world.configure()
    world.kill(signal.SIGHUP)
    world.wait_log("metrics", "need a restart")
    assert look(world).get("reloads_total", result="ok") is not None


# --- rules, dashboard, Prometheus ----------------------------------------------------------------

NAME = re.compile(r"\b((?:mirrorns|process)_[a-z_]+)\b")


def test_rules():
    done = promtool("check", "rules", str(MONITORING / "mirrorns.rules.yml"))
    assert done.returncode == 0, done.stdout + done.stderr
    done = promtool("test", "rules", str(MONITORING / "mirrorns.rules.test.yml"))
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_is_tested_and_explained():
    rules = (MONITORING / "mirrorns.rules.yml").read_text()
    alerts = re.findall(r"- alert: (\w+)", rules)
    tests = (MONITORING / "mirrorns.rules.test.yml").read_text()
    manual = (MONITORING / "README.md").read_text()
    for alert in alerts:
        assert re.search(rf"alertname: {alert}\n\s+exp_alerts:\n\s+- exp_labels", tests), alert
        assert re.search(rf"^\| .*\b{alert}\b", manual, re.M), alert
    assert set(re.findall(r"\bMirrorns\w+", manual)) == set(alerts)


def test_names_that_are_watched_are_there():
    known = set(documented())
    for name in ("mirrorns.rules.yml", "mirrorns.rules.test.yml", "mirrorns.grafana.json"):
        found = set(NAME.findall((MONITORING / name).read_text()))
        assert found and found <= known, (name, found - known)


def test_dashboard():
    board = json.loads((MONITORING / "mirrorns.grafana.json").read_text())
    variables = {one["name"]: one for one in board["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource"
    ids = [panel["id"] for panel in board["panels"]]
    assert len(set(ids)) == len(ids)
    records = re.findall(r"- record: (\S+)", (MONITORING / "mirrorns.rules.yml").read_text())
    for panel in board["panels"]:
        where = panel["gridPos"]
        assert where["x"] + where["w"] <= 24
        if panel["type"] == "row":
            continue
        assert panel["datasource"]["uid"] == "${datasource}" and panel["targets"], panel["title"]
        for target in panel["targets"]:
            used = re.findall(r"\$(\w+)", target["expr"])
            assert set(used) <= {*variables, "__rate_interval"}, target
            for record in re.findall(r"mirrorns:[\w:]+", target["expr"]):
                assert record in records, record


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def api(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE)
    try:
        connection.request("GET", path)
        reply = connection.getresponse()
        return json.loads(reply.read()) if reply.status == 200 else None
    except OSError:
        return None
    finally:
        connection.close()


def query(port, expression):
    found = api(port, "/api/v1/query?query=" + expression)
    return found and found["data"]["result"]


def prometheus(root, port, world):
    """A Prometheus of our own; all is done every second, by the shipped rules."""
    rules = (MONITORING / "mirrorns.rules.yml").read_text()
    (root / "rules.yml").write_text(rules.replace("interval: 1m", "interval: 1s"))
    (root / "prometheus.yml").write_text(f"""\
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [rules.yml]
scrape_configs:
  - job_name: mirrorns
    static_configs: [{{targets: ["127.0.0.1:{world.metrics}"]}}]
""")
    done = promtool("check", "config", str(root / "prometheus.yml"))
    assert done.returncode == 0, done.stdout + done.stderr
    log = open(root / "prometheus.log", "wb")
    return subprocess.Popen(
        [required("prometheus"), f"--config.file={root}/prometheus.yml",
         f"--storage.tsdb.path={root}/data", f"--web.listen-address=127.0.0.1:{port}"],
        stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=die_with_parent)


def test_a_real_prometheus(make_world, tmp_path):
    required("prometheus")
    world = watched(make_world).start()
    port = free_port()
    process = prometheus(tmp_path, port, world)
    try:
        def log():
            return (tmp_path / "prometheus.log").read_text()[-2000:]

        eventually(lambda: query(port, "up"), log, timeout=60)
        eventually(lambda: query(port, 'up{job="mirrorns"}')[0]["value"][1] == "1", log)
        for _ in range(9):
            world.ask("db.de")
        eventually(lambda: [one["value"][1] for one in query(
            port, "sum(mirrorns_member_answers_total)")] == ["9"], "nine answers scraped")
        groups = api(port, "/api/v1/rules")["data"]["groups"]
        alerts = [rule for group in groups for rule in group["rules"] if rule["type"] == "alerting"]
        assert {"MirrornsTxtStale", "MirrornsExportRefused", "MirrornsDrops"} <= {
            rule["name"] for rule in alerts}
        eventually(lambda: all(
            rule["health"] == "ok" for group in api(port, "/api/v1/rules")["data"]["groups"]
            for rule in group["rules"]), "all rules evaluated")
        world.replace("mirrors.json", "{")
        eventually(lambda: "pending" in [
            one["state"] for one in api(port, "/api/v1/alerts")["data"]["alerts"]
            if one["labels"]["alertname"] == "MirrornsExportRefused"], "a pending alert")
    finally:
        process.terminate()
        process.wait(DEADLINE)
