"""What mirrornsctl says without a server, beside what a running server does."""

import concurrent.futures
import ipaddress
import json
import socket
import struct

import control
import packet
from world import mirror

POOLS = """\
	pool "db.local"  { from = "client" }
	pool "db.*"      { from = "label" }
	pool "db.*.big"  { from = "label"  answers = 0  min-members = 5 }
	pool "db.*.ipv6" { from = "label"  families = {"ipv6"}  fallback = {} }
	pool "top.local" { from = "client"  min-members = 6  answers = 5 }
	pool "together.local" { from = "client"  family-fallback = "together"  min-members = 2 }
	pool "near.local" { from = "client"  fallback = {"country:FR"}  fail = "closed" }
	pool "open.local" { from = "client"  fallback = {"country:MX"} }
	pool "source.local" { from = "client"  ecs = false }
	pool "db.other"  { from = "world" }
	pool "db.europe" { from = "continent:EU"  min-members = 12 }
"""

MIRRORS = [
    mirror("a.de", "DE", "192.0.2.1", "2001:db8::1", weight=300),
    mirror("b.de", "DE", "192.0.2.2", "2001:db8::2"),
    mirror("c.de", "DE", "192.0.2.3", state="old", reason="a day behind"),
    mirror("d.de", "DE", "192.0.2.4", "2001:db8::4", state="removed",
           since="2026-11-19T00:00:00Z", reason="HTTP 503"),
    mirror("e.de", "DE", "192.0.2.5", state="disabled", reason="by hand"),
    mirror("a.fr", "FR", "192.0.2.11"),
    mirror("a.us", "US", "192.0.2.21", "192.0.2.22", "192.0.2.23", "2001:db8::21"),
    mirror("b.us", "US", "192.0.2.24", weight=10),
    mirror("a.ca", "CA", "2001:db8::31"),
    mirror("a.mx", "MX", "192.0.2.41", state="removed"),
    mirror("a.jp", "JP", "192.0.2.51", "2001:db8::51"),
    mirror("b.jp", "JP", "192.0.2.52", state="removed"),
    mirror("a.br", "BR", "192.0.2.61", state="disabled"),
]

TYPES = {"A": 1, "AAAA": 28}


def codes(program, world):
    """Every country that there is, as the census knows it."""
    done = control.run(program, "--config", world.path("mirrorns.conf"), "pools", "db.local",
                       "--json")
    return [row["country"] for row in json.loads(done.stdout)["pools"] if row["country"]]


def networks_of(countries):
    """A network of each family for each country, and their neighbours for somebody else."""
    return [pair for i, code in enumerate(countries)
            for pair in ((f"20.{i}.0.0/17", code), (f"2a00:{i:x}::/33", code))]


class Asker:
    """Many questions on one TCP connection, and only what is compared of the replies."""

    def __init__(self, world):
        self.stream = world.tcp()

    def ask(self, name, kind, ecs, count):
        """All addresses of `count` answers, and the scopes."""
        octets = packet.query(packet.question(name, kind), packet.opt(packet.subnet(ecs)))
        self.stream.send(packet.frame(octets) * count)
        seen, scopes = set(), set()
        for _ in range(count):
            reply = self.stream.receive()
            found, scope = self.read(reply, len(packet.question(name, kind)), TYPES[kind])
            seen |= found
            scopes.add(scope)
        return seen, scopes

    @staticmethod
    def read(reply, question_size, number):
        """Records whose owner is a pointer, as this server writes them; OPT is the last one."""
        at, found = 12 + question_size, set()
        answers, authority = struct.unpack("!HH", reply[6:10])
        for _ in range(answers):
            kind, _, _, size = struct.unpack("!HHIH", reply[at + 2:at + 12])
            rdata = reply[at + 12:at + 12 + size]
            if kind == number:
                found.add(socket.inet_ntop(
                    socket.AF_INET if kind == 1 else socket.AF_INET6, rdata))
            at += 12 + size
        ecs = reply.rindex(b"\0\x08\0") if authority else reply.index(b"\0\x08\0", at)
        return found, reply[ecs + 7]


