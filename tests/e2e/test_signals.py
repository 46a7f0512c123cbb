"""What starts with signals ignored and blocked, as in the background of a script, ends when it is told to."""

import pathlib
import signal
import socket
import subprocess

import pytest

from fleet import header
from world import DEADLINE, die_with_parent, eventually, mirrors_of

ENDS = (signal.SIGINT, signal.SIGTERM)


def start_deaf():
    die_with_parent()
    for number in ENDS:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, [*ENDS, signal.SIGHUP, signal.SIGCHLD])


def masks(process):
    """name -> set of numbers, as the kernel has them for the main thread."""
    words = dict(line.split(":\t") for line in pathlib.Path(f"/proc/{process.pid}/status").read_text().splitlines()
                 if line.startswith("Sig"))
    return {name: {bit + 1 for bit in range(64) if int(words[name], 16) >> bit & 1} for name in ("SigIgn", "SigBlk")}


def check_ends(process, number, statuses):
    """Nothing that ends it is ignored or blocked, from its first act on, and it ends."""
    eventually(lambda: not masks(process)["SigBlk"] and not masks(process)["SigIgn"] & set(ENDS), lambda: masks(process))
    process.send_signal(number)
    assert process.wait(DEADLINE) in statuses


@pytest.mark.parametrize("number", ENDS)
def test_the_server(make_world, number):
    made = make_world(mirrors=mirrors_of("DE", 1, "198.18.1"))
    with subprocess.Popen(made.command(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=open(made.stderr, "ab"), env=made.environment(), preexec_fn=start_deaf) as process:
        eventually(lambda: made.lines("is ready"), made.log)
        check_ends(process, number, (0,))


@pytest.mark.parametrize("number", ENDS)
@pytest.mark.parametrize("name", ["mirrorns-cvd", "mirrorns-monitor", "mirrornsctl"])
def test_the_other_programs(program, tmp_path, open_folder, number, name):
    path = pathlib.Path(program).resolve().parent / name
    for database in ("main", "daily", "bytecode"):
        (tmp_path / f"{database}.cvd").write_bytes(header(1))
    (tmp_path / "list.json").write_text('{"mirrors": [{"host": "m.invalid", "country": "DE", "ipv4": ["127.0.0.1"]}]}\n')
    (tmp_path / "monitor.conf").write_text('zone = "clamav.net"\nmirrors = "list.json"\nexport = "mirrors.json"\n'
                                           'state = "state.sqlite"\nmetrics = ""\nallow-private = true\n')
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(open_folder / "control.sock"))
        silent.listen()
        words = {"mirrorns-cvd": [tmp_path, "--watch", "--version", "1.0.9", "-o", tmp_path / "dns.txt"],
                 "mirrorns-monitor": ["-c", tmp_path / "monitor.conf"],
                 "mirrornsctl": ["-s", open_folder / "control.sock", "status"]}[name]
        log = tmp_path / "log"
        with subprocess.Popen([path, *words], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=open(log, "wb"),
                              preexec_fn=start_deaf) as process:
            eventually(lambda: process.poll() is not None or not masks(process)["SigBlk"], "mask")
            if name == "mirrorns-cvd":
                eventually((tmp_path / "dns.txt").exists, log.read_text)
            assert process.poll() is None, log.read_text()
            check_ends(process, number, (0, -number, 128 + number))
