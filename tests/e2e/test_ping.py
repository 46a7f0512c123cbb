"""Statistics names: what they are answered, and what clients tell by them."""

import pathlib
import signal
import subprocess

import dns.rcode
import pytest

import packet
from packet import addresses
from test_metrics import look
from world import DEADLINE, POOLS, ZONE, eventually, mirror, mirrors_of

MIRRORS = mirrors_of("DE", 3, "198.18.1") + [mirror("six.fr.example", "FR", "2001:db8::1:6")]
PING = '\tping "ping" { address = "192.0.2.5" }\n'
ZONE_TEXT = ZONE + "*\tA\t192.0.2.99\nalias\tCNAME\tmain.63.90.0.0.198.18.1.3.ping\n"


@pytest.fixture
def world(make_world):
    def begin(**files):
        made = make_world()
        made.metrics = made.free_port()
        files = {"mirrors": MIRRORS, "pools": POOLS + PING, "zone": ZONE_TEXT, **files}
        return made.fill(metrics=f"127.0.0.1:{made.metrics}", control=str(made.control_path),
                         **files).start()
    return begin


def name(mirror_text="198.18.1.1", ok=1, database="daily", version=28034, flevel=90, win=0):
    return f"{database}.{version}.{flevel}.{ok}.{win}.{mirror_text}.ping"


def pings(made, pattern=None):
    reply = made.control("pings", **({"pattern": pattern} if pattern else {}))
    assert reply["exit"] == 0, reply
    found, = reply["result"]["zones"]
    assert found["zone"] == "clamav.net" and found["names"] == ["ping"]
    return found


def told(made):
    """{(address, result): pings}"""
    return look(made).all("pings_total")


# --- answers ----------------------------------------------------------------------------------


@pytest.mark.parametrize("asked", [
    name(), name("C6120101"), name("c6120102", ok=0), name("20010DB8000000000000000000010006"),
    name("8.8.8.8", database="BYTECODE"), name().upper(), "alias"])
def test_good(world, asked):
    made = world()
    for how in ({}, {"tcp": True}, {"ecs": "198.51.100.0/24"}):
        reply = made.ask(asked, **how)
        assert addresses(reply) == ["192.0.2.5"] and reply.answer[-1].ttl == 0
        assert reply.rcode() == dns.rcode.NOERROR and not reply.authority
        if "ecs" in how:
            assert packet.scope(reply) == 0
    if asked == "alias":
        return
    assert addresses(made.ask(asked, "ANY")) == ["192.0.2.5"]
    for kind in ("AAAA", "TXT", "NS", "SOA", "DS"):
        reply = made.ask(asked, kind)
        assert reply.rcode() == dns.rcode.NOERROR and not reply.answer and reply.authority


@pytest.mark.parametrize("asked, rcode", [
    ("ping", "NOERROR"), ("1.ping", "NOERROR"), ("2.3.4.ping", "NOERROR"),
    ("0.1.2.3.4.ping", "NOERROR"), ("28034.90.1.0.1.2.3.4.ping", "NOERROR"),
    ("C6120101.ping", "NOERROR"), ("90.1.0.C6120101.ping", "NOERROR"),
    ("nothing.ping", "NXDOMAIN"), ("256.ping", "NXDOMAIN"), ("2.1.2.3.4.ping", "NXDOMAIN"),
    ("x.main.1.1.1.0.C6120101.ping", "NXDOMAIN"), ("m-n.1.1.1.0.C6120101.ping", "NXDOMAIN"),
    ("1000.1.0.1.2.3.4.ping", "NXDOMAIN"), ("_explain.ping", "REFUSED")])
def test_others(world, asked, rcode):
    """No wildcard answers in their stead; the ends of good names are there (RFC 8020)."""
    made = world(explain_to=["192.0.2.0/24"])
    reply = made.ask(asked)
    assert dns.rcode.to_text(reply.rcode()) == rcode
    assert not reply.answer and len(reply.authority) == (rcode != "REFUSED")
    assert addresses(made.ask("pong")) == ["192.0.2.99"]
    malformed = int(rcode == "NXDOMAIN")
    assert pings(made)["pings"] == {"ok": 0, "failed": 0, "malformed": malformed, "unknown": 0}
    assert look(made).get("pings_malformed_total", zone="clamav.net") == malformed


