"""One running mirrorns-monitor with files of its own, watching a fleet; and a mail server for what it sends."""

import email
import email.policy
import http.client
import json
import os
import pathlib
import re
import resource
import signal
import socket
import socketserver
import subprocess
import threading

from world import DEADLINE, SANITIZER, die_with_parent, eventually, quoted


class Watcher:
    """Files in `root`; start(), stop(). `program` is mirrorns; the monitor lies beside it. The list is the fleet's, or what
    write_list() is given; `options` are those of the configuration, None leaves one out. Mirrors may be on loopback addresses,
    unless allow_private says otherwise. `enter` are the words that lead into a namespace."""

    def __init__(self, program, root, fleet=None, enter=(), **options):
        self.program = pathlib.Path(program).resolve().with_name("mirrorns-monitor")
        self.root, self.fleet, self.enter, self.process = pathlib.Path(root), fleet, list(enter), None
        self.root.mkdir(parents=True, exist_ok=True)
        self.config, self.list = self.root / "monitor.conf", self.root / "mirrors.list.json"
        self.export, self.stderr = self.root / options.get("export", "mirrors.json"), self.root / "stderr.log"
        self.stderr.write_bytes(b"")
        self.trusted = None  # a file of certificates, instead of the system's
        self.changed = {}  # members of a host's entry that the fleet's list has not
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.options = {"zone": "clamav.net", "page": "", "interval": "1s", "timeout": "2s", "ramp": "0", "allow-private": True,
                        "metrics": f"127.0.0.1:{self.port}"}
        self.configure(**options)
        if fleet:
            self.write_list()

    # --- files -----------------------------------------------------------------------------

    def configure(self, **options):
        self.options.update({name.replace("_", "-"): value for name, value in options.items()})
        self.config.write_text("".join(f"{name} = {quoted(value)}\n" for name, value in self.options.items()
                                       if value is not None))

    def write_list(self, text=None):
        """Text, entries or the fleet's list; as an editor does it: another file under the same name."""
        if text is None:
            text = json.loads(self.fleet.list_text())["mirrors"]
            for entry in text:
                entry.update(self.changed.get(entry["host"].split(".")[0], {}))
        text = text if isinstance(text, str) else json.dumps({"mirrors": text}, indent=1) + "\n"
        new = self.list.with_suffix(".new")
        new.write_text(text)
        os.replace(new, self.list)

    def change(self, **changed):
        """change(HOST={...}) sets members of that host's entry from now on; the host up to its first dot, _ for -."""
        self.changed.update({host.replace("_", "-"): members for host, members in changed.items()})
        self.write_list()

    # --- the process -----------------------------------------------------------------------

    def command(self, *words, config=True):
        return [*self.enter, str(self.program), *words, *(["-c", str(self.config)] if config else [])]

    def environment(self):
        kept = {k: v for k, v in os.environ.items() if k not in ("JOURNAL_STREAM", "NOTIFY_SOCKET")}
        trusted = {"SSL_CERT_FILE": str(self.trusted)} if self.trusted else {}
        return {**kept, "UBSAN_OPTIONS": "print_stacktrace=1", "LC_ALL": "C.UTF-8", **trusted}

    def run(self, *words, status=0, config=True):
        """A run that ends by itself: (standard output, standard error)."""
        done = subprocess.run(self.command(*words, config=config), capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, env=self.environment(), timeout=60)
        assert done.returncode == status and not SANITIZER.search(done.stderr), done.stderr
        return done.stdout, done.stderr

    def once(self, status=0):
        return self.run("--once", status=status)[1]

    def start(self, *words, files=None):
        """`files`: how many it may have open."""
        def before():
            die_with_parent()
            if files:
                resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))

        assert self.process is None
        assert os.access(self.program, os.X_OK), f"{self.program} is not there: build it first"
        with open(self.stderr, "ab") as log:
            self.process = subprocess.Popen(self.command(*words), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env=self.environment(), preexec_fn=before)
        return self

    def started(self):
        """Started, and all of the fleet's good mirrors are ok."""
        self.start().wait_states({mirror: "ok" for mirror in self.fleet.mirrors if mirror.kind == "good"})
        return self

    def stop(self, number=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(number)
        self.ended(-signal.SIGKILL if number == signal.SIGKILL else 0)

    def ended(self, wanted=0):
        """Waits for its end, and judges it."""
        process, self.process = self.process, None
        try:
            status = process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"did not end: {self.log()[-2000:]}") from None
        assert not SANITIZER.search(self.log()), self.log()[-6000:]
        assert status == wanted, f"ended with {status}: {self.log()[-3000:]}"

    def close(self):
        if self.process:
            self.stop()

    # --- its log ---------------------------------------------------------------------------

    def log(self):
        return self.stderr.read_text(errors="replace")

    def lines(self, *fragments):
        return [line for line in self.log().splitlines()
                if all(fragment.lower() in line.lower() for fragment in fragments)]

    def wait_log(self, pattern, times=1):
        def found():
            matches = re.findall(pattern, self.log(), re.M)
            return matches if len(matches) >= times else None

        return eventually(found, lambda: f"{pattern} in the log:\n{self.log()[-3000:]}")

    # --- its export ------------------------------------------------------------------------

    def read(self):
        return json.loads(self.export.read_text())

    def entries(self):
        """address -> entry of the export"""
        if not self.export.exists():
            return {}
        return {address: entry for entry in self.read()["mirrors"]
                for address in entry.get("ipv4", []) + entry.get("ipv6", [])}

    def states(self):
        """address -> state"""
        return {address: entry["state"] for address, entry in self.entries().items()}

    def states_of(self, host):
        """The states of a host's addresses."""
        return {entry["state"] for entry in self.entries().values() if entry["host"] == host}

    def wait_states(self, wanted):
        """Until the export has these states, by mirror (of a fleet) or address."""
        wanted = {getattr(key, "address", key): state for key, state in wanted.items()}

        def found():
            states = self.states()
            return all(states.get(address) == state for address, state in wanted.items())

        eventually(found, lambda: f"{wanted}, but {self.entries()}\n{self.log()[-2000:]}")
        return self.entries()

    # --- its pages -------------------------------------------------------------------------

    def fetch(self, path, method="GET", **headers):
        """(status, text, headers)"""
        host, port = self.options["metrics"].rsplit(":", 1)
        connection = http.client.HTTPConnection(host, int(port), timeout=DEADLINE)
        try:
            connection.request(method, path, headers={k.replace("_", "-"): v for k, v in headers.items()})
            reply = connection.getresponse()
            return reply.status, reply.read().decode(), reply.headers
        finally:
            connection.close()

    def status(self):
        """/api/status; nothing in it while the server is not up yet."""
        try:
            return json.loads(self.fetch("/api/status")[1])
        except (OSError, ValueError):
            return {"counts": {}, "suspect": None, "txt": None}

    def metric(self, name, **labels):
        """The value of a metric of the monitor's own, or None."""
        wanted = ",".join(f'{key}="{value}"' for key, value in labels.items())
        sample = f"mirrorns_monitor_{name}{{{wanted}}} " if wanted else f"mirrorns_monitor_{name} "
        for line in self.fetch("/metrics")[1].splitlines():
            if line.startswith(sample):
                return float(line[len(sample):])
        return None


