"""Command line, start and end, signals, addresses."""

import os
import pwd
import shutil
import signal
import socket
import subprocess

import pytest

import packet
from packet import addresses
from world import World, eventually, mirrors_of

MIRRORS = mirrors_of("DE", 3, "198.18.1")


def one_sentence(done, status, *fragments):
    lines = done.stderr.strip().splitlines()
    assert done.returncode == status, (done.returncode, done.stderr)
    assert len(lines) == 1, f"one sentence: {done.stderr}"
    for fragment in fragments:
        assert fragment.lower() in lines[0].lower(), (fragment, lines[0])
    return True


def test_version_and_help(make_world):
    world = make_world()
    for option, start in ("-V", "mirrorns "), ("--version", "mirrorns "), ("-h", "usage: "), ("--help", "usage: "):
        done = world.run(option)
        assert done.returncode == 0 and done.stdout.startswith(start) and not done.stderr
        assert (len(done.stdout.splitlines()) == 1) == (start == "mirrorns ")


@pytest.mark.parametrize("words, sentence", [
    (["-c"], "-c needs a value"),
    (["--config"], "--config needs a value"),
    (["--soup"], "unknown option --soup"),
    (["--help=3"], "unknown option --help=3"),
    (["-tx"], "unknown option -x"),
    (["-c", "x", "/etc/y"], 'unexpected argument "/etc/y"'),
    (["--strict", "-c", "x"], "--strict requires -t"),
    (["--takeover", "-t"], "-t and --takeover are mutually exclusive"),
])
def test_command_line(make_world, words, sentence):
    done = make_world().run(*words)
    assert one_sentence(done, 2) and done.stderr.startswith(f"mirrorns: {sentence}; usage: mirrorns ")


def test_the_usual_configuration(make_world):
    assert one_sentence(make_world().run("-t"), 2, "/etc/mirrorns/mirrorns.conf: cannot be opened")


def test_strict(make_world):
    """A warning fails it; what is refused is 2 all the same."""
    world = make_world(mirrors=[*MIRRORS, *mirrors_of("DE", 2, "2001:db8:1:")], networks=[("81.2.0.0/16", "DE")])
    strict = ("-t", "--strict", "-c", str(world.path("mirrorns.conf")))
    assert world.run(*strict).returncode == 0, world.run(*strict).stderr
    world.export(mirrors_of("DE", 3, "127.0.1"))
    done = world.run(*strict)
    assert done.returncode == 1 and "loopback" in done.stderr and world.check().returncode == 0
    world.write("clamav.net.zone", "soup")
    assert world.run(*strict).returncode == 2


def test_check(make_world):
    world = make_world(mirrors=MIRRORS)
    done = world.check()
    assert done.returncode == 0, done.stderr
    world.start()
    assert world.check().returncode == 0, "also beside a running server"
    assert addresses(world.ask("db.de"))


@pytest.mark.parametrize("kind, name", [(socket.SOCK_DGRAM, "UDP"), (socket.SOCK_STREAM, "TCP")])
def test_check_tries_the_ports(make_world, kind, name):
    """Another program is a warning; the server that has this control socket is none."""
    world = make_world()
    world.fill(mirrors=[*MIRRORS, *mirrors_of("DE", 1, "2001:db8:1:")], networks=[("81.2.0.0/16", "DE")],
               control=str(world.control_path))
    strict = ("-t", "--strict", "-c", str(world.path("mirrorns.conf")))
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind(("127.0.0.1", world.port))
        if kind == socket.SOCK_STREAM:
            taken.listen()
        done = world.run(*strict)
        assert done.returncode == 1
        line, = [line for line in done.stderr.splitlines() if "cannot bind" in line]
        assert line.startswith(f"cannot bind 127.0.0.1:{world.port}") and "ss -lnptu" in line and name in line
    world.start()
    done = world.run(*strict)
    assert done.returncode == 0, done.stderr
    assert f"127.0.0.1:{world.port} ({name}) is in use by the server that answers on" in done.stderr
    assert addresses(world.ask("db.de"))


def test_check_tries_what_a_start_needs(make_world):
    world = make_world()
    world.fill(mirrors=MIRRORS, control=str(world.control_path), control_group="no-such-group")
    done = world.check()
    assert done.returncode == 2
    assert 'the group "no-such-group" of `control-group` does not exist' in done.stderr.splitlines()[-1]
    world.fill(control_group="", user="nobody")
    for folder in (world.root, *world.root.parents):
        if folder.stat().st_uid == os.getuid() and folder != folder.parent:
            folder.chmod(folder.stat().st_mode | 0o755)
    state = world.path("state")
    state.mkdir(exist_ok=True)
    state.chmod(0o755)
    os.chown(state, 0, 0)
    assert f"state-dir {state} cannot be written by nobody: Permission denied" in world.check().stderr
    os.chown(state, pwd.getpwnam("nobody").pw_uid, -1)
    assert "state-dir" not in world.check().stderr
    world.fill(state_dir=str(world.path("none/state")))
    assert "none/state cannot be written by nobody: No such file or directory" in world.check().stderr
    world.fill(state_dir=str(world.path("mirrors.json")))
    assert "mirrors.json cannot be written by nobody: " in world.check().stderr
    assert not world.path("none").exists()


