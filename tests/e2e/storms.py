"""Storms (build/bench/storm) on a World, a good client (build/bench/probe) beside them, and what the system says of the
server meanwhile: descriptors, memory, CPU, datagrams that its sockets dropped."""

import json
import os
import pathlib
import re
import select
import signal
import socket
import subprocess
import threading
import time
import urllib.request

import packet
from world import DEADLINE, SANITIZER, die_with_parent

PROJECT = pathlib.Path(__file__).resolve().parents[2]
BENCH = PROJECT / "build" / "bench"
NOBODY = 65534
TICK = os.sysconf("SC_CLK_TCK")
SERVER_CPU, LOAD_CPU = 0, 1
NEVER = 99.0  # seconds: what did not end in time


class Load:
    """One of build/bench's programs, ended with `with`; result() is what it printed last."""

    def __init__(self, name, *words, cpu=None):
        command = ["taskset", "-c", str(cpu)] if cpu is not None else []
        self.process = subprocess.Popen(
            [*command, str(BENCH / name), *map(str, words)], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=die_with_parent)

    def line(self):
        """The next line it prints."""
        text = self.process.stdout.readline()
        assert text, self.process.communicate()[1]
        return json.loads(text)

    def result(self):
        out, errors = self.process.communicate()
        assert self.process.returncode == 0, errors
        return json.loads(out.splitlines()[-1])

    def end(self):
        """Asks it to end now."""
        self.process.send_signal(signal.SIGTERM)
        return self.result()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


def questions(world, name="db.de"):
    """A file with one question, for the load programs."""
    path = world.path(f"{name}.question")
    path.write_bytes(packet.frame(packet.query(packet.question(name), packet.opt())))
    return path


def dns_target(world):
    return f"127.0.0.1:{world.port}"


def control_target(world):
    return str(world.control_path)


def storm(target, seconds):
    """Opens connections as fast as one thread can, and holds the newest 3,000."""
    return Load("storm", "connect", target, "-t", seconds, "-k", 3000, "-r")


def probe(world, *words, kind="udp", name="db.de", cpu=None):
    return Load("probe", kind, "127.0.0.1", world.port, questions(world, name), "-f", *words, cpu=cpu)


def limited(limit):
    """So many descriptors, and no right to have more."""
    words = ["prlimit", f"--nofile={limit}:{limit}"]
    if os.geteuid() == 0:
        words += ["setpriv", "--bounding-set=-sys_resource", "--inh-caps=-sys_resource"]
    return words


AS_NOBODY = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--pdeathsig", "KILL"]


def give_away(world):
    """All files of a world to nobody."""
    for path in (world.root, *world.root.rglob("*"), world.control_path.parent):
        os.chown(path, NOBODY, NOBODY)


class Crowd:
    """So many clients of a world at a time, who send whatever their sockets take; closed with `with`."""

    def __init__(self, world, count):
        self.poller, self.clients = select.epoll(), {}
        for _ in range(count):
            client = socket.create_connection(("127.0.0.1", world.port))
            client.setblocking(False)
            self.clients[client.fileno()] = client
            self.poller.register(client, 0)

    def send(self, octets, until=lambda: False, each=float("inf"), reads=False):
        """Over and over until `until()`, or until each has sent so many. `reads`: they take what comes, too."""
        view, sent = memoryview(octets), dict.fromkeys(self.clients, 0)
        for number in self.clients:
            self.poller.modify(number, select.EPOLLOUT | (select.EPOLLIN if reads else 0))
        while sent and not until():
            for number, events in self.poller.poll(0.02, 4096):
                try:
                    if events & ~select.EPOLLOUT and not self.clients[number].recv(1 << 16):
                        raise ConnectionResetError
                    if events & select.EPOLLOUT:
                        sent[number] += self.clients[number].send(view[sent[number] % len(octets):])
                except BlockingIOError:
                    continue
                except OSError:
                    self.clients.pop(number).close()
                    del sent[number]
                    continue
                if sent[number] >= each:
                    self.poller.modify(number, 0)
                    del sent[number]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for client in self.clients.values():
            client.close()
        self.poller.close()


# --- what the system says ------------------------------------------------------------------------


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def cpu_percent(pid, seconds):
    """Over so many seconds."""
    before, begun = cpu_ticks(pid), time.monotonic()
    time.sleep(seconds)
    return 100 * (cpu_ticks(pid) - before) / TICK / (time.monotonic() - begun)


def cpu_ticks(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
        fields = file.read().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def resident_mb(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def tcp_memory_mb():
    """What all TCP sockets of this machine hold in the kernel."""
    with open("/proc/net/sockstat", encoding="ascii") as file:
        words = next(line.split() for line in file if line.startswith("TCP:"))
    return int(words[words.index("mem") + 1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def server_memory_mb(port):
    """What the kernel holds for the sockets of this local port, closed ones with something unsent, too."""
    rows = subprocess.run(["ss", "-Htanm", f"sport = :{port}"], capture_output=True, text=True, check=True).stdout
    return sum(int(held) + int(queued) for held, queued in re.findall(r"skmem:\(r(\d+),.*?,w(\d+),", rows)) / 2**20


def server_sockets(port):
    """Connections of this local port that the kernel has, closed ones with something unsent, too."""
    return len(subprocess.run(["ss", "-Htan", "state", "connected", "exclude", "time-wait", f"sport = :{port}"],
                              capture_output=True, text=True, check=True).stdout.splitlines())


def dropped(port):
    """Datagrams that UDP sockets on this port had no room for, and packets that the kernel's queues of CPUs had none for:
    those are of all sockets, loopback's too (netdev_max_backlog)."""
    with open("/proc/net/softnet_stat", encoding="ascii") as file:
        total = sum(int(line.split()[1], 16) for line in file)
    for name in ("/proc/net/udp", "/proc/net/udp6"):
        with open(name, encoding="ascii") as file:
            rows = [line.split() for line in file][1:]
        total += sum(int(row[-1]) for row in rows if row[1].endswith(f":{port:04X}"))
    return total


def gauge(world, name="mirrorns_tcp_connections"):
    """A sample of the metrics page, -1 where it does not answer."""
    try:
        with urllib.request.urlopen(f"http://{world.options['metrics']}/metrics", timeout=1) as page:
            lines = page.read().decode().splitlines()
    except OSError:
        return -1
    return next(float(line.split()[1]) for line in lines if line.startswith(name + " "))


class Watch:
    """The most that each of some things was, looked at again and again while the block lasts."""

    def __init__(self, every=0.02, **things):
        self.every, self.things = every, things
        self.most = {name: look() for name, look in things.items()}
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.ended.wait(self.every):
            for name, look in self.things.items():
                try:
                    self.most[name] = max(self.most[name], look())
                except FileNotFoundError:  # it has ended
                    return

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()


def seconds_until(condition, most):
    """How long that took; NEVER if it was longer than `most`."""
    begun = time.monotonic()
    while not condition():
        if time.monotonic() - begun > most:
            return NEVER
        time.sleep(0.02)
    return round(time.monotonic() - begun, 2)


def terminate(world, within=DEADLINE):
    """Seconds from SIGTERM to the end; one that does not end is killed, and took NEVER."""
    process, world.process = world.process, None
    world.forget_sockets()
    begun = time.monotonic()
    process.send_signal(signal.SIGTERM)
    try:
        status = process.wait(within)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return NEVER
    seconds = time.monotonic() - begun
    log = world.log()
    assert not SANITIZER.search(log), log[-6000:]
    assert status == 0, f"ended with {status}: {log[-3000:]}"
    return seconds
