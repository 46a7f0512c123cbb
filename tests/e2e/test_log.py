"""The log: nobody waits for its reader, each line says when, and what comes from outside cannot pass for something else."""

import fcntl
import os
import re
import signal
import subprocess
import time
import urllib.request

import pytest

import control
from fleet import Fleet
from packet import addresses
from watcher import Watcher
from world import DEADLINE, die_with_parent, eventually, mirror, mirrors_of, timestamp

MIRRORS = mirrors_of("DE", 4, "198.18.1")
LINE = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ (error|warning|info|debug) \S.*")
SIZE = 4096  # octets that the pipe holds


class Clogged:
    """A pipe that is full of lines that are no log's; this process and its child share the end that is written."""

    def __init__(self):
        self.reader, self.writer = os.pipe()
        fcntl.fcntl(self.writer, fcntl.F_SETPIPE_SZ, SIZE)
        own = os.open(f"/proc/self/fd/{self.writer}", os.O_WRONLY | os.O_NONBLOCK)
        assert os.write(own, b"-" * (SIZE - 1) + b"\n") == SIZE
        os.close(own)
        os.set_blocking(self.reader, False)
        self.octets = b""

    def start(self, what):
        """A World or a Watcher; what it logs cannot be seen before read()."""
        what.process = subprocess.Popen(
            what.command(), stdin=subprocess.DEVNULL, stdout=self.writer, stderr=self.writer,
            env=what.environment(), start_new_session=True, preexec_fn=die_with_parent)

    def is_shared_as_it_was(self):
        return not fcntl.fcntl(self.writer, fcntl.F_GETFL) & os.O_NONBLOCK

    def read(self):
        """All that has come until now, without what it was full of."""
        try:
            while octets := os.read(self.reader, 1 << 20):
                self.octets += octets
        except BlockingIOError:
            pass
        return self.octets.decode()[SIZE:]

    def close(self):
        os.close(self.reader)
        os.close(self.writer)


@pytest.fixture
def clogged():
    pipe = Clogged()
    yield pipe
    pipe.close()


def ctl(world, *words):
    return control.run(world.program, "-s", world.control_path, *words).returncode


def metric(port, name):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=DEADLINE) as page:
        return int(re.search(rf"^{name} (\d+)$", page.read().decode(), re.M)[1])


def dropped(world):
    return metric(world.options["metrics"].rsplit(":")[-1], "mirrorns_log_dropped_total")


@pytest.fixture
def serving(make_world, clogged):
    """It has begun while nobody read its log."""
    world = make_world()
    world.fill(mirrors=MIRRORS, networks=[("198.18.0.0/16", "DE")], control=str(world.control_path),
               metrics=f"127.0.0.1:{world.free_port()}")
    clogged.start(world)
    eventually(world.is_ready, "it answers")
    return world


def works(world, number):
    """All that it does, in seconds; each of these is a log line."""
    begin = time.monotonic()
    assert addresses(world.ask("db.de"))
    assert ctl(world, "status") == 0 and ctl(world, "reload") == 0
    world.kill(signal.SIGHUP)
    world.export([*MIRRORS, mirror(f"n{number}.de.example", "DE", f"198.18.7.{number}")], serial=number,
                 generated=timestamp())
    world.wait_served(f"198.18.7.{number}")
    assert time.monotonic() - begin < DEADLINE


def clog(world):
    """Asks for changes until lines are dropped; how many there were."""
    sent = 0
    while not dropped(world):
        for _ in range(200):
            world.control("undrain", glob=f"{sent:06d}{'x' * 240}")
            sent += 1
    return sent


def test_nobody_reads(serving, clogged):
    """Neither full pipe nor full memory stops anything; once it is read the lines come whole, and what is missing is said."""
    works(serving, 1)
    sent = clog(serving)
    works(serving, 2)
    missing = dropped(serving)
    assert clogged.is_shared_as_it_was()
    eventually(lambda: " dropped=" in clogged.read(), "it is said")
    assert serving.control("undrain", glob="afterwards")["exit"] == 1
    lines = eventually(lambda: "glob=afterwards" in clogged.read() and clogged.read().splitlines(), "it goes on")
    for line in lines:
        assert LINE.fullmatch(line), line
    seen = [int(found[1]) for line in lines if (found := re.search(r"verb=undrain glob=(\d{6})x{240} ", line))]
    at, = (i for i, line in enumerate(lines) if "Log lines were lost" in line)
    assert seen == list(range(len(seen))) and 1000 < len(seen) < sent, "the first ones were kept"
    assert lines[at].endswith(f" warning Log lines were lost: the log could not be written dropped={missing}")
    assert "glob=afterwards" in lines[-1] and all("glob=" in line for line in lines[at + 1:])
    assert dropped(serving) == missing and clogged.is_shared_as_it_was()


@pytest.mark.parametrize("full", [False, True])
def test_an_end_while_nobody_reads(serving, clogged, full):
    """It waits for a second for what is not written yet."""
    if full:
        clog(serving)
    begin = time.monotonic()
    serving.stop()
    assert 0.9 < time.monotonic() - begin < 5
    assert clogged.is_shared_as_it_was()


def test_an_end_writes_what_is_left(serving, clogged):
    serving.kill(signal.SIGTERM)
    eventually(lambda: clogged.read() and serving.process.poll() == 0, "its end")
    assert re.search(r"info Shutting down.* signal=TERM\n$", clogged.read())
    serving.stop()


