"""_explain.NAME over DNS: who gets what and why, in one TXT record."""

import dns.edns
import dns.rcode
import pytest

from packet import addresses, scope
from world import ZONE, mirrors_of

MIRRORS = [*mirrors_of("DE", 3, "198.18.1"), *mirrors_of("FR", 60, "198.18.2"), *mirrors_of("FR", 2, "2001:db8:2:")]
OVERRIDES = "192.0.2.0/24,DE\n198.51.100.0/24,FR\n2001:db8:f::/48,FR\n127.0.0.0/8,FR\n"


def explained(message):
    """[(key, value)] of the reply's only record."""
    (rrset,) = message.answer
    (record,) = rrset
    assert rrset.ttl == 0
    return [tuple(text.decode().split("=", 1)) for text in record.strings]


def one(message, key):
    (value,) = [value for name, value in explained(message) if name == key]
    return value


def candidates(message, family):
    """Addresses: IPv4 comes first (0), then IPv6 (1)."""
    return set([value for key, value in explained(message) if key == "candidates"][family].split())


def test_by_subnet_and_by_source(make_world):
    world = make_world(mirrors=MIRRORS, overrides=OVERRIDES).start()
    reply = world.ask("_explain.db.local", "TXT", ecs="192.0.2.0/24")
    assert one(reply, "client") == "192.0.2.0/24" and one(reply, "from") == "ecs"
    assert one(reply, "country") == "DE" and one(reply, "pool") == "db.local"
    assert candidates(reply, 0) == {f"198.18.1.{i}" for i in (1, 2, 3)}
    assert candidates(reply, 1) == {"2001:db8:2::1", "2001:db8:2::2"}, "the continent's"
    real = world.ask("db.local", ecs="192.0.2.0/24")
    assert set(addresses(real)) == candidates(reply, 0)
    assert one(reply, "scope") == str(scope(real))
    reply = world.ask("_explain.db.local", "TXT")
    assert one(reply, "client") == "127.0.0.1" and one(reply, "from") == "source"
    assert one(reply, "country") == "FR"


def test_no_turn_moves(make_world):
    world = make_world(mirrors=MIRRORS, overrides=OVERRIDES).start()
    first = [addresses(world.ask("db.de"))[0] for _ in range(3)]
    for expected in first:
        world.ask("_explain.db.de", "TXT")
        assert addresses(world.ask("db.de"))[0] == expected


def test_it_fits_512_octets(make_world):
    """Candidates that have no room are counted."""
    world = make_world(mirrors=MIRRORS, overrides=OVERRIDES).start()
    reply = world.ask("_explain.db.fr", "TXT")
    assert len(reply.to_wire()) <= 512 and not reply.flags & 0x0200
    named = sum(len(value.split()) for key, value in explained(reply) if key == "candidates")
    assert named + int(one(reply, "more")) == 62


def test_case_and_types(make_world):
    world = make_world(mirrors=MIRRORS, overrides=OVERRIDES).start()
    assert explained(world.ask("_EXPLAIN.dB.De", "TXT")) == explained(world.ask("_explain.db.de", "TXT"))
    assert explained(world.ask("_explain.db.de", "ANY")) == explained(world.ask("_explain.db.de", "TXT"))
    reply = world.ask("_explain.db.de", "A")
    assert reply.rcode() == dns.rcode.NOERROR and not reply.answer and reply.authority
    assert one(world.ask("_explain.nothing", "TXT"), "answer") == "NXDOMAIN"
    assert world.ask("_explain.db.de.example.org.", "TXT").rcode() == dns.rcode.REFUSED
    assert world.ask("explain.db.de", "TXT").rcode() == dns.rcode.NXDOMAIN


