"""The control socket: who may ask, what is answered, and what no client can do to the server."""

import grp
import json
import os
import pathlib
import socket
import stat
import struct
import time

import pytest

from packet import addresses
from world import eventually, export_text, mirror, mirrors_of, timestamp

MIRRORS = mirrors_of("DE", 4, "198.18.1") + mirrors_of("PL", 2, "198.18.2")


@pytest.fixture
def world(make_world):
    def start(**files):
        world = make_world()
        files.setdefault("mirrors", MIRRORS)
        return world.fill(control=str(world.control_path), **files).start()
    return start


def starved(world):
    """Answers still come, and quickly, from DNS and from the control socket."""
    begin = time.monotonic()
    assert addresses(world.ask("db.de"))
    assert world.control("status")["exit"] == 0
    return time.monotonic() - begin > 2


# --- status and stats -------------------------------------------------------------------------


def test_status(world):
    begin = time.time()
    made = world(networks=[("198.51.100.0/24", "DE")])
    made.export(MIRRORS, serial=7)
    eventually(lambda: made.control("status")["result"]["zones"][0]["export"]["serial"] == 7, "7")
    reply = made.control("status")
    assert reply["exit"] == 0 and "why" not in reply
    status = reply["result"]
    assert status["version"] and status["workers"] == 1
    assert 0 <= status["uptime_seconds"] < time.time() - begin + 1
    assert status["config"] == str(made.path("mirrorns.conf"))
    zone, = status["zones"]
    assert zone["zone"] == "clamav.net" and zone["serial"] == 2026112001 and zone["pools"] == 6
    assert zone["names"] > 700
    export = zone["export"]
    assert export["serial"] == 7 and export["mirrors"] == 6 and export["served"] == 6
    assert export["generated"].endswith("Z") and 0 <= export["age_seconds"] < 60
    assert export["state"] == "ok" and export["why"] == ""
    txt, = zone["txt"]
    assert txt["name"] == "current.cvd" and txt["value"].startswith("1.0.9:") and not txt["stale"]
    assert txt["age_seconds"] < 60
    geo = status["geo"]
    assert geo["database"].endswith("country.mmdb") and geo["networks"] == 1
    assert geo["state"] == "ok" and geo["build"].endswith("Z")
    assert status["reload"]["result"] == "ok" and status["reload"]["when"].endswith("Z")
    assert status["drains"] == []


def test_status_tells_what_is_refused(world):
    made = world(txt=True, overrides="198.51.100.0/24,DE\n")

    def export():
        return made.control("status")["result"]["zones"][0]["export"]

    def state():
        return export()["state"]

    made.replace("mirrors.json", "{")
    eventually(lambda: state() == "refused", "refused")
    assert "mirrors.json:1" in export()["why"] and export()["served"] == 6
    os.unlink(made.path("mirrors.json"))
    eventually(lambda: state() == "missing", "missing")
    assert "mirrors.json" in export()["why"]
    made.export(MIRRORS)
    eventually(lambda: state() == "ok", "ok")
    assert export()["why"] == ""
    made.replace("overrides.csv", "what is this\n")
    eventually(lambda: made.control("status")["result"]["geo"]["state"] == "refused", "geo refused")
    assert "overrides.csv:1" in made.control("status")["result"]["geo"]["why"]
    assert state() == "ok", "another file's refusal says nothing about this one"
    made.replace("dns.txt", "\n")
    txt = eventually(lambda: [t for t in made.control("status")["result"]["zones"][0]["txt"]
                              if t["state"] == "refused"], "txt refused")[0]
    assert "dns.txt" in txt["why"] and txt["value"]


def test_status_of_a_start_with_the_kept_export(world):
    made = world()
    made.wait_kept("198.18.2.1")
    made.stop()
    made.replace("mirrors.json", "[]")
    made.start()
    status = made.control("status")["result"]
    assert status["zones"][0]["export"]["state"] == "refused"
    assert status["reload"]["result"] == "partly refused"
    assert "mirrors.json" in status["reload"]["why"]


