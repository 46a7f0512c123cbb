"""tools/demo: the tour that it makes by itself, what one may type, and that nothing is left of it."""

import pathlib
import re
import signal
import socket
import subprocess

import pytest

from conftest import PROJECT
from world import DEADLINE, die_with_parent, eventually

pytestmark = pytest.mark.one_program


class Demo:
    """One run, with a folder and ports of its own."""

    def __init__(self, program, root, *words):
        self.folder, self.output = root / "network", root / "output"
        self.ports = free_ports(2)
        with open(self.output, "wb") as output:
            self.process = subprocess.Popen(
                [PROJECT / "tools/demo", "--port", str(self.ports[0]), "--page-port", str(self.ports[1]),
                 "--folder", self.folder, "--programs", pathlib.Path(program).resolve().parent, *words],
                stdin=subprocess.PIPE, stdout=output, stderr=output, preexec_fn=start_in_background)

    def text(self):
        return self.output.read_text()

    def wait(self, text):
        eventually(lambda: text in self.text() or self.process.poll() is not None, self.text)
        assert text in self.text(), self.text()

    def type(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def children(self):
        """Who has a file of it on the command line, but for itself."""
        found = []
        for path in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                words = (path / "cmdline").read_text()
            except OSError:  # it has ended
                continue
            if str(self.folder) in words and int(path.name) != self.process.pid:
                found.append(words)
        return found

    def check_nothing_left(self):
        eventually(lambda: not self.children(), self.children)
        for kind, port in ((socket.SOCK_DGRAM, self.ports[0]), (socket.SOCK_STREAM, self.ports[0]),
                           (socket.SOCK_STREAM, self.ports[1])):
            # Whoever is ending has no command line any more, but its sockets for a moment.
            eventually(lambda: is_free(kind, port), f"port {port}")

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()


def start_in_background():
    """As a script's "&" does it."""
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def free_ports(count):
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


def is_free(kind, port):
    with socket.socket(socket.AF_INET, kind) as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, kind == socket.SOCK_STREAM)
        try:
            one.bind(("127.0.0.1", port))
            return True
        except OSError:
            return False


@pytest.fixture(scope="module")
def tour(program, tmp_path_factory):
    """It goes on while the other tests run."""
    demo = Demo(program, tmp_path_factory.mktemp("tour"), "--auto")
    yield demo
    demo.close()


@pytest.fixture
def demo(tour, program, tmp_path):
    made = Demo(program, tmp_path)
    made.wait("Commands to type here")
    yield made
    made.close()


def test_what_one_may_type(demo):
    assert len(demo.children()) == 3
    for line, said in (
            ("list", "jp1  127.0.7.1  good    daily 28034  ok       weight 100"), ("kill us1", "us1: its HTTP server is stopped"),
            ("stale us2", "us2: its timestamp is no longer updated"), ("complain us3", "us3: five clients"),
            ("back us1", "us1: repaired, with daily 28034"), ("kill xx1", "found xx1, expected one of the mirrors de1 de2"),
            ("kill", "found 'kill', expected one of: kill, stale,"), ("list x", "found 'list x', expected one of:"),
            ("publish 28034", "found 28034, expected a version that is higher than 28034"),
            ("publish many", "found many, expected a version"), ("publish 28040", "daily 28040 is published")):
        demo.type(line)
        demo.wait(said)
    demo.wait("mirrorns-cvd: daily 28040 is held back at 28034: 0 of 12 mirror addresses")
    demo.type("quit")
    assert demo.process.wait(DEADLINE) == 0
    assert demo.text().endswith("Everything has stopped.\n")
    demo.check_nothing_left()
    assert "Shutting down, saving state and export signal=TERM" in (demo.folder / "mirrorns-monitor.log").read_text()


@pytest.mark.parametrize("number, status", [(signal.SIGINT, 0), (signal.SIGHUP, 129), (signal.SIGKILL, -9)])
def test_nothing_is_left(demo, number, status):
    """However it ends."""
    assert len(demo.children()) == 3
    demo.process.send_signal(number)
    assert demo.process.wait(DEADLINE) == status, demo.text()
    demo.check_nothing_left()


def test_a_port_that_is_taken(program, tour, tmp_path):
    """One sentence, and the folder of the one before stays."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for option in ("--port", "--page-port"):
            done = subprocess.run([PROJECT / "tools/demo", option, port, "--folder", tmp_path / "network", "--programs",
                                   pathlib.Path(program).resolve().parent], capture_output=True, text=True, timeout=60)
            assert done.returncode == 1 and not done.stdout and not (tmp_path / "network").exists()
            assert re.match(r"tools/demo: cannot bind port \d+ of 127.0.0.1: Address already in use; choose others with --port", done.stderr)


def test_tour(tour):
    """Who fails is old, then removed; answers follow the export within a second; it comes back; the string waits."""
    assert tour.process.wait(DEADLINE + 15) == 0, tour.text()
    text, at = tour.text(), 0
    for pattern in (
            r"de1: its HTTP server is stopped", r"de1: ok -> old \(connect: connection refused\)",
            r"de1: alert to admin@de1: it is old", r"de1: old -> removed \(connect: connection refused\)",
            r"db\.de: 127\.0\.1\.2 127\.0\.1\.3   \d+ ms after the export$", r"127\.0\.1\.2  de2\.example   0       5  100",
            r"the status page shows de1 as removed", r"de1: removed -> ok$",
            r"daily 28035 is held back at 28034: 0 of 12 mirror addresses in service have it, expected at least 10",
            r"current\.cvd: 1\.0\.9:63:28035:\d+:1:90:0:339", r"\d+ answers changed, each within \d+ ms of the export\.",
            r"Everything has stopped\.\n\Z"):
        found = re.compile(pattern, re.M).search(text, at)
        assert found, f"{pattern} in {text[at:]}"
        at = found.start()
    assert re.search(r"db\.fr: 127.0.1.2 127.0.1.3 127.0.2.1 127.0.2.2 127.0.4.1   \d+ ms .*; no mirror of its own left", text)
    assert re.search(r"db\.fr: 127\.0\.3\.1   \d+ ms after the export$", text, re.M), "its own again"
    assert all(int(one) <= 1000 for one in re.findall(r"(\d+) ms after the export", text))
    tour.check_nothing_left()
    assert sorted(path.name for path in tour.folder.parent.iterdir()) == ["network", "output"]