def explain(program, world, name, address):
    done = control.run(program, "--config", world.path("mirrorns.conf"), "explain", name, address,
                       "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def candidates_of(said, kind):
    version = 4 if kind == "A" else 6
    texts = [one["address"] for one in said["candidates"]]
    assert len(texts) == len(set(texts))
    return {text for text in texts if ipaddress.ip_address(text).version == version}


def questions_of(countries, step):
    """(name, client subnet) for every pool and country."""
    for i in range(0, len(countries), step):
        subnets = [f"20.{i}.5.0/24", f"2a00:{i:x}::/56"]
        label = countries[i].lower()
        for pool in ("db.local", "top.local", "together.local", "near.local", "open.local",
                     "source.local"):
            yield pool, subnets[i % 2]
        for pool in (f"db.{label}", f"db.{label}.big", f"db.{label}.ipv6"):
            yield pool, subnets[i % 2]
        for pool in ("db.other", "db.europe"):
            yield pool, subnets[0]


def compare(asker, name, subnet, said):
    """Sentences on what differs; empty: nothing does."""
    wrong = []
    for kind in TYPES:
        expected = candidates_of(said, kind)
        # A turn of everybody, in answers of at least five.
        seen, scopes = asker.ask(name, kind, subnet, max(2 * len(expected), 3))
        if said["pool"] == "source.local":  # the question's source is not what was explained
            assert scopes == {0} and said["scope"] == 0
            continue
        if seen != expected:
            wrong.append(f"{name} {kind} {subnet}: seen {seen}, said {expected}")
        if scopes != {said["scope"]}:
            wrong.append(f"{name} {kind} {subnet}: scopes {scopes}, said {said['scope']}")
        if not set(said["answer"][kind]) <= expected or bool(said["answer"][kind]) != bool(expected):
            wrong.append(f"{name} {kind} {subnet}: its own answer {said['answer'][kind]}")
    return wrong


def test_every_pool_and_country(program, make_world, is_sanitizer):
    """Candidates are who is seen in enough answers, the scope is the reply's."""
    world = make_world(mirrors=MIRRORS, pools=POOLS, networks=[("20.0.0.0/17", "DE")])
    countries = codes(program, world)
    assert len(countries) == 250
    world.fill(mirrors=MIRRORS, pools=POOLS, networks=networks_of(countries),
               overrides="20.0.5.0/25,US\n20.0.6.0/24,FR\n", tcp_connections=10)
    world.start()
    asker = Asker(world)
    questions = list(questions_of(countries, 11 if is_sanitizer else 1))
    count, wrong = 0, []
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for (name, subnet), said in zip(questions, pool.map(
                lambda asked: explain(program, world, *asked), questions)):
            wrong += compare(asker, name, subnet, said)
            count += 2
    asker.stream.close()
    print(f"explain beside real answers: {count} comparisons, {len(wrong)} mismatches")
    assert not wrong, "\n".join(wrong[:20])
    assert count >= (400 if is_sanitizer else 5500)


def test_source_as_subnet(program, make_world):
    """An address alone is explained as the same address in a client subnet of its own."""
    world = make_world(mirrors=MIRRORS, pools=POOLS, networks=[
        ("20.1.0.0/16", "DE"), ("2a00::/32", "US"), ("20.2.0.0/16", "MC")])
    for address in ("20.1.5.5", "20.2.0.1", "8.8.8.8", "2a00::5", "2a01::1"):
        for name in ("db.local", "top.local", "db.fr", "database"):
            alone = explain(program, world, name, address)
            subnet = explain(program, world, name,
                             f"{address}/{128 if ':' in address else 32}")
            assert alone["from"] == "source" and subnet["from"] == "ecs"
            for key in ("country", "network", "candidates", "left_out", "levels", "scope", "answer"):
                assert alone[key] == subnet[key], (name, address, key)


def test_shares(program, make_world):
    """The share of first places is what a period of answers has."""
    world = make_world(mirrors=MIRRORS, pools=POOLS, networks=[("20.1.0.0/16", "DE")])
    world.start()
    said = explain(program, world, "db.de", "20.1.0.0/24")
    firsts = world.firsts(500, "db.de")
    for one in said["candidates"]:
        if ":" not in one["address"]:
            assert firsts.count(one["address"]) == round(500 * one["share"])


def test_overrides(program, make_world):
    """The most specific one, with its line; what none covers is the database's."""
    world = make_world(mirrors=MIRRORS, pools=POOLS, networks=[("20.0.0.0/8", "DE")],
                       overrides="# corrections\n20.1.0.0/16,FR\n20.1.2.0/24,US\n"
                                 "2a00::/16,FR\n2a00:1::/32,US\n")
    for address, network, country, line in (
            ("20.1.2.0/25", "20.1.2.0/24", "US", 3), ("20.1.3.0/24", "20.1.0.0/16", "FR", 2),
            ("20.2.0.0/24", "20.2.0.0/15", "DE", None), ("2a00:1::/48", "2a00:1::/32", "US", 5),
            ("2a00:2::/48", "2a00::/16", "FR", 4), ("::ffff:20.1.2.3", "20.1.2.0/24", "US", 3)):
        said = explain(program, world, "db.local", address)
        assert (said["network"], said["country"]) == (network, country), address
        assert (said["override"], said.get("override_line")) == (line is not None, line), address
        assert said["database_build"] == 1700000000


def test_levels(program, make_world):
    """Own, top-up, and what was asked in vain; each candidate names its level."""
    world = make_world(mirrors=MIRRORS, pools=POOLS, networks=[("20.1.0.0/16", "DE")])
    said = explain(program, world, "top.local", "20.1.0.0/24")
    rows = {(row["level"], row["family"]): (row["served"], row["members"], row["use"],
                                            row["candidates"]) for row in said["levels"]}
    assert rows == {
        ("country:DE", "ipv4"): (3, 5, "own", 3), ("country:DE", "ipv6"): (2, 3, "own", 2),
        ("continent:EU", "ipv4"): (4, 6, "top-up", 1),
        ("continent:EU", "ipv6"): (2, 3, "nobody new", 0),
        ("world", "ipv4"): (9, 14, "top-up", 5), ("world", "ipv6"): (5, 6, "top-up", 3),
    }
    levels = [one["level"] for one in said["candidates"]]
    assert {level: levels.count(level) for level in levels} == {
        "country:DE": 5, "continent:EU": 1, "world": 8}
    assert sum(one["share"] for one in said["candidates"]) == 2.0
    assert all(one["top_up"] == (one["share"] == 0) for one in said["candidates"])
    assert said["fallback"] is True
    said = explain(program, world, "db.fr", "20.1.0.0/24")
    rows = {(row["level"], row["family"]): row["use"] for row in said["levels"]}
    assert rows["country:FR", "ipv4"] == "own" and rows["country:FR", "ipv6"] == "empty"
    assert rows["continent:EU", "ipv4"] == "not asked" and rows["continent:EU", "ipv6"] == "own"


def test_notes(program, make_world):
    pools = """\
	pool "four.local" { from = "client"  families = {"ipv4"} }
	pool "together.local" { from = "client"  family-fallback = "together" }
	pool "none.local" { from = "client"  fallback = {}  fail = "closed" }
	pool "label.*" { from = "label"  family-fallback = "together" }
"""
    world = make_world(mirrors=MIRRORS, pools=pools,
                       networks=[("20.1.0.0/16", "FR"), ("20.2.0.0/16", "CA")])
    for name, address, note in (
            ("four.local", "20.1.0.1", "AAAA is NODATA: families = ipv4 only"),
            ("together.local", "20.1.0.1", "AAAA is NODATA: family-fallback = together, and the "
                                           "level that decides has no ipv6"),
            ("together.local", "20.2.0.1", "A is NODATA: family-fallback = together, and the "
                                           "level that decides has no ipv4"),
            ("none.local", "20.1.0.1", "AAAA is NODATA: no level has an IPv6 member to serve"),
            ("none.local", "20.2.0.1", "A is NODATA: no level has an IPv4 member to serve"),
            ("label.fr", "20.2.0.1", "the name alone selects the place, not the client")):
        assert note in explain(program, world, name, address)["notes"], (name, address)


def test_left_out(program, make_world):
    world = make_world(mirrors=MIRRORS, pools=POOLS, networks=[("20.1.0.0/16", "DE")])
    said = explain(program, world, "db.de", "20.1.0.0/24")
    assert {one["address"]: one["why"] for one in said["left_out"]} == {
        "192.0.2.4": "removed since 2026-11-19T00:00:00Z: HTTP 503",
        "2001:db8::4": "removed since 2026-11-19T00:00:00Z: HTTP 503",
        "192.0.2.5": "disabled: by hand",
    }
    said = explain(program, world, "db.mx.ipv6", "20.1.0.0/24")
    assert said["candidates"] == [] and "A is NODATA: families = ipv6 only" in \
        said["notes"]
    said = explain(program, world, "open.local", "2a00::/32")
    assert said["country"] == "" and said["fallback"] is False
    # Nobody is in service where this one looks: the removed ones are served.
    world.fill(mirrors=[one for one in MIRRORS if one["state"] == "removed"], pools=POOLS,
               networks=[("20.1.0.0/16", "DE")])
    said = explain(program, world, "db.de", "20.1.0.0/24")
    assert {one["state"] for one in said["candidates"]} == {"removed"}
    assert any("(fail = open)" in note for note in said["notes"])
    assert said["left_out"] == []


# --- offline ------------------------------------------------------------------------------


def test_offline_screens(program, make_world):
    world = make_world(mirrors=MIRRORS, pools=POOLS, networks=[("20.1.0.0/16", "DE")])
    config = ["--config", world.path("mirrorns.conf")]
    done = control.run(program, *config, "explain", "db.local", "20.1.0.0/24")
    assert done.returncode == 0 and "Germany (DE), continent EU: 20.1.0.0/16 from the database of " \
        "2023-11-14" in done.stdout
    done = control.run(program, *config, "explain", "top.local", "20.1.0.0/24")
    assert "top-up" in done.stdout
    done = control.run(program, *config, "explain", "www.clamav.net.", "20.1.0.0/24")
    assert done.returncode == 0 and "192.0.2.80" in done.stdout
    done = control.run(program, *config, "explain", "db.zz", "20.1.0.0/24")
    assert (done.returncode, done.stdout) == (1, "")
    assert "db.zz does not exist in any configured zone: it gets NXDOMAIN or REFUSED" in done.stderr
    done = control.run(program, *config, "pools", "db.zz")
    assert done.returncode == 1 and 'no pool matches "db.zz"' in done.stderr
    done = control.run(program, *config, "pools", "db.d?")
    assert done.returncode == 0 and "db.de" in done.stdout
    # Nothing is written.
    assert list(world.path("state").iterdir()) == []


def test_offline_diff(program, make_world):
    world = make_world(mirrors=MIRRORS, pools=POOLS, networks=[("20.1.0.0/16", "DE")])
    config = ["--config", world.path("mirrorns.conf")]

    def diff(mirrors, **members):
        world.export(mirrors, name="new.json", **members)
        return control.run(program, *config, "diff", world.path("new.json"))

    done = diff(MIRRORS)
    assert done.returncode == 0 and "no mirror changes" in done.stdout
    done = diff([*MIRRORS, mirror("z.mc", "MC", "192.0.2.99")])
    assert done.returncode == 1 and "z.mc" in done.stdout
    assert "continent:EU -> country:MC" in done.stdout
    # France's last one goes: with it, together.local's IPv6 comes from the continent.
    without = [one for one in MIRRORS if one["host"] != "a.fr"]
    diff(without)
    done = control.run(program, *config, "diff", world.path("new.json"), "--json")
    rows = {(row["pool"], row["family"], row["before"], row["after"]): row["countries"]
            for row in json.loads(done.stdout)["levels"]}
    assert rows["together.local", "ipv4", "country:FR", "continent:EU"] == ["FR"]
    assert rows["together.local", "ipv6", "nobody", "continent:EU"] == ["FR"]
    assert "FR" in rows["near.local", "ipv4", "country:FR", "nobody"]
    assert rows["db.*", "ipv4", "country:FR", "continent:EU"] == ["FR"]
    done = diff(MIRRORS[:1])
    assert done.returncode == 2 and "it would be refused" in done.stdout
    assert "max-shrink = 50 %" in done.stderr
    world.write("new.json", "{}")
    done = control.run(program, *config, "diff", world.path("new.json"))
    assert (done.returncode, done.stdout) == (2, "") and "new.json" in done.stderr
    done = control.run(program, *config, "diff", world.path("gone.json"))
    assert (done.returncode, done.stdout) == (2, "") and "gone.json" in done.stderr
    done = control.run(program, "--config", world.path("gone.conf"), "pools")
    assert (done.returncode, done.stdout) == (2, "") and "gone.conf" in done.stderr
    world = make_world(txt=False)
    world.export(MIRRORS, name="new.json")
    done = control.run(program, "--config", world.path("mirrorns.conf"), "diff",
                       world.path("new.json"))
    assert done.returncode == 2
    assert "no zone has an export to compare with: set one with `export`" in done.stderr
    assert list(world.path("state").iterdir()) == []


def test_offline_diff_zones(program, make_world):
    """Of several zones the one whose export it is, else the one with most of its addresses."""
    other = [mirror(f"{i}.other", "DE", f"198.51.100.{i}") for i in range(1, 9)]
    zone = '\nzone "example.net" { file = "example.zone"  export = "other.json" }\n'
    world = make_world()
    world.write("example.zone", "@ 300 SOA a b 1 2 3 4 5\n@ 300 NS a.example.\n")
    world.export(other, name="other.json")
    world.fill(mirrors=MIRRORS, pools=POOLS, zones=zone)
    config = ["--config", world.path("mirrorns.conf")]
    for name, mirrors, expected, status in (
            ("new.json", other[1:], "example.net", 1), ("new.json", MIRRORS[1:], "clamav.net", 1),
            ("new.json", [*MIRRORS[:1], *other[:3]], "example.net", 1),
            ("other.json", other, "example.net", 0)):
        world.export(mirrors, name=name)
        done = control.run(program, *config, "diff", world.path(name))
        assert f"compared with what zone {expected} serves" in done.stdout
        assert done.returncode == status, done.stderr
    # The file itself, whatever is in it.
    done = control.run(program, *config, "diff", world.path("mirrors.json"))
    assert done.returncode == 0 and "compared with what zone clamav.net serves" in done.stdout


def test_offline_diff_of_a_shared_export(program, make_world):
    """Each zone that has the export is judged; the one that it is worst for comes first."""
    zones = "".join(f'''
zone "{name}" {{ file = "example.zone"  export = "mirrors.json"  max-shrink = {shrink}
    pool "near" {{ from = "country:FR" }} }}''' for name, shrink in (("two.example", 1), ("three.example", 90)))
    world = make_world()
    world.write("example.zone", "@ 300 SOA a b 1 2 3 4 5\n@ 300 NS a.example.\n")
    world.fill(mirrors=MIRRORS, pools=POOLS, zones=zones)
    config = ["--config", world.path("mirrorns.conf"), "--json"]

    def diff(name="new.json"):
        done = control.run(program, *config, "diff", world.path(name))
        found = json.loads(done.stdout)
        return done, [found, *found["others"]]

    done, found = diff("mirrors.json")
    assert [one["zone"] for one in found] == ["clamav.net", "two.example", "three.example"]
    assert done.returncode == 0 and {one["word"] for one in found} == {"same"}
    world.export([one for one in MIRRORS if one["host"] != "a.fr"], name="new.json")
    done, found = diff()
    assert done.returncode == 2 and "max-shrink = 1 %" in done.stderr
    assert [(one["zone"], one["word"], one["forced"]) for one in found] == [
        ("two.example", "refused", True), ("clamav.net", "changes", True),
        ("three.example", "changes", True)]
    assert {row["pool"] for row in found[2]["levels"]} == {"near"}
    # A clock that is wrong is no matter of force.
    world.export(MIRRORS, name="new.json", generated="2099-01-01T00:00:00Z")
    done, found = diff()
    assert done.returncode == 2 and "2099" in done.stderr
    assert {(one["word"], one["forced"]) for one in found} == {("refused", False)}


def test_offline_diff_is_bounded(program, make_world):
    pools = "".join(f'\tpool "p{i}" {{ from = "country:FR" }}\n' for i in range(1100))
    world = make_world(mirrors=MIRRORS, pools=pools)
    world.export([one for one in MIRRORS if one["country"] != "FR"], name="new.json")
    done = control.run(program, "--config", world.path("mirrorns.conf"), "--json", "diff",
                       world.path("new.json"))
    found = json.loads(done.stdout)
    assert done.returncode == 1 and len(found["levels"]) == 1000
    assert found["levels_more"] in (100, 1200), "one row for a family that France has"