def test_stats(world):
    made = world()
    before = made.control("stats")["result"]["tcp_accepted"]
    for _ in range(3):
        made.ask("db.de", tcp=True)
    stats = made.control("stats")["result"]
    assert stats["tcp_accepted"] == before + 3
    assert stats["dropped"] == {"malformed": 0, "send": 0, "receive": 0} and stats["turns"] > 100
    assert stats["queries"]["tcp_ipv4"] >= 3 and stats["replies"]["NOERROR"] >= 3
    with made.tcp() as stream:
        stream.ask(b"\0\1\0\0\0\1\0\0\0\0\0\0\0\0\1\0\1")
        assert made.control("stats")["result"]["tcp_connections"] >= 1


# --- reload -----------------------------------------------------------------------------------


def test_reload_ends_when_it_is_served(world):
    made = world()
    for i in range(1, 6):
        zone = made.path("clamav.net.zone").read_text()
        made.replace("clamav.net.zone", zone + f"new{i}\tA\t192.0.2.{i}\n")
        reply = made.control("reload")
        assert reply == {"exit": 0, "result": {"reload": "ok"}}
        assert addresses(made.ask(f"new{i}")) == [f"192.0.2.{i}"], "served before it is answered"
    assert made.control("status")["result"]["reload"]["result"] == "ok"


def test_reload_refused(world):
    made = world()
    made.replace("clamav.net.zone", "nonsense\n")
    reply = made.control("reload")
    assert reply["exit"] == 1 and "clamav.net.zone:1" in reply["why"]
    assert addresses(made.ask("www")) == ["192.0.2.80"]
    last = made.control("status")["result"]["reload"]
    assert last["result"] == "refused" and last["why"] == reply["why"]
    made.write("mirrorns.conf", "listen = ")
    reply = made.control("reload")
    assert reply["exit"] == 1 and "mirrorns.conf:" in reply["why"]


def test_reload_partly_refused(world):
    made = world()
    zone = made.path("clamav.net.zone").read_text()
    made.replace("clamav.net.zone", zone + "new\tA\t192.0.2.9\n")
    made.replace("mirrors.json", "{}")
    made.replace("dns.txt", "\n")
    reply = made.control("reload")
    assert reply["exit"] == 1 and "mirrors.json" in reply["why"]
    assert "and 1 more, see the log" in reply["why"] or "dns.txt" in reply["why"]
    assert reply["result"]["reload"] == "partly refused"
    assert addresses(made.ask("new")) == ["192.0.2.9"], "the rest is taken"
    assert addresses(made.ask("db.de"))
    assert made.control("status")["result"]["reload"]["result"] == "partly refused"


def test_reloads_queue_and_each_gets_the_truth(world):
    """What is changed before one asks is what its answer speaks of, whatever was under way."""
    made = world()
    good = made.path("clamav.net.zone").read_text()
    asked = []
    for i in range(12):
        bad = i % 3 == 2
        made.replace("clamav.net.zone", "nonsense\n" if bad else good + f"n{i}\tA\t192.0.2.{i}\n")
        connection = made.control_connect()
        connection.sendall(b'{"verb":"reload"}\n')
        asked.append((bad, connection))
        if bad:
            assert made.control("reload")["exit"] == 1
            assert made.control_reply(connection)["exit"] == 1
            connection.close()
            asked.pop()
    made.replace("clamav.net.zone", good + "last\tA\t192.0.2.99\n")
    assert made.control("reload")["exit"] == 0
    assert addresses(made.ask("last")) == ["192.0.2.99"]
    for _, connection in asked:
        assert made.control_reply(connection)["exit"] in (0, 1)
        connection.close()


