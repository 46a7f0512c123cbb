"""One running mirrorns with files of its own, on ports of its own, asked over real sockets."""

import ctypes
import ipaddress
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time

import mmdb
import packet

DEADLINE = 15.0  # seconds for anything that must happen at all; nothing waits that long
PR_SET_PDEATHSIG = 1
SANITIZER = re.compile(r"AddressSanitizer|ThreadSanitizer|LeakSanitizer|runtime error:|UndefinedBehavior")

ZONE = """\
$ORIGIN clamav.net.
$TTL 3600
@	SOA	ns1 hostmaster 2026112001 3600 900 604800 600
	NS	ns1
ns1	A	192.0.2.1
www	A	192.0.2.80
database	CNAME	db.local
"""

POOLS = """\
	pool "db.local"  { from = "client" }
	pool "db.*"      { from = "label" }
	pool "db.*.big"  { from = "label"  answers = 0 }
	pool "db.*.ipv6" { from = "label"  families = {"ipv6"} }
	pool "db.other"  { from = "world" }
	pool "db.europe" { from = "continent:EU" }
"""

TXT_BLOCK = '\ttxt "current.cvd" { file = "dns.txt"  ttl = 1800  max-age = "2h" }\n'


def timestamp(offset=0):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + offset))


def version_string(daily=28034, age=0):
    return f"1.0.9:63:{daily}:{int(time.time() - age)}:1:90:49192:339"


def mirror(host, country, *addresses, state="ok", **members):
    """One entry of the export; addresses of both families in one list."""
    entry = {"host": host, "country": country, "state": state}
    for family, key in ((4, "ipv4"), (6, "ipv6")):
        found = [text for text in addresses if ipaddress.ip_address(text).version == family]
        if found:
            entry[key] = found
    entry.update(members)
    return entry


def mirrors_of(country, count, block, **members):
    """`count` mirrors of a country, addresses block.1, block.2 … ("192.0.2", "2001:db8:1:")."""
    template = "{}:{:x}" if ":" in block else "{}.{}"
    name = country.lower()
    return [
        mirror(f"m{i}.{name}.example", country, template.format(block, i), **members)
        for i in range(1, count + 1)
    ]


def many_mirrors(count, country="US", ipv6=False):
    """More mirrors than fit into one block of 250, up to 100,000."""
    return [
        mirror(f"m{i}.example", country, f"198.{18 + i // 62500}.{i // 250 % 250}.{i % 250}",
               *([f"2001:db8::{i:x}"] if ipv6 else []))
        for i in range(count)
    ]


def export_text(mirrors, serial=None, generated=None, **members):
    document = {"format": "mirror-export/1", "generated": generated or timestamp()}
    if serial is not None:
        document["serial"] = serial
    document.update(members)
    document["mirrors"] = mirrors
    return json.dumps(document, indent=1) + "\n"


def eventually(condition, what, timeout=DEADLINE):
    """Waits for a condition to hold and returns what it returned."""
    end = time.monotonic() + timeout
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < end, (
            f"not within {timeout} s: {what() if callable(what) else what}")
        time.sleep(0.005)


def quoted(value):
    if isinstance(value, (list, tuple)):
        return "{" + ", ".join(quoted(item) for item in value) + "}"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else f'"{value}"'


