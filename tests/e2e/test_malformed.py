"""Packets that are no queries, or broken ones: silence, FORMERR, NOTIMP, and never harm."""

import random
import struct

import dns.rcode
import pytest

import packet
from world import mirrors_of

SEED = 20261121
NUMBER = 0x1234


@pytest.fixture(scope="module")
def world(module_world):
    mirrors = [*mirrors_of("DE", 40, "198.18.1"), *mirrors_of("US", 3, "2001:db8:1:")]
    return module_world(mirrors=mirrors, networks=[("81.2.69.0/24", "DE")]).start()


def rcode(world, octets, **how):
    return dns.rcode.to_text(world.send(octets, **how).rcode())


def test_silence(world):
    good = packet.query(packet.question("www"))
    for size in range(12):
        assert world.silent(good[:size]), f"{size} octets"
    for flags in (0x8000, 0x8180, 0xA800):
        assert world.silent(packet.query(packet.question("www"), flags=flags)), hex(flags)


@pytest.mark.parametrize("opcode", range(1, 16))
def test_opcodes(world, opcode):
    """The opcode is judged first, so NOTIMP whatever follows."""
    question = packet.question("www")
    flags = opcode << 11
    for octets in (packet.query(question, flags=flags), packet.query(b"", flags=flags, counts=(0,) * 4),
                   packet.query(question * 2, flags=flags, counts=(2, 0, 0, 0)),
                   packet.query(b"\xc0", flags=flags)):
        message = world.send(octets)
        assert message.rcode() == dns.rcode.NOTIMP
        assert packet.opcode(message.raw) == opcode, "the opcode is the query's"
        assert not message.answer


@pytest.mark.parametrize("flags", [0x0010, 0x0020, 0x0040, 0x0080, 0x0200, 0x0400, 0x000F, 0x07FF])
def test_flags_are_ignored(world, flags):
    message = world.ask("www", flags=flags)
    assert message.rcode() == 0 and message.answer


def test_question_counts(world):
    question = packet.question("www")
    for count in (0, 2, 3, 65535):
        octets = packet.query(question * min(count, 3), counts=(count, 0, 0, 0))
        assert rcode(world, octets) == "FORMERR", count
    assert rcode(world, packet.query(b"", counts=(0,) * 4)) == "FORMERR", "a header alone"
    assert rcode(world, packet.query(b"", counts=(1, 0, 0, 0))) == "FORMERR"
    assert rcode(world, packet.query(question, counts=(2, 0, 0, 0))) == "FORMERR"


@pytest.mark.parametrize("name", [
    b"\xc0\x0c", b"\3www\xc0\x0c", b"\xc0\x00", b"\x40ab\0", b"\x80ab\0", b"\3www",
    b"\x3f" + b"a" * 62, (b"\x3f" + b"a" * 63) * 4 + b"\0", b"\1a" * 127 + b"\1a\0",
], ids=range(9))
def test_names_that_are_none(world, name):
    assert rcode(world, packet.query(name + b"\0\1\0\1")) == "FORMERR"


def test_the_longest_name(world):
    name = (b"\x3f" + b"a" * 63) * 3 + b"\x32" + b"b" * 50 + b"\6clamav\3net\0"
    assert len(name) == 255
    message = world.send(packet.query(name + b"\0\1\0\1"))
    assert message.rcode() == dns.rcode.NXDOMAIN and message.authority
    deep = b"\1a" * 121 + b"\6clamav\3net\0"
    assert rcode(world, packet.query(deep + b"\0\1\0\1")) == "NXDOMAIN"


def test_packets_cut_at_each_length(world):
    """A whole query is answered, any shorter one is FORMERR, below a header silence."""
    options = packet.subnet("81.2.69.0/24") + packet.option(packet.OPTION_NSID)
    whole = packet.query(packet.question("db.local"), packet.opt(options))
    assert rcode(world, whole) == "NOERROR"
    for size in range(12, len(whole)):
        assert rcode(world, whole[:size]) == "FORMERR", f"{size} of {len(whole)} octets"
        assert rcode(world, whole[:size], tcp=True) == "FORMERR" if size % 8 == 0 else True


def test_records_where_none_belong(world):
    """Whatever the rcode is: there is one reply, and it parses."""
    record = b"\0\0\1\0\1\0\0\0\0\0\4\1\2\3\4"
    for counts in ((1, 1, 0, 0), (1, 0, 1, 0), (1, 0, 0, 1), (1, 0, 0, 2), (1, 65535, 65535, 65535)):
        message = world.send(packet.query(packet.question("www"), record, counts=counts))
        assert dns.rcode.to_text(message.rcode()) in ("NOERROR", "FORMERR")


