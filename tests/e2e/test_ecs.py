"""EDNS Client Subnet (RFC 7871): who is looked at, and how far the answer holds."""

import ipaddress
import random
import struct

import dns.flags
import dns.rcode
import pytest

import packet
from oracle import Oracle, candidates, in_service
from packet import addresses, option, scope
from world import mirror, mirrors_of

SEED = 7871
NETWORKS = [
    ("81.2.0.0/16", "FR"), ("81.2.69.0/24", "DE"), ("81.2.69.128/25", "AT"), ("81.3.0.0/16", "LI"),
    ("5.0.0.0/8", "US"), ("5.5.0.0/16", "CA"), ("6.0.0.0/8", "MX"), ("7.0.0.0/8", "US"),
    ("41.0.0.0/8", "ZA"), ("41.200.0.0/13", "KE"), ("133.0.0.0/8", "JP"), ("134.0.0.0/9", "TR"),
    ("134.128.0.0/9", "KZ"), ("200.1.2.3/32", "BR"), ("200.1.2.2/32", "AR"), ("203.0.0.0/16", "AU"),
    ("10.0.0.0/8", "JP"), ("255.255.255.0/24", "NZ"), ("0.0.0.0/24", "GB"),
    ("2001:200::/32", "JP"), ("2001:500::/30", "US"), ("2001:502::/48", "CA"), ("2a00::/12", "FR"),
    ("2a00:1::/32", "DE"), ("2a00:1:2:3:4:5:6:7/128", "PL"), ("2c0f::/16", "ZA"),
    ("fc00::/8", "DE"), ("2a00:1:8000::/33", "AT"),
]
OVERRIDES = [
    ("81.2.69.192/26", "DE"), ("81.2.69.200/29", "JP"), ("5.5.5.0/24", "US"), ("5.0.0.0/9", "US"),
    ("10.20.0.0/16", "FR"), ("10.20.30.0/24", "PL"), ("172.31.255.0/24", "GB"),
    ("127.0.0.0/8", "DE"), ("127.0.0.2/32", "FR"), ("127.0.0.3/32", "US"), ("::1/128", "PL"),
    ("2a00:1:2::/48", "FR"), ("fd00:1::/32", "JP"), ("100.64.0.0/12", "US"), ("9.9.9.0/24", "GB"),
]
MIRRORS = [
    *mirrors_of("DE", 3, "198.18.1"), *mirrors_of("DE", 1, "2001:db8:1:"),
    *mirrors_of("FR", 2, "198.18.2"), *mirrors_of("FR", 2, "2001:db8:2:"),
    *mirrors_of("PL", 1, "198.18.3", state="old"), *mirrors_of("GB", 1, "198.18.4", state="removed"),
    *mirrors_of("US", 4, "198.18.5"), *mirrors_of("US", 4, "2001:db8:5:"),
    *mirrors_of("JP", 2, "198.18.6"), *mirrors_of("ZA", 1, "2001:db8:7:"),
    *mirrors_of("BR", 1, "198.18.8", weight=50),
]
POOLS = """\
	pool "db.local"  { from = "client"  answers = 0 }
	pool "db.thick"  { from = "client"  answers = 0  min-members = 4 }
	pool "db.strict" { from = "client"  fallback = {}  fail = "closed" }
	pool "db.source" { from = "client"  ecs = false }
	pool "db.*"      { from = "label" }
	pool "db.other"  { from = "world" }
"""
ZONE = """\
$ORIGIN clamav.net.
@	3600 SOA ns1 h 1 3600 900 604800 600
	3600 NS ns1
ns1	3600 A 192.0.2.1
database 3600 CNAME db.local
sub	3600 NS ns1.sub
ns1.sub	3600 A 192.0.2.2
"""


@pytest.fixture(scope="module")
def world(module_world):
    csv = "".join(f"{network},{country}\n" for network, country in OVERRIDES)
    return module_world(zone=ZONE, mirrors=MIRRORS, pools=POOLS, networks=NETWORKS,
                        overrides=csv).start()


@pytest.fixture(scope="module")
def oracle():
    return Oracle(MIRRORS, NETWORKS, OVERRIDES)


def flat(groups):
    return {address for group in groups for address, _ in group}


def judge(world, oracle, address, length=None, name="db.local", min_members=1):
    """One question as a client at an address: the answer and its scope against the oracle."""
    address = ipaddress.ip_address(address)
    length = address.max_prefixlen if length is None else length
    network = ipaddress.ip_network((address, length), strict=False)
    country, expected = oracle.find(network.network_address)
    if country == "special":
        country = "DE"  # who asks: 127.0.0.1, by an override
    message = world.ask(name, ecs=f"{address}/{length}", tcp=False)
    echoed = packet.ecs(message)
    assert (echoed.source, echoed.address) == (length, network.network_address)
    assert echoed.scope == expected, f"{address}/{length} {country}"
    sets = candidates(MIRRORS, country, min_members)
    assert set(addresses(message)) == flat(sets[0]), f"{address}/{length} {country}"
    return message