class Mail:
    def __init__(self, sender, readers, octets):
        self.sender, self.readers, self.octets = sender, readers, octets
        self.message = email.message_from_bytes(octets, policy=email.policy.default)
        self.subject, self.body = self.message["Subject"], self.message.get_body(("plain",)).get_content().replace("\r\n", "\n")


class Mailbox:
    """A mail server that keeps what it gets. `refused`: words of addresses it does not take; `hangs`: it never answers."""

    def __init__(self):
        self.mails, self.refused, self.hangs = [], (), threading.Event()
        box = self

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address, daemon_threads = True, True

        class Session(socketserver.StreamRequestHandler):
            def handle(self):
                box.serve(self.rfile, self.wfile)

        self.server = Server(("127.0.0.1", 0), Session)
        self.url = "smtp://127.0.0.1:%d" % self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def serve(self, rfile, wfile):
        try:
            self.talk(rfile, lambda text: (wfile.write(text.encode() + b"\r\n"), wfile.flush()))
        except OSError:
            pass

    def talk(self, rfile, say):
        sender, readers = None, []
        if self.hangs.is_set():
            rfile.read()
            return
        say("220 mail.example ESMTP")
        while line := rfile.readline():
            verb = line.split()[0].upper() if line.split() else b""
            if verb == b"EHLO":
                say("250 mail.example")
            elif verb == b"MAIL":
                sender, readers = line.decode().split(":", 1)[1].strip(), []
                say("250 ok")
            elif verb == b"RCPT" and any(word in line.decode() for word in self.refused):
                say("550 5.1.1 no such user here")
            elif verb == b"RCPT":
                readers.append(line.decode().split(":", 1)[1].strip())
                say("250 ok")
            elif verb == b"DATA":
                say("354 go on")
                octets = b"".join(iter(rfile.readline, b".\r\n"))
                self.mails.append(Mail(sender, readers, octets))
                say("250 ok")
            elif verb == b"QUIT":
                say("221 bye")
                return
            else:
                say("250 ok")
