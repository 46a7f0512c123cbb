"""One server goes on where another one ends: on the same sockets, without a lost query."""

import errno
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

import packet
import tracing
from packet import addresses
from world import DEADLINE, eventually, many_mirrors, mirrors_of

HERE = pathlib.Path(__file__).parent
MIRRORS = mirrors_of("DE", 5, "198.18.1") + mirrors_of("PL", 3, "198.18.2")


@pytest.fixture
def start(make_world):
    def begin(**files):
        world = make_world()
        files.setdefault("mirrors", MIRRORS)
        return world.fill(control=str(world.control_path), **files).start()
    return begin


class Steady:
    """steady.py beside the test."""

    def __init__(self, world, *hosts):
        self.process = subprocess.Popen(
            [sys.executable, "-B", str(HERE / "steady.py"), str(world.port), *hosts],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "ready\n"

    def end(self):
        counts = json.loads(self.process.communicate()[0].splitlines()[-1])
        assert self.process.returncode == 0
        return counts

    def end_without_loss(self):
        counts = self.end()
        assert counts["udp_lost"] == 0 and counts["tcp_lost"] == 0, counts
        assert counts["tcp_reset"] == 0 and counts["kept_reset"] == 0, counts
        assert counts["udp"] and counts["tcp"] and counts["kept"], counts
        return counts


def ended(process):
    assert process.wait(DEADLINE) == 0
    return True


# --- a good one -------------------------------------------------------------------------------


def test_takeover(start):
    world = start()
    old = world.process
    world.takeover()
    assert world.process.pid != old.pid
    assert ended(old), "within its 10 s, with 0"
    world.wait_log("Takeover complete")
    assert addresses(world.ask("db.de")) and addresses(world.ask("db.de", tcp=True))
    assert world.control("status")["result"]["workers"] == 1, "the same control socket"
    assert world.control_path.exists(), "handed over, not removed"
    assert addresses(world.ask("db.de", target="::1"))
    world.stop()
    assert not world.control_path.exists()


def test_nothing_is_lost_under_load(start, is_sanitizer, capsys):
    """20 takeovers: no UDP query lost, no TCP query reset. A connection that says nothing is not waited for longer than
    10 s, its end is no reset either."""
    world = start(workers=2, tcp_idle="60s")
    silent = world.tcp()
    silent.ask(packet.query(packet.question("db.de")))
    load = Steady(world)
    begin = time.monotonic()
    old = []
    for _ in range(20):
        old.append(world.process)
        world.takeover()
        for _ in range(100):  # each of them serves for a while
            assert len(addresses(world.ask("db.de"))) == 5
    seconds = time.monotonic() - begin
    for process in reversed(old):
        ended(process)
    assert 5 < time.monotonic() - begin < (20 if is_sanitizer else 12), "the first one, after 10 s"
    with silent:
        assert silent.connection.recv(10) == b""
    counts = load.end()
    with capsys.disabled():
        print(f"\n20 takeovers in {seconds:.1f} s under load: {counts}")
    assert counts["udp_lost"] == 0 and counts["tcp_lost"] == 0
    assert counts["tcp_reset"] == 0 and counts["kept_reset"] == 0
    assert counts["udp"] > (1000 if is_sanitizer else 5000) and counts["tcp"] > 50
    assert counts["kept"] > 50 and counts["kept_ended"] <= 20


def test_workers_and_addresses_change_under_load(start, capsys):
    """Every inherited socket stays read, however many workers there are."""
    world = start(workers=1)
    load = Steady(world)
    other = world.free_port()
    listen = world.options["listen"]
    for workers, more in ((4, True), (2, False), (1, True), (3, False), (2, True)):
        world.options["workers"] = workers
        world.options["listen"] = [*listen, f"127.0.0.2:{other}"] if more else listen
        world.configure()
        world.takeover()
        assert world.control("status")["result"]["workers"] == workers
        if more:
            assert answers("127.0.0.2", other)
        else:
            falls_silent("127.0.0.2", other)
    counts = load.end()
    with capsys.disabled():
        print(f"\n5 changes of listen and workers under load: {counts}")
    assert counts["udp_lost"] == 0 and counts["tcp_lost"] == 0
    assert counts["tcp_reset"] == 0 and counts["kept_reset"] == 0
    assert len(addresses(world.ask("db.de"))) == 5


def answers(host, port, tcp=False, timeout=DEADLINE):
    """Is a query to this address answered, from there?"""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    asked = packet.query(packet.question("db.de"))
    with socket.socket(family, socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM) as client:
        client.settimeout(timeout)
        try:
            client.connect((host, port))
            if not tcp:
                client.send(asked)
                return bool(addresses(packet.parse(client.recv(2000))))
            with packet.Stream(client) as stream:
                return bool(addresses(stream.ask(asked)))
        except (TimeoutError, ConnectionRefusedError):
            return False


def falls_silent(host, port):
    """What had arrived before a worker began is still answered."""
    eventually(lambda: not answers(host, port, timeout=0.1), f"no answer from {host}")


def wide_and_narrow(port):
    """What `listen` comes to, how many workers, who is answered then and who is not."""
    all4, all6, one4, one6, two4 = (f"{host}:{port}" for host in (
        "0.0.0.0", "[::]", "127.0.0.1", "[::1]", "127.0.0.2"))
    return [
        ([one4, one6], 2, ["127.0.0.1", "::1"], ["127.0.0.2"]),
        ([all4, all6], 2, ["127.0.0.1", "::1", "127.0.0.2"], []),
        ([one4, all6], 3, ["127.0.0.1", "::1"], ["127.0.0.2"]),
        ([one4, one6], 1, ["127.0.0.1", "::1"], ["127.0.0.2"]),
        ([all4, one6], 4, ["127.0.0.1", "::1", "127.0.0.3"], []),
        ([one4, two4, one6], 4, ["127.0.0.1", "::1", "127.0.0.2"], ["127.0.0.3"]),
        ([all4, all6], 1, ["127.0.0.1", "::1", "127.0.0.2"], []),
    ]


@pytest.mark.parametrize("affinity", [False, True])
def test_a_wildcard_becomes_one_of_its_addresses_and_back_under_load(start, capsys, affinity):
    """Both ways, with more and fewer workers: whatever group a packet was on its way to is read."""
    world = start(workers=2)
    world.options["socket-affinity"] = affinity
    world.options["listen"] = [f"0.0.0.0:{world.port}", f"[::]:{world.port}"]
    world.configure()
    world.takeover()
    load = Steady(world, "127.0.0.1", "::1")
    for listen, workers, heard, silent in wide_and_narrow(world.port) * 2:
        world.options.update({"listen": listen, "workers": workers})
        world.configure()
        world.takeover()
        for host in heard:
            assert answers(host, world.port) and answers(host, world.port, tcp=True), (listen, host)
        for host in silent:
            falls_silent(host, world.port)
    counts = load.end_without_loss()
    with capsys.disabled():
        print(f"\n14 changes between wildcards and addresses under load: {counts}")


def test_a_connection_to_a_wildcard_that_goes_is_still_taken(start):
    """It may have begun there: it is answered. After some seconds nobody listens there any more."""
    world = start(workers=2)
    one = world.options["listen"][0]
    world.options["listen"] = [f"0.0.0.0:{world.port}"]
    world.configure()
    world.takeover()
    world.options["listen"] = [one]
    world.configure()
    world.takeover()
    assert answers("127.0.0.2", world.port, tcp=True)
    falls_silent("127.0.0.2", world.port)
    for process in world.former:
        ended(process)
    def is_refused():
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.2", world.port)) == errno.ECONNREFUSED

    eventually(is_refused, "nobody listens there")
    assert answers("127.0.0.1", world.port, tcp=True)


def test_tcp_goes_on_until_its_client_has_done(start):
    world = start()
    old = world.process
    with world.tcp() as stream, world.tcp() as half:
        asked = packet.query(packet.question("db.de"))
        half.connection.sendall(packet.frame(asked)[:7])
        stream.ask(asked)
        world.takeover()
        assert old.poll() is None, "it waits for them"
        half.connection.sendall(packet.frame(asked)[7:])
        assert len(addresses(packet.parse(half.receive()))) == 5, "begun there, finished there"
        for _ in range(3):
            assert len(addresses(stream.ask(asked))) == 5
    begin = time.monotonic()
    assert ended(old) and time.monotonic() - begin < 5, "as soon as they have closed"


# --- what survives ----------------------------------------------------------------------------


def test_turns_survive(start):
    """The first place goes round as if nothing had happened."""
    world = start()
    order = world.firsts(5, "db.de")
    assert len(set(order)) == 5
    for count in (1, 2, 3, 4):
        assert world.firsts(count, "db.de") == order[:count]
        order = order[count:] + order[:count]
        world.takeover()
    assert world.firsts(5, "db.de") == order


def test_drains_survive(start):
    world = start()
    world.control("drain", glob="m1.de.example", why="disk", for_seconds=3600)
    before = world.control("status")["result"]["drains"]
    world.takeover()
    assert world.control("status")["result"]["drains"] == before
    assert world.members("db.de") == {f"198.18.1.{i}" for i in range(2, 6)}
    os.unlink(world.path("state/drains.json"))
    world.takeover()
    eventually(lambda: world.control("status")["result"]["drains"] == before, "the old one's drains")
    eventually(lambda: "198.18.1.1" not in world.members("db.de"), "drained as before")
    assert world.control("undrain", glob="m1.de.example")["exit"] == 0


def test_counters_survive(start):
    world = start()
    for _ in range(7):
        world.ask("db.de", tcp=True)
    before = world.control("stats")["result"]
    assert before["tcp_accepted"] >= 7
    for _ in range(3):
        world.takeover()
        after = world.control("stats")["result"]
        assert after["tcp_accepted"] >= before["tcp_accepted"]
        before = after
    world.ask("db.de", tcp=True)
    assert world.control("stats")["result"]["tcp_accepted"] == before["tcp_accepted"] + 1


@pytest.mark.skipif(os.getuid() != 0, reason="only root becomes somebody else")
def test_with_a_user_of_its_own(make_world, open_folder):
    """Root starts the next one, beside one that is root no more."""
    world = make_world(root=open_folder / "world")
    world.path("state").chmod(0o777)
    world.control_path = world.control_path.parent / "made" / "control.sock"
    world.fill(mirrors=MIRRORS, control=str(world.control_path), user="nobody", workers=1).start()
    world.options["workers"] = 3
    world.configure()
    for _ in range(3):
        world.takeover()
        assert os.stat(f"/proc/{world.process.pid}").st_uid == world.control_path.stat().st_uid != 0
        assert ended(world.former[-1])
        assert world.control("status")["result"]["workers"] == 3
    world.stop()
    assert not world.control_path.exists()
    world.control_path = world.control_path.parent


def test_port_53_of_another_user(make_world, make_namespace, open_folder):
    """What begins to receive late is bound all the same: who is root no more may not bind it."""
    world = make_world(make_namespace(), root=open_folder / "world")
    world.path("state").chmod(0o777)
    world.control_path = world.control_path.parent / "made" / "control.sock"
    world.fill(mirrors=MIRRORS, control=str(world.control_path), user="nobody",
               listen=["0.0.0.0:53", "[::]:53"]).start()
    for listen, workers in ((["127.0.0.1:53", "[::1]:53"], 3), (["0.0.0.0:53", "[::]:53"], 4),
                            (["127.0.0.1:53", "[::]:53"], 5)):
        world.options.update({"listen": listen, "workers": workers})
        world.configure()
        world.takeover()
        world.forget_sockets()
        assert os.stat(f"/proc/{world.process.pid}").st_uid != 0
        for _ in range(10):
            for target in ("127.0.0.1", "::1"):
                with world.udp(target=target) as client:
                    client.send(packet.query(packet.question("db.de")))
                    assert addresses(packet.parse(client.recv(2000)))
                assert addresses(world.ask("db.de", target=target, tcp=True))
    world.stop()
    world.control_path = world.control_path.parent


def page(world, port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=DEADLINE) as reply:
        return reply.read().decode()


def test_control_and_metrics_move(start):
    """The new places are served, the old ones are gone; also a page that goes to a wildcard and back."""
    world = start()
    ports = world.free_port(), world.free_port()
    folder = world.control_path.parent
    for name, metrics in [("one.sock", f"127.0.0.1:{ports[0]}"), ("made/two.sock", f"0.0.0.0:{ports[0]}"),
                          ("three.sock", f"127.0.0.1:{ports[0]}"), ("one.sock", f"127.0.0.1:{ports[1]}")]:
        former, world.control_path = world.control_path, folder / name
        world.options.update({"control": str(world.control_path), "metrics": metrics})
        world.configure()
        world.control_path, present = former, world.control_path
        if name == "one.sock":
            assert world.control("reload")["exit"] == 0
            world.wait_log("Changed options need a restart", "control", "mirrorns --takeover")
        world.control_path = present
        world.takeover()
        assert world.control("status")["exit"] == 0 and not former.exists()
        assert "mirrorns_workers 1" in page(world, metrics.split(":")[1])
        assert answers("127.0.0.1", world.port)
    with pytest.raises(OSError):
        page(world, ports[0])
    world.options["control"] = ""
    world.configure()
    world.takeover()
    assert not world.control_path.exists() and answers("127.0.0.1", world.port)
    done = world.run("--takeover", "-c", str(world.path("mirrorns.conf")))
    assert done.returncode == 1 and "so there is no socket to connect to" in done.stderr.splitlines()[-1]
    for process in world.former:
        ended(process)
    assert not world.path("state/control.path").exists()


def test_a_control_path_that_is_taken_leaves_the_old_one(start):
    world, other = start(), start()
    mark, former = world.mark(), world.control_path
    world.options["control"] = str(world.control_path.parent / "file")
    world.control_path.with_name("file").write_text("")
    world.configure()
    done = world.run("--takeover", "-c", str(world.path("mirrorns.conf")))
    assert done.returncode == 1 and "not a socket has this name" in done.stderr.splitlines()[-1]
    assert former.exists()
    still_serves(world, mark)
    assert other.control("status")["exit"] == 0


@pytest.mark.one_program
def test_what_was_forced_stays(make_world):
    """reload --force, then a takeover at once, while so much is still being saved: the same mirrors, nothing is refused."""
    world = make_world()
    world.fill(mirrors=[], control=str(world.control_path))
    world.export(many_mirrors(30_000, "DE"), serial=1000)
    world.start()
    mark = world.mark()
    world.export(many_mirrors(29_999, "DE"), serial=999)
    world.wait_log("mirrors.json", "stays in service", since=mark)
    assert world.control("reload", force=True)["exit"] == 0
    world.takeover()
    export = world.control("status")["result"]["zones"][0]["export"]
    assert (export["serial"], export["mirrors"], export["state"]) == (999, 29_999, "ok"), export
    assert world.control("reload")["exit"] == 0


def test_configuration_is_the_new_one(start):
    world = start()
    zone = world.path("clamav.net.zone").read_text()
    world.write("clamav.net.zone", zone + "new\tA\t192.0.2.9\n")
    world.options["identity"] = "second"
    world.configure()
    world.takeover()
    assert addresses(world.ask("new")) == ["192.0.2.9"]
    assert world.control("reload")["exit"] == 0


# --- what goes wrong --------------------------------------------------------------------------


def still_serves(world, mark):
    assert world.process.poll() is None
    assert addresses(world.ask("db.de")) and addresses(world.ask("db.de", tcp=True))
    assert world.control("status")["exit"] == 0
    assert not world.lines("Takeover complete", since=mark)


@pytest.mark.parametrize("file, text, why", [
    ("mirrorns.conf", "nonsense = 1\n", "mirrorns.conf:1"),
    ("clamav.net.zone", "nonsense\n", "clamav.net.zone:1"),
])
def test_a_broken_configuration_leaves_the_old_one(start, file, text, why):
    world = start()
    mark = world.mark()
    kept = world.path(file).read_text()
    world.write(file, text)
    done = world.run("--takeover", "-c", str(world.path("mirrorns.conf")))
    assert done.returncode == 1 and why in done.stderr.splitlines()[-1], done.stderr
    still_serves(world, mark)
    world.write(file, kept)
    world.takeover()


def test_an_address_that_is_taken_leaves_the_old_one(start):
    world = start()
    mark = world.mark()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.3", 0))
        world.options["listen"].append(f"127.0.0.3:{taken.getsockname()[1]}")
        world.configure()
        done = world.run("--takeover", "-c", str(world.path("mirrorns.conf")))
        assert done.returncode == 1 and "127.0.0.3" in done.stderr.splitlines()[-1]
        world.wait_log("Takeover aborted, this server keeps running", "closed the connection", since=mark)
        still_serves(world, mark)
    world.takeover()
    assert ended(world.former[-1])


def test_one_that_fails_late_has_taken_nothing_under_load(start, capsys):
    """More workers, each on its CPU, and a wildcard instead of the address and back: nothing of it may have begun when
    the metrics' address turns out to be somebody else's, or the old server does not stand still."""
    world = start(workers=2)
    world.options.update({"workers": 2, "listen": [f"0.0.0.0:{world.port}"]})
    world.configure()
    world.takeover()
    load = Steady(world)
    mark = world.mark()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        for i in range(6):
            world.options.update({
                "workers": 4 + i, "socket-affinity": i % 2 == 0,
                "listen": [f"127.0.0.{1 + i % 2 * 7}:{world.port}", f"[::1]:{world.port}"],
                "metrics": f"127.0.0.1:{taken.getsockname()[1]}"})
            world.configure()
            done = world.run("--takeover", "-c", str(world.path("mirrorns.conf")))
            assert done.returncode == 1 and "metrics" in done.stderr.splitlines()[-1], done.stderr
    world.options["metrics"] = ""
    world.options.update({"workers": 2, "socket-affinity": True})
    world.configure()
    slow = next(thread for thread in world.threads() if thread != world.process.pid)
    with tracing.held([slow]):
        done = world.run("--takeover", "-c", str(world.path("mirrorns.conf")))
    assert done.returncode == 1 and "did not pause" in done.stderr.splitlines()[-1], done.stderr
    for _ in range(50):
        assert answers("127.0.0.1", world.port)
    still_serves(world, mark)
    counts = load.end_without_loss()
    with capsys.disabled():
        print(f"\n7 takeovers that failed late under load: {counts}")
    world.takeover()
    assert ended(world.former[-1])


def test_nobody_to_take_over_from(make_world):
    world = make_world()
    world.fill(mirrors=MIRRORS, control=str(world.control_path))
    done = world.run("--takeover", "-c", str(world.path("mirrorns.conf")))
    assert done.returncode == 1
    assert "no running server at the control socket" in done.stderr.splitlines()[-1]
    world.fill(mirrors=MIRRORS, control="")
    done = world.run("--takeover", "-c", str(world.path("mirrorns.conf")))
    assert done.returncode == 1 and "so there is no socket to connect to" in done.stderr.splitlines()[-1]


def test_command_line(make_world):
    world = make_world(mirrors=MIRRORS)
    done = world.run("--takeover")
    assert done.returncode and "/etc/mirrorns/mirrorns.conf: cannot be opened" in done.stderr
    done = world.run("-t", "--takeover", "-c", str(world.path("mirrorns.conf")))
    assert done.returncode == 2 and "-t and --takeover" in done.stderr


class Fake:
    """Somebody who says that it takes over."""

    def __init__(self, world):
        self.connection = world.control_connect()
        self.connection.sendall(b'{"verb":"takeover"}\n')
        self.fds = []
        self.receive()

    def receive(self):
        octets = b""
        while not octets.endswith(b"\n"):
            octets += self.connection.recv(1)
        self.offer = json.loads(octets)["result"]
        while len(self.fds) < self.offer["sockets"]:
            _, fds, _, _ = socket.recv_fds(self.connection, 1, 300)
            self.fds += fds

    def close(self):
        self.connection.close()
        for fd in self.fds:
            os.close(fd)


@pytest.mark.parametrize("words", [b"", b"x", b"s", b"r", b"rr", b"rx", b"r" + b"x" * 1000])
def test_a_hostile_successor(start, words):
    """Whatever it says and then goes: the old one stands still for a moment at most."""
    world = start(workers=2)
    mark = world.mark()
    fake = Fake(world)
    assert fake.offer["control"] and fake.offer["sockets"] == 1 + 2 * 2 * 2
    if words:
        fake.connection.sendall(words)
    fake.connection.settimeout(0.2)
    try:
        while fake.connection.recv(65536):
            pass
    except (TimeoutError, ConnectionResetError):
        pass
    fake.close()
    world.wait_log("Takeover aborted", since=mark)
    still_serves(world, mark)
    world.takeover()
    assert ended(world.former[-1])


class Asks(Fake):
    """Has asked; receive() waits for what it gets."""

    def receive(self):
        if hasattr(self, "asked"):
            super().receive()
        self.asked = True


def saver(world):
    """The one thread that builds and saves, once it has nothing to do."""
    others, kept = set(world.threads()), world.path("state/clamav.net.export.json")
    kept.unlink()
    assert world.control("reload")["exit"] == 0
    eventually(kept.exists, "what was taken is saved: the last of a reload's work")
    found, = set(world.threads()) - others
    return found


class Saving:
    """What a reload has taken is being saved until this is told that it may be."""

    def __init__(self, world, thread):
        temporary = world.path("state/clamav.net.export.json.new")
        self.stand = tracing.Stand(thread, temporary.exists)
        assert world.control("reload")["exit"] == 0
        eventually(temporary.exists, "it saves")
        self.end = self.stand.end


def test_what_was_taken_is_saved_first(make_world):
    """Before a successor gets the sockets, and before the process ends."""
    world = make_world()
    usual = world.environment()
    world.environment = lambda: {**usual, "UV_THREADPOOL_SIZE": "1"}
    world.fill(control=str(world.control_path), mirrors=MIRRORS).start()
    thread = saver(world)
    saving = Saving(world, thread)
    successor = Asks(world)
    successor.connection.settimeout(0.3)
    with pytest.raises(TimeoutError):
        successor.connection.recv(1, socket.MSG_PEEK)
    reply = world.control("takeover")
    assert reply["exit"] == 1 and "another takeover is in progress" in reply["why"]
    saving.end()
    successor.connection.settimeout(DEADLINE)
    successor.receive()
    assert successor.offer["sockets"] == 5
    successor.close()
    world.wait_log("Takeover aborted")
    saving = Saving(world, thread)
    successor = Asks(world)
    assert "another takeover is in progress" in world.control("takeover")["why"]
    world.kill(signal.SIGTERM)
    assert "is shutting down" in world.control_reply(successor.connection)["why"]
    with pytest.raises(subprocess.TimeoutExpired):
        world.process.wait(2.2)  # a build would not have been waited for
    saving.end()
    world.stop()
    successor.close()


def test_an_export_that_is_forced_meanwhile(start):
    """The new one has not seen it: it is to begin anew."""
    world = start()
    mark = world.mark()
    fake = Fake(world)
    assert world.control("reload", force=True)["exit"] == 0
    fake.connection.sendall(b"r")
    world.wait_log("Takeover aborted, this server keeps running", "forced in the meantime", since=mark)
    fake.close()
    still_serves(world, mark)
    world.takeover()


def test_a_wildcard_and_one_of_its_addresses(start):
    """Not both: a start refuses it, and so does a takeover."""
    world = start()
    mark, one = world.mark(), f"127.0.0.1:{world.port}"
    for arguments, listen in ((["--takeover"], [one, f"0.0.0.0:{world.port}"]),
                              ([], [f"0.0.0.0:{world.free_port()}"])):
        world.options["listen"] = listen + [listen[0].replace("0.0.0.0", "127.0.0.2")][:2 - len(listen)]
        world.options["control"] = str(world.control_path) if arguments else ""
        world.configure()
        done = world.run(*arguments, "-c", str(world.path("mirrorns.conf")))
        assert done.returncode == 1, done.stderr
        assert "it is covered by 0.0.0.0:" in done.stderr and "which is also in `listen`" in done.stderr
    still_serves(world, mark)


def test_only_one_at_a_time(start):
    world = start()
    fake = Fake(world)
    reply = world.control("takeover")
    assert reply["exit"] == 1 and "another takeover is in progress" in reply["why"]
    fake.close()
    world.takeover()


def test_drains_wait_for_a_successor(start):
    world = start()
    fake = Fake(world)
    fake.connection.sendall(b"r")
    fake.connection.recv(12)
    for verb in ("drain", "undrain"):
        world.control("drain", glob="nobody") if verb == "undrain" else None
        reply = world.control("drain", glob="m1.de.example")
        assert reply["exit"] == 1 and "a takeover is in progress, try again" in reply["why"]
    fake.close()
    eventually(lambda: world.control("drain", glob="m1.de.example")["exit"] == 0, "it may again")


def test_an_end_in_the_middle(start):
    world = start()
    fake = Fake(world)
    fake.connection.sendall(b"r")
    fake.connection.recv(12)
    world.stop()
    fake.close()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be somebody else")
def test_who_may(start, open_folder):
    """The group may ask and drain, but not take the sockets."""
    world = start()
    world.control_path.chmod(0o666)
    script = ("import os,socket,sys; os.setuid(65534); s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]);"
              "s.sendall(b'{\"verb\":\"takeover\"}\\n'); print(s.recv(4096).decode())")
    done = subprocess.run([sys.executable, "-c", script, str(world.control_path)],
                          capture_output=True, text=True, timeout=DEADLINE, check=True)
    assert "only root and the user of the running server may take over" in json.loads(done.stdout)["why"]
