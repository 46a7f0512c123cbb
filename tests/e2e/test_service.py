"""Under systemd: what it is told, signs of life, sockets that it has bound, levels in the log."""

import json
import os
import random
import re
import signal
import socket
import sys
import time

import pytest

import packet
import tracing
from packet import addresses
from world import DEADLINE, ZONE, eventually, mirrors_of

MIRRORS = mirrors_of("DE", 3, "198.18.1")

# Binds sockets from descriptor 3 on, as systemd does, and becomes the server.
LAUNCHER = """
import json, os, socket, sys
specs, made = json.loads(sys.argv[1]), []
for spec in specs["sockets"]:
    made.append(socket.socket(*spec["socket"]))
    for option in spec.get("options", []):
        made[-1].setsockopt(*option)
    if spec.get("connect"):
        made[-1].connect(tuple(spec["connect"]))
    elif spec.get("bind"):
        made[-1].bind(spec["bind"] if isinstance(spec["bind"], str) else tuple(spec["bind"]))
    if spec.get("listen"):
        made[-1].listen()
high = [os.dup2(one.fileno(), 100 + i) for i, one in enumerate(made)]
for i, fd in enumerate(high):
    os.dup2(fd, 3 + i)
    os.set_inheritable(3 + i, True)
    os.close(fd)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=specs.get("count", str(len(made))))
os.execv(sys.argv[2], sys.argv[2:])
"""

NO_V4 = [[socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1]]
DATAGRAM, STREAM = socket.SOCK_DGRAM, socket.SOCK_STREAM


class Notices:
    """The socket that systemd would listen on."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.name = f"@mirrorns-test-{os.getpid()}-{random.getrandbits(40):x}"
        self.socket.bind("\0" + self.name[1:])
        self.seen = []

    def read(self, timeout=DEADLINE):
        """The next message's assignments; None: none came in time."""
        self.socket.settimeout(timeout)
        try:
            text = self.socket.recv(4096).decode()
        except (TimeoutError, BlockingIOError):
            return None
        message = dict(line.split("=", 1) for line in text.splitlines())
        self.seen.append(message)
        return message

    def wait(self, key, value=None, timeout=DEADLINE):
        """Reads on until a message has the key."""
        end = time.monotonic() + timeout
        while (left := end - time.monotonic()) > 0:
            message = self.read(left)
            if message and key in message and (value is None or message[key] == value):
                return message
        raise AssertionError(f"no {key} within {timeout} s; seen: {self.seen}")

    def wait_status(self, *fragments):
        def matches():
            status = self.wait("STATUS")["STATUS"]
            return all(fragment in status for fragment in fragments)

        return eventually(matches, f"{fragments}")

    def drain(self):
        """How many were waiting."""
        count = 0
        while self.read(0):
            count += 1
        return count


@pytest.fixture
def notices():
    made = Notices()
    yield made
    made.socket.close()


def under_systemd(world, notices=None, **environment):
    """The world's server is told what systemd would tell it."""
    more = {key: str(value) for key, value in environment.items()}
    if notices:
        more["NOTIFY_SOCKET"] = notices.name
    usual = world.environment()
    world.environment = lambda: {**usual, **more}
    return world


def activated(world, sockets, **more):
    """The world's server is started with sockets that are bound already."""
    usual = world.command
    specs = json.dumps({"sockets": sockets, **more})
    world.command = lambda *arguments: [sys.executable, "-c", LAUNCHER, specs, *usual(*arguments)]
    return world


def inet(kind, port, host="127.0.0.1", **more):
    spec = {"socket": [socket.AF_INET, kind], "bind": [host, port], "listen": kind == STREAM}
    return {**spec, **more}


def inet6(kind, port, host="::1", options=NO_V4):
    return {"socket": [socket.AF_INET6, kind], "bind": [host, port], "listen": kind == STREAM,
            "options": options}


# --- notices -----------------------------------------------------------------------------------


def test_ready_and_stopping(make_world, notices):
    world = under_systemd(make_world(mirrors=MIRRORS), notices).start()
    notices.wait_status("Serving 1 zone, 3 mirror addresses in service")
    notices.wait("READY", "1")
    world.stop()
    notices.wait("STOPPING", "1")
    assert notices.drain() == 0, notices.seen
    assert sum("READY" in message for message in notices.seen) == 1


