"""EDNS (RFC 6891), sizes and truncation."""

import dns.flags
import dns.rcode
import pytest

import packet
from packet import addresses
from world import mirrors_of

# Sizes of db.XX.big answers: header 12, question 22 + 4, 16 for each A, 28 for each AAAA.
FIXED = 12 + 26
COUNTS = {"DE": 29, "FR": 30, "PL": 28, "AT": 73, "CH": 74, "BE": 17, "NL": 16}


@pytest.fixture(scope="module")
def world(module_world):
    mirrors = [*mirrors_of("IS", 17, "2001:db8:1:"), *mirrors_of("NO", 16, "2001:db8:2:")]
    for i, (country, count) in enumerate(COUNTS.items()):
        mirrors += mirrors_of(country, count, f"198.18.{i}")
    return module_world(mirrors=mirrors, overrides="127.0.0.0/8,DE\n").start()


def is_whole(world, name, size, kind="A", **how):
    """Does the UDP answer come whole? Either way it must keep to its size."""
    message = world.ask(name, kind, edns=size, **how)
    whole = not message.flags & dns.flags.TC
    assert len(message.raw) <= max(size or 512, 512)
    assert bool(message.answer) == whole, "a truncated reply has an empty answer section"
    assert not message.authority
    return whole


@pytest.mark.parametrize("name, size, kind, whole", [
    ("db.de.big", False, "A", True), ("db.fr.big", False, "A", False),
    ("db.pl.big", 512, "A", True), ("db.de.big", 512, "A", False),
    ("db.de.big", FIXED + 11 + 16 * 29, "A", True), ("db.de.big", FIXED + 10 + 16 * 29, "A", False),
    ("db.at.big", 1232, "A", True), ("db.ch.big", 1232, "A", False),
    ("db.ch.big", 4096, "A", False), ("db.ch.big", 65535, "A", False),
    ("db.pl.big", 0, "A", True), ("db.pl.big", 100, "A", True), ("db.de.big", 511, "A", False),
    ("db.no.big", False, "AAAA", True), ("db.is.big", False, "AAAA", False),
])
def test_truncation(world, name, size, kind, whole):
    edns = 1 if size == 0 and size is not False else size  # ask() takes 0 for none
    assert is_whole(world, name, edns, kind) == whole
    country = name.split(".")[1].upper()
    count = {"IS": 17, "NO": 16}.get(country) or COUNTS[country]
    assert len(addresses(world.ask(name, kind, tcp=True))) == count


def test_sizes_to_the_octet(world):
    """With 29 A the reply has 513 octets with its OPT: every size around that."""
    exact = FIXED + 11 + 16 * 29
    for size in range(exact - 3, exact + 4):
        assert is_whole(world, "db.de.big", size) == (size >= exact)


def test_max_udp_size(make_world):
    world = make_world(mirrors=mirrors_of("DE", 250, "198.18.1"), max_udp_size=4096).start()
    assert len(addresses(world.ask("db.de.big", edns=4096))) == 250
    assert world.ask("db.de.big", edns=4096).payload == 4096
    assert world.ask("db.de.big", edns=4000).flags & dns.flags.TC
    cut = world.ask("db.de.big", edns=4096, target="::1")
    assert cut.flags & dns.flags.TC, "IPv6 replies stay within 1232 octets"
    assert len(addresses(world.ask("db.de.big", tcp=True, target="::1"))) == 250
    small = make_world(mirrors=mirrors_of("DE", 40, "198.18.1"), max_udp_size=512).start()
    assert small.ask("db.de.big", edns=1232).flags & dns.flags.TC


def test_the_advertised_size(world):
    assert world.ask("www", edns=4096).payload == 1232
    assert world.ask("www", edns=4096, tcp=True).payload == 1232


def test_a_truncated_reply_has_the_whole_ones_options(world):
    for name, size in (("db.ch.big", 1232), ("db.fr.big", 512)):
        cut = world.ask(name, ecs="81.2.69.0/24", edns=size)
        whole = world.ask(name, ecs="81.2.69.0/24", edns=size, tcp=True)
        assert cut.flags & dns.flags.TC and not whole.flags & dns.flags.TC
        assert packet.ecs(cut).octets == packet.ecs(whole).octets


