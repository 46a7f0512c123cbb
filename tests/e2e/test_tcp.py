"""TCP (RFC 7766): frames, pipelines, half-close, idle time, the limit of connections."""

import select
import socket
import struct
import time

import pytest

import packet
from packet import addresses
from world import eventually, mirrors_of


def query(number=None, name="db.de.big"):
    return packet.query(packet.question(name), number=number)


@pytest.fixture(scope="module")
def world(module_world):
    mirrors = [*mirrors_of("DE", 3, "198.18.1"), *mirrors_of("US", 250, "198.18.2")]
    return module_world(mirrors=mirrors).start()


@pytest.mark.parametrize("target", ["127.0.0.1", "::1"])
def test_many_questions_on_one_connection(world, target):
    with world.tcp(target=target) as stream:
        for number in range(20):
            message = stream.ask(query(number))
            assert message.id == number and len(addresses(message)) == 3


def test_pipeline(world):
    """Questions sent at once are all answered; the replies are told apart by their IDs."""
    numbers = list(range(100))
    with world.tcp() as stream:
        stream.send(b"".join(packet.frame(query(number)) for number in numbers))
        assert sorted(packet.parse(stream.receive()).id for _ in numbers) == numbers


def frames_of(received):
    """Whole frames off the front of what was received: (frames, the rest)."""
    found = []
    while len(received) >= 2 and len(received) >= 2 + (size := struct.unpack("!H", received[:2])[0]):
        found.append(received[2:2 + size])
        received = received[2 + size:]
    return found, received


def test_pipeline_of_large_answers(world):
    """8 MB of answers, more than the sockets' buffers hold, to a client that prefers to send."""
    count = 2000
    asked = packet.question("db.us.big")
    unsent = b"".join(packet.frame(packet.query(asked, number=i)) for i in range(count))
    seen, received = [], b""
    with world.tcp() as stream:
        while len(seen) < count:
            readable, writable, _ = select.select(
                [stream.connection], [stream.connection] if unsent else [], [], 15)
            assert readable or writable, f"stuck after {len(seen)} answers"
            if writable:
                unsent = unsent[stream.connection.send(unsent[:65536]):]
                continue
            received += stream.connection.recv(1 << 20)
            frames, received = frames_of(received)
            for reply in frames:
                assert reply[6:8] == struct.pack("!H", 250), "all addresses"
                seen.append(struct.unpack("!H", reply[:2])[0])
    assert sorted(seen) == list(range(count))


def test_split_frames(world):
    """Octet by octet: each its own segment."""
    with world.tcp() as stream:
        for octet in packet.frame(query(1)) + packet.frame(query(2)):
            stream.send(bytes([octet]))
        assert {packet.parse(stream.receive()).id for _ in range(2)} == {1, 2}


@pytest.mark.parametrize("size", [1, 2, 3, 13, 14, 30, 44, 45, 46, 47, 60])
def test_joined_frames(world, size):
    """Pieces that do not end where frames do."""
    numbers = list(range(10))
    octets = b"".join(packet.frame(query(number)) for number in numbers)
    with world.tcp() as stream:
        for start in range(0, len(octets), size):
            stream.send(octets[start:start + size])
        assert sorted(packet.parse(stream.receive()).id for _ in numbers) == numbers


def test_half_close(world):
    """A client that has shut down its side still gets its answers, then the end."""
    with world.tcp() as stream:
        stream.send(packet.frame(query(1)) + packet.frame(query(2, "db.us.big")))
        stream.connection.shutdown(socket.SHUT_WR)
        assert {packet.parse(stream.receive()).id for _ in range(2)} == {1, 2}
        assert stream.receive() is None


def test_half_close_with_answers_outstanding(world):
    """More answers than fit the sockets' buffers when the client shuts down its side: all come."""
    count = 1500
    asked = packet.question("db.us.big")
    frames = [packet.frame(packet.query(asked, number=i)) for i in range(count)]
    seen = []
    with world.tcp() as stream:
        stream.send(b"".join(frames))
        stream.connection.shutdown(socket.SHUT_WR)
        while (reply := stream.receive()) is not None:
            seen.append(struct.unpack("!H", reply[:2])[0])
    assert sorted(seen) == list(range(count))


def test_close_within_a_frame(world):
    for octets in (b"", b"\0", b"\0\x20", b"\0\x20abc", packet.frame(query(1))[:-1]):
        with world.tcp() as stream:
            stream.send(octets)
            stream.connection.shutdown(socket.SHUT_WR)
            assert stream.receive() is None, octets