def test_ready_means_that_it_answers(make_world, notices):
    """The first query after READY is answered, by each of the workers' sockets."""
    world = under_systemd(make_world(mirrors=MIRRORS, workers=4), notices)
    world.is_ready = lambda: notices.wait("READY")
    world.start()
    for _ in range(16):
        with world.udp() as connection:
            connection.send(packet.query(packet.question("db.de")))
            assert addresses(packet.parse(connection.recv(4096)))


def test_a_start_that_fails_is_never_ready(make_world, notices):
    world = under_systemd(make_world(mirrors=MIRRORS), notices)
    world.write("clamav.net.zone", "nonsense")
    assert world.run().returncode == 2
    assert not any("READY" in message for message in iter(lambda: notices.read(0), None))


def test_reload(make_world, notices):
    world = under_systemd(make_world(mirrors=MIRRORS), notices).start()
    notices.wait("READY")
    for number in range(3):
        before = time.monotonic_ns() // 1000
        world.write("clamav.net.zone", ZONE + f"new{number} A 192.0.2.9\n")
        world.kill(signal.SIGHUP)
        began = int(notices.wait("RELOADING", "1")["MONOTONIC_USEC"])
        assert before <= began <= time.monotonic_ns() // 1000
        notices.wait("READY", "1")
        assert addresses(world.ask(f"new{number}")), "served when READY says so"


def test_refused_reload(make_world, notices):
    """It is over all the same, and the status says why."""
    world = under_systemd(make_world(mirrors=MIRRORS), notices).start()
    notices.wait("READY")
    world.write("clamav.net.zone", ZONE + "bad A nonsense\n")
    world.kill(signal.SIGHUP)
    notices.wait("RELOADING")
    notices.wait_status("Serving 1 zone", "last refusal", "clamav.net.zone:")
    notices.wait("READY")
    world.write("clamav.net.zone", ZONE)
    world.kill(signal.SIGHUP)
    notices.wait("RELOADING")
    assert "refusal" not in notices.wait("STATUS")["STATUS"]
    notices.wait("READY")


def test_status_follows_the_export(make_world, notices):
    world = under_systemd(make_world(mirrors=MIRRORS), notices).start()
    notices.wait("READY")
    world.export(mirrors_of("DE", 2, "198.18.1"))
    notices.wait_status("2 mirror addresses in service")
    assert not any("RELOADING" in message for message in notices.seen), "nobody asked for it"
    world.replace("mirrors.json", "{}")
    notices.wait_status("2 mirror addresses in service", "last refusal", "mirrors.json")


# --- signs of life -----------------------------------------------------------------------------