def send(world, additional, count=1, name="www", **how):
    return world.send(packet.query(packet.question(name), additional, count), **how)


def test_badvers(world):
    for version in (1, 2, 255):
        for tcp in (False, True):
            message = send(world, packet.opt(version=version), tcp=tcp)
            assert message.rcode() == dns.rcode.BADVERS
            assert message.edns == 0 and not message.answer
    message = send(world, packet.opt(packet.option(8, b"\xff"), version=1))
    assert message.rcode() == dns.rcode.BADVERS, "another version's options may look otherwise"


def test_two_opt_records(world):
    message = send(world, packet.opt() + packet.opt(), 2)
    assert message.rcode() == dns.rcode.FORMERR and not message.answer


def test_opt_with_an_owner(world):
    assert send(world, packet.opt(owner=b"\1a\0")).rcode() == dns.rcode.FORMERR


def test_opt_is_found_among_other_records(world):
    a_record = b"\1a\0" + b"\0\1\0\1\0\0\0\0\0\4\1\2\3\4"
    for additional in (a_record + packet.opt(), packet.opt() + a_record):
        message = send(world, additional, 2)
        assert message.rcode() == 0 and message.edns == 0 and message.answer


@pytest.mark.parametrize("options", [
    packet.option(65001, b"xyz"), packet.option(65001), packet.option(10, b"8 octets"),
    packet.option(11), packet.option(12, bytes(100)), packet.option(15, b"\0\1"),
    packet.option(65001, bytes(300)) * 3,
])
def test_unknown_options_are_ignored(world, options):
    message = send(world, packet.opt(options))
    assert message.rcode() == 0 and message.answer
    known = {packet.OPTION_SUBNET, packet.OPTION_NSID, 10, 15}
    assert all(o.otype in known for o in message.options), "none is echoed"


@pytest.mark.parametrize("options", [
    b"\0", b"\0\0", b"\0\3\0", b"\0\3\0\1", packet.option(3) + b"\0\1\0\5abcd",
])
def test_options_that_are_cut_off(world, options):
    assert send(world, packet.opt(options)).rcode() == dns.rcode.FORMERR


def test_opt_that_is_cut_off(world):
    whole = packet.opt(packet.option(65001, b"xyz"))
    for size in range(1, len(whole)):
        message = send(world, whole[:size])
        assert message.rcode() == dns.rcode.FORMERR, size


def test_do_is_copied(world):
    message = send(world, packet.opt(flags=0x8000))
    assert message.ednsflags & 0x8000 and message.answer
    assert not send(world, packet.opt()).ednsflags & 0x8000
    assert not send(world, packet.opt(flags=0x7FFF)).ednsflags & 0x7FFF, "unknown flags are clear"


@pytest.mark.parametrize("counts, before, flags, rcode", [
    ((0, 0, 0, 1), b"", 0, dns.rcode.FORMERR), ((2, 0, 0, 1), packet.question("www") * 2, 0, dns.rcode.FORMERR),
    ((1, 0, 0, 1), packet.question("www"), 4 << 11, dns.rcode.NOTIMP),
    ((1, 0, 0, 1), packet.question("www"), 5 << 11, dns.rcode.NOTIMP),
    ((0, 0, 0, 1), b"", 2 << 11, dns.rcode.NOTIMP)])
def test_refused_messages(world, counts, before, flags, rcode):
    """A reply has an OPT where the query has one that can be read, whatever else is wrong with it (RFC 6891 6.1.1)."""
    for tcp in (False, True):
        for options in (b"", packet.option(packet.OPTION_SUBNET, b"\0\1\x18\0\1\2\3"), packet.option(65001, b"x")):
            octets = packet.query(before, packet.opt(options, 4096, flags=0x8000), counts=counts, flags=flags)
            message = world.send(octets, tcp=tcp)
            assert message.rcode() == rcode and message.edns == 0 and message.payload == 1232
            assert message.ednsflags == 0x8000 and not message.options and not message.answer
        assert world.send(octets[:-1], tcp=tcp).edns == -1, "cut off: it cannot be read"
        without = packet.query(before, counts=(*counts[:3], 0), flags=flags)
        assert world.send(without, tcp=tcp).edns == -1
