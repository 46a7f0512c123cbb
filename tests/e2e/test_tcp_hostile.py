"""What one client does to keep memory, places or the end of the server to itself: questions without end, half-closed
connections, all places of one worker. The long forms have the full numbers, and print tables."""

import concurrent.futures
import contextlib
import resource
import signal
import socket
import struct
import time

import pytest

import packet
import storms
from packet import addresses
from storms import Crowd, Load, Watch
from world import eventually, many_mirrors, mirrors_of

MIRRORS = mirrors_of("DE", 3, "198.18.1")
LARGE = many_mirrors(4000)  # db.us.big is 64,000 octets
MIDDLE = many_mirrors(1250)  # 20,000: a socket takes all of it at once
ENDS_WITHIN = 5.0
# What the server reads and does not answer: QR is set.
RESPONSE = packet.frame(struct.pack("!HH", 0, 0x8000).ljust(65535, b"\0"))
# Answered in 12 octets: an opcode that there is not.
TINY = packet.frame(struct.pack("!HH", 1, 0x7800).ljust(12, b"\0"))

long = pytest.mark.long


@pytest.fixture(scope="module", autouse=True)
def descriptors():
    """As many as there may be, for the clients."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.fixture
def make(make_world):
    """make(**options): a started server."""
    def made(prefix=(), **options):
        world = make_world()
        world.prefix = list(prefix)
        return world.fill(**{"mirrors": MIRRORS, "metrics": f"127.0.0.1:{world.free_port()}", **options}).start()
    return made


def frame(name, number=None):
    return packet.frame(packet.query(packet.question(name), packet.opt(), number=number))


def after(seconds):
    """A condition that holds so much later."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end


def needs_descriptors(count):
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < count:
        pytest.skip(f"a process may not have {count} descriptors here: not run")


# --- questions without end -----------------------------------------------------------------------


@pytest.mark.parametrize("count,frames,seconds,most", [
    (60, 30, 1.5, 12), pytest.param(900, 92, 10, 100, marks=long)])
def test_questions_without_end(make, table, count, frames, seconds, most):
    """What is read quickly has a receive buffer grow; then there are questions, and nobody takes the replies.
    A connection has 64 KB for what is unread, 32 KB for what is unsent, and some overhead."""
    world = make(mirrors=LARGE)
    with Crowd(world, count) as crowd:
        crowd.send(RESPONSE, each=frames * len(RESPONSE))
        assert len(crowd.clients) == count
        with Watch(every=0.1, server=lambda: storms.server_memory_mb(world.port)) as watch:
            crowd.send(400 * frame("db.us.big"), until=after(seconds))
    table("questions without end", connections=count, **{"the server's kernel MB": round(watch.most["server"], 1)})
    assert watch.most["server"] <= most


# --- half-closed connections ---------------------------------------------------------------------


