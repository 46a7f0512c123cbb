"""What tools/demo runs: 12 fake mirrors on loopback addresses, the programs around them, and their files."""

import ctypes
import functools
import http.server
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time

from fleet import Fleet, header

PROJECT = pathlib.Path(__file__).resolve().parents[1]
MIRRORS = [("de1", "DE", "127.0.1.1"), ("de2", "DE", "127.0.1.2"), ("de3", "DE", "127.0.1.3"),
           ("pl1", "PL", "127.0.2.1"), ("pl2", "PL", "127.0.2.2"), ("fr1", "FR", "127.0.3.1"),
           ("gb1", "GB", "127.0.4.1"), ("us1", "US", "127.0.5.1"), ("us2", "US", "127.0.5.2"),
           ("us3", "US", "127.0.5.3"), ("br1", "BR", "127.0.6.1"), ("jp1", "JP", "127.0.7.1")]
DATABASES = {"main": 63, "daily": 28034, "bytecode": 339}
# The clock is fast: what takes days in a network takes seconds here.
OLD_SECONDS, REMOVE_SECONDS, RAMP_SECONDS = 3, 3, 4
DEADLINE = 20.0  # for anything that must happen at all
PRCTL, PR_SET_PDEATHSIG = ctypes.CDLL(None).prctl, 1

MONITOR = """\
zone         = "clamav.net"
mirrors      = "mirrors.list.json"
export       = "mirrors.json"
state        = "monitor.sqlite"
page         = "html"
txt          = "dns.txt"
interval     = "1s"
timeout      = "1s"
old-after    = "{old}s"
remove-after = "{remove}s"
ramp         = "{ramp}s"
alert        = "./alert"
pings        = "http://127.0.0.1:{metrics}/metrics"
metrics      = "127.0.0.1:{board}"
allow-private = true
"""
ALERT = """\
#!/bin/sh
exec cat >>"$(dirname "$0")/alerts"
"""
SERVER = """\
listen    = {{"127.0.0.1:{port}"}}
workers   = 1
user      = ""
state-dir = "state"
control   = "control.sock"
metrics   = "127.0.0.1:{metrics}"
geo {{
	database  = "{database}"
	overrides = "overrides.csv"
}}
zone "clamav.net" {{
	file   = "clamav.net.zone"
	export = "mirrors.json"
	txt  "current.cvd" {{ file = "dns.txt"  max-age = "2h" }}
	pool "db.local"  {{ from = "client" }}
	pool "db.*"      {{ from = "label"  answers = 12 }}
	pool "db.*.big"  {{ from = "label"  answers = 0 }}
	pool "db.other"  {{ from = "world" }}
	pool "db.europe" {{ from = "continent:EU" }}
	ping "ping"      {{ address = "192.0.2.5" }}
}}
"""

class Trouble(Exception):
    """One sentence."""


# --- the name server, asked -------------------------------------------------------------------------

class Resolver:
    """Plain questions to one server over UDP."""

    def __init__(self, port):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(("127.0.0.1", port))
        self.socket.settimeout(1)

    def ask(self, name, kind="A"):
        """The answer's addresses, sorted, or its text; None: there was no reply."""
        number = random.randrange(65536)
        labels = b"".join(bytes([len(label)]) + label.encode() for label in f"{name}.clamav.net".split("."))
        question = labels + b"\0" + struct.pack("!HH", {"A": 1, "TXT": 16}[kind], 1)
        try:
            self.socket.send(struct.pack("!HHHHHH", number, 0, 1, 0, 0, 0) + question)
            reply = self.socket.recv(65535)
            while reply[:2] != struct.pack("!H", number):
                reply = self.socket.recv(65535)
        except (TimeoutError, ConnectionRefusedError):
            return None
        found, at = [], 12 + len(question)
        for _ in range(struct.unpack("!H", reply[6:8])[0]):
            # The owner is a pointer to the question.
            type_, _, _, size = struct.unpack("!HHIH", reply[at + 2:at + 12])
            octets, at = reply[at + 12:at + 12 + size], at + 12 + size
            found += [socket.inet_ntoa(octets)] if type_ == 1 else [octets[1:].decode()] if type_ == 16 else []
        return sorted(found, key=socket.inet_aton) if kind == "A" else "".join(found)


# --- what runs --------------------------------------------------------------------------------------

class Log:
    """A file that grows by lines."""

    def __init__(self, path):
        path.touch()
        self.path, self.file, self.rest = path, open(path, errors="replace"), ""

    def lines(self):
        """What is new in it."""
        *lines, self.rest = (self.rest + self.file.read()).split("\n")
        return lines