def test_two_and_ttl(world):
    made = world(pools=POOLS + '\tping "a" { address = "192.0.2.7"  ttl = "1m" }\n'
                 '\tping "stat.b" { address = "192.0.2.8" }\n')
    for suffix, address, ttl in (("a", "192.0.2.7", 60), ("stat.b", "192.0.2.8", 0)):
        reply = made.ask(name().replace("ping", suffix))
        assert addresses(reply) == [address] and reply.answer[0].ttl == ttl
    assert told(made)[("198.18.1.1", "ok")] == 2


# --- counts -----------------------------------------------------------------------------------


def test_counts(world):
    made = world(workers=2)
    for _ in range(7):
        made.ask(name())
    made.ask(name("C6120101", ok=0), tcp=True)
    made.ask(name("20010db8000000000000000000010006", ok=0, database="main", version=63, flevel=76))
    made.ask(name("8.8.8.8", version=28033))
    made.ask(name("20010db800000000000000000000ffff", ok=0))
    made.ask(name(), "AAAA")  # not counted
    made.ask("1.2.3.4.ping")
    found = pings(made)
    assert found["pings"] == {"ok": 8, "failed": 3, "malformed": 0, "unknown": 2}
    assert [(row["address"], row["host"], row["ok"], row["failed"], row["share_failed"])
            for row in found["mirrors"]] == [
        ("198.18.1.1", "m1.de.example", 7, 1, 0.125),
        ("2001:db8::1:6", "six.fr.example", 0, 1, 1.0),
        ("2001:db8::ffff", "", 0, 1, 1.0), ("8.8.8.8", "", 1, 0, 0.0)]
    assert {(row["db"], row["version"], row["count"], row["error"]) for row in found["versions"]} == {
        ("daily", 28034, 9, 0), ("main", 63, 1, 0), ("daily", 28033, 1, 0)}
    assert found["flevels"] == [{"flevel": 90, "count": 10}, {"flevel": 76, "count": 1}]
    assert told(made) == {
        ("198.18.1.1", "ok"): 7, ("198.18.1.1", "failed"): 1, ("2001:db8::1:6", "ok"): 0,
        ("2001:db8::1:6", "failed"): 1, ("other", "ok"): 1, ("other", "failed"): 1}


def test_patterns(world):
    made = world()
    for text in ("198.18.1.1", "198.18.1.2", "8.8.8.8"):
        made.ask(name(text))
    for pattern, expected in (("m?.DE.*", ["198.18.1.1", "198.18.1.2"]), ("8.8.8.8", ["8.8.8.8"]),
                              ("198.18.0.0/16", ["198.18.1.1", "198.18.1.2"])):
        assert [row["address"] for row in pings(made, pattern)["mirrors"]] == expected
    for pattern, word in (("m9.*", "m9.*"), ("198.18.1.3", "198.18.1.3"), ("1.2.3.4/8", "1.2.3.4/8")):
        reply = made.control("pings", pattern=pattern)
        assert reply["exit"] == 1 and word in reply["why"] and "result" not in reply


def test_explain_tells_nothing(world):
    made = world()
    reply = made.control("explain", name=name(), address="198.51.100.1")
    assert reply["result"]["answer"] == {"A": ["192.0.2.5"], "AAAA": []}
    assert pings(made)["pings"]["ok"] == 0


def test_no_ping_names(world):
    made = world(pools=POOLS)
    assert made.control("pings") == {"exit": 0, "result": {"zones": []}}
    assert not told(made) and look(made).types["mirrorns_pings_total"] == "counter"
    assert addresses(made.ask(name())) == ["192.0.2.99"], "the wildcard has it"


def test_without_export(world):
    made = world(mirrors=None, zone_options=PING)
    assert addresses(made.ask(name())) == ["192.0.2.5"]
    assert told(made) == {("other", "ok"): 1, ("other", "failed"): 0}