def test_reload_force(world):
    """Serial, age and shrink are overridden, and what follows is measured by what was forced."""
    made = world()
    made.export(MIRRORS, serial=10, generated=timestamp())
    eventually(lambda: made.control("status")["result"]["zones"][0]["export"]["serial"] == 10, "10")
    few = mirrors_of("DE", 1, "198.18.9")
    for members, word in (({"serial": 9}, "serial 9"), ({"generated": timestamp(-7200)}, "generated"),
                          ({"serial": 11}, "max-shrink")):
        made.export(few if word == "max-shrink" else MIRRORS, **members)
        refused = made.control("reload")
        assert refused["exit"] == 1 and word in refused["why"]
        assert "use `mirrornsctl reload --force` to accept it" in refused["why"]
    assert made.members("db.de") == {f"198.18.1.{i}" for i in range(1, 5)}
    reply = made.control("reload", force=True)
    assert reply["exit"] == 0, reply
    assert made.members("db.de") == {"198.18.9.1"}
    assert made.control("status")["result"]["zones"][0]["export"]["state"] == "ok"
    made.export(few, serial=12)
    eventually(lambda: made.control("status")["result"]["zones"][0]["export"]["serial"] == 12, "12")
    made.wait_kept('"serial": 12')
    made.stop()
    made.start()
    assert made.members("db.de") == {"198.18.9.1"}, "also over a restart"


def test_reload_force_takes_nothing_malformed(world):
    made = world()
    for text in ("{", "{}", export_text([mirror("a.example", "DE", "224.0.0.1")]),
                 export_text(MIRRORS, generated=timestamp(7200))):
        made.replace("mirrors.json", text)
        reply = made.control("reload", force=True)
        assert reply["exit"] == 1 and "mirrors.json" in reply["why"]
        assert made.members("db.pl") == {"198.18.2.1", "198.18.2.2"}


def test_changes_are_logged_with_who_asked(world):
    made = world()
    mark = made.mark()
    made.control("reload", force=True)
    line = made.wait_log("verb=reload", f"uid={os.getuid()}", f"pid={os.getpid()}", since=mark, count=1)
    assert "force=yes" in line
    made.control("status")
    made.wait_log("pid=", since=mark, count=1)  # reading is not logged


# --- the socket -------------------------------------------------------------------------------


def test_mode_and_removal(world):
    made = world()
    status = made.control_path.stat()
    assert stat.S_ISSOCK(status.st_mode) and stat.S_IMODE(status.st_mode) == 0o660
    assert status.st_uid == os.getuid()
    made.stop()
    assert not made.control_path.exists()


def test_off(make_world):
    made = make_world(mirrors=MIRRORS).start()
    assert not made.lines("control")
    assert list(made.root.glob("**/*.sock")) == []


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives files away")
def test_group_and_folder(make_world, open_folder):
    made = make_world(root=open_folder / "world")
    made.path("state").chmod(0o777)
    path = made.control_path.parent / "made" / "control.sock"
    group = grp.getgrgid(1).gr_name
    made.control_path = path
    made.fill(mirrors=MIRRORS, control=str(path), control_group=group, user="nobody").start()
    assert path.stat().st_gid == 1 and path.owner() == "nobody"
    assert path.parent.owner() == "nobody" and stat.S_IMODE(path.parent.stat().st_mode) == 0o755
    assert made.control("status")["exit"] == 0
    made.stop()
    assert not path.exists(), "the user may remove what lies in its folder"
    made.control_path = path.parent


def refused_start(made, *fragments):
    done = made.run()
    assert done.returncode == 1, done.stderr
    last = done.stderr.strip().splitlines()[-1]
    for fragment in fragments:
        assert fragment in last, last


def test_unknown_group(make_world):
    made = make_world()
    made.fill(mirrors=MIRRORS, control=str(made.control_path), control_group="no-such-group")
    refused_start(made, "no-such-group", "control-group")
    assert not made.control_path.exists()


def test_a_dead_socket_is_taken_over(world):
    made = world()
    made.process.kill()
    made.process.wait()
    made.process = None
    assert made.control_path.exists()
    made.start()
    assert made.control("status")["exit"] == 0


def test_a_live_socket_is_an_error(world, make_world):
    made = world()
    other = make_world()
    other.fill(mirrors=MIRRORS, control=str(made.control_path))
    refused_start(other, str(made.control_path), "running server", "--takeover")
    assert made.control("status")["exit"] == 0


def test_paths_that_cannot_be(make_world):
    made = make_world()
    made.control_path.write_text("a file")
    made.fill(mirrors=MIRRORS, control=str(made.control_path))
    refused_start(made, "not a socket has this name")
    assert made.control_path.read_text() == "a file"
    made.fill(mirrors=MIRRORS, control=str(made.path("mirrors.json") / "a" / "b"))
    refused_start(made, "cannot be created in its directory")
    made.fill(mirrors=MIRRORS, control="/tmp/" + "x" * 150)
    refused_start(made, "longer than 107 octets")