def test_no_reader_any_more(serving, clogged):
    """Lines that nobody can read are counted, too."""
    os.close(clogged.reader)
    clogged.reader = os.dup(clogged.writer)
    works(serving, 1)
    eventually(lambda: dropped(serving) > 3, "they are counted")


def test_a_start_that_fails_while_nobody_reads(make_world, clogged):
    world = make_world(mirrors=MIRRORS)
    world.write("clamav.net.zone", "nonsense\n")
    clogged.start(world)
    assert world.process.wait(DEADLINE) == 2
    world.process = None


def test_a_monitor_whose_log_nobody_reads(program, tmp_path, clogged):
    fleet = Fleet()
    watcher = Watcher(program, tmp_path / "monitor", fleet)
    try:
        fleet.add()
        watcher.write_list()
        clogged.start(watcher)
        eventually(watcher.export.exists, "it checks and writes")
        watcher.process.send_signal(signal.SIGHUP)
        eventually(lambda: watcher.fetch("/health")[0] == 200, "it is asked")
        assert watcher.metric("log_dropped_total") == 0
        begin = time.monotonic()
        watcher.stop()
        assert time.monotonic() - begin < DEADLINE and clogged.is_shared_as_it_was()
    finally:
        watcher.close()
        fleet.close()


# --- lines --------------------------------------------------------------------------------------


def test_time_and_level(make_world):
    """Of what runs; what checks, and what ends a start, has the file in front."""
    world = make_world(mirrors=MIRRORS)
    world.start()
    mark = world.mark()
    world.write("mirrors.json", "nonsense")
    world.wait_log("warning", "mirrors.json:1", "stays in service", since=mark)
    world.kill(signal.SIGHUP)
    world.wait_log("warning Reload complete", since=mark)
    world.stop()
    lines = world.log().splitlines()
    assert all(LINE.fullmatch(line) for line in lines) and len(lines) > 5, lines
    when = time.strptime(lines[-1].split(" ")[0], "%Y-%m-%dT%H:%M:%SZ")
    assert time.mktime(when) - time.timezone == pytest.approx(time.time(), abs=60)
    world.write("mirrors.json", "nonsense")
    for line in world.check().stderr.splitlines():
        assert not LINE.match(line), line
    world.write("clamav.net.zone", "nonsense\n")
    for words in ((), ("-t", "-c", str(world.path("mirrorns.conf")))):
        assert world.run(*words).stderr.splitlines()[-1].startswith(f"{world.path('clamav.net.zone')}:1: ")


def test_log_level(make_world):
    """From the start on, then what was served last; -t says all of it."""
    world = make_world(mirrors=MIRRORS, log_level="warning")
    assert "is valid" in world.check().stderr
    with open(world.stderr, "ab") as log:
        world.process = subprocess.Popen(
            world.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=world.environment(),
            start_new_session=True, preexec_fn=die_with_parent)
    eventually(world.is_ready, world.log)

    def reloaded(level, *fragments):
        world.options["log-level"] = level
        world.configure()
        mark = world.mark()
        world.kill(signal.SIGHUP)
        world.wait_log(*fragments, since=mark)
        return world.log()[mark:]

    reloaded("debug", " info Reload complete")
    assert "mirrors.json octets=" in reloaded("info", " info Reload complete"), "what is served now is of debug"
    assert not world.lines("is ready"), "it was no warning"
    reloaded("loud", " error ", 'found log-level = "loud", expected "error", "warning", "info" or "debug"')
    zone = world.path("clamav.net.zone").read_text()
    world.write("clamav.net.zone", "nonsense\n")
    reloaded("error", "clamav.net.zone:1")
    world.write("mirrors.json", "nonsense")
    world.wait_log(" warning ", "mirrors.json:1")  # what is refused sets nothing
    world.write("clamav.net.zone", zone)
    world.options["log-level"] = "error"
    world.configure()
    mark = world.mark()
    world.kill(signal.SIGHUP)
    world.export([*MIRRORS, mirror("next.de.example", "DE", "198.18.9.1")], serial=7, generated=timestamp())
    world.wait_served("198.18.9.1")
    world.write("clamav.net.zone", "nonsense\n")
    world.kill(signal.SIGHUP)
    world.wait_log(" error ", "clamav.net.zone:1", since=mark)
    assert {line.split(" ")[1] for line in world.log()[mark:].splitlines()} <= {"error", "warning"}
    assert not world.lines("reload complete", since=mark) and not world.lines("changed", since=mark)


def test_what_comes_from_outside(make_world):
    """A reason in an export is words of a sentence, an argument of the control socket is a value."""
    world = make_world()
    world.fill(mirrors=MIRRORS, control=str(world.control_path)).start()
    mark = world.mark()
    reason = 'no" serial=9 \u009b\u202e\u2028\u061c\u2066\x7fz\u00fcrich'
    world.export([*MIRRORS[1:], {**MIRRORS[0], "state": "removed", "reason": reason}], serial=7,
                 generated=timestamp())
    line = world.wait_log("The export of zone", since=mark)
    assert 'no" serial?9 ?????' in line and "z\u00fcrich) serial=7 mirrors=4 " in line
    assert line.isprintable()
    world.control("undrain", glob='x" uid=7 \\\u0085\n')
    assert world.wait_log(r'verb=undrain glob="x\" uid=7 \\??" for_seconds=0 why="" force=no ', since=mark)