def die_with_parent():
    """No server outlives its tests, however they end."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class World:
    """Files in `root`; start(), ask(), close(). Options that a test does not name keep to the
    temporary directory and the loopback addresses."""

    def __init__(self, root, program, namespace=None, port=None):
        self.root = root
        self.program = os.path.abspath(program)
        self.namespace = namespace
        self.prefix = []  # words before the program: what limits or places it, and then becomes it
        self.process = None
        self.former = []
        self.sockets = {}
        root.mkdir(parents=True, exist_ok=True)
        (root / "state").mkdir(exist_ok=True)
        self.stderr = root / "stderr.log"
        self.stderr.write_bytes(b"")
        self.port = port or self.free_port()
        # Not below `root`, whose path may be longer than a socket's may be.
        self.control_path = pathlib.Path(tempfile.mkdtemp(prefix="mns-", dir="/tmp")) / "control.sock"
        self.control_path.parent.chmod(0o755)
        self.options = {
            "listen": [f"127.0.0.1:{self.port}", f"[::1]:{self.port}"],
            "workers": 1,
            "user": "",
            "state-dir": "state",
            "control": "",
            "metrics": "",
        }

    # --- files -----------------------------------------------------------------------------

    def path(self, name):
        return self.root / name

    def write(self, name, content):
        """Writes a file in place."""
        mode = "wb" if isinstance(content, bytes) else "w"
        with open(self.path(name), mode) as file:
            file.write(content)

    def replace(self, name, content):
        """Replaces a file by rename(2), as the monitor does."""
        self.write(name + ".new", content)
        os.rename(self.path(name + ".new"), self.path(name))

    def export(self, mirrors, name="mirrors.json", **members):
        self.replace(name, export_text(mirrors, **members))

    def fill(self, *, zone=ZONE, mirrors=None, pools=POOLS, txt=True, networks=None,
             overrides=None, zone_options="", zones="", database=None, **options):
        """Writes all files. None leaves that part out; `zones` are further zone blocks."""
        self.options.update({key.replace("_", "-"): value for key, value in options.items()})
        block = f'\tfile = "clamav.net.zone"\n{zone_options}'
        self.write("clamav.net.zone", zone)
        if mirrors is not None:
            self.write("mirrors.json", export_text(mirrors))
            block += '\texport = "mirrors.json"\n' + pools
        if txt:
            self.write("dns.txt", (version_string() if txt is True else txt) + "\n")
            block += TXT_BLOCK
        geo = ""
        if networks is not None:
            self.write("country.mmdb", mmdb.write(networks, **(database or {})))
            geo += '\tdatabase = "country.mmdb"\n'
        if overrides is not None:
            self.write("overrides.csv", overrides)
            geo += '\toverrides = "overrides.csv"\n'
        self.blocks = (f"geo {{\n{geo}}}\n" if geo else "") + f'zone "clamav.net" {{\n{block}}}\n'
        self.blocks += zones
        self.configure()
        return self

    def configure(self):
        # Comments, so that line numbers are judged.
        lines = ["# a comment", "/* one of", "two lines */", "// and another"]
        lines += [f"{key} = {quoted(value)}" for key, value in self.options.items()]
        self.write("mirrorns.conf", "\n".join(lines) + "\n" + self.blocks)

    # --- the process -----------------------------------------------------------------------

    def command(self, *arguments):
        prefix = self.namespace.enter if self.namespace else []
        return [*prefix, *self.prefix, self.program, *(arguments or ("-c", str(self.path("mirrorns.conf"))))]

    def environment(self):
        kept = {k: v for k, v in os.environ.items() if k not in ("JOURNAL_STREAM", "NOTIFY_SOCKET")}
        return {**kept, "UBSAN_OPTIONS": "print_stacktrace=1", "LC_ALL": "C.UTF-8"}

    def run(self, *arguments, timeout=DEADLINE):
        """Runs the program to its end (-t, -V, a start that must fail)."""
        done = subprocess.run(self.command(*arguments), capture_output=True, text=True,
                              env=self.environment(), timeout=timeout, stdin=subprocess.DEVNULL)
        assert not SANITIZER.search(done.stderr), done.stderr
        assert done.returncode >= 0, f"killed by signal {-done.returncode}: {done.stderr}"
        return done

    def check(self):
        """-t on this world's files."""
        return self.run("-t", "-c", str(self.path("mirrorns.conf")))

    def start(self):
        assert os.access(self.program, os.X_OK), f"{self.program} is not there: build it first"
        with open(self.stderr, "ab") as log:
            mark = self.mark()
            self.process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=self.environment(), start_new_session=True, preexec_fn=die_with_parent)
        eventually(self.is_ready, lambda: f"ready to answer; its log: {self.log()[-2000:]}")
        # Workers answer before the start has said its last line.
        eventually(lambda: self.lines("is ready", since=mark), lambda: f"said so: {self.log()}")
        return self

    def takeover(self):
        """Another server of the same files goes on with the sockets; `former` has the ones before."""
        mark = self.mark()
        self.former.append(self.process)
        with open(self.stderr, "ab") as log:
            self.process = subprocess.Popen(
                self.command("--takeover", "-c", str(self.path("mirrorns.conf"))),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment(),
                start_new_session=True, preexec_fn=die_with_parent)
        eventually(lambda: self.lines("is ready", "taken_over=yes", since=mark) or
                   self.process.poll() is not None, lambda: f"taken over: {self.log()[mark:]}")
        assert self.process.poll() is None, self.log()[mark:]
        return self

    def is_ready(self):
        assert self.process.poll() is None, f"ended with {self.process.returncode}: {self.log()}"
        reply = self.exchange(packet.query(packet.question("ready.invalid.")), timeout=0.1)
        return reply is not None

    # --- its control socket ----------------------------------------------------------------

    def control(self, verb, timeout=60.0, **arguments):
        """Asks the control socket one thing; the whole reply."""
        with self.control_connect(timeout) as connection:
            connection.sendall(json.dumps({"verb": verb, **arguments}).encode() + b"\n")
            return self.control_reply(connection)

    def control_connect(self, timeout=60.0):
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.connect(str(self.control_path))  # waits for room in the queue
        connection.settimeout(timeout)
        return connection

    @staticmethod
    def control_reply(connection):
        octets = b""
        while piece := connection.recv(65536):
            octets += piece
        assert octets.endswith(b"\n") and octets.count(b"\n") == 1, octets
        return json.loads(octets)

    def threads(self):
        """All but the one that writes the log."""
        tasks = pathlib.Path(f"/proc/{self.process.pid}/task")
        return [int(task.name) for task in tasks.iterdir() if (task / "comm").read_text() != "log\n"]

    def kill(self, number):
        os.kill(self.process.pid, number)

    def stop(self, number=signal.SIGTERM):
        """Ends the server and judges how it ended."""
        process, self.process = self.process, None
        self.forget_sockets()
        if process.poll() is None:
            os.kill(process.pid, number)
        try:
            status = process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"did not end on signal {number}: {self.log()[-2000:]}") from None
        log = self.log()
        assert not SANITIZER.search(log), log[-6000:]
        assert status == 0, f"ended with {status}: {log[-3000:]}"
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            return
        raise AssertionError("a process that it started is left over")

    def close(self):
        try:
            if self.process:
                self.stop()
            for process in self.former:
                assert process.wait(DEADLINE) == 0, f"one before it ended badly: {self.log()[-3000:]}"
        finally:
            shutil.rmtree(self.control_path.parent, ignore_errors=True)

    # --- its log ---------------------------------------------------------------------------

    def log(self):
        return self.stderr.read_text(errors="replace")

    def mark(self):
        """Where the log ends now; for lines(since=…) and wait_log(since=…)."""
        return len(self.log())

    def lines(self, *fragments, since=0):
        """The log's lines that hold all fragments, in any case."""
        return [
            line for line in self.log()[since:].splitlines()
            if all(fragment.lower() in line.lower() for fragment in fragments)
        ]

    def wait_log(self, *fragments, since=0, count=None):
        """The first line with all fragments, when there is one, or when there are `count`."""
        def found():
            lines = self.lines(*fragments, since=since)
            return lines if count is None or len(lines) == count else None

        wanted = f"{count or 'a'} log line with {fragments}"
        return eventually(found, lambda: f"{wanted}; the log: {self.log()[since:]}")[0]

    def kept(self, text):
        """Does a file in state-dir hold this text?"""
        for path in self.path("state").iterdir():
            try:
                if text.encode() in path.read_bytes():
                    return True
            except FileNotFoundError:  # a temporary file that has got its name
                continue
        return False

    def wait_kept(self, text):
        eventually(lambda: self.kept(text), f"{text} in the state directory")

    # --- questions -------------------------------------------------------------------------

    def open_socket(self, *arguments):
        if self.namespace:
            return self.namespace.call(lambda: socket.socket(*arguments))
        return socket.socket(*arguments)

    def free_port(self):
        """A port below the ephemeral ones that is free for UDP and TCP."""
        if self.namespace:
            return 53
        for _ in range(1000):
            port = random.randrange(10000, 32000)
            try:
                for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                    for family, host in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::1")):
                        with socket.socket(family, kind) as probe:
                            probe.bind((host, port))
                return port
            except OSError:
                continue
        raise AssertionError("no free port")

    def udp(self, source=None, target="127.0.0.1"):
        """A connected socket: it hears replies from the asked address only."""
        family = socket.AF_INET6 if ":" in target else socket.AF_INET
        connection = self.open_socket(family, socket.SOCK_DGRAM)
        if source:
            connection.bind((source, 0))
        connection.connect((target, self.port))
        connection.settimeout(DEADLINE)
        return connection

    def tcp(self, source=None, target="127.0.0.1"):
        family = socket.AF_INET6 if ":" in target else socket.AF_INET
        connection = self.open_socket(family, socket.SOCK_STREAM)
        connection.settimeout(DEADLINE)
        if source:
            connection.bind((source, 0))
        connection.connect((target, self.port))
        return packet.Stream(connection)

    def forget_sockets(self):
        for connection in self.sockets.values():
            connection.close()
        self.sockets = {}

    def exchange(self, octets, source=None, target="127.0.0.1", timeout=DEADLINE):
        """Sends octets over UDP; the reply's octets, or None when the time is over."""
        if (source, target) not in self.sockets:
            self.sockets[source, target] = self.udp(source, target)
        connection = self.sockets[source, target]
        end = time.monotonic() + timeout
        try:
            connection.send(octets)
            while time.monotonic() < end:
                connection.settimeout(max(end - time.monotonic(), 0.001))
                reply = connection.recv(65535)
                if reply[:2] == octets[:2]:
                    return reply
        except (TimeoutError, ConnectionRefusedError):
            pass
        return None

    def silent(self, octets):
        """Is there no reply to these octets, although a later query on the socket has one?"""
        after = packet.query(packet.question("ready.invalid."), number=0xABCD)
        with self.udp() as connection:
            connection.send(octets)
            connection.send(after)
            return connection.recv(65535)[:2] == after[:2]

    def send(self, octets, tcp=False, source=None, target="127.0.0.1"):
        """One query of any octets; the parsed reply."""
        if tcp:
            with self.tcp(source, target) as stream:
                return stream.ask(octets)
        reply = self.exchange(octets, source, target)
        assert reply is not None, f"no reply; its log: {self.log()[-2000:]}"
        return packet.parse(reply)

    def ask(self, name, kind="A", *, ecs=None, edns=None, options=b"", kind_class="IN",
            flags=0x0100, **how):
        """Asks one well-formed question and checks what every reply must have. `edns`: the UDP
        size, False for none; `ecs`: "address/length"."""
        asked = packet.question(name, kind, kind_class)
        if ecs:
            options += packet.subnet(ecs)
        if edns is None:
            edns = 1232 if options else False
        octets = packet.query(asked, packet.opt(options, edns) if edns else b"", flags=flags)
        message = self.send(octets, **how)
        raw = message.raw
        assert raw[:2] == octets[:2] and raw[2] & 0x80, "not the reply to this query"
        assert raw[12:12 + len(asked)] == asked, "the question is not echoed as it was"
        assert (raw[2] & 0x01) == flags >> 8 & 1, "RD is the query's"
        assert not raw[3] & 0xF0, "RA, Z, AD and CD are clear"
        assert bool(edns) == (message.edns >= 0), "EDNS in the reply as in the query"
        assert (packet.ecs(message) is not None) == bool(ecs), "ECS in the reply as in the query"
        counts = struct.unpack("!HHH", raw[6:12])
        assert counts[0] == len(message.answer) and counts[1] == len(message.authority)
        return message

    def firsts(self, count, name, kind="A", **how):
        """The first places of `count` successive answers."""
        return [packet.addresses(self.ask(name, kind, **how))[0] for _ in range(count)]

    def members(self, name, kind="A", **how):
        """All addresses of a name, by TCP."""
        return set(packet.addresses(self.ask(name, kind, tcp=True, **how)))

    def serves(self, address, name="db.de", kind="A", **how):
        """Has the name this address now?"""
        return address in self.members(name, kind, **how)

    def wait_served(self, address, name="db.de", kind="A", **how):
        eventually(lambda: self.serves(address, name, kind, **how),
                   lambda: f"{address} at {name}; the log: {self.log()[-3000:]}")