def test_check_writes_nothing(make_world):
    world = make_world(mirrors=MIRRORS)
    before = sorted(path.name for path in world.root.rglob("*"))
    assert world.check().returncode == 0
    assert sorted(path.name for path in world.root.rglob("*")) == before


@pytest.mark.parametrize("arguments", [
    ("-x",), ("--nonsense",), ("-c",), ("extra",), ("-c", "CONF", "extra"), ("-t", "-c"),
    ("-c", "missing.conf"), ("-t", "-c", "missing.conf"), ("-c", "/"), ("-t", "-c", "/dev/null/x"),
])
def test_bad_command_lines(make_world, arguments):
    world = make_world(mirrors=MIRRORS)
    arguments = [str(world.path("mirrorns.conf")) if a == "CONF" else a for a in arguments]
    done = world.run(*arguments)
    assert done.returncode == 2 and done.stderr.strip()
    assert len(done.stderr.strip().splitlines()) == 1, f"one sentence: {done.stderr}"


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
@pytest.mark.parametrize("family, host", [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_busy_port(make_world, kind, family, host):
    world = make_world(mirrors=MIRRORS)
    with socket.socket(family, kind) as taken:
        taken.bind((host, world.port))
        if kind == socket.SOCK_STREAM:
            taken.listen()
        done = world.run()
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert f":{world.port} ({'TCP' if kind == socket.SOCK_STREAM else 'UDP'}): in use by another program " \
        f"(`ss -lnptu 'sport = :{world.port}'` shows which)" in last, last


def test_a_second_server_on_the_same_port(make_world):
    """Two would share the queries in silence (SO_REUSEPORT): the second must not start."""
    world = make_world(mirrors=MIRRORS).start()
    done = world.run()
    assert done.returncode == 1
    assert str(world.port) in done.stderr.strip().splitlines()[-1], done.stderr
    assert addresses(world.ask("db.de"))


def test_the_port_is_free_again_at_once(make_world):
    world = make_world(mirrors=MIRRORS).start()
    for _ in range(3):
        with world.tcp() as stream:
            stream.ask(packet.query(packet.question("db.de")))
            world.stop()
        world.start()
    assert addresses(world.ask("db.de", tcp=True))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_that_end(make_world, number):
    world = make_world(mirrors=MIRRORS).start()
    world.stop(number)  # judges the exit status


def test_signals_that_do_not(make_world):
    world = make_world(mirrors=MIRRORS).start()
    for number in (signal.SIGUSR1, signal.SIGPIPE, signal.SIGUSR1):
        world.kill(number)
        assert addresses(world.ask("db.de"))
    assert world.process.poll() is None


def test_options_not_built_yet(make_world):
    """They parse, and each that is set is one log line at the start."""
    world = make_world(mirrors=MIRRORS)
    world.options.update({"control": "control.sock", "metrics": f"127.0.0.1:{world.free_port()}"})
    world.configure()
    world.start()
    for name in ("control", "metrics"):
        if not world.path("control.sock").exists():
            world.wait_log(name, count=1)


def test_every_option_parses(make_world):
    pools = """\
	pool "db.local" {
		from = "client"  ttl = 60  answers = 4  min-members = 2
		fallback = {"country:FR", "continent", "continent:NA", "world"}
		families = {"ipv4", "ipv6"}  family-fallback = "together"  fail = "closed"  ecs = false
	}
"""
    world = make_world(mirrors=MIRRORS, pools=pools, zone_options="\tmax-shrink = 75\n")
    world.options.update({
        "identity": "ns1", "version-reply": "v", "explain-to": ["192.0.2.0/24", "2001:db8::/32"],
        "max-udp-size": 1400, "tcp-connections": 50, "tcp-idle": "30s", "max-file-size": "16M",
        "control-group": "", "log-level": "debug",
    })
    world.configure()
    done = world.check()
    assert done.returncode == 0, done.stderr
    world.start()
    assert addresses(world.ask("db.local"))


def test_relative_paths_are_the_configurations(make_world, tmp_path, monkeypatch):
    world = make_world(mirrors=MIRRORS, networks=[("81.2.69.0/24", "DE")])
    monkeypatch.chdir("/")
    assert world.check().returncode == 0
    monkeypatch.chdir(world.root)
    assert world.run("-t", "-c", "mirrorns.conf").returncode == 0


# --- addresses ---------------------------------------------------------------------------------


def test_replies_leave_from_the_asked_address(make_world):
    """Also with a wildcard listen: a connected socket hears no other address."""
    world = make_world(mirrors=MIRRORS)
    world.options["listen"] = [f"0.0.0.0:{world.port}", f"[::]:{world.port}"]
    world.configure()
    world.start()
    for target in ("127.0.0.1", "127.0.0.2", "127.55.1.9", "::1"):
        assert addresses(world.ask("db.de", target=target)), target
        assert addresses(world.ask("db.de", target=target, tcp=True)), target
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as anyone:
        anyone.settimeout(10)
        anyone.sendto(packet.query(packet.question("db.de")), ("127.0.0.2", world.port))
        assert anyone.recvfrom(4096)[1] == ("127.0.0.2", world.port)


def test_replies_leave_from_the_asked_ipv6_address(make_namespace, make_world):
    namespace = make_namespace(
        "ip addr add fd00::1/128 dev lo nodad\nip addr add fd00::2/128 dev lo nodad")
    world = make_world(namespace, mirrors=MIRRORS)
    world.options["listen"] = ["0.0.0.0:53", "[::]:53"]
    world.configure()
    world.start()
    for target in ("fd00::1", "fd00::2", "::1", "127.0.0.3"):
        assert addresses(world.ask("db.de", target=target)), target


def test_an_address_that_is_not_there_yet(make_namespace, make_world):
    """It is bound all the same (IP_FREEBIND) and answers once it comes."""
    namespace = make_namespace()
    world = make_world(namespace, mirrors=MIRRORS)
    world.options["listen"] = ["127.0.0.1:53", "192.0.2.53:53", "[2001:db8::53]:53"]
    world.configure()
    world.start()
    for address in ("192.0.2.53/32", "2001:db8::53/128"):
        flags = ["nodad"] if ":" in address else []
        command = ["ip", "addr", "add", address, "dev", "lo", *flags]
        subprocess.run([*namespace.enter, *command], check=True)
    for target in ("192.0.2.53", "2001:db8::53"):
        assert addresses(world.ask("db.de", target=target)), target


def test_several_ports(make_world):
    world = make_world(mirrors=MIRRORS)
    other = World(world.root / "other", world.program)
    world.options["listen"] += [f"127.0.0.1:{other.port}"]
    world.configure()
    world.start()
    with socket.create_connection(("127.0.0.1", other.port), timeout=10) as connection:
        assert packet.Stream(connection).ask(packet.query(packet.question("db.de"))).answer


# --- who it runs as ----------------------------------------------------------------------------


def test_user(program, open_folder):
    """The rights are dropped after binding, and reloads still work."""
    if os.geteuid() != 0:
        pytest.skip("taking another user needs root: not run")
    nobody = pwd.getpwnam("nobody")
    copy = shutil.copy2(program, open_folder / "mirrorns")
    world = World(open_folder / "world", copy).fill(mirrors=MIRRORS, user="nobody")
    shutil.chown(world.path("state"), "nobody")
    try:
        world.start()
        with open(f"/proc/{world.process.pid}/status") as file:
            status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
        assert set(status["Uid"].split()) == {str(nobody.pw_uid)}
        assert set(status["Gid"].split()) == {str(nobody.pw_gid)}
        assert not set(status["Groups"].split()) - {str(nobody.pw_gid)}
        world.export(mirrors_of("DE", 2, "198.18.9"))
        world.wait_served("198.18.9.1")
        world.wait_kept("198.18.9.1")
    finally:
        world.close()


def test_user_that_is_not_there(make_world):
    if os.geteuid() != 0:
        pytest.skip("taking another user needs root: not run")
    world = make_world(mirrors=MIRRORS, user="no-such-user")
    for done in (world.run(), world.check()):
        assert done.returncode == 2 and done.stderr.splitlines()[-1] == (
            f'{world.path("mirrorns.conf")}: the user "no-such-user" does not exist: create it, or set `user` to an existing one ("" = stay root)')


def test_large_start(make_world):
    """249 countries times 40: loaded in seconds, not minutes."""
    codes = ["DE", "FR", "US", "JP", "BR", "ZA", "AU", "IN", "CN", "GB"]
    mirrors = []
    for i, code in enumerate(codes):
        mirrors += mirrors_of(code, 200, f"198.18.{i}")
    world = make_world(mirrors=mirrors).start()
    eventually(lambda: addresses(world.ask("db.us")), "an answer")
    assert world.check().returncode == 0