@pytest.mark.parametrize("version", [4, 6])
def test_scope_at_every_border(world, oracle, version):
    for address in oracle.edges(version):
        judge(world, oracle, address)


@pytest.mark.parametrize("version, bits", [(4, 32), (6, 128)])
def test_scope_at_random(world, oracle, version, bits):
    source = random.Random(SEED + version)
    edges = oracle.edges(version)
    for _ in range(400):
        number = int(source.choice(edges)) ^ source.getrandbits(source.randrange(1, bits))
        address = ipaddress.ip_address(number.to_bytes(bits // 8, "big"))
        judge(world, oracle, address, source.randrange(1, bits + 1))


def test_scope_with_more_members(world):
    """A pool that tops up has other candidate sets, hence other scopes."""
    oracle = Oracle(MIRRORS, NETWORKS, OVERRIDES, min_members=4)
    for address in oracle.edges(4) + oracle.edges(6)[:40]:
        judge(world, oracle, address, name="db.thick", min_members=4)


@pytest.mark.parametrize("shape", [
    {"record_size": 24}, {"record_size": 28}, {"record_size": 32}, {"flat": True},
    {"record_size": 28, "ip_version": 4}, {"record_size": 32, "ip_version": 4, "flat": True},
])
def test_database_shapes(make_world, shape):
    networks = [n for n in NETWORKS if ":" not in n[0] or shape.get("ip_version") != 4]
    world = make_world(mirrors=MIRRORS, pools=POOLS, networks=networks, database=shape,
                       overrides="127.0.0.0/8,DE\n").start()
    oracle = Oracle(MIRRORS, networks, [("127.0.0.0/8", "DE")], ipv4_below=shape.get("ip_version") != 4)
    for address in oracle.edges(4)[::3] + oracle.edges(6)[::3]:
        judge(world, oracle, address)


def test_scope_of_a_country_network(world):
    """The figures of the rule, worked out by hand: what a reader can check."""
    assert scope(world.ask("db.local", ecs="200.1.2.3/32")) == 31, "its neighbour AR gets BR's"
    assert scope(world.ask("db.local", ecs="81.2.69.0/24")) == 25, "longer than was asked"
    assert scope(world.ask("db.local", ecs="81.2.69.203/32")) == 29, "an override nested in it"
    assert scope(world.ask("db.local", ecs="81.2.69.193/32")) == 29, "DE by override, up to that hole"
    assert scope(world.ask("db.local", ecs="7.7.7.0/24")) == 7, "MX has the same set: NA's are US's"
    assert scope(world.ask("db.local", ecs="133.5.0.0/16")) == 8
    assert scope(world.ask("db.local", ecs="134.200.0.0/16")) == 8, "TR and KZ have the same set"


def test_the_address_is_looked_up_zero_padded(world):
    """A source prefix shorter than the network: the scope may be longer (RFC 7871 7.2.1)."""
    message = world.ask("db.local", ecs="81.0.0.0/9")
    assert scope(message) > 9
    message = world.ask("db.local", ecs="5.0.0.0/6")
    assert set(addresses(message)) == flat(candidates(MIRRORS, None)[0]), "4.0.0.0 is what was sent"


def test_no_match_is_not_for_the_world(world):
    """An address that no database knows has a scope of its own, neither 0 nor 32."""
    message = world.ask("db.local", ecs="99.1.2.0/24")
    assert 0 < scope(message) < 24
    assert set(addresses(message)) == flat(candidates(MIRRORS, None)[0])


# --- source /0 and special space ---------------------------------------------------------------


@pytest.mark.parametrize("family", [0, 1, 2])
@pytest.mark.parametrize("source, country", [("127.0.0.1", "DE"), ("127.0.0.3", "US")])
def test_source_zero(world, family, source, country):
    """The privacy opt-out: by the source address, scope 0."""
    subnet = option(8, struct.pack("!HBB", family, 0, 0))
    message = world.send(packet.query(packet.question("db.local"), packet.opt(subnet)), source=source)
    assert set(addresses(message)) == {a for a, _ in in_service(MIRRORS, country, "ipv4")}
    assert packet.ecs(message).octets == struct.pack("!HBB", family, 0, 0), "echoed, scope 0"


@pytest.mark.parametrize("subnet, expected", [
    ("10.1.2.0/24", 12), ("10.200.0.0/24", 9), ("10.21.0.0/16", 16), ("10.255.255.255/32", 9),
    ("127.5.0.0/16", None), ("169.254.1.0/24", 16), ("172.16.0.0/16", 13), ("172.31.0.0/24", 17),
    ("172.31.254.0/24", 24), ("192.168.1.0/24", 16), ("100.96.0.0/16", 11), ("100.80.0.0/12", 12),
    ("fc00::/7", 8), ("fe80::1/128", 10), ("fdff::/16", 9), ("fd00::/32", 32),
    ("::ffff:10.1.2.0/120", 108), ("::ffff:192.168.0.0/112", 112),
])
def test_special_space(world, subnet, expected):
    """Answered by the source address; the widest part of the block that is free of overrides."""
    if expected is None:  # 127/8 has an override that covers all of it
        assert set(addresses(world.ask("db.local", ecs=subnet, source="127.0.0.3"))) == {
            a for a, _ in in_service(MIRRORS, "DE", "ipv4")}
        return
    for source, country in (("127.0.0.1", "DE"), ("127.0.0.2", "FR"), ("127.0.0.3", "US")):
        message = world.ask("db.local", ecs=subnet, source=source)
        assert scope(message) == expected
        assert set(addresses(message)) == {a for a, _ in in_service(MIRRORS, country, "ipv4")}


@pytest.mark.parametrize("subnet, country, expected", [
    ("10.20.1.0/24", "FR", 20), ("10.20.30.0/24", "PL", 24), ("172.31.255.0/24", None, 24),
    ("fd00:1::/48", "JP", 32), ("100.64.0.0/24", "US", 12), ("::ffff:10.20.30.1/128", "PL", 120),
])
def test_an_override_wins_over_special_space(world, subnet, country, expected):
    message = world.ask("db.local", ecs=subnet, source="127.0.0.3")
    assert scope(message) == expected
    if country:
        assert set(addresses(message)) == {a for a, _ in in_service(MIRRORS, country, "ipv4")}


def test_source_address_decides_without_ecs(world):
    for source, country in (("127.0.0.1", "DE"), ("127.0.0.2", "FR"), ("127.0.0.3", "US")):
        for tcp in (False, True):
            found = addresses(world.ask("db.local", source=source, tcp=tcp))
            assert set(found) == {a for a, _ in in_service(MIRRORS, country, "ipv4")}
    assert set(addresses(world.ask("db.local", target="::1"))) == {"198.18.3.1"}


# --- mapped ------------------------------------------------------------------------------------


def test_mapped_addresses_are_ipv4(world, oracle):
    for text in ("81.2.69.5", "200.1.2.3", "99.1.2.3", "5.5.5.5"):
        _, expected = oracle.find(text)
        message = world.ask("db.local", ecs=f"::ffff:{text}/128")
        assert scope(message) == 96 + expected
        assert addresses(message) and set(addresses(message)) == set(
            addresses(world.ask("db.local", ecs=f"{text}/32")))
    assert scope(world.ask("db.local", ecs="::ffff:0:0/96")) == 96 + oracle.find("0.0.0.0")[1]


# --- malformed ---------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [
    b"", b"\0", b"\0\1", b"\0\1\x18", b"\0\1\x18\0",
    b"\0\1\x18\0\x51\2", b"\0\1\x18\0\x51\2\x45\0", b"\0\1\x18\0\x51\2\x45\0\0",
    b"\0\1\x17\0\x51\2\x45", b"\0\1\x01\0\x40", b"\0\1\x21\0\x51\2\x45\0\0", b"\0\1\x21\0\x51\2\x45\0",
    b"\0\1\xff\0" + bytes(32), b"\0\2\x81\0" + bytes(17), b"\0\2\x30\0" + bytes(5),
    b"\0\2\x2f\0\x20\1\5\0\0\1", b"\0\1\x18\x18\x51\2\x45", b"\0\1\0\1", b"\0\1\0\0\0",
    b"\0\3\x18\0\x51\2\x45", b"\0\0\x18\0\x51\2\x45", b"\0\0\x08\0\0", b"\xff\xff\x18\0\x51\2\x45",
    b"\0\x11\0\0",
])
def test_malformed_is_formerr(world, body):
    for name in ("db.local", "www", "current.cvd"):
        octets = packet.query(packet.question(name), packet.opt(option(8, body)))
        message = world.send(octets)
        assert message.rcode() == dns.rcode.FORMERR and message.edns == 0
        assert not message.answer