def test_signs_of_life(make_world, notices):
    """One at each half of the interval."""
    world = under_systemd(make_world(mirrors=MIRRORS, workers=2), notices, WATCHDOG_USEC=600000)
    world.start()
    notices.wait("WATCHDOG", "1")
    times = []
    for _ in range(5):
        notices.wait("WATCHDOG", "1", timeout=DEADLINE)
        times.append(time.monotonic())
    gaps = [b - a for a, b in zip(times, times[1:])]
    assert sorted(gaps)[len(gaps) // 2] == pytest.approx(0.3, abs=0.15), gaps
    assert addresses(world.ask("db.de"))


@pytest.mark.parametrize("environment", [
    {}, {"WATCHDOG_USEC": "600000", "WATCHDOG_PID": "1"}, {"WATCHDOG_USEC": "nonsense"}])
def test_nobody_waits_for_signs_of_life(make_world, notices, environment):
    world = under_systemd(make_world(mirrors=MIRRORS), notices, **environment).start()
    world.stop()
    notices.wait("STOPPING")
    assert not any("WATCHDOG" in message for message in notices.seen)


def test_a_worker_that_does_not_turn(make_world, notices):
    """No sign of life while one is held; the main loop alone is not the server."""
    world = under_systemd(make_world(mirrors=MIRRORS, workers=2), notices, WATCHDOG_USEC=200000)
    world.start()
    notices.wait("WATCHDOG")
    held = [thread for thread in world.threads() if thread != world.process.pid]
    with tracing.held(held):
        world.wait_log("Workers unresponsive", "workers=")
        notices.drain()
        assert not notices.read(1.0), "five intervals' time"
    notices.wait("WATCHDOG")
    assert addresses(world.ask("db.de"))
    world.wait_log("Workers unresponsive", count=1)  # one line for one event


def idle_builders(world, count):
    """The threads that build, once they have nothing to do."""
    others, kept = set(world.threads()), world.path("state/clamav.net.export.json")
    kept.unlink()
    assert world.control("reload")["exit"] == 0
    eventually(kept.exists, "what was taken is saved: the last of a reload's work")
    found = set(world.threads()) - others
    assert len(found) == count

    def waits(thread):
        with open(f"/proc/{world.process.pid}/task/{thread}/syscall") as file:
            return file.read().startswith("202 ")  # futex

    eventually(lambda: all(waits(thread) for thread in found), "they wait for work")
    return found


def test_an_end_while_a_build_is_under_way(make_world, notices):
    """The workers end at once, and a build that never would does not hold up the process."""
    world = under_systemd(make_world(), notices, UV_THREADPOOL_SIZE=2)
    world.fill(mirrors=MIRRORS, workers=2, control=str(world.control_path)).start()
    builders = idle_builders(world, 2)
    with world.tcp() as stream, tracing.held(builders):
        stream.ask(packet.query(packet.question("db.de")))
        notices.drain()
        world.kill(signal.SIGHUP)
        notices.wait("RELOADING")
        begin = time.monotonic()
        world.kill(signal.SIGTERM)
        assert stream.connection.recv(10) == b"" and time.monotonic() - begin < 2, "no worker waits"
        for thread in builders:
            tracing.reap(thread)
    world.stop()
    assert 1 < time.monotonic() - begin < 6
    assert not world.control_path.exists()


# --- sockets that systemd has bound ------------------------------------------------------------


def bound(table, port):
    """The sockets of a port in a table of the kernel; TCP: those that listen."""
    with open(f"/proc/net/{table}") as file:
        rows = [line.split() for line in file.readlines()[1:]]
    return sum(row[1].endswith(f":{port:04X}") and (table[:3] == "udp" or row[3] == "0A")
               for row in rows)


def test_sockets_of_systemd(make_world):
    """They are shared by all workers; what is not handed over is bound as usual."""
    world = make_world(mirrors=MIRRORS, workers=2)
    activated(world, [inet(DATAGRAM, world.port), inet(STREAM, world.port)]).start()
    counts = [bound(table, world.port) for table in ("udp", "tcp", "udp6", "tcp6")]
    assert counts == [1, 1, 2, 2]
    for target in ("127.0.0.1", "::1"):
        for tcp in (False, True):
            for _ in range(8):
                assert addresses(world.ask("db.de", target=target, tcp=tcp))
    world.kill(signal.SIGHUP)
    world.wait_log("Reload complete")
    assert addresses(world.ask("db.de"))


def test_a_takeover_of_sockets_of_systemd(make_world, notices):
    """They go on being shared, by however many workers; systemd is told whom the service is."""
    world = make_world()
    world.fill(mirrors=MIRRORS, workers=2, control=str(world.control_path))
    under_systemd(world, notices)
    activated(world, [inet(DATAGRAM, world.port), inet(STREAM, world.port)]).start()
    del world.command
    for workers in (3, 1, 2):
        world.options["workers"] = workers
        world.configure()
        world.takeover()
        assert notices.wait("MAINPID")["MAINPID"] == str(world.process.pid)
        assert world.former[-1].wait(DEADLINE) == 0
        assert [bound(table, world.port) for table in ("udp", "tcp")] == [1, 1]
        for target in ("127.0.0.1", "::1"):
            for tcp in (False, True):
                assert addresses(world.ask("db.de", target=target, tcp=tcp))
    world.stop()
    assert [bound(table, world.port) for table in ("udp", "tcp", "udp6", "tcp6")] == [0] * 4


def test_one_of_two_sockets(make_world):
    world = make_world(mirrors=MIRRORS, workers=2)
    activated(world, [inet(DATAGRAM, world.port)]).start()
    assert [bound(table, world.port) for table in ("udp", "tcp")] == [1, 2]
    assert addresses(world.ask("db.de")) and addresses(world.ask("db.de", tcp=True))


def test_shared_sockets_cannot_stay_on_a_cpu(make_world):
    """socket-affinity wants a socket for each worker; without it all is served."""
    world = make_world(mirrors=MIRRORS, workers=2, socket_affinity=True)
    activated(world, [inet(DATAGRAM, world.port), inet(STREAM, world.port)]).start()
    world.wait_log("distributes packets by address hash")
    assert addresses(world.ask("db.de")) and addresses(world.ask("db.de", target="::1"))


def test_wildcard_sockets(make_world):
    """A reply leaves from the address that was asked, here too."""
    world = make_world(mirrors=MIRRORS, workers=2)
    world.options["listen"] = [f"[::]:{world.port}", f"0.0.0.0:{world.port}"]
    world.configure()
    activated(world, [inet(DATAGRAM, world.port, "0.0.0.0"), inet6(STREAM, world.port, "::"),
                      inet6(DATAGRAM, world.port, "::"), inet(STREAM, world.port, "0.0.0.0")])
    world.start()
    for target in ("127.0.0.1", "127.55.1.9", "::1"):
        assert addresses(world.ask("db.de", target=target)), target
        assert addresses(world.ask("db.de", target=target, tcp=True)), target


def test_a_wildcard_and_one_of_its_addresses(make_world):
    """Bound already (ReusePort=yes) both are served; a takeover goes on with them."""
    world = make_world()
    hosts = ("0.0.0.0", "127.0.0.1")
    world.fill(mirrors=MIRRORS, listen=[f"{host}:{world.port}" for host in hosts],
               control=str(world.control_path))
    shared = [[socket.SOL_SOCKET, socket.SO_REUSEPORT, 1]]
    usual = world.command
    activated(world, [inet(kind, world.port, host, options=shared)
                      for host in hosts for kind in (DATAGRAM, STREAM)]).start()
    for _ in range(2):
        for target in ("127.0.0.1", "127.0.0.2"):
            assert addresses(world.ask("db.de", target=target))
            assert addresses(world.ask("db.de", target=target, tcp=True))
        world.command = usual
        world.takeover()


def test_a_flood_on_a_shared_socket(make_world):
    """Several workers read one socket: every query has one answer."""
    world = make_world(mirrors=MIRRORS, workers=3)
    activated(world, [inet(DATAGRAM, world.port)]).start()
    with world.udp() as connection:
        numbers = set()
        for number in range(2000):
            connection.send(packet.query(packet.question("db.de"), number=number))
            if number % 50 == 49:
                numbers |= {connection.recv(4096)[:2] for _ in range(50)}
    assert len(numbers) == 2000


def dropped(port):
    """What the kernel has dropped of each UDP socket of a port."""
    with open("/proc/net/udp") as file:
        rows = [line.split() for line in file.readlines()[1:]]
    return [int(row[12]) for row in rows if row[1].endswith(f":{port:04X}")]


def received_not(world):
    return world.control("stats")["result"]["dropped"]["receive"]


def flood(world):
    """More than any queue holds, while nobody reads."""
    octets = packet.query(packet.question("www")) + bytes(1300)
    world.kill(signal.SIGSTOP)
    try:
        with world.udp() as connection:
            for _ in range(15_000):
                connection.send(octets)
    finally:
        world.kill(signal.SIGCONT)
    eventually(lambda: world.ask("www", tcp=True), "an answer")


def test_a_full_queue_of_a_shared_socket_counts_once(make_world):
    """What the kernel says, however many workers share the socket, and on and on over takeovers."""
    world = make_world()
    world.fill(mirrors=MIRRORS, workers=3, control=str(world.control_path))
    activated(world, [inet(DATAGRAM, world.port)]).start()
    del world.command
    for workers in (1, 4, 2):
        before = received_not(world)
        flood(world)
        told = sum(dropped(world.port))
        assert told > before
        eventually(lambda: received_not(world) == told, lambda: f"{told}, not {received_not(world)}")
        world.options["workers"] = workers
        world.configure()
        world.takeover()
        assert received_not(world) == told


def test_drops_of_a_socket_that_is_closed_stay(make_world):
    """A wildcard's sockets go, what they had dropped does not."""
    world = make_world()
    one = world.options["listen"]
    world.fill(mirrors=MIRRORS, workers=2, control=str(world.control_path),
               listen=[f"0.0.0.0:{world.port}"]).start()
    flood(world)
    told = sum(dropped(world.port))
    assert told > 0
    eventually(lambda: received_not(world) == told, lambda: f"{told}, not {received_not(world)}")
    for listen in (one, [f"0.0.0.0:{world.port}"], one):
        world.options["listen"] = listen
        world.configure()
        world.takeover()
        assert received_not(world) == told
    flood(world)
    eventually(lambda: received_not(world) == told + sum(dropped(world.port)), "both")


REFUSED = {
    "an address that is not configured": (
        lambda port: [inet(DATAGRAM, port, "127.0.0.9")], [r"127\.0\.0\.9:\d+ \(UDP\)", "`listen`"]),
    "a port that is not configured": (
        lambda port: [inet(STREAM, 0)], [r"127\.0\.0\.1:\d+ \(TCP\)", "`listen`"]),
    "an address twice": (
        lambda port: [inet(DATAGRAM, port, options=[[1, socket.SO_REUSEPORT, 1]])] * 2,
        [r"\(UDP\) twice"]),
    "IPv6 that takes IPv4 too": (
        lambda port: [inet6(DATAGRAM, port, "::", [[socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0]])],
        [r"\[::\]:\d+ \(UDP\)", "BindIPv6Only"]),
    "a connection": (
        lambda port: [{"socket": [socket.AF_INET, DATAGRAM], "connect": ["127.0.0.1", 9]}],
        ["connection", "Accept=no"]),
    "a Unix socket": (
        lambda port: [{"socket": [socket.AF_UNIX, STREAM], "bind": f"\0{port}", "listen": True}],
        ["descriptor 3", "ListenDatagram"]),
    "a raw socket": (
        lambda port: [inet(DATAGRAM, port), {"socket": [socket.AF_NETLINK, socket.SOCK_RAW]}],
        ["descriptor 4", "ListenStream"]),
}


@pytest.mark.parametrize("case", list(REFUSED))
def test_sockets_that_are_refused(make_world, case):
    sockets, fragments = REFUSED[case]
    world = make_world(mirrors=MIRRORS)
    done = activated(world, sockets(world.port)).run()
    assert done.returncode == 1, done.stderr
    line = done.stderr.strip().splitlines()[-1]
    for fragment in ["systemd passed", *fragments]:
        assert re.search(fragment, line), line


def test_a_number_of_sockets_that_is_none(make_world):
    done = activated(make_world(mirrors=MIRRORS), [], count="many").run()
    assert done.returncode == 1
    assert "$LISTEN_FDS" in done.stderr.strip().splitlines()[-1], done.stderr


def test_sockets_for_another_process(make_world):
    """LISTEN_PID is not ours: they are nobody's business here."""
    world = under_systemd(make_world(mirrors=MIRRORS), LISTEN_PID="1", LISTEN_FDS="3")
    world.start()
    assert addresses(world.ask("db.de"))


# --- the log -----------------------------------------------------------------------------------


def test_levels_in_the_log(make_world):
    """Where standard error is the journal's each line carries its level, elsewhere none does."""
    world = make_world(mirrors=MIRRORS)
    status = world.stderr.stat()
    under_systemd(world, JOURNAL_STREAM=f"{status.st_dev}:{status.st_ino}").start()
    world.replace("mirrors.json", "{}")
    world.wait_log("mirrors.json", "stays in service")
    lines = world.log().splitlines()
    assert lines and all(re.match(r"<[3-6]>[^<]", line) for line in lines), lines
    assert [line for line in lines if line.startswith("<6>") and "is ready" in line]
    world.stop()
    plain = make_world(mirrors=MIRRORS).start()
    assert not re.search(r"^<\d>", plain.log(), re.M)