def test_octets_after_the_message(world):
    message = world.send(packet.query(packet.question("www"), b"junk", counts=(1, 0, 0, 0)))
    assert dns.rcode.to_text(message.rcode()) in ("NOERROR", "FORMERR")


def test_types_that_are_no_data(world):
    for kind, expected in ((41, "FORMERR"), (0, "NOERROR"), (253, "NOTIMP"), (254, "NOTIMP")):
        message = world.ask("www", kind)
        assert not message.answer
        assert dns.rcode.to_text(message.rcode()) in (expected, "FORMERR", "REFUSED", "NOTIMP")


def samples():
    """Good queries of all kinds, to be mutated."""
    subnet = packet.subnet("81.2.69.0/24")
    names = ["www", "db.local", "db.de", "db.de.big", "current.cvd", "database", "x.y.z", "@"]
    for name in names:
        for kind in ("A", "AAAA", "TXT", "ANY"):
            yield packet.query(packet.question(name, kind))
            yield packet.query(packet.question(name, kind), packet.opt())
            yield packet.query(packet.question(name, kind), packet.opt(subnet + packet.option(3)))


def mutated(source, octets, number):
    """Some octets changed, cut out, doubled or inserted; the ID is set to recognise the reply."""
    octets = bytearray(octets)
    for _ in range(source.choice((1, 1, 1, 2, 3, 8))):
        at = source.randrange(2, max(len(octets), 3))
        change = source.randrange(6)
        if change == 0:
            octets[at:at + 1] = bytes([source.randrange(256)])
        elif change == 1:
            octets[min(at, len(octets) - 1)] ^= 1 << source.randrange(8)
        elif change == 2:
            del octets[at:at + source.randrange(1, 5)]
        elif change == 3:
            octets[at:at] = octets[at:at + source.randrange(1, 12)]
        elif change == 4:
            octets[at:at] = source.randbytes(source.randrange(1, 8))
        else:
            octets[at:at + 2] = source.choice((b"\0\0", b"\xff\xff", b"\xc0\x0c", b"\0\1"))
    octets[0:2] = struct.pack("!H", number)
    return bytes(octets)


def exchange_batch(connection, batch):
    """Sends packets, then a query that must be answered; the replies by ID."""
    sentinel = packet.query(packet.question("www"), number=0xFFFF)
    for octets in batch:
        connection.send(octets)
    connection.send(sentinel)
    replies = []
    while True:
        replies.append(connection.recv(65535))
        if replies[-1][:2] == b"\xff\xff":
            return replies[:-1]


def test_mutated_packets(world):
    """Every reply parses, is a reply, and belongs to one packet; the server lives."""
    source = random.Random(SEED)
    good = list(samples())
    answered, mark = 0, world.mark()
    with world.udp() as connection:
        for start in range(0, 5000, 50):
            batch = [mutated(source, source.choice(good), start + i) for i in range(50)]
            replies = exchange_batch(connection, batch)
            numbers = [struct.unpack("!H", reply[:2])[0] - start for reply in replies]
            assert len(set(numbers)) == len(numbers) and set(numbers) <= set(range(50))
            for number, reply in zip(numbers, replies):
                assert len(batch[number]) >= 12 and not batch[number][2] & 0x80
                assert reply[2] & 0x80 and reply[2] & 0x78 == batch[number][2] & 0x78
                assert len(reply) <= 1232
                packet.parse(reply)
            answered += len(replies)
    assert answered > 2500, "most mutations still are queries"
    assert world.ask("db.de").answer
    assert world.mark() == mark, world.log()[mark:]


def test_mutated_frames(world):
    """The same over TCP: each whole frame that is a query has its reply on its connection."""
    source = random.Random(SEED + 1)
    good = list(samples())
    for start in range(0, 400, 20):
        batch = [mutated(source, source.choice(good), start + i) for i in range(20)]
        due = [octets for octets in batch if len(octets) >= 12 and not octets[2] & 0x80]
        with world.tcp() as stream:
            stream.send(b"".join(packet.frame(octets) for octets in due))
            numbers = {packet.parse(stream.receive()).id for _ in due}
        assert numbers == {struct.unpack("!H", octets[:2])[0] for octets in due}


def test_frames_that_are_silence(world):
    """What gets no reply leaves its connection usable or closes it; others are not disturbed."""
    for octets in (b"", b"abc", packet.query(packet.question("www"), flags=0x8000)):
        with world.tcp() as other, world.tcp() as stream:
            stream.send_frame(octets)
            stream.send_frame(packet.query(packet.question("www"), number=NUMBER))
            reply = stream.receive()
            assert reply is None or reply[:2] == struct.pack("!H", NUMBER)
            assert other.ask(packet.query(packet.question("www"))).answer
