"""A control socket that says what a test wants it to say, and mirrornsctl asked about it."""

import json
import os
import pathlib
import pty
import re
import select
import socket
import subprocess
import threading
import time

SANITIZER = re.compile(r"AddressSanitizer|LeakSanitizer|runtime error:|UndefinedBehavior")
DEADLINE = 30.0


def ctl_path(program):
    """The mirrornsctl that was built with a mirrorns."""
    return str(pathlib.Path(program).resolve().parent / "mirrornsctl")


def environment(**more):
    kept = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "TERM")}
    return {**kept, "LC_ALL": "C.UTF-8", "UBSAN_OPTIONS": "print_stacktrace=1", **more}


def run(program, *arguments, timeout=DEADLINE, **more):
    """mirrornsctl to its end; killed by no signal, seen by no sanitizer."""
    done = subprocess.run([ctl_path(program), *map(str, arguments)], capture_output=True,
                          env=environment(**more), timeout=timeout, stdin=subprocess.DEVNULL)
    errors = done.stderr.decode(errors="replace")
    assert not SANITIZER.search(errors), errors
    assert done.returncode >= 0, f"killed by signal {-done.returncode}"
    done.stdout, done.stderr = done.stdout.decode(), errors
    return done


def run_terminal(program, *arguments, **more):
    """What mirrornsctl prints where its standard output is a terminal."""
    master, slave = pty.openpty()
    with subprocess.Popen([ctl_path(program), *map(str, arguments)], stdout=slave,
                          stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
                          env=environment(**{"TERM": "xterm", **more})) as process:
        os.close(slave)
        octets, end = b"", time.monotonic() + DEADLINE
        while time.monotonic() < end:
            if not select.select([master], [], [], 1)[0]:
                continue
            try:
                piece = os.read(master, 65536)
            except OSError:  # the other end has closed
                break
            if not piece:
                break
            octets += piece
        os.close(master)
        assert process.wait(DEADLINE) >= 0
    return octets.decode()


class Server:
    """Takes connections one after the other; `reply` is octets, or is called with the connection and the request."""

    def __init__(self, path):
        self.path = str(path)
        self.requests = []
        self.reply = b""
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.bind(self.path)
        self.socket.listen(8)
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(DEADLINE)
                try:
                    self.exchange(connection)
                except OSError:  # mirrornsctl has gone
                    pass

    def exchange(self, connection):
        line = b""
        while not line.endswith(b"\n"):
            piece = connection.recv(65536)
            if not piece:
                break
            line += piece
        self.requests.append(json.loads(line))
        if callable(self.reply):
            self.reply(connection, self.requests[-1])
        else:
            connection.sendall(self.reply)

    def says(self, result=None, status=0, why=None):
        """The next replies."""
        reply = {"exit": status}
        if result is not None:
            reply["result"] = result
        if why is not None:
            reply["why"] = why
        self.reply = json.dumps(reply).encode() + b"\n"

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join(DEADLINE)
