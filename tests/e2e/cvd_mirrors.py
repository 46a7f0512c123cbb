"""Mirrors on loopback addresses of one port, each with a manner of its own, that remember what they were asked."""

import random
import socket
import socketserver
import threading

from cvd import header


def response(body, status="200 OK", headers=""):
    return (f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n").encode() + body


def has(version):
    """A good mirror, that has heard of ranges."""
    return lambda send, request: send(
        response(header(version), "206 Partial Content", "Content-Range: bytes 0-511/60000000\r\n"))


def whole(version):
    """Another: it sends the whole file whatever is asked."""
    return lambda send, request: send(response(header(version) + bytes(3_000_000)))


def endless(octets):
    """Sends as long as anybody listens."""
    def answer(send, request):
        send(b"HTTP/1.1 200 OK\r\n\r\n")
        while send(octets):
            pass
    return answer


def endless_headers(send, request):
    send(b"HTTP/1.1 200 OK\r\n")
    while send(b"X-More: " + bytes([ord("x")]) * 900 + b"\r\n"):
        pass


def raw(octets):
    return lambda send, request: send(octets)


def status(code, headers=""):
    return lambda send, request: send(response(b"no", code, headers))


class Mirror:
    """One address. `answer(send, request)` is called for each request; send() is false when nobody listens."""

    def __init__(self, address, port, answer):
        self.address, self.requests, self.sent, self.answer = address, [], 0, answer
        self.ending = threading.Event()
        mirror = self

        class Handler(socketserver.StreamRequestHandler):
            def send(self, octets):
                try:
                    self.request.sendall(octets)
                    mirror.sent += len(octets)
                    return not mirror.ending.is_set()
                except OSError:
                    return False

            def handle(self):
                lines = []
                while (line := self.rfile.readline(65536).decode("latin-1").rstrip("\r\n")):
                    lines.append(line)
                if lines:
                    mirror.requests.append(lines)
                    mirror.answer(self.send, lines)

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
            daemon_threads = False
            request_queue_size = 64

        self.server = Server((address, port), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()

    def hang(self, send, request):
        """Takes the question and says nothing."""
        self.ending.wait()

    def close(self):
        self.ending.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class Fleet:
    """Mirrors that are closed together."""

    def __init__(self):
        self.port = random.randrange(10000, 32000)
        self.mirrors = []

    def add(self, address, answer):
        for _ in range(100):
            try:
                self.mirrors.append(Mirror(address, self.port, answer))
                return self.mirrors[-1]
            except OSError:
                assert not self.mirrors, f"port {self.port} of {address} is taken"
                self.port = random.randrange(10000, 32000)
        raise AssertionError("no free port")

    def close(self):
        for mirror in self.mirrors:
            mirror.close()