def test_reloads(world):
    """What was told goes on over reloads and exports; who is listed no more is one of the others from then on."""
    made = world()
    for ok in (1, 1, 0):
        made.ask(name(ok=ok))
        made.ask(name("198.18.1.2", ok=ok))
        made.ask("nothing.ping")
    assert made.control("reload")["exit"] == 0
    made.ask(name())
    made.export(MIRRORS[1:] + mirrors_of("PL", 1, "198.18.7"))
    eventually(lambda: made.serves("198.18.7.1", "db.pl"), "the new export")
    eventually(lambda: ("198.18.1.1", "ok") not in told(made), "its series is gone")
    made.ask(name())
    made.ask(name("198.18.7.1"))
    found = told(made)
    assert found[("198.18.1.2", "ok")] == 2 and found[("198.18.1.2", "failed")] == 1
    assert found[("198.18.7.1", "ok")] == 1 and found[("other", "ok")] >= 1
    assert look(made).get("pings_malformed_total", zone="clamav.net") == 3
    versions = pings(made)["versions"]
    assert [(row["db"], row["count"]) for row in versions] == [("daily", 9)]
    made.kill(signal.SIGHUP)
    made.wait_log("reload complete")
    assert told(made) == found


def test_takeover(world):
    """Counters never go back, whoever serves."""
    made = world()
    for ok in (1, 0, 0):
        made.ask(name(ok=ok))
        made.ask(name("8.8.8.8", ok=ok))
        made.ask("nothing.ping")
    before = look(made).counters()
    made.takeover()
    after = look(made).counters()
    assert all(after[key] >= value for key, value in before.items() if "pings" in key[0])
    made.ask(name())
    assert told(made) == {("198.18.1.1", "ok"): 2, ("198.18.1.1", "failed"): 2,
                          ("other", "ok"): 1, ("other", "failed"): 2}
    assert pings(made)["pings"] == {"ok": 3, "failed": 4, "malformed": 3, "unknown": 3}


def test_flood(world):
    """Thousands of invented mirrors and versions: neither listed mirrors nor the page of metrics suffer."""
    made = world()
    frequent = 0
    for number in range(4000):
        made.ask(name(f"{number + 0x10000000:08x}", ok=0, version=number, flevel=number % 1000))
        if number % 20 == 0:
            made.ask(name(ok=int(number % 40 == 0)))
            frequent += 1
    found = pings(made)
    assert found["pings"] == {"ok": 100, "failed": 4100, "malformed": 0, "unknown": 4000}
    first = found["mirrors"][0]
    assert (first["address"], first["ok"], first["failed"]) == ("198.18.1.1", 100, 100)
    assert len(found["mirrors"]) <= 65 and len(found["flevels"]) == len(found["versions"]) == 64
    usual = found["versions"][0]
    assert usual["version"] == 28034 and usual["count"] <= frequent <= usual["count"] + usual["error"]
    assert len(told(made)) == 4


def test_screen(world):
    made = world()
    made.ask(name(ok=0))
    program = pathlib.Path(made.program).with_name("mirrornsctl")
    done = subprocess.run([program, "-s", made.control_path, "pings"], capture_output=True, text=True,
                          check=False, timeout=DEADLINE)
    assert done.returncode == 0 and not done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["198.18.1.1", "m1.de.example", "0", "1", "100.0", "%"] in lines
    assert ["daily", "28034", "1"] in lines and ["90", "1"] in lines


# --- conflicts with the zone file ---------------------------------------------------------------


@pytest.mark.parametrize("line, fragment", [
    ("ping A 192.0.2.1", "ping.clamav.net."), ("ping TXT x", "ping.clamav.net."),
    ("*.ping A 192.0.2.1", "*.ping.clamav.net."), ("a.b.ping TXT x", "a.b.ping.clamav.net."),
    ("ping CNAME www", "ping.clamav.net."), ("ping DNAME www", "ping.clamav.net."),
    ("ping NS ns.example.org.", "delegation")])
def test_conflicts(make_world, line, fragment):
    made = make_world()
    made.fill(mirrors=MIRRORS, pools=POOLS + PING)
    assert made.check().returncode == 0
    made.write("clamav.net.zone", ZONE + line + "\n")
    done = made.check()
    said = done.stderr.strip().splitlines()[-1]
    number = made.path("mirrorns.conf").read_text().splitlines().index(PING.strip("\n")) + 1
    assert done.returncode == 2
    assert f"mirrorns.conf:{number}: ping \"ping\" in zone clamav.net: " in said and fragment in said


@pytest.mark.parametrize("line", ["sub NS ns.example.org.", "sub DNAME www"])
def test_conflicts_above(make_world, line):
    made = make_world()
    made.fill(mirrors=MIRRORS, pools=POOLS + PING.replace('"ping"', '"a.sub"'), zone=ZONE + line + "\n")
    done = made.check()
    assert done.returncode == 2 and 'ping "a.sub" in zone clamav.net: the zone file' in done.stderr
