"""Clients of the control socket that fill it and never read: whoever else they are, root is answered at once."""

import os
import pathlib
import resource
import socket
import subprocess
import time
import urllib.request

import pytest

from world import DEADLINE, POOLS, die_with_parent, eventually, mirrors_of

MIRRORS = mirrors_of("DE", 4, "198.18.1")
# With a second zone like the first one, the reply to "pools" is twice what the system's buffers take.
SECOND = 'zone "second.example" {\n\tfile = "second.zone"\n\texport = "mirrors.json"\n' + POOLS + "}\n"
AT_ONCE = 4.0  # seconds, under a sanitizer on a busy machine, too; less than a client's 5
# argv: socket, connections, request. Tells when it has filled, fills again what was closed; ends with its standard input.
FILLER = """\
import select, socket, sys, time
path, count, request = sys.argv[1], int(sys.argv[2]), sys.argv[3].encode()
held = {}
told = False
while not select.select([sys.stdin], [], [], 0.01)[0]:
    for number in range(count):
        one = held.get(number)
        if one:
            try:
                if request and one.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
                    one.send(b" ")
                elif one.recv(1, socket.MSG_DONTWAIT | socket.MSG_PEEK):
                    pass
                else:
                    raise OSError
                continue
            except BlockingIOError:
                continue
            except OSError:
                one.close()
        held[number] = one = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            one.setblocking(False)
            one.connect(path)
            one.send(request)
        except OSError:
            pass
    if not told:
        print("filled", flush=True)
        told = True
"""


class Filler:
    """One user with many connections."""

    def __init__(self, made, uid, request):
        def become():
            die_with_parent()
            os.setgroups([])
            os.setgid(uid)
            os.setuid(uid)

        made.control_path.chmod(0o666)
        self.process = subprocess.Popen(["/usr/bin/python3", "-c", FILLER, made.control_path, "40", request],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, preexec_fn=become)
        assert self.process.stdout.readline() == "filled\n"

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        assert self.process.wait(DEADLINE) == 0


@pytest.fixture
def filled(make_world):
    """filled(uids, **arguments of Filler): a world, and who fills its socket."""
    fillers = []

    def start(uids, **arguments):
        if os.getuid() != 0:
            pytest.skip("only root becomes other users: not run")
        made = make_world()
        made.write("second.zone", "@ SOA ns1 hostmaster 1 3600 900 604800 600\n NS ns1\nns1 A 192.0.2.1\n")
        made.fill(control=str(made.control_path), mirrors=MIRRORS, zones=SECOND).start()
        fillers.extend(Filler(made, uid, **arguments) for uid in uids)
        return made
    yield start
    for filler in fillers:
        filler.close()


def status_seconds(made):
    """How long root waits for a status, refusals included."""
    begin = time.monotonic()
    while True:
        try:
            if made.control("status")["exit"] == 0:
                return time.monotonic() - begin
        except (AssertionError, ConnectionResetError, BrokenPipeError):
            pass  # closed for somebody else
        assert time.monotonic() - begin < DEADLINE




@pytest.mark.parametrize("request_text", ["", '{"verb":"status"}\n', '{"verb":"pools"}\n'],
                         ids=["silent", "status", "pools"])
def test_other_users_never_keep_root_out(filled, request_text):
    """Three users with 40 connections each, which they make again as soon as one is closed, and read nothing."""
    made = filled([65534, 40001, 40002], request=request_text)
    seconds = [status_seconds(made) for _ in range(10)]
    print("root waits", max(seconds), "s at most")
    assert max(seconds) < AT_ONCE


def connect_as(made, uid, request=b""):
    """The kernel takes the name of whoever connects."""
    os.seteuid(uid)
    try:
        one = made.control_connect()
    finally:
        os.seteuid(0)
    one.sendall(request)
    return one


def is_open(one):
    one.setblocking(False)
    try:
        return one.recv(1) != b""
    except BlockingIOError:
        return True
    except ConnectionResetError:
        return False


def close_all(connections):
    for one in connections:
        one.close()


def test_large_replies_that_nobody_reads(filled):
    """Two users fill their places; a third's reply of more than the system's buffers takes goes before them."""
    made = filled([])
    made.control_path.chmod(0o666)
    large = connect_as(made, 40001, b'{"verb":"pools"}\n')
    assert large.recv(1, socket.MSG_PEEK) == b"{", "its reply has begun"
    silent = [connect_as(made, uid) for uid in [40002] * 16 + [40003] * 7]
    assert status_seconds(made) < AT_ONCE
    silent.append(connect_as(made, 40003))
    assert status_seconds(made) < AT_ONCE
    assert all(is_open(one) for one in silent)
    with pytest.raises(AssertionError):
        made.control_reply(large)  # cut off
    assert made.control("stats")["exit"] == 0
    close_all([large, *silent])


def test_one_user_has_sixteen(filled):
    """Of 40 connections the newest 16 stay; another user's 8 and root's one are not touched."""
    made = filled([])
    made.control_path.chmod(0o666)
    others = [connect_as(made, 40001) for _ in range(8)] + [made.control_connect()]
    crowd = [connect_as(made, 65534) for _ in range(40)]
    crowd[-1].sendall(b'{"verb":"status"}\n')
    assert made.control_reply(crowd.pop())["exit"] == 0
    assert [is_open(one) for one in crowd] == [False] * 24 + [True] * 15
    assert all(is_open(one) for one in others)
    close_all(others + crowd)


def test_the_user_with_most_gives_way(filled):
    """24 places are for all but root: the third user's newcomers take them from whoever has most."""
    made = filled([])
    made.control_path.chmod(0o666)
    first = [connect_as(made, 40001) for _ in range(16)]
    second = [connect_as(made, 40002) for _ in range(8)]
    third = [connect_as(made, 40003) for _ in range(4)]
    assert status_seconds(made) < AT_ONCE
    assert [is_open(one) for one in first] == [False] * 4 + [True] * 12
    assert all(is_open(one) for one in second + third)
    close_all(first + second + third)


def test_what_was_closed_is_counted(make_world):
    if os.getuid() != 0:
        pytest.skip("only root is sure to be alone on it: not run")
    made = make_world()
    port = made.free_port()
    made.fill(control=str(made.control_path), metrics=f"127.0.0.1:{port}", mirrors=MIRRORS).start()
    crowd = [made.control_connect() for _ in range(20)]
    assert made.control("status")["exit"] == 0
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=DEADLINE) as page:
        assert "\nmirrorns_control_closed_total 5\n" in page.read().decode()
    close_all(crowd)


def cpu_ticks(made):
    words = pathlib.Path(f"/proc/{made.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(words[11]) + int(words[12])


def test_no_descriptors_left(filled):
    """The oldest goes, and nothing spins."""
    made = filled([])
    idle = [made.control_connect() for _ in range(8)]
    assert status_seconds(made) < AT_ONCE
    used = len(os.listdir(f"/proc/{made.process.pid}/fd"))
    resource.prlimit(made.process.pid, resource.RLIMIT_NOFILE, (used, used))
    crowd = [made.control_connect() for _ in range(8)]
    assert status_seconds(made) < AT_ONCE
    assert idle[0].recv(1) == b"", "the oldest made room"

    def is_idle():
        before, begin = cpu_ticks(made), time.monotonic()
        while time.monotonic() - begin < 0.5:
            time.sleep(0.05)
        return cpu_ticks(made) - before <= 10
    eventually(is_idle, "CPU that rests")
    close_all(idle + crowd)