# --- where the scope is 0, and where it is not -------------------------------------------------


@pytest.mark.parametrize("name, kind", [
    ("current.cvd", "TXT"), ("ns1", "A"), ("ns1", "AAAA"), ("nothing", "A"), ("@", "SOA"),
    ("db.de", "A"), ("db.de", "AAAA"), ("db.other", "A"), ("sub", "A"), ("host.sub", "A"),
    ("de", "A"), ("db.zz", "A"), ("db.source", "A"), ("current.cvd", "ANY"),
])
def test_scope_zero(world, name, kind):
    assert scope(world.ask(name, kind, ecs="81.2.69.0/24")) == 0
    assert scope(world.ask(name, kind, ecs="2a00:1::/56")) == 0


def test_scope_is_the_same_for_both_families(world):
    for subnet in ("81.2.69.0/24", "41.5.0.0/16", "200.1.2.3/32", "2a00:1::/48"):
        assert scope(world.ask("db.local", "A", ecs=subnet)) == scope(
            world.ask("db.local", "AAAA", ecs=subnet))
        assert scope(world.ask("db.local", "ANY", ecs=subnet)) == scope(
            world.ask("db.local", ecs=subnet))


def test_nodata_that_depends_on_place_has_its_scope(world):
    """A country without a member, at a pool without fallback: NODATA there, answers next door."""
    message = world.ask("db.strict", "A", ecs="41.1.0.0/16")
    assert message.rcode() == 0 and not message.answer and message.authority
    assert 0 < scope(message) <= 10
    assert world.ask("db.strict", "A", ecs="81.2.69.0/24").answer
    message = world.ask("db.strict", "AAAA", ecs="133.1.0.0/16")
    assert not message.answer and 0 < scope(message) <= 8