@pytest.mark.parametrize("networks", [[], ["192.0.2.0/24"], ["::1/128"]])
def test_who_may_ask(make_world, networks):
    """The source address counts, whatever subnet is sent."""
    world = make_world(mirrors=MIRRORS, overrides=OVERRIDES, explain_to=networks).start()
    for ecs in (None, "192.0.2.0/24"):
        reply = world.ask("_explain.db.de", "TXT", ecs=ecs)
        assert reply.rcode() == dns.rcode.REFUSED and not reply.answer and not reply.flags & 0x0400
    assert world.ask("db.de").answer
    reply = world.ask("_explain.db.de", "TXT", target="::1")
    assert reply.rcode() == (dns.rcode.NOERROR if "::1/128" in networks else dns.rcode.REFUSED)


def test_a_reload_changes_who_may_ask(make_world):
    world = make_world(mirrors=MIRRORS, overrides=OVERRIDES, explain_to=[]).start()
    assert world.ask("_explain.db.de", "TXT").rcode() == dns.rcode.REFUSED
    world.options["explain-to"] = ["127.0.0.1"]
    world.configure()
    mark = world.mark()
    world.kill(1)
    world.wait_log("Reload complete", since=mark)
    assert world.ask("_explain.db.de", "TXT").rcode() == dns.rcode.NOERROR


RECORDS = "away CNAME www.example.org.\nhop CNAME away\nlost CNAME nothing\nloop CNAME pool\npool CNAME loop\n"


@pytest.mark.parametrize("zones", [1, 2])
def test_cnames(make_world, zones):
    """Where the answer leads out of our zones, that is told; the real answer's rcode is."""
    world = make_world()
    world.write("example.zone", "@ 300 SOA a b 1 2 3 4 5\n@ 300 NS a.example.\n")
    world.fill(mirrors=MIRRORS, overrides=OVERRIDES, zone=ZONE + RECORDS,
               zones='\nzone "example.net" { file = "example.zone" }\n' if zones == 2 else "").start()
    for name, cname in (("away", "www.example.org."), ("hop", "www.example.org.")):
        reply = world.ask(f"_explain.{name}", "TXT", ecs="192.0.2.0/24")
        assert one(reply, "cname") == cname and one(reply, "answer") == "NOERROR"
        assert one(reply, "pool") == "none" and one(reply, "country") == "DE"
        assert world.ask(name).rcode() == dns.rcode.NOERROR
    assert one(world.ask("_explain.loop", "TXT"), "answer") == "NOERROR"
    assert world.ask("loop").rcode() == dns.rcode.NOERROR
    assert one(world.ask("_explain.lost", "TXT"), "answer") == "NXDOMAIN"
    assert world.ask("lost").rcode() == dns.rcode.NXDOMAIN
    for reply in (world.ask("_explain.db.de", "TXT"), world.ask("_explain.database", "TXT")):
        assert "cname" not in dict(explained(reply)) and "answer" not in dict(explained(reply))


@pytest.mark.parametrize("identity", ["i" * 255, "i" * 100, "ns1"])
def test_long_names_beside_a_long_nsid(make_world, identity):
    """What has no room is left out, never the answer; at last NSID."""
    world = make_world(mirrors=MIRRORS, overrides=OVERRIDES, identity=identity).start()
    for size in (1, 60, 150, 180, 190, 200, 205, 210, 215, 220, 230):
        labels = ".".join("x" * 60 if size - i > 60 else "x" * (size - i) for i in range(0, size, 61))
        for udp_size, ecs in ((512, None), (1232, "2001:db8:1:2:3:4:5:6/128")):
            reply = world.ask(f"_explain.{labels}.clamav.net.", "TXT", ecs=ecs, edns=udp_size,
                              options=b"\0\3\0\0")
            assert reply.rcode() == dns.rcode.NOERROR and not reply.flags & 0x0200
            assert one(reply, "client") == (ecs or "127.0.0.1"), size
            assert len(reply.raw) <= 512
            told = any(option.otype == dns.edns.NSID for option in reply.options)
            assert told or len(identity) > 3, "a short one has room"