def test_reset_connections_do_no_harm(world):
    """Clients that go away with answers unread, by RST."""
    for _ in range(20):
        stream = world.tcp()
        stream.send(packet.frame(query(1, "db.us.big")) * 50)
        stream.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        stream.close()
    assert addresses(world.ask("db.de", tcp=True))


def test_zero_length_frame(world):
    """No message: the connection is closed or goes on; the server serves on."""
    with world.tcp() as stream:
        stream.send(b"\0\0" + packet.frame(query(7)))
        reply = stream.receive()
        assert reply is None or packet.parse(reply).id == 7
    assert addresses(world.ask("db.de", tcp=True))


def test_the_largest_frame(world):
    """65,535 octets: a query with padding behind it is read whole and the next one found."""
    filler = packet.opt(packet.option(65001, bytes(65535 - 12 - 27 - 11 - 4)))
    octets = packet.query(packet.question("db.de.big"), filler, number=5)
    octets = octets[:65535]
    with world.tcp() as stream:
        stream.send_frame(octets)
        stream.send_frame(query(6))
        assert {packet.parse(stream.receive()).id for _ in range(2)} == {5, 6}


def test_idle_connections_are_closed(make_world):
    world = make_world(mirrors=mirrors_of("DE", 3, "198.18.1"), tcp_idle="1s").start()
    with world.tcp() as silent, world.tcp() as slow, world.tcp() as busy:
        begin = time.monotonic()
        slow.send(b"\0\x20ab")  # a frame that never ends
        busy.ask(query())
        assert silent.receive() is None
        first = time.monotonic() - begin
        assert 0.8 <= first < 6, f"closed after {first:.2f} s"
        try:
            assert slow.connection.recv(1) == b""
        except ConnectionResetError:
            pass
    # One that asks every now and then stays.
    with world.tcp() as busy:
        end = time.monotonic() + 2.5
        while time.monotonic() < end:
            assert busy.ask(query()).answer
            select.select([], [], [], 0.2)


def let_time_pass():
    """Idleness is a matter of time: some milliseconds of it, so that there is an order."""
    select.select([], [], [], 0.01)


def is_closed(stream):
    """Has the server closed this connection? Does not wait."""
    readable, _, _ = select.select([stream.connection], [], [], 0)
    return bool(readable) and stream.receive() is None


def test_a_full_server_drops_the_idlest(make_world):
    world = make_world(mirrors=mirrors_of("DE", 3, "198.18.1"), tcp_connections=4, workers=1).start()
    streams = [world.tcp() for _ in range(4)]
    for stream in streams:
        stream.ask(query())
    let_time_pass()
    for i in (0, 2, 3):  # 1 is the idlest now
        streams[i].ask(query())
    let_time_pass()
    streams.append(world.tcp())
    assert streams[4].ask(query()).answer, "the new one is served"
    eventually(lambda: is_closed(streams[1]), "the idlest connection is dropped")
    for i in (0, 2, 3, 4):
        assert streams[i].ask(query()).answer, f"connection {i} stays"
    for stream in streams:
        stream.close()
    for _ in range(30):  # many more than the limit, one after the other and at once
        with world.tcp() as stream:
            assert stream.ask(query()).answer
    crowd = [world.tcp() for _ in range(40)]
    let_time_pass()
    assert world.ask("db.de", tcp=True).answer
    for stream in crowd:
        stream.close()
    assert world.ask("db.de").answer


@pytest.mark.parametrize("workers", [2, 4])
def test_the_limit_counts_for_all_workers(make_world, workers):
    """A worker drops its own idlest; one that has none closes the new connection. Never more than the limit are open."""
    limit = 8
    world = make_world(
        mirrors=mirrors_of("DE", 3, "198.18.1"), tcp_connections=limit, workers=workers).start()
    streams = []
    for _ in range(4 * limit):
        streams.append(world.tcp())
        eventually(lambda: sum(not is_closed(each) for each in streams) <= limit, "the limit holds")
    assert sum(not is_closed(each) for each in streams) == limit, "and is used"
    for stream in streams:
        stream.close()
    assert world.ask("db.de", tcp=True).answer


def test_termination_answers_what_was_read(make_world):
    """SIGTERM with connections open: the server ends at once, not after their idle time."""
    world = make_world(mirrors=mirrors_of("DE", 3, "198.18.1"), tcp_idle="60s").start()
    with world.tcp() as stream, world.tcp() as other:
        assert stream.ask(query()).answer
        other.send(b"\0\x20half")
        begin = time.monotonic()
        world.stop()
        assert time.monotonic() - begin < 5
        assert stream.receive() is None
