"""Servers as child processes: started on one CPU, measured by their own accounting, ended."""

import ctypes
import fcntl
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time

import world

BUILD = os.path.join(world.ROOT, "build")
BENCH = os.path.join(BUILD, "bench")
SERVER_CPU, LOAD_CPU = 0, 1
TICK = os.sysconf("SC_CLK_TCK")
READY_SECONDS = 120
TXT = world.query(f"current.cvd.{world.ZONE}", "TXT")
LOCAL = world.query(f"db.local.{world.ZONE}", "A", (1, 24, bytes([193, 0, 6])))


def die_with_parent():
    """In the child: nothing outlives the bench, however that ends."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def alone():
    """Two benches at a time would measure each other; the lock ends with the process."""
    os.makedirs(BENCH, exist_ok=True)
    alone.lock = open(f"{BENCH}/lock", "w", encoding="utf-8")
    try:
        fcntl.flock(alone.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        sys.exit("another bench is running")


def pinned(cpu):
    return ["taskset", "-c", str(cpu)] if cpu is not None else []


def free_port():
    for port in range(24000, 32000):
        try:
            for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
                    with socket.socket(family, kind) as probe:
                        probe.bind((host, port))
            if port not in free_port.given:
                free_port.given.add(port)
                return port
        except OSError:
            continue
    sys.exit("no free port")


free_port.given = set()


def asker(port):
    connection = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    connection.connect(("127.0.0.1", port))
    return connection


def ask(connection, octets, timeout=0.2):
    """The reply, or None."""
    connection.settimeout(timeout)
    try:
        connection.send(octets)
        return connection.recv(65535)
    except OSError:
        return None


def rcode(reply):
    return reply[3] & 15


class Usage:
    """User and system time of a process and its children so far, in µs."""

    def __init__(self, pids):
        total, user, ticks = 0, 0, 0
        for pid in pids:
            for task in os.listdir(f"/proc/{pid}/task"):
                total += read_numbers(f"/proc/{pid}/task/{task}/schedstat")[0]
            fields = read_text(f"/proc/{pid}/stat").rpartition(")")[2].split()
            user += int(fields[11])
            ticks += int(fields[11]) + int(fields[12])
        self.total, self.user_ticks, self.ticks = total / 1000, user, ticks

    def since(self, before):
        """(total, user): the kernel samples the share of user time, the sum is exact to the ns."""
        ticks = self.ticks - before.ticks
        share = (self.user_ticks - before.user_ticks) / ticks if ticks else 0
        total = self.total - before.total
        return total, total * share


def read_text(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def read_numbers(path):
    return [int(word) for word in read_text(path).split()]


class Server:
    """One server with a configuration of its own in a directory of its own."""

    name, package, program = "", None, ""

    def __init__(self, directory, entries=None, database=None, cpu=SERVER_CPU, prefix=()):
        self.directory, self.port, self.cpu = os.path.abspath(directory), free_port(), cpu
        self.prefix, self.process = list(prefix), None
        os.makedirs(self.directory, exist_ok=True)
        self.write(entries, database)

    def write(self, entries, database):
        """Writes its files."""

    def command(self):
        raise NotImplementedError

    @classmethod
    def path(cls):
        return shutil.which(cls.program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")

    def start(self, wait=True):
        with open(f"{self.directory}/output", "wb") as log:
            self.process = subprocess.Popen(
                pinned(self.cpu) + self.prefix + self.command(), stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, cwd=self.directory, preexec_fn=die_with_parent)
        if wait:
            self.wait_ready(TXT)
        return self

    def wait_ready(self, octets, pause=0.02):
        """Until it answers; the seconds that took."""
        begun = time.monotonic()
        with asker(self.port) as connection:
            while time.monotonic() < begun + READY_SECONDS:
                if self.process.poll() is not None:
                    break
                reply = ask(connection, octets)
                if reply and rcode(reply) == 0:
                    return time.monotonic() - begun
                time.sleep(pause)
        output = read_text(f"{self.directory}/output")[-2000:]
        self.stop()
        sys.exit(f"{self.name} does not answer; its output: {output}")

    def pids(self):
        """The process and all below it."""
        found = [self.process.pid]
        for pid in found:
            for task in os.listdir(f"/proc/{pid}/task"):
                found += read_numbers(f"/proc/{pid}/task/{task}/children")
        return found

    def usage(self):
        return Usage(self.pids())

    def memory(self):
        """Resident MB of its largest process, now."""
        def resident(pid):
            lines = read_text(f"/proc/{pid}/status").splitlines()
            return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))
        return max(resident(pid) for pid in self.pids()) / 1024

    def stop(self):
        if not self.process:
            return
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None


class Floor(Server):
    name = "floor"

    def command(self):
        return [f"{BENCH}/floor", "127.0.0.1", str(self.port)]

    @classmethod
    def path(cls):
        return f"{BENCH}/floor"

    def wait_ready(self, octets, pause=0.02):
        with asker(self.port) as connection:
            while not ask(connection, octets):
                time.sleep(pause)


class Mirrorns(Server):
    name = "mirrorns"

    def __init__(self, *arguments, options=None, **named):
        self.options = options or {}
        super().__init__(*arguments, **named)

    def write(self, entries, database):
        self.config = world.mirrorns_write(self.directory, self.port, entries, database,
                                           **self.options)

    def command(self):
        return [self.path(), "-c", self.config]

    @classmethod
    def path(cls):
        return f"{BUILD}/mirrorns"


class Gdnsd(Server):
    name, package, program = "gdnsd", "gdnsd", "gdnsd"

    def write(self, entries, database):
        self.config = world.gdnsd_write(self.directory, self.port, entries, database)

    def command(self):
        return [self.path(), "-c", self.config, "start"]


class Knot(Server):
    name, package, program = "knot", "knot knot-module-geoip", "knotd"

    def write(self, entries, database):
        self.config = world.knot_write(self.directory, self.port, entries, database)

    def command(self):
        return [self.path(), "-c", self.config]


class Nsd(Server):
    name, package, program = "nsd", "nsd", "nsd"

    def write(self, entries, database):
        self.config = world.nsd_write(self.directory, self.port, entries, database)

    def command(self):
        return [self.path(), "-d", "-c", self.config]


ALL = (Floor, Mirrorns, Gdnsd, Knot, Nsd)


def run_load(program, port, *words):
    """Runs build/bench/load or tcp on its CPU; what it reports."""
    command = [*pinned(LOAD_CPU), f"{BENCH}/{program}", "127.0.0.1", str(port), *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, preexec_fn=die_with_parent,
                          check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def start_load(program, port, *words):
    """The same, not waited for."""
    command = [*pinned(LOAD_CPU), f"{BENCH}/{program}", "127.0.0.1", str(port), *map(str, words)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                            preexec_fn=die_with_parent)


def addresses(reply):
    """The A records' addresses in a reply to one question, as octets."""
    at, found = 12, []
    while reply[at]:
        at += reply[at] + 1
    at += 5
    for _ in range(struct.unpack_from("!H", reply, 6)[0]):
        kind, _, _, size = struct.unpack_from("!HHIH", reply, at + 2)
        if kind == 1:
            found.append(reply[at + 12 : at + 12 + size])
        at += 12 + size
    return found


def markdown(head, rows):
    widths = [max(len(str(row[i])) for row in [head, *rows]) for i in range(len(head))]
    def line(cells):
        return "| " + " | ".join(str(cell).ljust(width) for cell, width in zip(cells, widths)) + " |"
    return "\n".join([line(head), "|" + "|".join("-" * (w + 2) for w in widths) + "|",
                      *map(line, rows)]) + "\n"