def test_default_path_that_cannot_be_is_a_warning(make_world):
    """Whoever names no socket did not insist on one."""
    if pathlib.Path("/run/mirrorns").exists():
        pytest.skip("/run/mirrorns is there: not run")
    made = make_world(mirrors=MIRRORS)
    try:
        pathlib.Path("/run/mirrorns").write_text("in the way")
    except PermissionError:
        pass
    try:
        del made.options["control"]
        made.configure()
        made.start()
        made.wait_log("/run/mirrorns/control.sock", "mirrornsctl cannot reach", count=1)
    finally:
        if pathlib.Path("/run/mirrorns").is_file():
            os.unlink("/run/mirrorns")


def test_relative_path_and_change_by_reload(make_world):
    made = make_world()
    made.fill(mirrors=MIRRORS, control=str(made.control_path)).start()
    made.options["control"] = ""
    made.configure()
    mark = made.mark()
    assert made.control("reload")["exit"] == 0
    made.wait_log("control", "need a restart", since=mark)
    assert made.control("status")["exit"] == 0


# --- clients that are no friends --------------------------------------------------------------


@pytest.mark.parametrize("request_octets, why", [
    (b"\n", "not a JSON object"),
    (b"garbage\n", "not a JSON object"),
    (b"[]\n", "not a JSON object"),
    (b"\x00\xff\xfe\n", "not a JSON object"),
    (b'{"verb":"status","verb":"reload"}\n', "not a JSON object"),
    (b'{"verb":"status"}{"verb":"status"}\n', "not a JSON object"),
    (b'{}\n', "has no verb"),
    (b'{"verb":7}\n', "has no verb"),
    (b'{"verb":"nonsense"}\n', 'unknown verb "nonsense"'),
    (b'{"verb":"%s"}\n' % (b"x" * 5000), "unknown verb"),
    (b"[" * 60000 + b"\n", "not a JSON object"),
    (b'{"a":' * 10000 + b"\n", "not a JSON object"),
    (b"x" * 65536, "not a JSON object"),
])
def test_bad_requests(world, request_octets, why):
    made = world()
    with made.control_connect() as connection:
        connection.sendall(request_octets)
        reply = made.control_reply(connection)
    assert reply["exit"] == 2 and why in reply["why"]
    assert not starved(made)


def test_half_closed_client_gets_its_reply(world):
    made = world()
    with made.control_connect() as connection:
        connection.sendall(b'{"verb":"reload"}\n')
        connection.shutdown(socket.SHUT_WR)
        assert made.control_reply(connection)["exit"] == 0
    with made.control_connect() as connection:
        connection.sendall(b'{"verb":"status"')
        connection.shutdown(socket.SHUT_WR)
        assert made.control_reply(connection)["exit"] == 2
    with made.control_connect() as connection:
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(100) == b""


def test_clients_that_go_early(world):
    made = world()
    for i in range(100):
        with made.control_connect() as connection:
            connection.sendall(b'{"verb":"%s"}\n' % (b"reload", b"status", b"drain")[i % 3])
            if i % 2:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert not starved(made)
    assert made.control("reload")["exit"] == 0


def test_silent_clients_are_closed(world):
    """5 s in all for the request, whatever trickles in."""
    made = world()
    begin = time.monotonic()
    with made.control_connect() as silent, made.control_connect() as slow:
        slow.settimeout(0.2)
        while time.monotonic() - begin < 10:
            try:
                slow.sendall(b" ")
                if slow.recv(100) == b"":
                    break
            except TimeoutError:
                continue
            except (BrokenPipeError, ConnectionResetError):
                break
        assert 4.5 < time.monotonic() - begin < 8
        assert silent.recv(100) == b""
    assert not starved(made)