class Program(Log):
    """One of ours, with what it says; it dies with this process."""

    def __init__(self, folder, words):
        self.name = pathlib.Path(words[0]).name
        super().__init__(folder / f"{self.name}.log")
        with open(self.path, "ab") as log:
            self.process = subprocess.Popen(
                [str(word) for word in words], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, preexec_fn=lambda: PRCTL(PR_SET_PDEATHSIG, signal.SIGKILL))

    def check(self):
        if self.process.poll() is not None:
            raise Trouble(f"{self.name} exited with {self.process.returncode}: "
                          f"{self.path.read_text(errors='replace').strip()[-500:]}")

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.file.close()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class Network:
    """Everything that `options` name, on its ports and in its folder."""

    def __init__(self, options):
        self.options, self.folder, self.programs = options, options.folder.absolute(), []
        self.fleet = self.page = None
        self.metrics, self.board = free_port(), free_port()
        self.resolver = Resolver(options.port)

    def begin(self):
        folder_renew(self.folder)
        self.fleet = Fleet()
        for name, country, address in MIRRORS:
            self.fleet.add(host=f"{name}.example", country=country, address=address, admin=f"admin@{name}.example")
        self.write_files()
        handler = functools.partial(Quiet, directory=str(self.folder / "html"))
        self.page = http.server.ThreadingHTTPServer(("127.0.0.1", self.options.page_port), handler)
        threading.Thread(target=self.page.serve_forever, daemon=True).start()
        string = [self.options.programs / "mirrorns-cvd", self.folder / "databases", "-o", self.folder / "dns.txt"]
        subprocess.run([*map(str, string), "--version", "1.0.9"], check=True)
        monitor = self.start("mirrorns-monitor", "-c", self.folder / "monitor.conf")
        self.wait(lambda: set(self.states().values()) == {"ok"}, f"all mirrors are ok; see {monitor.path}")
        self.start(*string, "--watch", "--refresh", "1s", "--verify-mirrors", self.folder / "mirrors.json",
                   "--port", self.fleet.port)
        server = self.start("mirrorns", "-c", self.folder / "mirrorns.conf")
        self.wait(lambda: self.resolver.ask("current.cvd", "TXT"), f"the name server answers; see {server.path}")
        self.wait(lambda: "is ready" in server.path.read_text(), f"it says so in {server.path}")

    def write_files(self):
        (self.folder / "databases").mkdir()
        (self.folder / "html").mkdir()
        (self.folder / "state").mkdir()
        for name, version in DATABASES.items():
            (self.folder / "databases" / f"{name}.cvd").write_bytes(header(version))
        values = {"old": OLD_SECONDS, "remove": REMOVE_SECONDS, "ramp": RAMP_SECONDS, "metrics": self.metrics,
                  "board": self.board, "port": self.options.port,
                  "database": PROJECT / "zones/clamav.net/country.mmdb"}
        (self.folder / "monitor.conf").write_text(MONITOR.format(**values))
        (self.folder / "mirrorns.conf").write_text(SERVER.format(**values))
        (self.folder / "mirrors.list.json").write_text(self.fleet.list_text())
        (self.folder / "alert").write_text(ALERT)
        (self.folder / "alert").chmod(0o755)
        (self.folder / "overrides.csv").write_text("127.0.0.0/8,DE\n")
        shutil.copy(PROJECT / "zones/clamav.net/clamav.net.zone", self.folder)

    def start(self, program, *words):
        path = self.options.programs / program
        self.programs.append(Program(self.folder, [path, *words]))
        return self.programs[-1]

    def wait(self, condition, what):
        end = time.monotonic() + DEADLINE
        while not condition():
            self.check()
            if time.monotonic() > end:
                raise Trouble(f"timed out after {DEADLINE:.0f} s: {what}")
            time.sleep(0.02)

    def check(self):
        for program in self.programs:
            program.check()

    def end(self):
        for program in reversed(self.programs):
            program.stop()
        if self.page:
            self.page.shutdown()
            self.page.server_close()
        if self.fleet:
            self.fleet.close()

    def mirror(self, name):
        found = self.fleet.find(f"{name}.example")
        if not found:
            raise Trouble(f"found {name}, expected one of the mirrors {' '.join(one[0] for one in MIRRORS)}")
        return found

    def entries(self):
        """address -> its entry in the export"""
        try:
            export = json.loads((self.folder / "mirrors.json").read_text())
        except FileNotFoundError:
            return {}
        return {address: entry for entry in export["mirrors"] for address in entry["ipv4"]}

    def states(self):
        return {address: entry["state"] for address, entry in self.entries().items()}

    def renamed(self):
        """When the export took its place, in seconds of the clock."""
        return os.stat(self.folder / "mirrors.json").st_ctime_ns / 1e9

    def control(self, *words):
        done = subprocess.run([str(self.options.programs / "mirrornsctl"), "-s", str(self.folder / "control.sock"), *words],
                              capture_output=True, text=True, timeout=DEADLINE)
        return done.stdout + done.stderr


def folder_renew(folder):
    before = folder.with_name(folder.name + ".before")
    if folder.exists():
        shutil.rmtree(before, ignore_errors=True)
        folder.rename(before)
    folder.mkdir(parents=True)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def port_check(port, kinds):
    for kind in kinds:
        with socket.socket(socket.AF_INET, kind) as one:
            if kind == socket.SOCK_STREAM:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                one.bind(("127.0.0.1", port))
            except OSError as error:
                raise Trouble(f"cannot bind port {port} of 127.0.0.1: {error.strerror}; "
                              "choose others with --port and --page-port") from None