def half_closed(world, source, buffer=2304):
    """A client that asks for 20,000 octets, sends its end, and whose window has no room for the reply."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    client.bind((source, 0))
    client.connect(("127.0.0.1", world.port))
    client.sendall(frame("db.us.big"))
    client.shutdown(socket.SHUT_WR)
    return client


@pytest.mark.parametrize("places,count,most", [(50, 500, 8), pytest.param(1000, 15000, 64, marks=long)])
def test_half_closed_connections_keep_their_places(make, table, places, count, most):
    """A connection whose replies are not taken counts until the kernel has nothing of it any more."""
    needs_descriptors(count + 100)
    world = make(mirrors=MIDDLE, tcp_connections=places)
    with contextlib.ExitStack() as clients:
        with Watch(every=0.1, server=lambda: storms.server_memory_mb(world.port)) as watch:
            for i in range(count):
                clients.enter_context(half_closed(world, f"127.1.{i // 250}.{1 + i % 250}"))
            # The kernel gives up a closed one after 8 s.
            bounded = storms.seconds_until(lambda: storms.server_sockets(world.port) <= places, 4)
        left = storms.server_sockets(world.port)
    table("half-closed connections", clients=count, **{
        "tcp-connections": places, "sockets at the end": left,
        "the server's kernel MB": round(watch.most["server"], 1)})
    assert bounded <= 4, f"{left} sockets"
    assert watch.most["server"] <= most


def test_a_half_closed_client_reads_slowly(make):
    """All that it asked for comes, and then the end."""
    world = make(mirrors=MIDDLE)
    with half_closed(world, "127.0.0.1") as client:
        received = b""
        while piece := client.recv(200):
            received += piece
            time.sleep(0.01)  # it is slow
    assert struct.unpack("!H", received[:2])[0] == len(received) - 2
    assert len(addresses(packet.parse(received[2:]))) == len(MIDDLE)


# --- the end -------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [300, pytest.param(1000, marks=long), pytest.param(8000, marks=long)])
def test_ends_with_much_to_answer(make, table, count):
    """64 KB of small questions wait on each connection when SIGTERM comes, and more follow."""
    needs_descriptors(count + 100)
    world = make(tcp_connections=count)
    with Crowd(world, count) as crowd, concurrent.futures.ThreadPoolExecutor() as other:
        crowd.send(RESPONSE, each=len(RESPONSE), reads=True)
        crowd.send(4000 * TINY, until=after(1 + count / 2000), reads=True)
        assert len(crowd.clients) == count
        ended = other.submit(storms.terminate, world)
        crowd.send(4000 * TINY, until=ended.done, reads=True)
    table("the end", connections=count, seconds=round(ended.result(), 2))
    assert ended.result() <= ENDS_WITHIN


# --- the places of one worker --------------------------------------------------------------------


def switches(world):
    """{thread: how often it has waited}"""
    found = {}
    for task in world.threads():
        with open(f"/proc/{world.process.pid}/task/{task}/status", encoding="ascii") as file:
            found[task] = next(int(line.split()[1]) for line in file if line.startswith("voluntary"))
    return found


def connect(world):
    return socket.create_connection(("127.0.0.1", world.port), timeout=5)


def answered(client):
    """Whether it is, once."""
    try:
        client.sendall(frame("db.de"))
        return len(client.recv(2)) == 2 and len(client.recv(4096)) > 0
    except OSError:
        return False


def connect_to(world, worker=None):
    """A new client, and the thread that answers it; of this worker only, if one is named."""
    for _ in range(200):
        client = connect(world)
        before = switches(world)
        if all(answered(client) for _ in range(12)):
            now = switches(world)
            found = max(before, key=lambda task: now[task] - before[task])
            if worker in (None, found):
                return client, found
        client.close()
    raise AssertionError(f"the kernel gives no connection to {worker}")


@pytest.mark.parametrize("workers", [2, 4])
def test_one_worker_is_filled(make, workers):
    """Who has all the places that one worker gives keeps nobody out, whichever worker the kernel chooses."""
    places = 100
    world = make(workers=workers, tcp_connections=places)
    with contextlib.ExitStack() as clients:
        seen = [clients.enter_context(client) and worker for client, worker in (connect_to(world) for _ in range(20))]
        clients.close()
        worker = max(seen, key=seen.count)
        for _ in range(places):
            clients.enter_context(connect_to(world, worker)[0])
        # All stay connected: none makes room for the next.
        honest = (clients.enter_context(connect(world)) for _ in range(places))
        assert sum(map(answered, honest)) == places


# --- a reload ------------------------------------------------------------------------------------


def test_a_reload_allows_more_connections(make):
    """The soft limit of descriptors at the start is no bound for them."""
    needs_descriptors(6000)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    world = make(prefix=["prlimit", f"--nofile=256:{hard}"], tcp_connections=200)
    world.options["tcp-connections"] = 5000
    world.configure()
    mark = world.mark()
    world.kill(signal.SIGHUP)
    world.wait_log("reload", since=mark)
    with Load("storm", "idle", storms.dns_target(world), "-t", 60, "-k", 1000) as load:
        load.line()
        eventually(lambda: storms.gauge(world) == 1000, lambda: f"1,000 connections, not {storms.gauge(world)}")
        load.end()
    assert not world.lines("tcp-connections is reduced")