def test_a_crowd(world):
    """More clients than there is room for: the oldest that has not asked goes."""
    made = world()
    crowd = [made.control_connect() for _ in range(32)]
    assert not starved(made)
    crowd[0].settimeout(5)
    assert crowd[0].recv(100) == b"", "the oldest was closed"
    crowd[-1].sendall(b'{"verb":"status"}\n')
    assert made.control_reply(crowd[-1])["exit"] == 0, "the newest was not"
    for connection in crowd:
        connection.close()


def test_a_crowd_of_reloads(world):
    """One user has 16 places: those that have them are answered, and all others are closed or told so."""
    made = world()
    crowd = [made.control_connect() for _ in range(60)]
    for connection in crowd:
        try:
            connection.sendall(b'{"verb":"reload"}\n')
        except BrokenPipeError:
            continue
    words = []
    for connection in crowd:
        try:
            words.append(made.control_reply(connection))
        except (AssertionError, ConnectionResetError):
            words.append(None)
        connection.close()
    assert sum(word is not None and word["exit"] == 0 for word in words) >= 14
    assert not starved(made)


def test_an_end_with_clients_at_hand(world):
    made = world()
    idle = made.control_connect()
    asked = [made.control_connect() for _ in range(5)]
    for connection in asked:
        connection.sendall(b'{"verb":"reload"}\n')
    made.stop()
    for connection in [idle, *asked]:
        connection.close()


def test_junk_from_many(world):
    made = world()
    for i in range(300):
        with made.control_connect() as connection:
            try:
                connection.sendall(os.urandom(i * 40) + (b"\n" if i % 2 else b""))
            except (BrokenPipeError, ConnectionResetError):
                pass
    assert not starved(made)
    text = json.dumps({"verb": "drain", "glob": "\ud800", "for_seconds": 1e300})
    with made.control_connect() as connection:
        connection.sendall(text.encode() + b"\n")
        assert made.control_reply(connection)["exit"] == 2


# --- verbs that look ------------------------------------------------------------------------


def test_explain_pools_and_diff(world):
    made = world()
    result = made.control("explain", name="db.de", address="192.0.2.0/24")["result"]
    assert result["pool"] == "db.*" and len(result["candidates"]) == 4
    reply = made.control("explain", name="db.de", address="nonsense")
    assert reply["exit"] == 1 and reply["why"]
    assert made.control("explain", name="db.de")["exit"] == 2
    assert made.control("pools", pattern="db.de")["exit"] == 0
    assert made.control("diff")["exit"] == 2
    made.write("next.json", export_text(MIRRORS))
    assert made.control("diff", file=str(made.path("next.json")))["exit"] == 0
    made.write("next.json", export_text(MIRRORS[1:]))
    assert made.control("diff", file=str(made.path("next.json")))["exit"] == 1
    made.write("next.json", "{")
    reply = made.control("diff", file=str(made.path("next.json")))
    assert reply["exit"] == 2 and "next.json:1" in reply["why"]


def test_explain_says_who_is_drained(world):
    made = world()
    made.control("drain", glob="m1.de.example", why="moves house")
    made.control("drain", glob="m2.de.example", for_seconds=3600)
    result = made.control("explain", name="db.de", address="192.0.2.1")["result"]
    whys = {left["host"]: left["why"] for left in result["left_out"]}
    assert whys["m1.de.example"] == "drained until undrained (moves house)"
    assert whys["m2.de.example"].startswith("drained until 20") and whys["m2.de.example"].endswith("Z")
    assert {c["host"] for c in result["candidates"]} == {"m3.de.example", "m4.de.example"}
    made.write("next.json", export_text(MIRRORS))
    assert made.control("diff", file=str(made.path("next.json")))["exit"] == 0, "drained before and after"


def test_the_socket_is_not_followed_elsewhere(make_world, tmp_path):
    """A name in the socket's folder that leads to another file is not given away."""
    other = tmp_path / "other"
    other.write_text("secret")
    other.chmod(0o600)
    made = make_world()
    made.fill(control=str(made.control_path), mirrors=MIRRORS)
    made.control_path.symlink_to(other)
    done = made.run("-c", str(made.path("mirrorns.conf")))
    assert done.returncode == 1 and "a file that is not a socket has this name" in done.stderr
    assert stat.S_IMODE(other.stat().st_mode) == 0o600 and other.read_text() == "secret"