def test_cname_into_a_pool_has_the_pools_scope(world, oracle):
    for subnet in ("81.2.69.0/24", "133.1.0.0/16", "2a00:1::/48", "10.1.2.0/24"):
        direct = world.ask("db.local", ecs=subnet)
        behind = world.ask("database", ecs=subnet)
        assert scope(behind) == scope(direct) > 0
        assert set(addresses(behind)) == set(addresses(direct))


def test_ecs_off(world):
    """ecs = false: the source address decides, whatever the option says."""
    found = {a for a, _ in in_service(MIRRORS, "US", "ipv4")}
    for subnet in ("81.2.69.0/24", "10.1.2.0/24", "2a00:1::/48"):
        message = world.ask("db.source", ecs=subnet, source="127.0.0.3")
        assert set(addresses(message)) == found and scope(message) == 0


def test_two_options(world):
    """Nothing says which counts; the reply still has at most one."""
    options = packet.subnet("81.2.69.0/24") + packet.subnet("133.0.0.0/8")
    message = world.send(packet.query(packet.question("db.local"), packet.opt(options)))
    assert message.rcode() in (dns.rcode.NOERROR, dns.rcode.FORMERR)
    packet.ecs(message)


def test_over_tcp(world):
    for subnet in ("81.2.69.0/24", "10.1.2.0/24"):
        udp, tcp = (world.ask("db.local", ecs=subnet, tcp=tcp) for tcp in (False, True))
        assert packet.ecs(udp).octets == packet.ecs(tcp).octets


def test_a_uniform_world_has_scope_zero(make_world):
    """Mirrors in one country only: the name does not depend on place."""
    world = make_world(mirrors=mirrors_of("DE", 3, "198.18.1"), networks=NETWORKS,
                       overrides="10.0.0.0/8,FR\n").start()
    for subnet in ("81.2.69.0/24", "10.1.0.0/16", "192.168.0.0/24", "2a00:1::/48",
                   "::ffff:1.2.3.4/128"):
        message = world.ask("db.local", ecs=subnet)
        assert scope(message) == 0 and len(addresses(message)) == 3


def test_all_of_ipv4_alike(make_world):
    """The mapped block is uniform with its surroundings only where all of IPv4 is."""
    mirrors = [mirror("a.example", "DE", "198.18.1.1"), mirror("b.example", "JP", "198.18.1.2")]
    networks = [("0.0.0.0/0", "JP"), ("::/0", "JP"), ("2a00::/12", "DE")]
    csv = "".join(f"{n},JP\n" for n in (
        "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.168.0.0/16"))
    world = make_world(mirrors=mirrors, networks=networks, overrides=csv).start()
    overrides = [tuple(line.split(",")) for line in csv.split()]
    oracle = Oracle(mirrors, networks, overrides)
    for text in ("::1:0", "::ffff:1.2.3.4", "::ffff:0:0", "2a00::1", "8000::1", "1.2.3.4", "10.0.0.1"):
        message = world.ask("db.local", ecs=f"{text}/{32 if '.' in text and ':' not in text else 128}")
        assert scope(message) == oracle.find(text)[1], text
